#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random RISC-V instructions (tests/diff/riscv_random.py makes them) in the interpreter and in
generated code, in lockstep: `-accel verify` names the first tick at which they differ.

usage: random_guest.py [--count N] [--seed S]... REPRISE
Ways: all in M mode, in U mode behind page tables, and with the extensions that are off by default
(`-cpu max`); each for RV64 and RV32. Exits 77 (skipped) as the maker does.
"""
import argparse
import os
import subprocess
import sys
import tempfile

MAKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../diff/riscv_random.py")

MAX = [word for name in ("zbc", "zbkb", "zicond", "zfh", "zfa") for word in ("--extension", name)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("reprise")
    args = parser.parse_args()
    for seed in args.seed or [1]:
        for user in (way + width for way in ([], ["--user"], MAX) for width in ([], ["--xlen", "32"])):
            with tempfile.TemporaryDirectory() as where:
                made = subprocess.run([sys.executable, MAKER, "--count", str(args.count), "--seed",
                                       str(seed), "--keep", where] + user,
                                      stdout=subprocess.PIPE, text=True)
                if made.returncode != 0:
                    print(made.stdout)
                    sys.exit(made.returncode)
                done = subprocess.run([args.reprise, "run", "-bios", "none", "-kernel",
                                       made.stdout.strip(), "-nographic", "-accel", "verify",
                                       "-cpu", "max" if user[:1] == MAX[:1] else
                                       "rv32" if user[-1:] == ["32"] else "rv64"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True, errors="replace")
            told = done.stderr.strip()
            print(f"seed {seed}{' '.join([''] + user)}: {told}")
            if done.returncode != 0 or "no difference" not in told:
                sys.exit(1)


main()
