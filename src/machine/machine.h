/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine: the closed box. Harts, memory, devices and one clock; what enters comes through one
 * inlet, stamped with a tick; nothing else can change what it does.
 *
 * Order at a tick t (docs/determinism.md): reset if requested; alarms due at t, devices in order,
 * then harts in order; now the state is H(t). Then one step: an input stamped t, or the current
 * hart's instruction or trap entry, or idling to the next alarm or input.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "base/base.h"
#include "base/clock.h"
#include "base/field.h"
#include "base/reset.h"
#include "cpu/cpu.h"
#include "engine/engine.h"
#include "isa/isa.h"
#include "machine/config.h"
#include "mem/mem.h"
#include "tree/tree.h"

#define MACHINE_DEVICES_MAX 64
#define MACHINE_PORTS_MAX   32
#define MACHINE_PARTS_MAX   (MACHINE_DEVICES_MAX + MACHINE_HARTS_MAX + 2)

/* ---- what enters and leaves ---- */

struct input {
    tick at; /* delivered as the step from `at` to `at` + 1 */
    uint16_t port;
    uint32_t length;     /* bytes, at most INPUT_BYTES_MAX */
    const uint8_t *data; /* borrowed until the next call of the inlet */
};
#define INPUT_BYTES_MAX 65536

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
};

/* ---- devices ---- */

struct device;

/* One of a device's windows: a range of registers. */
struct device_window {
    uint64_t bytes; /* 0: there are no more */
    uint8_t sizes;  /* OR of 1, 2, 4, 8: sizes that read() and write() understand */
    /* A hart's accesses of other sizes, and misaligned ones: made in pieces, as the bus of a PC does
     * it; else they are faults to the hart. */
    bool splits;
    bool is_io; /* it lies in the I/O space (cpu/platform.h) instead of in memory's */
};
#define DEVICE_WINDOWS_MAX  8
#define DEVICE_STORAGES_MAX 4

/* One kind of device. All its state is one plain struct that `state` tiles; alarms are ticks
 * inside it. Functions may be NULL where a device has no such thing. */
struct device_class {
    const char *name;
    uint32_t behaviour; /* things.h; at least 1 in the registry */
    struct device_window windows[DEVICE_WINDOWS_MAX];
    /* Says where all of its windows and storages are, by device_map_window() and device_map_storage():
     * a pure function of its state, asked whenever that may have changed. May be NULL: then its first
     * window is where it was added, the others where machine_place_window() put them. */
    void (*map)(struct device *d);
    struct field_table state;
    uint32_t alarm_offset; /* of `tick alarm[alarm_count]` in the state; TICK_NEVER: unarmed */
    uint32_t alarm_count;
    uint32_t output_lines; /* how many lines it drives */
    /* What of the state a reset leaves as it is: a clock with a battery, settings, what a flash chip
     * holds. All else is zero, alarms TICK_NEVER, when reset() is called. */
    const struct survivor *survivors;
    uint32_t survivor_count;

    /* How many bytes there are in the device's tree, by its config; NULL: it has none. A tree is state
     * like the struct, for what is too much for one: zeros at first, read and written by
     * device_tree_read() and device_tree_write(). What code of the device finds in it may come from
     * elsewhere and is checked at each use, as what DMA finds in memory. */
    uint64_t (*tree_bytes)(const struct device *d);
    uint8_t tree_resets; /* the kinds of reset that leave it as it is; in others all becomes zero */

