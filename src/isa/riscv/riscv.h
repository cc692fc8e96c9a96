/* SPDX-License-Identifier: GPL-2.0-or-later
 * riscv: the state of one hart and what the files of this folder share.
 *
 * After "The RISC-V Instruction Set Manual", volume I (unprivileged, 20191213 and the ratified
 * extensions since) and volume II (privileged, 1.12): RV32 and RV64 I M A F D C, Zicsr, Zifencei, Zicntr,
 * Zihpm (all zero), Zihintpause, Zba, Zbb, Zbc, Zbs, Zbkb, Zicond, Zfh, Zfa, Zicbom, Zicboz, Sstc,
 * Svadu, Svinval, Svnapot, Svpbmt; modes M, S and U. Left out: hypervisor, vectors, triggers,
 * big-endian data, changes of XLEN.
 */
#ifndef ISA_RISCV_RISCV_H
#define ISA_RISCV_RISCV_H

#include "isa/isa.h"

#define PMP_ENTRIES     16
#define CBO_BLOCK_BYTES 64

enum riscv_priv { PRIV_U = 0, PRIV_S = 1, PRIV_M = 3 };

/* Extensions that `-cpu` can switch, in block_mode()'s order. */
enum {
    EXT_ZBA = 1,
    EXT_ZBB = 2,
    EXT_ZBS = 4,
    EXT_ZICBOM = 8,
    EXT_ZICBOZ = 16,
    EXT_SSTC = 32,
    EXT_SVADU = 64,
    EXT_SVINVAL = 128,
    EXT_ZBC = 0x100,
    EXT_ZBKB = 0x200,
    EXT_ZICOND = 0x400,
    EXT_ZIHINTPAUSE = 0x800, /* only a name: PAUSE is a hint, legal everywhere */
    EXT_ZFHMIN = 0x1000,
    EXT_ZFH = 0x2000, /* comes with EXT_ZFHMIN */
    EXT_ZFA = 0x4000,
    EXT_SVNAPOT = 0x8000,
    EXT_SVPBMT = 0x10000,
    EXT_RV32 = 0x20000, /* no switch: registers have 32 bits, as all of riscv32's */
    EXT_USUAL = 0xff,   /* on in `-cpu rv64` and `rv32` */
    EXT_MAX = 0x1ffff,  /* all that can be on */
    EXT_MAX_32 = EXT_MAX & ~(EXT_SVNAPOT | EXT_SVPBMT),
    EXT_ALL = 0x3ffff
};

/* All of a hart. Interrupt-pending bits are kept by who sets them: `lines` by pins from outside,
 * `soft` by CSR writes, `stip` by stimecmp; mip is their OR. */
struct riscv {
    struct hart hart;
    uint64_t x[32]; /* x[0] is never written */
    uint64_t f[32]; /* narrower values NaN-boxed */

    uint32_t priv; /* enum riscv_priv */
    uint32_t fs;   /* mstatus.FS, a slot of its own so that FP instructions can set it */
    uint32_t frm;
    uint32_t extensions; /* EXT_*; fixed at reset */
    uint64_t hart_id;

    uint64_t mstatus; /* without FS and SD */
    uint64_t medeleg, mideleg, mie;
    uint64_t lines, soft;
    uint64_t mtvec, mscratch, mepc, mcause, mtval;
    uint64_t stvec, sscratch, sepc, scause, stval;
    uint64_t satp;
    uint64_t menvcfg, senvcfg;
    uint64_t mcounteren, scounteren, mcountinhibit;
    /* A counter is its source (ticks, instructions) plus this; while inhibited, this alone. */
    uint64_t cycle_offset, instret_offset;
    uint64_t stip; /* bit IRQ_STI: time >= stimecmp, with Sstc enabled */
    uint64_t stimecmp;

    uint64_t pmpaddr[PMP_ENTRIES];
    uint8_t pmpcfg[PMP_ENTRIES];
    uint64_t pmp_generation; /* counts PMP writes: part of an address space's key */
};

/* What `-cpu` chose. */
struct riscv_model {
    uint32_t extensions; /* EXT_* */
};

extern const struct isa isa_riscv32, isa_riscv64;

static inline struct riscv *riscv_of(const struct cpu *cpu)
{
    return cpu->state;
}
static inline bool riscv_is_32(const struct riscv *s)
{
    return (s->extensions & EXT_RV32) != 0;
}
/* What an x register and most CSRs can hold. */
static inline uint64_t riscv_ones(const struct riscv *s)
{
    return riscv_is_32(s) ? UINT32_MAX : UINT64_MAX;
}

/* ---- numbers of the specification ---- */

