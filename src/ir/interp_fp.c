/* SPDX-License-Identifier: GPL-2.0-or-later
 * interp_fp: the interpreter's floating point, all of it base/softfloat.h's.
 */
#include "ir/interp.h"

#include "base/softfloat.h"

static struct fp_env environment(uint8_t attr)
{
    return (struct fp_env){
        .rounding = attr & 7,
        .nan_rule = attr >> 3 & 3,
        .tiny_before = (attr & IR_FP_TINY_BEFORE) != 0,
        .flush_inputs = (attr & IR_FP_FLUSH_INPUTS) != 0,
        .flush_output = (attr & IR_FP_FLUSH_OUTPUT) != 0,
    };
}

/* Denormal operands count as x86 does it: always; on Arm where they are flushed; RISC-V has no flag
 * for them, and flushes none. */
static uint8_t sticky(const struct fp_env *e)
{
    bool denormals = e->nan_rule == FP_NAN_X86 || e->flush_inputs;

    return denormals ? e->flags : e->flags & (FP_ID - 1);
}

/* The function of the type that the operation has. */
#define F32(value) ((f32)(value))

#define ONE(name)  (f32_type ? f32_##name(F32(a), e) : f64_##name(a, e))
#define TWO(name)  (f32_type ? f32_##name(F32(a), F32(b), e) : f64_##name(a, b, e))
#define FACT(name) (f32_type ? f32_##name(F32(a), F32(b), e) : f64_##name(a, b, e))

static uint64_t least(unsigned rule, bool f32_type, uint64_t a, uint64_t b, struct fp_env *e)
{
    switch ((enum ir_fminmax)rule) {
    case FMINMAX_NUMBER: return TWO(min);
    case FMINMAX_X86: return TWO(min_x86);
    case FMINMAX_ARM: return TWO(min_arm);
    case FMINMAX_ARM_NUMBER: return TWO(min_num_arm);
    }
    must(false);
    return 0;
}

static uint64_t greatest(unsigned rule, bool f32_type, uint64_t a, uint64_t b, struct fp_env *e)
{
    switch ((enum ir_fminmax)rule) {
    case FMINMAX_NUMBER: return TWO(max);
    case FMINMAX_X86: return TWO(max_x86);
    case FMINMAX_ARM: return TWO(max_arm);
    case FMINMAX_ARM_NUMBER: return TWO(max_num_arm);
    }
    must(false);
    return 0;
}

static bool compare(unsigned kind, bool f32_type, uint64_t a, uint64_t b, struct fp_env *e)
{
    switch ((enum ir_fcmp)kind) {
    case FCMP_EQ: return FACT(eq);
    case FCMP_LT: return FACT(lt);
    case FCMP_LE: return FACT(le);
    case FCMP_EQ_SIGNALING: return FACT(eq_signaling);
    case FCMP_LT_QUIET: return FACT(lt_quiet);
    case FCMP_LE_QUIET: return FACT(le_quiet);
    case FCMP_UNORDERED:
        return (f32_type ? f32_compare(F32(a), F32(b), false, e) : f64_compare(a, b, false, e)) ==
               FP_UNORDERED;
    }
    must(false);
    return false;
}

/* ---- conversions; x is IR_CVT ---- */

static uint64_t from_integer(const struct ir_op *o, uint64_t a, struct fp_env *e)
{
    bool wide = (o->x & 0xf) == IR_I64, is_signed = o->x >> 4 & 1;

    if ((o->type & IR_TYPE_MASK) == IR_F32) {
        if (wide) {
            return is_signed ? i64_to_f32((int64_t)a, e) : u64_to_f32(a, e);
        }
        return is_signed ? i32_to_f32((int32_t)a, e) : u32_to_f32((uint32_t)a, e);
    }
    if (wide) {
        return is_signed ? i64_to_f64((int64_t)a, e) : u64_to_f64(a, e);
    }
    return is_signed ? i32_to_f64((int32_t)a, e) : u32_to_f64((uint32_t)a, e);
}

static uint64_t to_integer(const struct ir_op *o, uint64_t a, struct fp_env *e)
{
    bool f32_type = (o->x & 0xf) == IR_F32, is_signed = o->x >> 4 & 1;
    enum fp_int_rule rule = (enum fp_int_rule)(o->x >> 5 & 3);

    if ((o->type & IR_TYPE_MASK) == IR_I32) {
        if (is_signed) {
            return (uint32_t)(f32_type ? f32_to_i32(F32(a), rule, e) : f64_to_i32(a, rule, e));
        }
        return f32_type ? f32_to_u32(F32(a), rule, e) : f64_to_u32(a, rule, e);
    }
    if (is_signed) {
        return (uint64_t)(f32_type ? f32_to_i64(F32(a), rule, e) : f64_to_i64(a, rule, e));
    }
    return f32_type ? f32_to_u64(F32(a), rule, e) : f64_to_u64(a, rule, e);
}

