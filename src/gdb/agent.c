/* SPDX-License-Identifier: GPL-2.0-or-later
 * agent: conditions of breakpoints as the bytecode that GDB makes of them (GDB manual, appendix
 * "The GDB Agent Expression Mechanism"). All that can be known of an expression is checked once,
 * before it is kept; so what is left to fail when it runs is memory that is not there, a division
 * by zero, and going round for too long.
 * Left out, and refused: floating point, trace state variables, printf. What is to be traced is
 * taken from the stack and forgotten.
 */
#include <stdlib.h>

#include "gdb/internal.h"

/* Of values; more than an expression that people type can need. */
#define STACK_MAX 100
/* Instructions of one evaluation. GDB itself makes no loops. */
#define STEPS_MAX 65536

enum op {
    OP_ADD = 0x02,
    OP_SUB,
    OP_MUL,
    OP_DIV_SIGNED,
    OP_DIV_UNSIGNED,
    OP_REM_SIGNED,
    OP_REM_UNSIGNED,
    OP_LSH,
    OP_RSH_SIGNED,
    OP_RSH_UNSIGNED,
    OP_TRACE,
    OP_TRACE_QUICK,
    OP_LOG_NOT,
    OP_BIT_AND,
    OP_BIT_OR,
    OP_BIT_XOR,
    OP_BIT_NOT,
    OP_EQUAL,
    OP_LESS_SIGNED,
    OP_LESS_UNSIGNED,
    OP_EXT,
    OP_REF8,
    OP_REF16,
    OP_REF32,
    OP_REF64,
    OP_IF_GOTO = 0x20,
    OP_GOTO,
    OP_CONST8,
    OP_CONST16,
    OP_CONST32,
    OP_CONST64,
    OP_REG,
    OP_END,
    OP_DUP,
    OP_POP,
    OP_ZERO_EXT,
    OP_SWAP,
    OP_TRACENZ = 0x2f,
    OP_TRACE16,
    OP_PICK = 0x32,
    OP_ROT
};

enum group { UNKNOWN, BINARY, UNARY, ARRANGE, FETCH, FLOW, TRACE };
struct op_kind {
    uint8_t group;
    uint8_t operand;      /* bytes behind it, the most significant first */
    uint8_t takes, gives; /* values */
};
static const struct op_kind op_kinds[] = {
    [OP_ADD] = {BINARY, 0, 2, 1},
    [OP_SUB] = {BINARY, 0, 2, 1},
    [OP_MUL] = {BINARY, 0, 2, 1},
    [OP_DIV_SIGNED] = {BINARY, 0, 2, 1},
    [OP_DIV_UNSIGNED] = {BINARY, 0, 2, 1},
    [OP_REM_SIGNED] = {BINARY, 0, 2, 1},
    [OP_REM_UNSIGNED] = {BINARY, 0, 2, 1},
    [OP_LSH] = {BINARY, 0, 2, 1},
    [OP_RSH_SIGNED] = {BINARY, 0, 2, 1},
    [OP_RSH_UNSIGNED] = {BINARY, 0, 2, 1},
    [OP_TRACE] = {TRACE, 0, 2, 0},
    [OP_TRACE_QUICK] = {TRACE, 1, 1, 1},
    [OP_LOG_NOT] = {UNARY, 0, 1, 1},
    [OP_BIT_AND] = {BINARY, 0, 2, 1},
    [OP_BIT_OR] = {BINARY, 0, 2, 1},
    [OP_BIT_XOR] = {BINARY, 0, 2, 1},
    [OP_BIT_NOT] = {UNARY, 0, 1, 1},
    [OP_EQUAL] = {BINARY, 0, 2, 1},
    [OP_LESS_SIGNED] = {BINARY, 0, 2, 1},
    [OP_LESS_UNSIGNED] = {BINARY, 0, 2, 1},
    [OP_EXT] = {UNARY, 1, 1, 1},
    [OP_REF8] = {FETCH, 0, 1, 1},
    [OP_REF16] = {FETCH, 0, 1, 1},
    [OP_REF32] = {FETCH, 0, 1, 1},
    [OP_REF64] = {FETCH, 0, 1, 1},
    [OP_IF_GOTO] = {FLOW, 2, 1, 0},
    [OP_GOTO] = {FLOW, 2, 0, 0},
    [OP_CONST8] = {ARRANGE, 1, 0, 1},
    [OP_CONST16] = {ARRANGE, 2, 0, 1},
    [OP_CONST32] = {ARRANGE, 4, 0, 1},
    [OP_CONST64] = {ARRANGE, 8, 0, 1},
    [OP_REG] = {FETCH, 2, 0, 1},
    [OP_END] = {FLOW, 0, 1, 1},
    [OP_DUP] = {ARRANGE, 0, 1, 2},
    [OP_POP] = {ARRANGE, 0, 1, 0},
    [OP_ZERO_EXT] = {UNARY, 1, 1, 1},
    [OP_SWAP] = {ARRANGE, 0, 2, 2},
    [OP_TRACENZ] = {TRACE, 0, 2, 0},
    [OP_TRACE16] = {TRACE, 2, 1, 1},
    [OP_PICK] = {ARRANGE, 1, 0, 1}, /* and looks deeper: see flow() */
    [OP_ROT] = {ARRANGE, 0, 3, 3},
};

