# SPDX-License-Identifier: GPL-2.0-or-later
"""arm64_words: random A64 words, sorted by kind: encoding groups, whose free bits are drawn and whose
words binutils' objdump names. For arm64_random.py and tests/isa/arm64."""
import os
import re
import struct
import subprocess
import sys

CC = os.environ.get("GUEST_CC", "aarch64-linux-gnu-gcc")
OBJDUMP = re.sub(r"gcc$", "objdump", CC)
RESERVED = (27, 28)  # beside sp: pointers into the scratch area, at 128 and 256 of 512 bytes
FREE = [r for r in range(31) if r not in RESERVED]
CLASSES = ("int", "mem", "atomic", "fp", "simd", "crypto", "system", "pauth")

# Encoding groups: . is free; ddddd a general register to be written (31: zero), DDDDD one where 31 is sp.
GROUPS = {
    "int": """
        . .. 10000 ................... ddddd            adr, adrp
        . . 0 100010 . ............ ..... DDDDD         add, sub (immediate)
        . . 1 100010 . ............ ..... ddddd         adds, subs
        . 00 100100 ............. ..... DDDDD           and (immediate)
        . 01 100100 ............. ..... DDDDD           orr
        . 10 100100 ............. ..... DDDDD           eor
        . 11 100100 ............. ..... ddddd           ands
        . .. 100101 .. ................ ddddd           mov
        0 .. 100110 0 0..... 0..... ..... ddddd         bitfields
        1 .. 100110 1 ...... ...... ..... ddddd
        0 00 100111 0 0 ..... 0..... ..... ddddd        extr
        1 00 100111 1 0 ..... ...... ..... ddddd
        . 0 0 11010110 ..... 00001. ..... ddddd         division
        . 0 0 11010110 ..... 0010.. ..... ddddd         shifts
        . 0 0 11010110 ..... 010... ..... ddddd         crc
        . 1 0 11010110 00000 000... ..... ddddd         one source
        . .. 01010 .. . ..... ...... ..... ddddd        logic
        . .. 01011 .. 0 ..... ...... ..... ddddd        arithmetic
        . .0 01011 00 1 ..... ...... ..... DDDDD        extended
        . .1 01011 00 1 ..... ...... ..... ddddd
        . .. 11010000 ..... 000000 ..... ddddd          carry
        . . 1 11010010 ..... .... .0 ..... 0....        conditional comparison
        . . 0 11010100 ..... .... 0. ..... ddddd        conditional select
        . 00 11011 000 ..... . ..... ..... ddddd        madd, msub
        1 00 11011 .01 ..... . ..... ..... ddddd        long
        1 00 11011 .10 ..... 0 11111 ..... ddddd        high
        """,
    "pauth": """
        1 1 0 11010110 00001 0000.. ..... ddddd         codes put in
        1 1 0 11010110 00001 00.... ..... ddddd         and checked
        1 1 0 11010110 00001 00.... 11111 ddddd         without a modifier
        1 1 0 11010110 00001 01000. 11111 ddddd         taken away
        1 0 0 11010110 ..... 001100 ..... ddddd         pacga
        1101010100 0 00 011 0010 0001 ..0 11111         hints
        1101010100 0 00 011 0010 0011 ... 11111
        1101010100 0 00 011 0010 0000 111 11111
        """,
    "fp": """
        . 0 0 11110 .. 1 .. ... 000000 ..... ddddd      to and from integers
        . 0 0 11110 .. 0 .. ... ...... ..... ddddd      fixed point
        000 11110 .. 1 ...... 10000 ..... .....         one source
        000 11110 .. 1 ..... 001000 ..... ..000         comparison
        000 11110 .. 1 ........ 100 00000 .....         constants
        000 11110 .. 1 ..... .... 01 ..... .....        conditional comparison
        000 11110 .. 1 ..... .... 10 ..... .....        two sources
        000 11110 .. 1 ..... .... 11 ..... .....        conditional select
        000 11111 .. . ..... . ..... ..... .....        three sources
        """,
    "simd": """
        0 . . 01110 .. 1 ..... ..... 1 ..... .....      three same
        01 . 11110 .. 1 ..... ..... 1 ..... .....
        0 . . 01110 . 10 ..... 00 ... 1 ..... .....     of half precision
        01 . 11110 . 10 ..... 00 ... 1 ..... .....
        0 . . 01110 .. 0 ..... 1 .... 1 ..... .....     extra
        01 . 11110 .. 0 ..... 1 .... 1 ..... .....
        0 . . 01110 .. 10000 ..... 10 ..... .....       two registers
        01 . 11110 .. 10000 ..... 10 ..... .....
        0 . . 01110 . 111100 ..... 10 ..... .....       of half precision
        01 . 11110 . 111100 ..... 10 ..... .....
        0 . . 01110 .. 11000 ..... 10 ..... .....       across
        01 . 11110 .. 11000 ..... 10 ..... .....
        0 . . 01110 .. 1 ..... .... 00 ..... .....      different
        01 . 11110 .. 1 ..... .... 00 ..... .....
        0 . . 01110 000 ..... 0 .... 1 ..... ddddd      copies
        01 . 11110 000 ..... 0 .... 1 ..... .....
        0 . 0 01110 .. 0 ..... 0 ... 10 ..... .....     permutations
        0 . 1 01110 .. 0 ..... 0 .... 0 ..... .....     ext
        0 . 0 01110 00 0 ..... 0 ... 00 ..... .....     tables
        0 . . 01111 .. .. .... .... . 0 ..... .....     by element
        01 . 11111 .. .. .... .... . 0 ..... .....
        0 . . 011110 001. ... ..... 1 ..... .....       shifts
        0 . . 011110 01.. ... ..... 1 ..... .....
        0 . . 011110 1... ... ..... 1 ..... .....
        0 . . 011110 0001 ... ..... 1 ..... .....
        01 . 111110 .... ... ..... 1 ..... .....
        0 . . 0111100000 ... .... . 1 ..... .....       constants
        """,
    "crypto": """
        0100 1110 00 10100 0.... 10 ..... .....         aes
        0101 1110 00 0 ..... 0 ... 00 ..... .....       sha, three registers
        0101 1110 00 10100 000.. 10 ..... .....         two
        1100 1110 011 ..... 1000.. ..... .....          sha512, three
        1100 1110 110 00000 10000 . ..... .....         two
        1100 1110 100 ..... ...... ..... .....          xar
        1100 1110 000 ..... 0 ..... ..... .....         eor3
        1100 1110 001 ..... 0 ..... ..... .....         bcax
        0 . 0 01110 .. 1 ..... 111000 ..... .....       pmull
        """,
}
# What binutils and the reference's `max` know and no CPU of ours has.
MAX_LACKS = re.compile(
    r"bf|.*mmla|usdot|sudot|fmlal|fmlsl|sm[34]|fam|fscale|f1cvt|f2cvt|fcvtn\s.*b,|fdot|luti|abs\s+[wx]|cnt\s+[wx]|ctz|"
    r"[su](max|min)\s+[wx]|rmif|setf|addg|subg|irg|gmi|subp|frint(32|64).*(8h|4h)|rax1.*z")
