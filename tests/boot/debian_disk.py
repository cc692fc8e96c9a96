# SPDX-License-Identifier: GPL-2.0-or-later
# debian_disk: the disk with a whole Debian for tests, which tools/guests/make-debian-root makes on first use, and how
# a machine starts from it.
import os
import shutil
import subprocess

import linux
from harness import REPRISE, SOURCE, skip

DEVICES = {"nvme": "nvme0n1"}  # others by what they are


def debian(*options):
    """The folder with kernel, initramfs, disk and archive."""
    if shutil.which("qemu-img") is None:
        skip("qemu-img (package qemu-utils) is not installed")
    make = os.path.join(SOURCE, "tools", "guests", "make-debian-root")
    p = subprocess.run([make, *options, linux.ARCH], env=dict(os.environ, REPRISE=REPRISE), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if p.returncode != 0:
        skip("the disk cannot be made: " + (p.stdout + p.stderr).decode().strip().split("\n")[-1])
    return p.stdout.decode().strip().split("\n")[-1]


def make_top(base):
    """top.qcow2 here, over that image."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", "top.qcow2"], check=True)


def boot_from(folder, disk, words=""):
    """Options for its kernel, with the root file system on top.qcow2, which is the drive `disk`."""
    device = DEVICES.get(disk, "sda" if "scsi" in disk else "vda")
    return ["-kernel", folder + "/Image", "-initrd", folder + "/initramfs.cpio.gz",
            "-append", ("console=%s panic=-1 reprise.root=/dev/%s %s" % (linux.CONSOLE, device, words)).strip(),
            "-drive", "file=top.qcow2,if=none,id=disk", "-device", disk + ",drive=disk" + (",serial=reprise" if disk == "nvme" else "")]


def sum_up(*paths):
    return subprocess.run(["sha256sum", *paths], check=True, stdout=subprocess.PIPE).stdout
