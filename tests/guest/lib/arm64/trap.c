// SPDX-License-Identifier: GPL-2.0-or-later
// trap: the C side of trap.S: hooks, expected exceptions, the end of run_at_el0(). An exception that nobody
// asked for prints itself and fails the program: a wrong emulator should say where, not hang.
#include "arm64.h"

void trap_taken_at_el1(struct trap *t);
extern const char semihosting_hlt[];

static _Noreturn void unexpected(const struct trap *t)
{
    say("FAIL unexpected exception %lu: esr 0x%lx elr 0x%lx far 0x%lx spsr 0x%lx\n", t->vector,
        t->esr, t->elr, t->far, t->spsr);
    power_off(101);
}

void trap_expect(void)
{
    struct hart *h = this_hart();
    h->seen = (struct trap_seen){.esr = (uint64_t)EC_NONE << 26};
    h->expecting = 1;
    __asm__ volatile("" : : : "memory");
}

struct trap_seen trap_taken(void)
{
    __asm__ volatile("" : : : "memory");
    this_hart()->expecting = 0;
    return this_hart()->seen;
}

void trap_default(struct trap *t)
{
    struct hart *h = this_hart();
    unsigned class = ESR_EC(t->esr);
    if (!h->expecting || (t->vector & 3) != 0) {
        unexpected(t);
    }
    h->seen.esr = t->esr;
    h->seen.far = t->far;
    h->seen.elr = t->elr;
    h->seen.spsr = t->spsr;
    h->seen.count++;
    t->spsr &= ~(UINT64_C(1) << 20); // IL: else what follows would trap for ever
    if (class == EC_FETCH_LOWER || class == EC_FETCH_SAME || class == EC_PC_ALIGNMENT) {
        t->elr = t->x[30];
    } else if (class != EC_SVC) {
        t->elr += 4;
    }
}

void trap_taken_at_el1(struct trap *t)
{
    struct hart *h = this_hart();
    bool is_sync = (t->vector & 3) == 0;
    if (is_sync && t->elr == (uint64_t)semihosting_hlt) {
        t->elr += 4;
    } else if (is_sync && ESR_EC(t->esr) == EC_SVC && ESR_ISS(t->esr) == RUN_DONE &&
               h->return_sp != 0) {
        run_done(t->x[0]);
    } else if (h->hook != NULL) {
        h->hook(t);
    } else {
        trap_default(t);
    }
}
