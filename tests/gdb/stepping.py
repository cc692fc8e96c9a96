# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps forwards and back tell the same story; both ends of history answer as such."""
from common import *

STEPS = 200


def back_and_forth():
    end = (tick(), pc())
    back = [end]
    for _ in range(STEPS):
        run("reverse-stepi")
        back.append((tick(), pc()))
    for a, b in zip(back, back[1:]):
        check(b[0] < a[0], "a step back leads back")
    forth = [back[-1]]
    for _ in range(STEPS - 1):
        run("stepi")
        forth.append((tick(), pc()))
    same(forth, back[:0:-1], "the way forwards is the way back")


def from_begin():
    monitor("goto begin")
    forth = [(tick(), pc())]
    for _ in range(STEPS):
        run("stepi")
        forth.append((tick(), pc()))
    back = [forth[-1]]
    for _ in range(STEPS):
        run("reverse-stepi")
        back.append((tick(), pc()))
    same(back, forth[::-1], "the way back is the way forwards")


def ends():
    monitor("goto begin")
    same(tick(), 0, "the beginning")
    is_end("reverse-stepi", "begin")
    is_end("reverse-continue", "begin")
    same(tick(), 0, "nothing before the beginning")
    first = pc()
    is_end("continue", "end")
    end = tick()
    check(end > 1000, "the end is not the beginning")
    is_end("continue", "end")
    is_end("stepi", "end")
    same(tick(), end, "nothing after the end")
    is_end("reverse-continue", "begin")
    same((tick(), pc()), (0, first), "back to the beginning at once")


def lines():
    """Source lines: a range of steps forwards, many single ones backwards."""
    run("break guest_main")
    run("continue")
    run("delete")
    places = []
    for _ in range(6):
        places.append((tick(), gdb.selected_frame().find_sal().line))
        run("next")
    check(len({line for _, line in places}) > 3, "lines are passed one by one")
    at = tick()
    while at > places[0][0]:
        run("reverse-next")
        check(tick() < at, "reverse-next leads back")
        at = tick()
    check(at > places[0][0] - 1000, "and not too far")


connect()
main(back_and_forth, from_begin, ends, lines)
