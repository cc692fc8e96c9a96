/* SPDX-License-Identifier: GPL-2.0-or-later
 * spans: history is charted when it is gone through for the first time: span by span, what code
 * executed, read and wrote. Searches skip the spans in which nothing that they look for can be.
 */
#include <stdlib.h>

#include "travel/internal.h"

/* Of instructions retired, from one span, and one checkpoint of an index, to the next: about 20 ms
 * compiled. */
#define DEFAULT_SPACING (UINT64_C(24) << 20)
#define COARSE_SPACING  (UINT64_C(512) << 20)
/* Of a live history: so many, then as many twice as long, and so on. */
#define SPANS_DENSE 1024
#define IDLE_SHARE  65536

static void add_span(struct travel *t, const struct index_span *s)
{
    struct index_span span = *s;
    uint8_t *footprint = base_alloc(s->bytes + 1, 1);

    memcpy(footprint, s->footprint, s->bytes);
    span.footprint = footprint;
    vec_push(&t->spans, span);
}

void travel_drop_last_span(struct travel *t)
{
    free((void *)(uintptr_t)t->spans.data[--t->spans.count].footprint);
}

void travel_free_spans(struct travel *t)
{
    while (t->spans.count > 0) {
        travel_drop_last_span(t);
    }
    vec_fini(&t->spans);
    for (unsigned i = 0; i < MACHINE_PORTS_MAX; i++) {
        text_fini(&t->lines[i].text);
    }
}

/* ---- making ---- */

int travel_chart(struct travel *t, uint64_t spacing, bool fine, struct error *e)
{
    must(machine_state(t->machine)->now == t->begin && t->spans.count == 0);
    if (engine_start_footprint(machine_engine(t->machine), !fine, e) < 0) {
        return -1;
    }
    t->charting = true;
    t->span_spacing = spacing != 0 ? spacing : fine ? DEFAULT_SPACING : COARSE_SPACING;
    t->charted = t->begin;
    t->charted_spans = 0;
    t->charted_instructions = machine_state(t->machine)->instructions;
    t->counts = (struct span_counts){0};
    return 0;
}

void travel_end_chart(struct travel *t)
{
    if (t->charting) {
        t->charting = false;
        engine_end_footprint(machine_engine(t->machine));
    }
}

/* Everything since `charted` was run under notes, so what is taken now is the next span, whatever
 * else was gone through meanwhile. */
void travel_end_span(struct travel *t)
{
    tick now = machine_state(t->machine)->now;
    struct text footprint = {0};
    struct index_span span;

    if (!t->charting || now <= t->charted) {
        return;
    }
    engine_take_footprint(machine_engine(t->machine), &footprint);
    span = (struct index_span){.from = t->charted,
                               .to = now,
                               .counts = t->counts,
                               .footprint = (const uint8_t *)footprint.data,
                               .bytes = footprint.length};
    if (!t->source.grows) { /* nothing is searched there */
        add_span(t, &span);
    }
    t->charted_spans++;
    t->charted = now;
    t->charted_instructions = machine_state(t->machine)->instructions;
    t->counts = (struct span_counts){0};
    travel_feed_index(t, &span);
    text_fini(&footprint);
}

/* Steps, whether they retire anything or not; idle ticks cost nothing to replay, and count little. */
static uint64_t span_cost(const struct travel *t)
{
    const struct machine_state *s = machine_state(t->machine);
    uint64_t instructions = s->instructions - t->charted_instructions;
    uint64_t steps = instructions + t->counts.exceptions + t->counts.interrupts;
    uint64_t ticks = s->now - t->charted;

    return steps < ticks ? steps + (ticks - steps) / IDLE_SHARE : ticks;
}

/* Of a history whose length nobody knows ever fewer. */
static uint64_t span_spacing(const struct travel *t)
{
    uint64_t doublings = travel_is_open(t) ? t->charted_spans / SPANS_DENSE : 0;

    return t->span_spacing << (doublings < 32 ? doublings : 32);
}

uint64_t travel_span_left(const struct travel *t)
{
    uint64_t cost, spacing;

    if (!t->charting || machine_state(t->machine)->now < t->charted) {
        return UINT64_MAX;
    }
    cost = span_cost(t);
    spacing = span_spacing(t);
    return cost < spacing ? spacing - cost : 1;
}

void travel_feed_chart(struct travel *t)
{
    bool at_end =
        !travel_is_open(t) && machine_state(t->machine)->now == t->source.end(t->source.opaque);

    if (!t->charting || (!at_end && (machine_state(t->machine)->now <= t->charted ||
                                     span_cost(t) < span_spacing(t)))) {
        return;
    }
    travel_end_span(t);
    if (at_end) {
        travel_end_chart(t);
    }
}

static void end_line(struct travel *t, uint16_t port)
{
    struct line *line = &t->lines[port];

    if (t->builder != NULL) {
        index_add_line(t->builder, line->at, machine_port(t->machine, port)->name, line->text.data,
                       line->text.length);
    }
    line->text.length = 0;
}

void travel_count_output(struct travel *t, tick at, uint16_t port, const uint8_t *bytes,
                         size_t count)
{
    struct line *line = &t->lines[port];
    bool is_text =
        machine_port(t->machine, port)->message_max == 0; /* frames of a network are not */

    for (size_t i = 0; i < count && t->builder != NULL && is_text; i++) {
        if (line->text.length == 0) {
            line->at = at;
        }
        if (bytes[i] == '\n' || line->text.length == INDEX_LINE_BYTES) {
            end_line(t, port);
        }
        if (bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != 0) {
            text_add_bytes(&line->text, &bytes[i], 1);
        }
    }
}

/* ---- from an index ---- */

static void take_span(void *opaque, const struct index_span *span)
{
    add_span(opaque, span);
}

/* They begin where history does, or are of no use. */
int travel_load_spans(struct travel *t, struct index *x, struct error *e)
{
    if (index_spans(x, t, take_span, e) < 0 ||
        (t->spans.count != 0 && t->spans.data[0].from != t->begin)) {
        travel_free_spans(t);
        return -1;
    }
    return 0;
}

/* ---- asking ---- */

/* How many spans begin before `at`: the one that holds the step before `at` is the last of them. */
static size_t spans_before(const struct travel *t, tick at)
{
    size_t low = 0, high = t->spans.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->spans.data[middle].from < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool may_meet(const struct travel *t, const struct index_span *s,
                     const struct travel_probes *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (engine_footprint_allows(s->footprint, s->bytes, machine_mem(t->machine),
                                    &p->probes[i])) {
            return true;
        }
    }
    return false;
}

tick travel_span_before(const struct travel *t, tick until)
{
    size_t i = spans_before(t, until);

    return i > 0 && t->spans.data[i - 1].to >= until ? t->spans.data[i - 1].from : t->begin;
}

tick travel_skip_back(struct travel *t, tick until, const struct travel_probes *probes)
{
    size_t i = spans_before(t, until);

    if (i == 0 || t->spans.data[i - 1].to < until) {
        return until;
    }
    while (i > 0 && !may_meet(t, &t->spans.data[i - 1], probes)) {
        i--;
        t->stats.skipped++;
        until = t->spans.data[i].from;
    }
    return until;
}
