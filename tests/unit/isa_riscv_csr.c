/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_csr: who may use which control register, and what sticks of what is written.
 */
#include "isa_riscv_bench.h"

enum {
    FFLAGS = 0x001,
    FRM,
    FCSR,
    SSTATUS = 0x100,
    SIE = 0x104,
    STVEC,
    SCOUNTEREN,
    SENVCFG = 0x10a,
    SSCRATCH = 0x140,
    SEPC,
    SCAUSE,
    STVAL,
    SIP,
    STIMECMP = 0x14d,
    SATP = 0x180,
    MSTATUS = 0x300,
    MISA,
    MEDELEG,
    MIDELEG,
    MIE,
    MTVEC,
    MCOUNTEREN,
    MENVCFG = 0x30a,
    MCOUNTINHIBIT = 0x320,
    MEPC = 0x341,
    MIP = 0x344,
    PMPCFG0 = 0x3a0,
    PMPCFG2 = 0x3a2,
    PMPADDR0 = 0x3b0,
    MCYCLE = 0xb00,
    MINSTRET = 0xb02,
    CYCLE = 0xc00,
    TIME,
    INSTRET,
    HPMCOUNTER3,
    MVENDORID = 0xf11,
    MHARTID = 0xf14
};

static void mstatus_keeps_legal_values(void **state)
{
    struct bench *b = bench_new(NULL);
    uint64_t fixed = MSTATUS_XL_FIXED;

    (void)state;
    assert_int_equal(bench_read(b, MSTATUS), fixed);
    bench_write(b, MSTATUS, UINT64_MAX);
    assert_int_equal(bench_read(b, MSTATUS), fixed | MSTATUS_SD | 0x7e79aa);
    /* MPP = 2 does not exist. */
    bench_write(b, MSTATUS, UINT64_C(2) << MSTATUS_MPP_POS);
    assert_int_equal(bench_read(b, MSTATUS), fixed | MSTATUS_MPP);
    bench_write(b, MSTATUS, UINT64_C(1) << MSTATUS_MPP_POS);
    assert_int_equal(bench_read(b, MSTATUS), fixed | UINT64_C(1) << MSTATUS_MPP_POS);
    /* sstatus is a window on it. */
    bench_write(b, MSTATUS, 0);
    bench_write(b, SSTATUS, UINT64_MAX);
    assert_int_equal(bench_read(b, SSTATUS), MSTATUS_SD | UINT64_C(0x2000c6122));
    assert_int_equal(bench_read(b, MSTATUS), fixed | MSTATUS_SD | 0xc6122);
    bench_free(b);
}

static void fixed_registers_ignore_writes(void **state)
{
    struct bench *b = bench_new(NULL);
    uint64_t misa = bench_read(b, MISA);

    (void)state;
    assert_int_equal(misa, UINT64_C(0x800000000014112d));
    bench_write(b, MISA, 0);
    assert_int_equal(bench_read(b, MISA), misa);
    assert_int_equal(bench_read(b, MVENDORID), 0);
    assert_false(bench_may_write(b, MVENDORID, 0)); /* read-only by its number */
    assert_false(bench_may_write(b, CYCLE, 0));
    bench_write(b, 0x323, 5); /* mhpmevent3 */
    assert_int_equal(bench_read(b, 0x323), 0);
    assert_int_equal(bench_read(b, 0xb1f), 0); /* mhpmcounter31 */
    assert_false(bench_may_read(b, 0xb01));    /* between mcycle and minstret */
    assert_false(bench_may_read(b, 0x3a1));    /* pmpcfg1 is of RV32 */
    assert_false(bench_may_read(b, 0x5c0));
    bench_free(b);
}

static void delegation_masks(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    bench_write(b, MEDELEG, UINT64_MAX);
    assert_int_equal(bench_read(b, MEDELEG), 0xb3ff); /* no ecall from M, nothing reserved */
    bench_write(b, MIDELEG, UINT64_MAX);
    assert_int_equal(bench_read(b, MIDELEG), 0x222);
    bench_write(b, MIE, UINT64_MAX);
    assert_int_equal(bench_read(b, MIE), 0xaaa);
    assert_int_equal(bench_read(b, SIE), 0x222);
    bench_write(b, MIDELEG, 2);
    assert_int_equal(bench_read(b, SIE), 2);
    bench_write(b, SIE, 0);
    assert_int_equal(bench_read(b, MIE), 0xaa8);
    bench_free(b);
}

