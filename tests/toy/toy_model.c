/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_model: what -cpu chooses reaches the lifter of each hart: "small" has only the instructions that
 * the processor has always had, "mixed" has them on the harts of odd number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "jit/jit.h"
#include "toy.h"

#include <cmocka.h>

/* Each hart: one instruction of a family beside the first. */
static const uint8_t code[] = {TOY_EITHER, 2};

static void check(const char *cpu, bool jit, unsigned illegal_harts)
{
    struct machine *m = toy_machine_of(cpu, 2, 1, code, sizeof code);
    struct error e;

    assert_int_equal(machine_seal(m, &e), 0);
    if (jit) {
        assert_int_equal(engine_use_jit(machine_engine(m), true, &e), 0);
    }
    assert_int_equal(machine_run(m, 2, false), STOP_TICK);
    for (unsigned h = 0; h < 2; h++) {
        const struct toy *s = machine_cpu(m, h)->state;
        bool illegal = illegal_harts >> h & 1;

        assert_int_equal(s->r[2], illegal ? 0 : 5);
        assert_int_equal(s->hart.instructions, illegal ? 0 : 1);
    }
    machine_free(m);
}

static void test_models(void **state)
{
    (void)state;
    for (unsigned jit = 0; jit < 1u + jit_supported(); jit++) {
        check(NULL, jit, 0);
        check("toy", jit, 0);
        check("small", jit, 3);
        check("mixed", jit, 2);
    }
}

static void test_refused(void **state)
{
    struct machine_config config;
    struct error e = {""};

    (void)state;
    machine_config_init(&config);
    snprintf(config.cpu, sizeof config.cpu, "none");
    assert_null(machine_new(&config, &toy_isa, &e));
    assert_non_null(strstr(e.text, "-cpu: there is no \"none\""));
    machine_config_fini(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
