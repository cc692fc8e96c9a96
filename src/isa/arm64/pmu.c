/* SPDX-License-Identifier: GPL-2.0-or-later
 * pmu: performance monitors, after DDI 0487, D13: the cycle counter counts ticks, one for each instruction
 * and each exception; event counters know SW_INCR, INST_RETIRED and CPU_CYCLES, each at the levels that its
 * filter lets it count at. A counter is its source plus what the state holds while it counts, and that alone
 * while it does not. What counts ticks has the next overflow as an alarm. What counts instructions has one at
 * the tick before which it cannot overflow, as an instruction takes one; it is looked at again there. So such an
 * overflow is noticed at most INST_SKID ticks late, and SLEEP_SKID where the hart slept. Left out:
 * MDCR_EL2.HPMN and HPMD, which would keep counters for EL2.
 */
#include "isa/arm64/sysreg.h"

enum { PMCR_E = 1, PMCR_P = 2, PMCR_C = 4, PMCR_D = 8, PMCR_LC = 0x40 };
#define PMCR_WRITABLE (PMCR_E | PMCR_D | 0x10u | 0x20u | PMCR_LC)
#define CYCLES        31 /* the cycle counter's bit */
#define COUNTERS      (((UINT32_C(1) << ARM64_EVENT_COUNTERS) - 1) | UINT32_C(1) << CYCLES)
enum { EVENT_SW_INCR = 0, EVENT_INST_RETIRED = 8, EVENT_CPU_CYCLES = 0x11 };
enum { INST_SKID = 16, SLEEP_SKID = 1 << 20 };
#define FILTER_P   BIT64(31) /* not at EL1 */
#define FILTER_U   BIT64(30) /* not at EL0 */
#define FILTER_NSH BIT64(27) /* at EL2 as well */

static uint64_t source_of(const struct cpu *cpu, unsigned n)
{
    const struct arm64 *s = arm64_of(cpu);

    if (n == CYCLES) {
        return cpu_now(cpu);
    }
    switch (s->pmevtyper[n] & 0xffff) {
    case EVENT_INST_RETIRED: return s->hart.instructions + cpu->insn;
    case EVENT_CPU_CYCLES: return cpu_now(cpu);
    default: return 0;
    }
}

static bool is_filtered(const struct arm64 *s, unsigned n, unsigned el)
{
    uint64_t filter = n == CYCLES ? s->pmccfiltr : s->pmevtyper[n];

    switch (el) {
    case 0: return (filter & FILTER_U) != 0;
    case 1: return (filter & FILTER_P) != 0;
    default: return (filter & FILTER_NSH) == 0;
    }
}

static bool counts_at(const struct arm64 *s, unsigned n, unsigned el)
{
    return (s->pmcr & PMCR_E) != 0 && (s->pmcnten >> n & 1) != 0 && !is_filtered(s, n, el);
}

static bool counts(const struct arm64 *s, unsigned n)
{
    return counts_at(s, n, s->el);
}

static uint64_t *offset_of(struct arm64 *s, unsigned n)
{
    return n == CYCLES ? &s->pmccntr : &s->pmevcntr[n];
}

static uint64_t value_of(const struct cpu *cpu, unsigned n)
{
    struct arm64 *s = arm64_of(cpu);
    uint64_t value = *offset_of(s, n) + (counts(s, n) ? source_of(cpu, n) : 0);

    return n == CYCLES ? value : value & UINT32_MAX;
}

static void set_value(struct cpu *cpu, unsigned n, uint64_t value)
{
    struct arm64 *s = arm64_of(cpu);

    *offset_of(s, n) = value - (counts(s, n) ? source_of(cpu, n) : 0);
}

/* ---- overflows ---- */

/* Bits of the counter that overflow. */
static unsigned size_of(const struct arm64 *s, unsigned n)
{
    return n == CYCLES && (s->pmcr & PMCR_LC) != 0 ? 64 : 32;
}

