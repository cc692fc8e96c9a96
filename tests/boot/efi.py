# SPDX-License-Identifier: GPL-2.0-or-later
# efi: Debian's EFI firmware for AArch64 in flash, recorded, and replayed in a new process.
#   efi.py shell    a person at its shell, a variable that outlives a reset, and Debian's kernel started by its EFI
#                   stub from a FAT file system, which the firmware's own virtio driver reads
#   efi.py kernel   the same kernel by -kernel, which the firmware takes from fw_cfg
import hashlib
import struct
import subprocess

import linux
from harness import *

BANK = 64 << 20
VARIABLE = "Reprise -guid 12345678-1234-1234-1234-123456789abc"


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).digest()


def firmware():
    """Options for both banks of flash."""
    found = os.path.join(os.path.dirname(linux.guest()[0]), "QEMU_EFI.fd")
    if not os.path.exists(found):
        skip("there is no QEMU_EFI.fd beside the kernel")
    shutil.copy(found, "code.fd")
    for name in ("code.fd", "vars.fd"):
        with open(name, "ab") as f:
            f.truncate(BANK)
    return ["-arch", "aarch64", "-M", "virt", "-drive", "if=pflash,format=raw,file=code.fd,readonly=on",
            "-drive", "if=pflash,format=raw,file=vars.fd"]


def write_fat(path, files):
    """A disk of one FAT16 file system, by Microsoft's specification of it; `files` are (8.3 name, bytes)."""
    sector, cluster = 512, 32768
    counts = [-(-len(data) // cluster) for _, data in files]
    clusters = max(4200, sum(counts))  # with fewer than 4085 it would be FAT12
    fat_sectors = -(-2 * (clusters + 2) // sector)
    sectors = 1 + 2 * fat_sectors + 32 + clusters * cluster // sector
    boot = struct.pack("<3s8sHBHBHHBHHHIIBBBI11s8s", b"\xeb\x3c\x90", b"reprise", sector, cluster // sector, 1, 2, 512, 0,
                       0xF8, fat_sectors, 63, 16, 0, sectors, 0x80, 0, 0x29, 1, b"REPRISE    ", b"FAT16   ")
    fat, names = [0xFFF8, 0xFFFF], b""
    for (name, data), count in zip(files, counts):
        stem, _, extension = name.partition(".")
        names += struct.pack("<8s3sB10xHHHI", stem.encode().ljust(8), extension.encode().ljust(3), 0x20, 0, 0x5821,
                             len(fat), len(data))
        fat += [len(fat) + 1 + i for i in range(count - 1)] + [0xFFFF]
    table = struct.pack("<%dH" % len(fat), *fat).ljust(fat_sectors * sector, b"\0")
    with open(path, "wb") as f:
        f.write(boot.ljust(510, b"\0") + b"\x55\xaa" + 2 * table + names.ljust(32 * sector, b"\0"))
        for (_, data), count in zip(files, counts):
            f.write(data.ljust(count * cluster, b"\0"))
        f.truncate(sectors * sector)


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def at_shell(talk):
    """The countdown is ended by a key."""
    for words, key in (("Press ", "x"), ("Shell>", "")):
        if not talk.wait_for(words, 100):
            return False
        talk.type(key)
    return True


def session(talk):
    commands = (("ver", "UEFI Interactive Shell v"), ("map -r", "FS0:"),
                ('setvar %s -nv -bs ="forty-two"' % VARIABLE, "Shell>"),
                ("setvar " + VARIABLE, "66 6F 72 74 79 2D 74 77 6F"))  # forty-two
    if not at_shell(talk):
        return
    for words, answer in commands:
        talk.type(words + "\r")
        if not talk.wait_for(answer, 60):
            return
    talk.type("reset\r")
    if not at_shell(talk):
        return
    for words, answer in commands[-1:] + (
            ("fs0:", "FS0:\\>"),
            ("image.efi initrd=\\initrd.img console=ttyAMA0 panic=-1", "EFI stub: Booting Linux Kernel"),
            ("", "EFI stub: Loaded initrd from command line option"), ("", "REPRISE: user space reached")):
        talk.type(words + "\r" if words else "")
        if not talk.wait_for(answer, 100):
            return


def through_shell():
    kernel, initrd = linux.guest()
    machine = firmware()
    write_fat("disk.img", [("IMAGE.EFI", contents(kernel)), ("INITRD.IMG", contents(initrd))])
    before = digest("vars.fd")
    p = subprocess.Popen([REPRISE, "record", "-o", "efi.rr", "-display", "none", "-icount", "sleep=off", "-m", "512",
                          "-serial", "unix:console.sock,server=on,wait=on",
                          "-drive", "file=disk.img,format=raw,if=virtio,readonly=on", *machine],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    talk = Talk(connect("console.sock").detach())
    session(talk)
    console = talk.rest(100)
    os.close(talk.read_fd)
    said = p.stderr.read()
    p.stderr.close()
    check(wait_status(p, 60) == 0, "record: %r" % said)
    check(digest("vars.fd") == before, "recording leaves the variables' file alone")
    return console


def by_kernel():
    kernel, initrd = linux.guest()
    r = record("efi.rr", *firmware(), "-m", "512", "-kernel", kernel, "-initrd", initrd, "-append",
               "console=ttyAMA0 panic=-1", "-serial", "stdio", "-icount", "sleep=off", timeout=200)
    check(r.status == 0, "record: %s" % r)
    for words in (b"EFI stub: Booting Linux Kernel", b"REPRISE: user space reached"):
        check(words in r.out, "the console has %r: ...%r" % (words, r.out[-300:]))
    return r.out


with Room():
    console = through_shell() if sys.argv[1:] == ["shell"] else by_kernel()
    linux.complete("efi.rr", "EFI")
    replay_agrees("efi.rr", console, "EFI")
finish()
