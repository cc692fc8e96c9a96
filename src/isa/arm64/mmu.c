/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmu: translation of stage 1 and stage 2 with granules of 4, 16 and 64 KiB, after DDI 0487, D8. The access
 * flag and the dirty state are set by the walk where the model can and TCR_ELx says so. Memory attributes
 * change nothing but the alignment that is asked for without translation. ASIDs, VMIDs and TLB maintenance
 * have no effect: what is cached is always what the tables say.
 */
#include "isa/arm64/arm64.h"
#include "isa/arm64/sysreg.h"
#include "isa/arm_walk.h"

enum { ALLOW_R = 1, ALLOW_W = 2, ALLOW_X = 4 };

/* Why not: a fault status code (without level) and the stage it is of. */
struct refusal {
    unsigned fsc;
    bool stage2, on_walk;
    paddr ipa;
};

/* How one access is to be translated. */
struct walk {
    enum access access;
    unsigned regime; /* whose registers */
    bool user;       /* as EL0 */
    bool debug;
    bool pan;
    uint64_t hcr;
};

/* What a stage found. */
struct result {
    paddr at;
    unsigned allowed;
    unsigned shift; /* the page or block has 2^shift bytes */
    uint8_t attr;   /* as MAIR_ELx has it */
    uint8_t sh;     /* shareability */
    bool guarded;   /* for branch target identification */
};

/* ---- the shape of tables ---- */

struct shape {
    struct arm_tables tables;
    bool ha, hd;
    bool disabled; /* hierarchical permissions do not count */
};

static const uint8_t physical_bits[8] = {32, 36, 40, 42, 44, 48, 48, 48};

static unsigned output_bits(const struct cpu *cpu, unsigned ips)
{
    unsigned can = (unsigned)(arm64_model_of(cpu)->id[ID_MMFR0] & 7);

    return physical_bits[ips < can ? ips : can];
}

static unsigned first_level(unsigned granule, unsigned in_bits)
{
    unsigned stride = granule - 3;

    return 4 - (in_bits - granule + stride - 1) / stride;
}

static unsigned tg0_bits(unsigned tg)
{
    return tg == 1 ? 16 : tg == 2 ? 14 : 12;
}

static unsigned tg1_bits(unsigned tg)
{
    return tg == 1 ? 14 : tg == 3 ? 16 : 12;
}

bool arm64_has_two_halves(const struct cpu *cpu, unsigned regime)
{
    return regime == 1 || (regime == 2 && (arm64_hcr(cpu) & HCR_E2H) != 0);
}

/* The address without its tag, as far as the regime has tags. */
static vaddr untagged(const struct cpu *cpu, const struct walk *w, vaddr va)
{
    uint64_t tcr = arm64_of(cpu)->tcr[w->regime];
    bool two = arm64_has_two_halves(cpu, w->regime), upper = two && (va >> 55 & 1) != 0;
    bool ignores = (tcr >> (two ? 37 + upper : 20) & 1) != 0;

    if (w->access == ACCESS_FETCH) {
        ignores = ignores && (tcr >> (two ? 51 + upper : 29) & 1) == 0;
    }
    return !ignores ? va : two ? bits_sext(va, 56) : bits_get(va, 0, 56);
}

