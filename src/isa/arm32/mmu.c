/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmu: translation by short and by long descriptors, after DDI 0406C, B3. Memory types show nowhere, so
 * TEX, C, B and their remapping are not looked at; ASIDs neither, as what is cached is always coherent.
 */
#include "isa/arm32/arm.h"
#include "isa/arm_walk.h"

/* A walk, and what it finds. */
struct walk {
    struct cpu *cpu;
    uint32_t va;
    enum access access;
    bool user, debug;
    unsigned level, domain;
    enum arm_status status; /* when it fails */
    /* of the page or block */
    bool read, write, user_write, never, privileged_never;
    bool super; /* of 16 MiB, by a short descriptor */
    paddr at;
};

static bool uses_long(const struct cpu *cpu)
{
    return arm_has(cpu, EXT_LPAE) && (arm_of(cpu)->ttbcr & TTBCR_EAE) != 0;
}

uint32_t arm_fault_status(const struct cpu *cpu, enum arm_status status, unsigned level,
                          unsigned domain)
{
    /* Of level 1 (sections), then of level 2. */
    static const uint8_t shorts[][2] = {
        [STATUS_ALIGNMENT] = {0x01, 0x01},   [STATUS_DEBUG] = {0x02, 0x02},
        [STATUS_EXTERNAL] = {0x08, 0x08},    [STATUS_EXTERNAL_WALK] = {0x0c, 0x0e},
        [STATUS_TRANSLATION] = {0x05, 0x07}, [STATUS_ACCESS_FLAG] = {0x03, 0x06},
        [STATUS_DOMAIN] = {0x09, 0x0b},      [STATUS_PERMISSION] = {0x0d, 0x0f}};
    static const uint8_t longs[] = {
        [STATUS_ALIGNMENT] = 0x21,     [STATUS_DEBUG] = 0x22,       [STATUS_EXTERNAL] = 0x10,
        [STATUS_EXTERNAL_WALK] = 0x14, [STATUS_TRANSLATION] = 0x04, [STATUS_ACCESS_FLAG] = 0x08,
        [STATUS_DOMAIN] = 0x04,        [STATUS_PERMISSION] = 0x0c};

    if (uses_long(cpu)) {
        return 0x200u | longs[status] | (status >= STATUS_EXTERNAL_WALK ? level : 0);
    }
    return shorts[status][level > 1] | domain << 4;
}

static void raise_abort(struct cpu *cpu, uint32_t va, enum access access, uint32_t fsr)
{
    cpu_raise(cpu, access == ACCESS_FETCH ? FAULT_PREFETCH : FAULT_DATA, va);
    if (access == ACCESS_FETCH) {
        fsr &= uses_long(cpu) ? UINT32_MAX : ~UINT32_C(0xf0);
    } else if (access == ACCESS_WRITE) {
        fsr |= FSR_WNR;
    }
    cpu->fault.value2 = fsr;
}

void arm_bus_fault(struct cpu *cpu, vaddr va, enum access access)
{
    raise_abort(cpu, (uint32_t)va, access, arm_fault_status(cpu, STATUS_EXTERNAL, 0, 0));
}

void arm_misaligned(struct cpu *cpu, vaddr va, enum access access)
{
    raise_abort(cpu, (uint32_t)va, access, arm_fault_status(cpu, STATUS_ALIGNMENT, 0, 0));
}

static bool fails(struct walk *w, enum arm_status status)
{
    w->status = status;
    return false;
}

static bool read_entry(struct walk *w, paddr at, unsigned size, uint64_t *out)
{
    if (!cpu_walk_read(w->cpu, at, size, out)) {
        return fails(w, STATUS_EXTERNAL_WALK);
    }
    if ((arm_of(w->cpu)->sctlr & SCTLR_EE) != 0) {
        *out = size == 4 ? __builtin_bswap32((uint32_t)*out) : __builtin_bswap64(*out);
    }
    return true;
}

static void used(const struct walk *w, paddr at, unsigned size, unsigned shift)
{
    if (!w->debug) {
        cpu_walk_used(w->cpu, at, size, w->va, shift);
    }
}

/* ---- permissions ---- */

/* AP[2:1], the simple model, which long descriptors have, too. */
static void set_simple(struct walk *w, unsigned ap)
{
    bool user = (ap & 1) != 0;

    w->read = !w->user || user;
    w->write = w->read && (ap & 2) == 0;
    w->user_write = user && (ap & 2) == 0;
}

static void set_full(struct walk *w, unsigned ap)
{
    switch (ap) {
    case 1: w->read = w->write = !w->user; break;
    case 2:
        w->read = true;
        w->write = !w->user;
        break;
    case 3: w->read = w->write = true; break;
    case 5: w->read = !w->user; break;
    case 6:
    case 7: w->read = true; break;
    default: break;
    }
}

