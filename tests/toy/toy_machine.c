/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_machine: a machine around the made-up processor.
 */
#include <stdio.h>
#include <stdlib.h>

#include "toy_parts.h"
#include "toy_state.h"

struct machine *toy_machine_begin(unsigned harts, uint64_t quantum, const void *code, size_t size)
{
    return toy_machine_of(NULL, harts, quantum, code, size);
}

struct machine *toy_machine_of(const char *cpu, unsigned harts, uint64_t quantum, const void *code,
                               size_t size)
{
    uint8_t tables[2 * PAGE_SIZE];
    struct machine_config config;
    struct error e;
    struct machine *m;
    struct device *d;

    machine_config_init(&config);
    config.hart_count = harts;
    config.quantum = quantum;
    if (cpu != NULL) {
        snprintf(config.cpu, sizeof config.cpu, "%s", cpu);
    }
    m = machine_new(&config, &toy_isa, &e);
    must(m != NULL);
    must(mem_add_block(machine_mem(m), "ram", TOY_RAM, TOY_RAM_SIZE, true, &e) == 0);
    must(mem_add_block(machine_mem(m), "rom", 0x8000, PAGE_SIZE, false, &e) == 0);
    d = machine_add_device(m, &toy_console, "console", TOY_CONSOLE, NULL, 0, "console", &e);
    must(d != NULL);
    machine_connect_hart(d, 0, 0, 1);
    d = machine_add_device(m, &toy_counter, "counter", TOY_SCRATCH, NULL, 0, NULL, &e);
    must(d != NULL);
    machine_connect_hart(d, 0, harts - 1, 2);
    toy_add_mover(m);
    toy_add_state_devices(m);
    toy_make_tables(tables);
    must(machine_add_load(m, TOY_TABLES, tables, sizeof tables, &e) == 0);
    must(machine_add_load(m, TOY_RAM, code, size, &e) == 0);
    must(machine_add_load(m, 0x8000, "read-only", 10, &e) == 0);
    machine_config_fini(&config);
    return m;
}

struct machine *toy_machine(unsigned harts, uint64_t quantum, const void *code, size_t size)
{
    struct machine *m = toy_machine_begin(harts, quantum, code, size);

    must(machine_seal(m, NULL) == 0);
    return m;
}

struct machine *toy_machine_at_0(unsigned harts, size_t (*program)(uint8_t *code, size_t room))
{
    static const size_t room = 8192;
    uint8_t *code = base_alloc(room, 1);
    struct machine *m = toy_machine(harts, 97, code, program(code, room));

    free(code);
    toy_run_to(m, 0);
    return m;
}

void toy_run_to(struct machine *m, tick t)
{
    must(machine_run(m, t, false) == STOP_TICK);
}
