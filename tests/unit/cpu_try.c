/* SPDX-License-Identifier: GPL-2.0-or-later
 * cpu: what generated code may do by itself, cpu_try_load(), cpu_try_store(), ir_try_rmw() and
 * ir_try_cas(): the same as the slow way where that is RAM or ROM, and nothing at all, no byte, no
 * table entry, no listener told, where it is more than that.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { PAGE0 = TINY_RAM, PAGE1 = TINY_RAM + 0x1000, U8 = 3, U4 = 2, U2 = 1, U1 = 0 };

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

static struct ir_op rmw(enum ir_type type, enum ir_rmw kind, uint32_t mem)
{
    return (struct ir_op){.op = IR_RMW, .type = (uint8_t)type, .attr = (uint8_t)kind, .mem = mem};
}

/* Nobody was told, nothing is raised, nothing is in flight. */
static void assert_quiet(const struct tiny *t)
{
    assert_false(t->cpu.fault.raised);
    assert_false(t->cpu.watch_hit);
    assert_false(t->cpu.look);
    assert_int_equal(t->code_hits, 0);
    assert_int_equal(t->table_hits, 0);
    assert_int_equal(t->reads, 0);
    assert_int_equal(t->written_size, 0);
}

static void assert_fault(struct tiny *t, uint32_t cause, vaddr at)
{
    assert_true(t->cpu.fault.raised);
    assert_int_equal(t->cpu.fault.cause, cause);
    assert_int_equal(t->cpu.fault.value, at);
    t->cpu.fault = (struct fault){0};
}

static void loads_are_those_of_the_slow_way(void **state)
{
    struct tiny *t = *state;
    uint64_t value;

    bytes_set_le(host(t, PAGE0 + 8), 8, 0x8899aabbccddeeff);
    for (unsigned size = 0; size < 4; size++) {
        for (unsigned sign = 0; sign < 2; sign++) {
            uint32_t attr = size | (sign ? MEM_SIGNED : 0);

            for (unsigned at = 0; at < 8; at++) { /* misaligned is fine */
                assert_int_equal(cpu_try_load(&t->cpu, PAGE0 + 8 + at, attr, &value), CPU_DONE);
                assert_int_equal(value, cpu_load(&t->cpu, PAGE0 + 8 + at, attr));
            }
        }
    }
    assert_true(in_table(t->cpu.space->read, PAGE0));
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_int_equal(t->mem.flags[0], 0);
    /* The last bytes of a page, and the first. */
    assert_int_equal(cpu_try_load(&t->cpu, PAGE1 - 8, U8, &value), CPU_DONE);
    assert_int_equal(cpu_try_load(&t->cpu, PAGE1, U8, &value), CPU_DONE);
    assert_int_equal(cpu_try_load(&t->cpu, TINY_ROM, U8, &value), CPU_DONE);
    assert_true(in_table(t->cpu.space->read, TINY_ROM));
    assert_int_equal(cpu_try_load(&t->cpu, TINY_READ_ONLY, U8, &value), CPU_DONE);
    assert_quiet(t);
}

static void stores_make_the_page_dirty_and_fill_the_table(void **state)
{
    struct tiny *t = *state;

    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 3, 0x1122334455667788, U4), CPU_DONE);
    assert_int_equal(bytes_get_le(host(t, PAGE0), 8), 0x0055667788000000);
    assert_int_equal(t->mem.flags[0], PAGE_DIRTY_ALL | PAGE_MAYBE_IN_W);
    assert_true(in_table(t->cpu.space->write, PAGE0));
    assert_int_equal(t->mem.flags[1], 0);
    /* A new epoch: out of the table, clean, and dirty again by the next one. */
    (void)mem_hash(&t->mem);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_int_equal(t->mem.flags[0] & PAGE_DIRTY_HASH, 0);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0, 1, U1), CPU_DONE);
    assert_int_equal(t->mem.flags[0] & PAGE_DIRTY_HASH, PAGE_DIRTY_HASH);
    assert_int_equal(mem_hash(&t->mem), mem_hash_slow(&t->mem));
    /* What may not be kept is done all the same, each time the slow way. */
    t->uncacheable = true;
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1, 7, U8), CPU_DONE);
    assert_false(in_table(t->cpu.space->write, PAGE1));
    assert_int_equal(*host(t, PAGE1), 7);
    assert_quiet(t);
}

