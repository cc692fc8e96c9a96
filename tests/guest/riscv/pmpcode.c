// SPDX-License-Identifier: GPL-2.0-or-later
// pmpcode: code that runs, jumps and straddles into where physical memory protection does not let it be
// executed, in the middle of a page (Privileged ISA, section 3.7): from supervisor and user mode, and from
// machine mode with a locked entry. It stops at the very instruction, whatever was executed there
// before. The reference looks where a block of its own begins (expected/pmpcode.reference.txt).
#include "riscv.h"

enum { R = 1, W = 2, X = 4, TOR = 1 << 3, NAPOT = 3 << 3, LOCK = 0x80 };
enum { ADDI = 0x0505, RET = 0x8082, PAGE = 2048, LIMIT = 1024, STEPS = 64, TURNS = 20 };

// A page of `c.addi a0, 1`, which may be executed up to code[LIMIT], and a return behind it.
static uint16_t code[PAGE] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(16)));
static unsigned right, asked;

static void set_cfg(unsigned entry, unsigned cfg)
{
    uint64_t v = csr_read(pmpcfg0);
    csr_write(pmpcfg0, (v & ~(UINT64_C(0xff) << 8 * entry)) | (uint64_t)cfg << 8 * entry);
    __asm__ volatile("sfence.vma" : : : "memory");
}

static void lay_code(void)
{
    for (unsigned i = 0; i < PAGE; i++) {
        code[i] = ADDI;
    }
    code[LIMIT + STEPS] = RET;
    __asm__ volatile("fence.i");
}

// From code[from]: how many steps were taken; a fetch that fails returns to the caller.
static __attribute__((noinline)) uint64_t steps(uint64_t from)
{
    register uint64_t a0 __asm__("a0") = 0;
    __asm__ volatile("jalr ra, 0(%1)" : "+r"(a0) : "r"(&code[from]) : "ra", "memory");
    return a0;
}

static uint64_t run(unsigned mode, unsigned from)
{
    trap_expect();
    return mode == MODE_M ? steps(from) : run_in_mode(mode, steps, from, stack + sizeof stack);
}

// So many steps, and then the fault there; 0: none.
static void run_code(unsigned mode, unsigned from, uint64_t taken, uint64_t faults_at)
{
    uint64_t sum = run(mode, from);
    struct trap_seen t = trap_taken();
    asked++;
    if (faults_at == 0) {
        right += sum == taken && t.cause == CAUSE_NONE;
    } else {
        right += sum == taken && t.cause == CAUSE_FETCH_ACCESS && t.epc == faults_at &&
                 t.tval == faults_at;
    }
}

static void report(const char *what)
{
    say("%s: %u of %u right\n", what, right, asked);
    right = 0;
    asked = 0;
}

#define limit ((uint64_t)&code[LIMIT])

static void forbid_from_limit(unsigned cfg)
{
    csr_write(pmpaddr1, limit >> 2);
    csr_write(pmpaddr2, (limit + 256) >> 2);
    set_cfg(2, TOR | cfg);
}

static void running_in(unsigned mode)
{
    for (unsigned turn = 0; turn < TURNS; turn++) {
        // All of it, so that it is known as one piece; then up to the boundary and no further.
        run_code(mode, LIMIT - 10, 10 + STEPS, 0);
        forbid_from_limit(R);
        run_code(mode, LIMIT - 10, 10, limit);
        run_code(mode, LIMIT - 1, 1, limit);
        run_code(mode, LIMIT - 40, 40, limit);
        run_code(mode, LIMIT, 0, limit);
        run_code(mode, LIMIT + 1, 0, limit + 2);
        // The boundary may move: less is allowed, then more.
        csr_write(pmpaddr1, (limit - 16) >> 2);
        run_code(mode, LIMIT - 40, 32, limit - 16);
        csr_write(pmpaddr1, (limit + 16) >> 2);
        run_code(mode, LIMIT - 40, 48, limit + 16);
        csr_write(pmpaddr1, limit >> 2);
        // Both sides may be executed, by entries of their own.
        set_cfg(2, TOR | R | X);
        run_code(mode, LIMIT - 10, 10 + STEPS, 0);
        set_cfg(2, 0);
    }
}

// A jump into the forbidden part, and one in it: they were made when it was allowed.
static void jumping_in(unsigned mode)
{
    code[LIMIT - 4] = 0xa011; // c.j to code[LIMIT - 2]
    code[LIMIT - 2] = 0xa021; // c.j to code[LIMIT + 2]
    code[LIMIT + 2] = 0xa021; // c.j to code[LIMIT + 6]
    __asm__ volatile("fence.i");
    for (unsigned turn = 0; turn < TURNS; turn++) {
        run_code(mode, LIMIT - 6, STEPS - 4, 0);
        forbid_from_limit(0);
        run_code(mode, LIMIT - 6, 2, limit + 4);
        run_code(mode, LIMIT - 4, 0, limit + 4);
        set_cfg(2, 0);
    }
    lay_code();
}

// An instruction of four bytes, two on each side: not even a part of it is executed. The address that
// is reported is left open: the instruction's, or that of the bytes that could not be had.
static void straddling_in(unsigned mode)
{
    code[LIMIT - 1] = 0x0513; // addi a0, a0, 100
    code[LIMIT] = 0x0645;
    __asm__ volatile("fence.i");
    for (unsigned turn = 0; turn < TURNS; turn++) {
        run_code(mode, LIMIT - 5, 104 + STEPS - 1, 0);
        forbid_from_limit(R | W);
        uint64_t sum = run(mode, LIMIT - 5);
        struct trap_seen t = trap_taken();
        asked++;
        right += sum == 4 && t.cause == CAUSE_FETCH_ACCESS && t.epc == limit - 2 &&
                 (t.tval == limit - 2 || t.tval == limit);
        set_cfg(2, 0);
    }
    lay_code();
}

// Machine mode is free until an entry is locked; from then on there is no way back.
static void locked(void)
{
    forbid_from_limit(R);
    run_code(MODE_M, LIMIT - 10, 10 + STEPS, 0);
    report("machine mode, not locked");
    set_cfg(2, 0);
    csr_write(pmpaddr4, (limit | 31) >> 2); // 64 bytes
    set_cfg(4, NAPOT | LOCK | R);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        run_code(MODE_M, LIMIT - 10, 10, limit);
        run_code(MODE_M, LIMIT + 32, STEPS - 32, 0);
    }
    report("machine mode, locked");
}

void guest_main(void)
{
    lay_code();
    csr_write(pmpaddr7, UINT64_MAX >> 10);
    set_cfg(7, NAPOT | R | W | X); // everything, last
    set_cfg(0, 0);
    running_in(MODE_S);
    report("running, supervisor");
    running_in(MODE_U);
    report("running, user");
    jumping_in(MODE_S);
    jumping_in(MODE_U);
    report("jumping");
    straddling_in(MODE_S);
    straddling_in(MODE_U);
    report("straddling");
    locked();
}
