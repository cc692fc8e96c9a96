# SPDX-License-Identifier: GPL-2.0-or-later
# completions: bash and zsh themselves complete every command and, for each command, the options that
# its --help lists and no others; every option of the man page is among them; values are offered.
import re
import shutil
import subprocess

from harness import *

BASH = os.path.join(SOURCE, "completions/reprise.bash")
ZSH = os.path.join(SOURCE, "completions/_reprise")
MAN = os.path.join(SOURCE, "man/reprise.1")


def bash(*words):
    """What bash offers for the last of these words."""
    script = r"""source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _reprise
        printf '%s\n' "${COMPREPLY[@]}" """
    p = subprocess.run(["bash", "--norc", "-c", script, "bash", BASH, "reprise", *words],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check(p.returncode == 0 and not p.stderr, "bash %s: %s" % (words, p.stderr))
    return [word for word in p.stdout.split("\n") if word]


def zsh(*words):
    """The specifications that our function hands to zsh's _arguments and _describe."""
    script = r"""file=$1; shift; words=("$@"); CURRENT=$#
        _arguments() { print -rl -- "$@" }; _describe() { print -rl -- ${(P)${@[-1]}} }
        source $file"""
    p = subprocess.run(["zsh", "-f", "-c", script, "zsh", ZSH, "reprise", *words],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check(p.returncode == 0 and not p.stderr, "zsh %s: %s" % (words, p.stderr))
    return p.stdout.split("\n")


def options_of(lines):
    found = [re.match(r"\*?(--?[A-Za-z][A-Za-z-]*)(\[.*\])?(:.*)?$", line) for line in lines]
    return {f[1] for f in found if f}


def helped(command):
    """Each option of a command, and whether it takes a value."""
    text = succeeds(command, "--help").out.decode()
    return dict(re.findall(r"^  (--?[A-Za-z][A-Za-z-]*)( [^ ]\S*)?", text, re.M))


def commands():
    return re.findall(r"^  ([a-z]+) ", succeeds("--help").out.decode(), re.M)


def man_options():
    """Those that have a paragraph of their own, but for what is refused."""
    text = open(MAN, encoding="utf-8").read().replace("\\-", "-").replace("\\fR", "")
    found = set()
    for tags, body in re.findall(r"^\.TP\n(\..*)\n((?:(?!\.TP|\.SH).*\n)*)", text, re.M):
        if not body.startswith("Not there yet"):
            found |= set(re.findall(r"(?<![\w-])(--?[A-Za-z][A-Za-z-]*)", tags))
    return found - {"-h"}


has_zsh = shutil.which("zsh")
all_options = set()
names = commands()
check(len(names) >= 8 and set(bash("")) >= set(names), "bash completes commands: %s" % bash(""))
check(bash("rec") == ["record"], "bash: reprise rec")
for command in names:
    want = set(helped(command))
    all_options |= want
    check(len(want) >= 2, "%s has options" % command)
    got = set(bash(command, "-"))
    check(got == want, "bash, %s: missing %s, too many %s" % (command, want - got, got - want))
    if has_zsh:
        got = options_of(zsh(command, "-"))
        check(got == want, "zsh, %s: missing %s, too many %s" % (command, want - got, got - want))
        takes = {o for o, value in helped(command).items() if value}
        for spec in zsh(command, "-"):
            name = options_of([spec])
            if name & want:
                check((":" in re.sub(r"\[.*?\]", "", spec)) == bool(name & takes),
                      "zsh, %s: %s takes a value or not" % (command, spec))
if has_zsh:
    got = {line.split(":")[0] for line in zsh("")}
    check(got >= set(names), "zsh completes commands: %s" % got)

man = man_options()
check(len(man) > 30, "the man page has options: %s" % sorted(man))
check(man <= all_options, "the man page has, and no command: %s" % sorted(man - all_options))
check(all_options <= man, "a command has, and not the man page: %s" % sorted(all_options - man))

check(bash("run", "-accel", "") == ["jit", "interp", "verify"], "bash: values of -accel")
check(bash("query", "a.rr", "last") == ["last-write"], "bash: questions")
with Room():
    open("a b.rr", "w").close()
    check("a b.rr" in bash("replay", "a"), "bash: files, whatever is in their names")
    check("a b.rr" in bash("run", "-kernel", "a"), "bash: files as values")
    check(bash("run", "-m", "a") == [], "bash: a size is no file")
if not has_zsh and not failures:
    skip("there is no zsh; with bash all is well")
finish()
