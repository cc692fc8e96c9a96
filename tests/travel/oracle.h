/* SPDX-License-Identifier: GPL-2.0-or-later
 * oracle: what travel/ must answer, found by brute force: a run of one tick at a time that keeps
 * the hash, the step and the accesses of every tick in plain arrays; every question is answered by
 * looking through all of them. Works for any machine.
 */
#ifndef TESTS_TRAVEL_ORACLE_H
#define TESTS_TRAVEL_ORACLE_H

#include "travel/travel.h"

struct oracle_input {
    tick at;
    uint16_t port;
    uint8_t length;
    uint8_t data[32];
};

struct oracle_witness {
    tick at;
    uint64_t hash;
};

/* A hand-written recording: inputs by rising tick, and an end; witnesses may be given after
 * oracle_source_init(). */
struct oracle_source {
    const struct oracle_input *inputs;
    size_t count, next;
    tick end;
    const struct oracle_witness *witnesses;
    size_t witness_count;
    struct text output; /* what came out, each byte with its tick */
};
struct travel_source oracle_source_init(struct oracle_source *s, const struct oracle_input *inputs,
                                        size_t count, tick end);

struct oracle_case {
    const char *name;
    void *opaque;
    /* A machine at tick `begin`, where history begins for both. */
    struct machine *(*build)(void *opaque);
    const struct oracle_input *inputs;
    size_t input_count;
    tick begin, end; /* the guest may power off at `end`, not before */
    bool interrupts; /* the user gives up now and then */
    bool indexed;    /* another traveller has made an index, and this one goes by it */
};

/* Asks travel `questions` random questions; prints the first wrong answer and returns false. */
bool oracle_agrees(const struct oracle_case *c, const struct travel_limits *limits,
                   unsigned questions, uint64_t seed);

#endif
