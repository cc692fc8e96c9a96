/* SPDX-License-Identifier: GPL-2.0-or-later
 * error: one sentence for the user, made where the failure is seen and printed once, by cli/.
 * A sentence that does not fit is cut and ends in "...".
 */
#include "base/base.h"

/* The sentence becomes what `t` holds, which is freed. */
static void error_take(struct error *e, struct text *t)
{
    static const char cut[] = "...";
    struct text seen = {0};
    size_t length;

    text_add_visible(&seen, t->data, t->length, "");
    text_add_bytes(&seen, "", 0);
    length = seen.length;
    if (length >= sizeof(e->text)) {
        length = sizeof(e->text) - sizeof(cut);
        while (length > 0 && ((uint8_t)seen.data[length] & 0xc0) == 0x80) {
            length--; /* not in the middle of a character */
        }
        seen.length = length;
        text_add_bytes(&seen, cut, sizeof(cut) - 1);
    }
    memcpy(e->text, seen.data, seen.length + 1);
    text_fini(&seen);
    text_fini(t);
}

int error_set(struct error *e, const char *format, ...)
{
    if (e != NULL) {
        /* The old sentence may be one of the arguments, so the new one is made beside it. */
        struct text t = {0};
        va_list args;

        va_start(args, format);
        text_add_v(&t, format, args);
        va_end(args);
        error_take(e, &t);
    }
    return -1;
}

int error_prefix(struct error *e, const char *format, ...)
{
    if (e != NULL) {
        struct text t = {0};
        va_list args;

        va_start(args, format);
        text_add_v(&t, format, args);
        va_end(args);
        text_add(&t, ": %s", e->text);
        error_take(e, &t);
    }
    return -1;
}
