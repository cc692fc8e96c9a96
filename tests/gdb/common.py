# SPDX-License-Identifier: GPL-2.0-or-later
"""common: what the scripts share. Runs inside gdb (python); the environment says what to serve:
SERVE, the server's program, and GUEST, the guest program. A failed check ends gdb with status 1."""
import os
import re
import tempfile
import traceback

import gdb

checks = 0


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
    stops.clear()
    gdb.execute(command)
    same(len(stops), 1, f"`{command}` stops once")
    if "replaylog" in stop_reply():
        return None  # where gdb repeats the event before
    if isinstance(stops[0], gdb.BreakpointEvent):
        return [b.number for b in stops[0].breakpoints]
    return stops[0].stop_signal if isinstance(stops[0], gdb.SignalEvent) else None


def is_end(command, which):
    """It finds nothing: the last stop that gdb was told of is that `end`, or `begin`, of history, gdb
    stopped for it, and the server stands there. How gdb words it differs from release to release."""
    check(go(command) is None and f"replaylog:{which};" in stop_reply(),
          f"`{command}` finds the {which} of history: {stop_reply()}")
    words = "at the beginning of history" if which == "begin" else "of history"
    check(words in run("monitor when"), f"`{command}` leads to the {which} of history")


def fails(command):
    """The sentence with which it fails."""
    try:
        out = run(command)
    except gdb.error as e:
        return str(e)
    raise AssertionError(f"`{command}` did not fail: {out}")


def connect(options="", extended=False):
    """Attaches to a new server over a pipe; the guest's symbols are loaded."""
    global log
    log = tempfile.NamedTemporaryFile("r", errors="replace")
    run("set remotelogfile " + log.name)
    run("set pagination off")
    run("set confirm off")
    run("set remotetimeout %d" % (60 * float(os.environ.get("TEST_SLOWNESS", "1"))))
    run("file " + os.environ["GUEST"])
    kind = "extended-remote" if extended else "remote"
    run(f"target {kind} | {os.environ['SERVE']} {options} {os.environ['GUEST']}")


said = {"w": "", "r": ""}  # what was logged, by direction, but for
taken = {"w": [], "r": []}  # the payloads of whole packets
direction = ""


def logged(which):
    """The payloads of all packets that gdb has sent ("w") or received ("r") until now."""
    global direction
    for piece in re.split(r"(?m)^(?=[wrc] |End of log)|\n", log.read()):
        if re.match(r"[wrc] |End of log", piece):
            direction, piece = piece[0], piece[2:]
        if direction in said:
            said[direction] += piece
    end = 0
    for packet in re.finditer(r"\$([^#]*)#..", said[which]):
        taken[which].append(packet.group(1))
        end = packet.end()
    said[which] = said[which][end:]
    return taken[which]


def packets():
    return list(logged("w"))


def stop_reply():
    """The last one."""
    return next((p for p in reversed(logged("r")) if re.match(r"T[0-9a-f]{2}", p)), "")


def is_arm():
    return gdb.selected_frame().architecture().name().startswith("aarch64")


def is_arm_32():
    return gdb.selected_frame().architecture().name().startswith("arm")


def hart_register():
    """The number of the hart whose registers are shown."""
    return register("mpidr_el1") & 0xff if is_arm() else register("mpidr") & 0xff if is_arm_32() else register("mhartid")


def uart():
    """Where a device's registers are."""
    return 0x9000000 if is_arm() else 0x10000000


def source_file():
    return os.path.splitext(os.path.basename(os.environ["GUEST"]))[0].removesuffix("-32").removesuffix("-arm64").removesuffix("-arm") + ".c"


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
        print(f"{checks} checks passed")
        run("disconnect") if gdb.selected_inferior().pid else None
    except BaseException:
        traceback.print_exc()
        gdb.execute("quit 1")
