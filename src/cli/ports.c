/* SPDX-License-Identifier: GPL-2.0-or-later
 * ports: see ports.h.
 */
#include "cli/ports.h"
#include "cli/say.h"

#include <errno.h>
#include <stdio.h>

int ports_open(struct ports *p, const struct options *o, struct error *e)
{
    memset(p, 0, sizeof(*p));
    p->tty.fd = -1;
    if (nets_open(&p->nets, o, e) < 0 || nets_open_dumps(&p->nets, o, e) < 0) {
        return -1;
    }
    p->count = o->serial_count ? o->serial_count : 1;
    for (unsigned i = 0; i < p->count; i++) {
        const char *text = o->serial_count ? o->serials[i] : "stdio";
        struct serial_spec spec;
        if (serial_spec_parse(&spec, text, e) < 0) {
            return -1;
        }
        if (spec.kind == SERIAL_STDIO && o->nographic) {
            spec.keys = true; /* the terminal is the machine's: Ctrl-C is for the guest */
        }
        p->ends[i] = (struct port_end){.owner = p, .number = -1};
        p->ends[i].serial = serial_open(&spec, &p->tty, e);
        if (!p->ends[i].serial) {
            return error_prefix(e, "-serial %s", text);
        }
    }
    return 0;
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
    return journal_post(end->owner->journal, (uint16_t)end->number, bytes, count);
}

static void command(void *opaque, enum tty_command c)
{
    struct port_end *end = opaque;

    switch (c) {
    case TTY_QUIT: journal_post_quit(end->owner->journal, END_QUIT); break;
    case TTY_HELP: say_terminal(tty_help); break;
    case TTY_MONITOR:
        say_terminal(
            "\r\nreprise: the monitor is GDB's `monitor` command (-gdb, reprise debug)\r\n");
        break;
    case TTY_NONE: break;
    }
}

int ports_start(struct ports *p, struct journal *j, const struct machine *m, struct error *e)
{
    p->journal = j;
    for (unsigned i = 0; i < p->count; i++) {
        struct port_end *end = &p->ends[i];
        struct serial_events events = {.opaque = end, .post = post, .command = command};
        char name[24];

        snprintf(name, sizeof name, "serial%u", i);
        end->number = machine_port_by_name(m, name);
        if (end->number < 0) {
            return error_set(e, "the board has %u serial port%s, and -serial was given %u times", i,
                             i == 1 ? "" : "s", p->count);
        }
        if (serial_start(end->serial, &events, e) < 0) {
            return -1;
        }
    }
    return nets_watch(&p->nets, m, journal_config(j)->epoch_ns, e) < 0
               ? -1
               : nets_start(&p->nets, &p->journal, e);
}

void ports_switch(struct ports *p, struct journal *j)
{
    p->journal = j;
}

static void end_port(struct serial *s, unsigned number)
{
    char name[24];
    uint64_t dropped;
    int problem;

    serial_flush(s);
    dropped = serial_dropped(s);
    problem = serial_problem(s);
    serial_close(s);
    snprintf(name, sizeof name, "serial%u", number);
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
            end_port(p->ends[i].serial, i);
            p->ends[i].serial = NULL;
        }
    }
    nets_close(&p->nets);
    if (p->tty.fd >= 0) {
        tty_restore(&p->tty);
    }
}
