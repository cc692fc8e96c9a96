/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm/gicv2.c: the rules of the GIC architecture 2.0, one test each: what is pending by level and by
 * edge, who is best, preemption, both modes of ending, groups, SGIs, banked registers.
 */
#include "dev/arm.h"

#include "dev_bench.h"

enum {
    CTLR = 0x0,
    TYPER = 0x4,
    IGROUPR = 0x80,
    ISENABLER = 0x100,
    ICENABLER = 0x180,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    IPRIORITYR = 0x400,
    ITARGETSR = 0x800,
    ICFGR = 0xc00,
    SGIR = 0xf00,
    CPENDSGIR = 0xf10
};
#define CPU 0x10000
enum {
    C_CTLR = CPU,
    C_PMR = CPU + 0x4,
    C_BPR = CPU + 0x8,
    C_IAR = CPU + 0xc,
    C_EOIR = CPU + 0x10,
    C_RPR = CPU + 0x14,
    C_HPPIR = CPU + 0x18,
    C_ABPR = CPU + 0x1c,
    C_AIAR = CPU + 0x20,
    C_APR = CPU + 0xd0,
    C_NSAPR = CPU + 0xe0,
    C_DIR = CPU + 0x1000
};

static unsigned acting; /* the hart that reads and writes */

static uint32_t load(struct bench *b, uint64_t at)
{
    struct mem_window *w = bench_window_at(b->machine, BENCH_BASE + at);

    return (uint32_t)w->read(w->opaque, mem_access_to(w, at < CPU ? at : at - CPU, 4, (int)acting));
}

static void store(struct bench *b, uint64_t at, unsigned size, uint32_t value)
{
    struct mem_window *w = bench_window_at(b->machine, BENCH_BASE + at);

    w->write(w->opaque, mem_access_to(w, at < CPU ? at : at - CPU, size, (int)acting), value);
}

/* As bench_open(), with the second window; on, and every hart takes everything. */
static void open_gic(struct bench *b, unsigned harts)
{
    struct error e;

    bench_open_unsealed(b, &gicv2, NULL, 0, harts);
    assert_int_equal(machine_place_window(b->device, 1, BENCH_BASE + CPU, &e), 0);
    assert_int_equal(machine_seal(b->machine, &e), 0);
    store(b, CTLR, 4, 3);
    for (acting = harts; acting-- > 0;) {
        store(b, C_CTLR, 4, 3);
        store(b, C_PMR, 4, 0xff);
        if (acting == 0) {
            break;
        }
    }
}

static void line(struct bench *b, unsigned intid, bool level)
{
    gicv2.line(b->device, intid - 32, level);
}

/* Shared, of that priority, to the first hart. */
static void set_up(struct bench *b, unsigned intid, unsigned priority)
{
    store(b, IPRIORITYR + intid, 1, priority);
    store(b, ITARGETSR + intid, 1, 1);
    store(b, ISENABLER + 4 * (intid / 32), 4, UINT32_C(1) << intid % 32);
}

static void set_edge(struct bench *b, unsigned intid)
{
    uint64_t at = ICFGR + 4 * (intid / 16);

    store(b, at, 4, load(b, at) | UINT32_C(2) << 2 * (intid % 16));
}

static bool is_set(struct bench *b, uint64_t at, unsigned intid)
{
    return (load(b, at + 4 * (intid / 32)) >> intid % 32 & 1) != 0;
}

static bool irq(const struct bench *b, unsigned hart)
{
    return bench_pin(b, hart, ARM_PIN_IRQ);
}

