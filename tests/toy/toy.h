/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy: a made-up processor for tests of everything above the ISA: big-endian, instructions of
 * 1 to 6 bytes, condition flags, a stack, a copy instruction that restarts itself; nothing of it
 * is like RISC-V on purpose. And a machine around it with a console and a scratch device.
 * What its files share is in toy_parts.h; a kind of instruction that shows what one part of the
 * emulator can do is a family with a file of its own.
 */
#ifndef TESTS_TOY_TOY_H
#define TESTS_TOY_TOY_H

#include "machine/build.h"

struct toy {
    struct hart hart;
    tick timer; /* TICK_NEVER: off */
    uint64_t flags, saved_flags;
    uint64_t v[2][2];
    uint32_t r[8]; /* r[7] is the stack pointer */
    uint32_t vector, saved_pc, cause, value;
    uint32_t number;
    uint32_t mode; /* TOY_MODE_*: what the next instruction is lifted in */
    uint32_t delayed_to;
    uint32_t saved_mode, saved_delayed_to;
    uint32_t root; /* of the page tables; 0: none */
    uint8_t lines; /* level of each interrupt pin; the timer's is 7 */
    uint8_t irq_enabled;
    uint8_t frames; /* traps push what they save below r7 */
    uint8_t zero[5];
};

