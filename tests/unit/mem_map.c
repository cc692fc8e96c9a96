/* SPDX-License-Identifier: GPL-2.0-or-later
 * mem_map: the map against a model that knows each byte's answer; homes; DMA across blocks and into
 * windows; accesses in pieces.
 */
#include "mem/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t next(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *s >> 29;
}

/* ---- windows that write down what they are asked ---- */

struct said {
    char text[4096];
    size_t length;
};

static void say(struct said *s, const char *what, uint64_t at, unsigned size)
{
    s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length, "%s%llx.%u ",
                                  what, (unsigned long long)at, size);
    assert_true(s->length < sizeof s->text);
}

static uint64_t said_read(void *opaque, struct mem_access a)
{
    say(opaque, a.hart == MEM_NO_HART ? "dr" : "r", a.at, a.size);
    return bits_get(UINT64_C(0x0807060504030201) + a.at * UINT64_C(0x0101010101010101), 0,
                    8 * a.size);
}

static void said_write(void *opaque, struct mem_access a, uint64_t value)
{
    (void)value;
    say(opaque, a.hart == MEM_NO_HART ? "dw" : "w", a.at, a.size);
}

static void said_refused(void *opaque, uint64_t at, unsigned size, bool is_write)
{
    say(opaque, is_write ? "xw" : "xr", at, size);
}

static struct mem_window window_of(struct said *s, uint64_t size, uint8_t sizes)
{
    return (struct mem_window){.name = "w",
                               .size = size,
                               .opaque = s,
                               .read = said_read,
                               .write = said_write,
                               .sizes = sizes,
                               .refused = said_refused};
}

/* ---- against a model ---- */

enum { BLOCKS = 3, WINDOWS = 4, SPACE = 16 * PAGE_SIZE };

struct answer {
    struct mem_block *block;
    struct mem_window *window;
    uint64_t at;
    unsigned level;
};

struct model {
    struct answer *bytes[2]; /* from `base` on */
    paddr base;
};

static void model_lay(struct model *m, paddr base, uint64_t size, unsigned ways,
                      const struct answer *what)
{
    for (uint64_t i = 0; i < size && base + i >= base && base + i - m->base < SPACE; i++) {
        for (unsigned way = 0; way < 2; way++) {
            struct answer *a = &m->bytes[way][base + i - m->base];

            if ((ways >> way & 1) && what->level > a->level) {
                *a = *what;
                a->at += i;
            }
        }
    }
}

static void model_clear(struct model *m, const struct model *fixed)
{
    for (unsigned way = 0; way < 2; way++) {
        memcpy(m->bytes[way], fixed->bytes[way], SPACE * sizeof(*m->bytes[way]));
    }
}

static bool goes_on(const struct answer *a, const struct answer *b)
{
    return a->block == b->block && a->window == b->window &&
           ((a->block == NULL && a->window == NULL) || a->at + 1 == b->at);
}

/* Nothing may be said of a byte that is not so, and ranges may not end before they have to. */
static void compare(struct mem *mem, const struct model *m)
{
    for (unsigned way = 0; way < 2; way++) {
        for (unsigned i = 0; i < SPACE; i++) {
            const struct answer *a = &m->bytes[way][i], *other = &m->bytes[way ^ 1][i];
            struct mem_place p = mem_find(mem, m->base + i, way);

            assert_ptr_equal(p.block, a->block);
            assert_ptr_equal(p.window, a->window);
            if (a->block == NULL && a->window == NULL) {
                continue;
            }
            assert_int_equal(p.at, a->at);
            assert_int_equal(p.is_both, a->block == other->block && a->window == other->window &&
                                            a->at == other->at);
            if (i + p.left < SPACE) {
                assert_false(
                    goes_on(&m->bytes[way][i + p.left - 1], &m->bytes[way][i + p.left]) &&
                    goes_on(&m->bytes[way ^ 1][i + p.left - 1], &m->bytes[way ^ 1][i + p.left]));
            }
            assert_int_equal(p.is_whole,
                             p.before >= i % PAGE_SIZE && p.left >= PAGE_SIZE - i % PAGE_SIZE);
            for (uint64_t k = 1; k < p.left && i + k < SPACE; k += 1 + p.left / 7) {
                assert_ptr_equal(m->bytes[way][i + k].block, a->block);
                assert_int_equal(m->bytes[way][i + k].at, a->at + k);
            }
        }
    }
}

