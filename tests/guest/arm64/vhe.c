// SPDX-License-Identifier: GPL-2.0-or-later
// vhe: the host extensions of EL2 (DDI 0487, D1.3.10 and D8.1.3): names of EL1 that are EL2's registers, and _EL12 that are
// EL1's; its regime of two halves with EL0 in it, PAN, and LDTR; its timers; what traps from EL0 of the host, from EL1 of
// a guest, and from EL0 of that guest, as HCR_EL2, CPTR_EL2, CNTHCTL_EL2 have it with E2H. It begins at EL2.
#include "arm64.h"

#define SCTLR_EL12      S3_5_C1_C0_0
#define CPACR_EL12      S3_5_C1_C0_2
#define TTBR0_EL12      S3_5_C2_C0_0
#define TTBR1_EL12      S3_5_C2_C0_1
#define TCR_EL12        S3_5_C2_C0_2
#define SPSR_EL12       S3_5_C4_C0_0
#define ELR_EL12        S3_5_C4_C0_1
#define ESR_EL12        S3_5_C5_C2_0
#define FAR_EL12        S3_5_C6_C0_0
#define MAIR_EL12       S3_5_C10_C2_0
#define VBAR_EL12       S3_5_C12_C0_0
#define CONTEXTIDR_EL12 S3_5_C13_C0_1
#define CONTEXTIDR_EL2  S3_4_C13_C0_1
#define CNTKCTL_EL12    S3_5_C14_C1_0
#define CNTP_CTL_EL02   S3_5_C14_C2_1
#define CNTP_CVAL_EL02  S3_5_C14_C2_2
#define CNTV_CTL_EL02   S3_5_C14_C3_1
#define CNTV_CVAL_EL02  S3_5_C14_C3_2
#define CNTHV_CTL_EL2   S3_4_C14_C3_1
#define CNTHV_CVAL_EL2  S3_4_C14_C3_2
#define TTBR1_EL2       S3_4_C2_C0_1
#define LORSA_EL1       S3_0_C10_C4_0
#define PSTATE_PAN      S3_0_C4_C2_3
#define READ(name)      read_sysreg(name)
#define WRITE(name, v)  write_sysreg(name, v)

#define HCR_RW   (UINT64_C(1) << 31)
#define HCR_E2H  (UINT64_C(1) << 34)
#define HCR_TGE  (UINT64_C(1) << 27)
#define HCR_TVM  (UINT64_C(1) << 26)
#define HCR_TSC  (UINT64_C(1) << 19)
#define HCR_TID3 (UINT64_C(1) << 18)
#define HCR_TPU  (UINT64_C(1) << 24)
#define HCR_TLOR (UINT64_C(1) << 35)
#define HCR_IMO  (UINT64_C(1) << 4)
#define HOST     (HCR_RW | HCR_E2H | HCR_TGE)
#define GUEST    (HCR_RW | HCR_E2H)

enum { EC_HVC = 0x16, EC_SMC = 0x17 };
enum { EL0 = 0x3c0, EL1 = 0x3c5 };

static uint8_t stack[4096] __attribute__((aligned(16)));
#define TOP (stack + sizeof stack)
static uint64_t data[512] __attribute__((aligned(4096)));

// ---- registers

#define APART(of_el1, of_el2, of_el12, a, b)                                                       \
    do {                                                                                           \
        uint64_t was_ = READ(of_el2), was12_ = READ(of_el12);                                      \
        WRITE(of_el12, a);                                                                         \
        WRITE(of_el1, b);                                                                          \
        CHECK_EQ(READ(of_el2), b);                                                                 \
        CHECK_EQ(READ(of_el1), b);                                                                 \
        CHECK_EQ(READ(of_el12), a);                                                                \
        WRITE(of_el2, was_);                                                                       \
        CHECK_EQ(READ(of_el1), was_);                                                              \
        WRITE(of_el12, was12_);                                                                    \
    } while (0)