static unsigned due_index(unsigned n)
{
    return n == CYCLES ? ARM64_EVENT_COUNTERS : n;
}

static bool is_of(const struct arm64 *s, unsigned n, unsigned event)
{
    return n == CYCLES ? event == EVENT_CPU_CYCLES : (s->pmevtyper[n] & 0xffff) == event;
}

static void drive(struct cpu *cpu)
{
    struct arm64 *s = arm64_of(cpu);
    bool out = (s->pmcr & PMCR_E) != 0 && (s->pmovs & s->pminten) != 0;

    if (out != (s->pmu_out != 0)) {
        s->pmu_out = out;
        if (cpu->platform != NULL) {
            cpu->platform->line(cpu, ARM64_OUT_PMU, out);
        }
    }
    cpu->look = true; /* the next alarm is another */
}

/* A counter of instructions with all that it has counted, 2^32 and more where that is not noticed yet. */
static uint64_t unbounded(const struct arm64 *s, unsigned n, uint64_t instructions)
{
    return s->pmevcntr[n] + (counts(s, n) ? instructions : 0);
}

/* When a counter is to be looked at next, from `now` on. */
static void arm(struct arm64 *s, unsigned n, tick now, uint64_t value)
{
    unsigned size = size_of(s, n);
    uint64_t left = (size == 64 ? 0 : BIT64(32)) - value;
    bool comes = counts(s, n) && is_of(s, n, EVENT_CPU_CYCLES) && left != 0;

    if (n != CYCLES && is_of(s, n, EVENT_INST_RETIRED)) {
        uint64_t least = s->hart.waiting || s->hart.stopped ? SLEEP_SKID : INST_SKID;

        comes = counts(s, n) || value >= BIT64(32);
        left = value >= BIT64(32) ? 1 : left < least ? least : left;
    }
    s->pmdue[due_index(n)] = comes && left <= UINT64_MAX - now ? now + left : 0;
}

/* What a counter holds: of one of instructions, all. */
static uint64_t full_value(const struct cpu *cpu, unsigned n)
{
    const struct arm64 *s = arm64_of(cpu);

    if (n != CYCLES && is_of(s, n, EVENT_INST_RETIRED)) {
        return unbounded(s, n, s->hart.instructions + cpu->insn);
    }
    return value_of(cpu, n) & (UINT64_MAX >> (64 - size_of(s, n)));
}

/* A register was written: when the next overflows are, and what the interrupt's line says. */
static void changed(struct cpu *cpu)
{
    struct arm64 *s = arm64_of(cpu);

    for (unsigned n = 0; n < 32; n++) {
        if ((COUNTERS >> n & 1) != 0) {
            arm(s, n, cpu_now(cpu), full_value(cpu, n));
        }
    }
    drive(cpu);
}

void arm64_pmu_level(struct cpu *cpu, unsigned to)
{
    struct arm64 *s = arm64_of(cpu);
    unsigned from = s->el;

    if ((s->pmcr & PMCR_E) == 0 || s->pmcnten == 0 || from == to) {
        return;
    }
    for (unsigned n = 0; n < 32; n++) {
        if ((s->pmcnten >> n & 1) != 0 && counts_at(s, n, from) != counts_at(s, n, to)) {
            uint64_t source = source_of(cpu, n);

            *offset_of(s, n) += counts_at(s, n, from) ? source : 0 - source;
            s->el = to;
            arm(s, n, cpu_now(cpu), full_value(cpu, n));
            s->el = from;
            cpu->look = true; /* the next alarm is another */
        }
    }
}

tick arm64_pmu_next(const struct arm64 *s)
{
    tick next = TICK_NEVER;

    for (unsigned i = 0; i <= ARM64_EVENT_COUNTERS; i++) {
        next = s->pmdue[i] != 0 && s->pmdue[i] < next ? s->pmdue[i] : next;
    }
    return next;
}

