#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every register number of coprocessors 14 and 15, read and written in system and in user mode, on the reference and on ours.

usage: arm_cp.py [--cpu CPU] [--board BOARD] [--reference PROGRAM] COMMAND...
COMMAND runs an image, as with arm_random.py, on BOARD (virt). Exits 77 (skipped) without the reference or the cross tools.

Of each number it is compared whether reading and writing are undefined, and what is read at first, after a
write of ones and after one of zeros; what was read at first is written back. EXPECTED has what rightly differs.
Left out: what counts (its value), and writes of what the program itself runs by.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile

from arm_random import TOOLS, find_reference, ours, reference, run

# cp, opc1, CRn, CRm, opc2 of those that are not written, and of those whose values are not compared.
UNWRITTEN = {(15, 0, 1, 0, 0): "SCTLR", (15, 0, 12, 0, 0): "VBAR", (15, 0, 7, 0, 4): "WFI once"}
COUNTERS = {(15, 0, 9, 13, 0), (15, 0, 14, 2, 0), (15, 0, 14, 3, 0), (15, 0, 14, 2, 1), (15, 0, 14, 3, 1)}
COUNTERS64 = {(15, 0, 14), (15, 1, 14), (15, 0, 9)}
COUNTERS64 |= {(15, 2, 14), (15, 3, 14)}
# What the program needs to know of a board: the UART, RAM, and the register that ends it, if PSCI does not; and the
# reference's name of it without a secure world.
BOARDS = {"virt": (0x09000000, 0x40000000, 0, "virt"),
          "vexpress-a9": (0x10009000, 0x60000000, 0x100000a4, "vexpress-a9,secure=off"),
          "vexpress-a15": (0x1c090000, 0x80000000, 0x1c0100a4, "vexpress-a15,secure=off,virtualization=off")}
# What differs, and why: the beginning of "cp opc1 CRn CRm opc2" or, of 64 bits, of "cp opc1 CRm ".
EXPECTED = [
    (r"15 \d 3 ", "DACR is c3, c0, 0 alone, not all of c3"),
    (r"14 [012] ", "there are no debug registers"),
    (r"15 0 0 1 2$", "nor is there debug, by ID_DFR0; the trace's fields"),
    (r"15 0 9 12 0$", "PMCR has no LP and LC before version 3"),
    (r"15 0 9 12 [67]$", "PMCEID0 and 1 are there in version 2"),
    (r"15 0 9 13 1$", "events of version 2 have 8 bits, and there is no MT"),
    (r"15 0 13 0 0$", "there is no FCSE: FCSEIDR is 0"),
    (r"15 0 14 1 0$", "CNTKCTL has 10 bits"),
    (r"15 0 14 (8|12|15) ", "PMEVCNTR<n> and the like are of ARMv8"),
]

PROGRAM = """
        .syntax unified
        .arch armv7ve
        .text
        .globl _start
_start: cpsid   aif, #0x1f
        mrc     p15, 0, r0, c0, c0, 5
        ands    r0, r0, #0xff
1:      wfine
        bne     1b
        ldr     r0, =vectors
        mcr     p15, 0, r0, c12, c0, 0
        isb
        ldr     sp, =RAM + 0x600000
        ldr     r10, =table
        ldr     r11, =table_end
1:      ldr     r9, [r10], #4           @ reads r2, r3; its second word is another that writes them
        mov     r8, #0                  @ what was undefined, a bit each
        mov     r2, #0
        mov     r3, #0
        mov     r1, #0
        blx     r9                      @ the first value
        mov     r4, r2
        mov     r5, r3
        orr     r8, r8, r1
        tst     r1, r1
        movne   r4, #0
        movne   r5, #0
        mov     r1, #0
        cps     #0x10
        blx     r9
        svc     #0
        orr     r8, r8, r1, lsl #1
        ldr     r9, [r10], #4
        cmp     r9, #0
        beq     2f
        mov     r2, r4
        mov     r3, r5
        mov     r1, #0
        cps     #0x10
        blx     r9                      @ the same value again
        svc     #0
        orr     r8, r8, r1, lsl #2
        mvn     r2, #0
        mvn     r3, #0
        mov     r1, #0
        blx     r9
        orr     r8, r8, r1, lsl #3
2:      cmp     r8, #15                 @ nothing at all: an empty line
        beq     3f
        mov     r0, r8
        bl      hex
        mov     r0, r4
        bl      hex
        mov     r0, r5
        bl      hex
        ldr     r7, [r10, #-8]
        mov     r2, #0
        mov     r3, #0
        blx     r7
        mov     r6, r3
        mov     r0, r2
        bl      hex
        mov     r0, r6
        bl      hex
        cmp     r9, #0
        beq     3f
        mov     r2, #0
        mov     r3, #0
        blx     r9
        mov     r2, #0
        mov     r3, #0
        blx     r7
        mov     r6, r3
        mov     r0, r2
        bl      hex
        mov     r0, r6
        bl      hex
        mov     r2, r4
        mov     r3, r5
        blx     r9
3:      mov     r0, #10
        ldr     r1, =UART
        str     r0, [r1]
        cmp     r10, r11
        bne     1b
        ldr     r1, =END
        cmp     r1, #0
        ldrne   r0, =0xc0800000         @ SYS_CFGCTRL: start, write, shut down
        strne   r0, [r1]
        ldr     r0, =0x84000008         @ else PSCI
        hvceq   #0
        b       .

hex:    ldr     r1, =UART
        mov     r12, #8
1:      ror     r0, r0, #28
        and     r2, r0, #15
        cmp     r2, #10
        addlo   r2, r2, #48
        addhs   r2, r2, #87
        str     r2, [r1]
        subs    r12, r12, #1
        bne     1b
        mov     r2, #32
        str     r2, [r1]
        bx      lr

        .balign 32
vectors:
        b       .
        b       undefined
        b       service
        b       .
        b       .
        b       .
        b       .
        b       .
undefined:
        mov     r1, #1
        movs    pc, lr
service:
        msr     spsr_cxsf, #0xdf        @ back to system mode
        movs    pc, lr
        .ltorg
"""


