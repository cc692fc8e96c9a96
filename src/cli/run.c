/* SPDX-License-Identifier: GPL-2.0-or-later
 * run: `reprise run` and `reprise record`: a live machine. The two differ in nothing but the
 * journal's file.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/attend.h"
#include "cli/behind.h"
#include "cli/cli.h"
#include "cli/daemon.h"
#include "cli/interrupt.h"
#include "cli/keeper.h"
#include "cli/monitors.h"
#include "cli/ports.h"
#include "cli/say.h"
#include "cli/serve.h"
#include "cli/snapshots.h"
#include "dev/drive.h"
#include "dev/flash.h"
#include "world/world.h"

#define DEFAULT_RECORDING "recording.rr"

struct live {
    struct options *options;
    struct wallclock clock;
    struct ports ports;
    struct monitors monitors;
    struct machine *machine;
    struct journal *_Atomic journal; /* the handler of signals looks, too */
    struct branches branches;
    struct behind *behind;    /* makes the index; NULL: nobody does */
    struct daemon daemon;     /* -daemonize */
    struct listener listener; /* -gdb's, until it is served */
    struct keeper keeper;     /* removes the sockets' names */
    struct verify *verify;    /* -accel verify */
    bool differs;             /* it says */
    bool has_pid_file;
    struct cli_log *log;
    struct figures figures;
};

/* The one run that signals end; only the handler and this file look. */
static struct live *signal_live;
static volatile sig_atomic_t signal_count, first_signal;

/* The first ends the history. It cannot while the console waits for a reader that has stopped: the
 * second ends the process, and the recording is what a kill leaves. */
