/* SPDX-License-Identifier: GPL-2.0-or-later
 * live: making new history from the monitor: branches, going to the live edge, typing at a serial
 * port, and what the guest prints meanwhile.
 */
#include "gdb/internal.h"

/* What the guest prints where nothing can be shown; the rest is dropped. */
#define PRINTED_MAX (64 * KIB)

/* ---- branches ---- */

static int still_runs(const struct gdb_session *s, struct error *e)
{
    return machine_state(s->machine)->power == POWER_ON
               ? 0
               : error_set(e, "The guest has ended here: go back before you change something.");
}

int gdb_may_branch(const struct gdb_session *s, struct error *e)
{
    if (s->options.branch == NULL) {
        return travel_is_live(s->travel)
                   ? error_set(e,
                               "This is the past: go to the end (monitor goto end) to change it.")
                   : error_set(e, "This is a recording: what happened cannot be changed.");
    }
    if (still_runs(s, e) < 0) {
        return -1;
    }
    if (!travel_is_sound(s->travel)) {
        return error_set(e, "The replay differs from the recording: nothing can begin here.");
    }
    return s->options.may_branch != NULL ? s->options.may_branch(s->options.opaque, e) : 0;
}

int gdb_branch(struct gdb_session *s, struct text *said, struct error *e)
{
    if (gdb_may_branch(s, e) < 0 || s->options.branch(s->options.opaque, said, e) < 0) {
        return -1;
    }
    must(travel_at_live_edge(s->travel));
    return 0;
}

void gdb_command_branch(struct gdb_session *s, const char *argument, struct text *out)
{
    struct error e;

    if (s->options.name_branch == NULL) {
        text_add(out, "there are no branches here\n");
    } else if (s->options.name_branch(s->options.opaque, argument, out, &e) < 0) {
        text_add(out, "%s\n", e.text);
    }
}

/* At a live edge, by a branch if need be. */
static bool come_alive(struct gdb_session *s, struct text *out)
{
    struct error e;

    gdb_journey_begins(s);
    if (travel_at_live_edge(s->travel) ? still_runs(s, &e) < 0 : gdb_branch(s, out, &e) < 0) {
        text_add(out, "%s\n", e.text);
        return false;
    }
    return true;
}

void gdb_command_go_live(struct gdb_session *s, const char *argument, struct text *out)
{
    bool here = strcmp(argument, "here") == 0;

    if (*argument != '\0' && !here) {
        text_add(out, "golive, or golive here?\n");
        return;
    }
    if (here || !travel_is_live(s->travel)) {
        if (!come_alive(s, out)) {
            return;
        }
    } else if (!travel_at_live_edge(s->travel)) {
        gdb_journey_begins(s);
        if (travel_seek(s->travel, travel_end(s->travel)).why == TRAVEL_INTERRUPTED) {
            text_add(out, "interrupted on the way; this is where it has got to:\n");
        }
        s->hart = machine_state(s->machine)->current;
        gdb_add_hint(s, out);
    }
    gdb_add_when(s, out);
}

/* ---- typing ---- */

/* Takes "\n" and the like, or a byte that is itself; -1: no escape that we know. */
static int take_character(const char **at)
{
    const char *c = *at;
    int high, low;

    *at = c + 1;
    if (*c != '\\') {
        return (uint8_t)*c;
    }
    *at = c + 2;
    switch (c[1]) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '\\': return '\\';
    case 'x':
        high = gdb_hex_digit((uint8_t)c[2]);
        low = high >= 0 ? gdb_hex_digit((uint8_t)c[3]) : -1;
        *at = c + 4;
        return low >= 0 ? high << 4 | low : -1;
    default: return -1;
    }
}

static bool unescape(const char *text, struct text *out)
{
    while (*text != '\0') {
        int c = take_character(&text);
        uint8_t byte = (uint8_t)c;

        if (c < 0) {
            return false;
        }
        text_add_bytes(out, &byte, 1);
    }
    return true;
}

/* The port that the first word names, with a device behind it; -1: none. */
static int port_of_word(const struct gdb_session *s, const char *word, size_t length)
{
    char name[sizeof machine_port(s->machine, 0)->name];
    int port;

    if (length == 0 || length >= sizeof name) {
        return -1;
    }
    memcpy(name, word, length);
    name[length] = '\0';
    port = machine_port_by_name(s->machine, name);
    return port >= 0 && machine_port(s->machine, port)->device != NULL ? port : -1;
}

void gdb_command_type(struct gdb_session *s, const char *argument, struct text *out)
{
    size_t word = strcspn(argument, " ");
    int port = port_of_word(s, argument, word);
    struct text bytes = {0};
    size_t taken;

    if (port >= 0) {
        argument += word + strspn(argument + word, " ");
    } else {
        port = port_of_word(s, "serial0", strlen("serial0"));
    }
    if (port < 0 || *argument == '\0') {
        text_add(out, port < 0 ? "the machine has no serial port\n" : "type what?\n");
    } else if (!unescape(argument, &bytes)) {
        text_add(out, "after a backslash: n, r, t, a backslash, or x and two digits\n");
    } else if (come_alive(s, out)) {
        taken = travel_post(s->travel, (uint16_t)port, bytes.data, bytes.length);
        text_add(out, "%zu byte%s for %s%s\n", taken, taken == 1 ? "" : "s",
                 machine_port(s->machine, port)->name,
                 taken < bytes.length ? "; the rest found no room"
                                      : ", taken when the guest goes on");
    }
    text_fini(&bytes);
}

/* ---- what the guest prints ---- */

void gdb_command_console(struct gdb_session *s, const char *argument, struct text *out)
{
    int port = port_of_word(s, argument, strlen(argument));

    if (!s->options.shows_console) {
        text_add(out, "output does not come here: it goes where the server was told\n");
        return;
    }
    if (strcmp(argument, "off") == 0) {
        s->console = -1;
    } else if (port >= 0) {
        s->console = port;
    } else if (*argument != '\0') {
        text_add(out, "the machine has no serial port \"%s\"\n", argument);
    }
    if (s->console >= 0) {
        text_add(out, "new output of %s is shown\n", machine_port(s->machine, s->console)->name);
    } else {
        text_add(out, "no output is shown\n");
    }
}

static void print(struct gdb_session *s, const uint8_t *bytes, size_t count)
{
    if (s->printed.length + count > PRINTED_MAX) {
        gdb_session_flush(s);
    }
    if (s->printed.length + count <= PRINTED_MAX) {
        text_add_bytes(&s->printed, bytes, count);
    }
}

void gdb_session_output(struct gdb_session *s, uint16_t port, const uint8_t *bytes, size_t count)
{
    /* What a called function prints is part of its answer, wherever else output may go. */
    bool of_call = travel_is_diverted(s->travel) && !s->options.shows_console &&
                   port == machine_port_by_name(s->machine, "serial0");

    if (s->console == port || of_call) {
        print(s, bytes, count);
    }
}

void gdb_session_flush(struct gdb_session *s)
{
    if (s->going && s->printed.length != 0) {
        gdb_console_bytes(s, s->printed.data, s->printed.length);
        s->printed.length = 0;
    }
}
