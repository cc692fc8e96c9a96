/* SPDX-License-Identifier: GPL-2.0-or-later
 * attend: see attend.h.
 */
#include "cli/attend.h"

#include "cli/say.h"

#define WAIT_MS 200
/* Where a client does not read its answers, its commands wait. */
#define BLOCKED_MS 20

static bool is_live(const struct attend *a)
{
    return a->server->branches->live != NULL;
}

/* ---- what control/ asks ----------------------------------------------------------------------- */

static uint64_t epoch_us(void *opaque)
{
    (void)opaque;
    return wallclock_epoch_ns() / 1000;
}

/* A live history ends at its edge; a replay is left where it is. */
static void end_history(void *opaque)
{
    struct attend *a = opaque;

    if (is_live(a)) {
        journal_post_quit(a->server->branches->live, END_QUIT);
    }
}

static int fork_here(void *opaque, struct text *said, struct error *e)
{
    struct attend *a = opaque;

    return branches_fork(a->server->branches, said, e);
}

static void list_chardevs(void *opaque, void *to,
                          void (*add)(void *to, const struct control_chardev *c))
{
    struct attend *a = opaque;

    for (unsigned i = 0; a->ports != NULL && i < a->ports->count; i++) {
        const struct port_end *end = &a->ports->ends[i];
        const char *socket = serial_socket(end->serial);
        struct control_chardev c = {
            .label = end->name, .filename = socket != NULL ? socket : "chardev", .is_open = true};

        add(to, &c);
    }
    monitors_list(a->monitors, to, add);
}

static const char *holder(void *opaque)
{
    const struct attend *a = opaque;

    return a->server->session != NULL ? "a debugger has stopped the machine: it goes on from there"
                                      : NULL;
}

/* ---- in the middle of a journey --------------------------------------------------------------- */

static bool quits(const struct attend *a)
{
    return a->quits != NULL && a->quits(a->signals);
}

static void work(struct attend *a, bool at_rest)
{
    bool was = a->in_command;

    a->in_command = true;
    monitors_work(a->monitors, at_rest);
    a->in_command = was;
}

/* A journey of a monitor's own goes on while others are answered; a run is left, answered, and resumed. */
static bool poll_all(void *opaque, uint64_t done, uint64_t whole)
{
    struct attend *a = opaque;

    (void)done;
    (void)whole;
    if (a->in_command) {
        work(a, false);
        return quits(a);
    }
    return quits(a) || monitors_want(a->monitors, true) ||
           (a->server->listener.listen_fd >= 0 && listener_wait(&a->server->listener, 0));
}

/* ---- a debugger's journeys and prompts -------------------------------------------------------- */

static bool attend_quits(void *opaque)
{
    struct attend *a = opaque;

    if (!a->in_command) {
        work(a, false);
    }
    return quits(a) || control_is_over(a->control);
}

static void at_prompt(void *opaque)
{
    struct attend *a = opaque;

    if (!a->in_command) {
        work(a, true);
        a->in_command = true;
        (void)control_act(a->control);
        a->in_command = false;
    }
}

static bool is_wanted(void *opaque)
{
    const struct attend *a = opaque;

    return !a->in_command && (monitors_hold(a->monitors) || control_is_over(a->control));
}

static void moves(void *opaque, bool goes)
{
    struct attend *a = opaque;

    if (goes) {
        control_tell_going(a->control);
    } else {
        control_tell_stopped(a->control, CONTROL_DEBUGGER);
    }
}

static tick until(void *opaque)
{
    const struct attend *a = opaque;

    return control_until(a->control);
}

void attend_init(struct attend *a, struct control_options *o)
{
    o->travel = a->server->travel;
    o->program = "reprise " REPRISE_VERSION;
    o->opaque = a;
    o->epoch_us = epoch_us;
    o->quit = end_history;
    o->branch = a->server->branches != NULL ? fork_here : NULL;
    o->chardevs = list_chardevs;
    o->holder = holder;
    o->saves = true;
    a->control = control_new(o);
    monitors_attach(a->monitors, a->control);
    a->server->attended = (struct attended){.opaque = a,
                                            .monitors = a->monitors,
                                            .at_prompt = at_prompt,
                                            .wanted = is_wanted,
                                            .moves = moves,
                                            .until = until};
    a->server->quit = attend_quits;
    a->server->opaque = a;
}

void attend_fini(struct attend *a)
{
    a->monitors->control = NULL;
    for (unsigned i = 0; i < a->monitors->count; i++) {
        a->monitors->ends[i].monitor = NULL;
    }
    control_free(a->control);
    a->control = NULL;
}

/* ---- to the end ------------------------------------------------------------------------------- */

/* Back to the live edge when it has gone, as it was found there. */
static void serve_debugger(struct attend *a)
{
    if (a->server->listener.listen_fd < 0 || !listener_wait(&a->server->listener, 0)) {
        return;
    }
    control_tell_stopped(a->control, CONTROL_PAUSED);
    switch (serve_client(a->server)) {
    case GDB_KILLED:
        if (is_live(a)) {
            journal_post_quit(a->server->branches->live, END_QUIT);
        }
        break;
    case GDB_QUIT:
    case GDB_STRANGER:
    case GDB_DETACHED:
    case GDB_DISCONNECTED: break;
    }
    travel_set_poll(a->server->travel, a, poll_all);
    control_tell_going(a->control);
    if (is_live(a) && travel_now(a->server->travel) < travel_end(a->server->travel)) {
        (void)travel_seek(a->server->travel, travel_end(a->server->travel));
    }
}

static void go_to_edge(struct attend *a)
{
    a->in_command = true; /* nothing keeps it from the end */
    (void)travel_seek(a->server->travel, travel_end(a->server->travel));
    a->in_command = false;
}

static bool runs(struct attend *a)
{
    work(a, true);
    a->in_command = true;
    (void)control_act(a->control);
    a->in_command = false;
    return control_is_running(a->control) || control_is_over(a->control) || quits(a);
}

/* True: it is over. */
static bool run_on(struct attend *a, struct travel_stop *stop)
{
    struct travel *t = a->server->travel;

    if (control_is_over(a->control) || quits(a)) {
        if (!is_live(a)) {
            return true;
        }
        if (travel_now(t) < travel_end(t)) {
            go_to_edge(a);
        }
    }
    *stop = travel_run_forward(t, control_until(a->control), NULL, true);
    switch (stop->why) {
    case TRAVEL_INTERRUPTED:
    case TRAVEL_HIT: return false;
    case TRAVEL_ARRIVED: control_tell_stopped(a->control, CONTROL_PAUSED); return false;
    case TRAVEL_BEGIN:
    case TRAVEL_END:
    case TRAVEL_POWER:
    case TRAVEL_DIVERGED: break;
    }
    return true;
}

struct travel_stop attend_run(struct attend *a)
{
    struct travel_stop stop = {.why = TRAVEL_INTERRUPTED, .at = travel_now(a->server->travel)};
    bool over = false;

    travel_set_poll(a->server->travel, a, poll_all);
    while (!over) {
        serve_debugger(a);
        if (runs(a)) {
            over = run_on(a, &stop);
        } else {
            monitors_wait(a->monitors, a->server->listener.listen_fd, -1,
                          monitors_want(a->monitors, true) ? 0 : BLOCKED_MS * 10);
        }
    }
    travel_set_poll(a->server->travel, NULL, NULL);
    return stop;
}
