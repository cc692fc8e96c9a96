// SPDX-License-Identifier: GPL-2.0-or-later
// gic: the interrupt controller of the virt board, GICv2 or GICv3 with affinity routing, as far as guest
// programs use it: all interrupts in group 1, at one priority, shared ones to the boot hart.
#include "arm64.h"

#define GICD(reg)      (*(volatile uint32_t *)(0x8000000 + (uintptr_t)(reg)))
#define GICD_BYTE(reg) (*(volatile uint8_t *)(0x8000000 + (uintptr_t)(reg)))
#define GICD_WIDE(reg) (*(volatile uint64_t *)(0x8000000 + (uintptr_t)(reg)))
#define GICC(reg)      (*(volatile uint32_t *)(0x8010000 + (uintptr_t)(reg)))
#define GICR(hart, reg)                                                                            \
    (*(volatile uint32_t *)(0x80a0000 + 0x20000 * (uintptr_t)(hart) + (uintptr_t)(reg)))
#define GICR_SGI(reg) (0x10000 + (reg))
enum {
    D_CTLR = 0,
    D_GROUP = 0x80,
    D_ENABLE = 0x100,
    D_DISABLE = 0x180,
    D_PENDING = 0x200,
    D_PRIORITY = 0x400,
    D_TARGET = 0x800,
    D_SGI = 0xf00,
    D_ROUTE = 0x6000,
    D_PIDR2 = 0xfe8, // of version 2; reserved in version 3, which has it behind 64 KiB
    C_CTLR = 0,
    C_PMR = 4,
    C_IAR = 0xc,
    C_EOIR = 0x10,
    R_WAKER = 0x14,
};

unsigned gic_version(void)
{
    return (GICD(D_PIDR2) >> 4 & 15) == 2 ? 2 : 3;
}

// Registers of private interrupts are the redistributor's in version 3.
static volatile uint32_t *bits_of(unsigned irq, unsigned reg)
{
    if (gic_version() >= 3 && irq < 32) {
        return &GICR(hart_id(), GICR_SGI(reg));
    }
    return &GICD(reg + 4 * (irq / 32));
}

void gic_init(void)
{
    if (gic_version() < 3) {
        GICD(D_CTLR) = 3;
        GICD(D_GROUP) = 0; // without the security extension there are no groups
        GICC(C_PMR) = 0xf0;
        GICC(C_CTLR) = 1;
        return;
    }
    GICD(D_CTLR) = 0x12; // affinity routing, group 1
    GICR(hart_id(), R_WAKER) = 0;
    while ((GICR(hart_id(), R_WAKER) & 4) != 0) {
    }
    GICR(hart_id(), GICR_SGI(D_GROUP)) = 0xffffffff;
    write_sysreg(S3_0_C12_C12_5, 7);  // ICC_SRE_EL1
    write_sysreg(S3_0_C4_C6_0, 0xf0); // ICC_PMR_EL1
    write_sysreg(S3_0_C12_C12_7, 1);  // ICC_IGRPEN1_EL1
}

void gic_enable(unsigned irq)
{
    if (gic_version() < 3) {
        GICD_BYTE(D_PRIORITY + irq) = 0xa0;
        if (irq >= 32) {
            GICD_BYTE(D_TARGET + irq) = 1;
        }
    } else if (irq < 32) {
        *((volatile uint8_t *)&GICR(hart_id(), GICR_SGI(D_PRIORITY)) + irq) = 0xa0;
    } else {
        GICD_BYTE(D_PRIORITY + irq) = 0xa0;
        *bits_of(irq, D_GROUP) |= 1u << irq % 32;
        GICD_WIDE(D_ROUTE + 8 * irq) = 0;
    }
    *bits_of(irq, D_ENABLE) = 1u << irq % 32;
}

void gic_disable(unsigned irq)
{
    *bits_of(irq, D_DISABLE) = 1u << irq % 32;
}

bool gic_pending(unsigned irq)
{
    return (*bits_of(irq, D_PENDING) >> irq % 32 & 1) != 0;
}

// Of a software interrupt in version 2 the sender is in what is acknowledged, and given back at its end.
static uint32_t acknowledged[GUEST_MAX_HARTS];

HOOK unsigned gic_acknowledge(void)
{
    if (gic_version() < 3) {
        uint32_t value = GICC(C_IAR);
        acknowledged[hart_id()] = value;
        return value & 1023;
    }
    return (unsigned)read_sysreg(S3_0_C12_C12_0);
}

HOOK void gic_end(unsigned irq)
{
    if (gic_version() < 3) {
        GICC(C_EOIR) = irq < 16 ? acknowledged[hart_id()] : irq;
    } else {
        write_sysreg(S3_0_C12_C12_1, irq);
    }
}

void gic_send(unsigned hart, unsigned sgi)
{
    memory_barrier();
    __asm__ volatile("dsb sy" : : : "memory");
    if (gic_version() < 3) {
        GICD(D_SGI) = 1u << (16 + hart) | sgi;
    } else {
        write_sysreg(S3_0_C12_C11_5, 1u << hart | (uint64_t)sgi << 24);
    }
}
