/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_int: data processing and condition flags, after DDI 0406C, A5.2, A6.3 and A8.4. Flags lie in the
 * state as the IR packs them, C as Arm has it; while the block knows that they are of a subtraction they are
 * used without packing, as the IR's C is then the borrow.
 */
#include "isa/arm32/lift.h"

enum { KNOWN_NOTHING, KNOWN_SUB };

/* ---- condition flags ---- */

void arm_put_flags(struct lift *l, ir_ref word)
{
    ir_put(l->b, IR_I64, ARM_SLOT(flags), word);
    l->known = KNOWN_NOTHING;
}

static void put_add_flags(struct lift *l, ir_ref flags)
{
    arm_put_flags(l, ir_un(l->b, IR_FPACK, IR_I64, flags));
}

static void put_sub_flags(struct lift *l, ir_ref flags)
{
    arm_put_flags(l,
                  ir_bini(l->b, IR_XOR, IR_I64, ir_un(l->b, IR_FPACK, IR_I64, flags), IR_FLAG_C));
    l->known = KNOWN_SUB;
}

/* C as the borrow, or as it is. */
static ir_ref get_flags(struct lift *l, bool borrow)
{
    ir_ref word = ir_get(l->b, IR_I64, ARM_SLOT(flags));

    if (borrow) {
        word = ir_bini(l->b, IR_XOR, IR_I64, word, IR_FLAG_C);
    }
    return ir_un(l->b, IR_FUNPACK, IR_I64, word);
}

static ir_ref flags_hold(struct lift *l, unsigned cc, bool borrow)
{
    return ir_fp(l->b, IR_FCOND, IR_I64, (uint8_t)cc, 0, get_flags(l, borrow), IR_ABSENT,
                 IR_ABSENT);
}

ir_ref arm_condition(struct lift *l, unsigned cond)
{
    /* Of each pair the first; the C of CS is not the borrow, that of HI is only of use as one. */
    static const uint8_t codes[] = {CC_E, CC_AE, CC_S, CC_O, CC_A, CC_GE, CC_G};
    enum { CS = 1, HI = 4, AL = 7 };
    unsigned pair = cond >> 1, negate = cond & 1;
    bool borrow = l->known == KNOWN_SUB || pair == HI;

    if (pair == AL) {
        return ir_const(l->b, IR_I64, 1);
    }
    if (pair == CS && !borrow) {
        return flags_hold(l, CC_B ^ negate, false);
    }
    return flags_hold(l, codes[pair] ^ negate, borrow);
}

void arm_set_q(struct lift *l, ir_ref bit)
{
    ir_put(l->b, IR_I32, ARM_SLOT(q),
           ir_bin(l->b, IR_OR, IR_I32, ir_get(l->b, IR_I32, ARM_SLOT(q)),
                  ir_un(l->b, IR_TRUNC, IR_I32, bit)));
}

ir_ref arm_carry(struct lift *l)
{
    return ir_extract(l->b, IR_I64, ir_get(l->b, IR_I64, ARM_SLOT(flags)), 0, 1);
}

static void put_logic(struct lift *l, enum ir_type t, ir_ref result, ir_ref carry)
{
    ir_ref word = ir_un(l->b, IR_FPACK, IR_I64, ir_un(l->b, IR_LOGICF, t, result));
    ir_ref old = ir_get(l->b, IR_I64, ARM_SLOT(flags));

    old =
        ir_bini(l->b, IR_AND, IR_I64, old, carry == IR_ABSENT ? IR_FLAG_O | IR_FLAG_C : IR_FLAG_O);
    word = ir_bin(l->b, IR_OR, IR_I64, word, old);
    arm_put_flags(l, carry == IR_ABSENT ? word : ir_bin(l->b, IR_OR, IR_I64, word, carry));
}

void arm_put_nz(struct lift *l, ir_ref result)
{
    put_logic(l, IR_I32, result, IR_ABSENT);
}

void arm_put_nz64(struct lift *l, ir_ref result)
{
    put_logic(l, IR_I64, result, IR_ABSENT);
}

/* ---- second operands ---- */

