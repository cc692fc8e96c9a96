/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_toy: every answer of travel/ against the oracle, over machines of a made-up processor:
 * its program with 1, 2 and 3 harts and inputs, and random programs.
 */
#include "toy_case.h"
#include "../toy/toy_state.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INPUTS = 60 };

static struct machine *build(void *opaque)
{
    const struct toy_case *c = opaque;

    return toy_machine(c->harts, c->quantum, c->code, c->size);
}

/* Some in a row, some alone; console bytes, and pokes of memory. */
static void draw_inputs(struct toy_case *c, tick end, uint64_t seed)
{
    tick at = 10;

    c->input_count = INPUTS;
    for (unsigned i = 0; i < INPUTS; i++) {
        struct oracle_input *in = &c->inputs[i];
        uint64_t x = toy_random(&seed);

        in->at = at = toy_case_later(c, at, end, x);
        in->port = 1;
        in->length = (uint8_t)(1 + (x >> 48) % 3);
        toy_case_fill(in, &seed);
        if ((x >> 40 & 3) == 0) {
            toy_case_poke(in, TOY_RAM + 0x9100 + x % 256, x, 8);
        }
    }
}

static bool try_case(const char *name, struct toy_case *c, tick end, unsigned questions,
                     uint64_t seed)
{
    draw_inputs(c, end, seed);
    return toy_case_agrees(c, name, build, end, questions, seed);
}

static void test_program(void **state)
{
    struct toy_case *c = base_alloc(1, sizeof(*c));

    (void)state;
    c->size = toy_program(c->code, sizeof c->code);
    for (c->harts = 1; c->harts <= 3; c->harts++) {
        c->quantum = 97;
        assert_true(try_case("program", c, 8000, 60, 1000 + c->harts));
    }
    free(c);
}

/* Live trees, shared lines, messages, resets. */
static void test_state_program(void **state)
{
    struct toy_case *c = base_alloc(1, sizeof(*c));

    (void)state;
    c->size = toy_state_program(c->code, sizeof c->code);
    for (c->harts = 1; c->harts <= 3; c->harts++) {
        c->quantum = 97;
        assert_true(try_case("state", c, 8000, 60, 2000 + c->harts));
    }
    free(c);
}

/* Delay slots and modes; trap frames through page tables, double faults. */
static void test_modes_and_frames(void **state)
{
    struct toy_case *c = base_alloc(1, sizeof(*c));

    (void)state;
    c->quantum = 53;
    for (c->harts = 1; c->harts <= 2; c->harts++) {
        c->size = toy_modes_program(c->code, sizeof c->code);
        assert_true(try_case("modes", c, 3000, 60, 2000 + c->harts));
        c->size = toy_system_program(c->code, sizeof c->code);
        assert_true(try_case("frames", c, 3000, 60, 2010 + c->harts));
    }
    free(c);
}

static void test_random_programs(void **state)
{
    struct toy_case *c = base_alloc(1, sizeof(*c));

    for (uint64_t seed = 1; seed <= *(const uint64_t *)*state; seed++) {
        c->harts = 1 + (unsigned)(seed % 3);
        c->quantum = 31 + seed;
        c->size = toy_random_program(c->code, sizeof c->code, seed);
        assert_true(try_case("random", c, 2000, 60, seed));
    }
    free(c);
}

/* Windows, ROM and RAM that move while searches go back and forth over them. */
static void test_moving_programs(void **state)
{
    struct toy_case *c = base_alloc(1, sizeof(*c));

    for (uint64_t seed = 1; seed <= *(const uint64_t *)*state; seed++) {
        c->harts = 1 + (unsigned)(seed % 3);
        c->quantum = 31 + seed;
        c->size = toy_mover_program(c->code, sizeof c->code, seed);
        assert_true(try_case("moving", c, 2000, 60, seed));
    }
    free(c);
}

/* travel-toy [PROGRAMS]: how many random ones of each kind; each is asked 120 random sequences of questions. */
int main(int argc, char **argv)
{
    uint64_t programs = argc > 1 ? strtoull(argv[1], NULL, 10) : 12;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_state_program),
        cmocka_unit_test(test_modes_and_frames),
        cmocka_unit_test_prestate(test_random_programs, &programs),
        cmocka_unit_test_prestate(test_moving_programs, &programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
