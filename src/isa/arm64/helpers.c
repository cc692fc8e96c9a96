/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the table of C functions that lifted blocks call, and those that raise exceptions.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/sysreg.h"

uint64_t arm64_help_raise(struct cpu *cpu, uint64_t esr, uint64_t far, uint64_t unused)
{
    (void)unused;
    cpu_raise(cpu, (uint32_t)esr, far);
    return 0;
}

uint64_t arm64_help_undefined(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    arm64_raise_undefined(cpu);
    return 0;
}

uint64_t arm64_help_fp_trap(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    /* The condition of an A32 instruction is always there: "always", valid. */
    (void)a;
    (void)b;
    (void)c;
    arm64_raise(cpu, ESR(EC_FP, 0x1e00000), 0, arm64_fp_trap(cpu));
    return 0;
}

/* ---- checksums ---- */

/* The bytes of a word into a CRC whose polynomial's bits are reversed. */
uint64_t arm64_help_crc32(struct cpu *cpu, uint64_t sum, uint64_t value, uint64_t how)
{
    uint32_t polynomial = how & 4 ? 0x82f63b78 : 0xedb88320, crc = (uint32_t)sum;

    (void)cpu;
    for (unsigned n = 0; n < 1u << (how & 3); n++) {
        crc ^= (uint32_t)(value >> 8 * n & 0xff);
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
        }
    }
    return crc;
}

/* ---- states ---- */

uint64_t arm64_help_eret(struct cpu *cpu, uint64_t key, uint64_t b, uint64_t c)
{
    struct arm64 *s = arm64_of(cpu);
    uint64_t target = s->elr[s->el & 3];

    (void)b;
    (void)c;
    if (key != 0) {
        target = arm64_pauth(cpu, target, s->x[31], (key == 2 ? KEY_IB : KEY_IA) | PAC_CHECK);
        if (cpu->fault.raised) {
            return 0;
        }
    }
    return arm64_eret(cpu, target);
}

uint64_t arm64_help_spsel(struct cpu *cpu, uint64_t spsel, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    arm64_set_el(arm64_of(cpu), arm64_of(cpu)->el, (unsigned)spsel);
    return 0;
}

uint64_t arm64_help_daif_el0(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    const struct arm64 *s = arm64_of(cpu);

    (void)b;
    (void)c;
    if ((s->sctlr[arm64_regime(cpu, 0)] & SCTLR_UMA) == 0) {
        uint32_t iss =
            (uint32_t)(bits_get(bits, 5, 3) << 17 | bits_get(bits, 16, 3) << 14 |
                       bits_get(bits, 12, 4) << 10 | 31u << 5 | bits_get(bits, 8, 4) << 1);

        arm64_raise(cpu, ESR(EC_SYSREG, iss), 0, 0);
    }
    return 0;
}

uint64_t arm64_help_wfi(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct arm64 *s = arm64_of(cpu);
    uint32_t esr = ESR(EC_WFX, 0x1e00000);

    (void)a;
    (void)b;
    (void)c;
    if (s->el == 0 && (s->sctlr[arm64_regime(cpu, 0)] & SCTLR_NTWI) == 0) {
        arm64_raise(cpu, esr, 0, 0);
    } else if (s->el < 2 && (arm64_hcr(cpu) & HCR_TWI) != 0) {
        arm64_raise(cpu, esr, 0, 2);
    } else {
        s->hart.waiting = !arm64_wakes(cpu);
    }
    return 0;
}

/* ---- calls ---- */

static enum platform_answer ask(struct cpu *cpu, enum platform_service service)
{
    struct arm64 *s = arm64_of(cpu);
    struct platform_call call = {.service = service};
    enum platform_answer answer;

    if (cpu->platform == NULL) {
        return PLATFORM_NOBODY;
    }
    memcpy(call.words, s->x, sizeof call.words);
    answer = cpu->platform->call(cpu, &call);
    if (answer == PLATFORM_DONE) {
        memcpy(s->x, call.words, sizeof call.words);
    }
    return answer;
}

uint64_t arm64_help_hvc(struct cpu *cpu, uint64_t imm, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    if (!arm64_has(cpu, EXT_EL2)) {
        if (ask(cpu, SERVICE_FIRMWARE) != PLATFORM_DONE) {
            arm64_raise_undefined(cpu);
        }
    } else if ((arm64_of(cpu)->hcr & HCR_HCD) != 0) {
        arm64_raise_undefined(cpu);
    } else {
        arm64_raise(cpu, ESR(EC_HVC, imm), 0, 2);
    }
    return 0;
}

uint64_t arm64_help_smc(struct cpu *cpu, uint64_t imm, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    if (arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & HCR_TSC) != 0) {
        arm64_raise(cpu, ESR(EC_SMC, imm), 0, 2);
    } else if (ask(cpu, SERVICE_MONITOR) != PLATFORM_DONE) {
        arm64_raise_undefined(cpu);
    }
    return 0;
}

