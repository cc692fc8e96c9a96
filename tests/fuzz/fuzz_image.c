/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_image: a kernel file of any format: read, placed, and laid out in RAM as boards of each kind of
 * Linux's images do it.
 */
#include "board/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_kind(const uint8_t *data, size_t size, const struct program_kind *kind)
{
    const struct machine_image image = {
        .name = NULL, .data = (uint8_t *)(uintptr_t)data, .size = size};
    struct ram_layout r = {.base = UINT64_C(0x80000000), .size = 16 * MIB};
    struct program p;
    struct error e = {""};
    int result = program_read(&image, "kernel", kind, r.size, &p, &e);

    must((result < 0) == (e.text[0] != '\0'));
    if (result == 0) {
        must(p.segments.count >= 1 && p.segments.count <= SEGMENTS_MAX);
        program_place(&p, r.base + 4096);
        result = ram_clip_program(&r, "kernel", &p, &e);
    }
    if (result == 0) {
        bool fits = true;

        must(p.segments.count >= 1);
        for (size_t i = 0; i < p.segments.count; i++) {
            const struct segment *s = &p.segments.data[i];

            must(s->data_bytes <= s->size_bytes);
            (void)hash_bytes(s->data, s->data_bytes, 0); /* it is all there */
            fits = fits && ram_take(&r, "kernel", s->at, s->size_bytes, &e) == 0;
        }
        must(program_end(&p) <= r.base + r.size);
        must(!fits || r.places.count == p.segments.count);
    }
    vec_fini(&r.places);
    program_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct program_kind kinds[] = {
        {.elf_machine = 243, .align = 2 * MIB},
        {.elf_machine = 183, .align = 2 * MIB, .image_mark = "ARM\x64", .raw_offset = 0x80000},
        {.elf_machine = 40,
         .is_32 = true,
         .align = 2 * MIB,
         .takes_zimage = true,
         .raw_offset = 0x10000},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        try_kind(data, size, &kinds[i]);
    }
    return 0;
}
