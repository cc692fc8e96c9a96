/* SPDX-License-Identifier: GPL-2.0-or-later
 * driver: main() of a fuzz target in a normal build. Runs files, or every file of a folder and a
 * fixed number of inputs mutated from them; the same ones each time, so that a failure is a fact
 * about the code. What was being tried when the target crashed, hung or gave up is kept.
 * Left out: guidance by coverage; that is libFuzzer's (-Dfuzz=true).
 */
#include "host/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

enum { INPUT_MAX = 1 << 18, SECONDS_EACH = 20, STACK_MAX = 8 };
static const char kept_name[] = "fuzz-failed-input";

struct seed {
    char *path;
    uint8_t *bytes;
    size_t size;
};
typedef VEC(struct seed) seed_list;

/* Globals, because whoever reads them does so in the middle of a crash. */
static const uint8_t *volatile trying;
static volatile size_t trying_size;

/* Only what a signal handler may do. */
static void keep_input(void)
{
    static const char words[] = "\nfuzz: the input that did this is in the file ";

    if (trying == NULL) {
        return;
    }
    int out = open(kept_name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t written = write(out, (const void *)trying, trying_size);
    trying = NULL;
    (void)!write(STDERR_FILENO, words, sizeof(words) - 1);
    (void)!write(STDERR_FILENO, kept_name, sizeof(kept_name) - 1);
    (void)!write(STDERR_FILENO, "\n", 1);
    if (out >= 0) {
        close(out);
    }
    (void)written;
}

static void on_signal(int number)
{
    keep_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void watch_for_failure(void)
{
    static const int crashes[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV};

    (void)atexit(keep_input); /* must() exits */
    (void)signal(SIGABRT, on_signal);
    (void)signal(SIGALRM, on_signal);
    if (__sanitizer_set_death_callback != NULL) {
        /* A sanitizer's own handlers of crashes say more than ours. */
        __sanitizer_set_death_callback(keep_input);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        (void)signal(crashes[i], on_signal);
    }
}

/* The target gets an exact heap copy: then a sanitizer sees the first byte past its end. */
static void run_one(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);

    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, bytes, size);
    }
    trying_size = size;
    trying = copy;
    (void)alarm(SECONDS_EACH);
    (void)LLVMFuzzerTestOneInput(copy, size);
    (void)alarm(0);
    trying = NULL;
    free(copy);
}

/* ---- mutations ------------------------------------------------------------------------------ */

struct chance {
    uint64_t state;
};

