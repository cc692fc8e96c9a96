/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_faults: one-bit faults in a real machine running a guest program: in memory, in the
 * registers of each hart, in the fields of each device. Each is named at exactly its tick and field.
 *
 *   travel_faults --elf FILE [--smp N] [--seed N]
 */
#include <stdio.h>
#include <stdlib.h>

#include "../ram.h"
#include "board/board.h"
#include "host/host.h"
#include "oracle.h"

#define END UINT64_C(60000)

struct subject {
    struct machine_config config;
    unsigned named, healed, failed;
    uint64_t seed;
};

struct side {
    struct machine *machine;
    struct oracle_source source;
    struct travel *travel;
};

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "travel_faults: %s\n", what);
    exit(1);
}

static uint64_t draw(struct subject *g)
{
    g->seed++;
    return hash_bytes(&g->seed, sizeof g->seed, 0);
}

static void side_init(struct subject *g, struct side *s)
{
    const struct travel_limits limits = {.spacing = 5000, .count = 30};
    struct travel_source source = oracle_source_init(&s->source, NULL, 0, END);
    struct error e;

    s->machine = board_build(&g->config, &e);
    if (s->machine == NULL) {
        give_up(e.text);
    }
    s->travel = travel_new(s->machine, &source, &limits);
}

static void side_fini(struct side *s)
{
    travel_free(s->travel);
    machine_free(s->machine);
    text_fini(&s->source.output);
}

/* What a fault did may heal before the next comparison; then there is nothing to find. Right at
 * its tick it is always there. */
static void check(struct subject *g, tick at, const char *part, const char *field, uint64_t index,
                  unsigned bit, uint64_t stride, const char *where)
{
    struct side a, b;
    struct travel_difference d;
    struct error e;

    side_init(g, &a);
    side_init(g, &b);
    if (travel_inject(b.travel, at, part, field, index, bit, &e) < 0) {
        give_up(e.text);
    }
    if (stride == 1) { /* only around it: every tick from the beginning would take long */
        (void)travel_seek(a.travel, at - 1);
        (void)travel_seek(b.travel, at - 1);
        must(machine_hash(a.machine) == machine_hash(b.machine));
        (void)travel_seek(a.travel, at);
        (void)travel_seek(b.travel, at);
        d = (struct travel_difference){.finding = FOUND_STATE, .at = at};
        if (!machine_first_difference(a.machine, b.machine, &d.difference) ||
            machine_hash(a.machine) == machine_hash(b.machine)) {
            d.finding = FOUND_SAME;
        }
    } else {
        travel_diff(a.travel, b.travel, stride, &d);
    }
    if (d.finding == FOUND_STATE && d.at == at && strcmp(d.difference.where, where) == 0) {
        g->named++;
    } else if (d.finding == FOUND_SAME && stride != 1) {
        g->healed++;
    } else {
        g->failed++;
        fprintf(stderr, "FAILED %s bit %u at %llu: finding %d at %llu, %s\n", where, bit,
                (unsigned long long)at, (int)d.finding, (unsigned long long)d.at,
                d.difference.where);
    }
    side_fini(&a);
    side_fini(&b);
}

/* The machine's own clock cannot be hurt; and a level of a FIFO or an index that is out of its
 * range is no state that a machine can be in. */
static bool is_spared(const struct machine_part *part, const struct field *f)
{
    static const char *const names[] = {"now", "current", "count", "head", "tail", "length"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strstr(f->name, names[i]) != NULL) {
            return true;
        }
    }
    return strcmp(part->name, "machine") == 0 && strncmp(f->name, "clock.", 6) == 0;
}

static void check_part(struct subject *g, const struct machine_part *part)
{
    for (size_t i = 0; i < part->table->field_count; i++) {
        const struct field *f = &part->table->fields[i];
        uint64_t index = draw(g) % f->count;
        tick at = 1 + draw(g) % (END - 2);
        unsigned bit = (unsigned)(draw(g) % (f->element_size * UINT64_C(8)));
        char where[96];

        if (is_spared(part, f)) {
            continue;
        }
        if (f->count > 1) {
            snprintf(where, sizeof where, "%s.%s[%u]", part->name, f->name, (unsigned)index);
        } else {
            snprintf(where, sizeof where, "%s.%s", part->name, f->name);
        }
        check(g, at, part->name, f->name, index, bit, i % 2 == 0 ? 1 : 700, where);
    }
}

static void check_memory(struct subject *g, haddr ram)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t offset = g->config.ram_bytes / 2 + draw(g) % (g->config.ram_bytes / 4);
        char where[32];

        snprintf(where, sizeof where, "ram+0x%llx", (unsigned long long)(offset & ~UINT64_C(7)));
        check(g, 1 + draw(g) % (END - 2), "ram", NULL, ram + offset, (unsigned)(draw(g) % 8), 0,
              where);
    }
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return otherwise;
}

int main(int argc, char **argv)
{
    struct subject g = {.seed = strtoull(option(argc, argv, "--seed", "1"), NULL, 10)};
    const char *elf = option(argc, argv, "--elf", NULL);
    struct machine_image *kernel = &g.config.images[IMAGE_KERNEL];
    struct side model;
    struct error e;
    size_t size;

    machine_config_init(&g.config);
    if (elf == NULL || host_file_read_all(elf, 64 * MIB, &kernel->data, &size, &e) < 0) {
        give_up(elf == NULL ? "--elf FILE" : e.text);
    }
    kernel->name = base_strdup(elf);
    kernel->size = size;
    snprintf(g.config.arch, sizeof g.config.arch, "%s", board_arch_of(&g.config));
    g.config.ram_bytes = 4 * MIB;
    g.config.bios_none = 1;
    g.config.hart_count = (uint32_t)strtoul(option(argc, argv, "--smp", "2"), NULL, 10);
    side_init(&g, &model);
    for (unsigned i = 0; i < machine_part_count(model.machine); i++) {
        check_part(&g, machine_part(model.machine, i));
    }
    check_memory(&g, first_ram(model.machine)->home);
    side_fini(&model);
    machine_config_fini(&g.config);
    printf("%u faults named, %u healed before they were looked for, %u failed\n", g.named, g.healed,
           g.failed);
    return g.failed != 0 || g.named < 3 * g.healed;
}
