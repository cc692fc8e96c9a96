/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_branch: a guest program is recorded; branches leave the recording at many ticks, and leave
 * branches. The state at a fork is the parent's, so is every state before it, also when gone to
 * from the branch; each file replays by itself to the state that the branch ended in, and differs
 * from its parent first at the fork. The parent's file stays what it was, byte for byte. Searches by
 * the parent's index find in a branch what they find without.
 *
 *   travel_branch --elf FILE [--smp N] [--input FILE] [--forks N] [--seed N] [--exact yes]
 *
 * --exact: the guest reads no clock, so one that only lost a tick to a change ends a tick later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../ram.h"
#include "../toy/toy.h"
#include "../unit/journal_inputs.h"
#include "board/board.h"
#include "host/host.h"
#include "travel/travel.h"

#define TICKS_MOST UINT64_C(60000000)
#define ON_TICKS   300000

struct test {
    struct machine_config config;
    struct machine *machine; /* that travels */
    struct travel *travel;
    struct travel *truth; /* over the parent, on a machine of its own */
    struct travel_recording storage, truth_storage;
    struct travel_live live;
    struct recording *parent;
    struct machine *truth_machine;
    uint64_t seed;
    bool exact;
    char folder[64];
};

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "travel_branch: %s\n", what);
    exit(1);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "travel_branch: line %d: not so: %s\n", __LINE__, #condition);         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* In the last page of the guest's RAM. */
static haddr poked(const struct test *t)
{
    const struct mem_block *ram = first_ram(t->machine);

    return ram->home + ram->size - 64;
}

static struct machine *new_machine(const struct test *t)
{
    struct error e;
    struct machine *m = board_build(&t->config, &e);

    if (m == NULL) {
        give_up(e.text);
    }
    return m;
}

static void file_name(const struct test *t, const char *name, char *out, size_t room)
{
    snprintf(out, room, "%s/%s.rr", t->folder, name);
}

static uint64_t file_hash(const char *path)
{
    struct error e;
    uint8_t *bytes;
    size_t size;
    uint64_t hash;

    if (host_file_read_all(path, 256 * MIB, &bytes, &size, &e) < 0) {
        give_up(e.text);
    }
    hash = hash_bytes(bytes, size, 0);
    free(bytes);
    return hash;
}

/* Until the guest is done; idle time is skipped. */
static void record_parent(struct test *t, const char *path, const char *input)
{
    static const struct pace pace;
    struct machine *m = new_machine(t);
    struct error e;
    struct journal *j = journal_record(path, &t->config, NULL, &pace, NULL, &e);
    uint8_t *bytes = NULL;
    size_t size = 0;

    if (j == NULL || (input != NULL && host_file_read_all(input, MIB, &bytes, &size, &e) < 0)) {
        give_up(e.text);
    }
    journal_attach(j, m);
    (void)journal_post(j, (uint16_t)machine_port_by_name(m, "serial0"), bytes, size);
    (void)journal_drive(j, m, TICKS_MOST, false);
    journal_close(j);
    machine_free(m);
    free(bytes);
}

static uint64_t replay_file(const struct test *t, const char *path)
{
    struct error e;
    struct journal *j = journal_replay(path, NULL, NULL, &e);
    struct machine *m = new_machine(t);
    uint64_t hash;

    if (j == NULL) {
        give_up(e.text);
    }
    journal_attach(j, m);
    if (journal_drive(j, m, TICK_NEVER, false) != JOURNAL_END) {
        give_up(journal_divergence(j)->text);
    }
    hash = machine_hash(m);
    journal_close(j);
    machine_free(m);
    return hash;
}

/* ---- travelling ---- */

static uint64_t chance(struct test *t, uint64_t below)
{
    return below != 0 ? (toy_random(&t->seed) >> 16) % below : 0;
}

static void go(struct travel *travel, tick to)
{
    CHECK(travel_seek(travel, to).why == TRAVEL_ARRIVED && travel_now(travel) == to);
}

/* The traveller stands there, in the state in which the parent was. */
static void check_as_parent(struct test *t, tick at)
{
    go(t->travel, at);
    go(t->truth, at);
    CHECK(machine_hash(t->machine) == machine_hash(t->truth_machine));
}

