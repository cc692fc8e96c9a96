/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm64_trap: what entering an exception does to the state, and interrupts.
 */
#include "isa_arm64_bench.h"

static void test_steps(void **state)
{
    (void)state;
    for (unsigned compiled = 0; compiled < 2; compiled++) {
        struct bench *b = bench_new(NULL, compiled);

        b->s->x[1] = 40;
        b->s->x[3] = UINT64_C(0x1ffffffff);
        bench_code(b, RAM, 0x91000820);      /* add x0, x1, #2 */
        bench_code(b, RAM + 4, 0x11000463);  /* add w3, w3, #1 */
        bench_code(b, RAM + 8, 0xd10083ff);  /* sub sp, sp, #0x20 */
        bench_code(b, RAM + 12, 0x17fffffd); /* b .-12 */
        bench_run(b, 4);
        assert_int_equal(b->s->x[0], 42);
        assert_int_equal(b->s->x[3], 0);
        assert_int_equal(b->s->x[31], -UINT64_C(0x20));
        assert_int_equal(b->s->hart.pc, RAM);
        assert_int_equal(b->s->hart.instructions, 4);
        bench_free(b);
    }
}

static void test_undefined(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    b->s->x[31] = 0x1234;
    b->s->flags = IR_FLAG_Z | IR_FLAG_C;
    arm64_set_el(b->s, 0, 0);
    b->s->daif = DAIF_I;
    bench_one(b, 0);
    assert_int_equal(b->s->el, 1);
    assert_int_equal(b->s->x[31], 0x1234);
    assert_int_equal(b->s->esr[1], 0x02000000);
    assert_int_equal(b->s->elr[1], RAM);
    assert_int_equal(b->s->spsr[1], PSTATE_Z | PSTATE_C | DAIF_I);
    assert_int_equal(b->s->daif, DAIF_ALL);
    assert_int_equal(b->s->hart.pc, VECTORS + 0x400);
    assert_int_equal(b->s->hart.instructions, 0); /* an exception is a tick, not an instruction */
    bench_free(b);
}

static void test_interrupts(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    bench_code(b, RAM, 0xd503201f);
    arm64_set_line(&b->cpu, ARM64_PIN_IRQ, true);
    arm64_set_line(&b->cpu, ARM64_PIN_FIQ, true);
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, RAM + 4); /* masked */
    b->s->daif = 0;
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, VECTORS + 0x200 + 0x100);
    assert_int_equal(b->s->elr[1], RAM + 4);
    assert_int_equal(b->s->spsr[1], 5);
    b->s->daif = DAIF_F;
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, VECTORS + 0x200 + 0x80);
    bench_free(b);
}

/* A jump to where nothing can be fetched: the alignment is looked at first. */
static void test_misaligned_pc(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    b->s->hart.pc = UINT64_C(0xc0000001);
    bench_run(b, 1);
    assert_int_equal(b->s->esr[1], 0x8a000000);
    assert_int_equal(b->s->far[1], 0xc0000001);
    assert_int_equal(b->s->hart.pc, VECTORS + 0x200);
    bench_free(b);
}

/* An atomic that cannot even read is no write; misaligned here. */
static void test_atomic_aborts(void **state)
{
    struct bench *b = bench_new("neoverse-n1", true);

    (void)state;
    b->s->x[3] = RAM + 0x1002;
    bench_one(b, 0xb8210060); /* ldadd w1, w0, [x3] */
    assert_int_equal(b->s->esr[1], 0x96000021);
    bench_one(b, 0xb9000060); /* str w0, [x3] */
    assert_int_equal(b->s->esr[1], 0x96000061);
    bench_free(b);
}

/* CSSELR may name caches that there are none of; what no table has is undefined. */
static void test_registers(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    b->s->csselr = 1;
    bench_one(b, 0xd5390000); /* mrs x0, ccsidr_el1 */
    assert_int_equal(b->s->x[0], 0x201fe012);
    b->s->csselr = 10;
    bench_one(b, 0xd5390000);
    assert_int_equal(b->s->x[0], 0);
    assert_int_equal(b->s->esr[1], 0);
    b->s->esr[1] = 0;
    bench_one(b, 0xd5307ec4); /* mrs x4, dbgauthstatus_el1 */
    assert_int_equal(b->s->esr[1], 0x02000000);
    bench_free(b);
}

/* HCR_EL2.E2H is there where an ID register says so. */
static void test_host_extensions(void **state)
{
    static const char *const cpus[] = {"cortex-a72,el2=on", "cortex-a76,el2=on"};

    (void)state;
    for (unsigned has = 0; has < 2; has++) {
        struct bench *b = bench_new(cpus[has], true);

        assert_int_equal(b->s->el, 2);
        bench_one(b, 0xd5380720); /* mrs x0, id_aa64mmfr1_el1 */
        assert_int_equal(b->s->x[0] >> 8 & 15, has);
        b->s->x[0] = HCR_E2H | HCR_RW | BIT64(42);
        bench_one(b, 0xd51c1100); /* msr hcr_el2, x0 */
        assert_int_equal(b->s->hcr, has ? HCR_RW | HCR_E2H : HCR_RW);
        bench_free(b);
    }
}

/* Nor is there a processor with EL3. */
static void test_no_el3(void **state)
{
    struct isa_options o = {.cpu = "cortex-a57,el3=on"};
    struct arm64_model model;
    struct error e = {""};

    (void)state;
    assert_int_equal(isa_aarch64.make_model(&model, &o, &e), -1);
    assert_non_null(strstr(e.text, "el3=on"));
    o.cpu = "cortex-a57,el3=off";
    assert_int_equal(isa_aarch64.make_model(&model, &o, &e), 0);
}

static void test_sp_alignment(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    b->s->x[31] = RAM + 0x1008;
    b->s->sctlr[1] |= SCTLR_SA;
    bench_one(b, 0xf94007e0); /* ldr x0, [sp, #8] */
    assert_int_equal(b->s->esr[1], 0x9a000000);
    b->s->sctlr[1] &= ~SCTLR_SA;
    b->s->esr[1] = 0;
    bench_one(b, 0xf94007e0);
    assert_int_equal(b->s->esr[1], 0);
    bench_free(b);
}

static void test_state(void **state)
{
    struct error e = {""};

    (void)state;
    if (!field_table_tiles(&isa_aarch64.state, &e)) {
        fail_msg("%s", e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state),         cmocka_unit_test(test_host_extensions),
        cmocka_unit_test(test_no_el3),        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_misaligned_pc), cmocka_unit_test(test_atomic_aborts),
        cmocka_unit_test(test_sp_alignment),  cmocka_unit_test(test_registers),
        cmocka_unit_test(test_undefined),     cmocka_unit_test(test_interrupts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
