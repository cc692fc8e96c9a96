#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random A64 instructions on the reference and on ours: registers, flags, exceptions with their
syndromes, page table entries and memory are compared after each sequence.

usage: arm64_random.py [--class CLASS]... [--cpu CPU] [--count N] [--seed S] [--only REGEX] [--undefined SHARE]
                       [--keep DIR] [--explain N] [--runs N] [--list] [--ids] [--guarded] [--reference PROGRAM] COMMAND...
COMMAND runs an image: KERNEL in it is replaced by the ELF file; its output is the guest's console, e.g.
`reprise run -M virt -bios none -kernel KERNEL -nographic`; `-cpu CPU` is put behind it. Without COMMAND,
the reference alone runs, and what it did is summed up. Exits 77 (skipped) without the reference or the cross
tools. The reference is PROGRAM, else what REFERENCE names, else the one that
tools/guests/make-reference makes, else the host's qemu-system-aarch64 from version 10 on.

Classes (all of them without --class; several may be given, and are then mixed):
  int     data processing on general registers, branches
  mem     loads and stores of both register files, pairs, structures; wild addresses; with settings of
          alignment checks, PAN, UAO, TBI, hardware A and D, and page entries of their own
  atomic  exclusives, acquire and release, LSE atomics, under the same settings
  fp      floating point on scalars
  simd    vectors, floating point on vectors among them
  crypto  AES, SHA, PMULL, and what lies beside them
  pauth   pointer authentication (with --cpu max)
  system  system registers, hints, exceptions, cache and address operations, at EL0 and EL1
--only keeps those instructions of int, fp, simd and crypto whose text by objdump begins with REGEX:
`--class simd --only 'sq?add'`. --list prints the kinds of instruction there are, and ends.

How it is done: words of each encoding group are drawn with random bits and sorted by what binutils'
objdump makes of them, so that each kind of instruction comes equally often; no table of ours is asked.
--runs N does so N times, with the seeds that follow (10^7 instructions are 25 runs of 400000).
--guarded has random code in pages where branches have to lead to instructions that are made for it (BTI).
--ids compares the ID registers instead, each field that is not in the list.
--undefined SHARE of them (0.04) are words that it does not know. Each sequence is LENGTH instructions with forward
branches, at EL0 or EL1; see arm64_random.S for how they run. A sequence that differs is
printed with its registers, exceptions and code: `--count` and `--seed` as before, it is the same each time (with the
same objdump).

Fields of ID registers that rightly differ are the list "Fields that the comparison leaves out" of docs/arm64.md; they are
cleared behind each instruction that reads such a register.

Left out, because the two may rightly differ or the run would not end:
- with --cpu max what MAX_LACKS names: extensions that the reference has and ours does not
- counters and the time, registers of debugging and tracing beyond what SYSTEM names, HVC (PSCI)
- atomics in pages that may only be read and whose access flag is 0: the reference, which makes a load and a store of them,
  sets the flag before the store faults; ours does not, and either may be
- structures, stores of pairs and loads of pairs of V registers across pages of which one faults, as some of it may have
  been stored or loaded
- PAuth with all keys switched off, where QEMU does not strip codes either; tags in one half of addresses alone, where it
  looks at bit 63 of pointers to the other
- at EL0 DAIFSet and DAIFClr that trap: QEMU 10 has op1 and op2 in each other's place in the syndrome
- what the architecture leaves open: write-back to the register that is loaded or stored, pairs of loads
  to one register, exclusives of another size than the monitor's
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

from arm64_words import (ADDRESS_OPS, CC, CLASSES, FREE, GROUPS, ID_NAMES, IDS, KEPT, KEYS, MASKED, OBJDUMP, PLAIN_OPS, READ,
                         Pool, disassemble)

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "../../docs/arm64.md")
MAKE_REFERENCE = os.path.join(HERE, "../../tools/guests/make-reference")

BASE, CODE = 0x40200000, 0x40400000
LENGTH, BLOCKS, SCRATCH_WORDS, LOGGED = 20, 256, 64, 32
SAVED = ([f"x{i}" for i in range(31)] + ["sp_el0", "sp_el1", "spsr", "fpcr", "fpsr", "exceptions", "exception count",
         "entry 0", "entry 1", "par", "-"] + [f"v{i // 2}.d[{i % 2}]" for i in range(64)])
BTI_JC = 0xd50324df
MARK, FINISH = 0xd4000001 | 0x5a5a << 5, 0xd4000001 | 0x5a5b << 5

HALVES = [0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00, 0xfc00,
          0x7e00, 0xfe01, 0x7c01, 0xfd55, 0x3800, 0x37ff, 0x5fff, 0x6000, 0x0c00, 0x1400]
SINGLES = [0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff,
           0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xffb00005, 0x4f000000,
           0xcf000000, 0x5f000000, 0xdf000000, 0x4effffff, 0x3effffff, 0x3f000000, 0x33800000, 0x477fe000, 0x477ff000,
           0x38800000, 0x387fc000, 0x33000000]
