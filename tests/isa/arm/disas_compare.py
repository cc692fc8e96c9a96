#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our disassembly of random A32 and T32 words against that of binutils' objdump, word by word: the same text, comments
and widths (.w, .n) apart, and undefined in both or in neither.
usage: disas_compare.py DISASSEMBLER a32|t32 TABLE... [--count N] [--seed S]
Words are drawn as arm64/disas_compare.py draws them, from the tables of that instruction set; those of floating point and
Advanced SIMD, vfp.decode and neon.decode, are A32's and are told in T32's form. Exits 77 (skipped) without objdump.
Left out: what LACKS matches, extensions of which no CPU of ours has any; what objdump calls unpredictable; what only one
of the two takes for an instruction, with bits that should be other ones, as long as that is less than a seventh of all;
IT itself, behind which objdump's conditions would be another matter."""
import argparse
import os
import re
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "arm64"))
from disas_compare import both, draw, patterns, rounds

OBJDUMP = os.environ.get("ARM_OBJDUMP", "arm-linux-gnueabihf-objdump")
MODE_T = "0x1000000"
SHARED = ("vfp.decode", "neon.decode")


def listings(disassembler, place, data, thumb):
    """Texts by address: objdump's, with comments, and ours."""
    with open(f"{place}/words", "wb") as file:
        file.write(data)
    theirs, ours = both([OBJDUMP, "-D", "-b", "binary", "-m", "arm", "-z"] + ["-Mforce-thumb"] * thumb + [f"{place}/words"],
                        [disassembler, "arm", f"{place}/words"] + [MODE_T] * thumb)
    rows = [l.split("\t", 2) for l in theirs.splitlines()]
    return {int(r[0][:-1], 16): r[2] for r in rows if len(r) == 3}, \
        {int(at, 16): text for at, _, text in (l.partition("\t") for l in ours.splitlines())}


# ARMv8's, the virtualization extensions', and those of coprocessors other than 10, 11, 14 and 15, Intel's and Cirrus' among them.
LACKS = re.compile(
    r"(clrm|vscclrm|.*fpscr_nzcvqc|.*, vpr|.*, p0|.*fpcxt|dbg|sevl|esb|tsb|csdb|pssbb|ssbb|dfb|pac|bti|aut|sg|tt|dcps|lda|stl|crc|bxaut|vins|vmovx|vsel|vmaxnm|vminnm|vrint|vcvt[anpm]|vjcvt|aes|sha|"
    r"v?dot|vfmal|vfmsl|vcadd|vcmla|vudot|vsdot|v[us]mmla|vummla|vusmmla|cdp|ldc|stc|mcr|mrc|mcrr|mrrc|lfm|sfm|cf|[fs]?mac|tm|w[a-z]+|[fv]ldmx|fl|fs|smc|eret|"
    r"hvc|msr .*_|mrs .*_)")


def plain(text):
    if re.search(r"UNPREDICTABLE|illegal|undefined|UNDEFINED|invalid|vtb.*overflow|bad align|[{,-]d(3[2-9]|[4-9]\d)\b.*, \[", text) \
            or text.startswith((".inst", "udf")):
        return ""
    text = text.replace("ROR", "ror")
    text = re.sub(r"^(\S+)\.[wn]\b", r"\1", text)
    if re.match("[us]sat", text):
        text = text.replace("asr #0", "asr #32")
    if text.startswith("cps"):  # with a space by newer binutils
        text = text.replace(", #", ",#")
    if re.match("(ld|st)rex", text):
        text = re.sub(r"\br1([0-5])\b", lambda m: ("sl", "fp", "ip", "sp", "lr", "pc")[int(m[1])], text)
    text = re.sub(r"\s*[;@].*|\s*<.*", "", text)
    return re.sub(r"\s+", " ", text).strip()


def is_open(a, b):
    """Fields that should have other values: each of the two prints something else, and which does not matter."""
    return (re.search(r"\[pc, .*\]!", b) and a == b[:-1] or re.match("bf[ic]", b) and "#-" in b
            or re.match("pl[di]", a) and " pc, " in b or re.match("pl[di]", b) and " pc, " in a
            or re.match("ldrs?[bh]?t", a) and "[pc" in a or re.match("[us]sat16", a) and re.match("[us]sat ", b)
            or re.match("(ld|st)rd", a) and a + "!" == b or re.match("(bkpt|hlt)(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le) ", b)
            or re.match("cps #", a) and re.match("cpsi", b) or a.endswith("-") and b.startswith(a)  # registers beyond the last
            or re.match("v(push|pop|ldm|stm)", a) and re.search(r"\{([sd])(\d+)-\1(\d+)\}", a) and a.split("-")[0] == b[:-1].split("-")[0]
            or re.search(r"\{[sd]\d+(-[sd]-?\d+)?\}", a) and re.search(r"\{s\d+\}$", b) or re.search(r"\{d\d+(-d\d+)?\}", a) and re.search(r"-d(3[2-9]|[4-9]\d|\d\d\d)\}", b)
            or re.match("(ldaexd|stlexd)", a)  # the second register is not in the word
            or re.match(r"crc32\w*(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le) ", b)
            or re.match("crc32", a) and a.split(" ")[0] == b.split(" ")[0]  # in T32 objdump takes Rd from elsewhere
            or re.search("fpscr_nzcvqc|fpcxt|, vpr|, p0", a))


