/* SPDX-License-Identifier: GPL-2.0-or-later
 * vexpress: the reference's boards vexpress-a9 and vexpress-a15, Arm's Versatile Express for 32-bit kernels: a motherboard
 * (V2M-P1, DUI 0447) with the legacy or the newer memory map, and a daughterboard with one to four processors of Cortex-A9
 * (CoreTile Express A9x4, DUI 0448) or Cortex-A15 (A15x2, DUI 0604). What is left out of the chips is said in docs/arm.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/internal.h"
#include "dev/arm.h"

/* Chips of the motherboard by their places. */
enum {
    CHIP_CARDS = 0x5,
    CHIP_KEYBOARD = 0x6,
    CHIP_MOUSE = 0x7,
    CHIP_UART0 = 0x9,
    CHIP_WATCHDOG = 0xf,
    CHIP_TIMER01 = 0x11,
    CHIP_TIMER23 = 0x12,
    CHIP_RTC = 0x17,
    CHIP_DISPLAY = 0x1f
};
/* Shared interrupts, by their numbers from the first of them on. */
enum {
    SPI_WATCHDOG = 0,
    SPI_TIMER01 = 2,
    SPI_TIMER23 = 3,
    SPI_RTC = 4,
    SPI_UART0 = 5,
    SPI_CARDS = 9, /* and 10 */
    SPI_KEYBOARD = 12,
    SPI_MOUSE = 13,
    SPI_A9_TIMER = 48 /* and 49 */
};
/* Private ones, by their INTIDs. */
enum {
    PPI_A9_GLOBAL = 27,
    PPI_A9_TIMER = 29,
    PPI_A9_WATCHDOG = 30,
    PPI_A15_VIRTUAL = 27,
    /* Harts are in what is the secure world on the reference, where CNTP is that world's. */
    PPI_A15_PHYSICAL = 29
};
enum { SPIS = 64, HARTS_MOST = 4, UARTS = 4 };
enum { UART_HZ = 24000000, TIMER_HZ = 1000000, WATCHDOG_HZ = 32768, A9_PERIPHERAL_HZ = 100000000 };
enum { A9_DISPLAY = 0x10020000, A9_TIMER = 0x100e4000 };
/* From the beginning of the processors' private region. */
enum {
    PRIVATE_A9_GICC = 0x100,
    PRIVATE_A9_GLOBAL = 0x200,
    PRIVATE_A9_TIMERS = 0x600,
    PRIVATE_GICD = 0x1000,
    PRIVATE_A15_GICC = 0x2000,
    PRIVATE_A9_L2 = 0xa000
};
#define SRAM_BYTES     (32 * MIB)
#define VIDEO_BYTES    (8 * MIB)
#define A15_SRAM       UINT64_C(0x2e000000)
#define A15_SRAM_BYTES (64 * KIB)

static const struct vexpress a9 = {
    .name = "vexpress-a9",
    .cpu = "cortex-a9",
    .flash = {0x40000000, 0x44000000},
    .sram = 0x48000000,
    .video = 0x4c000000,
    .ram = 0x60000000,
    .sysreg = 0x10000000,
    .io = 0x10000000,
    .io_step = 0x1000,
    .private = 0x1e000000,
    .ram_most = 1 * GIB,
    .id = 0x0c000191,
    .clocks = {45000000, 23750000, 66670000},
    .voltages = {1000000, 1000000, 1000000, 1800000, 900000, 3300000},
    .is_a9 = true};
static const struct vexpress a15 = {.name = "vexpress-a15",
                                    .cpu = "cortex-a15",
                                    .flash = {0x08000000, 0x0c000000},
                                    .sram = 0x14000000,
                                    .video = 0x18000000,
                                    .ram = 0x80000000,
                                    .sysreg = 0x1c010000,
                                    .io = 0x1c000000,
                                    .io_step = 0x10000,
                                    .private = 0x2c000000,
                                    .ram_most = 30 * GIB,
                                    .id = 0x14000237,
                                    .clocks = {60000000, 60000000, 60000000, 60000000, 40000000,
                                               23750000, 50000000, 60000000, 40000000},
                                    .voltages = {900000}};

/* ---- what -M says -----------------------------------------------------------------------------*/

static const struct property_rule machine_rules[] = {
    {.name = "semihosting", .kind = PROPERTY_FLAG},
    {.name = "secure", .kind = PROPERTY_FLAG},
    {.name = "virtualization", .kind = PROPERTY_FLAG},
};
static const struct thing_class machine_thing = {
    .name = "board", .rules = machine_rules, .rule_count = ARRAY_LEN(machine_rules)};
