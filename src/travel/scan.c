/* SPDX-License-Identifier: GPL-2.0-or-later
 * scan: the last place before a tick where a probe is met. History is replayed part by part, the
 * latest first, counting what is met without stopping; parts in which nothing can be met are
 * skipped (spans.c). Where an index has checkpoints, what is not found at once is looked for by
 * several threads, each with a machine of its own: the parts are dealt out the latest first, and the
 * answer is that of the latest part that has one.
 */
#include <stdlib.h>

#include "host/host.h"
#include "travel/internal.h"

/* Parts that are looked at alone before others are asked to help, besides those of the span that the
 * search begins in. */
#define ALONE 1
/* A part grows as the search gets further away, up to this many spans: a part is replayed to its
 * end even if it has the answer at its beginning. */
#define PART_SPANS_MAX 8

static bool is_before(const struct place *a, const struct place *b)
{
    return a->position != b->position ? a->position < b->position : a->step < b->step;
}

static bool replaces(const struct backward *b, const struct probe_hit *h)
{
    /* Of several writes in one step the last is what stays. */
    enum probe_kind kind = b->probes->probes[h->probe].kind;

    return kind == PROBE_PHYSICAL || kind == PROBE_TREE || h->probe < b->hit.probe;
}

/* Never stops, unless it is given up: the last hit is the answer, and only the end of the part shows
 * which it was. */
static bool backward_hit(void *opaque, const struct probe_hit *h)
{
    struct backward *b = opaque;
    bool gives_up = travel_gives_up(b->travel);
    bool after = travel_stops_behind(b->probes, h->probe, true);
    struct place place = {.position = h->at_tick + after, .step = h->at_tick};

    if (gives_up || !is_before(&place, &b->before) ||
        (b->probes->wanted != NULL && !b->probes->wanted(b->probes->opaque, b->machine, h))) {
        return gives_up;
    }
    if (b->found && !is_before(&b->place, &place)) {
        bool same = !is_before(&place, &b->place);

        if (same) {
            b->hits++;
        }
        if (same && replaces(b, h)) {
            b->hit = *h;
        }
        return false;
    }
    b->found = true;
    b->place = place;
    b->hit = *h;
    b->hits = 1;
    return false;
}

static struct probe_set probes_of(struct backward *b)
{
    return (struct probe_set){
        .probes = b->probes->probes, .count = b->probes->count, .opaque = b, .hit = backward_hit};
}

/* The steps from `mark` on that lie before `until`; the probes are set. */
static enum travel_why scan_from(struct travel *t, const struct mark *mark, tick until,
                                 unsigned flags)
{
    travel_restore(t, mark);
    t->stats.segments++;
    return travel_drive(t, until, flags);
}

/* ---- by several ---- */

struct part {
    tick from, until;
};

struct parallel {
    const struct backward *question;
    VEC(struct part) parts; /* the latest first */
    struct host_lock lock;  /* guards the rest */
    size_t next;            /* part to be dealt out */
    size_t best;            /* parts from here on are not needed */
    bool *done;             /* which parts were gone through */
    struct backward answer; /* of part best, if it found anything */
    enum travel_why why;    /* TRAVEL_ARRIVED, or why it was given up */
};

struct helping {
    struct travel *owner;
    unsigned number;
    struct parallel *parallel; /* NULL: only get ready */
    struct host_thread *thread;
};

bool travel_scan_is_over(const struct travel *t)
{
    struct parallel *p = (struct parallel *)t->scanning;
    bool over;

    host_lock_take(&p->lock);
    over = p->best <= t->scanned;
    host_lock_give(&p->lock);
    return over;
}

static bool take_part(struct parallel *p, size_t *which)
{
    bool taken;

    host_lock_take(&p->lock);
    *which = p->next;
    taken = p->next < p->best && p->next < p->parts.count;
    p->next += taken;
    host_lock_give(&p->lock);
    return taken;
}

static void give_answer(struct parallel *p, size_t which, const struct backward *b,
                        enum travel_why why)
{
    host_lock_take(&p->lock);
    p->done[which] = why == TRAVEL_ARRIVED;
    if (which < p->best && why != TRAVEL_ARRIVED) { /* the user, or a witness: all of it ends */
        p->best = 0;
        p->why = why;
    } else if (which < p->best && b->found) {
        p->best = which;
        p->answer = *b;
    }
    host_lock_give(&p->lock);
}

/* Parts, one after the other, until there are none. */
static void work(struct travel *t, struct parallel *p)
{
    struct backward b = *p->question;
    const struct probe_set set = probes_of(&b);
    size_t which;

    t->scanning = p;
    machine_set_probes(t->machine, &set);
    while (take_part(p, &which)) {
        const struct part *part = &p->parts.data[which];
        enum travel_why why;

        t->scanned = which;
        b = *p->question;
        b.travel = t;
        b.machine = t->machine;
        why = scan_from(t, travel_nearest(t, part->from, 0), part->until, DRIVE_NO_MARKS);
        give_answer(p, which, &b, why);
    }
    machine_set_probes(t->machine, NULL);
    t->scanning = NULL;
}

static void *help(void *argument)
{
    struct helping *h = argument;
    struct travel **helper = &h->owner->helpers[h->number];

    if (*helper == NULL) {
        *helper = h->owner->help.make(h->owner->help.opaque, h->number);
        if (*helper != NULL) {
            (*helper)->verify = false;
        }
    }
    if (*helper != NULL && h->parallel != NULL) {
        work(*helper, h->parallel);
    }
    return NULL;
}

