/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_edges: the cases that time-travel.md names, one by one, on a made-up processor: adjacent
 * breakpoints, two on one instruction, the current instruction, a tick where input arrives, several
 * harts, watchpoints by both rules, and both ends of history.
 */
#include "oracle.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#define END      5000
#define INPUT_AT 2000

static const struct oracle_input inputs[] = {{.at = INPUT_AT, .port = 1, .length = 1, .data = "k"}};

struct fixture {
    struct machine *machine;
    struct oracle_source source;
    struct travel *travel;
};

static void set_up(struct fixture *f, unsigned harts)
{
    static const size_t room = 8192;
    const struct travel_limits limits = {.spacing = 300, .count = 20};
    uint8_t *code = base_alloc(room, 1);
    struct travel_source source = oracle_source_init(&f->source, inputs, ARRAY_LEN(inputs), END);

    f->machine = toy_machine(harts, 97, code, toy_program(code, room));
    f->travel = travel_new(f->machine, &source, &limits);
    free(code);
}

static void tear_down(struct fixture *f)
{
    travel_free(f->travel);
    machine_free(f->machine);
    text_fini(&f->source.output);
}

static vaddr pc_of(const struct fixture *f, unsigned hart)
{
    return machine_cpu(f->machine, hart)->hart->pc;
}

static void seek(struct fixture *f, tick to)
{
    assert_int_equal(travel_seek(f->travel, to).why, TRAVEL_ARRIVED);
}

static void check_hit(const struct travel_stop *s, tick at, uint32_t probe)
{
    assert_int_equal(s->why, TRAVEL_HIT);
    assert_int_equal(s->at, at);
    assert_int_equal(s->hit.probe, probe);
}

/* Breakpoints on ten instructions in a row are met one by one, the last one first. */
static void test_adjacent(void **state)
{
    struct fixture f;
    struct probe p[10];
    struct travel_probes set = {.probes = p, .count = 10, .client_steps = true};
    tick at[10];

    (void)state;
    set_up(&f, 1);
    seek(&f, 1004); /* in the handler: no loop, no jump */
    for (unsigned i = 0; i < 10; i++) {
        p[i] = (struct probe){.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = pc_of(&f, 0)};
        at[i] = travel_now(f.travel);
        for (unsigned k = 0; k < i; k++) {
            assert_true(p[k].at != p[i].at);
        }
        assert_int_equal(travel_step(f.travel, 0).why, TRAVEL_ARRIVED);
    }
    for (unsigned i = 10; i-- > 0;) {
        struct travel_stop s = travel_reverse_continue(f.travel, &set);
        check_hit(&s, at[i], i);
        assert_true(pc_of(&f, 0) == p[i].at);
    }
    for (unsigned i = 1; i < 10; i++) { /* and forwards again */
        struct travel_stop s = travel_run_forward(f.travel, TICK_NEVER, &set, true);
        check_hit(&s, at[i], i);
    }
    tear_down(&f);
}

static void test_two_on_one(void **state)
{
    struct fixture f;
    struct probe p[3];
    struct travel_probes set = {.probes = p, .count = 3, .client_steps = true};
    struct travel_stop s;
    tick first;

    (void)state;
    set_up(&f, 1);
    seek(&f, 1000);
    p[0] = (struct probe){.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = 1};
    p[1] = p[2] = (struct probe){.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = pc_of(&f, 0)};
    seek(&f, 1001);
    s = travel_reverse_continue(f.travel, &set);
    check_hit(&s, 1000, 1);
    assert_int_equal(s.hits, 2);
    s = travel_reverse_continue(f.travel, &set); /* not the current instruction again */
    assert_int_equal(s.why, TRAVEL_HIT);
    assert_true(s.at < 1000);
    first = s.at;
    s = travel_run_forward(f.travel, TICK_NEVER, &set, true);
    check_hit(&s, 1000, 1);
    assert_int_equal(s.hits, 2);
    s = travel_run_forward(f.travel, TICK_NEVER, &set, false); /* not skipped: still there */
    check_hit(&s, 1000, 1);
    s = travel_reverse_continue(f.travel, &set);
    check_hit(&s, first, 1);
    tear_down(&f);
}

