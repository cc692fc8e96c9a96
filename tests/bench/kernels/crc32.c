// SPDX-License-Identifier: GPL-2.0-or-later
// crc32: CRC-32 by a table of 256 words over a megabyte, a byte at a time: one long chain of
// dependent loads.
#include "guest.h"

enum { SIZE = 1 << 20, ROUNDS = 24 };

static uint32_t table[256];
static uint8_t data[SIZE];

static __attribute__((noinline)) uint32_t by_table(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xff];
    }
    return ~crc;
}

void guest_main(void)
{
    for (uint32_t i = 0; i < ARRAY_LEN(table); i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) {
            c = c >> 1 ^ (0xedb88320u & (0u - (c & 1)));
        }
        table[i] = c;
    }
    uint64_t seed = 1;
    for (size_t i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)next_random(&seed);
    }
    CHECK_EQ(by_table(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
    uint32_t crc = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        crc = by_table(crc, data, SIZE);
    }
    say("crc32 %08x\n", crc);
}
