# SPDX-License-Identifier: GPL-2.0-or-later
# confine: a command that is taken over can neither open, make, connect nor execute anything; what was
# asked for by its user works: files elsewhere, images by reference, sockets. `debug` starts gdb by a
# process of its own, also one that heeds no SIGTERM, which outlives a killed command by the time it takes to end gdb and to remove its
# socket.
import signal

from harness import *

MISBEHAVE = os.environ.get("MISBEHAVE", os.path.join(SOURCE, "build/tests/cli/reprise-misbehaves"))

# Stands for gdb: says what it was told, and waits for the end without a child.
GDB = """#!/bin/sh
for word in "$$" "$@"; do echo "$word"; done > gdb.new
mv gdb.new gdb.args
[ ! -p stay ] || read line < stay
exit $(cat status)
"""


def wait_until(what, is_so, seconds=20):
    until = time.monotonic() + seconds * SLOW
    while not is_so():
        if time.monotonic() > until:
            return check(False, what)
        time.sleep(0.01)
    return check(True, what)


def socket_told():
    """The socket's name, off gdb's arguments."""
    with open("gdb.args") as f:
        return [line.split()[2] for line in f if line.startswith("target remote ")][0]


def gdb_is_there():
    with open("gdb.args") as f:
        pid = int(f.readline())
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def start_debug():
    if os.path.exists("gdb.args"):
        os.unlink("gdb.args")
    return subprocess.Popen([REPRISE, "debug", "a.rr", "--gdb", "./gdb"], stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)


def keeper():
    with open("gdb", "w") as f:
        f.write(GDB)
    os.chmod("gdb", 0o755)
    for gdb_status, status in ((0, 0), (3, 1)):
        with open("status", "w") as f:
            f.write(str(gdb_status))
        p = start_debug()
        check(wait_status(p) == status, "gdb ends with %d" % gdb_status)
        check(not os.path.exists(os.path.dirname(socket_told())), "its socket and folder are gone")
        p.stderr.close()
    os.mkfifo("stay")
    for number, status, heeds in ((signal.SIGKILL, -signal.SIGKILL, True), (signal.SIGTERM, 1, True),
                                  (signal.SIGTERM, 1, False)):
        with open("gdb", "w") as f:
            f.write(GDB if heeds else GDB.replace("\n", "\ntrap '' TERM\n", 1))
        p = start_debug()
        if wait_until("gdb is started", lambda: os.path.exists("gdb.args")):
            p.send_signal(number)
            check(wait_status(p) == status, "debug ends by signal %d: %s" % (number, p.returncode))
            wait_until("gdb is ended after signal %d" % number, lambda: not gdb_is_there())
            wait_until("the socket and its folder are removed after signal %d" % number,
                       lambda: not os.path.exists(os.path.dirname(socket_told())))
        p.stderr.close()


# ---- who misbehaves -----------------------------------------------------------------------------

def misbehave(deed, *args):
    """The program with a fault in it, confined or not."""
    name = os.path.abspath("misbehave-" + deed)
    if not os.path.lexists(name):
        os.symlink(MISBEHAVE, name)
    for made in ("b.rr", "a.rr.idx", "../made"):
        if os.path.exists(made):
            os.unlink(made)
    return reprise(*args, program=name)


def commands():
    return (["run", *bare(guest("arith"))], ["record", "-o", "b.rr", *bare(guest("arith"))],
                ["replay", "a.rr"], ["info", "a.rr"], ["index", "a.rr"], ["diff", "a.rr", "a.rr"],
                ["query", "a.rr", "last-write", "0x80001000"],
                ["debug", "a.rr", "--gdb", "./gdb"])


def misbehaving():
    server = socket.create_server(("127.0.0.1", 0))
    connect_to = "connect-%d" % server.getsockname()[1]
    for args in commands():
        for deed in ("open", "make", connect_to, "exec"):
            word = deed.split("-")[0]
            done = ("misbehave: %s: done" % word).encode()
            r = misbehave(deed, *args)
            if word in ("open", "make"):
                check(r.status in (0, 1) and ("%s: Permission denied" % word).encode() in r.err,
                      "%s is refused: %s" % (deed, r))
            else:
                check(r.status == 4 and b"stopped: it called " in r.err, "%s is stopped: %s" % (deed, r))
            check(done not in r.err, "%s did not happen: %s" % (deed, r))
            check(not os.path.exists("../made"), deed + " made no file")
            r = misbehave(deed, args[0], "--no-sandbox", *args[1:])
            check(done in r.err, "%s happens without a sandbox: %s" % (deed, r))
    server.close()
    if os.path.exists("../made"):
        os.unlink("../made")


