/* SPDX-License-Identifier: GPL-2.0-or-later
 * platform: the machine's answers to what harts ask beside memory and time: see cpu/platform.h.
 * Harts are the machine's own; who acknowledges, serves and has ports are devices, asked in the order
 * in which the board added them.
 */
#include "machine/internal.h"

static struct machine *machine_of(const struct cpu *cpu)
{
    return cpu->machine;
}

static enum platform_answer acknowledge(struct cpu *cpu, unsigned pin, uint32_t *vector)
{
    struct machine *m = machine_of(cpu);

    cpu->look = true;
    for (unsigned i = 0; i < m->device_count; i++) {
        struct device *d = m->devices[i];

        if (d->class->acknowledge && d->class->acknowledge(d, cpu->number, pin, vector)) {
            return PLATFORM_DONE;
        }
    }
    return PLATFORM_NOBODY;
}

/* ---- harts ---- */

static enum platform_answer start(struct machine *m, struct cpu *to, struct hart_words words)
{
    enum platform_answer answer;

    if (!to->hart->stopped) {
        return PLATFORM_ALREADY;
    }
    answer = m->isa->traps.message(to, HART_START, words);
    if (answer == PLATFORM_DONE) {
        to->hart->stopped = 0;
        to->hart->waiting = 0;
    }
    return answer;
}

static enum platform_answer stop(struct machine *m, struct cpu *to, struct hart_words words)
{
    enum platform_answer answer;

    if (to->hart->stopped) {
        return PLATFORM_ALREADY;
    }
    answer = m->isa->traps.message(to, HART_STOP, words);
    if (answer == PLATFORM_DONE) {
        to->hart->stopped = 1;
    }
    return answer;
}

static enum platform_answer message(struct cpu *cpu, unsigned number, enum hart_message what,
                                    struct hart_words words)
{
    struct machine *m = machine_of(cpu);
    struct cpu *to;

    if (number >= m->hart_count) {
        return PLATFORM_NOBODY;
    }
    if (m->isa->traps.message == NULL) {
        return PLATFORM_REFUSED;
    }
    to = &m->cpus[number];
    cpu->look = true;
    switch (what) {
    case HART_START: return start(m, to, words);
    case HART_STOP: return stop(m, to, words);
    case HART_KICK: return m->isa->traps.message(to, HART_KICK, words);
    case HART_RESET: machine_request_hart_reset(m, number); return PLATFORM_DONE;
    }
    return PLATFORM_REFUSED;
}

/* ---- devices ---- */

static enum platform_answer call(struct cpu *cpu, struct platform_call *c)
{
    struct machine *m = machine_of(cpu);

    cpu->look = true;
    for (unsigned i = 0; i < m->device_count; i++) {
        struct device *d = m->devices[i];
        enum platform_answer answer =
            d->class->call ? d->class->call(d, cpu->number, c) : PLATFORM_NOBODY;

        if (answer != PLATFORM_NOBODY) {
            return answer;
        }
    }
    return PLATFORM_NOBODY;
}

static void shut_down(struct cpu *cpu)
{
    struct machine *m = machine_of(cpu);

    cpu->look = true;
    if (m->board_shutdown) {
        m->board_shutdown(m, cpu->number);
    } else {
        machine_request_reset(m, RESET_WARM);
    }
}

const struct cpu_platform machine_platform = {
    .acknowledge = acknowledge,
    .message = message,
    .call = call,
    .shutdown = shut_down,
};
