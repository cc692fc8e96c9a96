/* SPDX-License-Identifier: GPL-2.0-or-later
 * bus/pci: base addresses that move, alone and behind bridges; pins that turn; messages that are masked, pend
 * and name who sends them; who may be a master; and a guest that writes anything anywhere. The number of
 * its accesses may be given.
 */
#include "bus/pci.h"
#include "bus/pci/internal.h"
#include "dev_bench.h"

#define ECAM   UINT64_C(0x30000000)
#define MEMORY UINT64_C(0x40000000)
#define HIGH   UINT64_C(0x400000000)
#define IO     UINT64_C(0x3000000)
#define RAM    UINT64_C(0x80000000)
#define FLOOR  UINT64_C(0x20000000) /* who takes messages */

/* ---- who takes messages -----------------------------------------------------------------------*/

struct catcher {
    uint64_t count, last, from;
};

static const struct field catcher_fields[] = {
    FIELD(struct catcher, count), FIELD(struct catcher, last), FIELD(struct catcher, from)};

static void catcher_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct catcher *s = d->state;

    s->count++;
    s->last = a.at << 32 | value;
    s->from = device_requester(d);
}

static const struct device_class catcher = {
    .name = "catcher",
    .behaviour = 1,
    .windows = {{.bytes = 0x1000, .sizes = 4}},
    .state = FIELD_TABLE(struct catcher, catcher_fields),
    .write = catcher_write,
};

/* ---- a machine --------------------------------------------------------------------------------*/

struct board {
    struct bench bench; /* its lamp hears the host's lines as 32 to 35 */
    struct machine_config config;
    struct machine *machine;
    struct device *host, *catcher;
};

static void add_thing(struct board *b, const char *driver, const char *id, const char *bus,
                      const char *addr)
{
    struct machine_thing *t = machine_config_add_thing(&b->config, MODEL_CLASS, id);

    thing_set_text(t, "driver", driver);
    if (bus != NULL) {
        thing_set_text(t, "bus", bus);
    }
    if (addr != NULL) {
        thing_set_text(t, "addr", addr);
    }
}

static const struct pci_host_config host_config = {.ecam = ECAM,
                                                   .ecam_bytes = 256 * MIB,
                                                   .memory = MEMORY,
                                                   .memory_bytes = 256 * MIB,
                                                   .high = HIGH,
                                                   .high_bytes = 1 * GIB,
                                                   .io = IO,
                                                   .io_bytes = 64 * KIB};

static int open_board(struct board *b, struct error *e)
{
    struct buses buses;
    int result;

    bench_open_unsealed(&b->bench, &scratch, NULL, 0, 1);
    b->machine = b->bench.machine;
    assert_int_equal(mem_add_block(machine_mem(b->machine), "ram", RAM, 1 * MIB, true, e), 0);
    b->catcher = machine_add_device(b->machine, &catcher, "catcher", FLOOR, NULL, 0, NULL, e);
    assert_non_null(b->catcher);
    buses_init(&buses, b->machine, &b->config);
    b->host = pci_host_add(&buses, &host_config, e);
    assert_non_null(b->host);
    for (unsigned n = 0; n < PCI_PINS; n++) {
        machine_connect(b->host, n, b->bench.lamp, 32 + n);
    }
    result = buses_plug(&buses, dev_models, e);
    buses_fini(&buses);
    if (result == 0) {
        assert_int_equal(machine_seal(b->machine, e), 0);
    }
    return result;
}

