/* SPDX-License-Identifier: GPL-2.0-or-later
 * final_hash: the state in which guest programs end, against hashes that were written down once
 * (hashes.txt): the same from every compiler and optimisation, on every host, interpreted and
 * compiled, and with a code cache that is always being emptied. Needs nothing but libcore, so that
 * it is easily built for another host.
 *
 *   final-hash [--make] HASHES PROGRAM.elf...
 *
 * A line of HASHES: name, harts, hash of what is loaded, hash of the final state, its tick; --make
 * prints the lines. There is a set of them for each cross compiler that is known (Debian 12's and
 * 13's), as each makes other programs. Every program given has to be in HASHES and every name in
 * HASHES has to be given: only when no program at all is known, because another compiler made them,
 * is this skipped (77).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "host/host.h"
#include "jit/jit.h"
#include "machine/machine.h"

enum way { INTERPRETED, COMPILED, SMALL_CACHE, WAYS };
static const char *const way_names[] = {"interpreted", "compiled", "compiled, small cache"};

struct ending {
    uint64_t hash;
    tick at;
};

static struct ending run(const char *path, uint8_t *elf, size_t size, unsigned harts, enum way way)
{
    struct machine_config c;
    struct error e;
    struct machine *m;
    struct ending end;

    machine_config_init(&c);
    c.bios_none = 1;
    c.seed = 42;
    c.epoch_ns = UINT64_C(1700000000000000000);
    c.hart_count = harts;
    c.images[IMAGE_KERNEL] = (struct machine_image){
        .name = base_strdup(path), .data = elf, .size = size, .hash = hash_bytes(elf, size, 0)};
    snprintf(c.arch, sizeof c.arch, "%s", board_arch_of(&c));
    m = board_build(&c, &e);
    if (!m || (way != INTERPRETED && engine_use_jit(machine_engine(m), true, &e) < 0)) {
        fprintf(stderr, "final-hash: %s\n", e.text);
        exit(1);
    }
    if (way == SMALL_CACHE) {
        engine_set_cache_limit(machine_engine(m), 10); /* always being emptied */
    }
    while (machine_run(m, machine_state(m)->now + 10000000, false) == STOP_TICK) {
    }
    end = (struct ending){.hash = machine_hash(m), .at = machine_state(m)->now};
    machine_free(m);
    free(c.images[IMAGE_KERNEL].name);
    return end;
}

struct line {
    char name[64];
    unsigned harts;
    uint64_t elf; /* hash of what is loaded */
    struct ending end;
};

/* Of HASHES, in its order; one that cannot be read ends this program. */
static struct line *lines;
static size_t line_count;

static void read_lines(char *text)
{
    for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
        struct line l;
        int end = 0;

        if (sscanf(at, "%63s %u %" SCNx64 " %" SCNx64 " %" SCNu64 "%n", l.name, &l.harts, &l.elf,
                   &l.end.hash, &l.end.at, &end) != 5 ||
            at[end] != '\0') {
            fprintf(stderr, "final-hash: no line of hashes: %s\n", at);
            exit(1);
        }
        lines = base_realloc(lines, line_count + 1, sizeof *lines);
        lines[line_count++] = l;
    }
}

/* The line for this program, or NULL. */
static const struct line *known(const char *name, unsigned harts, uint64_t elf)
{
    for (size_t i = 0; i < line_count; i++) {
        if (strcmp(lines[i].name, name) == 0 && lines[i].harts == harts && lines[i].elf == elf) {
            return &lines[i];
        }
    }
    return NULL;
}

