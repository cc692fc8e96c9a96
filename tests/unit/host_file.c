/* SPDX-License-Identifier: GPL-2.0-or-later
 * host/file.c: whole files, pipes and places in files; and a sentence for each thing that is
 * wrong with a path.
 */
#include "host/host.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "host_file_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink("file");
    (void)unlink("pipe");
    return chdir("..") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, count, f), count);
    assert_int_equal(fclose(f), 0);
}

static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 300000};
    uint8_t *bytes = base_alloc(300000, 1);
    for (size_t i = 0; i < 300000; i++) {
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct error e = {""};
        uint8_t *data = NULL;
        size_t size = 77;
        write_file("file", bytes, sizes[i]);
        assert_int_equal(host_file_read_all("file", sizes[i], &data, &size, &e), 0);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(data, bytes, size);
        assert_int_equal(data[size], 0);
        free(data);
        if (sizes[i] != 0) {
            assert_int_equal(host_file_read_all("file", sizes[i] - 1, &data, &size, &e), -1);
            assert_non_null(strstr(e.text, "file: has "));
        }
    }
    free(bytes);
}

static void *feed_pipe(void *argument)
{
    size_t count = *(size_t *)argument;
    int out = open("pipe", O_WRONLY);
    uint8_t byte = 0;
    size_t sent = 0;
    while (sent < count && write(out, &byte, 1) == 1) {
        byte++;
        sent++;
    }
    close(out);
    return NULL;
}

static int read_pipe(size_t count, size_t max_bytes, uint8_t **data, size_t *size, struct error *e)
{
    struct host_thread *t = host_thread_start(feed_pipe, &count, e);
    assert_non_null(t);
    int result = host_file_read_all("pipe", max_bytes, data, size, e);
    host_thread_join(t);
    return result;
}

static void test_pipe(void **state)
{
    (void)state;
    struct error e = {""};
    uint8_t *data = NULL;
    size_t size = 0;

    /* The feeder of the case that is refused is stopped by EPIPE, not by a signal: those are
     * blocked in helper threads. */
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(read_pipe(20000, 20000, &data, &size, &e), 0);
    assert_int_equal(size, 20000);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(data[i], i & 0xff);
    }
    free(data);
    assert_int_equal(read_pipe(20000, 19999, &data, &size, &e), -1);
    assert_string_equal(e.text, "pipe: is longer than the 19999 bytes allowed here");
    assert_int_equal(read_pipe(3, 0, &data, &size, &e), -1);
}

static void test_refusals(void **state)
{
    (void)state;
    struct error e = {""};
    uint8_t *data = NULL;
    size_t size = 0;
    struct host_file f;

    assert_int_equal(host_file_read_all("none", 10, &data, &size, &e), -1);
    assert_string_equal(e.text, "none: cannot be opened: No such file or directory");
    assert_int_equal(host_file_read_all(".", 10, &data, &size, &e), -1);
    assert_string_equal(e.text, ".: is a directory, not a file");
    assert_int_equal(host_file_open(&f, "none", &e), -1);
    assert_int_equal(host_file_open(&f, "/dev/null", &e), -1);
    assert_string_equal(e.text, "/dev/null: is not a plain file");
    assert_null(data);
}

static void test_read_at(void **state)
{
    (void)state;
    struct error e = {""};
    struct host_file f;
    char got[4] = "";

    write_file("file", "0123456789", 10);
    assert_int_equal(host_file_open(&f, "file", &e), 0);
    assert_int_equal(f.size, 10);
    assert_int_equal(host_file_read_at(&f, 7, got, 3, &e), 0);
    assert_memory_equal(got, "789", 3);
    assert_int_equal(host_file_read_at(&f, 10, got, 0, &e), 0);
    assert_int_equal(host_file_read_at(&f, 8, got, 3, &e), -1);
    assert_string_equal(e.text, "file: ends at byte 10, before 3 bytes could be read from 8");
    assert_int_equal(host_file_read_at(&f, UINT64_MAX, got, 3, &e), -1);
    assert_int_equal(host_file_read_at(&f, INT64_MAX, got, 3, &e), -1);
    host_file_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_read_at),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
