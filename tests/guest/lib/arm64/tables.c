// SPDX-License-Identifier: GPL-2.0-or-later
// tables: what translates the addresses of a guest program, each to itself. tables_build() runs before
// the MMU is on.
#include "arm64.h"

enum { SPARE = 6 };

extern char _start[], __text_end[];

uint64_t table_1[512] __attribute__((aligned(4096)));
static uint64_t table_2[512] __attribute__((aligned(4096)));
static uint64_t table_3[512] __attribute__((aligned(4096))); // of the program's 2 MiB
static uint64_t spare[SPARE][512] __attribute__((aligned(4096)));
static unsigned spare_used;

void tables_build(void)
{
    uint64_t base = UINT64_C(0x40000000);
    uint64_t program = (uint64_t)_start;
    table_1[0] = PTE_BLOCK | PTE_DEVICE | PTE_AF | PTE_PXN | PTE_UXN;
    table_1[1] = (uint64_t)table_2 | 3;
    for (unsigned i = 0; i < 512; i++) {
        table_2[i] = (base + i * UINT64_C(0x200000)) | PTE_BLOCK | PTE_DATA;
    }
    table_2[(program >> 21) & 511] = (uint64_t)table_3 | 3;
    for (unsigned i = 0; i < 512; i++) {
        uint64_t page = program + i * UINT64_C(4096);
        table_3[i] = page | PTE_PAGE | (page < (uint64_t)__text_end ? PTE_CODE : PTE_DATA);
    }
}

static uint64_t *next_table(uint64_t *entry)
{
    if ((*entry & 3) == 1) { // a block: the same in pieces, which is never asked of the first table
        uint64_t *table = spare[spare_used++];
        CHECK(spare_used <= SPARE);
        for (unsigned i = 0; i < 512; i++) {
            table[i] = (*entry & ~UINT64_C(1)) + i * UINT64_C(4096);
            table[i] |= PTE_PAGE;
        }
        *entry = (uint64_t)table | 3;
    } else if ((*entry & 3) == 0) {
        CHECK(spare_used < SPARE);
        *entry = (uint64_t)spare[spare_used++] | 3;
    }
    return (uint64_t *)(*entry & UINT64_C(0xfffffffff000));
}

uint64_t *page_entry(uint64_t va)
{
    uint64_t *second = next_table(&table_1[va >> 30 & 511]);
    uint64_t *third = next_table(&second[va >> 21 & 511]);
    return &third[va >> 12 & 511];
}

void tables_changed(void)
{
    __asm__ volatile("dsb ish\n tlbi vmalle1is\n dsb ish\n isb" : : : "memory");
}
