# SPDX-License-Identifier: GPL-2.0-or-later
# pack: a recording of a guest with a disk, made into one that needs no other file: it replays in an empty folder,
# to the same end, verified as well, and answers the same. A base image that changed is named with the place, by
# whoever comes to it, before anything of it is shown. A full disk and a cut-off file give a sentence.
import resource

from harness import *

CHANGED = 5 * 65536 + 77
FIRST = b"read a4b54deaadcda24f"


def disk(name, form="raw"):
    return ["-drive", "if=none,id=hd0,file=%s,format=%s" % (name, form), "-device", "virtio-blk-device,drive=hd0"]


def answers(path):
    at = succeeds("query", path, "last-write", "0x80080000,4096", "--phys", "--no-index", "--allow-paths").out
    check(at.startswith(b"tick ") and b": virtio-blk-device0 from byte " in at and b" of hd0, during hart0" in at, "the disk wrote there: %r" % at)
    return at


def names_source(path):
    """Who filled memory, and from where on the disk, on which the guest has written."""
    shutil.copy("disk.raw", "written.raw")
    succeeds("run", *bare("kernel"), *disk("written.raw"))
    words = succeeds("query", path, "last-write", "0x80040000,16", "--phys", "--no-index",
                     "--allow-paths").out.decode().split()
    check("virtio-blk-device0 from byte" in " ".join(words) and "of hd0," in " ".join(words), "it is named: %s" % words)
    at = int(words[words.index("byte") + 1])
    is_there = bytes.fromhex("".join(words[-16:])) == open("written.raw", "rb").read()[at:at + 16]
    check(is_there, "byte %d of the disk is there: %s" % (at, words))


def change(path):
    with open(path, "r+b") as f:
        f.seek(CHANGED)
        byte = f.read(1)[0]
        f.seek(CHANGED)
        f.write(bytes([byte ^ 0x10]))


def refused(what, path, out=b""):
    for command in (["replay"], ["replay", "-accel", "verify"], ["pack", "-o", "no.rr"]):
        r = reprise(*command, path, "--allow-paths")
        check(r.status == 1 and b"disk.raw: has changed since it was recorded" in r.err
              and b"the 64 KiB at byte %d " % (CHANGED // 65536 * 65536) in r.err and is_sane(r),
              "%s, %s: %s" % (what, command, r))
        check(r.out == b"", "nothing of it is shown: %r" % r.out)
    check(not os.path.exists("no.rr"), "no half of a recording is left")
    r = reprise("query", path, "last-write", "0x80080000,4096", "--phys", "--no-index", "--allow-paths")
    check(r.status == 1 and b"disk.raw: has changed" in r.err, "%s, query: %s" % (what, r))
    r = reprise("index", path, "--allow-paths")
    check(r.status == 1 and b"disk.raw: has changed" in r.err and not os.path.exists(path + ".idx"),
          "%s, index: %s" % (what, r))


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def full_disk(path):
    p = subprocess.run([REPRISE, "pack", path, "-o", "large.rr"], stderr=subprocess.PIPE, timeout=60 * SLOW,
                       preexec_fn=limited(200000))
    check(p.returncode == 1 and b"large.rr: cannot write" in p.stderr and not os.path.exists("large.rr"),
          "a full disk: %s %r" % (p.returncode, p.stderr))


def cut_off(path):
    whole = open(path, "rb").read()
    for length in (len(whole) - 20, len(whole) // 2, 3000):
        with open("cut.rr", "wb") as f:
            f.write(whole[:length])
        r = reprise("replay", "cut.rr")
        check(r.status in (0, 1) and is_sane(r), "cut to %d bytes: %s" % (length, r))
        r = reprise("pack", "--force", "cut.rr", "-o", "again.rr")
        check(r.status in (0, 1) and is_sane(r), "cut to %d bytes, packed: %s" % (length, r))


def moved():
    """A recording finds its files from any folder, and beside itself when all have moved."""
    os.makedirs("out")
    succeeds("record", "-o", "out/moved.rr", *bare("kernel"), *disk("disk.raw"))
    os.chdir("out")
    refuses("files of another folder", "replay", "moved.rr", says="--allow-paths")
    r = succeeds("replay", "moved.rr", "--allow-paths")
    check(r.out.startswith(FIRST), "from another folder: %r" % r.out)
    os.rename("../disk.raw", "disk.raw")
    r = succeeds("replay", "moved.rr")
    check(r.out.startswith(FIRST), "moved along: %r" % r.out)
    os.rename("disk.raw", "../disk.raw")
    os.chdir("..")
    shutil.rmtree("out")


with Room():
    os.makedirs("home")
    os.makedirs("empty")
    shutil.copy(os.path.join(GUESTS, "disk.raw"), "home/disk.raw")
    shutil.copy(guest("disk"), "home/kernel")
    os.chdir("home")
    moved()
    succeeds("record", "-o", "disk.rr", "--by-reference", *bare("kernel"), *disk("disk.raw"))
    check(info("disk.rr")["needs"] == ["kernel", os.path.realpath("disk.raw")], "what it needs: %s" % info("disk.rr")["needs"])
    succeeds("pack", "disk.rr", "-o", "../empty/packed.rr")
    refuses("no file is overwritten", "pack", "disk.rr", "-o", "../empty/packed.rr", says="--force")
    told = answers("disk.rr")
    names_source("disk.rr")
    full_disk("disk.rr")
    change("disk.raw")
    refused("a base that changed", "disk.rr")
    os.chdir("../empty")
    shutil.rmtree("../home")
    packed = info("packed.rr")
    check(packed["needs"] == [] and all(f["embedded"] for f in packed["files"]), "it needs no other file: %s" % packed)
    check([f["clusters_read"] for f in packed["files"]] == [0, 8], "all of the disk was read: %s" % packed["files"])
    for accel in ("jit", "interp", "verify"):
        r = succeeds("replay", "packed.rr", "-accel", accel)
        check(r.out.startswith(FIRST) and r.out.endswith(b"ok\n"), "%s: %r" % (accel, r.out))
    check(answers("packed.rr") == told, "it is the same history")
    succeeds("pack", "packed.rr", "-o", "again.rr")
    check(open("again.rr", "rb").read() == open("packed.rr", "rb").read(), "packed once more, it is the same file")
    cut_off("packed.rr")
finish()