static void lay_something(struct mem *mem, struct model *m, struct mem_window *const *windows,
                          uint64_t *s)
{
    enum mem_way ways = (enum mem_way)(1 + next(s) % 3);
    enum mem_level level = (enum mem_level)(1 + next(s) % 3);
    struct answer what = {.level = level};
    paddr base = m->base + next(s) % SPACE;

    if (next(s) % 2) {
        struct mem_block *b = &mem->blocks[next(s) % BLOCKS];
        uint64_t offset = next(s) % (b->size >> PAGE_BITS) << PAGE_BITS;
        uint64_t size = (next(s) % ((b->size - offset) >> PAGE_BITS) + next(s) % 2) << PAGE_BITS;

        base = align_down(base, PAGE_SIZE);
        what.block = b;
        what.at = b->home + offset;
        mem_map_block(mem, base, b, offset, size, ways, level);
        model_lay(m, base, size, ways, &what);
    } else {
        what.window = windows[next(s) % WINDOWS];
        mem_map_window(mem, base, what.window, ways, level);
        model_lay(m, base, what.window->size, ways, &what);
    }
}

static unsigned changes;

static void changed(void *listener)
{
    (void)listener;
    changes++;
}

static struct answer *no_answers(void)
{
    return base_alloc(SPACE, sizeof(struct answer));
}

/* In the middle of all addresses, and at their end, where things are cut off. */
static void maps_are_the_models(void **state)
{
    static const uint64_t sizes[WINDOWS] = {1, 8, 0x1008, 0x2000};
    uint64_t s = 1;

    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct mem mem;
        struct error e;
        struct said said = {.length = 0};
        struct mem_window *windows[WINDOWS];
        paddr base = round % 2 ? -(paddr)SPACE : 0x40000000;
        struct model m = {.base = base, .bytes = {no_answers(), no_answers()}};
        struct model fixed = {.base = base, .bytes = {no_answers(), no_answers()}};
        struct answer ram = {.level = MEM_LEVEL_FIXED, .at = base + 4 * PAGE_SIZE};

        mem_init(&mem);
        assert_int_equal(mem_add_block(&mem, "ram", base + 4 * PAGE_SIZE, 6 * PAGE_SIZE, true, &e),
                         0);
        ram.block = &mem.blocks[0];
        model_lay(&fixed, ram.at, ram.block->size, MEM_BOTH, &ram);
        assert_non_null(mem_add_storage(&mem, "a", 3 * PAGE_SIZE, true, &e));
        assert_non_null(mem_add_storage(&mem, "b", PAGE_SIZE, false, &e));
        for (unsigned i = 0; i < WINDOWS; i++) {
            struct mem_window w = window_of(&said, sizes[i], 4);

            windows[i] = mem_add_loose_window(&mem, &w, &e);
            assert_non_null(windows[i]);
        }
        mem.map_changed = changed;
        for (unsigned n = 0; n < 8; n++) {
            unsigned things = (unsigned)(next(&s) % 8);

            mem_map_begin(&mem);
            model_clear(&m, &fixed);
            while (things-- > 0) {
                lay_something(&mem, &m, windows, &s);
            }
            mem_map_end(&mem);
            compare(&mem, &m);
        }
        mem_fini(&mem);
        for (unsigned way = 0; way < 2; way++) {
            free(m.bytes[way]);
            free(fixed.bytes[way]);
        }
    }
    assert_true(changes > 300);
}

/* ---- what is told and what is not ---- */

