/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_diff: what differs between two runs is named at exactly its tick and field: one-bit
 * faults in every field of every part and in memory, inputs, ends; and a replay that does not
 * match its witnesses is explained.
 */
#include "oracle.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HARTS 2
#define END   6000

static const struct oracle_input inputs[] = {
    {.at = 700, .port = 1, .length = 2, .data = "ab"},
    {.at = 701, .port = 1, .length = 1, .data = "c"},
    {.at = 2500, .port = 1, .length = 1, .data = "d"},
};

struct side {
    struct machine *machine;
    struct oracle_source source;
    struct travel *travel;
};

static void side_init(struct side *s, const struct oracle_input *in, size_t count, tick end,
                      const struct oracle_witness *witnesses, size_t witness_count)
{
    static const size_t room = 8192;
    const struct travel_limits limits = {.spacing = 300, .count = 20};
    uint8_t *code = base_alloc(room, 1);
    struct travel_source source = oracle_source_init(&s->source, in, count, end);

    s->source.witnesses = witnesses;
    s->source.witness_count = witness_count;
    s->machine = toy_machine(HARTS, 97, code, toy_program(code, room));
    s->travel = travel_new(s->machine, &source, &limits);
    free(code);
}

static void side_fini(struct side *s)
{
    travel_free(s->travel);
    machine_free(s->machine);
    text_fini(&s->source.output);
}

static void pair_init(struct side *a, struct side *b)
{
    side_init(a, inputs, ARRAY_LEN(inputs), END, NULL, 0);
    side_init(b, inputs, ARRAY_LEN(inputs), END, NULL, 0);
}

static void pair_fini(struct side *a, struct side *b)
{
    side_fini(a);
    side_fini(b);
}

static void test_same(void **state)
{
    struct side a, b;
    struct travel_difference d;

    (void)state;
    pair_init(&a, &b);
    travel_diff(a.travel, b.travel, 0, &d);
    assert_int_equal(d.finding, FOUND_SAME);
    assert_int_equal(d.at, END);
    pair_fini(&a, &b);
}

/* Injects one fault into the second of two machines, and has it named. */
static void check_fault(tick at, const char *part, const char *field, uint64_t index, unsigned bit,
                        uint64_t stride, const char *where)
{
    struct side a, b;
    struct travel_difference d;
    struct error e = {{0}};

    pair_init(&a, &b);
    assert_int_equal(travel_inject(b.travel, at, part, field, index, bit, &e), 0);
    travel_diff(a.travel, b.travel, stride, &d);
    if (d.finding != FOUND_STATE || d.at != at || strcmp(d.difference.where, where) != 0) {
        fail_msg("%s bit %u at %llu: finding %d at %llu: %s", where, bit, (unsigned long long)at,
                 (int)d.finding, (unsigned long long)d.at, d.difference.where);
    }
    if (field != NULL &&
        strcmp(field, TRAVEL_TREE) != 0) { /* what is no field is named by 8 bytes */
        assert_true((d.difference.a ^ d.difference.b) == UINT64_C(1) << bit);
    }
    assert_true(d.has_step);
    assert_int_equal(d.step.at, at - 1);
    pair_fini(&a, &b);
}

/* Counts and indexes that other code relies on to be in range. */
static bool is_relied_on(const struct machine *m, unsigned part, const struct field *f)
{
    return part == 0 ? strcmp(f->name, "now") == 0 || strcmp(f->name, "current") == 0 ||
                           strncmp(f->name, "clock.", 6) == 0
                     : strcmp(machine_part(m, part)->name, "console") == 0 &&
                           strcmp(f->name, "count") == 0;
}