static void more_than_memory_is_hard(void **state)
{
    static const vaddr places[] = {TINY_DEVICE, TINY_DEVICE + 8, TINY_DEVICE + 1};
    struct tiny *t = *state;
    uint64_t value = 42;

    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        assert_int_equal(cpu_try_load(&t->cpu, places[i], U8, &value), CPU_HARD);
        assert_int_equal(cpu_try_store(&t->cpu, places[i], UINT64_MAX, U8), CPU_HARD);
        assert_quiet(t);
        assert_int_equal(value, 42);
    }
    for (unsigned page = 0; page < TINY_RAM_BYTES / PAGE_SIZE; page++) {
        assert_int_equal(t->mem.flags[page], 0);
    }
}

/* Every size and place of a border, either byte order, by any mode's rules. */
static void crossing_a_page_is_as_the_slow_way_does_it(void **state)
{
    static const uint32_t ways[] = {0, MEM_SIGNED, MEM_BIG, MEM_BIG | AS_USER << MEM_AS_SHIFT};
    struct tiny *t = *state;

    for (unsigned i = 0; i < 16; i++) {
        *host(t, PAGE1 - 8 + i) = (uint8_t)(0x80 + i);
    }
    for (unsigned w = 0; w < ARRAY_LEN(ways); w++) {
        for (unsigned size = 1; size < 4; size++) {
            for (vaddr va = PAGE1 - (1u << size) + 1; va < PAGE1; va++) {
                uint32_t attr = size | ways[w];
                uint64_t value;

                assert_int_equal(cpu_try_load(&t->cpu, va, attr, &value), CPU_DONE);
                assert_int_equal(value, cpu_load(&t->cpu, va, attr));
                assert_int_equal(cpu_try_store(&t->cpu, va, value + va, attr), CPU_DONE);
                assert_int_equal(cpu_load(&t->cpu, va, attr & ~MEM_SIGNED),
                                 bits_get(value + va, 0, 8u << size));
            }
        }
    }
    assert_int_equal(t->mem.flags[0] & PAGE_DIRTY_ALL, PAGE_DIRTY_ALL);
    assert_int_equal(t->mem.flags[1] & PAGE_DIRTY_ALL, PAGE_DIRTY_ALL);
    assert_quiet(t);
}

static void crossing_into_what_is_not_memory_changes_nothing(void **state)
{
    struct tiny *t = *state;
    uint64_t value = 42, two[2] = {1, 2};

    assert_int_equal(cpu_try_store(&t->cpu, TINY_READ_ONLY - 4, UINT64_MAX, U8), CPU_FAULT);
    assert_fault(t, TINY_PAGE_FAULT + ACCESS_WRITE, TINY_READ_ONLY);
    assert_int_equal(cpu_try_load(&t->cpu, TINY_RAM + TINY_RAM_BYTES - 4, U8, &value), CPU_FAULT);
    assert_fault(t, TINY_PAGE_FAULT + ACCESS_READ, TINY_RAM + TINY_RAM_BYTES);
    assert_int_equal(cpu_try_load(&t->cpu, PAGE1 - 7, U8 | MEM_ALIGN(3), &value), CPU_FAULT);
    assert_fault(t, TINY_MISALIGNED + ACCESS_READ, PAGE1 - 7);
    assert_int_equal(cpu_try_store128(&t->cpu, TINY_RAM - 8, 4, two), CPU_FAULT);
    assert_fault(t, TINY_PAGE_FAULT + ACCESS_WRITE, TINY_RAM - 8);
    /* Code in use in the second page: nothing is stored in the first either. */
    mem_code_used(&t->mem, 1, 1);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 - 4, UINT64_MAX, U8), CPU_HARD);
    assert_int_equal(bytes_get_le(host(t, PAGE1 - 4), 8), 0);
    assert_int_equal(value, 42);
    assert_int_equal(t->mem.flags[0], 0);
    assert_quiet(t);
}

