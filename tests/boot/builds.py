# SPDX-License-Identifier: GPL-2.0-or-later
# builds: a kernel's boot ends at the same tick in the same state in every build of libcore: by gcc, by clang, without
# optimisation, for AArch64 hosts (with qemu-user, where everything is interpreted); interpreted, compiled, and with
# a code cache that is emptied again and again.
#   builds.py [--harts 4] [--board gic-version=3]...
# BUILD_ROOT is the build folder.
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import linux
from harness import SOURCE, check, finish, skip

BUILD = os.environ["BUILD_ROOT"]
CORE_PROGRAM = os.path.join(SOURCE, "tests", "replay", "core-program")
CROSS = os.path.join(SOURCE, "tests", "replay", "cross-aarch64")
MAIN = os.path.join(SOURCE, "tests", "boot", "kernel_hash.c")

parser = argparse.ArgumentParser()
parser.add_argument("--harts", default="4")
parser.add_argument("--board", action="append", default=[])
options = parser.parse_args()
kernel, initrd = linux.guest()
machine = [kernel, initrd, "console=%s panic=-1" % linux.CONSOLE, options.harts]
for value in options.board:
    machine += ["--board", value]


def made(name, command):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if p.returncode == 77:
        print("%s: %s" % (name, p.stdout.decode().strip()))
        return False
    return check(p.returncode == 0, "%s: %s" % (name, p.stdout.decode(errors="replace")[-2000:]))


with tempfile.TemporaryDirectory() as work:
    def program(name):
        return os.path.join(work, name)

    builds = []  # name, how to make it, its command, its ways
    for name, compiler in ("gcc", ["gcc", "-O2"]), ("gcc -O0", ["gcc", "-O0"]), ("clang", ["clang", "-O2"]):
        ways = ["compiled", "small-cache", "interpreted"] if name == "gcc" else ["compiled"]
        builds.append((name, [CORE_PROGRAM, BUILD, program(name), MAIN] + compiler, [program(name)], ways))
    qemu = os.environ.get("CROSS_RUN", "qemu-aarch64")
    builds.append(("aarch64", [CROSS, "--make", BUILD, program("aarch64"), MAIN], [qemu, program("aarch64")],
                   ["interpreted"]))
    ends = {}
    for name, how, command, ways in builds:
        if not made(name, how):
            continue
        for way in ways:
            began = time.monotonic()
            p = subprocess.run(command + [way] + machine, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            said = p.stdout.decode().strip()
            if check(re.fullmatch(r"tick \d+ hash [0-9a-f]{16}", said), "%s, %s: %s" % (name, way, p)):
                ends[name, way] = said
                print("%s, %s: %s, %.0f s" % (name, way, said, time.monotonic() - began))
                sys.stdout.flush()
check(len(set(ends.values())) == 1, "ends: %s" % ends)
finish()
