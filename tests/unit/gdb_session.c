/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb_session: raw packets to a session over the made-up processor's machine. What single steps
 * and locked threads say is the oracle of what breakpoints, ranges and unlocked steps must find.
 */
#include "gdb_client.h"

#define END 6000

/* ---- stop replies ---- */

struct stop_reply {
    unsigned signal, hart;
    char reason[32]; /* "swbreak", "watch", "replaylog" ...; empty */
    char detail[32];
    tick at;
};

static struct stop_reply parse_stop(struct client *c, const char *reply)
{
    struct stop_reply r = {0};
    const char *p = strstr(reply, "thread:");
    unsigned id = 0;

    if (sscanf(reply, "T%2x", &r.signal) != 1 || p == NULL || sscanf(p, "thread:%x;", &id) != 1) {
        fail_msg("a stop reply: \"%s\"", reply);
    }
    r.hart = id - 1;
    p = strchr(p, ';') + 1;
    if (*p >= 'a' && *p <= 'z' && strchr(p, ':') != NULL) {
        (void)sscanf(p, "%31[a-z]:%31[a-z0-9];", r.reason, r.detail);
    }
    r.at = client_tick(c);
    return r;
}

static struct stop_reply go(struct client *c, const char *packet)
{
    char copy[256];

    snprintf(copy, sizeof copy, "%s", client_ask(c, packet));
    return parse_stop(c, copy);
}

/* ---- plain packets ---- */

static void test_plain(void **state)
{
    static const char *const pairs[][2] = {
        {"?", "T05thread:1;8:00010000;"},
        {"vMustReplyEmpty", ""},
        {"qC", "QC1"},
        {"qAttached", "1"},
        {"qAttached:1", "1"},
        {"qfThreadInfo", "m1,2,3"},
        {"qsThreadInfo", "l"},
        {"T1", "OK"},
        {"T3", "OK"},
        {"Hg3", "OK"},
        {"qC", "QC3"},
        {"Hg0", "OK"},
        {"qC", "QC3"},
        {"Hg-1", "OK"},
        {"Hc2", "OK"},
        {"Hc0", "OK"},
        {"Hg1", "OK"},
        {"vCont?", "vCont;c;C;s;S;t;r"},
        {"QNonStop:0", "OK"},
        {"qqemu.sstepbits", "ENABLE=1"},
        {"qqemu.sstep", "0x1"},
        {"Qqemu.sstep=1", "OK"},
        {"qqemu.PhyMemMode", "0"},
        {"Qqemu.PhyMemMode:1", "OK"},
        {"qqemu.PhyMemMode", "1"},
        {"m8000,9", "726561642d6f6e6c79"},
        {"Qqemu.PhyMemMode:0", "OK"},
        {"m8000,9", "726561642d6f6e6c79"},
        {"m8000,0", ""},
        {"x8000,4", "bread"},
        {"x8000,0", "b"},
        {"m8ffc,100", "00000000"}, /* as much as there is */
        {"X8000,0:", "OK"},
        {"qSearch:memory:8000;100;only", "1,8005"},
        {"qSearch:memory:8000;100;lonely", "0"},
        {"qSearch:memory:8000;8;only", "0"},
        {"qSearch:memory:8000;9;only", "1,8005"},
        {"p8", "00010000"},
        {"p9", "0000000000000000"},
        {"pa", "0000000000000000"},
        {"Z0,10000,1", "OK"},
        {"Z0,10000,1", "OK"},
        {"z0,10000,1", "OK"},
        {"z0,10000,1", "OK"},
        {"Z2,10000,100000", "OK"},
        {"z2,10000,100000", "OK"},
        {"Z5,10000,1", ""},
        {"vCont;t", "T00thread:1;8:00010000;"},
        {"P9=0000000000000000", "OK"}, /* no change */
        {"QStartNoAckMode", "OK"},
        {"qSymbol::", ""},
        {"qOffsets", ""},
        {"vFile:open:61,0,0", ""},
    };
    struct client *c = client_new(3, "toy", END);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        client_expect(c, pairs[i][0], pairs[i][1]);
    }
    assert_non_null(strstr(client_ask(c, "qSupported:xmlRegisters=i386"), "ReverseContinue+"));
    assert_non_null(strstr(c->answer, "ReverseStep+"));
    assert_non_null(strstr(c->answer, "binary-upload+"));
    assert_int_equal(strlen(client_ask(c, "g")), 9 * 8);
    assert_string_equal(c->answer + 64, "00010000");
    client_expect(c, "D", "OK");
    assert_int_equal(client_free(c), GDB_DETACHED);
}

