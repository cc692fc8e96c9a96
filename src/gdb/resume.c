/* SPDX-License-Identifier: GPL-2.0-or-later
 * resume: going forwards. A machine goes on as a whole, and in a recording only as it did: what a
 * client says about single threads decides whose breakpoints count and whose step ends the
 * journey, not which harts run. Signals mean nothing here.
 */
#include <stdlib.h>

#include "gdb/internal.h"

struct plan {
    int step_hart; /* -1: nobody's step ends it */
    bool range;    /* as long as its pc is in [from, to) it goes on */
    vaddr from, to;
    uint32_t harts; /* whose breakpoints count */
};

struct journey {
    struct gdb_session *session;
    const struct plan *plan;
    const struct probe *probes;
    /* Where it began. */
    unsigned hart;
    vaddr pc;
    uint64_t instructions;
    /* The stepping hart's first step was at that tick. */
    bool stepped;
    tick first;
};

bool gdb_client_steps(const struct gdb_session *s)
{
    return !machine_isa(s->machine)->gdb.stops_behind_access;
}

void gdb_journey_begins(struct gdb_session *s)
{
    s->was_told = s->told;
    s->was_told.is_set = s->told.is_set && s->told.position == travel_now(s->travel);
    s->told.is_set = false;
}

void gdb_moves(const struct gdb_session *s, bool goes)
{
    if (s->options.moves != NULL) {
        s->options.moves(s->options.opaque, goes);
    }
}

bool gdb_was_told(const struct gdb_session *s, const struct probe_hit *hit)
{
    return s->was_told.is_set && s->was_told.step == hit->at_tick;
}

/* ---- what ends it ---- */

static bool step_ends(struct journey *j, const struct probe_hit *h)
{
    if (!j->stepped) {
        j->stepped = true;
        j->first = h->at_tick;
    }
    if (h->at_tick == j->first) {
        return false;
    }
    return !j->plan->range || h->pc < j->plan->from || h->pc >= j->plan->to;
}

/* A client that goes on from a breakpoint does not want to hear of it again; nor of one at the
 * instruction it steps over. */
static bool breaks(const struct journey *j, struct machine *m, const struct probe_hit *h)
{
    if (h->hart == j->hart && h->pc == j->pc &&
        machine_cpu(m, h->hart)->hart->instructions == j->instructions) {
        return false;
    }
    return (int)h->hart != j->plan->step_hart || (j->stepped && h->at_tick != j->first);
}

static bool wanted(void *opaque, struct machine *m, const struct probe_hit *h)
{
    struct journey *j = opaque;

    switch (j->probes[h->probe].kind) {
    case PROBE_STEP: return step_ends(j, h);
    case PROBE_PHYSICAL: return false; /* none is set by this client */
    case PROBE_BREAK:
        return (j->plan->harts >> h->hart & 1) != 0 && breaks(j, m, h) &&
               gdb_point_holds(&j->session->points.data[h->probe], m, h);
    case PROBE_WATCH_READ:
    case PROBE_WATCH_WRITE:
    case PROBE_WATCH_ACCESS:
    case PROBE_TREE: break;
    }
    return gdb_hart_counts(j->plan->harts, h) && !gdb_was_told(j->session, h);
}

/* A step that leads to the end of history is one all the same: the end is told of when there is none to be made. GDB,
 * told of it after the step that leads over a breakpoint, waits for that step ever after. */
static bool made_last_step(const struct journey *j, const struct travel_stop *stop)
{
    return j->plan->step_hart >= 0 && j->stepped &&
           (stop->why == TRAVEL_END || stop->why == TRAVEL_POWER) &&
           travel_now(j->session->travel) > j->first;
}

static void go(struct gdb_session *s, const struct plan *plan)
{
    struct probe *probes = gdb_make_probes(s);
    unsigned hart = machine_state(s->machine)->current;
    struct journey j = {.session = s,
                        .plan = plan,
                        .probes = probes,
                        .hart = hart,
                        .pc = machine_cpu(s->machine, hart)->hart->pc,
                        .instructions = machine_cpu(s->machine, hart)->hart->instructions};
    struct travel_probes set = {.probes = probes,
                                .count = s->points.count,
                                .client_steps = gdb_client_steps(s),
                                .opaque = &j,
                                .wanted = wanted};
    struct travel_stop stop;
    struct error e;
    tick until;

    if (!gdb_aside_goes_on(s, &e)) {
        free(probes);
        gdb_stop_refused(s, &e);
        return;
    }
    if (plan->step_hart >= 0) {
        probes[set.count++] = (struct probe){.kind = PROBE_STEP, .hart = (uint32_t)plan->step_hart};
    }
    gdb_console_note(s);
    gdb_journey_begins(s);
    s->going = true;
    gdb_moves(s, true);
    until = s->options.until != NULL && !travel_is_diverted(s->travel)
                ? s->options.until(s->options.opaque)
                : TICK_NEVER;
    stop = travel_run_forward(s->travel, until, &set, false);
    gdb_moves(s, false);
    gdb_session_flush(s);
    s->going = false;
    if (stop.why == TRAVEL_ARRIVED) { /* where others wanted it to stop */
        stop.why = TRAVEL_INTERRUPTED;
    } else if (made_last_step(&j, &stop)) {
        stop.why = TRAVEL_ARRIVED;
    }
    if (stop.why == TRAVEL_HIT && stop.hit.probe < s->points.count) {
        gdb_stop_at(s, stop.hit.probe, &stop.hit);
    } else {
        gdb_stop_for(s, &stop, plan->step_hart);
    }
    free(probes);
}

