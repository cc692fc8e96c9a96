/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_int: additions, logic, moves and bit fields, after DDI 0487, C4.1.86 and C4.1.89; and the condition
 * flags. They lie in the state as the IR packs them, C as Arm has it; while the block knows that they are
 * of a subtraction they are used without packing, as the IR's C is then the borrow.
 */
#include "isa/arm64/lift.h"

/* ---- condition flags ---- */

void arm64_put_flags_word(struct lift *l, ir_ref word)
{
    ir_put(l->b, IR_I64, ARM64_SLOT(flags), word);
    l->known &= ~(uint64_t)KNOWN_FLAGS;
}

void arm64_put_add_flags(struct lift *l, ir_ref flags)
{
    arm64_put_flags_word(l, ir_un(l->b, IR_FPACK, IR_I64, flags));
    l->known |= KNOWN_ADD;
}

void arm64_put_sub_flags(struct lift *l, ir_ref flags)
{
    ir_ref packed = ir_un(l->b, IR_FPACK, IR_I64, flags);

    arm64_put_flags_word(l, ir_bini(l->b, IR_XOR, IR_I64, packed, IR_FLAG_C));
    l->known |= KNOWN_SUB;
}

uint64_t arm64_flags_word(unsigned nzcv)
{
    return (nzcv & 8 ? IR_FLAG_S : 0) | (nzcv & 4 ? IR_FLAG_Z : 0) | (nzcv & 2 ? IR_FLAG_C : 0) |
           (nzcv & 1 ? IR_FLAG_O : 0);
}

/* C as the borrow, or as it is. */
static ir_ref get_flags(struct lift *l, bool borrow)
{
    ir_ref word = ir_get(l->b, IR_I64, ARM64_SLOT(flags));

    if (borrow) {
        word = ir_bini(l->b, IR_XOR, IR_I64, word, IR_FLAG_C);
    }
    return ir_un(l->b, IR_FUNPACK, IR_I64, word);
}

static ir_ref flags_hold(struct lift *l, enum ir_cc cc, bool borrow)
{
    return ir_fp(l->b, IR_FCOND, IR_I64, (uint8_t)cc, 0, get_flags(l, borrow), IR_ABSENT,
                 IR_ABSENT);
}

ir_ref arm64_condition(struct lift *l, unsigned cond)
{
    /* Of each pair the first; the C of CS is not the borrow, that of HI is only of use as one. */
    static const uint8_t codes[] = {CC_E, CC_AE, CC_S, CC_O, CC_A, CC_GE, CC_G};
    enum { CS = 1, HI = 4, AL = 7 };
    unsigned pair = cond >> 1, negate = cond & 1;
    bool borrow = (l->known & KNOWN_FLAGS) == KNOWN_SUB || pair == HI;

    if (pair == AL) {
        return ir_const(l->b, IR_I64, 1);
    }
    if (pair == CS && !borrow) {
        return flags_hold(l, (enum ir_cc)(CC_B ^ negate), false);
    }
    return flags_hold(l, (enum ir_cc)(codes[pair] ^ negate), borrow);
}

/* ---- addition and subtraction ---- */

static void put_flags_of(struct lift *l, const struct arm64_insn *i, ir_ref x, ir_ref y)
{
    if (i->info->argument & ADDSUB_SUB) {
        arm64_put_sub_flags(l, ir_bin(l->b, IR_SUBF, x_type(i), x, y));
    } else {
        arm64_put_add_flags(l, ir_bin(l->b, IR_ADDF, x_type(i), x, y));
    }
}

static enum ir_opcode addsub_op(const struct arm64_insn *i)
{
    return i->info->argument & ADDSUB_SUB ? IR_SUB : IR_ADD;
}

void arm64_lift_addsub_imm(struct lift *l, const struct arm64_insn *i)
{
    uint64_t imm = (uint64_t)i->imm << (i->sh ? 12 : 0);
    ir_ref x = sp_get(l, i, i->rn), sum;

    if (i->rn == 31 && i->rd == 31 && i->sf && !(i->info->argument & ADDSUB_FLAGS)) {
        sp_put_sum(l, 31, x, i->info->argument & ADDSUB_SUB ? -imm : imm);
        return;
    }
    sum = ir_bini(l->b, addsub_op(i), x_type(i), x, imm);
    if (!(i->info->argument & ADDSUB_FLAGS)) {
        sp_put(l, i, i->rd, sum);
        return;
    }
    x_put(l, i, i->rd, sum);
    put_flags_of(l, i, x, ir_const(l->b, x_type(i), imm));
}

