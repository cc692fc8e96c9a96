/* SPDX-License-Identifier: GPL-2.0-or-later
 * many_inputs: makes a recording with as many inputs, of as many bytes each, as asked for: pokes of a
 * machine that does nothing but wait, posted as fast as its inbox takes them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "board/board.h"
#include "journal/journal.h"

#define POKED (UINT64_C(0x80000000) + MIB) /* and the 4 MiB behind it */

struct feeder {
    struct journal *journal;
    uint64_t left, state, now_ns;
    uint32_t bytes; /* of each, without the head */
    uint8_t *poke;
};

/* Whenever the journal looks at the clock, which it does while nothing waits to enter. The next poke is
 * made before it is known whether there is room for it. */
static uint64_t feed(void *opaque)
{
    struct feeder *f = opaque;

    if (f->left == 0) { /* and all have entered */
        journal_post_quit(f->journal, END_QUIT);
    }
    while (f->left > 0) {
        uint64_t x = f->state;
        uint64_t where = POKED + chance_next(&x) % (4 * MIB);
        uint32_t n = poke_encode(f->poke, POKE_MEMORY, 0, where, &x, f->bytes < 8 ? f->bytes : 8);

        n += f->bytes < 8 ? 0 : f->bytes - 8;
        if (journal_post_message(f->journal, POKE_PORT, f->poke, n) != POSTED) {
            return ++f->now_ns;
        }
        f->state = x;
        f->left--;
    }
    return ++f->now_ns;
}

static void make_config(struct machine_config *c)
{
    static const uint8_t code[] = {0x73, 0x00, 0x50, 0x10,
                                   0x6f, 0xf0, 0xdf, 0xff}; /* wfi; j . - 4 */
    struct machine_image *kernel = &c->images[IMAGE_KERNEL];

    machine_config_init(c);
    (void)snprintf(c->arch, sizeof(c->arch), "riscv64");
    c->ram_bytes = 8 * MIB;
    c->bios_none = 1;
    kernel->name = base_strdup("wait");
    kernel->data = base_alloc(sizeof(code), 1);
    memcpy(kernel->data, code, sizeof(code));
    kernel->size = sizeof(code);
    kernel->hash = hash_bytes(code, sizeof(code), 0);
}

/* many-inputs FILE COUNT BYTES */
int main(int argc, char **argv)
{
    struct feeder f = {.state = 1, .poke = base_alloc(INPUT_BYTES_MAX, 1)};
    const struct pace pace = {.opaque = &f, .now_ns = feed};
    const struct journal_options options = {.force = true};
    struct machine_config config;
    struct machine *m;
    struct error e;
    enum journal_stop stop;

    if (argc != 4) {
        fprintf(stderr, "usage: many-inputs FILE COUNT BYTES\n");
        return 1;
    }
    f.left = strtoull(argv[2], NULL, 10);
    f.bytes = (uint32_t)strtoul(argv[3], NULL, 10);
    must(f.bytes >= 1 && f.bytes <= INPUT_BYTES_MAX - POKE_HEADER);
    for (uint32_t i = POKE_HEADER; i < INPUT_BYTES_MAX; i++) {
        f.poke[i] = (uint8_t)chance_next(&f.state);
    }
    make_config(&config);
    m = board_build(&config, &e);
    must(m != NULL);
    config.uses = *machine_uses(m);
    f.journal = journal_record(argv[1], &config, &options, &pace, NULL, &e);
    must(f.journal != NULL);
    journal_attach(f.journal, m);
    stop = journal_drive(f.journal, m, TICK_NEVER, false);
    if (stop != JOURNAL_END) {
        fprintf(stderr, "many-inputs: %s\n", journal_problem(f.journal));
        return 1;
    }
    journal_close(f.journal);
    machine_free(m);
    machine_config_fini(&config);
    free(f.poke);
    return 0;
}
