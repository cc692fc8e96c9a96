/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench: what it costs to save and to restore a machine with a device whose tree has 4 GiB, of which
 * many pages are not zero, when little of it was written in between.
 *
 *   build/tests/unit/bench-tree [PAGES [WRITTEN]]
 */
#include "checkpoint/checkpoint.h"
#include "../unit/dev_bench.h"

#include <time.h>

static const struct field store_fields[] = {FIELD(struct bench_lamp, lit)};

static uint64_t four_gib(const struct device *d)
{
    (void)d;
    return 4 * GIB;
}

static const struct device_class store_class = {
    .name = "store",
    .state = FIELD_TABLE(struct bench_lamp, store_fields),
    .tree_bytes = four_gib,
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void tell(const char *what, double *ms, unsigned count)
{
    qsort(ms, count, sizeof(*ms), by_size);
    printf("%-32s %8.3f ms (the slowest %.3f)\n", what, ms[count / 2], ms[count - 1]);
}

static void write_pages(struct device *d, uint64_t pages, uint64_t written, uint64_t round)
{
    for (uint64_t i = 0; i < written; i++) {
        uint64_t page = (i * 7919 + round * 104729) % pages;

        (void)device_tree_write(d, page * 10 * PAGE_SIZE + 8 * (round % 512), &i, sizeof i);
    }
}

int main(int argc, char **argv)
{
    enum { ROUNDS = 41 };
    uint64_t pages = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
    uint64_t written = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000;
    double writes[ROUNDS], saves[ROUNDS], again[ROUNDS], restores[ROUNDS];
    struct checkpoint *first, *c[ROUNDS];
    struct checkpoint_store *s;
    struct bench b;

    bench_open(&b, &store_class, NULL, 0, 1);
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t word = i + 1;

        (void)device_tree_write(b.device, i * 10 * PAGE_SIZE, &word, sizeof word);
    }
    s = checkpoint_store_new(b.machine);
    saves[0] = now();
    first = checkpoint_save(s);
    printf("%llu pages; the first save took %.1f ms\n", (unsigned long long)pages,
           now() - saves[0]);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double t = now();

        write_pages(b.device, pages, written, i);
        writes[i] = now() - t;
        t = now();
        c[i] = checkpoint_save(s);
        saves[i] = now() - t;
        t = now();
        checkpoint_drop(checkpoint_save(s));
        again[i] = now() - t;
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        double t = now();

        checkpoint_restore(s, i % 2 == 0 ? first : c[i]);
        restores[i] = now() - t;
    }
    tell("writing", writes, ROUNDS);
    tell("saving what was written", saves, ROUNDS);
    tell("saving once more", again, ROUNDS);
    tell("restoring", restores, ROUNDS);
    printf("%llu bytes are the checkpoints'\n", (unsigned long long)checkpoint_store_bytes(s));
    checkpoint_drop(first);
    for (unsigned i = 0; i < ROUNDS; i++) {
        checkpoint_drop(c[i]);
    }
    checkpoint_store_free(s);
    bench_close(&b);
    return 0;
}
