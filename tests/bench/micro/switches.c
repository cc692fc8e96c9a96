// SPDX-License-Identifier: GPL-2.0-or-later
// switches: 40 processes take turns, and each has a kernel with tables of its own, as with page-table
// isolation: 80 address spaces. After each switch a few functions are called and some pages
// are read and written, through the tables (MPRV), as the next process would.
#include "guest.h"
#include "riscv.h"

enum { ROOTS = 80, TURNS = 1250, PAGES = 12 };

static uint64_t roots[ROOTS][512] __attribute__((aligned(4096)));
static uint64_t pages[PAGES][512] __attribute__((aligned(4096)));

static __attribute__((noinline)) uint64_t some_work(uint64_t x)
{
    uint64_t sum = x;

    for (unsigned i = 0; i < PAGES; i++) {
        pages[i][x & 511] += sum;
        sum ^= pages[i][x >> 9 & 511];
    }
    return sum;
}

static __attribute__((noinline)) uint64_t more_work(uint64_t x)
{
    return some_work(x * 0x9e3779b97f4a7c15);
}

void guest_main(void)
{
    uint64_t sum = 1;

    for (unsigned i = 0; i < ROOTS; i++) {
        for (uint64_t k = 0; k < 4; k++) { // gigabytes where they are; V R W A D
            roots[i][k] = k << 28 | 0xc7;
        }
    }
    csr_write(pmpaddr0, -1UL);
    csr_write(pmpcfg0, 0x1f);
    csr_clear(mstatus, 3UL << 11);
    csr_set(mstatus, 1UL << 11 | 1UL << 17); // as S mode
    for (unsigned turn = 0; turn < TURNS; turn++) {
        for (unsigned i = 0; i < ROOTS; i++) {
            csr_write(satp, 8UL << 60 | (uint64_t)roots[i] >> 12);
            sum = more_work(sum);
        }
    }
    csr_clear(mstatus, 1UL << 17);
    say("switches %lx\n", sum);
}
