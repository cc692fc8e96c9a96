/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/visible.c: what a terminal would obey is spelled out, all other text stays as it is.
 */
#include "base/base.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_visible(const char *bytes, size_t count, const char *kept, const char *expected)
{
    struct text t = {0};

    text_add_visible(&t, bytes, count, kept);
    text_add_bytes(&t, "", 0);
    assert_string_equal(t.data, expected);
    text_fini(&t);
}
#define VISIBLE(bytes, kept, expected) assert_visible(bytes, sizeof(bytes) - 1, kept, expected)

static void test_controls(void **state)
{
    (void)state;
    VISIBLE("plain text, ~ and \\", "", "plain text, ~ and \\");
    VISIBLE("\033]0;title\007", "", "\\x1b]0;title\\x07");
    VISIBLE("a\nb\tc\r", "\n\t", "a\nb\tc\\x0d");
    VISIBLE("a\nb", "", "a\\x0ab");
    VISIBLE("nul\0\177", "\n", "nul\\x00\\x7f");
    VISIBLE("\302\233"
            "31m\302\205\302\240",
            "\n", "\\u009b31m\\u0085\302\240");
}

static void test_characters(void **state)
{
    (void)state;
    VISIBLE("Gr\303\274\303\237e \344\270\226\347\225\214 \360\237\231\202", "",
            "Gr\303\274\303\237e \344\270\226\347\225\214 \360\237\231\202");
    VISIBLE("\342\200\256\342\201\246\342\200\250\330\234\357\273\277", "",
            "\\u202e\\u2066\\u2028\\u061c\\ufeff");
    VISIBLE("\363\240\201\201", "", "\\ue0041");
}

static void test_no_characters(void **state)
{
    (void)state;
    VISIBLE("\233\377", "", "\\x9b\\xff");
    VISIBLE("\303", "", "\\xc3");                            /* cut */
    VISIBLE("\303(", "", "\\xc3(");                          /* no continuation */
    VISIBLE("\300\233", "", "\\xc0\\x9b");                   /* too long a form of ESC */
    VISIBLE("\340\202\233", "", "\\xe0\\x82\\x9b");          /* too long a form of CSI */
    VISIBLE("\355\240\200", "", "\\xed\\xa0\\x80");          /* half of a pair */
    VISIBLE("\364\220\200\200", "", "\\xf4\\x90\\x80\\x80"); /* beyond the last */
}

/* Nothing but characters that are shown comes out, whatever goes in, and nothing is read beyond. */
static void test_any_bytes(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 200000; seed++) {
        uint8_t *bytes = base_alloc(4, 1);
        struct text t = {0};

        bytes_set_le(bytes, 4, seed * 2654435761u);
        text_add_visible(&t, bytes, 4, "");
        for (size_t at = 0; at < t.length;) {
            uint32_t code;

            at += utf8_next((const uint8_t *)t.data + at, t.length - at, &code);
            assert_true(code != UTF8_NONE && !utf8_is_obeyed(code));
        }
        text_fini(&t);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_no_characters),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