    /* All devices have been cleared, lines are down: sets what begins with another value, and drives
     * those lines that are up. */
    void (*reset)(struct device *d);
    /* That hart alone was reset: nothing of the device's state was touched. */
    void (*hart_reset)(struct device *d, unsigned hart);
    /* To the window of this number, by this hart. */
    uint64_t (*read)(struct device *d, struct mem_access a);
    void (*write)(struct device *d, struct mem_access a, uint64_t value);
    /* Alarm i's tick has come; it is disarmed before the call. */
    void (*alarm)(struct device *d, uint32_t i);
    /* Another device drives input line n. Levels are state of the receiver; a repeated level must
     * change nothing. */
    void (*line)(struct device *d, uint32_t n, bool level);
    /* Harts ask, by way of the platform (cpu/platform.h). The interrupt behind that pin of that hart,
     * which it takes now: false if it is none of the device's. */
    bool (*acknowledge)(struct device *d, unsigned hart, unsigned pin, uint32_t *vector);
    /* A service: PLATFORM_NOBODY if it is not the device's, and the next one is asked. */
    enum platform_answer (*call)(struct device *d, unsigned hart, struct platform_call *call);
    /* Input bytes for the device's port; room says how many it could take now (a pure function of
     * state): no more than that is ever delivered at once. With `message_max` 0 they are a stream, and
     * may be cut anywhere. Else each call is one whole message, of as many bytes at most, perhaps of none;
     * one that is longer than room() now waits, and while room() is 0 all do. */
    void (*input)(struct device *d, const uint8_t *bytes, uint32_t count);
    uint32_t (*room)(const struct device *d);
    uint32_t message_max; /* at most INPUT_BYTES_MAX */
    /* What the rules of single fields do not say of a state from elsewhere that is to become the
     * device's: -1 and a sentence if code of the device would be led astray by it. May be NULL. */
    int (*check)(const struct device *d, const void *state, struct error *e);
};

#define DEVICE_LINES_MAX 64

/* One end of a line that a device drives. */
struct wire {
    struct device *device; /* NULL: a pin of `hart` */
    int hart;              /* -1: none */
    uint32_t input;
    struct junction *junction; /* other lines meet this one there; NULL: none does */
};
struct device_line {
    VEC(struct wire) wires; /* several: it goes to all of them */
};

/* Wiring of one device: not state. */
struct device {
    const struct device_class *class;
    char name[24]; /* "uart0"; unique in the machine */
    struct machine *machine;
    void *state;
    struct live_tree *tree; /* state as well; NULL: it has none */
    const void *config; /* the class's own, from the board; outlives the machine's build: copied */
    uint32_t number;    /* index in the machine: the order of ties */
    paddr base;
    struct mem_window *windows[DEVICE_WINDOWS_MAX];
    struct mem_block *storages[DEVICE_STORAGES_MAX]; /* NULL: not given */
    int port;                                        /* -1: none */
    struct device_line lines[DEVICE_LINES_MAX];
};

/* For devices. Time is exact even in the middle of a block. */
tick device_now(const struct device *d);
uint64_t device_now_ns(const struct device *d);
void device_set_line(struct device *d, uint32_t n, bool level);
void device_set_alarm(struct device *d, uint32_t i, tick when); /* TICK_NEVER disarms */
tick device_alarm(const struct device *d, uint32_t i);
/* The first tick at which device_now_ns() is at least `ns`. */
tick device_tick_at(const struct device *d, uint64_t ns);
void device_output(struct device *d, const uint8_t *bytes, size_t count);
/* Drives a hart's interrupt pin directly (for CLINT, PLIC, which have a pin per hart): one that no line
 * leads to. */
void device_set_hart_pin(struct device *d, unsigned hart, unsigned pin, bool level);
/* The device's tree; false, and nothing done, if the range is not inside. */
bool device_tree_read(struct device *d, uint64_t at, void *bytes, uint64_t size);
bool device_tree_write(struct device *d, uint64_t at, const void *bytes, uint64_t size);
/* Guest memory and other devices' windows by physical address, as mem_bus_read() and mem_bus_write().
 * False if something else is there, or if devices have called each other so DMA_DEPTH_MAX times. */
#define DMA_DEPTH_MAX 4
bool device_dma_read(struct device *d, paddr at, void *bytes, uint64_t size);
bool device_dma_write(struct device *d, paddr at, const void *bytes, uint64_t size);
/* map() would give another answer now: the next access goes by it, be it of the same instruction. */
void device_remap(struct device *d);
/* For map() alone. The window, or `bytes` of the storage from `offset` on, is at `base` for accesses
 * of these ways; where several things are, enum mem_level decides. Page by page for storage: all three
 * numbers are multiples of PAGE_SIZE. */
