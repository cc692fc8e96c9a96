# SPDX-License-Identifier: GPL-2.0-or-later
# chardevs: back ends of serial ports by -chardev: sockets, pseudo-terminals, named pipes, a reader that is slow;
# recorded, and replayed without any of them.
#   chardevs.py
import subprocess

from harness import *

ANSWER = b"olleh\n"
END = b"2 lines"


def start(*options):
    return subprocess.Popen([REPRISE, "record", "--force", "-o", "a.rr", *bare(guest("console"), *options)],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def replays(console, what):
    r = succeeds("replay", "a.rr", "--port", "serial0")
    check(r.out == console, "%s: the replay's output: %r, not %r" % (what, r.out, console))


def talk_over(what, p, read_fd, write_fd, already=b""):
    talk = Talk(read_fd, write_fd) if write_fd is not None else Talk(read_fd)
    talk.type("hello\n")
    check(talk.wait_for(ANSWER, 20), what + " answers")
    talk.type("quit\n")
    check(talk.wait_for(END, 20), what + " ends")
    check(wait_status(p) == 0, what + ": " + p.stderr.read().decode())


def by_socket():
    p = start("-chardev", "socket,id=c0,path=a.sock,server=on,wait=on", "-serial", "chardev:c0")
    fd = connect("a.sock").detach()
    talk_over("a socket", p, fd, None)
    os.close(fd)


def by_pty():
    p = start("-chardev", "pty,id=c0", "-serial", "chardev:c0")
    line = p.stderr.readline().decode()
    check(line.startswith("reprise: serial0: is /dev/pts/"), "where it is: %r" % line)
    fd = os.open(line.split()[-1], os.O_RDWR | os.O_NOCTTY)
    talk_over("a pseudo-terminal", p, fd, None)
    os.close(fd)


def by_pipe():
    os.mkfifo("p.in")
    os.mkfifo("p.out")
    p = start("-chardev", "pipe,id=c0,path=p", "-serial", "chardev:c0")
    out, into = os.open("p.out", os.O_RDONLY), os.open("p.in", os.O_WRONLY)
    talk_over("a named pipe", p, out, into)
    os.close(out)
    os.close(into)
    console = succeeds("replay", "a.rr").out
    check(ANSWER in console and END in console, "what was replayed: %r" % console)
    replays(console, "by its name")


def slowly():
    """Nobody reads what would fill a pipe: it is said, and all arrives when somebody does."""
    p = subprocess.Popen([REPRISE, "run", *bare(guest("console"), "-serial", "stdio")], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [b"%0100d" % i for i in range(800)]
    p.stdin.write(b"".join(line + b"\n" for line in lines) + b"quit\n")
    p.stdin.close()
    said = p.stderr.readline()
    check(b"serial0: the machine waits until somebody reads its output" in said, "it is said: %r" % said)
    out = p.stdout.read()
    check(wait_status(p) == 0, "it ends")
    check(all(line[::-1] + b"\n" in out for line in lines), "nothing is lost: %d bytes" % len(out))


with Room():
    by_socket()
    by_pty()
    by_pipe()
    slowly()
    refuses("a port that is not there", "replay", "a.rr", "--port", "serial7", says="--port")
finish()
