/* SPDX-License-Identifier: GPL-2.0-or-later
 * serial_spec: what -serial and -chardev ask for, in QEMU's grammar: a kind, then options after
 * commas (a doubled comma is one in a value). Left out: telnet, websockets, TLS, reconnect.
 */
#include <stdio.h>

#include "world/world.h"

/* The text up to the next single comma, undoubled, into `out`. Returns what follows the comma, or
 * NULL at the end; *fits tells of a value that is too long. */
static const char *take_word(const char *at, char *out, size_t room, bool *fits)
{
    size_t n = 0;

    *fits = true;
    for (; *at != '\0'; at++) {
        if (at[0] == ',' && at[1] != ',') {
            break;
        }
        at += at[0] == ',';
        if (n + 1 < room) {
            out[n++] = *at;
        } else {
            *fits = false;
        }
    }
    out[n] = '\0';
    return *at == ',' ? at + 1 : NULL;
}

static int parse_switch(const char *name, const char *value, bool *out, struct error *e)
{
    if (value == NULL || strcmp(value, "on") == 0 || strcmp(value, "yes") == 0) {
        *out = true;
    } else if (strcmp(value, "off") == 0 || strcmp(value, "no") == 0) {
        *out = false;
    } else {
        return error_set(e, "%s=%s: on or off is wanted", name, value);
    }
    return 0;
}

