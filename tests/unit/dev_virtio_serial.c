/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio/serial.c: a console and named streams: what a driver of several ports is told, and when; bytes both ways,
 * which wait outside until somebody in the guest has opened the port and given room; one that knows of a
 * single port; emergency writes; where ports may be plugged in; and a hostile driver.
 */
#include "virtio_driver.h"

#define MULTIPORT (UINT64_C(1) << 1)

enum { IN0 = 0, OUT0 = 1, CONTROL_IN = 2, CONTROL_OUT = 3, IN1 = 4, OUT1 = 5, QUEUES = 6 };
enum { READY = 0, ADD = 1, PORT_READY = 3, CONSOLE = 4, OPEN = 6, NAME = 7 };
#define ROOM_AT(queue) (DRIVER_BUFFERS + (queue)*0x1000)
#define OUT_AT         (DRIVER_BUFFERS + 0x20000)

struct rig {
    struct driver driver;
    struct device *console, *stream;
};

static struct device *device_called(struct driver *d, const char *name)
{
    for (unsigned i = 0; i < machine_device_count(d->bench.machine); i++) {
        if (strcmp(machine_device(d->bench.machine, i)->name, name) == 0) {
            return machine_device(d->bench.machine, i);
        }
    }
    return NULL;
}

static struct machine_thing *add(struct machine_config *c, const char *driver, const char *id)
{
    struct machine_thing *t = machine_config_add_thing(c, MODEL_CLASS, id);

    thing_set_text(t, "driver", driver);
    return t;
}

static void open_rig(struct rig *r, bool is_packed, unsigned most)
{
    struct machine_config c;
    struct machine_thing *t;

    machine_config_init(&c);
    t = add(&c, "virtio-serial-pci", "d");
    thing_set_text(t, "addr", "4");
    thing_set_flag(t, "packed", is_packed);
    thing_set_number(t, "max_ports", most);
    thing_set_text(add(&c, "virtconsole", "con"), "chardev", "a");
    if (most > 1) {
        t = add(&c, "virtserialport", "p");
        thing_set_text(t, "chardev", "b");
        thing_set_text(t, "name", "org.test");
    }
    driver_open_pci(&r->driver, &c, DRIVER_MODERN);
    machine_config_fini(&c);
    r->console = device_called(&r->driver, "con");
    r->stream = device_called(&r->driver, "p");
}

static void give_room(struct driver *d, unsigned queue, uint32_t size)
{
    struct buffer b = {ROOM_AT(queue), size, true};

    (void)driver_put(d, queue, &b, 1);
    driver_notify(d, queue);
}

/* The next control message, and room for another one; false: there is none. */
static bool hear(struct driver *d, unsigned *port, unsigned *event, unsigned *value, char *name)
{
    unsigned id;
    uint32_t written;

    if (!driver_get(d, CONTROL_IN, 1, &id, &written)) {
        return false;
    }
    assert_true(written >= 8);
    *port = (unsigned)ram_get(d, ROOM_AT(CONTROL_IN), 4);
    *event = (unsigned)ram_get(d, ROOM_AT(CONTROL_IN) + 4, 2);
    *value = (unsigned)ram_get(d, ROOM_AT(CONTROL_IN) + 6, 2);
    memset(name, 0, 64);
    assert_true(
        mem_read_bytes(machine_mem(d->bench.machine), ROOM_AT(CONTROL_IN) + 8, name, written - 8));
    give_room(d, CONTROL_IN, 80);
    return true;
}

static void expect(struct driver *d, unsigned port, unsigned event, const char *name)
{
    unsigned got_port, got_event, value;
    char got_name[64];

    assert_true(hear(d, &got_port, &got_event, &value, got_name));
    assert_int_equal(got_port, port);
    assert_int_equal(got_event, event);
    assert_int_equal(value, 1);
    assert_string_equal(got_name, name);
}

static void expect_nothing(struct driver *d)
{
    unsigned id;
    uint32_t written;

    assert_false(driver_get(d, CONTROL_IN, 1, &id, &written));
}

static void say_to(struct driver *d, unsigned port, unsigned event, unsigned value)
{
    struct buffer b = {OUT_AT, 8, false};
    unsigned id;
    uint32_t written;

    ram_set(d, OUT_AT, 8, port | (uint64_t)event << 32 | (uint64_t)value << 48);
    (void)driver_put(d, CONTROL_OUT, &b, 1);
    driver_notify(d, CONTROL_OUT);
    assert_true(driver_get(d, CONTROL_OUT, 1, &id, &written));
}

