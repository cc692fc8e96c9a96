# SPDX-License-Identifier: GPL-2.0-or-later
# call: `print f()` and `call f()` in a real gdb. In the past the machine is led aside for it and
# brought back: no file, no tick, no byte stays of the call; at a live edge it happens.
from debugger import *

ELF = guest("lines")
Debug.symbols = ELF


def files():
    return {f for f in os.listdir(".") if f != "script.gdb" and not f.endswith(".idx")}


# What must not change by a call in the past: when it is, where, and memory that functions write.
STATE = "printf \"%lu %lx %lx %lu\\n\", $tick, $pc, $sp, heard"


def state(d, n):
    return d.said(n).strip().splitlines()[-1]


def past():
    """Of a recording: values, output and side effects, then all is as it was, and no file is there."""
    before = files()
    d = debug("a.rr", "tbreak hear if x == 100", "reverse-continue", STATE, "print inner(5)", "print factorial(6)",
              "print outer(middle(inner(1)))", "call console_put('Q')", "call hear(77)", STATE, "stepi", "reverse-stepi",
              STATE, "monitor when")
    for n, value in ((3, "= 16\n"), (4, "= 720\n"), (5, "= 8338\n")):
        check(value in d.said(n) + "\n", "a call's value: %s" % d.said(n))
    check("Q" in d.said(6), "what it prints is shown: %r" % d.said(6))
    check(state(d, 2) == state(d, 8) == state(d, 11), "nothing stays: %s" % [state(d, n) for n in (2, 8, 11)])
    check("edge" not in d.said(12) and "aside" not in d.said(12), d.said(12))
    check(files() == before, "no file stays: %s" % (files() - before))


def where_it_stands():
    """A function called at its own first instruction, where the pc need not be written."""
    d = debug("a.rr", "tbreak *inner", "reverse-continue", STATE, "print inner(5)", STATE)
    check("= 16" in d.said(3) and state(d, 2) == state(d, 4), d.out)


def travels_on():
    """Reverse searches go on from where the call was made, as if it had not been."""
    d = debug("a.rr", "break hear if x > 2 && x < 6", "reverse-continue", "print x", "print inner(1)", "reverse-continue",
              "print x", "print inner(1)", "reverse-continue", "print x", "print inner(1)", "continue", "print x",
              "delete", "watch heard", "reverse-continue", "print heard", "print factorial(3)", "reverse-continue",
              "print heard")
    got = [d.said(n).strip()[-3:] for n in (2, 5, 8, 11)]
    check(got == ["= 5", "= 4", "= 3", "= 4"], "breakpoints before and after calls: %s" % got)
    check("Old value" in d.said(14) and "= 6" in d.said(16) and "Old value" in d.said(17), "watched: " + d.out)


def stopped_inside():
    """A breakpoint in the called function: one looks about there, goes on, and comes out of it; or
    turns to something else, which gives the call up. Nothing of it is history."""
    before = files()
    inside = refused("print middle(5)")
    d = debug("a.rr", "tbreak hear if x == 100", "reverse-continue", STATE, "break inner", inside, "monitor when",
              "print x", "stepi", "reverse-stepi", "delete", "finish", STATE, "break inner", inside,
              "monitor goto +0", "maintenance flush register-cache", STATE)
    check("in a call, beside history" in d.said(5) and "= 5" in d.said(6), d.said(5) + d.said(6))
    check("no way back" in d.said(8), "within a call there is no history: " + d.said(8))
    check("Value returned is" in d.said(10), "it comes out of both: " + d.said(10))
    check("given up" in d.said(14), d.said(14))
    check(files() == before and state(d, 2) == state(d, 16), d.out)


def after_changes():
    """What was changed before a call stays, so the call is made in the branch that begins with it."""
    d = debug("a.rr", "tbreak hear if x == 100", "reverse-continue", "monitor branch c.rr", "set $a7 = 1234",
              "print $a7", "print inner(5)", "print $a7", "call hear(3)", "monitor when",
              "monitor branch")
    check("= 1234" in d.said(4) and "= 16" in d.said(5) and "= 1234" in d.said(6), d.out)
    check("live edge" in d.said(8) and "c.rr, being recorded" in d.said(9), d.said(8) + d.said(9))
    check(info("c.rr").get("complete"), "the branch is complete")
    r = succeeds("replay", "c.rr")
    check(b"agree" in r.err, str(r))


def in_a_branch():
    """At its edge a call happens; in its past it does not, and the branch goes on from its edge."""
    before = files()
    d = debug("a.rr", "tbreak hear if x == 100", "reverse-continue", "monitor branch d.rr", "monitor golive",
              "print heard", "call hear(5)", "print heard == $ * 31 + 5", "print $tick", "monitor goto -3",
              "maintenance flush register-cache", STATE, "print factorial(5)", STATE, "monitor goto end",
              "maintenance flush register-cache", "print $tick", "print inner(1)", "stepi", "monitor when")
    check("= 1\n" in d.said(6) + "\n", "it wrote, and that stays: " + d.said(6))
    check("= 120" in d.said(11) and state(d, 10) == state(d, 12), d.said(11))
    ticks = [int(d.said(n).split("=")[1]) for n in (7, 15)]
    check(ticks[0] == ticks[1], "the edge is where it was: %s" % ticks)
    check("= 4" in d.said(16) and "live edge" in d.said(18), d.out)
    check(files() - before == {"d.rr"}, "one file: %s" % (files() - before))
    check(info("d.rr").get("complete") and b"agree" in succeeds("replay", "d.rr").err, "it replays")


def live(command, *options):
    """A machine that runs: a call at its edge happens, one in its past does not."""
    sock = os.path.abspath("sock-" + command)
    p = subprocess.Popen([REPRISE, command, *options, "-gdb", "unix:" + sock, "-S", "-serial", "null", *bare(ELF)],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for_server(sock)
    before = files() | {"live.rr"}  # which is made when the socket is there already
    d = Debug(None, "tbreak hear if x == 50", "continue", "print heard", "call hear(9)", "print heard == $ * 31 + 9",
              "tbreak hear if x == 20", "reverse-continue", STATE, "print factorial(6)", "call hear(1)", STATE,
              "monitor goto end", "maintenance flush register-cache", "print inner(2)", "monitor when", "continue",
              program=client(sock)).end()
    err = p.communicate(timeout=30 * SLOW)[1].decode()
    check("= 1\n" in d.said(4) + "\n" and "= 720" in d.said(8) and state(d, 7) == state(d, 10), d.out)
    check("= 7" in d.said(13) and "live edge" in d.said(14), d.out)
    new = {f for f in files() - before if not f.startswith("live.rr")}  # named when its images are in it
    check(not new and "branch" not in err, "no branch: %s %s" % (new, err))


def main():
    check(record("a.rr", *bare(ELF)).status == 0, "recorded")
    tests = [past, where_it_stands, travels_on, stopped_inside, after_changes, in_a_branch,
             lambda: live("run"), lambda: live("record", "-o", "live.rr")]
    for test in tests:
        try:
            test()
        except (AttributeError, IndexError, KeyError, OSError, ValueError) as e:
            check(False, "%s: %r" % (test.__name__, e))
    check(b"agree" in succeeds("replay", "live.rr").err, "what was recorded replays")


with Room():
    main()
finish()
