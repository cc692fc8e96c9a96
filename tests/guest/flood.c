// SPDX-License-Identifier: GPL-2.0-or-later
// flood: a guest with an e1000 in slot 1 of PCI that takes frames as fast as they come, and meanwhile answers each byte
// that is typed with the same byte and a line's end; q ends it, and it says how many frames there were. Its
// output is not the same twice: only a replay's is.
#include "guest.h"

#define REG(size, at) (*(volatile uint##size##_t *)(uintptr_t)(at))
#define CONFIG(at)    (0x30000000 + (UINT64_C(1) << 15) + (at))
#define CARD          0x40000000
#define UART          0x10000000
enum { RCTL = 0x100, RDBA = 0x2800, RDLEN = 0x2808, RDH = 0x2810, RDT = 0x2818 };
enum { RING = 64, ROOM = 2048 };

static struct {
    uint64_t at;
    uint16_t bytes, sum;
    uint8_t status, errors;
    uint16_t special;
} ring[RING] __attribute__((aligned(4096)));
static uint8_t buffers[RING][ROOM] __attribute__((aligned(4096)));

static void start(void)
{
    CHECK_EQ(REG(32, CONFIG(0)), 0x100e8086);
    REG(32, CONFIG(0x10)) = CARD;
    REG(16, CONFIG(4)) = 6; // memory, master
    for (unsigned i = 0; i < RING; i++) {
        ring[i].at = (uintptr_t)buffers[i];
    }
    REG(32, CARD + RDBA) = (uint32_t)(uintptr_t)ring;
    REG(32, CARD + RDBA + 4) = (uint32_t)((uint64_t)(uintptr_t)ring >> 32);
    REG(32, CARD + RDLEN) = sizeof ring;
    REG(32, CARD + RDH) = 0;
    REG(32, CARD + RDT) = RING - 1;
    REG(32, CARD + RCTL) = 0x0400801a; // on, all addresses, no check sequence
}

void guest_main(void)
{
    unsigned next = 0, frames = 0;
    char typed = 0;

    start();
    say("ready\n");
    while (typed != 'q') {
        volatile uint8_t *status = &ring[next].status;
        if ((*status & 1) != 0) {
            frames++;
            *status = 0;
            memory_barrier();
            REG(32, CARD + RDT) = next;
            next = (next + 1) % RING;
        }
        if ((REG(8, UART + 5) & 1) != 0) {
            typed = (char)REG(8, UART);
            say("%c\n", typed);
        }
    }
    say("%u frames\n", frames);
}
