/* SPDX-License-Identifier: GPL-2.0-or-later
 * world_net_merge: segments of TCP that are put together: all bytes arrive, in order, with sums that are right
 * exactly where they were; what is no plain segment goes on as it is, in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../chance.h"
#include "world/net_merge.h"

enum { DATA = 54, FLOWS = 2, BYTES = 1 << 20 };

/* ---- frames ---- */

static uint32_t sum(const uint8_t *bytes, size_t count, uint32_t start)
{
    for (size_t i = 0; i < count; i++) {
        start += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        start = (start & 0xffff) + (start >> 16);
    }
    return start;
}

static uint32_t tcp_sum(const uint8_t *frame, size_t count)
{
    return sum(frame + 34, count - 34, sum(frame + 26, 8, 6 + (uint32_t)(count - 34)));
}

static uint64_t chance = 5;

static uint32_t below(uint32_t n)
{
    return (uint32_t)(chance_next(&chance) % n);
}

static size_t make(uint8_t *frame, unsigned flow, uint32_t sequence, const uint8_t *data,
                   size_t count, uint8_t flags)
{
    static uint16_t id;
    static const uint8_t start[DATA] = {
        0x52, 0x55, 10,   0, 2,  2, 0x52, 0x54, 0,  0x12, 0x34, 0x56, 8,  0, 0x45, 0, 0,   0,
        0,    0,    0x40, 0, 64, 6, 0,    0,    10, 0,    2,    15,   10, 0, 2,    2, 0x80};

    memcpy(frame, start, DATA);
    frame[35] = (uint8_t)flow;
    frame[36] = 0x1b;
    bytes_set_be(frame + 16, 2, 40 + count);
    bytes_set_be(frame + 18, 2, id++);
    bytes_set_be(frame + 38, 4, sequence);
    frame[46] = 0x50;
    frame[47] = flags;
    frame[48] = 0xff;
    memcpy(frame + DATA, data, count);
    bytes_set_be(frame + 24, 2, ~sum(frame + 14, 20, 0) & 0xffff);
    bytes_set_be(frame + 50, 2, ~tcp_sum(frame, DATA + count) & 0xffff);
    return DATA + count;
}

/* ---- who receives them ---- */

static struct {
    uint8_t data[FLOWS][BYTES];
    uint32_t next[FLOWS]; /* the bytes that came */
    unsigned frames, wrong, others;
} seen;

static void receive(void *opaque, const uint8_t *frame, size_t count)
{
    unsigned flow;
    uint32_t at;

    (void)opaque;
    seen.frames++;
    if (frame[47] != 0x10 && frame[47] != 0x18) {
        assert_int_equal(frame[47], 0x11); /* what had a FIN came alone */
        assert_int_equal(count, DATA + 5);
        seen.others++;
        return;
    }
    flow = frame[35];
    at = (uint32_t)bytes_get_be(frame + 38, 4);
    assert_true(flow < FLOWS && count <= NET_MERGE_MAX);
    assert_int_equal(at, seen.next[flow]);
    assert_int_equal(bytes_get_be(frame + 16, 2), count - 14);
    assert_int_equal(sum(frame + 14, 20, 0), 0xffff);
    seen.wrong += tcp_sum(frame, count) != 0xffff;
    memcpy(seen.data[flow] + at, frame + DATA, count - DATA);
    seen.next[flow] += (uint32_t)(count - DATA);
}

/* ---- tests ---- */

static uint8_t sent[FLOWS][BYTES];
static struct net_merge merge = {.send = receive};

static void test_streams(void **state)
{
    static uint8_t frame[2000];
    uint32_t at[FLOWS] = {0};
    unsigned frames = 0, others = 0;

    (void)state;
    for (size_t i = 0; i < sizeof sent; i++) {
        sent[i / BYTES][i % BYTES] = (uint8_t)chance_next(&chance);
    }
    for (unsigned flow = 0; at[flow] < BYTES; frames++) {
        size_t size = below(4) == 0 ? 1 + below(1460) : 1460;

        size = size < BYTES - at[flow] ? size : BYTES - at[flow];
        net_merge_add(
            &merge, frame,
            make(frame, flow, at[flow], sent[flow] + at[flow], size, below(20) == 0 ? 0x18 : 0x10));
        at[flow] += (uint32_t)size;
        if (below(100) == 0) {
            others++;
            net_merge_add(&merge, frame, make(frame, flow, at[flow], sent[0], 5, 0x11));
        }
        if (below(50) == 0) {
            net_merge_flush(&merge);
        }
        flow = below(30) == 0 ? 1 - flow : flow;
        flow = at[flow] == BYTES && at[1 - flow] < BYTES ? 1 - flow : flow;
    }
    net_merge_flush(&merge);
    assert_memory_equal(seen.data, sent, sizeof sent);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.others, others);
    assert_true(seen.frames < frames / 4);
}

/* One wrong segment makes the whole wrong: it is not mended by being put together. */
static void test_wrong_sum(void **state)
{
    static uint8_t frame[2000];

    (void)state;
    memset(&seen, 0, sizeof seen);
    for (uint32_t i = 0; i < 5; i++) {
        size_t count = make(frame, 0, i * 1001, sent[0] + i * 1001, 1001, 0x10);

        frame[DATA + 7] ^= i == 3;
        net_merge_add(&merge, frame, count);
    }
    net_merge_flush(&merge);
    net_merge_flush(&merge);
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.wrong, 1);
}

/* Another acknowledgement and another window: each begins anew. */
static void test_breaks(void **state)
{
    static uint8_t frame[2000];
    uint32_t at = 0;

    (void)state;
    memset(&seen, 0, sizeof seen);
    for (unsigned i = 0; i < 4; i++) {
        size_t count = make(frame, 0, at, sent[0] + at, 100, 0x10);

        frame[i == 1 ? 45 : 49] = (uint8_t)(i == 1 || i == 2);
        bytes_set_be(frame + 50, 2, 0);
        bytes_set_be(frame + 50, 2, ~tcp_sum(frame, count) & 0xffff);
        net_merge_add(&merge, frame, count);
        at += 100;
    }
    net_merge_flush(&merge);
    assert_int_equal(seen.frames, 4);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.next[0], 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_streams),
                                       cmocka_unit_test(test_wrong_sum),
                                       cmocka_unit_test(test_breaks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