/* Every field of every part. Compared at each tick around: what a fault does may heal at once. */
static void test_each_field(void **state)
{
    struct side s;
    uint64_t seed = 9;

    (void)state;
    side_init(&s, NULL, 0, END, NULL, 0);
    for (unsigned p = 0; p < machine_part_count(s.machine); p++) {
        const struct machine_part *part = machine_part(s.machine, p);

        for (size_t i = 0; i < part->table->field_count; i++) {
            const struct field *f = &part->table->fields[i];
            uint64_t x = toy_random(&seed), index = (x >> 8) % f->count;
            tick at = 50 + (x >> 20) % 600;
            char where[96];

            if (is_relied_on(s.machine, p, f)) {
                continue;
            }
            if (f->count > 1) {
                snprintf(where, sizeof where, "%s.%s[%u]", part->name, f->name, (unsigned)index);
            } else {
                snprintf(where, sizeof where, "%s.%s", part->name, f->name);
            }
            check_fault(at, part->name, f->name, index, (unsigned)(x >> 50) % (f->element_size * 8),
                        1, where);
        }
    }
    side_fini(&s);
}

/* What stays wrong is found from far apart. */
static void test_lasting_faults(void **state)
{
    uint64_t seed = 4;

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t x = toy_random(&seed);
        tick at = 1 + (x >> 20) % (END - 1);
        uint32_t offset = 0x30000 + (x >> 8 & 0xfff); /* nobody writes there */
        char where[32];

        snprintf(where, sizeof where, "ram+0x%x", offset & ~7u);
        check_fault(at, "ram", NULL, TOY_RAM + offset, x & 7, 0, where);
        check_fault(at, "counter", "value", 0, x & 31, 0, "counter.value");
        check_fault(at, "console", "received", 0, x & 31, 0, "console.received");
        check_fault(at, "console", "clock", 0, x & 31, 0, "console.clock");
        check_fault(at, "hart1", "zero", 1, x & 7, 0, "hart1.zero[1]");
        snprintf(where, sizeof where, "vault+0x%llx", (unsigned long long)(x >> 8 & 0x7ffff8));
        check_fault(at, "vault", TRAVEL_TREE, x >> 8 & 0x7fffff, x & 7, 0, where);
    }
}

static void check_inputs(const struct oracle_input *other, size_t count, tick at)
{
    struct side a, b;
    struct travel_difference d;

    side_init(&a, inputs, ARRAY_LEN(inputs), END, NULL, 0);
    side_init(&b, other, count, END, NULL, 0);
    travel_diff(a.travel, b.travel, 1000, &d);
    assert_int_equal(d.finding, FOUND_INPUTS);
    assert_int_equal(d.at, at);
    assert_false(d.step.is_step);
    pair_fini(&a, &b);
    side_init(&b, inputs, ARRAY_LEN(inputs), END, NULL, 0);
    side_init(&a, other, count, END, NULL, 0);
    travel_diff(a.travel, b.travel, 1000, &d);
    assert_int_equal(d.finding, FOUND_INPUTS);
    assert_int_equal(d.at, at);
    assert_false(d.step.is_step);
    pair_fini(&a, &b);
}

static void test_inputs(void **state)
{
    struct oracle_input other[ARRAY_LEN(inputs)];

    (void)state;
    memcpy(other, inputs, sizeof other);
    other[1].data[0] = 'x';
    check_inputs(other, ARRAY_LEN(other), 701);
    memcpy(other, inputs, sizeof other);
    other[2].at = 2400;
    check_inputs(other, ARRAY_LEN(other), 2400);
    check_inputs(inputs, 2, 2500);
    check_inputs(inputs + 1, 2, 700);
}

static void test_ends(void **state)
{
    struct side a, b;
    struct travel_difference d;

    (void)state;
    side_init(&a, inputs, ARRAY_LEN(inputs), END, NULL, 0);
    side_init(&b, inputs, ARRAY_LEN(inputs), 1234, NULL, 0);
    travel_diff(a.travel, b.travel, 1000, &d);
    assert_int_equal(d.finding, FOUND_END);
    assert_int_equal(d.at, 1234);
    pair_fini(&a, &b);
}

/* ---- witnesses ---- */

static void make_witnesses(struct oracle_witness *w, size_t count)
{
    struct side s;

    side_init(&s, inputs, ARRAY_LEN(inputs), END, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        w[i].at = (i + 1) * 1000;
        assert_int_equal(travel_seek(s.travel, w[i].at).why, TRAVEL_ARRIVED);
        w[i].hash = machine_hash(s.machine);
    }
    side_fini(&s);
}

