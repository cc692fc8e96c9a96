/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm: the state of one 32-bit Arm hart and what the files of this folder share.
 *
 * After the "ARM Architecture Reference Manual, ARMv7-A and ARMv7-R edition" (DDI 0406C): A32 and T32,
 * the multiprocessing extensions, short and (LPAE) long descriptors, generic timers. Left out: Jazelle,
 * ThumbEE, the security and virtualization extensions, short vectors, SWP, debug
 * state, trace.
 */
#ifndef ISA_ARM32_ARM_H
#define ISA_ARM32_ARM_H

#include "isa/arm_timer.h"
#include "isa/arm_user.h"
#include "isa/isa.h"

/* Banks of R13, R14 and SPSR. */
enum { BANK_USR, BANK_FIQ, BANK_IRQ, BANK_SVC, BANK_ABT, BANK_UND, ARM_BANKS };

/* The generic timers of EL1. */
enum arm_timer { ARM_TIMER_P, ARM_TIMER_V, ARM_TIMERS };

#define ARM_EVENT_COUNTERS 6

/* All of a hart. */
struct arm {
    union {
        struct arm_user user;
        struct {
            struct hart hart;
            uint64_t r[16]; /* of the mode as it is now; r[15] is not used: see hart.pc */
            struct {
                uint64_t zero[16];
            } above_r;
            uint64_t d[32];
            struct {
                uint64_t zero[32];
            } above_d;
            uint64_t flags;
            uint32_t fpcr, fpsr;
            uint32_t local; /* MODE_LOCAL */
            uint32_t q, ge, big;
            struct {
                uint32_t zero[2];
            } step;
        };
    };
    /* The rest of CPSR, each a slot of its own. */
    uint32_t mode;  /* ARM_MODE_* */
    uint32_t masks; /* A 0x100, I 0x80, F 0x40 */
    uint32_t fpexc;

    uint32_t r13[ARM_BANKS], r14[ARM_BANKS]; /* 0 where they are r[13] and r[14] now */
    uint32_t spsr[ARM_BANKS];
    uint32_t r8_usr[5], r8_fiq[5]; /* R8 to R12 of FIQ mode and of all others; likewise */

    uint32_t sctlr, cpacr, csselr;
    uint32_t ttbcr, dacr;
    uint64_t ttbr[2]; /* 64 bits count with TTBCR.EAE */
    uint64_t par;
    uint32_t dfsr, ifsr, adfsr, aifsr, dfar, ifar;
    uint32_t prrr, nmrr; /* MAIR0 and MAIR1 are PRRR and NMRR */
    uint32_t vbar, contextidr, tpidrurw, tpidruro, tpidrprw;
    uint32_t teecr, teehbr;

    uint64_t cval[ARM_TIMERS];
    uint32_t timer_ctl[ARM_TIMERS];
    uint32_t timer_out; /* what the pins say that go out, a bit each */
    uint32_t cntkctl, cntfrq;

    uint64_t pmccntr; /* the counter, or what it is ahead of the ticks by while it counts */
    uint32_t pmccfiltr, pmcr, pmcnten, pminten, pmovs, pmselr, pmuserenr;
    uint32_t pmu_out; /* the level of its interrupt */
    uint32_t pmevcntr[ARM_EVENT_COUNTERS], pmevtyper[ARM_EVENT_COUNTERS];

    uint32_t c15[3]; /* of Cortex-A9: power control, diagnostic, power diagnostic */
    uint32_t zero;
    uint32_t lines;  /* ARM_PIN_*, a bit each */
    uint32_t number; /* of the hart: MPIDR's affinity */
};

/* Pins of set_line(): what interrupts the hart. */
enum { ARM_PIN_IRQ, ARM_PIN_FIQ, ARM_PIN_COUNT };
/* Pins that go out, in the numbers of AArch64's processors: boards serve both. */
enum { ARM_OUT_PMU = 5 };

/* ---- what -cpu chose: model.c ---- */

/* As decode tables name them. */
enum {
    EXT_DIV = A32_DIV,
    EXT_LPAE = A32_LPAE,
    EXT_TIMER = A32_TIMER,
    EXT_VFP = A32_VFP,
    EXT_NEON = A32_NEON,
    EXT_FMA = A32_FMA,
    EXT_V8 = A32_V8,
    EXT_CRC32 = A32_CRC32,
    EXT_AES = A32_AES,
    EXT_PMULL = A32_PMULL,
    EXT_SHA1 = A32_SHA1,
    EXT_SHA256 = A32_SHA256,
    EXT_C15 = 1 << 24, /* all of c15 reads as zero, but for CBAR */
    EXT_A9 = 1 << 25   /* c15 has the registers of Cortex-A9, and no other */
};

