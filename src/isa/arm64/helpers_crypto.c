/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers_crypto: AES, SHA-1, SHA-2, the part of SHA-3 that is no plain logic, and carry-less products of
 * 64 bits. After FIPS 197 and FIPS 180-4, cut into instructions as the Arm Architecture Reference Manual
 * for A-profile says. Left out: SM3 and SM4.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/simd.h"

/* ---- AES: byte 4 * c + r of a register is row r of column c ---- */

static const uint8_t sub_bytes[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
    0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
    0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
    0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
    0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
    0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
    0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
    0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
    0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
    0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
    0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
    0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
    0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
    0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
    0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
    0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};
static const uint8_t inverse_sub_bytes[256] = {
    0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38, 0xbf, 0x40, 0xa3, 0x9e, 0x81, 0xf3, 0xd7, 0xfb,
    0x7c, 0xe3, 0x39, 0x82, 0x9b, 0x2f, 0xff, 0x87, 0x34, 0x8e, 0x43, 0x44, 0xc4, 0xde, 0xe9, 0xcb,
    0x54, 0x7b, 0x94, 0x32, 0xa6, 0xc2, 0x23, 0x3d, 0xee, 0x4c, 0x95, 0x0b, 0x42, 0xfa, 0xc3, 0x4e,
    0x08, 0x2e, 0xa1, 0x66, 0x28, 0xd9, 0x24, 0xb2, 0x76, 0x5b, 0xa2, 0x49, 0x6d, 0x8b, 0xd1, 0x25,
    0x72, 0xf8, 0xf6, 0x64, 0x86, 0x68, 0x98, 0x16, 0xd4, 0xa4, 0x5c, 0xcc, 0x5d, 0x65, 0xb6, 0x92,
    0x6c, 0x70, 0x48, 0x50, 0xfd, 0xed, 0xb9, 0xda, 0x5e, 0x15, 0x46, 0x57, 0xa7, 0x8d, 0x9d, 0x84,
    0x90, 0xd8, 0xab, 0x00, 0x8c, 0xbc, 0xd3, 0x0a, 0xf7, 0xe4, 0x58, 0x05, 0xb8, 0xb3, 0x45, 0x06,
    0xd0, 0x2c, 0x1e, 0x8f, 0xca, 0x3f, 0x0f, 0x02, 0xc1, 0xaf, 0xbd, 0x03, 0x01, 0x13, 0x8a, 0x6b,
    0x3a, 0x91, 0x11, 0x41, 0x4f, 0x67, 0xdc, 0xea, 0x97, 0xf2, 0xcf, 0xce, 0xf0, 0xb4, 0xe6, 0x73,
    0x96, 0xac, 0x74, 0x22, 0xe7, 0xad, 0x35, 0x85, 0xe2, 0xf9, 0x37, 0xe8, 0x1c, 0x75, 0xdf, 0x6e,
    0x47, 0xf1, 0x1a, 0x71, 0x1d, 0x29, 0xc5, 0x89, 0x6f, 0xb7, 0x62, 0x0e, 0xaa, 0x18, 0xbe, 0x1b,
    0xfc, 0x56, 0x3e, 0x4b, 0xc6, 0xd2, 0x79, 0x20, 0x9a, 0xdb, 0xc0, 0xfe, 0x78, 0xcd, 0x5a, 0xf4,
    0x1f, 0xdd, 0xa8, 0x33, 0x88, 0x07, 0xc7, 0x31, 0xb1, 0x12, 0x10, 0x59, 0x27, 0x80, 0xec, 0x5f,
    0x60, 0x51, 0x7f, 0xa9, 0x19, 0xb5, 0x4a, 0x0d, 0x2d, 0xe5, 0x7a, 0x9f, 0x93, 0xc9, 0x9c, 0xef,
    0xa0, 0xe0, 0x3b, 0x4d, 0xae, 0x2a, 0xf5, 0xb0, 0xc8, 0xeb, 0xbb, 0x3c, 0x83, 0x53, 0x99, 0x61,
    0x17, 0x2b, 0x04, 0x7e, 0xba, 0x77, 0xd6, 0x26, 0xe1, 0x69, 0x14, 0x63, 0x55, 0x21, 0x0c, 0x7d,
};

static struct simd_reg aes_round(struct simd_reg a, bool inverse)
{
    struct simd_reg out = {{0, 0}};

    for (unsigned i = 0; i < 16; i++) {
        unsigned row = i % 4, column = i / 4;
        unsigned from = 4 * ((inverse ? column - row : column + row) % 4) + row;
        uint64_t byte = simd_get(&a, 0, from);

        simd_set(&out, 0, i, (inverse ? inverse_sub_bytes : sub_bytes)[byte]);
    }
    return out;
}

