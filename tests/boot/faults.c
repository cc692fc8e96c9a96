/* SPDX-License-Identifier: GPL-2.0-or-later
 * faults: one-bit faults in a real machine, at chance ticks of a real recording: one in each field
 * of each part (machine, harts, every device) and some in memory. Each has to be named by
 * travel_diff() at exactly its tick, with its field, element and bit.
 *
 *   faults RECORDING [WINDOWS [SEED]]
 * Faults are spread over WINDOWS places in the recording; in each, two machines stand side by side
 * and are compared at every tick. One more fault in each window is found from a distance.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "../ram.h"
#include "board/board.h"
#include "travel/travel.h"

enum { NEAR = 150, FAR = 300000, MEMORY_FAULTS = 24 };

struct side {
    struct machine *machine;
    struct travel_recording source;
    struct travel *travel;
};

struct target {
    const struct machine_part *part; /* NULL: memory */
    const struct field *field;
    uint64_t index;
    unsigned bit;
    uint64_t order; /* by chance */
};

struct bench {
    const struct recording *recording;
    struct side a, b;
    VEC(struct target) targets;
    uint64_t seed;
    unsigned named, missed;
};

/* ---- two machines ---------------------------------------------------------------------------- */

static void side_build(struct side *s, const struct recording *r)
{
    struct error e;

    s->machine = board_build(recording_config(r), &e);
    if (!s->machine) {
        fprintf(stderr, "faults: %s\n", e.text);
        exit(1);
    }
}

/* History begins where the machine stands. */
static void side_begin(struct side *s, const struct recording *r)
{
    struct travel_source source = travel_of_recording(&s->source, r, NULL);

    s->travel = travel_new(s->machine, &source, NULL);
    travel_set_verify(s->travel, false);
}

static void side_end(struct side *s)
{
    travel_free(s->travel);
    travel_recording_fini(&s->source);
    s->travel = NULL;
}