# Registers by class of access: op0 op1 CRn CRm op2. Read: as they are; kept: written with anything
# and read back; masked: written with those bits of anything.
IDS = [(3, 0, 0, m, o) for m in range(8) for o in range(8)]
ID_NAMES = {
    "MIDR_EL1": (3, 0, 0, 0, 0), "MPIDR_EL1": (3, 0, 0, 0, 5), "REVIDR_EL1": (3, 0, 0, 0, 6), "CTR_EL0": (3, 3, 0, 0, 1),
    "CLIDR_EL1": (3, 1, 0, 0, 1), "DCZID_EL0": (3, 3, 0, 0, 7),
    **{f"{name}_EL1": (3, 0, 0, 1 + n // 8, n % 8) for n, name in enumerate(
        "ID_PFR0 ID_PFR1 ID_DFR0 ID_AFR0 ID_MMFR0 ID_MMFR1 ID_MMFR2 ID_MMFR3 ID_ISAR0 ID_ISAR1 ID_ISAR2 ID_ISAR3 ID_ISAR4 "
        "ID_ISAR5 ID_MMFR4 ID_ISAR6 MVFR0 MVFR1 MVFR2 ID_3_3 ID_PFR2 ID_DFR1 ID_MMFR5 ID_3_7".split())},
    **{f"{name}_EL1": (3, 0, 0, 4 + n // 8, n % 8) for n, name in enumerate(
        "ID_AA64PFR0 ID_AA64PFR1 ID_AA64PFR2 ID_4_3 ID_AA64ZFR0 ID_AA64SMFR0 ID_4_6 ID_AA64FPFR0 ID_AA64DFR0 ID_AA64DFR1 "
        "ID_AA64DFR2 ID_5_3 ID_AA64AFR0 ID_AA64AFR1 ID_5_6 ID_5_7 ID_AA64ISAR0 ID_AA64ISAR1 ID_AA64ISAR2 ID_AA64ISAR3 "
        "ID_6_4 ID_6_5 ID_6_6 ID_6_7 ID_AA64MMFR0 ID_AA64MMFR1 ID_AA64MMFR2 ID_AA64MMFR3 ID_AA64MMFR4 ID_7_5 ID_7_6 "
        "ID_7_7".split())}}
READ = [(3, 0, 4, 2, 2), (3, 3, 0, 0, 1), (3, 3, 0, 0, 7), (3, 3, 14, 0, 0), (3, 1, 0, 0, 1), (3, 1, 0, 0, 7),
        (3, 1, 0, 0, 0), (3, 0, 12, 0, 1), (3, 0, 12, 1, 0), (2, 0, 1, 1, 4), (2, 0, 1, 3, 4), (2, 0, 7, 14, 6),
        (2, 3, 0, 1, 0)]
