// SPDX-License-Identifier: GPL-2.0-or-later
// idle_short: two seconds in 40 sleeps: for tests that run live, where idle time takes its time.
#include "idle_body.h"

void guest_main(void)
{
    idle_rounds(40, UINT64_C(50000000));
}
