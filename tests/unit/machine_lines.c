/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/lines.c: a line goes to all places it is connected to; a place is up while any line that
 * leads there is; and what that needs is state, saved, hashed and checked like the rest.
 */
#include "checkpoint/checkpoint.h"
#include "dev_bench.h"
#include "machine/internal.h"

/* A device of four switches, each driving a line. */
struct switches {
    uint8_t on[4];
    uint8_t zero[4];
};
static const struct field switches_fields[] = {FIELD_ARRAY_BOOL(struct switches, on),
                                               FIELD_ARRAY(struct switches, zero)};

static void set_switch(struct device *d, unsigned n, bool on)
{
    struct switches *s = d->state;

    s->on[n] = on;
    device_set_line(d, n, on);
}

static const struct device_class switches = {
    .name = "switches",
    .state = FIELD_TABLE(struct switches, switches_fields),
    .output_lines = 4,
};

enum { DEVICES = 3 };
struct house {
    struct isa isa;
    struct machine *machine;
    struct device *from[DEVICES], *lamp[2];
};

static void build(struct house *h)
{
    struct machine_config c;
    struct error e;

    h->isa = bench_isa;
    h->isa.insn_align = 1;
    machine_config_init(&c);
    c.hart_count = 2;
    h->machine = machine_new(&c, &h->isa, &e);
    assert_non_null(h->machine);
    for (unsigned i = 0; i < DEVICES; i++) {
        char name[8];

        snprintf(name, sizeof name, "from%u", i);
        h->from[i] = machine_add_device(h->machine, &switches, name, 0, NULL, 0, NULL, &e);
        assert_non_null(h->from[i]);
        if (i < 2) {
            snprintf(name, sizeof name, "lamp%u", i);
            h->lamp[i] = machine_add_device(h->machine, &bench_lamp, name, 0, NULL, 0, NULL, &e);
            assert_non_null(h->lamp[i]);
        }
    }
}

static uint64_t lit(const struct house *h, unsigned lamp)
{
    return ((const struct bench_lamp *)h->lamp[lamp]->state)->lit;
}

static uint64_t pins(const struct house *h, unsigned hart)
{
    return ((const struct bench_hart *)machine_cpu(h->machine, hart)->state)->pins;
}

static void test_fan_out(void **state)
{
    struct house h;
    struct error e;

    (void)state;
    build(&h);
    machine_connect(h.from[0], 1, h.lamp[0], 3);
    machine_connect(h.from[0], 1, h.lamp[1], 5);
    machine_connect_hart(h.from[0], 1, 1, 7);
    assert_int_equal(machine_seal(h.machine, &e), 0);
    assert_null(h.machine->lines); /* nothing meets: no state but the receivers' */
    set_switch(h.from[0], 1, true);
    assert_int_equal(lit(&h, 0), 1 << 3);
    assert_int_equal(lit(&h, 1), 1 << 5);
    assert_int_equal(pins(&h, 1), 1 << 7);
    assert_int_equal(pins(&h, 0), 0);
    set_switch(h.from[0], 1, false);
    assert_int_equal(lit(&h, 0) | lit(&h, 1) | pins(&h, 1), 0);
    machine_free(h.machine);
}

/* Lines of one device and of several, at an input and at a pin; one goes elsewhere, too. */
static void connect_shared(struct house *h)
{
    struct error e;

    machine_connect(h->from[0], 0, h->lamp[0], 2);
    machine_connect(h->from[0], 3, h->lamp[0], 2);
    machine_connect(h->from[1], 0, h->lamp[0], 2);
    machine_connect(h->from[1], 0, h->lamp[1], 9);
    machine_connect_hart(h->from[1], 1, 0, 4);
    machine_connect_hart(h->from[2], 1, 0, 4);
    machine_connect_hart(h->from[2], 2, 1, 4);
    assert_int_equal(machine_seal(h->machine, &e), 0);
    assert_non_null(h->machine->lines);
}

