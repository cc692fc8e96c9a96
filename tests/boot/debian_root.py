# SPDX-License-Identifier: GPL-2.0-or-later
# debian_root: a whole Debian makes itself: the second stage of debootstrap, on a disk that has packages unpacked and
# nothing configured, is recorded, and replayed in another folder; the disk that it began with has not changed.
#   debian_root.py [--disk virtio-blk-device]
import argparse

import linux
from debian_disk import *
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--disk", default="virtio-blk-device")
options = parser.parse_args()
LIMIT = 3000  # s: a guard against hangs alone

folder = debian("--first")
with Room():
    make_top(folder + "/first.raw")
    images = sum_up("top.qcow2", folder + "/first.raw")
    began = time.monotonic()
    r = reprise("record", "-o", "root.rr", "-display", "none", "-serial", "file:console", "-icount", "sleep=off",
                *linux.board(), "-m", "1G", "-no-reboot", *boot_from(folder, options.disk, "reprise.init=/sbin/second-stage"), timeout=LIMIT)
    check(r.status == 0, "record: %s" % r)
    print("debian root: record %.1f s; %s" % (time.monotonic() - began, r.err.decode().strip().split("\n")[-1]))
    console = open("console", "rb").read()
    check(b"REPRISE: second stage done" in console, "it came to its end: %r" % console[-500:])
    linux.complete("root.rr", "the second stage")
    print("debian root: %d bytes without embedded files" % linux.bare_bytes("root.rr"))
    check(sum_up("top.qcow2", folder + "/first.raw") == images, "no image was written to")
    os.mkdir("elsewhere")
    os.chdir("elsewhere")
    began = time.monotonic()
    replay_agrees("../root.rr", console, "the second stage", "--allow-paths", timeout=LIMIT)
    print("debian root: replay %.1f s" % (time.monotonic() - began))
    os.chdir("..")
finish()
