/* SPDX-License-Identifier: GPL-2.0-or-later
 * sysreg_el1: the system registers of EL0 and EL1, after DDI 0487, D19: identification, control, generic
 * timers, debug. Those of the PMU are in pmu.c.
 */
#include "base/softfloat.h"
#include "isa/arm64/sysreg.h"

/* ---- traps ---- */

/* From EL0 to EL1, or to EL2 where that is EL0's own. */
static unsigned to_el1(const struct cpu *cpu)
{
    return (arm64_hcr(cpu) & HCR_TGE) != 0 ? 2 : 1;
}

static unsigned at_el0_unless(const struct cpu *cpu, uint64_t sctlr_bit)
{
    const struct arm64 *s = arm64_of(cpu);

    return s->el == 0 && (s->sctlr[arm64_regime(cpu, 0)] & sctlr_bit) == 0 ? to_el1(cpu) : 0;
}

static unsigned trap_uct(const struct cpu *cpu, bool is_write)
{
    unsigned to = at_el0_unless(cpu, SCTLR_UCT);

    (void)is_write;
    return to == 0 && arm64_of(cpu)->el < 2 && (arm64_hcr(cpu) & HCR_TID2) != 0 ? 2 : to;
}

static unsigned trap_uma(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return at_el0_unless(cpu, SCTLR_UMA);
}

static unsigned trap_id2(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & HCR_TID2) != 0 ? 2 : 0;
}

static unsigned trap_id1(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & HCR_TID1) != 0 ? 2 : 0;
}

static unsigned trap_actlr(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & HCR_TACR) != 0 ? 2 : 0;
}

static unsigned trap_lor(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & HCR_TLOR) != 0 ? 2 : 0;
}

static unsigned trap_cpacr(const struct cpu *cpu, bool is_write)
{
    const struct arm64 *s = arm64_of(cpu);

    (void)is_write;
    return s->el == 1 && arm64_has(cpu, EXT_EL2) && (s->cptr2 & BIT64(31)) != 0 ? 2 : 0;
}

/* The address of reset is that of the highest level alone. */
static unsigned trap_rvbar(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_has_el(cpu, 2) ? SYS_UNDEFINED : 0;
}

/* AA64; the warm reset that may be asked for is ignored. */
uint64_t arm64_get_rmr(const struct cpu *cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    return 1;
}

/* SP_EL0 is not reached by its name while it is SP. */
static unsigned trap_sp_el0(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->spsel ? 0 : SYS_UNDEFINED;
}

static unsigned trap_keys(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->el == 1 && arm64_has(cpu, EXT_EL2) && (arm64_hcr(cpu) & HCR_APK) == 0 ? 2
                                                                                                : 0;
}

/* ---- identification ---- */

static uint64_t get_midr(const struct cpu *cpu, unsigned index)
{
    const struct arm64 *s = arm64_of(cpu);

    (void)index;
    return s->el == 1 && arm64_has(cpu, EXT_EL2) ? s->vpidr : arm64_model_of(cpu)->midr;
}

static uint64_t get_mpidr(const struct cpu *cpu, unsigned index)
{
    const struct arm64 *s = arm64_of(cpu);

    (void)index;
    return s->el == 1 && arm64_has(cpu, EXT_EL2) ? s->vmpidr : BIT64(31) | s->number;
}

static uint64_t get_revidr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_model_of(cpu)->revidr;
}

static uint64_t get_id32(const struct cpu *cpu, unsigned index)
{
    return index < ARRAY_LEN(((struct arm64_model *)0)->id32) ? arm64_model_of(cpu)->id32[index]
                                                              : 0;
}

/* CRm 4 to 7. */
static uint64_t get_id64(const struct cpu *cpu, unsigned index)
{
    static const uint8_t ids[32] = {
        [0] = ID_PFR0 + 1,   [1] = ID_PFR1 + 1,   [8] = ID_DFR0 + 1,   [9] = ID_DFR1 + 1,
        [16] = ID_ISAR0 + 1, [17] = ID_ISAR1 + 1, [18] = ID_ISAR2 + 1, [24] = ID_MMFR0 + 1,
        [25] = ID_MMFR1 + 1, [26] = ID_MMFR2 + 1};

    return ids[index] != 0 ? arm64_model_of(cpu)->id[ids[index] - 1] : 0;
}

