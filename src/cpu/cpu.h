/* SPDX-License-Identifier: GPL-2.0-or-later
 * cpu: what running guest code touches of one hart, whatever its ISA: the state bytes, the address
 * spaces with their read and write tables, the fault in flight, the tick. The IR interpreter, the
 * code generators, the ISA's helpers and the engine all meet here.
 *
 * Rules of the tables, on which determinism rests: they only cache; forgetting any of them at any
 * tick changes nothing. A write table holds only pages that are RAM, dirty in this epoch, without
 * translated code, not read by a cached page-table walk, and not watched: so dirty tracking,
 * self-modifying code, page-table coherence and watchpoints cost nothing on hits.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "base/base.h"
#include "base/clock.h"
#include "base/pairs.h"
#include "cpu/platform.h"
#include "mem/mem.h"

/* Every ISA's state struct begins with this. */
struct hart {
    uint64_t pc;
    uint64_t instructions; /* retired since the machine was built */
    paddr reservation;     /* LR/SC, exclusives: the address, while `reserved` */
    uint32_t reserved;     /* a slot of its own, so that lifters can PUT it */
    uint8_t waiting;       /* in WFI, HLT: nothing runs until an interrupt is pending */
    uint8_t fp_flags;      /* sticky FP_* since the front end last took them */
    uint8_t stopped;       /* out of service: it takes no step until it is started */
    uint8_t zero[1];
};
/* It takes steps, when its turn comes. */
static inline bool hart_is_ready(const struct hart *h)
{
    return !h->waiting && !h->stopped;
}
#define HART_FIELDS(type)                                                                          \
    FIELD(type, hart.pc), FIELD(type, hart.instructions), FIELD(type, hart.reservation),           \
        FIELD_BOOL(type, hart.reserved), FIELD_BOOL(type, hart.waiting),                           \
        FIELD(type, hart.fp_flags), FIELD_BOOL(type, hart.stopped), FIELD_ARRAY(type, hart.zero)

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };
/* Which rules of translation an access follows; memory operations carry it (MEM_AS). AS_USER is e.g.
 * Arm's LDTR, AS_SYSTEM what a processor does by itself whatever its mode (descriptors, trap frames),
 * the others are for the ISA to name (m68k's MOVES, spaces of s390). AS_DEBUG walks without faults,
 * A/D bits or devices. */
enum access_as { AS_CURRENT, AS_USER, AS_SYSTEM, AS_OTHER, AS_OTHER2, AS_OTHER3, AS_DEBUG };

/* Where a virtual page lies. */
struct translation {
    paddr at;       /* physical address of the very byte asked for */
    bool cacheable; /* holds for its whole 4 KiB page until tables or the space key change */
    unsigned
        extent; /* bytes from `at` for which it holds when not cacheable; 0: to the page's end */
    bool readable, writable, executable; /* what the page allows; a write only once D is set */
    /* For as long as tables and the space key stay, all of the aligned 2^linear_bits bytes around it lie one
     * after the other, as they do in virtual memory, and may be read as it may: one block of a table; 64 where
     * nothing is translated. 0: its page alone. */
    unsigned linear_bits;
};

struct cpu;
#define SPACE_KEY 8 /* words of what tells address spaces apart */

/* What cpu/ needs of the ISA; a member of struct isa (isa/isa.h). */
struct cpu_mmu {
    /* Translates one byte's address for one access. On failure returns false with cpu->fault set
     * (not for AS_DEBUG). Reads page tables through cpu_walk_read() and sets A/D bits through
     * cpu_walk_update(), so that what is cached stays coherent. `out->writable` is only true when
     * later stores need no further walk (D is set). */
    bool (*translate)(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                      struct translation *out);
    /* The fault for an access that reached physical memory which is not there, or that a window
     * refused: sets cpu->fault. May choose to raise nothing: then reads give 0. */
    void (*bus_fault)(struct cpu *cpu, vaddr va, enum access access);
    void (*misaligned)(struct cpu *cpu, vaddr va, enum access access);
    /* All that a walk and a permission check read besides memory and the address, for accesses as
     * `as`; the words are 0 before. */
    void (*space_key)(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY]);
};

#define TLB_ENTRIES    1024 /* a power of two */
#define JUMP_ENTRIES   16384
#define JUMP_FOLD      14
#define JUMP_VARIANTS  2048 /* a page's pcs have as many places, at a multiple of that */
#define FETCH_ENTRIES  64
#define MIXED_ENTRIES  8
#define DEVICE_ENTRIES 8
#define SPACES         24 /* of a hart */
#define TLB_PART       16 /* entries */
#define JUMP_PART      64

