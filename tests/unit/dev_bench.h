/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev_bench: a machine without a program, to drive devices on. Its harts wait for ever and only
 * remember their pins; virtual time passes by asking, 1 ns a tick; what leaves is kept.
 */
#ifndef DEV_BENCH_H
#define DEV_BENCH_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dev/dev.h"
#include "machine/build.h"

struct bench_hart {
    struct hart hart;
    uint64_t pins;
};

static const struct field bench_fields[] = {HART_FIELDS(struct bench_hart),
                                            FIELD(struct bench_hart, pins)};

/* Any will do: boards are asked what they make of it. */
static int bench_make_model(void *model, const struct isa_options *o, struct error *e)
{
    (void)model;
    (void)o;
    (void)e;
    return 0;
}

static void bench_hart_reset(void *state, const void *model, const struct isa_options *o)
{
    struct bench_hart *h = state;

    (void)model;
    (void)o;
    h->hart.waiting = 1;
}

static bool bench_never(const struct cpu *cpu)
{
    (void)cpu;
    return false;
}

static tick bench_no_alarm(const struct cpu *cpu)
{
    (void)cpu;
    return TICK_NEVER;
}

static void bench_set_pin(struct cpu *cpu, unsigned pin, bool level)
{
    struct bench_hart *h = cpu->state;

    h->pins = bits_set(h->pins, pin, 1, level);
}

static const struct isa bench_isa = {
    .name = "bench",
    .model_size = 1,
    .make_model = bench_make_model,
    .state = FIELD_TABLE(struct bench_hart, bench_fields),
    .reset = bench_hart_reset,
    .traps = {.interrupt_pending = bench_never,
              .wakes = bench_never,
              .set_line = bench_set_pin,
              .next_alarm = bench_no_alarm},
};

/* A receiver of lines, so that they can be looked at. */
struct bench_lamp {
    uint64_t lit; /* a bit a line */
};

static const struct field bench_lamp_fields[] = {FIELD(struct bench_lamp, lit)};

static void bench_lamp_line(struct device *d, uint32_t n, bool level)
{
    struct bench_lamp *s = d->state;

    s->lit = bits_set(s->lit, n, 1, level);
}

static const struct device_class bench_lamp = {
    .name = "lamp",
    .state = FIELD_TABLE(struct bench_lamp, bench_lamp_fields),
    .line = bench_lamp_line,
};

#define BENCH_BASE UINT64_C(0x10000000)

struct bench {
    struct machine *machine;
    struct device *device; /* the one looked at; its window is at BENCH_BASE */
    struct device *lamp;   /* hears its lines */
    struct input input;    /* what bench_input() left to be delivered */
    bool has_input;
    uint8_t sent[256]; /* what left */
    size_t sent_count;
    unsigned complaints; /* guest errors logged */
};

static enum inlet_answer bench_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct bench *b = opaque;

    *ask_again = TICK_NEVER;
    if (!b->has_input) {
        return INLET_QUIET;
    }
    b->has_input = false;
    *in = b->input;
    in->at = now;
    return INLET_INPUT;
}

static tick bench_idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    (void)now;
    return event;
}

static void bench_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct bench *b = opaque;

    (void)now;
    assert_int_equal(port, b->device->port);
    assert_true(count <= sizeof(b->sent) - b->sent_count);
    memcpy(b->sent + b->sent_count, bytes, count);
    b->sent_count += count;
}

static void bench_complain(void *opaque, tick at, const char *channel, const char *text)
{
    struct bench *b = opaque;

    (void)at;
    (void)channel;
    b->complaints += strstr(text, "guest error") != NULL;
}

/* The machine is to be sealed. */
static inline void bench_open_unsealed(struct bench *b, const struct device_class *class,
                                       const void *config, size_t config_size, unsigned harts)
{
    struct machine_config c;
    struct error e;

    memset(b, 0, sizeof(*b));
    machine_config_init(&c);
    c.hart_count = harts;
    b->machine = machine_new(&c, &bench_isa, &e);
    assert_non_null(b->machine);
    machine_set_log(b->machine, &(struct machine_log){.opaque = b, .line = bench_complain});
    b->lamp = machine_add_device(b->machine, &bench_lamp, "lamp", 0, NULL, 0, NULL, &e);
    assert_non_null(b->lamp);
    b->device = machine_add_device(b->machine, class, class->name, BENCH_BASE, config, config_size,
                                   class->input != NULL ? "port" : NULL, &e);
    assert_non_null(b->device);
    for (uint32_t i = 0; i < class->output_lines; i++) {
        machine_connect(b->device, i, b->lamp, i);
    }
    machine_set_inlet(b->machine, &(struct inlet){.opaque = b,
                                                  .next = bench_next,
                                                  .idle = bench_idle,
                                                  .output = bench_output});
}

static inline void bench_open(struct bench *b, const struct device_class *class, const void *config,
                              size_t config_size, unsigned harts)
{
    struct error e;

    bench_open_unsealed(b, class, config, config_size, harts);
    assert_int_equal(machine_seal(b->machine, &e), 0);
}

static inline void bench_close(struct bench *b)
{
    machine_free(b->machine);
}

/* The window that reads of an address reach, or NULL. */
static inline struct mem_window *bench_window_at(struct machine *m, paddr at)
{
    return mem_find(machine_mem(m), at, false).window;
}

static inline uint64_t bench_read(struct bench *b, uint64_t at, unsigned size)
{
    struct mem_window *w = bench_window_at(b->machine, BENCH_BASE + at);

    assert_non_null(w);
    return w->read(w->opaque, mem_access_to(w, at, size, 0));
}

static inline void bench_write(struct bench *b, uint64_t at, unsigned size, uint64_t value)
{
    struct mem_window *w = bench_window_at(b->machine, BENCH_BASE + at);

    assert_non_null(w);
    w->write(w->opaque, mem_access_to(w, at, size, 0), value);
}

static inline void bench_pass(struct bench *b, uint64_t ticks)
{
    assert_int_equal(machine_run(b->machine, machine_now(b->machine) + ticks, false), STOP_TICK);
}

/* Delivers bytes to the device's port: one tick. */
static inline void bench_input(struct bench *b, const void *bytes, uint32_t count)
{
    b->input = (struct input){.port = (uint16_t)b->device->port, .length = count, .data = bytes};
    b->has_input = true;
    bench_pass(b, 1);
    assert_false(b->has_input);
}

static inline bool bench_line(const struct bench *b, uint32_t n)
{
    const struct bench_lamp *s = b->lamp->state;

    return bits_get(s->lit, n, 1) != 0;
}

static inline bool bench_pin(const struct bench *b, unsigned hart, unsigned pin)
{
    const struct bench_hart *h = machine_cpu(b->machine, hart)->state;

    return bits_get(h->pins, pin, 1) != 0;
}

#endif
