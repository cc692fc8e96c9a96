/* SPDX-License-Identifier: GPL-2.0-or-later
 * mode: MODE SENSE and MODE SELECT, after SPC-4, 6.11; pages of SBC-3 (caching, geometry) and MMC-6 (errors,
 * capabilities). Of what a guest may select, one thing is heard: whether writes wait in a cache.
 */
#include "dev/scsi/scsi.h"

enum {
    PAGE_ERRORS = 0x01,
    PAGE_GEOMETRY = 0x04,
    PAGE_CACHING = 0x08,
    PAGE_CONTROL = 0x0a,
    PAGE_AUDIO = 0x0e,
    PAGE_CD = 0x2a,
    PAGE_ALL = 0x3f
};
enum { CHANGEABLE = 1, SAVED = 3, CACHE_WRITES = 0x04 };
enum { HEADS = 16, SECTORS = 63, CYLINDERS_MOST = 16383 };

static const struct {
    uint8_t page, bytes; /* behind its header of two */
    bool of_disk, of_cd;
} pages[] = {{PAGE_ERRORS, 10, true, true},  {PAGE_GEOMETRY, 22, true, false},
             {PAGE_CACHING, 18, true, true}, {PAGE_CONTROL, 10, true, false},
             {PAGE_AUDIO, 14, false, true},  {PAGE_CD, 20, false, true}};

static void make_geometry(const struct device *unit, uint8_t *p)
{
    uint64_t cylinders = scsi_blocks(unit) / (HEADS * SECTORS);

    bytes_set_be(p + 2, 3, cylinders < CYLINDERS_MOST ? cylinders : CYLINDERS_MOST);
    p[5] = HEADS;
    bytes_set_be(p + 20, 2, 5400);
}

/* What drives have said of themselves for long: it reads discs, and moves its tray. */
static void make_cd(uint8_t *p)
{
    p[2] = 0x3b; /* discs that it reads */
    p[4] = 0x7f;
    p[5] = 0xff;
    p[6] = 0x2d;
    bytes_set_be(p + 8, 2, 50 * 176);  /* speed */
    bytes_set_be(p + 10, 2, 2);        /* volumes */
    bytes_set_be(p + 12, 2, 2048);     /* KiB in between */
    bytes_set_be(p + 14, 2, 16 * 176); /* speed now */
}

/* Of one kind of values: those now, those by default, or bits that may change. */
static size_t add_page(const struct device *unit, unsigned i, unsigned kind, uint8_t *p)
{
    const struct scsi_state *s = unit->state;

    p[0] = pages[i].page;
    p[1] = pages[i].bytes;
    if (pages[i].page == PAGE_CACHING && !scsi_config(unit)->is_cd) {
        p[2] = kind == CHANGEABLE || kind == 2 || !s->writes_through ? CACHE_WRITES : 0;
    }
    if (kind == CHANGEABLE) {
        return pages[i].bytes + 2u;
    }
    switch (pages[i].page) {
    case PAGE_ERRORS: p[2] = 0x80, p[3] = 0x20; break;
    case PAGE_GEOMETRY: make_geometry(unit, p); break;
    case PAGE_CD: make_cd(p); break;
    default: break;
    }
    return pages[i].bytes + 2u;
}

/* Header, a descriptor of blocks, pages. */
static uint64_t make(const struct device *unit, const struct scsi_command *c, bool is_10)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    unsigned page = c->cdb[2] & 63, kind = c->cdb[2] >> 6;
    bool has_block = (c->cdb[1] & 8) == 0 && !u->is_cd;
    size_t size = is_10 ? 8 : 4;
    uint8_t *p = c->room, flags = 0;
    bool is_any = false;

    memset(p, 0, 512);
    if (!u->is_cd) {
        flags = (uint8_t)((drive_is_readonly(u->drive) ? 0x80 : 0) | (u->has_dpofua ? 0x10 : 0));
    }
    p[is_10 ? 3 : 2] = flags;
    if (has_block) {
        uint64_t blocks = scsi_blocks(unit);

        p[is_10 ? 7 : 3] = 8;
        bytes_set_be(p + size, 4, blocks > 0xffffff ? 0 : blocks);
        bytes_set_be(p + size + 5, 3, u->block);
        size += 8;
    }
    for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
        if ((page == PAGE_ALL || page == pages[i].page) &&
            (u->is_cd ? pages[i].of_cd : pages[i].of_disk)) {
            size += add_page(unit, i, kind, p + size);
            is_any = true;
        }
    }
    bytes_set_be(p, is_10 ? 2 : 1, size - (is_10 ? 2 : 1));
    return is_any ? size : 0;
}

void scsi_mode_sense(const struct device *unit, struct scsi_command *c, bool is_10)
{
    uint64_t size;

    if (c->cdb[2] >> 6 == SAVED) {
        scsi_fail(c, 0x53900);
        return;
    }
    size = make(unit, c, is_10);
    if (size == 0) {
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    scsi_answer(c, size, is_10 ? scsi_field(c, 7, 2) : c->cdb[4]);
}

/* One page of a list; false: it makes no sense. */
static bool select_page(struct device *unit, const uint8_t *p, uint64_t size)
{
    struct scsi_state *s = unit->state;

    for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
        if (pages[i].page == (p[0] & 63) && size >= pages[i].bytes + 2u && p[1] == pages[i].bytes) {
            if (pages[i].page == PAGE_CACHING && !scsi_config(unit)->is_cd) {
                s->writes_through = (p[2] & CACHE_WRITES) == 0;
            }
            return true;
        }
    }
    return false;
}

void scsi_mode_select(struct device *unit, struct scsi_command *c, bool is_10)
{
    uint64_t size = is_10 ? scsi_field(c, 7, 2) : c->cdb[4], at = is_10 ? 8 : 4;

    if ((c->cdb[1] & 0x11) != 0x10) { /* in the standard's format, and not saved */
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    if (size == 0 || !scsi_take(c, size)) {
        return;
    }
    if (size < at) {
        scsi_fail(c, SENSE_BAD_LENGTH);
        return;
    }
    at += is_10 ? bytes_get_be(c->room + 6, 2) : c->room[3];
    while (at + 2 <= size) {
        if (!select_page(unit, c->room + at, size - at)) {
            scsi_fail(c, SENSE_BAD_PARAMETER);
            return;
        }
        at += c->room[at + 1] + 2u;
    }
    if (((struct scsi_state *)unit->state)->writes_through && scsi_config(unit)->drive != NULL &&
        !drive_flush(scsi_config(unit)->drive)) {
        scsi_fail(c, SENSE_WRITE_ERROR);
    }
}
