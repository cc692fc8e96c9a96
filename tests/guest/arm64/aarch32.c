// SPDX-License-Identifier: GPL-2.0-or-later
// aarch32: AArch32 state at EL0 (DDI 0487, D1.20, D24.2.40, G1): exceptions from A32 and T32 come to vectors 12
// and 13 with their syndromes, IT blocks and registers in the right places; returns, legal and not; traps of CP14, CP15
// and floating point; software step, breakpoints, watchpoints. The code is words, as this is no compiler's for A32.
#include "arm64.h"

enum {
    EC_CP15 = 3,
    EC_CP15_64 = 4,
    EC_CP14 = 5,
    EC_SVC32 = 0x11,
    EC_BKPT32 = 0x38,
    EC_BREAKPOINT = 0x30,
    EC_WATCHPOINT = 0x34
};
enum { A32 = 0x1d0, T32 = 0x1f0 }; // user mode, interrupts off
#define ALWAYS         UINT64_C(0x1e00000)
#define SPSR_SS        (UINT64_C(1) << 21)
#define SPSR_IL        (UINT64_C(1) << 20)
#define IT(cond, mask) ((uint64_t)(((cond) << 2 | (mask) >> 2) << 10 | ((mask)&3) << 25))

extern const char a_svc[], a_bkpt[], a_udf[], a_mcr[], a_cntvct[], a_ccnt[], a_dcc[], a_fp[],
    a_ldr[], a_strd[], a_wfi[], a_isb[], a_setend[], a_tls[], a_loop[], a_flags[], t_svc[],
    t_bkpt[], t_wfi[], t_it[], t_steps[], t_setend[];
__asm__(
    ".globl a_flags, t_it, t_svc\n.balign 4\n"
    "a_svc: .word 0xef012345\n"                // svc #0x12345
    "a_bkpt: .word 0xe1212374\n"               // bkpt #0x1234
    "a_udf: .word 0xe7f000f5\n"                // udf #5
    "a_mcr: .word 0xee015f10\n"                // mcr p15, 0, r5, c1, c0, 0
    "a_cntvct: .word 0xec553f1e, 0xef000000\n" // mrrc p15, 1, r3, r5, c14
    "a_ccnt: .word 0xee197f1d, 0xef000000\n"   // mrc p15, 0, r7, c9, c13, 0
    "a_dcc: .word 0xee106e11, 0xef000000\n"    // mrc p14, 0, r6, c0, c1, 0
    "a_fp: .word 0xee300a81, 0xef000000\n"     // vadd.f32 s0, s1, s2
    "a_ldr: .word 0xe5921000, 0xef000000\n"    // ldr r1, [r2]
    "a_strd: .word 0xe1c240f0, 0xef000000\n"   // strd r4, r5, [r2]
    "a_wfi: .word 0xe320f003\n"
    "a_isb: .word 0xee070f95, 0xef000000\n"                         // mcr p15, 0, r0, c7, c5, 4
    "a_setend: .word 0xf1010200, 0xef000000\n"                      // setend be
    "a_tls: .word 0xee1d0f50, 0xe2800001, 0xee0d0f50, 0xef000000\n" // TPIDRURW plus 1
    "a_loop: .word 0xeafffffe\n"                                    // b .
    "a_flags: .word 0xe3e00000, 0xe2900001, 0xee300a81, 0xef000000\n" // mvn r0, #0; adds r0, r0, #1; vadd
    "t_svc: .short 0xdf12\n"
    "t_bkpt: .short 0xbe34\n"
    "t_wfi: .short 0xbf30\n"
    "t_it: .short 0xbf16, 0x3001, 0x3801, 0xdf07, 0xdf08\n" // itet ne: adds, subs, svc #7; svc #8
    "t_steps: .short 0x2001, 0xbf08, 0x3001, 0xd000, 0xbf00, 0xf000, 0xb800, 0xdf01\n"
    "t_setend: .short 0xb658, 0xdf01\n"
    ".balign 4");

static uint64_t regs[31];
static struct trap outer, seen;
static uint64_t start, state;
static unsigned steps, stepping;

