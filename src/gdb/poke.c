/* SPDX-License-Identifier: GPL-2.0-or-later
 * poke: a change made by the client. The machine changes by inputs only, so it becomes one, which
 * is recorded as any other; and so it is possible only where new history is made, or may begin.
 */
#include "gdb/internal.h"

/* Inputs that were posted earlier enter first, one tick each; more than the inbox ever holds for
 * ports with room. */
#define WAIT_TICKS 65536

bool gdb_may_write(struct gdb_session *s)
{
    struct error e;

    if (travel_is_diverted(s->travel) || travel_at_live_edge(s->travel)) {
        return true;
    }
    if (!gdb_aside_begin(s, &e)) {
        gdb_refuse_write(s, "%s", e.text);
        return false;
    }
    return true;
}

/* Runs the machine, input by input, until it has taken one more poke. */
static bool deliver(struct gdb_session *s, uint64_t taken)
{
    for (unsigned i = 0; i < WAIT_TICKS; i++) {
        struct travel_stop stop;

        if (travel_taken(s->travel, POKE_PORT) > taken) {
            return true;
        }
        stop = travel_run_forward(s->travel, travel_now(s->travel) + 1, NULL, false);
        if (stop.why != TRAVEL_ARRIVED) {
            return travel_taken(s->travel, POKE_PORT) > taken;
        }
    }
    return false;
}

bool gdb_poke_now(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
                  uint32_t size, struct error *e)
{
    uint8_t bytes[POKE_HEADER + PAGE_SIZE];
    uint64_t taken;
    uint32_t length;

    must(size <= PAGE_SIZE);
    gdb_journey_begins(s);
    taken = travel_taken(s->travel, POKE_PORT);
    length = poke_encode(bytes, kind, s->hart, where, data, size);
    if (travel_post(s->travel, POKE_PORT, bytes, length) != length) {
        error_set(e, "Too many inputs wait for the machine.");
        return false;
    }
    if (!deliver(s, taken)) {
        error_set(e, "The machine takes no inputs any more.");
        return false;
    }
    return true;
}

bool gdb_poke(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
              uint32_t size)
{
    struct error e;

    if (!gdb_may_write(s)) {
        return false;
    }
    if (!gdb_poke_now(s, kind, where, data, size, &e)) {
        gdb_refuse_write(s, "%s", e.text);
        return false;
    }
    gdb_aside_changed(s, kind, where, data, size);
    return true;
}
