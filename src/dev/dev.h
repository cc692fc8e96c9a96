/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev: one chip per file. A device knows neither its address nor its interrupt number: boards wire
 * them. docs/devices.md says what each is, by which document, and what is left out.
 */
#ifndef DEV_DEV_H
#define DEV_DEV_H

#include "bus/bus.h"
#include "machine/device.h"

/* Every class, in an order that only ever grows at its end. */
extern const struct device_class *const dev_registry[];
extern const size_t dev_registry_count;
const struct device_class *dev_by_name(const char *name); /* NULL: there is none */

/* models.c: every model of a device that can be plugged in, in the order of lists. */
extern const struct model *const dev_models[];
/* The class of things that say so in a configuration. */
extern const struct thing_class dev_thing;

/* pci_scratch.c: a function of PCI, to be copied and for tests. */
extern const struct device_class pci_scratch;
extern const struct model pci_scratch_model;

/* scratch.c: the smallest possible device. One line: its timer ran out. */
extern const struct device_class scratch;

/* uart16550.c: a serial port; one line, one port. */
struct uart16550_config {
    uint32_t clock_hz; /* input clock of the baud rate generator, at least 1 */
};
extern const struct device_class uart16550;

/* clint.c: software and timer interrupts of all harts, and the time that they read. */
#define CLINT_TIME_HZ 10000000
extern const struct device_class clint;
/* Makes it the timer of all harts of its machine. Wiring: once, when the device was added. */
void clint_attach(struct device *d);

/* plic.c: 96 interrupt sources to the external interrupts of all harts, contexts 2h (machine mode)
 * and 2h + 1 (supervisor mode). Input line n is source n; 0 is none. */
#define PLIC_SOURCES 96
extern const struct device_class plic;

/* test_finisher.c: a store ends or resets the machine. */
extern const struct device_class test_finisher;

/* goldfish_rtc.c: nanoseconds since 1970; one line: its alarm. */
struct goldfish_rtc_config {
    uint64_t epoch_ns; /* since 1970, at virtual time 0 */
};
extern const struct device_class goldfish_rtc;

/* The numbers by which device_set_hart_pin() knows a RISC-V hart's interrupts: bits of mip. */
enum riscv_pin { RISCV_PIN_MSI = 3, RISCV_PIN_MTI = 7, RISCV_PIN_SEI = 9, RISCV_PIN_MEI = 11 };

#endif
