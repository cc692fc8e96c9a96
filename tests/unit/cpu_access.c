/* SPDX-License-Identifier: GPL-2.0-or-later
 * cpu: the slow way of loads and stores and what it leaves in the tables: the rules that dirty
 * tracking, code, page tables and watchpoints rest on.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { PAGE0 = TINY_RAM, PAGE1 = TINY_RAM + 0x1000, U8 = 3, U4 = 2, U2 = 1, U1 = 0, U16 = 4 };

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

static bool in_table(const struct tlb_entry *table, vaddr va)
{
    return va - table[va >> 12 & (TLB_ENTRIES - 1)].tag <= PAGE_SIZE - 1;
}

static uint8_t *host(struct tiny *t, vaddr va)
{
    return t->mem.blocks[0].host + (va - TINY_RAM);
}

/* The fault that was raised, which is cleared; 0 for none. */
static uint32_t fault(struct tiny *t, uint64_t *value)
{
    uint32_t cause = t->cpu.fault.raised ? t->cpu.fault.cause : 0;

    *value = t->cpu.fault.value;
    t->cpu.fault = (struct fault){0};
    return cause;
}

static void values_have_their_order_and_sign(void **state)
{
    struct tiny *t = *state;
    uint64_t wide[2] = {0x1122334455667788, 0x99aabbccddeeff00}, out[2];

    cpu_store(&t->cpu, PAGE0 + 1, 0x80a1b2c3d4e5f687, U8);
    assert_int_equal(host(t, PAGE0)[1], 0x87);
    assert_int_equal(cpu_load(&t->cpu, PAGE0 + 1, U8 | MEM_BIG), 0x87f6e5d4c3b2a180);
    assert_int_equal(cpu_load(&t->cpu, PAGE0 + 1, U1 | MEM_SIGNED), 0xffffffffffffff87);
    assert_int_equal(cpu_load(&t->cpu, PAGE0 + 1, U2 | MEM_SIGNED | MEM_BIG), 0xffffffffffff87f6);
    assert_int_equal(cpu_load(&t->cpu, PAGE0 + 5, U4), 0x80a1b2c3);
    cpu_store(&t->cpu, PAGE0 + 32, 0x1234, U2 | MEM_BIG);
    assert_int_equal(host(t, PAGE0)[32], 0x12);
    assert_true(cpu_store128(&t->cpu, PAGE0 + 48, U16, wide));
    assert_int_equal(host(t, PAGE0)[63], 0x99);
    assert_true(cpu_load128(&t->cpu, PAGE0 + 48, U16 | MEM_BIG, out));
    assert_int_equal(out[1], 0x8877665544332211);
    assert_true(cpu_store128(&t->cpu, PAGE0 + 64, U16 | MEM_BIG, wide));
    assert_int_equal(host(t, PAGE0)[64], 0x99);
}

static void empty_entries_match_nothing(void **state)
{
    struct tiny *t = *state;
    static const vaddr addresses[] = {
        0, 0xfff, 0x80000, 0x7f000, UINT64_MAX, UINT64_MAX << 12, UINT64_C(1) << 63};

    for (unsigned i = 0; i < ARRAY_LEN(addresses); i++) {
        assert_false(in_table(t->cpu.space->read, addresses[i]));
        assert_false(in_table(t->cpu.space->write, addresses[i]));
    }
    for (unsigned i = 0; i < 4 * TLB_ENTRIES; i++) {
        assert_false(in_table(t->cpu.space->read, (vaddr)i << 12));
        assert_false(in_table(t->cpu.space->read, ~((vaddr)i << 12)));
    }
}

