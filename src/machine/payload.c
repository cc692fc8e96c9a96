/* SPDX-License-Identifier: GPL-2.0-or-later
 * payload: of a poke: a header of POKE_HEADER bytes (kind, hart, two zeros, four zeros, little-endian address or
 * register) and the new bytes.
 */
#include "machine/machine.h"

uint32_t poke_encode(uint8_t *out, enum poke_kind kind, uint32_t hart, uint64_t where,
                     const void *data, uint32_t size)
{
    memset(out, 0, POKE_HEADER);
    out[0] = (uint8_t)kind;
    out[1] = (uint8_t)hart;
    bytes_set_le(out + 8, 8, where);
    if (size) {
        memcpy(out + POKE_HEADER, data, size);
    }
    return POKE_HEADER + size;
}
