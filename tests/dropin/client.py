# SPDX-License-Identifier: GPL-2.0-or-later
# client: docs/examples/qmp_session.py, which starts a machine as libvirt does, with a recording and its replay.
import socket
import sys

from harness import *

EXAMPLE = os.path.join(SOURCE, "docs", "examples", "qmp_session.py")
SYSTEM = os.path.join(os.path.dirname(REPRISE), "reprise-system-riscv64")


def session(rr, *before):
    return subprocess.run(
        [sys.executable, EXAMPLE, *before, SYSTEM, "-bios", "none", "-kernel", guest("arith"), "-nodefaults", "-display", "none",
         "-serial", "file:%s.txt" % rr, "-icount", "shift=0,rr=%s,rrfile=r.bin" % rr],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW, text=True)


with Room():
    recorded = session("record")
    said = recorded.stdout.splitlines()
    check(recorded.returncode == 0 and len(said) == 5, "record: %s" % recorded)
    check(said[0].startswith("QMP ") and said[2:] == ["1 CPUs", "status: prelaunch", "the machine ended: guest-shutdown"],
          "record: %s" % said)
    # Far enough that something was printed before, and not at the end.
    replayed = session("replay", "--seek", "2000")
    check(replayed.returncode == 0, "replay: %s" % replayed)
    check(replayed.stdout.splitlines()[4:] == ["play at 2000", said[-1]], "replay: %s" % replayed.stdout)
    with open("record.txt", "rb") as a, open("replay.txt", "rb") as b:
        first, second = a.read(), b.read()
    check(len(first) > 0 and first == second, "consoles: %r, %r" % (first, second))
    refused = session("replay", "--seek", "99999999999")
    check(refused.returncode != 0 and "replay-seek" in refused.stderr, "beyond the end: %s" % refused)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        r = subprocess.run([SYSTEM, "-bios", "none", "-kernel", guest("arith"), "-chardev",
                            "socket,id=m,fd=%d,server=on,wait=off" % theirs.fileno(), "-mon", "chardev=m"], pass_fds=[theirs.fileno()],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW, text=True)
    check(r.returncode == 1 and "a socket that listens is wanted" in r.stderr, "a server on a connection: %s" % r)
finish()