static const char *const refused[] = {
    "T4",
    "T0",
    "T",
    "Hg4",
    "Hx1",
    "Hg",
    "H",
    "Hg1x",
    "QNonStop:1",
    "Qqemu.sstep=7",
    "Qqemu.PhyMemMode:2",
    "m",
    "m,",
    "m0,",
    "m10000",
    "m10000,11111111111111111",
    "m0,4",
    "m1000,4", /* the console's window */
    "x1000,4",
    "X8000,4:",
    "X8000,4:abcde",
    "X8000,4:abcd",
    "M10000,1:0",
    "M10000,1:gg",
    "M10000,2:00",
    "M10000,ffffffffffffffff:00",
    "M10000,1:00",
    "G00",
    "G000000000000000000000000000000000000000000000000000000000000000000000000000",
    "p",
    "pb",
    "pffffffffffffffff",
    "P8",
    "P8=00",
    "P8=0000000000",
    "P8=00000001",
    "P9=0100000000000000",
    "Z",
    "Z0",
    "Z0,",
    "Z0,1",
    "Z2,10000,0",
    "Z2,10000,100001",
    "Z2,ffffffffffffffff,2",
    "Z0,10000,1;X1,0",
    "vCont;",
    "vCont;q",
    "vCont;c:9",
    "vCont;c;",
    "vCont;C",
    "vCont;r10000",
    "vCont;cc",
    "C",
    "Sx",
    "c10001",
    "s10001",
    "vRun;;7878",
    "vRun;61;7431;00",
    "vRun;;7",
    "qXfer:features:read:target.xml:0",
    "qXfer:features:read:target.xml:fffff,10",
    "qXfer:features:read:nonsense.xml:0,100",
    "qXfer:features:read:target.xml",
    "qXfer:memory-map:read:x:0,100",
    "qXfer:threads:read:0,100",
    "qThreadExtraInfo,9",
    "qRcmd,zz",
    "qRcmd,7",
    "qSearch:memory:8000;100;",
    "qSearch:memory:8000;100",
    "qSearch:memory:0;ffffffffffffffff;abc",
};

static void test_refused(void **state)
{
    struct client *c = client_new(3, "toy", END);
    uint64_t hash = machine_hash(c->machine);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        client_expect_error(c, refused[i]);
    }
    (void)client_ask(c, "qSupported:error-message+;swbreak+");
    client_expect(c, "T9", "E.There is no such thread.");
    client_expect(c, "?", "T05thread:1;8:00010000;");
    assert_int_equal(client_free(c), GDB_DISCONNECTED);
    c = client_new(3, "toy", END);
    assert_true(machine_hash(c->machine) == hash);
    client_send_bytes(c, "k", 1);
    assert_int_equal(client_free(c), GDB_KILLED);
}