static void write_to(struct driver *d, unsigned queue, struct device *port, const char *text)
{
    struct buffer b = {OUT_AT, (uint32_t)strlen(text), false};
    unsigned id;
    uint32_t written;

    d->bench.device = port;
    d->bench.sent_count = 0;
    assert_true(mem_write_bytes(machine_mem(d->bench.machine), OUT_AT, text, strlen(text)));
    (void)driver_put(d, queue, &b, 1);
    driver_notify(d, queue);
    assert_true(driver_get(d, queue, 1, &id, &written));
    assert_int_equal(d->bench.sent_count, strlen(text));
    assert_memory_equal(d->bench.sent, text, strlen(text));
}

static uint32_t room(const struct device *port)
{
    return port->class->room(port);
}

static void test_several_ports(void **state)
{
    (void)state;
    for (unsigned is_packed = 0; is_packed < 2; is_packed++) {
        struct rig r;
        struct driver *d = &r.driver;
        unsigned id;
        uint32_t written;
        char text[8] = {0};

        open_rig(&r, is_packed != 0, 7);
        driver_start(d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, QUEUES);
        assert_true((d->features & MULTIPORT) != 0);
        assert_int_equal(reg_get(d, R_CONFIG + 4), 7);
        say_to(d, UINT32_MAX, READY, 1); /* before there is room to be told: it is owed */
        expect_nothing(d);
        give_room(d, CONTROL_IN, 80);
        expect(d, 0, ADD, "");
        expect(d, 1, ADD, "");
        expect_nothing(d);
        say_to(d, 1, PORT_READY, 1);
        expect(d, 1, NAME, "org.test");
        expect(d, 1, OPEN, "");
        say_to(d, 0, PORT_READY, 1);
        expect(d, 0, CONSOLE, "");
        expect(d, 0, OPEN, "");
        expect_nothing(d);
        /* Out. */
        write_to(d, OUT0, r.console, "hello");
        write_to(d, OUT1, r.stream, "stream");
        /* In: only an open port with room takes something, and as much as there is room for. */
        give_room(d, IN1, 5);
        assert_int_equal(room(r.stream), 0);
        say_to(d, 1, OPEN, 1);
        assert_int_equal(room(r.stream), 5);
        assert_int_equal(room(r.console), 0);
        d->bench.device = r.stream;
        bench_input(&d->bench, "abc", 3);
        assert_true(driver_get(d, IN1, 1, &id, &written));
        assert_int_equal(written, 3);
        assert_true(mem_read_bytes(machine_mem(d->bench.machine), ROOM_AT(IN1), text, 3));
        assert_string_equal(text, "abc");
        assert_int_equal(room(r.stream), 0);
        assert_true(driver_line(d));
        give_room(d, IN1, 5);
        say_to(d, 1, OPEN, 0);
        assert_int_equal(room(r.stream), 0);
        /* A port that is not there. */
        assert_int_equal(d->bench.complaints, 0);
        say_to(d, 3, OPEN, 1);
        say_to(d, 77, PORT_READY, 1);
        assert_int_equal(d->bench.complaints, 2);
        expect_nothing(d);
        driver_close(d);
    }
}

/* A driver that knows of one port; and a device that has one. */
static void test_one_port(void **state)
{
    (void)state;
    for (unsigned most = 1; most <= 7; most += 6) {
        struct rig r;
        struct driver *d = &r.driver;
        unsigned id;
        uint32_t written;

        open_rig(&r, false, most);
        driver_start(d, UINT64_MAX & ~(MULTIPORT | VIRTIO_F_EVENT_IDX), 2);
        assert_int_equal(at_get(&d->bench, MODERN_AT + 0x12, 2), most == 1 ? 2 : 16);
        write_to(d, OUT0, r.console, "one");
        assert_int_equal(room(r.console), 0);
        give_room(d, IN0, 0x900);
        assert_int_equal(room(r.console), 0x900);
        bench_input(&d->bench, "x", 1);
        assert_true(driver_get(d, IN0, 1, &id, &written));
        assert_int_equal(written, 1);
        /* Emergency: without rings, without a driver. */
        reg_set(d, R_STATUS, 0);
        assert_int_equal(room(r.console), 0);
        d->bench.sent_count = 0;
        reg_set(d, R_CONFIG + 8, 'E');
        assert_int_equal(d->bench.sent_count, 1);
        assert_int_equal(d->bench.sent[0], 'E');
        driver_close(d);
    }
}

