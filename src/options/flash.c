/* SPDX-License-Identifier: GPL-2.0-or-later
 * flash: -drive if=pflash: which bank it is for, and its file, which is read as a whole.
 */
#include <stdlib.h>

#include "dev/flash.h"
#include "host/host.h"
#include "options/internal.h"

int options_take_flash_unit(struct flash_asked *a, const char *key, const char *value,
                            struct error *e)
{
    if (a->is_given) {
        return error_set(e, "unit and index are the same, and are said once");
    }
    a->is_given = true;
    return options_parse_number(key, value, UINT32_MAX, &a->unit, e);
}

struct machine_thing *options_add_flash(struct options *o, const struct flash_asked *a, char *file,
                                        struct error *e)
{
    struct machine_config *c = &o->machine;
    struct machine_thing *t;
    uint64_t unit = a->unit;

    while (!a->is_given && unit < FLASH_UNITS && flash_find(c, (unsigned)unit) != NULL) {
        unit++;
    }
    if (unit >= FLASH_UNITS) {
        error_set(e, "there are two banks of flash, unit 0 for the code and unit 1 for variables");
        return NULL;
    }
    if (flash_find(c, (unsigned)unit) != NULL) {
        error_set(e, "flash of unit %u is given twice", (unsigned)unit);
        return NULL;
    }
    t = machine_config_add_thing(c, FLASH_CLASS, flash_name((unsigned)unit));
    thing_set_number(t, "unit", unit);
    t->file.name = file;
    return t;
}

static bool has_flash(const struct board *board)
{
    for (size_t i = 0; i < board->thing_count; i++) {
        if (board->things[i] == &flash_thing) {
            return true;
        }
    }
    return false;
}

static int read_file(struct machine_thing *t, struct error *e)
{
    struct machine_image *image = &t->file;
    size_t size;

    /* Images with a header, and with pieces that nothing uses any more, are larger than what is on them. */
    if (host_file_read_all(image->name, 2 * FLASH_BYTES_MOST, &image->data, &size, e) < 0) {
        return -1;
    }
    image->size = size;
    image->hash = hash_bytes(image->data, size, 0);
    machine_image_share(image);
    if (thing_find(t, "format") == NULL) { /* what it is now it stays, whatever is written to it */
        thing_set_text(t, "format",
                       size >= 4 && memcmp(image->data, "QFI\xfb", 4) == 0 ? "qcow2" : "raw");
    }
    return 0;
}

int options_read_flash(struct options *o, const struct board *board, struct error *e)
{
    struct machine_config *c = &o->machine;

    for (size_t i = 0; i < c->things.count; i++) {
        struct machine_thing *t = &c->things.data[i];

        if (strcmp(t->class, FLASH_CLASS) != 0) {
            continue;
        }
        if (board != NULL && !has_flash(board)) {
            return error_set(e, "-drive if=pflash: the board %s of %s has no flash", board->name,
                             board->arch);
        }
        if (o->snapshot) {
            thing_set_flag(t, "snapshot", true);
        }
        if (read_file(t, e) < 0) {
            return error_prefix(e, "-drive if=pflash");
        }
    }
    return 0;
}
