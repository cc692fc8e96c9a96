/* SPDX-License-Identifier: GPL-2.0-or-later
 * diff: the first tick at which two machines differ, and what. Both run in step and are compared
 * by their hash every so many ticks; where they differ, bisection between the last tick at which
 * they were equal and that one. Equal states with equal inputs stay equal, so between the two
 * there is exactly one such tick. Inputs are compared as they enter, as their effect may heal.
 */
#include <stdio.h>
#include <stdlib.h>

#include "travel/internal.h"

#define DEFAULT_STRIDE (UINT64_C(1) << 20)

struct pair {
    struct travel *a, *b;
};

/* ---- naming a step ---- */

static void disassemble(struct machine *m, struct cpu *cpu, struct travel_step_name *out)
{
    struct text text = {0};
    uint8_t bytes[16];
    unsigned available = sizeof bytes;

    while (available > 0 && !cpu_debug_read(cpu, cpu->hart->pc, bytes, available)) {
        available--;
    }
    if (available > 0 && machine_isa(m)->disassemble != NULL &&
        machine_isa(m)->disassemble(bytes, available, cpu->hart->pc,
                                    machine_isa(m)->lifter.block_mode(cpu), &text) != 0) {
        snprintf(out->text, sizeof out->text, "%s", text.data != NULL ? text.data : "");
    }
    text_fini(&text);
}

static void name_no_step(const struct travel *t, struct travel_step_name *out)
{
    const struct machine *m = t->machine;

    if (t->last_input.at == out->at && t->last_input.port < machine_port_count(m)) {
        snprintf(out->text, sizeof out->text, "input of %u bytes at port %s", t->last_input.length,
                 machine_port(m, t->last_input.port)->name);
    } else {
        snprintf(out->text, sizeof out->text, "all harts wait");
    }
}

int travel_name_step(struct travel *t, tick at, struct travel_step_name *out)
{
    struct machine *m = t->machine;
    tick back = machine_state(m)->now;
    bool has_reported = t->has_reported, waiting;
    uint64_t instructions;
    int result = -1;

    *out = (struct travel_step_name){0};
    if (at <= t->begin || at > travel_end(t) || travel_go(t, at - 1) != TRAVEL_ARRIVED) {
        goto out;
    }
    out->at = at - 1;
    out->hart = machine_state(m)->current;
    out->pc = machine_cpu(m, out->hart)->hart->pc;
    waiting = !hart_is_ready(machine_cpu(m, out->hart)->hart);
    instructions = machine_state(m)->instructions;
    disassemble(m, machine_cpu(m, out->hart), out);
    t->last_input.at = TICK_NEVER;
    if (travel_drive(t, at, 0) != TRAVEL_ARRIVED) {
        goto out;
    }
    result = 0;
    out->is_step = t->last_input.at != out->at && !waiting;
    if (!out->is_step) {
        name_no_step(t, out);
    } else if (machine_state(m)->instructions == instructions) {
        size_t used = strlen(out->text);

        snprintf(out->text + used, sizeof out->text - used, "%s(trap entry)", used ? " " : "");
    }
out:
    (void)travel_go(t, back);
    t->has_reported = has_reported;
    return result;
}

/* ---- comparing ---- */

static bool differs(const struct pair *p)
{
    return machine_state(p->a->machine)->now != machine_state(p->b->machine)->now ||
           machine_hash(p->a->machine) != machine_hash(p->b->machine);
}

/* Both to `at`, or to the end of history before it. False: interrupted. */
static bool both_go(const struct pair *p, tick at)
{
    return travel_seek(p->a, at).why != TRAVEL_INTERRUPTED &&
           travel_seek(p->b, at).why != TRAVEL_INTERRUPTED;
}

