/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: from bytes to IR, one instruction at a time; see lift.h. Conditions, IT blocks, and how code is
 * left are here; what each kind of instruction means is in lift_*.c.
 */
#include "isa/arm32/lift.h"

static void end_raised(struct lift *l)
{
    /* Never reached, but every block ends in an exit. */
    ir_exit(l->b, l->pc, IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}

void arm_lift_raise(struct lift *l, enum arm_fault fault, uint32_t value, uint32_t status)
{
    ir_call(l->b, HELP_RAISE, ir_const(l->b, IR_I64, fault), ir_const(l->b, IR_I64, value),
            ir_const(l->b, IR_I64, status));
    end_raised(l);
}

void arm_lift_undefined(struct lift *l)
{
    arm_lift_raise(l, FAULT_UNDEFINED, 0, 0);
}

void arm_lift_fp_off(struct lift *l)
{
    ir_call(l->b, HELP_FP_OFF, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    end_raised(l);
}

/* What software step asks for behind an instruction. */
static void note_step(struct lift *l)
{
    if (unlikely(l->mode & MODE_STEP)) {
        ir_put(l->b, IR_I32, (uint32_t)offsetof(struct arm_user, ss), c32(l, 0));
        ir_put(l->b, IR_I32, (uint32_t)offsetof(struct arm_user, stepped), c32(l, 1));
    }
}

static uint8_t with_step(const struct lift *l, uint8_t exit_attr)
{
    return l->mode & MODE_STEP ? exit_attr | IR_EXIT_LOOK : exit_attr;
}

void arm_lift_commit(struct lift *l)
{
    note_step(l);
    if (l->next_mode != l->mode) {
        ir_put(l->b, IR_I32, ARM_SLOT(local), c32(l, l->next_mode & MODE_LOCAL));
    }
    ir_build_mode(l->b, (uint32_t)l->next_mode & MODE_LOCAL);
}

void arm_lift_leave(struct lift *l, uint8_t exit_attr)
{
    arm_lift_commit(l);
    ir_exit(l->b, next_pc(l), exit_attr);
    l->ends = true;
}

void arm_lift_go(struct lift *l, vaddr to)
{
    arm_lift_commit(l);
    ir_exit(l->b, (uint32_t)to, with_step(l, 0));
    l->ends = true;
}

void arm_lift_go_if(struct lift *l, ir_ref taken, vaddr to)
{
    arm_lift_commit(l);
    if (unlikely(l->mode & MODE_STEP)) {
        ir_exit_to(l->b,
                   ir_select(l->b, IR_I64, taken, ir_const(l->b, IR_I64, (uint32_t)to),
                             ir_const(l->b, IR_I64, next_pc(l))),
                   IR_EXIT_LOOK);
        l->ends = true;
    } else {
        ir_exit_if(l->b, taken, (uint32_t)to);
    }
}

void arm_lift_branch(struct lift *l, ir_ref to)
{
    ir_ref at = ir_bini(l->b, IR_AND, IR_I32, to, is_thumb(l) ? ~1u : ~3u);

    arm_lift_commit(l);
    ir_exit_to(l->b, ir_un(l->b, IR_ZEXT, IR_I64, at), with_step(l, 0));
    l->ends = true;
}

void arm_lift_interwork(struct lift *l, ir_ref to)
{
    ir_ref wide = ir_un(l->b, IR_ZEXT, IR_I64, to), mode;

    mode = ir_bini(l->b, IR_SHL, IR_I64, ir_bini(l->b, IR_AND, IR_I64, wide, 1),
                   (uint64_t)__builtin_ctz(MODE_T));
    note_step(l);
    ir_put(l->b, IR_I32, ARM_SLOT(local), ir_un(l->b, IR_TRUNC, IR_I32, mode));
    ir_exit_to_mode(l->b, ir_bini(l->b, IR_AND, IR_I64, wide, ~UINT64_C(1)), mode, with_step(l, 0));
    l->ends = true;
}

void arm_lift_return(struct lift *l, ir_ref to)
{
    ir_build_mode(l->b, 0);
    ir_exit_to(l->b, to, IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}

/* ---- decoding ---- */

/* The encodings that T32 shares with A32: floating point and Advanced SIMD. False: it is none. */
static bool is_shared(uint32_t w, uint32_t *a32)
{
    if ((w & 0xef000000) == 0xef000000) { /* Advanced SIMD data processing */
        *a32 = 0xf2000000 | (w >> 28 & 1) << 24 | (w & 0x00ffffff);
        return true;
    }
    if ((w & 0xff100000) == 0xf9000000 || (w & 0xff000000) == 0xf9000000) { /* and its loads */
        *a32 = 0xf4000000 | (w & 0x00ffffff);
        return (w & 0x00100000) == 0;
    }
    *a32 = w;
    return (w & 0xec000e00) == 0xec000a00; /* cp10 and cp11, where A32 has "always" or 1111 */
}

bool arm_decode_bytes(const uint8_t *bytes, unsigned available, bool thumb, struct arm_insn *i)
{
    uint32_t w;

    if (available < 2 || (!thumb && available < 4)) {
        return false;
    }
    if (!thumb) {
        w = (uint32_t)bytes_get_le(bytes, 4);
        if (!arm_decode(w, w >> 28 == 15 ? ARM_A32_ALWAYS : ARM_A32, i)) {
            i->info = NULL;
        }
        i->length = 4;
        return true;
    }
    w = (uint32_t)bytes_get_le(bytes, 2);
    if (w >= 0xe800) {
        uint32_t a32;

        if (available < 4) {
            return false;
        }
        w = w << 16 | (uint32_t)bytes_get_le(bytes + 2, 2);
        if (is_shared(w, &a32)) {
            if (!arm_decode(a32, a32 >> 28 == 15 ? ARM_A32_ALWAYS : ARM_A32, i)) {
                i->info = NULL;
            }
            i->length = 4;
            return true;
        }
    }
    if (!arm_decode(w, ARM_T32, i)) {
        i->info = NULL;
    }
    return true;
}

/* ---- conditions ---- */

static void lift_always(struct lift *l, struct arm_insn *i)
{
    if (i->info == NULL || (i->info->extension != 0 && !arm_lift_has(l, i->info->extension))) {
        arm_lift_undefined(l);
        return;
    }
    i->info->lift(l, i);
}

/* Branches have the condition in their exits. */
static bool has_own_condition(const struct arm_insn *i)
{
    return i->info != NULL && (i->info->lift == arm_lift_b || i->info->lift == arm_lift_bcond);
}

static void lift_predicated(struct lift *l, struct arm_insn *i)
{
    ir_ref skip;

    if (i->cond >= 14 || has_own_condition(i)) {
        lift_always(l, i);
    } else {
        skip = ir_skip_if(l->b, arm_condition(l, i->cond ^ 1));
        lift_always(l, i);
        ir_skip_end(l->b, skip);
        l->ends = false; /* it may have been skipped over */
    }
    if (!l->ends) {
        arm_lift_commit(l);
    }
}

/* SCTLR_EL1.ITD: what cannot be in an IT block then. Its own block has one instruction at most. */
static bool is_disabled(const struct lift *l, const struct arm_insn *i)
{
    uint32_t w = i->bits;

    if (!(l->mode & MODE_ITD)) {
        return false;
    }
    if (!is_in_it(l)) {
        return i->info != NULL && i->info->lift == arm_lift_it && (i->imm & 7) != 0;
    }
    return i->length == 4 || (w & 0xc000) == 0xc000 || (w & 0xf000) == 0xb000 ||
           (w & 0xf800) == 0xa000 || (w & 0xf800) == 0x4800 || (w & 0xf478) == 0x4478 ||
           (w & 0xfc87) == 0x4487;
}

bool arm_lift(struct lift *l)
{
    struct arm_insn i;

    if (!is_thumb(l) && (l->pc & 3) != 0) {
        l->length = 2;
        ir_call(l->b, HELP_PC_ALIGNMENT, ir_const(l->b, IR_I64, l->pc), IR_ABSENT, IR_ABSENT);
        end_raised(l);
        return true;
    }
    if (!arm_decode_bytes(l->bytes, l->available, is_thumb(l), &i)) {
        return false;
    }
    l->length = i.length;
    l->ends = false;
    if (is_thumb(l)) {
        l->next_mode = arm_it_advanced(l->mode);
        if (i.info == NULL || i.info->lift != arm_lift_bcond || is_in_it(l)) {
            i.cond = is_in_it(l) ? (uint8_t)(MODE_IT(l->mode) >> 4) : 14;
        }
        i.s = i.s == 2 ? !is_in_it(l) : i.s;
        if (is_disabled(l, &i)) {
            arm_lift_undefined(l);
            return true;
        }
    } else {
        i.cond = (uint8_t)(i.bits >> 28);
    }
    lift_predicated(l, &i);
    return true;
}