enum {
    CAUSE_FETCH_MISALIGNED,
    CAUSE_FETCH_ACCESS,
    CAUSE_ILLEGAL,
    CAUSE_BREAKPOINT,
    CAUSE_LOAD_MISALIGNED,
    CAUSE_LOAD_ACCESS,
    CAUSE_STORE_MISALIGNED,
    CAUSE_STORE_ACCESS,
    CAUSE_ECALL_U,
    CAUSE_ECALL_S,
    CAUSE_ECALL_M = 11,
    CAUSE_FETCH_PAGE,
    CAUSE_LOAD_PAGE,
    CAUSE_STORE_PAGE = 15
};
/* The highest bit of mcause, of mstatus (SD) and of the like. */
static inline uint64_t riscv_top_bit(const struct riscv *s)
{
    return UINT64_C(1) << (riscv_is_32(s) ? 31 : 63);
}

enum { IRQ_SSI = 1, IRQ_MSI = 3, IRQ_STI = 5, IRQ_MTI = 7, IRQ_SEI = 9, IRQ_MEI = 11 };
#define IRQ_BIT(n)   (UINT64_C(1) << (n))
#define IRQ_S_BITS   (IRQ_BIT(IRQ_SSI) | IRQ_BIT(IRQ_STI) | IRQ_BIT(IRQ_SEI))
#define IRQ_M_BITS   (IRQ_BIT(IRQ_MSI) | IRQ_BIT(IRQ_MTI) | IRQ_BIT(IRQ_MEI))
#define IRQ_PIN_BITS (IRQ_M_BITS | IRQ_BIT(IRQ_SEI)) /* pins that set_line() drives */

#define MSTATUS_SIE      (UINT64_C(1) << 1)
#define MSTATUS_MIE      (UINT64_C(1) << 3)
#define MSTATUS_SPIE     (UINT64_C(1) << 5)
#define MSTATUS_MPIE     (UINT64_C(1) << 7)
#define MSTATUS_SPP      (UINT64_C(1) << 8)
#define MSTATUS_MPP_POS  11
#define MSTATUS_MPP      (UINT64_C(3) << MSTATUS_MPP_POS)
#define MSTATUS_FS_POS   13
#define MSTATUS_FS       (UINT64_C(3) << MSTATUS_FS_POS)
#define MSTATUS_MPRV     (UINT64_C(1) << 17)
#define MSTATUS_SUM      (UINT64_C(1) << 18)
#define MSTATUS_MXR      (UINT64_C(1) << 19)
#define MSTATUS_TVM      (UINT64_C(1) << 20)
#define MSTATUS_TW       (UINT64_C(1) << 21)
#define MSTATUS_TSR      (UINT64_C(1) << 22)
#define MSTATUS_XL_FIXED (UINT64_C(10) << 32) /* UXL = SXL = 64 bits */

#define MSTATUS_WRITABLE                                                                           \
    (MSTATUS_SIE | MSTATUS_MIE | MSTATUS_SPIE | MSTATUS_MPIE | MSTATUS_SPP | MSTATUS_MPP |         \
     MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR)
#define PMPADDR_WRITABLE (UINT64_MAX >> 10)
#define PMPCFG_WRITABLE  0x9f
enum { INHIBIT_CYCLE = 1, INHIBIT_INSTRET = 4 }; /* bits of mcountinhibit */

#define ENVCFG_FIOM          UINT64_C(1)
#define ENVCFG_CBIE_POS      4
#define ENVCFG_CBIE          (UINT64_C(3) << ENVCFG_CBIE_POS)
#define ENVCFG_CBIE_RESERVED 2
#define ENVCFG_CBCFE         (UINT64_C(1) << 6)
#define ENVCFG_CBZE          (UINT64_C(1) << 7)
#define ENVCFG_ADUE          (UINT64_C(1) << 61)
#define ENVCFG_PBMTE         (UINT64_C(1) << 62)
#define ENVCFG_STCE          (UINT64_C(1) << 63)

enum { FS_OFF, FS_INITIAL, FS_CLEAN, FS_DIRTY };

#define SATP_32_MODE (UINT64_C(1) << 31) /* RV32: Sv32 is on */
enum { SATP_BARE = 0, SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };
#define SATP_MODE(satp) ((unsigned)((satp) >> 60))

/* block_mode(): what lifting depends on. */
#define MODE_PRIV(m)  ((m)&3)
#define MODE_FS_ON    4
#define MODE_FS_DIRTY 8
#define MODE_FRM(m)   ((m) >> 4 & 7)
#define MODE_DIVIDED  128 /* what PMP lets be executed may change inside a page */
#define MODE_EXT(m)   ((m) >> 8)
#define MODE_FRM_POS  4
#define MODE_EXT_POS  8
#define MODE_RV32     ((uint32_t)EXT_RV32 << MODE_EXT_POS)

/* ---- csr.c ---- */

enum riscv_csr_op { CSR_OP_READ = 0, CSR_OP_WRITE = 1, CSR_OP_SET = 2, CSR_OP_CLEAR = 3 };

