/* SPDX-License-Identifier: GPL-2.0-or-later
 * riscv_virt_fdt: the device tree of the RISC-V `virt` board: what the reference tells its guests,
 * less what is not there. After the Devicetree Specification 0.4 and the Linux kernel's bindings.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/internal.h"
#include "dev/dev.h"

/* Extensions by their names in `riscv,isa-extensions`, in the order of `riscv,isa`. Those of more
 * than a letter can be switched by name in -cpu; some are on without that. */
static const struct {
    const char *name;
    bool usual;
} extensions[] = {
    {"i", true},
    {"m", true},
    {"a", true},
    {"f", true},
    {"d", true},
    {"c", true},
    {"zicbom", true},
    {"zicboz", true},
    {"zicntr", true},
    {"zicond", false},
    {"zicsr", true},
    {"zifencei", true},
    {"zihintpause", false},
    {"zihpm", true},
    {"zfa", false},
    {"zfh", false},
    {"zfhmin", false},
    {"zba", true},
    {"zbb", true},
    {"zbc", false},
    {"zbkb", false},
    {"zbs", true},
    {"sstc", true},
    {"svadu", true},
    {"svinval", true},
    {"svnapot", false},
    {"svpbmt", false},
};

enum { CBO_BLOCK_BYTES = 64 };

/* ---- phandles ---------------------------------------------------------------------------------*/

static uint32_t phandle_cpu(unsigned hart)
{
    return 1 + 2 * hart;
}
static uint32_t phandle_cpu_interrupts(unsigned hart)
{
    return 2 + 2 * hart;
}
enum { PHANDLE_PLIC = 1 + 2 * MACHINE_HARTS_MAX, PHANDLE_TEST };

/* Pairs of every hart's interrupt controller and one of its interrupts. */
static void prop_hart_interrupts(struct fdt_writer *t, unsigned harts, uint32_t first,
                                 uint32_t second)
{
    uint32_t cells[4 * MACHINE_HARTS_MAX];

    for (unsigned h = 0; h < harts; h++) {
        cells[4 * h] = cells[4 * h + 2] = phandle_cpu_interrupts(h);
        cells[4 * h + 1] = first;
        cells[4 * h + 3] = second;
    }
    fdt_prop_cells(t, "interrupts-extended", cells, (size_t)4 * harts);
}

/* ---- harts ------------------------------------------------------------------------------------*/

/* `item` begins with `word`, in either case, and then comes one of `ends` or nothing. */
static bool begins_with(const char *item, const char *word, const char *ends)
{
    for (; *word != '\0'; item++, word++) {
        char c = *item >= 'A' && *item <= 'Z' ? (char)(*item - 'A' + 'a') : *item;

        if (c != *word) {
            return false;
        }
    }
    return strchr(ends, *item) != NULL; /* also at its NUL */
}

/* What -cpu's argument says last about an extension, or `otherwise`. That it is well formed is the
 * ISA's to check, when the machine is sealed. */
static bool is_on(const char *cpu, const char *name, bool otherwise)
{
    const char *item = cpu;

    while ((item = strchr(item, ',')) != NULL) {
        item++;
        if (begins_with(item, name, "=")) {
            const char *value = item + strcspn(item, "=");

            value += *value == '=';
            if (begins_with(value, "false", ",") || begins_with(value, "off", ",") ||
                begins_with(value, "no", ",")) {
                otherwise = false;
            } else if (begins_with(value, "true", ",") || begins_with(value, "on", ",") ||
                       begins_with(value, "yes", ",")) {
                otherwise = true;
            }
        }
    }
    return otherwise;
}

/* Only walks of RV64's tables have them. */
static bool is_of_rv64(const char *name)
{
    return strcmp(name, "svnapot") == 0 || strcmp(name, "svpbmt") == 0;
}

static bool has_extension(const struct machine_config *c, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        if (strcmp(extensions[i].name, name) == 0) {
            return name[1] == '\0' || is_on(c->cpu, name, extensions[i].usual) ||
                   (strcmp(name, "zfhmin") == 0 && has_extension(c, "zfh"));
        }
    }
    return false;
}