static void only_changes_are_told(void **state)
{
    struct mem mem;
    struct error e;
    struct mem_block *b;

    (void)state;
    mem_init(&mem);
    assert_int_equal(mem_add_block(&mem, "ram", 0x10000, 4 * PAGE_SIZE, true, &e), 0);
    b = mem_add_storage(&mem, "over", 2 * PAGE_SIZE, false, &e);
    mem.map_changed = changed;
    changes = 0;
    for (unsigned n = 0; n < 3; n++) { /* the same, laid down in two halves or as one */
        mem_map_begin(&mem);
        if (n == 1) {
            mem_map_block(&mem, 0x11000, b, 0, PAGE_SIZE, MEM_READS, MEM_LEVEL_OVER);
            mem_map_block(&mem, 0x12000, b, PAGE_SIZE, PAGE_SIZE, MEM_READS, MEM_LEVEL_OVER);
        } else {
            mem_map_block(&mem, 0x11000, b, 0, 2 * PAGE_SIZE, MEM_READS, MEM_LEVEL_OVER);
        }
        mem_map_end(&mem);
        assert_int_equal(changes, 1);
    }
    mem_map_begin(&mem); /* what lies under the RAM is not reached */
    mem_map_block(&mem, 0x11000, b, 0, 2 * PAGE_SIZE, MEM_BOTH, MEM_LEVEL_UNDER);
    mem_map_end(&mem);
    assert_int_equal(changes, 2);
    assert_true(mem_find(&mem, 0x10000, false).left == 4 * PAGE_SIZE);
    mem_fini(&mem);
}

/* ---- homes ---- */

static void homes_do_not_move(void **state)
{
    static const uint8_t byte = 7;
    struct mem mem;
    struct error e = {""};
    struct mem_block *a, *b;
    uint64_t hash, all;
    haddr home;
    uint8_t got;

    (void)state;
    mem_init(&mem);
    assert_int_equal(mem_add_block(&mem, "ram", 0x10000, PAGE_SIZE, true, &e), 0);
    assert_int_equal(mem.blocks[0].home, 0x10000);
    a = mem_add_storage(&mem, "a", 2 * PAGE_SIZE, true, &e);
    b = mem_add_storage(&mem, "b", PAGE_SIZE, true, &e);
    assert_int_equal(a->home, MEM_HOMES);
    assert_int_equal(b->home, MEM_HOMES + MEM_HOME_STEP);
    assert_null(mem_add_storage(&mem, "c", 0, true, &e));
    assert_null(mem_add_storage(&mem, "c", PAGE_SIZE + 1, true, &e));
    assert_int_equal(mem_add_block(&mem, "c", MEM_HOMES, PAGE_SIZE, true, &e), -1);
    assert_non_null(strstr(e.text, "the home of a"));
    assert_false(mem_write_bytes(&mem, MEM_HOMES, &byte, 1)); /* a home is no address */
    assert_true(mem_load_bytes(&mem, MEM_HOMES + 1, &byte, 1));
    hash = mem_page_hash(&mem, 1);
    mem_map_begin(&mem);
    mem_map_block(&mem, 0x20000, a, 0, 2 * PAGE_SIZE, MEM_BOTH, MEM_LEVEL_UNDER);
    mem_map_block(&mem, 0x30000, a, 0, PAGE_SIZE, MEM_BOTH, MEM_LEVEL_UNDER);
    mem_map_end(&mem);
    assert_int_equal(mem_page_hash(&mem, 1), hash);
    assert_true(mem_home_of(&mem, 0x30001, 4, &home));
    assert_int_equal(home, MEM_HOMES + 1);
    assert_false(mem_home_of(&mem, 0x30fff, 2, &home));
    assert_false(mem_home_of(&mem, 0x40000, 1, &home));
    all = mem_hash(&mem);
    assert_true(mem_write_bytes(&mem, 0x30002, &byte, 1)); /* seen at both places */
    assert_true(mem_read_bytes(&mem, 0x20002, &got, 1) && got == byte);
    assert_true(mem_peek_bytes(&mem, MEM_HOMES + 2, &got, 1) && got == byte);
    assert_true(mem_hash(&mem) != all);
    assert_int_equal(mem_hash(&mem), mem_hash_slow(&mem));
    mem_fini(&mem);
}

/* The numbers of a board on which nothing moves are those of its addresses. */
static void hashes_go_by_address(void **state)
{
    static const uint8_t byte = 1;
    uint8_t page[PAGE_SIZE] = {1};
    struct mem mem;
    struct error e;

    (void)state;
    mem_init(&mem);
    assert_int_equal(mem_add_block(&mem, "ram", 0x80000000, 2 * PAGE_SIZE, true, &e), 0);
    assert_true(mem_write_bytes(&mem, 0x80001000, &byte, 1));
    assert_int_equal(mem_hash(&mem), hash_bytes(page, PAGE_SIZE, 0x80001000));
    mem_fini(&mem);
}