/* Of stage 1; false if no table translates the address. */
static bool shape_of(const struct cpu *cpu, const struct walk *w, vaddr va, struct shape *out)
{
    const struct arm64 *s = arm64_of(cpu);
    uint64_t tcr = s->tcr[w->regime], base;
    bool two = arm64_has_two_halves(cpu, w->regime), upper = two && (va >> 55 & 1) != 0;
    unsigned tsz = (unsigned)(tcr >> (upper ? 16 : 0) & 63), most = 48;
    bool hafdbs = arm64_has(cpu, EXT_HAFDBS);
    struct arm_tables *t = &out->tables;

    *t = (struct arm_tables){.address_bits = 48, .align_bits = 6};
    t->granule = upper ? tg1_bits((unsigned)(tcr >> 30 & 3)) : tg0_bits((unsigned)(tcr >> 14 & 3));
    t->out_bits = output_bits(cpu, (unsigned)(tcr >> (two ? 32 : 16) & 7));
    t->big = (s->sctlr[w->regime] & SCTLR_EE) != 0;
    out->ha = hafdbs && (tcr >> (two ? 39 : 21) & 1) != 0;
    out->hd = out->ha && (tcr >> (two ? 40 : 22) & 1) != 0;
    out->disabled = arm64_has(cpu, EXT_PAN) && (tcr >> (two ? 41 + upper : 24) & 1) != 0;
    tsz = tsz < 64 - most ? 64 - most : tsz > 39 ? 39 : tsz;
    t->in_bits = 64 - tsz;
    if ((two && (tcr >> (upper ? 23 : 7) & 1) != 0) ||
        (upper ? ~va >> t->in_bits : va >> t->in_bits) != 0) {
        return false;
    }
    t->level = first_level(t->granule, t->in_bits);
    base = upper ? s->ttbr1[w->regime] : s->ttbr0[w->regime];
    t->first = base & bits_set(0, 0, 48, UINT64_MAX) & ~UINT64_C(1);
    return true;
}

/* ---- descriptors ---- */

#define DESC_AF      BIT64(10)
#define DESC_GP      BIT64(50)
#define DESC_DBM     BIT64(51)
#define DESC_PXN     BIT64(53)
#define DESC_UXN     BIT64(54)
#define DESC_AP_RO   BIT64(7)
#define DESC_AP_USER BIT64(6)
#define S2_READ      BIT64(6)
#define S2_WRITE     BIT64(7)

/* What tables on the way took away. */
#define TABLE_PXN      BIT64(59)
#define TABLE_UXN      BIT64(60)
#define TABLE_NO_USER  BIT64(61)
#define TABLE_NO_WRITE BIT64(62)

static unsigned stage1_allows(const struct cpu *cpu, const struct walk *w, uint64_t desc,
                              uint64_t inherits)
{
    const struct arm64 *s = arm64_of(cpu);
    bool two = arm64_has_two_halves(cpu, w->regime);
    bool writable = (desc & DESC_AP_RO) == 0 && (inherits & TABLE_NO_WRITE) == 0;
    bool user = two && (desc & DESC_AP_USER) != 0 && (inherits & TABLE_NO_USER) == 0;
    bool uxn = (desc & DESC_UXN) != 0 || (inherits & TABLE_UXN) != 0;
    bool pxn = (desc & DESC_PXN) != 0 || (inherits & TABLE_PXN) != 0;
    bool wxn = (s->sctlr[w->regime] & SCTLR_WXN) != 0;
    unsigned allowed = ALLOW_R | (writable ? ALLOW_W : 0);
    bool executable;

    if (w->user) {
        allowed = user ? allowed : 0;
        executable = !uxn && !(wxn && writable && user);
    } else {
        /* What EL0 may write, EL1 never executes. */
        executable = two ? !pxn && !(user && writable) : !uxn;
        executable = executable && !(wxn && writable);
        if (two && user && w->pan) {
            allowed = 0;
        }
    }
    return allowed | (executable ? ALLOW_X : 0);
}

static const uint8_t access_need[3] = {ALLOW_R, ALLOW_W, ALLOW_X};

/* Sets the access flag and the dirty state where the tables' owner lets us. */
static bool update(const struct walk *w, const struct shape *shape, struct arm_walk *leaf,
                   uint64_t writable_bit, bool when_set)
{
    uint64_t wanted = leaf->desc | (shape->ha ? DESC_AF : 0);

    if (shape->hd && (leaf->desc & DESC_DBM) != 0 && w->access == ACCESS_WRITE) {
        wanted = when_set ? wanted | writable_bit : wanted & ~writable_bit;
    }
    return wanted == leaf->desc || arm_walk_update(leaf, wanted);
}

static bool stage2(struct cpu *cpu, const struct walk *w, vaddr va, paddr ipa, bool is_table,
                   struct result *out, struct refusal *why);

/* Where stage 1's descriptors are intermediate addresses. */
struct nested {
    struct cpu *cpu;
    const struct walk *walk;
    vaddr va;
    struct refusal *why;
};

