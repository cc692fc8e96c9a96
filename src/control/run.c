/* SPDX-License-Identifier: GPL-2.0-or-later
 * run: commands that let the machine go, stop it, press its buttons and end it. Buttons are inputs: a
 * recording has them, and where no history is made they cannot be pressed.
 */
#include "control/internal.h"

struct json_object *run_stop(struct call *k)
{
    control_set_stopped(k->control, RUN_PAUSED);
    return call_done();
}

struct json_object *run_cont(struct call *k)
{
    const char *holder = control_holder(k->control);

    if (k->control->state != RUN_RUNNING && holder != NULL) {
        return call_fail(k, "%s", holder);
    }
    control_set_running(k->control);
    return call_done();
}

struct json_object *run_quit(struct call *k)
{
    struct control *c = k->control;

    control_tell_shutdown(c, false, "host-qmp-quit");
    c->is_over = true;
    if (c->options.quit != NULL) {
        c->options.quit(c->options.opaque);
    }
    return call_done();
}

/* At the live edge, or on the way to it: the input enters when the machine next runs there. */
static bool press(struct call *k, enum poke_kind kind)
{
    struct travel *t = k->control->travel;
    uint8_t bytes[POKE_HEADER];
    uint32_t length = poke_encode(bytes, kind, 0, 0, NULL, 0);

    if (!travel_is_live(t)) {
        (void)call_fail(k, "this is a recording: what happened cannot be changed (x-go-live goes on"
                           " from here, in a branch)");
        return false;
    }
    if (!travel_at_live_edge(t)) {
        (void)call_fail(k, "this is the past: x-goto end, or x-go-live for a branch from here");
        return false;
    }
    if (machine_state(k->control->machine)->power != POWER_ON) {
        (void)call_fail(k, "the machine is off");
        return false;
    }
    if (travel_post(t, POKE_PORT, bytes, length) != length) {
        (void)call_fail(k, "the machine has not taken the last button yet: again later");
        return false;
    }
    return true;
}

struct json_object *run_reset(struct call *k)
{
    struct json_object *data;

    if (!press(k, POKE_RESET)) {
        return NULL;
    }
    data = json_object_new_object();
    json_add_bool(data, "guest", false);
    json_add_text(data, "reason", "host-qmp-system-reset");
    control_event(k->control, "RESET", data);
    return call_done();
}

struct json_object *run_powerdown(struct call *k)
{
    if (!press(k, POKE_POWER_BUTTON)) {
        return NULL;
    }
    control_event(k->control, "POWERDOWN", NULL);
    return call_done();
}

struct json_object *run_status(struct call *k)
{
    struct json_object *o = json_object_new_object();

    json_add_bool(o, "running", k->control->state == RUN_RUNNING);
    json_add_text(o, "status", run_state_name(k->control->state));
    return o;
}

void show_status(struct call *k, struct json_object *answer, struct text *out)
{
    const char *status = json_get_text(answer, "status");

    (void)k;
    if (json_get_bool(answer, "running") || strcmp(status, "paused") == 0) {
        text_add(out, "VM status: %s\n", status);
    } else {
        text_add(out, "VM status: paused (%s)\n", status);
    }
}
