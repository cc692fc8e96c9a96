/* SPDX-License-Identifier: GPL-2.0-or-later
 * forged_index: indexes of a recording are forged in thousands of ways, and questions asked by them.
 * Sums that are not the user's: the answers are the honest ones, or the file is refused. Sums
 * that somebody made who had the user's key, or --trust-index: the answers may be lies, but nothing
 * crashes (the sanitizers see more), and nothing takes for ever. Another user's is refused.
 *
 *   forged-index --elf FILE [--count N] [--seed N] [--only N]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../chance.h"
#include "board/board.h"
#include "forge.h"
#include "host/host.h"
#include "jit/jit.h"
#include "travel/travel.h"

#define SPANS        12
#define TICKS_MOST   UINT64_C(4000000)
#define WRITTEN      UINT64_C(0x80003400) /* the guest stores there all the time */
#define HANG_SECONDS 240

struct test {
    struct machine_config config;
    struct recording *recording;
    struct index_of of;
    char folder[64], recording_path[96], path[96];
    uint8_t *bytes[2]; /* of the honest indexes: the user's and the other's */
    size_t size[2];
    uint64_t honest[8];
    unsigned long long refused, answered, damaged, foreign;
};

static const struct index_key keys[2] = {{{1}}, {{2}}};
static volatile unsigned long long current;
static char doing[400];

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "forged-index: line %d: not so: %s (%s)\n", __LINE__, #condition,      \
                    doing);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* It hangs: says where. */
static void too_long(int number)
{
    (void)number;
    (void)!write(STDERR_FILENO, "forged-index: too long: ", 24);
    (void)!write(STDERR_FILENO, doing, strlen(doing));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(1);
}

static struct machine *new_machine(const struct test *t)
{
    struct error e;
    struct machine *m = board_build(&t->config, &e);

    CHECK(m != NULL);
    return m;
}

static void make_recording(struct test *t, const char *elf)
{
    static const struct pace pace;
    struct machine_image *kernel = &t->config.images[IMAGE_KERNEL];
    struct machine *m;
    struct journal *j;
    struct error e;
    size_t size;

    machine_config_init(&t->config);
    t->config.bios_none = 1;
    t->config.ram_bytes = 64 * MIB;
    snprintf(t->config.arch, sizeof t->config.arch, "riscv64");
    kernel->name = base_strdup(elf);
    CHECK(host_file_read_all(elf, 64 * MIB, &kernel->data, &size, &e) == 0);
    kernel->size = size;
    kernel->hash = hash_bytes(kernel->data, size, 0);
    m = new_machine(t);
    j = journal_record(t->recording_path, &t->config, NULL, &pace, NULL, &e);
    CHECK(j != NULL);
    journal_attach(j, m);
    (void)journal_drive(j, m, TICKS_MOST, false);
    journal_close(j);
    machine_free(m);
    t->recording = recording_open(t->recording_path, &e);
    CHECK(t->recording != NULL);
    t->of = (struct index_of){.identity = recording_identity(t->recording),
                              .end = recording_known(t->recording)};
}

struct session {
    struct machine *machine;
    struct travel_recording storage;
    struct travel *travel;
};

static void open_session(const struct test *t, struct session *s)
{
    struct travel_source source = travel_of_recording(&s->storage, t->recording, NULL);

    s->machine = new_machine(t);
    if (jit_supported() && current % 4 != 3) {
        CHECK(engine_use_jit(machine_engine(s->machine), true, NULL) == 0);
    }
    s->travel = travel_new(s->machine, &source, NULL);
}

static void close_session(struct session *s)
{
    travel_free(s->travel);
    travel_recording_fini(&s->storage);
    machine_free(s->machine);
}

static void make_index(struct test *t, unsigned whose)
{
    const struct index_place place = {.path = t->path, .key = &keys[whose]};
    struct session s;
    struct error e;

    open_session(t, &s);
    travel_build_index(s.travel, index_build(&place, &e), &t->of, t->of.end / SPANS);
    CHECK(travel_seek(s.travel, t->of.end).why != TRAVEL_DIVERGED);
    CHECK(travel_index(s.travel) != NULL);
    close_session(&s);
    CHECK(host_file_read_all(t->path, 64 * MIB, &t->bytes[whose], &t->size[whose], &e) == 0);
}

/* ---- what a person asks ---- */

static void ask(const struct test *t, struct session *s, uint64_t answers[8])
{
    const struct probe watch = {
        .kind = PROBE_WATCH_WRITE, .hart = PROBE_ANY_HART, .at = WRITTEN, .size = 8};
    const struct travel_probes probes = {.probes = &watch, .count = 1, .client_steps = true};
    struct travel_write write = {.at = 0};
    struct travel_stop stop;
    unsigned n = 0;

    answers[n++] = travel_seek(s->travel, t->of.end).at;
    answers[n++] = machine_hash(s->machine);
    answers[n++] = (uint64_t)travel_last_write(s->travel, WRITTEN, 8, t->of.end, &write);
    answers[n++] = write.at;
    stop = travel_reverse_continue(s->travel, &probes);
    answers[n++] = stop.at ^ (uint64_t)stop.why << 60;
    (void)travel_seek(s->travel, t->of.end / 3);
    stop = travel_run_forward(s->travel, t->of.end / 3 + 20000, NULL, false);
    answers[n++] = stop.at ^ (uint64_t)stop.why << 60;
    answers[n++] = machine_hash(s->machine);
    (void)travel_last_write(s->travel, 0x80000000, 8, t->of.end / 2, &write);
    answers[n] = write.at;
    for (unsigned i = SPANS; i > 0; i--) { /* every checkpoint */
        (void)travel_seek(s->travel, t->of.end / SPANS * i + 777);
        answers[n] = answers[n] * 31 + machine_hash(s->machine);
    }
}

