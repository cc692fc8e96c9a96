/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio/pci.c: what a function says it is, modern, transitional and legacy; its capabilities; messages for each
 * queue and for the configuration, and the pin; a driver that does not let it reach memory; which interface is
 * spoken; and messages that reach the device itself. dev_virtio_rings.c has the rings.
 */
#include "virtio_driver.h"

enum { R_CONFIG_VECTOR = 0x10, R_QUEUE_SELECT = 0x16, R_QUEUE_VECTOR = 0x1a };

/* A model at 04.0, with properties as the command line says them. */
static void open_model(struct driver *d, const char *model, const char *properties,
                       enum driver_way way)
{
    struct machine_config c;
    struct machine_thing *t;
    char text[256], *rest = text;
    struct error e = {""};
    bool behind_port = strstr(properties, "bus=") != NULL;

    machine_config_init(&c);
    if (behind_port) {
        t = machine_config_add_thing(&c, MODEL_CLASS, "rp");
        thing_set_text(t, "driver", "pcie-root-port");
        thing_set_text(t, "addr", "4");
    }
    t = machine_config_add_thing(&c, MODEL_CLASS, "d");
    thing_set_text(t, "driver", model);
    thing_set_text(t, "addr", behind_port ? "0" : "4");
    (void)snprintf(text, sizeof text, "%s", properties);
    for (char *item = strtok_r(text, ",", &rest); item != NULL; item = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(item, '=');

        *value = '\0';
        if (model_set(model_find(dev_models, model), t, item, value + 1, &e) < 0) {
            fail_msg("%s", e.text);
        }
    }
    driver_open_pci(d, &c, way);
    machine_config_fini(&c);
}

static uint64_t config(struct driver *d, unsigned at, unsigned size)
{
    return at_get(&d->bench, function_at(&d->bench, at), size);
}

static void set_config(struct driver *d, unsigned at, unsigned size, uint64_t value)
{
    at_set(&d->bench, function_at(&d->bench, at), size, value);
}

/* ---- what it says it is -----------------------------------------------------------------------*/

