#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random A32 and T32 instructions on the reference and on ours: registers, flags, exceptions and memory are
compared after each sequence.

usage: arm_random.py [--class CLASS]... [--set a32|t32] [--el0] [--cpu CPU] [--count N] [--seed S] [--keep DIR] [--explain N]
                     [--runs N] [--reference PROGRAM] COMMAND...
COMMAND runs an image: KERNEL in it is replaced by the ELF file; its output is the guest's console, e.g.
`reprise run -M virt -kernel KERNEL -nographic`; `-cpu CPU` is put behind it. Without COMMAND, the reference
alone runs. Exits 77 (skipped) without the reference or the cross tools. The reference is PROGRAM, else what
REFERENCE names, else the one that tools/guests/make-reference makes.

With --el0 they run at EL0 of a processor of AArch64 (cortex-a57), whose EL1 does what is around: arm_random_el0.S.
COMMAND then has `-bios none`.

Classes (int, mem, system and fp without --class; several may be given, and are then mixed): int, mem, system, fp, and of fp
vfp and neon alone. --runs N does it N times, with the seeds that follow.
Instructions are drawn from TEMPLATES, whose free bits are random; what binutils' objdump calls unpredictable or
does not know is drawn again, so no table of ours is asked. Each sequence is LENGTH instructions with forward branches
and, in T32, IT blocks, in user or system mode; see arm_random.S for how they run.

