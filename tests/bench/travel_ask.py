# SPDX-License-Identifier: GPL-2.0-or-later
"""travel_ask: the questions that are timed, each over a recording that is served by reprise debug.
What comes back is checked: a step back and one forwards lead to the same tick, a way back to the
same ticks as the way there, and after a search nothing is met on the way forwards again."""
import re
import time

from travel_rsp import Debug, Wrong, scheduled

NEAR = 10000  # ticks
WARM = 50
PLACES = (1, 10, 50, 99)
PHYSICAL = 0x80000000  # where the board's memory begins
UNMAPPED = 0x123456789000
# Where Linux maps all memory, with 5, 4 and 3 levels of pages.
LINEAR = (0xff60000000000000, 0xffffaf8000000000, 0xffffffd600000000, 0xffffffd800000000,
          0xffffffe000000000)
MASK = (1 << 64) - 1


def same(got, want, words):
    if got != want:
        raise Wrong("%s: %r, expected %r" % (words, got, want))


def inside_trap_handler(client):
    """Where no instruction begins, among some that run all the time: no search can leave much out."""
    client.goto("99%")
    handler = client.register("stvec") & ~3
    if client.memory(handler, 1)[0] & 3 != 3:
        raise Wrong("the trap handler begins with a short instruction")
    return handler + 2


