// SPDX-License-Identifier: GPL-2.0-or-later
// board: the virt board for guest.h: PL011 console, PSCI by HVC (by SMC at EL2), the virtual timer, harts counted in the device
// tree. Everything is polled or waited for with WFI; interrupts stay off here, so that programs own
// them.
#include "arm64.h"

// In .data, not .bss: crt0 sets its own before it clears .bss.
struct hart harts[GUEST_MAX_HARTS] __attribute__((section(".data"))) = {
    {.id = 0}, {.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}, {.id = 5}, {.id = 6}, {.id = 7}};

_Static_assert(sizeof(struct hart) == 96, "crt0.S knows the size");
_Static_assert(offsetof(struct hart, return_sp) == 8, "trap.S knows");
_Static_assert(offsetof(struct hart, running) == 16, "crt0.S knows");
_Static_assert(offsetof(struct hart, entry) == 24, "crt0.S knows");
_Static_assert(offsetof(struct hart, arg) == 32, "crt0.S knows");
_Static_assert(sizeof(struct trap) == 304, "trap.S knows");

extern char secondary[];
void semihosting_exit(const uint64_t *block);

static unsigned harts_found;

// Where a bare-metal program finds the device tree: at the start of RAM.
#define FDT_DEFAULT ((const void *)0x40000000)

void board_init(const void *fdt)
{
    harts_found = fdt_count_cpus(FDT_DEFAULT);
    if (harts_found == 0) {
        harts_found = fdt_count_cpus(fdt);
    }
    if (harts_found == 0 || harts_found > GUEST_MAX_HARTS) {
        say("FAIL the device tree has %u harts\n", harts_found);
        power_off(102);
    }
    gic_init();
}

void console_put(char c)
{
    while ((UART(UART_FR) & 0x20) != 0) {
    }
    UART(UART_DR) = (uint8_t)c;
}

char console_get(void)
{
    while ((UART(UART_FR) & 0x10) != 0) {
    }
    return (char)UART(UART_DR);
}

int64_t psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;
    if (at_el2()) {
        __asm__ volatile("smc 0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    } else {
        __asm__ volatile("hvc 0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    }
    return (int64_t)x0;
}

_Noreturn void power_off(unsigned status)
{
    // ADP_Stopped_ApplicationExit; without semihosting what is printed has to do.
    uint64_t block[2] = {0x20026, status};
    if (status != 0) {
        semihosting_exit(block);
    }
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

uint64_t clock_ns(void)
{
    uint64_t hz = read_sysreg(cntfrq_el0);
    __asm__ volatile("isb" : : : "memory");
    uint64_t now = read_sysreg(cntvct_el0);
    return now / hz * UINT64_C(1000000000) + now % hz * UINT64_C(1000000000) / hz;
}

unsigned sleep_until_ns(uint64_t ns)
{
    unsigned wakes = 0;
    uint64_t hz = read_sysreg(cntfrq_el0);
    uint64_t second = UINT64_C(1000000000);
    uint64_t due = ns / second * hz + (ns % second * hz + second - 1) / second;
    uint64_t daif = read_sysreg(daif);
    irq_off();
    write_sysreg(cntv_cval_el0, due);
    gic_enable(IRQ_VIRTUAL_TIMER); // pending but never taken
    write_sysreg(cntv_ctl_el0, 1);
    while (read_sysreg(cntvct_el0) < due) {
        __asm__ volatile("wfi");
        wakes++;
    }
    write_sysreg(cntv_ctl_el0, 0);
    gic_disable(IRQ_VIRTUAL_TIMER);
    write_sysreg(daif, daif);
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
    CHECK_EQ(psci(PSCI_CPU_ON, hart, (uint64_t)secondary, hart), 0);
}

void hart_wait(unsigned hart)
{
    while (__atomic_load_n(&harts[hart].running, __ATOMIC_ACQUIRE) != 0) {
    }
    while (psci(PSCI_AFFINITY_INFO, hart, 0, 0) != 1) {
    }
}
