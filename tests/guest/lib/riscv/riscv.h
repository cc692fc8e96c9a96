/* SPDX-License-Identifier: GPL-2.0-or-later
 * riscv.h: what RISC-V's own guest programs may use besides guest.h: control registers, traps with
 * a C hook, other privilege modes. Names are the privileged specification's. The layouts of struct
 * hart and struct trap are known to crt0.S and trap.S.
 */
#ifndef RISCV_H
#define RISCV_H

#include "guest.h"

/* As wide as a register. To say()'s %lx it is cast to uint64_t. */
typedef unsigned long xword;
#define XLEN __riscv_xlen
#if XLEN == 64
#define LOAD_X  "ld"
#define STORE_X "sd"
#define X_BYTES "8"
#else
#define LOAD_X  "lw"
#define STORE_X "sw"
#define X_BYTES "4"
#endif

enum { MODE_U = 0, MODE_S = 1, MODE_M = 3 };

enum {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL = 2,
    CAUSE_BREAKPOINT = 3,
    CAUSE_LOAD_MISALIGNED = 4,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_MISALIGNED = 6,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_U = 8,
    CAUSE_ECALL_S = 9,
    CAUSE_ECALL_M = 11,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15,
};
#define CAUSE_INTERRUPT ((xword)1 << (XLEN - 1))
#define CAUSE_NONE      ((xword)0x7fffffff) /* in a cleared struct trap_seen */

enum { IRQ_SSI = 1, IRQ_MSI = 3, IRQ_STI = 5, IRQ_MTI = 7, IRQ_SEI = 9, IRQ_MEI = 11 };

#define MSTATUS_SIE  ((xword)1 << 1)
#define MSTATUS_MIE  ((xword)1 << 3)
#define MSTATUS_SPIE ((xword)1 << 5)
#define MSTATUS_MPIE ((xword)1 << 7)
#define MSTATUS_SPP  ((xword)1 << 8)
#define MSTATUS_MPP  ((xword)3 << 11)
#define MSTATUS_FS   ((xword)3 << 13)
#define MSTATUS_MPRV ((xword)1 << 17)
#define MSTATUS_SUM  ((xword)1 << 18)
#define MSTATUS_MXR  ((xword)1 << 19)
#define MSTATUS_TVM  ((xword)1 << 20)
#define MSTATUS_TW   ((xword)1 << 21)
#define MSTATUS_TSR  ((xword)1 << 22)

/* Of an entry for all of memory. */
#define PMPADDR_ALL (XLEN == 64 ? (xword)-1 >> (XLEN == 64 ? 10 : 0) : (xword)-1)

/* Of entry 15. */
#if XLEN == 64
#define PMPCFG_LAST pmpcfg2
#else
#define PMPCFG_LAST pmpcfg3
#endif

#define CSR_TEXT(x)  CSR_TEXT2(x)
#define CSR_TEXT2(x) #x
/* By number: an assembler may not know these names, or only with an extension. */
#define CSR_STIMECMP 0x14d
#define CSR_MENVCFG  0x30a
/* RV32's high halves. */
#define CSR_STIMECMPH 0x15d
#define CSR_MENVCFGH  0x31a
#define csr_read(csr)                                                                              \
    ({                                                                                             \
        xword v_;                                                                                  \
        __asm__ volatile("csrr %0, " CSR_TEXT(csr) : "=r"(v_) : : "memory");                       \
        v_;                                                                                        \
    })
#define csr_write(csr, value)                                                                      \
    __asm__ volatile("csrw " CSR_TEXT(csr) ", %0" : : "r"((xword)(value)) : "memory")
#define csr_set(csr, value)                                                                        \
    __asm__ volatile("csrs " CSR_TEXT(csr) ", %0" : : "r"((xword)(value)) : "memory")
#define csr_clear(csr, value)                                                                      \
    __asm__ volatile("csrc " CSR_TEXT(csr) ", %0" : : "r"((xword)(value)) : "memory")

/* The registers of what was interrupted; whatever the hook changes is what goes on. */
struct trap {
    xword x[32]; /* x[0] is unused */
    xword epc, cause, tval, status;
};

/* What trap_expect() saw. */
struct trap_seen {
    xword cause, tval, epc, mode, count;
};

struct hart {
    xword id;
    xword return_sp; /* where run_in_mode() was called; 0 outside of it */
    xword running;   /* a released hart clears it when done */
    void (*entry)(uint64_t arg);
    uint64_t arg;
    void (*m_hook)(struct trap *t); /* machine-mode traps; NULL: the default below */
    void (*s_hook)(struct trap *t); /* supervisor-mode traps, if delegated and stvec is set */
    xword expecting;
    struct trap_seen seen;
};

