# SPDX-License-Identifier: GPL-2.0-or-later
# many_inputs: a recording with a great many inputs, or great ones, is made, looked at, replayed, indexed,
# searched and debugged from its end; each process needs no more memory than a bound that does not
# depend on how many there are.
#   many_inputs.py PROGRAM COUNT BYTES MOST_MIB       PROGRAM: many-inputs, which makes it
import re
import time

from harness import *

PROGRAM, COUNT, BYTES, MOST_MIB = os.path.abspath(sys.argv[1]), *map(int, sys.argv[2:5])


def measured(what, *command):
    """Runs it to its end; its greatest size, and that of those it started."""
    begun = time.monotonic()
    out = open("out.txt", "w+b")
    p = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    out.seek(0)
    said = out.read().decode(errors="replace")
    out.close()
    mib = usage.ru_maxrss // 1024
    print("%-8s %7.1f s, %4d MiB" % (what, time.monotonic() - begun, mib), flush=True)
    check(p.returncode == 0, "%s: status %d: %s" % (what, p.returncode, said[-2000:]))
    check(mib <= MOST_MIB, "%s: %d MiB and no more than %d" % (what, mib, MOST_MIB))
    return said


with Room():
    measured("record", PROGRAM, "m.rr", COUNT, BYTES)
    i = json.loads(measured("info", REPRISE, "info", "--json", "m.rr"))
    check(i.get("complete") and i["inputs"] == COUNT and i["input_bytes"] == COUNT * (BYTES + 16), "info: %s" % i)
    print("%d bytes of file" % i["recording_bytes"])
    said = measured("replay", REPRISE, "replay", "m.rr")
    check("every witness, the final hash and all output agree" in said, said)
    if shutil.which("gdb-multiarch"):
        said = measured("debug", REPRISE, "debug", "m.rr", "--", "-batch", "-nx", "-ex", "monitor goto end",
                        "-ex", "monitor when", "-ex", "reverse-stepi", "-ex", "monitor goto 50%", "-ex", "monitor when",
                        "-ex", "monitor goto end", "-ex", "x/2gx 0x80100000", "-ex", "monitor when")
        at = re.findall(r"tick (\d+) of (\d+)", said)
        check(len(at) >= 3 and at[0][0] == at[0][1] == at[-1][0] == str(i["ticks"]), "gone to the end: " + said)
    said = measured("query", REPRISE, "query", "m.rr", "last-write", "0x80100000,4096")
    check("poke" in said, "who wrote last: " + said)
finish()
