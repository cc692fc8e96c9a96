/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_neon_mem: loads and stores of elements and structures, after DDI 0406C, A7.7. Registers change when
 * all of memory has been read.
 */
#include "isa/arm32/neon.h"

static bool loads(const struct arm_insn *i)
{
    return i->u;
}

/* Rm says how the base goes on: not at all, by what was moved, or by itself. */
static void write_back(struct lift *l, const struct arm_insn *i, ir_ref base, unsigned bytes)
{
    if (i->rm == 13) {
        r_put(l, i->rn, ir_bini(l->b, IR_ADD, IR_I32, base, bytes));
    } else if (i->rm != 15) {
        r_put(l, i->rn, ir_bin(l->b, IR_ADD, IR_I32, base, r_get(l, i->rm)));
    }
}

/* An access of 2^log2 bytes: of those to elements of 2^element, which have to be aligned to 2^align bytes
 * because the instruction says so, or (0) as the mode does. */
static uint32_t access_of(const struct lift *l, unsigned log2, unsigned element, unsigned align)
{
    if (align == 0 && (l->mode & MODE_ALIGN)) {
        align = element;
    }
    return log2 | MEM_ALIGN(align);
}

/* False: an exception was emitted. Numbers of registers that do not exist are unpredictable. */
static bool is_possible(struct lift *l, const struct arm_insn *i, unsigned last)
{
    return arm_lift_neon_on(l, i->rn == 15 || last > 31);
}

/* ---- all elements ---- */

struct structures {
    unsigned log2, structure, count, apart, align;
    bool big;
};

/* Of a vector, of which there are `structure`, there may be several registers one behind the other. */
static unsigned per_vector(const struct structures *s)
{
    return s->count / s->structure;
}

static unsigned register_of(const struct structures *s, const struct arm_insn *i, unsigned k)
{
    return i->rd + (per_vector(s) > 1 ? k : k * s->apart);
}

/* Where byte `at` of the register k lies in memory. */
static unsigned place(const struct structures *s, unsigned k, unsigned at)
{
    unsigned size = 1u << s->log2, vector = k / per_vector(s), byte = at & (size - 1);
    unsigned element = ((k % per_vector(s)) * 8 + at) >> s->log2;

    byte = s->big ? size - 1 - byte : byte;
    return (element * s->structure + vector) * size + byte;
}

/* Memory is read and written in pieces of 16 bytes, the last of which may have 8; the first shows whether
 * it is aligned as the instruction says. */
static uint32_t piece(const struct lift *l, const struct structures *s, unsigned at, unsigned log2)
{
    uint32_t mem = access_of(l, log2, s->log2, s->align);

    return at != 0 && s->align != 0 ? log2 : mem;
}

static ir_ref load_piece(struct lift *l, const struct structures *s, ir_ref base, unsigned at)
{
    if (s->count * 8 - at >= 16) {
        return arm_ld(l, IR_V128, base, at, piece(l, s, at, 4));
    }
    return v_2(l, IR_VCONST, 0, arm_ld(l, IR_I64, base, at, piece(l, s, at, 3)),
               ir_const(l->b, IR_I64, 0));
}

static void load(struct lift *l, const struct arm_insn *i, const struct structures *s, ir_ref base)
{
    ir_ref pieces[2], values[2];
    unsigned total = s->count * 8;

    for (unsigned at = 0; at < total; at += 16) {
        pieces[at / 16] = load_piece(l, s, base, at);
    }
    for (unsigned k = 0; k < s->count; k += 2) {
        uint8_t of[16];

        for (unsigned b = 0; b < 16; b++) {
            of[b] = k + b / 8 < s->count ? (uint8_t)place(s, k + b / 8, b % 8) : 0xff;
        }
        values[k / 2] = v_assembled(l, pieces, (total + 15) / 16, of);
    }
    for (unsigned k = 0; k < s->count; k++) {
        ir_put(l->b, IR_I64, d_slot(register_of(s, i, k)), v_lane(l, 3, values[k / 2], k % 2));
    }
}

static void store(struct lift *l, const struct arm_insn *i, const struct structures *s, ir_ref base)
{
    ir_ref from[2] = {IR_ABSENT, IR_ABSENT};
    uint8_t of[32];

    memset(of, 0xff, sizeof of);
    for (unsigned k = 0; k < s->count; k++) {
        ir_ref d = ir_get(l->b, IR_I64, d_slot(register_of(s, i, k)));

        from[k / 2] =
            v_2(l, IR_VCONST, 0, k % 2 ? from[k / 2] : d, k % 2 ? d : ir_const(l->b, IR_I64, 0));
        for (unsigned b = 0; b < 8; b++) {
            of[place(s, k, b)] = (uint8_t)(8 * k + b);
        }
    }
    for (unsigned at = 0; at < s->count * 8; at += 16) {
        ir_ref v = v_assembled(l, from, (s->count + 1) / 2, of + at);

        if (s->count * 8 - at >= 16) {
            arm_st(l, IR_V128, base, at, v, piece(l, s, at, 4));
        } else {
            arm_st(l, IR_I64, base, at, v_lane(l, 3, v, 0), piece(l, s, at, 3));
        }
    }
}

