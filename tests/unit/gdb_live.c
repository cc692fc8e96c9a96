/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb_live: a client of a machine that is being recorded: it changes memory and registers, goes
 * back and forth, while bytes come in at the console. What it changed is there afterwards, the past
 * refuses or, where there are branches, begins anew; and the recording replays to the same states on
 * a machine that nobody ever touched.
 */
#include "gdb_client.h"

#define HARTS   2
#define ACTIONS 400
#define PLACES  64

struct live {
    struct client *client;
    struct journal *journal;
    VEC(struct journal *) over; /* that branches left */
    struct travel_live storage;
    uint64_t seed;
    unsigned pokes, refusals, branches;
    bool may_branch;
    struct {
        tick at;
        uint64_t hash;
    } seen[PLACES];
    size_t seen_count;
};

static void end_live(void *opaque)
{
    struct live *l = opaque;

    assert_int_equal(journal_finish(l->journal, END_QUIT, NULL), 0);
    vec_push(&l->over, l->journal);
}

/* In memory; the states seen after it are another history's. */
static int make_branch(void *opaque, struct text *said, struct error *e)
{
    static const struct pace pace;
    struct live *l = opaque;
    tick now = travel_now(l->client->travel);
    const struct journal_branch from = {.parent = journal_recording(l->journal),
                                        .machine = l->client->machine,
                                        .again =
                                            client_machine(machine_hart_count(l->client->machine))};
    struct journal *j = journal_branch(NULL, &from, NULL, &pace, NULL, e);
    struct travel_source source;
    size_t kept = 0;

    assert_non_null(j);
    travel_visit_edge(l->client->travel, l, end_live);
    l->journal = j;
    travel_live_fini(&l->storage);
    source = travel_of_journal(&l->storage, j);
    travel_change_source(l->client->travel, &source);
    for (size_t i = 0; i < l->seen_count; i++) {
        if (l->seen[i].at <= now) {
            l->seen[kept++] = l->seen[i];
        }
    }
    l->seen_count = kept;
    l->branches++;
    text_add(said, "branched\n");
    return 0;
}

static int name_branch(void *opaque, const char *name, struct text *said, struct error *e)
{
    (void)opaque;
    (void)said;
    return error_set(e, "'%s' is no name", name);
}

/* `change` and what reads it back; at the edge it holds, in the past it is refused. The session
 * answers before the next request, so its machine may be looked at in between. */
static void poke(struct live *l, const char *change, const char *read, const char *value)
{
    struct client *c = l->client;
    bool at_edge = travel_at_live_edge(c->travel);
    tick before = client_tick(c);

    if (!at_edge && !l->may_branch) {
        char old[64];

        snprintf(old, sizeof old, "%s", client_ask(c, read));
        if (strcmp(old, value) != 0) {
            client_expect_error(c, change);
            client_expect(c, read, old);
            l->refusals++;
        }
        assert_true(client_tick(c) == before);
        return;
    }
    client_expect(c, change, "OK");
    client_expect(c, read, value);
    assert_true(at_edge != travel_is_diverted(c->travel));
    (void)client_ask(c, "qRcmd,7768656e"); /* "when": so it was no call */
    client_expect(c, read, value);
    assert_true(travel_at_live_edge(c->travel));
    assert_true(client_tick(c) >= before);
    l->pokes++;
}

static void poke_memory(struct live *l)
{
    uint64_t x = toy_random(&l->seed);
    char change[64], read[32], value[32];
    unsigned at = 0x18100 + (unsigned)(x >> 8) % 0xc00;

    snprintf(value, sizeof value, "%08x", (uint32_t)(x >> 32));
    snprintf(change, sizeof change, "M%x,4:%s", at, value);
    snprintf(read, sizeof read, "m%x,4", at);
    poke(l, change, read, value);
}

