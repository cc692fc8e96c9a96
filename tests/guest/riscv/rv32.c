// SPDX-License-Identifier: GPL-2.0-or-later
// rv32: what only RV32 has, or has otherwise: products and quotients of 32 bits, shifts by less than
// 32, atomics, doubles in registers that are twice as wide as x, CSRs in halves, Sstc by halves, and
// Sv32: every combination of a leaf's permission bits against a model, pages of 4 MiB, A and D; PMP.
// The reference counts cycles otherwise.
#include "riscv.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
enum { LOAD, STORE, FETCH };
#define WINDOW 0x40000000u

static uint64_t sum;

#define OP2(name, a, b)                                                                            \
    ({                                                                                             \
        uint32_t r_;                                                                               \
        __asm__ volatile(name " %0, %1, %2" : "=r"(r_) : "r"(a), "r"(b));                          \
        sum = mix(sum, r_);                                                                        \
        r_;                                                                                        \
    })

static uint32_t quotient(uint32_t a, uint32_t b)
{
    uint32_t q = 0, rest = 0;
    for (int bit = 31; bit >= 0; bit--) {
        bool carry = rest >> 31 != 0;
        rest = rest << 1 | (a >> bit & 1);
        if (carry || rest >= b) {
            rest -= b;
            q |= 1u << bit;
        }
    }
    return q;
}

static void arithmetic(uint32_t a, uint32_t b)
{
    uint64_t product = 0;
    for (int bit = 0; bit < 32; bit++) {
        product += (b >> bit & 1) != 0 ? (uint64_t)a << bit : 0;
    }
    uint32_t high = (uint32_t)(product >> 32);
    uint32_t a_sign = (uint32_t)((int32_t)a >> 31), b_sign = (uint32_t)((int32_t)b >> 31);
    CHECK_EQ(OP2("mul", a, b), (uint32_t)product);
    CHECK_EQ(OP2("mulhu", a, b), high);
    CHECK_EQ(OP2("mulhsu", a, b), high - (a_sign & b));
    CHECK_EQ(OP2("mulh", a, b), high - (a_sign & b) - (b_sign & a));
    uint32_t q = b == 0 ? UINT32_MAX : quotient(a, b);
    CHECK_EQ(OP2("divu", a, b), q);
    CHECK_EQ(OP2("remu", a, b), b == 0 ? a : a - q * b);
    uint32_t a_size = (a ^ a_sign) - a_sign, b_size = (b ^ b_sign) - b_sign;
    uint32_t signs = a_sign ^ b_sign;
    q = b == 0 ? UINT32_MAX : (quotient(a_size, b_size) ^ signs) - signs;
    CHECK_EQ(OP2("div", a, b), q);
    CHECK_EQ(OP2("rem", a, b), b == 0 ? a : a - q * b);
    CHECK_EQ(OP2("sll", a, b), a << (b & 31));
    CHECK_EQ(OP2("srl", a, b), a >> (b & 31));
    CHECK_EQ(OP2("sra", a, b), (a ^ a_sign) >> (b & 31) ^ a_sign);
    CHECK_EQ(OP2("sltu", a, b), a < b);
    CHECK_EQ(OP2("slt", a, b), (a ^ 1u << 31) < (b ^ 1u << 31));
}

static void numbers(void)
{
    static const uint32_t corners[] = {0,          1,          2,          31,        32,
                                       0x7fffffff, 0x80000000, 0x80000001, UINT32_MAX};
    uint64_t seed = 99;
    for (unsigned i = 0; i < ARRAY_LEN(corners); i++) {
        for (unsigned k = 0; k < ARRAY_LEN(corners); k++) {
            arithmetic(corners[i], corners[k]);
        }
    }
    for (unsigned i = 0; i < 500; i++) {
        uint64_t r = next_random(&seed);
        arithmetic((uint32_t)r >> (i % 29), (uint32_t)(r >> 32) >> (i % 31));
    }
    say("numbers %016lx\n", sum);
}

// What is no instruction here: loads of 64 bits, shifts by 32, W forms, LR.D.
static void nothing_of_rv64(void)
{
    static const uint32_t words[] = {0x00053503, 0x00056503, 0x00a53023, 0x02051513, 0x0015051b,
                                     0x00a5053b, 0x1005352f, 0xe2050553, 0xf2050553};
    static uint32_t code[2];
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        code[0] = words[i];
        code[1] = 0x8067; // ret
        __asm__ volatile("fence.i" : : : "memory");
        trap_expect();
        ((void (*)(void))code)();
        struct trap_seen t = trap_taken();
        CHECK_EQ(t.cause, CAUSE_ILLEGAL);
        CHECK(t.tval == 0 || t.tval == words[i]);
    }
    say("nothing of RV64\n");
}

