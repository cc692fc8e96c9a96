/* SPDX-License-Identifier: GPL-2.0-or-later
 * options/internal: shared by the files of this folder: what a table of options is, and the grammar of
 * values.
 */
#ifndef OPTIONS_INTERNAL_H
#define OPTIONS_INTERNAL_H

#include "board/board.h"
#include "options/options.h"

struct option_entry {
    const char *name;
    unsigned commands;    /* OR of enum command */
    const char *argument; /* NULL: takes none */
    const char *help;     /* NULL: it is not shown */
    int (*take)(struct options *o, const char *value, struct error *e);
};
struct option_group {
    const struct option_entry *entries;
    size_t count;
};
/* In the order of --help: -o and what else is said of the file, the machine, all others. */
extern const struct option_group options_of_recording, options_of_machine, options_of_chardevs,
    options_of_monitors, options_of_nets, options_of_session;

/* parse.c: the entry of a command's option, by either spelling; NULL: it has none. */
const struct option_entry *options_find(enum command command, const char *name);
void options_add_help(const struct option_entry *entry, struct text *out);
/* What options_parse() begins with, and ends with. */
void options_init(struct options *o, enum command command);
int options_finish(struct options *o, struct error *e);
/* As if the option had been given: one that is known to be there. */
int options_take_as(struct options *o, const char *option, const char *value, struct error *e);
/* Frees the text with the options; returns it. */
char *options_own(struct options *o, char *text);

/* grammar.c */
int options_parse_range(const char *what, const char *s, uint64_t least, uint64_t most,
                        uint64_t *out, struct error *e);
/* With its zero, or a sentence if there is no room for it. */
int options_copy_text(char *to, size_t room, const char *what, const char *s, struct error *e);
/* The first item of a list with commas, "key=value" or a bare value (then the key is empty), each cut
 * to `room` bytes; returns the rest, or NULL. */
const char *options_next_item(const char *list, char *key, char *value, size_t room);

/* The next item of a list with commas, where two commas are one that is meant: cut off *list, which is NULL
 * after the last. A bare one has a NULL value. Both are the caller's to free. */
void options_take_item(const char **list, char **key, char **value);
/* A value as it stands in such a list. */
void options_add_doubled(struct text *out, const char *value);

/* machine.c: `-M ...,KEY=VALUE`. */
int options_set_board_property(struct options *o, const char *key, const char *value,
                               struct error *e);

/* system_*.c: what reprise-system-ARCH has beside the options of `run`, in the order of --help: that of the
 * machine, of what the host sees of it, and those that are accepted or refused by name. */
extern const struct option_group options_of_system_machine, options_of_system_host;
/* A word that is an option of the reference and needs nothing done here, or is not there. */
struct system_word {
    const char *name;
    bool takes_value;
    const char
        *accepted; /* values that are as good as nothing, with commas between; NULL: all are */
    const char *refusal; /* what is nearest, if the value is another one */
};
const struct system_word *options_find_word(const char *name);
void options_help_words(struct text *out);
int options_take_word(const struct system_word *word, const char *value, struct error *e);
/* icount.c */
int options_take_icount(struct options *o, const char *v, struct error *e);
/* system_json.c: `{"driver": "x", "file": {"filename": "y"}}` as x,file.filename=y; the caller's to free.
 * NULL and a sentence. */
char *options_flatten_json(const char *json, struct error *e);
/* system_ini.c: -readconfig: each section is as if its option had been given. */
int options_take_readconfig(struct options *o, const char *path, struct error *e);
/* The same of what is in such a file, which is cut into pieces; `path` is for sentences. */
int options_take_config_text(struct options *o, const char *path, char *text, struct error *e);

/* drive.c: -drive, -blockdev, -hda, -cdrom; and what their files say, before a machine is built. */
int options_take_drive(struct options *o, const char *v, struct error *e);
int options_take_blockdev(struct options *o, const char *v, struct error *e);
int options_take_hda(struct options *o, const char *v, struct error *e);
int options_take_cdrom(struct options *o, const char *v, struct error *e);
int options_read_drives(struct options *o, struct error *e);

/* flash.c: -drive if=pflash. unit= and index= are two words for the same; the next that is free without. */
struct flash_asked {
    bool is_given;
    uint64_t unit;
};
int options_take_flash_unit(struct flash_asked *a, const char *key, const char *value,
                            struct error *e);
/* The thing for it, which has the file's name if it is not NULL. NULL and a sentence: there is no such unit, or
 * it has one already. */
struct machine_thing *options_add_flash(struct options *o, const struct flash_asked *a, char *file,
                                        struct error *e);
/* Once the board is known: reads the files. */
int options_read_flash(struct options *o, const struct board *board, struct error *e);

/* device.c: -device */
int options_take_device(struct options *o, const char *v, struct error *e);

/* chardev.c: each character device that is named is there, and has one user. */
int options_check_chardevs(struct options *o, struct error *e);
/* The same for what has the words of -serial; NULL: it names no character device. */
const char *options_chardev_of(const char *text);
int options_chardev_spec(const struct options *o, const char *text, struct serial_spec *spec,
                         struct error *e);

/* net.c: each network that is named is there; after all options were taken. */
int options_check_nets(struct options *o, struct error *e);
void options_fini_nets(struct options *o);

#endif
