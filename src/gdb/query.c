/* SPDX-License-Identifier: GPL-2.0-or-later
 * query: what the client asks about the server and the threads; a thread is a hart, numbered from
 * 1. After "General Query Packets" of the GDB manual; the qqemu ones after the reference emulator.
 */
#include "gdb/internal.h"

/* True, and past it, if the next of `a list; of features` is this one. */
static bool offers(const struct gdb_args *a, const char *feature)
{
    const uint8_t *at = a->at;
    size_t length = strlen(feature);

    while (at < a->end) {
        const uint8_t *next = memchr(at, ';', (size_t)(a->end - at));
        size_t n = (size_t)((next != NULL ? next : a->end) - at);

        if (n == length && memcmp(at, feature, n) == 0) {
            return true;
        }
        at = next != NULL ? next + 1 : a->end;
    }
    return false;
}

void gdb_q_supported(struct gdb_session *s, struct gdb_args *a)
{
    if (gdb_take(a, ':')) {
        s->knows_swbreak = offers(a, "swbreak+");
        s->knows_hwbreak = offers(a, "hwbreak+");
        s->knows_errors = offers(a, "error-message+");
    }
    /* Not QStartNoAckMode: acknowledgements are how GDB finds the answers again after its user has
     * interrupted the wait for one, and how we know that it still waits. */
    text_add(&s->out,
             "PacketSize=%x;qXfer:features:read+;qXfer:memory-map:read+;"
             "qXfer:threads:read+;vContSupported+;ReverseStep+;ReverseContinue+;swbreak+;"
             "hwbreak+;binary-upload+;ConditionalBreakpoints+",
             GDB_PAYLOAD_MAX);
}

void gdb_q_c(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "QC%x", s->hart + 1);
}

/* The machine was there before: at its end a client detaches instead of killing it. */
void gdb_q_attached(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "1");
}

void gdb_q_threads_first(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    for (unsigned h = 0; h < machine_hart_count(s->machine); h++) {
        text_add(&s->out, "%c%x", h == 0 ? 'm' : ',', h + 1);
    }
}

void gdb_q_threads_next(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "l");
}

const char *gdb_hart_state(const struct gdb_session *s, unsigned hart)
{
    if (machine_cpu(s->machine, hart)->hart->stopped) {
        return "out of service";
    }
    if (machine_cpu(s->machine, hart)->hart->waiting != 0) {
        return "waits for an interrupt";
    }
    return hart == machine_state(s->machine)->current ? "takes the next step" : "ready";
}

void gdb_q_thread_extra(struct gdb_session *s, struct gdb_args *a)
{
    struct text words = {0};
    int hart;

    if (!gdb_take_thread(s, a, &hart) || hart < 0 || gdb_left(a) != 0) {
        gdb_refuse(s, "There is no such thread.");
        return;
    }
    text_add(&words, "hart%d: %s", hart, gdb_hart_state(s, (unsigned)hart));
    gdb_add_hex(&s->out, words.data, words.length);
    text_fini(&words);
}

void gdb_set_no_ack(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    s->wire.acknowledge = false;
    gdb_ok(s);
}

void gdb_set_non_stop(struct gdb_session *s, struct gdb_args *a)
{
    if (gdb_take(a, '0') && gdb_left(a) == 0) {
        gdb_ok(s);
    } else {
        gdb_refuse(s, "A machine stops as a whole: there is no non-stop mode.");
    }
}

void gdb_q_phy_mem(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "%d", s->physical);
}

void gdb_set_phy_mem(struct gdb_session *s, struct gdb_args *a)
{
    uint64_t on;

    if (!gdb_take_hex(a, &on) || on > 1 || gdb_left(a) != 0) {
        gdb_refuse(s, "PhyMemMode is 0 or 1.");
        return;
    }
    s->physical = on != 0;
    gdb_ok(s);
}

/* Interrupts belong to history: a step cannot keep them off. */
void gdb_q_sstep_bits(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "ENABLE=1");
}

void gdb_q_sstep(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "0x1");
}

/* Said by our extension of GDB: nothing needs to be said of stale registers. */
void gdb_set_flushes(struct gdb_session *s, struct gdb_args *a)
{
    s->client_flushes = gdb_take(a, '1') && gdb_left(a) == 0;
    gdb_ok(s);
}

void gdb_set_sstep(struct gdb_session *s, struct gdb_args *a)
{
    uint64_t bits;

    if (!gdb_take_hex(a, &bits) || bits != 1 || gdb_left(a) != 0) {
        gdb_refuse(s, "A step cannot keep interrupts off: they belong to history.");
        return;
    }
    gdb_ok(s);
}
