/* SPDX-License-Identifier: GPL-2.0-or-later
 * world_net: what is behind network cards: specifications, frames over each kind of back end, confined
 * as always; a network of libslirp's answers; what waits is bounded; files of frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "world/net.h"

static char folder[] = "/tmp/reprise-net-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder); /* also: nothing was left behind */
}

/* ---- specifications --------------------------------------------------------------------------- */

static void test_good_specs(void **state)
{
    struct net_spec s;
    struct error e;

    (void)state;
    assert_int_equal(net_spec_parse(&s, "user,id=n0", NULL, &e), 0);
    assert_true(s.kind == NET_USER && !s.user.is_restricted && !s.user.no_ipv6);
    assert_string_equal(s.id, "n0");
    assert_int_equal(net_spec_parse(&s, "user", "net0", &e), 0);
    assert_string_equal(s.id, "net0");
    assert_int_equal(
        net_spec_parse(&s,
                       "user,id=n,net=192.168.7.0/255.255.255.0,host=192.168.7.9,dns=192.168.7."
                       "10,dhcpstart=192.168.7.20,restrict=on,ipv6=off,tftp=/a,,b,bootfile=x,"
                       "dnssearch=a,dnssearch=b,hostfwd=:127.0.0.1:0-:22,hostfwd=udp::5-10.0.2.9:7,"
                       "guestfwd=tcp:192.168.7.100:80-unix:/x",
                       NULL, &e),
        0);
    assert_true(s.user.is_restricted && s.user.no_ipv6 && s.user.hostfwd_count == 2);
    assert_string_equal(s.user.tftp, "/a,b");
    assert_string_equal(s.user.dnssearch[1], "b");
    assert_int_equal(net_spec_parse(&s, "socket,id=a,listen=:1234", NULL, &e), 0);
    assert_true(s.kind == NET_STREAM && s.is_server);
    assert_int_equal(net_spec_parse(&s, "socket,id=a,connect=[::1]:1234", NULL, &e), 0);
    assert_true(s.kind == NET_STREAM && !s.is_server);
    assert_string_equal(s.remote.host, "::1");
    assert_int_equal(
        net_spec_parse(&s, "socket,id=a,udp=127.0.0.1:1,localaddr=127.0.0.1:2", NULL, &e), 0);
    assert_true(s.kind == NET_DGRAM && !s.is_mcast);
    assert_int_equal(
        net_spec_parse(&s, "socket,id=a,mcast=230.0.0.1:9,localaddr=127.0.0.1", NULL, &e), 0);
    assert_true(s.kind == NET_DGRAM && s.is_mcast);
    assert_int_equal(
        net_spec_parse(&s, "stream,id=a,server=on,addr.type=unix,addr.path=/p", NULL, &e), 0);
    assert_int_equal(
        net_spec_parse(&s,
                       "dgram,id=a,local.type=inet,local.host=::1,local.port=5,remote.type="
                       "inet,remote.host=::1,remote.port=6",
                       NULL, &e),
        0);
    assert_int_equal(net_spec_parse(&s, "tap,id=a,ifname=t0,script=no,downscript=no", NULL, &e), 0);
    assert_int_equal(net_spec_parse(&s, "tap,id=a,fd=7", NULL, &e), 0);
    assert_int_equal(s.tap_fd, 7);
}

