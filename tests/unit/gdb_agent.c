/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb_agent: conditions of breakpoints as bytecode: every operation against C, what is refused and
 * in which words, what has no value; and that nothing is changed by asking.
 */
#include "gdb/internal.h"
#include "host/host.h"
#include "machine/internal.h" /* a machine gets another ISA, to see what GDB is told of it */
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a machine ---- */

enum { R_WIDE = 20, R_MISSING = 30, R_TICK, R_VTIME };

static const struct isa_register *registers(size_t *count)
{
    static const struct isa_register list[] = {
        {"missing", "org.example.toy", "int", "general", 64, R_MISSING},
        {"r1", "org.example.toy", "int", "general", 32, 1},
        {"wide", "org.example.toy", "int", "general", 128, R_WIDE},
    };

    *count = ARRAY_LEN(list);
    return list;
}

struct bench {
    struct isa isa;
    struct machine *machine;
};

/* `number` is what each hart has in r1, but for its own number. */
static struct bench *bench_new(uint32_t number)
{
    struct bench *b = base_alloc(1, sizeof(*b));
    const uint8_t code[] = {TOY_JMP, 0, 1, 0, 0};

    b->isa = toy_isa;
    b->isa.gdb.registers = registers;
    b->machine = toy_machine(2, 97, code, sizeof code);
    b->machine->isa = &b->isa;
    for (unsigned h = 0; h < 2; h++) {
        ((struct toy *)machine_cpu(b->machine, h)->state)->r[1] = number + h;
    }
    must(mem_load_bytes(machine_mem(b->machine), 0x12000, "\x81\x02\x03\x04\x05\x06\x07\x08", 8));
    must(mem_load_bytes(machine_mem(b->machine), 0x12ffe, "\xaa\xbb\xcc\xdd", 4));
    return b;
}

static void bench_free(struct bench *b)
{
    machine_free(b->machine);
    free(b);
}

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    unsigned byte;
    int used;

    while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
        out[n++] = (uint8_t)byte;
        hex += used;
    }
    return n;
}

static struct gdb_agent *make(struct bench *b, const uint8_t *code, size_t length)
{
    struct error e;
    struct gdb_agent *a = gdb_agent_new(&b->isa, code, length, &e);

    if (a == NULL) {
        fail_msg("%s", e.text);
    }
    return a;
}

static bool value_of(struct bench *b, unsigned hart, const char *hex, uint64_t *value)
{
    uint8_t code[256];
    struct gdb_agent *a = make(b, code, unhex(hex, code));
    bool has = gdb_agent_run(a, b->machine, hart, value);

    gdb_agent_free(a);
    return has;
}

/* ---- every operation ---- */

