/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/reset.c: what each kind of reset leaves of memory, of harts and of a device that has a
 * battery, and that devices hear each other whatever their order.
 */
#include "dev_bench.h"

/* ---- a clock with a battery: a counter, an alarm and settings; a scratch byte without ---- */

struct battery {
    tick alarm[2]; /* 0: of the clock, 1: of something that has no battery */
    uint32_t settings;
    uint32_t latch; /* outlives the reset line, and not power */
    uint8_t scratch;
    uint8_t ringing; /* drives line 0 */
    uint8_t hart_resets;
    uint8_t zero[5];
};
static const struct field battery_fields[] = {
    FIELD_ARRAY(struct battery, alarm),  FIELD(struct battery, settings),
    FIELD(struct battery, latch),        FIELD(struct battery, scratch),
    FIELD_BOOL(struct battery, ringing), FIELD(struct battery, hart_resets),
    FIELD_ARRAY(struct battery, zero),
};
static const struct survivor battery_survivors[] = {
    SURVIVOR(struct battery, alarm[0], RESET_WARM | RESET_POWER),
    SURVIVOR(struct battery, settings, RESET_WARM | RESET_POWER),
    SURVIVOR(struct battery, ringing, RESET_WARM | RESET_POWER),
    SURVIVOR(struct battery, latch, RESET_WARM),
};

static void battery_reset(struct device *d)
{
    const struct battery *s = d->state;

    device_set_line(d, 0, s->ringing);
}

static void battery_alarm(struct device *d, uint32_t i)
{
    struct battery *s = d->state;

    s->ringing |= i == 0;
    device_set_line(d, 0, s->ringing);
}

static void battery_hart_reset(struct device *d, unsigned hart)
{
    struct battery *s = d->state;

    s->hart_resets |= (uint8_t)(1u << hart);
}

static const struct device_class battery = {
    .name = "battery",
    .state = FIELD_TABLE(struct battery, battery_fields),
    .alarm_offset = offsetof(struct battery, alarm),
    .alarm_count = 2,
    .output_lines = 1,
    .survivors = battery_survivors,
    .survivor_count = ARRAY_LEN(battery_survivors),
    .reset = battery_reset,
    .alarm = battery_alarm,
    .hart_reset = battery_hart_reset,
};

/* ---- a machine: the lamp that the clock lights is reset after it ---- */

#define RAM UINT64_C(0x40000)

struct house {
    struct isa isa;
    struct machine *machine;
    struct device *clock, *lamp;
};

/* What kind it was is to be seen in pc. */
static void hart_reset(void *state, const void *model, const struct isa_options *o)
{
    struct bench_hart *h = state;

    (void)model;
    h->hart.waiting = 1;
    h->hart.pc = 0x100 * o->hart + (unsigned)o->reset;
}

static const struct survivor pins_survive[] = {SURVIVOR(struct bench_hart, pins, RESET_HART)};

static void build(struct house *h)
{
    struct machine_config c;
    struct error e;

    h->isa = bench_isa;
    h->isa.insn_align = 1;
    h->isa.reset = hart_reset;
    h->isa.survivors = pins_survive;
    h->isa.survivor_count = ARRAY_LEN(pins_survive);
    machine_config_init(&c);
    c.hart_count = 2;
    h->machine = machine_new(&c, &h->isa, &e);
    assert_non_null(h->machine);
    assert_int_equal(mem_add_block(machine_mem(h->machine), "ram", RAM, 4 * PAGE_SIZE, true, &e),
                     0);
    assert_int_equal(machine_add_load(h->machine, RAM + PAGE_SIZE, "image", 5, &e), 0);
    h->clock = machine_add_device(h->machine, &battery, "clock", 0, NULL, 0, NULL, &e);
    h->lamp = machine_add_device(h->machine, &bench_lamp, "lamp", 0, NULL, 0, NULL, &e);
    assert_true(h->clock != NULL && h->lamp != NULL);
    machine_connect(h->clock, 0, h->lamp, 0);
    assert_int_equal(machine_seal(h->machine, &e), 0);
    assert_int_equal(machine_cpu(h->machine, 1)->hart->pc, 0x100 + RESET_POWER);
}

static void spoil(struct house *h)
{
    struct battery *s = h->clock->state;
    struct bench_hart *hart = machine_cpu(h->machine, 1)->state;

    assert_true(mem_write_bytes(machine_mem(h->machine), RAM + 8, "kept", 4));
    assert_true(mem_write_bytes(machine_mem(h->machine), RAM + PAGE_SIZE, "other", 5));
    s->settings = 11;
    s->latch = 12;
    s->scratch = 13;
    s->ringing = 1;
    device_set_line(h->clock, 0, true);
    device_set_alarm(h->clock, 0, 5000);
    device_set_alarm(h->clock, 1, 6000);
    hart->pins = 5;
    hart->hart.instructions = 77;
    hart->hart.fp_flags = 1;
}

