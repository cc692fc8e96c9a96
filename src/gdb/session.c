/* SPDX-License-Identifier: GPL-2.0-or-later
 * session: one client from its first byte to its last. One table says which packet is whose; a
 * packet that nobody has is answered by an empty one, which means "not supported".
 */
#include <stdlib.h>

#include "gdb/internal.h"

/* How long a wait for the client lasts before quit() is asked. */
#define WAIT_MS 200
/* A client that waits for a command's answer hears something as often: GDB asks its user for patience,
 * and looks whether the user presses Ctrl-C, when a packet comes. */
#define ALIVE_MS 100
/* Ways that take longer than this are told of, as often. */
#define SHOW_MS 2000

/* ---- answers ---- */

void gdb_ok(struct gdb_session *s)
{
    text_add(&s->out, "OK");
}

/* As packets and terminals may hold it. */
static void add_byte(struct text *out, uint8_t byte)
{
    bool plain = byte >= ' ' && byte < 0x7f && strchr("#$}*", byte) == NULL;

    text_add_bytes(out, plain ? (const char *)&byte : "?", 1);
}

static void add_sentence(struct text *out, const char *sentence)
{
    for (const char *c = sentence; *c != '\0'; c++) {
        add_byte(out, (uint8_t)*c);
    }
}

static void refuse(struct gdb_session *s, bool in_words, const char *format, va_list args)
{
    struct text sentence = {0};

    text_add_v(&sentence, format, args);
    s->out.length = 0;
    if (in_words) {
        text_add(&s->out, "E.");
        add_sentence(&s->out, sentence.data);
    } else {
        text_add(&s->out, "%s", GDB_ERROR);
    }
    text_fini(&sentence);
}

void gdb_refuse(struct gdb_session *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    refuse(s, s->knows_errors, format, args);
    va_end(args);
}

void gdb_refuse_write(struct gdb_session *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    refuse(s, true, format, args);
    va_end(args);
    if (!s->knows_errors && s->note.length == 0) {
        va_start(args, format);
        text_add_v(&s->note, format, args);
        va_end(args);
        text_add(&s->note, "\n");
    }
}

void gdb_console_bytes(struct gdb_session *s, const char *text, size_t length)
{
    const size_t most = 1024;

    while (length > 0) {
        size_t n = length < most ? length : most;
        struct text packet = {0};

        text_add(&packet, "O");
        gdb_add_hex(&packet, text, n);
        gdb_wire_send(&s->wire, packet.data, packet.length);
        text_fini(&packet);
        text += n;
        length -= n;
    }
}

void gdb_console(struct gdb_session *s, const char *text, size_t length)
{
    struct text seen = {0};

    text_add_visible(&seen, text, length, "\n\t");
    gdb_console_bytes(s, seen.data, seen.length);
    text_fini(&seen);
}

void gdb_console_note(struct gdb_session *s)
{
    gdb_console_bytes(s, s->printed.data, s->printed.length);
    s->printed.length = 0;
    gdb_console(s, s->note.data, s->note.length);
    s->note.length = 0;
}

struct cpu *gdb_cpu(struct gdb_session *s)
{
    return machine_cpu(s->machine, s->hart);
}

bool gdb_take_thread(struct gdb_session *s, struct gdb_args *a, int *hart)
{
    uint64_t id;

    if (gdb_take_word(a, "-1")) {
        *hart = -1;
        return true;
    }
    if (!gdb_take_hex(a, &id) || id > machine_hart_count(s->machine)) {
        return false;
    }
    *hart = (int)id - 1;
    return true;
}

/* ---- packets too small for a file of their own ---- */

static void extended_mode(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    s->extended = true;
    gdb_ok(s);
}

static void set_thread(struct gdb_session *s, struct gdb_args *a)
{
    bool resume = gdb_take(a, 'c');
    int hart;

    if ((!resume && !gdb_take(a, 'g')) || !gdb_take_thread(s, a, &hart) || gdb_left(a) != 0) {
        gdb_refuse(s, "There is no such thread.");
        return;
    }
    if (resume) {
        s->resume_hart = hart;
    } else if (hart >= 0) {
        s->hart = (unsigned)hart;
    }
    gdb_ok(s);
}

static void thread_is_alive(struct gdb_session *s, struct gdb_args *a)
{
    int hart;

    if (!gdb_take_thread(s, a, &hart) || hart < 0 || gdb_left(a) != 0) {
        gdb_refuse(s, "There is no such thread.");
        return;
    }
    gdb_ok(s);
}

static void finish(struct gdb_session *s, enum gdb_end end)
{
    s->over = true;
    s->end = end;
}

static void detach(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    gdb_ok(s);
    finish(s, GDB_DETACHED);
}

static void kill_silently(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    s->no_answer = true;
    s->killed = true;
    if (!s->extended) {
        finish(s, GDB_KILLED);
    }
}

/* In extended mode `run` kills first and goes on with vRun: only the end of the connection shows
 * that it was meant for good. */
static void kill_politely(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    gdb_ok(s);
    s->killed = true;
    if (!s->extended) {
        finish(s, GDB_KILLED);
    }
}