HOOK static void copy(struct trap *to, const struct trap *from)
{
    memcpy(to, from, sizeof *to);
}

// SVC at EL1 begins; whatever comes from EL0 ends it, but for steps that are counted.
HOOK static void on_trap(struct trap *t)
{
    if (t->vector == 4 && ESR_EC(t->esr) == EC_SVC) {
        copy(&outer, t);
        memcpy(t->x, regs, sizeof regs);
        t->elr = start;
        t->spsr = state;
        return;
    }
    if (t->vector < 12) {
        trap_default(t);
        return;
    }
    if (stepping && ESR_EC(t->esr) == EC_STEP_LOWER) {
        steps++;
        t->spsr |= SPSR_SS;
        return;
    }
    copy(&seen, t);
    copy(t, &outer);
    if (seen.vector == 13) {
        unsigned irq = gic_acknowledge();
        write_sysreg(cntv_ctl_el0, 0);
        gic_end(irq);
        seen.esr = irq;
    }
}

static void go(const char *code, uint64_t spsr)
{
    this_hart()->hook = on_trap;
    start = (uint64_t)code;
    state = spsr;
    steps = 0;
    __asm__ volatile("svc 0x32" : : : "memory");
    this_hart()->hook = NULL;
}

static void expect(const char *what, const char *code, uint64_t spsr, unsigned class, uint64_t iss,
                   bool il, int64_t elr)
{
    go(code, spsr);
    say("%s: vector %lu class %02x iss %07lx il %u\n", what, seen.vector, ESR_EC(seen.esr),
        ESR_ISS(seen.esr), (unsigned)(seen.esr >> 25 & 1));
    CHECK_EQ(seen.vector, 12);
    CHECK_EQ(ESR_EC(seen.esr), class);
    CHECK_EQ(ESR_ISS(seen.esr), iss);
    CHECK_EQ(seen.esr >> 25 & 1, il);
    CHECK_EQ(seen.elr, (uint64_t)code + (uint64_t)elr);
    CHECK_EQ(seen.spsr & 0x1f, 0x10);
}

static void by_instructions(void)
{
    expect("A32 svc", a_svc, A32, EC_SVC32, 0x2345, true, 4);
    expect("T32 svc", t_svc, T32, EC_SVC32, 0x12, false, 2);
    CHECK_EQ(seen.spsr, T32);
    expect("A32 bkpt", a_bkpt, A32, EC_BKPT32, 0x1234, true, 0);
    expect("T32 bkpt", t_bkpt, T32, EC_BKPT32, 0x34, false, 0);
    expect("udf", a_udf, A32, EC_UNKNOWN, 0, true, 0);
    expect("mcr of EL1", a_mcr, A32, EC_UNKNOWN, 0, true, 0);
    uint64_t sctlr = read_sysreg(sctlr_el1);
    write_sysreg(sctlr_el1, sctlr & ~(UINT64_C(1) << 16)); // nTWI
    expect("A32 wfi", a_wfi, A32, EC_WFX, ALWAYS, true, 0);
    expect("T32 wfi", t_wfi, T32, EC_WFX, ALWAYS, false, 0);
    write_sysreg(sctlr_el1, sctlr);
}

// In an IT block SVC returns to where the block goes on; registers are 32 bits of the first 15.
static void blocks_and_registers(void)
{
    regs[0] = UINT64_C(0x123456789abcdef0);
    regs[13] = 0xfffffffc;
    expect("svc in a block", t_it, T32, EC_SVC32, 7, false, 8); // Z is 0
    CHECK_EQ(seen.x[0], 0x9abcdef1);
    CHECK_EQ(seen.x[13], 0xfffffffc);
    CHECK_EQ(seen.spsr & ~UINT64_C(0x1ff),
             0); // the block is over, and flags are as they were in it
    expect("the other way", t_it, T32 | UINT64_C(0x40000000), EC_SVC32, 8, false, 10);
    CHECK_EQ(seen.x[0], 0x9abcdeef);
    // A return into the middle of a block: two are left, of EQ and of NE.
    expect("into a block", t_it + 2, T32 | IT(0, 12), EC_SVC32, 7, false, 6);
    CHECK_EQ(seen.x[0], 0x9abcdeef);
    expect("flags", a_flags, A32, EC_SVC32, 0, true, 16);
    CHECK_EQ(seen.x[0], 0);
    CHECK_EQ(seen.spsr >> 28, 6); // Z and C
}

