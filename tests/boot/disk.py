# SPDX-License-Identifier: GPL-2.0-or-later
# disk: a guest reads and writes a disk in qcow2 over raw. While it is recorded nobody's image changes; the
# replay, in a new process, reads the same; where the image behind is not what it was, it ends with status 1
# and names file and place. `run` alone writes, and what it wrote is there.
#   disk.py
import hashlib
import random
import shutil
import subprocess

import linux
from harness import *

MIB = 1 << 20
SIZE, CHANGED = 16 * MIB, 9 * MIB + 5


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def contents(*paths):
    return [sha256(open(path, "rb").read()) for path in paths]


def session(command, path, commands):
    """The console of a guest whose shell is typed at, and what was said beside."""
    options = ["-o", path] if command == "record" else []
    p = subprocess.Popen([REPRISE, command, *options, "-display", "none", "-icount", "sleep=off", "-serial",
                          "unix:console.sock,server=on,wait=on", "-drive", "file=top.qcow2,if=virtio",
                          *linux.machine("reprise.virtio reprise.shell")],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("console.sock").detach())
    talk.wait_for("REPRISE: shell", 200)
    talk.wait_for("# ", 20)
    for keys, answer in commands:
        talk.type(keys + "\n")
        check(talk.wait_for(answer, 100), "%s: %r is answered by %r" % (command, keys, answer))
    talk.type("exit\n")
    console = talk.rest(60)
    os.close(talk.read_fd)
    said = p.stderr.read()
    p.stderr.close()
    check(wait_status(p, 200) == 0, "%s: %r" % (command, said))
    return console, said


if shutil.which("qemu-img") is None:
    skip("qemu-img (package qemu-utils) is not installed")
with Room():
    before = random.Random(1).randbytes(SIZE)
    after = bytes(4 * MIB) + before[4 * MIB:]
    with open("base.raw", "wb") as f:
        f.write(before)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "top.qcow2"], check=True)
    files = contents("top.qcow2", "base.raw")
    work = (("sha256sum /dev/vda", sha256(before).encode()),
            ("dd if=/dev/zero of=/dev/vda bs=1M count=4 conv=fsync; echo wrote $((1 + 1))", b"wrote 2"),
            ("echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/vda", sha256(after).encode()))
    console, said = session("record", "disk.rr", work)
    check(b"top.qcow2: is not written to" in said, "record says whose the writes are: %r" % said)
    check(contents("top.qcow2", "base.raw") == files, "the images are what they were")
    replay_agrees("disk.rr", console, "a guest with a disk")
    with open("base.raw", "r+b") as f:
        f.seek(CHANGED)
        f.write(bytes([before[CHANGED] ^ 1]))
    r = reprise("replay", "disk.rr", timeout=200)
    place = CHANGED // 65536 * 65536
    check(r.status == 1 and b"top.qcow2: has changed since it was recorded" in r.err and b"%d" % place in r.err,
          "an image that changed is named: %s" % r)
    check(sha256(before).encode() not in r.out, "nothing of it was shown")
    with open("base.raw", "wb") as f:
        f.write(before)
    session("run", None, work)
    check(contents("base.raw") == files[1:], "the image behind is only read")
    subprocess.run(["qemu-img", "check", "-q", "top.qcow2"], check=True)
    subprocess.run(["qemu-img", "convert", "-O", "raw", "top.qcow2", "all.raw"], check=True)
    check(contents("all.raw") == [sha256(after)], "what run wrote is there")
finish()
