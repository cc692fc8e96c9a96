/* SPDX-License-Identifier: GPL-2.0-or-later
 * world_net_ring: frames through memory that two share: whole and in order while both sleep and wake as they
 * like, no more than there is room for, and nothing believed of one who does not keep to the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <semaphore.h>

#include <cmocka.h>

#include "../chance.h"
#include "world/net_ring.h"

enum { SIZE = 1 << 17, FRAMES = 20000, BELOW = SIZE / 2 };

static struct net_ring_shared shared;
static uint8_t bytes[SIZE];
static sem_t taker, putter;

static size_t size_of(uint64_t *chance)
{
    return 1 +
           (size_t)(chance_next(chance) % (chance_next(chance) % 50 == 0 ? NET_FRAME_MAX : 1500));
}

static void *put_all(void *opaque)
{
    static uint8_t frame[NET_FRAME_MAX];
    struct net_ring r = {.shared = &shared, .bytes = bytes, .size = SIZE};
    uint64_t chance = 1;

    (void)opaque;
    for (unsigned i = 0; i < FRAMES; i++) {
        size_t count = size_of(&chance);

        memset(frame, (int)(i % 251), count);
        while (!net_ring_put(&r, frame, count)) {
            if (net_ring_wait(&r, BELOW)) {
                sem_wait(&putter);
            }
        }
        if (net_ring_wakes(&r)) {
            sem_post(&taker);
        }
    }
    return NULL;
}

static void test_two(void **state)
{
    static uint8_t frame[NET_FRAME_MAX];
    struct net_ring r = {.shared = &shared, .bytes = bytes, .size = SIZE};
    uint64_t chance = 1;
    pthread_t other;

    (void)state;
    sem_init(&taker, 0, 0);
    sem_init(&putter, 0, 0);
    assert_int_equal(pthread_create(&other, NULL, put_all, NULL), 0);
    for (unsigned i = 0; i < FRAMES; i++) {
        size_t count = size_of(&chance);
        int got;

        while ((got = net_ring_take(&r, frame)) == NET_RING_EMPTY) {
            if (net_ring_sleep(&r)) {
                sem_wait(&taker);
                net_ring_awake(&r);
            }
        }
        if (net_ring_frees(&r, BELOW)) {
            sem_post(&putter);
        }
        assert_int_equal(got, count);
        assert_true(frame[0] == i % 251 && frame[count - 1] == i % 251);
    }
    assert_int_equal(net_ring_take(&r, frame), NET_RING_EMPTY);
    pthread_join(other, NULL);
}

static void test_full(void **state)
{
    static uint8_t frame[NET_FRAME_MAX];
    struct net_ring in = {.shared = &shared, .bytes = bytes, .size = SIZE}, out = in;
    unsigned count = 0;

    (void)state;
    memset(&shared, 0, sizeof shared);
    assert_false(net_ring_wait(&in, 1));
    while (net_ring_put(&in, frame, 1000)) {
        count++;
    }
    assert_int_equal(count, SIZE / 1004);
    assert_int_equal(net_ring_waiting(&in), count * 1004);
    assert_int_equal(net_ring_take(&out, frame), 1000);
    assert_true(net_ring_put(&in, frame, 1000));
}

/* Counts and lengths that cannot be. */
static void test_broken(void **state)
{
    static uint8_t frame[NET_FRAME_MAX];
    static const uint32_t lengths[] = {0, 97, NET_FRAME_MAX + 1, UINT32_MAX};
    struct net_ring r = {.shared = &shared, .bytes = bytes, .size = SIZE};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        memcpy(bytes, &lengths[i], 4);
        memset(&shared, 0, sizeof shared);
        atomic_store(&shared.put, 100);
        assert_int_equal(net_ring_take(&r, frame), NET_RING_BROKEN);
    }
    atomic_store(&shared.put, SIZE + 1);
    assert_int_equal(net_ring_take(&r, frame), NET_RING_BROKEN);
    atomic_store(&shared.put, 3);
    assert_int_equal(net_ring_take(&r, frame), NET_RING_BROKEN);
    atomic_store(&shared.taken, 5); /* more than was put */
    assert_false(net_ring_put(&r, frame, 14));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two), cmocka_unit_test(test_full),
                                       cmocka_unit_test(test_broken)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
