/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_parts: what the files of the made-up processor share: families of instructions, helpers,
 * shorthands for lifting, the assembler that programs are made with.
 */
#ifndef TESTS_TOY_TOY_PARTS_H
#define TESTS_TOY_TOY_PARTS_H

#include "toy.h"

#define TOY_TIMER_PIN 7
#define TOY_GDB_PC    8 /* not called pc */

struct toy_assembler {
    uint8_t *code;
    size_t at, room;
};

/* Up to 16 opcodes that belong together. */
struct toy_family {
    const uint8_t *lengths; /* by the low half of the opcode; 0: no such instruction */
    unsigned count;
    /* All of the instruction is there, l->length is set. */
    void (*lift)(struct lift *l, uint8_t op);
    /* One with random operands, many of them sensible; NULL: any bytes will do. */
    void (*random)(struct toy_assembler *a, uint8_t op, uint64_t x);
};
extern const struct toy_family toy_access_family, toy_modes_family, toy_system_family;
extern const struct toy_family toy_vector_family;

unsigned toy_length(uint8_t op); /* bytes; 1 for what is no instruction */
bool toy_lift(struct lift *l);
/* Any instruction there is, equally often. */
uint8_t toy_random_op(uint64_t x);
const struct toy_family *toy_family_of(uint8_t op); /* NULL: none */
extern const struct toy_family toy_mover_family;

extern const struct toy_family toy_messages_family;

/* ---- helpers ---- */

enum toy_helper {
    TOY_HELP_RAISE,
    TOY_HELP_NOW,
    TOY_HELP_TIMER,
    TOY_HELP_ACK,
    TOY_HELP_FILL,
    TOY_HELP_IN, /* toy_state.c, to: */
    TOY_HELP_OUT,
    TOY_HELP_TREE,
    TOY_HELP_MESSAGE,
    TOY_HELP_SERVICE,
    TOY_HELP_LINE,
    TOY_HELP_END,
    TOY_HELPER_COUNT
};
extern const struct ir_helper toy_helpers[TOY_HELPER_COUNT];

uint64_t toy_help_fill(struct cpu *cpu, uint64_t to, uint64_t value, uint64_t count);

/* ---- toy_walk.c ---- */

bool toy_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                   struct translation *out);
void toy_make_tables(uint8_t tables[2 * PAGE_SIZE]);

/* ---- shorthands for lifting ---- */

#define TOY_SLOT(m) (uint32_t) offsetof(struct toy, m)

static inline uint32_t toy_reg_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct toy, r) + (r & 7) * sizeof(uint32_t));
}

static inline ir_ref toy_reg(struct lift *l, unsigned r)
{
    return ir_get(l->b, IR_I32, toy_reg_slot(r));
}

static inline void toy_set_reg(struct lift *l, unsigned r, ir_ref value)
{
    ir_put(l->b, IR_I32, toy_reg_slot(r), value);
}

/* What is in a register, as an address: of 32 bits. */
static inline ir_ref toy_address(struct lift *l, unsigned r)
{
    return toy_reg(l, r);
}

static inline vaddr toy_next_pc(const struct lift *l)
{
    return l->pc + l->length;
}

/* toy_modes.c: every instruction begins with the one and ends with one of the others, which know
 * delay slots and the like: jumps, a branch that goes on otherwise, or none of them. What may fault
 * stands before. */
void toy_begin(struct lift *l);
void toy_lift_predicated(struct lift *l, uint8_t op, void (*lift)(struct lift *l, uint8_t op));
void toy_leave(struct lift *l, vaddr to, uint8_t attr);
void toy_leave_to(struct lift *l, ir_ref to, uint8_t attr);
void toy_branch_if(struct lift *l, ir_ref condition, vaddr to);
void toy_end(struct lift *l);

ir_ref toy_condition(struct lift *l, unsigned cc); /* of the flags; i64 */
void toy_set_flags(struct lift *l, ir_ref flags);
void toy_lift_raise(struct lift *l, uint32_t cause);
/* One byte of state: there are no slots of 8 bits. */
void toy_put8(struct lift *l, uint32_t where, unsigned value);

/* ---- devices ---- */

extern const struct device_class toy_console, toy_counter, toy_mover;
void toy_add_mover(struct machine *m);

/* ---- assembler ---- */

void toy_put(struct toy_assembler *a, uint64_t value, unsigned size); /* big-endian */
void toy_op0(struct toy_assembler *a, unsigned op);
void toy_op1(struct toy_assembler *a, unsigned op, unsigned d);
void toy_op2(struct toy_assembler *a, unsigned op, unsigned d, unsigned s);
void toy_ldi(struct toy_assembler *a, unsigned d, uint32_t value);
/* Jumps to `to`, an offset in the code. */
void toy_jcc(struct toy_assembler *a, unsigned cc, size_t to);
void toy_jcc_as(struct toy_assembler *a, unsigned op, unsigned cc, size_t to);
/* With the address of such an offset. */
void toy_op_abs(struct toy_assembler *a, unsigned op, size_t to);

#endif
