/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb: the core registers as GDB's org.gnu.gdb.aarch64.core has them.
 */
#include "isa/arm64/arm64.h"

#define CORE "org.gnu.gdb.aarch64.core"
enum { GDB_SP = 31, GDB_CPSR = 33, GDB_CORE_COUNT };

#define X(n)                                                                                       \
    {                                                                                              \
        "x" #n, CORE, "int", "general", 64, n                                                      \
    }

static const struct isa_register registers[] = {
    X(0),
    X(1),
    X(2),
    X(3),
    X(4),
    X(5),
    X(6),
    X(7),
    X(8),
    X(9),
    X(10),
    X(11),
    X(12),
    X(13),
    X(14),
    X(15),
    X(16),
    X(17),
    X(18),
    X(19),
    X(20),
    X(21),
    X(22),
    X(23),
    X(24),
    X(25),
    X(26),
    X(27),
    X(28),
    X(29),
    X(30),
    {"sp", CORE, "data_ptr", "general", 64, GDB_SP},
    {"pc", CORE, "code_ptr", "general", 64, ARM64_GDB_PC},
    {"cpsr", CORE, "int", "general", 32, GDB_CPSR},
};

const struct isa_register *arm64_gdb_registers(size_t *count)
{
    *count = ARRAY_LEN(registers);
    return registers;
}

bool arm64_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct arm64 *s = arm64_of(cpu);

    if (number >= GDB_CORE_COUNT) {
        return false;
    }
    if (number == GDB_CPSR) {
        bytes_set_le(value, 4, arm64_pstate(s));
    } else {
        bytes_set_le(value, 8, number == ARM64_GDB_PC ? s->hart.pc : s->x[number]);
    }
    return true;
}

/* Of PSTATE only the condition flags: the rest is not a debugger's to change here. */
bool arm64_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct arm64 *s = arm64_of(cpu);

    if (number >= GDB_CORE_COUNT) {
        return false;
    }
    if (number == GDB_CPSR) {
        arm64_set_nzcv(s, bytes_get_le(value, 4));
    } else if (number == ARM64_GDB_PC) {
        s->hart.pc = bytes_get_le(value, 8);
    } else {
        s->x[number] = bytes_get_le(value, 8);
    }
    return true;
}
