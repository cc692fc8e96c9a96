/* SPDX-License-Identifier: GPL-2.0-or-later
 * ir/parse.c: what is wrong with a text is said with its line.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define HEAD "block 0x1000\ninsn 0 4\na = get.i64 @64\n"

static const struct {
    const char *text, *sentence;
} wrongs[] = {
    {"", "there is no block"},
    {"block 0x10000000000000000\n", "line 1: '0x10000000000000000' is no address"},
    {"block 1\nblock 2\n", "line 2: there is a block already"},
    {"insn 0 4\n", "line 1: an insn stands before the block"},
    {"block 0\nexit 0\n", "line 2: an operation stands before"},
    {"block 0\ninsn 65536 4\n", "line 2: an insn has"},
    {HEAD "b = add.i64 a\n", "line 4: an operand is missing"},
    {HEAD "b = add.i64 a, c\n", "line 4: there is no value 'c' yet"},
    {HEAD "b = add.i64 a, b\n", "line 4: there is no value 'b' yet"},
    {HEAD "b = add.i64 a, a, a\n", "line 4: 'a' is one item too many"},
    {HEAD "b = add.i65 a, a\n", "line 4: 'i65' is no type"},
    {HEAD "b = plus.i64 a, a\n", "line 4: there is no operation 'plus'"},
    {HEAD "a = add.i64 a, a\n", "line 4: 'a' is defined already"},
    {HEAD "1a = add.i64 a, a\n", "line 4: '1a' is no name"},
    {HEAD "add.i64 a, a\n", "line 4: add has a result"},
    {HEAD "b = put.i64 a, @64\n", "line 4: put has no result"},
    {HEAD "put.i64 a, 64\n", "line 4: '64' is no slot"},
    {HEAD "put.i64 a, @pc\n", "line 4: there is no slot '@pc'"},
    {HEAD "b = ld.i64 a, 0, u3\n", "line 4: the size: 'u3' is not one"},
    {HEAD "b = ld.i64 a, 0, ?\n", "line 4: the size: '?' is not one"},
    {HEAD "b = ld.i64 a, 0\n", "line 4: the size is missing"},
    {HEAD "b = ld.i64 a, 0x80000000, u8\n", "line 4: the displacement has more than 32 bits"},
    {HEAD "b = ld.i64 a, 0, u8, align64\n", "line 4: 'align64' is one item too many"},
    {HEAD "b = call.i64 nobody, a\n", "line 4: there is no helper 'nobody'"},
    {HEAD "b = call.i64 sum, a, a, a, a\n", "line 4: 'a' is one item too many"},
    {HEAD "b = fcvt_fi.i64 a, f64, maybe\n", "line 4: it is neither"},
    {HEAD "slot x -\n", "line 4: a slot has"},
};

static void wrongs_are_told(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(wrongs); i++) {
        struct error e = {""};
        struct ir_block *b = ir_parse(wrongs[i].text, tiny_helpers, tiny_helper_count, &e);

        if (b != NULL || strncmp(e.text, wrongs[i].sentence, strlen(wrongs[i].sentence)) != 0) {
            fail_msg("'%s' for\n%s", e.text, wrongs[i].text);
        }
    }
}

static void people_may_write_freely(void **state)
{
    static const char text[] = "# a comment\n\nslot x 72\n block  0x10 # here\n\tinsn 0  4\r\n"
                               "  left_1=get.i64 @x\n"
                               "  put.i64   left_1 ,@x\n exit -1";
    struct text out = {0};
    struct error e = {""};
    struct ir_block *b = ir_parse(text, NULL, 0, &e);

    (void)state;
    assert_string_equal(e.text, "");
    ir_print(b, &out);
    assert_string_equal(out.data, "block 0x10\ninsn 0x0 4\n  v0 = get.i64 @72\n"
                                  "  put.i64 v0, @72\n  exit 0xffffffffffffffff\n");
    text_fini(&out);
    free(b);
}

static void limits_are_told(void **state)
{
    struct text t = {0};
    struct error e;

    (void)state;
    text_add(&t, "block 0\ninsn 0 4\n");
    for (unsigned i = 0; i <= IR_BLOCK_OPS_MAX; i++) {
        text_add(&t, "v%u = const.i64 %u\n", i, i);
    }
    assert_null(ir_parse(t.data, NULL, 0, &e));
    assert_non_null(strstr(e.text, "more than 1024 operations"));
    t.length = 0;
    text_add(&t, "block 0\n");
    for (unsigned i = 0; i <= IR_BLOCK_INSNS_MAX; i++) {
        text_add(&t, "insn %u 4\n", i);
    }
    assert_null(ir_parse(t.data, NULL, 0, &e));
    assert_string_equal(e.text, "line 66: the block has more than 64 instructions");
    t.length = 0;
    for (unsigned i = 0; i < 300; i++) {
        text_add(&t, " ");
    }
    assert_null(ir_parse(t.data, NULL, 0, &e));
    assert_string_equal(e.text, "line 1: it is too long");
    text_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrongs_are_told),
        cmocka_unit_test(people_may_write_freely),
        cmocka_unit_test(limits_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
