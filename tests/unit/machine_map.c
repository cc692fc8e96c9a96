/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine_map: a map that devices move while a program runs, interpreted and compiled: what is accessed
 * and executed right after the access that moved it, ROM over RAM, storage at two addresses, windows
 * of which each access names a hart, DMA in a circle, restored checkpoints. And random programs of the
 * made-up processor, whose mover may put anything anywhere.
 */
#include "../toy/toy_parts.h"
#include "checkpoint/checkpoint.h"
#include "machine/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- programs ---- */

struct bench {
    struct toy_assembler a;
    uint8_t code[6144];
    struct machine *machine;
    unsigned complaints;
};

static void begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    b->a = (struct toy_assembler){.code = b->code, .room = sizeof b->code};
}

static void put_op(struct bench *b, enum toy_op op, unsigned first)
{
    toy_put(&b->a, op, 1);
    toy_put(&b->a, first, 1);
}

static void at(struct bench *b, enum toy_op op, unsigned r, uint32_t address)
{
    put_op(b, op, r);
    toy_put(&b->a, address, 4);
}

static void move(struct bench *b, unsigned where, uint32_t value)
{
    put_op(b, TOY_MOVE, where);
    toy_put(&b->a, value, 4);
}

static void move_and_store(struct bench *b, unsigned where, uint32_t value, uint32_t address)
{
    put_op(b, TOY_MOVEST, where);
    toy_put(&b->a, value, 4);
    toy_put(&b->a, address, 4);
}

static void jump(struct bench *b, uint32_t to)
{
    toy_put(&b->a, TOY_JMP, 1);
    toy_put(&b->a, to, 4);
}

static void complain(void *opaque, tick when, const char *channel, const char *text)
{
    struct bench *b = opaque;

    (void)when;
    (void)channel;
    b->complaints += strstr(text, "guest error") != NULL;
}

/* The program, to where it waits for ever. */
static void run(struct bench *b, bool jit, unsigned harts, tick ticks)
{
    toy_op0(&b->a, TOY_WAIT);
    jump(b, (uint32_t)(TOY_RAM + b->a.at - 1));
    b->machine = toy_machine(harts, 1000, b->code, b->a.at);
    machine_set_log(b->machine, &(struct machine_log){.opaque = b, .line = complain});
    assert_int_equal(engine_use_jit(machine_engine(b->machine), jit, NULL), 0);
    assert_int_equal(machine_run(b->machine, ticks, false), STOP_TICK);
    assert_int_equal(machine_hash(b->machine), machine_hash_slow(b->machine));
}

static uint32_t reg(const struct bench *b, unsigned r)
{
    const struct toy *s = machine_cpu(b->machine, 0)->state;

    return s->r[r];
}

/* The block that was added under this name. */
static struct mem_block *block(const struct bench *b, const char *name)
{
    for (unsigned i = 0; i < machine_mem(b->machine)->block_count; i++) {
        if (strcmp(machine_mem(b->machine)->blocks[i].name, name) == 0) {
            return &machine_mem(b->machine)->blocks[i];
        }
    }
    fail();
    return NULL;
}

static uint32_t word_of(const uint8_t *bytes)
{
    return (uint32_t)bytes_get_be(bytes, 4);
}

static void end(struct bench *b)
{
    machine_free(b->machine);
    b->machine = NULL;
}

#define FREE           0x80000u /* nothing is there */
#define PAGE(n)        ((n) * (uint32_t)TOY_MOVER_PAGE)
#define BOTH_WAYS(jit) for (unsigned jit = 0; jit < 2; jit++)

/* ---- the very next access ---- */

