/* SPDX-License-Identifier: GPL-2.0-or-later
 * kernel_hash: boots a kernel that powers the machine off, and prints the last tick and the hash of the state
 * there. Needs nothing but libcore, so that it is easily built by any compiler for any host; `builds` beside
 * this file compares what it prints.
 *
 *   kernel-hash WAY KERNEL INITRD APPEND HARTS [--board PROPERTY=VALUE | --cpu CPU]...
 *
 * WAY: interpreted, compiled, small-cache.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../guest_machine.h"
#include "board/board.h"
#include "host/host.h"
#include "jit/jit.h"

static void give_up(const char *why)
{
    fprintf(stderr, "kernel-hash: %s\n", why);
    exit(1);
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static void read_image(struct machine_config *c, enum machine_image_role role, const char *path)
{
    struct machine_image *image = &c->images[role];
    struct error e;

    if (host_file_read_all(path, GIB, &image->data, &image->size, &e) < 0) {
        give_up(e.text);
    }
    image->name = base_strdup(path);
    image->hash = hash_bytes(image->data, image->size, 0);
}

/* The first of the files that the board looks for, if it looks for any. */
static void read_firmware(struct machine_config *c)
{
    const struct board *board = board_by_name(c->arch, c->board);
    const char *const *path = board != NULL ? board->firmware : NULL;

    while (path != NULL && *path != NULL && !is_there(*path)) {
        path++;
    }
    if (path != NULL && *path != NULL) {
        read_image(c, IMAGE_BIOS, *path);
    }
}

static struct machine *build(const char *way, struct machine_config *c)
{
    struct error e;
    struct machine *m = board_build(c, &e);

    if (m == NULL) {
        give_up(e.text);
    }
    if (strcmp(way, "interpreted") != 0 && engine_use_jit(machine_engine(m), true, &e) < 0) {
        give_up(e.text);
    }
    if (strcmp(way, "small-cache") == 0) {
        engine_set_cache_limit(machine_engine(m),
                               1000); /* blocks; a kernel has tens of thousands */
    }
    return m;
}

int main(int argc, char **argv)
{
    struct machine_config c;
    struct machine *m;
    enum stop stop;

    if (argc < 6 || argc % 2 != 0) {
        give_up("usage: kernel-hash WAY KERNEL INITRD APPEND HARTS [OPTION VALUE]...");
    }
    machine_config_init(&c);
    c.seed = 42;
    c.epoch_ns = UINT64_C(1700000000000000000);
    c.ram_bytes = 256 * MIB;
    c.no_reboot = 1;
    c.hart_count = (uint32_t)strtoul(argv[5], NULL, 10);
    snprintf(c.append, sizeof c.append, "%s", argv[4]);
    for (int i = 6; i < argc; i += 2) {
        if (!guest_machine_option(&c, argv[i], argv[i + 1])) {
            give_up("an option that it has not");
        }
    }
    read_image(&c, IMAGE_KERNEL, argv[2]);
    read_image(&c, IMAGE_INITRD, argv[3]);
    snprintf(c.arch, sizeof c.arch, "%s", board_arch_of(&c));
    read_firmware(&c);
    m = build(argv[1], &c);
    do {
        stop = machine_run(m, machine_state(m)->now + 100000000, false);
    } while (stop == STOP_TICK);
    if (stop != STOP_POWER || machine_state(m)->power != POWER_OFF) {
        give_up("the guest did not power off");
    }
    printf("tick %" PRIu64 " hash %016" PRIx64 "\n", machine_state(m)->now, machine_hash(m));
    machine_free(m);
    machine_config_fini(&c);
    return 0;
}
