/* SPDX-License-Identifier: GPL-2.0-or-later
 * microwire: the serial EEPROM beside network cards, of the 93C46's kind: 64 words, four wires. After the
 * 93C46's data sheet; private to dev/net/. Programming takes no time.
 */
#ifndef DEV_NET_MICROWIRE_H
#define DEV_NET_MICROWIRE_H

#include "base/field.h"

#define MICROWIRE_WORDS 64

/* State: a member of a card's. */
struct microwire {
    uint16_t words[MICROWIRE_WORDS];
    uint32_t shifted; /* bits that came in, the last one lowest */
    uint16_t count;   /* of bits since the start bit, it included; 0: none yet */
    uint8_t out;      /* the level of its output */
    uint8_t clock;    /* the level of its clock */
    uint8_t may_write;
    uint8_t zero[7];
};
/* `p`: the path of it in the state. */
#define MICROWIRE_FIELDS(type, p)                                                                  \
    FIELD_ARRAY(type, p.words), FIELD(type, p.shifted), FIELD(type, p.count),                      \
        FIELD_BOOL(type, p.out), FIELD_BOOL(type, p.clock), FIELD_BOOL(type, p.may_write),         \
        FIELD_ARRAY(type, p.zero)

/* The levels of its three inputs. */
void microwire_drive(struct microwire *m, bool select, bool clock, bool in);

#endif
