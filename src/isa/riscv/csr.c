/* SPDX-License-Identifier: GPL-2.0-or-later
 * csr: control and status registers, after volume II, chapters 2 to 4, Zicntr, Sstc and the envcfg
 * fields of the cache-block and Svadu extensions. WARL fields keep their old value when software
 * writes one that is not supported. Performance counters and triggers read as zero.
 */
#include "isa/riscv/riscv.h"

enum {
    CSR_STVEC = 0x105,
    CSR_SENVCFG = 0x10a,
    CSR_STIMECMP = 0x14d,
    CSR_STIMECMPH = 0x15d,
    CSR_SATP = 0x180,
    CSR_MIP = 0x344,
    CSR_PMPCFG0 = 0x3a0,
    CSR_PMPADDR0 = 0x3b0,
    CSR_CYCLE = 0xc00,
    CSR_TIME = 0xc01,
    CSR_HPMCOUNTER31 = 0xc1f,
    CSR_CYCLEH = 0xc80,
    CSR_HPMCOUNTER31H = 0xc9f
};

#define FFLAGS_MASK      31
#define SSTATUS_WRITABLE (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR)
#define SSTATUS_UXL      (UINT64_C(2) << 32)
#define PMPCFG_LOCK      0x80
#define PMPCFG_A         0x18
#define PMPCFG_TOR       0x08

static uint64_t get_zero(const struct cpu *cpu, unsigned number)
{
    (void)cpu;
    (void)number;
    return 0;
}

/* ---- floating point ---- */

static uint64_t get_fflags(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return cpu->hart->fp_flags & FFLAGS_MASK;
}

static uint64_t get_frm(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_of(cpu)->frm;
}

static uint64_t get_fcsr(const struct cpu *cpu, unsigned number)
{
    return get_fflags(cpu, number) | get_frm(cpu, number) << 5;
}

static void set_fflags(struct cpu *cpu, unsigned number, uint64_t value)
{
    (void)number;
    cpu->hart->fp_flags = value & FFLAGS_MASK;
    riscv_of(cpu)->fs = FS_DIRTY;
}

static void set_frm(struct cpu *cpu, unsigned number, uint64_t value)
{
    (void)number;
    riscv_of(cpu)->frm = value & 7;
    riscv_of(cpu)->fs = FS_DIRTY;
}

static void set_fcsr(struct cpu *cpu, unsigned number, uint64_t value)
{
    set_fflags(cpu, number, value);
    set_frm(cpu, number, value >> 5);
}

/* ---- status ---- */

uint64_t riscv_mstatus(const struct riscv *s)
{
    return s->mstatus | (riscv_is_32(s) ? 0 : MSTATUS_XL_FIXED) |
           (uint64_t)s->fs << MSTATUS_FS_POS | (s->fs == FS_DIRTY ? riscv_top_bit(s) : 0);
}

static uint64_t get_mstatus(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_mstatus(riscv_of(cpu));
}

static void set_mstatus(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);

    (void)number;
    if (bits_get(value, MSTATUS_MPP_POS, 2) == 2) {
        value = bits_set(value, MSTATUS_MPP_POS, 2, s->mstatus >> MSTATUS_MPP_POS);
    }
    s->fs = (uint32_t)bits_get(value, MSTATUS_FS_POS, 2);
    s->mstatus = value & MSTATUS_WRITABLE;
}

static uint64_t get_sstatus(const struct cpu *cpu, unsigned number)
{
    return get_mstatus(cpu, number) &
           (SSTATUS_WRITABLE | MSTATUS_FS | riscv_top_bit(riscv_of(cpu)) | SSTATUS_UXL);
}

static void set_sstatus(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);

    (void)number;
    s->fs = (uint32_t)bits_get(value, MSTATUS_FS_POS, 2);
    s->mstatus = (s->mstatus & ~SSTATUS_WRITABLE) | (value & SSTATUS_WRITABLE);
}

