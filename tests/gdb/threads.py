# SPDX-License-Identifier: GPL-2.0-or-later
"""A thread per hart: names, selection, whose breakpoint it was, steps of one hart both ways."""
from common import *

HARTS = 3


def names():
    out = run("info threads")
    for h in range(HARTS):
        check(f'"hart{h}"' in out, f"hart{h} is named: " + out)
    ids = [t.ptid[1] or t.ptid[2] for t in gdb.selected_inferior().threads()]
    same(sorted(ids), [1, 2, 3], "threads are numbered from 1")


def select(hart):
    run(f"thread {hart + 1}")
    same(hart_register(), hart, "the selected hart's registers")


def breakpoints():
    monitor("goto begin")
    run("break lap_runner")
    harts = set()
    forwards = []
    for _ in range(HARTS):
        run("continue")
        hart = gdb.selected_thread().num - 1
        same(hart_register(), hart, "the reply names the hart that met it")
        harts.add(hart)
        forwards.append((hart, tick()))
    same(harts, set(range(HARTS)), "every hart meets it")
    is_end("continue", "end")
    backwards = []
    for _ in range(HARTS):
        run("reverse-continue")
        hart = gdb.selected_thread().num - 1
        same(hart_register(), hart, "the reply names the hart that met it")
        backwards.append((hart, tick()))
    same(backwards, forwards[::-1], "the same backwards")
    run("delete")


def steps():
    """Steps of one hart pass the others' by, and lead back to where they came from."""
    monitor("goto 50%")
    for hart in range(HARTS):
        select(hart)
        there = [(tick(), pc())]
        for _ in range(30):
            run("stepi")
            same(gdb.selected_thread().num - 1, hart, "still the same hart")
            there.append((tick(), pc()))
        back = [there[-1]]
        for _ in range(30):
            run("reverse-stepi")
            same(gdb.selected_thread().num - 1, hart, "still the same hart")
            back.append((tick(), pc()))
        # The first place may be before the hart's turn; its own steps are the same.
        same(back[:-1], there[:0:-1], f"hart{hart} there and back")


def others_breakpoints():
    """While one hart is stepped another may meet a breakpoint, both ways; not if the scheduler is
    locked."""
    monitor("goto begin")
    run("break on_software")
    for _ in range(8):
        check(go("continue") is not None, "interrupts are taken")
    hart, met = gdb.selected_thread().num - 1, tick()
    other = (hart + 1) % HARTS
    monitor(f"goto {met - 1}")
    select(other)
    check(go("stepi") is not None, "another hart's breakpoint is met")
    same((gdb.selected_thread().num - 1, tick()), (hart, met), "where it was before")
    monitor(f"goto {met - 1}")
    select(other)
    run("set scheduler-locking on")
    same(go("stepi"), None, "locked: it is passed by")
    same(gdb.selected_thread().num - 1, other, "the hart that was stepped")
    check(tick() > met, "after that breakpoint")
    same(go("reverse-stepi"), None, "locked: it is passed by backwards too")
    turn = tick()
    check(turn > met, "the first step of the hart's turn")
    same(go("reverse-stepi"), None, "locked: it is passed by backwards too")
    check(tick() < met, "its turn before")
    # Not locked, gdb does not say whose step back it wants: unit tests do that one.
    run("set scheduler-locking off")
    run("delete")


connect(f"--smp {HARTS}")
main(names, breakpoints, steps, others_breakpoints)