/* Each family of instructions has 16 opcodes: toy_families[opcode >> 4], in toy_lift.c. */
enum toy_op {
    TOY_ILLEGAL,
    TOY_LDI,    /* rd imm32 */
    TOY_MOV,    /* rd rs */
    TOY_ADD,    /* rd += rs, flags */
    TOY_SUB,    /* rd -= rs, flags */
    TOY_ADDI,   /* rd += signed imm8, no flags */
    TOY_XOR,    /* rd ^= rs, flags */
    TOY_MUL,    /* rd *= rs */
    TOY_LD,     /* rd = 4 bytes at [rs] */
    TOY_ST,     /* 4 bytes at [rs] = rd */
    TOY_LDB,    /* rd = the byte at [rs] */
    TOY_STB,    /* the byte at [rs] = rd */
    TOY_LDA,    /* as LD; misaligned is an exception */
    TOY_FETADD, /* rd, 4 bytes at [rs] = those bytes, plus rd */
    TOY_COPY,   /* [rd++] = [rs++], r0--; again until r0 is 0 */
    TOY_JCC,    /* cc rel16, from the next instruction */
    TOY_JMP,    /* imm32 */
    TOY_CALL,   /* imm32; pushes the return address */
    TOY_RET,
    TOY_SYS,
    TOY_RTI,
    TOY_WAIT,
    TOY_STI,
    TOY_CLI,
    TOY_NOW,    /* rd = low bits of the tick */
    TOY_HART,   /* rd = number */
    TOY_CAUSE,  /* rd = why the handler runs: see TOY_CAUSE_* */
    TOY_VECTOR, /* imm32 */
    TOY_TIMER,  /* interrupt rd ticks from now */
    TOY_ACK,    /* the timer's interrupt is done */
    TOY_PAUSE,  /* gives up the quantum, and waits for nothing */
    TOY_BASE_END,
    TOY_LDD = 0x40, /* rd rs disp8: as LD at [rs + disp] */
    TOY_STD,
    TOY_LD2, /* as LD; only at even addresses */
    TOY_INC, /* rd = [rs] = [rs] + 1 */
    TOY_LDT, /* rd = 4 bytes at [rs + 4], with rd's low byte as tag of the address */
    TOY_LDU, /* as LD, ST and FETADD (little-endian), but as the user */
    TOY_STU,
    TOY_FETU,
    TOY_LDS,         /* as LD, but as the system */
    TOY_LDAT = 0x50, /* rd imm32: rd = 4 bytes at [imm32] */
    TOY_STAT,        /* rd imm32: 4 bytes at [imm32] = rd */
    TOY_LDBAT,       /* a byte */
    TOY_STBAT,
    TOY_LDQAT, /* 8 bytes, big-endian; their low half in rd, and so on */
    TOY_STQAT,
    TOY_FETAT,  /* as FETADD */
    TOY_MOVE,   /* reg8 imm32: the mover's register = imm32 */
    TOY_MOVEST, /* reg8 imm32 imm32: the same, then 4 bytes at [the second] = r0 */
    TOY_MOVER_END,
    TOY_DJMP = 0x80, /* imm32, when the next instruction is done: it stands in the delay slot */
    TOY_DJR,         /* rs, in the same way */
    TOY_DJCC,        /* cc rel16; there is a delay slot only if it jumps */
    TOY_STIS,        /* STI, but no interrupt is taken before the next instruction */
    TOY_BX,          /* to rs without its low bit, which turns TOY_MODE_OTHER on or off */
    TOY_BXA,         /* the same, but the lifter leaves it to the processor to say the mode */
    TOY_TURN,        /* turns TOY_MODE_OTHER round */
    TOY_EITHER,      /* rd += 5; in TOY_MODE_OTHER rd *= 5 */
    TOY_WHEN,        /* cc n: the next 1 to 3 instructions are done only if cc holds then */
    TOY_VLD = 0x90,  /* vd = 16 bytes at [rs] */
    TOY_VST,         /* 16 bytes at [rs] = vd */
    TOY_VADDB,       /* vd += vs, by bytes */
    TOY_VSATH,       /* vd -= vs, by signed halves, to the nearest number */
    TOY_VMULW,       /* vd *= vs, by words */
    TOY_VZIP,        /* vd = low bytes of vd and vs in turn */
    TOY_VDUP,        /* each word of vd = rs */
    TOY_VSUM,        /* rd = the sign bits of vs's bytes */
    TOY_ROOT = 0xa0, /* page tables on or off, by the operand's low bit */
    TOY_MAP,         /* the tables' entry for address rd becomes rs */
    TOY_FRAMES,      /* trap frames in memory or in registers, by the low bit */
    TOY_FILL,        /* imm8 words from [rd] on are made of rs */
    /* 0x50: devices; 0x60: messages; 0x70: live trees and lines;
     * 0x80: modes; 0x90: vectors; 0xa0: page tables and trap frames */
};
enum {
    TOY_MODE_DELAY = 1,
    TOY_MODE_SHADOW = 2,
    TOY_MODE_OTHER_POS = 2,
    TOY_MODE_OTHER = 1 << TOY_MODE_OTHER_POS,
    TOY_MODE_FRAMED = 8, /* what the running handler goes back to is on the stack */
    /* How many instructions are only done if a condition holds, and which. */
    TOY_MODE_WHEN_POS = 4,
    TOY_MODE_WHEN = 3 << TOY_MODE_WHEN_POS,
    TOY_MODE_CC_POS = 6,
    TOY_MODE_CC = 15 << TOY_MODE_CC_POS,
    TOY_MODE_LOCAL =
        TOY_MODE_DELAY | TOY_MODE_SHADOW | TOY_MODE_OTHER | TOY_MODE_WHEN | TOY_MODE_CC,
    TOY_MODE_ALL = TOY_MODE_LOCAL | TOY_MODE_FRAMED
};
/* Block modes have it up there, as they are of 64 bits. */
#define TOY_BLOCK_FRAMED (UINT64_C(1) << 40)
static inline uint64_t toy_mode_of_state(uint32_t mode)
{
    return (mode & TOY_MODE_LOCAL) | (mode & TOY_MODE_FRAMED ? TOY_BLOCK_FRAMED : 0);
}
static inline uint32_t toy_state_mode(uint64_t mode)
{
    return ((uint32_t)mode & TOY_MODE_LOCAL) | (mode & TOY_BLOCK_FRAMED ? TOY_MODE_FRAMED : 0u);
}
enum {
    TOY_CAUSE_ILLEGAL,
    TOY_CAUSE_SYS,
    TOY_CAUSE_ALIGN,
    TOY_CAUSE_BUS,
    TOY_CAUSE_PAGE,
    TOY_CAUSE_DOUBLE, /* a fault while a frame was pushed: then what is saved is in registers */
    TOY_CAUSE_PIN0 = 16
};
#define TOY_FRAME_BYTES 16 /* pc, flags, mode, delayed_to */

enum {
    TOY_PTE_V = 1,
    TOY_PTE_W = 2,
    TOY_PTE_S = 4 /* trap frames only */,
    TOY_PTE_A = 8,
    TOY_PTE_D = 16,
    TOY_PTE_P = 32 /* not for the user */
};

