/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_gdb_agent: any bytes as a breakpoint's condition. What is accepted has, or has not, a value,
 * the same each time, for every hart; the machine is never changed by asking.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board/board.h"
#include "gdb/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t program[] = {
    0x0000006f, /* j 0 */
};

static struct machine *new_machine(void)
{
    struct machine_config c;
    struct machine *m;
    struct error e;

    machine_config_init(&c);
    snprintf(c.arch, sizeof c.arch, "riscv64");
    c.hart_count = 2;
    c.ram_bytes = 2 * MIB;
    c.images[IMAGE_BIOS].name = base_strdup("program");
    c.images[IMAGE_BIOS].data = base_alloc(1, sizeof program);
    c.images[IMAGE_BIOS].size = sizeof program;
    memcpy(c.images[IMAGE_BIOS].data, program, sizeof program);
    m = board_build(&c, &e);
    if (m == NULL) {
        fprintf(stderr, "fuzz: %s\n", e.text);
        abort();
    }
    machine_config_fini(&c);
    return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine *m = new_machine();
    struct error e = {.text = ""};
    struct gdb_agent *a = gdb_agent_new(machine_isa(m), data, size, &e);
    uint64_t hash = machine_hash(m);

    must((a == NULL) == (e.text[0] != '\0'));
    for (unsigned i = 0; a != NULL && i < 4; i++) {
        uint64_t value = 0, again = 0;
        bool has = gdb_agent_run(a, m, i % 2, &value);

        must(gdb_agent_run(a, m, i % 2, &again) == has && value == again);
    }
    must(machine_hash(m) == hash && !machine_cpu(m, 0)->fault.raised);
    gdb_agent_free(a);
    machine_free(m);
    return 0;
}
