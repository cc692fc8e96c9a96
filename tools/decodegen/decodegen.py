#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""decodegen: makes an instruction decoder from a .decode table.

usage: decodegen.py TABLE... OUTPUT.c PREFIX

Several tables are one, in this order: later ones may use what earlier ones say. The form:
  include "FILE"          of the C file that comes out; together they declare struct PREFIX_insn (with info,
                          bits, length and the operands), struct PREFIX_insn_info (name, operands,
                          lift, argument, extension) and the functions PREFIX_lift_*
  width BITS [CONDITION]  how long instructions are: BITS if the C expression CONDITION holds of the
                          word w, which begins at the first byte; the last width has none
  variant NAME...         several decoders of one table: PREFIX_decode() then takes a number, that of
                          a NAME here, from 0 on; a line's extension may begin with "NAME," and is
                          then in that decoder only
  operand NAME TYPE       an operand whose member of struct PREFIX_insn is no uint8_t
  format NAME operand=spec ...   spec: pieces of the encoding, most significant first, joined by |,
                          each HI:LO or BIT; a leading s sign-extends; <<N shifts; +N adds; #N is a
                          constant. PIECES!=N instead: lines of this format do not match where the
                          bits of those pieces are N
  NAME bits format extension lift[:argument] operands
                          bits: 0 and 1 are fixed, . is free; when two lines match, the one with
                          more fixed bits (and conditions) wins, the earlier one if equal. extension: -, or EXT_
                          names without the prefix, joined by |. lift: PREFIX_lift_NAME.
                          operands: a text for the disassembler, "-" for none.
