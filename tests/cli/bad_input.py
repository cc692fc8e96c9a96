# SPDX-License-Identifier: GPL-2.0-or-later
# bad_input: whatever is wrong with options, kernels, device trees and outputs, the answer is one
# sentence on stderr and exit status 1. Recordings that are wrong are bad_recording.py's.
import gzip
import os
import re
import socket
import struct
import sys

from harness import *

KERNEL = guest("arith")


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def linux_image(image_size, payload=b"\x13\0\0\0" * 64):
    """The header of a RISC-V Linux Image that says this size."""
    head = struct.pack("<IIQQQIIQ4s4sII", 0x6F, 0, 0x200000, image_size, 0, 2, 0, 0,
                       b"RISC", b"\0\0\0\0", 0, 0)
    head = bytearray(head[:64].ljust(64, b"\0"))
    head[48:56] = b"RISCV\0\0\0"
    head[56:60] = b"RSC\x05"
    return bytes(head) + payload


def patched(path, at, data):
    with open(KERNEL, "rb") as f:
        b = bytearray(f.read())
    b[at:at + len(data)] = data
    return write(path, bytes(b))


def bad_kernels():
    run = ["run", "-bios", "none", "-serial", "null", "-arch", "riscv64", "-kernel"]
    os.mkdir("folder")
    refuses("no such kernel", *run, "nowhere", says="nowhere")
    refuses("a folder as kernel", *run, "folder", says="folder")
    refuses("an empty kernel", *run, write("empty", b""), says="empty")
    refuses("an unreadable device as kernel", *run, "/dev/null")
    refuses("ELF of another machine", *run, sys.executable)
    refuses("ELF of another machine, arch not given", "run", "-bios", "none", "-serial", "null",
            "-kernel", sys.executable)
    refuses("half an ELF header", *run, write("half.elf", open(KERNEL, "rb").read()[:40]))
    refuses("a cut ELF", *run, write("cut.elf", open(KERNEL, "rb").read()[:2000]))
    refuses("32-bit ELF", *run, patched("elf32", 4, b"\x01"))
    refuses("big-endian ELF", *run, patched("elfbe", 5, b"\x02"))
    refuses("ELF without program headers", *run, patched("elfnoph", 56, b"\0\0"))
    refuses("ELF with program headers outside", *run, patched("elfph", 32, b"\xff" * 8))
    refuses("ELF with a segment at nowhere", *run,
            patched("elfseg", 64 + 24, struct.pack("<Q", 0xFFFFFFFFFFFFF000)))
    for field, at in (("offset", 8), ("address", 24), ("file size", 32), ("memory size", 40)):
        for value in (0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFF000, 1 << 40):
            path = "elf"
            for segment in range(2):  # whichever of the first two is loaded
                patched(path, 64 + 56 * segment + at, struct.pack("<Q", value))
                r = reprise(*run, path, timeout=10)
                check(is_sentence(r) or (r.status in (0, 2) and is_sane(r)),
                      "ELF segment %d with %s %x: %s" % (segment, field, value, r))
    whole = gzip.compress(linux_image(4096))
    refuses("a truncated gzip'ed Image", *run, write("cut.gz", whole[:-20]))
    refuses("a gzip header alone", *run, write("head.gz", whole[:10]))
    refuses("a damaged gzip'ed Image", *run,
            write("bad.gz", whole[:30] + b"\xff\xff\xff" + whole[33:]))
    refuses("a gzip bomb", *run, write("bomb.gz", gzip.compress(linux_image(1 << 40) + bytes(200 << 20))))
    refuses("an Image of impossible size", *run, write("huge.img", linux_image(1 << 62)))
    refuses("an Image larger than memory", *run, write("large.img", linux_image(200 << 20)))
    with open("sparse", "wb") as f:
        f.truncate(5 << 30)
    refuses("a kernel of 5 GiB", *run, "sparse")
    refuses("garbage of an unknown board", "run", "-serial", "null", "-M", "spike", "-bios", "none",
            "-kernel", write("garbage", bytes(range(256)) * 20), says='-M: no board is called "spike"')


