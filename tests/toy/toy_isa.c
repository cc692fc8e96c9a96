/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_isa: the processor's state, its reset, translation, traps, and what GDB is told: all of struct
 * isa but the lifter, which is in toy_lift.c.
 */
#include "toy_parts.h"
#include "toy_state.h"

static const struct field fields[] = {
    HART_FIELDS(struct toy),
    FIELD(struct toy, timer),
    FIELD(struct toy, flags),
    FIELD(struct toy, saved_flags),
    FIELD_ARRAY(struct toy, v[0]),
    FIELD_ARRAY(struct toy, v[1]),
    FIELD_ARRAY(struct toy, r),
    FIELD(struct toy, vector),
    FIELD(struct toy, saved_pc),
    FIELD(struct toy, cause),
    FIELD(struct toy, value),
    FIELD(struct toy, number),
    FIELD_MASK(struct toy, mode, TOY_MODE_ALL),
    FIELD(struct toy, delayed_to),
    FIELD_MASK(struct toy, saved_mode, TOY_MODE_ALL),
    FIELD(struct toy, saved_delayed_to),
    FIELD(struct toy, root),
    FIELD(struct toy, lines),
    FIELD(struct toy, irq_enabled),
    FIELD(struct toy, frames),
    FIELD_ARRAY(struct toy, zero),
};

static const struct survivor survivors[] = {SURVIVOR(struct toy, lines, RESET_HART)};

static int toy_make_model(void *model, const struct isa_options *o, struct error *e)
{
    struct toy_model *m = model;
    const char *cpu = o->cpu != NULL ? o->cpu : "toy";

    m->families = UINT32_MAX;
    if (strcmp(cpu, "small") == 0 || (strcmp(cpu, "mixed") == 0 && o->hart % 2 == 1)) {
        m->families = 3;
    } else if (strcmp(cpu, "toy") != 0 && strcmp(cpu, "mixed") != 0) {
        return error_set(e, "-cpu: there is no \"%s\"", cpu);
    }
    return 0;
}

static void toy_reset(void *state, const void *model, const struct isa_options *o)
{
    struct toy *s = state;

    (void)model;
    s->hart.pc = TOY_RAM;
    s->timer = TICK_NEVER;
    s->number = o->hart;
    s->vector = TOY_RAM;
    s->r[7] = (uint32_t)(TOY_RAM + TOY_RAM_SIZE) - 0x1000 * o->hart;
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

static void toy_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY])
{
    key[0] = ((const struct toy *)cpu->state)->root;
    key[SPACE_KEY - 1] = as; /* some reach more, some less */
}

static uint64_t toy_block_mode(const struct cpu *cpu)
{
    return toy_mode_of_state(((const struct toy *)cpu->state)->mode);
}

static bool toy_interrupt_pending(const struct cpu *cpu)
{
    const struct toy *s = cpu->state;

    return s->irq_enabled && s->lines != 0 && !(s->mode & TOY_MODE_SHADOW);
}

static bool toy_wakes(const struct cpu *cpu)
{
    const struct toy *s = cpu->state;

    return s->lines != 0;
}

/* What is saved goes to the stack; false with the fault that says why not. */
static bool push_frame(struct cpu *cpu)
{
    struct toy *s = cpu->state;
    const uint64_t words[] = {s->hart.pc, s->flags, s->mode, s->delayed_to};
    uint32_t sp = s->r[7] - TOY_FRAME_BYTES;

    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        cpu_store(cpu, (uint32_t)(sp + 4 * i), words[i],
                  2 | MEM_BIG | (uint32_t)AS_SYSTEM << MEM_AS_SHIFT);
        if (cpu->fault.raised) {
            return false;
        }
    }
    s->r[7] = sp;
    return true;
}

/* A frame that cannot be pushed makes another exception of it, which needs none. */
static void enter(struct cpu *cpu, uint32_t cause, uint64_t value)
{
    struct toy *s = cpu->state;
    bool framed = s->frames && push_frame(cpu);

    if (cpu->fault.raised) {
        cause = TOY_CAUSE_DOUBLE;
        value = cpu->fault.value;
        cpu->fault.raised = false;
    }
    if (!framed) {
        s->saved_pc = (uint32_t)s->hart.pc;
        s->saved_flags = s->flags;
        s->saved_mode = s->mode;
        s->saved_delayed_to = s->delayed_to;
    }
    s->mode = framed ? TOY_MODE_FRAMED : 0;
    s->cause = cause;
    s->value = (uint32_t)value;
    s->irq_enabled = 0;
    s->hart.pc = s->vector;
}