static void test_values(void **state)
{
    static const struct {
        const char *code;
        uint64_t value;
    } cases[] = {
        {"22ff 27", 0xff},
        {"23fffe 27", 0xfffe},
        {"24fffefdfc 27", 0xfffefdfc},
        {"25fffefdfcfbfaf9f8 27", 0xfffefdfcfbfaf9f8},
        {"2205 2206 2207 27", 7},
        {"2205 28 02 27", 10},         /* dup add */
        {"2205 2206 29 27", 5},        /* pop */
        {"2205 2206 2b 03 27", 1},     /* swap sub: 6-5 */
        {"2205 2206 2207 3200 27", 7}, /* pick */
        {"2205 2206 2207 3201 27", 6},
        {"2205 2206 2207 3202 27", 5},
        {"2201 2202 2203 33 27", 2}, /* rot: 3 1 2 */
        {"2201 2202 2203 33 29 27", 1},
        {"2201 2202 2203 33 29 29 27", 3},
        {"2280 1608 27", UINT64_C(-128)}, /* ext */
        {"227f 1608 27", 127},
        {"2301ff 1601 27", UINT64_MAX},
        {"258000000000000001 1640 27", 0x8000000000000001},
        {"2301ff 2a08 27", 0xff}, /* zero_ext */
        {"25ffffffffffffffff 2a01 27", 1},
        {"25ffffffffffffffff 2a40 27", UINT64_MAX},
        {"2200 0e 27", 1}, /* log_not */
        {"2203 0e 27", 0},
        {"220f 12 27", ~UINT64_C(0xf)}, /* bit_not */
        {"24 00012000 17 27", 0x81},    /* ref: most significant first */
        {"24 00012000 18 27", 0x8102},
        {"24 00012000 19 27", 0x81020304},
        {"24 00012000 1a 27", 0x8102030405060708},
        {"24 00012ffe 19 27", 0xaabbccdd},      /* in two pages */
        {"260001 27", 0x80000007},              /* reg */
        {"26001f 27", 0},                       /* tick */
        {"260020 27", 0},                       /* vtime */
        {"2201 20000a 2205 21000c 2206 27", 6}, /* if_goto, goto */
        {"2200 20000a 2205 21000c 2206 27", 5},
        {"21000427 2209 210003", 9}, /* backwards */
        {"2207 2208 2209 0c 27", 7}, /* trace */
        {"2207 2209 2208 2f 27", 7}, /* tracenz */
        {"2207 0d08 27", 7},         /* trace_quick */
        {"2207 300102 27", 7},       /* trace16 */
        /* 1 to 10, added up */
        {"2200 220a 2b 3201 02 2b 2201 03 28 200004 29 27", 55},
    };
    struct bench *b = bench_new(0x80000007);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t value = 0;

        if (!value_of(b, 0, cases[i].code, &value) || value != cases[i].value) {
            fail_msg("%s: 0x%llx, expected 0x%llx", cases[i].code, (unsigned long long)value,
                     (unsigned long long)cases[i].value);
        }
    }
    bench_free(b);
}

/* What C says of a binary operation; false: it has no value. */
static bool oracle(unsigned op, uint64_t a, uint64_t b, uint64_t *out)
{
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    __int128 wide;

    if (op >= 0x05 && op <= 0x08 && b == 0) {
        return false;
    }
    switch (op) {
    case 0x02: *out = a + b; break;
    case 0x03: *out = a - b; break;
    case 0x04: *out = a * b; break;
    case 0x05:
        wide = (__int128)sa / sb;
        *out = (uint64_t)wide;
        break;
    case 0x06: *out = a / b; break;
    case 0x07:
        wide = (__int128)sa % sb;
        *out = (uint64_t)wide;
        break;
    case 0x08: *out = a % b; break;
    case 0x09: *out = b < 64 ? a << b : 0; break;
    case 0x0a: *out = (uint64_t)(sa >> (b < 64 ? b : 63)); break;
    case 0x0b: *out = b < 64 ? a >> b : 0; break;
    case 0x0f: *out = a & b; break;
    case 0x10: *out = a | b; break;
    case 0x11: *out = a ^ b; break;
    case 0x13: *out = a == b; break;
    case 0x14: *out = sa < sb; break;
    default: *out = a < b; break; /* 0x15 */
    }
    return true;
}

static void test_binary(void **state)
{
    static const uint8_t ops[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                  0x0a, 0x0b, 0x0f, 0x10, 0x11, 0x13, 0x14, 0x15};
    static const uint64_t values[] = {0,          1,          2,          3,         7,
                                      63,         64,         65,         127,       INT64_MAX,
                                      1ull << 63, UINT64_MAX, 0xfffffff9, 0x8000ull, ~6ull};
    struct bench *b = bench_new(0);
    uint8_t code[20] = {[0] = 0x25, [9] = 0x25, [19] = 0x27};

    (void)state;
    for (size_t op = 0; op < ARRAY_LEN(ops); op++) {
        for (size_t i = 0; i < ARRAY_LEN(values) * ARRAY_LEN(values); i++) {
            uint64_t x = values[i / ARRAY_LEN(values)], y = values[i % ARRAY_LEN(values)];
            uint64_t got = 0, want = 0;
            struct gdb_agent *a;

            bytes_set_be(code + 1, 8, x);
            bytes_set_be(code + 10, 8, y);
            code[18] = ops[op];
            a = make(b, code, sizeof code);
            assert_int_equal(gdb_agent_run(a, b->machine, 0, &got), oracle(ops[op], x, y, &want));
            if (got != want) {
                fail_msg("%02x of %llx and %llx: %llx, expected %llx", ops[op],
                         (unsigned long long)x, (unsigned long long)y, (unsigned long long)got,
                         (unsigned long long)want);
            }
            gdb_agent_free(a);
        }
    }
    bench_free(b);
}