def bad_images():
    base = ["run", "-serial", "null", "-bios", "none", "-kernel", KERNEL]
    refuses("no such initrd", *base, "-initrd", "nowhere", says="-initrd")
    with open("large", "wb") as f:
        f.truncate(160 << 20)
    refuses("initrd larger than memory", *base, "-m", "128", "-initrd", "large")
    refuses("an empty initrd", *base, "-initrd", write("empty", b""))
    refuses("an empty dtb", *base, "-dtb", "empty")
    refuses("garbage as dtb", *base, "-dtb", write("garbage", b"\xd0\x0d\xfe\xedgarbage" * 30))
    refuses("dtb of another endianness", *base, "-dtb", write("le", b"\xed\xfe\x0d\xd0" + bytes(60)))
    refuses("dtb that says another size", *base, "-dtb",
            write("short", struct.pack(">10I", 0xD00DFEED, 1 << 20, 56, 72, 40, 17, 16, 0, 8, 16) + bytes(60)))
    refuses("no such firmware", "run", "-serial", "null", "-bios", "nowhere", "-kernel", KERNEL,
            says="nowhere")
    refuses("a folder as firmware", "run", "-serial", "null", "-bios", "/", "-kernel", KERNEL)


def pe_image(mark, sections_end, size):
    """A Linux Image with the header that EFI looks for, whose one section ends there."""
    b = bytearray(linux_image(size, bytes(size - 64)))
    b[:2], b[56:64] = b"MZ", mark + struct.pack("<I", 64)
    b[64:] = (b"PE\0\0" + struct.pack("<HH12xHH", 0xAA64, 1, 8, 0x206) + bytes(8) +
              struct.pack("<8s4I16x", b".text", sections_end, 0, sections_end, 0)).ljust(len(b) - 64, b"\0")
    return bytes(b)


def z_image(size, start=0, end=None, magic=0x016F2818):
    return struct.pack("<36xIII", magic, start, size if end is None else end).ljust(size, b"\0")


def arm():
    """Kernels, trees and processors of Arm's boards."""
    wide = ["run", "-serial", "null", "-arch", "aarch64", "-kernel"]
    narrow = ["run", "-serial", "null", "-arch", "arm", "-kernel"]
    image, zimage = pe_image(b"ARM\x64", 8192, 8192), z_image(8192)
    for name, data in (("Image", image), ("zImage", zimage)):
        write(name, data)
        write(name + ".cut", data[:4096])
        write(name + ".gz", gzip.compress(data)[:-9])
        write(name + ".cut.gz", gzip.compress(data[:4096]))
    for name in ("Image.cut", "Image.cut.gz"):
        refuses("a truncated " + name, *wide, name, says="has 8192 bytes, and there are 4096")
    for name in ("zImage.cut", "zImage.cut.gz"):
        refuses("a truncated " + name, *narrow, name, says="has 8192 bytes, and there are 4096")
    refuses("a truncated Image.gz", *wide, "Image.gz")
    refuses("a truncated zImage.gz", *narrow, "zImage.gz")
    refuses("a zImage for AArch64", *wide, "zImage", says="a zImage of 32-bit Arm")
    refuses("a zImage for RISC-V", "run", "-serial", "null", "-bios", "none", "-arch", "riscv64", "-kernel", "zImage",
            says="a zImage of 32-bit Arm")
    refuses("an Image for 32-bit Arm", *narrow, "Image", says="an AArch64 Linux Image")
    refuses("an Image of RISC-V", *wide, write("riscv.img", linux_image(4096)), says="a RISC-V Linux Image")
    refuses("a zImage of the other byte order", *narrow, write("be", z_image(4096, magic=0x18286F01)),
            says="big-endian")
    refuses("a zImage that ends before it starts", *narrow, write("back", z_image(4096, 8, 4)), says="before it starts")
    refuses("a zImage's header alone", *narrow, write("head", zimage[:44]), says="in its header")
    refuses("an Image larger than memory", *wide, write("large.img", pe_image(b"ARM\x64", 4096, 4096)[:16] +
            struct.pack("<Q", 1 << 40) + image[24:]), says="does not fit")
    for arch, run in (("arm64", wide), ("arm", narrow)):
        elf = open(guest("console-" + arch), "rb").read()
        for what, at, byte in (("class", 4, b"\1" if arch == "arm64" else b"\2"), ("byte order", 5, b"\2"),
                               ("machine", 18, b"\xf3")):
            refuses("an ELF file of another " + what, *run, write("elf", elf[:at] + byte + elf[at + 1:]),
                    says="ELF file for another machine")
        refuses("an ELF file of RISC-V", *run, KERNEL, says="ELF file for another machine")
        tree_over_kernel(run, elf, arch)
    refuses("32-bit Arm's ELF file", *wide, guest("console-arm"), says="another machine")
    refuses("AArch64's ELF file", *narrow, guest("console-arm64"), says="another machine")
    with open("initrd", "wb") as f:
        f.truncate(70 << 20)
    refuses("a RAM disk that leaves no room for the tree", *wide, "Image", "-m", "140", "-initrd", "initrd",
            says="device tree")
    refuses("a RAM disk that does not fit", *wide, "Image", "-m", "128", "-initrd", "initrd", says="initial RAM disk")
    refuses("a device tree that is none", *wide, "Image", "-dtb", "zImage", says="device tree")
    for cpu, says in (("cortex-a510", "cortex-a57"), ("host", "host"), ("cortex-a57,sve=on", "sve"),
                      ("max,pauth-impdef=maybe", "pauth-impdef"), ("cortex-a15", "cortex-a15"), ("rv64", "rv64"),
                      ("cortex-a57,aarch64=off", "aarch64")):
        refuses("-cpu " + cpu, *wide, "Image", "-cpu", cpu, says=says)
    for cpu in ("cortex-a57", "cortex-m3", "cortex-a15,neon=maybe", "cortex-a15,nonsense=on", "arm1176"):
        refuses("-cpu " + cpu, *narrow, "zImage", "-cpu", cpu, says=cpu.split(",")[-1].split("=")[0])
    for more in ("gic-version=4", "gic-version=host", "its=maybe", "nonsense=1", "secure=on"):
        refuses("-M virt," + more, *wide, "Image", "-M", "virt," + more, says=more.split("=")[0])


