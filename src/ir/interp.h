/* SPDX-License-Identifier: GPL-2.0-or-later
 * interp: what the files of the interpreter share; private to ir/.
 */
#ifndef IR_INTERP_H
#define IR_INTERP_H

#include "ir/ir.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "slots and lanes are little-endian");

/* Value i of the block. Integers, floating point and flags (packed) are in u, zero-extended. */
union ir_value {
    uint64_t u;
    uint64_t d[2];
    uint32_t s[4];
    uint16_t h[8];
    uint8_t b[16];
};
_Static_assert(sizeof(union ir_value) == 16 && sizeof(struct ir_op) == 16, "both are 16 bytes");

/* What the state's slots hold. */
#define SLOT(cpu, offset) ((uint8_t *)(cpu)->state + (offset))

/* interp_mem.c: loads and stores that missed the tables or are rare. The caller has set cpu->insn
 * and looks at fault, watch_hit and look afterwards. */
void ir_interp_load(struct cpu *cpu, const struct ir_op *o, vaddr va, union ir_value *result);
void ir_interp_store(struct cpu *cpu, const struct ir_op *o, vaddr va, const union ir_value *value);
void ir_interp_rmw(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                   union ir_value *result);
void ir_interp_cas(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                   union ir_value *result);

/* interp_fp.c, interp_vec.c: the operations of attr FP and of type v128 (but memory and state). */
void ir_interp_fp(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                  union ir_value *result);
void ir_interp_vec(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                   union ir_value *result);
void ir_interp_vec_fp(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                      union ir_value *result);

#endif
