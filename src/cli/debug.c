/* SPDX-License-Identifier: GPL-2.0-or-later
 * debug: anywhere in a recording's time, with gdb: starts one that is already attached, or only
 * serves (--listen).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/keeper.h"
#include "cli/say.h"
#include "cli/serve.h"
#include "cli/side.h"
#include "host/host.h"

struct debug {
    const struct options *options;
    struct recording *recording;
    struct machine *machine;
    struct travel_recording source;
    struct wallclock clock;
    struct branches branches;
    struct server server;
    char folder[32];      /* of the socket; empty: none was made */
    struct keeper keeper; /* starts gdb */
    /* The guest's own program, if it has symbols, for gdb to read while we are here: in memory, so
     * that it has no name to be left behind. */
    int symbols_fd; /* -1: none could be made */
    char symbols[64];
};

/* Set by the handler of signals. */
static volatile sig_atomic_t interrupted, pressed;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void on_press(int number)
{
    (void)number;
    pressed = 1;
}

/* A Ctrl-C at a terminal that gdb shares with us reaches both. While gdb waits for a stop it sends it
 * on; while it waits for a command of the monitor it cannot. */
static bool was_pressed(void *opaque)
{
    bool was = pressed;

    (void)opaque;
    pressed = 0;
    return was;
}

static bool debug_quits(void *opaque)
{
    struct debug *d = opaque;

    return interrupted || (!d->options->gdb && (!d->keeper.pid || keeper_is_over(&d->keeper)));
}

/* 0, or the exit status. */
static int go_there(struct debug *d)
{
    struct travel_stop stop;
    struct error e;
    struct progress progress;
    tick at = 0;

    if (options_parse_place(d->options->at ? d->options->at : "end", "--at",
                            travel_end(d->server.travel), &at, &e) < 0) {
        return cli_fail(&e);
    }
    progress_begin(&progress, d->server.travel, "going there");
    stop = travel_seek(d->server.travel, at);
    progress_end(&progress);
    if (travel_index_problem(d->server.travel)) {
        say("going on without an index: %s", travel_index_problem(d->server.travel));
    }
    if (stop.why == TRAVEL_DIVERGED) {
        return side_differs(stop.at);
    }
    return stop.why == TRAVEL_INTERRUPTED
               ? side_interrupted(d->server.travel, at, "--at TICK begins earlier")
               : EXIT_FINE;
}

/* Before anything of the recording is read, and before gdb's keeper knows its name. */
static void prepare_symbols(struct debug *d)
{
    d->symbols_fd = memfd_create("reprise-symbols", MFD_CLOEXEC);
    if (d->symbols_fd >= 0) {
        snprintf(d->symbols, sizeof d->symbols, "/proc/%d/fd/%d", (int)getpid(), d->symbols_fd);
    }
}

/* The kernel's, or else the firmware's. */
static void offer_symbols(struct debug *d)
{
    static const enum machine_image_role roles[] = {IMAGE_KERNEL, IMAGE_BIOS};
    const struct machine_config *c = recording_config(d->recording);

    for (size_t i = 0; i < ARRAY_LEN(roles) && d->symbols_fd >= 0 && !d->options->symbols; i++) {
        const struct machine_image *image = &c->images[roles[i]];

        if (image->data != NULL && image->size > 4 &&
            memcmp(image->data,
                   "\x7f"
                   "ELF",
                   4) == 0) {
            if (host_write_all(d->symbols_fd, image->data, image->size) != image->size) {
                say("gdb gets no symbols: %s", strerror(errno));
            }
            return;
        }
    }
}

static bool has_symbols(const struct debug *d)
{
    struct stat st;

    return d->symbols_fd >= 0 && stat(d->symbols, &st) == 0 && st.st_size > 0;
}

static const char *find_gdb(const struct debug *d)
{
    return d->options->gdb_path ? d->options->gdb_path : "gdb-multiarch";
}