def tree_over_kernel(run, elf, arch):
    """The tree lies at the beginning of RAM, where a program may not be then."""
    wide = arch == "arm64"
    b, headers = bytearray(elf), 64 if wide else 52
    at, width = (headers + 16, "<QQ") if wide else (headers + 8, "<II")
    struct.pack_into(width, b, at, 0x40000000, 0x40000000)
    refuses("a program where the tree lies", *run, write("low.elf", bytes(b)), says="overlaps the kernel")


def bad_options():
    base = ["run", "-serial", "null", "-bios", "none", "-kernel", KERNEL]
    for values in (["-smp", "0"], ["-smp", "9"], ["-smp", "x"], ["-smp", ""], ["-smp", "-1"],
                   ["-smp", "4,heads=2"], ["-smp", "99999999999999999999"], ["-smp", "cpus="],
                   ["-m", "x"], ["-m", "0"], ["-m", ""], ["-m", "-5"], ["-m", "1Z"], ["-m", "12MB"],
                   ["-m", "99999999999G"], ["-m", "18446744073709551616"], ["-m", "1B"],
                   ["-m", "4096B"], ["-m", "64K"], ["-m", "1.5G"], ["-m", "slots=3"],
                   ["-m", "100000G"],
                   ["-M", "q35"], ["-M", ""], ["-M", "virt,aia=none"], ["-machine", "none"],
                   ["-cpu", "cortex-a72"], ["-cpu", "rv64,nonsense=on"], ["-cpu", "rv64,v"],
                   ["-cpu", "rv64,zbb=maybe"], ["-cpu", "rv64," * 100],
                   ["-arch", "sparc"], ["-arch", "z80"], ["-arch", "x" * 100],
                   ["-append", "x" * 100000],
                   ["-icount", "shift=11"], ["-icount", "shift=auto,sleep=off"], ["-icount", "shift="],
                   ["-icount", "shift=-1"], ["-icount", "sleep=maybe"], ["-icount", "rr=record"],
                   ["-rtc", "base=yesterday"], ["-rtc", "base=2024-13-01"], ["-rtc", "nothing"],
                   ["-rtc", "base=2024-01-01T99:00:00"], ["-rtc", "base=2024-02-31"],
                   ["-seed", "many"], ["-seed", "18446744073709551616"], ["-accel", "kvm"],
                   ["-serial", "carrier-pigeon"], ["-serial", "file:"], ["-serial", "unix:"],
                   ["-serial", "file:/nowhere/at/all"], ["-serial", "file:/"],
                   ["-serial", "unix:/nowhere/socket"], ["-serial", "unix:" + "x" * 300],
                   ["-serial", "tcp:nowhere"], ["-serial", "tcp::"], ["-serial", "tcp:127.0.0.1:1"],
                   ["-serial", "tcp:127.0.0.1:99999"],
                   ["-serial", "tcp:127.0.0.1:99999,server=on,wait=off"], ["-serial", "tcp:host.invalid:80"],
                   ["-serial", ""], ["-serial", "unix:a,b=c"], ["-serial", "mon:null"], ["-serial", "pipe:/nowhere/x"],
                   ["-serial", "chardev:x"], ["-chardev", "what"], ["-chardev", "null"], ["-chardev", "null,id=a/b"],
                   ["-chardev", "null,id=a", "-chardev", "null,id=a"], ["-chardev", "socket,id=a"],
                   ["-chardev", "null,id=a", "-serial", "chardev:a", "-serial", "chardev:a"],
                   ["-chardev", "stdio,id=a", "-serial", "chardev:a", "-serial", "stdio"],
                   ["-device", "virtio-serial", "-device", "virtconsole,chardev=x"], ["-device", "virtconsole"],
                   ["-device", "virtio-serial,max_ports=8"], ["-device", "virtio-rng-pci,vectors=99"],
                   ["-device", "virtio-rng-pci,disable-legacy=on,disable-modern=on"],
                   ["-device", "virtio-rng-pci-transitional,disable-legacy=on"], ["-device", "pcie-root-port,hotplug=on"],
                   ["-display", "gtk"], ["-monitor", "gtk"], ["-qmp", "unix:"], ["-mon", "mode=control"], ["-mon", "chardev=none"],
                   ["-chardev", "null,id=c0", "-mon", "c0,mode=both"],
                   ["-drive", "file=x"], ["-device", "pigeon"], ["-netdev", "user"],
                   ["-netdev", ""], ["-netdev", "usr,id=a"], ["-netdev", "user,id=a,x=y"],
                   ["-netdev", "user,id=a,net=1.2.3"], ["-netdev", "user,id=a,hostfwd=tcp::22"],
                   ["-netdev", "user,id=a/b"], ["-netdev", "socket,id=a,connect=127.0.0.1:1"],
                   ["-netdev", "stream,id=a,addr.type=unix,addr.path=/nowhere/at/all"],
                   ["-netdev", "socket,id=a,mcast=1.2.3.4:5"], ["-netdev", "tap,id=a,fd=777"],
                   ["-netdev", "user,id=a", "-netdev", "user,id=a"], ["-nic", "pigeon"],
                   ["-nic", "user,model=pigeon"], ["-net", "nic,x=y"], ["-net", "tape"],
                   ["-object", "filter-dump,id=f,netdev=n0"],
                   ["-object", "filter-dump,id=f,netdev=n0,file=/nowhere/x"], ["-object", "x"],
                   ["-object", "filter-replay,id=f,netdev=n0"], ["-object", "filter-replay,netdev=n0"],
                   ["-d", "everything"], ["-d", "dev", "-D", "/nowhere/log"],
                   ["--stats", "/nowhere/stats.json"],
                   ["-no-such-option"], ["--"  "x"], ["-kernel"], ["stray"]):
        r = refuses(" ".join(values)[:60], *base, *values, timeout=20)
        named = [v for v in values if v[:1] == "-" and v not in ("-1", "-5")]
        if named:  # the one that is wrong comes last
            name = {"-machine": "-M"}.get(named[-1], named[-1])
            said = re.findall(r"(?<![\w-])%s(?![\w-])" % re.escape(name), r.err.decode())
            check(len(said) == 1, "%s is named once: %s" % (name, r))
    refuses("more -serial than ports", *base, "-serial", "null", "-serial", "null", says="serial")
    refuses("nothing to run", "run", says="-kernel")
    refuses("unknown command", "fly")
    for command in ("replay", "debug", "info"):
        refuses(command + " without a file", command)
        refuses(command + " with two files", command, "a", "b")
        refuses(command + " with an option of record", command, "-kernel", "x")
    refuses("diff with one file", "diff", "a")
    refuses("a unix socket name in use by a file", *base, "-serial", "unix:" + KERNEL)
    r = reprise()
    check(r.status == 1 and b"usage" in r.err, "no command: %s" % r)
    for args in (["-m", "2"], ["-m", "3M"], ["-m", "16M"]):
        r = reprise(*base, *args, timeout=20)
        check(is_sane(r) and (r.status in (0, 2) or is_sentence(r)), "tiny memory: %s" % r)


