# SPDX-License-Identifier: GPL-2.0-or-later
# firmware: Debian's OpenSBI boots, starts supervisor code that uses it (tests/guest/riscv/sbi.S) and
# replays. The one of 32 bits comes from Debian 13, which tools/guests/make-reference unpacks.
#   firmware.py --bits 64|32
import argparse
import subprocess

from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--bits", required=True)
bits = parser.parse_args().bits
NAME = "lib/riscv%s-linux-gnu/opensbi/generic/fw_dynamic.bin" % bits
SAYS = [b"OpenSBI v", b"SBI: in supervisor mode\n" + 3 * b"SBI: timer\n" + b"SBI: off\n"]


def firmware():
    made = subprocess.run([os.path.join(SOURCE, "tools/guests/make-reference"), "--if-made"],
                          stdout=subprocess.PIPE, text=True)
    unpacked = os.path.join(os.path.dirname(made.stdout.strip()), "tree/usr", NAME)
    for path in ("/usr/" + NAME, unpacked):
        if os.path.exists(path):
            return path
    skip("no OpenSBI of %s bits: tools/guests/make-reference has not made the reference yet" % bits)


bios = firmware()
with Room():
    r = record("firmware.rr", "-arch", "riscv" + bits, "-M", "virt", "-bios", bios,
               "-kernel", guest("sbi" + bits), "-serial", "stdio", "-smp", "2")
    check(r.status == 0, "the firmware boots: %s" % r)
    for words in SAYS:
        check(words in r.out.replace(b"\r", b""), "the console has %r: ...%r" % (words, r.out[-300:]))
    replay_agrees("firmware.rr", r.out, "OpenSBI of %s bits" % bits)
finish()
