/* SPDX-License-Identifier: GPL-2.0-or-later
 * flags: values of type flags. Those of additions, subtractions and results, and unpacked ones, are
 * in no register: whoever wants something of them makes the host's flags of their operands, which
 * are kept for it; a compare and its jump are two instructions then, and nothing is packed that
 * nobody looks at. The host's bits lie where IR_FLAG_* are. Flags that depend on other flags are packed
 * into a register at once, so that chains of carries stay short.
 *
 * g->flags is the value that the host's flags are of at the moment: from its arithmetic, or from
 * another condition of it.
 */
#include "jit/amd64/amd64.h"

#define FLAGS_PZS (IR_FLAG_P | IR_FLAG_Z | IR_FLAG_S)
#define FLAGS_ALL (FLAGS_PZS | IR_FLAG_C | IR_FLAG_A | IR_FLAG_O)

bool gen_flags_are_lazy(const struct ir_op *o)
{
    return o->op == IR_ADDF || o->op == IR_SUBF || o->op == IR_LOGICF || o->op == IR_FUNPACK;
}

static const struct ir_op *maker(const struct gen *g, ir_ref flags)
{
    return &g->block->ops[flags];
}

/* Where a value is already, or in the scratch register. */
static struct rm where(struct gen *g, ir_ref v, unsigned scratch)
{
    const struct value *val = &g->values[gen_rep(g, v)];

    if (val->reg >= 0) {
        return rm_reg((unsigned)val->reg);
    }
    if (val->home >= 0) {
        return gen_slot(g, (uint64_t)val->home);
    }
    gen_copy(g, scratch, v);
    return rm_reg(scratch);
}

static unsigned in_register(struct gen *g, ir_ref v, unsigned scratch)
{
    struct rm at = where(g, v, scratch);

    if (at.is_memory) {
        gen_copy(g, scratch, v);
        return scratch;
    }
    return at.base;
}

static void compare_or_add(struct gen *g, const struct ir_op *f)
{
    bool wide = gen_is_wide(f);
    struct rm b = rm_reg(RDX);
    unsigned a = RAX;
    uint64_t imm;

    if (gen_operand_b(g, f, &imm) && (uint64_t)(int64_t)(int32_t)imm == imm) {
        if (f->op == IR_SUBF) {
            emit_alu_imm(g->e, ALU_CMP, wide, where(g, f->a, RAX), (int32_t)imm);
        } else {
            gen_copy(g, RAX, f->a);
            emit_alu_imm(g->e, ALU_ADD, wide, rm_reg(RAX), (int32_t)imm);
        }
        return;
    }
    if (f->type & IR_IMM) {
        emit_mov_imm(g->e, RDX, f->imm);
    } else {
        b = where(g, f->b, RDX);
    }
    if (f->op == IR_SUBF) {
        a = in_register(g, f->a, RAX);
    } else {
        gen_copy(g, RAX, f->a);
    }
    emit_alu(g->e, f->op == IR_SUBF ? ALU_CMP : ALU_ADD, wide, a, b);
}

/* In the host's flags, by rax, rcx and rdx; false: they are packed, and no arithmetic's. */
static bool to_host(struct gen *g, ir_ref flags)
{
    const struct ir_op *f = maker(g, flags);

    if (f->op == IR_FUNPACK || !gen_flags_are_lazy(f)) {
        return false;
    }
    if (g->flags == flags) {
        return true;
    }
    if (f->op == IR_LOGICF) {
        unsigned a = in_register(g, f->a, RAX);
        emit_op(g->e, 0x85, gen_is_wide(f), a, rm_reg(a));
    } else {
        compare_or_add(g, f);
    }
    return true;
}

/* The register of packed flags; of unpacked ones, with other bits besides. */
static unsigned packed_reg(struct gen *g, ir_ref flags)
{
    const struct ir_op *f = maker(g, flags);

    return gen_reg(g, f->op == IR_FUNPACK ? f->a : flags);
}

static void pop_flags(struct gen *g, unsigned to, int32_t mask)
{
    emit_byte(g->e, 0x9c); /* pushfq */
    if (to >= R8) {
        emit_byte(g->e, 0x41);
    }
    emit_byte(g->e, 0x58 | (to & 7));
    emit_alu_imm(g->e, ALU_AND, false, rm_reg(to), mask);
}