/* Often enough that everything is in tables and compiled. */
static void the_next_access_goes_by_the_new_map(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;
        size_t loop, done;

        begin(&b);
        toy_ldi(&b.a, 6, 0);
        loop = b.a.at;
        toy_ldi(&b.a, 0, 0x11111111);
        move_and_store(&b, TOY_MOVER_CONTROL, PAGE(1), TOY_MOVER_BANK + 16);
        toy_ldi(&b.a, 0, 0x22222222);
        move_and_store(&b, TOY_MOVER_CONTROL, PAGE(2), TOY_MOVER_BANK + 16);
        move(&b, TOY_MOVER_CONTROL, PAGE(1));
        at(&b, TOY_LDAT, 1, TOY_MOVER_BANK + 16);
        move(&b, TOY_MOVER_CONTROL, PAGE(2));
        at(&b, TOY_LDAT, 2, TOY_MOVER_BANK + 16);
        move(&b, TOY_MOVER_BANK_AT, FREE);
        at(&b, TOY_LDAT, 3, FREE + 16);
        move(&b, TOY_MOVER_BANK_AT, TOY_MOVER_BANK);
        toy_op2(&b.a, TOY_ADDI, 6, 1);
        toy_ldi(&b.a, 5, 100);
        toy_op2(&b.a, TOY_SUB, 5, 6);
        done = b.a.at;
        toy_jcc(&b.a, CC_NE, loop);
        assert_true(b.a.at > done);
        run(&b, jit, 1, 3000);
        assert_int_equal(reg(&b, 6), 100);
        assert_int_equal(reg(&b, 1), 0x11111111);
        assert_int_equal(reg(&b, 2), 0x22222222);
        assert_int_equal(reg(&b, 3), 0x22222222);
        assert_int_equal(word_of(block(&b, "bank")->host + PAGE_SIZE + 16), 0x11111111);
        end(&b);
    }
}

/* A page of code that is another one from the next instruction on: it goes on in the other. */
static void code_moves_under_the_program(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        uint8_t code[64];
        struct toy_assembler a = {.code = code, .room = sizeof code};
        struct bench b;
        haddr bank;

        begin(&b);
        jump(&b, TOY_MOVER_BANK + 8);
        run(&b, jit, 1, 1);
        bank = block(&b, "bank")->home;
        for (unsigned page = 0; page < 2; page++) {
            a.at = 0;
            toy_put(&a, TOY_MOVE, 1); /* the other one is to be here */
            toy_put(&a, TOY_MOVER_CONTROL, 1);
            toy_put(&a, PAGE(1 - page), 4);
            toy_op2(&a, TOY_ADDI, 0, page == 0 ? 1 : 3);
            toy_op2(&a, TOY_MUL, 0, page == 0 ? 1 : 2);
            toy_put(&a, TOY_JMP, 1);
            toy_put(&a, TOY_MOVER_BANK + 8, 4);
            assert_true(
                mem_load_bytes(machine_mem(b.machine), bank + page * PAGE_SIZE + 8, code, a.at));
        }
        ((struct toy *)machine_cpu(b.machine, 0)->state)->r[1] = 5;
        ((struct toy *)machine_cpu(b.machine, 0)->state)->r[2] = 7;
        assert_int_equal(machine_run(b.machine, 1 + 4 * 100, false), STOP_TICK);
        /* From page 0 to page 1 first, and so on. */
        for (uint32_t n = 0, should = 0; n < 100; n++) {
            should = n % 2 == 0 ? (should + 3) * 7 : (should + 1) * 5;
            if (n == 99) {
                assert_int_equal(reg(&b, 0), should);
            }
        }
        end(&b);
    }
}

/* ---- ROM over RAM ---- */

