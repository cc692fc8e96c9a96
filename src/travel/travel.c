/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel: the traveller itself, and the inlet between the source and the machine: it passes
 * everything on, but output that was shown before, and notes which input came last.
 */
#include <stdlib.h>

#include "travel/internal.h"

/* About 20 ms of compiled code, 0.2 s of interpreted: a guess between the cost of saving (a few per
 * cent) and that of arriving (half of it on average). */
#define DEFAULT_SPACING (UINT64_C(32) << 20)
#define DEFAULT_BYTES   (UINT64_C(512) * MIB)
#define DEFAULT_COUNT   160

/* ---- the inlet ---- */

static enum inlet_answer pass_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct travel *t = opaque;
    enum inlet_answer answer = t->passed.next(t->passed.opaque, now, in, ask_again);

    if (answer == INLET_INPUT) {
        t->last_input = (struct seen_input){.at = now,
                                            .hash = hash_bytes(in->data, in->length, in->port),
                                            .length = in->length,
                                            .port = in->port};
        t->counts.inputs += !t->muted;
        if (t->note_inputs) {
            vec_push(&t->noted, t->last_input);
        }
    }
    return answer;
}

static tick pass_idle(void *opaque, tick now, tick event)
{
    struct travel *t = opaque;
    tick to = t->passed.idle(t->passed.opaque, now, event);

    if (now != t->idle_to) {
        t->idle_from = now;
    }
    t->idle_to = to;
    return to;
}

static void pass_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct travel *t = opaque;

    if (t->muted) {
        return;
    }
    if (t->passed.output != NULL) {
        t->passed.output(t->passed.opaque, now, port, bytes, count);
    }
    travel_count_output(t, now, port, bytes, count);
}

static int pass_took(void *opaque, unsigned file, uint64_t cluster, uint64_t hash, struct error *e)
{
    struct travel *t = opaque;

    return t->passed.took != NULL ? t->passed.took(t->passed.opaque, file, cluster, hash, e) : 0;
}

static void pass_lost(void *opaque, const char *why)
{
    struct travel *t = opaque;

    if (t->passed.lost != NULL) {
        t->passed.lost(t->passed.opaque, why);
    }
}

static void pass_on(struct travel *t, const struct inlet *from)
{
    const struct inlet inlet = {.opaque = t,
                                .next = pass_next,
                                .idle = pass_idle,
                                .output = pass_output,
                                .took = pass_took,
                                .lost = pass_lost};

    t->passed = *from;
    machine_set_inlet(t->machine, &inlet);
}

void travel_set_inlet(struct travel *t)
{
    pass_on(t, &t->source.inlet);
    t->is_live = false;
}

void travel_go_live(struct travel *t)
{
    struct inlet live;

    t->source.go_live(t->source.opaque, t->machine);
    live = *machine_inlet(t->machine);
    pass_on(t, &live);
    t->is_live = true;
}

/* ---- making one ---- */

struct travel *travel_new(struct machine *m, const struct travel_source *source,
                          const struct travel_limits *limits)
{
    struct travel *t = base_alloc(1, sizeof(*t));

    t->machine = m;
    t->source = *source;
    if (limits != NULL) {
        t->limits = *limits;
    }
    t->limits.spacing = t->limits.spacing != 0 ? t->limits.spacing : DEFAULT_SPACING;
    t->limits.bytes = t->limits.bytes != 0 ? t->limits.bytes : DEFAULT_BYTES;
    t->limits.count = t->limits.count != 0 ? t->limits.count : DEFAULT_COUNT;
    if (t->limits.count < 4) {
        t->limits.count = 4;
    }
    t->verify = true;
    t->last_input.at = TICK_NEVER;
    travel_set_inlet(t);
    machine_set_probes(m, NULL);
    (void)machine_run(m, machine_state(m)->now,
                      false); /* a machine just built has not settled yet */
    t->begin = t->furthest = t->verified = t->good = machine_state(m)->now;
    t->source.moved(t->source.opaque, t->begin, t->begin);
    t->store = checkpoint_store_new(m);
    travel_mark(t);
    return t;
}

/* The machine goes on without a traveller: fed by the source itself, a live one from its edge. */
static void leave_machine(struct travel *t)
{
    if (t->source.run_live == NULL) {
        machine_set_inlet(t->machine, &t->source.inlet);
        return;
    }
    if (!travel_at_live_edge(t)) {
        (void)travel_go(t, travel_end(t));
    }
    t->source.go_live(t->source.opaque, t->machine);
}

void travel_free(struct travel *t)
{
    if (t == NULL) {
        return;
    }
    if (travel_is_diverted(t)) {
        travel_return(t);
    }
    t->poll = NULL;
    t->verify = false;
    travel_free_helpers(t);
    travel_end_awaiting(t);
    leave_machine(t);
    travel_end_chart(t);
    travel_free_spans(t);
    travel_drop_index(t);
    travel_drop_marks_from(t, 0);
    vec_fini(&t->marks);
    vec_fini(&t->injections);
    vec_fini(&t->noted);
    checkpoint_end_lending(t->store);
    index_close(t->lends);
    checkpoint_store_free(t->store);
    free(t);
}

/* ---- asking ---- */

struct machine *travel_machine(struct travel *t)
{
    return t->machine;
}

tick travel_now(const struct travel *t)
{
    return machine_state(t->machine)->now;
}

tick travel_begin(const struct travel *t)
{
    return t->begin;
}

bool travel_is_live(const struct travel *t)
{
    return t->source.run_live != NULL;
}

size_t travel_post(struct travel *t, uint16_t port, const void *bytes, size_t count)
{
    if (travel_is_diverted(t)) {
        return travel_post_aside(t, port, bytes, count);
    }
    return t->source.post != NULL ? t->source.post(t->source.opaque, port, bytes, count) : 0;
}

uint64_t travel_taken(const struct travel *t, uint16_t port)
{
    if (travel_is_diverted(t) && port == POKE_PORT) {
        return t->diversion.taken;
    }
    return t->source.taken != NULL ? t->source.taken(t->source.opaque, port) : 0;
}

void travel_set_poll(struct travel *t, void *opaque,
                     bool (*poll)(void *opaque, uint64_t done, uint64_t whole))
{
    t->poll_opaque = opaque;
    t->poll = poll;
}

void travel_set_verify(struct travel *t, bool on)
{
    t->verify = on;
}

struct travel_stats travel_get_stats(const struct travel *t)
{
    struct travel_stats stats = t->stats;

    stats.store = checkpoint_store_stats(t->store);
    stats.bytes = checkpoint_store_bytes(t->store);
    stats.marks = (uint32_t)t->marks.count;
    return stats;
}

struct travel_stop travel_stopped(const struct travel *t, enum travel_why why)
{
    return (struct travel_stop){.why = why,
                                .at = machine_state(t->machine)->now,
                                .hart = machine_state(t->machine)->current};
}