static int32_t bits_of(const struct ir_op *f)
{
    return f->op == IR_LOGICF ? FLAGS_PZS : FLAGS_ALL;
}

void gen_pop_flags(struct gen *g, unsigned to, const struct ir_op *flags)
{
    pop_flags(g, to, bits_of(flags));
}

/* All six of the host's flags to a register, packed, and still there; uses rax and rdx. */
static void copy_flags(struct gen *g, unsigned to)
{
    struct emit *e = g->e;

    emit_byte(e, 0x9f);                                                  /* lahf: S Z 0 A 0 P 1 C */
    emit_op(e, OP_0F | OP_BYTE | 0x90u | COND_O, false, 0, rm_reg(RAX)); /* seto al */
    emit_byte(e, 0x0f);                                                  /* movzx edx, ah */
    emit_byte(e, 0xb6);
    emit_byte(e, 0xd4);
    emit_op(e, OP_0F | OP_BYTE | 0xb6, false, RAX, rm_reg(RAX));
    emit_vex(e, OP_F2 | OP_0F3A | 0xf0, false, RAX, 0, rm_reg(RAX)); /* rorx: to bit 11 */
    emit_byte(e, 21);
    emit_lea(e, to, rm_sib(RDX, RAX, 0, -2));
}

/* Flags of arithmetic, packed, `turned` with the opposite of C. Whether they are the host's still, as where
 * that has the means. */
static bool pack_arithmetic(struct gen *g, ir_ref flags, unsigned to, bool turned)
{
    const struct ir_op *f = maker(g, flags);

    if (!g->j->has_bits || f->op == IR_LOGICF) {
        gen_pop_flags(g, to, f);
        if (turned) {
            emit_alu_imm(g->e, ALU_XOR, false, rm_reg(to), IR_FLAG_C);
        }
        return false;
    }
    if (turned) {
        emit_byte(g->e, 0xf5); /* cmc */
    }
    copy_flags(g, to);
    if (turned) {
        emit_byte(g->e, 0xf5);
    }
    return true;
}

bool gen_flags_turn(const struct gen *g, uint32_t i)
{
    const struct ir_op *o = &g->block->ops[i], *flags;

    if (o->op != IR_XOR || !(o->type & IR_IMM) || o->imm != IR_FLAG_C || i == 0 || o->a != i - 1 ||
        o[-1].op != IR_FPACK) {
        return false;
    }
    flags = maker(g, o[-1].a);
    return flags->op == IR_ADDF || flags->op == IR_SUBF;
}

void gen_turned_flags(struct gen *g, const struct ir_op *o)
{
    ir_ref flags = maker(g, o->a)->a;
    unsigned dst;

    (void)to_host(g, flags);
    dst = gen_dest(g, IR_ABSENT);
    if (pack_arithmetic(g, flags, dst, true)) {
        gen_flags_are(g, flags);
    }
}

/* Into rdx. Whether they are the host's, too. */
static bool pack(struct gen *g, ir_ref flags)
{
    if (to_host(g, flags)) {
        return pack_arithmetic(g, flags, RDX, false);
    }
    emit_mov(g->e, false, RDX, rm_reg(packed_reg(g, flags)));
    emit_alu_imm(g->e, ALU_AND, false, rm_reg(RDX), FLAGS_ALL);
    return false;
}

/* ---- conditions ---- */

static void test_bits(struct gen *g, unsigned r, uint32_t bits)
{
    emit_op(g->e, 0xf7, false, 0, rm_reg(r));
    emit_32(g->e, bits);
}

/* eax = S if S and O differ */
static void sign_or_overflow(struct gen *g, unsigned r)
{
    emit_mov(g->e, false, RAX, rm_reg(r));
    emit_shift_imm(g->e, SHIFT_SHR, false, RAX, 4);
    emit_alu(g->e, ALU_XOR, false, RAX, rm_reg(r));
    emit_alu_imm(g->e, ALU_AND, false, rm_reg(RAX), IR_FLAG_S);
}