static void memory(void)
{
    static uint32_t word[4] __attribute__((aligned(8)));
    word[1] = 0x01020304;
    regs[2] = (uint64_t)&word[1];
    expect("ldr", a_ldr, A32, EC_SVC32, 0, true, 8);
    CHECK_EQ(seen.x[1], 0x01020304);
    expect("ldr, big-endian", a_ldr, A32 | 0x200, EC_SVC32, 0, true, 8);
    CHECK_EQ(seen.x[1], 0x04030201);
    CHECK_EQ(seen.spsr & 0x200, 0x200);
    regs[2] = UINT64_C(0xffffffff80000010);
    expect("ldr from nowhere", a_ldr, A32, EC_DATA_LOWER, 5, true, 0);
    CHECK_EQ(seen.far, 0x80000010);
    regs[2] = (uint64_t)&word[1] + 1;
    expect("strd, misaligned", a_strd, A32, EC_DATA_LOWER, 0x61, true, 0);
    CHECK_EQ(seen.far, regs[2]);
    expect("fetch from nowhere", (const char *)0x80000000, A32, EC_FETCH_LOWER, 5, true, 0);
    CHECK_EQ(seen.far, 0x80000000);
}

static void coprocessors(void)
{
    uint64_t cntkctl = read_sysreg(cntkctl_el1), sctlr = read_sysreg(sctlr_el1);
    write_sysreg(cntkctl_el1, 0);
    expect("cntvct", a_cntvct, A32, EC_CP15_64, ALWAYS | 1 << 16 | 5 << 10 | 3 << 5 | 14 << 1 | 1,
           true, 0);
    write_sysreg(cntkctl_el1, 2);
    expect("cntvct", a_cntvct, A32, EC_SVC32, 0, true, 8);
    write_sysreg(cntkctl_el1, cntkctl);
    write_sysreg(pmuserenr_el0, 0);
    expect("pmccntr", a_ccnt, A32, EC_CP15, ALWAYS | 9 << 10 | 7 << 5 | 13 << 1 | 1, true, 0);
    write_sysreg(pmuserenr_el0, 1);
    expect("pmccntr", a_ccnt, A32, EC_SVC32, 0, true, 8);
    write_sysreg(pmuserenr_el0, 0);
    expect("dbgdscr", a_dcc, A32, EC_SVC32, 0, true, 8);
    write_sysreg(mdscr_el1, 1 << 12); // TDCC
    expect("dbgdscr", a_dcc, A32, EC_CP14, ALWAYS | 6 << 5 | 1 << 1 | 1, true, 0);
    write_sysreg(mdscr_el1, 0);
    write_sysreg(tpidr_el0, UINT64_C(0x1111222233334444));
    expect("tpidrurw", a_tls, A32, EC_SVC32, 0, true, 16);
    CHECK_EQ(seen.x[0], 0x33334445);
    CHECK_EQ(read_sysreg(tpidr_el0), UINT64_C(0x1111222233334445));
    write_sysreg(cpacr_el1, 1 << 20);
    expect("vadd", a_fp, A32, 7, ALWAYS, true, 0);
    write_sysreg(cpacr_el1, 3 << 20);
    expect("vadd", a_fp, A32, EC_SVC32, 0, true, 8);
    write_sysreg(sctlr_el1, sctlr | 1 << 5); // CP15BEN
    expect("cp15isb", a_isb, A32, EC_SVC32, 0, true, 8);
    expect("setend", a_setend, A32, EC_SVC32, 0, true, 8);
    CHECK_EQ(seen.spsr & 0x200, 0x200);
    write_sysreg(sctlr_el1, (sctlr & ~UINT64_C(0x20)) | 1 << 8 | 1 << 7); // SED, ITD
    expect("cp15isb", a_isb, A32, EC_UNKNOWN, 0, true, 0);
    expect("setend", a_setend, A32, EC_UNKNOWN, 0, true, 0);
    expect("itet", t_it, T32, EC_UNKNOWN, 0, true, 0);
    write_sysreg(sctlr_el1, sctlr);
}

