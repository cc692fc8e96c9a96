/* SPDX-License-Identifier: GPL-2.0-or-later
 * stamp: the live inlet, and the only place where an input gets its tick. The machine asks every
 * few host milliseconds; what waits in the inbox and fits enters at the tick that asks. While the
 * guest is idle the host's clock says how far virtual time has come.
 */
#include "journal/tape.h"

enum {
    HORIZON_MIN = 1 << 12,
    HORIZON_START = 1 << 16,
    HORIZON_MAX = 1 << 24,
    HORIZON_FULL = 1 << 13, /* while input waits for a port that has no room */
    ASK_SHORT_NS =
        1500000, /* between two questions; an input waits no longer than the longer one */
    ASK_LONG_NS = 5000000,
    SLICE_NS = 40000000, /* of an idle wait, so that the seal moves on */
    NAP_NS = 100000,     /* shorter waits are put off until they add up to this */
    OVERSLEPT_MAX_NS = 5000000
};

void stamp_reached(struct journal *j, tick t)
{
    must(t >= j->recording->known);
    j->recording->known = t;
    if (j->writer != NULL) {
        writer_reached(j->writer, t);
    }
}

/* The distance between two questions follows the speed of the machine; no guest can see it. */
static void adapt_horizon(struct journal *j, tick now)
{
    uint64_t ns, passed;

    if (j->pace.now_ns == NULL) {
        return;
    }
    ns = j->pace.now_ns(j->pace.opaque);
    passed = ns - j->asked_ns;
    if (passed > ASK_LONG_NS && j->horizon > HORIZON_MIN) {
        j->horizon /= 2;
    } else if (passed < ASK_SHORT_NS && now - j->asked_at >= j->horizon &&
               j->horizon < HORIZON_MAX) {
        j->horizon *= 2;
    }
    j->asked_ns = ns;
    j->asked_at = now;
}

/* The user quit, or the file is lost. */
static bool is_over(struct journal *j)
{
    return atomic_load_explicit(&j->quit, memory_order_relaxed) != END_NONE ||
           (j->writer != NULL && writer_failure(j->writer) != NULL);
}

/* What enters now: of those who wait, or a change of the clock's rate. */
static bool take_input(struct journal *j, uint16_t *port, uint32_t *length)
{
    uint64_t shift;

    if (inbox_waiting(&j->inbox) && inbox_take(&j->inbox, j->machine, port, j->scratch, length)) {
        return true;
    }
    if (!rate_adapts(j, &shift)) {
        return false;
    }
    *port = POKE_PORT;
    *length = poke_encode(j->scratch, POKE_RATE, 0, shift, NULL, 0);
    return true;
}

static bool is_called(struct journal *j)
{
    return atomic_load_explicit(&j->called, memory_order_relaxed);
}

/* Whoever drives wants the machine's thread back: to the machine it is as if history ended, and the drive
 * knows better. However often it is called, the machine comes further. */
static bool is_left(struct journal *j, tick now)
{
    return is_called(j) && (j->leaves || now != j->driven_from);
}

static bool is_wanted(struct journal *j);

static enum inlet_answer live_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct journal *j = opaque;
    uint32_t length;
    uint16_t port;

    stamp_reached(j, now);
    if (is_over(j) || is_left(j, now)) {
        return INLET_END;
    }
    if (take_input(j, &port, &length)) {
        *in = (struct input){.at = now, .port = port, .length = length, .data = j->scratch};
        tape_add_input(j->recording->tape, in);
        if (j->writer != NULL) {
            writer_input(j->writer, in);
            writer_tell_places(j->writer, j->recording->tape);
        }
        journal_input(j, in);
        return INLET_INPUT;
    }
    journal_flush(j);
    if (inbox_waiting(&j->inbox)) { /* the guest may take what is there at any instruction */
        *ask_again = now < TICK_NEVER - HORIZON_FULL ? now + HORIZON_FULL : TICK_NEVER;
        return INLET_QUIET;
    }
    adapt_horizon(j, now);
    rate_align(j, is_wanted);
    *ask_again = now < TICK_NEVER - j->horizon ? now + j->horizon : TICK_NEVER;
    return INLET_QUIET;
}

