# SPDX-License-Identifier: GPL-2.0-or-later
"""travel_table: samples of latency by operation, and the table of them: least, median, p95, most in
milliseconds, and a histogram: buckets that begin at 1, 2 and 5 of each decade from 10 us to 100 s,
one character each, with more ink for a larger share."""
import bisect
import math

BOUNDS = [m * 10 ** e for e in range(-2, 5) for m in (1, 2, 5)]  # in ms
SCALE = "10u.1m1m 10m.1s1s 10s"
INK = "_.:-=+*#%@"


def quantile(values, share):
    """Of sorted values; the nearest rank, so that it is one of them."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def histogram(values):
    counts = [0] * len(BOUNDS)
    for v in values:
        counts[max(0, bisect.bisect_right(BOUNDS, v) - 1)] += 1
    return "".join(" " if n == 0 else INK[min(len(INK) - 1, n * len(INK) // len(values))]
                   for n in counts)


class Table:
    def __init__(self, name):
        self.name, self.rows, self.notes = name, {}, []

    def add(self, operation, ms, **details):
        self.rows.setdefault(operation, []).append(dict(details, ms=round(ms, 4)))

    def note(self, sentence):
        self.notes.append(sentence)
        print("  " + sentence, flush=True)

    def show(self):
        print("\n%-46s %4s %9s %9s %9s %9s %s" %
              (self.name + ", ms", "n", "min", "median", "p95", "max", SCALE))
        for operation, samples in self.rows.items():
            v = sorted(s["ms"] for s in samples)
            print("%-46s %4d %9.3f %9.3f %9.3f %9.3f %s" %
                  (operation, len(v), v[0], quantile(v, .5), quantile(v, .95), v[-1], histogram(v)))

    def show_outliers(self, most):
        """The worst of each operation, where it is several times the median, with what is known."""
        for operation, samples in self.rows.items():
            v = sorted(s["ms"] for s in samples)
            bad = [s for s in samples if len(v) > 4 and s["ms"] > 4 * quantile(v, .5) and s["ms"] > 1]
            for s in sorted(bad, key=lambda s: -s["ms"])[:most]:
                print("  %s: %s" % (operation, ", ".join("%s %s" % i for i in s.items())))

    def json(self):
        return {"rows": self.rows, "notes": self.notes}


def short(ms):
    return "%.0f" % ms if ms >= 100 else "%.2g" % ms


def markdown(tables):
    """One table of all: for each recording median, p95 and most of each operation."""
    text = "| ms: median, p95, most | %s |\n|---%s|\n" % (" | ".join(t.name for t in tables),
                                                         "|---" * len(tables))
    for operation in dict.fromkeys(o for t in tables for o in t.rows):
        cells = []
        for t in tables:
            v = sorted(s["ms"] for s in t.rows.get(operation, []))
            three = (quantile(v, .5), quantile(v, .95), v[-1]) if v else ()
            cells.append(" / ".join(short(x) for x in three))
        text += "| %s | %s |\n" % (operation, " | ".join(cells))
    return text
