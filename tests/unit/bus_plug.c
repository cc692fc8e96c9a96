/* SPDX-License-Identifier: GPL-2.0-or-later
 * bus: what -device says becomes a thing, the thing a device on a bus; what makes no sense, there or in a
 * configuration from elsewhere, is refused in a sentence.
 */
#include "bus/bus.h"
#include "dev_bench.h"

/* ---- models -----------------------------------------------------------------------------------*/

static const struct model_property lamp_properties[] = {
    {.name = "addr", .value = MODEL_NUMBER, .number = 7, .max = 31, .help = "where"},
    {.name = "bright", .value = MODEL_FLAG, .number = 1, .help = "how"},
    {.name = "mode",
     .value = MODEL_CHOICE,
     .text = "auto",
     .choices = "auto|on|off",
     .help = "how"},
    {.name = "size", .value = MODEL_SIZE, .min = 512, .max = 1 * MIB, .number = 4096, .help = "it"},
    {.name = "serial", .value = MODEL_TEXT, .max = 8, .help = "its number"},
    {.name = "mac", .value = MODEL_MAC, .help = "its address"},
    {.name = "secret", .value = MODEL_FLAG},
};

/* What the last one was built with. */
static struct {
    unsigned built;
    uint64_t addr, size;
    bool bright, has_mac;
    char mode[8], bus[MACHINE_NAME_MAX];
    uint8_t mac[6];
} last;

static int build_lamp(struct plug *p, struct error *e)
{
    last.built++;
    last.addr = plug_number(p, "addr");
    last.size = plug_number(p, "size");
    last.bright = plug_flag(p, "bright");
    last.has_mac = plug_mac(p, "mac", last.mac);
    (void)snprintf(last.mode, sizeof last.mode, "%s", plug_text(p, "mode"));
    (void)snprintf(last.bus, sizeof last.bus, "%s", p->bus->name);
    return machine_add_device(p->machine, &bench_lamp, p->name, 0, NULL, 0, NULL, e) != NULL ? 0
                                                                                             : -1;
}

static const struct model lamp_model = {.name = "test-lamp",
                                        .alias = "lamp",
                                        .bus = BUS_PCI,
                                        .category = CATEGORY_MISC,
                                        .summary = "a lamp",
                                        .properties = lamp_properties,
                                        .property_count = ARRAY_LEN(lamp_properties),
                                        .build = build_lamp};

/* Has a bus of its own for two. */
static int build_hub(struct plug *p, struct error *e)
{
    return machine_add_device(p->machine, &bench_lamp, p->name, 0, NULL, 0, NULL, e) != NULL &&
                   buses_add(p->buses, BUS_PCI, p->name, 2, NULL, e) != NULL
               ? 0
               : -1;
}

static const struct model hub_model = {.name = "test-hub",
                                       .bus = BUS_PCI,
                                       .category = CATEGORY_BRIDGE,
                                       .summary = "a hub",
                                       .build = build_hub};
static const struct model *const models[] = {&lamp_model, &hub_model, NULL};

/* ---- what is written --------------------------------------------------------------------------*/

static int set(struct machine_thing *t, const char *name, const char *value, struct error *e)
{
    return model_set(&lamp_model, t, name, value, e);
}

static void refuse(const char *name, const char *value, const char *sentence)
{
    struct machine_thing t = {.class = MODEL_CLASS};
    struct error e = {""};

    if (set(&t, name, value, &e) == 0 || strstr(e.text, sentence) == NULL) {
        fail_msg("%s=%s: \"%s\" instead of \"%s\"", name, value, e.text, sentence);
    }
    thing_fini(&t);
}

