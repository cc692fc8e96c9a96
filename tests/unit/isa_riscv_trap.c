/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_trap: which interrupt is taken when and where, what entering and leaving a trap does
 * to the state, WFI, and the hart's own timer.
 */
#include "isa_riscv_bench.h"

#define HANDLER_M (RAM + 0x1000)
#define HANDLER_S (RAM + 0x2000)

static struct bench *ready(unsigned priv)
{
    struct bench *b = bench_new(NULL);

    bench_open_pmp(b);
    b->s->mtvec = HANDLER_M;
    b->s->stvec = HANDLER_S;
    b->s->priv = priv;
    for (unsigned i = 0; i < 16; i++) {
        bench_code(b, RAM + 4 * i, 0x00000013);
    }
    return b;
}

static void interrupts_come_in_order(void **state)
{
    static const unsigned order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};
    struct bench *b = ready(PRIV_U);

    (void)state;
    b->s->lines = IRQ_M_BITS;
    b->s->soft = IRQ_S_BITS;
    b->s->mie = IRQ_M_BITS | IRQ_S_BITS;
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        b->s->priv = PRIV_U;
        b->s->hart.pc = RAM + 8;
        bench_run(b, 1);
        assert_int_equal(b->s->mcause, CAUSE_INTERRUPT | order[i]);
        assert_int_equal(b->s->mepc, RAM + 8);
        assert_int_equal(b->s->hart.pc, HANDLER_M);
        assert_int_equal(b->s->priv, PRIV_M);
        assert_int_equal(b->s->hart.instructions, 0); /* a trap is a tick, not an instruction */
        b->s->lines &= ~IRQ_BIT(order[i]);
        b->s->soft &= ~IRQ_BIT(order[i]);
    }
    assert_int_equal(b->now, 6);
    bench_free(b);
}

static void machine_interrupts_go_before_delegated_ones(void **state)
{
    struct bench *b = ready(PRIV_U);

    (void)state;
    b->s->lines = IRQ_BIT(IRQ_SEI) | IRQ_BIT(IRQ_MTI);
    b->s->mie = b->s->lines;
    b->s->mideleg = IRQ_S_BITS;
    bench_run(b, 1);
    assert_int_equal(b->s->mcause, CAUSE_INTERRUPT | IRQ_MTI);
    assert_false(isa_riscv64.traps.interrupt_pending(&b->cpu)); /* M is not interrupted by S's */
    b->s->priv = PRIV_U;
    b->s->lines &= ~IRQ_BIT(IRQ_MTI);
    bench_run(b, 1);
    assert_int_equal(b->s->scause, CAUSE_INTERRUPT | IRQ_SEI);
    assert_int_equal(b->s->hart.pc, HANDLER_S);
    assert_int_equal(b->s->priv, PRIV_S);
    bench_free(b);
}

static void enables_depend_on_the_mode(void **state)
{
    struct bench *b = ready(PRIV_S);
    bool (*pending)(const struct cpu *) = isa_riscv64.traps.interrupt_pending;

    (void)state;
    b->s->lines = IRQ_BIT(IRQ_SEI);
    b->s->mie = b->s->lines;
    b->s->mideleg = IRQ_S_BITS;
    assert_false(pending(&b->cpu)); /* in S with SIE clear */
    assert_true(isa_riscv64.traps.wakes(&b->cpu));
    b->s->mstatus |= MSTATUS_SIE;
    assert_true(pending(&b->cpu));
    b->s->priv = PRIV_M;
    b->s->mstatus |= MSTATUS_MIE;
    assert_false(pending(&b->cpu));
    b->s->mideleg = 0;
    assert_true(pending(&b->cpu));
    b->s->mstatus = 0;
    assert_false(pending(&b->cpu));
    b->s->priv = PRIV_S;
    assert_true(pending(&b->cpu));
    b->s->mie = 0;
    assert_false(pending(&b->cpu));
    assert_false(isa_riscv64.traps.wakes(&b->cpu));
    bench_free(b);
}

