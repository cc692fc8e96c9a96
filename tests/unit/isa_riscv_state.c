/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_state: the state's table, reset, -cpu's options, and the registers that GDB is told of.
 */
#include "isa_riscv_bench.h"

#include "board/board.h"

static void fields_tile_the_state(void **state)
{
    struct error e;

    (void)state;
    assert_true(field_table_tiles(&isa_riscv64.state, &e));
    assert_ptr_equal(isa_by_name("riscv64"), &isa_riscv64);
    assert_null(isa_by_name("riscv6"));
}

static uint32_t extensions_of(const char *option)
{
    struct bench *b = bench_new(option);
    uint32_t extensions = b->s->extensions;

    bench_free(b);
    return extensions;
}

static void options_switch_extensions(void **state)
{
    (void)state;
    assert_int_equal(extensions_of(NULL), EXT_USUAL);
    assert_int_equal(extensions_of("rv64"), EXT_USUAL);
    assert_int_equal(extensions_of("rv64,zba=false,Zicbom=off"),
                     EXT_USUAL & ~(EXT_ZBA | EXT_ZICBOM));
    assert_int_equal(extensions_of("rv64,sstc=off,sstc=on"), EXT_USUAL);
    assert_int_equal(extensions_of("rv64,m=true,v=false,h=off"), EXT_USUAL);
    /* A recording's: -cpu max is spelled out. */
    assert_int_equal(extensions_of("max"), EXT_USUAL);
    assert_int_equal(extensions_of(isa_riscv64.max_cpu), EXT_MAX);
    assert_int_equal(extensions_of("rv64,zfhmin=on,zicond=on"),
                     EXT_USUAL | EXT_ZFHMIN | EXT_ZICOND);
    /* One brings the other along. */
    assert_int_equal(extensions_of("rv64,zfhmin=off,zfh=on"), EXT_USUAL | EXT_ZFH | EXT_ZFHMIN);
}

static void wrong_options_get_a_sentence(void **state)
{
    static const char *const wrong[] = {"",           "rv32",         "rv64,",      "rv64,zba",
                                        "rv64,zba=1", "rv64,v=true",  "rv64,m=off", "rv64,foo=on",
                                        "rv64,=on",   "rv64,,zba=on", "rv64x",      "rv64,zbaa=on"};
    struct riscv_model model;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct isa_options o = {.cpu = wrong[i]};
        struct error e = {""};

        assert_int_equal(isa_riscv64.make_model(&model, &o, &e), -1);
        assert_non_null(strstr(e.text, "-cpu"));
    }
}

