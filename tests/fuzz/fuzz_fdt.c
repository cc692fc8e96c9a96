/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_fdt: a user's device tree: refused with a sentence, or changed into one that is sound.
 */
#include "board/internal.h"

#include <stdlib.h>

#include <libfdt.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct machine_image image = {
        .name = NULL, .data = (uint8_t *)(uintptr_t)data, .size = size};
    const struct fdt_chosen chosen = {.bootargs = "console=ttyS0", .has_initrd = true};
    struct error e = {""};
    void *tree = fdt_from_image(&image, &e);

    if (tree != NULL && fdt_add_chosen(tree, &chosen, &e) == 0) {
        fdt_set_initrd(tree, 0x80200000, 0x80300000);
        must(fdt_check_full(tree, fdt_bytes(tree)) == 0);
    } else {
        must(e.text[0] != '\0');
    }
    free(tree);
    return 0;
}
