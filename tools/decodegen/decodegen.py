#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""decodegen: makes an instruction decoder from a .decode table.

usage: decodegen.py TABLE OUTPUT.c PREFIX

The table's form is described at its own head (src/isa/riscv/insn.decode). Output: the table of
`struct PREFIX_insn_info` with name, operands, extension and lift function, and PREFIX_decode(),
a tree of switches over the bits that all remaining candidates fix. Refuses lines that can never
match and names that miss a format.
"""
import re
import sys


class Line:
    def __init__(self, index, number, fields):
        self.index, self.number = index, number
        self.name = fields.pop(0)
        bits = ""
        while fields and re.fullmatch(r"[01.]+", fields[0]):
            bits += fields.pop(0)
        if len(bits) not in (16, 32) or len(fields) != 4:
            sys.exit(f"line {number}: {self.name}: {len(bits)} bits, {len(fields)} columns after them")
        self.format, self.extension, lift, self.operands = fields
        self.lift, _, self.argument = lift.partition(":")
        self.width = len(bits)
        self.mask = int(re.sub("[01]", "1", bits).replace(".", "0"), 2)
        self.match = int(bits.replace(".", "0"), 2)
        if self.operands == "-":
            self.operands = ""


def piece_expression(spec):
    """C expression for one operand's spec."""
    if spec.startswith("#"):
        return spec[1:]
    found = re.fullmatch(r"(s?)([0-9:|]+)(?:<<(\d+))?(?:\+(\d+))?", spec)
    if not found:
        sys.exit(f"bad operand {spec}")
    signed, pieces, shift, plus = found.groups()
    shift, terms = int(shift or 0), []
    position = shift
    for piece in reversed(pieces.split("|")):
        high, _, low = piece.partition(":")
        length = int(high) - int(low or high) + 1
        terms.append((f"bits_get(w, {low or high}, {length})", position))
        position += length
    text = " | ".join(f"{t} << {at}" if at else t for t, at in reversed(terms))
    if signed:
        text = f"bits_sext({text}, {position})"
    if plus:
        text = f"({text}) + {plus}" if len(terms) > 1 else f"{text} + {plus}"
    return text


def read_table(path):
    formats, lines = {}, []
    with open(path, encoding="ascii") as table:
        for number, text in enumerate(table, 1):
            fields = text.split("#", 1)[0].split() if not text.startswith("format") else text.split()
            if not fields:
                continue
            if fields[0] == "format":
                formats[fields[1]] = [f.split("=", 1) for f in fields[2:]]
            else:
                lines.append(Line(len(lines), number, fields))
    for a in lines:
        if a.format not in formats:
            sys.exit(f"line {a.number}: no format {a.format}")
        for b in lines[: a.index]:
            if (a.width, a.mask, a.match) == (b.width, b.mask, b.match):
                sys.exit(f"line {a.number}: {a.name} never matches: line {b.number} is the same")
    return formats, lines


def tree(lines, used, depth, out):
    """Emits code that returns the index of the line that `w` matches."""
    pad = "    " * depth
    common = ~used
    for line in lines:
        common &= line.mask
    if common == 0 or len(lines) == 1:
        for line in sorted(lines, key=lambda l: -bin(l.mask).count("1")):
            rest = line.mask & ~used
            if rest == 0:
                out.append(f"{pad}return {line.index};")
                return
            out.append(f"{pad}if ((w & {rest:#x}u) == {line.match & rest:#x}u) {{")
            out.append(f"{pad}    return {line.index};")
            out.append(f"{pad}}}")
        out.append(f"{pad}return -1;")
        return
    out.append(f"{pad}switch (w & {common:#x}u) {{")
    for value in sorted({line.match & common for line in lines}):
        out.append(f"{pad}case {value:#x}u:")
        tree([l for l in lines if l.match & common == value], used | common, depth + 1, out)
    out.append(f"{pad}default: return -1;")
    out.append(f"{pad}}}")


def main():
    path, output, prefix = sys.argv[1:]
    formats, lines = read_table(path)
    out = [f"/* Made by tools/decodegen from {path.rsplit('/', 1)[-1]}; not to be edited. */",
           '#include "isa/riscv/lift.h"', ""]
    out.append(f"static const struct {prefix}_insn_info infos[] = {{")
    for l in lines:
        ext = "0" if l.extension == "-" else f"EXT_{l.extension}"
        out.append(f'    {{"{l.name}", "{l.operands}", {prefix}_lift_{l.lift}, '
                   f"{l.argument or 0}, {ext}}},")
    out += ["};", ""]
    for name, operands in formats.items():
        out.append(f"static void fields_{name}(uint32_t w, struct {prefix}_insn *i)")
        out.append("{")
        if not operands:
            out += ["    (void)w;", "    (void)i;"]
        for operand, spec in operands:
            cast = "int64_t" if operand == "imm" else "uint16_t" if operand == "csr" else "uint8_t"
            out.append(f"    i->{operand} = ({cast})({piece_expression(spec)});")
        out += ["}", ""]
    out.append("typedef void fields_fn(uint32_t w, struct %s_insn *i);" % prefix)
    out.append("static fields_fn *const fields[] = {")
    out += [f"    fields_{l.format}," for l in lines]
    out += ["};", ""]
    for width in (16, 32):
        out += [f"static int find_{width}(uint32_t w)", "{"]
        tree([l for l in lines if l.width == width], 0, 1, out)
        out += ["}", ""]
    out += [f"bool {prefix}_decode(uint32_t w, struct {prefix}_insn *i)", "{",
            "    bool wide = (w & 3) == 3;",
            "    int index = wide ? find_32(w) : find_16(w & 0xffff);", "",
            f"    *i = (struct {prefix}_insn){{.bits = wide ? w : w & 0xffff, .length = wide ? 4 : 2}};",
            "    if (index < 0) {", "        return false;", "    }",
            "    i->info = &infos[index];", "    fields[index](w, i);", "    return true;", "}", "",
            f"const struct {prefix}_insn_info *{prefix}_insn_infos(size_t *count)", "{",
            "    *count = ARRAY_LEN(infos);", "    return infos;", "}", ""]
    with open(output, "w", encoding="ascii") as file:
        file.write("\n".join(out))


main()
