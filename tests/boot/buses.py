# SPDX-License-Identifier: GPL-2.0-or-later
# buses: one guest with disks by NVM Express and by SCSI, and a CD: each is read, written, flushed, discarded, and what
# is read then is what was written. While it is recorded no image changes; the replay, in a new process, has
# the same console and state.
#   buses.py [--host virtio-scsi-pci]
import argparse
import hashlib
import random
import subprocess

import linux
from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="virtio-scsi-pci")
options = parser.parse_args()
MIB = 1 << 20


def sha256(data):
    return hashlib.sha256(data).hexdigest().encode()


def image(seed, size):
    data = random.Random(seed).randbytes(size)
    with open("%d.raw" % seed, "wb") as f:
        f.write(data)
    return data


def drive(seed, more=""):
    return ["-drive", "file=%d.raw,if=none,id=d%d,format=raw%s" % (seed, seed, more)]


with Room():
    # Linux looks at namespaces side by side: which of them gets the first name is its scheduler's.
    names = "for d in nvme0n1 nvme0n2; do ln -s $d /dev/ns$(cat /sys/block/$d/nsid); done; echo named $((1 + 1))"
    disks = [("/dev/ns1", image(1, 8 * MIB)), ("/dev/ns2", image(2, 2 * MIB)), ("/dev/sda", image(3, 8 * MIB))]
    disc = image(4, 3 * MIB)
    work = [(names, b"named 2"), ("sha256sum /dev/sr0", sha256(disc))]
    for name, data in disks:
        after = bytes(MIB) + data[MIB:]
        work += [("sha256sum " + name, sha256(data)),
                 ("dd if=/dev/zero of=%s bs=64k count=16 conv=fsync; echo wrote $((1 + 1))" % name, b"wrote 2"),
                 ("echo 3 >/proc/sys/vm/drop_caches; sha256sum " + name, sha256(after)),
                 ("blkdiscard -o %d -l 65536 %s; sha256sum %s" % (MIB, name, name),
                  sha256(bytes(MIB + 65536) + data[MIB + 65536:]))]
    arguments = [*drive(1), *drive(2), *drive(3), *drive(4, ",media=cdrom"), "-device", "nvme,id=n,drive=d1,serial=number",
                 "-device", "nvme-ns,bus=n,drive=d2,logical_block_size=4096", "-device", options.host + ",id=h",
                 "-device", "scsi-hd,drive=d3,bus=h.0,serial=another", "-device", "scsi-cd,drive=d4,bus=h.0"]
    p = subprocess.Popen([REPRISE, "record", "-o", "buses.rr", "-display", "none", "-icount", "sleep=off", "-serial",
                          "unix:console.sock,server=on,wait=on", *arguments,
                          *linux.machine("reprise.virtio reprise.shell", harts=2)],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("console.sock").detach())
    talk.wait_for("REPRISE: shell", 200)
    talk.wait_for("# ", 20)
    for keys, answer in work:
        talk.type(keys + "\n")
        check(talk.wait_for(answer, 100), "%r is answered by %r" % (keys, answer))
    talk.type("exit\n")
    console = talk.rest(60)
    os.close(talk.read_fd)
    said = p.stderr.read()
    p.stderr.close()
    check(wait_status(p, 60) == 0, "record: %r" % said)
    for seed, data in enumerate([data for _, data in disks] + [disc], 1):
        check(open("%d.raw" % seed, "rb").read() == data, "%d.raw is what it was" % seed)
    replay_agrees("buses.rr", console, "a guest with disks on buses")
finish()
