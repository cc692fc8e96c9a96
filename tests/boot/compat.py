# SPDX-License-Identifier: GPL-2.0-or-later
# compat: 32-bit programs of armhf under Debian's arm64 kernel: the static busybox of the armhf guest is put behind
# the initramfs, and a shell runs it; recorded, and replayed in a new process to the same console and final state.
#   compat.py [--cpu CPU]
import argparse
import gzip
import os
import subprocess

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--cpu", default="cortex-a57")
options = parser.parse_args()

COMMANDS = (
    ("/busybox32 od -A n -t x1 -N 5 /proc/self/exe\n", b" 7f 45 4c 46 01\r\n"),
    ("/busybox32 seq 1 3000 | /busybox32 sha256sum\n", b"  -\r\n"),
    ("/busybox32 awk 'BEGIN { x = 2; for (i = 0; i < 40; i++) x = x / 2 + 1 / x; printf \"root %.12f\\n\", x }'\n",
     b"root 1.414213562373\r\n"),
    # an undefined instruction of a child, and a wild access of another
    ("/busybox32 sh -c 'kill -ILL $$'; echo status $?\n", b"status 132\r\n"),
    ("/busybox32 sh -c 'i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; echo sum $((i * 7))'\n", b"sum 2100\r\n"),
    ("/busybox32 gzip -c /busybox32 | /busybox32 gunzip -c | /busybox32 cmp - /busybox32 && echo same$((6 * 7))\n", b"same42\r\n"),
)


def from_archive(data, wanted):
    """A file of a cpio archive of the form newc."""
    at = 0
    while at + 110 <= len(data) and data[at:at + 6] == b"070701":
        size, name_size = (int(data[at + 6 + 8 * n:at + 14 + 8 * n], 16) for n in (6, 11))
        name = data[at + 110:at + 110 + name_size - 1].decode()
        begin = (at + 110 + name_size + 3) & ~3
        if name.lstrip("./") == wanted:
            return data[begin:begin + size]
        at = (begin + size + 3) & ~3
    return None


def archive(name, content):
    """Of one program."""
    def entry(path, mode, data):
        fields = [1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + path.encode() + b"\0"
        return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)

    return entry(name, 0o100755, content) + entry("TRAILER!!!", 0, b"")


def initrd_with_32():
    _, initrd = linux.guest()
    p = subprocess.run([linux.MAKE, "--any", "armhf"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode != 0:
        skip("the guest of armhf cannot be made: " + p.stderr.decode().strip().split("\n")[-1])
    with gzip.open(p.stdout.decode().split("\n")[1]) as file:
        busybox = from_archive(file.read(), "bin/busybox")
    if not check(busybox is not None and busybox[:5] == b"\x7fELF\x01", "there is a busybox of 32 bits"):
        finish()
    with open(initrd, "rb") as file, open("initrd.img", "wb") as out:
        out.write(file.read() + gzip.compress(archive("busybox32", busybox)))
    return os.path.abspath("initrd.img")


def session(talk):
    if not check(talk.wait_for("REPRISE: shell", 300) and talk.wait_for("# ", 60), "the shell is reached"):
        return
    for keys, answer in COMMANDS:
        talk.type(keys)
        if not check(talk.wait_for(answer, 120), "%s gives %r: %r" % (keys.strip(), answer, talk.seen[-300:])):
            return


with Room():
    machine = linux.machine("reprise.shell")
    machine[machine.index("-initrd") + 1] = initrd_with_32()
    p = subprocess.Popen([REPRISE, "record", "-o", "compat.rr", "-display", "none", "-cpu", options.cpu, "-serial",
                          "unix:console.sock,server=on,wait=on", *machine], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("console.sock").detach())
    session(talk)
    talk.type("exit\n")
    seen = talk.rest(60)
    os.close(talk.read_fd)
    status = wait_status(p, 30)
    check(status == 0, "record: status %s, %r" % (status, p.stderr.read()))
    p.stderr.close()
    linux.complete("compat.rr", "programs of 32 bits")
    replay_agrees("compat.rr", seen, "programs of 32 bits")
finish()
