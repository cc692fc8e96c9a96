/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb_packet: frames over a stream in memory: sums, acknowledgements, escapes, packets in pieces,
 * too long ones, the interrupt byte, and the numbers in packets.
 */
#include "gdb/internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct pipe {
    struct text in;
    size_t at, piece; /* bytes given at once; 0: all */
    bool closes;      /* after the last byte */
    struct text out;
};

static int pipe_read(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    struct pipe *p = opaque;
    size_t n = p->in.length - p->at;

    (void)timeout_ms;
    if (n == 0) {
        return p->closes ? -1 : 0;
    }
    n = p->piece != 0 && n > p->piece ? p->piece : n;
    n = n < room ? n : room;
    memcpy(bytes, p->in.data + p->at, n);
    p->at += n;
    return (int)n;
}

static int pipe_write(void *opaque, const void *bytes, size_t count)
{
    struct pipe *p = opaque;

    text_add_bytes(&p->out, bytes, count);
    return 0;
}

struct fixture {
    struct pipe pipe;
    struct gdb_stream stream;
    struct gdb_wire wire;
};

static int setup(void **state)
{
    struct fixture *f = base_alloc(1, sizeof(*f));

    f->stream = (struct gdb_stream){.opaque = &f->pipe, .read = pipe_read, .write = pipe_write};
    gdb_wire_init(&f->wire, &f->stream);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gdb_wire_fini(&f->wire);
    text_fini(&f->pipe.in);
    text_fini(&f->pipe.out);
    free(f);
    return 0;
}

static void feed(struct fixture *f, const char *bytes)
{
    text_add(&f->pipe.in, "%s", bytes);
}

static void frame(struct fixture *f, const void *payload, size_t length)
{
    const uint8_t *b = payload;
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++) {
        sum += b[i];
    }
    text_add(&f->pipe.in, "$");
    text_add_bytes(&f->pipe.in, payload, length);
    text_add(&f->pipe.in, "#%02x", sum & 255);
}

static void expect_packet(struct fixture *f, const char *payload)
{
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_PACKET);
    gdb_wire_acknowledge(&f->wire);
    assert_int_equal(f->wire.length, strlen(payload));
    assert_string_equal((const char *)f->wire.packet, payload);
}

static void expect_sent(struct fixture *f, const char *bytes)
{
    assert_string_equal(f->pipe.out.data != NULL ? f->pipe.out.data : "", bytes);
    f->pipe.out.length = 0;
    if (f->pipe.out.data != NULL) {
        f->pipe.out.data[0] = '\0';
    }
}

static void test_plain(void **state)
{
    struct fixture *f = *state;

    feed(f, "+$g#67noise$qC#b4");
    expect_packet(f, "g");
    expect_sent(f, "+");
    expect_packet(f, "qC");
    expect_sent(f, "+");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
    f->wire.acknowledge = false;
    feed(f, "$#00");
    expect_packet(f, "");
    expect_sent(f, "");
    f->pipe.closes = true;
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_GONE);
}

static void test_bad_sum(void **state)
{
    struct fixture *f = *state;

    feed(f, "$g#68$g#6$g#67$qC#zz");
    /* The second was never finished: the third begins. */
    expect_packet(f, "g");
    expect_sent(f, "-+");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
    expect_sent(f, "-");
    feed(f, "$g#67");
    expect_packet(f, "g");
    expect_sent(f, "+");
    f->wire.acknowledge = false;
    feed(f, "$g#68$g#67");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_DAMAGED);
    expect_packet(f, "g");
    expect_sent(f, "");
}

/* An acknowledgement goes with the answer, in one write, and is not part of it when that is asked for
 * again; by itself it goes once. */