Left out, because the two may rightly differ or the run would not end: what is unpredictable, counters and the time,
branches to nowhere, registers of debugging and what ID_DFR0 says of them, HVC (PSCI), SWP, short vectors; MRC and MCR in IT blocks, whose state the reference
shows in the SPSR of later exceptions as if the block went on.
"""
import argparse
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MAKE_REFERENCE = os.path.join(HERE, "../../tools/guests/make-reference")
TOOLS, TOOLS_EL0 = "arm-linux-gnueabihf-", "aarch64-linux-gnu-"
BASE, CODE = 0x40200000, 0x40400000
# M, A not, C, CP15BEN, I, DZE, UCT, nTWI, nTWE, SPAN, UCI
SCTLR_EL0 = 0x30d00800 | 1 | 1 << 2 | 1 << 5 | 1 << 12 | 7 << 14 | 1 << 18 | 1 << 23 | 1 << 26
LENGTH, BLOCKS, SCRATCH_WORDS, LOGGED = 20, 64, 128, 16
SAVED = [f"r{i}" for i in range(15)] + ["spsr", "exceptions", "exception count", "fpscr", "-"] + \
    [f"d{i // 2}.{i % 2}" for i in range(64)]
FREE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14]
INTEGERS = [0, 1, 2, 3, 0xffffffff, 0x80000000, 0x7fffffff, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 31, 32, 33,
            0x7fff7fff, 0x80008000, 0x7f807f80, 0xfffffffe]
SINGLES = [0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff, 0x7f800000,
           0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xffb00005, 0x4f000000, 0xcf000000, 0x4effffff, 0x3f000000]

# c: a condition; d: a register that is written, e: an even one with the next free, too; n: one that is read;
# p: one of the pointers; digits: as they are; dots: random.
A32 = {
    "int": """c001....._nnnndddd............ c000....._nnnndddd.....ii0nnnn c000....._nnnnddddnnnn0ii1nnnn
        c00110000....dddd............ c00110100....dddd............ c0000000.dddd0000nnnn1001nnnn
        c0000001.ddddnnnnnnnn1001nnnn c00000100ddddddddnnnn1001nnnn c00000110ddddnnnnnnnn1001nnnn
        c000010..ddddddddnnnn1001nnnn c00001...ddddddddnnnn1001nnnn c00010000ddddnnnnnnnn1..0nnnn c00010010ddddnnnnnnnn1.00nnnn
        c00010010dddd0000nnnn1.10nnnn c00010100ddddddddnnnn1..0nnnn c00010110dddd0000nnnn1..0nnnn
        c00010..0nnnndddd00000101nnnn c01110001dddd1111nnnn0001nnnn c01110011dddd1111nnnn0001nnnn
        c01110000ddddnnnnnnnn0..1nnnn c01110100ddddddddnnnn0..1nnnn c01110101ddddnnnnnnnn00.1nnnn
        c01110101ddddnnnnnnnn11.1nnnn c01111000ddddnnnnnnnn0001nnnn c01100...nnnndddd1111...1nnnn
        c01100...nnnndddd1111...1nnnn c01101000nnnndddd.......1nnnn c0110.01.....dddd.......1nnnn c01101000nnnndddd1111.011nnnn
        c0110.010....dddd11110011nnnn c01101...nnnndddd..000111nnnn c011010111111dddd1111.011nnnn
        c011011111111dddd1111.011nnnn c000101101111dddd11110001nnnn c0111.1......dddd.....101nnnn
        c0111110.....dddd.....001nnnn""",
    "system": """c00010000_1111dddd000000000000 c00010010..00111100000000nnnn c00110010..001111............
        c00110010..001111............ c1111........................ 1110000100100...........0111.... c01111111....nnnn....1111nnnn
        c111000011101dddd111101.10000 c111000001101nnnn111101010000 c111000010000dddd1111...1....
        111100010000..000000000...000000 1111000100000001000000.000000000"""
}
A32 = {name: text.replace("_", "") for name, text in A32.items()}
T16 = {"int": "000............. 00100ddd........ 0011.ddd........ 010000.......... 01000100dddd.ddd 1011.0100.......",
       "x": ""}
T32_INT = """11110i0....fnnnn0...dddd........ 1110101....fnnnn0...dddd..ii.nnn 11110i10.0.0nnnn0...dddd........
    11110.1.0100....0...dddd........ 11110i100100....0...dddd........ 11110i101100....0...dddd........
    1111001100.0nnnn0...dddd..0..... 1111001110.0nnnn0...dddd..0..... 111100110100nnnn0...dddd..0.....
    111100111100nnnn0...dddd..0..... 111100110110nnnn0...dddd..0..... 11111010 0..fnnnn1111dddd0000nnnn
    111110100...nnnn1111dddd10..nnnn 111110101...nnnn1111dddd0...nnnn 1111101010..nnnn1111dddd10..nnnn
    111110110000nnnnnnnndddd000.nnnn 111110110001nnnnnnnndddd00..nnnn 111110110.10nnnnnnnndddd000.nnnn
    111110110.0.nnnnnnnndddd000.nnnn 11111011100.nnnndddd dddd0000nnnn 1111101110.0nnnndddd dddd0000nnnn
    1111101111.0nnnndddd dddd0000nnnn 111110111001nnnn1111dddd1111nnnn 111110111011nnnn1111dddd1111nnnn
    111110111100nnnndddd dddd1...nnnn 111110111101nnnndddd dddd110.nnnn 111110111110nnnndddd dddd0110nnnn""".replace(" dddd", "dddd").replace(" 0..f", "0..f")

def objdump(words, sizes, thumb, where):
    """The text of each instruction."""
    name = f"{where}/words.bin"
    with open(name, "wb") as file:
        for word, size in zip(words, sizes):
            file.write(struct.pack("<H", word) if size == 2 else
                       struct.pack("<HH", word >> 16, word & 0xffff) if thumb else struct.pack("<I", word))
    out = subprocess.run([TOOLS + "objdump", "-D", "-b", "binary", "-m", "arm", "-z"] +
                         (["-Mforce-thumb"] if thumb else []) + [name], capture_output=True, text=True, check=True)
    texts = []
    for line in out.stdout.splitlines():
        parts = line.split("\t")
        if len(parts) >= 3 and parts[0].strip().endswith(":"):
            texts.append(" ".join(parts[2:]))
    return texts


def is_good(text):
    if re.search(r"[us]sat16\S*\s\w+, #(1[6-9]|2\d|3\d)", text):  # of a bit that should be 0
        return False
    if re.search(r"vcvt.*#-|, s32", text):  # a fixed format with its point above its bits; no such register
        return False
    return not any(bad in text for bad in ("cr0, cr1, {2}", "pacg", "wfi", "UNPREDICTABLE", "undefined", "UNDEFINED", "illegal", "???", "<UN"))


class Pool:
    """Words of templates that are no nonsense."""

    def __init__(self, rng, thumb, classes, where, fp_words, v8):
        self.rng, self.thumb, self.v8 = rng, thumb, v8
        self.words = {}
        for name in classes:
            kinds = self.templates(name)
            if kinds:
                self.words[name] = [k for k in (self.fill(t, where) for t in kinds) if k]
        for name in ("vfp", "neon"):
            if name in classes:
                self.words[name] = [k for k in (self.keep(ws, where) for ws in fp_words(name, rng, thumb, v8)) if k]

    def templates(self, name):
        crc = self.v8 and name == "int"
        if not self.thumb:
            return A32.get(name, "").split() + (["c00010..0nnnndddd00.00100nnnn"] if crc else [])
        if name == "int":
            return T16["int"].split() + T32_INT.split() + (["11111010110.nnnn1111dddd10..nnnn"] if crc else [])
        if name == "system":
            return """1011111100000000 11011111........ 11011110........ 10111110........ 11110011111011111000dddd00000000
                111100111000nnnn1000..0000000000 1110111000010000dddd111100000101 111011100001000.dddd1111...1....
                11101110000011010nnn111101010000 101101100101.000 10110110011.0...
                1110111000010000dddd1111...1....""".split()
        return []

    def nibble(self, letter):
        rng = self.rng
        if letter == "d":
            return rng.choice(FREE)
        return rng.choice(FREE + [11, 12, 13]) if rng.random() < 0.93 else 15

    def draw(self, template):
        rng, bits, at = self.rng, "", 0
        if template[0] == "c":
            template = rng.choice(["1110"] * 5 + [f"{c:04b}" for c in range(14)]) + template[1:]
        while at < len(template):
            letter = template[at]
            if letter in "dn":
                run = 1
                while run < 4 and at + run < len(template) and template[at + run] == letter:
                    run += 1
                if run == 4:
                    bits += f"{self.nibble(letter):04b}"
                elif run == 3:
                    bits += f"{rng.randrange(8):03b}"
                else:
                    bits += "".join(rng.choice("01") for _ in range(run))
                at += run
            else:
                bits += letter if letter in "01" else rng.choice("01")
                at += 1
        return bits

    def fill(self, template, where):
        found = [self.draw(template) for _ in range(160)]
        return self.keep([(int(b, 2), len(b) // 8) for b in found], where)

    def keep(self, found, where):
        texts = objdump([w for w, _ in found], [s for _, s in found], self.thumb, where)
        if len(texts) != len(found):  # a word that objdump took for two
            return []
        return [f for f, t in zip(found, texts) if is_good(t) and self.writes_free(f, t) and f[0] not in (0xdf5a, 0xdf5b)]

    def writes_free(self, found, text):
        """Neither a pointer nor PC is written, as far as the text says; flags' tests write nothing."""
        name, _, rest = text.partition(" ")
        if name.startswith(("b.", "bx", "blx", "ldm", "stm", "push", "pop", "rfe", "srs", "cps", "it", "ldr", "str", "ldc",
                            "stc", "subs.w pc", "svc", "bkpt", "udf", "hvc", "smc", "msr", "mcr")):
            return name.startswith(("svc", "bkpt", "udf", "msr", "mcr", "cps")) and "PSR_c" not in rest and \
                not ("SPSR" in rest) and "_x" not in rest and not any(f"PSR_{a}c" in rest for a in ("f", "s", "fs"))
        if name.startswith(("cmp", "cmn", "tst", "teq")):
            return True
        first = rest.replace(",", " ").split()
        if not first:
            return True
        targets = first[:2] if name.startswith(("umull", "smull", "umlal", "smlal", "smlsl", "umaal")) else first[:1]
        return not any(t in ("pc", "sp", "fp", "ip", "r11", "r12", "r13") for t in targets)


