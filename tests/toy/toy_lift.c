/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_lift: what the instructions mean that the processor has always had, and the table of all
 * families.
 */
#include "toy_parts.h"
#include "toy_state.h"

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
    cpu->look = true;
    return 0;
}

static uint64_t help_ack(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct toy *s = cpu->state;

    (void)a;
    (void)b;
    (void)c;
    s->lines &= (uint8_t) ~(1u << TOY_TIMER_PIN);
    return 0;
}

/* One that asks the machine something. */
#define ASKS(title, function, count)                                                               \
    {                                                                                              \
        .name = title, .call = function, .effects = HELPER_READS | HELPER_WRITES | HELPER_LOOKS,   \
        .argument_count = count                                                                    \
    }

const struct ir_helper toy_helpers[TOY_HELPER_COUNT] = {
    [TOY_HELP_RAISE] = {.name = "raise",
                        .call = help_raise,
                        .effects = HELPER_FAULTS,
                        .argument_count = 1},
    [TOY_HELP_NOW] = {.name = "now", .call = help_now, .effects = HELPER_READS},
    [TOY_HELP_TIMER] = {.name = "timer",
                        .call = help_timer,
                        .effects = HELPER_READS | HELPER_WRITES | HELPER_LOOKS,
                        .argument_count = 1},
    [TOY_HELP_FILL] = {.name = "fill",
                       .call = toy_help_fill,
                       .effects = HELPER_FAULTS | HELPER_MEMORY,
                       .argument_count = 3},
    [TOY_HELP_ACK] = {.name = "ack", .call = help_ack, .effects = HELPER_READS | HELPER_WRITES},
    [TOY_HELP_IN] = ASKS("in", toy_help_in, 1),
    [TOY_HELP_OUT] = ASKS("out", toy_help_out, 2),
    [TOY_HELP_TREE] = ASKS("tree", toy_help_tree, 3),
    [TOY_HELP_MESSAGE] = ASKS("message", toy_help_message, 3),
    [TOY_HELP_SERVICE] = ASKS("service", toy_help_service, 2),
    [TOY_HELP_LINE] = ASKS("line", toy_help_line, 2),
    [TOY_HELP_END] = ASKS("end", toy_help_end, 1),
};

/* ---- lifting ---- */

void toy_set_flags(struct lift *l, ir_ref flags)
{
    ir_put(l->b, IR_I64, TOY_SLOT(flags), ir_un(l->b, IR_FPACK, IR_I64, flags));
}

void toy_lift_raise(struct lift *l, uint32_t cause)
{
    ir_call(l->b, TOY_HELP_RAISE, ir_const(l->b, IR_I64, cause), IR_ABSENT, IR_ABSENT);
    toy_leave(l, toy_next_pc(l), 0);
}

static void lift_arithmetic(struct lift *l, uint8_t op, unsigned d, unsigned s)
{
    ir_ref a = toy_reg(l, d), b = toy_reg(l, s);

    switch (op) {
    case TOY_MOV: toy_set_reg(l, d, b); break;
    case TOY_ADD:
        toy_set_reg(l, d, ir_bin(l->b, IR_ADD, IR_I32, a, b));
        toy_set_flags(l, ir_bin(l->b, IR_ADDF, IR_I32, a, b));
        break;
    case TOY_SUB:
        toy_set_reg(l, d, ir_bin(l->b, IR_SUB, IR_I32, a, b));
        toy_set_flags(l, ir_bin(l->b, IR_SUBF, IR_I32, a, b));
        break;
    case TOY_XOR:
        toy_set_reg(l, d, ir_bin(l->b, IR_XOR, IR_I32, a, b));
        toy_set_flags(l, ir_un(l->b, IR_LOGICF, IR_I32, toy_reg(l, d)));
        break;
    case TOY_MUL: toy_set_reg(l, d, ir_bin(l->b, IR_MUL, IR_I32, a, b)); break;
    default:
        toy_set_reg(l, d, ir_bini(l->b, IR_ADD, IR_I32, a, (uint32_t)bits_sext(l->bytes[2], 8)));
    }
}

