# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten adjacent breakpoints are met one after the other, both ways; kinds and several on one place;
the one that is stood upon."""
from common import *

COUNT = 10


def adjacent():
    run("break guest_main")
    run("continue") if tick() == 0 else run("reverse-continue")
    start = pc()
    # Straight code: as far as ten steps lead to adjacent instructions.
    places = instructions(start, COUNT)
    walked = [start]
    for _ in range(COUNT - 1):
        run("stepi")
        walked.append(pc())
    same(walked, places, "the first instructions of guest_main are straight code")
    run("delete")
    monitor("goto end")
    run("maintenance flush register-cache")
    for at in places:
        run(f"hbreak *{at:#x}" if at % 4 else f"break *{at:#x}")
    met = []
    for _ in range(COUNT):
        check(isinstance(go("reverse-continue"), list), "a breakpoint is met")
        met.append(pc())
    same(met, places[::-1], "backwards each is met")
    is_end("reverse-continue", "begin")
    met = []
    for _ in range(COUNT):
        check(isinstance(go("continue"), list), "a breakpoint is met")
        met.append(pc())
    same(met, places, "forwards each is met")
    is_end("continue", "end")
    # Up and down between two of them.
    run("delete")
    run(f"break *{places[3]:#x}")
    run(f"break *{places[4]:#x}")
    run("reverse-continue")
    for _ in range(3):
        same(pc(), places[4], "the later one")
        run("reverse-continue")
        same(pc(), places[3], "the earlier one")
        run("continue")
    run("delete")


def stood_upon():
    """A breakpoint set where the machine stands is not met again at once, but is from elsewhere."""
    here, at = pc(), tick()
    run(f"break *{here:#x}")
    run("stepi")
    check(tick() > at, "a step leaves it")
    run("reverse-continue")
    same((pc(), tick()), (here, at), "back on it")
    run("delete")


def temporary_and_finish():
    """What gdb makes of breakpoints of its own: finish, until, advance, both ways."""
    monitor("goto begin")
    run("tbreak guest_main")
    run("continue")
    entry = tick()
    caller = gdb.selected_frame().older().pc()
    run("reverse-finish")
    check(tick() < entry, "reverse-finish leads to the call")
    run("stepi")
    same(pc(), address("&guest_main"), "which is just before the function")
    same(tick(), entry, "at the tick it was entered")
    run(f"advance *{caller:#x}")
    check(tick() > entry, "advance to the return")


connect()
main(adjacent, stood_upon, temporary_and_finish)
