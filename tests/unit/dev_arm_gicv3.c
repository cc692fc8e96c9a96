/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm/gicv3*.c: the rules of the GIC architecture 3, one test each: routing, redistributors, the CPU
 * interface's registers, preemption, both modes of ending, groups, SGIs; LPIs by way of the ITS's commands.
 */
#include "dev/arm.h"

#include "dev_bench.h"

enum {
    CTLR = 0x0,
    TYPER = 0x4,
    IGROUPR = 0x80,
    ISENABLER = 0x100,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    IPRIORITYR = 0x400,
    ICFGR = 0xc00,
    IROUTER = 0x6000
};
#define REDIST     0x100000
#define ITS        0x300000
#define RD(h)      (REDIST + 0x20000u * (h))
#define SGI(h)     (RD(h) + 0x10000u)
#define GICR_CTLR  0x0
#define GICR_TYPER 0x8
#define GICR_WAKER 0x14
#define GICR_PROP  0x70
#define GICR_PEND  0x78

#define SYS(crm, op2) (3 << 14 | 12 << 7 | (crm) << 3 | (op2))
enum {
    PMR = 3 << 14 | 4 << 7 | 6 << 3,
    IAR0 = SYS(8, 0),
    EOIR0 = SYS(8, 1),
    BPR0 = SYS(8, 3),
    AP1R0 = SYS(9, 0),
    DIR = SYS(11, 1),
    RPR = SYS(11, 3),
    SGI1R = SYS(11, 5),
    SGI0R = SYS(11, 7),
    IAR1 = SYS(12, 0),
    EOIR1 = SYS(12, 1),
    HPPIR1 = SYS(12, 2),
    BPR1 = SYS(12, 3),
    C_CTLR = SYS(12, 4),
    SRE = SYS(12, 5),
    IGRPEN0 = SYS(12, 6),
    IGRPEN1 = SYS(12, 7)
};

#define RAM       UINT64_C(0x80000000)
#define RAM_BYTES (4 * MIB)

static uint64_t load(struct bench *b, uint64_t at, unsigned size)
{
    struct mem_window *w = bench_window_at(b->machine, BENCH_BASE + at);

    return w->read(w->opaque, mem_access_to(w, BENCH_BASE + at - w->base, size, 0));
}

static void store(struct bench *b, uint64_t at, unsigned size, uint64_t value)
{
    struct mem_window *w = bench_window_at(b->machine, BENCH_BASE + at);

    w->write(w->opaque, mem_access_to(w, BENCH_BASE + at - w->base, size, 0), value);
}

static uint64_t mrs(struct bench *b, unsigned hart, uint32_t number)
{
    uint64_t value = 0;

    assert_int_equal(gicv3.read_register(b->device, hart, number, &value), PLATFORM_DONE);
    return value;
}

static void msr(struct bench *b, unsigned hart, uint32_t number, uint64_t value)
{
    assert_int_equal(gicv3.write_register(b->device, hart, number, value), PLATFORM_DONE);
}

/* All is on and of group 1; with RAM for tables. */
static void open_gic(struct bench *b, unsigned harts)
{
    const struct gicv3_config config = {.has_its = 1};
    struct error e;

    bench_open_unsealed(b, &gicv3, &config, sizeof config, harts);
    assert_int_equal(machine_place_window(b->device, 1, BENCH_BASE + REDIST, &e), 0);
    assert_int_equal(machine_place_window(b->device, 2, BENCH_BASE + ITS, &e), 0);
    assert_int_equal(mem_add_block(machine_mem(b->machine), "ram", RAM, RAM_BYTES, true, &e), 0);
    assert_int_equal(machine_seal(b->machine, &e), 0);
    store(b, CTLR, 4, 3);
    for (unsigned i = 1; i < 9; i++) {
        store(b, IGROUPR + 4 * i, 4, UINT32_MAX);
    }
    for (unsigned h = 0; h < harts; h++) {
        store(b, SGI(h) + IGROUPR, 4, UINT32_MAX);
        store(b, SGI(h) + ISENABLER, 4, UINT32_MAX);
        msr(b, h, PMR, 0xff);
        msr(b, h, IGRPEN0, 1);
        msr(b, h, IGRPEN1, 1);
    }
}

