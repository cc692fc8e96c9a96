/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm64_lift: integer instructions and what they leave in X0, interpreted and compiled. The random
 * comparison with the reference has many more.
 */
#include "isa_arm64_bench.h"

#define AT (RAM + 0x100000)

/* Up to four instructions; X1, X2 and X3 are as in run(), the rest is 0. */
static const struct {
    uint32_t words[4];
    unsigned count;
    uint64_t x0;
} cases[] = {
    {{0x8b020c20}, 1, UINT64_C(0x7f6e5d4c3b2a188)},  /* add x0, x1, x2, lsl #3 */
    {{0x4b821020}, 1, UINT64_C(0x7db97532)},         /* sub w0, w1, w2, asr #4 */
    {{0x8b22a820}, 1, UINT64_C(0xfedcba98765369cc)}, /* add x0, x1, w2, sxth #2 */
    {{0x92089c20}, 1, UINT64_C(0xfe00ba0076003200)}, /* and x0, x1, #0xff00ff00ff00ff00 */
    {{0x5206cc20}, 1, UINT64_C(0x4a680e2c)},         /* eor w0, w1, #0x3c3c3c3c */
    {{0x8ae2f020}, 1, UINT64_C(0xecc8a88064402000)}, /* bic x0, x1, x2, ror #60 */
    {{0x4a220020}, 1, UINT64_C(0x0)},                /* eon w0, w1, w2 */
    {{0x12a000a0}, 1, UINT64_C(0xfffaffff)},         /* movn w0, #5, lsl #16 */
    {{0xd2a24680}, 1, UINT64_C(0x12340000)},         /* mov x0, #0x12340000 */
    {{0xd34c7c20}, 1, UINT64_C(0x76543)},            /* ubfx x0, x1, #12, #20 */
    {{0x93783c20}, 1, UINT64_C(0x321000)},           /* sbfiz x0, x1, #8, #16 */
    {{0x131c7c20}, 1, UINT64_C(0x7)},                /* sbfx w0, w1, #28, #4 */
    {{0xb36c1c41, 0xaa0103e0},
     2,
     UINT64_C(0xfedcba987ef43210)},                      /* bfi x1, x2, #20, #8; mov x0, x1 */
    {{0x33043c41, 0xaa0103e0}, 2, UINT64_C(0x76543cde)}, /* bfxil w1, w2, #4, #12; mov x0, x1 */
    {{0x93c29020}, 1, UINT64_C(0x8765432100123456)},     /* extr x0, x1, x2, #36 */
    {{0x13812420}, 1, UINT64_C(0x83b2a19)},              /* ror w0, w1, #9 */
    {{0x5ac00020}, 1, UINT64_C(0x84c2a6e)},              /* rbit w0, w1 */
    {{0xdac00420}, 1, UINT64_C(0xdcfe98ba54761032)},     /* rev16 x0, x1 */
    {{0xdac00820}, 1, UINT64_C(0x98badcfe10325476)},     /* rev32 x0, x1 */
    {{0xdac00c20}, 1, UINT64_C(0x1032547698badcfe)},     /* rev x0, x1 */
    {{0xdac01040}, 1, UINT64_C(0x7)},                    /* clz x0, x2 */
    {{0xdac01420}, 1, UINT64_C(0x6)},                    /* cls x0, x1 */
    {{0x9b020820}, 1, UINT64_C(0x235a1df76f0d5adf)},     /* madd x0, x1, x2, x2 */
    {{0x1b028420}, 1, UINT64_C(0x90f2a520)},             /* msub w0, w1, w2, w1 */
    {{0x9b227c20}, 1, UINT64_C(0xc94e4627e5618cf0)},     /* smull x0, w1, w2 */
    {{0x9ba28820}, 1, UINT64_C(0xc180cd2fa44a40ff)},     /* umsubl x0, w1, w2, x2 */
    {{0x9bc27c20}, 1, UINT64_C(0x121fa00ad77d742)},      /* umulh x0, x1, x2 */
    {{0x9b427c20}, 1, UINT64_C(0xfffeb49923cc0953)},     /* smulh x0, x1, x2 */
    {{0x9ac20820}, 1, UINT64_C(0xe0)},                   /* udiv x0, x1, x2 */
    {{0x9ac20c20}, 1, UINT64_C(0xffffffffffffffff)},     /* sdiv x0, x1, x2 */
    {{0x9ac22020}, 1, UINT64_C(0x1908000000000000)},     /* lsl x0, x1, x2 */
    {{0x1ac22820}, 1, UINT64_C(0xeca8)},                 /* asr w0, w1, w2 */
    {{0xeb02003f, 0x9a9f27e0}, 2, UINT64_C(0x0)},        /* cmp x1, x2; cset x0, lo */
    {{0xeb02003f, 0x9a9f97e0}, 2, UINT64_C(0x1)},        /* cmp x1, x2; cset x0, hi */
    {{0xeb02003f, 0x9a9fa7e0}, 2, UINT64_C(0x1)},        /* cmp x1, x2; cset x0, lt */
    {{0xeb020040, 0x9a9f37e0}, 2, UINT64_C(0x1)},        /* subs x0, x2, x2; cset x0, cs */
    {{0xab010020, 0x9a1f0040},
     2,
     UINT64_C(0x123456789abcdf0)}, /* adds x0, x1, x1; adc x0, x2, xzr */
    {{0xeb010040, 0xda020020},
     2,
     UINT64_C(0xfdb97530eca86420)}, /* subs x0, x2, x1; sbc x0, x1, x2 */
    {{0xf240003f, 0x9a821420},
     2,
     UINT64_C(0x123456789abcdf0)}, /* tst x1, #1; csinc x0, x1, x2, ne */
    {{0x6b02003f, 0xfa421024, 0xda820420},
     3,
     UINT64_C(0xfedcba9876543211)}, /* cmp w1, w2; ccmp x1, x2, #4, ne; csneg x0, x1, x2, eq */
    {{0x6b01003f, 0xfa421024, 0xda820420},
     3,
     UINT64_C(0xfedcba9876543210)}, /* cmp w1, w1; ccmp x1, x2, #4, ne; csneg x0, x1, x2, eq */
    {{0x9ac24c20}, 1, UINT64_C(0x83d3e7f0)},             /* crc32x w0, w1, x2 */
    {{0x10000000}, 1, UINT64_C(0x40000000)},             /* adr x0, . */
    {{0xf8008c61, 0xb9400460}, 2, UINT64_C(0xfedcba98)}, /* str x1, [x3, #8]!; ldr w0, [x3, #4] */
    {{0x28820861, 0xf85f0060},
     2,
     UINT64_C(0x89abcdef76543210)}, /* stp w1, w2, [x3], #16; ldur x0, [x3, #-16] */
    {{0xa93f0861, 0xa97f0064},
     2,
     UINT64_C(0x123456789abcdef)}, /* stp x1, x2, [x3, #-16]; ldp x4, x0, [x3, #-16] */
    {{0x39000061, 0x39c00060}, 2, UINT64_C(0x10)},               /* strb w1, [x3]; ldrsb w0, [x3] */
    {{0x79000062, 0x79800060}, 2, UINT64_C(0xffffffffffffcdef)}, /* strh w2, [x3]; ldrsh x0, [x3] */
    {{0xd2800045, 0xf8257862, 0xb9801060},
     3,
     UINT64_C(0xffffffff89abcdef)}, /* mov x5, #2; str x2, [x3, x5, lsl #3]; ldrsw x0, [x3, #16] */
    {{0xf9000061, 0xc85ffc64, 0xc800fc62},
     3,
     UINT64_C(0x0)}, /* str x1, [x3]; ldaxr x4, [x3]; stlxr w0, x2, [x3] */
    {{0xf9000061, 0xc85ffc64, 0xc805fc62, 0xf9400060},
     4,
     UINT64_C(
         0x123456789abcdef)}, /* str x1, [x3]; ldaxr x4, [x3]; stlxr w5, x2, [x3]; ldr x0, [x3] */
    {{0xc8007c62}, 1, UINT64_C(0x1)}, /* stxr w0, x2, [x3] */
    {{0xf9000061, 0xf9000462, 0xc87f0064},
     3,
     UINT64_C(0x123456789abcdef)}, /* str x1, [x3]; str x2, [x3, #8]; ldxp x4, x0, [x3] */
    {{0x94000002, 0xd503201f, 0xaa1e03e0}, 3, UINT64_C(0x40000004)}, /* bl 1f; nop;1: mov x0, x30 */
    {{0xd28000e0, 0xb400005f, 0xd2800020, 0xd503201f},
     4,
     UINT64_C(0x7)}, /* mov x0, #7; cbz xzr, 1f; mov x0, #1;1: nop */
    {{0xd28000e0, 0x37200041, 0xd2800020, 0xd503201f},
     4,
     UINT64_C(0x7)}, /* mov x0, #7; tbnz x1, #4, 1f; mov x0, #1;1: nop */
    {{0xd51b4201, 0xd53b4200}, 2, UINT64_C(0x70000000)}, /* msr nzcv, x1; mrs x0, nzcv */
    {{0xd5384240}, 1, UINT64_C(0x4)},                    /* mrs x0, currentel */
    {{0xd5380000}, 1, UINT64_C(0x411fd070)},             /* mrs x0, midr_el1 */
    {{0xd50b7423, 0xf9400060}, 2, UINT64_C(0x0)},        /* dc zva, x3; ldr x0, [x3] */
    {{0x910003e0}, 1, UINT64_C(0x40200000)},             /* mov x0, sp */
    {{0xd503201f, 0xd2800020}, 2, UINT64_C(0x1)},        /* nop; mov x0, #1 */
};

