/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_system: exceptions by instructions, hints, CPSR and SPSR, coprocessors 14 and 15, after DDI 0406C,
 * B9. Registers of the coprocessors are in cp15.c.
 */
#include "isa/arm32/lift.h"

static void lift_semihosting(struct lift *l, enum arm_fault otherwise, uint32_t value,
                             uint32_t status)
{
    l->several = true; /* blocks of arguments */
    ir_call(l->b, HELP_SEMIHOSTING, ir_const(l->b, IR_I64, otherwise),
            ir_const(l->b, IR_I64, value), ir_const(l->b, IR_I64, status));
    arm_lift_leave(l, IR_EXIT_LOOK);
}

/* One number means semihosting, where there is any, unless it is a user's. */
void arm_lift_svc(struct lift *l, const struct arm_insn *i)
{
    uint32_t comment = (uint32_t)i->imm & 0xffff;

    if ((l->mode & MODE_PRIVILEGED) && i->imm == (is_thumb(l) ? 0xab : 0x123456)) {
        lift_semihosting(l, FAULT_SVC, comment, l->length);
    } else {
        arm_lift_raise(l, FAULT_SVC, comment, l->length);
    }
}

void arm_lift_udf(struct lift *l, const struct arm_insn *i)
{
    (void)i;
    arm_lift_undefined(l);
}

