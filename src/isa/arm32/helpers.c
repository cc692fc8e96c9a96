/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the table of C functions that lifted blocks call, and those that are no registers'.
 */
#include "isa/arm32/helpers.h"

#define UNUSED3(a, b, c) ((void)(a), (void)(b), (void)(c))

/* ---- exceptions ---- */

uint64_t arm_help_raise(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    cpu_raise(cpu, (uint32_t)a, b);
    cpu->fault.value2 = c;
    return 0;
}

uint64_t arm_help_bkpt(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return arm_help_raise(cpu, FAULT_PREFETCH, a, arm_fault_status(cpu, STATUS_DEBUG, 0, 0));
}

uint64_t arm_help_fp_off(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    UNUSED3(a, b, c);
    arm_raise_undefined(cpu);
    return 0;
}

/* No processor of this folder has watchpoints that the guest could set. */
uint64_t arm_help_watchpoint(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    UNUSED3(a, b, c);
    return 0;
}

/* No processor of this folder has instructions for it. */
uint64_t arm_help_crypto(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    UNUSED3(a, b, c);
    must(false);
    return 0;
}

uint64_t arm_help_pc_alignment(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return arm_help_raise(cpu, FAULT_PREFETCH, a, arm_fault_status(cpu, STATUS_ALIGNMENT, 0, 0));
}

/* Calls of firmware: the function in R0, what it says in R0 to R3. */
uint64_t arm_help_hvc(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct arm *s = arm_of(cpu);
    struct platform_call call = {.service = SERVICE_FIRMWARE};

    UNUSED3(a, b, c);
    for (unsigned i = 0; i < 4; i++) {
        call.words[i] = s->r[i];
    }
    if (cpu->platform == NULL || cpu->platform->call(cpu, &call) != PLATFORM_DONE) {
        arm_raise_undefined(cpu);
        return 0;
    }
    for (unsigned i = 0; i < 4; i++) {
        s->r[i] = (uint32_t)call.words[i];
    }
    return 0;
}

/* Where there is none, the instruction is what it is otherwise: this exception. */
uint64_t arm_help_semihosting(struct cpu *cpu, uint64_t fault, uint64_t value, uint64_t status)
{
    struct arm *s = arm_of(cpu);
    struct platform_call call = {.service = SERVICE_SEMIHOSTING, .words = {s->r[0], s->r[1]}};

    if (cpu->platform == NULL || cpu->platform->call(cpu, &call) != PLATFORM_DONE) {
        (void)arm_help_raise(cpu, fault, value, status);
    } else {
        s->r[0] = (uint32_t)call.words[0];
    }
    return 0;
}

uint64_t arm_help_wfi(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    UNUSED3(a, b, c);
    arm_of(cpu)->hart.waiting = !arm_wakes(cpu);
    return 0;
}

/* ---- CPSR, SPSR, other modes' registers ---- */

uint64_t arm_help_mrs(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct arm *s = arm_of(cpu);

    (void)b;
    (void)c;
    /* The state of execution, IT and T, reads as 0. */
    return a ? s->spsr[arm_bank(s->mode)] : arm_cpsr(s) & ~(CPSR_IT_LOW | CPSR_IT_HIGH | CPSR_T);
}

uint64_t arm_help_msr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    uint32_t mask = (uint32_t)b & ~(CPSR_IT_LOW | CPSR_IT_HIGH | CPSR_T);

    (void)c;
    if (arm_of(cpu)->mode == ARM_MODE_USR) {
        mask &= CPSR_N | CPSR_Z | CPSR_C | CPSR_V | CPSR_Q | CPSR_GE | CPSR_E;
    }
    arm_set_cpsr(cpu, (uint32_t)a, mask);
    return 0;
}

uint64_t arm_help_msr_spsr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    uint32_t *spsr = &arm_of(cpu)->spsr[arm_bank(arm_of(cpu)->mode)];

    (void)c;
    *spsr = (*spsr & ~(uint32_t)b) | ((uint32_t)a & (uint32_t)b);
    return 0;
}

uint64_t arm_help_return(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct arm *s = arm_of(cpu);

    (void)b;
    (void)c;
    return arm_return(cpu, (uint32_t)a, s->spsr[arm_bank(s->mode)]);
}

uint64_t arm_help_rfe(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return arm_return(cpu, (uint32_t)a, (uint32_t)b);
}

uint64_t arm_help_get_user(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return arm_get_user(arm_of(cpu), (unsigned)a);
}

uint64_t arm_help_set_user(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    arm_set_user(arm_of(cpu), (unsigned)a, (uint32_t)b);
    return 0;
}

uint64_t arm_help_get_sp(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct arm *s = arm_of(cpu);
    unsigned bank = arm_bank((uint32_t)a);

    (void)b;
    (void)c;
    return bank == arm_bank(s->mode) ? s->r[13] : s->r13[bank];
}

