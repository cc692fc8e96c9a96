/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_programs: programs for the made-up processor: one that uses it all, and random ones.
 */
#include "toy_parts.h"

uint64_t toy_random(uint64_t *seed)
{
    uint64_t x = *seed;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *seed = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

void toy_put(struct toy_assembler *a, uint64_t value, unsigned size)
{
    must(a->at + size <= a->room);
    bytes_set_be(a->code + a->at, size, value);
    a->at += size;
}

void toy_op0(struct toy_assembler *a, unsigned op)
{
    toy_put(a, op, 1);
}
void toy_op1(struct toy_assembler *a, unsigned op, unsigned d)
{
    toy_put(a, op, 1);
    toy_put(a, d, 1);
}
void toy_op2(struct toy_assembler *a, unsigned op, unsigned d, unsigned s)
{
    toy_op1(a, op, d);
    toy_put(a, s & 0xff, 1);
}
void toy_ldi(struct toy_assembler *a, unsigned d, uint32_t value)
{
    toy_op1(a, TOY_LDI, d);
    toy_put(a, value, 4);
}
/* Jumps to `to`, an offset in the code. */
void toy_jcc(struct toy_assembler *a, unsigned cc, size_t to)
{
    toy_jcc_as(a, TOY_JCC, cc, to);
}

void toy_jcc_as(struct toy_assembler *a, unsigned op, unsigned cc, size_t to)
{
    toy_put(a, op, 1);
    toy_put(a, cc, 1);
    toy_put(a, (uint64_t)((int64_t)to - (int64_t)(a->at + 2)) & 0xffff, 2);
}
void toy_op_abs(struct toy_assembler *a, unsigned op, size_t to)
{
    toy_put(a, op, 1);
    toy_put(a, TOY_RAM + to, 4);
}

/* The places that the program uses, beside its code. */
#define SHARED (TOY_RAM + 0x8000)
#define BUFFER (TOY_RAM + 0x9000)
#define OWN    (TOY_RAM + 0x10000) /* 0x2000 for each hart */

/* Saves r0..r2 below the stack, serves timer, console, counter, SYS and anything else. */
static size_t make_handler(struct toy_assembler *a)
{
    size_t start = a->at, end;

    toy_op2(a, TOY_ADDI, 7, (unsigned)-12);
    toy_op2(a, TOY_ST, 0, 7);
    toy_op2(a, TOY_ADDI, 7, 4);
    toy_op2(a, TOY_ST, 1, 7);
    toy_op2(a, TOY_ADDI, 7, 4);
    toy_op2(a, TOY_ST, 2, 7);
    toy_op2(a, TOY_ADDI, 7, (unsigned)-8);
    toy_ldi(a, 0, SHARED + 0x40); /* how many traps, of all harts */
    toy_ldi(a, 1, 1);
    toy_op2(a, TOY_FETADD, 1, 0);
    toy_op1(a, TOY_CAUSE, 0);
    toy_ldi(a, 1, TOY_CAUSE_PIN0 + 7);
    toy_op2(a, TOY_SUB, 1, 0);
    end = a->at + 4 + 1 + 6 + 2; /* over the timer's part */
    toy_jcc(a, CC_NE, end);
    toy_op0(a, TOY_ACK);
    toy_ldi(a, 1, 211);
    toy_op1(a, TOY_TIMER, 1);
    must(a->at == end);
    toy_ldi(a, 1, TOY_CAUSE_PIN0 + 1);
    toy_op2(a, TOY_SUB, 1, 0);
    end = a->at + 4 + 6 + 3 + 6 + 3 + 3;
    toy_jcc(a, CC_NE, end);
    toy_ldi(a, 1, TOY_CONSOLE);
    toy_op2(a, TOY_LDB, 2, 1);
    toy_ldi(a, 0, BUFFER);
    toy_op2(a, TOY_STB, 2, 0);
    toy_op2(a, TOY_STB, 2, 1);
    must(a->at == end);
    toy_ldi(a, 1, TOY_CAUSE_PIN0 + 2);
    toy_op1(a, TOY_CAUSE, 0);
    toy_op2(a, TOY_SUB, 1, 0);
    end = a->at + 4 + 6 + 3 + 6 + 3;
    toy_jcc(a, CC_NE, end);
    toy_ldi(a, 1, TOY_SCRATCH + 4);
    toy_op2(a, TOY_LD, 2, 1);
    toy_ldi(a, 2, 700);
    toy_op2(a, TOY_ST, 2, 1);
    must(a->at == end);
    toy_op2(a, TOY_LD, 0, 7);
    toy_op2(a, TOY_ADDI, 7, 4);
    toy_op2(a, TOY_LD, 1, 7);
    toy_op2(a, TOY_ADDI, 7, 4);
    toy_op2(a, TOY_LD, 2, 7);
    toy_op2(a, TOY_ADDI, 7, 4);
    toy_op0(a, TOY_RTI);
    return start;
}

/* r3 counts, r4 is this hart's memory, r5 wanders through it. */
static void make_loop(struct toy_assembler *a, size_t function)
{
    size_t loop = a->at, patched, skip;

    toy_op2(a, TOY_ADDI, 3, 1);
    toy_op_abs(a, TOY_CALL, function);
    patched = a->at; /* an instruction that is rewritten half a round later */
    toy_ldi(a, 1, 0x01020304);
    toy_op2(a, TOY_ADD, 1, 3);
    toy_op2(a, TOY_MOV, 5, 4);
    toy_ldi(a, 2, 1021);
    toy_op2(a, TOY_MUL, 2, 3);
    toy_op2(a, TOY_STB, 2, 5);
    toy_op2(a, TOY_ADDI, 5, 101);
    toy_op2(a, TOY_ST, 1, 5); /* misaligned, and the hart's own */
    toy_op2(a, TOY_LD, 2, 5);
    toy_ldi(a, 0, 9);
    toy_op2(a, TOY_MOV, 2, 4);
    toy_op2(a, TOY_ADDI, 2, 120);
    toy_op2(a, TOY_MOV, 1, 4);
    toy_op2(a, TOY_COPY, 2, 1);
    toy_ldi(a, 2, (uint32_t)(TOY_RAM + patched + 5));
    toy_op2(a, TOY_STB, 3, 2);
    toy_ldi(a, 0, SHARED);
    toy_ldi(a, 1, 1);
    toy_op2(a, TOY_FETADD, 1, 0);
    toy_op2(a, TOY_ADDI, 0, 3);
    toy_op2(a, TOY_LDA, 2, 0); /* always misaligned */
    toy_op2(a, TOY_ADDI, 3, 0);
    toy_op0(a, TOY_SYS);
    toy_ldi(a, 1, 7); /* once in a while, wait */
    toy_op2(a, TOY_SUB, 6, 1);
    skip = a->at + 4 + 6 + 1;
    toy_jcc(a, CC_NE, skip);
    toy_ldi(a, 6, 77);
    toy_op0(a, TOY_WAIT);
    must(a->at == skip);
    toy_op_abs(a, TOY_JMP, loop);
}

size_t toy_program(uint8_t *code, size_t room)
{
    struct toy_assembler a = {.code = code, .room = room};
    size_t function, handler, start;

    toy_op_abs(&a, TOY_JMP, 0); /* where to is known at the end */
    function = a.at;
    toy_ldi(&a, 1, 13);
    toy_op2(&a, TOY_XOR, 3, 1);
    toy_op0(&a, TOY_RET);
    handler = a.at;
    (void)make_handler(&a);
    start = a.at;
    toy_op_abs(&a, TOY_VECTOR, handler);
    toy_op1(&a, TOY_HART, 0);
    toy_ldi(&a, 1, 0x2000);
    toy_op2(&a, TOY_MUL, 0, 1);
    toy_ldi(&a, 4, OWN);
    toy_op2(&a, TOY_ADD, 4, 0);
    toy_ldi(&a, 6, 77);
    toy_ldi(&a, 1, 50);
    toy_op1(&a, TOY_TIMER, 1);
    toy_ldi(&a, 1, TOY_SCRATCH + 4);
    toy_op2(&a, TOY_ST, 1, 1);
    toy_op0(&a, TOY_STI);
    make_loop(&a, function);
    bytes_set_be(code + 1, 4, TOY_RAM + start);
    return a.at;
}

/* `place` is gone to from another page in the mode that the round has, by a jump that says it and by
 * one that leaves it to the processor; it comes back, in the other mode, through a delay slot. */
static void make_place(struct toy_assembler *a)
{
    toy_op1(a, TOY_EITHER, 2);
    toy_op2(a, TOY_WHEN, CC_S, 1); /* of the last addition or subtraction, here or before */
    toy_op1(a, TOY_EITHER, 5);
    toy_op2(a, TOY_LD, 4, 6);
    toy_op0(a, TOY_TURN);
    toy_op1(a, TOY_EITHER, 3);
    toy_op0(a, TOY_STIS);
    toy_op1(a, TOY_EITHER, 5);
    toy_op0(a, TOY_CLI);
    toy_op1(a, TOY_DJR, 6);
    toy_op2(a, TOY_ADDI, 2, 1); /* in the slot */
}

static void go_to_place(struct toy_assembler *a, unsigned op, size_t place)
{
    toy_ldi(a, 6, (uint32_t)(TOY_RAM + a->at + 6 + 6 + 3 + 2)); /* behind all this */
    toy_ldi(a, 1, (uint32_t)(TOY_RAM + place));
    toy_op2(a, TOY_ADD, 1, 0);
    toy_op1(a, op, 1);
}

size_t toy_modes_program(uint8_t *code, size_t room)
{
    struct toy_assembler a = {.code = code, .room = room};
    size_t handler, loop, place;

    toy_op_abs(&a, TOY_JMP, 0x1004);
    handler = a.at;
    toy_op1(&a, TOY_EITHER, 4);
    toy_op0(&a, TOY_RTI);
    a.at = place = 0x40;
    make_place(&a);
    a.at = 0x1004; /* another page */
    toy_op_abs(&a, TOY_VECTOR, handler);
    toy_ldi(&a, 7, 1);
    loop = a.at;
    toy_op2(&a, TOY_XOR, 0, 7);
    go_to_place(&a, TOY_BX, place);
    go_to_place(&a, TOY_BXA, place);
    toy_jcc_as(&a, TOY_DJCC, CC_E, a.at); /* not taken: what follows is in no slot */
    toy_op1(&a, TOY_EITHER, 5);
    toy_jcc_as(&a, TOY_DJCC, CC_NE, a.at + 4 + 2 + 3);
    toy_op1(&a, TOY_EITHER, 5);
    toy_op2(&a, TOY_ADDI, 5, 7); /* jumped over */
    toy_put(&a, TOY_DJMP, 1);
    toy_put(&a, TOY_RAM + loop, 4);
    toy_op2(&a, TOY_LD, 4, 6); /* may be anywhere */
    return a.at;
}

/* Steps of several accesses, each of which stores what was not there before: frames in pages that are
 * mapped anew all the time, and once in a while cannot be pushed; fills, short and long. */
size_t toy_system_program(uint8_t *code, size_t room)
{
    struct toy_assembler a = {.code = code, .room = room};
    const uint32_t stack = (uint32_t)TOY_ALIAS + 0x2e000, its_entry = (uint32_t)TOY_RAM + 0x2e000;
    size_t handler, loop;

    toy_op_abs(&a, TOY_JMP, 5 + 3 + 3 + 6 + 3 + 1);
    handler = a.at;
    toy_op2(&a, TOY_ADDI, 3, 1);
    toy_op2(&a, TOY_ADDI, 4, 7);
    toy_ldi(&a, 2, TOY_CONSOLE); /* its interrupt is done when all is read */
    toy_op2(&a, TOY_LDB, 0, 2);
    toy_op0(&a, TOY_RTI);
    toy_op_abs(&a, TOY_VECTOR, handler);
    toy_op1(&a, TOY_ROOT, 1);
    toy_op1(&a, TOY_FRAMES, 1);
    loop = a.at;
    toy_ldi(&a, 1, 0x01010101);
    toy_op2(&a, TOY_ADD, 4, 1);
    toy_ldi(&a, 6, stack); /* its page becomes writable, clean and not accessed */
    toy_ldi(&a, 5, its_entry | TOY_PTE_V | TOY_PTE_W);
    toy_op2(&a, TOY_MAP, 6, 5);
    toy_ldi(&a, 7, stack + 0x800);
    toy_op2(&a, TOY_ADD, 7, 3);
    toy_op0(&a, TOY_SYS);
    toy_ldi(&a, 7, stack + 8); /* the frame crosses into the page before */
    toy_op0(&a, TOY_SYS);
    toy_ldi(&a, 5, its_entry | TOY_PTE_V); /* not writable any more: a double fault */
    toy_op2(&a, TOY_MAP, 6, 5);
    toy_op0(&a, TOY_SYS);
    toy_ldi(&a, 5, its_entry | TOY_PTE_V | TOY_PTE_W);
    toy_op2(&a, TOY_MAP, 6, 5);
    toy_op2(&a, TOY_FILL, 6, 4);
    toy_put(&a, 3, 1);
    toy_ldi(&a, 6, stack + 0xff0);
    toy_op2(&a, TOY_FILL, 6, 4); /* more than a block has room for */
    toy_put(&a, 240, 1);
    toy_op_abs(&a, TOY_JMP, loop);
    return a.at;
}

/* Page tables, trap frames and a handler that goes back are more than chance would bring about. */
static void begin_random(struct toy_assembler *a, uint64_t x)
{
    size_t over;

    if ((x & 3) == 0) {
        return;
    }
    toy_op_abs(a, TOY_JMP, a->at + 5 + 10);
    over = a->at + 10;
    toy_op2(a, TOY_ADDI, 3, 1); /* the handler */
    toy_op0(a, x & 4 ? TOY_ACK : TOY_STI);
    toy_op2(a, TOY_ADDI, 4, 7);
    toy_op0(a, TOY_RTI);
    a->at = over;
    toy_op_abs(a, TOY_VECTOR, 5);
    toy_op1(a, TOY_ROOT, x >> 8 & 1);
    toy_op1(a, TOY_FRAMES, x >> 9 & 1);
    toy_ldi(a, 7, (uint32_t)(x >> 10 & 1 ? TOY_RAM : TOY_ALIAS) + 0x2e800);
    if (x >> 11 & 1) {
        toy_op1(a, TOY_TIMER, 3);
        toy_op0(a, TOY_STI);
    }
}

size_t toy_random_program(uint8_t *code, size_t room, uint64_t seed)
{
    struct toy_assembler a = {.code = code, .room = room};

    must(seed != 0);
    begin_random(&a, toy_random(&seed));
    while (a.at + 16 < room) {
        uint64_t x = toy_random(&seed);
        uint8_t op = toy_random_op(x);
        const struct toy_family *f = toy_family_of(op);

        if (f->random != NULL) {
            f->random(&a, op, x);
        } else {
            toy_put(&a, op, 1);
            for (unsigned i = 1; i < toy_length(op); i++) {
                toy_put(&a, x >> 8 * (i % 8) & 0xff, 1);
            }
        }
    }
    return a.at;
}
