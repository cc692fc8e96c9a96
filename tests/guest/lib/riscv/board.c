// SPDX-License-Identifier: GPL-2.0-or-later
// board: the virt board for guest.h: NS16550A console, test finisher, CLINT time and software
// interrupts, harts counted in the device tree. Everything is polled or waited for with wfi;
// interrupts stay off here, so that programs own them.
#include "riscv.h"

// In .data, not .bss: parked harts look at theirs while hart 0 still clears .bss.
struct hart harts[GUEST_MAX_HARTS] __attribute__((section(".data"))) = {
    {.id = 0}, {.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}, {.id = 5}, {.id = 6}, {.id = 7}};

_Static_assert(sizeof(struct hart) == 12 * sizeof(xword) + 8, "crt0.S knows the size");
_Static_assert(offsetof(struct hart, return_sp) == sizeof(xword), "trap.S knows");
_Static_assert(offsetof(struct hart, running) == 2 * sizeof(xword), "crt0.S knows");
_Static_assert(offsetof(struct hart, entry) == 3 * sizeof(xword), "crt0.S knows");
_Static_assert(offsetof(struct hart, arg) == 4 * sizeof(xword), "crt0.S knows");

static unsigned harts_found;

void board_init(const void *fdt);
void board_init(const void *fdt)
{
    harts_found = fdt_count_cpus(fdt);
    if (harts_found == 0 || harts_found > GUEST_MAX_HARTS) {
        say("FAIL the device tree has %u harts\n", harts_found);
        power_off(102);
    }
    // A hart that may use all of memory from S and U too: tests of protection take it away.
    csr_write(pmpaddr0, PMPADDR_ALL);
    csr_write(pmpcfg0, 0x1f);
}

void console_put(char c)
{
    while ((UART(UART_LSR) & 0x20) == 0) {
    }
    UART(UART_THR) = (uint8_t)c;
}

char console_get(void)
{
    while ((UART(UART_LSR) & 1) == 0) {
    }
    return (char)UART(UART_RBR);
}

_Noreturn void power_off(unsigned status)
{
    volatile uint32_t *finisher = (volatile uint32_t *)0x100000;
    *finisher = status == 0 ? 0x5555 : (status << 16 | 0x3333);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

uint64_t clock_ns(void)
{
    return CLINT_MTIME * (UINT64_C(1000000000) / TICKS_PER_SECOND);
}

unsigned sleep_until_ns(uint64_t ns)
{
    unsigned wakes = 0;
    uint64_t ticks = (ns + 99) / 100;
    xword was_enabled = csr_read(mstatus) & MSTATUS_MIE;
    csr_clear(mstatus, MSTATUS_MIE);
    CLINT_MTIMECMP(hart_id()) = ticks;
    csr_set(mie, 1u << IRQ_MTI); // pending but never taken
    while (CLINT_MTIME < ticks) {
        __asm__ volatile("wfi");
        wakes++;
    }
    csr_clear(mie, 1u << IRQ_MTI);
    CLINT_MTIMECMP(hart_id()) = UINT64_MAX;
    csr_set(mstatus, was_enabled);
    return wakes;
}

unsigned hart_count(void)
{
    return harts_found;
}

unsigned hart_id(void)
{
    return (unsigned)this_hart()->id;
}

void hart_start(unsigned hart, void (*fn)(uint64_t arg), uint64_t arg)
{
    struct hart *h = &harts[hart];
    h->arg = arg;
    h->entry = fn;
    __atomic_store_n(&h->running, 1, __ATOMIC_SEQ_CST);
    memory_barrier();
    CLINT_MSIP(hart) = 1;
}

void hart_wait(unsigned hart)
{
    while (__atomic_load_n(&harts[hart].running, __ATOMIC_ACQUIRE) != 0) {
    }
}
