/* SPDX-License-Identifier: GPL-2.0-or-later
 * cp15: the registers of coprocessors 14 and 15, after DDI 0406C, B3.17 and B4. Caches and TLBs are always
 * coherent here: their maintenance does nothing. Left out: debug and trace (CP14 says that there is none),
 * the registers of the security and virtualization extensions.
 */
#include "isa/arm32/helpers.h"

enum { R_USER = 1, R_NONE = 2 /* user mode may read; nobody may */ };
enum { W_MASK, W_NEVER, W_IGNORED, W_CALL, W_USER = 8 /* beside: user mode may write */ };

typedef uint64_t read_fn(struct cpu *cpu, uint32_t number);
typedef void write_fn(struct cpu *cpu, uint32_t number, uint64_t value);

struct cp_register {
    uint32_t number;
    uint8_t may_read; /* R_* */
    uint8_t write;    /* W_* */
    uint16_t slot;    /* of the state, in bytes; 0: none */
    uint16_t model;   /* of the model, + 1 */
    uint32_t mask;    /* what of it can be written */
    uint32_t needs;   /* EXT_* */
    read_fn *get;
    write_fn *set;
};

static bool is_user(const struct cpu *cpu)
{
    return arm_of(cpu)->mode == ARM_MODE_USR;
}

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
        value &= 0x37;
    }
    arm_of(cpu)->ttbcr = (uint32_t)value;
}

static uint64_t get_par(struct cpu *cpu, uint32_t number)
{
    return (number & ARM_CP64) != 0 ? arm_of(cpu)->par : (uint32_t)arm_of(cpu)->par;
}

static void set_par(struct cpu *cpu, uint32_t number, uint64_t value)
{
    uint64_t *par = &arm_of(cpu)->par;

    *par = (number & ARM_CP64) != 0 ? value : bits_set(*par, 0, 32, value);
}

static void set_address_op(struct cpu *cpu, uint32_t number, uint64_t value)
{
    arm_of(cpu)->par = arm_address_op(
        cpu, (uint32_t)value, (number & 1) != 0 ? ACCESS_WRITE : ACCESS_READ, (number & 2) != 0);
}

static uint64_t get_l2ctlr(struct cpu *cpu, uint32_t number)
{
    (void)number;
    (void)cpu;
    return 0;
}

static void set_cpacr(struct cpu *cpu, uint32_t number, uint64_t value)
{
    uint32_t mask = 0;

    (void)number;
    if (arm_has(cpu, EXT_VFP)) {
        mask = UINT32_C(0xf) << 20 | UINT32_C(1) << 31;
        value |= arm_has(cpu, EXT_NEON) ? 0 : UINT32_C(1) << 31;
    }
    arm_of(cpu)->cpacr = (uint32_t)value & mask;
}

/* ---- timers ---- */

static bool timer_traps(const struct cpu *cpu, uint32_t cntkctl)
{
    return is_user(cpu) && (arm_of(cpu)->cntkctl & cntkctl) == 0;
}

static uint64_t trapped(struct cpu *cpu)
{
    arm_raise_undefined(cpu);
    return 0;
}

static uint64_t get_frequency(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return timer_traps(cpu, 3) ? trapped(cpu) : arm_model_of(cpu)->cnt_hz;
}

static uint64_t get_count(struct cpu *cpu, uint32_t number)
{
    bool is_virtual = (number >> 12 & 15) == 1;

    return timer_traps(cpu, is_virtual ? 2 : 1) ? trapped(cpu) : arm_counter(cpu, cpu_now(cpu));
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

    return timer_traps(cpu, timer_enable(t)) ? trapped(cpu)
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
    return is_user(cpu) && (arm_of(cpu)->teecr & 1) != 0;
}

