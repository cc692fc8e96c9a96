/* SPDX-License-Identifier: GPL-2.0-or-later
 * elf: programs as ELF32 and ELF64 executables, little-endian, after the System V ABI (generic part;
 * ELF-64 object file format 1.5). Segments go to their physical addresses. No relocation, no sections.
 */
#include "board/internal.h"

enum { EI_CLASS = 4, EI_DATA = 5, CLASS_32 = 1, CLASS_64 = 2, DATA_LITTLE = 1 };
enum { ET_EXEC = 2, ET_DYN = 3 };
enum { E_TYPE = 16, E_MACHINE = 18, E_ENTRY = 24 };
enum { P_TYPE = 0 };
enum { PT_LOAD = 1, PF_X = 1, PF_W = 2 };

/* Where the two classes have what: of the header, then of a program header. */
struct layout {
    unsigned word; /* bytes of an address or size */
    unsigned header_bytes, phoff, phentsize, phnum;
    unsigned phdr_bytes, flags, offset, vaddr, paddr, filesz, memsz;
};
static const struct layout layout_32 = {4, 52, 28, 42, 44, 32, 24, 4, 8, 12, 16, 20};
static const struct layout layout_64 = {8, 64, 32, 54, 56, 56, 4, 8, 16, 24, 32, 40};

/* The program headers, all of them in the file. */
struct table {
    const struct layout *layout;
    const uint8_t *headers;
    uint64_t entry_bytes, count;
};

bool elf_is(const uint8_t *data, uint64_t size)
{
    return size >= 4 && memcmp(data, "\177ELF", 4) == 0;
}

unsigned elf_machine_of(const uint8_t *data, uint64_t size)
{
    return size >= 20 && data[EI_DATA] == DATA_LITTLE ? (unsigned)bytes_get_le(data + E_MACHINE, 2)
                                                      : 0;
}

static int elf_check_header(const uint8_t *data, uint64_t size, const struct program_kind *kind,
                            struct error *e)
{
    unsigned class = kind->is_32 ? CLASS_32 : CLASS_64;
    unsigned type;

    if (size < (kind->is_32 ? layout_32 : layout_64).header_bytes) {
        return error_set(e, "it is an ELF file, and cut short in its header");
    }
    if (data[EI_CLASS] != class || data[EI_DATA] != DATA_LITTLE ||
        bytes_get_le(data + E_MACHINE, 2) != kind->elf_machine) {
        return error_set(e,
                         "it is an ELF file for another machine (class %u, byte order %u, "
                         "e_machine %llu; this guest has class %u, byte order 1, e_machine %u)",
                         data[EI_CLASS], data[EI_DATA],
                         (unsigned long long)bytes_get_le(data + E_MACHINE, 2), class,
                         kind->elf_machine);
    }
    type = (unsigned)bytes_get_le(data + E_TYPE, 2);
    if (type != ET_EXEC && type != ET_DYN) {
        return error_set(e, "it is an ELF file, but not a program (e_type %u)", type);
    }
    return 0;
}

/* What a program header says of a segment. */
struct load_part {
    uint64_t offset, file_bytes, bytes;
    vaddr va;
    paddr at;
    uint32_t flags;
};

/* False: it is of another kind, or of no size, and none of our business. */
static bool read_part(const struct table *t, uint64_t i, struct load_part *l)
{
    const uint8_t *header = t->headers + i * t->entry_bytes;
    const struct layout *at = t->layout;

    *l = (struct load_part){
        .offset = bytes_get_le(header + at->offset, at->word),
        .file_bytes = bytes_get_le(header + at->filesz, at->word),
        .bytes = bytes_get_le(header + at->memsz, at->word),
        .va = bytes_get_le(header + at->vaddr, at->word),
        .at = bytes_get_le(header + at->paddr, at->word),
        .flags = (uint32_t)bytes_get_le(header + at->flags, 4),
    };
    return bytes_get_le(header + P_TYPE, 4) == PT_LOAD && l->bytes != 0;
}

/* A program that is packed closer than it runs unpacks itself, and clears what follows as well: zeros
 * that would fall on another segment are not meant. */
