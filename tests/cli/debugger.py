# SPDX-License-Identifier: GPL-2.0-or-later
# debugger: for tests of the program with a real gdb, beside harness.py, all of which it passes on.
import re

import signal

from harness import *

if shutil.which("gdb-multiarch") is None:
    skip("there is no gdb-multiarch")


class Debug:
    """`reprise debug` with a real gdb that runs these commands, each announced by its number."""

    symbols = None  # an ELF file; set by the test

    def __init__(self, path, *commands, options=(), program=None):
        script = ["set pagination off", "set confirm off"]
        script += ["file " + self.symbols] if self.symbols else []
        for n, command in enumerate(commands):
            script += ["echo \\n[%d]\\n" % n, command]
        with open("script.gdb", "w") as f:
            f.write("\n".join(script + ["echo \\n[end]\\n"]) + "\n")
        arguments = program or [REPRISE, "debug", path, *options, "--", "-batch", "-nx", "-x", "script.gdb"]
        self.p = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, start_new_session=True)
        self.talk = Talk(self.p.stdout.fileno())

    def end(self, status=0):
        self.out = self.talk.rest(60).decode(errors="replace")
        got = wait_status(self.p, 30)
        self.p.stdout.close()
        check(got == status and "[end]" in self.out, "gdb came to its end: status %s\n%s" % (got, self.out))
        return self

    def said(self, n):
        """Between the n-th command and the next."""
        return re.split(r"\n\[(?:\d+|end)\]\n", self.out)[n + 1]


def debug(path, *commands, **options):
    return Debug(path, *commands, **options).end()


def refused(command):
    return "python\ntry:\n  gdb.execute('%s')\nexcept gdb.error as e:\n  print('refused:', e)\nend" % command


class Wire:
    """A client that speaks packets itself."""

    def __init__(self, path):
        self.s = connect(path)
        self.s.settimeout(60 * SLOW)
        self.seen = b""

    def raw(self, data):
        self.s.sendall(data)

    def send(self, payload):
        self.raw(b"$%s#%02x" % (payload, sum(payload) & 255))

    def packet(self):
        """The next one, acknowledged; None at the end."""
        while True:
            found = re.search(rb"\$([^#]*)#..", self.seen)
            if found:
                self.seen = self.seen[found.end():]
                try:
                    self.raw(b"+")
                except OSError:
                    pass
                return found.group(1)
            try:
                got = self.s.recv(65536)
            except OSError:
                return None
            if not got:
                return None
            self.seen += got

    def ask(self, payload):
        self.send(payload)
        return self.packet()

    def monitor(self, command, began=None):
        """What it says; began() is called once it has shown that it is under way."""
        self.send(b"qRcmd," + command.encode().hex().encode())
        said = b""
        while True:
            got = self.packet()
            if got is None or got == b"OK" or got[:1] != b"O":
                return said.decode(errors="replace")
            said += bytes.fromhex(got[1:].decode())
            if began is not None:
                began()
                began = None

    def close(self):
        self.s.close()


class Server:
    """`reprise debug --listen`, until the end of the block."""

    def __init__(self, path, *options):
        self.sock = os.path.abspath("server.sock")
        self.p = subprocess.Popen([REPRISE, "debug", path, "--listen", "unix:" + self.sock, *options],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.terminate()
        self.err = self.p.communicate(timeout=60 * SLOW)[1].decode(errors="replace")
        check(self.p.returncode == 0, "the server ends in peace: %s %s" % (self.p.returncode, self.err))


def client(sock):
    return ["gdb-multiarch", "-batch", "-nx", "-ex", "set architecture riscv:rv64", "-ex", "target remote " + sock,
            "-x", "script.gdb"]


def wait_for_server(path):
    """Until one may connect there."""
    until = time.monotonic() + 20 * SLOW
    while True:
        with open("/proc/net/unix") as f:  # without connecting: only one client is served at a time
            sockets = [line.split() for line in f.readlines()[1:]]
        if any(len(s) == 8 and s[7] == path and int(s[3], 16) & 0x10000 for s in sockets):
            return
        if time.monotonic() > until:
            check(False, "nobody listens at " + path)
            return
        time.sleep(0.01)
