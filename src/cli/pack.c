/* SPDX-License-Identifier: GPL-2.0-or-later
 * pack: a copy of a recording that has all that it needs: files that it names, and of disks what was read of
 * them, as it was. Nothing is replayed.
 */
#include <stdlib.h>

#include "board/board.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "dev/drive.h"

#define DEFAULT_PACKED "packed.rr"

/* Images of disks, opened when something of them is wanted. */
struct disks {
    const struct machine_config *config;
    struct disk *open[MACHINE_THINGS_MAX];
};

static int read_disk(void *opaque, unsigned file, uint64_t cluster, void *bytes, struct error *e)
{
    struct disks *d = opaque;
    unsigned i = file - IMAGE_COUNT; /* only things are read in part */
    uint64_t at = cluster * DISK_READ_CLUSTER, there;

    if (d->open[i] == NULL) {
        d->open[i] = drive_open_image(d->config, &d->config->things.data[i], false, e);
    }
    if (d->open[i] == NULL) {
        return -1;
    }
    there = disk_size(d->open[i]) > at ? disk_size(d->open[i]) - at : 0;
    there = there < DISK_READ_CLUSTER ? there : DISK_READ_CLUSTER;
    memset(bytes, 0, DISK_READ_CLUSTER);
    return disk_read(d->open[i], there != 0 ? at : 0, bytes, (size_t)there, e);
}

static int pack(const struct options *o, const struct recording *r, const char *path,
                struct error *e)
{
    struct disks disks = {.config = recording_config(r)};
    const struct pack_source from = {.read = read_disk, .opaque = &disks};
    const struct journal_options options = {.force = o->force, .file = o->recording_file};
    int result = recording_pack(r, path, &options, &from, e);

    for (size_t i = 0; i < ARRAY_LEN(disks.open); i++) {
        if (disks.open[i] != NULL) {
            (void)disk_close(disks.open[i], NULL);
        }
    }
    return result;
}

int command_pack(struct options *o)
{
    const char *path = o->output != NULL ? o->output : DEFAULT_PACKED;
    struct recording *r = NULL;
    struct error e;
    int status = EXIT_FINE;

    if (cli_confine(o, false, path, &e) < 0 || (r = recording_open(o->files[0], &e)) == NULL ||
        board_check_things(recording_config(r), &e) < 0 || pack(o, r, path, &e) < 0) {
        status = cli_fail(&e);
    } else if (recording_problem(r) != NULL) { /* what is good of it was packed */
        say("%s", recording_problem(r));
        status = EXIT_USER;
    }
    if (r != NULL) {
        recording_close(r);
    }
    return status;
}