static uint64_t get_misa(const struct cpu *cpu, unsigned number)
{
    uint64_t letters = 0;

    (void)number;
    for (const char *c = "ACDFIMSU"; *c != 0; c++) {
        letters |= UINT64_C(1) << (*c - 'A');
    }
    return letters | (riscv_is_32(riscv_of(cpu)) ? UINT64_C(1) << 30 : UINT64_C(2) << 62);
}

/* ---- traps and interrupts ---- */

static uint64_t *tvec(const struct cpu *cpu, unsigned number)
{
    return number == CSR_STVEC ? &riscv_of(cpu)->stvec : &riscv_of(cpu)->mtvec;
}

static uint64_t get_tvec(const struct cpu *cpu, unsigned number)
{
    return *tvec(cpu, number);
}

static void set_tvec(struct cpu *cpu, unsigned number, uint64_t value)
{
    if ((value & 3) < 2) { /* direct or vectored */
        *tvec(cpu, number) = value;
    }
}

uint64_t riscv_mip(const struct riscv *s)
{
    bool sstc = (s->menvcfg & ENVCFG_STCE) != 0;
    uint64_t soft = sstc ? s->soft & ~IRQ_BIT(IRQ_STI) : s->soft;

    return s->lines | soft | (sstc ? s->stip : 0);
}

static uint64_t get_mip(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_mip(riscv_of(cpu));
}

static void set_mip(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);
    uint64_t writable = IRQ_S_BITS;

    (void)number;
    if ((s->menvcfg & ENVCFG_STCE) != 0) {
        writable &= ~IRQ_BIT(IRQ_STI);
    }
    s->soft = (s->soft & ~writable) | (value & writable);
}

static uint64_t get_sip(const struct cpu *cpu, unsigned number)
{
    return get_mip(cpu, number) & riscv_of(cpu)->mideleg;
}

static void set_sip(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);
    uint64_t writable = IRQ_BIT(IRQ_SSI) & s->mideleg;

    (void)number;
    s->soft = (s->soft & ~writable) | (value & writable);
}

static uint64_t get_sie(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_of(cpu)->mie & riscv_of(cpu)->mideleg;
}

static void set_sie(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);

    (void)number;
    s->mie = (s->mie & ~s->mideleg) | (value & s->mideleg);
}

/* ---- environment, translation, protection ---- */

static uint64_t get_envcfg(const struct cpu *cpu, unsigned number)
{
    return number == CSR_SENVCFG ? riscv_of(cpu)->senvcfg : riscv_of(cpu)->menvcfg;
}

/* What there is of menvcfg or senvcfg with these extensions. */
static uint64_t envcfg_bits(const struct riscv *s, bool machine)
{
    uint64_t bits = ENVCFG_FIOM;

    bits |= (s->extensions & EXT_ZICBOM) != 0 ? ENVCFG_CBCFE | ENVCFG_CBIE : 0;
    bits |= (s->extensions & EXT_ZICBOZ) != 0 ? ENVCFG_CBZE : 0;
    if (machine) {
        bits |= (s->extensions & EXT_SSTC) != 0 ? ENVCFG_STCE : 0;
        bits |= (s->extensions & EXT_SVADU) != 0 ? ENVCFG_ADUE : 0;
        bits |= (s->extensions & EXT_SVPBMT) != 0 ? ENVCFG_PBMTE : 0;
    }
    return bits;
}

static void set_envcfg(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);
    bool machine = number != CSR_SENVCFG;
    uint64_t *envcfg = machine ? &s->menvcfg : &s->senvcfg;
    uint64_t writable = envcfg_bits(s, machine);

    if (bits_get(value, ENVCFG_CBIE_POS, 2) == ENVCFG_CBIE_RESERVED) {
        writable &= ~ENVCFG_CBIE;
    }
    *envcfg = (*envcfg & ~writable) | (value & writable);
    riscv_update_stip(cpu, cpu_now(cpu));
    cpu->look |= machine; /* whether there is a timer */
}

