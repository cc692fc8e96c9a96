/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/rate.c: a change of the rate of virtual time, which enters as a poke: the clock does not jump, alarms ring at
 * the time for which they were set, and a state from elsewhere has a clock that there could be.
 */
#include "dev_bench.h"

/* ---- a bell: rings each time its alarm comes, and says when ---- */

struct bell {
    tick alarm[2];
    uint64_t rang_ns[2];
};
static const struct field bell_fields[] = {FIELD_ARRAY(struct bell, alarm),
                                           FIELD_ARRAY(struct bell, rang_ns)};

static void bell_alarm(struct device *d, uint32_t i)
{
    struct bell *s = d->state;

    s->rang_ns[i] = device_now_ns(d);
}

static const struct device_class bell = {
    .name = "bell",
    .state = FIELD_TABLE(struct bell, bell_fields),
    .alarm_offset = offsetof(struct bell, alarm),
    .alarm_count = 2,
    .alarm = bell_alarm,
};

struct tower {
    struct isa isa;
    struct machine *machine;
    struct device *bell;
};

static void build(struct tower *t, uint64_t shift)
{
    struct machine_config c;
    struct error e;

    machine_config_init(&c);
    c.shift = shift;
    t->isa = bench_isa;
    t->isa.insn_align = 1;
    t->machine = machine_new(&c, &t->isa, &e);
    assert_non_null(t->machine);
    assert_int_equal(mem_add_block(machine_mem(t->machine), "ram", 0x40000, PAGE_SIZE, true, &e),
                     0);
    t->bell = machine_add_device(t->machine, &bell, "bell", 0, NULL, 0, NULL, &e);
    assert_non_null(t->bell);
    assert_int_equal(machine_seal(t->machine, &e), 0);
}

static void set_rate(struct tower *t, uint64_t shift)
{
    uint8_t payload[POKE_HEADER];

    assert_int_equal(poke_encode(payload, POKE_RATE, 0, shift, NULL, 0), POKE_HEADER);
    poke_apply(t->machine, payload, sizeof payload);
}

static uint64_t rang_ns(const struct tower *t, unsigned i)
{
    return ((const struct bell *)t->bell->state)->rang_ns[i];
}

/* From and to any rate, the alarm is where it was, or less than a tick later. */
static void test_alarms(void **state)
{
    (void)state;
    for (uint64_t before = 0; before <= 10; before++) {
        for (uint64_t after = 0; after <= 10; after++) {
            uint64_t wanted = 3000000, coarse = before > after ? before : after;
            struct tower t;

            build(&t, before);
            device_set_alarm(t.bell, 0, device_tick_at(t.bell, wanted));
            device_set_alarm(t.bell, 1, TICK_NEVER - 5); /* centuries */
            assert_int_equal(machine_run(t.machine, 1000000 >> before, false), STOP_TICK);
            uint64_t now = machine_now_ns(t.machine);
            set_rate(&t, after);
            assert_int_equal(machine_now_ns(t.machine), now);
            assert_int_equal(machine_state(t.machine)->clock.shift, after);
            (void)machine_run(t.machine, (4000000 >> after) + 1000000, false);
            assert_in_range(rang_ns(&t, 0), wanted, wanted + (UINT64_C(1) << coarse));
            assert_int_equal(rang_ns(&t, 1), 0);
            machine_free(t.machine);
        }
    }
}

/* More than there are: a forged recording. */
static void test_forged(void **state)
{
    struct tower t;
    uint64_t hash;

    (void)state;
    build(&t, 2);
    hash = machine_hash(t.machine);
    set_rate(&t, 11);
    set_rate(&t, UINT64_MAX);
    assert_int_equal(machine_hash(t.machine), hash);
    machine_free(t.machine);
}

static void copy_states(struct machine *m, uint8_t *to)
{
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        memcpy(to, machine_part(m, i)->state, machine_part(m, i)->table->state_size);
        to += machine_part(m, i)->table->state_size;
    }
}

static void test_states(void **state)
{
    uint8_t states[4096];
    struct machine_state *s = (struct machine_state *)(void *)states;
    struct tower t, other;
    struct error e = {{0}};

    (void)state;
    build(&t, 2);
    build(&other, 2);
    (void)machine_run(t.machine, 1000, false);
    set_rate(&t, 5);
    (void)machine_run(t.machine, 1500, false);
    copy_states(t.machine, states);
    assert_int_equal(machine_check_states(other.machine, states, &e), 0); /* it becomes another's */
    s->clock.shift = 11;
    assert_int_equal(machine_check_states(other.machine, states, &e), -1);
    s->clock.shift = 5;
    s->clock.base_tick = s->now + 1;
    assert_int_equal(machine_check_states(other.machine, states, &e), -1);
    s->clock.base_tick = 1000;
    s->clock.base_ns = 1024001;
    assert_int_equal(machine_check_states(other.machine, states, &e), -1);
    assert_non_null(strstr(e.text, "its clock (1024001 ns at tick 1000, shift 5) is none"));
    s->clock.base_ns = 1024000;
    assert_int_equal(machine_check_states(other.machine, states, &e), 0);
    machine_free(t.machine);
    machine_free(other.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alarms), cmocka_unit_test(test_forged),
                                       cmocka_unit_test(test_states)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
