/* SPDX-License-Identifier: GPL-2.0-or-later
 * invariants: runs one guest program as many tests (docs/determinism.md): chunking, replay,
 * checkpoint in a new process, observers, forgetting, incremental against full hash. Every one
 * compares the state hash at the same ticks with a first, plain run.
 *
 *   invariants --elf FILE [--smp N] [--gic N] [--device ID=MODEL[@BUS]] [--input FILE] [--expect FILE] [--seed N] [--tiny-ticks N]
 * --tiny-ticks: up to where a run has a code cache of three blocks, which is slow; else to the end.
 * (back and travel have their own tests against the oracle: tests/travel)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../chance.h"
#include "../guest_machine.h"
#include "board/board.h"
#include "checkpoint/checkpoint.h"
#include "host/host.h"
#include "jit/jit.h"
#include "machine/machine.h"

#define SAMPLES    24
#define TICKS_MOST (UINT64_C(4000) * 1000 * 1000 * 1000) /* of virtual time: idle is free */
#define STEPS_MOST UINT64_C(400000000)
#define LINE_PAUSE UINT64_C(200000) /* ticks between lines of input */

struct entry {
    tick at;
    uint32_t length;
    uint8_t *bytes;
};

/* An inlet that first makes up when the lines of a file enter, and afterwards replays that. */
struct script {
    struct machine *machine;
    uint16_t port;
    const uint8_t *bytes;
    size_t length, next;
    tick earliest;
    bool replaying;
    VEC(struct entry) entries;
    size_t cursor;
    struct text console;
};

struct subject {
    const char *self, *elf;
    struct machine_config config;
    uint8_t *input;
    size_t input_length;
    uint64_t seed;
    struct script script;
    tick end;
    uint64_t end_hash, end_instructions;
    tick at[SAMPLES];
    uint64_t hash[SAMPLES];
    unsigned failures, passed;
    tick tiny_ticks; /* up to which a run has a cache of three blocks */
    bool jit;        /* machines built from now on compile */
};

/* ---- the inlet ---- */

static size_t line_length(const struct script *s)
{
    const uint8_t *from = s->bytes + s->next;
    const uint8_t *end = memchr(from, '\n', s->length - s->next);
    return end ? (size_t)(end - from) + 1 : s->length - s->next;
}

static enum inlet_answer make_up(struct script *s, tick now, struct input *in, tick *again)
{
    uint32_t room = machine_port_room(s->machine, s->port);
    size_t length;

    if (s->next == s->length) {
        *again = TICK_NEVER;
        return INLET_QUIET;
    }
    if (now < s->earliest || room == 0) {
        *again = now < s->earliest ? s->earliest : now + 1000;
        return INLET_QUIET;
    }
    length = line_length(s);
    length = length < room ? length : room;
    struct entry e = {.at = now, .length = (uint32_t)length, .bytes = base_alloc(length, 1)};
    memcpy(e.bytes, s->bytes + s->next, length);
    vec_push(&s->entries, e);
    *in = (struct input){.at = now, .port = s->port, .length = e.length, .data = e.bytes};
    s->next += length;
    s->earliest = s->bytes[s->next - 1] == '\n' ? now + LINE_PAUSE : now + 1000;
    return INLET_INPUT;
}

static enum inlet_answer script_next(void *opaque, tick now, struct input *in, tick *again)
{
    struct script *s = opaque;

    if (!s->replaying) {
        return make_up(s, now, in, again);
    }
    while (s->cursor < s->entries.count && s->entries.data[s->cursor].at < now) {
        s->cursor++;
    }
    if (s->cursor == s->entries.count) {
        *again = TICK_NEVER;
        return INLET_QUIET;
    }
    const struct entry *e = &s->entries.data[s->cursor];
    if (e->at > now) {
        *again = e->at;
        return INLET_QUIET;
    }
    *in = (struct input){.at = now, .port = s->port, .length = e->length, .data = e->bytes};
    s->cursor++;
    return INLET_INPUT;
}

static tick script_idle(void *opaque, tick now, tick event)
{
    struct script *s = opaque;
    tick next = TICK_NEVER;

    if (!s->replaying && s->next < s->length) {
        next = s->earliest > now ? s->earliest : now + 1000;
    } else if (s->replaying && s->cursor < s->entries.count) {
        next = s->entries.data[s->cursor].at;
    }
    return next < event ? next : event;
}

