/* SPDX-License-Identifier: GPL-2.0-or-later
 * info: what is in a recording, for people and as JSON.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "cli/cli.h"
#include "cli/say.h"

static void put(struct json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

static void put_text(struct json_object *o, const char *key, const char *value)
{
    json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

static void put_hash(struct json_object *o, const char *key, uint64_t hash)
{
    char text[24];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    put_text(o, key, text);
}

static struct json_object *things_as_json(const struct machine_config *c)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];
        struct json_object *o = json_object_new_object(), *all = json_object_new_object();

        put_text(o, "class", t->class);
        put_text(o, "id", t->id);
        for (size_t k = 0; k < t->properties.count; k++) {
            const struct machine_property *p = &t->properties.data[k];

            if (p->kind == PROPERTY_TEXT) {
                put_text(all, p->name, p->text);
            } else if (p->kind == PROPERTY_FLAG) {
                json_object_object_add(all, p->name, json_object_new_boolean(p->number != 0));
            } else {
                put(all, p->name, p->number);
            }
        }
        json_object_object_add(o, "properties", all);
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *behaviours_as_json(const struct machine_uses *u)
{
    struct json_object *o = json_object_new_object();

    if (u->everything != 0) {
        put(o, "everything", u->everything);
    }
    for (uint32_t i = 0; i < u->count; i++) {
        char name[2 * MACHINE_NAME_MAX + 2];

        (void)snprintf(name, sizeof name, "%s %s", u->list[i].kind, u->list[i].name);
        put(o, name, u->list[i].behaviour);
    }
    return o;
}

static void print_json(const struct recording_info *i)
{
    struct json_object *o = json_object_new_object();
    struct json_object *files = json_object_new_array(), *needs = json_object_new_array();

    for (size_t n = 0; n < i->file_count; n++) {
        struct json_object *f = json_object_new_object();
        put_text(f, "role", i->files[n].role);
        put_text(f, "name", i->files[n].name);
        put(f, "bytes", i->files[n].bytes);
        put_hash(f, "hash", i->files[n].hash);
        json_object_object_add(f, "embedded", json_object_new_boolean(i->files[n].embedded));
        json_object_object_add(f, "in_part", json_object_new_boolean(i->files[n].in_part));
        put(f, "clusters_read", i->files[n].clusters);
        json_object_array_add(files, f);
        if (!i->files[n].embedded) {
            json_object_array_add(needs, json_object_new_string(i->files[n].name));
        }
    }
    put(o, "format", i->format);
    put_text(o, "program", i->program);
    put_text(o, "arch", i->arch);
    put_text(o, "board", i->board);
    put_text(o, "cpu", i->cpu);
    put(o, "harts", i->harts);
    put(o, "ram_bytes", i->ram_bytes);
    put(o, "epoch_ns", i->epoch_ns);
    put(o, "seed", i->seed);
    put(o, "shift", i->shift);
    put_text(o, "append", i->append);
    json_object_object_add(o, "files", files);
    json_object_object_add(o, "needs", needs);
    json_object_object_add(o, "things", things_as_json(i->config));
    json_object_object_add(o, "behaviours", behaviours_as_json(&i->config->uses));
    put(o, "ticks", i->ticks);
    put(o, "instructions", i->instructions);
    put(o, "virtual_ns", i->virtual_ns);
    put(o, "inputs", i->inputs);
    put(o, "input_bytes", i->input_bytes);
    put(o, "witnesses", i->witnesses);
    put_hash(o, "final_hash", i->final_hash);
    json_object_object_add(o, "complete", json_object_new_boolean(i->complete));
    put_text(o, "ended", i->ended);
    put(o, "exit_status", i->exit_status);
    put(o, "recording_bytes", i->recording_bytes);
    put(o, "blob_bytes", i->blob_bytes);
    put_text(o, "problem", i->problem);
    if (i->origin) {
        put_text(o, "branch_of", i->origin->name);
        put(o, "branched_at", i->origin->at);
    }
    say_json(o);
    json_object_put(o);
}

static void print_thing(const struct machine_thing *t)
{
    struct text line = {0};

    text_add(&line, "%-13s %s", t->id, t->class);
    for (size_t i = 0; i < t->properties.count; i++) {
        const struct machine_property *p = &t->properties.data[i];

        if (p->kind == PROPERTY_TEXT) {
            text_add(&line, ", %s=%s", p->name, p->text);
        } else {
            text_add(&line, ", %s=%llu", p->name, (unsigned long long)p->number);
        }
    }
    say_line(stdout, "%s", line.data);
    text_fini(&line);
}

static void print_behaviours(const struct machine_uses *u)
{
    struct text line = {0};

    if (u->everything != 0) {
        text_add(&line, "everything %u", u->everything);
    }
    for (uint32_t i = 0; i < u->count; i++) {
        text_add(&line, "%s%s %s %u", i == 0 ? "" : ", ", u->list[i].kind, u->list[i].name,
                 u->list[i].behaviour);
    }
    if (line.length > 0) {
        say_line(stdout, "behaviours    %s", line.data);
    }
    text_fini(&line);
}

static void print_file(const struct recording_file *f)
{
    if (f->in_part) {
        say_line(stdout, "%-13s %s, %llu bytes, of which %llu times 64 KiB were read%s", f->role,
                 f->name, (unsigned long long)f->bytes, (unsigned long long)f->clusters,
                 f->embedded ? ", embedded" : "");
    } else {
        say_line(stdout, "%-13s %s, %llu bytes, %016llx%s", f->role, f->name,
                 (unsigned long long)f->bytes, (unsigned long long)f->hash,
                 f->embedded ? ", embedded" : ", by reference");
    }
}

/* Whoever replays it elsewhere has to have these. */
static void print_needs(const struct recording_info *i)
{
    struct text line = {0};

    for (size_t n = 0; n < i->file_count; n++) {
        if (!i->files[n].embedded) {
            text_add(&line, "%s%s", line.length > 0 ? ", " : "", i->files[n].name);
        }
    }
    say_line(stdout, "needs         %s", line.length > 0 ? line.data : "no other file");
    text_fini(&line);
}

