# SPDX-License-Identifier: GPL-2.0-or-later
# bad_recording: a recording that is foreign, newer, of other behaviour, empty, cut or doctored is
# answered by each subcommand that reads one: a sentence and status 1; 2 for a guest that failed;
# 3 and what differs for one whose witnesses are wrong.
import os

from harness import *


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def every_reader(what, path, says=None):
    refuses("replay of " + what, "replay", path, says=says)
    refuses("info of " + what, "info", path, says=says)
    refuses("info --json of " + what, "info", "--json", path, says=says)
    refuses("diff of good and " + what, "diff", "good.rr", path, says=says)
    refuses("diff of %s and good" % what, "diff", path, "good.rr", says=says)
    refuses("debug of " + what, "debug", path, "--listen", "unix:gdb.sock", says=says)


def not_recordings(good):
    every_reader("nothing", "nowhere.rr", "nowhere.rr")
    os.mkdir("folder")
    every_reader("a folder", "folder", "folder")
    every_reader("an empty file", write("empty.rr", b""), "empty.rr")
    every_reader("text", write("text.rr", b"hello " * 1000), "not a recording")
    every_reader("QEMU's log", write("qemu.rr", good[:16] + bytes(5000)), "QEMU")
    every_reader("a device", "/dev/null")
    every_reader("half a header", write("half.rr", good[:100]))
    every_reader("a header alone", write("head.rr", good[:128]))
    every_reader("a damaged header", write("damaged.rr", good[:25] + b"\xff" + good[26:]))
    every_reader("a cut configuration", write("config.rr", good[:160]))
    write("kernel.rr", good[:3000])
    refuses("replay of a cut kernel", "replay", "kernel.rr", says="kernel")
    refuses("debug of a cut kernel", "debug", "kernel.rr", "--listen", "unix:gdb.sock", says="kernel")
    check("good up to tick 0" in (info("kernel.rr").get("problem") or ""), "info of a cut kernel")


def other_versions():
    recedit("version", 9, "good.rr", "new.rr")
    every_reader("a newer format", "new.rr", "newer")
    recedit("version", 0, "good.rr", "old.rr")
    every_reader("format 0", "old.rr")
    recedit("setting", "behaviour:core.number=77", "good.rr", "behaviour.rr")
    every_reader("another behaviour", "behaviour.rr", "behaviour 77 of the machine `core`")
    recedit("setting", "cpu.harts=200", "good.rr", "harts.rr")
    every_reader("200 harts", "harts.rr", "hart")
    recedit("setting", "memory.bytes=%d" % (1 << 51), "good.rr", "ram.rr")
    for command in (["replay"], ["debug", "--listen", "unix:gdb.sock"], ["diff", "good.rr"]):
        refuses("2 PiB of memory, " + command[0], *command, "ram.rr", timeout=30)
    recedit("setting", "memory.bytes=4096", "good.rr", "ram.rr")
    refuses("a machine too small for its kernel", "replay", "ram.rr")


def behaviours():
    said = [line for line in succeeds("info", "good.rr").out.decode().splitlines() if line.startswith("behaviours ")]
    numbers = ["%s %d" % b for b in info("good.rr")["behaviours"].items()]
    check(len(numbers) > 4 and said == ["behaviours    " + ", ".join(numbers)], "info says them to people: %s" % said)
    """Only what a recording uses counts, and the sentence names it."""
    for what, name in (("isa", "riscv64"), ("board", "riscv64/virt"), ("device", "uart16550"), ("device", "plic")):
        recedit("setting", "behaviour:%s.number=9" % name, "good.rr", "behaviour.rr")
        for command in (["replay"], ["index"], ["debug", "--listen", "unix:gdb.sock"], ["diff", "good.rr"]):
            refuses("another " + name, *command, "behaviour.rr", says="behaviour 9 of the %s `%s`" % (what, name))
    recedit("text", "behaviour:uart16550.name=" + b"no-such-chip".hex(), "good.rr", "behaviour.rr")
    refuses("a chip that is not there", "replay", "behaviour.rr", says="`uart16550`")