static void test_documents(void **state)
{
    struct client *c = client_new(2, "toy", END);
    struct text whole = {0};
    char packet[64];

    (void)state;
    for (size_t at = 0;; at = whole.length) {
        snprintf(packet, sizeof packet, "qXfer:features:read:org.example.toy.xml:%zx,1d", at);
        (void)client_ask(c, packet);
        text_add(&whole, "%s", c->answer + 1);
        if (c->answer[0] == 'l') {
            break;
        }
        assert_int_equal(c->answer[0], 'm');
        assert_int_equal(strlen(c->answer), 1 + 0x1d);
    }
    assert_non_null(strstr(whole.data, "<reg name=\"sp\" bitsize=\"32\" regnum=\"7\""));
    assert_non_null(strstr(whole.data, "</feature>\n"));
    (void)client_ask(c, "qXfer:features:read:target.xml:0,fff");
    assert_non_null(strstr(c->answer, "<architecture>toy</architecture>"));
    assert_non_null(strstr(c->answer, "href=\"org.example.toy.xml\""));
    assert_non_null(strstr(c->answer, "href=\"org.reprise.time.xml\""));
    (void)client_ask(c, "qXfer:threads:read::0,fff");
    assert_non_null(strstr(c->answer, "<thread id=\"2\" core=\"1\" name=\"hart1\">"));
    (void)client_ask(c, "qThreadExtraInfo,2");
    whole.length = 0;
    client_unhex(&whole, c->answer);
    assert_non_null(strstr(whole.data, "hart1: "));
    text_fini(&whole);
    assert_int_equal(client_free(c), GDB_DISCONNECTED);
}

/* ---- forwards and back ---- */

struct met {
    tick step;
    unsigned hart;
    bool is_watch;
};
#define METS_MAX 4096

static size_t meet_all(struct client *c, const char *packet, bool watch_after, struct met *out)
{
    size_t n = 0;

    for (;;) {
        struct stop_reply r = go(c, packet);

        if (strcmp(r.reason, "replaylog") == 0) {
            return n;
        }
        char selected[16];

        snprintf(selected, sizeof selected, "QC%x", r.hart + 1);
        client_expect(c, "qC", selected); /* clients rely on it */
        assert_int_equal(r.signal, 5);
        assert_true(n < METS_MAX);
        out[n].is_watch = strstr(r.reason, "watch") != NULL;
        assert_true(out[n].is_watch || strstr(r.reason, "break") != NULL);
        out[n].hart = r.hart;
        out[n].step = r.at - (out[n].is_watch && watch_after);
        n++;
    }
}

/* What a client that steps by itself over nothing meets is the same both ways. */
static void mirror(unsigned harts, const char *arch, bool client_steps, const char *const *points)
{
    struct met *there = base_alloc(METS_MAX, sizeof(*there));
    struct met *back = base_alloc(METS_MAX, sizeof(*back));
    struct client *c = client_new(harts, arch, END);
    bool any_break = false, any_watch = false;
    size_t n;

    (void)client_ask(c, "qSupported:swbreak+;hwbreak+");
    for (; *points != NULL; points++) {
        client_expect(c, *points, "OK");
    }
    n = meet_all(c, "c", !client_steps, there);
    assert_true(client_tick(c) == END);
    assert_true(n > 20);
    assert_int_equal(meet_all(c, "bc", client_steps, back), n);
    assert_true(client_tick(c) == 0);
    for (size_t i = 0; i < n; i++) {
        const struct met *a = &there[i], *b = &back[n - 1 - i];

        if (a->step != b->step || a->hart != b->hart) {
            fail_msg("%zu of %zu: tick %llu hart%u, backwards tick %llu hart%u", i, n,
                     (unsigned long long)a->step, a->hart, (unsigned long long)b->step, b->hart);
        }
        any_break |= !a->is_watch;
        any_watch |= a->is_watch;
    }
    assert_true(any_break && any_watch);
    (void)client_free(c);
    free(there);
    free(back);
}

/* The function that is called and what it is called from; each hart's own memory and what they
 * share; code that is rewritten. */
static const char *const points[] = {"Z0,10005,1",  "Z1,1000b,1",  "Z2,22000,400",
                                     "Z3,22100,80", "Z4,18000,10", NULL};

static void test_mirror(void **state)
{
    (void)state;
    mirror(2, "toy", true, points);
    mirror(3, "toy", true, points);
    mirror(2, "toy86", false, points);
    mirror(3, "toy86", false, points);
}