/* A prefetch abort that says it is of a breakpoint. */
void arm_lift_bkpt(struct lift *l, const struct arm_insn *i)
{
    ir_call(l->b, HELP_BKPT, ir_const(l->b, IR_I64, l->pc),
            ir_const(l->b, IR_I64, (uint64_t)i->imm & 0xffff), ir_const(l->b, IR_I64, l->length));
    ir_exit(l->b, l->pc, IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}

/* The firmware's service, where the board stands in for it; else there is no hypervisor. */
void arm_lift_hvc(struct lift *l, const struct arm_insn *i)
{
    (void)i;
    if (!(l->mode & MODE_PRIVILEGED)) {
        arm_lift_undefined(l);
        return;
    }
    ir_call(l->b, HELP_HVC, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    arm_lift_leave(l, IR_EXIT_LOOK);
}

/* Means semihosting by its number, and that alone: undefined where there is none, and for users. */
void arm_lift_hlt(struct lift *l, const struct arm_insn *i)
{
    if (!(l->mode & MODE_PRIVILEGED) || i->imm != (is_thumb(l) ? 0x3c : 0xf000)) {
        arm_lift_undefined(l);
        return;
    }
    lift_semihosting(l, FAULT_UNDEFINED, 0, 0);
}

void arm_lift_nop(struct lift *l, const struct arm_insn *i)
{
    (void)l;
    (void)i;
}

void arm_lift_hint(struct lift *l, const struct arm_insn *i)
{
    switch (i->imm) {
    case 1: /* YIELD */
    case 2: /* WFE: an event may always have been */
        arm_lift_leave(l, IR_EXIT_LOOK | IR_EXIT_YIELD);
        break;
    case 3:
        ir_call(l->b, HELP_WFI, ir_const(l->b, IR_I64, l->length), IR_ABSENT, IR_ABSENT);
        arm_lift_leave(l, IR_EXIT_LOOK | IR_EXIT_YIELD);
        break;
    default: break;
    }
}

/* ISB, too: stores to code are seen at once, and what writes a register lets the engine look by itself. */
void arm_lift_barrier(struct lift *l, const struct arm_insn *i)
{
    (void)l;
    (void)i;
}

/* ---- CPSR ---- */

void arm_lift_mrs(struct lift *l, const struct arm_insn *i)
{
    if (i->a && !(l->mode & MODE_SPSR)) {
        arm_lift_undefined(l);
        return;
    }
    r_put_low(l, i->rd,
              ir_call(l->b, HELP_MRS, ir_const(l->b, IR_I64, i->a), IR_ABSENT, IR_ABSENT));
}

static uint32_t field_mask(unsigned fields)
{
    return (fields & 1 ? 0xffu : 0) | (fields & 2 ? 0xff00u : 0) | (fields & 4 ? 0xff0000u : 0) |
           (fields & 8 ? 0xff000000u : 0);
}

/* The next instruction may be another mode's (helper HELP_MSR is called with v and `mask`), or an interrupt's, if
 * one is there at all: only then code is left. Not inside predicated code. */
static void leave_if_due(struct lift *l, ir_ref v, uint32_t mask)
{
    ir_ref reason = ir_get(l->b, IR_I32, ARM_SLOT(lines)), skip;

    if ((mask & CPSR_M) != 0) {
        ir_ref mode = ir_bin(l->b, IR_XOR, IR_I32, v, ir_get(l->b, IR_I32, ARM_SLOT(mode)));

        reason = ir_bin(l->b, IR_OR, IR_I32, reason, ir_bini(l->b, IR_AND, IR_I32, mode, CPSR_M));
    }
    arm_lift_commit(l);
    skip = ir_skip_if(l->b, ir_bini(l->b, IR_EQ, IR_I32, reason, 0));
    if ((mask & CPSR_M) != 0) {
        ir_call(l->b, HELP_MSR, ir_un(l->b, IR_ZEXT, IR_I64, v), ir_const(l->b, IR_I64, mask),
                IR_ABSENT);
    }
    ir_exit(l->b, next_pc(l), IR_EXIT_LOOK);
    ir_skip_end(l->b, skip);
}

/* Mode and masks alone, which are nearly always the masks: of interrupts that were on before. */
static void msr_control(struct lift *l, ir_ref v)
{
    ir_ref old = ir_get(l->b, IR_I32, ARM_SLOT(masks));
    ir_ref kept = ir_bini(l->b, IR_AND, IR_I32, old, CPSR_A);
    ir_ref masks = ir_bini(l->b, IR_AND, IR_I32, v, CPSR_I | CPSR_F);

    ir_put(l->b, IR_I32, ARM_SLOT(masks), ir_bin(l->b, IR_OR, IR_I32, kept, masks));
    leave_if_due(l, v, 0xff);
}

void arm_lift_msr(struct lift *l, const struct arm_insn *i)
{
    uint32_t mask = field_mask(i->b), value;
    ir_ref v;

    if (i->a && !(l->mode & MODE_SPSR)) {
        arm_lift_undefined(l);
        return;
    }
    if (i->info->argument) {
        (void)arm_expand(l, (uint32_t)i->imm, &value);
        v = ir_const(l->b, IR_I64, value);
    } else {
        v = r_get64(l, i->rm);
    }
    if (!i->a && mask == 0xff && i->cond >= 14 && (l->mode & MODE_PRIVILEGED)) {
        msr_control(l, ir_un(l->b, IR_TRUNC, IR_I32, v));
        return;
    }
    ir_call(l->b, i->a ? HELP_MSR_SPSR : HELP_MSR, v, ir_const(l->b, IR_I64, mask), IR_ABSENT);
    if (!i->a) {
        arm_lift_leave(l, IR_EXIT_LOOK);
    }
}

static void change_state(struct lift *l, const struct arm_insn *i, unsigned imod, bool has_mode,
                         uint32_t mode)
{
    uint32_t masks = (uint32_t)i->imm << 6;
    ir_ref old = ir_get(l->b, IR_I32, ARM_SLOT(masks));

    if (!(l->mode & MODE_PRIVILEGED)) {
        return;
    }
    if (imod == 3) {
        ir_put(l->b, IR_I32, ARM_SLOT(masks), ir_bini(l->b, IR_OR, IR_I32, old, masks));
    } else if (imod == 2) {
        ir_put(l->b, IR_I32, ARM_SLOT(masks),
               ir_bini(l->b, IR_AND, IR_I32, old, CPSR_MASKS & ~masks));
    }
    if (has_mode) {
        ir_call(l->b, HELP_MSR, ir_const(l->b, IR_I64, mode), ir_const(l->b, IR_I64, CPSR_M),
                IR_ABSENT);
    }
    if (has_mode || (imod == 2 && i->cond < 14)) {
        arm_lift_leave(l, IR_EXIT_LOOK);
    } else if (imod == 2) {
        leave_if_due(l, IR_ABSENT, 0);
    }
}

void arm_lift_cps(struct lift *l, const struct arm_insn *i)
{
    change_state(l, i, i->a, i->b, i->list);
}

void arm_lift_cps_t16(struct lift *l, const struct arm_insn *i)
{
    change_state(l, i, 2u + i->a, false, 0);
}

void arm_lift_setend(struct lift *l, const struct arm_insn *i)
{
    if (l->mode & MODE_SED) {
        arm_lift_undefined(l);
        return;
    }
    ir_put(l->b, IR_I32, ARM_SLOT(big), c32(l, (uint64_t)i->imm));
    arm_lift_leave(l, IR_EXIT_LOOK);
}

/* ---- coprocessors ---- */

static uint32_t cp_number(const struct arm_insn *i)
{
    return ARM_CP(i->rs, i->a, i->rn, i->rm, i->b);
}

static uint32_t cp_number64(const struct arm_insn *i)
{
    return ARM_CP64 | ARM_CP(i->rs, i->a, 0, i->rm, 0);
}

static void write_register(struct lift *l, uint32_t number, uint64_t with, ir_ref v)
{
    /* ATS1C* walk the tables. */
    bool translates = (number & ~UINT32_C(0xf007)) == ARM_CP(15, 0, 7, 8, 0);

    if ((l->mode & MODE_PRIVILEGED) && !(l->mode & MODE_A32) &&
        arm_cp_is_nothing(l->model, number)) {
        return;
    }
    l->several |= translates;
    translates = translates && !(l->mode & MODE_A32);
    ir_call(l->b, translates ? HELP_CP_TRANSLATE : HELP_CP_WRITE,
            ir_const(l->b, IR_I64, with | number), v, IR_ABSENT);
    arm_lift_leave(l, IR_EXIT_LOOK);
}

void arm_lift_mcr(struct lift *l, const struct arm_insn *i)
{
    write_register(l, cp_number(i), ARM_CP_WITH(i->rd, 0), r_get64(l, i->rd));
}

void arm_lift_mcrr(struct lift *l, const struct arm_insn *i)
{
    write_register(l, cp_number64(i), ARM_CP_WITH(i->rd, i->rn),
                   ir_deposit(l->b, IR_I64, r_get64(l, i->rd), r_get64(l, i->rn), 32, 32));
}

void arm_lift_mrc(struct lift *l, const struct arm_insn *i)
{
    uint32_t slot =
        l->mode & MODE_A32 ? 0 : arm_cp_plain(l->model, cp_number(i), l->mode & MODE_PRIVILEGED);
    uint64_t number = ARM_CP_WITH(i->rd, 0) | cp_number(i);
    bool plain = (l->mode & MODE_PRIVILEGED) && !(l->mode & MODE_A32);
    uint32_t value;
    ir_ref v;

    if (slot != 0) {
        v = ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, slot));
    } else if (plain && arm_cp_is_constant(l->model, cp_number(i), &value)) {
        v = ir_const(l->b, IR_I64, value);
    } else {
        v = ir_call(l->b, HELP_CP_READ, ir_const(l->b, IR_I64, number), IR_ABSENT, IR_ABSENT);
    }

    if (i->rd == 15) {
        ir_call(l->b, HELP_MSR, v, ir_const(l->b, IR_I64, 0xf0000000), IR_ABSENT);
    } else {
        r_put_low(l, i->rd, v);
    }
}

void arm_lift_mrrc(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_call(l->b, HELP_CP_READ,
                       ir_const(l->b, IR_I64, ARM_CP_WITH(i->rd, i->rn) | cp_number64(i)),
                       IR_ABSENT, IR_ABSENT);

    r_put_low(l, i->rd, v);
    r_put_low(l, i->rn, ir_bini(l->b, IR_SHR, IR_I64, v, 32));
}