DOUBLES = [0, 1 << 63, 1, 0x000fffffffffffff, 0x0010000000000000, 0x3ff0000000000000,
           0xbff0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
           0x7ff8000000000000, 0xfff8000000000001, 0x7ff0000000000001, 0xfff4000000000009, 0x41dfffffffc00000,
           0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000, 0xc3e0000000000000,
           0x43f0000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000, 0x47efffffe0000000,
           0x47efffffefffffff, 0x380fffffffffffff, 0x36a0000000000000, 0x3690000000000001]
INTEGERS = [0, 1, 2, 3, (1 << 64) - 1, 1 << 63, (1 << 63) - 1, 1 << 31, (1 << 31) - 1, 0xffffffff,
            0xffffffff80000000, 0x100000000, 0x7fffffff00000000, 63, 64, 31, 32, 0xff, 0x80]

SCTLR = 0x30d00800 | 1 | 1 << 2 | 1 << 12 | 7 << 14 | 1 << 18 | 1 << 23 | 1 << 26
TCR = 32 | 1 << 8 | 1 << 10 | 3 << 12 | 32 << 16 | 1 << 23 | 2 << 32
USUAL_ENTRY = 0x747  # page, AF, inner shareable, attribute 1, both levels may write


def left_out(cpu):
    """Fields of ID registers that are not compared: {(op0, op1, CRn, CRm, op2): [(low, high)]}."""
    fields, rows = {}, 0
    with open(DOCS, encoding="utf-8") as file:
        for name, high, low, cpus in re.findall(r"^\| `(\w+_EL[01])\[(\d+):(\d+)\]` \| ([^|]*) \|", file.read(), re.M):
            rows += 1
            if cpus == "all" or cpu in re.split(r",\s*", cpus):
                fields.setdefault(ID_NAMES[name], []).append((int(low), int(high)))
    if not rows:
        sys.exit("docs/arm64.md has no list of fields that are left out")
    return fields


def clear_fields(fields, reg, r):
    """Code that clears what is not compared of a register that was read into r."""
    return [0xb3400000 | (-low & 63) << 16 | (high - low) << 10 | 31 << 5 | r for low, high in fields.get(reg, [])]


