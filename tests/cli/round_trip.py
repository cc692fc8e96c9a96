# SPDX-License-Identifier: GPL-2.0-or-later
# round_trip: recorded here, replayed there: guest programs with input through a pipe, a unix
# socket, tcp and a file of null, with one and four harts, typed at chance moments; each replay in a
# new process ends in the recorded state and gives the same console, byte for byte.
#   round_trip.py [--rounds N]     N rounds of typing at chance moments (3)
import argparse
import random
import subprocess
import threading

from harness import *

WORDS = (b"hello", b"", b"machine that records", b"x" * 200, bytes(range(32, 127)), b"\x00\x01\x7f\xff" * 5)


def expected(lines):
    """What the guest program prints for these lines, but for its checksum."""
    return b"".join(line[:128][::-1] + b"\n" for line in lines)


def script(chance, count):
    lines = [chance.choice(WORDS) for _ in range(count)]
    return lines, b"\n".join(lines) + b"\nquit\n"


def piped(harts):
    lines, text = script(random.Random(harts), 12)
    r = record("pipe.rr", *bare(guest("console"), "-smp", harts, "-serial", "stdio"), stdin=text)
    check(r.status == 0 and expected(lines) in r.out, "console through a pipe: %s" % r)
    check(info("pipe.rr").get("input_bytes") == len(text), "every byte is an input")
    replay_agrees("pipe.rr", r.out, "pipe, %d harts" % harts)


def typed(chance, harts, pauses):
    """Through a pipe, a few bytes at a time, with pauses chosen by chance."""
    lines, text = script(chance, 6)
    p = subprocess.Popen([REPRISE, "record", "--force", "-o", "typed.rr", "-smp", str(harts),
                          *bare(guest("console"), "-serial", "stdio")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, bufsize=0)
    got = []
    reader = threading.Thread(target=lambda: got.append(p.stdout.read()))
    reader.start()
    at = 0
    while at < len(text):
        n = chance.choice((1, 1, 2, 5, 30))
        p.stdin.write(text[at:at + n])
        at += n
        time.sleep(chance.random() * pauses)
    status = wait_status(p)
    reader.join()
    p.stdin.close()
    check(status == 0 and expected(lines) in got[0], "typed: status %s" % status)
    replay_agrees("typed.rr", got[0], "typed with pauses up to %g s, %d harts" % (pauses, harts))
    for f in (p.stdout, p.stderr):
        f.close()


def through_socket(serial, address, harts):
    lines, text = script(random.Random(5), 8)
    p = subprocess.Popen([REPRISE, "record", "--force", "-o", "socket.rr", "-smp", str(harts),
                          "-serial", serial, *bare(guest("console"))],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect(address).detach())
    talk.wait_for("ready\n")
    for line in lines + [b"quit"]:
        talk.type(line + b"\n")
        talk.wait_for(line[:128][::-1] + b"\n" if line != b"quit" else b"ok\n")
    console = talk.rest()
    os.close(talk.read_fd)
    status = wait_status(p)
    err = p.stderr.read()
    p.stderr.close()
    check(status == 0 and b"dropped" not in err, "%s: status %s, %r" % (serial, status, err))
    replay_agrees("socket.rr", console, "console through " + serial.split(":")[0])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def guest_programs():
    for name in ("arith", "smp", "timer", "traps", "rtc"):
        for harts in (1, 4):
            r = record(name + ".rr", *bare(guest(name), "-smp", harts, "-icount", "sleep=off"))
            if check(r.status == 0, "%s: %s" % (name, r)):
                replay_agrees(name + ".rr", r.out, "%s, %d harts" % (name, harts))
                again = succeeds("replay", "-accel", "interp", name + ".rr")
                check(again.out == r.out, "%s: another engine replays it as well" % name)


def to_a_file():
    r = record("file.rr", *bare(guest("arith"), "-serial", "file:out.txt"))
    check(r.status == 0 and not r.out, "console to a file: %s" % r)
    replay_agrees("file.rr", open("out.txt", "rb").read(), "console to a file")


def resets():
    """A guest that prints and resets, for ever: with -no-reboot that is its end, else Ctrl-C is."""
    code = b"".join(i.to_bytes(4, "little") for i in (
        0x100002B7,   # lui  t0, 0x10000
        0x05200313,   # li   t1, 'R'
        0x00628023,   # sb   t1, 0(t0)
        0x001002B7,   # lui  t0, 0x100
        0x00007337,   # lui  t1, 7
        0x7773031B,   # addiw t1, t1, 0x777
        0x0062A023,   # sw   t1, 0(t0)
        0x0000006F))  # j    .
    with open("reset.bin", "wb") as f:
        f.write(code)
    machine = ["-arch", "riscv64", "-bios", "none", "-serial", "stdio", "-m", "16M", "-kernel", "reset.bin"]
    r = record("reset.rr", *machine, "-no-reboot")
    check(r.status == 0 and r.out == b"R" and info("reset.rr").get("ended") == "reset", "-no-reboot: %s" % r)
    replay_agrees("reset.rr", r.out, "-no-reboot")
    p = subprocess.Popen([REPRISE, "record", "--force", "-o", "reset.rr", *machine], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    talk = Talk(p.stdout.fileno())
    talk.wait_for("RRR")
    p.terminate()
    console = talk.rest()
    check(wait_status(p) == 0 and info("reset.rr").get("ended") == "signal", "resets are ended by a signal")
    p.stdout.close()
    replay_agrees("reset.rr", console, "%d resets" % len(console))


parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
options = parser.parse_args()
with Room():
    guest_programs()
    to_a_file()
    resets()
    for harts in (1, 4):
        piped(harts)
        through_socket("unix:console.sock,server=on,wait=on", "console.sock", harts)
        port = free_port()
        through_socket("tcp:127.0.0.1:%d,server=on,wait=on" % port, port, harts)
    for i in range(options.rounds):
        typed(random.Random(i), 1 + 3 * (i % 2), (0.0005, 0.005, 0.03)[i % 3])
finish()