static void tables_are_filled_by_what_is_done(void **state)
{
    struct tiny *t = *state;
    unsigned before;

    (void)cpu_load(&t->cpu, PAGE0 + 8, U8);
    assert_true(in_table(t->cpu.space->read, PAGE0));
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_int_equal(t->mem.flags[0], 0);
    cpu_store(&t->cpu, PAGE0 + 8, 1, U8);
    assert_true(in_table(t->cpu.space->write, PAGE0));
    assert_int_equal(t->mem.flags[0], PAGE_DIRTY_ALL | PAGE_MAYBE_IN_W);
    /* The entry leads to the bytes. */
    const struct tlb_entry *e = &t->cpu.space->write[PAGE0 >> 12 & 255];
    assert_ptr_equal((void *)(e->addend + PAGE0 + 123), host(t, PAGE0 + 123));
    /* ROM is read through the table, and never written. */
    (void)cpu_load(&t->cpu, TINY_ROM, U8);
    assert_true(in_table(t->cpu.space->read, TINY_ROM));
    cpu_store(&t->cpu, TINY_ROM, 1, U8);
    assert_false(t->cpu.fault.raised);
    assert_false(in_table(t->cpu.space->write, TINY_ROM));
    assert_int_equal(t->mem.blocks[1].host[0], 0);
    /* What must not be kept is not; what has other rules is kept elsewhere. */
    t->uncacheable = true;
    cpu_store(&t->cpu, PAGE1, 1, U8);
    (void)cpu_load(&t->cpu, PAGE1, U8);
    t->uncacheable = false;
    cpu_store(&t->cpu, PAGE1, 1, U8 | AS_USER << MEM_AS_SHIFT);
    (void)cpu_load(&t->cpu, PAGE1, U8 | AS_USER << MEM_AS_SHIFT);
    assert_false(in_table(t->cpu.space->read, PAGE1));
    assert_false(in_table(t->cpu.space->write, PAGE1));
    before = t->translations;
    cpu_forget(&t->cpu);
    assert_false(in_table(t->cpu.space->read, PAGE0));
    assert_int_equal(t->translations, before);
}

static void code_pages_are_never_in_a_write_table(void **state)
{
    struct tiny *t = *state;

    cpu_store(&t->cpu, PAGE0, 1, U8);
    cpu_store(&t->cpu, PAGE0 - TINY_RAM + TINY_ALIAS, 1, U8); /* the same page elsewhere */
    assert_true(in_table(t->cpu.space->write, TINY_ALIAS));
    mem_code_used(&t->mem, 0, 1);
    assert_int_equal(t->pages_out, 1);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_false(in_table(t->cpu.space->write, TINY_ALIAS));
    cpu_store(&t->cpu, PAGE0 + 64, 2, U8);
    assert_int_equal(t->code_hits, 0);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    cpu_store(&t->cpu, PAGE0 + 60, 2, U8);
    assert_int_equal(t->code_hits, 1);
    assert_int_equal(*host(t, PAGE0 + 60), 2);
    mem_code_gone(&t->mem, 0);
    mem_code_used(&t->mem, 0, 1);
    mem_code_gone(&t->mem, 0);
    assert_int_equal(t->pages_out, 1); /* it was in none any more */
    cpu_store(&t->cpu, PAGE0 + 60, 3, U8);
    assert_true(in_table(t->cpu.space->write, PAGE0));
}

