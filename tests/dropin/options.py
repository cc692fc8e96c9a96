# SPDX-License-Identifier: GPL-2.0-or-later
# options: the grammar of reprise-system-ARCH: what is listed, refused by name, accepted; where defaults lead; what
# -help says and the manual explains; recording and replaying; what runs in the background.
import re

from harness import *

FOLDER = os.path.dirname(REPRISE)
MANUAL = os.path.join(SOURCE, "man", "reprise-system.1")
BASH = os.path.join(SOURCE, "completions/reprise.bash")


def system(*args, arch="riscv64", **options):
    return reprise(*args, program=os.path.join(FOLDER, "reprise-system-" + arch), **options)


def says(what, r, status, text):
    name = "reprise-system-"
    err = r.err.decode(errors="replace")
    check(r.status == status and is_sane(r) and (status == 0 or err.startswith(name)) and text in err,
          "%s: %s\n  expected %d: ...%s" % (what, r, status, text))


def lists(what, *args, line, arch="riscv64"):
    r = system(*args, arch=arch)
    check(r.status == 0 and not r.err and line in r.out.decode().split("\n"), "%s: %r in %s %s" % (
        what, line, r, r.out.decode()))


def options_of_help():
    r = system("-help")
    check(r.status == 0 and not r.err, "-help: %s" % r)
    text = r.out.decode()
    body, words = text.split("\nAccepted, as nothing", 1)
    check(system("-h").out == r.out == system("--help").out, "-h and --help are -help")
    for line in text.splitlines()[3:]:
        check(len(line) < 100 and line == line.rstrip(), "help line %r" % line)
    return set(re.findall(r"^  (--?[A-Za-z][A-Za-z-]*)", body, re.M)), set(
        re.findall(r"(?<= )(-[A-Za-z][A-Za-z_0-9-]*)", words))


def lists_of_things():
    lists("-machine", "-machine", "help", line="virt                 RISC-V VirtIO board (default)")
    lists("-M", "--M", "help", arch="arm", line="vexpress-a9          Versatile Express for Cortex-A9")
    lists("-cpu", "-cpu", "help", arch="aarch64", line="  cortex-a57")
    lists("-accel", "-accel", "help", line="tcg")
    lists("-netdev", "-M", "none", "-netdev", "help", line="user")
    lists("-chardev", "-chardev", "help", line="  socket")
    lists("-display", "-display", "help", line="none")
    lists("-d", "-d", "help", line="guest_errors    what devices refuse")
    r = system("-M", "none", "-device", "help")
    check(r.status == 0 and b'virtio-blk-device' in r.out, "-device help: %s" % r)
    check(re.match(rb"Reprise emulator version \d+\.\d+\.\d+ \(reprise-system-arm\)\n$",
                   system("--version", arch="arm").out), "-version")
    os.symlink(REPRISE, "reprise-system-mips")
    says("another architecture", reprise("-version", program="./reprise-system-mips"), 1, "there is no mips")


