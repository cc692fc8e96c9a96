# SPDX-License-Identifier: GPL-2.0-or-later
# kill: a recording is killed (SIGKILL) at chance moments, busy ones and idle ones. Each file names
# a sealed tick, replays to it with status 0, and what the machine had done in the last 200 ms before
# the kill is all that is lost. That is counted in the machine's own progress, so that it is the same
# on a host that has other things to do: the guests print a mark at even distances of ticks, and how
# many of those marks that were seen before the kill are not in the replay is
#   busy   ticks, against those that the machine makes in 200 ms of the processor's time
#   idle   virtual time, which is the host's where a guest sleeps
# With --linux KERNEL INITRD the guest is a Linux boot (busy) that then sleeps (idle), and its own time
# stamps are the marks.
#   kill.py [--kills N] [--seed N] [--late-ms 200] [--linux KERNEL INITRD]
import argparse
import random
import re
import signal
import subprocess

from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--kills", type=int, default=5)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--late-ms", type=float, default=200)
parser.add_argument("--linux", nargs=2, metavar=("KERNEL", "INITRD"))
options = parser.parse_args()

# Machine code, to be run from 0x80000000: t0 is the UART, t1 counts.
BUSY = (
    0x100002b7,  # lui  t0, 0x10000
    0x00100337,  # 1: lui t1, 0x100
    0xfff30313,  # 2: addi t1, t1, -1
    0xfe031ee3,  # bnez t1, 2b
    0x02e00393,  # li   t2, '.'
    0x00728023,  # sb   t2, 0(t0)
    0x0052c383,  # lbu  t2, 5(t0)
    0x0013f393,  # andi t2, t2, 1: is there anything typed?
    0xfe0382e3,  # beqz t2, 1b
    0x0002c383,  # lbu  t2, 0(t0)
    0x00728023,  # sb   t2, 0(t0)
    0xfd9ff06f,  # j    1b
)
BUSY_TICKS = 2 * 0x100000  # between two marks, at least
IDLE = (
    0x100002b7,  # lui  t0, 0x10000
    0x0200ce37,  # lui  t3, 0x200c: -8 is the CLINT's mtime
    0x02004eb7,  # lui  t4, 0x2004: mtimecmp
    0x08000313,  # li   t1, 0x80
    0x30432073,  # csrs mie, t1: the timer ends a wfi, and no interrupt is taken
    0xff8e3303,  # 1: ld t1, -8(t3)
    0x00018f37,  # lui  t5, 0x18
    0x6a0f0f13,  # addi t5, t5, 0x6a0: 100 000, of 100 ns
    0x01e30333,  # add  t1, t1, t5
    0x006eb023,  # sd   t1, 0(t4)
    0x10500073,  # 2: wfi
    0xff8e3383,  # ld   t2, -8(t3)
    0xfe63ece3,  # bltu t2, t1, 2b
    0x02e00393,  # li   t2, '.'
    0x00728023,  # sb   t2, 0(t0)
    0xfd9ff06f,  # j    1b
)
IDLE_NS = 10_000_000  # between two marks, at least


def program(name, words, more=b""):
    with open(name, "wb") as f:
        f.write(b"".join(w.to_bytes(4, "little") for w in words) + more)
    return ["-arch", "riscv64", "-bios", "none", "-display", "none", "-kernel", name]


worst = {"busy": 0.0, "idle": 0.0}


class Recorder:
    """A recording under way."""

    def __init__(self, path, machine):
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.seen = b""
        self.p = subprocess.Popen(
            [REPRISE, "record", "--force", "-o", path, "-serial", "stdio", *machine],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)

    def look_until(self, enough, seconds=120):
        """Reads until enough() or the end."""
        until = time.monotonic() + seconds * SLOW
        while not enough():
            if not select.select([self.p.stdout], [], [], max(0, until - time.monotonic()))[0]:
                return check(False, "nothing more on the console after %r" % self.seen[-100:])
            got = os.read(self.p.stdout.fileno(), 4096)
            if not got:
                return check(False, "the recording has ended after %r" % self.seen[-100:])
            self.seen += got
        return True

    def wait_for_name(self):
        """A recording has its name when its images are in it, which are large."""
        until = time.monotonic() + 120 * SLOW
        while not os.path.exists(self.path) and time.monotonic() < until:
            time.sleep(0.01)
        check(os.path.exists(self.path), "there is no recording yet")

    def kill(self):
        self.p.send_signal(signal.SIGKILL)
        _, status, used = os.wait4(self.p.pid, 0)
        self.p.returncode = -os.WTERMSIG(status)
        self.cpu_seconds = used.ru_utime + used.ru_stime
        while True:  # what was in the pipe
            got = os.read(self.p.stdout.fileno(), 65536)
            if not got:
                break
            self.seen += got
        self.p.stdin.close()
        self.p.stdout.close()

    def replay(self, what):
        """The console up to the seal, and info; None if that fails."""
        i = info(self.path)
        check(i.get("complete") is False and i.get("problem") is None, "%s: info %s" % (what, i))
        r = reprise("replay", "--stats", "killed.json", self.path, timeout=120)
        if not check(r.status == 0 and is_sane(r), "%s: replay: %s" % (what, r)):
            return None, i
        with open("killed.json") as f:
            check(json.load(f)["ticks"] == i["ticks"], what + ": replays to the sealed tick")
        check(self.seen.startswith(r.out) or r.out.startswith(self.seen), what + ": the console")
        return r.out, i