static void both_to(struct bench *x, tick at)
{
    side_begin(&x->a, x->recording);
    side_begin(&x->b, x->recording);
    travel_seek(x->a.travel, at);
    travel_seek(x->b.travel, at);
    side_end(&x->a);
    side_end(&x->b);
    if (machine_now(x->a.machine) != at ||
        machine_hash(x->a.machine) != machine_hash(x->b.machine)) {
        fprintf(stderr, "faults: two replays differ at tick %" PRIu64 "\n", at);
        exit(1);
    }
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void target_name(const struct bench *x, const struct target *t, char *out, size_t room)
{
    if (!t->part) {
        const struct mem_block *block = mem_block_of(machine_mem(x->a.machine), t->index);
        snprintf(out, room, "%s+0x%" PRIx64, block->name, (t->index - block->home) & ~UINT64_C(7));
    } else if (t->field->count > 1) {
        snprintf(out, room, "%s.%s[%" PRIu64 "]", t->part->name, t->field->name, t->index);
    } else {
        snprintf(out, room, "%s.%s", t->part->name, t->field->name);
    }
}

static bool is_named(const struct travel_difference *d, tick at, const struct target *t,
                     const char *where)
{
    unsigned bit = t->part ? t->bit : t->bit + 8 * (unsigned)(t->index & 7);

    return d->finding == FOUND_STATE && d->at == at && strcmp(d->difference.where, where) == 0 &&
           (d->difference.a ^ d->difference.b) == UINT64_C(1) << bit && d->has_step;
}

/* Leaves both machines where they were. */
static void try_fault(struct bench *x, const struct target *t, uint64_t distance, uint64_t stride)
{
    tick begin = machine_now(x->a.machine), at = begin + 1 + chance_next(&x->seed) % distance;
    struct travel_difference d;
    struct error e = {{0}};
    char where[96];

    side_begin(&x->a, x->recording);
    side_begin(&x->b, x->recording);
    target_name(x, t, where, sizeof where);
    if (travel_inject(x->b.travel, at, t->part ? t->part->name : "ram",
                      t->part ? t->field->name : NULL, t->index, t->bit, &e) < 0) {
        printf("FAILED %s: %s\n", where, e.text);
        x->missed++;
    } else {
        travel_diff(x->a.travel, x->b.travel, stride, &d);
        if (is_named(&d, at, t, where)) {
            x->named++;
        } else {
            printf("FAILED %s bit %u at tick %" PRIu64 ": finding %d at tick %" PRIu64 ", %s\n",
                   where, t->bit, at, (int)d.finding, d.at, d.difference.where);
            x->missed++;
        }
    }
    travel_seek(x->a.travel, begin);
    travel_seek(x->b.travel, begin);
    side_end(&x->a);
    side_end(&x->b);
    if (machine_hash(x->a.machine) != machine_hash(x->b.machine)) {
        fprintf(stderr, "faults: the fault is still there after going back\n");
        exit(1);
    }
}

/* What the tick is reckoned by cannot be wrong alone: travel_inject() refuses it. */
static bool is_refused(const struct machine *m, const struct machine_part *p, const struct field *f)
{
    return p->state == machine_state(m) &&
           (strcmp(f->name, "now") == 0 || strcmp(f->name, "current") == 0 ||
            strncmp(f->name, "clock.", 6) == 0);
}

static void add_target(struct bench *x, struct target t)
{
    t.order = chance_next(&x->seed);
    vec_push(&x->targets, t);
}

static struct target memory_target(struct bench *x)
{
    const struct mem_block *ram = first_ram(x->a.machine);

    return (struct target){.index = ram->home + chance_next(&x->seed) % ram->size,
                           .bit = (unsigned)(chance_next(&x->seed) % 8)};
}

static int by_order(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void choose_targets(struct bench *x)
{
    const struct machine *m = x->a.machine;

    for (unsigned p = 0; p < machine_part_count(m); p++) {
        const struct machine_part *part = machine_part(m, p);
        for (size_t i = 0; i < part->table->field_count; i++) {
            const struct field *f = &part->table->fields[i];
            if (!is_refused(m, part, f)) {
                add_target(x, (struct target){.part = part,
                                              .field = f,
                                              .index = chance_next(&x->seed) % f->count,
                                              .bit = (unsigned)(chance_next(&x->seed) %
                                                                (f->element_size * 8u))});
            }
        }
    }
    for (unsigned i = 0; i < MEMORY_FAULTS; i++) {
        add_target(x, memory_target(x));
    }
    qsort(x->targets.data, x->targets.count, sizeof(struct target), by_order);
}

static int by_tick(const void *a, const void *b)
{
    const tick *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void run_windows(struct bench *x, unsigned windows)
{
    tick known = recording_known(x->recording);
    tick *at = base_alloc(windows, sizeof(*at));
    size_t next = 0;

    for (unsigned i = 0; i < windows; i++) {
        at[i] = chance_next(&x->seed) % (known - FAR - 1);
    }
    qsort(at, windows, sizeof(*at), by_tick);
    for (unsigned i = 0; i < windows; i++) {
        size_t until = x->targets.count * (i + 1) / windows;
        struct target far = memory_target(x);

        if (at[i] > machine_now(x->a.machine)) {
            both_to(x, at[i]);
        }
        for (; next < until; next++) {
            try_fault(x, &x->targets.data[next], NEAR, 1);
        }
        try_fault(x, &far, FAR, FAR / 7);
    }
    free(at);
}

int main(int argc, char **argv)
{
    struct bench x = {.seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1};
    unsigned windows = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 4;
    struct recording *r;
    struct error e;

    if (argc < 2 || windows == 0 || !(r = recording_open(argv[1], &e))) {
        fprintf(stderr, "faults: %s\n",
                argc < 2 || windows == 0 ? "RECORDING [WINDOWS [SEED]]" : e.text);
        return 1;
    }
    if (recording_known(r) <= FAR + 1) {
        fprintf(stderr, "faults: the recording is too short\n");
        return 1;
    }
    x.recording = r;
    side_build(&x.a, r);
    side_build(&x.b, r);
    choose_targets(&x);
    run_windows(&x, windows);
    printf("%u faults in %u parts and memory, at %u places: %u named exactly, %u not\n",
           x.named + x.missed, machine_part_count(x.a.machine), windows, x.named, x.missed);
    machine_free(x.a.machine);
    machine_free(x.b.machine);
    vec_fini(&x.targets);
    recording_close(r);
    return x.missed > 0;
}
