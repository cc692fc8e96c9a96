/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb/internal: one client's session, for this folder only.
 */
#ifndef GDB_INTERNAL_H
#define GDB_INTERNAL_H

#include "gdb/gdb.h"

/* No packet is longer, either way, its frame included; the client is told as PacketSize what is left
 * for the payload. */
#define GDB_PACKET_MAX  0x20000
#define GDB_PAYLOAD_MAX (GDB_PACKET_MAX - 16)
/* Bytes of one register at most. */
#define GDB_REGISTER_MAX    64
#define GDB_BREAKPOINTS_MAX 1024
/* Conditions of one breakpoint, and bytes of one of them. */
#define GDB_CONDITIONS_MAX 64
#define GDB_AGENT_MAX      4096
/* Of what a stranger says so much is kept. */
#define GDB_STRANGE_MAX 32
/* `tick` and `vtime`, numbered in that order behind the ISA's. */
#define GDB_OUR_REGISTERS 2
/* Errors are numbers to a client that did not offer `error-message`. */
#define GDB_ERROR "E01"

/* ---- packet.c: framing ---- */

struct gdb_wire {
    const struct gdb_stream *stream;
    uint8_t in[GDB_PACKET_MAX]; /* received, [start, end) not yet looked at */
    size_t start, end;
    uint8_t packet[GDB_PACKET_MAX + 1]; /* the one being served, unescaped, NUL after it */
    size_t length;
    struct text last; /* the last packet sent, whole: '-' asks for it again */
    unsigned resent;
    bool owes;        /* an acknowledgement; it goes with the next packet, or by itself before */
    unsigned unheard; /* packets sent that were not acknowledged, while they have to be */
    unsigned missed;  /* what `unheard` was when the packet being served came */
    bool acknowledge; /* until QStartNoAckMode */
    bool dropping;    /* in[start] begins a packet that is too long */
    bool gone;
    bool spoke;    /* there was a packet */
    bool stranger; /* gone, as it is no debugger: it began with */
    uint8_t strange[GDB_STRANGE_MAX];
    size_t strange_length;
};

enum gdb_received {
    GDB_PACKET,
    GDB_DAMAGED, /* too long, or a bad sum that nobody will repeat */
    GDB_NOTHING, /* time over */
    GDB_GONE
};

void gdb_wire_init(struct gdb_wire *w, const struct gdb_stream *stream);
void gdb_wire_fini(struct gdb_wire *w);
/* Waits for one packet, a while at a time. Bytes between packets mean nothing. */
enum gdb_received gdb_wire_receive(struct gdb_wire *w, int timeout_ms);
/* Of the packet received last, now. */
void gdb_wire_acknowledge(struct gdb_wire *w);
/* Payload as it is to arrive; what needs escaping is escaped. */
void gdb_wire_send(struct gdb_wire *w, const void *payload, size_t length);
/* Looks whether the client interrupts (a byte 0x03 outside packets) or is gone. */
bool gdb_wire_interrupted(struct gdb_wire *w);
/* Before the stream is closed: waits until what was sent last is acknowledged, if it will be. A client
 * that cannot say so any more would take the end for a failure. */
void gdb_wire_hear_out(struct gdb_wire *w, int timeout_ms);
/* The next packet has begun: nobody waits for the answer to the last one any more. */
bool gdb_wire_has_next(const struct gdb_wire *w);

/* ---- text.c: numbers and bytes as hexadecimal text ---- */

/* What is left of a packet. */
struct gdb_args {
    const uint8_t *at, *end;
};
int gdb_hex_digit(uint8_t c); /* -1: none */
/* One to sixteen digits; false if there is no number or it is longer. */
bool gdb_take_hex(struct gdb_args *a, uint64_t *out);
bool gdb_take(struct gdb_args *a, char c);             /* this character comes next */
bool gdb_take_word(struct gdb_args *a, const char *w); /* this word does */
/* Pairs of digits up to the end or `most` bytes; returns how many bytes, -1 if malformed. */
ptrdiff_t gdb_take_bytes(struct gdb_args *a, uint8_t *out, size_t most);
void gdb_add_hex(struct text *out, const void *bytes, size_t count);
static inline size_t gdb_left(const struct gdb_args *a)
{
    return (size_t)(a->end - a->at);
}

