/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_bench: one RISC-V hart with 16 MiB of RAM and the engine, for tests of isa/riscv. No
 * devices; time is the tick unless a test wires the timer.
 */
#ifndef TESTS_UNIT_ISA_RISCV_BENCH_H
#define TESTS_UNIT_ISA_RISCV_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "isa/riscv/riscv.h"

#define RAM       UINT64_C(0x80000000)
#define RAM_BYTES (16 * MIB)
/* Of RV64. */
#define MSTATUS_SD      (UINT64_C(1) << 63)
#define CAUSE_INTERRUPT (UINT64_C(1) << 63)

struct bench {
    struct mem mem;
    struct cpu cpu;
    struct riscv *s;
    struct riscv_model model;
    struct engine *engine;
    tick now;
};

static inline struct bench *bench_new(const char *cpu_option)
{
    struct bench *b = base_alloc(1, sizeof(*b));
    struct isa_options options = {.cpu = cpu_option, .hart_count = 1};
    struct error e;

    b->s = base_alloc(1, sizeof(*b->s));
    assert_int_equal(isa_riscv64.make_model(&b->model, &options, &e), 0);
    isa_riscv64.reset(b->s, &b->model, &options);
    b->s->hart.pc = RAM;
    mem_init(&b->mem);
    assert_int_equal(mem_add_block(&b->mem, "ram", RAM, RAM_BYTES, true, &e), 0);
    cpu_init(&b->cpu, b->s, &b->mem);
    b->cpu.isa = &isa_riscv64;
    b->cpu.mmu = &isa_riscv64.mmu;
    b->cpu.model = &b->model;
    b->engine = engine_new(&b->mem, &b->cpu, 1);
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

/* S and U may use all of memory. */
static inline void bench_open_pmp(struct bench *b)
{
    b->s->pmpaddr[0] = UINT64_MAX >> 10;
    b->s->pmpcfg[0] = 0x1f;
    b->s->pmp_generation++;
}

/* One CSR instruction as the hart would execute it now. True if it was legal; *old is rd. */
static inline bool bench_csr(struct bench *b, unsigned number, enum riscv_csr_op op, unsigned rs1,
                             uint64_t source, uint64_t *old)
{
    uint64_t bits = (uint64_t)number << 20 | (uint64_t)rs1 << 15 | (uint64_t)op << 12 | 0x73;

    *old = riscv_csr_access(&b->cpu, bits, source, 0);
    if (b->cpu.fault.raised) {
        assert_int_equal(b->cpu.fault.cause, CAUSE_ILLEGAL);
        assert_int_equal(b->cpu.fault.value, bits);
        b->cpu.fault.raised = false;
        return false;
    }
    return true;
}

static inline uint64_t bench_read(struct bench *b, unsigned number)
{
    uint64_t value;

    assert_true(bench_csr(b, number, CSR_OP_SET, 0, 0, &value));
    return value;
}

static inline void bench_write(struct bench *b, unsigned number, uint64_t value)
{
    uint64_t old;

    assert_true(bench_csr(b, number, CSR_OP_WRITE, 1, value, &old));
}

static inline bool bench_may_read(struct bench *b, unsigned number)
{
    uint64_t old;

    return bench_csr(b, number, CSR_OP_SET, 0, 0, &old);
}

static inline bool bench_may_write(struct bench *b, unsigned number, uint64_t value)
{
    uint64_t old;

    return bench_csr(b, number, CSR_OP_WRITE, 1, value, &old);
}

#endif