/* ---- c C s S ---- */

/* "[;]address": going on from elsewhere would be a change of the machine. */
static bool is_from_here(struct gdb_session *s, struct gdb_args *a)
{
    uint64_t at;

    if (gdb_left(a) == 0) {
        return true;
    }
    if (gdb_take_hex(a, &at) && gdb_left(a) == 0 && at == gdb_cpu(s)->hart->pc) {
        return true;
    }
    gdb_refuse(s, "Going on from another address: set the pc first.");
    return false;
}

static uint32_t all_harts(const struct gdb_session *s)
{
    return (uint32_t)((UINT64_C(1) << machine_hart_count(s->machine)) - 1);
}

static void resume_one(struct gdb_session *s, struct gdb_args *a, bool step)
{
    struct plan plan = {.step_hart = -1, .harts = all_harts(s)};

    if (!is_from_here(s, a)) {
        return;
    }
    if (s->resume_hart >= 0) {
        plan.harts = 1u << s->resume_hart;
    }
    if (step) {
        plan.step_hart = s->resume_hart >= 0 ? s->resume_hart : (int)s->hart;
    }
    go(s, &plan);
}

static void resume_one_signal(struct gdb_session *s, struct gdb_args *a, bool step)
{
    uint64_t signal;

    if (!gdb_take_hex(a, &signal) || (gdb_left(a) != 0 && !gdb_take(a, ';'))) {
        gdb_refuse(s, "Malformed C or S packet.");
        return;
    }
    resume_one(s, a, step);
}

void gdb_continue(struct gdb_session *s, struct gdb_args *a)
{
    resume_one(s, a, false);
}

void gdb_step(struct gdb_session *s, struct gdb_args *a)
{
    resume_one(s, a, true);
}

void gdb_continue_signal(struct gdb_session *s, struct gdb_args *a)
{
    resume_one_signal(s, a, false);
}

void gdb_step_signal(struct gdb_session *s, struct gdb_args *a)
{
    resume_one_signal(s, a, true);
}

/* ---- vCont ---- */

void gdb_v_cont_query(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    text_add(&s->out, "vCont;c;C;s;S;t;r");
}

struct action {
    char what;      /* c s r t; 0: none */
    vaddr from, to; /* of r */
};

/* "c", "C05", "r10,20" ... without the thread. */
static bool take_action(struct gdb_args *a, struct action *out)
{
    uint64_t signal;

    *out = (struct action){0};
    if (gdb_take(a, 'r')) {
        out->what = 'r';
        return gdb_take_hex(a, &out->from) && gdb_take(a, ',') && gdb_take_hex(a, &out->to);
    }
    if (gdb_take(a, 'C') || gdb_take(a, 'S')) {
        out->what = a->at[-1] == 'C' ? 'c' : 's';
        return gdb_take_hex(a, &signal);
    }
    if (gdb_take(a, 'c') || gdb_take(a, 's') || gdb_take(a, 't')) {
        out->what = (char)a->at[-1];
        return true;
    }
    return false;
}

/* The leftmost action that names a hart is its own. */
static bool take_actions(struct gdb_session *s, struct gdb_args *a, struct action *actions)
{
    do {
        struct action action;
        int hart = -1;

        if (!take_action(a, &action) || (gdb_take(a, ':') && !gdb_take_thread(s, a, &hart))) {
            return false;
        }
        for (unsigned h = 0; h < machine_hart_count(s->machine); h++) {
            if ((hart < 0 || hart == (int)h) && actions[h].what == 0) {
                actions[h] = action;
            }
        }
    } while (gdb_take(a, ';'));
    return gdb_left(a) == 0;
}

static void make_plan(const struct gdb_session *s, const struct action *actions, struct plan *p)
{
    *p = (struct plan){.step_hart = -1};
    for (unsigned h = 0; h < machine_hart_count(s->machine); h++) {
        char what = actions[h].what;

        if (what == 'c' || what == 's' || what == 'r') {
            p->harts |= 1u << h;
        }
        if ((what == 's' || what == 'r') && (p->step_hart < 0 || h == s->hart)) {
            p->step_hart = (int)h;
        }
    }
    if (p->step_hart >= 0) {
        p->range = actions[p->step_hart].what == 'r';
        p->from = actions[p->step_hart].from;
        p->to = actions[p->step_hart].to;
    }
}

void gdb_v_cont(struct gdb_session *s, struct gdb_args *a)
{
    struct action actions[MACHINE_HARTS_MAX] = {{0}};
    struct plan plan;

    if (!take_actions(s, a, actions)) {
        gdb_refuse(s, "Malformed vCont packet.");
        return;
    }
    make_plan(s, actions, &plan);
    if (plan.harts == 0) {
        gdb_stop_plain(s, GDB_SIGNAL_NONE, s->hart);
    } else {
        go(s, &plan);
    }
}