const struct thing_class *const vexpress_things[VEXPRESS_THINGS] = {&machine_thing, &flash_thing};

static bool wants(const struct machine_config *c, const char *what)
{
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, "board") == 0) {
            return thing_number(&c->things.data[i], what, 0) != 0;
        }
    }
    return false;
}

static int check_processor(const struct machine_config *c, const struct vexpress *v,
                           struct error *e)
{
    bool may_be_a7 = !v->is_a9 && strcmp(c->cpu, "cortex-a7") == 0;

    if (c->cpu[0] != '\0' && strcmp(c->cpu, v->cpu) != 0 && !may_be_a7) {
        return error_set(e, "-M %s: its processors are %s%s, and not %s", v->name, v->cpu,
                         v->is_a9 ? "" : " or cortex-a7", c->cpu);
    }
    if (c->hart_count > HARTS_MOST) {
        return error_set(e, "-M %s: it has 1 to %u processors", v->name, HARTS_MOST);
    }
    if (wants(c, "secure") || wants(c, "virtualization")) {
        return error_set(e, "-M %s: its processors have neither a second world nor Hyp mode here",
                         v->name);
    }
    return 0;
}

static int check_config(const struct machine_config *c, const struct vexpress *v, struct error *e)
{
    const struct machine_image *initrd = &c->images[IMAGE_INITRD];

    if (check_processor(c, v, e) < 0) {
        return -1;
    }
    if (c->ram_bytes < MACHINE_RAM_LEAST || c->ram_bytes > v->ram_most ||
        c->ram_bytes % PAGE_SIZE != 0) {
        return error_set(
            e,
            "RAM of %llu bytes: on %s it must be whole pages of 4 KiB, from %llu MiB to "
            "%llu GiB",
            (unsigned long long)c->ram_bytes, v->name,
            (unsigned long long)(MACHINE_RAM_LEAST / MIB), (unsigned long long)(v->ram_most / GIB));
    }
    if (initrd->data != NULL && c->images[IMAGE_KERNEL].data == NULL) {
        return error_set(e, "an initial RAM disk is of no use without a kernel");
    }
    if (board_has_pci(c)) {
        return error_set(e, "-M %s: this board has no PCI; its devices sit on virtio-mmio",
                         v->name);
    }
    return 0;
}

/* ---- chips ------------------------------------------------------------------------------------*/

/* What is being built. */
struct site {
    struct machine *m;
    const struct vexpress *v;
    struct device *gic;
    struct error *e;
};

/* A chip whose line 0 is shared interrupt `spi`. */
static struct device *add_chip(const struct site *s, const struct device_class *class,
                               const char *name, paddr at, const void *config, size_t config_size,
                               uint32_t spi)
{
    struct device *d = machine_add_device(s->m, class, name, at, config, config_size, NULL, s->e);

    if (d != NULL) {
        machine_connect(d, 0, s->gic, spi);
    }
    return d;
}

static int add_uarts(const struct site *s)
{
    const struct pl011_config config = {.clock_hz = UART_HZ};

    for (unsigned n = 0; n < UARTS; n++) {
        char name[16], port[16];
        struct device *d;

        (void)snprintf(name, sizeof name, "uart%u", n);
        (void)snprintf(port, sizeof port, "serial%u", n);
        d = machine_add_device(s->m, &pl011, name, vexpress_chip(s->v, CHIP_UART0 + n), &config,
                               sizeof config, port, s->e);
        if (d == NULL) {
            return -1;
        }
        machine_connect(d, 0, s->gic, SPI_UART0 + n);
    }
    return 0;
}

static int add_sysreg(const struct site *s)
{
    struct vexpress_sysreg_config config = {.processor_id = s->v->id};

    for (unsigned n = 0; n < ARRAY_LEN(s->v->clocks) && s->v->clocks[n] != 0; n++) {
        config.clocks[config.clock_count++] = s->v->clocks[n];
    }
    for (unsigned n = 0; n < ARRAY_LEN(s->v->voltages) && s->v->voltages[n] != 0; n++) {
        config.voltages[config.voltage_count++] = s->v->voltages[n];
    }
    return machine_add_device(s->m, &vexpress_sysreg, "sysreg", s->v->sysreg, &config,
                              sizeof config, NULL, s->e) != NULL
               ? 0
               : -1;
}

