/* SPDX-License-Identifier: GPL-2.0-or-later
 * control_bench: monitors over a small machine in a recording without inputs, in one thread: what a client
 * says goes in, what it is told comes out as text.
 */
#ifndef TESTS_UNIT_CONTROL_BENCH_H
#define TESTS_UNIT_CONTROL_BENCH_H

#include "../quiet_machine.h"
#include "control/internal.h"

struct bench {
    struct machine_config config;
    struct machine *machine;
    struct travel *travel;
    struct control *control;
    struct control_monitor *qmp, *human;
    struct text said;       /* by the monitors, since it was emptied */
    struct text said_human; /* by the one for people */
};

static void bench_write(void *opaque, const void *bytes, size_t count)
{
    text_add_bytes(opaque, bytes, count);
}

static void bench_open(struct bench *b)
{
    const struct travel_source source = quiet_source();
    struct control_options options = {.config = &b->config,
                                      .program = "bench",
                                      .mode = "play",
                                      .file = "b.rr",
                                      .starts_paused = true,
                                      .keeps_past = true};
    struct control_front qmp = {.opaque = &b->said, .write = bench_write, .is_qmp = true};
    struct control_front human = {.opaque = &b->said_human, .write = bench_write};

    memset(b, 0, sizeof(*b));
    machine_config_init(&b->config);
    b->machine = quiet_machine(&b->config);
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
