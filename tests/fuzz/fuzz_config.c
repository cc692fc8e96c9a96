/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_config: CONFIG, of format 2 or (first byte 1) of format 1. What is read is within bounds, and
 * comes back the same when it is written and read again.
 */
#include "journal/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct got {
    struct machine_config config;
    struct config_extra extra;
    struct image_note notes[MACHINE_FILES_MAX];
};

static int read_config(struct got *g, unsigned format, const uint8_t *data, size_t size)
{
    struct error e = {{0}};
    int result = config_read(format, data, size, &g->config, &g->extra, g->notes, &e);

    must(result == 0 || strlen(e.text) > 8);
    must(g->config.things.count <= MACHINE_THINGS_MAX && g->config.uses.count <= MACHINE_USES_MAX);
    return result;
}

static void check(struct got *g)
{
    struct got *again = base_alloc(1, sizeof(*again));
    byte_vec first = {0}, second = {0};

    must(g->config.hart_count >= 1 && g->config.hart_count <= MACHINE_HARTS_MAX);
    must(g->config.serial_count <= MACHINE_SERIALS_MAX && g->config.shift <= 10);
    config_write(&first, &g->config, &g->extra, false);
    must(read_config(again, 2, first.data, first.count) == 0);
    config_write(&second, &again->config, &again->extra, false);
    must(first.count == second.count && memcmp(first.data, second.data, first.count) == 0);
    vec_fini(&first);
    vec_fini(&second);
    machine_config_fini(&again->config);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct got *g = base_alloc(1, sizeof(*g));

    if (size > 0 && read_config(g, data[0] == 1 ? 1 : 2, data + 1, size - 1) == 0) {
        check(g);
    }
    machine_config_fini(&g->config);
    free(g);
    return 0;
}
