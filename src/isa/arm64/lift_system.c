/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_system: exception generation, hints, barriers, PSTATE, system registers and instructions, after
 * DDI 0487, C4.1.88. What depends on more than block_mode() is looked at in helpers. Fences of translation
 * and caches do nothing: what is cached is always what memory says.
 */
#include "isa/arm64/lift.h"
#include "isa/arm64/sysreg.h"

/* ---- exceptions ---- */

void arm64_lift_svc(struct lift *l, const struct arm64_insn *i)
{
    arm64_lift_raise(l, ESR(EC_SVC, i->imm), 0);
}

/* The firmware that a board stands in for may answer; then what is in registers is its answer. */
static void call_out(struct lift *l, uint32_t helper, const struct arm64_insn *i)
{
    if (MODE_EL(l->mode) == 0) {
        arm64_lift_undefined(l);
        return;
    }
    ir_call(l->b, helper, ir_const(l->b, IR_I64, (uint64_t)i->imm), IR_ABSENT, IR_ABSENT);
    arm64_lift_leave(l, IR_EXIT_LOOK);
}

void arm64_lift_hvc(struct lift *l, const struct arm64_insn *i)
{
    call_out(l, HELP_HVC, i);
}

void arm64_lift_smc(struct lift *l, const struct arm64_insn *i)
{
    call_out(l, HELP_SMC, i);
}

void arm64_lift_brk(struct lift *l, const struct arm64_insn *i)
{
    ir_call(l->b, HELP_BRK, ir_const(l->b, IR_I64, (uint64_t)i->imm), IR_ABSENT, IR_ABSENT);
    arm64_lift_leave(l, IR_EXIT_LOOK);
}