def refused():
    for args, text in (
            (["-frob"], "'-frob' is no option"),
            (["-smp"], "'-smp' wants an argument"),
            (["-machine", "pc"], "there is no \"pc\" here"),
            (["-accel", "kvm"], "say -accel tcg"),
            (["-machine", "virt,accel=xen"], "say -accel tcg"),
            (["-enable-kvm"], "say -accel tcg"),
            (["-cpu", "sifive-u54"], "there are rv64 and max"),
            (["-smp", "9"], "up to 8 CPUs"),
            (["-smp", "2,maxcpus=1"], "maxcpus=1 is less"),
            (["-smp", "2,sockets=2,cores=2"], "make 4 CPUs"),
            (["-smp", "2,frobs=2"], "has no 'frobs'"),
            (["-m", "size=12,frob=1"], "-m has no 'frob'"),
            (["-display", "gtk"], "say -display none, or -nographic"),
            (["-vga", "std"], "say -display none"),
            (["-vnc", ":1"], "say -display none"),
            (["-audio", "alsa"], "no sound"),
            (["-usb"], "virtio-blk-pci"),
            (["-virtfs", "local,path=/"], "put the files on a disk"),
            (["-fda", "x"], "-drive file=FILE is nearest"),
            (["-incoming", "defer"], "nothing migrates"),
            (["-loadvm", "x"], "enters a recording anywhere"),
            (["-icount", "11"], "shift wants a number from 0 to 10"),
            (["-icount", "shift=0,rr=frob"], "rr is record or replay"),
            (["-icount", "shift=0,rr=record"], "rrfile=FILE"),
            (["-icount", "shift=0,rrfile=x"], "go with rr="),
            (["-icount", "shift=auto,align=on"], "align=on goes with neither"),
            (["-icount", "shift=0,align=on,sleep=off"], "align=on goes with neither"),
            (["-icount", "shift=0,frob=1"], "has no 'frob'"),
            (["-icount", "shift=0,rr=replay,rrfile=gone.bin"], "gone.bin"),
            (["-uuid", "1-2"], "-uuid wants"),
            (["-action", "reboot=frob"], "reset or shutdown"),
            (["-d", "frob"], "there is no such log"),
            (["-rtc", "base=frob"], "utc, localtime"),
            (["-readconfig", "gone"], "-readconfig"),
            (["-serial", "null", "-serial", "file:x"], "has 1 serial port"),
            (["-device", '{"driver": "frob"}'], "no model of a device is called 'frob'"),
            (["-device", '{"driver": ["frob"]}'], "null or a list"),
            (["-device", '{"driver": "virtio-net-pci"'], "no object of JSON"),
            (["-daemonize"], "has no terminal"),
            (["-kernel", "gone"], "gone")):
        says(" ".join(args), system("-bios", "none", *([] if args[0] == "-kernel" else
                                                       ["-kernel", guest("arith")]), *args), 1, text)


def accepted():
    base = ["-bios", "none", "-kernel", guest("arith"), "-nodefaults"]
    plain = reprise("run", "-serial", "stdio", *bare(guest("arith")))
    check(plain.status == 0 and plain.out, "the guest prints: %s" % plain)
    for args in ([], ["--display", "none"], ["-M", "virt"], ["-machine", "type=virt,accel=kvm:tcg,usb=off"],
                 ["-machine", "virt,dump-guest-core=off,mem-merge=on,aclint=off"], ["-M", "virt-9.2"],
                 ["-accel", "tcg,thread=multi,tb-size=64"], ["-accel", "interp"], ["-vga", "none"],
                 ["-vnc", "none"], ["-audio", "none"], ["-audiodev", "none,id=a"], ["-parallel", "none"],
                 ["-boot", "order=c,menu=off"], ["-smbios", "type=1,product=x"], ["-trace", "enable=x"],
                 ["-name", "guest=x,debug-threads=on"], ["-no-user-config"], ["-sandbox", "on"],
                 ["-m", "size=64M,slots=2,maxmem=1G"], ["-smp", "cpus=1,maxcpus=2,cores=2"],
                 ["-smp", "1,sockets=1,cores=1,threads=1"], ["-rtc", "base=localtime,clock=vm"],
                 ["-monitor", "none"], ["-net", "none"], ["-nic", "none"], ["-snapshot"], ["-icount", "3"],
                 ["-icount", "shift=2,sleep=off,align=off"], ["-uuid", "12345678-90ab-cdef-1234-567890abcdef"],
                 ["-object", "memory-backend-ram,id=r,size=64M"], ["-overcommit", "mem-lock=off"],
                 ["-object", '{"qom-type": "iothread", "id": "t"}'], ["-d", "unimp,guest_errors,trace:x"],
                 ["-action", "reboot=shutdown,panic=none"], ["-no-shutdown", "-no-reboot"],
                 ["-netdev", '{"type": "user", "id": "n"}', "-device",
                  '{"driver": "virtio-net-pci", "netdev": "n", "mac": "52:54:00:12:34:56"}']):
        r = system(*base, "-serial", "stdio", *args)
        check(r.status == 0 and r.out == plain.out and is_sane(r), "%s is accepted: %s" % (args, r))
    for arch, more in (("riscv64", []), ("riscv32", None), ("aarch64", None), ("arm", None)):
        if more is None:
            check(system("-M", "help", arch=arch).status == 0, arch)


