/* SPDX-License-Identifier: GPL-2.0-or-later
 * mem: what is known of pages. Dirty lists, the incremental hash against the one made from
 * nothing, code granules and table entries told exactly, restores.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { PAGE0 = TINY_RAM, PAGE1 = TINY_RAM + 0x1000 };

static int setup(void **state)
{
    struct tiny *t = base_alloc(1, sizeof(*t));

    tiny_init(t);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    tiny_fini(*state);
    free(*state);
    return 0;
}

/* A small generator, the same everywhere. */
static uint64_t next(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *s >> 29;
}

static struct mem_window *window_at(struct tiny *t, paddr at)
{
    return mem_find(&t->mem, at, false).window;
}

static void blocks_and_windows_do_not_overlap(void **state)
{
    struct tiny *t = *state;
    struct mem_window w = {.name = "w", .base = 0x60000, .size = 0x10};
    struct error e = {""};

    assert_int_equal(mem_add_block(&t->mem, "x", TINY_RAM + 0x1000, 0x1000, true, &e), -1);
    assert_non_null(strstr(e.text, "ram"));
    assert_int_equal(mem_add_block(&t->mem, "x", 0x50000, 0x1001, true, &e), -1);
    assert_int_equal(mem_add_block(&t->mem, "x", 0x50000, 0, true, &e), -1);
    assert_int_equal(mem_add_block(&t->mem, "x", UINT64_MAX - 0xfff, 0x2000, true, &e), -1);
    assert_int_equal(mem_add_window(&t->mem, &w, &e), 0);
    assert_int_equal(mem_add_window(&t->mem, &w, &e), -1);
    w.base = 0x5fff8;
    assert_int_equal(mem_add_window(&t->mem, &w, &e), -1);
    w.base = 0x5fff0;
    assert_int_equal(mem_add_window(&t->mem, &w, &e), 0);
    assert_ptr_equal(window_at(t, 0x60001), window_at(t, 0x6000f));
    assert_null(window_at(t, 0x60010));
    assert_int_equal(window_at(t, 0x5ffff)->base, 0x5fff0);
    assert_null(window_at(t, 0x5ffef));
    w.base = 0x100; /* before all others */
    assert_int_equal(mem_add_window(&t->mem, &w, &e), 0);
    assert_int_equal(window_at(t, 0x10f)->base, 0x100);
    assert_non_null(window_at(t, TINY_DEVICE));
    w.base = 0;
    w.size = 0;
    assert_int_equal(mem_add_window(&t->mem, &w, &e), -1);
    /* The last byte of the address space is a place like any other. */
    assert_int_equal(mem_add_block(&t->mem, "top", UINT64_MAX - 0xfff, 0x1000, true, &e), 0);
    assert_int_equal(mem_add_block(&t->mem, "sixteen letters!", 0x100000, 0x1000, true, &e), 0);
    assert_string_equal(t->mem.blocks[3].name, "sixteen letters");
    assert_true(mem_write_bytes(&t->mem, UINT64_MAX, "x", 1));
    assert_false(mem_write_bytes(&t->mem, UINT64_MAX, "xy", 2));
}

static void ranges_are_whole_or_refused(void **state)
{
    struct tiny *t = *state;
    uint8_t bytes[16] = {1};

    assert_true(mem_write_bytes(&t->mem, TINY_RAM + TINY_RAM_BYTES - 16, bytes, 16));
    assert_false(mem_write_bytes(&t->mem, TINY_RAM + TINY_RAM_BYTES - 15, bytes, 16));
    assert_false(mem_read_bytes(&t->mem, TINY_RAM - 1, bytes, 2));
    assert_false(mem_read_bytes(&t->mem, TINY_RAM, bytes, UINT64_MAX));
    assert_false(mem_write_bytes(&t->mem, TINY_ROM, bytes, 1));
    assert_int_equal(t->dma_writes, 1);
    assert_true(mem_load_bytes(&t->mem, TINY_ROM, bytes, 1));
    assert_int_equal(t->mem.blocks[1].host[0], 1);
    assert_false(mem_load_bytes(&t->mem, TINY_DEVICE, bytes, 1));
}