uint64_t arm64_help_semihosting(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    if (ask(cpu, SERVICE_SEMIHOSTING) != PLATFORM_DONE) {
        arm64_raise_undefined(cpu);
    }
    return 0;
}

/* ---- system instructions ---- */

static bool is_cache_by_address(unsigned number)
{
    switch (number) {
    case ARM64_SYS(1, 3, 7, 5, 1):
    case ARM64_SYS(1, 3, 7, 10, 1):
    case ARM64_SYS(1, 3, 7, 11, 1):
    case ARM64_SYS(1, 3, 7, 14, 1):
    case ARM64_SYS(1, 3, 7, 4, 1): return true;
    default: return false;
    }
}

/* Those of EL1 and above that do nothing here: caches, branch predictors, translation. */
static bool is_maintenance(const struct arm64_model *m, unsigned number)
{
    bool el2 = (m->features & EXT_EL2) != 0;

    switch (number) {
    case ARM64_SYS(1, 0, 7, 1, 0):
    case ARM64_SYS(1, 0, 7, 5, 0):
    case ARM64_SYS(1, 0, 7, 6, 1):
    case ARM64_SYS(1, 0, 7, 6, 2):
    case ARM64_SYS(1, 0, 7, 10, 2):
    case ARM64_SYS(1, 0, 7, 14, 2): return true;
    default: break;
    }
    if (SYS_N(number) != 8) {
        return false;
    }
    if (SYS_M(number) != 3 && SYS_M(number) != 7) { /* else by intermediate address */
        return SYS_OP1(number) == 4 && (SYS_M(number) & 11) == 0 && el2;
    }
    switch (SYS_OP1(number)) {
    case 0: return (0xafu >> SYS_OP2(number) & 1) != 0;
    case 4: return el2;
    default: return false;
    }
}

bool arm64_is_nothing(const struct arm64_model *m, unsigned number)
{
    return (number != ARM64_SYS(1, 3, 7, 4, 1) && is_cache_by_address(number)) ||
           (SYS_OP1(number) == 0 && is_maintenance(m, number));
}

/* Cleaning to the point of persistence, which asks whether the line may be read. */
static bool is_persistence(const struct cpu *cpu, unsigned number)
{
    return (number == ARM64_SYS(1, 3, 7, 12, 1) && arm64_has(cpu, EXT_DPB)) ||
           (number == ARM64_SYS(1, 3, 7, 13, 1) && arm64_has(cpu, EXT_DPB2));
}

static void raise_sys(struct cpu *cpu, unsigned number, unsigned rt, unsigned to)
{
    arm64_raise(cpu,
                ESR(EC_SYSREG, SYS_OP0(number) << 20 | SYS_OP2(number) << 17 |
                                   SYS_OP1(number) << 14 | SYS_N(number) << 10 | rt << 5 |
                                   SYS_M(number) << 1),
                0, to);
}

static unsigned lowest_level(unsigned number)
{
    static const uint8_t levels[] = {1, 1, 1, 0, 2, 2, 3, 1};

    return levels[SYS_OP1(number)];
}

/* Whether a hypervisor has asked for the instruction: maintenance of translation, by set and way, of caches up to where
 * data and instructions meet, and up to where all see the same. */
static bool is_asked_for(const struct cpu *cpu, unsigned number)
{
    uint64_t hcr = arm64_of(cpu)->el < 2 ? arm64_hcr(cpu) : 0;

    if (SYS_N(number) == 8) {
        return (hcr & HCR_TTLB) != 0;
    }
    switch (number) {
    case ARM64_SYS(1, 0, 7, 6, 2):
    case ARM64_SYS(1, 0, 7, 10, 2):
    case ARM64_SYS(1, 0, 7, 14, 2): return (hcr & HCR_TSW) != 0;
    case ARM64_SYS(1, 0, 7, 1, 0):
    case ARM64_SYS(1, 0, 7, 5, 0):
    case ARM64_SYS(1, 3, 7, 5, 1):
    case ARM64_SYS(1, 3, 7, 11, 1): return (hcr & HCR_TPU) != 0;
    default: return (hcr & HCR_TPC) != 0;
    }
}

