/* SPDX-License-Identifier: GPL-2.0-or-later
 * What both dialects say: framing, errors, ids, events, who waits for the machine to be at rest; and that
 * looking changes nothing.
 */
#include "control_bench.h"

#include <setjmp.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct bench *b = base_alloc(1, sizeof(*b));

    bench_open(b);
    control_connect(b->qmp);
    control_connect(b->human);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    free(*state);
    return 0;
}

static const char *tell(struct bench *b, const char *text)
{
    b->said.length = 0;
    assert_int_equal(control_input(b->qmp, text, strlen(text), true), strlen(text));
    return b->said.length > 0 ? b->said.data : "";
}

static const char *type(struct bench *b, const char *text)
{
    b->said_human.length = 0;
    assert_int_equal(control_input(b->human, text, strlen(text), true), strlen(text));
    return b->said_human.length > 0 ? b->said_human.data : "";
}

static void has(const char *said, const char *part)
{
    if (strstr(said, part) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", said, part);
    }
}

static void negotiate(struct bench *b)
{
    has(tell(b, "{\"execute\":\"qmp_capabilities\"}"), "{\"return\": {}}\r\n");
}

/* ---- frames ---- */

/* What comes of the text, cut anywhere: whole values as they are, '?' for what is bad. */
static void frames(const char *text, const char *expected)
{
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        struct frame f = {0};
        struct text got = {0};
        const char *why;

        text_add(&got, "%s", "");
        for (size_t i = 0; i < strlen(text); i++) {
            switch (frame_take(&f, text[i], &why)) {
            case FRAME_MORE: break;
            case FRAME_BAD: text_add(&got, "?"); break;
            case FRAME_WHOLE:
                text_add(&got, "%s", f.bytes.data);
                frame_reset(&f);
                break;
            }
        }
        if (strcmp(got.data, expected) != 0) {
            fail_msg("%s: %s, not %s", text, got.data, expected);
        }
        text_fini(&got);
        frame_fini(&f);
    }
}

static void test_frames(void **state)
{
    (void)state;
    frames("{}{\"a\":[1]} {}", "{}{\"a\":[1]}{}");
    frames("{'it\\'s': '\"'}", "{\"it's\": \"\\\"\"}");
    frames("{\"}\": \"\\\"]\"}", "{\"}\": \"\\\"]\"}");
    frames("{]{}", "?{}");
    frames("}{}", "?{}");
    frames("word, {}", "?{}");
    frames("{\"a\nb\"} {}", "??{}"); /* a string does not go over the end of its line */
    frames("{\x01{}", "?{}");
}

static void test_bounds(void **state)
{
    struct frame f = {0};
    const char *why = "";
    unsigned bad = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        bad += frame_take(&f, '[', &why) == FRAME_BAD;
    }
    assert_int_equal(bad, 1);
    assert_non_null(strstr(why, "nesting"));
    assert_int_equal(frame_take(&f, '\n', &why), FRAME_MORE);
    bad = 0;
    (void)frame_take(&f, '{', &why);
    for (unsigned i = 0; i < 3 * MIB; i++) {
        bad += frame_take(&f, 'x', &why) == FRAME_BAD;
        assert_true(f.bytes.length <= FRAME_BYTES_MAX);
    }
    assert_int_equal(bad, 1);
    assert_non_null(strstr(why, "1 MiB"));
    frame_fini(&f);
}

/* ---- QMP ---- */

static void test_greeting(void **state)
{
    struct bench *b = *state;

    has(b->said.data,
        "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": 10}, "
        "\"package\": \"bench\"}, \"capabilities\": []}}\r\n");
    has(tell(b, "{\"execute\":\"query-status\"}"), "\"class\": \"CommandNotFound\"");
    has(tell(b, "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}"),
        "GenericError");
    negotiate(b);
    has(tell(b, "{\"execute\":\"qmp_capabilities\"}"), "CommandNotFound");
    control_connect(b->qmp); /* the next client begins anew */
    has(tell(b, "{\"execute\":\"query-status\"}"), "CommandNotFound");
}