static void sixteen_bytes_are_those_of_the_slow_way(void **state)
{
    struct tiny *t = *state;
    const uint64_t in[2] = {0x0102030405060708, 0x1112131415161718};
    uint64_t a[2], b[2];

    for (unsigned w = 0; w < 2; w++) {
        uint32_t attr = 4 | (w ? MEM_BIG : 0);

        for (vaddr va = PAGE1 - 20; va < PAGE1 + 4; va++) {
            assert_int_equal(cpu_try_store128(&t->cpu, va, attr, in), CPU_DONE);
            assert_true(cpu_load128(&t->cpu, va, attr, a));
            assert_memory_equal(a, in, sizeof a);
            assert_int_equal(cpu_try_load128(&t->cpu, va, attr, b), CPU_DONE);
            assert_memory_equal(b, in, sizeof b);
        }
    }
    assert_int_equal(*host(t, PAGE1 + 3), 0x11); /* big-endian: the highest byte first */
    assert_int_equal(cpu_try_load128(&t->cpu, TINY_DEVICE, 4, a), CPU_HARD);
    assert_quiet(t);
}

/* Accesses as another have tables of their own, and so have mixed pages and devices. */
static void other_modes_have_their_own_tables(void **state)
{
    struct tiny *t = *state;
    uint32_t attr = U8 | AS_USER << MEM_AS_SHIFT;
    uint64_t at, value;

    assert_int_equal(cpu_try_load(&t->cpu, PAGE0, attr, &value), CPU_DONE);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0, 1, attr), CPU_DONE);
    assert_false(in_table(t->cpu.space->read, PAGE0));
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_true(in_table(t->cpu.as[AS_USER]->read, PAGE0));
    assert_true(in_table(t->cpu.as[AS_USER]->write, PAGE0));
    assert_int_equal(cpu_try_load(&t->cpu, TINY_DEVICE, attr, &value), CPU_HARD);
    assert_null(cpu_known_device(&t->cpu, TINY_DEVICE, ACCESS_READ, U8, &at));
    assert_non_null(cpu_known_device(&t->cpu, TINY_DEVICE, ACCESS_READ, attr, &at));
    mem_code_used(&t->mem, 1, 1);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 64, 1, attr), CPU_DONE);
    assert_int_equal(t->translations, 4);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 64, 1, U8), CPU_DONE); /* asks, too */
    assert_int_equal(t->translations, 5);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 64, 1, U8), CPU_DONE);   /* remembers */
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 64, 1, attr), CPU_DONE); /* this, too */
    assert_int_equal(t->translations, 5);
    assert_int_equal(cpu_try_store(&t->cpu, TINY_USER_READ_ONLY, 1, U8), CPU_DONE);
    assert_int_equal(cpu_try_store(&t->cpu, TINY_USER_READ_ONLY, 1, attr), CPU_FAULT);
    assert_fault(t, TINY_PAGE_FAULT + ACCESS_WRITE, TINY_USER_READ_ONLY);
    assert_quiet(t);
}

