/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_config: CONFIG of format 2: what a configuration lists comes back as it was, through a file
 * and with its files; what is damaged, unknown, of another kind or there twice is refused with a sentence
 * that names it; and a machine whose parts have changed refuses a recording, by the part's name.
 */
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../toy/toy_messages.h"
#include "journal/internal.h"

static const struct property_rule frame_rules[] = {
    {"at", PROPERTY_NUMBER, true, 0x1000, 0xf000},
    {"label", PROPERTY_TEXT, false, 0, 20},
    {"loud", PROPERTY_FLAG, false, 0, 0},
};
static const struct thing_class frames = {"toy-messages", frame_rules, ARRAY_LEN(frame_rules),
                                          THING_MAY_HAVE_FILE, NULL};
static const struct thing_class *const classes[] = {&frames};

static void make_config(struct machine_config *c)
{
    struct machine_thing *t;

    machine_config_init(c);
    (void)snprintf(c->arch, sizeof(c->arch), "toy");
    c->ram_bytes = 16 * MIB;
    t = machine_config_add_thing(c, "toy-messages", "frames0");
    thing_set_number(t, "at", TOY_MESSAGES);
    thing_set_text(t, "label", "first");
    t = machine_config_add_thing(c, "toy-messages", "frames1");
    thing_set_number(t, "at", 0xb000);
    thing_set_flag(t, "loud", true);
    t->file.name = base_strdup("greeting");
    t->file.data = (uint8_t *)base_strdup("hello");
    t->file.size = 5;
    t->file.hash = hash_bytes("hello", 5, 0);
}

/* A machine of the list, for a recording or a new one; NULL and a sentence. */
static struct machine *build(const struct machine_config *c, uint32_t behaviour, struct error *e)
{
    static uint8_t code[8192];
    struct machine *m;

    if (things_check(c->things.data, c->things.count, classes, 1, e) < 0 ||
        uses_check(&c->uses, "board", "toy/toy", behaviour, e) < 0) {
        return NULL;
    }
    m = toy_machine_begin(1, 97, code, toy_program(code, sizeof(code)));
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];

        toy_add_messages(m, thing_number(t, "at", 0), t->id);
    }
    must(machine_seal(m, e) == 0);
    must(machine_use(m, "board", "toy/toy", behaviour, e) == 0);
    return m;
}

static struct recording *through_bytes(const struct machine_config *c, struct error *e)
{
    const struct config_extra x = {
        .program = "test", .is_branch = true, .origin = {.at = 7, .name = "parent.rr"}};
    uint8_t header[HEADER_BYTES];
    byte_vec file = {0}, payload = {0};
    uint64_t chain = header_make(header);
    struct recording *r;

    bytes_add(&file, header, sizeof(header));
    config_write(&payload, c, &x, false);
    chunk_make(&file, CHUNK_CONFIG, payload.data, payload.count, true, &chain);
    payload.count = 0;
    bytes_add(&payload, "\x05\x00hello", 7); /* of the second thing */
    chunk_make(&file, CHUNK_BLOB, payload.data, payload.count, true, &chain);
    r = recording_parse(file.data, file.count, "NAME", false, e);
    vec_fini(&file);
    vec_fini(&payload);
    return r;
}

static void check_same(const struct machine_config *a, const struct machine_config *b)
{
    byte_vec x = {0}, y = {0};
    const struct config_extra none = {.uses = &(struct machine_uses){.everything = 1}};

    config_write(&x, a, &none, false);
    config_write(&y, b, &none, false);
    assert_int_equal(x.count, y.count);
    assert_memory_equal(x.data, y.data, x.count);
    vec_fini(&x);
    vec_fini(&y);
}

