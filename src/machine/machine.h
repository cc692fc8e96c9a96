/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine: the closed box. Harts, memory, devices and one clock; what enters comes through one
 * inlet, stamped with a tick; nothing else can change what it does.
 *
 * Order at a tick t (docs/determinism.md): reset if requested; alarms due at t, devices in order,
 * then harts in order; now the state is H(t). Then one step: an input stamped t, or the current
 * hart's instruction or trap entry, or idling to the next alarm or input.
 *
 * This header is for those who run a machine and look at it. Who builds one includes build.h, a class
 * of devices includes device.h.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "base/base.h"
#include "base/clock.h"
#include "base/field.h"
#include "cpu/cpu.h"
#include "engine/engine.h"
#include "isa/isa.h"
#include "machine/config.h"
#include "machine/power.h"
#include "mem/mem.h"
#include "tree/tree.h"

/* ---- what enters and leaves ---- */

struct input {
    tick at; /* delivered as the step from `at` to `at` + 1 */
    uint16_t port;
    uint32_t length;     /* bytes, at most INPUT_BYTES_MAX */
    const uint8_t *data; /* borrowed until the next call of the inlet */
};

enum inlet_answer {
    INLET_QUIET, /* nothing enters before *ask_again, which is > now */
    INLET_INPUT, /* *in enters now */
    INLET_END    /* the machine's history ends here: nothing happens any more */
};
/* The one way in. A live one stamps what the world posted, a replaying one reads it back; the
 * machine cannot tell. */
struct inlet {
    void *opaque;
    enum inlet_answer (*next)(void *opaque, tick now, struct input *in, tick *ask_again);
    /* All harts wait. Returns the tick to go on at: `event` (the next alarm or the caller's limit,
     * TICK_NEVER if none), or before it, >= now, when an input or the end comes first. */
    tick (*idle)(void *opaque, tick now, tick event);
    /* Bytes leave through a port. Never fails as far as the machine can see. */
    void (*output)(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count);
    /* The machine wants bytes of a file that is read in part: 64 KiB of what is on it, that have this hash.
     * -1 and a sentence if that is not what they were. A file is no port: what is on it is a fact, the
     * same at each tick. NULL: nobody asks. */
    int (*took)(void *opaque, unsigned file, uint64_t cluster, uint64_t hash, struct error *e);
    /* Such bytes cannot be had, or are not what they were: why. The machine stops with STOP_LOST; what the last
     * step made of it never was. NULL: nobody asks. */
    void (*lost)(void *opaque, const char *why);
};

/* ---- state ---- */

struct machine_state {
    tick now;
    uint64_t instructions; /* retired, all harts */
    struct clock clock;
    uint64_t quantum_left; /* ticks, of the current hart */
    uint32_t current;      /* hart */
    uint32_t exit_status;  /* the guest's, when POWER_FAILED */
    uint8_t power;         /* enum machine_power */
    uint8_t
        reset_requested; /* kinds: RESET_WARM, RESET_POWER, which counts if both are asked for */
    uint8_t hart_resets; /* harts to be reset alone, a bit each */
    uint8_t zero[5];
};

struct machine_part { /* everything that is hashed, saved and compared, but for memory */
    const char *name; /* "machine", "hart0", "uart0" */
    const struct field_table *table;
    void *state;
    struct live_tree *tree; /* NULL: it has none */
};
/* The live tree that people call so, by its own name or else by its part's: the number by which probes know
 * it, and the tree. False: there is none. */
bool machine_find_tree(const struct machine *m, const char *name, uint32_t *number,
                       struct live_tree **tree);
const char *machine_tree_part(const struct machine *m, uint32_t number); /* the name of its part */
#define MACHINE_PARTS_MAX (MACHINE_DEVICES_MAX + MACHINE_HARTS_MAX + 2)

struct port {
    char name[40];         /* "serial0", "net-n0" */
    struct device *device; /* NULL: the machine itself (POKE_PORT) */
    uint32_t message_max;  /* bytes of a message; 0: it takes a stream */
};
/* The port of debuggers' and monitors' changes; payload in poke.c. Always port 0. */
#define POKE_PORT 0

struct machine_log {
    void *opaque;
    void (*line)(void *opaque, tick at, const char *channel, const char *text);
};
void machine_set_log(struct machine *m, const struct machine_log *log);

/* ---- what it is made of ---- */