static void set_up(struct bench *b, unsigned intid, unsigned priority, unsigned hart)
{
    store(b, IPRIORITYR + intid, 1, priority);
    store(b, IROUTER + 8 * intid, 8, hart);
    store(b, ISENABLER + 4 * (intid / 32), 4, UINT64_C(1) << intid % 32);
}

static void line(struct bench *b, unsigned intid, bool level)
{
    gicv3.line(b->device, intid - 32, level);
}

static bool irq(const struct bench *b, unsigned hart)
{
    return bench_pin(b, hart, ARM_PIN_IRQ);
}

static void test_shared(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 4);
    set_up(&b, 40, 0x80, 2);
    line(&b, 40, true);
    for (unsigned h = 0; h < 4; h++) {
        assert_int_equal(irq(&b, h), h == 2);
    }
    store(&b, IROUTER + 8 * 40, 8, 3);
    assert_true(irq(&b, 3) && !irq(&b, 2));
    store(&b, IROUTER + 8 * 40 + 4, 4, 1); /* another cluster's: nobody's */
    assert_false(irq(&b, 3));
    store(&b, IROUTER + 8 * 40 + 4, 4, 0);
    assert_int_equal(mrs(&b, 3, HPPIR1), 40);
    assert_int_equal(mrs(&b, 3, IAR1), 40);
    assert_int_equal(mrs(&b, 3, RPR), 0x80);
    assert_int_equal(mrs(&b, 3, AP1R0), 1 << 16);
    assert_false(irq(&b, 3));
    assert_int_equal(load(&b, ISACTIVER + 4, 4), 1 << 8);
    assert_int_equal(load(&b, ISPENDR + 4, 4), 1 << 8); /* the level */
    msr(&b, 3, EOIR1, 40);
    assert_true(irq(&b, 3));
    assert_int_equal(mrs(&b, 3, RPR), 0xff);
    line(&b, 40, false);
    assert_false(irq(&b, 3));
    assert_int_equal(mrs(&b, 3, IAR1), 1023);
    store(&b, ICFGR + 4 * (41 / 16), 4, UINT32_C(2) << 2 * (41 % 16)); /* by edge */
    set_up(&b, 41, 0x80, 0);
    line(&b, 41, true);
    line(&b, 41, false);
    assert_int_equal(mrs(&b, 0, IAR1), 41);
    line(&b, 41, true);
    msr(&b, 0, EOIR1, 41);
    assert_true(irq(&b, 0));
    store(&b, ICPENDR + 4, 4, 1 << 9);
    assert_false(irq(&b, 0));
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

static void test_private(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, MACHINE_HARTS_MAX);
    for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
        store(&b, SGI(h) + IPRIORITYR + 27, 1, 8 * h);
        gicv3.line(b.device, GIC_INPUT_PRIVATE(h, 27), true);
        for (unsigned other = 0; other < MACHINE_HARTS_MAX; other++) {
            assert_int_equal(irq(&b, other), other == h);
        }
        assert_int_equal(mrs(&b, h, IAR1), 27);
        assert_int_equal(mrs(&b, h, RPR), 8 * h);
        gicv3.line(b.device, GIC_INPUT_PRIVATE(h, 27), false);
        msr(&b, h, EOIR1, 27);
        assert_int_equal(load(&b, SGI(h) + IPRIORITYR + 24, 4) >> 24, 8 * h);
        assert_int_equal(load(&b, RD(h) + GICR_TYPER, 8),
                         (uint64_t)h << 32 | h << 8 | 1 | (h == MACHINE_HARTS_MAX - 1 ? 0x10 : 0));
        assert_int_equal(load(&b, RD(h) + GICR_TYPER + 4, 4), h);
        assert_int_equal(load(&b, RD(h) + GICR_WAKER, 4), 6);
        store(&b, RD(h) + GICR_WAKER, 4, 0);
        assert_int_equal(load(&b, RD(h) + GICR_WAKER, 4), 0);
    }
    gicv3.line(b.device, GIC_INPUT_PRIVATE(2, 27), true);
    msr(&b, 2, PMR, 0xff);
    gicv3.hart_reset(b.device, 2);
    assert_false(irq(&b, 2));
    assert_int_equal(mrs(&b, 2, PMR), 0);
    bench_close(&b);
}

