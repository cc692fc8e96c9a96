/* SPDX-License-Identifier: GPL-2.0-or-later
 * replay: the recorded run again, in a process that was told nothing but the file; the console
 * appears on stdout, and the state is compared with every witness.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/divergence.h"
#include "cli/keeper.h"
#include "cli/nets.h"
#include "cli/ports.h"
#include "cli/replayed.h"
#include "cli/say.h"
#include "cli/snapshots.h"

#define PROGRESS_STEPS 200

struct shown {
    struct console console;
    int port;
    struct journal *journal;
    struct nets nets; /* of which there are files alone */
    /* reprise-system-ARCH: output goes where the options say, instead; what comes in is forgotten. */
    struct ports *ports;
    struct sink ports_sink;
    struct keeper keeper; /* removes the sockets' names */
    bool is_mute;         /* what comes before the snapshot was asked to begin at */
};

static void shown_output(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct shown *s = opaque;

    if (s->is_mute) {
        return;
    }
    if (s->ports != NULL) {
        s->ports_sink.output(s->ports_sink.opaque, at, port, bytes, count);
        return;
    }
    if (port == s->port) {
        console_put(&s->console, bytes, count);
    }
    nets_output(&s->nets, port, bytes, count);
}

static void shown_input(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct shown *s = opaque;

    if (s->ports != NULL) {
        s->ports_sink.input(s->ports_sink.opaque, at, port, bytes, count);
        return;
    }
    nets_input(&s->nets, port, bytes, count);
}

/* Nobody reads any more: like other tools, it ends then (at the next witness). */
static void shown_flush(void *opaque)
{
    struct shown *s = opaque;

    if (s->ports != NULL) {
        s->ports_sink.flush(s->ports_sink.opaque);
        return;
    }
    console_flush(&s->console);
    if (s->console.problem == EPIPE && s->journal) {
        journal_post_quit(s->journal, END_QUIT);
    }
}

static void show_progress(tick done, tick whole)
{
    int percent = whole ? (int)((double)done * 100 / (double)whole) : 100;
    char line[64];

    snprintf(line, sizeof line, "\r[%-40.*s] %3d%%", percent * 40 / 100,
             "########################################", percent);
    say_terminal(line);
}

/* A bar only where it does not get between the lines of the console. */
static bool wants_bar(const struct options *o)
{
    return isatty(STDERR_FILENO) && (!isatty(STDOUT_FILENO) || o->serial_out);
}

static enum journal_stop drive(struct journal *j, struct machine *m, tick until, bool bar)
{
    tick known = recording_known(journal_recording(j));
    tick whole = until < known ? until : known;
    enum journal_stop stop = JOURNAL_TICK;

    if (!bar) {
        return journal_drive(j, m, until, false);
    }
    while (stop == JOURNAL_TICK && machine_now(m) < until) {
        tick next = machine_now(m) + whole / PROGRESS_STEPS + 1;
        stop = journal_drive(j, m, next < until ? next : until, false);
        show_progress(machine_now(m), whole);
    }
    say_terminal("\n");
    return stop;
}

/* The sentence and the status that a finished replay deserves. */
static int judge(struct figures *f, const struct options *o, const struct journal *j,
                 enum journal_stop stop)
{
    const struct recording *r = journal_recording(j);
    const struct recording_end *end = recording_end(r);

    if (stop == JOURNAL_DIVERGED) {
        f->result = "the replay differs from the recording";
        return EXIT_DIFFERED;
    }
    if (stop == JOURNAL_LOST) {
        f->result = "the rest of the recording is lost";
        return EXIT_USER;
    }
    if (stop == JOURNAL_TICK) {
        f->result = "stopped as asked";
        return EXIT_FINE;
    }
    if (recording_problem(r)) {
        say("%s", recording_problem(r));
        f->result = "replayed the valid prefix";
        return EXIT_USER;
    }
    f->result = !end           ? "replayed as far as it was sealed; the recording was cut off"
                : o->no_verify ? "the final hash and all output agree"
                               : "every witness, the final hash and all output agree";
    if (end && end->why == END_FAILED) {
        say("the guest asked for a failure exit, status %u", end->exit_status);
        return cli_guest_status(o, end->exit_status);
    }
    return EXIT_FINE;
}

/* Status of a replay that -accel verify watched. */
static int replay_verified(struct journal *j, struct machine *m, tick until,
                           enum journal_stop *stop, struct error *e)
{
    struct verify *v = verify_new(j, m, e);
    bool differs;

