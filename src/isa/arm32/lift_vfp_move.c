/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_vfp_move: registers of floating point to and from general registers and memory, and its system
 * registers. After DDI 0406C, A7.6, A7.8 and A7.9.
 */
#include "isa/arm32/vfp.h"

static bool goes_to(const struct arm_insn *i)
{
    return (i->info->argument & VFP_TO) != 0;
}

static bool is_double(const struct arm_insn *i)
{
    return (i->info->argument & VFP_D) != 0;
}

/* ---- general registers ---- */

void arm_lift_vfp_core(struct lift *l, const struct arm_insn *i)
{
    if (!arm_lift_vfp_on(l)) {
        return;
    }
    if (goes_to(i)) {
        r_put(l, i->rd, ir_get(l->b, IR_I32, s_slot(i->rn)));
    } else {
        ir_put(l->b, IR_I32, s_slot(i->rn), r_get(l, i->rd));
    }
}

void arm_lift_vfp_core_pair(struct lift *l, const struct arm_insn *i)
{
    uint32_t slot = is_double(i) ? d_slot(i->rm) : s_slot(i->rm);

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    if (!is_double(i) && i->rm == 31) { /* unpredictable: there is no S32 */
        arm_lift_undefined(l);
    } else if (goes_to(i)) {
        r_put(l, i->rd, ir_get(l->b, IR_I32, slot));
        r_put(l, i->rn, ir_get(l->b, IR_I32, slot + 4));
    } else {
        ir_put(l->b, IR_I32, slot, r_get(l, i->rd));
        ir_put(l->b, IR_I32, slot + 4, r_get(l, i->rn));
    }
}

/* Lanes of words are floating point's, smaller ones Advanced SIMD's. imm is opc1<0>:opc2. */
void arm_lift_vfp_element(struct lift *l, const struct arm_insn *i)
{
    unsigned log2 = i->info->argument & 3, bits = 8u << log2;
    unsigned at = ((unsigned)i->imm >> log2) * bits;
    ir_ref d, v;

    if (log2 < 2 && !(l->mode & MODE_NEON)) {
        arm_lift_fp_off(l);
        return;
    }
    if (!arm_lift_vfp_on(l)) {
        return;
    }
    d = ir_get(l->b, IR_I64, d_slot(i->rn));
    if (!goes_to(i)) {
        v = ir_deposit(l->b, IR_I64, d, r_get64(l, i->rd), at, bits);
        ir_put(l->b, IR_I64, d_slot(i->rn), v);
        return;
    }
    v = ir_bini(l->b, IR_SHL, IR_I64, d, 64 - bits - at);
    v = ir_bini(l->b, i->u || log2 == 2 ? IR_SHR : IR_SAR, IR_I64, v, 64 - bits);
    r_put_low(l, i->rd, v);
}

/* b is B:E: 0 words, 1 halfwords, 2 bytes; a is Q. */
void arm_lift_vfp_dup(struct lift *l, const struct arm_insn *i)
{
    static const uint64_t ones[3] = {UINT64_C(0x0000000100000001), UINT64_C(0x0001000100010001),
                                     UINT64_C(0x0101010101010101)};
    ir_ref v;

    if (i->b == 3 || (i->a && i->rn & 1)) {
        arm_lift_undefined(l);
        return;
    }
    if (!(l->mode & MODE_NEON)) {
        arm_lift_fp_off(l);
        return;
    }
    v = ir_bini(l->b, IR_AND, IR_I64, r_get64(l, i->rd), simd_mask(32u >> i->b));
    v = ir_bini(l->b, IR_MUL, IR_I64, v, ones[i->b]);
    for (unsigned n = 0; n <= i->a; n++) {
        ir_put(l->b, IR_I64, d_slot(i->rn + n), v);
    }
}

/* ---- system registers ---- */

enum { FPSID = 0, FPSCR = 1, MVFR1 = 6, MVFR0 = 7, FPEXC = 8 };

/* Of those but FPSCR only privileged code sees anything, and does even while floating point is off. */
static bool may_access(struct lift *l, unsigned r)
{
    bool may = r == FPSCR ? (l->mode & MODE_VFP) != 0
                          : (l->mode & MODE_CP10) && (l->mode & MODE_PRIVILEGED) &&
                                (r == FPSID || r == MVFR1 || r == MVFR0 || r == FPEXC);

    if (!may && r == FPSCR) {
        arm_lift_fp_off(l);
    } else if (!may) {
        arm_lift_undefined(l);
    }
    return may;
}