static void test_steps(void **state)
{
    struct client *c = client_new(3, "toy", END);
    struct {
        tick at;
        vaddr pc;
    } there[200];

    (void)state;
    for (const char *const *p = points; *p != NULL; p++) {
        client_expect(c, *p, "OK");
    }
    for (unsigned hart = 0; hart < 3; hart++) {
        char step[32], select[32];
        size_t n = 0, watched;

        snprintf(step, sizeof step, "vCont;s:%x", hart + 1);
        snprintf(select, sizeof select, "Hc%x", hart + 1);
        client_goto(c, 1500);
        watched = 0;
        while (n < ARRAY_LEN(there)) {
            struct stop_reply r = go(c, step);

            assert_int_equal(r.hart, hart);
            if (strstr(r.reason, "watch") != NULL) {
                watched++;
                continue; /* short of the access: once more */
            }
            there[n].at = r.at;
            there[n++].pc = client_pc(c);
        }
        client_expect(c, select, "OK");
        assert_true(watched > 0);
        for (n--; n > 0; n--) {
            struct stop_reply r;

            while (r = go(c, "bs"), strstr(r.reason, "watch") != NULL) {
                assert_int_equal(r.hart, hart);
                watched--;
            }
            assert_int_equal(r.hart, hart);
            assert_true(r.at == there[n - 1].at);
            assert_true(client_pc(c) == there[n - 1].pc);
        }
        while (strstr(go(c, "bs").reason, "watch") != NULL) {
            watched--;
        }
        assert_int_equal(watched, 0); /* as many backwards as forwards */
    }
    (void)client_free(c);
}

/* ---- other harts' breakpoints during a step ---- */

static size_t find_breaks(struct client *c, struct met *out)
{
    size_t n;

    (void)client_ask(c, "qSupported:swbreak+;hwbreak+");
    client_expect(c, "Z0,10005,1", "OK");
    n = meet_all(c, "c", false, out);
    assert_true(n > 20);
    return n;
}

/* The first / last of another hart in [from, to); NULL: none. */
static const struct met *first_of_others(const struct met *m, size_t n, unsigned hart, tick from,
                                         tick to)
{
    for (size_t i = 0; i < n; i++) {
        if (m[i].step >= from && m[i].step < to && m[i].hart != hart) {
            return &m[i];
        }
    }
    return NULL;
}

static const struct met *last_of_others(const struct met *m, size_t n, unsigned hart, tick from,
                                        tick to)
{
    const struct met *last = NULL;

    for (size_t i = 0; i < n; i++) {
        if (m[i].step > from && m[i].step < to && m[i].hart != hart) {
            last = &m[i];
        }
    }
    return last;
}

static void check_stop(struct stop_reply r, const struct met *met, tick step, unsigned hart)
{
    assert_true(r.at == (met != NULL ? met->step : step));
    assert_int_equal(r.hart, met != NULL ? met->hart : hart);
    assert_string_equal(r.reason, met != NULL ? "swbreak" : r.reason);
}

static void test_others(void **state)
{
    struct met *met = base_alloc(METS_MAX, sizeof(*met));
    struct client *c = client_new(3, "toy", END);
    size_t n = find_breaks(c, met);
    uint64_t seed = 7;
    unsigned interesting = 0;

    (void)state;
    for (unsigned i = 0; i < 120; i++) {
        tick at = 300 + toy_random(&seed) % (END - 900);
        unsigned hart = (unsigned)(toy_random(&seed) % 3);
        char locked[32], open[32], select[32];
        const struct met *want;
        tick step;

        snprintf(locked, sizeof locked, "vCont;s:%x", hart + 1);
        snprintf(open, sizeof open, "vCont;s:%x;c", hart + 1);
        snprintf(select, sizeof select, "Hg%x", hart + 1);
        client_goto(c, at);
        step = go(c, locked).at;
        client_goto(c, at);
        want = first_of_others(met, n, hart, at, step);
        if (want != NULL && want->step == at) {
            continue; /* stood upon */
        }
        check_stop(go(c, open), want, step, hart);
        interesting += want != NULL;

        client_goto(c, at);
        snprintf(locked, sizeof locked, "Hc%x", hart + 1);
        client_expect(c, locked, "OK");
        step = go(c, "bs").at;
        client_goto(c, at);
        client_expect(c, "Hc0", "OK");
        client_expect(c, select, "OK");
        want = last_of_others(met, n, hart, step, at);
        check_stop(go(c, "bs"), want, step, hart);
        interesting += want != NULL;
    }
    assert_true(interesting > 20);
    (void)client_free(c);
    free(met);
}