/* The step at the input's tick is the input; the instruction is at the next one. */
static void test_input(void **state)
{
    struct fixture f;
    struct probe p = {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART};
    struct travel_probes set = {.probes = &p, .count = 1, .client_steps = true};
    struct travel_stop s;
    struct travel_step_name name;

    (void)state;
    set_up(&f, 1);
    /* until the handler's first instruction: the input raised an interrupt */
    seek(&f, INPUT_AT + 1);
    assert_int_equal(travel_name_step(f.travel, INPUT_AT + 1, &name), 0);
    assert_false(name.is_step);
    assert_string_equal(name.text, "input of 1 bytes at port console");
    assert_int_equal(travel_now(f.travel), INPUT_AT + 1);
    s = travel_reverse_step(f.travel, 0); /* over the input */
    assert_int_equal(s.why, TRAVEL_ARRIVED);
    assert_int_equal(s.at, INPUT_AT - 1);
    s = travel_step(f.travel, 0);
    assert_int_equal(s.at, INPUT_AT + 1);
    s = travel_step(f.travel, 0);
    assert_int_equal(travel_name_step(f.travel, s.at, &name), 0);
    assert_true(name.is_step);
    p.at = name.pc;
    s = travel_reverse_continue(f.travel, &set);
    assert_int_equal(s.why, TRAVEL_HIT);
    if (strstr(name.text, "(trap entry)") == NULL) {
        assert_int_equal(s.at, INPUT_AT + 1);
    }
    tear_down(&f);
}

static void test_harts(void **state)
{
    struct fixture f;
    struct probe p = {.kind = PROBE_BREAK, .hart = 1};
    struct travel_probes set = {.probes = &p, .count = 1, .client_steps = true};

    (void)state;
    set_up(&f, 3);
    seek(&f, 1500);
    p.at = pc_of(&f, 0); /* all harts run the same code */
    seek(&f, END);
    for (unsigned i = 0; i < 5; i++) {
        struct travel_stop s = travel_reverse_continue(f.travel, &set);
        assert_int_equal(s.why, TRAVEL_HIT);
        assert_int_equal(s.hart, 1);
        assert_true(pc_of(&f, 1) == p.at);
        assert_int_equal(machine_state(f.machine)->current, 1);
    }
    tear_down(&f);
}

/* What a debugger does with a watchpoint on RISC-V: it steps over the access itself. */
static void test_watch_client_steps(void **state)
{
    struct fixture f;
    const struct probe p = {
        .kind = PROBE_WATCH_WRITE, .hart = PROBE_ANY_HART, .at = TOY_RAM + 0x8000, .size = 4};
    struct travel_probes set = {.probes = &p, .count = 1, .client_steps = true};
    struct travel_stop s;
    uint8_t old[4], new[4];
    tick store;

    (void)state;
    set_up(&f, 1);
    seek(&f, 1000);
    s = travel_run_forward(f.travel, TICK_NEVER, &set, false);
    assert_int_equal(s.why, TRAVEL_HIT);
    assert_false(s.after);
    store = s.at;
    assert_true(mem_read_bytes(machine_mem(f.machine), p.at, old, 4));
    assert_int_equal(travel_step(f.travel, 0).at, store + 1);
    assert_true(mem_read_bytes(machine_mem(f.machine), p.at, new, 4));
    assert_true(memcmp(old, new, 4) != 0);
    /* back: at once, as the store is what is gone back over first; then the client steps back */
    s = travel_reverse_continue(f.travel, &set);
    check_hit(&s, store + 1, 0);
    assert_true(s.after);
    assert_int_equal(s.hit.at_tick, store);
    assert_int_equal(travel_reverse_step(f.travel, 0).at, store);
    s = travel_reverse_continue(f.travel, &set);
    assert_int_equal(s.why, TRAVEL_HIT);
    assert_true(s.at < store);
    /* without that step the same is not found twice either, but going on and back it is */
    seek(&f, store + 3);
    s = travel_reverse_continue(f.travel, &set);
    check_hit(&s, store + 1, 0);
    s = travel_reverse_continue(f.travel, &set);
    assert_true(s.at < store);
    seek(&f, store + 1);
    s = travel_reverse_continue(f.travel, &set);
    check_hit(&s, store + 1, 0);
    tear_down(&f);
}