static void rom_hides_ram_from_reads(void **state)
{
    const uint32_t over = TOY_RAM + 0x20000;

    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;
        uint32_t in_rom;

        begin(&b);
        toy_ldi(&b.a, 0, 0x5a5a0001);
        at(&b, TOY_STAT, 0, over + 0x100);
        at(&b, TOY_LDAT, 0, over + 0x100); /* it is in both tables */
        move(&b, TOY_MOVER_ROM_AT, over);
        move(&b, TOY_MOVER_CONTROL, TOY_MOVER_ROM);
        at(&b, TOY_LDAT, 1, over + 0x100);
        toy_ldi(&b.a, 2, 0x00000010);
        at(&b, TOY_FETAT, 2, over + 0x104); /* reads ROM, writes RAM */
        toy_ldi(&b.a, 3, 0x77777777);
        at(&b, TOY_STAT, 3, over + 0x108);
        move(&b, TOY_MOVER_CONTROL, TOY_MOVER_ROM | TOY_MOVER_ROM_DROPS);
        at(&b, TOY_STAT, 3, over + 0x100); /* nowhere */
        move(&b, TOY_MOVER_CONTROL, 0);
        at(&b, TOY_LDAT, 4, over + 0x100);
        at(&b, TOY_LDAT, 5, over + 0x104);
        at(&b, TOY_LDAT, 6, over + 0x108);
        run(&b, jit, 1, 100);
        in_rom = word_of(block(&b, "overlay")->host + 0x104);
        assert_int_equal(reg(&b, 0), 0x5a5a0001);
        assert_int_equal(reg(&b, 1), word_of(block(&b, "overlay")->host + 0x100));
        assert_int_equal(reg(&b, 2), in_rom);
        assert_int_equal(reg(&b, 4), 0x5a5a0001);
        assert_int_equal(reg(&b, 5), in_rom + 0x10);
        assert_int_equal(reg(&b, 6), 0x77777777);
        end(&b);
    }
}

/* A store that changes nothing is an access all the same, which a watchpoint has to meet: searches may
 * not skip it. */
static void dropped_stores_are_noted(void **state)
{
    static const uint32_t places[] = {0x8070, TOY_MOVER_COUNTER, FREE};

    (void)state;
    BOTH_WAYS(jit)
    {
        struct probe probe = {.kind = PROBE_WATCH_WRITE, .hart = PROBE_ANY_HART, .size = 3};
        struct text packed = {0};
        struct bench b;

        begin(&b);
        for (unsigned i = 0; i < ARRAY_LEN(places); i++) { /* the last one is an exception */
            at(&b, TOY_STAT, 0, places[i]);
        }
        run(&b, jit, 1, 0);
        assert_int_equal(engine_start_footprint(machine_engine(b.machine), false, NULL), 0);
        assert_int_equal(machine_run(b.machine, 4, false), STOP_TICK);
        engine_take_footprint(machine_engine(b.machine), &packed);
        for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
            probe.at = places[i] + 1;
            assert_true(engine_footprint_allows((const uint8_t *)packed.data, packed.length,
                                                machine_mem(b.machine), &probe));
        }
        probe.at = TOY_MOVER_BANK;
        assert_false(engine_footprint_allows((const uint8_t *)packed.data, packed.length,
                                             machine_mem(b.machine), &probe));
        text_fini(&packed);
        engine_end_footprint(machine_engine(b.machine));
        end(&b);
    }
}

/* ---- the same storage at two addresses ---- */

/* Code at the one, rewritten at the other. */
static void aliases_are_one(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;
        size_t loop;

        begin(&b);
        toy_ldi(&b.a, 1, TOY_LDI << 24 | 3 << 16); /* ldi r3, 0x0000xxxx: at the alias */
        at(&b, TOY_STAT, 1, TOY_MOVER_BANK);
        toy_ldi(&b.a, 1, TOY_RET);
        at(&b, TOY_STBAT, 1, TOY_MOVER_BANK + 6);
        toy_ldi(&b.a, 6, 0);
        loop = b.a.at;
        at(&b, TOY_STBAT, 6, TOY_MOVER_BANK + 5);
        toy_put(&b.a, TOY_CALL, 1);
        toy_put(&b.a, TOY_MOVER_ALIAS, 4);
        toy_ldi(&b.a, 2, 0xff);
        toy_op2(&b.a, TOY_MOV, 4, 3);
        toy_op2(&b.a, TOY_XOR, 4, 6); /* what was written is what was executed */
        at(&b, TOY_FETAT, 4, TOY_RAM + 0x9000);
        toy_op2(&b.a, TOY_ADDI, 6, 1);
        toy_ldi(&b.a, 5, 60);
        toy_op2(&b.a, TOY_SUB, 5, 6);
        toy_jcc(&b.a, CC_NE, loop);
        at(&b, TOY_STBAT, 6, TOY_MOVER_BANK + 4);
        run(&b, jit, 1, 1500);
        assert_int_equal(reg(&b, 6), 60);
        assert_int_equal(reg(&b, 3) & 0xff, 59);
        assert_int_equal(block(&b, "ram")->host[0x9003], 0);
        end(&b);
    }
}