static void test_preemption(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    assert_int_equal(mrs(&b, 0, BPR1), 3); /* as fine as can be */
    set_up(&b, 40, 0x68, 0);
    set_up(&b, 41, 0x60, 0);
    set_up(&b, 42, 0x20, 0);
    msr(&b, 0, BPR1, 5); /* groups of 32 */
    line(&b, 40, true);
    assert_int_equal(mrs(&b, 0, IAR1), 40);
    assert_int_equal(mrs(&b, 0, RPR), 0x60);
    line(&b, 41, true);
    assert_false(irq(&b, 0));
    line(&b, 42, true);
    assert_true(irq(&b, 0));
    assert_int_equal(mrs(&b, 0, IAR1), 42);
    assert_int_equal(mrs(&b, 0, RPR), 0x20);
    line(&b, 42, false);
    msr(&b, 0, EOIR1, 42);
    assert_int_equal(mrs(&b, 0, RPR), 0x60);
    msr(&b, 0, EOIR1, 1023); /* ends nothing */
    assert_int_equal(mrs(&b, 0, RPR), 0x60);
    line(&b, 40, false);
    msr(&b, 0, EOIR1, 40);
    msr(&b, 0, PMR, 0x60);
    assert_false(irq(&b, 0));
    msr(&b, 0, PMR, 0x6f); /* five bits count */
    assert_int_equal(mrs(&b, 0, PMR), 0x68);
    assert_true(irq(&b, 0));
    msr(&b, 0, BPR1, 0);
    assert_int_equal(mrs(&b, 0, BPR1), 3);
    msr(&b, 0, C_CTLR, 1); /* one binary point for both */
    assert_int_equal(mrs(&b, 0, BPR1), 3);
    msr(&b, 0, BPR0, 6);
    assert_int_equal(mrs(&b, 0, BPR1), 7);
    bench_close(&b);
}

static void test_split_end(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    msr(&b, 0, C_CTLR, 2);
    assert_int_equal(mrs(&b, 0, C_CTLR), 0x8402);
    set_up(&b, 40, 0x80, 0);
    set_up(&b, 41, 0x80, 0);
    line(&b, 40, true);
    assert_int_equal(mrs(&b, 0, IAR1), 40);
    line(&b, 41, true);
    assert_false(irq(&b, 0));
    msr(&b, 0, EOIR1, 40);
    assert_int_equal(load(&b, ISACTIVER + 4, 4), 1 << 8);
    assert_int_equal(mrs(&b, 0, IAR1), 41);
    msr(&b, 0, EOIR1, 41);
    assert_false(irq(&b, 0));
    msr(&b, 0, DIR, 40);
    assert_int_equal(mrs(&b, 0, IAR1), 40);
    bench_close(&b);
}

static void test_groups(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    store(&b, IGROUPR + 4, 4, ~(UINT32_C(1) << 8)); /* 40 is of group 0 */
    set_up(&b, 40, 0x80, 0);
    line(&b, 40, true);
    assert_true(bench_pin(&b, 0, ARM_PIN_FIQ));
    assert_false(irq(&b, 0));
    assert_int_equal(mrs(&b, 0, IAR1), 1023);
    assert_int_equal(mrs(&b, 0, HPPIR1), 1023);
    assert_int_equal(mrs(&b, 0, IAR0), 40);
    assert_false(bench_pin(&b, 0, ARM_PIN_FIQ));
    msr(&b, 0, EOIR0, 40);
    assert_true(bench_pin(&b, 0, ARM_PIN_FIQ));
    msr(&b, 0, IGRPEN0, 0);
    assert_false(bench_pin(&b, 0, ARM_PIN_FIQ));
    msr(&b, 0, IGRPEN0, 1);
    store(&b, CTLR, 4, 2);
    assert_false(bench_pin(&b, 0, ARM_PIN_FIQ));
    assert_int_equal(load(&b, CTLR, 4), 0x52);
    bench_close(&b);
}

