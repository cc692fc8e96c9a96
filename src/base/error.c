/* SPDX-License-Identifier: GPL-2.0-or-later
 * error: one sentence for the user, made where the failure is seen and printed once, by cli/.
 * A sentence that does not fit is cut and ends in "...".
 */
#include "base/base.h"

#include <stdio.h>

/* Writes at `at`, cutting visibly; returns the length of the whole text. */
static size_t error_write(struct error *e, size_t at, const char *format, va_list args)
{
    static const char cut[] = "...";
    size_t room = sizeof(e->text) - at;
    int length = vsnprintf(e->text + at, room, format, args);

    if (length < 0) {
        e->text[at] = '\0';
        return at;
    }
    if ((size_t)length >= room) {
        memcpy(e->text + sizeof(e->text) - sizeof(cut), cut, sizeof(cut));
        return sizeof(e->text) - 1;
    }
    return at + (size_t)length;
}

int error_set(struct error *e, const char *format, ...)
{
    if (e != NULL) {
        /* The old sentence may be one of the arguments, so the new one is made beside it. */
        struct error made;
        va_list args;

        va_start(args, format);
        (void)error_write(&made, 0, format, args);
        va_end(args);
        memcpy(e->text, made.text, strlen(made.text) + 1);
    }
    return -1;
}

static size_t error_write_words(struct error *e, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static size_t error_write_words(struct error *e, size_t at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    at = error_write(e, at, format, args);
    va_end(args);
    return at;
}

int error_prefix(struct error *e, const char *format, ...)
{
    if (e != NULL) {
        struct error made;
        va_list args;

        va_start(args, format);
        size_t length = error_write(&made, 0, format, args);
        va_end(args);
        (void)error_write_words(&made, length, ": %s", e->text);
        memcpy(e->text, made.text, strlen(made.text) + 1);
    }
    return -1;
}
