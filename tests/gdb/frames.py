# SPDX-License-Identifier: GPL-2.0-or-later
"""Code without symbols in which R11 is no frame pointer: what gdb takes for the function's place cannot be read, and each
step ends in an error. With our extension (src/gdb/extension.py) steps and frames go on. Guest: any of 32-bit Arm."""
from common import *

NOWHERE = 0x20000000


LOST = f"Cannot access memory at address {NOWHERE:#x}"


def without():
    """R11 leads to a word that says NOWHERE, a little before which gdb looks."""
    run("file")
    word = register("sp") - 64 & ~3
    run(f"set var *(unsigned *){word:#x} = {NOWHERE + 8:#x}")
    check(LOST in fails(f"set $r11 = {word:#x}"), "gdb alone cannot show where it is")
    check(LOST in fails("stepi"), "and breaks off a step")


def extended():
    here = os.path.dirname(os.path.abspath(__file__))
    run("source " + os.path.join(here, "../../src/gdb/extension.py"))
    way = [(tick(), pc())]
    for _ in range(20):
        run("stepi")
        way.append((tick(), pc()))
    for place in way[-2::-1]:
        run("reverse-stepi")
        same((tick(), pc()), place, "steps back are those forwards")
    frame = gdb.selected_frame()
    same(frame.pc(), pc(), "the frame is known")
    same(frame.older().pc(), register("lr") & ~1, "its caller is where it returns to")
    check(frame.older().older() is None, "and the last one that is told")
    same(int(frame.older().read_register("r11")) & 0xffffffff, register("r11"), "which has the same registers")


connect("--live 3000")
main(without, extended)