static void poke_register(struct live *l)
{
    uint64_t x = toy_random(&l->seed);
    char change[64], read[32], value[32];

    client_expect(l->client, x >> 60 & 1 ? "Hg1" : "Hg2", "OK");
    snprintf(value, sizeof value, "%08x", (uint32_t)(x >> 32) & 0x7fffffff);
    snprintf(change, sizeof change, "P0=%s", value);
    snprintf(read, sizeof read, "p0");
    poke(l, change, read, value);
}

static void act(struct live *l)
{
    struct client *c = l->client;
    uint64_t x = toy_random(&l->seed);

    switch (x >> 59) {
    case 0:
    case 1: (void)client_ask(c, "bc"); break;
    case 2:
    case 3:
    case 4: (void)client_ask(c, "bs"); break;
    case 5:
    case 6:
    case 7: client_goto(c, (x >> 8) % (travel_end(c->travel) + 1)); break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12: poke_register(l); break;
    case 13:
    case 14:
    case 15:
    case 16:
    case 17: poke_memory(l); break;
    case 18:
    case 19:
    case 20: (void)journal_post(l->journal, 1, &x, 1 + (x & 3)); break;
    case 21:
    case 22:
    case 23:
    case 24:
    case 25: client_goto(c, TICK_NEVER - 1); break;
    default: (void)client_ask(c, x & 1 ? "vCont;c" : "s"); break;
    }
}

static void look(struct live *l)
{
    if (l->seen_count < PLACES && toy_random(&l->seed) >> 61 == 0) {
        (void)client_tick(l->client); /* its answer means that nothing runs */
        l->seen[l->seen_count].at = machine_now(l->client->machine);
        l->seen[l->seen_count++].hash = machine_hash(l->client->machine);
    }
}

static void check_replay(const struct live *l, const struct recording *r)
{
    for (size_t i = 0; i < l->seen_count; i++) {
        struct machine *m = client_machine(HARTS);
        struct replay replay;
        struct inlet inlet;

        replay_init(&replay, r, 0, NULL);
        inlet = replay_inlet(&replay);
        machine_set_inlet(m, &inlet);
        assert_int_equal(machine_run(m, l->seen[i].at, false), STOP_TICK);
        assert_true(machine_hash(m) == l->seen[i].hash);
        replay_fini(&replay);
        machine_free(m);
    }
}

/* The session, all histories that there were, and what they ran on. */
static void end(struct live *l, struct machine *m, struct machine_config *config)
{
    gdb_session_free(l->client->session);
    travel_free(l->client->travel);
    travel_live_fini(&l->storage);
    journal_close(l->journal);
    for (size_t i = 0; i < l->over.count; i++) {
        journal_close(l->over.data[i]);
    }
    vec_fini(&l->over);
    machine_free(m);
    machine_config_fini(config);
    text_fini(&l->client->console);
    free(l->client);
}

static void run(uint64_t seed, bool may_branch)
{
    static const struct pace pace;
    static const struct sink sink;
    struct client *c = base_alloc(1, sizeof(*c));
    struct live l = {.client = c, .seed = seed, .may_branch = may_branch};
    const struct gdb_options options = {
        .opaque = &l, .branch = make_branch, .name_branch = name_branch};
    struct machine *m = client_machine(HARTS);
    struct travel_source source;
    struct machine_config config;
    struct error e;

    machine_config_init(&config);
    l.journal = journal_run(&config, &pace, &sink, &e);
    assert_non_null(l.journal);
    journal_attach(l.journal, m);
    source = travel_of_journal(&l.storage, l.journal);
    client_start(c, m, "toy", &source, 400, may_branch ? &options : NULL);
    client_expect(c, "Z0,10005,1", "OK"); /* so that going on ends */
    for (unsigned i = 0; i < ACTIONS; i++) {
        act(&l);
        look(&l);
    }
    client_goto(c, TICK_NEVER - 1);
    (void)client_ask(c, "vCont;c");
    l.seen_count -= l.seen_count == PLACES;
    l.seen[l.seen_count].at = machine_now(m);
    l.seen[l.seen_count++].hash = machine_hash(m);
    assert_true(l.pokes > 10 && l.seen_count > (may_branch ? 2 : 20));
    assert_true(may_branch ? l.branches > 3 && l.refusals == 0 : l.refusals > 3);
    assert_int_equal(client_hang_up(c), GDB_DISCONNECTED);
    check_replay(&l, journal_recording(l.journal));
    end(&l, m, &config);
}