static uint64_t get_teehbr(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return teehbr_traps(cpu) ? trapped(cpu) : arm_of(cpu)->teehbr;
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

/* ---- performance monitors: the cycle counter counts ticks, events nothing ---- */

static bool counts(const struct arm *s)
{
    return (s->pmcr & 1) != 0 && s->pmcnten >> 31 != 0;
}

/* What is kept while it counts is how far it is ahead of the ticks. */
static void keep_count(struct arm *s, tick now, bool was)
{
    if (was != counts(s)) {
        s->pmccntr = was ? s->pmccntr + now : s->pmccntr - now;
    }
}

static bool pmu_traps(const struct cpu *cpu)
{
    return is_user(cpu) && (arm_of(cpu)->pmuserenr & 1) == 0;
}

static uint32_t counters_mask(const struct cpu *cpu)
{
    return UINT32_C(0x80000000) | ((UINT32_C(1) << (arm_model_of(cpu)->pmcr >> 11 & 31)) - 1);
}

static uint32_t *selected(struct arm *s, uint32_t *events)
{
    return s->pmselr < ARM_EVENT_COUNTERS ? &events[s->pmselr] : NULL;
}

static uint64_t get_pmu(struct cpu *cpu, uint32_t number)
{
    struct arm *s = arm_of(cpu);
    const uint32_t *r;

    if (pmu_traps(cpu)) {
        return trapped(cpu);
    }
    switch (number & 0xff) {
    case 0xc0: return s->pmcr;
    case 0xc1:
    case 0xc2: return s->pmcnten;
    case 0xc3: return s->pmovs;
    case 0xc5: return s->pmselr;
    case 0xd0: return (uint32_t)(counts(s) ? s->pmccntr + cpu_now(cpu) : s->pmccntr);
    case 0xd1:
        r = selected(s, s->pmevtyper);
        return s->pmselr == 31 ? s->pmccfiltr : r != NULL ? *r : 0;
    case 0xd2: r = selected(s, s->pmevcntr); return r != NULL ? *r : 0;
    default: return 0;
    }
}

static void set_pmcr(struct arm *s, uint32_t value, tick now)
{
    if ((value & 4) != 0) {
        s->pmccntr = counts(s) ? 0 - now : 0;
    }
    if ((value & 2) != 0) {
        memset(s->pmevcntr, 0, sizeof s->pmevcntr);
    }
    s->pmcr = (s->pmcr & ~UINT32_C(0x39)) | (value & 0x39);
}

static void set_pmu(struct cpu *cpu, uint32_t number, uint64_t value)
{
    struct arm *s = arm_of(cpu);
    uint32_t v = (uint32_t)value, mask = counters_mask(cpu), *r;
    tick now = cpu_now(cpu);
    bool was = counts(s);

    if (pmu_traps(cpu)) {
        arm_raise_undefined(cpu);
        return;
    }
    switch (number & 0xff) {
    case 0xc0: set_pmcr(s, v, now); break;
    case 0xc1: s->pmcnten |= v & mask; break;
    case 0xc2: s->pmcnten &= ~(v & mask); break;
    case 0xc3: s->pmovs &= ~v; break;
    case 0xc5: s->pmselr = v & 31; break;
    case 0xd0: s->pmccntr = was ? (uint64_t)v - now : v; break;
    case 0xd1:
        r = s->pmselr == 31 ? &s->pmccfiltr : selected(s, s->pmevtyper);
        if (r != NULL) {
            *r = v & (s->pmselr == 31 ? UINT32_C(0xfc000000) : UINT32_C(0xfc00ffff));
        }
        break;
    case 0xd2:
        r = selected(s, s->pmevcntr);
        if (r != NULL) {
            *r = v;
        }
        break;
    case 0xe1: s->pminten |= v & mask; break;
    case 0xe2: s->pminten &= ~(v & mask); break;
    default: break;
    }
    keep_count(s, now, was);
}

static uint64_t get_pminten(struct cpu *cpu, uint32_t number)
{
    (void)number;
    return arm_of(cpu)->pminten;
}

/* ---- the table ---- */

#define P15(op1, n, m, op2) ARM_CP(15, op1, n, m, op2)
#define SLOT(member)        .slot = (uint16_t)offsetof(struct arm, member)
#define MODEL(member)       .write = W_NEVER, .model = (uint16_t)(offsetof(struct arm_model, member) + 1)
#define IGNORED             .write = W_IGNORED, .may_read = R_NONE
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
    {P15(0, 0, 1, 1), MODEL(id_pfr[1])},
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
    {P15(0, 1, 0, 1), SLOT(actlr), ALL_BITS},
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
    {P15(1, 9, 0, 3), .write = W_IGNORED, .get = get_zero, .needs = EXT_LPAE},
    {P15(0, 9, 12, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 12, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 12, 2), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 12, 3), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 12, 4), .may_read = R_NONE, .write = W_CALL | W_USER, .set = set_pmu},
    {P15(0, 9, 12, 5), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 12, 6), .may_read = R_USER, .write = W_NEVER, .get = get_pmu},
    {P15(0, 9, 12, 7), .may_read = R_USER, .write = W_NEVER, .get = get_pmu},
    {P15(0, 9, 13, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 13, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 13, 2), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_pmu,
     .set = set_pmu},
    {P15(0, 9, 14, 0), .may_read = R_USER, SLOT(pmuserenr), .mask = 15},
    {P15(0, 9, 14, 1), CALLS(get_pminten, set_pmu)},
    {P15(0, 9, 14, 2), CALLS(get_pminten, set_pmu)},
    {P15(0, 10, 2, 0), SLOT(prrr), ALL_BITS},
    {P15(0, 10, 2, 1), SLOT(nmrr), ALL_BITS},
    {P15(0, 10, 3, 0), SLOT(amair[0]), ALL_BITS, .needs = EXT_LPAE},
    {P15(0, 10, 3, 1), SLOT(amair[1]), ALL_BITS, .needs = EXT_LPAE},
    {P15(0, 12, 0, 0), SLOT(vbar), .mask = 0xffffffe0},
    {P15(0, 12, 1, 0), .write = W_NEVER, .get = get_zero},
    {P15(0, 13, 0, 0), .write = W_IGNORED, .get = get_zero},
    {P15(0, 13, 0, 1), SLOT(contextidr), ALL_BITS},
    {P15(0, 13, 0, 2), .may_read = R_USER, SLOT(tpidrurw), .write = W_MASK | W_USER, ALL_BITS},
    {P15(0, 13, 0, 3), .may_read = R_USER, SLOT(tpidruro), ALL_BITS},
    {P15(0, 13, 0, 4), SLOT(tpidrprw), ALL_BITS},
    {P15(0, 14, 0, 0), .may_read = R_USER, .write = W_NEVER, .get = get_frequency,
     .needs = EXT_TIMER},
    {P15(0, 14, 1, 0), SLOT(cntkctl), .mask = 0x3ff, .needs = EXT_TIMER},
    {P15(0, 14, 2, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 14, 2, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 14, 3, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 14, 3, 1), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_timer,
     .set = set_timer, .needs = EXT_TIMER},
    {P15(0, 15, 0, 0), .write = W_IGNORED, .get = get_zero},
    {P15(4, 15, 0, 0), MODEL(cbar)},
    {ARM_CP(14, 0, 0, 0, 0), .may_read = R_USER, .write = W_NEVER, .get = get_zero},
    {ARM_CP(14, 0, 1, 0, 0), .write = W_NEVER, .get = get_zero},
    {ARM_CP(14, 0, 2, 0, 0), .write = W_NEVER, .get = get_zero},
    {ARM_CP(14, 6, 0, 0, 0), SLOT(teecr), .mask = 1},
    {ARM_CP(14, 6, 1, 0, 0), .may_read = R_USER, .write = W_CALL | W_USER, .get = get_teehbr,
     .set = set_teehbr},
    {ARM_CP64 | ARM_CP(15, 0, 0, 2, 0), CALLS(get_ttbr, set_ttbr), .needs = EXT_LPAE},
    {ARM_CP64 | ARM_CP(15, 1, 0, 2, 0), CALLS(get_ttbr, set_ttbr), .needs = EXT_LPAE},
    {ARM_CP64 | ARM_CP(15, 0, 0, 7, 0), CALLS(get_par, set_par), .needs = EXT_LPAE},
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

