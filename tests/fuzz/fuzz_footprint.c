/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_footprint: footprints of spans as an index gives them: any bytes are answered, and the same
 * way twice; what cannot be read allows everything.
 */
#include <stdlib.h>

#include "../toy/toy.h"
#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t code[] = {TOY_WAIT};
    static const enum probe_kind kinds[] = {PROBE_BREAK,        PROBE_WATCH_READ, PROBE_WATCH_WRITE,
                                            PROBE_WATCH_ACCESS, PROBE_PHYSICAL,   PROBE_STEP};
    struct machine *m = toy_machine(1, 97, code, sizeof code);
    uint8_t *bytes = base_alloc(size + 1, 1);

    memcpy(bytes, data, size);
    for (unsigned i = 0; i < 60; i++) {
        const struct probe p = {.kind = kinds[i % 6],
                                .hart = PROBE_ANY_HART,
                                .at = i < 30 ? TOY_RAM + i * 777 : (uint64_t)0 - i * 99,
                                .size = kinds[i % 6] == PROBE_BREAK ? 0 : 1 + i * 37 % 50};
        bool first = engine_footprint_allows(bytes, size, machine_mem(m), &p);

        must(first == engine_footprint_allows(bytes, size, machine_mem(m), &p));
        must(first || p.kind != PROBE_STEP);
        /* Cut off: anything may be, but a write to where no memory is. */
        must(engine_footprint_allows(bytes, 0, machine_mem(m), &p) ||
             (p.kind == PROBE_PHYSICAL && mem_block_of(machine_mem(m), p.at) == NULL));
    }
    free(bytes);
    machine_free(m);
    return 0;
}
