/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_isa: see toy_isa.h. The front end of the processor; its machine is in toy_machine.c.
 */
#include "toy_isa.h"

static const struct field fields[] = {
    HART_FIELDS(struct toy),        FIELD(struct toy, timer),   FIELD(struct toy, flags),
    FIELD(struct toy, saved_flags), FIELD_ARRAY(struct toy, r), FIELD(struct toy, vector),
    FIELD(struct toy, saved_pc),    FIELD(struct toy, cause),   FIELD(struct toy, value),
    FIELD(struct toy, number),      FIELD(struct toy, lines),   FIELD(struct toy, irq_enabled),
    FIELD_ARRAY(struct toy, zero),
};

#define TIMER_PIN 7

/* ---- helpers: effects that the IR has no operation for ---- */

static uint64_t help_raise(struct cpu *cpu, uint64_t cause, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    cpu_raise(cpu, (uint32_t)cause, 0);
    return 0;
}

static uint64_t help_now(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    return cpu_now(cpu) & UINT32_MAX;
}

static uint64_t help_timer(struct cpu *cpu, uint64_t delay, uint64_t b, uint64_t c)
{
    struct toy *s = cpu->state;

    (void)b;
    (void)c;
    s->timer = cpu_now(cpu) + 1 + (delay & 0xffff);
    return 0;
}

static uint64_t help_ack(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct toy *s = cpu->state;

    (void)a;
    (void)b;
    (void)c;
    s->lines &= (uint8_t) ~(1u << TIMER_PIN);
    return 0;
}

enum { HELP_RAISE, HELP_NOW, HELP_TIMER, HELP_ACK };
static const struct ir_helper helpers[] = {
    {.name = "raise", .call = help_raise, .effects = HELPER_FAULTS, .argument_count = 1},
    {.name = "now", .call = help_now, .effects = HELPER_READS},
    {.name = "timer",
     .call = help_timer,
     .effects = HELPER_READS | HELPER_WRITES,
     .argument_count = 1},
    {.name = "ack", .call = help_ack, .effects = HELPER_READS | HELPER_WRITES},
};

/* ---- lifting ---- */

static const uint8_t lengths[TOY_OP_COUNT] = {
    [TOY_ILLEGAL] = 1, [TOY_LDI] = 6,   [TOY_MOV] = 3,    [TOY_ADD] = 3,    [TOY_SUB] = 3,
    [TOY_ADDI] = 3,    [TOY_XOR] = 3,   [TOY_MUL] = 3,    [TOY_LD] = 3,     [TOY_ST] = 3,
    [TOY_LDB] = 3,     [TOY_STB] = 3,   [TOY_LDA] = 3,    [TOY_FETADD] = 3, [TOY_COPY] = 3,
    [TOY_JCC] = 4,     [TOY_JMP] = 5,   [TOY_CALL] = 5,   [TOY_RET] = 1,    [TOY_SYS] = 1,
    [TOY_RTI] = 1,     [TOY_WAIT] = 1,  [TOY_STI] = 1,    [TOY_CLI] = 1,    [TOY_NOW] = 2,
    [TOY_HART] = 2,    [TOY_CAUSE] = 2, [TOY_VECTOR] = 5, [TOY_TIMER] = 2,  [TOY_ACK] = 1,
};

static unsigned length_of(uint8_t op)
{
    return op < TOY_OP_COUNT ? lengths[op] : 1;
}

static uint32_t slot(unsigned r)
{
    return (uint32_t)(offsetof(struct toy, r) + (r & 7) * sizeof(uint32_t));
}

static ir_ref reg(struct lift *l, unsigned r)
{
    return ir_get(l->b, IR_I32, slot(r));
}

static void set_reg(struct lift *l, unsigned r, ir_ref value)
{
    ir_put(l->b, IR_I32, slot(r), value);
}

static ir_ref address(struct lift *l, unsigned r)
{
    return ir_un(l->b, IR_ZEXT, IR_I64, reg(l, r));
}

#define SLOT32(m) (uint32_t) offsetof(struct toy, m)

static vaddr next_pc(const struct lift *l)
{
    return l->pc + l->length;
}

static void leave(struct lift *l, vaddr to, uint8_t attr)
{
    ir_exit(l->b, to, attr);
    l->ends = true;
}

static void set_flags(struct lift *l, ir_ref flags)
{
    ir_put(l->b, IR_I64, SLOT32(flags), ir_un(l->b, IR_FPACK, IR_I64, flags));
}

static void lift_raise(struct lift *l, uint32_t cause)
{
    ir_call(l->b, HELP_RAISE, ir_const(l->b, IR_I64, cause), IR_ABSENT, IR_ABSENT);
    leave(l, next_pc(l), 0);
}

