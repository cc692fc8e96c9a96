# SPDX-License-Identifier: GPL-2.0-or-later
# monitor: QMP and the monitor for people over unix sockets: on a machine that is recorded, on its replay, at
# any place in time; clients that misbehave; random commands, after which the final hash is what it was.
#   monitor.py [--sequences N] [--guests NAME,...]
import random
import subprocess

from harness import *

# What only looks: none of these may change the machine.
READS = ["query-status", "query-replay", "query-version", "query-name", "query-uuid", "query-kvm", "query-target",
         "query-machines", "query-cpu-definitions", "query-cpus-fast", "query-memory-size-summary", "query-chardev",
         "query-block", "query-named-block-nodes", "query-pci", "query-commands", "query-events", "query-qmp-schema",
         "x-when", "x-hash"]
LINES = ["info status", "info replay", "info registers", "info registers -a", "info mtree", "info mem", "info tlb",
         "info qtree", "info network", "info irq", "info roms", "info cpus", "info chardev", "info block", "info pci",
         "info version", "info name", "info uuid", "info kvm", "x /4i $pc", "x /16xg $sp", "xp /8xw 0x80000000",
         "xp /4xw 0x10000000", "print /x (1 + 2) * 0x10", "help", "help info", "sum 0x80000000 64", "gva2gpa $pc", "x-when",
         "sendkey a", "savevm a", "device_add x", "nonsense", "info nonsense", "x /99999999xb 0", "x /4q 0", "print 1/0", "print ((((",
         "cpu 7", "info", ""]


class Qmp:
    def __init__(self, path, negotiate=True):
        self.socket = connect(path)
        self.socket.settimeout(60 * SLOW)
        self.file = self.socket.makefile("rb")
        self.events = []
        self.greeting = json.loads(self.file.readline())
        if negotiate:
            self.ask("qmp_capabilities")

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def answer(self):
        while True:
            line = self.file.readline()
            if not line:
                return None
            said = json.loads(line)
            if "event" not in said:
                return said
            check(set(said["timestamp"]) == {"seconds", "microseconds"}, "an event has its time: %s" % said)
            self.events.append(said["event"])

    def ask(self, name, **arguments):
        said = {"execute": name, "id": [name, 7]}
        if arguments:
            said["arguments"] = {k.replace("_", "-"): v for k, v in arguments.items()}
        self.send(json.dumps(said))  # no newline
        answer = self.answer()
        check(answer is None or answer.get("id") == [name, 7], "the id comes back: %s" % answer)
        return answer

    def get(self, name, **arguments):
        answer = self.ask(name, **arguments)
        check("return" in (answer or {}), "%s %s: %s" % (name, arguments, answer))
        return (answer or {}).get("return")

    def refused(self, what, text, kind="GenericError"):
        self.send(text)
        answer = self.answer()
        check(answer and answer.get("error", {}).get("class") == kind and answer["error"]["desc"],
              "%s: %s" % (what, answer))

    def line(self, text):
        return self.get("human-monitor-command", command_line=text)

    def wait_event(self, name):
        while name not in self.events:
            if self.ask("query-status") is None:
                return check(False, "event %s comes" % name)
        self.events.remove(name)


def machine(guest_name):
    """Options of a bare machine for the guest."""
    return bare(guest(guest_name), *(["-M", "virt"] if "arm64" in guest_name else []))


SOCKETS = ["-qmp", "unix:q.sock,server=on,wait=off", "-qmp", "unix:r.sock,server=on,wait=off",
           "-monitor", "unix:h.sock,server=on,wait=off"]


