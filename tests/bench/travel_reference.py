# SPDX-License-Identifier: GPL-2.0-or-later
"""travel_reference: the reference's record and replay (rr=record, rr=replay with rrsnapshot), asked a
few questions by the same client. Each gets a process of its own, as one that does not answer is lost."""
import os
import shutil
import signal
import subprocess
import time

from travel_ask import UNMAPPED
from travel_rsp import Client, NoAnswer, Wrong


def command(options, room, mode, memory_mib):
    kernel, initrd = options.guest
    return [options.qemu, "-M", "virt", "-m", "%dM" % memory_mib, "-display", "none", "-monitor", "none",
            "-serial", "null", "-kernel", kernel, "-initrd", initrd, "-append",
            "console=ttyS0 panic=-1 reprise.work", "-no-reboot", "-net", "none", "-icount",
            "shift=2,rr=%s,rrfile=%s,rrsnapshot=start" % (mode, os.path.join(room, "reference.log")),
            "-drive", "file=%s,if=none,id=snapshots" % os.path.join(room, "reference.qcow2")]


class Replay(Client):
    def __init__(self, options, room, memory_mib):
        path = os.path.join(room, "reference.gdb")
        if os.path.exists(path):
            os.remove(path)
        child = subprocess.Popen([*command(options, room, "replay", memory_mib), "-S", "-gdb",
                                  "unix:%s,server=on,wait=off" % path],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            super().__init__(path, child, options.limit)
        except BaseException:
            child.kill()
            child.wait()
            raise

    def read_numbers(self):
        return {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.socket.close()
        self.child.kill()
        self.child.wait()


def run_for(c, seconds):
    """Continues, and is interrupted."""
    c.socket.sendall(b"$vCont;c#a8")
    try:
        c.receive(time.monotonic() + seconds)
    except NoAnswer:
        c.socket.sendall(b"\x03")
        c.receive(time.monotonic() + c.limit)
    else:
        raise Wrong("the replay ended before")


def start_only(c):
    for _ in range(1000):
        c.ask("vCont;s:1")


def ask(options, table, folder, memory_mib):
    if not shutil.which(options.qemu) or not shutil.which("qemu-img"):
        table.note("reference: %s or qemu-img is missing" % options.qemu)
        return
    room = os.path.join(folder, "reference")
    os.makedirs(room, exist_ok=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", os.path.join(room, "reference.qcow2"), "1G"],
                   check=True)
    began = time.monotonic()
    recorder = subprocess.Popen(command(options, room, "record", memory_mib), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        recorder.wait(options.limit * 6)
        table.note("reference: recorded to power-off in %.1f s" % (time.monotonic() - began))
    except subprocess.TimeoutExpired:
        recorder.send_signal(signal.SIGTERM)  # it closes its log then
        recorder.wait(30)
        table.note("reference: recording is not done after %.0f s, what there is is used" %
                   (options.limit * 6))
    for where, go in (("1000 steps after the start", start_only),
                      ("1 s into the replay", lambda c: run_for(c, 1)),
                      ("3 s into the replay", lambda c: run_for(c, 3))):
        for what, packets in (("reverse-stepi", ["bs"]),
                              ("reverse-continue, nothing to find", ["Z0,%x,4" % UNMAPPED, "bc"])):
            operation = "reference: %s, %s" % (what, where)
            try:
                with Replay(options, room, memory_mib) as c:
                    go(c)
                    for packet in packets:
                        answer = c.ask(packet, options.limit)
                    table.add(operation, c.ms, said=answer)
            except NoAnswer:
                table.note("%s: no answer in %.0f s" % (operation, options.limit))
            except Wrong as e:
                table.note("%s: %s" % (operation, e))
