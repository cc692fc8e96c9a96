/* SPDX-License-Identifier: GPL-2.0-or-later
 * cp15: the registers of coprocessors 14 and 15, after DDI 0406C, B3.17 and B4. Caches and TLBs are always
 * coherent here: their maintenance does nothing. Left out: debug and trace (CP14 says that there is none),
 * the registers of the security and virtualization extensions.
 */
#include "isa/arm32/cp.h"
#include "isa/arm32/helpers.h"

/* ---- odd ones ---- */

static uint64_t get_mpidr(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return UINT32_C(0x80000000) | arm_of(cpu)->number;
}

static uint64_t get_ccsidr(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return arm_model_of(cpu)->ccsidr[arm_of(cpu)->csselr & 7];
}

static uint64_t get_zero(struct cpu *cpu, uint32_t number)
{
    (void)cpu;
    (void)number;
    return 0;
}

static bool is_long(const struct cpu *cpu)
{
    return arm_has(cpu, EXT_LPAE) && (arm_of(cpu)->ttbcr & TTBCR_EAE) != 0;
}

static uint64_t get_ttbr(struct cpu *cpu, uint32_t number)
{
    uint64_t v = arm_of(cpu)->ttbr[number & ARM_CP64 ? number >> 12 & 1 : number & 1];

    return (number & ARM_CP64) != 0 ? v : (uint32_t)v;
}

static void set_ttbr(struct cpu *cpu, uint32_t number, uint64_t value)
{
    uint64_t *r = &arm_of(cpu)->ttbr[number & ARM_CP64 ? number >> 12 & 1 : number & 1];

    *r = (number & ARM_CP64) != 0 ? value : is_long(cpu) ? bits_set(*r, 0, 32, value) : value;
}

static void set_ttbcr(struct cpu *cpu, uint32_t number, uint64_t value)
{
    (void)number;
    if (!arm_has(cpu, EXT_LPAE)) {
        value &= 7;
    } else if ((value & TTBCR_EAE) != 0) {
        value &= ~((UINT64_C(7) << 19) | (UINT64_C(3) << 14) | (UINT64_C(0xf) << 3));
    } else {
        value &= 7; /* PD0 and PD1 are the security extensions' */
    }
    arm_of(cpu)->ttbcr = (uint32_t)value;
}

#define PAR_SHORT UINT32_C(0xfffff6ff) /* what a PAR has that knows short descriptors alone */

static uint64_t get_par(struct cpu *cpu, uint32_t number)
{
    return (number & ARM_CP64) != 0 ? arm_of(cpu)->par : (uint32_t)arm_of(cpu)->par;
}

static void set_par(struct cpu *cpu, uint32_t number, uint64_t value)
{
    uint64_t *par = &arm_of(cpu)->par;

    if (!arm_has(cpu, EXT_LPAE)) {
        value &= PAR_SHORT;
    }
    *par = (number & ARM_CP64) != 0 ? value : bits_set(*par, 0, 32, value);
}

static void set_address_op(struct cpu *cpu, uint32_t number, uint64_t value)
{
    arm_of(cpu)->par = arm_address_op(
        cpu, (uint32_t)value, (number & 1) != 0 ? ACCESS_WRITE : ACCESS_READ, (number & 2) != 0);
}

/* How many harts share the L2 cache. */
static uint64_t get_l2ctlr(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return arm_model_of(cpu)->l2ctlr;
}

/* ---- GICv3: what it keeps for the hart ---- */

/* It knows its registers by AArch64's numbers, which say the same but for those of 64 bits here. */
static uint32_t gic_number(uint32_t number)
{
    unsigned m = number >> 4 & 15, n = number >> 8 & 15, op2 = number & 7;

    if ((number & ARM_CP64) != 0) { /* SGI1R, ASGI1R, SGI0R */
        m = 11;
        n = 12;
        op2 = 5 + (number >> 12 & 15);
    }
    return 3u << 14 | n << 7 | m << 3 | op2;
}

