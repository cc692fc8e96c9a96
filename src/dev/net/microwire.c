/* SPDX-License-Identifier: GPL-2.0-or-later
 * microwire: see microwire.h. A command is a start bit, two bits that say what, and a place of six bits; then
 * words come out, one behind the other, or one goes in.
 */
#include "dev/net/microwire.h"

enum { COMMAND_BITS = 9, WORD_BITS = 16 };
enum { WHAT_MORE, WHAT_WRITE, WHAT_READ, WHAT_ERASE };
/* Of WHAT_MORE, by the upper two bits of the place. */
enum { MORE_LOCK, MORE_WRITE_ALL, MORE_ERASE_ALL, MORE_UNLOCK };

static void fill(struct microwire *m, unsigned place, bool all, uint16_t word)
{
    for (unsigned i = 0; i < MICROWIRE_WORDS; i++) {
        if (m->may_write && (all || i == place)) {
            m->words[i] = word;
        }
    }
}

/* The last bit of the command has come. */
static void obey(struct microwire *m)
{
    unsigned place = m->shifted & 63, what = m->shifted >> 6 & 3;

    if (what == WHAT_ERASE) {
        fill(m, place, false, 0xffff);
    } else if (what == WHAT_MORE && place >> 4 == MORE_ERASE_ALL) {
        fill(m, place, true, 0xffff);
    } else if (what == WHAT_MORE && (place >> 4 == MORE_LOCK || place >> 4 == MORE_UNLOCK)) {
        m->may_write = place >> 4 == MORE_UNLOCK;
    }
    m->out =
        what != WHAT_READ; /* a zero comes before the first word; else it says that it is ready */
}

/* Bit `n` behind the command. */
static void pass_bit(struct microwire *m, unsigned n, bool in)
{
    /* Of a word on its way in, the bits are behind those of the command. */
    unsigned bits = n < WORD_BITS ? n + 1 : WORD_BITS;
    uint32_t command = m->shifted;
    unsigned what, place;

    if ((command >> 6 & 3) == WHAT_READ && command >> 8 == 1) {
        place = ((command & 63) + n / WORD_BITS) % MICROWIRE_WORDS;
        m->out = m->words[place] >> (WORD_BITS - 1 - n % WORD_BITS) & 1;
        return;
    }
    if (n >= WORD_BITS) {
        return;
    }
    m->shifted = m->shifted << 1 | in;
    if (bits < WORD_BITS) {
        return;
    }
    command = m->shifted >> WORD_BITS;
    what = command >> 6 & 3;
    place = command & 63;
    if (what == WHAT_WRITE || (what == WHAT_MORE && place >> 4 == MORE_WRITE_ALL)) {
        fill(m, place, what == WHAT_MORE, (uint16_t)m->shifted);
    }
}

void microwire_drive(struct microwire *m, bool select, bool clock, bool in)
{
    bool rises = clock && !m->clock;

    m->clock = clock;
    if (!select) {
        m->shifted = m->count = 0;
        m->out = 1; /* pulled up */
        return;
    }
    if (!rises || (m->count == 0 && !in)) { /* it begins with a one */
        return;
    }
    m->count = (uint16_t)(m->count < 0xffff ? m->count + 1 : 0xffff);
    if (m->count > COMMAND_BITS) {
        pass_bit(m, m->count - COMMAND_BITS - 1u, in);
        return;
    }
    m->shifted = m->shifted << 1 | in;
    m->out = 0;
    if (m->count == COMMAND_BITS) {
        obey(m);
    }
}
