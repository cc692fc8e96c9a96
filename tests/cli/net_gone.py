# SPDX-License-Identifier: GPL-2.0-or-later
# net_gone: what serves a network is killed, or the other side of a stream goes away, while a machine is
# recorded: it goes on, a sentence says what happened, and the recording replays.
import signal
import socket
import subprocess

from harness import *


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(word) for word in f.read().split()]


def is_network(pid):
    """The process of a network holds no recording; that of an index does."""
    try:
        names = [os.readlink("/proc/%d/fd/%s" % (pid, n)) for n in os.listdir("/proc/%d/fd" % pid)]
    except OSError:
        return False
    return not any(name.endswith(".rr") for name in names)


def until(what, condition):
    end = time.monotonic() + 60 * SLOW
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return check(False, what)


def advances(path):
    ticks = info(path).get("ticks", 0)
    return until("it goes on", lambda: info(path).get("ticks", 0) > ticks)


def recorded(path, netdev, harm, sentence):
    p = subprocess.Popen([REPRISE, "record", "--force", "--no-index", "-o", path, "-serial", "null", *bare("spin.elf"),
                          "-device", "e1000,netdev=n0", "-netdev", netdev + ",id=n0"],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until("it starts", lambda: info(path).get("ticks", 0) > 0)
    harm(p)
    advances(path)
    p.terminate()
    err = p.communicate(timeout=60 * SLOW)[1].decode()
    check(p.returncode == 0 and sentence in err, "%s: status %s, %s" % (path, p.returncode, err))
    succeeds("replay", path, timeout=180)


def kill_neighbour(p):
    found = [c for c in children(p.pid) if is_network(c)]
    if check(len(found) == 1, "its process: %s" % found):
        os.kill(found[0], signal.SIGKILL)


with Room():
    write_spinner("spin.elf")
    recorded("killed.rr", "user", kill_neighbour, "n0: the process that served this network died")
    listener = socket.create_server(("127.0.0.1", 0))
    peers = []

    def leave(_):
        peers.append(listener.accept()[0])
        peers[0].sendall(b"\0\0\0\x40half of a frame")
        peers[0].close()
        listener.close()

    recorded("left.rr", "socket,connect=127.0.0.1:%d" % listener.getsockname()[1], leave,
             "n0: the other side hung up")
finish()