static void test_sgis(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 4);
    msr(&b, 1, SGI1R, UINT64_C(5) << 24 | 0xd); /* harts 0, 2, 3 */
    for (unsigned h = 0; h < 4; h++) {
        assert_int_equal(irq(&b, h), h != 1);
    }
    for (unsigned h = 0; h < 4; h += h == 0 ? 2 : 1) {
        assert_int_equal(mrs(&b, h, IAR1), 5);
        msr(&b, h, EOIR1, 5);
        assert_false(irq(&b, h));
    }
    msr(&b, 2, SGI1R, UINT64_C(1) << 40 | UINT64_C(7) << 24); /* to all others */
    for (unsigned h = 0; h < 4; h++) {
        assert_int_equal(irq(&b, h), h != 2);
    }
    msr(&b, 2, SGI1R, UINT64_C(1) << 16 | UINT64_C(3) << 24 | 4); /* of another cluster */
    assert_false(irq(&b, 2));
    msr(&b, 2, SGI0R, UINT64_C(3) << 24 | 4); /* 3 is of the other group */
    assert_false(bench_pin(&b, 2, ARM_PIN_FIQ));
    bench_close(&b);
}

static void test_hardwired(void **state)
{
    (void)state;
    uint64_t value;
    struct bench b;

    open_gic(&b, 1);
    assert_int_equal(load(&b, TYPER, 4), 8 | 1 << 17 | 15 << 19 | 1 << 24 | 1 << 25);
    assert_int_equal(load(&b, 0xffe8, 4), 0x3b);
    assert_int_equal(load(&b, RD(0) + 0xffe8, 4), 0x3b);
    assert_int_equal(load(&b, ITS + 0xffe8, 4), 0x3b);
    assert_int_equal(mrs(&b, 0, SRE), 7);
    msr(&b, 0, SRE, 0);
    assert_int_equal(mrs(&b, 0, SRE), 7);
    store(&b, ISENABLER, 4, UINT32_MAX); /* private ones are elsewhere */
    assert_int_equal(load(&b, ISENABLER, 4), 0);
    assert_int_equal(load(&b, 0x800 + 40, 4), 0);
    assert_int_equal(b.complaints, 0);
    assert_int_equal(gicv3.read_register(b.device, 0, SYS(8, 5), &value), PLATFORM_NOBODY);
    assert_int_equal(gicv3.write_register(b.device, 0, IAR1, 0), PLATFORM_NOBODY);
    (void)load(&b, RD(1), 4); /* there is no such hart */
    store(&b, RD(1), 4, 1);
    (void)load(&b, 0x20, 4);
    assert_int_equal(b.complaints, 3);
    bench_close(&b);
}

/* ---- LPIs -------------------------------------------------------------------------------------*/

#define PROPERTIES  (RAM + 0x10000)
#define PENDING(h)  (RAM + 0x20000 + 0x10000 * (h))
#define DEVICES     (RAM + 0x100000)
#define COLLECTIONS (RAM + 0x180000)
#define EVENTS      (RAM + 0x190000)
#define QUEUE       (RAM + 0x1a0000)
#define VALID       (UINT64_C(1) << 63)

static void put_byte(struct bench *b, paddr at, uint8_t value)
{
    assert_true(mem_write_bytes(machine_mem(b->machine), at, &value, 1));
}

