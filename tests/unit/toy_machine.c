/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_machine: a machine around the made-up processor, and programs for it.
 */
#include "toy_isa.h"

/* ---- console: input FIFO with a line, output delayed by an alarm, a register that counts ---- */

struct console {
    tick alarm[2]; /* 0: the byte being sent leaves; 1: a clock that ticks by itself */
    uint32_t clock;
    uint32_t received;
    uint8_t fifo[16];
    uint8_t count;
    uint8_t sending, byte;
    uint8_t zero[5];
};

static const struct field console_fields[] = {
    FIELD_ARRAY(struct console, alarm), FIELD(struct console, clock),
    FIELD(struct console, received),    FIELD_ARRAY(struct console, fifo),
    FIELD(struct console, count),       FIELD(struct console, sending),
    FIELD(struct console, byte),        FIELD_ARRAY(struct console, zero),
};

#define CLOCK_TICKS 1733

static void console_reset(struct device *d)
{
    device_set_alarm(d, 1, device_now(d) + CLOCK_TICKS);
}

static uint64_t console_read(struct device *d, uint64_t at, unsigned size)
{
    struct console *s = d->state;
    uint8_t byte;

    (void)size;
    if (at == 4) {
        return s->count;
    }
    if (at != 0 || s->count == 0) {
        return 0;
    }
    byte = s->fifo[0];
    memmove(s->fifo, s->fifo + 1, sizeof s->fifo - 1);
    s->fifo[sizeof s->fifo - 1] = 0;
    s->count--;
    device_set_line(d, 0, s->count != 0);
    return byte;
}

static void console_write(struct device *d, uint64_t at, unsigned size, uint64_t value)
{
    struct console *s = d->state;

    (void)size;
    if (at == 0 && !s->sending) { /* what comes while one is being sent is lost */
        s->sending = 1;
        s->byte = (uint8_t)value;
        device_set_alarm(d, 0, device_now(d) + 7);
    }
}

static void console_alarm(struct device *d, uint32_t i)
{
    struct console *s = d->state;

    if (i == 0) {
        s->sending = 0;
        device_output(d, &s->byte, 1);
    } else {
        s->clock++;
        device_set_alarm(d, 1, device_now(d) + CLOCK_TICKS);
    }
}

static void console_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    struct console *s = d->state;

    must(count <= sizeof s->fifo - s->count);
    memcpy(s->fifo + s->count, bytes, count);
    s->count = (uint8_t)(s->count + count);
    s->received += count;
    device_set_line(d, 0, s->count != 0);
}

static uint32_t console_room(const struct device *d)
{
    const struct console *s = d->state;

    return (uint32_t)sizeof s->fifo - s->count;
}

static const struct device_class console = {
    .name = "console",
    .window = 8,
    .access_sizes = 1 | 2 | 4,
    .state = FIELD_TABLE(struct console, console_fields),
    .alarm_offset = offsetof(struct console, alarm),
    .alarm_count = 2,
    .output_lines = 1,
    .reset = console_reset,
    .read = console_read,
    .write = console_write,
    .alarm = console_alarm,
    .input = console_input,
    .room = console_room,
};

/* ---- counter: a word, and an alarm that raises the line of the last hart ---- */

struct counter {
    tick alarm[1];
    uint32_t value;
    uint8_t up;
    uint8_t zero[3];
};
static const struct field counter_fields[] = {
    FIELD_ARRAY(struct counter, alarm),
    FIELD(struct counter, value),
    FIELD(struct counter, up),
    FIELD_ARRAY(struct counter, zero),
};

static uint64_t counter_read(struct device *d, uint64_t at, unsigned size)
{
    struct counter *s = d->state;

    (void)size;
    if (at == 4) { /* reading it acknowledges */
        s->up = 0;
        device_set_line(d, 0, false);
    }
    return s->value;
}

static void counter_write(struct device *d, uint64_t at, unsigned size, uint64_t value)
{
    struct counter *s = d->state;

    (void)size;
    if (at == 4) {
        /* The processor is big-endian, the bus is not. */
        device_set_alarm(d, 0, device_now(d) + (__builtin_bswap32((uint32_t)value) & 0xfff));
    } else {
        uint8_t bytes[4];

        s->value += (uint32_t)value;
        bytes_set_le(bytes, sizeof bytes, s->value);
        (void)device_dma_write(d, TOY_DMA, bytes, sizeof bytes);
    }
}

static void counter_alarm(struct device *d, uint32_t i)
{
    struct counter *s = d->state;

    (void)i;
    s->up = 1;
    device_set_line(d, 0, true);
    (void)device_dma_write(d, TOY_DMA + 4, &s->up, 1);
}