class Maker:
    def __init__(self, pool, rng, classes, undefined, cpu):
        self.pool, self.rng, self.classes, self.cpu = pool, rng, classes, cpu
        self.share, self.fields = undefined, left_out(cpu)
        self.monitor = None

    def reg(self, *but):
        return self.rng.choice([r for r in FREE if r not in but])

    def any(self):
        """A register that is read."""
        return self.rng.randrange(32)

    # ---- pieces: (words, fix) where fix is None or (index of the word, kind, distance in pieces)

    def data(self, name):
        rng = self.rng
        if self.pool.undefined[name] and rng.random() < self.share:
            return [rng.choice(self.pool.undefined[name])]
        return [rng.choice(rng.choice(self.pool.kinds[name])[1])]

    def branch(self, left):
        rng = self.rng
        by = rng.randint(1, max(1, min(4, left)))
        kind = rng.choice(["cond", "cond", "cbz", "tbz", "b", "bl", "ret"] + ["br", "blr", "wild"] + (["signed"] * 4 if "pauth" in self.classes else []))
        if kind == "wild":
            r = self.reg(30)
            return self.constant(r, rng.choice([0xfffffff0c0000000, 0xc0000000, 1 << 40, 0x40400002, 0xc0000001, 0])) + \
                [0xd63f0000 | r << 5], None
        if kind == "signed":
            return self.signed(by)
        if kind in ("br", "blr", "ret"):
            r = self.reg()
            op = {"br": 0xd61f0000, "blr": 0xd63f0000, "ret": 0xd65f0000}[kind]
            return [0x10000000 | r, op | r << 5], (0, "adr", by)
        word = {"cond": 0x54000000 | rng.randrange(16), "b": 0x14000000, "bl": 0x94000000,
                "cbz": 0x34000000 | rng.getrandbits(1) << 31 | rng.getrandbits(1) << 24 | self.any(),
                "tbz": 0x36000000 | rng.getrandbits(1) << 31 | rng.getrandbits(1) << 24 | rng.getrandbits(5) << 19 |
                self.any()}[kind]
        return [word], (0, kind, by)

    def signed(self, by):
        """A branch to an address with a code, which is sometimes wrong; or a load by one."""
        rng = self.rng
        r, m = self.reg(30), rng.choice([31, self.reg(), rng.randrange(27)])
        key, zero = rng.getrandbits(1), rng.getrandbits(1)
        wrong = [0xf2c00000 | rng.randrange(1, 1 << 16) << 5 | r] if rng.random() < 0.15 else []
        kind = rng.choice(["bra", "blra", "reta", "ldra"])
        if kind == "ldra":
            base, value = self.fixed_base(8, 0, 63, 8)
            out = [0x91000000 | base << 5 | r, 0xdac103e0 | (8 + 2 + key) << 10 | r]  # PACDZA, PACDZB
            return out + wrong + [0xf8200400 | key << 23 | rng.getrandbits(1) << 11 | value << 12 | r << 5 | self.reg(r)], None
        adr = 0x10000000 | r
        if kind != "blra":  # which says where it goes on if its address is none, where no check is made
            wrong = []
        if kind == "reta":  # of x30 by SP
            return [0x1000001e, 0xd503233f | key << 6, 0xd65f0bff | key << 10], (0, "adr", by)
        put = 0xdac103e0 | (8 + key) << 10 | r if zero else 0xdac10000 | key << 10 | m << 5 | r
        jump = 0xd61f0800 | (kind == "blra") << 21 | key << 10 | r << 5
        return [adr, put] + wrong + [jump | 31 if zero else jump | 1 << 24 | m], (0, "adr", by)

    def constant(self, r, value):
        """MOVZ and MOVKs."""
        out = [0xd2800000 | (value & 0xffff) << 5 | r]
        for i in range(1, 4):
            if value >> 16 * i & 0xffff:
                out.append(0xf2800000 | i << 21 | (value >> 16 * i & 0xffff) << 5 | r)
        return out

    def point(self, r, size, align=None, whole=False):
        """Code for r = an address of `size` bytes in the scratch area, perhaps in one page: sometimes elsewhere."""
        rng = self.rng
        align = align or size
        if rng.random() < 0.04:
            wild = rng.choice([0xc0000000, 1 << 33, 1 << 48, 0xffff000000000000, 0xfff << 52, 0x7ff << 40])
            return self.constant(r, wild + (rng.randrange(4096) & -align & 0xff8))
        where = rng.randrange(0, 512 - size + 1)
        if (size == 64 or whole) and where < 256:  # in one page: of what faults later on some may have been stored
            where = min(where, 256 - size)
        if rng.random() < 0.85:
            where &= -align
        out = [(0xd1000000 | (256 - where) << 10 if where < 256 else 0x91000000 | (where - 256) << 10) | 28 << 5 | r]
        if rng.random() < 0.06:  # a tag
            out.append(0xf2e00000 | (rng.getrandbits(8) << 8) << 5 | r)
        return out

    def fixed_base(self, size, low, high, scale, whole=False):
        """One of the pointers, and an offset (a multiple of scale, between low and high, by scale) with which
        the access stays inside."""
        base, at = self.rng.choice([(27, 128), (28, 256), (31, 0)])
        first = max(low, -(at // scale))
        last = min(high, ((512 if not whole or at == 256 else 256) - size - at) // scale)
        if whole and at == 256:
            first = 0
        value = self.rng.randint(first, last)
        if self.rng.random() < 0.8 and scale == 1:
            value = max(first, value & -size)
        return base, value

    def single(self):
        """A load or store of one register."""
        rng = self.rng
        vector = rng.random() < 0.35
        if vector:
            size, opc = rng.choice([(s, o) for s in range(4) for o in (0, 1)] + [(0, 2), (0, 3)])
            log = 4 if opc > 1 else size
        else:
            size, opc = rng.choice([(s, o) for s in range(4) for o in range(4) if not (s == 3 and o > 1 or s == 2 and o == 3)])
            log = size
        load, bytes_ = opc & 1 or (opc == 2 and not vector), 1 << log
        head = size << 30 | 7 << 27 | vector << 26 | opc << 22
        t = rng.randrange(32) if vector or not load else rng.choice(FREE + [31])
        mode = rng.choice(["imm", "unscaled", "post", "pre", "reg", "reg", "unprivileged" if not vector else "imm", "based"])
        if mode == "imm":
            base, value = self.fixed_base(bytes_, 0, 4095, bytes_)
            return [head | 1 << 24 | value << 10 | base << 5 | t]
        if mode == "unscaled" or mode == "unprivileged":
            base, value = self.fixed_base(bytes_, -256, 255, 1)
            return [head | (value & 511) << 12 | (2 << 10 if mode == "unprivileged" else 0) | base << 5 | t]
        r = self.reg(t)
        if mode == "based":
            return self.point(r, bytes_) + [head | 1 << 24 | r << 5 | t]
        if mode == "reg":
            m = self.reg(t, r)
            shift, option = rng.getrandbits(1), rng.choice([2, 3, 6, 7])
            index = rng.randrange(0, 64) >> (log if shift else 0)
            back = index << (log if shift else 0)
            negative = option & 4 and rng.random() < 0.5
            out = [0xd2800000 | index << 5 | m] if not negative else [0x92800000 | (index - 1) << 5 | m] if index else \
                [0xd2800000 | m]
            if option == 6 and rng.random() < 0.5:  # what is above does not count
                out.append(0xf2c00000 | rng.getrandbits(16) << 5 | m)
            out += self.point(r, bytes_)
            out.append((0x91000000 if negative else 0xd1000000) | back << 10 | r << 5 | r)
            if rng.random() < 0.03 and size == 3 and opc == 2:
                option |= 0
            return out + [head | 1 << 21 | m << 16 | option << 13 | shift << 12 | 2 << 10 | r << 5 | t]
        value = rng.randrange(-256, 256)
        return self.point(r, bytes_) + (
            [head | (value & 511) << 12 | 1 << 10 | r << 5 | t] if mode == "post" else
            [0xd1000000 | value << 10 | r << 5 | r if value >= 0 else 0x91000000 | -value << 10 | r << 5 | r,
             head | (value & 511) << 12 | 3 << 10 | r << 5 | t])

    def pair(self):
        rng = self.rng
        vector, load = rng.random() < 0.4, rng.getrandbits(1)
        mode = rng.choice([0, 1, 2, 2, 3])
        opc = rng.choice([0, 1, 2] if vector else [0, 2] + ([1] if load and mode else []))
        bytes_ = 4 << opc if vector else 8 if opc == 2 else 4
        t = rng.randrange(32) if vector or not load else rng.choice(FREE)
        u = rng.choice([r for r in (range(32) if vector or not load else FREE + [31]) if r != t])
        head = opc << 30 | 5 << 27 | vector << 26 | mode << 23 | load << 22 | u << 10 | t
        if mode in (0, 2):
            base, value = self.fixed_base(2 * bytes_, -64, 63, bytes_, vector or not load)
            return [head | (value & 127) << 15 | base << 5]
        r = self.reg(t, u)
        value = rng.randrange(-64, 64)
        out = self.point(r, 2 * bytes_, bytes_, vector or not load)
        back = value * bytes_
        if mode == 3:
            out.append(0xd1000000 | back << 10 | r << 5 | r if back >= 0 else 0x91000000 | -back << 10 | r << 5 | r)
        return out + [head | (value & 127) << 15 | r << 5]

    def literal(self):
        rng = self.rng
        opc, vector = rng.choice([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0)])
        t = rng.randrange(32) if vector else rng.choice(FREE + [31])
        return [opc << 30 | 3 << 27 | vector << 26 | rng.randrange(-100, 100) % (1 << 19) << 5 | t]

    def structure(self):
        rng = self.rng
        r = self.reg()
        post = rng.getrandbits(1)
        m = rng.choice([31, self.reg(r)]) if post else 0
        if rng.random() < 0.5:
            opcode = rng.choice([0, 2, 4, 6, 7, 8, 10])
            word = 0x0c000000 | opcode << 12 | rng.getrandbits(2) << 10
            align = 1 << (word >> 10 & 3)
        else:
            opcode, size, s = rng.randrange(8), rng.getrandbits(2), rng.getrandbits(1)
            kind = opcode >> 1
            if kind == 1:
                size &= 2
            if kind == 2:
                size, s = rng.choice([(0, s), (1, 0)])
            word = 0x0d000000 | rng.getrandbits(1) << 21 | opcode << 13 | s << 12 | size << 10
            if kind == 3:
                s = 0
                word &= ~(1 << 12)
            align = 8
            if kind == 3:
                word |= 1 << 22
        word |= rng.getrandbits(1) << 30 | (rng.getrandbits(1) << 22) | post << 23 | m << 16
        return self.point(r, 64, align) + [word | r << 5 | rng.randrange(32)]

    def zero_block(self):
        r = self.reg()
        return self.point(r, 64, 1) + [0xd50b7420 | r]

    def prefetch(self):
        return [0xf9800000 | self.rng.getrandbits(12) << 10 | self.rng.randrange(32) << 5 | self.rng.randrange(32)]

    def memory(self):
        return self.rng.choice([self.single] * 8 + [self.pair] * 3 + [self.structure] * 3 +
                               [self.literal, self.zero_block, self.prefetch])()

    def atomic(self):
        rng = self.rng
        kind = rng.choice(["lse"] * 6 + ["cas"] * 2 + ["casp", "excl", "excl", "exclp", "ordered", "ordered", "ldapr"])
        size = rng.choice([2, 3, 2, 3, 0, 1])
        r = self.reg()
        t, s = rng.choice([x for x in FREE + [31] if x != r]), rng.choice([x for x in FREE + [31] if x != r])
        if kind == "lse":
            o3, opc = rng.choice([(0, i) for i in range(8)] + [(1, 0)])
            return self.point(r, 1 << size) + [size << 30 | 0x38200000 | rng.getrandbits(2) << 22 | s << 16 | o3 << 15 |
                                               opc << 12 | r << 5 | t]
        if kind == "cas":
            put = [0xf9400000 | r << 5 | s] if rng.random() < 0.5 and s != 31 else []
            return self.point(r, 1 << size if not put else 8) + put + [
                size << 30 | 0x08a07c00 | rng.getrandbits(1) << 22 | s << 16 | rng.getrandbits(1) << 15 | r << 5 | t]
        if kind == "casp":
            size &= 1
            evens = [x for x in range(0, 26, 2)]
            s, t = rng.choice(evens), rng.choice(evens)
            r = self.reg(s, s + 1, t, t + 1)
            put = []
            if rng.random() < 0.5:
                put = [(0xa9400000 if size else 0x29400000) | (s + 1) << 10 | r << 5 | s]
            return self.point(r, 16 if size else 8) + put + [
                size << 30 | 0x08207c00 | rng.getrandbits(1) << 22 | s << 16 | rng.getrandbits(1) << 15 | r << 5 | t]
        if kind == "ordered":
            load, o0 = rng.getrandbits(1), rng.random() < 0.8
            return self.point(r, 1 << size) + [size << 30 | 0x089f7c00 | load << 22 | o0 << 15 | r << 5 | t]
        if kind == "ldapr":
            return self.point(r, 1 << size) + [size << 30 | 0x38bfc000 | r << 5 | t]
        pair = kind == "exclp"
        size = 2 + (size & 1) if pair else size
        bytes_ = (1 << size) * (2 if pair else 1)
        u = rng.choice([x for x in FREE if x not in (r, t)]) if pair else 31
        acquire = rng.getrandbits(1)
        load = size << 30 | 0x085f0000 | pair << 21 | acquire << 15 | u << 10 | r << 5 | t
        w = self.reg(r, s)
        v = rng.choice([x for x in FREE if x != w]) if pair else 31
        if s == w or s == r:
            s = 31
        store = size << 30 | 0x08000000 | pair << 21 | w << 16 | rng.getrandbits(1) << 15 | (v if pair else 31) << 10 | r << 5 | s
        if pair and v in (w, r):
            store = store & ~(31 << 10) | 31 << 10
        middle = rng.choice([[], [], [0xd503201f], [0xd5033f5f], [0x91000000 | 9 << 5 | 9] if 9 not in (r, w) else []])
        return self.point(r, bytes_) + rng.choice([[load], [load] + middle + [store], [load] + middle + [store],
                                                   [store] if rng.random() < 0.3 else [load, store, store]])

    def system(self):
        rng = self.rng
        kind = rng.choice(["id", "read", "read", "kept", "kept", "kept", "masked", "masked", "immediate", "hint",
                           "barrier", "exception", "exception", "op", "op", "address", "address", "strange", "wfe"])

        if kind == "id":
            reg, t = rng.choice(IDS), self.reg()
            return [mrs(reg, t)] + clear_fields(self.fields, reg, t)
        if kind == "read":
            return [mrs(rng.choice(READ + KEPT + [m[0] for m in MASKED]), rng.choice(FREE + [31]))]
        if kind == "kept":
            reg = rng.choice(KEPT)
            if reg == (3, 0, 4, 1, 0):  # SP_EL0 is a pointer; of EL1 it may be another
                return [mrs(reg, self.reg())]
            return [mrs(reg, self.any()) & ~(1 << 21)] + ([mrs(reg, self.reg())] if rng.random() < 0.7 else [])
        if kind == "masked":
            reg, mask = rng.choice(MASKED)
            r = self.reg()
            value = rng.getrandbits(64) & mask
            return self.constant(r, value) + [mrs(reg, r) & ~(1 << 21), mrs(reg, self.reg())]
        if kind == "immediate":
            op1, op2 = rng.choice([(3, 6), (3, 7), (0, 5), (0, 4), (0, 3), (3, 2), (3, 1), (0, rng.randrange(8)),
                                   (rng.choice([0, 3]), rng.randrange(8))])
            if op1 == 3 and op2 > 5 and not self.at_el1:
                return [0xd503201f]
            return [0xd500401f | op1 << 16 | rng.getrandbits(4) << 8 | op2 << 5]
        if kind == "hint":  # of WFI none: nothing would wake it
            return [0xd503201f | rng.choice([0, 1, 4, 5, 6, 16, 17, 18, 20, 32, 34, 36, 38, rng.randrange(40, 128)]) << 5]
        if kind == "wfe":
            return [0xd503205f] if rng.random() < 0.5 else [0xd503209f, 0xd503205f]
        if kind == "barrier":
            return [0xd503305f | rng.getrandbits(4) << 8 | rng.choice([0, 2, 3, 4]) << 5]
        if kind == "exception":
            imm = rng.choice([0, 1, 0xffff, rng.randrange(0x5000)]) << 5
            return [rng.choice([0xd4000001, 0xd4200000, 0xd4400000, 0xd4000003, 0xd4a00001, 0xd4a00002, 0]) | imm
                    if rng.random() < 0.9 else rng.choice([0xd69f03e0, 0xd6bf03e0, rng.randrange(0x10000)])
                    if not self.at_el1 else rng.randrange(0x10000)]
        if kind == "op":
            op1, n, m, op2 = rng.choice(PLAIN_OPS)
            return [0xd5080000 | op1 << 16 | n << 12 | m << 8 | op2 << 5 | rng.choice([31, self.any()])]
        if kind == "address":
            op1, n, m, op2 = rng.choice(ADDRESS_OPS)
            r = self.reg()
            return self.point(r, 8) + [0xd5080000 | op1 << 16 | n << 12 | m << 8 | op2 << 5 | r]
        word = mrs((rng.choice([2, 3, 3]), rng.choice([0, 3, 3, rng.randrange(8)]), rng.choice([1, 2, 3, 8, 9, 14]), 15,
                    rng.randrange(8)), self.reg())
        return [word & ~(rng.getrandbits(1) << 21)]

    def one(self, left):
        rng = self.rng
        choice = rng.random()
        if choice < 0.08 and left > 1 or choice < 0.2 and "int" in self.classes and left > 1:
            return self.branch(left - 1)
        name = rng.choice(self.classes)
        if choice > 0.97:  # something else between, that looks at flags
            return [0x1a9f17e0 | rng.randrange(16) << 12 | self.reg()], None
        if name == "pauth" and rng.random() < 0.1 and self.at_el1:
            return [mrs(rng.choice(KEYS), self.any()) & ~(1 << 21)], None
        if name == "pauth" and rng.random() < 0.5:  # in and out again
            key, r, m = rng.randrange(4), self.reg(), rng.choice([31, self.any()])
            return [0xdac10000 | key << 10 | m << 5 | r] + rng.choice([[], [], [], [0xd503201f]]) + \
                [0xdac11000 | key << 10 | m << 5 | r], None
        if name in GROUPS:
            return self.data(name), None
        return {"mem": self.memory, "atomic": self.atomic, "system": self.system}[name](), None

    def sequence(self, at_el1):
        """The words of one sequence, with its end."""
        self.at_el1 = at_el1
        pieces, count = [], 0
        while count < LENGTH:
            pieces.append(self.one(LENGTH - count))
            count += 1
        at = [0]
        for words, _ in pieces:
            at.append(at[-1] + len(words))
        out = []
        for index, (words, fix) in enumerate(pieces):
            words = list(words)
            if fix:
                which, kind, by = fix
                distance = at[min(index + by, len(pieces))] - at[index] - which
                if kind in ("cond", "cbz"):
                    words[which] |= (distance & 0x7ffff) << 5
                elif kind == "tbz":
                    words[which] |= (distance & 0x3fff) << 5
                elif kind in ("b", "bl"):
                    words[which] |= distance & 0x3ffffff
                else:
                    words[which] |= (distance & 0x7ffff) << 5
            out += words
        return out + [BTI_JC, MARK]  # which may be where a branch of any kind goes


def initial_blocks(rng):
    def integer():
        return rng.choice([rng.choice(INTEGERS), rng.getrandbits(64), rng.getrandbits(32),
                           rng.getrandbits(7), -rng.getrandbits(7) & (1 << 64) - 1])

    def real():
        kind = rng.random()
        if kind < 0.15:
            return sum(rng.choice([rng.choice(HALVES), rng.getrandbits(16), 0x3800 + rng.getrandbits(12)]) << 16 * i
                       for i in range(4))
        if kind < 0.4:
            return rng.choice(SINGLES) << 32 | rng.choice(SINGLES)
        if kind < 0.5:
            return 0x3f000000 + rng.getrandbits(25) << 32 | 0x3f000000 + rng.getrandbits(25)
        if kind < 0.7:
            return rng.choice(DOUBLES)
        if kind < 0.8:
            return 0x3fe0000000000000 + rng.getrandbits(54)
        return rng.getrandbits(64)

    out = b""
    for _ in range(BLOCKS):
        words = [integer() for _ in range(32)]
        words += [rng.choice([real, real, integer])() for _ in range(64)]
        fpcr = 0
        if rng.random() < 0.6:
            fpcr = rng.getrandbits(2) << 22 | (rng.random() < 0.3) << 24 | (rng.random() < 0.3) << 25 | \
                (rng.random() < 0.3) << 19 | (rng.random() < 0.2) << 26
        words += [fpcr, rng.choice([0, 0, 0x0800009f, rng.getrandbits(5)]), rng.getrandbits(4) << 28, 0]
        words += [rng.choice([integer, real])() for _ in range(SCRATCH_WORDS)]
        out += struct.pack(f"<{len(words)}Q", *words)
    return out


def entry(rng):
    """A page's entry but its address: usual ones, and some that must fault."""
    if rng.random() < 0.5:
        return USUAL_ENTRY
    flags = 3 if rng.random() < 0.94 else rng.choice([0, 1, 2])
    flags |= rng.choice([0, 1, 1, 1, 1, 2]) << 2 | rng.getrandbits(1) << 5
    flags |= rng.choice([0, 1, 1, 1, 2, 3]) << 6 | rng.choice([0, 2, 3]) << 8 | (rng.random() < 0.85) << 10
    flags |= rng.getrandbits(1) << 11 | (rng.random() < 0.3) << 51 | rng.getrandbits(2) << 53 | rng.getrandbits(4) << 55
    return flags


def setting(rng, classes):
    """What a sequence runs under; arm64_random.S says what the words are."""
    settings = {"mem", "atomic", "system"} & set(classes)
    mode = rng.choice([0, 0, 5, 5, 4] if settings else [0, 5])
    spsr, sctlr, tcr, cpacr, cnt, mdscr = mode, SCTLR, TCR, 3 << 20, 0, 0
    entries = [USUAL_ENTRY, USUAL_ENTRY]
    if rng.random() < 0.03:
        cpacr = rng.choice([0, 1, 2]) << 20
    if settings and rng.random() < 0.7:
        spsr |= (rng.random() < 0.15) << 22 | (rng.random() < 0.3) << 23
        sctlr |= (rng.random() < 0.2) << 1 | rng.getrandbits(2) << 3
        tcr |= rng.getrandbits(1) << 37 | (rng.random() < 0.4 and rng.choice([1, 3])) << 39
        entries = [entry(rng), entry(rng)]
        if "atomic" in classes:
            entries = [e | (e >> 7 & 1) << 10 for e in entries]
    spsr |= rng.choice([0, 0, 0xf]) << 6 | 3 << 6
    if "pauth" in classes:
        for bit in (13, 27, 30, 31, 35, 36):  # EnDB, EnDA, EnIB, EnIA, BT0, BT1
            sctlr |= (rng.random() < 0.8) << bit
        if not sctlr & (1 << 13 | 1 << 27 | 3 << 30):
            sctlr |= 1 << 31
        if rng.random() < 0.5:
            tcr |= 3 << 37
            tcr |= (rng.random() < 0.3 and 3) << 51
    if "system" in classes:
        for bit in (9, 14, 15, 18, 26):
            sctlr &= ~(1 << bit)
            sctlr |= rng.getrandbits(1) << bit
        cnt = rng.getrandbits(10) & 0x303
        mdscr = (rng.random() < 0.3) << 12
    return [spsr, sctlr, tcr, cpacr, *entries, cnt, mdscr]


class Image:
    """Random code and its tables; link() makes the ELF file."""

    def __init__(self, args, classes, where, sequences=None):
        rng = random.Random(args.seed)
        self.pool = Pool(rng, classes, args.cpu, args.only, where)
        maker = Maker(self.pool, rng, classes, args.undefined, args.cpu)
        blocks = initial_blocks(rng)
        count = len(sequences) if sequences else max(1, (args.count + LENGTH - 1) // LENGTH)
        self.each = [[5 | 0xf << 6, SCTLR, TCR, 3 << 20, USUAL_ENTRY, USUAL_ENTRY, 0, 0] if sequences else setting(rng, classes)
                     for _ in range(count + 1)]
        self.places, code = [], []
        for index in range(count):
            self.places.append(CODE + 4 * len(code))
            code += sequences[index] if sequences else maker.sequence(self.each[index][0] & 4 != 0)
        self.places.append(CODE + 4 * len(code))
        code.append(FINISH)
        self.words, self.seed, self.guarded = code, args.seed, args.guarded
        self.code = struct.pack(f"<{len(code)}I", *code)
        self.table = (CODE + len(self.code) + 0xfff) & ~0xfff
        self.bytes = self.code + bytes(self.table - CODE - len(self.code)) + blocks
        self.settings = CODE + len(self.bytes)
        self.bytes += b"".join(struct.pack("<8Q", *words) for words in self.each)

    def link(self, where, first=0, last=0):
        """Marks from `first` to before `last` will print registers. Returns the file's name."""
        with open(f"{where}/image", "wb") as file:
            file.write(self.bytes + struct.pack("<QQ", first, last))
        with open(f"{where}/image.S", "w", encoding="ascii") as file:
            file.write(f'        .section .image, "ax"\n        .incbin "{where}/image"\n')
        elf = f"{where}/random-{self.seed}.elf"
        subprocess.run([CC, "-march=armv8.2-a", f"-Wa,-I,{HERE}", "-nostdlib", "-static", "-fno-pic",
                        "-Wl,--build-id=none,--nmagic,--no-warn-rwx-segments",
                        f"-Wl,-Ttext={BASE:#x}", f"-Wl,--section-start=.image={CODE:#x}",
                        f"-DCODE={CODE:#x}", f"-DTABLE={self.table:#x}", f"-DTABLE_BLOCKS={BLOCKS}",
                        f"-DSETTINGS={self.settings:#x}", f"-DDUMP={CODE + len(self.bytes):#x}",
                        f"-DDEFAULT_TCR={TCR:#x}", f"-DGUARDED={int(self.guarded)}", f"-DDEFAULT_SCTLR={SCTLR:#x}",
                        "-o", elf, f"{HERE}/arm64_random.S", f"{where}/image.S"], check=True)
        return elf


def reference(elf, program, cpu):
    if cpu == "max":
        cpu += ",sve=off,sme=off,pauth-impdef=off,pauth-qarma5=on"
    return [program, "-nodefaults", "-M", "virt", "-m", "256", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-cpu", cpu, "-kernel", elf]


def run(command, what):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    except subprocess.TimeoutExpired:
        sys.exit(f"{what} does not end: {' '.join(command)}")
    if done.returncode != 0:
        sys.exit(f"{what} failed ({done.returncode}): {' '.join(command)}\n"
                 f"{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout.decode().splitlines()


def show_code(image, first, where):
    begin, end = image.places[first], image.places[first + 1]
    words = image.words[(begin - CODE) // 4:(end - CODE) // 4]
    for index, text in enumerate(disassemble(words, where, begin)):
        print(f"  {begin + 4 * index:x}: {words[index]:08x}  {text}")
    print("  " + " ".join(f"{w} {v:#x}" for w, v in zip(
        ("spsr", "sctlr", "tcr", "cpacr", "entry0", "entry1", "cntkctl", "mdscr"), image.each[first])))
    print(f"  values at its start: block {first % BLOCKS} of the table")


def explain(first, image, where, program, args):
    """Prints what differs after sequence `first`, and its code."""
    elf = image.link(where, first, first + 1)
    pair = [run(reference(elf, program, args.cpu), "the reference"), run(ours(args, elf), "ours")]
    rows = [[l.split() for l in out if l.startswith(" ")] for out in pair]
    if min(map(len, rows)) < 3:
        print("  no registers were printed")
    else:
        for label, a, b in zip(SAVED, rows[0][0], rows[1][0]):
            if a != b:
                print(f"  {label}: reference {a}, ours {b}")
        for index, (a, b) in enumerate(zip(rows[0][1], rows[1][1])):
            if a != b:
                print(f"  scratch+{8 * index}: reference {a}, ours {b}")
        counts = [int(r[0][37], 16) for r in rows]
        for index in range(min(max(counts), LOGGED)):
            a, b = (r[2][5 * index:5 * index + 5] if index < n else [] for r, n in zip(rows, counts))
            if a != b:
                texts = [" ".join(words) or "none" for words in (a, b)]
                print(f"  exception {index} (vector esr elr far spsr):\n    reference {texts[0]}\n    ours      {texts[1]}")
    show_code(image, first, where)


def ours(args, elf):
    return [elf if w == "KERNEL" else w for w in args.command] + ["-cpu", args.cpu]


def find_reference(args):
    """The program, or None."""
    program = args.reference or os.environ.get("REFERENCE")
    if program:
        return shutil.which(program)
    made = subprocess.run([MAKE_REFERENCE, "--if-made"], capture_output=True, text=True).stdout.strip()
    if made:
        program = os.path.join(os.path.dirname(made), "qemu-system-aarch64")
        if os.path.exists(program):
            return program
    host = shutil.which("qemu-system-aarch64")
    found = re.search(r"version (\d+)\.", run([host, "--version"], "the reference")[0]) if host else None
    return host if found and int(found[1]) >= 10 else None


def sum_up(image, where, program, args):
    """Without ours: what exceptions the reference took in some of the sequences."""
    total = len(image.places) - 1
    out = run(reference(image.link(where, 0, min(total, 150)), program, args.cpu), "the reference")
    rows = [l.split() for l in out if l.startswith(" ")]
    seen = {}
    for saved, log in zip(rows[0::3], rows[2::3]):
        for index in range(min(int(saved[37], 16), LOGGED)):
            esr = int(log[5 * index + 1], 16)
            name = f"vector {int(log[5 * index], 16):2} EC {esr >> 26:02x}" + \
                (f" fault {esr & 63:02x}" if esr >> 26 in (0x20, 0x21, 0x24, 0x25) else "")
            seen[name] = seen.get(name, 0) + 1
    for name in sorted(seen):
        print(f"  {name}: {seen[name]}")
    lines = [l for l in out if not l.startswith(" ")]
    print(f"{len(lines)} of {total} sequences ran on the reference")
    return len(lines) == total


def mrs(reg, t):
    op0, op1, n, m, op2 = reg
    return 0xd5300000 | (op0 & 1) << 19 | op1 << 16 | n << 12 | m << 8 | op2 << 5 | t


def compare_ids(where, program, args):
    """Each ID register of both, field by field; the number of differences."""
    fields, regs = left_out(args.cpu), list(ID_NAMES.items())
    parts = [regs[i:i + 16] for i in range(0, len(regs), 16)]
    image = Image(args, ["int"], where, [[mrs(reg, t) for t, (_, reg) in enumerate(part)] + [MARK] for part in parts])
    elf = image.link(where, 0, len(parts))
    want, got = ([l.split() for l in run(command, what) if l.startswith(" ")][0::3] for command, what in (
        (reference(elf, program, args.cpu), "the reference"), (ours(args, elf), "ours")))
    bad = 0
    for part, a, b in zip(parts, want, got):
        for t, (name, reg) in enumerate(part):
            mask = sum((2 << high) - (1 << low) for low, high in fields.get(reg, []))
            x, y = int(a[t], 16), int(b[t], 16)
            for low in range(0, 64, 4):
                if (x ^ y) & ~mask & 15 << low:
                    print(f"  {name}[{low + 3}:{low}]: reference {x >> low & 15:x}, ours {y >> low & 15:x}")
                    bad += 1
    print(f"{len(regs)} ID registers: {bad} fields differ")
    return bad


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--class", dest="classes", action="append", choices=CLASSES)
    parser.add_argument("--cpu", default="neoverse-n1")
    parser.add_argument("--only")
    parser.add_argument("--undefined", type=float, default=0.04)
    parser.add_argument("--reference")
    parser.add_argument("--keep")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--guarded", action="store_true")
    parser.add_argument("--ids", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--explain", type=int, default=3, help="how many differences to explain")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    program = find_reference(args)
    if not program or not shutil.which(CC) or not shutil.which(OBJDUMP):
        print("skipped: " + ("tools/guests/make-reference has not made the reference yet" if not program
                             else f"there is no {CC}"))
        sys.exit(77)
    classes, differ = args.classes or list(CLASSES), 0
    with tempfile.TemporaryDirectory() as place_:
        where = args.keep or place_
        if args.ids:
            sys.exit(1 if compare_ids(where, program, args) else 0)
        for _ in range(args.runs):
            differ += compare(where, program, args, classes)
            args.seed += 1
    sys.exit(1 if differ else 0)


def compare(where, program, args, classes):
    """One run; how many sequences differ."""
    image = Image(args, classes, where)
    if args.list:
        for name, kinds in image.pool.kinds.items():
            print("\n".join(f"{name}\t{kind}" for kind, _ in kinds))
        return 0
    if not args.command:
        return 0 if sum_up(image, where, program, args) else 1
    elf = image.link(where)
    want = run(reference(elf, program, args.cpu), "the reference")
    got = run(ours(args, elf), "ours")
    differ = [i for i, (a, b) in enumerate(zip(want, got)) if a != b]
    for first in differ[:args.explain]:
        print(f"sequence {first} of seed {args.seed}:")
        explain(first, image, where, program, args)
    total = len(image.places) - 1
    if len(want) != total or len(got) != total:
        sys.exit(f"{total} sequences: the reference printed {len(want)}, ours {len(got)}")
    print(f"seed {args.seed}: {total} sequences, {total * LENGTH} instructions: {len(differ)} differ", flush=True)
    os.remove(elf)
    return len(differ)


if __name__ == "__main__":
    main()