static bool locate(void *opaque, paddr *at)
{
    struct nested *n = opaque;
    struct result r;

    if (!stage2(n->cpu, n->walk, n->va, *at, true, &r, n->why)) {
        return false;
    }
    *at = r.at;
    return true;
}

/* Why the way ends before a leaf. */
static unsigned code_of(enum arm_walk_end end)
{
    return end == ARM_WALK_INVALID ? FSC_TRANSLATION
           : end == ARM_WALK_SIZE  ? FSC_SIZE
                                   : FSC_EXTERNAL_WALK;
}

static bool refuse(struct refusal *why, unsigned fsc, unsigned level)
{
    *why = (struct refusal){.fsc = fsc + level};
    return false;
}

static bool stage1(struct cpu *cpu, const struct walk *w, vaddr va, bool nested, struct result *out,
                   struct refusal *why)
{
    struct nested n = {.cpu = cpu, .walk = w, .va = va, .why = why};
    struct shape shape;
    struct arm_walk leaf = {.cpu = cpu,
                            .tables = &shape.tables,
                            .in = va,
                            .va = va,
                            .in_is_va = true,
                            .debug = w->debug,
                            .locate = nested ? locate : NULL,
                            .opaque = &n};
    enum arm_walk_end end;
    uint64_t desc;

    if (!shape_of(cpu, w, va, &shape)) {
        return refuse(why, FSC_TRANSLATION, 0);
    }
    if (arm_walk_first(&shape.tables) >> shape.tables.out_bits != 0) {
        return refuse(why, FSC_SIZE, 0);
    }
    end = arm_walk(&leaf);
    if (end != ARM_WALK_LEAF) {
        return end != ARM_WALK_REFUSED && refuse(why, code_of(end), leaf.level);
    }
    desc = leaf.desc;
    out->shift = leaf.shift;
    out->at = leaf.out;
    out->guarded = (desc & DESC_GP) != 0;
    if (w->debug) {
        out->allowed = ALLOW_R | ALLOW_W | ALLOW_X;
        return true;
    }
    if ((desc & DESC_AF) == 0 && !shape.ha) {
        return refuse(why, FSC_ACCESS, leaf.level);
    }
    /* With DBM a page is writable whatever AP says, once it is noted. */
    desc = shape.hd && (desc & DESC_DBM) != 0 ? desc & ~DESC_AP_RO : desc;
    leaf.inherits = shape.disabled ? 0 : leaf.inherits;
    if ((stage1_allows(cpu, w, desc, leaf.inherits) & access_need[w->access]) == 0) {
        return refuse(why, FSC_PERMISSION, leaf.level);
    }
    if (!update(w, &shape, &leaf, DESC_AP_RO, false)) {
        return refuse(why, FSC_EXTERNAL_WALK, leaf.level);
    }
    arm_walk_done(&leaf);
    desc = leaf.desc;
    out->allowed = stage1_allows(cpu, w, desc, leaf.inherits);
    out->attr = (uint8_t)(arm64_of(cpu)->mair[w->regime] >> 8 * (desc >> 2 & 7));
    /* Device memory, and what is not cached, is outer shareable whatever the descriptor says. */
    out->sh = (out->attr & 0xf0) == 0 || out->attr == 0x44 ? 2 : desc >> 8 & 3;
    return true;
}

/* ---- stage 2 ---- */

static bool refuse2(struct refusal *why, unsigned fsc, unsigned level, paddr ipa, bool on_walk)
{
    *why = (struct refusal){.fsc = fsc + level, .stage2 = true, .on_walk = on_walk, .ipa = ipa};
    return false;
}

static bool shape2_of(const struct cpu *cpu, struct shape *out)
{
    uint64_t vtcr = arm64_of(cpu)->vtcr;
    unsigned t0sz = (unsigned)(vtcr & 63), sl0 = (unsigned)(vtcr >> 6 & 3);
    bool hafdbs = arm64_has(cpu, EXT_HAFDBS);
    struct arm_tables *t = &out->tables;

    *t = (struct arm_tables){.address_bits = 48, .align_bits = 6};
    t->granule = tg0_bits((unsigned)(vtcr >> 14 & 3));
    t->out_bits = output_bits(cpu, (unsigned)(vtcr >> 16 & 7));
    t->big = (arm64_of(cpu)->sctlr[2] & SCTLR_EE) != 0;
    out->ha = hafdbs && (vtcr >> 21 & 1) != 0;
    out->hd = out->ha && (vtcr >> 22 & 1) != 0;
    out->disabled = true;
    t0sz = t0sz < 16 ? 16 : t0sz > 39 ? 39 : t0sz;
    t->in_bits = 64 - t0sz;
    t->level = t->granule == 12 ? 2 - sl0 : 3 - sl0;
    t->first = bits_get(arm64_of(cpu)->vttbr, 0, 48) & ~UINT64_C(1);
    return sl0 < 3;
}

