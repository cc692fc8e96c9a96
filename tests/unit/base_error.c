/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/error.c: sentences are whole or visibly cut, and never written past their end.
 */
#include "base/base.h"

#include <setjmp.h>

#include <cmocka.h>

static void test_set(void **state)
{
    (void)state;
    struct error e;
    assert_int_equal(error_set(&e, "%s: no such file", "vmlinux"), -1);
    assert_string_equal(e.text, "vmlinux: no such file");
    assert_int_equal(error_set(NULL, "nobody listens to %d", 1), -1);
    assert_int_equal(error_prefix(NULL, "nor here"), -1);
}

static void test_prefix(void **state)
{
    (void)state;
    struct error e;
    error_set(&e, "it ends at byte %d", 12);
    assert_int_equal(error_prefix(&e, "reading %s", "a.rr"), -1);
    assert_string_equal(e.text, "reading a.rr: it ends at byte 12");
}

static void test_old_sentence_as_argument(void **state)
{
    (void)state;
    struct error e;
    error_set(&e, "inner");
    error_set(&e, "outer (%s)", e.text);
    assert_string_equal(e.text, "outer (inner)");
}

/* Whatever the lengths, the text is terminated in place, and says that it was cut if it was. */
static void test_cut(void **state)
{
    (void)state;
    char words[2 * sizeof(struct error) + 1];
    struct {
        struct error e;
        char after[8];
    } box;

    for (size_t length = 0; length < sizeof(words); length++) {
        memset(words, 'w', length);
        words[length] = '\0';
        memset(&box, 0x5a, sizeof(box));
        error_set(&box.e, "%s", words);
        size_t got = strlen(box.e.text);
        if (length < sizeof(struct error)) {
            assert_int_equal(got, length);
        } else {
            assert_int_equal(got, sizeof(struct error) - 1);
            assert_string_equal(box.e.text + got - 4, "w...");
        }
        error_prefix(&box.e, "%s", words);
        size_t whole = length + 2 + got;
        assert_int_equal(strlen(box.e.text),
                         whole < sizeof(struct error) ? whole : sizeof(struct error) - 1);
        for (size_t i = 0; i < sizeof(box.after); i++) {
            assert_int_equal(box.after[i], 0x5a);
        }
    }
}

/* Names in a sentence may be a stranger's; a sentence that is cut stays text. */
static void test_visible(void **state)
{
    (void)state;
    char words[2 * sizeof(struct error)];
    struct error e;

    error_set(&e, "%s: no such file", "a\033[31m\nb");
    assert_string_equal(e.text, "a\\x1b[31m\\x0ab: no such file");
    error_prefix(&e, "\302\233");
    assert_string_equal(e.text, "\\u009b: a\\x1b[31m\\x0ab: no such file");
    for (size_t before = 0; before < 3; before++) {
        memset(words, 'w', before);
        for (size_t i = before; i + 2 < sizeof(words); i += 2) {
            memcpy(words + i, "\303\274", 3);
        }
        error_set(&e, "%s", words);
        error_set(&e, "%s", e.text); /* visible already: it stays */
        assert_null(strstr(e.text, "\\x"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_old_sentence_as_argument),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