/* What -cpu chose. */
struct toy_model {
    uint32_t families; /* a bit each */
};

extern const struct isa toy_isa;

/* ---- a machine ---- */

#define TOY_RAM      UINT64_C(0x10000)
#define TOY_RAM_SIZE (UINT64_C(64) * PAGE_SIZE)
#define TOY_DMA      (TOY_RAM + 0x9800) /* where the counter puts its value, and that its alarm came */
#define TOY_TABLES   (TOY_RAM + 0x30000) /* two pages of page tables, which map: */
#define TOY_ALIAS    UINT64_C(0x80000)   /* RAM once more, beside RAM at its own address */
#define TOY_CONSOLE  UINT64_C(0x1000) /* +0 read: a byte or 0; +4: bytes waiting; write +0: out */
#define TOY_SCRATCH  UINT64_C(0x2000) /* +0: value, +4: write: alarm in so many ticks */

/* toy_mover.c: the mover's registers, of 4 bytes each, and where it puts things at reset. */
#define TOY_MOVER         UINT64_C(0x3000)
#define TOY_MOVER_COUNTER 0x6000u
#define TOY_MOVER_WALKER  0x7000u
#define TOY_MOVER_BANK    0x60000u
#define TOY_MOVER_ALIAS   0x70000u
#define TOY_BANK_PAGES    4
#define TOY_WALKER_BYTES  0x18
#define TOY_PORTS         8 /* of the mover; a byte each */
enum {
    TOY_MOVER_AT0,     /* of the counter: a byte's address, as the next */
    TOY_MOVER_AT1 = 4, /* of the walker */
    TOY_MOVER_ROM_AT = 8,
    TOY_MOVER_BANK_AT = 12,
    TOY_MOVER_ALIAS_AT = 16,
    TOY_MOVER_CONTROL = 20,
    TOY_MOVER_DMA = 24,      /* write: 12 bytes go to there */
    TOY_MOVER_DMA_READ = 28, /* write: 12 bytes come from there */
    TOY_MOVER_WORD = 32 /* what is sent; and where to, by who writes odd numbers to the walker */
};
enum {                          /* control */
       TOY_MOVER_ROM = 1,       /* it lies there, and */
       TOY_MOVER_ROM_DROPS = 2, /* stores do not go through it */
       TOY_MOVER_COUNTER_OVER = 4,
       TOY_MOVER_WALKER_OVER = 8,
       TOY_MOVER_BANK_OVER = 16,
       TOY_MOVER_TIMED = 32, /* the bank's page changes by itself */
       TOY_MOVER_PAGE = 64,  /* times which of the bank's pages is at BANK_AT */
       TOY_MOVER_PORT = 1024 /* times half of where its ports are, modulo 16 */
};

/* `harts` of them, all starting at TOY_RAM with `code` there; fails the test if it cannot. */
struct machine *toy_machine(unsigned harts, uint64_t quantum, const void *code, size_t size);
/* With a CPU of that name (NULL: the usual): toy, small, mixed; see toy_model.c. */
struct machine *toy_machine_of(const char *cpu, unsigned harts, uint64_t quantum, const void *code,
                               size_t size);

/* The same, not sealed yet, for more devices. */
struct machine *toy_machine_begin(unsigned harts, uint64_t quantum, const void *code, size_t size);

/* The same, sealed, with the program that a function writes, a quantum of 97, and at H(0). */
struct machine *toy_machine_at_0(unsigned harts, size_t (*program)(uint8_t *code, size_t room));
/* Nothing else than the tick may end it. */
void toy_run_to(struct machine *m, tick t);

/* A program that uses all of the above on every hart, for ever; returns its length. */
size_t toy_program(uint8_t *code, size_t room);
/* The same of delay slots and modes. */
size_t toy_modes_program(uint8_t *code, size_t room);
/* Things that move all the time, and random accesses to them; it mostly lives on. */
size_t toy_mover_program(uint8_t *code, size_t room, uint64_t seed);
/* And of trap frames and page tables. */
size_t toy_system_program(uint8_t *code, size_t room);
/* Random instructions, many of them sensible. */
size_t toy_random_program(uint8_t *code, size_t room, uint64_t seed);

/* xorshift64*: tests are the same every time. */
uint64_t toy_random(uint64_t *seed);

#endif
