/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_invariants: random programs of the made-up processor, with inputs. A plain run in the
 * interpreter says what the state is at random ticks; every other way of running must come to the
 * same: generated code, pieces, caches dropped and tiny, probes asked everywhere, checkpoints.
 *
 *   toy-invariants [PROGRAMS [FIRST]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "checkpoint/checkpoint.h"
#include "jit/jit.h"
#include "toy.h"

enum { SAMPLES = 12, INPUTS = 40 };
#define END 6000

struct entry {
    tick at;
    uint8_t length, bytes[3];
};

struct subject {
    uint64_t seed; /* the program's number */
    unsigned harts;
    uint64_t quantum;
    uint8_t code[8192];
    size_t size;
    struct entry inputs[INPUTS];
    size_t next;
    tick at[SAMPLES];
    uint64_t hash[SAMPLES];
    bool jit;
    const char *way;
    unsigned failures;
};

/* ---- inputs ---- */

static enum inlet_answer next_input(void *opaque, tick now, struct input *in, tick *again)
{
    struct subject *s = opaque;

    while (s->next < INPUTS && s->inputs[s->next].at < now) {
        s->next++;
    }
    *again = s->next < INPUTS ? s->inputs[s->next].at : TICK_NEVER;
    if (*again != now) {
        return INLET_QUIET;
    }
    *in = (struct input){.at = now,
                         .port = 1,
                         .length = s->inputs[s->next].length,
                         .data = s->inputs[s->next].bytes};
    s->next++;
    return INLET_INPUT;
}

static tick idle_until(void *opaque, tick now, tick event)
{
    struct subject *s = opaque;
    tick next = s->next < INPUTS && s->inputs[s->next].at >= now ? s->inputs[s->next].at : END;

    return next < event ? next : event;
}

static void draw(struct subject *s)
{
    uint64_t rng = s->seed * 2 + 1;
    tick at = 5;

    s->harts = 1 + (unsigned)(s->seed % 3);
    s->quantum = 31 + s->seed % 97;
    switch (s->seed % 16) {
    case 0: s->size = toy_program(s->code, sizeof s->code); break;
    case 1: s->size = toy_modes_program(s->code, sizeof s->code); break;
    case 2: s->size = toy_system_program(s->code, sizeof s->code); break;
    case 3: s->size = toy_mover_program(s->code, sizeof s->code, s->seed); break;
    default: s->size = toy_random_program(s->code, sizeof s->code, s->seed);
    }
    for (unsigned i = 0; i < INPUTS; i++) {
        uint64_t x = chance_next(&rng);

        at += 1 + x % (2 * END / INPUTS);
        s->inputs[i].at = at;
        s->inputs[i].length = (uint8_t)(1 + (x >> 32) % 3);
        memcpy(s->inputs[i].bytes, &x, 3);
    }
    for (unsigned i = 0; i < SAMPLES; i++) {
        s->at[i] = END / SAMPLES * i + 1 + chance_next(&rng) % (END / SAMPLES - 1);
    }
}

/* ---- ways to run ---- */

static struct machine *build(struct subject *s)
{
    struct machine *m = toy_machine(s->harts, s->quantum, s->code, s->size);
    struct error e;

    if (s->jit) {
        must(engine_use_jit(machine_engine(m), true, &e) == 0);
    }
    s->next = 0;
    machine_set_inlet(m, &(struct inlet){.opaque = s, .next = next_input, .idle = idle_until});
    return m;
}

static void check(struct subject *s, struct machine *m, unsigned i)
{
    uint64_t hash = machine_hash(m);

    if (machine_state(m)->now != s->at[i] || hash != s->hash[i]) {
        s->failures++;
        printf("program %llu, %s%s: tick %llu (of %llu): %016llx, expected %016llx\n",
               (unsigned long long)s->seed, s->way, s->jit ? ", compiled" : "",
               (unsigned long long)machine_state(m)->now, (unsigned long long)s->at[i],
               (unsigned long long)hash, (unsigned long long)s->hash[i]);
    }
}

static void go(struct machine *m, tick to)
{
    while (machine_state(m)->now < to) {
        must(machine_run(m, to, false) == STOP_TICK);
    }
}

static void sample(struct subject *s)
{
    struct machine *m = build(s);

    for (unsigned i = 0; i < SAMPLES; i++) {
        go(m, s->at[i]);
        s->hash[i] = machine_hash(m);
        must(machine_hash_slow(m) == s->hash[i]);
    }
    machine_free(m);
}

static void plain(struct subject *s)
{
    struct machine *m = build(s);

    s->way = "plain";
    for (unsigned i = 0; i < SAMPLES; i++) {
        go(m, s->at[i]);
        check(s, m, i);
    }
    machine_free(m);
}

static void pieces(struct subject *s)
{
    struct machine *m = build(s);
    uint64_t rng = s->seed + 11;

    s->way = "pieces";
    for (unsigned i = 0; i < SAMPLES; i++) {
        while (machine_state(m)->now < s->at[i]) {
            uint64_t r = chance_next(&rng), left = s->at[i] - machine_state(m)->now;
            uint64_t n = r & 1 ? 1 : 1 + (r >> 8) % 40;

            go(m, machine_state(m)->now + (n < left ? n : left));
        }
        check(s, m, i);
    }
    machine_free(m);
}

static void forget(struct subject *s, size_t limit)
{
    struct machine *m = build(s);
    uint64_t rng = s->seed + 12;

    s->way = "forgetting";
    engine_set_cache_limit(machine_engine(m), limit);
    for (unsigned i = 0; i < SAMPLES; i++) {
        while (machine_state(m)->now < s->at[i]) {
            uint64_t left = s->at[i] - machine_state(m)->now;

            go(m, machine_state(m)->now + 1 + chance_next(&rng) % left);
            machine_forget(m);
        }
        check(s, m, i);
    }
    machine_free(m);
}

static bool look(void *opaque, const struct probe_hit *h)
{
    (void)h;
    ++*(uint64_t *)opaque;
    return false;
}

static void observed(struct subject *s)
{
    struct machine *m = build(s);
    struct checkpoint_store *store = checkpoint_store_new(m);
    uint64_t hits = 0;
    struct probe probes[] = {
        {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = TOY_RAM + 7},
        {.kind = PROBE_WATCH_ACCESS,
         .hart = PROBE_ANY_HART,
         .at = TOY_RAM + s->seed % 16 * PAGE_SIZE,
         .size = 5 * PAGE_SIZE},
        {.kind = PROBE_PHYSICAL, .at = TOY_RAM, .size = TOY_RAM_SIZE},
        {.kind = PROBE_STEP, .hart = PROBE_ANY_HART},
    };
    struct probe_set set = {.probes = probes, .count = 3, .opaque = &hits, .hit = look};

    s->way = "observed";
    for (unsigned i = 0; i < SAMPLES; i++) {
        set.count = 3 + i % 2;
        machine_set_probes(m, i % 4 == 3 ? NULL : &set);
        go(m, s->at[i]);
        check(s, m, i);
        checkpoint_drop(checkpoint_save(store));
    }
    machine_set_probes(m, NULL);
    checkpoint_store_free(store);
    machine_free(m);
}

static bool stop_now_and_then(void *opaque, const struct probe_hit *h)
{
    uint64_t *rng = opaque;

    (void)h;
    return chance_next(rng) % 3 == 0;
}

/* A run that watchpoints stop: short of each access, and on. Where it stops the state is the plain
 * run's, so at a sample where it stops it is compared before going on, too. */
static void stopped(struct subject *s)
{
    struct machine *m = build(s);
    uint64_t rng = s->seed + 13;
    struct probe probe = {.kind = PROBE_WATCH_ACCESS,
                          .hart = PROBE_ANY_HART,
                          .at = TOY_RAM,
                          .size = TOY_ALIAS + TOY_RAM_SIZE - TOY_RAM};
    struct probe_set set = {.probes = &probe, .count = 1, .opaque = &rng, .hit = stop_now_and_then};
    struct machine *other = toy_machine(s->harts, s->quantum, s->code, s->size);

    s->way = "stopped";
    if (s->seed >> 4 & 1) { /* what begins in the page before is stored to by generated code */
        probe.at = TOY_ALIAS + 0x2f000;
        probe.size = PAGE_SIZE;
    }
    machine_set_inlet(other, &(struct inlet){.opaque = s, .next = next_input, .idle = idle_until});
    machine_set_probes(m, &set);
    for (unsigned i = 0; i < SAMPLES; i++) {
        bool skip = false;

        while (machine_state(m)->now < s->at[i]) {
            skip = machine_run(m, s->at[i], skip) == STOP_PROBE;
            if (skip && (i < 3 || chance_next(&rng) % 8 == 0)) {
                size_t next = s->next;

                s->next = 0;
                go(other, machine_state(m)->now);
                s->next = next;
                if (machine_hash(other) != machine_hash(m)) {
                    struct machine_difference d = {.where = "nothing"};

                    (void)machine_first_difference(m, other, &d);
                    s->failures++;
                    printf("program %llu, stopped%s at tick %llu: %s is 0x%llx, not 0x%llx\n",
                           (unsigned long long)s->seed, s->jit ? ", compiled" : "",
                           (unsigned long long)machine_state(m)->now, d.where,
                           (unsigned long long)d.a, (unsigned long long)d.b);
                }
            }
        }
        check(s, m, i);
    }
    machine_set_probes(m, NULL);
    machine_free(m);
    machine_free(other);
}

static void restored(struct subject *s)
{
    struct machine *m = build(s);
    struct checkpoint_store *store = checkpoint_store_new(m);
    struct checkpoint *c[SAMPLES];
    uint64_t rng = s->seed + 14;

    s->way = "restored";
    for (unsigned i = 0; i < SAMPLES; i++) {
        go(m, s->at[i]);
        c[i] = checkpoint_save(store);
    }
    for (unsigned n = 0; n < SAMPLES; n++) {
        unsigned i = (unsigned)(chance_next(&rng) % (SAMPLES - 1));

        checkpoint_restore(store, c[i]);
        s->next = 0;
        check(s, m, i);
        go(m, s->at[i + 1]);
        check(s, m, i + 1);
    }
    for (unsigned i = 0; i < SAMPLES; i++) {
        checkpoint_drop(c[i]);
    }
    checkpoint_store_free(store);
    machine_free(m);
}

static void all_ways(struct subject *s)
{
    plain(s);
    pieces(s);
    forget(s, 1000);
    forget(s, 3);
    observed(s);
    stopped(s);
    restored(s);
}

int main(int argc, char **argv)
{
    uint64_t programs = argc > 1 ? strtoull(argv[1], NULL, 10) : 40;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct subject *s = base_alloc(1, sizeof(*s));

    for (s->seed = first; s->seed < first + programs; s->seed++) {
        draw(s);
        s->jit = false;
        sample(s);
        all_ways(s);
        if (jit_supported()) {
            s->jit = true;
            all_ways(s);
        }
    }
    printf("%llu programs, %u failures\n", (unsigned long long)programs, s->failures);
    return s->failures != 0;
}