    if (!v) {
        return cli_fail(e);
    }
    *stop = verify_drive(v, until, &differs);
    if (!differs) {
        verify_figures(v);
    }
    verify_free(v);
    return differs ? EXIT_OURS : EXIT_FINE;
}

static int replay(const struct options *o, struct journal *j, struct machine *m,
                  struct shown *shown)
{
    struct figures f;
    struct error e;
    uint64_t until = TICK_NEVER;
    enum journal_stop stop = JOURNAL_TICK;
    int status;

    if (o->until && options_parse_number("--until", o->until, TICK_NEVER, &until, &e) < 0) {
        return cli_fail(&e);
    }
    figures_start(&f, "replay");
    if (verify_wanted(o)) {
        status = replay_verified(j, m, until, &stop, &e);
        if (status != EXIT_FINE) {
            return status;
        }
    } else {
        journal_drop_images(j);
        stop = drive(j, m, until, wants_bar(o));
    }
    figures_stop(&f, m, j);
    console_end(&shown->console);
    if (shown->console.problem == EPIPE) {
        say_stdout_failed(EPIPE);
        return EXIT_USER;
    }
    f.final_hash = machine_hash(m);
    status = judge(&f, o, j, stop);
    if (o->system == NULL || status != EXIT_FINE) {
        figures_print(&f);
    }
    if (stop == JOURNAL_LOST) {
        say("%s", journal_problem(j));
    } else if (stop == JOURNAL_DIVERGED) {
        say("%s", journal_divergence(j)->text);
        divergence_explain(j, o);
    }
    if (shown->console.problem && o->serial_out) {
        say_lost(o->serial_out, shown->console.problem);
    } else if (shown->console.problem) {
        say_stdout_failed(shown->console.problem);
    }
    if (o->stats && figures_write(&f, o->stats, &e) < 0) {
        status = cli_fail(&e);
    }
    return status;
}

/* Before the confinement, after which nothing new is opened. What is in the console's file stays
 * until there is something to replay. */
static int open_outputs(const struct options *o, struct console *console, struct cli_log **log,
                        struct error *e)
{
    if (o->debug_items && !(*log = cli_log_open(o->debug_items, o->debug_file, e))) {
        return -1;
    }
    if (o->serial_out) {
        int fd = open(o->serial_out, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        FILE *to = fd >= 0 ? fdopen(fd, "wb") : NULL;

        if (!to) {
            return error_set(e, "%s: %s", o->serial_out, strerror(errno));
        }
        console->to = to;
    }
    return 0;
}

/* Of reprise-system-ARCH. */
static int open_ports(struct shown *s, const struct options *o, struct error *e)
{
    const char *names[PORTS_MAX + 1];
    struct keeper_job job = {.sockets = names};

    s->ports = base_alloc(1, sizeof(*s->ports));
    s->ports_sink = ports_sink(s->ports);
    if (ports_open(s->ports, o, e) < 0) {
        return -1;
    }
    job.socket_count = ports_sockets(s->ports, names);
    return job.socket_count == 0 || o->no_sandbox ? 0 : keeper_open(&s->keeper, &job, e);
}

static void close_ports(struct shown *s)
{
    if (s->ports != NULL) {
        ports_close(s->ports);
        keeper_close(&s->keeper);
        free(s->ports);
    }
}

/* To where rrsnapshot= says that the replay begins; by `r`, where it is attended to, else by the journal. */
static int go_to_snapshot(const struct options *o, struct shown *shown, struct machine *m,
                          struct replayed *r, struct error *e)
{
    struct snapshot_place place;

