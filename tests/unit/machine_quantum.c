/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/run.c: what is left of the quantum, which is state. Where a hart is alone its code is not left
 * when a quantum ends or is given up, and nobody may see that: at every tick the state has to be that of
 * a machine that is interpreted and stopped at each tick.
 */
#include "../toy/toy_parts.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#define TICKS 400

/* A loop with a pause after two instructions in it, another after a dozen, and a jump around a third. */
static struct machine *paused(unsigned harts, uint64_t quantum, bool compiled)
{
    static uint8_t code[256];
    struct toy_assembler a = {.code = code, .room = sizeof code};
    struct machine *m;
    size_t loop, jump;

    toy_ldi(&a, 0, 0);
    toy_ldi(&a, 1, 1);
    toy_ldi(&a, 2, 0);
    loop = a.at;
    toy_op2(&a, TOY_ADD, 0, 1);
    toy_op0(&a, TOY_PAUSE);
    for (unsigned i = 0; i < 12; i++) {
        toy_op2(&a, TOY_ADD, 2, 0);
    }
    toy_op0(&a, TOY_PAUSE);
    toy_op2(&a, TOY_XOR, 2, 1);
    jump = a.at;
    toy_jcc(&a, CC_S, jump + 4 + 1);
    toy_op0(&a, TOY_PAUSE);
    toy_op_abs(&a, TOY_JMP, loop);
    m = toy_machine(harts, quantum, code, sizeof code);
    must(engine_use_jit(machine_engine(m), compiled, NULL) == 0);
    return m;
}

static void run_at_once(unsigned harts, uint64_t quantum)
{
    struct machine *steps = paused(harts, quantum, false), *rest = paused(harts, quantum, true);

    for (tick t = 1; t <= TICKS; t++) {
        struct machine *whole = paused(harts, quantum, true);

        assert_int_equal(machine_run(steps, t, false), STOP_TICK);
        assert_int_equal(machine_run(whole, t, false), STOP_TICK);
        assert_true(machine_hash(whole) == machine_hash(steps));
        machine_free(whole);
        if (t % 23 == 0) { /* and in pieces, by code that was made in the ones before */
            assert_int_equal(machine_run(rest, t, false), STOP_TICK);
            assert_true(machine_hash(rest) == machine_hash(steps));
        }
    }
    machine_free(steps);
    machine_free(rest);
}

static void quanta_end_unseen(void **state)
{
    (void)state;
    for (uint64_t quantum = 1; quantum < 40; quantum += 3) {
        run_at_once(1, quantum);
    }
    run_at_once(1, 100000);
}

static void quanta_end_among_harts(void **state)
{
    (void)state;
    run_at_once(2, 1);
    run_at_once(2, 17);
    run_at_once(3, 100000);
}

static bool stop(void *opaque, const struct probe_hit *hit)
{
    (void)opaque;
    (void)hit;
    return true;
}

/* A stop by a probe comes before the step at its tick, when the quantum may just have ended. */
static void quanta_end_at_probes(void **state)
{
    const struct probe probe = {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = TOY_RAM + 3 * 6};
    const struct probe_set set = {.probes = &probe, .count = 1, .hit = stop};

    (void)state;
    for (uint64_t quantum = 1; quantum < 40; quantum++) {
        struct machine *steps = paused(1, quantum, false), *m = paused(1, quantum, true);

        machine_set_probes(m, &set);
        for (unsigned i = 0; i < 12; i++) {
            assert_int_equal(machine_run(m, TICKS, i > 0), STOP_PROBE);
            assert_int_equal(machine_run(steps, machine_now(m), false), STOP_TICK);
            assert_true(machine_hash(m) == machine_hash(steps));
        }
        machine_free(steps);
        machine_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quanta_end_unseen),
        cmocka_unit_test(quanta_end_among_harts),
        cmocka_unit_test(quanta_end_at_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
