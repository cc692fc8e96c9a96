// SPDX-License-Identifier: GPL-2.0-or-later
// mmio: device registers in the middle of straight code, again and again, so that they are known:
// the time that is read there, interrupts that a store or a load raises (the next instruction must
// not run before them), windows that end inside a page, registers mapped and unmapped. The reference
// (7.2) takes the interrupts of stores some instructions later (expected/mmio.reference.txt).
#include "riscv.h"

enum { TURNS = 50 };

#define RBR_AT 0x10000000
static volatile uint64_t came_at, counted;

static void on_software(struct trap *t)
{
    if (t->cause != (CAUSE_INTERRUPT | IRQ_MSI)) {
        trap_default(t);
        return;
    }
    CLINT_MSIP(0) = 0;
    came_at = t->epc;
    counted++;
}

// The store raises the hart's own software interrupt. It is taken before the instruction behind
// the store, which would be seen in `behind`.
static void interrupts_itself(void)
{
    unsigned right = 0, untouched = 0;

    this_hart()->m_hook = on_software;
    csr_set(mie, 1u << IRQ_MSI);
    csr_set(mstatus, MSTATUS_MIE);
    for (int i = 0; i < TURNS; i++) {
        uint64_t next, behind = 0, one = 1;

        came_at = 0;
        __asm__ volatile(".option push\n .option norvc\n la %0, 1f\n"
                         "addi %1, %1, 7\n sw %2, 0(%3)\n 1: addi %1, %1, 1\n addi %1, %1, 1\n"
                         ".option pop"
                         : "=&r"(next), "+&r"(behind)
                         : "r"(one), "r"(&CLINT_MSIP(0))
                         : "memory");
        right += came_at == next;
        untouched += behind == 9;
    }
    csr_clear(mstatus, MSTATUS_MIE);
    csr_clear(mie, 1u << IRQ_MSI);
    say("software interrupts %lu, %u where they belong, %u sums\n", counted, right, untouched);
}

// Reading a byte of the UART in loopback changes its line: the value must arrive all the same.
static void reads_change_lines(void)
{
    unsigned good = 0;

    UART(UART_MCR) = 16;
    UART(UART_IER) = 1;
    for (unsigned i = 0; i < TURNS; i++) {
        uint64_t value = 0, sum = 100;

        UART(UART_THR) = (uint8_t)(i + 1);
        __asm__ volatile("addi %1, %1, 1\n lbu %0, 0(%2)\n add %1, %1, %0\n"
                         : "=&r"(value), "+&r"(sum)
                         : "r"(RBR_AT)
                         : "memory");
        good += value == i + 1 && sum == 102 + i;
        UART(UART_THR) = (uint8_t)i;
        __asm__ volatile("lb zero, 0(%0)" : : "r"(RBR_AT) : "memory"); // into nothing
        good += (UART(UART_LSR) & 1) == 0;
    }
    UART(UART_IER) = 0;
    UART(UART_MCR) = 0;
    say("bytes %u\n", good);
}

// Time goes on from instruction to instruction.
static void time_passes(void)
{
    uint64_t first = CLINT_MTIME, last = first, steps = 0;
    unsigned back = 0;

    while (last - first < 1000) {
        uint64_t a, b, c;

        __asm__ volatile("ld %0, 0(%3)\n rdtime %1\n ld %2, 0(%3)"
                         : "=&r"(a), "=&r"(b), "=&r"(c)
                         : "r"(&CLINT_MTIME));
        back += a < last || b < a || c < b;
        last = c;
        steps++;
    }
    say("time %u, %u\n", back, steps > 10);
}

// Behind the UART's registers and across the end of the page there is nothing.
static void windows_end(void)
{
    unsigned faults = 0;

    this_hart()->m_hook = NULL;
    for (int i = 0; i < TURNS; i++) {
        (void)UART(UART_LSR);
        UART(UART_SCR) = (uint8_t)i;
        trap_expect();
        (void)*(volatile uint8_t *)(RBR_AT + 0x800);
        faults += trap_taken().cause == CAUSE_LOAD_ACCESS;
        trap_expect();
        *(volatile uint8_t *)(RBR_AT + 0x800) = 1;
        faults += trap_taken().cause == CAUSE_STORE_ACCESS;
    }
    CHECK_EQ(UART(UART_SCR), TURNS - 1);
    say("faults %u\n", faults);
}

// A page of registers by way of a page table, which is changed without a fence: whatever a machine
// without one does, two runs of it do the same; with the fence there is only one answer.
static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaf[512] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(16)));
#define MAPPED               UINT64_C(0x40000000)
#define ENTRY(address, bits) ((uint64_t)(address) >> 12 << 10 | (bits))

static uint64_t in_supervisor(uint64_t turns)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < turns; i++) {
        *(volatile uint8_t *)(MAPPED + UART_SCR) = (uint8_t)i;
        sum += *(volatile uint8_t *)(MAPPED + UART_SCR);
    }
    return sum;
}

static void through_tables(void)
{
    uint64_t sum;

    csr_write(pmpaddr0, UINT64_MAX >> 10);
    csr_write(pmpcfg0, 0x1f);
    root[2] = ENTRY(0x80000000, 0xcf); // this program, a gigapage
    root[1] = ENTRY(middle, 1);
    middle[0] = ENTRY(leaf, 1);
    leaf[0] = ENTRY(RBR_AT, 0xc7);
    csr_write(satp, UINT64_C(8) << 60 | (uintptr_t)root >> 12);
    __asm__ volatile("sfence.vma" : : : "memory");
    sum = run_in_mode(MODE_S, in_supervisor, TURNS, stack + sizeof stack);
    say("through a table %lu\n", sum);

    leaf[0] = ENTRY(RBR_AT, 0xc3); // not to be written any more
    __asm__ volatile("sfence.vma" : : : "memory");
    trap_expect();
    sum = run_in_mode(MODE_S, in_supervisor, TURNS, stack + sizeof stack);
    CHECK_EQ(trap_taken().cause, CAUSE_STORE_PAGE);
    say("read only %lu\n", sum);

    leaf[0] = 0;
    __asm__ volatile("sfence.vma" : : : "memory");
    trap_expect();
    (void)run_in_mode(MODE_S, in_supervisor, TURNS, stack + sizeof stack);
    CHECK_EQ(trap_taken().count, 2 * TURNS);
    csr_write(satp, 0);
}

void guest_main(void)
{
    interrupts_itself();
    reads_change_lines();
    time_passes();
    windows_end();
    through_tables();
}
