# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers and memory as the guest sees them, and that a recording cannot be changed. Guest:
pagefault, which runs its functions `load` and `store` in supervisor mode on pages mapped elsewhere."""
from common import *

WINDOW = 0x40000000


def physical(on):
    run(f"maintenance packet Qqemu.PhyMemMode:{int(on)}")
    check(f'"{int(on)}"' in run("maintenance packet qqemu.PhyMemMode"), "the mode is told")
    run("maintenance flush dcache")


def word(at):
    return int(gdb.parse_and_eval(f"*(unsigned long *){at:#x}"))


def to_supervisor_load():
    monitor("goto begin")
    # With a leaf that allows it: valid, readable, writable, not the user's, accessed, dirty.
    run(f"break load if $priv == 1 && $a0 == {WINDOW + 64} && (leaves[0] & 0xd7) == 0xc7")
    check(go("continue") is not None, "it loads from the window in supervisor mode")
    run("delete")


def registers():
    to_supervisor_load()
    same(register("priv"), 1, "supervisor mode")
    same(register("satp") >> 60, 8, "Sv39")
    same((register("satp") & (1 << 44) - 1) << 12, address("&root"), "its root")
    same(register("zero"), 0, "x0")
    same(register("vtime"), tick(), "one tick is one nanosecond")
    groups = run("info registers csr")
    for name in ("mepc", "mcause", "medeleg", "sepc", "pmpcfg0", "time", "misa"):
        check(re.search(rf"^{name}\s", groups, re.M), f"{name} is a control register")
    floats = run("info registers float")
    for name in ("ft0", "fs11", "fflags", "frm", "fcsr"):
        check(re.search(rf"^{name}\s", floats, re.M), f"{name} is a floating-point register")
    check("tick" in run("info registers tick"), "our own")
    before = (tick(), register("mcycle"))
    run("stepi")
    same((tick() - before[0], register("mcycle") - before[1]), (1, 1), "a step is a tick and a cycle")
    run("reverse-stepi")
    same((tick(), register("mcycle")), before, "and back")


def memory():
    to_supervisor_load()
    frames = address("&frames")
    value = word(frames + 64)
    same(word(WINDOW + 64), value, "the window shows a frame")
    check("Cannot access memory" in fails(f"x/gx {WINDOW + 0x10000000:#x}"), "nothing mapped there")
    check("Cannot access memory" in fails("x/wx 0x10000000"), "the UART is mapped nowhere")
    physical(True)
    same(word(frames + 64), value, "the frame by its physical address")
    check("Cannot access memory" in fails(f"x/gx {WINDOW + 64:#x}"), "no RAM at that address")
    check("Cannot access memory" in fails("x/wx 0x10000000"), "device windows are never touched")
    physical(False)
    monitor("goto begin")
    check("Cannot access memory" in fails(f"x/gx {WINDOW + 64:#x}"), "not mapped before")
    check("Cannot access memory" in fails("x/wx 0x10000000"), "device windows are never touched")


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
    here, a0 = tick(), register("a0")
    check("recording" in fails("set $a0 = $a0 + 1"), "registers cannot be changed, in a sentence")
    check("Cannot access memory" in fails(f"set var *(char *){address('&frames'):#x} = 1"),
          "nor can memory")
    check("when it is" in fails("set $tick = 5"), "nor can the tick")
    run("maintenance flush register-cache")
    same((tick(), register("a0")), (here, a0), "nothing changed")


connect()
main(registers, memory, search, no_changes)
