# SPDX-License-Identifier: GPL-2.0-or-later
# debugger: for tests of the program with a real gdb, beside harness.py, all of which it passes on.
import re

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
