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
    options_of_nets, options_of_session;

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

/* net.c: each network that is named is there; after all options were taken. */
int options_check_nets(struct options *o, struct error *e);
void options_fini_nets(struct options *o);

#endif
