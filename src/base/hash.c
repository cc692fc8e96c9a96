/* SPDX-License-Identifier: GPL-2.0-or-later
 * hash: the state hash. XXH3-64 by libxxhash, whose value is fixed by its specification and is
 * the same on every host; it is quick enough for every page a guest dirties, and not meant to
 * withstand somebody who looks for collisions.
 */
#include "base/base.h"

#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t count, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, count, seed);
}