/* In a process of the keeper's. */
static void exec_gdb(void *opaque, const char *isa)
{
    const struct debug *d = opaque;
    const struct options *o = d->options;
    const char **args = base_alloc((size_t)o->rest_count + 16, sizeof(*args));
    char target[200], architecture[64], symbols[4200];
    struct text extension = {0};
    int n = 0;

    snprintf(target, sizeof target, "target remote %s", d->server.listener.path);
    snprintf(architecture, sizeof architecture, "set architecture %s", isa);
    args[n++] = find_gdb(d);
    args[n++] = "-q";
    args[n++] = "-iex";
    args[n++] = architecture;
    if (o->symbols || has_symbols(d)) {
        snprintf(symbols, sizeof symbols, "symbol-file %s", o->symbols ? o->symbols : d->symbols);
        args[n++] = "-ex";
        args[n++] = symbols;
    }
    args[n++] = "-ex";
    args[n++] = target;
    /* So that gdb says which hart it steps. */
    args[n++] = "-ex";
    args[n++] = "set scheduler-locking step";
    text_add(&extension, "python\n%s", gdb_extension);
    args[n++] = "-ex";
    args[n++] = extension.data;
    for (int i = 0; i < o->rest_count; i++) {
        args[n++] = o->rest[i];
    }
    execvp(args[0], (char **)(uintptr_t)args);
    say("%s cannot be started: %s; name one with --gdb, or use --listen", args[0], strerror(errno));
    _exit(127);
}

/* The socket, and who starts gdb on it when the time has come. Before anything of the recording is
 * read. */
static int open_socket(struct debug *d, struct error *e)
{
    const char *path = d->server.listener.path;
    struct keeper_job job = {.sockets = &path, .opaque = d};
    char address[64];

    prepare_symbols(d);
    if (d->options->gdb) {
        if (listener_bind(&d->server.listener, d->options->gdb, e) < 0) {
            return -1;
        }
        job.socket_count = path[0] != '\0' && !d->options->no_sandbox;
        return job.socket_count > 0 ? keeper_open(&d->keeper, &job, e) : 0;
    }
    snprintf(d->folder, sizeof d->folder, "/tmp/reprise-XXXXXX");
    if (!mkdtemp(d->folder)) {
        d->folder[0] = '\0';
        return error_set(e, "no folder for gdb's socket can be made in /tmp: %s", strerror(errno));
    }
    snprintf(address, sizeof address, "unix:%s/gdb", d->folder);
    if (listener_open(&d->server.listener, address, e) < 0) {
        return -1;
    }
    job.socket_count = 1;
    job.folder = d->folder;
    job.exec = exec_gdb;
    return keeper_open(&d->keeper, &job, e);
}

static int start_gdb(struct debug *d, struct error *e)
{
    const struct sigaction press = {.sa_handler = on_press};

    interrupt_catch_by(on_signal, 0);
    sigaction(SIGINT, &press, NULL); /* gdb takes the default again */
    d->server.interrupted = was_pressed;
    return keeper_start_program(&d->keeper, machine_isa(d->machine)->gdb.name, e);
}

static int serve_one_gdb(struct debug *d)
{
    int status;

    enum gdb_end end = GDB_STRANGER;

    while (end == GDB_STRANGER && !debug_quits(d)) {
        if (listener_wait(&d->server.listener, 50)) {
            end = serve_client(&d->server);
            branches_end(&d->branches);
        }
    }
    if (interrupted) {
        keeper_close(&d->keeper);
    }
    status = keeper_wait(&d->keeper);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_FINE : EXIT_USER;
}

/* Only now: whoever connected while the recording is gone through would wait longer than GDB does
 * for the answer to its first packet. Until here the address refuses, which GDB tries again. */