static struct journal *fork_here(struct test *t, const struct recording *parent, const char *path)
{
    static const struct pace pace;
    struct journal_branch from = {.parent = parent, .parent_name = "parent", .machine = t->machine};
    struct error e;
    struct travel_source source;
    struct journal *j;

    from.again = new_machine(t);
    j = journal_branch(path, &from, NULL, &pace, NULL, &e);
    if (j == NULL) {
        give_up(e.text);
    }
    travel_live_fini(&t->live);
    source = travel_of_journal(&t->live, j);
    travel_change_source(t->travel, &source);
    CHECK(travel_is_live(t->travel) && travel_at_live_edge(t->travel));
    return j;
}

/* Writes a word: what is there, or something else. Takes one tick. */
static void poke(struct test *t, bool same)
{
    uint8_t bytes[POKE_HEADER + 4], word[4];
    tick now = travel_now(t->travel);
    uint64_t instructions = machine_state(t->machine)->instructions;
    uint32_t n;

    CHECK(mem_read_bytes(machine_mem(t->machine), poked(t), word, sizeof word));
    word[0] ^= same ? 0 : 0x5a;
    n = poke_encode(bytes, POKE_MEMORY, 0, poked(t), word, sizeof word);
    CHECK(travel_post(t->travel, POKE_PORT, bytes, n) == n);
    CHECK(travel_run_forward(t->travel, now + 1, NULL, false).why == TRAVEL_ARRIVED);
    CHECK(machine_state(t->machine)->instructions == instructions);
}

static void check_first_difference(const struct test *t, const struct recording *a,
                                   const char *path, tick at)
{
    struct error e;
    struct recording *b = recording_open(path, &e);
    struct travel_recording storage[2];
    struct travel_source source[2];
    struct machine *m[2] = {new_machine(t), new_machine(t)};
    struct travel *travel[2];
    struct travel_difference d;

    if (b == NULL) {
        give_up(e.text);
    }
    CHECK(recording_origin(b)->at == at && recording_end(b) != NULL);
    for (unsigned i = 0; i < 2; i++) {
        source[i] = travel_of_recording(&storage[i], i == 0 ? a : b, NULL);
        travel[i] = travel_new(m[i], &source[i], NULL);
        travel_set_verify(travel[i], false);
    }
    travel_diff(travel[0], travel[1], 0, &d);
    CHECK(d.finding == FOUND_INPUTS || d.finding == FOUND_END);
    CHECK(d.at == at);
    for (unsigned i = 0; i < 2; i++) {
        travel_free(travel[i]);
        travel_recording_fini(&storage[i]);
        machine_free(m[i]);
    }
    recording_close(b);
}

/* From the edge back to an instruction that was met somewhere, and the last write of a place: as a
 * traveller says that knows nothing but the branch. */
static void check_search(struct test *t, const struct recording *branch, tick edge)
{
    struct machine *m = new_machine(t);
    struct travel_recording storage;
    struct travel_source source = travel_of_recording(&storage, branch, NULL);
    struct travel *plain = travel_new(m, &source, &(struct travel_limits){.spacing = 20000});
    struct travel_probes probes = {.count = 1, .client_steps = true};
    struct travel_write wa, wb;
    struct travel_stop a, b;

    for (unsigned i = 0; i < 4; i++) {
        struct probe probe = {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART};

        go(t->travel, chance(t, edge));
        probe.at = machine_cpu(t->machine, 0)->hart->pc;
        if (i % 2 != 0) { /* around its code, where its data are as well */
            probe.kind = PROBE_WATCH_WRITE;
            probe.at = (probe.at & ~UINT64_C(0xffff)) + chance(t, 0x10000) / 8 * 8;
            probe.size = 64;
        }
        probes.probes = &probe;
        go(t->travel, edge);
        go(plain, edge);
        for (unsigned k = 0; k < 3; k++) {
            a = travel_reverse_continue(t->travel, &probes);
            b = travel_reverse_continue(plain, &probes);
            CHECK(a.why == b.why && a.at == b.at && a.hits == b.hits);
            CHECK(machine_hash(t->machine) == machine_hash(m));
        }
    }
    go(t->travel, edge);
    go(plain, edge);
    CHECK(travel_last_write(plain, poked(t), 4, edge, &wb) == TRAVEL_ARRIVED);
    CHECK(travel_last_write(t->travel, poked(t), 4, edge, &wa) == TRAVEL_ARRIVED);
    CHECK(wa.at == wb.at && memcmp(wa.after, wb.after, sizeof wa.after) == 0);
    travel_free(plain);
    travel_recording_fini(&storage);
    machine_free(m);
}