def ranges():
    """Where a sentence gives a range, both ends are taken, and one beyond is not."""
    base = ["run", "-serial", "null", "-bios", "none", "-kernel", KERNEL]
    last = str(2**64 - 2)
    for option, least, most, below, beyond, says in (
            ("-smp", "1", "8", "0", "9", "from 1 to 8,"),
            ("-smp", "cpus=1", "cpus=8", "cpus=0", "cpus=9", "from 1 to 8,"),
            ("-m", "1M", "64G", "1020K", "67108868K", "from 1M to 64G in whole pages of 4K"),
            ("-m", "1028K", "67108860K", "1030K", "65537M", "from 1M to 64G in whole pages of 4K"),
            ("-icount", "shift=0", "shift=10", "shift=-1", "shift=11", "from 0 to 10,"),
            ("-icount", "0", "10", "-1", "11", "from 0 to 10,"),
            ("-seed", "0", last, "-1", str(2**64 - 1), "from 0 to " + last),
            ("-rtc", "base=1970-01-01", "base=2500-12-31T23:59:59", "base=1969-12-31T23:59:59",
             "base=2501-01-01", "from 1970 to 2500"),
            ("-append", "", "x" * 4095, None, "x" * 4096, "longer than 4095 bytes"),
            ("-cpu", "rv64", "rv64" + ",zbb=true" * 27 + ",zba=on", None,
             "rv64" + ",zbb=true" * 28, "longer than 255 bytes")):
        for value in (least, most):
            r = reprise(*base, option, value, timeout=60)
            check(r.status == 0 and is_sane(r), "%s %.40s is taken: %s" % (option, value, r))
        for value in (below, beyond):
            if value is not None:
                refuses("%s %.40s" % (option, value), *base, option, value, says=says, timeout=60)


