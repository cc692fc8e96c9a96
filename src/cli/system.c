/* SPDX-License-Identifier: GPL-2.0-or-later
 * system: reprise-system-ARCH: the same program under the reference's names and with its command line. It
 * runs, records or replays as the subcommands do.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "cli/snapshots.h"

static const char prefix[] = "reprise-system-";

bool system_is_name(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

int cli_guest_status(const struct options *o, uint32_t asked)
{
    return o->system == NULL ? EXIT_GUEST : (asked & 255) != 0 ? (int)(asked & 255) : EXIT_USER;
}

static bool is_arch(const char *name)
{
    for (size_t i = 0; i < board_registry_count; i++) {
        if (strcmp(board_registry[i].arch, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The recording says what the machine is; the command line has to say the same. */
static int replay(struct options *o)
{
    struct error e;
    struct recording *r = recording_open(o->rr_file, &e);
    int result = -1;

    if (r != NULL) {
        result = options_compare_machine(o, recording_config(r), &e);
        if (result < 0) {
            error_prefix(&e, "%s", o->rr_file);
        }
        recording_close(r);
    }
    if (result == 0 && o->rr_snapshot != NULL) {
        struct snapshot_place place;

        result = snapshots_find(snapshots_image(&o->machine), o->rr_snapshot, &place, &e);
    }
    if (result < 0) {
        return cli_fail(&e);
    }
    o->command = COMMAND_REPLAY;
    o->files[0] = o->rr_file;
    o->file_count = 1;
    return command_replay(o);
}

static int run(struct options *o)
{
    struct error e;

    if (o->help) {
        options_system_help(o->system, &o->list);
    }
    if (o->list.length != 0) {
        say_lines(stdout, &o->list);
        return EXIT_FINE;
    }
    if (options_read_images(o, &e) < 0) {
        return cli_fail(&e);
    }
    return o->rr == OPTIONS_RR_REPLAY ? replay(o) : command_run(o);
}

int command_line_system(const char *name, int argc, char **argv)
{
    const char *arch = name + sizeof prefix - 1;
    struct options o;
    struct error e;
    int status;

    say_as(name);
    if (!is_arch(arch)) {
        say("there is no %.40s here: riscv64, riscv32, aarch64 and arm are", arch);
        return EXIT_USER;
    }
    status = options_parse_system(&o, name, arch, argc, argv, &e) < 0 ? cli_fail(&e) : run(&o);
    options_fini(&o);
    return status;
}