struct tlb_entry {
    vaddr tag;        /* of the page; see TLB_NO_TAG for none */
    uintptr_t addend; /* host address minus virtual address */
};
/* A tag that no address selecting entry `i` can match. */
#define TLB_NO_TAG(i) ((vaddr)((i) ^ (TLB_ENTRIES / 2)) << PAGE_BITS)

struct fetch_entry {
    vaddr page; /* UINT64_MAX: none */
    haddr at;   /* the home of its page */
};
/* A page of RAM that holds code or tables besides data: stores to it are looked at one by one. */
struct mixed_entry {
    vaddr page; /* UINT64_MAX: none */
    haddr at;
    struct mem_block *block;
};
/* A page of a device's registers, for one kind of access. */
struct device_entry {
    vaddr page; /* UINT64_MAX: none */
    uint64_t
        at; /* of the page's first byte, counted from the window's beginning; may be below it */
    uint64_t first, bytes; /* of the window: what of it is there */
    struct mem_window *window;
};
struct jump_entry {
    vaddr pc;            /* JUMP_NO_PC of its place: none */
    struct block *block; /* engine/ */
};

/* Where in `jump` a pc goes. Page bits are mixed in, as functions like to begin at the same place
 * of their pages. One pc in several modes has several places, its own ^ a number of the mode below JUMP_VARIANTS:
 * who finds the pc there has found the mode, too. Known to the code generators. */
static inline unsigned jump_index(vaddr pc)
{
    return (unsigned)((pc ^ pc >> JUMP_FOLD) >> 1) & (JUMP_ENTRIES - 1);
}

/* In the entry of place `i` when it is empty: a pc that in no mode has this place, so that a guest that jumps
 * to it finds nothing here. */
#define JUMP_NO_PC(i) ((i) < JUMP_VARIANTS ? UINT64_C(2) * JUMP_VARIANTS : UINT64_MAX)

/* The bit of a page in jump_pages. */
static inline unsigned jump_page(vaddr pc)
{
    return (unsigned)(pc >> PAGE_BITS) & 4095;
}

#define INSN_BYTES_MAX 16u /* at least the longest instruction of any ISA */
/* How far a load, or a group of them, reaches at most from where it begins. */
#define FLAT_SPAN 1040

/* One address space in one mode; or of accesses as another, which has no jumps. */
struct space {
    /* Where one translation is that of a whole piece of memory: loads that begin in [flat_first, flat_first + flat_bytes) find what they
     * want in one piece of memory, and need no entry of a table. No bytes: ask the table. */
    vaddr flat_first;
    uint64_t flat_bytes;
    uintptr_t flat_addend; /* host address minus virtual address */
    struct tlb_entry read[TLB_ENTRIES];
    struct tlb_entry write[TLB_ENTRIES];
    uint64_t physical[TLB_ENTRIES]; /* of each in `read`: physical minus virtual address */
    struct fetch_entry fetch[FETCH_ENTRIES];
    struct mixed_entry mixed[MIXED_ENTRIES];
    struct device_entry device[2][DEVICE_ENTRIES]; /* by enum access: loads, stores */
    struct jump_entry jump[JUMP_ENTRIES];
    uint64_t jump_pages[64]; /* a bit per page of pcs in `jump`, by page number modulo 4096 */
    /* A bit for each part of the tables that may hold anything: clearing and forgetting pass over
     * the others. */
    uint64_t read_parts, write_parts, jump_parts[JUMP_ENTRIES / JUMP_PART / 64];
    bool is_slow; /* so may `mixed` and `device` */
};
_Static_assert(TLB_ENTRIES / TLB_PART == 64, "a word has a bit for each part");

/* Which space it is. */
struct space_name {
    uint64_t key[SPACE_KEY + 1]; /* the ISA's words, and the mode that code was lifted for */
    uint64_t used;               /* for choosing a victim; 0: empty */
};

/* An exception in flight, in the ISA's own numbers. */
struct fault {
    bool raised;
    uint32_t cause;
    uint64_t value; /* RISC-V tval, Arm FAR ... */
    uint64_t value2;
};