static void run(size_t n, bool compiled)
{
    struct bench *b = bench_new(NULL, compiled);

    b->s->x[1] = UINT64_C(0xfedcba9876543210);
    b->s->x[2] = UINT64_C(0x0123456789abcdef);
    b->s->x[3] = AT + 16;
    b->s->x[31] = RAM + 0x200000;
    for (unsigned i = 0; i < 4; i++) {
        bench_code(b, RAM + 4 * i, i < cases[n].count ? cases[n].words[i] : 0xd503201f);
    }
    while (b->s->hart.pc < RAM + 4 * cases[n].count) {
        bench_run(b, 1);
    }
    if (b->s->x[0] != cases[n].x0 || b->s->hart.pc > RAM + 16) {
        fail_msg("case %zu, 0x%08x: x0 is 0x%llx, pc 0x%llx, esr 0x%llx", n, cases[n].words[0],
                 (unsigned long long)b->s->x[0], (unsigned long long)b->s->hart.pc,
                 (unsigned long long)b->s->esr[1]);
    }
    bench_free(b);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
        run(n, false);
        run(n, true);
    }
}

/* By the state of execution: nop, then svc #18 with what else lies there. */
static void test_disassembles_by_state(void **state)
{
    static const uint8_t a64[] = {0x1f, 0x20, 0x03, 0xd5}, t32[] = {0x12, 0xdf, 0x00, 0xef};
    static const struct {
        const uint8_t *bytes;
        uint32_t mode;
        unsigned length;
        const char *name;
    } wanted[] = {{a64, 0, 4, "nop"},
                  {t32, MODE_A32 | MODE_T, 2, "svc"},
                  {t32 + 2, MODE_A32 | MODE_T, 0, NULL},
                  {t32, MODE_A32, 4, "svc"},
                  {t32, 1 | MODE_A32, 4, ".inst"}};

    (void)state;
    for (size_t n = 0; n < ARRAY_LEN(wanted); n++) {
        struct text t = {0};

        assert_int_equal(isa_aarch64.disassemble(wanted[n].bytes, wanted[n].length == 4 ? 4 : 2, 0,
                                                 wanted[n].mode, &t),
                         wanted[n].length);
        assert_true(wanted[n].name == NULL ? t.length == 0
                                           : strncmp(t.data, wanted[n].name, 3) == 0);
        text_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_disassembles_by_state)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