static uint64_t get_ccsidr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->csselr < ARRAY_LEN(arm64_model_of(cpu)->ccsidr)
               ? arm64_model_of(cpu)->ccsidr[arm64_of(cpu)->csselr]
               : 0;
}

static uint64_t get_clidr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_model_of(cpu)->clidr;
}

static uint64_t get_ctr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_model_of(cpu)->ctr;
}

static uint64_t get_dczid(const struct cpu *cpu, unsigned index)
{
    const struct arm64 *s = arm64_of(cpu);
    bool off = (s->el == 0 && (s->sctlr[arm64_regime(cpu, 0)] & SCTLR_DZE) == 0) ||
               (s->el < 2 && (arm64_hcr(cpu) & HCR_TDZ) != 0);

    (void)index;
    return arm64_model_of(cpu)->dczid | (off ? 16 : 0);
}

/* ---- PSTATE, FP ---- */

static uint64_t get_nzcv(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_pstate(arm64_of(cpu)) & (PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V);
}
static void set_nzcv(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_set_nzcv(arm64_of(cpu), value);
}
static uint64_t get_daif(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->daif;
}
static void set_daif(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->daif = (uint32_t)value & DAIF_ALL;
}
static uint64_t get_current_el(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return (uint64_t)arm64_of(cpu)->el << 2;
}
static uint64_t get_spsel(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->spsel;
}
static void set_spsel(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_set_el(arm64_of(cpu), arm64_of(cpu)->el, value & 1);
}
#define PSTATE_BIT(member, bit)                                                                    \
    static uint64_t get_##member(const struct cpu *cpu, unsigned index)                            \
    {                                                                                              \
        (void)index;                                                                               \
        return arm64_of(cpu)->member ? (bit) : 0;                                                  \
    }                                                                                              \
    static void set_##member(struct cpu *cpu, unsigned index, uint64_t value)                      \
    {                                                                                              \
        (void)index;                                                                               \
        arm64_of(cpu)->member = (value & (bit)) != 0;                                              \
    }
PSTATE_BIT(pan, PSTATE_PAN)
PSTATE_BIT(uao, PSTATE_UAO)
PSTATE_BIT(dit, PSTATE_DIT)
PSTATE_BIT(ssbs, PSTATE_SSBS)

/* Len and Stride do nothing here, but are kept. */
#define FPCR_WRITABLE 0x07f70000u
#define FPCR_FZ16     0x00080000u

static uint64_t get_fpcr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->fpcr;
}
static void set_fpcr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->fpcr =
        (uint32_t)value & (FPCR_WRITABLE | (arm64_has(cpu, EXT_FP16) ? FPCR_FZ16 : 0));
}

/* The sticky bits of hart.fp_flags in FPSR's places. */
static const struct {
    uint8_t flag;
    uint32_t bit;
} fpsr_bits[] = {{FP_NX, 0x10}, {FP_UF, 8}, {FP_OF, 4}, {FP_DZ, 2}, {FP_NV, 1}, {FP_ID, 0x80}};
#define FPSR_STICKY   0x9fu
#define FPSR_WRITABLE 0xf800009fu

uint32_t arm64_get_fpsr(const struct arm64 *s)
{
    uint32_t value = s->fpsr;

    for (size_t i = 0; i < ARRAY_LEN(fpsr_bits); i++) {
        value |= s->hart.fp_flags & fpsr_bits[i].flag ? fpsr_bits[i].bit : 0;
    }
    return value;
}

void arm64_set_fpsr(struct arm64 *s, uint32_t value)
{
    s->hart.fp_flags = 0;
    s->fpsr = value & FPSR_WRITABLE;
}

static uint64_t get_fpsr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_get_fpsr(arm64_of(cpu));
}
static void set_fpsr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_set_fpsr(arm64_of(cpu), (uint32_t)value);
}

/* ---- others ---- */

static uint64_t get_isr(const struct cpu *cpu, unsigned index)
{
    const struct arm64 *s = arm64_of(cpu);
    uint64_t hcr = arm64_hcr(cpu), value = 0;
    bool virtual_irq = s->el == 1 && (hcr & HCR_IMO) != 0;
    bool virtual_fiq = s->el == 1 && (hcr & HCR_FMO) != 0;

    (void)index;
    if (virtual_irq ? (hcr & HCR_VI) != 0 || (s->lines >> ARM64_PIN_VIRQ & 1) != 0
                    : (s->lines >> ARM64_PIN_IRQ & 1) != 0) {
        value |= DAIF_I;
    }
    if (virtual_fiq ? (hcr & HCR_VF) != 0 || (s->lines >> ARM64_PIN_VFIQ & 1) != 0
                    : (s->lines >> ARM64_PIN_FIQ & 1) != 0) {
        value |= DAIF_F;
    }
    return value;
}

