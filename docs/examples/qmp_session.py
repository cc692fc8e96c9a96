#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts a machine the way that libvirt and its like do, and talks to it by QMP over plain sockets.

  qmp_session.py [--seek COUNT] PROGRAM [ARGUMENT...]

PROGRAM is reprise-system-ARCH, or qemu-system-ARCH: nothing here is Reprise's own. It is started paused, with its
monitor on a socket that is made here and handed over, so that nobody has to wait until it is there. What it can do
is asked for, the machine goes on, and its end is awaited. With --seek, which wants a replay (`-icount
...,rr=replay`), the machine goes to that count of instructions first, and its place there is printed.
"""
import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile


class Monitor:
    """One connection; events that come between answers are kept."""

    def __init__(self, connection):
        self.file = connection.makefile("rwb")
        self.events = []
        self.greeting = self.read()["QMP"]
        self.execute("qmp_capabilities")

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the machine's monitor has closed")
        return json.loads(line)

    def execute(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self.file.flush()
        while True:
            said = self.read()
            if "event" in said:
                self.events.append(said)
            elif "error" in said:
                raise RuntimeError("%s: %s" % (command, said["error"]["desc"]))
            else:
                return said["return"]

    def wait(self, name):
        while True:
            event = self.events.pop(0) if self.events else self.read()
            if event.get("event") == name:
                return event.get("data", {})


def start(command):
    """The process, and its monitor."""
    with tempfile.TemporaryDirectory() as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(folder, "monitor"))
        listener.listen(1)
        machine = subprocess.Popen(
            command + ["-S", "-chardev", "socket,id=monitor,fd=%d,server=on,wait=off" % listener.fileno(),
                       "-mon", "chardev=monitor,mode=control"], pass_fds=[listener.fileno()])
        client = socket.socket(socket.AF_UNIX)
        client.connect(os.path.join(folder, "monitor"))
    listener.close()
    return machine, Monitor(client)


def talk(monitor, seek):
    print("QMP %(major)d.%(minor)d.%(micro)d" % monitor.greeting["version"]["qemu"])
    commands = monitor.execute("query-commands")
    print("%d commands, %d entries in the schema" % (len(commands), len(monitor.execute("query-qmp-schema"))))
    print("%d CPUs" % len(monitor.execute("query-cpus-fast")))
    print("status: " + monitor.execute("query-status")["status"])
    if seek is not None:
        monitor.execute("replay-seek", icount=seek)  # says that it is on its way
        monitor.wait("STOP")
        place = monitor.execute("query-replay")
        print("%s at %d" % (place["mode"], place["icount"]))
    monitor.execute("cont")
    print("the machine ended: " + monitor.wait("SHUTDOWN")["reason"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seek", type=int, metavar="COUNT", help="go there first, in a replay")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="PROGRAM [ARGUMENT...]")
    options = parser.parse_args()
    try:
        machine, monitor = start(options.command)
    except (EOFError, OSError):
        print("the machine did not start", file=sys.stderr)
        return 1
    try:
        talk(monitor, options.seek)
    except RuntimeError as refusal:
        print(refusal, file=sys.stderr)
        monitor.execute("quit")
        machine.wait()
        return 1
    except EOFError:
        print("the machine ended without a word", file=sys.stderr)
    return machine.wait()


if __name__ == "__main__":
    sys.exit(main())
