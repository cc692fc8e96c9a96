/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_lift: what instructions do where the differential test against the reference cannot
 * look: where the reference differs (its list is in tests/diff/riscv_random.py), and state beside
 * the registers. Arithmetic itself is left to that test.
 */
#include "isa_riscv_bench.h"

#define HANDLER (RAM + 0x1000)
#define DATA    (RAM + 0x2000)

enum { ZERO, A0 = 10, A1, A2 };

static uint32_t r_type(uint32_t funct7, uint32_t funct3, uint32_t opcode)
{
    return funct7 << 25 | A2 << 20 | A1 << 15 | funct3 << 12 | A0 << 7 | opcode;
}
/* a0, a2, (a1) */
static uint32_t amo(uint32_t funct5, unsigned size_log2)
{
    return r_type(funct5 << 2, size_log2, 0x2f);
}
static uint32_t lr(unsigned size_log2)
{
    return amo(2, size_log2) & ~(31u << 20);
}
static uint32_t sc(unsigned size_log2)
{
    return amo(3, size_log2);
}

static struct bench *ready(void)
{
    struct bench *b = bench_new(NULL);

    b->s->mtvec = HANDLER;
    b->s->x[A1] = DATA;
    bench_store(b, DATA, 0x1122334455667788);
    return b;
}

/* Runs one instruction at RAM; the cause of its exception, or -1. */
static int step(struct bench *b, uint32_t insn)
{
    b->s->hart.pc = RAM;
    bench_code(b, RAM, insn);
    bench_run(b, 1);
    if (b->s->hart.pc == HANDLER) {
        assert_int_equal(b->s->mepc, RAM);
        return (int)b->s->mcause;
    }
    return -1;
}

static void misaligned_atomics_are_stores(void **state)
{
    static const uint32_t kinds[] = {0, 1, 4, 8, 12, 16, 20, 24, 28};

    (void)state;
    for (unsigned size = 2; size <= 3; size++) {
        for (unsigned off = 1; off < 1u << size; off++) {
            struct bench *b = ready();

            b->s->x[A1] = DATA + off;
            for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
                assert_int_equal(step(b, amo(kinds[i], size)), CAUSE_STORE_MISALIGNED);
                assert_int_equal(b->s->mtval, DATA + off);
            }
            assert_int_equal(step(b, lr(size)), CAUSE_LOAD_MISALIGNED);
            assert_int_equal(b->s->hart.reserved, 0);
            assert_int_equal(step(b, sc(size)), CAUSE_STORE_MISALIGNED);
            assert_int_equal(b->s->x[A0], 0);
            assert_int_equal(bench_load(b, DATA), 0x1122334455667788);
            bench_free(b);
        }
    }
}

static void atomics_to_nowhere_are_stores(void **state)
{
    struct bench *b = ready();

    (void)state;
    b->s->x[A1] = 0x1000;
    assert_int_equal(step(b, amo(0, 3)), CAUSE_STORE_ACCESS);
    assert_int_equal(step(b, lr(3)), CAUSE_LOAD_ACCESS);
    bench_free(b);
}

/* Runs the instruction laid down at pc. */
static void at(struct bench *b, vaddr pc)
{
    b->s->hart.pc = pc;
    bench_run(b, 1);
}

/* Memory that changes from outside ends a reservation of these bytes, and no other. */
static void reservations_and_dma(void **state)
{
    static const struct {
        int64_t at; /* from the word that is reserved */
        unsigned size;
        bool ends;
    } writes[] = {{0, 8, true},     {7, 1, true},         {-4, 16, true},     {-1, 2, true},
                  {-8, 8, false},   {8, 8, false},        {-1, 1, false},     {8, 1, false},
                  {4096, 8, false}, {-4096, 4096, false}, {-4096, 8192, true}};
    static const uint8_t zeros[8192];
    const vaddr lr_d = RAM, sc_d = RAM + 4;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        struct bench *b = ready();

        bench_code(b, lr_d, lr(3));
        bench_code(b, sc_d, sc(3));
        b->s->x[A2] = 99;
        at(b, lr_d);
        assert_true(mem_write_bytes(&b->mem, DATA + (paddr)writes[i].at, zeros, writes[i].size));
        at(b, sc_d);
        assert_int_equal(b->s->x[A0], writes[i].ends);
        bench_free(b);
    }
}