void arm64_lift_hlt(struct lift *l, const struct arm64_insn *i)
{
    enum { SEMIHOSTING = 0xf000 };

    if (i->imm != SEMIHOSTING) {
        arm64_lift_undefined(l);
        return;
    }
    ir_call(l->b, HELP_SEMIHOSTING, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    arm64_lift_leave(l, IR_EXIT_LOOK);
}

/* ---- PSTATE ---- */

static void put_bit(struct lift *l, uint32_t slot, unsigned bit)
{
    ir_put(l->b, IR_I32, slot, ir_const(l->b, IR_I32, bit));
}

/* Leaves for a look where the new masks make one necessary: D says whether debug exceptions happen, and an
 * interrupt may be taken if one is there at all (virtual ones are not always on a line). */
static void put_daif(struct lift *l, ir_ref old, ir_ref daif, bool debug, bool unmasks)
{
    ir_ref reason = ir_const(l->b, IR_I32, 0), skip;

    ir_put(l->b, IR_I32, ARM64_SLOT(daif), daif);
    if ((debug || unmasks) && arm64_lift_has(l, EXT_EL2)) {
        arm64_lift_leave(l, IR_EXIT_LOOK);
        return;
    }
    if (debug) {
        reason = ir_bini(l->b, IR_AND, IR_I32, ir_bin(l->b, IR_XOR, IR_I32, old, daif), DAIF_D);
    }
    if (unmasks) {
        reason = ir_bin(l->b, IR_OR, IR_I32, reason, ir_get(l->b, IR_I32, ARM64_SLOT(lines)));
    }
    if (debug || unmasks) {
        arm64_lift_done(l);
        skip = ir_skip_if(l->b, ir_bini(l->b, IR_EQ, IR_I32, reason, 0));
        ir_exit(l->b, l->pc + 4, IR_EXIT_LOOK);
        ir_skip_end(l->b, skip);
    }
}

static void msr_daif(struct lift *l, unsigned imm, bool set)
{
    ir_ref old = ir_get(l->b, IR_I32, ARM64_SLOT(daif));

    put_daif(l, old, ir_bini(l->b, set ? IR_OR : IR_ANDN, IR_I32, old, imm << 6), (imm & 8) != 0,
             !set);
}

/* False if there is no such field. */
static bool msr_field(struct lift *l, unsigned field, unsigned imm)
{
    bool el0 = MODE_EL(l->mode) == 0;

    switch (field) {
    case 3: /* UAO */
        if (el0 || !arm64_lift_has(l, EXT_UAO)) {
            return false;
        }
        put_bit(l, ARM64_SLOT(uao), imm & 1);
        break;
    case 4: /* PAN */
        if (el0 || !arm64_lift_has(l, EXT_PAN)) {
            return false;
        }
        put_bit(l, ARM64_SLOT(pan), imm & 1);
        break;
    case 5: /* SPSel */
        if (el0) {
            return false;
        }
        ir_call(l->b, HELP_SPSEL, ir_const(l->b, IR_I64, imm & 1), IR_ABSENT, IR_ABSENT);
        break;
    case 3 << 3 | 1: /* SSBS */
        if (!arm64_lift_has(l, EXT_SSBS)) {
            return false;
        }
        put_bit(l, ARM64_SLOT(ssbs), imm & 1);
        return true;
    case 3 << 3 | 2: /* DIT */
        if (!arm64_lift_has(l, EXT_DIT)) {
            return false;
        }
        put_bit(l, ARM64_SLOT(dit), imm & 1);
        return true;
    default: return false;
    }
    arm64_lift_leave(l, IR_EXIT_LOOK);
    return true;
}

void arm64_lift_msr_imm(struct lift *l, const struct arm64_insn *i)
{
    enum { DAIFSET = 3 << 3 | 6, DAIFCLR = 3 << 3 | 7 };
    unsigned imm = (unsigned)i->imm;

    if (i->sys == DAIFSET || i->sys == DAIFCLR) {
        if (MODE_EL(l->mode) == 0) { /* SCTLR.UMA says whether it may */
            ir_call(l->b, HELP_DAIF_EL0, ir_const(l->b, IR_I64, i->bits), IR_ABSENT, IR_ABSENT);
        }
        msr_daif(l, imm, i->sys == DAIFSET);
    } else if (!msr_field(l, i->sys, imm)) {
        arm64_lift_undefined(l);
    }
}

/* ---- hints and barriers ---- */

/* ISB, too: stores to code are seen at once, and what writes a register lets the engine look by itself. */
void arm64_lift_nop(struct lift *l, const struct arm64_insn *i)
{
    (void)l;
    (void)i;
}

void arm64_lift_hint(struct lift *l, const struct arm64_insn *i)
{
    switch (i->imm) {
    case 1: /* YIELD */
    case 2: /* WFE: nobody sleeps, as an event may have come already, and nothing says when the next does */
        arm64_lift_leave(l, IR_EXIT_LOOK | IR_EXIT_YIELD);
        break;
    case 3: /* WFI */
        ir_call(l->b, HELP_WFI, IR_ABSENT, IR_ABSENT, IR_ABSENT);
        arm64_lift_leave(l, IR_EXIT_LOOK | IR_EXIT_YIELD);
        break;
    default: /* SEV, SEVL, BTI, CSDB, ...: nothing to be done */
        (void)arm64_lift_pauth_hint(l, (unsigned)i->imm);
        break;
    }
}

void arm64_lift_clrex(struct lift *l, const struct arm64_insn *i)
{
    (void)i;
    ir_put(l->b, IR_I32, ARM64_SLOT(hart.reserved), ir_const(l->b, IR_I32, 0));
}

/* ---- system registers ---- */

/* The same for EL2 where names of EL1 are its own registers. */
static uint32_t host_slot(const struct lift *l, unsigned number, bool is_write)
{
    switch (number) {
    case ARM64_SYS(3, 0, 4, 1, 0): return l->mode & MODE_SPSEL ? ARM64_SLOT(sp[0]) : 0;
    case ARM64_SYS(3, 4, 13, 0, 2): return ARM64_SLOT(tpidr[2]);
    case ARM64_SYS(3, 0, 4, 0, 0): return ARM64_SLOT(spsr[2]);
    case ARM64_SYS(3, 0, 4, 0, 1): return ARM64_SLOT(elr[2]);
    case ARM64_SYS(3, 0, 5, 2, 0): return ARM64_SLOT(esr[2]);
    case ARM64_SYS(3, 0, 6, 0, 0): return ARM64_SLOT(far[2]);
    case ARM64_SYS(3, 0, 2, 0, 0): return is_write ? 0 : ARM64_SLOT(ttbr0[2]);
    case ARM64_SYS(3, 0, 2, 0, 1): return is_write ? 0 : ARM64_SLOT(ttbr1[2]);
    default: return 0;
    }
}

/* Registers that are nothing but memory for this level; 0: others. */
static uint32_t fast_slot(const struct lift *l, unsigned number, bool is_write)
{
    unsigned el = MODE_EL(l->mode);

    if (number == ARM64_SYS(3, 3, 13, 0, 2)) {
        return ARM64_SLOT(tpidr[0]);
    }
    if (number == ARM64_SYS(3, 3, 13, 0, 3) && (el > 0 || !is_write)) {
        return ARM64_SLOT(tpidrro);
    }
    if (el == MODE_HOST) {
        return host_slot(l, number, is_write);
    }
    if (el == 0 || arm64_lift_has(l, EXT_EL2)) { /* which may trap them */
        return 0;
    }
    switch (number) {
    case ARM64_SYS(3, 0, 4, 1, 0): return l->mode & MODE_SPSEL ? ARM64_SLOT(sp[0]) : 0;
    case ARM64_SYS(3, 0, 13, 0, 4): return ARM64_SLOT(tpidr[1]);
    case ARM64_SYS(3, 0, 4, 0, 0): return ARM64_SLOT(spsr[1]);
    case ARM64_SYS(3, 0, 4, 0, 1): return ARM64_SLOT(elr[1]);
    case ARM64_SYS(3, 0, 5, 2, 0): return ARM64_SLOT(esr[1]);
    case ARM64_SYS(3, 0, 6, 0, 0): return ARM64_SLOT(far[1]);
    case ARM64_SYS(3, 0, 2, 0, 0): return is_write ? 0 : ARM64_SLOT(ttbr0[1]);
    case ARM64_SYS(3, 0, 2, 0, 1): return is_write ? 0 : ARM64_SLOT(ttbr1[1]);
    case ARM64_SYS(3, 0, 2, 0, 2): return is_write ? 0 : ARM64_SLOT(tcr[1]);
    default: return 0;
    }
}

/* What reading needs no helper for, though it is no slot of 64 bits; IR_ABSENT: not so. */
static ir_ref fast_read(struct lift *l, unsigned number)
{
    const struct arm64_model *m = l->model;
    bool el0 = MODE_EL(l->mode) == 0;

    switch (number) {
    case ARM64_SYS(3, 3, 0, 0, 7): /* DCZID_EL0 */
        return ir_const(l->b, IR_I64, m->dczid | (l->mode & MODE_ZVA ? 0 : 16));
    case ARM64_SYS(3, 3, 0, 0, 1): /* CTR_EL0 */
        return el0 || arm64_lift_has(l, EXT_EL2) ? IR_ABSENT : ir_const(l->b, IR_I64, m->ctr);
    case ARM64_SYS(3, 3, 4, 2, 1): /* DAIF */
        return el0 ? IR_ABSENT
                   : ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, ARM64_SLOT(daif)));
    default: return IR_ABSENT;
    }
}

