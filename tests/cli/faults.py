# SPDX-License-Identifier: GPL-2.0-or-later
# faults: what the host does to us. Output that cannot be written is an error of every command, and
# said in one sentence; a reader that has gone is an error and nothing is said; a recording that the
# disk, a limit or another program cuts short or takes away is said to be so, and good up to its seal.
import resource
import signal

from harness import *

KERNEL = guest("console")
RUN = bare(KERNEL, "-serial", "stdio")
MUCH = b"".join(b"%d\n" % (i * 7919 % 1000003) for i in range(4000)) + b"quit\n"


def commands():
    """Each with what it prints on stdout, and its status when all goes well."""
    return (
        (["--help"], b"", 0), (["--version"], b"", 0),
        (["run", "--help"], b"", 0), (["record", "--help"], b"", 0), (["replay", "--help"], b"", 0),
        (["debug", "--help"], b"", 0), (["info", "--help"], b"", 0), (["index", "--help"], b"", 0),
        (["query", "--help"], b"", 0), (["diff", "--help"], b"", 0),
        (["run", *RUN], b"quit\n", 0), (["record", "--force", "-o", "again.rr", *RUN], b"quit\n", 0),
        (["replay", "good.rr"], b"", 0), (["info", "good.rr"], b"", 0), (["info", "--json", "good.rr"], b"", 0),
        (["query", "good.rr", "last-write", "0x80000000", "--phys"], b"", 0),
        (["diff", "good.rr", "good.rr"], b"", 0), (["diff", "--json", "good.rr", "good.rr"], b"", 0),
        (["diff", "good.rr", "other.rr"], b"", 3),
    )


def sentences(err):
    """The lines but for a run's figures."""
    return [line for line in err.decode().splitlines() if " MIPS, " not in line]


def full_output():
    for args, stdin, status in commands():
        what = " ".join(args)[:60]
        r = reprise(*args, stdin=stdin)
        check(r.status == status and r.out, "%s, well: %s" % (what, r))
        with open("/dev/full", "wb") as full:
            r = reprise(*args, stdin=stdin, stdout=full)
        said = sentences(r.err)
        check(r.status == 1 and len(said) == 1 and "No space left" in said[0], "%s > /dev/full: %s" % (what, r))
        p = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", REPRISE] + args, input=stdin, stderr=subprocess.PIPE)
        said = sentences(p.stderr)
        check(p.returncode == 1 and len(said) == 1 and "Bad file" in said[0],
              "%s >&-: %s %r" % (what, p.returncode, p.stderr))
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as gone:
            r = reprise(*args, stdin=stdin, stdout=gone)
        check(r.status == 1 and not sentences(r.err), "%s | true: %s" % (what, r))


def full_files():
    for args, status in ((["run", *RUN, "--stats", "/dev/full"], 1), (["replay", "good.rr", "--stats", "/dev/full"], 1),
                         (["replay", "good.rr", "--serial-out", "/dev/full"], 1),
                         (["replay", "good.rr", "-d", "ir", "-D", "/dev/full"], 1),
                         (["run", *bare(guest("arith"), "-serial", "file:/dev/full")], 1),
                         (["run", *RUN, "-d", "ir", "-D", "/dev/full"], 1)):
        r = reprise(*args, stdin=b"quit\n")
        check(r.status == status and len(sentences(r.err)) == 1, "%s: %s" % (" ".join(args)[:70], r))


def limited(limit, *args, stdin=b""):
    def limits():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    p = subprocess.run([REPRISE] + list(args), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       preexec_fn=limits, timeout=60 * SLOW)
    return Result(list(args), p.returncode, p.stdout, p.stderr)


def cut_short(what, r, path):
    """The sentence, and that what is there replays."""
    said = sentences(r.err)
    check(r.status == 1 and len(said) == 1 and "good up to tick" in said[0], "%s: %s" % (what, r))
    i = info(path)
    check(i.get("complete") is False and i.get("problem") is None, "%s leaves a valid prefix: %s" % (what, i))
    succeeds("replay", path)


def file_limits():
    """ulimit -f: inputs that need more than fits."""
    size = os.path.getsize("good.rr")
    r = limited(size + 4096, "record", "--force", "-o", "limit.rr", *RUN, stdin=MUCH)
    cut_short("ulimit -f while recording", r, "limit.rr")
    r = limited(4096, "record", "--force", "-o", "small.rr", *RUN, stdin=b"quit\n")
    check(r.status == 1 and len(sentences(r.err)) == 1 and "too large" in r.err.decode(), "ulimit -f at once: %s" % r)
    check(not os.path.exists("small.rr"), "nothing is left of it")
    r = limited(2, "run", *bare(guest("arith"), "-serial", "file:out.txt"))
    check(r.status == 1 and len(sentences(r.err)) == 1 and "serial0" in r.err.decode(), "ulimit -f and -serial: %s" % r)


def vanished():
    args = ["record", "--force", "-o", "gone.rr", *RUN]
    p = subprocess.Popen([REPRISE] + args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    talk = Talk(p.stdout.fileno(), p.stdin.fileno())
    talk.wait_for("ready")
    while not os.path.exists("gone.rr"):  # it gets its name when the images are in it
        time.sleep(0.01)
    os.unlink("gone.rr")
    talk.type("quit\n")
    p.stdin.close()
    status = wait_status(p)
    err = p.stderr.read()
    said = sentences(err)
    check(status == 1 and len(said) == 1 and "gone.rr: was deleted" in said[0], "deleted meanwhile: %s %r" % (status, err))
    p.stdout.close()
    p.stderr.close()


def on_full_disk():
    r = reprise("record", "-o", "full.rr", *RUN, stdin=MUCH)
    cut_short("a disk that fills up", r, "full.rr")
    r = reprise("index", "full.rr")
    check(r.status == 1 and is_sane(r) and len(sentences(r.err)) == 1, "index on a full disk: %s" % r)


def full_disk():
    """A small file system of our own in a mount namespace of its own, where we may make one."""
    os.mkdir("disk")
    size = os.path.getsize("good.rr") + 12 * 1024
    script = "mount -t tmpfs -o size=%d tmpfs disk && cd disk && exec \"$@\"" % size
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", sys.executable, os.path.abspath(__file__), "disk"],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE) if os.geteuid() == 0 else None
    if p is None or b" checks, " not in p.stdout:
        print("the full disk was left out: no file system can be mounted here")
    else:
        check(p.returncode == 0, "on a full disk: %s" % p.stdout.decode())


if sys.argv[1:] == ["disk"]:
    on_full_disk()
    finish()
with Room():
    record("good.rr", *RUN, "-seed", "1", stdin=b"quit\n")
    record("other.rr", *RUN, "-seed", "1", stdin=b"x\nquit\n")
    full_output()
    full_files()
    file_limits()
    vanished()
    full_disk()
finish()
