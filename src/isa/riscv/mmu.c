/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmu: Sv32, Sv39, Sv48 and Sv57 page walks with Svnapot and Svpbmt (whose memory types change nothing
 * here), after volume II, 4.3 to 4.6, then physical memory protection. A and D are set by the walk if menvcfg.ADUE says so (Svadu), else they fault (Svade).
 * ASIDs and fences have no effect: what is cached is always what the tables say.
 */
#include "isa/riscv/riscv.h"

enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128 };
#define PTE_PPN_POS  10
#define PTE_PPN_LEN  44
#define PTE_RESERVED (UINT64_MAX << (PTE_PPN_POS + PTE_PPN_LEN))
#define SV32_PPN_LEN 22 /* then its entries of 32 bits are full */
#define PTE_N        (UINT64_C(1) << 63)
#define PTE_PBMT     (UINT64_C(3) << 61)
#define NAPOT_BITS   4 /* of the page number: the only size there is, 64 KiB */

enum outcome { WALK_OK, WALK_PAGE_FAULT, WALK_ACCESS_FAULT };

/* The shape of the tables that satp names. */
struct shape {
    unsigned levels; /* 0: no translation */
    unsigned vpn_bits;
    unsigned pte_bytes;
    unsigned ppn_len;
};

static struct shape shape_of(const struct riscv *s)
{
    struct shape shape = {0, 9, 8, PTE_PPN_LEN};

    if (riscv_is_32(s)) {
        return (struct shape){(s->satp & SATP_32_MODE) != 0 ? 2 : 0, 10, 4, SV32_PPN_LEN};
    }
    switch (SATP_MODE(s->satp)) {
    case SATP_SV39: shape.levels = 3; break;
    case SATP_SV48: shape.levels = 4; break;
    case SATP_SV57: shape.levels = 5; break;
    default: break;
    }
    return shape;
}

/* How one access is to be translated. */
struct walk {
    enum access access;
    unsigned priv; /* effective: MPRV */
    bool debug;
    bool sum, mxr, adue;
    uint64_t reserved; /* bits that make an entry invalid */
    struct shape shape;
};

static void raise_for(struct cpu *cpu, vaddr va, enum access access, enum outcome why)
{
    static const uint8_t causes[2][3] = {
        {CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE},
        {CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS},
    };

    cpu_raise(cpu, causes[why == WALK_ACCESS_FAULT][access], va);
}

void riscv_bus_fault(struct cpu *cpu, vaddr va, enum access access)
{
    raise_for(cpu, va, access, WALK_ACCESS_FAULT);
}

void riscv_misaligned(struct cpu *cpu, vaddr va, enum access access)
{
    static const uint8_t causes[3] = {CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED,
                                      CAUSE_FETCH_MISALIGNED};

    cpu_raise(cpu, causes[access], va);
}

static unsigned data_priv(const struct riscv *s)
{
    return (s->mstatus & MSTATUS_MPRV) != 0 ? (unsigned)bits_get(s->mstatus, MSTATUS_MPP_POS, 2)
                                            : s->priv;
}

/* What a leaf lets this access's privilege do, as PMP_R | PMP_W | PMP_X. */
static unsigned leaf_allows(const struct walk *w, uint64_t pte)
{
    unsigned allowed = (pte & PTE_R) != 0 ? PMP_R : 0;

    allowed |= w->mxr && (pte & PTE_X) != 0 ? PMP_R : 0;
    allowed |= (pte & PTE_W) != 0 ? PMP_W : 0;
    allowed |= (pte & PTE_X) != 0 ? PMP_X : 0;
    if (w->priv == PRIV_U) {
        return (pte & PTE_U) != 0 ? allowed : 0;
    }
    if ((pte & PTE_U) != 0) {
        return w->sum ? allowed & ~(unsigned)PMP_X : 0;
    }
    return allowed;
}

/* Where a leaf's page begins; *shift bits of the address stay as they are. False if the page is
 * misaligned or the leaf has reserved values. */
static bool leaf_place(uint64_t pte, unsigned *shift, paddr *page)
{
    if ((pte & PTE_PBMT) == PTE_PBMT) {
        return false;
    }
    if ((pte & PTE_N) != 0) {
        /* The low bits of the page number say the size: 0b1000 is 64 KiB, others are reserved. */
        if (*shift != PAGE_BITS || bits_get(*page, PAGE_BITS, NAPOT_BITS) != 8) {
            return false;
        }
        *shift += NAPOT_BITS;
        *page = align_down(*page, UINT64_C(1) << *shift);
    }
    return (*page & ((UINT64_C(1) << *shift) - 1)) == 0;
}

static const uint8_t access_need[3] = {PMP_R, PMP_W, PMP_X};

/* A leaf was found: checks it, sets A and D, and says what the page allows. */
static enum outcome use_leaf(struct cpu *cpu, const struct walk *w, paddr at, unsigned pte_bytes,
                             uint64_t *pte, unsigned *allowed)
{
    uint64_t wanted = *pte | PTE_A | (w->access == ACCESS_WRITE ? PTE_D : 0);
    unsigned extent;

    if (w->debug) {
        *allowed = PMP_R | PMP_W | PMP_X;
        return WALK_OK;
    }
    *allowed = leaf_allows(w, *pte);
    if ((*allowed & access_need[w->access]) == 0) {
        return WALK_PAGE_FAULT;
    }
    if (wanted != *pte) {
        if (!w->adue) {
            return WALK_PAGE_FAULT;
        }
        if ((riscv_pmp_allows(riscv_of(cpu), at, PRIV_S, &extent) & PMP_W) == 0 ||
            !cpu_walk_update(cpu, at, pte_bytes, wanted)) {
            return WALK_ACCESS_FAULT;
        }
        *pte = wanted;
    }
    if ((*pte & PTE_D) == 0) {
        *allowed &= ~(unsigned)PMP_W;
    }
    return WALK_OK;
}

