#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our disassembly of random words against that of binutils' objdump, word by word: the same text, comments
apart, and unallocated in both or in neither.
usage: disas_compare.py DISASSEMBLER TABLE... [--count N] [--seed S]
In rounds of ROUND words, each of another seed from S on. DISASSEMBLER ISA FILE prints one "offset TAB text" a line. Half of the words have the fixed bits of a line
of the tables and chance in the others, a quarter a bit of those flipped as well, a quarter is chance.
Exits 77 (skipped) without objdump. Left out:
- what LACKS matches: extensions of which no CPU of ours has any
- encodings that are constrained unpredictable: objdump takes some of them for unallocated (OPEN)"""
import argparse
import concurrent.futures
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

OBJDUMP = os.environ.get("OBJDUMP", "aarch64-linux-gnu-objdump")
# MTE, BF16, I8MM, FHM, SM3 and SM4, copies and sets of memory, TME, LS64, CSSC, consistent branches.
LACKS = re.compile(
    r"(addg|subg|irg|gmi|subps?|cmpp|stz?2?g|stz?gm?|stzg|stgp|stgm|ldgm?|bf\w*|[su]*mmla|usdot|sudot|fml[as]l2?|sm[34]\w*|"
    r"cpy\w+|set[gpme]\w*|t(start|commit|cancel|test)|(ld|st)64b\w*|abs|cnt|ctz|[su](max|min)|bc\.\w+|wf[ei]t) |tcommit|"
    r"dcps\d |drps$|dsb \w+nxs")
# Registers and operations of the system space that have no name in names.def; ours prints their numbers.
UNNAMED = re.compile(
    r"(msr|mrs) .*(trc|brb|am[ceu]|mpam|csr|zcr|smcr|smpri|smidr|svcr|pr(bar|lar|enr|selr)|pms|pmb|tf|trb|trf|tpidr2|gmid|gcr|"
    r"rgsr|er[xr]|disr|vdisr|vsesr|mpuir|vs(ctlr|tcr|ttbr)|scxt|lor|mecid|gpt|hdfg|hfg|haf|cntpoff|rcw|pmmir|accdata|vncr|"
    r"allint)|(tlbi|dc|at|cfp|dvp|cpp) ")
OPEN = re.compile(r"(ldpsw|ldaxp|ldxp|stl?xp|ldl?arb?|ldl?arh|stl?lrb?|stl?lrh|ldr|str|ldp|stp) ")
NUMBERED = re.compile(r".*\bs\d_\d_c|sysl? |hint #|prfu?m #0x|prfm #|clearbhb$")  # ours, without a name
KNOWN = (2, 40)
ROUND = 200000
WITHOUT = re.compile("(ic iallu(is)?|tlbi \\w+)")  # operations without a register, whose field is 31 elsewhere
DIRECTIVES = ("include", "width", "operand", "format", "variant")


def patterns(paths):
    found = []
    for path in paths:
        for line in open(path, encoding="ascii"):
            fields = line.split()
            if not fields or line.startswith("#") or fields[0] in DIRECTIVES:
                continue
            bits = ""
            for field in fields[1:]:
                if not re.fullmatch("[01.]+", field):
                    break
                bits += field
            found.append((int(re.sub("[01]", "1", bits).replace(".", "0"), 2), int(bits.replace(".", "0"), 2)))
    return found


def draw(table, count, rng):
    words = list(struct.unpack(f"<{count}I", rng.randbytes(4 * count)))
    for index in range(count):
        mask, match = table[index // 4 % len(table)]
        if index % 4 < 3:
            words[index] = words[index] & ~mask | match
        if index % 4 == 2:
            words[index] ^= 1 << rng.getrandbits(5)
    return words


def rounds(args):
    """The size and the chance of each round."""
    for first in range(0, args.count, ROUND):
        yield min(ROUND, args.count - first), random.Random(args.seed + first // ROUND)


def both(theirs, ours):
    """What two programs print, which run at once."""
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in (theirs, ours)]
    with concurrent.futures.ThreadPoolExecutor(1) as reader:
        other = reader.submit(running[1].stdout.read)
        said = running[0].stdout.read(), other.result()
    for one in running:
        if one.wait() != 0:
            sys.exit(f"{one.args[0]} failed: {one.returncode}")
    return said


def listings(disassembler, place, words):
    """The texts of all words: objdump's, with comments, and ours."""
    with open(f"{place}/words", "wb") as file:
        file.write(struct.pack(f"<{len(words)}I", *words))
    theirs, ours = both([OBJDUMP, "-D", "-b", "binary", "-m", "aarch64", "-z", f"{place}/words"],
                        [disassembler, "aarch64", f"{place}/words"])
    rows = [l.split("\t", 2) for l in theirs.splitlines()]
    theirs = [r[2] for r in rows if len(r) == 3]
    ours = [l.split("\t", 1)[1] for l in ours.splitlines()]
    if not len(words) == len(theirs) == len(ours):
        sys.exit(f"{len(words)} words, {len(theirs)} lines of objdump, {len(ours)} of ours")
    return theirs, ours