/* What GDB sends for a call: the place to return to is written and given to a register, the machine is
 * let go, here for a few steps, and the registers are put back, which ends it. */
static void call(struct client *c, const char *before)
{
    char packet[64];

    client_expect(c, "M18104,4:13000000", "OK");
    client_expect(c, "P1=00018104", "OK");
    client_expect(c, "P2=00000007", "OK");
    client_expect(c, "Z0,18104,4", "OK");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(client_ask(c, "s")[0], 'T');
    }
    client_expect(c, "z0,18104,4", "OK");
    for (unsigned i = 0; i < 9; i++) {
        assert_true(travel_is_diverted(c->travel));
        assert_non_null(strstr(client_ask(c, "bc"), "replaylog:begin"));
        snprintf(packet, sizeof packet, "P%u=%.8s", i, before + (size_t)i * 8);
        client_expect(c, packet, "OK");
        if (!travel_is_diverted(c->travel)) {
            return;
        }
    }
    assert_false(travel_is_diverted(c->travel));
}

static void check_call(struct live *l, tick at)
{
    struct client *c = l->client;
    char before[128];
    uint64_t hash;

    client_goto(c, at);
    snprintf(before, sizeof before, "%s", client_ask(c, "g"));
    hash = machine_hash(c->machine);
    call(c, before);
    assert_true(client_tick(c) == at && machine_hash(c->machine) == hash);
    client_expect(c, "g", before);
    assert_int_equal(l->branches, 0);
    client_goto(c, at + 300);
    client_goto(c, at);
    assert_true(client_tick(c) == at && machine_hash(c->machine) == hash);
}

static void test_call(void **state)
{
    static const struct pace pace;
    static const struct sink sink;
    struct client *c = base_alloc(1, sizeof(*c));
    struct live l = {.client = c};
    const struct gdb_options options = {.opaque = &l, .branch = make_branch};
    struct machine *m = client_machine(1);
    struct machine_config config;
    struct error e;
    struct travel_source source;

    (void)state;
    machine_config_init(&config);
    l.journal = journal_run(&config, &pace, &sink, &e);
    journal_attach(l.journal, m);
    source = travel_of_journal(&l.storage, l.journal);
    client_start(c, m, "toy", &source, 400, &options);
    client_expect(c, "Z0,10005,1", "OK");
    (void)client_ask(c, "vCont;c");
    client_expect(c, "z0,10005,1", "OK");
    for (int i = 0; i < 3000; i++) {
        (void)client_ask(c, "s");
    }
    for (tick at = 50; at < 3000; at += 700) {
        check_call(&l, at);
    }
    client_goto(c, 100);
    client_expect(c, "P2=00000007", "OK"); /* first a change, which stays, */
    client_expect(c, "M18104,4:13000000", "OK");
    client_expect(c, "P1=00018104", "OK");
    client_expect(c, "Z0,18104,4", "OK");
    assert_int_equal(client_ask(c, "s")[0], 'T');
    assert_true(l.branches == 1 && travel_at_live_edge(c->travel)); /* and so the call */
    client_expect(c, "z0,18104,4", "OK");
    client_goto(c, 50);
    client_expect(c, "P2=00000005", "OK"); /* who leaves has made a branch as well */
    assert_int_equal(l.branches, 1);
    assert_int_equal(client_hang_up(c), GDB_DISCONNECTED);
    assert_int_equal(l.branches, 2);
    end(&l, m, &config);
}

static void test_live(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run(seed, false);
    }
}

static void test_branches(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run(seed, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_live), cmocka_unit_test(test_call),
                                       cmocka_unit_test(test_branches)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
