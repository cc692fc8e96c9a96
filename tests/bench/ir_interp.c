/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench: guest instructions per second of the IR interpreter on blocks like those that RISC-V code
 * lifts to. Not part of check. The budget is 100 M/s on the slowest machine we build on.
 */
#include "../ir/tiny.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct kernel {
    const char *name;
    const char *text;
};

static const struct kernel kernels[] = {
    {"alu", "block 0x1000\n"
            "insn 0 4\n a = get.i64 @64\n b = add.i64 a, 1\n put.i64 b, @64\n"
            "insn 4 4\n c = get.i64 @72\n d = xor.i64 c, b\n put.i64 d, @72\n"
            "insn 8 4\n e = shl.i64 d, 3\n put.i64 e, @80\n"
            "insn 12 4\n f = get.i64 @88\n g = add.i64 f, e\n put.i64 g, @88\n"
            "insn 16 4\n h = trunc.i32 g\n i = add.i32 h, 5\n j = sext.i64 i\n put.i64 j, @96\n"
            "insn 20 4\n k = ltu.i64 j, g\n put.i64 k, @104\n"
            "insn 24 4\n l = and.i64 g, 0xff\n put.i64 l, @112\n"
            "insn 28 4\n m = get.i64 @120\n n = ne.i64 b, m\n exit_if n, 0x1000\n"
            "exit 0x1020\n"},
    {"memory", "block 0x1000\n"
               "insn 0 4\n a = get.i64 @64\n b = ld.i64 a, 0, u8\n put.i64 b, @72\n"
               "insn 4 4\n c = get.i64 @80\n d = add.i64 c, b\n put.i64 d, @80\n"
               "insn 8 4\n st.i64 a, d, 8, u8\n"
               "insn 12 4\n e = ld.i64 a, 16, s4\n put.i64 e, @88\n"
               "insn 16 4\n f = add.i64 e, 1\n put.i64 f, @88\n"
               "insn 20 4\n st.i64 a, f, 16, u4\n"
               "insn 24 4\n g = get.i64 @96\n h = add.i64 g, 1\n put.i64 h, @96\n"
               "insn 28 4\n m = get.i64 @120\n n = ne.i64 h, m\n exit_if n, 0x1000\n"
               "exit 0x1020\n"},
    {"short", "block 0x1000\n"
              "insn 0 4\n a = get.i64 @64\n b = add.i64 a, 1\n put.i64 b, @64\n"
              "insn 4 4\n c = get.i64 @72\n d = ne.i64 b, c\n exit_if d, 0x1000\n"
              "exit 0x1008\n"},
    {"flags", "block 0x1000\n"
              "insn 0 4\n a = get.i64 @64\n b = get.i64 @72\n c = add.i64 a, b\n"
              "f = addf.i64 a, b\n p = fpack.i64 f\n put.i64 p, @80\n put.i64 c, @64\n"
              "insn 4 4\n d = sub.i64 c, b\n g = subf.i64 c, b\n q = fpack.i64 g\n"
              "put.i64 q, @80\n put.i64 d, @88\n"
              "insn 8 4\n h = fcond.i64 g, be\n exit_if h, 0x1000\n exit 0x1000\n"},
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_kernel(struct tiny *t, const struct kernel *k)
{
    struct error e;
    struct ir_block *b = ir_parse(k->text, tiny_helpers, tiny_helper_count, &e);

    if (b == NULL || ir_check(b, TINY_STATE_BYTES, &e) < 0) {
        printf("%s: %s\n", k->name, e.text);
        exit(1);
    }
    memset(&t->state, 0, sizeof(t->state));
    bytes_set_le((uint8_t *)&t->state + 64, 8, TINY_RAM + 0x100);
    bytes_set_le((uint8_t *)&t->state + 120, 8, UINT64_MAX);
    for (int round = 0; round < 3; round++) {
        double begin = now();
        uint64_t first = t->state.hart.instructions;

        while (t->state.hart.instructions - first < 60000000) {
            t->cpu.insn = 0;
            (void)ir_interp(&t->cpu, b, UINT32_MAX);
        }
        double seconds = now() - begin;
        double insns = (double)(t->state.hart.instructions - first);
        printf("%-8s %6.1f M insns/s, %5.1f ops/insn, %5.2f ns/op\n", k->name,
               insns / seconds / 1e6, (double)b->op_count / b->insn_count,
               seconds * 1e9 / insns * b->insn_count / b->op_count);
    }
    free(b);
}

int main(void)
{
    struct tiny *t = base_alloc(1, sizeof(*t));

    tiny_init(t);
    for (unsigned i = 0; i < ARRAY_LEN(kernels); i++) {
        run_kernel(t, &kernels[i]);
    }
    tiny_fini(t);
    free(t);
    return 0;
}
