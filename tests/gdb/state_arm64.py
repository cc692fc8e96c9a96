# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers and memory as AArch64's guest sees them, by the tables that hold now; a recording cannot be
changed. Guest: pages, whose `load` reads what lies in `data` through an address of its own."""
from common import *

VA = 0x4000000000


def physical(on):
    run(f"maintenance packet Qqemu.PhyMemMode:{int(on)}")
    check(f'"{int(on)}"' in run("maintenance packet qqemu.PhyMemMode"), "the mode is told")
    run("maintenance flush dcache")


def word(at):
    return int(gdb.parse_and_eval(f"*(unsigned long *){at:#x}"))


def to_load(level):
    monitor("goto begin")
    run(f"break load if $x0 == {VA} && ($cpsr & 0xc) == {level << 2}")
    check(go("continue") is not None, f"it loads at EL{level}")
    run("delete")


def registers():
    to_load(0)
    to_load(1)
    same(register("cpsr") & 0xf, 5, "EL1 with its own SP")
    same(register("currentel"), 4, "which a register says as well")
    same(register("ttbr0_el1"), address("&table_1"), "the root of its tables")
    same(register("sctlr_el1") & 1, 1, "which are on")
    same(register("vbar_el1"), address("&vectors"), "its vectors")
    same(register("w0"), VA & 0xffffffff, "half a register")
    same(register("vtime"), tick(), "one tick is one nanosecond")
    system = run("info registers system")
    for name in ("esr_el1", "far_el1", "elr_el1", "spsr_el1", "tcr_el1", "mair_el1", "cntvct_el0", "midr_el1", "dbgbvr0_el1"):
        check(re.search(rf"^{name}\s+0x", system, re.M), f"{name} is a system register")
    vectors = run("info registers vector")
    for name in ("v0", "v31"):
        check(re.search(rf"^{name}\s", vectors, re.M), f"{name} is a vector")
    check("tick" in run("info registers tick"), "our own")
    before, flags = (tick(), register("pc")), register("cpsr")
    run("stepi")
    same((tick() - before[0], register("pc") - before[1]), (1, 4), "a step is a tick")
    run("reverse-stepi")
    same((tick(), register("pc"), register("cpsr")), before + (flags,), "and back")


def exception():
    """What a step into an exception changes: the syndrome says what it was."""
    to_load(0)
    for _ in range(60):
        before = (tick(), register("pc"))
        run("stepi")
        if register("cpsr") & 0xc == 4:
            break
    same(register("cpsr") & 0xc, 4, "an exception is taken")
    same(register("elr_el1") & ~7, before[1] & ~7, "from there")
    same(register("pc"), address("&vectors") + 0x400, "to the vector of EL0")
    check(register("esr_el1") >> 26 in (0x15, 0x24), "a supervisor call, or data that may not be read")
    run("reverse-stepi")
    same((tick(), register("pc")), before, "back to before it")


def memory():
    to_load(1)
    data = address("&data")
    value = word(data)
    same(word(VA), value, "the page shows memory")
    check("Cannot access memory" in fails(f"x/gx {VA + 0x40000000:#x}"), "nothing mapped there")
    check("Cannot access memory" in fails(f"x/gx {1 << 39:#x}"), "beyond what tables reach")
    check("Cannot access memory" in fails(f"x/wx {uart():#x}"), "device windows are never touched")
    physical(True)
    same(word(data), value, "memory by its physical address")
    check("Cannot access memory" in fails(f"x/gx {VA:#x}"), "no RAM at that address")
    check("Cannot access memory" in fails(f"x/wx {uart():#x}"), "device windows are never touched")
    physical(False)
    monitor("goto begin")
    check("Cannot access memory" in fails(f"x/gx {VA:#x}"), "not mapped before")


def search():
    text = address("&guest_main")
    pattern = word(text)
    out = run(f"find /g {text & ~4095:#x}, +8192, {pattern:#x}")
    check(f"{text:#x}" in out and "1 pattern found" in out, "found: " + out)
    out = run(f"find /w {text & ~4095:#x}, +4096, 0x12345678, 0x87654321")
    check("not found" in out.lower(), "not found: " + out)


def no_changes():
    monitor("goto 50%")
    run("stepi")
    here, x0 = tick(), register("x0")
    check("recording" in fails("set $x0 = $x0 + 1"), "registers cannot be changed, in a sentence")
    check("recording" in fails("set $ttbr0_el1 = 0x1000"), "nor can those of the system")
    check("Cannot access memory" in fails(f"set var *(char *){address('&data'):#x} = 1"), "nor can memory")
    check("when it is" in fails("set $tick = 5"), "nor can the tick")
    run("maintenance flush register-cache")
    same((tick(), register("x0")), (here, x0), "nothing changed")


connect()
main(registers, exception, memory, search, no_changes)