def fp_words(name, rng, thumb, v8):
    """Templates of floating point and Advanced SIMD, in A32's form."""
    vfp = """c_1110_0.00_...._...._101._...0_.... c_1110_0.01_...._...._101._...0_....
        c_1110_0.10_...._...._101._...0_.... c_1110_0.11_...._...._101._...0_....
        c_1110_1.00_...._...._101._.0.0_.... c_1110_1.01_...._...._101._...0_.... c_1110_1.10_...._...._101._...0_....
        c_1110_1.11_...._...._101._0000_.... c_1110_1.11_000._...._101._.1.0_.... c_1110_1.11_001._...._1010_.1.0_....
        c_1110_1.11_0100_...._101._.1.0_.... c_1110_1.11_0101_...._101._.100_0000 c_1110_1.11_0111_...._101._11.0_....
        c_1110_1.11_1000_...._101._.1.0_.... c_1110_1.11_110._...._101._.1.0_.... c_1110_1.11_1.1._...._101._.1.0_....
        c_1110_000._...._tttt_1010_.001_0000 c_1110_0..0_...._tttt_1011_...1_0000 c_1110_...1_...._tttt_1011_...1_0000
        c_1110_1..0_...._tttt_1011_.0.1_0000 c_1100_010._tttt_uuuu_101._00.1_.... c_1110_1111_0001_tttt_1010_0001_0000
        c_1110_1111_0001_1111_1010_0001_0000 c_1110_1110_0001_tttt_1010_0001_0000
        c_1110_111._1000_tttt_1010_0001_0000 c_1110_1111_0.11_tttt_1010_0001_0000"""
    if v8:
        vfp += """ 11111110_0..._...._...._101._.0.0_.... 11111110_1.00_...._...._101._...0_.... 11111110_1.11_10.._...._101._01.0_....
            11111110_1.11_11.._...._101._.1.0_.... c_1110_1.11_011._...._101._.1.0_.... c_1110_1.11_001._...._1011_.1.0_...."""
    vfp = vfp.replace("_", "")
    out = []
    if name == "vfp":
        return [[template_word(rng, t, thumb) for _ in range(160)] for t in vfp.split()]
    for t in """1111001.0d..nnnndddd....nqm.mmmm 1111001.1d..nnnndddd....n.m0mmmm 1111001i1d000iiidddd..0.0q.1iiii
            1111001.1dsiiiiidddd....lqm1mmmm 1111001.1d1iiiiidddd11.10qm1mmmm 111100101d11nnnnddddiiiinqm0mmmm
            111100111d11..ssdddd0....qm0mmmm 111100111d111.ssdddd0....qm0mmmm 111100111d110110dddd011.00m0mmmm
            1111001.0d.0nnnndddd11..nqm.mmmm 1111001.1d..nnnndddd....n1m0mmmm
            111100111d11nnnndddd10iin.m0mmmm 111100111d11iiiidddd11000qm0mmmm""".split():
        for _ in range(6):
            out.append([template_word(rng, t, thumb) for _ in range(160)])
    return [[f for f in found if not is_same_twice(f[0], thumb)] for found in out]


