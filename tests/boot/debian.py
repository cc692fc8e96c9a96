# SPDX-License-Identifier: GPL-2.0-or-later
# debian: a whole Debian on a disk in qcow2 over raw, which systemd brings to a login: files are unpacked, summed up
# and deleted, packages installed by apt-get from an archive on this host, bytes carried by HTTP both ways. Recorded,
# then replayed in another folder with the servers gone: console, state and instructions are the same, and no image
# has changed. Sizes and times are printed.
#   debian.py [--harts 1] [--disk virtio-blk-device] [--card virtio-net-device] [--bytes 104857600]
import argparse
import functools
import hashlib
import http.server
import os
import random
import shutil
import subprocess
import threading
import time

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--harts", type=int, default=1)
parser.add_argument("--disk", default="virtio-blk-device")
parser.add_argument("--card", default="virtio-net-device")
parser.add_argument("--bytes", type=int, default=100 << 20)
options = parser.parse_args()
LOGIN_LIMIT = 900  # s: a guard against hangs alone


def debian():
    """The folder with kernel, initramfs, disk and archive."""
    make = os.path.join(SOURCE, "tools", "guests", "make-debian-root")
    p = subprocess.run([make, linux.ARCH], env=dict(os.environ, REPRISE=REPRISE), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if p.returncode != 0:
        skip("the disk cannot be made: " + (p.stdout + p.stderr).decode().strip().split("\n")[-1])
    return p.stdout.decode().strip().split("\n")[-1]


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
    return linux.board() + [
        "-smp", str(options.harts), "-m", "1G", "-no-reboot", "-kernel", folder + "/Image", "-initrd",
        folder + "/initramfs.cpio.gz", "-append", "console=%s panic=-1 reprise.root=/dev/%s" % (
            linux.CONSOLE, {"nvme": "nvme0n1"}.get(options.disk, "sda" if "scsi" in options.disk else "vda")),
        "-drive", "file=top.qcow2,if=none,id=disk", "-device", options.disk + ",drive=disk" + (
            ",serial=reprise" if options.disk == "nvme" else ""),
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


def sum_up(*paths):
    return subprocess.run(["sha256sum", *paths], check=True, stdout=subprocess.PIPE).stdout


def whole(folder, port):
    p, talk = record(folder, "debian.rr")
    talk.type("root\n")
    answer(talk, (("stty cols 500; nproc", "%d\r\n" % options.harts),) + WORK + installed(port))
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


if shutil.which("qemu-img") is None:
    skip("qemu-img (package qemu-utils) is not installed")
folder = debian()
with Room():
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", folder + "/root.raw", "-F", "raw", "top.qcow2"],
                   check=True)
    images = sum_up("top.qcow2", folder + "/root.raw")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Archive, directory=folder + "/archive"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    boot_alone(folder)
    console = whole(folder, server.server_port)
    server.shutdown()
    server.server_close()
    check(sum_up("top.qcow2", folder + "/root.raw") == images, "no image was written to")
    os.mkdir("elsewhere")
    os.chdir("elsewhere")
    began = time.monotonic()
    replay_agrees("../debian.rr", console, "a whole Debian", "--allow-paths", timeout=3000)
    print("debian: replay %.1f s" % (time.monotonic() - began))
    os.chdir("..")
finish()
