/* SPDX-License-Identifier: GPL-2.0-or-later
 * ir/build.c, fold.c, dead.c: what is forwarded and when it is forgotten, what is folded, what may
 * be removed. That folding keeps meanings is tested by tests/ir, which runs every block rebuilt.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SLOT = 64, FLAGS_SLOT = offsetof(struct hart, fp_flags), SUM = 0, NOW = 1, POKE = 2 };

static int setup(void **state)
{
    struct ir_build *b = base_alloc(1, sizeof(*b));

    ir_build_start(b, 0x1000, tiny_helpers, tiny_helper_count);
    ir_build_insn(b, 0);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static unsigned count(const struct ir_build *b, enum ir_opcode op)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < b->op_count; i++) {
        n += b->ops[i].op == op;
    }
    return n;
}

static void gets_are_forwarded(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_get(b, IR_I64, SLOT), y;

    assert_int_equal(ir_get(b, IR_I64, SLOT), x);
    y = ir_bini(b, IR_ADD, IR_I64, x, 1);
    ir_put(b, IR_I64, SLOT, y);
    ir_put(b, IR_I64, SLOT, y);
    ir_build_insn(b, 4); /* also in later instructions */
    assert_int_equal(ir_get(b, IR_I64, SLOT), y);
    assert_int_equal(count(b, IR_GET), 1);
    assert_int_equal(count(b, IR_PUT), 2); /* but never a PUT less */
}

static void forwarding_changes_types_only_where_bytes_agree(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_const(b, IR_I64, UINT64_C(0x1122334455667788)), y;

    ir_put(b, IR_I64, SLOT, x);
    y = ir_get(b, IR_I32, SLOT);
    assert_int_equal(b->ops[y].op, IR_CONST);
    assert_int_equal(b->ops[y].imm, 0x55667788);
    y = ir_get(b, IR_F64, SLOT);
    assert_int_equal(b->ops[y].op, IR_FFROMI);
    y = ir_get(b, IR_I32, SLOT + 4); /* the upper half: from the state */
    assert_int_equal(b->ops[y].op, IR_GET);
    y = ir_get(b, IR_V128, SLOT);
    assert_int_equal(b->ops[y].op, IR_GET);
    y = ir_get(b, IR_F32, SLOT);
    assert_int_equal(b->ops[y].op, IR_GET);
    x = ir_get(b, IR_F64, SLOT + 32);
    y = ir_get(b, IR_I64, SLOT + 32);
    assert_int_equal(b->ops[y].op, IR_FTOI);
    assert_int_equal(b->ops[y].a, x);
    y = ir_get(b, IR_I32, SLOT + 32);
    assert_int_equal(b->ops[y].op, IR_GET);
    x = ir_get(b, IR_F32, SLOT + 40);
    y = ir_get(b, IR_I32, SLOT + 40);
    assert_int_equal(b->ops[y].op, IR_FTOI);
    assert_int_equal(b->ops[y].type, IR_I32);
    y = ir_get(b, IR_I64, SLOT + 40);
    assert_int_equal(b->ops[y].op, IR_GET);
}

static void overlapping_puts_are_noticed(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_get(b, IR_I64, SLOT), v = ir_get(b, IR_V128, SLOT - 8), one;

    one = ir_const(b, IR_I32, 1);
    ir_put(b, IR_I32, SLOT + 4, one);
    assert_int_equal(ir_get(b, IR_I32, SLOT + 4), one);
    assert_int_not_equal(ir_get(b, IR_I64, SLOT), x); /* one of each word is remembered */
    assert_int_not_equal(ir_get(b, IR_V128, SLOT - 8), v);
    x = ir_get(b, IR_I64, SLOT + 8);
    ir_put(b, IR_I32, SLOT + 4, one); /* next to it */
    assert_int_equal(ir_get(b, IR_I64, SLOT + 8), x);
    ir_put(b, IR_I32, SLOT + 16, one); /* on the other side */
    assert_int_equal(ir_get(b, IR_I64, SLOT + 8), x);
    ir_put(b, IR_V128, SLOT, v);
    assert_int_not_equal(ir_get(b, IR_I64, SLOT + 8), x);
}