static void faults_are_raised_once_and_change_nothing(void **state)
{
    struct tiny *t = *state;
    uint64_t value;

    assert_int_equal(cpu_try_load(&t->cpu, 0x5000, U8, &value), CPU_FAULT);
    assert_fault(t, TINY_PAGE_FAULT + ACCESS_READ, 0x5000);
    assert_int_equal(cpu_try_store(&t->cpu, TINY_READ_ONLY + 16, 1, U8), CPU_FAULT);
    assert_fault(t, TINY_PAGE_FAULT + ACCESS_WRITE, TINY_READ_ONLY + 16);
    assert_int_equal(cpu_try_load(&t->cpu, TINY_NOTHING, U8, &value), CPU_FAULT);
    assert_fault(t, TINY_BUS_FAULT + ACCESS_READ, TINY_NOTHING);
    /* What drops a store is the slow way's to do. */
    assert_int_equal(cpu_try_store(&t->cpu, TINY_ROM, 1, U8), CPU_HARD);
    assert_false(t->cpu.fault.raised);
    assert_int_equal(t->mem.blocks[1].host[0], 0);
    /* Alignment comes before translation, as on the slow way. */
    assert_int_equal(cpu_try_load(&t->cpu, 0x5001, U4 | MEM_ALIGN(2), &value), CPU_FAULT);
    assert_fault(t, TINY_MISALIGNED + ACCESS_READ, 0x5001);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 2, 1, U4 | MEM_ALIGN(2)), CPU_FAULT);
    assert_fault(t, TINY_MISALIGNED + ACCESS_WRITE, PAGE0 + 2);
    assert_int_equal(t->mem.flags[0], 0);
    assert_int_equal(t->mem.flags[6], 0);
    assert_false(in_table(t->cpu.space->write, TINY_READ_ONLY));
    assert_quiet(t);
}

static void code_in_use_is_not_written(void **state)
{
    struct tiny *t = *state;
    const struct ir_op add = rmw(IR_I64, RMW_ADD, U8);
    uint64_t value = 42;

    mem_code_used(&t->mem, 0, 2); /* bytes 64 to 127 */
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 64, 1, U1), CPU_HARD);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 127, 1, U1), CPU_HARD);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 60, 1, U8), CPU_HARD); /* its last bytes */
    assert_int_equal(cpu_try_store(&t->cpu, TINY_ALIAS + 64, 1, U8), CPU_HARD);
    assert_quiet(t);
    assert_int_equal(t->mem.flags[0], PAGE_CODE);
    /* Beside it: done, but the page is in no write table. */
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 56, 5, U8), CPU_DONE);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 128, 6, U8), CPU_DONE);
    assert_int_equal(*host(t, PAGE0 + 56), 5);
    assert_int_equal(*host(t, PAGE0 + 128), 6);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    assert_int_equal(t->mem.flags[0] & PAGE_DIRTY_ALL, PAGE_DIRTY_ALL);
    assert_quiet(t);
    assert_int_equal(ir_try_rmw(&t->cpu, &add, PAGE0 + 64, 1, &value), CPU_HARD);
    assert_int_equal(value, 42);
    assert_int_equal(ir_try_rmw(&t->cpu, &add, PAGE0 + 256, 1, &value), CPU_DONE);
    assert_int_equal(*host(t, PAGE0 + 256), 1);
    assert_false(in_table(t->cpu.space->write, PAGE0));
    /* Code comes to a page that is in the table: the fast way ends. */
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1, 1, U8), CPU_DONE);
    assert_int_equal(ir_try_rmw(&t->cpu, &add, PAGE1, 1, &value), CPU_DONE);
    mem_code_used(&t->mem, 1, 1);
    assert_false(in_table(t->cpu.space->write, PAGE1));
    assert_int_equal(ir_try_rmw(&t->cpu, &add, PAGE1, 1, &value), CPU_HARD);
    assert_int_equal(*host(t, PAGE1), 2);
    /* Reading it is always fine. */
    assert_int_equal(cpu_try_load(&t->cpu, PAGE0 + 64, U8, &value), CPU_DONE);
    assert_true(in_table(t->cpu.space->read, PAGE0));
    assert_quiet(t);
}

static void tables_in_use_are_not_written(void **state)
{
    struct tiny *t = *state;
    uint64_t entry, value;

    assert_int_equal(cpu_try_store(&t->cpu, PAGE1, 1, U8), CPU_DONE);
    assert_true(cpu_walk_read(&t->cpu, PAGE1 + 16, 8, &entry));
    cpu_walk_used(&t->cpu, PAGE1 + 16, 8, PAGE0, 12);
    assert_false(in_table(t->cpu.space->write, PAGE1));
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 23, 1, U1), CPU_HARD);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 12, 1, U8), CPU_HARD);
    assert_int_equal(*host(t, PAGE1 + 23), 0);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE1 + 24, 1, U8), CPU_DONE);
    assert_false(in_table(t->cpu.space->write, PAGE1));
    assert_int_equal(cpu_try_load(&t->cpu, PAGE1 + 16, U8, &value), CPU_DONE);
    assert_quiet(t);
}

