/* SPDX-License-Identifier: GPL-2.0-or-later
 * about: commands about the program and about commands.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "control/internal.h"

/* ---- the program ---- */

struct json_object *run_capabilities(struct call *k)
{
    struct json_object *wanted =
        k->arguments != NULL ? json_object_object_get(k->arguments, "enable") : NULL;

    if (wanted != NULL && !json_object_is_type(wanted, json_type_array)) {
        return call_fail(k, "Invalid parameter type for 'enable', expected: array");
    }
    if (wanted != NULL && json_object_array_length(wanted) > 0) {
        return call_fail(k, "no capability is offered, so none can be enabled");
    }
    k->monitor->is_negotiated = true;
    return call_done();
}

struct json_object *run_version(struct call *k)
{
    return qmp_version(k->control);
}

void show_version(struct call *k, struct json_object *answer, struct text *out)
{
    struct json_object *n = json_object_object_get(answer, "qemu");

    (void)k;
    text_add(out, "%d.%d.%d (%s)\n", (int)json_get_int(n, "major"), (int)json_get_int(n, "minor"),
             (int)json_get_int(n, "micro"), json_get_text(answer, "package"));
}

struct json_object *run_name(struct call *k)
{
    struct json_object *o = json_object_new_object();

    if (k->control->options.name != NULL) {
        json_add_text(o, "name", k->control->options.name);
    }
    return o;
}

void show_name(struct call *k, struct json_object *answer, struct text *out)
{
    const char *name = json_get_text(answer, "name");

    (void)k;
    text_add(out, "%s%s", name != NULL ? name : "", name != NULL ? "\n" : "");
}

struct json_object *run_uuid(struct call *k)
{
    struct json_object *o = json_object_new_object();

    json_add_text(o, "UUID",
                  k->control->options.uuid != NULL ? k->control->options.uuid
                                                   : "00000000-0000-0000-0000-000000000000");
    return o;
}

void show_uuid(struct call *k, struct json_object *answer, struct text *out)
{
    (void)k;
    text_add(out, "%s\n", json_get_text(answer, "UUID"));
}

struct json_object *run_kvm(struct call *k)
{
    struct json_object *o = json_object_new_object();

    (void)k;
    json_add_bool(o, "enabled", false);
    json_add_bool(o, "present", false);
    return o;
}

void show_kvm(struct call *k, struct json_object *answer, struct text *out)
{
    (void)k;
    (void)answer;
    text_add(out, "kvm support: not compiled\n");
}

struct json_object *run_target(struct call *k)
{
    struct json_object *o = json_object_new_object();

    json_add_text(o, "arch", machine_isa(k->control->machine)->name);
    return o;
}

struct json_object *run_machines(struct call *k)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < board_registry_count; i++) {
        const struct board *b = &board_registry[i];
        struct json_object *o;

        if (strcmp(b->arch, k->control->options.config->arch) != 0) {
            continue;
        }
        o = json_object_new_object();
        json_add_text(o, "name", b->name);
        json_add_int(o, "cpu-max", MACHINE_HARTS_MAX);
        json_add_bool(o, "hotpluggable-cpus", false);
        json_add_bool(o, "numa-mem-supported", false);
        json_add_bool(o, "deprecated", false);
        json_object_array_add(list, o);
    }
    return list;
}

/* What lies in memory at every reset. */
struct json_object *run_roms(struct call *k)
{
    static const char *const roles[IMAGE_COUNT] = {"bios", "kernel", "initrd", "dtb"};
    const struct machine_config *c = k->control->options.config;

    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (c->images[i].name != NULL) {
            text_add(&k->out, "%s size=0x%06llx name=\"", roles[i], (ull)c->images[i].size);
            text_add_visible(&k->out, c->images[i].name, strlen(c->images[i].name), "");
            text_add(&k->out, "\" hash=%016llx\n", (ull)c->images[i].hash);
        }
    }
    return call_done();
}

/* ---- commands ---- */

struct json_object *run_commands(struct call *k)
{
    struct json_object *list = json_object_new_array();

    (void)k;
    for (size_t i = 0; i < control_command_count; i++) {
        if (control_commands[i].qmp != NULL && control_commands[i].run != NULL) {
            struct json_object *o = json_object_new_object();

            json_add_text(o, "name", control_commands[i].qmp);
            json_object_array_add(list, o);
        }
    }
    return list;
}

static void help_line(const struct command *d, struct text *out)
{
    text_add(out, "%s", d->human);
    if (d->alias != NULL) {
        text_add(out, "|%s", d->alias);
    }
    for (unsigned i = 0; i < command_argument_count(d); i++) {
        const struct argument *a = &d->arguments[i];

        text_add(out, a->is_optional ? " [%s]" : " %s", a->name);
    }
    text_add(out, " -- %s\n", d->run != NULL ? d->help : d->refused);
}

static bool is_info(const struct command *d)
{
    return strncmp(d->human, "info ", 5) == 0;
}

/* All, those of `info`, or one. */
struct json_object *run_help(struct call *k)
{
    const char *name = call_text(k, "name");
    bool of_info = name != NULL && strcmp(name, "info") == 0, found = false;

    if (k->command->human != NULL && strcmp(k->command->human, "info") == 0) {
        of_info = true;
        if (name != NULL) {
            return call_fail(k, "there is no `info %s`: see `help info`", name);
        }
    }
    for (size_t i = 0; i < control_command_count; i++) {
        const struct command *d = &control_commands[i];

        if (d->human == NULL || is_info(d) != (of_info || (name != NULL && is_info(d)))) {
            continue;
        }
        if (of_info || name == NULL || strcmp(name, d->human) == 0 ||
            (d->alias != NULL && strcmp(name, d->alias) == 0)) {
            help_line(d, &k->out);
            found = true;
        }
    }
    return found ? call_done() : call_fail(k, "there is no command '%s'", name);
}

struct json_object *run_human(struct call *k)
{
    uint64_t hart = call_number(k, "cpu-index", k->hart);
    struct text out = {0}, lines = {0};
    struct json_object *o;

    if (hart >= machine_hart_count(k->control->machine)) {
        return call_fail(k, "Parameter 'cpu-index' expects a CPU number");
    }
    must(human_run(k->monitor, call_text(k, "command-line"), (unsigned)hart, true, &out));
    for (size_t i = 0; i < out.length; i++) { /* as a terminal has it */
        text_add_bytes(&lines, out.data[i] == '\n' ? "\r\n" : out.data + i,
                       out.data[i] == '\n' ? 2 : 1);
    }
    o = json_text(lines.length > 0 ? lines.data : "");
    text_fini(&out);
    text_fini(&lines);
    return o;
}

/* "info st" completes the second word: past all before it. */
static const char *last_word(const char *name, const char *line, size_t length)
{
    const char *end;

    while ((end = memchr(line, ' ', length)) != NULL) {
        name += end + 1 - line;
        length -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    return name;
}

size_t human_complete(const char *line, size_t length, char **out, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < control_command_count && count < room; i++) {
        const char *name = control_commands[i].human, *word;

        if (name == NULL || strncmp(name, line, length) != 0) {
            continue;
        }
        word = last_word(name, line, length);
        out[count] = base_strdup(word);
        out[count][strcspn(word, " ")] = '\0';
        if (count > 0 && strcmp(out[count], out[count - 1]) == 0) {
            free(out[count]);
        } else {
            count++;
        }
    }
    return count;
}
