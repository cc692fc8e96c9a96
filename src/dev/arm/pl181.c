/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl181: a host of memory cards, after the technical reference manuals of Arm's PrimeCell Multimedia Card
 * Interface (PL180, PL181), DDI 0172 and DDI 0205, whose slot is empty: a command that wants an answer times out
 * at once, and so does a transfer.
 */
#include "dev/arm.h"

enum {
    MCI_POWER = 0x00,
    MCI_CLOCK = 0x04,
    MCI_ARGUMENT = 0x08,
    MCI_COMMAND = 0x0c,
    MCI_RESP_CMD = 0x10,
    MCI_RESPONSE0 = 0x14, /* to 3 */
    MCI_DATA_TIMER = 0x24,
    MCI_DATA_LENGTH = 0x28,
    MCI_DATA_CTRL = 0x2c,
    MCI_DATA_CNT = 0x30,
    MCI_STATUS = 0x34,
    MCI_CLEAR = 0x38,
    MCI_MASK0 = 0x3c,
    MCI_MASK1 = 0x40,
    MCI_SELECT = 0x44,
    MCI_FIFO_CNT = 0x48,
    MCI_FIFO = 0x80,
    MCI_FIFO_END = 0xc0,
    MCI_ID = 0xfe0, /* MCIPeriphID0 to 3, MCIPCellID0 to 3 */
    MCI_END = 0x1000
};
enum { COMMAND_RESPONSE = 0x40, COMMAND_ENABLE = 0x400, COMMAND_KEPT = 0x3ff };
enum { DATA_ENABLE = 1, DATA_KEPT = 0xfe };
enum {
    STATUS_COMMAND_TIMEOUT = 0x4,
    STATUS_DATA_TIMEOUT = 0x8,
    STATUS_COMMAND_SENT = 0x80,
    STATUS_STICKY = 0x7ff,
    STATUS_TX_HALF_EMPTY = 0x4000,
    STATUS_TX_EMPTY = 0x40000,
    STATUS_RX_EMPTY = 0x80000,
    STATUS_ALL = 0x3fffff
};

struct pl181 {
    uint32_t argument;
    uint32_t data_timer;
    uint32_t mask[2];
    uint16_t data_length;
    uint16_t command;
    uint16_t status; /* those that stay until they are cleared */
    uint16_t clock;
    uint8_t power;
    uint8_t data_ctrl;
    uint8_t zero[6];
};

static const struct field fields[] = {
    FIELD(struct pl181, argument),
    FIELD(struct pl181, data_timer),
    FIELD_ARRAY_MASK(struct pl181, mask, STATUS_ALL),
    FIELD(struct pl181, data_length),
    FIELD_MASK(struct pl181, command, COMMAND_KEPT),
    FIELD_MASK(struct pl181, status, STATUS_STICKY),
    FIELD_MASK(struct pl181, clock, 0xfff),
    FIELD(struct pl181, power),
    FIELD_MASK(struct pl181, data_ctrl, DATA_KEPT),
    FIELD_ARRAY(struct pl181, zero),
};

static uint32_t status(const struct pl181 *s)
{
    return s->status | STATUS_TX_HALF_EMPTY | STATUS_TX_EMPTY | STATUS_RX_EMPTY;
}

static void drive(struct device *d)
{
    const struct pl181 *s = d->state;

    for (unsigned i = 0; i < ARRAY_LEN(s->mask); i++) {
        device_set_line(d, i, (status(s) & s->mask[i]) != 0);
    }
}

static const uint8_t ids[] = {0x81, 0x11, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t pl181_read(struct device *d, struct mem_access a)
{
    const struct pl181 *s = d->state;

    if (a.at >= MCI_ID) {
        return ids[(a.at - MCI_ID) / 4];
    }
    if (a.at >= MCI_FIFO && a.at < MCI_FIFO_END) {
        return 0;
    }
    switch (a.at) {
    case MCI_POWER: return s->power;
    case MCI_CLOCK: return s->clock;
    case MCI_ARGUMENT: return s->argument;
    case MCI_COMMAND: return s->command;
    case MCI_RESP_CMD:
    case MCI_RESPONSE0:
    case MCI_RESPONSE0 + 4:
    case MCI_RESPONSE0 + 8:
    case MCI_RESPONSE0 + 12:
    case MCI_SELECT:
    case MCI_FIFO_CNT:
    case MCI_DATA_CNT: return 0;
    case MCI_DATA_TIMER: return s->data_timer;
    case MCI_DATA_LENGTH: return s->data_length;
    case MCI_DATA_CTRL: return s->data_ctrl;
    case MCI_STATUS: return status(s);
    case MCI_MASK0: return s->mask[0];
    case MCI_MASK1: return s->mask[1];
    default: return device_bad_read(d, a);
    }
}

/* Nobody answers. */
static void set_command(struct pl181 *s, uint32_t value)
{
    s->command = value & COMMAND_KEPT;
    if ((value & COMMAND_ENABLE) != 0) {
        s->status |= (value & COMMAND_RESPONSE) != 0 ? STATUS_COMMAND_TIMEOUT : STATUS_COMMAND_SENT;
    }
}

static void pl181_write(struct device *d, struct mem_access a, uint64_t wide)
{
    struct pl181 *s = d->state;
    uint32_t value = (uint32_t)wide;

    switch (a.at) {
    case MCI_POWER: s->power = (uint8_t)value; break;
    case MCI_CLOCK: s->clock = value & 0xfff; break;
    case MCI_ARGUMENT: s->argument = value; break;
    case MCI_COMMAND: set_command(s, value); break;
    case MCI_DATA_TIMER: s->data_timer = value; break;
    case MCI_DATA_LENGTH: s->data_length = (uint16_t)value; break;
    case MCI_DATA_CTRL:
        s->data_ctrl = value & DATA_KEPT;
        s->status |= (value & DATA_ENABLE) != 0 ? STATUS_DATA_TIMEOUT : 0;
        break;
    case MCI_CLEAR: s->status &= (uint16_t)~value; break;
    case MCI_MASK0: s->mask[0] = value & STATUS_ALL; break;
    case MCI_MASK1: s->mask[1] = value & STATUS_ALL; break;
    case MCI_SELECT: break;
    default:
        if (a.at < MCI_FIFO || a.at >= MCI_FIFO_END) {
            device_bad_write(d, a, wide);
        }
    }
    drive(d);
}

const struct device_class pl181 = {
    .name = "pl181",
    .behaviour = 1,
    .windows = {{.bytes = MCI_END, .sizes = 4}},
    .state = FIELD_TABLE(struct pl181, fields),
    .output_lines = 2,
    .read = pl181_read,
    .write = pl181_write,
};
