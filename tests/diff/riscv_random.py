#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random RISC-V instructions on the reference and on ours: registers, flags, traps and memory are
compared after each sequence.

usage: riscv_random.py [--xlen 32] [--user | --cache-ops] [--extension NAME]... [--count N] [--seed S]
                       [--keep DIR] [--reference PROGRAM] COMMAND...
COMMAND runs an image: KERNEL in it is replaced by the ELF file; its output is the guest's console,
e.g. `reprise run -bios none -kernel KERNEL -nographic`. Without one, ours is not run: only the
image is made. Exits 77 (skipped) without the reference or the cross compiler. The reference is
PROGRAM, else what REFERENCE names, else qemu-system-riscv64 (with --xlen 32 riscv32); with --cache-ops the host's has to be
10 (Debian 13's) or newer, else it is the one that tools/guests/make-reference makes.
--extension switches one on that neither has by default (with `-cpu`, which COMMAND then must not
have), and makes every other instruction one of its own; it wants the newer reference, too. Svnapot
and Svpbmt are bits of page table entries: with --cache-ops these get them.

Each sequence is LENGTH instructions of src/isa/riscv/insn.decode with random operands and small
forward branches; with --user in U mode behind Sv39, with some wild addresses. With --cache-ops
each sequence has its own mode (M, M with MPRV, S, U), CBIE, CBCFE and CBZE in menvcfg and senvcfg,
ADUE, SUM and MXR, and its own entries for the two pages of the scratch area; the entries, as the
walk has left them, and both registers are compared as well.

Left out, because the two may rightly differ or the run would not end:
- CSRs but fflags, frm, fcsr; privileged instructions; fences but FENCE and FENCE.I; PAUSE
- Svinval; without --cache-ops cache-block operations: the reference of Debian 12 has none
- with --cache-ops SC: where it fails anyway, QEMU 10 checks and marks the page as a store does
- with --cache-ops AMO, in every other sequence, to pages that can be read but not written and have
  A clear: QEMU 10 sets A before it faults, as a walk may that speculates
- CBIE = 2 (reserved)
- with QEMU 10 the low six bits of mtval of a cache-block operation: the reference reports the
  block, ours rs1, as volume I has it; and mtval of EBREAK: its address, ours 0 (both allowed)
- with Zfa FROUND and FROUNDNX whose result is overwritten and never read: QEMU 10 leaves them out,
  and their flags with them
- with Svnapot entries of a reserved size with A or D clear: QEMU 10 sets them before it faults, as a
  walk may that speculates
- stores between LR and SC, and SC of another size: the reference compares values, ours only the
  address
- misaligned accesses across pages that fault: the reference rounds their address down
- stores to code and page tables: the reference wants fences, ours does not
- CTZW: the reference (7.2) counts on above bit 31 when the low word is zero
- misaligned AMO and SC: with one hart the reference reports the AMO as a load (4), and an SC that
  fails anyway does not trap; ours reports both as stores (6), as volume I, 8.2 and 8.4 have it
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
DECODE = os.path.join(HERE, "../../src/isa/riscv/insn.decode")
MAKE_REFERENCE = os.path.join(HERE, "../../tools/guests/make-reference")
CC = os.environ.get("GUEST_CC", "riscv64-linux-gnu-gcc")

BASE, MARK, FINISH, CODE = 0x80000000, 0x80000200, 0x80000c00, 0x80100000
LENGTH, BLOCKS, SCRATCH_WORDS = 20, 256, 64
RESERVED = (1, 2, 3, 8)  # ra, sp, gp, s0: never written
POINTERS = {2: 0, 3: 256, 8: 128}  # where in the 512 bytes of scratch
MEMORY = ("load", "store", "fload", "fstore")
SKIP = re.compile(r"(csr|cbo|xret|wfi|fence_vma|pause)")

SINGLES = [0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff,
           0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0x4f000000,
           0xcf000000, 0x5f000000, 0xdf000000, 0x4effffff, 0x3effffff, 0x3f000000, 0x33800000]
DOUBLES = [0, 1 << 63, 1, 0x000fffffffffffff, 0x0010000000000000, 0x3ff0000000000000,
           0xbff0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
           0x7ff8000000000000, 0xfff8000000000001, 0x7ff0000000000001, 0x41dfffffffc00000,
           0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000, 0xc3e0000000000000,
           0x43f0000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000, 0x47efffffe0000000,
           0x47efffffefffffff, 0x380fffffffffffff, 0x36a0000000000000, 0x3690000000000001]
HALVES = [0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00, 0xfc00,
          0x7e00, 0xfe01, 0x7c01, 0x3800, 0x37ff, 0x5fff, 0x6000, 0x0c00, 0x1400]
INTEGERS = [0, 1, 2, 3, (1 << 64) - 1, 1 << 63, (1 << 63) - 1, 1 << 31, (1 << 31) - 1, 0xffffffff,
            0xffffffff80000000, 0x100000000, 0x7fffffff00000000, 63, 64, 31, 32, 0xff, 0x80]


class Table:
    """insn.decode: patterns with the operands that each format has."""

    def __init__(self, cache, extensions, xlen):
        self.formats, self.lines = {}, []
        self.wanted = []  # the lines of the extensions that were asked for
        asked = {name.upper() for name in extensions} | ({"ZFHMIN"} if "zfh" in extensions else set())
        has = {"-", "ZBA", "ZBB", "ZBS", "ZICBOM", "ZICBOZ"} | asked
        self.refused = []  # mask, match and length of what must not be made by chance
        for text in open(DECODE, encoding="ascii"):
            fields = text.split()
            if not fields or text.startswith("#") or fields[0] in ("include", "width", "variant", "operand"):
                continue
            if fields[0] == "format":
                self.formats[fields[1]] = dict(f.split("=", 1) for f in fields[2:])
                continue
            bits, at = "", 1
            while re.fullmatch("[01.]+", fields[at]):
                bits += fields[at]
                at += 1
            lift, _, argument = fields[at + 2].partition(":")
            form = self.formats[fields[at]]
            wanted = cache and lift in ("cbo", "cbo_zero")
            only, _, rest = fields[at + 1].rpartition(",")
            if fields[at + 1] in ("RV32", "RV64"):
                only, rest = fields[at + 1], "-"
            if only and only != f"RV{xlen}":
                continue
            needs = set(rest.split("|"))
            if fields[0].endswith(".h") and "ZFA" in needs and not "ZFH" in asked:
                needs = {"ZFH"}
            if not wanted and (SKIP.match(lift) or lift == "jalr" or not needs & has or
                    form.get("rd") == "#2" or fields[0] == "ctzw"):
                self.refused.append((int(re.sub("[01]", "1", bits).replace(".", "0"), 2),
                                     int(bits.replace(".", "0"), 2), len(bits) // 8))
                continue
            self.lines.append((fields[0], bits, form, lift, argument,
                               fields[at + 3] if len(fields) > at + 3 else ""))
            if needs & asked:
                self.wanted.append(self.lines[-1])

    def is_refused(self, word, bits):
        """A refused line that fixes more bits would win."""
        fixed = sum(b != "." for b in bits)
        return any(len(bits) // 8 == length and word & mask == match and mask.bit_count() > fixed
                   for mask, match, length in self.refused)

    def by(self, lift):
        return [l for l in self.lines if l[3] == lift]


def place(word, spec, value):
    """Puts an operand's value into its pieces; the bits that do not fit are dropped."""
    found = re.fullmatch(r"s?([0-9:|]+)(?:<<(\d+))?(?:\+(\d+))?", spec)
    value = (value - int(found[3] or 0)) >> int(found[2] or 0)
    for piece in reversed(found[1].split("|")):
        high, _, low = piece.partition(":")
        low = int(low or high)
        mask = (1 << (int(high) - low + 1)) - 1
        word = word & ~(mask << low) | (value & mask) << low
        value >>= int(high) - low + 1
    return word


class Maker:
    def __init__(self, table, rng, mode, xlen):
        self.most_shift = min(xlen, 40)
        self.sizes = ".w".split() if xlen == 32 else ".w .d".split()
        self.table, self.rng = table, rng
        self.user, self.cache = mode == "user", mode == "cache"
        self.has_amos = True
        self.blocks = table.by("cbo") + table.by("cbo_zero")
        self.free = [r for r in range(32) if r not in RESERVED]
        self.amos = table.by("amow") + table.by("amod")
        self.plain = [l for l in table.lines 
                      if l[3] not in ("lr", "sc", "amow", "amod", "jalr", "cbo", "cbo_zero")]
        self.atomics = {l[0]: l for l in table.by("lr") + table.by("sc")}
        self.slli = next(l for l in table.lines if l[0] == "slli" and len(l[1]) == 32)
        self.fsd = next(l for l in table.lines if l[0] == "fsd" and len(l[1]) == 32)
        self.addi = next(l for l in table.lines if l[0] == "addi" and len(l[1]) == 32)

    def encode(self, line, **operands):
        """Random bits where no operand is given. Returns (word, bytes)."""
        bits, form = line[1], line[2]
        word = int("".join(self.rng.choice("01") if b == "." else b for b in bits), 2)
        fixed = int(re.sub("[01]", "1", bits).replace(".", "0"), 2)
        for key, value in operands.items():
            if key in form and not form[key].startswith("#"):
                word = place(word, form[key], value) & ~fixed | word & fixed
        if self.table.is_refused(word, bits):
            return self.encode(line, **operands)
        return word, len(bits) // 8

    def pointer(self, form):
        """A scratch pointer that the format's rs1 can name."""
        spec = form["rs1"]
        if spec.startswith("#"):
            return int(spec[1:])
        return 8 if "+8" in spec else self.rng.choice(list(POINTERS))

    def destination(self, form):
        spec = form.get("rd", "")
        if spec.startswith("#") or spec == "":
            return 0
        return self.rng.choice([9, 10, 11, 12, 13, 14, 15] if "+8" in spec else self.free)

    def access(self, line):
        """A load or store with an address inside the scratch area, at any alignment."""
        form = line[2]
        base = self.pointer(form)
        size = 1 << int(re.match(r"\d", line[4])[0])
        shift = int((re.search(r"<<(\d+)", form["imm"]) or [0, 0])[1])
        low = 0 if shift else -POINTERS[base]
        bits = sum(int(h) - int(l or h) + 1 for h, _, l in
                   (p.partition(":") for p in re.match("s?([0-9:|]+)", form["imm"])[1].split("|")))
        high = min(8 * SCRATCH_WORDS - POINTERS[base] - size, (1 << bits + shift) - 1)
        offset = self.rng.randint(low, high) >> shift << shift
        operands = {"rs1": base, "imm": offset}
        if self.user and len(line[1]) == 32 and self.rng.random() < 0.05:
            return self.wild(line)
        if line[3] == "load":
            operands["rd"] = self.destination(form)
        return [self.encode(line, **operands)]

    def wild(self, line):
        """An access to nowhere; a load perhaps to anywhere. Multiples of 8: of what crosses a page
        the reference reports another address. Stores stay away from tables and code."""
        operands = {"rs1": 0, "imm": self.rng.randrange(-2048, 2048) & ~7}
        if line[3] == "load":
            operands["rd"] = self.destination(line[2])
        if line[3] in ("store", "fstore") or self.rng.random() < 0.3:
            return [self.encode(line, **operands)]
        operands["rs1"] = self.rng.choice([r for r in self.free if r])
        shift = self.encode(self.slli, rd=operands["rs1"], imm=self.rng.randrange(3, self.most_shift))
        load = self.encode(line, **operands)
        return [(shift[0].to_bytes(4, "little") + load[0].to_bytes(4, "little"), 8)]

    def atomic(self):
        """An address and what uses it: one piece, so that no branch comes between."""
        rng = self.rng
        address = rng.choice([r for r in self.free if r])
        others = [r for r in self.free if r != address]
        size = rng.choice(self.sizes)
        where, out = rng.randrange(-256, 249), []
        misaligned = rng.random() < 0.05
        where = where | 1 if misaligned else where & ~7
        out.append(self.encode(self.addi, rd=address, rs1=3, imm=where))
        kinds = [rng.choice(self.amos)]
        if misaligned:
            kinds = [self.atomics["lr" + size]]
        elif rng.random() < 0.4:
            kinds = [self.atomics["lr" + size], self.atomics["sc" + size]]
            kinds = kinds[:1] if self.cache else kinds[rng.random() < 0.2:]
        for line in kinds:
            out.append(self.encode(line, rs1=address, rd=rng.choice(others)))
        return [(b"".join(word.to_bytes(4, "little") for word, _ in out), 4 * len(out))]

    def jump(self, left):
        """A branch with its distance in pieces: in bytes it is known once all lengths are."""
        rng = self.rng
        line = rng.choice([l for l in self.plain if l[3] in ("branch", "branch_swap", "jal")])
        spec = line[2].get("rd", "#0")
        link = 0 if spec.startswith("#") else rng.choice(self.free)
        word, size = self.encode(line, rd=link)
        return [(word, size, line, rng.randint(1, min(4, left)))]

    def csr(self):
        number, kind = self.rng.choice([1, 2, 3]), self.rng.choice([1, 2, 3, 5, 6, 7])
        word = number << 20 | self.rng.randrange(32) << 15 | kind << 12 | 0x73
        return [(word | self.rng.choice(self.free) << 7, 4)]

    def block(self):
        """A cache-block operation on the scratch area or, if it does not write, anywhere."""
        line = self.rng.choice(self.blocks)
        address = self.rng.choice([r for r in self.free if r])
        first = self.encode(self.addi, rd=address, rs1=3, imm=self.rng.randrange(-256, 256))
        if line[3] == "cbo" and self.rng.random() < 0.1:
            first = self.encode(self.slli, rd=address, imm=self.rng.randrange(3, self.most_shift))
        second = self.encode(line, rs1=address)
        return [(first[0].to_bytes(4, "little") + second[0].to_bytes(4, "little"), 8)]

    def one(self, left):
        if self.cache and self.rng.random() < 0.2:
            return self.block()
        if self.cache and self.rng.random() < 0.15:
            return self.access(self.rng.choice([l for l in self.plain if l[3] in MEMORY]))
        choice = self.rng.random()
        if choice < 0.06 and (self.has_amos or not self.cache):
            return self.atomic()
        if choice < 0.12 and left > 1:
            return self.jump(left - 1)
        if choice < 0.14:
            return self.csr()
        line = self.rng.choice(self.table.wanted if self.table.wanted and choice < 0.6 else self.plain)
        if line[3] in MEMORY:
            return self.access(line)
        if line[3] in ("branch", "branch_swap", "jal"):
            return self.jump(left - 1) if left > 1 else []
        if line[0].startswith("fround"):
            return self.rounding(line)
        operands = {}
        if "rd" in line[2] and not line[5].startswith("fd"):
            operands["rd"] = self.destination(line[2])
        return [self.encode(line, **operands)]

    def rounding(self, line):
        """FROUND or FROUNDNX, and a store of the result: one piece. QEMU 10 leaves out those whose
        result nobody sees, with their flags."""
        to = self.rng.randrange(32)
        pair = [self.encode(line, rd=to)[0],
                self.encode(self.fsd, rs1=3, rs2=to, imm=8 * self.rng.randrange(-32, 32))[0]]
        return [(b"".join(word.to_bytes(4, "little") for word in pair), 8)]

    def sequence(self):
        """The bytes of one sequence, without its end."""
        items = []
        while len(items) < LENGTH:
            items += self.one(LENGTH - len(items))
        at = [0]
        for item in items:
            at.append(at[-1] + item[1])
        out = b""
        for index, item in enumerate(items):
            word = item[0]
            if len(item) == 4:
                target = at[min(index + 1 + item[3], len(items))]
                word = place(word, item[2][2]["imm"], target - at[index])
            out += word if isinstance(word, bytes) else word.to_bytes(item[1], "little")
        return out


def call(at, target):
    """AUIPC ra; JALR ra."""
    distance = target - at
    high = (distance + 0x800) >> 12 & 0xfffff
    return struct.pack("<II", high << 12 | 0x97, (distance & 0xfff) << 20 | 1 << 15 | 1 << 7 | 0x67)


def initial_blocks(rng, halves):
    def integer():
        return rng.choice([rng.choice(INTEGERS), rng.getrandbits(64), rng.getrandbits(32),
                           rng.getrandbits(7)])

    def real():
        if halves and rng.random() < 0.6:
            return 0xffffffffffff << 16 | rng.choice([rng.choice(HALVES), rng.getrandbits(16),
                                                      0x3800 + rng.getrandbits(12)])
        kind = rng.random()
        if kind < 0.3:
            return 0xffffffff << 32 | rng.choice(SINGLES)
        if kind < 0.45:
            return 0xffffffff << 32 | rng.getrandbits(32)
        if kind < 0.55:  # near one: sums and roots that round
            return 0xffffffff << 32 | 0x3f000000 + rng.getrandbits(25)
        if kind < 0.8:
            return rng.choice(DOUBLES)
        if kind < 0.9:
            return 0x3fe0000000000000 + rng.getrandbits(54)
        return rng.getrandbits(64)

    out = b""
    for _ in range(BLOCKS):
        words = [integer() for _ in range(32)] + [real() for _ in range(32)]
        words.append(rng.choice([0, 0, 1, 2, 3, 4, 5, 7]) << 5 | rng.getrandbits(5))
        words += [rng.choice([integer, real])() for _ in range(SCRATCH_WORDS)]
        out += struct.pack(f"<{len(words)}Q", *words)
    return out


def entry(rng, user, amos, extensions, xlen):
    """The bits of a page table entry but its address: usual ones, and some that must fault."""
    flags = rng.choice([0, 2, 2, 4, 6, 6, 6, 6, 8, 10, 12, 14]) | (rng.random() < 0.95)
    flags |= (user != (rng.random() < 0.15)) << 4 | rng.getrandbits(1) << 5
    flags |= (rng.random() < 0.5) << 6 | (rng.random() < 0.4) << 7 | rng.getrandbits(2) << 8
    if amos and not flags & 4:
        flags |= 1 << 6
    if xlen == 64 and rng.random() < 0.08:
        flags ^= 1 << rng.randrange(54, 64)
    if "svpbmt" in extensions and rng.random() < 0.5:
        flags |= rng.randrange(4) << 61
    if "svnapot" in extensions and rng.random() < 0.6:
        flags |= 1 << 63
    if flags >> 63:  # then the low bits of the page's number are these
        low = rng.choice([8, 8, 8, rng.getrandbits(4)])
        flags |= low << 10 | (0xc0 if low != 8 else 0)
    return flags


def has_amos(index):
    """With --cache-ops every other sequence has none."""
    return index % 2 == 1


def setting(rng, amos, extensions, xlen):
    """What the sequence runs under; riscv_random.S says what the words are."""
    mode = rng.choice([0, 0, 1, 1, 3])
    menvcfg, senvcfg = (rng.getrandbits(1) | rng.choice([0, 1, 3]) << 4 | rng.getrandbits(2) << 6
                        for _ in range(2))
    if rng.random() < 0.5:
        menvcfg |= 0xf0
    menvcfg |= rng.getrandbits(1) << 61
    if "svpbmt" in extensions:
        menvcfg |= (rng.random() < 0.8) << 62
    mstatus = 3 << 13 | mode << 11 | rng.getrandbits(2) << 18
    if mode == 3:
        mstatus |= (rng.random() < 0.6) << 17  # MPRV
    user = mode != 1
    return [menvcfg, senvcfg, mstatus, 0 if user else 0x3000, entry(rng, user, amos, extensions, xlen),
            entry(rng, user, amos, extensions, xlen)]


class Image:
    """Random code and its tables; link() makes the ELF file. `mode` is machine, user or cache."""

    def __init__(self, count, seed, mode, newer, extensions, xlen):
        rng = random.Random(seed)
        self.xlen = xlen
        self.extensions = extensions
        maker = Maker(Table(mode == "cache", extensions, xlen), rng, mode, xlen)
        blocks = initial_blocks(rng, {"zfh", "zfhmin"} & set(extensions))
        code, self.places = bytearray(), []
        for index in range((count + LENGTH - 1) // LENGTH):
            maker.has_amos = has_amos(index)
            self.places.append(CODE + len(code))
            code += maker.sequence()
            code += call(CODE + len(code), MARK)
        self.places.append(CODE + len(code))
        code += call(CODE + len(code), FINISH)
        self.seed, self.mode, self.newer, self.code = seed, mode, newer, bytes(code)
        self.table = (CODE + len(code) + 0xfff) & ~0xfff
        self.bytes = self.code + bytes(self.table - CODE - len(code)) + blocks
        self.settings = CODE + len(self.bytes)
        if mode == "cache":
            self.each = [setting(rng, has_amos(i), extensions, xlen) for i in range(len(self.places))]
            self.bytes += b"".join(struct.pack("<6Q", *words) for words in self.each)

    def link(self, where, first=0, last=0):
        """Marks from `first` to before `last` will print registers. Returns the file's name."""
        with open(f"{where}/image", "wb") as file:
            file.write(self.bytes + struct.pack("<QQ", first, last))
        with open(f"{where}/image.S", "w", encoding="ascii") as file:
            file.write(f'        .section .image, "ax"\n        .incbin "{where}/image"\n')
        elf = f"{where}/random-{self.seed}.elf"
        abi = "ilp32d" if self.xlen == 32 else "lp64d"
        subprocess.run([CC, f"-march=rv{self.xlen}imafdc_zicsr", f"-mabi={abi}", "-mno-relax", "-fno-pic",
                        "-nostdlib", "-static", "-Wl,--build-id=none,--nmagic",
                        f"-Wl,-Ttext={BASE:#x}", f"-Wl,--section-start=.image={CODE:#x}",
                        f"-DCODE={CODE:#x}", f"-DTABLE={self.table:#x}",
                        f"-DTABLE_BLOCKS={BLOCKS}", f"-DUSER={int(self.mode == 'user')}",
                        f"-DCACHE={int(self.mode == 'cache')}", f"-DSETTINGS={self.settings:#x}",
                        f"-DNEWER={int(self.newer)}",
                        f"-DDUMP={CODE + len(self.bytes):#x}",
                        "-o", elf, f"{HERE}/riscv_random.S", f"{where}/image.S"], check=True)
        return elf


def reference(elf, program, image):
    has = "zba=true,zbb=true,zbs=true"
    if image.mode == "cache":
        has += ",zicbom=true,zicboz=true,svade=true,svadu=true,svnapot=false,svpbmt=false"
    if image.xlen == 32:
        has = has.replace(",svnapot=false,svpbmt=false", "")
    if image.newer:
        has += ",zfa=false,zbc=false"
    has += "".join(f",{name}=true" for name in image.extensions)
    return [program, "-nodefaults", "-M", "virt", "-m", "128", "-bios", "none", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-cpu", f"rv{image.xlen},{has}", "-kernel", elf]


def run(command, what):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=600 * float(os.environ.get("TEST_SLOWNESS", "1")))
    if done.returncode != 0:
        sys.exit(f"{what} failed ({done.returncode}): {' '.join(command)}\n"
                 f"{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout.decode().splitlines()


def names():
    return ([f"x{i}" for i in range(32)] + [f"f{i}" for i in range(32)] +
            ["fcsr", "traps", "trap count", "entry 0", "entry 1", "menvcfg", "senvcfg"])


def explain(first, image, where, program, command):
    """Prints what differs after sequence `first`, and its code."""
    elf = image.link(where, first, first + 1)
    pair = [run(reference(elf, program, image), "the reference"),
            run([elf if w == "KERNEL" else w for w in command], "ours")]
    rows = [[l.split() for l in out if l.startswith(" ")] for out in pair]
    for label, a, b in zip(names(), rows[0][0], rows[1][0]):
        if a != b:
            print(f"  {label}: reference {a}, ours {b}")
    for index, (a, b) in enumerate(zip(rows[0][1], rows[1][1])):
        if a != b:
            print(f"  scratch+{8 * index}: reference {a}, ours {b}")
    counts = [int(r[0][66], 16) for r in rows]
    for index in range(min(max(counts), 32)):
        a, b = (r[2][4 * index:4 * index + 3] if index < n else [] for r, n in zip(rows, counts))
        if a != b:
            texts = [" ".join(words) or "none" for words in (a, b)]
            print(f"  trap {index}: reference {texts[0]}, ours {texts[1]}")
    begin = image.places[first]
    with open(f"{where}/piece", "wb") as file:
        file.write(image.code[begin - CODE:image.places[first + 1] - CODE - 8])
    dump = subprocess.run([CC.replace("gcc", "objdump"), "-D", "-b", "binary", "-m",
                           f"riscv:rv{image.xlen}", "-M", "no-aliases,numeric", f"{where}/piece",
                           f"--adjust-vma={begin:#x}"], capture_output=True, text=True)
    print("\n".join(dump.stdout.splitlines()[7:]))
    print(f"  values at its start: block {first % BLOCKS} of the table")
    if image.mode == "cache":
        words = ("menvcfg", "senvcfg", "mstatus", "tables", "entry 0", "entry 1")
        print("  " + " ".join(f"{w} {v:#x}" for w, v in zip(words, image.each[first])))


def find_reference(args):
    """The program, or None."""
    program = args.reference or os.environ.get("REFERENCE")
    name = f"qemu-system-riscv{args.xlen}"
    host = shutil.which(name)
    if not program and (args.cache_ops or args.extension) and not (host and version(host) >= 10):
        made = subprocess.run([MAKE_REFERENCE, "--if-made"], capture_output=True, text=True)
        made = made.stdout.strip()
        return os.path.join(os.path.dirname(made), name) if made else None
    return shutil.which(program or name)


def version(program):
    found = re.search(r"version (\d+)\.", run([program, "--version"], "the reference")[0])
    return int(found[1]) if found else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--xlen", type=int, default=64, choices=[32, 64])
    parser.add_argument("--user", action="store_true")
    parser.add_argument("--cache-ops", action="store_true")
    parser.add_argument("--extension", action="append", default=[])
    parser.add_argument("--reference")
    parser.add_argument("--keep")
    parser.add_argument("--explain", type=int, default=3, help="how many differences to explain")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    program = find_reference(args)
    if not program or not shutil.which(CC):
        print("skipped: " + ("there is no " + CC if program else
                             "tools/guests/make-reference has not made the reference yet"
                             if args.cache_ops or args.extension else f"there is no qemu-system-riscv{args.xlen}"))
        sys.exit(77)
    mode = "cache" if args.cache_ops else "user" if args.user else "machine"
    newer = version(program) > 7
    image = Image(args.count, args.seed, mode, newer, args.extension, args.xlen)
    if args.extension and args.command:
        args.command += ["-cpu", f"rv{args.xlen}" + "".join(f",{name}=on" for name in args.extension)]
    with tempfile.TemporaryDirectory() as place_:
        where = args.keep or place_
        elf = image.link(where)
        if not args.command:
            print(elf)
            return
        want = run(reference(elf, program, image), "the reference")
        got = run([elf if w == "KERNEL" else w for w in args.command], "ours")
        differ = [i for i, (a, b) in enumerate(zip(want, got)) if a != b]
        for first in differ[:args.explain]:
            print(f"sequence {first} of seed {args.seed}:")
            explain(first, image, where, program, args.command)
    total = len(image.places) - 1
    if len(want) != total or len(got) != total:
        sys.exit(f"{total} sequences: the reference printed {len(want)}, ours {len(got)}")
    print(f"{total} sequences, {total * LENGTH} instructions: {len(differ)} differ")
    sys.exit(1 if differ else 0)


main()
