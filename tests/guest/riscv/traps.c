// SPDX-License-Identifier: GPL-2.0-or-later
// traps: entering and leaving them (Privileged ISA, chapters 3 and 10): causes and mtval, the
// status stack, nesting, delegation, what each mode may not do, vectored mode, mret and sret.
// mtval of an illegal instruction may be 0 or the instruction, of ebreak 0 or its address. The
// reference (7.2) keeps MPRV on mret and lets machine-mode ecalls be delegated
// (expected/traps.reference.txt), and counts instructions only with -icount.
#include "riscv.h"

static uint8_t stack[8192] __attribute__((aligned(16)));
static uint8_t supervisor_stack[8192] __attribute__((aligned(16)));
static uint64_t sum;

static xword run(unsigned mode, xword (*fn)(xword), xword arg)
{
    return run_in_mode(mode, fn, arg, stack + sizeof stack);
}

// Runs one instruction that must trap, and returns what was seen; `at` is its address.
#define TRAPS(instruction)                                                                         \
    ({                                                                                             \
        xword at_;                                                                                 \
        trap_expect();                                                                             \
        __asm__ volatile("li t0, 1\n la %0, 1f\n .option push\n.option norvc\n1: " instruction     \
                         "\n.option pop"                                                           \
                         : "=&r"(at_)                                                              \
                         :                                                                         \
                         : "t0", "t1", "memory");                                                  \
        struct trap_seen t_ = trap_taken();                                                        \
        CHECK_EQ(t_.count, 1);                                                                     \
        CHECK_EQ(t_.epc, at_);                                                                     \
        sum = mix(sum, t_.cause);                                                                  \
        t_;                                                                                        \
    })
#define ILLEGAL(instruction, encoding)                                                             \
    do {                                                                                           \
        struct trap_seen i_ = TRAPS(instruction);                                                  \
        CHECK_EQ(i_.cause, CAUSE_ILLEGAL);                                                         \
        CHECK(i_.tval == 0 || i_.tval == (encoding));                                              \
    } while (0)

static void machine_causes(void)
{
    CHECK_EQ(TRAPS("ecall").cause, CAUSE_ECALL_M);
    struct trap_seen t = TRAPS("ebreak");
    CHECK_EQ(t.cause, CAUSE_BREAKPOINT);
    CHECK(t.tval == 0 || t.tval == t.epc);
    ILLEGAL(".word 0xffffffff", 0xffffffff);
    ILLEGAL(".word 0x0000007f", 0x7f);
    ILLEGAL("csrr t0, 0x5c0", 0x5c0022f3);   // no such register
    ILLEGAL("csrw cycle, t0", 0xc0029073);   // read-only
    ILLEGAL("csrs mhartid, t0", 0xf142a073); // read-only, for setting bits as well
    ILLEGAL(".word 0x3001202f", 0x3001202f); // an AMO that nobody defined
    // Reading one with x0 as mask is fine.
    __asm__ volatile("csrrs t0, mhartid, zero" : : : "t0");

    // Nothing answers at 0x18000000.
    const xword hole = 0x18000008;
    trap_expect();
    *(volatile xword *)hole;
    t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_LOAD_ACCESS);
    CHECK_EQ(t.tval, hole);
    trap_expect();
    *(volatile uint32_t *)hole = 1;
    t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_STORE_ACCESS);
    CHECK_EQ(t.tval, hole);
    trap_expect();
    ((void (*)(void))hole)();
    t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_FETCH_ACCESS);
    CHECK_EQ(t.tval, hole);
    CHECK_EQ(t.epc, hole);
    say("machine %016lx\n", sum);
}

// ---- what other modes may not do ---------------------------------------------------------------

// One function per instruction, to be run in another mode.
#define GADGET(fn, instruction)                                                                    \
    static xword fn(xword arg)                                                                     \
    {                                                                                              \
        __asm__ volatile(".option push\n.option norvc\n " instruction "\n.option pop"              \
                         :                                                                         \
                         :                                                                         \
                         : "t0", "memory");                                                        \
        return arg;                                                                                \
    }

