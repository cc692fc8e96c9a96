/* SPDX-License-Identifier: GPL-2.0-or-later
 * parse: a command line against the tables of options, and --help, which prints them. Names, meanings
 * and defaults are QEMU's where QEMU has such an option.
 */
#include "options/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/host.h"

static const struct option_group *const groups[] = {&options_of_recording, &options_of_machine,
                                                    &options_of_chardevs,  &options_of_monitors,
                                                    &options_of_nets,      &options_of_session};

const struct option_entry *options_find(enum command command, const char *name)
{
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            const struct option_entry *entry = &groups[g]->entries[i];

            if ((entry->commands & command) && strcmp(entry->name, name) == 0) {
                return entry;
            }
        }
    }
    /* --serial and -serial are the same to people's fingers */
    if (name[0] == '-' && name[1] == '-' && name[2] && name[3]) {
        return options_find(command, name + 1);
    }
    return NULL;
}

/* How many arguments at least. */
static int files_wanted(enum command command)
{
    switch (command) {
    case COMMAND_QUERY:
    case COMMAND_DIFF: return 2;
    case COMMAND_REPLAY:
    case COMMAND_DEBUG:
    case COMMAND_INDEX:
    case COMMAND_PACK:
    case COMMAND_INFO: return 1;
    case COMMAND_RUN:
    case COMMAND_RECORD: break;
    }
    return 0;
}

static int take_file(struct options *o, const char *arg, struct error *e)
{
    int most = o->command == COMMAND_QUERY ? (int)ARRAY_LEN(o->files) : files_wanted(o->command);

    if (o->file_count == most) {
        return error_set(e, "'%s' is one argument too many; see --help", arg);
    }
    o->files[o->file_count++] = arg;
    return 0;
}

void options_init(struct options *o, enum command command)
{
    memset(o, 0, sizeof(*o));
    machine_config_init(&o->machine);
    o->command = command;
    o->sleep = true;
    o->machine.epoch_ns = UINT64_MAX; /* not given: the host's at the start */
    o->machine.seed = UINT64_MAX;
}

int options_finish(struct options *o, struct error *e)
{
    return options_check_chardevs(o, e) < 0 ? -1 : options_check_nets(o, e);
}

int options_take_as(struct options *o, const char *option, const char *value, struct error *e)
{
    const struct option_entry *entry = options_find(COMMAND_RUN, option);

    must(entry != NULL && (entry->argument != NULL) == (value != NULL));
    return entry->take(o, value, e);
}

char *options_own(struct options *o, char *text)
{
    vec_push(&o->owned, text);
    return text;
}

int options_parse(struct options *o, enum command command, int argc, char **argv, struct error *e)
{
    options_init(o, command);
    for (int i = 1; i < argc; i++) {
        const struct option_entry *entry;
        const char *value = NULL;

        if (strcmp(argv[i], "--") == 0) {
            o->rest = argv + i + 1;
            o->rest_count = argc - i - 1;
            break;
        }
        if (argv[i][0] != '-') {
            if (take_file(o, argv[i], e) < 0) {
                return -1;
            }
            continue;
        }
        entry = options_find(command, argv[i]);
        if (!entry) {
            return error_set(e, "'%s' is not an option of 'reprise %s'; see --help", argv[i],
                             argv[0]);
        }
        if (entry->argument) {
            if (i + 1 == argc) {
                return error_set(e, "'%s' wants an argument: %s", argv[i], entry->argument);
            }
            value = argv[++i];
        }
        if (entry->take(o, value, e) < 0) {
            return -1;
        }
    }
    if (!o->help && o->file_count < files_wanted(command)) {
        return error_set(e, "'reprise %s' wants %s; see --help", argv[0],
                         command == COMMAND_QUERY     ? "a recording and a question"
                         : files_wanted(command) == 2 ? "two recordings"
                                                      : "a recording");
    }
    return options_finish(o, e);
}

void options_fini(struct options *o)
{
    machine_config_fini(&o->machine);
    options_fini_nets(o);
    text_fini(&o->list);
    for (size_t i = 0; i < o->owned.count; i++) {
        free(o->owned.data[i]);
    }
    vec_fini(&o->owned);
    if (o->scratch != NULL) {
        host_scratch_close(o->scratch);
        free(o->scratch);
    }
}

static const struct {
    enum command command;
    const char *usage, *what;
} usages[] = {
    {COMMAND_RUN, "run MACHINE...", "runs a machine; nothing is written"},
    {COMMAND_RECORD, "record [-o FILE] MACHINE...",
     "runs a machine and records all that enters it"},
    {COMMAND_REPLAY, "replay FILE", "replays a recording and checks every witness"},
    {COMMAND_DEBUG, "debug FILE [-- GDB-ARGUMENTS]",
     "starts the replay with a gdb already attached, at the end"},
    {COMMAND_INFO, "info FILE", "says what is in a recording"},
    {COMMAND_PACK, "pack FILE [-o FILE]",
     "copies a recording with all that it needs, so that it replays anywhere"},
    {COMMAND_INDEX, "index FILE",
     "replays FILE once and writes FILE.idx, by which 'reprise debug' goes anywhere at once"},
    {COMMAND_QUERY, "query FILE last-write ADDR[,LEN]",
     "says which step wrote there last, who it was, and both values"},
    {COMMAND_DIFF, "diff FILE FILE", "names the first tick and field that differ"},
};

void options_add_help(const struct option_entry *entry, struct text *out)
{
    char left[120];
    bool is_long;

    snprintf(left, sizeof left, "%s %s", entry->name, entry->argument ? entry->argument : "");
    is_long = strlen(left) > 30;
    text_add(out, is_long ? "  %s\n  %-30s  %s\n" : "  %s%-30s  %s\n", is_long ? left : "",
             is_long ? "" : left, entry->help);
}

void options_help(enum command command, struct text *out)
{
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        if (usages[i].command == command) {
            text_add(out, "usage: reprise %s\n%s\n\n", usages[i].usage, usages[i].what);
        }
    }
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            if ((groups[g]->entries[i].commands & command) && groups[g]->entries[i].help != NULL) {
                options_add_help(&groups[g]->entries[i], out);
            }
        }
    }
}
