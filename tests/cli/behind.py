# SPDX-License-Identifier: GPL-2.0-or-later
# behind: `record` has its index made by another process meanwhile: it is there when the command ends,
# the recording is the same as without, nothing is left when it is given up or the recorder is killed,
# and whatever happens to that process, the recording and its exit status do not care.
import signal
import sqlite3

from harness import *

SAME = ["-seed", "1", "-rtc", "base=2026-01-01"]
BUSY = bare(guest("console"), "-serial", "stdio", *SAME)  # polls its UART until it is told "quit"
SHORT = bare(guest("timer"), *SAME)


def wait_for(what, condition, seconds=120):
    until = time.monotonic() + seconds * SLOW
    while not condition():
        if time.monotonic() > until:
            return check(False, "in vain: " + what)
        time.sleep(0.01)
    return True


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(x) for x in f.read().split()]
    except OSError:
        return []


def runs(pid):
    """It may be somebody else's to wait for."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def cpu_ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def builds(pid):
    """Whether it has begun: then the file that it reserved here, without a name, is open once more."""
    try:
        files = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
    except OSError:
        return False
    here = [f for f in files if f.startswith(os.path.join(os.getcwd(), "#"))]
    return len(here) > len(set(here))


class Recorder:
    def __init__(self, path, *args, machine=BUSY):
        self.path = path
        self.p = subprocess.Popen([REPRISE, "record", "--force", "-o", path, *machine, *args],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.other = 0

    def find_other(self):
        """The process that makes the index."""
        if wait_for("a second process", lambda: children(self.p.pid), 10):
            self.other = children(self.p.pid)[0]
        return self.other

    def works(self):
        """Until there is something of an index."""
        self.find_other()
        return wait_for("an index is begun", lambda: builds(self.other))

    def end(self):
        out, err = self.p.communicate(b"quit\n", timeout=120 * SLOW)
        return Result([self.path], self.p.returncode, out, err)


def left():
    return sorted(os.listdir("."))


def counts(name):
    with sqlite3.connect("file:%s?mode=ro" % name, uri=True) as db:
        return (db.execute("SELECT max(ending), sum(inputs), sum(exceptions) FROM span").fetchone() +
                tuple(db.execute("SELECT tick, port, text FROM line ORDER BY tick").fetchall()))


def made():
    r = Recorder("a.rr")
    r.works()
    result = r.end()
    check(result.status == 0 and is_sane(result), "recorded: %s" % result)
    check(left() == ["a.rr", "a.rr.idx"], "both are there: %s" % left())
    behind = counts("a.rr.idx")
    said = succeeds("index", "a.rr")
    check(b"making a new one" not in said.err and b"checkpoints" in said.err, "it is of use: %s" % said)
    check(succeeds("query", "a.rr", "last-write", "0x80005ff8").out, "to ask by")
    os.unlink("a.rr.idx")
    succeeds("index", "a.rr")
    check(counts("a.rr.idx") == behind, "and is what a replay finds: %s" % (behind,))
    succeeds("replay", "a.rr")


def not_made():
    for what, args, machine in (("short", (), SHORT), ("not wanted", ("--no-index",), BUSY)):
        r = Recorder("b.rr", *args, machine=machine)
        if machine == BUSY:
            r.p.stdout.read(1)  # "ready"
            check(not children(r.p.pid), what + ": nobody makes it")
        result = r.end()
        check(result.status == 0 and left() == ["b.rr"], "%s: %s: %s" % (what, left(), result))
        os.unlink("b.rr")
    record("b.rr", "--index", *SHORT)
    check(left() == ["b.rr", "b.rr.idx"], "--index: in any case: %s" % left())
    check(b"making" not in succeeds("index", "b.rr").err, "and of use")
    refuses("verify", "record", "-o", "d.rr", "--index", "-accel", "verify", *SHORT)


def on_one_core():
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        r = Recorder("c.rr")
        r.p.stdout.read(1)
        check(not children(r.p.pid), "one core: nobody makes it")
        check(r.end().status == 0 and left() == ["c.rr"], "one core: %s" % left())
        record("c.rr", "--index", *SHORT)
        check(left() == ["c.rr", "c.rr.idx"], "one core, --index: %s" % left())
    finally:
        os.sched_setaffinity(0, cores)


def same_history():
    """Whoever looks on is not seen. Seals and the grouping of witnesses follow the host's clock, so
    the bytes of two files are never the same; what they say is."""
    machine = bare(guest("work"), *SAME)
    record("with.rr", "--index", *machine)
    record("without.rr", "--no-index", *machine)
    check(succeeds("diff", "with.rr", "without.rr").status == 0, "no difference")
    a, b = info("with.rr"), info("without.rr")
    for key in ("ticks", "instructions", "witnesses", "final_hash", "inputs", "ended"):
        check(a.get(key) == b.get(key) is not None, "%s: %s and %s" % (key, a.get(key), b.get(key)))


def given_up():
    """A signal while only the index is waited for. The other process is stopped, so that it is; it goes
    on at once, or when the recorder is gone."""
    for goes_on in (True, False):
        give_up(goes_on)


def give_up(goes_on):
    r = Recorder("a.rr")
    r.works()
    os.kill(r.find_other(), signal.SIGSTOP)
    r.p.stdin.write(b"quit\n")
    r.p.stdin.flush()
    wait_for("the recording is whole", lambda: info("a.rr").get("complete"))
    said = r.p.stderr.readline()
    check(b"power-off" in said, "the recording is over: %r" % said)
    r.p.send_signal(signal.SIGINT)
    if goes_on:
        os.kill(r.other, signal.SIGCONT)
    r.p.wait(timeout=60 * SLOW)
    if not goes_on:
        os.kill(r.other, signal.SIGCONT)
    said = r.p.communicate(timeout=60 * SLOW)[1]
    check(r.p.returncode == 0 and b"not finished" in said, "%s: %r" % (r.p.returncode, said))
    wait_for("the other process ends", lambda: not runs(r.other))
    check(left() == ["a.rr"], "nothing is left: %s" % left())
    succeeds("replay", "a.rr")
    os.unlink("a.rr")


def killed():
    r = Recorder("a.rr")
    r.works()
    r.find_other()
    r.p.kill()
    r.p.wait()
    wait_for("the other process ends", lambda: not runs(r.other))
    check(left() == ["a.rr"], "the recorder was killed: %s" % left())

    r = Recorder("a.rr")
    r.works()
    os.kill(r.find_other(), signal.SIGKILL)
    result = r.end()
    check(result.status == 0 and b"ended by signal 9" in result.err, "the other one was: %s" % result)
    check(not os.path.exists("a.rr.idx"), "no index: %s" % left())
    succeeds("replay", "a.rr")


def differs():
    """What it replays is not what was recorded: the file says another final state."""
    r = Recorder("a.rr", "--index", machine=bare(guest("work"), *SAME))
    os.kill(r.find_other(), signal.SIGSTOP)
    wait_for("the recording is whole", lambda: info("a.rr").get("complete"))
    recedit("end", 0, "a.rr", "other.rr")
    with open("other.rr", "rb") as other, open("a.rr", "r+b") as f:
        f.write(other.read())
    os.kill(r.other, signal.SIGCONT)
    result = r.end()
    check(result.status == 3 and b"differs from this recording at tick" in result.err, "differs: %s" % result)
    check(left() == ["a.rr", "other.rr"], "and no index: %s" % left())


def idle():
    """It sleeps while nothing happens."""
    r = Recorder("i.rr", "--index", machine=bare(guest("idle"), "-serial", "null", *SAME))
    r.works()
    time.sleep(0.3)
    before, began = cpu_ticks(r.find_other()), time.monotonic()
    time.sleep(1.5)
    spent, passed = cpu_ticks(r.other) - before, time.monotonic() - began
    share = spent / os.sysconf("SC_CLK_TCK") / passed
    check(share < 0.05, "%.3f of a core while the guest sleeps" % share)
    r.p.terminate()
    r.p.communicate(timeout=60 * SLOW)
    wait_for("the other process ends", lambda: not runs(r.other))
    check(left() in (["i.rr"], ["i.rr", "i.rr.idx"]), "nothing is left: %s" % left())


for part in (made, not_made, on_one_core, same_history, given_up, killed, differs, idle):
    if part in (made, given_up, killed) and len(os.sched_getaffinity(0)) == 1:
        print(part.__name__ + ": left out on one core")
        continue
    with Room():
        began = time.monotonic()
        part()
        print("%s: %.1f s" % (part.__name__, time.monotonic() - began), flush=True)
finish()