struct gdb_agent {
    uint32_t our_registers; /* the number of the first */
    uint32_t length;
    uint8_t code[];
};

static struct op_kind kind_of(uint8_t op)
{
    static const struct op_kind unknown;

    return op < ARRAY_LEN(op_kinds) ? op_kinds[op] : unknown;
}

static uint64_t operand_of(const uint8_t *code, size_t at)
{
    return bytes_get_be(code + at + 1, kind_of(code[at]).operand);
}

/* ---- what is accepted ---- */

/* How many values are on the stack before the instruction at each byte. */
#define NOT_REACHED 0xff
#define NOT_A_START 0xfe
_Static_assert(STACK_MAX < NOT_A_START, "a depth is a byte");

struct check {
    const struct isa *isa;
    const uint8_t *code;
    size_t length;
    uint8_t depth[GDB_AGENT_MAX];
    uint16_t reached[GDB_AGENT_MAX]; /* not yet followed; each start gets here once */
    size_t reached_count;
    struct error *e;
};

static bool has_register(const struct isa *isa, uint64_t number)
{
    uint32_t ours = gdb_our_registers(isa);
    size_t count = 0;
    const struct isa_register *r = isa->gdb.registers != NULL ? isa->gdb.registers(&count) : NULL;

    for (size_t i = 0; i < count; i++) {
        if (r[i].number == number) {
            return r[i].bits <= 64;
        }
    }
    return number - ours < GDB_OUR_REGISTERS;
}

static int check_operand(const struct check *c, size_t at)
{
    uint64_t operand = operand_of(c->code, at);

    switch (c->code[at]) {
    case OP_EXT:
    case OP_ZERO_EXT:
        if (operand == 0 || operand > 64) {
            return error_set(c->e, "A value cannot be extended from %u bits.", (unsigned)operand);
        }
        return 0;
    case OP_REG:
        if (!has_register(c->isa, operand)) {
            return error_set(c->e, "Register %u is unknown, or too wide for a condition.",
                             (unsigned)operand);
        }
        return 0;
    default: return 0;
    }
}

/* From the first byte to the last, whether it can be reached or not. */
static int check_instructions(struct check *c)
{
    memset(c->depth, NOT_A_START, c->length);
    for (size_t at = 0; at < c->length; at += 1u + kind_of(c->code[at]).operand) {
        struct op_kind k = kind_of(c->code[at]);

        if (k.group == UNKNOWN) {
            return error_set(c->e, "Conditions cannot have operation 0x%02x.", c->code[at]);
        }
        if (k.operand >= c->length - at) {
            return error_set(c->e, "The condition is cut short.");
        }
        if (check_operand(c, at) < 0) {
            return -1;
        }
        c->depth[at] = NOT_REACHED;
    }
    return 0;
}

