/* SPDX-License-Identifier: GPL-2.0-or-later
 * indexed: an index of an oracle's case, and helpers that search by it.
 */
#ifndef TESTS_TRAVEL_INDEXED_H
#define TESTS_TRAVEL_INDEXED_H

#include "oracle.h"

#define INDEXED_HELPERS 2

struct indexed {
    const struct oracle_case *of;
    char folder[32], path[64];
    uint64_t most_bytes; /* 0: the index has no bound */
    struct {
        struct machine *machine;
        struct oracle_source source;
        struct travel *travel;
    } helpers[INDEXED_HELPERS];
};

/* Has another traveller make the index; `t` goes by it, and shares its searches. False: said. */
bool indexed_use(struct indexed *x, struct travel *t, const struct oracle_case *c,
                 const struct travel_limits *limits);
/* After the traveller is freed; also if the other failed. */
void indexed_fini(struct indexed *x);

#endif
