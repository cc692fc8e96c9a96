/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb_conditions: breakpoints with conditions over the made-up processor's machine. What a client
 * finds by asking for registers and memory at every hit is the oracle of what the server tells it.
 */
#include "gdb_client.h"
#include "jit/jit.h"

#define END      20000
#define METS_MAX 1024
#define POINT    "Z0,10005,1"

struct met {
    tick at;
    uint64_t r3, word; /* a register; four bytes of memory */
};

/* All stops that the packet leads to; how many there are. With `looked`, what is there as well. */
static size_t meet_all(struct client *c, const char *packet, bool looked, struct met *out)
{
    size_t n = 0;

    for (;; n++) {
        const char *reply = client_ask(c, packet);

        if (strstr(reply, "replaylog") != NULL) {
            return n;
        }
        assert_non_null(strstr(reply, "swbreak"));
        assert_true(n < METS_MAX);
        out[n] = (struct met){.at = client_tick(c)};
        if (looked) {
            out[n].r3 = (uint32_t)strtoull(client_ask(c, "p3"), NULL, 16);
            out[n].word = strtoull(client_ask(c, "m18000,4"), NULL, 16);
        }
    }
}

/* r3 & 8; the counter that all harts share is odd; tick & 128; 1 / 0; never */
#define R3    "X7,26000322080f27"
#define WORD  "Xa,24000180001922010f27"
#define TICK  "X7,26000922800f27"
#define ERROR "X6,220122000527"
#define NEVER "X3,220027"

static bool is_r3(const struct met *m)
{
    return (m->r3 & 8) != 0;
}
static bool is_word(const struct met *m)
{
    return (m->word & 1) != 0;
}
static bool is_tick(const struct met *m)
{
    return (m->at & 128) != 0;
}
static bool is_any(const struct met *m)
{
    return is_r3(m) || is_word(m) || is_tick(m);
}
static bool is_always(const struct met *m)
{
    (void)m;
    return true;
}
static bool is_never(const struct met *m)
{
    (void)m;
    return false;
}

static const struct {
    const char *packet;
    bool (*holds)(const struct met *m);
    bool constant;
} cases[] = {
    {POINT ";" R3, is_r3, false},
    {POINT ";" WORD, is_word, false},
    {POINT ";" TICK, is_tick, false},
    {POINT ";" R3 WORD ";" TICK, is_any, false},
    {POINT ";" ERROR, is_always, true},
    {POINT ";" NEVER ERROR, is_always, true},
    {POINT ";" NEVER, is_never, true},
    {POINT, is_always, true}, /* without conditions it has none any more */
};

static void filter(unsigned harts, bool jit)
{
    static struct met all[METS_MAX], want[METS_MAX], met[METS_MAX];
    struct client *c = client_new(harts, "toy", END);
    uint64_t hash = machine_hash(c->machine);
    size_t count;

    assert_int_equal(engine_use_jit(machine_engine(c->machine), jit, NULL), 0);
    (void)client_ask(c, "qSupported:swbreak+");
    client_expect(c, POINT, "OK");
    count = meet_all(c, "c", true, all);
    assert_true(count > 40);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = 0;

        for (size_t k = 0; k < count; k++) {
            if (cases[i].holds(&all[k])) {
                want[n++] = all[k];
            }
        }
        assert_true(cases[i].constant || (n > 5 && n < count - 5));
        client_expect(c, cases[i].packet, "OK");
        assert_int_equal(meet_all(c, "bc", false, met), n);
        for (size_t k = 0; k < n; k++) {
            assert_true(met[k].at == want[n - 1 - k].at);
        }
        assert_true(client_tick(c) == 0);
        assert_int_equal(meet_all(c, "c", false, met), n);
        for (size_t k = 0; k < n; k++) {
            assert_true(met[k].at == want[k].at);
        }
        assert_true(client_tick(c) == END);
    }
    client_expect(c, "z0,10005,1", "OK");
    (void)client_ask(c, "bc");
    (void)client_hang_up(c);
    assert_true(machine_hash(c->machine) == hash);
    client_connect(c);
    (void)client_free(c);
}

