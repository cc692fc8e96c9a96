/* SPDX-License-Identifier: GPL-2.0-or-later
 * quiet_machine: a small machine with two harts that goes through a history without inputs, QUIET_END ticks long.
 */
#ifndef TESTS_QUIET_MACHINE_H
#define TESTS_QUIET_MACHINE_H

#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "travel/travel.h"

#define QUIET_END 3000

/* ---- the recording: nothing enters ---- */

static inline enum inlet_answer quiet_next(void *opaque, tick now, struct input *in,
                                           tick *ask_again)
{
    (void)opaque;
    (void)in;
    *ask_again = QUIET_END;
    return now >= QUIET_END ? INLET_END : INLET_QUIET;
}

static inline tick quiet_idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    return QUIET_END < event ? (QUIET_END < now ? now : QUIET_END) : event;
}

static inline void quiet_moved(void *opaque, tick from, tick to)
{
    (void)opaque;
    (void)from;
    (void)to;
}

static inline tick quiet_known_end(void *opaque)
{
    (void)opaque;
    return QUIET_END;
}

static inline struct travel_source quiet_source(void)
{
    return (struct travel_source){.inlet = {.next = quiet_next, .idle = quiet_idle},
                                  .moved = quiet_moved,
                                  .end = quiet_known_end};
}

/* ---- the machine ---- */

/* Of `c`, which is the caller's to finish. */
static inline struct machine *quiet_machine(struct machine_config *c)
{
    /* Counts in memory, traps on the way. */
    static const uint32_t program[] = {
        0x00001117, /* auipc sp, 1 */
        0x00013283, /* ld t0, 0(sp) */
        0x00128293, /* addi t0, t0, 1 */
        0x00513023, /* sd t0, 0(sp) */
        0x0082f313, /* andi t1, t0, 8 */
        0x00030463, /* beqz t1, +8 */
        0x00000073, /* ecall */
        0xfe5ff06f, /* j -28 */
    };
    struct machine *m;
    struct error e;

    snprintf(c->arch, sizeof c->arch, "riscv64");
    c->hart_count = 2;
    c->ram_bytes = 2 * MIB;
    c->images[IMAGE_BIOS].name = base_strdup("program");
    c->images[IMAGE_BIOS].data = base_alloc(1, sizeof program);
    c->images[IMAGE_BIOS].size = sizeof program;
    memcpy(c->images[IMAGE_BIOS].data, program, sizeof program);
    m = board_build(c, &e);
    if (m == NULL) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    return m;
}

#endif