def is_same_twice(word, thumb):
    """VSWP, VTRN, VUZP or VZIP of one register: what it becomes is unknown."""
    if word >> 24 != (0xff if thumb else 0xf3) or word & 0x00b30c10 != 0x00b20000:
        return False
    pair = ~(word >> 6 & 1)
    return (word >> 12 & 15 | word >> 18 & 16) & pair == (word & 15 | word >> 1 & 16) & pair


def template_word(rng, template, thumb):
    if template[0] == "c":
        template = (rng.choice(["1110"] * 5 + [f"{c:04b}" for c in range(14)]) if not thumb else "1110") + template[1:]
    template = template.replace("tttt", f"{rng.choice(FREE):04b}").replace("uuuu", f"{rng.choice(FREE):04b}")
    w = int("".join(b if b in "01" else rng.choice("01") for b in template), 2)
    if thumb and w >> 25 == 0x79:
        w = 0xef000000 | (w >> 24 & 1) << 28 | (w & 0xffffff)
    return w, 4


class Maker:
    def __init__(self, rng, pools, thumb, classes):
        self.rng, self.pool, self.thumb, self.classes = rng, pools, thumb, classes

    def data(self, name):
        return [self.rng.choice(self.rng.choice(self.pool.words[name]))]

    def free(self, *but):
        return self.rng.choice([r for r in FREE if r not in but])

    def cond(self):
        return self.rng.choice([14] * 4 + list(range(14))) if not self.thumb else 14

    # ---- memory ----

    def add_base(self, r):
        """r = a pointer plus something, to words."""
        p, imm = self.rng.choice([11, 12]), self.rng.randrange(0, 16) * 4
        if self.rng.random() < 0.03:  # nowhere
            return [(0xf04f4040 | r << 8, 4) if self.thumb else (0xe3a00103 | r << 12, 4)]
        if self.thumb:
            return [(0xf1000000 | p << 16 | r << 8 | imm, 4)]
        return [(0xe2800000 | p << 16 | r << 12 | imm, 4)]

    def small(self, r, most):
        imm = self.rng.randrange(0, most)
        return [(0xf04f0000 | r << 8 | imm, 4) if self.thumb else (0xe3a00000 | r << 12 | imm, 4)]

    def memory(self):
        return self.memory_t32() if self.thumb else self.memory_a32()

    def memory_vfp(self):
        """VLDR, VSTR, VLDM, VSTM: the words of both sets."""
        rng, b = self.rng, self.free()
        double, load, first = rng.getrandbits(1), rng.getrandbits(1), rng.getrandbits(5)
        word = 0xed000a00 | double << 8 | load << 20
        word |= (first >> 4) << 22 | (first & 15) << 12 if double else (first & 1) << 22 | (first >> 1) << 12
        if rng.random() < 0.4:
            return [(word | rng.getrandbits(1) << 23 | rng.choice([11, 12, 13]) << 16 | rng.randrange(0, 30), 4)]
        count = rng.randrange(1, min(32 - first, 16) + 1)
        words = 2 * count + (rng.random() < 0.1) if double else count
        p, u, w = rng.choice([(0, 1, 0), (0, 1, 1), (1, 0, 1)])
        word = word & ~(1 << 24) | p << 24 | u << 23 | w << 21 | b << 16 | words
        return self.add_base(b) + [(word, 4)]

    def memory_a32(self):
        rng, c = self.rng, self.cond() << 28
        kind = rng.choice(["word", "word", "extra", "extra", "several", "several", "exclusive", "user", "pld"])
        t, b = self.free(), self.free()
        if b == t:
            b = self.free(t)
        p, u, w, load, byte = (rng.getrandbits(1) for _ in range(5))
        if kind == "word":
            mode = rng.choice(["imm", "wback", "reg", "unpriv"])
            if mode == "imm":
                return [(c | 0x05000000 | u << 23 | byte << 22 | load << 20 | rng.choice([11, 12, 13, 15 if load and not u else 12]) << 16
                         | t << 12 | rng.randrange(0, 120), 4)]
            if mode == "reg":
                m = self.free(t)
                return self.small(m, 24) + [(c | 0x07000000 | u << 23 | byte << 22 | load << 20 | rng.choice([11, 12]) << 16 |
                                             t << 12 | rng.randrange(3) << 7 | rng.choice([0, 0, 1]) << 5 | m, 4)]
            return self.add_base(b) + [(c | 0x04000000 | (p if mode == "wback" else 0) << 24 | u << 23 | byte << 22 |
                                        (p if mode == "wback" else 1) << 21 | load << 20 | b << 16 | t << 12 | rng.randrange(0, 60), 4)]
        if kind == "extra":
            sh, load = rng.choice([(1, 0), (1, 1), (2, 1), (3, 1), (2, 0), (3, 0)])
            if sh > 1 and not load:
                t = rng.choice([0, 2, 4, 6, 8])
                b = rng.choice([10, 14])
            off = rng.randrange(0, 60)
            if sh > 1 and not load and rng.random() < 0.9:
                off &= ~3
            mode = rng.choice(["imm", "wback", "reg"])
            head = c | u << 23 | load << 20 | t << 12 | 0x90 | sh << 5
            if mode == "imm":
                return [(head | 0x01400000 | rng.choice([11, 12, 13]) << 16 | (off >> 4) << 8 | off & 15, 4)]
            if mode == "reg":
                m = self.free(t, t + 1)
                return self.small(m, 32) + [(head | 0x01000000 | rng.choice([11, 12]) << 16 | m, 4)]
            return self.add_base(b) + [(head | 0x00400000 | p << 24 | p << 21 | b << 16 | (off >> 4) << 8 | off & 15, 4)]
        if kind == "several":
            regs = [r for r in FREE if r != b and rng.random() < 0.4] or [self.free(b)]
            user = 0
            if rng.random() < 0.1 and self.system:
                user, w = 0, w
            return self.add_base(b) + [(c | 0x08000000 | p << 24 | u << 23 | user << 22 | w << 21 | load << 20 | b << 16 |
                                        sum(1 << r for r in regs), 4)]
        if kind == "exclusive":
            size = rng.randrange(4)
            r = rng.choice([0, 2, 4, 6, 8])
            d = rng.choice([10, 14])
            n = rng.choice([11, 12])
            if self.pool.v8 and rng.random() < 0.6:  # with acquire and release, and those that are not exclusive
                if size != 1 and rng.random() < 0.5:
                    return [(c | 0x01900c9f | size << 21 | n << 16 | r << 12, 4), (c | 0x0180fc90 | size << 21 | n << 16 | r, 4)]
                return [(c | 0x01900e9f | size << 21 | n << 16 | r << 12, 4),
                        (c | 0x01800e90 | size << 21 | n << 16 | d << 12 | rng.choice([0, 2, 4, 6, 8]), 4)]
            out = [(c | 0x01900f9f | size << 21 | n << 16 | r << 12, 4)]
            if rng.random() < 0.2:
                out.append((0xf57ff01f, 4))
            s = rng.choice([0, 2, 4, 6, 8])
            return out + [(c | 0x01800f90 | size << 21 | n << 16 | d << 12 | s, 4)]
        if kind == "user":
            return self.add_base(b) + [(c | 0x002000b0 | u << 23 | 0x00400000 | load << 20 | b << 16 | t << 12 | rng.randrange(16), 4)]
        return [(0xf550f000 | u << 23 | self.free() << 16 | rng.randrange(4096), 4)]

    def memory_t32(self):
        rng = self.rng
        kind = rng.choice(["t16", "t16", "imm12", "imm8", "reg", "dual", "several", "exclusive", "stack"])
        t, b = self.free(), self.free()
        if b == t:
            b = self.free(t)
        s, size, load = rng.choice([(0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 0, 1), (1, 1, 1)])
        head = 0xf8000000 | s << 24 | size << 21 | load << 20 | t << 12
        if kind == "t16":
            t, b = rng.sample(range(8), 2)
            out = self.add_base(b)
            if rng.random() < 0.5:
                op = rng.choice([0x6000, 0x6800, 0x7000, 0x7800, 0x8000, 0x8800])
                return out + [(op | rng.randrange(0, 16) << 6 | b << 3 | t, 2)]
            m = rng.choice([r for r in range(8) if r not in (t, b)])
            return out + self.small(m, 64) + [(0x5000 | rng.randrange(8) << 9 | m << 6 | b << 3 | t, 2)]
        if kind == "imm12":
            n = rng.choice([11, 12, 13] + ([15] if load else []))
            if n == 15 and rng.random() < 0.5:
                return [(head | 15 << 16 | rng.randrange(0, 64), 4)]
            return [(head | 0x00800000 | n << 16 | rng.randrange(0, 120), 4)]
        if kind == "imm8":
            puw = rng.choice([0b100, 0b101, 0b111, 0b001, 0b011, 0b110])
            return self.add_base(b) + [(head | b << 16 | 0x800 | puw << 8 | rng.randrange(0, 60), 4)]
        if kind == "reg":
            m = self.free(t)
            return self.small(m, 24) + [(head | rng.choice([11, 12]) << 16 | rng.randrange(3) << 4 | m, 4)]
        if kind == "dual":
            t2 = self.free(t, b)
            p, w = rng.choice([(1, 0), (1, 1), (0, 1)])
            return self.add_base(b) + [(0xe8400000 | p << 24 | rng.getrandbits(1) << 23 | w << 21 | load << 20 | b << 16 |
                                        t << 12 | t2 << 8 | rng.randrange(0, 12), 4)]
        if kind == "several":
            regs = [r for r in FREE if r != b and rng.random() < 0.4]
            regs = regs if len(regs) > 1 else [r for r in (0, 1, 2) if r != b]
            up = rng.getrandbits(1)
            return self.add_base(b) + [(0xe8000000 | (1 if up else 2) << 23 | rng.getrandbits(1) << 21 | load << 20 | b << 16 |
                                        sum(1 << r for r in regs), 4)]
        if kind == "exclusive":
            r, d, r2 = rng.sample(FREE, 3)
            n = rng.choice([11, 12])
            k = rng.randrange(4)
            if self.pool.v8 and rng.random() < 0.6:
                second = r2 << 8 if k == 3 else 0xf00
                if k != 3 and rng.random() < 0.5:
                    return [(0xe8d00f8f | k << 4 | n << 16 | r << 12, 4), (0xe8c00f8f | k << 4 | n << 16 | r2 << 12, 4)]
                return [(0xe8d000cf | k << 4 | n << 16 | r << 12 | second, 4), (0xe8c000c0 | k << 4 | n << 16 | r << 12 | second | d, 4)]
            if k == 3:
                off = rng.randrange(0, 16)
                return [(0xe8500f00 | n << 16 | r << 12 | off, 4), (0xe8400000 | n << 16 | r << 12 | d << 8 | off, 4)]
            if k == 2:
                return [(0xe8d0007f | n << 16 | r << 12 | r2 << 8, 4), (0xe8c00070 | n << 16 | r << 12 | r2 << 8 | d, 4)]
            return [(0xe8d00f4f | k << 4 | n << 16 | r << 12, 4), (0xe8c00f40 | k << 4 | n << 16 | r << 12 | d, 4)]
        return [(0x9000 | load << 11 | rng.randrange(8) << 8 | rng.randrange(0, 30), 2)]

    def elements(self):
        """Loads and stores of elements and structures: whatever the encoding, where its registers exist."""
        rng, base = self.rng, self.free()
        by, d = self.free(base), rng.randrange(0, 25)
        moves = rng.choice([15, 13, 13, by])
        w = 0xf4000000 | rng.getrandbits(32) & 0x00a00ff0 | (d >> 4) << 22 | base << 16 | (d & 15) << 12 | moves
        out = self.add_base(base)
        if rng.random() < 0.5:  # aligned for all
            out += [(0xf020001f | base << 16 | base << 8, 4) if self.thumb else (0xe3c0001f | base << 16 | base << 12, 4)]
        if moves == by:
            out += self.small(by, 64)
        return out + [(w & 0xffffff | 0xf9000000 if self.thumb else w, 4)]

    # ---- branches: (words, fix) ----

    def branch(self):
        rng = self.rng
        by = rng.randint(1, 3)
        if self.thumb:
            kind = rng.choice(["b16", "bcond", "cbz", "b32", "bcond32", "bl"])
            word = {"b16": (0xe000, 2), "bcond": (0xd000 | rng.randrange(14) << 8, 2),
                    "cbz": (0xb100 | rng.getrandbits(1) << 11 | rng.randrange(8), 2), "b32": (0xf0009000, 4),
                    "bcond32": (0xf0008000 | rng.randrange(14) << 22, 4), "bl": (0xf000d000, 4)}[kind]
            return [word], (kind, by)
        kind = rng.choice(["b", "b", "b", "bl", "bx"])
        if kind == "bx":
            r = self.free()
            return [(0xe28f0000 | r << 12, 4), (0xe12fff10 | r | (rng.getrandbits(1) << 5), 4)], ("adr", by)
        return [(self.rng.randrange(15) << 28 | 0x0a000000 | (kind == "bl") << 24, 4)], ("b", by)

    def one(self, left):
        rng = self.rng
        if rng.random() < 0.1 and left > 4:
            return self.branch()
        name = rng.choice(self.classes)
        if self.thumb and rng.random() < 0.12 and name in self.pool.words:
            cond, count = rng.randrange(15), rng.randrange(1, 5)
            mask = rng.getrandbits(4) & (0xf << (5 - count)) & 0xf | 1 << (4 - count)
            if cond == 14:
                mask = 1 << (4 - count)
            body = []
            while len(body) < count:
                word = self.data(rng.choice([n for n in self.classes if n in self.pool.words]))
                if word[0][0] >> 24 not in (0xee, 0xfe) and word[0][0] >> 8 != 0xde and (word[0][0] & 0xff00) not in (0xbf00, 0xbe00, 0xb600) and word[0][0] >> 12 != 0xd:
                    body += word
            return [(0xbf00 | cond << 4 | mask, 2)] + body, None
        if name == "mem" or (name == "vfp" and rng.random() < 0.2):
            return (self.memory() if name == "mem" else self.memory_vfp()), None
        if name == "neon" and rng.random() < 0.25:
            return self.elements(), None
        return self.data(name), None

    def sequence(self, system):
        self.system = system
        pieces = [self.one(LENGTH - i) for i in range(LENGTH)]
        at = [0]
        for words, _ in pieces:
            at.append(at[-1] + sum(s for _, s in words))
        out = []
        for index, (words, fix) in enumerate(pieces):
            words = list(words)
            if fix:
                kind, by = fix
                to = at[min(index + by, len(pieces))] - at[index]
                w = words[0][0]
                if kind == "b":
                    w |= (to - 8) // 4 & 0xffffff
                elif kind == "adr":
                    w = w | (to - 8) if to >= 8 else (w & ~0x00800000) | 0x00400000 | (8 - to)
                elif kind == "b16":
                    w |= (to - 4) // 2 & 0x7ff
                elif kind == "bcond":
                    w |= (to - 4) // 2 & 0xff
                elif kind == "cbz":
                    v = max(to - 4, 0) // 2 if to >= 4 else 0
                    if to < 4:
                        w, words[0] = 0xbf00, (0xbf00, 2)
                    w |= (v & 0x1f) << 3 if w != 0xbf00 else 0
                else:
                    v = (to - 4) // 2
                    w |= (v & 0x7ff) | (v >> 11 & 0x3f) << 16
                    if v < 0:
                        sys.exit("a branch backwards")
                    if kind != "bcond32":
                        w |= 0x2800  # J1, J2 of a positive offset
                words[0] = (w, words[0][1])
            out += words
        return out