static void lift_copy(struct lift *l, unsigned d, unsigned s)
{
    ir_ref count = toy_reg(l, 0), byte = ir_ld(l->b, IR_I32, toy_address(l, s), 0, 0);
    ir_ref more;

    l->several = true;
    ir_st(l->b, IR_I32, toy_address(l, d), 0, byte, 0);
    toy_set_reg(l, d, ir_bini(l->b, IR_ADD, IR_I32, toy_reg(l, d), 1));
    toy_set_reg(l, s, ir_bini(l->b, IR_ADD, IR_I32, toy_reg(l, s), 1));
    count = (d & 7) == 0 || (s & 7) == 0 ? toy_reg(l, 0) : count;
    count = ir_bini(l->b, IR_SUB, IR_I32, count, 1);
    toy_set_reg(l, 0, count);
    more = ir_bini(l->b, IR_NE, IR_I32, count, 0);
    ir_exit_if(l->b, more, l->pc);
    toy_leave(l, toy_next_pc(l), 0);
}

static void lift_memory(struct lift *l, uint8_t op, unsigned d, unsigned s)
{
    const uint32_t word = 2 | MEM_BIG;

    switch (op) {
    case TOY_LD: toy_set_reg(l, d, ir_ld(l->b, IR_I32, toy_address(l, s), 0, word)); break;
    case TOY_LDA:
        toy_set_reg(l, d, ir_ld(l->b, IR_I32, toy_address(l, s), 0, word | MEM_ALIGN(2)));
        break;
    case TOY_LDB: toy_set_reg(l, d, ir_ld(l->b, IR_I32, toy_address(l, s), 0, 0)); break;
    case TOY_ST: ir_st(l->b, IR_I32, toy_address(l, s), 0, toy_reg(l, d), word); break;
    case TOY_STB: ir_st(l->b, IR_I32, toy_address(l, s), 0, toy_reg(l, d), 0); break;
    case TOY_FETADD:
        toy_set_reg(
            l, d,
            ir_rmw(l->b, IR_I32, RMW_ADD, toy_address(l, s), toy_reg(l, d), word | MEM_ALIGN(2)));
        break;
    default: lift_copy(l, d, s);
    }
}

static void lift_call(struct lift *l)
{
    ir_ref sp = ir_bini(l->b, IR_SUB, IR_I32, toy_reg(l, 7), 4);
    ir_ref back = ir_const(l->b, IR_I32, (uint32_t)toy_next_pc(l));

    ir_st(l->b, IR_I32, sp, 0, back, 2 | MEM_BIG);
    toy_set_reg(l, 7, sp);
    toy_leave(l, (vaddr)bytes_get_be(l->bytes + 1, 4), 0);
}

static void lift_ret(struct lift *l)
{
    ir_ref back = ir_ld(l->b, IR_I32, toy_address(l, 7), 0, 2 | MEM_BIG);

    toy_set_reg(l, 7, ir_bini(l->b, IR_ADD, IR_I32, toy_reg(l, 7), 4));
    toy_leave_to(l, ir_un(l->b, IR_ZEXT, IR_I64, back), 0);
}

ir_ref toy_condition(struct lift *l, unsigned cc)
{
    ir_ref flags = ir_un(l->b, IR_FUNPACK, IR_I64, ir_get(l->b, IR_I64, TOY_SLOT(flags)));

    return ir_emit(
        l->b,
        (struct ir_op){.op = IR_FCOND, .type = IR_I64, .attr = (uint8_t)(cc & 15), .a = flags});
}

static void lift_jcc(struct lift *l)
{
    vaddr to = (toy_next_pc(l) + bits_sext(bytes_get_be(l->bytes + 2, 2), 16)) & UINT32_MAX;

    toy_branch_if(l, toy_condition(l, l->bytes[1]), to);
}

void toy_put8(struct lift *l, uint32_t where, unsigned value)
{
    /* no 8-bit slots: a word of which the other bytes are kept */
    ir_ref word = ir_get(l->b, IR_I32, where & ~3u);

    ir_put(l->b, IR_I32, where & ~3u,
           ir_deposit(l->b, IR_I32, word, ir_const(l->b, IR_I32, value), 8 * (where & 3), 8));
}

static ir_ref frame_word(struct lift *l, unsigned i)
{
    return ir_ld(l->b, IR_I32, toy_address(l, 7), 4 * (int64_t)i, 2 | MEM_BIG);
}

