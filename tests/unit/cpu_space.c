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

static bool knows_no_jump(const struct space *s, vaddr pc)
{
    return s->jump[jump_index(pc)].pc != pc;
}

/* Whatever pc a guest jumps to, all ones as well, an empty place says that it has none. */
static void an_empty_place_has_no_pc(void **state)
{
    struct tiny *t = *state;
    const vaddr pcs[] = {0, 2, 4, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 3, UINT64_C(1) << 63};

    for (unsigned i = 0; i < JUMP_ENTRIES; i++) {
        assert_int_not_equal(jump_index(t->cpu.space->jump[i].pc) / JUMP_VARIANTS,
                             i / JUMP_VARIANTS);
    }
    for (unsigned i = 0; i < ARRAY_LEN(pcs); i++) {
        assert_true(knows_no_jump(t->cpu.space, pcs[i]));
        cpu_know_jump(&t->cpu, pcs[i], 0, NULL);
        assert_false(knows_no_jump(t->cpu.space, pcs[i]));
        cpu_forget_range(&t->cpu, align_down(pcs[i], PAGE_SIZE), PAGE_SIZE);
        assert_true(knows_no_jump(t->cpu.space, pcs[i]));
    }
}

static void forgetting_reaches_all_spaces(void **state)
{
    struct tiny *t = *state;

    cpu_store(&t->cpu, TINY_RAM, 1, 3);
    (void)cpu_load(&t->cpu, TINY_RAM, 3);
    cpu_know_jump(&t->cpu, 0x1234, 0, NULL);
    choose(t, 1);
    cpu_store(&t->cpu, TINY_RAM + 0x1000, 1, 3);
    cpu_know_jump(&t->cpu, 0x1234, 0, NULL);
    cpu_forget_page(&t->cpu, 0);
    assert_true(holds(t->cpu.space->write, TINY_RAM + 0x1000));
    choose(t, 0);
    assert_false(holds(t->cpu.space->write, TINY_RAM));
    assert_true(holds(t->cpu.space->read, TINY_RAM));
    cpu_forget_writes(&t->cpu);
    choose(t, 1);
    assert_false(holds(t->cpu.space->write, TINY_RAM + 0x1000));
    cpu_forget_jumps(&t->cpu);
    assert_true(knows_no_jump(t->cpu.space, 0x1234));
    choose(t, 0);
    assert_true(knows_no_jump(t->cpu.space, 0x1234));
    choose(t, 1);
    cpu_know_jump(&t->cpu, 0x1234, 0, NULL);
    cpu_forget(&t->cpu);
    assert_true(knows_no_jump(t->cpu.space, 0x1234));
    choose(t, 0);
    assert_false(holds(t->cpu.space->read, TINY_RAM));
}

static bool user_writes(struct tiny *t, vaddr va)
{
    return t->cpu.as[AS_USER] != t->cpu.space && holds(t->cpu.as[AS_USER]->write, va);
}

