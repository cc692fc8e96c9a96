/* SPDX-License-Identifier: GPL-2.0-or-later
 * registry: the guest instruction sets there are. A new one adds its line here.
 */
#include "isa/isa.h"

/* Each is in its own folder, whose header says much that the others say, too. */
extern const struct isa isa_aarch64, isa_arm, isa_riscv32, isa_riscv64;

const struct isa *const isa_registry[] = {
    &isa_riscv64,
    &isa_riscv32,
    &isa_aarch64,
    &isa_arm,
};
const size_t isa_registry_count = ARRAY_LEN(isa_registry);

const struct isa *isa_by_name(const char *name)
{
    for (size_t i = 0; i < isa_registry_count; i++) {
        if (strcmp(isa_registry[i]->name, name) == 0) {
            return isa_registry[i];
        }
    }
    return NULL;
}
