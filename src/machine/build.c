/* SPDX-License-Identifier: GPL-2.0-or-later
 * build: putting a machine together. Order of adding is order of everything.
 */
#include <stdio.h>
#include <stdlib.h>

#include "machine/internal.h"

static const struct field machine_fields[] = {
    FIELD_MAX(struct machine_state, now, TICK_NEVER - 1),
    FIELD(struct machine_state, instructions),
    FIELD(struct machine_state, clock.base_ns),
    FIELD(struct machine_state, clock.base_tick),
    FIELD(struct machine_state, clock.shift),
    FIELD(struct machine_state, quantum_left),
    FIELD(struct machine_state, current),
    FIELD(struct machine_state, exit_status),
    FIELD_MAX(struct machine_state, power, POWER_RESET_END),
    FIELD_MASK(struct machine_state, reset_requested, RESET_POWER | RESET_WARM),
    FIELD(struct machine_state, hart_resets),
    FIELD_ARRAY(struct machine_state, zero),
};
const struct field_table machine_state_table = FIELD_TABLE(struct machine_state, machine_fields);

static void add_part(struct machine *m, const char *name, const struct field_table *table,
                     void *state, struct live_tree *tree)
{
    must(m->part_count < MACHINE_PARTS_MAX);
    m->parts[m->part_count++] = (struct machine_part){
        .name = base_strdup(name), .table = table, .state = state, .tree = tree};
}

static enum inlet_answer silent_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    (void)opaque;
    (void)now;
    (void)in;
    *ask_again = TICK_NEVER;
    return INLET_QUIET;
}

static tick silent_idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    (void)now;
    return event;
}

static int add_port(struct machine *m, const char *name, struct device *d, struct error *e)
{
    struct port *p = &m->ports[m->port_count];

    if (m->port_count == MACHINE_PORTS_MAX) {
        return error_set(e, "more than %d ports", MACHINE_PORTS_MAX);
    }
    snprintf(p->name, sizeof p->name, "%s", name);
    p->device = d;
    p->message_max = d != NULL ? d->class->message_max : INPUT_BYTES_MAX;
    must(p->message_max <= INPUT_BYTES_MAX);
    return (int)m->port_count++;
}

static int make_model(struct machine *m, unsigned hart, struct error *e)
{
    const struct isa_options o = {
        .cpu = m->cpu_option[0] ? m->cpu_option : NULL, .hart = hart, .hart_count = m->hart_count};
    uint8_t first = 0;
    void *model;

    if (m->isa->make_model == NULL) {
        return o.cpu == NULL ? 0
                             : error_set(e, "-cpu: %s has one CPU, without options", m->isa->name);
    }
    model = base_alloc(1, m->isa->model_size);
    m->cpus[hart].model = model;
    if (m->isa->make_model(model, &o, e) < 0) {
        return -1;
    }
    while (memcmp(m->cpus[first].model, model, m->isa->model_size) != 0) {
        first++; /* at last it is its own */
    }
    m->cpus[hart].model_number = first;
    return 0;
}

struct machine *machine_new(const struct machine_config *c, const struct isa *isa, struct error *e)
{
    struct machine *m;