static void vectored_only_for_interrupts(void **state)
{
    struct bench *b = ready(PRIV_U);

    (void)state;
    b->s->stvec = HANDLER_S | 1;
    b->s->mideleg = IRQ_S_BITS;
    b->s->medeleg = 1u << CAUSE_ECALL_U;
    b->s->mie = b->s->soft = IRQ_BIT(IRQ_STI);
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, HANDLER_S + 4 * IRQ_STI);
    b->s->mie = 0;
    b->s->priv = PRIV_U;
    b->s->hart.pc = RAM;
    bench_code(b, RAM, 0x00000073); /* ecall */
    bench_run(b, 1);
    assert_int_equal(b->s->hart.pc, HANDLER_S);
    assert_int_equal(b->s->scause, CAUSE_ECALL_U);
    assert_int_equal(b->s->sepc, RAM);
    bench_free(b);
}

static void exceptions_are_not_delegated_from_m(void **state)
{
    struct bench *b = ready(PRIV_M);

    (void)state;
    b->s->medeleg = 0xb3ff;
    bench_code(b, RAM + 4, 0xffffffff);
    bench_run(b, 2);
    assert_int_equal(b->s->mcause, CAUSE_ILLEGAL);
    assert_int_equal(b->s->mtval, 0xffffffff);
    assert_int_equal(b->s->mepc, RAM + 4);
    assert_int_equal(b->s->hart.instructions, 1);
    assert_int_equal(bits_get(b->s->mstatus, MSTATUS_MPP_POS, 2), PRIV_M);
    bench_free(b);
}

static void entering_and_leaving_m(void **state)
{
    struct bench *b = ready(PRIV_S);

    (void)state;
    b->s->mstatus = MSTATUS_MIE | MSTATUS_SIE | MSTATUS_MPRV;
    bench_code(b, RAM, 0x00000073);
    bench_code(b, HANDLER_M, 0x30200073); /* mret */
    bench_run(b, 1);
    assert_int_equal(b->s->mcause, CAUSE_ECALL_S);
    assert_int_equal(b->s->mstatus, MSTATUS_MPIE | MSTATUS_SIE | MSTATUS_MPRV |
                                        (uint64_t)PRIV_S << MSTATUS_MPP_POS);
    bench_run(b, 1);
    assert_int_equal(b->s->priv, PRIV_S);
    assert_int_equal(b->s->hart.pc, RAM);
    assert_int_equal(b->s->mstatus, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_SIE);
    bench_free(b);
}

static void entering_and_leaving_s(void **state)
{
    struct bench *b = ready(PRIV_U);

    (void)state;
    b->s->medeleg = 0xb3ff;
    b->s->mstatus = MSTATUS_SIE | MSTATUS_SPP;
    bench_code(b, RAM, 0x00000073);
    bench_code(b, HANDLER_S, 0x10200073); /* sret */
    bench_run(b, 1);
    assert_int_equal(b->s->mstatus, MSTATUS_SPIE);
    assert_int_equal(b->s->priv, PRIV_S);
    bench_run(b, 1);
    assert_int_equal(b->s->mstatus, MSTATUS_SPIE | MSTATUS_SIE);
    assert_int_equal(b->s->priv, PRIV_U);
    bench_free(b);
}

/* Runs one instruction; true if it was illegal. */
static bool is_illegal(unsigned priv, uint64_t mstatus, uint32_t insn)
{
    struct bench *b = ready(priv);
    bool illegal;

    b->s->mstatus = mstatus;
    b->s->mepc = b->s->sepc = RAM + 4;
    bench_code(b, RAM, insn);
    bench_run(b, 1);
    illegal = b->s->hart.pc == HANDLER_M;
    if (illegal) {
        assert_int_equal(b->s->mcause, CAUSE_ILLEGAL);
        assert_int_equal(b->s->mtval, insn);
    } else {
        assert_int_equal(b->s->hart.pc, RAM + 4);
    }
    bench_free(b);
    return illegal;
}