static void print_text(const struct recording_info *i)
{
    say_line(stdout, "recording     format %u, made by %s", i->format, i->program);
    if (i->origin) {
        say_line(stdout, "branch        of %s at tick %llu",
                 i->origin->name[0] ? i->origin->name : "a machine that was not recorded",
                 (unsigned long long)i->origin->at);
    }
    say_line(stdout, "machine       %s %s%s%s, %u hart%s, %llu MiB", i->arch, i->board,
             i->cpu[0] ? ", cpu " : "", i->cpu, i->harts, i->harts == 1 ? "" : "s",
             (unsigned long long)(i->ram_bytes >> 20));
    if (i->append[0]) {
        say_line(stdout, "append        %s", i->append);
    }
    for (size_t n = 0; n < i->file_count; n++) {
        print_file(&i->files[n]);
    }
    print_needs(i);
    for (size_t n = 0; n < i->config->things.count; n++) {
        print_thing(&i->config->things.data[n]);
    }
    print_behaviours(&i->config->uses);
    say_line(stdout, "ticks         %llu", (unsigned long long)i->ticks);
    say_line(stdout, "instructions  %llu", (unsigned long long)i->instructions);
    say_line(stdout, "virtual time  %.6f s", (double)i->virtual_ns / 1e9);
    say_line(stdout, "inputs        %llu, %llu bytes", (unsigned long long)i->inputs,
             (unsigned long long)i->input_bytes);
    say_line(stdout, "witnesses     %llu", (unsigned long long)i->witnesses);
    if (i->complete) {
        say_line(stdout, "final hash    %016llx", (unsigned long long)i->final_hash);
    }
    if (i->exit_status) {
        say_line(stdout, "ended         %s, guest status %u", i->ended, i->exit_status);
    } else {
        say_line(stdout, "ended         %s", i->ended);
    }
    say_line(stdout, "size          %llu bytes, of which %llu are embedded files",
             (unsigned long long)i->recording_bytes, (unsigned long long)i->blob_bytes);
    if (i->problem) {
        say_line(stdout, "problem       %s", i->problem);
    }
}

int command_info(struct options *o)
{
    struct error e;
    struct recording_info info;
    struct recording *r =
        cli_confine(o, false, NULL, &e) == 0 ? recording_open_for_info(o->files[0], &e) : NULL;

    if (!r) {
        return cli_fail(&e);
    }
    if (board_check_things(recording_config(r), &e) < 0) {
        error_prefix(&e, "%s", o->files[0]);
        recording_close(r);
        return cli_fail(&e);
    }
    recording_get_info(r, &info);
    if (o->json) {
        print_json(&info);
    } else {
        print_text(&info);
    }
    recording_close(r);
    return EXIT_FINE;
}
