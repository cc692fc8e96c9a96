/* SPDX-License-Identifier: GPL-2.0-or-later
 * replay: commands about where in history the machine is, and those that take it elsewhere. What the
 * reference calls an instruction count is a tick here: one number names one state.
 */
#include <stdio.h>

#include "control/internal.h"

static bool is_played(const struct control *c)
{
    return strcmp(c->options.mode, "play") == 0;
}

/* ---- the reference's ---- */

struct json_object *run_query_replay(struct call *k)
{
    struct json_object *o = json_object_new_object();

    json_add_text(o, "mode", k->control->options.mode);
    if (k->control->options.file != NULL) {
        json_add_text(o, "filename", k->control->options.file);
    }
    json_add_int(o, "icount", (int64_t)travel_now(k->control->travel));
    return o;
}

void show_replay(struct call *k, struct json_object *answer, struct text *out)
{
    const char *mode = json_get_text(answer, "mode"), *file = json_get_text(answer, "filename");

    (void)k;
    if (strcmp(mode, "none") == 0) {
        text_add(out, "Record/replay is not active\n");
        return;
    }
    text_add(out, "%s execution '%s': instruction count = %llu\n",
             strcmp(mode, "play") == 0 ? "Replaying" : "Recording", file != NULL ? file : "",
             (ull)json_get_int(answer, "icount"));
}

struct json_object *run_replay_break(struct call *k)
{
    tick at = call_number(k, "icount", 0);

    if (!is_played(k->control)) {
        return call_fail(k, "setting the breakpoint is allowed only in play mode");
    }
    if (at < travel_now(k->control->travel)) {
        return call_fail(k, "cannot set breakpoint at the instruction in the past");
    }
    k->control->has_break = true;
    k->control->break_at = at;
    return call_done();
}

struct json_object *run_replay_delete_break(struct call *k)
{
    if (!is_played(k->control)) {
        return call_fail(k, "replay breakpoints are allowed only in play mode");
    }
    k->control->has_break = false;
    return call_done();
}

/* The answer comes first, then the journey: control_act(). */
struct json_object *run_replay_seek(struct call *k)
{
    tick to = call_number(k, "icount", 0);

    if (!is_played(k->control)) {
        return call_fail(k, "replay must be enabled to seek");
    }
    if (to < travel_begin(k->control->travel) || to > travel_end(k->control->travel)) {
        return call_fail(k, "cannot seek to the specified instruction count");
    }
    k->control->has_seek = true;
    k->control->seek_to = to;
    return call_done();
}

/* ---- ours ---- */

static struct json_object *describe_place(const struct control *c)
{
    const struct machine_state *s = machine_state(c->machine);
    struct json_object *o = json_object_new_object();

    json_add_int(o, "tick", (int64_t)travel_now(c->travel));
    json_add_int(o, "begin", (int64_t)travel_begin(c->travel));
    json_add_int(o, "end", (int64_t)travel_end(c->travel));
    json_add_int(o, "instructions", (int64_t)s->instructions);
    json_add_int(o, "virtual-ns", (int64_t)machine_now_ns(c->machine));
    json_add_int(o, "cpu-index", s->current);
    json_add_int(o, "pc", (int64_t)machine_cpu(c->machine, s->current)->hart->pc);
    json_add_bool(o, "live-edge", travel_at_live_edge(c->travel));
    return o;
}

struct json_object *run_when(struct call *k)
{
    return describe_place(k->control);
}

void show_when(struct call *k, struct json_object *answer, struct text *out)
{
    ull ns = (ull)json_get_int(answer, "virtual-ns");

    (void)k;
    text_add(out, "tick %llu of %llu, %llu.%09llu s of virtual time, %llu instructions\n",
             (ull)json_get_int(answer, "tick"), (ull)json_get_int(answer, "end"), ns / 1000000000,
             ns % 1000000000, (ull)json_get_int(answer, "instructions"));
    text_add(out, "CPU #%u at 0x%llx%s\n", (unsigned)json_get_int(answer, "cpu-index"),
             (ull)json_get_int(answer, "pc"),
             json_get_bool(answer, "live-edge") ? ", at the live edge" : "");
}

struct json_object *run_hash(struct call *k)
{
    struct json_object *o = json_object_new_object();
    char hash[24];

    snprintf(hash, sizeof hash, "%016llx", (ull)machine_hash(k->control->machine));
    json_add_text(o, "hash", hash);
    return o;
}

