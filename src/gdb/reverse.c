/* SPDX-License-Identifier: GPL-2.0-or-later
 * reverse: going backwards, and to places by name. bs and bc after "Packets" of the GDB manual's
 * remote protocol; vRun with an argument tN goes to tick N (gdb: `starti t1000`).
 */
#include <stdlib.h>

#include "gdb/internal.h"

struct back {
    struct gdb_session *session;
    const struct probe *probes;
    uint32_t harts; /* whose breakpoints count */
    bool client_steps;
    /* looking through the ticks that a step back passes by */
    tick after, before; /* where it ended, where it began */
    bool found;
    tick position;
    struct probe_hit hit;
};

static bool is_watch(const struct back *b, const struct probe_hit *h)
{
    return b->probes[h->probe].kind != PROBE_BREAK;
}

static bool counts(const struct back *b, struct machine *m, const struct probe_hit *h)
{
    return gdb_hart_counts(b->harts, h) &&
           gdb_point_holds(&b->session->points.data[h->probe], m, h) &&
           !(is_watch(b, h) && gdb_was_told(b->session, h));
}

static bool wanted(void *opaque, struct machine *m, const struct probe_hit *h)
{
    return counts(opaque, m, h);
}

static uint32_t resumed_harts(const struct gdb_session *s)
{
    return s->resume_hart >= 0 ? 1u << s->resume_hart
                               : (uint32_t)((UINT64_C(1) << machine_hart_count(s->machine)) - 1);
}

/* Whether there is a way back from here; false with the answer made. */
static bool may_go_back(struct gdb_session *s)
{
    static const struct travel_stop begin = {.why = TRAVEL_BEGIN};
    struct error e;

    if (gdb_is_calling(s)) {
        text_add(&s->note, "A function is being called, beside history: there is no way back. "
                           "`monitor goto +0` gives the call up.\n");
        gdb_console_note(s);
        gdb_stop_for(s, &begin, (int)s->hart);
        return false;
    }
    if (!gdb_aside_settle(s, &e)) {
        gdb_stop_refused(s, &e);
        return false;
    }
    return true;
}

static void go_back(struct gdb_session *s)
{
    struct probe *probes = gdb_make_probes(s);
    struct back b = {.session = s, .probes = probes, .harts = resumed_harts(s)};
    struct travel_probes set = {.probes = probes,
                                .count = s->points.count,
                                .client_steps = gdb_client_steps(s),
                                .opaque = &b,
                                .wanted = wanted};
    struct travel_stop stop;

    gdb_console_note(s);
    gdb_journey_begins(s);
    gdb_moves(s, true);
    stop = travel_reverse_continue(s->travel, &set);
    gdb_moves(s, false);
    if (stop.why == TRAVEL_HIT) {
        gdb_stop_at(s, stop.hit.probe, &stop.hit);
    } else {
        gdb_stop_for(s, &stop, s->resume_hart);
    }
    free(probes);
}

void gdb_reverse_continue(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    if (may_go_back(s)) {
        go_back(s);
    }
}

/* ---- one step back ---- */

/* Keeps the last place that going backwards would meet first. */
static bool look(void *opaque, struct machine *m, const struct probe_hit *h)
{
    struct back *b = opaque;
    bool behind = b->probes[h->probe].kind == PROBE_TREE || (b->client_steps && is_watch(b, h));
    tick position = h->at_tick + behind;

    if (position > b->after &&
        (!b->found || position > b->position ||
         (position == b->position && h->at_tick > b->hit.at_tick)) &&
        counts(b, m, h)) {
        b->found = true;
        b->position = position;
        b->hit = *h;
    }
    return false;
}

/* The step back led from `before` to where the machine is; were breakpoints passed by? Only
 * watchpoints and other harts can have met any: the step's own breakpoint is where it ends. */
static enum travel_why look_through(struct gdb_session *s, struct back *b)
{
    const struct travel_probes set = {.probes = b->probes,
                                      .count = s->points.count,
                                      .client_steps = b->client_steps,
                                      .opaque = b,
                                      .wanted = look};
    struct travel_stop stop;

