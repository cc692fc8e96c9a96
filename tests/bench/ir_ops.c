/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench: nanoseconds an operation of the IR takes, compiled for this host, compiled for one with SSE2
 * alone, and interpreted: blocks of 48 of them, each of the one before, that jump to themselves. Not
 * part of check.   ninja -C build tests/jit/ir-ops && build/tests/jit/ir-ops [NAME...]
 */
#include "../ir/tiny.h"

#include "jit/jit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COUNT = 48 };

struct kernel {
    const char *name;
    bool vector;      /* the chain is of vectors, not of i64 */
    const char *text; /* N: the new value, P: the one before, I: a number, for names */
};

static const struct kernel kernels[] = {
    {"add", false, "N = add.i64 P, b\n"},
    {"adc", false, "N = adc.i64 P, b, f\n"},
    {"sub, flags, condition", false,
     "gI = subf.i64 P, b\ncI = fcond.i64 gI, l\nN = add.i64 P, cI\n"},
    {"add, packed flags", false,
     "N = add.i64 P, b\ngI = addf.i64 P, b\npI = fpack.i64 gI\n"
     "put.i64 pI, @72\n"},
    {"carry chain", false, "gI = adcf.i64 P, b, f\nN = adc.i64 P, b, gI\n"},
    {"shift flags", false, "gI = shlf.i64 P, b, f\nN = fpack.i64 gI\n"},
    {"ld u8", false, "N = ld.i64 at, 0, u8\n"},
    {"ld u8, big", false, "N = ld.i64 at, 0, u8, big\n"},
    {"st u4, big", false, "tI = trunc.i32 P\nst.i32 at, tI, 0, u4, big\nN = add.i64 P, 1\n"},
    {"ld as user", false, "N = ld.i64 at, 0, u8, user\n"},
    {"cas u8", false, "N = cas.i64 at, P, b, u8\n"},
    {"rmw add", false, "N = rmw.i64 at, b, add, u8\n"},
    {"call move", false, "N = call.i64 move, P\n"},
    {"ld u16", true, "N = ld.v128 at, 0, u16\n"},
    {"st u16", true, "st.v128 at, P, 0, u16\nN = vadd.v128 P, w, x1\n"},
    {"get, put", true, "put.v128 P, @160\nN = get.v128 @160\n"},
    {"vand", true, "N = vand.v128 P, w\n"},
    {"vadd x4", true, "N = vadd.v128 P, w, x4\n"},
    {"vmul x1", true, "N = vmul.v128 P, w, x1\n"},
    {"vmul x4", true, "N = vmul.v128 P, w, x4\n"},
    {"vmul x8", true, "N = vmul.v128 P, w, x8\n"},
    {"vsar x8", true, "N = vsar.v128 P, 3, x8\n"},
    {"vgts x8", true, "N = vgts.v128 P, w, x8\n"},
    {"vmins x4", true, "N = vmins.v128 P, w, x4\n"},
    {"vtbl", true, "N = vtbl.v128 P, w\n"},
    {"vext", true, "N = vext.v128 P, w, 5\n"},
    {"vdup, vget", true, "gI = vget.i64 P, 1, x2\nN = vdup.v128 gI, x2\n"},
    {"vaddss x2", true, "N = vaddss.v128 P, w, x2\n"},
    {"vaddss x4", true, "N = vaddss.v128 P, w, x4\n"},
    {"vnarrowsu x4", true, "N = vnarrowsu.v128 P, w, x4\n"},
    {"vmules x2", true, "N = vmules.v128 P, w, x2\n"},
    {"vmulhu x1 (C)", true, "N = vmulhu.v128 P, w, x1\n"},
    {"vpadd x2", true, "N = vpadd.v128 P, w, x2\n"},
    {"vpopcnt", true, "N = vpopcnt.v128 P\n"},
    {"vfadd x4", true, "N = vfadd.v128 P, w, x4, rne, nan_canonical\n"},
    {"vfmul x8", true, "N = vfmul.v128 P, w, x8, rne, nan_canonical\n"},
    {"vfma x8", true, "N = vfma.v128 w, w, P, x8, rne, nan_canonical\n"},
    {"vfcmp x8", true, "N = vfcmp.v128 P, w, x8, lt, rne, nan_canonical\n"},
    {"vfadd x4, rtz (C)", true, "N = vfadd.v128 P, w, x4, rtz, nan_canonical\n"},
};

