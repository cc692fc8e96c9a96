# SPDX-License-Identifier: GPL-2.0-or-later
"""monitor commands, runs to a tick, killing, and coming again."""
from common import *


def when():
    monitor("goto end")
    end = tick()
    check(f"tick {end} of {end} (100.0%)" in run("monitor when"), "at the end")
    monitor("goto begin")
    check(f"tick 0 of {end} (0.0%)" in run("monitor when"), "at the beginning")
    return end


def goto():
    end = when()
    for word, want in (("50%", end // 2), ("1000", 1000), ("+1", 1001), ("-2", 999), ("1,234", 1234),
                       ("12.5%", end // 8), ("begin", 0), ("end", end)):
        monitor("goto " + word)
        check(abs(tick() - want) <= 1 if "%" in word else tick() == want, f"goto {word}: {tick()}")
    check("history ends here" in monitor(f"goto {end + 5}"), "after the end")
    same(tick(), end, "after the end is the end")
    for word in ("", "nowhere", "101%", "12x", "99999999999999999999999", "-", "%"):
        check("goto where?" in monitor("goto " + word), f"goto {word} is not understood")
    same(tick(), end, "and goes nowhere")
    # The state there is the same, whichever way one came.
    monitor("goto 5000")
    state = run("monitor info hart0")
    monitor("goto 90%")
    monitor("goto 5000")
    same(run("monitor info hart0"), state, "the same state at the same tick")


def others():
    check("goto TICK" in run("monitor help"), "help lists commands")
    for word in ("frobnicate", "", "g\x01"):
        check("monitor help" in run("monitor " + word) or "goto TICK" in run("monitor " + word),
              "an unknown command is answered by a sentence")
    parts = run("monitor info")
    for part in ("machine", "hart0", "uart0", "gic" if is_arm() else "plic"):
        check(part in parts, f"{part} is a part: {parts}")
        fields = run("monitor info " + part)
        check("=" in fields or "0x" in fields or "all zero" in fields, f"{part} has fields: {fields}")
    check('no part "nonsense"' in run("monitor info nonsense"), "there is none of that name")
    at = tick()
    check(f"checkpoint at tick {at}" in run("monitor checkpoint"), "a checkpoint")
    check(str(at) in run("monitor info checkpoints"), "is listed")
    check("hart0 at" in run("monitor info harts"), "harts")
    monitor("goto 2000")
    step = run("monitor last")
    before = register("pc")
    run("reverse-stepi")
    check(f"{pc():#x}" in step and f"tick {tick()}" in step, f"the step that led here: {step}")
    run("stepi")
    same(register("pc"), before, "and back")


def runs():
    run("set args t4321")
    run("starti")
    same(tick(), 4321, "starti goes to a tick")
    run("set args")
    run("starti")
    same(tick(), 0, "or to the beginning")
    fails_run("nonsense")
    check(logged("r")[-1].startswith("E"), f"any other argument is refused: {logged('r')[-1]}")
    run("set args t100")
    run("break guest_main")
    check(go("run") is not None, "run goes on from there")
    same(pc(), address("&guest_main"), "to a breakpoint")
    run("delete")


def fails_run(arguments):
    run("set args " + arguments)
    return fails("starti")


connect(extended=True)
main(goto, others, runs)