static uint64_t get_oslsr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return 8 | (arm64_of(cpu)->oslock ? 2 : 0);
}
static void set_oslar(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->oslock = value & 1;
}

static unsigned trap_dcc(const struct cpu *cpu, bool is_write)
{
    const struct arm64 *s = arm64_of(cpu);

    (void)is_write;
    return s->el == 0 && (s->mdscr & MDSCR_TDCC) != 0 ? to_el1(cpu) : 0;
}

/* RAS without records of errors: of EL1 with HCR_EL2.AMO it is the hypervisor's. */
static uint64_t *disr_of(const struct cpu *cpu)
{
    struct arm64 *s = arm64_of(cpu);

    return s->el == 1 && (arm64_hcr(cpu) & HCR_AMO) != 0 ? &s->vdisr : &s->disr;
}
static uint64_t get_disr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return *disr_of(cpu);
}
static void set_disr(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    *disr_of(cpu) = value;
}
static unsigned trap_errors(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & HCR_TERR) != 0 ? 2 : 0;
}

/* Tags by which debuggers take the debug registers for themselves: eight there are. */
static uint64_t get_claims(const struct cpu *cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    return 0xff;
}
static uint64_t get_claimed(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->dbgclaim;
}
static void set_claims(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->dbgclaim |= value & 0xff;
}
static void clear_claims(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->dbgclaim &= ~value;
}

/* How many cores share the cache, less one. */
static uint64_t get_l2ctlr(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return (uint64_t)(arm64_model_of(cpu)->hart_count - 1) << 24;
}

static uint64_t get_sp_el0(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_of(cpu)->sp[0];
}
static void set_sp_el0(struct cpu *cpu, unsigned index, uint64_t value)
{
    (void)index;
    arm64_of(cpu)->sp[0] = value;
}

/* ---- generic timers ---- */

/* CNTKCTL_EL1 lets EL0: bit 0 the physical counter, 1 the virtual one, 8 the virtual timer, 9 the
 * physical one; of the host's EL0 CNTHCTL_EL2 says so by the same bits. That lets all else below EL2: bit 0 the physical counter,
 * 1 the physical timer; with E2H they are bits 10 and 11. */
static unsigned timer_trap(const struct cpu *cpu, unsigned bits, unsigned hypervisor_bit)
{
    const struct arm64 *s = arm64_of(cpu);
    bool e2h = (arm64_hcr(cpu) & HCR_E2H) != 0;

    if (s->el == 0 && arm64_is_host(cpu)) {
        return (s->cnthctl & bits) == 0 ? 2 : 0;
    }
    if (s->el == 0 && (s->cntkctl & bits) == 0) {
        return to_el1(cpu);
    }
    if (s->el < 2 && hypervisor_bit != 0 && arm64_has(cpu, EXT_EL2) &&
        (s->cnthctl & (e2h ? hypervisor_bit << 10 : hypervisor_bit)) == 0) {
        return 2;
    }
    return 0;
}

static unsigned trap_frq(const struct cpu *cpu, bool is_write)
{
    if (is_write) { /* only the highest level sets it */
        const struct arm64_model *m = arm64_model_of(cpu);
        unsigned top = (m->features & EXT_EL2) != 0 ? 2 : 1;

        return arm64_of(cpu)->el < top ? SYS_UNDEFINED : 0;
    }
    return timer_trap(cpu, 3, 0);
}
static unsigned trap_pct(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return timer_trap(cpu, 1, 1);
}
static unsigned trap_vct(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return timer_trap(cpu, 2, 0);
}
static unsigned trap_timer_p(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return timer_trap(cpu, 1u << 9, 2);
}
static unsigned trap_timer_v(const struct cpu *cpu, bool is_write)
{
    (void)is_write;
    return timer_trap(cpu, 1u << 8, 0);
}

