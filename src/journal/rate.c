/* SPDX-License-Identifier: GPL-2.0-or-later
 * rate: how a live machine's virtual time keeps to the host's (-icount shift=auto and align=on). The rate is
 * changed by an input, so that a replay needs no clock; nothing else of this is in a recording.
 */
#include "journal/tape.h"

enum {
    WINDOW_NS = 100000000, /* between two looks */
    WOBBLE_NS = 100000000, /* nobody wants a rate that changes for less */
    AHEAD_NS = 3000000,    /* align=on: so much before the host's time it may be */
    GAP_NS = 1000000000,   /* the machine was not running: that time does not count */
    SLICE_NS = 40000000,   /* of a wait, so that who wants something is heard */
};

static void begin(struct rate *r, uint64_t host_ns, uint64_t virtual_ns)
{
    *r = (struct rate){.host_ns = host_ns,
                       .virtual_ns = virtual_ns,
                       .looked_ns = host_ns,
                       .asked_ns = host_ns,
                       .runs = true};
}

/* How far virtual time is before the host's. The count begins when the machine does, and again after each time that it
 * was not running. */
static int64_t ahead(struct journal *j, uint64_t host_ns)
{
    struct rate *r = &j->rate;
    const struct machine_state *m = machine_state(j->machine);
    uint64_t virtual_ns = clock_ns(&m->clock, m->now);

    if (!r->runs || host_ns - r->asked_ns > GAP_NS) {
        begin(r, host_ns, virtual_ns);
    }
    r->asked_ns = host_ns;
    return (int64_t)(virtual_ns - r->virtual_ns) - (int64_t)(host_ns - r->host_ns);
}

bool rate_adapts(struct journal *j, uint64_t *shift)
{
    uint64_t host_ns, now_shift = machine_state(j->machine)->clock.shift;
    struct rate *r = &j->rate;
    int64_t delta, before = r->delta;

    if (!j->pace.adapts || j->pace.now_ns == NULL) {
        return false;
    }
    host_ns = j->pace.now_ns(j->pace.opaque);
    delta = ahead(j, host_ns);
    if (host_ns - r->looked_ns < WINDOW_NS) {
        return false;
    }
    r->looked_ns = host_ns;
    r->delta = delta;
    *shift = now_shift;
    if (delta > 0 && before + WOBBLE_NS < delta * 2 && now_shift > 0) {
        *shift = now_shift - 1;
    } else if (delta < 0 && before - WOBBLE_NS > delta * 2 && now_shift < MACHINE_SHIFT_MAX) {
        *shift = now_shift + 1;
    }
    return *shift != now_shift;
}

void rate_align(struct journal *j, bool (*is_wanted)(struct journal *j))
{
    if (!j->pace.aligns || j->pace.now_ns == NULL || j->pace.wait == NULL) {
        return;
    }
    for (;;) {
        uint64_t host_ns = j->pace.now_ns(j->pace.opaque);
        int64_t delta = ahead(j, host_ns);

        if (delta <= AHEAD_NS || is_wanted(j)) {
            return;
        }
        j->pace.wait(j->pace.opaque, host_ns + (uint64_t)(delta < SLICE_NS ? delta : SLICE_NS));
        j->asked_ns = j->pace.now_ns(j->pace.opaque); /* waiting is not the machine's slowness */
    }
}