static void zero_pages_hash_to_zero(void **state)
{
    struct tiny *t = *state;
    uint8_t one = 1, zero = 0;
    uint64_t a, b;

    assert_int_equal(mem_hash(&t->mem), 0);
    mem_write_bytes(&t->mem, PAGE0, &zero, 1);
    assert_int_equal(mem_hash(&t->mem), 0);
    mem_write_bytes(&t->mem, PAGE0, &one, 1);
    a = mem_hash(&t->mem);
    assert_int_not_equal(a, 0);
    mem_write_bytes(&t->mem, PAGE0, &zero, 1);
    mem_write_bytes(&t->mem, PAGE1, &one, 1);
    b = mem_hash(&t->mem);
    /* The same bytes elsewhere are another state. */
    assert_int_not_equal(a, b);
    mem_write_bytes(&t->mem, PAGE1, &zero, 1);
    assert_int_equal(mem_hash(&t->mem), 0);
}

static void each_dirty_page_is_listed_once(void **state)
{
    struct tiny *t = *state;
    uint32_t count;
    const uint32_t *pages;
    uint8_t bytes[0x1800] = {1};

    mem_write_bytes(&t->mem, PAGE0 + 0x900, bytes, sizeof(bytes));
    mem_write_bytes(&t->mem, PAGE0, bytes, 1);
    pages = mem_checkpoint_dirty(&t->mem, &count);
    assert_int_equal(count, 3);
    assert_int_equal(pages[0], 0);
    assert_int_equal(pages[2], 2);
    (void)mem_hash(&t->mem);
    mem_checkpoint_dirty(&t->mem, &count);
    assert_int_equal(count, 3);
    mem_checkpoint_clean(&t->mem);
    mem_checkpoint_dirty(&t->mem, &count);
    assert_int_equal(count, 0);
    mem_write_bytes(&t->mem, PAGE1, bytes, 1);
    pages = mem_checkpoint_dirty(&t->mem, &count);
    assert_int_equal(count, 1);
    assert_int_equal(pages[0], 1);
}

static void epochs_begin_when_a_list_is_cleared(void **state)
{
    struct tiny *t = *state;

    (void)mem_hash(&t->mem);
    mem_checkpoint_clean(&t->mem);
    assert_int_equal(t->epochs, 0); /* nothing was dirty, so no page was in a write table */
    cpu_store(&t->cpu, PAGE0, 1, 3);
    assert_int_equal(t->cpu.space->write[PAGE0 >> 12 & 255].tag, PAGE0);
    (void)mem_hash(&t->mem);
    assert_int_equal(t->epochs, 1);
    assert_int_not_equal(t->cpu.space->write[PAGE0 >> 12 & 255].tag, PAGE0);
    assert_int_equal(t->mem.flags[0] & PAGE_MAYBE_IN_W, 0);
    cpu_store(&t->cpu, PAGE0, 2, 3);
    mem_checkpoint_clean(&t->mem);
    assert_int_equal(t->epochs, 2);
    assert_int_not_equal(t->cpu.space->write[PAGE0 >> 12 & 255].tag, PAGE0);
}

static void code_is_told_by_granule(void **state)
{
    struct tiny *t = *state;
    uint8_t bytes[128] = {0};

    mem_code_used(&t->mem, 1, UINT64_C(1) << 2 | UINT64_C(1) << 63);
    mem_write_bytes(&t->mem, PAGE1 + 64, bytes, 64); /* granule 1 */
    mem_write_bytes(&t->mem, PAGE1 + 192, bytes, 1); /* granule 3 */
    assert_int_equal(t->code_hits, 0);
    mem_write_bytes(&t->mem, PAGE1 + 127, bytes, 2); /* 1 and 2 */
    assert_int_equal(t->code_hits, 1);
    assert_int_equal(t->last_granules, 4);
    mem_write_bytes(&t->mem, PAGE1 + 0xfff, bytes, 1);
    assert_int_equal(t->code_hits, 2);
    mem_code_gone(&t->mem, 1);
    mem_write_bytes(&t->mem, PAGE1 + 0xfff, bytes, 1);
    assert_int_equal(t->code_hits, 2);
}