/* ---- windows ---- */

static uint32_t mover_value(struct bench *b, const char *field, uint32_t index)
{
    const struct device *d = machine_device(b->machine, 2);

    for (size_t i = 0; i < d->class->state.field_count; i++) {
        const struct field *f = &d->class->state.fields[i];

        if (strcmp(f->name, field) == 0) {
            return (uint32_t)field_get(f, d->state, index);
        }
    }
    fail();
    return 0;
}

static void accesses_name_a_hart(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;
        size_t loop;

        begin(&b);
        toy_op1(&b.a, TOY_HART, 3);
        toy_ldi(&b.a, 6, 0);
        loop = b.a.at;
        at(&b, TOY_LDAT, 1, TOY_MOVER_COUNTER);
        toy_op2(&b.a, TOY_ADDI, 6, 1);
        toy_ldi(&b.a, 5, 5);
        toy_op2(&b.a, TOY_ADD, 5, 3);
        toy_op2(&b.a, TOY_SUB, 5, 6);
        toy_jcc(&b.a, CC_NE, loop);
        move(&b, TOY_MOVER_DMA_READ, TOY_MOVER_COUNTER);
        run(&b, jit, 3, 4000);
        for (unsigned h = 0; h < 3; h++) {
            assert_int_equal(mover_value(&b, "counts", h), 5 + h);
        }
        assert_int_equal(mover_value(&b, "counts", 3), 0);
        assert_int_equal(mover_value(&b, "counts", MACHINE_HARTS_MAX), 3 * 2); /* 8 and 4 bytes */
        end(&b);
    }
}

/* It moves itself when it is read: the old place is empty by the next instruction. */
static void windows_move(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;

        begin(&b);
        toy_put(&b.a, TOY_VECTOR, 1);
        toy_put(&b.a, TOY_RAM + 0x100, 4);
        move(&b, TOY_MOVER_AT1, FREE);
        at(&b, TOY_LDAT, 1, FREE + 4);
        at(&b, TOY_LDAT, 2, FREE + TOY_WALKER_BYTES + 4);
        at(&b, TOY_LDAT, 3, FREE + 4); /* nothing: an exception */
        b.a.at = 0x100;
        toy_op1(&b.a, TOY_CAUSE, 4);
        run(&b, jit, 1, 100);
        assert_int_equal(reg(&b, 1), __builtin_bswap32(0x01010101 + 4));
        assert_int_equal(reg(&b, 2), __builtin_bswap32(0x02020202 + 4));
        assert_int_equal(reg(&b, 4), TOY_CAUSE_BUS);
        assert_int_equal(mover_value(&b, "at", 1), FREE + 2 * TOY_WALKER_BYTES);
        end(&b);
    }
}

static void odd_accesses_are_split_or_faults(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;

        begin(&b);
        toy_put(&b.a, TOY_VECTOR, 1);
        toy_put(&b.a, TOY_RAM + 0x200, 4);
        move(&b, TOY_MOVER_AT0, FREE + 0xff8); /* half in each of two pages */
        at(&b, TOY_LDQAT, 1, FREE + 0xffc);    /* a piece of 4 in each */
        at(&b, TOY_LDAT, 2, FREE + 0xff9);     /* bytes */
        toy_ldi(&b.a, 3, 0);
        at(&b, TOY_STAT, 3, FREE + 0xffe); /* 2 and 2 bytes: of 1 */
        move(&b, TOY_MOVER_AT1, FREE + 0x4000);
        at(&b, TOY_LDAT, 4, FREE + 0x4001); /* the walker takes none of that */
        b.a.at = 0x200;
        toy_op1(&b.a, TOY_CAUSE, 5);
        run(&b, jit, 1, 100);
        assert_int_equal(mover_value(&b, "counts", 0), 2 + 4 + 4);
        assert_int_equal(reg(&b, 5), TOY_CAUSE_BUS);
        assert_int_equal(mover_value(&b, "at", 1), FREE + 0x4000);
        assert_int_equal(b.complaints, 1);
        end(&b);
    }
}

