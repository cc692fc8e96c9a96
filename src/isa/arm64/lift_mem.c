/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_mem: loads and stores of X registers, after DDI 0487, C4.1.94. With write-back into a register
 * that is loaded, which is unpredictable, the address wins.
 */
#include "isa/arm64/lift.h"

static uint32_t attr_of(const struct lift *l, unsigned how)
{
    uint32_t attr = arm64_mem(l, how & LS_SIZE);

    if (how & LS_ORDERED) {
        attr |= MEM_ALIGN(how & LS_SIZE);
    }
    if ((how & LS_UNPRIV) && (l->mode & MODE_UNPRIV)) {
        attr |= (uint32_t)AS_USER << MEM_AS_SHIFT;
    }
    return attr;
}

/* As it goes to the register. */
static ir_ref load(struct lift *l, unsigned how, ir_ref base, int64_t disp)
{
    uint32_t attr = attr_of(l, how);

    if ((how & LS_SIGNED) && !(how & LS_64)) {
        return ir_un(l->b, IR_ZEXT, IR_I64, ir_ld(l->b, IR_I32, base, disp, attr | MEM_SIGNED));
    }
    return ir_ld(l->b, IR_I64, base, disp, attr | (how & LS_SIGNED ? MEM_SIGNED : 0));
}

/* Loads or stores Rt; what is loaded is put by the caller. */
static ir_ref access(struct lift *l, unsigned how, unsigned rt, ir_ref base, int64_t disp)
{
    arm64_lift_watch(l, base, disp, MEM_SIZE(how & LS_SIZE), how & LS_STORE);
    if (how & LS_STORE) {
        ir_st(l->b, IR_I64, base, disp, x_get64(l, rt), attr_of(l, how));
        return IR_ABSENT;
    }
    return load(l, how, base, disp);
}

static void put_loaded(struct lift *l, unsigned rt, ir_ref value)
{
    if (value != IR_ABSENT) {
        x_put64(l, rt, value);
    }
}

void arm64_lift_ls_u(struct lift *l, const struct arm64_insn *i)
{
    unsigned how = i->info->argument;

    put_loaded(l, i->rd,
               access(l, how, i->rd, arm64_lift_base(l, i->rn), i->imm * MEM_SIZE(how & LS_SIZE)));
}

void arm64_lift_ls_s(struct lift *l, const struct arm64_insn *i)
{
    unsigned how = i->info->argument;
    ir_ref base = arm64_lift_base(l, i->rn);
    ir_ref value = access(l, how, i->rd, base, how & LS_POST ? 0 : i->imm);

    put_loaded(l, i->rd, value);
    if (how & (LS_PRE | LS_POST)) {
        sp_put_sum(l, i->rn, base, (uint64_t)i->imm);
    }
}

void arm64_lift_ls_r(struct lift *l, const struct arm64_insn *i)
{
    unsigned how = i->info->argument;
    struct arm64_insn scaled = *i;
    ir_ref base = arm64_lift_base(l, i->rn), address;

    scaled.amount = i->s ? how & LS_SIZE : 0;
    address = ir_bin(l->b, IR_ADD, IR_I64, base, arm64_extended(l, &scaled));
    put_loaded(l, i->rd, access(l, how, i->rd, address, 0));
}

void arm64_lift_ls_lit(struct lift *l, const struct arm64_insn *i)
{
    ir_ref at = ir_const(l->b, IR_I64, l->pc + (uint64_t)i->imm);

    put_loaded(l, i->rd, access(l, i->info->argument, i->rd, at, 0));
}

/* ---- pairs ---- */

static void store_pair(struct lift *l, const struct arm64_insn *i, ir_ref base, int64_t disp)
{
    unsigned how = i->info->argument, size = MEM_SIZE(how & LS_SIZE);
    ir_ref x = x_get64(l, i->rd), y = x_get64(l, i->ra);

    if (size == 4 && !(l->mode & MODE_BIG)) {
        /* One access, as far as anybody can see, aligned as a word has to be. */
        uint32_t attr = (arm64_mem(l, 3) & ~MEM_ALIGN(7)) | (arm64_mem(l, 2) & MEM_ALIGN(7));

        ir_st(l->b, IR_I64, base, disp, ir_deposit(l->b, IR_I64, x, y, 32, 32), attr);
        return;
    }
    /* What is stored before the second one faults is stored once more when it is done again. */
    l->several = true;
    ir_st(l->b, IR_I64, base, disp, x, attr_of(l, how));
    ir_st(l->b, IR_I64, base, disp + size, y, attr_of(l, how));
}

void arm64_lift_ls_pair(struct lift *l, const struct arm64_insn *i)
{
    unsigned how = i->info->argument, size = MEM_SIZE(how & LS_SIZE);
    int64_t offset = i->imm * size, disp = how & LS_POST ? 0 : offset;
    ir_ref base = arm64_lift_base(l, i->rn), x, y;

    arm64_lift_watch(l, base, disp, 2 * size, how & LS_STORE);
    if (how & LS_STORE) {
        store_pair(l, i, base, disp);
    } else {
        l->several = true;
        x = load(l, how, base, disp);
        y = load(l, how, base, disp + size);
        x_put64(l, i->rd, x);
        x_put64(l, i->ra, y);
    }
    if (how & (LS_PRE | LS_POST)) {
        sp_put_sum(l, i->rn, base, (uint64_t)offset);
    }
}

/* ---- with a check of the address, as if it had the modifier 0 ---- */

void arm64_lift_ldra(struct lift *l, const struct arm64_insn *i)
{
    unsigned how = i->info->argument;
    unsigned key = (how & LDRA_KEY_B ? KEY_DB : KEY_DA) | (unsigned)PAC_CHECK;
    ir_ref base = ir_call(l->b, HELP_PAUTH, arm64_lift_base(l, i->rn), ir_const(l->b, IR_I64, 0),
                          ir_const(l->b, IR_I64, key));
    ir_ref value = access(l, 3, i->rd, base, i->imm);

    x_put64(l, i->rd, value);
    if (how & LDRA_PRE) {
        sp_put_sum(l, i->rn, base, (uint64_t)i->imm);
        l->known &= ~(uint64_t)KNOWN_SP;
    }
}