static void atomics_and_doubles(void)
{
    static uint32_t word = 5;
    static uint64_t wide[2] = {UINT64_C(0x400921fb54442d18), 0};
    uint32_t old, failed;
    __asm__ volatile("amoadd.w %0, %1, (%2)" : "=r"(old) : "r"(-7), "r"(&word) : "memory");
    CHECK_EQ(old, 5);
    CHECK_EQ(word, (uint32_t)-2);
    __asm__ volatile("amomax.w %0, %1, (%2)" : "=r"(old) : "r"(3), "r"(&word) : "memory");
    CHECK_EQ(word, 3);
    __asm__ volatile("lr.w %0, (%2)\n sc.w %1, %2, (%2)"
                     : "=&r"(old), "=&r"(failed)
                     : "r"(&word)
                     : "memory");
    CHECK_EQ(failed, 0);
    CHECK_EQ(word, (uint32_t)(uintptr_t)&word);
    __asm__ volatile("fld ft0, 0(%0)\n fadd.d ft0, ft0, ft0\n fsd ft0, 8(%0)"
                     :
                     : "r"(wide)
                     : "memory", "ft0");
    CHECK_EQ(wide[1], UINT64_C(0x401921fb54442d18));
    __asm__ volatile("fcvt.w.d %0, ft0, rtz" : "=r"(old));
    CHECK_EQ(old, 6);
    say("atomics and doubles\n");
}

static void registers(void)
{
    CHECK_EQ(csr_read(misa) >> 30, 1);
    csr_write(mcycleh, 5);
    csr_write(mcycle, 0xfffffff0);
    for (int i = 0; i < 32; i++) {
        __asm__ volatile("nop");
    }
    CHECK_EQ(csr_read(mcycleh), 6); // the carry
    csr_write(minstreth, 77);
    CHECK_EQ(csr_read(minstreth), 77);
    CHECK_EQ(csr_read(cycleh), 6);
    CHECK_EQ(csr_read(0x310), 0); // mstatush
    csr_write(0x310, UINT32_MAX & ~0x30u);
    CHECK_EQ(csr_read(0x310), 0);
    csr_write(mstatus, (csr_read(mstatus) | MSTATUS_FS));
    CHECK_EQ(csr_read(mstatus) >> 31, 1); // SD
    csr_write(pmpaddr4, UINT32_MAX);
    CHECK_EQ(csr_read(pmpaddr4), UINT32_MAX);
    csr_write(pmpaddr4, 0);
    csr_write(pmpcfg1, 0x01000000);
    CHECK_EQ(csr_read(pmpcfg1), 0x01000000);
    csr_write(pmpcfg1, 0);
    csr_write(satp, 0x7fffffff); // without a mode
    csr_write(satp, 0);
    say("registers\n");
}

static volatile unsigned fired;

static void on_timer(struct trap *t)
{
    CHECK_EQ(t->cause, CAUSE_INTERRUPT | IRQ_STI);
    fired++;
    csr_write(CSR_STIMECMPH, UINT32_MAX);
}

static uint8_t stack[4096] __attribute__((aligned(16)));

static xword wait_for_timer(xword ticks)
{
    uint64_t until = clint_mtime() + ticks;
    csr_write(CSR_STIMECMP, UINT32_MAX);
    csr_write(CSR_STIMECMPH, (xword)(until >> 32));
    csr_write(CSR_STIMECMP, (xword)until);
    csr_set(sie, 1u << IRQ_STI);
    while (fired == 0) {
        __asm__ volatile("wfi" : : : "memory");
        csr_set(sstatus, MSTATUS_SIE);
        csr_clear(sstatus, MSTATUS_SIE);
    }
    CHECK(clint_mtime() >= until);
    return csr_read(timeh);
}

static void timer(void)
{
    csr_set(CSR_MENVCFGH, 1u << 31); // STCE
    CHECK_EQ(csr_read(CSR_MENVCFGH) >> 31, 1);
    csr_set(mcounteren, 2);
    csr_write(mideleg, 1u << IRQ_STI);
    csr_write(stvec, trap_entry_s);
    csr_write(sscratch, 0);
    this_hart()->s_hook = on_timer;
    CHECK_EQ(run_in_mode(MODE_S, wait_for_timer, 5000, stack + sizeof stack), 0);
    this_hart()->s_hook = NULL;
    csr_write(mideleg, 0);
    say("timer %u\n", fired);
}

// ---- Sv32 --------------------------------------------------------------------------------------

static uint32_t root[1024] __attribute__((aligned(4096)));
static uint32_t leaves[1024] __attribute__((aligned(4096)));
static uint32_t frame[1024] __attribute__((aligned(4096)));
static unsigned probes;
static bool walk_sets_ad;

static uint32_t entry(const void *physical, unsigned flags)
{
    return (uint32_t)(uintptr_t)physical >> 12 << 10 | flags;
}

