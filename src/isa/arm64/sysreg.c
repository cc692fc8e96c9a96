/* SPDX-License-Identifier: GPL-2.0-or-later
 * sysreg: finding a system register, who may access it, and the helpers that do.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/sysreg.h"

/* ---- finding ---- */

static bool is_there(const struct arm64_sysreg *r, const struct arm64_model *m)
{
    if ((r->flags & SYS_NEEDS_EL2) != 0 && (m->features & EXT_EL2) == 0) {
        return false;
    }
    if ((r->flags & SYS_V80) != 0 && !m->v80) {
        return false;
    }
    return r->feature == 0 || (m->features & r->feature) != 0;
}

static const struct arm64_sysreg *find_in(const struct arm64_sysreg *table, size_t count,
                                          const struct arm64_model *m, unsigned number,
                                          unsigned *index)
{
    for (size_t i = 0; i < count; i++) {
        const struct arm64_sysreg *r = &table[i];
        unsigned last = r->number + (r->count != 0 ? r->count - 1u : 0);

        if (number >= r->number && number <= last && is_there(r, m)) {
            *index = number - r->number;
            return r;
        }
    }
    return NULL;
}

const struct arm64_sysreg *arm64_sysreg_find(const struct arm64_model *m, unsigned number,
                                             unsigned *index)
{
    const struct arm64_sysreg *r =
        find_in(arm64_sysregs_el1, arm64_sysregs_el1_count, m, number, index);

    if (r == NULL) {
        r = find_in(arm64_sysregs_pmu, arm64_sysregs_pmu_count, m, number, index);
    }
    if (r == NULL) {
        r = find_in(arm64_sysregs_el2, arm64_sysregs_el2_count, m, number, index);
    }
    if (r == NULL && SYS_OP0(number) == 3 && SYS_OP1(number) == 5) {
        r = arm64_sysreg_find_el12(m, number, index);
    }
    return r;
}

bool arm64_sysreg_is_gic(unsigned number)
{
    unsigned op1 = SYS_OP1(number);

    if (SYS_OP0(number) != 3 || (op1 != 0 && op1 != 4 && op1 != 6)) {
        return false;
    }
    return (SYS_N(number) == 12 && SYS_M(number) >= 8) || number == ARM64_SYS(3, 0, 4, 6, 0);
}

/* ---- values ---- */

uint64_t arm64_sysreg_get(const struct cpu *cpu, const struct arm64_sysreg *r, unsigned index)
{
    if (r->get != NULL) {
        return r->get(cpu, index);
    }
    return r->slot != 0 ? bytes_get_le((const uint8_t *)cpu->state + r->slot + 8 * index, 8) : 0;
}

void arm64_sysreg_set(struct cpu *cpu, const struct arm64_sysreg *r, unsigned index, uint64_t value)
{
    uint8_t *at = (uint8_t *)cpu->state + r->slot + 8 * index;

    if (r->set != NULL) {
        r->set(cpu, index, value);
    } else if (r->slot != 0 && (r->flags & SYS_READ_ONLY) == 0) {
        bytes_set_le(at, 8, (bytes_get_le(at, 8) & ~r->mask) | (value & r->mask));
    }
}

/* ---- who may ---- */

static uint32_t syndrome(unsigned number, unsigned rt, bool is_read)
{
    return ESR(EC_SYSREG, SYS_OP0(number) << 20 | SYS_OP2(number) << 17 | SYS_OP1(number) << 14 |
                              SYS_N(number) << 10 | rt << 5 | SYS_M(number) << 1 | is_read);
}

/* MDCR_EL2: TDRA, TDOSA, and TDA for all others; TDE is all three. */
static bool debug_is_trapped(const struct cpu *cpu, unsigned number)
{
    uint64_t mdcr = arm64_of(cpu)->mdcr2;

    if ((mdcr & BIT64(8)) != 0 || (arm64_hcr(cpu) & HCR_TGE) != 0) {
        return true;
    }
    if (SYS_N(number) == 1 && SYS_M(number) == 0 && SYS_OP2(number) == 0) {
        return (mdcr & BIT64(11)) != 0;
    }
    return (mdcr & (SYS_N(number) == 1 ? BIT64(10) : BIT64(9))) != 0;
}

