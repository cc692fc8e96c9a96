/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm64: the state of one AArch64 hart and what the files of this folder share.
 *
 * After the "Arm Architecture Reference Manual for A-profile architecture" (DDI 0487): Armv8.0-A in
 * AArch64 state, and the later features that a model's ID registers name (model.c). EL0 and EL1, and
 * EL2 where the model has it; at EL0 AArch32 (aarch32.c). Left out: AArch32 above, SVE, SME, MTE, nested virtualization, RAS beyond
 * its registers, statistical profiling, trace. docs/arm64.md says where something differs.
 */
#ifndef ISA_ARM64_ARM64_H
#define ISA_ARM64_ARM64_H

#include "isa/arm_user.h"
#include "isa/isa.h"

#define ARM64_EVENT_COUNTERS 6
#define ARM64_BREAKPOINTS    6
#define ARM64_WATCHPOINTS    4

/* PAuth's keys: APIA, APIB, APDA, APDB, APGA. */
enum { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA, ARM64_KEYS };

/* The generic timers: physical and virtual of EL1, of EL2; the secure one has its pin, and is never set. */
enum arm64_timer { TIMER_P, TIMER_V, TIMER_HP, TIMER_HV, TIMER_PS, ARM64_TIMERS };

/* All of a hart. What is banked by exception level is an array by level, of which [0] is not used
 * where EL0 has none, and [3] nowhere: a level has two bits. */
struct arm64 {
    union {
        struct arm_user user;
        struct {
            struct hart hart;
            uint64_t x[32]; /* x[31] is SP as it is now: see sp[] */
            uint64_t v[64]; /* V registers, two words each, the less significant first */
            uint64_t flags;
            uint32_t fpcr, fpsr; /* see arm64_get_fpsr() */
            /* PSTATE of AArch32 state alone: T and IT, Q, GE, E; else 0. */
            uint32_t local;
            uint32_t q, ge, big;
            uint32_t ss, stepped;
        };
    };
    /* The rest of PSTATE, each a slot of its own. */
    uint32_t el;
    uint32_t spsel;
    uint32_t daif; /* as in SPSR: D 0x200, A 0x100, I 0x80, F 0x40; no D in AArch32 state */
    uint32_t pan, uao, dit, ssbs, il;
    uint32_t btype;
    uint32_t a32; /* AArch32 state: at EL0 */

    uint64_t sp[4]; /* SP_ELn; that which is SP now is 0 here */
    uint64_t elr[4], spsr[4];
    uint64_t sctlr[4], actlr[4], tcr[4], ttbr0[4], ttbr1[4], mair[4];
    uint64_t vbar[4], esr[4], far[4];
    uint64_t tpidr[4], tpidrro, contextidr[4];
    uint64_t cpacr, par, csselr, mdscr, mdccint, osdlr, oslock;
    uint64_t rndr; /* the generator behind RNDR: its state */

    uint64_t bvr[ARM64_BREAKPOINTS], bcr[ARM64_BREAKPOINTS];
    uint64_t wvr[ARM64_WATCHPOINTS], wcr[ARM64_WATCHPOINTS];
    uint64_t keys[2 * ARM64_KEYS]; /* low and high words */

    /* EL2 */
    uint64_t hcr, hcrx, cptr2, hstr, mdcr2, vttbr, vtcr, hpfar, vmpidr, vpidr, cntvoff, cnthctl;
    uint64_t vdisr, vsesr, disr; /* RAS: errors that were deferred, of which none ever is */
    uint64_t dbgclaim;           /* tags of debuggers */
    uint64_t zeros[2];

    /* Timers: CTL is ENABLE and IMASK; what the pins say that go out is `timer_out`, a bit each. */
    uint64_t cntkctl;
    uint64_t cval[ARM64_TIMERS];
    uint32_t timer_ctl[ARM64_TIMERS];
    uint32_t timer_out;