/* And on x86, where it does not. */
static void test_watch_trap(void **state)
{
    struct fixture f;
    const struct probe p = {
        .kind = PROBE_WATCH_WRITE, .hart = PROBE_ANY_HART, .at = TOY_RAM + 0x8000, .size = 4};
    struct travel_probes set = {.probes = &p, .count = 1};
    struct travel_stop s;
    tick store;

    (void)state;
    set_up(&f, 1);
    seek(&f, 1000);
    s = travel_run_forward(f.travel, TICK_NEVER, &set, false);
    assert_int_equal(s.why, TRAVEL_HIT);
    assert_true(s.after);
    store = s.hit.at_tick;
    assert_int_equal(s.at, store + 1);
    s = travel_reverse_continue(f.travel, &set);
    check_hit(&s, store, 0);
    assert_false(s.after);
    s = travel_run_forward(f.travel, TICK_NEVER, &set, false);
    check_hit(&s, store + 1, 0);
    tear_down(&f);
}

static void test_ends(void **state)
{
    struct fixture f;
    const struct probe p = {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = 1};
    struct travel_probes set = {.probes = &p, .count = 1, .client_steps = true};
    struct travel_probes nothing = {0};
    struct travel_stop s;

    (void)state;
    set_up(&f, 2);
    assert_int_equal(travel_begin(f.travel), 0);
    assert_int_equal(travel_end(f.travel), END);
    assert_int_equal(travel_reverse_step(f.travel, 0).why, TRAVEL_BEGIN);
    assert_int_equal(travel_reverse_continue(f.travel, &set).why, TRAVEL_BEGIN);
    s = travel_run_forward(f.travel, TICK_NEVER, &set, false);
    assert_int_equal(s.why, TRAVEL_END);
    assert_int_equal(s.at, END);
    assert_int_equal(travel_run_forward(f.travel, TICK_NEVER, NULL, false).why, TRAVEL_END);
    assert_int_equal(travel_step(f.travel, 1).why, TRAVEL_END);
    assert_int_equal(travel_seek(f.travel, END).why, TRAVEL_ARRIVED);
    assert_int_equal(travel_seek(f.travel, END + 1).why, TRAVEL_END);
    s = travel_reverse_continue(f.travel, &nothing);
    assert_int_equal(s.why, TRAVEL_BEGIN);
    assert_int_equal(s.at, 0);
    seek(&f, 1); /* hart 1 has not run yet */
    assert_int_equal(travel_reverse_step(f.travel, 1).why, TRAVEL_BEGIN);
    seek(&f, 1);
    s = travel_reverse_step(f.travel, 0);
    assert_int_equal(s.why, TRAVEL_ARRIVED);
    assert_int_equal(s.at, 0);
    tear_down(&f);
}

/* However long history is: few marks, closer together near the cursor, and never without one to
 * go on from. */
static void test_spacing(void **state)
{
    struct fixture f;
    tick marks[64];
    size_t count;

    (void)state;
    set_up(&f, 1);
    seek(&f, END);
    count = travel_marks(f.travel, marks, ARRAY_LEN(marks));
    assert_true(count >= 4);
    assert_true(marks[count - 1] >= END - 1);
    assert_true(marks[count - 2] >= END - 10);
    assert_true(marks[count - 3] >= END - 100);
    for (tick to = END; to > 0; to -= to / 7 + 1) {
        seek(&f, to);
        count = travel_marks(f.travel, marks, ARRAY_LEN(marks));
        assert_true(count <= 20);
        assert_int_equal(marks[0], 0);
        for (size_t i = 1; i < count; i++) {
            assert_true(marks[i] > marks[i - 1]);
        }
    }
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adjacent),
        cmocka_unit_test(test_two_on_one),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_harts),
        cmocka_unit_test(test_watch_client_steps),
        cmocka_unit_test(test_watch_trap),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_spacing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
