// SPDX-License-Identifier: GPL-2.0-or-later
// trap: the C side of trap.S: hooks, expected exceptions, the end of run_as_user(). An exception that nobody
// asked for prints itself and fails the program: a wrong emulator should say where, not hang.
#include "arm.h"

_Noreturn void run_done(uint32_t result, struct trap *t);
void trap_taken_in_svc(struct trap *t);
extern const char semihosting_hlt[], run_as_user_end[];

static _Noreturn void unexpected(const struct trap *t)
{
    say("FAIL unexpected exception %u: status 0x%x pc 0x%x address 0x%x cpsr 0x%x\n", t->vector,
        t->status, t->pc, t->address, t->cpsr);
    power_off(101);
}

void trap_expect(void)
{
    struct hart *h = this_hart();
    h->seen = (struct trap_seen){.vector = 0};
    h->expecting = 1;
    __asm__ volatile("" : : : "memory");
}

struct trap_seen trap_taken(void)
{
    __asm__ volatile("" : : : "memory");
    this_hart()->expecting = 0;
    return this_hart()->seen;
}

static uint32_t instruction_size(const struct trap *t)
{
    return (t->cpsr & CPSR_T) == 0 ? 4 : *(const uint16_t *)t->pc >= 0xe800 ? 4 : 2;
}

void trap_default(struct trap *t)
{
    struct hart *h = this_hart();
    if (!h->expecting || t->vector >= VECTOR_IRQ) {
        unexpected(t);
    }
    h->seen.vector = t->vector;
    h->seen.status = t->status;
    h->seen.address = t->address;
    h->seen.pc = t->pc;
    h->seen.cpsr = t->cpsr;
    h->seen.count++;
    if (t->vector == VECTOR_PREFETCH && (t->status & 0x40f) != 2) {
        t->pc = t->lr & ~1u;
        t->cpsr = (t->lr & 1) != 0 ? t->cpsr | CPSR_T : t->cpsr & ~CPSR_T;
    } else if (t->vector != VECTOR_SVC) {
        t->pc += instruction_size(t);
        t->cpsr &= ~0x0600fc00u; // IT
    }
}

void trap_taken_in_svc(struct trap *t)
{
    struct hart *h = this_hart();
    if (t->vector == VECTOR_UNDEFINED) {
        t->pc -= (t->cpsr & CPSR_T) != 0 ? 2 : 4;
    }
    if (t->vector == VECTOR_UNDEFINED && t->pc == (uint32_t)semihosting_hlt) {
        t->pc += 4;
    } else if (t->vector == VECTOR_SVC && t->pc == (uint32_t)run_as_user_end && h->return_sp != 0) {
        run_done(t->r[0], t);
    } else if (h->hook != NULL) {
        h->hook(t);
    } else {
        trap_default(t);
    }
}
