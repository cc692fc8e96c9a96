/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_messages: see toy_messages.c.
 */
#ifndef TESTS_TOY_TOY_MESSAGES_H
#define TESTS_TOY_TOY_MESSAGES_H

#include "toy.h"

enum { TOY_MESSAGES_HELD = 3, TOY_MESSAGE_MAX = 24, TOY_MESSAGES_PIN = 6 };

/* +0 read: the next byte of the first message; +4 read: its length, write: it is done; +8 read: how
 * many are held. Its line is pin TOY_MESSAGES_PIN of the last hart. */
#define TOY_MESSAGES UINT64_C(0x5000)

enum {
    TOY_MSG_BYTE = 0x60, /* rd = +0 */
    TOY_MSG_LENGTH,      /* rd = +4 */
    TOY_MSG_HELD,        /* rd = +8 */
    TOY_MSG_DONE         /* writes +4 */
};

/* To a machine that is not sealed yet. */
void toy_add_messages(struct machine *m, paddr base, const char *port);

#endif
