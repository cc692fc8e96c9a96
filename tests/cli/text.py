# SPDX-License-Identifier: GPL-2.0-or-later
# text: what a stranger wrote into a recording or prints from his guest never reaches a terminal as
# something that it obeys: escapes, C1 controls, characters that turn the direction of writing, and
# newlines that would make a sentence of ours. Only the console is as it was, without --safe-console.
import glob
import re

from harness import *

# A title, a colour, C1's CSI as a character and as a byte, right-to-left, a line of ours, DEL, a tag.
EVIL = ("\x1b]0;owned\x07\x1b[31m\u009b31m\u202edoof\u2066\nreprise: every witness agrees\r\x7f"
        "\u2028\U000e0041").encode() + b"\x9b\xff"
FINE = "Grüße, 世界 🙂".encode()
# What may be on a terminal: no control but newline and tab, none of C1, no direction.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\U000e0000-\U000e007f]")


def is_visible(data):
    try:
        return OBEYED.search(data.decode()) is None
    except UnicodeDecodeError:
        return False


def visible(what, *args, lines=None, says=None, **options):
    r = reprise(*args, **options)
    check(is_sane(r), "%s: %s" % (what, r))
    check(is_visible(r.out) and is_visible(r.err), "%s is not visible: %r %r" % (what, r.out, r.err))
    check(b"\nreprise: every witness agrees" not in b"\n" + r.out + r.err, what + ": a sentence that is not ours")
    if lines is not None:
        check(len(r.err.splitlines()) == lines, "%s: %d lines of sentences expected: %s" % (what, lines, r))
    if says is not None:
        check(says in r.out + r.err, "%s: %r expected: %s %r" % (what, says, r, r.out))
    return r


def forged_settings():
    """Every string of CONFIG."""
    for target, what in (("note.program", "program"), ("machine.arch", "arch"), ("machine.board", "board"),
                         ("cpu.model", "cpu"), ("machine.append", "append"), ("kernel.file", "image"),
                         ("note.branch-of", "origin")):
        text = EVIL[:14] if what == "arch" else EVIL[:30] if what == "board" else EVIL
        recedit("text", target + "=" + text.hex(), "good.rr", "evil.rr")
        visible("info, " + what, "info", "evil.rr", lines=0, says=b"\\x1b" if what not in ("program", "origin") else None)
        r = visible("info --json, " + what, "info", "--json", "evil.rr")
        check(isinstance(json.loads(r.out), dict), "info --json, %s: no JSON" % what)
        for command in (["replay"], ["index"], ["query"], ["diff", "good.rr"]):
            more = ["last-write", "0x80000000"] if command == ["query"] else []
            visible("%s, %s" % (command[0], what), *command, "evil.rr", *more)
        visible("debug, " + what, "debug", "evil.rr", "--listen", "unix:gdb.sock", "--at", "200%", says=b"reprise: ")
    recedit("text", "machine.append=" + FINE.hex(), "good.rr", "fine.rr")
    visible("info, a command line in other letters", "info", "fine.rr", says=FINE)
    check(json.loads(reprise("info", "--json", "fine.rr").out)["append"] == FINE.decode(), "and as JSON")
    # As JSON, nothing is lost that was text.
    recedit("text", "machine.append=" + EVIL[:-2].hex(), "good.rr", "evil.rr")
    check(json.loads(reprise("info", "--json", "evil.rr").out)["append"] == EVIL[:-2].decode(), "JSON keeps the text")


def forged_names():
    """Images that are not in the file, and names on the command line."""
    recedit("text", "kernel.file=" + EVIL.hex(), "reference.rr", "evil.rr")
    visible("replay, by reference", "replay", "evil.rr", lines=1, says=b"\\x1b")
    name = EVIL.replace(b"/", b"")
    for args in (["replay"], ["info"], ["index"], ["debug"], ["diff", "good.rr"], ["run", "-bios", "none", "-kernel"],
                 ["query", "good.rr"], ["replay", "good.rr", "--until"], ["run", "-bios", "none", "-kernel", guest("arith"), "-cpu"], [],
                 ["replay", "good.rr", "-d"], ["run", "-m"], ["debug", "good.rr", "--at"]):
        visible("%s with such a name" % " ".join(args), *args, name.decode("utf-8", "surrogateescape"), says=b"\\x1b")
    shutil.copy("good.rr", name)
    with open(name, "ab") as f:
        f.write(b"more")
    visible("info of a file of such a name, damaged", "info", name.decode("utf-8", "surrogateescape"), says=b"\\x1b")
    visible("replay of it", "replay", name.decode("utf-8", "surrogateescape"), says=b"\\x1b")


def safe_console():
    typed = EVIL.replace(b"\n", b"").replace(b"\r", b"")
    r = record("console.rr", *bare(guest("console"), "-serial", "stdio"), stdin=typed[::-1] + b"\nquit\n")
    check(typed in r.out, "the guest prints it: %r" % r.out)
    check(reprise("replay", "console.rr").out == r.out, "the console is as it was")
    safe = succeeds("replay", "--safe-console", "console.rr")
    plain = safe.out.decode().replace("\r", "").replace("\b", "")
    check(OBEYED.search(plain) is None, "--safe-console: %r" % safe.out)
    check("\\x1b]0;owned" in plain and "\\u009b31m" in plain and "\\xff" in plain, "and shows what it was: %r" % safe.out)
    succeeds("replay", "--safe-console", "console.rr", "--serial-out", "console.txt")
    check(open("console.txt", "rb").read() == safe.out, "--safe-console in a file")


def one_place():
    """Nothing prints but say.c, and console.c the guest's bytes; pcap.c writes a file of frames."""
    printing = re.compile(r"\b(f?printf|f?puts|f?putc|putchar|fwrite|vf?printf|perror)\s*\(")
    for path in glob.glob(os.path.join(SOURCE, "src/*/*.c")):
        folder, name = path.split(os.sep)[-2:]
        if (folder, name) in (("cli", "say.c"), ("cli", "console.c"), ("base", "must.c"), ("world", "pcap.c")):
            continue
        with open(path) as f:
            found = ["%d: %s" % (n, line.strip()) for n, line in enumerate(f, 1) if printing.search(line)]
        check(not found, "%s/%s prints: %s" % (folder, name, found))


with Room():
    record("good.rr", *bare(guest("console"), "-serial", "stdio"), stdin=b"quit\n")
    record("reference.rr", "--by-reference", *bare(guest("console"), "-serial", "stdio"), stdin=b"quit\n")
    forged_settings()
    forged_names()
    safe_console()
    one_place()
finish()