static void test_identity(void **state)
{
    (void)state;
    static const struct {
        const char *model, *properties;
        uint32_t id, class_code, subsystem, vectors;
        bool is_modern, is_legacy;
    } cases[] = {
        {"virtio-rng-pci", "", 0x1005, 0x00ff00, 4, 2, true, true},
        {"virtio-rng", "disable-legacy=on", 0x1044, 0x00ff00, 0x1100, 2, true, false},
        {"virtio-rng", "disable-modern=on,vectors=0", 0x1005, 0x00ff00, 4, 0, false, true},
        {"virtio-rng", "bus=rp", 0x1044, 0x00ff00, 0x1100, 2, true, false},
        {"virtio-rng", "bus=rp,disable-legacy=off", 0x1005, 0x00ff00, 4, 2, true, true},
        {"virtio-net", "mq=on,queue-pairs=3", 0x1000, 0x020000, 1, 8, true, true},
        {"virtio-rng-pci-transitional", "bus=rp", 0x1005, 0x00ff00, 4, 2, true, true},
        {"virtio-rng-pci-non-transitional", "", 0x1044, 0x00ff00, 0x1100, 2, true, false},
        {"virtio-net-pci", "disable-legacy=on,vectors=5", 0x1041, 0x020000, 0x1100, 5, true, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool behind_port = strstr(cases[i].properties, "bus=") != NULL;
        unsigned msix, caps = 0;
        struct driver d;

        open_model(&d, cases[i].model, cases[i].properties, DRIVER_MODERN);
        assert_int_equal(config(&d, PCI_VENDOR, 4), cases[i].id << 16 | 0x1af4);
        assert_int_equal(config(&d, PCI_CLASS, 1) | config(&d, PCI_CLASS + 1, 2) << 8,
                         cases[i].class_code);
        assert_int_equal(config(&d, PCI_REVISION, 1), !cases[i].is_legacy);
        assert_int_equal(config(&d, PCI_SUBSYSTEM_VENDOR, 4), cases[i].subsystem << 16 | 0x1af4);
        assert_int_equal(config(&d, PCI_INTERRUPT_PIN, 1), 1);
        assert_int_equal(config(&d, PCI_BAR0, 4), cases[i].is_legacy ? 0x1001 : 0);
        assert_int_equal(config(&d, PCI_BAR0 + 16, 4) & 0xf, cases[i].is_modern ? 0xc : 0);
        msix = capability(&d.bench, PCI_CAP_MSIX, 0);
        assert_int_equal(msix != 0 ? config(&d, msix + 2, 2) + 1 : 0, cases[i].vectors);
        while (capability(&d.bench, PCI_CAP_VENDOR, caps) != 0) {
            caps++;
        }
        assert_int_equal(caps, cases[i].is_modern ? 5 : 0);
        assert_int_equal(capability(&d.bench, PCI_CAP_EXPRESS, 0) != 0, behind_port);
        driver_close(&d);
    }
}

static void test_capabilities(void **state)
{
    (void)state;
    static const uint32_t kinds[] = {1, 2, 3, 4, 5}, offsets[] = {0, 0x3000, 0x1000, 0x2000, 0};
    static const uint8_t bytes[] = {16, 20, 16, 16, 20};
    unsigned window;
    struct driver d;

    open_model(&d, "virtio-net", "", DRIVER_MODERN);
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        unsigned at = capability(&d.bench, PCI_CAP_VENDOR, i);

        assert_int_equal(config(&d, at + 2, 1), bytes[i]);
        assert_int_equal(config(&d, at + 3, 1), kinds[i]);
        assert_int_equal(config(&d, at + 4, 1), i == 4 ? 0 : 4);
        assert_int_equal(config(&d, at + 8, 4), offsets[i]);
        assert_int_equal(config(&d, at + 12, 4), i == 4 ? 0 : 0x1000);
    }
    assert_int_equal(config(&d, capability(&d.bench, PCI_CAP_VENDOR, 1) + 16, 4), 4);
    /* Registers by way of configuration space: the driver's status, a byte; an address, which a network
     * card's configuration begins with. */
    window = capability(&d.bench, PCI_CAP_VENDOR, 4);
    set_config(&d, window + 4, 1, 4);
    set_config(&d, window + 8, 4, 0x14);
    set_config(&d, window + 12, 4, 1);
    set_config(&d, window + 16, 4, VIRTIO_ACKNOWLEDGE);
    assert_int_equal(reg_get(&d, R_STATUS), VIRTIO_ACKNOWLEDGE);
    reg_set(&d, R_STATUS, VIRTIO_DRIVER);
    assert_int_equal(config(&d, window + 16, 1), VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    set_config(&d, window + 8, 4, 0x2000);
    set_config(&d, window + 12, 4, 4);
    assert_int_equal(config(&d, window + 16, 4), 0x12005452);
    /* What makes no sense does nothing: another base address, beyond the end, odd sizes and places. */
    set_config(&d, window + 12, 4, 0x104);
    set_config(&d, window + 16, 4, 1);
    set_config(&d, window + 12, 4, 3);
    set_config(&d, window + 16, 4, 1);
    set_config(&d, window + 12, 4, 4);
    set_config(&d, window + 8, 4, 0x4000);
    set_config(&d, window + 16, 4, 1);
    assert_int_equal(config(&d, window + 16, 4), 1);
    set_config(&d, window + 8, 4, 0x14);
    set_config(&d, window + 12, 4, 1);
    set_config(&d, window + 4, 1, 0);
    set_config(&d, window + 16, 4, 0);
    assert_int_equal(reg_get(&d, R_STATUS), VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    driver_close(&d);
}

/* ---- interrupts -------------------------------------------------------------------------------*/

static void request(struct driver *d)
{
    struct buffer b = {DRIVER_BUFFERS, 8, true};

    (void)driver_put(d, 0, &b, 1);
    driver_notify(d, 0);
}

static void test_pin(void **state)
{
    (void)state;
    for (enum driver_way way = DRIVER_MODERN; way <= DRIVER_LEGACY; way++) {
        struct driver d;

        open_model(&d, "virtio-rng", "", way);
        driver_start(&d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
        request(&d);
        assert_true(driver_line(&d));
        assert_int_equal(config(&d, PCI_STATUS, 1) & 8, 8);
        assert_int_equal(reg_get(&d, R_ISR), 1);
        assert_false(driver_line(&d));
        assert_int_equal(reg_get(&d, R_ISR), 0);
        request(&d);
        assert_true(driver_line(&d));
        pci_take_messages(&d.bench); /* which does away with the pin */
        assert_false(driver_line(&d));
        driver_close(&d);
    }
}

static void set_vectors(struct driver *d, unsigned queue_vector, unsigned config_vector)
{
    if (d->way == DRIVER_LEGACY) {
        at_set(&d->bench, LEGACY_AT + 0x0e, 2, 0);
        at_set(&d->bench, LEGACY_AT + 0x16, 2, queue_vector);
        at_set(&d->bench, LEGACY_AT + 0x14, 2, config_vector);
    } else {
        at_set(&d->bench, MODERN_AT + R_QUEUE_SELECT, 2, 0);
        at_set(&d->bench, MODERN_AT + R_QUEUE_VECTOR, 2, queue_vector);
        at_set(&d->bench, MODERN_AT + R_CONFIG_VECTOR, 2, config_vector);
    }
}

static void test_messages(void **state)
{
    (void)state;
    for (enum driver_way way = DRIVER_MODERN; way <= DRIVER_LEGACY; way++) {
        const struct floor *floor;
        struct buffer bad[2] = {{DRIVER_BUFFERS, 8, true}, {DRIVER_BUFFERS, 8, false}};
        struct driver d;

        open_model(&d, "virtio-rng", "", way);
        floor = floor_of(&d.bench);
        pci_take_messages(&d.bench);
        driver_start(&d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
        request(&d); /* without a vector there is none */
        assert_int_equal(floor->count, 0);
        set_vectors(&d, 1, 0);
        request(&d);
        assert_int_equal(floor->count, 1);
        assert_int_equal(floor->last, UINT64_C(4) << 32 | 0x101);
        assert_false(driver_line(&d));
        assert_int_equal(reg_get(&d, R_ISR), 0);
        at_set(&d.bench, MSIX_AT + 16 + 12, 4, 1); /* masked, it pends */
        request(&d);
        assert_int_equal(floor->count, 1);
        assert_int_equal(at_get(&d.bench, MSIX_AT + 0x800, 4), 2);
        at_set(&d.bench, MSIX_AT + 16 + 12, 4, 0);
        assert_int_equal(floor->count, 2);
        set_vectors(&d, 2, 1); /* there are two: none, then */
        assert_int_equal(
            at_get(&d.bench, way == DRIVER_LEGACY ? LEGACY_AT + 0x16 : MODERN_AT + R_QUEUE_VECTOR,
                   2),
            0xffff);
        request(&d);
        assert_int_equal(floor->count, 2);
        (void)driver_put(&d, 0, bad, 2);
        driver_notify(&d,
                      0); /* it breaks: the configuration's vector, if the driver knows of that */
        assert_int_equal(floor->count, way == DRIVER_LEGACY ? 2 : 3);
        driver_close(&d);
    }
}

/* ---- who may reach memory ---------------------------------------------------------------------*/

static void test_master(void **state)
{
    (void)state;
    for (unsigned behind_port = 0; behind_port < 2; behind_port++) {
        struct driver d;
        unsigned id;
        uint32_t written;

        open_model(&d, "virtio-rng", behind_port ? "bus=rp" : "", DRIVER_MODERN);
        driver_start(&d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
        if (behind_port) {
            at_set(&d.bench, config_at(0, PCI_SLOT, PCI_COMMAND), 2, 3);
        } else {
            set_config(&d, PCI_COMMAND, 2, 3);
        }
        request(&d);
        assert_false(driver_get(&d, 0, 1, &id, &written));
        assert_true((reg_get(&d, R_STATUS) & VIRTIO_NEEDS_RESET) == 0);
        at_set(&d.bench, config_at(0, PCI_SLOT, PCI_COMMAND), 2, 7);
        driver_notify(&d, 0);
        assert_true(driver_get(&d, 0, 1, &id, &written));
        assert_int_equal(written, 8);
        driver_close(&d);
    }
}

/* ---- which interface is spoken ----------------------------------------------------------------*/

static void test_interface(void **state)
{
    (void)state;
    struct driver d;

    open_model(&d, "virtio-rng", "packed=on", DRIVER_MODERN);
    assert_true((driver_offered(&d) & VIRTIO_F_VERSION_1) != 0);
    assert_true((driver_offered(&d) & VIRTIO_F_ANY_LAYOUT) == 0);
    d.way = DRIVER_LEGACY;
    assert_true((driver_offered(&d) & VIRTIO_F_ANY_LAYOUT) != 0);
    driver_start(&d, 0, 1);
    d.way = DRIVER_MODERN; /* too late: a queue is there, and laid out by the other's rules */
    assert_true((driver_offered(&d) & (VIRTIO_F_VERSION_1 | VIRTIO_F_RING_PACKED)) == 0);
    reg_set(&d, R_TAKEN_SEL, 1);
    reg_set(&d, R_TAKEN, VIRTIO_F_RING_PACKED >> 32);
    assert_int_equal(reg_get(&d, R_TAKEN), 0);
    request(&d); /* goes on */
    reg_set(&d, R_STATUS, 0);
    assert_true((driver_offered(&d) & VIRTIO_F_RING_PACKED) != 0);
    /* A modern driver does not leave out VERSION_1. */
    reg_set(&d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
    assert_int_equal(reg_get(&d, R_STATUS), VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    /* A smaller queue lasts until a reset. */
    driver_start(&d, UINT64_MAX, 1);
    reg_set(&d, R_STATUS, 0);
    reg_set(&d, R_SEL, 0);
    assert_int_equal(reg_get(&d, R_MOST), 8);
    assert_int_equal(reg_get(&d, R_READY), 0);
    reg_set(&d, R_SIZE, 4);
    assert_int_equal(reg_get(&d, R_MOST), 4);
    reg_set(&d, R_STATUS, 0);
    assert_int_equal(reg_get(&d, R_MOST), 8);
    driver_close(&d);
}

/* ---- a hostile guest --------------------------------------------------------------------------*/

/* Messages that go to where they restart the device: they come while it gives back what it did. */
static void test_message_to_itself(void **state)
{
    (void)state;
    const paddr places[] = {MODERN_AT + 0x3000, LEGACY_AT + 8, MSIX_AT + 12,
                            config_at(0, PCI_SLOT, PCI_COMMAND), MODERN_AT + 0x0c};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct driver d;

        open_model(&d, "virtio-rng", "", DRIVER_MODERN);
        pci_take_messages(&d.bench);
        at_set(&d.bench, MSIX_AT, 4, places[i]);
        at_set(&d.bench, MSIX_AT + 8, 4, 0);
        driver_start(&d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
        set_vectors(&d, 0, 0);
        for (unsigned n = 0; n < 4; n++) {
            request(&d);
        }
        driver_close(&d);
    }
}

/* Anything written anywhere, over a device that works; the number of rounds may be given. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const models[] = {"virtio-rng", "virtio-net"};
    const char *rounds_text = getenv("REPRISE_ROUNDS");
    unsigned rounds = rounds_text != NULL ? (unsigned)atoi(rounds_text) : 5000;
    uint64_t random = 1;

    for (size_t m = 0; m < ARRAY_LEN(models); m++) {
        struct driver d;

        open_model(&d, models[m], "packed=on", DRIVER_MODERN);
        for (unsigned i = 0; i < rounds; i++) {
            unsigned kind, size;

            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            kind = (unsigned)(random >> 60);
            size = 1u << (random >> 58 & 3) % 3;
            if (kind == 0) {
                pci_enumerate(&d.bench);
                d.way = random >> 40 & 1 ? DRIVER_MODERN : DRIVER_LEGACY;
                reg_set(&d, R_STATUS, 0);
            } else if (kind < 4) {
                set_config(&d, (unsigned)(random >> 20) % 256 & ~(size - 1), size, random >> 30);
                (void)config(&d, (unsigned)(random >> 28) % 256 & ~3u, 4);
            } else if (kind < 8) {
                ram_set(&d, DRIVER_RAM + (random >> 20) % 0x4000 / 8 * 8, 8, random >> 30 & 0x7ff);
            } else {
                static const paddr bases[] = {MODERN_AT, LEGACY_AT, MSIX_AT, MODERN_AT + 0x3000};
                paddr at =
                    bases[random >> 40 & 3] + ((random >> 20) % 0x100 & ~(uint64_t)(size - 1));

                if (bench_window_at(d.bench.machine, at) != NULL &&
                    ((at < MSIX_AT) || (at >= MODERN_AT) || size == 4)) {
                    at_set(&d.bench, at, size, random >> 42);
                    (void)at_get(&d.bench, at, size);
                }
            }
        }
        driver_close(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_master),
        cmocka_unit_test(test_interface),
        cmocka_unit_test(test_message_to_itself),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