static ir_ref what_of(struct lift *l, const struct arm64_insn *i)
{
    return ir_const(l->b, IR_I64, i->sys | (uint64_t)i->rd << 16);
}

void arm64_lift_mrs(struct lift *l, const struct arm64_insn *i)
{
    uint32_t slot = fast_slot(l, i->sys, false), helper = HELP_MRS;
    ir_ref fast = slot != 0 ? ir_get(l->b, IR_I64, slot) : fast_read(l, i->sys);
    const struct arm64_sysreg *r;
    unsigned index;

    if (fast != IR_ABSENT) {
        x_put64(l, i->rd, fast);
        return;
    }
    r = arm64_sysreg_find(l->model, i->sys, &index);
    if (r != NULL) {
        helper = r->flags & SYS_LOOKS ? HELP_MRS_LOOKS : HELP_MRS;
    } else if (arm64_sysreg_is_gic(i->sys)) {
        helper = HELP_MRS_GIC;
    } else {
        arm64_lift_undefined(l);
        return;
    }
    x_put64(l, i->rd, ir_call(l->b, helper, what_of(l, i), IR_ABSENT, IR_ABSENT));
    if (r != NULL && r->feature == EXT_RNG) {
        l->known = 0;
    }
}

void arm64_lift_msr(struct lift *l, const struct arm64_insn *i)
{
    uint32_t slot = fast_slot(l, i->sys, true), helper;
    const struct arm64_sysreg *r;
    unsigned index;

    if (slot != 0) {
        ir_put(l->b, IR_I64, slot, x_get64(l, i->rd));
        return;
    }
    if (i->sys == ARM64_SYS(3, 3, 4, 2, 1) && MODE_EL(l->mode) != 0) {
        put_daif(l, ir_get(l->b, IR_I32, ARM64_SLOT(daif)),
                 ir_bini(l->b, IR_AND, IR_I32, x_get32(l, i->rd), DAIF_ALL), true, true);
        return;
    }
    r = arm64_sysreg_find(l->model, i->sys, &index);
    if (r != NULL) {
        helper = r->flags & SYS_LOOKS ? HELP_MSR_LOOKS : HELP_MSR;
    } else if (arm64_sysreg_is_gic(i->sys)) {
        helper = HELP_MSR_GIC;
    } else {
        arm64_lift_undefined(l);
        return;
    }
    ir_call(l->b, helper, what_of(l, i), x_get64(l, i->rd), IR_ABSENT);
    l->known = 0;
    if (r == NULL || (r->flags & SYS_QUIET) == 0) {
        arm64_lift_leave(l, IR_EXIT_LOOK);
    }
}

