/* SPDX-License-Identifier: GPL-2.0-or-later
 * user: what processors of AArch64 ask for user code in AArch32 state, besides the lifter: see arm_user.h.
 */
#include "isa/arm32/arm.h"

uint32_t arm_user_mode(const struct arm_user *u, unsigned how)
{
    uint32_t mode = u->local | (u->big ? MODE_BIG : 0);

    if ((how & A32_FP_ON) != 0) {
        mode |= MODE_CP10 | MODE_VFP | MODE_NEON | (u->fpcr >> 22 & 0x1f) << MODE_FPSCR_POS;
        mode |= (u->fpcr & FPSCR_VECTORS) != 0 ? MODE_VECTORS : 0;
    }
    mode |= (how & A32_ALIGNED) != 0 ? MODE_ALIGN : 0;
    mode |= (how & A32_NO_SETEND) != 0 ? MODE_SED : 0;
    mode |= (how & A32_SHORT_IT) != 0 ? MODE_ITD : 0;
    return mode;
}

uint32_t arm_user_psr(const struct arm_user *u)
{
    uint32_t it = MODE_IT(u->local), p = u->ge << 16;

    p |= (u->flags & IR_FLAG_S) != 0 ? CPSR_N : 0;
    p |= (u->flags & IR_FLAG_Z) != 0 ? CPSR_Z : 0;
    p |= (u->flags & IR_FLAG_C) != 0 ? CPSR_C : 0;
    p |= (u->flags & IR_FLAG_O) != 0 ? CPSR_V : 0;
    p |= u->q ? CPSR_Q : 0;
    p |= u->big ? CPSR_E : 0;
    p |= (u->local & MODE_T) != 0 ? CPSR_T : 0;
    return p | (it & 3) << 25 | it >> 2 << 10;
}

void arm_user_set_psr(struct arm_user *u, uint32_t value, uint32_t mask)
{
    value = (arm_user_psr(u) & ~mask) | (value & mask);
    if ((mask & CPSR_N) != 0) { /* else what the IR left in the other bits stays */
        u->flags =
            ((value & CPSR_N) != 0 ? IR_FLAG_S : 0) | ((value & CPSR_Z) != 0 ? IR_FLAG_Z : 0) |
            ((value & CPSR_C) != 0 ? IR_FLAG_C : 0) | ((value & CPSR_V) != 0 ? IR_FLAG_O : 0);
    }
    u->q = (value & CPSR_Q) != 0;
    u->ge = value >> 16 & 15;
    u->big = (value & CPSR_E) != 0;
    u->local = ((value & CPSR_T) != 0 ? MODE_T : 0) |
               ((value >> 25 & 3) | (value >> 10 & 0x3f) << 2) << MODE_IT_POS;
}

uint64_t arm_it_advanced(uint64_t mode)
{
    uint64_t it = MODE_IT(mode);

    it = (it & 7) == 0 ? 0 : (it & 0xe0) | (it << 1 & 0x1f);
    return (mode & ~(UINT64_C(0xff) << MODE_IT_POS)) | it << MODE_IT_POS;
}
