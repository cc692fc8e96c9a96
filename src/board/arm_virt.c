/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_virt: the reference's `virt` board for AArch64, so far as its guests can tell: its memory map and
 * interrupt numbers, PSCI instead of a firmware, a device tree.
 * Left out: what is said in docs/arm.md: virtio devices, memory and chips of the
 * secure world, the platform bus.
 */
#include <stdlib.h>

#include "board/internal.h"
#include "dev/arm.h"

/* ---- what -M says -----------------------------------------------------------------------------*/

static const struct property_rule machine_rules[] = {
    {.name = "gic-version", .kind = PROPERTY_TEXT},
    {.name = "its", .kind = PROPERTY_FLAG},
    {.name = "semihosting", .kind = PROPERTY_FLAG},
    {.name = "virtualization", .kind = PROPERTY_FLAG},
    {.name = "secure", .kind = PROPERTY_FLAG},
    {.name = "highmem", .kind = PROPERTY_FLAG},
};
static const struct thing_class machine_thing = {
    .name = "board", .rules = machine_rules, .rule_count = ARRAY_LEN(machine_rules)};
const struct thing_class *const arm_virt_things[ARM_VIRT_THINGS] = {&machine_thing, &flash_thing};

static const struct machine_thing *find_thing(const struct machine_config *c, const char *class)
{
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, class) == 0) {
            return &c->things.data[i];
        }
    }
    return NULL;
}

/* The reference's default is a GICv2. */
static int read_gic_version(const char *text, struct arm_virt *v, struct error *e)
{
    if (strcmp(text, "2") == 0) {
        v->gic = 2;
    } else if (strcmp(text, "3") == 0 || strcmp(text, "max") == 0) {
        v->gic = 3;
    } else {
        return error_set(e, "-M gic-version=%s: there are 2, 3 and max", text);
    }
    return 0;
}

static int read_options(const struct machine_config *c, struct arm_virt *v, struct error *e)
{
    static const struct machine_thing nothing;
    const struct machine_thing *t = find_thing(c, "board");

    t = t != NULL ? t : &nothing;
    *v = (struct arm_virt){.gic = 2};
    if (read_gic_version(thing_text(t, "gic-version", "2"), v, e) < 0) {
        return -1;
    }
    if (thing_number(t, "secure", 0) != 0) {
        return error_set(e, "-M secure=on: this board has no secure world; firmware that needs "
                            "EL3 does not run here");
    }
    v->has_its = v->gic == 3 && thing_number(t, "its", 1) != 0;
    v->has_highmem = thing_number(t, "highmem", 1) != 0;
    v->has_semihosting = thing_number(t, "semihosting", 0) != 0;
    v->has_el2 = thing_number(t, "virtualization", 0) != 0;
    if (strcmp(c->arch, "arm") == 0 && strcmp(c->cpu, "cortex-a9") == 0) {
        return error_set(e, "-M virt: its processors have generic timers, and cortex-a9 has none");
    }
    if (v->has_el2 && strcmp(c->arch, "arm") == 0) {
        return error_set(e, "-M virtualization=on: the processors of arm have no Hyp mode here");
    }
    return 0;
}

bool arm_has_firmware(const struct machine_config *c)
{
    return flash_find(c, 0) != NULL || (c->images[IMAGE_BIOS].data != NULL && !c->bios_none);
}

/* ---- chips ------------------------------------------------------------------------------------*/

static struct device *add_gic(struct machine *m, const struct arm_virt *v, struct error *e)
{
    const struct gicv3_config config = {.has_its = v->has_its};
    struct device *d;

