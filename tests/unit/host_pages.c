/* SPDX-License-Identifier: GPL-2.0-or-later
 * host/pages.c: pages are zero at first and after a release; the untouched cost nothing.
 */
#include "host/host.h"

#include <setjmp.h>

#include <cmocka.h>

static bool is_zero(const uint8_t *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_zero(void **state)
{
    (void)state;
    size_t page = host_page_size();
    struct error e = {""};
    uint8_t *p = host_pages_map(8 * page, &e);

    assert_non_null(p);
    assert_int_equal((uintptr_t)p % page, 0);
    assert_true(is_zero(p, 8 * page));
    memset(p, 0xa5, 8 * page);
    host_pages_release(p + page, 3 * page);
    host_pages_release(p, 0);
    assert_true(is_zero(p + page, 3 * page));
    for (size_t i = 0; i < page; i++) {
        assert_int_equal(p[i], 0xa5);
        assert_int_equal(p[4 * page + i], 0xa5);
    }
    host_pages_unmap(p, 8 * page);
    host_pages_unmap(NULL, 0);
}

/* 64 GiB of guest is no reason to refuse as long as the guest does not touch it. */
static void test_sparse(void **state)
{
    (void)state;
    struct error e = {""};
    size_t size = (size_t)(64 * GIB);
    uint8_t *p = host_pages_map(size, &e);

    if (p == NULL) {
        skip(); /* an address space limit of the host, as with ulimit -v */
    }
    p[0] = 1;
    p[size - 1] = 2;
    assert_int_equal(p[size / 2], 0);
    host_pages_unmap(p, size);
}

static void test_refusal(void **state)
{
    (void)state;
    struct error e = {""};
    /* Opaque to the compiler, which would otherwise refuse first. */
    volatile size_t huge = SIZE_MAX / 2;
    assert_null(host_pages_map(huge, &e));
    assert_non_null(strstr(e.text, "the host has no room for"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
