/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb: registers as GDB's features for AArch64 name and number them (GDB manual, "AArch64 Features"): x
 * registers, sp, pc and cpsr from 0, v registers from 34, fpsr and fpcr behind them; then in a feature of our
 * own the system registers that have a name, in the order of names.def. What the CPU does not have, and the
 * interrupt controller's, which are no state of the hart, are not there.
 */
#include "isa/arm64/sysreg.h"

#define CORE_FEATURE   "org.gnu.gdb.aarch64.core"
#define FPU_FEATURE    "org.gnu.gdb.aarch64.fpu"
#define SYSTEM_FEATURE "org.reprise.aarch64.system"
enum { GDB_SP = 31, GDB_CPSR = 33, GDB_V0 = 34, GDB_FPSR = GDB_V0 + 32, GDB_FPCR, GDB_SYSTEM };

/* names.def by its rows: their places, and the numbers that instructions have. */
enum system_row {
#define REGISTER(op0, op1, n, m, op2, name) ROW_##op0##_##op1##_##n##_##m##_##op2,
#define OPERATION(op1, n, m, op2, instruction, name, takes)
#include "isa/arm64/names.def"
#undef REGISTER
    SYSTEM_ROWS
};

static const uint16_t system_numbers[SYSTEM_ROWS] = {
#define REGISTER(op0, op1, n, m, op2, name) ARM64_SYS(op0, op1, n, m, op2),
#include "isa/arm64/names.def"
#undef REGISTER
};

#define X(n)                                                                                       \
    {                                                                                              \
        "x" #n, CORE_FEATURE, "int", "general", 64, n                                              \
    }
#define X8(a, b, c, d, e, f, g, h) X(a), X(b), X(c), X(d), X(e), X(f), X(g), X(h)
#define V(n)                                                                                       \
    {                                                                                              \
        "v" #n, FPU_FEATURE, "aarch64v", "vector", 128, GDB_V0 + (n)                               \
    }
#define V8(a, b, c, d, e, f, g, h) V(a), V(b), V(c), V(d), V(e), V(f), V(g), V(h)