static void script_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct script *s = opaque;
    (void)now;
    (void)port;
    text_add_bytes(&s->console, bytes, count);
}

/* ---- running ---- */

static struct machine *build(struct subject *g)
{
    struct error e;
    struct machine *m = board_build(&g->config, &e);
    int port;

    if (!m) {
        fprintf(stderr, "invariants: %s\n", e.text);
        exit(1);
    }
    if (g->jit) {
        must(engine_use_jit(machine_engine(m), true, &e) == 0);
    }
    port = machine_port_by_name(m, "serial0");
    g->script.machine = m;
    g->script.port = (uint16_t)port;
    g->script.cursor = 0;
    g->script.console.length = 0;
    machine_set_inlet(m, &(struct inlet){.opaque = &g->script,
                                         .next = script_next,
                                         .idle = script_idle,
                                         .output = script_output});
    return m;
}

static void check(struct subject *g, const char *what, tick at, uint64_t got, uint64_t want)
{
    if (got == want) {
        g->passed++;
        return;
    }
    g->failures++;
    fprintf(stderr, "FAILED %s%s: %s at tick %llu: %016llx, expected %016llx\n", g->elf,
            g->jit ? " (compiled)" : "", what, (unsigned long long)at, (unsigned long long)got,
            (unsigned long long)want);
}

/* The plain run: no hash is taken, nothing is cut. Finds the end, then the samples. */
static void run_plain(struct subject *g)
{
    struct machine *m = build(g);
    enum stop stop = STOP_TICK;

    while (stop == STOP_TICK && machine_state(m)->now < TICKS_MOST &&
           machine_state(m)->instructions < STEPS_MOST) {
        stop = machine_run(m, machine_state(m)->now + 50000000, false);
    }
    if (stop != STOP_POWER || machine_state(m)->power != POWER_OFF) {
        fprintf(stderr, "FAILED %s: did not power off (stop %d, power %u, guest status %u)\n%s\n",
                g->elf, (int)stop, machine_state(m)->power, machine_state(m)->exit_status,
                g->script.console.data ? g->script.console.data : "");
        exit(1);
    }
    g->end = machine_state(m)->now;
    g->end_instructions = machine_state(m)->instructions;
    g->end_hash = machine_hash(m);
    check(g, "full hash", g->end, machine_hash_slow(m), g->end_hash);
    machine_free(m);
    g->script.replaying = true;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t r = chance_next(&g->seed);
        g->at[i] = g->end / SAMPLES * i + r % (g->end / SAMPLES + 1);
        if (g->at[i] >= g->end) {
            g->at[i] = g->end - 1;
        }
    }
}

static void finish(struct subject *g, struct machine *m, const char *what)
{
    enum stop stop = machine_run(m, g->end + 1, false);

    check(g, what, machine_state(m)->now, stop == STOP_POWER, 1);
    check(g, what, machine_state(m)->now, machine_state(m)->now, g->end);
    check(g, what, machine_state(m)->now, machine_hash(m), g->end_hash);
    machine_free(m);
}

static void sample(struct subject *g)
{
    struct machine *m = build(g);

    for (unsigned i = 0; i < SAMPLES; i++) {
        must(machine_run(m, g->at[i], false) == STOP_TICK);
        g->hash[i] = machine_hash(m);
        check(g, "full hash", g->at[i], machine_hash_slow(m), g->hash[i]);
    }
    finish(g, m, "replay");
}

/* E: generated code against the interpreter's samples. */
static void compare_samples(struct subject *g)
{
    struct machine *m = build(g);

    for (unsigned i = 0; i < SAMPLES; i++) {
        must(machine_run(m, g->at[i], false) == STOP_TICK);
        check(g, "engines", g->at[i], machine_hash(m), g->hash[i]);
    }
    finish(g, m, "engines");
}

/* What a guest gets to is never taken for a forged state. */
static void check_possible(struct subject *g, const struct machine *m)
{
    struct text states = {0};
    struct error e;

    for (unsigned i = 0; i < machine_part_count(m); i++) {
        text_add_bytes(&states, machine_part(m, i)->state, machine_part(m, i)->table->state_size);
    }
    if (machine_check_states(m, states.data, &e) < 0) {
        g->failures++;
        fprintf(stderr, "FAILED %s: refused at tick %llu: %s\n", g->elf,
                (unsigned long long)machine_state(m)->now, e.text);
    } else {
        g->passed++;
    }
    text_fini(&states);
}

