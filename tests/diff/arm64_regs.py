#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every system register's number of AArch64 (op0 2 and 3), read, and where that works written with what was read, at the
highest level that the harts have, on the reference and on ours: whether it is undefined, and what is read.

usage: arm64_regs.py [--cpu CPU] [--el2] [--reference PROGRAM] COMMAND...
COMMAND runs an image, as with arm64_random.py; with --el2 it has to say virtualization=on. Exits 77 (skipped) without the
reference or the cross tools. EXPECTED has what rightly differs; ID registers are arm64_random.py --ids's. Left out: max, of
whose extensions many are left out.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile

from arm64_random import find_reference, ours, reference, run

TOOLS = "aarch64-linux-gnu-"
# What differs, and why: the beginning of "op0 op1 CRn CRm op2".
EXPECTED = [
    (r"3 0 0 ", "identification"),
    (r"3 1 0 0 0$", "CCSIDR: as in the processors' manuals"),
    (r"3 3 14 [023] |3 4 14 [23] [02]$", "counters and what is counted down"),
    (r"3 3 9 12 6$", "PMCEID0: the reference counts instructions only with -icount"),
    (r"2 0 1 4 4$", "DBGPRCR, which the reference has not"),
    (r"3 0 12 12 4$|3 4 12 11 1$", "interrupts have 16 bits, and there is no TDS"),
    (r"3 [045] 15 ", "what neoverse-n1 has of its implementation, which is left out"),
    (r"3 1 15 3 0$", "CBAR: the reference says where its GIC is"),
    (r"3 3 9 12 7$", "no events of the other half are known"),
    (r"3 4 1 0 0$", "SCTLR_EL2: bits that are one are ones from the beginning"),
    (r"3 4 1 1 0$", "HCR_EL2.RW: there is no AArch32 at EL1"),
]

PROGRAM = """
        .arch armv8-a
        .equ    UART, 0x09000000
        .globl  _start
_start: adr     x0, vectors
        mrs     x1, currentel
        cmp     x1, 8
        b.eq    1f
        msr     vbar_el1, x0
        b       2f
1:      msr     vbar_el2, x0
2:      isb
        mov     x19, 0                  // op0, op1, CRn, CRm, op2 in one number: op0 is 2 and bit 14
        ldr     x25, =UART
        adr     x24, slot
next:   lsl     w0, w19, 5
        ldr     w1, =0xd5300002         // mrs x2 of op0 2, ...
        orr     w20, w1, w0
        mov     w0, w20
        bl      try
        cbnz    x3, undefined
        mov     x21, x2
        eor     w0, w20, 1 << 21        // msr ..., x2
        bl      try
        mov     w0, '-'
        cbz     x3, 1f
        mov     w0, 'r'                 // read-only
1:      str     w0, [x25]
        mov     w22, 60
1:      lsr     x0, x21, x22
        and     w0, w0, 15
        cmp     w0, 10
        add     w1, w0, '0'
        add     w0, w0, 'a' - 10
        csel    w0, w1, w0, lo
        str     w0, [x25]
        subs    w22, w22, 4
        b.pl    1b
undefined:
        mov     w0, '\\n'
        str     w0, [x25]
        add     w19, w19, 1
        tbz     w19, 15, next
        ldr     x0, =0x84000008         // PSCI: off
        mrs     x1, currentel
        cmp     x1, 8
        b.eq    1f
        hvc     0
1:      smc     0
        b       .

// Runs the instruction w0; x3: the syndrome of what it raised, 0 if nothing.
try:    str     w0, [x24]
        dc      cvau, x24
        dsb     sy
        ic      ivau, x24
        dsb     sy
        isb
        mov     x3, 0
        mov     x23, x30
        blr     x24
        ret     x23
        .ltorg
        .balign 64
slot:   nop
        ret
        .balign 2048
vectors:
        .rept   16
        b       raised
        .balign 128
        .endr
raised: mrs     x4, currentel
        cmp     x4, 8
        b.eq    1f
        mrs     x4, elr_el1
        add     x4, x4, 4
        msr     elr_el1, x4
        mrs     x3, esr_el1
        eret
1:      mrs     x4, elr_el2
        add     x4, x4, 4
        msr     elr_el2, x4
        mrs     x3, esr_el2
        eret
"""


def build(where):
    with open(f"{where}/regs.S", "w", encoding="ascii") as file:
        file.write(PROGRAM)
    subprocess.run([TOOLS + "as", "-o", f"{where}/regs.o", f"{where}/regs.S"], check=True)
    subprocess.run([TOOLS + "ld", "--nmagic", "--no-warn-rwx-segments", "-Ttext=0x40200000", "-o", f"{where}/regs.elf",
                    f"{where}/regs.o"], check=True)
    return f"{where}/regs.elf"


def label(number):
    return f"{2 + (number >> 14)} {number >> 11 & 7} {number >> 7 & 15} {number >> 3 & 15} {number & 7}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--cpu", default="cortex-a57")
    parser.add_argument("--el2", action="store_true")
    parser.add_argument("--reference")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    program = find_reference(args)
    if not program or not shutil.which(TOOLS + "as"):
        print("skipped: the reference, or binutils for aarch64-linux-gnu, are not there")
        sys.exit(77)
    board = "virt,gic-version=3" + ",virtualization=on" * args.el2
    with tempfile.TemporaryDirectory() as where:
        elf = build(where)
        want = run([board if w == "virt" else w for w in reference(elf, program, args.cpu)], "the reference")
        got = run(ours(args, elf), "ours")
    if len(want) != 1 << 15 or len(got) != 1 << 15:
        sys.exit(f"{1 << 15} numbers: the reference printed {len(want)}, ours {len(got)}")
    differ = there = 0
    for number, (a, b) in enumerate(zip(want, got)):
        there += a != "" and b != ""
        if a != b and not any(re.match(pattern, label(number)) for pattern, _ in EXPECTED):
            differ += 1
            print(f"{label(number)}: reference {a or 'undefined'}, ours {b or 'undefined'}")
    print(f"{1 << 15} numbers, {there} are registers: {differ} differ")
    sys.exit(1 if differ or there < 150 else 0)


main()