static unsigned trapped_by_hypervisor(const struct cpu *cpu, const struct arm64_sysreg *r,
                                      bool is_write)
{
    uint64_t hcr = arm64_hcr(cpu);

    if (arm64_of(cpu)->el > 1 || !arm64_has(cpu, EXT_EL2)) {
        return 0;
    }
    if (SYS_OP0(r->number) == 2 && debug_is_trapped(cpu, r->number)) {
        return 2;
    }
    if ((r->flags & SYS_VM) != 0 && (hcr & (is_write ? HCR_TVM : HCR_TRVM)) != 0) {
        return 2;
    }
    return (r->flags & SYS_ID3) != 0 && (hcr & HCR_TID3) != 0 && !is_write ? 2 : 0;
}

/* EL2 with E2H reaches registers of its own by EL1's names, and EL0 below it the timers of EL2 by those of EL1. */
static unsigned own_number(const struct cpu *cpu, unsigned number)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned group = number & ~7u;
    bool is_timer = group == ARM64_SYS(3, 3, 14, 2, 0) || group == ARM64_SYS(3, 3, 14, 3, 0);

    if (s->el == 2 ? (arm64_hcr(cpu) & HCR_E2H) == 0
                   : s->el != 0 || !is_timer || !arm64_is_host(cpu)) {
        return number;
    }
    if (is_timer) {
        return ARM64_SYS(3, 4, 14, SYS_M(number), SYS_OP2(number));
    }
    if (number == ARM64_SYS(3, 0, 1, 0, 2)) {
        return ARM64_SYS(3, 4, 1, 1, 2); /* CPACR_EL1, CPTR_EL2 */
    }
    return SYS_OP1(number) == 0 && arm64_sysreg_el12(number) != 0
               ? number | ARM64_SYS(0, 4, 0, 0, 0)
               : number;
}

/* The lowest level that may access a register is in its op1, but for those that are said. */
static unsigned lowest_level(const struct arm64_sysreg *r, bool is_write)
{
    static const uint8_t levels[] = {1, 1, 1, 1, 2, 2, 3, 1};

    if ((r->flags & (is_write ? SYS_EL0_WRITE : SYS_EL0_READ)) != 0) {
        return 0;
    }
    return levels[SYS_OP1(r->number)];
}

/* False with the exception raised. */
static bool may_access(struct cpu *cpu, const struct arm64_sysreg *r, unsigned number, unsigned rt,
                       bool is_write)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned to = 0;

    if (s->el < lowest_level(r, is_write) ||
        (r->flags & (is_write ? SYS_READ_ONLY : SYS_WRITE_ONLY)) != 0 ||
        ((r->flags & SYS_NEEDS_E2H) != 0 && (arm64_hcr(cpu) & HCR_E2H) == 0)) {
        to = SYS_UNDEFINED;
    } else if ((r->flags & SYS_FP) != 0 && arm64_fp_trap(cpu) != 0) {
        arm64_raise(cpu, ESR(EC_FP, 0x1e00000), 0, arm64_fp_trap(cpu));
        return false;
    }
    if (to == 0 && r->trap != NULL) {
        to = r->trap(cpu, is_write);
    }
    if (to == 0) {
        to = trapped_by_hypervisor(cpu, r, is_write);
    }
    if (to == SYS_UNDEFINED) {
        arm64_raise_undefined(cpu);
    } else if (to != 0) {
        arm64_raise(cpu, syndrome(number, rt, !is_write), 0, to);
    }
    return to == 0;
}

