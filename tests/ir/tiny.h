/* SPDX-License-Identifier: GPL-2.0-or-later
 * tiny: the smallest machine that IR runs on, for tests and benchmarks: a state of plain slots, a
 * few pages whose virtual address is their physical one, a device, and a handful of helpers.
 */
#ifndef TESTS_IR_TINY_H
#define TESTS_IR_TINY_H

#include "ir/ir.h"

enum {
    TINY_STATE_BYTES = 1024,
    TINY_RAM = 0x10000, /* 32 KiB, read and write, but the last 2 pages are read-only */
    TINY_RAM_BYTES = 0x8000,
    TINY_READ_ONLY = 0x16000,
    TINY_USER_READ_ONLY =
        0x13000, /* one page, for AS_USER; AS_OTHER2 has pairs of pages the other way round */
    TINY_ROM = 0x20000,     /* one page; mapped for writing, too */
    TINY_NOTHING = 0x28000, /* one page mapped to where nothing is */
    TINY_DEVICE = 0x30000,  /* one page */
    TINY_ALIAS = 0x40000,   /* RAM again, at other virtual addresses */
    TINY_MOVES_FROM = 72,   /* slots of the helper `move` */
    TINY_MOVES_TO = 80
};

/* Causes in cpu->fault; value is the virtual address. Plus enum access. */
enum { TINY_PAGE_FAULT = 0x10, TINY_BUS_FAULT = 0x20, TINY_MISALIGNED = 0x30 };

struct tiny_state {
    struct hart hart;
    uint8_t slots[TINY_STATE_BYTES - sizeof(struct hart)];
};
_Static_assert(sizeof(struct tiny_state) == TINY_STATE_BYTES, "slots begin at 0");

struct tiny {
    struct cpu cpu;
    struct mem mem;
    struct tiny_state state;
    /* The device: reading gives the offset and the size (0xSS00OO); the last write is noted. A
     * write to offset 8 or a read at an odd multiple of 0x80 raises cpu->look. */
    uint64_t written_at, written, written_size, reads;
    uint64_t heard;        /* all accesses with their ticks, in order */
    unsigned translations; /* calls of translate */
    bool uncacheable;
    unsigned linear_bits; /* what translating says of RAM read as itself: 64 */
    bool walks;   /* translating an alias reads a table in RAM, which is in use from then on */
    uint64_t key; /* of the address space */
    uint64_t other_key; /* of those of accesses as another, beside it */
    unsigned code_hits, table_hits, pages_out, epochs, dma_writes;
    vaddr table_first;
    uint32_t table_users;
    uint64_t table_bytes; /* of the last hit */
    uint64_t last_granules;
};

void tiny_init(struct tiny *t);
void tiny_fini(struct tiny *t);

/* sum(a, b, c) pure; now() reads; poke(slot, value) writes 8 bytes of state; raise(cause, value)
 * if cause is not 0; look(); f80_add(a, b, rounding): the f80 of slot a becomes a + b; move(a): slot
 * TINY_MOVES_TO becomes slot TINY_MOVES_FROM + a, gives its old value; copy(to, from): 8 bytes of
 * memory, gives them. */
extern const struct ir_helper tiny_helpers[];
extern const uint32_t tiny_helper_count;

/* The block made again through the builder's shorthands, and without its dead operations. */
struct ir_block *tiny_rebuilt(const struct ir_block *b);

#endif
