/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_checkpoint: the reader of checkpoints, behind its checksum: what it accepts is put into a
 * machine and written again, the same. It is not run: fields are believed (docs/checkpoints.md).
 */
#include <stdlib.h>

#include "checkpoint/checkpoint.h"
#include "../toy/toy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(struct checkpoint_store *s, struct checkpoint *c)
{
    struct text once = {0}, again = {0};
    struct checkpoint *saved;

    checkpoint_write(c, &once);
    checkpoint_restore(s, c);
    saved = checkpoint_save(s);
    checkpoint_write(saved, &again);
    must(once.length == again.length && memcmp(once.data, again.data, once.length) == 0);
    checkpoint_drop(saved);
    text_fini(&once);
    text_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t code[] = {TOY_WAIT};
    struct machine *m;
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct error e = {{0}};
    uint8_t *bytes;

    if (size < 8) {
        return 0;
    }
    bytes = base_alloc(size, 1);
    memcpy(bytes, data, size);
    bytes_set_le(bytes + size - 8, 8, hash_bytes(bytes, size - 8, 0));
    m = toy_machine(1, 97, code, sizeof code);
    s = checkpoint_store_new(m);
    c = checkpoint_read(s, bytes, size, &e);
    must((c == NULL) == (e.text[0] != '\0'));
    if (c != NULL) {
        check_accepted(s, c);
        checkpoint_drop(c);
    }
    checkpoint_store_free(s);
    machine_free(m);
    free(bytes);
    return 0;
}