    /* The PMU. A counter is its source (ticks, instructions) plus an offset while it counts, and the
     * offset alone while it does not. */
    uint64_t pmccntr, pmccfiltr;
    uint64_t pmevcntr[ARM64_EVENT_COUNTERS], pmevtyper[ARM64_EVENT_COUNTERS];
    uint64_t pmdue[ARM64_EVENT_COUNTERS + 1]; /* the tick at which it overflows; 0: none */
    uint32_t pmcr, pmcnten, pminten, pmovs, pmselr, pmuserenr;
    uint32_t pmu_out; /* the level of its interrupt */

    uint32_t lines;  /* ARM64_PIN_*, a bit each */
    uint32_t number; /* of the hart: MPIDR's affinity */
    uint32_t zero[1];
};

#define SAME_PLACE(member, shared)                                                                 \
    _Static_assert(offsetof(struct arm64, member) == offsetof(struct arm_user, shared),            \
                   "one layout")
SAME_PLACE(x, r);
SAME_PLACE(v, d);
SAME_PLACE(flags, flags);
SAME_PLACE(stepped, stepped);
#undef SAME_PLACE

/* Pins of set_line(): what interrupts the hart. */
enum { ARM64_PIN_IRQ, ARM64_PIN_FIQ, ARM64_PIN_VIRQ, ARM64_PIN_VFIQ, ARM64_PIN_COUNT };
/* Pins that go out (cpu/platform.h): enum arm64_timer, then these. */
enum { ARM64_OUT_PMU = ARM64_TIMERS, ARM64_OUT_COUNT };

/* ---- what -cpu chose: model.c ---- */

/* Features that lifting or checks depend on, beyond Armv8.0. */
enum {
    EXT_CRC32 = 1 << 0,
    EXT_AES = 1 << 1, /* with PMULL */
    EXT_SHA1 = 1 << 2,
    EXT_SHA256 = 1 << 3,
    EXT_SHA512 = 1 << 4,
    EXT_SHA3 = 1 << 5,
    EXT_LSE = 1 << 6,
    EXT_RDM = 1 << 7,
    EXT_DOTPROD = 1 << 8,
    EXT_FP16 = 1 << 9,
    EXT_FHM = 1 << 10,
    EXT_FCMA = 1 << 11,
    EXT_JSCVT = 1 << 12,
    EXT_LRCPC = 1 << 13,
    EXT_LRCPC2 = 1 << 14,
    EXT_FRINTTS = 1 << 15,
    EXT_FLAGM = 1 << 16,
    EXT_FLAGM2 = 1 << 17,
    EXT_PAN = 1 << 18,
    EXT_UAO = 1 << 19,
    EXT_BTI = 1 << 20,
    EXT_PAUTH = 1 << 21,
    EXT_RNG = 1 << 22,
    EXT_DIT = 1 << 23,
    EXT_SSBS = 1 << 24,
    EXT_SB = 1 << 25,
    EXT_DPB = 1 << 26,
    EXT_DPB2 = 1 << 27,
    EXT_HAFDBS = 1 << 28, /* hardware A and D */
    EXT_VHE = 1 << 29,
    EXT_EL2 = 1 << 30
};
#define EXT_RAS UINT32_C(0x80000000) /* no enumerator, as those end at bit 30 */

enum arm64_id { /* ID_AA64*: in `id` of the model */
                ID_PFR0,
                ID_PFR1,
                ID_DFR0,
                ID_DFR1,
                ID_ISAR0,
                ID_ISAR1,
                ID_ISAR2,
                ID_MMFR0,
                ID_MMFR1,
                ID_MMFR2,
                ARM64_IDS
};

struct arm64_model {
    uint32_t features; /* EXT_* */
    uint32_t v80;      /* a processor of Armv8.0 */
    uint32_t hart_count;
    uint32_t a32; /* A32_*, of which A32_V8 always: AArch32 at EL0; 0: has none */
    uint32_t dbgdidr;
    uint32_t midr, revidr;
    uint32_t clidr, dczid;
    uint64_t ctr;
    uint32_t ccsidr[8]; /* by CSSELR */
    uint32_t pmceid0, pmceid1;
    uint32_t pmcr, cnt_hz;
    uint32_t sctlr; /* SCTLR_EL1 at reset; 0: the usual value */
    uint64_t id[ARM64_IDS];
    uint32_t id32[24]; /* the AArch32 ID registers, CRm 1 to 3 */
};