static uint64_t get_gic(struct cpu *cpu, uint32_t number)
{
    uint64_t value = 0;

    if (cpu->platform == NULL ||
        cpu->platform->read_register(cpu, gic_number(number), &value) != PLATFORM_DONE) {
        return arm_cp_trapped(cpu);
    }
    return value;
}

static void set_gic(struct cpu *cpu, uint32_t number, uint64_t value)
{
    if (cpu->platform == NULL ||
        cpu->platform->write_register(cpu, gic_number(number), value) != PLATFORM_DONE) {
        arm_raise_undefined(cpu);
    }
}

static uint64_t get_pfr1(struct cpu *cpu, uint32_t number)
{
    uint64_t value = 0;
    bool has_gic = cpu->platform != NULL &&
                   cpu->platform->read_register(cpu, gic_number(ARM_CP(15, 0, 12, 12, 5)),
                                                &value) == PLATFORM_DONE;

    (void)number;
    return arm_model_of(cpu)->id_pfr[1] | (has_gic ? UINT32_C(1) << 28 : 0);
}

static void set_cpacr(struct cpu *cpu, uint32_t number, uint64_t value)
{
    uint32_t mask = 0;

    (void)number;
    if (arm_has(cpu, EXT_VFP)) {
        mask = UINT32_C(0xf) << 20 | UINT32_C(3) << 30; /* D32DIS, ASEDIS */
        value |= arm_has(cpu, EXT_NEON) ? 0 : UINT32_C(1) << 31;
    }
    arm_of(cpu)->cpacr = (uint32_t)value & mask;
}

/* ---- timers ---- */

static bool timer_traps(const struct cpu *cpu, uint32_t cntkctl)
{
    return arm_is_user(cpu) && (arm_of(cpu)->cntkctl & cntkctl) == 0;
}

static uint64_t get_frequency(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return timer_traps(cpu, 3) ? arm_cp_trapped(cpu) : arm_of(cpu)->cntfrq;
}

/* What firmware tells others: the counter goes on as before. */
static void set_frequency(struct cpu *cpu, uint32_t number, uint64_t value)
{
    (void)number;
    arm_of(cpu)->cntfrq = (uint32_t)value;
}

static uint64_t get_count(struct cpu *cpu, uint32_t number)
{
    bool is_virtual = (number >> 12 & 15) == 1;

    return timer_traps(cpu, is_virtual ? 2 : 1) ? arm_cp_trapped(cpu)
                                                : arm_counter(cpu, cpu_now(cpu));
}

static enum arm_timer timer_of(uint32_t number)
{
    if ((number & ARM_CP64) != 0) {
        return (number >> 12 & 15) == 2 ? ARM_TIMER_P : ARM_TIMER_V;
    }
    return (number >> 4 & 15) == 2 ? ARM_TIMER_P : ARM_TIMER_V;
}

static uint32_t timer_enable(enum arm_timer t)
{
    return t == ARM_TIMER_P ? 0x200 : 0x100;
}

static enum arm_timer_register timer_register(uint32_t number)
{
    return (number & ARM_CP64) != 0 ? ARM_TIMER_CVAL
           : (number & 7) == 1      ? ARM_TIMER_CTL
                                    : ARM_TIMER_TVAL;
}

static uint64_t get_timer(struct cpu *cpu, uint32_t number)
{
    enum arm_timer t = timer_of(number);

    return timer_traps(cpu, timer_enable(t)) ? arm_cp_trapped(cpu)
                                             : arm_timer_get(cpu, t, timer_register(number));
}

static void set_timer(struct cpu *cpu, uint32_t number, uint64_t value)
{
    enum arm_timer t = timer_of(number);

    if (timer_traps(cpu, timer_enable(t))) {
        arm_raise_undefined(cpu);
        return;
    }
    arm_timer_set(cpu, t, timer_register(number), value);
}

/* ---- ThumbEE: its registers alone ---- */

static bool teehbr_traps(const struct cpu *cpu)
{
    return arm_is_user(cpu) && (arm_of(cpu)->teecr & 1) != 0;
}

static uint64_t get_teehbr(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return teehbr_traps(cpu) ? arm_cp_trapped(cpu) : arm_of(cpu)->teehbr;
}