static void registers(void)
{
    CHECK_EQ(READ(currentel), 8);
    CHECK_EQ(READ(hcr_el2) & HOST, HOST);
    CHECK_EQ(READ(id_aa64mmfr1_el1) >> 8 & 15, 1);
    APART(elr_el1, elr_el2, ELR_EL12, 0x1111, 0x2222);
    APART(spsr_el1, spsr_el2, SPSR_EL12, 5, 9);
    APART(esr_el1, esr_el2, ESR_EL12, 0x12345678, 0x56000000);
    APART(far_el1, far_el2, FAR_EL12, 0xffff, 1);
    APART(vbar_el1, vbar_el2, VBAR_EL12, 0x40000800, 0x40001000);
    APART(contextidr_el1, CONTEXTIDR_EL2, CONTEXTIDR_EL12, 7, 8);
    APART(cpacr_el1, cptr_el2, CPACR_EL12, 1 << 20, 3 << 20);
    APART(cntkctl_el1, cnthctl_el2, CNTKCTL_EL12, 3, 0xc02);
    CHECK_EQ(READ(sctlr_el1), READ(sctlr_el2));
    CHECK_EQ(READ(ttbr0_el1), READ(ttbr0_el2));
    CHECK_EQ(READ(tcr_el1), READ(tcr_el2));
    CHECK_EQ(READ(mair_el1), READ(mair_el2));
    CHECK(READ(MAIR_EL12) != READ(mair_el1));
    CHECK(READ(SCTLR_EL12) != READ(sctlr_el1));
    // No bit that has nothing behind it.
    WRITE(hcr_el2, ~UINT64_C(0));
    say("hcr_el2 %016lx\n", READ(hcr_el2));
    WRITE(hcr_el2, HOST);
    // As they are after a reset, and what they keep.
    CHECK_EQ(READ(mdcr_el2), READ(pmcr_el0) >> 11 & 31);
    CHECK_EQ(READ(SCTLR_EL12), 0x30c50838);
    CHECK_EQ(READ(rvbar_el2), 0);
    WRITE(cnthctl_el2, ~UINT64_C(0));
    WRITE(hacr_el2, ~UINT64_C(0));
    WRITE(actlr_el2, ~UINT64_C(0));
    say("cnthctl_el2 %lx, hacr_el2 %lx, actlr_el2 %lx\n", READ(cnthctl_el2), READ(hacr_el2),
        READ(actlr_el2));
    WRITE(cnthctl_el2, 0);
    say("registers\n");
}

#define AHEAD (UINT64_C(1) << 40) // of the physical counter, is EL1's virtual one

static void timers(void)
{
    uint64_t later = UINT64_C(1) << 56;
    WRITE(cntvoff_el2, -AHEAD);
    CHECK(READ(cntvct_el0) < AHEAD); // not here
    WRITE(CNTP_CVAL_EL02, later);
    WRITE(CNTV_CVAL_EL02, later + 1);
    WRITE(cntp_cval_el0, later + 2);
    WRITE(cntv_cval_el0, later + 3);
    CHECK_EQ(READ(cnthp_cval_el2), later + 2);
    CHECK_EQ(READ(CNTHV_CVAL_EL2), later + 3);
    CHECK_EQ(READ(CNTP_CVAL_EL02), later);
    CHECK_EQ(READ(CNTV_CVAL_EL02), later + 1);
    // EL1's virtual one is ahead, EL2's is not.
    WRITE(CNTV_CVAL_EL02, 2 * AHEAD);
    WRITE(cntv_cval_el0, 0);
    WRITE(CNTV_CTL_EL02, 1);
    WRITE(cntv_ctl_el0, 1);
    CHECK_EQ(READ(CNTV_CTL_EL02), 1);
    CHECK_EQ(READ(CNTHV_CTL_EL2), 5);
    CHECK(gic_pending(28));
    CHECK(!gic_pending(27));
    WRITE(CNTV_CVAL_EL02, AHEAD);
    WRITE(cntv_cval_el0, AHEAD);
    CHECK(!gic_pending(28));
    CHECK(gic_pending(27));
    WRITE(cntv_ctl_el0, 0);
    WRITE(CNTV_CTL_EL02, 0);
    WRITE(CNTP_CVAL_EL02, 0);
    WRITE(CNTP_CTL_EL02, 1);
    CHECK(gic_pending(30));
    CHECK(!gic_pending(26));
    WRITE(cntp_cval_el0, 0);
    WRITE(cntp_ctl_el0, 1);
    CHECK(gic_pending(26));
    WRITE(CNTP_CTL_EL02, 0);
    CHECK(!gic_pending(30));
    WRITE(cntp_ctl_el0, 0);
    say("timers\n");
}