/* ---- the session ---- */

enum gdb_point {
    POINT_SOFTWARE, /* Zn, */
    POINT_HARDWARE,
    POINT_WRITE,
    POINT_READ,
    POINT_ACCESS,
    POINT_DISK /* and the monitor's own: disk.c */
};
struct gdb_breakpoint {
    enum gdb_point kind;
    vaddr at;
    uint64_t size;                      /* watchpoints */
    uint32_t tree;                      /* POINT_DISK: the number of the disk's tree */
    VEC(struct gdb_agent *) conditions; /* none, or one of them must hold */
};

/* A change that was asked for in the past: aside.c. */
struct gdb_change {
    enum poke_kind kind;
    unsigned hart;
    uint64_t where; /* as gdb_poke() */
    uint32_t size;
    uint8_t *bytes;
};

/* A register that the client may ask for: the ISA's, or one of ours (isa NULL). */
struct gdb_register {
    const struct isa_register *description;
    bool ours;
};

struct gdb_session {
    struct travel *travel;
    struct machine *machine;
    struct gdb_options options;
    struct gdb_wire wire;

    struct gdb_register *registers; /* by rising number */
    size_t register_count;
    size_t general_count; /* the first ones: those in a `g` packet */
    const struct isa_register *pc;

    /* What the client offered. */
    bool knows_swbreak, knows_hwbreak, knows_errors;
    bool extended;
    bool physical;       /* addresses of memory packets are */
    bool client_flushes; /* it forgets registers and memory after each command of the monitor */

    unsigned hart;   /* Hg: whose registers and memory are meant */
    int resume_hart; /* Hc: whose step `s`, bs are; -1: any */
    VEC(struct gdb_breakpoint) points;
    /* A watchpoint was told of last, at this very place: it is not told of again from there. */
    struct gdb_told {
        bool is_set;
        tick position, step;
    } told, was_told; /* now; when the journey under way began */

    /* While the traveller is diverted: aside.c. */
    struct gdb_aside {
        bool is_call; /* the client calls a function; else it may yet be anything, and */
        VEC(struct gdb_change) changes; /* these were made */
        unsigned hart;                  /* of the first of them, */
        struct text registers;          /* and what it held before */
        struct gdb_told told;
    } aside;

    struct text out; /* the answer being made; empty: "not supported" */
    bool no_answer;  /* this packet has none */
    /* A command of the monitor is under way; its client has begun another packet, so it gave up. */
    bool commanding, abandoned;
    bool interrupted; /* what the packet being served began was ended by the user */
    uint64_t heard_ms,
        shown_ms; /* when the client was last sent something, and shown how far it is */
    struct text
        unread; /* the answer of an interrupted command, until its client is seen to have read it */
    struct text note;    /* a sentence that had no packet to go with; shown when the next one may */
    struct text printed; /* by the guest, not shown yet */
    int console;         /* the port of it that is shown; -1: none */
    bool going;          /* the client waits for a stop: it may be shown something */
    bool quit;           /* options.quit() said so */
    bool over;           /* this client is done */
    bool killed;
    enum gdb_end end;
};

/* resume.c: tells those who attend */
void gdb_moves(const struct gdb_session *s, bool goes);