static void set_teehbr(struct cpu *cpu, uint32_t number, uint64_t value)
{
    (void)number;
    if (teehbr_traps(cpu)) {
        arm_raise_undefined(cpu);
        return;
    }
    arm_of(cpu)->teehbr = (uint32_t)value;
}

/* ---- the table ---- */

#define P15(op1, n, m, op2) ARM_CP(15, op1, n, m, op2)
#define SLOT(member)        .slot = (uint16_t)offsetof(struct arm, member)
#define MODEL(member)       .write = W_NEVER, .model = (uint16_t)(offsetof(struct arm_model, member) + 1)
#define IGNORED             .write = W_IGNORED, .may_read = R_NONE
#define ANY_REGISTER        0xf7u /* CRm and opc2 */
#define ANY_OP1             0x7000u
#define LOCKDOWN            .any = ANY_OP1 | 7, .write = W_IGNORED, .get = get_zero /* of TLBs */
#define ALL_BITS            .mask = UINT32_MAX
#define CALLS(g, s)         .write = W_CALL, .get = (g), .set = (s)

static const struct cp_register registers[] = {
    {P15(0, 0, 0, 0), MODEL(midr)},
    {P15(0, 0, 0, 1), MODEL(ctr)},
    {P15(0, 0, 0, 2), .write = W_NEVER, .get = get_zero},
    {P15(0, 0, 0, 3), .write = W_NEVER, .get = get_zero},
    {P15(0, 0, 0, 4), MODEL(midr)},
    {P15(0, 0, 0, 5), .write = W_NEVER, .get = get_mpidr},
    {P15(0, 0, 0, 6), MODEL(midr)},
    {P15(0, 0, 0, 7), MODEL(midr)},
    {P15(0, 0, 1, 0), MODEL(id_pfr[0])},
    {P15(0, 0, 1, 1), .write = W_NEVER, .get = get_pfr1},
    {P15(0, 0, 1, 2), MODEL(id_dfr0)},
    {P15(0, 0, 1, 3), MODEL(id_afr0)},
    {P15(0, 0, 1, 4), MODEL(id_mmfr[0])},
    {P15(0, 0, 1, 5), MODEL(id_mmfr[1])},
    {P15(0, 0, 1, 6), MODEL(id_mmfr[2])},
    {P15(0, 0, 1, 7), MODEL(id_mmfr[3])},
    {P15(0, 0, 2, 0), MODEL(id_isar[0])},
    {P15(0, 0, 2, 1), MODEL(id_isar[1])},
    {P15(0, 0, 2, 2), MODEL(id_isar[2])},
    {P15(0, 0, 2, 3), MODEL(id_isar[3])},
    {P15(0, 0, 2, 4), MODEL(id_isar[4])},
    {P15(0, 0, 2, 5), MODEL(id_isar[5])},
    {P15(0, 0, 2, 6), .write = W_NEVER, .get = get_zero},
    {P15(0, 0, 2, 7), .write = W_NEVER, .get = get_zero},
    {P15(1, 0, 0, 0), .write = W_NEVER, .get = get_ccsidr},
    {P15(1, 0, 0, 1), MODEL(clidr)},
    {P15(1, 0, 0, 7), .write = W_NEVER, .get = get_zero},
    {P15(2, 0, 0, 0), SLOT(csselr), .mask = 15},
    {P15(0, 1, 0, 0), SLOT(sctlr), ALL_BITS},
    {P15(0, 1, 0, 1), .write = W_IGNORED, .get = get_zero},
    {P15(0, 1, 0, 2), SLOT(cpacr), .write = W_CALL, .set = set_cpacr},
    {P15(0, 2, 0, 0), CALLS(get_ttbr, set_ttbr)},
    {P15(0, 2, 0, 1), CALLS(get_ttbr, set_ttbr)},
    {P15(0, 2, 0, 2), SLOT(ttbcr), .write = W_CALL, .set = set_ttbcr},
    {P15(0, 3, 0, 0), SLOT(dacr), ALL_BITS},
    {P15(0, 5, 0, 0), SLOT(dfsr), ALL_BITS},
    {P15(0, 5, 0, 1), SLOT(ifsr), ALL_BITS},
    {P15(0, 5, 1, 0), SLOT(adfsr), .mask = 0},
    {P15(0, 5, 1, 1), SLOT(aifsr), .mask = 0},
    {P15(0, 6, 0, 0), SLOT(dfar), ALL_BITS},
    {P15(0, 6, 0, 1), .write = W_IGNORED, .get = get_zero}, /* WFAR */
    {P15(0, 4, 6, 0), CALLS(get_gic, set_gic)},
    {P15(0, 6, 0, 2), SLOT(ifar), ALL_BITS},
    {P15(0, 7, 0, 4), IGNORED},
    {P15(0, 7, 1, 0), IGNORED},
    {P15(0, 7, 1, 6), IGNORED},
    {P15(0, 7, 4, 0), CALLS(get_par, set_par)},
    {P15(0, 7, 5, 0), IGNORED},
    {P15(0, 7, 5, 1), IGNORED},
    {P15(0, 7, 5, 4), .may_read = R_NONE, .write = W_IGNORED | W_USER},
    {P15(0, 7, 5, 6), IGNORED},
    {P15(0, 7, 5, 7), IGNORED},
    {P15(0, 7, 6, 1), IGNORED},
    {P15(0, 7, 6, 2), IGNORED},
    {P15(0, 7, 8, 0), .may_read = R_NONE, .write = W_CALL, .set = set_address_op},
    {P15(0, 7, 8, 1), .may_read = R_NONE, .write = W_CALL, .set = set_address_op},
    {P15(0, 7, 8, 2), .may_read = R_NONE, .write = W_CALL, .set = set_address_op},
    {P15(0, 7, 8, 3), .may_read = R_NONE, .write = W_CALL, .set = set_address_op},
    {P15(0, 7, 10, 1), IGNORED},
    {P15(0, 7, 10, 2), IGNORED},
    {P15(0, 7, 10, 4), .may_read = R_NONE, .write = W_IGNORED | W_USER},
    {P15(0, 7, 10, 5), .may_read = R_NONE, .write = W_IGNORED | W_USER},
    {P15(0, 7, 11, 1), IGNORED},
    {P15(0, 7, 13, 1), IGNORED},
    {P15(0, 7, 14, 1), IGNORED},
    {P15(0, 7, 14, 2), IGNORED},
    {P15(0, 7, 8, 4), .any = 3, .may_read = R_NONE, .write = W_NEVER}, /* of the secure world's */
    {P15(0, 7, 0, 0), .any = ANY_REGISTER, IGNORED}, /* what else there has been */
    {P15(0, 8, 3, 0), IGNORED},
    {P15(0, 8, 3, 1), IGNORED},
    {P15(0, 8, 3, 2), IGNORED},
    {P15(0, 8, 3, 3), IGNORED},
    {P15(0, 8, 5, 0), IGNORED},
    {P15(0, 8, 5, 1), IGNORED},
    {P15(0, 8, 5, 2), IGNORED},
    {P15(0, 8, 6, 0), IGNORED},
    {P15(0, 8, 6, 1), IGNORED},
    {P15(0, 8, 6, 2), IGNORED},
    {P15(0, 8, 7, 0), IGNORED},
    {P15(0, 8, 7, 1), IGNORED},
    {P15(0, 8, 7, 2), IGNORED},
    {P15(0, 8, 7, 3), IGNORED},
    {P15(1, 9, 0, 2), .write = W_IGNORED, .get = get_l2ctlr, .needs = EXT_LPAE},
    {P15(1, 9, 0, 3), .write = W_IGNORED, .get = get_zero, .needs = EXT_LPAE}, /* L2ECTLR */
    {P15(0, 9, 12, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 12, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 12, 2), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 12, 3), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 12, 4), .may_read = R_NONE, .write = W_CALL | W_USER, .set = arm_pmu_write},
    {P15(0, 9, 12, 5), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 12, 6), .may_read = R_USER, .write = W_NEVER, .get = arm_pmu_read},
    {P15(0, 9, 12, 7), .may_read = R_USER, .write = W_NEVER, .get = arm_pmu_read},
    {P15(0, 9, 13, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 13, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 13, 2), .may_read = R_USER, .write = W_CALL | W_USER, .get = arm_pmu_read,
     .set = arm_pmu_write},
    {P15(0, 9, 14, 0), .may_read = R_USER, CALLS(arm_pmu_read, arm_pmu_write)},
    {P15(0, 9, 14, 1), CALLS(arm_pmu_read, arm_pmu_write)},
    {P15(0, 9, 14, 2), CALLS(arm_pmu_read, arm_pmu_write)},
    {P15(0, 9, 14, 3), CALLS(arm_pmu_read, arm_pmu_write), .needs = EXT_LPAE},
    {P15(0, 10, 0, 0), LOCKDOWN},
    {P15(0, 10, 1, 0), LOCKDOWN},
    {P15(0, 10, 4, 0), LOCKDOWN},
    {P15(0, 10, 8, 0), LOCKDOWN},
    {P15(0, 10, 2, 0), SLOT(prrr), ALL_BITS},
    {P15(0, 10, 2, 1), SLOT(nmrr), ALL_BITS},
    {P15(0, 10, 3, 0), .write = W_IGNORED, .get = get_zero, .needs = EXT_LPAE}, /* AMAIR0 */
    {P15(0, 10, 3, 1), .write = W_IGNORED, .get = get_zero, .needs = EXT_LPAE},
    {P15(0, 12, 0, 0), SLOT(vbar), .mask = 0xffffffe0},
    {P15(0, 12, 1, 0), .write = W_NEVER, .get = get_zero},
    {P15(0, 12, 8, 0), .write = W_NEVER, .get = get_gic}, /* ICC_IAR0, EOIR0, HPPIR0, BPR0, AP0R0 */
    {P15(0, 12, 8, 1), .may_read = R_NONE, .write = W_CALL, .set = set_gic},
    {P15(0, 12, 8, 2), .write = W_NEVER, .get = get_gic},
    {P15(0, 12, 8, 3), CALLS(get_gic, set_gic)},
    {P15(0, 12, 8, 4), CALLS(get_gic, set_gic)},
    {P15(0, 12, 9, 0), CALLS(get_gic, set_gic)},                              /* AP1R0 */
    {P15(0, 12, 11, 1), .may_read = R_NONE, .write = W_CALL, .set = set_gic}, /* DIR, RPR */
    {P15(0, 12, 11, 3), .write = W_NEVER, .get = get_gic},
    {P15(0, 12, 12, 0), .write = W_NEVER, .get = get_gic}, /* IAR1, EOIR1, HPPIR1, BPR1 */
    {P15(0, 12, 12, 1), .may_read = R_NONE, .write = W_CALL, .set = set_gic},
    {P15(0, 12, 12, 2), .write = W_NEVER, .get = get_gic},
    {P15(0, 12, 12, 3), CALLS(get_gic, set_gic)},
    {P15(0, 12, 12, 4), CALLS(get_gic, set_gic)}, /* CTLR, SRE, IGRPEN0, IGRPEN1 */
    {P15(0, 12, 12, 5), CALLS(get_gic, set_gic)},
    {P15(0, 12, 12, 6), CALLS(get_gic, set_gic)},
    {P15(0, 12, 12, 7), CALLS(get_gic, set_gic)},
    {P15(0, 13, 0, 0), .write = W_IGNORED, .get = get_zero},
    {P15(0, 13, 0, 1), SLOT(contextidr), ALL_BITS},
    {P15(0, 13, 0, 2), .may_read = R_USER, SLOT(tpidrurw), .write = W_MASK | W_USER, ALL_BITS},
    {P15(0, 13, 0, 3), .may_read = R_USER, SLOT(tpidruro), ALL_BITS},
    {P15(0, 13, 0, 4), SLOT(tpidrprw), ALL_BITS},
    {P15(0, 14, 0, 0), .may_read = R_USER, .write = W_CALL, .get = get_frequency,
     .set = set_frequency, .needs = EXT_TIMER},
    {P15(0, 14, 1, 0), SLOT(cntkctl), .mask = 0x3ff, .needs = EXT_TIMER},
    {P15(0, 14, 2, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 14, 2, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 14, 3, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 14, 3, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(4, 15, 0, 0), MODEL(cbar)},
    {P15(0, 15, 0, 0), SLOT(c15[0]), ALL_BITS, .needs = EXT_A9},
    {P15(0, 15, 0, 1), SLOT(c15[1]), ALL_BITS, .needs = EXT_A9},
    {P15(0, 15, 0, 2), SLOT(c15[2]), ALL_BITS, .needs = EXT_A9},
    {P15(0, 15, 1, 0), .write = W_IGNORED, .get = get_zero, .needs = EXT_A9}, /* NEON is busy */
    {P15(5, 15, 4, 2), IGNORED, .needs = EXT_A9},                             /* TLB lockdown */
    {P15(5, 15, 4, 4), IGNORED, .needs = EXT_A9},
    {P15(5, 15, 5, 2), .write = W_IGNORED, .get = get_zero, .needs = EXT_A9},
    {P15(5, 15, 6, 2), .write = W_IGNORED, .get = get_zero, .needs = EXT_A9},
    {P15(5, 15, 7, 2), .write = W_IGNORED, .get = get_zero, .needs = EXT_A9},
    {P15(0, 15, 0, 0), .any = ANY_REGISTER | ANY_OP1, .write = W_IGNORED, .get = get_zero,
     .needs = EXT_C15},
    {ARM_CP(14, 0, 0, 0, 0), .may_read = R_USER, .write = W_NEVER, .get = get_zero},
    {ARM_CP(14, 0, 1, 0, 0), .write = W_NEVER, .get = get_zero},
    {ARM_CP(14, 0, 2, 0, 0), .write = W_NEVER, .get = get_zero},
    {ARM_CP(14, 7, 0, 0, 0), .write = W_NEVER, .get = get_zero}, /* JIDR, JOSCR, JMCR */
    {ARM_CP(14, 7, 1, 0, 0), .write = W_IGNORED, .get = get_zero},
    {ARM_CP(14, 7, 2, 0, 0), .write = W_IGNORED, .get = get_zero},
    {ARM_CP(14, 6, 0, 0, 0), SLOT(teecr), .mask = 1},
    {ARM_CP(14, 6, 1, 0, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_teehbr,
     .set = set_teehbr},
    {ARM_CP64 | ARM_CP(15, 0, 0, 2, 0), CALLS(get_ttbr, set_ttbr), .needs = EXT_LPAE},
    {ARM_CP64 | ARM_CP(15, 1, 0, 2, 0), CALLS(get_ttbr, set_ttbr), .needs = EXT_LPAE},
    {ARM_CP64 | ARM_CP(15, 0, 0, 7, 0), CALLS(get_par, set_par), .needs = EXT_LPAE},
    {ARM_CP64 | ARM_CP(15, 0, 0, 12, 0), .may_read = R_NONE, .write = W_CALL, .set = set_gic},
    {ARM_CP64 | ARM_CP(15, 1, 0, 12, 0), .may_read = R_NONE, .write = W_CALL, .set = set_gic},
    {ARM_CP64 | ARM_CP(15, 2, 0, 12, 0), .may_read = R_NONE, .write = W_CALL, .set = set_gic},
    {ARM_CP64 | ARM_CP(15, 0, 0, 14, 0), .may_read = R_USER, .write = W_NEVER, .get = get_count,
     .needs = EXT_TIMER},
    {ARM_CP64 | ARM_CP(15, 1, 0, 14, 0), .may_read = R_USER, .write = W_NEVER, .get = get_count,
     .needs = EXT_TIMER},
    {ARM_CP64 | ARM_CP(15, 2, 0, 14, 0), .may_read = R_USER, .write = W_CALL | W_USER,
     .get = get_timer, .set = set_timer, .needs = EXT_TIMER},
    {ARM_CP64 | ARM_CP(15, 3, 0, 14, 0), .may_read = R_USER, .write = W_CALL | W_USER,
     .get = get_timer, .set = set_timer, .needs = EXT_TIMER},
};

/* c0, c3 to c7: identification that there may be some day, which reads as 0. */
static bool is_reserved_id(uint32_t number)
{
    unsigned m = number >> 4 & 15;

    return (number & ~UINT32_C(0xf7)) == P15(0, 0, 0, 0) && m >= 3 && m <= 7;
}

static const struct cp_register *find(const struct arm_model *m, uint32_t number)
{
    static const struct cp_register reserved = {.write = W_NEVER, .get = get_zero};

    if (is_reserved_id(number)) {
        return &reserved;
    }
    for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
        const struct cp_register *r = &registers[i];

        if (r->number == (number & ~r->any) && (r->needs & ~m->features) == 0) {
            return r;
        }
    }
    return NULL;
}

