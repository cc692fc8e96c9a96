/* SPDX-License-Identifier: GPL-2.0-or-later
 * guest: a fuzz target's machine, RISC-V's `virt` with whatever is plugged in, and a guest that does what an input says,
 * by loads and stores of its one hart, which waits for ever otherwise. At the end the states are ones that a
 * checkpoint may have. Each step is a few bytes of the input; where that ends they are zeros. Machines are made once
 * for each kind that a target has, and go back to their first tick for each input.
 */
#ifndef FUZZ_GUEST_H
#define FUZZ_GUEST_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/board.h"
#include "bus/bus.h"
#include "checkpoint/checkpoint.h"
#include "dev/drive.h"

#define GUEST_RAM       UINT64_C(0x80000000)
#define GUEST_RAM_BYTES (2 * MIB)
#define GUEST_ECAM      UINT64_C(0x30000000) /* 0x8000 each slot, the first device in slot 1 */
#define GUEST_IO        UINT64_C(0x3000000)  /* of PCI, its address 0 */
#define GUEST_DISK      (1 << 20)            /* bytes */
#define GUEST_SLOT      UINT64_C(0x8000)     /* from one slot's configuration space to the next */

enum { GUEST_KINDS_MAX = 64 };

struct guest {
    struct machine *m;
    const uint8_t *at, *end;
    struct input input;
    bool has_input;
};

static inline uint64_t guest_take(struct guest *g, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && g->at < g->end; i++) {
        value |= (uint64_t)*g->at++ << 8 * i;
    }
    return value;
}

/* ---- the machine ------------------------------------------------------------------------------*/

struct guest_machine {
    struct machine *machine; /* NULL: it is not made yet */
    struct checkpoint_store *store;
    struct checkpoint *first;
};
struct guest_all {
    struct guest_machine machines[GUEST_KINDS_MAX];
    char image[256]; /* empty: there is none yet */
};

static inline struct guest_all *guest_all(void)
{
    static struct guest_all all;

    return &all;
}

static inline void guest_free_all(void)
{
    struct guest_all *all = guest_all();

    for (size_t i = 0; i < GUEST_KINDS_MAX; i++) {
        if (all->machines[i].machine != NULL) {
            checkpoint_drop(all->machines[i].first);
            checkpoint_store_free(all->machines[i].store);
            machine_free(all->machines[i].machine);
        }
    }
    if (all->image[0] != '\0') {
        (void)unlink(all->image);
    }
}

/* A file of zeros. */
static inline const char *guest_image(void)
{
    char *name = guest_all()->image;
    const char *folder = getenv("TMPDIR");
    int fd;

    if (name[0] == '\0') {
        (void)snprintf(name, sizeof guest_all()->image, "%s/reprise-fuzz-XXXXXX",
                       folder != NULL ? folder : "/tmp");
        fd = mkstemp(name);
        must(fd >= 0 && ftruncate(fd, GUEST_DISK) == 0);
        close(fd);
    }
    return name;
}

static inline struct machine_thing *guest_add(struct machine_config *c, const char *class,
                                              const char *id, const char *driver)
{
    struct machine_thing *t = machine_config_add_thing(c, class, id);

    if (driver != NULL) {
        thing_set_text(t, "driver", driver);
    }
    return t;
}

/* A disk of zeros, GUEST_DISK bytes long; what is written to it stays in the machine. */
static inline struct machine_thing *guest_add_drive(struct machine_config *c, const char *id)
{
    struct machine_thing *t = guest_add(c, DRIVE_CLASS, id, NULL);

    t->file.name = base_strdup(guest_image());
    t->file.in_part = true;
    thing_set_text(t, "format", "raw");
    thing_set_number(t, "bytes", GUEST_DISK);
    return t;
}

static inline void guest_config_init(struct machine_config *c)
{
    static const uint8_t wait_for_ever[] = {0x73, 0x00, 0x50, 0x10, 0x6f, 0xf0, 0xdf, 0xff};

    machine_config_init(c);
    (void)snprintf(c->arch, sizeof c->arch, "riscv64");
    c->ram_bytes = GUEST_RAM_BYTES;
    c->bios_none = 1;
    c->images[IMAGE_KERNEL].name = base_strdup("kernel");
    c->images[IMAGE_KERNEL].data = base_alloc(sizeof wait_for_ever, 1);
    memcpy(c->images[IMAGE_KERNEL].data, wait_for_ever, sizeof wait_for_ever);
    c->images[IMAGE_KERNEL].size = sizeof wait_for_ever;
}

