/* SPDX-License-Identifier: GPL-2.0-or-later
 * pmu: performance monitors, after DDI 0406C, C12: the cycle counter counts ticks, one for each instruction
 * and each exception; event counters know SW_INCR, INST_RETIRED and CPU_CYCLES. A counter is its source
 * plus what the state holds while it counts, and that alone while it does not. Left out: filters by
 * privilege, interrupts of overflows, which are only noted when software asks.
 */
#include "isa/arm32/cp.h"

enum { PMCR_E = 1, PMCR_P = 2, PMCR_C = 4, PMCR_D = 8 };
#define PMCR_WRITABLE (PMCR_E | PMCR_D | 0x10u | 0x20u)
#define CYCLES        31 /* the cycle counter's bit */
enum { EVENT_SW_INCR = 0, EVENT_INST_RETIRED = 8, EVENT_CPU_CYCLES = 0x11 };
#define FILTERS UINT32_C(0xf8000000)

/* CRm and opc2 of the registers, all of c9. */
enum {
    PMCR = 0xc0,
    PMCNTENSET,
    PMCNTENCLR,
    PMOVSR,
    PMSWINC,
    PMSELR,
    PMCEID0,
    PMCEID1,
    PMCCNTR = 0xd0,
    PMXEVTYPER,
    PMXEVCNTR,
    PMUSERENR = 0xe0,
    PMINTENSET,
    PMINTENCLR,
    PMOVSSET
};

static unsigned event_counters(const struct cpu *cpu)
{
    return arm_model_of(cpu)->pmcr >> 11 & 31;
}

static uint32_t every_counter(const struct cpu *cpu)
{
    return UINT32_C(1) << CYCLES | ((UINT32_C(1) << event_counters(cpu)) - 1);
}

static uint64_t source_of(const struct cpu *cpu, unsigned n)
{
    const struct arm *s = arm_of(cpu);

    switch (n == CYCLES ? EVENT_CPU_CYCLES : s->pmevtyper[n] & 0xff) {
    case EVENT_INST_RETIRED: return s->hart.instructions + cpu->insn;
    case EVENT_CPU_CYCLES: return cpu_now(cpu);
    default: return 0;
    }
}

static bool counts(const struct arm *s, unsigned n)
{
    return (s->pmcr & PMCR_E) != 0 && (s->pmcnten >> n & 1) != 0;
}

static uint32_t value_of(const struct cpu *cpu, unsigned n)
{
    const struct arm *s = arm_of(cpu);

    return (n == CYCLES ? (uint32_t)s->pmccntr : s->pmevcntr[n]) +
           (counts(s, n) ? (uint32_t)source_of(cpu, n) : 0);
}

static void set_value(struct cpu *cpu, unsigned n, uint32_t value)
{
    struct arm *s = arm_of(cpu);

    value -= counts(s, n) ? (uint32_t)source_of(cpu, n) : 0;
    if (n == CYCLES) {
        s->pmccntr = value;
    } else {
        s->pmevcntr[n] = value;
    }
}

/* Whatever says which counters count, and what, changes: their values stay. */
static void change(struct cpu *cpu, uint32_t *what, uint32_t to)
{
    uint32_t values[32] = {0}, all = every_counter(cpu);

    for (unsigned n = 0; n < 32; n++) {
        values[n] = (all >> n & 1) != 0 ? value_of(cpu, n) : 0;
    }
    *what = to;
    for (unsigned n = 0; n < 32; n++) {
        if ((all >> n & 1) != 0) {
            set_value(cpu, n, values[n]);
        }
    }
}

static void set_pmcr(struct cpu *cpu, uint32_t value)
{
    struct arm *s = arm_of(cpu);

    if ((value & PMCR_C) != 0) {
        set_value(cpu, CYCLES, 0);
    }
    for (unsigned n = 0; (value & PMCR_P) != 0 && n < event_counters(cpu); n++) {
        set_value(cpu, n, 0);
    }
    change(cpu, &s->pmcr, (s->pmcr & ~PMCR_WRITABLE) | (value & PMCR_WRITABLE));
}

static void count_software(struct cpu *cpu, uint32_t which)
{
    struct arm *s = arm_of(cpu);

    for (unsigned n = 0; n < event_counters(cpu); n++) {
        if ((which >> n & 1) != 0 && counts(s, n) && (s->pmevtyper[n] & 0xff) == EVENT_SW_INCR) {
            s->pmevcntr[n]++;
        }
    }
}

/* PMUSERENR itself anybody may read. */
static bool is_denied(const struct cpu *cpu, uint32_t which)
{
    return arm_is_user(cpu) && (arm_of(cpu)->pmuserenr & 1) == 0 && which != PMUSERENR;
}

uint64_t arm_pmu_read(struct cpu *cpu, uint32_t number)
{
    const struct arm *s = arm_of(cpu);
    uint32_t which = number & 0xff;
    bool is_event = s->pmselr < event_counters(cpu);

    if (is_denied(cpu, which)) {
        return arm_cp_trapped(cpu);
    }
    switch (which) {
    case PMCR: return s->pmcr;
    case PMCNTENSET:
    case PMCNTENCLR: return s->pmcnten;
    case PMOVSR:
    case PMOVSSET: return s->pmovs;
    case PMSELR: return s->pmselr;
    case PMCEID0: return 1u << EVENT_SW_INCR | 1u << EVENT_INST_RETIRED | 1u << EVENT_CPU_CYCLES;
    case PMCCNTR: return value_of(cpu, CYCLES);
    case PMXEVTYPER:
        return s->pmselr == CYCLES ? s->pmccfiltr : is_event ? s->pmevtyper[s->pmselr] : 0;
    case PMXEVCNTR: return is_event ? value_of(cpu, s->pmselr) : 0;
    case PMUSERENR: return s->pmuserenr;
    case PMINTENSET:
    case PMINTENCLR: return s->pminten;
    default: return 0;
    }
}

static void set_event_type(struct cpu *cpu, uint32_t v)
{
    struct arm *s = arm_of(cpu);

    if (s->pmselr == CYCLES) {
        s->pmccfiltr = v & FILTERS;
    } else if (s->pmselr < event_counters(cpu)) {
        change(cpu, &s->pmevtyper[s->pmselr], v & (FILTERS | 0xff));
    }
}

void arm_pmu_write(struct cpu *cpu, uint32_t number, uint64_t value)
{
    struct arm *s = arm_of(cpu);
    uint32_t which = number & 0xff, v = (uint32_t)value, mask = every_counter(cpu);

    if (is_denied(cpu, which)) {
        arm_raise_undefined(cpu);
        return;
    }
    switch (which) {
    case PMCR: set_pmcr(cpu, v); break;
    case PMCNTENSET: change(cpu, &s->pmcnten, s->pmcnten | (v & mask)); break;
    case PMCNTENCLR: change(cpu, &s->pmcnten, s->pmcnten & ~v); break;
    case PMOVSR: s->pmovs &= ~v; break;
    case PMOVSSET: s->pmovs |= v & mask; break;
    case PMSWINC: count_software(cpu, v); break;
    case PMSELR: s->pmselr = v & 31; break;
    case PMCCNTR: set_value(cpu, CYCLES, v); break;
    case PMXEVTYPER: set_event_type(cpu, v); break;
    case PMXEVCNTR:
        if (s->pmselr < event_counters(cpu)) {
            set_value(cpu, s->pmselr, v);
        }
        break;
    case PMUSERENR: s->pmuserenr = v & 1; break;
    case PMINTENSET: s->pminten |= v & mask; break;
    case PMINTENCLR: s->pminten &= ~v; break;
    default: break;
    }
}