/* Something is to happen before the guest's next alarm. */
static bool is_wanted(struct journal *j)
{
    return is_over(j) || is_called(j) ||
           (inbox_waiting(&j->inbox) && inbox_take(&j->inbox, j->machine, NULL, NULL, NULL));
}

/* Ticks to host time, saturated at a century or so. */
static uint64_t ticks_ns(const struct journal *j, uint64_t ticks)
{
    uint64_t shift = machine_state(j->machine)->clock.shift;

    return ticks > (UINT64_MAX >> 3 >> shift) ? UINT64_MAX >> 3 : ticks << shift;
}

/* Waits until virtual time reaches `event` or somebody wants something; returns the tick then. */
static tick wait_until(struct journal *j, tick now, tick event)
{
    uint64_t start = j->pace.now_ns(j->pace.opaque);
    uint64_t virtual_start = start - (uint64_t)j->overslept_ns;
    uint64_t whole = ticks_ns(j, event - now);
    uint64_t ns = start;
    tick at = now;

    for (;;) {
        uint64_t elapsed = (int64_t)(ns - virtual_start) > 0 ? ns - virtual_start : 0;
        uint64_t slice = ns + SLICE_NS;
        uint64_t steps = elapsed >> machine_state(j->machine)->clock.shift;

        at = elapsed >= whole || steps >= event - now ? event : now + steps;
        if (at >= event) {
            uint64_t late = elapsed - whole;
            j->overslept_ns = late < OVERSLEPT_MAX_NS ? (int64_t)late : OVERSLEPT_MAX_NS;
            break;
        }
        stamp_reached(j, at);
        if (is_wanted(j)) {
            j->overslept_ns = 0;
            break;
        }
        j->pace.wait(j->pace.opaque, virtual_start + whole < slice ? virtual_start + whole : slice);
        ns = j->pace.now_ns(j->pace.opaque);
    }
    j->stats.waited_ns += ns - start;
    j->asked_ns = ns; /* waiting is not the machine's slowness */
    j->asked_at = at;
    return at;
}

static tick live_idle(void *opaque, tick now, tick event)
{
    struct journal *j = opaque;
    int64_t need;

    stamp_reached(j, now);
    j->leaves = true;
    if (is_wanted(j)) {
        return now;
    }
    journal_flush(j);
    if (j->pace.wait == NULL) {
        if (event != TICK_NEVER) {
            return event;
        }
        if (j->pace.park == NULL) {
            j->idle_for_ever = true;
            return TICK_NEVER;
        }
    }
    need = (int64_t)ticks_ns(j, event - now) - j->overslept_ns;
    if (j->pace.wait != NULL && event != TICK_NEVER && need < NAP_NS) {
        j->overslept_ns = -need > OVERSLEPT_MAX_NS ? OVERSLEPT_MAX_NS : -need;
        return event;
    }
    if (j->writer != NULL) {
        writer_hurry(j->writer);
    }
    if (j->pace.wait != NULL) {
        return wait_until(j, now, event);
    }
    while (!is_wanted(j)) {
        j->pace.park(j->pace.opaque);
    }
    return now;
}

static void live_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    journal_output(opaque, now, port, bytes, count);
}

static int live_took(void *opaque, unsigned file, uint64_t cluster, uint64_t hash, struct error *e)
{
    struct journal *j = opaque;
    int is_new = recording_note_read(j->recording, file, cluster, hash, e);

    if (is_new == 1 && j->writer != NULL) {
        writer_read(j->writer, file, &(struct disk_read){.cluster = cluster, .hash = hash});
    }
    return is_new < 0 ? -1 : 0;
}

static void live_lost(void *opaque, const char *why)
{
    struct journal *j = opaque;

    (void)error_set(&j->problem, "%s", why);
    j->is_lost = true;
}

struct inlet stamp_inlet(struct journal *j)
{
    j->horizon = j->horizon != 0 ? j->horizon : HORIZON_START;
    return (struct inlet){.opaque = j,
                          .next = live_next,
                          .idle = live_idle,
                          .output = live_output,
                          .took = live_took,
                          .lost = live_lost};
}