static void table_pages_are_never_in_a_write_table(void **state)
{
    struct tiny *t = *state;
    uint64_t entry;

    cpu_store(&t->cpu, PAGE1, 1, U8);
    assert_true(cpu_walk_read(&t->cpu, PAGE1 + 16, 8, &entry));
    assert_true(in_table(t->cpu.space->write, PAGE1));
    cpu_walk_used(&t->cpu, PAGE1 + 16, 8, PAGE0 + 5, 12);
    assert_false(in_table(t->cpu.space->write, PAGE1));
    cpu_store(&t->cpu, PAGE1 + 8, 1, U8);
    assert_int_equal(t->table_hits, 0);
    assert_false(in_table(t->cpu.space->write, PAGE1));
    /* A store to the entry drops what it maps, and is not itself kept. */
    (void)cpu_load(&t->cpu, PAGE0, U8);
    cpu_store(&t->cpu, PAGE1 + 17, 1, U1);
    assert_int_equal(t->table_hits, 1);
    assert_false(in_table(t->cpu.space->read, PAGE0));
    assert_false(in_table(t->cpu.space->write, PAGE1));
    cpu_store(&t->cpu, PAGE1 + 17, 1, U1);
    assert_true(in_table(t->cpu.space->write, PAGE1));
    assert_false(cpu_walk_read(&t->cpu, TINY_RAM + TINY_RAM_BYTES - 4, 8, &entry));
    assert_false(cpu_walk_read(&t->cpu, TINY_DEVICE, 8, &entry));
    assert_true(cpu_walk_update(&t->cpu, PAGE1 + 24, 8, 0x55));
    assert_int_equal(*host(t, PAGE1 + 24), 0x55);
    assert_false(cpu_walk_update(&t->cpu, TINY_ROM, 8, 0x55));
}

static void crossing_is_all_or_nothing(void **state)
{
    struct tiny *t = *state;
    uint64_t value;
    enum { LAST = TINY_RAM + TINY_RAM_BYTES };

    cpu_store(&t->cpu, PAGE1 - 3, 0x1122334455667788, U8);
    assert_int_equal(cpu_load(&t->cpu, PAGE1 - 3, U8), 0x1122334455667788);
    assert_int_equal(*host(t, PAGE1 - 1), 0x66);
    assert_int_equal(*host(t, PAGE1), 0x55);
    assert_int_equal(t->mem.flags[0] & PAGE_DIRTY_ALL, PAGE_DIRTY_ALL);
    assert_int_equal(t->mem.flags[1] & PAGE_DIRTY_ALL, PAGE_DIRTY_ALL);
    /* Into the read-only pages: the second page's first byte is at fault, and nothing is stored. */
    cpu_store(&t->cpu, TINY_READ_ONLY - 4, UINT64_MAX, U8);
    assert_int_equal(fault(t, &value), TINY_PAGE_FAULT + ACCESS_WRITE);
    assert_int_equal(value, TINY_READ_ONLY);
    assert_int_equal(*host(t, TINY_READ_ONLY - 4), 0);
    assert_int_equal(t->mem.flags[5], 0);
    /* Off the end. */
    assert_int_equal(cpu_load(&t->cpu, LAST - 1, U2), 0);
    assert_int_equal(fault(t, &value), TINY_PAGE_FAULT + ACCESS_READ);
    assert_int_equal(value, LAST);
    /* Into the beginning: the first page is at fault. */
    assert_int_equal(cpu_load(&t->cpu, TINY_RAM - 1, U2), 0);
    assert_int_equal(fault(t, &value), TINY_PAGE_FAULT + ACCESS_READ);
    assert_int_equal(value, TINY_RAM - 1);
    /* Both halves tell the listeners. */
    mem_code_used(&t->mem, 0, UINT64_C(1) << 63);
    mem_code_used(&t->mem, 1, 1);
    cpu_store(&t->cpu, PAGE1 - 1, 0, U2);
    assert_int_equal(t->code_hits, 2);
}

static void alignment_is_checked_first(void **state)
{
    struct tiny *t = *state;
    uint64_t value;
    bool device;

    cpu_store(&t->cpu, 0x5001, 1, U2 | MEM_ALIGN(1)); /* not mapped either */
    assert_int_equal(fault(t, &value), TINY_MISALIGNED + ACCESS_WRITE);
    assert_int_equal(value, 0x5001);
    (void)cpu_load(&t->cpu, PAGE0 + 4, U8 | MEM_ALIGN(3));
    assert_int_equal(fault(t, &value), TINY_MISALIGNED + ACCESS_READ);
    (void)cpu_load(&t->cpu, PAGE0 + 8, U8 | MEM_ALIGN(3));
    assert_int_equal(fault(t, &value), 0);
    assert_null(cpu_rmw_address(&t->cpu, PAGE0 + 2, U4 | MEM_ALIGN(2), &device));
    assert_int_equal(fault(t, &value), TINY_MISALIGNED + ACCESS_WRITE);
    assert_false(device);
}

