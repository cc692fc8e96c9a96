# SPDX-License-Identifier: GPL-2.0-or-later
# reference: what the tests of the reference's command lines share: a machine started as its test framework does it
# (monitor and console on inherited sockets, stdin /dev/null), a client of QMP, a client of GDB's protocol.
import socket
import subprocess

import linux
from harness import *

FOLDER = os.path.dirname(REPRISE)
NAMES = {"arm64": "aarch64", "riscv64": "riscv64", "armhf": "arm"}
PROGRAM = os.path.join(FOLDER, "reprise-system-" + NAMES[linux.ARCH])
PREAMBLE = b"\x00\xe0\x20\x0c" + bytes(8) + b"\x27"


class Qmp:
    def __init__(self, end):
        self.socket = end
        self.socket.settimeout(120 * SLOW)
        self.file = end.makefile("rb")
        self.events = []
        greeting = self.read()
        check("version" in greeting["QMP"] and "capabilities" in greeting["QMP"], "greeting: %s" % greeting)
        self.get("qmp_capabilities")

    def read(self):
        line = self.file.readline()
        return json.loads(line) if line else None

    def ask(self, name, **arguments):
        said = {"execute": name, "id": name}
        if arguments:
            said["arguments"] = {k.replace("_", "-"): v for k, v in arguments.items()}
        self.socket.sendall(json.dumps(said).encode())
        while True:
            answer = self.read()
            if answer is None or "event" not in answer:
                return answer
            self.events.append(answer["event"])

    def get(self, name, **arguments):
        answer = self.ask(name, **arguments)
        check("return" in (answer or {}), "%s: %s" % (name, answer))
        return (answer or {}).get("return")

    def line(self, text):
        return self.get("human-monitor-command", command_line=text)

    def rest(self):
        """Events until the other side closes."""
        try:
            while (answer := self.read()) is not None:
                self.events.append(answer.get("event"))
        except OSError:
            pass
        return self.events


class Machine:
    """A process of the program with these options, and both its sockets."""

    def __init__(self, *options):
        mine, theirs = zip(socket.socketpair(), socket.socketpair())
        args = [PROGRAM, "-display", "none", "-vga", "none", "-chardev", "socket,id=mon,fd=%d" % theirs[0].fileno(),
                "-mon", "chardev=mon,mode=control", "-chardev", "socket,id=console,fd=%d" % theirs[1].fileno(),
                "-serial", "chardev:console", *map(str, options)]
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, pass_fds=[s.fileno() for s in theirs])
        for s in theirs:
            s.close()
        self.console = Talk(mine[1].fileno())
        self.kept = mine
        self.args = args[1:]
        self.qmp = None
        try:
            self.qmp = Qmp(mine[0])
        except (OSError, TypeError, KeyError) as e:
            check(False, "%s: no monitor: %s" % (" ".join(self.args), e))

    def wait(self, seconds=30):
        """Status and what it said on stdout and stderr, once it has ended by itself."""
        self.console.rest(seconds)
        status = wait_status(self.process, seconds)
        return status, self.process.stdout.read().decode(errors="replace")

    def quit(self):
        check(self.qmp.ask("quit") == {"return": {}, "id": "quit"}, "quit is answered")
        status, said = self.wait()
        check(status == 0 and "SHUTDOWN" in self.qmp.rest(), "it ends: %s %s %s" % (status, said, self.qmp.events))
        for s in self.kept:
            s.close()

    def ends_by_itself(self, what):
        status, said = self.wait(120)
        check(status == 0, "%s: status %s: %s" % (what, status, said))
        check("SHUTDOWN" in self.qmp.rest(), "%s: SHUTDOWN: %s" % (what, self.qmp.events))
        for s in self.kept:
            s.close()


class Gdb:
    """Packets, as the reference's own tests send them."""

    def __init__(self, port):
        self.socket = connect(port)
        self.socket.settimeout(120 * SLOW)
        self.buffer = b""

    def byte(self):
        if not self.buffer:
            self.buffer = self.socket.recv(4096)
            if not self.buffer:
                raise OSError("the other side hung up")
        c, self.buffer = self.buffer[:1], self.buffer[1:]
        return c

    def ask(self, text):
        body = text.encode()
        self.socket.sendall(b"$" + body + b"#%02x" % (sum(body) & 255))
        while self.byte() != b"$":
            pass
        said = b""
        while (c := self.byte()) != b"#":
            said += c
        self.byte(), self.byte()
        self.socket.sendall(b"+")
        return said.decode()

    def pc(self):
        number = 32  # of both: x0 to x30 and sp come before it, or the 32 of RISC-V
        return int.from_bytes(bytes.fromhex(self.ask("p%x" % number)), "little")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
