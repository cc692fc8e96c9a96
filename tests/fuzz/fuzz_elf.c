/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_elf: ELF headers alone, so that no input is spent on other formats: the mark is put there.
 */
#include "board/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left lies in the RAM, and so does where it starts. */
static void clip(struct program *p)
{
    const struct ram_layout r = {.base = UINT64_C(0x80000000), .size = 16 * MIB};
    struct error e = {""};

    if (ram_clip_program(&r, "kernel", p, &e) < 0) {
        must(e.text[0] != '\0');
        return;
    }
    must(p->segments.count >= 1 && p->entry - r.base < r.size);
    must(ram_kernel_start(&r, p, false) - r.base < r.size);
    for (size_t i = 0; i < p->segments.count; i++) {
        const struct segment *s = &p->segments.data[i];

        (void)hash_bytes(s->data, s->data_bytes, 0);
        must(s->data_bytes <= s->size_bytes && s->size_bytes != 0);
        must(s->at - r.base < r.size && s->size_bytes <= r.size - (s->at - r.base));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct program_kind kind = {.elf_machine = 243, .is_32 = size % 2 != 0};
    const uint8_t start[] = {0x7f, 'E', 'L', 'F', kind.is_32 ? 1 : 2, 1};
    struct program p = {.placed = false};
    struct error e = {""};
    uint8_t *file;

    if (size < sizeof start) {
        return 0;
    }
    file = base_alloc(size, 1);
    memcpy(file, data, size);
    memcpy(file, start, sizeof start);
    (void)elf_machine_of(file, size);
    if (elf_read(file, size, &kind, &p, &e) == 0) {
        must(p.placed && p.segments.count >= 1 && p.segments.count <= SEGMENTS_MAX);
        for (size_t i = 0; i < p.segments.count; i++) {
            const struct segment *s = &p.segments.data[i];

            (void)hash_bytes(s->data, s->data_bytes, 0);
            must(s->size_bytes != 0 && s->data_bytes <= s->size_bytes);
            must(s->at + (s->size_bytes - 1) >= s->at);
        }
        clip(&p);
    } else {
        must(e.text[0] != '\0');
    }
    program_fini(&p);
    free(file);
    return 0;
}