static enum cond packed_condition(struct gen *g, unsigned r, unsigned cc)
{
    static const uint16_t bits[] = {[CC_O >> 1] = IR_FLAG_O, [CC_B >> 1] = IR_FLAG_C,
                                    [CC_E >> 1] = IR_FLAG_Z, [CC_BE >> 1] = IR_FLAG_C | IR_FLAG_Z,
                                    [CC_S >> 1] = IR_FLAG_S, [CC_P >> 1] = IR_FLAG_P,
                                    [CC_L >> 1] = 0,         [CC_LE >> 1] = 0};

    if (bits[cc >> 1]) {
        test_bits(g, r, bits[cc >> 1]);
    } else {
        sign_or_overflow(g, r);
        if (cc >> 1 == CC_LE >> 1) {
            emit_mov(g->e, false, RCX, rm_reg(r));
            emit_alu_imm(g->e, ALU_AND, false, rm_reg(RCX), IR_FLAG_Z);
            emit_alu(g->e, ALU_OR, false, RAX, rm_reg(RCX));
        }
    }
    return cc & 1 ? COND_E : COND_NE;
}

enum cond gen_flags_condition(struct gen *g, const struct ir_op *o)
{
    if (to_host(g, o->a)) { /* the conditions are numbered alike */
        gen_flags_are(g, o->a);
        return (enum cond)o->attr;
    }
    return packed_condition(g, packed_reg(g, o->a), o->attr);
}

/* ---- carries ---- */

/* The host's C. No register is kept for it. */
static void load_carry(struct gen *g, ir_ref flags)
{
    if (!to_host(g, flags)) {
        emit_op(g->e, OP_0F | 0xba, false, 4, rm_reg(packed_reg(g, flags))); /* bt 0 */
        emit_byte(g->e, 0);
    }
    g->locked = 0;
}

static void with_carry(struct gen *g, const struct ir_op *o)
{
    enum alu op = o->op == IR_ADC || o->op == IR_ADCF ? ALU_ADC : ALU_SBB;
    bool wide = gen_is_wide(o);
    unsigned a, b;

    load_carry(g, o->c);
    a = gen_reg(g, o->a); /* moves keep the flags */
    b = gen_reg(g, o->b);
    emit_mov(g->e, wide, RAX, rm_reg(a));
    emit_alu(g->e, op, wide, RAX, rm_reg(b));
    if (o->op == IR_ADC || o->op == IR_SBB) {
        emit_mov(g->e, wide, gen_dest(g, IR_ABSENT), rm_reg(RAX));
    } else {
        pop_flags(g, gen_dest(g, IR_ABSENT), FLAGS_ALL);
    }
}

/* ---- shifts ---- */

/* The O of a shift whose other flags are in edx. */
static void add_overflow(struct gen *g, const struct ir_op *o, unsigned a)
{
    bool wide = gen_is_wide(o);

    if (o->op == IR_SARF) {
        return;
    }
    if (o->op == IR_SHLF) { /* S and C differ */
        emit_mov(g->e, false, RAX, rm_reg(RDX));
        emit_shift_imm(g->e, SHIFT_SHL, false, RAX, 7);
        emit_alu(g->e, ALU_XOR, false, RAX, rm_reg(RDX));
        emit_alu_imm(g->e, ALU_AND, false, rm_reg(RAX), IR_FLAG_S);
        emit_shift_imm(g->e, SHIFT_SHL, false, RAX, 4);
    } else { /* the old sign */
        emit_mov(g->e, wide, RAX, rm_reg(a));
        emit_shift_imm(g->e, SHIFT_SHR, wide, RAX, wide ? 63 : 31);
        emit_shift_imm(g->e, SHIFT_SHL, false, RAX, 11);
    }
    emit_alu(g->e, ALU_OR, false, RDX, rm_reg(RAX));
}

