// SPDX-License-Identifier: GPL-2.0-or-later
// trap: the C side of trap.S: hooks, expected traps, the end of run_in_mode(). A trap that nobody
// asked for prints itself and fails the program: a wrong emulator should say where, not hang.
#include "riscv.h"

_Noreturn void run_done(xword result);
void trap_machine(struct trap *t);
void trap_supervisor(struct trap *t);

static _Noreturn void unexpected(const struct trap *t, char mode)
{
    say("FAIL unexpected trap in %c: cause 0x%lx epc 0x%lx tval 0x%lx status 0x%lx\n", mode,
        (uint64_t)t->cause, (uint64_t)t->epc, (uint64_t)t->tval, (uint64_t)t->status);
    power_off(101);
}

static unsigned instruction_length(xword at)
{
    return (*(const volatile uint16_t *)at & 3) == 3 ? 4 : 2;
}

void trap_expect(void)
{
    struct hart *h = this_hart();
    h->seen = (struct trap_seen){.cause = CAUSE_NONE};
    h->expecting = 1;
    __asm__ volatile("" : : : "memory");
}

struct trap_seen trap_taken(void)
{
    __asm__ volatile("" : : : "memory");
    this_hart()->expecting = 0;
    return this_hart()->seen;
}

static void treat(struct trap *t, char mode)
{
    struct hart *h = this_hart();
    if (!h->expecting || (t->cause & CAUSE_INTERRUPT) != 0) {
        unexpected(t, mode);
    }
    h->seen.cause = t->cause;
    h->seen.tval = t->tval;
    h->seen.epc = t->epc;
    h->seen.mode = mode == 'M' ? MODE_M : MODE_S;
    h->seen.count++;
    if (t->cause == CAUSE_FETCH_PAGE || t->cause == CAUSE_FETCH_ACCESS) {
        t->epc = t->x[1];
    } else {
        t->epc += instruction_length(t->epc);
    }
}

void trap_default(struct trap *t)
{
    treat(t, 'M');
}

void trap_machine(struct trap *t)
{
    struct hart *h = this_hart();
    bool is_call = t->cause == CAUSE_ECALL_U || t->cause == CAUSE_ECALL_S;
    if (is_call && t->x[17] == RUN_DONE && h->return_sp != 0) {
        run_done(t->x[10]);
    }
    if (h->m_hook != NULL) {
        h->m_hook(t);
    } else {
        treat(t, 'M');
    }
}

void trap_supervisor(struct trap *t)
{
    if (this_hart()->s_hook != NULL) {
        this_hart()->s_hook(t);
    } else {
        treat(t, 'S');
    }
}
