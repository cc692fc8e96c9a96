/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/internal: what boards share: reading programs, laying out RAM, device trees.
 */
#ifndef BOARD_INTERNAL_H
#define BOARD_INTERNAL_H

#include "board/board.h"

/* ---- programs: kernels and firmware ---- */

#define SEGMENTS_MAX 8

struct segment {
    paddr at;            /* where it goes; see `placed` */
    const uint8_t *data; /* borrowed from the image or `unpacked` */
    uint64_t data_bytes; /* <= size_bytes; what follows is zeros */
    uint64_t size_bytes;
};

struct program {
    struct segment segments[SEGMENTS_MAX]; /* at least one */
    unsigned segment_count;
    paddr entry;
    /* False: it is one segment that runs at `modulo` bytes after any multiple of 2 MiB, with `at`
     * and `entry` counted from its first byte. */
    bool placed;
    uint64_t modulo;
    uint8_t *unpacked; /* owned; NULL: the image was not compressed */
};

/* load.c: an ELF file, a RISC-V Linux Image, one of these gzipped, or else bytes as they are.
 * `what` is for sentences. No more than `most_bytes` are unpacked. */
int program_read(const struct machine_image *image, const char *what, unsigned elf_machine,
                 uint64_t most_bytes, struct program *p, struct error *e);
void program_fini(struct program *p);
/* Moves a program that is not placed to the first good address from `from` on. */
void program_place(struct program *p, paddr from);
/* The address after its last byte. */
paddr program_end(const struct program *p);

/* elf.c */
bool elf_is(const uint8_t *data, uint64_t size);
unsigned elf_machine_of(const uint8_t *data, uint64_t size); /* 0: not known */
int elf_read(const uint8_t *data, uint64_t size, unsigned machine, struct program *p,
             struct error *e);

/* unpack.c */
bool gzip_is(const uint8_t *data, uint64_t size);
/* At most `most` bytes, then an error; `*out` is the caller's to free. */
int gzip_unpack(const uint8_t *data, uint64_t size, uint64_t most, uint8_t **out,
                uint64_t *out_size, struct error *e);
/* The first bytes alone, at most `most`; returns how many there were. */
uint64_t gzip_peek(const uint8_t *data, uint64_t size, uint8_t *out, uint64_t most);

/* ---- laying out RAM: load.c ---- */

#define PLACES_MAX 32

struct ram_layout {
    paddr base;
    uint64_t size;
    struct {
        paddr at;
        uint64_t size;
        const char *what; /* borrowed */
    } places[PLACES_MAX];
    unsigned place_count;
};

/* Takes [at, at+size) for `what`: a sentence if it is not RAM or taken already. */
int ram_take(struct ram_layout *r, const char *what, paddr at, uint64_t size, struct error *e);
/* Takes a placed program's segments and has them loaded. */
int ram_load_program(struct ram_layout *r, struct machine *m, const char *what,
                     const struct program *p, struct error *e);
/* Takes a place for bytes and has them loaded. */
int ram_load_bytes(struct ram_layout *r, struct machine *m, const char *what, paddr at,
                   const void *data, uint64_t size, struct error *e);

/* ---- device trees: fdt.c ---- */

#define FDT_BYTES_MAX (1 * MIB)

/* What goes into /chosen, beside what is there. */
struct fdt_chosen {
    const char *bootargs; /* empty: leave it as it is */
    bool has_initrd;      /* make room for fdt_set_initrd() */
};

/* A tree of the user's, checked: a copy with room in it; NULL and a sentence if it is broken. */
void *fdt_from_image(const struct machine_image *image, struct error *e);
/* Adds `chosen` to a tree with room, then shuts it to its least size. -1: no room. */
int fdt_add_chosen(void *tree, const struct fdt_chosen *chosen, struct error *e);
uint64_t fdt_bytes(const void *tree);
/* After fdt_add_chosen() with has_initrd; the size stays. */
void fdt_set_initrd(void *tree, paddr start, paddr end);
/* 32 bytes for /chosen/rng-seed from the machine's seed. */
void fdt_seed_bytes(uint64_t seed, uint8_t out[32]);

/* ---- riscv_virt ---- */

/* The reference's memory map. */
enum {
    RISCV_VIRT_ROM = 0x1000,
    RISCV_VIRT_ROM_SIZE = 0xf000,
    RISCV_VIRT_TEST = 0x100000,
    RISCV_VIRT_RTC = 0x101000,
    RISCV_VIRT_CLINT = 0x2000000,
    RISCV_VIRT_PLIC = 0xc000000,
    RISCV_VIRT_UART = 0x10000000,
};
#define RISCV_VIRT_RAM UINT64_C(0x80000000)
enum { RISCV_VIRT_UART_IRQ = 10, RISCV_VIRT_RTC_IRQ = 11 };
#define RISCV_VIRT_UART_HZ 3686400

struct machine *riscv_virt_build(const struct machine_config *c, const struct isa *isa,
                                 struct error *e);
/* riscv_virt_fdt.c: the tree without what the loader adds to /chosen; the caller frees it. */
void *riscv_virt_fdt(const struct machine_config *c);

#endif