bool arm_expand(const struct lift *l, uint32_t imm12, uint32_t *value)
{
    uint32_t v = imm12 & 0xff, turn;

    if (!is_thumb(l)) {
        turn = imm12 >> 7 & 30;
    } else if (imm12 >> 10 == 0) {
        *value = imm12 >> 8 == 0   ? v
                 : imm12 >> 8 == 1 ? v << 16 | v
                 : imm12 >> 8 == 2 ? v << 24 | v << 8
                                   : v * UINT32_C(0x01010101);
        return false;
    } else {
        v = (imm12 & 0x7f) | 0x80;
        turn = imm12 >> 7;
    }
    *value = turn == 0 ? v : v >> turn | v << (32 - turn);
    return turn != 0;
}

static ir_ref bit_of(struct lift *l, ir_ref v, unsigned pos)
{
    return ir_un(l->b, IR_ZEXT, IR_I64, ir_extract(l->b, IR_I32, v, pos, 1));
}

ir_ref arm_shift(struct lift *l, ir_ref v, unsigned type, unsigned amount, ir_ref *carry)
{
    if (type == 0 && amount == 0) {
        return v;
    }
    if (type == 3 && amount == 0) { /* RRX */
        *carry = bit_of(l, v, 0);
        return ir_bin(
            l->b, IR_OR, IR_I32, ir_bini(l->b, IR_SHR, IR_I32, v, 1),
            ir_bini(l->b, IR_SHL, IR_I32, ir_un(l->b, IR_TRUNC, IR_I32, arm_carry(l)), 31));
    }
    amount = amount == 0 ? 32 : amount;
    *carry = bit_of(l, v, type == 0 ? 32 - amount : amount - 1);
    switch (type) {
    case 0: return ir_bini(l->b, IR_SHL, IR_I32, v, amount);
    case 1: return amount == 32 ? c32(l, 0) : ir_bini(l->b, IR_SHR, IR_I32, v, amount);
    case 2: return ir_bini(l->b, IR_SAR, IR_I32, v, amount == 32 ? 31 : amount);
    default: return ir_bini(l->b, IR_ROTR, IR_I32, v, amount);
    }
}

/* By the low byte of a register: amounts from 32 on count. */
static ir_ref shift_by(struct lift *l, ir_ref v, unsigned type, ir_ref by, ir_ref *carry)
{
    struct ir_build *b = l->b;
    ir_ref n = ir_extract(b, IR_I64, ir_un(b, IR_ZEXT, IR_I64, by), 0, 8), wide, out, value;

    if (type == 3) {
        value = ir_bin(b, IR_ROTR, IR_I32, v, ir_un(b, IR_TRUNC, IR_I32, n));
        out = bit_of(l, value, 31);
    } else {
        enum ir_opcode op = type == 0 ? IR_SHL : type == 1 ? IR_SHR : IR_SAR;
        ir_ref most = ir_bini(b, IR_MINU, IR_I64, n, type == 2 ? 32 : 33);

        wide = ir_un(b, type == 2 ? IR_SEXT : IR_ZEXT, IR_I64, v);
        value = ir_bin(b, op, IR_I64, wide, most);
        out = type == 0
                  ? ir_extract(b, IR_I64, value, 32, 1)
                  : ir_extract(b, IR_I64,
                               ir_bin(b, op, IR_I64, ir_bini(b, IR_SHL, IR_I64, wide, 1), most), 0,
                               1);
        value = ir_un(b, IR_TRUNC, IR_I32, value);
    }
    *carry = ir_select(b, IR_I64, n, out, arm_carry(l));
    return value;
}

/* ---- data processing ---- */

static bool is_logic(unsigned op)
{
    return op == OP_AND || op == OP_EOR || op == OP_TST || op == OP_TEQ || op >= OP_ORR;
}

static bool is_test(unsigned op)
{
    return op >= OP_TST && op <= OP_CMN;
}

static ir_ref logic(struct lift *l, unsigned op, ir_ref x, ir_ref y)
{
    switch (op) {
    case OP_AND:
    case OP_TST: return ir_bin(l->b, IR_AND, IR_I32, x, y);
    case OP_EOR:
    case OP_TEQ: return ir_bin(l->b, IR_XOR, IR_I32, x, y);
    case OP_ORR: return ir_bin(l->b, IR_OR, IR_I32, x, y);
    case OP_ORN: return ir_bin(l->b, IR_ORN, IR_I32, x, y);
    case OP_BIC: return ir_bin(l->b, IR_ANDN, IR_I32, x, y);
    case OP_MVN: return ir_bini(l->b, IR_XOR, IR_I32, y, UINT32_MAX);
    default: return y;
    }
}