uint32_t arm_cp_plain(const struct arm_model *m, uint32_t number, bool privileged)
{
    const struct cp_register *r = find(m, number);

    if (r == NULL || r->slot == 0 || r->get != NULL || (!privileged && r->may_read != R_USER)) {
        return 0;
    }
    return r->slot;
}

bool arm_cp_is_nothing(const struct arm_model *m, uint32_t number)
{
    const struct cp_register *r = find(m, number);

    return r != NULL && (r->write & 7u) == W_IGNORED;
}

bool arm_cp_is_constant(const struct arm_model *m, uint32_t number, uint32_t *value)
{
    const struct cp_register *r = find(m, number);

    if (r == NULL || r->model == 0 || r->get != NULL || r->may_read == R_NONE) {
        return false;
    }
    memcpy(value, (const uint8_t *)m + r->model - 1, sizeof *value);
    return true;
}

static uint32_t *slot_of(struct cpu *cpu, const struct cp_register *r)
{
    return (uint32_t *)(void *)((uint8_t *)cpu->state + r->slot);
}

static uint64_t read_it(struct cpu *cpu, const struct cp_register *r, uint32_t number)
{
    uint32_t v;

    if (r->get != NULL) {
        return r->get(cpu, number);
    }
    if (r->model == 0) {
        return *slot_of(cpu, r);
    }
    memcpy(&v, (const uint8_t *)cpu->model + r->model - 1, sizeof v);
    return v;
}

