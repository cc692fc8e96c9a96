#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""decodegen_refuses: tables that tools/decodegen refuses with a sentence, and one that it takes.

usage: decodegen_refuses.py DECODEGEN
"""
import os
import subprocess
import sys
import tempfile

TWO = ('include "x.h"\nwidth 8\nvariant A B\nformat none\nnop 00000000 none A nop -\n'
       "other 00000000 none B,X|Y nop -\n")
SOME = ('include "x.h"\nwidth 8\nformat none\nformat some 7!=0\nnop 00000000 some - nop -\n'
        "again 00000000 none - nop -\n")
GOOD = 'include "x.h"\nwidth 8\nformat none\nnop 00000000 none - nop -\n'
BAD = {
    "line 4: no format other": GOOD.replace("none - nop", "other - nop"),
    "it says no include or no width": GOOD.replace('include "x.h"\n', ""),
    "line 4: nop: 8 bits": GOOD.replace("width 8", "width 16"),
    "line 5: again never matches": GOOD + "again 00000000 none - nop -\n",
    "line 4: nop: 7 bits": GOOD.replace("00000000", "0000000"),
    "all widths but the last have a condition": GOOD.replace("width 8", "width 8\nwidth 8"),
    "no instruction has 16 bits": GOOD.replace("width 8", "width 8 w == 0\nwidth 16"),
    "a width of 12 bits": GOOD.replace("width 8", "width 12").replace("00000000", "000000000000"),
    "a malformed operand": GOOD + "operand x\n",
    "a malformed variant": GOOD.replace("width 8", "width 8\nvariant A"),
    "line 7: again never matches": TWO + "again 00000000 none B nop -\n",
    "line 6: again never matches": GOOD.replace("none\nnop", "none\nformat some 7!=0\nnop").replace(
        "none - nop", "some - nop") + "again 00000000 some - nop -\n",
    "bad operand 3-1": GOOD.replace("format none", "format none d=3-1"),
}


def run(decodegen, folder, table):
    path = os.path.join(folder, "t.decode")
    with open(path, "w", encoding="ascii") as file:
        file.write(table)
    return subprocess.run([sys.executable, decodegen, path, os.path.join(folder, "t.c"), "t"],
                          capture_output=True, text=True, check=False)


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for good in (GOOD, TWO, SOME):
            if run(sys.argv[1], folder, good).returncode != 0:
                print("a good table is refused: " + good)
                failed += 1
        for sentence, table in BAD.items():
            r = run(sys.argv[1], folder, table)
            if r.returncode != 1 or sentence not in r.stderr or "Traceback" in r.stderr:
                print(f"wanted {sentence!r}, got {r.returncode} {r.stderr!r}")
                failed += 1
    sys.exit(failed != 0)


main()
