# SPDX-License-Identifier: GPL-2.0-or-later
"""Source lines, forwards and back: over calls and into them, out of them, over a million rounds and
through recursion; a loop on one line is one packet. Guest: lines, whose comments name its lines."""
import time

from common import *

INNER = ["inner-first", "inner-second", "inner-return", "inner-end"]
MIDDLE = ["middle-first", *INNER, "middle-second", *INNER, "middle-return", "middle-end"]
INTO = ["main-outer", "outer-first", *MIDDLE, "outer-second", *MIDDLE, "outer-return", "outer-end",
        "main-million"]
MAIN = ["main-outer", "main-million", "main-factorial", "main-loop"]


def here():
    """The mark of the line that gdb shows."""
    return MARKS.get(gdb.selected_frame().find_sal().line)


def value(expression):
    return int(gdb.parse_and_eval(expression))


def start():
    monitor("goto begin")
    run("break guest_main")
    check(go("continue") is not None, "the program begins")
    run("delete")
    same(here(), "main-outer", "with its first line")


def timed(command):
    began = time.monotonic()
    run(command)
    print(f"{command} to {here()}: {(time.monotonic() - began) * 1000:.1f} ms")


def walk(command, last, step=run):
    """The lines passed by, each with its tick, up to that one."""
    way = []
    while not way or way[-1][0] != last:
        step(command)
        way.append((here(), tick()))
        check(len(way) < 100, f"{command} leads to {last}: {way}")
    return way


def over():
    """next and reverse-next pass by whatever is called."""
    start()
    there = [(here(), tick())] + walk("next", "main-loop", timed)
    same([mark for mark, _ in there], MAIN, "line by line")
    check(there[2][1] - there[1][1] > 3000000, "one of them goes round a million times")
    back = [(here(), tick())] + walk("reverse-next", "main-outer", timed)
    same(back[::-1], there, "the way back is the way there")


def met_inside():
    """A breakpoint in what is passed by."""
    start()
    run("next")
    run(f"break {line('million-return')}")
    check(go("next") is not None, "it is met forwards")
    same(here(), "million-return", "inside")
    run("finish")
    run("next")
    same(here(), "main-factorial", "and out again")
    check(go("reverse-next") is not None, "it is met backwards")
    same(here(), "million-return", "inside")
    run("delete")


def into():
    """step and reverse-step go through the calls, line by line."""
    start()
    there = [(here(), tick())] + walk("step", "main-million")
    same([mark for mark, _ in there], INTO, "through all calls")
    back = [(here(), tick())] + walk("reverse-step", "main-outer")
    same(back[::-1], there, "the way back is the way there")


def out():
    """finish and reverse-finish, out of calls in calls."""
    start()
    run(f"tbreak {line('inner-second')}")
    run("continue")
    inside = tick()
    for caller, mark in (("middle", "middle-first"), ("outer", "outer-first"),
                         ("guest_main", "main-outer")):
        before = tick()
        run("reverse-finish")
        same((gdb.selected_frame().name(), here()), (caller, mark), "back to the call")
        check(tick() < before, "which was before")
    run(f"tbreak {line('inner-second')}")
    run("continue")
    same(tick(), inside, "the same call")
    run("finish")
    same((gdb.selected_frame().name(), here()), ("middle", "middle-first"), "forwards as well")


def recursion():
    """Frames of one function are told apart."""
    start()
    run(f"tbreak {line('factorial-bottom')}")
    run("continue")
    same(value("n"), 1, "at the bottom")
    for n in range(2, 7):
        run("reverse-finish")
        same((here(), value("n")), ("factorial-call", n), "one call up")
    run("next")
    same((here(), value("n"), value("rest")), ("factorial-return", 6, 120), "over all of them")
    run("reverse-next")
    same((here(), value("n")), ("factorial-call", 6), "and back over all of them")
    run(f"tbreak {line('factorial-return')} if n == 4")
    run("continue")
    same((here(), value("n"), value("rest")), ("factorial-return", 4, 6), "in the middle of it")
    run("reverse-next")
    same((here(), value("n")), ("factorial-call", 4), "back over the deeper ones alone")
    run("reverse-next")
    same((here(), value("n")), ("factorial-test", 4), "to its beginning")


def one_line():
    """A loop on one line is one packet forwards; a breakpoint there still stops it."""
    monitor("goto begin")
    run(f"tbreak {line('main-one-line')}")
    run("continue")
    before, sent = tick(), len(packets())
    timed("next")
    ranges = [p for p in packets()[sent:] if p.startswith("vCont;r")]
    same((here(), len(ranges)), ("main-check", 1), f"one packet: {packets()[sent:]}")
    check(tick() - before > 200000, "for two hundred thousand steps")
    after = tick()
    monitor(f"goto {before + 1000}")
    loop = pc()
    monitor(f"goto {before}")
    run(f"break *{loop:#x} if $tick > {before + 1000}")
    sent = len(packets())
    check(go("next") is not None, "a breakpoint within the range")
    check(before + 1000 < tick() <= before + 1003, f"{before}: at tick {tick()}")
    run("delete")
    run("next")
    same((here(), tick()), ("main-check", after), "from there to its end")


MARKS = marks()
connect()
main(over, met_inside, into, out, recursion, one_line)
