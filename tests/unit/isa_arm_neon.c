/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm_neon: loads and stores of elements and structures of Advanced SIMD (DDI 0406C, A7.7), in both orders of bytes:
 * each is compared with what the manual says of every element, one by one.
 */
#include "isa_arm_bench.h"

#define DATA (RAM + 0x8000)

/* What an instruction moves: of `count` registers, `apart` from each other, `structure` take turns; or one lane (index) of
 * each; or (all) each element goes to all lanes of `copies` registers. */
struct shape {
    uint32_t word; /* without size, base and register */
    unsigned structure, count, apart;
    bool lane, all;
    unsigned copies;
};

static const struct shape shapes[] = {
    {0xf4000700, 1, 1, 1, false, false, 1}, {0xf4000a00, 1, 2, 1, false, false, 1},
    {0xf4000600, 1, 3, 1, false, false, 1}, {0xf4000200, 1, 4, 1, false, false, 1},
    {0xf4000800, 2, 2, 1, false, false, 1}, {0xf4000900, 2, 2, 2, false, false, 1},
    {0xf4000300, 2, 4, 1, false, false, 1}, {0xf4000400, 3, 3, 1, false, false, 1},
    {0xf4000500, 3, 3, 2, false, false, 1}, {0xf4000000, 4, 4, 1, false, false, 1},
    {0xf4000100, 4, 4, 2, false, false, 1}, {0xf4800000, 1, 1, 1, true, false, 1},
    {0xf4800100, 2, 2, 1, true, false, 1},  {0xf4800200, 3, 3, 1, true, false, 1},
    {0xf4800300, 4, 4, 1, true, false, 1},  {0xf4800c00, 1, 1, 1, false, true, 1},
    {0xf4800c20, 1, 1, 1, false, true, 2},  {0xf4800d00, 2, 2, 1, false, true, 1},
    {0xf4800d20, 2, 2, 2, false, true, 1},  {0xf4800e00, 3, 3, 1, false, true, 1},
    {0xf4800f20, 4, 4, 2, false, true, 1}};

static uint64_t element(const uint8_t *at, unsigned size, bool big)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)at[big ? size - 1 - i : i] << 8 * i;
    }
    return value;
}

static uint64_t with_lane(uint64_t d, unsigned lane, unsigned size, uint64_t value)
{
    return bits_set(d, 8 * size * lane, 8 * size, value);
}

/* The registers after a load of `memory`. */
static void loaded(const struct shape *s, unsigned size, unsigned lane, bool big,
                   const uint8_t *memory, uint64_t d[32])
{
    unsigned per_vector = s->count / s->structure, lanes = 8 / size;

    for (unsigned r = 0; r < s->count && (s->lane || s->all); r++) {
        uint64_t value = element(memory + r * size, size, big);

        for (unsigned n = 0; n < lanes * s->copies; n++) {
            unsigned at = r * s->apart + n / lanes;
            d[at] = s->all || n == lane ? with_lane(d[at], n % lanes, size, value) : d[at];
        }
    }
    for (unsigned r = 0; r < s->count && !s->lane && !s->all; r++) {
        for (unsigned n = 0; n < lanes; n++) {
            unsigned vector = r / per_vector, e = r % per_vector * lanes + n;
            unsigned at = per_vector > 1 ? r : r * s->apart;
            d[at] = with_lane(d[at], n, size,
                              element(memory + (e * s->structure + vector) * size, size, big));
        }
    }
}

static uint32_t encode(const struct shape *s, unsigned log2, unsigned lane)
{
    if (s->all) {
        return s->word | log2 << 6;
    }
    return s->word | (s->lane ? log2 << 10 | lane << (5 + log2) : log2 << 6);
}

static unsigned moved(const struct shape *s, unsigned size)
{
    return s->lane || s->all ? s->count * size : s->count * 8;
}

static void one(struct bench *b, const struct shape *s, unsigned log2, unsigned lane)
{
    uint32_t w = encode(s, log2, lane) | 1u << 16 | 0xd; /* [r1]!, from d0 on */
    unsigned size = 1u << log2, bytes = moved(s, size);
    uint8_t memory[32], stored[40];
    uint64_t want[32];

    for (unsigned i = 0; i < sizeof memory; i++) {
        memory[i] = (uint8_t)(i * 37 + 11 + log2 * 5 + lane);
    }
    for (unsigned r = 0; r < 32; r++) {
        want[r] = b->s->d[r] = UINT64_C(0xa5a5a5a5a5a5a500) + r;
    }
    assert_true(mem_write_bytes(&b->mem, DATA, memory, sizeof memory));
    loaded(s, size, lane, b->s->big != 0, memory, want);
    b->s->r[1] = DATA;
    bench_one(b, w | 1u << 21);
    assert_memory_equal(b->s->d, want, sizeof want);
    assert_int_equal(b->s->r[1], DATA + bytes);
    if (s->all) {
        return;
    }
    memset(stored, 0xee, sizeof stored);
    assert_true(mem_write_bytes(&b->mem, DATA, stored, sizeof stored));
    b->s->r[1] = DATA;
    bench_one(b, w);
    assert_true(mem_read_bytes(&b->mem, DATA, stored, sizeof stored));
    assert_memory_equal(stored, memory, bytes);
    assert_int_equal(stored[bytes], 0xee); /* and nothing behind */
    assert_int_equal(b->s->r[1], DATA + bytes);
}

/* By the order of bytes, and whether it is compiled. */
static void test_elements(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        struct bench *b = bench_new(NULL, how & 1);

        b->s->big = how >> 1;
        b->s->cpacr = 0xf << 20;
        b->s->fpexc = UINT32_C(1) << 30;
        for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
            const struct shape *s = &shapes[i];
            unsigned widest = s->structure == 1 && !s->lane && !s->all ? 3 : 2;

            for (unsigned log2 = 0; log2 <= widest; log2++) {
                for (unsigned lane = 0; lane < (s->lane ? 8u >> log2 : 1); lane++) {
                    one(b, s, log2, lane);
                }
            }
        }
        bench_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_elements)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
