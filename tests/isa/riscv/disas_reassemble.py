#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Disassembles random instructions of insn.decode and has binutils assemble the text again:
the bytes must be the same. usage: disas_reassemble.py DISASSEMBLER rv32|rv64 insn.decode [count [seed]]
DISASSEMBLER ISA FILE prints one "offset TAB text" a line. Exits 77 (skipped) without the assembler; what
is of extensions that it does not know (Debian 12's: Zfa, Zicond) is left out and named."""
import random
import re
import shutil
import subprocess
import sys
import tempfile

AS = "riscv64-linux-gnu-as"
OBJCOPY = "riscv64-linux-gnu-objcopy"
DIRECTIVES = ("include", "width", "variant", "operand", "format")
ARCH = "imafdc_zicsr_zifencei_zihintpause"


def assembler_knows(extension):
    done = subprocess.run([AS, f"-march=rv64imafd_{extension}", "-o", "/dev/null", "/dev/null"],
                          capture_output=True)
    return done.returncode == 0


def patterns(path, variant, unknown):
    """Their bits, without those of extensions that the assembler does not know; these are named in
    `unknown`, and all the others are in the -march that is returned with them."""
    found, names = [], set()
    arch = variant + ARCH
    for line in open(path, encoding="ascii"):
        fields = line.split()
        if not fields or fields[0] in DIRECTIVES or line.startswith("#"):
            continue
        bits = ""
        for field in fields[1:]:
            if not re.fullmatch("[01.]+", field):
                break
            bits += field
        extension = [f for f in fields[1:] if not re.fullmatch("[01.]+", f)][1].lower()
        only, _, extension = extension.rpartition(",")
        if extension in ("rv32", "rv64"):
            only, extension = extension, "-"
        names = names if only not in ("", variant) else names | {n for n in extension.split("|") if n != "-"}
        if only in ("", variant):
            found.append((bits, extension))
    for name in sorted(names):
        if assembler_knows(name):
            arch += "_" + name
        else:
            unknown.add(name)
    return [bits for bits, extension in found
            if not unknown & set(extension.split("|"))], arch


def image(table, count, seed):
    random.seed(seed)
    out = b""
    for index in range(count):
        bits = table[index % len(table)]
        word = int("".join(random.choice("01") if b == "." else b for b in bits), 2)
        out += word.to_bytes(len(bits) // 8, "little")
    return out


def source(listing, total, width):
    """Addresses as distances: the assembler has no fixed place for the text."""
    rows = [line.split("\t", 1) for line in listing.splitlines()]
    ends = [int(r[0], 16) for r in rows[1:]] + [total]
    text = []
    for (offset, insn), end in zip(rows, ends):
        at = int(offset, 16)
        text.append(".option rvc" if end - at == 2 else ".option norvc")
        branch = re.fullmatch(r"((?:j|(?:c\.)?jal|b(?:eq|ne|lt|ge|gt|le)[uz]?)\t.*?)0x([0-9a-f]+)", insn)
        if branch:
            distance = int(branch[2], 16) - at
            if distance >= 1 << (width - 1):
                distance -= 1 << width
            insn = f"{branch[1]}.{distance:+d}"
        text.append(insn)
    return "\n".join(text) + "\n"


def main():
    if not shutil.which(AS):
        print("skipped: there is no " + AS)
        sys.exit(77)
    disassembler, variant, table = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 5000
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    unknown = set()
    table, arch = patterns(table, variant, unknown)
    code = image(table, count, seed)
    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/code", "wb") as file:
            file.write(code)
        listing = subprocess.run([disassembler, variant.replace("rv", "riscv"), f"{place}/code"], check=True, capture_output=True,
                                 text=True).stdout
        with open(f"{place}/code.s", "w", encoding="ascii") as file:
            file.write(source(listing, len(code), int(variant[2:])))
        done = subprocess.run([AS, f"-march={arch}", "-mabi=" + ("ilp32d" if variant == "rv32" else "lp64d"),
                               "-mno-relax", f"{place}/code.s", "-o",
                               f"{place}/code.o"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit("\n".join(done.stderr.splitlines()[:40]))
        subprocess.run([OBJCOPY, "-O", "binary", "-j", ".text", f"{place}/code.o",
                        f"{place}/again"], check=True)
        again = open(f"{place}/again", "rb").read()
    rows = [line.split("\t", 1) for line in listing.splitlines()]
    wrong = 0
    ends = [int(r[0], 16) for r in rows[1:]] + [len(code)]
    for (offset, insn), end in zip(rows, ends):
        at = int(offset, 16)
        if code[at:end] != again[at:end]:
            wrong += 1
            print(f"{offset}: {code[at:end][::-1].hex()} printed as {insn!r}, assembled to "
                  f"{again[at:end][::-1].hex()}")
            if wrong > 20:
                break
    print(f"{len(rows)} instructions, {wrong} differ" +
          (f"; not known to this assembler: {', '.join(sorted(unknown))}" if unknown else ""))
    sys.exit(1 if wrong or len(code) != len(again) else 0)


main()