static void add_isa(struct fdt_writer *t, const struct machine_config *c, bool is_32)
{
    struct text isa = {0}, list = {0};

    text_add(&isa, is_32 ? "rv32" : "rv64");
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        const char *name = extensions[i].name;

        if (has_extension(c, name) && !(is_32 && is_of_rv64(name))) {
            text_add(&isa, "%s%s", name[1] == '\0' ? "" : "_", name);
            text_add_bytes(&list, name, strlen(name) + 1);
        }
    }
    fdt_prop_text(t, "riscv,isa", isa.data);
    fdt_prop_text(t, "riscv,isa-base", is_32 ? "rv32i" : "rv64i");
    fdt_prop_bytes(t, "riscv,isa-extensions", list.data, list.length);
    if (has_extension(c, "zicbom")) {
        fdt_prop_cell(t, "riscv,cbom-block-size", CBO_BLOCK_BYTES);
    }
    if (has_extension(c, "zicboz")) {
        fdt_prop_cell(t, "riscv,cboz-block-size", CBO_BLOCK_BYTES);
    }
    text_fini(&isa);
    text_fini(&list);
}

static void add_cpu(struct fdt_writer *t, const struct machine_config *c, bool is_32, unsigned hart)
{
    fdt_node_at(t, "cpu", hart);
    fdt_prop_cell(t, "phandle", phandle_cpu(hart));
    fdt_prop_text(t, "device_type", "cpu");
    fdt_prop_cell(t, "reg", hart);
    fdt_prop_text(t, "status", "okay");
    fdt_prop_text(t, "compatible", "riscv");
    add_isa(t, c, is_32);
    fdt_prop_text(t, "mmu-type", is_32 ? "riscv,sv32" : "riscv,sv57");
    fdt_node(t, "interrupt-controller");
    fdt_prop_cell(t, "#interrupt-cells", 1);
    fdt_prop_empty(t, "interrupt-controller");
    fdt_prop_text(t, "compatible", "riscv,cpu-intc");
    fdt_prop_cell(t, "phandle", phandle_cpu_interrupts(hart));
    fdt_node_end(t);
    fdt_node_end(t);
}

static void add_cpus(struct fdt_writer *t, const struct machine_config *c, bool is_32)
{
    fdt_node(t, "cpus");
    fdt_prop_cell_counts(t, 1, 0);
    fdt_prop_cell(t, "timebase-frequency", CLINT_TIME_HZ);
    for (unsigned h = 0; h < c->hart_count; h++) {
        add_cpu(t, c, is_32, h);
    }
    fdt_node(t, "cpu-map");
    fdt_node(t, "cluster0");
    for (unsigned h = 0; h < c->hart_count; h++) {
        char name[16];

        snprintf(name, sizeof name, "core%u", h);
        fdt_node(t, name);
        fdt_prop_cell(t, "cpu", phandle_cpu(h));
        fdt_node_end(t);
    }
    fdt_node_end(t);
    fdt_node_end(t);
    fdt_node_end(t);
}

/* ---- chips ------------------------------------------------------------------------------------*/

static void add_interrupt(struct fdt_writer *t, uint32_t source)
{
    fdt_prop_cell(t, "interrupts", source);
    fdt_prop_cell(t, "interrupt-parent", PHANDLE_PLIC);
}

