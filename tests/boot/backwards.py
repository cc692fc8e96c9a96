# SPDX-License-Identifier: GPL-2.0-or-later
# backwards: the end of a recorded boot under a real gdb: 200 steps back are the way forwards reversed; adjacent
# breakpoints are met one by one, both ways; a watchpoint finds who wrote last, as the server's own search does.
#   backwards.py [--harts 1]
import argparse

import linux
from debugger import *

parser = argparse.ArgumentParser()
parser.add_argument("--harts", type=int, default=1)
options = parser.parse_args()

# In gdb's own Python. Names are gdb's convenience variables and those of our registers.
INSIDE = r'''
import gdb, re
def run(command):
    return gdb.execute(command, to_string=True)
def number(name):
    return int(gdb.parse_and_eval(name)) & (1 << 64) - 1
def here():
    return number("$tick"), number("$pc"), number("$sp")
def steps(command, count):
    way = [here()]
    for _ in range(count):
        run(command)
        way.append(here())
    return way
back = steps("reverse-stepi", 200)
# gdb steps forwards over all of an exclusive sequence at once: there those in between are not seen.
way, forth, skipped = back[::-1], [here()], []
while forth[-1][0] < back[0][0]:
    text = gdb.selected_frame().architecture().disassemble(number("$pc"))[0]["asm"]
    run("stepi")
    forth.append(here())
    if re.match(r"ld(a?xr|xp|axp)|lr\.", text):
        skipped += [w for w in way if forth[-2][0] < w[0] < forth[-1][0]]
wrong = [w for w in forth if w not in way] + [w for w in way if w not in forth and w not in skipped]
print("SAME" if not wrong and len(skipped) < 50 else "OTHER %s" % wrong[:5])
print("STEPS", len(set(back)))
places = []
for at in (w[1] for w in back[1:]):
    if at not in places and len(places) < 10:
        places.append(at)
for at in places:
    run("hbreak *%#x" % at)
run("monitor goto end")
run("maintenance flush register-cache")
met, want = [], [w[:2] for w in back[1:] if w[1] in places][:10]
for _ in want:
    run("reverse-continue")
    met.append(here()[:2])
print("MET" if met == want else "MISSED %s %s" % (met, want))
forwards = [met[-1]]
for _ in want[1:]:
    run("continue")
    forwards.append(here()[:2])
print("AGAIN" if forwards == met[::-1] else "ASTRAY %s %s" % (forwards, met))
run("delete")
run("monitor goto end")
run("maintenance flush register-cache")
at, wide = None, int(gdb.parse_and_eval("sizeof(unsigned long)"))
store = r"(stp|sd|c\.sdsp)\s.*(\[sp, #\d+\]|\(sp\))" if wide == 8 else r"str\s.*\[sp, #\d+\]"
for _ in range(3000):  # to an instruction that stores beside a stack pointer of some size
    run("reverse-stepi")
    text = gdb.selected_frame().architecture().disassemble(number("$pc"))[0]["asm"]
    if re.match(store, text):
        offset = int(re.search(r"#(\d+)\]|(\d+)\(sp\)", text).group(1) or re.search(r"(\d+)\(sp\)", text).group(1))
        at = number("$sp") + offset
        break
print("STORE", text)
run("monitor goto end")
run("maintenance flush register-cache")
said = run("monitor lastwrite %#x,%d" % (at, wide))
when, value = re.match(r"tick (\d+): .*-> (0x[0-9a-f]+)", said).groups()
run("watch *(unsigned long *)%#x" % at)
run("reverse-continue")
print("WRITER" if int(when) >= number("$tick") else "WRONG %s %s" % (said, here()))
run("stepi")
after = number("*(unsigned long *)%#x" % at)
run("delete")
run("monitor goto " + when)
run("maintenance flush register-cache")
run("stepi")
print("VALUE" if number("*(unsigned long *)%#x" % at) == int(value, 16) else "VALUES %s" % said)
'''

with Room():
    r = record("boot.rr", "-serial", "null", *linux.machine(harts=options.harts), timeout=240)
    check(r.status == 0, "boot: %s" % r)
    linux.complete("boot.rr", "boot")
    d = debug("boot.rr", "monitor goto end", "maintenance flush register-cache", "python\n%s\nend" % INSIDE)
    said = d.said(2)
    for word in ("SAME", "STEPS 201", "MET", "AGAIN", "WRITER", "VALUE"):
        check(re.search("^%s$" % word, said, re.M), "%s: %s" % (word, said[-3000:]))
    print(re.search("^STORE.*$", said, re.M).group(0))
finish()
