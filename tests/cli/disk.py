# SPDX-License-Identifier: GPL-2.0-or-later
# disk: whose the writes to a disk are: `run` has them reach the image, at its end where there is a debugger;
# nobody else's do. Killed at any moment, and on a host's disk that is full, an image of qcow2 stays one that qemu-img
# finds good, and a recording is good up to where it says.
import hashlib
import random
import resource

from harness import *

QEMU_IMG = shutil.which("qemu-img")


def sha256(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def drive(name, form="raw", more=""):
    return ["-drive", "if=none,id=hd0,file=%s,format=%s%s" % (name, form, more), "-device", "virtio-blk-device,drive=hd0"]


def fresh(name):
    shutil.copy(os.path.join(GUESTS, "disk.raw"), name)
    return name


def raw(kernel):
    before = sha256(fresh("a.raw"))
    for what, options, writes, says in (
            ("run", [], True, b""), ("-snapshot", ["-snapshot"], False, b""),
            ("verify", ["-accel", "verify"], False, b"a.raw: is not written to"),
            ("-gdb", ["-gdb", "unix:gdb.sock"], True, b"a.raw: is written to when the machine ends"),
            ("-gdb -snapshot", ["-gdb", "unix:gdb.sock", "-snapshot"], False, b"")):
        fresh("a.raw")
        r = succeeds("run", *bare(kernel), *drive("a.raw"), *options)
        check(says in r.err and (says != b"" or b"a.raw" not in r.err), "%s says so: %s" % (what, r))
        if what == "run":
            after = sha256("a.raw")
            check(after != before, "run writes to the image")
        check(sha256("a.raw") == (after if writes else before), "%s: the image is written to: %s" % (what, writes))
    fresh("a.raw")
    succeeds("record", "-o", "a.rr", *bare(kernel), *drive("a.raw"))
    check(sha256("a.raw") == before, "record does not")
    return after


def good_image(what):
    """Clean, or what qemu-img repairs."""
    if subprocess.run(["qemu-img", "check", "-q", "top.qcow2"], capture_output=True).returncode != 0:
        repaired = subprocess.run(["qemu-img", "check", "-q", "-r", "all", "top.qcow2"], capture_output=True)
        check(repaired.returncode in (0, 3), "%s: qemu-img repairs it: %r" % (what, repaired))
    r = subprocess.run(["qemu-img", "check", "-q", "top.qcow2"], capture_output=True)
    return check(r.returncode == 0, "%s: qemu-img finds it good: %r" % (what, r))


def fresh_qcow2(cluster):
    if os.path.exists("top.qcow2"):
        os.unlink("top.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=%d" % cluster, "-b", "base.raw", "-F",
                    "raw", "top.qcow2"], check=True)


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def qcow2(kernel, after):
    base = sha256(fresh("base.raw"))
    for options in ([], ["-gdb", "unix:gdb.sock"]):
        fresh_qcow2(4096)
        succeeds("run", *bare(kernel), *drive("top.qcow2", "qcow2"), *options)
        good_image("run %s" % options)
        subprocess.run(["qemu-img", "convert", "-O", "raw", "top.qcow2", "all.raw"], check=True)
        check(sha256("all.raw") == after, "what run wrote is there %s" % options)
    command = [REPRISE, "run", *bare(kernel), *drive("top.qcow2", "qcow2")]
    chance = random.Random(5)
    for _ in range(8):
        fresh_qcow2(chance.choice((512, 4096, 65536)))
        p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * 0.1)
        p.kill()
        p.wait()
        good_image("killed")
    for size in (300000, 500000, 700000):
        fresh_qcow2(512)
        p = subprocess.run(command, capture_output=True, timeout=60 * SLOW, preexec_fn=limited(size))
        check(p.returncode in (0, 1, 2) and not any(word in p.stderr for word in OURS), "a full disk: %r" % p)
        good_image("full at %d" % size)
    check(sha256("base.raw") == base, "the image behind is only read")


def recording(kernel):
    """The host's disk is full after each so many bytes."""
    size = info("a.rr")["recording_bytes"]
    for limit in range(200, size - 200, size // 12):
        p = subprocess.run([REPRISE, "record", "--no-index", "--force", "-o", "b.rr", *bare(kernel), *drive("a.raw")],
                           capture_output=True, timeout=60 * SLOW, preexec_fn=limited(limit))
        check(p.returncode == 1 and b"b.rr: cannot write" in p.stderr, "full at %d: %r" % (limit, p))
        if os.path.exists("b.rr"):
            r = reprise("replay", "b.rr")
            check(r.status == 0 and b"cut off" in r.err, "full at %d, replayed: %s" % (limit, r))
            os.unlink("b.rr")


with Room():
    kernel = guest("disk")
    content = raw(kernel)
    recording(kernel)
    if QEMU_IMG is None:
        print("qemu-img (package qemu-utils) is not installed: qcow2 was left out")
    else:
        qcow2(kernel, content)
finish()
