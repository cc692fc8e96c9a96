/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_elf: ELF headers alone, so that no input is spent on other formats: the mark is put there.
 */
#include "board/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t start[] = {0x7f, 'E', 'L', 'F', 2, 1};
    struct program p = {.segment_count = 0};
    struct error e = {""};
    uint8_t *file;

    if (size < sizeof start) {
        return 0;
    }
    file = base_alloc(size, 1);
    memcpy(file, data, size);
    memcpy(file, start, sizeof start);
    (void)elf_machine_of(file, size);
    if (elf_read(file, size, 243, &p, &e) == 0) {
        bool entry_is_inside = false;

        for (unsigned i = 0; i < p.segment_count; i++) {
            const struct segment *s = &p.segments[i];

            (void)hash_bytes(s->data, s->data_bytes, 0);
            must(s->data_bytes <= s->size_bytes && s->at + (s->size_bytes - 1) >= s->at);
            entry_is_inside = entry_is_inside || p.entry - s->at < s->size_bytes;
        }
        must(entry_is_inside);
    } else {
        must(e.text[0] != '\0');
    }
    free(file);
    return 0;
}