static bool zeros_are_meant(const struct table *t, uint64_t mine, const struct load_part *l)
{
    paddr first = l->at + l->file_bytes, last = l->at + (l->bytes - 1);
    struct load_part other;

    for (uint64_t i = 0; i < t->count; i++) {
        if (i != mine && read_part(t, i, &other) && other.at <= last &&
            other.at + (other.bytes - 1) >= first) {
            return false;
        }
    }
    return true;
}

/* Checks what header `i` says and adds it; *l is then what is loaded. */
static int add_segment(const struct table *t, uint64_t i, const uint8_t *data, uint64_t size,
                       struct load_part *l, struct program *p, struct error *e)
{
    if (l->file_bytes != 0 && (l->offset > size || l->file_bytes > size - l->offset)) {
        return error_set(e, "it is an ELF file, and its segment for 0x%llx is not all there",
                         (unsigned long long)l->at);
    }
    if (l->file_bytes > l->bytes || (l->file_bytes != 0 && l->at + (l->file_bytes - 1) < l->at)) {
        return error_set(e, "it is an ELF file, and its segment for 0x%llx has impossible sizes",
                         (unsigned long long)l->at);
    }
    if (p->segments.count == SEGMENTS_MAX) {
        return error_set(e, "it is an ELF file with more than %d segments to load", SEGMENTS_MAX);
    }
    if (l->bytes - 1 > UINT64_MAX - l->at) {
        l->bytes = UINT64_MAX - l->at + 1; /* zeros: no RAM is there */
    }
    if (l->bytes > l->file_bytes && !zeros_are_meant(t, i, l)) {
        l->bytes = l->file_bytes;
    }
    if (l->bytes != 0) {
        const struct segment s = {.at = l->at,
                                  .data = l->file_bytes != 0 ? data + l->offset : data,
                                  .data_bytes = l->file_bytes,
                                  .size_bytes = l->bytes,
                                  .is_constant = (l->flags & (PF_X | PF_W)) == 0,
                                  .is_code = (l->flags & PF_X) != 0 && l->file_bytes != 0 &&
                                             l->offset >= t->layout->header_bytes};
        vec_push(&p->segments, s);
    }
    return 0;
}

/* Harts start without translation: a virtual entry means its physical place. Else it may be one. */
static void find_entry(const struct load_part *l, vaddr entry, struct program *p, bool *is_virtual)
{
    if (!*is_virtual && entry - l->va < l->bytes) {
        p->entry = entry - l->va + l->at;
        p->has_entry = true;
        *is_virtual = true;
    } else if (!p->has_entry && entry - l->at < l->bytes) {
        p->entry = entry;
        p->has_entry = true;
    }
}

static int find_table(const uint8_t *data, uint64_t size, struct table *t, struct error *e)
{
    uint64_t at = bytes_get_le(data + t->layout->phoff, t->layout->word);

    t->entry_bytes = bytes_get_le(data + t->layout->phentsize, 2);
    t->count = bytes_get_le(data + t->layout->phnum, 2);
    if (t->count != 0 && (t->entry_bytes < t->layout->phdr_bytes || at > size ||
                          t->count * t->entry_bytes > size - at)) {
        return error_set(e, "it is an ELF file, and its program headers are not all there");
    }
    t->headers = t->count != 0 ? data + at : data;
    return 0;
}

int elf_read(const uint8_t *data, uint64_t size, const struct program_kind *kind, struct program *p,
             struct error *e)
{
    bool is_virtual = false;
    struct table t = {.layout = kind->is_32 ? &layout_32 : &layout_64};
    struct load_part l;

    if (elf_check_header(data, size, kind, e) < 0 || find_table(data, size, &t, e) < 0) {
        return -1;
    }
    p->placed = true;
    for (uint64_t i = 0; i < t.count; i++) {
        if (read_part(&t, i, &l)) {
            if (add_segment(&t, i, data, size, &l, p, e) < 0) {
                return -1;
            }
            find_entry(&l, bytes_get_le(data + E_ENTRY, t.layout->word), p, &is_virtual);
        }
    }
    if (p->segments.count == 0) {
        return error_set(e, "it is an ELF file with nothing to load");
    }
    return 0;
}
