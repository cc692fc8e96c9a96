/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_state: see toy_state.h. The devices, then the instructions.
 */
#include "toy_state.h"

/* ---- vault ---- */

struct vault {
    uint32_t place;
    uint32_t resets; /* of the whole machine; has a battery */
    uint8_t up;
    uint8_t zero[3];
};
static const struct field vault_fields[] = {
    FIELD_MAX(struct vault, place, TOY_VAULT_BYTES - 1),
    FIELD(struct vault, resets),
    FIELD_BOOL(struct vault, up),
    FIELD_ARRAY(struct vault, zero),
};
static const struct survivor vault_survivors[] = {
    SURVIVOR(struct vault, place, RESET_WARM),
    SURVIVOR(struct vault, up, RESET_WARM),
    SURVIVOR(struct vault, resets, RESET_WARM | RESET_POWER),
};

static uint64_t vault_bytes(const struct device *d)
{
    (void)d;
    return TOY_VAULT_BYTES;
}

static void vault_set_line(struct device *d, bool up)
{
    struct vault *s = d->state;

    s->up = up;
    device_set_line(d, 0, up);
}

static void vault_reset(struct device *d)
{
    struct vault *s = d->state;

    s->resets++;
    vault_set_line(d, s->up);
}

/* What does not fit before the end is not done. */
static void vault_move_on(struct vault *s, uint32_t bytes)
{
    s->place = (uint32_t)((s->place + bytes) % TOY_VAULT_BYTES);
}

static uint64_t vault_read(struct device *d, struct mem_access a)
{
    struct vault *s = d->state;
    uint8_t bytes[4] = {0};

    switch (a.at) {
    case VAULT_PLACE: return s->place;
    case VAULT_DATA:
        (void)device_tree_read(d, s->place, bytes, sizeof bytes);
        vault_move_on(s, sizeof bytes);
        return bytes_get_le(bytes, sizeof bytes);
    case VAULT_CONTROL: return s->resets << 8 | s->up;
    default: return 0;
    }
}

static void vault_block(struct device *d, uint32_t value)
{
    paddr ram = TOY_RAM + 0x8000 + (value & 0xff) * 64;
    struct vault *s = d->state;
    uint8_t block[64] = {0};

    if (value & 0x100) {
        if (device_dma_read(d, ram, block, sizeof block)) {
            (void)device_tree_write(d, s->place, block, sizeof block);
        }
    } else if (device_tree_read(d, s->place, block, sizeof block)) {
        (void)device_dma_write(d, ram, block, sizeof block);
    }
}

static void vault_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct vault *s = d->state;
    uint8_t bytes[4];

    switch (a.at) {
    case VAULT_PLACE: s->place = (uint32_t)(value % TOY_VAULT_BYTES); break;
    case VAULT_DATA:
        bytes_set_le(bytes, sizeof bytes, value);
        (void)device_tree_write(d, s->place, bytes, sizeof bytes);
        vault_move_on(s, sizeof bytes);
        break;
    case VAULT_CONTROL:
        if (value == VAULT_RESET_WARM || value == VAULT_RESET_POWER) {
            machine_request_reset(d->machine, value == VAULT_RESET_WARM ? RESET_WARM : RESET_POWER);
        } else {
            vault_set_line(d, value & 1);
        }
        break;
    case VAULT_BLOCK: vault_block(d, (uint32_t)value); break;
    default: break;
    }
}

static bool vault_acknowledge(struct device *d, unsigned hart, unsigned pin, uint32_t *vector)
{
    struct vault *s = d->state;

    (void)hart;
    if (pin != TOY_PIN_SHARED || !s->up) {
        return false;
    }
    *vector = VAULT_VECTOR;
    vault_set_line(d, false);
    return true;
}

/* Semihosting, as if: 0 says the place, 1 sets it, which may be refused. */
static enum platform_answer vault_call(struct device *d, unsigned hart, struct platform_call *c)
{
    struct vault *s = d->state;