static void a_switched_off_extension_is_illegal(void **state)
{
    static const struct {
        const char *on, *off;
        uint32_t insn;
    } cases[] = {
        {"rv64", "rv64,zba=off", 0x20a52533},                        /* sh1add a0,a0,a0 */
        {"rv64", "rv64,zbb=off", 0x60051513},                        /* clz a0,a0 */
        {"rv64", "rv64,zbs=off", 0x48a51533},                        /* bclr a0,a0,a0 */
        {"rv64", "rv64,zicbom=off", 0x0015200f},                     /* cbo.clean (a0) */
        {"rv64", "rv64,zicboz=off", 0x0045200f},                     /* cbo.zero (a0) */
        {"rv64", "rv64,svinval=off", 0x16000073},                    /* sinval.vma */
        {"rv64", "rv64,zbb=off", 0x40a57533},                        /* andn a0,a0,a0 */
        {"rv64,zbb=off,zbkb=on", "rv64,zbb=off", 0x40a57533},        /* the same */
        {"rv64,zbkb=on", "rv64", 0x08a54533},                        /* pack a0,a0,a0 */
        {"rv64,zbc=on", "rv64", 0x0aa51533},                         /* clmul a0,a0,a0 */
        {"rv64,zicond=on", "rv64", 0x0ea55533},                      /* czero.eqz a0,a0,a0 */
        {"rv64,zfh=on", "rv64", 0x04a57553},                         /* fadd.h fa0,fa0,fa0 */
        {"rv64,zfh=on", "rv64,zfhmin=on", 0x04a57553},               /* the same */
        {"rv64,zfhmin=on", "rv64", 0x00051507},                      /* flh fa0,(a0) */
        {"rv64,zfh=on", "rv64,zfhmin=off", 0x00051507},              /* the same */
        {"rv64,zfa=on", "rv64", 0xf0180553},                         /* fli.s fa0,1.0 */
        {"rv64,zfa=on,zfhmin=on", "rv64,zfa=on", 0xf4180553},        /* fli.h fa0,1.0 */
        {"rv64,zfa=on,zfh=on", "rv64,zfh=on", 0xf4180553},           /* the same */
        {"rv64,zfa=on,zfh=on", "rv64,zfa=on,zfhmin=on", 0x2ca52553}, /* fminm.h fa0,fa0,fa0 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (unsigned on = 0; on < 2; on++) {
            struct bench *b = bench_new(on ? cases[i].on : cases[i].off);

            b->s->mtvec = RAM + 0x100;
            b->s->x[10] = RAM + 0x1000;
            b->s->fs = FS_INITIAL;
            bench_code(b, RAM, cases[i].insn);
            bench_run(b, 1);
            assert_int_equal(b->s->hart.pc, on ? RAM + 4 : RAM + 0x100);
            bench_free(b);
        }
    }
}

/* Models and states of the other width. */
static void riscv32_is_its_own(void **state)
{
    static const char *const wrong[] = {"rv64", "rv32,svnapot=on", "rv32,svpbmt=on"};
    struct isa_options o = {.cpu = "rv32,zba=off", .hart_count = 1};
    struct riscv now = {.x = {0}}, other;
    struct riscv_model model = {0};
    struct cpu cpu = {.state = &now};
    struct error e = {""};
    size_t count;

    (void)state;
    assert_int_equal(isa_riscv32.make_model(&model, &o, &e), 0);
    assert_int_equal(model.extensions, (EXT_USUAL | EXT_RV32) & ~EXT_ZBA);
    isa_riscv32.reset(&now, &model, &o);
    other = now;
    other.x[5] = UINT32_MAX;
    assert_int_equal(isa_riscv32.check(&cpu, &other, &e), 0);
    other.x[5]++;
    assert_int_equal(isa_riscv32.check(&cpu, &other, &e), -1);
    assert_non_null(strstr(e.text, "riscv32"));
    other = now;
    other.extensions &= ~(uint32_t)EXT_RV32;
    assert_int_equal(isa_riscv32.check(&cpu, &other, &e), -1);
    o.cpu = isa_riscv32.max_cpu;
    assert_int_equal(isa_riscv32.make_model(&model, &o, &e), 0);
    assert_int_equal(model.extensions, EXT_MAX_32 | EXT_RV32);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        o.cpu = wrong[i];
        assert_int_equal(isa_riscv32.make_model(&model, &o, &e), -1);
        assert_non_null(strstr(e.text, "riscv32"));
    }
    assert_int_equal(isa_riscv32.gdb.registers(&count)[RISCV_GDB_PC].bits, 32);
}

static void harts_have_numbers(void **state)
{
    struct isa_options o = {.hart = 3, .hart_count = 4};
    struct riscv_model model;
    struct riscv s = {.x = {0}};
    struct error e;

    (void)state;
    assert_int_equal(isa_riscv64.make_model(&model, &o, &e), 0);
    isa_riscv64.reset(&s, &model, &o);
    assert_int_equal(s.hart_id, 3);
    assert_int_equal(s.priv, PRIV_M);
    assert_int_equal(s.x[5], 0);
    assert_int_equal(s.menvcfg, ENVCFG_ADUE);
}

static void gdb_registers_are_distinct_and_readable(void **state)
{
    struct bench *b = bench_new(NULL);
    size_t count;
    const struct isa_register *r = isa_riscv64.gdb.registers(&count);

    (void)state;
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        uint8_t value[8] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee};

        assert_true(r[i].bits == 32 || r[i].bits == 64);
        assert_true(isa_riscv64.gdb.get(&b->cpu, r[i].number, value));
        for (unsigned k = 4; k < 8 && r[i].bits == 32; k++) {
            assert_int_equal(value[k], 0xee); /* no more than it says */
        }
        for (size_t k = 0; k < i; k++) {
            assert_true(r[k].number != r[i].number);
            assert_string_not_equal(r[k].name, r[i].name);
        }
    }
    bench_free(b);
}