const struct machine_state *machine_state(const struct machine *m);
const struct isa *machine_isa(const struct machine *m);
unsigned machine_hart_count(const struct machine *m);
struct cpu *machine_cpu(struct machine *m, unsigned hart);
struct mem *machine_mem(struct machine *m);
struct engine *machine_engine(struct machine *m); /* NULL until it is sealed */
/* The pages of live trees, and of what was saved of this machine. */
struct tree_pool *machine_pages(struct machine *m);
/* In the order in which they are hashed: the machine itself, harts, devices, lines that meet. */
unsigned machine_part_count(const struct machine *m);
const struct machine_part *machine_part(const struct machine *m, unsigned number);
unsigned machine_port_count(const struct machine *m);
const struct port *machine_port(const struct machine *m, unsigned number);
const struct inlet *machine_inlet(const struct machine *m);
const struct machine_uses *machine_uses(const struct machine *m);
bool machine_is_sealed(const struct machine *m);
/* Inside the engine: some hart is in the middle of a block. */
bool machine_is_running(const struct machine *m);

/* It will not run any more: what it writes to files that are not its own is written. -1 and a sentence. */
int machine_finish(struct machine *m, struct error *e);
void machine_free(struct machine *m); /* NULL is fine */

/* ---- running ---- */

/* Drops the journal's inlet in: before running. The default inlet is silent: no input, idle jumps
 * to the event, an idle machine with no event ends, output is dropped. */
void machine_set_inlet(struct machine *m, const struct inlet *inlet);

enum stop {
    STOP_TICK,  /* at `until` */
    STOP_PROBE, /* a probe's hit() asked for it */
    STOP_END,   /* the inlet's history ends here */
    STOP_POWER, /* the guest powered off, failed, or reset with no_reboot: see machine_state()->power */
    STOP_LOST /* the inlet was told why. Nothing runs until machine_replaced() */
};

/* Runs the machine until tick `until`, and not one step past it. Calling this twice with a tick in
 * between gives the same state as calling it once. At most one return per reason: after
 * STOP_PROBE a further call would tell of the same hit again, unless `skip_probes_now` lets the
 * next step happen unasked. */
enum stop machine_run(struct machine *m, tick until, bool skip_probes_now);

void machine_set_probes(struct machine *m, const struct probe_set *set);

tick machine_now(const struct machine *m); /* exact inside device callbacks too */
uint64_t machine_now_ns(const struct machine *m);
/* The state hash at the current tick: parts in order, each with its tree, then memory. Costs what was
 * written. */
uint64_t machine_hash(struct machine *m);
/* As machine_hash with memory hashed from nothing; for tests. */
uint64_t machine_hash_slow(struct machine *m);
/* All of its state was put back to what it was at some tick. */
void machine_replaced(struct machine *m);
/* Drops everything derived: after parts or memory were changed from outside (restore), or in
 * tests at any tick. */
void machine_forget(struct machine *m);
/* Makes the memory map that follows from the devices' states. */
void machine_remap(struct machine *m);

/* How many bytes of input the port would take now; of a message, if it takes messages. */
uint32_t machine_port_room(const struct machine *m, uint16_t port);
int machine_port_by_name(const struct machine *m, const char *name); /* -1: none */

/* check.c: whether the states of all parts, one after the other as machine_part() has them, could be those of
 * this machine, so that running on from them leads nowhere out of bounds. Not whether they ever were.
 * -1 and a sentence that names part, field, value and what is allowed. */
int machine_check_states(const struct machine *m, const void *states, struct error *e);

/* ---- payload.c, poke.c: payloads of POKE_PORT ---- */

/* A debugger's change as input bytes: at most POKE_HEADER + data. Returns the length. */
#define POKE_HEADER 16
enum poke_kind {
    POKE_MEMORY /* physical */,
    POKE_REGISTER /* GDB number */,
    POKE_POWER_BUTTON,
    POKE_RESET /* where: 0, or POKE_POWER_CYCLE */,
    POKE_RATE /* where: a tick is 2^where ns from now on */
};
#define POKE_POWER_CYCLE 1u
uint32_t poke_encode(uint8_t *out, enum poke_kind kind, uint32_t hart, uint64_t where,
                     const void *data, uint32_t size);
/* As POKE_POWER_BUTTON does: what comes of it is the board's and the guest's. */
void machine_press_power_button(struct machine *m);
/* Applies it; a malformed one does nothing but is counted as the step it is. */
void poke_apply(struct machine *m, const uint8_t *bytes, uint32_t length);

/* ---- diff.c: naming what differs ---- */

struct machine_difference {
    char where[96]; /* "plic.pending[1]", "hart0.x[10]", "disk0+0x2000", "ram+0x1234" */
    uint64_t a, b;
};
/* First difference in part order, then memory by address; false if there is none. The machines
 * were built from the same config. */
bool machine_first_difference(struct machine *a, struct machine *b, struct machine_difference *out);

#endif