static void lift_arithmetic(struct lift *l, uint8_t op, unsigned d, unsigned s)
{
    ir_ref a = reg(l, d), b = reg(l, s);

    switch (op) {
    case TOY_MOV: set_reg(l, d, b); break;
    case TOY_ADD:
        set_reg(l, d, ir_bin(l->b, IR_ADD, IR_I32, a, b));
        set_flags(l, ir_bin(l->b, IR_ADDF, IR_I32, a, b));
        break;
    case TOY_SUB:
        set_reg(l, d, ir_bin(l->b, IR_SUB, IR_I32, a, b));
        set_flags(l, ir_bin(l->b, IR_SUBF, IR_I32, a, b));
        break;
    case TOY_XOR:
        set_reg(l, d, ir_bin(l->b, IR_XOR, IR_I32, a, b));
        set_flags(l, ir_un(l->b, IR_LOGICF, IR_I32, reg(l, d)));
        break;
    case TOY_MUL: set_reg(l, d, ir_bin(l->b, IR_MUL, IR_I32, a, b)); break;
    default: set_reg(l, d, ir_bini(l->b, IR_ADD, IR_I32, a, (uint32_t)bits_sext(l->bytes[2], 8)));
    }
}

static void lift_copy(struct lift *l, unsigned d, unsigned s)
{
    ir_ref count = reg(l, 0), byte = ir_ld(l->b, IR_I32, address(l, s), 0, 0);
    ir_ref more;

    ir_st(l->b, IR_I32, address(l, d), 0, byte, 0);
    set_reg(l, d, ir_bini(l->b, IR_ADD, IR_I32, reg(l, d), 1));
    set_reg(l, s, ir_bini(l->b, IR_ADD, IR_I32, reg(l, s), 1));
    count = (d & 7) == 0 || (s & 7) == 0 ? reg(l, 0) : count;
    count = ir_bini(l->b, IR_SUB, IR_I32, count, 1);
    set_reg(l, 0, count);
    more = ir_bini(l->b, IR_NE, IR_I32, count, 0);
    ir_exit_if(l->b, more, l->pc);
    leave(l, next_pc(l), 0);
}

static void lift_memory(struct lift *l, uint8_t op, unsigned d, unsigned s)
{
    const uint8_t word = 2 | MEM_BIG;

    switch (op) {
    case TOY_LD: set_reg(l, d, ir_ld(l->b, IR_I32, address(l, s), 0, word)); break;
    case TOY_LDA: set_reg(l, d, ir_ld(l->b, IR_I32, address(l, s), 0, word | MEM_ALIGNED)); break;
    case TOY_LDB: set_reg(l, d, ir_ld(l->b, IR_I32, address(l, s), 0, 0)); break;
    case TOY_ST: ir_st(l->b, IR_I32, address(l, s), 0, reg(l, d), word); break;
    case TOY_STB: ir_st(l->b, IR_I32, address(l, s), 0, reg(l, d), 0); break;
    case TOY_FETADD:
        set_reg(l, d, ir_rmw(l->b, IR_I32, RMW_ADD, address(l, s), reg(l, d), word | MEM_ALIGNED));
        break;
    default: lift_copy(l, d, s);
    }
}

static void lift_call(struct lift *l)
{
    ir_ref sp = ir_bini(l->b, IR_SUB, IR_I32, reg(l, 7), 4);
    ir_ref back = ir_const(l->b, IR_I32, (uint32_t)next_pc(l));

    ir_st(l->b, IR_I32, ir_un(l->b, IR_ZEXT, IR_I64, sp), 0, back, 2 | MEM_BIG);
    set_reg(l, 7, sp);
    leave(l, (vaddr)bytes_get_be(l->bytes + 1, 4), 0);
}

static void lift_ret(struct lift *l)
{
    ir_ref back = ir_ld(l->b, IR_I32, address(l, 7), 0, 2 | MEM_BIG);

    set_reg(l, 7, ir_bini(l->b, IR_ADD, IR_I32, reg(l, 7), 4));
    ir_exit_to(l->b, ir_un(l->b, IR_ZEXT, IR_I64, back), 0);
    l->ends = true;
}

static void lift_jcc(struct lift *l)
{
    ir_ref flags = ir_un(l->b, IR_FUNPACK, IR_I64, ir_get(l->b, IR_I64, SLOT32(flags)));
    struct ir_op o = {.op = IR_FCOND, .type = IR_I64, .attr = l->bytes[1] & 15, .a = flags};
    vaddr to = (next_pc(l) + bits_sext(bytes_get_be(l->bytes + 2, 2), 16)) & UINT32_MAX;

    ir_exit_if(l->b, ir_emit(l->b, o), to);
    leave(l, next_pc(l), 0);
}