static int serve_until_killed(struct debug *d, struct error *e)
{
    if (listener_start(&d->server.listener, e) < 0) {
        return cli_fail(e);
    }
    interrupt_catch_by(on_signal, 0);
    if (has_symbols(d)) {
        say("the guest's symbols, on this host: symbol-file %s", d->symbols);
    }
    /* The last line: whoever starts us may stop reading once it has come. */
    say("at tick %llu of %llu; in gdb: target remote %s",
        (unsigned long long)travel_now(d->server.travel),
        (unsigned long long)travel_end(d->server.travel),
        strncmp(d->options->gdb, "unix:", 5) == 0 ? d->options->gdb + 5 : d->options->gdb);
    while (!interrupted) {
        enum gdb_end end;

        if (!listener_wait(&d->server.listener, 200)) {
            continue;
        }
        end = serve_client(&d->server);
        branches_end(&d->branches);
        if (end == GDB_KILLED) {
            break;
        }
    }
    return EXIT_FINE;
}

/* What a branch needs, should there be one. */
static void prepare_branches(struct debug *d)
{
    bool sleeps = !recording_skips_idle(d->recording);

    d->branches = (struct branches){.options = d->options,
                                    .travel = d->server.travel,
                                    .file = d->options->files[0],
                                    .recording = d->recording,
                                    .pace = wallclock_pace(&d->clock, sleeps),
                                    .sink = server_sink(&d->server)};
    d->server.branches = &d->branches;
    d->server.shares_terminal = !d->options->gdb;
    d->server.shows_console = true;
    d->server.safe_console = d->options->safe_console;
}

static int debug_open(struct debug *d, struct error *e)
{
    struct travel_source source;

    if (d->options->symbols && access(d->options->symbols, R_OK) != 0) {
        return error_set(e, "--symbols %s: %s", d->options->symbols, strerror(errno));
    }
    if (wallclock_init(&d->clock, e) < 0) {
        return -1;
    }
    d->recording = recording_open(d->options->files[0], e);
    if (!d->recording) {
        return -1;
    }
    if (recording_problem(d->recording)) {
        say("%s", recording_problem(d->recording));
    }
    d->machine = cli_machine(recording_config(d->recording), d->options, e);
    if (!d->machine) {
        return -1;
    }
    offer_symbols(d);
    source = travel_of_recording(&d->source, d->recording, NULL);
    d->server.travel = travel_new(d->machine, &source, NULL);
    if (!d->options->no_index) {
        cli_use_index(d->server.travel, d->options, d->recording, true);
    } else {
        (void)travel_chart(d->server.travel, 0, false, NULL);
    }
    d->server.quit = debug_quits;
    d->server.opaque = d;
    prepare_branches(d);
    return 0;
}

static void debug_close(struct debug *d)
{
    listener_close(&d->server.listener);
    keeper_close(&d->keeper);
    if (d->folder[0]) {
        rmdir(d->folder); /* there was no keeper */
    }
    if (d->server.travel) {
        travel_free(d->server.travel);
    }
    travel_recording_fini(&d->source);
    if (d->branches.live) {
        journal_close(d->branches.live);
    }
    branches_fini(&d->branches);
    text_fini(&d->server.safe.held);
    machine_free(d->machine);
    if (d->recording) {
        recording_close(d->recording);
    }
    wallclock_fini(&d->clock);
    if (d->symbols_fd >= 0) {
        close(d->symbols_fd);
    }
}

int command_debug(struct options *o)
{
    struct debug d = {.options = o,
                      .clock = {.wake_fd = -1},
                      .symbols_fd = -1,
                      .server.listener = {.listen_fd = -1, .client_fd = -1}};
    struct error e;
    int status = EXIT_USER;

    if (open_socket(&d, &e) < 0 || cli_confine(o, true, NULL, &e) < 0 || debug_open(&d, &e) < 0) {
        cli_fail(&e);
    } else if ((status = go_there(&d)) != EXIT_FINE) {
        ; /* it said why */
    } else if (o->gdb) {
        status = serve_until_killed(&d, &e);
    } else if (start_gdb(&d, &e) < 0) {
        status = cli_fail(&e);
    } else {
        status = serve_one_gdb(&d);
    }
    status = side_lost(d.recording, status);
    debug_close(&d);
    return status;
}
