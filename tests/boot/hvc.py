# SPDX-License-Identifier: GPL-2.0-or-later
# hvc: the kernel's console is a virtio console, typed at through a socket, and a stream by name goes both ways
# beside it; recorded, and replayed without sockets to the same output of each port.
#   hvc.py [--transport pci|device]
import argparse
import subprocess

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--transport", choices=("pci", "device"), default="pci")
options = parser.parse_args()


def on_hvc(arguments):
    at = arguments.index("-append") + 1
    arguments[at] = arguments[at].replace("console=" + linux.CONSOLE, "console=hvc0")
    return arguments


def everything(talk, seconds):
    data = talk.rest(seconds)
    os.close(talk.read_fd)
    return data


with Room():
    p = subprocess.Popen([REPRISE, "record", "-o", "hvc.rr", "-display", "none", "-serial", "file:uart",
                          "-device", "virtio-serial-" + options.transport, "-device", "virtconsole,chardev=con",
                          "-chardev", "socket,id=con,path=con.sock,server=on,wait=on",
                          "-device", "virtserialport,chardev=str,name=org.reprise.test",
                          "-chardev", "socket,id=str,path=str.sock,server=on,wait=on",
                          *on_hvc(linux.machine("reprise.virtio reprise.shell"))],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("con.sock").detach())
    stream = Talk(connect("str.sock").detach())
    check(talk.wait_for("REPRISE: shell", 200) and talk.wait_for("# ", 20), "the console is hvc0")
    stream.type("question\n")  # waits until somebody opens the port
    for keys, answer in (("cat /sys/class/virtio-ports/vport*p1/name\n", b"org.reprise.test"),
                         ("head -n 1 /dev/vport*p1\n", b"question"),
                         ("for p in /dev/vport*p1; do seq 1 20000 >$p; done; echo sent $((1 + 1))\n", b"sent 2"),
                         ("seq 1 2000 | sha256sum\n", b"  -")):
        talk.type(keys)
        check(talk.wait_for(answer, 60), "%r is answered by %r" % (keys, answer))
    talk.type("exit\n")
    console, sent = everything(talk, 60), everything(stream, 10)
    said = p.stderr.read()
    check(wait_status(p, 60) == 0, "record: %r" % said)
    check(sent == b"".join(b"%d\n" % i for i in range(1, 20001)), "the stream: %d bytes" % len(sent))
    linux.complete("hvc.rr", "recorded")
    for port, expected in (("chr-con", console), ("chr-str", sent)):
        r = succeeds("replay", "hvc.rr", "--port", port, timeout=200)
        check(r.out == expected, "replayed, %s: %d bytes, not %d" % (port, len(r.out), len(expected)))
finish()
