// SPDX-License-Identifier: GPL-2.0-or-later
// debug: breakpoints and watchpoints that the guest itself sets (DDI 0487, D2.8 to D2.10), at EL0: addresses, byte
// selects, loads and stores told apart, levels told apart, several at once, contexts and what is linked to them, MDE and the OS lock that switch them
// off; together with single steps. (exceptions.c has plain single steps.)
#include "arm64.h"

enum { EC_BREAKPOINT = 0x30, EC_WATCHPOINT = 0x34 };
#define MDE (UINT64_C(1) << 15)

static uint8_t stack[4096] __attribute__((aligned(16)));
#define TOP (stack + sizeof stack)
static uint64_t cells[4] __attribute__((aligned(64)));
static unsigned hits;
static uint64_t last_esr, last_far, last_elr;

// A breakpoint is passed by, by a step with it off; a watchpoint by the next instruction.
HOOK static void on_debug(struct trap *t)
{
    unsigned class = ESR_EC(t->esr);
    if (class == EC_STEP_LOWER) {
        write_sysreg(mdscr_el1, MDE);
        return;
    }
    if (class != EC_BREAKPOINT && class != EC_WATCHPOINT) {
        trap_default(t);
        return;
    }
    hits++;
    last_esr = t->esr;
    last_far = t->far;
    last_elr = t->elr;
    if (class == EC_WATCHPOINT) {
        t->elr += 4;
    } else { // MDE off, and a step on
        write_sysreg(mdscr_el1, 1);
        t->spsr |= 1 << 21;
    }
}

uint64_t three_times(uint64_t n);
extern char place_one[], place_two[];
__asm__(".globl three_times, place_one, place_two\nthree_times: mov x1, 0\n"
        "place_one: add x1, x1, x0\n subs x0, x0, 1\nplace_two: b.ne place_one\n mov x0, x1\n ret");

static uint64_t touch(uint64_t at)
{
    uint64_t x;
    __asm__ volatile(
        "ldr %0, [%1]\n strb %w0, [%1]\n ldrb %w0, [%1, 7]\n strh wzr, [%1, 6]\n str %0, [%1, 8]"
        : "=&r"(x)
        : "r"(at)
        : "memory");
    return x;
}

static unsigned run(uint64_t (*fn)(uint64_t), uint64_t arg, uint64_t *result)
{
    hits = 0;
    uint64_t r = run_at_el0(fn, arg, TOP);
    if (result != NULL) {
        *result = r;
    }
    return hits;
}

static void breakpoints(void)
{
    uint64_t r, control = 1 | 2 << 1 | 15 << 5; // E, EL0, all of the instruction
    write_sysreg(dbgbvr0_el1, (uint64_t)place_one);
    write_sysreg(dbgbcr0_el1, control);
    CHECK_EQ(run(three_times, 3, &r), 3);
    CHECK_EQ(r, 6);
    CHECK_EQ(ESR_EC(last_esr), EC_BREAKPOINT);
    CHECK_EQ(ESR_ISS(last_esr), 0x22);
    CHECK_EQ(last_elr, (uint64_t)place_one);
    write_sysreg(dbgbvr1_el1, (uint64_t)place_two);
    write_sysreg(dbgbcr1_el1, control);
    say("breakpoints %u", run(three_times, 4, &r));
    CHECK_EQ(r, 10);
    // Not at EL1, whose place it would be; nor without E; nor with MDE off.
    write_sysreg(dbgbcr0_el1, 1 | 1 << 1 | 15 << 5);
    write_sysreg(dbgbcr1_el1, control & ~UINT64_C(1));
    say(" %u", run(three_times, 4, NULL));
    write_sysreg(dbgbcr0_el1, control);
    write_sysreg(mdscr_el1, 0);
    say(" %u\n", run(three_times, 4, NULL));
    write_sysreg(mdscr_el1, MDE);
    write_sysreg(dbgbcr0_el1, 0);
}