static void test_witnesses(void **state)
{
    struct oracle_witness w[6];
    struct side a, b;
    struct travel_difference d;
    struct travel_stop stop;
    struct error e = {{0}};
    struct text text = {0};

    (void)state;
    make_witnesses(w, ARRAY_LEN(w));
    side_init(&a, inputs, ARRAY_LEN(inputs), END, w, ARRAY_LEN(w));
    side_init(&b, inputs, ARRAY_LEN(inputs), END, w, ARRAY_LEN(w));
    assert_int_equal(travel_run_forward(a.travel, TICK_NEVER, NULL, false).why, TRAVEL_END);
    assert_int_equal(travel_get_stats(a.travel).witnesses, 6);
    travel_explain(a.travel, b.travel, &d);
    assert_int_equal(d.finding, FOUND_SAME);

    /* a machine that is not deterministic */
    assert_int_equal(travel_inject(a.travel, 3456, "counter", "value", 0, 3, &e), 0);
    assert_int_equal(travel_seek(a.travel, 0).why, TRAVEL_ARRIVED);
    stop = travel_run_forward(a.travel, TICK_NEVER, NULL, false);
    assert_int_equal(stop.why, TRAVEL_DIVERGED);
    assert_int_equal(stop.at, 4000);
    travel_explain(a.travel, b.travel, &d);
    assert_int_equal(d.finding, FOUND_STATE);
    assert_int_equal(d.at, 3456);
    assert_string_equal(d.difference.where, "counter.value");
    travel_print_difference(&d, &text);
    assert_non_null(strstr(text.data, "tick 3 456: counter.value: 0x0000000"));
    assert_non_null(strstr(text.data, "after the step at tick 3 455: hart"));
    text_fini(&text);
    pair_fini(&a, &b);

    /* a recording that says something else */
    w[2].hash ^= 1;
    side_init(&a, inputs, ARRAY_LEN(inputs), END, w, ARRAY_LEN(w));
    side_init(&b, inputs, ARRAY_LEN(inputs), END, w, ARRAY_LEN(w));
    assert_int_equal(travel_run_forward(a.travel, TICK_NEVER, NULL, false).why, TRAVEL_DIVERGED);
    travel_explain(a.travel, b.travel, &d);
    assert_int_equal(d.finding, FOUND_WITNESS);
    assert_int_equal(d.after, 2000);
    assert_int_equal(d.at, 3000);
    pair_fini(&a, &b);
}

static void test_print(void **state)
{
    struct travel_difference d = {.finding = FOUND_STATE,
                                  .at = 48211907,
                                  .difference = {.where = "plic.pending[1]", .a = 0x400}};
    struct text text = {0};

    (void)state;
    travel_print_difference(&d, &text);
    assert_string_equal(text.data, "tick 48 211 907: plic.pending[1]: 0x00000400 != 0x00000000\n");
    text_fini(&text);
}

static void test_bad_faults(void **state)
{
    struct side s;
    struct error e;

    (void)state;
    side_init(&s, NULL, 0, END, NULL, 0);
    assert_int_equal(travel_inject(s.travel, 5, "nothing", "value", 0, 0, &e), -1);
    assert_int_equal(travel_inject(s.travel, 5, "counter", "nothing", 0, 0, &e), -1);
    assert_int_equal(travel_inject(s.travel, 5, "counter", "value", 1, 0, &e), -1);
    assert_int_equal(travel_inject(s.travel, 5, "counter", "value", 0, 32, &e), -1);
    assert_int_equal(travel_inject(s.travel, 5, "ram", NULL, 0, 0, &e), -1);
    assert_int_equal(travel_inject(s.travel, 5, "ram", NULL, TOY_RAM, 8, &e), -1);
    assert_int_equal(travel_inject(s.travel, 0, "counter", "value", 0, 0, &e), -1);
    assert_int_equal(travel_inject(s.travel, 5, "machine", "now", 0, 0, &e), -1);
    side_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),           cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_lasting_faults), cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_ends),           cmocka_unit_test(test_witnesses),
        cmocka_unit_test(test_print),          cmocka_unit_test(test_bad_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
