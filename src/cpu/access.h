/* SPDX-License-Identifier: GPL-2.0-or-later
 * access: what the slow way of accesses and its part for generated code share; private to cpu/.
 */
#ifndef CPU_ACCESS_H
#define CPU_ACCESS_H

#include "cpu/cpu.h"

/* Where the bytes of one page's part of an access lie: in a block or in a window. */
struct place {
    struct space *space; /* by whose rules it was found */
    struct mem_block *block;
    struct mem_window *window;
    uint64_t at; /* home, or bytes into the window */
    paddr physical;
    uint64_t before, left; /* bytes of the window that are there too, `left` of them from `at` on */
    uint8_t *host;         /* of a block */
    bool fill;             /* may go into the table of its kind */
    bool is_flat;          /* so may reads of all that lies around it, without a table */
    bool is_steady;        /* may be repeated without asking, but for what the page holds */
    bool is_whole;         /* all of the page lies there */
    bool is_both;          /* reads and writes reach the same */
    bool is_dropped;       /* a store to ROM */
};

/* An access in its one or two parts; a second one only when it crosses a page. */
struct reach {
    struct place part[2];
    unsigned size[2]; /* bytes; size[1] is 0 for one part */
};

/* Into the table of its kind, if it may; a write only after mem_before_write(). */
void access_fill_read(vaddr va, const struct place *p);
void access_fill_write(struct cpu *cpu, vaddr va, const struct place *p);
/* Translates the part at va, which lies in one page, and finds what is there; false with a fault raised,
 * or with none if the ISA ignores accesses to nowhere. */
bool access_find_part(struct cpu *cpu, vaddr va, unsigned size, enum access access,
                      uint32_t mem_attr, struct place *p);
/* False with a fault raised. */
bool access_alignment_holds(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr);
/* The address `by` bytes into an access. */
vaddr access_further(vaddr va, unsigned by, uint32_t mem_attr);
/* Watchpoints are asked about all of an access, also of one that fails then and stores nothing. */
void access_note_failed(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr);
/* Both parts are announced before either is stored. */
void access_write_crossing(struct cpu *cpu, const struct reach *r, const uint8_t *bytes);

/* Numbers from bytes in memory order, and back; those of 16 bytes have the less significant half first. */
uint64_t access_number_of(const uint8_t *bytes, unsigned size, uint32_t mem_attr);
void access_set_number(uint8_t *bytes, unsigned size, uint32_t mem_attr, uint64_t value);
void access_numbers_of(const uint8_t bytes[16], uint32_t mem_attr, uint64_t value[2]);
void access_set_numbers(uint8_t bytes[16], uint32_t mem_attr, const uint64_t value[2]);

#endif
