# SPDX-License-Identifier: GPL-2.0-or-later
"""travel_rsp: a small client of GDB's remote protocol that says how long each answer took, and the
servers it talks to over a Unix socket. Acknowledgements end where the server can do without; left
out: escapes (nothing that is sent or asked for has any) and run-length encoding."""
import os
import re
import signal
import socket
import subprocess
import time


class NoAnswer(Exception):
    """The server said nothing within the limit."""


class Wrong(Exception):
    """What came back is not what it has to be."""


class Client:
    def __init__(self, path, child, limit=120):
        self.child, self.limit, self.buffer = child, limit, b""
        self.socket = connect(path, child, limit)
        self.acknowledges = True
        self.features = self.ask("qSupported:swbreak+;hwbreak+")
        self.acknowledges = self.ask("QStartNoAckMode") != "OK"
        self.numbers = self.read_numbers()

    # ---- packets ----

    def receive(self, until):
        """The next packet's text; acknowledgements of before are passed by."""
        while True:
            begin = self.buffer.find(b"$")
            end = self.buffer.find(b"#", begin + 1) if begin >= 0 else -1
            if end >= 0 and len(self.buffer) >= end + 3:
                body, sent = self.buffer[begin + 1:end], self.buffer[end + 1:end + 3]
                self.buffer = self.buffer[end + 3:]
                if sum(body) & 255 != int(sent, 16):
                    raise Wrong("a packet's checksum")
                if self.acknowledges:
                    self.socket.sendall(b"+")
                return body.decode("latin-1")
            left = until - time.monotonic()
            if left <= 0:
                raise NoAnswer()
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(1 << 16)
            except socket.timeout:
                raise NoAnswer() from None
            if not more:
                raise Wrong("the server hung up, status %s" % self.child.wait())
            self.buffer += more

    def ask(self, body, limit=None):
        """The answer; self.ms is how long it took. Console output on the way is in self.said."""
        data = body.encode("latin-1")
        packet = b"$" + data + b"#%02x" % (sum(data) & 255)
        until = time.monotonic() + (limit or self.limit)
        self.said = ""
        began = time.perf_counter()
        self.socket.sendall(packet)
        while True:
            answer = self.receive(until)
            if not re.match("O[0-9a-fA-F]+$", answer):
                break
            self.said += bytes.fromhex(answer[1:]).decode("latin-1")
        self.ms = (time.perf_counter() - began) * 1000
        return answer

    # ---- what is in the machine ----

    def read_numbers(self):
        """Numbers of registers by name, from the target description."""
        def fetch(name):
            text = ""
            while True:
                answer = self.ask("qXfer:features:read:%s:%x,3000" % (name, len(text)))
                if answer[:1] not in ("l", "m"):
                    raise Wrong("no description: %r" % answer[:40])
                text += answer[1:]
                if answer[0] == "l":
                    return text

        found, number = {}, 0
        top = fetch("target.xml")
        for name in re.findall(r'href="([^"]+)"', top):
            top += fetch(name)
        for reg in re.findall(r"<reg\s[^>]*>", top):
            told = re.search(r'regnum="(\d+)"', reg)
            number = int(told.group(1)) if told else number
            found[re.search(r'name="([^"]+)"', reg).group(1)] = number
            number += 1
        return found

    def register(self, name):
        answer = self.ask("p%x" % self.numbers[name])
        return int.from_bytes(bytes.fromhex(answer), "little")

    def memory(self, at, size):
        """The bytes, or None where nothing is mapped."""
        answer = self.ask("m%x,%x" % (at, size))
        return None if answer.startswith("E") or not answer else bytes.fromhex(answer)

    def word(self, at):
        got = self.memory(at, 8)
        return None if got is None or len(got) < 8 else int.from_bytes(got, "little")

    def physical(self, on):
        if self.ask("Qqemu.PhyMemMode:%d" % on) != "OK":
            raise Wrong("no PhyMemMode")

    # ---- going places ----

    def tick(self):
        return self.register("tick")

    def monitor(self, command, limit=None):
        if self.ask("qRcmd," + command.encode().hex(), limit) != "OK":
            raise Wrong("monitor %s is not understood" % command)
        return self.said

    def goto(self, to):
        said = self.monitor("goto %s" % to)
        if not said.startswith(("tick ", "history ")):
            raise Wrong("goto %s: %s" % (to, said))

    def point(self, what, kind, at):
        """what: Z or z; kind: 0 for a breakpoint, 2 for writes of 8 bytes."""
        if self.ask("%s%d,%x,%x" % (what, kind, at, 8 if kind else 4)) != "OK":
            raise Wrong("%s%d at %x is refused" % (what, kind, at))

    def travel_figures(self):
        """What the server itself counts: ticks run, pieces searched."""
        said = self.monitor("info travel")
        return {name: int(n) for n, name in re.findall(r"(\d+) (ticks run|pieces searched)", said)}

    def parts(self):
        """The state of all parts of the machine, as text."""
        names = re.search(r"one of:(.*)", self.monitor("info")).group(1).split()
        return {name: self.monitor("info " + name) for name in names}


def connect(path, child, limit):
    until = time.monotonic() + limit
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            return s
        except OSError:
            s.close()
            if child.poll() is not None:
                raise Wrong("the server ended with status %d" % child.returncode) from None
            if time.monotonic() > until:
                raise NoAnswer() from None
            time.sleep(0.002)


def cpu_seconds(pid):
    """User and system time of a process that lives."""
    with open("/proc/%d/stat" % pid, encoding="latin-1") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def scheduled(pid):
    """How long the threads of a process ran, and how long they waited for a core, in ms."""
    ran = waited = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as f:
                words = f.read().split()
        except OSError:
            continue  # ended meanwhile, or a host that does not count
        ran, waited = ran + int(words[0]), waited + int(words[1])
    return ran / 1e6, waited / 1e6


class Debug(Client):
    """reprise debug, and a client of it. self.opening is the time until it answered, in ms."""
    number = 0

    def __init__(self, reprise, recording, folder, at="end", index=True, limit=120):
        Debug.number += 1
        self.path = os.path.join(folder, "gdb%d" % Debug.number)
        if os.path.exists(self.path):
            os.remove(self.path)  # of one that was killed
        self.noise = open(os.path.join(folder, "debug.log"), "ab")
        began = time.perf_counter()
        child = subprocess.Popen([reprise, "debug", recording, "--at", str(at), "--listen",
                                  "unix:" + self.path, *([] if index else ["--no-index"])],
                                 stdin=subprocess.DEVNULL, stdout=self.noise, stderr=self.noise)
        try:
            super().__init__(self.path, child, limit)
        except BaseException:
            child.kill()
            child.wait()
            raise
        self.opening = (time.perf_counter() - began) * 1000
        self.end = int(re.search(r"tick \d+ of (\d+)", self.monitor("when")).group(1))

    def cpu(self):
        return cpu_seconds(self.child.pid)

    def close(self):
        self.socket.close()
        self.child.send_signal(signal.SIGTERM)
        status = self.child.wait(30)
        self.noise.close()
        if status != 0:
            raise Wrong("the server ended with status %d" % status)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()
        else:
            self.child.kill()
            self.child.wait()
