# SPDX-License-Identifier: GPL-2.0-or-later
# query_disk: who wrote to bytes of a disk last: `reprise query --disk`, `monitor lastwrite` and `monitor watchdisk`, with
# which journeys stop behind each such write, say the same, with an index and without, and what was written last is
# what the image has after a `run`.
from debugger import *

LINE = re.compile(rb"tick (\d+): (\S+), during (hart0 at .*): (\d+) bytes at (0x[0-9a-f]+), which begin with (.*)\n$")
DISK = ["-drive", "if=none,id=hd0,file=a.raw,format=raw", "-device", "virtio-blk-device,drive=hd0"]
BYTES = 512 * 1024
ALL = "0,%d" % BYTES
STOPS = 12


def ask(where, *more):
    r = succeeds("query", "a.rr", "last-write", where, "--disk", "hd0", *more)
    found = LINE.match(r.out)
    check(found or b"nothing wrote there before" in r.out, "an answer: %s" % r)
    return found and (int(found[1]), int(found[4]), int(found[5], 16), found[6], r.out.decode())


def value(text):
    """As it is printed: a number of 1, 2, 4 or 8 bytes, or all of them."""
    if text.startswith(b"0x"):
        return int(text, 16).to_bytes(len(text) // 2 - 1, "little")
    return bytes.fromhex(text.decode())


def questions():
    """Sectors all over the disk: what was written last is there."""
    content, seen = open("after.raw", "rb").read(), 0
    for sector in range(0, BYTES // 512, 37):
        w = ask("%d,512" % (sector * 512))
        if w:
            check(sector * 512 <= w[2] and w[2] + w[1] <= sector * 512 + 512, "inside: %s" % (w,))
            check(content[w[2]:w[2] + len(value(w[3]))] == value(w[3]), "what was written last is there: %s" % (w,))
            check(ask("%d,512" % (sector * 512), "--no-index") == w, "without an index")
            seen += 1
    check(seen > 5, "sectors were written: %d" % seen)


def journeys(writes):
    with Server("a.rr") as server:
        wait_for_server(server.sock)
        wire = Wire(server.sock)
        check("no disk is watched" in wire.monitor("watchdisk"), "none at first")
        check("there is no disk" in wire.monitor("watchdisk 0,512 cellar"), "of another name")
        check("LEN is at least 1" in wire.monitor("watchdisk 0,0 hd0"), "no bytes")
        check(wire.monitor("watchdisk %s hd0" % ALL) == "", "it is taken")
        check("%d bytes at 0x0" % BYTES in wire.monitor("watchdisk"), "and listed")
        check(wire.monitor("lastwrite %s hd0" % ALL) == writes[0][4], "the monitor says the same")
        there = []
        for kind, times in ((b"bc", STOPS), (b"c", STOPS - 1), (b"bc", STOPS - 1)):
            for _ in range(times):
                wire.send(kind)
                said = b""
                while (got := wire.packet()) is not None and got[:1] == b"O":
                    said += bytes.fromhex(got[1:].decode())
                check(got is not None and got.startswith(b"T05") and b"has written to its disk" in said, "a stop: %s %s" % (got, said))
                there.append(int(re.search(r"^tick (\d+) of", wire.monitor("when"), re.M)[1]))
        back = [w[0] + 1 for w in writes]
        check(there == back + back[-2::-1] + back[1:], "behind each write: %s, not %s" % (there, back))
        wire.monitor("watchdisk off")
        check("no disk is watched" in wire.monitor("watchdisk"), "and none at last")
        check(b"replaylog:begin" in wire.ask(b"bc"), "nothing stops any more")
        wire.close()


with Room():
    shutil.copy(os.path.join(GUESTS, "disk.raw"), "a.raw")
    record("a.rr", *bare(guest("disk")), *DISK)
    shutil.copy("a.raw", "before.raw")
    succeeds("run", *bare(guest("disk")), *DISK)
    os.rename("a.raw", "after.raw")
    os.rename("before.raw", "a.raw")
    questions()
    writes, before = [], "end"
    while len(writes) < STOPS and (w := ask(ALL, "--before", before)):
        writes.append(w)
        before = str(w[0])
    check(len(writes) == STOPS, "as many writes: %d" % len(writes))
    check(ask(ALL, "--before", "0") is None, "none before the beginning")
    journeys(writes)
    refuses("a disk that is not there", "query", "a.rr", "last-write", "0", "--disk", "cellar", says="there is no disk 'cellar'")
    refuses("behind the end", "query", "a.rr", "last-write", "%d,2" % (1 << 40), "--disk", "hd0", says="ends before byte")
    refuses("no bytes", "query", "a.rr", "last-write", "0,0", "--disk", "hd0")
finish()
