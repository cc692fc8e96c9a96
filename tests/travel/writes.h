/* SPDX-License-Identifier: GPL-2.0-or-later
 * writes: every write to memory of a short history, whoever made it, in a plain array; and that
 * nothing is missing there, by comparing memory before and after each tick.
 */
#ifndef TESTS_TRAVEL_WRITES_H
#define TESTS_TRAVEL_WRITES_H

#include "machine/machine.h"

struct write_log {
    tick at;
    paddr address;
    uint32_t size;
    char writer[24]; /* empty: an instruction */
};
struct writes {
    VEC(struct write_log) list;
    tick now;
    struct machine *machine;
    uint8_t *shadow; /* of all pages */
};

/* The machine stands at the first tick and is borrowed until writes_end(). */
void writes_begin(struct writes *w, struct machine *m);
/* Between the two the machine takes one tick, with the probes set; more of them may be added behind
 * these, as many as it returns. `hit` is told of those. */
size_t writes_probes(const struct writes *w, struct probe *out, size_t room);
void writes_hit(struct writes *w, const struct probe_hit *h);
/* What changed in memory since the last call was written in the log since then. */
bool writes_are_complete(struct writes *w);
void writes_end(struct writes *w);
void writes_fini(struct writes *w);

/* The last one before tick `before` to any byte of the range; NULL: none. */
const struct write_log *writes_last(const struct writes *w, paddr at, uint64_t size, tick before);

#endif