/* XN has two bits where the model can tell EL0 from EL1: 1 is for EL1 alone, 3 for EL0 alone. */
static bool stage2_executes(const struct cpu *cpu, const struct walk *w, uint64_t desc)
{
    bool high = (desc & DESC_UXN) != 0, low = (desc & DESC_PXN) != 0;

    if ((arm64_model_of(cpu)->id[ID_MMFR1] >> 28 & 15) == 0 || w->user) {
        return !high;
    }
    return high == low;
}

static unsigned stage2_allows(const struct cpu *cpu, const struct walk *w, uint64_t desc)
{
    unsigned allowed = (desc & S2_READ) != 0 ? ALLOW_R : 0;

    allowed |= (desc & S2_WRITE) != 0 ? ALLOW_W : 0;
    return allowed | (stage2_executes(cpu, w, desc) && (desc & S2_READ) != 0 ? ALLOW_X : 0);
}

static bool stage2(struct cpu *cpu, const struct walk *w, vaddr va, paddr ipa, bool is_table,
                   struct result *out, struct refusal *why)
{
    unsigned need = is_table ? ALLOW_R : access_need[w->access];
    struct shape shape;
    struct arm_walk leaf = {
        .cpu = cpu, .tables = &shape.tables, .in = ipa, .va = va, .debug = w->debug};
    enum arm_walk_end end;
    uint64_t desc;

    if (!shape2_of(cpu, &shape) || ipa >> shape.tables.in_bits != 0) {
        return refuse2(why, FSC_TRANSLATION, 0, ipa, is_table);
    }
    end = arm_walk(&leaf);
    if (end != ARM_WALK_LEAF) {
        return refuse2(why, code_of(end), leaf.level, ipa, is_table);
    }
    desc = leaf.desc;
    out->at = leaf.out;
    out->shift = leaf.shift;
    out->allowed = ALLOW_R | ALLOW_W | ALLOW_X;
    if (w->debug) {
        return true;
    }
    if ((desc & DESC_AF) == 0 && !shape.ha) {
        return refuse2(why, FSC_ACCESS, leaf.level, ipa, is_table);
    }
    desc = shape.hd && (desc & DESC_DBM) != 0 ? desc | S2_WRITE : desc;
    if ((stage2_allows(cpu, w, desc) & need) == 0) {
        return refuse2(why, FSC_PERMISSION, leaf.level, ipa, is_table);
    }
    if (!update(w, &shape, &leaf, S2_WRITE, true)) {
        return refuse2(why, FSC_EXTERNAL_WALK, leaf.level, ipa, is_table);
    }
    arm_walk_done(&leaf);
    out->allowed = stage2_allows(cpu, w, leaf.desc);
    return true;
}

/* ---- all together ---- */

static bool has_stage2(const struct walk *w)
{
    return w->regime == 1 && (w->hcr & (HCR_VM | HCR_DC)) != 0;
}

static bool translate(struct cpu *cpu, const struct walk *w, vaddr va, struct result *out,
                      struct refusal *why)
{
    const struct arm64 *s = arm64_of(cpu);
    bool on = (s->sctlr[w->regime] & SCTLR_M) != 0 &&
              !(w->regime == 1 && (w->hcr & (HCR_DC | HCR_TGE)) != 0);
    struct result second;