static void tables_are_told_by_entry(void **state)
{
    struct tiny *t = *state;
    uint8_t bytes[4096] = {0};

    mem_table_used(&t->mem, PAGE0 + 8 * 63, 8, 0x40000000 + 0x1000 * 63 + 0x123, 12, 1);
    mem_table_used(&t->mem, PAGE0 + 8 * 64, 8, 0x40000000 + 0x1000 * 64, 12, 4);
    mem_table_used(&t->mem, 0x5000000, 8, 0, 12, 1); /* nowhere: nothing to watch */
    mem_write_bytes(&t->mem, PAGE0 + 8 * 62, bytes, 8);
    mem_write_bytes(&t->mem, PAGE0 + 8 * 65, bytes, 8);
    assert_int_equal(t->table_hits, 0);
    mem_write_bytes(&t->mem, PAGE0 + 8 * 64 + 7, bytes, 1);
    assert_int_equal(t->table_hits, 1);
    assert_int_equal(t->table_first, 0x40000000 + 0x1000 * 64);
    assert_int_equal(t->table_bytes, 4096);
    assert_int_equal(t->table_users, 5);
    /* That entry is in use no more, the other one is. */
    mem_write_bytes(&t->mem, PAGE0 + 8 * 64, bytes, 8);
    assert_int_equal(t->table_hits, 1);
    assert_int_equal(t->mem.table_count, 1);
    mem_write_bytes(&t->mem, PAGE0 + 8 * 63, bytes, 8);
    assert_int_equal(t->table_hits, 2);
    assert_int_equal(t->table_first, 0x40000000 + 0x1000 * 63);
    assert_int_equal(t->mem.table_count, 0);
    /* Entries of 4 bytes are dropped by pairs, a large one with all that it maps. */
    mem_table_used(&t->mem, PAGE0 + 4, 4, 0x300000, 20, 8);
    mem_write_bytes(&t->mem, PAGE0, bytes, 1);
    assert_int_equal(t->table_users, 8); /* who used it before has been told */
    assert_int_equal(t->table_first, 0x200000);
    assert_int_equal(t->table_bytes, 0x200000);
    /* Several at once, or a page that serves two places: everything. */
    mem_table_used(&t->mem, PAGE1 + 8 * 300, 8, 0x1000 * 300, 12, 1);
    mem_table_used(&t->mem, PAGE1 + 8 * 301, 8, 0x1000 * 301, 12, 1);
    mem_write_bytes(&t->mem, PAGE1, bytes, 4096);
    assert_int_equal(t->table_hits, 4);
    assert_int_equal(t->table_users, UINT32_MAX);
    assert_int_equal(t->table_bytes, 0);
    assert_int_equal(t->mem.table_count, 0);
    mem_table_used(&t->mem, PAGE1 + 8, 8, 0x1000, 12, 1);
    mem_table_used(&t->mem, PAGE1 + 16, 8, 0x80000000, 12, 1);
    mem_write_bytes(&t->mem, PAGE1 + 8, bytes, 8);
    assert_int_equal(t->table_bytes, 0);
    assert_int_equal(t->table_hits, 5);
    /* A/D bits take nothing from anybody. */
    mem_table_used(&t->mem, PAGE1 + 8, 8, 0x1000, 12, 1);
    mem_before_walk_update(&t->mem, &t->mem.blocks[0], PAGE1 + 8, 8);
    assert_int_equal(t->table_hits, 5);
}