// What is linked to a context counts in that context alone; and a context by itself is each instruction in it.
static void contexts(void)
{
    uint64_t control = 1 | 2 << 1 | 15 << 5;
    unsigned aware =
        (read_sysreg(id_aa64dfr0_el1) >> 12 & 15); // the last one, which knows contexts
    CHECK_EQ(aware, 5);
    write_sysreg(contextidr_el1, 0x1077);
    write_sysreg(dbgbvr5_el1, 0x1077);
    write_sysreg(dbgbcr5_el1, control | 3 << 20);
    write_sysreg(dbgbvr0_el1, (uint64_t)place_one);
    write_sysreg(dbgbcr0_el1, control | 1 << 20 | 5 << 16);
    say("linked %u", run(three_times, 3, NULL));
    write_sysreg(contextidr_el1, 0x1078);
    say(" %u", run(three_times, 3, NULL));
    write_sysreg(contextidr_el1, 0x1077);
    write_sysreg(dbgbcr0_el1, control | 1 << 20 | 1 << 16); // which knows none
    say(" %u", run(three_times, 3, NULL));
    write_sysreg(dbgbcr0_el1, 0);
    write_sysreg(dbgwvr0_el1, (uint64_t)cells);
    write_sysreg(dbgwcr0_el1, 1 | 2 << 1 | 3 << 3 | 0xff << 5 | 1 << 20 | 5 << 16);
    say(" watchpoints %u", run(touch, (uint64_t)cells, NULL));
    write_sysreg(dbgbcr5_el1, 0);
    say(" %u", run(touch, (uint64_t)cells, NULL));
    write_sysreg(dbgwcr0_el1, 0);
    write_sysreg(dbgbcr5_el1, control | 2 << 20);
    say(" by itself %u", run(three_times, 2, NULL));
    write_sysreg(contextidr_el1, 0);
    say(" %u\n", run(three_times, 2, NULL));
    write_sysreg(dbgbcr5_el1, 0);
}

static uint64_t watch(uint64_t at, unsigned bytes, unsigned what)
{
    write_sysreg(dbgwvr0_el1, at);
    write_sysreg(dbgwcr0_el1, 1 | 2 << 1 | what << 3 | bytes << 5);
    return run(touch, (uint64_t)cells, NULL);
}

static void watchpoints(void)
{
    uint64_t at = (uint64_t)cells;
    say("loads %lu", watch(at, 0xff, 1));
    CHECK_EQ(ESR_EC(last_esr), EC_WATCHPOINT);
    CHECK_EQ(last_esr & ESR_WNR, 0);
    CHECK_EQ(ESR_DFSC(last_esr), 0x22);
    say(" stores %lu", watch(at, 0xff, 2));
    CHECK_EQ(last_esr & ESR_WNR, ESR_WNR);
    say(" both %lu", watch(at, 0xff, 3));
    say(" first byte %lu", watch(at, 1, 3));
    say(" last byte %lu", watch(at, 0x80, 3));
    CHECK(last_far >= at && last_far <= at + 7);
    say(" a byte within %lu", watch(at, 0x10, 3));
    say(" the next %lu", watch(at + 8, 0xff, 3));
    CHECK_EQ(last_far, at + 8);
    say(" 64 bytes");
    write_sysreg(dbgwvr0_el1, at);
    write_sysreg(dbgwcr0_el1, 1 | 2 << 1 | 3 << 3 | 0xff << 5 | 6 << 24);
    say(" %u", run(touch, at, NULL));
    // EL1's own accesses are nothing to it.
    hits = 0;
    touch(at);
    say(" EL1 %u\n", hits);
    write_sysreg(dbgwcr0_el1, 0);
    CHECK_EQ(run(touch, at, NULL), 0);
}

void guest_main(void)
{
    write_sysreg(oslar_el1, 0);
    this_hart()->hook = on_debug;
    write_sysreg(mdscr_el1, MDE);
    uint64_t id = read_sysreg(id_aa64dfr0_el1);
    CHECK((id & 15) >= 6);
    breakpoints();
    contexts();
    watchpoints();
    write_sysreg(oslar_el1, 1);
    write_sysreg(dbgwcr0_el1, 1 | 2 << 1 | 3 << 3 | 0xff << 5);
    say("locked %u\n", run(touch, (uint64_t)cells, NULL));
    write_sysreg(oslar_el1, 0);
    say("unlocked %u\n", run(touch, (uint64_t)cells, NULL));
}