static uint64_t get_satp(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_of(cpu)->satp;
}

static bool satp_is_supported(const struct riscv *s, uint64_t satp)
{
    if (riscv_is_32(s)) {
        return true;
    }
    switch (SATP_MODE(satp)) {
    case SATP_BARE:
    case SATP_SV39:
    case SATP_SV48:
    case SATP_SV57: return true;
    default: return false;
    }
}

static void set_satp(struct cpu *cpu, unsigned number, uint64_t value)
{
    (void)number;
    if (satp_is_supported(riscv_of(cpu), value)) { /* else the whole write has no effect */
        riscv_of(cpu)->satp = value;
    }
}

static unsigned entries_a_pmpcfg(const struct riscv *s)
{
    return riscv_is_32(s) ? 4 : 8;
}

static uint64_t get_pmpcfg(const struct cpu *cpu, unsigned number)
{
    const struct riscv *s = riscv_of(cpu);

    return bytes_get_le(s->pmpcfg + (size_t)(number - CSR_PMPCFG0) * 4, entries_a_pmpcfg(s));
}

static void set_pmpcfg(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);

    for (unsigned i = 0; i < entries_a_pmpcfg(s); i++) {
        uint8_t *cfg = &s->pmpcfg[(number - CSR_PMPCFG0) * 4 + i];
        uint8_t wanted = value >> (8 * i) & PMPCFG_WRITABLE;
        if ((wanted & (PMP_R | PMP_W)) == PMP_W) {
            wanted &= (uint8_t)~PMP_W; /* reserved */
        }
        if ((*cfg & PMPCFG_LOCK) == 0) {
            *cfg = wanted;
        }
    }
    s->pmp_generation++;
}

static uint64_t get_pmpaddr(const struct cpu *cpu, unsigned number)
{
    return riscv_of(cpu)->pmpaddr[number - CSR_PMPADDR0];
}

static void set_pmpaddr(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);
    unsigned i = number - CSR_PMPADDR0;
    uint8_t next = i + 1 < PMP_ENTRIES ? s->pmpcfg[i + 1] : 0;

    /* The base of a locked top-of-range entry is locked too. */
    if ((s->pmpcfg[i] & PMPCFG_LOCK) == 0 &&
        ((next & PMPCFG_LOCK) == 0 || (next & PMPCFG_A) != PMPCFG_TOR)) {
        s->pmpaddr[i] = value & PMPADDR_WRITABLE;
        s->pmp_generation++;
    }
}

/* ---- counters and time ---- */

static uint64_t cycle_source(const struct cpu *cpu)
{
    return (riscv_of(cpu)->mcountinhibit & INHIBIT_CYCLE) != 0 ? 0 : cpu_now(cpu);
}

static uint64_t instret_source(const struct cpu *cpu)
{
    return (riscv_of(cpu)->mcountinhibit & INHIBIT_INSTRET) != 0
               ? 0
               : cpu->hart->instructions + cpu->insn;
}

static uint64_t get_cycle(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return cycle_source(cpu) + riscv_of(cpu)->cycle_offset;
}

static uint64_t get_instret(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return instret_source(cpu) + riscv_of(cpu)->instret_offset;
}

/* What is written is what the next instruction reads: this one does not count on top of it. */
static void set_cycle(struct cpu *cpu, unsigned number, uint64_t value)
{
    uint64_t source = cycle_source(cpu);

    (void)number;
    riscv_of(cpu)->cycle_offset =
        value - source - ((riscv_of(cpu)->mcountinhibit & INHIBIT_CYCLE) == 0);
}

static void set_instret(struct cpu *cpu, unsigned number, uint64_t value)
{
    uint64_t source = instret_source(cpu);

    (void)number;
    riscv_of(cpu)->instret_offset =
        value - source - ((riscv_of(cpu)->mcountinhibit & INHIBIT_INSTRET) == 0);
}