/* A breakpoint where the stepping hart stands does not end its step, however long others run before
 * it. A step of everybody is one of the selected hart. */
static void test_own_breakpoint(void **state)
{
    struct client *c = client_new(3, "toy", END);
    uint64_t seed = 11;

    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        tick at = 300 + toy_random(&seed) % (END - 900), want;
        char point[64];

        client_goto(c, at);
        client_expect(c, "Hg3", "OK");
        snprintf(point, sizeof point, "Z0,%llx,1", (unsigned long long)client_pc(c));
        want = go(c, "vCont;s:3").at;
        client_goto(c, at);
        client_expect(c, point, "OK");
        assert_true(go(c, "vCont;s:3").at == want);
        point[0] = 'z';
        client_expect(c, point, "OK");
        client_goto(c, at);
        client_expect(c, "Hg3", "OK");
        assert_int_equal(go(c, "vCont;s").hart, 2);
        assert_true(client_tick(c) == want);
    }
    (void)client_free(c);
}

/* ---- ranges ---- */

static void test_range(void **state)
{
    struct client *c = client_new(2, "toy", END);
    uint64_t seed = 3;

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        tick at = toy_random(&seed) % (END - 1000), want;
        vaddr pc;
        char range[64];

        client_goto(c, at);
        client_expect(c, "Hg2", "OK");
        pc = client_pc(c);
        do {
            want = go(c, "vCont;s:2").at;
        } while (client_pc(c) >= pc && client_pc(c) < pc + 20 && want < END);
        client_goto(c, at);
        snprintf(range, sizeof range, "vCont;r%llx,%llx:2", (unsigned long long)pc,
                 (unsigned long long)pc + 20);
        assert_true(go(c, range).at == want);
    }
    (void)client_free(c);
}

/* ---- places in memory ---- */

static void test_places(void **state)
{
    struct machine *m = client_machine(2);
    struct client *c;

    (void)state;
    must(mem_load_bytes(machine_mem(m), 0x1fffc, "seam-word", 9));
    must(mem_load_bytes(machine_mem(m), 0x40000, "\xee", 1));
    c = client_new_over(m, "toy", END, 500);
    /* Larger than what is looked at together: at a seam, and as the very last byte. */
    client_expect(c, "qSearch:memory:10000;30000;seam-word", "1,1fffc");
    client_expect(c, "qSearch:memory:10001;30000;seam-word", "1,1fffc");
    client_expect(c, "qSearch:memory:1fffd;10000;seam-word", "0");
    client_expect(c, "qSearch:memory:30000;10001;\xee", "1,40000");
    client_expect(c, "qSearch:memory:30000;10000;\xee", "0");
    /* Four bytes are stored from 18000 on; the address told is one that is watched. */
    client_expect(c, "Z2,18001,1", "OK");
    assert_string_equal(go(c, "c").detail, "18001");
    client_expect(c, "z2,18001,1", "OK");
    client_expect(c, "Z2,17fff,4", "OK");
    assert_string_equal(go(c, "c").detail, "18000");
    (void)client_free(c);
}

/* ---- the ends, interrupts, partings ---- */

static void test_ends(void **state)
{
    struct client *c = client_new(2, "toy", END);

    (void)state;
    assert_string_equal(go(c, "bs").detail, "begin");
    assert_string_equal(go(c, "bc").detail, "begin");
    assert_string_equal(go(c, "c").detail, "end");
    assert_true(client_tick(c) == END);
    assert_string_equal(go(c, "s").detail, "end");
    assert_string_equal(go(c, "vCont;c").detail, "end");
    assert_true(client_tick(c) == END);
    assert_string_equal(go(c, "bc").detail, "begin");
    assert_true(client_tick(c) == 0);
    assert_true(go(c, "vRun;;7435303030").at == 5000); /* t5000 */
    assert_true(go(c, "vRun;").at == 0);
    client_goto(c, 100);
    client_send_bytes(c, "R00", 3);
    assert_true(client_tick(c) == 0);
    assert_non_null(strstr(client_monitor(c, "when"), "tick 0 of 6000"));
    /* Nothing that a terminal obeys comes back, whoever made up the name. */
    assert_non_null(strstr(client_monitor(c, "info \033]0;x\302\233"), "\\x1b]0;x\\u009b"));
    assert_null(strchr(c->console.data, '\033'));
    (void)client_free(c);
}