static const struct cp_register *find(uint32_t number)
{
    static const struct cp_register reserved = {.write = W_NEVER, .get = get_zero};

    if (is_reserved_id(number)) {
        return &reserved;
    }
    for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
        if (registers[i].number == number) {
            return &registers[i];
        }
    }
    return NULL;
}

uint32_t arm_cp_plain(uint32_t number, bool privileged)
{
    const struct cp_register *r = find(number);

    if (r == NULL || r->slot == 0 || r->get != NULL || r->needs != 0 ||
        (!privileged && r->may_read != R_USER)) {
        return 0;
    }
    return r->slot;
}

static uint32_t *slot_of(struct cpu *cpu, const struct cp_register *r)
{
    return (uint32_t *)(void *)((uint8_t *)cpu->state + r->slot);
}

static const struct cp_register *find_here(const struct cpu *cpu, uint32_t number)
{
    const struct cp_register *r = find(number);

    return r != NULL && (r->needs == 0 || arm_has(cpu, r->needs)) ? r : NULL;
}

uint64_t arm_help_cp_read(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct cp_register *r = find_here(cpu, (uint32_t)a);

    (void)b;
    (void)c;
    if (r == NULL || r->may_read == R_NONE || (is_user(cpu) && r->may_read != R_USER)) {
        return trapped(cpu);
    }
    if (r->get != NULL) {
        return r->get(cpu, r->number);
    }
    if (r->model != 0) {
        uint32_t v;

        memcpy(&v, (const uint8_t *)cpu->model + r->model - 1, sizeof v);
        return v;
    }
    return *slot_of(cpu, r);
}

uint64_t arm_help_cp_write(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    const struct cp_register *r = find_here(cpu, (uint32_t)a);
    unsigned how = r != NULL ? r->write & 7u : W_NEVER;

    (void)c;
    if (how == W_NEVER || (is_user(cpu) && (r->write & W_USER) == 0)) {
        return trapped(cpu);
    }
    if (how == W_CALL) {
        r->set(cpu, r->number, b);
    } else if (how == W_MASK && r->slot != 0) {
        uint32_t *slot = slot_of(cpu, r);

        *slot = (*slot & ~r->mask) | ((uint32_t)b & r->mask);
    }
    cpu->look = true;
    return 0;
}