    if (v->gic == 2) {
        d = machine_add_device(m, &gicv2, "gic", ARM_VIRT_GIC, NULL, 0, NULL, e);
        return d != NULL && machine_place_window(d, 1, ARM_VIRT_GICC, e) == 0 ? d : NULL;
    }
    d = machine_add_device(m, &gicv3, "gic", ARM_VIRT_GIC, &config, sizeof config, NULL, e);
    if (d == NULL || machine_place_window(d, 1, ARM_VIRT_GICR, e) < 0 ||
        (v->has_its && machine_place_window(d, 2, ARM_VIRT_ITS, e) < 0)) {
        return NULL;
    }
    return d;
}

static void connect_harts(struct machine *m, struct device *gic)
{
    static const uint8_t ppis[] = {
        [ARM_OUTPUT_PHYSICAL_TIMER] = ARM_VIRT_PHYSICAL_TIMER_PPI,
        [ARM_OUTPUT_VIRTUAL_TIMER] = ARM_VIRT_VIRTUAL_TIMER_PPI,
        [ARM_OUTPUT_HYPER_TIMER] = ARM_VIRT_HYPER_TIMER_PPI,
        [ARM_OUTPUT_HYPER_VIRTUAL] = ARM_VIRT_HYPER_VIRTUAL_PPI,
        [ARM_OUTPUT_SECURE_TIMER] = ARM_VIRT_SECURE_TIMER_PPI,
        [ARM_OUTPUT_PERFORMANCE] = ARM_VIRT_PMU_PPI,
    };

    for (unsigned h = 0; h < machine_hart_count(m); h++) {
        for (unsigned i = 0; i < ARRAY_LEN(ppis); i++) {
            machine_connect_output(m, h, i, gic, GIC_INPUT_PRIVATE(h, ppis[i]));
        }
    }
}

struct pci_host_config arm_virt_pci(const struct arm_virt *v)
{
    return (struct pci_host_config){
        .ecam = v->has_highmem ? ARM_VIRT_PCI_ECAM : ARM_VIRT_PCI_ECAM_LOW,
        .ecam_bytes = v->has_highmem ? 256 * MIB : ARM_VIRT_PCI_ECAM_LOW_SIZE,
        .memory = ARM_VIRT_PCI_MEMORY,
        .memory_bytes = ARM_VIRT_PCI_MEMORY_SIZE,
        .high = ARM_VIRT_PCI_HIGH,
        .high_bytes = v->has_highmem ? ARM_VIRT_PCI_HIGH : 0,
        .io = ARM_VIRT_PCI_IO,
        .io_bytes = ARM_VIRT_PCI_IO_SIZE,
    };
}

/* A GICv2 takes messages by a frame beside it, a GICv3 by its ITS. */
static int add_messages(struct machine *m, struct device *gic, struct error *e)
{
    const struct gicv2m_config config = {.first_spi = ARM_VIRT_V2M_SPI};
    struct device *frame =
        machine_add_device(m, &gicv2m, "gicv2m", ARM_VIRT_V2M, &config, sizeof config, NULL, e);

    if (frame == NULL) {
        return -1;
    }
    for (unsigned n = 0; n < GICV2M_SPIS; n++) {
        machine_connect(frame, n, gic, ARM_VIRT_V2M_SPI + n);
    }
    return 0;
}

static int plug_all(struct machine *m, const struct machine_config *c, const struct arm_virt *v,
                    struct device *gic, struct error *e)
{
    const struct board_pci pci = {
        .host = arm_virt_pci(v), .interrupts = gic, .first_input = ARM_VIRT_PCI_SPI};
    const struct board_slots slots = {.base = ARM_VIRT_VIRTIO,
                                      .step = VIRTIO_NONE_BYTES,
                                      .count = VIRTIO_NONE_COUNT,
                                      .interrupts = gic,
                                      .first_input = ARM_VIRT_VIRTIO_SPI};

    if (v->gic == 2 && board_has_pci(c) && add_messages(m, gic, e) < 0) {
        return -1;
    }
    return board_plug(m, c, &pci, &slots, e);
}