void show_hash(struct call *k, struct json_object *answer, struct text *out)
{
    (void)k;
    text_add(out, "%s\n", json_get_text(answer, "hash"));
}

static bool may_go(struct call *k)
{
    if (!k->control->options.keeps_past) {
        (void)call_fail(k, "this machine's past is not kept: record it, or give -gdb");
        return false;
    }
    return true;
}

struct json_object *run_goto(struct call *k)
{
    struct control *c = k->control;
    enum travel_why why;
    tick to;

    if (!may_go(k)) {
        return NULL;
    }
    if (!travel_parse_place(c->travel, call_text(k, "to"), &to)) {
        return call_fail(k, "where to? TICK, +TICKS, -TICKS, PERCENT%%, begin or end");
    }
    if (to < travel_begin(c->travel) || to > travel_end(c->travel)) {
        return call_fail(k, "history is from tick %llu to %llu", (ull)travel_begin(c->travel),
                         (ull)travel_end(c->travel));
    }
    control_set_stopped(c, RUN_PAUSED);
    why = travel_seek(c->travel, to).why;
    if (why == TRAVEL_DIVERGED) {
        return call_fail(k, "the replay differs from the recording at tick %llu",
                         (ull)travel_now(c->travel));
    }
    if (why == TRAVEL_INTERRUPTED) {
        return call_fail(k, "interrupted on the way, at tick %llu", (ull)travel_now(c->travel));
    }
    return describe_place(c);
}

struct json_object *run_last_write(struct call *k)
{
    struct control *c = k->control;
    struct cpu *cpu = machine_cpu(c->machine, k->hart);
    uint64_t at = call_number(k, "val", 0), size = call_number(k, "size", 8);
    struct travel_write write;
    struct json_object *o;
    struct text line = {0};
    haddr home;

    if (!may_go(k)) {
        return NULL;
    }
    if (size == 0 || size > PAGE_SIZE - at % PAGE_SIZE) {
        return call_fail(k, "size is at least 1, and the bytes lie in one page");
    }
    if (!call_bool(k, "physical") && !cpu_debug_translate(cpu, at, &at)) {
        return call_fail(k, "CPU %u maps nothing there now", k->hart);
    }
    if (!mem_home_of(machine_mem(c->machine), at, size, &home)) {
        return call_fail(k, "there is no memory at physical address 0x%llx", (ull)at);
    }
    switch (travel_last_write(c->travel, home, size, travel_now(c->travel), &write)) {
    case TRAVEL_ARRIVED: break;
    case TRAVEL_BEGIN:
        return call_fail(k, "nothing wrote there since tick %llu, where history begins",
                         (ull)travel_begin(c->travel));
    case TRAVEL_DIVERGED: return call_fail(k, "the replay differs from the recording");
    case TRAVEL_HIT:
    case TRAVEL_END:
    case TRAVEL_POWER:
    case TRAVEL_INTERRUPTED: return call_fail(k, "interrupted");
    }
    o = json_object_new_object();
    travel_print_write(&write, &line);
    json_add_int(o, "tick", (int64_t)write.at);
    json_add_text(o, "writer", write.writer);
    json_add_text(o, "text", line.data);
    text_add_bytes(&k->out, line.data, line.length);
    text_fini(&line);
    return o;
}

struct json_object *run_go_live(struct call *k)
{
    struct control *c = k->control;
    struct text said = {0};
    struct json_object *o;
    struct error e;
    int failed = 0;

    if (!may_go(k)) {
        return NULL;
    }
    control_set_stopped(c, RUN_PAUSED);
    if (!travel_is_live(c->travel) || (call_bool(k, "here") && !travel_at_live_edge(c->travel))) {
        if (c->options.branch == NULL || machine_state(c->machine)->power != POWER_ON ||
            !travel_is_sound(c->travel)) {
            return call_fail(k,
                             "nothing can begin here: the machine is off, or no branches are made");
        }
        failed = c->options.branch(c->options.opaque, &said, &e);
    } else if (!travel_at_live_edge(c->travel)) {
        (void)travel_seek(c->travel, travel_end(c->travel));
    }
    if (failed < 0) {
        text_fini(&said);
        return call_fail(k, "%s", e.text);
    }
    o = describe_place(c);
    json_add_text(o, "text", said.length > 0 ? said.data : "");
    text_add_bytes(&k->out, said.data, said.length);
    text_fini(&said);
    return o;
}
