/* SPDX-License-Identifier: GPL-2.0-or-later
 * idle_body.h: sleeps `rounds` times for `each_ns` with almost no instructions, and checks that
 * time passed and that nothing woke the processor in vain more than now and then.
 */
#ifndef IDLE_BODY_H
#define IDLE_BODY_H

#include "guest.h"

static inline void idle_rounds(unsigned rounds, uint64_t each_ns)
{
    unsigned wakes = 0;
    uint64_t start = clock_ns();
    for (unsigned i = 1; i <= rounds; i++) {
        wakes += sleep_until_ns(start + i * each_ns);
        CHECK(clock_ns() >= start + i * each_ns);
    }
    CHECK(clock_ns() - start < 2 * rounds * each_ns); // generous: the reference runs live
    CHECK(wakes <= 2 * rounds);
    say("slept %u times %lu ms\n", rounds, each_ns / 1000000);
}

#endif
