# SPDX-License-Identifier: GPL-2.0-or-later
# harness: what the tests of the program share: running it, judging what it said, typing into it.
# Meson sets REPRISE (the program), GUESTS (folder of guest programs) and RECEDIT; by hand:
#   REPRISE=build/reprise GUESTS=build/tests/guest RECEDIT=build/tests/cli/recedit python3 FILE
# Standard library only. A check that fails is reported and the rest still runs; finish() counts.
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REPRISE = os.path.abspath(os.environ.get("REPRISE", os.path.join(SOURCE, "build/reprise")))
GUESTS = os.path.abspath(os.environ.get("GUESTS", os.path.join(SOURCE, "build/tests/guest")))
RECEDIT = os.path.abspath(os.environ.get("RECEDIT", os.path.join(SOURCE, "build/tests/cli/recedit")))
SKIP = 77
SLOW = float(os.environ.get("TEST_SLOWNESS", "1"))  # all time limits times this

checks = 0
failures = 0


def check(ok, what):
    global checks, failures
    checks += 1
    if not ok:
        failures += 1
        print("FAILED " + what, flush=True)
    return bool(ok)


def finish():
    print("%d checks, %d failed" % (checks, failures))
    sys.exit(1 if failures or not checks else 0)


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIP)


class Room:
    """A temporary folder to work in, gone afterwards (kept with KEEP=1); with a user's configuration
    of its own, where the key of indexes is made."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="reprise-test-")
        self.config = tempfile.mkdtemp(prefix="reprise-config-")
        os.environ["XDG_CONFIG_HOME"] = self.config
        self.old = os.getcwd()
        os.chdir(self.path)
        return self

    def __exit__(self, *_):
        os.chdir(self.old)
        shutil.rmtree(self.config, ignore_errors=True)
        if os.environ.get("KEEP"):
            print("kept " + self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


def guest(name):
    path = os.path.join(GUESTS, name + ".elf")
    if not os.path.exists(path):
        skip("no guest programs (no riscv64-linux-gnu-gcc)")
    return path


class Result:
    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    def __str__(self):
        return "reprise %s: status %s\n  stderr: %s" % (
            " ".join(self.args), self.status, self.err.decode(errors="replace")[:600])


def reprise(*args, stdin=b"", timeout=60, stdout=subprocess.PIPE, program=None):
    """Runs it to its end with these bytes (or an open file) as its input."""
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    command = [program or REPRISE] + [str(a) for a in args]
    try:
        p = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE,
                           timeout=timeout * SLOW, **given)
        return Result(command[1:], p.returncode, p.stdout, p.stderr)
    except subprocess.TimeoutExpired as e:
        return Result(command[1:], "timeout", e.stdout or b"", e.stderr or b"")


OURS = (b"AddressSanitizer", b"LeakSanitizer", b"runtime error", b"must(", b"Assertion", b"core dumped")


def is_sane(r):
    """No crash, no sign of one, no sentence of another program's."""
    return r.status in (0, 1, 2, 3) and not any(word in r.err for word in OURS)


def is_sentence(r):
    """Status 1 and exactly one line for the user, on stderr alone."""
    lines = r.err.decode(errors="replace").splitlines()
    return (is_sane(r) and r.status == 1 and len(lines) == 1 and lines[0].startswith("reprise: ")
            and 15 < len(lines[0]) < 900 and not r.out)


def refuses(what, *args, says=None, **options):
    r = reprise(*args, **options)
    ok = is_sentence(r) and (says is None or says in r.err.decode(errors="replace"))
    check(ok, "%s: %s%s" % (what, r, "" if says is None else "\n  expected: ..." + says))
    return r


def succeeds(*args, status=0, **options):
    r = reprise(*args, **options)
    check(r.status == status and is_sane(r), "status %d expected: %s" % (status, r))
    return r


def info(path):
    r = reprise("info", "--json", path)
    try:
        return json.loads(r.out) if r.status == 0 else {}
    except ValueError:
        return {}


def recedit(*args):
    subprocess.run([RECEDIT] + [str(a) for a in args], check=True, stdout=subprocess.DEVNULL)


# What a guest program needs and nothing else: no firmware, no randomness.
def bare(elf, *more):
    return ["-bios", "none", "-display", "none", "-kernel", elf] + [str(m) for m in more]


def record(path, *args, **options):
    return reprise("record", "--force", "-o", path, *args, **options)