static void test_filter(void **state)
{
    (void)state;
    filter(1, false);
    filter(3, false);
}

static void test_filter_compiled(void **state)
{
    (void)state;
    if (!jit_supported()) {
        skip();
    }
    filter(1, true);
    filter(3, true);
}

/* Another hart's breakpoint counts during a step, if its condition holds. */
static void test_steps(void **state)
{
    struct client *c = client_new(2, "toy", END);
    static struct met met[METS_MAX];
    size_t stops = 0;

    (void)state;
    (void)client_ask(c, "qSupported:swbreak+");
    client_expect(c, POINT ";" NEVER, "OK");
    for (unsigned i = 0; i < 2000; i++) {
        assert_null(strstr(client_ask(c, "vCont;s:1;c"), "break"));
    }
    client_expect(c, POINT ";" TICK, "OK");
    for (unsigned i = 0; i < 2000; i++) {
        if (strstr(client_ask(c, "vCont;s:1;c"), "break") != NULL) {
            assert_true(client_tick(c) & 128);
            stops++;
        }
    }
    assert_true(stops > 2);
    client_expect(c, POINT ";" NEVER, "OK");
    for (unsigned i = 0; i < 2000; i++) {
        assert_null(strstr(client_ask(c, "bs"), "break"));
    }
    assert_int_equal(meet_all(c, "bc", false, met), 0);
    (void)client_free(c);
}

static void test_refused(void **state)
{
    static const char *const pairs[][2] = {
        {POINT ";", "E.Malformed conditions."},
        {POINT "X3,220127", "E.Malformed Z packet."},
        {POINT ";X3,2201", "E.Malformed conditions."},
        {POINT ";X3,22012g", "E.Malformed conditions."},
        {POINT ";X3220127", "E.Malformed conditions."},
        {POINT ";X,220127", "E.Malformed conditions."},
        {POINT ";Xffffffffffffffff,220127", "E.Malformed conditions."},
        {POINT ";X0,", "E.A condition has 1 to 4096 bytes."},
        {POINT ";X3,220127;", "E.Malformed conditions."},
        {POINT ";Y3,220127", "E.Malformed conditions."},
        {POINT ";X1,1b", "E.Conditions cannot have operation 0x1b."},
        {POINT ";X3,220127;X1,27", "E.The condition takes a value that is not there."},
        {POINT ";cmds:0,X3,220127", "E.Breakpoints have no commands here."},
        {POINT ";X3,220127;cmds:1,X3,220127", "E.Breakpoints have no commands here."},
        {"Z2,10000,4;X3,220127", "E.Watchpoints have no conditions here."},
        {"z0,10005,1;X3,220127", "E.Malformed z packet."},
        {"Z1,10005,1;X3,220127", "OK"},
        {"z1,10005,1", "OK"},
    };
    struct client *c = client_new(1, "toy", END);
    static struct met met[METS_MAX];
    struct text many = {0};

    (void)state;
    assert_non_null(
        strstr(client_ask(c, "qSupported:swbreak+;error-message+"), ";ConditionalBreakpoints+"));
    client_expect(c, POINT ";" NEVER, "OK");
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        client_expect(c, pairs[i][0], pairs[i][1]);
    }
    text_add(&many, "%s;", POINT);
    for (unsigned i = 0; i < 64; i++) {
        text_add(&many, "%s", NEVER);
    }
    client_expect(c, many.data, "OK");
    text_add(&many, "%s", NEVER);
    client_expect(c, many.data, "E.No more than 64 conditions.");
    /* What was refused has changed nothing. */
    assert_int_equal(meet_all(c, "c", false, met), 0);
    text_fini(&many);
    (void)client_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_filter_compiled),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