static void test_bad_specs(void **state)
{
    static const char *const bad[] = {
        "",
        "usr,id=a",
        "user",
        "user,id=",
        "user,id=a,nonsense",
        "user,id=a,restrict=maybe",
        "user,id=a,net=10.0.2.0/31",
        "user,id=a,net=10.0.2",
        "user,id=a,net=10.0.2.0/255.0.255.0",
        "user,id=a,host=10.0.3.2",
        "user,id=a,host=10.0.2.3",
        "user,id=a,dhcpstart=10.0.2.2",
        "user,id=a,ipv4=off,ipv6=off",
        "user,id=a,ipv6-net=fec0::/200",
        "user,id=a,hostfwd=tcp::x-:22",
        "user,id=a,hostfwd=tcp::2222",
        "user,id=a,hostfwd=sctp::2222-:22",
        "user,id=a,hostfwd=tcp::2222-:0",
        "user,id=a,hostfwd=tcp:a.b:2222-:1",
        "user,id=a,guestfwd=tcp:10.0.2.100:80",
        "user,id=a,guestfwd=udp:10.0.2.100:80-tcp:a:1",
        "user,id=a,guestfwd=tcp:10.0.9.100:80-tcp:a:1",
        "user,id=a,guestfwd=tcp:10.0.2.100:80-pty",
        "user,id=0123456789012345678901234567890123456789",
        "socket,id=a",
        "socket,id=a,listen=:1,connect=:2",
        "socket,id=a,listen=1",
        "socket,id=a,listen=:99999",
        "socket,id=a,udp=127.0.0.1:1",
        "socket,id=a,fd=x",
        "stream,id=a",
        "stream,id=a,addr.type=inet",
        "stream,id=a,addr.path=/x",
        "stream,id=a,addr.type=pipe",
        "dgram,id=a,local.type=unix,local.path=/x",
        "dgram,id=a,remote.type=unix,remote.path=/x",
        "dgram,id=a,local.type=unix,local.path=/x,remote.type=inet,remote.port=5",
        "tap,id=a,script=/etc/up",
        "tap,id=a,ifname=0123456789abcdefg",
        "none,id=a,x=y",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct net_spec s;
        struct error e = {{0}};

        if (net_spec_parse(&s, bad[i], NULL, &e) != -1) {
            fail_msg("'%s' was taken", bad[i]);
        }
        assert_true(strncmp(e.text, "-netdev ", 8) == 0 && strlen(e.text) > strlen(bad[i]) + 10);
    }
}

/* ---- somebody who receives -------------------------------------------------------------------- */

struct guest {
    pthread_mutex_t lock;
    int event;
    bool refuses;
    uint8_t last[NET_FRAME_MAX];
    size_t last_bytes;
    uint64_t frames, bytes, offered;
};

static enum net_posted take(void *opaque, const uint8_t *frame, size_t count)
{
    struct guest *g = opaque;
    enum net_posted result = NET_LATER;
    uint64_t one = 1;

    pthread_mutex_lock(&g->lock);
    g->offered++;
    if (!g->refuses) {
        memcpy(g->last, frame, count);
        g->last_bytes = count;
        g->frames++;
        g->bytes += count;
        result = NET_TAKEN;
    }
    pthread_mutex_unlock(&g->lock);
    assert_true(write(g->event, &one, sizeof one) == sizeof one);
    return result;
}

static struct net *open_net(const char *text, struct guest *g)
{
    struct net_spec s;
    struct error e;
    struct net *n = NULL;

    memset(g, 0, sizeof(*g));
    assert_int_equal(pthread_mutex_init(&g->lock, NULL), 0);
    g->event = eventfd(0, EFD_CLOEXEC);
    if (net_spec_parse(&s, text, NULL, &e) < 0 || (n = net_open(&s, true, &e)) == NULL) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(net_start(n, &(struct net_events){.opaque = g, .post = take}, &e), 0);
    return n;
}

/* Until that many frames came; the limit only ends what hangs. */
static void wait_for(struct guest *g, uint64_t frames)
{
    for (;;) {
        struct pollfd p = {.fd = g->event, .events = POLLIN};
        uint64_t count, had;

        pthread_mutex_lock(&g->lock);
        had = g->frames;
        pthread_mutex_unlock(&g->lock);
        if (had >= frames) {
            return;
        }
        assert_int_equal(poll(&p, 1, 60000), 1);
        assert_true(read(g->event, &count, sizeof count) == sizeof count);
    }
}

static void close_net(struct net *n, struct guest *g)
{
    net_close(n);
    close(g->event);
}

static void fill(uint8_t *frame, size_t count, unsigned number)
{
    for (size_t i = 0; i < count; i++) {
        frame[i] = (uint8_t)(number + i * 7);
    }
}

/* ---- pairs of them ---------------------------------------------------------------------------- */

static struct guest guests[2];

/* Frames of all sizes both ways; too short ones and too long ones go nowhere. */
static void exchange(struct net *a, struct net *b, size_t most)
{
    static uint8_t frame[NET_FRAME_MAX + 1];
    const size_t sizes[] = {14, 60, 1514, 9000, most};
    struct net_counts counts;
    uint64_t sent = 0;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (int way = 0; way < 2; way++) {
            size_t count = sizes[i] < most ? sizes[i] : most;

            fill(frame, count, (unsigned)(i + 100 * way));
            net_output(way == 0 ? a : b, frame, count);
            sent += way == 0;
            wait_for(&guests[1 - way], i + 1);
            assert_int_equal(guests[1 - way].last_bytes, count);
            assert_memory_equal(guests[1 - way].last, frame, count);
        }
    }
    net_output(a, frame, 13);
    net_output(a, frame, NET_FRAME_MAX + 1);
    net_get_counts(a, &counts);
    assert_int_equal(counts.dropped_out, 2);
    assert_int_equal(guests[0].frames, sent);
}

