# SPDX-License-Identifier: GPL-2.0-or-later
# shell: a person at busybox's shell in the guest, through a unix socket or on a terminal with
# -nographic: typed commands, corrections, Ctrl-C; recorded, and replayed in a new process to the
# same console byte for byte and the same final state.
#   shell.py [--harts 1] [--terminal]
import argparse
import pty
import random
import subprocess
import termios

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--harts", type=int, default=1)
parser.add_argument("--terminal", action="store_true")
options = parser.parse_args()
chance = random.Random(options.harts)


def paced():
    """A person's fingers, only faster."""
    if chance.random() < 0.3:
        time.sleep(chance.random() * 0.02)


COMMANDS = (
    ("echo answer $((6 * 7))\n", b"answer 42\r\n"),
    ("nproc\n", b"\n%d\r\n" % options.harts),
    ("ls /\n", b"init"),
    ("echo wrpng\b\b\b\bong\n", b"wong"),
    ("seq 1 500 | sha256sum\n", b"  -"),
    ("sleep 1000\n", b"sleep 1000"),
    ("\x03", b"# "),
    ("for i in 1 2 3; do echo line $i; sleep 0.1; done; echo end\n", b"line 3\r\nend"),
    ("head -c 3000 /dev/zero | od | head -n 2; echo $?\n", b"\n0\r\n"),
)


def session(talk):
    """True if the shell was reached."""
    if not talk.wait_for("REPRISE: shell", 120) or not talk.wait_for("# ", 20):
        return False
    for keys, answer in COMMANDS:
        talk.type(keys)
        if not talk.wait_for(answer, 60):
            return False
        if keys == "sleep 1000\n":
            time.sleep(0.3)  # idle in real time
    return True


def through_socket():
    p = subprocess.Popen([REPRISE, "record", "-o", "shell.rr", "-display", "none", "-serial",
                          "unix:console.sock,server=on,wait=on",
                          *linux.machine("reprise.shell", options.harts)],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("console.sock").detach(), paced=paced)
    session(talk)
    talk.type("exit\n")
    console = talk.rest(60)
    os.close(talk.read_fd)
    status = wait_status(p, 200)
    check(status == 0, "record: status %s, %r" % (status, p.stderr.read()))
    p.stderr.close()
    linux.complete("shell.rr", "shell through a socket")
    return console


def on_terminal():
    """Left by Ctrl-A x, in the middle of everything."""
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    mode[1] &= ~termios.OPOST  # bytes as the guest sends them
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    before = termios.tcgetattr(slave)
    p = subprocess.Popen([REPRISE, "record", "-o", "shell.rr", "-nographic",
                          *linux.machine("reprise.shell", options.harts)],
                         stdin=slave, stdout=slave, stderr=subprocess.PIPE, start_new_session=True)
    talk = Talk(master, paced=paced)
    session(talk)
    talk.type("\x01x")
    status = wait_status(p, 200)
    check(status == 0, "record: status %s, %r" % (status, p.stderr.read()))
    p.stderr.close()
    while select.select([master], [], [], 0.1)[0]:
        talk.pump(0)
    check(termios.tcgetattr(slave) == before, "the terminal is as it was")
    check(info("shell.rr").get("ended") == "quit", "ended by Ctrl-A x")
    os.close(slave)
    os.close(master)
    return talk.seen


with Room():
    seen = on_terminal() if options.terminal else through_socket()
    i = info("shell.rr")
    typed = sum(len(keys) for keys, _ in COMMANDS)
    check(i.get("input_bytes", 0) >= typed, "what was typed is in the recording: %s" % i)
    check(linux.bare_bytes("shell.rr") < 16384, "the recording is small")
    replay_agrees("shell.rr", seen, "shell")
    print("%d harts: %d inputs of %d bytes; recording without files %d bytes; console %d bytes"
          % (options.harts, i["inputs"], i["input_bytes"], linux.bare_bytes("shell.rr"), len(seen)))
finish()
