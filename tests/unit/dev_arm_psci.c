/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm/psci.c: harts are started and stopped by a call, on a machine of the made-up processor, which
 * has messages; power, features, what is not there.
 */
#include "dev/arm.h"

#include "../toy/toy_state.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct bench {
    struct machine *machine;
    struct device *device;
};

static void open_bench(struct bench *b, uint32_t service)
{
    const struct psci_config config = {.service = service, .hart_count = 2};
    struct machine_config c;
    struct error e;

    machine_config_init(&c);
    c.hart_count = 2;
    b->machine = machine_new(&c, &toy_isa, &e);
    assert_non_null(b->machine);
    b->device = machine_add_device(b->machine, &psci, "psci", 0, &config, sizeof config, NULL, &e);
    assert_non_null(b->device);
    assert_int_equal(machine_seal(b->machine, &e), 0);
}

static int64_t ask(struct bench *b, uint64_t function, uint64_t x, uint64_t y, uint64_t z)
{
    struct platform_call call = {.service = SERVICE_FIRMWARE, .words = {function, x, y, z}};
    struct cpu *cpu = machine_cpu(b->machine, 0);

    for (unsigned i = 4; i < PLATFORM_WORDS; i++) {
        call.words[i] = UINT64_MAX;
    }
    assert_int_equal(cpu->platform->call(cpu, &call), PLATFORM_DONE);
    assert_int_equal(call.words[1], x);
    assert_int_equal(call.words[3], z);
    assert_int_equal(call.words[7], UINT64_MAX); /* the caller's */
    return (int64_t)call.words[0];
}

static void test_harts(void **state)
{
    (void)state;
    struct bench b;
    struct cpu *second;

    open_bench(&b, SERVICE_FIRMWARE);
    second = machine_cpu(b.machine, 1);
    second->hart->stopped = 1;
    assert_int_equal(ask(&b, 0xc4000004, 1, 0, 0), 1); /* off */
    assert_int_equal(ask(&b, 0xc4000004, 0, 0, 0), 0); /* on */
    assert_int_equal(ask(&b, 0xc4000004, 2, 0, 0), -2);
    assert_int_equal(ask(&b, 0xc4000004, 1, 1, 0), 0); /* the cluster */
    assert_int_equal(ask(&b, 0xc4000004, 1, 4, 0), -2);
    assert_int_equal(ask(&b, 0xc4000003, 2, 0x1000, 7), -2);
    assert_int_equal(ask(&b, 0xc4000003, 0x100, 0x1000, 7), -2);
    assert_int_equal(ask(&b, 0xc4000003, 1, 0x1000, 7), 0);
    assert_int_equal(second->hart->stopped, 0);
    assert_int_equal(second->hart->pc, 0x1000);
    assert_int_equal(((const struct toy *)second->state)->r[0], 7);
    assert_int_equal(ask(&b, 0xc4000003, 1, 0x2000, 8), -4); /* on already */
    assert_int_equal(second->hart->pc, 0x1000);
    assert_int_equal(ask(&b, 0x84000002, 0, 0, 0), 0);
    assert_int_equal(machine_cpu(b.machine, 0)->hart->stopped, 1);
    second->hart->stopped = 1;
    /* Of 32 bits: what is above is nobody's. */
    assert_int_equal(ask(&b, 0x84000003, 0x500000001, 0x900001000, 7), 0);
    assert_int_equal(second->hart->pc, 0x1000);
    machine_free(b.machine);
}

static void test_features(void **state)
{
    (void)state;
    static const uint32_t there[] = {0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
                                     0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
                                     0x84000009, 0x8400000a, 0x84000012, 0xc4000012, 0x80000000};
    static const uint32_t missing[] = {0xc4000000, 0xc4000002, 0x84000005, 0x8400000b, 0xc4000008,
                                       0x84000020, 0x840000ff, 0x04000000, 0x80000001, 0};
    struct bench b;

    open_bench(&b, SERVICE_FIRMWARE);
    assert_int_equal(ask(&b, 0x84000000, 0, 0, 0), 0x10001);
    assert_int_equal(ask(&b, 0x80000000, 0, 0, 0), 0x10001);
    assert_int_equal(ask(&b, 0x84000006, 0, 0, 0), 2);
    for (unsigned i = 0; i < ARRAY_LEN(there); i++) {
        assert_int_equal(ask(&b, 0x8400000a, there[i], 0, 0), 0);
    }
    for (unsigned i = 0; i < ARRAY_LEN(missing); i++) {
        assert_int_equal(ask(&b, 0x8400000a, missing[i], 0, 0), -1);
        assert_int_equal(ask(&b, missing[i], 0, 0, 0), -1);
    }
    machine_free(b.machine);
}

static void test_power(void **state)
{
    (void)state;
    struct bench b;

    open_bench(&b, SERVICE_FIRMWARE);
    (void)ask(&b, 0x84000009, 0, 0, 0);
    assert_int_equal(machine_state(b.machine)->reset_requested, RESET_WARM);
    assert_int_equal(machine_state(b.machine)->power, POWER_ON);
    (void)ask(&b, 0x84000008, 0, 0, 0);
    assert_int_equal(machine_state(b.machine)->power, POWER_OFF);
    (void)ask(&b, 0xc4000001, 0, 0, 0);
    assert_int_equal(machine_cpu(b.machine, 0)->hart->waiting, 1);
    machine_free(b.machine);
}

/* Where a hypervisor takes HVC, PSCI is not asked by it. */
static void test_service(void **state)
{
    (void)state;
    struct platform_call call = {.service = SERVICE_FIRMWARE, .words = {0x84000000}};
    struct bench b;
    struct cpu *cpu;

    open_bench(&b, SERVICE_MONITOR);
    cpu = machine_cpu(b.machine, 0);
    assert_int_equal(cpu->platform->call(cpu, &call), PLATFORM_NOBODY);
    assert_int_equal(call.words[0], 0x84000000);
    call.service = SERVICE_MONITOR;
    assert_int_equal(cpu->platform->call(cpu, &call), PLATFORM_DONE);
    assert_int_equal(call.words[0], 0x10001);
    machine_free(b.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_harts),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
