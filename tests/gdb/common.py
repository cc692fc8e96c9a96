# SPDX-License-Identifier: GPL-2.0-or-later
"""common: what the scripts share. Runs inside gdb (python); the environment says what to serve:
SERVE, the server's program, and GUEST, the guest program. A failed check ends gdb with status 1."""
import os
import re
import tempfile
import traceback

import gdb

checks = 0
ends_met = 0


def check(condition, words):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(words)


def same(got, want, words):
    check(got == want, f"{words}: {got!r}, expected {want!r}")


def run(command):
    """What gdb prints for it; gdb's errors are exceptions."""
    return gdb.execute(command, to_string=True)


stops = []
gdb.events.stop.connect(stops.append)


def go(command):
    """Why it stopped, which text does not tell: the numbers of breakpoints met as a list, the name of a
    signal, or None for a step that is done or the end of history."""
    global ends_met
    stops.clear()
    gdb.execute(command)
    same(len(stops), 1, f"`{command}` stops once")
    if "of history" in gdb.execute("monitor when", to_string=True):
        ends_met += 1
        return None  # where gdb repeats the event before
    if isinstance(stops[0], gdb.BreakpointEvent):
        return [b.number for b in stops[0].breakpoints]
    return stops[0].stop_signal if isinstance(stops[0], gdb.SignalEvent) else None


def is_end(command):
    """It finds nothing and says so (the runner counts what gdb prints)."""
    check(go(command) is None, f"`{command}` finds the end of history")


def fails(command):
    """The sentence with which it fails."""
    try:
        out = run(command)
    except gdb.error as e:
        return str(e)
    raise AssertionError(f"`{command}` did not fail: {out}")


def connect(options="", extended=False):
    """Attaches to a new server over a pipe; the guest's symbols are loaded."""
    run("set pagination off")
    run("set confirm off")
    run("set remotetimeout 60")
    run("file " + os.environ["GUEST"])
    kind = "extended-remote" if extended else "remote"
    run(f"target {kind} | {os.environ['SERVE']} {options} {os.environ['GUEST']}")


def log_packets():
    """Before connect(): packets() shall know."""
    global log
    log = tempfile.NamedTemporaryFile("r", errors="replace")
    run("set remotelogfile " + log.name)


def packets():
    """All that gdb has sent until now."""
    log.seek(0)
    sent = "".join(line[2:-1] for line in log if line.startswith("w "))
    return re.findall(r"\$([^#]*)#..", sent)


def source_file():
    return os.path.splitext(os.path.basename(os.environ["GUEST"]))[0] + ".c"


def marks():
    """Which lines of the guest's source are marked with a word in a comment, and how."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "../guest", source_file()), encoding="utf-8") as source:
        found = ((n, re.search(r"\S.*// ([a-z-]+)$", text)) for n, text in enumerate(source, 1))
        return {n: m.group(1) for n, m in found if m}


def line(mark):
    """The line marked so, for `break`."""
    lines = [n for n, name in marks().items() if name == mark]
    same(len(lines), 1, f"lines marked {mark}")
    return f"{source_file()}:{lines[0]}"


def register(name):
    return int(gdb.parse_and_eval("$" + name)) & (1 << 64) - 1


def pc():
    return register("pc")


def tick():
    return register("tick")


def monitor(command):
    out = run("monitor " + command)
    # gdb does not know that the machine moved.
    run("maintenance flush register-cache")
    return out


def address(expression):
    return int(gdb.parse_and_eval(f"(unsigned long)({expression})"))


def instructions(at, count):
    """Addresses of `count` adjacent instructions."""
    block = gdb.selected_frame().architecture().disassemble(at, count=count)
    return [i["addr"] for i in block]


def main(*tests):
    try:
        for test in tests:
            test()
        print(f"{checks} checks passed, {ends_met} ends met")
        run("disconnect") if gdb.selected_inferior().pid else None
    except BaseException:
        traceback.print_exc()
        gdb.execute("quit 1")
