/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz: the text form of the IR. Whatever parses prints to what parses to the same operations; what
 * also passes the checker runs, to an end, in the interpreter, as written and without dead code.
 */
#include "../ir/tiny.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const struct ir_block *b)
{
    struct tiny *t = base_alloc(1, sizeof(*t));

    tiny_init(t);
    (void)ir_interp(&t->cpu, b, 1 + b->insn_count / 2);
    must(t->state.hart.instructions <= b->insn_count);
    must(mem_hash(&t->mem) == mem_hash_slow(&t->mem));
    tiny_fini(t);
    free(t);
}

/* No helper: theirs is the right to write anywhere. */
static void try_block(const struct ir_block *b)
{
    struct text first = {0};
    struct ir_block *again, *rebuilt;

    ir_print(b, &first);
    again = ir_parse(first.data, NULL, 0, NULL);
    must(again != NULL && again->op_count == b->op_count);
    must(memcmp(again->ops, b->ops, b->op_count * sizeof(*b->ops)) == 0);
    free(again);
    text_fini(&first);
    if (ir_check(b, TINY_STATE_BYTES, NULL) == 0) {
        run(b);
        rebuilt = tiny_rebuilt(b);
        must(ir_check(rebuilt, TINY_STATE_BYTES, NULL) == 0);
        run(rebuilt);
        free(rebuilt);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = base_alloc(size + 1, 1);
    struct error e = {""};

    if (size != 0) {
        memcpy(text, data, size);
    }
    struct ir_block *b = ir_parse(text, NULL, 0, &e);

    if (b != NULL) {
        try_block(b);
    } else {
        must(e.text[0] != '\0');
    }
    free(b);
    free(text);
    return 0;
}