/* Watchpoints, asked on the slow path only. stop() returns true to stop *before* the access. */
struct cpu_watch {
    void *opaque;
    bool (*page_watched)(void *opaque, vaddr page, enum access access);
    /* Whether stop() is to be asked about the access; asking this disturbs nobody. */
    bool (*touches)(void *opaque, vaddr va, unsigned size, enum access access);
    bool (*stop)(void *opaque, struct cpu *cpu, vaddr va, unsigned size, enum access access,
                 uint64_t value);
};

/* Which virtual pages are accessed, seen where an access takes the slow way; a table that was empty
 * at first is filled that way, so none is missed. Pairs of a page's number and, for writes, what is
 * there: a page of memory, or CPU_NOTE_ANY where that is not known, no memory, or not changed by it. */
struct cpu_notes {
    struct pairs read, written;
};
#define CPU_NOTE_ANY UINT32_MAX

struct cpu {
    void *state;       /* the ISA's struct; begins with struct hart */
    struct hart *hart; /* the same address */
    struct space *space;
    struct mem *mem;
    const struct isa *isa;
    const struct cpu_mmu *mmu;
    const void *model;    /* the ISA's, from -cpu; never changes */
    uint8_t model_number; /* the same for harts that have the same: they share translated code */
    unsigned number;      /* hart index in the machine */

    /* The tick of the first instruction of the block being run, and the index in it of the
     * instruction being executed: cpu_now() is exact inside blocks. */
    tick block_tick;
    uint32_t insn;
    struct fault fault;
    /* Of the exit that the interpreter left by: the local bits of the mode, or CPU_ASK_MODE. */
    uint32_t exit_mode;
    bool watch_hit; /* the access was not done: the instruction is left unexecuted */
    /* A step of several accesses is tried before it is taken, where watchpoints are asked: nothing is
     * stored, no device is reached, no table filled, no A/D bit set. Then it is taken unasked. */
    bool dry, asked;
    bool look;   /* something changed that the engine must look at after this instruction */
    bool trying; /* inside cpu_try_*(): a write that somebody must hear of is left undone, and */
    bool hard;   /* makes it CPU_HARD */

    const struct clock *clock;
    /* The platform's timer as the ISA sees it (RISC-V time, Arm system counter). */
    struct {
        void *opaque;
        uint64_t (*read)(void *opaque, tick now);
        tick (*when)(void *opaque, uint64_t value); /* first tick at which read() >= value */
    } timer;

    const struct cpu_platform *platform; /* the machine's answers */

    const struct cpu_watch *watch; /* NULL: none */
    struct cpu_notes *notes;       /* NULL: none are taken */
    void *machine;                 /* its owner, opaque here */
    uint8_t dry_bytes[16];         /* where a read-modify-write goes that is tried */

    /* Spaces are made when they are wanted first; NULL: not yet. */
    struct space *spaces[SPACES];
    struct space_name space_names[SPACES];
    uint32_t space_hashes[SPACES]; /* of the names, to be found by */
    unsigned space_count;          /* of those that were made */
    bool jump_variants;            /* there may be jump entries of other variants than 0 */
    uint64_t space_clock;
    unsigned space_index[2]; /* of the current one in `spaces`, and of that before */
    /* By enum access_as, the space of accesses as another than the current mode; one that is always
     * empty while none is chosen. */
    struct space *as[AS_DEBUG], *no_space;
    uint8_t as_index[AS_DEBUG]; /* of those that were chosen, in `spaces` */
    uint32_t as_chosen;         /* a bit each */
};

#define CPU_ASK_MODE UINT32_MAX

/* The space of accesses as `as`, chosen if it is not yet. */
struct space *cpu_choose_as(struct cpu *cpu, enum access_as as);
static inline struct space *cpu_space_as(struct cpu *cpu, enum access_as as)
{
    if (likely(as == AS_CURRENT)) {
        return cpu->space;
    }
    return cpu->as_chosen >> as & 1 ? cpu->as[as] : cpu_choose_as(cpu, as);
}

/* A jump entry of the current space. */
static inline void cpu_know_jump(struct cpu *cpu, vaddr pc, unsigned variant, struct block *block)
{
    unsigned i = jump_index(pc) ^ variant;

    must(variant < JUMP_VARIANTS);
    cpu->jump_variants |= variant != 0;

    cpu->space->jump[i] = (struct jump_entry){.pc = pc, .block = block};
    cpu->space->jump_pages[jump_page(pc) / 64] |= UINT64_C(1) << jump_page(pc) % 64;
    cpu->space->jump_parts[i / JUMP_PART / 64] |= UINT64_C(1) << i / JUMP_PART % 64;
}

