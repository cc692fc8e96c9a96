/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_modes: instructions that change how the next ones are lifted, without anybody having to look:
 * delayed jumps, a shadow in which no interrupt is taken, and a second meaning of some instructions
 * that jumps choose with their target. Whatever is lifted goes through here when it ends, so that
 * each instruction of the other families may stand in a delay slot or a shadow.
 */
#include "toy_parts.h"

/* The target of a delayed jump, as far as the lifter has just seen it. */
#define KNOWN_TARGET (UINT64_C(1) << 32)

void toy_begin(struct lift *l)
{
    l->next_mode = l->mode & ~(uint64_t)(TOY_MODE_DELAY | TOY_MODE_SHADOW);
    if (l->mode & TOY_MODE_WHEN) {
        l->next_mode -= 1u << TOY_MODE_WHEN_POS;
        if (!(l->next_mode & TOY_MODE_WHEN)) {
            l->next_mode &= ~(uint64_t)TOY_MODE_CC;
        }
    }
}

/* Those whose effect on the mode of what follows would not be known. */
static bool changes_mode(uint8_t op)
{
    return op == TOY_DJMP || op == TOY_DJR || op == TOY_DJCC || op == TOY_STIS || op == TOY_TURN ||
           op == TOY_WHEN;
}

void toy_lift_predicated(struct lift *l, uint8_t op, void (*lift)(struct lift *l, uint8_t op))
{
    unsigned cc = (unsigned)(l->mode >> TOY_MODE_CC_POS & 15);
    ir_ref skip;

    if (!(l->mode & TOY_MODE_WHEN)) {
        lift(l, op);
        return;
    }
    skip = ir_skip_if(l->b, toy_condition(l, cc ^ 1));
    if (changes_mode(op)) {
        toy_lift_raise(l, TOY_CAUSE_ILLEGAL);
    } else {
        lift(l, op);
    }
    ir_skip_end(l->b, skip);
    l->ends = false; /* it may have been skipped over */
}

/* The state says from here on what mode comes next: behind all that may fault. */
static void commit(struct lift *l)
{
    if (l->next_mode != l->mode) {
        ir_put(l->b, IR_I32, TOY_SLOT(mode), ir_const(l->b, IR_I32, toy_state_mode(l->next_mode)));
    }
    ir_build_mode(l->b, (uint32_t)l->next_mode & TOY_MODE_LOCAL);
}

static void leave_slot(struct lift *l, uint8_t attr)
{
    if (l->known & KNOWN_TARGET) {
        ir_exit(l->b, (uint32_t)l->known, attr);
    } else {
        ir_exit_to(l->b, ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, TOY_SLOT(delayed_to))),
                   attr);
    }
}

static uint8_t shadow_attr(const struct lift *l, uint8_t attr)
{
    return l->mode & TOY_MODE_SHADOW ? attr | IR_EXIT_LOOK : attr;
}

/* Behind a shadow somebody has to look, also where it branches to. */
static void exit_if(struct lift *l, ir_ref condition, vaddr to)
{
    ir_exit_if(l->b, condition, to);
    if ((l->mode & TOY_MODE_SHADOW) && l->b->ops[l->b->op_count - 1].op == IR_EXIT_IF) {
        l->b->ops[l->b->op_count - 1].attr |= IR_EXIT_LOOK;
    }
}

void toy_leave(struct lift *l, vaddr to, uint8_t attr)
{
    commit(l);
    if (l->mode & TOY_MODE_DELAY) {
        leave_slot(l, shadow_attr(l, attr));
    } else {
        ir_exit(l->b, to, shadow_attr(l, attr));
    }
    l->ends = true;
}

void toy_leave_to(struct lift *l, ir_ref to, uint8_t attr)
{
    commit(l);
    if (l->mode & TOY_MODE_DELAY) {
        leave_slot(l, shadow_attr(l, attr));
    } else {
        ir_exit_to(l->b, to, shadow_attr(l, attr));
    }
    l->ends = true;
}

void toy_branch_if(struct lift *l, ir_ref condition, vaddr to)
{
    if (!(l->mode & TOY_MODE_DELAY)) {
        commit(l);
        exit_if(l, condition, to);
    }
    toy_leave(l, toy_next_pc(l), 0);
}

void toy_end(struct lift *l)
{
    if (l->ends) {
        return;
    }
    if (l->mode & (TOY_MODE_DELAY | TOY_MODE_SHADOW)) {
        toy_leave(l, toy_next_pc(l), 0);
    } else {
        commit(l);
    }
}

/* ---- the family ---- */

static void delay(struct lift *l, ir_ref to)
{
    ir_put(l->b, IR_I32, TOY_SLOT(delayed_to), to);
    l->next_mode |= TOY_MODE_DELAY;
}

