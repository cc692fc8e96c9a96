// SPDX-License-Identifier: GPL-2.0-or-later
// exceptions: which vector is taken, and with what status, address and CPSR, by what user mode and system mode may
// not do (DDI 0406C, B1.8 and B3.12): SVC, BKPT, undefined instructions of both instruction sets, in IT blocks as
// well, registers of CP15, misaligned and unmapped accesses, exclusives, loads of several words.
#include "arm.h"

static uint8_t stack[4096] __attribute__((aligned(16)));
static uint32_t words[8] __attribute__((aligned(32)));
#define TOP     (stack + sizeof stack)
#define NOWHERE 0x90000000u

static void expect(const char *what, unsigned vector, uint32_t status, uint32_t (*fn)(uint32_t),
                   bool as_user, uint32_t arg, uint32_t address)
{
    trap_expect();
    if (as_user) {
        run_as_user(fn, arg, TOP);
    } else {
        fn(arg);
    }
    struct trap_seen seen = trap_taken();
    bool is_abort = seen.vector == VECTOR_DATA || seen.vector == VECTOR_PREFETCH;
    say("%s: vector %u status %03x cpsr %03x it %02x, %u\n", what, seen.vector,
        is_abort ? seen.status : 0, seen.cpsr & 0x3f,
        (seen.cpsr >> 8 & 0xfc) | (seen.cpsr >> 25 & 3), seen.count);
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(seen.vector, vector);
    CHECK_EQ(seen.cpsr & 0x1f, as_user ? 0x10 : 0x1f);
    if (is_abort) {
        CHECK_EQ(seen.status, status);
    }
    if (address != 0) {
        CHECK_EQ(seen.address, address);
    }
}

// In T32, as programs are, and in A32.
#define T32(name, text)                                                                            \
    static uint32_t name(uint32_t arg)                                                             \
    {                                                                                              \
        __asm__ volatile(text : "+r"(arg) : : "r3", "r4", "r5", "cc", "memory");                   \
        return arg;                                                                                \
    }
#define A32(name, text)                                                                            \
    __attribute__((target("arm"))) static uint32_t name(uint32_t arg)                              \
    {                                                                                              \
        __asm__ volatile(text : "+r"(arg) : : "r3", "r4", "r5", "cc", "memory");                   \
        return arg;                                                                                \
    }
#define BOTH(name, text) T32(t32_##name, text) A32(a32_##name, text)

BOTH(svc, "svc 0x12")
BOTH(bkpt, "bkpt 7")
BOTH(udf, "udf 9")
T32(t32_udf_wide, "udf.w 9")
BOTH(cdp, "cdp p7, 1, c2, c3, c4")
BOTH(read_sctlr, "mrc p15, 0, %0, c1, c0, 0")
BOTH(write_ttbr, "mcr p15, 0, %0, c2, c0, 0")
BOTH(no_register, "mrc p15, 3, %0, c5, c6, 7")
BOTH(load, "ldr %0, [%0]")
BOTH(store, "str %0, [%0]")
BOTH(load_half, "ldrh %0, [%0]")
BOTH(load_two, "ldrd r4, r5, [%0]")
BOTH(load_several, "ldm %0, {r3, r4}")
BOTH(store_several, "stm %0, {r3, r4}")
BOTH(load_exclusive, "ldrex %0, [%0]")
BOTH(user_load, "ldrt r3, [%0]")
T32(t32_in_it, "cmp %0, %0\n itete eq\n moveq r3, 1\n movne r3, 2\n udf.n 3\n movne r3, 4")
T32(t32_load_in_it, "cmp %0, %0\n itt eq\n ldreq r3, [%0]\n moveq r4, 1")
// lr says where a fetch that failed is to go on.
static uint32_t jump(uint32_t arg)
{
    ((void (*)(void))arg)();
    return arg;
}

static void set_align(bool on)
{
    uint32_t sctlr = read_cp15(0, c1, c0, 0);
    write_cp15(0, c1, c0, 0, on ? sctlr | 2 : sctlr & ~2u);
}

#define EACH(what, vector, status, name, as_user, arg, address)                                    \
    do {                                                                                           \
        expect(what, vector, status, t32_##name, as_user, arg, address);                           \
        expect(what, vector, status, a32_##name, as_user, arg, address);                           \
    } while (0)

static void ordinary(bool as_user)
{
    EACH("svc", VECTOR_SVC, 0, svc, as_user, 0, 0);
    EACH("bkpt", VECTOR_PREFETCH, 2, bkpt, as_user, 0, 0);
    EACH("udf", VECTOR_UNDEFINED, 0, udf, as_user, 0, 0);
    expect("udf.w", VECTOR_UNDEFINED, 0, t32_udf_wide, as_user, 0, 0);
    EACH("cdp", VECTOR_UNDEFINED, 0, cdp, as_user, 0, 0);
    EACH("no register", VECTOR_UNDEFINED, 0, no_register, as_user, 0, 0);
    expect("in IT", VECTOR_UNDEFINED, 0, t32_in_it, as_user, 0, 0);
    expect("load in IT", VECTOR_DATA, 0x5, t32_load_in_it, as_user, NOWHERE, NOWHERE);
}

static void memory(bool as_user)
{
    uint32_t odd = (uint32_t)words + 2;
    EACH("load", VECTOR_DATA, 0x5, load, as_user, NOWHERE, NOWHERE);
    EACH("store", VECTOR_DATA, 0x805, store, as_user, NOWHERE + 4, NOWHERE + 4);
    EACH("load half", VECTOR_DATA, 0x5, load_half, as_user, NOWHERE + 6, NOWHERE + 6);
    EACH("load two", VECTOR_DATA, 0x1, load_two, as_user, odd, odd);
    EACH("load several", VECTOR_DATA, 0x1, load_several, as_user, odd, odd);
    EACH("store several", VECTOR_DATA, 0x801, store_several, as_user, odd, odd);
    EACH("exclusive", VECTOR_DATA, 0x1, load_exclusive, as_user, odd, odd);
    expect("fetch", VECTOR_PREFETCH, 0x5, jump, as_user, NOWHERE, NOWHERE);
    expect("fetch T32", VECTOR_PREFETCH, 0x5, jump, as_user, NOWHERE + 1, NOWHERE);
    expect("fetch of data", VECTOR_PREFETCH, 0xf, jump, as_user, (uint32_t)words, (uint32_t)words);
    set_align(true);
    EACH("aligned load", VECTOR_DATA, 0x1, load, as_user, odd, odd);
    EACH("aligned store", VECTOR_DATA, 0x801, store, as_user, odd, odd);
    set_align(false);
}

void guest_main(void)
{
    ordinary(false);
    ordinary(true);
    memory(false);
    memory(true);
    // What only the privileged may.
    EACH("read SCTLR", VECTOR_UNDEFINED, 0, read_sctlr, true, 0, 0);
    EACH("write TTBR0", VECTOR_UNDEFINED, 0, write_ttbr, true, 0, 0);
    EACH("UART", VECTOR_DATA, 0xd, load, true, 0x9000000, 0x9000000);
    EACH("store to code", VECTOR_DATA, 0x80f, store, true, (uint32_t)guest_main & ~3u,
         (uint32_t)guest_main & ~3u);
    EACH("as user", VECTOR_DATA, 0xd, user_load, false, 0x9000000, 0x9000000);
}