/* A window of less than a page over the program's own page: what it does not cover goes on. */
static void windows_over_code(void **state)
{
    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;
        size_t loop;

        begin(&b);
        move(&b, TOY_MOVER_AT0, TOY_RAM + 0x800);
        move(&b, TOY_MOVER_CONTROL, TOY_MOVER_COUNTER_OVER);
        toy_ldi(&b.a, 6, 0);
        loop = b.a.at;
        at(&b, TOY_LDBAT, 1, TOY_RAM + 0x80f);
        at(&b, TOY_STAT, 6, TOY_RAM + 0x810);
        at(&b, TOY_LDAT, 2, TOY_RAM + 0x810);
        at(&b, TOY_LDAT, 3, TOY_RAM + 0x7fc);
        toy_op2(&b.a, TOY_ADDI, 6, 1);
        toy_ldi(&b.a, 5, 40);
        toy_op2(&b.a, TOY_SUB, 5, 6);
        toy_jcc(&b.a, CC_NE, loop);
        /* What it does cover is no code. */
        toy_put(&b.a, TOY_VECTOR, 1);
        toy_put(&b.a, TOY_RAM + 0x200, 4);
        jump(&b, TOY_RAM + 0x804);
        b.a.at = 0x200;
        toy_op1(&b.a, TOY_CAUSE, 4);
        run(&b, jit, 1, 1000);
        assert_int_equal(reg(&b, 6), 40);
        assert_int_equal(reg(&b, 4), TOY_CAUSE_BUS);
        assert_int_equal(reg(&b, 2), 39);
        assert_int_equal(reg(&b, 1), 40 + 0xf);
        assert_int_equal(mover_value(&b, "counts", 0), 40);
        assert_int_equal(word_of(block(&b, "ram")->host + 0x810), 39);
        end(&b);
    }
}

/* ---- DMA ---- */

/* An odd number that is written to the walker makes the mover write 12 bytes, an odd number among them,
 * to where its word says: to the walker. */
static void dma_in_a_circle_ends(void **state)
{
    uint64_t hashes[2];

    (void)state;
    BOTH_WAYS(jit)
    {
        struct bench b;

        begin(&b);
        move(&b, TOY_MOVER_AT1, FREE);
        move(&b, TOY_MOVER_CONTROL, 1);
        toy_ldi(&b.a, 1, FREE + 4);
        at(&b, TOY_STAT, 1, TOY_MOVER + TOY_MOVER_WORD);
        toy_ldi(&b.a, 1, 1 << 24);
        at(&b, TOY_STAT, 1, FREE + 4);
        toy_ldi(&b.a, 6, 1234); /* and goes on */
        run(&b, jit, 1, 100);
        assert_true(b.complaints > 0);
        assert_true(mover_value(&b, "counts", MACHINE_HARTS_MAX) > 3);
        assert_int_equal(b.machine->dma_depth, 0);
        assert_int_equal(reg(&b, 6), 1234);
        hashes[jit] = machine_hash(b.machine);
        end(&b);
    }
    assert_int_equal(hashes[0], hashes[1]);
}

static void dma_ends_reservations_where_they_are(void **state)
{
    struct bench b;
    struct hart *h;

    (void)state;
    begin(&b);
    run(&b, false, 1, 10);
    h = machine_cpu(b.machine, 0)->hart;
    for (unsigned i = 0; i < 2; i++) { /* the same bytes by the other address; others */
        h->reserved = 1;
        h->reservation = TOY_MOVER_ALIAS + 0x44;
        assert_true(device_dma_write(machine_device(b.machine, 0),
                                     TOY_MOVER_BANK + (i ? 0x48 : 0x40), "x", 1));
        assert_int_equal(h->reserved, i);
    }
    end(&b);
}

