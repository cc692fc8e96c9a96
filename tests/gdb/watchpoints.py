# SPDX-License-Identifier: GPL-2.0-or-later
"""Watchpoints: people see the pc after the store forwards, on it backwards, whichever way they came;
every change is met both ways; reads as well. Guest: smp, whose token[0] counts laps."""
from common import *

LAPS = 50


def value():
    return int(gdb.parse_and_eval("token[0]"))


def is_store(at):
    text = gdb.selected_frame().architecture().disassemble(at)[0]["asm"]
    return text.split()[0] in ("sd", "sw", "sb", "sh", "c.sd") or text.startswith(("amo", "st"))


def changes():
    monitor("goto begin")
    run("watch token[0]")
    forwards = []
    while go("continue") is not None:
        forwards.append((value(), pc(), tick()))
    same([f[0] for f in forwards], list(range(1, LAPS + 1)), "every change is met")
    backwards = []
    while go("reverse-continue") is not None:
        check(is_store(pc()), "backwards people stand on the store")
        backwards.append((value() + 1, pc(), tick()))
    same([b[0] for b in backwards], list(range(LAPS, 0, -1)), "every change is met backwards")
    for f, b in zip(forwards, reversed(backwards)):
        same(f[2], b[2] + 1, "forwards it is one step later than backwards")
        same(f[1], instructions(b[1], 2)[1], "the pc after the store")
    # To and fro over one of them.
    for _ in range(3):
        run("continue")
    for _ in range(3):
        same((value(), tick()), (3, forwards[2][2]), "after the third")
        run("reverse-continue")
        same((value(), tick()), (2, backwards[-3][2]), "before the third")
        run("continue")
    run("delete")
    return backwards[-3]


def last_writer():
    """Who wrote there last is the last store that a watchpoint meets, at every lap; it moves nobody."""
    monitor("goto end")
    run("watch token[0]")
    address = int(gdb.parse_and_eval("&token[0]"))
    said = re.compile(r"tick (\d+): hart(\d+) at (0x[0-9a-f]+): (.*): (0x[0-9a-f]+) -> (0x[0-9a-f]+)\n")
    for _ in range(5):
        here = tick()
        words = run(f"monitor lastwrite {address:#x},{gdb.parse_and_eval('token[0]').type.sizeof}")
        same(tick(), here, "asking moves nobody")
        answer = said.fullmatch(words)
        check(answer is not None, f"an answer: {words}")
        run("reverse-continue")
        same((tick(), pc(), value()), (int(answer[1]), int(answer[3], 16), int(answer[5], 16)),
             "where the watchpoint leads, and the value before")
        same(int(answer[6], 16), value() + 1, "and the value after")
    run("delete")
    check("wants ADDR" in run("monitor lastwrite"), "no address")
    check("wants ADDR" in run("monitor lastwrite 0x80000000,"), "no length")
    check("in one page" in run("monitor lastwrite 0x80000fff,2"), "two pages")
    check("no memory" in run("monitor lastwrite 0x10000000"), "a device's register")
    monitor("goto begin")
    check("nothing wrote" in run(f"monitor lastwrite {address:#x},4"), "at the beginning")
    monitor("goto end")


def by_steps():
    """A watchpoint is met by single steps over the access too, both ways."""
    run("watch token[0]")
    run("reverse-continue")
    on, before = tick(), value()
    check(go("stepi") is not None, "met by a step forwards")
    same((tick(), value()), (on + 1, before + 1), "after the store")
    check(go("reverse-stepi") is not None, "met by a step back")
    same((tick(), value()), (on, before), "on the store")
    run("delete")


def reads():
    """The same accesses backwards as forwards, for read and access watchpoints."""
    monitor("goto begin")
    start = tick()
    for kind in ("rwatch", "awatch"):
        run(f"{kind} token[0]")
        forwards = []
        for _ in range(12):
            check(go("continue") is not None, "the watchpoint is met")
            forwards.append(tick())
        backwards = []
        for _ in range(12):
            check(go("reverse-continue") is not None, "the watchpoint is met")
            backwards.append(tick())
        same(backwards, [t - 1 for t in reversed(forwards)], "the same accesses")
        run("delete")
        monitor(f"goto {start}")


def parts():
    """A byte in the middle of a wider store."""
    monitor("goto begin")
    run("watch *(char *)&token[0]")
    run("continue")
    same(value(), 1, "a byte of it")
    run("delete")
    size = gdb.parse_and_eval("token[0]").type.sizeof
    run(f"watch *({'int' if size == 8 else 'short'} *)((char *)&token[0] + {size // 2})")
    # Its upper half is written but never changes.
    is_end("continue", "end")
    run("delete")


connect("--smp 2")
main(changes, by_steps, reads, parts, last_writer)
