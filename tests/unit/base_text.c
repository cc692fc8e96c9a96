/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/text.c: what was added is there, across every growth, NULs included.
 */
#include "base/base.h"

#include <setjmp.h>

#include <cmocka.h>

static void test_format(void **state)
{
    (void)state;
    struct text t = {0};
    text_add(&t, "tick %d", 48);
    text_add(&t, "%s", "");
    text_add(&t, ": %s[%u]", "plic.pending", 1u);
    assert_string_equal(t.data, "tick 48: plic.pending[1]");
    assert_int_equal(t.length, strlen(t.data));
    text_fini(&t);
    assert_null(t.data);
    assert_int_equal(t.length, 0);
    text_fini(&t);
}

static void test_empty_is_terminated(void **state)
{
    (void)state;
    struct text t = {0};
    text_add_bytes(&t, NULL, 0);
    assert_string_equal(t.data, "");
    text_fini(&t);
}

static void test_bytes(void **state)
{
    (void)state;
    struct text t = {0};
    text_add_bytes(&t, "a\0b", 3);
    text_add_bytes(&t, "c", 1);
    assert_int_equal(t.length, 4);
    assert_memory_equal(t.data, "a\0bc", 5);
    text_fini(&t);
}

static void test_growth(void **state)
{
    (void)state;
    struct text t = {0};
    for (unsigned i = 0; i < 5000; i++) {
        text_add(&t, "%04u", i);
        assert_int_equal(t.length, 4 * (i + 1));
        assert_true(t.room > t.length);
    }
    for (unsigned i = 0; i < 5000; i++) {
        unsigned value = 0;
        for (unsigned j = 0; j < 4; j++) {
            value = value * 10 + (unsigned)(t.data[4 * i + j] - '0');
        }
        assert_int_equal(value, i);
    }
    text_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_empty_is_terminated),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
