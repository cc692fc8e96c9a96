/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the C functions that lifted blocks call: exceptions, CSRs, returns from traps, WFI, and
 * the mode checks of fences and cache-block operations. Caches are not modelled: of the latter only
 * the permission to touch the block remains.
 */
#include "base/softfloat.h"
#include "isa/riscv/riscv.h"

static uint64_t help_raise(struct cpu *cpu, uint64_t cause, uint64_t value, uint64_t unused)
{
    (void)unused;
    cpu_raise(cpu, (uint32_t)cause, value);
    return 0;
}

static uint64_t help_mret(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    struct riscv *s = riscv_of(cpu);
    uint64_t status = s->mstatus & ~(MSTATUS_MIE | MSTATUS_MPP);

    (void)b;
    (void)c;
    if (s->priv != PRIV_M) {
        return riscv_raise_illegal(cpu, bits);
    }
    s->priv = (uint32_t)bits_get(s->mstatus, MSTATUS_MPP_POS, 2);
    status |= (s->mstatus & MSTATUS_MPIE) != 0 ? MSTATUS_MIE : 0;
    status |= MSTATUS_MPIE;
    if (s->priv != PRIV_M) {
        status &= ~MSTATUS_MPRV;
    }
    s->mstatus = status;
    return s->mepc;
}

static uint64_t help_sret(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    struct riscv *s = riscv_of(cpu);
    uint64_t status = s->mstatus & ~(MSTATUS_SIE | MSTATUS_SPP | MSTATUS_MPRV);

    (void)b;
    (void)c;
    if (s->priv == PRIV_U || (s->priv == PRIV_S && (s->mstatus & MSTATUS_TSR) != 0)) {
        return riscv_raise_illegal(cpu, bits);
    }
    s->priv = (s->mstatus & MSTATUS_SPP) != 0 ? PRIV_S : PRIV_U;
    status |= (s->mstatus & MSTATUS_SPIE) != 0 ? MSTATUS_SIE : 0;
    s->mstatus = status | MSTATUS_SPIE;
    return s->sepc;
}

static uint64_t help_wfi(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    struct riscv *s = riscv_of(cpu);

    (void)b;
    (void)c;
    if (s->priv == PRIV_U || (s->priv == PRIV_S && (s->mstatus & MSTATUS_TW) != 0)) {
        return riscv_raise_illegal(cpu, bits);
    }
    s->hart.waiting = !riscv_wakes(cpu);
    return 0;
}

static uint64_t help_fence_vma(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    struct riscv *s = riscv_of(cpu);

    (void)b;
    (void)c;
    if (s->priv == PRIV_U || (s->priv == PRIV_S && (s->mstatus & MSTATUS_TVM) != 0)) {
        return riscv_raise_illegal(cpu, bits);
    }
    return 0;
}

/* SFENCE.W.INVAL and SFENCE.INVAL.IR, which TVM does not trap. */
static uint64_t help_fence_inval(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return riscv_of(cpu)->priv == PRIV_U ? riscv_raise_illegal(cpu, bits) : 0;
}

/* The envcfg registers of the modes above let the current one use the operation. */
static bool cbo_enabled(const struct riscv *s, uint64_t field)
{
    return s->priv == PRIV_M ||
           ((s->menvcfg & field) != 0 && (s->priv == PRIV_S || (s->senvcfg & field) != 0));
}

enum { CBO_INVAL, CBO_CLEAN, CBO_FLUSH };

static uint64_t help_cbo(struct cpu *cpu, uint64_t bits, uint64_t address, uint64_t c)
{
    uint64_t field = bits_get(bits, 20, 12) == CBO_INVAL ? ENVCFG_CBIE : ENVCFG_CBCFE;
    struct translation t;

    (void)c;
    if (!cbo_enabled(riscv_of(cpu), field)) {
        return riscv_raise_illegal(cpu, bits);
    }
    /* Needs the permission to read or to write (which implies reading); faults count as stores. */
    if (!riscv_translate(cpu, address, ACCESS_READ, AS_CURRENT, &t)) {
        cpu->fault.cause =
            cpu->fault.cause == CAUSE_LOAD_PAGE ? CAUSE_STORE_PAGE : CAUSE_STORE_ACCESS;
    }
    return 0;
}

/* Faults with the value of rs1, as volume I says of all these; the stores that follow would
 * report the block. */
static uint64_t help_cbo_zero(struct cpu *cpu, uint64_t bits, uint64_t address, uint64_t c)
{
    struct translation t;

    (void)c;
    if (!cbo_enabled(riscv_of(cpu), ENVCFG_CBZE)) {
        return riscv_raise_illegal(cpu, bits);
    }
    if (!cpu_store_is_known(cpu, address)) {
        (void)riscv_translate(cpu, address, ACCESS_WRITE, AS_CURRENT, &t);
    }
    return 0;
}

