/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_fake: a machine small enough to reason about, in place of src/machine, for the tests of
 * journal/. It keeps machine.h's promises on ticks: alarms, then an input or an instruction or
 * idling; any chunking gives the same state. Its guest works for `busy` ticks after each alarm, sums
 * up all it does, and writes what it read, in capitals, at the next alarm.
 * Included by one .c file per test program.
 */
#ifndef TESTS_UNIT_JOURNAL_FAKE_H
#define TESTS_UNIT_JOURNAL_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal/journal.h"
#include "journal_inputs.h"

enum { FAKE_PORT = 1, FAKE_FRAMES = 2, FAKE_FIFO = 16, FAKE_FRAME_MAX = 10000 };

/* All that the journal asks a machine for. */
struct machine {
    struct machine_state state;
    struct inlet inlet;
    struct machine_uses uses;
    struct port ports[3];
};

struct fake {
    struct machine m; /* first: the journal only sees this */
    uint64_t period, busy;
    tick fault_at; /* a bit flips on reaching it; 0: never */
    tick off_at;   /* the guest powers off; 0: never */
    uint64_t sum;
    tick alarm, busy_until;
    uint8_t fifo[FAKE_FIFO];
    uint32_t held;
    uint32_t frame_room; /* of the port of messages, which sums them up */
    uint64_t asked;      /* inlet calls: not state */
    bool lenient;        /* takes whatever comes, more than it has room for as well */
};

static inline void fake_init(struct fake *f, uint64_t period, uint64_t busy)
{
    memset(f, 0, sizeof(*f));
    f->m.state.power = POWER_ON;
    f->m.ports[POKE_PORT].message_max = INPUT_BYTES_MAX;
    f->m.ports[FAKE_FRAMES].message_max = FAKE_FRAME_MAX;
    snprintf(f->m.ports[FAKE_PORT].name, sizeof(f->m.ports[FAKE_PORT].name), "serial0");
    f->period = period;
    f->busy = busy;
    f->alarm = period;
    f->busy_until = busy;
    f->sum = 1;
}

const struct machine_state *machine_state(const struct machine *m)
{
    return &m->state;
}

const struct machine_uses *machine_uses(const struct machine *m)
{
    return &m->uses;
}

unsigned machine_port_count(const struct machine *m)
{
    return ARRAY_LEN(m->ports);
}

const struct port *machine_port(const struct machine *m, unsigned number)
{
    assert_true(number < ARRAY_LEN(m->ports));
    return &m->ports[number];
}

void machine_set_inlet(struct machine *m, const struct inlet *inlet)
{
    m->inlet = *inlet;
}

uint32_t machine_port_room(const struct machine *m, uint16_t port)
{
    return port == POKE_PORT     ? INPUT_BYTES_MAX
           : port == FAKE_PORT   ? FAKE_FIFO - ((const struct fake *)m)->held
           : port == FAKE_FRAMES ? ((const struct fake *)m)->frame_room
                                 : 0;
}

uint64_t machine_hash(struct machine *m)
{
    const struct fake *f = (const struct fake *)m;
    uint64_t all[] = {m->state.now, m->state.instructions, f->sum, f->held, f->alarm};

    return hash_bytes(all, sizeof(all), hash_bytes(f->fifo, sizeof(f->fifo), 0));
}

/* A branch's second machine is the journal's to free. */
static unsigned fake_frees;
void machine_free(struct machine *m)
{
    fake_frees += m != NULL;
    free(m);
}

static inline void fake_settle(struct fake *f)
{
    tick now = f->m.state.now;

    if (f->fault_at != 0 && now >= f->fault_at) {
        f->sum ^= 1;
        f->fault_at = 0;
    }
    if (f->off_at != 0 && now >= f->off_at) {
        f->m.state.power = POWER_OFF;
    }
    if (now >= f->alarm) {
        f->alarm = now + f->period;
        f->busy_until = now + f->busy;
        for (uint32_t i = 0; i < f->held; i++) {
            f->fifo[i] = (uint8_t)(f->fifo[i] & ~0x20);
        }
        if (f->held > 0) {
            f->m.inlet.output(f->m.inlet.opaque, now, FAKE_PORT, f->fifo, f->held);
        }
        f->held = 0;
        memset(f->fifo, 0, sizeof(f->fifo));
    }
}

static inline void fake_deliver(struct fake *f, const struct input *in)
{
    assert_int_equal(in->at, f->m.state.now);
    assert_true(f->lenient || in->length <= machine_port_room(&f->m, in->port));
    assert_true(f->lenient || in->length > 0 || f->m.ports[in->port].message_max > 0);
    f->sum = hash_bytes(in->data, in->length, f->sum + in->at * 31 + in->port);
    if (in->port == FAKE_PORT && !f->lenient) {
        memcpy(f->fifo + f->held, in->data, in->length);
        f->held += in->length;
        f->busy_until = f->m.state.now + 1 + f->busy;
    }
    if (in->port == POKE_PORT && in->length == POKE_HEADER && in->data[0] == POKE_RATE) {
        f->m.state.clock = (struct clock){.base_ns = clock_ns(&f->m.state.clock, in->at),
                                          .base_tick = in->at,
                                          .shift = bytes_get_le(in->data + 8, 8)};
    }
    f->m.state.now++;
}