/* New history for a while, back into the shared past and the new one, to the edge. */
static void live_on(struct test *t, struct journal *j, tick fork)
{
    tick edge, at;
    uint64_t hash;

    (void)travel_run_forward(t->travel, travel_now(t->travel) + chance(t, ON_TICKS), NULL, false);
    (void)journal_post(j, (uint16_t)machine_port_by_name(t->machine, "serial0"), "xyzzy\n", 6);
    (void)travel_run_forward(t->travel, travel_now(t->travel) + chance(t, ON_TICKS), NULL, false);
    edge = travel_now(t->travel);
    CHECK(travel_end(t->travel) == edge);
    hash = machine_hash(t->machine);
    for (unsigned i = 0; i < 3; i++) {
        check_as_parent(t, chance(t, fork + 1));
    }
    at = fork + chance(t, edge - fork + 1);
    go(t->travel, at);
    (void)travel_reverse_step(t->travel, 0);
    go(t->travel, edge);
    CHECK(machine_hash(t->machine) == hash);
    check_search(t, journal_recording(j), edge);
    go(t->travel, edge);
    CHECK(machine_hash(t->machine) == hash);
}

/* The branch is complete, and its own file says so. */
static void finish(struct test *t, struct journal *j, const char *path)
{
    uint64_t hash;

    (void)travel_seek(t->travel, travel_end(t->travel));
    hash = machine_hash(t->machine);
    CHECK(journal_finish(j, END_QUIT, NULL) == 0);
    CHECK(replay_file(t, path) == hash);
}

static void use_index(struct test *t)
{
    const struct index_of of = {.identity = recording_identity(t->parent),
                                .end = recording_known(t->parent)};
    static const struct index_key key = {{7}};
    char path[128];
    const struct index_place place = {.path = path, .key = &key};
    bool missing;
    struct error e;
    struct index *x;

    file_name(t, "parent", path, sizeof path);
    strcat(path, ".idx");
    x = index_open(&place, &of, &missing, &e);
    if (x != NULL) {
        travel_use_index(t->travel, x);
        return;
    }
    CHECK(missing);
    travel_build_index(t->travel, index_build(&place, &e), &of, 50000);
    (void)travel_seek(t->travel, TICK_NEVER);
    CHECK(travel_index(t->travel) != NULL);
}

/* From a branch whose journal is not wanted any more: after the traveller, before the machine. */
static void to_parent(struct test *t, struct journal *j)
{
    struct travel_source source;

    travel_free(t->travel);
    travel_live_fini(&t->live);
    journal_close(j);
    machine_free(t->machine);
    t->machine = new_machine(t);
    travel_recording_fini(&t->storage);
    source = travel_of_recording(&t->storage, t->parent, NULL);
    t->travel = travel_new(t->machine, &source, &(struct travel_limits){.spacing = 20000});
    use_index(t);
}

static void run_exactly(struct test *t, const char *path)
{
    const struct witness *last = &recording_end(t->parent)->last;
    struct journal *j;

    go(t->travel, chance(t, last->at));
    j = fork_here(t, t->parent, path);
    poke(t, true);
    CHECK(travel_run_forward(t->travel, TICK_NEVER, NULL, false).why == TRAVEL_POWER);
    CHECK(machine_state(t->machine)->now == last->at + 1);
    CHECK(machine_state(t->machine)->instructions == last->instructions);
    finish(t, j, path);
    unlink(path);
    to_parent(t, j);
}

