/* SPDX-License-Identifier: GPL-2.0-or-later
 * verify: `-accel verify`: the journal's machine is interpreted, and a second machine, with the
 * same inputs, runs the same ticks in generated code. Their parts are compared every PARTS ticks,
 * memory every MEMORY ticks. At the first difference the last common checkpoint is the start of a
 * search for the tick; instruction, block and host code are printed.
 *
 * A restored machine has no code yet. A difference that needs the code as it had grown does not
 * come back then: the search goes on with machines that ran from tick 0 as the first one did.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "checkpoint/checkpoint.h"
#include "cli/cli.h"
#include "cli/say.h"

#define PARTS    UINT64_C(50000)
#define MEMORY   UINT64_C(2000000)
#define SHOWN    24  /* instructions before the difference */
#define BACKWARD 160 /* of them are looked at for the block's beginning */

struct verify {
    struct journal *journal;
    struct machine *a, *b; /* interpreted; compiled */
    struct replay inputs;  /* b's */
    struct checkpoint_store *store;
    struct checkpoint *common; /* of a: memory was compared there */
    tick next_memory;
    bool from_start;    /* b is made anew for each try */
    bool is_alone;      /* b could not go on */
    VEC(tick) stops;    /* ticks at which b was stopped, in order */
    VEC(char *) blocks; /* IR and code of b's last run, as text */
};

static struct machine *compiled_machine(const struct machine_config *c, struct machine *beside,
                                        struct error *e)
{
    struct machine *m = board_build(c, e);

    if (m != NULL) {
        cli_bound_pages(m, machine_pages(beside)->scratch, CLI_PAGES_ASIDE);
    }

    if (m && engine_use_jit(machine_engine(m), true, e) < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}

bool verify_wanted(const struct options *o)
{
    return o->accel && strcmp(o->accel, "verify") == 0;
}

struct verify *verify_new(struct journal *j, struct machine *m, struct error *e)
{
    struct verify *v = base_alloc(1, sizeof(*v));

    v->journal = j;
    v->a = m;
    v->b = compiled_machine(journal_config(j), m, e);
    if (!v->b) {
        free(v);
        return NULL;
    }
    replay_init(&v->inputs, journal_recording(j), 0, NULL);
    struct inlet inlet = replay_inlet(&v->inputs);
    machine_set_inlet(v->b, &inlet);
    v->store = checkpoint_store_new(m);
    v->common = checkpoint_save(v->store);
    v->next_memory = MEMORY;
    return v;
}

void verify_free(struct verify *v)
{
    if (!v) {
        return;
    }
    checkpoint_drop(v->common);
    checkpoint_store_free(v->store);
    for (size_t i = 0; i < v->blocks.count; i++) {
        free(v->blocks.data[i]);
    }
    vec_fini(&v->blocks);
    vec_fini(&v->stops);
    machine_free(v->b);
    replay_fini(&v->inputs);
    free(v);
}

/* ---- comparing ---- */

static bool same_parts(const struct machine *a, const struct machine *b)
{
    for (unsigned i = 0; i < machine_part_count(a); i++) {
        if (machine_part(a, i)->tree != NULL &&
            live_tree_hash(machine_part(a, i)->tree) != live_tree_hash(machine_part(b, i)->tree)) {
            return false;
        }
        if (memcmp(machine_part(a, i)->state, machine_part(b, i)->state,
                   machine_part(a, i)->table->state_size) != 0) {
            return false;
        }
    }
    return true;
}

static void follow(struct machine *b, tick until)
{
    if (machine_state(b)->now < until) {
        (void)machine_run(b, until, false);
    }
}

/* ---- searching ---- */

static void keep_text(void *opaque, const char *text)
{
    struct verify *v = opaque;
    vec_push(&v->blocks, base_strdup(text));
}

/* b at the common checkpoint, with an inlet that goes on from there. */
static bool restart(struct verify *v, struct error *e)
{
    tick at = checkpoint_tick(v->common);
    struct inlet inlet;

    machine_free(v->b);
    v->b = compiled_machine(journal_config(v->journal), v->a, e);
    if (!v->b) {
        return false;
    }
    replay_seek(&v->inputs, v->from_start ? 0 : at);
    inlet = replay_inlet(&v->inputs);
    machine_set_inlet(v->b, &inlet);
    for (size_t i = 0; i < v->blocks.count; i++) {
        free(v->blocks.data[i]);
    }
    v->blocks.count = 0;
    engine_set_trace(machine_engine(v->b), v, keep_text);
    engine_set_code_trace(machine_engine(v->b), v, keep_text);
    if (v->from_start) {
        for (size_t i = 0; i < v->stops.count && v->stops.data[i] <= at; i++) {
            follow(v->b, v->stops.data[i]);
        }
        return true;
    }
    struct checkpoint_store *store = checkpoint_store_new(v->b);
    struct text bytes = {0};
    checkpoint_write(v->common, &bytes);
    struct checkpoint *c = checkpoint_read(store, bytes.data, bytes.length, e);
    if (c) {
        checkpoint_restore(store, c);
        checkpoint_drop(c);
    }
    text_fini(&bytes);
    checkpoint_store_free(store);
    return c != NULL;
}

/* The interpreted machine at `at`; the inlet is one of its own. */
static void put_a(struct verify *v, struct replay *inputs, tick at)
{
    struct inlet inlet;

    checkpoint_restore(v->store, v->common);
    replay_seek(inputs, checkpoint_tick(v->common));
    inlet = replay_inlet(inputs);
    machine_set_inlet(v->a, &inlet);
    follow(v->a, at);
}

static bool differs_at(struct verify *v, struct replay *inputs, tick at,
                       struct machine_difference *d)
{
    struct error e;

