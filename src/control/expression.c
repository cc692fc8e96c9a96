/* SPDX-License-Identifier: GPL-2.0-or-later
 * expression: numbers as a person types them at the monitor: C's constants, a hart's registers as $name,
 * + - * / % & | ^ ~ and brackets, modulo 2^64. As in the reference, + and - bind weaker than * / % and
 * & | ^ weaker than those; a blank ends it unless inside of brackets or beside an operator.
 */
#include <stdlib.h>

#include "control/internal.h"

#define DEPTH_MAX 32

struct parser {
    struct control *control;
    unsigned hart, depth;
    const char *at;
    bool failed;
    struct error *e;
};

static uint64_t sum(struct parser *p);

static uint64_t fail(struct parser *p, const char *sentence)
{
    if (!p->failed) {
        p->failed = true;
        (void)error_set(p->e, "%s", sentence);
    }
    return 0;
}

static uint64_t take_register(struct parser *p)
{
    const struct isa *isa = machine_isa(p->control->machine);
    size_t length =
        strspn(p->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    uint8_t value[64] = {0};
    size_t count = 0;
    const struct isa_register *r = isa->gdb.registers != NULL ? isa->gdb.registers(&count) : NULL;

    for (size_t i = 0; i < count; i++) {
        if (strlen(r[i].name) == length && memcmp(r[i].name, p->at, length) == 0 &&
            r[i].bits <= 64 &&
            isa->gdb.get(machine_cpu(p->control->machine, p->hart), r[i].number, value)) {
            p->at += length;
            return bytes_get_le(value, 8);
        }
    }
    return fail(p, "there is no register of that name");
}

static uint64_t unary(struct parser *p)
{
    uint64_t value;
    char *end;

    if (++p->depth > DEPTH_MAX) {
        return fail(p, "the expression is nested too deep");
    }
    p->at += strspn(p->at, " ");
    switch (*p->at) {
    case '+':
        p->at++;
        value = unary(p);
        break;
    case '-':
        p->at++;
        value = 0 - unary(p);
        break;
    case '~':
        p->at++;
        value = ~unary(p);
        break;
    case '$':
        p->at++;
        value = take_register(p);
        break;
    case '(':
        p->at++;
        value = sum(p);
        p->at += strspn(p->at, " ");
        if (*p->at != ')') {
            return fail(p, "')' is missing");
        }
        p->at++;
        break;
    default:
        value = *p->at >= '0' && *p->at <= '9' ? strtoull(p->at, &end, 0)
                                               : fail(p, "a number is wanted");
        p->at = p->failed ? p->at : end;
        break;
    }
    p->depth--;
    return value;
}

/* The operator that comes next, if it is one of these: past it. */
static char take_operator(struct parser *p, const char *operators)
{
    const char *c = p->at + strspn(p->at, " ");

    if (p->failed || *c == '\0' || strchr(operators, *c) == NULL) {
        return '\0';
    }
    /* "x 0x100 -4" has two arguments. */
    if (c > p->at && c[1] != ' ' && p->depth == 0) {
        return '\0';
    }
    p->at = c + 1;
    return *c;
}

static uint64_t product(struct parser *p)
{
    uint64_t value = unary(p);
    char operator;

    while ((operator= take_operator(p, "*/%")) != '\0') {
        uint64_t other = unary(p);

        if (operator== '*') {
            value *= other;
        } else if (other == 0) {
            return fail(p, "division by zero");
        } else {
            value = operator== '/' ? value / other : value % other;
        }
    }
    return value;
}

static uint64_t logic(struct parser *p)
{
    uint64_t value = product(p);
    char operator;

    while ((operator= take_operator(p, "&|^")) != '\0') {
        uint64_t other = product(p);

        value = operator== '&' ? value & other : operator== '|' ? value | other : value ^ other;
    }
    return value;
}

static uint64_t sum(struct parser *p)
{
    uint64_t value = logic(p);
    char operator;

    while ((operator= take_operator(p, "+-")) != '\0') {
        uint64_t other = logic(p);

        value = operator== '+' ? value + other : value - other;
    }
    return value;
}

const char *expression_parse(struct control *c, unsigned hart, const char *text, uint64_t *out,
                             struct error *e)
{
    struct parser p = {.control = c, .hart = hart, .at = text, .e = e};

    *out = sum(&p);
    return p.failed ? NULL : p.at;
}
