/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_state: what the made-up processor asks of its machine beside memory, and the two devices that
 * answer: a vault, which has a tree of 8 MiB, and a bell. Their lines meet at pin 3 of the first
 * hart; the bell's goes to pin 4 of the last one as well.
 */
#ifndef TESTS_TOY_TOY_STATE_H
#define TESTS_TOY_TOY_STATE_H

#include "toy_parts.h"

enum toy_state_op {
    TOY_IN = 0x70, /* rd = the I/O space at rs & 0x7f, 1, 2 or 4 bytes by rs; the answer is in it */
    TOY_OUT,       /* the I/O space there = rd */
    TOY_TREE_LD,   /* rd = 4 bytes of the vault's tree at rs */
    TOY_TREE_ST,   /* 4 bytes of the tree at rs = rd */
    TOY_BLOCK, /* 64 bytes from the vault's tree at rs to RAM at rd, or back if rd's bit 8 is set */
    TOY_MESSAGE, /* rd imm8: what (bits 0, 1) to which hart (2, 3); words rd and rd + 1; rd = the answer */
    TOY_SERVICE,  /* rd imm8: service (bit 0) and function (1, 2) with rd; rd = what it says */
    TOY_SHUTDOWN, /* the hart cannot go on */
    TOY_RESET,    /* imm8: 0: the machine's reset line, 1: power off and on */
    TOY_LINE,     /* rd imm8: the hart's output imm8 modulo 8 is at the level of rd's bit 0 */
    TOY_STATE_END
};

#define TOY_PIN_SHARED  3
#define TOY_PIN_BELL    4
#define TOY_PIN_KICKED  5
#define TOY_OUTPUT_BELL 1 /* of the last hart: a hand on the bell */

/* The vault, at TOY_VAULT_IO in the I/O space and at TOY_VAULT in memory; 4 bytes each. */
#define TOY_VAULT_IO    0x40
#define TOY_VAULT       UINT64_C(0x4000)
#define TOY_VAULT_BYTES (8 * MIB)
enum {
    VAULT_PLACE = 0, /* in the tree, modulo its size; outlives the reset line */
    VAULT_DATA = 4,  /* 4 bytes there; the place moves on */
    VAULT_CONTROL =
        8, /* read: resets seen << 8 | line. Write: the line is bit 0, or a VAULT_RESET_* */
    VAULT_BLOCK = 12 /* write: as TOY_BLOCK */
};
#define VAULT_RESET_WARM  0x5741524du
#define VAULT_RESET_POWER 0x434f4c44u
#define VAULT_VECTOR      0x40 /* what the first hart gets to know when it takes the interrupt */

/* The bell, in the I/O space. Write: it rings in so many ticks; read: how often it rang. */
#define TOY_BELL_IO 0x60
#define BELL_VECTOR 0x50

extern const struct device_class toy_vault, toy_bell;
void toy_add_state_devices(struct machine *m); /* and connects them */

/* Harts. */
enum platform_answer toy_message(struct cpu *cpu, enum hart_message what, struct hart_words words);
uint32_t toy_acknowledge(struct cpu *cpu, unsigned pin); /* the vector, 0 if nobody says one */

uint64_t toy_help_in(struct cpu *cpu, uint64_t at, uint64_t b, uint64_t c);
uint64_t toy_help_out(struct cpu *cpu, uint64_t at, uint64_t value, uint64_t c);
uint64_t toy_help_tree(struct cpu *cpu, uint64_t place, uint64_t value, uint64_t what);
uint64_t toy_help_message(struct cpu *cpu, uint64_t what, uint64_t a, uint64_t b);
uint64_t toy_help_service(struct cpu *cpu, uint64_t what, uint64_t word, uint64_t c);
uint64_t toy_help_line(struct cpu *cpu, uint64_t output, uint64_t level, uint64_t c);
uint64_t toy_help_end(struct cpu *cpu, uint64_t how, uint64_t b, uint64_t c);

extern const struct toy_family toy_state_family;

/* As toy_program(), with all of this. */
size_t toy_state_program(uint8_t *code, size_t room);

#endif
