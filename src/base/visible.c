/* SPDX-License-Identifier: GPL-2.0-or-later
 * visible: text that comes from a recording, a guest or the host's file names, before a person
 * sees it. A terminal obeys control characters, and characters that turn the direction of writing
 * make a line read as another one: both are spelled out. UTF-8 is after RFC 3629.
 */
#include "base/base.h"

unsigned utf8_next(const uint8_t *bytes, size_t count, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = bytes[0] < 0x80           ? 1
                      : (bytes[0] >> 5) == 0x06 ? 2
                      : (bytes[0] >> 4) == 0x0e ? 3
                      : (bytes[0] >> 3) == 0x1e ? 4
                                                : 0;
    uint32_t c = length > 1 ? bytes[0] & (0x7fu >> length) : bytes[0];

    *code = UTF8_NONE;
    if (length == 0 || length > count) {
        return 1;
    }
    for (unsigned i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 1;
        }
        c = c << 6 | (bytes[i] & 0x3fu);
    }
    if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 1;
    }
    *code = c;
    return length;
}

bool utf8_is_obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f)           /* controls, C0 and C1 */
           || c == 0x61c || c == 0x200e || c == 0x200f    /* marks of direction */
           || (c >= 0x2028 && c <= 0x202e)                /* ends of lines; embeddings, overrides */
           || (c >= 0x2066 && c <= 0x206f)                /* isolates, and shapes of digits */
           || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) /* no character; annotations */
           || (c >= 0xe0000 && c <= 0xe007f);             /* tags, which nobody sees */
}

void text_add_visible(struct text *t, const void *bytes, size_t count, const char *kept)
{
    const uint8_t *b = bytes;

    while (count > 0) {
        uint32_t code;
        unsigned length = utf8_next(b, count, &code);

        if (code == UTF8_NONE) {
            text_add(t, "\\x%02x", *b);
        } else if (!utf8_is_obeyed(code) ||
                   (code != 0 && code < 0x80 && strchr(kept, (int)code) != NULL)) {
            text_add_bytes(t, b, length);
        } else {
            text_add(t, code < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)code);
        }
        b += length;
        count -= length;
    }
}
