/* SPDX-License-Identifier: GPL-2.0-or-later
 * reset: see reset.h.
 */
#include "base/reset.h"

#include <stdlib.h>

void reset_clear(void *state, size_t state_size, const struct survivor *survivors, size_t count,
                 enum reset_kind kind)
{
    uint8_t *bytes = state, *old = base_alloc(state_size, 1);

    memcpy(old, bytes, state_size);
    memset(bytes, 0, state_size);
    for (size_t i = 0; i < count; i++) {
        const struct survivor *s = &survivors[i];

        must(s->offset <= state_size && s->size <= state_size - s->offset);
        if ((s->resets & (unsigned)kind) != 0) {
            memcpy(bytes + s->offset, old + s->offset, s->size);
        }
    }
    free(old);
}

bool reset_spares(const struct survivor *survivors, size_t count, uint32_t offset,
                  enum reset_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        if (offset - survivors[i].offset < survivors[i].size &&
            (survivors[i].resets & (unsigned)kind) != 0) {
            return true;
        }
    }
    return false;
}
