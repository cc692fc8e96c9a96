/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas ISA FILE [MODE]: prints a file's bytes as instructions, "offset TAB text" a line, for riscv/disas_reassemble.py and arm64/disas_compare.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "isa/isa.h"

int main(int argc, char **argv)
{
    const struct isa *isa = argc == 3 || argc == 4 ? isa_by_name(argv[1]) : NULL;
    size_t room = MIB, size;
    uint8_t *bytes = base_alloc(room, 1);
    uint32_t mode = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 0) : 0; /* lifter.block_mode()'s */
    FILE *file = isa != NULL ? fopen(argv[2], "rb") : NULL;

    if (file == NULL) {
        fprintf(stderr, "usage: disas ISA FILE [MODE]\n");
        return 1;
    }
    size = fread(bytes, 1, room, file);
    for (size_t at = 0; at < size;) {
        struct text t = {0};
        unsigned available = size - at > 16 ? 16 : (unsigned)(size - at);
        unsigned length = isa->disassemble(bytes + at, available, at, mode, &t);

        if (length == 0) {
            fprintf(stderr, "disas: half an instruction at the end\n");
            return 1;
        }
        printf("%zx\t%s\n", at, t.data);
        text_fini(&t);
        at += length;
    }
    fclose(file);
    free(bytes);
    return 0;
}
