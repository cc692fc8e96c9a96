/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_virt_fdt: the device tree of the Arm `virt` board: what the reference tells its guests, less what
 * is not there. After the Devicetree Specification 0.4 and the Linux kernel's bindings.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/internal.h"
#include "dev/arm.h"

enum {
    PHANDLE_CLOCK = 0x8000,
    PHANDLE_GIC = 0x8001,
    PHANDLE_ITS = 0x8002,
    PHANDLE_GPIO = 0x8003,
    PHANDLE_V2M = 0x8004,
    PHANDLE_CPU0 = 0x8010
};
enum { GIC_SPI = 0, GIC_PPI = 1 }; /* first cell of an interrupt */
enum { IRQ_EDGE_RISING = 1, IRQ_LEVEL_HIGH = 4 };
enum { KEY_POWER = 116 }; /* of Linux's input events */

/* ---- processors -------------------------------------------------------------------------------*/

static bool is_narrow(const struct machine_config *c)
{
    return strcmp(c->arch, "arm") == 0;
}

static const char *compatible_of(const struct machine_config *c)
{
    static const struct {
        const char *name, *compatible;
    } cpus[] = {
        {"cortex-a53", "arm,cortex-a53"},   {"cortex-a57", "arm,cortex-a57"},
        {"cortex-a72", "arm,cortex-a72"},   {"cortex-a76", "arm,cortex-a76"},
        {"neoverse-n1", "arm,neoverse-n1"}, {"cortex-a7", "arm,cortex-a7"},
        {"cortex-a9", "arm,cortex-a9"},     {"cortex-a15", "arm,cortex-a15"},
    };
    const char *cpu = c->cpu;
    size_t length = strcspn(cpu, ",");

    for (size_t i = 0; i < ARRAY_LEN(cpus); i++) {
        if (strlen(cpus[i].name) == length && memcmp(cpus[i].name, cpu, length) == 0) {
            return cpus[i].compatible;
        }
    }
    return length != 0 ? "arm,armv8" : is_narrow(c) ? "arm,cortex-a15" : "arm,cortex-a57";
}

static void add_cpus(struct fdt_writer *t, const struct machine_config *c)
{
    fdt_node(t, "cpus");
    fdt_prop_cell_counts(t, 1, 0);
    fdt_node(t, "cpu-map");
    fdt_node(t, "socket0");
    fdt_node(t, "cluster0");
    for (unsigned h = 0; h < c->hart_count; h++) {
        char name[16];

        snprintf(name, sizeof name, "core%u", h);
        fdt_node(t, name);
        fdt_prop_cell(t, "cpu", PHANDLE_CPU0 + h);
        fdt_node_end(t);
    }
    fdt_node_end(t);
    fdt_node_end(t);
    fdt_node_end(t);
    for (unsigned h = 0; h < c->hart_count; h++) {
        fdt_node_at(t, "cpu", h);
        fdt_prop_cell(t, "phandle", PHANDLE_CPU0 + h);
        fdt_prop_text(t, "device_type", "cpu");
        fdt_prop_cell(t, "reg", h);
        fdt_prop_text(t, "compatible", compatible_of(c));
        fdt_prop_text(t, "enable-method", "psci");
        fdt_node_end(t);
    }
    fdt_node_end(t);
}

