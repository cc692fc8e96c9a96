/* SPDX-License-Identifier: GPL-2.0-or-later
 * control: the monitors of one machine, and whether it runs.
 */
#include <stdlib.h>

#include "control/internal.h"

struct control *control_new(const struct control_options *o)
{
    struct control *c = base_alloc(1, sizeof(*c));

    c->options = *o;
    c->travel = o->travel;
    c->machine = travel_machine(o->travel);
    c->state = o->starts_paused ? RUN_PRELAUNCH : RUN_RUNNING;
    c->break_at = TICK_NEVER;
    return c;
}

static void forget_client(struct control_monitor *m)
{
    m->is_connected = m->is_negotiated = m->is_held = false;
    json_object_put(m->waiting);
    m->waiting = NULL;
    frame_reset(&m->frame);
    edit_next(&m->edit);
}

void control_free(struct control *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->monitors.count; i++) {
        struct control_monitor *m = c->monitors.data[i];

        forget_client(m);
        frame_fini(&m->frame);
        edit_fini(&m->edit);
        free(m);
    }
    vec_fini(&c->monitors);
    free(c);
}

struct control_monitor *control_add(struct control *c, const struct control_front *f)
{
    struct control_monitor *m = base_alloc(1, sizeof(*m));

    m->control = c;
    m->front = *f;
    vec_push(&c->monitors, m);
    return m;
}

void control_connect(struct control_monitor *m)
{
    forget_client(m);
    m->is_connected = true;
    if (m->front.is_qmp) {
        qmp_connect(m);
    } else {
        human_connect(m);
    }
}

void control_disconnect(struct control_monitor *m)
{
    forget_client(m);
}

size_t control_input(struct control_monitor *m, const void *bytes, size_t count, bool at_rest)
{
    if (m->is_busy) {
        return 0;
    }
    return m->front.is_qmp ? qmp_input(m, bytes, count, at_rest)
                           : human_input(m, bytes, count, at_rest);
}

bool control_is_held(const struct control_monitor *m)
{
    return m->is_held;
}

bool control_is_busy(const struct control_monitor *m)
{
    return m->is_busy;
}

/* ---- running and stopped ---- */

const char *run_state_name(enum run_state s)
{
    switch (s) {
    case RUN_PRELAUNCH: return "prelaunch";
    case RUN_RUNNING: return "running";
    case RUN_PAUSED: return "paused";
    case RUN_DEBUG: return "debug";
    case RUN_SHUTDOWN: break;
    }
    return "shutdown";
}

void control_set_running(struct control *c)
{
    if (c->state != RUN_RUNNING) {
        c->state = RUN_RUNNING;
        control_event(c, "RESUME", NULL);
    }
}

void control_set_stopped(struct control *c, enum run_state state)
{
    bool ran = c->state == RUN_RUNNING;

    c->state = state;
    if (ran) {
        control_event(c, "STOP", NULL);
    }
}

bool control_is_running(const struct control *c)
{
    return c->state == RUN_RUNNING;
}

bool control_is_over(const struct control *c)
{
    return c->is_over;
}

tick control_until(const struct control *c)
{
    return c->has_break && c->break_at > travel_now(c->travel) ? c->break_at : TICK_NEVER;
}

bool control_at_end(const struct control *c)
{
    return travel_now(c->travel) >= travel_end(c->travel);
}

const char *control_holder(const struct control *c)
{
    if (travel_is_diverted(c->travel)) {
        return "a debugger is in the middle of calling a function of the guest";
    }
    return c->options.holder != NULL ? c->options.holder(c->options.opaque) : NULL;
}

bool control_act(struct control *c)
{
    if (!c->has_seek) {
        return false;
    }
    c->has_seek = false;
    control_set_running(c);
    (void)travel_seek(c->travel, c->seek_to);
    control_set_stopped(c, RUN_PAUSED);
    return true;
}

void control_tell_going(struct control *c)
{
    control_set_running(c);
}

void control_tell_stopped(struct control *c, enum control_why why)
{
    if (c->has_break && travel_now(c->travel) >= c->break_at) {
        c->has_break = false; /* it is met once */
    }
    switch (why) {
    case CONTROL_PAUSED: control_set_stopped(c, RUN_PAUSED); break;
    case CONTROL_DEBUGGER: control_set_stopped(c, RUN_DEBUG); break;
    case CONTROL_ENDED: control_set_stopped(c, RUN_SHUTDOWN); break;
    }
}

void control_tell_shutdown(struct control *c, bool guest, const char *reason)
{
    struct json_object *data;

    if (c->has_ended) {
        return;
    }
    c->has_ended = true;
    data = json_object_new_object();
    json_add_bool(data, "guest", guest);
    json_add_text(data, "reason", reason);
    control_event(c, "SHUTDOWN", data);
}
