/* SPDX-License-Identifier: GPL-2.0-or-later
 * cpu: address spaces. Switching keeps the others' tables; forgetting reaches all of them, also
 * those that are not in use; a space that is taken again begins empty.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int setup(void **state)
{
    struct tiny *t = base_alloc(1, sizeof(*t));

    tiny_init(t);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    tiny_fini(*state);
    free(*state);
    return 0;
}

static bool holds(const struct tlb_entry *table, vaddr va)
{
    return va - table[va >> 12 & (TLB_ENTRIES - 1)].tag <= PAGE_SIZE - 1;
}

static void choose(struct tiny *t, uint64_t key)
{
    t->key = key;
    cpu_select_space(&t->cpu, 0);
}

static void a_space_is_found_again(void **state)
{
    struct tiny *t = *state;
    struct space *first = t->cpu.space;

    cpu_store(&t->cpu, TINY_RAM, 1, 3);
    choose(t, 7);
    assert_ptr_not_equal(t->cpu.space, first);
    assert_false(holds(t->cpu.space->write, TINY_RAM));
    choose(t, 0);
    assert_ptr_equal(t->cpu.space, first);
    assert_true(holds(t->cpu.space->write, TINY_RAM));
}

static void the_oldest_space_goes(void **state)
{
    struct tiny *t = *state;
    struct space *of[SPACES + 1];

    cpu_store(&t->cpu, TINY_RAM, 1, 3);
    for (uint64_t key = 0; key <= SPACES; key++) {
        choose(t, key);
        of[key] = t->cpu.space;
        if (key == SPACES / 2) {
            choose(t, 0); /* used again: not the oldest any more */
        }
    }
    assert_ptr_equal(of[SPACES], of[1]);
    assert_false(holds(t->cpu.space->write, TINY_RAM));
    choose(t, 0);
    assert_ptr_equal(t->cpu.space, of[0]);
    assert_true(holds(t->cpu.space->write, TINY_RAM));
    choose(t, 1);
    assert_false(holds(t->cpu.space->write, TINY_RAM));
}

static void forgetting_reaches_all_spaces(void **state)
{
    struct tiny *t = *state;

    cpu_store(&t->cpu, TINY_RAM, 1, 3);
    (void)cpu_load(&t->cpu, TINY_RAM, 3);
    t->cpu.space->jump[3].pc = 0x1234;
    choose(t, 1);
    cpu_store(&t->cpu, TINY_RAM + 0x1000, 1, 3);
    t->cpu.space->jump[3].pc = 0x1234;
    cpu_forget_page(&t->cpu, 0);
    assert_true(holds(t->cpu.space->write, TINY_RAM + 0x1000));
    choose(t, 0);
    assert_false(holds(t->cpu.space->write, TINY_RAM));
    assert_true(holds(t->cpu.space->read, TINY_RAM));
    cpu_forget_writes(&t->cpu);
    choose(t, 1);
    assert_false(holds(t->cpu.space->write, TINY_RAM + 0x1000));
    cpu_forget_jumps(&t->cpu);
    assert_int_equal(t->cpu.space->jump[3].pc, UINT64_MAX);
    choose(t, 0);
    assert_int_equal(t->cpu.space->jump[3].pc, UINT64_MAX);
    choose(t, 1);
    t->cpu.space->jump[3].pc = 0x1234;
    cpu_forget(&t->cpu);
    assert_int_equal(t->cpu.space->jump[3].pc, UINT64_MAX);
    choose(t, 0);
    assert_false(holds(t->cpu.space->read, TINY_RAM));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_space_is_found_again),
        TEST(the_oldest_space_goes),
        TEST(forgetting_reaches_all_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