def things():
    """What -device and the like will list: nothing that this program does not know is built."""
    recedit("thing", "no-such-device:card0.slots=4", "good.rr", "thing.rr")
    every_reader("an unknown class", "thing.rr", "no `no-such-device` (card0)")
    recedit("thing", "machine:.colour=1", "good.rr", "thing.rr")
    every_reader("an unknown property", "thing.rr", "property `colour`")
    recedit("thing", "machine:.seed=1", "good.rr", "thing.rr")
    every_reader("a property twice", "thing.rr", "twice")
    recedit("text", "machine.seed=" + b"1".hex(), "good.rr", "thing.rr")
    every_reader("a text for a number", "thing.rr", "is a number, and not a text")
    recedit("thing", "no-such-device:.slots=4", "good.rr", "thing.rr")
    every_reader("a thing without an id", "thing.rr", "without an id")
    recedit("thing", "a:x.slots=4", "good.rr", "one.rr")
    recedit("thing", "a:x.slots=5", "one.rr", "thing.rr")
    every_reader("two of one id", "thing.rr", "are called `x`")


def debug_options():
    listen = ["--listen", "unix:gdb.sock"]
    for values in (["--listen", "nonsense"], ["--listen", ""], ["--listen", "127.0.0.1:99999"],
                   ["--listen", "host.invalid:1"], ["--listen", "unix:/nowhere/at/all"],
                   ["--listen", "unix:" + "x" * 300], ["--listen", "unix:"],
                   ["--gdb", "/nowhere/gdb"], ["--gdb", "."], ["--gdb", "good.rr"],
                   ["--symbols", "nowhere"], ["--at", "x", *listen], ["--at", "200%", *listen],
                   ["--at", "-1", *listen], ["--at", "", *listen], ["--at", "5x", *listen],
                   ["--at", "%", *listen]):
        refuses("debug %s" % " ".join(values)[:40], "debug", "good.rr", *values, timeout=15)
    for value in ("nonsense", "tcp::99999", "tcp:", "unix:/nowhere/at/all", "unix:" + "x" * 300,
                  "tcp:host.invalid:1"):
        refuses("run -gdb " + value[:40], "run", *bare(guest("arith")), "-serial", "null", "-S", "-gdb",
                value, timeout=15)


def damaged(good):
    """After a good start: what is valid replays, the sentence says to which tick."""
    write("cut.rr", good[:-10])
    r = reprise("replay", "cut.rr")
    check(r.status == 1 and is_sane(r) and b"good up to tick" in r.err, "replay, END cut: %s" % r)
    r = succeeds("info", "cut.rr")
    check(b"problem" in r.out, "info names the problem of a cut recording")
    check(info("cut.rr").get("complete") is False, "a cut recording is not complete")
    flipped = bytearray(good)
    flipped[-100] ^= 4
    write("flip.rr", bytes(flipped))
    r = reprise("replay", "flip.rr")
    check(r.status == 1 and b"checksum" in r.err, "replay, one bit wrong: %s" % r)
    write("long.rr", good + b"and more")
    r = reprise("replay", "long.rr")
    check(r.status == 1 and is_sane(r) and b"after its end" in r.err, "replay, bytes appended: %s" % r)