/* A history that is too long to wait for its end. */
static struct client *endless(void)
{
    static const uint8_t loop[] = {TOY_ADDI, 0x11, 1, TOY_JMP, 0, 1, 0, 0};
    struct machine *m = toy_machine(1, 1000, loop, sizeof loop);

    return client_new_over(m, "toy", UINT64_C(1) << 60, 100000);
}

static void test_interrupt(void **state)
{
    struct client *c = endless();
    tick first;

    (void)state;
    client_send_bytes(c, "vCont;c", 7);
    assert_int_equal(send(c->fd, "\003", 1, MSG_NOSIGNAL), 1);
    (void)client_receive(c);
    assert_memory_equal(c->answer, "T02thread:1;", 12);
    first = client_tick(c);
    assert_true(first > 0);
    assert_int_equal(send(c->fd, "\003", 1, MSG_NOSIGNAL), 1); /* while nothing runs */
    assert_true(go(c, "s").at == first + 1);
    client_send_bytes(c, "vCont;r10000,20000:1", 20); /* a range that is never left */
    assert_int_equal(send(c->fd, "\003", 1, MSG_NOSIGNAL), 1);
    (void)client_receive(c);
    assert_memory_equal(c->answer, "T02thread:1;", 12);
    assert_true(client_tick(c) > first + 2);
    /* A journey by a command of the monitor. */
    client_send_bytes(c, "qRcmd,676f746f20656e64", 22); /* goto end */
    assert_int_equal(send(c->fd, "\003", 1, MSG_NOSIGNAL), 1);
    do {
        (void)client_receive(c);
        client_unhex(&c->console, c->answer[0] == 'O' ? c->answer + 1 : "");
    } while (strcmp(c->answer, "OK") != 0);
    assert_non_null(strstr(c->console.data, "interrupted"));
    assert_int_equal(client_free(c), GDB_DISCONNECTED);
}

static void test_gone(void **state)
{
    struct client *c = endless();

    (void)state;
    client_send_bytes(c, "c", 1);
    assert_int_equal(client_free(c), GDB_DISCONNECTED); /* in the middle of it */
    c = client_new(1, "toy", END);
    client_expect(c, "!", "OK");
    client_expect(c, "vKill;1", "OK");
    client_expect(c, "?", "W00");
    assert_true(go(c, "vRun;").at == 0); /* run again after all */
    client_expect(c, "vKill;1", "OK");
    assert_int_equal(client_free(c), GDB_KILLED);
}

/* The next client finds the machine where the last one left it, and nothing of its breakpoints. */
static void test_next_client(void **state)
{
    struct client *c = client_new(2, "toy", END);
    struct stop_reply met;
    tick at;

    (void)state;
    client_expect(c, "Z0,10005,1", "OK");
    met = go(c, "c");
    assert_string_equal(met.reason, ""); /* this client did not offer swbreak */
    assert_int_equal(client_pc(c), 0x10005);
    at = met.at;
    client_expect(c, "D", "OK");
    assert_int_equal(client_hang_up(c), GDB_DETACHED);
    client_connect(c);
    assert_true(client_tick(c) == at);
    assert_string_equal(go(c, "c").detail, "end");
    assert_int_equal(client_free(c), GDB_DISCONNECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),          cmocka_unit_test(test_refused),
        cmocka_unit_test(test_documents),      cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_steps),          cmocka_unit_test(test_others),
        cmocka_unit_test(test_own_breakpoint), cmocka_unit_test(test_places),
        cmocka_unit_test(test_range),          cmocka_unit_test(test_ends),
        cmocka_unit_test(test_interrupt),      cmocka_unit_test(test_gone),
        cmocka_unit_test(test_next_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