static void test_answers(void **state)
{
    struct bench *b = *state;

    negotiate(b);
    assert_string_equal(tell(b, "{\"execute\":\"query-status\",\"id\":{\"a\":[1,null]}}"),
                        "{\"return\": {\"running\": false, \"status\": \"prelaunch\"}, \"id\": "
                        "{\"a\": [1, null]}}\r\n");
    has(tell(b, "{\"execute\":\"no-such\",\"id\":3}"), "\"id\": 3}");
    has(tell(b, "{\"execute\":\"replay-seek\"}"), "Parameter 'icount' is missing");
    has(tell(b, "{\"execute\":\"replay-seek\",\"arguments\":{\"icount\":\"7\"}}"),
        "expected: integer");
    has(tell(b, "{\"execute\":\"replay-seek\",\"arguments\":{\"icount\":7,\"x\":1}}"),
        "Parameter 'x' is unexpected");
    has(tell(b, "{\"execute\":\"replay-seek\",\"arguments\":{\"icount\":99999999999999999999999}}"),
        "error");
    has(tell(b, "{\"execute\":1}"), "must be a string");
    has(tell(b, "{\"x\":1}"), "'x' is unexpected");
    has(tell(b, "[1]"), "must be a JSON object");
    has(tell(b, "{\"execute\" 1}"), "JSON parse error");
    has(tell(b, "{\"execute\":\"screendump\"}"), "no screen");
}

static void test_in_time(void **state)
{
    struct bench *b = *state;

    negotiate(b);
    assert_string_equal(tell(b, "{\"execute\":\"replay-seek\",\"arguments\":{\"icount\":1000}}"),
                        "{\"return\": {}}\r\n");
    b->said.length = 0;
    assert_true(control_act(b->control)); /* the answer came before the way */
    has(b->said.data, "\"event\": \"RESUME\"}\r\n");
    has(b->said.data, "\"event\": \"STOP\"}\r\n");
    assert_int_equal(travel_now(b->travel), 1000);
    has(tell(b, "{\"execute\":\"query-replay\"}"),
        "{\"mode\": \"play\", \"filename\": \"b.rr\", \"icount\": 1000}");
    has(tell(b, "{\"execute\":\"replay-break\",\"arguments\":{\"icount\":999}}"), "in the past");
    has(tell(b, "{\"execute\":\"replay-break\",\"arguments\":{\"icount\":1500}}"), "{}");
    assert_int_equal(control_until(b->control), 1500);
    has(tell(b, "{\"execute\":\"cont\"}"), "RESUME");
    assert_true(control_is_running(b->control));
    (void)travel_run_forward(b->travel, control_until(b->control), NULL, true);
    control_tell_stopped(b->control, CONTROL_PAUSED);
    assert_int_equal(travel_now(b->travel), 1500);
    assert_int_equal(control_until(b->control), TICK_NEVER);
    has(tell(b, "{\"execute\":\"x-goto\",\"arguments\":{\"to\":\"end\"}}"), "\"tick\": 3000");
    has(tell(b, "{\"execute\":\"replay-seek\",\"arguments\":{\"icount\":3001}}"), "cannot seek");
    has(tell(b, "{\"execute\":\"system_reset\"}"), "this is a recording");
    has(tell(b, "{\"execute\":\"quit\"}"), "host-qmp-quit");
    assert_true(control_is_over(b->control));
}

/* Commands that move the machine wait until it is at rest; what follows waits behind them. */
static void test_held(void **state)
{
    const char *both =
        "{\"execute\":\"x-goto\",\"arguments\":{\"to\":\"9\"}}{\"execute\":\"query-name\"}";
    struct bench *b = *state;
    size_t used;

    negotiate(b);
    b->said.length = 0;
    used = control_input(b->qmp, both, strlen(both), false);
    assert_true(used < strlen(both) && control_is_held(b->qmp));
    assert_int_equal(travel_now(b->travel), 0);
    assert_int_equal(control_input(b->qmp, both + used, strlen(both + used), false), 0);
    assert_int_equal(control_input(b->qmp, both + used, strlen(both + used), true),
                     strlen(both + used));
    assert_int_equal(travel_now(b->travel), 9);
    has(b->said.data, "\"tick\": 9");
    has(b->said.data, "{\"return\": {}}\r\n");
    assert_int_equal(control_input(b->human, "x-goto 5\n", 9, false), 9);
    assert_true(control_is_held(b->human));
    control_disconnect(b->human); /* a client that has gone wants nothing any more */
    assert_false(control_is_held(b->human));
}