static ir_ref with_carry(struct lift *l, enum ir_opcode op, ir_ref x, ir_ref y, ir_ref carry)
{
    return ir_emit(l->b,
                   (struct ir_op){.op = (uint8_t)op, .type = IR_I32, .a = x, .b = y, .c = carry});
}

/* The result; the flags' value in *flags, which `*subtracts`. */
static ir_ref sum(struct lift *l, unsigned op, ir_ref x, ir_ref y, bool wants, ir_ref *flags,
                  bool *subtracts)
{
    bool swaps = op == OP_RSB || op == OP_RSC;
    ir_ref p = swaps ? y : x, q = swaps ? x : y, carry;

    *subtracts = op != OP_ADD && op != OP_ADC && op != OP_CMN;
    if (op != OP_ADC && op != OP_SBC && op != OP_RSC) {
        if (wants) {
            *flags = ir_bin(l->b, *subtracts ? IR_SUBF : IR_ADDF, IR_I32, p, q);
        }
        return ir_bin(l->b, *subtracts ? IR_SUB : IR_ADD, IR_I32, p, q);
    }
    carry = get_flags(l, *subtracts);
    if (wants) {
        *flags = with_carry(l, *subtracts ? IR_SBBF : IR_ADCF, p, q, carry);
    }
    return with_carry(l, *subtracts ? IR_SBB : IR_ADC, p, q, carry);
}

static void put_result(struct lift *l, const struct arm_insn *i, ir_ref v)
{
    if (i->rd != 15) {
        r_put(l, i->rd, v);
    } else if (is_thumb(l)) {
        arm_lift_branch(l, v);
    } else {
        arm_lift_interwork(l, v);
    }
}

/* Rd is PC and S is set: the return from an exception. */
static void return_to(struct lift *l, ir_ref to)
{
    if (!(l->mode & MODE_SPSR)) {
        arm_lift_undefined(l);
        return;
    }
    arm_lift_return(
        l, ir_call(l->b, HELP_RETURN, ir_un(l->b, IR_ZEXT, IR_I64, to), IR_ABSENT, IR_ABSENT));
}

static void data_processing(struct lift *l, const struct arm_insn *i, ir_ref y, ir_ref carry)
{
    unsigned op = i->info->argument;
    bool test = is_test(op), flags = i->s || test, returns = flags && !test && i->rd == 15;
    ir_ref x = op == OP_MOV || op == OP_MVN ? IR_ABSENT : r_get(l, i->rn), v, f = IR_ABSENT;
    bool subtracts = false;

    if (is_logic(op)) {
        v = logic(l, op, x, y);
    } else {
        v = sum(l, op, x, y, flags && !returns, &f, &subtracts);
    }
    if (returns) {
        return_to(l, v);
        return;
    }
    if (flags && is_logic(op)) {
        put_logic(l, IR_I32, v, carry);
    } else if (flags && subtracts) {
        put_sub_flags(l, f);
    } else if (flags) {
        put_add_flags(l, f);
    }
    if (!test) {
        put_result(l, i, v);
    }
}

void arm_lift_dp_imm(struct lift *l, const struct arm_insn *i)
{
    uint32_t value;
    bool turned = arm_expand(l, (uint32_t)i->imm, &value);

    data_processing(l, i, c32(l, value), turned ? ir_const(l->b, IR_I64, value >> 31) : IR_ABSENT);
}

void arm_lift_dp_reg(struct lift *l, const struct arm_insn *i)
{
    ir_ref carry = IR_ABSENT, y = arm_shift(l, r_get(l, i->rm), i->type, i->amount, &carry);

    data_processing(l, i, y, carry);
}

void arm_lift_dp_rsr(struct lift *l, const struct arm_insn *i)
{
    ir_ref carry, y = shift_by(l, r_get(l, i->rm), i->type, r_get(l, i->rs), &carry);

    data_processing(l, i, y, carry);
}

void arm_lift_movw(struct lift *l, const struct arm_insn *i)
{
    r_put(l, i->rd, c32(l, (uint64_t)i->imm));
}

void arm_lift_movt(struct lift *l, const struct arm_insn *i)
{
    r_put(l, i->rd, ir_deposit(l->b, IR_I32, r_get(l, i->rd), c32(l, (uint64_t)i->imm), 16, 16));
}

