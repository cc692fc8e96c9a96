/* SPDX-License-Identifier: GPL-2.0-or-later
 * forged_states: each field of each part of a machine set to extremes and to chance, at some ticks of
 * a guest program: the state is refused with a sentence, or the machine runs on from it, interpreted
 * and compiled, without going out of bounds (which the sanitizers see) or down.
 *
 *   forged-states --ticks N --smp N ELF... [--disks] [--cards] [--pci ELF...]      N: run on for so long
 * With PCI there are two functions on it, one behind a root port; with --disks controllers of NVMe and SCSI, too, and
 * with --cards one network card of each kind.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "board/board.h"
#include "checkpoint/checkpoint.h"
#include "host/host.h"
#include "jit/jit.h"
#include "machine/machine.h"

#define STEPS_MOST UINT64_C(30000000)
#define PLACES     3

struct subject {
    struct machine *machine;
    struct checkpoint_store *store;
    struct checkpoint *here;
    uint8_t *states; /* of `here`, to be forged */
    size_t size;
    uint64_t ticks, seed;
    unsigned long long refused, ran;
    bool failed;
};

static void plug_cards(struct machine_config *c)
{
    static const char *const cards[][2] = {
        {"e1000", "7"}, {"e1000e", "8"}, {"rtl8139", "9"}, {"virtio-net-pci", "a"}};

    for (size_t i = 0; i < ARRAY_LEN(cards); i++) {
        struct machine_thing *t = machine_config_add_thing(c, "device", cards[i][0]);

        thing_set_text(t, "driver", cards[i][0]);
        thing_set_text(t, "addr", cards[i][1]);
        thing_set_text(t, "netdev", cards[i][0]);
    }
}

static void plug(struct machine_config *c, bool has_disks, bool has_cards)
{
    thing_set_text(machine_config_add_thing(c, "device", "a"), "driver", "pci-scratch");
    thing_set_text(machine_config_add_thing(c, "device", "rp"), "driver", "pcie-root-port");
    thing_set_text(machine_config_add_thing(c, "device", "b"), "driver", "pci-scratch");
    thing_set_text(&c->things.data[c->things.count - 1], "bus", "rp");
    if (has_disks) {
        struct machine_thing *t = machine_config_add_thing(c, "device", "n");

        thing_set_text(t, "driver", "nvme");
        thing_set_text(t, "serial", "n");
        thing_set_text(t, "addr", "5");
        t = machine_config_add_thing(c, "device", "h");
        thing_set_text(t, "driver", "virtio-scsi-pci");
        thing_set_text(t, "addr", "6");
        thing_set_text(machine_config_add_thing(c, "device", "d"), "driver", "scsi-cd");
    }
    if (has_cards) {
        plug_cards(c);
    }
}

struct kind {
    unsigned harts;
    bool has_pci, has_disks, has_cards;
};

static struct machine *build(const char *elf, const struct kind *k)
{
    struct machine_config config;
    struct machine_image *kernel = &config.images[IMAGE_KERNEL];
    struct machine *m;
    struct error e;
    size_t size;

    machine_config_init(&config);
    config.bios_none = 1;
    config.hart_count = k->harts;
    if (k->has_pci) {
        plug(&config, k->has_disks, k->has_cards);
    }
    kernel->name = base_strdup(elf);
    if (host_file_read_all(elf, 64 * MIB, &kernel->data, &size, &e) < 0) {
        fprintf(stderr, "forged-states: %s\n", e.text);
        exit(1);
    }
    kernel->size = size;
    snprintf(config.arch, sizeof config.arch, "%s", board_arch_of(&config));
    m = board_build(&config, &e);
    must(m != NULL);
    machine_config_fini(&config);
    return m;
}

static void take_states(struct subject *g)
{
    uint8_t *to = g->states;

    for (unsigned i = 0; i < machine_part_count(g->machine); i++) {
        const struct machine_part *part = machine_part(g->machine, i);

        memcpy(to, part->state, part->table->state_size);
        to += part->table->state_size;
    }
}

static void put_states(struct subject *g)
{
    const uint8_t *from = g->states;

    for (unsigned i = 0; i < machine_part_count(g->machine); i++) {
        const struct machine_part *part = machine_part(g->machine, i);

        memcpy(part->state, from, part->table->state_size);
        from += part->table->state_size;
    }
    machine_forget(g->machine);
}