/* A 64-bit mixer over a counter: enough spread for this, and short. */
static uint64_t chance_next(struct chance *c)
{
    uint64_t x = c->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static size_t chance_below(struct chance *c, size_t bound)
{
    return bound != 0 ? (size_t)(chance_next(c) % bound) : 0;
}

/* Small pieces are the likely ones. */
static size_t chance_length(struct chance *c, size_t most)
{
    must(most <= INPUT_MAX);
    return chance_below(c, ((size_t)1 << chance_below(c, 16)) + 1) % (most + 1);
}

struct input {
    uint8_t bytes[INPUT_MAX];
    size_t size;
};

/* Opens a gap of `count` bytes at `at`, as far as there is room; returns its size. */
static size_t open_gap(struct input *in, size_t at, size_t count)
{
    if (count > INPUT_MAX - in->size) {
        count = INPUT_MAX - in->size;
    }
    memmove(in->bytes + at + count, in->bytes + at, in->size - at);
    in->size += count;
    return count;
}

static void mutate_numbers(struct chance *c, struct input *in)
{
    static const uint64_t edges[] = {0,          1,         0x7f,           0x80,       0xff,
                                     0x7fff,     0x8000,    0xffff,         0x7fffffff, 0x80000000,
                                     0xffffffff, INT64_MAX, UINT64_MAX - 7, UINT64_MAX};
    unsigned width = 1u << chance_below(c, 4);

    if (in->size < width) {
        return;
    }
    uint8_t *p = in->bytes + chance_below(c, in->size - width + 1);
    uint64_t value = chance_below(c, 2) != 0 ? edges[chance_below(c, ARRAY_LEN(edges))]
                                             : bytes_get_le(p, width) + chance_below(c, 33) - 16;
    if (chance_below(c, 3) == 0) {
        bytes_set_be(p, width, value);
    } else {
        bytes_set_le(p, width, value);
    }
}

static void mutate(struct chance *c, struct input *in, const struct seed *other)
{
    size_t at = chance_below(c, in->size + 1);
    size_t count = chance_length(c, in->size - at);

    switch (chance_below(c, 8)) {
    case 0: /* bits */
        if (in->size != 0) {
            in->bytes[chance_below(c, in->size)] ^= (uint8_t)(1u << chance_below(c, 8));
        }
        break;
    case 1: /* a byte */
        if (in->size != 0) {
            in->bytes[chance_below(c, in->size)] = (uint8_t)chance_next(c);
        }
        break;
    case 2: mutate_numbers(c, in); break;
    case 3: /* a piece away */
        memmove(in->bytes + at, in->bytes + at + count, in->size - at - count);
        in->size -= count;
        break;
    case 4: /* the end away */ in->size = at; break;
    case 5: { /* a piece twice */
        size_t gap = open_gap(in, at, count);
        memmove(in->bytes + at, in->bytes + at + gap, gap);
        break;
    }
    case 6: { /* noise put in */
        size_t gap = open_gap(in, at, 1 + chance_below(c, 8));
        for (size_t i = 0; i < gap; i++) {
            in->bytes[at + i] = (uint8_t)chance_next(c);
        }
        break;
    }
    default: { /* a piece of another seed put in */
        size_t from = chance_below(c, other->size + 1);
        size_t gap = open_gap(in, at, chance_length(c, other->size - from));
        memcpy(in->bytes + at, other->bytes + from, gap);
        break;
    }
    }
}

static void run_mutations(const seed_list *seeds, uint64_t first, uint64_t count)
{
    struct input *in = base_alloc(1, sizeof(*in));

    must(seeds->count != 0);
    for (uint64_t i = first; i < first + count; i++) {
        struct chance c = {i << 20};
        const struct seed *from = &seeds->data[chance_below(&c, seeds->count)];
        in->size = from->size;
        memcpy(in->bytes, from->bytes, from->size);
        size_t changes = 1 + chance_below(&c, STACK_MAX);
        while (changes-- > 0) {
            mutate(&c, in, &seeds->data[chance_below(&c, seeds->count)]);
        }
        run_one(in->bytes, in->size);
    }
    free(in);
}

/* ---- seeds ---------------------------------------------------------------------------------- */

static void add_seed(seed_list *seeds, const char *path)
{
    struct seed s = {.path = base_strdup(path)};
    struct error e;

    if (host_file_read_all(path, INPUT_MAX, &s.bytes, &s.size, &e) != 0) {
        fprintf(stderr, "fuzz: %s\n", e.text);
        exit(1);
    }
    vec_push(seeds, s);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct seed *)a)->path, ((const struct seed *)b)->path);
}

/* Every plain file of the folder; none if there is no such folder. */
static void add_folder(seed_list *seeds, const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct text file = {0};
        if (entry->d_name[0] != '.') {
            text_add(&file, "%s/%s", path, entry->d_name);
            add_seed(seeds, file.data);
        }
        text_fini(&file);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    if (seeds->count != 0) {
        /* The order of a folder is the host's. */
        qsort(seeds->data, seeds->count, sizeof(seeds->data[0]), by_path);
    }
}

static void free_seeds(seed_list *seeds)
{
    for (size_t i = 0; i < seeds->count; i++) {
        free(seeds->data[i].path);
        free(seeds->data[i].bytes);
    }
    vec_fini(seeds);
}

int main(int argc, char **argv)
{
    seed_list seeds = {0};
    uint64_t inputs = 0, first = 0;
    int i = 1;

    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--inputs") == 0) {
            inputs = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--first") == 0) {
            first = strtoull(argv[i + 1], NULL, 10);
        } else {
            break;
        }
    }
    if (i >= argc || strncmp(argv[i], "--", 2) == 0) {
        fprintf(stderr, "usage: %s FILE...\n       %s --inputs N [--first I] FOLDER\n", argv[0],
                argv[0]);
        return 1;
    }
    if (LLVMFuzzerInitialize != NULL) {
        (void)LLVMFuzzerInitialize(&argc, &argv);
    }
    watch_for_failure();
    if (inputs == 0) {
        for (; i < argc; i++) {
            add_seed(&seeds, argv[i]);
        }
    } else {
        add_folder(&seeds, argv[i]);
    }
    for (size_t j = 0; j < seeds.count; j++) {
        run_one(seeds.data[j].bytes, seeds.data[j].size);
    }
    size_t whole = seeds.count;
    if (inputs != 0) {
        /* With no other seed, everything grows out of nothing. */
        vec_push(&seeds, ((struct seed){base_strdup(""), base_alloc(1, 1), 0}));
        run_one((const uint8_t *)"", 0);
        run_mutations(&seeds, first, inputs);
    }
    printf("%zu files, %llu mutations\n", whole, (unsigned long long)inputs);
    free_seeds(&seeds);
    return 0;
}
