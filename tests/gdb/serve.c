/* SPDX-License-Identifier: GPL-2.0-or-later
 * serve: a GDB server on standard input and output, for `target remote | serve ...`: no port, and
 * it ends with gdb. Runs one guest program to its end in memory and serves the recording of it, or
 * with --live serves it while it is being recorded, from a tick on.
 *
 *   serve [--smp N] [--input FILE] [--live TICK] [--at TICK|end] FILE.elf
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/board.h"
#include "gdb/gdb.h"
#include "host/host.h"

/* Of the recording that is served, should the guest not end by itself. */
#define TICKS_MOST UINT64_C(200000000)

struct served {
    struct machine_config config;
    const char *input;
    bool live;
    tick from; /* --live */
    tick at;
    struct journal *journal;
    struct machine *recorder, *machine;
    struct travel_recording recording;
    struct travel_live alive;
};

static _Noreturn void fail(const char *sentence)
{
    fprintf(stderr, "serve: %s\n", sentence);
    exit(1);
}

/* ---- the stream ---- */

static int read_some(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t n;

    (void)opaque;
    if (poll(&p, 1, timeout_ms) <= 0) {
        return 0;
    }
    n = read(STDIN_FILENO, bytes, room < 65536 ? room : 65536);
    return n > 0 ? (int)n : n < 0 && errno == EINTR ? 0 : -1;
}

static int write_all(void *opaque, const void *bytes, size_t count)
{
    const uint8_t *b = bytes;

    (void)opaque;
    while (count > 0) {
        ssize_t n = write(STDOUT_FILENO, b, count);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        b += n;
        count -= (size_t)n;
    }
    return 0;
}

/* ---- the machine ---- */

static struct machine *build(const struct served *s)
{
    struct error e;
    struct machine *m = board_build(&s->config, &e);

    if (m == NULL) {
        fail(e.text);
    }
    return m;
}

static void type_input(struct served *s)
{
    uint8_t *bytes;
    struct error e;
    size_t size;

    if (s->input == NULL) {
        return;
    }
    if (host_file_read_all(s->input, MIB, &bytes, &size, &e) < 0) {
        fail(e.text);
    }
    (void)journal_post(s->journal, (uint16_t)machine_port_by_name(s->recorder, "serial0"), bytes,
                       size);
    free(bytes);
}

static struct travel_source make_source(struct served *s)
{
    static const struct pace skip_idle;
    static const struct sink nowhere;
    struct error e;

    s->journal = journal_run(&s->config, &skip_idle, &nowhere, &e);
    if (s->journal == NULL) {
        fail(e.text);
    }
    s->recorder = build(s);
    journal_attach(s->journal, s->recorder);
    type_input(s);
    (void)journal_drive(s->journal, s->recorder, s->live ? s->from : TICKS_MOST, false);
    if (s->live) {
        s->machine = s->recorder;
        return travel_of_journal(&s->alive, s->journal);
    }
    s->machine = build(s);
    return travel_of_recording(&s->recording, journal_recording(s->journal), NULL);
}

static int serve(struct served *s)
{
    static const char *const ends[] = {"detached", "killed", "disconnected", "quit"};
    const struct gdb_stream stream = {.read = read_some, .write = write_all};
    const struct travel_limits limits = {.spacing = 100000};
    struct travel_source source = make_source(s);
    struct travel *t = travel_new(s->machine, &source, &limits);
    struct gdb_session *session;
    enum gdb_end end;

    if (!s->live) {
        (void)travel_seek(t, s->at);
    }
    session = gdb_session_new(t, NULL);
    end = gdb_session_serve(session, &stream);
    fprintf(stderr, "serve: %s\n", ends[end]);
    gdb_session_free(session);
    travel_free(t);
    travel_live_fini(&s->alive);
    travel_recording_fini(&s->recording);
    journal_close(s->journal);
    if (s->machine != s->recorder) {
        machine_free(s->machine);
    }
    machine_free(s->recorder);
    machine_config_fini(&s->config);
    return 0;
}

static void read_program(struct served *s, const char *path)
{
    struct machine_image *kernel = &s->config.images[IMAGE_KERNEL];
    struct error e;
    size_t size;

    if (host_file_read_all(path, 64 * MIB, &kernel->data, &size, &e) < 0) {
        fail(e.text);
    }
    kernel->name = base_strdup(path);
    kernel->size = size;
    snprintf(s->config.arch, sizeof s->config.arch, "%s", board_arch_of(&s->config));
    kernel->hash = hash_bytes(kernel->data, size, 0);
}

int main(int argc, char **argv)
{
    struct served *s = base_alloc(1, sizeof(*s));
    int i = 1, status;

    machine_config_init(&s->config);
    s->config.bios_none = 1;
    s->config.seed = 42;
    s->config.epoch_ns = UINT64_C(1700000000000000000);
    s->config.no_reboot = 1;
    s->at = TICK_NEVER;
    for (; i + 2 < argc; i += 2) {
        if (strcmp(argv[i], "--smp") == 0) {
            s->config.hart_count = (uint32_t)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--input") == 0) {
            s->input = argv[i + 1];
        } else if (strcmp(argv[i], "--live") == 0) {
            s->live = true;
            s->from = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--at") == 0) {
            s->at = strcmp(argv[i + 1], "end") == 0 ? TICK_NEVER : strtoull(argv[i + 1], NULL, 10);
        } else {
            fail("what is that?");
        }
    }
    if (i + 1 != argc) {
        fail("which program?");
    }
    read_program(s, argv[i]);
    status = serve(s);
    free(s);
    return status;
}