static const struct isa_register registers[] = {
    X8(0, 1, 2, 3, 4, 5, 6, 7),
    X8(8, 9, 10, 11, 12, 13, 14, 15),
    X8(16, 17, 18, 19, 20, 21, 22, 23),
    X(24),
    X(25),
    X(26),
    X(27),
    X(28),
    X(29),
    X(30),
    {"sp", CORE_FEATURE, "data_ptr", "general", 64, GDB_SP},
    {"pc", CORE_FEATURE, "code_ptr", "general", 64, ARM64_GDB_PC},
    {"cpsr", CORE_FEATURE, "cpsr_flags", "general", 32, GDB_CPSR},
    V8(0, 1, 2, 3, 4, 5, 6, 7),
    V8(8, 9, 10, 11, 12, 13, 14, 15),
    V8(16, 17, 18, 19, 20, 21, 22, 23),
    V8(24, 25, 26, 27, 28, 29, 30, 31),
    {"fpsr", FPU_FEATURE, "int", "float", 32, GDB_FPSR},
    {"fpcr", FPU_FEATURE, "int", "float", 32, GDB_FPCR},
#define REGISTER(op0, op1, n, m, op2, name)                                                        \
    {name, SYSTEM_FEATURE, "int", "system", 64, GDB_SYSTEM + ROW_##op0##_##op1##_##n##_##m##_##op2},
#include "isa/arm64/names.def"
#undef REGISTER
#undef OPERATION
};

const struct isa_register *arm64_gdb_registers(size_t *count)
{
    *count = ARRAY_LEN(registers);
    return registers;
}

/* A vector of a type, by GDB's name of it, and a field of a union or of flags. */
#define VECTOR(id, type, count) "  <vector id=\"" id "\" type=\"" type "\" count=\"" #count "\"/>\n"
#define MEMBER(name, type)      "    <field name=\"" name "\" type=\"" type "\"/>\n"
#define BITS(name, low, high)                                                                      \
    "    <field name=\"" name "\" start=\"" #low "\" end=\"" #high "\"/>\n"
#define UNION(id, members) "  <union id=\"" id "\">\n" members "  </union>\n"

static const char core_types[] =
    "  <flags id=\"cpsr_flags\" size=\"4\">\n" BITS("SP", 0, 0) BITS("EL", 2, 3) BITS("nRW", 4, 4)
        BITS("F", 6, 6) BITS("I", 7, 7) BITS("A", 8, 8) BITS("D", 9, 9) BITS("BTYPE", 10, 11)
            BITS("SSBS", 12, 12) BITS("IL", 20, 20) BITS("SS", 21, 21) BITS("PAN", 22, 22)
                BITS("UAO", 23, 23) BITS("DIT", 24, 24) BITS("V", 28, 28) BITS("C", 29, 29)
                    BITS("Z", 30, 30) BITS("N", 31, 31) "  </flags>\n";

static const char fpu_types[] = VECTOR("v2d", "ieee_double", 2) VECTOR("v2u", "uint64", 2)
    VECTOR("v2i", "int64", 2) VECTOR("v4f", "ieee_single", 4) VECTOR("v4u", "uint32", 4)
        VECTOR("v4i", "int32", 4) VECTOR("v8h", "ieee_half", 8) VECTOR("v8u", "uint16", 8)
            VECTOR("v8i", "int16", 8) VECTOR("v16u", "uint8", 16) VECTOR("v16i", "int8", 16)
                VECTOR("v1u", "uint128", 1) VECTOR("v1i", "int128", 1)
                    UNION("vnd", MEMBER("f", "v2d") MEMBER("u", "v2u") MEMBER("s", "v2i"))
                        UNION("vns", MEMBER("f", "v4f") MEMBER("u", "v4u") MEMBER("s", "v4i"))
                            UNION("vnh", MEMBER("f", "v8h") MEMBER("u", "v8u") MEMBER("s", "v8i"))
                                UNION("vnb", MEMBER("u", "v16u") MEMBER("s", "v16i"))
                                    UNION("vnq", MEMBER("u", "v1u") MEMBER("s", "v1i"))
                                        UNION("aarch64v", MEMBER("d", "vnd") MEMBER("s", "vns")
                                                              MEMBER("h", "vnh") MEMBER("b", "vnb")
                                                                  MEMBER("q", "vnq"));

const char *arm64_gdb_types(const char *feature)
{
    if (strcmp(feature, CORE_FEATURE) == 0) {
        return core_types;
    }
    return strcmp(feature, FPU_FEATURE) == 0 ? fpu_types : NULL;
}

/* NULL if this CPU does not have it; *index as arm64_sysreg_find(). */
static const struct arm64_sysreg *system_register(const struct cpu *cpu, uint32_t number,
                                                  unsigned *index)
{
    unsigned n;

    if (number - GDB_SYSTEM >= SYSTEM_ROWS) {
        return NULL;
    }
    n = system_numbers[number - GDB_SYSTEM];
    return arm64_sysreg_is_gic(n) ? NULL : arm64_sysreg_find(arm64_model_of(cpu), n, index);
}

static bool get_system(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    unsigned index;
    const struct arm64_sysreg *r = system_register(cpu, number, &index);

    if (r == NULL || (r->flags & SYS_WRITE_ONLY) != 0) {
        return false;
    }
    bytes_set_le(value, 8, arm64_sysreg_get(cpu, r, index));
    return true;
}

static bool set_system(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    unsigned index;
    const struct arm64_sysreg *r = system_register(cpu, number, &index);

    if (r == NULL || (r->flags & SYS_READ_ONLY) != 0) {
        return false;
    }
    arm64_sysreg_set(cpu, r, index, bytes_get_le(value, 8));
    return true;
}

bool arm64_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct arm64 *s = arm64_of(cpu);

    if (number >= GDB_SYSTEM) {
        return get_system(cpu, number, value);
    }
    if (number <= GDB_SP) {
        bytes_set_le(value, 8, s->x[number]);
    } else if (number == ARM64_GDB_PC) {
        bytes_set_le(value, 8, s->hart.pc);
    } else if (number == GDB_CPSR) {
        bytes_set_le(value, 4, arm64_pstate(s));
    } else if (number < GDB_FPSR) {
        bytes_set_le(value, 8, s->v[2 * (number - GDB_V0)]);
        bytes_set_le(value + 8, 8, s->v[2 * (number - GDB_V0) + 1]);
    } else {
        bytes_set_le(value, 4, number == GDB_FPSR ? arm64_get_fpsr(s) : s->fpcr);
    }
    return true;
}

/* Of PSTATE only the condition flags: the rest is not a debugger's to change here. */
bool arm64_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct arm64 *s = arm64_of(cpu);

    if (number >= GDB_SYSTEM) {
        return set_system(cpu, number, value);
    }
    if (number <= GDB_SP) {
        s->x[number] = s->a32 && number < 15 ? bytes_get_le(value, 4) : bytes_get_le(value, 8);
    } else if (number == ARM64_GDB_PC) {
        s->hart.pc = s->a32 ? bytes_get_le(value, 4) & ~UINT64_C(1) : bytes_get_le(value, 8);
    } else if (number == GDB_CPSR) {
        arm64_set_nzcv(s, bytes_get_le(value, 4));
    } else if (number < GDB_FPSR) {
        s->v[2 * (number - GDB_V0)] = bytes_get_le(value, 8);
        s->v[2 * (number - GDB_V0) + 1] = bytes_get_le(value + 8, 8);
    } else if (number == GDB_FPSR) {
        arm64_set_fpsr(s, (uint32_t)bytes_get_le(value, 4));
    } else {
        s->fpcr = (uint32_t)bytes_get_le(value, 4);
    }
    return true;
}
