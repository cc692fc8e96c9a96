#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# elf_shapes: ELF files of all shapes that linkers and objcopy leave, made by hand, each run here and
# on the reference (where it is installed): what is loaded where, by what the program finds in memory
# and prints. What cannot work is refused with a sentence.
#   elf_shapes.py build/reprise
import os
import shutil
import struct
import subprocess
import sys
import tempfile

RAM = 0x80000000
UART = 0x10000000
FINISHER = 0x100000
LOAD, NOTE = 1, 4
R, W, X = 4, 2, 1
T0, T1, T2, T3 = 5, 6, 7, 28


# ---- a program: prints bytes of memory in hexadecimal ------------------------------------------

def li(rd, value):
    """32 bits, zero-extended."""
    low = value & 0xfff
    high = (value - (low - 4096 if low > 2047 else low)) & 0xffffffff
    return [high & 0xfffff000 | rd << 7 | 0x37, low << 20 | rd << 15 | rd << 7 | 0x1b,
            32 << 20 | rd << 15 | 1 << 12 | rd << 7 | 0x13, 32 << 20 | rd << 15 | 5 << 12 | rd << 7 | 0x13]


def put(register):
    return li(T2, UART) + [register << 20 | T2 << 15 | 0x23]  # sb


def program(addresses, word=b""):
    """Prints the word, the bytes at the addresses, and ends. Runs anywhere."""
    code = []
    for byte in word:
        code += li(T1, byte) + put(T1)
    for address in addresses:
        code += li(T0, address) + [T0 << 15 | 4 << 12 | T0 << 7 | 0x03]  # lbu
        for shift in (4, 0):  # a digit is '0' + n: beyond 9 they are : ; < = > ?
            code += [shift << 20 | T0 << 15 | 5 << 12 | T1 << 7 | 0x13, 15 << 20 | T1 << 15 | 7 << 12 | T1 << 7 | 0x13,
                     0x30 << 20 | T1 << 15 | T1 << 7 | 0x13] + put(T1)
    code += li(T1, 10) + put(T1) + li(T0, FINISHER) + li(T1, 0x5555) + [T1 << 20 | T0 << 15 | 2 << 12 | 0x23, 0x6f]
    return struct.pack("<%dI" % len(code), *code)


# ---- an ELF file ---------------------------------------------------------------------------------

class Elf:
    def __init__(self, entry=RAM, type=2, klass=2):
        self.entry, self.type, self.klass, self.headers, self.parts = entry, type, klass, [], []

    def segment(self, at, data=b"", size=None, va=None, kind=LOAD, flags=R | W | X, align=0x1000, offset=None):
        self.headers.append([kind, flags, data, at if va is None else va, at,
                             len(data) if size is None else size, align, offset])
        return self

    def headers_page(self, at, kind=LOAD):
        """A segment that holds the file's first bytes, as linkers make it without -n."""
        return self.segment(at, kind=kind, offset=0, data=b"\x7fELF" + bytes(0x140), flags=R)

    def bytes(self):
        wide = self.klass == 2
        head, each = (64, 56) if wide else (52, 32)
        body, table, at = b"", b"", head + each * len(self.headers)
        for kind, flags, data, va, pa, size, align, offset in self.headers:
            where = at + len(body) if offset is None else offset
            if offset is None:
                body += data
            if wide:
                table += struct.pack("<IIQQQQQQ", kind, flags, where, va, pa, len(data), size, align)
            else:
                table += struct.pack("<IIIIIIII", kind, where, va, pa, len(data), size, flags, align)
        start = struct.pack("<4sBBBB8xHHI", b"\x7fELF", self.klass, 1, 1, 0, self.type, 243, 1)
        rest = (self.entry, head, 0, 0, head, each, len(self.headers), 0, 0, 0)
        return start + struct.pack("<QQQIHHHHHH" if wide else "<IIIIHHHHHH", *rest) + table + body.ljust(0x200, b"\0")


