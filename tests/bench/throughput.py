# SPDX-License-Identifier: GPL-2.0-or-later
# throughput: what tests/bench/disk and tests/bench/net have in common. A guest of Debian's kernel does one load
# after the other and says on its console when each begins and ends; the host looks at its own clock, and at
# the processor time of all processes of the run, when it reads that. The guest's clock says nothing, as it counts
# instructions. Loads are tests/bench/guest_load.c, put into the initramfs beside busybox.
import argparse
import gzip
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Which compiler makes the load, what both emulators are told of a machine, and which modules the loads need.
ISAS = {
    "riscv64": {"cc": "riscv64-linux-gnu-gcc", "flags": ["-mno-relax"],
                "machine": ["-M", "virt"], "console": "ttyS0",
                "reference": "qemu-system-riscv64"},
    "arm64": {"cc": "aarch64-linux-gnu-gcc", "flags": [],
              "machine": ["-M", "virt", "-cpu", "cortex-a57"], "console": "ttyAMA0", "reference": "qemu-system-aarch64"},
}
MODULES = ["virtio_mmio", "failover", "net_failover", "virtio_blk", "virtio_net", "nvme-auth", "nvme-core", "nvme"]

# A replay's console comes in large pieces, so that nothing is known of single loads.
LATE = {"replay"}

# What is run, in this order, as a replay wants its recording. "ours" are ways of Reprise.
WAYS = {"run": "ours", "record": "ours", "replay": "ours", "plain": "theirs", "icount": "theirs", "rr=record": "theirs",
        "rr=replay": "theirs"}


def options_of(what, add, mib):
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--isa", default="riscv64", choices=sorted(ISAS))
    parser.add_argument("--reprise", default=os.path.join(root, "build/reprise"))
    parser.add_argument("--qemu", default=os.environ.get("REFERENCE"))
    parser.add_argument("--shift", default="2", help="of -icount, for both")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=600, help="seconds without a word of the guest's")
    parser.add_argument("--mib", type=int, default=mib)
    parser.add_argument("--ways", default=",".join(w for w in WAYS if w != "rr=replay"),
                        help="of " + ", ".join(WAYS))
    parser.add_argument("--only", default="", help="loads by name, with commas")
    parser.add_argument("--extra", default="", help="more options for ours")
    parser.add_argument("--verbose", action="store_true", help="what guests say, as they say it")
    add(parser)
    options = parser.parse_args()
    options.ways = options.ways.split(",")
    options.only = options.only.split(",") if options.only else []
    options.qemu = options.qemu or ISAS[options.isa]["reference"]
    if any(w not in WAYS for w in options.ways):
        sys.exit("%s: no such way; there are %s" % (what, ", ".join(WAYS)))
    return options


# ---- the guest -------------------------------------------------------------------------------------


def entry(name, mode, content):
    """A file of an archive in the format newc, in which there is no order of bytes."""
    fields = [0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)


def make_load(folder, isa):
    out = os.path.join(folder, "load")
    compiler = os.environ.get("GUEST_CC", ISAS[isa]["cc"])
    subprocess.run([compiler, *ISAS[isa]["flags"], "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-pic",
                    "-fno-stack-protector", "-nostdlib", "-static", "-o", out,
                    os.path.join(root, "tests/bench/guest_load.c")], check=True)
    with open(out, "rb") as f:
        return f.read()


def script(setup, loads):
    lines = ["#!/bin/busybox sh", "export PATH=/bin", "/bin/busybox --install -s /bin", "mount -t proc proc /proc",
             "mount -t devtmpfs devtmpfs /dev"]
    lines += ["insmod /lib/modules/%s.ko 2>/dev/null" % m for m in MODULES]
    lines += [*setup, "echo BENCH ready"]
    for number, (_, command) in enumerate(loads):
        lines += ["echo 3 >/proc/sys/vm/drop_caches", "echo BENCH begin %d" % number,
                  "%s || echo BENCH bad" % command, "echo BENCH end %d" % number]
    return "\n".join([*lines, "echo BENCH over", "poweroff -f", ""]).encode()


def guest(folder, isa, setup, loads):
    """Kernel, and an initramfs whose /bench does the loads."""
    made = subprocess.run([os.path.join(root, "tools/guests/make-debian-guest"), "--any", isa], stdout=subprocess.PIPE)
    if made.returncode != 0:
        sys.exit("throughput: no guest")
    kernel, plain = made.stdout.decode().split("\n")[:2]
    path = os.path.join(folder, "initramfs")
    added = entry("bench", 0o100755, script(setup, loads)) + entry("load", 0o100755, make_load(folder, isa)) + \
        entry("TRAILER!!!", 0, b"")
    with open(plain, "rb") as f, open(path, "wb") as out:
        out.write(f.read() + gzip.compress(added, mtime=0))
    return kernel, path


# ---- one run -----------------------------------------------------------------------------------------