static bool page_watched(void *opaque, vaddr page, enum access access)
{
    (void)access;
    return page == *(const vaddr *)opaque;
}

/* The second eight bytes of the page. */
static bool touches(void *opaque, vaddr va, unsigned size, enum access access)
{
    vaddr first = *(const vaddr *)opaque + 8;

    (void)access;
    return va - first < 8 || first - va < size;
}

static bool never_stop(void *opaque, struct cpu *cpu, vaddr va, unsigned size, enum access access,
                       uint64_t value)
{
    (void)opaque, (void)cpu, (void)va, (void)size, (void)access, (void)value;
    fail_msg("a watchpoint was asked by the fast way");
    return false;
}

static void watched_bytes_are_left_to_the_interpreter(void **state)
{
    struct tiny *t = *state;
    vaddr watched = PAGE0;
    const struct cpu_watch watch = {&watched, page_watched, touches, never_stop};
    const struct ir_op add = rmw(IR_I64, RMW_ADD, U8);
    uint64_t value = 42;

    t->cpu.watch = &watch;
    assert_int_equal(cpu_try_load(&t->cpu, PAGE0 + 8, U1, &value), CPU_HARD);
    assert_int_equal(cpu_try_load(&t->cpu, PAGE0 + 1, U8, &value), CPU_HARD);
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 15, 1, U8), CPU_HARD);
    assert_int_equal(ir_try_rmw(&t->cpu, &add, PAGE0 + 8, 1, &value), CPU_HARD);
    assert_int_equal(cpu_try_fill(&t->cpu, PAGE0, ACCESS_READ, 0), CPU_HARD);
    assert_int_equal(cpu_try_fill(&t->cpu, PAGE0, ACCESS_WRITE, 0), CPU_HARD);
    assert_int_equal(value, 42);
    assert_int_equal(t->mem.flags[0], 0);
    /* Bytes beside them, again and again: the page stays out of the tables. */
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 16, 7, U8), CPU_DONE);
        assert_int_equal(cpu_try_load(&t->cpu, PAGE0 + 16, U8, &value), CPU_DONE);
        assert_int_equal(value, 7);
        assert_false(in_table(t->cpu.space->read, PAGE0));
        assert_false(in_table(t->cpu.space->write, PAGE0));
    }
    assert_int_equal(cpu_try_store(&t->cpu, PAGE0 + 8, 1, U8), CPU_HARD); /* still asked */
    assert_int_equal(cpu_try_load(&t->cpu, PAGE1, U8, &value), CPU_DONE);
    assert_true(in_table(t->cpu.space->read, PAGE1));
    assert_quiet(t);
}

static bool is_known(struct tiny *t, vaddr va, enum access access, uint8_t attr)
{
    uint64_t at = 0;
    const struct mem_window *w = cpu_known_device(&t->cpu, va, access, attr, &at);

    assert_true(w == NULL || (w->opaque == t && at == va - TINY_DEVICE));
    return w != NULL;
}

/* Loads are found by loads, stores by stores. */
static void find_device(struct tiny *t)
{
    uint64_t value;

    assert_false(is_known(t, TINY_DEVICE, ACCESS_READ, U8));
    assert_int_equal(cpu_try_load(&t->cpu, TINY_DEVICE + 64, U8, &value), CPU_HARD);
    assert_true(is_known(t, TINY_DEVICE, ACCESS_READ, U8));
    assert_false(is_known(t, TINY_DEVICE, ACCESS_WRITE, U8));
    assert_int_equal(cpu_try_store(&t->cpu, TINY_DEVICE, 1, U4), CPU_HARD);
    assert_true(is_known(t, TINY_DEVICE, ACCESS_WRITE, U4));
}

