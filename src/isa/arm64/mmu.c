/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmu: translation of stage 1 and stage 2 with granules of 4, 16 and 64 KiB, after DDI 0487, D8. The access
 * flag and the dirty state are set by the walk where the model can and TCR_ELx says so. Memory attributes
 * change nothing but the alignment that is asked for without translation. ASIDs, VMIDs and TLB maintenance
 * have no effect: what is cached is always what the tables say.
 */
#include "isa/arm64/arm64.h"
#include "isa/arm64/sysreg.h"

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
    unsigned granule;  /* log2 of the bytes of a table */
    unsigned in_bits;  /* of the input address */
    unsigned out_bits; /* of the output address */
    unsigned level;    /* of the first table */
    paddr table;
    bool ha, hd;
    bool disabled; /* hierarchical permissions do not count */
    bool big;      /* descriptors are big-endian */
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

    out->granule =
        upper ? tg1_bits((unsigned)(tcr >> 30 & 3)) : tg0_bits((unsigned)(tcr >> 14 & 3));
    out->out_bits = output_bits(cpu, (unsigned)(tcr >> (two ? 32 : 16) & 7));
    out->big = (s->sctlr[w->regime] & SCTLR_EE) != 0;
    out->ha = hafdbs && (tcr >> (two ? 39 : 21) & 1) != 0;
    out->hd = out->ha && (tcr >> (two ? 40 : 22) & 1) != 0;
    out->disabled = arm64_has(cpu, EXT_PAN) && (tcr >> (two ? 41 + upper : 24) & 1) != 0;
    tsz = tsz < 64 - most ? 64 - most : tsz > 39 ? 39 : tsz;
    out->in_bits = 64 - tsz;
    if ((two && (tcr >> (upper ? 23 : 7) & 1) != 0) ||
        (upper ? ~va >> out->in_bits : va >> out->in_bits) != 0) {
        return false;
    }
    out->level = first_level(out->granule, out->in_bits);
    base = upper ? s->ttbr1[w->regime] : s->ttbr0[w->regime];
    out->table = base & bits_set(0, 0, 48, UINT64_MAX) & ~UINT64_C(1);
    return true;
}

/* The first table may be smaller than others, and is aligned to its size. */
static paddr aligned_table(const struct shape *shape, unsigned index_bits)
{
    unsigned bits = index_bits + 3 < 6 ? 6 : index_bits + 3;

    return align_down(shape->table, UINT64_C(1) << bits);
}

/* ---- descriptors ---- */

#define DESC_VALID   1u
#define DESC_TABLE   2u
#define DESC_AF      BIT64(10)
#define DESC_GP      BIT64(50)
#define DESC_DBM     BIT64(51)
#define DESC_PXN     BIT64(53)
#define DESC_UXN     BIT64(54)
#define DESC_AP_RO   BIT64(7)
#define DESC_AP_USER BIT64(6)
#define S2_READ      BIT64(6)
#define S2_WRITE     BIT64(7)

/* What tables on the way took away: bits of APTable, UXNTable and PXNTable. */
struct hierarchy {
    bool no_write, no_user, uxn, pxn;
};