void device_map_window(struct device *d, unsigned window, paddr base, enum mem_way ways,
                       enum mem_level level);
void device_map_storage(struct device *d, unsigned storage, paddr base, uint64_t offset,
                        uint64_t bytes, enum mem_way ways, enum mem_level level);
/* The guest did something that the device has no answer for: logged; reads give 0. */
uint64_t device_bad_read(struct device *d, struct mem_access a);
void device_bad_write(struct device *d, struct mem_access a, uint64_t value);
void device_log(struct device *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- the machine ---- */

enum machine_power { POWER_ON, POWER_OFF, POWER_FAILED /* with exit_status */, POWER_RESET_END };

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

/* Where an output of a hart leads; NULL: nowhere. */
struct hart_output {
    struct device *device;
    uint32_t input;
};

struct machine_part { /* everything that is hashed, saved and compared, but for memory */
    const char *name; /* "machine", "hart0", "uart0" */
    const struct field_table *table;
    void *state;
    struct live_tree *tree; /* NULL: it has none */
};

struct port {
    char name[24];         /* "serial0" */
    struct device *device; /* NULL: the machine itself (POKE_PORT) */
    uint32_t message_max;  /* bytes of a message; 0: it takes a stream */
};
/* The port of debuggers' and monitors' changes; payload in poke.c. Always port 0. */
#define POKE_PORT 0

struct machine_load { /* put back into memory at every reset */
    haddr at;
    const uint8_t *data; /* owned by the machine, or held by `shared`; NULL: zeros */
    struct shared_bytes *shared;
    uint64_t size;
};

struct machine_log {
    void *opaque;
    void (*line)(void *opaque, tick at, const char *channel, const char *text);
};

struct machine {
    struct machine_state state;
    const struct isa *isa;
    struct mem mem;
    struct mem io;          /* the I/O space: a map of windows, without storage */
    struct tree_pool pages; /* of live trees, and of what was saved of this machine */
    struct cpu cpus[MACHINE_HARTS_MAX];
    unsigned hart_count;
    struct engine *engine;
    uint64_t quantum;
    bool no_reboot;
    char cpu_option[256];
    struct machine_uses recorded; /* of the recording that it is built for; nothing: of none */
    struct machine_uses uses;     /* what it is made of */

    struct device *devices[MACHINE_DEVICES_MAX];
    unsigned device_count;
    struct port ports[MACHINE_PORTS_MAX];
    unsigned port_count;
    struct machine_part parts[MACHINE_PARTS_MAX];
    unsigned part_count;
    VEC(struct machine_load) loads;
    VEC(struct junction *) junctions;
    struct lines_state *lines; /* NULL: no two lines meet anywhere */
    struct hart_output hart_outputs[MACHINE_HARTS_MAX][CPU_OUTPUTS_MAX];

    struct inlet inlet;
    struct machine_log log;
    struct cpu *running; /* inside engine_run: time is cpu_now() of it */
    bool settling;       /* reaching the tick state.now: the step is not begun */
    bool mapping;        /* devices are asked where they are */
    unsigned dma_depth;  /* devices that reached each other by DMA, in this very step */
    uint64_t boot[4];    /* board's: what the harts' reset values are made from */
    void (*board_reset)(struct machine *m); /* after devices and harts were reset */
    /* A hart cannot go on. NULL: then all is reset, with power on. */
    void (*board_shutdown)(struct machine *m, unsigned hart);
    bool sealed; /* machine_seal() was called */
};

/* Building: new, add RAM/ROM to m->mem, devices, lines, loads; then seal, which resets. Errors are
 * the user's (too many, overlap); -1/NULL and a sentence. */
struct machine *machine_new(const struct machine_config *c, const struct isa *isa, struct error *e);
void machine_free(struct machine *m);
/* Adds a device with its window at `base` (ignored if the class has none). `config` is copied
 * (config_size bytes); `port_name` NULL: no port. */
struct device *machine_add_device(struct machine *m, const struct device_class *class,
                                  const char *name, paddr base, const void *config,
                                  size_t config_size, const char *port_name, struct error *e);
/* Puts a further window of a device whose windows never move. -1 and a sentence. */
int machine_place_window(struct device *d, unsigned window, paddr base, struct error *e);
/* Storage number n of a device is this block: for its map(). */
void machine_give_storage(struct device *d, unsigned n, struct mem_block *b);
/* A line may be connected to several places, which all follow it. A place that several lines are
 * connected to is up while any of them is. */
void machine_connect(struct device *from, uint32_t line, struct device *to, uint32_t input);
void machine_connect_hart(struct device *from, uint32_t line, unsigned hart, uint32_t pin);
/* An output of a hart (cpu/platform.h) leads to one place, which no other line leads to. */
void machine_connect_output(struct machine *m, unsigned hart, unsigned output, struct device *to,
                            uint32_t input);
/* The bytes are copied; they are put at `at`, a home, at every reset, the last that was added last. NULL for
 * zeros, which cost nothing where memory is zero already. */
int machine_add_load(struct machine *m, haddr at, const void *data, uint64_t size, struct error *e);
/* The same for bytes that lie in `shared` (NULL: in nothing that is shared): they are held instead of
 * copied, unless they are the lesser part of it. */
int machine_add_load_of(struct machine *m, haddr at, const void *data, uint64_t size,
                        struct shared_bytes *shared, struct error *e);
/* What is built in. -1 and a sentence if the recording that the machine is built for was made
 * with another version of it. */
int machine_use(struct machine *m, const char *kind, const char *name, uint32_t behaviour,
                struct error *e);
int machine_seal(struct machine *m, struct error *e);
/* Drops the journal's inlet in: before running. The default inlet is silent: no input, idle jumps
 * to the event, an idle machine with no event ends, output is dropped. */
void machine_set_inlet(struct machine *m, const struct inlet *inlet);

enum stop {
    STOP_TICK,  /* at `until` */
    STOP_PROBE, /* a probe's hit() asked for it */
    STOP_END,   /* the inlet's history ends here */
    STOP_POWER  /* the guest powered off, failed, or reset with no_reboot: see state.power */
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
/* Drops everything derived: after parts or memory were changed from outside (restore), or in
 * tests at any tick. */
void machine_forget(struct machine *m);
/* Makes the memory map that follows from the devices' states. */
void machine_remap(struct machine *m);

/* How many bytes of input the port would take now; of a message, if it takes messages. */
uint32_t machine_port_room(const struct machine *m, uint16_t port);
int machine_port_by_name(const struct machine *m, const char *name); /* -1: none */

/* check.c: whether the states of all parts, one after the other as m->parts has them, could be those of
 * this machine, so that running on from them leads nowhere out of bounds. Not whether they ever were.
 * -1 and a sentence that names part, field, value and what is allowed. */
int machine_check_states(const struct machine *m, const void *states, struct error *e);

/* From devices: effective after the current instruction. */
void machine_power_off(struct machine *m, enum machine_power how, uint32_t exit_status);
/* The kind is RESET_WARM or RESET_POWER. Only RAM's content differs where no device makes a
 * difference: power off takes it. */
void machine_request_reset(struct machine *m, enum reset_kind kind);
/* Of one hart alone, RESET_HART. */
void machine_request_hart_reset(struct machine *m, unsigned hart);

/* ---- poke.c: payloads of POKE_PORT ---- */

/* A debugger's change as input bytes: at most POKE_HEADER + data. Returns the length. */
#define POKE_HEADER 16
enum poke_kind {
    POKE_MEMORY /* physical */,
    POKE_REGISTER /* GDB number */,
    POKE_POWER_BUTTON,
    POKE_RESET /* where: 0, or POKE_POWER_CYCLE */
};
#define POKE_POWER_CYCLE 1u
uint32_t poke_encode(uint8_t *out, enum poke_kind kind, uint32_t hart, uint64_t where,
                     const void *data, uint32_t size);
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
