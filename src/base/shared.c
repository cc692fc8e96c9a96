/* SPDX-License-Identifier: GPL-2.0-or-later
 * shared: bytes that never change and are held by several, in any thread; the last one frees them.
 */
#include "base/base.h"

#include <stdatomic.h>
#include <stdlib.h>

struct shared_bytes {
    atomic_uint holders;
    uint8_t *data;
    uint64_t size;
};

struct shared_bytes *shared_bytes_new(uint8_t *data, uint64_t size)
{
    struct shared_bytes *s = base_alloc(1, sizeof(*s));

    atomic_init(&s->holders, 1);
    s->data = data;
    s->size = size;
    return s;
}

struct shared_bytes *shared_bytes_hold(struct shared_bytes *s)
{
    if (s != NULL) {
        (void)atomic_fetch_add(&s->holders, 1);
    }
    return s;
}

void shared_bytes_drop(struct shared_bytes *s)
{
    if (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1) {
        free(s->data);
        free(s);
    }
}

uint64_t shared_bytes_size(const struct shared_bytes *s)
{
    return s->size;
}