/* Buffers that are no memory, or to be read, do no harm: bytes are lost, or the device breaks. */
static void test_bad_room(void **state)
{
    (void)state;
    for (unsigned what = 0; what < 3; what++) {
        struct buffer b = {what == 0 ? 0x1000 : ROOM_AT(IN0), what == 1 ? 0 : 16, what != 2};
        struct rig r;
        struct driver *d = &r.driver;

        open_rig(&r, false, 1);
        driver_start(d, UINT64_MAX, 2);
        (void)driver_put(d, IN0, &b, 1);
        assert_true(room(r.console) > 0);
        d->bench.device = r.console;
        bench_input(&d->bench, "x", 1);
        assert_int_equal(room(r.console), 0);
        driver_close(d);
    }
}

static int plug_two(const char *a_nr, const char *a_model, struct error *e)
{
    struct machine_config c;
    struct machine_thing *t;
    struct bench b;
    struct buses buses;
    int result;

    machine_config_init(&c);
    thing_set_number(add(&c, "virtio-serial-pci", "vs"), "max_ports", 3);
    (void)add(&c, "virtserialport", "first");
    t = add(&c, a_model, "second");
    if (a_nr != NULL) {
        assert_int_equal(model_set(model_find(dev_models, a_model), t, "nr", a_nr, e), 0);
    }
    bench_open_unsealed(&b, &scratch, NULL, 0, 1);
    buses_init(&buses, b.machine, &c);
    assert_non_null(pci_host_add(&buses, &pci_config, e));
    result = buses_plug(&buses, dev_models, e);
    buses_fini(&buses);
    bench_close(&b);
    machine_config_fini(&c);
    return result;
}

static void test_places(void **state)
{
    (void)state;
    struct error e = {""};

    assert_int_equal(plug_two(NULL, "virtserialport", &e), 0);
    assert_int_equal(plug_two("2", "virtserialport", &e), 0);
    assert_int_equal(plug_two(NULL, "virtconsole", &e), 0);
    assert_int_equal(plug_two("1", "virtserialport", &e), -1);
    assert_non_null(strstr(e.text, "port 1 of 'vs.0' is taken"));
    assert_int_equal(plug_two("0", "virtserialport", &e), -1);
    assert_non_null(strstr(e.text, "port 0 is a virtconsole's"));
    assert_int_equal(plug_two("3", "virtconsole", &e), -1);
    assert_non_null(strstr(e.text, "less than 3"));
}

static void test_hostile(void **state)
{
    (void)state;
    const char *rounds_text = getenv("REPRISE_ROUNDS");
    unsigned rounds = rounds_text != NULL ? (unsigned)atoi(rounds_text) : 5000;
    uint64_t random = 1;

    for (unsigned is_packed = 0; is_packed < 2; is_packed++) {
        struct rig r;
        struct driver *d = &r.driver;

        open_rig(&r, is_packed != 0, 7);
        driver_start(d, UINT64_MAX, QUEUES);
        for (unsigned i = 0; i < rounds; i++) {
            unsigned kind, queue;

            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            kind = (unsigned)(random >> 60);
            queue = (unsigned)(random >> 50) % QUEUES;
            if (kind == 0) {
                driver_start(d, UINT64_MAX, QUEUES);
            } else if (kind < 5) {
                ram_set(d, queue_at(queue) + (random >> 20 & 0x1ffe), 2, random >> 33 & 0xff);
            } else if (kind < 10) { /* messages and bytes of chance */
                ram_set(d, DRIVER_BUFFERS + (random >> 20 & 0xfff8), 8, random >> 30 & 0xf000f000f);
                ram_set(d, queue_at(queue) + (random >> 20 & 0x70), 8,
                        DRIVER_BUFFERS + (random >> 40 & 0xffff));
                ram_set(d, queue_at(queue) + (random >> 20 & 0x70) + 8, 4, random >> 45 & 0x3f);
                ram_set(d, driver_area(queue) + 2, 2, ram_get(d, driver_area(queue) + 2, 2) + 1);
                d->bench.sent_count = 0;
                d->bench.device = queue == OUT0 ? r.console : r.stream;
                driver_notify(d, queue);
            } else {
                struct device *port = random >> 20 & 1 ? r.console : r.stream;

                if (room(port) > 0) {
                    d->bench.device = port;
                    bench_input(&d->bench, "?", 1);
                }
            }
        }
        driver_close(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_ports), cmocka_unit_test(test_one_port),
        cmocka_unit_test(test_bad_room),      cmocka_unit_test(test_places),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
