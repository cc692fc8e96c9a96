# SPDX-License-Identifier: GPL-2.0-or-later
# symbols: debug gives gdb those of an ELF program that the recording embeds, also where the file is gone;
# --symbols goes before them; a gdb of one's own is told where they are. Nothing is left behind.
from debugger import *

ELF = guest("lines")


def embedded():
    before = set(os.listdir("."))
    d = debug("a.rr", "info address hear", "tbreak hear if x == 3", "reverse-continue", "print x", "print inner(5)")
    check("Symbol \"hear\" is" in d.said(0) and "= 3" in d.said(3) and "= 16" in d.said(4), d.out)
    check(set(os.listdir(".")) - before <= {"script.gdb", "a.rr.idx"}, "no file is left")


def named():
    d = Debug("a.rr", "info symbol 0x%x" % SPIN, refused("info address hear"), options=["--symbols", guest("arith")]).end()
    check("No symbol \"hear\"" in d.said(1), "those of the option: " + d.out)


def served():
    with Server("a.rr", "--no-index") as server:
        wait_for_server(server.sock)
        line = b""
        while b"symbol-file" not in line:
            line = server.p.stderr.readline()
            if not line:
                break
        path = line.decode().strip().rpartition(" ")[2]
        check(re.fullmatch(r"/proc/%d/fd/\d+" % server.p.pid, path), "a path: %r" % line)
        d = Debug(None, "symbol-file " + path, "info address hear", program=client(server.sock)).end()
        check("Symbol \"hear\" is" in d.said(1), d.out)
    check(not os.path.exists(path), "gone with the server")


def main():
    shutil.copy(ELF, "gone.elf")
    check(record("a.rr", *bare("gone.elf")).status == 0, "recorded")
    os.unlink("gone.elf")
    for test in (embedded, named, served):
        test()


with Room():
    main()
finish()