static ir_ref shifted(struct lift *l, const struct arm64_insn *i)
{
    static const enum ir_opcode ops[] = {IR_SHL, IR_SHR, IR_SAR, IR_ROTR};

    return ir_bini(l->b, ops[i->type & 3], x_type(i), x_get(l, i, i->rm), i->amount);
}

void arm64_lift_addsub_sh(struct lift *l, const struct arm64_insn *i)
{
    ir_ref x = x_get(l, i, i->rn), y = shifted(l, i);

    x_put(l, i, i->rd, ir_bin(l->b, addsub_op(i), x_type(i), x, y));
    if (i->info->argument & ADDSUB_FLAGS) {
        put_flags_of(l, i, x, y);
    }
}

ir_ref arm64_extended(struct lift *l, const struct arm64_insn *i)
{
    ir_ref v = x_get64(l, i->rm);
    unsigned bits = 8u << (i->option & 3);

    if (bits < 64) {
        v = i->option & 4 ? ir_sextract(l->b, IR_I64, v, 0, bits)
                          : ir_extract(l->b, IR_I64, v, 0, bits);
    }
    return ir_bini(l->b, IR_SHL, IR_I64, v, i->amount);
}

void arm64_lift_addsub_ex(struct lift *l, const struct arm64_insn *i)
{
    ir_ref x = sp_get(l, i, i->rn), y = arm64_extended(l, i), sum;

    if (!i->sf) {
        y = ir_un(l->b, IR_TRUNC, IR_I32, y);
    }
    sum = ir_bin(l->b, addsub_op(i), x_type(i), x, y);
    if (!(i->info->argument & ADDSUB_FLAGS)) {
        sp_put(l, i, i->rd, sum);
        return;
    }
    x_put(l, i, i->rd, sum);
    put_flags_of(l, i, x, y);
}

static ir_ref with_carry(struct lift *l, enum ir_opcode op, enum ir_type t, ir_ref x, ir_ref y,
                         ir_ref carry)
{
    return ir_emit(
        l->b, (struct ir_op){.op = (uint8_t)op, .type = (uint8_t)t, .a = x, .b = y, .c = carry});
}

void arm64_lift_adc(struct lift *l, const struct arm64_insn *i)
{
    bool sub = i->info->argument & ADDSUB_SUB;
    ir_ref x = x_get(l, i, i->rn), y = x_get(l, i, i->rm), carry = get_flags(l, sub);
    enum ir_type t = x_type(i);
    ir_ref sum = with_carry(l, sub ? IR_SBB : IR_ADC, t, x, y, carry), flags;

    x_put(l, i, i->rd, sum);
    if (i->info->argument & ADDSUB_FLAGS) {
        flags = with_carry(l, sub ? IR_SBBF : IR_ADCF, t, x, y, carry);
        if (sub) {
            arm64_put_sub_flags(l, flags);
        } else {
            arm64_put_add_flags(l, flags);
        }
    }
}

void arm64_lift_adr(struct lift *l, const struct arm64_insn *i)
{
    uint64_t at = i->info->argument ? (l->pc & ~UINT64_C(0xfff)) + ((uint64_t)i->imm << 12)
                                    : l->pc + (uint64_t)i->imm;

    x_put64(l, i->rd, ir_const(l->b, IR_I64, at));
}

/* ---- logic ---- */

bool arm64_bit_mask(unsigned sf, unsigned n, unsigned imms, unsigned immr, uint64_t *mask)
{
    unsigned key = n << 6 | (~imms & 0x3f), length, size, ones, turn;
    uint64_t element;

    if (key < 2) { /* of elements there are 2, 4, ... 64 bits */
        return false;
    }
    length = 31u - (unsigned)__builtin_clz(key);
    size = 1u << length;
    ones = (imms & (size - 1)) + 1;
    turn = immr & (size - 1);
    if (ones == size || (!sf && size == 64)) {
        return false;
    }
    element = (UINT64_C(1) << ones) - 1;
    if (turn != 0) {
        element = element >> turn | element << (size - turn);
        element &= size == 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1;
    }
    for (; size < 64; size *= 2) {
        element |= element << size;
    }
    *mask = sf ? element : element & UINT32_MAX;
    return true;
}