/* C: random cuts, with a stretch of single ticks at each sample. */
static void chunks(struct subject *g)
{
    struct machine *m = build(g);

    for (unsigned i = 0; i < SAMPLES; i++) {
        while (machine_state(m)->now < g->at[i]) {
            uint64_t left = g->at[i] - machine_state(m)->now;
            uint64_t r = chance_next(&g->seed);
            uint64_t n = left < 300 ? 1 : 1 + r % (r & 64 ? 1000 : left / 4 + 1);
            must(machine_run(m, machine_state(m)->now + (n < left ? n : left), false) == STOP_TICK);
            check_possible(g, m);
        }
        check(g, "chunks", g->at[i], machine_hash(m), g->hash[i]);
    }
    finish(g, m, "chunks");
}

/* F: everything derived is dropped at random ticks, and the code cache is tiny up to a tick. */
static void forget(struct subject *g, size_t cache_limit, tick up_to)
{
    struct machine *m = build(g);

    engine_set_cache_limit(machine_engine(m), cache_limit);
    for (unsigned i = 0; i < SAMPLES; i++) {
        if (g->at[i] > up_to) {
            engine_set_cache_limit(machine_engine(m), 65536);
        }
        for (unsigned n = 0; n < 8 && machine_state(m)->now < g->at[i]; n++) {
            uint64_t left = g->at[i] - machine_state(m)->now;
            must(machine_run(m, machine_state(m)->now + 1 + chance_next(&g->seed) % left, false) ==
                 STOP_TICK);
            machine_forget(m);
        }
        must(machine_run(m, g->at[i], false) == STOP_TICK);
        check(g, "forget", g->at[i], machine_hash(m), g->hash[i]);
    }
    finish(g, m, "forget");
}

static bool count_hit(void *opaque, const struct probe_hit *h)
{
    (void)h;
    ++*(uint64_t *)opaque;
    return false;
}

/* O: probes that only look, hashes in between, a checkpoint taken. */
static void observers(struct subject *g)
{
    struct machine *m = build(g);
    struct checkpoint_store *store = checkpoint_store_new(m);
    struct checkpoint *c = NULL;
    uint64_t hits = 0;
    struct probe probes[] = {
        {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = machine_cpu(m, 0)->hart->pc},
        {.kind = PROBE_WATCH_ACCESS, .hart = PROBE_ANY_HART, .at = 0x80010000, .size = 8192},
        {.kind = PROBE_STEP, .hart = 0},
    };
    struct probe_set set = {.probes = probes, .count = 2, .opaque = &hits, .hit = count_hit};

    machine_set_probes(m, &set);
    for (unsigned i = 0; i < SAMPLES; i++) {
        must(machine_run(m, g->at[i], false) == STOP_TICK);
        check(g, "observers", g->at[i], machine_hash(m), g->hash[i]);
        checkpoint_drop(c);
        c = checkpoint_save(store);
        set.count = i % 4 == 3 && g->end < 3000000 ? 3 : 2; /* stepping is slow */
        machine_set_probes(m, i % 3 == 2 ? NULL : &set);
    }
    machine_set_probes(m, NULL);
    checkpoint_drop(c);
    must(machine_run(m, g->end + 1, false) == STOP_POWER);
    check(g, "observers", machine_state(m)->now, machine_hash(m), g->end_hash);
    checkpoint_store_free(store);
    machine_free(m);
}

/* K: save, and go back to it in the same machine. */
static void restore_here(struct subject *g)
{
    struct machine *m = build(g);
    struct checkpoint_store *store = checkpoint_store_new(m);
    struct checkpoint *c[SAMPLES];

    for (unsigned i = 0; i < SAMPLES; i++) {
        must(machine_run(m, g->at[i], false) == STOP_TICK);
        c[i] = checkpoint_save(store);
    }
    for (unsigned n = 0; n < SAMPLES; n++) {
        unsigned i = (unsigned)(chance_next(&g->seed) % (SAMPLES - 1));
        checkpoint_restore(store, c[i]);
        g->script.cursor = 0;
        check(g, "restore", g->at[i], machine_hash(m), g->hash[i]);
        check(g, "restore, full hash", g->at[i], machine_hash_slow(m), g->hash[i]);
        must(machine_run(m, g->at[i + 1], false) == STOP_TICK);
        check(g, "restore and go on", g->at[i + 1], machine_hash(m), g->hash[i + 1]);
    }
    for (unsigned i = 0; i < SAMPLES; i++) {
        checkpoint_drop(c[i]);
    }
    checkpoint_store_free(store);
    machine_free(m);
}

