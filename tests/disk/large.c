/* SPDX-License-Identifier: GPL-2.0-or-later
 * large: a machine whose disk's overlay holds 4 GiB. With its pages bounded as the program bounds them, saving and
 * restoring cost what changed, the state goes on as it did, and memory is bounded.
 *
 *   large ELF [GIB]
 * Prints the figures: the slowest save and restore when little changed, and the most memory that was taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../guest_machine.h"
#include "board/board.h"
#include "checkpoint/checkpoint.h"
#include "cli/cli.h"
#include "disk/disk.h"
#include "host/host.h"

enum { SAVES = 40, PIECE = 65536 };
#define MEMORY_MOST (1536 * KIB) /* KiB */
#define SAVE_MOST   0.02         /* seconds */

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct live_tree *tree_of(struct machine *m)
{
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        if (machine_part(m, i)->tree != NULL) {
            return machine_part(m, i)->tree;
        }
    }
    must(false);
    return NULL;
}

/* Content that no two places have. */
static void write_piece(struct disk_overlay *o, uint64_t at, uint64_t version)
{
    static uint64_t words[PIECE / 8];

    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        words[i] = (at + i) * UINT64_C(0x9e3779b97f4a7c15) + version;
    }
    disk_overlay_write(o, at, words, PIECE);
}

static bool has_piece(struct disk_overlay *o, uint64_t at, uint64_t version)
{
    static uint64_t words[PIECE / 8];
    struct error e;

    must(disk_overlay_read(o, at, words, PIECE, &e) == 0);
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i] != (at + i) * UINT64_C(0x9e3779b97f4a7c15) + version) {
            return false;
        }
    }
    return true;
}

static struct machine *build(const char *elf, const char *disk, struct machine_config *c)
{
    struct error e;
    struct machine *m;
    size_t size;

    machine_config_init(c);
    c->bios_none = 1;
    c->seed = 1;
    c->epoch_ns = 1;
    c->images[IMAGE_KERNEL].name = base_strdup(elf);
    must(host_file_read_all(elf, 64 * MIB, &c->images[IMAGE_KERNEL].data, &size, &e) == 0);
    c->images[IMAGE_KERNEL].size = size;
    c->images[IMAGE_KERNEL].hash = hash_bytes(c->images[IMAGE_KERNEL].data, size, 0);
    snprintf(c->arch, sizeof c->arch, "%s", board_arch_of(c));
    guest_machine_add_disk(c, "virtio-blk-device", disk);
    m = board_build(c, &e);
    if (m == NULL) {
        fprintf(stderr, "large: %s\n", e.text);
        exit(1);
    }
    return m;
}

static double longer(double a, double b)
{
    return a > b ? a : b;
}

/* Saves with a little written in between, then restores of all of them; the slowest of each. */
static void save_and_restore(struct machine *m, struct disk_overlay *o, uint64_t bytes,
                             double *save, double *restore)
{
    struct checkpoint_store *store = checkpoint_store_new(m);
    struct checkpoint *c[SAVES];
    uint64_t hash[SAVES];
    double t;

    checkpoint_drop(checkpoint_save(store)); /* of all memory */
    for (unsigned i = 0; i < SAVES; i++) {
        must(machine_run(m, machine_state(m)->now + 1000, false) == STOP_TICK);
        for (uint64_t k = 0; k < 8; k++) {
            write_piece(o, (i * UINT64_C(7919) + k * 104729) * PIECE % bytes, i + 1);
        }
        t = seconds();
        c[i] = checkpoint_save(store);
        *save = longer(*save, seconds() - t);
        hash[i] = machine_hash(m);
    }
    for (unsigned i = 0; i < SAVES; i++) {
        unsigned to = i * 17 % SAVES;

        t = seconds();
        checkpoint_restore(store, c[to]);
        *restore = longer(*restore, seconds() - t);
        must(machine_hash(m) == hash[to]);
        must(has_piece(o, (to * UINT64_C(7919) + 7 * 104729) * PIECE % bytes, to + 1));
    }
    for (unsigned i = 0; i < SAVES; i++) {
        checkpoint_drop(c[i]);
    }
    checkpoint_store_free(store);
}

int main(int argc, char **argv)
{
    uint64_t bytes = (argc > 2 ? strtoull(argv[2], NULL, 0) : 4) * GIB;
    char path[] = "/var/tmp/reprise-large-XXXXXX";
    double save = 0, restore = 0, start = seconds();
    struct host_scratch scratch;
    struct machine_config config;
    struct disk_overlay o;
    struct disk_source base = {.size = 0};
    struct rusage usage;
    struct machine *m;
    struct error e;
    int file;

    must(argc > 1);
    file = mkstemp(path);
    must(file >= 0 && ftruncate(file, (off_t)(bytes + GIB)) == 0);
    m = build(argv[1], path, &config);
    unlink(path);
    must(host_scratch_open(&scratch, "/var/tmp", &e) == 0);
    tree_pool_spill(machine_pages(m), &scratch, (size_t)(CLI_PAGES / PAGE_SIZE));
    disk_overlay_init(&o, tree_of(m), bytes + GIB, &base, NULL);
    for (uint64_t at = 0; at < bytes; at += PIECE) {
        write_piece(&o, at, 0);
    }
    printf("%llu GiB written: %.2f s\n", (unsigned long long)(bytes / GIB), seconds() - start);
    save_and_restore(m, &o, bytes, &save, &restore);
    must(getrusage(RUSAGE_SELF, &usage) == 0);
    printf("save %.3f ms, restore %.3f ms, memory %ld MiB, %llu pages in the file\n", save * 1000,
           restore * 1000, usage.ru_maxrss / 1024, (unsigned long long)machine_pages(m)->spilled);
    disk_overlay_fini(&o);
    machine_free(m);
    host_scratch_close(&scratch);
    machine_config_fini(&config);
    return save > SAVE_MOST || restore > SAVE_MOST || usage.ru_maxrss > (long)MEMORY_MOST;
}
