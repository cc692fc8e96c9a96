/* SPDX-License-Identifier: GPL-2.0-or-later
 * ir/check.c: each rule has a block that breaks it and nothing else, and a sentence that says so.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A block that parses, what is then done to one of its operations, and what must be said. */
struct breach {
    const char *text;
    const char *sentence; /* part of it; NULL: the block is good */
};

#define BLOCK "block 0x1000\ninsn 0 4\n a = get.i64 @64\n t = trunc.i32 a\n v = get.v128 @64\n"
#define END   "\n exit 0x1004\n"

static const struct breach breaches[] = {
    {BLOCK " put.i64 a, @1016" END, NULL},
    {BLOCK " put.i64 a, @1017" END, "slot"},
    {BLOCK " put.i32 t, @12" END, "slot"},
    {BLOCK " put.i32 t, @16" END, NULL},
    {BLOCK " put.i32 a, @64" END, "another type"},
    {BLOCK " x = add.i64 a, t" END, "another type"},
    {BLOCK " x = add.f64 a, a" END, "no such type"},
    {BLOCK " x = add.i32 t, 0x100000000" END, NULL}, /* parsed modulo 2^32 */
    {BLOCK " x = extract.i64 a, 60, 5" END, "out of range"},
    {BLOCK " x = extract.i32 t, 30, 3" END, "out of range"},
    {BLOCK " x = extract.i64 a, 0, 0" END, "out of range"},
    {BLOCK " x = deposit.i64 a, a, 63, 2" END, "out of range"},
    {BLOCK " x = ld.i32 a, 0, u8" END, "memory operand"},
    {BLOCK " x = ld.v128 a, 0, u8" END, "memory operand"},
    {BLOCK " x = ld.i64 a, 0, u16" END, "memory operand"},
    {BLOCK " x = ld.i64 a, 0, u8, debug" END, "memory operand"},
    {BLOCK " st.i64 a, a, 0, s4" END, "memory operand"},
    {BLOCK " st.i64 a, a, 0, u4, for_write" END, "memory operand"},
    {BLOCK " x = ld.i64 a, 0, u4, a32, untag" END, "memory operand"},
    {BLOCK " x = ld.i64 t, 0, u4" END, "another type"},
    {BLOCK " x = vget.i64 v, 2, x8" END, "out of range"},
    {BLOCK " x = vset.v128 v, a, 16, x1" END, "out of range"},
    {BLOCK " x = vext.v128 v, v, 17" END, "out of range"},
    {BLOCK " x = call.i64 sum, v" END, "argument"},
    {BLOCK " x = fcvt_fi.i64 a, f64, signed, int_arm, rne, nan_arm" END, "another type"},
    {BLOCK " f = ffromi.f64 a\n x = fcvt_fi.i64 f, i64, signed, int_arm, rne, nan_arm" END,
     "out of range"},
    {BLOCK " x = select.flags a, a, a" END, "no such type"},
    {BLOCK " exit 0x1000" END, "follow an exit"},
    {BLOCK, "without an exit"},
    {"block 0\n", "0 instructions"},
    {"block 0\ninsn 0 4\n", "0 operations"},
};

static void rules_are_checked(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(breaches); i++) {
        struct error e = {""};
        struct ir_block *b = ir_parse(breaches[i].text, tiny_helpers, tiny_helper_count, &e);
        int result;

        if (b == NULL) {
            fail_msg("%s\n%s", e.text, breaches[i].text);
        }
        result = ir_check(b, TINY_STATE_BYTES, &e);
        if (breaches[i].sentence == NULL ? result != 0
                                         : result == 0 || !strstr(e.text, breaches[i].sentence)) {
            fail_msg("%d '%s'\n%s", result, e.text, breaches[i].text);
        }
        free(b);
    }
}

/* What no text can say: each member of each operation is set to each of these in turn, and either
 * the checker finds fault or the block still runs to its end. */
static void no_bad_bits_pass(void **state)
{
    static const char text[] =
        "block 0x1000\ninsn 0 4\n a = get.i64 @64\n b = const.i64 0x10000\n c = add.i64 a, 3\n"
        " t = trunc.i32 a\n d = ld.i64 b, 8, u4\n st.i64 b, a, 16, u8\n"
        " e = rmw.i64 b, a, add, u8\n x = deposit.i64 a, b, 3, 5\n f = ffromi.f64 a\n"
        " g = fadd.f64 f, f, rne, nan_arm\n v = get.v128 @64\n w = vset.v128 v, a, 3, x4\n"
        "insn 4 4\n h = call.i64 sum, a, b\n i = subf.i64 a, b\n j = fcond.i64 i, be\n"
        " put.i64 j, @72\n exit_if j, 0x2000\n exit 0x1008\n";
    static const uint8_t values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 63, 64, 127, 255};
    /* Without those helpers that write wherever they are told to. */
    struct ir_block *b = ir_parse(text, tiny_helpers, 2, NULL);
    struct tiny *t = base_alloc(1, sizeof(*t));
    unsigned passed = 0;

    (void)state;
    assert_non_null(b);
    for (uint32_t i = 0; i < b->op_count; i++) {
        for (unsigned byte = 0; byte < sizeof(struct ir_op); byte++) {
            for (unsigned k = 0; k < ARRAY_LEN(values); k++) {
                struct ir_op saved = b->ops[i];

                ((uint8_t *)&b->ops[i])[byte] = values[k];
                if (ir_check(b, TINY_STATE_BYTES, NULL) == 0) {
                    tiny_init(t);
                    (void)ir_interp(&t->cpu, b, 1 + k % 2);
                    assert_true(t->state.hart.instructions <= 2);
                    tiny_fini(t);
                    passed++;
                }
                b->ops[i] = saved;
            }
        }
    }
    assert_true(passed > 100);
    b->insns[1].first_op++;
    assert_int_equal(ir_check(b, TINY_STATE_BYTES, NULL), -1);
    b->insns[1].first_op = UINT16_MAX;
    assert_int_equal(ir_check(b, TINY_STATE_BYTES, NULL), -1);
    free(b);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(no_bad_bits_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