struct arm_model {
    uint32_t features; /* EXT_*; stays first: see arm_user.h */
    uint32_t midr, ctr, clidr, fpsid, mvfr0, mvfr1, pmcr;
    uint32_t l2ctlr;
    uint32_t cbar;   /* where the private peripherals are, where CP15 says it */
    uint32_t cnt_hz; /* of the generic timers */
    uint32_t ccsidr[8];
    uint32_t id_pfr[2], id_dfr0, id_afr0, id_mmfr[4], id_isar[6];
};

#define SAME_PLACE(member, shared)                                                                 \
    _Static_assert(offsetof(struct arm, member) == offsetof(struct arm_user, shared), "one "       \
                                                                                      "layout")
SAME_PLACE(r, r);
SAME_PLACE(d, d);
SAME_PLACE(flags, flags);
SAME_PLACE(big, big);
#undef SAME_PLACE

extern const struct isa isa_arm;

static inline struct arm *arm_of(const struct cpu *cpu)
{
    return cpu->state;
}
static inline const struct arm_model *arm_model_of(const struct cpu *cpu)
{
    return cpu->model;
}
static inline bool arm_has(const struct cpu *cpu, uint32_t feature)
{
    return (arm_model_of(cpu)->features & feature) != 0;
}

/* ---- numbers of the architecture ---- */

#define ARM_MODE_USR 0x10u
#define ARM_MODE_FIQ 0x11u
#define ARM_MODE_IRQ 0x12u
#define ARM_MODE_SVC 0x13u
#define ARM_MODE_ABT 0x17u
#define ARM_MODE_UND 0x1bu
#define ARM_MODE_SYS 0x1fu

#define CPSR_N       UINT32_C(0x80000000)
#define CPSR_Z       UINT32_C(0x40000000)
#define CPSR_C       UINT32_C(0x20000000)
#define CPSR_V       UINT32_C(0x10000000)
#define CPSR_Q       UINT32_C(0x08000000)
#define CPSR_IT_LOW  UINT32_C(0x06000000)
#define CPSR_GE      UINT32_C(0x000f0000)
#define CPSR_IT_HIGH UINT32_C(0x0000fc00)
#define CPSR_E       UINT32_C(0x200)
#define CPSR_A       UINT32_C(0x100)
#define CPSR_I       UINT32_C(0x80)
#define CPSR_F       UINT32_C(0x40)
#define CPSR_T       UINT32_C(0x20)
#define CPSR_M       UINT32_C(0x1f)
#define CPSR_MASKS   (CPSR_A | CPSR_I | CPSR_F)

#define SCTLR_M    UINT32_C(0x1)
#define SCTLR_A    UINT32_C(0x2)
#define SCTLR_C    UINT32_C(0x4)
#define SCTLR_V    UINT32_C(0x2000)
#define SCTLR_HA   UINT32_C(0x20000)
#define SCTLR_WXN  UINT32_C(0x80000)
#define SCTLR_UWXN UINT32_C(0x100000)
#define SCTLR_EE   UINT32_C(0x2000000)
#define SCTLR_TRE  UINT32_C(0x10000000)
#define SCTLR_AFE  UINT32_C(0x20000000)
#define SCTLR_TE   UINT32_C(0x40000000)

#define BIT64(n)  (UINT64_C(1) << (n))
#define TTBCR_EAE UINT32_C(0x80000000)
#define FPEXC_EN  UINT32_C(0x40000000)

/* FPSCR */
#define FPSCR_QC      UINT32_C(0x08000000)
#define FPSCR_FLAGS   UINT32_C(0xf0000000)
#define FPSCR_ROUND   UINT32_C(0x07c00000) /* AHP, DN, FZ, RMode */
#define FPSCR_VECTORS UINT32_C(0x00370000) /* Stride, Len */
#define FPSCR_STICKY  UINT32_C(0x0000009f)
/* Sticky flags as FP_* has them in hart.fp_flags, and one more there: saturation. */
#define ARM_FP_QC 0x40u

/* What went wrong, to be told by DFSR and IFSR in one of two formats: arm_fault_status(). */
enum arm_status {
    STATUS_ALIGNMENT,
    STATUS_DEBUG,
    STATUS_EXTERNAL,
    STATUS_EXTERNAL_WALK, /* + level; so with those that follow */
    STATUS_TRANSLATION,
    STATUS_ACCESS_FLAG,
    STATUS_DOMAIN,
    STATUS_PERMISSION
};
#define FSR_WNR UINT32_C(0x800)