def defaults():
    base = ["-bios", "none", "-kernel", guest("arith")]
    shown = system(*base).out
    check(shown != b"" and system(*base, "-nographic").out == shown, "the console is on the terminal")
    check(system(*base, "-display", "none").out == b"", "or nowhere")
    check(system(*base, "-nodefaults").out == b"", "or nowhere, without defaults")
    r = system(*base, "-nographic", "-serial", "null", "-serial", "none")
    check(r.status == 0 and r.out == b"", "more serial ports than there are: %s" % r)
    with open("config", "w") as f:
        f.write('# a remark\n[machine]\n  type = "virt"\n  accel = "tcg"\n[memory]\n  size = "64M"\n'
                '[chardev "c"]\n  backend = "file"\n  path = "a,b"\n[smp-opts]\n  cpus = "2"\n')
    r = system(*base, "-readconfig", "config", "-serial", "chardev:c")
    check(r.status == 0 and open("a,b", "rb").read() == shown, "-readconfig: %s" % r)
    with open("config", "w") as f:
        f.write("[machine]\ntype = virt\n")
    says("-readconfig", system(*base, "-readconfig", "config"), 1, "config, line 2: it is not of the form")


def record_and_replay():
    line = lambda rr, *more: ["-bios", "none", "-kernel", guest("arith"), "-smp", "2", "-icount",
                              "shift=1,rr=%s,rrfile=r.bin" % rr, "-net", "none", "-no-reboot", *more]
    recorded = system(*line("record"))
    check(recorded.status == 0 and recorded.out and not recorded.err, "rr=record: %s" % recorded)
    check(open("r.bin", "rb").read(13) == b"\x00\xe0\x20\x0c" + bytes(8) + b"\x27", "the file's beginning")
    again = system(*line("record"))
    check(again.status == 0 and again.out == recorded.out, "the file is begun anew: %s" % again)
    replayed = system(*line("replay"))
    check(replayed.status == 0 and replayed.out == recorded.out and not replayed.err, "rr=replay: %s" % replayed)
    quiet = system(*line("replay", "-serial", "null"))
    check(quiet.status == 0 and not quiet.out, "another back end: %s" % quiet)
    elsewhere = system(*line("replay", "-serial", "file:console"))
    check(elsewhere.status == 0 and open("console", "rb").read() == recorded.out, "and another")
    for change, text in ((["-smp", "1"], "-smp is 2 in it, and 1 here"),
                         (["-m", "64M"], "-m in MiB is 128 in it, and 64 here"),
                         (["-cpu", "max"], "-cpu is not given in it"),
                         (["-append", "x"], "-append is not given in it, and x here"),
                         (["-icount", "2"], "shift is 1 in it, and 2 here"),
                         (["-kernel", guest("smp")], "-kernel has other bytes"),
                         (["-device", "virtio-rng-device"], "has no device 'virtio-rng-device0'"),
                         (["-rtc", "base=2020-01-01"], "-rtc is"),
                         (["-initrd", guest("arith")], "-initrd is not given in it")):
        says("another machine", system(*line("replay", *change)), 1, text)
    r = reprise("replay", "r.bin")
    check(r.status == 0 and r.out == recorded.out, "reprise replay takes it: %s" % r)