/* session.c: the answer */
void gdb_ok(struct gdb_session *s);
/* Refuses with a sentence, as far as the client understands one. */
void gdb_refuse(struct gdb_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As gdb_refuse for P, G, M, X and the like, where any client shows or at least survives it. */
void gdb_refuse_write(struct gdb_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Text on the client's console: only while it waits for a stop or for qRcmd. Names in it may be a
 * stranger's, so it is made visible; the guest's own output is bytes. */
void gdb_console_bytes(struct gdb_session *s, const char *text, size_t length);
void gdb_console(struct gdb_session *s, const char *text, size_t length);
void gdb_console_note(struct gdb_session *s); /* shows s->printed and s->note, and empties them */
/* "1" is hart 0; 0 is any, -1 all. False if there is no such thread. */
bool gdb_take_thread(struct gdb_session *s, struct gdb_args *a, int *hart);
struct cpu *gdb_cpu(struct gdb_session *s);

/* Handlers get what follows the name they are registered under. */
typedef void gdb_handler(struct gdb_session *s, struct gdb_args *a);

/* query.c */
gdb_handler gdb_q_supported, gdb_q_c, gdb_q_attached, gdb_q_threads_first, gdb_q_threads_next,
    gdb_q_thread_extra, gdb_q_phy_mem, gdb_set_phy_mem, gdb_q_sstep_bits, gdb_q_sstep,
    gdb_set_sstep, gdb_set_flushes, gdb_set_no_ack, gdb_set_non_stop, gdb_set_error_strings;
/* "waits for an interrupt", "out of service", "takes the next step", "ready" */
const char *gdb_hart_state(const struct gdb_session *s, unsigned hart);
/* xfer.c */
gdb_handler gdb_q_xfer_features, gdb_q_xfer_memory_map, gdb_q_xfer_threads;
/* agent.c: conditions */
struct gdb_agent;
/* Checks and copies it; NULL and a sentence if it is malformed or has what is left out. */
struct gdb_agent *gdb_agent_new(const struct isa *isa, const uint8_t *code, size_t length,
                                struct error *e);
void gdb_agent_free(struct gdb_agent *a);
/* What it comes to for that hart, where a probe is met. False: it has no value (no memory, division
 * by zero, no such register of this hart, too long). Knows nothing of sessions and changes nothing:
 * several threads may ask at once, each with a machine of its own. Addresses are virtual. */
bool gdb_agent_run(const struct gdb_agent *a, struct machine *m, unsigned hart, uint64_t *value);
/* registers.c */
uint32_t gdb_our_registers(const struct isa *isa); /* the number of the first */
void gdb_registers_init(struct gdb_session *s);
void gdb_registers_fini(struct gdb_session *s);
/* Little-endian value of bits/8 bytes, for the session's hart. */
bool gdb_register_get(struct gdb_session *s, const struct gdb_register *r,
                      uint8_t value[GDB_REGISTER_MAX]);
/* Between such a value and the client's, which is in the guest's byte order: the same both ways. */
void gdb_order_value(const struct gdb_session *s, uint8_t *value, size_t bytes);
/* A client puts it back after a call: what functions may use. */
bool gdb_register_is_saved(const struct isa_register *r);
gdb_handler gdb_read_registers, gdb_write_registers, gdb_read_register, gdb_write_register;
/* memory.c */
gdb_handler gdb_read_memory, gdb_read_memory_binary, gdb_write_memory, gdb_write_memory_binary,
    gdb_search_memory;
/* Reads as much of [at, at+size) as is there, without touching any device; returns how much. */
size_t gdb_memory_read(struct gdb_session *s, uint64_t at, uint8_t *out, size_t size);
/* poke.c: a change of the machine as an input. False with a refusal made. */
bool gdb_may_write(struct gdb_session *s);
bool gdb_poke(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
              uint32_t size);
/* The same where it may be: at a live edge or beside history. False and a sentence. */
bool gdb_poke_now(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
                  uint32_t size, struct error *e);
/* live.c: makes a branch here; -1 and a sentence. */
int gdb_branch(struct gdb_session *s, struct text *said, struct error *e);
int gdb_may_branch(const struct gdb_session *s, struct error *e); /* could it? */
/* aside.c: changes in the past. Begin: leads the machine aside, for the first of them; false and a
 * sentence. Changed: tells of each. */
bool gdb_aside_begin(struct gdb_session *s, struct error *e);
void gdb_aside_changed(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
                       uint32_t size);
/* The client lets the machine go on: if it does not call a function, the changes become a branch.
 * False and a sentence: they could not; they are gone, and the machine stands where it was. */
bool gdb_aside_goes_on(struct gdb_session *s, struct error *e);
/* The client turns to something else: the same, and a call is given up. Notes what it did. */
bool gdb_aside_settle(struct gdb_session *s, struct error *e);
void gdb_aside_drop(struct gdb_session *s); /* back, and nothing has happened */
bool gdb_is_calling(const struct gdb_session *s);
void gdb_aside_fini(struct gdb_session *s);
/* breakpoints.c */
gdb_handler gdb_insert_point, gdb_remove_point;
void gdb_remove_points(struct gdb_session *s); /* all */
/* Whether the breakpoint stops there, by its conditions. One that has no value counts as true, so
 * that people see it. */
bool gdb_point_holds(const struct gdb_breakpoint *p, struct machine *m, const struct probe_hit *h);
/* The probes of all breakpoints, in their order, and room for one more; free() it. */
struct probe *gdb_make_probes(const struct gdb_session *s);
bool gdb_is_watch(enum gdb_point kind);
/* One more, in its place; false: there are too many. */
bool gdb_add_point(struct gdb_session *s, const struct gdb_breakpoint *p);
void gdb_drop_points(struct gdb_session *s, enum gdb_point kind); /* all of a kind */
bool gdb_hart_counts(uint32_t harts, const struct probe_hit *h);  /* nobody's step always does */
/* resume.c, reverse.c */
gdb_handler gdb_v_cont_query, gdb_v_cont, gdb_continue, gdb_continue_signal, gdb_step,
    gdb_step_signal, gdb_reverse_step, gdb_reverse_continue, gdb_v_run, gdb_restart;
/* Debuggers of this ISA step over a watched access themselves (travel.h, client_steps). */
bool gdb_client_steps(const struct gdb_session *s);
/* Before anything moves: shows what there is to say, remembers what was told here. */
void gdb_journey_begins(struct gdb_session *s);
bool gdb_was_told(const struct gdb_session *s, const struct probe_hit *hit);
/* stop.c: stop replies. `signal` is GDB's number. */
enum { GDB_SIGNAL_NONE = 0, GDB_SIGNAL_INT = 2, GDB_SIGNAL_TRAP = 5, GDB_SIGNAL_ABRT = 6 };
void gdb_stop_plain(struct gdb_session *s, unsigned signal, unsigned hart);
/* It did not go anywhere. */
void gdb_stop_refused(struct gdb_session *s, const struct error *e);
/* For any end of a journey but at one of the breakpoints. `hart`: whose step it was, or -1. */
void gdb_stop_for(struct gdb_session *s, const struct travel_stop *stop, int hart);
/* At the breakpoint of that index, met as `hit`. */
void gdb_stop_at(struct gdb_session *s, size_t point, const struct probe_hit *hit);
gdb_handler gdb_why_stopped;
/* monitor.c */
gdb_handler gdb_monitor;
void gdb_add_when(struct gdb_session *s, struct text *out);
void gdb_add_place(const struct gdb_session *s, struct text *out); /* the tick, of how many */
void gdb_add_hint(const struct gdb_session *s, struct text *out);  /* after the machine moved */
/* live.c */
typedef void gdb_command(struct gdb_session *s, const char *argument, struct text *out);
gdb_command gdb_command_branch, gdb_command_console, gdb_command_go_live, gdb_command_type;

/* lastwrite.c, disk.c: monitor commands */
gdb_command gdb_command_lastwrite, gdb_command_watchdisk;
/* disk.c: "ADDR[,LEN] REST", numbers as in C; *rest is NULL if it is something else. */
void gdb_parse_range(const char *argument, uint64_t *at, uint64_t *length, const char **rest);

#endif
