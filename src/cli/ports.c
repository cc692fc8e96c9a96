/* SPDX-License-Identifier: GPL-2.0-or-later
 * ports: see ports.h.
 */
#include "cli/ports.h"
#include "bus/bus.h"
#include "cli/monitors.h"
#include "cli/say.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static int open_end(struct ports *p, const struct serial_spec *spec, const char *name,
                    struct error *e)
{
    struct port_end *end = &p->ends[p->count++];
    const char *terminal;

    *end = (struct port_end){.owner = p, .number = -1, .has_keys = spec->keys};
    snprintf(end->name, sizeof end->name, "%s", name);
    end->serial = serial_open(spec, &p->tty, e);
    if (!end->serial) {
        return -1;
    }
    terminal = serial_terminal(end->serial);
    if (terminal) {
        say("%s: is %s", end->name, terminal);
    }
    return 0;
}

static int open_serial(struct ports *p, const struct options *o, unsigned i, struct error *e)
{
    struct serial_spec spec;
    char name[24];

    snprintf(name, sizeof name, "serial%u", i);
    if (options_serial_spec(o, i, &spec, e) < 0) {
        return -1;
    }
    if (spec.kind == SERIAL_STDIO && o->nographic) {
        spec.keys = true; /* the terminal is the machine's: Ctrl-C is for the guest */
    }
    if (open_end(p, &spec, name, e) < 0) {
        return error_prefix(e, "-serial %s", i < o->serial_count ? o->serials[i] : "stdio");
    }
    return 0;
}

/* Those that a device names; serial ports have opened theirs. */
static int open_chardevs(struct ports *p, const struct options *o, struct error *e)
{
    for (size_t i = 0; i < o->machine.things.count; i++) {
        const struct machine_thing *t = &o->machine.things.data[i];
        const char *id = strcmp(t->class, MODEL_CLASS) == 0 ? thing_text(t, "chardev", NULL) : NULL;

        for (uint32_t n = 0; id && n < o->chardev_count; n++) {
            char name[OPTIONS_CHARDEV_PORT_ROOM], ignored[MACHINE_NAME_MAX];
            struct serial_spec spec;

            if (strcmp(o->chardevs[n].id, id) != 0) {
                continue;
            }
            snprintf(name, sizeof name, OPTIONS_CHARDEV_PORT, id);
            if (serial_spec_parse_chardev(&spec, ignored, sizeof ignored, o->chardevs[n].text, e) <
                0) {
                return -1;
            }
            if (open_end(p, &spec, name, e) < 0) {
                return error_prefix(e, "-chardev %s", o->chardevs[n].text);
            }
        }
    }
    return 0;
}

int ports_open(struct ports *p, const struct options *o, struct error *e)
{
    memset(p, 0, sizeof(*p));
    p->tty.fd = -1;
    /* What comes from networks is in the recording. */
    if ((o->command != COMMAND_REPLAY && nets_open(&p->nets, o, e) < 0) ||
        nets_open_dumps(&p->nets, o, e) < 0) {
        return -1;
    }
    p->serial_count = o->serial_count ? o->serial_count : 1;
    for (unsigned i = 0; i < p->serial_count; i++) {
        if (open_serial(p, o, i, e) < 0) {
            return -1;
        }
    }
    return open_chardevs(p, o, e);
}

void ports_share(struct ports *p, struct monitors *m)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (p->ends[i].has_keys) {
            p->ends[i].monitor = monitors_share(m, p->ends[i].serial, p->ends[i].name);
        }
    }
}

static void output(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct ports *p = opaque;

    (void)at;
    for (unsigned i = 0; i < p->count; i++) {
        if (p->ends[i].number == port) {
            serial_output(p->ends[i].serial, bytes, count);
        }
    }
    nets_output(&p->nets, port, bytes, count);
}

static void input(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct ports *p = opaque;

    (void)at;
    nets_input(&p->nets, port, bytes, count);
}

static void flush(void *opaque)
{
    struct ports *p = opaque;
    for (unsigned i = 0; i < p->count; i++) {
        serial_flush(p->ends[i].serial);
    }
}

struct sink ports_sink(struct ports *p)
{
    return (struct sink){.opaque = p, .output = output, .flush = flush, .input = input};
}

static size_t post(void *opaque, const uint8_t *bytes, size_t count)
{
    struct port_end *end = opaque;

    if (end->to_monitor) {
        return monitors_type(end->monitor, bytes, count);
    }
    if (end->owner->journal == NULL) {
        return count; /* what entered is in the recording */
    }
    return journal_post(end->owner->journal, (uint16_t)end->number, bytes, count);
}

static void command(void *opaque, enum tty_command c)
{
    struct port_end *end = opaque;

    switch (c) {
    case TTY_QUIT:
        if (end->owner->journal != NULL) {
            journal_post_quit(end->owner->journal, END_QUIT);
        } else {
            raise(SIGINT); /* a replay ends as it does by Ctrl-C */
        }
        break;
    case TTY_HELP: say_terminal(tty_help); break;
    case TTY_MONITOR:
        if (end->monitor != NULL && !end->to_monitor) {
            end->to_monitor = true;
            monitors_show(end->monitor);
        } else {
            end->to_monitor = false;
        }
        break;
    case TTY_NONE: break;
    }
}

static void waits(void *opaque)
{
    const struct port_end *end = opaque;

    say("%s: the machine waits until somebody reads its output", end->name);
}

int ports_start(struct ports *p, struct journal *j, const struct machine *m, uint64_t epoch_ns,
                struct error *e)
{
    p->journal = j;
    for (unsigned i = 0; i < p->count; i++) {
        struct port_end *end = &p->ends[i];
        struct serial_events events = {
            .opaque = end, .post = post, .command = command, .waits = waits};

        end->number = machine_port_by_name(m, end->name);
        if (end->number < 0) {
            return error_set(e, "the board has %u serial port%s, and -serial was given %u times", i,
                             i == 1 ? "" : "s", p->serial_count);
        }
        if (serial_start(end->serial, &events, e) < 0) {
            return -1;
        }
    }
    return nets_watch(&p->nets, m, epoch_ns, e) < 0 ? -1 : nets_start(&p->nets, &p->journal, e);
}

size_t ports_sockets(const struct ports *p, const char **names)
{
    size_t count = 0;

    for (unsigned i = 0; i < p->count; i++) {
        const char *name = serial_socket(p->ends[i].serial);

        if (name != NULL) {
            names[count++] = name;
        }
    }
    return count;
}

void ports_switch(struct ports *p, struct journal *j)
{
    p->journal = j;
}

static void end_port(struct serial *s, const char *name)
{
    uint64_t dropped;
    int problem;

    serial_flush(s);
    dropped = serial_dropped(s);
    problem = serial_problem(s);
    serial_close(s);
    if (problem == EPIPE) {
        say_stdout_failed(problem); /* a reader that has seen enough */
    } else if (problem) {
        say_lost(name, problem);
    } else if (dropped) {
        say("%s: %llu bytes of output were dropped: the other side did not read them", name,
            (unsigned long long)dropped);
    }
}

void ports_close(struct ports *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (p->ends[i].serial) {
            end_port(p->ends[i].serial, p->ends[i].name);
            p->ends[i].serial = NULL;
        }
    }
    nets_close(&p->nets);
    if (p->tty.fd >= 0) {
        tty_restore(&p->tty);
    }
}