static void put8(struct lift *l, uint32_t where, unsigned value)
{
    /* no 8-bit slots: a word of which the other bytes are kept */
    ir_ref word = ir_get(l->b, IR_I32, where & ~3u);

    ir_put(l->b, IR_I32, where & ~3u,
           ir_deposit(l->b, IR_I32, word, ir_const(l->b, IR_I32, value), 8 * (where & 3), 8));
}

static void lift_rti(struct lift *l)
{
    ir_put(l->b, IR_I64, SLOT32(flags), ir_get(l->b, IR_I64, SLOT32(saved_flags)));
    put8(l, SLOT32(irq_enabled), 1);
    ir_exit_to(l->b, ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, SLOT32(saved_pc))),
               IR_EXIT_LOOK);
    l->ends = true;
}

static void lift_system(struct lift *l, uint8_t op, unsigned d)
{
    struct ir_build *b = l->b;

    switch (op) {
    case TOY_SYS: lift_raise(l, TOY_CAUSE_SYS); break;
    case TOY_RTI: lift_rti(l); break;
    case TOY_WAIT:
        put8(l, SLOT32(hart.waiting), 1);
        leave(l, next_pc(l), IR_EXIT_YIELD | IR_EXIT_LOOK);
        break;
    case TOY_STI:
    case TOY_CLI:
        put8(l, SLOT32(irq_enabled), op == TOY_STI);
        leave(l, next_pc(l), IR_EXIT_LOOK);
        break;
    case TOY_NOW:
        set_reg(l, d,
                ir_un(b, IR_TRUNC, IR_I32, ir_call(b, HELP_NOW, IR_ABSENT, IR_ABSENT, IR_ABSENT)));
        break;
    case TOY_HART: set_reg(l, d, ir_get(b, IR_I32, SLOT32(number))); break;
    case TOY_CAUSE: set_reg(l, d, ir_get(b, IR_I32, SLOT32(cause))); break;
    case TOY_VECTOR:
        ir_put(b, IR_I32, SLOT32(vector), ir_const(b, IR_I32, bytes_get_be(l->bytes + 1, 4)));
        break;
    case TOY_TIMER:
        ir_call(b, HELP_TIMER, address(l, d), IR_ABSENT, IR_ABSENT);
        leave(l, next_pc(l), IR_EXIT_LOOK);
        break;
    case TOY_ACK:
        ir_call(b, HELP_ACK, IR_ABSENT, IR_ABSENT, IR_ABSENT);
        leave(l, next_pc(l), IR_EXIT_LOOK);
        break;
    default: lift_raise(l, TOY_CAUSE_ILLEGAL);
    }
}

static bool toy_lift(struct lift *l)
{
    uint8_t op = l->bytes[0];
    unsigned d, s;

    l->length = length_of(op);
    if (l->available < l->length) {
        return false;
    }
    d = l->length > 1 ? l->bytes[1] & 7 : 0;
    s = l->length > 2 ? l->bytes[2] & 7 : 0;
    switch (op) {
    case TOY_LDI: set_reg(l, d, ir_const(l->b, IR_I32, bytes_get_be(l->bytes + 2, 4))); break;
    case TOY_MOV:
    case TOY_ADD:
    case TOY_SUB:
    case TOY_ADDI:
    case TOY_XOR:
    case TOY_MUL: lift_arithmetic(l, op, d, s); break;
    case TOY_LD:
    case TOY_ST:
    case TOY_LDB:
    case TOY_STB:
    case TOY_LDA:
    case TOY_FETADD:
    case TOY_COPY: lift_memory(l, op, d, s); break;
    case TOY_JCC: lift_jcc(l); break;
    case TOY_JMP: leave(l, (vaddr)bytes_get_be(l->bytes + 1, 4), 0); break;
    case TOY_CALL: lift_call(l); break;
    case TOY_RET: lift_ret(l); break;
    default: lift_system(l, op, d);
    }
    return true;
}

/* ---- the rest of struct isa ---- */

static int toy_reset(void *state, const struct isa_options *o, struct error *e)
{
    struct toy *s = state;

    (void)e;
    s->hart.pc = TOY_RAM;
    s->timer = TICK_NEVER;
    s->number = o->hart;
    s->vector = TOY_RAM;
    s->r[7] = (uint32_t)(TOY_RAM + TOY_RAM_SIZE) - 0x1000 * o->hart;
    return 0;
}

