/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: one instruction as text.
 */
#include "isa/arm64/lift.h"

unsigned arm64_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, struct text *out)
{
    struct arm64_insn i;

    (void)pc;
    if (available < 4) {
        return 0;
    }
    if (!arm64_decode((uint32_t)bytes_get_le(bytes, 4), &i)) {
        text_add(out, ".inst\t0x%08x", (uint32_t)bytes_get_le(bytes, 4));
    } else {
        text_add(out, "%s", i.info->name);
    }
    return 4;
}
