/* SPDX-License-Identifier: GPL-2.0-or-later
 * replayed: a replay that a debugger or monitors attend to: through a traveller, forwards to the end unless
 * one of them wants it otherwise. Witnesses are compared as in any replay.
 */
#include "cli/replayed.h"

#include <stdlib.h>

#include "cli/attend.h"
#include "cli/interrupt.h"
#include "cli/keeper.h"
#include "cli/say.h"
#include "cli/side.h"

struct replayed {
    const struct options *options;
    struct ports *ports; /* the caller's; NULL: there are none */
    struct recording *recording;
    struct machine *machine;
    struct travel_recording source;
    struct wallclock clock;
    struct branches branches;
    struct server server;
    struct monitors monitors;
    struct keeper keeper;
};

static bool signalled(void *opaque)
{
    (void)opaque;
    return interrupt_came();
}

struct replayed *replayed_open(const struct options *o, struct ports *ports, struct error *e)
{
    struct replayed *r = base_alloc(1, sizeof(*r));
    const char *names[MONITORS_MAX + 1];
    struct keeper_job job = {.sockets = names};

    r->options = o;
    r->clock.wake_fd = -1;
    r->server.listener = (struct listener){.listen_fd = -1, .client_fd = -1};
    if (wallclock_init(&r->clock, e) < 0 ||
        (o->gdb != NULL && listener_open(&r->server.listener, o->gdb, e) < 0) ||
        monitors_open(&r->monitors, o, ports != NULL ? &ports->tty : NULL, e) < 0) {
        replayed_close(r);
        return NULL;
    }
    r->ports = ports;
    if (ports != NULL) {
        ports_share(ports, &r->monitors);
    }
    if (r->server.listener.path[0] != '\0') {
        names[job.socket_count++] = r->server.listener.path;
    }
    for (unsigned i = 0; i < r->monitors.count; i++) {
        const char *name = serial_socket(r->monitors.ends[i].serial);

        if (name != NULL && !r->monitors.ends[i].is_shared) {
            names[job.socket_count++] = name;
        }
    }
    if (job.socket_count > 0 && !o->no_sandbox && keeper_open(&r->keeper, &job, e) < 0) {
        replayed_close(r);
        return NULL;
    }
    return r;
}

int replayed_build(struct replayed *r, const struct sink *sink, struct error *e)
{
    struct travel_source source;

    r->recording = recording_open(r->options->files[0], e);
    if (r->recording == NULL) {
        return -1;
    }
    r->machine = cli_machine(recording_config(r->recording), r->options, e);
    if (r->machine == NULL) {
        return -1;
    }
    source = travel_of_recording(&r->source, r->recording, sink);
    r->server.travel = travel_new(r->machine, &source, NULL);
    travel_set_verify(r->server.travel, !r->options->no_verify);
    (void)travel_chart(r->server.travel, 0, false, NULL);
    r->branches =
        (struct branches){.options = r->options,
                          .travel = r->server.travel,
                          .file = r->options->files[0],
                          .recording = r->recording,
                          .pace = wallclock_pace(&r->clock, !recording_skips_idle(r->recording)),
                          .sink = *sink};
    r->server.branches = &r->branches;
    return monitors_start(&r->monitors, NULL, e);
}

struct machine *replayed_machine(struct replayed *r)
{
    return r->machine;
}

const struct recording *replayed_recording(const struct replayed *r)
{
    return r->recording;
}

/* What is told of the end, and the status. */
static int judge(struct replayed *r, struct control *c, const struct travel_stop *stop)
{
    const struct recording_end *end = recording_end(r->recording);

    if (stop->why == TRAVEL_DIVERGED) {
        control_tell_shutdown(c, false, "host-error");
        return side_differs(stop->at);
    }
    if (stop->why == TRAVEL_INTERRUPTED) {
        control_tell_shutdown(c, false, interrupt_came() ? "host-signal" : "host-qmp-quit");
        return EXIT_FINE;
    }
    switch (end != NULL ? end->why : END_NONE) {
    case END_POWER_OFF:
    case END_FAILED: control_tell_shutdown(c, true, "guest-shutdown"); break;
    case END_RESET: control_tell_shutdown(c, true, "guest-reset"); break;
    case END_SIGNAL: control_tell_shutdown(c, false, "host-signal"); break;
    case END_NONE:
    case END_QUIT:
    case END_LIMIT:
    case END_IDLE:
    case END_COUNT: control_tell_shutdown(c, false, "host-qmp-quit"); break;
    }
    if (recording_problem(r->recording)) {
        say("%s", recording_problem(r->recording));
        return EXIT_USER;
    }
    if (end != NULL && end->why == END_FAILED) {
        say("the guest asked for a failure exit, status %u", end->exit_status);
        return EXIT_GUEST;
    }
    return EXIT_FINE;
}

static void say_result(const struct replayed *r, int status)
{
    struct travel_stats t = travel_get_stats(r->server.travel);
    bool is_whole = travel_now(r->server.travel) == recording_known(r->recording);

    say("replay: %llu ticks, %llu witnesses checked: %s",
        (unsigned long long)travel_now(r->server.travel), (unsigned long long)t.witnesses,
        status == EXIT_DIFFERED ? "the replay differs from the recording"
        : !is_whole             ? "stopped as asked"
        : recording_end(r->recording) == NULL
            ? "replayed as far as it was sealed; the recording was cut off"
            : "every witness and the final hash agree");
}

void replayed_seek(struct replayed *r, tick at)
{
    (void)travel_seek(r->server.travel, at);
}

int replayed_run(struct replayed *r)
{
    struct attend a = {
        .server = &r->server, .monitors = &r->monitors, .ports = r->ports, .quits = signalled};
    struct control_options options = {.config = recording_config(r->recording),
                                      .mode = "play",
                                      .file = r->options->files[0],
                                      .name = r->options->name,
                                      .uuid = r->options->uuid,
                                      .starts_paused = r->options->start_paused,
                                      .keeps_past = true};
    struct travel_stop stop;
    int status;

    interrupt_catch();
    attend_init(&a, &options);
    stop = attend_run(&a);
    status = judge(r, a.control, &stop);
    say_result(r, status);
    attend_fini(&a);
    branches_end(&r->branches);
    return side_lost(r->recording, status);
}

void replayed_close(struct replayed *r)
{
    if (r == NULL) {
        return;
    }
    monitors_close(&r->monitors);
    listener_close(&r->server.listener);
    if (r->server.travel) {
        travel_free(r->server.travel);
    }
    travel_recording_fini(&r->source);
    if (r->branches.live) {
        journal_close(r->branches.live);
    }
    branches_fini(&r->branches);
    machine_free(r->machine);
    if (r->recording) {
        recording_close(r->recording);
    }
    keeper_close(&r->keeper);
    if (r->clock.wake_fd >= 0) {
        wallclock_fini(&r->clock);
    }
    free(r);
}