/* The first tick of (equal, different] at which they differ; both are left there. */
static bool bisect(const struct pair *p, tick equal, tick different, tick *first)
{
    while (different - equal > 1) {
        tick middle = equal + (different - equal) / 2;

        if (!both_go(p, middle)) {
            return false;
        }
        if (differs(p)) {
            different = middle;
        } else {
            travel_mark(p->a);
            travel_mark(p->b);
            equal = middle;
        }
    }
    *first = different;
    return both_go(p, different);
}

/* Both stand at the first tick that differs. */
static void describe_state(const struct pair *p, tick at, struct travel_difference *out)
{
    out->finding = FOUND_STATE;
    out->at = at;
    if (!machine_first_difference(p->a->machine, p->b->machine, &out->difference)) {
        snprintf(out->difference.where, sizeof out->difference.where, "state hash");
        out->difference.a = machine_hash(p->a->machine);
        out->difference.b = machine_hash(p->b->machine);
    }
    out->has_step = travel_name_step(p->a, at, &out->step) == 0;
}

/* Different inputs enter at `at`; one of the two may have none there. */
static void describe_inputs(const struct pair *p, tick at, struct travel_difference *out)
{
    out->finding = FOUND_INPUTS;
    out->at = at;
    out->has_step = travel_name_step(p->a, at + 1, &out->step) == 0;
    if (!out->has_step || p->a->last_input.at != at) {
        out->has_step = travel_name_step(p->b, at + 1, &out->step) == 0;
    }
}

/* The first tick at which other inputs were noted on the two sides; TICK_NEVER: none. */
static tick first_other_input(const struct travel *a, const struct travel *b)
{
    for (size_t i = 0; i < a->noted.count || i < b->noted.count; i++) {
        const struct seen_input *x = i < a->noted.count ? &a->noted.data[i] : NULL;
        const struct seen_input *y = i < b->noted.count ? &b->noted.data[i] : NULL;

        if (x == NULL) {
            return y != NULL ? y->at : TICK_NEVER;
        }
        if (y == NULL) {
            return x->at;
        }
        if (x->at != y->at || x->port != y->port || x->length != y->length || x->hash != y->hash) {
            return x->at < y->at ? x->at : y->at;
        }
    }
    return TICK_NEVER;
}

/* Both, from where they are, every step on the way, noting inputs. False: interrupted. */
static bool both_run(const struct pair *p, tick at)
{
    struct travel *side[2] = {p->a, p->b};

    for (unsigned i = 0; i < 2; i++) {
        enum travel_why why;

        side[i]->noted.count = 0;
        side[i]->note_inputs = true;
        why = travel_drive(side[i], at, 0);
        side[i]->note_inputs = false;
        if (why == TRAVEL_INTERRUPTED) {
            return false;
        }
    }
    return true;
}

/* Both are equal at `equal`, and not, or not fed alike, at `next`, where they are. */
static bool narrow(const struct pair *p, tick equal, tick next, struct travel_difference *out)
{
    tick input = first_other_input(p->a, p->b);

    if (input != TICK_NEVER) {
        if (!both_go(p, input)) {
            return false;
        }
        if (!differs(p)) {
            describe_inputs(p, input, out);
            return true;
        }
        next = input;
    }
    if (!bisect(p, equal, next, &next)) {
        return false;
    }
    describe_state(p, next, out);
    return true;
}

/* Both stand at a tick at which they are equal. Compares up to `limit` or the end. False:
 * interrupted. */
static bool compare_from_here(const struct pair *p, uint64_t stride, tick limit,
                              struct travel_difference *out)
{
    tick equal = machine_state(p->a->machine)->now;

    for (;;) {
        tick end_a = travel_end(p->a), end_b = travel_end(p->b);
        tick last = end_a < end_b ? end_a : end_b, next;

        last = last < limit ? last : limit;
        next = last > equal && last - equal > stride ? equal + stride : last;
        if (!both_run(p, next)) {
            return false;
        }
        if (differs(p) || first_other_input(p->a, p->b) != TICK_NEVER) {
            return narrow(p, equal, next, out);
        }
        equal = next;
        if (equal >= last) {
            out->at = equal;
            out->finding = end_a != end_b && last < limit ? FOUND_END : FOUND_SAME;
            return true;
        }
        travel_mark(p->a);
        travel_mark(p->b);
    }
}

