# SPDX-License-Identifier: GPL-2.0-or-later
# mutations: recordings with bits flipped, cut off, spliced, chunks doubled, dropped, swapped and
# changed behind right checksums (recedit mutate), read by info and replay. None crashes; each ends
# in a valid prefix or a sentence. Run it on an ASan build: REPRISE=build-asan/reprise.
#   mutations.py [--count 100] [--from SEED]
import argparse
import collections
import re
import subprocess

from harness import *

parser = argparse.ArgumentParser()
parser.add_argument("--count", type=int, default=100)
parser.add_argument("--from", type=int, default=0, dest="first")
options = parser.parse_args()
kinds = collections.Counter()


def sources():
    """Recordings with little to run and all kinds of chunks; two of them without the kernel, which
    is most of the bytes otherwise."""
    typed = b"hello\nworld\nquit\n"
    a = record("a.rr", *bare(guest("console"), "-serial", "stdio"), stdin=typed)
    b = record("b.rr", *bare(guest("console"), "-serial", "stdio", "-smp", 2), "--by-reference", stdin=typed[::-1] + b"\nquit\n")
    c = record("c.rr", *bare(guest("work"), "-serial", "stdio"))
    d = record("d.rr", *bare(guest("idle"), "-serial", "stdio", "-icount", "sleep=off"), "--by-reference")
    for r in (a, b, c, d):
        check(r.status == 0, "a recording to begin with: %s" % r)
    return (("a.rr", "b.rr", a.out), ("b.rr", "a.rr", b.out), ("c.rr", "a.rr", c.out), ("d.rr", "c.rr", d.out))


def judge(seed, what, consoles):
    name = "mutant %d (%s)" % (seed, what)
    i = reprise("info", "--json", "mutant.rr", timeout=60)
    if not check(is_sane(i) and i.status in (0, 1), name + ": " + str(i)):
        return
    if i.status == 1:
        check(is_sentence(i), "%s: no sentence: %s" % (name, i))
    r = reprise("replay", "--allow-paths", "mutant.rr", timeout=120)
    if not check(is_sane(r), "%s: %s" % (name, r)):
        return
    kinds["%s: %d" % (what, r.status)] += 1
    if i.status == 1:
        check(r.status == 1 and is_sentence(r), "%s: info refuses, replay does not: %s" % (name, r))
    elif r.status == 1:
        # A valid prefix, and what is wrong after it; or a machine that cannot be built.
        check(b"good up to tick" in r.err or is_sentence(r), "%s: %s" % (name, r))
    elif r.status == 3:
        check(b"differs from the recording" in r.err and b"not deterministic" not in r.err,
              "%s: %s" % (name, r))
    else:
        d = json.loads(i.out)
        # Checksums cannot tell a recording that was made so: but what replays is its own history.
        check(d["problem"] is None, "%s: replay is content, info is not: %s" % (name, d["problem"]))
        if not d["complete"] and what in ("flip", "flip-head", "cut", "splice", "repeat"):
            check(any(c.startswith(r.out) for c in consoles), name + ": the console is no prefix")


with Room():
    files = sources()
    for seed in range(options.first, options.first + options.count):
        one, other, _ = files[seed % len(files)]
        made = subprocess.run([RECEDIT, "mutate", str(seed), one, other, "mutant.rr"],
                              check=True, stdout=subprocess.PIPE)
        judge(seed, made.stdout.decode().strip(), [f[2] for f in files])
for kind in sorted(kinds):
    print("%5d  %s" % (kinds[kind], kind))
finish()
