# SPDX-License-Identifier: GPL-2.0-or-later
# boot: Debian's kernel boots to user space and powers off; the recording replays in a new process
# with nothing but the file: every witness and the final hash agree and the console is the same.
# The recording is under 16 KiB without the embedded files.
#   boot.py [--harts 1]
import argparse

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--harts", type=int, default=1)
options = parser.parse_args()
harts = options.harts
with Room():
    r = record("boot.rr", "-serial", "stdio", *linux.machine(harts=harts), timeout=240)
    check(r.status == 0, "boot: %s" % r)
    for mark in ("REPRISE: user space reached", "REPRISE: harts %d" % harts, "REPRISE: power off", linux.SAYS):
        check(mark.encode() in r.out, "the console has %r: ...%r" % (mark, r.out[-300:]))
    linux.complete("boot.rr", "boot")
    bare = linux.bare_bytes("boot.rr")
    check(bare < 16384, "the recording takes %d bytes without embedded files" % bare)
    replay_agrees("boot.rr", r.out, "boot, %d harts" % harts)
    i = info("boot.rr")
    print("%d harts: %d instructions, %d witnesses, recording without files %d bytes, console %d bytes"
          % (harts, i["instructions"], i["witnesses"], bare, len(r.out)))
finish()
