/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_system: instructions that change what traps and page tables do, and one that may take more
 * operations than a block has.
 */
#include "toy_parts.h"

/* Both ways of TOY_FILL store this. A fault in the middle leaves what is stored, and it can be done
 * again. */
uint64_t toy_help_fill(struct cpu *cpu, uint64_t to, uint64_t value, uint64_t count)
{
    for (uint64_t i = 0; i < count && !cpu->fault.raised && !cpu->watch_hit; i++) {
        cpu_store(cpu, to + 4 * i, ((value + i) * (2 * i + 1)) ^ value, 2 | MEM_BIG);
    }
    return 0;
}

static void lift_fill(struct lift *l)
{
    struct ir_build *b = l->b;
    ir_ref to = toy_address(l, l->bytes[1]), value = toy_reg(l, l->bytes[2]);

    l->several = true;
    if (l->compact) {
        ir_call(b, TOY_HELP_FILL, to, ir_un(b, IR_ZEXT, IR_I64, value),
                ir_const(b, IR_I64, l->bytes[3]));
        return;
    }
    for (unsigned i = 0; i < l->bytes[3]; i++) {
        ir_ref word = ir_bini(b, IR_ADD, IR_I32, value, i);

        word = ir_bini(b, IR_MUL, IR_I32, word, 2 * i + 1);
        ir_st(b, IR_I32, to, 4 * (int64_t)i, ir_bin(b, IR_XOR, IR_I32, word, value), 2 | MEM_BIG);
    }
}

/* The word of the first 4 MiB's table that maps what rd points to becomes rs. */
static void lift_map(struct lift *l)
{
    struct ir_build *b = l->b;
    ir_ref index = ir_extract(b, IR_I64, toy_address(l, l->bytes[1]), PAGE_BITS, 10);

    ir_st(b, IR_I32, ir_bini(b, IR_SHL, IR_I64, index, 2), (int64_t)(TOY_TABLES + PAGE_SIZE),
          toy_reg(l, l->bytes[2]), 2 | MEM_BIG);
}

static void system_lift(struct lift *l, uint8_t op)
{
    bool on = l->bytes[1] & 1;

    switch (op) {
    case TOY_ROOT:
        ir_put(l->b, IR_I32, TOY_SLOT(root), ir_const(l->b, IR_I32, on ? TOY_TABLES : 0));
        toy_leave(l, toy_next_pc(l), IR_EXIT_LOOK);
        break;
    case TOY_MAP: lift_map(l); break;
    case TOY_FRAMES: toy_put8(l, TOY_SLOT(frames), on); break;
    default: lift_fill(l);
    }
}

static void system_random(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    unsigned d = x >> 8 & 7, s = x >> 16 & 7;
    uint32_t page = (uint32_t)(TOY_RAM + align_down((x >> 24) % TOY_RAM_SIZE, PAGE_SIZE));

    switch (op) {
    case TOY_MAP: /* mostly a good entry, not of this code's page */
        toy_ldi(a, s, page | (uint32_t)(x >> 42 & 63));
        toy_ldi(a, d, (uint32_t)(TOY_ALIAS + (x >> 48) % 0x10000));
        toy_op2(a, op, d, s);
        break;
    case TOY_FILL:
        toy_ldi(a, d, (uint32_t)((x >> 63 ? TOY_ALIAS : TOY_RAM) + 0x8000 + (x >> 24) % 0xb000));
        toy_op2(a, op, d, s);
        toy_put(a, x >> 40 & 1 ? x >> 48 & 7 : 230, 1);
        break;
    default: toy_op1(a, op, x >> 8 & 1);
    }
}

static const uint8_t system_lengths[] = {2, 3, 2, 4};

const struct toy_family toy_system_family = {.lengths = system_lengths,
                                             .count = ARRAY_LEN(system_lengths),
                                             .lift = system_lift,
                                             .random = system_random};