/* xorshift64*: never the state 0, which would stay. It never fails. */
static uint64_t next_random(struct arm64 *s)
{
    uint64_t x = s->rndr;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    s->rndr = x;
    s->flags = 0;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* What reading an ID register says of the machine around: whether the GIC has a CPU interface here. */
static uint64_t gic_field(struct cpu *cpu)
{
    uint64_t unused;

    return cpu->platform != NULL && cpu->platform->read_register(cpu, ARM64_SYS(3, 0, 12, 12, 5),
                                                                 &unused) == PLATFORM_DONE
               ? BIT64(24)
               : 0;
}

static uint64_t read_sysreg(struct cpu *cpu, const struct arm64_sysreg *r, unsigned number,
                            unsigned index)
{
    unsigned own = own_number(cpu, number);

    if (own != number) {
        r = arm64_sysreg_find(cpu->model, own, &index);
        must(r != NULL);
    }
    if (SYS_OP1(number) == 3 && SYS_N(number) == 2 && SYS_OP0(number) == 3) {
        return next_random(arm64_of(cpu));
    }
    return arm64_sysreg_get(cpu, r, index) |
           (number == ARM64_SYS(3, 0, 0, 4, 0) ? gic_field(cpu) : 0);
}

static void write_sysreg(struct cpu *cpu, const struct arm64_sysreg *r, unsigned number,
                         unsigned index, uint64_t value)
{
    unsigned own = own_number(cpu, number);

    if (own != number) {
        r = arm64_sysreg_find(cpu->model, own, &index);
        must(r != NULL);
    }
    arm64_sysreg_set(cpu, r, index, value);
}

/* ---- helpers: `what` is the number and, from bit 16 on, Rt ---- */

uint64_t arm64_help_mrs(struct cpu *cpu, uint64_t what, uint64_t b, uint64_t c)
{
    unsigned index, number = what & 0xffff;
    const struct arm64_sysreg *r = arm64_sysreg_find(cpu->model, number, &index);

    (void)b;
    (void)c;
    if (r == NULL) {
        arm64_raise_undefined(cpu);
        return 0;
    }
    return may_access(cpu, r, number, what >> 16 & 31, false) ? read_sysreg(cpu, r, number, index)
                                                              : 0;
}

uint64_t arm64_help_msr(struct cpu *cpu, uint64_t what, uint64_t value, uint64_t c)
{
    unsigned index, number = what & 0xffff;
    const struct arm64_sysreg *r = arm64_sysreg_find(cpu->model, number, &index);

    (void)c;
    if (r == NULL) {
        arm64_raise_undefined(cpu);
    } else if (may_access(cpu, r, number, what >> 16 & 31, true)) {
        write_sysreg(cpu, r, number, index, value);
    }
    return 0;
}

/* HCR_EL2's bits by which EL1's accesses to a register of the CPU interface are to the virtual one. */
static uint64_t gic_routing(unsigned number)
{
    unsigned m = SYS_M(number), op2 = SYS_OP2(number);

    if (m == 12 && op2 == 5) {
        return 0; /* ICC_SRE_EL1 is one for both */
    }
    if (m == 8 || (m == 12 && op2 == 6)) {
        return HCR_FMO;
    }
    return m == 9 || (m == 12 && op2 != 4) ? HCR_IMO : HCR_IMO | HCR_FMO;
}

/* The number as devices are told: with the bit of a guest's accesses. */
static uint32_t gic_number(const struct cpu *cpu, unsigned number)
{
    bool guest = arm64_of(cpu)->el == 1 && (arm64_hcr(cpu) & gic_routing(number)) != 0;

    return number | (guest ? ARM64_GIC_OF_GUEST : 0);
}

/* True with the exception raised. What else a level may do is the interrupt controller's to know. */
static bool gic_trapped(struct cpu *cpu, unsigned number)
{
    static const uint8_t levels[] = {1, 1, 1, 1, 2, 2, 3, 1};

    if (arm64_of(cpu)->el < levels[SYS_OP1(number)] || cpu->platform == NULL) {
        arm64_raise_undefined(cpu);
        return true;
    }
    return false;
}

static void gic_answered(struct cpu *cpu, enum platform_answer answer, uint64_t what, bool is_read)
{
    if (answer == PLATFORM_REFUSED) {
        arm64_raise(cpu, syndrome(what & 0xffff, what >> 16 & 31, is_read), 0, 2);
    } else if (answer != PLATFORM_DONE) {
        arm64_raise_undefined(cpu);
    }
}

uint64_t arm64_help_mrs_gic(struct cpu *cpu, uint64_t what, uint64_t b, uint64_t c)
{
    uint64_t value = 0;

    (void)b;
    (void)c;
    if (!gic_trapped(cpu, what & 0xffff)) {
        gic_answered(cpu, cpu->platform->read_register(cpu, gic_number(cpu, what & 0xffff), &value),
                     what, true);
    }
    return cpu->fault.raised ? 0 : value;
}

uint64_t arm64_help_msr_gic(struct cpu *cpu, uint64_t what, uint64_t value, uint64_t c)
{
    (void)c;
    if (!gic_trapped(cpu, what & 0xffff)) {
        gic_answered(cpu, cpu->platform->write_register(cpu, gic_number(cpu, what & 0xffff), value),
                     what, false);
    }
    return 0;
}