static void shift(struct gen *g, const struct ir_op *o)
{
    static const uint8_t kinds[] = {[IR_SHLF - IR_SHLF] = SHIFT_SHL,
                                    [IR_SHRF - IR_SHLF] = SHIFT_SHR,
                                    [IR_SARF - IR_SHLF] = SHIFT_SAR};
    enum shift kind = (enum shift)kinds[o->op - IR_SHLF];
    bool wide = gen_is_wide(o), constant;
    unsigned a;
    uint32_t none = 0;
    uint64_t n;

    constant = gen_is_const(g, o->b, &n);
    n &= wide ? 63 : 31;
    if (!constant || n == 0) {
        (void)pack(g, o->c);
        g->locked = 0;
    }
    if (!constant || n != 0) {
        a = gen_reg(g, o->a);
        if (constant) {
            emit_mov(g->e, true, RAX, rm_reg(a));
            emit_shift_imm(g->e, kind, wide, RAX, (unsigned)n);
        } else {
            gen_copy(g, RCX, o->b);
            emit_mov(g->e, true, RAX, rm_reg(a));
            emit_alu_imm(g->e, ALU_AND, false, rm_reg(RCX), wide ? 63 : 31);
            none = gen_short_jcc(g, COND_E);
            emit_shift_cl(g->e, kind, wide, RAX);
        }
        pop_flags(g, RDX, FLAGS_PZS | IR_FLAG_C);
        add_overflow(g, o, a);
        if (none) {
            gen_short_here(g, none);
        }
    }
    emit_mov(g->e, false, gen_dest(g, IR_ABSENT), rm_reg(RDX));
}

/* ---- the flags that arithmetic leaves ---- */

void gen_flags_are(struct gen *g, ir_ref flags)
{
    g->flags = flags;
    g->flags_kept = true;
}

static bool same_operands(const struct ir_op *o, const struct ir_op *f)
{
    return o->type == f->type && o->a == f->a && o->b == f->b &&
           (!(o->type & IR_IMM) || o->imm == f->imm);
}

/* Nobody else's flags are as far away as this, operations. */
#define TWIN_REACH 6

ir_ref gen_flags_twin(const struct gen *g, const struct ir_op *o)
{
    const struct ir_op *ops = g->block->ops;
    uint32_t first = g->i > TWIN_REACH ? g->i - TWIN_REACH : 0;

    for (uint32_t k = first; g->has_flags && k < g->block->op_count && k <= g->i + TWIN_REACH;
         k++) {
        const struct ir_op *f = &ops[k];
        bool is_twin = f->op == IR_LOGICF ? f->a == g->i && (o->type & IR_TYPE_MASK) == f->type
                                          : same_operands(o, f);
        bool fits = (f->op == IR_ADDF && o->op == IR_ADD) ||
                    (f->op == IR_SUBF && o->op == IR_SUB) ||
                    (f->op == IR_LOGICF && o->op >= IR_AND && o->op <= IR_XOR);
        if (fits && is_twin && g->values[k].last_use > g->i) {
            return (ir_ref)k;
        }
    }
    return IR_ABSENT;
}

bool gen_flags_survive(const struct ir_op *o)
{
    switch (o->op) {
    case IR_CONST:
    case IR_GET:
    case IR_PUT:
    case IR_ZEXT:
    case IR_SEXT:
    case IR_TRUNC: return true;
    default: return gen_flags_are_lazy(o);
    }
}

bool gen_flags(struct gen *g, const struct ir_op *o)
{
    enum cond c;
    unsigned dst;
    bool kept;

    switch (o->op) {
    case IR_ADDF:
    case IR_SUBF:
    case IR_LOGICF:
    case IR_FUNPACK: return true;
    case IR_ADC:
    case IR_SBB:
    case IR_ADCF:
    case IR_SBBF: with_carry(g, o); return true;
    case IR_SHLF:
    case IR_SHRF:
    case IR_SARF: shift(g, o); return true;
    case IR_FCOND:
        c = gen_flags_condition(g, o);
        dst = gen_dest(g, IR_ABSENT);
        emit_op(g->e, OP_0F | OP_BYTE | 0x90u | c, false, 0, rm_reg(RAX));
        emit_op(g->e, OP_0F | OP_BYTE | 0xb6, false, dst, rm_reg(RAX));
        return true;
    case IR_FPACK:
        if (gen_rep(g, (ir_ref)g->i) != g->i) {
            return true; /* it is packed */
        }
        kept = pack(g, o->a);
        emit_mov(g->e, false, gen_dest(g, IR_ABSENT), rm_reg(RDX));
        if (kept) {
            gen_flags_are(g, o->a);
        }
        return true;
    default: return false;
    }
}
