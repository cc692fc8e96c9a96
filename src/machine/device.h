/* SPDX-License-Identifier: GPL-2.0-or-later
 * device: what a class of devices needs: how it describes itself to the machine, and what it may ask
 * of it. For boards, which add devices and connect them, there is build.h.
 */
#ifndef MACHINE_DEVICE_H
#define MACHINE_DEVICE_H

#include "base/base.h"
#include "base/field.h"
#include "base/reset.h"
#include "cpu/cpu.h"
#include "machine/config.h"
#include "machine/power.h"
#include "mem/mem.h"
#include "tree/tree.h"

struct device;
struct machine;

/* ---- a class ---- */

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
    /* How long a window is, by the device's config, where that differs from device to device; NULL: as
     * `windows` says. */
    uint64_t (*window_bytes)(const struct device *d, unsigned window);
    /* Says where all of its windows and storages are, by device_map_window() and device_map_storage():
     * a pure function of its state and of those that it hangs on, asked whenever one may have changed. May be NULL: then its first
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
    /* A register of that hart's that the device keeps: PLATFORM_NOBODY if it has none of that number,
     * and the next one is asked. */
    enum platform_answer (*read_register)(struct device *d, unsigned hart, uint32_t number,
                                          uint64_t *value);
    enum platform_answer (*write_register)(struct device *d, unsigned hart, uint32_t number,
                                           uint64_t value);
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

#define DEVICE_LINES_MAX 64 /* output_lines at most */

/* ---- a device ---- */

/* One device of a class. What is named here is set when it is added, and stays. */
struct device {
    const struct device_class *class;
    char name[24]; /* "uart0"; unique in the machine */
    struct machine *machine;
    void *state;        /* the class's own, as its `state` says */
    const void *config; /* the class's own, from the board: a copy */
    uint32_t number;    /* index in the machine: the order of ties */
    paddr base;         /* where its first window was added */
    int port;           /* -1: none */
    void *links;        /* the class's own: devices that it hangs on or that hang on it; no state */
    struct wiring *wiring; /* the machine's own business */
};

/* Time is exact even in the middle of a block. */
tick device_now(const struct device *d);
uint64_t device_now_ns(const struct device *d);
uint64_t device_ns_at(const struct device *d, tick t);
void device_set_line(struct device *d, uint32_t n, bool level);
void device_set_alarm(struct device *d, uint32_t i, tick when); /* TICK_NEVER disarms */
tick device_alarm(const struct device *d, uint32_t i);
/* The first tick at which device_now_ns() is at least `ns`. */
tick device_tick_at(const struct device *d, uint64_t ns);
void device_output(struct device *d, const uint8_t *bytes, size_t count);
unsigned device_hart_count(const struct device *d); /* of its machine */
/* A hart of its machine: to attach the device's timer, to look at what a hart is doing. */
struct cpu *device_cpu(const struct device *d, unsigned hart);
/* Drives a hart's interrupt pin directly (for CLINT, PLIC, which have a pin per hart): one that no line
 * leads to. */
void device_set_hart_pin(struct device *d, unsigned hart, unsigned pin, bool level);
/* The device's tree; false, and nothing done, if the range is not inside. */
bool device_tree_read(struct device *d, uint64_t at, void *bytes, uint64_t size);
bool device_tree_write(struct device *d, uint64_t at, const void *bytes, uint64_t size);
struct live_tree *device_tree(struct device *d); /* NULL: it has none */
/* Who writes to that by itself says so afterwards: for those who ask who did, and no state. */
void device_tree_wrote(struct device *d, uint64_t at, uint64_t size);
/* What people call it, besides the device's name: a disk's id. It lasts as long as the machine. */
void device_name_tree(struct device *d, const char *name);
/* Bytes of a file of the configuration that is read in part were read: the inlet's `took`. */
int device_took(struct device *d, unsigned file, uint64_t cluster, uint64_t hash, struct error *e);
/* There is nothing that the guest could be told: the machine stops before its next step, and whoever runs it is
 * told why. */
void device_lose(struct device *d, const char *why);
/* Guest memory and other devices' windows by physical address, as mem_bus_read() and mem_bus_write().
 * False if something else is there, or if devices have called each other so DMA_DEPTH_MAX times. */
#define DMA_DEPTH_MAX 4
bool device_dma_read(struct device *d, paddr at, void *bytes, uint64_t size);
bool device_dma_write(struct device *d, paddr at, const void *bytes, uint64_t size);
/* These bytes, which are the device's to write by DMA in this very step, are those of a disk from byte `at` on;
 * `id` lasts as long as the machine. For those who ask where memory came from: no state. */
void device_dma_source(struct device *d, const void *bytes, uint64_t size, const char *id,
                       uint64_t at);
/* All of the range is RAM or ROM: reaching it enters no device. */
bool device_dma_is_memory(const struct device *d, paddr at, uint64_t size);
/* The same by a device with a number by which others know it, such as a function of PCI. */
bool device_dma_read_as(struct device *d, uint32_t requester, paddr at, void *bytes, uint64_t size);
bool device_dma_write_as(struct device *d, uint32_t requester, paddr at, const void *bytes,
                         uint64_t size);
/* Inside read() and write(): the number of whoever makes this access; 0 for a hart, and for devices that
 * have none. */
uint32_t device_requester(const struct device *d);
/* The device alone is reset, as RESET_WARM does it; its lines stay as they are until it drives them. */
void device_restart(struct device *d);
/* Bytes of the storage of this number, wherever it lies; false, and nothing done, if the range is not
 * inside. Writing reaches what a guest's stores do not. */
bool device_storage_read(struct device *d, unsigned storage, uint64_t at, void *bytes,
                         uint64_t size);
bool device_storage_write(struct device *d, unsigned storage, uint64_t at, const void *bytes,
                          uint64_t size);
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

#endif
