// SPDX-License-Identifier: GPL-2.0-or-later
// pci: pci_body.h with the PLIC. There is nobody who takes messages: one is a store to RAM.
#include "riscv.h"

#define PCI_ECAM_AT   0x30000000
#define PCI_MEMORY_AT 0x40000000
#define PCI_HIGH_AT   0x400000000
#include "../pci_body.h"

enum { CTX = PLIC_CONTEXT_M(0), PLIC_PCI = 32 };
static volatile uint32_t mailbox;

static void on_machine(struct trap *t)
{
    if (t->cause != (CAUSE_INTERRUPT | IRQ_MEI)) {
        trap_default(t);
        return;
    }
    uint32_t irq = PLIC_CLAIM(CTX);
    CHECK(irq >= PLIC_PCI && irq < PLIC_PCI + 4);
    on_pin();
    PLIC_CLAIM(CTX) = irq;
}

static void map_ecam(void)
{
}

static void pins_init(void)
{
    this_hart()->m_hook = on_machine;
    for (unsigned n = 0; n < 4; n++) {
        PLIC_PRIORITY(PLIC_PCI + n) = 1;
    }
    PLIC_ENABLE(CTX, 1) = 15;
    PLIC_THRESHOLD(CTX) = 0;
    csr_set(mie, 1u << IRQ_MEI);
}

static void message_init(uint64_t *address, uint32_t *data)
{
    *address = (uintptr_t)&mailbox;
    *data = 0x77;
}

static void wait_for(volatile unsigned *count, unsigned least)
{
    if (count == &pins) {
        WAIT_UNTIL(*count >= least);
        csr_clear(mstatus, MSTATUS_MIE);
        return;
    }
    while (*count < least) {
        if (mailbox != 0) {
            CHECK_EQ(mailbox, 0x77);
            mailbox = 0;
            messages++;
            PCI_REG(32, registers[0] + SCRATCH_STATUS) = 1;
        }
    }
}