static enum outcome walk(struct cpu *cpu, const struct walk *w, vaddr va, paddr *out,
                         unsigned *allowed)
{
    const struct riscv *s = riscv_of(cpu);
    const struct shape shape = w->shape;
    unsigned va_bits = PAGE_BITS + shape.vpn_bits * shape.levels;
    paddr table = bits_get(s->satp, 0, shape.ppn_len) << PAGE_BITS;

    if (shape.levels > 2 && bits_sext(va, va_bits) != va) {
        return WALK_PAGE_FAULT;
    }
    for (unsigned level = shape.levels; level-- > 0;) {
        unsigned shift = PAGE_BITS + shape.vpn_bits * level;
        paddr at = table + shape.pte_bytes * bits_get(va, shift, shape.vpn_bits);
        enum outcome why;
        uint64_t pte;
        unsigned extent;

        if ((!w->debug && (riscv_pmp_allows(s, at, PRIV_S, &extent) & PMP_R) == 0) ||
            !cpu_walk_read(cpu, at, shape.pte_bytes, &pte)) {
            return WALK_ACCESS_FAULT;
        }
        if ((pte & PTE_V) == 0 || (pte & (PTE_R | PTE_W)) == PTE_W || (pte & w->reserved) != 0) {
            return WALK_PAGE_FAULT;
        }
        if (!w->debug) {
            cpu_walk_used(cpu, at, shape.pte_bytes, va, shift);
        }
        table = bits_get(pte, PTE_PPN_POS, shape.ppn_len) << PAGE_BITS;
        if ((pte & (PTE_R | PTE_X)) == 0) {
            if ((pte & (PTE_A | PTE_D | PTE_U | PTE_N | PTE_PBMT)) != 0) {
                return WALK_PAGE_FAULT; /* reserved in a pointer */
            }
            continue;
        }
        if (!leaf_place(pte, &shift, &table)) {
            return WALK_PAGE_FAULT;
        }
        why = use_leaf(cpu, w, at, shape.pte_bytes, &pte, allowed);
        *out = table | (va & ((UINT64_C(1) << shift) - 1));
        return why;
    }
    return WALK_PAGE_FAULT;
}

static uint64_t reserved_bits(const struct riscv *s)
{
    uint64_t bits = PTE_RESERVED;

    bits &= (s->extensions & EXT_SVNAPOT) != 0 ? ~PTE_N : bits;
    return (s->menvcfg & ENVCFG_PBMTE) != 0 ? bits & ~PTE_PBMT : bits;
}

bool riscv_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                     struct translation *out)
{
    const struct riscv *s = riscv_of(cpu);
    struct walk w = {
        .access = access,
        .priv = access == ACCESS_FETCH ? s->priv : data_priv(s),
        .debug = as == AS_DEBUG,
        .sum = (s->mstatus & MSTATUS_SUM) != 0,
        .mxr = (s->mstatus & MSTATUS_MXR) != 0,
        .adue = (s->menvcfg & ENVCFG_ADUE) != 0,
        .reserved = reserved_bits(s),
        .shape = shape_of(s),
    };
    unsigned allowed = PMP_R | PMP_W | PMP_X;
    enum outcome why = WALK_OK;
    unsigned extent = 0;

    out->at = va;
    if (w.priv != PRIV_M && w.shape.levels != 0) {
        why = walk(cpu, &w, va, &out->at, &allowed);
    }
    if (why == WALK_OK && !w.debug) {
        allowed &= riscv_pmp_allows(s, out->at, w.priv, &extent);
        why = (allowed & access_need[access]) == 0 ? WALK_ACCESS_FAULT : WALK_OK;
    }
    if (why != WALK_OK) {
        if (!w.debug) {
            raise_for(cpu, va, access, why);
        }
        return false;
    }
    out->extent = extent;
    out->cacheable = extent == 0 && !w.debug;
    if (access == ACCESS_FETCH) { /* as MODE_DIVIDED says, for all pages alike */
        out->cacheable = !riscv_pmp_divides(s, w.priv);
        out->extent = out->cacheable ? 0 : extent;
    }
    out->readable = (allowed & PMP_R) != 0;
    out->writable = (allowed & PMP_W) != 0;
    out->executable = (allowed & PMP_X) != 0;
    out->linear_bits = w.priv == PRIV_M && !riscv_pmp_locks(s) ? 64 : 0;
    return true;
}

void riscv_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY])
{
    const struct riscv *s = riscv_of(cpu);
    bool bare = s->priv == PRIV_M && data_priv(s) == PRIV_M;

    (void)as; /* no instruction accesses as another */
    key[0] = bare ? 0 : s->satp;
    key[1] = s->priv | data_priv(s) << 2;
    if (!bare) {
        key[1] |= (s->mstatus & (MSTATUS_SUM | MSTATUS_MXR)) |
                  (s->menvcfg & (ENVCFG_ADUE | ENVCFG_PBMTE));
    }
    key[2] = s->pmp_generation;
}