static void reservations(void **state)
{
    const vaddr lr_w = RAM, sc_w = RAM + 4, lr_d = RAM + 8, sc_d = RAM + 12;
    struct bench *b = ready();

    (void)state;
    bench_code(b, lr_w, lr(2));
    bench_code(b, sc_w, sc(2));
    bench_code(b, lr_d, lr(3));
    bench_code(b, sc_d, sc(3));
    b->s->x[A2] = 99;
    at(b, lr_w);
    assert_int_equal(b->s->x[A0], 0x55667788);
    at(b, sc_w);
    assert_int_equal(b->s->x[A0], 0);
    assert_int_equal(bench_load(b, DATA), 0x1122334400000063);
    /* It is used up. */
    b->s->x[A2] = 1;
    at(b, sc_w);
    assert_int_equal(b->s->x[A0], 1);
    assert_int_equal(bench_load(b, DATA), 0x1122334400000063);
    /* Another address fails, and ends it too. */
    at(b, lr_d);
    assert_int_equal(b->s->hart.reserved, 1);
    b->s->x[A1] = DATA + 8;
    at(b, sc_d);
    assert_int_equal(b->s->x[A0], 1);
    assert_int_equal(bench_load(b, DATA + 8), 0);
    b->s->x[A1] = DATA;
    at(b, sc_d);
    assert_int_equal(b->s->x[A0], 1);
    /* One that fails does not touch memory: not even where there is none. */
    b->s->x[A1] = 0x1000;
    at(b, sc_d);
    assert_int_equal(b->s->hart.pc, sc_d + 4);
    assert_int_equal(b->s->x[A0], 1);
    /* One that would succeed does. */
    b->s->hart.reservation = 0x1000; /* RAM is elsewhere: no LR could have made it */
    b->s->hart.reserved = 1;
    at(b, sc_d);
    assert_int_equal(b->s->hart.pc, HANDLER);
    assert_int_equal(b->s->mcause, CAUSE_STORE_ACCESS);
    bench_free(b);
}

/* Any address in the block will do, and a fault reports that address, not the block's. */
static void cache_blocks(void **state)
{
    static const uint32_t insns[] = {0x0005a00f, 0x0015a00f, 0x0025a00f, 0x0045a00f};
    struct bench *b = ready();

    (void)state;
    bench_store(b, DATA + 56, 1);
    bench_store(b, DATA + 64, 2);
    b->s->x[A1] = DATA + 13;
    for (unsigned i = 0; i < ARRAY_LEN(insns) - 1; i++) {
        assert_int_equal(step(b, insns[i]), -1);
        assert_int_equal(bench_load(b, DATA), 0x1122334455667788);
    }
    assert_int_equal(step(b, insns[3]), -1);
    assert_int_equal(bench_load(b, DATA), 0);
    assert_int_equal(bench_load(b, DATA + 56), 0);
    assert_int_equal(bench_load(b, DATA + 64), 2);
    bench_write(b, 0x3b0, DATA >> 2 | 0x1ff); /* a locked page that nobody may use */
    bench_write(b, 0x3a0, 0x98);
    for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
        assert_int_equal(step(b, insns[i]), CAUSE_STORE_ACCESS);
        assert_int_equal(b->s->mtval, DATA + 13);
    }
    bench_free(b);
}

static void floating_point_off_is_illegal(void **state)
{
    static const uint32_t insns[] = {
        0x0005a507, /* flw fa0, (a1) */
        0x00a5b027, /* fsd fa0, (a1) */
        0x00c58553, /* fadd.s */
        0x22c58553, /* fsgnj.d */
        0xa2c5a553, /* feq.d a0 */
        0xe0051553, /* fclass.s a0 */
        0xf2050553, /* fmv.d.x */
        0xe2050553, /* fmv.x.d */
        0xd2058553, /* fcvt.d.w */
        0x6ac5f543, /* fmadd.d */
        0xc0058553, /* fcvt.w.s a0: only its flags */
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
        struct bench *b = ready();

        assert_int_equal(step(b, insns[i]), CAUSE_ILLEGAL);
        assert_int_equal(b->s->mtval, insns[i]);
        b->s->fs = FS_INITIAL;
        assert_int_equal(step(b, insns[i]), -1);
        /* Stores and moves to x registers leave it as it is. */
        assert_int_equal(b->s->fs, i == 1 || i == 5 || i == 7 ? FS_INITIAL : FS_DIRTY);
        bench_free(b);
    }
}

static void rounding_modes(void **state)
{
    struct bench *b = ready();

    (void)state;
    b->s->fs = FS_DIRTY;
    for (uint32_t rm = 0; rm < 8; rm++) {
        for (uint32_t frm = 0; frm < 8; frm++) {
            bool legal = rm < 5 || (rm == 7 && frm < 5);

            b->s->frm = frm;
            assert_int_equal(step(b, 0x00c58553 | rm << 12), legal ? -1 : CAUSE_ILLEGAL);
        }
    }
    /* 1 + 2^-30 in double, rounded to single upwards and downwards. */
    b->s->f[A1] = 0x3ff0000000400000;
    b->s->frm = 3;
    assert_int_equal(step(b, 0x4015f553), -1); /* fcvt.s.d fa0, fa1, dyn */
    assert_int_equal(b->s->f[A0], 0xffffffff3f800001);
    assert_int_equal(b->s->hart.fp_flags, 1);
    b->s->frm = 2;
    assert_int_equal(step(b, 0x4015f553), -1);
    assert_int_equal(b->s->f[A0], 0xffffffff3f800000);
    bench_free(b);
}

