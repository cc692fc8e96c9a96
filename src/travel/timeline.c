/* SPDX-License-Identifier: GPL-2.0-or-later
 * timeline: the checkpoints kept, and which of them to give up. One rule makes the spacing grow
 * with the distance from the cursor: when there are too many, the one goes whose loss lengthens
 * the way least, in proportion to how far away it is. So N ticks need O(log N) of them, and what a
 * finished journey left behind thins out by itself as the cursor moves on.
 */
#include <stdlib.h>

#include "travel/internal.h"

/* Idle ticks cost next to nothing to replay; but a guest may use up ticks without retiring
 * anything (a loop of faults), so they count a little. */
#define IDLE_SHARE 64

/* Kept even if the guest's memory alone is more than the budget: with fewer, going back would take
 * for ever. */
#define MARKS_MIN 16

static uint64_t cost_at(tick at, uint64_t instructions)
{
    /* A counter that a fault was put into may say anything. */
    return instructions <= at ? instructions + (at - instructions) / IDLE_SHARE : at;
}

uint64_t travel_cost(const struct travel *t)
{
    return cost_at(machine_state(t->machine)->now, machine_state(t->machine)->instructions);
}

/* How many marks are at or before `at`. */
static size_t marks_until(const struct travel *t, tick at)
{
    size_t low = 0, high = t->marks.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->marks.data[middle].at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct mark *travel_mark_before(const struct travel *t, tick at)
{
    size_t count = marks_until(t, at);

    must(count > 0);
    return &t->marks.data[count - 1];
}

static void drop_mark(struct travel *t, size_t i)
{
    checkpoint_drop(t->marks.data[i].checkpoint);
    memmove(&t->marks.data[i], &t->marks.data[i + 1],
            (t->marks.count - i - 1) * sizeof(*t->marks.data));
    t->marks.count--;
}

void travel_drop_marks_from(struct travel *t, tick at)
{
    while (t->marks.count > 0 && t->marks.data[t->marks.count - 1].at >= at) {
        drop_mark(t, t->marks.count - 1);
    }
}

/* Gives up the mark that is missed least; the first and the last are not asked. */
static void thin(struct travel *t)
{
    uint64_t cursor = travel_cost(t);
    double least = 0;
    size_t which = 0;

    for (size_t i = 1; i + 1 < t->marks.count; i++) {
        const struct mark *m = &t->marks.data[i];
        uint64_t gap = m[1].cost - m[-1].cost;
        uint64_t away = m->cost < cursor ? cursor - m->cost : m->cost - cursor;
        double value = (double)gap / ((double)away + 1);

        if (which == 0 || value < least) {
            least = value;
            which = i;
        }
    }
    must(which != 0);
    drop_mark(t, which);
}

static void thin_to(struct travel *t, size_t most, size_t least)
{
    while (t->marks.count > most ||
           (t->marks.count > least && checkpoint_store_bytes(t->store) > t->limits.bytes)) {
        thin(t);
    }
}

static void put_mark(struct travel *t, size_t i, struct mark mark)
{
    vec_push(&t->marks, mark);
    memmove(&t->marks.data[i + 1], &t->marks.data[i],
            (t->marks.count - 1 - i) * sizeof(*t->marks.data));
    t->marks.data[i] = mark;
}

void travel_mark(struct travel *t)
{
    tick now = machine_state(t->machine)->now;
    size_t i = marks_until(t, now);

    if (i > 0 && t->marks.data[i - 1].at == now) {
        return;
    }
    put_mark(
        t, i,
        (struct mark){.at = now, .cost = travel_cost(t), .checkpoint = checkpoint_save(t->store)});
    thin_to(t, t->limits.count, MARKS_MIN);
}

/* The new one is no candidate: whoever asked for it wants to go there. */
void travel_insert_mark(struct travel *t, tick at, uint64_t instructions, struct checkpoint *c)
{
    size_t i;

    thin_to(t, t->limits.count - 1, MARKS_MIN - 1);
    i = marks_until(t, at);
    put_mark(t, i, (struct mark){.at = at, .cost = cost_at(at, instructions), .checkpoint = c});
}

size_t travel_marks(const struct travel *t, tick *out, size_t room)
{
    for (size_t i = 0; i < t->marks.count && i < room; i++) {
        out[i] = t->marks.data[i].at;
    }
    return t->marks.count;
}

void travel_restore(struct travel *t, const struct mark *mark)
{
    struct machine *m = t->machine;
    tick from = machine_state(m)->now;

    if (from > t->furthest) {
        t->furthest = from;
    }
    checkpoint_restore(t->store, mark->checkpoint);
    if (t->is_live) {
        travel_set_inlet(t);
    }
    t->source.moved(t->source.opaque, from, machine_state(m)->now);
    t->has_reported = false;
}