static unsigned stage1_allows(const struct cpu *cpu, const struct walk *w, uint64_t desc,
                              const struct hierarchy *h)
{
    const struct arm64 *s = arm64_of(cpu);
    bool two = arm64_has_two_halves(cpu, w->regime);
    bool writable = (desc & DESC_AP_RO) == 0 && !h->no_write;
    bool user = two && (desc & DESC_AP_USER) != 0 && !h->no_user;
    bool uxn = (desc & DESC_UXN) != 0 || h->uxn, pxn = (desc & DESC_PXN) != 0 || h->pxn;
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

/* Sets the access flag and the dirty state where the tables' owner lets us; *desc is what it is then. */
static bool update(struct cpu *cpu, const struct walk *w, const struct shape *shape, paddr at,
                   uint64_t *desc, uint64_t writable_bit, bool when_set)
{
    uint64_t wanted = *desc | (shape->ha ? DESC_AF : 0);

    if (shape->hd && (*desc & DESC_DBM) != 0 && w->access == ACCESS_WRITE) {
        wanted = when_set ? wanted | writable_bit : wanted & ~writable_bit;
    }
    if (wanted == *desc) {
        return true;
    }
    if (!cpu_walk_update(cpu, at, 8, shape->big ? __builtin_bswap64(wanted) : wanted)) {
        return false;
    }
    *desc = wanted;
    return true;
}

static bool stage2(struct cpu *cpu, const struct walk *w, vaddr va, paddr ipa, bool is_table,
                   struct result *out, struct refusal *why);

static bool walk_read(struct cpu *cpu, const struct shape *shape, paddr at, uint64_t *desc)
{
    bool done = cpu_walk_read(cpu, at, 8, desc);

    *desc = done && shape->big ? __builtin_bswap64(*desc) : *desc;
    return done;
}

/* Reads the descriptor at `at`, an intermediate address where there is a stage 2. */
static bool read_desc(struct cpu *cpu, const struct walk *w, const struct shape *shape, vaddr va,
                      bool nested, paddr *at, uint64_t *desc, struct refusal *why)
{
    if (nested) {
        struct result r;

        if (!stage2(cpu, w, va, *at, true, &r, why)) {
            return false;
        }
        *at = r.at;
    }
    if (!walk_read(cpu, shape, *at, desc)) {
        *why = (struct refusal){.fsc = FSC_EXTERNAL_WALK};
        return false;
    }
    return true;
}

static bool has_block(unsigned granule, unsigned level)
{
    return granule == 12 ? level == 1 || level == 2 : level == 2;
}

/* The address in a descriptor; false if it is larger than it may be. */
static bool output_of(const struct shape *shape, uint64_t desc, unsigned shift, paddr *out)
{
    *out = bits_get(desc, 0, 48) & ~((UINT64_C(1) << shift) - 1);
    return *out >> shape->out_bits == 0;
}

static bool refuse(struct refusal *why, unsigned fsc, unsigned level)
{
    *why = (struct refusal){.fsc = fsc + level};
    return false;
}

/* Stage 1: goes down to the page or block; a leaf's descriptor is at *at. */
static bool find_leaf(struct cpu *cpu, const struct walk *w, const struct shape *shape, vaddr va,
                      bool nested, struct hierarchy *h, paddr *at, uint64_t *desc, unsigned *level,
                      struct refusal *why)
{
    unsigned stride = shape->granule - 3, top = shape->in_bits;
    paddr table;

    *level = shape->level;
    table = aligned_table(shape, top - (shape->granule + stride * (3 - *level)));
    if (table >> shape->out_bits != 0) {
        return refuse(why, FSC_SIZE, 0);
    }
    for (;; ++*level) {
        unsigned shift = shape->granule + stride * (3 - *level);

        *at = table + 8 * bits_get(va, shift, top - shift);
        if (!read_desc(cpu, w, shape, va, nested, at, desc, why)) {
            why->fsc += !why->stage2 && why->fsc == FSC_EXTERNAL_WALK ? *level : 0;
            return false;
        }
        if ((*desc & DESC_VALID) == 0 ||
            ((*desc & DESC_TABLE) == 0 && !has_block(shape->granule, *level))) {
            return refuse(why, FSC_TRANSLATION, *level);
        }
        if (*level == 3 || (*desc & DESC_TABLE) == 0) {
            return true;
        }
        if (!output_of(shape, *desc, shape->granule, &table)) {
            return refuse(why, FSC_SIZE, *level);
        }
        if (!w->debug) {
            cpu_walk_used(cpu, *at, 8, va, shift);
        }
        if (!shape->disabled) {
            h->no_user |= (*desc & BIT64(61)) != 0;
            h->no_write |= (*desc & BIT64(62)) != 0;
            h->uxn |= (*desc & BIT64(60)) != 0;
            h->pxn |= (*desc & BIT64(59)) != 0;
        }
        top = shift;
    }
}

static bool stage1(struct cpu *cpu, const struct walk *w, vaddr va, bool nested, struct result *out,
                   struct refusal *why)
{
    struct hierarchy h = {false, false, false, false};
    struct shape shape;
    unsigned level;
    uint64_t desc;
    paddr at;

    if (!shape_of(cpu, w, va, &shape)) {
        return refuse(why, FSC_TRANSLATION, 0);
    }
    if (!find_leaf(cpu, w, &shape, va, nested, &h, &at, &desc, &level, why)) {
        return false;
    }
    out->shift = shape.granule + (shape.granule - 3) * (3 - level);
    if (!output_of(&shape, desc, out->shift, &out->at)) {
        return refuse(why, FSC_SIZE, level);
    }
    out->at |= va & ((UINT64_C(1) << out->shift) - 1);
    out->guarded = (desc & DESC_GP) != 0;
    if (w->debug) {
        out->allowed = ALLOW_R | ALLOW_W | ALLOW_X;
        return true;
    }
    if ((desc & DESC_AF) == 0 && !shape.ha) {
        return refuse(why, FSC_ACCESS, level);
    }
    {
        /* With DBM a page is writable whatever AP says, once it is noted. */
        uint64_t as_written = shape.hd && (desc & DESC_DBM) != 0 ? desc & ~DESC_AP_RO : desc;

        if ((stage1_allows(cpu, w, as_written, &h) & access_need[w->access]) == 0) {
            return refuse(why, FSC_PERMISSION, level);
        }
    }
    if (!update(cpu, w, &shape, at, &desc, DESC_AP_RO, false)) {
        return refuse(why, FSC_EXTERNAL_WALK, level);
    }
    cpu_walk_used(cpu, at, 8, va, out->shift);
    out->allowed = stage1_allows(cpu, w, desc, &h);
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

    out->granule = tg0_bits((unsigned)(vtcr >> 14 & 3));
    out->out_bits = output_bits(cpu, (unsigned)(vtcr >> 16 & 7));
    out->big = (arm64_of(cpu)->sctlr[2] & SCTLR_EE) != 0;
    out->ha = hafdbs && (vtcr >> 21 & 1) != 0;
    out->hd = out->ha && (vtcr >> 22 & 1) != 0;
    out->disabled = true;
    t0sz = t0sz < 16 ? 16 : t0sz > 39 ? 39 : t0sz;
    out->in_bits = 64 - t0sz;
    out->level = out->granule == 12 ? 2 - sl0 : 3 - sl0;
    out->table = bits_get(arm64_of(cpu)->vttbr, 0, 48) & ~UINT64_C(1);
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
    unsigned need = is_table ? ALLOW_R : access_need[w->access], stride, top;
    struct shape shape;
    paddr table;

    if (!shape2_of(cpu, &shape) || ipa >> shape.in_bits != 0) {
        return refuse2(why, FSC_TRANSLATION, 0, ipa, is_table);
    }
    stride = shape.granule - 3;
    top = shape.in_bits;
    table = aligned_table(&shape, top - (shape.granule + stride * (3 - shape.level)));
    for (unsigned level = shape.level;; level++) {
        unsigned shift = shape.granule + stride * (3 - level);
        paddr at = table + 8 * bits_get(ipa, shift, top - shift);
        uint64_t desc;

        if (!walk_read(cpu, &shape, at, &desc)) {
            return refuse2(why, FSC_EXTERNAL_WALK, level, ipa, is_table);
        }
        if ((desc & DESC_VALID) == 0 ||
            ((desc & DESC_TABLE) == 0 && !has_block(shape.granule, level))) {
            return refuse2(why, FSC_TRANSLATION, level, ipa, is_table);
        }
        if (level < 3 && (desc & DESC_TABLE) != 0) {
            if (!output_of(&shape, desc, shape.granule, &table)) {
                return refuse2(why, FSC_SIZE, level, ipa, is_table);
            }
            /* What it maps is of intermediate addresses: only this page of the virtual ones is known. */
            if (!w->debug) {
                cpu_walk_used(cpu, at, 8, va, PAGE_BITS);
            }
            top = shift;
            continue;
        }
        if (!output_of(&shape, desc, shift, &out->at)) {
            return refuse2(why, FSC_SIZE, level, ipa, is_table);
        }
        out->at |= ipa & ((UINT64_C(1) << shift) - 1);
        out->shift = shift;
        out->allowed = ALLOW_R | ALLOW_W | ALLOW_X;
        if (w->debug) {
            return true;
        }
        if ((desc & DESC_AF) == 0 && !shape.ha) {
            return refuse2(why, FSC_ACCESS, level, ipa, is_table);
        }
        out->allowed =
            stage2_allows(cpu, w, shape.hd && (desc & DESC_DBM) != 0 ? desc | S2_WRITE : desc);
        if ((out->allowed & need) == 0) {
            return refuse2(why, FSC_PERMISSION, level, ipa, is_table);
        }
        if (!update(cpu, w, &shape, at, &desc, S2_WRITE, true)) {
            return refuse2(why, FSC_EXTERNAL_WALK, level, ipa, is_table);
        }
        cpu_walk_used(cpu, at, 8, va, PAGE_BITS);
        out->allowed = stage2_allows(cpu, w, desc);
        return true;
    }
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
    key[7] = (uint64_t)arm64_is_secure(cpu) | (regime == 2 ? hcr & HCR_E2H : 0);
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
    if (op1 == 4 && op2 >= 4) {
        w->regime = host ? 2 : 1;
        w->user = op2 >= 6;
        *twice = true;
        return arm64_has(cpu, EXT_EL2);
    }
    w->regime = 3;
    return op1 == 6 && op2 < 2 && arm64_model_of(cpu)->el3 != 0;
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
