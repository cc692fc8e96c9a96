/* SPDX-License-Identifier: GPL-2.0-or-later
 * console: what a guest prints, on its way to a person: as it is, or (--safe-console) with what a
 * terminal would obey spelled out.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <stdio.h>

#include "base/base.h"

/* A stream made visible piece by piece: a character may be cut by the pieces. Zero-initialised. */
struct safe_text {
    struct text held;
};
void safe_text_add(struct safe_text *s, const void *bytes, size_t count, struct text *out);
/* What is held, too; frees. */
void safe_text_end(struct safe_text *s, struct text *out);

struct console {
    FILE *to;
    bool is_safe;
    struct safe_text safe;
    int problem; /* errno of the first write that failed; 0: none did */
};
void console_put(struct console *c, const void *bytes, size_t count);
void console_flush(struct console *c);
/* All that was put is written, or `problem` says why not. The file is left open. */
void console_end(struct console *c);

#endif
