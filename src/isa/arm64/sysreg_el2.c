/* SPDX-License-Identifier: GPL-2.0-or-later
 * sysreg_el2: the system registers of EL2, after DDI 0487, D19.
 */
#include "isa/arm64/sysreg.h"

#define QUIET SYS_QUIET
#define E2    SYS_NEEDS_EL2
#define E12   (SYS_NEEDS_EL2 | SYS_NEEDS_E2H)

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

/* EL1's timers by the names that EL2 has for them. */
#define TIMER_EL02(name, timer)                                                                    \
    static uint64_t get_##name(const struct cpu *cpu, unsigned index)                              \
    {                                                                                              \
        return arm64_timer_get(cpu, timer, index);                                                 \
    }                                                                                              \
    static void set_##name(struct cpu *cpu, unsigned index, uint64_t value)                        \
    {                                                                                              \
        arm64_timer_set(cpu, timer, index, value);                                                 \
    }
TIMER_EL02(timer_p, TIMER_P)
TIMER_EL02(timer_v, TIMER_V)

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

#define HOST(n, m, op2, text, member, does, bits)                                                  \
    {                                                                                              \
        .number = ARM64_SYS(3, 5, n, m, op2), .name = (text), .flags = E12 | (does),               \
        .feature = EXT_VHE, .slot = SYS_SLOT(member), .mask = (bits)                               \
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
    /* EL1's, for EL2 with E2H: as those of EL1, which are called for by these names */
    HOST(1, 0, 0, "sctlr_el12", sctlr[1], 0, UINT64_MAX),
    HOST(1, 0, 2, "cpacr_el12", cpacr, 0, UINT64_MAX),
    HOST(2, 0, 0, "ttbr0_el12", ttbr0[1], 0, UINT64_MAX),
    HOST(2, 0, 1, "ttbr1_el12", ttbr1[1], 0, UINT64_MAX),
    HOST(2, 0, 2, "tcr_el12", tcr[1], 0, UINT64_MAX),
    HOST(4, 0, 0, "spsr_el12", spsr[1], QUIET, UINT64_MAX),
    HOST(4, 0, 1, "elr_el12", elr[1], QUIET, UINT64_MAX),
    {.number = ARM64_SYS(3, 5, 5, 1, 0),
     .count = 2,
     .name = "afsr_el12",
     .flags = QUIET | E12,
     .feature = EXT_VHE},
    HOST(5, 2, 0, "esr_el12", esr[1], QUIET, UINT64_MAX),
    HOST(6, 0, 0, "far_el12", far[1], QUIET, UINT64_MAX),
    HOST(10, 2, 0, "mair_el12", mair[1], 0, UINT64_MAX),
    {.number = ARM64_SYS(3, 5, 10, 3, 0),
     .name = "amair_el12",
     .flags = QUIET | E12,
     .feature = EXT_VHE},
    HOST(12, 0, 0, "vbar_el12", vbar[1], QUIET, ~UINT64_C(0x1f)),
    HOST(13, 0, 1, "contextidr_el12", contextidr[1], 0, UINT64_MAX),
    HOST(14, 1, 0, "cntkctl_el12", cntkctl, QUIET, UINT64_MAX),
    {.number = ARM64_SYS(3, 5, 14, 2, 0),
     .count = 3,
     .name = "cntp_el02",
     .flags = SYS_LOOKS | E12,
     .feature = EXT_VHE,
     .get = get_timer_p,
     .set = set_timer_p},
    {.number = ARM64_SYS(3, 5, 14, 3, 0),
     .count = 3,
     .name = "cntv_el02",
     .flags = SYS_LOOKS | E12,
     .feature = EXT_VHE,
     .get = get_timer_v,
     .set = set_timer_v},
};
const size_t arm64_sysregs_el2_count = ARRAY_LEN(arm64_sysregs_el2);