static int copy_value(char *out, size_t room, const char *name, const char *value, struct error *e)
{
    if (value == NULL || *value == '\0') {
        return error_set(e, "%s= wants a value", name);
    }
    if (strlen(value) >= room) {
        return error_set(e, "%s= is too long", name);
    }
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int copy_descriptor(struct serial_spec *s, const char *value, struct error *e)
{
    size_t digits = value != NULL ? strspn(value, "0123456789") : 0;

    if (digits == 0 || digits > 6 || value[digits] != '\0') {
        return error_set(e, "fd=%s: the number of an open socket is wanted",
                         value != NULL ? value : "");
    }
    return copy_value(s->port, sizeof(s->port), "fd", value, e);
}

/* One `name[=value]`. */
static int take_option(struct serial_spec *s, const char *name, const char *value, char *id,
                       size_t id_room, struct error *e)
{
    bool is_socket = s->kind == SERIAL_UNIX || s->kind == SERIAL_TCP || s->kind == SERIAL_FD;
    bool ignored;

    if (is_socket && strcmp(name, "server") == 0) {
        return parse_switch(name, value, &s->is_server, e);
    }
    if (is_socket && strcmp(name, "wait") == 0) {
        return parse_switch(name, value, &s->waits, e);
    }
    if (is_socket && strcmp(name, "nowait") == 0 && value == NULL) {
        s->waits = false;
        return 0;
    }
    if (is_socket && (strcmp(name, "nodelay") == 0 || strcmp(name, "delay") == 0)) {
        return parse_switch(name, value, &ignored, e); /* we never delay */
    }
    if (id != NULL && strcmp(name, "id") == 0) {
        return copy_value(id, id_room, name, value, e);
    }
    if (id != NULL && strcmp(name, "path") == 0 &&
        (s->kind == SERIAL_FILE || s->kind == SERIAL_PIPE || s->kind == SERIAL_TCP)) {
        s->kind = s->kind == SERIAL_TCP ? SERIAL_UNIX : s->kind;
        return copy_value(s->path, sizeof(s->path), name, value, e);
    }
    if (id != NULL && s->kind == SERIAL_TCP && strcmp(name, "fd") == 0) {
        s->kind = SERIAL_FD;
        return copy_descriptor(s, value, e);
    }
    if (id != NULL && s->kind == SERIAL_TCP && strcmp(name, "host") == 0) {
        return copy_value(s->path, sizeof(s->path), name, value, e);
    }
    if (id != NULL && s->kind == SERIAL_TCP && strcmp(name, "port") == 0) {
        return copy_value(s->port, sizeof(s->port), name, value, e);
    }
    if (s->kind == SERIAL_FILE && strcmp(name, "append") == 0) {
        return parse_switch(name, value, &s->appends, e);
    }
    if (id != NULL && strcmp(name, "mux") == 0) {
        return parse_switch(name, value, &s->keys, e);
    }
    if (id != NULL && s->kind == SERIAL_STDIO && strcmp(name, "signal") == 0) {
        return parse_switch(name, value, &ignored, e); /* follows from mux */
    }
    if (id != NULL && s->kind == SERIAL_NULL && strcmp(name, "size") == 0) {
        return copy_value(s->path, sizeof(s->path), name, value, e); /* a ring's; of no use yet */
    }
    return error_set(e, "does not take `%s`", name);
}

static int take_options(struct serial_spec *s, const char *rest, char *id, size_t id_room,
                        struct error *e)
{
    char word[1200];
    bool fits;

    while (rest != NULL) {
        char *value;
        rest = take_word(rest, word, sizeof(word), &fits);
        if (!fits) {
            return error_set(e, "has an option that is too long");
        }
        value = strchr(word, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        if (take_option(s, word, value, id, id_room, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* HOST:PORT, [HOST]:PORT or :PORT in `path`. */
static int split_port(struct serial_spec *s, struct error *e)
{
    char *colon = strrchr(s->path, ':');
    size_t length;

    if (colon == NULL || colon[1] == '\0') {
        return error_set(e, "a port is missing: tcp:HOST:PORT");
    }
    if (copy_value(s->port, sizeof(s->port), "port", colon + 1, e) != 0) {
        return -1;
    }
    if (!tcp_port_is_valid(s->port)) {
        return error_set(e, "'%s' is no port: a name, or a number up to 65535", s->port);
    }
    *colon = '\0';
    length = strlen(s->path);
    if (length >= 2 && s->path[0] == '[' && s->path[length - 1] == ']') {
        s->path[length - 1] = '\0';
        memmove(s->path, s->path + 1, length - 1);
    }
    return 0;
}

static const struct {
    const char *prefix;
    enum serial_kind kind;
    bool has_path;
} kinds[] = {
    {"stdio", SERIAL_STDIO, false}, {"null", SERIAL_NULL, false}, {"none", SERIAL_NULL, false},
    {"pty", SERIAL_PTY, false},     {"file:", SERIAL_FILE, true}, {"pipe:", SERIAL_PIPE, true},
    {"unix:", SERIAL_UNIX, true},   {"tcp:", SERIAL_TCP, true},
};

static int parse_serial(struct serial_spec *s, const char *text, struct error *e)
{
    char word[1200];
    bool fits;
    const char *rest = take_word(text, word, sizeof(word), &fits);

    for (size_t i = 0; i < ARRAY_LEN(kinds) && fits; i++) {
        size_t n = strlen(kinds[i].prefix);
        if (strncmp(word, kinds[i].prefix, n) != 0 || (!kinds[i].has_path && word[n] != '\0')) {
            continue;
        }
        s->kind = kinds[i].kind;
        if (kinds[i].has_path &&
            copy_value(s->path, sizeof(s->path), kinds[i].kind == SERIAL_TCP ? "host" : "path",
                       word + n, e) != 0) {
            return -1;
        }
        if (s->kind == SERIAL_TCP && split_port(s, e) != 0) {
            return -1;
        }
        return take_options(s, rest, NULL, 0, e);
    }
    return error_set(e, "is none of stdio, mon:stdio, null, none, pty, file:PATH, pipe:PATH, "
                        "unix:PATH, tcp:HOST:PORT, chardev:ID");
}

int serial_spec_parse(struct serial_spec *s, const char *text, struct error *e)
{
    bool keys = strncmp(text, "mon:", 4) == 0;

    *s = (struct serial_spec){.waits = true};
    if (parse_serial(s, keys ? text + 4 : text, e) != 0) {
        return error_prefix(e, "-serial %s", text);
    }
    if (keys && (s->kind == SERIAL_NULL || s->kind == SERIAL_FILE)) {
        error_set(e, "nobody can type there: leave out `mon:`");
        return error_prefix(e, "-serial %s", text);
    }
    s->keys = keys;
    return 0;
}

/* A socket is one of tcp until a path is seen. */
static const struct {
    const char *name;
    enum serial_kind kind;
} chardevs[] = {{"socket", SERIAL_TCP},  {"file", SERIAL_FILE},   {"pipe", SERIAL_PIPE},
                {"pty", SERIAL_PTY},     {"stdio", SERIAL_STDIO}, {"null", SERIAL_NULL},
                {"ringbuf", SERIAL_NULL}};

static int parse_chardev(struct serial_spec *s, char *id, size_t id_room, const char *text,
                         struct error *e)
{
    char word[32];
    bool fits;
    const char *rest = take_word(text, word, sizeof(word), &fits);
    size_t i = 0;

    while (i < ARRAY_LEN(chardevs) && strcmp(word, chardevs[i].name) != 0) {
        i++;
    }
    if (i == ARRAY_LEN(chardevs)) {
        return error_set(e, "is none of socket, file, pipe, pty, stdio, null, ringbuf");
    }
    s->kind = chardevs[i].kind;
    if (take_options(s, rest, id, id_room, e) != 0) {
        return -1;
    }
    if (id[0] == '\0') {
        return error_set(e, "lacks id=");
    }
    if (s->kind == SERIAL_TCP && s->port[0] == '\0') {
        return error_set(e, "lacks path= or port=");
    }
    if ((s->kind == SERIAL_FILE || s->kind == SERIAL_PIPE) && s->path[0] == '\0') {
        return error_set(e, "lacks path=");
    }
    return 0;
}

int serial_spec_parse_chardev(struct serial_spec *s, char *id, size_t id_room, const char *text,
                              struct error *e)
{
    *s = (struct serial_spec){.waits = true};
    id[0] = '\0';
    if (parse_chardev(s, id, id_room, text, e) != 0) {
        return error_prefix(e, "-chardev %s", text);
    }
    return 0;
}