/* Of the bytes that are loaded (PT_LOAD is 1): debugging information names folders. */
static uint64_t hash_of_loaded(const uint8_t *elf, size_t size)
{
    bool is_64 = size > 4 && elf[4] == 2; /* EI_CLASS */
    unsigned word = is_64 ? 8 : 4;
    uint64_t h = 0, table = size >= 64 ? bytes_get_le(elf + (is_64 ? 32 : 28), word) : 0;
    unsigned entry = size >= 64 ? (unsigned)bytes_get_le(elf + (is_64 ? 54 : 42), 2) : 0;
    unsigned count = size >= 64 ? (unsigned)bytes_get_le(elf + (is_64 ? 56 : 44), 2) : 0;

    for (unsigned i = 0; i < count && table + entry * (i + 1) <= size; i++) {
        const uint8_t *p = elf + table + entry * i;
        uint64_t at = bytes_get_le(p + word, word);
        uint64_t bytes = bytes_get_le(p + (is_64 ? 32 : 16), word);

        if (bytes_get_le(p, 4) == 1 && at <= size && bytes <= size - at) {
            h = hash_bytes(elf + at, bytes, h);
        }
    }
    return h;
}

static unsigned compared, failures;
static unsigned strangers; /* programs with some number of harts that HASHES does not know */

static const char *name_of(const char *path)
{
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static void compare(const char *path, uint8_t *elf, size_t size, const struct line *want)
{
    for (unsigned way = 0; way < (jit_supported() ? WAYS : 1); way++) {
        struct ending got;

        if (way == SMALL_CACHE && want->harts == 1) {
            continue; /* slow, and with four it is worse */
        }
        got = run(path, elf, size, want->harts, (enum way)way);
        compared++;
        if (got.hash != want->end.hash || got.at != want->end.at) {
            failures++;
            printf("FAILED %s, harts %u, %s: ends at tick %" PRIu64 " with %016" PRIx64
                   ", not at %" PRIu64 " with %016" PRIx64 "\n",
                   want->name, want->harts, way_names[way], got.at, got.hash, want->end.at,
                   want->end.hash);
        }
    }
}

static void one_program(const char *path, bool make)
{
    const char *name = name_of(path);
    struct error e;
    uint8_t *elf;
    size_t size;
    uint64_t file;

    if (host_file_read_all(path, 64 * MIB, &elf, &size, &e) < 0) {
        fprintf(stderr, "final-hash: %s\n", e.text);
        exit(1);
    }
    file = hash_of_loaded(elf, size);
    for (unsigned harts = 1; harts <= 4; harts += 3) {
        const struct line *want = known(name, harts, file);

        if (make) {
            struct ending end = run(path, elf, size, harts, INTERPRETED);

            printf("%s %u %016" PRIx64 " %016" PRIx64 " %" PRIu64 "\n", name, harts, file, end.hash,
                   end.at);
        } else if (want) {
            compare(path, elf, size, want);
        } else {
            strangers++;
            printf("%s, harts %u: no line of hashes for what it loads, %016" PRIx64 "\n", name,
                   harts, file);
        }
    }
    free(elf);
}

/* Counts the names in HASHES that no program was given for. */
static unsigned missing(char **paths, int count)
{
    unsigned n = 0;

    for (size_t i = 0; i < line_count; i++) {
        int at = 0;

        while (at < count && strcmp(name_of(paths[at]), lines[i].name) != 0) {
            at++;
        }
        if (at == count) {
            n++;
            printf("FAILED %s is in hashes and was not given\n", lines[i].name);
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    bool make = argc > 1 && strcmp(argv[1], "--make") == 0;
    uint8_t *hashes;
    size_t size;
    struct error e;

    argc -= make;
    argv += make;
    if (argc < 3 || host_file_read_all(argv[1], MIB, &hashes, &size, &e) < 0) {
        fprintf(stderr, "usage: final-hash [--make] HASHES PROGRAM.elf...\n");
        return 1;
    }
    char *text = base_alloc(size + 1, 1);
    memcpy(text, hashes, size);
    read_lines(text);
    for (int i = 2; i < argc; i++) {
        one_program(argv[i], make);
    }
    if (!make) {
        failures += missing(argv + 2, argc - 2);
        printf("%u ends compared, %u failures\n", compared, failures);
    }
    free(lines);
    free(text);
    free(hashes);
    if (!make && !failures && !compared) {
        printf("skipped: another compiler made the guest programs than those that hashes knows\n");
        return 77;
    }
    return failures || (strangers && !make) ? 1 : 0;
}
