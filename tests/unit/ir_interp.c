/* SPDX-License-Identifier: GPL-2.0-or-later
 * ir/interp.c: what tests/ir cannot say: every limit against every other, watchpoints inside a
 * block, the tick that a device sees.
 */
#include "../ir/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

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

static struct ir_block *block(const char *text)
{
    struct error e = {""};
    struct ir_block *b = ir_parse(text, tiny_helpers, tiny_helper_count, &e);

    if (b == NULL || ir_check(b, TINY_STATE_BYTES, &e) < 0) {
        fail_msg("%s", e.text);
    }
    return b;
}

/* Instruction i adds to slot 64 and stores it at 8 * i; some have no operation, some two PUTs. */
static struct ir_block *long_block(void)
{
    struct text t = {0};
    struct ir_block *b;

    text_add(&t, "block 0x1000\n");
    for (unsigned i = 0; i < IR_BLOCK_INSNS_MAX; i++) {
        text_add(&t, "insn %u 4\n", 4 * i);
        if (i % 7 == 3) {
            continue;
        }
        text_add(&t, "a%u = get.i64 @64\nb%u = add.i64 a%u, %u\n", i, i, i, i + 1);
        text_add(&t, "p%u = const.i64 0x10000\nst.i64 p%u, b%u, %u, u8\nput.i64 b%u, @64\n", i, i,
                 i, 8 * i, i);
        if (i % 5 == 0) {
            text_add(&t, "put.i64 b%u, @72\n", i);
        }
    }
    text_add(&t, "exit 0x2000\n");
    b = block(t.data);
    text_fini(&t);
    return b;
}

static void a_limit_stops_between_instructions(void **state)
{
    struct tiny *t = *state;
    struct ir_block *b = long_block();

    for (uint32_t limit = 1; limit <= IR_BLOCK_INSNS_MAX + 1; limit++) {
        uint64_t sum = 0, other = 0;
        uint32_t done = limit < IR_BLOCK_INSNS_MAX ? limit : IR_BLOCK_INSNS_MAX;
        enum ir_left left;

        memset(&t->state, 0, sizeof(t->state));
        memset(t->mem.blocks[0].host, 0, 4096);
        left = ir_interp(&t->cpu, b, limit);
        assert_int_equal(left, limit < IR_BLOCK_INSNS_MAX ? IR_LEFT_LIMIT : IR_LEFT_EXIT);
        assert_int_equal(t->state.hart.pc, left == IR_LEFT_LIMIT ? 0x1000 + 4 * limit : 0x2000);
        assert_int_equal(t->state.hart.instructions, done);
        assert_int_equal(t->cpu.insn, done);
        for (unsigned i = 0; i < IR_BLOCK_INSNS_MAX; i++) {
            uint64_t stored = bytes_get_le(t->mem.blocks[0].host + 8 * i, 8);

            if (i < done && i % 7 != 3) {
                sum += i + 1;
                other = i % 5 == 0 ? sum : other;
                assert_int_equal(stored, sum);
            } else {
                assert_int_equal(stored, 0);
            }
        }
        assert_int_equal(bytes_get_le((uint8_t *)&t->state + 64, 8), sum);
        assert_int_equal(bytes_get_le((uint8_t *)&t->state + 72, 8), other);
    }
    free(b);
}

static bool page_watched(void *opaque, vaddr page, enum access access)
{
    (void)opaque, (void)page, (void)access;
    return true;
}

/* Stops at the address in opaque. */
static bool stop(void *opaque, struct cpu *cpu, vaddr va, unsigned size, enum access access,
                 uint64_t value)
{
    const vaddr *at = opaque;

    (void)cpu, (void)size, (void)value;
    return access == ACCESS_WRITE && va == *at;
}

static void a_watchpoint_leaves_the_instruction_undone(void **state)
{
    struct tiny *t = *state;
    struct ir_block *b = long_block();
    vaddr at = 0x10000 + 8 * 20;
    const struct cpu_watch watch = {.opaque = &at, .page_watched = page_watched, .stop = stop};

    t->cpu.watch = &watch;
    for (uint32_t limit = 21; limit <= IR_BLOCK_INSNS_MAX; limit += 43) {
        memset(&t->state, 0, sizeof(t->state));
        t->cpu.watch_hit = false;
        assert_int_equal(ir_interp(&t->cpu, b, limit), IR_LEFT_WATCH);
        assert_int_equal(t->state.hart.pc, 0x1000 + 4 * 20);
        assert_int_equal(t->state.hart.instructions, 20);
        assert_int_equal(t->cpu.insn, 20);
        assert_int_equal(bytes_get_le(t->mem.blocks[0].host + 8 * 20, 8), 0);
        assert_int_equal(bytes_get_le((uint8_t *)&t->state + 64, 8), 190 - 4 - 11 - 18 + 20);
    }
    free(b);
}

static uint64_t seen_at(void *opaque, struct mem_access a)
{
    const struct tiny *t = opaque;

    (void)a;
    return cpu_now(&t->cpu);
}

static void devices_see_the_exact_tick(void **state)
{
    struct tiny *t = *state;
    struct ir_block *b = block("block 0\ninsn 0 4\n p = const.i64 0x30000\n"
                               " a = ld.i64 p, 0, u8\n put.i64 a, @64\ninsn 4 4\ninsn 8 4\n"
                               " b = ld.i64 p, 8, u8\n put.i64 b, @72\n"
                               " c = call.i64 now\n put.i64 c, @80\n exit 0\n");

    t->mem.windows[0].read = seen_at;
    t->cpu.block_tick = UINT64_C(1) << 40;
    assert_int_equal(ir_interp(&t->cpu, b, UINT32_MAX), IR_LEFT_EXIT);
    assert_int_equal(bytes_get_le((uint8_t *)&t->state + 64, 8), UINT64_C(1) << 40);
    assert_int_equal(bytes_get_le((uint8_t *)&t->state + 72, 8), (UINT64_C(1) << 40) + 2);
    assert_int_equal(bytes_get_le((uint8_t *)&t->state + 80, 8), (UINT64_C(1) << 40) + 2);
    free(b);
}

/* Self-modifying: the block is left after the instruction that stored to its page, when the
 * listener asks for it. */
static void code_written(void *listener, uint32_t page, uint64_t granules)
{
    struct tiny *t = listener;

    (void)page, (void)granules;
    t->cpu.look = true;
}

static void stores_to_code_are_looked_at(void **state)
{
    struct tiny *t = *state;
    struct ir_block *b = long_block();

    t->mem.code_written = code_written;
    mem_code_used(&t->mem, 0, 2); /* bytes 64 to 127: instruction 8 stores to it first */
    assert_int_equal(ir_interp(&t->cpu, b, UINT32_MAX), IR_LEFT_LOOK);
    assert_int_equal(t->state.hart.instructions, 9);
    assert_int_equal(t->state.hart.pc, 0x1000 + 4 * 9);
    free(b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_limit_stops_between_instructions),
        TEST(a_watchpoint_leaves_the_instruction_undone),
        TEST(devices_see_the_exact_tick),
        TEST(stores_to_code_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
