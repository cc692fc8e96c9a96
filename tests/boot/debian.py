# SPDX-License-Identifier: GPL-2.0-or-later
# debian: a whole Debian on a disk in qcow2 over raw, which systemd brings to a login: files are unpacked, summed up
# and deleted, packages installed by apt-get from an archive on this host, bytes carried by HTTP both ways. Recorded,
# then replayed in another folder with the servers gone: console, state and instructions are the same, and no image
# has changed. By the index of the recording, `reverse-continue` leads to the write of a file's block, and `last-write` of a
# page that the disk filled names the disk and the block. Sizes and times are printed.
#   debian.py [--harts 1] [--disk virtio-blk-device] [--card virtio-net-device] [--bytes 104857600]
import argparse
import functools
import hashlib
import http.server
import os
import random
import re
import shutil
import sqlite3
import subprocess
import threading
import time

import linux
from debian_disk import *
from debugger import *

parser = argparse.ArgumentParser()
parser.add_argument("--harts", type=int, default=1)
parser.add_argument("--disk", default="virtio-blk-device")
parser.add_argument("--card", default="virtio-net-device")
parser.add_argument("--bytes", type=int, default=100 << 20)
options = parser.parse_args()
LOGIN_LIMIT = 900  # s: a guard against hangs alone


class Archive(http.server.SimpleHTTPRequestHandler):
    """The archive of packages, bytes to fetch as /big, and a place to post bytes to."""
    big = random.Random(1).randbytes(options.bytes)
    posted = []

    def do_GET(self):
        if self.path != "/big":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.big)))
        self.end_headers()
        self.wfile.write(self.big)

    def do_POST(self):
        left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
        while left > 0:
            piece = self.rfile.read(min(left, 1 << 20))
            if not piece:
                break
            digest.update(piece)
            left -= len(piece)
        self.posted.append(digest.hexdigest())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def machine(folder):
    return linux.board() + ["-smp", str(options.harts), "-m", "1G", "-no-reboot", *boot_from(folder, options.disk),
                            "-netdev", "user,id=net", "-device", options.card + ",netdev=net"]


def record(folder, path):
    p = subprocess.Popen([REPRISE, "record", "-o", path, "-display", "none", "-serial",
                          "unix:console.sock,server=on,wait=on", *machine(folder)],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("console.sock").detach())
    began = time.monotonic()
    check(talk.wait_for("reprise login: ", LOGIN_LIMIT), "a login")
    print("debian: login after %.1f s" % (time.monotonic() - began))
    return p, talk


def end(p, talk, what):
    console = talk.rest(300)
    os.close(talk.read_fd)
    status = wait_status(p, 600)
    said = p.stderr.read().decode()
    p.stderr.close()
    check(status == 0, "%s: status %s, %r" % (what, status, said))
    print("debian: " + said.strip().split("\n")[-1])
    return console


def boot_alone(folder):
    """What a boot to the login takes: the recording's size without the files in it."""
    p, talk = record(folder, "login.rr")
    p.send_signal(subprocess.signal.SIGTERM)
    end(p, talk, "boot to login")
    print("debian: boot to login: %d bytes without embedded files" % linux.bare_bytes("login.rr"))


WORK = (
    ("mkdir t && cd t && tar -C / -cf a.tar usr/share/perl5 usr/share/doc usr/lib/apt etc; tar -xf a.tar; echo unpacked $?", "unpacked 0"),
    ("diff -r /usr/share/doc usr/share/doc && find . -type f | sort | xargs sha256sum | sha256sum", "  -"),
    ("cd; rm -rf t; sync; echo deleted $?", "deleted 0"),
)


# A file, where its first block lies on the disk, and where in memory the page is that was read from there again.
KNOWN = (
    ("head -c 262144 /dev/urandom >known; sync; echo 3 >/proc/sys/vm/drop_caches; echo known $?", "known 0"),
    ("perl -e 'open F,\"<\",\"known\";$b=pack(\"i\",0);ioctl(F,1,$b);$p=syscall(222,0,4096,1,1,fileno F,0);"
     "$x=unpack(\"P16\",pack(\"Q\",$p));open M,\"<\",\"/proc/self/pagemap\";sysseek M,$p/4096*8,0;sysread M,$y,8;"
     "printf \"block %d page %d has %s.\\n\",unpack(\"i\",$b),unpack(\"Q\",$y)&(1<<55)-1,unpack(\"H*\",$x)'", " has "),
)


def installed(port):
    return (
        ("echo 'deb [trusted=yes] http://10.0.2.2:%d/ ./' >/etc/apt/sources.list; apt-get update; echo updated $?" % port,
         "updated 0"),
        ("apt-get -y install hello bc; echo installed $?", "installed 0"),
        ("hello; echo '6 * 7' | bc", "Hello, world!\r\n42"),
    )


def carried(port):
    digest = hashlib.sha256(Archive.big).hexdigest()
    return (
        ("wget -qO big http://10.0.2.2:%d/big; sha256sum big" % port, digest + "  big"),
        ("wget -qO- --post-file=big http://10.0.2.2:%d/; echo posted $?" % port, "posted 0"),
    )