static void test_level(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    set_up(&b, 40, 0x80);
    line(&b, 40, true);
    assert_true(irq(&b, 0));
    line(&b, 40, false); /* gone before it was taken */
    assert_false(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 1023);
    line(&b, 40, true);
    assert_int_equal(load(&b, C_IAR), 40);
    assert_false(irq(&b, 0));
    assert_true(is_set(&b, ISACTIVER, 40));
    assert_true(is_set(&b, ISPENDR, 40)); /* active and pending: the line is still up */
    store(&b, C_EOIR, 4, 40);
    assert_true(irq(&b, 0)); /* again */
    assert_int_equal(load(&b, C_IAR), 40);
    line(&b, 40, false);
    store(&b, C_EOIR, 4, 40);
    assert_false(irq(&b, 0));
    assert_int_equal(load(&b, C_RPR), 0xff);
    store(&b, ISPENDR + 4, 4, 1 << 8); /* by software: until it is taken */
    assert_true(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 40);
    store(&b, C_EOIR, 4, 40);
    assert_false(irq(&b, 0));
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

static void test_edge(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    set_edge(&b, 33);
    set_up(&b, 33, 0x80);
    line(&b, 33, true);
    line(&b, 33, false); /* it is remembered */
    assert_true(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 33);
    assert_false(is_set(&b, ISPENDR, 33));
    line(&b, 33, true); /* while it is served: once more */
    line(&b, 33, false);
    line(&b, 33, true);
    assert_false(irq(&b, 0));
    store(&b, C_EOIR, 4, 33);
    assert_true(irq(&b, 0));
    store(&b, ICPENDR + 4, 4, 2);
    assert_false(irq(&b, 0)); /* a line that is still up is no edge */
    bench_close(&b);
}

static void test_order(void **state)
{
    (void)state;
    static const unsigned intids[] = {287, 33, 64, 100, 101, 32};
    static const uint8_t priorities[] = {0x20, 0x60, 0x10, 0x60, 0xfe, 0x60};
    static const unsigned expected[] = {64, 287, 32, 33, 100, 101};
    struct bench b;

    open_gic(&b, 1);
    for (unsigned i = 0; i < ARRAY_LEN(intids); i++) {
        set_up(&b, intids[i], priorities[i]);
        line(&b, intids[i], true);
    }
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        assert_int_equal(load(&b, C_HPPIR), expected[i]);
        assert_int_equal(load(&b, C_IAR), expected[i]);
        line(&b, expected[i], false);
        store(&b, C_EOIR, 4, expected[i]);
    }
    assert_false(irq(&b, 0));
    set_up(&b, 50, 0x40);
    line(&b, 50, true);
    for (unsigned mask = 0x3f; mask < 0x42; mask++) {
        store(&b, C_PMR, 4, mask);
        assert_int_equal(irq(&b, 0), mask > 0x40);
    }
    bench_close(&b);
}

/* A better one interrupts the one that runs, if it differs above the binary point. */
static void test_preemption(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    set_up(&b, 40, 0x48);
    set_up(&b, 41, 0x44);
    set_up(&b, 42, 0x30);
    store(&b, C_BPR, 4, 3); /* groups of 16 */
    line(&b, 40, true);
    assert_int_equal(load(&b, C_IAR), 40);
    assert_int_equal(load(&b, C_RPR), 0x40);
    line(&b, 41, true);
    assert_false(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 1023);
    line(&b, 41, false);
    store(&b, C_EOIR, 4, 40);
    store(&b, C_BPR, 4, 1); /* groups of 4 */
    assert_int_equal(load(&b, C_IAR), 40);
    assert_int_equal(load(&b, C_RPR), 0x48);
    line(&b, 41, true);
    assert_true(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 41);
    line(&b, 42, true);
    assert_int_equal(load(&b, C_IAR), 42);
    assert_int_equal(load(&b, C_RPR), 0x30);
    assert_int_equal(load(&b, C_APR), 1 << (0x30 >> 1));
    assert_int_equal(load(&b, C_APR + 4), 1 << ((0x44 >> 1) - 32) | 1 << ((0x48 >> 1) - 32));
    line(&b, 42, false);
    store(&b, C_EOIR, 4, 42);
    assert_int_equal(load(&b, C_RPR), 0x44);
    line(&b, 41, false);
    store(&b, C_EOIR, 4, 41);
    assert_int_equal(load(&b, C_RPR), 0x48);
    line(&b, 40, false);
    store(&b, C_EOIR, 4, 40);
    assert_int_equal(load(&b, C_RPR), 0xff);
    assert_false(irq(&b, 0));
    bench_close(&b);
}

