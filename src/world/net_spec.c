/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_spec: what -netdev asks for, in QEMU's grammar: a kind, then name=value after commas (a doubled
 * comma is one in a value). Left out: bridge, hubport, l2tpv3, vde, vhost-user, vhost-vdpa; helpers
 * and scripts of tap; reconnecting streams; the folder that `user` shares by SMB.
 */
#include <stdio.h>
#include <stdlib.h>

#include "world/net_internal.h"

const char net_kinds_help[] = "dgram\nnone\nsocket\nstream\ntap\nuser\n";

static const struct {
    const char *name;
    enum net_kind kind;
} kinds[] = {
    {"none", NET_NONE},     {"user", NET_USER},   {"socket", NET_SOCKET},
    {"stream", NET_STREAM}, {"dgram", NET_DGRAM}, {"tap", NET_TAP},
};

/* ---- options ---------------------------------------------------------------------------------- */

enum value_kind {
    VALUE_TEXT,
    VALUE_SWITCH,     /* a bool */
    VALUE_NOT_SWITCH, /* a bool that says the opposite */
    VALUE_LIST,       /* texts of `room` bytes, up to `most` of them; their number at `count` */
    VALUE_FD,
    VALUE_PAIR,   /* HOST:PORT into a struct net_end */
    VALUE_TYPE,   /* inet, unix or fd of a struct net_end */
    VALUE_IGNORED /* accepted: we do so, or it makes no difference */
};
struct option_rule {
    enum net_kind of;
    const char *name;
    enum value_kind value;
    size_t at, room, count, most;
};

#define AT(member)   offsetof(struct net_spec, member)
#define ROOM(member) sizeof(((struct net_spec *)0)->member)
#define TEXT(of, name, member)                                                                     \
    {                                                                                              \
        of, name, VALUE_TEXT, AT(member), ROOM(member), 0, 0                                       \
    }
#define OTHER(of, name, value, member)                                                             \
    {                                                                                              \
        of, name, value, AT(member), 0, 0, 0                                                       \
    }
#define LIST(of, name, member, number, most)                                                       \
    {                                                                                              \
        of, name, VALUE_LIST, AT(member), ROOM(member[0]), AT(number), most                        \
    }
#define END(of, prefix, end)                                                                       \
    OTHER(of, prefix ".type", VALUE_TYPE, end), TEXT(of, prefix ".host", end.host),                \
        TEXT(of, prefix ".path", end.host), TEXT(of, prefix ".port", end.port),                    \
        OTHER(of, prefix ".str", VALUE_FD, end.fd)

static const struct option_rule rules[] = {
    OTHER(NET_USER, "ipv4", VALUE_NOT_SWITCH, user.no_ipv4),
    OTHER(NET_USER, "ipv6", VALUE_NOT_SWITCH, user.no_ipv6),
    OTHER(NET_USER, "restrict", VALUE_SWITCH, user.is_restricted),
    TEXT(NET_USER, "net", user.net),
    TEXT(NET_USER, "host", user.host),
    TEXT(NET_USER, "dhcpstart", user.dhcpstart),
    TEXT(NET_USER, "dns", user.dns),
    TEXT(NET_USER, "ipv6-net", user.ipv6_net),
    TEXT(NET_USER, "ipv6-host", user.ipv6_host),
    TEXT(NET_USER, "ipv6-dns", user.ipv6_dns),
    TEXT(NET_USER, "hostname", user.hostname),
    TEXT(NET_USER, "domainname", user.domainname),
    TEXT(NET_USER, "tftp", user.tftp),
    TEXT(NET_USER, "bootfile", user.bootfile),
    TEXT(NET_USER, "tftp-server-name", user.tftp_server_name),
    LIST(NET_USER, "dnssearch", user.dnssearch, user.dnssearch_count, NET_SEARCHES_MAX),
    LIST(NET_USER, "hostfwd", user.hostfwd, user.hostfwd_count, NET_FORWARDS_MAX),
    LIST(NET_USER, "guestfwd", user.guestfwd, user.guestfwd_count, NET_FORWARDS_MAX),
    OTHER(NET_SOCKET, "listen", VALUE_PAIR, local),
    OTHER(NET_SOCKET, "connect", VALUE_PAIR, remote),
    OTHER(NET_SOCKET, "mcast", VALUE_PAIR, remote),
    OTHER(NET_SOCKET, "udp", VALUE_PAIR, remote),
    OTHER(NET_SOCKET, "localaddr", VALUE_PAIR, local),
    OTHER(NET_SOCKET, "fd", VALUE_FD, remote.fd),
    OTHER(NET_STREAM, "server", VALUE_SWITCH, is_server),
    END(NET_STREAM, "addr", remote),
    END(NET_DGRAM, "local", local),
    END(NET_DGRAM, "remote", remote),
    TEXT(NET_TAP, "ifname", ifname),
    OTHER(NET_TAP, "fd", VALUE_FD, tap_fd),
    {NET_TAP, "script", VALUE_IGNORED, 0, 0, 0, 0},
    {NET_TAP, "downscript", VALUE_IGNORED, 0, 0, 0, 0},
};