class Refused:
    def __init__(self, words):
        self.words = words


def many(elf, count, data=None):
    for i in range(count):
        elf.segment(FAR + 16 * i, bytes([i % 256]) if data is None else data)
    return elf


HELLO = program([], b"hi")
LOW, ENTRY = program([], b"low").ljust(0x400, b"\0"), program([], b"entry")
FAR = RAM + 0x100000
LAST = RAM + (127 << 20) + 0xfff00  # behind the device tree
KERNEL = RAM + 0x200000  # behind the firmware

NONE = object()  # the reference says nothing, or nothing soon
BARE, BEHIND_FIRMWARE = ["-bios", "none"], []

# What Debian 12's reference (7.2) takes and Debian 13's (10) refuses: it wants its own device tree behind
# all that the file names, and the bytes that it has not loaded to overlap with nothing.
NEWER_REFUSES = ("bytes in the file, none in memory", "zeros all beyond the RAM",
                 "bytes across the end of the RAM", "bytes beyond the RAM")

# What it is, the file, what it prints here (or the words of the sentence that refuses it), and what the
# reference prints where that is not the same. Then with which firmware.
SHAPES = [
    ("plain", Elf().segment(RAM, HELLO), "hi"),
    ("headers' page below the RAM", Elf().headers_page(RAM - 0x1000).segment(RAM, HELLO), "hi"),
    ("headers' page at 0x10000, a note behind it",
     Elf().headers_page(0x10000).segment(0x10120, b"note", kind=NOTE).segment(RAM, HELLO), "hi"),
    ("a note that is loaded", Elf().segment(0x10120, b"n" * 36, flags=R).segment(RAM, HELLO), "hi"),
    ("the same behind the code", Elf().segment(RAM, HELLO).segment(0x10120, b"n" * 36, flags=R), "hi"),
    ("from below the RAM into it", Elf().segment(RAM - 0x1000, bytes(0x1000) + HELLO), "hi"),
    ("zeros below the RAM", Elf().segment(0x100, size=0x100).segment(RAM, HELLO), "hi"),
    ("zeros at the UART", Elf().segment(UART, size=0x100).segment(RAM, HELLO), "hi"),
    ("nothing at 0", Elf().segment(0).segment(RAM, HELLO), "hi"),
    ("nothing in the middle of another", Elf().segment(RAM, HELLO).segment(RAM + 16), "hi"),
    ("nothing, from behind the file's end", Elf().segment(RAM, HELLO).segment(FAR, offset=1 << 40), "hi"),
    ("zeros, from behind the file's end",
     Elf().segment(RAM, program([FAR])).segment(FAR, size=8, offset=1 << 40), "00"),
    ("bytes in the file, none in memory", Elf().segment(RAM, HELLO).segment(RAM, b"zzzz", 0), "hi"),
    ("more in the file than in memory", Elf().segment(RAM, HELLO).segment(FAR, b"abcd", 2),
     Refused("impossible sizes"), NONE),
    ("zeros behind the file's bytes",
     Elf().segment(RAM, program([FAR, FAR + 1, FAR + 99])).segment(FAR, b"a", 100), "610000"),
    ("zeros beyond the RAM", Elf().segment(RAM, program([LAST])).segment(LAST, b"a", 1 << 30), "61", NONE),
    ("zeros all beyond the RAM", Elf().segment(RAM, HELLO).segment(0x200000000, size=1 << 20), "hi"),
    ("zeros to the end of everything",
     Elf().segment(RAM, program([LAST])).segment(LAST, b"a", (1 << 64) - LAST), "61", NONE),
    ("zeros that wrap", Elf().segment(RAM, program([LAST])).segment(LAST, b"a", (1 << 64) - 1), "61", NONE),
    ("zeros over the device tree", Elf().segment(RAM, HELLO).segment(FAR, b"a", 127 << 20),
     Refused("device tree"), NONE),
    ("bytes across the end of the RAM", Elf().segment(RAM, HELLO).segment(RAM + (128 << 20) - 1, b"ab"),
     Refused("does not fit in the RAM"), "hi"),
    ("bytes beyond the RAM", Elf().segment(RAM, HELLO).segment(0x200000000, b"ab"),
     Refused("does not fit in the RAM"), "hi"),
    ("code below the RAM", Elf().segment(0x20000000, HELLO).segment(RAM, HELLO),
     Refused("does not fit in the RAM"), "hi"),
    ("ET_DYN", Elf(type=3).segment(RAM, HELLO), "hi"),
    ("ET_DYN at 0", Elf(type=3, entry=0).segment(0, HELLO), Refused("does not fit in the RAM"), NONE),
    ("a program of Linux", Elf(entry=0x10400).headers_page(0x10000).segment(0x10400, HELLO),
     Refused("does not fit in the RAM"), NONE),
    ("nothing but a note below the RAM", Elf().segment(0x10120, b"n", flags=R), Refused("nothing of it"), NONE),
    ("aligned to 2 MiB", Elf().segment(RAM, HELLO, align=1 << 21), "hi"),
    ("aligned to 0", Elf().segment(RAM, HELLO, align=0), "hi"),
    ("aligned to 3", Elf().segment(RAM, HELLO, align=3), "hi"),
    ("virtual addresses", Elf(entry=0xffffffff80000000).segment(RAM, HELLO, va=0xffffffff80000000), "hi"),
    ("virtual addresses, physical entry", Elf().segment(RAM, HELLO, va=0xffffffff80000000), "hi"),
    ("loaded elsewhere than it runs",
     Elf().segment(RAM, program([FAR, 0x81000000])).segment(FAR, b"a", va=0x81000000), "6100"),
    ("zeros that would fall on what is packed behind",
     Elf().segment(RAM, program([FAR + 0x10, FAR + 0x20])).segment(FAR, b"a" * 16, 0x1000, va=0x81000000)
     .segment(FAR + 0x10, b"b" * 16, va=0x82000000), "6200"),
    ("the same where it runs", Elf().segment(RAM, program([FAR + 0x10, FAR + 0x20]))
     .segment(FAR, b"a" * 16, 0x1000).segment(FAR + 0x10, b"b" * 16), "6200"),
    ("two that overlap", Elf().segment(RAM, HELLO).segment(RAM + 4, b"abcd"), Refused("overlap"), NONE),
    ("entry 0", Elf(entry=0).segment(RAM, HELLO), "hi"),
    ("entry outside the segments", Elf(entry=0x12345678).segment(RAM, HELLO), "hi"),
    ("entry in a note", Elf(entry=0x10120).segment(0x10120, b"note", flags=R).segment(RAM, HELLO),
     Refused("where there is no RAM"), "hi"),
    ("entry behind the RAM's first byte", Elf(entry=RAM + 0x400).segment(RAM, LOW + ENTRY), "low"),
    ("the same, not to be executed there",
     Elf(entry=FAR).segment(RAM, LOW, flags=R).segment(FAR, ENTRY), "entry", "low"),
    ("elsewhere in the RAM", Elf(entry=FAR + 0x400).segment(FAR, LOW + ENTRY), "entry", NONE),
    ("of 32 bits", Elf(klass=1).segment(RAM, HELLO), Refused("class 1"), "hi"),
    ("nothing at all", Elf(), Refused("nothing to load"), NONE),
    ("where the boot ROM is", Elf().segment(RAM, HELLO).segment(0x1000, b"abcd"),
     Refused("does not fit in the RAM"), NONE),
    ("300 segments", many(Elf().segment(RAM, program([FAR + 16 * 299])), 300), "2;"),
    ("1024 segments", many(Elf().segment(RAM, program([FAR + 16 * 1022])), 1023), "?>"),
    ("1025 segments", many(Elf().segment(RAM, HELLO), 1024), Refused("more than 1024 segments"), "hi"),
    ("2000 of nothing", many(Elf().segment(RAM, HELLO), 2000, b""), "hi"),
    ("behind firmware", Elf(entry=KERNEL + 0x400).segment(KERNEL, LOW + ENTRY), "low", "low", BEHIND_FIRMWARE),
    ("behind firmware, the lowest not first",
     Elf(entry=FAR + KERNEL - RAM).segment(FAR + KERNEL - RAM, ENTRY).segment(KERNEL, LOW), "low", "low",
     BEHIND_FIRMWARE),
    ("behind firmware, virtual", Elf(entry=(1 << 64) - (1 << 31) + 0x400)
     .segment(KERNEL, LOW + ENTRY, va=(1 << 64) - (1 << 31)), "low", "low", BEHIND_FIRMWARE),
    ("behind firmware, headers in the RAM",
     Elf(entry=KERNEL + 0x1000).headers_page(KERNEL).segment(KERNEL + 0x1000, ENTRY), "entry", NONE,
     BEHIND_FIRMWARE),
    ("behind firmware, headers below the RAM",
     Elf(entry=KERNEL).headers_page(RAM - 0x1000).segment(KERNEL, ENTRY), "entry", NONE, BEHIND_FIRMWARE),
    ("behind firmware, entry 0", Elf(entry=0).segment(KERNEL, ENTRY), "entry", "entry", BEHIND_FIRMWARE),
    ("bytes", HELLO, "hi"),
    ("bytes behind firmware", HELLO, "hi", "hi", BEHIND_FIRMWARE),
]