static void privileged_instructions(void **state)
{
    const uint32_t sret = 0x10200073, mret = 0x30200073, wfi = 0x10500073, vma = 0x12000073;
    const uint32_t sinval = 0x16000073, w_inval = 0x18000073;

    (void)state;
    assert_true(is_illegal(PRIV_S, 0, mret));
    assert_true(is_illegal(PRIV_U, 0, mret));
    assert_false(is_illegal(PRIV_M, 0, sret));
    assert_false(is_illegal(PRIV_S, 0, sret));
    assert_true(is_illegal(PRIV_S, MSTATUS_TSR, sret));
    assert_false(is_illegal(PRIV_M, MSTATUS_TSR, sret));
    assert_true(is_illegal(PRIV_U, 0, sret));
    assert_false(is_illegal(PRIV_S, 0, wfi));
    assert_true(is_illegal(PRIV_S, MSTATUS_TW, wfi));
    assert_false(is_illegal(PRIV_M, MSTATUS_TW, wfi));
    assert_true(is_illegal(PRIV_U, 0, wfi));
    assert_false(is_illegal(PRIV_S, 0, vma));
    assert_true(is_illegal(PRIV_S, MSTATUS_TVM, vma));
    assert_false(is_illegal(PRIV_M, MSTATUS_TVM, vma));
    assert_true(is_illegal(PRIV_U, 0, vma));
    assert_true(is_illegal(PRIV_S, MSTATUS_TVM, sinval));
    assert_false(is_illegal(PRIV_S, MSTATUS_TVM, w_inval));
    assert_true(is_illegal(PRIV_U, 0, w_inval));
}

static void cache_blocks(void **state)
{
    const uint32_t inval = 0x0005200f, clean = 0x0015200f, zero = 0x0045200f; /* (a0) */
    static const struct {
        unsigned priv;
        uint64_t menvcfg, senvcfg;
        bool inval, clean, zero; /* are legal */
    } cases[] = {
        {PRIV_M, 0, 0, true, true, true},
        {PRIV_S, 0, ~UINT64_C(0), false, false, false},
        {PRIV_S, ENVCFG_CBIE, 0, true, false, false},
        {PRIV_S, ENVCFG_CBCFE, 0, false, true, false},
        {PRIV_S, ENVCFG_CBZE, 0, false, false, true},
        {PRIV_U, ~UINT64_C(0), 0, false, false, false},
        {PRIV_U, ~UINT64_C(0), ENVCFG_CBZE, false, false, true},
        {PRIV_U, ~UINT64_C(0), 1 << ENVCFG_CBIE_POS, true, false, false},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        const uint32_t insns[] = {inval, clean, zero};
        const bool legal[] = {cases[i].inval, cases[i].clean, cases[i].zero};

        for (unsigned k = 0; k < 3; k++) {
            struct bench *b = ready(cases[i].priv);

            b->s->menvcfg = cases[i].menvcfg & ~ENVCFG_STCE;
            b->s->senvcfg = cases[i].senvcfg;
            b->s->x[10] = RAM + 0x4021;
            bench_code(b, RAM, insns[k]);
            for (unsigned at = 0; at < 256; at += 8) {
                bench_store(b, RAM + 0x3fc0 + at, ~UINT64_C(0));
            }
            bench_run(b, 1);
            assert_int_equal(b->s->hart.pc, legal[k] ? RAM + 4 : HANDLER_M);
            for (unsigned at = 0; at < 256; at += 8) {
                bool cleared = k == 2 && legal[k] && at >= 64 && at < 128;
                assert_int_equal(bench_load(b, RAM + 0x3fc0 + at), cleared ? 0 : ~UINT64_C(0));
            }
            bench_free(b);
        }
    }
}

static void wfi_waits_for_what_is_enabled(void **state)
{
    struct bench *b = ready(PRIV_M);

    (void)state;
    bench_code(b, RAM, 0x10500073);
    bench_code(b, RAM + 4, 0x10500073);
    bench_run(b, 1);
    assert_int_equal(b->s->hart.waiting, 1);
    assert_int_equal(b->s->hart.instructions, 1);
    assert_int_equal(b->s->hart.pc, RAM + 4);
    b->s->hart.waiting = 0;
    /* Pending and enabled, but not taken as MIE is clear: no wait. */
    isa_riscv64.traps.set_line(&b->cpu, IRQ_MTI, true);
    assert_false(isa_riscv64.traps.wakes(&b->cpu));
    b->s->mie = IRQ_BIT(IRQ_MTI);
    assert_true(isa_riscv64.traps.wakes(&b->cpu));
    bench_run(b, 1);
    assert_int_equal(b->s->hart.waiting, 0);
    /* What is taken ends the wait. */
    b->s->hart.waiting = 1;
    isa_riscv64.traps.take_interrupt(&b->cpu); /* MIE is clear: nothing */
    assert_int_equal(b->s->hart.waiting, 1);
    b->s->mstatus = MSTATUS_MIE;
    isa_riscv64.traps.take_interrupt(&b->cpu);
    assert_int_equal(b->s->hart.waiting, 0);
    assert_int_equal(b->s->mcause, CAUSE_INTERRUPT | IRQ_MTI);
    bench_free(b);
}