static int copy_text(char *out, size_t room, const char *name, const char *value, struct error *e)
{
    if (*value == '\0') {
        return error_set(e, "%s= wants a value", name);
    }
    if (strlen(value) >= room) {
        return error_set(e, "%s= is too long: %zu bytes at most", name, room - 1);
    }
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int take_switch(bool *out, const char *name, const char *value, struct error *e)
{
    if (strcmp(value, "on") == 0 || strcmp(value, "yes") == 0 || strcmp(value, "y") == 0) {
        *out = true;
    } else if (strcmp(value, "off") == 0 || strcmp(value, "no") == 0 || strcmp(value, "n") == 0) {
        *out = false;
    } else {
        return error_set(e, "%s=%s: on or off is wanted", name, value);
    }
    return 0;
}

static int take_fd(int *out, const char *name, const char *value, struct error *e)
{
    char *rest;
    long number = strtol(value, &rest, 10);

    if (*value < '0' || *value > '9' || *rest != '\0' || number < 3 || number > 65535) {
        return error_set(e,
                         "%s=%s: the number of a descriptor that this process was given is wanted",
                         name, value);
    }
    *out = (int)number;
    return 0;
}

/* HOST:PORT, [HOST]:PORT or :PORT. */
static int take_pair(struct net_end *out, const char *name, const char *value, struct error *e)
{
    const char *colon = strrchr(value, ':');
    size_t length = colon != NULL ? (size_t)(colon - value) : 0;

    if (colon == NULL || colon[1] == '\0') {
        return error_set(e, "%s=%s: a port is missing: HOST:PORT", name, value);
    }
    if (length >= 2 && value[0] == '[' && colon[-1] == ']') {
        value++;
        length -= 2;
    }
    if (length >= sizeof out->host) {
        return error_set(e, "%s= is too long", name);
    }
    memcpy(out->host, value, length);
    out->host[length] = '\0';
    out->kind = NET_END_INET;
    return copy_text(out->port, sizeof out->port, name, colon + 1, e);
}

static int take_type(struct net_end *out, const char *name, const char *value, struct error *e)
{
    if (strcmp(value, "inet") == 0) {
        out->kind = NET_END_INET;
    } else if (strcmp(value, "unix") == 0) {
        out->kind = NET_END_UNIX;
    } else if (strcmp(value, "fd") == 0) {
        out->kind = NET_END_FD;
    } else {
        return error_set(e, "%s=%s: inet, unix or fd is wanted", name, value);
    }
    return 0;
}

static int take_list(void *list, uint32_t *count, const struct option_rule *r, const char *value,
                     struct error *e)
{
    if (*count == r->most) {
        return error_set(e, "%s= is there more than %zu times", r->name, r->most);
    }
    return copy_text((char *)list + r->room * (*count)++, r->room, r->name, value, e);
}

static int take_by_rule(struct net_spec *s, const struct option_rule *r, const char *value,
                        struct error *e)
{
    uint8_t *base = (uint8_t *)s;
    void *at = base + r->at;

    switch (r->value) {
    case VALUE_TEXT: return copy_text(at, r->room, r->name, value, e);
    case VALUE_SWITCH: return take_switch(at, r->name, value, e);
    case VALUE_NOT_SWITCH:
        if (take_switch(at, r->name, value, e) < 0) {
            return -1;
        }
        *(bool *)at = !*(bool *)at;
        return 0;
    case VALUE_LIST: return take_list(at, (uint32_t *)(void *)(base + r->count), r, value, e);
    case VALUE_FD: return take_fd(at, r->name, value, e);
    case VALUE_PAIR: return take_pair(at, r->name, value, e);
    case VALUE_TYPE: return take_type(at, r->name, value, e);
    case VALUE_IGNORED:
        return strcmp(value, "no") == 0
                   ? 0
                   : error_set(e,
                               "%s=%s: no program is run; `%s=no` is wanted, and an interface "
                               "that is up",
                               r->name, value, r->name);
    }
    return 0;
}

static int take_option(struct net_spec *s, const char *name, const char *value, struct error *e)
{
    if (strcmp(name, "id") == 0) {
        return copy_text(s->id, sizeof s->id, name, value, e);
    }
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (rules[i].of == s->kind && strcmp(rules[i].name, name) == 0) {
            s->is_mcast = s->is_mcast || strcmp(name, "mcast") == 0;
            if (strcmp(name, "udp") == 0 || strcmp(name, "mcast") == 0) {
                s->kind = NET_DGRAM; /* from here on; what may follow is taken by its own name */
            }
            return take_by_rule(s, &rules[i], value, e);
        }
    }
    if (s->kind == NET_DGRAM && strcmp(name, "localaddr") == 0) { /* of socket,udp= */
        return strchr(value, ':') != NULL
                   ? take_pair(&s->local, name, value, e)
                   : copy_text(s->local.host, sizeof s->local.host, name, value, e);
    }
    return error_set(e, "does not take `%s`", name);
}

