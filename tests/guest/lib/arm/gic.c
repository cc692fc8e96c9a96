// SPDX-License-Identifier: GPL-2.0-or-later
// gic: the interrupt controller of the virt board, GICv2, as far as guest programs use it: all interrupts at one
// priority, shared ones to the boot hart.
#include "arm.h"

#define GICD(reg)      (*(volatile uint32_t *)(0x8000000 + (uintptr_t)(reg)))
#define GICD_BYTE(reg) (*(volatile uint8_t *)(0x8000000 + (uintptr_t)(reg)))
#define GICC(reg)      (*(volatile uint32_t *)(0x8010000 + (uintptr_t)(reg)))
enum {
    D_CTLR = 0,
    D_ENABLE = 0x100,
    D_DISABLE = 0x180,
    D_PENDING = 0x200,
    D_PRIORITY = 0x400,
    D_TARGET = 0x800,
    D_SGI = 0xf00,
    C_CTLR = 0,
    C_PMR = 4,
    C_IAR = 0xc,
    C_EOIR = 0x10,
};

void gic_init(void)
{
    GICD(D_CTLR) = 1;
    GICC(C_PMR) = 0xf0;
    GICC(C_CTLR) = 1;
}

void gic_enable(unsigned irq)
{
    GICD_BYTE(D_PRIORITY + irq) = 0xa0;
    if (irq >= 32) {
        GICD_BYTE(D_TARGET + irq) = 1;
    }
    GICD(D_ENABLE + 4 * (irq / 32)) = 1u << irq % 32;
}

void gic_disable(unsigned irq)
{
    GICD(D_DISABLE + 4 * (irq / 32)) = 1u << irq % 32;
}

bool gic_pending(unsigned irq)
{
    return (GICD(D_PENDING + 4 * (irq / 32)) >> irq % 32 & 1) != 0;
}

// Of a software interrupt the sender is in what is acknowledged, and given back at its end.
static uint32_t acknowledged[GUEST_MAX_HARTS];

unsigned gic_acknowledge(void)
{
    uint32_t value = GICC(C_IAR);
    acknowledged[hart_id()] = value;
    return value & 1023;
}

void gic_end(unsigned irq)
{
    GICC(C_EOIR) = irq < 16 ? acknowledged[hart_id()] : irq;
}

void gic_send(unsigned hart, unsigned sgi)
{
    memory_barrier();
    __asm__ volatile("dsb sy" : : : "memory");
    GICD(D_SGI) = 1u << (16 + hart) | sgi;
}