def write_spinner(path):
    """A guest that writes 1 at SPIN_ONCE and then, for ever, ever greater numbers beside it."""
    code = (0x00001297, 0x00100313, 0x0062b023,  # auipc t0, 1; li t1, 1; sd t1, 0(t0)
            0x00130313, 0x0062b423, 0xff9ff06f)  # addi t1, t1, 1; sd t1, 8(t0); j to the addi
    text = struct.pack("<6I", *code)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 243, 1, SPIN, 64, 0, 5, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 120, SPIN, SPIN, len(text), 0x2000, 8)
    with open(path, "wb") as f:
        f.write(header + segment + text)


SPIN = 0x80000000
SPIN_ONCE = SPIN + 0x1000


def record_spinner(path, ticks):
    """A recording of at least so many ticks in which every instruction has to be replayed."""
    write_spinner("spin.elf")
    p = subprocess.Popen([REPRISE, "record", "--force", "--no-index", "-o", path, "-serial", "null",
                          *bare("spin.elf")],
                         stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60 * SLOW
    while info(path).get("ticks", 0) < ticks and time.monotonic() < until:
        time.sleep(0.05)
    p.terminate()
    check(p.wait(30 * SLOW) == 0 and info(path)["ticks"] >= ticks, "recorded")


def replay_agrees(path, console, what, *more, status=0, timeout=180):
    """Replays in a new process; the console is these bytes, the end the recorded one."""
    recorded = info(path)
    r = reprise("replay", "--stats", "replay.json", *more, path, timeout=timeout)
    ok = check(r.status == status and is_sane(r), "%s: %s" % (what, r))
    ok &= check(r.out == console, "%s: console of the replay differs (%d bytes, not %d)"
                % (what, len(r.out), len(console)))
    if ok:
        with open("replay.json") as f:
            stats = json.load(f)
        if recorded["complete"]:
            check(stats["final_hash"] == recorded["final_hash"], what + ": final hash")
            check(stats["instructions"] == recorded["instructions"], what + ": instructions")
        check(stats["ticks"] == recorded["ticks"], "%s: replayed to tick %d, not %d"
              % (what, stats["ticks"], recorded["ticks"]))
        check(stats["inputs"] == recorded["inputs"], what + ": inputs")
    return r


def connect(path_or_port, seconds=10):
    """A client of a listening -serial."""
    until = time.monotonic() + seconds * SLOW
    while True:
        try:
            if isinstance(path_or_port, int):
                return socket.create_connection(("127.0.0.1", path_or_port), 5)
            s = socket.socket(socket.AF_UNIX)
            s.connect(path_or_port)
            return s
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


class Talk:
    """Waits for what appears on a descriptor, and types. Like expect(1), for bytes."""

    def __init__(self, read_fd, write_fd=None, paced=None):
        self.read_fd, self.write_fd = read_fd, read_fd if write_fd is None else write_fd
        self.seen = b""
        self.at = 0
        self.ended = False
        self.paced = paced  # called before each typed byte

    def pump(self, seconds):
        if self.ended or not select.select([self.read_fd], [], [], seconds)[0]:
            return
        try:
            got = os.read(self.read_fd, 65536)
        except OSError:  # a pty whose other side is gone
            got = b""
        self.seen += got
        self.ended = not got

    def wait_for(self, text, seconds=60):
        """True once `text` has appeared after what was waited for before."""
        until = time.monotonic() + seconds * SLOW
        text = text.encode() if isinstance(text, str) else text
        while True:
            found = self.seen.find(text, self.at)
            if found >= 0:
                self.at = found + len(text)
                return True
            if self.ended or time.monotonic() > until:
                return check(False, "waited in vain for %r; the last was %r" % (text, self.seen[-300:]))
            self.pump(0.2)

    def type(self, text):
        text = text.encode() if isinstance(text, str) else text
        if self.paced is None:
            os.write(self.write_fd, text)
            return
        for byte in text:
            self.paced()
            os.write(self.write_fd, bytes([byte]))

    def rest(self, seconds=60):
        """All that comes until the other side closes."""
        until = time.monotonic() + seconds * SLOW
        while not self.ended and time.monotonic() < until:
            self.pump(0.2)
        return self.seen


def wait_status(p, seconds=60):
    """Exit status of a Popen, or "timeout" (then it is killed)."""
    try:
        return p.wait(seconds * SLOW)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        return "timeout"