bool arm_cp_peek(struct cpu *cpu, uint32_t number, uint64_t *value)
{
    const struct cp_register *r = find(arm_model_of(cpu), number);
    uint32_t mode = arm_of(cpu)->mode;

    if (r == NULL || r->may_read == R_NONE || r->get == get_gic) {
        return false;
    }
    arm_of(cpu)->mode = ARM_MODE_SYS; /* so that nothing traps; put back before anybody sees it */
    *value = read_it(cpu, r, number);
    arm_of(cpu)->mode = mode;
    return true;
}

uint64_t arm_help_cp_read(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct cp_register *r = find(arm_model_of(cpu), (uint32_t)a);

    (void)b;
    (void)c;
    if (r == NULL || r->may_read == R_NONE || (arm_is_user(cpu) && r->may_read != R_USER)) {
        return arm_cp_trapped(cpu);
    }
    return read_it(cpu, r, (uint32_t)a);
}

uint64_t arm_help_cp_write(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct cp_register *r = find(arm_model_of(cpu), (uint32_t)a);
    unsigned how = r != NULL ? r->write & 7u : W_NEVER;

    (void)c;
    if (how == W_NEVER || (arm_is_user(cpu) && (r->write & W_USER) == 0)) {
        return arm_cp_trapped(cpu);
    }
    if (how == W_CALL) {
        r->set(cpu, (uint32_t)a, b);
        cpu->look = true; /* alarms may have changed */
    } else if (how == W_MASK && r->slot != 0) {
        uint32_t *slot = slot_of(cpu, r);

        *slot = (*slot & ~r->mask) | ((uint32_t)b & r->mask);
    }
    return 0;
}