/* ---- what is refused ---- */

static void test_refused(void **state)
{
    static const struct {
        const char *code, *words;
    } cases[] = {
        {"", "1 to 4096 bytes"},
        {"00 27", "operation 0x00"},
        {"01 27", "operation 0x01"}, /* float and its like */
        {"1b 27", "operation 0x1b"},
        {"1c 27", "operation 0x1c"},
        {"1d 27", "operation 0x1d"},
        {"1e 27", "operation 0x1e"},
        {"1f 27", "operation 0x1f"},
        {"2c0001 27", "operation 0x2c"}, /* getv setv tracev */
        {"2201 2d0001 27", "operation 0x2d"},
        {"2e0001 27", "operation 0x2e"},
        {"31 27", "operation 0x31"},
        {"2201 34 00 0000 27", "operation 0x34"}, /* printf */
        {"35 27", "operation 0x35"},
        {"ff 27", "operation 0xff"},
        {"2201 27 ff", "operation 0xff"}, /* also where it is never reached */
        {"22", "cut short"},
        {"2301", "cut short"},
        {"25 01020304050607", "cut short"},
        {"2000", "cut short"},
        {"2201", "no instruction"}, /* no end */
        {"2201 28", "no instruction"},
        {"210006 220127", "no instruction"},
        {"21ffff 220127", "no instruction"},
        {"210001 2201 27", "no instruction"}, /* inside of one */
        {"2201 200001 2201 27", "no instruction"},
        {"27", "not there"},
        {"2201 02 27", "not there"},
        {"0e 27", "not there"},
        {"29 27", "not there"},
        {"28 27", "not there"},
        {"2201 2b 27", "not there"},
        {"2201 2202 33 27", "not there"},
        {"200003 27", "not there"},
        {"3200 27", "not there"},
        {"2201 3201 27", "not there"},
        {"2201 0c 27", "not there"},
        {"17 27", "not there"},
        {"2201 210000 27", "depends on its way"}, /* one more at each turn */
        {"2201 200007 2202 2203 27", "depends on its way"},
        {"2201 1600 27", "extended from 0 bits"},
        {"2201 1641 27", "extended from 65 bits"},
        {"2201 2a00 27", "extended from 0 bits"},
        {"260002 27", "Register 2"},
        {"260014 27", "Register 20"},
        {"260021 27", "Register 33"},
        {"26ffff 27", "Register 65535"},
    };
    struct bench *b = bench_new(0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t code[64];
        size_t length = unhex(cases[i].code, code);
        struct error e = {.text = ""};

        if (gdb_agent_new(&b->isa, code, length, &e) != NULL ||
            strstr(e.text, cases[i].words) == NULL) {
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].code, e.text, cases[i].words);
        }
    }
    bench_free(b);
}

/* `count` values pushed, then all but one popped. */
static struct gdb_agent *make_deep(struct bench *b, unsigned count, struct error *e)
{
    uint8_t code[1024];
    size_t n = 0;

    for (unsigned i = 0; i < count; i++) {
        code[n++] = 0x22;
        code[n++] = (uint8_t)(i + 1);
    }
    for (unsigned i = 1; i < count; i++) {
        code[n++] = 0x29;
    }
    code[n++] = 0x27;
    return gdb_agent_new(&b->isa, code, n, e);
}

