/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/platform.c: what harts ask the machine beside memory, by single instructions of the made-up
 * processor, each interpreted and compiled: acknowledging an interrupt of a line that two devices
 * share, messages, services, the I/O space, resets and shutting down.
 */
#include "jit/jit.h"
#include "../toy/toy_state.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool compiled; /* how the next machine runs */

/* Two harts; the second one waits at once. */
struct bench {
    struct machine *machine;
    struct toy_assembler a;
    uint8_t code[512];
};

#define SECOND 0x100 /* where the second hart goes */

static void begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    b->a = (struct toy_assembler){.code = b->code, .room = sizeof b->code};
    toy_op1(&b->a, TOY_HART, 0);
    toy_ldi(&b->a, 1, 0);
    toy_op2(&b->a, TOY_SUB, 0, 1);
    toy_jcc(&b->a, CC_NE, SECOND);
}

/* Ends with a loop that does nothing; then `ticks` of the first hart alone. */
static void run(struct bench *b, tick ticks)
{
    size_t loop = b->a.at;

    toy_op_abs(&b->a, TOY_JMP, loop);
    must(b->a.at <= SECOND);
    b->code[SECOND] = TOY_WAIT;
    b->code[SECOND + 1] = TOY_JMP;
    bytes_set_be(b->code + SECOND + 2, 4, TOY_RAM + SECOND);
    b->machine = toy_machine(2, 100000, b->code, sizeof b->code);
    must(engine_use_jit(machine_engine(b->machine), compiled, NULL) == 0);
    assert_int_equal(machine_run(b->machine, ticks, false), STOP_TICK);
}

static const struct toy *hart(const struct bench *b, unsigned n)
{
    return machine_cpu(b->machine, n)->state;
}

static struct device *device(const struct bench *b, const char *name)
{
    for (unsigned i = 0; i < machine_device_count(b->machine); i++) {
        if (strcmp(machine_device(b->machine, i)->name, name) == 0) {
            return machine_device(b->machine, i);
        }
    }
    must(!"such a device");
    return NULL;
}

static void end(struct bench *b)
{
    assert_true(machine_hash(b->machine) == machine_hash_slow(b->machine));
    machine_free(b->machine);
}

/* r6 = a place in the I/O space, and how many bytes. */
static void ldi_io(struct bench *b, unsigned place, unsigned size)
{
    toy_ldi(&b->a, 6, (uint32_t)(place | (size == 4 ? 2 : size == 2 ? 1 : 0) << 8));
}

/* ---- the I/O space ---- */

static void test_io(void)
{
    struct bench b;

    begin(&b);
    toy_ldi(&b.a, 2, 0x00123454);
    ldi_io(&b, TOY_VAULT_IO + VAULT_PLACE, 4);
    toy_op2(&b.a, TOY_OUT, 2, 6);
    toy_op2(&b.a, TOY_IN, 3, 6);
    ldi_io(&b, 0x20, 4); /* nobody is there */
    toy_op2(&b.a, TOY_IN, 4, 6);
    ldi_io(&b, TOY_VAULT_IO + VAULT_PLACE + 1, 2); /* a size that the window does not take */
    toy_op2(&b.a, TOY_IN, 5, 6);
    ldi_io(&b, TOY_BELL_IO - 2, 4); /* half nobody's, half the bell's */
    toy_op2(&b.a, TOY_IN, 6, 6);
    run(&b, 60);
    assert_int_equal(hart(&b, 0)->r[3], 0x123454);
    assert_int_equal(hart(&b, 0)->r[4], 0xffffffff ^ PLATFORM_NOBODY * 0x01000000u);
    assert_int_equal(hart(&b, 0)->r[5], 0);
    assert_int_equal(hart(&b, 0)->r[6], 0x0000ffff);
    end(&b);
}

/* ---- interrupts ---- */