static void devices_take_natural_sizes(void **state)
{
    struct tiny *t = *state;
    uint64_t value, wide[2];

    assert_int_equal(cpu_load(&t->cpu, TINY_DEVICE + 4, U4), 0x40004);
    assert_int_equal(cpu_load(&t->cpu, TINY_DEVICE + 0xfff, U1), 0xff);
    assert_int_equal(cpu_load(&t->cpu, TINY_DEVICE + 2, U2 | MEM_BIG), 0x0200);
    assert_int_equal(t->reads, 3);
    cpu_store(&t->cpu, TINY_DEVICE + 16, 0x1234567890, U4);
    assert_int_equal(t->written, 0x34567890);
    assert_int_equal(t->written_size, 4);
    assert_int_equal(t->written_at, 16);
    assert_false(in_table(t->cpu.space->read, TINY_DEVICE));
    assert_false(in_table(t->cpu.space->write, TINY_DEVICE));
    (void)cpu_load(&t->cpu, TINY_DEVICE + 2, U4);
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_READ);
    assert_int_equal(value, TINY_DEVICE + 2);
    t->mem.windows[0].sizes = 1 | 4;
    (void)cpu_load(&t->cpu, TINY_DEVICE + 8, U2);
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_READ);
    cpu_store(&t->cpu, TINY_DEVICE + 8, 1, U8);
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_WRITE);
    assert_int_equal(t->written_size, 4);
    cpu_store(&t->cpu, TINY_DEVICE + 0xffc, 1, U8);
    assert_true(fault(t, &value) != 0);
    assert_false(cpu_load128(&t->cpu, TINY_DEVICE, U16, wide));
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_READ);
    assert_int_equal(t->reads, 3);
    (void)cpu_load(&t->cpu, TINY_NOTHING, U4);
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_READ);
    assert_int_equal(value, TINY_NOTHING);
    cpu_store(&t->cpu, TINY_NOTHING + 8, 1, U4);
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_WRITE);
}

static void read_modify_write_has_one_address(void **state)
{
    struct tiny *t = *state;
    uint64_t value;
    bool device;

    assert_ptr_equal(cpu_rmw_address(&t->cpu, PAGE0 + 8, U8, &device), host(t, PAGE0 + 8));
    assert_false(device);
    assert_int_equal(t->mem.flags[0], PAGE_DIRTY_ALL | PAGE_MAYBE_IN_W);
    assert_true(in_table(t->cpu.space->write, PAGE0));
    assert_null(cpu_rmw_address(&t->cpu, TINY_DEVICE, U4, &device));
    assert_true(device);
    assert_int_equal(fault(t, &value), 0);
    assert_null(cpu_rmw_address(&t->cpu, TINY_READ_ONLY, U4, &device));
    assert_false(device);
    assert_int_equal(fault(t, &value), TINY_PAGE_FAULT + ACCESS_WRITE);
    assert_null(cpu_rmw_address(&t->cpu, PAGE1 - 2, U4, &device)); /* in two pages */
    assert_true(device);
    assert_int_equal(fault(t, &value), 0);
}

/* ---- untranslated memory ---- */

static bool is_flat(const struct tiny *t, vaddr va)
{
    return va - t->cpu.space->flat_first < t->cpu.space->flat_bytes;
}