static int add_motherboard(const struct site *s, const struct machine_config *c)
{
    const struct sp804_config timer = {.clock_hz = TIMER_HZ};
    const struct sp805_config watchdog = {.clock_hz = WATCHDOG_HZ};
    const struct pl031_config rtc = {.epoch_ns = c->epoch_ns};
    const struct virtio_none_config transports = {.count = VEXPRESS_VIRTIO_COUNT};
    const struct vexpress *v = s->v;
    struct device *cards;

    if (add_sysreg(s) < 0 || add_uarts(s) < 0 ||
        add_chip(s, &sp804, "timer01", vexpress_chip(v, CHIP_TIMER01), &timer, sizeof timer,
                 SPI_TIMER01) == NULL ||
        add_chip(s, &sp804, "timer23", vexpress_chip(v, CHIP_TIMER23), &timer, sizeof timer,
                 SPI_TIMER23) == NULL ||
        add_chip(s, &sp805, "watchdog", vexpress_chip(v, CHIP_WATCHDOG), &watchdog, sizeof watchdog,
                 SPI_WATCHDOG) == NULL ||
        add_chip(s, &pl031, "rtc", vexpress_chip(v, CHIP_RTC), &rtc, sizeof rtc, SPI_RTC) == NULL ||
        add_chip(s, &pl050, "keyboard", vexpress_chip(v, CHIP_KEYBOARD), NULL, 0, SPI_KEYBOARD) ==
            NULL ||
        add_chip(s, &pl050, "mouse", vexpress_chip(v, CHIP_MOUSE), NULL, 0, SPI_MOUSE) == NULL ||
        (cards = add_chip(s, &pl181, "cards", vexpress_chip(v, CHIP_CARDS), NULL, 0, SPI_CARDS)) ==
            NULL ||
        machine_add_device(s->m, &pl111, "display", vexpress_chip(v, CHIP_DISPLAY), NULL, 0, NULL,
                           s->e) == NULL ||
        machine_add_device(s->m, &virtio_none, "virtio-none",
                           vexpress_chip(v, VEXPRESS_VIRTIO_CHIP), &transports, sizeof transports,
                           NULL, s->e) == NULL ||
        machine_add_device(s->m, &absent, "absent", 0, NULL, 0, NULL, s->e) == NULL) {
        return -1;
    }
    machine_connect(cards, 1, s->gic, SPI_CARDS + 1);
    return 0;
}

static int add_a9(const struct site *s)
{
    const struct a9_timer_config config = {.clock_hz = A9_PERIPHERAL_HZ};
    const struct sp804_config timer_config = {.clock_hz = TIMER_HZ};
    paddr at = s->v->private;
    struct device *global, *timers, *timer;

    if (machine_add_device(s->m, &a9_scu, "scu", at, NULL, 0, NULL, s->e) == NULL ||
        (global = machine_add_device(s->m, &a9_global, "global-timer", at + PRIVATE_A9_GLOBAL,
                                     &config, sizeof config, NULL, s->e)) == NULL ||
        (timers = machine_add_device(s->m, &a9_timers, "private-timers", at + PRIVATE_A9_TIMERS,
                                     &config, sizeof config, NULL, s->e)) == NULL ||
        machine_add_device(s->m, &pl310, "l2", at + PRIVATE_A9_L2, NULL, 0, NULL, s->e) == NULL ||
        machine_add_device(s->m, &pl111, "tile-display", A9_DISPLAY, NULL, 0, NULL, s->e) == NULL ||
        (timer = machine_add_device(s->m, &sp804, "tile-timer", A9_TIMER, &timer_config,
                                    sizeof timer_config, NULL, s->e)) == NULL) {
        return -1;
    }
    machine_connect(timer, SP804_LINE_TIMER1, s->gic, SPI_A9_TIMER);
    machine_connect(timer, SP804_LINE_TIMER2, s->gic, SPI_A9_TIMER + 1);
    for (unsigned h = 0; h < machine_hart_count(s->m); h++) {
        machine_connect(global, h, s->gic, GIC_INPUT_PRIVATE(h, PPI_A9_GLOBAL));
        machine_connect(timers, 2 * h, s->gic, GIC_INPUT_PRIVATE(h, PPI_A9_TIMER));
        machine_connect(timers, 2 * h + 1, s->gic, GIC_INPUT_PRIVATE(h, PPI_A9_WATCHDOG));
    }
    return 0;
}

