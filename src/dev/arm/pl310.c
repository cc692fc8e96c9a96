/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl310: the controller of a level 2 cache, after the technical reference manual of Arm's CoreLink L2C-310
 * (DDI 0246), r3p2. Caches are always coherent here: maintenance is done as soon as it is asked for, and the rest
 * is kept. Left out: event counters, interrupts, lockdown (what is written to it is lost).
 */
#include "dev/arm.h"

enum {
    CACHE_ID = 0x000,
    CACHE_TYPE = 0x004,
    CONTROL = 0x100,
    AUX_CONTROL = 0x104,
    TAG_RAM_CONTROL = 0x108,
    DATA_RAM_CONTROL = 0x10c,
    EVENTS = 0x200, /* counters and interrupts */
    EVENTS_END = 0x224,
    MAINTENANCE = 0x730,
    MAINTENANCE_END = 0x800,
    LOCKDOWN = 0x900,
    LOCKDOWN_END = 0x958,
    FILTER_START = 0xc00,
    FILTER_END = 0xc04,
    DEBUG_CONTROL = 0xf40,
    PREFETCH_CONTROL = 0xf60,
    POWER_CONTROL = 0xf80,
    PL310_END = 0x1000
};
#define ID_R3P2   UINT32_C(0x410000c8)
#define TYPE      UINT32_C(0x1c100100) /* 8 ways of 16 KiB */
#define AUX_RESET UINT32_C(0x02020000)
#define RAM_RESET UINT32_C(0x00000777)

struct pl310 {
    uint32_t control;
    uint32_t aux;
    uint32_t ram[2]; /* latencies: of tags, of data */
    uint32_t filter[2];
    uint32_t debug;
    uint32_t prefetch;
    uint32_t power;
    uint32_t zero;
};

static const struct field fields[] = {
    FIELD_BOOL(struct pl310, control),  FIELD(struct pl310, aux),
    FIELD_ARRAY(struct pl310, ram),     FIELD_ARRAY(struct pl310, filter),
    FIELD_MASK(struct pl310, debug, 7), FIELD(struct pl310, prefetch),
    FIELD_MASK(struct pl310, power, 3), FIELD(struct pl310, zero),
};

/* A register that only keeps what is written, and which bits of that; NULL: another one. */
static uint32_t *plain(struct pl310 *s, uint64_t at, uint32_t *kept)
{
    *kept = UINT32_MAX;
    switch (at) {
    case CONTROL: *kept = 1; return &s->control;
    case AUX_CONTROL: return &s->aux;
    case TAG_RAM_CONTROL: return &s->ram[0];
    case DATA_RAM_CONTROL: return &s->ram[1];
    case FILTER_START: return &s->filter[0];
    case FILTER_END: return &s->filter[1];
    case DEBUG_CONTROL: *kept = 7; return &s->debug;
    case PREFETCH_CONTROL: return &s->prefetch;
    case POWER_CONTROL: *kept = 3; return &s->power;
    default: return NULL;
    }
}

/* Registers that read as 0, and whose writes have been carried out when they end. */
static bool is_done(uint64_t at)
{
    return (at >= EVENTS && at < EVENTS_END) || (at >= MAINTENANCE && at < MAINTENANCE_END) ||
           (at >= LOCKDOWN && at < LOCKDOWN_END);
}

static uint64_t pl310_read(struct device *d, struct mem_access a)
{
    uint32_t kept;
    const uint32_t *word = plain(d->state, a.at, &kept);

    switch (a.at) {
    case CACHE_ID: return ID_R3P2;
    case CACHE_TYPE: return TYPE;
    default: return word != NULL ? *word : is_done(a.at) ? 0 : device_bad_read(d, a);
    }
}

static void pl310_write(struct device *d, struct mem_access a, uint64_t value)
{
    uint32_t kept;
    uint32_t *word = plain(d->state, a.at, &kept);

    if (word != NULL) {
        *word = (uint32_t)value & kept;
    } else if (!is_done(a.at)) {
        device_bad_write(d, a, value);
    }
}

static void pl310_reset(struct device *d)
{
    struct pl310 *s = d->state;

    s->aux = AUX_RESET;
    s->ram[0] = RAM_RESET;
    s->ram[1] = RAM_RESET;
}

const struct device_class pl310 = {
    .name = "pl310",
    .behaviour = 1,
    .windows = {{.bytes = PL310_END, .sizes = 4}},
    .state = FIELD_TABLE(struct pl310, fields),
    .reset = pl310_reset,
    .read = pl310_read,
    .write = pl310_write,
};
