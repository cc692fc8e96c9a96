/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_atomic: exclusives, ordered accesses and FEAT_LSE's atomics, after DDI 0487, C4.1.94 and B2.12. All
 * must be aligned. A reservation is the physical address of the last exclusive load; a store ends it
 * whatever happens. Order asks for nothing more than harts that take turns give.
 */
#include "isa/arm64/lift.h"

#define RESERVATION ARM64_SLOT(hart.reservation)
#define RESERVED    ARM64_SLOT(hart.reserved)

static uint32_t aligned(const struct lift *l, unsigned size)
{
    return arm64_mem(l, size) | MEM_ALIGN(size);
}

static void reserve(struct lift *l, ir_ref address)
{
    ir_put(l->b, IR_I64, RESERVATION, ir_phys(l->b, address));
    ir_put(l->b, IR_I32, RESERVED, ir_const(l->b, IR_I32, 1));
}

void arm64_lift_ldxr(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;
    ir_ref address = arm64_lift_base(l, i->rn), value;

    arm64_lift_watch(l, address, 0, MEM_SIZE(size), false);
    value = ir_ld(l->b, IR_I64, address, 0, aligned(l, size));
    reserve(l, address);
    x_put64(l, i->rd, value);
}

/* The words of a pair, one access in memory. */
static void split(struct lift *l, unsigned size, ir_ref pair, ir_ref *x, ir_ref *y)
{
    bool big = l->mode & MODE_BIG;
    ir_ref low, high;

    if (size == 3) {
        low = ir_fp(l->b, IR_VGET, IR_I64, 3, 0, pair, IR_ABSENT, IR_ABSENT);
        high = ir_fp(l->b, IR_VGET, IR_I64, 3, 1, pair, IR_ABSENT, IR_ABSENT);
    } else {
        low = ir_extract(l->b, IR_I64, pair, 0, 32);
        high = ir_extract(l->b, IR_I64, pair, 32, 32);
    }
    *x = big ? high : low;
    *y = big ? low : high;
}

static ir_ref join(struct lift *l, unsigned size, ir_ref x, ir_ref y)
{
    bool big = l->mode & MODE_BIG;
    ir_ref low = big ? y : x, high = big ? x : y;

    return size == 3 ? ir_bin(l->b, IR_VCONST, IR_V128, low, high)
                     : ir_deposit(l->b, IR_I64, low, high, 32, 32);
}

static enum ir_type pair_type(unsigned size)
{
    return size == 3 ? IR_V128 : IR_I64;
}

void arm64_lift_ldxp(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;
    ir_ref address = arm64_lift_base(l, i->rn), pair, x, y;

    arm64_lift_watch(l, address, 0, 2 * MEM_SIZE(size), false);
    pair = ir_ld(l->b, pair_type(size), address, 0, aligned(l, size + 1));
    reserve(l, address);
    split(l, size, pair, &x, &y);
    x_put64(l, i->rd, x);
    x_put64(l, i->ra, y);
}

static void store_exclusive(struct lift *l, const struct arm64_insn *i, enum ir_type t,
                            ir_ref value, unsigned size)
{
    ir_ref address = arm64_lift_base(l, i->rn);
    ir_ref same =
        ir_bin(l->b, IR_EQ, IR_I64, ir_phys(l->b, address), ir_get(l->b, IR_I64, RESERVATION));
    ir_ref valid = ir_bini(l->b, IR_NE, IR_I32, ir_get(l->b, IR_I32, RESERVED), 0);
    ir_ref holds = ir_bin(l->b, IR_AND, IR_I64, same, valid);

    arm64_lift_watch(l, address, 0, MEM_SIZE(size), true);
    ir_stc(l->b, t, address, value, holds, aligned(l, size));
    ir_put(l->b, IR_I32, RESERVED, ir_const(l->b, IR_I32, 0));
    x_put64(l, i->rs, ir_bini(l->b, IR_XOR, IR_I64, holds, 1));
}

void arm64_lift_stxr(struct lift *l, const struct arm64_insn *i)
{
    store_exclusive(l, i, IR_I64, x_get64(l, i->rd), i->info->argument);
}

void arm64_lift_stxp(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;

    store_exclusive(l, i, pair_type(size), join(l, size, x_get64(l, i->rd), x_get64(l, i->ra)),
                    size + 1);
}

void arm64_lift_ldar(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;
    ir_ref address = arm64_lift_base(l, i->rn);

    arm64_lift_watch(l, address, 0, MEM_SIZE(size), false);
    x_put64(l, i->rd, ir_ld(l->b, IR_I64, address, 0, aligned(l, size)));
}

void arm64_lift_stlr(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;
    ir_ref address = arm64_lift_base(l, i->rn);

    arm64_lift_watch(l, address, 0, MEM_SIZE(size), true);
    ir_st(l->b, IR_I64, address, 0, x_get64(l, i->rd), aligned(l, size));
}

/* ---- FEAT_LSE ---- */

/* Minima and maxima are of as many bits as there are in memory, which RMW does by itself. */
void arm64_lift_atomic(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument & 3;
    enum ir_rmw kind = (enum ir_rmw)(i->info->argument >> 4);
    ir_ref address = arm64_lift_base(l, i->rn);

    arm64_lift_watch(l, address, 0, MEM_SIZE(size), true);
    x_put64(l, i->rd, ir_rmw(l->b, IR_I64, kind, address, x_get64(l, i->rs), aligned(l, size)));
}

void arm64_lift_cas(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;
    ir_ref address = arm64_lift_base(l, i->rn), expected = x_get64(l, i->rs);

    arm64_lift_watch(l, address, 0, MEM_SIZE(size), true);
    if (size < 3) {
        expected = ir_extract(l->b, IR_I64, expected, 0, 8 * MEM_SIZE(size));
    }
    x_put64(l, i->rs, ir_cas(l->b, IR_I64, address, expected, x_get64(l, i->rd), aligned(l, size)));
}

void arm64_lift_casp(struct lift *l, const struct arm64_insn *i)
{
    unsigned size = i->info->argument;
    ir_ref address = arm64_lift_base(l, i->rn), x, y, old;
    ir_ref expected = join(l, size, x_get64(l, i->rs), x_get64(l, i->rs + 1u));
    ir_ref desired = join(l, size, x_get64(l, i->rd), x_get64(l, i->rd + 1u));

    arm64_lift_watch(l, address, 0, 2 * MEM_SIZE(size), true);
    old = ir_cas(l->b, pair_type(size), address, expected, desired, aligned(l, size + 1));
    split(l, size, old, &x, &y);
    x_put64(l, i->rs, x);
    x_put64(l, i->rs + 1u, y);
}