static void pair_of(const char *first, const char *second, size_t most)
{
    char texts[2][400];
    struct net *a, *b;

    for (int i = 0; i < 2; i++) { /* %s is the folder, wherever it is said */
        const char *form = i == 0 ? first : second;
        size_t at = 0;

        for (; *form != '\0'; form++) {
            int n = *form == '%' ? snprintf(texts[i] + at, sizeof texts[i] - at, "%s", folder)
                                 : snprintf(texts[i] + at, sizeof texts[i] - at, "%c", *form);
            at += (size_t)n;
        }
    }
    a = open_net(texts[0], &guests[0]);
    b = open_net(texts[1], &guests[1]);
    exchange(a, b, most);
    close_net(a, &guests[0]);
    close_net(b, &guests[1]);
}

static struct net *open_stream(bool is_server, struct guest *g)
{
    char text[200];

    snprintf(text, sizeof text, "stream,id=a,%saddr.type=unix,addr.path=%s/s",
             is_server ? "server=on," : "", folder);
    return open_net(text, g);
}

/* The server takes one peer after the other. */
static void test_stream(void **state)
{
    static const size_t sizes[] = {14, 60, 1514, 40000, NET_FRAME_MAX};
    static uint8_t frame[NET_FRAME_MAX];
    struct net *server = open_stream(true, &guests[0]);

    (void)state;
    for (unsigned peer = 0; peer < 2; peer++) {
        struct net *client = open_stream(false, &guests[1]);

        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
            fill(frame, sizes[i], i + peer);
            net_output(client, frame, sizes[i]);
            wait_for(&guests[0], peer * ARRAY_LEN(sizes) + i + 1);
            assert_int_equal(guests[0].last_bytes, sizes[i]);
            assert_memory_equal(guests[0].last, frame, sizes[i]);
            net_output(server, frame, sizes[i]); /* it has a peer now */
            wait_for(&guests[1], i + 1);
            assert_memory_equal(guests[1].last, frame, sizes[i]);
        }
        close_net(client, &guests[1]);
    }
    close_net(server, &guests[0]);
}

static void test_dgram_unix(void **state)
{
    (void)state;
    pair_of("dgram,id=a,local.type=unix,local.path=%/a,remote.type=unix,remote.path=%/b",
            "dgram,id=b,local.type=unix,local.path=%/b,remote.type=unix,remote.path=%/a",
            NET_FRAME_MAX);
}

static void test_udp(void **state)
{
    char texts[2][100];
    unsigned port = 20000 + (unsigned)getpid() % 20000;

    (void)state;
    snprintf(texts[0], 100, "socket,id=a,udp=127.0.0.1:%u,localaddr=127.0.0.1:%u", port, port + 1);
    snprintf(texts[1], 100, "socket,id=b,udp=127.0.0.1:%u,localaddr=127.0.0.1:%u", port + 1, port);
    pair_of(texts[0], texts[1], 65507);
}

static void test_multicast(void **state)
{
    char text[100];

    (void)state;
    snprintf(text, sizeof text, "socket,id=a,mcast=230.0.0.1:%u,localaddr=127.0.0.1",
             20000 + (unsigned)getpid() % 20000);
    pair_of(text, text, 9000);
}

static void test_nothing_there(void **state)
{
    struct net_spec s;
    struct error e;
    char text[200];

    (void)state;
    snprintf(text, sizeof text, "stream,id=b,addr.type=unix,addr.path=%s/nobody", folder);
    assert_int_equal(net_spec_parse(&s, text, NULL, &e), 0);
    assert_null(net_open(&s, true, &e));
    assert_non_null(strstr(e.text, "nobody: cannot connect: No such file"));
    assert_int_equal(net_spec_parse(&s, "tap,id=b,fd=999", NULL, &e), 0);
    assert_null(net_open(&s, true, &e));
    assert_non_null(strstr(e.text, "descriptor 999"));
    assert_int_equal(net_spec_parse(&s, "socket,id=b,mcast=10.0.0.1:5", NULL, &e), 0);
    assert_null(net_open(&s, true, &e));
    assert_non_null(strstr(e.text, "no multicast group"));
}

/* ---- libslirp --------------------------------------------------------------------------------- */