/* As many threads as there are helpers, but `most`; where the host refuses one it is one less. */
static void start_helpers(struct travel *t, struct parallel *p, size_t most)
{
    struct error e;

    must(t->helping == NULL);
    t->helping = base_alloc(t->help.count, sizeof(*t->helping));
    for (unsigned i = 0; i < t->help.count && i < most; i++) {
        t->helping[i] = (struct helping){.owner = t, .number = i, .parallel = p};
        t->helping[i].thread = host_thread_start(help, &t->helping[i], &e);
    }
}

static void join_helpers(struct travel *t)
{
    for (unsigned i = 0; t->helping != NULL && i < t->help.count; i++) {
        if (t->helping[i].thread != NULL) {
            host_thread_join(t->helping[i].thread);
        }
    }
    free(t->helping);
    t->helping = NULL;
}

void travel_ready_helpers(struct travel *t)
{
    if (t->help.early && t->index != NULL && t->helping == NULL) {
        start_helpers(t, NULL, t->help.count);
    }
}

/* What there is to replay before `until`: spans that may have a hit, neighbours together. */
static void make_parts(struct travel *t, struct parallel *p, tick until)
{
    size_t most = 1;

    while ((until = travel_skip_back(t, until, p->question->probes)) > t->begin) {
        struct part part = {.until = until};
        size_t spans = 0;

        do {
            part.from = travel_span_before(t, until);
            until = part.from;
        } while (++spans < most && until > t->begin &&
                 travel_skip_back(t, until, p->question->probes) == until);
        vec_push(&p->parts, part);
        most = p->parts.count % 4 == 0 && most < PART_SPANS_MAX ? most * 2 : most;
    }
}

/* From where on all was gone through: where the latest part ends that was not. */
static tick searched(const struct travel *t, const struct parallel *p)
{
    for (size_t i = 0; i < p->parts.count; i++) {
        if (!p->done[i]) {
            return p->parts.data[i].until;
        }
    }
    return t->begin;
}

static enum travel_why scan_together(struct travel *t, struct backward *b, tick until)
{
    struct parallel p = {.question = b, .best = SIZE_MAX, .why = TRAVEL_ARRIVED};

    join_helpers(t); /* that were getting ready */
    host_lock_init(&p.lock);
    make_parts(t, &p, until);
    p.done = base_alloc(p.parts.count + 1, sizeof(*p.done));
    start_helpers(t, &p, p.parts.count != 0 ? p.parts.count - 1 : 0);
    work(t, &p);
    join_helpers(t);
    if (p.best != SIZE_MAX && p.why == TRAVEL_ARRIVED) {
        p.answer.travel = b->travel;
        p.answer.machine = b->machine;
        *b = p.answer;
    }
    b->searched = searched(t, &p);
    free(p.done);
    host_lock_fini(&p.lock);
    vec_fini(&p.parts);
    return p.why;
}

void travel_set_helpers(struct travel *t, const struct travel_helpers *helpers)
{
    must(t->helpers == NULL);
    t->help = *helpers;
    t->helpers = base_alloc(helpers->count, sizeof(struct travel *));
    travel_ready_helpers(t);
}

void travel_free_helpers(struct travel *t)
{
    join_helpers(t);
    for (unsigned i = 0; i < t->help.count; i++) {
        if (t->helpers[i] != NULL) {
            t->help.release(t->help.opaque, i);
        }
    }
    if (t->help.close != NULL) {
        t->help.close(t->help.opaque);
    }
    free(t->helpers);
    t->helpers = NULL;
    t->help = (struct travel_helpers){0};
}

/* ---- alone ---- */

/* Between two parts, which may each be too short for the journey itself to ask. */
static bool gives_up(const struct travel *t, tick from, tick now)
{
    return t->poll != NULL && t->poll(t->poll_opaque, from - now, from - t->begin);
}

static enum travel_why scan_parts(struct travel *t, struct backward *b, tick until)
{
    tick first = until, near = travel_span_before(t, until);
    unsigned parts = 0;

    b->searched = until;
    while (!b->found && (until = travel_skip_back(t, until, b->probes)) > t->begin) {
        const struct mark *from;
        tick start;
        enum travel_why why;

        if (t->index != NULL && t->help.count != 0 && until <= near && parts++ == ALONE) {
            return scan_together(t, b, until);
        }
        from = travel_nearest(t, until - 1, 0);
        start = from->at;
        why = scan_from(t, from, until, t->index != NULL && until != first ? DRIVE_NO_MARKS : 0);
        if (why != TRAVEL_ARRIVED) {
            return why;
        }
        until = start;
        b->searched = start;
        if (!b->found && gives_up(t, first, until)) {
            return TRAVEL_INTERRUPTED;
        }
    }
    return TRAVEL_ARRIVED;
}

enum travel_why travel_scan(struct travel *t, struct backward *b, tick until)
{
    const struct probe_set set = probes_of(b);
    enum travel_why why;

    must(!travel_is_diverted(t));
    machine_set_probes(t->machine, &set);
    why = scan_parts(t, b, until);
    machine_set_probes(t->machine, NULL);
    return why;
}