static void test_round_trip(void **state)
{
    struct machine_config c;
    struct recording_info info;
    struct recording *r;
    struct machine *m;
    struct error e = {{0}};

    (void)state;
    make_config(&c);
    m = build(&c, 1, &e);
    c.uses = *machine_uses(m);
    r = through_bytes(&c, &e);
    assert_string_equal(e.text, "");
    check_same(recording_config(r), &c);
    assert_memory_equal(recording_config(r)->things.data[1].file.data, "hello", 5);
    assert_int_equal(recording_origin(r)->at, 7);
    recording_get_info(r, &info);
    assert_int_equal(info.format, 2);
    assert_int_equal(info.file_count, 1);
    assert_string_equal(info.files[0].role, "frames1");
    assert_non_null(uses_find(&recording_config(r)->uses, "device", "toy-messages"));
    machine_free(m);
    m = build(recording_config(r), 1, &e);
    assert_non_null(m);
    assert_true(machine_port_by_name(m, "frames1") > 0);
    machine_free(m);
    recording_close(r);
    machine_config_fini(&c);
}

/* Through a file that a journal made, with a message to each device; replayed on a machine that was built
 * of what the file says. */
static void test_recorded(void **state)
{
    const char *path = "journal_config.rr";
    const struct journal_options options = {.force = true};
    struct machine_config c;
    struct error e = {{0}};
    struct machine *m;
    struct journal *j;
    uint64_t hash;

    (void)state;
    make_config(&c);
    m = build(&c, 1, &e);
    c.uses = *machine_uses(m);
    j = journal_record(path, &c, &options, NULL, NULL, &e);
    assert_non_null(j);
    journal_attach(j, m);
    for (unsigned i = 0; i < 10; i++) {
        for (unsigned k = 0; k < 2; k++) {
            uint16_t port = (uint16_t)machine_port_by_name(m, k == 0 ? "frames0" : "frames1");

            assert_int_equal(journal_post_message(j, port, "one message", 1 + i), POSTED);
            assert_int_equal(journal_post_message(j, port, path, TOY_MESSAGE_MAX + 1), POST_NEVER);
        }
        assert_int_equal(journal_drive(j, m, machine_state(m)->now + 20000, false), JOURNAL_TICK);
    }
    hash = machine_hash(m);
    assert_int_equal(journal_finish(j, END_QUIT, &e), 0);
    assert_true(recording_input_count(journal_recording(j)) >= 6);
    journal_close(j);
    machine_free(m);
    machine_config_fini(&c);

    j = journal_replay(path, NULL, NULL, &e);
    assert_non_null(j);
    m = build(journal_config(j), 1, &e);
    journal_attach(j, m);
    assert_int_equal(journal_drive(j, m, TICK_NEVER, false), JOURNAL_END);
    assert_true(machine_hash(m) == hash);
    journal_close(j);
    machine_free(m);
    (void)unlink(path);
}

static void expect(const struct machine_config *c, const char *words)
{
    struct error e = {{0}};

    assert_int_equal(things_check(c->things.data, c->things.count, classes, 1, &e), -1);
    assert_non_null(strstr(e.text, words));
}

static void test_rules(void **state)
{
    struct machine_config c;
    struct machine_thing *t;

    (void)state;
    make_config(&c);
    t = &c.things.data[0];
    thing_set_number(t, "at", 0x100);
    expect(&c, "`at` of `toy-messages` (frames0) is out of bounds");
    thing_set_text(t, "at", "somewhere");
    expect(&c, "is a number, and not a text");
    thing_set_number(t, "at", 0x1000);
    thing_set_text(t, "label", "a label that is too long");
    expect(&c, "is no text of up to 20 bytes");
    thing_set_text(t, "label", "");
    thing_set_number(t, "colour", 1);
    expect(&c, "no property `colour`");
    (void)snprintf(t->properties.data[2].name, MACHINE_NAME_MAX, "label");
    expect(&c, "`label` twice");
    free(t->properties.data[1].text);
    t->properties.count = 0;
    expect(&c, "lacks the property `at`");
    thing_set_number(t, "at", 0x1000);
    (void)snprintf(t->id, MACHINE_NAME_MAX, "frames1");
    expect(&c, "two things are called `frames1`");
    (void)snprintf(t->class, MACHINE_NAME_MAX, "disk");
    expect(&c, "knows no `disk`");
    machine_config_fini(&c);
}

