# SPDX-License-Identifier: GPL-2.0-or-later
# confine: what stays outside of a confined command. `debug` starts gdb by a process of its own, which
# outlives a killed command by the time it takes to end gdb and to remove its socket.
import signal

from harness import *

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
    for number, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 1)):
        p = start_debug()
        if wait_until("gdb is started", lambda: os.path.exists("gdb.args")):
            p.send_signal(number)
            check(wait_status(p) == status, "debug ends by signal %d: %s" % (number, p.returncode))
            wait_until("gdb is ended after signal %d" % number, lambda: not gdb_is_there())
            wait_until("the socket and its folder are removed after signal %d" % number,
                       lambda: not os.path.exists(os.path.dirname(socket_told())))
        p.stderr.close()


def main():
    record("a.rr", *bare(guest("arith")))
    keeper()
    finish()


if __name__ == "__main__":
    with Room():
        main()