static void test_values(void **state)
{
    struct machine_thing t = {.class = MODEL_CLASS};
    struct error e = {""};

    (void)state;
    assert_int_equal(set(&t, "addr", "0x1f", &e), 0);
    assert_int_equal(thing_number(&t, "addr", 0), 31);
    assert_int_equal(set(&t, "bright", "off", &e), 0);
    assert_int_equal(thing_number(&t, "bright", 1), 0);
    assert_int_equal(set(&t, "size", "64K", &e), 0);
    assert_int_equal(thing_number(&t, "size", 0), 65536);
    assert_int_equal(set(&t, "mode", "off", &e), 0);
    assert_string_equal(thing_text(&t, "mode", ""), "off");
    assert_int_equal(set(&t, "mac", "52:54:00:aB:34:56", &e), 0);
    assert_int_equal(set(&t, "id", "Lamp-0", &e), 0);
    assert_string_equal(t.id, "Lamp-0");
    thing_fini(&t);
}

static void test_refused_values(void **state)
{
    (void)state;
    refuse("addr", "32", "test-lamp: addr wants a number from 0 to 31");
    refuse("addr", "-1", "addr wants a number");
    refuse("addr", "", "addr wants a number");
    refuse("addr", "1x", "addr wants a number");
    refuse("addr", "99999999999999999999", "addr wants a number");
    refuse("size", "1", "size wants a size from 512 to 1048576");
    refuse("size", "99999999999999999T", "size wants a size");
    refuse("bright", "maybe", "bright is on or off");
    refuse("mode", "o", "mode is one of auto|on|off");
    refuse("mode", "", "mode is one of auto|on|off");
    refuse("serial", "123456789", "serial is longer than 8 bytes");
    refuse("mac", "52:54:00:12:34", "mac wants six bytes");
    refuse("mac", "52:54:00:12:34:5g", "mac wants six bytes");
    refuse("colour", "red", "test-lamp has no property 'colour'");
    refuse("id", "a b", "an id is up to 31 letters");
    refuse("id", "", "an id is up to 31 letters");
    refuse("bus", "a-name-that-is-much-longer-than-any", "no bus is called");
}

/* ---- what is built ----------------------------------------------------------------------------*/

struct build {
    struct bench bench;
    struct machine_config config;
    struct buses buses;
    struct error error;
};

static void open_build(struct build *b)
{
    memset(b, 0, sizeof(*b));
    bench_open_unsealed(&b->bench, &scratch, NULL, 0, 1);
    machine_config_init(&b->config);
    buses_init(&b->buses, b->bench.machine, &b->config);
    memset(&last, 0, sizeof last);
}

static void close_build(struct build *b)
{
    buses_fini(&b->buses);
    machine_config_fini(&b->config);
    bench_close(&b->bench);
}

static struct machine_thing *add(struct build *b, const char *driver, const char *id)
{
    struct machine_thing *t = machine_config_add_thing(&b->config, MODEL_CLASS, id);

    thing_set_text(t, "driver", driver);
    return t;
}

static void expect_refusal(struct build *b, const char *sentence)
{
    if (buses_plug(&b->buses, models, &b->error) == 0 || strstr(b->error.text, sentence) == NULL) {
        fail_msg("\"%s\" instead of \"%s\"", b->error.text, sentence);
    }
    close_build(b);
}

static void test_built(void **state)
{
    struct build b;
    struct machine_thing *t;

    (void)state;
    open_build(&b);
    assert_false(buses_want(&b.config, models, BUS_PCI));
    assert_non_null(buses_add(&b.buses, BUS_PCI, "pcie.0", 1, NULL, &b.error));
    add(&b, "test-hub", "hub");
    t = add(&b, "test-lamp", "one");
    thing_set_text(t, "mac", "52:54:00:12:34:56");
    assert_true(buses_want(&b.config, models, BUS_PCI));
    assert_false(buses_want(&b.config, models, BUS_VIRTIO));
    assert_int_equal(buses_plug(&b.buses, models, &b.error), 0);
    assert_int_equal(last.built, 1);
    assert_int_equal(last.addr, 7);
    assert_int_equal(last.size, 4096);
    assert_true(last.bright && last.has_mac && last.mac[5] == 0x56);
    assert_string_equal(last.mode, "auto");
    assert_string_equal(last.bus, "hub"); /* the other one is full */
    assert_string_equal(machine_device(b.bench.machine, 3)->name, "one");
    close_build(&b);
}