    if (o->rr_snapshot == NULL) {
        return 0;
    }
    if (snapshots_find(snapshots_image(&o->machine), o->rr_snapshot, &place, e) < 0) {
        return -1;
    }
    shown->is_mute = true;
    if (r != NULL) {
        replayed_seek(r, place.at);
    } else {
        (void)journal_drive(shown->journal, m, place.at, false);
    }
    shown->is_mute = false;
    return snapshots_check(o->rr_snapshot, &place, m, e);
}

static int empty_console(const struct options *o, const struct console *console, struct error *e)
{
    struct stat st;

    if (!o->serial_out || fstat(fileno(console->to), &st) < 0 || !S_ISREG(st.st_mode)) {
        return 0;
    }
    return ftruncate(fileno(console->to), 0) == 0
               ? 0
               : error_set(e, "%s: %s", o->serial_out, strerror(errno));
}

static int choose_port(const struct options *o, const struct machine *m, struct shown *shown,
                       uint64_t epoch_ns, struct error *e)
{
    if (shown->ports != NULL) {
        return ports_start(shown->ports, shown->journal, m, epoch_ns, e);
    }
    shown->port = machine_port_by_name(m, o->shown_port ? o->shown_port : "serial0");
    return !o->shown_port || shown->port >= 0
               ? 0
               : error_set(e, "--port %s: the machine has no port of that name", o->shown_port);
}

static int watch(const struct options *o, struct replayed *r, struct shown *shown, struct error *e)
{
    uint64_t epoch_ns = recording_config(replayed_recording(r))->epoch_ns;

    return nets_watch(&shown->nets, replayed_machine(r), epoch_ns, e) < 0
               ? -1
               : choose_port(o, replayed_machine(r), shown, epoch_ns, e);
}

/* The same with a debugger or monitors. */
static int replay_attended(struct options *o)
{
    struct shown shown = {.console = {.to = stdout, .is_safe = o->safe_console}, .port = -1};
    struct sink sink = {
        .opaque = &shown, .output = shown_output, .flush = shown_flush, .input = shown_input};
    struct cli_log *log = NULL;
    struct replayed *r = NULL;
    struct error e;
    int status = EXIT_USER;

    if (o->until || o->stats || verify_wanted(o)) {
        error_set(&e, "--until, --stats and -accel verify go with neither -gdb nor a monitor");
        return cli_fail(&e);
    }
    if (open_outputs(o, &shown.console, &log, &e) < 0 ||
        (o->system != NULL ? open_ports(&shown, o, &e) : nets_open_dumps(&shown.nets, o, &e)) < 0 ||
        !(r = replayed_open(o, shown.ports, &e)) || cli_confine(o, true, NULL, &e) < 0 ||
        replayed_build(r, &sink, &e) < 0 || watch(o, r, &shown, &e) < 0 ||
        empty_console(o, &shown.console, &e) < 0) {
        cli_fail(&e);
    } else {
        if (log) {
            cli_log_attach(log, replayed_machine(r));
        }
        status = go_to_snapshot(o, &shown, replayed_machine(r), r, &e) < 0 ? cli_fail(&e)
                                                                           : replayed_run(r);
        console_end(&shown.console);
        if (shown.console.problem) {
            say_stdout_failed(shown.console.problem);
        }
    }
    nets_close(&shown.nets);
    replayed_close(r);
    close_ports(&shown);
    if (shown.console.to && shown.console.to != stdout) {
        fclose(shown.console.to);
    }
    cli_log_close(log);
    return status;
}

int command_replay(struct options *o)
{
    struct journal_options options = {.skip_witnesses = o->no_verify};
    struct shown shown = {.console = {.to = stdout, .is_safe = o->safe_console}, .port = -1};
    struct sink sink = {
        .opaque = &shown, .output = shown_output, .flush = shown_flush, .input = shown_input};
    struct cli_log *log = NULL;
    struct machine *m = NULL;
    struct journal *j = NULL;
    struct error e;
    int status = EXIT_USER;

    if (replayed_is_wanted(o)) {
        return replay_attended(o);
    }
    if (o->start_paused) {
        error_set(&e, "-S waits for GDB or a monitor: give -gdb, -s, -qmp or -monitor too");
        return cli_fail(&e);
    }
    if (o->stats && figures_check(o->stats, &e) < 0) {
        return cli_fail(&e);
    }
    if (open_outputs(o, &shown.console, &log, &e) < 0 ||
        (o->system != NULL ? open_ports(&shown, o, &e) : nets_open_dumps(&shown.nets, o, &e)) < 0 ||
        cli_confine(o, o->system != NULL, NULL, &e) < 0 ||
        !(j = shown.journal = journal_replay(o->files[0], &options, &sink, &e)) ||
        !(m = cli_machine(journal_config(j), o, &e)) ||
        nets_watch(&shown.nets, m, journal_config(j)->epoch_ns, &e) < 0 ||
        choose_port(o, m, &shown, journal_config(j)->epoch_ns, &e) < 0 ||
        empty_console(o, &shown.console, &e) < 0) {
        cli_fail(&e);
    } else {
        if (log) {
            cli_log_attach(log, m);
        }
        journal_attach(j, m);
        status =
            go_to_snapshot(o, &shown, m, NULL, &e) < 0 ? cli_fail(&e) : replay(o, j, m, &shown);
    }
    nets_close(&shown.nets);
    close_ports(&shown);
    if (shown.console.to && shown.console.to != stdout) {
        fclose(shown.console.to); /* flushed, and looked at */
    }
    if (j) {
        journal_close(j);
    }
    machine_free(m);
    cli_log_close(log);
    return status;
}