/* A plain immediate of up to 12 bits, no flags; of PC, which is aligned then (ADR). */
void arm_lift_addw(struct lift *l, const struct arm_insn *i)
{
    ir_ref x = i->rn == 15 ? c32(l, pc_read(l) & ~3u) : r_get(l, i->rn);

    r_put(l, i->rd,
          ir_bini(l->b, i->info->argument ? IR_SUB : IR_ADD, IR_I32, x, (uint64_t)i->imm));
}

/* ---- bit fields, bytes ---- */

void arm_lift_bfx(struct lift *l, const struct arm_insn *i)
{
    unsigned length = i->a + 1u;

    if (i->b + length > 32) {
        arm_lift_undefined(l);
        return;
    }
    r_put(l, i->rd,
          i->info->argument ? ir_sextract(l->b, IR_I32, r_get(l, i->rn), i->b, length)
                            : ir_extract(l->b, IR_I32, r_get(l, i->rn), i->b, length));
}

/* a is the last bit, b the first; of PC: clears. */
void arm_lift_bfi(struct lift *l, const struct arm_insn *i)
{
    ir_ref from = i->rn == 15 ? c32(l, 0) : r_get(l, i->rn);

    if (i->a < i->b) {
        arm_lift_undefined(l);
        return;
    }
    r_put(l, i->rd, ir_deposit(l->b, IR_I32, r_get(l, i->rd), from, i->b, i->a - i->b + 1u));
}

static ir_ref swap_pairs(struct lift *l, ir_ref v, unsigned by, uint32_t mask)
{
    ir_ref up = ir_bini(l->b, IR_SHL, IR_I32, ir_bini(l->b, IR_AND, IR_I32, v, mask), by);
    ir_ref down = ir_bini(l->b, IR_AND, IR_I32, ir_bini(l->b, IR_SHR, IR_I32, v, by), mask);

    return ir_bin(l->b, IR_OR, IR_I32, up, down);
}

void arm_lift_rev(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = r_get(l, i->rm);

    switch (i->info->argument) {
    case REV: v = ir_un(l->b, IR_BSWAP, IR_I32, v); break;
    case REV16: v = swap_pairs(l, v, 8, 0x00ff00ff); break;
    case CLZ: v = ir_un(l->b, IR_CLZ, IR_I32, v); break;
    case REVSH: v = ir_bini(l->b, IR_SAR, IR_I32, ir_un(l->b, IR_BSWAP, IR_I32, v), 16); break;
    default:
        v = ir_un(l->b, IR_BSWAP, IR_I32, v);
        v = swap_pairs(l, v, 4, 0x0f0f0f0f);
        v = swap_pairs(l, v, 2, 0x33333333);
        v = swap_pairs(l, v, 1, 0x55555555);
    }
    r_put(l, i->rd, v);
}

/* SXTB ... UXTAB16: bits 0 and 1 of the argument say what, bit 2 unsigned; Rn is PC: nothing is added. */
void arm_lift_ext(struct lift *l, const struct arm_insn *i)
{
    unsigned what = i->info->argument & 3, bits = what == 3 ? 16 : 8;
    bool is_unsigned = i->info->argument & 4;
    ir_ref v = ir_bini(l->b, IR_ROTR, IR_I32, r_get(l, i->rm), 8u * i->amount);

    if (what == 0) { /* two of bytes 0 and 2 */
        ir_ref high =
            is_unsigned ? ir_extract(l->b, IR_I32, v, 16, 8) : ir_sextract(l->b, IR_I32, v, 16, 8);

        v = is_unsigned ? ir_extract(l->b, IR_I32, v, 0, 8) : ir_sextract(l->b, IR_I32, v, 0, 8);
        if (i->rn != 15) {
            ir_ref n = r_get(l, i->rn);

            v = ir_bin(l->b, IR_ADD, IR_I32, v, n);
            high = ir_bin(l->b, IR_ADD, IR_I32, high, ir_bini(l->b, IR_SHR, IR_I32, n, 16));
        }
        r_put(l, i->rd, ir_deposit(l->b, IR_I32, v, high, 16, 16));
        return;
    }
    v = is_unsigned ? ir_extract(l->b, IR_I32, v, 0, bits) : ir_sextract(l->b, IR_I32, v, 0, bits);
    r_put(l, i->rd, i->rn == 15 ? v : ir_bin(l->b, IR_ADD, IR_I32, v, r_get(l, i->rn)));
}