    (void)hart;
    if (c->service != SERVICE_SEMIHOSTING || c->words[0] > 1) {
        return PLATFORM_NOBODY;
    }
    if (c->words[0] == 0) {
        c->words[1] = s->place;
    } else if (c->words[1] >= TOY_VAULT_BYTES) {
        return PLATFORM_REFUSED;
    } else {
        s->place = (uint32_t)c->words[1];
    }
    return PLATFORM_DONE;
}

const struct device_class toy_vault = {
    .name = "vault",
    .windows = {{.bytes = 16, .sizes = 4, .splits = true, .is_io = true},
                {.bytes = 16, .sizes = 4, .splits = true}},
    .state = FIELD_TABLE(struct vault, vault_fields),
    .output_lines = 1,
    .survivors = vault_survivors,
    .survivor_count = ARRAY_LEN(vault_survivors),
    .tree_bytes = vault_bytes,
    .tree_resets = RESET_WARM,
    .reset = vault_reset,
    .read = vault_read,
    .write = vault_write,
    .acknowledge = vault_acknowledge,
    .call = vault_call,
};

/* ---- bell ---- */

struct bell {
    tick alarm[1];
    uint32_t rung;
    uint8_t up;
    uint8_t hart_resets; /* which harts were reset alone */
    uint8_t held;        /* inputs that are up: the last hart's output */
    uint8_t zero[1];
};
static const struct field bell_fields[] = {
    FIELD_ARRAY(struct bell, alarm), FIELD(struct bell, rung), FIELD_BOOL(struct bell, up),
    FIELD(struct bell, hart_resets), FIELD(struct bell, held), FIELD_ARRAY(struct bell, zero),
};

static uint64_t bell_read(struct device *d, struct mem_access a)
{
    const struct bell *s = d->state;

    return a.at == 0 ? s->rung & 0xff : s->up;
}

static void bell_write(struct device *d, struct mem_access a, uint64_t value)
{
    (void)a;
    device_set_alarm(d, 0, device_now(d) + 1 + (value & 0xff));
}

static void bell_alarm(struct device *d, uint32_t i)
{
    struct bell *s = d->state;

    (void)i;
    if (s->held != 0) {
        return;
    }
    s->rung++;
    s->up = 1;
    device_set_line(d, 0, true);
}

static bool bell_acknowledge(struct device *d, unsigned hart, unsigned pin, uint32_t *vector)
{
    struct bell *s = d->state;

    if ((pin != TOY_PIN_SHARED && pin != TOY_PIN_BELL) || !s->up) {
        return false;
    }
    *vector = BELL_VECTOR + hart;
    s->up = 0;
    device_set_line(d, 0, false);
    return true;
}

static enum platform_answer bell_call(struct device *d, unsigned hart, struct platform_call *c)
{
    struct bell *s = d->state;

    (void)hart;
    if (c->service != SERVICE_FIRMWARE || c->words[0] != 2) {
        return PLATFORM_NOBODY;
    }
    c->words[1] = s->rung;
    return PLATFORM_DONE;
}

/* A hand on it: it does not ring while an input is up. */
static void bell_line(struct device *d, uint32_t n, bool level)
{
    struct bell *s = d->state;

    s->held = (uint8_t)bits_set(s->held, n, 1, level);
}

static void bell_hart_reset(struct device *d, unsigned hart)
{
    struct bell *s = d->state;

    s->hart_resets |= (uint8_t)(1u << hart);
}