    if (!restart(v, &e)) {
        say("verify: %s", e.text);
        return false;
    }
    put_a(v, inputs, at);
    if (v->from_start) {
        for (size_t i = 0; i < v->stops.count && v->stops.data[i] < at; i++) {
            follow(v->b, v->stops.data[i]);
        }
    }
    follow(v->b, at);
    return machine_first_difference(v->a, v->b, d);
}

/* ---- telling ---- */

static void print_instruction(struct machine *m)
{
    struct cpu *cpu = machine_cpu(m, machine_state(m)->current);
    struct text t = {0};
    uint8_t bytes[16] = {0};
    unsigned n = 16;

    while (n && !cpu_debug_read(cpu, cpu->hart->pc, bytes, n)) {
        n -= 2;
    }
    if (n) {
        (void)machine_isa(m)->disassemble(bytes, n, cpu->hart->pc,
                                          machine_isa(m)->lifter.block_mode(cpu), &t);
    }
    say_line(stderr, "  tick %llu hart %u  %016llx  %s", (unsigned long long)machine_state(m)->now,
             machine_state(m)->current, (unsigned long long)cpu->hart->pc, t.data ? t.data : "?");
    text_fini(&t);
}

/* A line that begins with `word` and this pc, the last one that came. */
static const char *latest(const struct verify *v, const char *word, vaddr pc)
{
    for (size_t i = v->blocks.count; i-- > 0;) {
        unsigned long long at;
        size_t length = strlen(word);
        if (strncmp(v->blocks.data[i], word, length) == 0 &&
            sscanf(v->blocks.data[i] + length, " %llx", &at) == 1 && at == pc) {
            return v->blocks.data[i];
        }
    }
    return NULL;
}

/* The blocks with the latest beginnings among what was executed before the difference: the guilty
 * one is among them. IR, then host code in hexadecimal. */
static void print_blocks(const struct verify *v, const vaddr *pcs, unsigned count)
{
    unsigned shown = 0;

    for (unsigned i = count; i-- > 0 && shown < 3;) {
        const char *ir = latest(v, "block", pcs[i]), *code = latest(v, "code", pcs[i]);
        if (ir && code) {
            struct text t = {0};

            text_add(&t, "%s%s", ir, code);
            say_lines(stderr, &t);
            text_fini(&t);
            shown++;
        }
    }
}

static void print_way(struct verify *v, struct replay *inputs, tick bad)
{
    tick from = checkpoint_tick(v->common);
    vaddr pcs[BACKWARD];
    unsigned count = 0;

    from = bad - from > BACKWARD ? bad - BACKWARD : from;
    put_a(v, inputs, from);
    while (machine_state(v->a)->now < bad) {
        if (bad - machine_state(v->a)->now <= SHOWN) {
            print_instruction(v->a);
        }
        pcs[count++] = machine_cpu(v->a, machine_state(v->a)->current)->hart->pc;
        if (machine_run(v->a, machine_state(v->a)->now + 1, false) != STOP_TICK) {
            break;
        }
    }
    print_blocks(v, pcs, count);
}

static void find_and_explain(struct verify *v, struct replay *inputs, tick bad)
{
    struct machine_difference d;
    tick good = checkpoint_tick(v->common);

    say("verify: generated code differs between ticks %llu and %llu", (unsigned long long)good,
        (unsigned long long)bad);
    if (!differs_at(v, inputs, bad, &d)) {
        say("verify: not from the checkpoint; from tick 0 again");
        v->from_start = true;
        if (!differs_at(v, inputs, bad, &d)) {
            say("verify: nor from tick 0: this run cannot be repeated");
            return;
        }
    }
    while (bad - good > 1) {
        tick middle = good + (bad - good) / 2;
        if (differs_at(v, inputs, middle, &d)) {
            bad = middle;
        } else {
            good = middle;
        }
    }
    if (differs_at(v, inputs, bad, &d)) {
        say("verify: first at tick %llu: %s: interpreted 0x%llx, compiled 0x%llx, after",
            (unsigned long long)bad, d.where, (unsigned long long)d.a, (unsigned long long)d.b);
        print_way(v, inputs, bad);
    }
}

static void explain(struct verify *v, tick bad)
{
    struct replay inputs;

    replay_init(&inputs, journal_recording(v->journal), 0, NULL);
    find_and_explain(v, &inputs, bad);
    replay_fini(&inputs);
}

/* ---- driving ---- */

static bool compare(struct verify *v, bool memory)
{
    memory = memory || machine_state(v->a)->now >= v->next_memory;
    vec_push(&v->stops, machine_state(v->a)->now);
    if (!same_parts(v->a, v->b) || (memory && machine_hash(v->a) != machine_hash(v->b))) {
        return false;
    }
    if (memory) {
        struct checkpoint *was = v->common;
        v->common = checkpoint_save(v->store);
        checkpoint_drop(was);
        v->next_memory = machine_state(v->a)->now + MEMORY;
    }
    return true;
}

enum journal_stop verify_drive(struct verify *v, tick until, bool *differs)
{
    enum journal_stop stop = JOURNAL_TICK;

