/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/hash.c: known values, so that a recording made elsewhere has the same hashes here; and
 * independence of where the bytes lie.
 */
#include "base/base.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

/* XXH3-64 of nothing with seed 0, from the algorithm's specification. */
static void test_known(void **state)
{
    (void)state;
    assert_int_equal(hash_bytes("", 0, 0), UINT64_C(0x2d06800538d394c2));
}

/* Each length class of the algorithm, at every alignment. */
static void test_alignment(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 4096, 5000};
    uint8_t *room = base_alloc(5000 + 64, 1);

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        uint64_t first = 0;
        for (size_t at = 0; at < 64; at++) {
            for (size_t j = 0; j < lengths[i]; j++) {
                room[at + j] = (uint8_t)(j * 7 + j / 256);
            }
            uint64_t hash = hash_bytes(room + at, lengths[i], 42);
            if (at == 0) {
                first = hash;
            }
            assert_int_equal(hash, first);
        }
        room[5] ^= 1;
    }
    free(room);
}

/* One bit anywhere, or another seed, is another hash. */
static void test_sensitive(void **state)
{
    (void)state;
    uint8_t page[4096] = {0};
    uint64_t zero = hash_bytes(page, sizeof(page), 0);

    assert_int_not_equal(zero, hash_bytes(page, sizeof(page), 1));
    assert_int_not_equal(zero, hash_bytes(page, sizeof(page) - 1, 0));
    for (size_t bit = 0; bit < sizeof(page) * 8; bit += 101) {
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(zero, hash_bytes(page, sizeof(page), 0));
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_sensitive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
