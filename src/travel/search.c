/* SPDX-License-Identifier: GPL-2.0-or-later
 * search: going places. Forwards is running to a probe; backwards is replaying the pieces of
 * history between checkpoints, the latest first (scan.c), and then going to the last of what was met.
 * docs/travel.md has the rules of the edges and of watchpoints.
 */
#include "travel/internal.h"

/* ---- forwards ---- */

struct travel_stop travel_seek(struct travel *t, tick to)
{
    tick end = travel_end(t);
    enum travel_why why;

    travel_look_for_index(t);
    t->has_reported = false;
    if (to < t->begin) {
        (void)travel_go(t, t->begin);
        return travel_stopped(t, TRAVEL_BEGIN);
    }
    why = travel_go(t, to > end ? end : to);
    if (why == TRAVEL_ARRIVED && to > end) {
        why = machine_state(t->machine)->power != POWER_ON ? TRAVEL_POWER : TRAVEL_END;
    }
    return travel_stopped(t, why);
}

static bool is_watch(enum probe_kind kind)
{
    return kind == PROBE_WATCH_READ || kind == PROBE_WATCH_WRITE || kind == PROBE_WATCH_ACCESS;
}

bool travel_stops_behind(const struct travel_probes *p, uint32_t probe, bool back)
{
    enum probe_kind kind = p->probes[probe].kind;

    return kind == PROBE_TREE || (is_watch(kind) && p->client_steps == back);
}

static bool wanted(const struct travel *t, const struct travel_probes *p,
                   const struct probe_hit *hit)
{
    return p->wanted == NULL || p->wanted(p->opaque, t->machine, hit);
}

struct forward {
    struct travel *travel;
    const struct travel_probes *probes;
    struct probe_hit hit; /* the first one told of the step that stops */
    uint64_t hits;
};

static bool forward_hit(void *opaque, const struct probe_hit *h)
{
    struct forward *f = opaque;

    if (f->hits == 0 && travel_gives_up(f->travel)) {
        return true;
    }
    if (!wanted(f->travel, f->probes, h)) {
        return false;
    }
    if (f->hits == 0 || h->probe < f->hit.probe) {
        f->hit = *h;
    }
    f->hits++;
    return true;
}

struct travel_stop travel_run_forward(struct travel *t, tick until,
                                      const struct travel_probes *probes, bool skip_here)
{
    static const struct travel_probes none;
    struct forward f = {.travel = t, .probes = probes != NULL ? probes : &none};
    const struct probe_set set = {
        .probes = f.probes->probes, .count = f.probes->count, .opaque = &f, .hit = forward_hit};
    struct travel_stop stop;

    t->has_reported = false;
    machine_set_probes(t->machine, &set);
    stop = travel_stopped(t, travel_drive(t, until, skip_here ? DRIVE_SKIP_HERE : 0));
    machine_set_probes(t->machine, NULL);
    if (stop.why == TRAVEL_HIT) {
        bool after = travel_stops_behind(f.probes, f.hit.probe, false);

        if (after) {
            (void)travel_drive(t, f.hit.at_tick + 1, 0);
            stop.at = machine_state(t->machine)->now;
        }
        if (f.probes->probes[f.hit.probe].kind ==
            PROBE_TREE) { /* it is known of: go on before it */
            t->has_reported = true;
            t->reported = (struct place){.position = stop.at, .step = f.hit.at_tick};
        }
        stop.after = after;
        stop.hit = f.hit;
        stop.hart = f.hit.hart;
        stop.hits = f.hits;
    }
    return stop;
}

/* The hart's own next step is let happen, the one after it is not. */
static bool second_step(void *opaque, const struct probe_hit *h)
{
    uint64_t *steps = opaque;

    (void)h;
    return (*steps)++ != 0;
}

struct travel_stop travel_step(struct travel *t, unsigned hart)
{
    const struct probe probe = {.kind = PROBE_STEP, .hart = hart};
    uint64_t steps = 0;
    const struct probe_set set = {
        .probes = &probe, .count = 1, .opaque = &steps, .hit = second_step};
    struct travel_stop stop;
    enum travel_why why;

