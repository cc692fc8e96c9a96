/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine_order: what is due at one tick happens in the order of docs/determinism.md, whatever the
 * addresses, the names and the classes of the devices are and whenever the alarms were set: devices
 * as the board added them, each one's alarms by number, then the harts, then what enters.
 */
#include "dev_bench.h"

enum { HARTS = 2, ALARMS = 2, DUE = 1000 };

/* What happened, in its order: 'a' + the device's place, or 'H' or 'I', and a number. */
static char told[64];

static void tell(char who, unsigned n)
{
    size_t at = strlen(told);

    assert_true(at + 3 < sizeof told);
    told[at] = who;
    told[at + 1] = (char)('0' + n);
    told[at + 2] = ' ';
}

struct chime {
    tick alarm[ALARMS];
};
static const struct field chime_fields[] = {FIELD_ARRAY(struct chime, alarm)};

static uint64_t chime_read(struct device *d, struct mem_access a)
{
    (void)d;
    (void)a;
    return 0;
}

static void chime_write(struct device *d, struct mem_access a, uint64_t value)
{
    (void)d;
    (void)a;
    (void)value;
}

static void chime_alarm(struct device *d, uint32_t i)
{
    assert_int_equal(device_now(d), DUE);
    tell((char)('a' + d->number), i);
}

static void chime_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    (void)d;
    (void)bytes;
    tell('I', count);
}

static uint32_t chime_room(const struct device *d)
{
    (void)d;
    return 1;
}

#define CHIME(NAME)                                                                                \
    {                                                                                              \
        .name = NAME, .windows = {{.bytes = 8, .sizes = 1}},                                       \
        .state = FIELD_TABLE(struct chime, chime_fields),                                          \
        .alarm_offset = offsetof(struct chime, alarm), .alarm_count = ALARMS, .read = chime_read,  \
        .write = chime_write, .alarm = chime_alarm, .input = chime_input, .room = chime_room       \
    }
static const struct device_class first_class = CHIME("a"), second_class = CHIME("z");

static tick hart_due[HARTS];

static tick hart_next_alarm(const struct cpu *cpu)
{
    return hart_due[cpu->number];
}

static void hart_alarm(struct cpu *cpu, tick now)
{
    assert_int_equal(now, DUE);
    hart_due[cpu->number] = TICK_NEVER;
    tell('H', cpu->number);
}

struct entry {
    uint16_t port;
    bool entered;
};

static enum inlet_answer enter_once(void *opaque, tick now, struct input *in, tick *ask_again)
{
    static const uint8_t byte;
    struct entry *entry = opaque;

    if (now < DUE || entry->entered) {
        *ask_again = now < DUE ? DUE : TICK_NEVER;
        return INLET_QUIET;
    }
    entry->entered = true;
    *in = (struct input){.at = now, .port = entry->port, .length = 1, .data = &byte};
    return INLET_INPUT;
}

static void ignore_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    (void)opaque;
    (void)now;
    (void)port;
    (void)bytes;
    (void)count;
}

static void test_order_at_a_tick(void **state)
{
    struct isa isa = bench_isa;
    struct machine_config c;
    struct device *d[3];
    struct error e;
    struct entry entry = {0};
    struct machine *m;

    (void)state;
    isa.traps.next_alarm = hart_next_alarm;
    isa.traps.alarm = hart_alarm;
    machine_config_init(&c);
    c.hart_count = HARTS;
    m = machine_new(&c, &isa, &e);
    assert_non_null(m);
    /* The addresses fall, and neither names nor classes are in order. */
    d[0] = machine_add_device(m, &second_class, "m", 0x30000, NULL, 0, "port", &e);
    d[1] = machine_add_device(m, &first_class, "z", 0x20000, NULL, 0, NULL, &e);
    d[2] = machine_add_device(m, &second_class, "a", 0x10000, NULL, 0, NULL, &e);
    for (unsigned i = 0; i < ARRAY_LEN(d); i++) {
        assert_non_null(d[i]);
        assert_int_equal(d[i]->number, i);
    }
    for (unsigned h = 0; h < HARTS; h++) {
        hart_due[h] = TICK_NEVER;
    }
    entry.port = (uint16_t)d[0]->port;
    machine_set_inlet(
        m, &(struct inlet){
               .opaque = &entry, .next = enter_once, .idle = bench_idle, .output = ignore_output});
    assert_int_equal(machine_seal(m, &e), 0);
    for (unsigned h = HARTS; h-- > 0;) {
        hart_due[h] = DUE;
    }
    for (unsigned i = ARRAY_LEN(d); i-- > 0;) {
        for (unsigned n = ALARMS; n-- > 0;) {
            device_set_alarm(d[i], n, DUE);
        }
    }
    assert_int_equal(machine_run(m, DUE - 1, false), STOP_TICK);
    assert_string_equal(told, "");
    assert_int_equal(machine_run(m, DUE, false), STOP_TICK);
    assert_int_equal(machine_run(m, DUE + 1, false), STOP_TICK);
    assert_string_equal(told, "a0 a1 b0 b1 c0 c1 H0 H1 I1 ");
    machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_at_a_tick)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
