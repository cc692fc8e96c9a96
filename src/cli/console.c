/* SPDX-License-Identifier: GPL-2.0-or-later
 * console: see console.h.
 */
#include "cli/console.h"

#include <errno.h>
#include <stdlib.h>

/* A terminal needs no more to show lines as they came: what they were typed and edited with. */
#define KEPT "\n\r\t\b"

/* How many bytes at the end may be the beginning of a character. */
static size_t unfinished(const uint8_t *bytes, size_t count)
{
    for (size_t n = 1; n < 4 && n <= count; n++) {
        uint8_t b = bytes[count - n];
        unsigned length = b < 0xc0 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;

        if ((b & 0xc0) != 0x80) {
            return length > n ? n : 0;
        }
    }
    return 0;
}

void safe_text_add(struct safe_text *s, const void *bytes, size_t count, struct text *out)
{
    size_t keep;

    text_add_bytes(&s->held, bytes, count);
    keep = unfinished((const uint8_t *)s->held.data, s->held.length);
    text_add_visible(out, s->held.data, s->held.length - keep, KEPT);
    memmove(s->held.data, s->held.data + s->held.length - keep, keep);
    s->held.length = keep;
}

void safe_text_end(struct safe_text *s, struct text *out)
{
    text_add_visible(out, s->held.data, s->held.length, KEPT);
    text_fini(&s->held);
}

static void put(struct console *c, const void *bytes, size_t count)
{
    errno = 0;
    if (count > 0 && fwrite(bytes, 1, count, c->to) != count && c->problem == 0) {
        c->problem = errno != 0 ? errno : EIO;
    }
}

void console_put(struct console *c, const void *bytes, size_t count)
{
    struct text seen = {0};

    if (!c->is_safe) {
        put(c, bytes, count);
        return;
    }
    safe_text_add(&c->safe, bytes, count, &seen);
    put(c, seen.data, seen.length);
    text_fini(&seen);
}

void console_flush(struct console *c)
{
    errno = 0;
    if (fflush(c->to) != 0 && c->problem == 0) {
        c->problem = errno != 0 ? errno : EIO;
    }
}

void console_end(struct console *c)
{
    struct text seen = {0};

    safe_text_end(&c->safe, &seen);
    put(c, seen.data, seen.length);
    text_fini(&seen);
    console_flush(c);
}