static void test_user_answers(void **state)
{
    static const uint8_t request[42] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0,    0x12, 0x34, 0x56, 8,    6, /* ARP */
        0,    1,    8,    0,    6,    4,    0,    1,    0x52, 0x54, 0,    0x12, 0x34, 0x56,
        10,   0,    2,    15,   0,    0,    0,    0,    0,    0,    10,   0,    2,    2};
    struct net *n = open_net("user,id=n,ipv6=off", &guests[0]);

    (void)state;
    net_output(n, request, sizeof request);
    wait_for(&guests[0], 1);
    assert_memory_equal(guests[0].last, request + 6, 6);
    assert_memory_equal(guests[0].last + 12, request + 12, 2);
    assert_int_equal(guests[0].last[21], 2); /* a reply */
    assert_memory_equal(guests[0].last + 28, request + 38, 4);
    close_net(n, &guests[0]);
}

static void test_port_taken(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct net_spec s;
    struct error e;
    char text[100];

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    snprintf(text, sizeof text, "user,id=n,hostfwd=tcp:127.0.0.1:%u-:22", ntohs(a.sin_port));
    assert_int_equal(net_spec_parse(&s, text, NULL, &e), 0);
    assert_null(net_open(&s, true, &e));
    assert_non_null(strstr(e.text, "the port cannot be had"));
    close(fd);
}

/* ---- floods ----------------------------------------------------------------------------------- */

/* A guest that takes nothing: the sender of a stream waits, datagrams are dropped and counted, and then
 * it takes again. */
static void test_flood(void **state)
{
    static uint8_t frame[60000];
    char texts[2][300];
    struct net_counts counts;
    struct net *a, *b;
    uint64_t frames;

    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(texts[i], sizeof texts[i],
                 "dgram,id=a,local.type=unix,local.path=%s/%d,remote.type=unix,remote.path=%s/%d",
                 folder, i, folder, 1 - i);
    }
    a = open_net(texts[0], &guests[0]);
    b = open_net(texts[1], &guests[1]);
    guests[0].refuses = true;
    do { /* as long as it takes to fill all that waits */
        for (unsigned i = 0; i < 20; i++) {
            net_output(b, frame, sizeof frame);
        }
        net_get_counts(a, &counts);
    } while (counts.dropped_in == 0);
    assert_int_equal(counts.in, 0);
    pthread_mutex_lock(&guests[0].lock);
    guests[0].refuses = false;
    pthread_mutex_unlock(&guests[0].lock);
    wait_for(&guests[0], 5);
    net_close(b);
    net_close(a);
    frames = guests[0].frames;
    assert_true(frames * sizeof frame < 6 * MIB);
    close(guests[0].event);
    close(guests[1].event);
}

/* ---- files ------------------------------------------------------------------------------------ */

static void test_pcap(void **state)
{
    static const uint8_t expected[] = {
        0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,  0, 0, 0, 0,  20, 0, 0, 0,
        1,    0,    0,    0,    1, 0, 0, 0, 5, 0, 0, 0,  3, 0, 0, 0,  3,  0, 0, 0,
        'a',  'b',  'c',  2,    0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 21, 0,  0, 0};
    uint8_t bytes[200], frame[21] = "0123456789";
    struct error e;
    struct pcap *p;
    char path[100];
    FILE *f;

    (void)state;
    snprintf(path, sizeof path, "%s/x.pcap", folder);
    p = pcap_open(path, 20, &e);
    assert_non_null(p);
    pcap_frame(p, 1000000005, (const uint8_t *)"abc", 3);
    pcap_frame(p, UINT64_C(2000000000), frame, sizeof frame);
    assert_int_equal(pcap_close(p), 0);
    f = fopen(path, "rb");
    assert_int_equal(fread(bytes, 1, sizeof bytes, f), sizeof expected + 20);
    fclose(f);
    assert_memory_equal(bytes, expected, sizeof expected);
    remove(path);
    assert_null(pcap_open("/nonexistent/x.pcap", 20, &e));
    p = pcap_open("/dev/full", 20, &e);
    pcap_frame(p, 0, frame, 3);
    assert_int_equal(pcap_close(p), ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_specs),    cmocka_unit_test(test_bad_specs),
        cmocka_unit_test(test_stream),        cmocka_unit_test(test_dgram_unix),
        cmocka_unit_test(test_udp),           cmocka_unit_test(test_multicast),
        cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_user_answers),
        cmocka_unit_test(test_port_taken),    cmocka_unit_test(test_flood),
        cmocka_unit_test(test_pcap),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