static int add_a15(const struct site *s)
{
    for (unsigned h = 0; h < machine_hart_count(s->m); h++) {
        machine_connect_output(s->m, h, ARM_OUTPUT_PHYSICAL_TIMER, s->gic,
                               GIC_INPUT_PRIVATE(h, PPI_A15_PHYSICAL));
        machine_connect_output(s->m, h, ARM_OUTPUT_VIRTUAL_TIMER, s->gic,
                               GIC_INPUT_PRIVATE(h, PPI_A15_VIRTUAL));
    }
    return mem_add_block(machine_mem(s->m), "tile-sram", A15_SRAM, A15_SRAM_BYTES, true, s->e);
}

static int add_gic(struct site *s)
{
    const struct gicv2_config config = {.is_a9 = s->v->is_a9, .spis = SPIS};

    s->gic = machine_add_device(s->m, &gicv2, "gic", s->v->private + PRIVATE_GICD, &config,
                                sizeof config, NULL, s->e);
    return s->gic == NULL
               ? -1
               : machine_place_window(
                     s->gic, 1, s->v->private + (s->v->is_a9 ? PRIVATE_A9_GICC : PRIVATE_A15_GICC),
                     s->e);
}

/* The order is that of ties. */
static int add_all(struct site *s, const struct machine_config *c)
{
    const struct semihost_config semihost_config = {
        .console = vexpress_chip(s->v, CHIP_UART0), .epoch_ns = c->epoch_ns, .is_narrow = 1};
    struct board_slots slots = {.base = vexpress_chip(s->v, VEXPRESS_VIRTIO_CHIP),
                                .step = VEXPRESS_VIRTIO_BYTES,
                                .count = VEXPRESS_VIRTIO_COUNT,
                                .first_input = VEXPRESS_VIRTIO_SPI};

    if (mem_add_block(machine_mem(s->m), "ram", s->v->ram, c->ram_bytes, true, s->e) < 0 ||
        mem_add_block(machine_mem(s->m), "sram", s->v->sram, SRAM_BYTES, true, s->e) < 0 ||
        mem_add_block(machine_mem(s->m), "video", s->v->video, VIDEO_BYTES, true, s->e) < 0 ||
        add_gic(s) < 0 || add_motherboard(s, c) < 0 || (s->v->is_a9 ? add_a9(s) : add_a15(s)) < 0 ||
        (wants(c, "semihosting") &&
         machine_add_device(s->m, &semihost, "semihost", 0, &semihost_config,
                            sizeof semihost_config, NULL, s->e) == NULL) ||
        arm_add_flash(s->m, c, s->v->flash, true, s->e) < 0) {
        return -1;
    }
    slots.interrupts = s->gic;
    return board_plug(s->m, c, NULL, &slots, s->e);
}

/* ---- all together -----------------------------------------------------------------------------*/

static void vexpress_reset(struct machine *m, const struct machine_board *b)
{
    for (unsigned h = 0; h < machine_hart_count(m); h++) {
        machine_cpu(m, h)->hart->pc = b->start[h != 0];
    }
}

/* The processor has what the board says of it, beside what -cpu says. */
static struct machine *new_machine(const struct machine_config *c, const struct vexpress *v,
                                   const struct isa *isa, struct error *e)
{
    struct machine_config *with = base_alloc(1, sizeof(*with));
    struct machine *m;

    *with = *c; /* what it points to stays the other's */
    (void)snprintf(with->cpu, sizeof with->cpu, "%.40s,reset-cbar=0x%llx",
                   c->cpu[0] != '\0' ? c->cpu : v->cpu, (unsigned long long)v->private);
    m = machine_new(with, isa, e);
    free(with);
    return m;
}

static struct machine *build(const struct machine_config *c, const struct vexpress *v,
                             const struct isa *isa, struct error *e)
{
    struct machine_board board = {.reset = vexpress_reset};
    struct site s = {.v = v, .e = e};

    if (check_config(c, v, e) < 0 || (s.m = new_machine(c, v, isa, e)) == NULL) {
        return NULL;
    }
    if (add_all(&s, c) < 0 || vexpress_load(s.m, c, v, board.start, e) < 0) {
        machine_free(s.m);
        return NULL;
    }
    machine_set_board(s.m, &board);
    if (machine_seal(s.m, e) < 0) {
        machine_free(s.m);
        return NULL;
    }
    return s.m;
}

struct machine *vexpress_a9_build(const struct machine_config *c, const struct isa *isa,
                                  struct error *e)
{
    return build(c, &a9, isa, e);
}

struct machine *vexpress_a15_build(const struct machine_config *c, const struct isa *isa,
                                   struct error *e)
{
    return build(c, &a15, isa, e);
}