static void add_plic(struct fdt_writer *t, unsigned harts)
{
    fdt_node_at(t, "plic", RISCV_VIRT_PLIC);
    fdt_prop_cell(t, "phandle", PHANDLE_PLIC);
    fdt_prop_cell(t, "riscv,ndev", PLIC_SOURCES);
    fdt_prop_reg(t, RISCV_VIRT_PLIC, RISCV_VIRT_PLIC_SIZE);
    prop_hart_interrupts(t, harts, RISCV_PIN_MEI, RISCV_PIN_SEI);
    fdt_prop_empty(t, "interrupt-controller");
    FDT_PROP_TEXTS(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    fdt_prop_cell(t, "#address-cells", 0);
    fdt_prop_cell(t, "#interrupt-cells", 1);
    fdt_node_end(t);
}

static void add_pci(struct fdt_writer *t, const struct machine_config *c, bool is_32)
{
    const struct pci_host_config host = riscv_virt_pci(c, is_32);
    const struct fdt_pci pci = {.host = &host,
                                .name = "pci",
                                .unit = host.ecam,
                                .interrupts = PHANDLE_PLIC,
                                .first_interrupt = RISCV_VIRT_PCI_IRQ};

    fdt_add_pci(t, &pci);
}

static void add_virtio(struct fdt_writer *t)
{
    for (unsigned i = RISCV_VIRT_VIRTIO_COUNT; i-- > 0;) {
        uint64_t at = RISCV_VIRT_VIRTIO + (uint64_t)RISCV_VIRT_VIRTIO_SIZE * i;

        fdt_node_at(t, "virtio_mmio", at);
        add_interrupt(t, RISCV_VIRT_VIRTIO_IRQ + i);
        fdt_prop_reg(t, at, RISCV_VIRT_VIRTIO_SIZE);
        fdt_prop_text(t, "compatible", "virtio,mmio");
        fdt_node_end(t);
    }
}

static void add_soc(struct fdt_writer *t, const struct machine_config *c, bool is_32)
{
    unsigned harts = c->hart_count;

    fdt_node(t, "soc");
    fdt_prop_cell_counts(t, 2, 2);
    fdt_prop_text(t, "compatible", "simple-bus");
    fdt_prop_empty(t, "ranges");

    fdt_node_at(t, "clint", RISCV_VIRT_CLINT);
    prop_hart_interrupts(t, harts, RISCV_PIN_MSI, RISCV_PIN_MTI);
    fdt_prop_reg(t, RISCV_VIRT_CLINT, RISCV_VIRT_CLINT_SIZE);
    FDT_PROP_TEXTS(t, "compatible", "sifive,clint0\0riscv,clint0");
    fdt_node_end(t);

    add_plic(t, harts);

    fdt_node_at(t, "test", RISCV_VIRT_TEST);
    fdt_prop_cell(t, "phandle", PHANDLE_TEST);
    fdt_prop_reg(t, RISCV_VIRT_TEST, RISCV_VIRT_TEST_SIZE);
    FDT_PROP_TEXTS(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    fdt_node_end(t);

    fdt_node_at(t, "rtc", RISCV_VIRT_RTC);
    add_interrupt(t, RISCV_VIRT_RTC_IRQ);
    fdt_prop_reg(t, RISCV_VIRT_RTC, RISCV_VIRT_RTC_SIZE);
    fdt_prop_text(t, "compatible", "google,goldfish-rtc");
    fdt_node_end(t);

    fdt_node_at(t, "serial", RISCV_VIRT_UART);
    add_interrupt(t, RISCV_VIRT_UART_IRQ);
    fdt_prop_cell(t, "clock-frequency", RISCV_VIRT_UART_HZ);
    fdt_prop_reg(t, RISCV_VIRT_UART, RISCV_VIRT_UART_SIZE);
    fdt_prop_text(t, "compatible", "ns16550a");
    fdt_node_end(t);

    if (board_has_virtio(c)) {
        add_virtio(t);
    }
    if (board_has_pci(c)) {
        add_pci(t, c, is_32);
    }
    fdt_node_end(t);
}

/* A word written to the test device does it. */
static void add_syscon(struct fdt_writer *t, const char *name, const char *compatible,
                       uint32_t value)
{
    fdt_node(t, name);
    fdt_prop_cell(t, "value", value);
    fdt_prop_cell(t, "offset", 0);
    fdt_prop_cell(t, "regmap", PHANDLE_TEST);
    fdt_prop_text(t, "compatible", compatible);
    fdt_node_end(t);
}

static void add_chosen(struct fdt_writer *t, uint64_t seed)
{
    fdt_node(t, "chosen");
    fdt_prop_seed(t, "rng-seed", seed);
    fdt_prop_text(t, "stdout-path", "/soc/serial@10000000");
    fdt_node_end(t);
}

void *riscv_virt_fdt(const struct machine_config *c, bool is_32)
{
    struct fdt_writer t;

    fdt_write_begin(&t);
    fdt_prop_text(&t, "compatible", "riscv-virtio");
    fdt_prop_text(&t, "model", "riscv-virtio,reprise");
    add_chosen(&t, c->seed);
    add_syscon(&t, "poweroff", "syscon-poweroff", 0x5555);
    add_syscon(&t, "reboot", "syscon-reboot", 0x7777);
    fdt_node_at(&t, "memory", RISCV_VIRT_RAM);
    fdt_prop_text(&t, "device_type", "memory");
    fdt_prop_reg(&t, RISCV_VIRT_RAM, c->ram_bytes);
    fdt_node_end(&t);
    add_cpus(&t, c, is_32);
    add_soc(&t, c, is_32);
    return fdt_write_end(&t);
}
