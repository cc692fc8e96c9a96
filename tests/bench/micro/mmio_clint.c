// SPDX-License-Identifier: GPL-2.0-or-later
// mmio_clint: a million reads of mtime, which must be that of the very instruction. What it read
// is not printed: emulators may count the time before the program differently.
#include "guest.h"
#include "riscv.h"

enum { READS = 1000000 };

void guest_main(void)
{
    uint64_t last = 0;
    unsigned back = 0;
    for (unsigned i = 0; i < READS; i++) {
        uint64_t now = CLINT_MTIME;
        back += now < last;
        last = now;
    }
    say("mmio_clint %u\n", back);
}
