/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/registry.c: what must hold for every device class there is or will be: its field table tiles
 * its state, its alarms lie in it, and any access of any size, anywhere in the window, is answered.
 */
#include "dev_bench.h"

static void test_tables_tile(void **state)
{
    (void)state;
    for (size_t i = 0; i < dev_registry_count; i++) {
        struct error e = {""};
        if (!field_table_tiles(&dev_registry[i]->state, &e)) {
            fail_msg("%s: %s", dev_registry[i]->name, e.text);
        }
    }
}

static void test_alarms_are_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < dev_registry_count; i++) {
        const struct device_class *c = dev_registry[i];
        bool found = c->alarm_count == 0;

        for (size_t f = 0; f < c->state.field_count; f++) {
            const struct field *field = &c->state.fields[f];
            found = found || (field->offset == c->alarm_offset && field->element_size == 8 &&
                              field->count == c->alarm_count && strcmp(field->name, "alarm") == 0);
        }
        if (!found || (c->alarm_count != 0 && c->alarm == NULL)) {
            fail_msg("%s: its alarms are no field of its state", c->name);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < dev_registry_count; i++) {
        assert_ptr_equal(dev_by_name(dev_registry[i]->name), dev_registry[i]);
    }
    assert_null(dev_by_name("cray-1"));
}

/* Every class gets both configurations' worth of bytes: enough for any. */
static const uint64_t config_bytes[64] = {1000000};

static uint64_t next_random(uint64_t *x)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 20;
}

/* Pushes every button: stores of all sizes at random, odd addresses too. */
static void test_any_access(void **state)
{
    (void)state;
    uint64_t random = 1;

    for (size_t i = 0; i < dev_registry_count; i++) {
        const struct device_class *c = dev_registry[i];
        uint64_t window = c->windows[0].bytes;
        struct bench b;

        if (window == 0 || c->map != NULL) { /* what moves has tests of its own */
            continue;
        }
        bench_open(&b, c, config_bytes, sizeof config_bytes, MACHINE_HARTS_MAX);
        for (unsigned n = 0; n < 200000; n++) {
            unsigned size = 1u << next_random(&random) % 4;
            /* Mostly where registers are. */
            uint64_t span = next_random(&random) % 2 == 0 && window > 0x100 ? 0x100 : window;
            uint64_t at = next_random(&random) % (span - size + 1);

            b.sent_count = 0;
            if (next_random(&random) % 2 == 0) {
                uint64_t v = bench_read(&b, at, size);
                assert_true(size == 8 || v >> 8 * size == 0);
            } else {
                bench_write(&b, at, size, next_random(&random));
            }
            if (n % 100 == 0 && machine_state(b.machine)->power == POWER_ON) {
                (void)machine_run(b.machine, machine_now(b.machine) + 1000, false);
            }
        }
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_tile),
        cmocka_unit_test(test_alarms_are_state),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_any_access),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
