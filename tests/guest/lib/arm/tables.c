// SPDX-License-Identifier: GPL-2.0-or-later
// tables: what translates the addresses of a guest program, each to itself. tables_build() runs before
// the MMU is on.
#include "arm.h"

enum { SPARE = 6 };

extern char _start[], __text_end[];

uint32_t table_1[4096] __attribute__((aligned(16384)));
static uint32_t program_pages[2][256] __attribute__((aligned(1024))); // of the program's 2 MiB
static uint32_t spare[SPARE][256] __attribute__((aligned(1024)));
static unsigned spare_used;

void tables_build(void)
{
    uint32_t program = (uint32_t)_start;
    for (uint32_t i = 0; i < 1024; i++) {
        table_1[i] = i << 20 | SECTION | SECTION_XN | SECTION_AP(AP_KERNEL);
        table_1[1024 + i] =
            (1024 + i) << 20 | SECTION | SECTION_NORMAL | SECTION_XN | SECTION_AP(AP_ALL);
    }
    for (unsigned m = 0; m < 2; m++) {
        table_1[(program >> 20) + m] = (uint32_t)program_pages[m] | TABLE;
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t page = program + (m << 20) + (i << 12);
            program_pages[m][i] = page | (page < (uint32_t)__text_end ? PAGE_CODE : PAGE_DATA);
        }
    }
}

uint32_t *page_entry(uint32_t va)
{
    uint32_t *first = &table_1[va >> 20];
    if ((*first & 3) == SECTION) { // the same in pieces
        uint32_t *table = spare[spare_used++];
        CHECK(spare_used <= SPARE);
        for (uint32_t i = 0; i < 256; i++) {
            table[i] = (*first & 0xfff00000) | i << 12 | PAGE_DATA;
        }
        *first = (uint32_t)table | TABLE;
    } else if ((*first & 3) == 0) {
        CHECK(spare_used < SPARE);
        *first = (uint32_t)spare[spare_used++] | TABLE;
    }
    return (uint32_t *)(*first & 0xfffffc00) + (va >> 12 & 255);
}

void tables_changed(void)
{
    __asm__ volatile("dsb ish" : : : "memory");
    write_cp15(0, c8, c3, 0, 0);
    __asm__ volatile("dsb ish\n isb" : : : "memory");
}
