/* SPDX-License-Identifier: GPL-2.0-or-later
 * engine/internal: translated blocks and the struct engine, for this folder only.
 */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "jit/jit.h"

#define BLOCK_NO_PAGE UINT32_MAX
#define BLOCK_DEAD    UINT64_MAX /* a mode that no ISA gives */

/* A piece of guest code in one mode, at one virtual address and one place in storage. An instruction that
 * crosses a page stands alone in its block, which then depends on two pages. */
struct block {
    const void
        *code; /* first, as in struct jit_target: generated code jumps through jump entries */
    /* What is looked at where a block is looked for: with what is above, one line of the host's cache. */
    uint64_t mode; /* isa->lifter.block_mode(); BLOCK_DEAD once its bytes changed */
    vaddr pc;
    haddr at; /* home of the byte at pc */
    struct block *hash_next;
    uint32_t insn_count;
    uint32_t bytes;    /* of guest code */
    uint32_t noted;    /* engine.note_round in which its granules were */
    uint8_t model;     /* cpu->model_number of the harts that it is for */
    bool crosses;      /* into the next page: right only while that is where it was */
    bool is_asked_for; /* each time that space or mode change: no jump is linked to it */
    bool ungrouped;    /* see jit_compile() */
    bool compiled;     /* was tried: `code` is what came of it */
    bool tries;        /* some instruction of it is tried where watchpoints are asked: dry.c */
    bool probed;       /* a probe is to be asked before it: see engine_set_probes */

    const void *former;   /* its code before it was ungrouped: leads to the new one */
    uint32_t page[2];     /* BLOCK_NO_PAGE if not there */
    haddr second_page;    /* home of the second page, if it crosses */
    uint64_t granules[2]; /* of each page that the bytes were read from */
    struct ir_block *ir;  /* NULL when compiled: made again if the interpreter is to run it */
    struct block *page_next[2];
};

_Static_assert(sizeof(struct block) == 128 && offsetof(struct block, former) == 64,
               "two lines of the host's cache");
_Static_assert(offsetof(struct block, code) == offsetof(struct jit_target, code),
               "a block is a target of jumps");

struct mark_map {
    uint64_t words[MARK_WORDS];
};

struct engine {
    struct mem *mem;
    struct cpu *cpus;
    unsigned cpu_count;
    struct cpu *running; /* inside engine_run */

    struct block **buckets;   /* ENGINE_BUCKETS */
    struct block **page_list; /* per page: blocks made from it */
    size_t block_count;       /* alive or dead, since the last flush */
    size_t block_limit;
    VEC(struct block *) shelves;    /* of SHELF_BLOCKS: block i is there, i < block_count */
    VEC(struct ir_block *) dead_ir; /* freed when no block is running */

    struct jit *jit; /* NULL: interpret */
    bool softfloat;
    bool code_full; /* no room for code: everything is to be dropped */
    const struct probe_set *probes;
    bool has_break, has_watch, has_physical, has_tree, has_step;
    bool stops_behind; /* engine_stops_behind() */
    struct cpu_watch watch;
    const struct ir_block *block; /* being run; NULL: a trap is being entered */
    uint8_t *tried;               /* the state before a step that is tried: see dry.c */
    uint64_t mode;                /* of the code that runs, since the engine looked last */
    tick yielded;                 /* by the last run; TICK_NEVER: not */
    tick skip_tick;               /* probes are not asked at this tick */

    bool noting; /* footprint.c */
    uint32_t note_round;
    struct pairs executed; /* granules of pcs */
    struct cpu_notes notes;
    struct pairs marked; /* pages of memory, and which of `maps` says what was written there */
    VEC(struct mark_map) maps;
    struct pairs trees; /* written: numbers of pages and of ranges, see footprint_note_tree() */

    struct engine_stats stats;
    void *trace_opaque;
    void (*trace)(void *opaque, const char *text);
    void *code_trace_opaque;
    void (*code_trace)(void *opaque, const char *text);
    struct ir_build build;
    const struct block *built; /* what `build` still holds; NULL: nothing to be used */
};

