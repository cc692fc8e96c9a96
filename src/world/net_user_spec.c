/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_user_spec: what `-netdev user` says, as addresses. By QEMU's documentation: a network of 10.0.2.0/24 in
 * which the host is .2, the name server .3 and the first guest .15, and fec0::/64 with ::2 and ::3.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "world/net_user.h"

static int parse_ipv4(const char *name, const char *text, struct in_addr *out, struct error *e)
{
    return inet_pton(AF_INET, text, out) == 1
               ? 0
               : error_set(e, "%s=%s is no IPv4 address", name, text);
}

static int parse_ipv6(const char *name, const char *text, struct in6_addr *out, struct error *e)
{
    return inet_pton(AF_INET6, text, out) == 1
               ? 0
               : error_set(e, "%s=%s is no IPv6 address", name, text);
}

static int parse_number(const char *text, long least, long most, long *out)
{
    char *rest;

    *out = strtol(text, &rest, 10);
    return *text >= '0' && *text <= '9' && *rest == '\0' && *out >= least && *out <= most ? 0 : -1;
}

/* ---- the network ------------------------------------------------------------------------------ */

/* ADDRESS[/BITS] or ADDRESS/MASK. */
static int parse_net(const char *text, struct user_plan *p, struct error *e)
{
    char address[64];
    const char *slash = strchr(text, '/');
    long bits = 24;

    snprintf(address, sizeof address, "%.*s", (int)(slash != NULL ? slash - text : 63), text);
    if (parse_ipv4("net", address, &p->net, e) < 0) {
        return -1;
    }
    if (slash != NULL && parse_number(slash + 1, 4, 30, &bits) < 0) {
        struct in_addr mask;

        if (inet_pton(AF_INET, slash + 1, &mask) != 1) {
            return error_set(e, "net=%s: /4 to /30, or a mask, is wanted", text);
        }
        bits = __builtin_popcount(mask.s_addr);
        if (bits < 4 || bits > 30 || ntohl(mask.s_addr) != ~UINT32_C(0) << (32 - bits)) {
            return error_set(e, "net=%s: this is no mask of 4 to 30 bits", text);
        }
    }
    p->mask.s_addr = htonl(~UINT32_C(0) << (32 - bits));
    p->net.s_addr &= p->mask.s_addr;
    return 0;
}

static int place(const char *name, const char *text, uint32_t number, const struct user_plan *p,
                 struct in_addr *out, struct error *e)
{
    if (text[0] == '\0') {
        out->s_addr = p->net.s_addr | (htonl(number) & ~p->mask.s_addr);
        return 0;
    }
    if (parse_ipv4(name, text, out, e) < 0) {
        return -1;
    }
    return (out->s_addr & p->mask.s_addr) == p->net.s_addr
               ? 0
               : error_set(e, "%s=%s is not in the network", name, text);
}

static int plan_ipv4(const struct net_user_spec *u, struct user_plan *p, struct error *e)
{
    if (parse_net(u->net[0] != '\0' ? u->net : "10.0.2.0/24", p, e) < 0 ||
        place("host", u->host, 2, p, &p->host, e) < 0 ||
        place("dns", u->dns, 3, p, &p->dns, e) < 0 ||
        place("dhcpstart", u->dhcpstart, 15, p, &p->dhcpstart, e) < 0) {
        return -1;
    }
    if (p->host.s_addr == p->dns.s_addr || p->host.s_addr == p->dhcpstart.s_addr ||
        p->dns.s_addr == p->dhcpstart.s_addr) {
        return error_set(e, "host=, dns= and dhcpstart= are not three different addresses");
    }
    return 0;
}

static int plan_ipv6(const struct net_user_spec *u, struct user_plan *p, struct error *e)
{
    const char *text = u->ipv6_net[0] != '\0' ? u->ipv6_net : "fec0::/64";
    const char *slash = strchr(text, '/');
    char address[64];
    long bits = 64;

    snprintf(address, sizeof address, "%.*s", (int)(slash != NULL ? slash - text : 63), text);
    if (parse_ipv6("ipv6-net", address, &p->net6, e) < 0) {
        return -1;
    }
    if (slash != NULL && parse_number(slash + 1, 1, 126, &bits) < 0) {
        return error_set(e, "ipv6-net=%s: /1 to /126 is wanted", text);
    }
    p->net6_bits = (uint8_t)bits;
    p->host6 = p->dns6 = p->net6;
    p->host6.s6_addr[15] |= 2;
    p->dns6.s6_addr[15] |= 3;
    if (u->ipv6_host[0] != '\0' && parse_ipv6("ipv6-host", u->ipv6_host, &p->host6, e) < 0) {
        return -1;
    }
    return u->ipv6_dns[0] == '\0' ? 0 : parse_ipv6("ipv6-dns", u->ipv6_dns, &p->dns6, e);
}