    va = untagged(cpu, w, va);
    if (on) {
        if (!stage1(cpu, w, va, has_stage2(w), out, why)) {
            return false;
        }
    } else {
        *out = (struct result){.at = va, .allowed = 7, .shift = 64, .sh = 2};
        if (va >> physical_bits[arm64_model_of(cpu)->id[ID_MMFR0] & 7] != 0) {
            return refuse(why, FSC_SIZE, 0);
        }
    }
    if (has_stage2(w)) {
        if (!stage2(cpu, w, va, out->at, false, &second, why)) {
            return false;
        }
        out->at = second.at;
        out->allowed &= second.allowed;
        out->shift = PAGE_BITS; /* as its tables remember */
    }
    return true;
}

static struct walk walk_of(const struct cpu *cpu, enum access access, enum access_as as)
{
    const struct arm64 *s = arm64_of(cpu);
    bool user = s->el == 0 || as == AS_USER;

    return (struct walk){.access = access,
                         .regime = arm64_regime(cpu, user ? 0 : s->el),
                         .user = user,
                         .debug = as == AS_DEBUG,
                         .pan = s->pan && !user && access != ACCESS_FETCH,
                         .hcr = arm64_hcr(cpu)};
}

static void raise_abort(struct cpu *cpu, const struct walk *w, vaddr va, const struct refusal *why)
{
    unsigned iss = why->fsc | (why->on_walk ? ISS_S1PTW : 0), to = why->stage2 ? 2 : 0;

    if (w->access == ACCESS_FETCH) {
        arm64_raise(cpu, ESR(EC_INSN_ABORT, iss), va, to);
    } else {
        arm64_raise(cpu, ESR(EC_DATA_ABORT, iss | (w->access == ACCESS_WRITE ? ISS_WNR : 0)), va,
                    to);
    }
    if (why->stage2) {
        cpu->fault.value2 |= FAULT_HAS_IPA | why->ipa >> PAGE_BITS << FAULT_IPA_POS;
    }
}

void arm64_bus_fault(struct cpu *cpu, vaddr va, enum access access)
{
    const struct walk w = walk_of(cpu, access, AS_CURRENT);
    const struct refusal why = {.fsc = FSC_EXTERNAL};

    raise_abort(cpu, &w, va, &why);
}

void arm64_misaligned(struct cpu *cpu, vaddr va, enum access access)
{
    const struct walk w = walk_of(cpu, access, AS_CURRENT);
    const struct refusal why = {.fsc = FSC_ALIGNMENT};

    raise_abort(cpu, &w, va, &why);
}

static vaddr fetch_mask(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);

    return s->a32 && (s->local & MODE_T) != 0 ? 1 : 3;
}

bool arm64_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                     struct translation *out)
{
    const struct walk w = walk_of(cpu, access, as);
    struct refusal why;
    struct result r;

    if (access == ACCESS_FETCH && (va & fetch_mask(cpu)) != 0) { /* before anything is looked up */
        arm64_raise(cpu, ESR(EC_PC_ALIGN, 0), va, 0);
        return false;
    }
    if (!translate(cpu, &w, va, &r, &why)) {
        if (!w.debug) {
            raise_abort(cpu, &w, va, &why);
        }
        return false;
    }
    *out = (struct translation){
        .at = r.at,
        /* Tables forget by the address without its tag, so what has one is looked up each time. */
        .cacheable = !w.debug && untagged(cpu, &w, va) == va,
        .readable = (r.allowed & ALLOW_R) != 0,
        .writable = (r.allowed & ALLOW_W) != 0,
        .executable = (r.allowed & ALLOW_X) != 0,
        .linear_bits = r.shift,
    };
    return true;
}

bool arm64_is_guarded(struct cpu *cpu, vaddr pc)
{
    const struct walk w = walk_of(cpu, ACCESS_FETCH, AS_DEBUG);
    struct refusal why;
    struct result r;

    return translate(cpu, &w, pc, &r, &why) && r.guarded;
}

