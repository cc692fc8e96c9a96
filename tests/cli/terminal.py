# SPDX-License-Identifier: GPL-2.0-or-later
# terminal: what a person at a terminal meets, on a pseudo-terminal: keys go to the guest, Ctrl-A x
# quits and Ctrl-A h helps with -nographic; Ctrl-C ends a run that has no keys of its own; the
# terminal is as it was afterwards, whatever ended the run; the progress bar is for terminals only;
# a pipe that nobody reads and closed descriptors do no harm.
import pty
import signal
import subprocess
import termios

from harness import *


class Terminal:
    """reprise on a pseudo-terminal of its own."""

    def __init__(self, *args, stdout=None, stderr=None):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.p = subprocess.Popen([REPRISE, *map(str, args)], stdin=self.slave, preexec_fn=self.own,
                                  stdout=stdout or self.slave, stderr=stderr or self.slave)
        self.talk = Talk(self.master)

    def own(self):
        """The child's controlling terminal, so that Ctrl-C is a signal for it."""
        os.setsid()
        import fcntl
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def end(self, what, status=0, seconds=20):
        got = wait_status(self.p, seconds)
        check(got == status, "%s: status %s, not %s; %r" % (what, got, status, self.talk.seen[-200:]))
        while select.select([self.master], [], [], 0.05)[0]:
            self.talk.pump(0)
        check(termios.tcgetattr(self.slave) == self.before, what + ": the terminal is not as it was")
        os.close(self.slave)
        os.close(self.master)
        return self.talk.seen


def is_raw(t):
    return not termios.tcgetattr(t.slave)[3] & (termios.ICANON | termios.ECHO)


def keys():
    t = Terminal("record", "--force", "-o", "keys.rr", "-nographic", "-bios", "none", "-kernel", guest("console"))
    t.talk.wait_for("ready")
    check(is_raw(t), "-nographic makes the terminal raw")
    t.talk.type("abc\r")
    t.talk.wait_for("cba")
    t.talk.type("\x03\x1a\x1c\r")  # Ctrl-C, Ctrl-Z, Ctrl-\ are the guest's
    t.talk.wait_for("\x1c\x1a\x03")
    t.talk.type("\x01\x01z\r")  # Ctrl-A Ctrl-A sends one
    t.talk.wait_for("z\x01")
    t.talk.type("\x01h")
    t.talk.wait_for("x")
    t.talk.type("quit\r")
    t.talk.wait_for("ok")
    seen = t.end("keys")
    check(b"abc" not in seen, "nothing is echoed")
    i = info("keys.rr")
    check(i.get("ended") == "power-off" and i.get("input_bytes") == 4 + 4 + 3 + 5, "inputs: %s" % i)
    r = succeeds("replay", "keys.rr")
    check(b"cba\n\x1c\x1a\x03\nz\x01\n" in r.out, "the replay's console: %r" % r.out)


def quits(guest_name, wait):
    """Ctrl-A x, computing or idle."""
    t = Terminal("record", "--force", "-o", "quit.rr", "-nographic", "-bios", "none", "-kernel", guest(guest_name))
    if wait:
        t.talk.wait_for(wait)
    else:
        time.sleep(0.3 * SLOW)
    began = time.monotonic()
    t.talk.type("\x01x")
    t.end("Ctrl-A x, " + guest_name)
    check(time.monotonic() - began < 2 * SLOW, "Ctrl-A x takes effect at once")
    i = info("quit.rr")
    check(i.get("complete") is True and i.get("ended") == "quit", "ended by Ctrl-A x: %s" % i)
    succeeds("replay", "quit.rr")


def interrupted(number, guest_name):
    """Ctrl-C without -nographic, and signals."""
    t = Terminal("record", "--force", "-o", "signal.rr", "-bios", "none", "-kernel", guest(guest_name))
    time.sleep(0.3 * SLOW)
    if number is None:
        t.talk.type("\x03")
    else:
        t.p.send_signal(number)
    t.end("signal %s, %s" % (number, guest_name))
    i = info("signal.rr")
    check(i.get("complete") is True and i.get("ended") == "signal", "ended by a signal: %s" % i)
    succeeds("replay", "signal.rr")


def stalled():
    """Nobody reads the console's pipe: one signal cannot end the history, two end the process."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"full" * 1024)
    except BlockingIOError:
        os.set_blocking(writer, True)
    p = subprocess.Popen([REPRISE, "record", "--force", "-o", "stalled.rr", *bare(guest("console"))],
                         stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.3 * SLOW)  # its first line is stuck by now
        p.send_signal(signal.SIGINT)
        time.sleep(0.2)
        p.send_signal(signal.SIGINT)
        check(wait_status(p, 5) == -signal.SIGINT, "two signals end a run whose console is stuck")
    finally:
        p.kill()
        p.stdin.close()
        os.close(reader)
        os.close(writer)
    succeeds("replay", "stalled.rr")


def progress():
    record("bar.rr", *bare(guest("work"), "-serial", "null"))
    with open("console.txt", "wb") as f:
        t = Terminal("replay", "bar.rr", stdout=f)
        check(b"100%" in t.end("bar"), "a bar on a terminal while the console goes to a file")
    t = Terminal("replay", "bar.rr")
    check(b"%" not in t.end("no bar"), "no bar between the lines of the console")
    t = Terminal("replay", "bar.rr", "--serial-out", "out.txt")
    check(b"100%" in t.end("bar, --serial-out"), "a bar with --serial-out")
    check(b"\r" not in reprise("replay", "bar.rr").err, "no bar in a pipe")


def broken_pipes():
    for args in (["run", *bare(guest("console"))], ["record", "--force", "-o", "pipe.rr", *bare(guest("console"))]):
        p = subprocess.Popen([REPRISE, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.close()
        p.stdin.write(b"hello\nquit\n")
        p.stdin.close()
        status = wait_status(p)
        err = p.stderr.read()
        p.stderr.close()
        check(status == 1 and b"dropped" not in err, "nobody reads, and nothing is said: %s %r" % (status, err))
    check(info("pipe.rr").get("ended") == "power-off", "the guest goes on when nobody reads")
    r = subprocess.run("exec '%s' replay pipe.rr 2>err.txt | true" % REPRISE, shell=True)
    check(r.returncode == 0, "replay | true")
    with open("err.txt", "rb") as f:
        err = f.read()
    check(err.count(b"\n") <= 2 and b"rror" not in err, "replay into a closed pipe: %r" % err)


def closed_descriptors():
    """A file must never be opened as 0, 1 or 2: the console would be printed into it."""
    subprocess.run("exec '%s' record --force -o closed.rr -bios none -kernel '%s' <&- >&- 2>&-"
                   % (REPRISE, guest("arith")), shell=True, timeout=20)
    check(info("closed.rr").get("complete") is True, "recorded with all three closed")
    r = succeeds("replay", "closed.rr")
    check(r.out.endswith(b"ok\n"), "and replayed")


with Room():
    keys()
    quits("console", "ready")
    quits("idle", None)
    interrupted(None, "console")
    interrupted(None, "idle")
    interrupted(signal.SIGTERM, "console")
    interrupted(signal.SIGHUP, "idle")
    stalled()
    progress()
    broken_pipes()
    closed_descriptors()
finish()
