# SPDX-License-Identifier: GPL-2.0-or-later
# raw_images: bytes without a header as -kernel of both of Arm's instruction sets, and a device tree of one's own: the
# program writes all of the tree that can be printed, and is replayed.
import re

from harness import *

PROGRAMS = {
    "aarch64": """
_start: ldr     w1, [x0, 4]             // the tree's size
        rev     w1, w1
        mov     x2, 0x09000000
1:      ldrb    w3, [x0], 1
        cmp     w3, ' '
        b.lo    2f
        cmp     w3, '~'
        b.hi    2f
        str     w3, [x2]
2:      subs    w1, w1, 1
        b.ne    1b
        movz    w0, 0x8400, lsl 16      // PSCI: off
        movk    w0, 8
        hvc     0
""",
    "arm": """
        .arch   armv7-a
        .arch_extension virt
_start: ldr     r1, [r2, #4]
        rev     r1, r1
        mov     r4, #0x09000000
1:      ldrb    r3, [r2], #1
        cmp     r3, #' '
        rsbhss  r5, r3, #'~'
        strhs   r3, [r4]
        subs    r1, r1, #1
        bne     1b
        movw    r0, #8
        movt    r0, #0x8400
        hvc     #0
"""}
TOOLS = {"aarch64": "aarch64-linux-gnu-", "arm": "arm-linux-gnueabihf-"}


def assemble(arch):
    with open("raw.S", "w", encoding="ascii") as f:
        f.write("        .globl _start\n" + PROGRAMS[arch])
    tools = TOOLS[arch]
    subprocess.run([tools + "as", "-o", "raw.o", "raw.S"], check=True)
    subprocess.run([tools + "objcopy", "-O", "binary", "-j", ".text", "raw.o", arch + ".bin"], check=True)
    return arch + ".bin"


def tree(**properties):
    """A root with these texts."""
    strings, body = b"", struct.pack(">I4x", 1)
    for name, text in properties.items():
        value = text.encode() + b"\0"
        body += struct.pack(">III", 3, len(value), len(strings)) + value + bytes(-len(value) % 4)
        strings += name.encode() + b"\0"
    body += struct.pack(">II", 2, 9)
    at = 40 + 16
    header = struct.pack(">10I", 0xd00dfeed, at + len(body) + len(strings), at, at + len(body), 40, 17, 16, 0, len(strings), len(body))
    return header + bytes(16) + body + strings


def main():
    with Room():
        for arch, tools in TOOLS.items():
            if shutil.which(tools + "as") is None:
                skip("there is no %sas" % tools)
            program = assemble(arch)
            given = ["-M", "virt", "-kernel", program, "-append", "words for it", "-display", "none"]
            given += ["-cpu", "cortex-a15" if arch == "arm" else "cortex-a57"] if arch == "arm" else []
            own = succeeds("run", "--arch", arch, *given).out
            check(b"linux,dummy-virt" in own and b"words for it" in own, "%s: the board's tree: %r" % (arch, own[:300]))
            with open("own.dtb", "wb") as f:
                f.write(tree(compatible="of-ones-own", marker="a tree of one's own"))
            r = record("raw.rr", "--arch", arch, *given, "-dtb", "own.dtb")
            check(r.status == 0 and b"a tree of one's own" in r.out and b"words for it" in r.out and b"dummy-virt" not in r.out,
                  "%s: one's own: %s %r" % (arch, r, r.out[:300]))
            replay_agrees("raw.rr", r.out, "%s: replay" % arch)
    finish()


main()