/* The product of a and a factor below 16, modulo AES's polynomial. */
static unsigned times(unsigned a, unsigned factor)
{
    unsigned product = 0;

    for (; factor != 0; factor >>= 1) {
        product ^= factor & 1 ? a : 0;
        a = a << 1 ^ (a & 0x80 ? 0x11b : 0);
    }
    return product;
}

static struct simd_reg mix_columns(struct simd_reg a, bool inverse)
{
    static const uint8_t factors[2][4] = {{2, 3, 1, 1}, {14, 11, 13, 9}};
    struct simd_reg out = {{0, 0}};

    for (unsigned i = 0; i < 16; i++) {
        unsigned sum = 0;

        for (unsigned row = 0; row < 4; row++) {
            sum ^=
                times((unsigned)simd_get(&a, 0, i / 4 * 4 + row), factors[inverse][(row - i) % 4]);
        }
        simd_set(&out, 0, i, sum);
    }
    return out;
}

/* ---- SHA-1 and SHA-256: words of 32 bits ---- */

static uint32_t rotr32(uint32_t a, unsigned n)
{
    return a >> n | a << (32 - n);
}

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return ((y ^ z) & x) ^ z;
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | ((x | y) & z);
}

struct words {
    uint32_t w[4];
};

static struct words words_of(struct simd_reg a)
{
    return (struct words){
        {(uint32_t)a.d[0], (uint32_t)(a.d[0] >> 32), (uint32_t)a.d[1], (uint32_t)(a.d[1] >> 32)}};
}

static struct simd_reg reg_of(struct words a)
{
    return (struct simd_reg){{(uint64_t)a.w[1] << 32 | a.w[0], (uint64_t)a.w[3] << 32 | a.w[2]}};
}

/* Moves the words up by one; the lowest becomes `in`. */
static struct words moved_up(struct words a, uint32_t in)
{
    return (struct words){{in, a.w[0], a.w[1], a.w[2]}};
}

static struct words sha1_rounds(enum crypto_op op, struct words x, uint32_t y, struct words w)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t t, top = x.w[3];

        if (op == CRYPTO_SHA1C) {
            t = choose(x.w[1], x.w[2], x.w[3]);
        } else {
            t = op == CRYPTO_SHA1P ? x.w[1] ^ x.w[2] ^ x.w[3] : majority(x.w[1], x.w[2], x.w[3]);
        }
        y += rotr32(x.w[0], 27) + t + w.w[i];
        x.w[1] = rotr32(x.w[1], 2);
        x = moved_up(x, y);
        y = top;
    }
    return x;
}

static struct words sha1_schedule1(struct words d, struct words n)
{
    struct words t, r;

    for (unsigned i = 0; i < 4; i++) {
        t.w[i] = d.w[i] ^ (i < 3 ? n.w[i + 1] : 0);
        r.w[i] = rotr32(t.w[i], 31);
    }
    r.w[3] ^= rotr32(t.w[0], 30);
    return r;
}

static struct words sha256_rounds(struct words x, struct words y, struct words w, bool first)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t sigma1 = rotr32(y.w[0], 6) ^ rotr32(y.w[0], 11) ^ rotr32(y.w[0], 25);
        uint32_t sigma0 = rotr32(x.w[0], 2) ^ rotr32(x.w[0], 13) ^ rotr32(x.w[0], 22);
        uint32_t t = y.w[3] + sigma1 + choose(y.w[0], y.w[1], y.w[2]) + w.w[i];
        uint32_t up = t + x.w[3], in = t + sigma0 + majority(x.w[0], x.w[1], x.w[2]);

        x = moved_up(x, in);
        y = moved_up(y, up);
    }
    return first ? x : y;
}

static struct words sha256_schedule0(struct words d, struct words n)
{
    struct words r;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = i < 3 ? d.w[i + 1] : n.w[0];
        r.w[i] = (rotr32(t, 7) ^ rotr32(t, 18) ^ t >> 3) + d.w[i];
    }
    return r;
}

static struct words sha256_schedule1(struct words d, struct words n, struct words m)
{
    struct words r;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = i < 2 ? m.w[i + 2] : r.w[i - 2];
        t = rotr32(t, 17) ^ rotr32(t, 19) ^ t >> 10;
        r.w[i] = t + d.w[i] + (i < 3 ? n.w[i + 1] : m.w[0]);
    }
    return r;
}

/* ---- SHA-512 ---- */

static uint64_t rotr64(uint64_t a, unsigned n)
{
    return a >> n | a << (64 - n);
}

static uint64_t big_sigma1(uint64_t a)
{
    return rotr64(a, 14) ^ rotr64(a, 18) ^ rotr64(a, 41);
}

static uint64_t big_sigma0(uint64_t a)
{
    return rotr64(a, 28) ^ rotr64(a, 34) ^ rotr64(a, 39);
}

static struct simd_reg sha512_first(struct simd_reg d, struct simd_reg n, struct simd_reg m)
{
    struct simd_reg r;
    uint64_t t;

