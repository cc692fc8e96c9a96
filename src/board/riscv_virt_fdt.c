/* SPDX-License-Identifier: GPL-2.0-or-later
 * riscv_virt_fdt: the device tree of the RISC-V `virt` board: what the reference tells its guests,
 * less what is not there. After the Devicetree Specification 0.4 and the Linux kernel's bindings.
 */
#include <stdio.h>
#include <stdlib.h>

#include <libfdt.h>

#include "board/internal.h"
#include "dev/dev.h"

#define TREE_BYTES (64 * KIB) /* plenty for 8 harts, the longest command line included */

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

/* What is being written; `result` is libfdt's first complaint. */
struct tree {
    void *blob;
    int result;
};

static void note(struct tree *t, int result)
{
    t->result = t->result != 0 ? t->result : result;
}

static void node_begin(struct tree *t, const char *name)
{
    note(t, fdt_begin_node(t->blob, name));
}

static void node_begin_at(struct tree *t, const char *name, uint64_t address)
{
    char full[64];

    snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)address);
    node_begin(t, full);
}

static void node_end(struct tree *t)
{
    note(t, fdt_end_node(t->blob));
}

static void prop_bytes(struct tree *t, const char *name, const void *bytes, size_t count)
{
    note(t, fdt_property(t->blob, name, bytes, (int)count));
}

static void prop_text(struct tree *t, const char *name, const char *text)
{
    prop_bytes(t, name, text, strlen(text) + 1);
}

/* A list of strings, each with its NUL: pass a literal; its last NUL comes by itself. */
#define PROP_TEXTS(t, name, literal) prop_bytes(t, name, literal, sizeof(literal))

static void prop_cell(struct tree *t, const char *name, uint32_t value)
{
    note(t, fdt_property_u32(t->blob, name, value));
}

static void prop_empty(struct tree *t, const char *name)
{
    prop_bytes(t, name, NULL, 0);
}

static void prop_cells(struct tree *t, const char *name, const uint32_t *cells, size_t count)
{
    uint8_t bytes[4 * 8 * MACHINE_HARTS_MAX];

    must(count <= sizeof bytes / 4);
    for (size_t i = 0; i < count; i++) {
        bytes_set_be(bytes + 4 * i, 4, cells[i]);
    }
    prop_bytes(t, name, bytes, 4 * count);
}

/* With two cells for an address and two for a size. */
static void prop_reg(struct tree *t, uint64_t at, uint64_t size)
{
    const uint32_t cells[] = {(uint32_t)(at >> 32), (uint32_t)at, (uint32_t)(size >> 32),
                              (uint32_t)size};

    prop_cells(t, "reg", cells, ARRAY_LEN(cells));
}

static void prop_cell_counts(struct tree *t, uint32_t address, uint32_t size)
{
    prop_cell(t, "#address-cells", address);
    prop_cell(t, "#size-cells", size);
}

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
static void prop_hart_interrupts(struct tree *t, unsigned harts, uint32_t first, uint32_t second)
{
    uint32_t cells[4 * MACHINE_HARTS_MAX];

    for (unsigned h = 0; h < harts; h++) {
        cells[4 * h] = cells[4 * h + 2] = phandle_cpu_interrupts(h);
        cells[4 * h + 1] = first;
        cells[4 * h + 3] = second;
    }
    prop_cells(t, "interrupts-extended", cells, (size_t)4 * harts);
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

static void add_isa(struct tree *t, const struct machine_config *c, bool is_32)
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
    prop_text(t, "riscv,isa", isa.data);
    prop_text(t, "riscv,isa-base", is_32 ? "rv32i" : "rv64i");
    prop_bytes(t, "riscv,isa-extensions", list.data, list.length);
    if (has_extension(c, "zicbom")) {
        prop_cell(t, "riscv,cbom-block-size", CBO_BLOCK_BYTES);
    }
    if (has_extension(c, "zicboz")) {
        prop_cell(t, "riscv,cboz-block-size", CBO_BLOCK_BYTES);
    }
    text_fini(&isa);
    text_fini(&list);
}

static void add_cpu(struct tree *t, const struct machine_config *c, bool is_32, unsigned hart)
{
    node_begin_at(t, "cpu", hart);
    prop_cell(t, "phandle", phandle_cpu(hart));
    prop_text(t, "device_type", "cpu");
    prop_cell(t, "reg", hart);
    prop_text(t, "status", "okay");
    prop_text(t, "compatible", "riscv");
    add_isa(t, c, is_32);
    prop_text(t, "mmu-type", is_32 ? "riscv,sv32" : "riscv,sv57");
    node_begin(t, "interrupt-controller");
    prop_cell(t, "#interrupt-cells", 1);
    prop_empty(t, "interrupt-controller");
    prop_text(t, "compatible", "riscv,cpu-intc");
    prop_cell(t, "phandle", phandle_cpu_interrupts(hart));
    node_end(t);
    node_end(t);
}