static void untranslated_memory_needs_no_table(void **state)
{
    struct tiny *t = *state;
    const vaddr end = TINY_RAM + TINY_RAM_BYTES;

    cpu_store(&t->cpu, PAGE0, 1, U8);
    (void)cpu_load(&t->cpu, TINY_ALIAS + 8, U8);
    assert_int_equal(t->cpu.space->flat_bytes, 0); /* neither says anything about loads there */
    (void)cpu_load(&t->cpu, PAGE1 + 8, U8);
    assert_true(is_flat(t, TINY_RAM));
    assert_true(is_flat(t, end - FLAT_SPAN - 1)); /* what begins there ends in it */
    assert_false(is_flat(t, end - FLAT_SPAN));
    assert_false(is_flat(t, TINY_RAM - 1));
    assert_ptr_equal((void *)(t->cpu.space->flat_addend + PAGE0 + 5), host(t, PAGE0 + 5));
    (void)cpu_load(&t->cpu, TINY_ROM, U8); /* a smaller piece */
    assert_true(is_flat(t, TINY_RAM));
    /* Whatever takes a page from the table may have changed what is there. */
    cpu_forget_range(&t->cpu, TINY_ALIAS, PAGE_SIZE);
    assert_true(is_flat(t, TINY_RAM));
    cpu_forget_range(&t->cpu, PAGE1, PAGE_SIZE);
    assert_false(is_flat(t, TINY_RAM));
    (void)cpu_load(&t->cpu, PAGE1 + 8, U8);
    cpu_forget_range(&t->cpu, end - PAGE_SIZE, PAGE_SIZE);
    assert_false(is_flat(t, TINY_RAM));
    (void)cpu_load(&t->cpu, PAGE1 + 8, U8);
    assert_true(is_flat(t, TINY_RAM));
    cpu_forget(&t->cpu);
    assert_false(is_flat(t, TINY_RAM));
}

/* One block of a table does as well, if all of the piece lies in it. */
static void a_block_of_a_table_needs_no_other(void **state)
{
    struct tiny *t = *state;

    t->linear_bits = 14;
    (void)cpu_load(&t->cpu, PAGE1 + 8, U8);
    assert_int_equal(t->cpu.space->flat_bytes, 0);
    cpu_forget(&t->cpu);
    t->linear_bits = 15;
    (void)cpu_load(&t->cpu, PAGE1 + 8, U8);
    assert_true(is_flat(t, TINY_RAM));
    assert_int_equal(t->cpu.space->flat_bytes, TINY_RAM_BYTES - FLAT_SPAN);
}

/* ---- watchpoints ---- */

struct watch_log {
    vaddr page, stop_at;
    enum access kind; /* that is watched for */
    unsigned asked;
    enum access access;
    uint64_t value;
};

static bool page_watched(void *opaque, vaddr page, enum access access)
{
    struct watch_log *w = opaque;

    return page == w->page && access == w->kind;
}

static bool touches(void *opaque, vaddr va, unsigned size, enum access access)
{
    (void)opaque, (void)va, (void)size, (void)access;
    fail_msg("the slow way asks stop() alone");
    return false;
}

static bool stop(void *opaque, struct cpu *cpu, vaddr va, unsigned size, enum access access,
                 uint64_t value)
{
    struct watch_log *w = opaque;

    (void)cpu;
    w->asked++;
    w->access = access;
    w->value = value;
    return access == ACCESS_WRITE && va <= w->stop_at && w->stop_at < va + size;
}