uint64_t arm_help_set_sp(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct arm *s = arm_of(cpu);
    unsigned bank = arm_bank((uint32_t)a);

    (void)c;
    if (bank == arm_bank(s->mode)) {
        s->r[13] = (uint32_t)b;
    } else {
        s->r13[bank] = (uint32_t)b;
    }
    return 0;
}

/* ---- parts of words ---- */

/* x + y or x - y of one part, of `bits` bits, by the kind: S 1, Q 2, SH 3, U 5, UQ 6, UH 7; *ge: whether its
 * GE is set. */
static uint32_t one_part(uint32_t x, uint32_t y, bool minus, unsigned kind, unsigned bits, bool *ge)
{
    bool is_signed = kind < 4;
    int64_t p = is_signed ? (int64_t)bits_sext(x, bits) : (int64_t)x;
    int64_t q = is_signed ? (int64_t)bits_sext(y, bits) : (int64_t)y;
    int64_t v = minus ? p - q : p + q;
    int64_t least = is_signed ? -(INT64_C(1) << (bits - 1)) : 0;
    int64_t most = (INT64_C(1) << (bits - is_signed)) - 1;

    *ge = is_signed || minus ? v >= 0 : v > most;
    if ((kind & 3) == 2) {
        v = v < least ? least : v > most ? most : v;
    } else if ((kind & 3) == 3) {
        v = (int64_t)((uint64_t)v >> 1);
    }
    return (uint32_t)v & (uint32_t)((UINT64_C(1) << bits) - 1);
}

/* The result and above it GE. c: PAR() of lift.h. */
uint64_t arm_help_parallel(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    unsigned kind = (unsigned)c >> 3 & 7, op = (unsigned)c & 7, bits = op >= 4 ? 8 : 16;
    bool crossed = op == 1 || op == 2;
    uint32_t out = 0, flags = 0;

    (void)cpu;
    for (unsigned at = 0; at < 32; at += bits) {
        uint32_t x = (uint32_t)bits_get(a, at, bits);
        uint32_t y = (uint32_t)bits_get(b, crossed ? 16 - at : at, bits);
        bool minus = op == 3 || op == 7 || (op == 1 && at == 0) || (op == 2 && at != 0), ge;

        out |= one_part(x, y, minus, kind, bits, &ge) << at;
        flags |= ge ? (bits == 8 ? UINT32_C(1) : UINT32_C(3)) << at / 8 : 0;
    }
    return (uint64_t)flags << 32 | out;
}

uint64_t arm_help_usad8(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t sum = 0;

    (void)cpu;
    (void)c;
    for (unsigned at = 0; at < 32; at += 8) {
        uint64_t x = bits_get(a, at, 8), y = bits_get(b, at, 8);

        sum += x > y ? x - y : y - x;
    }
    return sum;
}

uint64_t arm_help_sel(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t mask = 0;

    (void)cpu;
    for (unsigned i = 0; i < 4; i++) {
        mask |= (c >> i & 1) != 0 ? UINT64_C(0xff) << 8 * i : 0;
    }
    return (a & mask) | (b & ~mask & UINT32_MAX);
}

#define SLOTS_ANY                                                                                  \
    {                                                                                              \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

#define SLOTS_FP_FLAGS                                                                             \
    {                                                                                              \
        {                                                                                          \
            offsetof(struct arm, hart.fp_flags), offsetof(struct arm, hart.fp_flags) + 1           \
        }                                                                                          \
    }

#define SLOTS_D                                                                                    \
    {                                                                                              \
        {offsetof(struct arm, hart.fp_flags), offsetof(struct arm, hart.fp_flags) + 1},            \
        {                                                                                          \
            offsetof(struct arm, d), offsetof(struct arm, d) + sizeof(uint64_t[32])                \
        }                                                                                          \
    }
#define SLOTS_D_QC                                                                                 \
    {                                                                                              \
        {offsetof(struct arm, d), offsetof(struct arm, d) + sizeof(uint64_t[32])},                 \
        {                                                                                          \
            offsetof(struct arm, fpsr), offsetof(struct arm, fpsr) + 4                             \
        }                                                                                          \
    }

/* The lists of slots have commas: no macro passes them on to another one. */
#define ENTRY(NAME, function) [HELP_##NAME] = {.name = #NAME, .call = (function),
#define REST(does, count)     .effects = (does), .argument_count = (count)

const struct ir_helper arm_helpers[ARM_HELPER_COUNT] = {
#define ARM_HELPER(NAME, function, does, count, slots_read, slots_written)                         \
    ENTRY(NAME, function) REST(does, count), .reads = slots_read, .writes = slots_written          \
    }                                                                                              \
    ,
#define ARM_HELPER_OWN(NAME, what, does, count, slots_read, slots_written)                         \
    ENTRY(NAME, arm_help_##what) REST(does, count), .reads = slots_read, .writes = slots_written   \
    }                                                                                              \
    ,
#define ARM_HELPER_SYSTEM ARM_HELPER
#include "isa/arm_helpers.def"
#undef ARM_HELPER
#undef ARM_HELPER_OWN
#undef ARM_HELPER_SYSTEM
};
