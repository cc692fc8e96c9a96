/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/vec.c: arrays of small and large elements keep what was pushed and grow by doubling.
 */
#include "base/base.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_push(void **state)
{
    (void)state;
    VEC(uint32_t) v = {0};
    unsigned moves = 0;

    for (uint32_t i = 0; i < 10000; i++) {
        size_t room = v.room;
        vec_push(&v, i * 3);
        moves += room != v.room;
        assert_true(v.count <= v.room);
    }
    assert_int_equal(v.count, 10000);
    for (uint32_t i = 0; i < 10000; i++) {
        assert_int_equal(v.data[i], i * 3);
    }
    assert_true(moves <= 12);
    vec_fini(&v);
    assert_null(v.data);
    assert_int_equal(v.count, 0);
}

struct wide {
    uint64_t words[33];
};

static void test_structs(void **state)
{
    (void)state;
    VEC(struct wide) v = {0};
    for (uint64_t i = 0; i < 100; i++) {
        struct wide w = {{0}};
        w.words[32] = i;
        vec_push(&v, w);
    }
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(v.data[i].words[32], i);
    }
    vec_fini(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push),
        cmocka_unit_test(test_structs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
