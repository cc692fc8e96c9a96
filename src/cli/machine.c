/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine: builds a machine and chooses how its guest code is run, which nobody can tell from it.
 */
#include "board/board.h"
#include "cli/cli.h"

void cli_bound_pages(struct machine *m, struct host_scratch *scratch, uint64_t bytes)
{
    if (scratch != NULL) {
        tree_pool_spill(machine_pages(m), scratch, (size_t)(bytes / PAGE_SIZE));
    }
}

struct machine *cli_machine(const struct machine_config *c, const struct options *o,
                            struct error *e)
{
    struct machine *m = board_build(c, e);
    bool interpret = o->accel && strcmp(o->accel, "jit") != 0; /* verify has its own compiled one */
    bool insist = o->accel && !interpret;

    if (m != NULL) {
        cli_bound_pages(m, o->scratch, CLI_PAGES);
    }
    if (!m || interpret) {
        return m;
    }
    engine_set_softfloat(machine_engine(m), o->softfloat);
    if (engine_use_jit(machine_engine(m), true, e) < 0 && insist) {
        machine_free(m);
        return NULL;
    }
    return m;
}