static uint64_t get_mcountinhibit(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_of(cpu)->mcountinhibit;
}

static void set_mcountinhibit(struct cpu *cpu, unsigned number, uint64_t value)
{
    struct riscv *s = riscv_of(cpu);
    uint64_t cycle = get_cycle(cpu, number);
    uint64_t instret = get_instret(cpu, number);

    s->mcountinhibit = value & (INHIBIT_CYCLE | INHIBIT_INSTRET);
    s->cycle_offset = cycle - cycle_source(cpu);
    s->instret_offset = instret - instret_source(cpu);
}

uint64_t riscv_time_at(const struct cpu *cpu, tick now)
{
    return cpu->timer.read != NULL ? cpu->timer.read(cpu->timer.opaque, now) : now;
}

static uint64_t get_time(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_time_at(cpu, cpu_now(cpu));
}

void riscv_update_stip(struct cpu *cpu, tick now)
{
    struct riscv *s = riscv_of(cpu);
    bool due = (s->menvcfg & ENVCFG_STCE) != 0 && riscv_time_at(cpu, now) >= s->stimecmp;

    s->stip = due ? IRQ_BIT(IRQ_STI) : 0;
}

static uint64_t get_stimecmp(const struct cpu *cpu, unsigned number)
{
    (void)number;
    return riscv_of(cpu)->stimecmp;
}

static void set_stimecmp(struct cpu *cpu, unsigned number, uint64_t value)
{
    (void)number;
    riscv_of(cpu)->stimecmp = value;
    riscv_update_stip(cpu, cpu_now(cpu));
    cpu->look = true;
}

/* ---- the table ---- */

static uint64_t get_high(const struct cpu *cpu, unsigned number);
static void set_high(struct cpu *cpu, unsigned number, uint64_t value);