/* One register, or `count` of a kind. A plain one is a member of struct riscv of 64 bits. */
struct riscv_csr {
    uint16_t number, count;
    const char *name; /* of several: without the number at its end */
    uint32_t slot;    /* plain: its offset */
    uint32_t first;   /* several: the number at the first one's end */
    uint32_t width;   /* 32: only RV32 has it; 0: all */
    uint32_t low;     /* RV32's high half of the register with this number; 0: it is no half */
    uint64_t mask;    /* plain: bits that writes reach */
    uint64_t (*get)(const struct cpu *cpu, unsigned number);       /* NULL: plain */
    void (*set)(struct cpu *cpu, unsigned number, uint64_t value); /* NULL with get: ignored */
};
/* NULL if there is no such register. */
const struct riscv_csr *riscv_csr_find(const struct riscv *s, unsigned number);
/* Without permission checks, for debuggers. */
uint64_t riscv_csr_get(const struct cpu *cpu, const struct riscv_csr *csr, unsigned number);
void riscv_csr_set(struct cpu *cpu, const struct riscv_csr *csr, unsigned number, uint64_t value);
/* Adds the register's name, or its number. */
void riscv_csr_print(unsigned number, bool is_32, struct text *out);
/* Whether the registers of a state from elsewhere have values that they can have. -1 and a sentence. */
int riscv_csr_check(const struct riscv *s, struct error *e);
/* Nothing that the engine or the lifter watches can follow from writing this register. */
bool riscv_csr_write_is_quiet(unsigned number);
/* The instruction `bits` with the value of rs1: its old value, or an illegal instruction raised. */
uint64_t riscv_csr_access(struct cpu *cpu, uint64_t bits, uint64_t source, uint64_t unused);

uint64_t riscv_mstatus(const struct riscv *s);
uint64_t riscv_mip(const struct riscv *s);
uint64_t riscv_time_at(const struct cpu *cpu, tick now);
/* Sets stip as time and stimecmp say. */
void riscv_update_stip(struct cpu *cpu, tick now);
bool riscv_raise_illegal(struct cpu *cpu, uint64_t bits); /* always false */

/* ---- trap.c ---- */

bool riscv_interrupt_pending(const struct cpu *cpu);
bool riscv_wakes(const struct cpu *cpu);
void riscv_take_interrupt(struct cpu *cpu);
void riscv_take_exception(struct cpu *cpu);
void riscv_set_line(struct cpu *cpu, unsigned pin, bool level);
tick riscv_next_alarm(const struct cpu *cpu);
void riscv_alarm(struct cpu *cpu, tick now);

/* ---- mmu.c, pmp.c ---- */

bool riscv_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                     struct translation *out);
void riscv_bus_fault(struct cpu *cpu, vaddr va, enum access access);
void riscv_misaligned(struct cpu *cpu, vaddr va, enum access access);
void riscv_space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY]);

/* What PMP allows a mode at one byte. *extent: 0 if the answer is the same for each byte of its
 * 4 KiB page, else the bytes from `at` on for which it certainly is. */
enum { PMP_R = 1, PMP_W = 2, PMP_X = 4 };
unsigned riscv_pmp_allows(const struct riscv *s, paddr at, unsigned priv, unsigned *extent);
/* Whether some entry may bind M mode, too. */
bool riscv_pmp_locks(const struct riscv *s);
/* Whether some page may be executed in this mode at some of its bytes only. */
bool riscv_pmp_divides(const struct riscv *s, unsigned priv);

/* ---- helpers.c ---- */

/* Indexes in riscv_helpers, in its order. */
enum riscv_helper {
    HELP_RAISE,
    HELP_CSR,
    HELP_CSR_TIMER, /* of those that the hart's next alarm depends on */
    HELP_MRET,
    HELP_SRET,
    HELP_WFI,
    HELP_FENCE_VMA,
    HELP_FENCE_INVAL,
    HELP_CBO,
    HELP_CBO_ZERO,
    HELP_FCLASS_H,
    HELP_FCLASS_S,
    HELP_FCLASS_D,
    HELP_CLMUL,
    HELP_CLMULH,
    HELP_CLMULR,
    HELP_HALF,
    HELP_FCVTMOD,
    RISCV_HELPER_COUNT
};
extern const struct ir_helper riscv_helpers[RISCV_HELPER_COUNT];
/* helpers_half.c; the arguments of the first are those of enum riscv_half in lift.h. */
uint64_t riscv_help_half(struct cpu *cpu, uint64_t operands, uint64_t how, uint64_t unused);
uint64_t riscv_help_fcvtmod(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);

/* ---- the rest ---- */

void riscv_reset(void *state, const void *model, const struct isa_options *o);
uint64_t riscv_block_mode(const struct cpu *cpu);
bool riscv_lift(struct lift *l);
unsigned riscv_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                           struct text *out);
unsigned riscv32_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                             struct text *out);
#define RISCV_GDB_PC 32
const struct isa_register *riscv_gdb_registers(size_t *count);
const struct isa_register *riscv32_gdb_registers(size_t *count);
bool riscv_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value);
bool riscv_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value);

#endif
