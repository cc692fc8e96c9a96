/* SPDX-License-Identifier: GPL-2.0-or-later
 * drive: running forwards, which is all that ever runs. In pieces that end where something is to
 * be done: a checkpoint left, a witness compared, a fault injected, the user asked. How a run is
 * cut into pieces cannot be seen by the guest.
 */
#include "travel/internal.h"

/* The user is asked at the end of each piece; this many instructions take 2 ms, 50 interpreted. */
#define PIECE_MOST (UINT64_C(1) << 21)
/* And between so many probes that are met. */
#define MET_MOST 4096
/* A piece grows up to this many times the spacing while the guest mostly idles. */
#define PIECE_SHIFT_MAX 6
/* The trail behind a place gone to: marks at 1, 10, 100 ... ticks before it. */
#define TRAIL_STEPS 7

struct plan {
    tick until;
    unsigned flags;
    tick start;
    unsigned shift;    /* how much longer than the spacing a piece is: the guest idles */
    tick next_witness; /* TICK_NEVER: none */
    uint64_t hash;     /* of that */
};

static tick known_end(const struct travel *t)
{
    tick end = t->source.end(t->source.opaque);

    return t->source.run_live != NULL && t->furthest > end ? t->furthest : end;
}

static bool at_edge(const struct travel *t)
{
    return t->source.run_live != NULL && machine_state(t->machine)->now >= known_end(t);
}

static void find_witness(const struct travel *t, struct plan *p)
{
    tick after =
        t->verified > machine_state(t->machine)->now ? t->verified : machine_state(t->machine)->now;

    p->next_witness = TICK_NEVER;
    if (t->verify && t->source.witness != NULL && !t->diverged &&
        !t->source.witness(t->source.opaque, after, &p->next_witness, &p->hash)) {
        p->next_witness = TICK_NEVER;
    }
}

/* The first tick of the trail after now. */
static tick next_of_trail(const struct plan *p, tick now)
{
    tick next = TICK_NEVER;
    uint64_t back = 1;

    if (!(p->flags & DRIVE_TRAIL)) {
        return next;
    }
    for (unsigned i = 0; i < TRAIL_STEPS && back < p->until - now; i++) {
        next = p->until - back;
        back *= 10;
    }
    return next;
}

static tick earlier(tick a, tick b)
{
    return a < b ? a : b;
}

static uint64_t since_mark(const struct travel *t)
{
    uint64_t cost = travel_cost(t),
             before = travel_mark_before(t, machine_state(t->machine)->now)->cost;

    return cost > before ? cost - before : 0;
}

static tick piece_end(const struct travel *t, const struct plan *p)
{
    tick now = machine_state(t->machine)->now;
    uint64_t since = p->flags & DRIVE_NO_MARKS ? 0 : since_mark(t);
    uint64_t left = since < t->limits.spacing ? t->limits.spacing - since : 1;
    uint64_t of_span = travel_span_left(t);
    tick end;

    left = of_span < left ? of_span : left;
    left = left < PIECE_MOST ? left : PIECE_MOST;
    end = p->until - now > left << p->shift ? now + (left << p->shift) : p->until;

    end = earlier(end, next_of_trail(p, now));
    end = earlier(end, p->next_witness);
    end = earlier(end, travel_next_injection(t, now));
    if (!at_edge(t)) {
        end = earlier(end, known_end(t));
    }
    if (now < t->furthest) {
        end = earlier(end, t->furthest);
    }
    return end;
}

static enum stop run_piece(struct travel *t, tick until, bool skip_here)
{
    struct machine *m = t->machine;
    struct engine_stats before, after;
    tick now = machine_state(m)->now;
    enum stop stop;

    engine_get_stats(machine_engine(m), &before);
    t->muted = now < t->furthest;
    if (at_edge(t)) {
        if (!t->is_live) {
            travel_go_live(t);
        }
        stop = t->source.run_live(t->source.opaque, m, until, skip_here);
    } else {
        stop = machine_run(m, until, skip_here);
    }
    if (machine_state(m)->now > t->furthest) {
        t->furthest = machine_state(m)->now;
    }
    t->stats.ticks_run += machine_state(m)->now - now;
    if (!t->muted) {
        engine_get_stats(machine_engine(m), &after);
        t->counts.exceptions += after.exceptions - before.exceptions;
        t->counts.interrupts += after.interrupts - before.interrupts;
    }
    return stop;
}

/* At the tick of a witness: whether it is equal. */
static bool compare_witness(struct travel *t, const struct plan *p)
{
    tick now = machine_state(t->machine)->now;

    t->verified = now;
    if (machine_hash(t->machine) != p->hash) {
        t->diverged = true;
        t->bad = now;
        return false;
    }
    t->good = now;
    t->stats.witnesses++;
    return true;
}