/* K: save as bytes, load in a new process, go on. */
static void save_for_new_process(struct subject *g, char **argv, int argc)
{
    unsigned i = (unsigned)(chance_next(&g->seed) % SAMPLES);
    struct machine *m = build(g);
    struct checkpoint_store *store = checkpoint_store_new(m);
    struct checkpoint *c;
    struct text bytes = {0};
    char path[] = "/tmp/reprise-invariants-XXXXXX";
    char end[32], hash[32];
    int file = mkstemp(path), status = -1;
    pid_t child;

    must(machine_run(m, g->at[i], false) == STOP_TICK);
    c = checkpoint_save(store);
    checkpoint_write(c, &bytes);
    must(write(file, bytes.data, bytes.length) == (ssize_t)bytes.length);
    close(file);
    snprintf(end, sizeof end, "%llu", (unsigned long long)g->end);
    snprintf(hash, sizeof hash, "%llu", (unsigned long long)g->end_hash);
    child = fork();
    if (child == 0) {
        const char **args = base_alloc((size_t)argc + 6, sizeof(*args));
        int n = 0;
        while (n < argc) {
            args[n] = argv[n];
            n++;
        }
        args[n++] = "--resume";
        args[n++] = path;
        args[n++] = end;
        args[n++] = hash;
        execv("/proc/self/exe", (char **)(uintptr_t)args);
        _exit(127);
    }
    waitpid(child, &status, 0);
    check(g, "checkpoint in a new process", g->at[i], (uint64_t)status, 0);
    unlink(path);
    text_fini(&bytes);
    checkpoint_drop(c);
    checkpoint_store_free(store);
    machine_free(m);
}

/* In the new process: inputs after the checkpoint are made up again from the same rule, so only
 * programs without input are continued here; with input the end is compared by the parent's rule
 * that the script had been used up (see main). */
static int resume(struct subject *g, const char *path, const char *end, const char *hash)
{
    struct machine *m = build(g);
    struct checkpoint_store *store = checkpoint_store_new(m);
    struct checkpoint *c;
    struct error e;
    uint8_t *bytes;
    size_t size;
    bool good;

    if (host_file_read_all(path, (size_t)GIB, &bytes, &size, &e) < 0 ||
        !(c = checkpoint_read(store, bytes, size, &e))) {
        fprintf(stderr, "invariants: %s\n", e.text);
        return 1;
    }
    checkpoint_restore(store, c);
    good = machine_run(m, TICK_NEVER, false) == STOP_POWER &&
           machine_state(m)->now == strtoull(end, NULL, 10) &&
           machine_hash(m) == strtoull(hash, NULL, 10);
    if (!good) {
        fprintf(stderr, "invariants: resumed run ends at tick %llu with %016llx, expected %s\n",
                (unsigned long long)machine_state(m)->now, (unsigned long long)machine_hash(m),
                end);
    }
    free(bytes);
    checkpoint_drop(c);
    checkpoint_store_free(store);
    machine_free(m);
    return !good;
}

static void read_file(const char *path, uint8_t **data, size_t *size)
{
    struct error e;
    if (host_file_read_all(path, 64 * MIB, data, size, &e) < 0) {
        fprintf(stderr, "invariants: %s\n", e.text);
        exit(1);
    }
}

static void compare_console(struct subject *g, const char *path)
{
    uint8_t *want;
    size_t size;
    const struct text *got = &g->script.console;

    read_file(path, &want, &size);
    if (got->length != size || memcmp(got->data, want, size) != 0) {
        g->failures++;
        fprintf(stderr, "FAILED %s: the console is not %s:\n%.*s\n", g->elf, path, (int)got->length,
                got->data ? got->data : "");
    } else {
        g->passed++;
    }
    free(want);
}

