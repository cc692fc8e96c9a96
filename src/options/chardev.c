/* SPDX-License-Identifier: GPL-2.0-or-later
 * chardev: -serial and -chardev: what is behind the machine's serial ports, and behind devices that name a
 * character device. It is the host's affair, and not in a configuration.
 */
#include <stdio.h>

#include "bus/bus.h"
#include "options/internal.h"

const char *options_chardev_of(const char *text)
{
    return strncmp(text, "chardev:", 8) == 0 ? text + 8 : NULL;
}

static int take_serial(struct options *o, const char *v, struct error *e)
{
    struct serial_spec spec;

    if (o->serial_count == MACHINE_SERIALS_MAX) {
        return error_set(e, "at most %d -serial", MACHINE_SERIALS_MAX);
    }
    o->serials[o->serial_count++] = v;
    o->machine.serial_count = o->serial_count;
    return options_chardev_of(v) != NULL ? 0 : serial_spec_parse(&spec, v, e);
}

static struct options_chardev *find_chardev(struct options *o, const char *id)
{
    for (uint32_t i = 0; i < o->chardev_count; i++) {
        if (strcmp(o->chardevs[i].id, id) == 0) {
            return &o->chardevs[i];
        }
    }
    return NULL;
}

static int take_chardev(struct options *o, const char *v, struct error *e)
{
    struct options_chardev *c = &o->chardevs[o->chardev_count];
    struct serial_spec spec;
    char id[MACHINE_NAME_MAX];

    if (strcmp(v, "help") == 0 || strcmp(v, "?") == 0) {
        text_add(&o->list, "Available chardev backend types:\n"
                           "  file\n  null\n  pipe\n  pty\n  ringbuf\n  socket\n  stdio\n");
        return 0;
    }
    if (o->chardev_count == OPTIONS_CHARDEVS_MAX) {
        return error_set(e, "at most %d -chardev", OPTIONS_CHARDEVS_MAX);
    }
    if (serial_spec_parse_chardev(&spec, id, sizeof id, v, e) < 0) {
        return -1;
    }
    if (!thing_id_is_good(id)) {
        return error_set(e,
                         "-chardev %s: an id is up to %d letters, digits, '-', '_' and '.', not "
                         "'%s'",
                         v, MACHINE_NAME_MAX - 1, id);
    }
    if (find_chardev(o, id) != NULL) {
        return error_set(e, "-chardev %s: two of them are called '%s'", v, id);
    }
    *c = (struct options_chardev){.text = v};
    memcpy(c->id, id, sizeof id);
    o->chardev_count++;
    return 0;
}

/* ---- as a whole ------------------------------------------------------------------------------- */

static int use(struct options *o, const char *who, const char *id, struct error *e)
{
    struct options_chardev *c = find_chardev(o, id);

    if (c == NULL) {
        return error_set(e, "%s: no -chardev is called '%s'", who, id);
    }
    if (c->is_used) {
        return error_set(e, "%s: the character device '%s' has a user already", who, id);
    }
    c->is_used = true;
    return 0;
}

static bool is_shared(const struct options *o, const char *id)
{
    struct serial_spec spec;
    char ignored[MACHINE_NAME_MAX];
    struct error e;

    for (uint32_t i = 0; i < o->chardev_count; i++) {
        if (strcmp(o->chardevs[i].id, id) == 0) {
            return serial_spec_parse_chardev(&spec, ignored, sizeof ignored, o->chardevs[i].text,
                                             &e) == 0 &&
                   spec.keys;
        }
    }
    return false;
}

static unsigned count_terminals(const struct options *o)
{
    struct serial_spec spec;
    char id[MACHINE_NAME_MAX];
    struct error e;
    unsigned count = 0;

    for (uint32_t i = 0; i < o->chardev_count; i++) {
        count += o->chardevs[i].is_used &&
                 serial_spec_parse_chardev(&spec, id, sizeof id, o->chardevs[i].text, &e) == 0 &&
                 spec.kind == SERIAL_STDIO;
    }
    for (uint32_t i = 0; i < o->serial_count; i++) {
        count += options_chardev_of(o->serials[i]) == NULL &&
                 serial_spec_parse(&spec, o->serials[i], &e) == 0 && spec.kind == SERIAL_STDIO;
    }
    for (uint32_t i = 0; i < o->monitor_count; i++) {
        count += o->monitors[i].id[0] == '\0' &&
                 serial_spec_parse(&spec, o->monitors[i].text, &e) == 0 &&
                 spec.kind == SERIAL_STDIO;
    }
    return count;
}

int options_check_chardevs(struct options *o, struct error *e)
{
    if ((o->command & (COMMANDS_MACHINE | COMMAND_REPLAY)) == 0 || o->help || o->list.length != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < o->monitor_count; i++) {
        const char *id = o->monitors[i].id;

        /* A multiplexed one may have a serial port as well. */
        if (*id != '\0' && !is_shared(o, id) && use(o, "-mon", id, e) < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < o->serial_count; i++) {
        const char *id = options_chardev_of(o->serials[i]);

        if (id != NULL && use(o, "-serial", id, e) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < o->machine.things.count; i++) {
        const struct machine_thing *t = &o->machine.things.data[i];
        const char *id = strcmp(t->class, MODEL_CLASS) == 0 ? thing_text(t, "chardev", NULL) : NULL;

        if (id != NULL && use(o, t->id, id, e) < 0) {
            return error_prefix(e, "-device %s", thing_text(t, "driver", ""));
        }
    }
    return count_terminals(o) > 1 ? error_set(e, "-serial, -monitor and -chardev ask for stdio "
                                                 "more than once, and there is one")
                                  : 0;
}

int options_serial_spec(const struct options *o, unsigned i, struct serial_spec *spec,
                        struct error *e)
{
    const char *text = i < o->serial_count       ? o->serials[i]
                       : count_terminals(o) == 0 ? "stdio"
                                                 : "null";

    return options_chardev_spec(o, text, spec, e);
}

int options_chardev_spec(const struct options *o, const char *text, struct serial_spec *spec,
                         struct error *e)
{
    const char *id = options_chardev_of(text);
    char ignored[MACHINE_NAME_MAX];

    for (uint32_t n = 0; id != NULL && n < o->chardev_count; n++) {
        if (strcmp(o->chardevs[n].id, id) == 0) {
            return serial_spec_parse_chardev(spec, ignored, sizeof ignored, o->chardevs[n].text, e);
        }
    }
    return serial_spec_parse(spec, text, e);
}

#define M COMMANDS_MACHINE
static const struct option_entry entries[] = {
    {"-serial", M, "stdio|pty|null|file:PATH|pipe:PATH|unix:PATH|tcp:HOST:PORT|chardev:ID",
     "back end of the next UART", take_serial},
    {"-chardev", M | COMMAND_REPLAY, "KIND,id=ID[,...]",
     "a back end for a device to name; help lists the kinds", take_chardev},
};
const struct option_group options_of_chardevs = {entries, ARRAY_LEN(entries)};