static bool toy_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                          struct translation *out)
{
    (void)access;
    if (va > UINT32_MAX) {
        if (as != AS_DEBUG) {
            cpu_raise(cpu, TOY_CAUSE_BUS, va);
        }
        return false;
    }
    *out = (struct translation){
        .at = va, .cacheable = true, .readable = true, .writable = true, .executable = true};
    return true;
}

static void toy_bus_fault(struct cpu *cpu, vaddr va, enum access access)
{
    (void)access;
    cpu_raise(cpu, TOY_CAUSE_BUS, va);
}

static void toy_misaligned(struct cpu *cpu, vaddr va, enum access access)
{
    (void)access;
    cpu_raise(cpu, TOY_CAUSE_ALIGN, va);
}

static void toy_space_key(const struct cpu *cpu, uint64_t key[4])
{
    (void)cpu;
    key[0] = 1;
}

static uint32_t toy_block_mode(const struct cpu *cpu)
{
    (void)cpu;
    return 0;
}

static bool toy_interrupt_pending(const struct cpu *cpu)
{
    const struct toy *s = cpu->state;

    return s->irq_enabled && s->lines != 0;
}

static bool toy_wakes(const struct cpu *cpu)
{
    const struct toy *s = cpu->state;

    return s->lines != 0;
}

static void enter(struct toy *s, uint32_t cause, uint64_t value)
{
    s->saved_pc = (uint32_t)s->hart.pc;
    s->saved_flags = s->flags;
    s->cause = cause;
    s->value = (uint32_t)value;
    s->irq_enabled = 0;
    s->hart.pc = s->vector;
}

static void toy_take_interrupt(struct cpu *cpu)
{
    struct toy *s = cpu->state;

    enter(s, TOY_CAUSE_PIN0 + (uint32_t)__builtin_ctz(s->lines), 0);
}

static void toy_take_exception(struct cpu *cpu)
{
    struct toy *s = cpu->state;

    enter(s, cpu->fault.cause, cpu->fault.value);
    /* Handlers go on after what failed. */
    s->saved_pc +=
        cpu->fault.cause == TOY_CAUSE_SYS || cpu->fault.cause == TOY_CAUSE_ILLEGAL ? 1 : 3;
    cpu->fault.raised = false;
}

static void toy_set_line(struct cpu *cpu, unsigned pin, bool level)
{
    struct toy *s = cpu->state;
    uint8_t bit = (uint8_t)(1u << (pin & 7));

    s->lines = level ? s->lines | bit : s->lines & (uint8_t)~bit;
}

static tick toy_next_alarm(const struct cpu *cpu)
{
    const struct toy *s = cpu->state;

    return s->timer;
}

static void toy_alarm(struct cpu *cpu, tick now)
{
    struct toy *s = cpu->state;

    (void)now;
    s->timer = TICK_NEVER;
    s->lines |= 1u << TIMER_PIN;
}

static unsigned toy_disassemble(const uint8_t *bytes, unsigned available, vaddr pc,
                                struct text *out)
{
    unsigned length = available != 0 ? length_of(bytes[0]) : 1;

    (void)pc;
    if (available < length) {
        return 0;
    }
    text_add(out, "op %u", bytes[0]);
    for (unsigned i = 1; i < length; i++) {
        text_add(out, " %02x", bytes[i]);
    }
    return length;
}

static const struct isa_register *toy_registers(size_t *count)
{
    *count = 0;
    return NULL;
}

static bool toy_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct toy *s = cpu->state;

    if (number >= 8) {
        return false;
    }
    bytes_set_le(value, 4, s->r[number]);
    return true;
}

static bool toy_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct toy *s = cpu->state;

    if (number >= 8) {
        return false;
    }
    s->r[number] = (uint32_t)bytes_get_le(value, 4);
    return true;
}

const struct isa toy_isa = {
    .name = "toy",
    .gdb_name = "toy",
    .insn_align = 1,
    .big_endian = true,
    .state = FIELD_TABLE(struct toy, fields),
    .reset = toy_reset,
    .mmu = {.translate = toy_translate,
            .bus_fault = toy_bus_fault,
            .misaligned = toy_misaligned,
            .space_key = toy_space_key},
    .helpers = helpers,
    .helper_count = ARRAY_LEN(helpers),
    .block_mode = toy_block_mode,
    .lift = toy_lift,
    .interrupt_pending = toy_interrupt_pending,
    .wakes = toy_wakes,
    .take_interrupt = toy_take_interrupt,
    .take_exception = toy_take_exception,
    .set_line = toy_set_line,
    .next_alarm = toy_next_alarm,
    .alarm = toy_alarm,
    .disassemble = toy_disassemble,
    .gdb_registers = toy_registers,
    .gdb_get = toy_gdb_get,
    .gdb_set = toy_gdb_set,
};