/* Back to what the trap saved, wherever it did. */
static void lift_rti(struct lift *l)
{
    struct ir_build *b = l->b;
    ir_ref pc, flags, mode, delayed_to;

    if (l->mode & TOY_BLOCK_FRAMED) {
        l->several = true;
        pc = frame_word(l, 0);
        flags = ir_un(b, IR_ZEXT, IR_I64, frame_word(l, 1));
        mode = ir_bini(b, IR_AND, IR_I32, frame_word(l, 2), TOY_MODE_ALL);
        delayed_to = frame_word(l, 3);
        toy_set_reg(l, 7, ir_bini(b, IR_ADD, IR_I32, toy_reg(l, 7), TOY_FRAME_BYTES));
    } else {
        pc = ir_get(b, IR_I32, TOY_SLOT(saved_pc));
        flags = ir_get(b, IR_I64, TOY_SLOT(saved_flags));
        mode = ir_get(b, IR_I32, TOY_SLOT(saved_mode));
        delayed_to = ir_get(b, IR_I32, TOY_SLOT(saved_delayed_to));
    }
    ir_put(b, IR_I64, TOY_SLOT(flags), flags);
    ir_put(b, IR_I32, TOY_SLOT(mode), mode);
    ir_put(b, IR_I32, TOY_SLOT(delayed_to), delayed_to);
    toy_put8(l, TOY_SLOT(irq_enabled), 1);
    ir_build_mode(b, 0);
    ir_exit_to(b, ir_un(b, IR_ZEXT, IR_I64, pc), IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}

static void lift_system(struct lift *l, uint8_t op, unsigned d)
{
    struct ir_build *b = l->b;

    switch (op) {
    case TOY_SYS: toy_lift_raise(l, TOY_CAUSE_SYS); break;
    case TOY_RTI: lift_rti(l); break;
    case TOY_WAIT:
        toy_put8(l, TOY_SLOT(hart.waiting), 1);
        toy_leave(l, toy_next_pc(l), IR_EXIT_YIELD | IR_EXIT_LOOK);
        break;
    case TOY_PAUSE: toy_leave(l, toy_next_pc(l), IR_EXIT_YIELD); break;
    case TOY_STI:
    case TOY_CLI:
        toy_put8(l, TOY_SLOT(irq_enabled), op == TOY_STI);
        toy_leave(l, toy_next_pc(l), IR_EXIT_LOOK);
        break;
    case TOY_NOW:
        toy_set_reg(
            l, d,
            ir_un(b, IR_TRUNC, IR_I32, ir_call(b, TOY_HELP_NOW, IR_ABSENT, IR_ABSENT, IR_ABSENT)));
        break;
    case TOY_HART: toy_set_reg(l, d, ir_get(b, IR_I32, TOY_SLOT(number))); break;
    case TOY_CAUSE: toy_set_reg(l, d, ir_get(b, IR_I32, TOY_SLOT(cause))); break;
    case TOY_VECTOR:
        ir_put(b, IR_I32, TOY_SLOT(vector), ir_const(b, IR_I32, bytes_get_be(l->bytes + 1, 4)));
        break;
    case TOY_TIMER:
        ir_call(b, TOY_HELP_TIMER, toy_address(l, d), IR_ABSENT, IR_ABSENT);
        toy_leave(l, toy_next_pc(l), IR_EXIT_LOOK);
        break;
    case TOY_ACK:
        ir_call(b, TOY_HELP_ACK, IR_ABSENT, IR_ABSENT, IR_ABSENT);
        toy_leave(l, toy_next_pc(l), IR_EXIT_LOOK);
        break;
    default: toy_lift_raise(l, TOY_CAUSE_ILLEGAL);
    }
}

static void base_lift(struct lift *l, uint8_t op)
{
    unsigned d, s;

    d = l->length > 1 ? l->bytes[1] & 7 : 0;
    s = l->length > 2 ? l->bytes[2] & 7 : 0;
    switch (op) {
    case TOY_LDI: toy_set_reg(l, d, ir_const(l->b, IR_I32, bytes_get_be(l->bytes + 2, 4))); break;
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
    case TOY_JMP: toy_leave(l, (vaddr)bytes_get_be(l->bytes + 1, 4), 0); break;
    case TOY_CALL: lift_call(l); break;
    case TOY_RET: lift_ret(l); break;
    default: lift_system(l, op, d);
    }
}

static void base_random(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    unsigned d = x >> 8 & 7, s = x >> 16 & 7;
    uint32_t target = (uint32_t)(TOY_RAM + (x >> 32) % a->room);

    switch (op) {
    case TOY_LDI:
        toy_ldi(a, d, x >> 60 ? (uint32_t)(TOY_RAM + (x >> 20) % 0x6000) : (uint32_t)(x >> 24));
        break;
    case TOY_JCC: toy_jcc(a, x >> 8 & 15, a->at + (x >> 40) % 64); break;
    case TOY_JMP:
    case TOY_CALL:
    case TOY_VECTOR:
        toy_put(a, op, 1);
        toy_put(a, target, 4);
        break;
    case TOY_RET:
    case TOY_SYS:
    case TOY_RTI:
    case TOY_WAIT:
    case TOY_STI:
    case TOY_CLI:
    case TOY_ACK:
    case TOY_PAUSE: toy_op0(a, op); break;
    case TOY_NOW:
    case TOY_HART:
    case TOY_CAUSE:
    case TOY_TIMER: toy_op1(a, op, d); break;
    default: toy_op2(a, op, d, s);
    }
}

static const uint8_t base_lengths[] = {
    [TOY_ILLEGAL] = 1, [TOY_LDI] = 6,   [TOY_MOV] = 3,    [TOY_ADD] = 3,    [TOY_SUB] = 3,
    [TOY_ADDI] = 3,    [TOY_XOR] = 3,   [TOY_MUL] = 3,    [TOY_LD] = 3,     [TOY_ST] = 3,
    [TOY_LDB] = 3,     [TOY_STB] = 3,   [TOY_LDA] = 3,    [TOY_FETADD] = 3, [TOY_COPY] = 3,
    [TOY_JCC] = 4,     [TOY_JMP] = 5,   [TOY_CALL] = 5,   [TOY_RET] = 1,    [TOY_SYS] = 1,
    [TOY_RTI] = 1,     [TOY_WAIT] = 1,  [TOY_STI] = 1,    [TOY_CLI] = 1,    [TOY_NOW] = 2,
    [TOY_HART] = 2,    [TOY_CAUSE] = 2, [TOY_VECTOR] = 5, [TOY_TIMER] = 2,  [TOY_ACK] = 1,
    [TOY_PAUSE] = 1,
};

static const struct toy_family base_low = {
    .lengths = base_lengths, .count = 16, .lift = base_lift, .random = base_random};
static const struct toy_family base_high = {.lengths = base_lengths + 16,
                                            .count = TOY_BASE_END - 16,
                                            .lift = base_lift,
                                            .random = base_random};

/* ---- families ---- */

static const struct toy_family *const families[16] = {
    [0] = &base_low,          [1] = &base_high,          [4] = &toy_access_family,
    [5] = &toy_mover_family,  [7] = &toy_state_family,   [8] = &toy_modes_family,
    [9] = &toy_vector_family, [10] = &toy_system_family, [6] = &toy_messages_family,
};

const struct toy_family *toy_family_of(uint8_t op)
{
    const struct toy_family *f = families[op >> 4];

    return f != NULL && (op & 15) < f->count && f->lengths[op & 15] != 0 ? f : NULL;
}

unsigned toy_length(uint8_t op)
{
    const struct toy_family *f = toy_family_of(op);

    return f != NULL ? f->lengths[op & 15] : 1;
}

bool toy_lift(struct lift *l)
{
    uint8_t op = l->bytes[0];
    const struct toy_family *f = toy_family_of(op);
    const struct toy_model *model = l->model;

    if (!(model->families >> (op >> 4) & 1)) {
        f = NULL;
    }
    l->length = f != NULL ? toy_length(op) : 1;
    if (l->available < l->length) {
        return false;
    }
    toy_begin(l);
    if (f != NULL) {
        toy_lift_predicated(l, op, f->lift);
    } else {
        toy_lift_raise(l, TOY_CAUSE_ILLEGAL);
    }
    toy_end(l);
    return true;
}

uint8_t toy_random_op(uint64_t x)
{
    uint8_t ops[256];
    unsigned count = 0;

    for (unsigned op = 1; op < 256; op++) {
        if (toy_family_of((uint8_t)op) != NULL) {
            ops[count++] = (uint8_t)op;
        }
    }
    return ops[x % count];
}