def spent(session):
    """Processor seconds of all processes of a session, those that ended and were waited for included."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            ticks += sum(int(x) for x in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


class Stuck(Exception):
    pass


def follow(child, console, loads, limit, verbose):
    """What the guest says, with times: [(seconds, processor seconds) of each load]."""
    said, results, began = b"", {}, None
    word = re.compile(rb"BENCH (\w+) ?(\d*)\r?\n")
    while True:
        if not select.select([console], [], [], limit)[0]:
            raise Stuck("nothing said for %d s; last: %r" % (limit, said[-200:]))
        piece = os.read(console, 65536)
        now, cpu = time.monotonic(), spent(child.pid)
        if verbose:
            sys.stderr.buffer.write(piece)
            sys.stderr.flush()
        if not piece:
            break
        said += piece
        while (m := word.search(said)) is not None:
            what, number = m.group(1), m.group(2)
            said = said[m.end():]
            if what == b"begin":
                began = now, cpu
            elif what == b"end":
                results[int(number)] = now - began[0], cpu - began[1]
            elif what == b"bad":
                raise Stuck("a load failed")
    if len(results) != len(loads):
        raise Stuck("the guest ended before its loads; last: %r" % said[-400:])
    return [results[i] for i in range(len(loads))]


def run_once(command, loads, options):
    """Like follow(), and of the whole: seconds, processor seconds."""
    ours, theirs = os.pipe()
    start = time.monotonic()
    child = subprocess.Popen([*command], stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE,
                             start_new_session=True)
    os.close(theirs)
    try:
        results = follow(child, ours, loads, options.limit, options.verbose)
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Stuck("status %d: %s" % (child.returncode, said.decode(errors="replace")))
    except Stuck:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    finally:
        os.close(ours)
        child.stderr.close()
    return {"loads": results, "wall": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime}


class Setup:
    """How both emulators are called. `theirs` tells the reference what it needs for a way."""

    def __init__(self, options, folder, guest_files, ours, theirs):
        self.options = options
        self.folder = folder
        self.ours = ours
        self.theirs = theirs
        kernel, initrd = guest_files
        isa = ISAS[options.isa]
        self.common = [*isa["machine"], "-m", "512M", "-kernel", kernel, "-initrd", initrd, "-no-reboot", "-display",
                       "none", "-append", "console=%s panic=-1 quiet rdinit=/bench" % isa["console"]]

    def command(self, way):
        o = self.options
        recording, log = (os.path.join(self.folder, name) for name in ("ours.rr", "theirs.rr"))
        icount = "shift=" + o.shift
        if way == "replay":
            return [o.reprise, "replay", recording]
        if WAYS[way] == "ours":
            extra = ["record", "--no-index", "--force", "-o", recording] if way == "record" else ["run"]
            return [o.reprise, *extra, "-icount", icount, "-serial", "stdio", *self.common, *self.ours, *o.extra.split()]
        if way.startswith("rr="):
            icount += ",%s,rrfile=%s" % (way, log)
        return [o.qemu, "-nodefaults", "-serial", "stdio", "-monitor", "none",
                *([] if way == "plain" else ["-icount", icount]), *self.common, *self.theirs(way)]


def measure(setup, loads, before=None):
    """way -> list of results. Who gets stuck is left out, and said."""
    o = setup.options
    results = {way: [] for way in o.ways}
    for turn in range(o.pairs):
        for way in list(results):
            if before is not None:
                before(way)
            try:
                results[way].append(run_once(setup.command(way), loads, o))
            except Stuck as why:
                print("  %-10s %s" % (way, why), flush=True)
                del results[way]
    return results


# ---- tables ------------------------------------------------------------------------------------------


def middle(values):
    return statistics.median(values)


def shown(each):
    return "%6.2f [%5.2f, %5.2f]" % (middle(each), min(each), max(each))


def table(results, loads, key, what):
    print("%s, medians\n  %-22s %s" % (what, "", " ".join("%9s" % way for way in results)))
    for i, (name, _) in enumerate(loads):
        row = ["%9s" % "" if way in LATE else "%9.3f" % middle([r["loads"][i][key] for r in rows])
               for way, rows in results.items()]
        print("  %-22s %s" % (name, " ".join(row)))
    whole = [middle([r[("wall", "cpu")[key]] for r in rows]) for rows in results.values()]
    print("  %-22s %s" % ("all, with the boot", " ".join("%9.3f" % x for x in whole)))


def compare(results, loads, theirs, ours):
    """Ratios of pairs of one round, of time and of processor time."""
    if not results.get(theirs) or not results.get(ours):
        return
    print("%-34s %22s   %22s" % ("%s / %s" % (theirs, ours), "time", "processor time"))
    pairs = list(zip(results[theirs], results[ours]))
    for i, (name, _) in enumerate(loads if theirs not in LATE and ours not in LATE else []):
        print("  %-32s %22s   %22s" % (name, *[
            shown([max(t["loads"][i][key], 1e-3) / max(o["loads"][i][key], 1e-3) for t, o in pairs]) for key in (0, 1)]))
    print("  %-32s %22s   %22s" % ("all, with the boot",
                                   *[shown([t[key] / o[key] for t, o in pairs]) for key in ("wall", "cpu")]))


def report(setup, results, loads):
    version = subprocess.run([setup.options.qemu, "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
    print("%s; %s, shift=%s, %d pairs; load %s" %
          (version.split("\n")[0], setup.options.isa, setup.options.shift, setup.options.pairs,
           " ".join("%.1f" % x for x in os.getloadavg())))
    table(results, loads, 0, "seconds")
    table(results, loads, 1, "processor seconds of all processes")
    for theirs, ours in (("rr=record", "record"), ("icount", "run"), ("plain", "run"), ("rr=replay", "replay"),
                         ("record", "replay")):
        compare(results, loads, theirs, ours)
    for name in ("ours.rr", "theirs.rr"):
        path = os.path.join(setup.folder, name)
        if os.path.exists(path):
            print("%s: %.2f MiB" % (name, os.path.getsize(path) / (1 << 20)))


def chosen(options, loads):
    return [load for load in loads if not options.only or load[0] in options.only]
