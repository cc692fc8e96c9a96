# SPDX-License-Identifier: GPL-2.0-or-later
# faults: records the guest (or a guest program: --elf NAME) and has faults.c put one-bit faults into
# a replay of it: each is named at its tick, with its field and bit.
#   faults.py [--elf smp] [--harts 1] [--windows 6] [--device MODEL...]
import argparse
import subprocess

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--elf")
parser.add_argument("--harts", type=int, default=1)
parser.add_argument("--windows", type=int, default=6)
parser.add_argument("--device", action="append", default=[])
options = parser.parse_args()
with Room():
    if options.elf:
        machine = bare(guest(options.elf), "-smp", options.harts, *linux.board())
        machine += [word for d in options.device for word in ("-device", d)]
    else:
        machine = linux.machine(harts=options.harts)
    r = record("faults.rr", "-serial", "null", *machine, timeout=240)
    check(r.status == 0, "record: %s" % r)
    p = subprocess.run([os.environ["FAULTS"], "faults.rr", str(options.windows)], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=250 * SLOW)
    print(p.stdout.decode().strip())
    check(p.returncode == 0, "a fault was not named")
finish()
