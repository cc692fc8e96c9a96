/* SPDX-License-Identifier: GPL-2.0-or-later
 * stop: stop replies. Each names the hart, which is selected from then on as clients expect, and
 * brings its pc along. The end of the machine is the end of history, never an exit: one can always
 * go back from it.
 */
#include "gdb/internal.h"

static void begin_reply(struct gdb_session *s, unsigned signal, unsigned hart)
{
    s->hart = hart;
    text_add(&s->out, "T%02xthread:%x;", signal, hart + 1);
}

static void end_reply(struct gdb_session *s)
{
    uint8_t value[GDB_REGISTER_MAX] = {0};

    if (s->pc != NULL && machine_isa(s->machine)->gdb.get(gdb_cpu(s), s->pc->number, value)) {
        gdb_order_value(s, value, s->pc->bits / 8);
        text_add(&s->out, "%x:", s->pc->number);
        gdb_add_hex(&s->out, value, s->pc->bits / 8);
        text_add(&s->out, ";");
    }
}

void gdb_stop_plain(struct gdb_session *s, unsigned signal, unsigned hart)
{
    begin_reply(s, signal, hart);
    end_reply(s);
}

void gdb_stop_refused(struct gdb_session *s, const struct error *e)
{
    text_add(&s->note, "%s\n", e->text);
    gdb_console_note(s);
    gdb_stop_plain(s, GDB_SIGNAL_NONE, s->hart);
}

static void note_diverged(struct gdb_session *s, const struct travel_stop *stop)
{
    text_add(&s->note,
             "The replay differs from the recording at tick %llu: what comes after it is not what"
             " happened.\n",
             (unsigned long long)stop->at);
}

static void note_power(struct gdb_session *s)
{
    switch ((enum machine_power)machine_state(s->machine)->power) {
    case POWER_ON: break;
    case POWER_OFF: text_add(&s->note, "The guest has powered off.\n"); break;
    case POWER_FAILED:
        text_add(&s->note, "The guest has ended with status %u.\n",
                 machine_state(s->machine)->exit_status);
        break;
    case POWER_RESET_END: text_add(&s->note, "The guest has reset, which ends it.\n"); break;
    }
}

void gdb_stop_for(struct gdb_session *s, const struct travel_stop *stop, int hart)
{
    unsigned h = hart >= 0 ? (unsigned)hart : machine_state(s->machine)->current;

    switch (stop->why) {
    case TRAVEL_ARRIVED:
    case TRAVEL_HIT: gdb_stop_plain(s, GDB_SIGNAL_TRAP, h); break;
    case TRAVEL_INTERRUPTED: gdb_stop_plain(s, GDB_SIGNAL_INT, h); break;
    case TRAVEL_DIVERGED:
        note_diverged(s, stop);
        gdb_console_note(s);
        gdb_stop_plain(s, GDB_SIGNAL_ABRT, h);
        break;
    case TRAVEL_BEGIN:
        begin_reply(s, GDB_SIGNAL_TRAP, h);
        text_add(&s->out, "replaylog:begin;");
        end_reply(s);
        break;
    case TRAVEL_POWER:
    case TRAVEL_END:
        note_power(s);
        gdb_console_note(s);
        begin_reply(s, GDB_SIGNAL_TRAP, h);
        text_add(&s->out, "replaylog:end;");
        end_reply(s);
        break;
    }
}

void gdb_stop_at(struct gdb_session *s, size_t point, const struct probe_hit *hit)
{
    const struct gdb_breakpoint *p = &s->points.data[point];
    /* A wide access may begin before what is watched; clients look for an address inside. */
    vaddr address = hit->address > p->at ? hit->address : p->at;

    if (p->kind == POINT_DISK) {
        text_add(&s->note, "%s has written to its disk: %llu bytes at 0x%llx.\n",
                 hit->writer != NULL ? hit->writer : "somebody", (unsigned long long)hit->size,
                 (unsigned long long)hit->address);
        gdb_console_note(s);
    }
    begin_reply(s, GDB_SIGNAL_TRAP,
                hit->hart != PROBE_ANY_HART ? hit->hart : machine_state(s->machine)->current);
    switch (p->kind) {
    case POINT_SOFTWARE: text_add(&s->out, "%s", s->knows_swbreak ? "swbreak:;" : ""); break;
    case POINT_HARDWARE: text_add(&s->out, "%s", s->knows_hwbreak ? "hwbreak:;" : ""); break;
    case POINT_WRITE: text_add(&s->out, "watch:%llx;", (unsigned long long)address); break;
    case POINT_READ: text_add(&s->out, "rwatch:%llx;", (unsigned long long)address); break;
    case POINT_ACCESS: text_add(&s->out, "awatch:%llx;", (unsigned long long)address); break;
    case POINT_DISK: break; /* the protocol has no word for it */
    }
    end_reply(s);
    if (gdb_is_watch(p->kind)) {
        s->told.is_set = true;
        s->told.position = travel_now(s->travel);
        s->told.step = hit->at_tick;
    }
}

void gdb_why_stopped(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    if (s->killed) {
        text_add(&s->out, "W00");
    } else {
        gdb_stop_plain(s, GDB_SIGNAL_TRAP, s->hart);
    }
}
