/* SPDX-License-Identifier: GPL-2.0-or-later
 * system: the command line of reprise-system-ARCH, which is the reference's own: parsing, and what is there
 * if nothing is said. An option is looked for among those that only it has (system_machine.c,
 * system_host.c), among those of `reprise run`, and among those that are accepted or refused by name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host/host.h"
#include "options/internal.h"

static const struct option_group *const groups[] = {&options_of_system_machine,
                                                    &options_of_system_host};

/* What of `reprise record` is no option of the reference's, and yet good to have. */
static bool is_our_own(const char *name)
{
    static const char *const names[] = {"--stats",    "--no-sandbox", "--by-reference", "--index",
                                        "--no-index", "--index-size", "--softfloat"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct option_entry *find_own(const char *name)
{
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            if (strcmp(groups[g]->entries[i].name, name) == 0) {
                return &groups[g]->entries[i];
            }
        }
    }
    return NULL;
}

/* One dash or two are the same. */
static const struct option_entry *find(const char *name)
{
    const struct option_entry *entry = find_own(name);

    if (name[0] == '-' && name[1] == '-') {
        if (is_our_own(name)) {
            return options_find(COMMAND_RECORD, name);
        }
        name++;
        entry = find_own(name);
    }
    if (entry == NULL && strcmp(name, "-arch") != 0) { /* which the program's name says */
        entry = options_find(COMMAND_RUN, name);
    }
    return entry;
}

/* Values that are JSON are what people's programs write; tables know the grammar with commas. */
static int take_value(struct options *o, const struct option_entry *entry, const char *value,
                      struct error *e)
{
    if (value != NULL && value[0] == '{') {
        char *flat = options_flatten_json(value, e);

        if (flat == NULL) {
            return error_prefix(e, "%s", entry->name);
        }
        value = options_own(o, flat);
    }
    return entry->take(o, value, e);
}

static bool is_of_monitors(const char *name)
{
    name += name[0] == '-' && name[1] == '-';
    return strcmp(name, "-monitor") == 0 || strcmp(name, "-mon") == 0 ||
           strncmp(name, "-qmp", 4) == 0;
}

/* *at is the option's place in argv, and then that of its value, if it takes one. */
static int take_option(struct options *o, int argc, char **argv, int *at, struct error *e)
{
    const char *name = argv[*at], *value = NULL;
    const struct option_entry *entry = find(name);
    const struct system_word *word = entry == NULL ? options_find_word(name) : NULL;

    o->monitors_said |= is_of_monitors(name);
    if (entry == NULL && word == NULL) {
        return error_set(e, "'%s' is no option; -help lists them", name);
    }
    if (entry != NULL ? entry->argument != NULL : word->takes_value) {
        if (*at + 1 == argc) {
            return error_set(e, "'%s' wants an argument%s%s", name, entry != NULL ? ": " : "",
                             entry != NULL ? entry->argument : "");
        }
        value = argv[++*at];
    }
    return entry != NULL ? take_value(o, entry, value, e) : options_take_word(word, value, e);
}

/* ---- what is there if nothing is said --------------------------------------------------------- */

/* The board has a card on a network of its user unless something is said of networks. */
static int add_usual_card(struct options *o, struct error *e)
{
    struct machine_config *c = &o->machine;
    bool has_usual = strcmp(c->board, "virt") == 0 &&
                     (strcmp(c->arch, "aarch64") == 0 || strcmp(c->arch, "arm") == 0);
    size_t count = c->things.count, added;

    if (!has_usual || o->nets_said || o->no_defaults) {
        return 0;
    }
    if (options_take_as(o, "-nic", "user", e) < 0) {
        return -1;
    }
    /* It is plugged in before all others, whose places follow. */
    added = c->things.count - count;
    must(added == 1);
    struct machine_thing card = c->things.data[count];
    memmove(c->things.data + 1, c->things.data, count * sizeof(card));
    c->things.data[0] = card;
    return 0;
}

static bool is_nowhere(const char *serial)
{
    return strcmp(serial, "none") == 0 || strcmp(serial, "null") == 0;
}

/* A board has so many of them; more are passed over if there is nothing behind. */
static int fit_serials(struct options *o, const struct board *board, struct error *e)
{
    while (o->serial_count > board->serial_count) {
        const char *last = o->serials[o->serial_count - 1];

        if (!is_nowhere(last)) {
            return error_set(
                e, "-serial %s: %s has %u serial port%s; -device virtconsole gives more", last,
                board->name, board->serial_count, board->serial_count == 1 ? "" : "s");
        }
        o->serial_count--;
    }
    o->machine.serial_count = o->serial_count > 0 ? o->serial_count : o->machine.serial_count;
    return 0;
}