extern const struct isa isa_aarch64;

static inline struct arm64 *arm64_of(const struct cpu *cpu)
{
    return cpu->state;
}
static inline const struct arm64_model *arm64_model_of(const struct cpu *cpu)
{
    return cpu->model;
}
static inline bool arm64_has(const struct cpu *cpu, uint32_t feature)
{
    return (arm64_model_of(cpu)->features & feature) != 0;
}
static inline bool arm64_has_a32(const struct cpu *cpu)
{
    return arm64_model_of(cpu)->a32 != 0;
}
static inline bool arm64_has_el(const struct cpu *cpu, unsigned el)
{
    return el < 2 || (el == 2 && arm64_has(cpu, EXT_EL2));
}

/* ---- numbers of the architecture ---- */

#define BIT64(n) (UINT64_C(1) << (n))

#define DAIF_D   UINT32_C(0x200)
#define DAIF_A   UINT32_C(0x100)
#define DAIF_I   UINT32_C(0x80)
#define DAIF_F   UINT32_C(0x40)
#define DAIF_ALL UINT32_C(0x3c0)

#define PSTATE_N         BIT64(31)
#define PSTATE_Z         BIT64(30)
#define PSTATE_C         BIT64(29)
#define PSTATE_V         BIT64(28)
#define PSTATE_DIT       BIT64(24)
#define PSTATE_UAO       BIT64(23)
#define PSTATE_PAN       BIT64(22)
#define PSTATE_SS        BIT64(21)
#define PSTATE_IL        BIT64(20)
#define PSTATE_SSBS      BIT64(12)
#define PSTATE_BTYPE_POS 10
#define PSTATE_A32       BIT64(4)
/* Where AArch32's differs; what is not here is user code's (ARM_USER_PSR), or the same. */
#define PSTATE32_SSBS    BIT64(23)
#define PSTATE32_IT_LOW  UINT64_C(0x06000000)
#define PSTATE32_IT_HIGH UINT64_C(0x0000fc00)
#define PSTATE32_T       BIT64(5)

#define SCTLR_M       BIT64(0)
#define SCTLR_A       BIT64(1)
#define SCTLR_C       BIT64(2)
#define SCTLR_SA      BIT64(3)
#define SCTLR_SA0     BIT64(4)
#define SCTLR_CP15BEN BIT64(5)
#define SCTLR_ITD     BIT64(7)
#define SCTLR_SED     BIT64(8)
#define SCTLR_UMA     BIT64(9)
#define SCTLR_I       BIT64(12)
#define SCTLR_ENDB    BIT64(13)
#define SCTLR_DZE     BIT64(14)
#define SCTLR_UCT     BIT64(15)
#define SCTLR_NTWI    BIT64(16)
#define SCTLR_NTWE    BIT64(18)
#define SCTLR_WXN     BIT64(19)
#define SCTLR_SPAN    BIT64(23)
#define SCTLR_E0E     BIT64(24)
#define SCTLR_EE      BIT64(25)
#define SCTLR_UCI     BIT64(26)
#define SCTLR_ENDA    BIT64(27)
#define SCTLR_ENIB    BIT64(30)
#define SCTLR_ENIA    BIT64(31)
#define SCTLR_BT0     BIT64(35)
#define SCTLR_BT1     BIT64(36)
#define SCTLR_DSSBS   BIT64(44)

