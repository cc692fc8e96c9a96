/* SPDX-License-Identifier: GPL-2.0-or-later
 * Machines hold the images that they are built from together with their owner: they are the same
 * machines as those with copies, also after a reset when everybody else has let go.
 */
#include "board/board.h"
#include "machine/internal.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#define IMAGE_SIZE (3 * MIB + 5)

static void fill(struct machine_image *image, const char *name, uint8_t step)
{
    image->name = base_strdup(name);
    image->data = base_alloc(IMAGE_SIZE, 1);
    image->size = IMAGE_SIZE;
    for (size_t i = 0; i < IMAGE_SIZE; i++) {
        image->data[i] = (uint8_t)(i * step >> 3);
    }
}

static void pack(struct machine_image *image)
{
    uint8_t *out = base_alloc(2 * IMAGE_SIZE, 1);
    z_stream z = {.next_in = image->data,
                  .avail_in = (uInt)image->size,
                  .next_out = out,
                  .avail_out = 2 * IMAGE_SIZE};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    image->size = z.total_out;
    (void)deflateEnd(&z);
    free(image->data);
    image->data = out;
}

static void make(struct machine_config *c, bool packed, bool shared)
{
    machine_config_init(c);
    memcpy(c->arch, "riscv64", sizeof("riscv64"));
    c->ram_bytes = 16 * MIB;
    c->bios_none = 1;
    fill(&c->images[IMAGE_KERNEL], "kernel", 7);
    fill(&c->images[IMAGE_INITRD], "initrd", 13);
    if (packed) {
        pack(&c->images[IMAGE_KERNEL]);
    }
    for (unsigned i = 0; i < IMAGE_COUNT && shared; i++) {
        machine_image_share(&c->images[i]);
    }
}

/* Two machines of one config, which goes first. */
static void compare(bool packed)
{
    struct machine_config plain, shared;
    struct machine *copied, *one, *two;
    struct error e;

    make(&plain, packed, false);
    make(&shared, packed, true);
    copied = board_build(&plain, &e);
    one = board_build(&shared, &e);
    two = board_build(&shared, &e);
    assert_true(copied != NULL && one != NULL && two != NULL);
    machine_config_fini(&plain);
    machine_config_fini(&shared);
    assert_true(machine_hash(copied) == machine_hash(one));
    machine_free(two);
    machine_power_on(one, RESET_WARM);
    machine_power_on(copied, RESET_WARM);
    assert_true(machine_hash_slow(copied) == machine_hash_slow(one));
    machine_free(copied);
    machine_free(one);
}

static void test_plain(void **state)
{
    (void)state;
    compare(false);
}

static void test_packed(void **state)
{
    (void)state;
    compare(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain), cmocka_unit_test(test_packed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
