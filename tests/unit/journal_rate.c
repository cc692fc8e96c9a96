/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_rate: virtual time that follows the host's (-icount shift=auto) by changes of its rate, which are
 * inputs, so that a replay that has no clock comes to the same state; and virtual time that waits for the host's.
 */
#include "journal_fake.h"

enum { PERIOD = 1 << 20, BUSY = 1 << 20 }; /* it is never idle */

static char path[256];
static struct machine_config config;

/* A host that takes so long for a tick. */
struct host {
    struct fake *fake;
    uint64_t ns_each;
    uint64_t slept_ns;
    uint64_t waits;
};

static uint64_t host_now_ns(void *opaque)
{
    const struct host *h = opaque;

    return h->fake->m.state.now * h->ns_each + h->slept_ns;
}

static void host_wait(void *opaque, uint64_t until_ns)
{
    struct host *h = opaque;

    h->waits++;
    h->slept_ns += until_ns - host_now_ns(h);
}

static struct pace host_pace(struct host *h)
{
    return (struct pace){.opaque = h, .now_ns = host_now_ns, .wait = host_wait, .wake = fake_wake};
}

static struct journal *start(struct fake *f, struct pace pace, uint64_t shift)
{
    struct error e = {{0}};
    struct journal *j;

    config.shift = shift;
    j = journal_record(path, &config, &(struct journal_options){.force = true}, &pace, NULL, &e);
    assert_string_equal(e.text, "");
    fake_init(f, PERIOD, BUSY);
    f->m.state.clock.shift = shift;
    journal_attach(j, &f->m);
    return j;
}

/* For so many milliseconds of the host's time. */
static void drive(struct journal *j, struct host *h, uint64_t ms)
{
    tick until = h->fake->m.state.now + ms * 1000000 / h->ns_each;

    assert_int_equal(journal_drive(j, &h->fake->m, until, false), JOURNAL_TICK);
}

static uint64_t virtual_ns(const struct fake *f)
{
    return clock_ns(&f->m.state.clock, f->m.state.now);
}

static void replays_the_same(struct fake *recorded)
{
    struct error e = {{0}};
    struct fake f;
    struct journal *j = journal_replay(path, NULL, NULL, &e);

    assert_string_equal(e.text, "");
    fake_init(&f, PERIOD, BUSY);
    f.m.state.clock.shift = config.shift;
    journal_attach(j, &f.m);
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    assert_int_equal(machine_hash(&f.m), machine_hash(&recorded->m));
    assert_memory_equal(&f.m.state.clock, &recorded->m.state.clock, sizeof(struct clock));
    journal_close(j);
}

static void check_adapts(uint64_t ns_each, uint64_t low, uint64_t high)
{
    struct fake f;
    struct host h = {.fake = &f, .ns_each = ns_each};
    struct pace pace = host_pace(&h);
    struct recording_info info;
    struct journal *j;
    int64_t apart;

    pace.adapts = true;
    j = start(&f, pace, 3);
    drive(j, &h, 20000);
    assert_in_range(f.m.state.clock.shift, low, high);
    apart = (int64_t)(virtual_ns(&f) - host_now_ns(&h));
    assert_true(apart < 2000000000 && apart > -2000000000); /* of 20 s */
    recording_get_info(journal_recording(j), &info);
    assert_int_equal(info.virtual_ns, clock_ns(&f.m.state.clock, info.ticks));
    assert_true(recording_input_count(journal_recording(j)) > 0);
    assert_int_equal(journal_finish(j, END_QUIT, NULL), 0);
    replays_the_same(&f);
    journal_close(j);
}

static void test_adapts(void **state)
{
    (void)state;
    check_adapts(5, 2, 3);
    check_adapts(100, 6, 7);
    check_adapts(1, 0, 0);
}

/* A host that has become slower, and what was recorded before stays. */
static void test_follows(void **state)
{
    struct fake f;
    struct host h = {.fake = &f, .ns_each = 8};
    struct pace pace = host_pace(&h);
    struct journal *j;
    uint64_t before;

    (void)state;
    pace.adapts = true;
    j = start(&f, pace, 3);
    drive(j, &h, 2000);
    assert_int_equal(f.m.state.clock.shift, 3); /* it is just right */
    before = host_now_ns(&h);
    h.ns_each = 64;
    h.slept_ns = before - f.m.state.now * h.ns_each; /* from now on */
    drive(j, &h, 20000);
    assert_in_range(f.m.state.clock.shift, 5, 7);
    assert_int_equal(journal_finish(j, END_QUIT, NULL), 0);
    replays_the_same(&f);
    journal_close(j);
}

/* While nobody ran it, no time passed for it. */
static void test_gap(void **state)
{
    struct fake f;
    struct host h = {.fake = &f, .ns_each = 8};
    struct pace pace = host_pace(&h);
    struct journal *j;

    (void)state;
    pace.adapts = true;
    j = start(&f, pace, 3);
    drive(j, &h, 1000);
    h.slept_ns += UINT64_C(3600) * 1000000000;
    drive(j, &h, 5000);
    assert_int_equal(f.m.state.clock.shift, 3);
    assert_int_equal(recording_input_count(journal_recording(j)), 0);
    journal_close(j);
}

static void test_align(void **state)
{
    struct fake f;
    struct host h = {.fake = &f, .ns_each = 2};
    struct pace pace = host_pace(&h);
    struct journal *j;

    (void)state;
    pace.aligns = true;
    j = start(&f, pace, 3); /* four times too fast */
    assert_int_equal(journal_drive(j, &f.m, 100000000, false), JOURNAL_TICK);
    assert_true(h.waits > 0);
    assert_true(host_now_ns(&h) > virtual_ns(&f) - virtual_ns(&f) / 10);
    assert_int_equal(recording_input_count(journal_recording(j)), 0);
    journal_close(j);
    h = (struct host){.fake = &f, .ns_each = 20};
    j = start(&f, pace, 3); /* too slow: nothing is waited for */
    assert_int_equal(journal_drive(j, &f.m, 10000000, false), JOURNAL_TICK);
    assert_int_equal(h.waits, 0);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_adapts),
                                       cmocka_unit_test(test_follows), cmocka_unit_test(test_gap),
                                       cmocka_unit_test(test_align)};
    int failed;

    fake_path(path, sizeof path, "rate");
    fake_config(&config);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(path);
    return failed;
}
