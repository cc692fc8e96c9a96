/* SPDX-License-Identifier: GPL-2.0-or-later
 * text: a string that grows. For logs, dumps, generated sources and protocol answers; it holds
 * bytes, so NULs put in by text_add_bytes are kept and `length` is the truth.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

/* Makes room for `count` more bytes and the terminator. */
static void text_reserve(struct text *t, size_t count)
{
    size_t need;

    must(!__builtin_add_overflow(t->length, count, &need) && need < SIZE_MAX / 4);
    if (need + 1 > t->room) {
        size_t room = t->room != 0 ? t->room : 64;
        while (room < need + 1) {
            room *= 2;
        }
        t->data = base_realloc(t->data, room, 1);
        t->room = room;
    }
}

void text_add_v(struct text *t, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    must(length >= 0);
    text_reserve(t, (size_t)length);
    (void)vsnprintf(t->data + t->length, (size_t)length + 1, format, args);
    t->length += (size_t)length;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_add_v(t, format, args);
    va_end(args);
}

void text_add_bytes(struct text *t, const void *bytes, size_t count)
{
    text_reserve(t, count);
    if (count != 0) {
        memcpy(t->data + t->length, bytes, count);
    }
    t->length += count;
    t->data[t->length] = '\0';
}

void text_fini(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}