/* ---- for people ---- */

static void test_editing(void **state)
{
    struct bench *b = *state;

    has(b->said_human.data, "monitor - type 'help'");
    has(b->said_human.data, "(qemu) ");
    has(type(b, "info name\r\n"), "info name\r\n(qemu) ");
    has(type(b, "xinfo status\001\004\n"), "VM status: paused (prelaunch)\r\n");
    has(type(b, "info stat\t\n"), "VM status");
    has(type(b, "\033[A\033[A\n"), "VM status");
    has(type(b, "bogus\025info uuid\n"), "00000000-0000");
    has(type(b, "info r\t"), "replay  registers  roms");
    has(type(b, "\003print 1\n"), "0x0000000000000001");
    has(type(b, "nonsense\n"), "unknown command: 'nonsense'");
    for (unsigned i = 0; i < 3 * LINE_BYTES_MAX; i++) {
        (void)type(b, "x");
    }
    has(type(b, "\n"), "unknown command");
}

static void test_numbers(void **state)
{
    struct bench *b = *state;

    has(type(b, "print /d 1 + 2 * 3\n"), "\r\n7\r\n");
    has(type(b, "print /x (1+2)*0x10 | 1\n"), "0x31");
    has(type(b, "print /d -1\n"), "\r\n-1\r\n");
    has(type(b, "print 1/0\n"), "division by zero");
    has(type(b, "print (1\n"), "')' is missing");
    has(type(b, "print $nothing\n"), "no register");
    has(type(b, "x-goto 100\n"), "tick 100 of 3000");
    has(type(b, "print /x $sp\n"), "0x80001000");
    has(type(b, "x /2i 0x80000000\n"), "auipc");
    has(type(b, "xp /2xw 0x80000000\n"), "0000000080000000: 0x00001117 0x00013283");
    has(type(b, "xp /xw 0x10000000\n"), "Cannot access memory");
    has(type(b, "cpu 1\n"), "(qemu) ");
    has(type(b, "info cpus\n"), "* CPU #1");
    has(type(b, "cpu 2\n"), "Error: ");
    has(type(b, "help x-goto\n"), "x-goto to -- ");
}

/* Whatever only looks leaves the state as it is. */
static void test_looking(void **state)
{
    static const char *const moves[] = {
        "stop",   "cont",        "quit",         "system_reset", "system_powerdown",
        "x-goto", "replay-seek", "x-last-write", "x-go-live",    "human-monitor-command"};
    struct bench *b = *state;
    uint64_t before;

    negotiate(b);
    (void)type(b, "x-goto 2000\n");
    before = machine_hash(b->machine);
    for (size_t i = 0; i < control_command_count; i++) {
        const struct command *d = &control_commands[i];
        struct text line = {0};
        bool is_move = false;

        for (size_t n = 0; n < ARRAY_LEN(moves); n++) {
            is_move |= d->qmp != NULL && strcmp(d->qmp, moves[n]) == 0;
        }
        if (!is_move && d->qmp != NULL) {
            text_add(&line, "{\"execute\": \"%s\"}", d->qmp);
            (void)tell(b, line.data);
        }
        if (!is_move && d->human != NULL) {
            line.length = 0;
            text_add(&line, "%s 0x80000000\n", d->human);
            (void)type(b, line.data);
            line.length = 0;
            text_add(&line, "%s\n", d->human);
            (void)type(b, line.data);
        }
        text_fini(&line);
        assert_int_equal(travel_now(b->travel), 2000);
        assert_int_equal(machine_hash(b->machine), before);
        assert_int_equal(machine_hash_slow(b->machine), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test_setup_teardown(test_greeting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_editing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_looking, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