static void test_split_end(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    store(&b, C_CTLR, 4, 0x203);
    set_up(&b, 40, 0x80);
    set_up(&b, 41, 0x80);
    line(&b, 40, true);
    assert_int_equal(load(&b, C_IAR), 40);
    line(&b, 41, true);
    assert_false(irq(&b, 0));
    store(&b, C_EOIR, 4, 40); /* the priority drops; it stays active */
    assert_true(is_set(&b, ISACTIVER, 40));
    assert_int_equal(load(&b, C_IAR), 41);
    store(&b, C_EOIR, 4, 41);
    assert_false(irq(&b, 0));
    store(&b, C_DIR, 4, 40);
    assert_true(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 40);
    store(&b, C_EOIR, 4, 1023); /* a spurious one ends nothing */
    assert_int_equal(load(&b, C_RPR), 0x80);
    bench_close(&b);
}

static void test_groups(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    set_up(&b, 40, 0x80);
    set_up(&b, 41, 0x40);
    store(&b, IGROUPR + 4, 4, 1 << 8); /* 40 is of group 1 */
    store(&b, C_CTLR, 4, 0xb);         /* group 0 by FIQ */
    line(&b, 40, true);
    assert_true(irq(&b, 0));
    assert_int_equal(load(&b, C_IAR), 1022); /* it is not the register's */
    assert_int_equal(load(&b, C_AIAR), 40);
    assert_int_equal(load(&b, C_NSAPR + 8), 1);
    line(&b, 41, true);
    assert_false(irq(&b, 0));
    assert_true(bench_pin(&b, 0, ARM_PIN_FIQ));
    assert_int_equal(load(&b, C_AIAR), 1023);
    assert_int_equal(load(&b, C_IAR), 41);
    assert_false(bench_pin(&b, 0, ARM_PIN_FIQ));
    line(&b, 41, false);
    store(&b, C_EOIR, 4, 41);
    store(&b, C_EOIR, 4, 40);
    assert_true(irq(&b, 0));
    store(&b, C_CTLR, 4, 0xf); /* AckCtl */
    assert_int_equal(load(&b, C_IAR), 40);
    store(&b, C_EOIR, 4, 40);
    store(&b, CTLR, 4, 1); /* the distributor has group 1 off */
    assert_false(irq(&b, 0));
    store(&b, CTLR, 4, 3);
    store(&b, C_CTLR, 4, 1); /* the CPU interface has */
    assert_false(irq(&b, 0));
    store(&b, C_ABPR, 4, 0);
    assert_int_equal(load(&b, C_ABPR), 1);
    bench_close(&b);
}

static void test_sgis(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 3);
    acting = 2;
    store(&b, SGIR, 4, 3 << 16 | 5); /* to harts 0 and 1 */
    acting = 1;
    store(&b, SGIR, 4, 1 << 24 | 5); /* to all others */
    assert_true(irq(&b, 0) && irq(&b, 1) && irq(&b, 2));
    acting = 0;
    assert_int_equal(load(&b, CPENDSGIR + 4) >> 8 & 0xff, 6);
    assert_int_equal(load(&b, C_IAR), 1 << 10 | 5); /* one for each sender */
    assert_false(irq(&b, 0));
    store(&b, C_EOIR, 4, 1 << 10 | 5);
    assert_int_equal(load(&b, C_IAR), 2 << 10 | 5);
    store(&b, C_EOIR, 4, 2 << 10 | 5);
    assert_int_equal(load(&b, C_IAR), 1023);
    store(&b, SGIR, 4, 2 << 24 | 15); /* to itself */
    assert_int_equal(load(&b, C_IAR), 15);
    acting = 1;
    assert_int_equal(load(&b, C_IAR), 2 << 10 | 5);
    store(&b, ICENABLER, 4, 0xffff); /* SGIs cannot be switched off */
    assert_int_equal(load(&b, ISENABLER), 0xffff);
    bench_close(&b);
}