def shared_in_t32(word):
    """What T32 has of A32's floating point and Advanced SIMD: None where T32 has another instruction there."""
    if word >> 25 == 0x79:
        return 0xef000000 | (word >> 24 & 1) << 28 | word & 0xffffff
    if word >> 24 == 0xf4:
        return None if word >> 20 & 1 else 0xf9000000 | word & 0xffffff
    if word >> 25 in (0x76, 0x77):
        word = word & 0x0fffffff | 0xe0000000
    return word if word >> 28 in (14, 15) and word >> 24 & 12 == 12 and word >> 9 & 7 == 5 else None


def t32_word(table, word, shared):
    """A word of two halves, the first of which is the upper one."""
    if shared:
        word = shared_in_t32(word)
        return 0x4770bf00 if word is None else word
    if table >> 16 == 0:  # of 16 bits, and another one behind it, so that each word has 4 bytes
        half = word & 0xffff
        if half >= 0xe800 or half >> 8 == 0xbf and half & 15:
            half = 0x4770
        return half << 16 | 0xbf00
    if word >> 27 not in (0x1d, 0x1e, 0x1f):
        word |= 0xe800 << 16
    if word >> 20 in (0xfa9, 0xfab):  # whose register is said twice
        word = word & ~0xf0000 | (word & 15) << 16
    return word


def drawn(count, rng, thumb, own, table):
    """Random words, as a program has them."""
    data = bytearray()
    for index, word in enumerate(draw(table, count, rng)):
        line = index // 4 % len(table)
        if thumb:
            word = t32_word(table[line][0], word, line >= len(own))
            data += struct.pack("<HH", word >> 16, word & 0xffff)
        else:
            data += struct.pack("<I", word)
    return data


def in_rounds(args, thumb, own, table):
    """Of each instruction its address, the bytes around, objdump's text and ours."""
    with tempfile.TemporaryDirectory() as place:
        for count, rng in rounds(args):
            data = drawn(count, rng, thumb, own, table)
            theirs, ours = listings(args.disassembler, place, data, thumb)
            for at, text in ours.items():
                if at not in theirs:
                    sys.exit(f"objdump has no instruction at 0x{at:x}")
                yield at, data, theirs[at], text


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("disassembler")
    parser.add_argument("set", choices=["a32", "t32"])
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=40)
    args = parser.parse_args()
    if not shutil.which(OBJDUMP):
        print("skipped: there is no " + OBJDUMP)
        sys.exit(77)
    thumb = args.set == "t32"
    own = patterns([t for t in args.tables if not (thumb and os.path.basename(t) in SHARED)])
    table = own + patterns([t for t in args.tables if thumb and os.path.basename(t) in SHARED])
    wrong, kinds, undefined, lacking, compared = 0, set(), 0, 0, 0
    for at, data, theirs, ours in in_rounds(args, thumb, own, table):
        compared += 1
        if theirs == ours:
            continue
        a, b = plain(theirs), plain(ours)
        if a == b:
            continue
        if LACKS.match(a) and (not b or not b.startswith(a.split(" ")[0])) or is_open(a, b):
            lacking += 1
            continue
        if not a or not b:
            undefined += 1
            if args.show > 1000:
                print(data[at:at + 4].hex(), "objdump", theirs, "ours", ours)
            continue
        wrong += 1
        kind = tuple(re.sub("(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)$", "", t.split(" ")[0]) for t in (a, b))
        if kind not in kinds and len(kinds) < args.show:
            kinds.add(kind)
            print(f"{data[at:at + 4].hex()}: objdump {a!r}, ours {b!r}")
    print(f"{compared} words, {wrong} differ, {lacking} of extensions that are left out, {undefined} are instructions to one alone")
    sys.exit(1 if wrong or undefined * 7 > compared else 0)


if __name__ == "__main__":
    main()