Output: the table of `struct PREFIX_insn_info`, PREFIX_insn_infos(), and PREFIX_decode(), a tree of
switches over the bits that all remaining candidates fix. Refuses lines that can never match, names
that miss a format, and widths that miss a line.
"""
import re
import sys


class Table:
    """Of one processor."""
    def __init__(self):
        self.includes = []
        self.widths = []     # (bits, condition)
        self.variants = []
        self.types = {}      # of operands
        self.formats, self.lines = {}, []
        self.conditions = {}  # of formats: C expressions

    def cast(self, operand):
        return self.types.get(operand, "uint8_t")

    def word(self):
        return "uint64_t" if max(bits for bits, _ in self.widths) > 32 else "uint32_t"


class Line:
    def __init__(self, index, place, fields, widths, variants):
        self.index, self.place = index, place
        self.conditions = []
        self.name = fields.pop(0)
        bits = ""
        while fields and re.fullmatch(r"[01.]+", fields[0]):
            bits += fields.pop(0)
        if len(bits) not in widths or len(fields) != 4:
            sys.exit(f"{place}: {self.name}: {len(bits)} bits, {len(fields)} columns after them")
        self.format, self.extension, lift, self.operands = fields
        only, comma, rest = self.extension.partition(",")
        if only in variants:
            self.variants, self.extension = {only}, rest if comma else "-"
        else:
            self.variants = set(variants) or {""}
        self.lift, _, self.argument = lift.partition(":")
        self.width = len(bits)
        self.mask = int(re.sub("[01]", "1", bits).replace(".", "0"), 2)
        self.match = int(bits.replace(".", "0"), 2)
        if self.operands == "-":
            self.operands = ""

    def weight(self):
        return bin(self.mask).count("1") + len(self.conditions)


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


def read_format(table, name, items):
    table.formats[name], table.conditions[name] = [], []
    for item in items:
        unequal = re.fullmatch(r"([0-9:|]+)!=(\d+)", item)
        if unequal:
            table.conditions[name].append(f"({piece_expression(unequal[1])}) != {unequal[2]}")
        else:
            table.formats[name].append(item.split("=", 1))


def read_directive(table, place, fields):
    """False if the line is none."""
    if fields[0] == "include" and len(fields) == 2:
        table.includes.append(fields[1])
    elif fields[0] == "width" and len(fields) >= 2 and fields[1].isdigit():
        table.widths.append((int(fields[1]), " ".join(fields[2:])))
    elif fields[0] == "variant" and len(fields) >= 3 and not table.lines:
        table.variants = fields[1:]
    elif fields[0] == "operand" and len(fields) == 3:
        table.types[fields[1]] = fields[2]
    elif fields[0] == "format" and len(fields) >= 2:
        read_format(table, fields[1], fields[2:])
    elif fields[0] in ("include", "width", "variant", "operand", "format"):
        sys.exit(f"{place}: a malformed {fields[0]}")
    else:
        return False
    return True


def check_widths(table, path):
    if not table.includes or not table.widths:
        sys.exit(f"{path}: it says no include or no width")
    for i, (bits, condition) in enumerate(table.widths):
        if bits % 8 or not 8 <= bits <= 64:
            sys.exit(f"{path}: a width of {bits} bits")
        if bool(condition) == (i + 1 == len(table.widths)):
            sys.exit(f"{path}: all widths but the last have a condition")
        if not any(line.width == bits for line in table.lines):
            sys.exit(f"{path}: no instruction has {bits} bits")


def read_lines(table, path, say_path):
    with open(path, encoding="ascii") as file:
        for number, text in enumerate(file, 1):
            place = f"{path.rsplit('/', 1)[-1]}: line {number}" if say_path else f"line {number}"
            is_format = text.startswith("format")
            fields = (text if is_format else text.split("#", 1)[0]).split()
            if not fields or read_directive(table, place, fields):
                continue
            widths = [bits for bits, _ in table.widths]
            table.lines.append(Line(len(table.lines), place, fields, widths, table.variants))


def read_tables(paths):
    table = Table()
    for path in paths:
        read_lines(table, path, len(paths) > 1)
    same = {}
    for a in table.lines:
        if a.format not in table.formats:
            sys.exit(f"{a.place}: no format {a.format}")
        a.conditions = table.conditions[a.format]
        for b in same.setdefault((a.width, a.mask, a.match), []):
            if a.variants & b.variants and set(b.conditions) == set(a.conditions):
                sys.exit(f"{a.place}: {a.name} never matches: {b.place} is the same")
        same[(a.width, a.mask, a.match)].append(a)
    check_widths(table, paths[0])
    return table


def tree(lines, used, depth, out):
    """Emits code that returns the index of the line that `w` matches."""
    pad = "    " * depth
    common = ~used
    for line in lines:
        common &= line.mask
    if common == 0 or len(lines) == 1:
        for line in sorted(lines, key=lambda l: -l.weight()):
            rest = line.mask & ~used
            if rest == 0 and not line.conditions:
                out.append(f"{pad}return {line.index};")
                return
            tests = [f"(w & {rest:#x}u) == {line.match & rest:#x}u"] if rest else []
            out.append(f"{pad}if ({' && '.join(tests + line.conditions)}) {{")
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


def put_infos(table, prefix, out):
    out.append(f"static const struct {prefix}_insn_info infos[] = {{")
    for l in table.lines:
        ext = " | ".join(f"EXT_{e}" for e in l.extension.split("|")) if l.extension != "-" else "0"
        out.append(f'    {{"{l.name}", "{l.operands}", {prefix}_lift_{l.lift}, '
                   f"{l.argument or 0}, {ext}}},")
    out += ["};", ""]


def put_fields(table, prefix, out):
    word = table.word()
    for name, operands in table.formats.items():
        out.append(f"static void fields_{name}({word} w, struct {prefix}_insn *i)")
        out.append("{")
        if not operands:
            out += ["    (void)w;", "    (void)i;"]
        for operand, spec in operands:
            out.append(f"    i->{operand} = ({table.cast(operand)})({piece_expression(spec)});")
        out += ["}", ""]
    out.append(f"typedef void fields_fn({word} w, struct {prefix}_insn *i);")
    out.append("static fields_fn *const fields[] = {")
    out += [f"    fields_{l.format}," for l in table.lines]
    out += ["};", ""]


def put_decode(table, prefix, out):
    word = table.word()
    names = table.variants or [""]
    many = len(names) > 1
    for width, _ in table.widths:
        for name in names:
            out += [f"static int find_{width}{'_' * many}{name}({word} w)", "{"]
            tree([l for l in table.lines if l.width == width and name in l.variants], 0, 1, out)
            out += ["}", ""]
        if many:
            out += [f"static int find_{width}({word} w, unsigned variant)", "{"]
            out += [f"    static int (*const finders[])({word}) = {{"]
            out += [f"        find_{width}_{name}," for name in names]
            out += ["    };", "", "    return finders[variant](w);", "}", ""]
    of, at = (", unsigned variant", ", variant") if many else ("", "")
    out += [f"bool {prefix}_decode({word} w{of}, struct {prefix}_insn *i)", "{", "    unsigned bits;",
            "    int index;", ""]
    for n, (width, condition) in enumerate(table.widths):
        lead = "    } else " if n else "    "
        out.append(f"{lead}if ({condition}) {{" if condition else f"{lead}{{" if n else "    {")
        out += [f"        bits = {width};", f"        w &= {(1 << width) - 1:#x}u;",
                f"        index = find_{width}(w{at});"]
    out += ["    }", f"    *i = (struct {prefix}_insn){{.bits = w, .length = (uint8_t)(bits / 8)}};",
            "    if (index < 0) {", "        return false;", "    }",
            "    i->info = &infos[index];", "    fields[index](w, i);", "    return true;", "}", "",
            f"const struct {prefix}_insn_info *{prefix}_insn_infos(size_t *count)", "{",
            "    *count = ARRAY_LEN(infos);", "    return infos;", "}", ""]


def main():
    *paths, output, prefix = sys.argv[1:]
    table = read_tables(paths)
    names = " and ".join(path.rsplit("/", 1)[-1] for path in paths)
    out = [f"/* Made by tools/decodegen from {names}; not to be edited. */",
           *(f"#include {name}" for name in table.includes), ""]
    put_infos(table, prefix, out)
    put_fields(table, prefix, out)
    put_decode(table, prefix, out)
    with open(output, "w", encoding="ascii") as file:
        file.write("\n".join(out))


main()
