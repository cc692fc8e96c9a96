// SPDX-License-Identifier: GPL-2.0-or-later
// mmio_uart: a million reads of the UART's line status, as a polling driver does.
#include "guest.h"
#include "riscv.h"

enum { READS = 1000000 };

void guest_main(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < READS; i++) {
        sum += UART(UART_LSR);
    }
    say("mmio_uart %u\n", sum);
}