GADGET(do_ecall, "li a7, 0\n ecall")
GADGET(do_mret, "mret")
GADGET(do_sret, "sret")
GADGET(do_read_mstatus, "csrr t0, mstatus")
GADGET(do_read_sstatus, "csrr t0, sstatus")
GADGET(do_read_satp, "csrr t0, satp")
GADGET(do_sfence, "sfence.vma")
GADGET(do_read_cycle, "csrr t0, cycle")
GADGET(do_read_instret, "csrr t0, instret")
GADGET(do_undefined, ".word 0xffffffff")
GADGET(do_break, "ebreak")

static xword cause_in(unsigned mode, xword (*fn)(xword))
{
    trap_expect();
    run(mode, fn, 0);
    struct trap_seen t = trap_taken();
    CHECK(t.count <= 1);
    sum = mix(sum, t.cause);
    return t.cause;
}

static void privileges(void)
{
    CHECK_EQ(cause_in(MODE_U, do_ecall), CAUSE_ECALL_U);
    CHECK_EQ(cause_in(MODE_S, do_ecall), CAUSE_ECALL_S);
    CHECK_EQ(cause_in(MODE_S, do_mret), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_U, do_mret), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_U, do_sret), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_S, do_read_mstatus), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_U, do_read_sstatus), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_S, do_read_sstatus), CAUSE_NONE);
    CHECK_EQ(cause_in(MODE_U, do_sfence), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_S, do_sfence), CAUSE_NONE);
    CHECK_EQ(cause_in(MODE_S, do_read_satp), CAUSE_NONE);
    csr_set(mstatus, MSTATUS_TVM);
    CHECK_EQ(cause_in(MODE_S, do_read_satp), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_S, do_sfence), CAUSE_ILLEGAL);
    csr_clear(mstatus, MSTATUS_TVM);
    csr_set(mstatus, MSTATUS_TSR);
    CHECK_EQ(cause_in(MODE_S, do_sret), CAUSE_ILLEGAL);
    csr_clear(mstatus, MSTATUS_TSR);

    // Counters go down a mode at a time.
    csr_write(mcounteren, 0);
    csr_write(scounteren, 7);
    CHECK_EQ(cause_in(MODE_S, do_read_cycle), CAUSE_ILLEGAL);
    CHECK_EQ(cause_in(MODE_U, do_read_instret), CAUSE_ILLEGAL);
    csr_write(mcounteren, 7);
    csr_write(scounteren, 1);
    CHECK_EQ(cause_in(MODE_S, do_read_instret), CAUSE_NONE);
    CHECK_EQ(cause_in(MODE_U, do_read_cycle), CAUSE_NONE);
    CHECK_EQ(cause_in(MODE_U, do_read_instret), CAUSE_ILLEGAL);
    say("privileges %016lx\n", sum);
}

// ---- the status stack and nesting --------------------------------------------------------------

static volatile unsigned depth, deepest;

static void on_nested(struct trap *t)
{
    xword status = csr_read(mstatus);
    depth++;
    deepest = depth > deepest ? depth : deepest;
    CHECK_EQ(status & MSTATUS_MIE, 0);
    CHECK_EQ(status >> 11 & 3, MODE_M);
    // Only the outermost came from code with interrupts on.
    CHECK_EQ((status & MSTATUS_MPIE) != 0, depth == 1);
    if (depth < 6) {
        if (depth & 1) {
            __asm__ volatile("ebreak");
        } else {
            __asm__ volatile("li a7, 0\n ecall" : : : "a7");
        }
    }
    depth--;
    t->epc += (*(uint16_t *)t->epc & 3) == 3 ? 4 : 2;
}

static void on_from_user(struct trap *t)
{
    xword status = csr_read(mstatus);
    CHECK_EQ(status >> 11 & 3, MODE_U);
    CHECK_EQ(status & MSTATUS_MIE, 0);
    t->epc += 4;
    t->x[10] = 1234;
}

static xword returns_a0(xword arg)
{
    register xword a0 __asm__("a0") = arg;
    __asm__ volatile("li a7, 0\n .option push\n.option norvc\n ecall\n.option pop"
                     : "+r"(a0)
                     :
                     : "a7", "memory");
    return a0;
}

