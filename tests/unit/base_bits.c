/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/base.h: bit fields, alignment and byte orders, against a slow second way of saying them.
 */
#include "base/base.h"

#include <setjmp.h>

#include <cmocka.h>

/* Bit by bit, the obvious way. */
static uint64_t slow_get(uint64_t x, unsigned pos, unsigned len)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < len; i++) {
        v |= (x >> (pos + i) & 1) << i;
    }
    return v;
}

static void test_fields(void **state)
{
    (void)state;
    const uint64_t x = UINT64_C(0xfedcba9876543210);
    const uint64_t y = UINT64_C(0x5a5a0ff0c33c9669);

    for (unsigned pos = 0; pos < 64; pos++) {
        for (unsigned len = 1; len <= 64 - pos; len++) {
            uint64_t got = bits_get(x, pos, len);
            assert_int_equal(got, slow_get(x, pos, len));
            uint64_t set = bits_set(x, pos, len, y);
            assert_int_equal(bits_get(set, pos, len), slow_get(y, 0, len));
            for (unsigned i = 0; i < 64; i++) {
                if (i < pos || i >= pos + len) {
                    assert_int_equal(set >> i & 1, x >> i & 1);
                }
            }
        }
    }
}

static void test_sign(void **state)
{
    (void)state;
    assert_int_equal(bits_sext(0xfff, 12), UINT64_MAX);
    assert_int_equal(bits_sext(0x7ff, 12), 0x7ff);
    assert_int_equal(bits_sext(0xf800, 12), (uint64_t)-2048);
    assert_int_equal(bits_sext(1, 1), UINT64_MAX);
    assert_int_equal(bits_sext(UINT64_MAX / 2, 64), UINT64_MAX / 2);
}

static void test_alignment(void **state)
{
    (void)state;
    assert_int_equal(align_up(1, 4096), 4096);
    assert_int_equal(align_up(4096, 4096), 4096);
    assert_int_equal(align_down(4097, 4096), 4096);
    assert_false(is_pow2(0));
    assert_true(is_pow2(1));
    assert_false(is_pow2(6));
    assert_true(is_pow2(UINT64_C(1) << 63));
}

static void test_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[8] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    uint8_t out[8];

    assert_int_equal(bytes_get_le(bytes, 1), 0x11);
    assert_int_equal(bytes_get_le(bytes, 2), 0x2211);
    assert_int_equal(bytes_get_be(bytes, 4), 0x11223344);
    assert_int_equal(bytes_get_le(bytes, 8), UINT64_C(0x8877665544332211));
    bytes_set_le(out, 8, bytes_get_le(bytes, 8));
    assert_memory_equal(out, bytes, 8);
    bytes_set_be(out, 8, bytes_get_be(bytes, 8));
    assert_memory_equal(out, bytes, 8);
    memset(out, 0xee, sizeof(out));
    bytes_set_be(out, 2, 0x1234);
    assert_int_equal(out[0], 0x12);
    assert_int_equal(out[1], 0x34);
    assert_int_equal(out[2], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
