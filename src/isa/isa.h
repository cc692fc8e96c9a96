/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa: what a guest instruction set must provide. One folder each; registry.c lists them.
 */
#ifndef ISA_ISA_H
#define ISA_ISA_H

#include "base/field.h"
#include "base/reset.h"
#include "cpu/cpu.h"
#include "ir/ir.h"

/* One instruction to be lifted. */
struct lift {
    struct ir_build *b;
    vaddr pc;             /* of this instruction */
    uint32_t mode;        /* isa->block_mode() at the block's start: part of the block's key */
    const uint8_t *bytes; /* `available` of them; more exist if the page goes on */
    unsigned available;
    unsigned length; /* out: bytes of the instruction */
    bool ends;       /* out: the block ends after it (an unconditional exit was emitted) */
};

/* For GDB: one register of the target description. */
struct isa_register {
    const char *name;    /* as GDB's feature wants it */
    const char *feature; /* org.gnu.gdb.riscv.cpu ... */
    const char *type;    /* GDB's type: int, int64, data_ptr, code_ptr, ieee_double, a union ... */
    const char *group;   /* general, float, csr, NULL */
    uint32_t bits;
    uint32_t number; /* GDB's register number */
};

struct isa_options {
    const char *cpu; /* -cpu's argument, NULL for the default; "rv64,zba=false" */
    unsigned hart;
    unsigned hart_count;
    enum reset_kind reset;
};

struct isa {
    const char *name;     /* riscv64 */
    const char *gdb_name; /* riscv:rv64 */
    unsigned elf_machine; /* e_machine */
    unsigned insn_align;  /* bytes: 2 for RISC-V with C */
    bool big_endian;      /* data in memory, to a debugger; loads and stores say it themselves */

    struct field_table state; /* begins with HART_FIELDS */
    /* What of it a reset leaves as it is: the levels of pins at least, in one of the hart alone. */
    const struct survivor *survivors;
    uint32_t survivor_count;
    /* Reset values, all else being zero; checks the options: -1 and a sentence if the CPU is unknown. */
    int (*reset)(void *state, const struct isa_options *o, struct error *e);
    /* What the rules of single fields do not say of a state from elsewhere that is to become the
     * hart's, whose own has what never changes: -1 and a sentence. May be NULL. */
    int (*check)(const struct cpu *cpu, const void *state, struct error *e);

    struct cpu_mmu mmu;
    const struct ir_helper *helpers;
    uint32_t helper_count;

    /* Mode bits that change how instructions are lifted (privilege, FP on, rounding mode), and one
     * that says whether translations of fetches are cacheable: jumps are linked where they are. */
    uint32_t (*block_mode)(const struct cpu *cpu);
    /* Lifts the instruction at l->bytes; false if more bytes are needed to know it. An invalid
     * encoding lifts to the exception it raises. */
    bool (*lift)(struct lift *l);

    /* Offsets of the 64-bit slots that code uses most, best first: a code generator keeps some of
     * them in host registers. No other access to them may be narrower. */
    uint32_t pinned_slots[8];
    uint32_t pinned_count;

    /* An interrupt would be taken now. Cheap: asked whenever the engine looks. */
    bool (*interrupt_pending)(const struct cpu *cpu);
    /* The hart may leave `waiting`: an interrupt is pending, masked or not (WFI's rule). */
    bool (*wakes)(const struct cpu *cpu);
    void (*take_interrupt)(struct cpu *cpu);
    void (*take_exception)(struct cpu *cpu); /* cpu->fault, which it clears; hart.pc is its pc */
    /* A device drives an interrupt pin (numbers are the ISA's; RISC-V: the bit in mip). Sets
     * cpu->look if that changed the state. */
    void (*set_line)(struct cpu *cpu, unsigned pin, bool level);
    /* The platform has a message for the hart, from itself or from another one that runs now. DONE, or
     * REFUSED if the ISA has no such thing; HART_RESET never comes this way. May be NULL: it has
     * none. */
    enum platform_answer (*message)(struct cpu *cpu, enum hart_message what,
                                    struct hart_words words);
    /* The hart's own timer (Sstc): its next event, TICK_NEVER if none, and what happens then. */
    tick (*next_alarm)(const struct cpu *cpu);
    void (*alarm)(struct cpu *cpu, tick now);

    /* Bytes of one instruction as text; returns its length, 0 if more bytes are needed. */
    unsigned (*disassemble)(const uint8_t *bytes, unsigned available, vaddr pc, struct text *out);
    /* Registers for GDB, in description order. Values are little-endian, bits/8 bytes each.
     * set returns false for a read-only register. */
    const struct isa_register *(*gdb_registers)(size_t *count);
    bool (*gdb_get)(struct cpu *cpu, uint32_t number, uint8_t *value);
    bool (*gdb_set)(struct cpu *cpu, uint32_t number, const uint8_t *value);
};

extern const struct isa *const isa_registry[];
extern const size_t isa_registry_count;
const struct isa *isa_by_name(const char *name);

#endif