static void fence(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

static xword load(xword p)
{
    return *(volatile uint32_t *)p;
}

static xword store(xword p)
{
    *(volatile uint32_t *)p = 0x80828082; // two rets
    return 0;
}

static xword fetch(xword p)
{
    ((void (*)(void))p)();
    return 0;
}

static xword (*const accesses[])(xword) = {load, store, fetch};
static const xword page_cause[] = {CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE};
static xword result;

static struct trap_seen probe(unsigned mode, unsigned access, xword p)
{
    probes++;
    trap_expect();
    result = run_in_mode(mode, accesses[access], p, stack + sizeof stack);
    return trap_taken();
}

static bool is_permitted(unsigned pte, unsigned mode, unsigned access, bool sum_set, bool mxr)
{
    if ((pte & V) == 0 || (pte & (R | W)) == W || (pte & (R | W | X)) == 0) {
        return false;
    }
    if (mode == MODE_U ? (pte & U) == 0 : (pte & U) != 0 && (!sum_set || access == FETCH)) {
        return false;
    }
    switch (access) {
    case LOAD: return (pte & R) != 0 || (mxr && (pte & X) != 0);
    case STORE: return (pte & W) != 0;
    default: return (pte & X) != 0;
    }
}

static void one_leaf(unsigned pte, unsigned mode, unsigned access, unsigned set)
{
    unsigned needs = access == STORE ? A | D : A;
    bool faults = !is_permitted(pte, mode, access, (set & 1) != 0, (set & 2) != 0) ||
                  (!walk_sets_ad && (pte & needs) != needs);
    leaves[5] = entry(frame, pte);
    fence();
    struct trap_seen t = probe(mode, access, WINDOW + 0x5040);
    CHECK_EQ(t.cause, faults ? page_cause[access] : CAUSE_NONE);
    CHECK(!faults || t.tval == WINDOW + 0x5040);
    CHECK_EQ(leaves[5], entry(frame, pte | (faults ? 0 : needs)));
}

static void all_leaves(void)
{
    for (unsigned mode = MODE_U; mode <= MODE_S; mode++) {
        root[512] = entry((void *)0x80000000, V | R | W | X | A | D | (mode == MODE_U ? U : 0));
        for (unsigned set = 0; set < 4; set++) {
            csr_clear(mstatus, MSTATUS_SUM | MSTATUS_MXR);
            csr_set(mstatus,
                    ((set & 1) != 0 ? MSTATUS_SUM : 0) | ((set & 2) != 0 ? MSTATUS_MXR : 0));
            for (unsigned pte = 0; pte < 256; pte++) {
                if ((pte & 32) == 0 && ((pte & A) != 0 || (pte & D) == 0)) {
                    for (unsigned access = LOAD; access <= FETCH; access++) {
                        one_leaf(pte, mode, access, set);
                    }
                }
            }
        }
    }
    csr_clear(mstatus, MSTATUS_SUM | MSTATUS_MXR);
    say("leaves\n");
}

static void walks(void)
{
    const unsigned all = V | R | W | X | A | D;
    for (unsigned i = 0; i < ARRAY_LEN(frame); i++) {
        frame[i] = 0x80828082;
    }
    __asm__ volatile("fence.i" : : : "memory");
    root[0x100] = entry(leaves, V);
    root[512] = entry((void *)0x80000000, all);
    csr_write(satp, 1u << 31 | (uint32_t)(uintptr_t)root >> 12);
    leaves[5] = entry(frame, V | R);
    fence();
    walk_sets_ad = probe(MODE_S, LOAD, WINDOW + 0x5040).cause == CAUSE_NONE;
    all_leaves();
    // A page of 4 MiB at the end of the address space, one that is misaligned, a pointer too deep.
    root[1023] = entry((void *)0x80000000, all);
    root[1022] = entry((void *)0x80001000, all);
    leaves[6] = entry(frame, V);
    fence();
    frame[3] = 4711;
    CHECK_EQ(probe(MODE_S, LOAD, 0xffc00000 + ((xword)&frame[3] & 0x3fffff)).count, 0);
    CHECK_EQ(result, 4711);
    CHECK_EQ(probe(MODE_S, LOAD, 0xff800000).cause, CAUSE_LOAD_PAGE);
    CHECK_EQ(probe(MODE_S, STORE, WINDOW + 0x6000).cause, CAUSE_STORE_PAGE);
    CHECK_EQ(probe(MODE_S, FETCH, 0).cause, CAUSE_FETCH_PAGE);
    csr_write(satp, 0);
    say("probes %u\n", probes);
}

// Four entries a register: the first forbids a word, the fifth allows the rest.
static void protection(void)
{
    csr_write(pmpaddr4, PMPADDR_ALL);
    csr_write(pmpcfg1, 0x1f);
    csr_write(pmpaddr0, (xword)&frame[7] >> 2);
    csr_write(pmpcfg0, 2 << 3); // NA4
    struct trap_seen t = probe(MODE_U, LOAD, (xword)&frame[7]);
    CHECK_EQ(t.cause, CAUSE_LOAD_ACCESS);
    CHECK_EQ(t.tval, (xword)&frame[7]);
    CHECK_EQ(probe(MODE_U, STORE, (xword)&frame[7]).cause, CAUSE_STORE_ACCESS);
    CHECK_EQ(probe(MODE_U, STORE, (xword)&frame[8]).count, 0);
    csr_write(pmpcfg1, 0);
    csr_write(pmpaddr0, PMPADDR_ALL);
    csr_write(pmpcfg0, 0x1f);
    say("protection\n");
}

void guest_main(void)
{
    numbers();
    nothing_of_rv64();
    atomics_and_doubles();
    registers();
    timer();
    walks();
    protection();
}