static void command(struct bench *b, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    uint64_t at = load(b, ITS + 0x88, 8), words[4] = {w0, w1, w2, w3};
    uint8_t bytes[32];

    for (unsigned i = 0; i < 4; i++) {
        bytes_set_le(bytes + 8 * i, 8, words[i]);
    }
    assert_true(mem_write_bytes(machine_mem(b->machine), QUEUE + at, bytes, sizeof bytes));
    store(b, ITS + 0x88, 8, (at + 32) % 4096);
    assert_int_equal(load(b, ITS + 0x90, 8), (at + 32) % 4096);
}

static void map_event(struct bench *b, uint64_t event, uint64_t intid, uint64_t collection)
{
    command(b, 0x0a, intid << 32 | event, collection, 0);
}

/* Device 0 with 32 events; collection h is hart h. */
static void open_its(struct bench *b, unsigned harts)
{
    open_gic(b, harts);
    for (unsigned h = 0; h < harts; h++) {
        store(b, RD(h) + GICR_PROP, 8, PROPERTIES | 15);
        store(b, RD(h) + GICR_PEND, 8, PENDING(h));
        store(b, RD(h) + GICR_CTLR, 4, 1);
    }
    store(b, ITS + 0x100, 8, VALID | DEVICES | 0x7f);
    store(b, ITS + 0x108, 8, VALID | COLLECTIONS | 0xf);
    store(b, ITS + 0x80, 8, VALID | QUEUE);
    store(b, ITS + 0x0, 4, 1);
    command(b, 0x08, 4, VALID | EVENTS, 0);
    for (unsigned h = 0; h < harts; h++) {
        command(b, 0x09, 0, VALID | (uint64_t)h << 16 | h, 0);
    }
    assert_int_equal(b->complaints, 0);
}

