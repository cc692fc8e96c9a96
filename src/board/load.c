/* SPDX-License-Identifier: GPL-2.0-or-later
 * load: programs in their formats, and who lies where in RAM. The Linux Images are after the
 * kernel's Documentation/arch/riscv/boot-image-header.rst and arm64/booting.rst; what has no known
 * mark is taken as bytes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "board/internal.h"

#define RISCV_MARK "RSC\x05"
#define ARM64_MARK "ARM\x64"
enum {
    IMAGE_TEXT_OFFSET = 8,
    IMAGE_SIZE = 16,
    IMAGE_MAGIC = 56,
    IMAGE_MARK_BYTES = 4,
    IMAGE_HEADER_BYTES = 64
};

static bool has_mark(const uint8_t *data, uint64_t size, uint64_t at, const char *mark,
                     size_t mark_bytes)
{
    return size >= at + mark_bytes && memcmp(data + at, mark, mark_bytes) == 0;
}
#define HAS_MARK(at, mark) has_mark(data, size, at, mark, sizeof(mark) - 1)
#define ZIMAGE_MARK        "\x18\x28\x6f\x01"
enum { ZIMAGE_MAGIC = 36, ZIMAGE_START = 40, ZIMAGE_END = 44 };

/* Formats that running as bytes would only send astray. */
static const char *foreign_format(const uint8_t *data, uint64_t size)
{
    if (HAS_MARK(IMAGE_MAGIC, ARM64_MARK)) {
        return "an AArch64 Linux Image";
    }
    if (HAS_MARK(IMAGE_MAGIC, RISCV_MARK)) {
        return "a RISC-V Linux Image";
    }
    if (HAS_MARK(0x202, "HdrS")) {
        return "an x86 Linux bzImage";
    }
    if (HAS_MARK(ZIMAGE_MAGIC, ZIMAGE_MARK)) {
        return "a zImage of 32-bit Arm";
    }
    if (HAS_MARK(ZIMAGE_MAGIC, "\x01\x6f\x28\x18")) {
        return "a zImage of big-endian Arm";
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

static int read_linux_image(const uint8_t *data, uint64_t size, const struct program_kind *kind,
                            struct program *p, struct error *e)
{
    uint64_t text_offset = bytes_get_le(data + IMAGE_TEXT_OFFSET, 8);
    uint64_t image_bytes = bytes_get_le(data + IMAGE_SIZE, 8); /* with its bss */

    if (text_offset % PAGE_SIZE != 0) {
        return error_set(
            e, "it is a Linux Image, and its text offset 0x%" PRIx64 " is not of whole pages",
            text_offset);
    }
    /* Images of old have no size, and run at the offset that all had then. */
    text_offset = image_bytes == 0 && kind->raw_offset != 0 ? kind->raw_offset : text_offset;
    p->segments.data[0].size_bytes = image_bytes > size ? image_bytes : size;
    p->modulo = text_offset % p->align;
    return 0;
}

static bool has_image_mark(const uint8_t *data, uint64_t size, const struct program_kind *kind)
{
    const char *mark = kind->image_mark != NULL ? kind->image_mark : RISCV_MARK;

    return !kind->takes_zimage && size >= IMAGE_HEADER_BYTES &&
           memcmp(data + IMAGE_MAGIC, mark, IMAGE_MARK_BYTES) == 0;
}

static int is_cut(uint64_t has, uint64_t says, struct error *e)
{
    return error_set(
        e, "it is cut short: by its header it has %" PRIu64 " bytes, and there are %" PRIu64, says,
        has);
}

/* Images that EFI can start say where their sections end: so it is known whether one is whole. By the PE format. */
static int check_sections(const uint8_t *data, uint64_t size, struct error *e)
{
    enum { PE_AT = 60, COFF_BYTES = 24, SECTIONS = 6, OPTIONAL_BYTES = 20, SECTION_BYTES = 40 };
    enum { RAW_BYTES = 16, RAW_AT = 20 };
    uint64_t pe = bytes_get_le(data + PE_AT, 4), at;
    unsigned count;

    if (!HAS_MARK(0, "MZ") || !HAS_MARK(pe, "PE\0\0") || size < pe + COFF_BYTES) {
        return 0;
    }
    count = (unsigned)bytes_get_le(data + pe + SECTIONS, 2);
    at = pe + COFF_BYTES + bytes_get_le(data + pe + OPTIONAL_BYTES, 2);
    for (unsigned i = 0; i < count && at + SECTION_BYTES <= size; i++, at += SECTION_BYTES) {
        uint64_t end = bytes_get_le(data + at + RAW_AT, 4) + bytes_get_le(data + at + RAW_BYTES, 4);

        if (end > size) {
            return is_cut(size, end, e);
        }
    }
    return 0;
}

/* After the kernel's Documentation/arch/arm/booting.rst and the header itself. */
static int read_zimage(const uint8_t *data, uint64_t size, struct error *e)
{
    uint64_t start, end;

    if (size < ZIMAGE_END + 4) {
        return error_set(e, "it is a zImage, and cut short in its header");
    }
    start = bytes_get_le(data + ZIMAGE_START, 4);
    end = bytes_get_le(data + ZIMAGE_END, 4);
    if (end < start) {
        return error_set(e, "it is a zImage, and ends before it starts");
    }
    return end - start <= size ? 0 : is_cut(size, end - start, e);
}

static int read_bytes(const uint8_t *data, uint64_t size, const struct program_kind *kind,
                      struct program *p, struct error *e)
{
    const char *foreign;

    if (size == 0) {
        return error_set(e, "it is empty");
    }
    if (elf_is(data, size)) {
        p->is_elf = true;
        return elf_read(data, size, kind, p, e);
    }
    vec_push(&p->segments,
             ((struct segment){.data = data, .data_bytes = size, .size_bytes = size}));
    p->has_entry = true;
    if (has_image_mark(data, size, kind)) {
        return check_sections(data, size, e) < 0 ? -1 : read_linux_image(data, size, kind, p, e);
    }
    p->modulo = kind->raw_offset;
    if (kind->takes_zimage && HAS_MARK(ZIMAGE_MAGIC, ZIMAGE_MARK)) {
        return read_zimage(data, size, e);
    }
    foreign = foreign_format(data, size);
    return foreign != NULL ? error_set(e, "it is %s, which cannot be started here", foreign) : 0;
}

int program_read(const struct machine_image *image, const char *what,
                 const struct program_kind *kind, uint64_t most_bytes, struct program *p,
                 struct error *e)
{
    const uint8_t *data = image->data;
    uint64_t size = image->size;
    int result = 0;

    memset(p, 0, sizeof(*p));
    p->align = kind->align;
    if (gzip_is(data, size)) {
        result = gzip_unpack(data, size, most_bytes, &p->unpacked, &size, e);
        data = p->unpacked;
        p->shared = result == 0 ? shared_bytes_new(p->unpacked, size) : NULL;
    } else {
        p->shared = shared_bytes_hold(image->shared);
    }
    if (result == 0) {
        result = read_bytes(data, size, kind, p, e);
    }
    if (result < 0) {
        program_fini(p);
        error_prefix(e, "%s %s", what, image->name != NULL ? image->name : "(no name)");
    }
    return result;
}

void program_fini(struct program *p)
{
    shared_bytes_drop(p->shared);
    vec_fini(&p->segments);
    memset(p, 0, sizeof(*p));
}

void program_place(struct program *p, paddr from)
{
    if (!p->placed) {
        paddr at = align_down(from, p->align) + p->modulo;

        at += at < from ? p->align : 0;
        p->segments.data[0].at += at;
        p->entry += at;
        p->placed = true;
    }
}

paddr program_end(const struct program *p)
{
    paddr end = 0;

    for (size_t i = 0; i < p->segments.count; i++) {
        paddr last = p->segments.data[i].at + p->segments.data[i].size_bytes;
        end = last > end ? last : end;
    }
    return end;
}

/* ---- who lies where ---------------------------------------------------------------------------*/

static int does_not_fit(const struct ram_layout *r, const char *what, paddr at, uint64_t size,
                        struct error *e)
{
    return error_set(e,
                     "the %s, %" PRIu64 " bytes at 0x%" PRIx64
                     ", does not fit in the RAM, which is "
                     "%" PRIu64 " MiB at 0x%" PRIx64,
                     what, size, at, r->size / MIB, r->base);
}

int ram_take(struct ram_layout *r, const char *what, paddr at, uint64_t size, struct error *e)
{
    const struct ram_place mine = {.at = at, .size = size, .what = what};

    if (at < r->base || at - r->base > r->size || size > r->size - (at - r->base)) {
        return does_not_fit(r, what, at, size, e);
    }
    for (size_t i = 0; i < r->places.count; i++) {
        const struct ram_place *p = &r->places.data[i];

        if (at >= p->at + p->size || p->at >= at + size) {
            continue;
        }
        if (p->what == what) {
            return error_set(
                e, "the %s has two segments that overlap, at 0x%" PRIx64 " and at 0x%" PRIx64, what,
                p->at, at);
        }
        return error_set(e,
                         "the %s, %" PRIu64 " bytes at 0x%" PRIx64 ", overlaps the %s, %" PRIu64
                         " bytes at 0x%" PRIx64 "%s",
                         what, size, at, p->what, p->size, p->at,
                         r->size < GIB ? ": more RAM (-m) may help" : "");
    }
    vec_push(&r->places, mine);
    return 0;
}

int ram_load_bytes(struct ram_layout *r, struct machine *m, const char *what, paddr at,
                   const void *data, uint64_t size, struct shared_bytes *shared, struct error *e)
{
    return ram_take(r, what, at, size, e) < 0 ? -1
                                              : machine_add_load_of(m, at, data, size, shared, e);
}

/* What lies below `base`, which is above the segment's first byte. */
static void cut_front(struct segment *s, paddr base)
{
    uint64_t cut = base - s->at;
    uint64_t data = cut < s->data_bytes ? cut : s->data_bytes;

    s->at += cut;
    s->size_bytes -= cut;
    s->data += data;
    s->data_bytes -= data;
}

/* 1: some of it is left; 0: nothing, and nobody misses it; -1: somebody would. */
static int clip_segment(const struct ram_layout *r, struct segment *s)
{
    paddr last = r->base + (r->size - 1);
    bool is_below = s->at + (s->size_bytes - 1) < r->base;

    if (is_below || s->at > last) {
        return s->data_bytes == 0 || (is_below && s->is_constant) ? 0 : -1;
    }
    if (s->at < r->base) {
        cut_front(s, r->base);
    }
    if (s->data_bytes > last - s->at + 1) {
        return -1;
    }
    if (s->size_bytes - 1 > last - s->at) {
        s->size_bytes = last - s->at + 1;
    }
    return 1;
}

static const struct segment *lowest_segment(const struct program *p)
{
    const struct segment *lowest = &p->segments.data[0];

    for (size_t i = 1; i < p->segments.count; i++) {
        const struct segment *s = &p->segments.data[i];
        lowest = s->at < lowest->at ? s : lowest;
    }
    return lowest;
}

paddr ram_kernel_start(const struct ram_layout *r, const struct program *p, bool has_firmware)
{
    const struct segment *lowest = lowest_segment(p);

    return lowest->is_code && (has_firmware || lowest->at == r->base) ? lowest->at : p->entry;
}

static int settle_entry(const struct ram_layout *r, const char *what, struct program *p,
                        struct error *e)
{
    if (!p->has_entry) {
        p->entry = lowest_segment(p)->at;
        return 0;
    }
    if (p->entry - r->base >= r->size) {
        return error_set(e, "the %s starts at 0x%" PRIx64 ", where there is no RAM", what,
                         p->entry);
    }
    return 0;
}

int ram_clip_program(const struct ram_layout *r, const char *what, struct program *p,
                     struct error *e)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->segments.count; i++) {
        struct segment s = p->segments.data[i];

        switch (clip_segment(r, &s)) {
        case 1: p->segments.data[kept++] = s; break;
        case -1: return does_not_fit(r, what, s.at, s.size_bytes, e);
        default: break;
        }
    }
    p->segments.count = kept;
    if (kept == 0) {
        return error_set(e,
                         "the %s does not fit in the RAM, which is %" PRIu64 " MiB at 0x%" PRIx64
                         ": nothing of it lies there",
                         what, r->size / MIB, r->base);
    }
    return settle_entry(r, what, p, e);
}

/* What the file does not hold of a segment is zeros, at every reset. */
static int load_segment(struct machine *m, const struct segment *s, struct shared_bytes *shared,
                        struct error *e)
{
    if (machine_add_load_of(m, s->at, s->data, s->data_bytes, shared, e) < 0) {
        return -1;
    }
    return machine_add_load(m, s->at + s->data_bytes, NULL, s->size_bytes - s->data_bytes, e);
}

int ram_load_program(struct ram_layout *r, struct machine *m, const char *what,
                     const struct program *p, struct error *e)
{
    must(p->placed);
    for (size_t i = 0; i < p->segments.count; i++) {
        const struct segment *s = &p->segments.data[i];

        if (ram_take(r, what, s->at, s->size_bytes, e) < 0 ||
            load_segment(m, s, p->shared, e) < 0) {
            return -1;
        }
    }
    return 0;
}
