// SPDX-License-Identifier: GPL-2.0-or-later
// atomics: the A extension (Unprivileged ISA, chapter 14): each AMO's result and old value in both
// widths, when SC must fail, and locks, counters and LR/SC loops that up to four harts fight for.
// Left out: what the specification leaves open (spurious failures of SC, other reservation sizes).
#include "riscv.h"

static uint64_t sum;
static uint64_t cell[128] __attribute__((aligned(64)));

#define AMO(name, old)                                                                             \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        cell[0] = (old);                                                                           \
        __asm__ volatile(name " %0, %2, (%1)" : "=r"(r_) : "r"(cell), "r"(value) : "memory");      \
        r_;                                                                                        \
    })
#define EXPECT_D(name, result)                                                                     \
    do {                                                                                           \
        CHECK_EQ(AMO(name ".d", start), start);                                                    \
        CHECK_EQ(cell[0], result);                                                                 \
        sum = mix(sum, cell[0]);                                                                   \
    } while (0)
// The word forms return the old word sign-extended and leave the other half alone.
#define EXPECT_W(name, result)                                                                     \
    do {                                                                                           \
        CHECK_EQ(AMO(name ".w", start), (uint64_t)(int64_t)(int32_t)start);                        \
        CHECK_EQ(cell[0], (start & ~UINT64_C(0xffffffff)) | (uint32_t)(result));                   \
        sum = mix(sum, cell[0]);                                                                   \
    } while (0)

static void all_amos(uint64_t start, uint64_t value)
{
    int64_t a = (int64_t)start;
    int64_t b = (int64_t)value;
    int32_t wa = (int32_t)start;
    int32_t wb = (int32_t)value;
    uint32_t ua = (uint32_t)start;
    uint32_t ub = (uint32_t)value;
    EXPECT_D("amoswap", value);
    EXPECT_D("amoadd", start + value);
    EXPECT_D("amoxor", start ^ value);
    EXPECT_D("amoand", start & value);
    EXPECT_D("amoor", start | value);
    EXPECT_D("amomin", a < b ? start : value);
    EXPECT_D("amomax", a > b ? start : value);
    EXPECT_D("amominu", start < value ? start : value);
    EXPECT_D("amomaxu", start > value ? start : value);
    EXPECT_W("amoswap", value);
    EXPECT_W("amoadd", start + value);
    EXPECT_W("amoxor", start ^ value);
    EXPECT_W("amoand", start & value);
    EXPECT_W("amoor", start | value);
    EXPECT_W("amomin", wa < wb ? wa : wb);
    EXPECT_W("amomax", wa > wb ? wa : wb);
    EXPECT_W("amominu", ua < ub ? ua : ub);
    EXPECT_W("amomaxu", ua > ub ? ua : ub);
}

#define LR_D(p)                                                                                    \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile("lr.d %0, (%1)" : "=r"(r_) : "r"(p) : "memory");                          \
        r_;                                                                                        \
    })
#define SC_D(p, v)                                                                                 \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile("sc.d %0, %2, (%1)" : "=&r"(r_) : "r"(p), "r"((uint64_t)(v)) : "memory"); \
        r_;                                                                                        \
    })

static void reservations(void)
{
    // One that pairs: retried, as a single failure is allowed to happen for no reason.
    unsigned tries = 0;
    cell[0] = 7;
    do {
        CHECK_EQ(LR_D(&cell[0]), 7);
        tries++;
    } while (tries < 1000 && SC_D(&cell[0], 8) != 0);
    CHECK(tries < 1000);
    CHECK_EQ(cell[0], 8);
    // An SC ends the reservation, even one that failed; a second one fails.
    CHECK(SC_D(&cell[0], 9) != 0);
    CHECK_EQ(cell[0], 8);
    // An SC to an address outside the reservation set fails.
    LR_D(&cell[0]);
    CHECK(SC_D(cell + 7 + 64, 9) != 0);
    CHECK(SC_D(&cell[0], 9) != 0);
    CHECK_EQ(cell[0], 8);
    // lr.w sign-extends.
    uint64_t r;
    cell[1] = UINT64_C(0x1111111180000001);
    __asm__ volatile("lr.w %0, (%1)" : "=r"(r) : "r"(&cell[1]) : "memory");
    CHECK_EQ(r, UINT64_C(0xffffffff80000001));
}

// LR, SC and AMOs trap on a misaligned address (as misaligned or access fault; ours to choose).
// The reference (7.2) lets an SC without reservation fail before it looks at the address, and with
// a single hart does misaligned AMOs (expected/atomics.reference*.txt); the specification has
// neither exception.
static void misaligned(void)
{
    char *p = (char *)cell + 4;
    trap_expect();
    LR_D(p);
    struct trap_seen t = trap_taken();
    CHECK(t.cause == CAUSE_LOAD_MISALIGNED || t.cause == CAUSE_LOAD_ACCESS);
    trap_expect();
    __asm__ volatile("amoadd.w t0, t0, (%0)" : : "r"(p + 1) : "t0", "memory");
    t = trap_taken();
    CHECK(t.cause == CAUSE_STORE_MISALIGNED || t.cause == CAUSE_STORE_ACCESS);
    trap_expect();
    SC_D(p, 1);
    t = trap_taken();
    CHECK(t.cause == CAUSE_STORE_MISALIGNED || t.cause == CAUSE_STORE_ACCESS);
}

enum { ROUNDS = 500 };
static uint64_t counters[4] __attribute__((aligned(64)));
static uint32_t lock;
static uint64_t guarded[2];

static void fight(uint64_t arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&counters[0], 1, __ATOMIC_RELAXED);
        __atomic_fetch_add((uint32_t *)&counters[1], 3, __ATOMIC_SEQ_CST);
        // LR/SC increments written out.
        __asm__ volatile("1: lr.d t0, (%0)\n addi t0, t0, 5\n sc.d t1, t0, (%0)\n bnez t1, 1b"
                         :
                         : "r"(&counters[2])
                         : "t0", "t1", "memory");
        while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0) {
        }
        guarded[0]++;
        guarded[1] += guarded[0] & 1;
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
}

static void contention(void)
{
    // Four shares of the work, whatever the number of harts, so that the sums are the same.
    unsigned sharers = hart_count() < 4 ? hart_count() : 4;
    for (unsigned h = 1; h < sharers; h++) {
        hart_start(h, fight, 0);
    }
    for (unsigned share = sharers - 1; share < 4; share++) {
        fight(0);
    }
    for (unsigned h = 1; h < sharers; h++) {
        hart_wait(h);
    }
    CHECK_EQ(guarded[0], 4 * ROUNDS);
    say("contention %lu %lu %lu %lu\n", counters[0], counters[1], counters[2], guarded[1]);
}

void guest_main(void)
{
    static const uint64_t v[] = {0,
                                 1,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 0x7fffffffffffffff,
                                 0x8000000000000000,
                                 0xffffffffffffffff,
                                 0x123456789abcdef0};
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        for (size_t j = 0; j < ARRAY_LEN(v); j++) {
            all_amos(v[i], v[j]);
        }
    }
    say("amo %016lx\n", sum);
    reservations();
    misaligned();
    contention();
}