static uint64_t help_fclass_h(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)b;
    (void)c;
    return f16_class((f16)bits);
}

static uint64_t help_fclass_s(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)b;
    (void)c;
    return f32_class((f32)bits);
}

static uint64_t help_fclass_d(struct cpu *cpu, uint64_t bits, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)b;
    (void)c;
    return f64_class(bits);
}

/* ---- carry-less products ---- */

/* The bits of the product from `low` on. */
static uint64_t carry_less(uint64_t a, uint64_t b, unsigned low)
{
    uint64_t product = 0;

    for (; b != 0; b &= b - 1) {
        int at = __builtin_ctzll(b) - (int)low; /* where a's lowest bit comes */

        if (at >= 0) {
            product ^= a << at;
        } else if (at > -64) {
            product ^= a >> -at;
        }
    }
    return product;
}

static uint64_t help_clmul(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)c;
    return carry_less(a, b, 0);
}

static uint64_t help_clmulh(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)c;
    return carry_less(a, b, 64);
}

static uint64_t help_clmulr(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)c;
    return carry_less(a, b, 63);
}

/* All of the state but x and f. */
#define SYSTEM_SLOTS                                                                               \
    {                                                                                              \
        {offsetof(struct riscv, hart.reservation), offsetof(struct riscv, x)},                     \
        {                                                                                          \
            offsetof(struct riscv, priv), sizeof(struct riscv)                                     \
        }                                                                                          \
    }
#define HELPER(function, does, count)                                                              \
    .call = (function), .effects = (does), .argument_count = (count)
/* What changes the hart's state besides its registers. */
#define CHANGES(function, count)                                                                   \
    HELPER(function, HELPER_READS | HELPER_WRITES | HELPER_FAULTS, count), .reads = SYSTEM_SLOTS,  \
                                                                           .writes = SYSTEM_SLOTS
#define FP_FLAGS                                                                                   \
    {                                                                                              \
        {                                                                                          \
            offsetof(struct riscv, hart.fp_flags), offsetof(struct riscv, hart.fp_flags) + 1       \
        }                                                                                          \
    }
#define FLAGS(function, count)                                                                     \
    HELPER(function, HELPER_READS | HELPER_WRITES, count), .reads = FP_FLAGS, .writes = FP_FLAGS
#define CHECKS(function, does, count)                                                              \
    HELPER(function, HELPER_READS | HELPER_FAULTS | (does), count), .reads = SYSTEM_SLOTS

const struct ir_helper riscv_helpers[RISCV_HELPER_COUNT] = {
    [HELP_RAISE] = {"raise", HELPER(help_raise, HELPER_FAULTS, 2)},
    [HELP_CSR] = {"csr", CHANGES(riscv_csr_access, 2)},
    [HELP_CSR_TIMER] = {"csr_timer",
                        HELPER(riscv_csr_access,
                               HELPER_READS | HELPER_WRITES | HELPER_FAULTS | HELPER_LOOKS, 2),
                        .reads = SYSTEM_SLOTS, .writes = SYSTEM_SLOTS},
    [HELP_MRET] = {"mret", CHANGES(help_mret, 1)},
    [HELP_SRET] = {"sret", CHANGES(help_sret, 1)},
    [HELP_WFI] = {"wfi", CHANGES(help_wfi, 1)},
    [HELP_FENCE_VMA] = {"fence_vma", CHECKS(help_fence_vma, 0, 1)},
    [HELP_FENCE_INVAL] = {"fence_inval", CHECKS(help_fence_inval, 0, 1)},
    [HELP_CBO] = {"cbo", CHECKS(help_cbo, HELPER_MEMORY, 2)},
    [HELP_CBO_ZERO] = {"cbo_zero", CHECKS(help_cbo_zero, HELPER_MEMORY, 2)},
    [HELP_FCLASS_H] = {"fclass_h", HELPER(help_fclass_h, HELPER_PURE, 1)},
    [HELP_FCLASS_S] = {"fclass_s", HELPER(help_fclass_s, HELPER_PURE, 1)},
    [HELP_FCLASS_D] = {"fclass_d", HELPER(help_fclass_d, HELPER_PURE, 1)},
    [HELP_CLMUL] = {"clmul", HELPER(help_clmul, HELPER_PURE, 2)},
    [HELP_CLMULH] = {"clmulh", HELPER(help_clmulh, HELPER_PURE, 2)},
    [HELP_CLMULR] = {"clmulr", HELPER(help_clmulr, HELPER_PURE, 2)},
    [HELP_HALF] = {"half", FLAGS(riscv_help_half, 2)},
    [HELP_FCVTMOD] = {"fcvtmod", FLAGS(riscv_help_fcvtmod, 1)},
};