    b->after = travel_now(s->travel);
    stop = travel_run_forward(s->travel, b->before, &set, false);
    if (stop.why != TRAVEL_ARRIVED) {
        return stop.why;
    }
    return travel_seek(s->travel, b->found ? b->position : b->after).why;
}

static bool needs_look(const struct gdb_session *s)
{
    bool others = machine_hart_count(s->machine) > 1 && s->resume_hart < 0;

    for (size_t i = 0; i < s->points.count; i++) {
        if (others || gdb_is_watch(s->points.data[i].kind)) {
            return true;
        }
    }
    return false;
}

static void step_back(struct gdb_session *s)
{
    unsigned hart = s->resume_hart >= 0 ? (unsigned)s->resume_hart : s->hart;
    struct back b = {.session = s,
                     .harts = resumed_harts(s),
                     .client_steps = gdb_client_steps(s),
                     .before = travel_now(s->travel)};
    struct travel_stop stop;

    gdb_console_note(s);
    gdb_journey_begins(s);
    gdb_moves(s, true);
    stop = travel_reverse_step(s->travel, hart);
    if ((stop.why == TRAVEL_ARRIVED || stop.why == TRAVEL_BEGIN) && stop.at < b.before &&
        needs_look(s)) {
        struct probe *probes = gdb_make_probes(s);
        enum travel_why why;

        b.probes = probes;
        why = look_through(s, &b);
        stop.why = why != TRAVEL_ARRIVED ? why : stop.why;
        stop.at = travel_now(s->travel);
        free(probes);
    }
    gdb_moves(s, false);
    if (b.found && (stop.why == TRAVEL_ARRIVED || stop.why == TRAVEL_BEGIN)) {
        gdb_stop_at(s, b.hit.probe, &b.hit);
    } else {
        gdb_stop_for(s, &stop, (int)hart);
    }
}

void gdb_reverse_step(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    if (may_go_back(s)) {
        step_back(s);
    }
}

/* ---- places by name ---- */

static bool seek(struct gdb_session *s, tick to)
{
    struct travel_stop stop;
    struct error e;

    if (!gdb_aside_settle(s, &e)) {
        text_add(&s->note, "%s\n", e.text);
    }
    gdb_journey_begins(s);
    stop = travel_seek(s->travel, to);
    s->hart = machine_state(s->machine)->current;
    return stop.why != TRAVEL_INTERRUPTED;
}

/* "t" and decimal digits, nothing else. */
static bool parse_place(const uint8_t *word, ptrdiff_t length, tick *out)
{
    tick t = 0;

    if (length < 2 || length > 20 || word[0] != 't') {
        return false;
    }
    for (ptrdiff_t i = 1; i < length; i++) {
        if (word[i] < '0' || word[i] > '9') {
            return false;
        }
        t = t * 10 + (unsigned)(word[i] - '0');
    }
    *out = t;
    return true;
}

/* "filename;argument;argument", all in hexadecimal; the file name means nothing. */
void gdb_v_run(struct gdb_session *s, struct gdb_args *a)
{
    tick to = travel_begin(s->travel);

    while (gdb_left(a) != 0 && !gdb_take(a, ';')) {
        a->at++;
    }
    while (gdb_left(a) != 0) {
        const uint8_t *semicolon = memchr(a->at, ';', gdb_left(a));
        struct gdb_args one = {.at = a->at, .end = semicolon != NULL ? semicolon : a->end};
        uint8_t word[64];
        ptrdiff_t n = gdb_take_bytes(&one, word, sizeof word);

        if (gdb_left(&one) != 0 || (n != 0 && !parse_place(word, n, &to))) {
            gdb_refuse_write(s, "The only argument is tN: tick N, in decimal.");
            return;
        }
        a->at = semicolon != NULL ? semicolon + 1 : a->end;
    }
    s->killed = false;
    (void)seek(s, to);
    gdb_stop_plain(s, GDB_SIGNAL_TRAP, s->hart);
}

void gdb_restart(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    s->killed = false;
    (void)seek(s, travel_begin(s->travel));
    s->no_answer = true;
}
