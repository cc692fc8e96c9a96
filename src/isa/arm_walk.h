/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_walk: the way through tables of long descriptors, which Arm's processors of 64 and of 32 bits have alike: after
 * DDI 0487, D8, with granules of 4, 16 and 64 KiB, and DDI 0406C, B3.6, which has those of 4 KiB alone. Whose registers
 * say where they are, what descriptors permit and how faults are told is each instruction set's own.
 */
#ifndef ISA_ARM_WALK_H
#define ISA_ARM_WALK_H

#include "cpu/cpu.h"

/* Bits of a descriptor that say where it leads. */
enum { ARM_DESC_VALID = 1, ARM_DESC_TABLE = 2 };

/* What tables translate. */
struct arm_tables {
    paddr first;
    unsigned level;        /* of the first table, whose leaves are pages at level 3 */
    unsigned granule;      /* log2 of the bytes of a table and of a page */
    unsigned in_bits;      /* of addresses that are translated: those above are not looked at */
    unsigned address_bits; /* of addresses that descriptors hold: those above mean something else */
    unsigned out_bits;     /* of addresses that may come out */
    unsigned
        align_bits; /* the first table is aligned to its size, and to 2^align_bits bytes at least */
    bool big;       /* descriptors are big-endian */
};

enum arm_walk_end {
    ARM_WALK_LEAF,     /* a page or block */
    ARM_WALK_INVALID,  /* the descriptor leads nowhere */
    ARM_WALK_SIZE,     /* an address is larger than it may be */
    ARM_WALK_EXTERNAL, /* there is no memory where the descriptor should be */
    ARM_WALK_REFUSED   /* locate() said no */
};

struct arm_walk {
    struct cpu *cpu;
    const struct arm_tables *tables;
    uint64_t in;   /* what is translated */
    vaddr va;      /* for whose translation that is */
    bool in_is_va; /* else a table is known to map no more than the page of `va` */
    bool debug;    /* leaves no traces */
    /* Makes a descriptor's address a physical one, where it is not (NULL: it is). */
    bool (*locate)(void *opaque, paddr *at);
    void *opaque;

    /* What is found: the last descriptor and where it is, its level, log2 of what it maps. */
    uint64_t desc;
    paddr at;
    unsigned level, shift;
    paddr out;         /* of a leaf: where `in` leads */
    uint64_t inherits; /* what all tables on the way say in bits 59 to 63 */
};

paddr arm_walk_first(const struct arm_tables *t);
/* Goes down to the leaf, or to where the way ends. The tables that it went through are noted (cpu_walk_used()), but
 * not the leaf's, which arm_walk_done() does. */
enum arm_walk_end arm_walk(struct arm_walk *w);
void arm_walk_done(const struct arm_walk *w);
/* Writes the leaf's descriptor; false if that cannot be, as of cpu_walk_update(). */
bool arm_walk_update(struct arm_walk *w, uint64_t desc);

#endif