/* A branch at `fork`, and one of the branch at a place in its own part or before. */
static void try_fork(struct test *t, tick fork)
{
    char first[128], second[128];
    struct journal *j, *k;
    tick again;

    file_name(t, "first", first, sizeof first);
    file_name(t, "second", second, sizeof second);
    (void)travel_seek(t->travel, chance(t, recording_known(t->parent))); /* leaves marks about */
    check_as_parent(t, fork);
    j = fork_here(t, t->parent, first);
    CHECK(machine_hash(t->machine) == machine_hash(t->truth_machine));
    poke(t, false);
    live_on(t, j, fork);
    finish(t, j, first);
    check_first_difference(t, t->parent, first, fork);

    again = chance(t, travel_end(t->travel) + 1);
    go(t->travel, again);
    if (machine_state(t->machine)->power == POWER_ON) {
        k = fork_here(t, journal_recording(j), second);
        poke(t, true);
        live_on(t, k, again < fork ? again : fork);
        finish(t, k, second);
        check_first_difference(t, journal_recording(j), second, again);
        to_parent(t, k);
        journal_close(j);
    } else {
        to_parent(t, j);
    }
    unlink(first);
    unlink(second);
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return otherwise;
}

static void read_program(struct test *t, const char *path)
{
    struct machine_image *i = &t->config.images[IMAGE_KERNEL];
    struct error e;
    size_t size;

    if (path == NULL || host_file_read_all(path, 64 * MIB, &i->data, &size, &e) < 0) {
        give_up(path != NULL ? e.text : "--elf FILE");
    }
    i->name = base_strdup(path);
    i->size = size;
    i->hash = hash_bytes(i->data, size, 0);
    snprintf(t->config.arch, sizeof t->config.arch, "%s", board_arch_of(&t->config));
}

static void run(struct test *t, const char *parent, uint64_t forks)
{
    struct travel_source source;
    struct error e;
    tick end;

    t->parent = recording_open(parent, &e);
    if (t->parent == NULL) {
        give_up(e.text);
    }
    end = recording_known(t->parent);
    t->truth_machine = new_machine(t);
    source = travel_of_recording(&t->truth_storage, t->parent, NULL);
    t->truth = travel_new(t->truth_machine, &source, &(struct travel_limits){.spacing = 20000});
    t->machine = new_machine(t);
    source = travel_of_recording(&t->storage, t->parent, NULL);
    t->travel = travel_new(t->machine, &source, &(struct travel_limits){.spacing = 20000});
    CHECK(travel_chart(t->travel, 30000, true, &e) ==
          0); /* not whole when the first branch begins */
    (void)travel_seek(t->travel, end / 2);
    try_fork(t, end / 3);
    try_fork(t, 0);
    try_fork(t, end - 1);
    if (recording_input_count(t->parent) != 0) {
        struct input in;

        input_of(t->parent, recording_input_count(t->parent) / 2, &in);
        try_fork(t, in.at);
        try_fork(t, in.at + 1);
    }
    for (uint64_t i = 0; i < forks; i++) {
        try_fork(t, chance(t, end));
    }
    if (t->exact) {
        char path[128];

        file_name(t, "exact", path, sizeof path);
        run_exactly(t, path);
    }
    travel_free(t->truth);
    travel_recording_fini(&t->truth_storage);
    machine_free(t->truth_machine);
    travel_free(t->travel);
    travel_recording_fini(&t->storage);
    travel_live_fini(&t->live);
    machine_free(t->machine);
    recording_close(t->parent);
}

int main(int argc, char **argv)
{
    static struct test test;
    struct test *t = &test;
    char parent[128];
    uint64_t bytes, state;

    snprintf(t->folder, sizeof t->folder, "/tmp/travel-branch-XXXXXX");
    if (mkdtemp(t->folder) == NULL) {
        give_up("no folder");
    }
    machine_config_init(&t->config);
    t->config.ram_bytes = 16 * MIB;
    t->config.bios_none = 1;
    t->config.hart_count = (uint32_t)strtoul(option(argc, argv, "--smp", "1"), NULL, 10);
    t->seed = strtoull(option(argc, argv, "--seed", "1"), NULL, 10);
    t->exact = option(argc, argv, "--exact", NULL) != NULL;
    read_program(t, option(argc, argv, "--elf", NULL));
    file_name(t, "parent", parent, sizeof parent);
    record_parent(t, parent, option(argc, argv, "--input", NULL));
    bytes = file_hash(parent);
    state = replay_file(t, parent);
    run(t, parent, strtoull(option(argc, argv, "--forks", "3"), NULL, 10));
    CHECK(file_hash(parent) == bytes);
    CHECK(replay_file(t, parent) == state);
    unlink(parent);
    strcat(parent, ".idx");
    unlink(parent);
    rmdir(t->folder);
    machine_config_fini(&t->config);
    return 0;
}
