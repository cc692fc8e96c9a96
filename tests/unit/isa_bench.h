/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_bench: one hart of an instruction set with 16 MiB of RAM and the engine, for tests of its folder. No
 * devices; time is the tick unless a test wires the timer. isa_NAME_bench.h includes it, which says before: RAM, where
 * memory lies; BENCH_ISA, the struct isa; BENCH_STATE and BENCH_MODEL, the types of its state and model.
 */
#ifndef TESTS_UNIT_ISA_BENCH_H
#define TESTS_UNIT_ISA_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "isa/isa.h"
#include "jit/jit.h"

#define RAM_BYTES (16 * MIB)

struct bench {
    struct mem mem;
    struct cpu cpu;
    BENCH_STATE *s;
    BENCH_MODEL model;
    struct engine *engine;
    tick now;
};

/* At reset, its pc at RAM; what it runs is interpreted. */
static inline struct bench *bench_begin(const char *cpu_option)
{
    struct bench *b = base_alloc(1, sizeof(*b));
    struct isa_options options = {.cpu = cpu_option, .hart_count = 1};
    struct error e;

    b->s = base_alloc(1, sizeof(*b->s));
    assert_int_equal(BENCH_ISA.make_model(&b->model, &options, &e), 0);
    BENCH_ISA.reset(b->s, &b->model, &options);
    b->s->hart.pc = RAM;
    mem_init(&b->mem);
    assert_int_equal(mem_add_block(&b->mem, "ram", RAM, RAM_BYTES, true, &e), 0);
    cpu_init(&b->cpu, b->s, &b->mem);
    b->cpu.isa = &BENCH_ISA;
    b->cpu.mmu = &BENCH_ISA.mmu;
    b->cpu.model = &b->model;
    b->engine = engine_new(&b->mem, &b->cpu, 1);
    return b;
}

/* Compiled from now on, where the host can. */
static inline void bench_compile(struct bench *b)
{
    struct error e;

    if (jit_supported()) {
        assert_int_equal(engine_use_jit(b->engine, true, &e), 0);
    }
}

static inline void bench_free(struct bench *b)
{
    engine_free(b->engine);
    cpu_fini(&b->cpu);
    mem_fini(&b->mem);
    free(b->s);
    free(b);
}

/* Exactly n steps. */
static inline void bench_run(struct bench *b, uint64_t n)
{
    while (n > 0) {
        uint64_t ran;
        (void)engine_run(b->engine, &b->cpu, b->now, n, &ran);
        b->now += ran;
        n -= ran;
    }
}

static inline void bench_code(struct bench *b, paddr at, uint32_t word)
{
    uint8_t bytes[4];

    bytes_set_le(bytes, 4, word);
    assert_true(mem_write_bytes(&b->mem, at, bytes, 4));
}

/* Runs one instruction, which is put at RAM, with the state as it is. */
static inline void bench_one(struct bench *b, uint32_t word)
{
    bench_code(b, RAM, word);
    b->s->hart.pc = RAM;
    bench_run(b, 1);
}

static inline void bench_store(struct bench *b, paddr at, uint64_t value)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, 8, value);
    assert_true(mem_write_bytes(&b->mem, at, bytes, 8));
}

static inline uint64_t bench_load(struct bench *b, paddr at)
{
    uint8_t bytes[8];

    assert_true(mem_read_bytes(&b->mem, at, bytes, 8));
    return bytes_get_le(bytes, 8);
}

#endif
