/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_bench: one RISC-V hart with 16 MiB of RAM and the engine, for tests of isa/riscv. No
 * devices; time is the tick unless a test wires the timer.
 */
#ifndef TESTS_UNIT_ISA_RISCV_BENCH_H
#define TESTS_UNIT_ISA_RISCV_BENCH_H

#include "isa/riscv/riscv.h"

#define RAM UINT64_C(0x80000000)
/* Of RV64. */
#define MSTATUS_SD      (UINT64_C(1) << 63)
#define CAUSE_INTERRUPT (UINT64_C(1) << 63)

#define BENCH_ISA   isa_riscv64
#define BENCH_STATE struct riscv
#define BENCH_MODEL struct riscv_model
#include "isa_bench.h"

static inline struct bench *bench_new(const char *cpu_option)
{
    return bench_begin(cpu_option);
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