static uint64_t get_frq(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_model_of(cpu)->cnt_hz;
}
static uint64_t get_pct(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_counter(cpu, cpu_now(cpu));
}
static uint64_t get_vct(const struct cpu *cpu, unsigned index)
{
    (void)index;
    return arm64_virtual_counter(cpu, cpu_now(cpu));
}

static uint64_t get_timer_p(const struct cpu *cpu, unsigned index)
{
    return arm64_timer_get(cpu, TIMER_P, index);
}
static void set_timer_p(struct cpu *cpu, unsigned index, uint64_t value)
{
    arm64_timer_set(cpu, TIMER_P, index, value);
}
static uint64_t get_timer_v(const struct cpu *cpu, unsigned index)
{
    return arm64_timer_get(cpu, TIMER_V, index);
}
static void set_timer_v(struct cpu *cpu, unsigned index, uint64_t value)
{
    arm64_timer_set(cpu, TIMER_V, index, value);
}

#define EL0_ALL (SYS_EL0_READ | SYS_EL0_WRITE)
#define QUIET   SYS_QUIET
/* One of 16 pairs of debug registers. */
#define DEBUG_PAIR(n, op2, text, member)                                                           \
    {                                                                                              \
        .number = ARM64_SYS(2, 0, 0, n, op2), .name = (text), .slot = SYS_SLOT(member[n]),         \
        .mask = UINT64_MAX                                                                         \
    }
/* Bits 6 and 8 are copies of 5 and 7. */
static uint64_t get_bcr(const struct cpu *cpu, unsigned n)
{
    return arm64_of(cpu)->bcr[n];
}
static void set_bcr(struct cpu *cpu, unsigned n, uint64_t value)
{
    value = bits_set(value, 6, 1, value >> 5);
    arm64_of(cpu)->bcr[n] = bits_set(value, 8, 1, value >> 7);
}

#define BCR_AT(n)                                                                                  \
    static uint64_t get_bcr##n(const struct cpu *cpu, unsigned index)                              \
    {                                                                                              \
        (void)index;                                                                               \
        return get_bcr(cpu, n);                                                                    \
    }                                                                                              \
    static void set_bcr##n(struct cpu *cpu, unsigned index, uint64_t value)                        \
    {                                                                                              \
        (void)index;                                                                               \
        set_bcr(cpu, n, value);                                                                    \
    }
BCR_AT(0)
BCR_AT(1)
BCR_AT(2)
BCR_AT(3)
BCR_AT(4)
BCR_AT(5)
#define DEBUG_BCR(n, text) CALLS(2, 0, 0, n, 5, text, 0, get_bcr##n, set_bcr##n, NULL)
#define DEBUG_WVR(n, text)                                                                         \
    {                                                                                              \
        .number = ARM64_SYS(2, 0, 0, n, 6), .name = (text), .slot = SYS_SLOT(wvr[n]),              \
        .mask = ~UINT64_C(3)                                                                       \
    }