/* block_mode(): what lifting depends on, besides what arm_user.h has. */
#define MODE_PRIVILEGED 0x1
#define MODE_ALIGN      0x4  /* data has to be aligned */
#define MODE_VFP        0x8  /* VFP may be used ... */
#define MODE_NEON       0x10 /* ... and Advanced SIMD */
#define MODE_CP10       0x20 /* CPACR lets VMRS and VMSR of FPEXC through */
#define MODE_SPSR       0x40 /* the mode has an SPSR */
#define MODE_VECTORS    0x80 /* FPSCR wants short vectors, which there are none of */
#define MODE_FPSCR_POS  8    /* FPSCR's bits 22 to 26: RMode, FZ, DN, AHP */
#define MODE_FPSCR(m)   ((unsigned)((m) >> MODE_FPSCR_POS) & 0x1f)
#define MODE_BIG        0x2000 /* data is big-endian */
#define MODE_SED        0x4000 /* SETEND is disabled ... */
#define MODE_ITD        0x8000 /* ... and so are IT blocks of more than a simple instruction */

/* ---- trap.c ---- */

uint64_t arm_block_mode(const struct cpu *cpu);
bool arm_interrupt_pending(const struct cpu *cpu);
bool arm_wakes(const struct cpu *cpu);
void arm_take_interrupt(struct cpu *cpu);
void arm_take_exception(struct cpu *cpu);
void arm_set_line(struct cpu *cpu, unsigned pin, bool level);
enum platform_answer arm_message(struct cpu *cpu, enum hart_message what, struct hart_words words);
void arm_begin(struct arm *s, const struct arm_model *m);
/* Of CPSR.M; ARM_BANKS if there is no such mode. */
unsigned arm_bank(uint32_t mode);
uint32_t arm_cpsr(const struct arm *s);
/* Bits of `mask` of CPSR, by an instruction or an exception's return; a mode that does not exist stays as
 * it is. */
void arm_set_cpsr(struct cpu *cpu, uint32_t value, uint32_t mask);
void arm_set_mode(struct arm *s, uint32_t mode);
uint32_t arm_get_fpscr(const struct arm *s);
void arm_set_fpscr(struct arm *s, uint32_t value);
/* Returns from an exception to `target` with this CPSR; the result is where that is. */
uint64_t arm_return(struct cpu *cpu, uint32_t target, uint32_t cpsr);
void arm_raise_undefined(struct cpu *cpu);
/* Another register of another mode's: user's (LDM and STM with ^), or a mode's SP (SRS). */
uint32_t arm_get_user(const struct arm *s, unsigned r);
void arm_set_user(struct arm *s, unsigned r, uint32_t value);

/* ---- mmu.c ---- */

bool arm_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                   struct translation *out);
void arm_bus_fault(struct cpu *cpu, vaddr va, enum access access);
void arm_misaligned(struct cpu *cpu, vaddr va, enum access access);
void arm_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY]);
/* ATS1C*: what PAR says of it. */
uint64_t arm_address_op(struct cpu *cpu, uint32_t va, enum access access, bool user);
uint32_t arm_fault_status(const struct cpu *cpu, enum arm_status status, unsigned level,
                          unsigned domain);

/* ---- cp15.c ---- */

/* What reading it would give, at any privilege and without a trap; false: there is none, or it is no state of the hart
 * but a device's. */
bool arm_cp_peek(struct cpu *cpu, uint32_t number, uint64_t *value);
/* The slot of a register that is read and, at this privilege, nothing else happens; 0: another one. */
uint32_t arm_cp_plain(const struct arm_model *m, uint32_t number, bool privileged);
/* Whether writing it does nothing where it may be written: above user mode. */
bool arm_cp_is_nothing(const struct arm_model *m, uint32_t number);
/* Whether it never changes, above user mode, and what it is. */
bool arm_cp_is_constant(const struct arm_model *m, uint32_t number, uint32_t *value);

/* ---- timer.c ---- */

tick arm_next_alarm(const struct cpu *cpu);
void arm_alarm(struct cpu *cpu, tick now);
uint64_t arm_counter(const struct cpu *cpu, tick now);
uint64_t arm_timer_get(const struct cpu *cpu, enum arm_timer t, enum arm_timer_register which);
void arm_timer_set(struct cpu *cpu, enum arm_timer t, enum arm_timer_register which,
                   uint64_t value);
/* A register of the timers was written: drives their pins. */
void arm_timers_changed(struct cpu *cpu, tick now);

/* ---- model.c ---- */

int arm_make_model(void *model, const struct isa_options *o, struct error *e);

/* ---- helpers.c: the C functions that lifted blocks call ---- */

enum arm_helper {
#define ARM_HELPER(NAME, ...) HELP_##NAME,
#define ARM_HELPER_OWN        ARM_HELPER
#define ARM_HELPER_SYSTEM     ARM_HELPER
#include "isa/arm_helpers.def"
#undef ARM_HELPER
#undef ARM_HELPER_OWN
#undef ARM_HELPER_SYSTEM
    ARM_HELPER_COUNT
};
extern const struct ir_helper arm_helpers[ARM_HELPER_COUNT];

/* ---- the rest ---- */

#define ARM_GDB_PC 15
const struct isa_register *arm_gdb_registers(size_t *count);
bool arm_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value);
bool arm_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value);

#endif
