# SPDX-License-Identifier: GPL-2.0-or-later
"""travel_gdb: runs inside gdb (python): times of its own commands for going backwards, to OUT as JSON:
[operation, ms, packets]. SERVER is the socket. With GUEST, the program tests/guest/lines.c, source
lines are walked through; without, instructions only. Ways back have to be the ways there."""
import json
import os
import re
import sys
import tempfile
import time
import traceback

import gdb

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "../guest/lines.c")
with open(SOURCE, encoding="utf-8") as source:
    MARKS = {n: m.group(1) for n, m in ((n, re.search(r"\S.*// ([a-z-]+)$", text))
                                        for n, text in enumerate(source, 1)) if m}
LINES = {mark: n for n, mark in MARKS.items()}
log = tempfile.NamedTemporaryFile("r", errors="replace")
samples = []


def run(command):
    return gdb.execute(command, to_string=True)


def sent():
    """Packets since the last call."""
    return sum(1 for line in log if line.startswith("w $"))


def timed(operation, command):
    sent()
    began = time.perf_counter()
    run(command)
    ms = (time.perf_counter() - began) * 1000
    samples.append((operation, ms, sent()))


def tick():
    return int(gdb.parse_and_eval("$tick"))


def here():
    return MARKS.get(gdb.selected_frame().find_sal().line)


def same(got, want, words):
    if got != want:
        raise AssertionError(f"{words}: {got!r}, expected {want!r}")


def goto(place):
    run(f"monitor goto {place}")
    run("maintenance flush register-cache")
    run("maintenance flush dcache")


def to_line(mark):
    run(f"tbreak lines.c:{LINES[mark]}")
    run("continue")
    same(here(), mark, "a line")


def there_and_back(there, back, steps, name):
    """name(mark where it was, mark where it leads) is the operation's."""
    way = [(here(), tick())]
    for _ in range(steps):
        run(there)
        way.append((here(), tick()))
    for before in way[-2::-1]:
        was = here()
        timed(name(was, before[0]), back)
        same((here(), tick()), before, f"{back} from {was}")


def lines():
    over = {"main-outer": "reverse-next over calls in calls",
            "main-million": "reverse-next over 3 million steps",
            "main-factorial": "reverse-next over a recursion"}
    for _ in range(10):
        goto("begin")
        to_line("main-outer")
        there_and_back("next", "reverse-next", 3, lambda was, to: over[to])
    for _ in range(3):
        goto("begin")
        to_line("main-outer")
        there_and_back("step", "reverse-step", 30, lambda was, to: "reverse-step, a line or into a call")
        goto("begin")
        to_line("main-hear")
        there_and_back("next", "reverse-next", 30, lambda was, to: "reverse-next over a line or a small call")
        for mark, out in (("inner-second", ["middle-first", "outer-first", "main-outer"]),
                          ("factorial-bottom", ["factorial-call"] * 5)):
            goto("begin")
            to_line(mark)
            for caller in out:
                timed("reverse-finish", "reverse-finish")
                same(here(), caller, "out of the call, backwards")


def instructions():
    for place in ("1%", "10%", "50%", "99%"):
        goto(place)
        run("stepi")
        way = []
        for i in range(50):
            way.append(tick())
            timed("reverse-stepi, " + ("the first" if i == 0 else "warm"), "reverse-stepi")
        for before in way[::-1]:
            run("stepi")
            same(tick(), before, "the way forwards again")


try:
    for setting in ("pagination off", "confirm off", "remotetimeout 60", "remotelogfile " + log.name):
        run("set " + setting)
    run("target remote " + os.environ["SERVER"])
    lines() if os.environ["GUEST"] else instructions()
    with open(os.environ["OUT"], "w", encoding="utf-8") as f:
        json.dump(samples, f)
    run("disconnect")
except BaseException:
    traceback.print_exc()
    sys.stdout.flush()
    gdb.execute("quit 1")