static void unboxed_singles_are_nans(void **state)
{
    struct bench *b = ready();

    (void)state;
    b->s->fs = FS_DIRTY;
    b->s->f[A1] = 0xfffffffe3f800000;
    b->s->f[A2] = 0xffffffff3f800000;
    assert_int_equal(step(b, 0x00c58553), -1); /* fadd.s */
    assert_int_equal(b->s->f[A0], 0xffffffff7fc00000);
    assert_int_equal(b->s->hart.fp_flags, 0);  /* a quiet one */
    assert_int_equal(step(b, 0xe0058553), -1); /* fmv.x.w takes the bits as they are */
    assert_int_equal(b->s->x[A0], 0x3f800000);
    assert_int_equal(step(b, 0x00a5a027 | 1u << 20), -1); /* fsw fa1, (a1) as well */
    assert_int_equal(bench_load(b, DATA) & UINT32_MAX, 0x3f800000);
    bench_free(b);
}

static void ctzw_of_zero(void **state)
{
    struct bench *b = ready();

    (void)state;
    b->s->x[A1] = UINT64_C(1) << 40;
    assert_int_equal(step(b, 0x6015951b), -1);
    assert_int_equal(b->s->x[A0], 32);
    bench_free(b);
}

static void jalr_reads_before_it_writes(void **state)
{
    struct bench *b = ready();

    (void)state;
    b->s->x[1] = RAM + 0x101;
    bench_code(b, RAM, 0x004080e7); /* jalr ra, 4(ra) */
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, RAM + 0x104); /* bit 0 is dropped after the sum */
    assert_int_equal(b->s->x[1], RAM + 4);
    bench_free(b);
}

static void a_faulting_load_leaves_its_register(void **state)
{
    struct bench *b = ready();

    (void)state;
    b->s->x[A1] = 0x1000;
    b->s->x[A0] = 5;
    assert_int_equal(step(b, 0x0005b503), CAUSE_LOAD_ACCESS); /* ld a0, (a1) */
    assert_int_equal(b->s->x[A0], 5);
    assert_int_equal(b->s->mtval, 0x1000);
    assert_int_equal(step(b, 0x0005b003), CAUSE_LOAD_ACCESS); /* also into x0 */
    b->s->fs = FS_CLEAN;
    assert_int_equal(step(b, 0x0005b507), CAUSE_LOAD_ACCESS); /* fld */
    assert_int_equal(b->s->fs, FS_CLEAN);
    bench_free(b);
}

static void reserved_compressed_forms(void **state)
{
    static const uint16_t insns[] = {
        0x0000, 0x0004, /* c.addi4spn of 0 */
        0x8000, 0x2001, /* quadrant 0, funct3 4; c.addiw x0 */
        0x6081, 0x6101, /* c.lui, c.addi16sp of 0 */
        0x9c41, 0x9c61, /* of the arithmetic group */
        0x4002, 0x6002, /* c.lwsp, c.ldsp to x0 */
        0x8002,         /* c.jr x0 */
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
        struct bench *b = ready();

        assert_int_equal(step(b, insns[i] | 0x00010000u), CAUSE_ILLEGAL);
        assert_int_equal(b->s->mtval, insns[i]); /* only the two bytes */
        bench_free(b);
    }
}

static void hints_do_nothing(void **state)
{
    static const uint32_t insns[] = {
        0x0100000f, /* pause */
        0x0005e013, /* ori x0: prefetch.i */
        0x00008033, /* add x0 */
        0x00014001, /* c.li x0 */
        0x8330000f, /* fence.tso */
        0xf330008f, /* a fence with reserved fields */
    };
    struct bench *b = ready();

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
        struct riscv before = *b->s;

        assert_int_equal(step(b, insns[i]), -1);
        assert_int_equal(b->s->hart.pc, RAM + ((insns[i] & 3) == 3 ? 4 : 2));
        b->s->hart.pc = before.hart.pc;
        b->s->hart.instructions = before.hart.instructions;
        assert_memory_equal(b->s, &before, sizeof(before));
    }
    bench_free(b);
}

/* An instruction whose halves lie in two pages, the second of them missing. */
static void fetches_across_pages(void **state)
{
    struct bench *b = ready();
    vaddr last = RAM + RAM_BYTES - 2;

    (void)state;
    b->s->hart.pc = last;
    bench_store(b, last - 6, UINT64_C(0x0513) << 48); /* addi a0, ... */
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, HANDLER);
    assert_int_equal(b->s->mcause, CAUSE_FETCH_ACCESS);
    assert_int_equal(b->s->mepc, last);
    assert_int_equal(b->s->mtval, last + 2);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misaligned_atomics_are_stores),
        cmocka_unit_test(atomics_to_nowhere_are_stores),
        cmocka_unit_test(reservations),
        cmocka_unit_test(reservations_and_dma),
        cmocka_unit_test(cache_blocks),
        cmocka_unit_test(floating_point_off_is_illegal),
        cmocka_unit_test(rounding_modes),
        cmocka_unit_test(unboxed_singles_are_nans),
        cmocka_unit_test(ctzw_of_zero),
        cmocka_unit_test(jalr_reads_before_it_writes),
        cmocka_unit_test(a_faulting_load_leaves_its_register),
        cmocka_unit_test(reserved_compressed_forms),
        cmocka_unit_test(hints_do_nothing),
        cmocka_unit_test(fetches_across_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
