/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_checkpoint: the reader of checkpoints, behind its checksum: what it accepts is put into a
 * machine and written again, the same. It is not run: fields are believed (docs/checkpoints.md).
 */
#include <stdlib.h>

#include "checkpoint/checkpoint.h"
#include "../toy/toy_state.h"

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

static void good_one(struct text *out)
{
    struct machine *m = toy_machine_at_0(1, toy_state_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct checkpoint *c;

    (void)machine_run(m, 700, false);
    c = checkpoint_save(s);
    checkpoint_write(c, out);
    checkpoint_drop(c);
    checkpoint_store_free(s);
    machine_free(m);
}

/* The machine changes with what tests want of it, and what is stored would soon be refused at its
 * first field. So an input that begins with EDITS is a list of changes to a checkpoint as it is made now:
 * four bytes of where, one of what. */
#define EDITS "edits\n"

static void take_edits(struct text *t, const uint8_t *data, size_t size)
{
    good_one(t);
    for (size_t at = sizeof EDITS - 1; at + 5 <= size; at += 5) {
        t->data[bytes_get_le(data + at, 4) % t->length] = (char)data[at + 4];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text bytes = {0};
    struct error e = {{0}};
    struct checkpoint_store *s;
    struct checkpoint *c;
    struct machine *m;

    if (size < 8) {
        return 0;
    }
    if (memcmp(data, EDITS, sizeof EDITS - 1) == 0) {
        take_edits(&bytes, data, size);
    } else {
        text_add_bytes(&bytes, data, size);
    }
    bytes_set_le(bytes.data + bytes.length - 8, 8, hash_bytes(bytes.data, bytes.length - 8, 0));
    m = toy_machine_at_0(1, toy_state_program);
    s = checkpoint_store_new(m);
    c = checkpoint_read(s, bytes.data, bytes.length, &e);
    must((c == NULL) == (e.text[0] != '\0'));
    if (c != NULL) {
        check_accepted(s, c);
        checkpoint_drop(c);
    }
    checkpoint_store_free(s);
    machine_free(m);
    text_fini(&bytes);
    return 0;
}
