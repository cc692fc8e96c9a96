/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_walk: see arm_walk.h.
 */
#include "isa/arm_walk.h"

static unsigned shift_of(const struct arm_tables *t, unsigned level)
{
    return t->granule + (t->granule - 3) * (3 - level);
}

paddr arm_walk_first(const struct arm_tables *t)
{
    unsigned bits = t->in_bits - shift_of(t, t->level) + 3;

    return align_down(t->first, UINT64_C(1) << (bits < t->align_bits ? t->align_bits : bits));
}

static bool read_descriptor(struct arm_walk *w)
{
    bool done = cpu_walk_read(w->cpu, w->at, 8, &w->desc);

    w->desc = done && w->tables->big ? __builtin_bswap64(w->desc) : w->desc;
    return done;
}

static bool has_block(unsigned granule, unsigned level)
{
    return granule == 12 ? level == 1 || level == 2 : level == 2;
}

/* The address in the descriptor, of a multiple of 2^shift; false if it is larger than it may be. */
static bool output_of(const struct arm_walk *w, unsigned shift, paddr *out)
{
    *out = bits_get(w->desc, 0, w->tables->address_bits) & ~((UINT64_C(1) << shift) - 1);
    return *out >> w->tables->out_bits == 0;
}

static void used(const struct arm_walk *w)
{
    if (!w->debug) {
        cpu_walk_used(w->cpu, w->at, 8, w->va, w->in_is_va ? w->shift : PAGE_BITS);
    }
}

enum arm_walk_end arm_walk(struct arm_walk *w)
{
    const struct arm_tables *t = w->tables;
    paddr table = arm_walk_first(t);
    unsigned top = t->in_bits;

    w->inherits = 0;
    for (w->level = t->level;; w->level++) {
        w->shift = shift_of(t, w->level);
        w->at = table + 8 * bits_get(w->in, w->shift, top - w->shift);
        if (w->locate != NULL && !w->locate(w->opaque, &w->at)) {
            return ARM_WALK_REFUSED;
        }
        if (!read_descriptor(w)) {
            return ARM_WALK_EXTERNAL;
        }
        if ((w->desc & ARM_DESC_VALID) == 0 ||
            ((w->desc & ARM_DESC_TABLE) == 0 && !has_block(t->granule, w->level))) {
            return ARM_WALK_INVALID;
        }
        if (w->level == 3 || (w->desc & ARM_DESC_TABLE) == 0) {
            break;
        }
        if (!output_of(w, t->granule, &table)) {
            return ARM_WALK_SIZE;
        }
        used(w);
        w->inherits |= w->desc & UINT64_C(0x1f) << 59;
        top = w->shift;
    }
    if (!output_of(w, w->shift, &w->out)) {
        return ARM_WALK_SIZE;
    }
    w->out |= w->in & ((UINT64_C(1) << w->shift) - 1);
    return ARM_WALK_LEAF;
}

void arm_walk_done(const struct arm_walk *w)
{
    used(w);
}

bool arm_walk_update(struct arm_walk *w, uint64_t desc)
{
    if (!cpu_walk_update(w->cpu, w->at, 8, w->tables->big ? __builtin_bswap64(desc) : desc)) {
        return false;
    }
    w->desc = desc;
    return true;
}