static void test_refused_plugs(void **state)
{
    struct build b;

    (void)state;
    open_build(&b);
    add(&b, "test-lamp", "one");
    expect_refusal(&b, "-device test-lamp (one): this machine has no bus of kind PCI");

    open_build(&b);
    buses_add(&b.buses, BUS_PCI, "pcie.0", 1, NULL, &b.error);
    add(&b, "test-lamp", "one");
    add(&b, "lamp", "two");
    expect_refusal(&b, "-device lamp (two): every bus of kind PCI is full");

    open_build(&b);
    buses_add(&b.buses, BUS_PCI, "pcie.0", 0, NULL, &b.error);
    thing_set_text(add(&b, "test-lamp", "one"), "bus", "pcie.0");
    expect_refusal(&b, "the bus 'pcie.0' is full");

    open_build(&b);
    thing_set_text(add(&b, "test-lamp", "one"), "bus", "isa.0");
    expect_refusal(&b, "this machine has no bus 'isa.0'");

    open_build(&b);
    buses_add(&b.buses, BUS_SCSI, "scsi.0", 1, NULL, &b.error);
    thing_set_text(add(&b, "test-lamp", "one"), "bus", "scsi.0");
    expect_refusal(&b, "the bus 'scsi.0' is of kind SCSI, and it wants one of kind PCI");

    open_build(&b);
    buses_add(&b.buses, BUS_PCI, "pcie.0", 9, NULL, &b.error);
    add(&b, "test-lamp", "lamp"); /* the bench has one */
    expect_refusal(&b, "the machine has another device of that name");

    open_build(&b);
    buses_add(&b.buses, BUS_PCI, "pcie.0", 9, NULL, &b.error);
    assert_null(buses_add(&b.buses, BUS_PCI, "pcie.0", 9, NULL, &b.error));
    add(&b, "test-lamp", "an-id-of-more-than-23-bytes");
    expect_refusal(&b, "its id is longer than 23 bytes");
}

/* As a recording that was tampered with has it. */
static void test_forged_things(void **state)
{
    static const struct {
        const char *name, *text, *sentence;
        uint64_t number;
    } cases[] = {
        {"addr", NULL, "addr wants a number from 0 to 31", 32},
        {"addr", "7", "is a number, and not a text", 0},
        {"mode", NULL, "is a text, and not a number", 1},
        {"mode", "oh", "mode is one of", 0},
        {"colour", NULL, "no property `colour` that this program knows", 1},
        {"bus", NULL, "its `bus` is no name", 1},
        {"driver", "cray-1", "no model of a device is called 'cray-1'", 0},
        {"mac", "::::::", "mac wants six bytes", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct build b;
        struct machine_thing *t;

        open_build(&b);
        buses_add(&b.buses, BUS_PCI, "pcie.0", 9, NULL, &b.error);
        t = add(&b, "test-lamp", "one");
        if (cases[i].text != NULL) {
            thing_set_text(t, cases[i].name, cases[i].text);
        } else {
            thing_set_number(t, cases[i].name, cases[i].number);
        }
        expect_refusal(&b, cases[i].sentence);
    }
}

static void test_lists(void **state)
{
    struct text t = {0};

    (void)state;
    model_list(models, &t);
    assert_string_equal(t.data, "Controller/Bridge/Hub devices:\n"
                                "name \"test-hub\", bus PCI, desc \"a hub\"\n"
                                "\nMisc devices:\n"
                                "name \"test-lamp\", bus PCI, alias \"lamp\", desc \"a lamp\"\n");
    text_fini(&t);
    model_help(&lamp_model, &t);
    assert_non_null(strstr(t.data, "test-lamp options:\n"));
    assert_non_null(strstr(t.data, "  addr=<number> - where (default: 7)\n"));
    assert_non_null(strstr(t.data, "  mode=<auto|on|off> - how (default: auto)\n"));
    assert_non_null(strstr(t.data, "  mac=<str> - its address\n"));
    assert_null(strstr(t.data, "secret"));
    text_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),        cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_built),         cmocka_unit_test(test_refused_plugs),
        cmocka_unit_test(test_forged_things), cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