static int reach(struct check *c, uint64_t at, unsigned depth)
{
    if (at >= c->length || c->depth[at] == NOT_A_START) {
        return error_set(c->e, "The condition goes on where it has no instruction.");
    }
    if (c->depth[at] == NOT_REACHED) {
        c->depth[at] = (uint8_t)depth;
        c->reached[c->reached_count++] = (uint16_t)at;
    } else if (c->depth[at] != depth) {
        return error_set(c->e, "The condition's stack depends on its way.");
    }
    return 0;
}

/* What comes after the instruction at `at`. */
static int flow(struct check *c, size_t at)
{
    uint8_t op = c->code[at];
    struct op_kind k = kind_of(op);
    uint64_t operand = operand_of(c->code, at);
    unsigned depth = c->depth[at];

    if (depth < k.takes || (op == OP_PICK && operand >= depth)) {
        return error_set(c->e, "The condition takes a value that is not there.");
    }
    depth = depth - k.takes + k.gives;
    if (depth > STACK_MAX) {
        return error_set(c->e, "The condition keeps more than %d values.", STACK_MAX);
    }
    if (op == OP_END) {
        return 0;
    }
    if ((op == OP_GOTO || op == OP_IF_GOTO) && reach(c, operand, depth) < 0) {
        return -1;
    }
    return op == OP_GOTO ? 0 : reach(c, at + 1u + k.operand, depth);
}

static int check_flow(struct check *c)
{
    int status = reach(c, 0, 0);

    while (status == 0 && c->reached_count != 0) {
        status = flow(c, c->reached[--c->reached_count]);
    }
    return status;
}

struct gdb_agent *gdb_agent_new(const struct isa *isa, const uint8_t *code, size_t length,
                                struct error *e)
{
    struct gdb_agent *a = NULL;
    struct check *c;

    if (length == 0 || length > GDB_AGENT_MAX) {
        (void)error_set(e, "A condition has 1 to %d bytes.", GDB_AGENT_MAX);
        return NULL;
    }
    c = base_alloc(1, sizeof(*c));
    c->isa = isa;
    c->code = code;
    c->length = length;
    c->e = e;
    if (check_instructions(c) == 0 && check_flow(c) == 0) {
        a = base_alloc(1, sizeof(*a) + length);
        a->our_registers = gdb_our_registers(isa);
        a->length = (uint32_t)length;
        memcpy(a->code, code, length);
    }
    free(c);
    return a;
}

void gdb_agent_free(struct gdb_agent *a)
{
    free(a);
}

/* ---- what it means ---- */

struct run {
    const struct gdb_agent *agent;
    struct machine *machine;
    unsigned hart;
    size_t at;
    unsigned depth;
    uint64_t stack[STACK_MAX + 1]; /* [depth] is the top, [0] nothing */
};

/* The smallest number by -1 is itself: it wraps, as everything does. */
static uint64_t divide(uint64_t a, uint64_t b)
{
    return b == UINT64_MAX ? 0 - a : (uint64_t)((int64_t)a / (int64_t)b);
}

/* By 64 and more, all bits have gone. */
static uint64_t shift(uint8_t op, uint64_t a, uint64_t b)
{
    uint64_t sign = op == OP_RSH_SIGNED && (int64_t)a < 0 ? UINT64_MAX : 0;

    if (b == 0) {
        return a;
    }
    if (b >= 64) {
        return sign;
    }
    return op == OP_LSH ? a << b : a >> b | sign << (64 - b);
}

