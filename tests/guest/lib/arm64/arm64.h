/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm64.h: what AArch64's own guest programs may use besides guest.h: system registers, exceptions with a
 * C hook, EL0, translation tables, the interrupt controller. Names are the architecture's. The layouts of
 * struct hart and struct trap are known to crt0.S and trap.S.
 */
#ifndef ARM64_H
#define ARM64_H

#include "guest.h"

#define read_sysreg(name)                                                                          \
    ({                                                                                             \
        uint64_t v_;                                                                               \
        __asm__ volatile("mrs %0, " #name : "=r"(v_) : : "memory");                                \
        v_;                                                                                        \
    })
#define write_sysreg(name, value)                                                                  \
    __asm__ volatile("msr " #name ", %0\n isb" : : "r"((uint64_t)(value)) : "memory")

/* Classes of exceptions, ESR_EL1.EC. */
enum {
    EC_UNKNOWN = 0x00,
    EC_WFX = 0x01,
    EC_FP_ACCESS = 0x07,
    EC_ILLEGAL_STATE = 0x0e,
    EC_SVC = 0x15,
    EC_SYSREG = 0x18,
    EC_FETCH_LOWER = 0x20,
    EC_FETCH_SAME = 0x21,
    EC_PC_ALIGNMENT = 0x22,
    EC_DATA_LOWER = 0x24,
    EC_DATA_SAME = 0x25,
    EC_SP_ALIGNMENT = 0x26,
    EC_FP_EXCEPTION = 0x2c,
    EC_STEP_LOWER = 0x32,
    EC_STEP_SAME = 0x33,
    EC_BRK = 0x3c,
    EC_NONE = 0xff, /* in a cleared struct trap_seen */
};
#define ESR_EC(esr)   ((unsigned)((esr) >> 26 & 0x3f))
#define ESR_IL        (UINT64_C(1) << 25)
#define ESR_ISS(esr)  ((esr)&0x1ffffff)
#define ESR_DFSC(esr) ((unsigned)((esr)&0x3f))
#define ESR_WNR       (UINT64_C(1) << 6)

/* Hooks run with the floating-point registers of what they interrupted. */
#define HOOK __attribute__((target("general-regs-only")))

/* The registers of what was interrupted; whatever the hook changes is what goes on. */
struct trap {
    uint64_t x[31];
    uint64_t sp_el0;
    uint64_t elr, spsr, esr, far;
    uint64_t
        vector; /* 0 to 15: of the same level with SP_EL0, with SP_EL1; of EL0 in AArch64, AArch32 */
    uint64_t filler;
};
#define TRAP_IS_IRQ(t) (((t)->vector & 3) == 1)

/* Whether the program began at EL2, and is a host there (see crt0.S). */
static inline bool at_el2(void)
{
    return read_sysreg(currentel) == 8;
}

/* What trap_expect() saw. */
struct trap_seen {
    uint64_t esr, far, elr, spsr, count;
};

struct hart {
    uint64_t id;
    uint64_t return_sp; /* where run_at_el0() was called; 0 outside of it */
    uint64_t running;   /* a released hart clears it when done */
    void (*entry)(uint64_t arg);
    uint64_t arg;
    void (*hook)(struct trap *t); /* exceptions; NULL: the default below */
    uint64_t expecting;
    struct trap_seen seen;
};

/* This hart's own. EL0 may ask as well. */
static inline struct hart *this_hart(void)
{
    struct hart *h;
    __asm__ volatile("mrs %0, tpidrro_el0" : "=r"(h));
    return h;
}

extern struct hart harts[GUEST_MAX_HARTS];

/* Without a hook an exception is a failed program, unless expected: then it is recorded in
 * this_hart()->seen and the instruction is skipped; a failed fetch returns to its caller (x30). */
void trap_expect(void);
/* Ends the expectation and gives what came since. */
struct trap_seen trap_taken(void);
/* The default treatment of an expected exception, for hooks that treat only some. */
void trap_default(struct trap *t);

/* Runs fn(arg) at EL0 on stack `sp` (its end), interrupts off, and returns fn's result. */
#define RUN_DONE 0x600d
uint64_t run_at_el0(uint64_t (*fn)(uint64_t arg), uint64_t arg, void *sp);
/* The same with that SPSR: `sp` is SP_EL0. fn's return is SVC #RUN_DONE. */
uint64_t run_as(uint64_t (*fn)(uint64_t arg), uint64_t arg, void *sp, uint64_t spsr);
/* From a hook: the run ends with that result. */
_Noreturn void run_done(uint64_t result);

#define irq_on()  __asm__ volatile("msr daifclr, #2" : : : "memory")
#define irq_off() __asm__ volatile("msr daifset, #2" : : : "memory")
/* Sleeps until `condition`, which an interrupt's hook makes true. Looks at it with interrupts off: one
 * that came between the look and the WFI would be slept through. Leaves them on. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        irq_off();                                                                                 \
        while (!(condition)) {                                                                     \
            __asm__ volatile("wfi" : : : "memory");                                                \
            irq_on(); /* taken here */                                                             \
            __asm__ volatile("isb" : : : "memory");                                                \
            irq_off();                                                                             \
        }                                                                                          \
        irq_on();                                                                                  \
    } while (0)