static bool set(struct bench *b, uint32_t number, uint64_t value)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, 8, value);
    return isa_riscv64.gdb.set(&b->cpu, number, bytes);
}

static void gdb_writes_registers(void **state)
{
    struct bench *b = bench_new(NULL);

    (void)state;
    assert_false(set(b, 0, 1));
    assert_true(set(b, 10, 1234));
    assert_int_equal(b->s->x[10], 1234);
    assert_true(set(b, 32, RAM + 8));
    assert_int_equal(b->s->hart.pc, RAM + 8);
    assert_true(set(b, 33 + 31, UINT64_MAX));
    assert_int_equal(b->s->f[31], UINT64_MAX);
    assert_true(set(b, 65 + 3, 0x61)); /* fcsr, though FS is off */
    assert_int_equal(b->s->frm, 3);
    assert_int_equal(b->s->hart.fp_flags, 1);
    assert_true(set(b, 65 + 0x305, RAM));
    assert_int_equal(b->s->mtvec, RAM);
    assert_false(set(b, 65 + 0xf14, 5)); /* mhartid: nothing of it can be written */
    assert_false(set(b, 65 + 0xc00, 5));
    assert_false(set(b, 65 + 0x5c0, 5));
    assert_false(set(b, 4161, 0));
    assert_false(set(b, 4162, 0));
    bench_free(b);
}

/* A hart alone: all of it is as at power-on, but for the pins, which nobody else has let go, and what it
 * has counted. */
static void a_hart_is_reset_alone(void **state)
{
    static const uint8_t here[] = {0x6f, 0, 0, 0}; /* j . */
    static const uint8_t one[] = {1, 0, 0, 0};
    struct machine_config c;
    struct machine *m;
    struct riscv *s;
    struct error e = {""};
    uint64_t instructions;

    (void)state;
    machine_config_init(&c);
    memcpy(c.arch, "riscv64", sizeof "riscv64");
    c.hart_count = 2;
    c.bios_none = 1;
    c.ram_bytes = 16 * MIB;
    c.images[IMAGE_KERNEL].name = base_strdup("here");
    c.images[IMAGE_KERNEL].data = base_alloc(sizeof here, 1);
    c.images[IMAGE_KERNEL].size = sizeof here;
    memcpy(c.images[IMAGE_KERNEL].data, here, sizeof here);
    m = board_build(&c, &e);
    assert_non_null(m);
    assert_int_equal(machine_run(m, 2 * MACHINE_QUANTUM, false), STOP_TICK);
    s = machine_cpu(m, 1)->state;
    instructions = s->hart.instructions;
    assert_true(instructions > 100 && s->x[10] == 1); /* a0: its number, to the kernel */
    assert_true(mem_bus_write(machine_mem(m), 0x2000004, one, sizeof one)); /* CLINT's msip[1] */
    s->priv = PRIV_S;
    s->mie = IRQ_BIT(IRQ_MSI);
    s->pmpcfg[0] = 0x8f;
    machine_request_hart_reset(m, 1);
    assert_int_equal(machine_run(m, machine_now(m), false), STOP_TICK);
    assert_int_equal(s->lines, IRQ_BIT(IRQ_MSI)); /* mip, as the CLINT still drives it */
    assert_true(s->priv == PRIV_M && s->mie == 0 && s->pmpcfg[0] == 0 && s->x[10] == 0);
    assert_true(s->hart.pc == 0x1000 && s->hart.instructions == instructions);
    assert_int_equal(((struct riscv *)machine_cpu(m, 0)->state)->x[10], 0);
    machine_request_reset(m, RESET_WARM); /* the CLINT, too */
    assert_int_equal(machine_run(m, machine_now(m), false), STOP_TICK);
    assert_int_equal(s->lines, 0);
    machine_free(m);
    machine_config_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_tile_the_state),
        cmocka_unit_test(options_switch_extensions),
        cmocka_unit_test(wrong_options_get_a_sentence),
        cmocka_unit_test(a_switched_off_extension_is_illegal),
        cmocka_unit_test(riscv32_is_its_own),
        cmocka_unit_test(harts_have_numbers),
        cmocka_unit_test(gdb_registers_are_distinct_and_readable),
        cmocka_unit_test(gdb_writes_registers),
        cmocka_unit_test(a_hart_is_reset_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