static void on_signal(int number)
{
    if (signal_count++ == 0 && signal_live) {
        first_signal = number;
        journal_post_quit(signal_live->journal, END_SIGNAL);
    } else {
        if (signal_live) {
            tty_restore(&signal_live->ports.tty);
        }
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void catch_signals(struct live *l)
{
    signal_live = l;
    interrupt_catch_by(l ? on_signal : SIG_DFL, SA_RESTART);
}

static const struct listener no_listener = {.listen_fd = -1, .client_fd = -1};

/* NULL: none is made. */
static const char *recording_name(const struct options *o)
{
    return o->command != COMMAND_RECORD ? NULL : o->output ? o->output : DEFAULT_RECORDING;
}

/* The machine and the recording have them; a branch and a second machine may want them. */
static void drop_images(void *opaque)
{
    struct live *l = opaque;

    if (!l->options->gdb && !verify_wanted(l->options)) {
        machine_config_drop_images(&l->options->machine);
    }
}

static struct pace live_pace(struct live *l)
{
    struct pace pace = wallclock_pace(&l->clock, l->options->sleep);

    pace.adapts = l->options->shift_auto;
    pace.aligns = l->options->align;
    return pace;
}

static int open_journal(struct live *l, struct error *e)
{
    struct options *o = l->options;
    struct pace pace = live_pace(l);
    struct sink sink = ports_sink(&l->ports);
    struct journal_options options = {.program = "reprise " REPRISE_VERSION,
                                      .force = o->force,
                                      .by_reference = o->by_reference,
                                      .file = o->recording_file,
                                      .skips_idle = !o->sleep,
                                      .images_done = {.opaque = l, .call = drop_images}};

    if (o->command == COMMAND_RECORD) {
        l->journal = journal_record(recording_name(o), &o->machine, &options, &pace, &sink, e);
    } else {
        l->journal = journal_run(&o->machine, &pace, &sink, e);
        drop_images(l);
        if (l->journal && !o->gdb && !verify_wanted(o)) {
            journal_drop_past(l->journal); /* nobody will go back */
        }
    }
    return l->journal ? 0 : -1;
}

/* All that the machine will have; and who removes the names of sockets, which this process may not
 * once it is confined. */
static int open_sockets(struct live *l, struct error *e)
{
    const char *names[PORTS_MAX + MONITORS_MAX + 2];
    struct keeper_job job = {.sockets = names};

    if (l->options->gdb && listener_open(&l->listener, l->options->gdb, e) < 0) {
        return error_prefix(e, "-gdb");
    }
    if (ports_open(&l->ports, l->options, e) < 0 ||
        monitors_open(&l->monitors, l->options, &l->ports.tty, e) < 0) {
        return -1;
    }
    ports_share(&l->ports, &l->monitors);
    if (l->listener.path[0] != '\0') {
        names[job.socket_count++] = l->listener.path;
    }
    if (l->options->pid_file != NULL) {
        if (pidfile_write(l->options->pid_file, e) < 0) {
            return -1;
        }
        l->has_pid_file = true;
        names[job.socket_count++] = l->options->pid_file;
    }
    job.socket_count += ports_sockets(&l->ports, names + job.socket_count);
    for (unsigned i = 0; i < l->monitors.count; i++) {
        const char *name = serial_socket(l->monitors.ends[i].serial);

        if (name != NULL && !l->monitors.ends[i].is_shared) {
            names[job.socket_count++] = name;
        }
    }
    return job.socket_count == 0 || l->options->no_sandbox ? 0 : keeper_open(&l->keeper, &job, e);
}

/* A `run` writes to disks as people expect; where a debugger may go back in it, at its end. Where it is recorded, or
 * run twice at once, what the guest writes is the machine's own. Both are said once. */
static void choose_disks(struct options *o)
{
    bool is_own = o->command == COMMAND_RECORD || verify_wanted(o);
    bool waits = !is_own && o->gdb != NULL;

    o->machine.writes_files = !is_own;
    o->machine.writes_at_end = waits;
    for (size_t i = 0; (is_own || waits) && i < o->machine.things.count; i++) {
        const struct machine_thing *t = &o->machine.things.data[i];

        if ((strcmp(t->class, DRIVE_CLASS) == 0 || strcmp(t->class, FLASH_CLASS) == 0) &&
            t->file.name != NULL && thing_find(t, "snapshot") == NULL &&
            thing_find(t, "readonly") == NULL && thing_find(t, "cd") == NULL) {
            say(waits ? "%s: is written to when the machine ends, because of -gdb"
                      : "%s: is not written to: what the guest writes stays in the machine "
                        "(snapshot=on)",
                t->file.name);
        }
    }
}

static int live_open(struct live *l, struct options *o, struct error *e)
{
    memset(l, 0, sizeof(*l));
    l->listener = no_listener;
    l->options = o;
    if (verify_wanted(o) && (o->gdb || o->index)) {
        return error_set(e, "-accel verify goes with neither -gdb nor --index");
    }
    if ((o->stats && figures_check(o->stats, e) < 0) ||
        (o->daemonize && daemon_begin(&l->daemon, e) < 0)) {
        return -1;
    }
    choose_disks(o);
    l->behind = behind_start(o, recording_name(o));
    if (o->debug_items && !(l->log = cli_log_open(o->debug_items, o->debug_file, e))) {
        return -1;
    }
    if (wallclock_init(&l->clock, e) < 0 || open_sockets(l, e) < 0 ||
        cli_confine(o, true, recording_name(o), e) < 0) {
        return -1;
    }
    l->machine = cli_machine(&o->machine, o, e);
    o->machine.writes_files = false; /* any other machine of it only looks */
    if (!l->machine) {
        return -1;
    }
    o->machine.uses = *machine_uses(l->machine); /* for the recording */
    if (l->log) {
        cli_log_attach(l->log, l->machine);
    }
    if (open_journal(l, e) < 0) {
        return -1;
    }
    behind_follow(l->behind, l->journal);
    journal_attach(l->journal, l->machine);
    if (verify_wanted(o) && !(l->verify = verify_new(l->journal, l->machine, e))) {
        return -1;
    }
    catch_signals(l);
    if (ports_start(&l->ports, l->journal, l->machine, journal_config(l->journal)->epoch_ns, e) <
            0 ||
        monitors_start(&l->monitors, l->journal, e) < 0) {
        return -1;
    }
    if (o->rr_snapshot != NULL &&
        snapshots_save(snapshots_image(&o->machine), o->rr_snapshot, l->machine, e) < 0) {
        return -1;
    }
    daemon_ready(&l->daemon);
    return 0;
}

static void live_close(struct live *l)
{
    if (!l->behind) {
        catch_signals(NULL);
    }
    verify_free(l->verify);
    monitors_close(&l->monitors);
    ports_close(&l->ports);
    if (l->journal) {
        journal_close(l->journal);
    }
    branches_fini(&l->branches);
    machine_free(l->machine);
    listener_close(&l->listener);
    if (l->has_pid_file && l->options->no_sandbox) {
        (void)unlink(l->options->pid_file);
    }
    keeper_close(&l->keeper);
    wallclock_fini(&l->clock);
    cli_log_close(l->log);
}

/* The debugger has branched: what is typed goes there from now on, and so do signals. */
static void switched(void *opaque, struct journal *now)
{
    struct live *l = opaque;

    ports_switch(&l->ports, now);
    monitors_switch(&l->monitors, now);
    l->journal = now;
    if (signal_count > 0) {
        journal_post_quit(now, END_SIGNAL);
    }
}

static void prepare_branches(struct live *l, struct travel *travel)
{
    l->branches = (struct branches){.options = l->options,
                                    .travel = travel,
                                    .file = recording_name(l->options),
                                    .pace = live_pace(l),
                                    .sink = ports_sink(&l->ports),
                                    .opaque = l,
                                    .switched = switched,
                                    .live = l->journal};
}

static bool live_quits(void *opaque)
{
    (void)opaque;
    return signal_count > 0;
}

/* QMP's words for how the history ended. */
static void tell_shutdown(struct control *c, enum journal_end why)
{
    switch (why) {
    case END_POWER_OFF:
    case END_FAILED: control_tell_shutdown(c, true, "guest-shutdown"); break;
    case END_RESET: control_tell_shutdown(c, true, "guest-reset"); break;
    case END_SIGNAL: control_tell_shutdown(c, false, "host-signal"); break;
    case END_QUIT: control_tell_shutdown(c, false, "host-ui"); break;
    case END_NONE:
    case END_LIMIT:
    case END_IDLE:
    case END_COUNT: control_tell_shutdown(c, false, "host-error"); break;
    }
}

/* A past is kept for a recording, and where a debugger may want it: it costs checkpoints, and guest writes
 * to disks may not reach their files before the end. */
static bool keeps_past(const struct live *l)
{
    return l->options->gdb != NULL || l->options->command == COMMAND_RECORD;
}

/* Attended to by a debugger or monitors: through a traveller. */
static void travel_to_end(struct live *l)
{
    static const struct travel_limits few = {.spacing = UINT64_MAX / 2, .count = 1};
    struct travel_live storage;
    struct travel_source source = travel_of_journal(&storage, l->journal);
    struct server server = {.branches = &l->branches, .listener = l->listener};
    struct attend a = {.server = &server,
                       .monitors = &l->monitors,
                       .ports = &l->ports,
                       .quits = live_quits,
                       .signals = l};
    struct control_options options = {.config = &l->options->machine,
                                      .mode = recording_name(l->options) ? "record" : "none",
                                      .file = recording_name(l->options),
                                      .name = l->options->name,
                                      .uuid = l->options->uuid,
                                      .starts_paused = l->options->start_paused,
                                      .keeps_past = keeps_past(l)};

    l->listener = no_listener;
    server.travel = travel_new(l->machine, &source, keeps_past(l) ? NULL : &few);
    prepare_branches(l, server.travel);
    attend_init(&a, &options);
    (void)attend_run(&a);
    tell_shutdown(a.control, journal_why(l->journal));
    attend_fini(&a);
    travel_free(server.travel);
    travel_live_fini(&storage);
    listener_close(&server.listener);
}

/* Until somebody speaks to a monitor, the machine runs by itself. True: it has ended. */
static bool run_unattended(struct live *l)
{
    while (!l->options->start_paused && !monitors_want(&l->monitors, true)) {
        if (journal_drive(l->journal, l->machine, TICK_NEVER, false) != JOURNAL_TICK) {
            return true;
        }
    }
    return false;
}

static int run_to_end(struct live *l, struct error *e)
{
    bool has_monitors = l->options->monitor_count > 0;

    if (l->options->gdb || (has_monitors && keeps_past(l))) {
        travel_to_end(l);
        return 0;
    }
    if (l->options->start_paused && !has_monitors) {
        return error_set(e, "-S waits for GDB or a monitor: give -gdb, -s, -qmp or -monitor too");
    }
    if (l->verify) {
        (void)verify_drive(l->verify, TICK_NEVER, &l->differs);
    } else if (!run_unattended(l)) {
        travel_to_end(l);
    }
    return 0;
}

static int report(struct live *l)
{
    if (l->differs) {
        return EXIT_OURS;
    }
    enum journal_end why = journal_why(l->journal);
    struct error e;
    int status = EXIT_FINE;

    l->figures.final_hash = machine_hash(l->machine);
    l->figures.result = journal_end_name(why);
    if (l->options->stats && figures_write(&l->figures, l->options->stats, &e) < 0) {
        status = cli_fail(&e);
    }
    if ((l->options->command == COMMAND_RECORD && !l->options->system) || l->options->stats) {
        figures_print(&l->figures);
    }
    if (why == END_FAILED) {
        uint32_t asked = machine_state(l->machine)->exit_status;

        say("the guest asked for a failure exit, status %u", asked);
        status = cli_guest_status(l->options, asked);
    }
    return status;
}

/* The recording is there and closed. */
static int finish_behind(struct behind *b, double seconds, int status)
{
    bool hurry = first_signal == SIGTERM || first_signal == SIGHUP;
    int differs = behind_finish(b, hurry, seconds);

    return differs != EXIT_FINE ? differs : status;
}

int command_run(struct options *o)
{
    struct live l;
    struct error e;
    bool started;
    int status;

    if (live_open(&l, o, &e) < 0) {
        live_close(&l);
        catch_signals(NULL);
        behind_abandon(l.behind);
        return cli_fail(&e);
    }
    figures_start(&l.figures, o->command == COMMAND_RECORD ? "record" : "run");
    started = run_to_end(&l, &e) == 0;
    if (l.behind) {
        catch_signals(NULL);
        behind_catch_signals(l.behind);
    }
    figures_stop(&l.figures, l.machine, l.journal);
    monitors_close(&l.monitors);
    ports_close(&l.ports);
    if (!started) {
        status = cli_fail(&e);
    } else if (journal_problem(l.journal)) {
        error_set(&e, "%s", journal_problem(l.journal));
        status = cli_fail(&e);
    } else {
        status = report(&l);
        if (l.verify && !l.differs) {
            verify_figures(l.verify);
        }
    }
    if (machine_finish(l.machine, &e) < 0) {
        status = cli_fail(&e);
    }
    live_close(&l);
    return finish_behind(l.behind, l.figures.host_seconds, status);
}