#define HCR_VM   BIT64(0)
#define HCR_SWIO BIT64(1)
#define HCR_PTW  BIT64(2)
#define HCR_FMO  BIT64(3)
#define HCR_IMO  BIT64(4)
#define HCR_AMO  BIT64(5)
#define HCR_VF   BIT64(6)
#define HCR_VI   BIT64(7)
#define HCR_VSE  BIT64(8)
#define HCR_FB   BIT64(9)
#define HCR_BSU  (UINT64_C(3) << 10)
#define HCR_DC   BIT64(12)
#define HCR_TWI  BIT64(13)
#define HCR_TWE  BIT64(14)
#define HCR_TID0 BIT64(15)
#define HCR_TID1 BIT64(16)
#define HCR_TID2 BIT64(17)
#define HCR_TID3 BIT64(18)
#define HCR_TSC  BIT64(19)
#define HCR_TACR BIT64(21)
#define HCR_TSW  BIT64(22)
#define HCR_TPC  BIT64(23)
#define HCR_TPU  BIT64(24)
#define HCR_TTLB BIT64(25)
#define HCR_TVM  BIT64(26)
#define HCR_TGE  BIT64(27)
#define HCR_TDZ  BIT64(28)
#define HCR_HCD  BIT64(29)
#define HCR_TRVM BIT64(30)
#define HCR_RW   BIT64(31)
#define HCR_CD   BIT64(32)
#define HCR_ID   BIT64(33)
#define HCR_E2H  BIT64(34)
#define HCR_TLOR BIT64(35)
#define HCR_TERR BIT64(36)
#define HCR_TEA  BIT64(37)
#define HCR_APK  BIT64(40)
#define HCR_API  BIT64(41)
#define HCR_HOST (HCR_E2H | HCR_TGE)

#define MDSCR_SS   BIT64(0)
#define MDSCR_TDCC BIT64(12)
#define MDSCR_KDE  BIT64(13)
#define MDSCR_MDE  BIT64(15)

/* Exception classes. A fault's `cause` is the whole syndrome, its `value` the fault address, and its
 * value2 what says more: FAULT_*. */
enum {
    EC_UNKNOWN = 0x00,
    EC_WFX = 0x01,
    EC_CP15 = 0x03, /* MCR, MRC; _64: MCRR, MRRC */
    EC_CP15_64 = 0x04,
    EC_CP14 = 0x05,
    EC_FP = 0x07,
    EC_CP14_64 = 0x0c,
    EC_PAUTH = 0x09,
    EC_BTI = 0x0d,
    EC_ILLEGAL_STATE = 0x0e,
    EC_SVC32 = 0x11,
    EC_SVC = 0x15,
    EC_HVC = 0x16,
    EC_SMC = 0x17,
    EC_SYSREG = 0x18,
    EC_INSN_ABORT = 0x20, /* + 1: from the level that takes it; so with the others of two */
    EC_PC_ALIGN = 0x22,
    EC_DATA_ABORT = 0x24,
    EC_SP_ALIGN = 0x26,
    EC_BREAKPOINT = 0x30,
    EC_STEP = 0x32,
    EC_WATCHPOINT = 0x34,
    EC_BKPT32 = 0x38,
    EC_BRK = 0x3c,
    EC_PAC_FAIL = 0x1c
};
#define ESR_EC_POS   26
#define ESR_IL       UINT32_C(0x02000000)
#define ESR(ec, iss) ((uint32_t)(ec) << ESR_EC_POS | ESR_IL | (uint32_t)(iss))
#define ESR_EC(esr)  ((unsigned)((esr) >> ESR_EC_POS) & 63)
#define ISS_WNR      0x40u
#define ISS_CM       0x100u
#define ISS_S1PTW    0x80u
/* value2: the level that is to take it, if it is not what follows from the level it is from; and the
 * intermediate physical address >> 12 for HPFAR, from bit 8 on. */
#define FAULT_TO_EL2  2u
#define FAULT_HAS_IPA 4u
#define FAULT_IPA_POS 8

/* Fault status codes of aborts. */
enum {
    FSC_SIZE = 0x00,        /* + level */
    FSC_TRANSLATION = 0x04, /* + level */
    FSC_ACCESS = 0x08,      /* + level */
    FSC_PERMISSION = 0x0c,  /* + level */
    FSC_EXTERNAL = 0x10,
    FSC_EXTERNAL_WALK = 0x14, /* + level */
    FSC_ALIGNMENT = 0x21,
    FSC_DEBUG = 0x22,
    FSC_EXCLUSIVE = 0x35
};

/* block_mode(): what lifting depends on, besides what arm_user.h has. At EL0 in AArch32 state (MODE_A32) it
 * is arm32's, whose bits 0 and 1 are 0 then. The lower 32 bits all have a meaning; at EL2 bit 31 has none. */
