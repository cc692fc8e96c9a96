/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_riscv_mmu: page walks of every depth, what each bit of an entry allows whom, what sets A and
 * D, and protection of physical memory on the way.
 */
#include "isa_riscv_bench.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define ROOT   (RAM + 0x10000)
#define TARGET (RAM + 0x800000)

static uint64_t pte(paddr at, uint64_t bits)
{
    return at >> 12 << 10 | bits;
}

/* Maps va by `levels` tables; the leaf stands at `leaf_level`. Returns the leaf's address. */
static paddr map(struct bench *b, unsigned levels, unsigned leaf_level, vaddr va, uint64_t leaf)
{
    paddr table = ROOT;

    for (unsigned level = levels - 1; level > leaf_level; level--) {
        paddr entry = table + 8 * bits_get(va, 12 + 9 * level, 9);
        table += 0x1000;
        bench_store(b, entry, pte(table, V));
    }
    table += 8 * bits_get(va, 12 + 9 * leaf_level, 9);
    bench_store(b, table, leaf);
    return table;
}

static struct bench *paged_as(const char *cpu, unsigned mode)
{
    struct bench *b = bench_new(cpu);

    bench_open_pmp(b);
    b->s->priv = PRIV_S;
    b->s->satp = (uint64_t)mode << 60 | ROOT >> 12;
    cpu_select_space(&b->cpu, 0);
    return b;
}

static struct bench *paged(unsigned mode)
{
    return paged_as(NULL, mode);
}

/* The cause, or -1 for success with the address checked. */
static int try_access(struct bench *b, vaddr va, enum access access, paddr expected)
{
    struct translation t;
    uint32_t cause;

    cpu_select_space(&b->cpu, 0);
    b->cpu.fault.raised = false;
    if (isa_riscv64.mmu.translate(&b->cpu, va, access, AS_CURRENT, &t)) {
        assert_false(b->cpu.fault.raised);
        assert_int_equal(t.at, expected);
        return -1;
    }
    assert_true(b->cpu.fault.raised);
    assert_int_equal(b->cpu.fault.value, va);
    cause = b->cpu.fault.cause;
    b->cpu.fault.raised = false;
    return (int)cause;
}

static void every_depth_and_size_of_page(void **state)
{
    (void)state;
    for (unsigned levels = 3; levels <= 5; levels++) {
        for (unsigned leaf = 0; leaf < levels; leaf++) {
            struct bench *b = paged(SATP_SV39 + levels - 3);
            uint64_t span = (UINT64_C(1) << (12 + 9 * leaf)) - 1;
            /* The lower half's end and the upper half's start of the address space. */
            vaddr low = ((UINT64_C(1) << (12 + 9 * levels - 1)) - 1) & ~span;
            vaddr high = ~((UINT64_C(1) << (12 + 9 * levels - 1)) - 1);
            paddr at = TARGET & ~span;

            map(b, levels, leaf, low, pte(at, V | R | A));
            assert_int_equal(
                try_access(b, low + (0x123456 & span), ACCESS_READ, at + (0x123456 & span)), -1);
            map(b, levels, leaf, high, pte(at, V | R | A));
            assert_int_equal(try_access(b, high, ACCESS_READ, at), -1);
            /* Not canonical, though the low bits are mapped. */
            assert_int_equal(try_access(b, low | UINT64_C(1) << 63, ACCESS_READ, 0),
                             CAUSE_LOAD_PAGE);
            assert_int_equal(try_access(b, high & ~(UINT64_C(1) << 63), ACCESS_WRITE, 0),
                             CAUSE_STORE_PAGE);
            if (leaf > 0) { /* a superpage must be aligned */
                map(b, levels, leaf, low, pte(at + 0x1000, V | R | A));
                assert_int_equal(try_access(b, low, ACCESS_READ, 0), CAUSE_LOAD_PAGE);
            }
            bench_free(b);
        }
    }
}

