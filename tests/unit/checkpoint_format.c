/* SPDX-License-Identifier: GPL-2.0-or-later
 * checkpoint/format.c: what is written is read back, by another process too; damaged, foreign and
 * forged bytes get a sentence.
 */
#include "checkpoint/checkpoint.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *self; /* this program, for running it again */

static void write_at(struct machine *m, tick at, struct text *out)
{
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct checkpoint *c;

    must(machine_run(m, at, false) == STOP_TICK);
    c = checkpoint_save(s);
    checkpoint_write(c, out);
    checkpoint_drop(c);
    checkpoint_store_free(s);
}

/* Restores from bytes, and runs on to `until`; 0 if they cannot be read. */
static uint64_t hash_after(struct machine *m, const struct text *bytes, tick until, struct error *e)
{
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct checkpoint *c = checkpoint_read(s, bytes->data, bytes->length, e);
    uint64_t hash = 0;

    if (c != NULL) {
        checkpoint_restore(s, c);
        must(machine_run(m, until, false) == STOP_TICK);
        hash = machine_hash(m);
        must(hash == machine_hash_slow(m));
    }
    checkpoint_drop(c);
    checkpoint_store_free(s);
    return hash;
}

/* save, load, save: the same bytes, in a machine that is somewhere else altogether. */
static void test_round_trip(void **state)
{
    (void)state;
    for (unsigned harts = 1; harts <= 3; harts++) {
        struct machine *a = toy_machine_at_0(harts, toy_program),
                       *b = toy_machine_at_0(harts, toy_program);
        struct checkpoint_store *s = checkpoint_store_new(b);
        struct text one = {0}, two = {0};
        struct checkpoint *c;
        struct error e = {{0}};

        write_at(a, 7001, &one);
        assert_int_equal(machine_run(b, 1234, false), STOP_TICK);
        c = checkpoint_read(s, one.data, one.length, &e);
        assert_string_equal(e.text, "");
        assert_non_null(c);
        assert_int_equal(checkpoint_tick(c), 7001);
        checkpoint_write(c, &two);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.data, two.data, one.length);
        checkpoint_restore(s, c);
        assert_true(machine_hash(a) == machine_hash(b));
        checkpoint_drop(c);
        c = checkpoint_save(s);
        text_fini(&two);
        checkpoint_write(c, &two);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.data, two.data, one.length);
        checkpoint_drop(c);
        checkpoint_store_free(s);
        text_fini(&one);
        text_fini(&two);
        machine_free(a);
        machine_free(b);
    }
}

/* ---- another process ---- */

/* argv: --load FILE UNTIL; prints the hash. */
static int load_main(char **argv)
{
    struct machine *m = toy_machine_at_0(2, toy_program);
    struct text bytes = {0};
    struct error e = {{0}};
    char piece[4096];
    FILE *f = fopen(argv[2], "rb");
    size_t got;

    must(f != NULL);
    while ((got = fread(piece, 1, sizeof piece, f)) > 0) {
        text_add_bytes(&bytes, piece, got);
    }
    fclose(f);
    printf("%016llx\n", (unsigned long long)hash_after(m, &bytes, strtoull(argv[3], NULL, 10), &e));
    text_fini(&bytes);
    machine_free(m);
    return 0;
}