static inline enum inlet_answer guest_next_input(void *opaque, tick now, struct input *in,
                                                 tick *ask_again)
{
    struct guest *g = opaque;

    *ask_again = TICK_NEVER;
    if (!g->has_input) {
        return INLET_QUIET;
    }
    g->has_input = false;
    *in = g->input;
    in->at = now;
    return INLET_INPUT;
}

static inline tick guest_idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    (void)now;
    return event;
}

static inline void guest_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes,
                                size_t count)
{
    (void)opaque;
    (void)now;
    (void)port;
    (void)bytes;
    (void)count;
}

static inline void guest_make_machine(struct guest_machine *g, unsigned kind,
                                      void (*add)(struct machine_config *c, unsigned kind))
{
    struct machine_config c;
    struct error e = {""};

    guest_config_init(&c);
    add(&c, kind);
    g->machine = board_build(&c, &e);
    if (g->machine == NULL) {
        (void)fprintf(stderr, "%s\n", e.text);
        abort();
    }
    machine_config_fini(&c);
    g->store = checkpoint_store_new(g->machine);
    g->first = checkpoint_save(g->store);
}

/* A machine at its first tick, into which `add` puts devices by guest_add() and guest_add_drive(): the same ones for the
 * same kind, a number below GUEST_KINDS_MAX. */
static inline void guest_start(struct guest *g, unsigned kind,
                               void (*add)(struct machine_config *c, unsigned kind))
{
    static bool is_known;
    struct guest_machine *own = &guest_all()->machines[kind];

    must(kind < GUEST_KINDS_MAX);
    if (!is_known) {
        is_known = true;
        (void)atexit(guest_free_all);
    }
    if (own->machine == NULL) {
        guest_make_machine(own, kind, add);
    }
    g->m = own->machine;
    checkpoint_restore(own->store, own->first);
    machine_set_inlet(g->m, &(struct inlet){.opaque = g,
                                            .next = guest_next_input,
                                            .idle = guest_idle,
                                            .output = guest_output});
}

/* ---- the guest's hands ------------------------------------------------------------------------*/

static inline void guest_store(struct guest *g, paddr at, unsigned size, uint64_t value)
{
    struct mem_place p = mem_find(machine_mem(g->m), at, true);
    uint8_t bytes[8];

    if (p.window != NULL && (p.window->sizes & size) != 0) {
        p.window->write(p.window->opaque, mem_access_to(p.window, p.at, size, 0), value);
    } else if (p.block != NULL) {
        bytes_set_le(bytes, sizeof bytes, value);
        (void)mem_bus_write(machine_mem(g->m), at, bytes, size);
    }
}

static inline uint64_t guest_load(struct guest *g, paddr at, unsigned size)
{
    struct mem_place p = mem_find(machine_mem(g->m), at, false);
    uint8_t bytes[8] = {0};

    if (p.window != NULL && (p.window->sizes & size) != 0) {
        return p.window->read(p.window->opaque, mem_access_to(p.window, p.at, size, 0));
    }
    if (p.block != NULL) {
        (void)mem_read_bytes(machine_mem(g->m), at, bytes, size);
    }
    return bytes_get_le(bytes, size);
}

/* Bytes of the input at a place in RAM, a multiple of 8 behind `from`. */
static inline void guest_fill(struct guest *g, paddr from, unsigned count)
{
    uint8_t bytes[256];

    must(count <= sizeof bytes);
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = (uint8_t)guest_take(g, 1);
    }
    (void)mem_bus_write(machine_mem(g->m), from, bytes, count);
}

static inline void guest_pass(struct guest *g, uint64_t ticks)
{
    (void)machine_run(g->m, machine_now(g->m) + ticks, false);
}

/* Bytes at a port, if it has room for that many; they stay the caller's. */
static inline bool guest_bring(struct guest *g, unsigned port, const uint8_t *bytes, unsigned count)
{
    if (count > machine_port_room(g->m, (uint16_t)port)) {
        return false;
    }
    g->input = (struct input){.port = (uint16_t)port, .length = count, .data = bytes};
    g->has_input = true;
    guest_pass(g, 1);
    return true;
}

/* ---- the end ----------------------------------------------------------------------------------*/

static inline void guest_check_states(const struct machine *m)
{
    struct text all = {0};
    struct error e = {""};

    for (unsigned i = 0; i < machine_part_count(m); i++) {
        const struct machine_part *part = machine_part(m, i);

        text_add_bytes(&all, part->state, part->table->state_size);
    }
    if (machine_check_states(m, all.data, &e) < 0) {
        (void)fprintf(stderr, "a state that no checkpoint may have: %s\n", e.text);
        abort();
    }
    text_fini(&all);
}

/* What is on its way ends. */
static inline void guest_end(struct guest *g)
{
    guest_pass(g, 20000);
    guest_check_states(g->m);
}

#endif
