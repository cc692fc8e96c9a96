// SPDX-License-Identifier: GPL-2.0-or-later
// reserve: what LR reserves is memory, not an address: behind page tables (Unprivileged ISA, 8.2). The
// page behind the address is exchanged between LR and SC; the same word is reached by two addresses;
// another hart stores to it; and what has nothing to do with it ends nothing: stores elsewhere,
// traps, other pages that are mapped. The reference compares addresses and values instead
// (expected/reserve.reference.txt).
// Left out: what ends a reservation spuriously, and what the own hart's store to the word does.
#include "riscv.h"

enum { V = 1, R = 2, W = 4, X = 8, A = 64, D = 128 };
enum { DATA = V | R | W | A | D, TURNS = 50 };
#define ONE UINT64_C(0x40000000) /* three pages are mapped from here on */
#define TWO (ONE + 4096)

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[512] __attribute__((aligned(4096)));
static uint64_t frames[2][512] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(16)));
static uint64_t elsewhere;

static void map(unsigned page, const void *physical, unsigned flags)
{
    leaves[page] = (uint64_t)physical >> 12 << 10 | flags;
    __asm__ volatile("sfence.vma" : : : "memory");
}

#define LR(p)                                                                                      \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile("lr.d %0, (%1)" : "=r"(r_) : "r"(p) : "memory");                          \
        r_;                                                                                        \
    })
#define SC(p, v)                                                                                   \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile("sc.d %0, %2, (%1)" : "=&r"(r_) : "r"(p), "r"((uint64_t)(v)) : "memory"); \
        r_ == 0;                                                                                   \
    })

// Both pages hold the same word, so that comparing values does not tell them apart.
static uint64_t exchanged(uint64_t turns)
{
    uint64_t stored = 0;
    for (uint64_t i = 0; i < turns; i++) {
        map(0, frames[0], DATA);
        LR(ONE);
        map(0, frames[1], DATA);
        stored += SC(ONE, 77);
    }
    return stored;
}

// Gone and back again: it is the same word as before.
static uint64_t away_and_back(uint64_t turns)
{
    uint64_t stored = 0;
    for (uint64_t i = 0; i < turns; i++) {
        map(0, frames[0], DATA);
        uint64_t old = LR(ONE);
        map(0, frames[1], DATA);
        (void)*(volatile uint64_t *)ONE;
        map(0, frames[0], DATA);
        stored += SC(ONE, old + 1);
    }
    return stored;
}

// Two addresses of one word, and of two words at the same place of their pages.
static uint64_t by_another_address(uint64_t turns)
{
    uint64_t stored = 0;
    map(0, frames[0], DATA);
    map(1, frames[0], DATA);
    for (uint64_t i = 0; i < turns; i++) {
        uint64_t old = LR(ONE);
        stored += SC(TWO, old + 1);
    }
    return stored;
}

static uint64_t of_another_word(uint64_t turns)
{
    uint64_t stored = 0;
    map(0, frames[0], DATA);
    map(1, frames[1], DATA);
    for (uint64_t i = 0; i < turns; i++) {
        LR(ONE);
        stored += SC(TWO, 88);
        LR(ONE);
        stored += SC(ONE + 8, 88);
        LR(ONE + 8);
        stored += SC(ONE, 88);
    }
    return stored;
}

static void on_call(struct trap *t)
{
    elsewhere++;
    t->epc += 4;
}

// What is nobody's business.
static uint64_t undisturbed(uint64_t turns)
{
    uint64_t stored = 0;
    for (uint64_t i = 0; i < turns; i++) {
        map(0, frames[0], DATA);
        uint64_t old = LR(ONE);
        map(1, frames[i & 1], DATA);
        *(volatile uint64_t *)(TWO + 64) = i;
        elsewhere += i;
        __asm__ volatile("amoadd.d zero, %1, (%0)\n ecall"
                         :
                         : "r"(&elsewhere), "r"(i)
                         : "a7", "memory");
        stored += SC(ONE, old + 1);
    }
    return stored;
}

// Made read-only: SC still reaches the word, and may not store.
static uint64_t made_read_only(uint64_t turns)
{
    uint64_t stored = 0;
    for (uint64_t i = 0; i < turns; i++) {
        map(0, frames[0], DATA);
        LR(ONE);
        map(0, frames[0], V | R | A);
        uint64_t failed = 1;
        __asm__ volatile("sc.d %0, %0, (%1)" : "+r"(failed) : "r"(ONE) : "memory");
        stored += failed == 0;
    }
    return stored;
}

static volatile uint64_t turn;

static void other_hart(uint64_t arg)
{
    for (uint64_t i = 1; i <= arg; i++) {
        while (turn != 2 * i - 1) {
        }
        frames[0][0] += 1;
        memory_barrier();
        turn = 2 * i;
    }
}

static uint64_t disturbed(uint64_t turns)
{
    uint64_t stored = 0;
    map(0, frames[0], DATA);
    for (uint64_t i = 1; i <= turns; i++) {
        LR(ONE);
        turn = 2 * i - 1;
        while (turn != 2 * i) {
        }
        stored += SC(ONE, 99);
    }
    return stored;
}

static uint64_t in_supervisor(uint64_t (*fn)(uint64_t))
{
    return run_in_mode(MODE_S, fn, TURNS, stack + sizeof stack);
}

static void ask(const char *what, uint64_t (*fn)(uint64_t))
{
    frames[0][0] = 5;
    frames[1][0] = 5;
    uint64_t stored = in_supervisor(fn);
    say("%s: stored %lu, %lu and %lu\n", what, stored, frames[0][0], frames[1][0]);
}

void guest_main(void)
{
    root[2] = (uint64_t)0x80000000 >> 12 << 10 | DATA | X; // this program, a gigapage
    root[1] = (uint64_t)middle >> 12 << 10 | V;
    middle[0] = (uint64_t)leaves >> 12 << 10 | V;
    csr_write(satp, UINT64_C(8) << 60 | (uintptr_t)root >> 12);
    ask("exchanged", exchanged);
    ask("away and back", away_and_back);
    ask("another address", by_another_address);
    ask("another word", of_another_word);
    this_hart()->m_hook = on_call;
    ask("undisturbed", undisturbed);
    this_hart()->m_hook = NULL;
    trap_expect();
    ask("read only", made_read_only);
    struct trap_seen t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_STORE_PAGE);
    CHECK_EQ(t.count, TURNS);
    CHECK_EQ(t.tval, ONE);
    // With one hart nobody disturbs: the transcript is the same for all.
    if (hart_count() > 1) {
        hart_start(1, other_hart, TURNS);
        CHECK_EQ(in_supervisor(disturbed), 0);
        hart_wait(1);
        CHECK_EQ(frames[0][0], 5 + TURNS);
    }
    csr_write(satp, 0);
}