/* This hart's own: tp points to it in every mode. */
static inline struct hart *this_hart(void)
{
    struct hart *h;
    __asm__ volatile("mv %0, tp" : "=r"(h));
    return h;
}

extern struct hart harts[GUEST_MAX_HARTS];

/* trap.S: the two entries, for mtvec and stvec. Both save everything, call trap_machine() or
 * trap_supervisor(), and return. Entering from the same mode stays on the same stack: nests. */
extern char trap_entry_m[], trap_entry_s[];

/* Without a hook a trap is a failed program, unless expected: then it is recorded in
 * this_hart()->seen and the instruction is skipped; a failed fetch returns to its caller (ra). */
void trap_expect(void);
/* Ends the expectation and gives what came since. */
struct trap_seen trap_taken(void);
/* The default treatment of an expected trap, for hooks that treat only some. */
void trap_default(struct trap *t);

/* Runs fn(arg) in `mode` on stack `sp` (its end) and returns fn's result. Machine mode's hook sees
 * the traps that are not delegated; the ending ecall (a7 = RUN_DONE) is treated before it. Traps
 * delegated to S are on `sp` too unless sscratch is set. */
#define RUN_DONE 0x600d
xword run_in_mode(unsigned mode, xword (*fn)(xword arg), xword arg, void *sp);

/* Sleeps until `condition`, which an interrupt's hook makes true. Looks at it with interrupts off:
 * one that came between the look and the wfi would be slept through. Leaves them on. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        csr_clear(mstatus, MSTATUS_MIE);                                                           \
        while (!(condition)) {                                                                     \
            __asm__ volatile("wfi" : : : "memory");                                                \
            csr_set(mstatus, MSTATUS_MIE); /* taken here */                                        \
            csr_clear(mstatus, MSTATUS_MIE);                                                       \
        }                                                                                          \
        csr_set(mstatus, MSTATUS_MIE);                                                             \
    } while (0)

/* ---- board.c: the virt board ----------------------------------------------------------------- */

#define CLINT_MSIP(hart)     (*(volatile uint32_t *)(0x2000000 + 4 * (uintptr_t)(hart)))
#define CLINT_MTIMECMP(hart) (*(volatile uint64_t *)(0x2004000 + 8 * (uintptr_t)(hart)))
#if XLEN == 64
#define CLINT_MTIME (*(volatile uint64_t *)0x200bff8)
#else
/* Two halves of one moment. */
static inline uint64_t clint_mtime(void)
{
    volatile uint32_t *half = (volatile uint32_t *)0x200bff8;
    uint32_t high, low;
    do {
        high = half[1];
        low = half[0];
    } while (half[1] != high);
    return (uint64_t)high << 32 | low;
}
#define CLINT_MTIME clint_mtime()
#endif
#define TICKS_PER_SECOND UINT64_C(10000000) /* the board's timebase-frequency */

#define PLIC_PRIORITY(irq) (*(volatile uint32_t *)(0xc000000 + 4 * (uintptr_t)(irq)))
#define PLIC_PENDING(word) (*(volatile uint32_t *)(0xc001000 + 4 * (uintptr_t)(word)))
#define PLIC_ENABLE(ctx, word)                                                                     \
    (*(volatile uint32_t *)(0xc002000 + 0x80 * (uintptr_t)(ctx) + 4 * (uintptr_t)(word)))
#define PLIC_THRESHOLD(ctx) (*(volatile uint32_t *)(0xc200000 + 0x1000 * (uintptr_t)(ctx)))
#define PLIC_CLAIM(ctx)     (*(volatile uint32_t *)(0xc200004 + 0x1000 * (uintptr_t)(ctx)))
enum { PLIC_UART = 10, PLIC_RTC = 11 };
#define PLIC_CONTEXT_M(hart) (2 * (hart))
#define PLIC_CONTEXT_S(hart) (2 * (hart) + 1)

#define UART(reg) (*(volatile uint8_t *)(0x10000000 + (uintptr_t)(reg)))
enum {
    UART_THR = 0,
    UART_RBR = 0,
    UART_IER = 1,
    UART_IIR = 2,
    UART_FCR = 2,
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_MSR = 6,
    UART_SCR = 7
};

#define RTC(reg) (*(volatile uint32_t *)(0x101000 + (uintptr_t)(reg)))
enum {
    RTC_TIME_LOW = 0,
    RTC_TIME_HIGH = 4,
    RTC_ALARM_LOW = 8,
    RTC_ALARM_HIGH = 0xc,
    RTC_IRQ_ENABLED = 0x10,
    RTC_CLEAR_ALARM = 0x14,
    RTC_ALARM_STATUS = 0x18,
    RTC_CLEAR_INTERRUPT = 0x1c
};

#endif
