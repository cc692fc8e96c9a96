/* SPDX-License-Identifier: GPL-2.0-or-later
 * board_programs: small programs in the formats that loaders read, made by hand.
 */
#ifndef BOARD_PROGRAMS_H
#define BOARD_PROGRAMS_H

#include <stdlib.h>

#include <zlib.h>

#include "board/internal.h"

#define RISCV_MACHINE 243

/* One program header of an ELF file to be made. */
struct elf_part {
    uint64_t type, offset, vaddr, paddr, file_bytes, bytes;
};

/* An ELF64 file of `size` bytes for RISC-V, with its headers at the front. */
static inline void make_elf(uint8_t *out, size_t size, uint64_t entry, const struct elf_part *parts,
                            unsigned count)
{
    must(size >= 64 + 56 * count);
    memset(out, 0xee, size);
    memset(out, 0, 64 + 56 * count);
    memcpy(out, "\177ELF\2\1\1", 7);
    bytes_set_le(out + 16, 2, 2);
    bytes_set_le(out + 18, 2, RISCV_MACHINE);
    bytes_set_le(out + 20, 4, 1);
    bytes_set_le(out + 24, 8, entry);
    bytes_set_le(out + 32, 8, 64);
    bytes_set_le(out + 52, 2, 64);
    bytes_set_le(out + 54, 2, 56);
    bytes_set_le(out + 56, 2, count);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *h = out + 64 + 56 * i;

        bytes_set_le(h, 4, parts[i].type);
        bytes_set_le(h + 8, 8, parts[i].offset);
        bytes_set_le(h + 16, 8, parts[i].vaddr);
        bytes_set_le(h + 24, 8, parts[i].paddr);
        bytes_set_le(h + 32, 8, parts[i].file_bytes);
        bytes_set_le(h + 40, 8, parts[i].bytes);
    }
}

/* A RISC-V Linux Image: its header, then 0x11 up to `size`. */
static inline void make_linux_image(uint8_t *out, size_t size, uint64_t text_offset,
                                    uint64_t image_bytes)
{
    must(size >= 64);
    memset(out, 0x11, size);
    memset(out, 0, 64);
    bytes_set_le(out + 8, 8, text_offset);
    bytes_set_le(out + 16, 8, image_bytes);
    memcpy(out + 48, "RISCV", 5);
    memcpy(out + 56, "RSC\x05", 4);
}

/* The gzip file of some bytes; the caller frees it. */
static inline uint8_t *make_gzip(const void *data, size_t size, size_t *out_size)
{
    z_stream z = {0};
    size_t room = size + size / 100 + 100;
    uint8_t *out = base_alloc(room, 1);

    must(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (z_const Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)room;
    must(deflate(&z, Z_FINISH) == Z_STREAM_END);
    *out_size = room - z.avail_out;
    (void)deflateEnd(&z);
    return out;
}

/* Borrows the bytes: never hand it to machine_config_fini(). */
static inline struct machine_image image_of(const void *data, size_t size)
{
    static const char name[] = "a.file";

    return (struct machine_image){
        .name = (char *)(uintptr_t)name, .data = (uint8_t *)(uintptr_t)data, .size = size};
}

#endif