    must(hart < machine_hart_count(t->machine));
    t->has_reported = false;
    machine_set_probes(t->machine, &set);
    why = travel_drive(t, TICK_NEVER, 0);
    machine_set_probes(t->machine, NULL);
    stop = travel_stopped(t, why == TRAVEL_HIT ? TRAVEL_ARRIVED : why);
    stop.hart = hart;
    return stop;
}

/* ---- backwards ---- */

struct travel_stop travel_reverse_continue(struct travel *t, const struct travel_probes *probes)
{
    tick now = machine_state(t->machine)->now;
    struct backward b = {.travel = t,
                         .machine = t->machine,
                         .probes = probes,
                         .before = {.position = now, .step = now}};
    struct travel_stop stop;
    enum travel_why why;

    travel_look_for_index(t);
    if (t->has_reported) {
        b.before = t->reported;
    }
    if (travel_at_live_edge(t)) {
        travel_mark(t); /* so that the way back to the live edge is short */
    }
    why = probes->count != 0 ? travel_scan(t, &b, now) : TRAVEL_ARRIVED;
    if (why != TRAVEL_ARRIVED) {
        return travel_stopped(t, why);
    }
    why = travel_go(t, b.found ? b.place.position : t->begin);
    if (why != TRAVEL_ARRIVED || !b.found) {
        return travel_stopped(t, why != TRAVEL_ARRIVED ? why : TRAVEL_BEGIN);
    }
    t->has_reported = true;
    t->reported = b.place;
    stop = travel_stopped(t, TRAVEL_HIT);
    stop.hart = b.hit.hart;
    stop.after = b.place.position != b.place.step;
    stop.hit = b.hit;
    stop.hits = b.hits;
    return stop;
}

/* A piece longer than this is first replayed at full speed, leaving a trail of marks: asking at
 * every step is several times slower, and most answers are close. */
#define STEP_PIECE 16

/* Lays a trail before *until. Where all harts have waited until then, *until becomes the tick at
 * which they began to, as nobody has taken a step since, and the trail is laid before that. */
static enum travel_why approach(struct travel *t, tick *until)
{
    enum travel_why why = TRAVEL_ARRIVED;

    while (why == TRAVEL_ARRIVED && *until > t->begin &&
           *until - travel_mark_before(t, *until - 1)->at > STEP_PIECE) {
        const struct mark *mark = travel_nearest(t, *until - 1, 0);
        tick from = mark->at;

        t->idle_to = TICK_NEVER;
        travel_restore(t, mark);
        why = travel_drive(t, *until, DRIVE_TRAIL);
        if (why != TRAVEL_ARRIVED || t->idle_to != *until || t->idle_from == *until) {
            break;
        }
        *until = t->idle_from > from ? t->idle_from : from;
    }
    return why;
}

struct travel_stop travel_reverse_step(struct travel *t, unsigned hart)
{
    const struct probe probe = {.kind = PROBE_STEP, .hart = hart};
    const struct travel_probes probes = {.probes = &probe, .count = 1};
    tick now = machine_state(t->machine)->now, until = now;
    struct backward b = {.travel = t,
                         .machine = t->machine,
                         .probes = &probes,
                         .before = {.position = now, .step = now}};
    struct travel_stop stop;
    enum travel_why why;

    must(hart < machine_hart_count(t->machine));
    travel_look_for_index(t);
    t->has_reported = false;
    if (travel_at_live_edge(t)) {
        travel_mark(t);
    }
    why = approach(t, &until);
    if (why == TRAVEL_ARRIVED) {
        why = travel_scan(t, &b, until);
    }
    if (why == TRAVEL_ARRIVED) {
        why = travel_go(t, b.found ? b.place.position : t->begin);
    }
    if (why == TRAVEL_ARRIVED && !b.found) {
        why = TRAVEL_BEGIN;
    }
    stop = travel_stopped(t, why);
    stop.hart = hart;
    return stop;
}
