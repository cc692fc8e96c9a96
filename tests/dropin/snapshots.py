# SPDX-License-Identifier: GPL-2.0-or-later
# snapshots: rrsnapshot=NAME: written into the first qcow2 drive that may be written to, with its count, as qemu-img
# lists it; found again by name at a replay; refused where there is none, or where it is another program's; the image is
# clean after each, also where the program was killed.
import random

from harness import *

FOLDER = os.path.dirname(REPRISE)


def system(*args, **options):
    return reprise(*args, program=os.path.join(FOLDER, "reprise-system-riscv64"), **options)


def tool(*args):
    return subprocess.run(["qemu-img", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def is_clean(what):
    r = tool("check", "empty.qcow2")
    check(r.returncode == 0 and "No errors were found" in r.stdout, "%s: %s" % (what, r.stdout))


def names():
    """Tags, and what else the list says of each."""
    lines = tool("snapshot", "-l", "empty.qcow2").stdout.splitlines()[2:]
    return {line.split()[1]: line.split() for line in lines}


def line(rr, name, *more, image="empty.qcow2", options=""):
    return ["-bios", "none", "-kernel", guest("arith"), "-nodefaults", "-serial", "stdio", "-icount",
            "shift=0,rr=%s,rrfile=r.bin,rrsnapshot=%s" % (rr, name), "-drive",
            "file=%s,if=none,id=rr%s" % (image, options), *more]


def refused(what, args, text):
    r = system(*args)
    check(r.status == 1 and is_sane(r) and text in r.err.decode(), "%s: %s" % (what, r))


if not shutil.which("qemu-img"):
    skip("there is no qemu-img (qemu-utils)")
with Room():
    tool("create", "-q", "-f", "qcow2", "empty.qcow2", "16M")
    recorded = system(*line("record", "init"))
    check(recorded.status == 0 and recorded.out and b"snapshot" not in recorded.err.replace(b"(snapshot=on)", b""),
          "record: %s" % recorded)
    is_clean("after recording")
    listed = names()
    check(list(listed) == ["init"] and listed["init"][-1] == "0", "listed with its count: %s" % listed)
    again = system(*line("replay", "init"))
    check(again.status == 0 and again.out == recorded.out and not again.err, "replay: %s" % again)
    check(list(names()) == ["init"], "a replay makes none")
    system(*line("record", "init"))
    check(list(names()) == ["init"], "one of that name is replaced: %s" % names())
    system(*line("record", "other"))
    check(sorted(names()) == ["init", "other"], "another is added: %s" % names())
    is_clean("after four of them")
    refused("no such name", line("replay", "gone"), "it has no snapshot 'gone'")
    tool("snapshot", "-c", "theirs", "empty.qcow2")
    refused("another program's", line("replay", "theirs"), "'theirs' was made by another program")
    is_clean("with theirs")
    refused("of another recording", line("replay", "init", "-rtc", "base=2001-01-01"), "another machine")
    system(*line("record", "x", "-rtc", "base=2001-01-01"))
    refused("of another history", line("replay", "init", "-rtc", "base=2001-01-01"), "is of another history")
    for what, image, options in (("read-only", "empty.qcow2", ",readonly=on"), ("snapshot", "empty.qcow2", ",snapshot=on"),
                                 ("raw", "raw", ",format=raw")):
        open("raw", "wb").write(bytes(1 << 20))
        refused(what, line("record", "y", image=image, options=options), "no drive can hold the snapshot 'y'")
    check("y" not in names() and "theirs" in names(), "those that were there stay")
    before = names()
    for i in range(12):
        p = subprocess.Popen([os.path.join(FOLDER, "reprise-system-riscv64"), *line("record", "killed")],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.random() * 0.08 * SLOW)
        p.kill()
        p.wait()
        r = tool("check", "-r", "leaks", "empty.qcow2")
        check(r.returncode == 0, "killed: %s" % r.stdout)
        check(before.keys() <= names().keys(), "those that were there stay: %s" % names())
    check(system(*line("record", "last")).status == 0 and "last" in names(), "and it goes on")
    is_clean("at the end")
finish()