void arm_lift_neon_multiple(struct lift *l, const struct arm_insn *i)
{
    struct structures s = {.log2 = i->b,
                           .structure = NEON_STRUCTURE(i->info->argument),
                           .count = NEON_COUNT(i->info->argument),
                           .apart = NEON_APART(i->info->argument),
                           .align = i->a == 0 ? 0 : i->a + 2u,
                           .big = (l->mode & MODE_BIG) != 0};
    ir_ref base;

    if (!is_possible(l, i, register_of(&s, i, s.count - 1))) {
        return;
    }
    l->several = s.count > 2;
    base = r_get(l, i->rn);
    if (loads(i)) {
        load(l, i, &s, base);
    } else {
        store(l, i, &s, base);
    }
    write_back(l, i, base, s.count * 8);
}

/* ---- one element of each register ---- */

/* What index_align says, by size and the number of registers. */
bool arm_neon_lane(const struct arm_insn *i, struct arm_neon_lane *k)
{
    unsigned size = i->b, count = i->info->argument, a = i->a, low = a & ((1u << size) - 1);

    *k = (struct arm_neon_lane){
        .log2 = size, .count = count, .per_value = 1, .index = a >> (size + 1), .apart = 1};
    if (count != 1 && size != 0) {
        k->apart = 1 + (a >> size & 1);
    }
    switch (count) {
    case 1:
        low = a & ((2u << size) - 1);
        if (size == 2) {
            k->align = low == 3 ? 2 : 0;
            return low == 0 || low == 3;
        }
        k->align = low;
        return size == 0 ? low == 0 : low < 2;
    case 2: k->align = a & 1 ? size + 1 : 0; return size != 2 || (a & 2) == 0;
    case 3: return size == 2 ? low == 0 : (a & 1) == 0;
    default:
        if (size == 2) {
            k->align = low == 0 ? 0 : low + 2;
            return low != 3;
        }
        k->align = a & 1 ? size + 2 : 0;
        return true;
    }
}

bool arm_neon_all_lanes(const struct arm_insn *i, struct arm_neon_lane *k)
{
    unsigned count = i->info->argument, log2 = i->b;

    *k = (struct arm_neon_lane){.log2 = log2, .count = count, .per_value = 1, .apart = i->w + 1u};
    if (count == 1 && i->w) { /* VLD1 may fill two registers */
        k->per_value = 2;
        k->apart = 1;
    }
    if (count == 4 && log2 == 3) {
        k->log2 = 2;
        k->align = 4;
        return i->a;
    }
    k->align = !i->a ? 0 : count == 1 ? log2 : count == 2 ? log2 + 1 : log2 == 2 ? 3 : log2 + 2;
    return log2 != 3 && !(i->a && (count == 3 || (count == 1 && log2 == 0)));
}

unsigned arm_neon_last(const struct arm_insn *i, const struct arm_neon_lane *k)
{
    return i->rd + (k->count * k->per_value - 1) * k->apart;
}

static uint32_t lane_access(const struct lift *l, unsigned r, unsigned log2, unsigned align)
{
    uint32_t mem = r != 0 && align != 0 ? log2 : access_of(l, log2, log2, align);

    return mem | (l->mode & MODE_BIG ? MEM_BIG : 0);
}

void arm_lift_neon_lane(struct lift *l, const struct arm_insn *i)
{
    unsigned count = i->info->argument, log2 = i->b, width = 8u << log2;
    ir_ref base, values[4];
    struct arm_neon_lane k;

    if (!arm_neon_lane(i, &k)) {
        arm_lift_undefined(l);
        return;
    }
    if (!is_possible(l, i, arm_neon_last(i, &k))) {
        return;
    }
    l->several = count > 1;
    base = r_get(l, i->rn);
    for (unsigned r = 0; r < count; r++) {
        uint32_t mem = lane_access(l, r, log2, k.align);

        if (loads(i)) {
            values[r] = arm_ld(l, IR_I64, base, r << log2, mem);
        } else {
            ir_ref d = ir_get(l->b, IR_I64, d_slot(i->rd + r * k.apart));
            arm_st(l, IR_I64, base, r << log2, ir_bini(l->b, IR_SHR, IR_I64, d, k.index * width),
                   mem);
        }
    }
    for (unsigned r = 0; loads(i) && r < count; r++) {
        uint32_t slot = d_slot(i->rd + r * k.apart);

        ir_put(l->b, IR_I64, slot,
               ir_deposit(l->b, IR_I64, ir_get(l->b, IR_I64, slot), values[r], k.index * width,
                          width));
    }
    write_back(l, i, base, count << log2);
}

/* ---- one element to all ---- */

void arm_lift_neon_all_lanes(struct lift *l, const struct arm_insn *i)
{
    struct arm_neon_lane k;
    ir_ref base, values[4];

    if (!arm_neon_all_lanes(i, &k)) {
        arm_lift_undefined(l);
        return;
    }
    if (!is_possible(l, i, arm_neon_last(i, &k))) {
        return;
    }
    l->several = k.count > 1;
    base = r_get(l, i->rn);
    for (unsigned r = 0; r < k.count; r++) {
        values[r] = arm_ld(l, IR_I64, base, r << k.log2, lane_access(l, r, k.log2, k.align));
    }
    for (unsigned r = 0; r < k.count * k.per_value; r++) {
        ir_ref value = values[r / k.per_value];

        ir_put(l->b, IR_I64, d_slot(i->rd + r * k.apart),
               v_lane(l, 3, v_1(l, IR_VDUP, k.log2, value), 0));
    }
    write_back(l, i, base, k.count << k.log2);
}