static uint64_t ten_ticks(void *opaque, tick now)
{
    (void)opaque;
    return now / 10;
}

static tick ten_ticks_when(void *opaque, uint64_t value)
{
    (void)opaque;
    return value > UINT64_MAX / 10 ? TICK_NEVER : value * 10;
}

static void the_hart_has_a_timer(void **state)
{
    struct bench *b = ready(PRIV_S);

    (void)state;
    b->cpu.timer.read = ten_ticks;
    b->cpu.timer.when = ten_ticks_when;
    b->s->menvcfg |= ENVCFG_STCE;
    b->s->mcounteren = 2;
    assert_int_equal(isa_riscv64.traps.next_alarm(&b->cpu), TICK_NEVER);
    bench_write(b, 0x14d, 5);
    assert_int_equal(isa_riscv64.traps.next_alarm(&b->cpu), 50);
    b->s->soft = IRQ_BIT(IRQ_STI); /* does not count while Sstc is on */
    assert_int_equal(riscv_mip(b->s), 0);
    isa_riscv64.traps.alarm(&b->cpu, 49);
    assert_int_equal(riscv_mip(b->s), 0);
    isa_riscv64.traps.alarm(&b->cpu, 50);
    assert_int_equal(riscv_mip(b->s), IRQ_BIT(IRQ_STI));
    assert_int_equal(isa_riscv64.traps.next_alarm(&b->cpu), TICK_NEVER);
    b->cpu.block_tick = 50;
    bench_write(b, 0x14d, 6); /* later again: the line falls */
    assert_int_equal(riscv_mip(b->s), 0);
    assert_int_equal(isa_riscv64.traps.next_alarm(&b->cpu), 60);
    bench_write(b, 0x14d, 4);
    assert_int_equal(riscv_mip(b->s), IRQ_BIT(IRQ_STI));
    b->s->menvcfg = 0;
    assert_int_equal(isa_riscv64.traps.next_alarm(&b->cpu), TICK_NEVER);
    bench_free(b);
}

static void pins_that_are_not_there(void **state)
{
    struct bench *b = ready(PRIV_M);

    (void)state;
    b->cpu.look = false;
    isa_riscv64.traps.set_line(&b->cpu, IRQ_SSI, true);
    isa_riscv64.traps.set_line(&b->cpu, 64, true);
    assert_int_equal(riscv_mip(b->s), 0);
    assert_false(b->cpu.look);
    isa_riscv64.traps.set_line(&b->cpu, IRQ_MSI, true);
    assert_true(b->cpu.look);
    b->cpu.look = false;
    isa_riscv64.traps.set_line(&b->cpu, IRQ_MSI, true); /* the same level again */
    assert_false(b->cpu.look);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_come_in_order),
        cmocka_unit_test(machine_interrupts_go_before_delegated_ones),
        cmocka_unit_test(enables_depend_on_the_mode),
        cmocka_unit_test(vectored_only_for_interrupts),
        cmocka_unit_test(exceptions_are_not_delegated_from_m),
        cmocka_unit_test(entering_and_leaving_m),
        cmocka_unit_test(entering_and_leaving_s),
        cmocka_unit_test(privileged_instructions),
        cmocka_unit_test(cache_blocks),
        cmocka_unit_test(wfi_waits_for_what_is_enabled),
        cmocka_unit_test(the_hart_has_a_timer),
        cmocka_unit_test(pins_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
