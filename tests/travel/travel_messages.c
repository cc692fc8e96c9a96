/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_messages: every answer of travel/ against the oracle, over random programs of the made-up
 * processor that are sent messages, and bytes and pokes between them; some messages are forged:
 * larger than the port takes, or sent while it has no room.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../toy/toy_messages.h"
#include "toy_case.h"

enum { INPUTS = 80, END = 2000 };

static struct machine *build(void *opaque)
{
    const struct toy_case *s = opaque;
    struct machine *m = toy_machine_begin(s->harts, s->quantum, s->code, s->size);

    toy_add_messages(m, TOY_MESSAGES, "frames0");
    must(machine_seal(m, NULL) == 0);
    return m;
}

static void draw_inputs(struct toy_case *s, uint64_t seed)
{
    struct machine *m = build(s);
    uint16_t frames = (uint16_t)machine_port_by_name(m, "frames0");
    tick at = 5;

    machine_free(m);
    s->input_count = INPUTS;
    for (unsigned i = 0; i < INPUTS; i++) {
        struct oracle_input *in = &s->inputs[i];
        uint64_t x = toy_random(&seed);

        in->at = at = toy_case_later(s, at, END, x);
        in->port = x >> 40 & 3 ? frames : 1;
        in->length = (uint8_t)(in->port == 1 ? 1 + (x >> 48) % 3 : (x >> 48) % sizeof(in->data));
        toy_case_fill(in, &seed);
        if ((x >> 32) % 8 == 0) {
            toy_case_poke(in, TOY_RAM + x % 0x2000, x, 4);
        }
    }
}

static void test_random_programs(void **state)
{
    struct toy_case *s = base_alloc(1, sizeof(*s));

    for (uint64_t seed = 1; seed <= *(const uint64_t *)*state; seed++) {
        s->harts = 1 + (unsigned)(seed % 3);
        s->quantum = 31 + seed % 100;
        s->size = toy_random_program(s->code, sizeof(s->code), seed);
        draw_inputs(s, seed);
        assert_true(toy_case_agrees(s, "messages", build, END, 60, seed));
    }
    free(s);
}

/* travel-messages [PROGRAMS] */
int main(int argc, char **argv)
{
    uint64_t programs = argc > 1 ? strtoull(argv[1], NULL, 10) : 8;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_random_programs, &programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