/* Both lines are up: the first device is acknowledged first, and the line stays up for the other. */
static void test_acknowledge(void)
{
    struct bench b;
    size_t handler, patch;

    begin(&b);
    patch = b.a.at;
    toy_op_abs(&b.a, TOY_JMP, 0);
    handler = b.a.at;
    toy_op2(&b.a, TOY_MOV, 4, 5); /* the cause before */
    toy_op1(&b.a, TOY_CAUSE, 5);
    toy_op2(&b.a, TOY_ADDI, 3, 1);
    toy_op0(&b.a, TOY_RTI);
    bytes_set_be(b.code + patch + 1, 4, TOY_RAM + b.a.at);
    toy_op_abs(&b.a, TOY_VECTOR, handler);
    toy_ldi(&b.a, 2, 1);
    ldi_io(&b, TOY_BELL_IO, 1);
    toy_op2(&b.a, TOY_OUT, 2, 6);
    ldi_io(&b, TOY_VAULT_IO + VAULT_CONTROL, 4);
    toy_op2(&b.a, TOY_OUT, 2, 6);
    run(&b, 30);
    assert_int_equal(hart(&b, 0)->lines, 1 << TOY_PIN_SHARED);
    assert_int_equal(hart(&b, 1)->lines,
                     1 << TOY_PIN_BELL); /* the bell's line goes there as well */
    assert_string_equal(machine_part(b.machine, machine_part_count(b.machine) - 1)->name, "lines");
    ((struct toy *)machine_cpu(b.machine, 0)->state)->irq_enabled = 1;
    assert_int_equal(machine_run(b.machine, machine_now(b.machine) + 1, false), STOP_TICK);
    assert_int_equal(hart(&b, 0)->value, VAULT_VECTOR);
    assert_int_equal(hart(&b, 0)->lines, 1 << TOY_PIN_SHARED); /* the bell still rings */
    assert_int_equal(hart(&b, 1)->lines, 1 << TOY_PIN_BELL);
    assert_int_equal(machine_run(b.machine, machine_now(b.machine) + 5, false), STOP_TICK);
    assert_int_equal(hart(&b, 0)->value, BELL_VECTOR);
    assert_int_equal(hart(&b, 0)->lines | hart(&b, 1)->lines, 0);
    assert_int_equal(machine_run(b.machine, machine_now(b.machine) + 50, false), STOP_TICK);
    assert_int_equal(hart(&b, 0)->r[3], 2);
    assert_int_equal(hart(&b, 0)->r[5], TOY_CAUSE_PIN0 + TOY_PIN_SHARED);
    end(&b);
}

/* ---- messages ---- */

static void message(struct bench *b, unsigned d, enum hart_message what, unsigned to)
{
    toy_op2(&b->a, TOY_MESSAGE, d, (unsigned)what | to << 2);
}

