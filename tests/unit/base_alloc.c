/* SPDX-License-Identifier: GPL-2.0-or-later
 * base/must.c: memory is zeroed and never NULL; our own mistakes and a host without memory end
 * the program with a sentence and their status. The fatal ones run in a child.
 */
#include "base/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs f in a child; returns its exit status and what it said on stderr. */
static int run_fatal(void (*f)(void), char *said, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        f();
        _exit(99);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while (length + 1 < room && (got = read(ends[0], said + length, room - 1 - length)) > 0) {
        length += (size_t)got;
    }
    said[length] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void fail_must(void)
{
    int two = 2;
    must(two + two == 5);
}

static void fail_realloc(void)
{
    free(base_realloc(NULL, SIZE_MAX / 2, 4));
}

static void test_must_is_status_4(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(run_fatal(fail_must, said, sizeof(said)), 4);
    assert_non_null(strstr(said, "two + two == 5"));
    assert_non_null(strstr(said, "base_alloc.c"));
}

static void test_overflow_is_a_sentence(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(run_fatal(fail_realloc, said, sizeof(said)), 1);
    assert_non_null(strstr(said, "no memory left"));
}

static void test_alloc_is_zeroed(void **state)
{
    (void)state;
    unsigned char *p = base_alloc(1000, 3);
    for (size_t i = 0; i < 3000; i++) {
        assert_int_equal(p[i], 0);
    }
    p = base_realloc(p, 10, 1);
    assert_int_equal(p[9], 0);
    free(p);
    void *nothing = base_alloc(0, 0);
    assert_non_null(nothing);
    nothing = base_realloc(nothing, 0, 8);
    assert_non_null(nothing);
    free(nothing);
}

static void test_strdup(void **state)
{
    (void)state;
    char *copy = base_strdup("tick");
    assert_string_equal(copy, "tick");
    free(copy);
    copy = base_strdup("");
    assert_string_equal(copy, "");
    free(copy);
}

static void test_folder_of(void **state)
{
    static const char *const folders[][2] = {{"a.rr", "./"}, {"a/b.rr", "a/"},
                                             {"/a.rr", "/"}, {"/a/b/c.rr", "/a/b/"},
                                             {"a/", "a/"},   {"", "./"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char *folder = base_folder_of(folders[i][0]);

        assert_string_equal(folder, folders[i][1]);
        free(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_must_is_status_4), cmocka_unit_test(test_overflow_is_a_sentence),
        cmocka_unit_test(test_alloc_is_zeroed),  cmocka_unit_test(test_strdup),
        cmocka_unit_test(test_folder_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
