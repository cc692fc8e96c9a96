# SPDX-License-Identifier: GPL-2.0-or-later
# manual: the command lines of the reference's documentation of record and replay, and the steps of its tests, with
# only the program's name (and the machine, where it is a PC's) changed, over Debian's kernel. With more asserted than
# there: exit statuses, bytes of the console, the final hash.
#   manual.py [kernel|devices|reverse ...]
import sys

from reference import *

KERNEL, INITRD = linux.guest()
PANIC = "Unable to mount root fs"
BASE = linux.board() or ["-M", "virt"]


def same_end(name, console, what):
    """The recording's own replay agrees with all of it."""
    r = reprise("replay", "--stats", "stats.json", name, timeout=300)
    check(r.status == 0 and r.out == console, "%s: reprise replay: %s" % (what, r))
    check(json.load(open("stats.json"))["final_hash"] == info(name)["final_hash"], what + ": final hash")


def kernel():
    """Replay of a kernel: recorded until it says something, quit; replayed, it says so again and ends."""
    for shift, harts in ((5, 1), ("auto", 2)):
        line = lambda rr: [*BASE, "-smp", harts, "-icount", "shift=%s,rr=%s,rrfile=replay.bin" % (shift, rr), "-kernel",
                           KERNEL, "-append", "printk.time=0 console=%s printk.time=1 panic=600" % linux.CONSOLE,
                           "-net", "none", "-no-reboot"]
        m = Machine(*line("record"))
        m.console.wait_for(PANIC, 120)
        check(m.qmp.get("query-replay")["mode"] == "record", "query-replay")
        m.quit()
        recorded = m.console.seen
        check(open("replay.bin", "rb").read(13) == PREAMBLE, "the file begins as the reference's do")
        m = Machine(*line("replay"))
        m.console.wait_for(PANIC, 120)
        m.ends_by_itself("replay")
        check(m.console.seen == recorded and recorded, "the console's bytes: %d and %d" % (
            len(recorded), len(m.console.seen)))
        same_end("replay.bin", recorded, "kernel, shift=%s" % shift)


def devices():
    """Disk and network, as documented: wrapped for the reference's sake, and not at all."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", "64M"], check=True)
    before = open("disk.qcow2", "rb").read()
    wrapped = ["-drive", "file=disk.qcow2,if=none,snapshot=on,id=img-direct", "-drive",
               "driver=blkreplay,if=none,image=img-direct,id=img-blkreplay", "-device",
               "virtio-blk-device,drive=img-blkreplay", "-netdev", "user,id=net1", "-device",
               "virtio-net-device,netdev=net1", "-object", "filter-replay,id=replay,netdev=net1"]
    plain = ["-drive", "file=disk.qcow2,if=none,id=d", "-device", "virtio-blk-pci,drive=d", "-nic", "user"]
    for more in (wrapped, plain):
        line = lambda rr, serial: [PROGRAM, *BASE, "-m", "512", "-icount", "shift=auto,rr=%s,rrfile=replay.bin" % rr,
                                   "-kernel", KERNEL, "-initrd", INITRD, "-append",
                                   "console=%s panic=-1" % linux.CONSOLE, *more, "-no-reboot", "-display", "none",
                                   "-monitor", "none", "-serial", serial]
        r = reprise(*line("record", "stdio")[1:], program=PROGRAM, timeout=300)
        check(r.status == 0 and b"Power down" in r.out, "record: %s %s" % (r, r.out[-200:]))
        again = reprise(*line("replay", "file:again")[1:], program=PROGRAM, timeout=300)
        check(again.status == 0 and open("again", "rb").read() == r.out, "replay: %s" % again)
        check(open("disk.qcow2", "rb").read() == before, "the image is as it was")
        same_end("replay.bin", r.out, "devices")
    r = reprise(*[("auto,rr=replay,rrfile=replay.bin" if "rr=" in str(a) else a) for a in line("replay", "null")[1:]
                  if a not in plain], "-net", "none", program=PROGRAM)
    check(r.status == 1 and b"another machine" in r.err, "another machine is told: %s" % r)


def reverse():
    """Reverse debugging, step by step as the reference's test has it."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "empty.qcow2", "128M"], check=True)
    line = lambda rr, *more: [*BASE, "-icount", "shift=7,rr=%s,rrfile=replay.bin,rrsnapshot=init" % rr, "-net", "none",
                              "-drive", "file=empty.qcow2,if=none", "-kernel", KERNEL, *more]
    m = Machine(*line("record"))
    while (last := m.qmp.get("query-replay")["icount"]) <= 10:
        pass
    m.quit()
    port = free_port()
    m = Machine(*line("replay", "-gdb", "tcp::%d" % port, "-S"))
    g = Gdb(port)
    supported = g.ask("qSupported:multiprocess+;vContSupported+")
    check("ReverseStep+" in supported and "ReverseContinue+" in supported, supported)
    steps = []
    for _ in range(10):
        steps.append(g.pc())
        check(g.ask("s").startswith("T05"), "a step")
    for pc in reversed(steps):
        check(g.ask("bs").startswith("T05") and g.pc() == pc, "a step back to %#x, not %#x" % (pc, g.pc()))
    for pc in steps:
        check(g.pc() == pc and g.ask("s").startswith("T05"), "the same steps again")
    for pc in steps:
        check(g.ask("Z1,%x,4" % pc) == "OK", "a breakpoint")
    last = m.qmp.get("query-replay")["icount"] if last <= 11 else last
    check(m.qmp.get("replay-break", icount=last - 1) == {}, "replay-break")
    check(g.ask("c")[:3] in ("T02", "T05"), "to there, or to a breakpoint before")
    check(m.qmp.get("query-replay")["icount"] <= last, "where it stands")
    check(g.ask("bc").startswith("T05") and g.pc() == steps[-1], "back to the last step: %#x, not %#x" % (
        g.pc(), steps[-1]))
    g.ask("D")
    m.qmp.ask("quit")
    check(m.wait()[0] == 0, "quit")


tests = {"kernel": kernel, "devices": devices, "reverse": reverse}
if not shutil.which("qemu-img"):
    skip("there is no qemu-img (qemu-utils)")
if any(name != "devices" for name in sys.argv[1:] or tests) and b" -qmp " not in reprise("-help", program=PROGRAM).out:
    skip("there is no QMP")
with Room():
    for name in sys.argv[1:] or tests:
        tests[name]()
finish()
