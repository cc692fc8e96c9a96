# SPDX-License-Identifier: GPL-2.0-or-later
"""AArch32 state at EL0 under AArch64's description: breakpoints at addresses of A32 and T32, steps of 4 and 2 bytes
both ways, registers of 32 bits, and instructions shown as what they are. Guest: aarch32."""
from common import *


def a32():
    at = address("&a_flags")
    monitor("goto begin")
    run(f"break *{at:#x}")
    check(go("continue") is not None, "A32 code is reached")
    run("delete")
    same((pc(), register("cpsr") & 0x3f), (at, 0x10), "in user mode, in A32")
    check("mvn" in monitor("when"), "the instruction is A32's")
    before = tick()
    run("stepi")
    same((pc(), register("x0"), tick()), (at + 4, 0xffffffff, before + 1), "a step of four bytes")
    run("reverse-stepi")
    same((pc(), tick()), (at, before), "and back")


def t32():
    at = address("&t_it")
    monitor("goto begin")
    run(f"break *{at + 2:#x}")
    check(go("continue") is not None, "T32 code is reached")
    run("delete")
    same((pc(), register("cpsr") & 0x3f), (at + 2, 0x30), "in user mode, in T32")
    check("add" in monitor("when"), "the instruction is T32's")
    run("stepi")
    same(pc(), at + 4, "a step of two bytes")
    run("reverse-stepi")
    run("reverse-stepi")
    same(pc(), at, "and back")


def exception():
    """From AArch32 to the vectors of EL1, and back by reverse steps."""
    at = address("&t_svc")
    monitor("goto begin")
    run(f"break *{at:#x}")
    check(go("continue") is not None, "the call is reached")
    run("delete")
    check("svc" in monitor("when"), "it is one")
    before = tick()
    run("stepi")
    same(pc(), address("&vectors") + 0x600, "the vector of AArch32")
    same((register("elr_el1"), register("esr_el1")), (at + 2, 0x44000012), "what it says")
    run("reverse-stepi")
    same((pc(), tick()), (at, before), "and back")


connect()
main(a32, t32, exception)