/* What is to be done where a piece ended. False: the journey ends there. */
static bool piece_done(struct travel *t, struct plan *p, tick from, uint64_t instructions)
{
    const struct machine_state *s = machine_state(t->machine);
    uint64_t retired = s->instructions - instructions;

    if (s->now != from) {
        travel_apply_injections(t);
    }
    if (s->now == p->next_witness) {
        if (!compare_witness(t, p)) {
            travel_drop_index(t);
            return false;
        }
        find_witness(t, p);
    }
    if (retired < (s->now - from) / 2) {
        p->shift += p->shift < PIECE_SHIFT_MAX;
    } else {
        p->shift = 0;
    }
    if (!(p->flags & DRIVE_NO_MARKS) && since_mark(t) >= t->limits.spacing) {
        travel_mark(t);
    }
    travel_feed_chart(t);
    return true;
}

/* Whether now is one of the ticks of the trail. */
static bool on_trail(const struct plan *p, tick now)
{
    uint64_t back = 1;

    for (unsigned i = 0; i < TRAIL_STEPS && (p->flags & DRIVE_TRAIL); i++, back *= 10) {
        if (p->until - now == back) {
            return true;
        }
    }
    return false;
}

static bool interrupted(struct travel *t, const struct plan *p)
{
    tick now = machine_state(t->machine)->now;
    uint64_t whole = p->until == TICK_NEVER ? 0 : p->until - p->start;

    if (t->scanning != NULL && travel_scan_is_over(t)) {
        return true;
    }
    return t->poll != NULL && now != p->until && t->poll(t->poll_opaque, now - p->start, whole);
}

bool travel_gives_up(struct travel *t)
{
    if (likely(++t->met % MET_MOST != 0) || t->gave_up) {
        return t->gave_up;
    }
    t->gave_up =
        (t->scanning != NULL && travel_scan_is_over(t)) ||
        (t->poll != NULL &&
         t->poll(t->poll_opaque, machine_state(t->machine)->now - t->asked_from, t->asked_whole));
    return t->gave_up;
}

enum travel_why travel_met(struct travel *t)
{
    bool gave_up = t->gave_up;

    t->gave_up = false;
    return gave_up ? TRAVEL_INTERRUPTED : TRAVEL_HIT;
}

enum travel_why travel_drive(struct travel *t, tick until, unsigned flags)
{
    struct machine *m = t->machine;
    struct plan p = {.until = until, .flags = flags, .start = machine_state(m)->now};

    t->asked_from = p.start;
    t->asked_whole = until == TICK_NEVER ? 0 : until - p.start;
    if (travel_is_diverted(t)) {
        return travel_drive_aside(t, until, (flags & DRIVE_SKIP_HERE) != 0);
    }
    find_witness(t, &p);
    while (machine_state(m)->now < until) {
        tick from = machine_state(m)->now, end;
        uint64_t instructions = machine_state(m)->instructions;
        enum stop stop;

        if (!at_edge(t) && from >= known_end(t)) {
            return machine_state(m)->power != POWER_ON ? TRAVEL_POWER : TRAVEL_END;
        }
        end = piece_end(t, &p);
        stop = run_piece(t, end, (p.flags & DRIVE_SKIP_HERE) != 0 && from == p.start);
        if (machine_state(m)->now != from) {
            t->has_reported = false;
        }
        if (stop == STOP_LOST) { /* the last step never was */
            return TRAVEL_END;
        }
        if (!piece_done(t, &p, from, instructions)) {
            return TRAVEL_DIVERGED;
        }
        if (stop == STOP_PROBE) {
            return travel_met(t);
        }
        if (stop != STOP_TICK && machine_state(m)->now < until) {
            return stop == STOP_POWER ? TRAVEL_POWER : TRAVEL_END;
        }
        if (on_trail(&p, machine_state(m)->now)) {
            travel_mark(t);
        }
        if (interrupted(t, &p)) {
            return TRAVEL_INTERRUPTED;
        }
    }
    return TRAVEL_ARRIVED;
}

enum travel_why travel_go(struct travel *t, tick to)
{
    tick now = machine_state(t->machine)->now;
    const struct mark *mark = travel_nearest(t, to, to < now ? 0 : now);

    must(!travel_is_diverted(t));
    if (to < now || mark->at > now) {
        if (at_edge(t)) {
            travel_mark(t); /* so that the way back to the live edge is short */
            mark = travel_mark_before(t, to);
        }
        travel_restore(t, mark);
    }
    return travel_drive(t, to, DRIVE_TRAIL);
}

/* ---- public ---- */

tick travel_end(const struct travel *t)
{
    return known_end(t);
}

bool travel_at_live_edge(const struct travel *t)
{
    return at_edge(t);
}
