# SPDX-License-Identifier: GPL-2.0-or-later
# idle: time in which the guest sleeps costs a recording next to nothing: ten minutes more of it,
# skipped (-icount sleep=off); and with --seconds N some in real time. Compared with a short sleep, in
# which the kernel has the same work of its own after the boot.
#   idle.py [--seconds 0]
import argparse

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=int, default=0)
options = parser.parse_args()


def size(seconds, sleep):
    path = "idle%d.rr" % seconds
    began = time.monotonic()
    r = record(path, "-serial", "stdio", "-seed", 1, "-rtc", "base=2026-01-01", "-icount", "sleep=" + sleep,
               *linux.machine("reprise.idle=%d" % seconds), timeout=300)
    took = time.monotonic() - began
    check(r.status == 0 and b"REPRISE: idle done" in r.out, "idle for %d s: %s" % (seconds, r))
    i = info(path)
    check(i.get("virtual_ns", 0) >= seconds * 10**9, "virtual time passed: %s" % i)
    if sleep == "on":
        check(took >= seconds, "idle time passes in real time")
    replay_agrees(path, r.out, "idle for %d s" % seconds)
    bare = linux.bare_bytes(path)
    print("idle %d s, sleep=%s: recorded in %.1f s, %d bytes without files, %d witnesses, %d instructions"
          % (seconds, sleep, took, bare, i["witnesses"], i["instructions"]), flush=True)
    return bare


with Room():
    short = size(20, "off")
    long = size(620, "off")
    print("ten minutes idle add %d bytes" % (long - short))
    check(long - short <= 300, "ten minutes of idle time add %d bytes" % (long - short))
    if options.seconds:
        real = size(options.seconds, "on")
        print("%d s in real time against 20 s skipped: %d bytes" % (options.seconds, real - short))
        check(real - short <= 300, "%d s of idle time add %d bytes" % (options.seconds, real - short))
finish()