    r.d[1] = ((m.d[1] & n.d[0]) ^ (~m.d[1] & n.d[1])) + big_sigma1(m.d[1]) + d.d[1];
    t = r.d[1] + m.d[0];
    r.d[0] = ((t & m.d[1]) ^ (~t & n.d[0])) + big_sigma1(t) + d.d[0];
    return r;
}

static struct simd_reg sha512_second(struct simd_reg d, struct simd_reg n, struct simd_reg m)
{
    uint64_t both = m.d[1] & m.d[0];
    struct simd_reg r;

    r.d[1] = ((n.d[0] & (m.d[1] ^ m.d[0])) ^ both) + big_sigma0(m.d[0]) + d.d[1];
    r.d[0] = ((r.d[1] & (m.d[1] ^ m.d[0])) ^ both) + big_sigma0(r.d[1]) + d.d[0];
    return r;
}

static uint64_t small_sigma0(uint64_t a)
{
    return rotr64(a, 1) ^ rotr64(a, 8) ^ a >> 7;
}

static uint64_t small_sigma1(uint64_t a)
{
    return rotr64(a, 19) ^ rotr64(a, 61) ^ a >> 6;
}

/* ---- carry-less product ---- */

static struct simd_reg carry_less(uint64_t a, uint64_t b)
{
    struct simd_reg r = {{0, 0}};

    for (; b != 0; b &= b - 1) {
        unsigned at = (unsigned)__builtin_ctzll(b);

        r.d[0] ^= a << at;
        r.d[1] ^= at != 0 ? a >> (64 - at) : 0;
    }
    return r;
}

/* ---- all of them ---- */

static struct simd_reg with_words(enum crypto_op op, struct simd_reg d, struct simd_reg n,
                                  struct simd_reg m)
{
    struct words x = words_of(d), y = words_of(n), z = words_of(m);

    switch (op) {
    case CRYPTO_SHA1C:
    case CRYPTO_SHA1P:
    case CRYPTO_SHA1M: return reg_of(sha1_rounds(op, x, y.w[0], z));
    case CRYPTO_SHA1H: return (struct simd_reg){{rotr32(y.w[0], 2), 0}};
    case CRYPTO_SHA1SU1: return reg_of(sha1_schedule1(x, y));
    case CRYPTO_SHA256H: return reg_of(sha256_rounds(x, y, z, true));
    case CRYPTO_SHA256H2: return reg_of(sha256_rounds(y, x, z, false));
    case CRYPTO_SHA256SU0: return reg_of(sha256_schedule0(x, y));
    default: return reg_of(sha256_schedule1(x, y, z));
    }
}

static struct simd_reg result_of(enum crypto_op op, struct simd_reg d, struct simd_reg n,
                                 struct simd_reg m)
{
    struct simd_reg mixed = {{d.d[0] ^ n.d[0], d.d[1] ^ n.d[1]}};

    switch (op) {
    case CRYPTO_AESE: return aes_round(mixed, false);
    case CRYPTO_AESD: return aes_round(mixed, true);
    case CRYPTO_AESMC: return mix_columns(n, false);
    case CRYPTO_AESIMC: return mix_columns(n, true);
    case CRYPTO_SHA1SU0:
        return (struct simd_reg){{d.d[1] ^ d.d[0] ^ m.d[0], n.d[0] ^ d.d[1] ^ m.d[1]}};
    case CRYPTO_SHA512H: return sha512_first(d, n, m);
    case CRYPTO_SHA512H2: return sha512_second(d, n, m);
    case CRYPTO_SHA512SU0:
        return (struct simd_reg){{d.d[0] + small_sigma0(d.d[1]), d.d[1] + small_sigma0(n.d[0])}};
    case CRYPTO_SHA512SU1:
        return (struct simd_reg){
            {d.d[0] + small_sigma1(n.d[0]) + m.d[0], d.d[1] + small_sigma1(n.d[1]) + m.d[1]}};
    case CRYPTO_RAX1:
        return (struct simd_reg){{n.d[0] ^ rotr64(m.d[0], 63), n.d[1] ^ rotr64(m.d[1], 63)}};
    default: return with_words(op, d, n, m);
    }
}

uint64_t arm64_help_crypto(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t unused)
{
    uint32_t w = (uint32_t)bits;
    struct simd_reg d = simd_read(cpu, simd_rd(w)), n = simd_read(cpu, simd_rn(w));
    struct simd_reg m = simd_read(cpu, simd_rm(w));

    (void)unused;
    if (op == CRYPTO_PMULL64) {
        unsigned half = simd_q(w);

        d = carry_less(n.d[half], m.d[half ^ w >> 31]); /* bit 31: AArch32's D registers */
    } else {
        d = result_of((enum crypto_op)op, d, n, m);
    }
    simd_write(cpu, simd_rd(w), d);
    return 0;
}
