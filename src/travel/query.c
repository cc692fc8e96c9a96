/* SPDX-License-Identifier: GPL-2.0-or-later
 * query: questions about history that a search answers, and which bring the cursor back to where it
 * was. Each of them is a question in travel.h and a form of words here.
 */
#include <stdio.h>

#include "travel/internal.h"

/* ---- who wrote there last ---- */

struct question {
    struct probe probe;
    struct live_tree *tree; /* NULL: it is about memory */
};

static void read_value(struct machine *m, const struct question *q, const struct travel_write *w,
                       uint8_t *to)
{
    if (q->tree != NULL) {
        live_tree_read(q->tree, w->address, to, w->bytes);
    } else { /* what is not memory was not found to be written */
        must(mem_peek_bytes(machine_mem(m), q->probe.at, to, w->bytes));
    }
}

/* Of a write to a tree, the part that was asked about. */
static void cut(const struct question *q, const struct probe_hit *hit, struct travel_write *w)
{
    uint64_t end = q->probe.at + (q->probe.size - 1), last = hit->address + (hit->size - 1);

    w->address = hit->address > q->probe.at ? hit->address : q->probe.at;
    w->size = (last < end ? last : end) - w->address + 1;
    w->bytes = w->size < sizeof w->after ? (uint32_t)w->size : sizeof w->after;
    w->in_tree = true;
}

/* The machine stands before the step that writes; what it is, and both values. */
static enum travel_why describe(struct travel *t, const struct question *q,
                                const struct probe_hit *hit, struct travel_write *w)
{
    haddr at = q->probe.at;
    enum travel_why why;

    w->at = hit->at_tick;
    w->address = hit->address;
    w->size = hit->size;
    if (q->tree != NULL) {
        cut(q, hit, w);
    }
    if (hit->writer != NULL) {
        snprintf(w->writer, sizeof w->writer, "%s", hit->writer);
    }
    if (hit->source != NULL) {
        snprintf(w->source, sizeof w->source, "%s", hit->source);
        w->source_at = hit->source_at + (at > hit->address ? at - hit->address : 0);
    }
    why = travel_go(t, w->at);
    if (why != TRAVEL_ARRIVED) {
        return why;
    }
    read_value(t->machine, q, w, w->before);
    if (travel_name_step(t, w->at + 1, &w->step) < 0) {
        return TRAVEL_INTERRUPTED;
    }
    why = travel_go(t, w->at + 1);
    if (why == TRAVEL_ARRIVED) {
        read_value(t->machine, q, w, w->after);
    }
    return why;
}

static enum travel_why last_write(struct travel *t, const struct question *q, tick before,
                                  struct travel_write *out)
{
    const struct travel_probes probes = {.probes = &q->probe, .count = 1};
    struct backward b = {.travel = t,
                         .machine = t->machine,
                         .probes = &probes,
                         .before = {.position = before, .step = before}};
    tick back = machine_state(t->machine)->now;
    bool has_reported = t->has_reported;
    struct place reported = t->reported;
    enum travel_why why;

    must(q->probe.size != 0 && q->probe.at + (q->probe.size - 1) >= q->probe.at &&
         before >= t->begin && before <= travel_end(t));
    *out = (struct travel_write){
        .bytes = q->probe.size < sizeof out->before ? (uint32_t)q->probe.size : sizeof out->before};
    travel_look_for_index(t);
    travel_mark(t); /* so that the way back is short */
    why = travel_scan(t, &b, before);
    if (why == TRAVEL_ARRIVED) {
        why = b.found ? describe(t, q, &b.hit, out) : TRAVEL_BEGIN;
    } else {
        out->at = b.searched;
    }
    if (travel_go(t, back) != TRAVEL_ARRIVED) {
        return TRAVEL_INTERRUPTED;
    }
    t->has_reported = has_reported;
    t->reported = reported;
    return why;
}

enum travel_why travel_last_write(struct travel *t, haddr at, uint64_t size, tick before,
                                  struct travel_write *out)
{
    const struct question q = {
        .probe = {.kind = PROBE_PHYSICAL, .hart = PROBE_ANY_HART, .at = at, .size = size}};

    return last_write(t, &q, before, out);
}

enum travel_why travel_last_tree_write(struct travel *t, uint32_t number, struct live_tree *tree,
                                       uint64_t at, uint64_t size, tick before,
                                       struct travel_write *out)
{
    const struct question q = {
        .tree = tree,
        .probe = {
            .kind = PROBE_TREE, .hart = PROBE_ANY_HART, .at = at, .size = size, .tree = number}};

    must(at <= tree->bytes && size <= tree->bytes - at);
    return last_write(t, &q, before, out);
}

static void add_value(const uint8_t *bytes, uint32_t count, struct text *out)
{
    if (count == 1 || count == 2 || count == 4 || count == 8) {
        text_add(out, "0x%0*llx", (int)(2 * count), (unsigned long long)bytes_get_le(bytes, count));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        text_add(out, "%s%02x", i == 0 ? "" : " ", bytes[i]);
    }
}

void travel_print_write(const struct travel_write *w, struct text *out)
{
    text_add(out, "tick %llu: ", (unsigned long long)w->at);
    if (w->writer[0] != '\0') {
        text_add(out, "%s", w->writer);
        if (w->source[0] != '\0') {
            text_add(out, " from byte %llu of %s", (unsigned long long)w->source_at, w->source);
        }
        text_add(out, "%s", w->step.is_step ? ", during " : "");
    }
    if (w->step.is_step) {
        text_add(out, "hart%u at 0x%llx: %s", w->step.hart, (unsigned long long)w->step.pc,
                 w->step.text);
    }
    text_add(out, ": ");
    if (w->in_tree) {
        text_add(out, "%llu bytes at 0x%llx, which begin with ", (unsigned long long)w->size,
                 (unsigned long long)w->address);
    } else {
        add_value(w->before, w->bytes, out);
        text_add(out, " -> ");
    }
    add_value(w->after, w->bytes, out);
    text_add(out, "\n");
}