static bool may_execute(const struct walk *w)
{
    return w->read && !w->never && (w->user || !w->privileged_never);
}

static bool check(struct walk *w)
{
    bool ok = w->access == ACCESS_READ    ? w->read
              : w->access == ACCESS_WRITE ? w->write
                                          : may_execute(w);

    return ok || w->debug ? true : fails(w, STATUS_PERMISSION);
}

/* ---- short descriptors ---- */

static bool by_domain(struct walk *w, unsigned ap)
{
    const struct arm *s = arm_of(w->cpu);

    if ((s->dacr >> 2 * w->domain & 3) == 3) { /* a manager: nothing is checked */
        w->read = w->write = true;
        w->never = w->privileged_never = false;
        return true;
    }
    if ((s->sctlr & SCTLR_AFE) == 0) {
        set_full(w, ap);
        return check(w);
    }
    if (!w->debug && w->access == ACCESS_FETCH && (w->never || (w->privileged_never && !w->user))) {
        return fails(w, STATUS_PERMISSION);
    }
    if ((ap & 1) == 0 && !w->debug) {
        return fails(w, STATUS_ACCESS_FLAG);
    }
    set_simple(w, ap >> 1);
    return check(w);
}

static bool domain_denies(const struct walk *w)
{
    return (arm_of(w->cpu)->dacr >> 2 * w->domain & 1) == 0;
}

static bool walk_section(struct walk *w, uint32_t e)
{
    w->super = (e & 0x40000) != 0;
    w->never = (e & 0x10) != 0;
    w->privileged_never = (e & 1) != 0;
    if (w->super) {
        w->at = (e & 0xff000000) | (w->va & 0x00ffffff) | (paddr)(e >> 20 & 15) << 32 |
                (paddr)(e >> 5 & 15) << 36;
    } else {
        w->at = (e & 0xfff00000) | (w->va & 0x000fffff);
    }
    return by_domain(w, (e >> 13 & 4) | (e >> 10 & 3));
}

static bool walk_page(struct walk *w, uint32_t table)
{
    paddr at = (table & 0xfffffc00) | (w->va >> 10 & 0x3fc);
    uint64_t e;

    w->level = 2;
    if (!read_entry(w, at, 4, &e)) {
        return false;
    }
    if ((e & 3) == 0) {
        return fails(w, STATUS_TRANSLATION);
    }
    if ((e & 2) != 0) {
        w->at = (e & 0xfffff000) | (w->va & 0xfff);
        w->never = (e & 1) != 0;
    } else {
        w->at = (e & 0xffff0000) | (w->va & 0xffff);
        w->never = (e & 0x8000) != 0;
    }
    w->privileged_never = (table & 4) != 0;
    used(w, at, 4, (e & 2) != 0 ? 12 : 16);
    return by_domain(w, (unsigned)((e >> 7 & 4) | (e >> 4 & 3)));
}

static bool walk_short(struct walk *w)
{
    const struct arm *s = arm_of(w->cpu);
    unsigned n = s->ttbcr & 7;
    bool second = n != 0 && w->va >> (32 - n) != 0, is_table;
    uint64_t e;
    paddr at;

    w->level = 1;
    n = second ? 0 : n;
    at = ((uint32_t)s->ttbr[second] & ~((UINT32_C(1) << (14 - n)) - 1)) |
         (w->va << n >> n >> 20 << 2);
    if (!read_entry(w, at, 4, &e)) {
        return false;
    }
    is_table = (e & 3) == 1;
    if ((e & 3) == 0 || ((e & 3) == 3 && (arm_model_of(w->cpu)->id_mmfr[0] & 15) < 4)) {
        return fails(w, STATUS_TRANSLATION);
    }
    w->domain = is_table || (e & 0x40000) == 0 ? (unsigned)(e >> 5 & 15) : 0;
    if (domain_denies(w) && !w->debug) {
        w->level = is_table ? 2 : 1;
        return fails(w, STATUS_DOMAIN);
    }
    used(w, at, 4, is_table || (e & 0x40000) == 0 ? 20 : 24);
    return is_table ? walk_page(w, (uint32_t)e) : walk_section(w, (uint32_t)e);
}

/* ---- long descriptors ---- */

/* Which base register, and how many bits the addresses that it translates have; false: neither. */
static bool choose_base(const struct walk *w, unsigned *which, unsigned *bits)
{
    const struct arm *s = arm_of(w->cpu);
    unsigned t0 = s->ttbcr & 7, t1 = s->ttbcr >> 16 & 7;
    bool low = t0 == 0 || w->va >> (32 - t0) == 0;
    bool high = t1 == 0 ? !low : w->va >> (32 - t1) == (UINT32_C(1) << t1) - 1;

    if (!high && !low) {
        return false;
    }
    *which = high;
    *bits = 32 - (high ? t1 : t0);
    return (s->ttbcr & (high ? UINT32_C(1) << 23 : 0x80)) == 0;
}