static void status_stack(void)
{
    this_hart()->m_hook = on_nested;
    csr_set(mstatus, MSTATUS_MIE);
    __asm__ volatile("li a7, 0\n ecall" : : : "a7", "memory");
    CHECK_EQ(csr_read(mstatus) & MSTATUS_MIE, MSTATUS_MIE);
    csr_clear(mstatus, MSTATUS_MIE);
    CHECK_EQ(depth, 0);
    this_hart()->m_hook = on_from_user;
    CHECK_EQ(run(MODE_U, returns_a0, 5), 1234);
    this_hart()->m_hook = NULL;

    // mret leaves MPIE = 1, MPP = U, and clears MPRV unless it returns to machine mode.
    xword status;
    csr_set(mstatus, MSTATUS_MPP | MSTATUS_MPRV);
    csr_clear(mstatus, MSTATUS_MPIE);
    __asm__ volatile("la t0, 1f\n csrw mepc, t0\n mret\n.balign 4\n1: csrr %0, mstatus"
                     : "=r"(status)
                     :
                     : "t0", "memory");
    csr_clear(mstatus, MSTATUS_MPRV);
    CHECK_EQ(status & MSTATUS_MPP, 0);
    CHECK_EQ(status & MSTATUS_MPIE, MSTATUS_MPIE);
    CHECK_EQ(status & MSTATUS_MIE, 0);
    CHECK_EQ(status & MSTATUS_MPRV, MSTATUS_MPRV);
    csr_set(mstatus, MSTATUS_MPRV);
    run(MODE_S, do_read_sstatus, 0);
    CHECK_EQ(csr_read(mstatus) & MSTATUS_MPRV, 0);
    say("nested %u\n", deepest);
}

// ---- delegation --------------------------------------------------------------------------------

static struct trap last;

static void on_supervisor(struct trap *t)
{
    if (t->cause == CAUSE_ECALL_U && t->x[17] == RUN_DONE) {
        // The end of run_in_mode(): handed on to machine mode.
        register xword a0 __asm__("a0") = t->x[10];
        register xword a7 __asm__("a7") = RUN_DONE;
        __asm__ volatile("ecall" : : "r"(a0), "r"(a7) : "memory");
    }
    last = *t;
    if ((t->cause & CAUSE_INTERRUPT) != 0) {
        csr_write(sip, 0);
    } else {
        t->epc += 4;
    }
}

static xword raise_software(xword arg)
{
    csr_set(sie, 1u << IRQ_SSI);
    csr_set(sip, 1u << IRQ_SSI);
    csr_set(sstatus, MSTATUS_SIE);
    __asm__ volatile("nop");
    csr_clear(sstatus, MSTATUS_SIE);
    return arg;
}

static void delegation(void)
{
    struct hart *h = this_hart();
    csr_write(medeleg, 1u << CAUSE_ILLEGAL | 1u << CAUSE_BREAKPOINT | 1u << CAUSE_ECALL_U |
                           1u << CAUSE_ECALL_M);
    CHECK_EQ(csr_read(medeleg) >> CAUSE_ECALL_M & 1, 0); // cannot be delegated
    csr_write(mideleg, 1u << IRQ_SSI);
    csr_write(stvec, trap_entry_s);
    h->s_hook = on_supervisor;

    // From user mode to supervisor mode.
    csr_write(sscratch, supervisor_stack + sizeof supervisor_stack);
    run(MODE_U, do_undefined, 0);
    CHECK_EQ(last.cause, CAUSE_ILLEGAL);
    CHECK_EQ(last.status & MSTATUS_SPP, 0);
    run(MODE_U, do_break, 0);
    CHECK_EQ(last.cause, CAUSE_BREAKPOINT);
    run(MODE_U, do_ecall, 0);
    CHECK_EQ(last.cause, CAUSE_ECALL_U);
    // From supervisor mode to itself; an ecall there is not delegated.
    csr_write(sscratch, 0);
    run(MODE_S, do_undefined, 0);
    CHECK_EQ(last.cause, CAUSE_ILLEGAL);
    CHECK_EQ(last.status & MSTATUS_SPP, MSTATUS_SPP);
    CHECK_EQ(cause_in(MODE_S, do_ecall), CAUSE_ECALL_S);
    CHECK_EQ(h->seen.mode, MODE_M);
    // Machine mode's own are never delegated.
    last.cause = CAUSE_NONE;
    trap_expect();
    __asm__ volatile(".word 0xffffffff");
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    CHECK_EQ(last.cause, CAUSE_NONE);

    // A delegated interrupt waits while machine mode runs.
    csr_set(mie, 1u << IRQ_SSI);
    csr_set(mip, 1u << IRQ_SSI);
    csr_set(mstatus, MSTATUS_MIE);
    CHECK_EQ(last.cause, CAUSE_NONE);
    csr_clear(mstatus, MSTATUS_MIE);
    run(MODE_S, raise_software, 0);
    CHECK_EQ(last.cause, CAUSE_INTERRUPT | IRQ_SSI);
    CHECK_EQ(last.status & MSTATUS_SPIE, MSTATUS_SPIE);
    csr_write(mie, 0);
    csr_write(medeleg, 0);
    say("delegation\n");
}