def doctored():
    recedit("end", 0, "good.rr", "end.rr")
    r = reprise("replay", "end.rr")
    check(r.status == 3 and is_sane(r) and b"hash" in r.err and b"not deterministic" not in r.err,
          "the final hash is wrong: %s" % r)
    recedit("input", 3, "good.rr", "input.rr")
    r = reprise("replay", "input.rr")
    check(r.status == 3 and is_sane(r) and b"differs" in r.err and b"not deterministic" not in r.err,
          "an input is wrong: %s" % r)
    r = reprise("diff", "good.rr", "input.rr")
    check(r.status == 3 and b"input" in r.out, "diff names the input: %s, %s" % (r, r.out))
    r = reprise("diff", "--json", "good.rr", "input.rr")
    check(r.status == 3 and json.loads(r.out)["finding"] == "inputs", "diff --json: %s" % r)
    r = succeeds("diff", "good.rr", "good.rr")
    check(b"same" in r.out or b"no difference" in r.out, "diff with itself: %r" % r.out)
    recedit("setting", "machine.seed=5", "good.rr", "seed.rr")
    r = reprise("diff", "good.rr", "seed.rr")
    check(r.status in (0, 3) and is_sane(r), "diff of two seeds: %s" % r)
    record("work.rr", *bare(guest("work"), "-serial", "null"), "-seed", "1", timeout=120)
    if check(info("work.rr").get("witnesses", 0) > 1, "a long guest has witnesses"):
        recedit("witness", 0, "work.rr", "witness.rr")
        r = reprise("replay", "witness.rr")
        check(r.status == 3 and b"agreed at tick" in r.err and is_sane(r), "a witness is wrong: %s" % r)
        succeeds("replay", "witness.rr", "--no-verify")
    succeeds("record", "-o", "smp2.rr", "-smp", 2, *bare(guest("arith"), "-serial", "null"))
    refuses("diff of different machines", "diff", "good.rr", "smp2.rr", says="harts")


def by_reference():
    """Images that are not embedded are found by name and must be the same."""
    data = open(guest("arith"), "rb").read()
    write("kernel.elf", data)
    succeeds("record", "-o", "ref.rr", "--by-reference", *bare("kernel.elf", "-serial", "null"))
    check(os.path.getsize("ref.rr") < 2000, "by reference, a recording is small")
    check(info("ref.rr")["files"][0]["embedded"] is False, "info says that it is not embedded")
    succeeds("replay", "ref.rr")
    write("kernel.elf", data[:-1] + b"x")
    refuses("a kernel that changed", "replay", "ref.rr", says="kernel.elf")
    os.unlink("kernel.elf")
    refuses("a kernel that is gone", "replay", "ref.rr", says="kernel.elf")
    check(info("ref.rr").get("complete") is True, "info needs no kernel")


def guest_failures():
    # sifive_test: the store 0x2a3333 asks for exit status 42.
    code = b"".join(i.to_bytes(4, "little") for i in (
        0x001002B7,   # lui   t0, 0x100
        0x002A3337,   # lui   t1, 0x2a3
        0x3333031B,   # addiw t1, t1, 0x333
        0x0062A023,   # sw    t1, 0(t0)
        0x0000006F))  # j     .
    write("fail.bin", code)
    args = ["-arch", "riscv64", "-bios", "none", "-serial", "null", "-kernel", "fail.bin"]
    r = reprise("run", *args)
    check(r.status == 2 and b"42" in r.err and len(r.err.splitlines()) == 1, "failure exit: %s" % r)
    r = reprise("record", "-o", "fail.rr", *args)
    check(r.status == 2 and b"42" in r.err, "failure exit, recorded: %s" % r)
    r = reprise("replay", "fail.rr")
    check(r.status == 2 and b"42" in r.err, "failure exit, replayed: %s" % r)
    i = info("fail.rr")
    check(i.get("exit_status") == 42 and i.get("complete") is True, "info of a failure exit: %s" % i)
    check(b"42" in reprise("info", "fail.rr").out, "info for people names the status")


with Room():
    record("good.rr", *bare(guest("console"), "-serial", "stdio"),
           stdin=b"hello\nworld\nquit\n")
    good_bytes = open("good.rr", "rb").read()
    check(info("good.rr").get("complete") is True, "a good recording to begin with")
    not_recordings(good_bytes)
    other_versions()
    behaviours()
    things()
    debug_options()
    damaged(good_bytes)
    doctored()
    by_reference()
    guest_failures()
finish()
