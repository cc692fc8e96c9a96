/* SPDX-License-Identifier: GPL-2.0-or-later
 * debug: debug exceptions that the guest asks for: BRK, software step, breakpoints and watchpoints, after
 * DDI 0487, D2. Breakpoints of contexts, and what is linked to them, are there as ID_AA64DFR0_EL1 says. What names
 * a breakpoint that cannot be linked to, or a kind that this processor does not have, never matches.
 */
#include "isa/arm64/helpers.h"

static void raise_debug(struct cpu *cpu, uint32_t esr, uint64_t far)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned to = arm64_debug_target(cpu);

    arm64_raise(cpu, esr, far, to < s->el ? s->el : to);
}

uint64_t arm64_help_brk(struct cpu *cpu, uint64_t imm, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    raise_debug(cpu, ESR(EC_BRK, imm), 0);
    return 0;
}

uint64_t arm64_help_step(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    raise_debug(cpu, ESR(EC_STEP, FSC_DEBUG | (arm64_of(cpu)->stepped ? 1u << 24 : 0)), 0);
    return 0;
}

/* SSC, HMC and PMC (PAC) of a control register say at which levels it counts. */
static bool level_matches(const struct cpu *cpu, uint64_t control)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned ssc = (unsigned)(control >> 14 & 3), pmc = (unsigned)(control >> 1 & 3);
    bool hmc = (control >> 13 & 1) != 0;

    if (ssc == 2) { /* in the secure world */
        return false;
    }
    switch (s->el) {
    case 0: return (pmc & 2) != 0;
    case 1: return (pmc & 1) != 0;
    default: return hmc;
    }
}

/* Kinds of breakpoints (DBGBCR.BT): an odd one is or has a link. */
enum {
    BT_ADDRESS = 0,
    BT_CONTEXT = 2,
    BT_CONTEXT1 = 6,
    BT_VMID = 8,
    BT_VMID_CONTEXT1 = 10,
    BT_CONTEXT2 = 12,
    BT_BOTH = 14
};

/* A value by the lower half of DBGBVR. */
static bool context_matches(const struct cpu *cpu, uint64_t bvr, bool of_el1)
{
    const struct arm64 *s = arm64_of(cpu);
    bool host = s->el == 2 ? (arm64_hcr(cpu) & HCR_E2H) != 0 : s->el == 0 && arm64_is_host(cpu);

    if (host || s->el > 1) {
        return host && !of_el1 && (uint32_t)s->contextidr[2] == (uint32_t)bvr;
    }
    return (uint32_t)s->contextidr[1] == (uint32_t)bvr;
}

/* And by the upper half. */
static bool vmid_matches(const struct cpu *cpu, uint64_t bvr)
{
    const struct arm64 *s = arm64_of(cpu);

    return arm64_has(cpu, EXT_EL2) && s->el < 2 && !(s->el == 0 && arm64_is_host(cpu)) &&
           (s->vttbr >> 48 & 0xff) == (bvr >> 32 & 0xff);
}

static bool is_context_aware(const struct cpu *cpu, unsigned n)
{
    unsigned aware = (unsigned)(arm64_model_of(cpu)->id[ID_DFR0] >> 28 & 15) + 1;

    return n < ARM64_BREAKPOINTS && n >= ARM64_BREAKPOINTS - aware;
}

/* Whether the context is that which a breakpoint names. */
static bool is_in_context(const struct cpu *cpu, unsigned n, bool linked)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned type = (unsigned)(s->bcr[n] >> 20 & 15);
    uint64_t bvr = s->bvr[n], upper = bvr >> 32;
    bool in_context2 = arm64_has(cpu, EXT_EL2) && (uint32_t)s->contextidr[2] == upper;

    if (!is_context_aware(cpu, n) || (s->bcr[n] & 1) == 0 || (type & 1) != linked ||
        (!arm64_has(cpu, EXT_VHE) && (type & 14) != BT_CONTEXT && (type & 12) != BT_VMID)) {
        return false;
    }
    switch (type & 14) {
    case BT_CONTEXT: return context_matches(cpu, bvr, false);
    case BT_CONTEXT1: return context_matches(cpu, bvr, true);
    case BT_VMID: return vmid_matches(cpu, bvr);
    case BT_VMID_CONTEXT1: return vmid_matches(cpu, bvr) && context_matches(cpu, bvr, true);
    case BT_CONTEXT2: return in_context2;
    case BT_BOTH: return in_context2 && context_matches(cpu, bvr, true);
    default: return false;
    }
}

static bool break_matches(const struct cpu *cpu, unsigned n, vaddr pc)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned type = (unsigned)(s->bcr[n] >> 20 & 15), bas = (unsigned)(s->bcr[n] >> 5 & 15);

    if ((s->bcr[n] & 1) == 0 || !level_matches(cpu, s->bcr[n])) {
        return false;
    }
    if ((type & 14) != BT_ADDRESS) {
        return is_in_context(cpu, n, false);
    }
    /* In AArch32 state BAS says which half word it is of. */
    if (s->a32 && (bas >> (pc & 2) & 3) != 3) {
        return false;
    }
    /* Of the address bits 1 and 0 do not count in AArch64 state. */
    return (bits_sext(s->bvr[n], 53) & ~UINT64_C(3)) == (bits_sext(pc, 53) & ~UINT64_C(3)) &&
           ((type & 1) == 0 || is_in_context(cpu, s->bcr[n] >> 16 & 15, true));
}

uint64_t arm64_help_breakpoint(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    for (unsigned n = 0; n < ARM64_BREAKPOINTS; n++) {
        if (break_matches(cpu, n, pc)) {
            raise_debug(cpu, ESR(EC_BREAKPOINT, FSC_DEBUG), 0);
            return 0;
        }
    }
    return 0;
}

/* Whether the bytes that a watchpoint is of overlap [va, va + bytes): by MASK, or by BAS. */
static bool watch_covers(const struct arm64 *s, unsigned n, vaddr va, uint64_t bytes)
{
    unsigned mask = (unsigned)(s->wcr[n] >> 24 & 31), bas = (unsigned)(s->wcr[n] >> 5 & 0xff);
    vaddr base = bits_sext(s->wvr[n], 49);
    uint64_t size;

    if (mask >= 3) {
        size = UINT64_C(1) << mask;
        base = align_down(base, size);
    } else {
        if (bas == 0) {
            return false;
        }
        base = align_down(base, 4) + (unsigned)__builtin_ctz(bas);
        size = 32u - (unsigned)__builtin_clz(bas) - (unsigned)__builtin_ctz(bas);
    }
    return va - base < size || base - va < bytes;
}

uint64_t arm64_help_watchpoint(struct cpu *cpu, uint64_t va, uint64_t bytes, uint64_t is_write)
{
    const struct arm64 *s = arm64_of(cpu);

    for (unsigned n = 0; n < ARM64_WATCHPOINTS; n++) {
        bool kind = (s->wcr[n] >> (is_write ? 4 : 3) & 1) != 0;

        if ((s->wcr[n] & 1) != 0 && kind && level_matches(cpu, s->wcr[n]) &&
            watch_covers(s, n, va, bytes) &&
            ((s->wcr[n] >> 20 & 1) == 0 || is_in_context(cpu, s->wcr[n] >> 16 & 15, true))) {
            raise_debug(cpu, ESR(EC_WATCHPOINT, FSC_DEBUG | (is_write ? ISS_WNR : 0)), va);
            return 0;
        }
    }
    return 0;
}