static void restoring_tells_everybody(void **state)
{
    struct tiny *t = *state;
    uint8_t page[4096] = {1, 2, 3}, byte = 9;
    uint32_t count;
    uint64_t hash_before, page_hash;

    mem_write_bytes(&t->mem, PAGE1, page, 3);
    mem_write_bytes(&t->mem, PAGE0, page, 3);
    hash_before = mem_hash(&t->mem);
    page_hash = mem_page_hash(&t->mem, 1);
    mem_checkpoint_clean(&t->mem);
    cpu_store(&t->cpu, PAGE1 + 8, 5, 3); /* dirty, and in a write table */
    assert_int_equal(t->cpu.space->write[PAGE1 >> 12 & 255].tag, PAGE1);
    mem_restore_page(&t->mem, 1, page, page_hash);
    assert_int_equal(t->pages_out, 1);
    assert_int_not_equal(t->cpu.space->write[PAGE1 >> 12 & 255].tag, PAGE1);
    assert_int_equal(t->mem.hash_sum, hash_before);
    assert_int_equal(mem_hash(&t->mem), hash_before);
    assert_int_equal(mem_hash_slow(&t->mem), hash_before);
    /* A page that was clean does not become dirty by a restore. */
    mem_checkpoint_clean(&t->mem);
    mem_code_used(&t->mem, 0, 2);
    mem_table_used(&t->mem, PAGE0 + 16, 8, 0x2000, 12, 1);
    mem_restore_page(&t->mem, 0, NULL, 0);
    mem_checkpoint_dirty(&t->mem, &count);
    assert_int_equal(count, 0);
    assert_int_equal(t->code_hits, 1);
    assert_int_equal(t->last_granules, 2);
    assert_int_equal(t->table_hits, 1);
    assert_int_equal(mem_hash(&t->mem), mem_hash_slow(&t->mem));
    mem_write_bytes(&t->mem, PAGE0, &byte, 1);
    mem_checkpoint_dirty(&t->mem, &count);
    assert_int_equal(count, 1);
}

static void random_write(struct tiny *t, uint64_t *s)
{
    uint8_t bytes[300];
    uint64_t size = next(s) % sizeof(bytes), at = TINY_RAM + next(s) % (TINY_RAM_BYTES - 300);

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = next(s) % 3 == 0 ? (uint8_t)next(s) : 0;
    }
    if (next(s) % 2) {
        mem_write_bytes(&t->mem, at, bytes, size);
    } else {
        cpu_store(&t->cpu, at % 0x6000 + TINY_RAM, next(s), next(s) % 4);
        t->cpu.fault.raised = false;
    }
}

/* A store that hits the write table, as fast code does it. */
static void fast_write(struct tiny *t, uint64_t *s)
{
    vaddr va = TINY_RAM + next(s) % 0x6000;
    const struct tlb_entry *e = &t->cpu.space->write[va >> 12 & 255];

    if (va - e->tag <= PAGE_SIZE - 1) {
        *(uint8_t *)(e->addend + (uintptr_t)va) = (uint8_t)next(s);
    }
}

static void the_hash_is_that_made_from_nothing(void **state)
{
    struct tiny *t = *state;
    uint64_t s = 12345;
    uint8_t saved[4096];

    for (unsigned i = 0; i < 20000; i++) {
        uint32_t page = (uint32_t)(next(&s) % t->mem.page_count), other;

        switch (next(&s) % 64) {
        case 0: assert_int_equal(mem_hash(&t->mem), mem_hash_slow(&t->mem)); break;
        case 1: mem_checkpoint_clean(&t->mem); break;
        case 2:
            other = (uint32_t)(next(&s) % t->mem.page_count);
            memcpy(saved, mem_page_bytes(&t->mem, other), sizeof(saved));
            mem_restore_page(&t->mem, other, saved, mem_page_hash(&t->mem, other));
            break;
        case 3: mem_restore_page(&t->mem, page, NULL, 0); break;
        case 4: mem_code_used(&t->mem, page, next(&s)); break;
        case 5: mem_code_gone(&t->mem, page); break;
        case 6:
            mem_table_used(&t->mem, TINY_RAM + (next(&s) % TINY_RAM_BYTES & ~UINT64_C(7)), 8,
                           next(&s) % 64 << 12, 12, 1);
            break;
        case 7: mem_tables_forget(&t->mem); break;
        case 8: cpu_forget(&t->cpu); break;
        default: next(&s) % 4 == 0 ? random_write(t, &s) : fast_write(t, &s); break;
        }
    }
    assert_int_equal(mem_hash(&t->mem), mem_hash_slow(&t->mem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_and_windows_do_not_overlap, setup, teardown),
        cmocka_unit_test_setup_teardown(ranges_are_whole_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(zero_pages_hash_to_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(each_dirty_page_is_listed_once, setup, teardown),
        cmocka_unit_test_setup_teardown(epochs_begin_when_a_list_is_cleared, setup, teardown),
        cmocka_unit_test_setup_teardown(code_is_told_by_granule, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_are_told_by_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(restoring_tells_everybody, setup, teardown),
        cmocka_unit_test_setup_teardown(the_hash_is_that_made_from_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