static uint64_t hash_of_other_process(const struct text *bytes, tick until)
{
    char path[] = "/tmp/checkpoint-XXXXXX", number[24], line[32] = "";
    char *argv[] = {(char *)(uintptr_t)self, "--load", path, number, NULL};
    posix_spawn_file_actions_t actions;
    int fd = mkstemp(path), ends[2], status;
    FILE *from;
    pid_t pid;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes->data, bytes->length), bytes->length);
    close(fd);
    snprintf(number, sizeof number, "%llu", (unsigned long long)until);
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(posix_spawn(&pid, self, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    from = fdopen(ends[0], "r");
    assert_non_null(from);
    assert_non_null(fgets(line, sizeof line, from));
    fclose(from);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink(path);
    return strtoull(line, NULL, 16);
}

/* Invariant K at random ticks: saved, loaded by a new process, continued = never stopped. */
static void test_new_process(void **state)
{
    uint64_t seed = 77, last;
    struct machine *whole = toy_machine_at_0(2, toy_program);

    (void)state;
    assert_int_equal(machine_run(whole, 9000, false), STOP_TICK);
    last = machine_hash(whole);
    for (unsigned i = 0; i < 6; i++) {
        struct machine *m = toy_machine_at_0(2, toy_program);
        struct text bytes = {0};

        write_at(m, (toy_random(&seed) >> 20) % 9000, &bytes);
        assert_true(hash_of_other_process(&bytes, 9000) == last);
        text_fini(&bytes);
        machine_free(m);
    }
    machine_free(whole);
}

/* ---- bad bytes ---- */

static void refuse(struct checkpoint_store *s, const void *bytes, size_t count)
{
    struct error e = {{0}};

    assert_null(checkpoint_read(s, bytes, count, &e));
    assert_string_not_equal(e.text, "");
}

static void test_damage(void **state)
{
    struct machine *m = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *s;
    struct text good = {0};

    (void)state;
    write_at(m, 3000, &good);
    s = checkpoint_store_new(m);
    for (size_t n = 0; n < good.length; n += n < 400 ? 1 : 37) {
        uint8_t *cut = base_alloc(n + 1, 1); /* its own piece, so that reading on is noticed */

        memcpy(cut, good.data, n);
        refuse(s, cut, n);
        free(cut);
    }
    for (size_t n = 0; n < good.length; n += n < 400 ? 1 : 37) {
        good.data[n] = (char)(good.data[n] ^ 1 << n % 8);
        refuse(s, good.data, good.length);
        good.data[n] = (char)(good.data[n] ^ 1 << n % 8);
    }
    assert_non_null(good.data);
    checkpoint_store_free(s);
    text_fini(&good);
    machine_free(m);
}

/* The checksum is right, what it covers is not: read or refused, never a crash. */
static void test_forged(void **state)
{
    struct machine *m = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *s;
    struct text good = {0};
    uint64_t seed = 3;
    unsigned refused = 0;

    (void)state;
    write_at(m, 3000, &good);
    s = checkpoint_store_new(m);
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t *bytes = base_alloc(good.length, 1);
        size_t count = good.length;
        struct checkpoint *c;
        struct error e = {{0}};

        memcpy(bytes, good.data, count);
        for (uint64_t k = toy_random(&seed) >> 62; k < 4; k++) {
            uint64_t x = toy_random(&seed);
            size_t span = x >> 63 ? count - 8 : 300;

            bytes[(x >> 8) % span] = (uint8_t)(x >> 50 & 1 ? x >> 40 : 0xff);
        }
        if (toy_random(&seed) >> 61 == 0) {
            count -= (toy_random(&seed) >> 20) % (count - 8);
        }
        bytes_set_le(bytes + count - 8, 8, hash_bytes(bytes, count - 8, 0));
        c = checkpoint_read(s, bytes, count, &e);
        assert_true((c == NULL) == (e.text[0] != '\0'));
        refused += c == NULL;
        checkpoint_drop(c);
        free(bytes);
    }
    assert_true(refused > 500);
    checkpoint_store_free(s);
    text_fini(&good);
    machine_free(m);
}

static void test_other_machine(void **state)
{
    struct machine *a = toy_machine_at_0(1, toy_program), *b = toy_machine_at_0(2, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(b);
    struct text bytes = {0};
    struct error e = {{0}};
    char why[80];

    (void)state;
    write_at(a, 100, &bytes);
    assert_null(checkpoint_read(s, bytes.data, bytes.length, &e));
    snprintf(why, sizeof why, "checkpoint: a machine of %u parts, this one has %u",
             machine_part_count(a), machine_part_count(b));
    assert_string_equal(e.text, why);
    checkpoint_store_free(s);
    text_fini(&bytes);
    machine_free(a);
    machine_free(b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_new_process),
        cmocka_unit_test(test_damage),        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_other_machine),
    };

    self = argv[0];
    if (argc == 4 && strcmp(argv[1], "--load") == 0) {
        return load_main(argv);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