/* 1.0 scratch "a"; 2.0 bridge "br" with "b" at 3.0; 4.0 root port "rp" with "c" at 0.0. */
static void open_usual(struct board *b)
{
    struct error e = {""};

    memset(b, 0, sizeof(*b));
    machine_config_init(&b->config);
    add_thing(b, "pci-scratch", "a", NULL, NULL);
    add_thing(b, "pci-bridge", "br", NULL, NULL);
    add_thing(b, "pci-scratch", "b", "br", "3");
    add_thing(b, "pcie-root-port", "rp", NULL, "04.0");
    add_thing(b, "pci-scratch", "c", "rp", NULL);
    if (open_board(b, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void close_board(struct board *b)
{
    machine_config_fini(&b->config);
    bench_close(&b->bench);
}

static uint64_t load(struct board *b, paddr at, unsigned size)
{
    struct mem_place p = mem_find(machine_mem(b->machine), at, false);

    if (p.window != NULL) {
        return p.window->read(p.window->opaque, mem_access_to(p.window, p.at, size, 0));
    }
    return p.block != NULL ? bytes_get_le(mem_host(p.block, p.at), size) : UINT64_C(0xdead);
}

static void put(struct board *b, paddr at, unsigned size, uint64_t value)
{
    struct mem_place p = mem_find(machine_mem(b->machine), at, true);

    if (p.window != NULL) {
        p.window->write(p.window->opaque, mem_access_to(p.window, p.at, size, 0), value);
    } else if (p.block != NULL) {
        uint8_t bytes[8];

        bytes_set_le(bytes, size, value);
        assert_true(mem_bus_write(machine_mem(b->machine), at, bytes, size));
    }
}

static paddr config_at(unsigned bus, unsigned slot, unsigned at)
{
    return ECAM + (bus << 20 | slot << 15 | at);
}

static uint32_t get_config(struct board *b, unsigned bus, unsigned slot, unsigned at, unsigned size)
{
    return (uint32_t)load(b, config_at(bus, slot, at), size);
}

static void set_config(struct board *b, unsigned bus, unsigned slot, unsigned at, unsigned size,
                       uint32_t value)
{
    put(b, config_at(bus, slot, at), size, value);
}

static struct device *device_called(struct board *b, const char *name)
{
    for (unsigned i = 0; i < machine_device_count(b->machine); i++) {
        if (strcmp(machine_device(b->machine, i)->name, name) == 0) {
            return machine_device(b->machine, i);
        }
    }
    fail_msg("no device %s", name);
    return NULL;
}

static void set_bridge(struct board *b, unsigned slot, unsigned bus, uint32_t base, uint32_t limit)
{
    set_config(b, 0, slot, PCI_SECONDARY, 1, bus);
    set_config(b, 0, slot, PCI_SUBORDINATE, 1, bus);
    set_config(b, 0, slot, PCI_MEMORY_BASE, 2, base >> 16);
    set_config(b, 0, slot, PCI_MEMORY_LIMIT, 2, limit >> 16);
    set_config(b, 0, slot, PCI_COMMAND, 2, 7);
}

/* The place of a capability in a function's configuration space. */
static unsigned capability(struct board *b, unsigned bus, unsigned slot, unsigned number)
{
    unsigned at = get_config(b, bus, slot, PCI_CAPABILITIES, 1);

    for (unsigned n = 0; n < 48 && at != 0; n++) {
        if (get_config(b, bus, slot, at, 1) == number) {
            return at;
        }
        at = get_config(b, bus, slot, at + 1, 1);
    }
    return 0;
}

/* ---- configuration space ----------------------------------------------------------------------*/

static void test_enumeration(void **state)
{
    struct board b;

    (void)state;
    open_usual(&b);
    assert_int_equal(get_config(&b, 0, 0, PCI_VENDOR, 4), 0x00081b36);
    assert_int_equal(get_config(&b, 0, 1, PCI_VENDOR, 4), 0x5c7a1b36);
    assert_int_equal(get_config(&b, 0, 3, PCI_VENDOR, 4), 0xffffffff); /* nobody */
    assert_int_equal(get_config(&b, 1, 3, PCI_VENDOR, 4), 0xffffffff); /* no bus 1 yet */
    set_config(&b, 0, 2, PCI_SECONDARY, 2, 0x0101);
    assert_int_equal(get_config(&b, 1, 3, PCI_VENDOR, 2), 0x1b36);
    assert_int_equal(get_config(&b, 1, 4, PCI_VENDOR, 2), 0xffff);
    assert_int_equal(capability(&b, 1, 3, PCI_CAP_EXPRESS), 0); /* conventional there */
    set_config(&b, 0, 4, PCI_SECONDARY, 2, 0x0505);
    assert_int_equal(get_config(&b, 5, 0, PCI_DEVICE, 2), 0x5c7a);
    assert_int_not_equal(capability(&b, 5, 0, PCI_CAP_EXPRESS), 0);
    /* What is fixed stays; sizes of base addresses. */
    set_config(&b, 0, 1, PCI_VENDOR, 4, 0);
    assert_int_equal(get_config(&b, 0, 1, PCI_VENDOR, 4), 0x5c7a1b36);
    for (unsigned bar = 0; bar < 6; bar++) {
        set_config(&b, 0, 1, PCI_BAR0 + 4 * bar, 4, UINT32_MAX);
    }
    assert_int_equal(get_config(&b, 0, 1, PCI_BAR0, 4), 0xfffff000);
    assert_int_equal(get_config(&b, 0, 1, PCI_BAR0 + 4, 4), 0xfffffff1);
    assert_int_equal(get_config(&b, 0, 1, PCI_BAR0 + 8, 4), 0xffff000c);
    assert_int_equal(get_config(&b, 0, 1, PCI_BAR0 + 12, 4), 0xffffffff);
    close_board(&b);
}

/* What PCI Express has beyond: reports of errors, a serial number, and a reset of the function alone. */
static void test_express(void **state)
{
    struct board b;
    unsigned at;

    (void)state;
    open_usual(&b);
    assert_int_equal(get_config(&b, 0, 1, 0x100, 4), 0x14820001);
    assert_int_equal(get_config(&b, 0, 1, 0x148, 4), 0x00010003);
    assert_int_equal(get_config(&b, 0, 1, 0x14c, 4), 0x89abcdef);
    assert_int_equal(get_config(&b, 0, 1, 0xffc, 4), 0);
    set_config(&b, 0, 1, 0x104, 4, UINT32_MAX); /* nothing to be cleared */
    set_config(&b, 0, 1, 0x108, 4, UINT32_MAX);
    set_config(&b, 0, 1, 0x14c, 4, 0);
    assert_int_equal(get_config(&b, 0, 1, 0x104, 4), 0);
    assert_int_equal(get_config(&b, 0, 1, 0x108, 4), 0x003ff030);
    assert_int_equal(get_config(&b, 0, 1, 0x14c, 4), 0x89abcdef);
    set_bridge(&b, 2, 1, MEMORY, MEMORY + 0xfffff);
    assert_int_equal(get_config(&b, 1, 3, 0x100, 4), 0); /* conventional there */
    set_config(&b, 0, 1, PCI_BAR0, 4, MEMORY + 0x100000);
    set_config(&b, 0, 1, PCI_COMMAND, 2, 6);
    put(&b, MEMORY + 0x100000, 4, 0x12345678);
    at = capability(&b, 0, 1, PCI_CAP_EXPRESS);
    assert_int_equal(get_config(&b, 0, 1, at + 4, 4) >> 28 & 1, 1);
    set_config(&b, 0, 1, at + 8, 2, 0xa810);
    assert_int_equal(get_config(&b, 0, 1, PCI_COMMAND, 2), 0);
    assert_int_equal(get_config(&b, 0, 1, at + 8, 2), 0x2810);
    assert_int_equal(load(&b, MEMORY + 0x100000, 4), UINT32_MAX);
    set_config(&b, 0, 1, PCI_BAR0, 4, MEMORY + 0x100000);
    set_config(&b, 0, 1, PCI_COMMAND, 2, 6);
    assert_int_equal(load(&b, MEMORY + 0x100000, 4), 0);
    /* A root port knows reports of errors, and no such reset. */
    at = capability(&b, 0, 4, PCI_CAP_EXPRESS);
    set_config(&b, 0, 4, PCI_COMMAND, 2, 6);
    set_config(&b, 0, 4, at + 8, 2, 0x8000);
    assert_int_equal(get_config(&b, 0, 4, PCI_COMMAND, 2), 6);
    assert_int_equal(get_config(&b, 0, 4, 0x100, 4), 0x00020001);
    set_config(&b, 0, 4, 0x12c, 4, UINT32_MAX);
    assert_int_equal(get_config(&b, 0, 4, 0x12c, 4), 7);
    close_board(&b);
}

/* ---- base addresses ---------------------------------------------------------------------------*/

static bool value_is_at(struct board *b, paddr at)
{
    return load(b, at, 4) == 0x12345678;
}

static void test_bars_move(void **state)
{
    struct board b;

    (void)state;
    open_usual(&b);
    assert_true(load(&b, MEMORY, 4) == 0xffffffff); /* nobody decodes it */
    set_config(&b, 0, 1, PCI_BAR0, 4, MEMORY);
    assert_true(load(&b, MEMORY, 4) == 0xffffffff); /* not yet */
    set_config(&b, 0, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
    put(&b, MEMORY, 4, 0x12345678);
    assert_true(value_is_at(&b, MEMORY));
    set_config(&b, 0, 1, PCI_BAR0, 4, (uint32_t)MEMORY + 0x7000);
    assert_true(value_is_at(&b, MEMORY + 0x7000) && !value_is_at(&b, MEMORY));
    /* I/O, and what can be had at two places. */
    set_config(&b, 0, 1, PCI_BAR0 + 4, 4, 0x1230);
    assert_true(value_is_at(&b, IO + 0x1230));
    /* 64 bits, storage. */
    set_config(&b, 0, 1, PCI_BAR0 + 8, 4, 0x00010000);
    set_config(&b, 0, 1, PCI_BAR0 + 12, 4, 4);
    put(&b, HIGH + 0x10008, 8, UINT64_C(0x1122334455667788));
    set_config(&b, 0, 1, PCI_BAR0 + 8, 4, 0x00100000);
    assert_true(load(&b, HIGH + 0x100008, 8) == UINT64_C(0x1122334455667788));
    /* The option ROM. */
    set_config(&b, 0, 1, PCI_ROM, 4, (uint32_t)MEMORY + 0x20001);
    assert_int_equal(load(&b, MEMORY + 0x20000, 2), 0xaa55);
    /* On RAM, outside, at the end of the addresses: nobody sees it there. */
    put(&b, RAM, 4, 99);
    set_config(&b, 0, 1, PCI_BAR0, 4, (uint32_t)RAM);
    assert_int_equal(load(&b, RAM, 4), 99);
    set_config(&b, 0, 1, PCI_BAR0 + 8, 4, 0xffff0000);
    set_config(&b, 0, 1, PCI_BAR0 + 12, 4, 0xffffffff);
    set_config(&b, 0, 1, PCI_BAR0, 4, 0xfffff000);
    assert_int_equal(load(&b, 0xfffff000, 4), 0xdead);
    /* Asleep, it decodes nothing. */
    set_config(&b, 0, 1, PCI_BAR0, 4, MEMORY);
    assert_true(value_is_at(&b, MEMORY));
    set_config(&b, 0, 1, capability(&b, 0, 1, PCI_CAP_POWER) + 4, 2, 3);
    assert_false(value_is_at(&b, MEMORY));
    set_config(&b, 0, 1, capability(&b, 0, 1, PCI_CAP_POWER) + 4, 2, 0);
    assert_true(value_is_at(&b, MEMORY));
    close_board(&b);
}

/* A file that was named for it is a function's option ROM, in the next power of two. */
static int open_with_rom(struct board *b, const char *driver, uint64_t rombar, struct error *e)
{
    static uint8_t rom[5000] = {0x55, 0xaa, 10};
    struct machine_thing *t;

    memset(b, 0, sizeof(*b));
    machine_config_init(&b->config);
    add_thing(b, driver, "x", NULL, "1");
    t = &b->config.things.data[0];
    thing_set_number(t, "rombar", rombar);
    t->file = (struct machine_image){.name = base_strdup("a.rom"), .size = sizeof rom};
    t->file.data = base_alloc(sizeof rom, 1);
    rom[sizeof rom - 1] = 0x77;
    memcpy(t->file.data, rom, sizeof rom);
    return open_board(b, e);
}

static void test_option_roms(void **state)
{
    struct error e = {""};
    struct board b;

    (void)state;
    assert_int_equal(open_with_rom(&b, "e1000", 1, &e), 0);
    set_config(&b, 0, 1, PCI_ROM, 4, UINT32_MAX);
    assert_int_equal(get_config(&b, 0, 1, PCI_ROM, 4), 0xffffe001);
    set_config(&b, 0, 1, PCI_ROM, 4, (uint32_t)MEMORY + 0x20001);
    set_config(&b, 0, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    assert_int_equal(load(&b, MEMORY + 0x20000, 4), 0x000aaa55);
    assert_int_equal(load(&b, MEMORY + 0x20000 + 4999, 1), 0x77);
    close_board(&b);
    assert_int_equal(open_with_rom(&b, "e1000", 0, &e), 0);
    set_config(&b, 0, 1, PCI_ROM, 4, UINT32_MAX);
    assert_int_equal(get_config(&b, 0, 1, PCI_ROM, 4), 0);
    close_board(&b);
    assert_int_equal(open_with_rom(&b, "pci-scratch", 1, &e), -1);
    assert_non_null(strstr(e.text, "there is no place for an option ROM beside its own"));
    close_board(&b);
}

static void test_bridges_forward(void **state)
{
    const uint32_t at = (uint32_t)MEMORY + 0x100000;
    struct board b;

    (void)state;
    open_usual(&b);
    set_bridge(&b, 2, 1, at, at);
    set_config(&b, 1, 3, PCI_BAR0, 4, at + 0x1000);
    set_config(&b, 1, 3, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    put(&b, at + 0x1000, 4, 0x12345678);
    assert_true(value_is_at(&b, at + 0x1000));
    set_config(&b, 0, 2, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    assert_false(value_is_at(&b, at + 0x1000));
    set_config(&b, 0, 2, PCI_COMMAND, 2, 7);
    set_config(&b, 0, 2, PCI_MEMORY_BASE, 2, (at >> 16) + 0x10);
    assert_false(value_is_at(&b, at + 0x1000)); /* base above limit: the window is shut */
    set_config(&b, 0, 2, PCI_PREFETCH_BASE, 4, at | at >> 16);
    assert_true(value_is_at(&b, at + 0x1000));
    set_config(&b, 0, 2, PCI_PREFETCH_BASE_HIGH, 4, 1);
    assert_false(value_is_at(&b, at + 0x1000));
    /* A reset of the bus behind it. */
    set_config(&b, 0, 2, PCI_BRIDGE_CONTROL, 2, 0x40);
    assert_int_equal(get_config(&b, 1, 3, PCI_COMMAND, 2), 0);
    assert_int_equal(get_config(&b, 0, 2, PCI_COMMAND, 2), 7);
    close_board(&b);
}

/* ---- interrupts -------------------------------------------------------------------------------*/

/* A function with its registers at `at` interrupts in a moment. */
static void ring(struct board *b, unsigned bus, unsigned slot, uint32_t at, unsigned vector)
{
    set_config(b, bus, slot, PCI_BAR0, 4, at);
    set_config(b, bus, slot, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    put(b, at + 0xc, 4, vector);
    put(b, at + 0x4, 4, 1);
    bench_pass(&b->bench, 10);
}

static unsigned lines(const struct board *b)
{
    const struct bench_lamp *s = b->bench.lamp->state;

    return (unsigned)bits_get(s->lit, 32, 4);
}

static void test_pins_turn(void **state)
{
    const uint32_t at = (uint32_t)MEMORY + 0x100000;
    struct board b;

    (void)state;
    open_usual(&b);
    ring(&b, 0, 1, (uint32_t)MEMORY, 0);
    assert_int_equal(lines(&b), 1u << 1); /* INTA of slot 1 */
    assert_int_equal(get_config(&b, 0, 1, PCI_STATUS, 2) & 8, 8);
    set_bridge(&b, 2, 1, at, at);
    ring(&b, 1, 3, at, 0);
    assert_int_equal(lines(&b), 1u << 1); /* (3 + 2) % 4 as well */
    put(&b, MEMORY + 8, 4, 1);
    assert_int_equal(lines(&b), 1u << 1); /* the other one is still up */
    set_config(&b, 1, 3, PCI_COMMAND, 2, PCI_COMMAND_NO_PIN | PCI_COMMAND_MEMORY);
    assert_int_equal(lines(&b), 0);
    set_config(&b, 1, 3, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    assert_int_equal(lines(&b), 1u << 1);
    set_config(&b, 0, 2, PCI_BRIDGE_CONTROL, 2, 0x40); /* a reset lets go of it */
    assert_int_equal(lines(&b), 0);
    close_board(&b);
}

static const struct catcher *caught(const struct board *b)
{
    return b->catcher->state;
}

/* Vector `v` of the table at `at` goes to the catcher, as this number. */
static void set_vector(struct board *b, paddr at, unsigned v, uint32_t data, bool masked)
{
    put(b, at + 16 * v, 4, FLOOR + 16 * v);
    put(b, at + 16 * v + 4, 4, 0);
    put(b, at + 16 * v + 8, 4, data);
    put(b, at + 16 * v + 12, 4, masked);
}

static void test_msix(void **state)
{
    const uint32_t table = (uint32_t)MEMORY + 0x1000;
    struct board b;
    unsigned at;

    (void)state;
    open_usual(&b);
    at = capability(&b, 0, 1, PCI_CAP_MSIX);
    assert_int_equal(get_config(&b, 0, 1, at + 2, 2), 7); /* 8 vectors */
    set_config(&b, 0, 1, PCI_BAR0 + 16, 4, table);
    set_config(&b, 0, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    assert_int_equal(load(&b, table + 12, 4), 1); /* masked at first */
    set_vector(&b, table, 2, 77, false);
    set_config(&b, 0, 1, at + 2, 2, 0x8000);
    ring(&b, 0, 1, (uint32_t)MEMORY, 2);
    assert_int_equal(caught(&b)->count, 1);
    assert_true(caught(&b)->last == (UINT64_C(32) << 32 | 77));
    assert_int_equal(caught(&b)->from, 1 << 3);
    assert_int_equal(lines(&b), 0);
    /* Masked, it pends, and is sent when it is not any more: the vector's mask, the function's. */
    set_vector(&b, table, 2, 78, true);
    ring(&b, 0, 1, (uint32_t)MEMORY, 2);
    assert_int_equal(caught(&b)->count, 1);
    assert_int_equal(load(&b, table + 0x800, 8), 4);
    put(&b, table + 16 * 2 + 12, 4, 0);
    assert_int_equal(caught(&b)->count, 2);
    assert_int_equal(load(&b, table + 0x800, 8), 0);
    set_config(&b, 0, 1, at + 2, 2, 0xc000);
    ring(&b, 0, 1, (uint32_t)MEMORY, 2);
    assert_int_equal(caught(&b)->count, 2);
    set_config(&b, 0, 1, at + 2, 2, 0x8000);
    assert_int_equal(caught(&b)->count, 3);
    /* Who is no master sends nothing; a vector that is not there neither. */
    put(&b, MEMORY + 4, 4, 1);
    set_config(&b, 0, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    bench_pass(&b.bench, 10);
    assert_int_equal(caught(&b)->count, 3);
    ring(&b, 0, 1, (uint32_t)MEMORY, 8);
    assert_int_equal(caught(&b)->count, 3);
    close_board(&b);
}

static void test_msi(void **state)
{
    struct board b;
    unsigned at;

    (void)state;
    open_usual(&b);
    at = capability(&b, 0, 1, PCI_CAP_MSI);
    set_config(&b, 0, 1, at + 4, 4, FLOOR + 0x100);
    set_config(&b, 0, 1, at + 12, 2, 0x43);
    set_config(&b, 0, 1, at + 2, 2, 0x21); /* all four */
    ring(&b, 0, 1, (uint32_t)MEMORY, 2);
    assert_int_equal(caught(&b)->count, 1);
    assert_true(caught(&b)->last == (UINT64_C(0x100) << 32 | 0x42));
    set_config(&b, 0, 1, at + 16, 4, 2);
    ring(&b, 0, 1, (uint32_t)MEMORY, 1);
    assert_int_equal(caught(&b)->count, 1);
    assert_int_equal(get_config(&b, 0, 1, at + 20, 4), 2);
    set_config(&b, 0, 1, at + 20, 4, 0); /* is not the guest's */
    assert_int_equal(get_config(&b, 0, 1, at + 20, 4), 2);
    set_config(&b, 0, 1, at + 16, 4, 0);
    assert_int_equal(caught(&b)->count, 2);
    assert_true((caught(&b)->last & UINT32_MAX) == 0x41);
    close_board(&b);
}

/* Memory knows a function by its number, and one behind a bridge of conventional PCI by the bridge's. */
static void test_masters(void **state)
{
    const struct {
        unsigned slot, device;
        uint32_t requester;
    } cases[] = {{2, 3, 2 << 3}, {4, 0, 1 << 8}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const uint32_t at = (uint32_t)MEMORY + 0x100000;
        unsigned slot = cases[i].slot, device = cases[i].device;
        struct board b;

        open_usual(&b);
        set_bridge(&b, slot, 1, at, at);
        set_config(&b, 1, device, PCI_BAR0, 4, at);
        set_config(&b, 1, device, PCI_COMMAND, 2, 6);
        put(&b, RAM, 4, 0xcafe);
        put(&b, at + 0x10, 8, RAM);
        put(&b, at + 0x18, 8, FLOOR);
        put(&b, at + 0x20, 4, 4);
        assert_int_equal(load(&b, at + 0x20, 4), 4);
        assert_int_equal(caught(&b)->last, 0xcafe);
        assert_int_equal(caught(&b)->from, cases[i].requester);
        set_config(&b, 0, slot, PCI_COMMAND, 2, 3); /* the bridge may not */
        put(&b, at + 0x20, 4, 4);
        assert_int_equal(load(&b, at + 0x20, 4), 0);
        assert_int_equal(caught(&b)->count, 1);
        close_board(&b);
    }
}

/* ---- places -----------------------------------------------------------------------------------*/

static void refuse(const char *driver, const char *bus, const char *addr, const char *sentence)
{
    struct board b;
    struct error e = {""};

    memset(&b, 0, sizeof b);
    machine_config_init(&b.config);
    add_thing(&b, "pci-scratch", "a", NULL, "5");
    add_thing(&b, "pcie-root-port", "rp", NULL, NULL);
    add_thing(&b, driver, "x", bus, addr);
    if (open_board(&b, &e) == 0 || strstr(e.text, sentence) == NULL) {
        fail_msg("\"%s\" instead of \"%s\"", e.text, sentence);
    }
    close_board(&b);
}

static void test_refused_places(void **state)
{
    (void)state;
    refuse("pci-scratch", NULL, "5", "05.0 of the bus 'pcie.0' is taken by 'a'");
    refuse("pci-scratch", NULL, "0", "00.0 of the bus 'pcie.0' is taken by 'pcie.host-bridge'");
    refuse("pci-scratch", NULL, "5.1", "the slot 0x5 of the bus 'pcie.0' has one function, 'a'");
    refuse("pci-scratch", NULL, "20", "has slots 0x0 to 0x1f, and not 0x20");
    refuse("pci-scratch", "rp", "1", "the bus 'rp' has slots 0x0 to 0x0, and not 0x1");
    refuse("pci-scratch", NULL, "5.8", "addr wants a slot and a function");
    refuse("pci-scratch", NULL, "", "addr wants a slot and a function");
    refuse("pci-scratch", NULL, "1.", "addr wants a slot and a function");
    refuse("pci-scratch", "no", NULL, "this machine has no bus 'no'");
}

/* ---- anything anywhere ------------------------------------------------------------------------*/

static uint64_t accesses = 200000; /* a tenth of them reach a function's configuration space */

static uint64_t chance(uint64_t *x, uint64_t n)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*x >> 24) % n;
}

/* Mostly addresses that something is at, or was, or may be. */
static uint64_t any_address(uint64_t *x)
{
    const uint64_t places[] = {ECAM, MEMORY, HIGH, IO, RAM, FLOOR, 0, UINT64_C(0xfffffffffff00000)};

    return places[chance(x, ARRAY_LEN(places))] + chance(x, 0x200000);
}

static uint32_t any_value(uint64_t *x)
{
    switch (chance(x, 4)) {
    case 0: return (uint32_t)any_address(x);
    case 1: return (uint32_t)(any_address(x) >> 16);
    case 2: return 1u << chance(x, 32);
    default: return chance(x, 2) == 0 ? UINT32_MAX : (uint32_t)chance(x, UINT64_C(1) << 32);
    }
}

static paddr any_register(uint64_t *x)
{
    static const uint8_t slots[] = {0, 1, 2, 3, 4};
    static const uint16_t hot[] = {
        PCI_COMMAND,   PCI_BAR0,           PCI_BAR0 + 4,     PCI_BAR0 + 8,    PCI_BAR0 + 12,
        PCI_BAR0 + 16, PCI_SECONDARY,      PCI_SUBORDINATE,  PCI_MEMORY_BASE, PCI_IO_BASE,
        PCI_ROM,       PCI_BRIDGE_CONTROL, PCI_PREFETCH_BASE};
    unsigned at = chance(x, 3) != 0 ? hot[chance(x, ARRAY_LEN(hot))] : (unsigned)chance(x, 520);

    return config_at((unsigned)chance(x, 3), slots[chance(x, ARRAY_LEN(slots))], at);
}

/* The states are such as a check lets through, and the map is what follows from them. */
static void check_states(struct board *b)
{
    struct error e = {""};

    for (unsigned i = 0; i < machine_device_count(b->machine); i++) {
        const struct device *d = machine_device(b->machine, i);

        if (d->class->check != NULL && d->class->check(d, d->state, &e) < 0) {
            fail_msg("%s: %s", d->name, e.text);
        }
    }
    machine_remap(b->machine);
}

static void test_anything(void **state)
{
    struct board b;
    uint64_t x = 11;

    (void)state;
    open_usual(&b);
    set_bridge(&b, 2, 1, MEMORY, MEMORY + 0x1fffff);
    set_bridge(&b, 4, 2, MEMORY, MEMORY + 0x1fffff);
    for (uint64_t n = 0; n < accesses; n++) {
        bool is_config = chance(&x, 2) == 0;
        unsigned size = 1u << chance(&x, is_config ? 3 : 4);
        paddr at = (is_config ? any_register(&x) : any_address(&x)) & ~(paddr)(size - 1);
        struct mem_place p = mem_find(machine_mem(b.machine), at, true);

        if (p.window != NULL && (p.window->sizes & size) == 0) {
            continue;
        }
        if (chance(&x, 4) == 0) {
            (void)load(&b, at, size);
        } else {
            put(&b, at, size, size == 8 ? any_address(&x) : any_value(&x));
        }
        if (n % 512 == 0) {
            bench_pass(&b.bench, 50);
            check_states(&b);
        }
    }
    assert_true(machine_hash(b.machine) == machine_hash_slow(b.machine));
    close_board(&b);
}

/* What no guest can have done. */
static void test_forged(void **state)
{
    struct board b;
    struct device *d;
    struct pci_state *s;
    struct error e = {""};

    (void)state;
    open_usual(&b);
    d = device_called(&b, "a");
    s = d->state;
    s->config[PCI_VENDOR] ^= 1;
    assert_int_equal(pci_check(d, d->state, &e), -1);
    assert_non_null(strstr(e.text, "config[0] is 0x37: only bits of 0x0 differ from 0x36"));
    s->config[PCI_VENDOR] ^= 1;
    s->config[PCI_BAR0] = 2;
    assert_int_equal(pci_check(d, d->state, &e), -1);
    s->config[PCI_BAR0] = 0;
    s->msix_pending[0] = 0x100;
    assert_int_equal(pci_check(d, d->state, &e), -1);
    assert_non_null(strstr(e.text, "there are 8 vectors"));
    s->msix_pending[0] = 0xff;
    assert_int_equal(pci_check(d, d->state, &e), 0);
    s->msix_table[4 * 8] = 1;
    assert_int_equal(pci_check(d, d->state, &e), -1);
    s->msix_table[4 * 8] = 0;
    ((struct pci_state *)device_called(&b, "br")->state)->pin_is_up = 1;
    d = device_called(&b, "br");
    assert_int_equal(pci_check(d, d->state, &e), -1);
    assert_non_null(strstr(e.text, "it has no pin"));
    close_board(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enumeration),
        cmocka_unit_test(test_express),
        cmocka_unit_test(test_bars_move),
        cmocka_unit_test(test_option_roms),
        cmocka_unit_test(test_bridges_forward),
        cmocka_unit_test(test_pins_turn),
        cmocka_unit_test(test_msix),
        cmocka_unit_test(test_msi),
        cmocka_unit_test(test_masters),
        cmocka_unit_test(test_refused_places),
        cmocka_unit_test(test_anything),
        cmocka_unit_test(test_forged),
    };

    accesses = argc > 1 ? strtoull(argv[1], NULL, 0) : accesses;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
