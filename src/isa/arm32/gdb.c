/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb: registers as GDB's org.gnu.gdb.arm.core has them.
 */
#include "isa/arm32/arm.h"

#define CORE "org.gnu.gdb.arm.core"
enum { GDB_CPSR = 25 };

#define R(n)                                                                                       \
    {                                                                                              \
        "r" #n, CORE, "uint32", "general", 32, n                                                   \
    }

static const struct isa_register registers[] = {
    R(0),
    R(1),
    R(2),
    R(3),
    R(4),
    R(5),
    R(6),
    R(7),
    R(8),
    R(9),
    R(10),
    R(11),
    R(12),
    {"sp", CORE, "data_ptr", "general", 32, 13},
    {"lr", CORE, "int", "general", 32, 14},
    {"pc", CORE, "code_ptr", "general", 32, ARM_GDB_PC},
    {"cpsr", CORE, "int", "general", 32, GDB_CPSR},
};

const struct isa_register *arm_gdb_registers(size_t *count)
{
    *count = ARRAY_LEN(registers);
    return registers;
}

bool arm_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct arm *s = arm_of(cpu);

    if (number != GDB_CPSR && number > ARM_GDB_PC) {
        return false;
    }
    bytes_set_le(value, 4,
                 number == GDB_CPSR     ? arm_cpsr(s)
                 : number == ARM_GDB_PC ? s->hart.pc
                                        : s->r[number]);
    return true;
}

/* Of CPSR the condition flags and the instruction set: the rest is not a debugger's to change here. */
bool arm_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct arm *s = arm_of(cpu);
    uint32_t v = (uint32_t)bytes_get_le(value, 4);

    if (number != GDB_CPSR && number > ARM_GDB_PC) {
        return false;
    }
    if (number == GDB_CPSR) {
        arm_set_cpsr(cpu, v, CPSR_N | CPSR_Z | CPSR_C | CPSR_V | CPSR_T);
    } else if (number == ARM_GDB_PC) {
        s->hart.pc = v & ~UINT32_C(1);
    } else {
        s->r[number] = v;
    }
    return true;
}