static void malformed_entries_fault(void **state)
{
    static const uint64_t bad[] = {
        R | A,
        V | W | A,
        V | W | X | A,
        V | R | A | UINT64_C(1) << 63,
        V | R | A | UINT64_C(1) << 61,
        V | R | A | UINT64_C(1) << 54,
        V /* a pointer at the last level */,
    };
    static const uint64_t bad_pointer[] = {V | U, V | A, V | D, V | UINT64_C(1) << 54};
    struct bench *b = paged(SATP_SV39);
    const vaddr va = 0x12345000;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        map(b, 3, 0, va, pte(TARGET, bad[i]));
        assert_int_equal(try_access(b, va, ACCESS_READ, 0), CAUSE_LOAD_PAGE);
    }
    for (unsigned i = 0; i < ARRAY_LEN(bad_pointer); i++) {
        map(b, 3, 0, va, pte(TARGET, V | R | A));
        assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), -1);
        bench_store(b, ROOT + 8 * bits_get(va, 30, 9), pte(ROOT + 0x1000, bad_pointer[i]));
        assert_int_equal(try_access(b, va, ACCESS_READ, 0), CAUSE_LOAD_PAGE);
    }
    /* A table where nothing is. */
    bench_store(b, ROOT + 8 * bits_get(va, 30, 9), pte(0x1000, V));
    assert_int_equal(try_access(b, va, ACCESS_FETCH, 0), CAUSE_FETCH_ACCESS);
    bench_free(b);
}

#define N       (UINT64_C(1) << 63)
#define PBMT(n) ((uint64_t)(n) << 61)

static void ranges_of_64_kib(void **state)
{
    struct bench *b = paged_as("rv64,svnapot=on", SATP_SV39);
    const vaddr va = 0x12340000;
    paddr leaf;

    (void)state;
    for (unsigned page = 0; page < 16; page++) { /* each has its own entry */
        leaf = map(b, 3, 0, va + 0x1000 * page, pte(TARGET + 0x8000, V | R | W | N));
        assert_int_equal(
            try_access(b, va + 0x1000 * page + 0x123, ACCESS_READ, TARGET + 0x1000 * page + 0x123),
            -1);
        assert_int_equal(bench_load(b, leaf), pte(TARGET + 0x8000, V | R | W | A | N));
    }
    /* Other sizes are reserved, and so is the bit in larger pages and in pointers. */
    for (unsigned low = 0; low < 16; low++) {
        map(b, 3, 0, va, pte(TARGET + 0x1000 * low, V | R | A | N));
        assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), low == 8 ? -1 : CAUSE_LOAD_PAGE);
    }
    map(b, 3, 1, va, pte(TARGET + 0x8000, V | R | A | N));
    assert_int_equal(try_access(b, va, ACCESS_READ, 0), CAUSE_LOAD_PAGE);
    map(b, 3, 0, va, pte(TARGET, V | R | A));
    assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), -1);
    bench_store(b, ROOT + 8 * bits_get(va, 30, 9), pte(ROOT + 0x1000, V | N));
    assert_int_equal(try_access(b, va, ACCESS_READ, 0), CAUSE_LOAD_PAGE);
    bench_free(b);
}

static void memory_types(void **state)
{
    struct bench *b = paged_as("rv64,svpbmt=on", SATP_SV39);
    const vaddr va = 0x12340000;

    (void)state;
    for (unsigned on = 2; on-- > 0;) {
        b->s->menvcfg = ENVCFG_ADUE | (on ? ENVCFG_PBMTE : 0);
        for (unsigned type = 0; type < 4; type++) {
            bool good = type == 0 || (on && type != 3);

            map(b, 3, 0, va, pte(TARGET, V | R | A | PBMT(type)));
            assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), good ? -1 : CAUSE_LOAD_PAGE);
            map(b, 3, 1, va, pte(TARGET, V | R | A | PBMT(type)));
            assert_int_equal(try_access(b, va, ACCESS_READ, TARGET + (va & 0x1fffff)),
                             good ? -1 : CAUSE_LOAD_PAGE);
            map(b, 3, 0, va, pte(TARGET, V | R | A));
            bench_store(b, ROOT + 8 * bits_get(va, 30, 9), pte(ROOT + 0x1000, V | PBMT(type)));
            assert_int_equal(try_access(b, va, ACCESS_READ, TARGET),
                             type == 0 ? -1 : CAUSE_LOAD_PAGE);
        }
    }
    bench_free(b);
}

