# SPDX-License-Identifier: GPL-2.0-or-later
# stored: recordings that earlier versions made, kept in tests/replay/stored/ and never made again, are
# replayed by this one: every witness, the console, the final state. Each is named by its format. A
# version that refuses one of them breaks a promise of docs/journal.md.
from harness import *

FOLDER = os.path.join(SOURCE, "tests/replay/stored")

# name: format, harts, ticks, inputs, final hash, console, where it left its parent
STORED = {
    # The guest program `console`, typed at by hand.
    "1-console": (1, 1, 22102969, 71, "c55496819fdcb432",
                  b"ready\nolleh\nsdrocer taht enihcam\n\n9876543210 zyxwvutsrqponmlkjihgfedcba\n"
                  b"5 lines 588de534\nok\n", None),
    # `smp` on two harts.
    "1-harts": (1, 2, 897903, 0, "f4a58beeb98dedf5", b"laps 50\nvolleys 20\nok\n", None),
    # `console` with a RAM disk and a command line; at the fork a debugger pokes a letter into a string.
    "1-branch": (1, 1, 7151283, 26, "a81fd8b7a46ed60c",
                 b"ready\nolleh\nenil erom eno\n3 Lines 53cbb39a\nok\n", 7002896),
}


def stored(name, form, harts, ticks, inputs, final_hash, console, fork):
    path = os.path.join(FOLDER, name + ".rr")
    i = info(path)
    got = tuple(i.get(key) for key in ("format", "harts", "ticks", "inputs", "final_hash", "branched_at"))
    check(got == (form, harts, ticks, inputs, final_hash, fork), "%s is as it was: %s" % (name, i))
    check(i.get("complete") and i.get("ended") == "power-off" and i.get("problem") is None, "%s: %s" % (name, i))
    replay_agrees(path, console, name)
    r = succeeds("replay", "--no-verify", path)
    check(b"the final hash and all output agree" in r.err, str(r))


def everything_is_listed():
    """A recording that is put there and not into the table is not tested."""
    there = {f[:-3] for f in os.listdir(FOLDER) if f.endswith(".rr")}
    check(there == set(STORED), "in the folder: %s" % sorted(there))


with Room():
    everything_is_listed()
    for name, what in STORED.items():
        stored(name, *what)
finish()
