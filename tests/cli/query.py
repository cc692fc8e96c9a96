# SPDX-License-Identifier: GPL-2.0-or-later
# query: `reprise query FILE last-write ADDR`: one line, the same with an index, without, and when the
# index is made on the way; going back from write to write, what one found there is what the one
# before left; what cannot be asked gets a sentence.
import re

from harness import *

LINE = re.compile(rb"tick (\d+): (.*): (0x[0-9a-f]+) -> (0x[0-9a-f]+)\n$")


def ask(*arguments, name="a.rr"):
    r = succeeds("query", name, "last-write", *arguments)
    found = LINE.match(r.out)
    check(found or b"nothing wrote there before" in r.out, "an answer: %s" % r)
    return (int(found[1]), found[2], found[3], found[4]) if found else None


def walk_back(address, most):
    """All writes to eight bytes, the latest first."""
    writes, before = [], "end"
    while len(writes) < most:
        w = ask(address, "--phys", "--before", before)
        if not w:
            break
        check(before == "end" or w[0] < int(before), "going back: %s before %s" % (w, before))
        check(not writes or w[3] == writes[-1][2], "what was left is what was found: %s, %s" % (w, writes[-1:]))
        writes.append(w)
        before = str(w[0])
    return writes


def bad(*arguments):
    refuses(" ".join(arguments), "query", *arguments)


def main():
    record("a.rr", *bare(guest("work")))
    # Memory of the guest: its data follow its code, the stack is where it has put it.
    places = list(range(0x80000000, 0x80010000, 0x800)) + list(range(0x80004000, 0x80006000, 0x7f8)) + list(range(0x80005f80, 0x80006000, 8))
    written = {a: ask("0x%x" % a, "--phys") for a in places}
    written = {a: w for a, w in written.items() if w}
    check(os.path.exists("a.rr.idx"), "the first question made an index")
    check(len(written) > 2, "the guest writes somewhere: %r" % written)
    some = list(written)[:3]
    os.unlink("a.rr.idx")
    for address in some:
        check(ask("0x%x" % address, "--phys", "--no-index") == written[address], "without an index")
    check(not os.path.exists("a.rr.idx"), "--no-index makes none")
    for address in some:
        check(ask("%d,8" % address) == written[address], "in machine mode the same address")
        check(len(walk_back("0x%x" % address, 8)) > 0, "from write to write")
    os.unlink("a.rr.idx")
    address = next(iter(written))
    check(ask("0x%x" % address) == written[address], "after it was deleted")
    check(b"nothing wrote" in succeeds("query", "a.rr", "last-write", "0x%x" % address, "--before", "0").out,
          "nothing before the beginning")
    bad("a.rr")
    bad("a.rr", "last-write")
    bad("a.rr", "what", "0x80000000")
    bad("a.rr", "last-write", "0x80000000", "more")
    bad("a.rr", "last-write", "here")
    bad("a.rr", "last-write", "0x80000000,0")
    bad("a.rr", "last-write", "0x80000ff9,8")
    bad("a.rr", "last-write", "0x80000000,4097")
    bad("a.rr", "last-write", "0x40", "--phys", "--before", "9999999999999")
    bad("a.rr", "last-write", "0x7f000000", "--phys")
    bad("nothing.rr", "last-write", "0x80000000")


with Room():
    main()
finish()