void arm_lift_vfp_vmrs(struct lift *l, const struct arm_insn *i)
{
    const struct arm_model *m = l->model;
    ir_ref v;

    if (i->rd == 15 && i->rn != FPSCR) {
        arm_lift_undefined(l);
        return;
    }
    if (!may_access(l, i->rn)) {
        return;
    }
    if (i->rd == 15) { /* flags to flags */
        v = ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, ARM_SLOT(fpsr)));
        ir_ref word = ir_bini(l->b, IR_AND, IR_I64, ir_bini(l->b, IR_SHR, IR_I64, v, 24),
                              IR_FLAG_S | IR_FLAG_Z);
        _Static_assert(IR_FLAG_S == 1 << 7 && IR_FLAG_Z == 1 << 6 && IR_FLAG_O == 1 << 11,
                       "places");
        word =
            ir_bin(l->b, IR_OR, IR_I64, word,
                   ir_bini(l->b, IR_AND, IR_I64, ir_bini(l->b, IR_SHR, IR_I64, v, 29), IR_FLAG_C));
        word =
            ir_bin(l->b, IR_OR, IR_I64, word,
                   ir_bini(l->b, IR_AND, IR_I64, ir_bini(l->b, IR_SHR, IR_I64, v, 17), IR_FLAG_O));
        arm_put_flags(l, word);
        return;
    }
    switch (i->rn) {
    case FPSCR:
        v = ir_un(l->b, IR_TRUNC, IR_I32,
                  ir_call(l->b, HELP_FPSCR_READ, IR_ABSENT, IR_ABSENT, IR_ABSENT));
        break;
    case FPEXC: v = ir_get(l->b, IR_I32, ARM_SLOT(fpexc)); break;
    default: v = c32(l, i->rn == FPSID ? m->fpsid : i->rn == MVFR0 ? m->mvfr0 : m->mvfr1); break;
    }
    r_put(l, i->rd, v);
}

void arm_lift_vfp_vmsr(struct lift *l, const struct arm_insn *i)
{
    if (!may_access(l, i->rn)) {
        return;
    }
    if (i->rn == FPSCR) {
        ir_call(l->b, HELP_FPSCR_WRITE, r_get64(l, i->rd), IR_ABSENT, IR_ABSENT);
        arm_lift_leave(l, IR_EXIT_LOOK);
    } else if (i->rn == FPEXC) {
        ir_put(l->b, IR_I32, ARM_SLOT(fpexc),
               ir_bini(l->b, IR_AND, IR_I32, r_get(l, i->rd), FPEXC_EN));
        arm_lift_leave(l, IR_EXIT_LOOK);
    }
}

/* ---- memory: words and doublewords are aligned to words, always ---- */

static uint32_t memory_of(const struct lift *l, const struct arm_insn *i)
{
    return (is_double(i) ? 3u : 2u) | (l->mode & MODE_BIG ? MEM_BIG : 0) | MEM_ALIGN(2);
}

void arm_lift_vfp_ls(struct lift *l, const struct arm_insn *i)
{
    uint32_t mem = memory_of(l, i);
    enum ir_type t = is_double(i) ? IR_I64 : IR_I32;
    uint32_t slot = is_double(i) ? d_slot(i->rd) : s_slot(i->rd);
    int64_t at = 4 * i->imm * (i->u ? 1 : -1);
    ir_ref base;

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    if (i->rn == 15 && is_thumb(l) && !goes_to(i)) { /* unpredictable */
        arm_lift_undefined(l);
        return;
    }
    base = i->rn == 15 ? c32(l, pc_read(l) & ~3u) : r_get(l, i->rn);
    if (goes_to(i)) {
        ir_put(l->b, t, slot, arm_ld(l, t, base, at, mem));
    } else {
        arm_st(l, t, base, at, ir_get(l->b, t, slot), mem);
    }
}

/* An odd number of words of doublewords is the old FLDMX and FSTMX: the last word is left out. */
void arm_lift_vfp_several(struct lift *l, const struct arm_insn *i)
{
    unsigned words = (unsigned)i->imm, count = is_double(i) ? words / 2 : words;
    enum ir_type t = is_double(i) ? IR_I64 : IR_I32;
    uint32_t mem = memory_of(l, i);
    uint32_t slot = is_double(i) ? d_slot(i->rd) : s_slot(i->rd), step = is_double(i) ? 8 : 4;
    ir_ref base, after, first, loaded[32];

    if (count == 0 || i->rd + count > 32 || (is_double(i) && count > 16) ||
        (i->rn == 15 && (i->w || is_thumb(l)))) { /* all of it unpredictable */
        arm_lift_undefined(l);
        return;
    }
    if (!arm_lift_vfp_on(l)) {
        return;
    }
    base = r_get(l, i->rn);
    after = ir_bini(l->b, i->u ? IR_ADD : IR_SUB, IR_I32, base, 4 * words);
    first = i->u ? base : after;
    l->several |= count > 1;
    for (unsigned n = 0; n < count; n++) {
        if (goes_to(i)) {
            loaded[n] = arm_ld(l, t, first, n * step, mem);
        } else {
            arm_st(l, t, first, n * step, ir_get(l->b, t, slot + n * step), mem);
        }
    }
    if (i->w) {
        r_put(l, i->rn, after);
    }
    for (unsigned n = 0; goes_to(i) && n < count; n++) {
        ir_put(l->b, t, slot + n * step, loaded[n]);
    }
}
