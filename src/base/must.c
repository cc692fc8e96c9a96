/* SPDX-License-Identifier: GPL-2.0-or-later
 * must: what happens when we are wrong, or when the host has no memory left. Both end the
 * program with a sentence; the context (tick, pc, recording, how to reproduce) is added by
 * whoever registered an atexit handler, because base knows nothing of it.
 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USER = 1, EXIT_OURS = 4 };

_Noreturn void must_failed(const char *condition, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "reprise: internal error at %s:%d: this must hold: %s\n", file, line,
            condition);
    exit(EXIT_OURS);
}

static _Noreturn void out_of_memory(size_t count, size_t size_bytes)
{
    fflush(stdout);
    fprintf(stderr, "reprise: the host has no memory left (asked for %zu times %zu bytes)\n", count,
            size_bytes);
    exit(EXIT_USER);
}

_Noreturn void base_give_up(const char *sentence)
{
    fflush(stdout);
    fprintf(stderr, "reprise: %s\n", sentence);
    exit(EXIT_USER);
}

void *base_alloc(size_t count, size_t size_bytes)
{
    /* One byte at least: calloc may answer NULL to a request for nothing. */
    void *p = calloc(count != 0 ? count : 1, size_bytes != 0 ? size_bytes : 1);

    if (p == NULL) {
        out_of_memory(count, size_bytes);
    }
    return p;
}

void *base_realloc(void *p, size_t count, size_t size_bytes)
{
    size_t total;

    if (__builtin_mul_overflow(count, size_bytes, &total)) {
        out_of_memory(count, size_bytes);
    }
    p = realloc(p, total != 0 ? total : 1);
    if (p == NULL) {
        out_of_memory(count, size_bytes);
    }
    return p;
}

char *base_strdup(const char *s)
{
    size_t room = strlen(s) + 1;
    char *copy = base_alloc(room, 1);

    memcpy(copy, s, room);
    return copy;
}

char *base_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = base_strdup(slash != NULL ? path : "./");

    if (slash != NULL) {
        folder[slash + 1 - path] = '\0';
    }
    return folder;
}
