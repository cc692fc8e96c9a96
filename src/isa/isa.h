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
    const void *model; /* the hart's: see struct isa */
    vaddr pc;          /* of this instruction */
    uint64_t mode;     /* isa->lifter.block_mode() where it begins */
    /* In: `mode`. Out: that of the next instruction, which the block goes on with; what changes is
     * among local_modes, and the state says the same. */
    uint64_t next_mode;
    const uint8_t *bytes; /* `available` of them; more exist if the page goes on */
    unsigned available;
    unsigned length; /* out: bytes of the instruction */
    /* The instruction was lifted before, to more operations than there is room for: it is to become
     * few, by calling helpers, which do the same. */
    bool compact;
    /* Out: it makes more than one access to memory, or calls a helper that may. Where watchpoints are
     * asked it is tried first, so that what is stopped before has done nothing. */
    bool several;
    bool ends; /* out: the block ends after it (an unconditional exit was emitted) */
    /* What the lifter knows from earlier instructions of the block, in its own words: 0 at the first
     * one. In and out. A block may begin at any instruction, so it only ever saves work. */
    uint64_t known;
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
    uint64_t seed; /* the machine's, for a reset: of random numbers that instructions give */
};

/* From bytes to IR. */
struct isa_lifter {
    const struct ir_helper *helpers;
    uint32_t helper_count;

    /* Mode bits that change how instructions are lifted (privilege, FP on, rounding mode), and one
     * that says whether translations of fetches are cacheable: jumps are linked where they are. Not all ones
     * but for the lowest four bits, which means other things where a mode stands. */
    uint64_t (*block_mode)(const struct cpu *cpu);
    /* Those that may change from one instruction to the next without a look (Thumb's IT, a delay
     * slot, the shadow of STI), also inside a block: no translation of an address may follow from
     * them. Exits go to the mode that the instruction was lifted in, or that ir_build_mode() or
     * ir_exit_to_mode() say. Of the lower half alone. 0: none, and exits cost nothing for it. */
    uint32_t local_modes;
    /* Lifts the instruction at l->bytes; false if more bytes are needed to know it. An invalid
     * encoding lifts to the exception it raises. */
    bool (*lift)(struct lift *l);

    /* Offsets of the 64-bit slots that code uses most, best first: a code generator keeps some of
     * them in host registers. No other access to them may be narrower. */
    uint32_t pinned_slots[8];
    uint32_t pinned_count;
};

/* Interrupts, exceptions, and the hart's own timer. */
struct isa_traps {
    /* An interrupt would be taken now. Cheap: asked whenever the engine looks. */
    bool (*interrupt_pending)(const struct cpu *cpu);
    /* The hart may leave `waiting`: an interrupt is pending, masked or not (WFI's rule). */
    bool (*wakes)(const struct cpu *cpu);
    /* Entries are steps: one tick each, whatever they do. They may load and store, as AS_SYSTEM; where
     * that faults, cpu->fault says so, and what follows (another exception instead, shutdown) is the
     * ISA's rule, inside the same step. They leave no fault behind. With watchpoints an entry that
     * goes through memory is first tried, with cpu->dry set, on a state that is put back. */
    void (*take_interrupt)(struct cpu *cpu);
    void (*take_exception)(struct cpu *cpu); /* cpu->fault, which it clears; hart.pc is its pc */
    bool through_memory;                     /* entries load or store */
    /* A device drives an interrupt pin (numbers are the ISA's; RISC-V: the bit in mip). Sets
     * cpu->look if that changed the state. */
    void (*set_line)(struct cpu *cpu, unsigned pin, bool level);
    /* The platform has a message for the hart, from itself or from another one that runs now. DONE, or
     * REFUSED if the ISA has no such thing; HART_RESET never comes this way. May be NULL: it has
     * none. */
    enum platform_answer (*message)(struct cpu *cpu, enum hart_message what,
                                    struct hart_words words);
    /* The hart's own timer (Sstc): its next event, TICK_NEVER if none, and what happens then. Helpers
     * that change it set cpu->look, so that the machine asks again. */
    tick (*next_alarm)(const struct cpu *cpu);
    void (*alarm)(struct cpu *cpu, tick now);
};

/* What a debugger is told. Values of registers are bits/8 bytes each, the least significant first,
 * whatever the guest's byte order is: who talks to GDB turns them round. */
struct isa_gdb {
    const char *name; /* riscv:rv64 */
    /* Registers in description order. */
    const struct isa_register *(*registers)(size_t *count);
    uint32_t pc; /* the number of the one that stop replies bring along */
    /* GDB's definitions (XML) of what a feature's registers have as types besides its own; NULL if there
     * are none. May be NULL itself. */
    const char *(*types)(const char *feature);
    /* A client for this processor takes a watchpoint for one that stops behind the access (x86); any
     * other steps over the access by itself before it looks at the value. */
    bool stops_behind_access;
    bool (*get)(struct cpu *cpu, uint32_t number, uint8_t *value); /* false: it is not there */
    bool (*set)(struct cpu *cpu, uint32_t number, const uint8_t *value); /* false: read-only */
};

struct isa {
    uint32_t behaviour;   /* machine/things.h; at least 1 in the registry */
    const char *name;     /* riscv64 */
    unsigned elf_machine; /* e_machine */
    unsigned insn_align;  /* bytes: 2 for RISC-V with C */
    bool big_endian;      /* data in memory, to a debugger; loads and stores say it themselves */

    /* What -cpu chose, for each hart: never changes, is no state, and reaches whatever is the
     * ISA's as cpu->model. Of model_size bytes, zeros at first; -1 and a sentence if the CPU is
     * unknown. Harts whose models are the same bytes run the same translated code. NULL and 0: there
     * is one CPU, without options. */
    size_t model_size;
    /* What `-cpu max` is short for in this version: recordings have the long form, so that they stay
     * what they are when there is more. NULL: nothing. */
    const char *max_cpu;
    const char *const *cpus; /* names for -cpu, with a NULL at the end; NULL: there is one CPU */
    int (*make_model)(void *model, const struct isa_options *o, struct error *e);

    struct field_table state; /* begins with HART_FIELDS */
    /* What of it a reset leaves as it is: the levels of pins at least, in one of the hart alone. */
    const struct survivor *survivors;
    uint32_t survivor_count;
    /* Reset values, all else being zero. */
    void (*reset)(void *state, const void *model, const struct isa_options *o);
    /* What the rules of single fields do not say of a state from elsewhere that is to become the
     * hart's, whose own has what never changes: -1 and a sentence. May be NULL. */
    int (*check)(const struct cpu *cpu, const void *state, struct error *e);

    struct cpu_mmu mmu;
    struct isa_lifter lifter;
    struct isa_traps traps;
    struct isa_gdb gdb;

    /* Bytes of one instruction as text, in lifter.block_mode() as it is there; returns its length, 0 if more
     * bytes are needed. */
    unsigned (*disassemble)(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                            struct text *out);
};

extern const struct isa *const isa_registry[];
extern const size_t isa_registry_count;
const struct isa *isa_by_name(const char *name);

#endif
