/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/internal: shared by the files of this folder.
 */
#ifndef MACHINE_INTERNAL_H
#define MACHINE_INTERNAL_H

#include "machine/build.h"
#include "machine/device.h"
#include "machine/machine.h"

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

/* Of one device: not state, but for the tree. */
struct wiring {
    void (*fini_links)(void *links);
    struct live_tree *tree; /* state; NULL: it has none */
    const char *tree_name;  /* NULL: only the device's */
    struct mem_window *windows[DEVICE_WINDOWS_MAX];
    struct mem_block *storages[DEVICE_STORAGES_MAX]; /* NULL: not given */
    struct device_line lines[DEVICE_LINES_MAX];
};

/* Where an output of a hart leads; NULL: nowhere. */
struct hart_output {
    struct device *device;
    uint32_t input;
};

struct machine_load { /* put back into memory at every reset */
    haddr at;
    const uint8_t *data; /* owned by the machine, or held by `shared`; NULL: zeros */
    struct shared_bytes *shared;
    uint64_t size;
};

/* Bytes that some device is about to write by DMA, and where they come from. */
struct dma_source {
    const struct device *device;
    const uint8_t *bytes;
    uint64_t size, left; /* of them; not written yet */
    tick when;
    const char *id;
    uint64_t at;
};

struct machine {
    struct machine_state state;
    const struct isa *isa;
    struct mem mem;
    struct mem io;          /* the I/O space: a map of windows, without storage */
    struct tree_pool pages; /* of live trees, and of what was saved of this machine */
    struct cpu cpus[MACHINE_HARTS_MAX];
    unsigned hart_count;
    uint64_t seed;
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
    VEC(struct machine_kept) kept;
    VEC(struct junction *) junctions;
    struct lines_state *lines; /* NULL: no two lines meet anywhere */
    struct hart_output hart_outputs[MACHINE_HARTS_MAX][CPU_OUTPUTS_MAX];

    struct inlet inlet;
    struct machine_log log;
    struct cpu *running; /* inside engine_run: time is cpu_now() of it */
    bool settling;       /* reaching the tick state.now: the step is not begun */
    bool mapping;        /* devices are asked where they are */
    bool is_lost;        /* a device lacks what it needs: the state is none that ever was */
    uint32_t requester;  /* of the DMA that is being made; 0: none */
    struct dma_source source;
    unsigned dma_depth; /* devices that reached each other by DMA, in this very step */
    struct machine_board board;
    bool sealed; /* machine_seal() was called */
};

extern const struct field_table machine_state_table;

/* device.c */
tick *device_alarms(const struct device *d);
/* Zeroes its state and disarms its alarms, but for what survives. */
void device_clear(struct device *d, enum reset_kind kind);
/* A hart's pin changes, whoever drives it. */
void machine_set_pin(struct machine *m, unsigned hart, unsigned pin, bool level);

/* run.c: who writes to memory from now on, where it is no instruction; NULL: nobody. */
void machine_writes(struct machine *m, const char *who);

/* rate.c: between two steps. */
void machine_set_rate(struct machine *m, uint64_t shift);
int machine_check_clock(const struct clock *c, tick now, struct error *e);

/* reset.c: the first reset, with memory as it was built. And what was asked for during the last step,
 * if anything was. */
void machine_power_on(struct machine *m, enum reset_kind kind);
void machine_reset_requested(struct machine *m);

/* map.c: which of the two spaces a window lies in. */
struct mem *machine_space_of(struct device *d, unsigned window);

/* platform.c */
extern const struct cpu_platform machine_platform;

/* lines.c: levels of all outputs, a bit each, by device; where any of them meet. */
struct lines_state {
    uint64_t level[MACHINE_DEVICES_MAX];
};
extern const struct field_table lines_table;
/* A place where outputs meet. */
struct junction {
    struct wire to;
    uint64_t sources[MACHINE_DEVICES_MAX]; /* a bit for each output, by device */
};
/* All is connected: finds where outputs meet, and makes m->lines if any do. */
void lines_seal(struct machine *m);
void lines_free(struct machine *m);
void lines_clear(struct machine *m); /* all are down */
int lines_check(const struct machine *m, const struct lines_state *s, struct error *e);

#endif