static void test_stop_and_start(void)
{
    struct bench b;

    begin(&b);
    message(&b, 2, HART_START, 1); /* it runs */
    message(&b, 3, HART_STOP, 1);
    message(&b, 4, HART_STOP, 1);
    message(&b, 5, HART_KICK, 1); /* which does not wake what is stopped */
    message(&b, 6, HART_STOP, 3); /* there is no such hart */
    run(&b, 200);
    assert_int_equal(hart(&b, 0)->r[2], PLATFORM_ALREADY);
    assert_int_equal(hart(&b, 0)->r[3], PLATFORM_DONE);
    assert_int_equal(hart(&b, 0)->r[4], PLATFORM_ALREADY);
    assert_int_equal(hart(&b, 0)->r[5], PLATFORM_DONE);
    assert_int_equal(hart(&b, 0)->r[6], PLATFORM_NOBODY);
    assert_int_equal(hart(&b, 1)->hart.stopped, 1);
    assert_int_equal(hart(&b, 1)->lines, 1 << TOY_PIN_KICKED);
    assert_int_equal(hart(&b, 1)->hart.instructions, 0);
    end(&b);

    begin(&b);
    toy_ldi(&b.a, 2, 29); /* 13 modulo 16: this processor refuses */
    message(&b, 2, HART_STOP, 1);
    message(&b, 3, HART_STOP, 1);
    toy_ldi(&b.a, 4, (uint32_t)TOY_RAM + SECOND + 0x20);
    toy_ldi(&b.a, 5, 77);
    message(&b, 4, HART_START, 1);
    toy_op0(&b.a, TOY_WAIT);          /* the rest of the quantum is the other one's */
    b.code[SECOND + 0x20] = TOY_ADDI; /* r0 += 1, for ever */
    b.code[SECOND + 0x22] = 1;
    b.code[SECOND + 0x23] = TOY_JMP;
    bytes_set_be(b.code + SECOND + 0x24, 4, TOY_RAM + SECOND + 0x20);
    run(&b, 200);
    assert_int_equal(hart(&b, 0)->r[2], PLATFORM_REFUSED);
    assert_int_equal(hart(&b, 0)->r[3], PLATFORM_DONE);
    assert_int_equal(hart(&b, 0)->r[4], PLATFORM_DONE);
    assert_int_equal(hart(&b, 1)->hart.stopped, 0);
    assert_in_range(hart(&b, 1)->r[0], 77 + 60, 77 + 100);
    end(&b);
}

/* It stops itself: not one instruction more, and nobody else has the machine then. */
static void test_stop_itself(void)
{
    struct bench b;
    tick now;

    begin(&b);
    message(&b, 2, HART_STOP, 0);
    toy_op2(&b.a, TOY_ADDI, 3, 1);
    run(&b, 300);
    assert_int_equal(hart(&b, 0)->hart.stopped, 1);
    assert_int_equal(hart(&b, 0)->r[2], PLATFORM_DONE);
    assert_int_equal(hart(&b, 0)->r[3], 0);
    assert_int_equal(hart(&b, 0)->hart.instructions, 5);
    now = machine_now(b.machine);
    assert_int_equal(machine_run(b.machine, now + 1000, false), STOP_TICK);
    assert_int_equal(hart(&b, 0)->r[3], 0);
    end(&b);
}

/* It alone begins again, with its pins; the bell heard of it. */
static void test_hart_reset(void)
{
    struct bench b;

    begin(&b);
    message(&b, 2, HART_KICK, 1);
    message(&b, 3, HART_RESET, 1);
    toy_op2(&b.a, TOY_ADDI, 4, 1);
    run(&b, 60);
    assert_int_equal(hart(&b, 0)->r[4], 1);
    assert_int_equal(hart(&b, 1)->hart.pc, TOY_RAM);
    assert_int_equal(hart(&b, 1)->lines, 1 << TOY_PIN_KICKED);
    assert_int_equal(((const uint8_t *)device(&b, "bell")->state)[13], 1 << 1);
    end(&b);

    begin(&b);
    toy_op2(&b.a, TOY_ADDI, 4, 1);
    message(&b, 3, HART_RESET, 0); /* itself: at the end of the step, before the next instruction */
    toy_op2(&b.a, TOY_ADDI, 4, 1);
    run(&b, 6);
    assert_int_equal(hart(&b, 0)->hart.pc, TOY_RAM);
    assert_int_equal(hart(&b, 0)->r[4], 0);
    assert_int_equal(hart(&b, 0)->hart.instructions, 6);
    end(&b);
}

/* ---- services ---- */

static void service(struct bench *b, unsigned d, enum platform_service what, unsigned function)
{
    toy_op2(&b->a, TOY_SERVICE, d, (what == SERVICE_SEMIHOSTING) | function << 1);
}