static bool finish_long(struct walk *w, const struct arm_walk *leaf)
{
    const struct arm *s = arm_of(w->cpu);
    unsigned ap = (unsigned)(leaf->desc >> 6 & 3), from_tables = (unsigned)(leaf->inherits >> 59);

    if ((leaf->desc & 0x400) == 0 && !w->debug) {
        return fails(w, STATUS_ACCESS_FLAG);
    }
    ap = (from_tables & 4) != 0 ? ap & 2 : ap; /* APTable[0]: not for user mode */
    ap |= from_tables >> 2 & 2;                /* APTable[1]: read-only */
    w->never = (leaf->desc & BIT64(54)) != 0 || (from_tables & 2) != 0;
    w->privileged_never = (leaf->desc & BIT64(53)) != 0 || (from_tables & 1) != 0;
    set_simple(w, ap);
    w->never |= w->write && (s->sctlr & SCTLR_WXN) != 0;
    w->privileged_never |= w->user_write && (s->sctlr & SCTLR_UWXN) != 0;
    return check(w);
}

static bool walk_long(struct walk *w)
{
    const struct arm *s = arm_of(w->cpu);
    struct arm_tables tables = {.granule = 12, .address_bits = 40, .out_bits = 40};
    struct arm_walk leaf = {.cpu = w->cpu,
                            .tables = &tables,
                            .in = w->va,
                            .va = w->va,
                            .in_is_va = true,
                            .debug = w->debug};
    enum arm_walk_end end;
    unsigned which;

    w->level = 1;
    if (!choose_base(w, &which, &tables.in_bits)) {
        return fails(w, STATUS_TRANSLATION);
    }
    tables.level = tables.in_bits > 30 ? 1 : 2;
    tables.first = s->ttbr[which] & 0xffffffffff;
    tables.big = (s->sctlr & SCTLR_EE) != 0;
    end = arm_walk(&leaf);
    w->level = leaf.level;
    if (end != ARM_WALK_LEAF) {
        return fails(w, end == ARM_WALK_INVALID ? STATUS_TRANSLATION : STATUS_EXTERNAL_WALK);
    }
    arm_walk_done(&leaf);
    w->at = leaf.out;
    return finish_long(w, &leaf);
}

/* ---- the whole ---- */

static bool walk(struct walk *w)
{
    if ((arm_of(w->cpu)->sctlr & SCTLR_M) == 0) {
        w->at = w->va;
        w->read = w->write = true;
        return true;
    }
    return uses_long(w->cpu) ? walk_long(w) : walk_short(w);
}

bool arm_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                   struct translation *out)
{
    struct walk w = {.cpu = cpu,
                     .va = (uint32_t)va,
                     .access = access,
                     .user = as == AS_USER || arm_of(cpu)->mode == ARM_MODE_USR,
                     .debug = as == AS_DEBUG};

    if (!walk(&w)) {
        if (as != AS_DEBUG) {
            raise_abort(cpu, w.va, access, arm_fault_status(cpu, w.status, w.level, w.domain));
        }
        return false;
    }
    *out = (struct translation){.at = w.at,
                                .cacheable = true,
                                .readable = w.read,
                                .writable = w.write,
                                .executable = may_execute(&w)};
    return true;
}

uint64_t arm_address_op(struct cpu *cpu, uint32_t va, enum access access, bool user)
{
    struct walk w = {.cpu = cpu, .va = va, .access = access, .user = user};

    if (walk(&w)) {
        if (uses_long(cpu)) {
            return (w.at & 0xfffffff000) | 0xa00;
        }
        return 0x200 |
               (w.super ? (w.at & 0xff000000) | (w.at >> 16 & 0xff0000) | 2 : w.at & 0xfffff000);
    }
    if (uses_long(cpu)) {
        return 0xa01 | (arm_fault_status(cpu, w.status, w.level, 0) & 0x3f) << 1;
    }
    return 1 | (arm_fault_status(cpu, w.status, w.level, 0) & 0xf) << 1;
}

void arm_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY])
{
    const struct arm *s = arm_of(cpu);

    key[0] = (s->mode == ARM_MODE_USR || as == AS_USER) | (uint64_t)s->sctlr << 32;
    if ((s->sctlr & SCTLR_M) != 0) {
        key[1] = s->ttbr[0];
        key[2] = s->ttbr[1];
        key[3] = s->ttbcr | (uint64_t)s->dacr << 32;
    }
}
