/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_state_program: a program that uses all of toy_state.h on every hart, for ever: it writes all over
 * the vault's tree, rings and waits, tells other harts things, stops and starts the second one, and
 * resets the machine now and then.
 */
#include "toy_state.h"

#define ROUNDS 60 /* of the first hart, before it resets the machine */

/* Interrupts of this machine's devices are over once they are acknowledged; the console's is not. */
static size_t make_handler(struct toy_assembler *a)
{
    size_t start = a->at;

    toy_op2(a, TOY_ADDI, 7, (unsigned)-4);
    toy_op2(a, TOY_ST, 6, 7);
    toy_ldi(a, 6, TOY_CONSOLE);
    toy_op2(a, TOY_LDB, 6, 6);
    toy_op2(a, TOY_LD, 6, 7);
    toy_op2(a, TOY_ADDI, 7, 4);
    toy_op0(a, TOY_RTI);
    return start;
}

/* r1: somewhere in the tree, by round and hart. */
static void make_tree_part(struct toy_assembler *a)
{
    toy_ldi(a, 1, 0x10007);
    toy_op2(a, TOY_MUL, 1, 3);
    toy_op2(a, TOY_ADD, 1, 4);
    toy_op2(a, TOY_MOV, 2, 3);
    toy_op2(a, TOY_TREE_ST, 2, 1);
    toy_op2(a, TOY_TREE_LD, 5, 1);
    toy_ldi(a, 0, 0x105); /* RAM to tree */
    toy_op2(a, TOY_BLOCK, 0, 4);
    toy_ldi(a, 0, 0x17); /* tree to RAM */
    toy_op2(a, TOY_BLOCK, 0, 1);
    toy_ldi(a, 6, TOY_VAULT + VAULT_CONTROL); /* by memory, big-endian */
    toy_op2(a, TOY_LD, 5, 6);
}

static void make_line_part(struct toy_assembler *a)
{
    toy_ldi(a, 6, 0x200 + TOY_VAULT_IO + VAULT_CONTROL); /* 4 bytes */
    toy_op2(a, TOY_OUT, 3, 6);                           /* in every other round the line goes up */
    toy_ldi(a, 6, TOY_BELL_IO);
    toy_op2(a, TOY_OUT, 3, 6);
    toy_op2(a, TOY_IN, 5, 6);
    toy_op2(a, TOY_SERVICE, 5, 2 << 1);
    toy_op2(a, TOY_SERVICE, 5, 1);
}

/* Only the first hart does this. */
static void make_first_part(struct toy_assembler *a, size_t start)
{
    size_t patch, after;

    toy_op1(a, TOY_HART, 0);
    toy_ldi(a, 1, 0);
    toy_op2(a, TOY_SUB, 0, 1);
    after = a->at + 4 + 6 + 3 + 3 + 6 + 3 + 6 + 3 + 3 + 4 + 2;
    toy_jcc(a, CC_NE, after);
    toy_ldi(a, 2, (uint32_t)(TOY_RAM + start));
    toy_op2(a, TOY_MESSAGE, 2, HART_STOP | 1 << 2);
    toy_op2(a, TOY_TREE_ST, 2, 3); /* the answer */
    toy_ldi(a, 2, (uint32_t)(TOY_RAM + start));
    toy_op2(a, TOY_MESSAGE, 2, HART_START | 1 << 2);
    toy_ldi(a, 1, ROUNDS);
    toy_op2(a, TOY_MOV, 0, 3);
    toy_op2(a, TOY_SUB, 0, 1);
    patch = a->at + 4 + 2;
    toy_jcc(a, CC_NE, patch);
    toy_op1(a, TOY_RESET, 0);
    must(a->at == patch && a->at == after);
}

size_t toy_state_program(uint8_t *code, size_t room)
{
    struct toy_assembler a = {.code = code, .room = room};
    size_t handler, start, loop;

    toy_op_abs(&a, TOY_JMP, 0); /* where to is known below */
    handler = make_handler(&a);
    start = a.at;
    toy_op_abs(&a, TOY_VECTOR, handler);
    toy_op1(&a, TOY_HART, 4);
    toy_ldi(&a, 1, 0x1234567);
    toy_op2(&a, TOY_MUL, 4, 1);
    toy_op0(&a, TOY_STI);
    loop = a.at;
    toy_op2(&a, TOY_ADDI, 3, 1);
    make_tree_part(&a);
    make_line_part(&a);
    toy_op2(&a, TOY_MESSAGE, 5, HART_KICK | 2 << 2);
    toy_op2(&a, TOY_MESSAGE, 5, HART_KICK | 0 << 2);
    make_first_part(&a, start);
    toy_ldi(&a, 2, 30); /* so that somebody rings while this hart waits */
    toy_ldi(&a, 6, TOY_BELL_IO);
    toy_op2(&a, TOY_OUT, 2, 6);
    toy_op0(&a, TOY_WAIT);
    toy_op_abs(&a, TOY_JMP, loop);
    bytes_set_be(code + 1, 4, TOY_RAM + start);
    return a.at;
}
