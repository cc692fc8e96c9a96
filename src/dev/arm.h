/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm: the chips of Arm's boards, one per file in dev/arm/. docs/arm.md says what each is, by which
 * document, and what is left out.
 */
#ifndef DEV_ARM_H
#define DEV_ARM_H

#include "dev/flash.h"
#include "machine/device.h"

/* The numbers by which device_set_hart_pin() knows an Arm hart's interrupts. */
enum arm_pin { ARM_PIN_IRQ, ARM_PIN_FIQ, ARM_PIN_VIRQ, ARM_PIN_VFIQ };
/* The numbers of a hart's own outputs (cpu/platform.h). */
enum arm_output {
    ARM_OUTPUT_PHYSICAL_TIMER, /* CNTP, non-secure */
    ARM_OUTPUT_VIRTUAL_TIMER,  /* CNTV */
    ARM_OUTPUT_HYPER_TIMER,    /* CNTHP */
    ARM_OUTPUT_HYPER_VIRTUAL,  /* CNTHV */
    ARM_OUTPUT_SECURE_TIMER,   /* CNTPS */
    ARM_OUTPUT_PERFORMANCE     /* PMU */
};

/* gicv2.c, gicv3*.c: interrupt controllers. Their inputs: shared peripheral interrupt n is input n, and
 * the private interrupt `intid` (16 to 31) of a hart is input GIC_INPUT_PRIVATE(hart, intid). */
#define GIC_PRIVATE                    32 /* interrupts of each hart's own: SGIs and PPIs */
#define GIC_SPIS                       256
#define GIC_INTERRUPTS                 (GIC_PRIVATE + GIC_SPIS)
#define GIC_INPUT_PRIVATE(hart, intid) (GIC_SPIS + GIC_PRIVATE * (hart) + (intid))
/* Windows: the distributor, the CPU interfaces. */
extern const struct device_class gicv2;

/* gicv3*.c. Windows: the distributor, the redistributors, the ITS. */
struct gicv3_config {
    uint32_t has_its; /* 0 or 1; without, there are no LPIs */
};
extern const struct device_class gicv3;

/* gicv2m.c: messages to a GICv2: line n is its shared interrupt first_spi + n. */
#define GICV2M_SPIS 64
struct gicv2m_config {
    uint32_t first_spi;
};
extern const struct device_class gicv2m;

/* pl011.c: a serial port; one line, one port. */
struct pl011_config {
    uint32_t clock_hz; /* UARTCLK, at least 1 */
};
extern const struct device_class pl011;

/* pl031.c: seconds since 1970; one line: they are those that were waited for. */
struct pl031_config {
    uint64_t epoch_ns; /* since 1970, at virtual time 0 */
};
extern const struct device_class pl031;

/* pl061.c: eight general-purpose pins. Inputs 0 to 7 are theirs; line 0 is the interrupt, lines 1 to 8 the
 * pins as they are driven. */
enum { PL061_LINE_INTERRUPT, PL061_LINE_PIN0 };
extern const struct device_class pl061;

/* gpio_key.c: a key that somebody presses; one line, up while it is held down. */
extern const struct device_class gpio_key;
void gpio_key_press(struct device *d);

/* virtio_none.c: transports of virtio over MMIO with nothing behind them. */
#define VIRTIO_NONE_COUNT 32
#define VIRTIO_NONE_BYTES 0x200 /* of each */
extern const struct device_class virtio_none;

/* cfi_flash.c: a bank of flash, whose storage 0 is what it holds; it lies where it was added. */
#define CFI_FLASH_BYTES (64 * MIB)
struct cfi_flash_config {
    struct flash *file; /* the machine's; NULL: there is none */
};
extern const struct device_class cfi_flash;

/* fw_cfg.c: what firmware asks of the board. */
struct fw_cfg_item {
    uint32_t at, size; /* in storage 0 */
    uint32_t key;
};
#define FW_CFG_ITEMS_MAX 20
struct fw_cfg_config {
    struct fw_cfg_item items[FW_CFG_ITEMS_MAX];
    uint32_t count;
};
extern const struct device_class fw_cfg;

/* semihost.c: what a program asks of its host by a trap. */
struct semihost_config {
    paddr console;      /* where a byte that is stored leaves through a serial port */
    uint64_t epoch_ns;  /* since 1970, at virtual time 0 */
    uint64_t is_narrow; /* arguments are of 32 bits, as AArch32 has them */
};
extern const struct device_class semihost;

/* psci.c: starting and stopping harts, and power, by calls of a firmware that is not there. */
struct psci_config {
    uint32_t service;    /* enum platform_service: by which instruction it is called */
    uint32_t hart_count; /* hart n has the affinity n */
};
extern const struct device_class psci;

#endif