const struct device_class toy_bell = {
    .name = "bell",
    .windows = {{.bytes = 2, .sizes = 1, .is_io = true}},
    .state = FIELD_TABLE(struct bell, bell_fields),
    .alarm_offset = offsetof(struct bell, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .hart_reset = bell_hart_reset,
    .read = bell_read,
    .write = bell_write,
    .alarm = bell_alarm,
    .line = bell_line,
    .acknowledge = bell_acknowledge,
    .call = bell_call,
};

void toy_add_state_devices(struct machine *m)
{
    struct device *vault, *bell;
    struct error e;

    vault = machine_add_device(m, &toy_vault, "vault", TOY_VAULT_IO, NULL, 0, NULL, &e);
    bell = machine_add_device(m, &toy_bell, "bell", TOY_BELL_IO, NULL, 0, NULL, &e);
    must(vault != NULL && bell != NULL);
    must(machine_place_window(vault, 1, TOY_VAULT, &e) == 0);
    machine_connect_hart(vault, 0, 0, TOY_PIN_SHARED);
    machine_connect_hart(bell, 0, 0, TOY_PIN_SHARED);
    machine_connect_hart(bell, 0, machine_hart_count(m) - 1, TOY_PIN_BELL);
    machine_connect_output(m, machine_hart_count(m) - 1, TOY_OUTPUT_BELL, bell, 2);
}

/* ---- harts ---- */

enum platform_answer toy_message(struct cpu *cpu, enum hart_message what, struct hart_words words)
{
    struct toy *s = cpu->state;

    switch (what) {
    case HART_START:
        s->hart.pc = words.a & UINT32_MAX;
        s->r[0] = (uint32_t)words.b;
        s->irq_enabled = 0;
        return PLATFORM_DONE;
    case HART_STOP: return words.a % 16 == 13 ? PLATFORM_REFUSED : PLATFORM_DONE;
    case HART_KICK: s->lines |= 1u << TOY_PIN_KICKED; return PLATFORM_DONE;
    case HART_RESET: break;
    }
    return PLATFORM_REFUSED;
}

uint32_t toy_acknowledge(struct cpu *cpu, unsigned pin)
{
    struct toy *s = cpu->state;
    uint32_t vector = 0;

    if (pin == TOY_PIN_KICKED) {
        s->lines &= (uint8_t) ~(1u << TOY_PIN_KICKED);
        return 0;
    }
    return cpu->platform->acknowledge(cpu, pin, &vector) == PLATFORM_DONE ? vector : 0;
}

/* ---- helpers ---- */

static unsigned io_size(uint64_t at)
{
    return 1u << (at >> 8) % 3;
}

uint64_t toy_help_in(struct cpu *cpu, uint64_t at, uint64_t b, uint64_t c)
{
    uint64_t value;
    enum platform_answer answer = cpu->platform->io_read(cpu, at & 0x7f, io_size(at), &value);

    (void)b;
    (void)c;
    return (value ^ answer * 0x01000000u) & UINT32_MAX;
}

uint64_t toy_help_out(struct cpu *cpu, uint64_t at, uint64_t value, uint64_t c)
{
    (void)c;
    return cpu->platform->io_write(cpu, at & 0x7f, io_size(at), value);
}

uint64_t toy_help_tree(struct cpu *cpu, uint64_t place, uint64_t value, uint64_t what)
{
    const struct cpu_platform *p = cpu->platform;

    (void)p->io_write(cpu, TOY_VAULT_IO + VAULT_PLACE, 4, place & UINT32_MAX);
    if (what == TOY_TREE_LD) {
        (void)p->io_read(cpu, TOY_VAULT_IO + VAULT_DATA, 4, &value);
    } else {
        (void)p->io_write(cpu, TOY_VAULT_IO + (what == TOY_TREE_ST ? VAULT_DATA : VAULT_BLOCK), 4,
                          value & UINT32_MAX);
    }
    return value & UINT32_MAX;
}

uint64_t toy_help_message(struct cpu *cpu, uint64_t what, uint64_t a, uint64_t b)
{
    return cpu->platform->message(cpu, what >> 2 & 3, (enum hart_message)(what & 3),
                                  (struct hart_words){.a = a, .b = b});
}

uint64_t toy_help_service(struct cpu *cpu, uint64_t what, uint64_t word, uint64_t c)
{
    struct platform_call call = {.service = what & 1 ? SERVICE_SEMIHOSTING : SERVICE_FIRMWARE,
                                 .words = {what >> 1 & 3, word}};
    enum platform_answer answer = cpu->platform->call(cpu, &call);

    (void)c;
    return (call.words[1] ^ answer * 0x01000000u) & UINT32_MAX;
}

uint64_t toy_help_line(struct cpu *cpu, uint64_t output, uint64_t level, uint64_t c)
{
    (void)c;
    cpu->platform->line(cpu, (unsigned)output, level & 1);
    return 0;
}

uint64_t toy_help_end(struct cpu *cpu, uint64_t how, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    if (how == 2) {
        cpu->platform->shutdown(cpu);
    } else {
        (void)cpu->platform->io_write(cpu, TOY_VAULT_IO + VAULT_CONTROL, 4,
                                      how == 1 ? VAULT_RESET_POWER : VAULT_RESET_WARM);
    }
    return 0;
}

/* ---- instructions ---- */

static ir_ref wide(struct lift *l, unsigned r)
{
    return ir_un(l->b, IR_ZEXT, IR_I64, toy_reg(l, r));
}

static void set_low(struct lift *l, unsigned r, ir_ref value)
{
    toy_set_reg(l, r, ir_un(l->b, IR_TRUNC, IR_I32, value));
}

static void lift_state(struct lift *l, uint8_t op)
{
    unsigned d = l->length > 1 ? l->bytes[1] & 7 : 0, s = l->length > 2 ? l->bytes[2] : 0;
    struct ir_build *b = l->b;

    switch (op) {
    case TOY_IN:
        set_low(l, d, ir_call(b, TOY_HELP_IN, wide(l, s & 7), IR_ABSENT, IR_ABSENT));
        break;
    case TOY_OUT: ir_call(b, TOY_HELP_OUT, wide(l, s & 7), wide(l, d), IR_ABSENT); break;
    case TOY_TREE_LD:
    case TOY_TREE_ST:
    case TOY_BLOCK:
        set_low(l, d,
                ir_call(b, TOY_HELP_TREE, wide(l, s & 7), wide(l, d), ir_const(b, IR_I64, op)));
        break;
    case TOY_MESSAGE:
        set_low(
            l, d,
            ir_call(b, TOY_HELP_MESSAGE, ir_const(b, IR_I64, s), wide(l, d), wide(l, (d + 1) & 7)));
        break;
    case TOY_SERVICE:
        set_low(l, d, ir_call(b, TOY_HELP_SERVICE, ir_const(b, IR_I64, s), wide(l, d), IR_ABSENT));
        break;
    case TOY_LINE:
        ir_call(b, TOY_HELP_LINE, ir_const(b, IR_I64, s % CPU_OUTPUTS_MAX), wide(l, d), IR_ABSENT);
        break;
    default:
        ir_call(b, TOY_HELP_END, ir_const(b, IR_I64, op == TOY_SHUTDOWN ? 2 : l->bytes[1] & 1),
                IR_ABSENT, IR_ABSENT);
    }
}

/* What ends everything again and again is seldom. */
static void random_state(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    unsigned d = x >> 8 & 7, s = x >> 16 & 7;
    bool seldom = (x >> 40) % 24 == 0;

    switch (op) {
    case TOY_MESSAGE:
        toy_op2(a, op, d, (unsigned)(x >> 20 & 12) | (seldom ? x >> 24 & 3 : x >> 23 & 2));
        break;
    case TOY_SERVICE:
    case TOY_LINE: toy_op2(a, op, d, x >> 20 & 7); break;
    case TOY_SHUTDOWN:
    case TOY_RESET:
        if (!seldom) {
            toy_op2(a, TOY_TREE_ST, d, s);
        } else if (op == TOY_SHUTDOWN) {
            toy_op0(a, op);
        } else {
            toy_op1(a, op, x >> 24 & 1);
        }
        break;
    default: toy_op2(a, op, d, s);
    }
}

static const uint8_t lengths[16] = {
    [TOY_IN & 15] = 3,    [TOY_OUT & 15] = 3,     [TOY_TREE_LD & 15] = 3, [TOY_TREE_ST & 15] = 3,
    [TOY_BLOCK & 15] = 3, [TOY_MESSAGE & 15] = 3, [TOY_SERVICE & 15] = 3, [TOY_SHUTDOWN & 15] = 1,
    [TOY_RESET & 15] = 2, [TOY_LINE & 15] = 3,
};

const struct toy_family toy_state_family = {
    .lengths = lengths, .count = TOY_STATE_END & 15, .lift = lift_state, .random = random_state};