static void compare_without_verifying(struct travel *a, struct travel *b, tick from,
                                      uint64_t stride, tick limit, struct travel_difference *out)
{
    const struct pair p = {.a = a, .b = b};
    bool verify_a = a->verify, verify_b = b->verify;

    *out = (struct travel_difference){.finding = FOUND_INTERRUPTED};
    a->verify = b->verify = false;
    if (both_go(&p, from) && from > a->begin && differs(&p)) {
        from = a->begin;
    }
    if (both_go(&p, from)) {
        if (differs(&p)) {
            describe_state(&p, from, out);
        } else if (!compare_from_here(&p, stride != 0 ? stride : DEFAULT_STRIDE, limit, out)) {
            out->finding = FOUND_INTERRUPTED;
        }
    }
    a->verify = verify_a;
    b->verify = verify_b;
}

void travel_diff(struct travel *a, struct travel *b, uint64_t stride, struct travel_difference *out)
{
    compare_without_verifying(a, b, a->begin, stride, TICK_NEVER, out);
}

void travel_explain(struct travel *t, struct travel *again, struct travel_difference *out)
{
    if (!t->diverged) {
        *out = (struct travel_difference){.finding = FOUND_SAME, .at = t->verified};
        return;
    }
    compare_without_verifying(t, again, t->good, 0, t->bad, out);
    if (out->finding == FOUND_SAME || out->finding == FOUND_END) {
        out->finding = FOUND_WITNESS;
        out->after = t->good;
        out->at = t->bad;
    }
}

/* ---- for people ---- */

static void add_tick(struct text *out, tick at)
{
    char digits[24];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)at);

    text_add(out, "tick ");
    for (size_t i = 0; i < count; i++) {
        text_add(out, "%s%c", i != 0 && (count - i) % 3 == 0 ? " " : "", digits[i]);
    }
}

static void print_step(const struct travel_difference *d, struct text *out)
{
    const struct travel_step_name *s = &d->step;

    if (!d->has_step) {
        return;
    }
    text_add(out, "  after the step at ");
    add_tick(out, s->at);
    if (s->is_step) {
        text_add(out, ": hart%u at 0x%llx: %s\n", s->hart, (unsigned long long)s->pc, s->text);
    } else {
        text_add(out, ": %s\n", s->text);
    }
}

void travel_print_difference(const struct travel_difference *d, struct text *out)
{
    switch (d->finding) {
    case FOUND_SAME:
        text_add(out, "no difference up to ");
        add_tick(out, d->at);
        text_add(out, "\n");
        break;
    case FOUND_INPUTS:
        add_tick(out, d->at);
        text_add(out, ": different inputs: %s\n", d->step.text);
        break;
    case FOUND_STATE:
        add_tick(out, d->at);
        text_add(out, ": %s: 0x%08llx != 0x%08llx\n", d->difference.where,
                 (unsigned long long)d->difference.a, (unsigned long long)d->difference.b);
        print_step(d, out);
        break;
    case FOUND_END:
        text_add(out, "one ends at ");
        add_tick(out, d->at);
        text_add(out, ", the other goes on; no difference before\n");
        break;
    case FOUND_WITNESS:
        text_add(out, "between ");
        add_tick(out, d->after);
        text_add(out, " and ");
        add_tick(out, d->at);
        text_add(out, " the recording says otherwise, though two replays agree: it was made by "
                      "another program or host, or its file is wrong; the recorded state itself "
                      "is not known\n");
        break;
    case FOUND_INTERRUPTED: text_add(out, "interrupted\n"); break;
    }
}
