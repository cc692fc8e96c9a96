/* SPDX-License-Identifier: GPL-2.0-or-later
 * reset: what is as at power-on again, and what is not. First all state is cleared but for what its
 * owner says survives, then harts and devices set what begins with another value; so what a device
 * tells another one while it is reset is heard, whatever their order. Virtual time, the counts of
 * instructions and, unless power was off, RAM that no image covers stay.
 */
#include "machine/internal.h"

/* Pages that are zero are left alone: the host need not have them. */
static void load_zeros(struct mem *m, haddr at, uint64_t size)
{
    static const uint8_t zeros[PAGE_SIZE];

    while (size != 0) {
        uint64_t piece = PAGE_SIZE - at % PAGE_SIZE;
        const struct mem_block *b = mem_block_of(m, at);

        piece = piece < size ? piece : size;
        if (memcmp(mem_host(b, at), zeros, piece) != 0) {
            must(mem_load_bytes(m, at, zeros, piece));
        }
        at += piece;
        size -= piece;
    }
}

static void load_image(struct mem *m, const struct machine_load *load)
{
    if (load->data != NULL) {
        must(mem_load_bytes(m, load->at, load->data, load->size));
    } else {
        load_zeros(m, load->at, load->size);
    }
}

/* What power off takes from RAM. Images are laid down afterwards. */
static void clear_memory(struct machine *m)
{
    for (unsigned i = 0; i < m->mem.block_count; i++) {
        const struct mem_block *b = &m->mem.blocks[i];

        if (b->is_ram) {
            load_zeros(&m->mem, b->home, b->size);
        }
    }
}

/* The state has been zeroed but for what survives, or was never anything else. */
static void reset_hart(struct machine *m, unsigned h, enum reset_kind kind)
{
    const struct isa *isa = m->isa;
    struct cpu *cpu = &m->cpus[h];
    uint64_t instructions = cpu->hart->instructions;
    const struct isa_options o = {
        .hart = h, .hart_count = m->hart_count, .reset = kind, .seed = m->seed};

    reset_clear(cpu->state, isa->state.state_size, isa->survivors, isa->survivor_count, kind);
    isa->reset(cpu->state, cpu->model, &o);
    cpu->hart->instructions = instructions;
}

static void reset_devices(struct machine *m, enum reset_kind kind)
{
    for (unsigned i = 0; i < m->device_count; i++) {
        device_clear(m->devices[i], kind);
    }
    lines_clear(m);
    for (unsigned i = 0; i < m->device_count; i++) {
        const struct device_class *class = m->devices[i]->class;

        if (class->reset) {
            class->reset(m->devices[i]);
        }
    }
}

void machine_power_on(struct machine *m, enum reset_kind kind)
{
    m->state.reset_requested = 0;
    m->state.hart_resets = 0;
    m->state.current = 0;
    m->state.quantum_left = m->quantum;
    machine_writes(m, "reset");
    for (size_t i = 0; i < m->loads.count; i++) {
        load_image(&m->mem, &m->loads.data[i]);
    }
    machine_writes(m, NULL);
    for (unsigned h = 0; h < m->hart_count; h++) {
        reset_hart(m, h, kind);
    }
    reset_devices(m, kind);
    if (m->board.reset) {
        m->board.reset(m, &m->board);
    }
    machine_forget(m);
}

static void reset_all(struct machine *m, enum reset_kind kind)
{
    if (kind == RESET_POWER) {
        machine_writes(m, "reset");
        clear_memory(m);
        machine_writes(m, NULL);
    }
    machine_power_on(m, kind);
}

static void reset_some(struct machine *m, unsigned harts)
{
    m->state.hart_resets = 0;
    for (unsigned h = 0; h < m->hart_count; h++) {
        if ((harts >> h & 1) == 0) {
            continue;
        }
        reset_hart(m, h, RESET_HART);
        for (unsigned i = 0; i < m->device_count; i++) {
            if (m->devices[i]->class->hart_reset) {
                m->devices[i]->class->hart_reset(m->devices[i], h);
            }
        }
        cpu_forget(&m->cpus[h]);
    }
}

void machine_reset_requested(struct machine *m)
{
    if (m->state.reset_requested != 0) {
        reset_all(m, m->state.reset_requested & RESET_POWER ? RESET_POWER : RESET_WARM);
    } else if (m->state.hart_resets != 0) {
        reset_some(m, m->state.hart_resets);
    }
}

void machine_request_reset(struct machine *m, enum reset_kind kind)
{
    must(kind == RESET_WARM || kind == RESET_POWER);
    if (m->no_reboot) {
        machine_power_off(m, POWER_RESET_END, 0);
        return;
    }
    m->state.reset_requested |= (uint8_t)kind;
    if (m->running) {
        m->running->look = true;
    }
}

void machine_request_hart_reset(struct machine *m, unsigned hart)
{
    must(hart < m->hart_count);
    m->state.hart_resets |= (uint8_t)(1u << hart);
    if (m->running) {
        m->running->look = true;
    }
}