def beside():
    """What lies in the recording's folder is nobody's business, but for who may make branches there."""
    with open("beside", "w") as f:
        f.write("mine")
    for args in commands():
        both = args[0] == "record"  # two processes; the other one makes the index
        r = misbehave("beside", *args, *(["--index"] if both else []))
        check((b"beside: done" in r.err) == (args[0] == "debug"), "%s: %s" % (args[0], r))
        check(r.err.count(b"beside: Permission denied") == (0 if args[0] == "debug" else 1 + both),
              "%s: %s" % (args[0], r))
    r = misbehave("beside", "record", "-o", "b.rr", "--no-index", "-gdb", "unix:g", *bare(guest("arith")))
    check(b"beside: done" in r.err, "record with a debugger, who may make branches: %s" % r)
    check(os.path.exists("beside"), "it is still there")
    os.unlink("beside")


# ---- who does not -------------------------------------------------------------------------------

def elsewhere():
    """What the user names may be anywhere."""
    os.mkdir("far")
    with open("far/console", "w") as f:
        f.write("longer than what the guest prints " * 99)
    console = succeeds("replay", "a.rr").out
    succeeds("replay", "a.rr", "--serial-out", "far/console", "--stats", "far/stats", "-d", "dev", "-D", "far/log")
    with open("far/console", "rb") as f:
        check(f.read() == console, "--serial-out is the console and nothing else")
    check(os.path.exists("far/stats") and os.path.exists("far/log"), "--stats and -D")
    with open("far/console", "wb") as f:
        f.write(b"precious")
    refuses("no recording", "replay", "missing.rr", "--serial-out", "far/console")
    with open("far/console", "rb") as f:
        check(f.read() == b"precious", "a replay that never began leaves --serial-out alone")
    # By a link, from another folder, over a pipe.
    os.symlink("../a.rr", "far/link.rr")
    for args in (["replay"], ["info"], ["index"]):
        succeeds(*args, "far/link.rr")
    check(os.path.exists("far/link.rr.idx"), "an index lies beside the link")
    with open("a.rr", "rb") as f:
        check(succeeds("info", "/dev/stdin", stdin=f.read()).out == succeeds("info", "a.rr").out, "info by a pipe")
    # Images that the recording names, and a recording in another folder than all of them.
    os.mkdir("images")
    shutil.copy(guest("arith"), "images/kernel")
    succeeds("record", "-o", "far/ref.rr", "--by-reference", *bare("images/kernel"))
    check(succeeds("replay", "--allow-paths", "far/ref.rr").out == console, "by reference")
    succeeds("diff", "--allow-paths", "far/ref.rr", "far/ref.rr")
    os.unlink("images/kernel")
    refuses("an image is gone", "replay", "far/ref.rr", says="No such file")


def sockets():
    """Their names go, wherever they are, although the command may not remove them."""
    with tempfile.TemporaryDirectory() as other:
        name = os.path.join(other, "serial")
        p = subprocess.Popen([REPRISE, "record", "--force", "-o", "s.rr", *bare(guest("console")), "-serial",
                              "unix:%s,server" % name], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        s = connect(name)
        talk = Talk(s.fileno())
        talk.wait_for("ready")
        talk.type("quit\r")
        check(wait_status(p) == 0 and not os.listdir(other), "-serial: %s, %s" % (p.returncode, os.listdir(other)))
        s.close()
        name = os.path.join(other, "gdb")
        for number in (signal.SIGTERM, signal.SIGKILL):
            p = subprocess.Popen([REPRISE, "debug", "a.rr", "--listen", "unix:" + name], stdin=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
            while b"in gdb:" not in p.stderr.readline():
                pass
            p.send_signal(number)
            wait_status(p)
            wait_until("--listen: signal %d" % number, lambda: not os.listdir(other))
            p.stderr.close()


def main():
    os.mkdir("work")  # what is beside it is nobody else's either
    os.chdir("work")
    record("a.rr", *bare(guest("arith")))
    keeper()
    os.unlink("stay")
    misbehaving()
    beside()
    elsewhere()
    sockets()
    finish()


if __name__ == "__main__":
    with Room():
        main()