static void test_services(void)
{
    struct bench b;

    begin(&b);
    toy_ldi(&b.a, 2, 4660);
    service(&b, 2, SERVICE_SEMIHOSTING, 1); /* sets the place */
    service(&b, 3, SERVICE_SEMIHOSTING, 0); /* says it */
    toy_ldi(&b.a, 4, TOY_VAULT_BYTES);
    service(&b, 4, SERVICE_SEMIHOSTING, 1); /* refused */
    service(&b, 5, SERVICE_FIRMWARE, 0);    /* nobody's */
    service(&b, 6, SERVICE_FIRMWARE, 2);    /* the second device's */
    run(&b, 60);
    assert_int_equal(hart(&b, 0)->r[2], 4660);
    assert_int_equal(hart(&b, 0)->r[3], 4660);
    assert_int_equal(hart(&b, 0)->r[4], TOY_VAULT_BYTES | PLATFORM_REFUSED << 24);
    assert_int_equal(hart(&b, 0)->r[5], PLATFORM_NOBODY << 24);
    assert_int_equal(hart(&b, 0)->r[6], 0);
    end(&b);
}

/* ---- outputs of harts ---- */

/* Both harts do the same; the output of the second one is connected, and only one of them. */
static void test_outputs(void)
{
    struct bench b;

    memset(&b, 0, sizeof(b));
    b.a = (struct toy_assembler){.code = b.code, .room = sizeof b.code};
    toy_ldi(&b.a, 2, 1);
    toy_op2(&b.a, TOY_LINE, 2, TOY_OUTPUT_BELL);
    toy_op2(&b.a, TOY_LINE, 2, 5);
    toy_op0(&b.a, TOY_WAIT);
    run(&b, 2); /* the first hart has done so */
    assert_int_equal(((const uint8_t *)device(&b, "bell")->state)[14], 0);
    assert_int_equal(machine_run(b.machine, 50, false), STOP_TICK);
    assert_int_equal(((const uint8_t *)device(&b, "bell")->state)[14], 1 << 2);
    machine_cpu(b.machine, 1)->platform->line(machine_cpu(b.machine, 1), TOY_OUTPUT_BELL, false);
    assert_int_equal(((const uint8_t *)device(&b, "bell")->state)[14], 0);
    end(&b);
}

/* ---- ends ---- */

/* What the vault holds after each kind of reset, and what is in RAM. */
static void check_reset(unsigned op, unsigned argument, bool power)
{
    uint8_t in_tree[4], in_ram[4];
    struct bench b;
    tick now;

    begin(&b);
    toy_ldi(&b.a, 2, 0x11223344);
    toy_ldi(&b.a, 5, 0x5000);
    toy_op2(&b.a, TOY_TREE_ST, 2, 5);
    toy_ldi(&b.a, 5, TOY_RAM + 0x9f00);
    toy_op2(&b.a, TOY_ST, 2, 5);
    toy_op0(&b.a, op);
    if (op == TOY_RESET) {
        toy_put(&b.a, argument, 1);
    }
    run(&b, 10);
    now = machine_now(b.machine);
    assert_int_equal(now, 10);
    assert_int_equal(hart(&b, 0)->hart.pc, TOY_RAM);
    assert_int_equal(hart(&b, 0)->hart.instructions, 10);
    assert_true(device_tree_read(device(&b, "vault"), 0x5000, in_tree, 4));
    assert_true(mem_read_bytes(machine_mem(b.machine), TOY_RAM + 0x9f00, in_ram, 4));
    assert_int_equal(bytes_get_le(in_tree, 4), power ? 0 : 0x11223344);
    assert_int_equal(bytes_get_be(in_ram, 4), power ? 0 : 0x11223344);
    assert_int_equal(bytes_get_le((const uint8_t *)device(&b, "vault")->state + 4, 4), 2);
    assert_int_equal(bytes_get_le((const uint8_t *)device(&b, "vault")->state, 4),
                     power ? 0 : 0x5004);
    end(&b);
}

static void shut_to_power_off(struct machine *m, unsigned number)
{
    machine_power_off(m, POWER_FAILED, 7 + number);
}

