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
/* Windows: the distributor, the CPU interfaces. Without a config it has all interrupts that there may be. */
struct gicv2_config {
    uint32_t is_a9; /* that of a Cortex-A9, whose CPU interfaces have 256 bytes */
    uint32_t spis;  /* a multiple of 32, at most GIC_SPIS */
};
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
struct virtio_none_config {
    uint32_t count; /* at least 1; without a config, and at most, VIRTIO_NONE_COUNT */
};
extern const struct device_class virtio_none;

/* cfi_flash.c: a bank of flash, whose storage 0 is what it holds; it lies where it was added, and where `is_low` at
 * address 0 as well. */
#define CFI_FLASH_BYTES (64 * MIB)
struct cfi_flash_config {
    struct flash *file; /* the machine's; NULL: there is none */
    bool is_low;
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

/* ---- of Versatile Express boards and Cortex-A9 ---- */

/* absent.c: reads 0 wherever else there is nothing. */
extern const struct device_class absent;

/* sp804.c: two timers. */
enum { SP804_LINE_BOTH /* one or the other */, SP804_LINE_TIMER1, SP804_LINE_TIMER2 };
struct sp804_config {
    uint32_t clock_hz; /* at least 1 */
};
extern const struct device_class sp804;

/* sp805.c: a watchdog; one line. */
struct sp805_config {
    uint32_t clock_hz; /* at least 1 */
};
extern const struct device_class sp805;

/* pl050.c: a keyboard's or mouse's interface without any; one line. */
extern const struct device_class pl050;

/* pl111.c: a display controller without a display. */
extern const struct device_class pl111;

/* pl181.c: an empty slot for memory cards; two lines, by its two masks. */
extern const struct device_class pl181;

/* pl310.c: the controller of a level 2 cache. */
extern const struct device_class pl310;

/* vexpress_sysreg.c: system registers of the motherboard. */
#define VEXPRESS_CLOCKS_MAX   9
#define VEXPRESS_VOLTAGES_MAX 6
struct vexpress_sysreg_config {
    uint32_t processor_id; /* SYS_PROCID0: of the daughterboard */
    uint32_t clock_count, voltage_count;
    uint32_t clocks[VEXPRESS_CLOCKS_MAX];     /* the daughterboard's oscillators, Hz */
    uint32_t voltages[VEXPRESS_VOLTAGES_MAX]; /* and its supplies, microvolts */
};
extern const struct device_class vexpress_sysreg;

/* a9_scu.c, a9_global.c, a9_timers.c: what is private to a cluster of Cortex-A9. Line n of the global timer is that of hart
 * n; lines 2n and 2n + 1 of the timers are a hart's timer and its watchdog. */
struct a9_timer_config {
    uint32_t clock_hz; /* PERIPHCLK, at least 1 */
};
extern const struct device_class a9_scu;
extern const struct device_class a9_global;
extern const struct device_class a9_timers;

/* psci.c: starting and stopping harts, and power, by calls of a firmware that is not there. */
struct psci_config {
    uint32_t service;    /* enum platform_service: by which instruction it is called */
    uint32_t hart_count; /* hart n has the affinity n */
};
extern const struct device_class psci;

#endif
