# SPDX-License-Identifier: GPL-2.0-or-later
# options: --help of every subcommand, the manual page and the program name the same options;
# accepted forms of values; what --stats and info --json give.
import re

from harness import *

COMMANDS = ("run", "record", "replay", "debug", "info", "index", "query", "diff")
MANUAL = os.path.join(SOURCE, "man", "reprise.1")


def helped(command):
    """Options that `reprise COMMAND --help` names."""
    r = succeeds(command, "--help")
    check(not r.err, "help is on stdout alone")
    check(r.out.startswith(b"usage: reprise " + command.encode()), command + " --help begins with usage")
    for line in r.out.decode().splitlines():
        check(len(line) < 100 and line == line.rstrip(), "help line %r" % line)
    short = reprise(command, "-h")
    check(short.out == r.out and short.status == 0, command + " -h is the same as --help")
    return set(re.findall(r"^  (--?[A-Za-z][A-Za-z-]*)", r.out.decode(), re.M))


def in_manual():
    with open(MANUAL) as f:
        text = f.read().replace("\\-", "-").replace("\\fR", "").replace("\\fB", "")
    # Those that are explained: the line after .TP.
    entries = re.findall(r"^\.TP\n(\.[A-Z]+ .*)$", text, re.M)
    return set(re.findall(r"(?<![\w-])(--?[A-Za-z][A-Za-z-]*)", "\n".join(entries))), text


def manual_agrees():
    options = {c: helped(c) for c in COMMANDS}
    everything = set().union(*options.values())
    explained, text = in_manual()
    refused = set()  # named in the manual, and in no --help
    for name in sorted(everything - explained - {"-h"}):
        check(False, "the manual does not explain %s" % name)
    for name in sorted(explained - everything - refused - {"-h"}):
        check(False, "the manual explains %s, which is no option" % name)
    for command in COMMANDS:
        check(re.search(r"^\.B reprise %s$" % command, text, re.M), "the manual's synopsis has " + command)
        # An option that a command has is accepted by it: what it says is not that there is none.
        for name in sorted(options[command] | (refused if command in ("run", "record") else set())):
            r = reprise(command, name)
            check(b"is not an option" not in r.err and is_sane(r), "%s takes %s: %s" % (command, name, r))
        for name in sorted(everything - options[command] - {"-h", "-s", "-S"}):
            if command in ("run", "record", "replay") and name == "--gdb":
                continue  # two dashes are as good as one, and -gdb is theirs
            r = reprise(command, name)
            check(b"is not an option" in r.err and r.status == 1, "%s refuses %s: %s" % (command, name, r))
    r = succeeds("--help")
    for command in COMMANDS:
        check(command in r.out.decode(), "--help names " + command)
    check(succeeds("--version").out.startswith(b"reprise "), "--version")


def accepted_values():
    base = ["run", *bare(guest("arith"))]
    for values in (["-m", "512"], ["-m", "64M"], ["-m", "131072K"], ["-m", "1G"], ["-m", "size=256M"],
                   ["-m", "134217728B"], ["-smp", "8"], ["-smp", "cpus=2"], ["-smp", "4,sockets=1,cores=4"],
                   ["-M", "virt"], ["-machine", "type=virt"], ["-cpu", "rv64"], ["-arch", "riscv64"],
                   ["-icount", "shift=3,sleep=off"], ["-icount", "2"], ["-rtc", "base=utc"],
                   ["-rtc", "base=2024-02-29T23:59:59"], ["-rtc", "base=2024-02-29,clock=vm"],
                   ["-seed", "7"], ["-seed", "0x10"], ["-name", "x"], ["-accel", "interp"],
                   ["-monitor", "none"], ["--serial", "null"], ["-no-reboot"], ["-append", "a b"],
                   ["-d", "dev"], ["-serial", "file:out.txt"], ["-serial", "none"]):
        r = succeeds(*base, *values)
        check(not r.err or values[0] == "-d", "%s says nothing on stderr: %s" % (values, r))


def settings_are_recorded():
    args = ["-smp", 2, "-m", "64M", "-icount", "shift=2", "-rtc", "base=2024-02-29T12:00:00",
            "-seed", "99", "-append", "hello there", "-cpu", "rv64", *bare(guest("arith"))]
    first = succeeds("record", "-o", "a.rr", *args, "--stats", "a.json")
    succeeds("record", "-o", "b.rr", *args)
    i = info("a.rr")
    for key in ("format", "program", "arch", "board", "harts", "ram_bytes", "files", "ticks",
                "instructions", "virtual_ns", "inputs", "input_bytes", "witnesses", "final_hash",
                "complete", "ended", "recording_bytes", "blob_bytes"):
        check(key in i, "info --json has " + key)
    for key in ("name", "bytes", "hash", "embedded"):
        check(key in i["files"][0], "info --json: files have " + key)
    for key, value in (("format", 2), ("arch", "riscv64"), ("board", "virt"), ("harts", 2),
                       ("ram_bytes", 64 << 20), ("seed", 99), ("append", "hello there"), ("shift", 2),
                       ("epoch_ns", 1709208000 * 10**9), ("complete", True), ("ended", "power-off"),
                       ("exit_status", 0), ("recording_bytes", os.path.getsize("a.rr"))):
        check(i.get(key) == value, "info --json: %s is %r, not %r" % (key, i.get(key), value))
    check(i["virtual_ns"] == i["ticks"] << 2, "virtual time is ticks << shift")
    succeeds("record", "-o", "max.rr", "-cpu", "max,zba=off", *bare(guest("rtc")))
    check(info("max.rr")["cpu"].startswith("rv64,") and "zfh=on" in info("max.rr")["cpu"] and
          info("max.rr")["cpu"].endswith(",zba=off"), "-cpu max is spelled out in recordings")
    succeeds("replay", "max.rr")
    j = info("b.rr")
    check(i["final_hash"] == j["final_hash"], "the same options give the same run")
    with open("a.json") as f:
        stats = json.load(f)
    for key in ("command", "result", "ticks", "instructions", "host_seconds", "cpu_seconds",
                "waited_seconds", "mips", "witnesses", "inputs", "input_bytes", "output_bytes",
                "recording_bytes", "final_hash"):
        check(key in stats, "--stats has " + key)
    for key in ("ticks", "instructions", "final_hash", "inputs", "recording_bytes"):
        check(stats[key] == i[key], "--stats and info agree on %s" % key)
    check(stats["output_bytes"] == len(first.out), "--stats: output_bytes")
    r = succeeds("replay", "a.rr", "--stats", "r.json")
    check(r.out == first.out, "the replay's console")
    check(len(r.err.splitlines()) == 1 and b"MIPS" in r.err, "a replay ends with one line: %s" % r)
    with open("r.json") as f:
        check(json.load(f)["final_hash"] == i["final_hash"], "replay --stats: final_hash")
    r = succeeds("replay", "a.rr", "--until", 1000, "--stats", "r.json")
    with open("r.json") as f:
        check(json.load(f)["ticks"] == 1000, "replay --until")
    r = succeeds("replay", "a.rr", "--serial-out", "console.txt")
    check(not r.out and open("console.txt", "rb").read() == first.out, "replay --serial-out")
    # Other options, other seed: said by the recording, not by the replay's caller.
    check(info("a.rr")["program"].startswith("reprise "), "the program's name is in it")


with Room():
    manual_agrees()
    accepted_values()
    settings_are_recorded()
finish()