/* ---- system instructions ---- */

enum { ZVA_BYTES = 64 };

/* The load asks the page what a store would, with the address as it is in Rt; a block lies in one page. */
static void lift_zva(struct lift *l, const struct arm64_insn *i)
{
    ir_ref at = x_get64(l, i->rd), block, zero;
    uint32_t untag = arm64_mem(l, 0) & MEM_UNTAG;

    if ((l->mode & MODE_ZVA) == 0) {
        ir_call(l->b, HELP_SYS, what_of(l, i), at, IR_ABSENT);
    }
    l->several = true;
    arm64_lift_watch(l, at, 0, 1, true);
    ir_ld(l->b, IR_I64, at, 0, MEM_FOR_WRITE | untag);
    block = ir_bini(l->b, IR_AND, IR_I64, at, ~(uint64_t)(ZVA_BYTES - 1));
    zero = ir_const(l->b, IR_I64, 0);
    zero = ir_bin(l->b, IR_VCONST, IR_V128, zero, zero);
    for (int n = 0; n < ZVA_BYTES; n += 16) {
        ir_st(l->b, IR_V128, block, n, zero, 4 | untag);
    }
}

void arm64_lift_sys(struct lift *l, const struct arm64_insn *i)
{
    if (i->sys == ARM64_SYS(1, 3, 7, 4, 1)) {
        lift_zva(l, i);
        return;
    }
    if (MODE_EL(l->mode) != 0 && !arm64_lift_has(l, EXT_EL2) &&
        arm64_is_nothing(l->model, i->sys)) {
        return;
    }
    l->several = true; // AT walks tables
    ir_call(l->b, HELP_SYS, what_of(l, i), x_get64(l, i->rd), IR_ABSENT);
    arm64_lift_leave(l, IR_EXIT_LOOK);
}