/* ---- the bus ---- */

static void dma_goes_by_the_map(void **state)
{
    struct said said = {.length = 0};
    struct mem_window w = window_of(&said, 0x10, 1 | 4);
    uint8_t bytes[32], back[32];
    struct mem mem;
    struct error e;

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i + 1);
    }
    mem_init(&mem);
    assert_int_equal(mem_add_block(&mem, "a", 0x10000, PAGE_SIZE, true, &e), 0);
    assert_int_equal(mem_add_block(&mem, "b", 0x11000, PAGE_SIZE, true, &e), 0);
    assert_int_equal(mem_add_block(&mem, "rom", 0x12000, PAGE_SIZE, false, &e), 0);
    w.base = 0xfff8; /* before the blocks, by half */
    w.size = 8;
    assert_int_equal(mem_add_window(&mem, &w, &e), 0);
    assert_true(mem_bus_write(&mem, 0x10ff0, bytes, 32)); /* across two blocks */
    assert_true(mem_bus_read(&mem, 0x10ff0, back, 32));
    assert_memory_equal(bytes, back, 32);
    assert_memory_equal(mem.blocks[1].host, bytes + 16, 16);
    assert_int_equal(said.length, 0);
    assert_true(mem_bus_write(&mem, 0xfffb, bytes, 10)); /* out of the window into RAM */
    assert_string_equal(said.text, "dw3.1 dw4.4 ");
    assert_memory_equal(mem.blocks[0].host, bytes + 5, 5);
    said = (struct said){.length = 0};
    assert_true(mem_bus_read(&mem, 0xfffc, back, 6));
    assert_string_equal(said.text, "dr4.4 ");
    assert_int_equal(back[0], 5);
    assert_int_equal(back[4], bytes[5]);
    /* A part that is nowhere, or ROM that is written to: nothing is done. */
    said = (struct said){.length = 0};
    assert_false(mem_bus_write(&mem, 0x11ff8, bytes, 16));
    assert_false(mem_bus_write(&mem, 0xfff0, bytes, 32));
    assert_false(mem_bus_read(&mem, UINT64_MAX - 3, back, 8));
    assert_int_equal(said.length, 0);
    assert_int_equal(mem.blocks[1].host[0xff8], 0);
    assert_true(mem_bus_read(&mem, 0x11ff8, back, 16));
    mem_fini(&mem);
}

static void accesses_are_split(void **state)
{
    static const struct {
        uint64_t at, size;
        uint8_t sizes;
        bool whole;
        const char *says;
    } cases[] = {
        {0, 8, 15, true, "r0.8 "},
        {0, 8, 7, true, "r0.4 r4.4 "},
        {1, 8, 15, true, "r1.1 r2.2 r4.4 r8.1 "},
        {3, 4, 15, true, "r3.1 r4.2 r6.1 "},
        {0, 16, 15, true, "r0.8 r8.8 "},
        {2, 2, 1, true, "r2.1 r3.1 "},
        {1, 8, 4, false, "xr1.1 xr2.2 r4.4 xr8.1 "},
        {0, 2, 4, false, "xr0.2 "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct said said = {.length = 0};
        struct mem_window w = window_of(&said, 0x20, cases[i].sizes);
        uint8_t bytes[16];

        assert_int_equal(mem_window_read(&w, cases[i].at, bytes, cases[i].size, 0), cases[i].whole);
        assert_string_equal(said.text, cases[i].says);
        for (uint64_t k = 0; cases[i].whole && cases[i].sizes == 15 && k < 4; k++) {
            assert_true(bytes[k] != 0);
        }
        said = (struct said){.length = 0};
        assert_int_equal(mem_window_write(&w, cases[i].at, bytes, cases[i].size, 0),
                         cases[i].whole);
        for (char *c = strchr(said.text, 'w'); c != NULL; c = strchr(c, 'w')) {
            *c = 'r';
        }
        assert_string_equal(said.text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_the_models), cmocka_unit_test(only_changes_are_told),
        cmocka_unit_test(homes_do_not_move),   cmocka_unit_test(hashes_go_by_address),
        cmocka_unit_test(dma_goes_by_the_map), cmocka_unit_test(accesses_are_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