static void helpers_and_floating_point_write_behind_the_back(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_get(b, IR_I64, SLOT), flags, f;

    ir_call(b, SUM, x, x, IR_ABSENT);
    ir_call(b, NOW, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    assert_int_equal(ir_get(b, IR_I64, SLOT), x);
    ir_call(b, POKE, x, x, IR_ABSENT);
    f = ir_get(b, IR_I64, SLOT);
    assert_int_not_equal(f, x);
    flags = ir_get(b, IR_I32, FLAGS_SLOT - 3);
    x = ir_get(b, IR_F64, SLOT + 16);
    ir_fp(b, IR_FADD, IR_F64, 0, 0, x, x, IR_ABSENT);
    assert_int_not_equal(ir_get(b, IR_I32, FLAGS_SLOT - 3), flags);
    assert_int_equal(ir_get(b, IR_I64, SLOT), f);
}

static void more_slots_than_are_remembered(void **state)
{
    struct ir_build *b = *state;
    ir_ref first = ir_get(b, IR_I64, SLOT);

    for (unsigned i = 1; i <= ARRAY_LEN(b->known); i++) {
        ir_get(b, IR_I64, SLOT + 8 * i);
    }
    assert_int_not_equal(ir_get(b, IR_I64, SLOT), first);
    assert_int_equal(b->known_mask, UINT64_MAX);
}

static void constants_fold_and_become_immediates(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_get(b, IR_I64, SLOT), k = ir_const(b, IR_I64, 5), y;

    assert_int_equal(ir_const(b, IR_I64, 5), k);
    assert_int_equal(ir_bini(b, IR_ADD, IR_I64, x, 0), x);
    y = ir_bin(b, IR_ADD, IR_I64, k, x); /* turned round */
    assert_int_equal(b->ops[y].type, IR_I64 | IR_IMM);
    assert_int_equal(b->ops[y].imm, 5);
    y = ir_bini(b, IR_ADD, IR_I64, y, UINT64_MAX);
    assert_int_equal(b->ops[y].a, x);
    assert_int_equal(b->ops[y].imm, 4);
    y = ir_bini(b, IR_XOR, IR_I64, ir_bini(b, IR_XOR, IR_I64, x, 3), 2);
    assert_int_equal(b->ops[y].a, x);
    assert_int_equal(b->ops[y].imm, 1);
    assert_int_equal(ir_bini(b, IR_XOR, IR_I64, y, 1), x); /* a bit that is turned twice */
    y = ir_bini(b, IR_SUB, IR_I64, x, 3);
    assert_int_equal(b->ops[y].op, IR_ADD);
    y = ir_bini(b, IR_MUL, IR_I64, x, 64);
    assert_int_equal(b->ops[y].op, IR_SHL);
    y = ir_bin(b, IR_SUB, IR_I64, k, x); /* not to be turned */
    assert_int_equal(b->ops[y].a, k);
    y = ir_bini(b, IR_ADD, IR_I32, ir_const(b, IR_I32, UINT32_MAX), 2);
    assert_int_equal(b->ops[y].imm, 1);
    y = ir_bini(b, IR_DIVS, IR_I64, ir_const(b, IR_I64, UINT64_C(1) << 63), UINT64_MAX);
    assert_int_equal(b->ops[y].imm, UINT64_C(1) << 63);
    y = ir_un(b, IR_TRUNC, IR_I32, ir_sextract(b, IR_I64, x, 0, 40));
    assert_int_equal(b->ops[y].a, x);
    y = ir_ld(b, IR_I64, ir_bini(b, IR_ADD, IR_I64, x, 16), -8, 3);
    assert_int_equal(b->ops[y].a, x);
    assert_int_equal(b->ops[y].disp, 8);
    assert_int_equal(count(b, IR_EXIT_IF), 0);
    ir_exit_if(b, ir_const(b, IR_I64, 0), 0x2000);
    assert_int_equal(count(b, IR_EXIT_IF), 0);
    ir_exit_if(b, ir_const(b, IR_I64, 1), 0x2000);
    assert_int_equal(count(b, IR_EXIT_IF), 1);
}

/* A displacement has 32 bits; sums of 32 bits are modulo 2^32 anyway. */
static void displacements_are_taken_from_the_address(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_get(b, IR_I64, SLOT), n = ir_get(b, IR_I32, SLOT + 8), y;

    y = ir_ld(b, IR_I64, ir_bini(b, IR_ADD, IR_I64, x, 0x7ffffff0), 15, 3);
    assert_int_equal(b->ops[y].a, x);
    assert_int_equal(b->ops[y].disp, INT32_MAX);
    y = ir_ld(b, IR_I64, ir_bini(b, IR_ADD, IR_I64, x, 0x7ffffff0), 16, 3);
    assert_int_equal(b->ops[b->ops[y].a].op, IR_ADD);
    assert_int_equal(b->ops[y].disp, 16);
    y = ir_ld(b, IR_I64, x, INT64_C(0x80000000), 3);
    assert_int_equal(b->ops[b->ops[y].a].imm, 0x80000000);
    assert_int_equal(b->ops[y].disp, 0);
    assert_int_equal(b->ops[y].mem, 3);
    y = ir_ld(b, IR_I64, ir_bini(b, IR_ADD, IR_I32, n, 0x7ffffff0), 16, 3);
    assert_int_equal(b->ops[y].a, n);
    assert_int_equal(b->ops[y].disp, INT32_MIN);
    assert_int_equal(b->ops[y].mem, 3 | MEM_32);
    ir_st(b, IR_I32, n, INT64_C(0x80000004), n, 2);
    assert_int_equal(b->ops[b->op_count - 1].disp, INT32_MIN + 4);
    y = ir_rmw(b, IR_I32, RMW_ADD, n, n, MEM_ALIGNED(2));
    assert_int_equal(b->ops[y].mem, MEM_ALIGNED(2) | MEM_32);
    assert_int_equal(b->ops[y].attr, RMW_ADD);
}

static void only_what_is_pure_dies(void **state)
{
    struct ir_build *b = *state;
    ir_ref x = ir_get(b, IR_I64, SLOT), f;

    ir_bini(b, IR_MUL, IR_I64, x, 3);
    ir_build_insn(b, 4); /* has nothing that stays */
    ir_bini(b, IR_MUL, IR_I64, x, 5);
    ir_build_insn(b, 8);
    ir_ld(b, IR_I64, x, 0, 3);
    f = ir_get(b, IR_F64, SLOT + 8);
    ir_fp(b, IR_FADD, IR_F64, 0, 0, f, f, IR_ABSENT);
    ir_call(b, SUM, x, x, x);
    ir_call(b, NOW, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    ir_rmw(b, IR_I64, RMW_ADD, x, x, 3);
    ir_get(b, IR_I64, SLOT + 24);
    assert_false(b->ended);
    ir_exit_to(b, x, IR_EXIT_LOOK);
    assert_true(b->ended);
    ir_dead(b);
    assert_int_equal(b->known_mask, 0);
    assert_int_equal(b->ops[b->op_count - 1].op, IR_EXIT_TO);
    assert_int_equal(b->ops[b->op_count - 1].attr, IR_EXIT_LOOK);
    assert_int_equal(count(b, IR_MUL), 0);
    assert_int_equal(count(b, IR_LD), 1);
    assert_int_equal(count(b, IR_FADD), 1);
    assert_int_equal(count(b, IR_CALL), 1);
    assert_int_equal(count(b, IR_RMW), 1);
    assert_int_equal(count(b, IR_GET), 2);
    assert_int_equal(b->insns[1].first_op, 1);
    assert_int_equal(b->insns[2].first_op, 1);
    struct ir_block *block = ir_build_finish(b);
    struct error e;
    assert_int_equal(ir_check(block, TINY_STATE_BYTES, &e), 0);
    free(block);
}

static void too_much_is_said_and_not_written(void **state)
{
    struct ir_build *b = *state;

    for (unsigned i = 0; i < IR_BLOCK_OPS_MAX; i++) {
        assert_false(b->overflow);
        ir_put(b, IR_I64, SLOT, 0);
    }
    ir_put(b, IR_I64, SLOT, 0);
    assert_true(b->overflow);
    assert_int_equal(b->op_count, IR_BLOCK_OPS_MAX);
    ir_build_start(b, 0, NULL, 0);
    for (unsigned i = 0; i < IR_BLOCK_INSNS_MAX; i++) {
        ir_build_insn(b, 4 * i);
        assert_false(b->overflow);
    }
    ir_build_insn(b, 0);
    assert_true(b->overflow);
    assert_int_equal(b->insn_count, IR_BLOCK_INSNS_MAX);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(gets_are_forwarded),
        TEST(forwarding_changes_types_only_where_bytes_agree),
        TEST(overlapping_puts_are_noticed),
        TEST(helpers_and_floating_point_write_behind_the_back),
        TEST(more_slots_than_are_remembered),
        TEST(constants_fold_and_become_immediates),
        TEST(displacements_are_taken_from_the_address),
        TEST(only_what_is_pure_dies),
        TEST(too_much_is_said_and_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
