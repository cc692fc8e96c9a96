/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb: registers as GDB's features for RISC-V name and number them (GDB manual, "RISC-V Features"):
 * x registers and pc from 0, f registers from 33, CSRs from 65, the mode at 4161.
 */
#include "isa/riscv/riscv.h"

enum { GDB_PC = 32, GDB_F0 = 33, GDB_CSR0 = 65, GDB_PRIV = 65 + 4096 };

#define CPU_FEATURE     "org.gnu.gdb.riscv.cpu"
#define FPU_FEATURE     "org.gnu.gdb.riscv.fpu"
#define CSR_FEATURE     "org.gnu.gdb.riscv.csr"
#define VIRTUAL_FEATURE "org.gnu.gdb.riscv.virtual"

/* Rows of the tables: the width of x registers first, as F has it for its place among them. */
#define X(bits, n, name, type)                                                                     \
    {                                                                                              \
#name, CPU_FEATURE, type, "general", bits, n                                               \
    }
#define F(n, name)                                                                                 \
    {                                                                                              \
#name, FPU_FEATURE, "ieee_double", "float", 64, GDB_F0 + (n)                               \
    }
#define CSR_ROW(bits, number, name)                                                                \
    {                                                                                              \
#name, CSR_FEATURE, "int", "csr", bits, GDB_CSR0 + (number)                                \
    }

#define X_ROWS(bits)                                                                               \
    X(bits, 0, zero, "int"), X(bits, 1, ra, "code_ptr"), X(bits, 2, sp, "data_ptr"),               \
        X(bits, 3, gp, "data_ptr"), X(bits, 4, tp, "data_ptr"), X(bits, 5, t0, "int"),             \
        X(bits, 6, t1, "int"), X(bits, 7, t2, "int"), X(bits, 8, fp, "data_ptr"),                  \
        X(bits, 9, s1, "int"), X(bits, 10, a0, "int"), X(bits, 11, a1, "int"),                     \
        X(bits, 12, a2, "int"), X(bits, 13, a3, "int"), X(bits, 14, a4, "int"),                    \
        X(bits, 15, a5, "int"), X(bits, 16, a6, "int"), X(bits, 17, a7, "int"),                    \
        X(bits, 18, s2, "int"), X(bits, 19, s3, "int"), X(bits, 20, s4, "int"),                    \
        X(bits, 21, s5, "int"), X(bits, 22, s6, "int"), X(bits, 23, s7, "int"),                    \
        X(bits, 24, s8, "int"), X(bits, 25, s9, "int"), X(bits, 26, s10, "int"),                   \
        X(bits, 27, s11, "int"), X(bits, 28, t3, "int"), X(bits, 29, t4, "int"),                   \
        X(bits, 30, t5, "int"), X(bits, 31, t6, "int"), X(bits, GDB_PC, pc, "code_ptr")
#define F_ROWS                                                                                     \
    F(0, ft0), F(1, ft1), F(2, ft2), F(3, ft3), F(4, ft4), F(5, ft5), F(6, ft6), F(7, ft7),        \
        F(8, fs0), F(9, fs1), F(10, fa0), F(11, fa1), F(12, fa2), F(13, fa3), F(14, fa4),          \
        F(15, fa5), F(16, fa6), F(17, fa7), F(18, fs2), F(19, fs3), F(20, fs4), F(21, fs5),        \
        F(22, fs6), F(23, fs7), F(24, fs8), F(25, fs9), F(26, fs10), F(27, fs11), F(28, ft8),      \
        F(29, ft9), F(30, ft10), F(31, ft11)

#define FPCSR(number, name, get, set) {#name, FPU_FEATURE, "int", "float", 32, GDB_CSR0 + (number)},
#define MANY(number, count, name, first, get, set)
#define MANY32(number, count, name, first, get, set)

static const struct isa_register registers[] = {
    X_ROWS(64),
    F_ROWS,
#define PLAIN(number, name, member, mask) CSR_ROW(64, number, name),
#define FUNC(number, name, get, set)      CSR_ROW(64, number, name),
#define FUNC32(number, name, get, set)
#define HIGH(number, name, low)
#include "isa/riscv/csrs.def"
#undef PLAIN
#undef FUNC
#undef FUNC32
#undef HIGH
    {"priv", VIRTUAL_FEATURE, "int", NULL, 64, GDB_PRIV},
};

static const struct isa_register registers_32[] = {
    X_ROWS(32),
    F_ROWS,
#define PLAIN(number, name, member, mask) CSR_ROW(32, number, name),
#define FUNC(number, name, get, set)      CSR_ROW(32, number, name),
#define FUNC32(number, name, get, set)    CSR_ROW(32, number, name),
#define HIGH(number, name, low)           CSR_ROW(32, number, name),
#include "isa/riscv/csrs.def"
    {"priv", VIRTUAL_FEATURE, "int", NULL, 32, GDB_PRIV},
};

const struct isa_register *riscv_gdb_registers(size_t *count)
{
    *count = ARRAY_LEN(registers);
    return registers;
}

const struct isa_register *riscv32_gdb_registers(size_t *count)
{
    *count = ARRAY_LEN(registers_32);
    return registers_32;
}

static unsigned x_bytes(const struct riscv *s)
{
    return riscv_is_32(s) ? 4 : 8;
}

bool riscv_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct riscv *s = riscv_of(cpu);
    const struct riscv_csr *csr;

    if (number < GDB_PC) {
        bytes_set_le(value, x_bytes(s), s->x[number]);
    } else if (number == GDB_PC) {
        bytes_set_le(value, x_bytes(s), s->hart.pc);
    } else if (number < GDB_CSR0) {
        bytes_set_le(value, 8, s->f[number - GDB_F0]);
    } else if (number == GDB_PRIV) {
        bytes_set_le(value, x_bytes(s), s->priv);
    } else if (number < GDB_PRIV) {
        csr = riscv_csr_find(s, number - GDB_CSR0);
        if (csr == NULL) {
            return false;
        }
        bytes_set_le(value, number - GDB_CSR0 <= 3 ? 4 : x_bytes(s),
                     riscv_csr_get(cpu, csr, number - GDB_CSR0));
    } else {
        return false;
    }
    return true;
}

bool riscv_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct riscv *s = riscv_of(cpu);
    const struct riscv_csr *csr;

    if (number == 0) {
        return false;
    }
    if (number < GDB_PC) {
        s->x[number] = bytes_get_le(value, x_bytes(s));
    } else if (number == GDB_PC) {
        s->hart.pc = bytes_get_le(value, x_bytes(s)) & ~UINT64_C(1);
    } else if (number < GDB_CSR0) {
        s->f[number - GDB_F0] = bytes_get_le(value, 8);
    } else if (number < GDB_PRIV) {
        csr = riscv_csr_find(s, number - GDB_CSR0);
        if (csr == NULL || (csr->get != NULL ? csr->set == NULL : csr->mask == 0)) {
            return false;
        }
        riscv_csr_set(cpu, csr, number - GDB_CSR0,
                      bytes_get_le(value, number - GDB_CSR0 <= 3 ? 4 : x_bytes(s)));
    } else {
        return false;
    }
    return true;
}
