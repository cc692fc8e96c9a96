/* SPDX-License-Identifier: GPL-2.0-or-later
 * base: the set of pairs of numbers, against a plain list that is searched.
 */
#include "base/pairs.h"

#include "../chance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static bool listed(const struct pairs_item *list, size_t count, uint64_t a, uint64_t b)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].a == a && list[i].b == b) {
            return true;
        }
    }
    return false;
}

static void zeros_are_a_pair_too(void **state)
{
    struct pairs p = {.sorted = 0};

    (void)state;
    pairs_add(&p, 0, 0);
    pairs_sort(&p);
    assert_int_equal(p.list.count, 1);
    pairs_clear(&p);
    assert_int_equal(p.list.count, 0);
    pairs_add(&p, 0, 0);
    pairs_add(&p, 0, 1);
    pairs_add(&p, 0, 0);
    pairs_sort(&p);
    assert_int_equal(p.list.count, 2);
    assert_int_equal(p.list.data[1].b, 1);
    pairs_fini(&p);
}

static void each_is_there_once_and_in_order(void **state)
{
    struct pairs p = {.sorted = 0};
    struct pairs_item *all = base_alloc(30000, sizeof(*all));
    uint64_t c = 7;
    size_t count = 0;

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        uint64_t range = round == 0 ? 40 : round == 1 ? 3000 : UINT64_MAX;

        pairs_clear(&p);
        count = 0;
        for (unsigned i = 0; i < 30000; i++) {
            uint64_t a = chance_next(&c) % range, b = chance_next(&c) % 2;

            pairs_add(&p, a, b);
            if (round < 2 ? !listed(all, count, a, b) : true) {
                all[count++] = (struct pairs_item){a, b};
            }
        }
        pairs_sort(&p);
        assert_int_equal(p.list.count, count);
        for (size_t i = 0; i < count; i++) {
            if (i > 0) {
                const struct pairs_item *x = &p.list.data[i - 1], *y = &p.list.data[i];

                assert_true(x->a < y->a || (x->a == y->a && x->b < y->b));
            }
            if (round < 2) {
                assert_true(listed(all, count, p.list.data[i].a, p.list.data[i].b));
            }
        }
    }
    pairs_fini(&p);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_are_a_pair_too),
        cmocka_unit_test(each_is_there_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
