/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmu: translation.
 */
#include "isa/arm64/arm64.h"

static void raise_abort(struct cpu *cpu, vaddr va, enum access access, unsigned fsc)
{
    if (access == ACCESS_FETCH) {
        arm64_raise(cpu, ESR(EC_INSN_ABORT, fsc), va, 0);
    } else {
        arm64_raise(cpu, ESR(EC_DATA_ABORT, fsc | (access == ACCESS_WRITE ? ISS_WNR : 0)), va, 0);
    }
}

void arm64_bus_fault(struct cpu *cpu, vaddr va, enum access access)
{
    raise_abort(cpu, va, access, FSC_EXTERNAL);
}

void arm64_misaligned(struct cpu *cpu, vaddr va, enum access access)
{
    raise_abort(cpu, va, access, FSC_ALIGNMENT);
}

bool arm64_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                     struct translation *out)
{
    const struct arm64 *s = arm64_of(cpu);

    if ((s->sctlr[s->el == 0 ? 1 : s->el] & SCTLR_M) != 0) {
        if (as != AS_DEBUG) {
            raise_abort(cpu, va, access, FSC_TRANSLATION);
        }
        return false;
    }
    *out = (struct translation){
        .at = va, .cacheable = true, .readable = true, .writable = true, .executable = true};
    return true;
}

void arm64_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY])
{
    const struct arm64 *s = arm64_of(cpu);

    key[0] = s->el | (uint64_t)as << 8;
    key[1] = s->sctlr[s->el == 0 ? 1 : s->el];
}
