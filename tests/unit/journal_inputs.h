/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_inputs: an input of a recording by its number, for tests, which look at few of them.
 */
#ifndef TESTS_UNIT_JOURNAL_INPUTS_H
#define TESTS_UNIT_JOURNAL_INPUTS_H

#include "journal/journal.h"

/* Input i, 0 <= i < count; its bytes are good until four more were asked for. */
static inline void input_of(const struct recording *r, uint64_t i, struct input *in)
{
    static uint8_t rooms[4][INPUT_BYTES_MAX];
    static unsigned turn;
    const struct input *found;
    struct inputs x;

    inputs_init(&x, r);
    x.next = i;
    found = inputs_peek(&x);
    must(found != NULL);
    *in = *found;
    in->data = rooms[turn++ % 4];
    memcpy(rooms[(turn - 1) % 4], found->data, in->length);
    inputs_fini(&x);
}

#endif
