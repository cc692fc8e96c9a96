/* SPDX-License-Identifier: GPL-2.0-or-later
 * checkpoint/store.c, tree.c: a machine put back is what it was, at the cost of what differs, and
 * what is kept of it is shared.
 */
#include "checkpoint/checkpoint.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#define MARKS 40

/* Any checkpoint from any other, and on from there: as if it had never stopped. */
static void test_restore(void **state)
{
    struct machine *m = toy_machine_at_0(2, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct checkpoint *c[MARKS];
    uint64_t hash[MARKS], last, seed = 5;

    (void)state;
    for (unsigned i = 0; i < MARKS; i++) {
        toy_run_to(m, i * 313 + i % 7);
        c[i] = checkpoint_save(s);
        hash[i] = machine_hash(m);
        assert_int_equal(checkpoint_tick(c[i]), machine_state(m)->now);
        assert_int_equal(checkpoint_instructions(c[i]), machine_state(m)->instructions);
    }
    toy_run_to(m, 20000);
    last = machine_hash(m);
    for (unsigned n = 0; n < 200; n++) {
        unsigned i = (unsigned)(toy_random(&seed) >> 20) % MARKS;

        checkpoint_restore(s, c[i]);
        assert_int_equal(machine_state(m)->now, checkpoint_tick(c[i]));
        assert_true(machine_hash(m) == hash[i]);
        assert_true(machine_hash_slow(m) == hash[i]);
        toy_run_to(m, machine_state(m)->now + (toy_random(&seed) >> 20) % 1000);
        if (n % 20 == 0) {
            toy_run_to(m, 20000);
            assert_true(machine_hash(m) == last);
            assert_true(machine_hash_slow(m) == last);
        }
    }
    for (unsigned i = 0; i < MARKS; i++) {
        checkpoint_drop(c[i]);
    }
    checkpoint_store_free(s);
    machine_free(m);
}

/* The program rewrites itself all the time: code that was translated is never run after a restore
 * that changed its bytes. */
static void test_code(void **state)
{
    enum { COUNT = 150, APART = 7 };
    struct machine *m = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct checkpoint *c[COUNT];
    uint64_t hash[COUNT], seed = 11;

    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        toy_run_to(m, 1000 + i * APART);
        c[i] = checkpoint_save(s);
        hash[i] = machine_hash(m);
    }
    for (unsigned n = 0; n < 1000; n++) {
        unsigned from = (unsigned)(toy_random(&seed) >> 20) % (COUNT - 20);
        unsigned to = from + 1 + (unsigned)(toy_random(&seed) >> 20) % 19;

        checkpoint_restore(s, c[from]);
        toy_run_to(m, 1000 + to * APART);
        assert_true(machine_hash(m) == hash[to]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        checkpoint_drop(c[i]);
    }
    checkpoint_store_free(s);
    machine_free(m);
}

/* How many pages of memory differ from a copy. */
static uint64_t pages_that_differ(struct machine *m, const uint8_t *copy)
{
    uint64_t count = 0;

    for (uint32_t p = 0; p < machine_mem(m)->page_count; p++) {
        count += memcmp(mem_page_bytes(machine_mem(m), p), copy + p * PAGE_SIZE, PAGE_SIZE) != 0;
    }
    return count;
}

static void copy_memory(struct machine *m, uint8_t *copy)
{
    for (uint32_t p = 0; p < machine_mem(m)->page_count; p++) {
        memcpy(copy + p * PAGE_SIZE, mem_page_bytes(machine_mem(m), p), PAGE_SIZE);
    }
}

static void test_costs(void **state)
{
    struct machine *m = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    uint8_t *copy = base_alloc(machine_mem(m)->page_count, PAGE_SIZE);
    struct checkpoint *a, *b, *c;
    struct checkpoint_stats before, after;
    uint64_t differ;

    (void)state;
    a = checkpoint_save(s);
    before = checkpoint_store_stats(s);
    assert_true(before.pages_held > 0);
    b = checkpoint_save(s); /* nothing was written: nothing is looked at */
    after = checkpoint_store_stats(s);
    assert_int_equal(after.pages_saved, before.pages_saved);
    assert_int_equal(after.pages_held, before.pages_held);
    copy_memory(m, copy);
    toy_run_to(m, 3000);
    c = checkpoint_save(s);
    differ = pages_that_differ(m, copy);
    assert_true(differ > 0 && differ < 8);
    before = after;
    after = checkpoint_store_stats(s);
    assert_true(after.pages_saved - before.pages_saved <= 8);
    assert_int_equal(after.pages_kept - before.pages_kept, differ);
    before = after;
    checkpoint_restore(s, a);
    assert_int_equal(checkpoint_store_stats(s).pages_restored - before.pages_restored, differ);
    before = checkpoint_store_stats(s);
    checkpoint_restore(s, b); /* equal: nothing moves */
    assert_int_equal(checkpoint_store_stats(s).pages_restored, before.pages_restored);
    checkpoint_drop(a);
    checkpoint_drop(b);
    checkpoint_drop(c);
    checkpoint_store_free(s);
    free(copy);
    machine_free(m);
}

/* Content that comes back is the page that was there; zeros are no page. */
static void test_sharing(void **state)
{
    struct machine *m = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct checkpoint *c[10];
    uint8_t page[2][PAGE_SIZE];
    uint64_t held, bytes;

    (void)state;
    memset(page[0], 1, PAGE_SIZE);
    memset(page[1], 0, PAGE_SIZE);
    c[0] = checkpoint_save(s);
    held = checkpoint_store_stats(s).pages_held;
    for (unsigned i = 1; i < 10; i++) {
        assert_true(
            mem_write_bytes(machine_mem(m), TOY_RAM + 50 * PAGE_SIZE, page[i % 2 == 0], PAGE_SIZE));
        c[i] = checkpoint_save(s);
        assert_int_equal(checkpoint_store_stats(s).pages_held, held + 1);
    }
    for (unsigned i = 9; i > 0; i--) {
        uint8_t byte;

        checkpoint_restore(s, c[i]);
        assert_true(mem_read_bytes(machine_mem(m), TOY_RAM + 51 * PAGE_SIZE - 1, &byte, 1));
        assert_int_equal(byte, i % 2);
    }
    bytes = checkpoint_store_bytes(s);
    checkpoint_restore(s, c[0]);
    for (unsigned i = 1; i < 10; i++) {
        checkpoint_drop(checkpoint_hold(c[i]));
        checkpoint_drop(c[i]);
    }
    assert_int_equal(checkpoint_store_stats(s).pages_held, held);
    assert_true(checkpoint_store_bytes(s) < bytes);
    checkpoint_drop(c[0]);
    checkpoint_drop(NULL);
    checkpoint_store_free(s);
    machine_free(m);
}

/* Somebody else cleaned the dirty list before: the first save still sees everything. */
static void test_first_save(void **state)
{
    struct machine *m = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *s;
    struct checkpoint *c;
    uint64_t hash;

    (void)state;
    toy_run_to(m, 500);
    mem_checkpoint_clean(machine_mem(m));
    toy_run_to(m, 1000);
    s = checkpoint_store_new(m);
    c = checkpoint_save(s);
    hash = machine_hash(m);
    toy_run_to(m, 5000);
    checkpoint_restore(s, c);
    assert_true(machine_hash_slow(m) == hash);
    checkpoint_drop(c);
    checkpoint_store_free(s);
    machine_free(m);
}

/* Invariant O: saving changes nothing of the machine. */
static void test_observer(void **state)
{
    struct machine *a = toy_machine_at_0(2, toy_program), *b = toy_machine_at_0(2, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(a);

    (void)state;
    for (tick t = 0; t < 5000; t += 17) {
        toy_run_to(a, t);
        checkpoint_drop(checkpoint_save(s));
    }
    toy_run_to(a, 5000);
    toy_run_to(b, 5000);
    assert_true(machine_hash(a) == machine_hash(b));
    checkpoint_store_free(s);
    machine_free(a);
    machine_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restore),    cmocka_unit_test(test_code),
        cmocka_unit_test(test_costs),      cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_first_save), cmocka_unit_test(test_observer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