/* Every order of switching, against what the switches say. */
static void test_shared(void **state)
{
    struct house h;
    uint64_t seed = 7;

    (void)state;
    build(&h);
    connect_shared(&h);
    for (unsigned i = 0; i < 2000; i++) {
        const struct switches *s[DEVICES];
        uint64_t x = seed = seed * UINT64_C(6364136223846793005) + 1;

        set_switch(h.from[(x >> 40) % DEVICES], x >> 50 & 3, x >> 60 & 1);
        for (unsigned k = 0; k < DEVICES; k++) {
            s[k] = h.from[k]->state;
        }
        assert_int_equal(lit(&h, 0), (s[0]->on[0] | s[0]->on[3] | s[1]->on[0]) << 2);
        assert_int_equal(lit(&h, 1), s[1]->on[0] << 9);
        assert_int_equal(pins(&h, 0), (s[1]->on[1] | s[2]->on[1]) << 4);
        assert_int_equal(pins(&h, 1), s[2]->on[2] << 4);
    }
    machine_free(h.machine);
}

/* One of two lines that are up falls after going back: the other one still holds the place up. */
static void test_state(void **state)
{
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct house h, other;
    struct machine_difference d;
    uint64_t hash;

    (void)state;
    build(&h);
    connect_shared(&h);
    build(&other);
    connect_shared(&other);
    assert_string_equal(machine_part(h.machine, machine_part_count(h.machine) - 1)->name, "lines");
    s = checkpoint_store_new(h.machine);
    set_switch(h.from[0], 0, true);
    set_switch(h.from[1], 0, true);
    hash = machine_hash(h.machine);
    c = checkpoint_save(s);
    set_switch(h.from[0], 0, false);
    set_switch(h.from[1], 0, false);
    assert_int_equal(lit(&h, 0), 0);
    assert_true(machine_hash(h.machine) != hash);
    checkpoint_restore(s, c);
    assert_true(machine_hash(h.machine) == hash);
    set_switch(h.from[0], 0, false);
    assert_int_equal(lit(&h, 0), 1 << 2);
    set_switch(h.from[1], 0, false);
    assert_int_equal(lit(&h, 0), 0);

    h.machine->lines->level[2] = 1; /* as if a receiver had it and the switches had not */
    assert_true(machine_first_difference(h.machine, other.machine, &d));
    assert_string_equal(d.where, "lines.level[2]");
    checkpoint_drop(c);
    checkpoint_store_free(s);
    machine_free(h.machine);
    machine_free(other.machine);
}

/* All switches are off after it, and so is what they held up. */
static void test_reset(void **state)
{
    struct house h;

    (void)state;
    build(&h);
    connect_shared(&h);
    for (unsigned i = 0; i < DEVICES; i++) {
        set_switch(h.from[i], 1, true);
    }
    machine_request_reset(h.machine, RESET_WARM);
    assert_int_equal(machine_run(h.machine, 5, false), STOP_TICK);
    assert_int_equal(lit(&h, 0) | lit(&h, 1) | pins(&h, 0) | pins(&h, 1), 0);
    set_switch(h.from[2], 1, true);
    set_switch(h.from[2], 1, false); /* nothing that was up before holds it up */
    assert_int_equal(pins(&h, 0), 0);
    machine_free(h.machine);
}

static void test_forged(void **state)
{
    struct house h;
    struct text states = {0};
    struct error e;
    size_t at;

    (void)state;
    build(&h);
    connect_shared(&h);
    for (unsigned i = 0; i < machine_part_count(h.machine); i++) {
        const struct machine_part *p = machine_part(h.machine, i);

        text_add_bytes(&states, p->state, p->table->state_size);
    }
    assert_int_equal(machine_check_states(h.machine, states.data, &e), 0);
    at = states.length - sizeof(uint64_t) * MACHINE_DEVICES_MAX;
    states.data[at] = 0x10; /* the fifth line of a device that has four */
    assert_int_equal(machine_check_states(h.machine, states.data, &e), -1);
    assert_string_equal(e.text, "lines: level[0] is 0x10: there are 4 lines");
    states.data[at] = 0;
    states.data[states.length - 1] = 1;
    assert_int_equal(machine_check_states(h.machine, states.data, &e), -1);
    text_fini(&states);
    machine_free(h.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fan_out), cmocka_unit_test(test_shared), cmocka_unit_test(test_state),
        cmocka_unit_test(test_reset),   cmocka_unit_test(test_forged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