/* ---- dispatch ---- */

enum match {
    WHOLE, /* the packet is the name */
    FIRST  /* it begins with the name */
};
static const struct {
    const char *name;
    enum match match;
    gdb_handler *handler;
} handlers[] = {
    {"?", WHOLE, gdb_why_stopped},
    {"!", WHOLE, extended_mode},
    {"H", FIRST, set_thread},
    {"T", FIRST, thread_is_alive},
    {"g", WHOLE, gdb_read_registers},
    {"G", FIRST, gdb_write_registers},
    {"p", FIRST, gdb_read_register},
    {"P", FIRST, gdb_write_register},
    {"m", FIRST, gdb_read_memory},
    {"M", FIRST, gdb_write_memory},
    {"x", FIRST, gdb_read_memory_binary},
    {"X", FIRST, gdb_write_memory_binary},
    {"Z", FIRST, gdb_insert_point},
    {"z", FIRST, gdb_remove_point},
    {"c", FIRST, gdb_continue},
    {"C", FIRST, gdb_continue_signal},
    {"s", FIRST, gdb_step},
    {"S", FIRST, gdb_step_signal},
    {"bs", WHOLE, gdb_reverse_step},
    {"bc", WHOLE, gdb_reverse_continue},
    {"vCont?", WHOLE, gdb_v_cont_query},
    {"vCont;", FIRST, gdb_v_cont},
    {"vRun;", FIRST, gdb_v_run},
    {"vKill;", FIRST, kill_politely},
    {"R", FIRST, gdb_restart},
    {"k", WHOLE, kill_silently},
    {"D", FIRST, detach},
    {"qSupported", FIRST, gdb_q_supported},
    {"QStartNoAckMode", WHOLE, gdb_set_no_ack},
    {"QNonStop:", FIRST, gdb_set_non_stop},
    {"qC", WHOLE, gdb_q_c},
    {"qAttached", FIRST, gdb_q_attached},
    {"qfThreadInfo", WHOLE, gdb_q_threads_first},
    {"qsThreadInfo", WHOLE, gdb_q_threads_next},
    {"qThreadExtraInfo,", FIRST, gdb_q_thread_extra},
    {"qXfer:features:read:", FIRST, gdb_q_xfer_features},
    {"qXfer:memory-map:read:", FIRST, gdb_q_xfer_memory_map},
    {"qXfer:threads:read:", FIRST, gdb_q_xfer_threads},
    {"qSearch:memory:", FIRST, gdb_search_memory},
    {"qRcmd,", FIRST, gdb_monitor},
    {"qqemu.PhyMemMode", WHOLE, gdb_q_phy_mem},
    {"Qqemu.PhyMemMode:", FIRST, gdb_set_phy_mem},
    {"qqemu.sstepbits", WHOLE, gdb_q_sstep_bits},
    {"qqemu.sstep", WHOLE, gdb_q_sstep},
    {"Qqemu.sstep=", FIRST, gdb_set_sstep},
    {"Qreprise.flushes:", FIRST, gdb_set_flushes},
};

static void dispatch(struct gdb_session *s)
{
    const uint8_t *packet = s->wire.packet;
    size_t length = s->wire.length;

    for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
        size_t n = strlen(handlers[i].name);

        if (length >= n && memcmp(packet, handlers[i].name, n) == 0 &&
            (handlers[i].match == FIRST || length == n)) {
            struct gdb_args a = {.at = packet + n, .end = packet + length};

            handlers[i].handler(s, &a);
            return;
        }
    }
}

/* ---- serving ---- */

static bool asked_to_quit(struct gdb_session *s)
{
    if (!s->quit && s->options.quit != NULL) {
        s->quit = s->options.quit(s->options.opaque);
    }
    return s->quit;
}

static bool user_interrupts(struct gdb_session *s)
{
    return s->options.interrupted != NULL && s->options.interrupted(s->options.opaque);
}

/* Only where the protocol allows: while a stop or a command's answer is waited for. One that was not
 * acknowledged yet is enough: the client may have turned to something else. */
static void keep_alive(struct gdb_session *s)
{
    uint64_t now = s->options.now_ms != NULL ? s->options.now_ms(s->options.opaque) : 0;

    if (!(s->commanding || s->going) || now - s->heard_ms < ALIVE_MS || s->wire.unheard > 1) {
        return;
    }
    s->heard_ms = now;
    if (now - s->shown_ms >= SHOW_MS && !travel_is_diverted(s->travel) &&
        !travel_at_live_edge(s->travel)) {
        struct text line = {0};

        s->shown_ms = now;
        text_add(&line, "(at tick ");
        gdb_add_place(s, &line);
        text_add(&line, ")\n");
        gdb_console(s, line.data, line.length);
        text_fini(&line);
    } else if (s->commanding && s->options.interrupted == NULL) {
        /* Nothing, but a packet. Where we see the user's Ctrl-C ourselves the answer is to be the next
         * one, as GDB reads no further after it. */
        gdb_wire_send(&s->wire, "O", 1);
    }
}

