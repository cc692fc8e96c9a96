/* SPDX-License-Identifier: GPL-2.0-or-later
 * final_hash: the state in which guest programs end, against hashes that were written down once
 * (hashes.txt): the same from every compiler and optimisation, on every host, interpreted and
 * compiled, and with a code cache that is always being emptied. Needs nothing but libcore, so that
 * it is easily built for another host.
 *
 *   final-hash [--make] HASHES PROGRAM.elf...
 *
 * A line of HASHES: name, harts, hash of what is loaded, hash of the final state, its tick. A
 * program that is another one (another cross compiler) is not compared; --make prints the lines.
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
    snprintf(c.arch, sizeof c.arch, "riscv64");
    c.images[IMAGE_KERNEL] = (struct machine_image){
        .name = base_strdup(path), .data = elf, .size = size, .hash = hash_bytes(elf, size, 0)};
    m = board_build(&c, &e);
    if (!m || (way != INTERPRETED && engine_use_jit(m->engine, true, &e) < 0)) {
        fprintf(stderr, "final-hash: %s\n", e.text);
        exit(1);
    }
    if (way == SMALL_CACHE) {
        engine_set_cache_limit(m->engine, 10); /* always being emptied */
    }
    while (machine_run(m, m->state.now + 10000000, false) == STOP_TICK) {
    }
    end = (struct ending){.hash = machine_hash(m), .at = m->state.now};
    machine_free(m);
    free(c.images[IMAGE_KERNEL].name);
    return end;
}

/* The line for this program; false if there is none. */
static bool known(const char *hashes, const char *name, unsigned harts, uint64_t elf,
                  struct ending *end)
{
    for (const char *at = hashes; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
        char word[64];
        unsigned n;
        uint64_t file;

        if (sscanf(at, "%63s %u %" SCNx64 " %" SCNx64 " %" SCNu64, word, &n, &file, &end->hash,
                   &end->at) == 5 &&
            strcmp(word, name) == 0 && n == harts && file == elf) {
            return true;
        }
    }
    return false;
}

/* Of the bytes that are loaded (ELF64: PT_LOAD is 1): debugging information names folders. */
static uint64_t hash_of_loaded(const uint8_t *elf, size_t size)
{
    uint64_t h = 0, table = size >= 64 ? bytes_get_le(elf + 32, 8) : 0;
    unsigned entry = size >= 64 ? (unsigned)bytes_get_le(elf + 54, 2) : 0;
    unsigned count = size >= 64 ? (unsigned)bytes_get_le(elf + 56, 2) : 0;

    for (unsigned i = 0; i < count && table + entry * (i + 1) <= size; i++) {
        const uint8_t *p = elf + table + entry * i;
        uint64_t at = bytes_get_le(p + 8, 8), bytes = bytes_get_le(p + 32, 8);

        if (bytes_get_le(p, 4) == 1 && at <= size && bytes <= size - at) {
            h = hash_bytes(elf + at, bytes, h);
        }
    }
    return h;
}

static unsigned compared, failures;

static void one_program(const char *hashes, const char *path, bool make)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
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
        struct ending want;

        if (make) {
            want = run(path, elf, size, harts, INTERPRETED);
            printf("%s %u %016" PRIx64 " %016" PRIx64 " %" PRIu64 "\n", name, harts, file,
                   want.hash, want.at);
            continue;
        }
        if (!known(hashes, name, harts, file, &want)) {
            continue;
        }
        for (unsigned way = 0; way < (jit_supported() ? WAYS : 1); way++) {
            struct ending got;

            if (way == SMALL_CACHE && harts == 1) {
                continue; /* slow, and with four it is worse */
            }
            got = run(path, elf, size, harts, (enum way)way);
            compared++;
            if (got.hash != want.hash || got.at != want.at) {
                failures++;
                printf("FAILED %s, harts %u, %s: ends at tick %" PRIu64 " with %016" PRIx64
                       ", not at %" PRIu64 " with %016" PRIx64 "\n",
                       name, harts, way_names[way], got.at, got.hash, want.at, want.hash);
            }
        }
    }
    free(elf);
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
    for (int i = 2; i < argc; i++) {
        one_program(text, argv[i], make);
    }
    free(text);
    free(hashes);
    if (make) {
        return 0;
    }
    printf("%u ends compared, %u differ\n", compared, failures);
    return failures ? 1 : compared ? 0 : 77;
}