static void lift_delayed(struct lift *l, uint8_t op)
{
    struct ir_build *b = l->b;
    uint32_t to;

    if (l->mode & TOY_MODE_DELAY) { /* not in the slot of another */
        toy_lift_raise(l, TOY_CAUSE_ILLEGAL);
        return;
    }
    switch (op) {
    case TOY_DJMP:
        to = (uint32_t)bytes_get_be(l->bytes + 1, 4);
        delay(l, ir_const(b, IR_I32, to));
        l->known = KNOWN_TARGET | to;
        break;
    case TOY_DJR:
        delay(l, toy_reg(l, l->bytes[1]));
        l->known = 0;
        break;
    default: /* a slot only if it is taken */
        to = (uint32_t)(toy_next_pc(l) + bits_sext(bytes_get_be(l->bytes + 2, 2), 16));
        delay(l, ir_const(b, IR_I32, to));
        commit(l);
        exit_if(l, toy_condition(l, l->bytes[1]), toy_next_pc(l));
        l->next_mode &= ~(uint64_t)TOY_MODE_DELAY;
        ir_put(b, IR_I32, TOY_SLOT(mode), ir_const(b, IR_I32, toy_state_mode(l->next_mode)));
        toy_leave(l, toy_next_pc(l), 0);
    }
}

/* To rs without its low bit, which chooses the mode there. */
static void lift_jump_to_mode(struct lift *l, bool asks)
{
    struct ir_build *b = l->b;
    ir_ref to = ir_un(b, IR_ZEXT, IR_I64, toy_reg(l, l->bytes[1])), mode;

    if (l->mode & TOY_MODE_DELAY) {
        toy_leave(l, toy_next_pc(l), 0);
        return;
    }
    l->next_mode &= ~(uint64_t)TOY_MODE_OTHER;
    mode = ir_bini(b, IR_SHL, IR_I64, ir_extract(b, IR_I64, to, 0, 1), TOY_MODE_OTHER_POS);
    mode = ir_bini(b, IR_OR, IR_I64, mode, toy_state_mode(l->next_mode));
    ir_put(b, IR_I32, TOY_SLOT(mode), ir_un(b, IR_TRUNC, IR_I32, mode));
    to = ir_bini(b, IR_AND, IR_I64, to, ~UINT64_C(1));
    if (asks) {
        ir_build_mode(b, 0);
        ir_exit_to(b, to, shadow_attr(l, IR_EXIT_ASK));
    } else {
        ir_exit_to_mode(b, to, ir_bini(b, IR_AND, IR_I64, mode, TOY_MODE_LOCAL), shadow_attr(l, 0));
    }
    l->ends = true;
}

static void modes_lift(struct lift *l, uint8_t op)
{
    unsigned d = l->length > 1 ? l->bytes[1] & 7 : 0;

    switch (op) {
    case TOY_DJMP:
    case TOY_DJR:
    case TOY_DJCC: lift_delayed(l, op); break;
    case TOY_STIS:
        toy_put8(l, TOY_SLOT(irq_enabled), 1);
        l->next_mode |= TOY_MODE_SHADOW;
        break;
    case TOY_BX:
    case TOY_BXA: lift_jump_to_mode(l, op == TOY_BXA); break;
    case TOY_TURN: l->next_mode ^= TOY_MODE_OTHER; break;
    case TOY_WHEN:
        l->next_mode |= (1u + l->bytes[2] % 3) << TOY_MODE_WHEN_POS | (uint32_t)(l->bytes[1] & 15)
                                                                          << TOY_MODE_CC_POS;
        break;
    default: /* TOY_EITHER */
        toy_set_reg(
            l, d,
            ir_bini(l->b, l->mode & TOY_MODE_OTHER ? IR_MUL : IR_ADD, IR_I32, toy_reg(l, d), 5));
    }
}

static void modes_random(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    unsigned d = x >> 8 & 7;

    switch (op) {
    case TOY_DJMP:
        toy_put(a, op, 1);
        toy_put(a, TOY_RAM + (x >> 32) % a->room, 4);
        break;
    case TOY_DJCC: toy_jcc_as(a, op, x >> 8 & 15, a->at + (x >> 40) % 64); break;
    case TOY_DJR:
    case TOY_BX:
    case TOY_BXA: /* mostly to where code is */
        toy_ldi(a, d, (uint32_t)(TOY_RAM + (x >> 20) % a->room));
        toy_op1(a, op, d);
        break;
    case TOY_EITHER: toy_op1(a, op, d); break;
    case TOY_WHEN: toy_op2(a, op, x >> 8 & 15, x >> 16 & 3); break;
    default: toy_op0(a, op);
    }
}

static const uint8_t modes_lengths[] = {5, 2, 4, 1, 2, 2, 1, 2, 3};

const struct toy_family toy_modes_family = {.lengths = modes_lengths,
                                            .count = ARRAY_LEN(modes_lengths),
                                            .lift = modes_lift,
                                            .random = modes_random};