static void try_it(struct subject *g)
{
    struct machine *m = g->machine;
    struct error e = {{0}};

    if (machine_check_states(m, g->states, &e) < 0) {
        if (strlen(e.text) < 20) {
            fprintf(stderr, "FAILED: refused with \"%s\"\n", e.text);
            g->failed = true;
        }
        g->refused++;
        return;
    }
    g->ran++;
    if (jit_supported()) {
        must(engine_use_jit(machine_engine(m), g->ran % 2 == 0, NULL) == 0);
    }
    put_states(g);
    (void)machine_run(m, machine_state(m)->now + g->ticks, false);
    (void)machine_hash(m);
    checkpoint_restore(g->store, g->here);
    machine_forget(m);
}

static void try_element(struct subject *g, const struct field *f, uint8_t *state, uint32_t n)
{
    const uint64_t old = field_get(f, state, n), top = UINT64_C(1) << (8 * f->element_size - 1);
    const uint64_t random = chance_next(&g->seed);
    const uint64_t values[] = {
        0, 1, top - 1, top, UINT64_MAX, random, old ^ UINT64_C(1) << random % (8 * f->element_size),
    };

    for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
        field_set(f, state, n, values[i]);
        try_it(g);
    }
    field_set(f, state, n, old);
}

static void try_all(struct subject *g)
{
    uint8_t *state = g->states;

    for (unsigned i = 0; i < machine_part_count(g->machine); i++) {
        const struct field_table *table = machine_part(g->machine, i)->table;

        for (size_t k = 0; k < table->field_count; k++) {
            for (uint32_t n = 0; n < table->fields[k].count; n++) {
                try_element(g, &table->fields[k], state, n);
            }
        }
        state += table->state_size;
    }
}

/* Some fields at once, as a guest would never have them together. */
static void try_many(struct subject *g, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t *state = g->states;

        take_states(g);
        for (unsigned p = 0; p < machine_part_count(g->machine); p++) {
            const struct field_table *table = machine_part(g->machine, p)->table;

            for (unsigned k = 0; k < 3; k++) {
                const struct field *f = &table->fields[chance_next(&g->seed) % table->field_count];
                uint64_t value = chance_next(&g->seed);

                value = f->rule == FIELD_IS_AT_MOST  ? value % (f->limit + 1)
                        : f->rule == FIELD_IS_WITHIN ? value & f->limit
                                                     : value & (UINT64_MAX << value % 64);
                field_set(f, state, (uint32_t)(chance_next(&g->seed) % f->count), value);
            }
            state += table->state_size;
        }
        try_it(g);
    }
    take_states(g);
}

static void at_some_ticks(struct subject *g)
{
    tick end;

    (void)machine_run(g->machine, STEPS_MOST, false);
    end = machine_state(g->machine)->now;
    for (unsigned i = 0; i < PLACES; i++) {
        struct checkpoint *start = g->here;

        checkpoint_restore(g->store, start);
        machine_forget(g->machine);
        (void)machine_run(g->machine, 1 + end / PLACES * i + chance_next(&g->seed) % (end / PLACES),
                          false);
        g->here = checkpoint_save(g->store);
        take_states(g);
        try_all(g);
        try_many(g, 200);
        checkpoint_drop(g->here);
        g->here = start;
    }
}

static void run_subject(struct subject *g, const char *elf, const struct kind *k)
{
    g->machine = build(elf, k);
    g->store = checkpoint_store_new(g->machine);
    g->here = checkpoint_save(g->store);
    g->size = 0;
    for (unsigned i = 0; i < machine_part_count(g->machine); i++) {
        g->size += machine_part(g->machine, i)->table->state_size;
    }
    g->states = base_alloc(g->size, 1);
    at_some_ticks(g);
    free(g->states);
    checkpoint_drop(g->here);
    checkpoint_store_free(g->store);
    machine_free(g->machine);
}

int main(int argc, char **argv)
{
    struct subject g = {.ticks = 1000, .seed = 8};
    struct kind kind = {.harts = 2};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--ticks") == 0 && i + 1 < argc) {
            g.ticks = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--smp") == 0 && i + 1 < argc) {
            kind.harts = (unsigned)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--pci") == 0) {
            kind.has_pci = true;
        } else if (strcmp(argv[i], "--disks") == 0) {
            kind.has_disks = true;
        } else if (strcmp(argv[i], "--cards") == 0) {
            kind.has_cards = true;
        } else {
            run_subject(&g, argv[i], &kind);
        }
    }
    printf("%llu forged states refused, %llu run on from for %llu ticks\n", g.refused, g.ran,
           (unsigned long long)g.ticks);
    return g.failed || g.refused == 0 || g.ran == 0;
}
