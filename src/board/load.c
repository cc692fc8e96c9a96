/* SPDX-License-Identifier: GPL-2.0-or-later
 * load: programs in their formats, and who lies where in RAM. The Linux Image is after the
 * kernel's Documentation/riscv/boot-image-header.rst; what has no known mark is taken as bytes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "board/internal.h"

#define PROGRAM_ALIGN (2 * MIB) /* of a kernel: a page of the next size, by the Linux boot rules */

enum { IMAGE_TEXT_OFFSET = 8, IMAGE_SIZE = 16, IMAGE_MAGIC = 56, IMAGE_HEADER_BYTES = 64 };

static bool has_mark(const uint8_t *data, uint64_t size, uint64_t at, const char *mark,
                     size_t mark_bytes)
{
    return size >= at + mark_bytes && memcmp(data + at, mark, mark_bytes) == 0;
}
#define HAS_MARK(at, mark) has_mark(data, size, at, mark, sizeof(mark) - 1)

/* Formats that running as bytes would only send astray. */
static const char *foreign_format(const uint8_t *data, uint64_t size)
{
    if (HAS_MARK(56, "ARM\x64")) {
        return "an Arm Linux Image";
    }
    if (HAS_MARK(0x202, "HdrS")) {
        return "an x86 Linux bzImage";
    }
    if (HAS_MARK(0, "MZ\0\0zimg")) {
        return "a self-unpacking EFI image";
    }
    if (HAS_MARK(0, "\x27\x05\x19\x56")) {
        return "a U-Boot uImage";
    }
    if (HAS_MARK(0, "\xd0\x0d\xfe\xed")) {
        return "a device tree";
    }
    if (HAS_MARK(0, "\xfd"
                    "7zXZ\0")) {
        return "xz-compressed";
    }
    if (HAS_MARK(0, "\x28\xb5\x2f\xfd")) {
        return "zstd-compressed";
    }
    if (HAS_MARK(0, "\x04\x22\x4d\x18") || HAS_MARK(0, "\x02\x21\x4c\x18")) {
        return "lz4-compressed";
    }
    if (HAS_MARK(0, "BZh")) {
        return "bzip2-compressed";
    }
    return NULL;
}

static int read_linux_image(const uint8_t *data, uint64_t size, struct program *p, struct error *e)
{
    uint64_t text_offset = bytes_get_le(data + IMAGE_TEXT_OFFSET, 8);
    uint64_t image_bytes = bytes_get_le(data + IMAGE_SIZE, 8); /* with its bss */

    if (text_offset % PAGE_SIZE != 0) {
        return error_set(e,
                         "it is a RISC-V Linux Image, and its text offset 0x%" PRIx64
                         " is not of whole pages",
                         text_offset);
    }
    p->segments[0].size_bytes = image_bytes > size ? image_bytes : size;
    p->modulo = text_offset % PROGRAM_ALIGN;
    return 0;
}

static int read_bytes(const uint8_t *data, uint64_t size, unsigned elf_machine, struct program *p,
                      struct error *e)
{
    const char *foreign;

    if (size == 0) {
        return error_set(e, "it is empty");
    }
    if (elf_is(data, size)) {
        return elf_read(data, size, elf_machine, p, e);
    }
    p->segments[0] = (struct segment){.data = data, .data_bytes = size, .size_bytes = size};
    p->segment_count = 1;
    if (size >= IMAGE_HEADER_BYTES && HAS_MARK(IMAGE_MAGIC, "RSC\x05")) {
        return read_linux_image(data, size, p, e);
    }
    foreign = foreign_format(data, size);
    return foreign != NULL ? error_set(e, "it is %s, which cannot be started here", foreign) : 0;
}

int program_read(const struct machine_image *image, const char *what, unsigned elf_machine,
                 uint64_t most_bytes, struct program *p, struct error *e)
{
    const uint8_t *data = image->data;
    uint64_t size = image->size;
    int result = 0;

    memset(p, 0, sizeof(*p));
    if (gzip_is(data, size)) {
        result = gzip_unpack(data, size, most_bytes, &p->unpacked, &size, e);
        data = p->unpacked;
    }
    if (result == 0) {
        result = read_bytes(data, size, elf_machine, p, e);
    }
    if (result < 0) {
        program_fini(p);
        error_prefix(e, "%s %s", what, image->name != NULL ? image->name : "(no name)");
    }
    return result;
}

void program_fini(struct program *p)
{
    free(p->unpacked);
    memset(p, 0, sizeof(*p));
}

void program_place(struct program *p, paddr from)
{
    if (!p->placed) {
        paddr at = align_down(from, PROGRAM_ALIGN) + p->modulo;

        at += at < from ? PROGRAM_ALIGN : 0;
        p->segments[0].at += at;
        p->entry += at;
        p->placed = true;
    }
}

paddr program_end(const struct program *p)
{
    paddr end = 0;

    for (unsigned i = 0; i < p->segment_count; i++) {
        paddr last = p->segments[i].at + p->segments[i].size_bytes;
        end = last > end ? last : end;
    }
    return end;
}

/* ---- who lies where ---------------------------------------------------------------------------*/

int ram_take(struct ram_layout *r, const char *what, paddr at, uint64_t size, struct error *e)
{
    if (at < r->base || at - r->base > r->size || size > r->size - (at - r->base)) {
        return error_set(e,
                         "the %s, %" PRIu64 " bytes at 0x%" PRIx64 ", does not fit in the RAM, "
                         "which is %" PRIu64 " MiB at 0x%" PRIx64,
                         what, size, at, r->size / MIB, r->base);
    }
    for (unsigned i = 0; i < r->place_count; i++) {
        if (at < r->places[i].at + r->places[i].size && r->places[i].at < at + size) {
            return error_set(e,
                             "the %s, %" PRIu64 " bytes at 0x%" PRIx64 ", overlaps the %s, %" PRIu64
                             " bytes at 0x%" PRIx64 "%s",
                             what, size, at, r->places[i].what, r->places[i].size, r->places[i].at,
                             r->size < GIB ? ": more RAM (-m) may help" : "");
        }
    }
    if (r->place_count == PLACES_MAX) {
        return error_set(e, "more than %d things to place in RAM", PLACES_MAX);
    }
    r->places[r->place_count].at = at;
    r->places[r->place_count].size = size;
    r->places[r->place_count++].what = what;
    return 0;
}

int ram_load_bytes(struct ram_layout *r, struct machine *m, const char *what, paddr at,
                   const void *data, uint64_t size, struct error *e)
{
    return ram_take(r, what, at, size, e) < 0 ? -1 : machine_add_load(m, at, data, size, e);
}

/* What the file does not hold of a segment is zeros, at every reset. */
static int load_segment(struct machine *m, const struct segment *s, struct error *e)
{
    uint8_t *whole;
    int result;

    if (s->data_bytes == s->size_bytes) {
        return machine_add_load(m, s->at, s->data, s->size_bytes, e);
    }
    whole = base_alloc(s->size_bytes, 1);
    memcpy(whole, s->data, s->data_bytes);
    result = machine_add_load(m, s->at, whole, s->size_bytes, e);
    free(whole);
    return result;
}

int ram_load_program(struct ram_layout *r, struct machine *m, const char *what,
                     const struct program *p, struct error *e)
{
    must(p->placed);
    for (unsigned i = 0; i < p->segment_count; i++) {
        if (ram_take(r, what, p->segments[i].at, p->segments[i].size_bytes, e) < 0 ||
            load_segment(m, &p->segments[i], e) < 0) {
            return -1;
        }
    }
    return 0;
}