// A mode that there is not, and PSTATE.IL.
static void returns(void)
{
    static const uint64_t illegal[] = {0x1d3, 0x1df, 0x1da};
    for (unsigned i = 0; i < ARRAY_LEN(illegal); i++) {
        uint64_t next;
        trap_expect();
        __asm__ volatile("adr %0, 1f\n msr elr_el1, %0\n msr spsr_el1, %1\n eret\n1: nop"
                         : "=&r"(next)
                         : "r"(illegal[i]));
        struct trap_seen taken = trap_taken();
        CHECK_EQ(ESR_EC(taken.esr), EC_ILLEGAL_STATE);
        CHECK_EQ(taken.spsr & 0x1f, 5);
    }
    expect("illegal state", a_svc, A32 | SPSR_IL, EC_ILLEGAL_STATE, 0, true, 0);
    // The lowest bits of an address do not count, whichever they are.
    go(a_svc + 3, A32);
    CHECK_EQ(seen.elr, (uint64_t)a_svc + 4);
    go(t_svc + 1, T32);
    CHECK_EQ(seen.elr, (uint64_t)t_svc + 2);
}

static void interrupt(void)
{
    gic_enable(IRQ_VIRTUAL_TIMER);
    write_sysreg(cntv_tval_el0, 2000);
    write_sysreg(cntv_ctl_el0, 1);
    go(a_loop, A32 & ~0x80);
    CHECK_EQ(seen.vector, 13);
    CHECK_EQ(seen.elr, (uint64_t)a_loop);
    say("interrupt %lu: vector %lu\n", seen.esr, seen.vector);
}

static void debugging(void)
{
    stepping = 1;
    write_sysreg(mdscr_el1, 1);
    go(t_steps, T32 | SPSR_SS);
    write_sysreg(mdscr_el1, 0);
    stepping = 0;
    CHECK_EQ(ESR_EC(seen.esr), EC_SVC32);
    CHECK_EQ(seen.x[0], 1);
    say("steps %u\n", steps);
    // The second half word of a word, and the first one.
    uint64_t at = (uint64_t)t_it + 2;
    write_sysreg(dbgbvr0_el1, at & ~UINT64_C(3));
    write_sysreg(dbgbcr0_el1, 1 | 2 << 1 | (at & 2 ? 12 : 3) << 5);
    write_sysreg(mdscr_el1, 1 << 15);
    go(t_it, T32);
    CHECK_EQ(ESR_EC(seen.esr), EC_BREAKPOINT);
    CHECK_EQ(seen.elr, at);
    write_sysreg(dbgbcr0_el1, 1 | 2 << 1 | (at & 2 ? 3 : 12) << 5);
    go(t_it, T32);
    CHECK_EQ(seen.elr != at, 1);
    write_sysreg(dbgbcr0_el1, 0);
    static uint64_t watched;
    regs[2] = (uint64_t)&watched;
    write_sysreg(dbgwvr0_el1, regs[2]);
    write_sysreg(dbgwcr0_el1, 1 | 2 << 1 | 1 << 3 | 0xff << 5);
    expect("watchpoint", a_ldr, A32, EC_WATCHPOINT, 0x22, true, 0);
    CHECK_EQ(seen.far, regs[2]);
    write_sysreg(dbgwcr0_el1, 0);
    write_sysreg(mdscr_el1, 0);
}

void guest_main(void)
{
    CHECK_EQ(read_sysreg(id_aa64pfr0_el1) & 15, 2);
    write_sysreg(oslar_el1, 0);
    by_instructions();
    blocks_and_registers();
    memory();
    coprocessors();
    returns();
    interrupt();
    debugging();
}
