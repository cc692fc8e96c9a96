/* SPDX-License-Identifier: GPL-2.0-or-later
 * platform: the machine's answers to what harts ask beside memory and time: see cpu/platform.h.
 * Harts are the machine's own; who acknowledges and serves are devices, asked in the order in which
 * the board added them; the I/O space is a second map of their windows.
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

static void line(struct cpu *cpu, unsigned output, bool level)
{
    const struct hart_output *to;

    must(output < CPU_OUTPUTS_MAX);
    to = &machine_of(cpu)->hart_outputs[cpu->number][output];
    if (to->device != NULL) {
        cpu->look = true;
        to->device->class->line(to->device, to->input, level);
    }
}

void machine_connect_output(struct machine *m, unsigned hart, unsigned output, struct device *to,
                            uint32_t input)
{
    must(!m->sealed && hart < m->hart_count && output < CPU_OUTPUTS_MAX && to->class->line);
    m->hart_outputs[hart][output] = (struct hart_output){.device = to, .input = input};
}

static enum platform_answer read_register(struct cpu *cpu, uint32_t number, uint64_t *value)
{
    struct machine *m = machine_of(cpu);

    cpu->look = true;
    for (unsigned i = 0; i < m->device_count; i++) {
        struct device *d = m->devices[i];
        enum platform_answer answer = d->class->read_register
                                          ? d->class->read_register(d, cpu->number, number, value)
                                          : PLATFORM_NOBODY;

        if (answer != PLATFORM_NOBODY) {
            return answer;
        }
    }
    return PLATFORM_NOBODY;
}

static enum platform_answer write_register(struct cpu *cpu, uint32_t number, uint64_t value)
{
    struct machine *m = machine_of(cpu);

    cpu->look = true;
    for (unsigned i = 0; i < m->device_count; i++) {
        struct device *d = m->devices[i];
        enum platform_answer answer = d->class->write_register
                                          ? d->class->write_register(d, cpu->number, number, value)
                                          : PLATFORM_NOBODY;

        if (answer != PLATFORM_NOBODY) {
            return answer;
        }
    }
    return PLATFORM_NOBODY;
}

/* ---- the I/O space ---- */

/* The window at `at`, NULL if there is none; *piece: how many of the bytes are of the same. */
static const struct mem_window *window_at(struct machine *m, paddr at, unsigned size, bool is_write,
                                          uint64_t *in_window, unsigned *piece)
{
    struct mem_place p = mem_find(&m->io, at, is_write);

    *in_window = p.at;
    *piece = p.window == NULL ? 1 : p.left < size ? (unsigned)p.left : size;
    return p.window;
}

static enum platform_answer io_read(struct cpu *cpu, paddr at, unsigned size, uint64_t *value)
{
    enum platform_answer answer = PLATFORM_NOBODY;
    uint8_t bytes[8];

    must(size == 1 || size == 2 || size == 4 || size == 8);
    memset(bytes, 0xff, sizeof bytes);
    for (unsigned done = 0, piece; done < size; done += piece) {
        uint64_t in_window;
        const struct mem_window *w =
            window_at(machine_of(cpu), at + done, size - done, false, &in_window, &piece);

        if (w != NULL) {
            (void)mem_window_read(w, in_window, bytes + done, piece, (int)cpu->number);
            answer = PLATFORM_DONE;
        }
    }
    *value = bytes_get_le(bytes, size);
    return answer;
}

static enum platform_answer io_write(struct cpu *cpu, paddr at, unsigned size, uint64_t value)
{
    enum platform_answer answer = PLATFORM_NOBODY;
    uint8_t bytes[8];

    must(size == 1 || size == 2 || size == 4 || size == 8);
    bytes_set_le(bytes, size, value);
    for (unsigned done = 0, piece; done < size; done += piece) {
        uint64_t in_window;
        const struct mem_window *w =
            window_at(machine_of(cpu), at + done, size - done, true, &in_window, &piece);

        if (w != NULL) {
            (void)mem_window_write(w, in_window, bytes + done, piece, (int)cpu->number);
            answer = PLATFORM_DONE;
        }
    }
    return answer;
}

static void shut_down(struct cpu *cpu)
{
    struct machine *m = machine_of(cpu);

    cpu->look = true;
    if (m->board.shutdown) {
        m->board.shutdown(m, cpu->number);
    } else {
        machine_request_reset(m, RESET_WARM);
    }
}

const struct cpu_platform machine_platform = {
    .acknowledge = acknowledge,
    .message = message,
    .call = call,
    .read_register = read_register,
    .write_register = write_register,
    .line = line,
    .io_read = io_read,
    .io_write = io_write,
    .shutdown = shut_down,
};