KEPT = [(3, 3, 13, 0, 2), (3, 3, 13, 0, 3), (3, 0, 13, 0, 1), (3, 0, 6, 0, 0), (3, 0, 5, 1, 0), (3, 0, 5, 1, 1),
        (3, 0, 5, 2, 0), (3, 0, 4, 0, 0), (3, 0, 4, 0, 1), (3, 0, 7, 4, 0), (3, 0, 10, 3, 0),
        (3, 3, 4, 2, 0), (3, 3, 4, 4, 0), (3, 3, 4, 4, 1), (3, 3, 14, 2, 2), (3, 3, 14, 3, 2), (3, 0, 4, 1, 0),
        (2, 0, 0, 0, 2), (2, 0, 0, 3, 2)]
KEYS = [(3, 0, 2, 1, 0), (3, 0, 2, 1, 1), (3, 0, 2, 1, 2), (3, 0, 2, 1, 3), (3, 0, 2, 2, 0), (3, 0, 2, 2, 1), (3, 0, 2, 2, 2),
        (3, 0, 2, 2, 3), (3, 0, 2, 3, 0), (3, 0, 2, 3, 1)]
MASKED = [((3, 2, 0, 0, 0), 0xf), ((3, 3, 4, 2, 1), 0x3c0), ((3, 0, 4, 2, 3), 1 << 22), ((3, 0, 4, 2, 4), 1 << 23),
          ((3, 0, 14, 1, 0), 0x3ff), ((3, 0, 1, 0, 2), 0x300000), ((2, 0, 0, 2, 2), 0x7fff0fff & ~0xe001),
          ((2, 0, 0, 1, 4), ~3), ((2, 0, 0, 1, 6), ~3), ((2, 0, 0, 0, 5), 0x1ffe), ((2, 0, 0, 1, 7), 0x1ffffffe)]
# DC, IC, AT and TLBI by op1 CRn CRm op2; those of the second list take an address of the scratch area.
PLAIN_OPS = [(0, 7, 1, 0), (0, 7, 5, 0), (0, 8, 3, 0), (0, 8, 7, 0), (0, 8, 7, 2), (0, 8, 3, 3)]
ADDRESS_OPS = [(3, 7, 4, 1), (3, 7, 10, 1), (3, 7, 11, 1), (3, 7, 14, 1), (3, 7, 5, 1), (3, 7, 12, 1), (0, 7, 6, 1),
               (0, 7, 8, 0), (0, 7, 8, 1), (0, 7, 8, 2), (0, 7, 8, 3), (0, 7, 9, 0), (0, 7, 9, 1)]


def lines_of(text):
    """The patterns of a group list, as 32 characters."""
    for line in text.splitlines():
        bits = "".join(w for w in line.split() if re.fullmatch(r"[01.]+|d+|D+", w) and w != "add")
        if bits:
            if len(bits) != 32:
                sys.exit(f"{len(bits)} bits: {line}")
            yield bits


def draw(rng, bits):
    """A word of a pattern."""
    register = rng.choice(FREE + [31])
    word, at = 0, 31
    for b in bits:
        if b == ".":
            one = rng.getrandbits(1)
        elif b in "dD":
            one = (register if b == "d" or register != 31 else 9) >> (at % 5 if at < 5 else 0) & 1
        else:
            one = int(b)
        word |= one << at
        at -= 1
    return word


def disassemble(words, where, address=0):
    """objdump's text of each word."""
    with open(f"{where}/words", "wb") as file:
        file.write(struct.pack(f"<{len(words)}I", *words))
    done = subprocess.run([OBJDUMP, "-D", "-b", "binary", "-m", "aarch64", f"--adjust-vma={address:#x}", "-z",
                           f"{where}/words"], capture_output=True, text=True, check=True)
    return [l.split("\t", 2)[2].replace("\t", " ") for l in done.stdout.splitlines() if re.match(r" *[0-9a-f]+:\t", l)]


def kind_of(text):
    """An instruction's kind: its name and the shape of its operands."""
    text = re.sub(r"\s*//.*|\s*;.*", "", text)
    text = re.sub(r"#?-?0x[0-9a-f]+|#-?[0-9.e+-]+", "#", text)
    text = re.sub(r"\b([wxvbhsdq])(\d+|zr)\b|\bw?sp\b", lambda m: m[1] or "x", text)
    text = re.sub(r" (eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al|nv)$", " cond", text)
    return re.sub(r"\[\d+\]", "[]", text)


class Pool:
    """Words by class and kind."""

    def __init__(self, rng, classes, cpu, only, where):
        self.kinds, self.undefined = {}, {}
        for name in classes:
            if name not in GROUPS:
                continue
            words = [draw(rng, bits) for bits in lines_of(GROUPS[name]) for _ in range(1200)]
            kinds, unknown = {}, []
            for word, text in zip(words, disassemble(words, where)):
                if text.startswith(".inst") or "undefined" in text:
                    unknown.append(word)
                elif not (cpu == "max" and MAX_LACKS.match(text)) and (not only or re.match(only, text)):
                    kinds.setdefault(kind_of(text), []).append(word)
            self.kinds[name] = [(kind, kinds[kind]) for kind in sorted(kinds)]
            self.undefined[name] = unknown
            if not kinds:
                sys.exit(f"class {name} has no such instruction")
