// SPDX-License-Identifier: GPL-2.0-or-later
// idle: ten minutes of virtual time in 20 sleeps. Costs nothing where idle time is skipped, and must
// add next to nothing to a recording.
#include "idle_body.h"

void guest_main(void)
{
    idle_rounds(20, UINT64_C(30000000000));
}