static void devices_are_known_once_they_were_found(void **state)
{
    struct tiny *t = *state;
    const struct cpu_watch watch = {NULL, page_watched, touches, never_stop};
    uint64_t value;

    t->uncacheable = true;
    assert_int_equal(cpu_try_load(&t->cpu, TINY_DEVICE, U8, &value), CPU_HARD);
    assert_false(is_known(t, TINY_DEVICE, ACCESS_READ, U8));
    t->uncacheable = false;
    find_device(t);
    assert_true(is_known(t, TINY_DEVICE + 0xff8, ACCESS_READ, U8));
    assert_true(is_known(t, TINY_DEVICE + 0xfff, ACCESS_READ, U1));
    assert_false(is_known(t, TINY_DEVICE + 0xffc, ACCESS_READ, U8)); /* misaligned */
    assert_false(is_known(t, TINY_DEVICE + 0x1000, ACCESS_READ, U8));
    assert_false(is_known(t, PAGE0, ACCESS_READ, U8));
    t->cpu.watch = &watch;
    assert_false(is_known(t, TINY_DEVICE, ACCESS_READ, U8));
    t->cpu.watch = NULL;
    cpu_forget_range(&t->cpu, TINY_DEVICE - PAGE_SIZE, PAGE_SIZE);
    assert_true(is_known(t, TINY_DEVICE, ACCESS_READ, U8));
    cpu_forget_range(&t->cpu, TINY_DEVICE, PAGE_SIZE);
    assert_false(is_known(t, TINY_DEVICE, ACCESS_WRITE, U8));
    find_device(t);
    cpu_forget_range(&t->cpu, TINY_DEVICE - 3 * PAGE_SIZE, 4 * PAGE_SIZE);
    find_device(t);
    t->key = 1; /* another space has its own */
    cpu_select_space(&t->cpu, 0);
    find_device(t);
    cpu_forget(&t->cpu);
    assert_false(is_known(t, TINY_DEVICE, ACCESS_READ, U8));
    t->key = 0;
    cpu_select_space(&t->cpu, 0);
    find_device(t);
    assert_quiet(t);
}

static void read_modify_write_is_that_of_the_interpreter(void **state)
{
    struct tiny *t = *state;
    static const struct {
        enum ir_rmw kind;
        uint64_t operand, wanted;
    } cases[] = {{RMW_SWAP, 0x12, 0x12},  {RMW_ADD, 0x10, 0x90}, {RMW_AND, 0xf3, 0x80},
                 {RMW_OR, 0x01, 0x81},    {RMW_XOR, 0xff, 0x7f}, {RMW_ANDN, 0x80, 0},
                 {RMW_MINS, 1, 0x80},     {RMW_MAXS, 1, 1},      {RMW_MINU, 1, 1},
                 {RMW_MAXU, 0xf00, 0x80}, {RMW_RSUB, 1, 0x7f}};
    struct ir_op o = rmw(IR_I64, RMW_ADD, U8);
    uint64_t value = 42;

    assert_int_equal(ir_try_rmw(&t->cpu, &o, PAGE0, 1, &value), CPU_DONE); /* fills the table */
    assert_int_equal(*host(t, PAGE0), 1);
    assert_true(in_table(t->cpu.space->write, PAGE0));
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        memset(host(t, PAGE0), 0x55, 16);
        *host(t, PAGE0 + 9) = 0x80;
        o = rmw(IR_I64, cases[i].kind, U1 | MEM_SIGNED);
        assert_int_equal(ir_try_rmw(&t->cpu, &o, PAGE0 + 9, cases[i].operand, &value), CPU_DONE);
        assert_int_equal(value, 0xffffffffffffff80); /* the old byte, extended */
        assert_int_equal(*host(t, PAGE0 + 9), cases[i].wanted);
        assert_int_equal(*host(t, PAGE0 + 8), 0x55);
        assert_int_equal(*host(t, PAGE0 + 10), 0x55);
    }
    /* An i32's value has 32 bits, whatever its sign. */
    bytes_set_le(host(t, PAGE0 + 4), 4, 0x80000001);
    o = rmw(IR_I32, RMW_ADD, U4 | MEM_SIGNED);
    assert_int_equal(ir_try_rmw(&t->cpu, &o, PAGE0 + 4, UINT64_MAX, &value), CPU_DONE);
    assert_int_equal(value, 0x80000001);
    assert_int_equal(bytes_get_le(host(t, PAGE0 + 4), 4), 0x80000000);
    /* Misaligned is fine where it may be; over the end of the page it is the interpreter's. */
    assert_int_equal(ir_try_rmw(&t->cpu, &o, PAGE0 + 2, 1, &value), CPU_DONE);
    assert_int_equal(ir_try_rmw(&t->cpu, &o, PAGE1 - 2, 1, &value), CPU_HARD);
    assert_int_equal(ir_try_rmw(&t->cpu, &o, TINY_DEVICE, 1, &value), CPU_HARD);
    assert_int_equal(ir_try_rmw(&t->cpu, &o, TINY_ROM, 1, &value), CPU_HARD);
    assert_quiet(t);
    o.mem |= MEM_ALIGN(2);
    assert_int_equal(ir_try_rmw(&t->cpu, &o, PAGE0 + 2, 1, &value), CPU_FAULT);
    assert_fault(t, TINY_MISALIGNED + ACCESS_WRITE, PAGE0 + 2);
    assert_quiet(t);
}