/* ---- tables.c: translation with 39 bits and 4 KiB by TTBR0 -------------------------------------- */

#define PTE_PAGE       UINT64_C(3)
#define PTE_BLOCK      UINT64_C(1)
#define PTE_DEVICE     (UINT64_C(0) << 2)
#define PTE_NORMAL     (UINT64_C(1) << 2)
#define PTE_EL0        (UINT64_C(1) << 6)
#define PTE_READ_ONLY  (UINT64_C(1) << 7)
#define PTE_SHARED     (UINT64_C(3) << 8)
#define PTE_AF         (UINT64_C(1) << 10)
#define PTE_NOT_GLOBAL (UINT64_C(1) << 11)
#define PTE_DBM        (UINT64_C(1) << 51)
#define PTE_PXN        (UINT64_C(1) << 53)
#define PTE_UXN        (UINT64_C(1) << 54)
/* Of data: both levels may write, none may execute. */
#define PTE_DATA (PTE_NORMAL | PTE_EL0 | PTE_SHARED | PTE_AF | PTE_PXN | PTE_UXN)
/* Of code: both levels may read and execute. */
#define PTE_CODE (PTE_NORMAL | PTE_EL0 | PTE_READ_ONLY | PTE_SHARED | PTE_AF)

/* The first table: of 1 GiB an entry. The second GiB is RAM: code and data of the program as above, each
 * at its own address; the first one is devices, for EL1. The others are free for programs. */
extern uint64_t table_1[512];
void tables_build(void);
/* The entry of the page at `va`, with tables made as needed (a few). Programs write it, then call
 * tables_changed(). */
uint64_t *page_entry(uint64_t va);
void tables_changed(void);

/* ---- board.c: the virt board ------------------------------------------------------------------ */

void board_init(const void *fdt);

/* PSCI's functions by HVC, at EL2 by SMC. */
#define PSCI_VERSION       0x84000000
#define PSCI_CPU_OFF       0x84000002
#define PSCI_CPU_ON        0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define PSCI_SYSTEM_OFF    0x84000008
#define PSCI_FEATURES      0x8400000a
int64_t psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c);

/* Interrupts, with either version of the controller. Everything is in group 1, at one priority. */
enum { IRQ_UART = 33, IRQ_RTC = 34 };
/* Of the timers that this level has by their names of EL1. */
#define IRQ_VIRTUAL_TIMER  (at_el2() ? 28u : 27u)
#define IRQ_PHYSICAL_TIMER (at_el2() ? 26u : 30u)
unsigned gic_version(void);
/* For this hart, once; board_init() and the entry of others do it. */
void gic_init(void);
void gic_enable(unsigned irq);
void gic_disable(unsigned irq);
bool gic_pending(unsigned irq);
/* Acknowledges: the interrupt's number, 1023 for none. */
unsigned gic_acknowledge(void);
void gic_end(unsigned irq);
void gic_send(unsigned hart, unsigned sgi);

#define UART(reg) (*(volatile uint32_t *)(0x9000000 + (uintptr_t)(reg)))
enum {
    UART_DR = 0,
    UART_FR = 0x18,
    UART_IMSC = 0x38,
    UART_RIS = 0x3c,
    UART_MIS = 0x40,
    UART_ICR = 0x44,
    UART_CR = 0x30,
    UART_IFLS = 0x34,
    UART_LCR_H = 0x2c,
};

#define RTC(reg) (*(volatile uint32_t *)(0x9010000 + (uintptr_t)(reg)))
enum {
    RTC_DR = 0,
    RTC_MR = 4,
    RTC_LR = 8,
    RTC_CR = 0xc,
    RTC_IMSC = 0x10,
    RTC_RIS = 0x14,
    RTC_MIS = 0x18,
    RTC_ICR = 0x1c
};

#endif