def answer(talk, steps):
    for typed, wanted in steps:
        began = time.monotonic()
        talk.wait_for("# ", 60)
        talk.type(typed + "\n")
        talk.wait_for("\n", 60)  # its own echo
        if not talk.wait_for(wanted, 900):
            return
        print("debian: %6.1f s: %s" % (time.monotonic() - began, typed[:60]))


def whole(folder, port):
    p, talk = record(folder, "debian.rr")
    talk.type("root\n")
    answer(talk, (("stty cols 500; nproc", "%d\r\n" % options.harts),) + WORK + KNOWN + installed(port))
    before = linux.bare_bytes("debian.rr")
    answer(talk, carried(port)[:1])
    after_download = linux.bare_bytes("debian.rr")
    answer(talk, carried(port)[1:])
    print("debian: download %d bytes in the recording, upload %d" % (
        after_download - before, linux.bare_bytes("debian.rr") - after_download))
    check(Archive.posted == [hashlib.sha256(Archive.big).hexdigest()], "what was posted arrived")
    talk.wait_for("# ", 60)
    talk.type("systemctl poweroff\n")
    console = end(p, talk, "record")
    linux.complete("debian.rr", "a whole Debian")
    return console


def asked(what, ask, times=3):
    for _ in range(times):
        began = time.monotonic()
        said = ask()
        print("debian: %s: %.3f s" % (what, time.monotonic() - began))
    return said


def stop(wire, kind):
    wire.send(kind)
    said = b""
    while (got := wire.packet()) is not None and got[:1] == b"O":
        said += bytes.fromhex(got[1:].decode())
    return (got or b"").decode() + said.decode(errors="replace")


def questions(console):
    found = re.search(rb"block (\d+) page (\d+) has ([0-9a-f]{32})\.", console)
    if not check(found and int(found[1]) and int(found[2]), "the guest says where its file is"):
        return
    block, page, value = int(found[1]) * 4096, int(found[2]) * 4096, bytes.fromhex(found[3].decode())
    began = time.monotonic()
    succeeds("index", "debian.rr", "--allow-paths", timeout=1800)
    print("debian: index %.1f s, %d bytes" % (time.monotonic() - began, os.path.getsize("debian.rr.idx")))
    with sqlite3.connect("file:debian.rr.idx?mode=ro", uri=True) as db:
        # A line has the tick of its first byte, which the shell writes before the command; the next line is behind it.
        said_at = db.execute("SELECT tick FROM line WHERE text GLOB '*block [0-9]* page [0-9]* has [0-9a-f]*'").fetchone()[0]
        read_at = db.execute("SELECT min(tick) FROM line WHERE tick > ?", (said_at,)).fetchone()[0]
    with Server("debian.rr", "--allow-paths") as server:
        wait_for_server(server.sock)
        wire = Wire(server.sock)
        wire.monitor("watchdisk %d,4096 disk" % block)
        # Each from elsewhere: what is near is in memory then.
        for place in ("end", "75%", "90%"):
            wire.monitor("goto " + place)
            said = asked("reverse-continue to the write of a file's block, from " + place, lambda: stop(wire, b"bc"), 1)
            check(said.startswith("T05") and "has written to its disk" in said, "it stops there: " + said)
            at = int(re.search(r"^tick (\d+) of", wire.monitor("when"), re.M)[1])
        check(0 < at < read_at, "before it was read: %d, %d" % (at, read_at))
        wire.monitor("goto %d" % read_at)
        said = asked("last-write of a page that the disk filled", lambda: wire.monitor("lastwrite %d,16 phys" % page))
        check("from byte %d of disk" % block in said and said.strip().endswith("-> " + value.hex(" ")), "who filled the page: " + said)
        wire.monitor("goto end")
        said = asked("last-write of the block", lambda: wire.monitor("lastwrite %d,16 disk" % block))
        check("tick %d: " % (at - 1) in said and said.strip().endswith(value.hex(" ")), "who wrote the block: " + said)
        wire.close()


def stays_the_same():
    """The invariants, over a window in the middle of the work: tests/boot/same.c."""
    began = time.monotonic()
    p = subprocess.run([os.environ["SAME"], "debian.rr", "500", "20000000", "1000000"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(p.returncode == 0, "the invariants: " + p.stdout.decode())
    print("debian: %s, %.1f s" % (p.stdout.decode().strip().split("\n")[-1], time.monotonic() - began))


folder = debian()
with Room():
    make_top(folder + "/root.raw")
    images = sum_up("top.qcow2", folder + "/root.raw")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Archive, directory=folder + "/archive"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    boot_alone(folder)
    console = whole(folder, server.server_port)
    server.shutdown()
    server.server_close()
    questions(console)
    stays_the_same()
    check(sum_up("top.qcow2", folder + "/root.raw") == images, "no image was written to")
    os.mkdir("elsewhere")
    os.chdir("elsewhere")
    began = time.monotonic()
    replay_agrees("../debian.rr", console, "a whole Debian", "--allow-paths", timeout=3000)
    print("debian: replay %.1f s" % (time.monotonic() - began))
    os.chdir("..")
finish()