static void refuse(const struct machine_config *c, uint32_t behaviour, const char *words)
{
    struct error e = {{0}};

    assert_null(build(c, behaviour, &e));
    assert_non_null(strstr(e.text, words));
}

/* Only what is used counts. */
static void test_behaviours(void **state)
{
    struct machine_uses recorded = {0};
    struct machine_config c;
    struct machine *m;
    struct error e = {{0}};

    (void)state;
    make_config(&c);
    m = build(&c, 3, &e);
    c.uses = *machine_uses(m);
    machine_free(m);
    refuse(&c, 4, "needs behaviour 3 of the board `toy/toy`, and this program has 4");

    uses_add(&recorded, "machine", "core", MACHINE_BEHAVIOUR);
    assert_int_equal(uses_check(&recorded, "device", "uart", 7, &e), 0); /* nobody said */
    uses_add(&recorded, "device", "uart", 7);
    assert_int_equal(uses_check(&recorded, "device", "uart", 7, &e), 0);
    assert_int_equal(uses_check(&recorded, "device", "uart", 8, &e), -1);
    assert_non_null(strstr(e.text, "behaviour 7 of the device `uart`"));
    assert_int_equal(uses_check(&recorded, "device", "disk", 1, &e), -1);
    assert_non_null(strstr(e.text, "without the device `disk`"));
    assert_int_equal(uses_check_all(&recorded, &c.uses, &e), -1);
    assert_non_null(strstr(e.text, "uses the device `uart`"));
    recorded = (struct machine_uses){.everything = 2}; /* of format 1 */
    assert_int_equal(uses_check(&recorded, "isa", "any", 2, &e), 0);
    assert_int_equal(uses_check(&recorded, "isa", "any", 3, &e), -1);
    machine_config_fini(&c);
}

/* Every cut, and many changes of one byte: never a crash, and what is read can be written again. */
static void test_damage(void **state)
{
    const struct config_extra x = {.program = "test"};
    struct machine_config c;
    byte_vec payload = {0};
    unsigned refused = 0, read = 0;

    (void)state;
    make_config(&c);
    config_write(&payload, &c, &x, false);
    for (size_t i = 0; i < 40 * payload.count; i++) {
        struct machine_config got;
        struct config_extra extra = {.uses = NULL};
        struct image_note notes[MACHINE_FILES_MAX] = {{false, 0, 0}};
        struct error e = {{0}};
        size_t at = i % payload.count, count = i < payload.count ? at : payload.count;
        uint8_t *bytes = base_alloc(count + 1, 1), was;

        memcpy(bytes, payload.data, count);
        was = bytes[at];
        bytes[at] = i < payload.count ? was : (uint8_t)(was + i / payload.count * 13);
        if (config_read(2, bytes, count, &got, &extra, notes, &e) == 0) {
            byte_vec again = {0};

            config_write(&again, &got, &extra, false);
            vec_fini(&again);
            read++;
        } else {
            assert_true(strlen(e.text) > 10);
            refused++;
        }
        machine_config_fini(&got);
        free(bytes);
    }
    assert_true(refused > payload.count && read > 0);
    vec_fini(&payload);
    machine_config_fini(&c);
}

/* What would be read as something else is not written at all. */
static void test_reserved(void **state)
{
    static const char *const reserved[] = {"machine", "cpu", "kernel", "note", "behaviour", "Disk"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
        struct machine_config c;
        struct error e = {{0}};

        make_config(&c);
        assert_int_equal(config_check(&c, &e), 0);
        (void)snprintf(c.things.data[0].class, MACHINE_NAME_MAX, "%s", reserved[i]);
        assert_int_equal(config_check(&c, &e), -1);
        assert_non_null(strstr(e.text, "cannot be recorded"));
        machine_config_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_rules),      cmocka_unit_test(test_behaviours),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_reserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