static void test_together(void **state)
{
    struct fixture *f = *state;

    feed(f, "$g#67");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_PACKET);
    expect_sent(f, "");
    gdb_wire_send(&f->wire, "OK", 2);
    expect_sent(f, "+$OK#9a");
    feed(f, "-$g#67");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_PACKET);
    expect_sent(f, "$OK#9a");
    gdb_wire_acknowledge(&f->wire);
    gdb_wire_acknowledge(&f->wire);
    gdb_wire_send(&f->wire, "O", 1);
    gdb_wire_send(&f->wire, "O", 1);
    expect_sent(f, "+$O#4f$O#4f");
    assert_int_equal(f->wire.unheard, 2);
    feed(f, "-+");
    assert_false(gdb_wire_interrupted(&f->wire)); /* '-' before the answer asks for nothing */
    expect_sent(f, "");
    assert_int_equal(f->wire.unheard, 1);
    assert_false(gdb_wire_has_next(&f->wire));
    feed(f, "++$g#67");
    assert_false(gdb_wire_interrupted(&f->wire));
    assert_int_equal(f->wire.unheard, 0);
    assert_true(gdb_wire_has_next(&f->wire));
    expect_packet(f, "g");
    assert_int_equal(f->wire.missed, 0);
    gdb_wire_send(&f->wire, "O", 1);
    gdb_wire_send(&f->wire, "OK", 2);
    expect_sent(f, "+$O#4f$OK#9a");
    feed(f, "$g#67++"); /* thrown away by the client, who acknowledges it too late */
    expect_packet(f, "g");
    assert_int_equal(f->wire.missed, 2);
    assert_int_equal(f->wire.unheard, 0);
}

static void test_again(void **state)
{
    struct fixture *f = *state;

    feed(f, "-");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
    expect_sent(f, ""); /* there is nothing to send again */
    gdb_wire_send(&f->wire, "OK", 2);
    expect_sent(f, "$OK#9a");
    feed(f, "--+");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
    expect_sent(f, "$OK#9a$OK#9a");
    feed(f, "----------------------------------------");
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
    assert_true(f->pipe.out.length < 8 * 6);
}

static void test_escapes(void **state)
{
    static const uint8_t wild[] = {'a', '}', 0x03, '}', 0x04, '}', 0x5d, '}', 0x0a, 0, 3, 'z'};
    static const char tame[] = "a#$}*\0\3z";
    struct fixture *f = *state;

    frame(f, wild, sizeof wild);
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_PACKET);
    assert_int_equal(f->wire.length, sizeof tame - 1);
    assert_memory_equal(f->wire.packet, tame, sizeof tame - 1);
    gdb_wire_acknowledge(&f->wire);
    expect_sent(f, "+");
    gdb_wire_send(&f->wire, tame, 5);
    assert_int_equal(f->pipe.out.length, 1 + 9 + 3);
    assert_memory_equal(f->pipe.out.data + 1, wild, 9);
    f->pipe.out.length = 0;
    frame(f, "a}", 2); /* nothing left to escape */
    expect_packet(f, "a}");
}

/* However the bytes come in pieces, the packets are the same. */
static void test_pieces(void **state)
{
    struct fixture *f = *state;

    for (f->pipe.piece = 1; f->pipe.piece < 9; f->pipe.piece++) {
        feed(f, "$g#67+$vMustReplyEmpty#3a-$qC#b4");
        for (const char *const *p = (const char *const[]){"g", "vMustReplyEmpty", "qC", NULL}; *p;
             p++) {
            enum gdb_received r;

            do {
                r = gdb_wire_receive(&f->wire, 0);
            } while (r == GDB_NOTHING);
            assert_int_equal(r, GDB_PACKET);
            assert_string_equal((const char *)f->wire.packet, *p);
        }
    }
}

/* Nothing is kept of a packet that is too long, whatever its length; the next one is served. */
static void test_too_long(void **state)
{
    struct fixture *f = *state;

    for (size_t more = 0; more < 8; more++) {
        size_t length = GDB_PACKET_MAX * 2 - 4 + more;
        uint8_t *bytes = base_alloc(length, 1);

        memset(bytes, 'm', length);
        frame(f, bytes, length);
        frame(f, "g", 1);
        free(bytes);
        assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_DAMAGED);
        gdb_wire_acknowledge(&f->wire);
        expect_packet(f, "g");
    }
    expect_sent(f, "++++++++++++++++");
}

/* However much of a packet came: whoever begins another one is answered, and so is an interrupt. */
static void test_unfinished(void **state)
{
    struct fixture *f = *state;

    for (size_t length = GDB_PACKET_MAX - 6; length < GDB_PACKET_MAX + 6; length++) {
        uint8_t *bytes = base_alloc(length, 1);

        memset(bytes, 'm', length);
        bytes[0] = '$';
        text_add_bytes(&f->pipe.in, bytes, length);
        for (int i = 0; i < 3; i++) { /* as often as it takes to read all of it */
            assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
            assert_false(gdb_wire_interrupted(&f->wire));
        }
        feed(f, "$g#67");
        expect_packet(f, "g");
        expect_sent(f, "+");
        text_add_bytes(&f->pipe.in, bytes, length);
        for (int i = 0; i < 3; i++) {
            assert_false(gdb_wire_interrupted(&f->wire));
        }
        feed(f, "$g#67\003");
        for (int i = 0; !gdb_wire_interrupted(&f->wire); i++) {
            assert_true(i < 3);
        }
        expect_packet(f, "g");
        expect_sent(f, "+");
        free(bytes);
    }
}