def is_newer():
    said = subprocess.run([OBJDUMP, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r" (\d+)\.(\d+)", said.splitlines()[0])
    return (int(found[1]), int(found[2])) > KNOWN


def whole_list(found):
    first, shape, last = int(found[1]), found[2], int(found[3])
    return ", ".join(f"v{(first + i) % 32}{shape}" for i in range((last - first) % 32 + 1))


def plain(text):
    text = re.sub(r"\s*//.*|\s+;.*", "", text)
    text = re.sub(r"v(\d+)(\.\w+)-v(\d+)\.\w+", whole_list, text)  # three and more, and two since 2.42
    return re.sub(r"\s+", " ", text).strip()


def compared(args, table):
    """Each word whose texts are not the same as they are."""
    with tempfile.TemporaryDirectory() as place:
        for count, rng in rounds(args):
            words = draw(table, count, rng)
            for word, theirs, ours in zip(words, *listings(args.disassembler, place, words)):
                if theirs != ours and not (theirs.startswith(".inst") and ours.startswith(".inst")):
                    yield word, theirs, ours


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("disassembler")
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--count", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=40)
    args = parser.parse_args()
    if not shutil.which(OBJDUMP):
        print("skipped: there is no " + OBJDUMP)
        sys.exit(77)
    newer, table = is_newer(), patterns(args.tables)
    wrong, kinds, lacking, unpredictable = 0, set(), 0, 0
    for word, theirs, ours in compared(args, table):
        a = "" if "undefined" in theirs or theirs.startswith(".inst") else plain(theirs)
        b = "" if ".inst" in ours else plain(ours)
        if a == b:
            continue
        if not b and (word >> 25 & 15 in (0, 2) and word >> 16 or LACKS.match(a)):  # of SVE and SME
            lacking += 1
            continue
        if UNNAMED.match(a) and re.search(r"\bs\d_\d_c|^sysl? ", b):
            lacking += 1
            continue
        if newer and a and (not b or NUMBERED.match(b)):
            lacking += 1
            continue
        if not a and OPEN.match(b) or not b and re.match("[su]mulh ", a) or re.search(r"\bs0_\d_c", a) or a.startswith(("smst", "msr svcr")) or \
                not word & 0xf80000 ^ 0x080000 and WITHOUT.fullmatch(a) and word & 31 != 31:
            unpredictable += 1
            continue
        wrong += 1
        kind = (a.split(" ")[0], b.split(" ")[0])
        if kind not in kinds and len(kinds) < args.show:
            kinds.add(kind)
            print(f"{word:08x}: objdump {a or 'undefined'!r}, ours {b or 'undefined'!r}")
    print(f"{args.count} words, {wrong} differ, {lacking} of extensions that are left out, "
          f"{unpredictable} unpredictable")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