#define MODE_EL(m)    ((m)&3) /* 3: EL2 with HCR_EL2.E2H, where names of EL1 are its own registers */
#define MODE_HOST     3
#define MODE_FP       0x4       /* FP and SIMD are not trapped */
#define MODE_BIG      0x8       /* data is big-endian */
#define MODE_ALIGN    0x10      /* data has to be aligned */
#define MODE_UNTAG    0x20      /* the top byte of data addresses is a tag in both halves */
#define MODE_UNPRIV   0x40      /* LDTR and STTR are EL0's accesses: EL1 without UAO */
#define MODE_ZVA      0x80      /* DC ZVA is not trapped */
#define MODE_SPSEL    0x100     /* SP is that of the level, and not SP_EL0 */
#define MODE_SP       0x200     /* SP has to be aligned where it is the base of an access */
#define MODE_TAG0     0x2000000 /* the top byte of an instruction's address is a tag: lower half */
#define MODE_TAG1     0x4000000 /* upper half */
#define MODE_FPCR_POS 10        /* FPCR's bits 19 and 22 to 26: FZ16, RMode, FZ, DN, AHP */
#define MODE_FPCR(m)                                                                               \
    ((unsigned)((m) >> MODE_FPCR_POS & 1) | ((unsigned)((m) >> (MODE_FPCR_POS + 1)) & 0x1f) << 3)
#define MODE_BTYPE_POS MODE_LOCAL_POS /* local: changes from instruction to instruction */
#define MODE_BTYPE(m)  ((m) >> MODE_BTYPE_POS & 3)

/* ---- trap.c ---- */

uint64_t arm64_block_mode(const struct cpu *cpu);
bool arm64_interrupt_pending(const struct cpu *cpu);
bool arm64_wakes(const struct cpu *cpu);
void arm64_take_interrupt(struct cpu *cpu);
void arm64_take_exception(struct cpu *cpu);
void arm64_set_line(struct cpu *cpu, unsigned pin, bool level);
enum platform_answer arm64_message(struct cpu *cpu, enum hart_message what,
                                   struct hart_words words);
/* PSTATE as an SPSR has it, and back; setting it changes SP as EL and SPSel say. */
uint64_t arm64_pstate(const struct arm64 *s);
void arm64_set_nzcv(struct arm64 *s, uint64_t pstate);
void arm64_set_el(struct arm64 *s, unsigned el, unsigned spsel);
/* ERET: the state after it, hart.pc but for what the lifter does. Returns where it goes on. */
uint64_t arm64_eret(struct cpu *cpu, uint64_t target);
/* Whether there is an EL2 in this world, above EL1. */
/* HCR_EL2 as it counts: 0 where there is no EL2, or not in this world; with TGE, and with E2H and TGE, what these
 * make of the other bits. */
uint64_t arm64_hcr(const struct cpu *cpu);
/* Whether EL0 is the host's: of the regime that EL2 has with E2H and TGE. */
bool arm64_is_host(const struct cpu *cpu);
/* The level whose registers say how accesses from `el` are translated. */
unsigned arm64_regime(const struct cpu *cpu, unsigned el);
/* Debug exceptions of the guest's own: where they go, and whether they are taken now. */
unsigned arm64_debug_target(const struct cpu *cpu);
bool arm64_debug_is_on(const struct cpu *cpu);
/* What begins with another value than 0: of all other members zero and `number` set. */
void arm64_begin(struct arm64 *s, const struct arm64_model *m);
/* What RNDR gives from now on follows from the machine's seed and the hart's number. */
void arm64_seed_random(struct arm64 *s, uint64_t seed);
/* Where an access to FP registers is trapped to: 0 if it is not. */
unsigned arm64_fp_trap(const struct cpu *cpu);
/* The undefined instruction exception. */
void arm64_raise_undefined(struct cpu *cpu);
/* A syndrome with its fault address, for the level that follows from the present one, or `to`. */
void arm64_raise(struct cpu *cpu, uint32_t esr, uint64_t far, unsigned to);

/* ---- mmu.c ---- */