/* In the middle of a journey. */
static bool poll_client(void *opaque, uint64_t done, uint64_t whole)
{
    struct gdb_session *s = opaque;

    (void)done;
    (void)whole;
    if (gdb_wire_interrupted(&s->wire) || user_interrupts(s) || asked_to_quit(s) ||
        (s->options.wanted != NULL && s->options.wanted(s->options.opaque))) {
        s->interrupted = true;
        return true;
    }
    s->abandoned = s->abandoned || (s->commanding && gdb_wire_has_next(&s->wire));
    if (!s->abandoned) {
        keep_alive(s);
    }
    return s->abandoned;
}

/* GDB may give up at the very key that ended its command, before it has read the command's answer. Then it
 * has acknowledged neither the text nor the OK behind it, and the next command says it again. */
static void keep_unread(struct gdb_session *s)
{
    if (s->unread.length != 0 && s->wire.missed > 1) {
        text_add_bytes(&s->note, s->unread.data, s->unread.length);
    }
    s->unread.length = 0;
}

static void serve_packet(struct gdb_session *s)
{
    keep_unread(s);
    s->out.length = 0;
    s->no_answer = s->abandoned = s->interrupted = false;
    (void)user_interrupts(s); /* a Ctrl-C before now was not for this */
    if (s->options.now_ms != NULL) {
        s->heard_ms = s->shown_ms = s->options.now_ms(s->options.opaque);
    }
    /* These are answered at once, and one write costs less than two. */
    if (s->wire.length == 0 || strchr("gHmpTxZz", s->wire.packet[0]) == NULL) {
        gdb_wire_acknowledge(&s->wire);
    }
    dispatch(s);
    if (!s->no_answer && !s->quit) {
        gdb_wire_send(&s->wire, s->out.data, s->out.length);
    }
}

static void begin(struct gdb_session *s, const struct gdb_stream *stream)
{
    gdb_wire_init(&s->wire, stream);
    s->knows_swbreak = s->knows_hwbreak = s->knows_errors = false;
    s->client_flushes = s->extended = s->physical = s->killed = s->over = s->quit = false;
    s->told.is_set = false;
    gdb_remove_points(s);
    s->note.length = s->printed.length = s->unread.length = 0;
    s->going = s->commanding = false;
    s->console = s->options.shows_console ? machine_port_by_name(s->machine, "serial0") : -1;
    s->hart = machine_state(s->machine)->current;
    s->resume_hart = -1;
    travel_set_poll(s->travel, s, poll_client);
}

/* What was changed stays, as a branch, though nobody went on from it. */
static void end_aside(struct gdb_session *s)
{
    struct error e;

    if (!gdb_aside_settle(s, &e) && s->options.say != NULL) {
        s->options.say(s->options.opaque, e.text);
    }
}

static void tell_of_stranger(struct gdb_session *s)
{
    struct text words = {0};

    text_add(&words, "a client that is no debugger was turned away; it began with '");
    for (size_t i = 0; i < s->wire.strange_length; i++) {
        add_byte(&words, s->wire.strange[i]);
    }
    text_add(&words, "'");
    if (s->options.say != NULL) {
        s->options.say(s->options.opaque, words.data);
    }
    text_fini(&words);
}

static enum gdb_end end_of_stream(struct gdb_session *s)
{
    if (s->wire.stranger) {
        tell_of_stranger(s);
        return GDB_STRANGER;
    }
    return s->killed ? GDB_KILLED : GDB_DISCONNECTED;
}

enum gdb_end gdb_session_serve(struct gdb_session *s, const struct gdb_stream *stream)
{
    begin(s, stream);
    while (!s->over) {
        switch (gdb_wire_receive(&s->wire, WAIT_MS)) {
        case GDB_PACKET: serve_packet(s); break;
        case GDB_DAMAGED: gdb_wire_send(&s->wire, GDB_ERROR, strlen(GDB_ERROR)); break;
        case GDB_NOTHING: break;
        case GDB_GONE: finish(s, end_of_stream(s)); break;
        }
        if (!s->over && asked_to_quit(s)) {
            finish(s, GDB_QUIT);
        }
    }
    if (s->end == GDB_DETACHED || s->end == GDB_KILLED) {
        gdb_wire_hear_out(&s->wire, WAIT_MS);
    }
    travel_set_poll(s->travel, NULL, NULL);
    end_aside(s);
    gdb_wire_fini(&s->wire);
    return s->end;
}

struct gdb_session *gdb_session_new(struct travel *t, const struct gdb_options *o)
{
    struct gdb_session *s = base_alloc(1, sizeof(*s));

    s->travel = t;
    s->machine = travel_machine(t);
    if (o != NULL) {
        s->options = *o;
    }
    gdb_registers_init(s);
    return s;
}

void gdb_session_free(struct gdb_session *s)
{
    if (s == NULL) {
        return;
    }
    gdb_registers_fini(s);
    gdb_remove_points(s);
    gdb_aside_fini(s);
    vec_fini(&s->points);
    text_fini(&s->out);
    text_fini(&s->note);
    text_fini(&s->unread);
    text_fini(&s->printed);
    free(s);
}
