# SPDX-License-Identifier: GPL-2.0-or-later
# linux: the Debian guest for tests: its kernel and initramfs, made by tools/guests on first use
# (then a mirror is needed, and a test without one is skipped), or named by LINUX_KERNEL and
# LINUX_INITRD. LINUX_ARCH says whose it is (riscv64 without it), LINUX_MACHINE what else -M is to say, LINUX_BOARD on which
# board (virt), which may want a device tree that comes with the kernel: LINUX_DTB; LINUX_CPU which processor, LINUX_SAYS what the kernel has to
# say besides.
import os
import subprocess

from harness import SOURCE, check, info, skip

ARCH = os.environ.get("LINUX_ARCH", "riscv64")
SAYS = os.environ.get("LINUX_SAYS", "")
CONSOLE = "ttyS0" if ARCH == "riscv64" else "ttyAMA0"
MAKE = os.path.join(SOURCE, "tools", "guests", "make-debian-guest")


def guest():
    named = os.environ.get("LINUX_KERNEL"), os.environ.get("LINUX_INITRD")
    if all(named):
        return named
    p = subprocess.run([MAKE, "--any", ARCH], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode == 0:
        return tuple(p.stdout.decode().split("\n")[:2])
    skip("the guest cannot be made: " + p.stderr.decode().strip().split("\n")[-1])


def board():
    """What LINUX_BOARD, LINUX_MACHINE and LINUX_CPU ask for, as options."""
    name, more = os.environ.get("LINUX_BOARD", "virt"), os.environ.get("LINUX_MACHINE")
    cpu = os.environ.get("LINUX_CPU")
    return (["-M", ",".join([name] + [more] * bool(more))] if more or name != "virt" else []) + (["-cpu", cpu] if cpu else [])


def tree(kernel):
    name = os.environ.get("LINUX_DTB")
    return ["-dtb", os.path.join(os.path.dirname(kernel), name)] if name else []


def machine(words="", harts=1, memory="256M"):
    """Options for a boot of it; `words` go to guest-init."""
    kernel, initrd = guest()
    return board() + tree(kernel) + ["-smp", str(harts), "-m", memory, "-kernel", kernel, "-initrd", initrd, "-no-reboot",
            "-append", ("console=%s panic=-1 %s" % (CONSOLE, words)).strip()]


def bare_bytes(path):
    """Size of a recording without the files embedded in it."""
    i = info(path)
    return i["recording_bytes"] - i["blob_bytes"]


def complete(path, what):
    i = info(path)
    return check(i.get("complete") is True and i.get("ended") == "power-off", "%s: %s" % (what, i))