static const struct device_class counter = {
    .name = "counter",
    .window = 8,
    .access_sizes = 1 | 2 | 4,
    .state = FIELD_TABLE(struct counter, counter_fields),
    .alarm_offset = offsetof(struct counter, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .read = counter_read,
    .write = counter_write,
    .alarm = counter_alarm,
};

struct machine *toy_machine(unsigned harts, uint64_t quantum, const void *code, size_t size)
{
    struct machine_config config;
    struct error e;
    struct machine *m;
    struct device *d;

    machine_config_init(&config);
    config.hart_count = harts;
    config.quantum = quantum;
    m = machine_new(&config, &toy_isa, &e);
    must(m != NULL);
    must(mem_add_block(&m->mem, "ram", TOY_RAM, TOY_RAM_SIZE, true, &e) == 0);
    must(mem_add_block(&m->mem, "rom", 0x8000, PAGE_SIZE, false, &e) == 0);
    d = machine_add_device(m, &console, "console", TOY_CONSOLE, NULL, 0, "console", &e);
    must(d != NULL);
    machine_connect_hart(d, 0, 0, 1);
    d = machine_add_device(m, &counter, "counter", TOY_SCRATCH, NULL, 0, NULL, &e);
    must(d != NULL);
    machine_connect_hart(d, 0, harts - 1, 2);
    must(machine_add_load(m, TOY_RAM, code, size, &e) == 0);
    must(machine_add_load(m, 0x8000, "read-only", 10, &e) == 0);
    must(machine_seal(m, &e) == 0);
    machine_config_fini(&config);
    return m;
}

/* ---- programs ---- */

uint64_t toy_random(uint64_t *seed)
{
    uint64_t x = *seed;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *seed = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

struct assembler {
    uint8_t *code;
    size_t at, room;
};

static void put(struct assembler *a, uint64_t value, unsigned size)
{
    must(a->at + size <= a->room);
    bytes_set_be(a->code + a->at, size, value);
    a->at += size;
}

static void op0(struct assembler *a, enum toy_op op)
{
    put(a, op, 1);
}
static void op1(struct assembler *a, enum toy_op op, unsigned d)
{
    put(a, op, 1);
    put(a, d, 1);
}
static void op2(struct assembler *a, enum toy_op op, unsigned d, unsigned s)
{
    op1(a, op, d);
    put(a, s & 0xff, 1);
}
static void ldi(struct assembler *a, unsigned d, uint32_t value)
{
    op1(a, TOY_LDI, d);
    put(a, value, 4);
}
/* Jumps to `to`, an offset in the code. */
static void jcc(struct assembler *a, unsigned cc, size_t to)
{
    put(a, TOY_JCC, 1);
    put(a, cc, 1);
    put(a, (uint64_t)((int64_t)to - (int64_t)(a->at + 2)) & 0xffff, 2);
}
static void op_abs(struct assembler *a, enum toy_op op, size_t to)
{
    put(a, op, 1);
    put(a, TOY_RAM + to, 4);
}

/* The places that the program uses, beside its code. */
#define SHARED (TOY_RAM + 0x8000)
#define BUFFER (TOY_RAM + 0x9000)
#define OWN    (TOY_RAM + 0x10000) /* 0x2000 for each hart */

/* Saves r0..r2 below the stack, serves timer, console, counter, SYS and anything else. */
static size_t make_handler(struct assembler *a)
{
    size_t start = a->at, end;

    op2(a, TOY_ADDI, 7, (unsigned)-12);
    op2(a, TOY_ST, 0, 7);
    op2(a, TOY_ADDI, 7, 4);
    op2(a, TOY_ST, 1, 7);
    op2(a, TOY_ADDI, 7, 4);
    op2(a, TOY_ST, 2, 7);
    op2(a, TOY_ADDI, 7, (unsigned)-8);
    ldi(a, 0, SHARED + 0x40); /* how many traps, of all harts */
    ldi(a, 1, 1);
    op2(a, TOY_FETADD, 1, 0);
    op1(a, TOY_CAUSE, 0);
    ldi(a, 1, TOY_CAUSE_PIN0 + 7);
    op2(a, TOY_SUB, 1, 0);
    end = a->at + 4 + 1 + 6 + 2; /* over the timer's part */
    jcc(a, CC_NE, end);
    op0(a, TOY_ACK);
    ldi(a, 1, 211);
    op1(a, TOY_TIMER, 1);
    must(a->at == end);
    ldi(a, 1, TOY_CAUSE_PIN0 + 1);
    op2(a, TOY_SUB, 1, 0);
    end = a->at + 4 + 6 + 3 + 6 + 3 + 3;
    jcc(a, CC_NE, end);
    ldi(a, 1, TOY_CONSOLE);
    op2(a, TOY_LDB, 2, 1);
    ldi(a, 0, BUFFER);
    op2(a, TOY_STB, 2, 0);
    op2(a, TOY_STB, 2, 1);
    must(a->at == end);
    ldi(a, 1, TOY_CAUSE_PIN0 + 2);
    op1(a, TOY_CAUSE, 0);
    op2(a, TOY_SUB, 1, 0);
    end = a->at + 4 + 6 + 3 + 6 + 3;
    jcc(a, CC_NE, end);
    ldi(a, 1, TOY_SCRATCH + 4);
    op2(a, TOY_LD, 2, 1);
    ldi(a, 2, 700);
    op2(a, TOY_ST, 2, 1);
    must(a->at == end);
    op2(a, TOY_LD, 0, 7);
    op2(a, TOY_ADDI, 7, 4);
    op2(a, TOY_LD, 1, 7);
    op2(a, TOY_ADDI, 7, 4);
    op2(a, TOY_LD, 2, 7);
    op2(a, TOY_ADDI, 7, 4);
    op0(a, TOY_RTI);
    return start;
}

/* r3 counts, r4 is this hart's memory, r5 wanders through it. */
static void make_loop(struct assembler *a, size_t function)
{
    size_t loop = a->at, patched, skip;

    op2(a, TOY_ADDI, 3, 1);
    op_abs(a, TOY_CALL, function);
    patched = a->at; /* an instruction that is rewritten half a round later */
    ldi(a, 1, 0x01020304);
    op2(a, TOY_ADD, 1, 3);
    op2(a, TOY_MOV, 5, 4);
    ldi(a, 2, 1021);
    op2(a, TOY_MUL, 2, 3);
    op2(a, TOY_STB, 2, 5);
    op2(a, TOY_ADDI, 5, 101);
    op2(a, TOY_ST, 1, 5); /* misaligned, and the hart's own */
    op2(a, TOY_LD, 2, 5);
    ldi(a, 0, 9);
    op2(a, TOY_MOV, 2, 4);
    op2(a, TOY_ADDI, 2, 120);
    op2(a, TOY_MOV, 1, 4);
    op2(a, TOY_COPY, 2, 1);
    ldi(a, 2, (uint32_t)(TOY_RAM + patched + 5));
    op2(a, TOY_STB, 3, 2);
    ldi(a, 0, SHARED);
    ldi(a, 1, 1);
    op2(a, TOY_FETADD, 1, 0);
    op2(a, TOY_ADDI, 0, 3);
    op2(a, TOY_LDA, 2, 0); /* always misaligned */
    op2(a, TOY_ADDI, 3, 0);
    op0(a, TOY_SYS);
    ldi(a, 1, 7); /* once in a while, wait */
    op2(a, TOY_SUB, 6, 1);
    skip = a->at + 4 + 6 + 1;
    jcc(a, CC_NE, skip);
    ldi(a, 6, 77);
    op0(a, TOY_WAIT);
    must(a->at == skip);
    op_abs(a, TOY_JMP, loop);
}

size_t toy_program(uint8_t *code, size_t room)
{
    struct assembler a = {.code = code, .room = room};
    size_t function, handler, start;

    op_abs(&a, TOY_JMP, 0); /* where to is known at the end */
    function = a.at;
    ldi(&a, 1, 13);
    op2(&a, TOY_XOR, 3, 1);
    op0(&a, TOY_RET);
    handler = a.at;
    (void)make_handler(&a);
    start = a.at;
    op_abs(&a, TOY_VECTOR, handler);
    op1(&a, TOY_HART, 0);
    ldi(&a, 1, 0x2000);
    op2(&a, TOY_MUL, 0, 1);
    ldi(&a, 4, OWN);
    op2(&a, TOY_ADD, 4, 0);
    ldi(&a, 6, 77);
    ldi(&a, 1, 50);
    op1(&a, TOY_TIMER, 1);
    ldi(&a, 1, TOY_SCRATCH + 4);
    op2(&a, TOY_ST, 1, 1);
    op0(&a, TOY_STI);
    make_loop(&a, function);
    bytes_set_be(code + 1, 4, TOY_RAM + start);
    return a.at;
}

size_t toy_random_program(uint8_t *code, size_t room, uint64_t seed)
{
    struct assembler a = {.code = code, .room = room};

    must(seed != 0);
    while (a.at + 16 < room) {
        uint64_t x = toy_random(&seed);
        unsigned op = 1 + (unsigned)(x % (TOY_OP_COUNT - 1)), d = x >> 8 & 7, s = x >> 16 & 7;
        uint32_t target = (uint32_t)(TOY_RAM + (x >> 32) % room);

        switch (op) {
        case TOY_LDI:
            ldi(&a, d, x >> 60 ? (uint32_t)(TOY_RAM + (x >> 20) % 0x6000) : (uint32_t)(x >> 24));
            break;
        case TOY_JCC: jcc(&a, x >> 8 & 15, a.at + (x >> 40) % 64); break;
        case TOY_JMP:
        case TOY_CALL:
        case TOY_VECTOR:
            put(&a, op, 1);
            put(&a, target, 4);
            break;
        case TOY_RET:
        case TOY_SYS:
        case TOY_RTI:
        case TOY_WAIT:
        case TOY_STI:
        case TOY_CLI:
        case TOY_ACK: op0(&a, (enum toy_op)op); break;
        case TOY_NOW:
        case TOY_HART:
        case TOY_CAUSE:
        case TOY_TIMER: op1(&a, (enum toy_op)op, d); break;
        default: op2(&a, (enum toy_op)op, d, s);
        }
    }
    return a.at;
}