/* False: the index was refused. */
static bool ask_by(struct test *t, const struct index_place *place, uint64_t answers[8])
{
    struct error e = {{0}};
    struct index *x = index_open(place, &t->of, NULL, &e);
    struct session s;

    if (x == NULL) {
        CHECK(strlen(e.text) > 15);
        return false;
    }
    open_session(t, &s);
    travel_use_index(s.travel, x);
    ask(t, &s, answers);
    t->damaged += travel_index_problem(s.travel) != NULL;
    close_session(&s);
    return true;
}

static void forge_one(struct test *t, const struct machine *like, uint64_t n, uint64_t seed)
{
    enum { NOT_SEALED, SEALED, THEIRS, WAYS } way = (unsigned)(n / 5 % WAYS);
    struct forge f = {.path = t->path,
                      .honest = t->bytes[way == THEIRS],
                      .honest_size = t->size[way == THEIRS],
                      .key = &keys[way == SEALED ? 0 : 1],
                      .like = like,
                      .seed = seed + n * UINT64_C(0x9e3779b97f4a7c15)};
    struct index_place place = {.path = t->path, .key = &keys[0]};
    uint64_t answers[8], elements = forge_element_count(&f);

    if (n % 5 < 3) { /* in an order that goes far at once, and through all in the end */
        uint64_t k = n / 5 * 3 + n % 5;

        way = k % 2 == 0 ? SEALED : THEIRS;
        f.honest = t->bytes[way == THEIRS];
        f.honest_size = t->size[way == THEIRS];
        f.key = &keys[way == THEIRS];
        forge_element(&f, k / 2 * 1009 % elements);
    } else {
        forge_any(&f);
    }
    snprintf(doing, sizeof doing, "number %llu, way %d: %s", (unsigned long long)n, (int)way,
             f.what);
    if (way == THEIRS) {
        CHECK(!ask_by(t, &place, answers)); /* never believed */
        t->foreign++;
        place.trusted = true;
    }
    if (!ask_by(t, &place, answers)) {
        t->refused++;
        return;
    }
    t->answered++;
    if (way == NOT_SEALED) {
        for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
            CHECK(answers[i] == t->honest[i]);
        }
    }
}

static void open_test(struct test *t, const char *elf)
{
    struct index_place place = {.path = t->path, .key = &keys[0]};
    uint64_t answers[8];
    struct session s;

    snprintf(t->folder, sizeof t->folder, "/tmp/reprise-forged-XXXXXX");
    CHECK(mkdtemp(t->folder) != NULL);
    snprintf(t->recording_path, sizeof t->recording_path, "%s/a.rr", t->folder);
    snprintf(t->path, sizeof t->path, "%s/a.rr.idx", t->folder);
    make_recording(t, elf);
    make_index(t, 1);
    make_index(t, 0);
    open_session(t, &s); /* without an index */
    ask(t, &s, t->honest);
    close_session(&s);
    CHECK(t->honest[3] > t->of.end / 2 && t->honest[0] == t->of.end);
    CHECK(ask_by(t, &place, answers) && memcmp(answers, t->honest, sizeof answers) == 0);
}

static void close_test(struct test *t)
{
    unlink(t->path);
    unlink(t->recording_path);
    CHECK(rmdir(t->folder) == 0); /* nothing else was left */
    recording_close(t->recording);
    machine_config_fini(&t->config);
    free(t->bytes[0]);
    free(t->bytes[1]);
}

int main(int argc, char **argv)
{
    struct test t = {.folder = ""};
    const char *elf = NULL;
    uint64_t count = 300, seed = 1, only = UINT64_MAX;
    struct machine *like;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--elf") == 0) {
            elf = argv[i + 1];
        } else if (strcmp(argv[i], "--count") == 0) {
            count = strtoull(argv[i + 1], NULL, 0);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[i + 1], NULL, 0);
        } else if (strcmp(argv[i], "--only") == 0) {
            only = strtoull(argv[i + 1], NULL, 0);
        }
    }
    if (elf == NULL) {
        fprintf(stderr, "usage: forged-index --elf FILE [--count N] [--seed N] [--only N]\n");
        return 1;
    }
    open_test(&t, elf);
    like = new_machine(&t);
    signal(SIGALRM, too_long);
    for (uint64_t n = 0; n < count; n++) {
        current = n;
        alarm(HANG_SECONDS);
        if (only == UINT64_MAX || only == n) {
            forge_one(&t, like, n, seed);
        }
    }
    alarm(0);
    machine_free(like);
    close_test(&t);
    printf(
        "%llu forged indexes: %llu refused, %llu answered by, %llu of these given up on the way; "
        "%llu of another user, refused\n",
        (unsigned long long)count, t.refused, t.answered, t.damaged, t.foreign);
    return t.refused == 0 || t.answered == 0 || t.foreign == 0;
}
