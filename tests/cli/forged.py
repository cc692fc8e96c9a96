# SPDX-License-Identifier: GPL-2.0-or-later
# forged: recordings of a stranger (forge.c), opened by each command that opens one: none crashes,
# none hangs, and none takes more than 300 MB of memory beside the guest's, however well it is
# packed. What a recording says is bounded before it is believed. Prints what each kind took.
#   forged.py [--count 100] [--from SEED]
import argparse
import collections
import signal
import subprocess
import threading

from harness import *

FORGE = os.path.join(os.path.dirname(RECEDIT), "forge")
MOST = 300 * 1000 * 1000
MEMORY = 128 << 20  # of the machines below
SANITIZED = SLOW > 1  # its memory is not ours

parser = argparse.ArgumentParser()
parser.add_argument("--count", type=int, default=100)
parser.add_argument("--from", type=int, default=0, dest="first")
options = parser.parse_args()
figures = collections.defaultdict(lambda: [0, 0, 0.0, collections.Counter()])


def measured(*args, seconds=120):
    """The result, the most memory it had, and the seconds."""
    start = time.monotonic()
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    p = subprocess.Popen([REPRISE] + list(args), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    killer = threading.Timer(seconds * SLOW, p.kill)
    killer.start()
    _, status, usage = os.wait4(p.pid, 0)
    killer.cancel()
    p.returncode = os.waitstatus_to_exitcode(status)
    text = []
    for f in (out, err):
        f.seek(0)
        text.append(f.read())
        f.close()
    return Result(list(args), p.returncode, text[0], text[1]), usage.ru_maxrss * 1024, time.monotonic() - start


def commands(seed):
    yield ("info", "forged.rr")
    yield ("replay", "forged.rr", "--until", "100000")
    if seed % 5 == 0:
        yield ("query", "forged.rr", "last-write", "0x80000000", "--phys", "--before", "1000")
    elif seed % 5 == 1:
        yield ("diff", "good.rr", "forged.rr")
    elif seed % 5 == 2:
        yield ("debug", "forged.rr", "--listen", "unix:gdb.sock", "--at", "200%")


def judge(seed, kind):
    for args in commands(seed):
        what = "forged %d (%s), %s" % (seed, kind, args[0])
        if args[0] in ("query", "diff", "debug") and info("forged.rr").get("ticks", 0) > 10000000:
            continue  # they go to the end, and it says that it has one
        r, peak, seconds = measured(*args)
        # A question is searched for by all cores, each with a machine; an index is made by one more.
        cores = min(8, len(os.sched_getaffinity(0)))
        machines = {"diff": 2, "query": cores, "debug": cores + 1}.get(args[0], 1)
        check(is_sane(r), "%s: %s" % (what, r))
        if r.status == 1:
            check(r.err.startswith(b"reprise: "), "%s: no sentence: %s" % (what, r))
        beside = peak - machines * MEMORY
        check(SANITIZED or beside < MOST, "%s takes %d MB beside the guest's memory" % (what, beside // 1000000))
        f = figures["%s, %s" % (kind, args[0])]
        f[0] += 1
        f[1] = max(f[1], peak)
        f[2] = max(f[2], seconds)
        f[3][r.status] += 1


def sparse_files():
    """Whose size costs their disk nothing: refused before they are read."""
    with open("sparse", "wb") as f:
        f.truncate(3 << 30)
    for command in (["run"], ["record", "-o", "sparse.rr"]):
        for option in ("-initrd", "-dtb", "-bios"):
            r, peak, _ = measured(*command, *bare(guest("arith")), "-serial", "null", option, "sparse")
            check(is_sentence(r) and (SANITIZED or peak < MEMORY), "%s %s of 3 GiB: %s, %d MB" % (command[0], option, r, peak >> 20))
    r, peak, _ = measured("run", "-bios", "none", "-arch", "riscv64", "-serial", "null", "-kernel", "sparse")
    check(is_sentence(r) and (SANITIZED or peak < MEMORY), "run -kernel of 3 GiB: %s, %d MB" % (r, peak >> 20))
    with open("good.rr", "rb") as f:
        good = f.read()
    with open("sparse", "r+b") as f:
        f.write(good)
    for command in ("info", "replay"):
        r, peak, _ = measured(command, "sparse")
        check(is_sane(r) and (SANITIZED or peak < MEMORY) and b"after its end" in r.out + r.err,
              "%s of a recording with 3 GiB of nothing after it: %s, %d MB" % (command, r, peak >> 20))


with Room():
    for name, args in (("good.rr", bare(guest("console"), "-serial", "stdio")), ("work.rr", bare(guest("work"), "-serial", "null"))):
        r = record(name, *args, "-m", MEMORY >> 20, "-seed", 1, stdin=b"hello\nworld\nquit\n")
        check(r.status == 0, "a recording to begin with: %s" % r)
    sparse_files()
    for seed in range(options.first, options.first + options.count):
        made = subprocess.run([FORGE, str(seed), ("good.rr", "work.rr")[seed // 12 % 2], "forged.rr"],
                              check=True, stdout=subprocess.PIPE)
        judge(seed, made.stdout.decode().strip())
        for name in os.listdir("."):
            if name.startswith("forged.rr.idx"):
                os.unlink(name)
for name in sorted(figures):
    count, peak, seconds, statuses = figures[name]
    print("%-20s %4d: at most %4d MB in all, %5.1f s; status %s" % (
        name, count, peak // 1000000, seconds, ", ".join("%s: %d" % s for s in sorted(statuses.items()))))
finish()