    if (c->hart_count < 1 || c->hart_count > MACHINE_HARTS_MAX) {
        error_set(e, "a machine has 1 to %d harts, not %u", MACHINE_HARTS_MAX, c->hart_count);
        return NULL;
    }
    if (c->quantum == 0 || c->shift > MACHINE_SHIFT_MAX) {
        error_set(e, "quantum %llu, shift %llu: a quantum is at least 1, a shift at most 10",
                  (unsigned long long)c->quantum, (unsigned long long)c->shift);
        return NULL;
    }
    m = base_alloc(1, sizeof(*m));
    m->isa = isa;
    m->hart_count = c->hart_count;
    m->seed = c->seed;
    m->quantum = c->quantum;
    m->no_reboot = c->no_reboot;
    m->state.clock.shift = c->shift;
    snprintf(m->cpu_option, sizeof m->cpu_option, "%s", c->cpu);
    m->inlet = (struct inlet){.next = silent_next, .idle = silent_idle};
    mem_init(&m->mem);
    mem_init(&m->io);
    tree_pool_init(&m->pages);
    add_part(m, "machine", &machine_state_table, &m->state, NULL);
    for (unsigned h = 0; h < m->hart_count; h++) {
        char name[16];
        snprintf(name, sizeof name, "hart%u", h);
        cpu_init(&m->cpus[h], base_alloc(1, isa->state.state_size), &m->mem);
        m->cpus[h].number = h;
        m->cpus[h].isa = isa;
        m->cpus[h].mmu = &isa->mmu;
        m->cpus[h].clock = &m->state.clock;
        m->cpus[h].machine = m;
        m->cpus[h].platform = &machine_platform;
        add_part(m, name, &isa->state, m->cpus[h].state, NULL);
        if (make_model(m, h, e) < 0) {
            machine_free(m);
            return NULL;
        }
    }
    must(add_port(m, "poke", NULL, e) == POKE_PORT);
    m->recorded = c->uses;
    if (machine_use(m, "machine", "core", MACHINE_BEHAVIOUR, e) < 0 ||
        machine_use(m, "isa", isa->name, isa->behaviour, e) < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}

static void free_device(struct device *d)
{
    if (d->wiring->fini_links != NULL) {
        d->wiring->fini_links(d->links);
    }
    free(d->state);
    if (d->wiring->tree != NULL) {
        live_tree_fini(d->wiring->tree);
        free(d->wiring->tree);
    }
    free((void *)(uintptr_t)d->config);
    for (unsigned n = 0; n < DEVICE_LINES_MAX; n++) {
        vec_fini(&d->wiring->lines[n].wires);
    }
    free(d->wiring);
    free(d);
}

void machine_keep(struct machine *m, const struct machine_kept *kept)
{
    vec_push(&m->kept, *kept);
}

int machine_finish(struct machine *m, struct error *e)
{
    int result = 0;

    if (m->is_lost) { /* there is nothing that was */
        return 0;
    }
    for (size_t i = 0; i < m->kept.count; i++) {
        const struct machine_kept *k = &m->kept.data[i];

        if (k->finish != NULL && k->finish(k->what, result == 0 ? e : NULL) < 0) {
            result = -1;
        }
    }
    return result;
}

void machine_free(struct machine *m)
{
    if (!m) {
        return;
    }
    engine_free(m->engine);
    for (unsigned h = 0; h < m->hart_count; h++) {
        free(m->cpus[h].state);
        free((void *)(uintptr_t)m->cpus[h].model);
        cpu_fini(&m->cpus[h]);
    }
    for (unsigned i = 0; i < m->device_count; i++) {
        free_device(m->devices[i]);
    }
    for (unsigned i = 0; i < m->part_count; i++) {
        free((void *)(uintptr_t)m->parts[i].name);
    }
    for (size_t i = 0; i < m->loads.count; i++) {
        if (m->loads.data[i].shared != NULL) {
            shared_bytes_drop(m->loads.data[i].shared);
        } else {
            free((void *)(uintptr_t)m->loads.data[i].data);
        }
    }
    vec_fini(&m->loads);
    for (size_t i = m->kept.count; i-- > 0;) {
        m->kept.data[i].drop(m->kept.data[i].what);
    }
    vec_fini(&m->kept);
    lines_free(m);
    mem_fini(&m->mem);
    mem_fini(&m->io);
    tree_pool_fini(&m->pages);
    free(m);
}

static uint64_t window_read(void *opaque, struct mem_access a)
{
    struct device *d = opaque;

    if (!d->class->read || !(d->class->windows[a.window].sizes & a.size)) {
        return device_bad_read(d, a);
    }
    return d->class->read(d, a);
}

static void window_write(void *opaque, struct mem_access a, uint64_t value)
{
    struct device *d = opaque;

    if (!d->class->write || !(d->class->windows[a.window].sizes & a.size)) {
        device_bad_write(d, a, value);
        return;
    }
    d->class->write(d, a, value);
}

static void window_refused(void *opaque, uint64_t at, unsigned size, bool is_write)
{
    device_log(opaque, "guest error: %s of %u bytes at 0x%llx was refused",
               is_write ? "write" : "read", size, (unsigned long long)at);
}

static int add_window(struct device *d, unsigned n, struct error *e)
{
    struct mem_window w = {.size = d->class->window_bytes != NULL ? d->class->window_bytes(d, n)
                                                                  : d->class->windows[n].bytes,
                           .opaque = d,
                           .read = window_read,
                           .write = window_write,
                           .number = (uint16_t)n,
                           .sizes = d->class->windows[n].sizes,
                           .splits = d->class->windows[n].splits,
                           .refused = window_refused};
    snprintf(w.name, sizeof w.name, "%s", d->name);
    d->wiring->windows[n] = mem_add_loose_window(machine_space_of(d, n), &w, e);
    return d->wiring->windows[n] != NULL ? 0 : -1;
}

static int add_windows(struct device *d, struct error *e)
{
    const struct device_class *c = d->class;

    for (unsigned n = 0; n < DEVICE_WINDOWS_MAX && c->windows[n].bytes != 0; n++) {
        if (add_window(d, n, e) < 0) {
            return -1;
        }
    }
    return c->windows[0].bytes != 0 && c->map == NULL ? machine_place_window(d, 0, d->base, e) : 0;
}

int machine_place_window(struct device *d, unsigned window, paddr base, struct error *e)
{
    must(!d->machine->sealed && window < DEVICE_WINDOWS_MAX && d->wiring->windows[window] != NULL &&
         d->class->map == NULL);
    return mem_place_window(machine_space_of(d, window), d->wiring->windows[window], base, e);
}

void machine_give_links(struct device *d, void *links, void (*fini)(void *links))
{
    must(!d->machine->sealed && d->links == NULL);
    d->links = links;
    d->wiring->fini_links = fini;
}

void machine_give_storage(struct device *d, unsigned n, struct mem_block *b)
{
    must(!d->machine->sealed && n < DEVICE_STORAGES_MAX);
    d->wiring->storages[n] = b;
}

static int add_tree(struct machine *m, struct device *d, struct error *e)
{
    uint64_t bytes = d->class->tree_bytes(d);

    if (bytes == 0 || bytes > LIVE_TREE_MOST) {
        return error_set(e, "%s: it would hold %llu bytes, and %llu are the most", d->name,
                         (unsigned long long)bytes, (unsigned long long)LIVE_TREE_MOST);
    }
    d->wiring->tree = base_alloc(1, sizeof(*d->wiring->tree));
    live_tree_init(d->wiring->tree, &m->pages, bytes);
    return 0;
}

struct device *machine_add_device(struct machine *m, const struct device_class *class,
                                  const char *name, paddr base, const void *config,
                                  size_t config_size, const char *port_name, struct error *e)
{
    struct device *d;

    must(!m->sealed);
    if (m->device_count == MACHINE_DEVICES_MAX) {
        error_set(e, "more than %d devices", MACHINE_DEVICES_MAX);
        return NULL;
    }
    if (machine_use(m, "device", class->name, class->behaviour, e) < 0) {
        return NULL;
    }
    d = base_alloc(1, sizeof(*d));
    d->wiring = base_alloc(1, sizeof(*d->wiring));
    d->class = class;
    d->machine = m;
    d->number = m->device_count;
    d->base = base;
    d->port = -1;
    snprintf(d->name, sizeof d->name, "%s", name);
    d->state = base_alloc(1, class->state.state_size);
    if (config_size) {
        void *copy = base_alloc(1, config_size);
        memcpy(copy, config, config_size);
        d->config = copy;
    }
    must(class->output_lines <= DEVICE_LINES_MAX);
    m->devices[m->device_count++] = d;
    if (class->tree_bytes && add_tree(m, d, e) < 0) {
        return NULL;
    }
    add_part(m, d->name, &class->state, d->state, d->wiring->tree);
    if (add_windows(d, e) < 0) {
        return NULL;
    }
    if (port_name && (d->port = add_port(m, port_name, d, e)) < 0) {
        return NULL;
    }
    return d;
}

int machine_add_load(struct machine *m, haddr at, const void *data, uint64_t size, struct error *e)
{
    return machine_add_load_of(m, at, data, size, NULL, e);
}

int machine_add_load_of(struct machine *m, haddr at, const void *data, uint64_t size,
                        struct shared_bytes *shared, struct error *e)
{
    struct mem_block *b = mem_block_of(&m->mem, at);
    struct machine_load load = {.at = at, .size = size};

