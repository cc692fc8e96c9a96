/* SPDX-License-Identifier: GPL-2.0-or-later
 * flash: see flash.h.
 */
#include <stdlib.h>

#include "dev/drive.h"
#include "dev/flash.h"

/* ---- what a configuration says ---- */

static const struct property_rule rules[] = {
    {.name = "unit", .kind = PROPERTY_NUMBER, .required = true, .max = FLASH_UNITS - 1},
    {.name = "format", .kind = PROPERTY_TEXT, .max = 15},
    {.name = "readonly", .kind = PROPERTY_FLAG},
    {.name = "snapshot", .kind = PROPERTY_FLAG},
};

const char *flash_name(unsigned unit)
{
    static const char *const names[FLASH_UNITS] = {"flash0", "flash1"};

    must(unit < FLASH_UNITS);
    return names[unit];
}

static int check_flash(const struct machine_thing *t, struct error *e)
{
    struct thing_class plain = flash_thing;
    enum disk_format format;

    plain.check = NULL;
    if (thing_check(t, &plain, e) < 0) {
        return -1;
    }
    if (t->file.in_part || strcmp(t->id, flash_name((unsigned)thing_number(t, "unit", 0))) != 0) {
        return error_set(e, "what is said of the flash `%s` makes no sense", t->id);
    }
    return drive_format(thing_text(t, "format", ""), &format)
               ? 0
               : error_set(e, "the flash `%s` has the format %s, which is not there", t->id,
                           thing_text(t, "format", ""));
}

const struct thing_class flash_thing = {.name = FLASH_CLASS,
                                        .rules = rules,
                                        .rule_count = ARRAY_LEN(rules),
                                        .file = THING_HAS_FILE,
                                        .check = check_flash};

const struct machine_thing *flash_find(const struct machine_config *c, unsigned unit)
{
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];

        if (strcmp(t->class, FLASH_CLASS) == 0 && thing_number(t, "unit", 0) == unit) {
            return t;
        }
    }
    return NULL;
}

/* ---- what it holds ---- */

struct flash {
    struct disk *file; /* that writes reach; NULL: there is none */
    bool is_readonly;
    struct machine *at_end; /* they do when it is finished: all that it holds then; NULL: at once */
    haddr home;
    uint64_t bytes;
};

static void drop(void *what)
{
    struct flash *f = what;

    if (f->file != NULL) {
        (void)disk_close(f->file, NULL);
    }
    free(f);
}

static int finish(void *what, struct error *e)
{
    const struct flash *f = what;
    uint8_t page[PAGE_SIZE];

    for (uint64_t at = 0; f->file != NULL && f->at_end != NULL && at < f->bytes; at += PAGE_SIZE) {
        must(mem_peek_bytes(machine_mem(f->at_end), f->home + at, page, PAGE_SIZE));
        if (disk_write(f->file, at, page, PAGE_SIZE, e) < 0) {
            return -1;
        }
    }
    return f->file != NULL ? disk_flush(f->file, e) : 0;
}

static struct disk_bytes *nothing_behind(void *opaque, const char *path, struct error *e)
{
    (void)opaque;
    error_set(e, "%s: is behind it; what flash holds is one file", path);
    return NULL;
}

/* Pages of zeros are there already, and cost nothing. */
static int lay_down(struct machine *m, const struct mem_block *b, struct disk *image,
                    struct error *e)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint8_t page[PAGE_SIZE];

    for (uint64_t at = 0; at < disk_size(image); at += PAGE_SIZE) {
        if (disk_read(image, at, page, PAGE_SIZE, e) < 0) {
            return -1;
        }
        if (memcmp(page, zeros, PAGE_SIZE) != 0) {
            must(mem_load_bytes(machine_mem(m), b->home + at, page, PAGE_SIZE));
        }
    }
    return 0;
}

static int load(struct machine *m, const struct machine_thing *t, const struct mem_block *b,
                uint64_t bytes, const struct disk_options *how, struct error *e)
{
    struct disk *image = disk_open_bytes(
        disk_bytes_of_memory(t->file.data, (size_t)t->file.size, t->file.name), how, e);
    int result;

    if (image == NULL) {
        return -1;
    }
    if (disk_size(image) != bytes) {
        result = error_set(
            e, "%s: it holds %llu bytes, and the bank of flash %llu: they must be as many%s",
            t->file.name, (unsigned long long)disk_size(image), (unsigned long long)bytes,
            disk_size(image) < bytes ? " (zeros at the end do no harm: truncate -s)" : "");
    } else {
        result = lay_down(m, b, image, e);
    }
    (void)disk_close(image, NULL);
    return result;
}

static int open_file(struct flash *f, const struct machine_thing *t, struct disk_options *how,
                     struct error *e)
{
    struct disk_bytes *bytes = disk_bytes_open(t->file.name, DISK_WRITES, e);

    how->is_writable = true;
    f->file = bytes != NULL ? disk_open_bytes(bytes, how, e) : NULL;
    return f->file != NULL ? 0
                           : error_prefix(e,
                                          "what the guest writes cannot reach the file of `%s` "
                                          "(with readonly=on or snapshot=on it need not)",
                                          t->id);
}

struct flash *flash_open(struct machine *m, const struct machine_config *c,
                         const struct machine_thing *t, const struct mem_block *b, uint64_t bytes,
                         struct error *e)
{
    struct disk_options how = {.open = nothing_behind};
    struct flash *f = base_alloc(1, sizeof(*f));
    bool reaches_file;

    must(drive_format(thing_text(t, "format", ""), &how.format)); /* it was checked */
    f->is_readonly = thing_number(t, "readonly", 0) != 0;
    reaches_file = c->writes_files && !f->is_readonly && thing_number(t, "snapshot", 0) == 0;
    f->at_end = c->writes_at_end ? m : NULL;
    f->home = b->home;
    f->bytes = bytes;
    machine_keep(m, &(struct machine_kept){.what = f, .finish = finish, .drop = drop});
    if (load(m, t, b, bytes, &how, e) < 0 || (reaches_file && open_file(f, t, &how, e) < 0)) {
        return NULL;
    }
    return f;
}

/* ---- using it ---- */

bool flash_is_readonly(const struct flash *f)
{
    return f != NULL && f->is_readonly;
}

void flash_wrote(struct flash *f, struct device *d, uint64_t at, const void *bytes, size_t size)
{
    struct error e;

    if (f != NULL && f->file != NULL && f->at_end == NULL &&
        disk_write(f->file, at, bytes, size, &e) < 0) {
        device_log(d, "%s", e.text);
    }
}