static void test_bounds(void **state)
{
    struct bench *b = bench_new(0);
    uint8_t code[GDB_AGENT_MAX + 1];
    struct gdb_agent *a;
    struct error e;
    uint64_t value;

    (void)state;
    a = make_deep(b, 100, &e);
    assert_non_null(a);
    assert_true(gdb_agent_run(a, b->machine, 0, &value) && value == 1);
    gdb_agent_free(a);
    assert_null(make_deep(b, 101, &e));
    assert_non_null(strstr(e.text, "more than 100 values"));
    memset(code, 0x12, sizeof code); /* bit_not */
    memcpy(code, "\x22\x05", 2);
    code[GDB_AGENT_MAX - 1] = 0x27;
    a = gdb_agent_new(&b->isa, code, GDB_AGENT_MAX, &e);
    assert_non_null(a);
    assert_true(gdb_agent_run(a, b->machine, 0, &value) && value == ~UINT64_C(5));
    gdb_agent_free(a);
    assert_null(gdb_agent_new(&b->isa, code, GDB_AGENT_MAX + 1, &e));
    bench_free(b);
}

/* ---- what has no value ---- */

static void test_failures(void **state)
{
    static const char *const cases[] = {
        "2201 2200 05 27",
        "2201 2200 06 27",
        "2201 2200 07 27",
        "2201 2200 08 27",
        "24 00001000 17 27", /* a device's window */
        "24 0fffffff 19 27",
        "25 ffffffffffffffff 1a 27",
        "24 0004ffff 18 27",                                 /* the second byte is not there */
        "26001e 27",                                         /* a register that this hart lacks */
        "2201 210002 27",                                    /* for ever */
        "2200 2324b8 2b 3201 02 2b 2201 03 28 200005 29 27", /* 9400 rounds of eight */
    };
    struct bench *b = bench_new(0);
    uint64_t value, hash = machine_hash_slow(b->machine);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (value_of(b, 0, cases[i], &value)) {
            fail_msg("%s has a value", cases[i]);
        }
    }
    assert_true(value_of(b, 0, "2200 231f40 2b 3201 02 2b 2201 03 28 200005 29 27", &value));
    assert_true(value == 8000 * 8001 / 2);
    assert_true(machine_hash_slow(b->machine) == hash);
    assert_false(machine_cpu(b->machine, 0)->fault.raised);
    bench_free(b);
}

static void test_harts(void **state)
{
    struct bench *b = bench_new(41);
    uint64_t value;

    (void)state;
    assert_true(value_of(b, 0, "260001 27", &value) && value == 41);
    assert_true(value_of(b, 1, "260001 27", &value) && value == 42);
    bench_free(b);
}

/* ---- several threads, each with a machine of its own ---- */

struct asker {
    struct bench *bench;
    const struct gdb_agent *agent;
    uint64_t want;
    bool good;
};

static void *ask(void *opaque)
{
    struct asker *a = opaque;

    a->good = true;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t value;

        a->good &=
            gdb_agent_run(a->agent, a->bench->machine, i & 1, &value) && value == a->want + (i & 1);
    }
    return NULL;
}

static void test_threads(void **state)
{
    static const uint8_t code[] = {0x26, 0, 1, 0x24, 0, 1, 0x20, 0, 0x17, 0x02, 0x27};
    struct asker askers[3];
    struct host_thread *threads[ARRAY_LEN(askers)];
    struct gdb_agent *a = NULL;
    struct error e;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(askers); i++) {
        askers[i] = (struct asker){.bench = bench_new(1000 * i), .want = 1000 * i + 0x81};
        a = a != NULL ? a : make(askers[i].bench, code, sizeof code);
        askers[i].agent = a;
        threads[i] = host_thread_start(ask, &askers[i], &e);
        assert_non_null(threads[i]);
    }
    for (unsigned i = 0; i < ARRAY_LEN(askers); i++) {
        (void)host_thread_join(threads[i]);
        assert_true(askers[i].good);
        bench_free(askers[i].bench);
    }
    gdb_agent_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),   cmocka_unit_test(test_binary),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_harts),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
