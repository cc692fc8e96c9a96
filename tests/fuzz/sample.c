/* SPDX-License-Identifier: GPL-2.0-or-later
 * sample: a target whose bugs are known, to see that the driver finds and keeps them. It fails
 * in the way that the environment names: when the bytes are no longer what the seed says, when
 * they are longer than any seed, or never.
 */
#include "base/base.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *how = getenv("FUZZ_SAMPLE");
    bool changed = size >= 4 && memcmp(data, "seed", 4) != 0;
    bool grown = size > 32;

    if (how != NULL && strcmp(how, "abort") == 0 && changed) {
        abort();
    }
    if (how != NULL && strcmp(how, "must") == 0) {
        must(!grown);
    }
    return 0;
}