static void compare_and_swap_is_that_of_the_interpreter(void **state)
{
    struct tiny *t = *state;
    struct ir_op o = {.op = IR_CAS, .type = IR_I64, .mem = U2 | MEM_SIGNED | MEM_BIG};
    const uint64_t other[2] = {1, 2}, wanted[2] = {0x1234, 0x5678}, same[2] = {0x8001, 0};
    uint64_t value[2];

    bytes_set_be(host(t, PAGE0 + 6), 2, 0x8001);
    assert_int_equal(ir_try_cas(&t->cpu, &o, PAGE0 + 6, other, wanted, value), CPU_DONE);
    assert_int_equal(value[0], 0xffffffffffff8001);
    assert_int_equal(bytes_get_be(host(t, PAGE0 + 6), 2), 0x8001);
    assert_int_equal(ir_try_cas(&t->cpu, &o, PAGE0 + 6, same, wanted, value), CPU_DONE);
    assert_int_equal(bytes_get_be(host(t, PAGE0 + 4), 8), UINT64_C(0x123400000000));
    o = (struct ir_op){.op = IR_CAS, .type = IR_V128, .mem = 4};
    memcpy(host(t, PAGE0 + 16), other, 16);
    assert_int_equal(ir_try_cas(&t->cpu, &o, PAGE0 + 16, other, wanted, value), CPU_DONE);
    assert_memory_equal(value, other, 16);
    assert_memory_equal(host(t, PAGE0 + 16), wanted, 16);
    assert_int_equal(ir_try_cas(&t->cpu, &o, PAGE0 + 16, other, same, value), CPU_DONE);
    assert_memory_equal(value, wanted, 16);
    assert_memory_equal(host(t, PAGE0 + 16), wanted, 16);
    assert_int_equal(ir_try_cas(&t->cpu, &o, TINY_DEVICE, other, same, value), CPU_HARD);
    assert_quiet(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(loads_are_those_of_the_slow_way),
        TEST(stores_make_the_page_dirty_and_fill_the_table),
        TEST(more_than_memory_is_hard),
        TEST(crossing_a_page_is_as_the_slow_way_does_it),
        TEST(crossing_into_what_is_not_memory_changes_nothing),
        TEST(sixteen_bytes_are_those_of_the_slow_way),
        TEST(other_modes_have_their_own_tables),
        TEST(faults_are_raised_once_and_change_nothing),
        TEST(code_in_use_is_not_written),
        TEST(tables_in_use_are_not_written),
        TEST(watched_bytes_are_left_to_the_interpreter),
        TEST(devices_are_known_once_they_were_found),
        TEST(read_modify_write_is_that_of_the_interpreter),
        TEST(compare_and_swap_is_that_of_the_interpreter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