/* Who may do what with a leaf: for each of R W X U, SUM, MXR and mode. */
static void permissions(void **state)
{
    struct bench *b = paged(SATP_SV39);
    const vaddr va = 0x40000000;

    (void)state;
    for (unsigned i = 0; i < 8 * 2 * 2 * 2 * 2; i++) {
        uint64_t rwx = (i & 7) << 1;
        bool user_page = (i & 8) != 0, sum = (i & 16) != 0, mxr = (i & 32) != 0;
        bool user = (i & 64) != 0;
        bool reach = user ? user_page : !user_page || sum;
        bool read = reach && ((rwx & R) != 0 || (mxr && (rwx & X) != 0));
        bool write = reach && (rwx & W) != 0;
        bool execute = (rwx & X) != 0 && user == user_page;

        if (rwx == 0 || (rwx & (R | W)) == W) {
            continue;
        }
        map(b, 3, 0, va, pte(TARGET, V | A | D | rwx | (user_page ? U : 0)));
        b->s->mstatus = (sum ? MSTATUS_SUM : 0) | (mxr ? MSTATUS_MXR : 0);
        b->s->priv = user ? PRIV_U : PRIV_S;
        assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), read ? -1 : CAUSE_LOAD_PAGE);
        assert_int_equal(try_access(b, va, ACCESS_WRITE, TARGET), write ? -1 : CAUSE_STORE_PAGE);
        assert_int_equal(try_access(b, va, ACCESS_FETCH, TARGET), execute ? -1 : CAUSE_FETCH_PAGE);
        /* The same through MPRV from M, but for fetches, which stay untranslated. */
        b->s->mstatus |= MSTATUS_MPRV | (uint64_t)b->s->priv << MSTATUS_MPP_POS;
        b->s->priv = PRIV_M;
        assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), read ? -1 : CAUSE_LOAD_PAGE);
        assert_int_equal(try_access(b, RAM, ACCESS_FETCH, RAM), -1);
    }
    bench_free(b);
}

static void accessed_and_dirty(void **state)
{
    struct bench *b = paged(SATP_SV39);
    const vaddr va = 0x7000;
    paddr leaf = map(b, 3, 0, va, pte(TARGET, V | R | W));
    struct translation t;

    (void)state;
    assert_true(isa_riscv64.mmu.translate(&b->cpu, va, ACCESS_READ, AS_CURRENT, &t));
    assert_int_equal(bench_load(b, leaf), pte(TARGET, V | R | W | A));
    assert_false(t.writable); /* D would have to be set first */
    assert_true(isa_riscv64.mmu.translate(&b->cpu, va, ACCESS_WRITE, AS_CURRENT, &t));
    assert_int_equal(bench_load(b, leaf), pte(TARGET, V | R | W | A | D));
    assert_true(t.writable);
    /* A refused access sets nothing. */
    leaf = map(b, 3, 0, va, pte(TARGET, V | R));
    assert_int_equal(try_access(b, va, ACCESS_WRITE, 0), CAUSE_STORE_PAGE);
    assert_int_equal(bench_load(b, leaf), pte(TARGET, V | R));
    /* A debugger neither. */
    assert_true(isa_riscv64.mmu.translate(&b->cpu, va, ACCESS_READ, AS_DEBUG, &t));
    assert_int_equal(bench_load(b, leaf), pte(TARGET, V | R));
    /* Svade: they fault. */
    b->s->menvcfg = 0;
    leaf = map(b, 3, 0, va, pte(TARGET, V | R | W));
    assert_int_equal(try_access(b, va, ACCESS_READ, 0), CAUSE_LOAD_PAGE);
    map(b, 3, 0, va, pte(TARGET, V | R | W | A));
    assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), -1);
    assert_int_equal(try_access(b, va, ACCESS_WRITE, 0), CAUSE_STORE_PAGE);
    assert_int_equal(bench_load(b, leaf), pte(TARGET, V | R | W | A));
    bench_free(b);
}

static void debugger_sees_what_is_mapped(void **state)
{
    struct bench *b = paged(SATP_SV39);
    paddr at;

    (void)state;
    map(b, 3, 0, 0x5000, pte(TARGET, V | X | U)); /* not readable for S */
    b->s->pmpcfg[0] = 0;
    b->s->pmp_generation++;
    assert_true(cpu_debug_translate(&b->cpu, 0x5678, &at));
    assert_int_equal(at, TARGET + 0x678);
    assert_false(cpu_debug_translate(&b->cpu, 0x6000, &at));
    assert_false(b->cpu.fault.raised);
    bench_free(b);
}

