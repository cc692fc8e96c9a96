/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/field: the rules of a field table, element by element, and what is said of what breaks them.
 */
#include "base/field.h"

#include <setjmp.h>

#include <cmocka.h>

struct sample {
    uint64_t any, mask[3];
    uint32_t most;
    uint16_t ring[2];
    uint8_t flag, zero[7];
};
static const struct field fields[] = {
    FIELD(struct sample, any),
    FIELD_ARRAY_MASK(struct sample, mask, 0xf0),
    FIELD_MAX(struct sample, most, 1000),
    FIELD_ARRAY_MAX(struct sample, ring, 15),
    FIELD_BOOL(struct sample, flag),
    FIELD_ARRAY(struct sample, zero),
};
static const struct field_table table = FIELD_TABLE(struct sample, fields);

static void refused(const struct sample *s, const char *says)
{
    struct error e;

    assert_int_equal(field_check(&table, s, &e), -1);
    assert_string_equal(e.text, says);
}

static void test_rules(void **state)
{
    const struct sample good = {
        .any = UINT64_MAX, .mask = {0xf0, 0, 0x80}, .most = 1000, .ring = {15, 0}, .flag = 1};
    struct sample s = good;
    struct error e;

    (void)state;
    assert_true(field_table_tiles(&table, &e));
    assert_int_equal(field_check(&table, &s, &e), 0);
    s.mask[2] = 0x180;
    refused(&s, "mask[2] is 0x180, which it never is: bits of 0xf0");
    s = good;
    s.most = 1001;
    refused(&s, "most is 0x3e9, which it never is: at most 0x3e8");
    s = good;
    s.ring[1] = 0xffff;
    refused(&s, "ring[1] is 0xffff, which it never is: at most 0xf");
    s = good;
    s.flag = 2;
    refused(&s, "flag is 0x2, which it never is: at most 0x1");
    s = good;
    s.zero[6] = 1;
    refused(&s, "zero[6] is 0x1, which it never is: at most 0x0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
