// SPDX-License-Identifier: GPL-2.0-or-later
// exceptions: syndromes of what EL0 and EL1 may not do (DDI 0487, D24.2.40): SVC, BRK, undefined
// instructions, system registers, floating point switched off, misaligned SP and PC, WFI trapped, single
// steps, and an illegal return.
#include "arm64.h"

static uint8_t stack[4096] __attribute__((aligned(16)));
#define TOP (stack + sizeof stack)

static void expect(const char *what, unsigned class, uint64_t iss, uint64_t (*fn)(uint64_t),
                   bool at_el0, uint64_t arg)
{
    trap_expect();
    if (at_el0) {
        run_at_el0(fn, arg, TOP);
    } else {
        fn(arg);
    }
    struct trap_seen seen = trap_taken();
    say("%s: class %02x iss %07lx, %lu\n", what, ESR_EC(seen.esr), ESR_ISS(seen.esr), seen.count);
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(ESR_EC(seen.esr), class);
    CHECK_EQ(ESR_ISS(seen.esr), iss);
    CHECK_EQ(seen.esr & ESR_IL, ESR_IL);
    CHECK_EQ(seen.spsr & 15, at_el0 ? 0 : 5);
}

#define ONE(name, text)                                                                            \
    static uint64_t name(uint64_t arg)                                                             \
    {                                                                                              \
        __asm__ volatile(text : "+r"(arg) : : "x9", "memory");                                     \
        return arg;                                                                                \
    }
ONE(do_svc, "svc 0x1234")
ONE(do_brk, "brk 0xabcd")
ONE(do_udf, ".inst 0x00000007")
ONE(do_unallocated, ".inst 0xffffffff")
ONE(do_smc, "smc 0")
ONE(do_hlt, "hlt 1")
ONE(read_vbar, "mrs %0, vbar_el1")
ONE(write_ttbr, "msr ttbr0_el1, %0")
ONE(read_id, "mrs %0, id_aa64pfr0_el1")
ONE(read_daif, "mrs %0, daif")
ONE(mask_daif, "msr daifset, 2")
ONE(read_ctr, "mrs x9, ctr_el0")
ONE(zero_block, "dc zva, %0")
ONE(clean_line, "dc cvau, %0")
ONE(invalidate_line, "dc ivac, %0")
ONE(do_wfi, "wfi")
ONE(do_wfe, "wfe\n wfe")
ONE(do_eret, "eret")
ONE(do_add, "fadd d0, d1, d2")
ONE(do_load_q, "ldr q0, [%0]")
ONE(read_fpcr, "mrs %0, fpcr")
ONE(load_by_sp, "mov x9, sp\n sub sp, sp, 8\n ldr %0, [sp]\n mov sp, x9")
ONE(jump, "mov x9, x30\n adr x30, 1f\n br %0\n1: mov x30, x9")

static void ordinary(bool at_el0)
{
    expect("svc", EC_SVC, 0x1234, do_svc, at_el0, 0);
    expect("brk", EC_BRK, 0xabcd, do_brk, at_el0, 0);
    expect("udf", EC_UNKNOWN, 0, do_udf, at_el0, 0);
    expect("unallocated", EC_UNKNOWN, 0, do_unallocated, at_el0, 0);
    expect("smc", EC_UNKNOWN, 0, do_smc, at_el0, 0);
    expect("hlt", EC_UNKNOWN, 0, do_hlt, at_el0, 0);
}

static void registers(void)
{
    uint64_t sctlr = read_sysreg(sctlr_el1);
    expect("vbar_el1", EC_UNKNOWN, 0, read_vbar, true, 0);
    expect("ttbr0_el1", EC_UNKNOWN, 0, write_ttbr, true, 0);
    expect("id_aa64pfr0_el1", EC_UNKNOWN, 0, read_id, true, 0);
    expect("dc ivac", EC_UNKNOWN, 0, invalidate_line, true, (uint64_t)stack);
    expect("eret", EC_UNKNOWN, 0, do_eret, true, 0);

    write_sysreg(sctlr_el1, sctlr & ~(1ul << 9 | 1 << 14 | 1 << 15 | 1 << 26 | 1 << 16 | 1 << 18));
    expect("ctr_el0", EC_SYSREG, 3 << 20 | 1 << 17 | 3 << 14 | 0 << 10 | 9 << 5 | 0 << 1 | 1,
           read_ctr, true, 0);
    trap_expect();
    run_at_el0(zero_block, (uint64_t)stack & ~63ul, TOP);
    struct trap_seen seen = trap_taken();
    CHECK_EQ(ESR_EC(seen.esr), EC_SYSREG);
    CHECK_EQ(ESR_ISS(seen.esr) & ~0x3e0ul, 1 << 20 | 1 << 17 | 3 << 14 | 7 << 10 | 4 << 1);
    trap_expect();
    run_at_el0(clean_line, (uint64_t)stack, TOP);
    seen = trap_taken();
    CHECK_EQ(ESR_EC(seen.esr), EC_SYSREG);
    CHECK_EQ(ESR_ISS(seen.esr) & ~0x3e0ul, 1 << 20 | 1 << 17 | 3 << 14 | 7 << 10 | 11 << 1);
    trap_expect();
    run_at_el0(read_daif, 0, TOP);
    seen = trap_taken();
    CHECK_EQ(ESR_EC(seen.esr), EC_SYSREG);
    expect("daifset", EC_SYSREG, 6 << 17 | 0 << 20 | 3 << 14 | 4 << 10 | 31 << 5 | 2 << 1,
           mask_daif, true, 0);
    expect("wfi", EC_WFX, 1 << 24 | 14 << 20, do_wfi, true, 0);
    write_sysreg(sctlr_el1, sctlr | 1 << 9);
    CHECK_EQ(run_at_el0(read_daif, 0, TOP), 0x3c0);
    write_sysreg(sctlr_el1, sctlr);
}

