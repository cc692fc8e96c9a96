/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb_client: a client that speaks raw packets to a session in another thread, over a socket pair;
 * the machine is the made-up processor's, in a recording without inputs.
 */
#ifndef TESTS_UNIT_GDB_CLIENT_H
#define TESTS_UNIT_GDB_CLIENT_H

#include "gdb/gdb.h"
#include "host/host.h"
#include "machine/internal.h" /* a machine gets another ISA, to see what GDB is told of it */
#include "../toy/toy.h"

#include <poll.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct client {
    int fd, server_fd;
    struct isa isa;
    tick end; /* of the recording */
    struct machine *machine;
    struct travel *travel;
    struct gdb_session *session;
    struct host_thread *thread;
    enum gdb_end ended;
    struct text console; /* O packets since the last request */
    char answer[65536];
};

/* ---- the recording ---- */

static enum inlet_answer client_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    const struct client *c = opaque;

    (void)in;
    *ask_again = c->end;
    return now >= c->end ? INLET_END : INLET_QUIET;
}

static tick client_idle(void *opaque, tick now, tick event)
{
    const struct client *c = opaque;

    return c->end < event ? (c->end < now ? now : c->end) : event;
}

static void client_moved(void *opaque, tick from, tick to)
{
    (void)opaque;
    (void)from;
    (void)to;
}

static tick client_end(void *opaque)
{
    const struct client *c = opaque;

    return c->end;
}

/* ---- the session's side ---- */

static int client_read(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    const struct client *c = opaque;
    struct pollfd p = {.fd = c->server_fd, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, timeout_ms) <= 0) {
        return 0;
    }
    n = read(c->server_fd, bytes, room);
    return n > 0 ? (int)n : -1;
}

static int client_write(void *opaque, const void *bytes, size_t count)
{
    const struct client *c = opaque;

    return send(c->server_fd, bytes, count, MSG_NOSIGNAL) == (ssize_t)count ? 0 : -1;
}

static void *client_serve(void *argument)
{
    struct client *c = argument;
    const struct gdb_stream stream = {.opaque = c, .read = client_read, .write = client_write};

    c->ended = gdb_session_serve(c->session, &stream);
    shutdown(c->server_fd, SHUT_RDWR);
    return NULL;
}

/* ---- packets ---- */

static void client_send_bytes(struct client *c, const void *payload, size_t length)
{
    struct text packet = {0};
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++) {
        sum += ((const uint8_t *)payload)[i];
    }
    text_add(&packet, "$");
    text_add_bytes(&packet, payload, length);
    text_add(&packet, "#%02x", sum & 255);
    assert_int_equal(send(c->fd, packet.data, packet.length, MSG_NOSIGNAL), packet.length);
    text_fini(&packet);
}

static char client_byte(struct client *c)
{
    char byte = 0;

    assert_int_equal(read(c->fd, &byte, 1), 1);
    return byte;
}

/* The next packet's payload; acknowledgements are passed by. */
static size_t client_receive(struct client *c)
{
    size_t n = 0;

    while (client_byte(c) != '$') {
    }
    while ((c->answer[n] = client_byte(c)) != '#') {
        assert_true(++n < sizeof c->answer);
    }
    c->answer[n] = '\0';
    (void)client_byte(c);
    (void)client_byte(c);
    return n;
}

static inline void client_unhex(struct text *out, const char *hex)
{
    unsigned byte;

    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        uint8_t b = (uint8_t)byte;
        text_add_bytes(out, &b, 1);
    }
}

/* One request, its answer; what is printed on the console goes to `console`. */
static const char *client_ask(struct client *c, const char *payload)
{
    client_send_bytes(c, payload, strlen(payload));
    c->console.length = 0;
    for (;;) {
        (void)client_receive(c);
        if (c->answer[0] != 'O' || strcmp(c->answer, "OK") == 0) {
            return c->answer;
        }
        client_unhex(&c->console, c->answer + 1);
    }
}

static inline void client_expect(struct client *c, const char *payload, const char *answer)
{
    const char *got = client_ask(c, payload);

    if (strcmp(got, answer) != 0) {
        fail_msg("%s: \"%s\", expected \"%s\"", payload, got, answer);
    }
}

static inline void client_expect_error(struct client *c, const char *payload)
{
    const char *got = client_ask(c, payload);

    if (got[0] != 'E') {
        fail_msg("%s: \"%s\", expected an error", payload, got);
    }
}

/* What a monitor command prints. */
static inline const char *client_monitor(struct client *c, const char *command)
{
    struct text packet = {0};

    text_add(&packet, "qRcmd,");
    for (const char *p = command; *p != '\0'; p++) {
        text_add(&packet, "%02x", (uint8_t)*p);
    }
    client_expect(c, packet.data, "OK");
    text_fini(&packet);
    return c->console.data != NULL && c->console.length != 0 ? c->console.data : "";
}

/* Ours follow the processor's nine. Values are in its order, which is big-endian. */
static inline tick client_tick(struct client *c)
{
    return strtoull(client_ask(c, "p9"), NULL, 16);
}

static inline vaddr client_pc(struct client *c)
{
    return strtoull(client_ask(c, "p8"), NULL, 16);
}

static inline void client_goto(struct client *c, tick to)
{
    char command[64];

    snprintf(command, sizeof command, "goto %llu", (unsigned long long)to);
    (void)client_monitor(c, command);
}

/* ---- making one ---- */

static void client_connect(struct client *c)
{
    struct error e;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    c->fd = fds[0];
    c->server_fd = fds[1];
    c->thread = host_thread_start(client_serve, c, &e);
    assert_non_null(c->thread);
}

/* The client talks; until then nobody touches the machine. `arch`: what gdb calls the processor;
 * it decides where watchpoints stop. */
static void client_start(struct client *c, struct machine *m, const char *arch,
                         const struct travel_source *source, uint64_t spacing,
                         const struct gdb_options *options)
{
    const struct travel_limits limits = {.spacing = spacing};

    c->machine = m;
    c->isa = toy_isa;
    c->isa.gdb.name = arch;
    c->isa.gdb.stops_behind_access = strcmp(arch, "toy") != 0;
    m->isa = &c->isa;
    c->travel = travel_new(m, source, &limits);
    c->session = gdb_session_new(c->travel, options);
    client_connect(c);
}

static inline struct client *client_new_over(struct machine *m, const char *arch, tick end,
                                             uint64_t spacing)
{
    struct client *c = base_alloc(1, sizeof(*c));
    const struct travel_source source = {
        .opaque = c,
        .inlet = {.opaque = c, .next = client_next, .idle = client_idle},
        .moved = client_moved,
        .end = client_end};

    c->end = end;
    client_start(c, m, arch, &source, spacing, NULL);
    return c;
}

static inline struct machine *client_machine(unsigned harts)
{
    return toy_machine_at_0(harts, toy_program);
}

static inline struct client *client_new(unsigned harts, const char *arch, tick end)
{
    return client_new_over(client_machine(harts), arch, end, 500);
}

/* Hangs up. */
static enum gdb_end client_hang_up(struct client *c)
{
    shutdown(c->fd, SHUT_WR);
    (void)host_thread_join(c->thread);
    close(c->fd);
    close(c->server_fd);
    return c->ended;
}

/* How it ended. */
static inline enum gdb_end client_free(struct client *c)
{
    enum gdb_end ended = client_hang_up(c);

    gdb_session_free(c->session);
    travel_free(c->travel);
    machine_free(c->machine);
    text_fini(&c->console);
    free(c);
    return ended;
}

#endif
