/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_simd_mem: loads and stores of V registers: one, pairs, and structures of up to four (LD1 to LD4).
 * After the Arm Architecture Reference Manual for A-profile, C7.2. All loads of an instruction are done
 * before any register changes; its stores may be begun again.
 */
#include "isa/arm64/simd.h"

/* How registers of a size are moved: doubles and singles as numbers, since that is what they are for. */
static enum ir_type type_of(unsigned log2)
{
    return log2 == 4 ? IR_V128 : log2 == 3 ? IR_F64 : log2 == 2 ? IR_F32 : IR_I64;
}

static void put(struct lift *l, unsigned log2, unsigned r, ir_ref v)
{
    if (log2 == 4) {
        v_put(l, r, v);
    } else {
        v_put_scalar(l, type_of(log2), r, v);
    }
}

static ir_ref get(struct lift *l, unsigned log2, unsigned r)
{
    return ir_get(l->b, type_of(log2), v_slot(r));
}

static ir_ref load(struct lift *l, unsigned log2, ir_ref base, int64_t disp)
{
    arm64_lift_watch(l, base, disp, 1u << log2, false);
    return ir_ld(l->b, type_of(log2), base, disp, arm64_mem(l, log2));
}

static void store(struct lift *l, unsigned log2, ir_ref base, int64_t disp, unsigned r)
{
    arm64_lift_watch(l, base, disp, 1u << log2, true);
    ir_st(l->b, type_of(log2), base, disp, get(l, log2, r), arm64_mem(l, log2));
}

/* ---- one register, a pair ---- */

static int64_t displacement(const struct arm64_insn *i)
{
    return (i->info->argument & V_AT_MASK) == V_AT_POST ? 0 : i->imm;
}

static void write_back(struct lift *l, const struct arm64_insn *i, ir_ref base)
{
    if ((i->info->argument & V_AT_MASK) != V_AT_OFFSET) {
        sp_put_sum(l, i->rn, base, (uint64_t)i->imm);
    }
}

void arm64_lift_v_load_literal(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = i->info->argument;

    if (arm64_lift_fp_on(l)) {
        put(l, log2, i->rd, load(l, log2, ir_const(l->b, IR_I64, l->pc + (uint64_t)i->imm), 0));
    }
}

void arm64_lift_v_load(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument);
    ir_ref base, v;

    if (arm64_lift_fp_on(l)) {
        base = arm64_lift_base(l, i->rn);
        v = load(l, log2, base, displacement(i));
        put(l, log2, i->rd, v);
        write_back(l, i, base);
    }
}

void arm64_lift_v_store(struct lift *l, const struct arm64_insn *i)
{
    ir_ref base;

    if (arm64_lift_fp_on(l)) {
        base = arm64_lift_base(l, i->rn);
        store(l, V_SIZE_OF(i->info->argument), base, displacement(i), i->rd);
        write_back(l, i, base);
    }
}

static ir_ref indexed(struct lift *l, const struct arm64_insn *i, unsigned log2)
{
    ir_ref base = arm64_lift_base(l, i->rn), index;

    if (i->option & 1) {
        index = x_get64(l, i->rm);
    } else {
        index = ir_un(l->b, i->option & 4 ? IR_SEXT : IR_ZEXT, IR_I64, x_get32(l, i->rm));
    }
    if (i->s) {
        index = ir_bini(l->b, IR_SHL, IR_I64, index, log2);
    }
    return ir_bin(l->b, IR_ADD, IR_I64, base, index);
}

void arm64_lift_v_load_index(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument);

    if (arm64_lift_fp_on(l)) {
        put(l, log2, i->rd, load(l, log2, indexed(l, i, log2), 0));
    }
}

void arm64_lift_v_store_index(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument);

    if (arm64_lift_fp_on(l)) {
        store(l, log2, indexed(l, i, log2), 0, i->rd);
    }
}

void arm64_lift_v_load_pair(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument);
    ir_ref base, first, second;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = true;
    base = arm64_lift_base(l, i->rn);
    first = load(l, log2, base, displacement(i));
    second = load(l, log2, base, displacement(i) + (1 << log2));
    put(l, log2, i->rd, first);
    put(l, log2, i->ra, second);
    write_back(l, i, base);
}

void arm64_lift_v_store_pair(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument);
    ir_ref base;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = true;
    base = arm64_lift_base(l, i->rn);
    store(l, log2, base, displacement(i), i->rd);
    store(l, log2, base, displacement(i) + (1 << log2), i->ra);
    write_back(l, i, base);
}

/* ---- structures ---- */

/* The base goes on by a register, or by what was moved. */
static void post_index(struct lift *l, const struct arm64_insn *i, ir_ref base, unsigned bytes)
{
    if (i->info->argument & V_POST) {
        sp_put64(l, i->rn,
                 i->rm == 31 ? ir_bini(l->b, IR_ADD, IR_I64, base, bytes)
                             : ir_bin(l->b, IR_ADD, IR_I64, base, x_get64(l, i->rm)));
    }
}

/* Several registers and memory between them: `structure` registers take turns, element by element. */
struct structures {
    unsigned log2, structure, count; /* of registers in all */
    unsigned bytes;                  /* of a register: 8 or 16 */
    bool big;
};

static struct structures structures_of(const struct lift *l, const struct arm64_insn *i)
{
    return (struct structures){.log2 = i->bits >> 10 & 3,
                               .structure = V_STRUCTURE(i->info->argument),
                               .count = V_COUNT(i->info->argument),
                               .bytes = simd_q(i->bits) ? 16 : 8,
                               .big = (l->mode & MODE_BIG) != 0};
}