static inline tick cpu_now(const struct cpu *cpu)
{
    return cpu->block_tick + cpu->insn;
}

void cpu_init(struct cpu *cpu, void *state, struct mem *mem);
void cpu_fini(struct cpu *cpu);

/* Chooses the address space block for the ISA's current key and the mode that blocks are lifted
 * for. After anything that may change either: privilege, page-table root, protection. */
void cpu_select_space(struct cpu *cpu, uint64_t block_mode);
/* Drops every table (not the ISA's state): after a restore, a table write, in tests at any tick. */
void cpu_forget(struct cpu *cpu);
void cpu_forget_writes(struct cpu *cpu);              /* the write tables only: a new epoch */
void cpu_forget_page(struct cpu *cpu, uint32_t page); /* one physical page out of write tables */
/* Whatever follows from the mapping of [first, first+bytes), in all spaces; in those whose bit is set. */
void cpu_forget_range(struct cpu *cpu, vaddr first, uint64_t bytes);
void cpu_forget_in(struct cpu *cpu, uint32_t spaces, vaddr first, uint64_t bytes);
/* The spaces that what walks find now may get into: those that are chosen. */
uint32_t cpu_chosen_spaces(const struct cpu *cpu);
void cpu_forget_jumps(struct cpu *cpu); /* jump entries: code went away */

/* Raises an exception for the current instruction. */
static inline void cpu_raise(struct cpu *cpu, uint32_t cause, uint64_t value)
{
    cpu->fault = (struct fault){.raised = true, .cause = cause, .value = value};
}

/* Attributes of a memory operand: 32 bits, also in the IR's operations. */
#define MEM_SIZE_LOG2 0x0007u /* 0..4: 1 to 16 bytes */
#define MEM_SIGNED    0x0008u /* loads sign-extend to the type */
#define MEM_BIG       0x0010u /* big-endian */
/* Other addresses than multiples of 2^n bytes fault, n = 0..5 (0: none does); and that with the size. */
#define MEM_ALIGN(n)         ((uint32_t)(n) << 5)
#define MEM_ALIGNED(n)       ((uint32_t)(n) | MEM_ALIGN(n))
#define MEM_ALIGN_LOG2(attr) ((attr) >> 5 & 7)
#define MEM_ALIGN_MASK(attr) ((UINT64_C(1) << MEM_ALIGN_LOG2(attr)) - 1)
#define MEM_AS_SHIFT         8 /* enum access_as in bits 8..11 */
/* How the address is made of the sum of base and displacement. MEM_32: modulo 2^32. MEM_UNTAG: the
 * top byte, a tag that is nobody's business, becomes copies of bit 55. At most one of them. */
#define MEM_32    0x1000u
#define MEM_UNTAG 0x2000u
/* A load from where the same instruction will store: the page is checked, and fails, as for that
 * store. */
#define MEM_FOR_WRITE  0x4000u
#define MEM_ALL        0x7fffu
#define MEM_SIZE(attr) (1u << ((attr)&MEM_SIZE_LOG2))
#define MEM_AS(attr)   ((enum access_as)((attr) >> MEM_AS_SHIFT & 15))

/* Aligned to its size, and as it must be. */
static inline bool mem_is_natural(vaddr va, uint32_t mem_attr)
{
    return (va & (MEM_ALIGN_MASK(mem_attr) | (MEM_SIZE(mem_attr) - 1))) == 0;
}

static inline vaddr mem_address(uint64_t sum, uint32_t mem_attr)
{
    if (unlikely(mem_attr & (MEM_32 | MEM_UNTAG))) {
        return mem_attr & MEM_32 ? (uint32_t)sum : bits_sext(sum, 56);
    }
    return sum;
}

/* ---- slow paths: any size 1..16, any alignment, RAM or device ---- */

/* `va` is a sum that mem_address() makes the address of.
 * On failure (fault raised or watch hit) the result is 0 / nothing was stored. A load extends to
 * 64 bits as mem_attr says; 16-byte accesses use two words, the less significant first. The order
 * of checks and what devices take: access.c. */
uint64_t cpu_load(struct cpu *cpu, vaddr va, uint32_t mem_attr);
void cpu_store(struct cpu *cpu, vaddr va, uint64_t value, uint32_t mem_attr);
bool cpu_load128(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint64_t out[2]);
bool cpu_store128(struct cpu *cpu, vaddr va, uint32_t mem_attr, const uint64_t value[2]);
/* For read-modify-write: the host address of [va, va+size) with read and write permission checked
 * (the write first, as the ISA reports it), the page marked written; NULL with fault or watch_hit
 * set, or with neither when it is not RAM: then *device is true, and the caller uses cpu_load and
 * cpu_store. size <= 16, must be naturally aligned. */
