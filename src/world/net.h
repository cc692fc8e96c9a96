/* SPDX-License-Identifier: GPL-2.0-or-later
 * net: what is behind a guest's network cards. Each -netdev is served by a process of its own, the
 * neighbour, which has the sockets and whatever reads what comes over them (libslirp, the framing of a
 * stream): it is confined by itself, and the machine's process keeps no right to a network. Frames go
 * between the two in memory that both see; on this side one thread posts those that come.
 */
#ifndef WORLD_NET_H
#define WORLD_NET_H

#include "base/base.h"

#define NET_ID_MAX 32 /* with its zero */
/* Bytes of a frame, without its checksum, at most: what a card may be asked to carry. */
#define NET_FRAME_MAX ((size_t)65535)

/* ---- net_spec.c: -netdev ---------------------------------------------------------------------- */

enum net_kind { NET_NONE, NET_USER, NET_SOCKET, NET_STREAM, NET_DGRAM, NET_TAP, NET_KIND_COUNT };
enum net_end_kind { NET_END_NONE, NET_END_INET, NET_END_UNIX, NET_END_FD };

/* One end of a socket. */
struct net_end {
    enum net_end_kind kind;
    char host[256]; /* or the path */
    char port[32];
    int fd;
};

enum { NET_FORWARDS_MAX = 32, NET_SEARCHES_MAX = 8 };

/* All as it was written; net_user.c reads them. Empty: the default. */
struct net_user_spec {
    bool no_ipv4, no_ipv6, is_restricted;
    char net[64], host[64], dhcpstart[64], dns[64];
    char ipv6_net[64], ipv6_host[64], ipv6_dns[64];
    char hostname[256], domainname[256];
    char tftp[1024], bootfile[256], tftp_server_name[256];
    char hostfwd[NET_FORWARDS_MAX][256], guestfwd[NET_FORWARDS_MAX][1024];
    char dnssearch[NET_SEARCHES_MAX][256];
    uint32_t hostfwd_count, guestfwd_count, dnssearch_count;
};

struct net_spec {
    enum net_kind kind;
    char id[NET_ID_MAX];
    struct net_end local, remote;
    bool is_server;  /* stream: `local` is listened at */
    bool is_mcast;   /* datagrams go to a group */
    char ifname[16]; /* tap; empty: the kernel's choice */
    int tap_fd;      /* -1: it is opened */
    struct net_user_spec user;
};
/* "user,id=n0,hostfwd=tcp::2222-:22": -1 and a sentence. `id` of the result is never empty; `fallback`
 * (NULL: none) is taken where the text has none, as -nic allows. */
int net_spec_parse(struct net_spec *s, const char *text, const char *fallback, struct error *e);
/* The kinds there are, one a line. */
extern const char net_kinds_help[];

/* ---- net.c ------------------------------------------------------------------------------------ */

struct net;
enum net_posted { NET_TAKEN, NET_LATER, NET_NEVER };
/* Called on the netdev's own thread: a frame for the guest. NET_LATER: it is offered again a little
 * later, and meanwhile nothing more is read. */
struct net_events {
    void *opaque;
    enum net_posted (*post)(void *opaque, const uint8_t *frame, size_t count);
};
/* Makes the neighbour, which opens what the specification names, and waits until it has. Before the
 * process has threads and is confined. `sandbox` false: the neighbour is not confined either. */
struct net *net_open(const struct net_spec *spec, bool sandbox, struct error *e);
/* From now on frames are posted. */
int net_start(struct net *n, const struct net_events *events, struct error *e);
/* From the machine's thread; never waits: what exceeds 4 MiB is dropped and counted. Frames shorter
 * than an Ethernet header, or longer than NET_FRAME_MAX, are dropped as well. */
void net_output(struct net *n, const uint8_t *frame, size_t count);
struct net_counts {
    uint64_t in, out; /* frames that were posted, and that left */
    uint64_t dropped_in, dropped_out;
    uint64_t hung_up; /* how often the other side of a stream did */
    bool is_gone;     /* the neighbour died, and nothing comes or leaves any more */
};
void net_get_counts(const struct net *n, struct net_counts *out);
/* Sends what waits (at most half a second), ends the thread and the neighbour. NULL is fine. */
void net_close(struct net *n);

/* ---- pcap.c: frames as a file for those who look at them ---------------------------------------- */

/* The classic format with nanoseconds. What is written depends on what it is given alone. */
struct pcap;
struct pcap *pcap_open(const char *path, size_t frame_max, struct error *e);
/* `ns` since 1970; more than frame_max bytes are cut off, as the file says. */
void pcap_frame(struct pcap *p, uint64_t ns, const uint8_t *frame, size_t count);
/* Flushes and closes; the errno of what could not be written, or 0. NULL is fine. */
int pcap_close(struct pcap *p);

#endif
