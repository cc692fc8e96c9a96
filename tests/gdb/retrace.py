# SPDX-License-Identifier: GPL-2.0-or-later
"""A person retraces a run: some steps from its beginning, noted; back through them one by one; forwards
again with a breakpoint on the last; from its end back to the places where it was last; and the machine's own
account of the same. Needs no symbols."""
from common import *

STEPS = 12


def walk(command, count):
    """Where each step leads, with where it began."""
    way = [pc()]
    for _ in range(count):
        check(go(command) is None, f"`{command}` is one step")
        way.append(pc())
    return way


def begins():
    """The recording is entered where the processor starts."""
    same(tick(), 0, "at the beginning")
    way = walk("stepi", STEPS)
    same(tick(), STEPS, "a tick each")
    same(walk("reverse-stepi", STEPS), way[::-1], "backwards the same places")
    same(tick(), 0, "to the beginning")
    is_end("reverse-stepi", "begin")
    return way


def forwards_to(place):
    """A breakpoint on where the steps ended stops there the first time it is executed, and not before."""
    run(f"break *{place:#x}")
    check(go("continue") is not None, "it is met")
    same(pc(), place, "where it was set")
    check(tick() <= STEPS, "at once")
    run("delete")


def from_the_end():
    """The last places that were executed are met from the end, the latest first, each at its last tick."""
    is_end("continue", "end")
    end = tick()
    last = []
    while len(set(last)) < 6:
        check(go("reverse-stepi") is None, "one step back")
        last.append(pc())
        check(end - tick() < 100, "the end is no endless loop")
    ticks = [end - 1 - i for i in range(len(last))]
    is_end("continue", "end")
    latest = {}  # the latest tick of each place
    for at, when in zip(last, ticks):
        latest.setdefault(at, when)
    for at, when in latest.items():
        run(f"break *{at:#x}")
        check(go("reverse-continue") is not None, f"{at:#x} is met backwards")
        same((pc(), tick()), (at, when), "where it was last executed")
        run("delete")
        is_end("continue", "end")
    # All of them at once: in their order, and forwards again in the other.
    for at in latest:
        run(f"break *{at:#x}")
    back = []
    for _ in last:
        check(go("reverse-continue") is not None, "one is met")
        back.append((pc(), tick()))
    same(back, list(zip(last, ticks)), "one after the other")
    forth = [back[-1]]
    for _ in last[1:]:
        check(go("continue") is not None, "one is met")
        forth.append((pc(), tick()))
    same(forth, back[::-1], "forwards in the other order")
    is_end("continue", "end")
    same(tick(), end, "to the end")
    run("delete")


def back_to_the_beginning(way):
    """Breakpoints on all of the first places: from the end back it is the latest of them that is met, after which none
    comes any more; and, one after the other, those of the first steps."""
    for at in dict.fromkeys(way):
        run(f"hbreak *{at:#x}")
    monitor("goto end")
    check(go("reverse-continue") is not None, "one of the first places is met from the end")
    there = tick()
    check(pc() in way and (there > STEPS or pc() == way[there]), "which it is")
    is_end("continue", "end")
    monitor(f"goto {STEPS}")
    for at in way[-2::-1]:
        check(go("reverse-continue") is not None, "each step's place is met")
        same(pc(), at, "in the order of the steps backwards")
    same(tick(), 0, "to the beginning")
    for at in way[1:]:
        check(go("continue") is not None, "each is met")
        same(pc(), at, "and forwards")
    run("delete")


def main_steps():
    way = begins()
    forwards_to(way[-1])
    from_the_end()
    back_to_the_beginning(way)


connect("--at 0")
run("symbol-file")
main(main_steps)
