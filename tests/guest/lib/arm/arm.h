/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm.h: what 32-bit Arm's own guest programs may use besides guest.h: CP15, exceptions with a C hook, user
 * mode, translation tables, the interrupt controller. Names are the architecture's. Programs run in
 * system mode, hooks in supervisor mode. The layouts of struct hart and struct trap are known to crt0.S and trap.S.
 */
#ifndef ARM_H
#define ARM_H

#include "guest.h"

/* read_cp15(0, c1, c0, 0) is SCTLR. */
#define read_cp15(op1, n, m, op2)                                                                  \
    ({                                                                                             \
        uint32_t v_;                                                                               \
        __asm__ volatile("mrc p15, " #op1 ", %0, " #n ", " #m ", " #op2 : "=r"(v_) : : "memory");  \
        v_;                                                                                        \
    })
#define write_cp15(op1, n, m, op2, value)                                                          \
    __asm__ volatile("mcr p15, " #op1 ", %0, " #n ", " #m ", " #op2 "\n isb"                       \
                     :                                                                             \
                     : "r"((uint32_t)(value))                                                      \
                     : "memory")
#define read_cp15_wide(op1, m)                                                                     \
    ({                                                                                             \
        uint64_t v_;                                                                               \
        __asm__ volatile("mrrc p15, " #op1 ", %Q0, %R0, " #m : "=r"(v_) : : "memory");             \
        v_;                                                                                        \
    })
#define write_cp15_wide(op1, m, value)                                                             \
    __asm__ volatile("mcrr p15, " #op1 ", %Q0, %R0, " #m "\n isb"                                  \
                     :                                                                             \
                     : "r"((uint64_t)(value))                                                      \
                     : "memory")

/* Exceptions, by the number of their vector. */
enum {
    VECTOR_UNDEFINED = 1,
    VECTOR_SVC = 2,
    VECTOR_PREFETCH = 3,
    VECTOR_DATA = 4,
    VECTOR_IRQ = 6,
    VECTOR_FIQ = 7
};
#define CPSR_T 0x20u

/* What programs for both widths say of their hooks: here no code uses floating point. */
#define HOOK

/* The registers of what was interrupted; whatever the hook changes is what goes on. */
struct trap {
    uint32_t sp, lr;                  /* of user and system mode */
    uint32_t vector, status, address; /* of aborts: DFSR and DFAR, or IFSR and IFAR */
    uint32_t filler;
    uint32_t r[13];
    uint32_t svc_lr;
    uint32_t pc, cpsr; /* pc: the instruction, or behind an SVC */
};
#define TRAP_IS_IRQ(t) ((t)->vector == VECTOR_IRQ)

/* What trap_expect() saw. */
struct trap_seen {
    uint32_t vector, status, address, pc, cpsr, count;
};

struct hart {
    uint32_t id;
    uint32_t return_sp; /* where run_as_user() was called; 0 outside of it */
    uint32_t running;   /* a released hart clears it when done */
    void (*entry)(uint64_t arg);
    uint64_t arg;
    void (*hook)(struct trap *t); /* exceptions; NULL: the default below */
    uint32_t expecting;
    struct trap_seen seen;
};

/* This hart's own. User mode may ask as well. */
static inline struct hart *this_hart(void)
{
    return (struct hart *)read_cp15(0, c13, c0, 3);
}

extern struct hart harts[GUEST_MAX_HARTS];

/* Without a hook an exception is a failed program, unless expected: then it is recorded in
 * this_hart()->seen and the instruction is skipped; a failed fetch returns to its caller (lr). */
void trap_expect(void);
/* Ends the expectation and gives what came since. */
struct trap_seen trap_taken(void);
/* The default treatment of an expected exception, for hooks that treat only some. */
void trap_default(struct trap *t);

/* Runs fn(arg) in user mode on stack `sp` (its end) and returns fn's result. */
uint32_t run_as_user(uint32_t (*fn)(uint32_t arg), uint32_t arg, void *sp);

#define irq_on()  __asm__ volatile("cpsie i" : : : "memory")
#define irq_off() __asm__ volatile("cpsid i" : : : "memory")
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

/* ---- tables.c: translation by short descriptors, TTBR0 alone, domain 0 is a client's ------------- */

#define SECTION        2u
#define SECTION_XN     (1u << 4)
#define SECTION_NORMAL (1u << 12 | 3u << 2) /* cacheable, write-allocate */
#define SECTION_AP(ap) (((ap)&3u) << 10 | ((ap)&4u) << 13)
#define TABLE          1u
#define PAGE           2u
#define PAGE_XN        1u
#define PAGE_NORMAL    (1u << 6 | 3u << 2)
#define PAGE_AP(ap)    (((ap)&3u) << 4 | ((ap)&4u) << 7)
/* AP */
enum {
    AP_NONE = 0,
    AP_KERNEL = 1,
    AP_USER_READS = 2,
    AP_ALL = 3,
    AP_KERNEL_READS = 5,
    AP_ALL_READ = 7
};
#define PAGE_DATA (PAGE | PAGE_NORMAL | PAGE_XN | PAGE_AP(AP_ALL))
#define PAGE_CODE (PAGE | PAGE_NORMAL | PAGE_AP(AP_ALL_READ))

/* The first table, of 1 MiB an entry: the first GiB is devices, the second one RAM, of which the program has pages; the
 * others are free for programs. */
extern uint32_t table_1[4096];
void tables_build(void);
/* The entry of the page at `va`, with tables made as needed (a few). Programs write it, then call
 * tables_changed(). */
uint32_t *page_entry(uint32_t va);
void tables_changed(void);

/* ---- board.c: the virt board ------------------------------------------------------------------ */

void board_init(const void *fdt);

/* PSCI's functions by HVC. */
#define PSCI_VERSION       0x84000000
#define PSCI_CPU_OFF       0x84000002
#define PSCI_CPU_ON        0x84000003
#define PSCI_AFFINITY_INFO 0x84000004
#define PSCI_SYSTEM_OFF    0x84000008
#define PSCI_FEATURES      0x8400000a
int32_t psci(uint32_t function, uint32_t a, uint32_t b, uint32_t c);

/* Interrupts by GICv2, at one priority. */
enum { IRQ_VIRTUAL_TIMER = 27, IRQ_PHYSICAL_TIMER = 30, IRQ_UART = 33, IRQ_RTC = 34 };
/* For this hart, once; board_init() does it for the first. */
void gic_init(void);
void gic_enable(unsigned irq);
void gic_disable(unsigned irq);
bool gic_pending(unsigned irq);
/* Acknowledges: the interrupt's number, 1023 for none. */
unsigned gic_acknowledge(void);
void gic_end(unsigned irq);
void gic_send(unsigned hart, unsigned sgi);

#define UART(reg) (*(volatile uint32_t *)(0x9000000 + (uintptr_t)(reg)))
enum { UART_DR = 0, UART_FR = 0x18 };

#endif