/* As on the reference, there is a second one only for whoever asks for its back end. */
static int add_second_uart(struct machine *m, const struct machine_config *c, struct device *gic,
                           struct error *e)
{
    const struct pl011_config config = {.clock_hz = ARM_VIRT_CLOCK_HZ};
    struct device *uart;

    if (c->serial_count < 2) {
        return 0;
    }
    uart = machine_add_device(m, &pl011, "uart1", ARM_VIRT_UART1, &config, sizeof config, "serial1",
                              e);
    if (uart == NULL) {
        return -1;
    }
    machine_connect(uart, 0, gic, ARM_VIRT_UART1_SPI);
    return 0;
}

/* The order is that of ties. */
static int add_chips(struct machine *m, const struct machine_config *c, const struct arm_virt *v,
                     struct error *e)
{
    static const paddr banks[2] = {ARM_VIRT_FLASH, ARM_VIRT_FLASH + ARM_VIRT_FLASH_SIZE};
    const struct pl011_config uart_config = {.clock_hz = ARM_VIRT_CLOCK_HZ};
    const struct pl031_config rtc_config = {.epoch_ns = c->epoch_ns};
    const struct psci_config psci_config = {
        .service = v->has_el2 ? SERVICE_MONITOR : SERVICE_FIRMWARE, .hart_count = c->hart_count};
    const struct semihost_config semihost_config = {.console = ARM_VIRT_UART,
                                                    .epoch_ns = c->epoch_ns,
                                                    .is_narrow = strcmp(c->arch, "arm") == 0};
    struct device *gic = add_gic(m, v, e), *uart, *rtc, *gpio, *key;

    if (gic == NULL ||
        (uart = machine_add_device(m, &pl011, "uart0", ARM_VIRT_UART, &uart_config,
                                   sizeof uart_config, "serial0", e)) == NULL ||
        (rtc = machine_add_device(m, &pl031, "rtc", ARM_VIRT_RTC, &rtc_config, sizeof rtc_config,
                                  NULL, e)) == NULL ||
        (gpio = machine_add_device(m, &pl061, "gpio", ARM_VIRT_GPIO, NULL, 0, NULL, e)) == NULL ||
        (key = machine_add_device(m, &gpio_key, "power-button", 0, NULL, 0, NULL, e)) == NULL ||
        machine_add_device(m, &virtio_none, "virtio-none", ARM_VIRT_VIRTIO, NULL, 0, NULL, e) ==
            NULL ||
        machine_add_device(m, &psci, "psci", 0, &psci_config, sizeof psci_config, NULL, e) ==
            NULL) {
        return -1;
    }
    if (v->has_semihosting && machine_add_device(m, &semihost, "semihost", 0, &semihost_config,
                                                 sizeof semihost_config, NULL, e) == NULL) {
        return -1;
    }
    if (arm_add_flash(m, c, banks, false, e) < 0 ||
        arm_add_fw_cfg(m, c, arm_has_firmware(c), e) < 0) {
        return -1;
    }
    connect_harts(m, gic);
    machine_connect(uart, 0, gic, ARM_VIRT_UART_SPI);
    machine_connect(rtc, 0, gic, ARM_VIRT_RTC_SPI);
    machine_connect(gpio, PL061_LINE_INTERRUPT, gic, ARM_VIRT_GPIO_SPI);
    machine_connect(key, 0, gpio, ARM_VIRT_POWER_PIN);
    return add_second_uart(m, c, gic, e) < 0 ? -1 : plug_all(m, c, v, gic, e);
}

/* ---- all together -----------------------------------------------------------------------------*/

/* The first hart starts; the others wait until PSCI is asked for them. */
static void arm_virt_reset(struct machine *m, const struct machine_board *b)
{
    machine_cpu(m, 0)->hart->pc = b->start[0];
    for (unsigned h = 1; h < machine_hart_count(m); h++) {
        machine_cpu(m, h)->hart->stopped = 1;
    }
}