// ---- vectored mode -----------------------------------------------------------------------------

extern char vector_table[];
extern xword vector_hits[2];
__asm__(".balign 256\n.option push\n.option norvc\n.globl vector_table\nvector_table:\n"
        "j vector_exception\n nop\n nop\n j vector_software\n .option pop\n"
        "vector_exception:\n addi sp, sp, -16\n " STORE_X " t0, 0(sp)\n " STORE_X " t1, 8(sp)\n"
        "csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n la t0, vector_hits\n j 1f\n"
        "vector_software:\n addi sp, sp, -16\n " STORE_X " t0, 0(sp)\n " STORE_X " t1, 8(sp)\n"
        "li t0, 0x2000000\n sw zero, 0(t0)\n la t0, vector_hits + " X_BYTES "\n"
        "1: " LOAD_X " t1, 0(t0)\n addi t1, t1, 1\n " STORE_X " t1, 0(t0)\n" LOAD_X
        " t0, 0(sp)\n " LOAD_X " t1, 8(sp)\n addi sp, sp, 16\n mret\n");
xword vector_hits[2];

static void vectored(void)
{
    csr_write(mtvec, (xword)vector_table | 1);
    CHECK_EQ(csr_read(mtvec), (xword)vector_table | 1);
    __asm__ volatile(".option push\n.option norvc\n ecall\n.option pop" : : : "memory");
    csr_write(mie, 1u << IRQ_MSI);
    csr_set(mstatus, MSTATUS_MIE);
    for (int i = 0; i < 3; i++) {
        CLINT_MSIP(0) = 1;
        while (CLINT_MSIP(0) != 0) {
        }
    }
    csr_clear(mstatus, MSTATUS_MIE);
    csr_write(mie, 0);
    csr_write(mtvec, trap_entry_m);
    CHECK_EQ(vector_hits[0], 1);
    CHECK_EQ(vector_hits[1], 3);
    say("vectored %lu %lu\n", (uint64_t)vector_hits[0], (uint64_t)vector_hits[1]);
}

// minstret counts what retired: not an instruction that trapped.
static void counters(void)
{
    xword a, b, c;
    __asm__ volatile("csrr %0, minstret\n csrr %1, minstret\n nop\n nop\n nop\n csrr %2, minstret"
                     : "=&r"(a), "=&r"(b), "=&r"(c));
    CHECK_EQ(b - a, 1);
    CHECK_EQ(c - b, 4);
    csr_write(minstret, 1000);
    CHECK(csr_read(minstret) - 1000 < 4);
    csr_write(mcountinhibit, 4);
    a = csr_read(minstret);
    CHECK_EQ(csr_read(minstret), a);
    csr_write(mcountinhibit, 0);
    say("counters\n");
}

void guest_main(void)
{
    machine_causes();
    privileges();
    status_stack();
    delegation();
    vectored();
    counters();
}