static ir_ref logic(struct lift *l, const struct arm64_insn *i, ir_ref x, ir_ref y)
{
    static const enum ir_opcode ops[] = {[LOGIC_AND] = IR_AND,
                                         [LOGIC_OR] = IR_OR,
                                         [LOGIC_XOR] = IR_XOR,
                                         [LOGIC_AND | LOGIC_NOT] = IR_ANDN,
                                         [LOGIC_OR | LOGIC_NOT] = IR_ORN};
    unsigned kind = i->info->argument & 7;

    if (kind == (LOGIC_OR | LOGIC_NOT) && i->rn == 31) { /* MVN */
        return ir_bini(l->b, IR_XOR, x_type(i), y, UINT64_MAX);
    }
    if (kind == (LOGIC_XOR | LOGIC_NOT)) {
        return ir_bini(l->b, IR_XOR, x_type(i), ir_bin(l->b, IR_XOR, x_type(i), x, y), UINT64_MAX);
    }
    return ir_bin(l->b, ops[kind], x_type(i), x, y);
}

static void put_logic_flags(struct lift *l, const struct arm64_insn *i, ir_ref v)
{
    arm64_put_add_flags(l, ir_un(l->b, IR_LOGICF, x_type(i), v));
}

void arm64_lift_logic_imm(struct lift *l, const struct arm64_insn *i)
{
    uint64_t mask;
    ir_ref v;

    if (!arm64_bit_mask(i->sf, i->n, i->imms, i->immr, &mask)) {
        arm64_lift_undefined(l);
        return;
    }
    v = logic(l, i, x_get(l, i, i->rn), ir_const(l->b, x_type(i), mask));
    if (i->info->argument & LOGIC_FLAGS) {
        x_put(l, i, i->rd, v);
        put_logic_flags(l, i, v);
    } else {
        sp_put(l, i, i->rd, v);
    }
}

void arm64_lift_logic_sh(struct lift *l, const struct arm64_insn *i)
{
    ir_ref v = logic(l, i, x_get(l, i, i->rn), shifted(l, i));

    x_put(l, i, i->rd, v);
    if (i->info->argument & LOGIC_FLAGS) {
        put_logic_flags(l, i, v);
    }
}

/* ---- moves and bit fields ---- */

void arm64_lift_movw(struct lift *l, const struct arm64_insn *i)
{
    unsigned shift = 16u * i->hw;
    uint64_t imm = (uint64_t)i->imm << shift;

    switch (i->info->argument) {
    case MOVW_N: x_put(l, i, i->rd, ir_const(l->b, x_type(i), ~imm)); break;
    case MOVW_Z: x_put(l, i, i->rd, ir_const(l->b, x_type(i), imm)); break;
    default:
        x_put(l, i, i->rd,
              ir_deposit(l->b, x_type(i), x_get(l, i, i->rd),
                         ir_const(l->b, x_type(i), (uint64_t)i->imm), shift, 16));
    }
}

void arm64_lift_bitfield(struct lift *l, const struct arm64_insn *i)
{
    unsigned width = i->sf ? 64 : 32, how = i->info->argument;
    bool down = i->imms >= i->immr; /* a field comes down to bit 0; else low bits go up */
    unsigned length = down ? i->imms - i->immr + 1u : i->imms + 1u;
    unsigned from = down ? i->immr : 0, to = down ? 0 : width - i->immr;
    enum ir_type t = x_type(i);
    ir_ref v = x_get(l, i, i->rn);

    if (how == BF_I) {
        v = ir_bini(l->b, IR_SHR, t, v, from);
        x_put(l, i, i->rd, ir_deposit(l->b, t, x_get(l, i, i->rd), v, to, length));
        return;
    }
    if (to + length == width && from == 0) {
        v = ir_bini(l->b, IR_SHL, t, v, to); /* whatever is above falls out */
    } else if (from + length == width) {
        v = ir_bini(l->b, how == BF_S ? IR_SAR : IR_SHR, t, v, from);
    } else {
        v = how == BF_S ? ir_sextract(l->b, t, v, from, length)
                        : ir_extract(l->b, t, v, from, length);
        v = ir_bini(l->b, IR_SHL, t, v, to);
    }
    x_put(l, i, i->rd, v);
}

void arm64_lift_extr(struct lift *l, const struct arm64_insn *i)
{
    unsigned width = i->sf ? 64 : 32;
    enum ir_type t = x_type(i);
    ir_ref high = x_get(l, i, i->rn), low = x_get(l, i, i->rm);

    if (i->rn == i->rm) {
        low = ir_bini(l->b, IR_ROTR, t, low, i->imms);
    } else if (i->imms != 0) {
        low = ir_bin(l->b, IR_OR, t, ir_bini(l->b, IR_SHR, t, low, i->imms),
                     ir_bini(l->b, IR_SHL, t, high, width - i->imms));
    }
    x_put(l, i, i->rd, low);
}
