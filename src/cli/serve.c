/* SPDX-License-Identifier: GPL-2.0-or-later
 * serve: see serve.h.
 */
#include "cli/serve.h"

#include <stdio.h>

#include "cli/monitors.h"
#include "cli/say.h"

/* Whoever waits for the debugger has the machine at rest, and others may ask meanwhile. */
static int stream_read(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    struct server *s = opaque;

    if (timeout_ms > 0 && s->attended.at_prompt != NULL) {
        s->attended.at_prompt(s->attended.opaque);
        monitors_wait(s->attended.monitors, s->listener.client_fd, -1, timeout_ms);
        timeout_ms = 0;
    }
    return listener_read(&s->listener, bytes, room, timeout_ms);
}

static int stream_write(void *opaque, const void *bytes, size_t count)
{
    struct server *s = opaque;

    return listener_write(&s->listener, bytes, count);
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

static bool is_wanted(void *opaque)
{
    struct server *s = opaque;

    return s->attended.wanted != NULL && s->attended.wanted(s->attended.opaque);
}

static void moves(void *opaque, bool goes)
{
    struct server *s = opaque;

    if (s->attended.moves != NULL) {
        s->attended.moves(s->attended.opaque, goes);
    }
}

static tick until(void *opaque)
{
    struct server *s = opaque;

    return s->attended.until != NULL ? s->attended.until(s->attended.opaque) : TICK_NEVER;
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
    const struct gdb_stream stream = {.opaque = s, .read = stream_read, .write = stream_write};
    const struct gdb_options options = {.opaque = s,
                                        .branch = fork_here,
                                        .may_branch = may_fork,
                                        .say = tell,
                                        .aside = server_sink(s),
                                        .name_branch = name_branch,
                                        .shows_console = s->shows_console,
                                        .now_ms = now_ms,
                                        .interrupted = s->interrupted ? interrupted : NULL,
                                        .quit = quits,
                                        .wanted = is_wanted,
                                        .moves = moves,
                                        .until = until};
    enum gdb_end end;

    s->session = gdb_session_new(s->travel, &options);
    end = gdb_session_serve(s->session, &stream);
    gdb_session_free(s->session);
    s->session = NULL;
    listener_drop(&s->listener);
    return end;
}