enum stop machine_run(struct machine *m, tick until, bool skip_probes_now)
{
    struct fake *f = (struct fake *)m;
    tick quiet_until = 0;

    (void)skip_probes_now;
    for (;;) {
        struct input in;
        tick to;

        fake_settle(f);
        if (m->state.power != POWER_ON) {
            return STOP_POWER;
        }
        if (m->state.now >= until) {
            return STOP_TICK;
        }
        if (m->state.now >= quiet_until) {
            f->asked++;
            enum inlet_answer a = m->inlet.next(m->inlet.opaque, m->state.now, &in, &quiet_until);
            if (a == INLET_END) {
                return STOP_END;
            }
            if (a == INLET_INPUT) {
                fake_deliver(f, &in);
                quiet_until = 0;
                continue;
            }
            assert_true(quiet_until > m->state.now);
        }
        to = f->alarm < until ? f->alarm : until;
        to = f->fault_at > m->state.now && f->fault_at < to ? f->fault_at : to;
        to = f->off_at > m->state.now && f->off_at < to ? f->off_at : to;
        if (m->state.now >= f->busy_until) {
            tick t = m->inlet.idle(m->inlet.opaque, m->state.now, to);
            assert_true(t >= m->state.now && t <= to);
            if (t == TICK_NEVER) {
                return STOP_END;
            }
            m->state.now = t;
            quiet_until = 0;
            continue;
        }
        to = f->busy_until < to ? f->busy_until : to;
        to = quiet_until < to ? quiet_until : to;
        while (m->state.now < to) {
            f->sum = f->sum * UINT64_C(6364136223846793005) + m->state.now;
            m->state.now++;
            m->state.instructions++;
        }
    }
}

static inline void fake_config(struct machine_config *c)
{
    static uint8_t kernel[70000];
    static uint8_t bios[] = "firmware";

    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < sizeof(kernel); i++) {
        kernel[i] = (uint8_t)(i * i >> 7);
    }
    snprintf(c->arch, sizeof(c->arch), "riscv64");
    snprintf(c->board, sizeof(c->board), "virt");
    snprintf(c->append, sizeof(c->append), "console=ttyS0 quiet");
    c->hart_count = 2;
    c->serial_count = 1;
    c->ram_bytes = 128 * MIB;
    c->quantum = MACHINE_QUANTUM;
    c->epoch_ns = UINT64_C(1700000000123456789);
    c->seed = UINT64_MAX;
    c->images[IMAGE_BIOS].name = (char *)(uintptr_t) "bios.bin";
    c->images[IMAGE_BIOS].data = bios;
    c->images[IMAGE_BIOS].size = sizeof(bios);
    c->images[IMAGE_KERNEL].name = (char *)(uintptr_t) "Image";
    c->images[IMAGE_KERNEL].data = kernel;
    c->images[IMAGE_KERNEL].size = sizeof(kernel);
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        c->images[i].hash = hash_bytes(c->images[i].data, c->images[i].size, 0);
    }
}

/* A path of our own in the build's scratch folder; remove() it. */
static inline const char *fake_path(char *room, size_t size, const char *name)
{
    const char *dir = getenv("TMPDIR");

    snprintf(room, size, "%s/reprise-%s-%d.rr", dir != NULL ? dir : "/tmp", name, (int)getpid());
    remove(room);
    return room;
}

/* A sink that keeps everything. */
struct fake_console {
    struct text text;
};
static inline void fake_output(void *opaque, tick at, uint16_t port, const uint8_t *bytes,
                               size_t count)
{
    (void)at;
    assert_int_equal(port, FAKE_PORT);
    text_add_bytes(&((struct fake_console *)opaque)->text, bytes, count);
}

/* Time that passes only by waiting, and a world that posts at given times. */
struct fake_world {
    uint64_t ns;
    struct journal *journal;
    const struct fake_post {
        uint64_t at_ns;
        const char *bytes; /* NULL: quit */
    } * posts;
    size_t count, next;
    uint64_t waits;
};

/* Some words, one of them more than the FIFO takes, and the user quits. */
static const struct fake_post fake_typed[] = {
    {3000000, "hello"},
    {3000001, " world\n"},
    {9000000, "this line is longer than the fifo of the machine\n"},
    {60000000, "and the last\n"},
    {90000000, NULL},
};
static inline uint64_t fake_now_ns(void *opaque)
{
    return ((struct fake_world *)opaque)->ns;
}
static inline void fake_wait(void *opaque, uint64_t until_ns)
{
    struct fake_world *w = opaque;

    w->waits++;
    if (w->next < w->count && w->posts[w->next].at_ns <= until_ns) {
        const struct fake_post *p = &w->posts[w->next++];
        w->ns = p->at_ns > w->ns ? p->at_ns : w->ns;
        if (p->bytes == NULL) {
            journal_post_quit(w->journal, END_QUIT);
        } else {
            size_t n = strlen(p->bytes);
            assert_int_equal(journal_post(w->journal, FAKE_PORT, p->bytes, n), n);
        }
        return;
    }
    assert_true(until_ns != UINT64_MAX);
    w->ns = until_ns > w->ns ? until_ns : w->ns;
}
static inline void fake_wake(void *opaque)
{
    (void)opaque;
}
static inline struct pace fake_pace(struct fake_world *w)
{
    return (struct pace){.opaque = w, .now_ns = fake_now_ns, .wait = fake_wait, .wake = fake_wake};
}

#endif