/* The text up to the next single comma, undoubled. Returns what follows it, or NULL at the end. */
static const char *take_word(const char *at, struct text *out)
{
    out->length = 0;
    text_add(out, "%s", ""); /* there is a zero in any case */
    for (; *at != '\0'; at++) {
        if (at[0] == ',' && at[1] != ',') {
            break;
        }
        at += at[0] == ',';
        text_add_bytes(out, at, 1);
    }
    return *at == ',' ? at + 1 : NULL;
}

static int take_options(struct net_spec *s, const char *rest, struct error *e)
{
    struct text word = {0};
    int result = 0;

    while (rest != NULL && result == 0) {
        char *value;

        rest = take_word(rest, &word);
        value = strchr(word.data, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        result = take_option(s, word.data, value != NULL ? value : "on", e);
    }
    text_fini(&word);
    return result;
}

/* ---- as a whole ------------------------------------------------------------------------------- */

static int check_end(const char *name, struct net_end *x, struct error *e)
{
    if (x->kind == NET_END_NONE && x->fd >= 0) {
        x->kind = NET_END_FD;
    }
    if (x->kind == NET_END_NONE && (x->host[0] != '\0' || x->port[0] != '\0')) {
        return error_set(e, "lacks %s.type=", name);
    }
    if (x->kind == NET_END_INET && x->port[0] == '\0') {
        return error_set(e, "lacks %s.port=", name);
    }
    if (x->kind == NET_END_UNIX && (x->host[0] == '\0' || x->port[0] != '\0')) {
        return error_set(e, "wants %s.path=, and no port", name);
    }
    if (x->kind == NET_END_FD && x->fd < 0) {
        return error_set(e, "lacks %s.str=, the number of a descriptor", name);
    }
    if (x->kind == NET_END_INET) {
        char *rest;
        long port = strtol(x->port, &rest, 10);

        if (*rest != '\0' || rest == x->port || port < 0 || port > 65535) {
            return error_set(e, "'%s' is no port: a number up to 65535 is wanted", x->port);
        }
    }
    return 0;
}

/* `socket` is another way to say stream or dgram. */
static int settle_socket(struct net_spec *s, struct error *e)
{
    bool listens = s->local.kind != NET_END_NONE, connects = s->remote.kind != NET_END_NONE;
    bool has_fd = s->remote.fd >= 0;

    if (listens + connects + has_fd != 1) {
        return error_set(e, "wants one of listen=, connect=, udp=, mcast= and fd=");
    }
    s->kind = NET_STREAM;
    if (listens) {
        s->remote = s->local;
        s->is_server = true;
    }
    return 0;
}

static int settle(struct net_spec *s, struct error *e)
{
    if (s->kind == NET_SOCKET && settle_socket(s, e) < 0) {
        return -1;
    }
    if (check_end("remote", &s->remote, e) < 0) {
        return -1;
    }
    if (!s->is_mcast && check_end("local", &s->local, e) < 0) {
        return -1;
    }
    switch (s->kind) {
    case NET_USER: return net_user_check(&s->user, e);
    case NET_STREAM:
        if (s->remote.kind == NET_END_NONE) {
            return error_set(e, "lacks addr.type=");
        }
        break;
    case NET_DGRAM:
        if (s->local.kind == NET_END_FD ? s->remote.kind != NET_END_NONE
                                        : s->remote.kind == NET_END_NONE) {
            return error_set(e, "wants a remote end, or local.type=fd alone");
        }
        if (s->remote.kind == NET_END_FD ||
            (s->local.kind != NET_END_NONE && s->local.kind != NET_END_FD && !s->is_mcast &&
             s->local.kind != s->remote.kind)) {
            return error_set(e, "the two ends are not of one type");
        }
        if (!s->is_mcast && s->local.kind == NET_END_NONE) {
            return error_set(e, "lacks the local end, where answers arrive");
        }
        break;
    default: break;
    }
    return 0;
}

static int parse(struct net_spec *s, const char *text, const char *fallback, struct error *e)
{
    struct text word = {0};
    const char *rest = take_word(text, &word);
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, word.data) == 0) {
            s->kind = kinds[i].kind;
            found = true;
        }
    }
    text_fini(&word);
    if (!found) {
        return error_set(e, "its type is none of user, socket, stream, dgram, tap, none");
    }
    if (take_options(s, rest, e) < 0) {
        return -1;
    }
    if (s->id[0] == '\0') {
        if (fallback == NULL) {
            return error_set(e, "lacks id=");
        }
        snprintf(s->id, sizeof s->id, "%s", fallback);
    }
    return settle(s, e);
}

int net_spec_parse(struct net_spec *s, const char *text, const char *fallback, struct error *e)
{
    memset(s, 0, sizeof(*s));
    s->local.fd = s->remote.fd = s->tap_fd = -1;
    return parse(s, text, fallback, e) < 0 ? error_prefix(e, "-netdev %s", text) : 0;
}
