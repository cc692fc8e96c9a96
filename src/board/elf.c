/* SPDX-License-Identifier: GPL-2.0-or-later
 * elf: programs as ELF64 executables, little-endian, after the System V ABI (generic part, ELF-64
 * object file format 1.5). Segments go to their physical addresses. No relocation, no sections.
 */
#include "board/internal.h"

enum { EI_CLASS = 4, EI_DATA = 5, CLASS_64 = 2, DATA_LITTLE = 1 };
enum { ET_EXEC = 2, ET_DYN = 3 };
enum {
    HEADER_BYTES = 64,
    E_TYPE = 16,
    E_MACHINE = 18,
    E_ENTRY = 24,
    E_PHOFF = 32,
    E_PHENTSIZE = 54,
    E_PHNUM = 56
};
enum {
    PHDR_BYTES = 56,
    P_TYPE = 0,
    P_OFFSET = 8,
    P_VADDR = 16,
    P_PADDR = 24,
    P_FILESZ = 32,
    P_MEMSZ = 40
};
enum { PT_LOAD = 1 };

bool elf_is(const uint8_t *data, uint64_t size)
{
    return size >= 4 && memcmp(data, "\177ELF", 4) == 0;
}

unsigned elf_machine_of(const uint8_t *data, uint64_t size)
{
    return size >= 20 && data[EI_DATA] == DATA_LITTLE ? (unsigned)bytes_get_le(data + E_MACHINE, 2)
                                                      : 0;
}

static int elf_check_header(const uint8_t *data, uint64_t size, unsigned machine, struct error *e)
{
    unsigned type;

    if (size < HEADER_BYTES) {
        return error_set(e, "it is an ELF file, and cut short in its header");
    }
    if (data[EI_CLASS] != CLASS_64 || data[EI_DATA] != DATA_LITTLE ||
        bytes_get_le(data + E_MACHINE, 2) != machine) {
        return error_set(e,
                         "it is an ELF file for another machine (class %u, byte order %u, "
                         "e_machine %llu; this guest has class 2, byte order 1, e_machine %u)",
                         data[EI_CLASS], data[EI_DATA],
                         (unsigned long long)bytes_get_le(data + E_MACHINE, 2), machine);
    }
    type = (unsigned)bytes_get_le(data + E_TYPE, 2);
    if (type != ET_EXEC && type != ET_DYN) {
        return error_set(e, "it is an ELF file, but not a program (e_type %u)", type);
    }
    return 0;
}

/* One program header; anything but PT_LOAD is none of our business. */
static int elf_read_segment(const uint8_t *data, uint64_t size, const uint8_t *header, paddr entry,
                            struct program *p, bool *has_entry, struct error *e)
{
    uint64_t offset = bytes_get_le(header + P_OFFSET, 8);
    uint64_t file_bytes = bytes_get_le(header + P_FILESZ, 8);
    uint64_t bytes = bytes_get_le(header + P_MEMSZ, 8);
    vaddr va = bytes_get_le(header + P_VADDR, 8);
    paddr at = bytes_get_le(header + P_PADDR, 8);

    if (bytes_get_le(header + P_TYPE, 4) != PT_LOAD || bytes == 0) {
        return 0;
    }
    if (offset > size || file_bytes > size - offset) {
        return error_set(e, "it is an ELF file, and its segment for 0x%llx is not all there",
                         (unsigned long long)at);
    }
    if (file_bytes > bytes || at + (bytes - 1) < at) {
        return error_set(e, "it is an ELF file, and its segment for 0x%llx has impossible sizes",
                         (unsigned long long)at);
    }
    if (p->segment_count == SEGMENTS_MAX) {
        return error_set(e, "it is an ELF file with more than %d segments to load", SEGMENTS_MAX);
    }
    p->segments[p->segment_count++] = (struct segment){
        .at = at, .data = data + offset, .data_bytes = file_bytes, .size_bytes = bytes};
    /* Harts start without translation: a virtual entry means its physical place. */
    if (!*has_entry && entry - va < bytes) {
        p->entry = entry - va + at;
        *has_entry = true;
    }
    return 0;
}

int elf_read(const uint8_t *data, uint64_t size, unsigned machine, struct program *p,
             struct error *e)
{
    bool has_entry = false;
    uint64_t table, entry_bytes, count;

    if (elf_check_header(data, size, machine, e) < 0) {
        return -1;
    }
    table = bytes_get_le(data + E_PHOFF, 8);
    entry_bytes = bytes_get_le(data + E_PHENTSIZE, 2);
    count = bytes_get_le(data + E_PHNUM, 2);
    if (entry_bytes < PHDR_BYTES || table > size || count * entry_bytes > size - table) {
        return error_set(e, "it is an ELF file, and its program headers are not all there");
    }
    p->placed = true;
    for (uint64_t i = 0; i < count; i++) {
        if (elf_read_segment(data, size, data + table + i * entry_bytes,
                             bytes_get_le(data + E_ENTRY, 8), p, &has_entry, e) < 0) {
            return -1;
        }
    }
    if (p->segment_count == 0) {
        return error_set(e, "it is an ELF file with nothing to load");
    }
    if (!has_entry) {
        return error_set(e, "it is an ELF file whose entry 0x%llx lies in no segment",
                         (unsigned long long)bytes_get_le(data + E_ENTRY, 8));
    }
    return 0;
}