class Asker:
    def __init__(self, client, table, options, chance, memory_bytes):
        self.c, self.table, self.options, self.chance = client, table, options, chance
        self.memory_bytes = memory_bytes

    def within(self):
        """A test whether a group of questions still has time."""
        until = time.monotonic() + self.options.seconds
        return lambda: time.monotonic() < until

    def timed(self, operation, packet, **details):
        """The answer; the sample says where it was, and what the server had to do for it."""
        at, before, ran = self.c.tick(), self.c.travel_figures(), scheduled(self.c.child.pid)
        answer = self.c.ask(packet)
        ms, now, after = self.c.ms, scheduled(self.c.child.pid), self.c.travel_figures()
        to = self.c.tick()
        work = {name.replace(" ", "_"): after[name] - before[name] for name in after}
        sample = dict(details, at=at, to=to, **work, ran_ms=round(now[0] - ran[0], 2),
                      waited_ms=round(now[1] - ran[1], 2))
        if callable(operation):
            operation = operation(answer, at, to)
        if operation:
            self.table.add(operation, ms, **sample)
        return answer, at, to, ms, sample

    def ticks_near(self, percent, count):
        middle, spread = self.c.end * percent // 100, self.c.end // 200
        return [min(self.c.end, max(1000, middle + self.chance.randrange(-spread, spread)))
                for _ in range(count)]

    def ticks_anywhere(self, count):
        return [self.chance.randrange(1000, self.c.end) for _ in range(count)]

    def ticks_at_work(self, count):
        """Log-uniform, as much of a recording may be idle but its beginning is not."""
        return [max(1000, int(self.c.end * 10 ** -self.chance.uniform(0, 4))) for _ in range(count)]

    # ---- steps ----

    def steps(self):
        for percent in PLACES:
            for i, at in enumerate(self.ticks_near(percent, 10)):
                self.step_at(at, "at %d %%" % percent, warm=i < 2)
        within = self.within()
        for i, at in enumerate(self.ticks_anywhere(self.options.samples)):
            if not within():
                break
            self.step_at(at, "random ticks", warm=i % 10 == 0)

    def step_at(self, at, where, warm):
        before = self.c.tick()
        ran = scheduled(self.c.child.pid)
        self.c.goto(at)
        going, now = self.c.ms, scheduled(self.c.child.pid)
        self.table.add("goto, " + where, going, at=before, to=at, ran_ms=round(now[0] - ran[0], 2),
                       waited_ms=round(now[1] - ran[1], 2))
        same(self.c.tick(), at, "goto")
        answer, _, first, ms, _ = self.timed("reverse-stepi cold, " + where, "bs")
        self.table.add("goto and reverse-stepi, " + where, going + ms, at=at, to=first)
        if not answer.startswith("T05") or not first < at:
            raise Wrong("bs from %d leads to %d: %s" % (at, first, answer))
        way = [(first, self.c.register("pc"))]
        for _ in range(WARM if warm else 1):
            answer, _, to, _, _ = self.timed("reverse-stepi warm" if warm else None, "bs")
            if "replaylog" in answer:
                break
            way.append((to, self.c.register("pc")))
        for place in way[-2::-1]:
            self.c.ask("vCont;s")
            same((self.c.tick(), self.c.register("pc")), place, "a step forwards again")

    def new_processes(self):
        """The first step back that a server makes at all."""
        at = ["%d%%" % p for p in PLACES] + self.ticks_anywhere(4)
        for place in at:
            with Debug(self.options.reprise, self.c.recording, self.c.folder, place) as c:
                self.table.add("new process: opening", c.opening, to=c.tick())
                before = c.tick()
                c.ask("bs")
                self.table.add("new process: first reverse-stepi", c.ms, at=before)
                c.ask("vCont;s")
                if c.tick() < before:
                    raise Wrong("a step back from %d and one forwards: %d" % (before, c.tick()))

    # ---- searches ----

    def search(self, names, kind, at, start="end", most=1):
        """bc with one point, until nothing is found or `most` times; (from, to) of what was found.
        names(hit, first, once, distance, pieces searched) is the operation's name."""
        self.c.goto(start)
        self.c.point("Z", kind, at)
        found, samples = [], []
        try:
            while len(samples) < most:
                answer, was, to, ms, sample = self.timed(None, "bc", point="%x" % at)
                begin = "replaylog:begin" in answer
                samples.append((not begin, was, to, ms, sample))
                if begin:
                    same(to, 0, "nothing found leads to the beginning")
                    break
                found.append((was, to))
                self.check_hit(answer, kind, at, was, to)
        finally:
            self.c.point("z", kind, at)
        if found and samples[-1][0]:
            self.step_from_hit(found[-1][1])
        once = len(found) == 1 and len(samples) == 2
        for i, (hit, was, to, ms, sample) in enumerate(samples):
            self.table.add(names(hit, i == 0, once, was - to, sample["pieces_searched"]), ms, **sample)
        return found

    @staticmethod
    def in_word(told, at):
        return told and at <= int(told.group(1), 16) < at + 8

    def check_hit(self, answer, kind, at, was, to):
        if kind == 0:
            same(self.c.register("pc"), at, "the breakpoint's pc")
        elif not self.in_word(re.search(r"watch:([0-9a-f]+);", answer), at):
            raise Wrong("bc for a watchpoint at %x: %s" % (at, answer))
        if not to <= was:
            raise Wrong("bc from %d leads to %d" % (was, to))
        if was == self.c.end and was - to < 30000000:
            answer = self.c.ask("vCont;c")
            if "replaylog:end" not in answer:
                raise Wrong("%x from %d: met again at %d before the end: %s" %
                            (at, to, self.c.tick(), answer))
            self.c.ask("bc")
            same(self.c.tick(), to, "the same search again")

    def step_from_hit(self, at):
        """Where a search led, no trail of checkpoints does."""
        if at > 0:
            self.timed("reverse-stepi where a search led", "bs")
            self.c.ask("vCont;s")
            same(self.c.tick(), at, "a step back and one forwards")

    def distance_name(self, prefix, never):
        def name(found, first, once, distance, searched):
            if not found:
                words = never if first else "nothing more"
                return prefix + words + (", spans searched" if searched else ", all skipped")
            if once:
                return prefix + "met once before"
            if distance <= NEAR:
                return prefix + "within %d ticks" % NEAR
            return prefix + ("over 10 % back" if distance * 10 > self.c.end else "in between")
        return name

    def sampled_code(self, count):
        """Where code runs at some time: the pc, and in the kernel the callers by the chain of frame
        pointers, of which the outer ones return once."""
        found = set()
        for at in self.ticks_at_work(count):
            self.c.goto(at)
            pc, frame = self.c.register("pc"), self.c.register("fp")
            found.add(pc)
            for _ in range(16 if pc >> 63 else 0):
                before, ra = self.c.word((frame - 16) & MASK), self.c.word((frame - 8) & MASK)
                if before is None or ra is None or ra >> 63 == 0 or ra % 2:
                    break
                found.add(ra)
                frame = before
        return sorted(found)

    def reverse_continue(self):
        names = self.distance_name("reverse-continue: ", "never executed")
        code = self.sampled_code(60)
        kernel = [pc for pc in code if pc >> 63]
        within = self.within()
        for at in self.chance.sample(code, min(len(code), self.options.samples)):
            if not within():
                break
            self.search(names, 0, at, most=3)
        within = self.within()
        for _ in range(self.options.samples):
            if not within():
                break
            at = self.chance.randrange(min(kernel), max(kernel)) & ~1
            self.search(names, 0, at, self.chance.choice(self.starts()))
        nowhere = inside_trap_handler(self.c)
        for start in self.starts():
            self.search(lambda *_: "reverse-continue: an unmapped address", 0, UNMAPPED, start)
            self.search(lambda *_: "reverse-continue: nothing, but in hot code", 0, nowhere, start)

    def starts(self):
        return ["end"] + ["%d%%" % p for p in PLACES]

    # ---- writes ----

    def linear_map(self):
        """Where the kernel maps all memory at the end: found by comparing with physical memory."""
        self.c.goto("99%")
        probes = [self.chance.randrange(0, self.memory_bytes) & ~7 for _ in range(400)]
        self.c.physical(1)
        words = {p: self.c.word(PHYSICAL + p) for p in probes}
        self.c.physical(0)
        words = {p: w for p, w in words.items() if w}
        for base in LINEAR:
            equal = [self.c.word(base + p) == w for p, w in words.items()]
            if sum(equal) > 10 and sum(equal) > len(equal) * .9:
                return base
        raise Wrong("the kernel's map of memory is not found")

    def reverse_watch(self):
        names = self.distance_name("reverse watch: ", "never written")
        within = self.within()
        for at in self.ticks_at_work(self.options.samples):
            if not within():
                break
            self.c.goto(at)
            self.search(names, 2, self.c.register("sp") & ~7, at)
        within = self.within()
        self.base = self.linear_map()
        for _ in range(self.options.samples):
            if not within():
                break
            word = self.base + (self.chance.randrange(0, self.memory_bytes) & ~7)
            self.search(names, 2, word, self.chance.choice(self.starts()), most=2)
        within = self.within()
        for word in self.hot_words(self.options.samples // 4):
            if not within():
                break
            self.search(names, 2, word, most=2)
        for start in self.starts():
            self.search(lambda *_: "reverse watch: an unmapped address", 2, UNMAPPED, start)

    def hot_words(self, count):
        """On stacks and in the structures of tasks."""
        for at in self.ticks_at_work(count):
            self.c.goto(at)
            pc, sp, tp = (self.c.register(r) for r in ("pc", "sp", "tp"))
            if pc >> 63:
                yield (sp & ~7) + 8 * self.chance.randrange(0, 32)
                yield (tp & ~7) + 8 * self.chance.randrange(0, 64)

    def last_write(self):
        """Who wrote a word last: over all of memory, and where it is hot."""
        if "lastwrite" not in self.c.monitor("help"):
            self.table.note("monitor lastwrite: there is no such command")
            return
        within = self.within()
        for _ in range(self.options.samples):
            if not within():
                break
            self.c.goto(self.chance.choice(self.starts()))
            self.last_write_of(self.chance.randrange(0, self.memory_bytes) & ~7)
        within = self.within()
        for word in self.hot_words(self.options.samples // 4):
            if not within():
                break
            if self.base <= word < self.base + self.memory_bytes:
                self.c.goto("end")
                self.last_write_of(word - self.base)

    def last_write_of(self, offset):
        """The value that it says was written is the one that is there; if it was never written, the
        one of the beginning is."""
        at, question = self.c.tick(), "lastwrite 0x%x phys" % (PHYSICAL + offset)
        value, ran, before = self.value_of(offset), scheduled(self.c.child.pid), self.c.travel_figures()
        said = self.c.monitor(question)
        ms, now, after = self.c.ms, scheduled(self.c.child.pid), self.c.travel_figures()
        same(self.c.tick(), at, "asking does not move")
        pieces = after["pieces searched"] - before["pieces searched"]
        told = re.match(r"tick (\d+): .*-> (0x[0-9a-f]+)$", said.strip())
        distance = at - int(told.group(1)) if told else 0
        name = self.distance_name("last write: ", "never written")(bool(told), True, False, distance, pieces)
        self.table.add(name, ms, at=at, offset="%x" % offset, said=said.strip(), pieces_searched=pieces,
                       ran_ms=round(now[0] - ran[0], 2), waited_ms=round(now[1] - ran[1], 2))
        if told:
            same(int(told.group(2), 16), value, "%s at %d: %s: the value" % (question, at, said))
        elif said.startswith("nothing wrote"):
            self.c.goto("begin")
            same(self.value_of(offset), value, "%s at %d: %s: the value" % (question, at, said))
        else:
            raise Wrong("%s: %s" % (question, said))

    def value_of(self, offset):
        self.c.physical(1)
        value = self.c.word(PHYSICAL + offset)
        self.c.physical(0)
        return value

    # ---- the end ----

    def the_same_end(self):
        """After all questions the machine at the end is the one that others see there."""
        self.c.goto("end")
        mine = self.state(self.c)
        for index in (True, False):
            with Debug(self.options.reprise, self.c.recording, self.c.folder, index=index) as c:
                same(self.state(c), mine, "the state at the end, of a session that asked nothing")
        self.table.note("after %d questions the state at the end is that of new sessions" %
                        sum(len(r) for r in self.table.rows.values()))

    def state(self, c):
        c.physical(1)
        pages = [c.memory(PHYSICAL + i * self.memory_bytes // 512, 512) for i in range(512)]
        c.physical(0)
        return c.tick(), c.ask("g"), c.parts(), pages