static void arm_virt_press_power(struct machine *m)
{
    for (unsigned i = 0; i < machine_device_count(m); i++) {
        if (machine_device(m, i)->class == &gpio_key) {
            gpio_key_press(machine_device(m, i));
        }
    }
}

static int check_config(const struct machine_config *c, struct error *e)
{
    const struct machine_image *initrd = &c->images[IMAGE_INITRD];

    if (c->ram_bytes < MACHINE_RAM_LEAST || c->ram_bytes > MACHINE_RAM_MOST ||
        c->ram_bytes % PAGE_SIZE != 0) {
        return error_set(e,
                         "RAM of %llu bytes: it must be whole pages of 4 KiB, from %llu MiB to "
                         "%llu GiB",
                         (unsigned long long)c->ram_bytes,
                         (unsigned long long)(MACHINE_RAM_LEAST / MIB),
                         (unsigned long long)(MACHINE_RAM_MOST / GIB));
    }
    if (initrd->data != NULL && c->images[IMAGE_KERNEL].data == NULL) {
        return error_set(e, "an initial RAM disk is of no use without a kernel");
    }
    if (initrd->data != NULL && initrd->size == 0) {
        return error_set(e, "initial RAM disk %s: it is empty",
                         initrd->name != NULL ? initrd->name : "(no name)");
    }
    return 0;
}

/* The processor has what the board says of it, beside what -cpu says. */
static struct machine *new_machine(const struct machine_config *c, const struct arm_virt *v,
                                   const struct isa *isa, struct error *e)
{
    struct machine_config *with = base_alloc(1, sizeof(*with));
    struct machine *m = NULL;
    struct text cpu = {0};

    *with = *c; /* what it points to stays the other's */
    if (strcmp(c->arch, "arm") == 0) {
        text_add(&cpu, "%s,reset-cbar=0x%x", c->cpu[0] != '\0' ? c->cpu : "cortex-a15",
                 ARM_VIRT_GIC);
    } else {
        text_add(&cpu, "%s%s", c->cpu[0] != '\0' || !v->has_el2 ? c->cpu : "cortex-a57",
                 v->has_el2 ? ",el2=on" : "");
    }
    if (cpu.length >= sizeof with->cpu) {
        error_set(e, "-cpu: more than %zu bytes", sizeof with->cpu - 32);
    } else {
        memcpy(with->cpu, cpu.data != NULL ? cpu.data : "", cpu.length + 1);
        m = machine_new(with, isa, e);
    }
    text_fini(&cpu);
    free(with);
    return m;
}

static void *make_tree(const struct machine_config *c, const void *board, struct error *e)
{
    return c->images[IMAGE_DTB].data != NULL ? fdt_from_image(&c->images[IMAGE_DTB], e)
                                             : arm_virt_fdt(c, board);
}

struct machine *arm_virt_build(const struct machine_config *c, const struct isa *isa,
                               struct error *e)
{
    struct machine_board board = {.reset = arm_virt_reset, .press_power = arm_virt_press_power};
    struct arm_start start;
    struct machine *m;
    struct arm_virt v;
    const struct arm_boot boot = {.ram = ARM_VIRT_RAM,
                                  .firmware = ARM_VIRT_FLASH,
                                  .has_tree = true,
                                  .make_tree = make_tree,
                                  .board = &v};

    if (check_config(c, e) < 0 || read_options(c, &v, e) < 0 ||
        (m = new_machine(c, &v, isa, e)) == NULL) {
        return NULL;
    }
    if (mem_add_block(machine_mem(m), "ram", ARM_VIRT_RAM, c->ram_bytes, true, e) < 0 ||
        add_chips(m, c, &v, e) < 0 || arm_load(m, c, &boot, &start, e) < 0) {
        machine_free(m);
        return NULL;
    }
    board.start[0] = start.at;
    machine_set_board(m, &board);
    if (machine_seal(m, e) < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}
