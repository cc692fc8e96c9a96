/* SPDX-License-Identifier: GPL-2.0-or-later
 * board: whole machines: which chips, where, on which interrupt, and what lies in memory when the
 * harts start. One file per board, one table of them.
 */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "machine/build.h"

struct board {
    const char *arch; /* of the guest: riscv64 */
    const char *name; /* virt */
    const char *summary;
    uint32_t behaviour; /* machine/things.h; at least 1 */
    /* What a configuration may list, beside what all have. */
    const struct thing_class *const *things;
    size_t thing_count;
    unsigned serial_count; /* UARTs that it has; their ports are serial0 and so on */
    /* The files that are looked for when no firmware is named, the best first, up to a NULL, and the
     * sentence when there is none of them. NULL: the board does without. */
    const char *const *firmware;
    const char *firmware_missing;
    struct machine *(*build)(const struct machine_config *c, const struct isa *isa,
                             struct error *e);
};

extern const struct board board_registry[];
extern const size_t board_registry_count;
const struct board *board_by_name(const char *arch, const char *name); /* NULL: there is none */

/* The machine that `c` describes, sealed, at tick 0: the caller frees it with machine_free().
 * c->images must be read; they are copied. NULL and a sentence if the machine cannot be. */
struct machine *board_build(const struct machine_config *c, struct error *e);

/* What the configuration lists is known to its board, if that is known itself. -1 and a sentence. */
int board_check_things(const struct machine_config *c, struct error *e);

/* The guest architecture that the kernel's or else the firmware's header names, also one without
 * a board here ("aarch64", "x86_64"). Where no header says, as of raw bytes, that of the first board
 * of the registry that is called so; NULL if there is no such board. */
const char *board_arch_of(const struct machine_config *c);

#endif