void arm64_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY])
{
    const struct arm64 *s = arm64_of(cpu);
    bool user = s->el == 0 || as == AS_USER;
    unsigned regime = arm64_regime(cpu, user ? 0 : s->el);
    uint64_t sctlr = s->sctlr[regime], hcr = arm64_hcr(cpu);

    key[0] = s->ttbr0[regime];
    key[1] = s->ttbr1[regime];
    key[2] = s->tcr[regime];
    key[3] = (sctlr & (SCTLR_M | SCTLR_WXN | SCTLR_EE)) | (uint64_t)user << 32 |
             (uint64_t)regime << 33 | (uint64_t)(s->pan && !user) << 35;
    if (regime == 1 && hcr != 0) {
        key[4] = (hcr & (HCR_VM | HCR_DC | HCR_TGE | HCR_E2H)) | (s->sctlr[2] & SCTLR_EE);
        key[5] = s->vttbr;
        key[6] = s->vtcr;
    }
    key[7] = regime == 2 ? hcr & HCR_E2H : 0;
}

/* ---- which access of an atomic instruction it was ---- */

static bool is_atomic(uint32_t w)
{
    return (w & 0x3b200c00) == 0x38200000 || (w & 0x3fa07c00) == 0x08a07c00 ||
           (w & 0xbfa07c00) == 0x08207c00;
}

/* An atomic access that fails is a write only if it could have been read. What asks changes nothing. */
static bool could_read(struct cpu *cpu, vaddr va)
{
    struct walk w = walk_of(cpu, ACCESS_READ, AS_CURRENT);
    bool dry = cpu->dry, can;
    struct refusal why;
    struct result r;

    cpu->dry = true;
    can = translate(cpu, &w, va, &r, &why);
    cpu->dry = dry;
    return can;
}

uint32_t arm64_abort_syndrome(struct cpu *cpu, uint32_t esr, vaddr va)
{
    uint8_t bytes[4];

    if (ESR_EC(esr) != EC_DATA_ABORT || (esr & ISS_WNR) == 0 || arm64_of(cpu)->a32 ||
        !cpu_debug_read(cpu, cpu->hart->pc, bytes, 4) ||
        !is_atomic((uint32_t)bytes_get_le(bytes, 4))) {
        return esr;
    }
    if ((esr & 0x3c) == FSC_PERMISSION && could_read(cpu, va)) {
        return esr;
    }
    return esr & ~ISS_WNR;
}

/* ---- AT ---- */

static bool walk_for(const struct cpu *cpu, unsigned number, struct walk *w, bool *twice)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned op1 = SYS_OP1(number), op2 = SYS_OP2(number);
    bool host = arm64_is_host(cpu); /* where EL1 is none, what would be asked of it is of EL2 */

    *w = (struct walk){.access = op2 & 1 ? ACCESS_WRITE : ACCESS_READ};
    *twice = false;
    w->hcr = arm64_hcr(cpu);
    if (SYS_M(number) == 9) { /* S1E1RP, S1E1WP: with PAN */
        w->regime = host ? 2 : 1;
        w->pan = s->pan;
        return op1 == 0 && op2 < 2 && arm64_has(cpu, EXT_PAN) && arm64_has(cpu, EXT_UAO);
    }
    if (op1 == 0 && op2 < 4) {
        w->regime = host ? 2 : 1;
        w->user = op2 >= 2;
        return true;
    }
    if (op1 == 4 && op2 < 2) {
        w->regime = 2;
        return arm64_has(cpu, EXT_EL2);
    }
    w->regime = host ? 2 : 1;
    w->user = op2 >= 6;
    *twice = true;
    return op1 == 4 && op2 >= 4 && arm64_has(cpu, EXT_EL2);
}

bool arm64_translate_for(struct cpu *cpu, unsigned number, vaddr va)
{
    struct arm64 *s = arm64_of(cpu);
    struct refusal why;
    struct result r;
    struct walk w;
    bool twice;

    if (!walk_for(cpu, number, &w, &twice)) {
        return false;
    }
    if (!twice) {
        w.hcr &= ~(HCR_VM | HCR_DC);
    }
    if (translate(cpu, &w, va, &r, &why)) {
        s->par = BIT64(11) | (uint64_t)r.attr << 56 | (r.at & bits_set(0, 12, 36, UINT64_MAX)) |
                 BIT64(9) | (uint64_t)r.sh << 7;
    } else {
        s->par = BIT64(11) | 1 | (uint64_t)why.fsc << 1 | (uint64_t)why.on_walk << 8 |
                 (uint64_t)why.stage2 << 9;
    }
    return true;
}