static void add_cpus(struct tree *t, const struct machine_config *c, bool is_32)
{
    node_begin(t, "cpus");
    prop_cell_counts(t, 1, 0);
    prop_cell(t, "timebase-frequency", CLINT_TIME_HZ);
    for (unsigned h = 0; h < c->hart_count; h++) {
        add_cpu(t, c, is_32, h);
    }
    node_begin(t, "cpu-map");
    node_begin(t, "cluster0");
    for (unsigned h = 0; h < c->hart_count; h++) {
        char name[16];

        snprintf(name, sizeof name, "core%u", h);
        node_begin(t, name);
        prop_cell(t, "cpu", phandle_cpu(h));
        node_end(t);
    }
    node_end(t);
    node_end(t);
    node_end(t);
}

/* ---- chips ------------------------------------------------------------------------------------*/

static void add_interrupt(struct tree *t, uint32_t source)
{
    prop_cell(t, "interrupts", source);
    prop_cell(t, "interrupt-parent", PHANDLE_PLIC);
}

static void add_plic(struct tree *t, unsigned harts)
{
    node_begin_at(t, "plic", RISCV_VIRT_PLIC);
    prop_cell(t, "phandle", PHANDLE_PLIC);
    prop_cell(t, "riscv,ndev", PLIC_SOURCES);
    prop_reg(t, RISCV_VIRT_PLIC, RISCV_VIRT_PLIC_SIZE);
    prop_hart_interrupts(t, harts, RISCV_PIN_MEI, RISCV_PIN_SEI);
    prop_empty(t, "interrupt-controller");
    PROP_TEXTS(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    prop_cell(t, "#address-cells", 0);
    prop_cell(t, "#interrupt-cells", 1);
    node_end(t);
}

static void add_soc(struct tree *t, unsigned harts)
{
    node_begin(t, "soc");
    prop_cell_counts(t, 2, 2);
    prop_text(t, "compatible", "simple-bus");
    prop_empty(t, "ranges");

    node_begin_at(t, "clint", RISCV_VIRT_CLINT);
    prop_hart_interrupts(t, harts, RISCV_PIN_MSI, RISCV_PIN_MTI);
    prop_reg(t, RISCV_VIRT_CLINT, RISCV_VIRT_CLINT_SIZE);
    PROP_TEXTS(t, "compatible", "sifive,clint0\0riscv,clint0");
    node_end(t);

    add_plic(t, harts);

    node_begin_at(t, "test", RISCV_VIRT_TEST);
    prop_cell(t, "phandle", PHANDLE_TEST);
    prop_reg(t, RISCV_VIRT_TEST, RISCV_VIRT_TEST_SIZE);
    PROP_TEXTS(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    node_end(t);

    node_begin_at(t, "rtc", RISCV_VIRT_RTC);
    add_interrupt(t, RISCV_VIRT_RTC_IRQ);
    prop_reg(t, RISCV_VIRT_RTC, RISCV_VIRT_RTC_SIZE);
    prop_text(t, "compatible", "google,goldfish-rtc");
    node_end(t);

    node_begin_at(t, "serial", RISCV_VIRT_UART);
    add_interrupt(t, RISCV_VIRT_UART_IRQ);
    prop_cell(t, "clock-frequency", RISCV_VIRT_UART_HZ);
    prop_reg(t, RISCV_VIRT_UART, RISCV_VIRT_UART_SIZE);
    prop_text(t, "compatible", "ns16550a");
    node_end(t);

    node_end(t);
}

/* A word written to the test device does it. */
static void add_syscon(struct tree *t, const char *name, const char *compatible, uint32_t value)
{
    node_begin(t, name);
    prop_cell(t, "value", value);
    prop_cell(t, "offset", 0);
    prop_cell(t, "regmap", PHANDLE_TEST);
    prop_text(t, "compatible", compatible);
    node_end(t);
}

static void add_chosen(struct tree *t, uint64_t seed)
{
    uint8_t bytes[32];

    fdt_seed_bytes(seed, bytes);
    node_begin(t, "chosen");
    prop_bytes(t, "rng-seed", bytes, sizeof bytes);
    note(t, fdt_property(t->blob, "stdout-path", "/soc/serial@10000000",
                         sizeof "/soc/serial@10000000"));
    node_end(t);
}

void *riscv_virt_fdt(const struct machine_config *c, bool is_32)
{
    struct tree t = {.blob = base_alloc(TREE_BYTES, 1)};

    note(&t, fdt_create(t.blob, TREE_BYTES));
    note(&t, fdt_finish_reservemap(t.blob));
    node_begin(&t, "");
    prop_cell_counts(&t, 2, 2);
    prop_text(&t, "compatible", "riscv-virtio");
    prop_text(&t, "model", "riscv-virtio,reprise");
    add_chosen(&t, c->seed);
    add_syscon(&t, "poweroff", "syscon-poweroff", 0x5555);
    add_syscon(&t, "reboot", "syscon-reboot", 0x7777);
    node_begin_at(&t, "memory", RISCV_VIRT_RAM);
    prop_text(&t, "device_type", "memory");
    prop_reg(&t, RISCV_VIRT_RAM, c->ram_bytes);
    node_end(&t);
    add_cpus(&t, c, is_32);
    add_soc(&t, c->hart_count);
    node_end(&t);
    note(&t, fdt_finish(t.blob));
    note(&t, fdt_open_into(t.blob, t.blob, TREE_BYTES));
    must(t.result == 0);
    return t.blob;
}
