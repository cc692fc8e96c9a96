/* SPDX-License-Identifier: GPL-2.0-or-later
 * decodegen: what tools/decodegen makes of a table that is nothing like the first one it was made for.
 */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int sample_lift_plain(const struct sample_insn *i)
{
    return (int)i->info->argument;
}

int sample_lift_two(const struct sample_insn *i)
{
    return 100 + i->d - i->s;
}

static void test_decode(void **state)
{
    struct sample_insn i;
    size_t count;

    (void)state;
    assert_true(
        sample_decode(UINT64_C(0x1122334455667700), &i)); /* what follows is not looked at */
    assert_string_equal(i.info->name, "nop");
    assert_true(i.length == 1 && i.bits == 0 && i.info->extension == 0);
    assert_true(sample_decode(0x29, &i));
    assert_true(i.d == 5 && i.length == 1 && i.info->lift(&i) == 1);
    assert_true(sample_decode(0x39, &i)); /* the line with more fixed bits */
    assert_string_equal(i.info->name, "inca");
    assert_true(sample_decode(0xff7280, &i));
    assert_true(i.length == 3 && i.d == 7 && i.s == 2 && i.near == -1 * 4 + 2);
    assert_int_equal(i.info->lift(&i), 105);
    assert_true(sample_decode(0x017281, &i));
    assert_int_equal(i.info->extension, EXT_A | EXT_B);
    assert_true(sample_decode(UINT64_C(0xfedcba98c0), &i));
    assert_true(i.length == 5 && i.far == 0xfedcba98 && i.info->argument == 4);
    assert_string_equal(i.info->operands, "far");
    assert_false(sample_decode(0x82, &i)); /* it has a length all the same */
    assert_true(i.length == 3 && i.bits == 0x82);
    assert_false(sample_decode(0x02, &i));
    assert_non_null(sample_insn_infos(&count));
    assert_int_equal(count, 8);
    assert_true(sample_decode(0x3c, &i)); /* 5:4 is 3 */
    assert_true(i.info->argument == 5 && i.d == 7);
    assert_true(sample_decode(0x2c, &i)); /* 5:4 is 2: the line without conditions */
    assert_true(i.info->argument == 6 && i.d == 5);
    assert_true(sample_decode(0x1c, &i)); /* bit 5 is 0 */
    assert_true(i.info->argument == 6 && i.d == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_decode)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
