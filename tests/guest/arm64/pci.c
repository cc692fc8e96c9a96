// SPDX-License-Identifier: GPL-2.0-or-later
// pci: pci_body.h with a GICv2 and its frame for messages, or with a GICv3 and its ITS, whose tables and queue
// are here.
#include "arm64.h"

#define PCI_ECAM_AT   0x4010000000
#define PCI_MEMORY_AT 0x10000000
#define PCI_HIGH_AT   0x20000000
#include "../pci_body.h"

enum { IRQ_PCI = 35, IRQ_V2M = 80, LPI = 8195, EVENT = 5 };
#define V2M       0x8020000
#define ITS       0x8080000
#define GICR(reg) PCI_REG(64, 0x80a0000 + (uintptr_t)(reg))

static uint8_t properties[65536] __attribute__((aligned(65536)));
static uint8_t pending[65536] __attribute__((aligned(65536)));
static uint8_t devices[65536] __attribute__((aligned(65536)));
static uint8_t collections[65536] __attribute__((aligned(65536)));
static uint8_t events[4096] __attribute__((aligned(4096)));
static uint64_t queue[512] __attribute__((aligned(65536)));
static unsigned queued;
static unsigned message_irq;

HOOK static void on_irq(struct trap *t)
{
    if (!TRAP_IS_IRQ(t)) {
        trap_default(t);
        return;
    }
    unsigned irq = gic_acknowledge();
    if (irq >= 1020 && irq < 8192) {
        return;
    }
    if (irq == message_irq) {
        PCI_REG(32, registers[0] + SCRATCH_STATUS) = 1;
        messages++;
    } else {
        CHECK(irq >= IRQ_PCI && irq < IRQ_PCI + 4);
        on_pin();
    }
    gic_end(irq);
}

// The boot code maps the first two GiB; ECAM is far above.
static void map_ecam(void)
{
    table_1[PCI_ECAM_AT >> 30] =
        (PCI_ECAM_AT & ~UINT64_C(0x3fffffff)) | PTE_BLOCK | PTE_DEVICE | PTE_AF | PTE_PXN | PTE_UXN;
    tables_changed();
}

static void pins_init(void)
{
    this_hart()->hook = on_irq;
    for (unsigned n = 0; n < 4; n++) {
        gic_enable(IRQ_PCI + n);
    }
}

static void command(uint64_t a, uint64_t b, uint64_t c)
{
    queue[queued] = a;
    queue[queued + 1] = b;
    queue[queued + 2] = c;
    queued += 4;
}

// One event of function 1.0 becomes one LPI at hart 0.
static void its_init(void)
{
    const uint64_t valid = UINT64_C(1) << 63, wide = UINT64_C(2) << 8, device = 1 << 3;
    properties[LPI - 8192] = 0xa1; // enabled
    GICR(0x70) = (uintptr_t)properties | 15;
    GICR(0x78) = (uintptr_t)pending;
    PCI_REG(32, 0x80a0000) = 1;
    PCI_REG(64, ITS + 0x100) = valid | wide | (uintptr_t)devices;
    PCI_REG(64, ITS + 0x108) = valid | wide | (uintptr_t)collections;
    PCI_REG(64, ITS + 0x80) = valid | (uintptr_t)queue;
    PCI_REG(32, ITS) = 1;
    command(0x08 | device << 32, 4, valid | (uintptr_t)events);   // MAPD
    command(0x09, 0, valid | 3);                                  // MAPC: 3 is hart 0
    command(0x0a | device << 32, EVENT | (uint64_t)LPI << 32, 3); // MAPTI
    command(0x0c | device << 32, EVENT, 0);                       // INV
    memory_barrier();
    PCI_REG(64, ITS + 0x88) = 8 * queued;
    CHECK_EQ(PCI_REG(64, ITS + 0x90), 8 * queued);
}

static void message_init(uint64_t *address, uint32_t *data)
{
    if (gic_version() < 3) {
        CHECK_EQ(PCI_REG(32, V2M + 8), IRQ_V2M << 16 | 64);
        PCI_REG(32, 0x8000c00 + 4 * (IRQ_V2M / 16)) = 0xaaaaaaaa; // by their edges
        message_irq = IRQ_V2M + 2;
        gic_enable(message_irq);
        *address = V2M + 0x40;
        *data = message_irq;
        return;
    }
    its_init();
    message_irq = LPI;
    *address = ITS + 0x10040;
    *data = EVENT;
}

static void wait_for(volatile unsigned *count, unsigned least)
{
    WAIT_UNTIL(*count >= least);
    irq_off();
}
