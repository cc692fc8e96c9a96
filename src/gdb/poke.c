/* SPDX-License-Identifier: GPL-2.0-or-later
 * poke: a change made by the client. The machine changes by inputs only, so it becomes one, which
 * is recorded as any other; and so it is possible only where new history is made, or begins.
 */
#include "gdb/internal.h"

/* Inputs that were posted earlier enter first, one tick each; more than the inbox ever holds for
 * ports with room. */
#define WAIT_TICKS 65536

bool gdb_may_write(struct gdb_session *s)
{
    struct text said = {0};
    struct error e;
    bool may = travel_at_live_edge(s->travel);

    if (!may) {
        may = gdb_branch(s, &said, &e) == 0;
        if (!may) {
            gdb_refuse_write(s, "%s", e.text);
        }
        text_add_bytes(&s->note, said.data, said.length);
        text_fini(&said);
    }
    return may;
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

bool gdb_poke(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
              uint32_t size)
{
    uint8_t bytes[POKE_HEADER + PAGE_SIZE];
    uint64_t taken;
    uint32_t length;

    must(size <= PAGE_SIZE);
    if (!gdb_may_write(s)) {
        return false;
    }
    gdb_journey_begins(s);
    taken = travel_taken(s->travel, POKE_PORT);
    length = poke_encode(bytes, kind, s->hart, where, data, size);
    if (travel_post(s->travel, POKE_PORT, bytes, length) != length) {
        gdb_refuse_write(s, "Too many inputs wait for the machine.");
        return false;
    }
    if (!deliver(s, taken)) {
        gdb_refuse_write(s, "The machine takes no inputs any more.");
        return false;
    }
    return true;
}
