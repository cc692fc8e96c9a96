# SPDX-License-Identifier: GPL-2.0-or-later
"""Reprise's extension of GDB, for Python inside GDB. `reprise debug` brings it along; for a GDB of one's
own it is installed as .../share/reprise/gdb.py: `source` it, before or after `target remote`.

After a command of the monitor the machine may stand elsewhere, which GDB does not know: what it
remembers of registers and memory is forgotten here, and where that shows the frame is printed.

And where GDB would break off a step because it cannot tell who called, it is told."""
import gdb
import gdb.unwinder


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


class NoFrame:
    """A frame's identity, as gdb wants it."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unsaid(gdb.unwinder.Unwinder):
    """Code of 32-bit Arm without symbols. There gdb takes R11 for a frame pointer and the word at it for a place in
    that frame's function, whose first instructions it reads. A kernel keeps other things in R11: the place may be
    anywhere, and where it cannot be read each step ends in an error. Such a frame is taken for one of a function that
    has saved nothing yet, as gdb itself takes those in which it finds nothing."""

    KEPT = ["r%d" % n for n in range(4, 13)] + ["sp", "lr", "cpsr"]

    def __init__(self):
        super().__init__("reprise-unsaid")

    def __call__(self, frame):
        try:
            if frame.architecture().name().startswith("arm") and self.is_unsaid(frame):
                info = frame.create_unwind_info(NoFrame(frame.read_register("sp"), frame.read_register("pc")))
                for name in self.KEPT:
                    info.add_saved_register(name, frame.read_register(name))
                info.add_saved_register("pc", frame.read_register("lr"))
                return info
        except gdb.error:
            pass
        return None

    def is_unsaid(self, frame):
        pc = int(frame.read_register("pc")) & 0xffffffff
        if int(frame.read_register("cpsr")) & 0x20 or self.has_symbol(pc):
            return False  # where gdb does not guess
        memory = gdb.selected_inferior()
        place = int.from_bytes(memory.read_memory(int(frame.read_register("r11")) & 0xffffffff, 4), "little")
        start = (place & 0xfffffffc) - 8
        try:
            if 0 <= start < pc:
                memory.read_memory(start, min(64, pc - start))
        except gdb.MemoryError:
            return True
        return False

    def has_symbol(self, pc):
        pointer = gdb.Value(pc).cast(gdb.lookup_type("void").pointer())
        return "<" in pointer.format_string(symbols=True)


reprise_follow = Follow()
gdb.unwinder.register_unwinder(None, Unsaid(), True)
Goto()
Lastwrite()
