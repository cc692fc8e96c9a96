/* SPDX-License-Identifier: GPL-2.0-or-later
 * monitor: -monitor, -qmp and -mon: which dialect is spoken on which character device. It is the host's
 * affair, and not in a configuration.
 */
#include <stdio.h>

#include "options/internal.h"

/* As -serial has it; and said of the option that it was. */
static int check(const char *option, const char *text, struct error *e)
{
    size_t prefix = strlen("-serial ") + strlen(text) + strlen(": ");
    struct serial_spec spec;

    if (serial_spec_parse(&spec, text, e) == 0) {
        return 0;
    }
    memmove(e->text, e->text + prefix, strlen(e->text + prefix) + 1);
    return error_prefix(e, "%s %s", option, text);
}

static int add(struct options *o, const char *option, const char *text, bool is_pretty,
               struct error *e)
{
    struct options_monitor *m = &o->monitors[o->monitor_count];
    const char *id = options_chardev_of(text);

    if (strcmp(text, "none") == 0 || strcmp(text, "null") == 0) {
        return 0;
    }
    if (o->monitor_count == OPTIONS_MONITORS_MAX) {
        return error_set(e, "at most %d monitors", OPTIONS_MONITORS_MAX);
    }
    *m = (struct options_monitor){.text = id == NULL ? text : NULL, /* -mon's is on its stack */
                                  .is_qmp = strcmp(option, "-monitor") != 0,
                                  .is_pretty = is_pretty};
    o->monitor_count++;
    if (id == NULL) {
        return check(option, text, e);
    }
    return options_copy_text(m->id, sizeof m->id, "the id of a character device", id, e);
}

static int take_monitor(struct options *o, const char *v, struct error *e)
{
    return add(o, "-monitor", v, false, e);
}

static int take_qmp(struct options *o, const char *v, struct error *e)
{
    return add(o, "-qmp", v, false, e);
}

static int take_qmp_pretty(struct options *o, const char *v, struct error *e)
{
    return add(o, "-qmp-pretty", v, true, e);
}

struct mon {
    char text[160];
    bool is_qmp, is_pretty;
};

static int take_word(struct mon *m, const char *key, const char *value, struct error *e)
{
    if (key[0] == '\0' || strcmp(key, "chardev") == 0) {
        snprintf(m->text, sizeof m->text, "chardev:%s", value);
    } else if (strcmp(key, "mode") == 0) {
        m->is_qmp = strcmp(value, "control") == 0;
        if (!m->is_qmp && strcmp(value, "readline") != 0) {
            return error_set(e, "mode=%s: readline or control is wanted", value);
        }
    } else if (strcmp(key, "pretty") == 0) {
        m->is_pretty = strcmp(value, "on") == 0;
    } else if (strcmp(key, "id") != 0) {
        return error_set(e, "does not take `%s`", key);
    }
    return 0;
}

static int take_mon(struct options *o, const char *v, struct error *e)
{
    char key[128], value[128];
    struct mon m = {0};

    for (const char *rest = v; rest != NULL;) {
        rest = options_next_item(rest, key, value, sizeof value);
        if (take_word(&m, key, value, e) < 0) {
            return error_prefix(e, "-mon %s", v);
        }
    }
    if (m.text[0] == '\0') {
        return error_set(e, "-mon %s: lacks chardev=", v);
    }
    return add(o, m.is_qmp ? "-mon" : "-monitor", m.text, m.is_pretty, e);
}

int options_monitor_spec(const struct options *o, unsigned i, struct serial_spec *spec,
                         struct error *e)
{
    char text[MACHINE_NAME_MAX + 16];

    snprintf(text, sizeof text, "chardev:%s", o->monitors[i].id);
    return options_chardev_spec(o, o->monitors[i].id[0] != '\0' ? text : o->monitors[i].text, spec,
                                e);
}

#define M (COMMANDS_MACHINE | COMMAND_REPLAY)
static const struct option_entry entries[] = {
    {"-monitor", M, "stdio|pty|none|unix:PATH|tcp:HOST:PORT|chardev:ID",
     "a monitor for people, spoken to as QEMU's", take_monitor},
    {"-qmp", M, "unix:PATH,server=on,wait=off|tcp:...|stdio|chardev:ID",
     "a monitor for programs, in JSON (QMP)", take_qmp},
    {"-qmp-pretty", M, "unix:PATH|tcp:...|stdio|chardev:ID", "the same, with lines for people",
     take_qmp_pretty},
    {"-mon", M, "[chardev=]ID[,mode=readline|control][,pretty=on|off]",
     "a monitor on the character device ID", take_mon},
};
const struct option_group options_of_monitors = {entries, ARRAY_LEN(entries)};