static const struct riscv_csr table[] = {
#define PLAIN(number, name, member, mask)                                                          \
    {number, 1, #name, (uint32_t)offsetof(struct riscv, member), 0, 0, 0, mask, NULL, NULL},
#define FUNC(number, name, get, set)   {number, 1, #name, 0, 0, 0, 0, 0, get, set},
#define FPCSR                          FUNC
#define FUNC32(number, name, get, set) {number, 1, #name, 0, 0, 32, 0, 0, get, set},
#define HIGH(number, name, low)        {number, 1, #name, 0, 0, 32, low, 0, get_high, set_high},
#define MANY(number, count, name, first, get, set)                                                 \
    {number, count, #name, 0, first, 0, 0, 0, get, set},
#define MANY32(number, count, name, first, get, set)                                               \
    {number, count, #name, 0, first, 32, 0, 0, get, set},
#include "isa/riscv/csrs.def"
#undef PLAIN
#undef FUNC32
#undef HIGH
#undef MANY32
#undef FUNC
#undef FPCSR
#undef MANY
};

static const struct riscv_csr *find(unsigned number)
{
    size_t low = 0;
    size_t high = ARRAY_LEN(table);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (number < table[mid].number) {
            high = mid;
        } else if (number >= table[mid].number + table[mid].count) {
            low = mid + 1;
        } else {
            return &table[mid];
        }
    }
    return NULL;
}

const struct riscv_csr *riscv_csr_find(const struct riscv *s, unsigned number)
{
    const struct riscv_csr *csr = find(number);

    if ((number == CSR_STIMECMP || number == CSR_STIMECMPH) && (s->extensions & EXT_SSTC) == 0) {
        return NULL;
    }
    return csr != NULL && csr->width == 32 && !riscv_is_32(s) ? NULL : csr;
}

/* RV32 reads and writes some registers of 64 bits by halves; here they are whole. */
static uint64_t get_whole(const struct cpu *cpu, const struct riscv_csr *csr, unsigned number)
{
    if (csr->get != NULL) {
        return csr->get(cpu, number);
    }
    return *(const uint64_t *)((const uint8_t *)cpu->state + csr->slot);
}

static uint64_t get_high(const struct cpu *cpu, unsigned number)
{
    unsigned low = find(number)->low;

    return get_whole(cpu, find(low), low) >> 32;
}

static void set_high(struct cpu *cpu, unsigned number, uint64_t value)
{
    const struct riscv_csr *csr = find(find(number)->low);
    uint64_t low = get_whole(cpu, csr, csr->number) & UINT32_MAX;

    if (csr->set != NULL) {
        csr->set(cpu, csr->number, value << 32 | low);
    }
}

uint64_t riscv_csr_get(const struct cpu *cpu, const struct riscv_csr *csr, unsigned number)
{
    return get_whole(cpu, csr, number) & riscv_ones(riscv_of(cpu));
}

void riscv_csr_set(struct cpu *cpu, const struct riscv_csr *csr, unsigned number, uint64_t value)
{
    if (riscv_is_32(riscv_of(cpu))) {
        value = (value & UINT32_MAX) | (get_whole(cpu, csr, number) & ~(uint64_t)UINT32_MAX);
    }
    if (csr->set != NULL) {
        csr->set(cpu, number, value);
    } else if (csr->get == NULL) {
        uint64_t *slot = (uint64_t *)((uint8_t *)cpu->state + csr->slot);
        *slot = (*slot & ~csr->mask) | (value & csr->mask);
    }
}

void riscv_csr_print(unsigned number, bool is_32, struct text *out)
{
    const struct riscv_csr *csr = find(number);

    if (csr == NULL || (csr->width == 32 && !is_32)) {
        text_add(out, "0x%x", number);
    } else if (csr->count == 1) {
        text_add(out, "%s", csr->name);
    } else {
        text_add(out, "%s%u%s", csr->name, number - csr->number + csr->first,
                 csr->width == 32 ? "h" : "");
    }
}

/* ---- states from elsewhere ---- */

static int refuse(const char *name, uint64_t value, const char *why, struct error *e)
{
    return error_set(e, "%s is 0x%llx, which it never is: %s", name, (unsigned long long)value,
                     why);
}

/* What the rules of fields do not say of RV32. */
static int check_narrow(const struct riscv *s, struct error *e)
{
    const uint64_t high = ~riscv_ones(s);
    uint64_t all = s->hart.pc | s->satp | s->mtvec | s->stvec | s->hart_id | s->senvcfg;

    for (unsigned i = 0; i < ARRAY_LEN(s->x); i++) {
        all |= s->x[i];
    }
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        all |= s->pmpaddr[i];
    }
    return (all & high) == 0 ? 0 : refuse("a register", all, "those of riscv32 have 32 bits", e);
}

/* Fields of more than one register, or with values that are reserved. */
static int check_fields(const struct riscv *s, struct error *e)
{
    if (bits_get(s->mstatus, MSTATUS_MPP_POS, 2) == 2) {
        return refuse("mstatus", s->mstatus, "its MPP is reserved", e);
    }
    if ((s->mtvec & 3) > 1 || (s->stvec & 3) > 1) {
        return refuse((s->mtvec & 3) > 1 ? "mtvec" : "stvec",
                      (s->mtvec & 3) > 1 ? s->mtvec : s->stvec, "its mode is reserved", e);
    }
    if (!satp_is_supported(s, s->satp)) {
        return refuse("satp", s->satp, "its mode is not supported", e);
    }
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        if ((s->pmpcfg[i] & (PMP_R | PMP_W)) == PMP_W) {
            return refuse("pmpcfg", s->pmpcfg[i], "writable and not readable is reserved", e);
        }
    }
    return 0;
}

static int check_envcfg(const struct riscv *s, bool machine, struct error *e)
{
    uint64_t value = machine ? s->menvcfg : s->senvcfg;

    return (value & ~envcfg_bits(s, machine)) == 0 &&
                   bits_get(value, ENVCFG_CBIE_POS, 2) != ENVCFG_CBIE_RESERVED
               ? 0
               : refuse(machine ? "menvcfg" : "senvcfg", value,
                        "the hart's extensions have no such bits", e);
}

