/* SPDX-License-Identifier: GPL-2.0-or-later
 * command_line: what is the same of command lines of either grammar, once they were parsed.
 */
#ifndef TESTS_FUZZ_COMMAND_LINE_H
#define TESTS_FUZZ_COMMAND_LINE_H

#include "options/options.h"

enum { ARGUMENTS_MAX = 64 };

/* Of what is refused. */
static inline void check_sentence(const struct error *e)
{
    size_t length = strnlen(e->text, sizeof e->text);

    must(length > 5 && length < sizeof e->text);
}

/* What is accepted is within these bounds, and those that the grammar has besides. */
static inline void check_bounds(const struct options *o)
{
    const struct machine_config *c = &o->machine;

    must(c->hart_count >= 1 && c->hart_count <= MACHINE_HARTS_MAX);
    must(o->serial_count <= MACHINE_SERIALS_MAX && c->shift <= 10);
    must(strnlen(c->append, sizeof c->append) < sizeof c->append);
    must(strnlen(c->cpu, sizeof c->cpu) < sizeof c->cpu);
}

#endif