void arm64_pmu_alarm(struct cpu *cpu, tick now)
{
    struct arm64 *s = arm64_of(cpu);
    bool any = false;

    for (unsigned n = 0; n < 32; n++) {
        uint64_t *due = (COUNTERS >> n & 1) != 0 ? &s->pmdue[due_index(n)] : NULL;

        if (due == NULL || *due == 0 || *due > now) {
            continue;
        }
        any = true;
        if (n != CYCLES && is_of(s, n, EVENT_INST_RETIRED)) {
            if (unbounded(s, n, s->hart.instructions) >= BIT64(32)) {
                s->pmovs |= UINT32_C(1) << n;
                s->pmevcntr[n] -= BIT64(32);
            }
            arm(s, n, now, unbounded(s, n, s->hart.instructions));
        } else {
            s->pmovs |= UINT32_C(1) << n;
            *due = size_of(s, n) == 32 ? *due + BIT64(32) : 0;
        }
    }
    if (any) {
        drive(cpu);
    }
}

void arm64_pmu_stop(struct cpu *cpu)
{
    arm64_of(cpu)->pmovs = 0;
    drive(cpu);
}

/* Whatever says which counters count changes: their values stay. */
static void change(struct cpu *cpu, uint32_t *what, uint32_t to)
{
    uint64_t values[32];

    for (unsigned n = 0; n < 32; n++) {
        values[n] = (COUNTERS >> n & 1) != 0 ? full_value(cpu, n) : 0;
    }
    *what = to;
    for (unsigned n = 0; n < 32; n++) {
        if ((COUNTERS >> n & 1) != 0) {
            set_value(cpu, n, values[n]);
        }
    }
    changed(cpu);
}

/* ---- who may ---- */

enum { USER_EN = 1, USER_SW = 2, USER_CR = 4, USER_ER = 8 };

static unsigned trap_unless(const struct cpu *cpu, uint32_t bits)
{
    const struct arm64 *s = arm64_of(cpu);

    if (s->el == 0 && (s->pmuserenr & bits) == 0) {
        return (arm64_hcr(cpu) & HCR_TGE) != 0 ? 2 : 1;
    }
    return s->el < 2 && arm64_has(cpu, EXT_EL2) && (s->mdcr2 & BIT64(6)) != 0 ? 2 : 0;
}
static unsigned trap_pmu(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return trap_unless(cpu, USER_EN);
}
static unsigned trap_swinc(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return trap_unless(cpu, USER_EN | USER_SW);
}
static unsigned trap_cycles(const struct cpu *cpu, bool is_write)
{
    return trap_unless(cpu, is_write ? USER_EN : USER_EN | USER_CR);
}
static unsigned trap_events(const struct cpu *cpu, bool is_write)
{
    return trap_unless(cpu, is_write ? USER_EN : USER_EN | USER_ER);
}
static unsigned trap_selr(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return trap_unless(cpu, USER_EN | USER_ER);
}
static unsigned trap_userenr(const struct cpu *cpu, bool is_write)
{
    if (is_write && arm64_of(cpu)->el == 0) {
        return SYS_UNDEFINED;
    }
    return arm64_of(cpu)->el == 0 ? 0 : trap_unless(cpu, USER_EN);
}

/* ---- registers ---- */

static uint64_t get_pmcr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return (arm64_of(cpu)->pmcr & (0xffff0000 | PMCR_WRITABLE)) | (uint32_t)ARM64_EVENT_COUNTERS
                                                                      << 11;
}
static void set_pmcr(struct cpu *cpu, unsigned index, uint64_t value)
{
    struct arm64 *s = arm64_of(cpu);

    (void)index;
    if ((value & PMCR_C) != 0) {
        set_value(cpu, CYCLES, 0);
    }
    for (unsigned n = 0; (value & PMCR_P) != 0 && n < ARM64_EVENT_COUNTERS; n++) {
        set_value(cpu, n, 0);
    }
    change(cpu, &s->pmcr, (s->pmcr & ~PMCR_WRITABLE) | ((uint32_t)value & PMCR_WRITABLE));
}

