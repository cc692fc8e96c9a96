# SPDX-License-Identifier: GPL-2.0-or-later
# branch: in a recording's past, and in that of a machine being recorded, a change makes a recording
# of its own, which replays by itself and differs from its parent first at that tick; the parent keeps
# every byte. Names that are taken or cannot be, Ctrl-C, kills, and what gdb's user is told.
import hashlib
import signal

from debugger import *

INPUT = b"hello\nmachine that records\nquit\n"
ELF = guest("console")
Debug.symbols = ELF


def sum_of(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def fork_of(path):
    i = info(path)
    check("branch_of" in i, "%s knows where it comes from: %s" % (path, i))
    return i.get("branched_at", -1)


def differs_first_at(a, b, at):
    r = reprise("diff", "--json", a, b)
    check(r.status == 3 and json.loads(r.out) == {"finding": "inputs", "tick": at}, "diff: %s %s" % (r, r.out))


def complete(path, ended, console=None):
    """Replays by itself, and ended so."""
    i = info(path)
    check(i.get("complete") and i.get("ended") == ended, "%s ended by %s: %s" % (path, ended, i.get("ended")))
    r = succeeds("replay", path)
    check(b"all output agree" in r.err, "%s replays: %s" % (path, r))
    if console is not None:
        check(r.out == console, "console of %s: %r" % (path, r.out))
    return i


def changes():
    """By a variable, and on to the guest's end, which is another one."""
    check(record("v.rr", *bare(guest("arith"))).status == 0, "recorded")
    parent, was = sum_of("v.rr"), info("v.rr")
    d = debug("v.rr", "file " + guest("arith"), "monitor goto 50%", "maintenance flush register-cache",
              "set var failures = 3", "print failures", "monitor when", "break power_off", "continue", "print status",
              "continue", "monitor branch", "reverse-continue", "delete", "reverse-continue", "print failures")
    check("recorded in" not in d.said(3) and "= 3" in d.said(4), "what it is for is not known yet: " + d.out)
    check("recorded in v-branch1.rr" in d.said(5) and "live edge" in d.said(5), "a branch: " + d.said(5))
    check("= 3\n" in d.said(8) and "ended with status 3" in d.said(9), "the guest saw it: " + d.said(9))
    check("3 checks failed" in d.said(7), "and says so: " + d.said(7))
    check("power_off" in d.said(11) and "= 0" in d.said(14), "back into the shared past: " + d.out)
    at = fork_of("v-branch1.rr")
    check(at == was["ticks"] // 2, "the fork at tick %d" % at)
    differs_first_at("v.rr", "v-branch1.rr", at)
    r = succeeds("replay", "v-branch1.rr", status=2)
    check(b"all output agree" in r.err and b"3 checks failed" in r.out, str(r))
    check(sum_of("v.rr") == parent and complete("v.rr", "power-off")["final_hash"] == was["final_hash"], "the parent")


def types():
    """The console's lines until the fork are the parent's, the others are new."""
    d = debug("a.rr", "monitor goto 40%", "monitor type new line\\n\\x71uit\\n", "continue", "monitor when",
              "monitor goto 0", "monitor golive", "monitor type late", "continue")
    check("recorded in t-branch" not in d.out and "14 bytes for serial0" in d.said(1), d.out)
    check("enil wen" in d.said(2) and "powered off" in d.said(2), "shown while going on: " + d.said(2))
    check("end of history" in d.said(3), d.said(3))
    check("end of history" in d.said(5), "golive goes to the edge: " + d.said(5))
    name = re.search(r"recorded in (\S+)", d.out).group(1)
    console = succeeds("replay", name).out
    check(b"enil wen" in console and console.endswith(b"ok\n"), "console: %r" % console)
    complete(name, "power-off", console)
    differs_first_at("a.rr", name, fork_of(name))


def many():
    """A branch of a branch, and one more of that; each is complete once the next begins."""
    before = set(os.listdir("."))
    d = debug("a.rr", "monitor goto 60%", "monitor type x", "stepi 1000", "monitor goto 50%",
              "maintenance flush register-cache", "set $a7 = 12345", "print $a7", "stepi", "monitor goto begin",
              "monitor golive here", "stepi", "monitor when")
    names = re.findall(r"recorded in (\S+)", d.out)
    check(len(names) == 3 and set(os.listdir(".")) - before == {*names, "script.gdb"} - before, str(names))
    check("= 12345" in d.said(6), d.said(6))
    forks = [fork_of(n) for n in names]
    check(forks[0] > forks[1] > forks[2] == 0, "forks at %s" % forks)
    for n in names:
        complete(n, "quit")
    check([info(n)["branch_of"] for n in names] == ["a.rr", names[0], names[1]], "each of the one before")
    differs_first_at("a.rr", names[0], forks[0])
    differs_first_at(names[0], names[1], forks[1])


def names_():
    """Names that are taken are passed by or refused, and so is what does not lie beside the recording;
    what cannot be made is said, and nothing happens."""
    os.makedirs("names/sub")
    for i in range(1, 4):
        open("names/n-branch%d.rr" % i, "w").close()
    os.symlink("nowhere", "names/n-branch4.rr")
    open("names/taken.rr", "w").close()
    shutil.copy("a.rr", "names/n.rr")
    before = set(os.listdir("."))
    bad = ("taken.rr", "n.rr", "n-branch4.rr", "sub/x.rr", "../x.rr", "..", ".", ".x.rr", os.path.abspath("x.rr"),
           "sub", "a\x1b[31mb.rr", "x" * 300)
    d = debug("names/n.rr", "monitor branch", *("monitor branch " + name for name in bad), "monitor branch")
    check("next branch will be names/n-branch5.rr" in d.said(0), d.said(0))
    for i, name in enumerate(bad):
        said = d.said(1 + i)
        check("exists already" in said or "beside its recording" in said or "begin with a dot" in said or
              "longer than" in said, "%r is refused: %r" % (name, said))
    check("next branch will be names/n-branch5.rr" in d.said(1 + len(bad)), d.said(1 + len(bad)))
    d = debug("names/n.rr", "monitor goto 30%", "maintenance flush register-cache", "print $a7", "monitor branch late.rr",
              "set $a7 = 99", "shell touch names/late.rr", refused("set $a7 = 98"), "monitor when", "print $a7",
              "maintenance flush register-cache", "print $a7 == $1", refused("set $a7 = 99"), "monitor golive",
              "monitor branch mine.rr", "monitor golive", "monitor branch")
    check("late.rr: exists already" in d.said(7) and "live edge" not in d.said(7), "taken meanwhile: " + d.said(7))
    check("= 1" in d.said(10), "nothing has changed: " + d.out)
    check("refused:" in d.said(11) and "late.rr: exists already" in d.said(11), "refused at once: " + d.said(11))
    check("late.rr: exists already" in d.said(12), d.said(12))
    check("recorded in names/mine.rr" in d.said(14) and "names/n-branch5.rr" in d.said(15), d.said(14) + d.said(15))
    complete("names/mine.rr", "quit")
    check(os.path.getsize("names/taken.rr") == os.path.getsize("names/late.rr") == 0, "nothing is overwritten")
    check(set(os.listdir("names")) - {"n.rr.idx"} ==
          {"n.rr", "sub", "taken.rr", "late.rr", "mine.rr", *("n-branch%d.rr" % i for i in range(1, 5))} and
          not os.listdir("names/sub") and set(os.listdir(".")) - {"script.gdb"} == before - {"script.gdb"},
          "nothing else was made: %s" % os.listdir("names"))
    if os.geteuid() != 0:
        os.mkdir("closed")
        shutil.copy("a.rr", "closed/a.rr")
        os.chmod("closed", 0o500)
        d = debug("closed/a.rr", "monitor goto 30%", "monitor golive", refused("set $a7 = 1"), options=["--no-index"])
        check("cannot be made: Permission denied" in d.said(1) and "Permission denied" in d.said(2), d.out)
        os.chmod("closed", 0o700)


def monitor_words():
    d = debug("a.rr", "monitor type", "monitor type \\q", "monitor type serial0", "monitor golive there",
              "monitor console serial7", "monitor console off", "monitor goto 40%", "monitor type more\\n",
              "monitor type quit\\n", "continue", "monitor golive here", "monitor type x",
              "monitor console serial0", refused("set var *(char *)0x10000000 = 1"), options=["--no-index"])
    for n, words in ((0, "type what?"), (1, "after a backslash"), (2, "type what?"), (3, "golive, or golive here?"),
                     (4, "no serial port"), (5, "no output is shown"), (10, "guest has ended"), (11, "guest has ended"),
                     (12, "serial0 is shown"), (13, "refused: Cannot access memory")):
        check(words in d.said(n), "%s: %s" % (words, d.said(n)))
    check("erom" not in d.said(9), "nothing is shown: " + d.said(9))


def interrupted():
    """Ctrl-C ends a journey that makes new history; also while nothing happens in the guest."""
    for elf, machine in ((guest("console"), ()), (guest("idle"), ("-icount", "shift=10"))):
        p = subprocess.Popen([REPRISE, "record", "--force", "-o", "i.rr", "-serial", "null", *bare(elf, *machine)],
                             stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20 * SLOW
        while info("i.rr").get("ticks", 0) < 1000 and time.monotonic() < until:
            time.sleep(0.05)
        p.terminate()
        check(p.wait(30 * SLOW) == 0, "recorded")
        d = Debug("i.rr", "monitor goto 50%", "monitor branch i-%s.rr" % os.path.basename(elf), "monitor golive",
                  "continue", "continue", "continue", "monitor when")
        seconds = []
        d.talk.wait_for("[3]\n")
        for step in (3, 4, 5):
            time.sleep(0.5)  # it goes on for ever: any moment will do
            began = time.monotonic()
            os.killpg(d.p.pid, signal.SIGINT)
            d.talk.wait_for("[%d]\n" % (step + 1))
            seconds.append(time.monotonic() - began)
        # 4 s each time where a piece of the journey is not cut short; a busy host is slow now and then.
        check(min(seconds) < 2.5 * SLOW, "it took %s s" % seconds)
        d.end()
        check(all("SIGINT" in d.said(n) for n in (3, 4, 5)) and "live edge" in d.said(6), d.out)
        complete("i-%s.rr" % os.path.basename(elf), "quit")
        os.unlink("i.rr")


def killed():
    """kill -9 while the branch lives: good to the fork at least. A polite signal: complete."""
    for number, name in ((signal.SIGKILL, "k1.rr"), (signal.SIGTERM, "k2.rr")):
        d = Debug("a.rr", "monitor goto 40%", "monitor branch " + name, "monitor golive", "monitor type abc\\n",
                  "continue")
        d.talk.wait_for("cba")
        os.kill(d.p.pid, number)
        wait_status(d.p, 30)
        if number == signal.SIGKILL:  # GDB 16 goes round for ever when its server has been killed
            os.killpg(d.p.pid, signal.SIGKILL)
        d.talk.rest(30)
        d.p.stdout.close()
        i = info(name)
        check(i.get("ticks", 0) >= i.get("branched_at", -1) > 0 and i.get("problem") is None, str(i))
        check(i["complete"] == (number == signal.SIGTERM), "%s: %s" % (name, i["ended"]))
        succeeds("replay", name)


def cut_off():
    """At the end of a recording that lost its end, and of one that was quit, one can live on."""
    debug("a.rr", "monitor goto 30%", "monitor branch cut.rr", "monitor golive", "stepi 5000")
    os.truncate("cut.rr", os.path.getsize("cut.rr") - 40)
    d = debug("cut.rr", "monitor golive", "stepi", "stepi", "monitor when")
    check("recorded in cut-branch1.rr" in d.said(0) and "live edge" in d.said(3), d.out)
    complete("cut-branch1.rr", "quit")
    d = debug("cut-branch1.rr", "monitor golive", "stepi")
    check("recorded in cut-branch1-branch1.rr" in d.said(0), d.said(0))
    complete("cut-branch1-branch1.rr", "quit")
    d = debug("a.rr", "monitor golive", options=["--no-index"])
    check("guest has ended here" in d.said(0), d.said(0))


def served():
    """One client after the other: what the first began is complete once it has gone; the next finds it
    where it was left, and what it changes is a branch of that."""
    sock = os.path.abspath("s")
    p = subprocess.Popen([REPRISE, "debug", "a.rr", "--listen", "unix:" + sock], stdin=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    wait_for_server(sock)
    d = Debug(None, "monitor goto 30000", "monitor branch s1.rr", "maintenance flush register-cache",
              "set $a7 = 4321", "stepi 500", "monitor goto 20000", program=client(sock)).end()
    check("from tick 30000 on this is a branch, recorded in s1.rr" in d.said(4), "told at the next journey: " + d.said(4))
    complete("s1.rr", "quit")
    d = Debug(None, "monitor when", "monitor branch s2.rr", "monitor goto end", "maintenance flush register-cache",
              "print $a7", "monitor goto 30100", "maintenance flush register-cache", "set $a7 = 1",
              "monitor branch", "monitor type x", program=client(sock)).end()
    check("tick 20000 of 30501" in d.said(0), d.said(0))
    check("s2.rr, being recorded" in d.said(8) and fork_of("s2.rr") == 30100, d.said(8))
    check(info("s2.rr").get("branch_of") == "s1.rr", "a branch of the first")
    complete("s2.rr", "quit")
    p.terminate()
    err = p.communicate(timeout=30 * SLOW)[1].decode()
    check(p.returncode == 0 and "s1.rr ends at tick 30501" in err and "s2.rr ends at tick 30101" in err, err)
    differs_first_at("s1.rr", "s2.rr", 30100)


def running():
    """Of a machine that is not recorded, a branch is in memory only."""
    sock = os.path.abspath("r")
    before = set(os.listdir("."))
    p = subprocess.Popen([REPRISE, "run", "-gdb", "unix:" + sock, "-S", "-serial", "file:ran.txt", *bare(ELF)],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for_server(sock)
    d = Debug(None, "stepi 3000", "monitor goto 2000", "monitor branch x.rr", "monitor type quit\\n", "continue",
              "monitor goto 1000", "monitor golive", program=client(sock)).end()
    check("in memory only" in d.said(2) and "in memory only" in d.said(3) and "powered off" in d.said(4), d.out)
    check("end of history" in d.said(6), d.said(6))
    p.communicate(timeout=30 * SLOW)
    check(p.returncode == 0, "status %s" % p.returncode)
    check(set(os.listdir(".")) - before <= {"ran.txt", "script.gdb"}, "no file: %s" % os.listdir("."))


def recording():
    """While recording: the past branches, too, and the recording is complete."""
    sock = os.path.abspath("g")
    p = subprocess.Popen([REPRISE, "record", "-o", "live.rr", "-gdb", "unix:" + sock, "-S", "-serial", "file:out.txt",
                          *bare(ELF)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for_server(sock)
    d = Debug(None, "stepi 3000", "set $a7 = 1", "stepi 500", "monitor goto 2000",
              "maintenance flush register-cache", "set $a7 = 2", "monitor when", "monitor branch second.rr",
              "monitor type one\\nquit\\n", "monitor console", "continue", "monitor goto 1000",
              "monitor golive", "monitor goto 1000", "monitor type other\\nquit\\n", "continue", "kill", program=client(sock)).end()
    err = p.communicate(timeout=30 * SLOW)[1].decode()
    check(p.returncode == 0 and "live.rr ends at tick 3501" in err and "recorded in live-branch1.rr" in err, err)
    check("goes where the server was told" in d.said(9), d.said(9))
    check(complete("live.rr", "quit")["ticks"] == 3501, "the recording goes as far as it had got")
    complete("live-branch1.rr", "power-off")
    complete("second.rr", "power-off")
    check(fork_of("live-branch1.rr") == 2000 and fork_of("second.rr") == 1000, "forks")
    with open("out.txt", "rb") as f:
        out = f.read()
    check(out.count(b"eno\n") == 1 and out.count(b"rehto\n") == 1, "what was typed is answered once: %r" % out)
    differs_first_at("live.rr", "live-branch1.rr", 2000)


def main():
    r = record("a.rr", "-serial", "stdio", *bare(ELF), stdin=INPUT)
    check(r.status == 0, str(r))
    parent, was = sum_of("a.rr"), complete("a.rr", "power-off")
    tests = (changes, types, many, names_, monitor_words, interrupted, killed, cut_off, served, running, recording)
    for test in tests:
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        began = time.monotonic()
        try:
            test()
        except (AttributeError, IndexError, KeyError, OSError) as e:
            check(False, "%s: %r" % (test.__name__, e))
        print("%s: %.1f s" % (test.__name__, time.monotonic() - began), flush=True)
        check(sum_of("a.rr") == parent, "the parent is what it was after " + test.__name__)
    check(complete("a.rr", "power-off")["final_hash"] == was["final_hash"], "and replays to the same state")


with Room():
    main()
finish()