static bool binary(uint8_t op, uint64_t a, uint64_t b, uint64_t *out)
{
    if (b == 0 && op >= OP_DIV_SIGNED && op <= OP_REM_UNSIGNED) {
        return false;
    }
    switch (op) {
    case OP_ADD: *out = a + b; break;
    case OP_SUB: *out = a - b; break;
    case OP_MUL: *out = a * b; break;
    case OP_DIV_SIGNED: *out = divide(a, b); break;
    case OP_DIV_UNSIGNED: *out = a / b; break;
    case OP_REM_SIGNED: *out = a - divide(a, b) * b; break;
    case OP_REM_UNSIGNED: *out = a % b; break;
    case OP_BIT_AND: *out = a & b; break;
    case OP_BIT_OR: *out = a | b; break;
    case OP_BIT_XOR: *out = a ^ b; break;
    case OP_EQUAL: *out = a == b; break;
    case OP_LESS_SIGNED: *out = (int64_t)a < (int64_t)b; break;
    case OP_LESS_UNSIGNED: *out = a < b; break;
    default: *out = shift(op, a, b); break;
    }
    return true;
}

static uint64_t unary(uint8_t op, uint64_t a, unsigned bits)
{
    switch (op) {
    case OP_LOG_NOT: return a == 0;
    case OP_BIT_NOT: return ~a;
    case OP_EXT: return bits_sext(a, bits);
    default: return bits_get(a, 0, bits);
    }
}

/* `top` is where the top will be. */
static void arrange(uint8_t op, uint64_t *top, uint64_t operand)
{
    uint64_t was;

    switch (op) {
    case OP_DUP: top[0] = top[-1]; break;
    case OP_PICK: top[0] = top[-1 - (ptrdiff_t)operand]; break;
    case OP_POP: break;
    case OP_SWAP:
        was = top[0];
        top[0] = top[-1];
        top[-1] = was;
        break;
    case OP_ROT: /* the top goes below the two others */
        was = top[0];
        top[0] = top[-1];
        top[-1] = top[-2];
        top[-2] = was;
        break;
    default: top[0] = operand; break;
    }
}

static bool get_register(const struct run *r, uint32_t number, uint64_t *out)
{
    uint8_t value[8] = {0};

    if (number >= r->agent->our_registers) {
        *out = number == r->agent->our_registers ? machine_now(r->machine)
                                                 : machine_now_ns(r->machine);
        return true;
    }
    if (!machine_isa(r->machine)->gdb.get(machine_cpu(r->machine, r->hart), number, value)) {
        return false;
    }
    *out = bytes_get_le(value, 8);
    return true;
}

static bool fetch(const struct run *r, uint8_t op, uint64_t operand, uint64_t *top)
{
    unsigned size = 1u << (op - OP_REF8);
    uint8_t bytes[8];

    if (op == OP_REG) {
        return get_register(r, (uint32_t)operand, top);
    }
    if (!cpu_debug_read(machine_cpu(r->machine, r->hart), *top, bytes, size)) {
        return false;
    }
    *top =
        machine_isa(r->machine)->big_endian ? bytes_get_be(bytes, size) : bytes_get_le(bytes, size);
    return true;
}

/* One instruction other than `end`. */
static bool step(struct run *r)
{
    uint8_t op = r->agent->code[r->at];
    struct op_kind k = kind_of(op);
    uint64_t operand = operand_of(r->agent->code, r->at);
    uint64_t *top;

    r->at += 1u + k.operand;
    r->depth = r->depth - k.takes + k.gives;
    top = &r->stack[r->depth];
    switch ((enum group)k.group) {
    case BINARY: return binary(op, top[0], top[1], top);
    case UNARY: *top = unary(op, *top, (unsigned)operand); return true;
    case ARRANGE: arrange(op, top, operand); return true;
    case FETCH: return fetch(r, op, operand, top);
    case FLOW:
        if (op == OP_GOTO || top[1] != 0) {
            r->at = (size_t)operand;
        }
        return true;
    case TRACE: return true;
    case UNKNOWN: break;
    }
    must(false);
    return false;
}

bool gdb_agent_run(const struct gdb_agent *a, struct machine *m, unsigned hart, uint64_t *value)
{
    struct run r;

    must(hart < machine_hart_count(m));
    r.agent = a;
    r.machine = m;
    r.hart = hart;
    r.at = r.depth = 0;
    for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
        if (a->code[r.at] == OP_END) {
            *value = r.stack[r.depth];
            return true;
        }
        if (!step(&r)) {
            return false;
        }
    }
    return false;
}