static void protection_on_the_way(void **state)
{
    struct bench *b = paged(SATP_SV39);
    const vaddr va = 0x7000;

    (void)state;
    map(b, 3, 0, va, pte(TARGET, V | R | W));
    /* The second table may not be read. */
    b->s->pmpaddr[1] = b->s->pmpaddr[0];
    b->s->pmpcfg[1] = b->s->pmpcfg[0];
    b->s->pmpaddr[0] = (ROOT + 0x1000) >> 2 | 0x1ff;
    b->s->pmpcfg[0] = 0x18;
    assert_int_equal(try_access(b, va, ACCESS_WRITE, 0), CAUSE_STORE_ACCESS);
    /* The last one may not be written: A cannot be set. */
    b->s->pmpaddr[0] = (ROOT + 0x2000) >> 2 | 0x1ff;
    b->s->pmpcfg[0] = 0x19;
    assert_int_equal(try_access(b, va, ACCESS_READ, 0), CAUSE_LOAD_ACCESS);
    map(b, 3, 0, va, pte(TARGET, V | R | W | A));
    assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), -1);
    /* The page itself may only be read. */
    b->s->pmpaddr[0] = TARGET >> 2 | 0x1ff;
    map(b, 3, 0, va, pte(TARGET, V | R | W | X | A | D));
    assert_int_equal(try_access(b, va, ACCESS_READ, TARGET), -1);
    assert_int_equal(try_access(b, va, ACCESS_WRITE, 0), CAUSE_STORE_ACCESS);
    assert_int_equal(try_access(b, va, ACCESS_FETCH, 0), CAUSE_FETCH_ACCESS);
    bench_free(b);
}

/* Without paging: who may what, at the edges of each shape of entry. */
static void protection_shapes(void **state)
{
    struct bench *b = bench_new(NULL);
    unsigned extent;

    (void)state;
    assert_int_equal(riscv_pmp_allows(b->s, RAM, PRIV_M, &extent), PMP_R | PMP_W | PMP_X);
    assert_int_equal(extent, 0);
    assert_int_equal(riscv_pmp_allows(b->s, RAM, PRIV_S, &extent), 0);
    b->s->pmpaddr[0] = (RAM + 8) >> 2; /* [RAM + 8, RAM + 12) read */
    b->s->pmpcfg[0] = 0x11;
    b->s->pmpaddr[2] = (RAM + 0x20) >> 2; /* [0, RAM + 0x20) all: pmpaddr1 is 0 */
    b->s->pmpcfg[2] = 0x0f;
    assert_int_equal(riscv_pmp_allows(b->s, RAM, PRIV_U, &extent), 7);
    assert_int_equal(extent, 8);
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 9, PRIV_U, &extent), PMP_R);
    assert_int_equal(extent, 3);
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 12, PRIV_U, &extent), 7);
    assert_int_equal(extent, 20);
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 0x20, PRIV_U, &extent), 0);
    assert_int_equal(riscv_pmp_allows(b->s, RAM - 0x1000, PRIV_U, &extent), 7);
    assert_int_equal(extent, 0);
    /* A range that begins inside the page and goes on beyond it. */
    b->s->pmpaddr[2] = (RAM + 0x1800) >> 2;
    b->s->pmpaddr[3] = (RAM + 0x3000) >> 2;
    b->s->pmpcfg[3] = 0x09;
    b->s->pmpcfg[2] = 0;
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 0x17ff, PRIV_U, &extent), 0);
    assert_int_equal(extent, 1);
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 0x1800, PRIV_U, &extent), PMP_R);
    assert_int_equal(extent, 0x800);
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 0x2000, PRIV_U, &extent), PMP_R);
    assert_int_equal(extent, 0);
    /* A lock binds M as well; without it M is free. */
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 9, PRIV_M, &extent), 7);
    b->s->pmpcfg[0] |= 0x80;
    assert_int_equal(riscv_pmp_allows(b->s, RAM + 9, PRIV_M, &extent), PMP_R);
    /* Everything by one entry. */
    b->s->pmpaddr[0] = UINT64_MAX >> 10;
    b->s->pmpcfg[0] = 0x1b;
    assert_int_equal(riscv_pmp_allows(b->s, UINT64_C(0xfffffffffffff8), PRIV_U, &extent), 3);
    assert_int_equal(extent, 0);
    bench_free(b);
}