def start(*args):
    return subprocess.Popen([REPRISE, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def ends(p, status, what):
    out, err = p.communicate(timeout=60 * SLOW)
    check(p.returncode == status, "%s: status %s, stderr %s" % (what, p.returncode, err[-600:]))
    return err.decode(errors="replace")


class Human:
    """A client of the other dialect: what is said up to the next prompt."""

    def __init__(self, path):
        self.socket = connect(path)
        self.socket.settimeout(60 * SLOW)
        self.banner = self.until_prompt()

    def until_prompt(self):
        said = b""
        while not said.endswith(b"(qemu) "):
            piece = self.socket.recv(65536)
            if not piece:
                break
            said += piece
        return said.decode(errors="replace")

    def type(self, keys):
        self.socket.sendall(keys.encode())
        return self.until_prompt()


def malformed(q):
    for text in ('{"execute": }', '{"execute": "query-status", "arguments": [}', '{"a" "b"}', '["query-status"]', "[" * 60 + "]" * 60,
                 "[" * 5000 + "\n", '{"execute": "query-status"]', '{"execute": "query-st\n', '{"x": tru}',
                 '{"execute": "x-goto", "arguments": {"to": 1e999}}', '{"execute": "query-status", "execute-me": 1}',
                 '{"arguments": {}}', '{"execute": 5}', '{"execute": "query-status", "arguments": []}', "nonsense ",
                 '{"execute": "replay-seek", "arguments": {"icount": "7"}}', '{"execute": "replay-seek"}',
                 '{"execute": "replay-seek", "arguments": {"icount": 99999999999999999999999999}}',
                 '{"execute": "replay-seek", "arguments": {"icount": -1}}',
                 '{"execute": "query-status", "arguments": {"x": 1}}', '{"exec-oob": "query-status", "id": 1}',
                 '{"execute": "x-goto", "arguments": {"to": "a\\u0000b"}}', b'{"execute": "\xc3\x28"}',
                 '{"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}}'):
        q.send(text)
        answer = q.answer()
        check(answer and answer["error"]["class"] in ("GenericError", "CommandNotFound"), "%r: %s" % (text[:60], answer))
    q.refused("a command that is not there", '{"execute": "no-such"}', "CommandNotFound")
    q.send('{"a": {"b": [' + "x" * (1 << 20))  # longer than a command may be
    answer = q.answer()
    check(answer and "1 MiB" in answer["error"]["desc"], "a command without end: %s" % answer)
    q.send("\n")
    q.send("{'execute': 'query-status', 'id': 'it''s'}".replace("''", "\\'"))
    answer = q.answer()
    check(answer and answer.get("id") == "it's", "single quotes: %s" % answer)
    for byte in '{"execute": "query-status", "id": 9}':  # half commands
        q.send(byte)
    check(q.answer().get("id") == 9, "a command byte by byte")
    q.send('{"execute":"query-status","id":1}{"execute":"query-name","id":2} {"execute":"query-kvm","id":3}')
    check([q.answer()["id"] for _ in range(3)] == [1, 2, 3], "three commands at once")


def human():
    h = Human("h.sock")
    check("monitor - type 'help'" in h.banner, "the banner: %r" % h.banner)
    said = h.type("info rep\t\n")
    check("info replay" in said and "execution 'a.rr': instruction count = " in said, "completion: %r" % said)
    said = h.type("\x1b[A\n")
    check("instruction count = " in said, "history: %r" % said)
    said = h.type("xinfo status\x01\x06\x7f\x1b[C\x05\n")
    check("VM status: " in said, "editing: %r" % said)
    check("unknown command: 'bogus'" in h.type("bogus\r\n"), "an unknown command")
    check("0x30" in h.type("print /x (1 + 2) * 0x10\n"), "an expression")
    check("no screen" in h.type("sendkey a\n"), "what is not there is refused")
    for line in LINES:
        h.type(line + "\n")
    return h


def run_a_while(q):
    at = q.get("x-when")["tick"]
    q.get("cont")
    check(q.get("query-status") == {"running": True, "status": "running"}, "it runs")
    while q.get("x-when")["tick"] < at + 100000:
        pass
    q.get("stop")
    q.wait_event("STOP")


def record(guest_name):
    """A recording with a reset by the monitor in it."""
    p = start("record", "--force", "-o", "a.rr", *machine(guest_name), "-S", "-serial", "null", *SOCKETS, "-name", "one")
    q = Qmp("q.sock", negotiate=False)
    check(set(q.greeting["QMP"]) == {"version", "capabilities"}, "the greeting: %s" % q.greeting)
    q.refused("before capabilities", '{"execute": "query-status"}', "CommandNotFound")
    q.ask("qmp_capabilities")
    q.refused("capabilities again", '{"execute": "qmp_capabilities"}', "CommandNotFound")
    check(q.get("query-status") == {"running": False, "status": "prelaunch"}, "-S")
    malformed(q)
    check(q.get("query-name") == {"name": "one"}, "its name")
    replay = q.get("query-replay")
    check(replay["mode"] == "record" and replay["filename"] == "a.rr", "query-replay: %s" % replay)
    h = human()
    run_a_while(q)
    at = q.get("x-when")["tick"]
    check(at == q.get("x-when")["tick"] and q.get("query-status")["status"] == "paused", "it stands still")
    q.get("system_reset")
    q.wait_event("RESET")
    run_a_while(q)
    check(q.get("x-goto", to="10%")["live-edge"] is False, "to the past of a live machine")
    check("error" in q.ask("system_powerdown"), "nothing is pressed in the past")
    q.get("x-go-live")
    run_a_while(q)
    other = Qmp("r.sock")
    for name in READS:
        check(("return" in q.ask(name)) and ("return" in other.ask(name)), name)
    q.get("system_powerdown")
    other.get("quit")
    q.answer()
    check(q.events[-1] == "SHUTDOWN" and other.events == ["POWERDOWN", "SHUTDOWN"], "all are told: %s %s" % (q.events, other.events))
    check({"RESUME", "POWERDOWN"} <= set(q.events), "events: %s" % q.events)
    ends(p, 0, "a recording that a monitor ends")
    h.socket.close()
    succeeds("replay", "a.rr")


def misbehave(q):
    """Clients that vanish, and one that never reads."""
    for text in (b'{"execute": "query-', b'{"execute": "query-status"}', b"\x00\xff", b""):
        s = connect("r.sock")
        s.sendall(text)
        s.close()
        check(q.get("query-status") is not None, "others are answered when a client vanishes")
    s = connect("r.sock")
    s.setblocking(False)
    sent = 0
    try:
        while sent < 64 << 20:
            sent += s.send(b'{"execute": "qmp_capabilities"}' + b'{"execute": "query-qmp-schema"}' * 1000)
    except BlockingIOError:
        pass
    check(sent < 16 << 20, "a client that never reads is not read: %d bytes were taken" % sent)
    check(q.get("query-status") is not None, "others are answered when a client never reads")
    s.close()


def seeks(q, end):
    """Random places; prints how long each takes."""
    times = []
    for _ in range(20):
        to = random.randrange(end + 1)
        begin = time.time()
        q.get("replay-seek", icount=to)
        q.wait_event("STOP")
        times.append((time.time() - begin) * 1000)
        check(q.get("query-replay")["icount"] == to, "replay-seek %d" % to)
    times.sort()
    print("replay-seek over %d ticks: median %.1f ms, p95 %.1f ms" % (end, times[10], times[18]))


def replay(guest_name, sequences):
    end = info("a.rr")["ticks"]
    final = info("a.rr")["final_hash"]
    p = start("replay", "a.rr", "-S", "--serial-out", "console.txt", *SOCKETS)
    q = Qmp("q.sock")
    check(q.get("query-status") == {"running": False, "status": "prelaunch"}, "-S")
    check(q.get("query-replay") == {"mode": "play", "filename": "a.rr", "icount": 0}, "query-replay")
    q.get("replay-break", icount=end // 2)
    q.get("cont")
    q.wait_event("STOP")
    check(q.get("query-replay")["icount"] == end // 2, "replay-break stops there")
    q.refused("in the past", '{"execute": "replay-break", "arguments": {"icount": 1}}')
    q.get("replay-delete-break")
    q.refused("behind the end", '{"execute": "replay-seek", "arguments": {"icount": %d}}' % (end + 1))
    q.refused("a button in a recording", '{"execute": "system_reset"}')
    seeks(q, end)
    check("tick " in q.line("x-last-write $sp"), "x-last-write")
    misbehave(q)
    h = human()
    at_random(q, h, end, sequences)
    q.line("memsave 0x%x 256 m.bin" % (q.get("x-when")["pc"] & ~0xfff))
    q.line("pmemsave 0x%x 4096 p.bin" % (0x40000000 if "arm64" in guest_name else 0x80000000))
    check(os.path.getsize("p.bin") == 4096 and os.path.getsize("m.bin") == 256, "memory is saved")
    check("Error" in q.line("pmemsave 0x40000000 1 /nowhere/x"), "nowhere is refused")
    check(q.get("x-goto", to="end")["tick"] == end, "to the end")
    check(int(q.get("x-hash")["hash"], 16) == final_number(final), "the final hash is unchanged")
    q.get("x-goto", to="begin")
    q.get("cont")
    while q.answer() is not None:
        pass
    check(q.events[-1:] == ["SHUTDOWN"], "the end of a replay: %s" % q.events)
    err = ends(p, 0, "a replay ends by itself")
    check("every witness and the final hash agree" in err, "what a replay says: %s" % err)


def final_number(hash):
    return int(hash, 16) if isinstance(hash, str) else hash


def at_random(q, h, end, sequences):
    for i in range(sequences):
        what = random.randrange(10)
        q.events.clear()
        if what < 4:
            check(q.ask(random.choice(READS)) is not None, "an answer")
        elif what < 7:
            check(q.ask("human-monitor-command", command_line=random.choice(LINES)) is not None, "an answer")
        elif what == 7:
            h.type(random.choice(LINES) + "\n")
        elif what == 8:
            q.get("x-goto", to=random.choice(["begin", "end", "50%", "-1000", "+1000", str(random.randrange(end + 1))])) \
                if random.random() < 0.5 else q.ask("x-goto", to=random.choice(["+99999999999", "x", "", "101%"]))
        elif (at := q.get("query-replay")["icount"]) < end - 2000:  # a replay that comes to its end ends
            q.get("replay-break", icount=at + random.randrange(2000))
            q.get("cont")
            q.wait_event("STOP")


def main():
    sequences = int(sys.argv[sys.argv.index("--sequences") + 1]) if "--sequences" in sys.argv else 150
    random.seed(7)
    for name in ("console", "console-arm64"):
        if not os.path.exists(os.path.join(GUESTS, name + ".elf")):
            continue
        with Room():
            record(name)
            replay(name, sequences)
    finish()


main()