# ---- running -------------------------------------------------------------------------------------

def run(command):
    p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=60 * float(os.environ.get("TEST_SLOWNESS", "1")))
    lines = p.stdout.decode(errors="replace").split()
    return p.returncode, lines[-1] if lines else "", p.stderr.decode(errors="replace")


def ours_is_right(what, command, expected):
    status, said, sentence = run(command)
    if isinstance(expected, Refused):
        right = status == 1 and expected.words in sentence and sentence.count("\n") == 1
    else:
        right = status == 0 and said == expected
    if not right:
        print("FAILED %s: status %d, %r, %s" % (what, status, said, sentence))
    return right


def theirs_is_known(what, command, expected, newer):
    if expected is NONE:
        return True
    status, said, sentence = run(command)
    if newer and what in NEWER_REFUSES:
        if status != 1 or said:
            print("FAILED %s: the newer reference says %r (status %d)" % (what, said, status))
        return status == 1 and not said
    if said != expected:
        print("FAILED %s: the reference says %r, not %r (status %d) %s" % (what, said, expected, status, sentence))
    return said == expected


def main():
    theirs = shutil.which(os.environ.get("REFERENCE", "qemu-system-riscv64"))
    newer = theirs and " version 7." not in subprocess.run([theirs, "--version"], stdout=subprocess.PIPE,
                                                           text=True).stdout
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.elf")
        for row in SHAPES:
            what, elf, ours = row[:3]
            with open(path, "wb") as f:
                f.write(elf if isinstance(elf, bytes) else elf.bytes())
            machine = ["-M", "virt", "-m", "128M", "-nographic", "-kernel", path, *(row[4] if len(row) > 4 else BARE)]
            failed += not ours_is_right(what, [sys.argv[1], "run", "-arch", "riscv64", *machine], ours)
            if theirs:
                failed += not theirs_is_known(what, [theirs, *machine], row[3] if len(row) > 3 else ours, newer)
    print("%d shapes%s, %d failed" % (len(SHAPES), "" if theirs else " (without the reference)", failed))
    if not theirs and not failed:
        print("skipped: there is no qemu-system-riscv64; what ours does is all as expected")
        sys.exit(77)
    sys.exit(1 if failed else 0)


main()