/* Without a display the first serial port is nowhere, as there, unless the terminal is the machine's; where nothing is
 * said of a display, there is no window here, and the terminal is what is nearest. */
static int take_defaults(struct options *o, struct error *e)
{
    const struct board *board = board_by_name(o->machine.arch, o->machine.board);

    if (o->serial_count == 0) {
        bool nowhere = o->no_defaults || (o->no_display && !o->nographic);
        bool shares = o->nographic && !o->monitors_said;

        if (options_take_as(o, "-serial",
                            nowhere  ? "null"
                            : shares ? "mon:stdio"
                                     : "stdio",
                            e) < 0) {
            return -1;
        }
    }
    return board != NULL && fit_serials(o, board, e) < 0 ? -1 : add_usual_card(o, e);
}

/* ---- as a whole ------------------------------------------------------------------------------- */

static int check_rr(struct options *o, struct error *e)
{
    if (o->rr == OPTIONS_RR_NONE) {
        return o->rr_file == NULL && o->rr_snapshot == NULL
                   ? 0
                   : error_set(e, "-icount: rrfile and rrsnapshot go with rr=record or rr=replay");
    }
    if (o->rr_file == NULL) {
        return error_set(e, "-icount rr=%s wants a file: rrfile=FILE",
                         o->rr == OPTIONS_RR_RECORD ? "record" : "replay");
    }
    if (o->rr == OPTIONS_RR_RECORD) {
        o->command = COMMAND_RECORD;
        o->output = o->rr_file;
        o->force = true; /* as there: the file is begun anew */
    }
    return 0;
}

static int check_daemon(const struct options *o, struct error *e)
{
    struct serial_spec spec;

    for (uint32_t i = 0; o->daemonize && i < o->serial_count; i++) {
        if (options_serial_spec(o, i, &spec, e) == 0 && spec.kind == SERIAL_STDIO) {
            return error_set(e, "-daemonize: a program in the background has no terminal; say "
                                "-display none, or -serial with a file or a socket");
        }
    }
    return 0;
}

int options_parse_system(struct options *o, const char *program, const char *arch, int argc,
                         char **argv, struct error *e)
{
    options_init(o, COMMAND_RUN);
    o->system = program;
    o->arch_given = true;
    snprintf(o->machine.arch, sizeof o->machine.arch, "%s", arch);
    for (int i = 1; i < argc && !o->help; i++) {
        int result = argv[i][0] == '-' && argv[i][1] != '\0'
                         ? take_option(o, argc, argv, &i, e)
                         : options_take_as(o, "-hda", argv[i], e);

        if (result < 0) {
            return -1;
        }
    }
    if (o->help || o->list.length != 0) {
        return 0;
    }
    o->epoch_given = o->machine.epoch_ns != UINT64_MAX;
    o->seed_given = o->machine.seed != UINT64_MAX;
    o->no_index |= !o->index; /* who quits does not want to wait for it */
    if (take_defaults(o, e) < 0 || check_rr(o, e) < 0 || check_daemon(o, e) < 0) {
        return -1;
    }
    return options_finish(o, e);
}

void options_system_help(const char *program, struct text *out)
{
    static const struct option_group *const shared[] = {&options_of_machine,   &options_of_chardevs,
                                                        &options_of_monitors,  &options_of_nets,
                                                        &options_of_recording, &options_of_session};

    text_add(out,
             "usage: %s [OPTION...] [DISK]\n"
             "runs a machine by the reference's command line; -icount rr=record|replay,rrfile=FILE "
             "records and replays it\n\n",
             program);
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (size_t i = 0; i < groups[g]->count; i++) {
            if (groups[g]->entries[i].help != NULL) {
                options_add_help(&groups[g]->entries[i], out);
            }
        }
    }
    for (size_t g = 0; g < ARRAY_LEN(shared); g++) {
        for (size_t i = 0; i < shared[g]->count; i++) {
            const struct option_entry *entry = &shared[g]->entries[i];

            if (entry->help != NULL && find(entry->name) == entry) {
                options_add_help(entry, out);
            }
        }
    }
    options_help_words(out);
}