static bool memory_is(struct house *h, paddr at, const char text[5])
{
    char there[4];

    assert_true(mem_read_bytes(machine_mem(h->machine), at, there, sizeof there));
    return memcmp(there, text, sizeof there) == 0;
}

static void check_hart(const struct house *h, unsigned n, enum reset_kind kind)
{
    const struct bench_hart *hart = machine_cpu(h->machine, n)->state;

    assert_int_equal(hart->hart.pc, 0x100 * n + (unsigned)kind);
    assert_int_equal(hart->hart.fp_flags, 0);
    assert_int_equal(hart->pins, kind == RESET_HART && n == 1 ? 5 : 0);
    assert_int_equal(hart->hart.instructions, n == 1 ? 77 : 0);
}

static void check_machine_reset(enum reset_kind kind)
{
    const struct battery *s;
    struct house h;

    build(&h);
    spoil(&h);
    s = h.clock->state;
    machine_request_reset(h.machine, kind);
    if (kind == RESET_POWER) {
        machine_request_reset(h.machine, RESET_WARM); /* the more thorough one counts */
    }
    assert_int_equal(machine_run(h.machine, 1000, false), STOP_TICK);
    assert_int_equal(s->settings, 11);
    assert_int_equal(s->ringing, 1);
    assert_int_equal(s->latch, kind == RESET_WARM ? 12 : 0);
    assert_int_equal(s->scratch, 0);
    assert_true(device_alarm(h.clock, 0) == 5000);
    assert_true(device_alarm(h.clock, 1) == TICK_NEVER);
    assert_int_equal(((const struct bench_lamp *)h.lamp->state)->lit,
                     1); /* told after it was cleared */
    assert_true(memory_is(&h, RAM + PAGE_SIZE, "imag"));
    assert_true(memory_is(&h, RAM + 8, kind == RESET_WARM ? "kept" : "\0\0\0\0"));
    check_hart(&h, 0, kind);
    check_hart(&h, 1, kind);
    assert_true(machine_hash(h.machine) == machine_hash_slow(h.machine));
    assert_int_equal(machine_run(h.machine, 5001, false), STOP_TICK);
    assert_true(device_alarm(h.clock, 0) == TICK_NEVER); /* it rang */
    machine_free(h.machine);
}

static void test_warm(void **state)
{
    (void)state;
    check_machine_reset(RESET_WARM);
}

static void test_power(void **state)
{
    (void)state;
    check_machine_reset(RESET_POWER);
}

static void test_hart(void **state)
{
    const struct battery *s;
    struct house h;

    (void)state;
    build(&h);
    spoil(&h);
    s = h.clock->state;
    machine_request_hart_reset(h.machine, 1);
    assert_int_equal(machine_run(h.machine, 1000, false), STOP_TICK);
    check_hart(&h, 1, RESET_HART);
    assert_int_equal(machine_cpu(h.machine, 0)->hart->pc, RESET_POWER);
    assert_int_equal(s->scratch, 13);
    assert_int_equal(s->hart_resets, 1 << 1);
    assert_true(device_alarm(h.clock, 1) == 6000);
    assert_true(memory_is(&h, RAM + PAGE_SIZE, "othe"));
    assert_int_equal(machine_state(h.machine)->hart_resets, 0);
    machine_free(h.machine);
}

/* By a monitor: an input, as everything that enters. */
static void test_poke(void **state)
{
    uint8_t payload[POKE_HEADER];
    struct house h;

    (void)state;
    build(&h);
    spoil(&h);
    assert_int_equal(poke_encode(payload, POKE_RESET, 0, POKE_POWER_CYCLE, NULL, 0), POKE_HEADER);
    poke_apply(h.machine, payload, sizeof payload);
    assert_int_equal(machine_state(h.machine)->reset_requested, RESET_POWER);
    assert_int_equal(machine_run(h.machine, 1, false), STOP_TICK);
    assert_true(memory_is(&h, RAM + 8, "\0\0\0\0"));
    poke_encode(payload, POKE_RESET, 0, 0, NULL, 0);
    poke_apply(h.machine, payload, sizeof payload);
    assert_int_equal(machine_state(h.machine)->reset_requested, RESET_WARM);
    machine_free(h.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warm),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_hart),
        cmocka_unit_test(test_poke),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
