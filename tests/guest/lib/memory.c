// SPDX-License-Identifier: GPL-2.0-or-later
// memory: the few functions that a compiler expects to exist, a checksum and a generator. Plain
// loops on purpose: a guest program's instruction count should not depend on cleverness here.
#include "guest.h"

void *memcpy(void *to, const void *from, size_t size)
{
    char *t = to;
    const char *f = from;
    while (size-- > 0) {
        *t++ = *f++;
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    char *t = to;
    while (size-- > 0) {
        *t++ = (char)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (; size > 0; size--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != 0) {
        n++;
    }
    return n;
}

uint32_t crc32(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;
    crc = ~crc;
    while (size-- > 0) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

uint64_t mix(uint64_t sum, uint64_t value)
{
    sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return sum << 23 | sum >> 41;
}

uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x;
}