static void test_translation(void **state)
{
    (void)state;
    struct bench b;

    open_its(&b, 2);
    put_byte(&b, PROPERTIES + 100, 0xa1); /* 8292: enabled */
    put_byte(&b, PROPERTIES + 101, 0x81);
    map_event(&b, 3, 8292, 1);
    map_event(&b, 4, 8293, 1);
    store(&b, ITS + 0x10040, 4, 3);
    assert_true(irq(&b, 1) && !irq(&b, 0));
    store(&b, ITS + 0x10040, 4, 4); /* a more urgent one */
    assert_int_equal(mrs(&b, 1, HPPIR1), 8293);
    assert_int_equal(mrs(&b, 1, IAR1), 8293);
    assert_int_equal(mrs(&b, 1, RPR), 0x80);
    assert_false(irq(&b, 1));
    msr(&b, 1, EOIR1, 8293);
    assert_int_equal(mrs(&b, 1, IAR1), 8292);
    msr(&b, 1, EOIR1, 8292);
    assert_false(irq(&b, 1));
    assert_int_equal(mrs(&b, 1, IAR1), 1023);
    store(&b, ITS + 0x10040, 4, 3);
    command(&b, 0x01, 3, 0, 0); /* MOVI: to the other hart, with what pends */
    assert_true(irq(&b, 0) && !irq(&b, 1));
    command(&b, 0x0e, 0, 0, UINT64_C(1) << 16); /* MOVALL: and back */
    assert_true(irq(&b, 1) && !irq(&b, 0));
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

/* What the tables say counts from INV on. */
static void test_configuration(void **state)
{
    (void)state;
    struct bench b;

    open_its(&b, 1);
    map_event(&b, 0, 9000, 0);
    command(&b, 0x03, 0, 0, 0); /* INT: it pends, and is not enabled */
    assert_false(irq(&b, 0));
    put_byte(&b, PROPERTIES + 9000 - 8192, 0x41);
    assert_false(irq(&b, 0));
    command(&b, 0x0c, 0, 0, 0); /* INV */
    assert_true(irq(&b, 0));
    put_byte(&b, PROPERTIES + 9000 - 8192, 0x40);
    command(&b, 0x0d, 0, 0, 0); /* INVALL */
    assert_false(irq(&b, 0));
    put_byte(&b, PROPERTIES + 9000 - 8192, 0x41);
    command(&b, 0x0d, 0, 0, 0);
    assert_true(irq(&b, 0));
    command(&b, 0x04, 0, 0, 0); /* CLEAR */
    assert_false(irq(&b, 0));
    command(&b, 0x03, 0, 0, 0);
    store(&b, RD(0) + GICR_CTLR, 4, 0); /* LPIs off, and on again: the table remembers */
    assert_false(irq(&b, 0));
    store(&b, RD(0) + GICR_CTLR, 4, 1);
    assert_true(irq(&b, 0));
    command(&b, 0x0f, 0, 0, 0); /* DISCARD */
    assert_false(irq(&b, 0));
    command(&b, 0x05, 0, 0, 0);
    assert_int_equal(b.complaints, 0);
    command(&b, 0x03, 0, 0, 0); /* it has no translation any more */
    assert_int_equal(b.complaints, 1);
    bench_close(&b);
}

/* Tables that are nowhere, entries that are nonsense, a queue without end: an error each, and no more. */
static void test_nonsense(void **state)
{
    (void)state;
    struct bench b;

    open_its(&b, 1);
    map_event(&b, 0, 100, 0);   /* no LPI */
    map_event(&b, 32, 9000, 0); /* the device has 32 events */
    command(&b, 0x0a | UINT64_C(7) << 32, UINT64_C(9000) << 32, 0,
            0);                                         /* a device that is not mapped */
    command(&b, 0x09, 0, VALID | UINT64_C(5) << 16, 0); /* hart 5 */
    command(&b, 0x77, 0, 0, 0);
    assert_int_equal(b.complaints, 5);
    command(&b, 0x08, 4, VALID | (RAM - 0x10000), 0); /* a table that is nowhere */
    map_event(&b, 0, 9000, 0);
    assert_int_equal(b.complaints, 6);
    store(&b, ITS + 0x0, 4, 0);
    store(&b, ITS + 0x80, 8, VALID | (RAM + RAM_BYTES)); /* so is the queue */
    store(&b, ITS + 0x88, 8, 0);
    store(&b, ITS + 0x0, 4, 1);
    store(&b, ITS + 0x88, 8, 96);
    assert_int_equal(load(&b, ITS + 0x90, 8), 96);
    assert_int_equal(b.complaints, 9);
    store(&b, ITS + 0x88, 8, 0x1000); /* behind its end */
    assert_int_equal(load(&b, ITS + 0x90, 8), 96);
    store(&b, ITS + 0x100, 8, 0); /* on: tables stay */
    assert_int_equal(load(&b, ITS + 0x100, 8) >> 63, 1);
    bench_close(&b);
}

/* ---- virtual interrupts ---- */

#define GUEST       0x10000u /* the access is a guest's */
#define ICH(m, op2) (3 << 14 | 4 << 11 | 12 << 7 | (m) << 3 | (op2))
enum {
    ICH_HCR = ICH(11, 0),
    ICH_VTR = ICH(11, 1),
    ICH_MISR = ICH(11, 2),
    ICH_EISR = ICH(11, 3),
    ICH_ELRSR = ICH(11, 5),
    ICH_VMCR = ICH(11, 7),
    ICH_LR = ICH(12, 0)
};
#define LR_OF(intid, priority) (UINT64_C(5) << 60 | (uint64_t)(priority) << 48 | (intid))

static bool virq(const struct bench *b, unsigned hart)
{
    return bench_pin(b, hart, ARM_PIN_VIRQ);
}

/* A list register is taken, ended and heard of again; a guest's mask is its own. */
static void test_virtual(void **state)
{
    (void)state;
    struct bench b;
    uint64_t value;

    open_gic(&b, 2);
    assert_int_equal(mrs(&b, 1, ICH_VTR) & 31, 3);
    assert_int_equal(mrs(&b, 1, ICH_ELRSR), 15);
    msr(&b, 1, ICH_HCR, 1);
    msr(&b, 1, ICH_LR + 2, LR_OF(50, 0x80));
    msr(&b, 1, ICH_LR + 3, LR_OF(51, 0x40) | UINT64_C(1) << 41); /* with an end to be heard of */
    assert_false(virq(&b, 1)); /* its guest masks all, and has no group on */
    msr(&b, 1, GUEST | PMR, 0xf0);
    assert_false(virq(&b, 1));
    msr(&b, 1, GUEST | IGRPEN1, 1);
    assert_true(virq(&b, 1) && !virq(&b, 0) && !irq(&b, 1));
    assert_int_equal(mrs(&b, 1, ICH_VMCR) >> 24, 0xf0);
    assert_int_equal(mrs(&b, 1, GUEST | HPPIR1), 51);
    assert_int_equal(mrs(&b, 1, GUEST | IAR1), 51);
    assert_int_equal(mrs(&b, 1, ICH_LR + 3) >> 62, 2);
    assert_int_equal(mrs(&b, 1, GUEST | RPR), 0x40);
    assert_false(virq(&b, 1)); /* the other one is less urgent */
    assert_int_equal(mrs(&b, 1, GUEST | IAR1), 1023);
    msr(&b, 1, GUEST | EOIR1, 51);
    assert_int_equal(mrs(&b, 1, ICH_EISR), 8);
    assert_int_equal(mrs(&b, 1, ICH_MISR), 1);
    assert_true(irq(&b, 1));
    assert_int_equal(mrs(&b, 1, IAR1), 25); /* maintenance */
    msr(&b, 1, ICH_LR + 3, 0);
    msr(&b, 1, EOIR1, 25);
    assert_true(virq(&b, 1) && !irq(&b, 1));
    assert_int_equal(mrs(&b, 1, GUEST | IAR1), 50);
    msr(&b, 1, GUEST | EOIR1, 50);
    assert_int_equal(mrs(&b, 1, ICH_ELRSR), 15);
    msr(&b, 1, GUEST | EOIR1, 77); /* of no list register */
    assert_int_equal(mrs(&b, 1, ICH_HCR) >> 27, 1);
    msr(&b, 1, ICH_HCR, 1 | 1 << 12); /* TALL1 */
    assert_int_equal(gicv3.read_register(b.device, 1, GUEST | IAR1, &value), PLATFORM_REFUSED);
    assert_int_equal(gicv3.write_register(b.device, 1, GUEST | SGI1R, 1), PLATFORM_REFUSED);
    assert_int_equal(mrs(&b, 1, GUEST | PMR), 0xf0);
    bench_close(&b);
}

/* The end of a virtual interrupt that is a physical one's ends that. */
static void test_virtual_of_hardware(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    set_up(&b, 40, 0x80, 0);
    msr(&b, 0, C_CTLR, 2); /* the host's ends only drop the priority */
    line(&b, 40, true);
    assert_int_equal(mrs(&b, 0, IAR1), 40);
    msr(&b, 0, EOIR1, 40);
    assert_false(irq(&b, 0));
    msr(&b, 0, ICH_HCR, 1);
    msr(&b, 0, ICH_VMCR, UINT64_C(0xff) << 24 | 2);
    msr(&b, 0, ICH_LR, LR_OF(27, 0x20) | UINT64_C(1) << 61 | UINT64_C(40) << 32);
    assert_int_equal(mrs(&b, 0, GUEST | IAR1), 27);
    assert_false(irq(&b, 0));
    msr(&b, 0, GUEST | EOIR1, 27);
    assert_true(irq(&b, 0)); /* its line is still up */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),        cmocka_unit_test(test_private),
        cmocka_unit_test(test_preemption),    cmocka_unit_test(test_split_end),
        cmocka_unit_test(test_groups),        cmocka_unit_test(test_sgis),
        cmocka_unit_test(test_hardwired),     cmocka_unit_test(test_translation),
        cmocka_unit_test(test_configuration), cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_virtual),       cmocka_unit_test(test_virtual_of_hardware),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