/* What begins like a browser, a terminal or TLS is dropped before anything is obeyed. */
static void test_strangers(void **state)
{
    static const char *const beginnings[] = {
        "GET / HTTP/1.1\r\n",
        "POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n+$qC#b4",
        "+PUT / HTTP/1.1\r\n\r\n$qC#b4",
        "\r\n$qC#b4",
        "\026\003\001",
        "#$qC#b4",
        "$qC#b5OPTIONS * HTTP/1.1\r\n$qC#b4", /* a packet that is none does not count */
    };

    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        (void)setup(state);
        struct fixture *f = *state;

        for (f->pipe.piece = 1; f->pipe.piece < 4; f->pipe.piece++) {
            enum gdb_received r;

            gdb_wire_fini(&f->wire);
            gdb_wire_init(&f->wire, &f->stream);
            f->pipe.in.length = f->pipe.at = 0;
            feed(f, beginnings[i]);
            while ((r = gdb_wire_receive(&f->wire, 0)) == GDB_NOTHING) {
            }
            assert_int_equal(r, GDB_GONE);
            assert_true(f->wire.stranger && f->wire.strange_length != 0);
        }
        (void)teardown(state);
    }
}

static void test_longest(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = base_alloc(GDB_PAYLOAD_MAX, 1);

    memset(bytes, 'm', GDB_PAYLOAD_MAX);
    feed(f, "++");
    frame(f, bytes, GDB_PAYLOAD_MAX);
    frame(f, bytes, GDB_PAYLOAD_MAX);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_PACKET);
        assert_int_equal(f->wire.length, GDB_PAYLOAD_MAX);
        assert_memory_equal(f->wire.packet, bytes, GDB_PAYLOAD_MAX);
    }
    free(bytes);
}

static void test_interrupt(void **state)
{
    struct fixture *f = *state;

    assert_false(gdb_wire_interrupted(&f->wire));
    feed(f, "+\003");
    assert_true(gdb_wire_interrupted(&f->wire));
    assert_false(gdb_wire_interrupted(&f->wire));
    frame(f, "X\003", 2); /* not one: it is inside */
    assert_false(gdb_wire_interrupted(&f->wire));
    feed(f, "\003");
    assert_true(gdb_wire_interrupted(&f->wire));
    expect_packet(f, "X\003");
    feed(f, "\003"); /* too late to mean anything */
    assert_int_equal(gdb_wire_receive(&f->wire, 0), GDB_NOTHING);
    assert_false(gdb_wire_interrupted(&f->wire));
    f->pipe.closes = true;
    assert_true(gdb_wire_interrupted(&f->wire));
}

static struct gdb_args args_of(const char *s)
{
    return (struct gdb_args){.at = (const uint8_t *)s, .end = (const uint8_t *)s + strlen(s)};
}

static void test_numbers(void **state)
{
    struct gdb_args a = args_of("ffffFFFFffffffff,0;");
    uint8_t bytes[4];
    uint64_t n;

    (void)state;
    assert_true(gdb_take_hex(&a, &n));
    assert_true(n == UINT64_MAX);
    assert_false(gdb_take_hex(&a, &n));
    assert_true(gdb_take(&a, ','));
    assert_true(gdb_take_hex(&a, &n));
    assert_true(n == 0);
    assert_false(gdb_take(&a, ','));
    assert_int_equal(gdb_left(&a), 1);
    a = args_of("10000000000000000");
    assert_false(gdb_take_hex(&a, &n));
    a = args_of("00ff10");
    assert_int_equal(gdb_take_bytes(&a, bytes, 4), 3);
    assert_memory_equal(bytes, "\x00\xff\x10", 3);
    a = args_of("00ff10");
    assert_int_equal(gdb_take_bytes(&a, bytes, 2), 2);
    assert_int_equal(gdb_left(&a), 2);
    a = args_of("00f");
    assert_int_equal(gdb_take_bytes(&a, bytes, 4), -1);
    a = args_of("0g");
    assert_int_equal(gdb_take_bytes(&a, bytes, 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_sum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_escapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unfinished, setup, teardown),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test_setup_teardown(test_longest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interrupt, setup, teardown),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
