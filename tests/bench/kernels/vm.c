// SPDX-License-Identifier: GPL-2.0-or-later
// vm: an interpreter of stack bytecode with one switch: a table jump per operation. The program
// that it runs counts the steps of the Collatz sequences below a limit.
#include "guest.h"

enum op { PUSH, LOAD, STORE, ADD, MUL, AND, SHIFT, LESS, JUMP, JUMP_IF_0, HALT };
enum { N, TOTAL, X, LIMIT }; // variables
enum { BELOW = 14000 };

static uint8_t code[256];
static unsigned size;

// Every operation has one operand, used or not.
static unsigned put(enum op op, unsigned operand)
{
    code[size++] = (uint8_t)op;
    code[size++] = (uint8_t)operand;
    return size - 1;
}

static void assemble(void)
{
    put(PUSH, 1);
    put(STORE, N);
    unsigned outer = size;
    put(LOAD, N);
    put(LOAD, LIMIT);
    put(LESS, 0);
    unsigned to_end = put(JUMP_IF_0, 0);
    put(LOAD, N);
    put(STORE, X);
    unsigned inner = size;
    put(PUSH, 1);
    put(LOAD, X);
    put(LESS, 0);
    unsigned to_next = put(JUMP_IF_0, 0);
    put(LOAD, TOTAL);
    put(PUSH, 1);
    put(ADD, 0);
    put(STORE, TOTAL);
    put(LOAD, X);
    put(PUSH, 1);
    put(AND, 0);
    unsigned to_even = put(JUMP_IF_0, 0);
    put(LOAD, X);
    put(PUSH, 3);
    put(MUL, 0);
    put(PUSH, 1);
    put(ADD, 0);
    put(STORE, X);
    put(JUMP, inner);
    code[to_even] = (uint8_t)size;
    put(LOAD, X);
    put(SHIFT, 1);
    put(STORE, X);
    put(JUMP, inner);
    code[to_next] = (uint8_t)size;
    put(LOAD, N);
    put(PUSH, 1);
    put(ADD, 0);
    put(STORE, N);
    put(JUMP, outer);
    code[to_end] = (uint8_t)size;
    put(HALT, 0);
}

static __attribute__((noinline)) uint64_t interpret(const uint8_t *program, uint64_t *variable)
{
    uint64_t stack[16];
    uint64_t *top = stack;
    const uint8_t *pc = program;
    uint64_t steps = 0;
    for (;;) {
        unsigned op = pc[0];
        unsigned operand = pc[1];
        pc += 2;
        steps++;
        switch ((enum op)op) {
        case PUSH: *top++ = operand; break;
        case LOAD: *top++ = variable[operand]; break;
        case STORE: variable[operand] = *--top; break;
        case ADD:
            top--;
            top[-1] += top[0];
            break;
        case MUL:
            top--;
            top[-1] *= top[0];
            break;
        case AND:
            top--;
            top[-1] &= top[0];
            break;
        case SHIFT: top[-1] >>= operand; break;
        case LESS:
            top--;
            top[-1] = top[-1] < top[0];
            break;
        case JUMP: pc = program + operand; break;
        case JUMP_IF_0:
            top--;
            if (top[0] == 0) {
                pc = program + operand;
            }
            break;
        case HALT: return steps;
        }
    }
}

void guest_main(void)
{
    uint64_t variable[4] = {[LIMIT] = BELOW};
    assemble();
    uint64_t steps = interpret(code, variable);
    say("vm %lu %lu\n", variable[TOTAL], steps);
}
