/* SPDX-License-Identifier: GPL-2.0-or-later
 * serve: see serve.h.
 */
#include "cli/serve.h"

#include <stdio.h>

static int stream_read(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    return listener_read(opaque, bytes, room, timeout_ms);
}

static int stream_write(void *opaque, const void *bytes, size_t count)
{
    return listener_write(opaque, bytes, count);
}

static bool quits(void *opaque)
{
    struct server *s = opaque;
    return s->quit && s->quit(s->opaque);
}

enum gdb_end serve_client(struct server *s)
{
    const struct gdb_stream stream = {
        .opaque = &s->listener, .read = stream_read, .write = stream_write};
    const struct gdb_options options = {.opaque = s, .quit = quits};
    struct gdb_session *session = gdb_session_new(s->travel, &options);
    enum gdb_end end = gdb_session_serve(session, &stream);

    gdb_session_free(session);
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
            journal_post_quit(s->journal, END_QUIT);
        }
        travel_set_poll(s->travel, s, client_came);
        if (travel_now(s->travel) < travel_end(s->travel)) {
            (void)travel_seek(s->travel, travel_end(s->travel)); /* back to the live edge */
        }
        stop = travel_run_forward(s->travel, TICK_NEVER, NULL, true);
        travel_set_poll(s->travel, NULL, NULL);
    } while (stop.why == TRAVEL_INTERRUPTED);
}