static void test_ends(void)
{
    struct bench b;

    check_reset(TOY_RESET, 0, false);
    check_reset(TOY_RESET, 1, true);
    check_reset(TOY_SHUTDOWN, 0, false);

    begin(&b); /* where the board has another idea */
    toy_op0(&b.a, TOY_SHUTDOWN);
    run(&b, 2);
    machine_set_board(b.machine, &(struct machine_board){.shutdown = shut_to_power_off});
    assert_int_equal(machine_run(b.machine, 100, false), STOP_POWER);
    assert_int_equal(machine_now(b.machine), 5);
    assert_int_equal(machine_state(b.machine)->exit_status, 7);
    end(&b);
}

/* ---- registers and pins of harts ---- */

struct keeper {
    uint32_t kept[2]; /* of each hart */
};
static const struct field keeper_fields[] = {
    FIELD_ARRAY(struct keeper, kept),
};

static enum platform_answer keeper_read(struct device *d, unsigned hart, uint32_t number,
                                        uint64_t *value)
{
    const struct keeper *s = d->state;

    if (number != 7) {
        return PLATFORM_NOBODY;
    }
    *value = s->kept[hart];
    return PLATFORM_DONE;
}

static enum platform_answer keeper_write(struct device *d, unsigned hart, uint32_t number,
                                         uint64_t value)
{
    struct keeper *s = d->state;

    if (number != 7) {
        return number == 8 ? PLATFORM_REFUSED : PLATFORM_NOBODY;
    }
    s->kept[hart] = (uint32_t)value;
    return PLATFORM_DONE;
}

static const struct device_class keeper = {
    .name = "keeper",
    .state = FIELD_TABLE(struct keeper, keeper_fields),
    .read_register = keeper_read,
    .write_register = keeper_write,
};

static void test_registers(void **state)
{
    static const uint8_t code[] = {TOY_WAIT};
    struct machine *m = toy_machine_of(NULL, 2, 1, code, sizeof code);
    struct cpu *first = machine_cpu(m, 0), *second = machine_cpu(m, 1);
    uint64_t value = 1;
    struct error e;
    struct device *d = machine_add_device(m, &keeper, "keeper", 0, NULL, 0, NULL, &e);

    (void)state;
    assert_non_null(d);
    assert_int_equal(machine_seal(m, &e), 0);
    assert_int_equal(first->platform->write_register(first, 7, 77), PLATFORM_DONE);
    assert_int_equal(second->platform->write_register(second, 7, 78), PLATFORM_DONE);
    assert_int_equal(first->platform->read_register(first, 7, &value), PLATFORM_DONE);
    assert_int_equal(value, 77);
    assert_int_equal(second->platform->read_register(second, 7, &value), PLATFORM_DONE);
    assert_int_equal(value, 78);
    assert_int_equal(first->platform->read_register(first, 6, &value), PLATFORM_NOBODY);
    assert_int_equal(first->platform->write_register(first, 6, 1), PLATFORM_NOBODY);
    assert_int_equal(first->platform->write_register(first, 8, 1), PLATFORM_REFUSED);
    machine_free(m);
}

static void both(void (*test)(void))
{
    compiled = false;
    test();
    compiled = jit_supported();
    test();
}

#define BOTH(name)                                                                                 \
    static void name##_both(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        both(name);                                                                                \
    }
BOTH(test_io)
BOTH(test_acknowledge)
BOTH(test_stop_and_start)
BOTH(test_stop_itself)
BOTH(test_hart_reset)
BOTH(test_services)
BOTH(test_outputs)
BOTH(test_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_both),
        cmocka_unit_test(test_acknowledge_both),
        cmocka_unit_test(test_stop_and_start_both),
        cmocka_unit_test(test_stop_itself_both),
        cmocka_unit_test(test_hart_reset_both),
        cmocka_unit_test(test_services_both),
        cmocka_unit_test(test_outputs_both),
        cmocka_unit_test(test_ends_both),
        cmocka_unit_test(test_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