def numbers():
    """(label, how to read, how to write or None, whether values are compared)"""
    for cp in (15, 14):
        for op1 in range(8):
            for n in range(16):
                for m in range(16):
                    for op2 in range(8):
                        key = cp, op1, n, m, op2
                        text = f"p{cp}, {op1}, r2, c{n}, c{m}, {op2}"
                        yield (" ".join(map(str, key)), "mrc " + text, None if key in UNWRITTEN else "mcr " + text,
                               key not in COUNTERS)
    for cp in (15, 14):
        for op1 in range(16):
            for m in range(16):
                text = f"p{cp}, {op1}, r2, r3, c{m}"
                yield f"{cp} {op1} {m}", "mrrc " + text, "mcrr " + text, (cp, op1, m) not in COUNTERS64


def build(where, board):
    lines, table = [".equ UART, 0x%x\n.equ RAM, 0x%x\n.equ END, 0x%x\n%s" % (*BOARDS[board][:3], PROGRAM)], []
    for index, (_, read, write, _) in enumerate(numbers()):
        lines.append(f"r{index}: {read}\n bx lr")
        if write:
            lines.append(f"w{index}: {write}\n bx lr")
        table.append(f".word r{index}, {'w%d' % index if write else 0}")
    # Names like r5 are registers' to the assembler.
    text = "\n".join(lines + ["table:"] + table + ["table_end:"])
    text = re.sub(r"^r(\d+):", r"get\1:", text, flags=re.M)
    text = re.sub(r"^w(\d+):", r"put\1:", text, flags=re.M)
    text = re.sub(r"\.word r(\d+), w(\d+)", r".word get\1, put\2", text)
    text = re.sub(r"\.word r(\d+), 0", r".word get\1, 0", text)
    with open(f"{where}/cp.S", "w", encoding="ascii") as file:
        file.write(text + "\n")
    subprocess.run([TOOLS + "as", "-o", f"{where}/cp.o", f"{where}/cp.S"], check=True)
    subprocess.run([TOOLS + "ld", "--nmagic", "--no-warn-rwx-segments", f"-Ttext={BOARDS[board][1] + 0x200000:#x}", "-o", f"{where}/cp.elf",
                    f"{where}/cp.o"], check=True)
    return f"{where}/cp.elf"


def say(line, compared):
    words = line.split() or ["f"]
    undefined = int(words[0], 16)
    text = "".join(b if undefined & 1 << i else "-" for i, b in enumerate("rRWw"))
    return f"undefined {text}" + (" values " + " ".join(words[1:]) if compared else "")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--cpu", default="cortex-a15")
    parser.add_argument("--board", choices=BOARDS, default="virt")
    parser.add_argument("--reference")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    program = find_reference(args)
    if not program or not shutil.which(TOOLS + "objdump"):
        print("skipped: the reference, or binutils for arm-linux-gnueabihf, are not there")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as where:
        elf = build(where, args.board)
        command = [BOARDS[args.board][3] if w == "virt" else w for w in reference(elf, program, args.cpu)]
        command += ["-audio", "driver=none"] if args.board != "virt" else []
        want = run(command, "the reference")
        got = run(ours(args, elf), "ours")
    every = list(numbers())
    if len(want) != len(every) or len(got) != len(every):
        sys.exit(f"{len(every)} numbers: the reference printed {len(want)}, ours {len(got)}")
    differ = 0
    for (label, _, _, compared), a, b in zip(every, want, got):
        a, b = say(a, compared), say(b, compared)
        if a != b and not any(re.match(pattern, label) for pattern, _ in EXPECTED):
            differ += 1
            print(f"{label}:\n  reference {a}\n  ours      {b}")
    print(f"{len(every)} numbers: {differ} differ")
    sys.exit(1 if differ else 0)


main()
