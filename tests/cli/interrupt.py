# SPDX-License-Identifier: GPL-2.0-or-later
# interrupt: Ctrl-C on long ways: in commands of the monitor (by a client's byte, at a terminal shared
# with gdb, in a gdb of somebody's own), in query and index, and on the way to the end. Each begins once
# the command has shown that it is under way. It says how far it came, leaves nothing behind, and goes on.
import pty

from debugger import *

SOON = 2 * SLOW  # what is meant is 0.2 s; this guards against what is not interrupted at all
SHARED_PRESSES = 4
SLOWLY = ["--no-index", "-accel", "interp"]


def took(began, what):
    seconds = time.monotonic() - began
    print("  %s: %.3f s" % (what, seconds), flush=True)
    check(seconds < SOON, "%s takes %.2f s" % (what, seconds))


def tick_of(said):
    found = re.search(r"^tick (\d+) of", said, re.M)
    return int(found.group(1)) if found else -1


def by_byte():
    """0x03 from a client, as soon as the command has shown something."""
    with Server("spin.rr", "--at", "0", *SLOWLY) as server:
        wait_for_server(server.sock)
        wire = Wire(server.sock)
        at = []

        def stop():
            at.append(time.monotonic())
            wire.raw(b"\x03")

        said = wire.monitor("goto 90%", began=stop)
        took(at[-1], "goto")
        there = tick_of(said)
        check("interrupted on the way to tick" in said and 0 < there < END * 9 // 10, "goto says where it is: " + said)
        check(tick_of(wire.monitor("when")) == there, "and is there")
        check("tick 50 of" in wire.monitor("goto 50"), "and goes on")
        wire.monitor("goto 10%")
        said = wire.monitor("lastwrite 0x%x phys" % SPIN_ONCE, began=stop)
        took(at[-1], "lastwrite")
        found = re.search(r"nothing wrote there from tick (\d+) on; what was before that is not known", said)
        check(found and 8 < int(found.group(1)) <= END, "lastwrite says how far it came: " + said)
        check(tick_of(said) == tick_of(wire.monitor("when")) == END * 10 // 100, "and is where it was: " + said)
        check("tick 8: hart0" in wire.monitor("goto 1000") + wire.monitor("lastwrite 0x%x phys" % SPIN_ONCE), "a short one")
        wire.close()


class Terminal:
    """A program at a terminal of its own, which reads its keys."""

    def __init__(self, *argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execvp(argv[0], argv)
        self.talk = Talk(self.fd)

    def ask(self, line, until="(gdb) "):
        self.talk.type(line + "\n")
        return self.until(until)

    def until(self, text):
        before = self.talk.at
        self.talk.wait_for(text, 120)
        return self.talk.seen[before:self.talk.at].decode(errors="replace")

    def press_ctrl_c(self, what):
        began = time.monotonic()
        self.talk.type("\x03")
        said = self.until("(gdb) ")
        took(began, what)
        return said

    def end(self):
        self.talk.rest(60)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def number(said):
    found = re.search(r"= (\d+)", said)
    return int(found.group(1)) if found else -1


def with_gdb(t, extension):
    """`t` is at gdb's prompt, at the beginning. Registers and memory are right without being asked for."""
    t.ask("monitor goto 90%", "(at tick")
    said = t.press_ctrl_c("goto")
    there = number(t.ask("print $tick")) if extension else tick_of(t.ask("monitor when"))
    check(0 < there < END * 9 // 10, "it stopped on the way, at tick %d: %s" % (there, said))
    when = t.ask("monitor when")
    check(tick_of(when) == there, "and stays there: " + when)
    if not extension:
        t.ask("maintenance flush register-cache")
    same = number(t.ask("print $t1")), number(t.ask("print *(unsigned long *) 0x%x" % (SPIN_ONCE + 8)))
    check(same[0] - same[1] in (0, 1), "registers and memory are of now: %s" % (same,))
    t.ask("monitor lastwrite 0x%x phys" % SPIN_ONCE, "(at tick")
    t.press_ctrl_c("lastwrite")
    check(number(t.ask("print $tick")) == there, "a question leaves it there")
    check("tick 8: hart0" in t.ask("monitor goto 1000") + t.ask("monitor lastwrite 0x%x phys" % SPIN_ONCE), "it goes on")
    if extension:
        check(number(t.ask("print $tick")) == 1000, "gdb knows at once")
    t.ask("stepi")
    check(number(t.ask("print $tick")) == 1001, "and steps")
    t.ask("quit", "\n")


SETTINGS = ["-nx", "-ex", "set confirm off", "-ex", "set pagination off", "-ex", "set width 0"]


def shared_terminal():
    t = Terminal(REPRISE, "debug", "spin.rr", "--at", "0", *SLOWLY, "--", *SETTINGS)
    t.until("(gdb) ")
    for _ in range(SHARED_PRESSES):
        # gdb gives up at the same key, at times before it has read what is said; then it hears of it later.
        t.ask("monitor goto 90%", "(at tick")
        at_once = "interrupted on the way to tick" in t.press_ctrl_c("goto")
        when = t.ask("monitor when")
        later = "`monitor goto` was given up" in when and "interrupted on the way to tick" in when
        check(at_once != later, "told of once, at once or later: %s %s" % (at_once, when))
        there = int(re.findall(r"^tick (\d+) of", when, re.M)[-1])
        check(0 < there < END * 9 // 10, "it stopped on the way: " + when)
        t.ask("monitor goto 0")
    with_gdb(t, True)
    check(t.end() == 0, "in peace")


def own_gdb():
    """A gdb of somebody's own, with the extension and without: what was given up is told of later."""
    extension = os.path.join(SOURCE, "src/gdb/extension.py")
    for options in (["-ex", "source " + extension], []):
        with Server("spin.rr", "--at", "0", *SLOWLY) as server:
            wait_for_server(server.sock)
            t = Terminal("gdb-multiarch", "-q", *SETTINGS, *options, "-ex", "set architecture riscv:rv64", "-ex",
                         "target remote " + server.sock)
            t.until("(gdb) ")
            t.ask("monitor goto 90%", "(at tick")
            t.press_ctrl_c("goto")
            if not options:  # with the extension gdb has asked already
                time.sleep(1)  # what is sent meanwhile must not be taken for the next answer
            check("0x00001297" in t.ask("x/wx 0x%x" % SPIN), "memory is read, not what came late")
            said = t.ask("monitor when")
            check("was given up" in said and "interrupted on the way" in said, "told of later: " + said)
            check(("maintenance flush" in said) == (not options), "a plain gdb is told what to do: " + said)
            t.ask("monitor goto 0")
            t.ask("maintenance flush register-cache")
            with_gdb(t, bool(options))
            t.end()


def commands():
    """query, index, and the way to the end of debug: status 1, a sentence, no file; then all works."""
    before = set(os.listdir("."))
    for what, argv, progress, says in (
            ("query on its way", ["query", "-accel", "interp", "spin.rr", "last-write", hex(SPIN_ONCE)], "going there:   1%",
             "nothing was searched yet"),
            ("query", ["query", "--no-index", "spin.rr", "last-write", hex(SPIN_ONCE)], "searching",
             r"nothing wrote there from tick \d+ to tick %d; what was before that is not known" % END),
            ("index", ["index", "-accel", "interp", "spin.rr"], "indexing:   1%", "no index was made"),
            ("debug", ["debug", "spin.rr", *SLOWLY], "going there:   1%", "on the way to tick %d, at tick" % END)):
        t = Terminal(REPRISE, *argv)
        t.until(progress)
        began = time.monotonic()
        t.talk.type("\x03")
        status = t.end()
        took(began, what)
        said = t.talk.seen.decode(errors="replace").replace("\r", "\n")
        check(status == 1 and re.search("reprise: interrupted.*" + says, said), "%s says so: %s %s" % (what, status, said))
        check(set(os.listdir(".")) == before, "%s leaves nothing: %s" % (what, set(os.listdir(".")) - before))
    r = succeeds("query", "--before", "1000", "spin.rr", "last-write", hex(SPIN_ONCE))
    check(b"tick 8: hart0" in r.out, str(r))


def main():
    global END
    record_spinner("spin.rr", 3000000000)  # a way that lasts, interpreted, on any host
    END = info("spin.rr")["ticks"]
    for test in (by_byte, commands, shared_terminal, own_gdb):
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        print(test.__name__, flush=True)
        test()


with Room():
    main()
finish()
