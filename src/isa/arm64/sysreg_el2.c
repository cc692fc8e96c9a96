/* SPDX-License-Identifier: GPL-2.0-or-later
 * sysreg_el2: the system registers of EL2, after DDI 0487, D19.
 */
#include "isa/arm64/sysreg.h"

#define QUIET SYS_QUIET
#define E2    SYS_NEEDS_EL2

/* Bits that the model has nothing behind are kept 0; of AArch32 at EL1 it may have none. */
static void set_hcr(struct cpu *cpu, unsigned index, uint64_t value)
{
    const struct arm64_model *m = arm64_model_of(cpu);
    uint64_t mask = BIT64(34) - 1;

    (void)index;
    mask |= (m->features & EXT_VHE) != 0 ? HCR_E2H : 0;
    mask |= (m->features & EXT_PAN) != 0 ? HCR_TLOR : 0;
    mask |= (m->features & EXT_RAS) != 0 ? HCR_TERR | HCR_TEA : 0;
    mask |= (m->features & EXT_PAUTH) != 0 ? HCR_APK | HCR_API : 0;
    arm64_of(cpu)->hcr = (value & mask) | ((m->id[ID_PFR0] >> 4 & 15) == 1 ? HCR_RW : 0);
}
static uint64_t get_hcr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->hcr;
}

static uint64_t get_timer_hp(const struct cpu *cpu, unsigned index)
{
    return arm64_timer_get(cpu, TIMER_HP, index);
}
static void set_timer_hp(struct cpu *cpu, unsigned index, uint64_t value)
{
    arm64_timer_set(cpu, TIMER_HP, index, value);
}
static uint64_t get_timer_hv(const struct cpu *cpu, unsigned index)
{
    return arm64_timer_get(cpu, TIMER_HV, index);
}
static void set_timer_hv(struct cpu *cpu, unsigned index, uint64_t value)
{
    arm64_timer_set(cpu, TIMER_HV, index, value);
}
static void set_cntvoff(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->cntvoff = value;
    arm64_timers_changed(cpu, cpu_now(cpu));
}
static uint64_t get_cntvoff(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->cntvoff;
}

/* ---- EL1's registers by the names that EL2 has for them ---- */

unsigned arm64_sysreg_el12(unsigned number)
{
    switch (number) {
    case ARM64_SYS(3, 0, 1, 0, 0):
    case ARM64_SYS(3, 0, 1, 0, 2):
    case ARM64_SYS(3, 0, 2, 0, 0):
    case ARM64_SYS(3, 0, 2, 0, 1):
    case ARM64_SYS(3, 0, 2, 0, 2):
    case ARM64_SYS(3, 0, 4, 0, 0):
    case ARM64_SYS(3, 0, 4, 0, 1):
    case ARM64_SYS(3, 0, 5, 1, 0):
    case ARM64_SYS(3, 0, 5, 1, 1):
    case ARM64_SYS(3, 0, 5, 2, 0):
    case ARM64_SYS(3, 0, 6, 0, 0):
    case ARM64_SYS(3, 0, 10, 2, 0):
    case ARM64_SYS(3, 0, 10, 3, 0):
    case ARM64_SYS(3, 0, 12, 0, 0):
    case ARM64_SYS(3, 0, 13, 0, 1):
    case ARM64_SYS(3, 0, 14, 1, 0): return number | ARM64_SYS(0, 5, 0, 0, 0);
    case ARM64_SYS(3, 3, 14, 2, 0): /* the timers, which are EL0's */
    case ARM64_SYS(3, 3, 14, 2, 1):
    case ARM64_SYS(3, 3, 14, 2, 2):
    case ARM64_SYS(3, 3, 14, 3, 0):
    case ARM64_SYS(3, 3, 14, 3, 1):
    case ARM64_SYS(3, 3, 14, 3, 2): return ARM64_SYS(3, 5, 14, SYS_M(number), SYS_OP2(number));
    default: return 0;
    }
}

/* The row of EL1 or EL0 that such a name is of; NULL: it is none. */
static const struct arm64_sysreg *named_by(const struct arm64_model *m, unsigned number,
                                           unsigned *index)
{
    unsigned below = (number & ~ARM64_SYS(0, 7, 0, 0, 0)) |
                     (SYS_N(number) == 14 && SYS_M(number) > 1 ? ARM64_SYS(0, 3, 0, 0, 0) : 0);

    return arm64_sysreg_el12(below) == number ? arm64_sysreg_find(m, below, index) : NULL;
}

static uint64_t get_el12(const struct cpu *cpu, unsigned number)
{
    unsigned index;
    const struct arm64_sysreg *r = named_by(cpu->model, number, &index);

    return arm64_sysreg_get(cpu, r, index);
}
static void set_el12(struct cpu *cpu, unsigned number, uint64_t value)
{
    unsigned index;
    const struct arm64_sysreg *r = named_by(cpu->model, number, &index);

    arm64_sysreg_set(cpu, r, index, value);
}

const struct arm64_sysreg *arm64_sysreg_find_el12(const struct arm64_model *m, unsigned number,
                                                  unsigned *index)
{
    static const struct arm64_sysreg row = {.number = ARM64_SYS(3, 5, 0, 0, 0),
                                            .name = "of_el1_for_el2",
                                            .flags = SYS_LOOKS | E2 | SYS_NEEDS_E2H,
                                            .feature = EXT_VHE,
                                            .get = get_el12,
                                            .set = set_el12};

    if ((~m->features & (EXT_EL2 | EXT_VHE)) != 0 || named_by(m, number, index) == NULL) {
        return NULL;
    }
    *index = number;
    return &row;
}

