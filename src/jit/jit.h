/* SPDX-License-Identifier: GPL-2.0-or-later
 * jit: IR to host code. What the code does is what ir_interp() does with the same block; what it
 * cannot do (devices met for the first time, stores to code in use, watched pages) it leaves to the
 * interpreter, one instruction at a time, at exact state: JIT_HARD. So nothing guest-visible depends
 * on whether, when or what was compiled.
 *
 * Execution contract: hart.pc, hart.instructions and every slot are exact whenever jit_run()
 * returns. Inside, some slots live in host registers, and the count lives in one.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "ir/ir.h"

struct jit;

#define JIT_PINNED_MAX 8

/* Features of hosts that code is made better by; each has its way without. Those of x86-64: */
enum {
    JIT_HOST_SSSE3 = 1,
    JIT_HOST_SSE41 = 2, /* and SSE4.2 */
    JIT_HOST_AVX = 4,
    JIT_HOST_AVX2 = 8,
    JIT_HOST_FMA = 16,
    JIT_HOST_BITS = 32 /* BMI1, BMI2, LZCNT, POPCNT */
};

/* What jump entries point to begins with this. */
struct jit_target {
    const void *code;
};

/* What an exit with LOOK and a fault ask before they leave, if it is given. cpu_now() is exact, the state
 * as when jit_run() returns but for hart.instructions and fp_flags. */
struct jit_engine {
    void *opaque;
    /* Where code goes on at hart.pc, cpu->space being chosen anew; NULL: it is left with JIT_LOOK. */
    const void *(*look)(void *opaque, struct cpu *cpu);
    /* Enters cpu->fault, which is a tick, and is asked look() then; false: JIT_FAULT. hart.instructions is exact, too. */
    bool (*fault)(void *opaque, struct cpu *cpu);
};

/* What the generator has to know of the guest. */
struct jit_guest {
    uint32_t
        pinned[JIT_PINNED_MAX]; /* offsets of the 64-bit slots that are used most, best first */
    uint32_t pinned_count;
    uint32_t
        modes; /* exits may go to several at one pc (isa_lifter.local_modes): the variant of a jump entry
                       * is the mode, from the lowest of these bits on */
    bool softfloat;   /* no floating point on the host's units: for comparing */
    uint32_t without; /* JIT_HOST_*: not to be used, so that one host can test the ways of others */
    bool alone;       /* no other hart: an exit with YIELD and no LOOK goes on, and is noted */
    struct jit_engine engine; /* all NULL: exits with LOOK and faults leave */
    bool marks;               /* what is stored is marked as mem_mark() does, with this offset */
    uintptr_t marks_offset;
};

/* A helper of HELPER_READS that is called with the argument each time a block begins, before its first
 * instruction; it sets cpu->watch_hit to have the block left there. */
struct jit_probe {
    const struct ir_helper *helper;
    uint64_t argument;
};

enum jit_left {
    JIT_LOOKUP, /* hart.pc is to be looked up: no code yet, a miss, or too few ticks left */
    JIT_LINK,   /* the same, and the jump at result.site may be linked to what is found */
    JIT_LOOK,   /* through an exit with LOOK, or behind an access to a device that set cpu->look */
    JIT_YIELD,
    JIT_FAULT,   /* cpu->fault is set; hart.pc is the instruction */
    JIT_PROBE,   /* the block's probe has set cpu->watch_hit; nothing is done at hart.pc */
    JIT_UNGROUP, /* the same as HARD; the block at result.site is better compiled without groups */
    JIT_HARD     /* the instruction at hart.pc, which has done nothing, is for the interpreter */
};

/* False if this host has no generator, or refuses executable memory. */
bool jit_supported(void);
struct jit *jit_new(const struct jit_guest *guest, struct error *e);
void jit_free(struct jit *j);

/* How a block is compiled. JIT_GROUPED: accesses at one base share a check of the page, which pays unless they
 * lie across pages or where stores are not plain (JIT_UNGROUP). JIT_FLAT: loads look at flat_first and so on of the
 * space first, and ask its tables where those do not do. */
enum { JIT_GROUPED = 1, JIT_FLAT = 2 };

/* Code for the block, or NULL: it is for the interpreter, as it has more values at a time than there
 * are places; or `*full` is set: there is no room until jit_flush(). `how`: of the
 * above. */
const void *jit_compile(struct jit *j, const struct ir_block *b, unsigned how,
                        const struct jit_probe *probe, bool *full);
/* The code that `site` of JIT_UNGROUP is in. */
const void *jit_code_at(const struct jit *j, uint32_t site);
/* Where a block without code points to: answers JIT_LOOKUP. */
const void *jit_no_code(const struct jit *j);
/* The code is not to be entered any more: whoever jumps to it comes back with JIT_LOOKUP. */
void jit_kill(struct jit *j, const void *code);
/* Killed code leads to other code of the same block from now on. */
void jit_redirect(struct jit *j, const void *killed, const void *code);
/* The jump at `site` (of JIT_LINK) goes to `code` from now on. Both are inside one guest page. */
void jit_link(struct jit *j, uint32_t site, const void *code);
/* No jump is linked any more. */
void jit_unlink(struct jit *j);
/* All code is gone. */
void jit_flush(struct jit *j);

struct jit_result {
    uint64_t ran; /* ticks: instructions retired, and what jit_engine.fault() entered */
    /* `ran` at the last exit with YIELD that went on; UINT64_MAX: there was none. */
    uint64_t yielded;
    uint32_t site; /* JIT_LINK, JIT_UNGROUP */
};
/* Runs from `code` (of a block at hart.pc in the current space and mode) for at most `budget`
 * ticks, stopping short when a block would exceed it. */
enum jit_left jit_run(struct jit *j, struct cpu *cpu, const void *code, tick now, uint64_t budget,
                      struct jit_result *result);

size_t jit_code_bytes(const struct jit *j); /* in use */
/* For logs and tests: the code of the last jit_compile(). */
void jit_last_code(const struct jit *j, const uint8_t **hot, size_t *hot_bytes,
                   const uint8_t **cold, size_t *cold_bytes);

#endif
