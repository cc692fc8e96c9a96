# SPDX-License-Identifier: GPL-2.0-or-later
# semihost: a program of either width of Arm asks its host in each form that there is (tests/guest/semihost.c) and
# ends with status 42, which `run`, `record` and a replay in a new process name; theirs is that of a guest's failure.
from harness import *

FORMS = {"arm64": ["HLT"], "arm": ["HLT", "SVC", "HLT of T32", "SVC of T32"]}

STATUS = b"failure exit, status 42"


def tried(arch):
    machine = bare(guest("semihost-" + arch)) + ["-serial", "stdio"]
    says = "".join(form + " writes\n" for form in FORMS[arch]).encode()
    for more in ([], ["-accel", "interp"], ["-accel", "verify"]):
        r = reprise("run", *machine, "-semihosting", *more)
        check(r.status == 2 and r.out == says and STATUS in r.err, "%s: %s %r" % (arch, r, r.out))
    r = record(arch + ".rr", *machine, "-semihosting-config", "enable=on,target=native")
    check(r.status == 2 and r.out == says and STATUS in r.err, "%s: %s %r" % (arch, r, r.out))
    check(info(arch + ".rr").get("exit_status") == 42, "the recording has the status")
    r = replay_agrees(arch + ".rr", says, arch, status=2)
    check(STATUS in r.err, "the replay names it: %s" % r)
    r = reprise("run", *machine, timeout=20)
    check(STATUS not in r.err and says not in r.out and b"FAIL unexpected" in r.out,
          "without -semihosting it is an exception: %s %r" % (r, r.out))


with Room():
    for arch in FORMS:
        tried(arch)
finish()
