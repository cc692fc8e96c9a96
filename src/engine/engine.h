/* SPDX-License-Identifier: GPL-2.0-or-later
 * engine: runs guest code of one hart for exactly n ticks. Owns the translated blocks of all harts
 * of a machine; they only cache, and may be forgotten at any tick without anyone noticing.
 * Probes are asked, never part of state.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "isa/isa.h"

enum probe_kind {
    PROBE_BREAK,      /* about to execute the instruction at `at` */
    PROBE_WATCH_READ, /* about to access any byte of [at, at+size), virtual */
    PROBE_WATCH_WRITE,
    PROBE_WATCH_ACCESS, /* either */
    PROBE_PHYSICAL,     /* about to write any byte of storage in [at, at+size), homes (mem/mem.h):
                           whoever does, and by whichever physical address */
    PROBE_TREE,         /* has written any byte of [at, at+size) of live tree `tree` */
    PROBE_STEP          /* about to take any step of hart `hart`: instruction or trap entry */
};
#define PROBE_ANY_HART UINT32_MAX

struct probe {
    enum probe_kind kind;
    uint32_t hart; /* PROBE_ANY_HART, or only this one; not for PROBE_PHYSICAL and PROBE_TREE */
    vaddr at;
    uint64_t size; /* bytes; watchpoints, PROBE_PHYSICAL and PROBE_TREE only, which do not wrap */
    uint32_t tree; /* PROBE_TREE: the caller's number of it; see engine_tree_written() */
};

/* A probe met at `at_tick`: the machine is in the state of that tick, the step not yet taken. But
 * for PROBE_PHYSICAL and PROBE_TREE the step is being taken, and may be no instruction's. */
struct probe_hit {
    uint32_t probe; /* index in the set */
    uint32_t hart;  /* PROBE_ANY_HART: none's step */
    tick at_tick;
    vaddr pc;
    vaddr
        address; /* of the access, for watchpoints; a home for PROBE_PHYSICAL; a byte of the tree */
    uint64_t size;      /* of the access */
    uint64_t value;     /* about to be stored; 0 for a read, PROBE_PHYSICAL and PROBE_TREE */
    const char *writer; /* of these two: as in struct mem_writer; NULL: an instruction */
    const char *source; /* PROBE_PHYSICAL: the same, */
    uint64_t source_at; /* of the byte at `address` */
    bool is_write;
};

/* Told of each hit, lowest probe index first. Returns true to stop before the step; false lets it
 * happen (a breakpoint and a watchpoint may both tell of one step). PROBE_PHYSICAL cannot stop, and
 * PROBE_TREE only once the step is taken: engine_stops_behind().
 * Never changes the machine. */
struct probe_set {
    const struct probe *probes;
    size_t count;
    void *opaque;
    bool (*hit)(void *opaque, const struct probe_hit *h);
};

enum engine_stop {
    ENGINE_BUDGET, /* all ticks used */
    ENGINE_LOOK,   /* lines, alarms or power may have changed: plan again, call again */
    ENGINE_YIELD,  /* the hart gives up its quantum: it waits, or said so */
    ENGINE_PROBE   /* a probe's hit() said stop */
};

struct engine;

/* cpus[0..count): all harts that run code of this memory; the arrays must outlive the engine.
 * Registers itself as mem's listener. */
struct engine *engine_new(struct mem *mem, struct cpu *cpus, unsigned count);
void engine_free(struct engine *e);

/* Runs `cpu` from tick `now` for at most `budget` (>= 1) ticks; *ran is the ticks used, <= budget.
 * Takes pending interrupts and exceptions, each one tick. */
enum engine_stop engine_run(struct engine *e, struct cpu *cpu, tick now, uint64_t budget,
                            uint64_t *ran);

/* When the last engine_run() met an instruction that gives up the quantum and went on behind it, which it
 * does where there is only one hart; the last of several; TICK_NEVER: it did not. */
tick engine_yielded_at(const struct engine *e);

/* Guest code is compiled for the host from now on, or not: no guest can tell. -1 and a sentence if
 * this host cannot. A new engine interprets. */
int engine_use_jit(struct engine *e, bool on, struct error *error);
/* Compiled code computes floating point in C, as the interpreter does: for comparing. Takes effect
 * with the next engine_use_jit(). */
void engine_set_softfloat(struct engine *e, bool on);

/* The set is borrowed until replaced; NULL: none. Costs what it concerns: code at breakpoints is
 * translated again, watched pages leave the tables. */
void engine_set_probes(struct engine *e, const struct probe_set *set);

/* Somebody has written to these bytes of a live tree, which the engine knows by its number alone, below
 * ENGINE_TREES_MAX. */
#define ENGINE_TREES_MAX 4096u
void engine_tree_written(struct engine *e, uint32_t tree, uint64_t at, uint64_t size,
                         const struct mem_writer *by);
/* Of a PROBE_TREE a hit() has said stop since the last call: the step that wrote is taken first. */
bool engine_stops_behind(struct engine *e);

/* Probes are not asked at tick `at`: the step that a stop was about may happen. TICK_NEVER: ask. */
void engine_skip_probes(struct engine *e, tick at);

/* Drops all derived state of all harts: translations, tables, jump entries. */
void engine_forget(struct engine *e);
/* At most this many blocks before everything is dropped; small for tests. Default 524288. */
void engine_set_cache_limit(struct engine *e, size_t blocks);

/* ---- footprint.c: what code did, by which searches skip time ---- */

/* Takes notes from now on, or starts anew; in host memory alone, as all observing. -1 and a
 * sentence if the host has no room. Unless pages are enough, which is coarser, code costs some per
 * cent more, also after the end. What was chosen first stays. */
int engine_start_footprint(struct engine *e, bool pages_only, struct error *error);
void engine_end_footprint(struct engine *e);
/* Appends what was done since the notes began, and begins anew: everything that was executed, read
 * and written, and perhaps more. Only between runs. */
void engine_take_footprint(struct engine *e, struct text *packed);
/* False: the probe was not met where this footprint was made. `m` is of the same configuration.
 * Damaged bytes allow anything. */
bool engine_footprint_allows(const uint8_t *packed, size_t count, const struct mem *m,
                             const struct probe *p);

struct engine_stats {
    uint64_t blocks_translated, insns_translated, flushes, invalidations;
    uint64_t compiled, code_entries,
        hard;                        /* blocks; ways in; instructions left to the interpreter */
    uint64_t exceptions, interrupts; /* taken */
};
void engine_get_stats(const struct engine *e, struct engine_stats *out);
/* Prints each block's IR to `line` when translated; NULL stops. */
void engine_set_trace(struct engine *e, void *opaque, void (*line)(void *opaque, const char *text));
/* The same for the host code made of each block, in hexadecimal: where, hot part, cold part. */
void engine_set_code_trace(struct engine *e, void *opaque,
                           void (*line)(void *opaque, const char *text));

#endif
