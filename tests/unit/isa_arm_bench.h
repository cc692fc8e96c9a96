/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm_bench: one 32-bit Arm hart with 16 MiB of RAM and the engine, for tests of isa/arm. No
 * devices; a tick is a nanosecond. What runs is interpreted, or compiled.
 */
#ifndef TESTS_UNIT_ISA_ARM_BENCH_H
#define TESTS_UNIT_ISA_ARM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "isa/arm32/arm.h"
#include "jit/jit.h"

#define RAM       UINT64_C(0x40000000)
#define RAM_BYTES (16 * MIB)
#define VECTORS   (RAM + 0x10000) /* VBAR */

struct bench {
    struct mem mem;
    struct cpu cpu;
    struct arm *s;
    struct arm_model model;
    struct engine *engine;
    tick now;
};

static inline struct bench *bench_new(const char *cpu_option, bool compiled)
{
    struct bench *b = base_alloc(1, sizeof(*b));
    struct isa_options options = {.cpu = cpu_option, .hart_count = 1};
    struct error e;

    b->s = base_alloc(1, sizeof(*b->s));
    assert_int_equal(isa_arm.make_model(&b->model, &options, &e), 0);
    isa_arm.reset(b->s, &b->model, &options);
    b->s->hart.pc = RAM;
    b->s->vbar = VECTORS;
    mem_init(&b->mem);
    assert_int_equal(mem_add_block(&b->mem, "ram", RAM, RAM_BYTES, true, &e), 0);
    cpu_init(&b->cpu, b->s, &b->mem);
    b->cpu.isa = &isa_arm;
    b->cpu.mmu = &isa_arm.mmu;
    b->cpu.model = &b->model;
    b->engine = engine_new(&b->mem, &b->cpu, 1);
    if (compiled && jit_supported()) {
        assert_int_equal(engine_use_jit(b->engine, true, &e), 0);
    }
    return b;
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

#endif