#define SET_AND_CLEAR(member)                                                                      \
    static uint64_t get_##member(const struct cpu *cpu, unsigned index)                            \
    {                                                                                              \
        (void)index;                                                                               \
        return arm64_of(cpu)->member;                                                              \
    }                                                                                              \
    static void set_##member(struct cpu *cpu, unsigned index, uint64_t value)                      \
    {                                                                                              \
        struct arm64 *s = arm64_of(cpu);                                                           \
        (void)index;                                                                               \
        change(cpu, &s->member, s->member | ((uint32_t)value & COUNTERS));                         \
    }                                                                                              \
    static void clear_##member(struct cpu *cpu, unsigned index, uint64_t value)                    \
    {                                                                                              \
        struct arm64 *s = arm64_of(cpu);                                                           \
        (void)index;                                                                               \
        change(cpu, &s->member, s->member & ~(uint32_t)value);                                     \
    }
SET_AND_CLEAR(pmcnten)
SET_AND_CLEAR(pmovs)
SET_AND_CLEAR(pminten)

static void set_swinc(struct cpu *cpu, unsigned index, uint64_t value)
{
    struct arm64 *s = arm64_of(cpu);

    (void)index;
    for (unsigned n = 0; n < ARM64_EVENT_COUNTERS; n++) {
        if ((value >> n & 1) != 0 && counts(s, n) && (s->pmevtyper[n] & 0xffff) == EVENT_SW_INCR) {
            s->pmevcntr[n] = (s->pmevcntr[n] + 1) & UINT32_MAX;
            s->pmovs |= s->pmevcntr[n] == 0 ? UINT32_C(1) << n : 0;
        }
    }
    drive(cpu);
}

static uint64_t get_selr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->pmselr;
}
static void set_selr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->pmselr = (uint32_t)value & 31;
}
static uint64_t get_userenr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->pmuserenr;
}
static void set_userenr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->pmuserenr = (uint32_t)value & 15;
}

/* Events 8, 0x11 and 0, of the first 32 common ones. */
static uint64_t get_ceid0(const struct cpu *cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    return 1u << EVENT_SW_INCR | 1u << EVENT_INST_RETIRED | 1u << EVENT_CPU_CYCLES;
}

static uint64_t get_ccntr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return value_of(cpu, CYCLES);
}
static void set_ccntr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    set_value(cpu, CYCLES, value);
    changed(cpu);
}
static uint64_t get_evcntr(const struct cpu *cpu, unsigned index)
{
    return index < ARM64_EVENT_COUNTERS ? value_of(cpu, index) : 0;
}
static void set_evcntr(struct cpu *cpu, unsigned index, uint64_t value)
{
    if (index < ARM64_EVENT_COUNTERS) {
        set_value(cpu, index, value & UINT32_MAX);
        changed(cpu);
    }
}
static uint64_t get_evtyper(const struct cpu *cpu, unsigned index)
{
    const struct arm64 *s = arm64_of(cpu);

    if (index == CYCLES) {
        return s->pmccfiltr;
    }
    return index < ARM64_EVENT_COUNTERS ? s->pmevtyper[index] : 0;
}
static void set_evtyper(struct cpu *cpu, unsigned index, uint64_t value)
{
    struct arm64 *s = arm64_of(cpu);

    if (index == CYCLES || index < ARM64_EVENT_COUNTERS) {
        uint64_t now = value_of(cpu, index);

        if (index == CYCLES) {
            s->pmccfiltr = value & 0xfc000000;
        } else {
            s->pmevtyper[index] = value & 0xfc00ffff;
        }
        set_value(cpu, index, now);
        changed(cpu);
    }
}
static uint64_t get_ccfiltr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return get_evtyper(cpu, CYCLES);
}
static void set_ccfiltr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    set_evtyper(cpu, CYCLES, value);
}
static uint64_t get_xevcntr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return get_evcntr(cpu, arm64_of(cpu)->pmselr);
}
static void set_xevcntr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    set_evcntr(cpu, arm64_of(cpu)->pmselr, value);
}
static uint64_t get_xevtyper(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return get_evtyper(cpu, arm64_of(cpu)->pmselr);
}
static void set_xevtyper(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    set_evtyper(cpu, arm64_of(cpu)->pmselr, value);
}