static void watched_pages_stay_slow(void **state)
{
    struct tiny *t = *state;
    struct watch_log log = {.page = PAGE0, .stop_at = PAGE0 + 0x10, .kind = ACCESS_WRITE};
    const struct cpu_watch watch = {&log, page_watched, touches, stop};
    unsigned translations;

    t->cpu.watch = &watch;
    cpu_store(&t->cpu, PAGE0, 1, U8);
    cpu_store(&t->cpu, PAGE0, 1, U8);
    assert_int_equal(log.asked, 2);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    (void)cpu_load(&t->cpu, PAGE0 + 0x10, U8);
    assert_true(in_table(t->cpu.space->read, PAGE0)); /* only writes are watched */
    assert_false(is_flat(t, PAGE0));
    cpu_store(&t->cpu, PAGE1, 1, U8);
    assert_true(in_table(t->cpu.space->write, PAGE1));
    translations = t->translations;
    cpu_store(&t->cpu, PAGE0 + 0xc, 0x77, U8);
    assert_true(t->cpu.watch_hit);
    assert_int_equal(log.value, 0x77);
    assert_int_equal(*host(t, PAGE0 + 0xc), 0);
    assert_int_equal(t->translations, translations); /* not even an A bit is set */
    t->cpu.watch_hit = false;
    bool device;
    assert_null(cpu_rmw_address(&t->cpu, PAGE0 + 0x10, U8, &device));
    assert_true(t->cpu.watch_hit);
    t->cpu.watch_hit = false;
    cpu_store(&t->cpu, PAGE0 + 0x11, 0x77, U1);
    assert_false(t->cpu.watch_hit);
    /* Watched for reads: neither table, as the write table serves read-modify-write too. */
    cpu_forget(&t->cpu);
    log.kind = ACCESS_READ;
    log.stop_at = 0;
    cpu_store(&t->cpu, PAGE0, 1, U8);
    (void)cpu_load(&t->cpu, PAGE0, U8);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_false(in_table(t->cpu.space->read, PAGE0));
}

static void debuggers_leave_no_trace(void **state)
{
    struct tiny *t = *state;
    uint8_t bytes[32];
    paddr at;

    *host(t, PAGE1) = 0x5a;
    assert_true(cpu_debug_read(&t->cpu, PAGE1 - 16, bytes, 32));
    assert_int_equal(bytes[16], 0x5a);
    assert_false(cpu_debug_read(&t->cpu, TINY_RAM - 1, bytes, 2));
    assert_false(cpu_debug_read(&t->cpu, TINY_DEVICE, bytes, 4));
    assert_int_equal(t->reads, 0);
    assert_true(cpu_debug_translate(&t->cpu, TINY_ALIAS + 5, &at));
    assert_int_equal(at, TINY_RAM + 5);
    assert_false(cpu_debug_translate(&t->cpu, 0x5000, &at));
    assert_false(t->cpu.fault.raised);
    assert_false(in_table(t->cpu.space->read, PAGE1));
}

static void code_is_fetched_from_memory_only(void **state)
{
    struct tiny *t = *state;
    uint64_t value;
    struct fetch f;
    unsigned before;

    assert_true(cpu_fetch(&t->cpu, TINY_ALIAS + 0x1234, &f));
    assert_int_equal(f.page, TINY_RAM + 0x1000);
    assert_int_equal(f.extent, PAGE_SIZE - 0x234);
    assert_true(f.is_steady);
    before = t->translations;
    assert_true(cpu_fetch(&t->cpu, TINY_ALIAS + 0x1fff, &f));
    assert_int_equal(t->translations, before);
    assert_false(cpu_fetch(&t->cpu, TINY_DEVICE, &f));
    assert_int_equal(fault(t, &value), TINY_BUS_FAULT + ACCESS_FETCH);
    assert_false(cpu_fetch(&t->cpu, 0x4000, &f));
    assert_int_equal(fault(t, &value), TINY_PAGE_FAULT + ACCESS_FETCH);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(values_have_their_order_and_sign),
        TEST(empty_entries_match_nothing),
        TEST(tables_are_filled_by_what_is_done),
        TEST(code_pages_are_never_in_a_write_table),
        TEST(table_pages_are_never_in_a_write_table),
        TEST(crossing_is_all_or_nothing),
        TEST(alignment_is_checked_first),
        TEST(devices_take_natural_sizes),
        TEST(read_modify_write_has_one_address),
        TEST(untranslated_memory_needs_no_table),
        TEST(a_block_of_a_table_needs_no_other),
        TEST(watched_pages_stay_slow),
        TEST(debuggers_leave_no_trace),
        TEST(code_is_fetched_from_memory_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