static void vectors_and_translation(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    bench_write(b, MTVEC, 0x80000101);
    bench_write(b, MTVEC, 0x80000202); /* a reserved mode */
    assert_int_equal(bench_read(b, MTVEC), 0x80000101);
    bench_write(b, MEPC, 0x80000003);
    assert_int_equal(bench_read(b, MEPC), 0x80000002);
    bench_write(b, SATP, UINT64_C(8) << 60 | 0x1234);
    bench_write(b, SATP, UINT64_C(7) << 60 | 0x5678); /* no such mode: nothing changes */
    assert_int_equal(bench_read(b, SATP), UINT64_C(8) << 60 | 0x1234);
    bench_write(b, SATP, UINT64_C(10) << 60);
    assert_int_equal(bench_read(b, SATP), UINT64_C(10) << 60);
    bench_free(b);
}

static void privilege_decides(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    b->s->priv = PRIV_S;
    assert_false(bench_may_read(b, MSTATUS));
    assert_true(bench_may_read(b, SSTATUS));
    assert_true(bench_may_read(b, SATP));
    b->s->mstatus |= MSTATUS_TVM;
    assert_false(bench_may_read(b, SATP));
    assert_false(bench_may_write(b, SATP, 0));
    b->s->priv = PRIV_U;
    assert_false(bench_may_read(b, SSTATUS));
    b->s->priv = PRIV_M;
    assert_true(bench_may_read(b, SATP));
    bench_free(b);
}

static void counters_are_gated(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    assert_true(bench_may_read(b, TIME));
    b->s->priv = PRIV_S;
    assert_false(bench_may_read(b, TIME));
    b->s->mcounteren = 2;
    assert_true(bench_may_read(b, TIME));
    assert_false(bench_may_read(b, CYCLE));
    assert_false(bench_may_read(b, HPMCOUNTER3));
    b->s->priv = PRIV_U;
    assert_false(bench_may_read(b, TIME));
    b->s->scounteren = 2;
    assert_true(bench_may_read(b, TIME));
    b->s->mcounteren = 0;
    assert_false(bench_may_read(b, TIME));
    bench_free(b);
}

static void stimecmp_is_gated(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    assert_true(bench_may_write(b, STIMECMP, 5));
    b->s->priv = PRIV_S;
    assert_false(bench_may_read(b, STIMECMP));
    b->s->mcounteren = 2;
    assert_false(bench_may_read(b, STIMECMP));
    b->s->menvcfg |= ENVCFG_STCE;
    assert_true(bench_may_read(b, STIMECMP));
    b->s->mcounteren = 0;
    assert_false(bench_may_read(b, STIMECMP));
    bench_free(b);

    b = bench_new("rv64,sstc=off");
    assert_false(bench_may_read(b, STIMECMP));
    bench_write(b, MENVCFG, UINT64_MAX);
    assert_int_equal(bench_read(b, MENVCFG) & ENVCFG_STCE, 0);
    bench_free(b);
}

static void floating_point_needs_fs(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    assert_false(bench_may_read(b, FCSR));
    bench_write(b, MSTATUS, (uint64_t)FS_CLEAN << MSTATUS_FS_POS);
    assert_int_equal(bench_read(b, FCSR), 0);
    assert_int_equal(b->s->fs, FS_CLEAN); /* reading makes nothing dirty */
    bench_write(b, FCSR, UINT64_MAX);
    assert_int_equal(b->s->fs, FS_DIRTY);
    assert_int_equal(bench_read(b, FCSR), 0xff);
    assert_int_equal(bench_read(b, FRM), 7);
    bench_write(b, FFLAGS, 0);
    assert_int_equal(bench_read(b, FCSR), 0xe0);
    for (unsigned number = FFLAGS; number <= FCSR; number++) {
        b->s->fs = FS_INITIAL;
        bench_write(b, number, 0);
        assert_int_equal(b->s->fs, FS_DIRTY);
    }
    bench_free(b);
}

static void pending_bits_have_owners(void **state)
{
    struct bench *b = bench_new(NULL);
    uint64_t old;

    (void)state;
    bench_write(b, MIP, UINT64_MAX);
    assert_int_equal(bench_read(b, MIP), 0x222); /* pins are not written */
    bench_write(b, MIP, 0);
    isa_riscv64.traps.set_line(&b->cpu, IRQ_SEI, true);
    isa_riscv64.traps.set_line(&b->cpu, IRQ_MTI, true);
    assert_int_equal(bench_read(b, MIP), 0x280);
    /* Setting another bit does not make the pin's level stick. */
    assert_true(bench_csr(b, MIP, CSR_OP_SET, 1, 2, &old));
    assert_int_equal(old, 0x280);
    isa_riscv64.traps.set_line(&b->cpu, IRQ_SEI, false);
    assert_int_equal(bench_read(b, MIP), 0x82);
    /* From S, only the delegated software interrupt can be written. */
    bench_write(b, MIDELEG, 0x222);
    bench_write(b, SIP, UINT64_MAX);
    assert_int_equal(bench_read(b, SIP), 2);
    bench_write(b, SIP, 0);
    assert_int_equal(bench_read(b, MIP), 0x80);
    bench_free(b);
}

