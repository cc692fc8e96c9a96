/* SPDX-License-Identifier: GPL-2.0-or-later
 * control_bench: monitors over a small machine in a recording without inputs, in one thread: what a client
 * says goes in, what it is told comes out as text.
 */
#ifndef TESTS_UNIT_CONTROL_BENCH_H
#define TESTS_UNIT_CONTROL_BENCH_H

#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "control/internal.h"

#define BENCH_END 3000

struct bench {
    struct machine_config config;
    struct machine *machine;
    struct travel *travel;
    struct control *control;
    struct control_monitor *qmp, *human;
    struct text said;       /* by the monitors, since it was emptied */
    struct text said_human; /* by the one for people */
};

/* ---- the recording: nothing enters ---- */

static enum inlet_answer bench_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    (void)opaque;
    (void)in;
    *ask_again = BENCH_END;
    return now >= BENCH_END ? INLET_END : INLET_QUIET;
}

static tick bench_idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    return BENCH_END < event ? (BENCH_END < now ? now : BENCH_END) : event;
}

static void bench_moved(void *opaque, tick from, tick to)
{
    (void)opaque;
    (void)from;
    (void)to;
}

static tick bench_known_end(void *opaque)
{
    (void)opaque;
    return BENCH_END;
}

/* Counts in memory, traps on the way. */
static const uint32_t bench_program[] = {
    0x00001117, /* auipc sp, 1 */
    0x00013283, /* ld t0, 0(sp) */
    0x00128293, /* addi t0, t0, 1 */
    0x00513023, /* sd t0, 0(sp) */
    0x0082f313, /* andi t1, t0, 8 */
    0x00030463, /* beqz t1, +8 */
    0x00000073, /* ecall */
    0xfe5ff06f, /* j -28 */
};

static void bench_machine(struct bench *b)
{
    struct machine_config *c = &b->config;
    struct error e;

    machine_config_init(c);
    snprintf(c->arch, sizeof c->arch, "riscv64");
    c->hart_count = 2;
    c->ram_bytes = 2 * MIB;
    c->images[IMAGE_BIOS].name = base_strdup("program");
    c->images[IMAGE_BIOS].data = base_alloc(1, sizeof bench_program);
    c->images[IMAGE_BIOS].size = sizeof bench_program;
    memcpy(c->images[IMAGE_BIOS].data, bench_program, sizeof bench_program);
    b->machine = board_build(c, &e);
    if (b->machine == NULL) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
}

static void bench_write(void *opaque, const void *bytes, size_t count)
{
    text_add_bytes(opaque, bytes, count);
}

static void bench_open(struct bench *b)
{
    struct travel_source source = {.inlet = {.next = bench_next, .idle = bench_idle},
                                   .moved = bench_moved,
                                   .end = bench_known_end};
    struct control_options options = {.config = &b->config,
                                      .program = "bench",
                                      .mode = "play",
                                      .file = "b.rr",
                                      .starts_paused = true,
                                      .keeps_past = true};
    struct control_front qmp = {.opaque = &b->said, .write = bench_write, .is_qmp = true};
    struct control_front human = {.opaque = &b->said_human, .write = bench_write};

    memset(b, 0, sizeof(*b));
    bench_machine(b);
    options.travel = b->travel = travel_new(b->machine, &source, NULL);
    b->control = control_new(&options);
    b->qmp = control_add(b->control, &qmp);
    b->human = control_add(b->control, &human);
}

static void bench_close(struct bench *b)
{
    control_free(b->control);
    travel_free(b->travel);
    machine_free(b->machine);
    machine_config_fini(&b->config);
    text_fini(&b->said);
    text_fini(&b->said_human);
}

#endif
