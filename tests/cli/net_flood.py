# SPDX-License-Identifier: GPL-2.0-or-later
# net_flood: frames come from outside as fast as this host can send them, while a machine is recorded. Its guest takes
# what it can, and answers what is typed in time; the memory of the program and of its network's process stays
# within bounds, whatever comes; the recording replays. And again with a guest that takes no frame at all.
#   net_flood.py [--seconds N]
import argparse
import re
import socket
import threading

from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=3)
options = parser.parse_args()
GROWTH_MOST = 64 << 20  # bytes
ANSWER_MOST = 2.0       # seconds


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def resident(pid):
    """Bytes of a process and its children."""
    with open("/proc/%d/statm" % pid) as f:
        own = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return own + sum(resident(int(child)) for child in f.read().split())


class Flood:
    """Broadcast frames of 1514 bytes to a port, until it is stopped."""

    def __init__(self, port):
        self.sent, self.is_over, self.port = 0, False, port
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        frame = b"\xff" * 6 + b"\x52\x54\0\1\2\3" + b"\x88\xb5" + bytes(1500)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            while not self.is_over:
                try:
                    s.sendto(frame, ("127.0.0.1", self.port))
                    self.sent += 1
                except OSError:  # nobody hears any more, or there is no room
                    time.sleep(0.001)

    def stop(self):
        self.is_over = True
        self.thread.join()


def flooded(path, kernel, typed, last):
    """A machine in a flood, that answers "x"; returns its console."""
    to, own = free_port(), free_port()
    p = subprocess.Popen(
        [REPRISE, "record", "--force", "--no-index", "-o", path, "-serial", "stdio", *bare(kernel), "-device",
         "e1000,netdev=n0", "-netdev", "socket,id=n0,udp=127.0.0.1:%d,localaddr=127.0.0.1:%d" % (own, to)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    talk = Talk(p.stdout.fileno(), p.stdin.fileno())
    talk.wait_for("ready")
    flood = Flood(to)
    time.sleep(0.5)
    first, most, slowest, rounds = resident(p.pid), 0, 0.0, 0
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        asked = time.monotonic()
        talk.type(typed)
        talk.wait_for("x\n")
        slowest, rounds = max(slowest, time.monotonic() - asked), rounds + 1
        most = max(most, resident(p.pid))
        time.sleep(0.05)
    talk.type(last)
    talk.rest()
    flood.stop()
    p.stdin.close()
    status, err = wait_status(p), p.stderr.read()
    check(status == 0, "%s: status %s, %r" % (path, status, err))
    check(rounds > 3 and slowest < ANSWER_MOST * SLOW, "%s: answered after %.2f s" % (path, slowest))
    check(most - first < GROWTH_MOST, "%s: grew by %d bytes" % (path, most - first))
    check(last == "q" or b"dropped" in err, "%s: what was dropped is said: %r" % (path, err))
    print("%s: %d frames sent, %d answers, the slowest after %.2f s, %d KiB of growth, %d KiB of recording" % (
        path, flood.sent, rounds, slowest, (most - first) >> 10, os.path.getsize(path) >> 10), flush=True)
    return talk.seen


with Room():
    heard = flooded("heard.rr", guest("flood"), "x", "q")
    frames = re.search(rb"(\d+) frames\n", heard)
    check(frames and int(frames[1]) > 200, "frames are heard: %r" % heard[-100:])
    replay_agrees("heard.rr", heard, "a guest that hears a flood", timeout=600)
    unheard = flooded("unheard.rr", guest("console"), "x\n", "quit\n")
    replay_agrees("unheard.rr", unheard, "a guest that does not", timeout=600)
finish()