def rate():
    """shift=auto: the rate changes, the recording has it, and the replay comes to the same state."""
    write_spinner("spin.elf")
    p = subprocess.Popen([os.path.join(FOLDER, "reprise-system-riscv64"), "-bios", "none", "-kernel", "spin.elf",
                          "-display", "none", "-icount", "shift=auto,rr=record,rrfile=auto.bin"],
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60 * SLOW
    while info("auto.bin").get("inputs", 0) < 1 and time.monotonic() < until:
        time.sleep(0.05)
    p.terminate()
    check(p.wait(30 * SLOW) == 0 and p.stderr.read() == b"", "recorded with shift=auto")
    recorded = info("auto.bin")
    check(recorded["inputs"] >= 1 and recorded["virtual_ns"] != recorded["ticks"] << 3, "the rate changed: %s"
          % recorded)
    r = reprise("replay", "--stats", "auto.json", "auto.bin", timeout=300)
    check(r.status == 0 and json.load(open("auto.json"))["final_hash"] == recorded["final_hash"], "replayed: %s" % r)
    r = system("-bios", "none", "-kernel", "spin.elf", "-display", "none", "-icount",
               "auto,rr=replay,rrfile=auto.bin", timeout=300)
    check(r.status == 0 and not r.err, "and by the same command line: %s" % r)


def write_failure(path, status):
    """A guest that asks for a failure exit."""
    word = status << 16 | 0x3333
    code = (0x001002b7, (word + 0x800 & 0xfffff000) | 0x337,  # lui t0, 0x100; lui t1, ...
            (word & 0xfff) << 20 | 0x00030313, 0x0062a023, 0x0000006f)  # addi t1, t1, ...; sw; j .
    text = struct.pack("<5I", *code)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 243, 1, SPIN, 64, 0, 5, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 120, SPIN, SPIN, len(text), 0x2000, 8)
    with open(path, "wb") as f:
        f.write(header + segment + text)


def statuses():
    """The guest's own, when it asks for a failure exit."""
    write_failure("fail.elf", 37)
    line = ["-bios", "none", "-kernel", "fail.elf", "-icount"]
    for rr in ("record", "replay"):
        r = system(*line, "1,rr=%s,rrfile=f.bin" % rr)
        check(r.status == 37 and b"riscv64: the guest asked for a failure exit, status 37" in r.err, "%s" % r)
    check(reprise("replay", "f.bin").status == 2, "reprise has its own")


def background():
    write_spinner("spin.elf")
    line = ["-bios", "none", "-kernel", os.path.abspath("spin.elf"), "-display", "none", "-daemonize",
            "-pidfile", "pid"]
    r = system(*line, stdout=subprocess.DEVNULL)
    check(r.status == 0 and not r.err, "-daemonize: %s" % r)
    pid = int(open("pid").read())
    says("a second one", system(*line), 1, "another process has it")
    os.kill(pid, 15)
    until = time.monotonic() + 20 * SLOW
    while os.path.exists("pid") and time.monotonic() < until:
        time.sleep(0.02)
    check(not os.path.exists("pid"), "the file is gone with the process")
    says("what is wrong is said before", system(*line, "-smp", "9"), 1, "up to 8")
    says("and later", system(*line[:-2], "-kernel", "gone"), 1, "gone")


def documents_agree():
    options, words = options_of_help()
    with open(MANUAL) as f:
        text = f.read().replace("\\-", "-").replace("\\fR", "").replace("\\fB", "")
    entries = re.findall(r"^\.TP\n(\.[A-Z]+ .*)$", text, re.M)
    explained = set(re.findall(r"(?<![\w-])(--?[A-Za-z][A-Za-z-]*)", "\n".join(entries)))
    check(len(options) > 50 and len(words) > 50, "there are many")
    check(options - explained - {"-h"} == set(), "the manual lacks %s" % sorted(options - explained))
    check(explained - options == set(), "the manual has besides %s" % sorted(explained - options))
    script = r"""source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _reprise_system "$1"
        printf '%s\n' "${COMPREPLY[@]}" """
    p = subprocess.run(["bash", "--norc", "-c", script, "bash", BASH,
                        os.path.join(FOLDER, "reprise-system-riscv64"), "-"],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check(set(p.stdout.split()) >= options, "bash completes them: %s %s" % (p.stdout, p.stderr))


with Room():
    lists_of_things()
    refused()
    accepted()
    defaults()
    record_and_replay()
    rate()
    statuses()
    background()
    documents_agree()
finish()