def initial_blocks(rng):
    out = b""
    for _ in range(BLOCKS):
        def integer():
            return rng.choice([rng.choice(INTEGERS), rng.getrandbits(32), rng.getrandbits(32), rng.getrandbits(8)])

        def real():
            return rng.choice([rng.choice(SINGLES), rng.choice(SINGLES), rng.getrandbits(32),
                               0x3f000000 + rng.getrandbits(25), 0x3ff00000 + rng.getrandbits(20), rng.choice(INTEGERS)])
        words = [integer() for _ in range(15)] + [rng.getrandbits(4) << 28 | rng.getrandbits(4) << 16]
        words += [real() for _ in range(64)]
        words += [integer() for _ in range(SCRATCH_WORDS)]
        out += struct.pack(f"<{len(words)}I", *words)
    return out


class Image:
    def __init__(self, args, classes, where):
        rng = random.Random(args.seed)
        sets = [args.set] if args.set else ["a32", "t32"]
        makers = [Maker(rng, Pool(rng, s == "t32", classes, where, fp_words, args.el0), s == "t32", classes) for s in sets]
        blocks = initial_blocks(rng)
        count = max(1, (args.count + LENGTH - 1) // LENGTH)
        self.places, self.texts, code, settings = [], [], bytearray(), []
        for _ in range(count):
            maker, system = rng.choice(makers), rng.random() < 0.4 and not args.el0
            code += bytes(-len(code) % 4)
            begin = CODE + len(code)
            self.places.append((begin, maker.thumb))
            for word, size in maker.sequence(system):
                code += struct.pack("<H", word) if size == 2 else \
                    struct.pack("<HH", word >> 16, word & 0xffff) if maker.thumb else struct.pack("<I", word)
            code += struct.pack("<HH", 0xdf5a, 0xdf5a) if maker.thumb else struct.pack("<I", 0xef5a5a5a)
            sctlr = (SCTLR_EL0 if args.el0 else 0x00c50079) | (rng.random() < 0.15) << 1
            fpscr = rng.choice([0, 0, rng.getrandbits(5) << 22])
            settings.append((begin | maker.thumb, 0x1f if system else 0x10, sctlr, fpscr))
        code += bytes(-len(code) % 4)
        settings.append((CODE + len(code), 0x10 if args.el0 else 0x1f, SCTLR_EL0 if args.el0 else 0x00c50079, 0))
        code += struct.pack("<I", 0xef5b5b5b)
        self.code, self.seed, self.fp, self.el0 = code, args.seed, not args.no_fp, args.el0
        self.table = (CODE + len(code) + 0xfff) & ~0xfff
        self.bytes = code + bytes(self.table - CODE - len(code)) + blocks
        self.settings = CODE + len(self.bytes)
        self.each = settings
        self.bytes += b"".join(struct.pack("<4I", *words) for words in settings)

    def link(self, where, first=0, last=0):
        """Marks from `first` to before `last` will print registers. Returns the file's name."""
        with open(f"{where}/image", "wb") as file:
            file.write(self.bytes + struct.pack("<II", first, last))
        with open(f"{where}/image.S", "w", encoding="ascii") as file:
            file.write(f'        .section .image, "ax"\n        .incbin "{where}/image"\n')
        symbols = {"TABLE": self.table, "TABLE_BLOCKS": BLOCKS, "SETTINGS": self.settings, "DUMP": CODE + len(self.bytes)}
        if not self.fp:
            symbols["NO_FP"] = 1
        defines = [x for name, value in symbols.items() for x in ("--defsym", f"{name}={value}")]
        tools = TOOLS_EL0 if self.el0 else TOOLS
        main_source = f"{HERE}/arm_random{'_el0' if self.el0 else ''}.S"
        for name, source in (("main", main_source), ("image", f"{where}/image.S")):
            subprocess.run([tools + "as", "-I", HERE, *defines, "-o", f"{where}/{name}.o", source], check=True)
        elf = f"{where}/random-{self.seed}.elf"
        subprocess.run([tools + "ld", "--nmagic", "--no-warn-rwx-segments", f"-Ttext={BASE:#x}",
                        f"--section-start=.image={CODE:#x}", "-o", elf, f"{where}/main.o", f"{where}/image.o"], check=True)
        return elf


def reference(elf, program, cpu):
    return [program, "-nodefaults", "-M", "virt", "-m", "256", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-cpu", cpu, "-kernel", elf]


def ours(args, elf):
    return [elf if w == "KERNEL" else w for w in args.command] + ["-cpu", args.cpu]


def run(command, what):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=1800)
    if done.returncode != 0:
        sys.exit(f"{what} failed ({done.returncode}): {' '.join(command)}\n{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout.decode().splitlines()


def explain(first, image, where, program, args):
    elf = image.link(where, first, first + 1)
    pair = [run(reference(elf, program, args.cpu), "the reference"), run(ours(args, elf), "ours")]
    rows = [[l.split() for l in out if l.startswith(" ")] for out in pair]
    if min(map(len, rows)) >= 3:
        for label, a, b in zip(SAVED, rows[0][0], rows[1][0]):
            if a != b:
                print(f"  {label}: reference {a}, ours {b}")
        for index, (a, b) in enumerate(zip(rows[0][1], rows[1][1])):
            if a != b:
                print(f"  scratch+{4 * index}: reference {a}, ours {b}")
        counts = [int(r[0][17], 16) for r in rows]
        for index in range(min(max(counts), LOGGED)):
            a, b = (r[2][5 * index:5 * index + 5] if index < n else [] for r, n in zip(rows, counts))
            if a != b:
                print(f"  exception {index} (vector spsr lr status address): reference {' '.join(a) or 'none'}, "
                      f"ours {' '.join(b) or 'none'}")
    begin, thumb = image.places[first]
    end = image.places[first + 1][0] if first + 1 < len(image.places) else CODE + len(image.code)
    name = f"{where}/code.bin"
    with open(name, "wb") as file:
        file.write(image.code[begin - CODE:end - CODE])
    out = subprocess.run([TOOLS + "objdump", "-D", "-b", "binary", "-m", "arm", "-z", f"--adjust-vma={begin:#x}"] +
                         (["-Mforce-thumb"] if thumb else []) + [name], capture_output=True, text=True, check=True).stdout
    print("\n".join(out.splitlines()[7:]))
    print("  start, CPSR, SCTLR, FPSCR:", " ".join(f"{w:#x}" for w in image.each[first]), f"block {first % BLOCKS}")


def find_reference(args):
    program = args.reference or os.environ.get("REFERENCE")
    if program:
        return shutil.which(program)
    made = subprocess.run([MAKE_REFERENCE, "--if-made"], capture_output=True, text=True).stdout.strip()
    program = os.path.join(os.path.dirname(made), "qemu-system-aarch64") if made else ""
    return program if program and os.path.exists(program) else None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--class", dest="classes", action="append", choices=("int", "mem", "system", "fp", "vfp", "neon"))
    parser.add_argument("--set", choices=("a32", "t32"))
    parser.add_argument("--el0", action="store_true")
    parser.add_argument("--cpu")
    parser.add_argument("--no-fp", action="store_true")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--reference")
    parser.add_argument("--keep")
    parser.add_argument("--explain", type=int, default=3, help="how many differences to explain")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    args.cpu = args.cpu or ("cortex-a57" if args.el0 else "cortex-a15")
    program = find_reference(args)
    if not program or not shutil.which(TOOLS + "objdump") or (args.el0 and not shutil.which(TOOLS_EL0 + "as")):
        print("skipped: " + ("tools/guests/make-reference has not made the reference yet" if not program
                             else f"there is no {TOOLS}objdump"))
        sys.exit(77)
    classes = args.classes or ["int", "mem", "system", "fp"]
    classes = [c for name in classes for c in (["vfp", "neon"] if name == "fp" else [name])]
    differ = 0
    with tempfile.TemporaryDirectory() as place:
        for _ in range(args.runs):
            differ += compare(args.keep or place, program, args, classes)
            args.seed += 1
    sys.exit(1 if differ else 0)


def compare(where, program, args, classes):
    """One run; how many sequences differ."""
    image = Image(args, classes, where)
    elf = image.link(where)
    want = run(reference(elf, program, args.cpu), "the reference")
    got = run(ours(args, elf), "ours") if args.command else want
    differ = [i for i, (a, b) in enumerate(zip(want, got)) if a != b]
    for first in differ[:args.explain]:
        print(f"sequence {first} of seed {args.seed}:")
        explain(first, image, where, program, args)
    total = len(image.places)
    if len(want) != total or len(got) != total:
        sys.exit(f"{total} sequences: the reference printed {len(want)}, ours {len(got)}")
    print(f"seed {args.seed}: {total} sequences, {total * LENGTH} instructions: {len(differ)} differ", flush=True)
    os.remove(elf)
    return len(differ)


if __name__ == "__main__":
    main()