/* Accesses as another are of a space that the key says, as long as it says the same. */
static void each_access_class_has_a_space(void **state)
{
    const uint32_t user = 3 | AS_USER << MEM_AS_SHIFT, other = 3 | AS_OTHER2 << MEM_AS_SHIFT;
    struct tiny *t = *state;
    struct space *of_7;

    choose(t, 7);
    assert_false(user_writes(t, TINY_RAM));
    cpu_store(&t->cpu, TINY_RAM, 0x11, user);
    cpu_store(&t->cpu, TINY_RAM, 0x22, other); /* in the second page */
    assert_true(user_writes(t, TINY_RAM));
    assert_true(holds(t->cpu.as[AS_OTHER2]->write, TINY_RAM));
    assert_false(holds(t->cpu.space->write, TINY_RAM));
    assert_int_equal(cpu_load(&t->cpu, TINY_RAM + PAGE_SIZE, 3), 0x22);
    of_7 = t->cpu.as[AS_USER];
    choose(t, 7);
    assert_ptr_equal(t->cpu.as[AS_USER], of_7);
    choose(t, 8);
    assert_ptr_not_equal(t->cpu.as[AS_USER], of_7);
    assert_false(user_writes(t, TINY_RAM));
    choose(t, 7);
    cpu_store(&t->cpu, TINY_RAM + 8, 1, user);
    assert_ptr_equal(t->cpu.as[AS_USER], of_7);
    t->other_key = 1;
    choose(t, 7);
    assert_false(user_writes(t, TINY_RAM));
    t->other_key = 0;
    cpu_store(&t->cpu, TINY_RAM + 8, 1, user);
    /* What is forgotten is so in each of them, and so is a page that must not be written to. */
    cpu_forget_range(&t->cpu, TINY_RAM, PAGE_SIZE);
    assert_false(user_writes(t, TINY_RAM));
    cpu_store(&t->cpu, TINY_RAM, 1, user);
    cpu_store(&t->cpu, TINY_RAM, 1, other);
    /* In those that are named, whether one page or several are. */
    assert_int_equal(cpu_chosen_spaces(&t->cpu), 1u << t->cpu.space_index[0] |
                                                     1u << t->cpu.as_index[AS_USER] |
                                                     1u << t->cpu.as_index[AS_OTHER2]);
    cpu_forget_in(&t->cpu, 1u << t->cpu.as_index[AS_OTHER2], TINY_RAM, PAGE_SIZE);
    assert_true(user_writes(t, TINY_RAM));
    assert_false(holds(t->cpu.as[AS_OTHER2]->write, TINY_RAM));
    cpu_store(&t->cpu, TINY_RAM, 1, other);
    cpu_forget_in(&t->cpu, 1u << t->cpu.as_index[AS_USER], TINY_RAM, 2 * PAGE_SIZE);
    assert_false(user_writes(t, TINY_RAM));
    assert_true(holds(t->cpu.as[AS_OTHER2]->write, TINY_RAM));
    cpu_store(&t->cpu, TINY_RAM, 1, user);
    mem_code_used(&t->mem, 0, 1);
    assert_false(user_writes(t, TINY_RAM));
    assert_true(holds(t->cpu.as[AS_OTHER2]->write, TINY_RAM));
    cpu_forget_writes(&t->cpu);
    assert_false(holds(t->cpu.as[AS_OTHER2]->write, TINY_RAM));
    cpu_store(&t->cpu, TINY_RAM, 1, other);
    cpu_forget(&t->cpu);
    assert_false(holds(t->cpu.as[AS_OTHER2]->write, TINY_RAM));
}

/* More of them than there are: those in use stay, whatever is chosen. */
static void classes_outlive_many_spaces(void **state)
{
    const uint32_t user = 3 | AS_USER << MEM_AS_SHIFT;
    struct tiny *t = *state;

    for (uint64_t key = 1; key <= 3 * SPACES; key++) {
        t->other_key = key / 3;
        choose(t, key);
        cpu_store(&t->cpu, TINY_RAM, key, user);
        assert_ptr_not_equal(t->cpu.as[AS_USER], t->cpu.space);
        assert_true(user_writes(t, TINY_RAM));
        assert_false(holds(t->cpu.space->write, TINY_RAM));
        cpu_store(&t->cpu, TINY_RAM + PAGE_SIZE, key, 3);
        assert_false(user_writes(t, TINY_RAM + PAGE_SIZE));
    }
}

/* One pc in two modes: two places; who forgets a page forgets both, and what may reach into it. */
static void variants_of_a_pc_have_places_of_their_own(void **state)
{
    struct tiny *t = *state;
    const vaddr pc = TINY_RAM + PAGE_SIZE + 8, before = TINY_RAM + PAGE_SIZE - 4;
    struct jump_entry *jump = t->cpu.space->jump;

    cpu_know_jump(&t->cpu, pc, 0, NULL);
    cpu_know_jump(&t->cpu, pc, JUMP_VARIANTS - 1, NULL);
    cpu_know_jump(&t->cpu, before, 3, NULL);
    assert_int_equal(jump[jump_index(pc)].pc, pc);
    assert_int_equal(jump[jump_index(pc) ^ (JUMP_VARIANTS - 1)].pc, pc);
    cpu_forget_range(&t->cpu, TINY_RAM + 2 * PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(jump[jump_index(before) ^ 3].pc, before);
    cpu_forget_range(&t->cpu, TINY_RAM + PAGE_SIZE, PAGE_SIZE);
    assert_int_not_equal(jump[jump_index(pc)].pc, pc);
    assert_int_not_equal(jump[jump_index(pc) ^ (JUMP_VARIANTS - 1)].pc, pc);
    assert_int_not_equal(jump[jump_index(before) ^ 3].pc, before);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_space_is_found_again),        TEST(the_oldest_space_goes),
        TEST(forgetting_reaches_all_spaces), TEST(each_access_class_has_a_space),
        TEST(classes_outlive_many_spaces),   TEST(variants_of_a_pc_have_places_of_their_own),
        TEST(an_empty_place_has_no_pc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