static void make_text(const struct kernel *k, struct text *out)
{
    text_add(out,
             "block 0x1000\ninsn 0 4\nb = get.i64 @104\nw = get.v128 @128\nat = get.i64 @112\n"
             "v0 = get.%s @%d\nf = addf.i64 b, b\n",
             k->vector ? "v128" : "i64", k->vector ? 144 : 96);
    for (unsigned i = 0; i < COUNT; i++) {
        for (const char *s = k->text; *s != '\0'; s++) {
            bool alone = s == k->text || s[-1] == ' ' || s[-1] == '\n';

            if (alone && (*s == 'N' || *s == 'P')) {
                text_add(out, "v%u", *s == 'N' ? i + 1 : i);
            } else if (*s == 'I') {
                text_add(out, "%u", i);
            } else {
                text_add(out, "%c", *s);
            }
        }
    }
    text_add(out, "put.%s v%u, @%d\nexit 0x1000\n", k->vector ? "v128" : "i64", COUNT,
             k->vector ? 144 : 96);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void prepare(struct tiny *t)
{
    uint8_t *state = (uint8_t *)&t->state;

    memset(&t->state, 0, sizeof t->state);
    bytes_set_le(state + 104, 8, 3);
    bytes_set_le(state + 112, 8, TINY_RAM + 64);
    for (unsigned at = 128; at < 160; at += 8) {
        bytes_set_le(state + at, 8, UINT64_C(0x3ff0000000000001) + at);
    }
    t->state.hart.pc = 0x1000;
}

/* Seconds of `rounds` rounds; j NULL: interpreted. */
static double run(struct tiny *t, struct jit *j, const struct ir_block *b, uint64_t rounds)
{
    struct jit_result r;
    const void *code = NULL;
    double begin;
    bool full;

    prepare(t);
    if (j) {
        jit_flush(j);
        code = jit_compile(j, b, JIT_GROUPED, NULL, &full);
        must(code);
    }
    begin = now();
    for (uint64_t done = 0; done < rounds;) {
        t->cpu.insn = 0;
        if (!j) {
            (void)ir_interp(&t->cpu, b, UINT32_MAX);
            done++;
            continue;
        }
        enum jit_left left = jit_run(j, &t->cpu, code, 1000, rounds - done, &r);
        done += r.ran;
        if (left == JIT_LINK) {
            jit_link(j, r.site, code);
        } else if (left != JIT_LOOKUP) { /* the first store to a page, perhaps */
            (void)ir_interp(&t->cpu, b, UINT32_MAX);
            done++;
        }
    }
    return now() - begin;
}

static double best(struct tiny *t, struct jit *j, const struct ir_block *b, uint64_t rounds)
{
    double least = 1e9;

    for (unsigned i = 0; i < 5; i++) {
        double s = run(t, j, b, rounds);
        least = s < least ? s : least;
    }
    return least * 1e9 / (double)rounds / COUNT;
}

static void measure(struct tiny *t, struct jit *const jits[2], const struct kernel *k)
{
    struct text text = {0};
    struct error e;
    struct ir_block *b;

    make_text(k, &text);
    b = ir_parse(text.data, tiny_helpers, tiny_helper_count, &e);
    if (b == NULL || ir_check(b, TINY_STATE_BYTES, &e) < 0) {
        printf("%s: %s\n%s", k->name, e.text, text.data);
        exit(1);
    }
    double compiled = best(t, jits[0], b, 40000), plain = best(t, jits[1], b, 40000);
    double interpreted = best(t, NULL, b, 4000);
    printf("%-24s %8.2f %8.2f %12.2f %8.1f\n", k->name, compiled, plain, interpreted,
           interpreted / compiled);
    free(b);
    text_fini(&text);
}

int main(int argc, char **argv)
{
    struct tiny *t = base_alloc(1, sizeof(*t));
    struct jit_guest guest = {.pinned_count = 0}, least = {.without = UINT32_MAX};
    struct error e;
    struct jit *jits[2] = {jit_new(&guest, &e), jit_new(&least, &e)};

    must(jits[0] && jits[1]);
    tiny_init(t);
    printf("ns an operation          compiled  by SSE2  interpreted   ratio\n");
    for (unsigned i = 0; i < ARRAY_LEN(kernels); i++) {
        bool wanted = argc == 1;

        for (int a = 1; a < argc; a++) {
            wanted |= strstr(kernels[i].name, argv[a]) != NULL;
        }
        if (wanted) {
            measure(t, jits, &kernels[i]);
        }
    }
    tiny_fini(t);
    free(t);
    jit_free(jits[0]);
    jit_free(jits[1]);
    return 0;
}
