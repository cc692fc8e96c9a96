/* SPDX-License-Identifier: GPL-2.0-or-later
 * clint: software interrupts, timer interrupts and the time of all harts, laid out as SiFive's
 * core-local interruptor, which is an MSWI and an MTIMER of the RISC-V ACLINT specification in one
 * window. Time is virtual time, at 10 MHz, plus what the guest moved it by.
 * Left out: the supervisor software interrupts (SSWI) of ACLINT.
 */
#include "dev/dev.h"

enum {
    MSIP = 0x0000,     /* 4 bytes a hart */
    MTIMECMP = 0x4000, /* 8 bytes a hart */
    MTIME = 0xbff8
};
#define NS_PER_UNIT (UINT64_C(1000000000) / CLINT_TIME_HZ)

struct clint {
    tick alarm[MACHINE_HARTS_MAX]; /* when mtime reaches mtimecmp */
    uint64_t mtimecmp[MACHINE_HARTS_MAX];
    uint64_t offset; /* mtime - virtual time, modulo 2^64 */
    uint32_t msip[MACHINE_HARTS_MAX];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct clint, alarm),
    FIELD_ARRAY(struct clint, mtimecmp),
    FIELD(struct clint, offset),
    FIELD_ARRAY_BOOL(struct clint, msip),
};

static uint64_t clint_mtime(const struct device *d)
{
    const struct clint *s = d->state;

    return device_now_ns(d) / NS_PER_UNIT + s->offset;
}

/* The tick at which mtime will have counted `units` on, units >= 1. */
static tick clint_tick_after(const struct device *d, uint64_t units)
{
    uint64_t due;

    if (__builtin_add_overflow(device_now_ns(d) / NS_PER_UNIT, units, &due) ||
        __builtin_mul_overflow(due, NS_PER_UNIT, &due)) {
        return TICK_NEVER;
    }
    return device_tick_at(d, due);
}

static void clint_update_timer(struct device *d, unsigned hart)
{
    const struct clint *s = d->state;
    uint64_t now = clint_mtime(d);
    bool due = now >= s->mtimecmp[hart];

    /* While it is due, what can end it by itself is mtime wrapping to 0. */
    device_set_alarm(d, hart, clint_tick_after(d, due ? -now : s->mtimecmp[hart] - now));
    device_set_hart_pin(d, hart, RISCV_PIN_MTI, due);
}

static void clint_set_mtime(struct device *d, uint64_t value)
{
    struct clint *s = d->state;

    s->offset += value - clint_mtime(d);
    for (unsigned h = 0; h < device_hart_count(d); h++) {
        clint_update_timer(d, h);
    }
}

static void clint_set_msip(struct device *d, unsigned hart, uint64_t value)
{
    struct clint *s = d->state;

    s->msip[hart] = value & 1;
    device_set_hart_pin(d, hart, RISCV_PIN_MSI, s->msip[hart] != 0);
}

/* The specification leaves mtimecmp open at reset: with the greatest value no timer is due. */
static void clint_reset(struct device *d)
{
    struct clint *s = d->state;

    for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
        s->mtimecmp[h] = UINT64_MAX;
    }
    clint_set_mtime(d, 0);
    for (unsigned h = 0; h < device_hart_count(d); h++) {
        clint_set_msip(d, h, 0);
    }
}

/* Alarms of harts that are not there would reach for them. */
static int clint_check(const struct device *d, const void *state, struct error *e)
{
    const struct clint *s = state;

    for (unsigned h = device_hart_count(d); h < MACHINE_HARTS_MAX; h++) {
        if (s->alarm[h] != TICK_NEVER) {
            return error_set(e, "alarm[%u] is %llu: there is no such hart", h,
                             (unsigned long long)s->alarm[h]);
        }
    }
    return 0;
}

/* A register of 8 bytes, read or written whole or by halves. */
static uint64_t clint_part(uint64_t whole, uint64_t at, unsigned size)
{
    return bits_get(whole, 8 * (unsigned)(at & 4), 8 * size);
}

static uint64_t clint_with_part(uint64_t whole, uint64_t at, unsigned size, uint64_t value)
{
    return bits_set(whole, 8 * (unsigned)(at & 4), 8 * size, value);
}

static uint64_t clint_read(struct device *d, struct mem_access a)
{
    const struct clint *s = d->state;
    uint64_t at = a.at;
    unsigned size = a.size;
    unsigned harts = device_hart_count(d);

    if (at % size != 0) {
        return device_bad_read(d, a);
    }
    if (at / 4 < harts && size == 4) {
        return s->msip[at / 4];
    }
    if (at >= MTIMECMP && (at - MTIMECMP) / 8 < harts) {
        return clint_part(s->mtimecmp[(at - MTIMECMP) / 8], at, size);
    }
    if (at >= MTIME && at < MTIME + 8) {
        return clint_part(clint_mtime(d), at, size);
    }
    return device_bad_read(d, a);
}

static void clint_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct clint *s = d->state;
    uint64_t at = a.at;
    unsigned size = a.size;
    unsigned harts = device_hart_count(d);

    if (at % size != 0) {
        device_bad_write(d, a, value);
    } else if (at / 4 < harts && size == 4) {
        clint_set_msip(d, (unsigned)(at / 4), value);
    } else if (at >= MTIMECMP && (at - MTIMECMP) / 8 < harts) {
        unsigned hart = (unsigned)((at - MTIMECMP) / 8);

        s->mtimecmp[hart] = clint_with_part(s->mtimecmp[hart], at, size, value);
        clint_update_timer(d, hart);
    } else if (at >= MTIME && at < MTIME + 8) {
        clint_set_mtime(d, clint_with_part(clint_mtime(d), at, size, value));
    } else {
        device_bad_write(d, a, value);
    }
}

static void clint_alarm(struct device *d, uint32_t i)
{
    clint_update_timer(d, i);
}

static uint64_t clint_time(void *opaque, tick now)
{
    const struct device *d = opaque;
    const struct clint *s = d->state;

    return device_ns_at(d, now) / NS_PER_UNIT + s->offset;
}

static tick clint_when(void *opaque, uint64_t value)
{
    const struct device *d = opaque;
    uint64_t now = clint_mtime(d);

    return now >= value ? device_now(d) : clint_tick_after(d, value - now);
}

void clint_attach(struct device *d)
{
    for (unsigned h = 0; h < device_hart_count(d); h++) {
        struct cpu *cpu = device_cpu(d, h);

        cpu->timer.opaque = d;
        cpu->timer.read = clint_time;
        cpu->timer.when = clint_when;
    }
}

const struct device_class clint = {
    .name = "clint",
    .behaviour = 2,
    .windows = {{.bytes = 0xc000, .sizes = 4 | 8}},
    .state = FIELD_TABLE(struct clint, fields),
    .alarm_offset = offsetof(struct clint, alarm),
    .alarm_count = MACHINE_HARTS_MAX,
    .reset = clint_reset,
    .read = clint_read,
    .write = clint_write,
    .alarm = clint_alarm,
    .check = clint_check,
};