/* Where byte `at` of register r lies in memory. */
static unsigned place(const struct structures *s, unsigned r, unsigned at)
{
    unsigned element = at >> s->log2, size = 1u << s->log2, byte = at & (size - 1);

    byte = s->big ? size - 1 - byte : byte;
    if (s->structure == 1) {
        return r * s->bytes + element * size + byte;
    }
    return (element * s->structure + r) * size + byte;
}

/* Memory in pieces of 16 bytes, of which the last may have 8 (as the low half). Structures are aligned
 * where their elements are. */
static uint32_t piece_attr(const struct lift *l, const struct structures *s, unsigned log2)
{
    uint32_t attr = arm64_mem(l, log2) & ~(uint32_t)(MEM_BIG | MEM_ALIGN(7));

    return l->mode & MODE_ALIGN ? attr | MEM_ALIGN(s->log2) : attr;
}

static ir_ref load_piece(struct lift *l, const struct structures *s, ir_ref base, unsigned at,
                         unsigned bytes)
{
    if (bytes >= 16) {
        return ir_ld(l->b, IR_V128, base, at, piece_attr(l, s, 4));
    }
    return v_2(l, IR_VCONST, 0, ir_ld(l->b, IR_I64, base, at, piece_attr(l, s, 3)),
               ir_const(l->b, IR_I64, 0));
}

void arm64_lift_v_load_multiple(struct lift *l, const struct arm64_insn *i)
{
    struct structures s = structures_of(l, i);
    unsigned total = s.count * s.bytes;
    ir_ref base, pieces[4], values[4];

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = total > 16;
    base = arm64_lift_base(l, i->rn);
    arm64_lift_watch(l, base, 0, total, false);
    for (unsigned k = 0; 16 * k < total; k++) {
        pieces[k] = load_piece(l, &s, base, 16 * k, total - 16 * k);
    }
    for (unsigned r = 0; r < s.count; r++) {
        uint8_t of[16];

        for (unsigned b = 0; b < 16; b++) {
            of[b] = b < s.bytes ? (uint8_t)place(&s, r, b) : 0xff;
        }
        values[r] = v_assembled(l, pieces, (total + 15) / 16, of);
    }
    for (unsigned r = 0; r < s.count; r++) {
        v_put(l, (i->rd + r) & 31, values[r]);
    }
    post_index(l, i, base, total);
}

void arm64_lift_v_store_multiple(struct lift *l, const struct arm64_insn *i)
{
    struct structures s = structures_of(l, i);
    unsigned total = s.count * s.bytes;
    ir_ref base, from[4];
    uint8_t of[64];

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = total > 16;
    base = arm64_lift_base(l, i->rn);
    arm64_lift_watch(l, base, 0, total, true);
    memset(of, 0xff, sizeof of);
    for (unsigned r = 0; r < s.count; r++) {
        from[r] = v_get(l, (i->rd + r) & 31);
        for (unsigned b = 0; b < s.bytes; b++) {
            of[place(&s, r, b)] = (uint8_t)(16 * r + b);
        }
    }
    for (unsigned at = 0; at < total; at += 16) {
        ir_ref v = v_assembled(l, from, s.count, of + at);

        if (total - at >= 16) {
            ir_st(l->b, IR_V128, base, at, v, piece_attr(l, &s, 4));
        } else {
            ir_st(l->b, IR_I64, base, at, v_lane(l, 3, v, 0), piece_attr(l, &s, 3));
        }
    }
    post_index(l, i, base, total);
}

/* ---- one lane of each register ---- */

/* Q:S:size says the lane, from the bit that the size leaves over. */
static unsigned lane_index(const struct arm64_insn *i, unsigned log2)
{
    unsigned size = i->bits >> 10 & 3, s = i->bits >> 12 & 1, q = simd_q(i->bits);

    return (q << 3 | s << 2 | size) >> log2;
}

void arm64_lift_v_load_single(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument), count = V_STRUCTURE(i->info->argument);
    ir_ref base, values[4];

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = count > 1;
    base = arm64_lift_base(l, i->rn);
    arm64_lift_watch(l, base, 0, count << log2, false);
    for (unsigned r = 0; r < count; r++) {
        values[r] = ir_ld(l->b, IR_I64, base, r << log2, arm64_mem(l, log2));
    }
    for (unsigned r = 0; r < count; r++) {
        unsigned d = (i->rd + r) & 31;
        v_put(l, d, v_with_lane(l, log2, v_get(l, d), lane_index(i, log2), values[r]));
    }
    post_index(l, i, base, count << log2);
}

void arm64_lift_v_store_single(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = V_SIZE_OF(i->info->argument), count = V_STRUCTURE(i->info->argument);
    ir_ref base;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = count > 1;
    base = arm64_lift_base(l, i->rn);
    arm64_lift_watch(l, base, 0, count << log2, true);
    for (unsigned r = 0; r < count; r++) {
        ir_ref lane = v_lane(l, log2, v_get(l, (i->rd + r) & 31), lane_index(i, log2));
        ir_st(l->b, IR_I64, base, r << log2, lane, arm64_mem(l, log2));
    }
    post_index(l, i, base, count << log2);
}

void arm64_lift_v_load_replicate(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = i->bits >> 10 & 3, count = V_STRUCTURE(i->info->argument);
    ir_ref base, values[4];

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    l->several = count > 1;
    base = arm64_lift_base(l, i->rn);
    arm64_lift_watch(l, base, 0, count << log2, false);
    for (unsigned r = 0; r < count; r++) {
        values[r] = ir_ld(l->b, IR_I64, base, r << log2, arm64_mem(l, log2));
    }
    for (unsigned r = 0; r < count; r++) {
        v_put_q(l, (i->rd + r) & 31, simd_q(i->bits), v_1(l, IR_VDUP, log2, values[r]));
    }
    post_index(l, i, base, count << log2);
}
