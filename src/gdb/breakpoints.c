/* SPDX-License-Identifier: GPL-2.0-or-later
 * breakpoints: Z and z packets. All kinds are probes, which leave no trace in the machine; so
 * software and hardware breakpoints are the same, and there is no lack of either.
 */
#include "gdb/internal.h"

/* A watched range is asked about page by page. */
#define WATCH_MAX (UINT64_C(1) * MIB)

bool gdb_is_watch(enum gdb_point kind)
{
    return kind >= POINT_WRITE;
}

/* "kind,address,length". False with an answer made: empty for a kind that is not known. */
static bool take_point(struct gdb_session *s, struct gdb_args *a, struct gdb_breakpoint *p)
{
    uint64_t kind;

    if (!gdb_take_hex(a, &kind)) {
        gdb_refuse(s, "Malformed Z packet.");
        return false;
    }
    if (kind > POINT_ACCESS) {
        return false;
    }
    p->kind = (enum gdb_point)kind;
    if (!gdb_take(a, ',') || !gdb_take_hex(a, &p->at) || !gdb_take(a, ',') ||
        !gdb_take_hex(a, &p->size) || gdb_left(a) != 0) {
        gdb_refuse(s, "Malformed Z packet, or one with conditions or commands.");
        return false;
    }
    if (!gdb_is_watch(p->kind)) {
        p->size = 0; /* the length of the trap instruction: there is none */
    } else if (p->size == 0 || p->size > WATCH_MAX || p->at + (p->size - 1) < p->at) {
        gdb_refuse(s, "A watchpoint is 1 byte to 1 MiB long.");
        return false;
    }
    return true;
}

static size_t find(const struct gdb_session *s, const struct gdb_breakpoint *p)
{
    for (size_t i = 0; i < s->points.count; i++) {
        const struct gdb_breakpoint *q = &s->points.data[i];

        if (q->kind == p->kind && q->at == p->at && q->size == p->size) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Breakpoints are first: one and a watchpoint met by the same step count as the breakpoint. */
static void add(struct gdb_session *s, const struct gdb_breakpoint *p)
{
    size_t i = s->points.count;

    vec_push(&s->points, *p);
    for (; i > 0 && s->points.data[i - 1].kind > p->kind; i--) {
        s->points.data[i] = s->points.data[i - 1];
    }
    s->points.data[i] = *p;
}

void gdb_insert_point(struct gdb_session *s, struct gdb_args *a)
{
    struct gdb_breakpoint p;

    if (!take_point(s, a, &p)) {
        return;
    }
    if (find(s, &p) == SIZE_MAX) {
        if (s->points.count == GDB_BREAKPOINTS_MAX) {
            gdb_refuse(s, "No more than %d breakpoints.", GDB_BREAKPOINTS_MAX);
            return;
        }
        add(s, &p);
    }
    gdb_ok(s);
}

/* Removing what is not there is no mistake: a packet may come twice. */
void gdb_remove_point(struct gdb_session *s, struct gdb_args *a)
{
    struct gdb_breakpoint p;
    size_t i;

    if (!take_point(s, a, &p)) {
        return;
    }
    i = find(s, &p);
    if (i != SIZE_MAX) {
        memmove(&s->points.data[i], &s->points.data[i + 1], (s->points.count - i - 1) * sizeof(p));
        s->points.count--;
    }
    gdb_ok(s);
}

struct probe *gdb_make_probes(const struct gdb_session *s)
{
    static const enum probe_kind kinds[] = {[POINT_SOFTWARE] = PROBE_BREAK,
                                            [POINT_HARDWARE] = PROBE_BREAK,
                                            [POINT_WRITE] = PROBE_WATCH_WRITE,
                                            [POINT_READ] = PROBE_WATCH_READ,
                                            [POINT_ACCESS] = PROBE_WATCH_ACCESS};
    struct probe *probes = base_alloc(s->points.count + 1, sizeof(*probes));

    for (size_t i = 0; i < s->points.count; i++) {
        const struct gdb_breakpoint *p = &s->points.data[i];

        probes[i] = (struct probe){
            .kind = kinds[p->kind], .hart = PROBE_ANY_HART, .at = p->at, .size = p->size};
    }
    return probes;
}