/* Of the jump entries for one pc: by the bits of the mode that change without a look. */
static inline unsigned jump_variant(const struct cpu *cpu, uint64_t mode)
{
    uint32_t local = cpu->isa->lifter.local_modes;

    return likely(local == 0) ? 0 : (unsigned)(mode & local) >> __builtin_ctz(local);
}

/* cache.c */
#define ENGINE_BUCKETS 262144u
#define ENGINE_BLOCKS  524288u /* about what has room for its code */
/* The block at hart.pc, if it was found before in this space. */
static inline struct block *cache_known(const struct cpu *cpu, uint64_t mode)
{
    const struct jump_entry *jump =
        &cpu->space->jump[jump_index(cpu->hart->pc) ^ jump_variant(cpu, mode)];

    return jump->pc == cpu->hart->pc && jump->block->mode == mode ? jump->block : NULL;
}
/* The block at hart.pc, which is fetched: this is part of the step that executes its first
 * instruction, as it may set A bits. NULL with cpu->fault set. */
struct block *cache_find(struct engine *e, struct cpu *cpu, uint64_t mode);
/* The same without touching guest memory, for who does not take the step, or not yet. */
struct block *cache_look_up(struct engine *e, struct cpu *cpu, uint64_t mode);
/* A new one, all zeros; the next to be added. */
struct block *cache_new_block(struct engine *e);
void cache_add(struct engine *e, struct block *b);
#define SHELF_BLOCKS 1024u
static inline struct block *cache_block(const struct engine *e, size_t i)
{
    return &e->shelves.data[i / SHELF_BLOCKS][i % SHELF_BLOCKS];
}
void cache_flush(struct engine *e);
/* Nobody finds the block any more; no block is running. */
void cache_kill(struct engine *e, struct block *b);
void cache_init(struct engine *e);
void cache_fini(struct engine *e);

/* translate.c: the block at cpu->hart->pc, for which cpu_fetch() found `f`: no longer than that. NULL
 * with cpu->fault set if its first instruction cannot be fetched. */
struct block *translate(struct engine *e, struct cpu *cpu, uint64_t mode, const struct fetch *f);
/* The IR of a live block, made again if it is not kept; for the interpreter, which keeps it. */
const struct ir_block *block_ir(struct engine *e, struct cpu *cpu, struct block *b);

/* footprint.c: the block is about to be run */
void footprint_note_block(struct engine *e, struct block *b);
void footprint_note_tree(struct engine *e, uint32_t tree, uint64_t at, uint64_t size);

/* dry.c: whether a probe wants to stop before the step: told of all its accesses, in order, up to the
 * one that it stops at. The step is not taken; taking it then asks nobody. */
bool dry_stops_entry(struct engine *e, struct cpu *cpu, void (*enter)(struct cpu *cpu));
bool dry_stops_insn(struct engine *e, struct cpu *cpu, const struct ir_block *b);
/* The same of the step that begins with fetching the block at hart.pc: fetching sets A bits, so
 * breakpoints and watchpoints are asked before that, by looking only. If nobody wants to stop,
 * cpu->asked says whether watchpoints have been asked about all that the step does. */
bool dry_stops_fetch(struct engine *e, struct cpu *cpu, uint64_t mode);
/* How many instructions come before one that has to be tried, at most `limit`. */
uint32_t dry_plain_insns(const struct ir_block *b, uint32_t limit);

/* probe.c */
void probe_init(struct engine *e);
bool probe_breaks_at(const struct engine *e, vaddr pc);
bool probe_ask_break(struct engine *e, struct cpu *cpu);
/* The same from generated code, where a block begins. */
struct jit_probe probe_in_code(struct engine *e);
bool probe_ask_step(struct engine *e, struct cpu *cpu);
/* Some probe wants to be told of this hart's steps. */
bool probe_steps(const struct engine *e, const struct cpu *cpu);

#endif
