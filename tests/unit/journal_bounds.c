/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a reader bounds, the writer keeps to: recordings that are long, or pack well, or whose kernel
 * is larger than the memory are written so that they are read. What no writer makes is refused.
 */
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/host.h"
#include "journal/tape.h"
#include "journal_inputs.h"

#define PATH "journal_bounds.rr"

static void make_config(struct machine_config *c)
{
    machine_config_init(c);
    memcpy(c->arch, "riscv64", sizeof("riscv64"));
    c->ram_bytes = MIB;
}

/* Through a file, as a branch's past is. The recording is freed. */
static struct recording *through_file(struct recording *r, struct error *e)
{
    const struct journal_options options = {.force = true};
    struct recording_end end = {.why = END_QUIT, .last = {.at = r->known}};
    struct recording *read;
    struct writer *w;

    r->extra.is_branch = true;
    recording_set_by_reference(r, false);
    w = writer_open(PATH, r, &options, NULL, e);
    assert_non_null(w);
    assert_int_equal(writer_finish(w, &end, e), 0);
    writer_free(w);
    recording_close(r);
    read = recording_open(PATH, e);
    (void)unlink(PATH);
    return read;
}

static void add(struct recording *r, tick at, uint16_t port, const uint8_t *bytes, uint32_t length)
{
    tape_add_input(r->tape,
                   &(struct input){.at = at, .port = port, .length = length, .data = bytes});
}

/* 96 MiB that pack to nothing. */
static void test_inputs(void **state)
{
    enum { COUNT = 96 * 1024 };
    static const uint8_t bytes[1024];
    struct machine_config c;
    struct recording *r;
    struct error e;

    (void)state;
    make_config(&c);
    r = recording_new_live(&c);
    for (unsigned i = 0; i < COUNT; i++) {
        add(r, i, 1, bytes, sizeof(bytes));
    }
    r->known = COUNT;
    r = through_file(r, &e);
    assert_non_null(r);
    assert_null(recording_problem(r));
    assert_int_equal(recording_input_count(r), COUNT);
    recording_close(r);
    machine_config_fini(&c);
}

/* 10^12 instructions without a rule that makes witnesses rarer. */
static void test_witnesses(void **state)
{
    const uint64_t spacing = UINT64_C(1) << 24, count = UINT64_C(1000000000000) / spacing;
    struct machine_config c;
    struct recording *r;
    struct error e;

    (void)state;
    make_config(&c);
    r = recording_new_live(&c);
    for (uint64_t i = 1; i <= count; i++) {
        struct witness w = {.at = i * spacing, .instructions = i * spacing, .hash = i};

        vec_push(&r->witnesses, w);
    }
    r->known = count * spacing;
    r = through_file(r, &e);
    assert_non_null(r);
    assert_null(recording_problem(r));
    assert_int_equal(recording_witness_count(r), count);
    recording_close(r);
    machine_config_fini(&c);
}

/* A kernel with more debugging information than the machine has memory. */
static void test_large_kernel(void **state)
{
    struct machine_config c;
    struct recording *r;
    struct error e;

    (void)state;
    make_config(&c);
    c.images[IMAGE_KERNEL] = (struct machine_image){
        .name = base_strdup("vmlinux"), .data = base_alloc(9 * MIB, 1), .size = 9 * MIB};
    c.images[IMAGE_KERNEL].hash = hash_bytes(c.images[IMAGE_KERNEL].data, 9 * MIB, 0);
    r = recording_new_live(&c);
    r = through_file(r, &e);
    assert_non_null(r);
    assert_int_equal(recording_config(r)->images[IMAGE_KERNEL].size, 9 * MIB);
    recording_close(r);
    machine_config_fini(&c);
}

/* A RAM disk that the memory cannot hold is of no use; nor is a device tree without end. */
static void test_sizes(void **state)
{
    struct machine_config c;
    struct error e;

    (void)state;
    make_config(&c);
    assert_int_equal(machine_config_check_image(&c, IMAGE_INITRD, MIB, &e), 0);
    assert_int_equal(machine_config_check_image(&c, IMAGE_INITRD, MIB + 1, &e), -1);
    assert_int_equal(machine_config_check_image(&c, IMAGE_DTB, MACHINE_TREE_MAX, &e), 0);
    assert_int_equal(machine_config_check_image(&c, IMAGE_DTB, MACHINE_TREE_MAX + 1, &e), -1);
    assert_int_equal(machine_config_check_image(&c, IMAGE_KERNEL, MACHINE_IMAGE_MAX, &e), 0);
    assert_int_equal(machine_config_check_image(&c, IMAGE_KERNEL, MACHINE_IMAGE_MAX + 1, &e), -1);
    machine_config_fini(&c);
}

/* Compact as they are kept, all of what an input can be fits. */
static void test_entries(void **state)
{
    static const uint8_t bytes[INPUT_BYTES_MAX] = {1, 2, 3};
    struct machine_config c;
    struct recording *r;
    struct input in;

    (void)state;
    make_config(&c);
    r = recording_new_live(&c);
    add(r, 5, 0, bytes, 0);
    add(r, 7, MACHINE_PORTS_MAX - 1, bytes, INPUT_BYTES_MAX);
    add(r, TICK_NEVER - 2, 3, bytes + 1, 2);
    input_of(r, 1, &in);
    assert_true(in.at == 7 && in.port == MACHINE_PORTS_MAX - 1 && in.length == INPUT_BYTES_MAX);
    input_of(r, 2, &in);
    assert_true(in.at == TICK_NEVER - 2 && in.port == 3 && in.length == 2 && in.data[1] == 3);
    recording_close(r);
    machine_config_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs),       cmocka_unit_test(test_witnesses),
        cmocka_unit_test(test_large_kernel), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