bool arm64_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                     struct translation *out);
void arm64_bus_fault(struct cpu *cpu, vaddr va, enum access access);
void arm64_misaligned(struct cpu *cpu, vaddr va, enum access access);
void arm64_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY]);

/* The syndrome of the fault that is taken now: atomics that fail are not always writes. */
uint32_t arm64_abort_syndrome(struct cpu *cpu, uint32_t esr, vaddr va);
/* AT, by the number of the instruction: its answer in PAR_EL1. False if there is none of that number. */
bool arm64_translate_for(struct cpu *cpu, unsigned number, vaddr va);

/* Whether the stage 1 has an upper half of addresses. */
bool arm64_has_two_halves(const struct cpu *cpu, unsigned regime);
/* Whether the page of an instruction asks for branch targets to be marked. Nothing changes by asking. */
bool arm64_is_guarded(struct cpu *cpu, vaddr pc);

/* ---- pauth.c ---- */

/* How a pointer is changed: the key, and one of these; else a code is put in. */
enum { PAC_KEY = 7, PAC_CHECK = 8, PAC_STRIP = 16 };
/* The pointer then; a check that fails raises its exception. */
uint64_t arm64_pauth(struct cpu *cpu, uint64_t pointer, uint64_t modifier, unsigned how);
/* The cipher: the architecture's ComputePAC of QARMA5 with K<127:64> as key0. */
uint64_t arm64_qarma5(uint64_t text, uint64_t tweak, uint64_t key0, uint64_t key1);

/* ---- timer.c ---- */

tick arm64_next_alarm(const struct cpu *cpu);
void arm64_alarm(struct cpu *cpu, tick now);
/* The system counter, and as CNTVCT_EL0 shows it where it is read. */
uint64_t arm64_counter(const struct cpu *cpu, tick now);
uint64_t arm64_virtual_counter(const struct cpu *cpu, tick now);
/* enum arm_timer_register says which. */
uint64_t arm64_timer_get(const struct cpu *cpu, enum arm64_timer t, unsigned reg);
void arm64_timer_set(struct cpu *cpu, enum arm64_timer t, unsigned reg, uint64_t value);
/* A register of the timers was written: drives their pins. */
void arm64_timers_changed(struct cpu *cpu, tick now);

/* ---- pmu.c ---- */

/* The next tick at which a counter may overflow, and what is due at `now`. */
tick arm64_pmu_next(const struct arm64 *s);
void arm64_pmu_alarm(struct cpu *cpu, tick now);
/* Before `el` becomes another: what counts at the one and not at the other. */
void arm64_pmu_level(struct cpu *cpu, unsigned to);
/* All as after a reset, the interrupt's line among it. */
void arm64_pmu_stop(struct cpu *cpu);

/* ---- model.c ---- */

int arm64_make_model(void *model, const struct isa_options *o, struct error *e);

/* ---- helpers.c: the C functions that lifted blocks call ---- */

/* Indexes in arm64_helpers, in the order of the three lists. */
enum arm64_helper {
/* Those of arm32's lifters, in their order, and so with their numbers. */
#define ARM_HELPER(NAME, ...) HELP_A32_##NAME,
#define ARM_HELPER_OWN        ARM_HELPER
#define ARM_HELPER_SYSTEM     ARM_HELPER
#include "isa/arm_helpers.def"
#undef ARM_HELPER
#undef ARM_HELPER_OWN
#undef ARM_HELPER_SYSTEM
#define ARM64_HELPER(NAME, ...) HELP_##NAME,
#include "isa/arm64/helpers.def"
#include "isa/arm64/helpers_simd.def"
#undef ARM64_HELPER
    ARM64_HELPER_COUNT
};
extern const struct ir_helper arm64_helpers[ARM64_HELPER_COUNT];

/* ---- the rest ---- */

bool arm64_lift(struct lift *l);
unsigned arm64_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                           struct text *out);
#define ARM64_GDB_PC 32
const struct isa_register *arm64_gdb_registers(size_t *count);
const char *arm64_gdb_types(const char *feature);
bool arm64_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value);
bool arm64_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value);

#endif