// ---- the host's two halves

static __attribute__((noipa)) uint64_t load(uint64_t at)
{
    uint64_t value;
    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}
static uint64_t load_as_el0(uint64_t at)
{
    uint64_t value;
    __asm__ volatile("ldtr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static void expect(const char *what, unsigned class, uint64_t (*fn)(uint64_t), uint64_t arg,
                   bool at_el0)
{
    trap_expect();
    if (at_el0) {
        run_at_el0(fn, arg, TOP);
    } else {
        fn(arg);
    }
    struct trap_seen seen = trap_taken();
    say("%s: %lu, class %02x iss %07lx\n", what, seen.count, ESR_EC(seen.esr), ESR_ISS(seen.esr));
    CHECK_EQ(ESR_EC(seen.esr), class);
}

static uint64_t upper[512] __attribute__((aligned(4096)));
#define HIGH UINT64_C(0xffffff8000000000) /* where the upper half of 39 bits begins */

// Vectors that put PAN as it is behind an exception into x9 and take it away, then are the library's.
extern char pan_vectors[];
__asm__(
    ".balign 2048\n.globl pan_vectors\npan_vectors:\n.set at, 0\n.rept 16\n.balign 128\n"
    " mrs x9, S3_0_C4_C2_3\n msr S3_0_C4_C2_3, xzr\n b vectors + at\n.set at, at + 128\n.endr\n");

static uint64_t pan_seen;
HOOK static void on_svc(struct trap *t)
{
    if (ESR_EC(t->esr) == EC_SVC) {
        pan_seen = t->x[9] >> 22;
    } else {
        trap_default(t);
    }
}
static uint64_t call_up(uint64_t arg)
{
    __asm__ volatile("svc 1" : : : "x9", "memory");
    return arg;
}

// With PAN on, which lets EL2 have neither its stack nor its data while they are EL0's, too.
static uint64_t load_with_pan(uint64_t at)
{
    uint64_t value;
    __asm__ volatile("mov x9, 1 << 22\n msr S3_0_C4_C2_3, x9\n ldr %0, [%1]\n msr S3_0_C4_C2_3, xzr"
                     : "=&r"(value)
                     : "r"(at)
                     : "x9", "memory");
    return value;
}
static uint64_t load_as_el0_with_pan(uint64_t at)
{
    uint64_t value;
    __asm__ volatile(
        "mov x9, 1 << 22\n msr S3_0_C4_C2_3, x9\n ldtr %0, [%1]\n msr S3_0_C4_C2_3, xzr"
        : "=&r"(value)
        : "r"(at)
        : "x9", "memory");
    return value;
}
static uint64_t at_s1e1rp(uint64_t at, uint64_t pan)
{
    __asm__ volatile("msr S3_0_C4_C2_3, %1\n sys #0, c7, c9, #0, %0\n isb\n msr S3_0_C4_C2_3, xzr"
                     :
                     : "r"(at), "r"(pan)
                     : "memory");
    return READ(par_el1);
}

static void translation(void)
{
    uint64_t tcr = READ(tcr_el1), sctlr = READ(sctlr_el1);
    data[1] = 0x1234;
    for (unsigned i = 0; i < 512; i++) { // the same as in the lower half
        upper[i] = table_1[i];
    }
    WRITE(TTBR1_EL2, (uint64_t)upper | UINT64_C(5) << 48);
    CHECK_EQ(READ(ttbr1_el1), (uint64_t)upper | UINT64_C(5) << 48);
    expect("upper half, off", EC_DATA_SAME, load, HIGH + (uint64_t)&data[1], false);
    WRITE(tcr_el1,
          (tcr & ~(UINT64_C(1) << 23 | 0xff << 24)) | 25 << 16 | 0x35 << 24 | UINT64_C(2) << 30);
    CHECK_EQ(load(HIGH + (uint64_t)&data[1]), 0x1234);
    CHECK_EQ(run_at_el0(load, HIGH + (uint64_t)&data[1], TOP), 0x1234);
    // A page that is EL2's alone.
    *page_entry((uint64_t)data) &= ~PTE_EL0;
    tables_changed();
    expect("EL0, of EL2", EC_DATA_LOWER, load, (uint64_t)&data[1], true);
    expect("LDTR, of EL2", EC_DATA_SAME, load_as_el0, (uint64_t)&data[1], false);
    CHECK_EQ(load((uint64_t)&data[1]), 0x1234);
    *page_entry((uint64_t)data) |= PTE_EL0;
    tables_changed();
    // PAN, which exceptions set but with SPAN.
    uint64_t vbar = READ(vbar_el1);
    WRITE(vbar_el1, pan_vectors);
    expect("EL2, of EL0, PAN", EC_DATA_SAME, load_with_pan, (uint64_t)&data[1], false);
    CHECK_EQ(load_as_el0_with_pan((uint64_t)&data[1]), 0x1234);
    say("AT with PAN %lx\n", at_s1e1rp((uint64_t)&data[1], 1 << 22) & 0x7f);
    CHECK_EQ(at_s1e1rp((uint64_t)&data[1], 0) & UINT64_C(0xfffffffff001), (uint64_t)data);
    this_hart()->hook = on_svc;
    run_at_el0(call_up, 0, TOP);
    say("PAN %lu", pan_seen);
    WRITE(sctlr_el1, sctlr & ~(UINT64_C(1) << 23));
    run_at_el0(call_up, 0, TOP);
    say(" %lu\n", pan_seen);
    WRITE(sctlr_el1, sctlr);
    WRITE(vbar_el1, vbar);
    this_hart()->hook = NULL;
    WRITE(tcr_el1, tcr);
}

// ---- what traps from EL0 of the host

#define ONE(name, text)                                                                            \
    static uint64_t name(uint64_t arg)                                                             \
    {                                                                                              \
        __asm__ volatile(text : "+r"(arg) : : "x9", "memory");                                     \
        return arg;                                                                                \
    }
ONE(read_pct, "mrs %0, cntpct_el0")
ONE(read_vct, "mrs %0, cntvct_el0")
ONE(read_frq, "mrs %0, cntfrq_el0")
ONE(read_p_ctl, "mrs %0, cntp_ctl_el0")
ONE(read_v_cval, "mrs %0, cntv_cval_el0")
ONE(do_add, "fadd d0, d1, d2")
ONE(read_ctr, "mrs %0, ctr_el0")
ONE(clean, "dc cvau, %0")
ONE(read_pfr0, "mrs %0, id_aa64pfr0_el1")
ONE(read_far12, "mrs %0, S3_5_C6_C0_0")
ONE(read_hcr, "mrs %0, hcr_el2")
ONE(read_far, "mrs %0, far_el1")
ONE(write_mair, "msr mair_el1, %0")
ONE(write_cpacr, "msr cpacr_el1, %0")
ONE(read_lor, "mrs %0, S3_0_C10_C4_0")
ONE(do_smc, "smc 5")
ONE(do_hvc, "hvc 7")
ONE(do_wfi, "wfi")

static void host_el0(void)
{
    static const struct {
        const char *name;
        uint64_t (*fn)(uint64_t);
        uint64_t bits;
    } rows[] = {{"cntpct", read_pct, 1},
                {"cntvct", read_vct, 2},
                {"cntv_cval", read_v_cval, 1 << 8},
                {"cntp_ctl", read_p_ctl, 1 << 9}};
    WRITE(CNTKCTL_EL12, 0x303); // which is nothing to the host's EL0
    for (unsigned i = 0; i < 4; i++) {
        WRITE(cnthctl_el2, 0xfff & ~rows[i].bits);
        expect(rows[i].name, EC_SYSREG, rows[i].fn, 0, true);
        WRITE(cntkctl_el1, rows[i].bits);
        run_at_el0(rows[i].fn, 0, TOP);
    }
    WRITE(cnthctl_el2, 0xffc);
    expect("cntfrq", EC_SYSREG, read_frq, 0, true);
    WRITE(cnthctl_el2, 0x303);
    WRITE(cntv_cval_el0, 77);
    CHECK_EQ(run_at_el0(read_v_cval, 0, TOP), 77);
    CHECK(run_at_el0(read_vct, 0, TOP) >= READ(cntpct_el0) - 1000);
    WRITE(cpacr_el1, 1 << 20);
    expect("fp, EL0 alone", EC_FP_ACCESS, do_add, 0, true);
    do_add(0);
    WRITE(cpacr_el1, 0);
    expect("fp, EL0", EC_FP_ACCESS, do_add, 0, true);
    expect("fp, EL2", EC_FP_ACCESS, do_add, 0, false);
    WRITE(cpacr_el1, 3 << 20);
    // What a hypervisor would trap of a guest is nothing to the host.
    WRITE(hcr_el2, HOST | HCR_TPU | HCR_TID3 | HCR_TVM | HCR_TLOR | HCR_TSC | UINT64_C(1) << 13);
    run_at_el0(clean, (uint64_t)stack, TOP);
    run_at_el0(read_ctr, 0, TOP);
    WRITE(hcr_el2, HOST);
    expect("_EL12 at EL0", EC_UNKNOWN, read_far12, 0, true);
    // There is no EL1 to return to.
    trap_expect();
    uint64_t next;
    __asm__ volatile(
        "adr %0, 1f\n msr elr_el1, %0\n mov %0, 0x3c5\n msr spsr_el1, %0\n eret\n1: nop"
        : "=&r"(next));
    struct trap_seen seen = trap_taken();
    say("return to EL1: class %02x\n", ESR_EC(seen.esr));
    CHECK_EQ(seen.spsr & 15, 9);
}

// ---- a guest, without translation: its exceptions come as HVC with the number of the vector

extern char guest_vectors[];
__asm__(".balign 2048\n.globl guest_vectors\nguest_vectors:\n.set n, 0\n.rept 16\n.balign 128\n "
        "hvc 0x100 + n\n"
        ".set n, n + 1\n.endr\n");

static volatile uint64_t at_el1, to_el2; // syndromes of exceptions that EL1 and EL2 took
static volatile unsigned vector_of_el1;
HOOK static void on_guest(struct trap *t)
{
    unsigned class = ESR_EC(t->esr), imm = t->esr & 0xffff;
    if (TRAP_IS_IRQ(t)) {
        CHECK_EQ(gic_acknowledge(), 28);
        WRITE(cntv_ctl_el0, 0);
        gic_end(28);
        to_el2 = 0xaaaa;
        return;
    }
    if (class != EC_HVC || imm < 0x100) {
        to_el2 = t->esr;
        t->elr += class == EC_HVC ? 0 : 4;
        return;
    }
    uint64_t esr = READ(ESR_EL12);
    if (ESR_EC(esr) == EC_SVC && ESR_ISS(esr) == RUN_DONE) {
        run_done(t->x[0]);
    }
    at_el1 = esr;
    vector_of_el1 = imm - 0x100;
    t->elr = READ(ELR_EL12) + (ESR_EC(esr) == EC_SVC ? 0 : 4);
    t->spsr = READ(SPSR_EL12);
}

static uint64_t run_guest(uint64_t (*fn)(uint64_t), uint64_t arg, unsigned spsr)
{
    at_el1 = to_el2 = 0;
    WRITE(sp_el1, TOP);
    return run_as(fn, arg, TOP, spsr);
}

static void guest(const char *what, uint64_t (*fn)(uint64_t), uint64_t arg, uint64_t hcr)
{
    static const unsigned levels[] = {EL1, EL0};
    WRITE(hcr_el2, GUEST | hcr);
    say("%s:", what);
    for (unsigned i = 0; i < 2; i++) {
        run_guest(fn, arg, levels[i]);
        say(" %07lx %07lx", at_el1, to_el2);
    }
    WRITE(hcr_el2, HOST);
    say("\n");
}

static void guests(void)
{
    this_hart()->hook = on_guest;
    WRITE(VBAR_EL12, guest_vectors);
    WRITE(CPACR_EL12, 3 << 20);
    WRITE(CNTKCTL_EL12, 0x303);
    WRITE(cnthctl_el2, 0xc00);
    WRITE(FAR_EL12, 0x5555);
    WRITE(hcr_el2, GUEST);
    CHECK_EQ(run_guest(read_far, 0, EL1), 0x5555);
    CHECK(run_guest(read_vct, 0, EL1) > AHEAD);
    WRITE(hcr_el2, HOST);
    guest("svc", call_up, 0, 0);
    CHECK_EQ(vector_of_el1, 8);
    guest("hvc", do_hvc, 0, 0);
    guest("smc", do_smc, 0, HCR_TSC);
    guest("_EL12", read_far12, 0, 0);
    guest("hcr_el2", read_hcr, 0, 0);
    guest("lor", read_lor, 0, 0);
    guest("lor, TLOR", read_lor, 0, HCR_TLOR);
    guest("id, TID3", read_pfr0, 0, HCR_TID3);
    guest("mair, TVM", write_mair, 0, HCR_TVM);
    guest("dc cvau, TPU", clean, (uint64_t)stack, HCR_TPU);
    guest("wfi, TWI", do_wfi, 0, UINT64_C(1) << 13);
    guest("counter", read_pct, 0, 0);
    guest("timer", read_p_ctl, 0, 0);
    WRITE(cnthctl_el2, 0xbff);
    guest("counter", read_pct, 0, 0);
    WRITE(cnthctl_el2, 0x7ff);
    guest("timer", read_p_ctl, 0, 0);
    WRITE(CNTKCTL_EL12, 0);
    guest("timer, of EL1 alone", read_p_ctl, 0, 0);
    WRITE(cpacr_el1, 0);
    guest("fp, of none", do_add, 0, 0);
    WRITE(cpacr_el1, 1 << 20);
    guest("fp, of EL0 of the host alone", do_add, 0, 0);
    WRITE(CPACR_EL12, 1 << 20);
    guest("fp, of EL1 alone", do_add, 0, 0);
    WRITE(cpacr_el1, 3 << 20 | UINT64_C(1) << 31);
    guest("cpacr", write_cpacr, 3 << 20, 0);
    WRITE(cpacr_el1, 3 << 20);
    // Interrupts of EL2 come whatever EL1 masks.
    gic_enable(IRQ_VIRTUAL_TIMER);
    WRITE(cntv_cval_el0, 0);
    WRITE(cntv_ctl_el0, 1);
    guest("interrupt", read_pct, 0, 0);
    guest("interrupt, IMO", read_pct, 0, HCR_IMO);
    WRITE(cntv_ctl_el0, 0);
    this_hart()->hook = NULL;
}

void guest_main(void)
{
    registers();
    timers();
    translation();
    host_el0();
    guests();
}
