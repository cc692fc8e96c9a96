/* SPDX-License-Identifier: GPL-2.0-or-later
 * serve: see serve.h.
 */
#include "cli/serve.h"

#include <stdio.h>

#include "cli/say.h"

static int stream_read(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    return listener_read(opaque, bytes, room, timeout_ms);
}

static int stream_write(void *opaque, const void *bytes, size_t count)
{
    return listener_write(opaque, bytes, count);
}

/* What GDB shows of the answer to its first question. */
static const char busy[] = "+$E.Another debugger is connected: come again when it has gone.#";

static void refuse_others(struct listener *l)
{
    char packet[sizeof busy + 2];
    uint8_t sum = 0;

    for (const char *c = busy + 2; *c != '#'; c++) {
        sum = (uint8_t)(sum + (uint8_t)*c);
    }
    snprintf(packet, sizeof packet, "%s%02x", busy, sum);
    listener_refuse_others(l, packet, strlen(packet));
}

/* Asked often, at the prompt and on journeys. */
static bool quits(void *opaque)
{
    struct server *s = opaque;

    refuse_others(&s->listener);
    return s->quit && s->quit(s->opaque);
}

/* Two lines of the same on one terminal would be one too many. */
static int fork_here(void *opaque, struct text *said, struct error *e)
{
    struct server *s = opaque;
    int result = branches_fork(s->branches, said, e);

    if (s->shares_terminal) {
        said->length = 0;
    }
    return result;
}

static int may_fork(void *opaque, struct error *e)
{
    struct server *s = opaque;

    return branches_may_fork(s->branches, e);
}

static uint64_t now_ms(void *opaque)
{
    (void)opaque;
    return wallclock_now_ns() / 1000000;
}

static bool interrupted(void *opaque)
{
    struct server *s = opaque;

    return s->interrupted != NULL && s->interrupted(s->opaque);
}

static void tell(void *opaque, const char *sentence)
{
    (void)opaque;
    say("%s", sentence);
}

static int name_branch(void *opaque, const char *name, struct text *said, struct error *e)
{
    struct server *s = opaque;

    return branches_name(s->branches, name, said, e);
}

static void sink_output(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct server *s = opaque;

    (void)at;
    if (s->session != NULL && s->safe_console) {
        struct text seen = {0};

        safe_text_add(&s->safe, bytes, count, &seen);
        gdb_session_output(s->session, port, (const uint8_t *)seen.data, seen.length);
        text_fini(&seen);
    } else if (s->session != NULL) {
        gdb_session_output(s->session, port, bytes, count);
    }
}

static void sink_flush(void *opaque)
{
    struct server *s = opaque;

    if (s->session != NULL) {
        gdb_session_flush(s->session);
    }
}

struct sink server_sink(struct server *s)
{
    return (struct sink){.opaque = s, .output = sink_output, .flush = sink_flush};
}

enum gdb_end serve_client(struct server *s)
{
    const struct gdb_stream stream = {
        .opaque = &s->listener, .read = stream_read, .write = stream_write};
    const struct gdb_options options = {.opaque = s,
                                        .branch = fork_here,
                                        .may_branch = may_fork,
                                        .say = tell,
                                        .aside = server_sink(s),
                                        .name_branch = name_branch,
                                        .shows_console = s->shows_console,
                                        .now_ms = now_ms,
                                        .interrupted = s->interrupted ? interrupted : NULL,
                                        .quit = quits};
    enum gdb_end end;

    s->session = gdb_session_new(s->travel, &options);
    end = gdb_session_serve(s->session, &stream);
    gdb_session_free(s->session);
    s->session = NULL;
    listener_drop(&s->listener);
    return end;
}

static bool client_came(void *opaque, uint64_t done, uint64_t whole)
{
    struct server *s = opaque;

    (void)done;
    (void)whole;
    return listener_wait(&s->listener, 0);
}

void serve_live(struct server *s, bool paused)
{
    struct travel_stop stop = {.why = TRAVEL_ARRIVED};

    while (paused && !quits(s) && !listener_wait(&s->listener, 200)) {
    }
    do {
        if (listener_wait(&s->listener, 0) && serve_client(s) == GDB_KILLED) {
            journal_post_quit(s->branches->live, END_QUIT);
        }
        travel_set_poll(s->travel, s, client_came);
        if (travel_now(s->travel) < travel_end(s->travel)) {
            (void)travel_seek(s->travel, travel_end(s->travel)); /* back to the live edge */
        }
        stop = travel_run_forward(s->travel, TICK_NEVER, NULL, true);
        travel_set_poll(s->travel, NULL, NULL);
    } while (stop.why == TRAVEL_INTERRUPTED);
}