uint64_t arm64_help_sys(struct cpu *cpu, uint64_t what, uint64_t value, uint64_t c)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned number = what & 0xffff, rt = what >> 16 & 31;
    bool is_zva = number == ARM64_SYS(1, 3, 7, 4, 1);

    (void)c;
    if (s->el < lowest_level(number)) {
        arm64_raise_undefined(cpu);
    } else if (SYS_N(number) == 7 && (SYS_M(number) == 8 || SYS_M(number) == 9)) {
        if (!arm64_translate_for(cpu, number, value)) {
            arm64_raise_undefined(cpu);
        }
    } else if (is_cache_by_address(number) || is_persistence(cpu, number)) {
        uint64_t bit = is_zva ? SCTLR_DZE : SCTLR_UCI;

        if (s->el == 0 && (s->sctlr[arm64_regime(cpu, 0)] & bit) == 0) {
            raise_sys(cpu, number, rt, 0);
        } else if (s->el < 2 && (is_zva || is_asked_for(cpu, number))) {
            raise_sys(cpu, number, rt, 2); /* DC ZVA is only asked about if it is trapped */
        } else if (is_persistence(cpu, number)) {
            struct translation t;

            (void)arm64_translate(cpu, align_down(value, 64), ACCESS_READ, AS_CURRENT, &t);
        }
    } else if (!is_maintenance(arm64_model_of(cpu), number)) {
        arm64_raise_undefined(cpu);
    } else if (is_asked_for(cpu, number)) {
        raise_sys(cpu, number, rt, 2);
    }
    return 0;
}

/* Of what changes the hart and may raise an exception before. */
#define CHANGES (HELPER_READS | HELPER_WRITES | HELPER_FAULTS)
/* Slots: any; all but X and V; the flags of FP. */
#define SLOTS_ANY                                                                                  \
    {                                                                                              \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }
#define SLOTS_SYSTEM                                                                               \
    {                                                                                              \
        {offsetof(struct arm64, hart.reservation), offsetof(struct arm64, x)},                     \
        {                                                                                          \
            offsetof(struct arm64, flags), sizeof(struct arm64)                                    \
        }                                                                                          \
    }
#define SLOTS_FP_FLAGS                                                                             \
    {                                                                                              \
        {                                                                                          \
            offsetof(struct arm64, hart.fp_flags), offsetof(struct arm64, hart.fp_flags) + 1       \
        }                                                                                          \
    }
#define SLOTS_V                                                                                    \
    {                                                                                              \
        {offsetof(struct arm64, hart.fp_flags), offsetof(struct arm64, hart.fp_flags) + 1},        \
        {                                                                                          \
            offsetof(struct arm64, v), offsetof(struct arm64, flags)                               \
        }                                                                                          \
    }
#define SLOTS_V_QC                                                                                 \
    {                                                                                              \
        {offsetof(struct arm64, v), offsetof(struct arm64, flags)},                                \
        {                                                                                          \
            offsetof(struct arm64, fpsr), offsetof(struct arm64, fpsr) + 4                         \
        }                                                                                          \
    }
/* What reads FPCR notes flags, too. */
#define SLOTS_FPCR                                                                                 \
    {                                                                                              \
        {offsetof(struct arm64, hart.fp_flags), offsetof(struct arm64, hart.fp_flags) + 1},        \
        {                                                                                          \
            offsetof(struct arm64, fpcr), offsetof(struct arm64, fpcr) + 4                         \
        }                                                                                          \
    }

#define SLOTS_D    SLOTS_V
#define SLOTS_D_QC SLOTS_V_QC

/* The lists of slots have commas: no macro passes them on to another one. */
#define ENTRY(NAME, function) [HELP_A32_##NAME] = {.name = "A32_" #NAME, .call = (function),
#define REST(does, count)     .effects = (does), .argument_count = (count)

const struct ir_helper arm64_helpers[ARM64_HELPER_COUNT] = {
#define ARM_HELPER(NAME, function, does, count, slots_read, slots_written)                         \
    ENTRY(NAME, function) REST(does, count), .reads = slots_read, .writes = slots_written          \
    }                                                                                              \
    ,
#define ARM_HELPER_OWN(NAME, what, does, count, slots_read, slots_written)                         \
    ENTRY(NAME, arm64_a32_##what) REST(does, count), .reads = slots_read, .writes = slots_written  \
    }                                                                                              \
    ,
#define ARM_HELPER_SYSTEM(NAME, function, does, count, slots_read, slots_written)                  \
    ENTRY(NAME, arm64_a32_never) REST(does, count), .reads = slots_read, .writes = slots_written   \
    }                                                                                              \
    ,
#include "isa/arm_helpers.def"
#undef ARM_HELPER
#undef ARM_HELPER_OWN
#undef ARM_HELPER_SYSTEM
#define ARM64_HELPER(NAME, function, does, count, slots_read, slots_written)                       \
    [HELP_##NAME] = {.name = #NAME,                                                                \
                     .call = (function),                                                           \
                     .effects = (does),                                                            \
                     .argument_count = (count),                                                    \
                     .reads = slots_read,                                                          \
                     .writes = slots_written},
#include "isa/arm64/helpers.def"
#include "isa/arm64/helpers_simd.def"
#undef ARM64_HELPER
};
