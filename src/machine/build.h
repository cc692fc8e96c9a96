/* SPDX-License-Identifier: GPL-2.0-or-later
 * build: what a board needs that puts a machine together: memory, devices, lines, what is loaded. The
 * order of adding is the order of everything, and so part of every recording.
 */
#ifndef MACHINE_BUILD_H
#define MACHINE_BUILD_H

#include "machine/device.h"
#include "machine/machine.h"

/* First new; then RAM and ROM are added to machine_mem(), devices, lines, loads; at last seal. Errors
 * are the user's (too many, overlap): -1 or NULL and a sentence. */
struct machine *machine_new(const struct machine_config *c, const struct isa *isa, struct error *e);
/* Adds a device with its window at `base` (ignored if the class has none). `config` is copied
 * (config_size bytes); `port_name` NULL: no port. */
struct device *machine_add_device(struct machine *m, const struct device_class *class,
                                  const char *name, paddr base, const void *config,
                                  size_t config_size, const char *port_name, struct error *e);
/* Puts a further window of a device whose windows never move. -1 and a sentence. */
int machine_place_window(struct device *d, unsigned window, paddr base, struct error *e);
/* `links` becomes the device's; fini() is called before the device is freed. */
void machine_give_links(struct device *d, void *links, void (*fini)(void *links));
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
/* Something that devices use and that is no state, such as an open file: `drop` is called when the machine is
 * freed, after its devices; `finish` (may be NULL) by machine_finish(). */
struct machine_kept {
    void *what;
    int (*finish)(void *what, struct error *e);
    void (*drop)(void *what);
};
void machine_keep(struct machine *m, const struct machine_kept *kept);
/* What is built in. -1 and a sentence if the recording that the machine is built for was made
 * with another version of it. */
int machine_use(struct machine *m, const char *kind, const char *name, uint32_t behaviour,
                struct error *e);

/* What the board itself does when something happens to the machine. All may be NULL. */
struct machine_board {
    /* After harts and devices were reset: what makes harts start where this board has them start. */
    void (*reset)(struct machine *m, const struct machine_board *b);
    /* A hart cannot go on. NULL: then all is reset, with power on. */
    void (*shutdown)(struct machine *m, unsigned hart);
    /* Somebody presses the power button. NULL: then power is off at once. */
    void (*press_power)(struct machine *m);
    uint64_t start[4]; /* for reset(): addresses that were settled while building */
};
void machine_set_board(struct machine *m, const struct machine_board *b); /* copied */

/* In the order in which they were added. */
unsigned machine_device_count(const struct machine *m);
struct device *machine_device(const struct machine *m, unsigned number);

/* All is there: nothing can be added any more, and the machine is at tick 0, reset. */
int machine_seal(struct machine *m, struct error *e);

#endif