static void pmp_locks(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    bench_write(b, PMPADDR0 + 0, 0x1000);
    bench_write(b, PMPADDR0 + 1, UINT64_MAX);
    assert_int_equal(bench_read(b, PMPADDR0 + 1), UINT64_MAX >> 10);
    bench_write(b, PMPCFG0, 0x8f00 | 0x62); /* 1: locked TOR RWX; 0: W without R, reserved bits */
    assert_int_equal(bench_read(b, PMPCFG0), 0x8f00);
    bench_write(b, PMPCFG0, 0x1f1f);
    assert_int_equal(bench_read(b, PMPCFG0), 0x8f1f);
    bench_write(b, PMPADDR0 + 1, 0);
    bench_write(b, PMPADDR0 + 0, 0); /* the base of a locked range */
    assert_int_equal(bench_read(b, PMPADDR0 + 1), UINT64_MAX >> 10);
    assert_int_equal(bench_read(b, PMPADDR0 + 0), 0x1000);
    bench_write(b, PMPCFG2, UINT64_C(0x1f) << 56);
    assert_int_equal(b->s->pmpcfg[15], 0x1f);
    bench_free(b);
}

static void counters_count(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    bench_code(b, RAM + 0, 0x00000013);  /* nop */
    bench_code(b, RAM + 4, 0xb0259073);  /* csrw minstret, a1 */
    bench_code(b, RAM + 8, 0xc0202573);  /* csrr a0, instret */
    bench_code(b, RAM + 12, 0xc0002673); /* csrr a2, cycle */
    bench_code(b, RAM + 16, 0xc01026f3); /* csrr a3, time */
    b->s->x[11] = 1000;
    bench_run(b, 5);
    assert_int_equal(b->s->x[10], 1000);
    assert_int_equal(b->s->x[12], 3);
    assert_int_equal(b->s->x[13], 4); /* without a timer, time is the tick */
    assert_int_equal(b->s->hart.instructions, 5);
    /* Inhibited counters stand still and go on from there. */
    bench_write(b, MCOUNTINHIBIT, UINT64_MAX);
    assert_int_equal(bench_read(b, MCOUNTINHIBIT), 5);
    b->s->hart.instructions += 100;
    b->cpu.block_tick += 100;
    {
        uint64_t instret = bench_read(b, MINSTRET);
        uint64_t cycle = bench_read(b, MCYCLE);
        b->s->hart.instructions += 100;
        b->cpu.block_tick += 100;
        assert_int_equal(bench_read(b, MINSTRET), instret);
        assert_int_equal(bench_read(b, MCYCLE), cycle);
        bench_write(b, MCOUNTINHIBIT, 0);
        b->s->hart.instructions += 7;
        assert_int_equal(bench_read(b, MINSTRET), instret + 7);
    }
    bench_free(b);
}

static void environment_fields(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    assert_int_equal(bench_read(b, MENVCFG), ENVCFG_ADUE);
    bench_write(b, MENVCFG, 0x30);
    bench_write(b, MENVCFG, 0x20 | 1); /* CBIE = 2 is reserved */
    assert_int_equal(bench_read(b, MENVCFG), 0x31);
    bench_write(b, SENVCFG, UINT64_MAX);
    assert_int_equal(bench_read(b, SENVCFG), 0xf1);
    bench_free(b);
    b = bench_new("rv64,zicbom=off,zicboz=off,svadu=off,sstc=off");
    assert_int_equal(bench_read(b, MENVCFG), 0);
    bench_write(b, MENVCFG, UINT64_MAX);
    assert_int_equal(bench_read(b, MENVCFG), 1);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mstatus_keeps_legal_values),
        cmocka_unit_test(fixed_registers_ignore_writes),
        cmocka_unit_test(delegation_masks),
        cmocka_unit_test(vectors_and_translation),
        cmocka_unit_test(privilege_decides),
        cmocka_unit_test(counters_are_gated),
        cmocka_unit_test(stimecmp_is_gated),
        cmocka_unit_test(floating_point_needs_fs),
        cmocka_unit_test(pending_bits_have_owners),
        cmocka_unit_test(pmp_locks),
        cmocka_unit_test(counters_count),
        cmocka_unit_test(environment_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