def listening_ports():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        refuses("a port that is taken", "run", "-bios", "none", "-kernel", KERNEL, "-serial",
                "tcp:127.0.0.1:%d,server=on,wait=off" % port)


def bad_outputs():
    base = ["record", "-bios", "none", "-serial", "null", "-kernel", KERNEL]
    succeeds(*base, "-o", "there.rr")
    before = open("there.rr", "rb").read()
    refuses("a recording that exists", *base, "-o", "there.rr", says="--force")
    check(open("there.rr", "rb").read() == before, "a refused recording is left alone")
    succeeds(*base, "-o", "there.rr", "--force")
    refuses("a recording nowhere", *base, "-o", "/nowhere/x.rr")
    refuses("a recording that is a folder", *base, "-o", ".", "--force")
    refuses("a recording on a full disk", *base, "-o", "/dev/full", "--force", says="No space")
    refuses("a recording without options, bad kernel", "record", "-o", "new.rr", "-bios", "none",
            "-kernel", "nowhere")
    check(not os.path.exists("new.rr"), "no file is left behind by a refusal")
    refuses("bad serial", *base, "-o", "new.rr", "-serial", "what")
    check(not os.path.exists("new.rr"), "no file is left behind by a refusal of -serial")
    refuses("console of a replay nowhere", "replay", "there.rr", "--serial-out", "/nowhere/x")
    r = reprise("run", "-bios", "none", "-serial", "null", "-kernel", KERNEL, "--stats", "/dev/full")
    check(r.status == 1 and b"/dev/full" in r.err, "statistics on a full disk: %s" % r)
    for args in (["--until", "x"], ["--until", "-1"], ["--until", ""]):
        refuses("replay " + args[1], "replay", "there.rr", *args)
    with open("/dev/full", "wb") as full:
        r = reprise("replay", "there.rr", stdout=full)
        check(r.status == 1 and b"the output could not be written" in r.err, "replay's console on a full disk: %s" % r)
        r = reprise("info", "there.rr", stdout=full)
        check(r.status == 1 and len(r.err.splitlines()) == 1, "info on a full disk: %s" % r)
        r = reprise("info", "--json", "there.rr", stdout=full)
        check(r.status == 1 and len(r.err.splitlines()) == 1, "info --json on a full disk: %s" % r)
        r = reprise("run", "--help", stdout=full)
        check(r.status == 1 and len(r.err.splitlines()) == 1, "help on a full disk: %s" % r)


with Room():
    bad_kernels()
    bad_images()
    arm()
    bad_options()
    ranges()
    listening_ports()
    bad_outputs()
finish()