def judge(what, kind, lost, each, limit):
    """`lost` marks that are each so many ticks (or ns), of which `limit` are 200 ms."""
    ms = lost * each * options.late_ms / limit
    worst[kind] = max(worst[kind], ms)
    # One mark more or less is how exactly this can be known.
    check((lost - 1) * each <= limit, "%s: %.1f ms before the kill are lost (limit %.0f)"
          % (what, ms, options.late_ms))
    print("%s: %d marks lost, %.1f ms" % (what, lost, ms), flush=True)


def busy(what, chance):
    """Computes and prints marks; now and then a letter is typed, and comes back."""
    marks = chance.randrange(10, 1500)
    busy_and_killed(what, Recorder("busy.rr", program("busy.bin", BUSY)), marks, chance)


def named(what, chance):
    """As soon as the file has its name: then the machine has run for as long as packing took."""
    busy_and_killed(what, Recorder("named.rr", program("named.bin", BUSY, chance.randbytes(96 << 20))), 0,
                    chance)


def busy_and_killed(what, r, marks, chance):
    for typed in range(chance.randrange(0, 20)):
        at = marks * (typed + 1) // 21
        if r.look_until(lambda: r.seen.count(b".") >= at):
            r.p.stdin.write(b"x")
    r.look_until(lambda: r.seen.count(b".") >= marks)
    r.wait_for_name()
    r.kill()
    console, i = r.replay(what)
    if console is not None:
        # Ticks in so much of the processor's time, of a machine that used as much for so many.
        limit = options.late_ms / 1e3 * r.seen.count(b".") * BUSY_TICKS / r.cpu_seconds
        judge(what, "busy", r.seen.count(b".") - console.count(b"."), BUSY_TICKS, limit)


def idle(what, chance):
    marks = chance.randrange(3, 200)
    r = Recorder("idle.rr", program("idle.bin", IDLE))
    r.look_until(lambda: r.seen.count(b".") >= marks)
    r.wait_for_name()
    r.kill()
    console, i = r.replay(what)
    if console is not None:
        check(i["ticks"] >= console.count(b".") * IDLE_NS, what + ": the guest slept")
        judge(what, "idle", r.seen.count(b".") - console.count(b"."), IDLE_NS, options.late_ms * 1e6)


def linux(what, chance):
    def stamp(console):
        """Microseconds, by the last stamp of the kernel's."""
        return int(([0] + [a + b for a, b in re.findall(rb"\[ *(\d+)\.(\d{6})\] ", console)])[-1])

    lines = chance.randrange(5, 200)
    r = Recorder("linux.rr", ["-m", "256", "-kernel", options.linux[0], "-initrd", options.linux[1],
                              "-append", "console=ttyS0 panic=-1 reprise.idle=100", "-no-reboot"])
    r.look_until(lambda: r.seen.count(b"\n") >= lines or b"REPRISE: idle for" in r.seen)
    r.wait_for_name()
    r.kill()
    console, i = r.replay(what)
    if console is not None:
        # A tick is a nanosecond, and a boot makes fewer of them than pass.
        judge(what, "busy", stamp(r.seen) - stamp(console), 1, options.late_ms * 1e3)


chance_ = random.Random(options.seed)
with Room():
    kinds = (linux,) if options.linux else (busy, idle, named)
    for n in range(options.kills):
        kind = kinds[n % len(kinds)]
        kind("%s, kill %d" % (kind.__name__, n), chance_)
print("the most that was lost: " + ", ".join("%s %.1f ms" % w for w in worst.items()))
finish()
