/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: from bytes to IR, one instruction at a time; see lift.h. What each kind of instruction means is
 * in lift_*.c.
 */
#include "isa/arm64/lift.h"

static void end_raised(struct lift *l)
{
    /* Never reached, but every block ends in an exit. */
    ir_exit(l->b, l->pc, IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}

void arm64_lift_raise(struct lift *l, uint32_t esr, uint64_t far)
{
    ir_call(l->b, HELP_RAISE, ir_const(l->b, IR_I64, esr), ir_const(l->b, IR_I64, far), IR_ABSENT);
    end_raised(l);
}

void arm64_lift_undefined(struct lift *l)
{
    ir_call(l->b, HELP_UNDEFINED, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    end_raised(l);
}

bool arm64_lift_fp_on(struct lift *l)
{
    if ((l->mode & MODE_FP) != 0) {
        return true;
    }
    ir_call(l->b, HELP_FP_TRAP, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    end_raised(l);
    return false;
}

/* ---- ends of instructions ---- */

void arm64_lift_done(struct lift *l)
{
    if (unlikely(MODE_BTYPE(l->mode) != 0)) {
        ir_put(l->b, IR_I32, ARM64_SLOT(btype), ir_const(l->b, IR_I32, 0));
        ir_build_mode(l->b, 0);
    }
    if (unlikely(l->mode & MODE_STEP)) {
        ir_put(l->b, IR_I32, ARM64_SLOT(ss), ir_const(l->b, IR_I32, 0));
        ir_put(l->b, IR_I32, ARM64_SLOT(stepped), ir_const(l->b, IR_I32, 1));
    }
}

static uint8_t with_step(const struct lift *l, uint8_t exit_attr)
{
    return l->mode & MODE_STEP ? exit_attr | IR_EXIT_LOOK : exit_attr;
}

void arm64_lift_leave(struct lift *l, uint8_t exit_attr)
{
    arm64_lift_done(l);
    ir_exit(l->b, l->pc + 4, exit_attr);
    l->ends = true;
}

void arm64_lift_jump(struct lift *l, vaddr target)
{
    arm64_lift_done(l);
    ir_exit(l->b, target, with_step(l, 0));
    l->ends = true;
}

void arm64_lift_jump_to(struct lift *l, ir_ref target, uint8_t exit_attr)
{
    arm64_lift_done(l);
    ir_exit_to(l->b, target, with_step(l, exit_attr));
    l->ends = true;
}

void arm64_lift_jump_typed(struct lift *l, ir_ref target, ir_ref btype)
{
    ir_ref mode = ir_bini(l->b, IR_SHL, IR_I64, btype, MODE_BTYPE_POS);

    arm64_lift_done(l);
    ir_put(l->b, IR_I32, ARM64_SLOT(btype), ir_un(l->b, IR_TRUNC, IR_I32, btype));
    ir_exit_to_mode(l->b, target, mode, with_step(l, 0));
    l->ends = true;
}

void arm64_lift_jump_if(struct lift *l, ir_ref cond, vaddr target)
{
    if (unlikely(l->mode & MODE_STEP)) {
        arm64_lift_jump_to(l,
                           ir_select(l->b, IR_I64, cond, ir_const(l->b, IR_I64, target),
                                     ir_const(l->b, IR_I64, l->pc + 4)),
                           0);
    } else {
        arm64_lift_done(l);
        ir_exit_if(l->b, cond, target);
    }
}

ir_ref arm64_lift_base(struct lift *l, unsigned rn)
{
    ir_ref base = sp_get64(l, rn);

    if (rn == 31 && (l->mode & MODE_SP) != 0 && (l->known & KNOWN_SP) == 0) {
        ir_ref low = ir_bini(l->b, IR_AND, IR_I64, base, 15);
        ir_ref skip = ir_skip_if(l->b, ir_bini(l->b, IR_EQ, IR_I64, low, 0));

        ir_call(l->b, HELP_RAISE, ir_const(l->b, IR_I64, ESR(EC_SP_ALIGN, 0)),
                ir_const(l->b, IR_I64, 0), IR_ABSENT);
        ir_skip_end(l->b, skip);
        l->known |= KNOWN_SP;
    }
    return base;
}

void arm64_lift_watch(struct lift *l, ir_ref base, int64_t disp, unsigned bytes, bool is_write)
{
    if (unlikely(l->mode & MODE_POINTS)) {
        ir_call(l->b, HELP_WATCHPOINT, ir_bini(l->b, IR_ADD, IR_I64, base, (uint64_t)disp),
                ir_const(l->b, IR_I64, bytes), ir_const(l->b, IR_I64, is_write));
    }
}

/* ---- one instruction ---- */

/* Whether an instruction may be where a branch of this BTYPE leads to: 0 no, 1 yes, 2 if SCTLR_ELx.BT does
 * not say otherwise. BRK and HLT come before what this would raise. */
static unsigned is_target(uint32_t w, unsigned btype)
{
    enum { PACIASP = 25, PACIBSP = 27, BTI = 32, BTI_C = 34, BTI_J = 36, BTI_JC = 38 };

    if ((w & 0xffe0001f) == 0xd4200000 || (w & 0xffe0001f) == 0xd4400000) {
        return 1;
    }
    if ((w & 0xfffff01f) != 0xd503201f) {
        return 0;
    }
    switch (w >> 5 & 0x7f) {
    case PACIASP:
    case PACIBSP: return btype == 3 ? 2 : 1;
    case BTI_C: return btype != 3;
    case BTI_J: return btype != 2;
    case BTI_JC: return 1;
    default: return 0;
    }
}

static void check_target(struct lift *l, uint32_t w)
{
    unsigned may = is_target(w, MODE_BTYPE(l->mode));

    if (may != 1) {
        ir_call(l->b, HELP_BTI, ir_const(l->b, IR_I64, l->pc), ir_const(l->b, IR_I64, may == 2),
                IR_ABSENT);
    }
}

/* What is to be looked at before the instruction itself; false if that is all. */
static bool may_begin(struct lift *l)
{
    bool tagged = (l->mode & (l->pc >> 55 & 1 ? MODE_TAG1 : MODE_TAG0)) != 0;

    if (tagged && bits_sext(l->pc, 56) != l->pc) {
        /* A jump went to an address with a tag, which is taken off in a step of its own. */
        ir_exit(l->b, bits_sext(l->pc, 56), 0);
        l->ends = true;
        return false;
    }
    if ((l->mode & (MODE_STEP | MODE_STEPS)) == MODE_STEP) {
        ir_call(l->b, HELP_STEP, IR_ABSENT, IR_ABSENT, IR_ABSENT);
        end_raised(l);
        return false;
    }
    if ((l->pc & 3) != 0) {
        arm64_lift_raise(l, ESR(EC_PC_ALIGN, 0), l->pc);
        return false;
    }
    if ((l->mode & MODE_POINTS) != 0) {
        ir_call(l->b, HELP_BREAKPOINT, ir_const(l->b, IR_I64, l->pc), IR_ABSENT, IR_ABSENT);
    }
    if ((l->mode & MODE_IL) != 0) {
        arm64_lift_raise(l, ESR(EC_ILLEGAL_STATE, 0), 0);
        return false;
    }
    return true;
}

/* In AArch32 state: arm32's lifter, for the same state. */
static bool lift_32(struct lift *l)
{
    const void *model = l->model;
    bool done;

    if (l->available < 2) {
        return false;
    }
    l->length = l->mode & MODE_T && bytes_get_le(l->bytes, 2) < 0xe800 ? 2 : 4;
    if (l->available < l->length) {
        return false;
    }
    l->ends = false;
    if ((l->mode & (MODE_STEP | MODE_STEPS)) == MODE_STEP) {
        ir_call(l->b, HELP_STEP, IR_ABSENT, IR_ABSENT, IR_ABSENT);
        end_raised(l);
        return true;
    }
    if ((l->mode & MODE_POINTS) != 0) {
        ir_call(l->b, HELP_BREAKPOINT, ir_const(l->b, IR_I64, l->pc), IR_ABSENT, IR_ABSENT);
    }
    if ((l->mode & MODE_IL) != 0) {
        arm64_lift_raise(l, ESR(EC_ILLEGAL_STATE, 0), 0);
        return true;
    }
    l->model = &((const struct arm64_model *)model)->a32;
    done = arm_lift(l);
    l->model = model;
    if (!l->ends && (l->mode & MODE_STEP) != 0) {
        ir_exit(l->b, (uint32_t)(l->pc + l->length), IR_EXIT_LOOK);
        l->ends = true;
    }
    return done;
}

bool arm64_lift(struct lift *l)
{
    struct arm64_insn i;

    if (unlikely(MODE_EL(l->mode) == 0 && (l->mode & MODE_A32) != 0)) {
        return lift_32(l);
    }
    if (l->available < 4 && (l->pc & 3) == 0) {
        return false;
    }
    l->length = 4;
    l->ends = false;
    if (!may_begin(l)) {
        return true;
    }
    if (unlikely(MODE_BTYPE(l->mode) != 0)) {
        check_target(l, (uint32_t)bytes_get_le(l->bytes, 4));
    }
    if (!arm64_decode((uint32_t)bytes_get_le(l->bytes, 4), &i) ||
        (i.info->extension != 0 && !arm64_lift_has(l, i.info->extension))) {
        arm64_lift_undefined(l);
    } else {
        i.info->lift(l, &i);
    }
    if (!l->ends && (l->mode & MODE_STEP) != 0) {
        arm64_lift_leave(l, IR_EXIT_LOOK);
    } else if (!l->ends) {
        arm64_lift_done(l);
        l->next_mode = l->mode & ~(uint64_t)MODE_LOCAL;
    }
    return true;
}