const struct arm64_sysreg arm64_sysregs_el1[] = {
    /* those that are asked for most stand first */
    {.number = ARM64_SYS(3, 3, 13, 0, 2),
     .name = "tpidr_el0",
     .flags = EL0_ALL | QUIET,
     .slot = SYS_SLOT(tpidr[0]),
     .mask = UINT64_MAX},
    PLAIN(3, 3, 13, 0, 3, "tpidrro_el0", tpidrro, SYS_EL0_READ | QUIET),
    PLAIN(3, 0, 13, 0, 4, "tpidr_el1", tpidr[1], QUIET),
    CALLS(3, 0, 4, 1, 0, "sp_el0", QUIET, get_sp_el0, set_sp_el0, trap_sp_el0),
    PLAIN(3, 0, 4, 0, 0, "spsr_el1", spsr[1], QUIET),
    PLAIN(3, 0, 4, 0, 1, "elr_el1", elr[1], QUIET),
    PLAIN(3, 0, 5, 2, 0, "esr_el1", esr[1], QUIET | SYS_VM),
    PLAIN(3, 0, 6, 0, 0, "far_el1", far[1], QUIET | SYS_VM),
    CALLS(3, 3, 14, 0, 2, "cntvct_el0", SYS_EL0_READ | SYS_READ_ONLY, get_vct, NULL, trap_vct),
    CALLS(3, 3, 14, 0, 1, "cntpct_el0", SYS_EL0_READ | SYS_READ_ONLY, get_pct, NULL, trap_pct),
    CALLS(3, 3, 4, 2, 0, "nzcv", EL0_ALL | QUIET, get_nzcv, set_nzcv, NULL),
    CALLS(3, 3, 4, 2, 1, "daif", EL0_ALL, get_daif, set_daif, trap_uma),
    CALLS(3, 3, 4, 4, 0, "fpcr", EL0_ALL | SYS_FP, get_fpcr, set_fpcr, NULL),
    CALLS(3, 3, 4, 4, 1, "fpsr", EL0_ALL | SYS_FP | QUIET, get_fpsr, set_fpsr, NULL),
    PLAIN(3, 0, 2, 0, 0, "ttbr0_el1", ttbr0[1], SYS_VM),
    PLAIN(3, 0, 2, 0, 1, "ttbr1_el1", ttbr1[1], SYS_VM),
    PLAIN(3, 0, 2, 0, 2, "tcr_el1", tcr[1], SYS_VM),
    PLAIN(3, 0, 1, 0, 0, "sctlr_el1", sctlr[1], SYS_VM),
    {.number = ARM64_SYS(3, 0, 1, 0, 1), .name = "actlr_el1", .flags = QUIET, .trap = trap_actlr},
    {.number = ARM64_SYS(3, 0, 1, 0, 2),
     .name = "cpacr_el1",
     .slot = SYS_SLOT(cpacr),
     .mask = UINT64_MAX,
     .trap = trap_cpacr},
    ZERO(3, 0, 5, 1, 0, "afsr0_el1", QUIET | SYS_VM),
    ZERO(3, 0, 5, 1, 1, "afsr1_el1", QUIET | SYS_VM),
    {.number = ARM64_SYS(3, 0, 5, 3, 0),
     .name = "erridr_el1",
     .flags = SYS_READ_ONLY,
     .feature = EXT_RAS,
     .trap = trap_errors},
    {.number = ARM64_SYS(3, 0, 12, 1, 1),
     .name = "disr_el1",
     .flags = QUIET,
     .feature = EXT_RAS,
     .get = get_disr,
     .set = set_disr},
    PLAIN(3, 0, 7, 4, 0, "par_el1", par, QUIET),
    PLAIN(3, 0, 10, 2, 0, "mair_el1", mair[1], SYS_VM),
    ZERO(3, 0, 10, 3, 0, "amair_el1", QUIET | SYS_VM),
    {.number = ARM64_SYS(3, 0, 12, 0, 0),
     .name = "vbar_el1",
     .flags = QUIET,
     .slot = SYS_SLOT(vbar[1]),
     .mask = ~UINT64_C(0x1f)},
    {.number = ARM64_SYS(3, 0, 12, 0, 1),
     .name = "rvbar_el1",
     .flags = SYS_READ_ONLY,
     .trap = trap_rvbar},
    {.number = ARM64_SYS(3, 0, 12, 0, 2),
     .name = "rmr_el1",
     .flags = QUIET,
     .get = arm64_get_rmr,
     .trap = trap_rvbar},
    CALLS(3, 0, 12, 1, 0, "isr_el1", SYS_READ_ONLY, get_isr, NULL, NULL),
    PLAIN(3, 0, 13, 0, 1, "contextidr_el1", contextidr[1], SYS_VM),
    CALLS(3, 0, 4, 2, 0, "spsel", 0, get_spsel, set_spsel, NULL),
    CALLS(3, 0, 4, 2, 2, "currentel", SYS_READ_ONLY, get_current_el, NULL, NULL),
    {.number = ARM64_SYS(3, 0, 4, 2, 3),
     .name = "pan",
     .feature = EXT_PAN,
     .get = get_pan,
     .set = set_pan},
    {.number = ARM64_SYS(3, 0, 4, 2, 4),
     .name = "uao",
     .feature = EXT_UAO,
     .get = get_uao,
     .set = set_uao},
    {.number = ARM64_SYS(3, 3, 4, 2, 5),
     .name = "dit",
     .flags = EL0_ALL | QUIET,
     .feature = EXT_DIT,
     .get = get_dit,
     .set = set_dit},
    {.number = ARM64_SYS(3, 3, 4, 2, 6),
     .name = "ssbs",
     .flags = EL0_ALL | QUIET,
     .feature = EXT_SSBS,
     .get = get_ssbs,
     .set = set_ssbs},
    {.number = ARM64_SYS(3, 3, 2, 4, 0),
     .count = 2,
     .name = "rndr",
     .flags = SYS_EL0_READ | SYS_READ_ONLY,
     .feature = EXT_RNG},
    {.number = ARM64_SYS(3, 0, 2, 1, 0),
     .count = 4,
     .name = "apikey",
     .flags = QUIET,
     .feature = EXT_PAUTH,
     .slot = SYS_SLOT(keys[0]),
     .mask = UINT64_MAX,
     .trap = trap_keys},
    {.number = ARM64_SYS(3, 0, 2, 2, 0),
     .count = 4,
     .name = "apdkey",
     .flags = QUIET,
     .feature = EXT_PAUTH,
     .slot = SYS_SLOT(keys[4]),
     .mask = UINT64_MAX,
     .trap = trap_keys},
    {.number = ARM64_SYS(3, 0, 2, 3, 0),
     .count = 2,
     .name = "apgakey",
     .flags = QUIET,
     .feature = EXT_PAUTH,
     .slot = SYS_SLOT(keys[8]),
     .mask = UINT64_MAX,
     .trap = trap_keys},
    /* identification */
    CALLS(3, 0, 0, 0, 0, "midr_el1", SYS_READ_ONLY, get_midr, NULL, NULL),
    CALLS(3, 0, 0, 0, 5, "mpidr_el1", SYS_READ_ONLY, get_mpidr, NULL, NULL),
    CALLS(3, 0, 0, 0, 6, "revidr_el1", SYS_READ_ONLY, get_revidr, NULL, trap_id1),
    {.number = ARM64_SYS(3, 0, 0, 1, 0),
     .count = 24,
     .name = "id32",
     .flags = SYS_READ_ONLY | SYS_ID3,
     .get = get_id32},
    {.number = ARM64_SYS(3, 0, 0, 4, 0),
     .count = 32,
     .name = "id_aa64",
     .flags = SYS_READ_ONLY | SYS_ID3 | SYS_LOOKS,
     .get = get_id64},
    CALLS(3, 1, 0, 0, 0, "ccsidr_el1", SYS_READ_ONLY, get_ccsidr, NULL, trap_id2),
    CALLS(3, 1, 0, 0, 1, "clidr_el1", SYS_READ_ONLY, get_clidr, NULL, trap_id2),
    {.number = ARM64_SYS(3, 1, 0, 0, 7),
     .name = "aidr_el1",
     .flags = SYS_READ_ONLY,
     .trap = trap_id1},
    {.number = ARM64_SYS(3, 2, 0, 0, 0),
     .name = "csselr_el1",
     .flags = QUIET,
     .slot = SYS_SLOT(csselr),
     .mask = 15,
     .trap = trap_id2},
    CALLS(3, 3, 0, 0, 1, "ctr_el0", SYS_EL0_READ | SYS_READ_ONLY, get_ctr, NULL, trap_uct),
    CALLS(3, 3, 0, 0, 7, "dczid_el0", SYS_EL0_READ | SYS_READ_ONLY, get_dczid, NULL, NULL),
    /* limited ordering regions: there are none */
    {.number = ARM64_SYS(3, 0, 10, 4, 0),
     .count = 4,
     .name = "lor",
     .flags = QUIET,
     .feature = EXT_PAN,
     .trap = trap_lor},
    {.number = ARM64_SYS(3, 0, 10, 4, 7),
     .name = "lorid_el1",
     .flags = SYS_READ_ONLY,
     .feature = EXT_PAN,
     .trap = trap_lor},
    /* caches of the second level, and how the processor goes about its work */
    CALLS(3, 1, 11, 0, 2, "l2ctlr_el1", QUIET | SYS_V80, get_l2ctlr, NULL, NULL),
    ZERO(3, 1, 11, 0, 3, "l2ectlr_el1", QUIET | SYS_V80),
    ZERO(3, 1, 15, 0, 0, "l2actlr_el1", QUIET | SYS_V80),
    {.number = ARM64_SYS(3, 1, 15, 2, 0),
     .count = 4, /* CPUACTLR, CPUECTLR, CPUMERRSR, L2MERRSR */
     .name = "cpuactlr_el1",
     .flags = QUIET | SYS_V80},
    /* generic timers */
    CALLS(3, 3, 14, 0, 0, "cntfrq_el0", EL0_ALL | QUIET, get_frq, NULL, trap_frq),
    {.number = ARM64_SYS(3, 3, 14, 2, 0),
     .count = 3,
     .name = "cntp_el0",
     .flags = EL0_ALL | SYS_LOOKS,
     .get = get_timer_p,
     .set = set_timer_p,
     .trap = trap_timer_p},
    {.number = ARM64_SYS(3, 3, 14, 3, 0),
     .count = 3,
     .name = "cntv_el0",
     .flags = EL0_ALL | SYS_LOOKS,
     .get = get_timer_v,
     .set = set_timer_v,
     .trap = trap_timer_v},
    PLAIN(3, 0, 14, 1, 0, "cntkctl_el1", cntkctl, QUIET),
    /* debug */
    PLAIN(2, 0, 0, 2, 2, "mdscr_el1", mdscr, 0),
    PLAIN(2, 0, 0, 2, 0, "mdccint_el1", mdccint, QUIET),
    ZERO(2, 0, 0, 0, 2, "osdtrrx_el1", QUIET),
    ZERO(2, 0, 0, 3, 2, "osdtrtx_el1", QUIET),
    ZERO(2, 0, 0, 6, 2, "oseccr_el1", QUIET),
    CALLS(2, 3, 0, 1, 0, "mdccsr_el0", SYS_EL0_READ | SYS_READ_ONLY, NULL, NULL, trap_dcc),
    CALLS(2, 3, 0, 4, 0, "dbgdtr_el0", EL0_ALL | QUIET, NULL, NULL, trap_dcc),
    CALLS(2, 3, 0, 5, 0, "dbgdtrx_el0", EL0_ALL | QUIET, NULL, NULL, trap_dcc),
    ZERO(2, 0, 1, 0, 0, "mdrar_el1", SYS_READ_ONLY),
    CALLS(2, 0, 1, 0, 4, "oslar_el1", SYS_WRITE_ONLY, NULL, set_oslar, NULL),
    CALLS(2, 0, 1, 1, 4, "oslsr_el1", SYS_READ_ONLY, get_oslsr, NULL, NULL),
    {.number = ARM64_SYS(2, 0, 1, 3, 4), .name = "osdlr_el1", .slot = SYS_SLOT(osdlr), .mask = 1},
    ZERO(2, 0, 1, 4, 4, "dbgprcr_el1", QUIET),
    CALLS(2, 0, 7, 8, 6, "dbgclaimset_el1", QUIET, get_claims, set_claims, NULL),
    CALLS(2, 0, 7, 9, 6, "dbgclaimclr_el1", QUIET, get_claimed, clear_claims, NULL),
    DEBUG_PAIR(0, 4, "dbgbvr0_el1", bvr),
    DEBUG_PAIR(1, 4, "dbgbvr1_el1", bvr),
    DEBUG_PAIR(2, 4, "dbgbvr2_el1", bvr),
    DEBUG_PAIR(3, 4, "dbgbvr3_el1", bvr),
    DEBUG_PAIR(4, 4, "dbgbvr4_el1", bvr),
    DEBUG_PAIR(5, 4, "dbgbvr5_el1", bvr),
    DEBUG_BCR(0, "dbgbcr0_el1"),
    DEBUG_BCR(1, "dbgbcr1_el1"),
    DEBUG_BCR(2, "dbgbcr2_el1"),
    DEBUG_BCR(3, "dbgbcr3_el1"),
    DEBUG_BCR(4, "dbgbcr4_el1"),
    DEBUG_BCR(5, "dbgbcr5_el1"),
    DEBUG_WVR(0, "dbgwvr0_el1"),
    DEBUG_WVR(1, "dbgwvr1_el1"),
    DEBUG_WVR(2, "dbgwvr2_el1"),
    DEBUG_WVR(3, "dbgwvr3_el1"),
    DEBUG_PAIR(0, 7, "dbgwcr0_el1", wcr),
    DEBUG_PAIR(1, 7, "dbgwcr1_el1", wcr),
    DEBUG_PAIR(2, 7, "dbgwcr2_el1", wcr),
    DEBUG_PAIR(3, 7, "dbgwcr3_el1", wcr),
};
const size_t arm64_sysregs_el1_count = ARRAY_LEN(arm64_sysregs_el1);