/* Private interrupts are each hart's own; shared ones go to those that are named. */
static void test_banks(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, MACHINE_HARTS_MAX);
    for (acting = 0; acting < MACHINE_HARTS_MAX; acting++) {
        store(&b, ISENABLER, 4, 1 << 27);
        store(&b, IPRIORITYR + 27, 1, acting);
    }
    for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
        acting = h;
        assert_int_equal(load(&b, IPRIORITYR + 24) >> 24, h);
        assert_int_equal(load(&b, ITARGETSR) & 0xff, 1 << h);
        gicv2.line(b.device, GIC_INPUT_PRIVATE(h, 27), true);
        for (unsigned other = 0; other < MACHINE_HARTS_MAX; other++) {
            assert_int_equal(irq(&b, other), other == h);
        }
        assert_int_equal(load(&b, C_IAR), 27);
        gicv2.line(b.device, GIC_INPUT_PRIVATE(h, 27), false);
        store(&b, C_EOIR, 4, 27);
    }
    acting = 0;
    set_up(&b, 60, 0x50);
    store(&b, ITARGETSR + 60, 1, 0x24);
    line(&b, 60, true);
    for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
        assert_int_equal(irq(&b, h), h == 2 || h == 5);
    }
    acting = 5;
    assert_int_equal(load(&b, C_IAR), 60); /* who is first has it */
    assert_false(irq(&b, 2));
    acting = 2;
    assert_int_equal(load(&b, C_IAR), 1023);
    assert_int_equal(load(&b, TYPER), 7 << 5 | 8);
    gicv2.line(b.device, GIC_INPUT_PRIVATE(2, 27), true);
    assert_true(irq(&b, 2));
    gicv2.hart_reset(b.device, 2); /* what it drove is down */
    assert_false(irq(&b, 2));
    bench_close(&b);
}

static void test_hardwired(void **state)
{
    (void)state;
    struct bench b;

    open_gic(&b, 1);
    assert_int_equal(load(&b, 0xfe8), 0x2b);
    store(&b, ITARGETSR + 40, 1, 0xff); /* one hart: not there */
    assert_int_equal(load(&b, ITARGETSR + 40), 0);
    store(&b, ISENABLER + 4 * 9, 4, UINT32_MAX); /* there are no such interrupts */
    assert_int_equal(load(&b, ISENABLER + 4 * 9), 0);
    store(&b, IPRIORITYR + 288, 4, UINT32_MAX);
    assert_int_equal(load(&b, IPRIORITYR + 288), 0);
    assert_int_equal(load(&b, ICFGR), 0xaaaaaaaa);
    store(&b, ICFGR, 4, 0);
    assert_int_equal(load(&b, ICFGR), 0xaaaaaaaa);
    assert_int_equal(b.complaints, 0);
    store(&b, CTLR, 2, 0); /* these are words */
    store(&b, 0xfe8, 4, 0);
    (void)load(&b, C_IAR + 0x80);
    assert_int_equal(load(&b, CTLR), 3);
    assert_int_equal(b.complaints, 3);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_level),     cmocka_unit_test(test_edge),
        cmocka_unit_test(test_order),     cmocka_unit_test(test_preemption),
        cmocka_unit_test(test_split_end), cmocka_unit_test(test_groups),
        cmocka_unit_test(test_sgis),      cmocka_unit_test(test_banks),
        cmocka_unit_test(test_hardwired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
