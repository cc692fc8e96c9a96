/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm_step: A32 and T32 step by step: conditions, IT blocks, interworking, exceptions and what their
 * entries and returns do to CPSR, banks and the instruction set.
 */
#include "isa_arm_bench.h"

static void bench_half(struct bench *b, paddr at, uint16_t half)
{
    uint8_t bytes[2];

    bytes_set_le(bytes, 2, half);
    assert_true(mem_write_bytes(&b->mem, at, bytes, 2));
}

static void halves(struct bench *b, paddr at, const uint16_t *code, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bench_half(b, at + 2 * i, code[i]);
    }
}

static void test_conditions(void **state)
{
    (void)state;
    for (unsigned compiled = 0; compiled < 2; compiled++) {
        struct bench *b = bench_new(NULL, compiled);

        b->s->r[1] = 5;
        bench_code(b, RAM, 0xe3510005);      /* cmp r1, #5 */
        bench_code(b, RAM + 4, 0x02810001);  /* addeq r0, r1, #1 */
        bench_code(b, RAM + 8, 0x13a00063);  /* movne r0, #99 */
        bench_code(b, RAM + 12, 0xe0a22002); /* adc r2, r2, r2 */
        bench_code(b, RAM + 16, 0x1afffffa); /* bne .-16 */
        bench_code(b, RAM + 20, 0x0afffff9); /* beq .-20 */
        bench_run(b, 6);
        assert_int_equal(b->s->r[0], 6);
        assert_int_equal(b->s->r[2], 1);
        assert_int_equal(b->s->hart.pc, RAM + 8 - 8);
        assert_int_equal(arm_cpsr(b->s) >> 28, 6); /* Z, C */
        bench_free(b);
    }
}

/* In an IT block each instruction has its condition, also where a run ends between them. */
static void test_it(void **state)
{
    static const uint16_t code[] = {0x2801 /* cmp r0, #1 */,   0xbf0e /* itee eq */,
                                    0x2107 /* moveq r1, #7 */, 0x2108 /* movne r1, #8 */,
                                    0x2209 /* movne r2, #9 */, 0x2300 /* movs r3, #0 */};

    (void)state;
    for (unsigned mode = 0; mode < 8; mode++) {
        struct bench *b = bench_new(NULL, mode & 1);

        b->s->local = MODE_T;
        b->s->r[0] = (mode & 2) != 0;
        b->s->r[1] = b->s->r[2] = 1;
        halves(b, RAM, code, ARRAY_LEN(code));
        for (unsigned i = 0; i < 6; i += mode & 4 ? 1 : 6) {
            bench_run(b, mode & 4 ? 1 : 6);
        }
        assert_int_equal(b->s->r[1], mode & 2 ? 7 : 8);
        assert_int_equal(b->s->r[2], mode & 2 ? 1 : 9);
        assert_int_equal(b->s->local, MODE_T);
        assert_int_equal(arm_cpsr(b->s) & CPSR_Z, CPSR_Z); /* movs, outside */
        bench_free(b);
    }
}

static void test_interworking(void **state)
{
    static const uint16_t code[] = {0x3001 /* adds r0, #1 */, 0x4770 /* bx lr */};

    (void)state;
    for (unsigned compiled = 0; compiled < 2; compiled++) {
        struct bench *b = bench_new(NULL, compiled);

        bench_code(b, RAM, 0xfa00003e);     /* blx RAM + 0x100 */
        bench_code(b, RAM + 4, 0xe2800010); /* add r0, r0, #16 */
        bench_code(b, RAM + 8, 0xeafffffc); /* b RAM */
        halves(b, RAM + 0x100, code, ARRAY_LEN(code));
        bench_run(b, 50);
        assert_int_equal(b->s->r[0], 170);
        assert_int_equal(b->s->hart.pc, RAM);
        assert_int_equal(b->s->local, 0);
        bench_free(b);
    }
}

static void test_exceptions(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    arm_set_mode(b->s, ARM_MODE_USR);
    b->s->masks = 0;
    b->s->r[13] = 0x1234;
    b->s->r[14] = 0x5678;
    b->s->r13[BANK_SVC] = 0x9abc;
    b->s->flags = IR_FLAG_C;
    b->s->sctlr |= SCTLR_TE;
    bench_one(b, 0xef000000); /* svc #0 */
    assert_int_equal(b->s->hart.pc, VECTORS + 8 - 0);
    assert_int_equal(b->s->mode, ARM_MODE_SVC);
    assert_int_equal(b->s->masks, CPSR_I);
    assert_int_equal(b->s->local, MODE_T);
    assert_int_equal(b->s->r[13], 0x9abc);
    assert_int_equal(b->s->r[14], RAM + 4);
    assert_int_equal(b->s->spsr[BANK_SVC], CPSR_C | ARM_MODE_USR);
    b->s->local = 0;
    bench_one(b, 0xe1b0f00e); /* movs pc, lr */
    assert_int_equal(b->s->hart.pc, RAM + 4);
    assert_int_equal(b->s->r[13], 0x1234);
    assert_int_equal(b->s->r[14], 0x5678);
    assert_int_equal(arm_cpsr(b->s), CPSR_C | ARM_MODE_USR);
    bench_one(b, 0xe7f000f0); /* udf #0 */
    assert_int_equal(b->s->hart.pc, VECTORS + 4);
    assert_int_equal(b->s->mode, ARM_MODE_UND);
    arm_set_cpsr(&b->cpu, ARM_MODE_SYS | CPSR_F, UINT32_MAX);
    arm_set_line(&b->cpu, ARM_PIN_FIQ, true);
    assert_false(arm_interrupt_pending(&b->cpu));
    arm_set_line(&b->cpu, ARM_PIN_IRQ, true);
    b->s->hart.pc = RAM;
    bench_run(b, 1);
    assert_int_equal(b->s->mode, ARM_MODE_IRQ);
    assert_int_equal(b->s->r[14], RAM + 4);
    assert_int_equal(b->s->hart.pc, VECTORS + 0x18);
    bench_free(b);
}

/* Of a load that faults nothing is done; DFSR and DFAR say what it was. */
static void test_data_abort(void **state)
{
    struct bench *b = bench_new(NULL, true);

    (void)state;
    b->s->r[0] = 0x10000000;
    b->s->r[1] = 3;
    bench_one(b, 0xe4901004); /* ldr r1, [r0], #4 */
    assert_int_equal(b->s->hart.pc, VECTORS + 0x10);
    assert_int_equal(b->s->r[0], 0x10000000);
    assert_int_equal(b->s->r[1], 3);
    assert_int_equal(b->s->dfsr, 8);
    assert_int_equal(b->s->dfar, 0x10000000);
    assert_int_equal(b->s->r[14], RAM + 8);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),   cmocka_unit_test(test_it),
        cmocka_unit_test(test_interworking), cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_data_abort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
