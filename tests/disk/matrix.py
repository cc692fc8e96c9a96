#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# matrix.py DISK_TOOL PART: images that qemu-img makes are read by our code, and ours by qemu-img: all cluster
# sizes, both versions, files behind, compressed clusters, sub-clusters, snapshots. PART is read, refuse,
# write or crash. Skips (77) without qemu-utils.
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

TOOL = os.path.abspath(sys.argv[1])
SIZE = (3 << 20) + 5 * 512


def run(*words, stdin=None, status=0, cwd=None):
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, cwd=cwd)
    if done.returncode != status:
        sys.exit(f"{' '.join(words)}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def img(*words, **more):
    return run("qemu-img", *words, **more)


def io(path, *commands, form="qcow2"):
    words = ["qemu-io", "-f", form]
    for command in commands:
        words += ["-c", command]
    return run(*words, path)


def same_content(path, snapshot=None, form="qcow2"):
    """Our reading of an image is qemu-img's."""
    how = ["-l", f"snapshot.name={snapshot}"] if snapshot else []
    img("convert", "-f", form, *how, "-O", "raw", path, "theirs.raw")
    run(TOOL, "read", path, "ours.raw", *([snapshot] if snapshot else []))
    with open("theirs.raw", "rb") as a, open("ours.raw", "rb") as b:
        x, y = a.read(), b.read()
    if x != y:
        at = next(i for i in range(max(len(x), len(y))) if x[i:i + 1] != y[i:i + 1])
        sys.exit(f"{path} {snapshot or ''}: differs at byte {at}")
    os.remove("theirs.raw")
    os.remove("ours.raw")
    return x


def base(path, size=SIZE, seed=1):
    """Half of it noise, a quarter text, a quarter zeros."""
    r = random.Random(seed)
    with open(path, "wb") as f:
        while f.tell() < size:
            n = min(size - f.tell(), 16384)
            kind = r.randrange(4)
            f.write(r.randbytes(n) if kind < 2 else (b"words %d " % kind * n)[:n] if kind == 2 else bytes(n))


def some_writes(r, count, size=SIZE):
    commands = []
    for _ in range(count):
        at = r.randrange(size // 512) * 512
        n = min(r.choice([512, 4096, 70000 // 512 * 512, 300 << 10]), size - at)
        commands.append(r.choice([f"write -P {r.randrange(1, 256)} {at} {n}"] * 4 + [f"write -z {at} {n}",
            f"write -z -u {at} {n}", f"discard {at} {n}"]))
    return commands


# ---- reading ----

SHAPES = ([(f"compat={c},cluster_size={1 << b}", b) for c in ("0.10", "1.1") for b in range(9, 22)]
    + [(f"compat=1.1,cluster_size={1 << b},extended_l2=on", b) for b in range(14, 22)]
    + [("compat=1.1,cluster_size=4096,refcount_bits=1", 12), ("compat=1.1,lazy_refcounts=on", 16)])


def read_chain(options, bits):
    """Three files behind, of other sizes, in other folders, with names relative to where each image is."""
    r = random.Random(bits)
    os.makedirs("a/b", exist_ok=True)
    base("a/base.raw", SIZE - 100 * 512)
    img("create", "-q", "-f", "qcow2", "-o", options, "-b", "base.raw", "-F", "raw", "a/one.qcow2", str(SIZE - 512))
    io("a/one.qcow2", *some_writes(r, 12, SIZE - 512))
    img("create", "-q", "-f", "qcow2", "-o", options, "-b", "../one.qcow2", "-F", "qcow2", "a/b/two.qcow2",
        str(SIZE - 50 * 512))
    io("a/b/two.qcow2", *some_writes(r, 12, SIZE - 50 * 512))
    img("create", "-q", "-f", "qcow2", "-o", options, "-b", "a/b/two.qcow2", "-F", "qcow2", "three.qcow2", str(SIZE))
    io("three.qcow2", *some_writes(r, 12))
    same_content("three.qcow2")


def read_snapshots(options, bits):
    if "refcount_bits=1" in options:
        return
    r = random.Random(bits)
    img("create", "-q", "-f", "qcow2", "-o", options, "s.qcow2", str(SIZE))
    contents = {}
    for name in ("first", "second"):
        io("s.qcow2", *some_writes(r, 8))
        contents[name] = same_content("s.qcow2")
        img("snapshot", "-c", name, "s.qcow2")
    io("s.qcow2", *some_writes(r, 8))
    same_content("s.qcow2")
    for name, content in contents.items():
        if same_content("s.qcow2", name) != content:
            sys.exit(f"{options}: snapshot {name} is not what it was")
    if run(TOOL, "info", "s.qcow2").count("\nsnapshot ") != 2:
        sys.exit("snapshots are missing")


def read_compressed(bits):
    base("plain.raw")
    for kind in ("zlib", "zstd"):
        for more in [""] + ([",extended_l2=on"] if bits >= 14 else []):
            img("convert", "-c", "-f", "raw", "-O", "qcow2", "-o",
                f"cluster_size={1 << bits},compression_type={kind}{more}", "plain.raw", "c.qcow2")
            same_content("c.qcow2")
            io("c.qcow2", "write -P 7 10240 20480", "write -P 8 1000448 512")
            same_content("c.qcow2")


def part_read():
    for options, bits in SHAPES:
        read_chain(options, bits)
        read_snapshots(options, bits)
    for bits in range(9, 22):
        read_compressed(bits)
    img("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", "p.qcow2", str(SIZE))
    same_content("p.qcow2")
    # Killed with lazy counts, it is marked as dirty; that says nothing of its content.
    img("create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=on", "d.qcow2", str(SIZE))
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 3 65536 131072", "-c", "flush", "-c", "abort", "d.qcow2"],
        capture_output=True, check=False)
    if "dirty" not in img("info", "d.qcow2", status=0) and open("d.qcow2", "rb").read()[79] & 1 == 0:
        sys.exit("d.qcow2 is not dirty")
    run(TOOL, "read", "d.qcow2", "ours.raw")
    with open("ours.raw", "rb") as f:
        if f.read()[65536:196608] != b"\3" * 131072:
            sys.exit("d.qcow2 has not what was written")
    run(TOOL, "edit", "d.qcow2", stdin="write 0 512 9\n")
    img("check", "d.qcow2")


# ---- refusing ----

def refuse(path, words, verb=("read", "out.raw"), stdin=None):
    said = run(TOOL, verb[0], path, *verb[1:], status=1, stdin=stdin)
    if words not in said or said.count("\n") != 1:
        sys.exit(f"{path}: '{said}', not '{words}'")


def patch(path, at, bytes_):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(bytes_)


def part_refuse():
    def fresh(*options):
        img("create", "-q", "-f", "qcow2", *options, "x.qcow2", "1M")

    fresh()  # said only: making a real one measures the host's processor for its keys, which may fail
    patch("x.qcow2", 32, struct.pack(">I", 2))
    refuse("x.qcow2", "is encrypted")
    fresh("-o", "data_file=x.data")
    refuse("x.qcow2", "content in another file")
    fresh()
    patch("x.qcow2", 72, struct.pack(">Q", 1 << 20))
    refuse("x.qcow2", "not known here (bit 20)")
    fresh()
    patch("x.qcow2", 72, struct.pack(">Q", 2))
    run(TOOL, "read", "x.qcow2", "out.raw")
    refuse("x.qcow2", "marked as corrupt", ("edit",), stdin="flush\n")
    fresh()
    patch("x.qcow2", 36, struct.pack(">I", 1 << 30))
    refuse("x.qcow2", "L1 table")
    fresh()
    patch("x.qcow2", 40, struct.pack(">Q", 1 << 40))
    refuse("x.qcow2", "not inside the file")
    fresh()
    io("x.qcow2", "write 0 65536")
    patch("x.qcow2", 0x40000, struct.pack(">Q", 1 << 63 | 0x10000))
    run(TOOL, "read", "x.qcow2", "out.raw")
    refuse("x.qcow2", "overlap at byte 65536", ("edit",), stdin="flush\n")
    patch("x.qcow2", 0x40000, struct.pack(">Q", 1 << 63 | 1 << 40))
    refuse("x.qcow2", "names no cluster of the file")
    img("create", "-q", "-f", "qcow2", "-b", "x.qcow2", "-F", "qcow2", "-u", "y.qcow2", "1M")
    fresh("-b", "y.qcow2", "-F", "qcow2", "-u")
    refuse("x.qcow2", "are they a circle?")
    fresh("-b", "nbd://host/disk", "-F", "raw", "-u")
    refuse("x.qcow2", "is not a file's name")
    fresh("-b", "disk.vmdk", "-F", "vmdk", "-u")
    refuse("x.qcow2", "format 'vmdk', which is not known")
    fresh("-b", "gone.raw", "-F", "raw", "-u")
    refuse("x.qcow2", "gone.raw: cannot be opened")


# ---- writing ----

class Model:
    def __init__(self, content):
        self.bytes = bytearray(content)
        self.lines = []
        self.saved = {}

    def write(self, at, size, seed):
        self.lines.append(f"write {at} {size} {seed}")
        self.bytes[at:at + size] = (struct.pack("<Q", seed) + bytes([seed & 255]) * 504) * (size // 512)

    def zero(self, at, size, verb="zero"):
        if verb == "discard":
            self.lines.append(f"discard {at} {size}")
        self.lines.append(f"zero {at} {size}")
        self.bytes[at:at + size] = bytes(size)

    def snapshot(self, name):
        self.lines.append(f"snapshot {name} {len(self.lines) + 1000}")
        self.saved[name] = bytes(self.bytes)

    def some(self, r, count):
        for i in range(count):
            at = r.randrange(len(self.bytes) // 512) * 512
            size = min(r.choice([512, 4096, 69632, 300 << 10]), len(self.bytes) - at)
            what = r.randrange(8)
            if what == 0:
                self.zero(at, size, r.choice(["zero", "discard"]))
            elif what == 1:
                self.lines.append("flush")
            else:
                self.write(at, size, r.randrange(1, 1 << 40))

    def play(self, path):
        run(TOOL, "edit", path, stdin="\n".join(self.lines) + "\n")
        self.lines = []
        self.check(path)

    def check(self, path, name=None):
        if "No errors were found" not in img("check", "-f", "qcow2", path):
            sys.exit(f"{path}: check is not clean")
        should = self.saved[name] if name else bytes(self.bytes)
        if same_content(path, name) != should:
            sys.exit(f"{path} {name or ''}: has not what was written")
        if not name:
            with open("should.raw", "wb") as f:
                f.write(should)
            img("compare", "-q", "-f", "qcow2", "-F", "raw", path, "should.raw")


def write_snapshots(path, m, r):
    m.snapshot("one")
    m.some(r, 10)
    m.snapshot("two")
    m.some(r, 10)
    m.play(path)
    listed = img("snapshot", "-l", path)
    if "one" not in listed or "two" not in listed or "100" not in listed:
        sys.exit(f"snapshot -l: {listed}")
    for name in ("one", "two"):
        m.check(path, name)
    m.lines.append("delete one")
    m.some(r, 5)
    m.play(path)
    m.check(path, "two")
    m.lines.append("apply two")
    m.bytes = bytearray(m.saved["two"])
    m.some(r, 5)
    m.play(path)
    m.check(path, "two")
    # And theirs goes on from there.
    img("snapshot", "-a", "two", path)
    m.bytes = bytearray(m.saved["two"])
    m.check(path)
    img("snapshot", "-d", "two", path)
    m.some(r, 5)
    m.play(path)


def part_write():
    shapes = ([(f"version={v}", f"cluster={b}") for v in (2, 3) for b in range(9, 22)]
        + [("extended", f"cluster={b}") for b in range(14, 22)]
        + [(f"refcount={n}", f"cluster=12") for n in (2, 4, 8, 32, 64)])
    base("base.raw", SIZE - 77 * 512)
    with open("base.raw", "rb") as f:
        behind = f.read()
    for i, shape in enumerate(shapes):
        for with_base in (False, True):
            r = random.Random(i)
            if os.path.exists("o.qcow2"):
                os.remove("o.qcow2")
            run(TOOL, "make", "o.qcow2", str(SIZE), *shape, *(["backing=base.raw", "of=raw"] if with_base else []))
            said = img("info", "o.qcow2")
            if "file format: qcow2" not in said or ("base.raw" in said) != with_base:
                sys.exit(said)
            m = Model(behind + bytes(SIZE - len(behind)) if with_base else bytes(SIZE))
            m.check("o.qcow2")
            m.some(r, 15)
            m.play("o.qcow2")
            write_snapshots("o.qcow2", m, r)
    # Theirs, written to by us.
    for options, bits in SHAPES:
        r = random.Random(bits)
        img("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, "base.raw", "t.qcow2")
        m = Model(behind)
        m.some(r, 15)
        m.play("t.qcow2")
        if "refcount_bits=1" not in options:
            img("snapshot", "-c", "theirs", "t.qcow2")
            m.saved["theirs"] = bytes(m.bytes)
            m.some(r, 10)
            m.play("t.qcow2")
            m.check("t.qcow2", "theirs")


# ---- crashes ----

def part_crash():
    """After a crash at any write, qemu-img check is clean, or repairs and is clean then."""
    states = repaired = 0
    for seed in range(3):
        folder = f"crash{seed}"
        os.mkdir(folder)
        run(TOOL, "crash", folder, str(seed))
        for name in sorted(os.listdir(folder)):
            path = f"{folder}/{name}"
            states += 1
            done = subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", path], capture_output=True, text=True)
            if done.returncode == 0:
                continue
            if done.returncode not in (2, 3):
                sys.exit(f"{name} of seed {seed}: {done.returncode} {done.stdout}{done.stderr}")
            repaired += 1
            before = run(TOOL, "read", path, "before.raw")
            img("check", "-q", "-r", "all", "-f", "qcow2", path)
            img("check", "-q", "-f", "qcow2", path)
            img("compare", "-q", "-f", "qcow2", "-F", "raw", path, "before.raw")
    print(f"{states} states, of which {repaired} were repaired")
    if states < 500 or repaired < 50:
        sys.exit("too few to mean anything")


def main():
    if not shutil.which("qemu-img") or not shutil.which("qemu-io"):
        print("skipped: qemu-utils is not installed (tools/deps test)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        {"read": part_read, "refuse": part_refuse, "write": part_write, "crash": part_crash}[sys.argv[2]]()
        os.chdir("/")
    return 0


sys.exit(main())
