# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that is still being recorded: changes are inputs, the past stays what it was, going
forwards again leads to the edge and on."""
from common import *

EDGE = 20000


def changes():
    same(tick(), EDGE, "served at the edge")
    check("live edge" in run("monitor when"), "and it says so")
    spare = register(SPARE)
    run(f"set ${SPARE} = 0x1234567890")
    same(register(SPARE), 0x1234567890, "a register changed")
    same(tick(), EDGE + 1, "which took a tick")
    run(f"set ${SPARE} = {spare}")
    at = address("&failures")
    run(f"set var *(unsigned *){at:#x} = 0x5555")
    same(int(gdb.parse_and_eval(f"*(unsigned *){at:#x}")), 0x5555, "memory changed")
    run(f"set var *(unsigned *){at:#x} = 0")
    same(tick(), EDGE + 4, "each took a tick")
    page = (address("$sp") & ~4095) - 4
    run(f"set var *(unsigned long *){page:#x} = 0x1122334455667788")
    same(int(gdb.parse_and_eval(f"*(unsigned long *){page:#x}")), 0x1122334455667788,
         "memory across pages")
    check("Cannot access memory" in fails(f"set var *(char *){uart():#x} = 1"), "not a device's")


def past():
    edge = tick()
    spare = register(SPARE)
    # Nothing but changes has happened since: the step before is not known.
    is_end("reverse-stepi", "begin")
    check("past" in fails(f"set ${SPARE} = 1"), "the past cannot be changed, in a sentence")
    run("maintenance flush register-cache")
    monitor(f"goto {EDGE + 1}")
    same(register(SPARE), 0x1234567890, "the change is part of history")
    monitor(f"goto {EDGE}")
    same(register(SPARE), spare, "which begins where it was made")
    is_end("reverse-continue", "begin")
    same(tick(), EDGE, "nothing is known before")
    check("live edge" in monitor("goto end"), "back at the edge")
    same(tick(), edge, "which is where it was")


def goes_on():
    """Ends as the guest wants, in spite of all."""
    run("break power_off")
    check(go("continue") is not None, "it goes on")
    end = tick()
    check(end > EDGE + 5, "new history was made")
    check(go("reverse-continue") is None, "back to the beginning of what is known")
    same(tick(), EDGE, "where it was first served")
    check(go("continue") is not None, "and forwards again")
    same(tick(), end, "to the same place")
    run("delete")
    is_end("continue", "end")
    is_end("continue", "end")


connect(f"--live {EDGE}")
SPARE = "x7" if is_arm() else "a7"
main(changes, past, goes_on)
