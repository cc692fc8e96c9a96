# SPDX-License-Identifier: GPL-2.0-or-later
"""Breakpoints with conditions that the server evaluates: they are met where gdb's own evaluation
says, both ways, and nothing else is told to gdb. Guest: lines, which calls hear(0) to hear(999)."""
import time

from common import *

CALLS = 1000
CONDITIONS = {
    "x == 500": 1,
    "x % 97 == 5": 11,
    "(int)x - 990 > 0": 9,
    "(signed char)x < -100": 112,
    "x == 5 || x == 995": 2,
    "x > 3 && x < 7 && !(x == 5)": 2,
    "*(unsigned char *)&x == 0x7f": 4,
    "(heard & 31) == 3": None,
    "$a0 * 2 == 1998": 1,
    "1000 / (x - 500) == 1000": 2,  # once without a value, which people are to see
    "$tick % 17 == 0": None,
    "(double)x > 998.5": 1,  # floating point is left to gdb
}


def mode():
    run("set breakpoint condition-evaluation target")
    check("mode is target" in run("show breakpoint condition-evaluation"), "it may")
    run("break hear if x == 500")
    before = len(packets())
    check(go("reverse-continue") is not None, "it is met backwards")
    same(int(gdb.parse_and_eval("x")), 500, "where the condition holds")
    check("stop only if x == 500 (target evals)" in run("info breakpoints"), "gdb says so")
    at = tick()
    is_end("reverse-continue", "begin")
    check(go("continue") is not None, "it is met forwards")
    same((int(gdb.parse_and_eval("x")), tick()), (500, at), "at the same place")
    is_end("continue", "end")
    sent = packets()[before:]
    inserted = [p for p in sent if p.startswith("Z0,")]
    check(inserted and all(";X" in p for p in inserted), f"with its condition: {inserted}")
    resumed = [p for p in sent if p.startswith("bc") or p.startswith("vCont")]
    check(len(resumed) <= 6, f"few packets for a thousand calls: {resumed}")
    run("delete")


def never():
    monitor("goto end")
    run("break hear if x == 5000")
    is_end("reverse-continue", "begin")
    same(tick(), 0, "a condition that never holds leads to the beginning")
    is_end("continue", "end")
    run("delete")


def met(command):
    ticks = []
    while go(command) is not None:
        ticks.append(tick())
    return ticks


def both():
    for condition, count in CONDITIONS.items():
        condition = condition.replace("$a0", "$x0" if is_arm() else "$r0" if is_arm_32() else "$a0")  # the first argument
        monitor("goto begin")
        run(f"break hear if {condition}")
        found = met("continue")
        same(met("reverse-continue"), found[::-1], f"{condition}: the same backwards")
        if count is not None:
            same(len(found), count, condition)
        else:
            run("set breakpoint condition-evaluation host")
            same(met("continue"), found, f"{condition}: as by gdb itself")
            run("set breakpoint condition-evaluation target")
        run("delete")


def changed():
    """Other conditions for the same place; several at once; none at last."""
    run("set breakpoint condition-evaluation target")
    monitor("goto begin")
    run("break hear if x == 10")
    run("break hear if x == 20")
    seen = []
    for _ in range(2):
        run("continue")
        seen.append(int(gdb.parse_and_eval("x")))
    same(seen, [10, 20], "either of two")
    run("reverse-continue")
    same(int(gdb.parse_and_eval("x")), 10, "and back")
    number = gdb.breakpoints()[-1].number
    run(f"condition {number} x == 15")
    run("continue")
    same(int(gdb.parse_and_eval("x")), 15, "another condition")
    run(f"condition {number}")
    run("continue")
    same(int(gdb.parse_and_eval("x")), 16, "no condition any more")
    run("delete")


def many():
    """A million times false before it is true."""
    monitor("goto begin")
    run(f"break {line('million-body')} if i == 777777")
    for command in ("continue", "reverse-continue"):
        began = time.monotonic()
        check(go(command) is not None, "it is met")
        same(int(gdb.parse_and_eval("i")), 777777, "in that round")
        print(f"{command}: {time.monotonic() - began:.2f} s")
        at = tick()
        monitor("goto end")
    same(tick() > at, True, "and the end is elsewhere")
    run("delete")


connect()
main(mode, never, both, changed, many)