static void subject_fini(struct subject *g)
{
    machine_config_fini(&g->config);
    free(g->input);
    for (size_t i = 0; i < g->script.entries.count; i++) {
        free(g->script.entries.data[i].bytes);
    }
    vec_fini(&g->script.entries);
    text_fini(&g->script.console);
}

static void all_but_the_first(struct subject *g)
{
    chunks(g);
    forget(g, 65536, TICK_NEVER);
    forget(g, 3, g->tiny_ticks);
    observers(g);
    restore_here(g);
}

/* ID=MODEL[@BUS] */
static void plug(struct machine_config *c, const char *what)
{
    char id[MACHINE_NAME_MAX], model[MACHINE_NAME_MAX], bus[MACHINE_NAME_MAX];
    int got = sscanf(what, "%31[^=]=%31[^@]@%31s", id, model, bus);
    struct machine_thing *t;

    must(got >= 2);
    t = machine_config_add_thing(c, "device", id);
    thing_set_text(t, "driver", model);
    if (got == 3) {
        thing_set_text(t, "bus", bus);
    }
}

int main(int argc, char **argv)
{
    struct subject g = {.seed = 1, .tiny_ticks = TICK_NEVER};
    const char *expect = NULL;
    char **resume_args = NULL;
    size_t size;

    machine_config_init(&g.config);
    g.config.bios_none = 1;
    g.config.seed = 42;
    g.config.epoch_ns = UINT64_C(1700000000000000000);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--elf") == 0) {
            g.elf = argv[i + 1];
        } else if (strcmp(argv[i], "--smp") == 0) {
            g.config.hart_count = (uint32_t)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--input") == 0) {
            read_file(argv[i + 1], &g.input, &g.input_length);
        } else if (strcmp(argv[i], "--expect") == 0) {
            expect = argv[i + 1];
        } else if (strcmp(argv[i], "--gic") == 0) {
            thing_set_text(machine_config_add_thing(&g.config, "board", "board"), "gic-version",
                           argv[i + 1]);
        } else if (strcmp(argv[i], "--device") == 0) {
            plug(&g.config, argv[i + 1]);
        } else if (strcmp(argv[i], "--seed") == 0) {
            g.seed = strtoull(argv[i + 1], NULL, 0);
        } else if (strcmp(argv[i], "--tiny-ticks") == 0) {
            g.tiny_ticks = strtoull(argv[i + 1], NULL, 0);
        } else if (strcmp(argv[i], "--resume") == 0) {
            resume_args = argv + i + 1;
            break;
        } else if (!guest_machine_option(&g.config, argv[i], argv[i + 1])) {
            fprintf(stderr, "invariants: what is %s?\n", argv[i]);
            return 1;
        }
    }
    if (!g.elf) {
        fprintf(stderr, "usage: invariants --elf FILE [--smp N] [--input FILE] [--expect FILE]"
                        " [--cpu CPU] [--board PROPERTY=VALUE]...\n");
        return 1;
    }
    struct machine_image *kernel = &g.config.images[IMAGE_KERNEL];
    kernel->name = base_strdup(g.elf);
    read_file(g.elf, &kernel->data, &size);
    kernel->size = size;
    snprintf(g.config.arch, sizeof g.config.arch, "%s", board_arch_of(&g.config));
    kernel->hash = hash_bytes(kernel->data, size, 0);
    g.script.bytes = g.input;
    g.script.length = g.input_length;
    g.script.earliest = LINE_PAUSE;
    if (resume_args) {
        int status = resume(&g, resume_args[0], resume_args[1], resume_args[2]);
        subject_fini(&g);
        return status;
    }
    run_plain(&g);
    if (expect) {
        compare_console(&g, expect);
    }
    sample(&g);
    all_but_the_first(&g);
    if (jit_supported()) { /* E: and all of it again in generated code */
        g.jit = true;
        compare_samples(&g);
        all_but_the_first(&g);
        g.jit = false;
    }
    if (g.input_length == 0) {
        save_for_new_process(&g, argv, argc);
    }
    printf("%s: %llu ticks, %llu instructions, hash %016llx: %u checks passed, %u failed\n", g.elf,
           (unsigned long long)g.end, (unsigned long long)g.end_instructions,
           (unsigned long long)g.end_hash, g.passed, g.failures);
    subject_fini(&g);
    return g.failures != 0;
}
