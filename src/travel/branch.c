/* SPDX-License-Identifier: GPL-2.0-or-later
 * branch: history goes on from the cursor as another source has it. What was kept of the time
 * before stays good, as it is the same time; what came after the cursor is forgotten here, and is
 * in the other recording.
 */
#include "travel/internal.h"

bool travel_is_sound(const struct travel *t)
{
    return !t->diverged || t->bad > t->machine->state.now;
}

void travel_change_source(struct travel *t, const struct travel_source *source)
{
    tick now = t->machine->state.now;

    must(travel_is_sound(t));
    travel_drop_index(t); /* it speaks of ticks after now as well */
    travel_drop_marks_from(t, now + 1);
    t->source = *source;
    t->furthest = now;
    t->verified = t->verified < now ? t->verified : now;
    t->good = t->good < now ? t->good : now;
    t->diverged = false;
    travel_set_inlet(t);
    t->source.moved(t->source.opaque, now, now);
    must(t->source.end(t->source.opaque) >= now);
}
