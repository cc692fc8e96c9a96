/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: one instruction as text.
 */
#include "isa/arm32/lift.h"

unsigned arm_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint32_t mode,
                         struct text *out)
{
    struct arm_insn i;

    (void)pc;
    if (!arm_decode_bytes(bytes, available, (mode & MODE_T) != 0, &i)) {
        return 0;
    }
    if (i.info == NULL) {
        text_add(out, ".inst\t0x%08x", i.bits);
    } else {
        text_add(out, "%s", i.info->name);
    }
    return i.length;
}