    *differs = false;
    while (stop == JOURNAL_TICK && machine_state(v->a)->now < until && !*differs) {
        tick next =
            until - machine_state(v->a)->now > PARTS ? machine_state(v->a)->now + PARTS : until;

        stop = journal_drive(v->journal, v->a, next, false);
        if (stop == JOURNAL_LOST || v->is_alone) {
            continue;
        }
        follow(v->b, machine_state(v->a)->now);
        if (recording_lost(journal_recording(v->journal)) != NULL) { /* b's files have changed */
            say("verify: %s; from here on nothing is compared",
                recording_lost(journal_recording(v->journal)));
            v->is_alone = true;
            continue;
        }
        *differs = !compare(v, stop != JOURNAL_TICK);
    }
    if (*differs) {
        struct error e;
        (void)journal_finish(v->journal, END_QUIT, &e); /* the file is good up to here */
        explain(v, machine_state(v->a)->now);
    }
    return stop;
}

void verify_figures(const struct verify *v)
{
    struct engine_stats s;

    engine_get_stats(machine_engine(v->b), &s);
    say_line(stderr,
             "verify: no difference in %llu ticks; %llu blocks compiled, %llu entries, %llu "
             "instructions left to the interpreter",
             (unsigned long long)machine_state(v->a)->now, (unsigned long long)s.compiled,
             (unsigned long long)s.code_entries, (unsigned long long)s.hard);
}