static void floating_point(void)
{
    write_sysreg(cpacr_el1, 1 << 20); // EL0 traps
    expect("fadd", EC_FP_ACCESS, 1 << 24 | 14 << 20, do_add, true, 0);
    expect("ldr q", EC_FP_ACCESS, 1 << 24 | 14 << 20, do_load_q, true, (uint64_t)stack);
    expect("fpcr", EC_FP_ACCESS, 1 << 24 | 14 << 20, read_fpcr, true, 0);
    do_add(0);
    write_sysreg(cpacr_el1, 0);
    expect("fadd", EC_FP_ACCESS, 1 << 24 | 14 << 20, do_add, false, 0);
    expect("fpcr", EC_FP_ACCESS, 1 << 24 | 14 << 20, read_fpcr, false, 0);
    write_sysreg(cpacr_el1, 3 << 20);
}

static void alignment(void)
{
    uint64_t sctlr = read_sysreg(sctlr_el1);
    write_sysreg(sctlr_el1, sctlr | 1 << 3 | 1 << 4);
    expect("sp", EC_SP_ALIGNMENT, 0, load_by_sp, true, 0);
    write_sysreg(sctlr_el1, sctlr);
    run_at_el0(load_by_sp, 0, TOP);
    expect("pc", EC_PC_ALIGNMENT, 0, jump, false, (uint64_t)do_svc + 2);
    CHECK_EQ(trap_taken().far, (uint64_t)do_svc + 2);
    expect("fetch", EC_FETCH_SAME, 0xf, jump, false, (uint64_t)stack); // level 3, permission
    CHECK_EQ(trap_taken().far, (uint64_t)stack);
}

// Software step: an exception behind each instruction of EL0.
static volatile unsigned steps;
HOOK static void on_step(struct trap *t)
{
    if (ESR_EC(t->esr) != EC_STEP_LOWER) {
        trap_default(t);
        return;
    }
    CHECK_EQ(ESR_ISS(t->esr) & 0x3f, 0x22);
    steps++;
    if (t->x[0] == 0) { // the end of the loop: on without steps
        write_sysreg(mdscr_el1, 0);
        t->spsr &= ~(1ul << 21);
        return;
    }
    t->spsr |= 1 << 21;
}

HOOK static void on_first(struct trap *t)
{
    CHECK_EQ(ESR_EC(t->esr), EC_SVC);
    t->spsr |= 1 << 21;
    this_hart()->hook = on_step;
    write_sysreg(mdscr_el1, 1);
}

static uint64_t loop(uint64_t n)
{
    register uint64_t x0 __asm__("x0") = n;
    __asm__ volatile("svc 1\n1: subs x0, x0, 1\n b.ne 1b" : "+r"(x0) : : "cc");
    return x0;
}

static void stepping(void)
{
    write_sysreg(oslar_el1, 0);
    this_hart()->hook = on_first;
    CHECK_EQ(run_at_el0(loop, 10, TOP), 0);
    this_hart()->hook = NULL;
    write_sysreg(mdscr_el1, 0);
    say("steps %u\n", steps);
}

// A return to a level that is not there: PSTATE.IL, and the next instruction traps.
static void illegal_return(void)
{
    trap_expect();
    uint64_t next;
    __asm__ volatile(
        "adr %0, 1f\n msr elr_el1, %0\n mov %0, 0x3cf\n msr spsr_el1, %0\n eret\n1: nop"
        : "=&r"(next));
    struct trap_seen seen = trap_taken();
    CHECK_EQ(ESR_EC(seen.esr), EC_ILLEGAL_STATE);
    CHECK_EQ(seen.spsr >> 20 & 1, 1);
    CHECK_EQ(seen.spsr & 15, 5);
    say("illegal return: class %02x\n", ESR_EC(seen.esr));
}

void guest_main(void)
{
    ordinary(false);
    ordinary(true);
    registers();
    floating_point();
    alignment();
    stepping();
    illegal_return();
    do_wfe(0);
}