static uint64_t result_of(const struct ir_op *o, const union ir_value *v, struct fp_env *e)
{
    bool f32_type = (o->type & IR_TYPE_MASK) == IR_F32;
    uint64_t a = v[o->a].u, b = o->b != IR_ABSENT ? v[o->b].u : 0;

    switch (o->op) {
    case IR_FADD: return TWO(add);
    case IR_FSUB: return TWO(sub);
    case IR_FMUL: return TWO(mul);
    case IR_FDIV: return TWO(div);
    case IR_FSQRT: return ONE(sqrt);
    case IR_FMA:
        return f32_type ? f32_fma(F32(a), F32(b), F32(v[o->c].u), e) : f64_fma(a, b, v[o->c].u, e);
    case IR_FMIN: return least(o->x, f32_type, a, b, e);
    case IR_FMAX: return greatest(o->x, f32_type, a, b, e);
    case IR_FCMP: return compare(o->x, f32_type, a, b, e);
    case IR_FROUND:
        return f32_type ? f32_round_to_int(F32(a), o->x, e) : f64_round_to_int(a, o->x, e);
    case IR_FCVT_FF: return f32_type ? f64_to_f32(a, e) : f32_to_f64(F32(a), e);
    case IR_FCVT_IF: return from_integer(o, a, e);
    case IR_FCVT_FI: return to_integer(o, a, e);
    default: must(false); return 0;
    }
}

void ir_interp_fp(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                  union ir_value *result)
{
    struct fp_env e = environment(o->attr);

    result->u = result_of(o, v, &e);
    cpu->hart->fp_flags |= sticky(&e);
}

uint64_t ir_fp_value(struct cpu *cpu, const struct ir_op *o, uint64_t a, uint64_t b, uint64_t c)
{
    struct ir_op op = *o;
    union ir_value v[3] = {{.u = a}, {.u = b}, {.u = c}}, result;

    op.a = 0;
    op.b = 1;
    if (o->op == IR_FMA) {
        op.c = 2;
    }
    ir_interp_fp(cpu, &op, v, &result);
    return result.u;
}

/* ---- by lanes; x is IR_VF, or nothing for changes of width ---- */

/* The scalar operation, and what its x is, of the vector's. */
static enum ir_opcode scalar_op(const struct ir_op *o)
{
    static const uint8_t scalar[] = {
        [IR_VFADD - IR_VFADD] = IR_FADD,       [IR_VFSUB - IR_VFADD] = IR_FSUB,
        [IR_VFMUL - IR_VFADD] = IR_FMUL,       [IR_VFDIV - IR_VFADD] = IR_FDIV,
        [IR_VFSQRT - IR_VFADD] = IR_FSQRT,     [IR_VFMA - IR_VFADD] = IR_FMA,
        [IR_VFMIN - IR_VFADD] = IR_FMIN,       [IR_VFMAX - IR_VFADD] = IR_FMAX,
        [IR_VFCMP - IR_VFADD] = IR_FCMP,       [IR_VFROUND - IR_VFADD] = IR_FROUND,
        [IR_VFCVT_IF - IR_VFADD] = IR_FCVT_IF, [IR_VFCVT_FI - IR_VFADD] = IR_FCVT_FI,
        [IR_VFWIDEN - IR_VFADD] = IR_FCVT_FF,  [IR_VFNARROW - IR_VFADD] = IR_FCVT_FF};

    return (enum ir_opcode)scalar[o->op - IR_VFADD];
}

static struct ir_op scalar_of(const struct ir_op *o)
{
    bool wide = o->op == IR_VFWIDEN || (o->op != IR_VFNARROW && IR_VF_LANE(o->x) == 3);
    unsigned number = IR_VF_NUMBER(o->x);
    struct ir_op s = {.op = (uint8_t)scalar_op(o),
                      .type = wide ? IR_F64 : IR_F32,
                      .attr = o->attr,
                      .a = 0,
                      .b = o->b != IR_ABSENT ? 1 : IR_ABSENT,
                      .c = 2,
                      .x = number};

    if (o->op == IR_VFCVT_IF) {
        s.x = IR_CVT(wide ? IR_I64 : IR_I32, number & 1, 0);
    } else if (o->op == IR_VFCVT_FI) {
        s.type = wide ? IR_I64 : IR_I32;
        s.x = IR_CVT(wide ? IR_F64 : IR_F32, number & 1, number >> 1);
    }
    return s;
}

void ir_interp_vec_fp(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                      union ir_value *result)
{
    const struct ir_op s = scalar_of(o);
    bool changes = o->op == IR_VFWIDEN || o->op == IR_VFNARROW;
    unsigned from = changes ? (o->op == IR_VFWIDEN ? 2 : 3) : IR_VF_LANE(o->x);
    unsigned to = changes ? from ^ 1 : from, count = changes ? 2 : 16u >> from;
    ir_ref refs[3] = {o->a, o->b, ir_op_info[o->op].c != K_NONE ? o->c : IR_ABSENT};
    struct fp_env e = environment(o->attr);
    union ir_value out = {.d = {0, 0}};

    for (unsigned i = 0; i < count; i++) {
        union ir_value in[3] = {{.u = 0}, {.u = 0}, {.u = 0}};
        uint64_t r;

        for (unsigned n = 0; n < 3; n++) {
            if (refs[n] != IR_ABSENT) {
                in[n].u = from == 3 ? v[refs[n]].d[i] : v[refs[n]].s[i];
            }
        }
        r = result_of(&s, in, &e);
        r = o->op == IR_VFCMP && r != 0 ? UINT64_MAX : r;
        if (to == 3) {
            out.d[i] = r;
        } else {
            out.s[i] = (uint32_t)r;
        }
    }
    *result = out;
    cpu->hart->fp_flags |= sticky(&e);
}