/* A stale table would show: entries are changed under the tables' feet, with no fence at all. */
static void changes_are_seen_without_fences(void **state)
{
    struct bench *b = paged(SATP_SV39);
    const vaddr va = 0x7000;
    paddr leaf = map(b, 3, 0, va, pte(TARGET, V | R | W | A | D));

    (void)state;
    bench_store(b, TARGET, 1);
    bench_store(b, TARGET + 0x1000, 2);
    cpu_select_space(&b->cpu, 0);
    assert_int_equal(cpu_load(&b->cpu, va, 3), 1);
    assert_int_equal(cpu_load(&b->cpu, va, 3), 1);
    bench_store(b, leaf, pte(TARGET + 0x1000, V | R | A));
    assert_int_equal(cpu_load(&b->cpu, va, 3), 2);
    cpu_store(&b->cpu, va, 7, 3);
    assert_true(b->cpu.fault.raised);
    assert_int_equal(b->cpu.fault.cause, CAUSE_STORE_PAGE);
    assert_int_equal(bench_load(b, TARGET + 0x1000), 2);
    bench_free(b);
}

/* What the tables cached in one mode must not serve in another. */
static void modes_do_not_share_tables(void **state)
{
    struct bench *b = paged(SATP_SV39);
    const vaddr va = 0x7000;

    (void)state;
    map(b, 3, 0, va, pte(TARGET, V | R | X | U | A));
    bench_store(b, TARGET, 42);
    for (unsigned round = 0; round < 3; round++) {
        b->s->priv = PRIV_S;
        b->s->mstatus = MSTATUS_SUM;
        cpu_select_space(&b->cpu, 0);
        assert_int_equal(cpu_load(&b->cpu, va, 3), 42);
        b->s->mstatus = 0;
        cpu_select_space(&b->cpu, 0);
        (void)cpu_load(&b->cpu, va, 3);
        assert_true(b->cpu.fault.raised);
        b->cpu.fault.raised = false;
        /* M by MPRV as U, and as itself: the same address is physical then, where nothing is. */
        b->s->priv = PRIV_M;
        b->s->mstatus = MSTATUS_MPRV;
        cpu_select_space(&b->cpu, 0);
        assert_int_equal(cpu_load(&b->cpu, va, 3), 42);
        b->s->mstatus = MSTATUS_MPRV | (uint64_t)PRIV_S << MSTATUS_MPP_POS;
        cpu_select_space(&b->cpu, 0);
        (void)cpu_load(&b->cpu, va, 3);
        assert_int_equal(b->cpu.fault.cause, CAUSE_LOAD_PAGE);
        b->s->mstatus = MSTATUS_MPRV | MSTATUS_MPP;
        b->cpu.fault.raised = false;
        cpu_select_space(&b->cpu, 0);
        (void)cpu_load(&b->cpu, va, 3);
        assert_int_equal(b->cpu.fault.cause, CAUSE_LOAD_ACCESS);
        b->cpu.fault.raised = false;
    }
    bench_free(b);
}

/* Each thing that a walk or a permission check reads changes the key of the address space. */
static void the_key_tells_all_apart(void **state)
{
    struct bench *b = paged(SATP_SV39);
    uint64_t keys[16][SPACE_KEY] = {{0}};
    unsigned count = 0;
    void (*key)(const struct cpu *, enum access_as, uint64_t[SPACE_KEY]) =
        isa_riscv64.mmu.space_key;

    (void)state;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->mstatus = MSTATUS_SUM;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->mstatus = MSTATUS_MXR;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->menvcfg ^= ENVCFG_ADUE;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->satp++;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->pmp_generation++;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->priv = PRIV_U;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->priv = PRIV_M;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->mstatus = MSTATUS_MPRV;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    b->s->mstatus = MSTATUS_MPRV | (uint64_t)PRIV_S << MSTATUS_MPP_POS;
    key(&b->cpu, AS_CURRENT, keys[count++]);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_memory_not_equal(keys[i], keys[k], sizeof(keys[i]));
        }
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_depth_and_size_of_page),
        cmocka_unit_test(malformed_entries_fault),
        cmocka_unit_test(ranges_of_64_kib),
        cmocka_unit_test(memory_types),
        cmocka_unit_test(permissions),
        cmocka_unit_test(accessed_and_dirty),
        cmocka_unit_test(debugger_sees_what_is_mapped),
        cmocka_unit_test(protection_on_the_way),
        cmocka_unit_test(protection_shapes),
        cmocka_unit_test(changes_are_seen_without_fences),
        cmocka_unit_test(modes_do_not_share_tables),
        cmocka_unit_test(the_key_tells_all_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
