# SPDX-License-Identifier: GPL-2.0-or-later
# verify: Debian's kernel boots to user space with -accel verify: in generated code and in the
# interpreter at once, compared block by block.
#   verify.py [--harts 1]
import argparse
import re

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--harts", type=int, default=1)
options = parser.parse_args()
r = reprise("run", "-accel", "verify", "-nographic", *linux.machine(harts=options.harts), timeout=600)
check(r.status == 0 and is_sane(r), "boot: %s" % r)
check(b"REPRISE: user space reached" in r.out and b"REPRISE: power off" in r.out, "console: %r" % r.out[-300:])
said = re.search(r"no difference in (\d+) ticks; (\d+) blocks compiled, (\d+) entries", r.err.decode())
# A boot is hundreds of millions of ticks: that it was this one, and in generated code.
if check(said is not None, "%s" % r):
    check(int(said[1]) > 100_000_000 and int(said[2]) > 10_000 and int(said[3]) > 100_000, said[0])
    print(said[0])
finish()
