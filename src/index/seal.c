/* SPDX-License-Identifier: GPL-2.0-or-later
 * seal: sums that only the holder of a user's key can make: keyed BLAKE2b of libsodium. A piece's
 * sum binds the file (by its nonce), the table, the id and the bytes, so that no piece passes for
 * another one, nor one of another index. docs/index.md says what follows from that and what not.
 */
#include <sodium.h>

#include "index/internal.h"

_Static_assert(INDEX_KEY_BYTES == crypto_generichash_KEYBYTES, "the key of one file is a sum");
_Static_assert(SUM_BYTES == crypto_generichash_BYTES_MIN, "128 bits");

void seal_nonce(uint8_t nonce[NONCE_BYTES])
{
    must(sodium_init() >= 0);
    randombytes_buf(nonce, NONCE_BYTES);
}

void seal_init(struct seal *s, const struct index_key *key, const uint8_t nonce[NONCE_BYTES])
{
    must(sodium_init() >= 0);
    must(crypto_generichash(s->key, sizeof s->key, nonce, NONCE_BYTES, key->bytes,
                            sizeof key->bytes) == 0);
}

void seal_sum(const struct seal *s, enum kind kind, uint64_t id, const void *bytes, size_t count,
              uint8_t sum[SUM_BYTES])
{
    crypto_generichash_state state;
    uint8_t name[16];

    bytes_set_le(name, 8, kind);
    bytes_set_le(name + 8, 8, id);
    must(crypto_generichash_init(&state, s->key, sizeof s->key, SUM_BYTES) == 0);
    must(crypto_generichash_update(&state, name, sizeof name) == 0);
    must(crypto_generichash_update(&state, bytes, count) == 0);
    must(crypto_generichash_final(&state, sum, SUM_BYTES) == 0);
}

bool seal_is(const struct seal *s, enum kind kind, uint64_t id, const void *bytes, size_t count,
             const uint8_t sum[SUM_BYTES])
{
    uint8_t own[SUM_BYTES];

    seal_sum(s, kind, id, bytes, count, own);
    return sodium_memcmp(own, sum, SUM_BYTES) == 0;
}

void history_numbers(struct history *h, uint64_t *numbers[HISTORY_NUMBERS])
{
    uint64_t *const all[HISTORY_NUMBERS] = {
        &h->of.identity,
        &h->of.end,
        &h->begin,
        &h->checkpoints,
        &h->spans,
        &h->pages,
        &h->nodes,
        &h->lines,
        &h->lines_left_out,
        &h->footprint_bytes,
        &h->counts.inputs,
        &h->counts.exceptions,
        &h->counts.interrupts,
    };

    memcpy(numbers, all, sizeof all);
}

static void history_bytes(struct history *h, uint8_t bytes[8 * HISTORY_NUMBERS])
{
    uint64_t *numbers[HISTORY_NUMBERS];

    history_numbers(h, numbers);
    for (unsigned i = 0; i < HISTORY_NUMBERS; i++) {
        bytes_set_le(bytes + 8 * i, 8, *numbers[i]);
    }
}

void history_sum(struct history *h, const struct seal *s, uint8_t sum[SUM_BYTES])
{
    uint8_t bytes[8 * HISTORY_NUMBERS];

    history_bytes(h, bytes);
    seal_sum(s, KIND_HISTORY, INDEX_SCHEMA, bytes, sizeof bytes, sum);
}

bool history_is_sealed(struct history *h, const struct seal *s, const uint8_t sum[SUM_BYTES])
{
    uint8_t bytes[8 * HISTORY_NUMBERS];

    history_bytes(h, bytes);
    return seal_is(s, KIND_HISTORY, INDEX_SCHEMA, bytes, sizeof bytes, sum);
}