#define EL0_ALL (SYS_EL0_READ | SYS_EL0_WRITE | SYS_LOOKS)

const struct arm64_sysreg arm64_sysregs_pmu[] = {
    CALLS(3, 3, 9, 12, 0, "pmcr_el0", EL0_ALL, get_pmcr, set_pmcr, trap_pmu),
    CALLS(3, 3, 9, 12, 1, "pmcntenset_el0", EL0_ALL, get_pmcnten, set_pmcnten, trap_pmu),
    CALLS(3, 3, 9, 12, 2, "pmcntenclr_el0", EL0_ALL, get_pmcnten, clear_pmcnten, trap_pmu),
    CALLS(3, 3, 9, 12, 3, "pmovsclr_el0", EL0_ALL, get_pmovs, clear_pmovs, trap_pmu),
    CALLS(3, 3, 9, 12, 4, "pmswinc_el0", EL0_ALL | SYS_WRITE_ONLY, NULL, set_swinc, trap_swinc),
    CALLS(3, 3, 9, 12, 5, "pmselr_el0", EL0_ALL, get_selr, set_selr, trap_selr),
    CALLS(3, 3, 9, 12, 6, "pmceid0_el0", SYS_EL0_READ | SYS_READ_ONLY, get_ceid0, NULL, trap_pmu),
    CALLS(3, 3, 9, 12, 7, "pmceid1_el0", SYS_EL0_READ | SYS_READ_ONLY, NULL, NULL, trap_pmu),
    CALLS(3, 3, 9, 13, 0, "pmccntr_el0", EL0_ALL, get_ccntr, set_ccntr, trap_cycles),
    CALLS(3, 3, 9, 13, 1, "pmxevtyper_el0", EL0_ALL, get_xevtyper, set_xevtyper, trap_pmu),
    CALLS(3, 3, 9, 13, 2, "pmxevcntr_el0", EL0_ALL, get_xevcntr, set_xevcntr, trap_events),
    CALLS(3, 3, 9, 14, 0, "pmuserenr_el0", EL0_ALL, get_userenr, set_userenr, trap_userenr),
    CALLS(3, 3, 9, 14, 3, "pmovsset_el0", EL0_ALL, get_pmovs, set_pmovs, trap_pmu),
    CALLS(3, 0, 9, 14, 1, "pmintenset_el1", SYS_LOOKS, get_pminten, set_pminten, trap_pmu),
    CALLS(3, 0, 9, 14, 2, "pmintenclr_el1", SYS_LOOKS, get_pminten, clear_pminten, trap_pmu),
    {.number = ARM64_SYS(3, 3, 14, 8, 0),
     .count = ARM64_EVENT_COUNTERS,
     .name = "pmevcntr_el0",
     .flags = EL0_ALL,
     .get = get_evcntr,
     .set = set_evcntr,
     .trap = trap_events},
    {.number = ARM64_SYS(3, 3, 14, 12, 0),
     .count = ARM64_EVENT_COUNTERS,
     .name = "pmevtyper_el0",
     .flags = EL0_ALL,
     .get = get_evtyper,
     .set = set_evtyper,
     .trap = trap_pmu},
    CALLS(3, 3, 14, 15, 7, "pmccfiltr_el0", EL0_ALL, get_ccfiltr, set_ccfiltr, trap_pmu),
};
const size_t arm64_sysregs_pmu_count = ARRAY_LEN(arm64_sysregs_pmu);