    if (size == 0) {
        return 0;
    }
    if (!b || size > b->size - (at - b->home)) {
        return error_set(e, "an image of %llu bytes at 0x%llx does not lie in memory",
                         (unsigned long long)size, (unsigned long long)at);
    }
    if (data != NULL && shared != NULL && size >= shared_bytes_size(shared) / 2) {
        load.data = data;
        load.shared = shared_bytes_hold(shared);
    } else if (data != NULL) {
        uint8_t *copy = base_alloc(size, 1);

        memcpy(copy, data, size);
        load.data = copy;
    }
    vec_push(&m->loads, load);
    return 0;
}

int machine_use(struct machine *m, const char *kind, const char *name, uint32_t behaviour,
                struct error *e)
{
    if (uses_check(&m->recorded, kind, name, behaviour, e) < 0) {
        return -1;
    }
    uses_add(&m->uses, kind, name, behaviour);
    return 0;
}

int machine_seal(struct machine *m, struct error *e)
{
    must(!m->sealed);
    if (uses_check_all(&m->recorded, &m->uses, e) < 0) {
        return -1;
    }
    m->engine = engine_new(&m->mem, m->cpus, m->hart_count);
    lines_seal(m);
    if (m->lines != NULL) { /* behind the devices, so that machines without it are as they were */
        add_part(m, "lines", &lines_table, m->lines, NULL);
    }
    m->sealed = true;
    machine_power_on(m, RESET_POWER);
    return 0;
}