const struct arm64_sysreg arm64_sysregs_el2[] = {
    PLAIN(3, 4, 0, 0, 0, "vpidr_el2", vpidr, QUIET | E2),
    PLAIN(3, 4, 0, 0, 5, "vmpidr_el2", vmpidr, QUIET | E2),
    PLAIN(3, 4, 1, 0, 0, "sctlr_el2", sctlr[2], E2),
    ZERO(3, 4, 1, 0, 1, "actlr_el2", QUIET | E2),
    CALLS(3, 4, 1, 1, 0, "hcr_el2", E2, get_hcr, set_hcr, NULL),
    PLAIN(3, 4, 1, 1, 1, "mdcr_el2", mdcr2, E2),
    PLAIN(3, 4, 1, 1, 2, "cptr_el2", cptr2, E2),
    PLAIN(3, 4, 1, 1, 3, "hstr_el2", hstr, E2),
    ZERO(3, 4, 1, 1, 7, "hacr_el2", QUIET | E2),
    PLAIN(3, 4, 2, 0, 0, "ttbr0_el2", ttbr0[2], E2),
    {.number = ARM64_SYS(3, 4, 2, 0, 1),
     .name = "ttbr1_el2",
     .flags = E2,
     .feature = EXT_VHE,
     .slot = SYS_SLOT(ttbr1[2]),
     .mask = UINT64_MAX},
    PLAIN(3, 4, 2, 0, 2, "tcr_el2", tcr[2], E2),
    PLAIN(3, 4, 2, 1, 0, "vttbr_el2", vttbr, E2),
    PLAIN(3, 4, 2, 1, 2, "vtcr_el2", vtcr, E2),
    PLAIN(3, 4, 4, 0, 0, "spsr_el2", spsr[2], QUIET | E2),
    PLAIN(3, 4, 4, 0, 1, "elr_el2", elr[2], QUIET | E2),
    PLAIN(3, 4, 4, 1, 0, "sp_el1", sp[1], QUIET | E2),
    {.number = ARM64_SYS(3, 4, 4, 3, 0), .count = 4, .name = "spsr_aarch32", .flags = QUIET | E2},
    ZERO(2, 4, 0, 7, 0, "dbgvcr32_el2", QUIET | E2 | SYS_V80),
    ZERO(3, 4, 3, 0, 0, "dacr32_el2", QUIET | E2 | SYS_V80),
    ZERO(3, 4, 5, 0, 1, "ifsr32_el2", QUIET | E2 | SYS_V80),
    ZERO(3, 4, 5, 1, 0, "afsr0_el2", QUIET | E2),
    ZERO(3, 4, 5, 1, 1, "afsr1_el2", QUIET | E2),
    PLAIN(3, 4, 5, 2, 0, "esr_el2", esr[2], QUIET | E2),
    ZERO(3, 4, 5, 3, 0, "fpexc32_el2", QUIET | E2 | SYS_V80),
    {.number = ARM64_SYS(3, 4, 5, 2, 3),
     .name = "vsesr_el2",
     .flags = QUIET | E2,
     .feature = EXT_RAS,
     .slot = SYS_SLOT(vsesr),
     .mask = 0x1ffffff},
    {.number = ARM64_SYS(3, 4, 12, 1, 1),
     .name = "vdisr_el2",
     .flags = QUIET | E2,
     .feature = EXT_RAS,
     .slot = SYS_SLOT(vdisr),
     .mask = UINT64_MAX},
    PLAIN(3, 4, 6, 0, 0, "far_el2", far[2], QUIET | E2),
    PLAIN(3, 4, 6, 0, 4, "hpfar_el2", hpfar, QUIET | E2),
    PLAIN(3, 4, 10, 2, 0, "mair_el2", mair[2], E2),
    ZERO(3, 4, 10, 3, 0, "amair_el2", QUIET | E2),
    {.number = ARM64_SYS(3, 4, 12, 0, 0),
     .name = "vbar_el2",
     .flags = QUIET | E2,
     .slot = SYS_SLOT(vbar[2]),
     .mask = ~UINT64_C(0x1f)},
    ZERO(3, 4, 12, 0, 1, "rvbar_el2", SYS_READ_ONLY | E2),
    CALLS(3, 4, 12, 0, 2, "rmr_el2", QUIET | E2, arm64_get_rmr, NULL, NULL),
    {.number = ARM64_SYS(3, 4, 13, 0, 1),
     .name = "contextidr_el2",
     .flags = E2,
     .feature = EXT_VHE,
     .slot = SYS_SLOT(contextidr[2]),
     .mask = UINT64_MAX},
    PLAIN(3, 4, 13, 0, 2, "tpidr_el2", tpidr[2], QUIET | E2),
    CALLS(3, 4, 14, 0, 3, "cntvoff_el2", SYS_LOOKS | E2, get_cntvoff, set_cntvoff, NULL),
    {.number = ARM64_SYS(3, 4, 14, 1, 0),
     .name = "cnthctl_el2",
     .flags = QUIET | E2,
     .slot = SYS_SLOT(cnthctl),
     .mask = 0xfff},
    {.number = ARM64_SYS(3, 4, 14, 2, 0),
     .count = 3,
     .name = "cnthp_el2",
     .flags = SYS_LOOKS | E2,
     .get = get_timer_hp,
     .set = set_timer_hp},
    {.number = ARM64_SYS(3, 4, 14, 3, 0),
     .count = 3,
     .name = "cnthv_el2",
     .flags = SYS_LOOKS | E2,
     .feature = EXT_VHE,
     .get = get_timer_hv,
     .set = set_timer_hv},
};
const size_t arm64_sysregs_el2_count = ARRAY_LEN(arm64_sysregs_el2);
