/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_messages: a device with a port of messages, as a network card has one: it holds some of them,
 * whole, raises its line while it holds any, and gives their bytes to the guest one after the other.
 */
#include "toy_messages.h"
#include "toy_parts.h"

struct messages {
    uint32_t taken; /* messages so far */
    uint32_t sum;   /* of their bytes and lengths */
    uint8_t lengths[TOY_MESSAGES_HELD];
    uint8_t bytes[TOY_MESSAGES_HELD][TOY_MESSAGE_MAX];
    uint8_t held;
    uint8_t at; /* the next byte of the first one */
    uint8_t zero[2];
};

static const struct field fields[] = {
    FIELD(struct messages, taken),
    FIELD(struct messages, sum),
    FIELD_ARRAY_MAX(struct messages, lengths, TOY_MESSAGE_MAX),
    {.name = "bytes",
     .offset = offsetof(struct messages, bytes),
     .element_size = 1,
     .count = TOY_MESSAGES_HELD * TOY_MESSAGE_MAX},
    FIELD_MAX(struct messages, held, TOY_MESSAGES_HELD),
    FIELD_MAX(struct messages, at, TOY_MESSAGE_MAX),
    FIELD_ARRAY(struct messages, zero),
};

/* Nothing is left of what was read. */
static void drop_first(struct device *d)
{
    struct messages *s = d->state;

    if (s->held == 0) {
        return;
    }
    s->held--;
    memmove(s->lengths, s->lengths + 1, s->held);
    memmove(s->bytes, s->bytes + 1, (size_t)s->held * TOY_MESSAGE_MAX);
    s->lengths[s->held] = 0;
    memset(s->bytes[s->held], 0, TOY_MESSAGE_MAX);
    s->at = 0;
    device_set_line(d, 0, s->held != 0);
}

static uint64_t messages_read(struct device *d, struct mem_access a)
{
    struct messages *s = d->state;

    switch (a.at) {
    case 0: /* the next byte of the first message, 0 behind its end */
        return s->held > 0 && s->at < s->lengths[0] ? s->bytes[0][s->at++] : 0;
    case 4: return s->held > 0 ? s->lengths[0] : 0;
    default: return s->held;
    }
}

static void messages_write(struct device *d, struct mem_access a, uint64_t value)
{
    (void)value;
    if (a.at == 4) {
        drop_first(d);
    }
}

static void messages_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    struct messages *s = d->state;

    must(s->held < TOY_MESSAGES_HELD && count <= TOY_MESSAGE_MAX);
    if (count > 0) {
        memcpy(s->bytes[s->held], bytes, count);
    }
    s->lengths[s->held++] = (uint8_t)count;
    s->taken++;
    s->sum = s->sum * 31 + count;
    for (uint32_t i = 0; i < count; i++) {
        s->sum = s->sum * 31 + bytes[i];
    }
    device_set_line(d, 0, true);
}

static uint32_t messages_room(const struct device *d)
{
    const struct messages *s = d->state;

    return s->held < TOY_MESSAGES_HELD ? TOY_MESSAGE_MAX : 0;
}

static const struct device_class messages = {
    .name = "toy-messages",
    .windows = {{.bytes = 16, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct messages, fields),
    .output_lines = 1,
    .read = messages_read,
    .write = messages_write,
    .input = messages_input,
    .room = messages_room,
    .message_max = TOY_MESSAGE_MAX,
};

void toy_add_messages(struct machine *m, paddr base, const char *port)
{
    struct error e;
    struct device *d = machine_add_device(m, &messages, port, base, NULL, 0, port, &e);

    must(d != NULL);
    machine_connect_hart(d, 0, machine_hart_count(m) - 1, TOY_MESSAGES_PIN);
}

/* ---- instructions that use it wherever they are, so that random programs do ---- */

static void put_byte(struct lift *l, uint32_t at, unsigned d)
{
    toy_set_reg(l, d, ir_ld(l->b, IR_I32, ir_const(l->b, IR_I32, TOY_MESSAGES + at), 0, 0));
}

static void messages_lift(struct lift *l, uint8_t op)
{
    switch (op) {
    case TOY_MSG_BYTE: put_byte(l, 0, l->bytes[1]); break;
    case TOY_MSG_LENGTH: put_byte(l, 4, l->bytes[1]); break;
    case TOY_MSG_HELD: put_byte(l, 8, l->bytes[1]); break;
    default:
        ir_st(l->b, IR_I32, ir_const(l->b, IR_I32, TOY_MESSAGES + 4), 0, toy_reg(l, 0), 0);
        break;
    }
}

static void messages_random(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    if (op == TOY_MSG_DONE) {
        toy_op0(a, op);
    } else {
        toy_op1(a, op, x >> 8 & 7);
    }
}

static const uint8_t lengths[] = {2, 2, 2, 1};

const struct toy_family toy_messages_family = {
    .lengths = lengths, .count = 4, .lift = messages_lift, .random = messages_random};