/* ---- going back ---- */

static void restored_states_bring_their_map(void **state)
{
    struct checkpoint_store *store;
    struct checkpoint *c[2];
    uint8_t there[4];
    struct bench b;

    (void)state;
    begin(&b);
    move(&b, TOY_MOVER_CONTROL, PAGE(1));
    move(&b, TOY_MOVER_BANK_AT, FREE);
    run(&b, true, 1, 0);
    store = checkpoint_store_new(b.machine);
    c[0] = checkpoint_save(store);
    assert_int_equal(machine_run(b.machine, 2, false), STOP_TICK);
    c[1] = checkpoint_save(store);
    for (unsigned n = 0; n < 4; n++) {
        checkpoint_restore(store, c[n % 2]);
        assert_int_equal(mem_read_bytes(machine_mem(b.machine), FREE, there, 4), n % 2);
        assert_int_equal(mem_read_bytes(machine_mem(b.machine), TOY_MOVER_BANK, there, 4),
                         !(n % 2));
        assert_memory_equal(there, block(&b, "bank")->host + (n % 2) * PAGE_SIZE, 4);
        assert_int_equal(machine_run(b.machine, 10, false), STOP_TICK);
        assert_true(mem_read_bytes(machine_mem(b.machine), FREE, there, 4));
    }
    checkpoint_drop(c[0]);
    checkpoint_drop(c[1]);
    checkpoint_store_free(store);
    end(&b);
}

/* ---- random programs ---- */

static unsigned changes;
static void (*told)(void *listener);

static void count_changes(void *listener)
{
    changes++;
    told(listener);
}

/* Compiled in one go; interpreted in pieces, forgetting everything in between. */
static void random_programs_agree(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned n = 0; n < 300; n++) {
        unsigned harts = 1 + n % 3;
        struct bench b;
        struct machine *m[2];

        begin(&b);
        b.a.at = toy_mover_program(b.code, sizeof b.code, n + 1);
        for (unsigned i = 0; i < 2; i++) {
            m[i] = toy_machine(harts, 53, b.code, b.a.at);
            told = machine_mem(m[i])->map_changed;
            machine_mem(m[i])->map_changed = count_changes;
        }
        assert_int_equal(engine_use_jit(machine_engine(m[0]), true, NULL), 0);
        for (tick at = 0; at <= 2000; at += 200) {
            (void)machine_run(m[0], at, false);
            while (machine_state(m[1])->now < at && machine_state(m[1])->power == POWER_ON) {
                tick until = machine_state(m[1])->now + 1 + toy_random(&seed) % 40;

                if (machine_run(m[1], until < at ? until : at, false) != STOP_TICK) {
                    break;
                }
                machine_forget(m[1]);
            }
            if (machine_hash(m[0]) != machine_hash(m[1])) {
                struct machine_difference d;

                (void)machine_first_difference(m[0], m[1], &d);
                fail_msg("program %u, before tick %llu: %s: 0x%llx compiled, 0x%llx interpreted", n,
                         (unsigned long long)at, d.where, (unsigned long long)d.a,
                         (unsigned long long)d.b);
            }
        }
        assert_int_equal(machine_hash(m[0]), machine_hash_slow(m[0]));
        machine_free(m[0]);
        machine_free(m[1]);
    }
    assert_true(changes > 10000); /* of 600 runs */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_access_goes_by_the_new_map),
        cmocka_unit_test(code_moves_under_the_program),
        cmocka_unit_test(rom_hides_ram_from_reads),
        cmocka_unit_test(dropped_stores_are_noted),
        cmocka_unit_test(aliases_are_one),
        cmocka_unit_test(accesses_name_a_hart),
        cmocka_unit_test(windows_move),
        cmocka_unit_test(odd_accesses_are_split_or_faults),
        cmocka_unit_test(windows_over_code),
        cmocka_unit_test(dma_in_a_circle_ends),
        cmocka_unit_test(dma_ends_reservations_where_they_are),
        cmocka_unit_test(restored_states_bring_their_map),
        cmocka_unit_test(random_programs_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
