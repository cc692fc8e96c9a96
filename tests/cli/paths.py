# SPDX-License-Identifier: GPL-2.0-or-later
# paths: files that a recording names instead of holding them. In its folder they are opened; outside it
# the user is shown their names and asked, or has to say so; what is no plain file of the stated size
# is refused and never waited for.
import pty
import signal
import socket

from harness import *

COMMANDS = (["replay"], ["index"], ["query"], ["diff"], ["debug"])


def ask(command, path, *options):
    """Each command that opens recordings, on one."""
    more = {"query": ["last-write", "0x80000000", "--phys", "--no-index"], "diff": [path],
            "debug": ["--listen", "unix:gdb.sock", "--at", "200%", "--no-index"]}.get(command[0], [])
    return [*command, path, *more, *options]


def refused(what, path, *names):
    for command in COMMANDS:
        r = reprise(*ask(command, path), timeout=30)
        check(is_sentence(r) and b"--allow-paths" in r.err and all(n.encode() in r.err for n in names),
              "%s, %s: %s" % (what, command[0], r))
    r = reprise("replay", path, "--no-sandbox")
    check(is_sentence(r) and b"--allow-paths" in r.err, "%s, replay --no-sandbox: %s" % (what, r))
    check(info(path).get("ticks", 0) > 0, "info opens none of them: " + what)


def agreed(what, path):
    for command in COMMANDS:
        r = reprise(*ask(command, path, "--allow-paths"), timeout=60)
        # debug is given a place that is not there, so that it ends.
        check(r.status == (1 if command == ["debug"] else 0) and b"--allow-paths" not in r.err and is_sane(r),
              "%s, %s --allow-paths: %s" % (what, command[0], r))


def opened(what, path):
    r = succeeds("replay", path)
    check(r.out.endswith(b"ok\n"), "%s: %s" % (what, r))


def named(path, name):
    """The recording with its kernel called so."""
    recedit("text", "kernel.file=" + os.fsencode(name).hex(), "home/in.rr", path)
    return path


def outside():
    opened("beside it", "home/in.rr")
    here = os.getcwd()
    for what, name in (("absolute", here + "/elsewhere/kernel"), ("upwards", "home/../elsewhere/kernel"),
                       ("in the folder where we are", "elsewhere/kernel"), ("a link that leads out", "home/link"),
                       ("a folder that leads out", "home/folder/kernel")):
        refused(what, named("home/out.rr", name), name)
        agreed(what, "home/out.rr")
    for what, name in (("absolute, and inside", here + "/home/kernel"), ("around", "elsewhere/../home/kernel"),
                       ("below", "home/below/kernel"), ("a link that stays", "home/stays")):
        opened(what, named("home/good.rr", name))
    r = reprise("replay", named("home/gone.rr", "/nowhere/at/all"))
    check(is_sentence(r) and b"No such file" in r.err, "one that is not there: %s" % r)
    os.symlink("in.rr", "home/link.rr")
    opened("the recording by a link", "home/link.rr")
    # A recording in a neighbour whose name begins the same.
    os.mkdir("home2")
    shutil.copy("elsewhere/kernel", "home2/kernel")
    refused("a folder that begins the same", named("home/out.rr", "home2/kernel"), "home2/kernel")


def asked():
    """On a terminal: the names first, then the answer decides."""
    named("home/out.rr", "elsewhere/kernel")
    for answer, status in (("y\n", 0), ("n\n", 1), ("\n", 1), ("what\n", 1)):
        ours, theirs = pty.openpty()
        p = subprocess.Popen([REPRISE, "replay", "home/out.rr"], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE)
        os.close(theirs)
        talk = Talk(ours)
        talk.wait_for("elsewhere/kernel")
        talk.wait_for("[y/N]")
        talk.type(answer)
        out = p.stdout.read()
        check(wait_status(p) == status and out.endswith(b"ok\n") == (status == 0), "answered %r: %r %r" % (answer, out, talk.seen))
        p.stdout.close()
        os.close(ours)
    with open(os.devnull, "rb") as nothing:
        r = reprise("replay", "home/out.rr", stdin=nothing)
        check(is_sentence(r), "nobody to ask: %s" % r)


def no_plain_files():
    os.mkfifo("home/fifo")
    s = socket.socket(socket.AF_UNIX)
    s.bind("home/socket")
    for what, name in (("a FIFO", "home/fifo"), ("a socket", "home/socket"), ("a folder", "home/below")):
        for command in COMMANDS:
            r = reprise(*ask(command, named("home/odd.rr", name)), timeout=20)
            check(is_sentence(r), "%s as image, %s: %s" % (what, command[0], r))
    for name in ("/dev/zero", "/dev/tty", "/dev/null"):
        r = reprise("replay", "--allow-paths", named("home/odd.rr", name), timeout=20)
        check(is_sentence(r), "%s as image: %s" % (name, r))
    s.close()


def sizes():
    """No more is read than is stated, and nothing of what has another size."""
    with open("home/kernel", "r+b") as f:
        size = f.seek(0, 2)
        f.truncate(6 << 30)
    r = reprise("replay", "home/in.rr", timeout=20)
    check(is_sentence(r) and b"changed" in r.err and b"%d" % (6 << 30) in r.err, "one that has grown: %s" % r)
    os.truncate("home/kernel", size)
    opened("and is as it was", "home/in.rr")


with Room():
    for folder in ("home", "home/below", "elsewhere"):
        os.mkdir(folder)
    for path in ("home/kernel", "home/below/kernel", "elsewhere/kernel"):
        shutil.copy(guest("arith"), path)
    os.symlink("../elsewhere/kernel", "home/link")
    os.symlink("../elsewhere", "home/folder")
    os.symlink("below/kernel", "home/stays")
    r = record("home/in.rr", *bare("home/kernel", "-serial", "stdio"), "--by-reference")
    check(r.status == 0, "a recording to begin with: %s" % r)
    outside()
    asked()
    no_plain_files()
    sizes()
finish()