/* ---- what is passed on ------------------------------------------------------------------------ */

/* Up to `end`; what follows it, or NULL if it is not there, or too long. */
static const char *take_part(const char *at, char end, char *out, size_t room)
{
    const char *stop = strchr(at, end);

    if (stop == NULL || (size_t)(stop - at) >= room) {
        return NULL;
    }
    memcpy(out, at, (size_t)(stop - at));
    out[stop - at] = '\0';
    return stop + 1;
}

static int bad_forward(const char *name, const char *text, const char *form, struct error *e)
{
    return error_set(e, "%s=%s: %s is wanted", name, text, form);
}

/* tcp|udp, or nothing, which is tcp. */
static int take_protocol(const char **at, bool *is_udp)
{
    char protocol[8];

    *at = take_part(*at, ':', protocol, sizeof protocol);
    *is_udp = *at != NULL && strcmp(protocol, "udp") == 0;
    return *at != NULL && (protocol[0] == '\0' || *is_udp || strcmp(protocol, "tcp") == 0) ? 0 : -1;
}

static int take_ipv4(const char *text, struct in_addr *out)
{
    out->s_addr = INADDR_ANY;
    return text[0] == '\0' || inet_pton(AF_INET, text, out) == 1 ? 0 : -1;
}

static int plan_hostfwd(const char *text, struct user_hostfwd *f, struct error *e)
{
    static const char form[] = "[tcp|udp]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT";
    char host[64], host_port[16], guest[64];
    const char *at = text;
    long port;

    if (take_protocol(&at, &f->is_udp) < 0 ||
        (at = take_part(at, ':', host, sizeof host)) == NULL || take_ipv4(host, &f->host) < 0 ||
        (at = take_part(at, '-', host_port, sizeof host_port)) == NULL ||
        parse_number(host_port, 0, 65535, &port) < 0) {
        return bad_forward("hostfwd", text, form, e);
    }
    f->host_port = (int)port;
    if ((at = take_part(at, ':', guest, sizeof guest)) == NULL || take_ipv4(guest, &f->guest) < 0 ||
        parse_number(at, 1, 65535, &port) < 0) {
        return bad_forward("hostfwd", text, form, e);
    }
    f->guest_port = (int)port;
    return 0;
}

static int plan_guestfwd(const char *text, struct user_guestfwd *f, struct error *e)
{
    static const char form[] = "[tcp]:SERVER:PORT-tcp:HOST:PORT, -unix:PATH or -cmd:COMMAND";
    char server[64], port_text[16];
    const char *at = text;
    bool is_udp;
    long port;

    if (take_protocol(&at, &is_udp) < 0 || is_udp ||
        (at = take_part(at, ':', server, sizeof server)) == NULL ||
        inet_pton(AF_INET, server, &f->server) != 1 ||
        (at = take_part(at, '-', port_text, sizeof port_text)) == NULL ||
        parse_number(port_text, 1, 65535, &port) < 0) {
        return bad_forward("guestfwd", text, form, e);
    }
    f->port = (int)port;
    if (strncmp(at, "cmd:", 4) == 0 && at[4] != '\0') {
        f->command = at + 4;
    } else if (strncmp(at, "unix:", 5) == 0 && at[5] != '\0') {
        f->path = at + 5;
    } else if (strncmp(at, "tcp:", 4) == 0) {
        const char *rest = take_part(at + 4, ':', f->to.host, sizeof f->to.host);

        if (rest == NULL || parse_number(rest, 1, 65535, &port) < 0) {
            return bad_forward("guestfwd", text, form, e);
        }
        f->to.kind = NET_END_INET;
        snprintf(f->to.port, sizeof f->to.port, "%ld", port);
    } else {
        return bad_forward("guestfwd", text, form, e);
    }
    return 0;
}

int user_plan_make(const struct net_user_spec *u, struct user_plan *p, struct error *e)
{
    memset(p, 0, sizeof(*p));
    if (u->no_ipv4 && u->no_ipv6) {
        return error_set(e, "ipv4=off and ipv6=off leave nothing");
    }
    if (plan_ipv4(u, p, e) < 0 || plan_ipv6(u, p, e) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < u->hostfwd_count; i++) {
        if (plan_hostfwd(u->hostfwd[i], &p->hostfwd[i], e) < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < u->guestfwd_count; i++) {
        if (plan_guestfwd(u->guestfwd[i], &p->guestfwd[i], e) < 0) {
            return -1;
        }
        if ((p->guestfwd[i].server.s_addr & p->mask.s_addr) != p->net.s_addr) {
            return error_set(e, "guestfwd=%s: the server is not in the network", u->guestfwd[i]);
        }
    }
    return 0;
}

int net_user_check(const struct net_user_spec *u, struct error *e)
{
    struct user_plan *p = base_alloc(1, sizeof(*p));
    int result = user_plan_make(u, p, e);

    free(p);
    return result;
}
