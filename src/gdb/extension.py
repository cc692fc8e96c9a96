# SPDX-License-Identifier: GPL-2.0-or-later
"""Reprise's extension of GDB, for Python inside GDB. `reprise debug` brings it along; for a GDB of one's
own it is installed as .../share/reprise/gdb.py: `source` it, before or after `target remote`.

After a command of the monitor the machine may stand elsewhere, which GDB does not know: what it
remembers of registers and memory is forgotten here, and where that shows the frame is printed."""
import gdb


def quietly(command):
    try:
        gdb.execute(command, to_string=True)
    except gdb.error:
        pass  # not connected, or not to us


def place():
    try:
        return gdb.selected_thread().num, gdb.selected_frame().pc()
    except (gdb.error, AttributeError):
        return None


class Follow:
    """Hooks of `monitor`. Where Ctrl-C ends the command there is no call after it, but a prompt."""

    def __init__(self):
        self.under_way = False
        self.before = None
        gdb.events.before_prompt.connect(self.prompt)
        gdb.execute("define hook-monitor\npython reprise_follow.begins()\nend")
        gdb.execute("define hookpost-monitor\npython reprise_follow.ends()\nend")

    def begins(self):
        quietly("maintenance packet Qreprise.flushes:1")
        self.before = place()
        self.under_way = True

    def ends(self):
        self.under_way = False
        quietly("maintenance flush register-cache")
        quietly("maintenance flush dcache")
        if place() != self.before:
            gdb.execute("frame")

    def prompt(self):
        if self.under_way:
            self.ends()


class Goto(gdb.Command):
    """goto TICK|+TICKS|-TICKS|PCT%|begin|end: go there in the recording"""

    def __init__(self):
        super().__init__("goto", gdb.COMMAND_RUNNING)

    def invoke(self, argument, _tty):
        gdb.execute("monitor goto " + argument)


class Lastwrite(gdb.Command):
    """lastwrite EXPRESSION: what wrote there last before now"""

    def __init__(self):
        super().__init__("lastwrite", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, _tty):
        value = gdb.parse_and_eval(argument)
        if value.address is None:
            gdb.execute("monitor lastwrite %#x" % int(value))
        else:
            gdb.execute("monitor lastwrite %#x,%d" % (int(value.address), value.type.sizeof))


reprise_follow = Follow()
Goto()
Lastwrite()
