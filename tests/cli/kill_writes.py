# SPDX-License-Identifier: GPL-2.0-or-later
# kill_writes: the program is killed (SIGKILL) at each write to a file that it makes for a guest with a disk, before
# it or in the middle of it. `run` writes to an image of qcow2: what is left is one that qemu-img finds clean or
# repairs, its sectors are what the guest had written at its last flush that was done, or since, and the file behind it
# is as it was. `record` writes a recording: it replays as far as it goes, or is not there yet.
#   kill_writes.py [--every N] [--first N] [--clusters BYTES...]
import argparse

from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--every", type=int, default=61)
parser.add_argument("--first", type=int, default=1)
parser.add_argument("--clusters", type=int, nargs="+", default=[4096])
options = parser.parse_args()
DIES = os.environ.get("MISBEHAVE", os.path.join(SOURCE, "build/tests/cli/reprise-misbehaves"))
SECTOR = 512


def die(at, *args):
    """Killed at that write, a number and perhaps -half; at 0 it is not."""
    name = os.path.abspath("die-" + at)
    os.symlink(DIES, name)
    try:
        return reprise(*args, program=name)
    finally:
        os.unlink(name)


def steps():
    """What the guest did: letter, two numbers, bytes."""
    told = open("told", "rb").read()
    at = 0
    while at < len(told):
        what, (first, size) = told[at:at + 1].decode(), struct.unpack("<QQ", told[at + 1:at + 17])
        at += 17
        data = told[at:at + size] if what == "W" else bytes(size) if what == "Z" else b""
        at += size if what == "W" else 0
        yield what, first, data


def writes():
    return [first for what, first, _ in steps() if what == "N"][0]


def allowed(base):
    """For each sector the contents that it may have."""
    flushed = [base[i:i + SECTOR] for i in range(0, len(base), SECTOR)]
    since = [[] for _ in flushed]
    for what, first, data in steps():
        for i in range(0, len(data), SECTOR):
            since[(first + i) // SECTOR].append(data[i:i + SECTOR])
        if what == "F":
            flushed = [s[-1] if s else f for s, f in zip(since, flushed)]
            since = [[] for _ in flushed]
    return [[f, *s] for s, f in zip(since, flushed)]


def judge_image(what, base):
    """Clean, or repaired, and nothing is lost."""
    if subprocess.run(["qemu-img", "check", "-q", "top.qcow2"], capture_output=True).returncode != 0:
        repaired = subprocess.run(["qemu-img", "check", "-q", "-r", "all", "top.qcow2"], capture_output=True)
        check(repaired.returncode in (0, 3), "%s: qemu-img repairs it: %r" % (what, repaired))
    subprocess.run(["qemu-img", "convert", "-O", "raw", "top.qcow2", "all.raw"], check=True)
    found = open("all.raw", "rb").read()
    bad = [i for i, may in enumerate(allowed(base)) if found[i * SECTOR:(i + 1) * SECTOR] not in may]
    check(not bad, "%s: sectors %s are neither as flushed nor as written since" % (what, bad[:5]))
    check(open("base.raw", "rb").read() == base, "%s: the file behind is as it was" % what)


def run(kernel, cluster):
    def fresh():
        if os.path.exists("top.qcow2"):
            os.unlink("top.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=%d" % cluster, "-b", "base.raw",
                        "-F", "raw", "top.qcow2"], check=True)

    base = open("base.raw", "rb").read()
    command = ["run", *bare(kernel), "-drive", "if=none,id=hd0,file=top.qcow2,format=qcow2", "-device",
               "virtio-blk-device,drive=hd0"]
    fresh()
    r = die("0", *command)
    check(r.status == 0, "not killed: %s" % r)
    judge_image("not killed", base)
    count = writes()
    check(count > 50 and sum(what == "F" for what, _, _ in steps()) >= 3, "there are %d writes, and flushes" % count)
    for n in range(options.first, count + 1, options.every):
        for how in ("", "-half"):
            fresh()
            r = die("%d%s" % (n, how), *command)
            check(r.status == -9, "killed at %d%s of %d: %s" % (n, how, count, r))
            judge_image("clusters of %d, killed at %d%s of %d" % (cluster, n, how, count), base)
    print("clusters of %d: %d writes" % (cluster, count), flush=True)


def record(kernel):
    command = ["record", "--no-index", "--force", "-o", "b.rr", *bare(kernel), "-drive",
               "if=none,id=hd0,file=base.raw,format=raw", "-device", "virtio-blk-device,drive=hd0"]
    base = open("base.raw", "rb").read()
    check(die("0", *command).status == 0, "recorded")
    count = writes()
    for n in range(1, count + 1, 1 + options.every // 20):
        for how in ("", "-half"):
            if os.path.exists("b.rr"):
                os.unlink("b.rr")
            r = die("%d%s" % (n, how), *command)
            # How often it writes depends on how long it takes.
            check(r.status in (0, -9), "recording, killed at %d%s of %d: %s" % (n, how, count, r))
            r = reprise("replay", "b.rr") if os.path.exists("b.rr") else None
            check(r is None or (r.status == 0 and is_sane(r)), "killed at %d%s, replayed: %s" % (n, how, r))
    check(open("base.raw", "rb").read() == base, "the disk is as it was")
    print("a recording: %d writes" % count, flush=True)


if shutil.which("qemu-img") is None:
    skip("qemu-img (package qemu-utils) is not installed")
with Room():
    shutil.copy(os.path.join(GUESTS, "disk.raw"), "base.raw")
    record(guest("disk"))
    for cluster in options.clusters:
        run(guest("disk"), cluster)
finish()