void *cpu_rmw_address(struct cpu *cpu, vaddr va, uint32_t mem_attr, bool *device);

/* The same for generated code: CPU_HARD, and nothing done, where anything but RAM and ROM is
 * concerned, or a listener would have to hear of it (code or page tables in use), or a byte is
 * watched: the interpreter's part. */
enum cpu_try { CPU_DONE, CPU_FAULT, CPU_HARD };
enum cpu_try cpu_try_load(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint64_t *value);
enum cpu_try cpu_try_store(struct cpu *cpu, vaddr va, uint64_t value, uint32_t mem_attr);
enum cpu_try cpu_try_load128(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint64_t value[2]);
enum cpu_try cpu_try_store128(struct cpu *cpu, vaddr va, uint32_t mem_attr,
                              const uint64_t value[2]);
/* As cpu_rmw_address(), inside one page. */
enum cpu_try cpu_try_rmw(struct cpu *cpu, vaddr va, uint32_t mem_attr, void **host);
/* The device that cpu_try_load() or cpu_try_store() found at va before and that the same kind of
 * access may be made of at once, *at bytes into its window; NULL: not so, or not known. */
const struct mem_window *cpu_known_device(const struct cpu *cpu, vaddr va, enum access access,
                                          uint32_t mem_attr, uint64_t *at);
/* An access at va, now an address, is about to be made: puts its page into the read or write table,
 * with all that belongs to a first one (A/D bits, dirty). CPU_HARD: it cannot be there. */
enum cpu_try cpu_try_fill(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr);

/* The physical address that loads from va reach, whether or not anything is there and the mode may
 * read it; CPU_NOWHERE if va is not mapped. Disturbs nobody: no fault, no A/D bits, no notes. */
#define CPU_NOWHERE UINT64_MAX
paddr cpu_physical(struct cpu *cpu, vaddr va);
/* Bytes of RAM change that no instruction of a hart stores: a reservation that they touch ends. It is
 * of the aligned 8 bytes around its address, where that is by now. */
#define CPU_RESERVED_BYTES 8u
void cpu_end_reservation(struct cpu *cpu, haddr at, uint64_t size);

/* Where code may be read from: what cpu_fetch() found. */
struct fetch {
    haddr page; /* home of the page */
    uint32_t
        extent; /* bytes from va on that may be executed without asking again, inside the page */
    bool is_steady; /* the page's rest for as long as this space is selected */
};
/* The code at va, through the fetch table; false with cpu->fault set. With cpu->dry the walk sets no A
 * bits. */
bool cpu_fetch(struct cpu *cpu, vaddr va, struct fetch *out);

/* A store of a byte at va would be made at once, as its page is in the write table: no need to ask whether it
 * may. */
static inline bool cpu_store_is_known(const struct cpu *cpu, vaddr va)
{
    return cpu->space->write[(va >> PAGE_BITS) % TLB_ENTRIES].tag == align_down(va, PAGE_SIZE);
}

/* ---- for page walks ---- */
/* Reads a page-table entry of 4 or 8 bytes; false if it is not in RAM or ROM. `at` is physical. */
bool cpu_walk_read(struct cpu *cpu, paddr at, unsigned size, uint64_t *out);
/* The entry that was read is valid, and what follows from it may be cached (not for AS_DEBUG): it
 * becomes watched for stores. It maps the 2^shift bytes around va. Entries that are not valid are
 * not named: nothing is cached from them. */
void cpu_walk_used(struct cpu *cpu, paddr at, unsigned size, vaddr va, unsigned shift);
/* Writes an entry back (A/D bits) after the read; false if it is not RAM, or reads and writes there
 * reach different bytes. */
bool cpu_walk_update(struct cpu *cpu, paddr at, unsigned size, uint64_t value);

/* For debuggers: bytes through the hart's current translation, without faults, A/D bits, watch or
 * devices. False if any page is not mapped to RAM or ROM. */
bool cpu_debug_read(struct cpu *cpu, vaddr va, void *bytes, size_t size);
/* Physical address of va by AS_DEBUG; false if not mapped. */
bool cpu_debug_translate(struct cpu *cpu, vaddr va, paddr *out);

#endif