int riscv_csr_check(const struct riscv *s, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        uint64_t value;

        if (table[i].get != NULL || table[i].slot == offsetof(struct riscv, hart_id)) {
            continue;
        }
        memcpy(&value, (const uint8_t *)s + table[i].slot, sizeof value);
        if ((value & ~(table[i].mask & riscv_ones(s))) != 0) {
            return refuse(table[i].name, value, "it has bits that are no part of it", e);
        }
    }
    return check_narrow(s, e) < 0 || check_envcfg(s, true, e) < 0 || check_envcfg(s, false, e) < 0
               ? -1
               : check_fields(s, e);
}

bool riscv_csr_write_is_quiet(unsigned number)
{
    switch (number) {
    case 0x001: /* fflags */
    case 0x105: /* stvec scounteren senvcfg */
    case 0x106:
    case 0x10a:
    case 0x140: /* sscratch sepc scause stval */
    case 0x141:
    case 0x142:
    case 0x143:
    case 0x302: /* medeleg mtvec mcounteren */
    case 0x305:
    case 0x306:
    case 0x340: /* mscratch mepc mcause mtval */
    case 0x341:
    case 0x342:
    case 0x343: return true;
    default: return false;
    }
}

/* ---- access by an instruction ---- */

bool riscv_raise_illegal(struct cpu *cpu, uint64_t bits)
{
    cpu_raise(cpu, CAUSE_ILLEGAL, bits);
    return false;
}

/* What depends on more than the register's number. */
static bool is_enabled(const struct riscv *s, unsigned number)
{
    if ((number >= CSR_CYCLE && number <= CSR_HPMCOUNTER31) ||
        (number >= CSR_CYCLEH && number <= CSR_HPMCOUNTER31H)) {
        uint64_t bit = UINT64_C(1) << (number & 31);
        return s->priv == PRIV_M ||
               ((s->mcounteren & bit) != 0 && (s->priv == PRIV_S || (s->scounteren & bit) != 0));
    }
    switch (number) {
    case 0x001:
    case 0x002:
    case 0x003: return s->fs != FS_OFF;
    case CSR_STIMECMP:
    case CSR_STIMECMPH:
        return s->priv == PRIV_M || ((s->menvcfg & ENVCFG_STCE) != 0 &&
                                     (s->mcounteren & UINT64_C(1) << (CSR_TIME - CSR_CYCLE)) != 0);
    case CSR_SATP: return s->priv == PRIV_M || (s->mstatus & MSTATUS_TVM) == 0;
    default: return true;
    }
}

uint64_t riscv_csr_access(struct cpu *cpu, uint64_t bits, uint64_t source, uint64_t unused)
{
    struct riscv *s = riscv_of(cpu);
    unsigned number = (unsigned)bits_get(bits, 20, 12);
    unsigned op = (unsigned)bits_get(bits, 12, 2);
    bool writes = op == CSR_OP_WRITE || bits_get(bits, 15, 5) != 0;
    const struct riscv_csr *csr = riscv_csr_find(s, number);
    uint64_t old, base;

    (void)unused;
    if (csr == NULL || s->priv < (number >> 8 & 3) || (writes && number >> 10 == 3) ||
        !is_enabled(s, number)) {
        return riscv_raise_illegal(cpu, bits);
    }
    old = riscv_csr_get(cpu, csr, number);
    if (!writes) {
        return old;
    }
    /* Setting and clearing bits of mip works on what software wrote, not on the pins. */
    base = number == CSR_MIP ? s->soft : old;
    if (op == CSR_OP_SET) {
        source = base | source;
    } else if (op == CSR_OP_CLEAR) {
        source = base & ~source;
    }
    riscv_csr_set(cpu, csr, number, source);
    return old;
}
