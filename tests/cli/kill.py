# SPDX-License-Identifier: GPL-2.0-or-later
# kill: a recording is killed (SIGKILL) at chance moments, busy ones and idle ones. Each file names
# a tick sealed at most 200 ms of host time before the kill, and replays to it with status 0. The
# age of the seal is measured from outside, in three ways:
#   write    the host's time of the last write to the file, which is a seal's;
#   console  what was seen on the console so long before the kill is in the replay;
#   clock    a guest that only sleeps: virtual time goes with the host's from the start on.
# With --linux KERNEL INITRD the guest is a Linux boot (busy) that then sleeps (idle).
#   kill.py [--kills N] [--seed N] [--late-ms 200] [--linux KERNEL INITRD]
import argparse
import random
import signal
import subprocess

from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=5)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--late-ms", type=float, default=200)
parser.add_argument("--linux", nargs=2, metavar=("KERNEL", "INITRD"))
options = parser.parse_args()


def late_ms():
    """More where more processes want to run than can: then the recorder gets its share of time only."""
    return options.late_ms * SLOW * max(1.0, os.getloadavg()[0] / os.cpu_count())


worst = {"write": 0.0, "console": 0.0, "clock": 0.0}


class Recorder:
    """A recording under way, with the times at which parts of its console were seen."""

    def __init__(self, path, machine):
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.seen, self.times = b"", []
        self.began = time.monotonic_ns()
        self.p = subprocess.Popen(
            [REPRISE, "record", "--force", "-o", path, "-serial", "stdio", *machine],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)

    def look(self, seconds):
        """Reads what comes in the next `seconds`."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                return
            got = os.read(self.p.stdout.fileno(), 65536)
            if not got:
                return
            self.seen += got
            self.times.append((len(self.seen), time.monotonic_ns()))

    def wait_until_begun(self):
        """A recording has its name from the moment its machine begins."""
        while not os.path.exists(self.path) and time.monotonic_ns() < self.began + 10e9:
            time.sleep(0.001)
        self.began = time.monotonic_ns()

    def kill(self):
        self.killed, wall = time.monotonic_ns(), time.time_ns()
        self.p.send_signal(signal.SIGKILL)
        self.p.wait()
        self.exists = os.path.exists(self.path)
        self.written_ms = (wall - os.stat(self.path).st_mtime_ns) / 1e6 if self.exists else 0
        self.look(0.05)  # what was in the pipe
        self.p.stdin.close()
        self.p.stdout.close()

    def judge(self, what, sleeps_only=False):
        if not self.exists:  # killed before the machine began: nothing happened, nothing is lost
            check(not self.seen and self.killed - self.began < 5e9 * SLOW, what + ": no file")
            print(what + ": before the machine began")
            return
        i = info(self.path)
        check(i.get("complete") is False and i.get("problem") is None, "%s: info %s" % (what, i))
        r = reprise("replay", "--stats", "killed.json", self.path, timeout=120)
        if check(r.status == 0 and is_sane(r), "%s: replay: %s" % (what, r)):
            with open("killed.json") as f:
                check(json.load(f)["ticks"] == i["ticks"], what + ": replays to the sealed tick")
        check(self.seen.startswith(r.out) or r.out.startswith(self.seen), what + ": the console")
        check(i.get("ticks", 0) > 0 or self.killed - self.began < late_ms() * 1e6,
              what + ": nothing is sealed")
        ages = {"write": self.written_ms, "console": 0.0}
        for end, when in self.times:
            if end > len(r.out):
                ages["console"] = (self.killed - when) / 1e6
                break
        limit = late_ms()
        if sleeps_only:
            ages["clock"] = (self.killed - self.began - i.get("ticks", 0)) / 1e6
        for how, ms in ages.items():
            worst[how] = max(worst[how], ms)
            check(ms <= limit, "%s: %.1f ms before the kill are lost, by the %s (limit %.0f)"
                  % (what, ms, how, limit))
        print("%s: sealed through tick %d, %d inputs; %s" % (
            what, i.get("ticks", 0), i.get("inputs", 0),
            ", ".join("%s %.1f ms" % a for a in ages.items())), flush=True)


def busy_small(what, delay):
    """A line every few milliseconds is typed, and answered."""
    r = Recorder("busy.rr", bare(guest("console")))
    until = time.monotonic() + delay
    while time.monotonic() < until:
        r.p.stdin.write(b"abcdefghij\n")
        r.look(min(0.015, max(0.0, until - time.monotonic())))
    r.kill()
    r.judge("busy, " + what)


def idle_small(what, delay):
    r = Recorder("idle.rr", bare(guest("idle")))
    r.wait_until_begun()
    r.look(delay)
    r.kill()
    r.judge("idle, " + what, sleeps_only=True)


def polls_small(what, delay):
    """Computes without a word, and gets no input: nothing but the seal moves."""
    r = Recorder("polls.rr", bare(guest("console")))
    r.look(delay)
    r.kill()
    r.judge("silent, " + what)


def linux(what, delay):
    r = Recorder("linux.rr", ["-m", "256", "-kernel", options.linux[0], "-initrd", options.linux[1],
                              "-append", "console=ttyS0 panic=-1 reprise.idle=100", "-no-reboot"])
    r.look(delay)
    r.kill()
    r.judge(("idle, " if b"REPRISE: idle for" in r.seen else "busy, ") + what)


chance = random.Random(options.seed)
with Room():
    kinds = (linux,) if options.linux else (busy_small, idle_small, polls_small)
    for n in range(options.kills):
        seconds = chance.uniform(0.02, 16 if options.linux else 1.5) * (1 if options.linux else SLOW)
        kinds[n % len(kinds)]("kill %d after %.2f s" % (n, seconds), seconds)
print("the oldest seals: " + ", ".join("%s %.1f ms" % w for w in worst.items()))
finish()