static void add_psci(struct fdt_writer *t, const struct machine_config *c, const struct arm_virt *v)
{
    fdt_node(t, "psci");
    FDT_PROP_TEXTS(t, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
    fdt_prop_text(t, "method", v->has_el2 ? "smc" : "hvc");
    fdt_prop_cell(t, "cpu_suspend", is_narrow(c) ? 0x84000001 : 0xc4000001);
    fdt_prop_cell(t, "cpu_off", 0x84000002);
    fdt_prop_cell(t, "cpu_on", is_narrow(c) ? 0x84000003 : 0xc4000003);
    fdt_node_end(t);
}

/* Private interrupts are counted from the first PPI on. A GICv2's have a bit for each hart as well. */
static uint32_t ppi_flags(const struct machine_config *c, const struct arm_virt *v)
{
    return IRQ_LEVEL_HIGH | (v->gic == 2 ? ((1u << c->hart_count) - 1) << 8 : 0);
}

static void add_timer_and_pmu(struct fdt_writer *t, const struct machine_config *c,
                              const struct arm_virt *v)
{
    uint32_t flags = ppi_flags(c, v);

    fdt_node(t, "timer");
    if (is_narrow(c)) {
        fdt_prop_text(t, "compatible", "arm,armv7-timer");
    } else {
        FDT_PROP_TEXTS(t, "compatible", "arm,armv8-timer\0arm,armv7-timer");
    }
    fdt_prop_empty(t, "always-on");
    FDT_PROP_CELLS(t, "interrupts", GIC_PPI, ARM_VIRT_SECURE_TIMER_PPI - 16, flags, GIC_PPI,
                   ARM_VIRT_PHYSICAL_TIMER_PPI - 16, flags, GIC_PPI,
                   ARM_VIRT_VIRTUAL_TIMER_PPI - 16, flags, GIC_PPI, ARM_VIRT_HYPER_TIMER_PPI - 16,
                   flags);
    fdt_node_end(t);
    if (is_narrow(c)) {
        return;
    }
    fdt_node(t, "pmu");
    fdt_prop_text(t, "compatible", "arm,armv8-pmuv3");
    FDT_PROP_CELLS(t, "interrupts", GIC_PPI, ARM_VIRT_PMU_PPI - 16, flags);
    fdt_node_end(t);
}

/* ---- chips ------------------------------------------------------------------------------------*/

/* Two places. */
static void prop_two_regs(struct fdt_writer *t, uint32_t at, uint32_t size, uint32_t at2,
                          uint32_t size2)
{
    FDT_PROP_CELLS(t, "reg", 0, at, 0, size, 0, at2, 0, size2);
}

static void add_gic(struct fdt_writer *t, const struct machine_config *c, const struct arm_virt *v)
{
    fdt_node_at(t, "intc", ARM_VIRT_GIC);
    fdt_prop_cell(t, "phandle", PHANDLE_GIC);
    fdt_prop_cell(t, "#interrupt-cells", 3);
    fdt_prop_empty(t, "interrupt-controller");
    fdt_prop_cell_counts(t, 2, 2);
    fdt_prop_empty(t, "ranges");
    if (v->gic == 2) {
        fdt_prop_text(t, "compatible", "arm,cortex-a15-gic");
        prop_two_regs(t, ARM_VIRT_GIC, ARM_VIRT_GIC_SIZE, ARM_VIRT_GICC, ARM_VIRT_GIC_SIZE);
    } else {
        fdt_prop_text(t, "compatible", "arm,gic-v3");
        fdt_prop_cell(t, "#redistributor-regions", 1);
        prop_two_regs(t, ARM_VIRT_GIC, ARM_VIRT_GIC_SIZE, ARM_VIRT_GICR, ARM_VIRT_GICR_SIZE);
        if (v->has_el2) {
            FDT_PROP_CELLS(t, "interrupts", GIC_PPI, ARM_VIRT_MAINTENANCE_PPI - 16, IRQ_LEVEL_HIGH);
        }
    }
    if (v->gic == 2 && board_has_pci(c)) {
        fdt_node_at(t, "v2m", ARM_VIRT_V2M);
        fdt_prop_cell(t, "phandle", PHANDLE_V2M);
        fdt_prop_text(t, "compatible", "arm,gic-v2m-frame");
        fdt_prop_empty(t, "msi-controller");
        fdt_prop_reg(t, ARM_VIRT_V2M, ARM_VIRT_CHIP_SIZE);
        fdt_node_end(t);
    }
    if (v->has_its) {
        fdt_node_at(t, "its", ARM_VIRT_ITS);
        fdt_prop_cell(t, "phandle", PHANDLE_ITS);
        fdt_prop_text(t, "compatible", "arm,gic-v3-its");
        fdt_prop_empty(t, "msi-controller");
        fdt_prop_cell(t, "#msi-cells", 1);
        fdt_prop_reg(t, ARM_VIRT_ITS, ARM_VIRT_ITS_SIZE);
        fdt_node_end(t);
    }
    fdt_node_end(t);
}

/* A PrimeCell: begins its node. */
static void cell_begin(struct fdt_writer *t, const char *name, uint64_t at, uint32_t spi)
{
    fdt_node_at(t, name, at);
    fdt_prop_reg(t, at, ARM_VIRT_CHIP_SIZE);
    FDT_PROP_CELLS(t, "interrupts", GIC_SPI, spi, IRQ_LEVEL_HIGH);
}

static void add_uart(struct fdt_writer *t, paddr at, unsigned interrupt)
{
    cell_begin(t, "pl011", at, interrupt);
    FDT_PROP_TEXTS(t, "compatible", "arm,pl011\0arm,primecell");
    FDT_PROP_CELLS(t, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    FDT_PROP_TEXTS(t, "clock-names", "uartclk\0apb_pclk");
    fdt_node_end(t);
}

static void add_cells(struct fdt_writer *t, const struct machine_config *c)
{
    fdt_node(t, "apb-pclk");
    fdt_prop_cell(t, "phandle", PHANDLE_CLOCK);
    fdt_prop_text(t, "compatible", "fixed-clock");
    fdt_prop_cell(t, "#clock-cells", 0);
    fdt_prop_cell(t, "clock-frequency", ARM_VIRT_CLOCK_HZ);
    fdt_prop_text(t, "clock-output-names", "clk24mhz");
    fdt_node_end(t);

    add_uart(t, ARM_VIRT_UART, ARM_VIRT_UART_SPI);
    if (c->serial_count > 1) {
        add_uart(t, ARM_VIRT_UART1, ARM_VIRT_UART1_SPI);
    }

    cell_begin(t, "pl031", ARM_VIRT_RTC, ARM_VIRT_RTC_SPI);
    FDT_PROP_TEXTS(t, "compatible", "arm,pl031\0arm,primecell");
    fdt_prop_cell(t, "clocks", PHANDLE_CLOCK);
    fdt_prop_text(t, "clock-names", "apb_pclk");
    fdt_node_end(t);

    cell_begin(t, "pl061", ARM_VIRT_GPIO, ARM_VIRT_GPIO_SPI);
    fdt_prop_cell(t, "phandle", PHANDLE_GPIO);
    FDT_PROP_TEXTS(t, "compatible", "arm,pl061\0arm,primecell");
    fdt_prop_cell(t, "#gpio-cells", 2);
    fdt_prop_empty(t, "gpio-controller");
    fdt_prop_cell(t, "clocks", PHANDLE_CLOCK);
    fdt_prop_text(t, "clock-names", "apb_pclk");
    fdt_node_end(t);
}

static void add_power_button(struct fdt_writer *t)
{
    fdt_node(t, "gpio-keys");
    fdt_prop_text(t, "compatible", "gpio-keys");
    fdt_node(t, "poweroff");
    fdt_prop_text(t, "label", "GPIO Key Poweroff");
    fdt_prop_cell(t, "linux,code", KEY_POWER);
    FDT_PROP_CELLS(t, "gpios", PHANDLE_GPIO, ARM_VIRT_POWER_PIN, 0);
    fdt_node_end(t);
    fdt_node_end(t);
}

static void add_flash_and_fw_cfg(struct fdt_writer *t)
{
    fdt_node_at(t, "flash", ARM_VIRT_FLASH);
    fdt_prop_text(t, "compatible", "cfi-flash");
    prop_two_regs(t, ARM_VIRT_FLASH, ARM_VIRT_FLASH_SIZE, ARM_VIRT_FLASH + ARM_VIRT_FLASH_SIZE,
                  ARM_VIRT_FLASH_SIZE);
    fdt_prop_cell(t, "bank-width", 4);
    fdt_node_end(t);
    fdt_node_at(t, "fw-cfg", ARM_VIRT_FW_CFG);
    fdt_prop_text(t, "compatible", "qemu,fw-cfg-mmio");
    fdt_prop_reg(t, ARM_VIRT_FW_CFG, ARM_VIRT_FW_CFG_SIZE);
    fdt_prop_empty(t, "dma-coherent");
    fdt_node_end(t);
}

static void add_virtio(struct fdt_writer *t)
{
    for (unsigned i = 0; i < VIRTIO_NONE_COUNT; i++) {
        uint64_t at = ARM_VIRT_VIRTIO + VIRTIO_NONE_BYTES * i;

        fdt_node_at(t, "virtio_mmio", at);
        fdt_prop_text(t, "compatible", "virtio,mmio");
        fdt_prop_reg(t, at, VIRTIO_NONE_BYTES);
        FDT_PROP_CELLS(t, "interrupts", GIC_SPI, ARM_VIRT_VIRTIO_SPI + i, IRQ_EDGE_RISING);
        fdt_prop_empty(t, "dma-coherent");
        fdt_node_end(t);
    }
}

static void add_pci(struct fdt_writer *t, const struct arm_virt *v)
{
    const struct pci_host_config host = arm_virt_pci(v);
    const struct fdt_pci pci = {.host = &host,
                                .name = "pcie",
                                .unit = ARM_VIRT_PCI_MEMORY, /* as on the reference */
                                .interrupts = PHANDLE_GIC,
                                .first_interrupt = ARM_VIRT_PCI_SPI,
                                .parent_cells = 2,
                                .before_count = 1,
                                .before = GIC_SPI,
                                .after_count = 1,
                                .after = IRQ_LEVEL_HIGH,
                                .messages = v->gic == 2  ? PHANDLE_V2M
                                            : v->has_its ? PHANDLE_ITS
                                                         : 0};

    fdt_add_pci(t, &pci);
}

/* ---- all together -----------------------------------------------------------------------------*/

static void add_chosen(struct fdt_writer *t, uint64_t seed)
{
    uint8_t bytes[32];

    fdt_node(t, "chosen");
    fdt_prop_text(t, "stdout-path", "/pl011@9000000");
    fdt_prop_seed(t, "rng-seed", seed);
    fdt_seed_bytes(seed + 1, bytes);
    fdt_prop_bytes(t, "kaslr-seed", bytes, 8);
    fdt_node_end(t);
}

void *arm_virt_fdt(const struct machine_config *c, const struct arm_virt *v)
{
    struct fdt_writer t;

    fdt_write_begin(&t);
    fdt_prop_text(&t, "compatible", "linux,dummy-virt");
    fdt_prop_text(&t, "model", "linux,dummy-virt");
    fdt_prop_cell(&t, "interrupt-parent", PHANDLE_GIC);
    fdt_prop_empty(&t, "dma-coherent");
    add_chosen(&t, c->seed);
    fdt_node(&t, "aliases");
    fdt_prop_text(&t, "serial0", "/pl011@9000000");
    if (c->serial_count > 1) {
        fdt_prop_text(&t, "serial1", "/pl011@9040000");
    }
    fdt_node_end(&t);
    fdt_node_at(&t, "memory", ARM_VIRT_RAM);
    fdt_prop_text(&t, "device_type", "memory");
    fdt_prop_reg(&t, ARM_VIRT_RAM, c->ram_bytes);
    fdt_node_end(&t);
    add_cpus(&t, c);
    add_psci(&t, c, v);
    add_timer_and_pmu(&t, c, v);
    add_gic(&t, c, v);
    add_cells(&t, c);
    add_power_button(&t);
    add_flash_and_fw_cfg(&t);
    add_virtio(&t);
    if (board_has_pci(c)) {
        add_pci(&t, v);
    }
    return fdt_write_end(&t);
}
