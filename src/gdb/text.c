/* SPDX-License-Identifier: GPL-2.0-or-later
 * text: numbers and bytes in packets, which are hexadecimal digits. Everything taken is bounded by
 * the packet's end, whatever is in it.
 */
#include "gdb/internal.h"

int gdb_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool gdb_take_hex(struct gdb_args *a, uint64_t *out)
{
    uint64_t value = 0;
    unsigned digits = 0;

    while (a->at < a->end && gdb_hex_digit(*a->at) >= 0) {
        if (++digits > 16) {
            return false;
        }
        value = value << 4 | (unsigned)gdb_hex_digit(*a->at++);
    }
    *out = value;
    return digits != 0;
}

bool gdb_take(struct gdb_args *a, char c)
{
    if (a->at == a->end || *a->at != (uint8_t)c) {
        return false;
    }
    a->at++;
    return true;
}

bool gdb_take_word(struct gdb_args *a, const char *w)
{
    size_t length = strlen(w);

    if (gdb_left(a) < length || memcmp(a->at, w, length) != 0) {
        return false;
    }
    a->at += length;
    return true;
}

ptrdiff_t gdb_take_bytes(struct gdb_args *a, uint8_t *out, size_t most)
{
    size_t count = 0;

    while (gdb_left(a) >= 2 && count < most) {
        int high = gdb_hex_digit(a->at[0]), low = gdb_hex_digit(a->at[1]);

        if (high < 0 || low < 0) {
            return -1;
        }
        out[count++] = (uint8_t)(high << 4 | low);
        a->at += 2;
    }
    return gdb_left(a) == 1 && count < most ? -1 : (ptrdiff_t)count;
}

void gdb_add_hex(struct text *out, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;

    for (size_t i = 0; i < count; i++) {
        const char pair[2] = {digits[b[i] >> 4], digits[b[i] & 15]};
        text_add_bytes(out, pair, 2);
    }
}