static void toy_take_interrupt(struct cpu *cpu)
{
    const struct toy *s = cpu->state;
    unsigned pin = (unsigned)__builtin_ctz(s->lines);

    enter(cpu, TOY_CAUSE_PIN0 + pin,
          pin >= TOY_PIN_SHARED && pin <= TOY_PIN_KICKED ? toy_acknowledge(cpu, pin) : 0);
}

static void toy_take_exception(struct cpu *cpu)
{
    struct fault f = cpu->fault;
    uint8_t op = TOY_ILLEGAL; /* where nothing can be fetched */

    (void)cpu_debug_read(cpu, cpu->hart->pc, &op, 1);
    cpu->fault.raised = false;
    /* Handlers go on after what failed. */
    cpu->hart->pc += toy_length(op);
    cpu->hart->pc &= UINT32_MAX;
    enter(cpu, f.cause, f.value);
}

static void toy_set_line(struct cpu *cpu, unsigned pin, bool level)
{
    struct toy *s = cpu->state;
    uint8_t bit = (uint8_t)(1u << (pin & 7));

    cpu->look |= ((s->lines & bit) != 0) != level;
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
    s->lines |= 1u << TOY_TIMER_PIN;
}

static unsigned toy_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                                struct text *out)
{
    unsigned length = available != 0 ? toy_length(bytes[0]) : 1;

    (void)pc;
    (void)mode;
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
#define REGISTER(n, name)                                                                          \
    {                                                                                              \
        name, "org.example.toy", "int", "general", 32, n                                           \
    }
    static const struct isa_register registers[] = {
        /* not in order */
        REGISTER(TOY_GDB_PC, "at"), REGISTER(0, "r0"), REGISTER(1, "r1"),
        REGISTER(2, "r2"),          REGISTER(3, "r3"), REGISTER(7, "sp"),
        REGISTER(4, "r4"),          REGISTER(5, "r5"), REGISTER(6, "r6"),
    };

    *count = ARRAY_LEN(registers);
    return registers;
}

static bool toy_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct toy *s = cpu->state;

    if (number > TOY_GDB_PC) {
        return false;
    }
    bytes_set_le(value, 4, number == TOY_GDB_PC ? s->hart.pc : s->r[number]);
    return true;
}

static bool toy_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct toy *s = cpu->state;

    if (number > TOY_GDB_PC) {
        return false;
    }
    if (number == TOY_GDB_PC) {
        s->hart.pc = bytes_get_le(value, 4);
    } else {
        s->r[number] = (uint32_t)bytes_get_le(value, 4);
    }
    return true;
}

const struct isa toy_isa = {
    .name = "toy",
    .insn_align = 1,
    .big_endian = true,
    .model_size = sizeof(struct toy_model),
    .make_model = toy_make_model,
    .state = FIELD_TABLE(struct toy, fields),
    .survivors = survivors,
    .survivor_count = ARRAY_LEN(survivors),
    .reset = toy_reset,
    .mmu = {.translate = toy_translate,
            .bus_fault = toy_bus_fault,
            .misaligned = toy_misaligned,
            .space_key = toy_space_key},
    .lifter = {.helpers = toy_helpers,
               .helper_count = TOY_HELPER_COUNT,
               .block_mode = toy_block_mode,
               .local_modes = TOY_MODE_LOCAL,
               .lift = toy_lift},
    .traps = {.interrupt_pending = toy_interrupt_pending,
              .wakes = toy_wakes,
              .take_interrupt = toy_take_interrupt,
              .take_exception = toy_take_exception,
              .set_line = toy_set_line,
              .message = toy_message,
              .next_alarm = toy_next_alarm,
              .alarm = toy_alarm,
              .through_memory = true},
    .gdb = {.name = "toy",
            .registers = toy_registers,
            .pc = TOY_GDB_PC,
            .get = toy_gdb_get,
            .set = toy_gdb_set},
    .disassemble = toy_disassemble,
};
