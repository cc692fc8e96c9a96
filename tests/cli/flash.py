# SPDX-License-Identifier: GPL-2.0-or-later
# flash: -drive if=pflash: what a guest programs reaches the file by `run` alone, and not with snapshot=on or
# readonly=on; a recording has what the flash held at first, and is replayed whatever became of the file.
# tests/guest/flash.c counts how often it was started with the same flash.
import hashlib
import shutil

from harness import *

BANK = 64 << 20


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).digest()


def drive(file, *more):
    return ["-drive", ",".join(("if=pflash", "file=" + file) + more)]


def blank(path, size=BANK):
    with open(path, "wb") as f:
        f.truncate(size)
    return path


def starts(command, count, *drives, arch="arm64"):
    r = command(*bare(guest("flash-" + arch)), "-m", "32", "-serial", "stdio", *drives)
    check(r.status == 0 and b"starts: %d\n" % count in r.out.replace(b"\r", b""), "start %d: %s\n%r" % (count, r, r.out))
    return r


def written():
    run = lambda *args: reprise("run", *args)
    variables = drive(blank("vars.fd"), "unit=1", "format=raw")
    starts(run, 1, *variables)
    starts(run, 2, *variables, arch="arm")
    before = digest("vars.fd")
    r = starts(lambda *args: record("flash.rr", *args), 3, *variables)
    check(b"vars.fd: is not written to" in r.err, "record says whose the writes are: %s" % r)
    starts(run, 3, *variables, "-snapshot")
    starts(run, 3, *drive("vars.fd", "index=1", "snapshot=on"))
    starts(run, 3, *variables, "-accel", "verify")
    check(digest("vars.fd") == before, "recorded, and with snapshot=on, the file is left alone")
    starts(run, 3, *variables)
    os.remove("vars.fd")
    replay_agrees("flash.rr", r.out, "flash that is not there any more")
    r = run(*bare(guest("flash-arm64")), "-serial", "stdio", *drive(blank("read.fd"), "unit=1", "readonly=on"))
    check(r.status == 0 and b"only read" in r.out, "readonly=on: %s %r" % (r, r.out))
    check(digest("read.fd") == digest(blank("zeros.fd")), "readonly=on leaves the file alone")


def qcow2():
    if shutil.which("qemu-img") is None:
        print("qemu-img (package qemu-utils) is not installed: without qcow2")
        return
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", "zeros.fd", "vars.qcow2"], check=True)
    for count in (1, 2):
        starts(lambda *args: reprise("run", *args), count, *drive("vars.qcow2", "unit=1"))
    subprocess.run(["qemu-img", "check", "-q", "vars.qcow2"], check=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "vars.qcow2", "-F", "qcow2", "top.qcow2"], check=True)
    refuses("flash with a file behind it", "run", *bare(guest("flash-arm64")), *drive("top.qcow2", "unit=1"),
            says="is one file")


def refused():
    base = ["run", "-serial", "null", *bare(guest("flash-arm64"))]
    for size in (1, BANK - 512, BANK + 512, 3 * BANK):
        refuses("flash of %d bytes" % size, *base, *drive(blank("size.fd", size), "unit=1"), says="size.fd")
    for what, says in ((drive("zeros.fd", "unit=2"), "two banks"), (drive("zeros.fd", "index=x"), "index"),
                       (drive("zeros.fd", "unit=1") * 2, "unit 1 is given twice"),
                       (drive("zeros.fd", "unit=1", "index=1"), "said once"),
                       (drive("zeros.fd", "unit=1") + drive("zeros.fd") * 2, "two banks"),
                       (drive("nowhere.fd"), "nowhere.fd"), (drive("/", "unit=1"), "-drive if=pflash"),
                       (drive("zeros.fd", "media=cdrom"), "flash"), (drive("zeros.fd", "format=vmdk"), "vmdk"),
                       (drive("zeros.fd", "unit=1", "format=qcow2"), "zeros.fd"),
                       (["-drive", "if=pflash,unit=1"], "file=PATH"),
                       (drive("zeros.fd", "readonly=on") + ["-bios", "zeros.fd"], "given twice")):
        refuses("flash, " + says, *base, *what, says=says)
    refuses("flash where there is none", "run", "-serial", "null", *bare(guest("console")), *drive("zeros.fd"),
            says="has no flash")
    os.chmod("zeros.fd", 0o444)
    if os.geteuid() != 0:
        refuses("flash that cannot be written to", *base, *drive("zeros.fd", "unit=1"), says="readonly=on")


with Room():
    written()
    qcow2()
    refused()
finish()
