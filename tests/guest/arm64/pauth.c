// SPDX-License-Identifier: GPL-2.0-or-later
// pauth: with -cpu max: pointers get codes and lose them again, wrong ones raise exceptions, the cipher has its
// published value; branches into guarded pages have to lead to BTI; random numbers differ from each other.
#include "arm64.h"

__asm__(".arch armv8.5-a+rng");

#define EC_PAC_FAIL 0x1c
#define EC_BTI      0x0d
#define PTE_GP      (UINT64_C(1) << 50)

static uint8_t stack[4096] __attribute__((aligned(16)));
#define TOP (stack + sizeof stack)

static void set_keys(void)
{
    write_sysreg(S3_0_C2_C1_0, 0x0123456789abcdef); // APIA
    write_sysreg(S3_0_C2_C1_1, 0xfedcba9876543210);
    write_sysreg(S3_0_C2_C2_0, 0x1111222233334444); // APDA
    write_sysreg(S3_0_C2_C2_1, 0x5555666677778888);
    write_sysreg(S3_0_C2_C3_0, 0xec2802d4e0a488e9); // APGA
    write_sysreg(S3_0_C2_C3_1, 0x84be85ce9804e94b);
}

static uint64_t sign(uint64_t pointer, uint64_t modifier)
{
    __asm__ volatile("pacia %0, %1" : "+r"(pointer) : "r"(modifier));
    return pointer;
}
static uint64_t authenticate(uint64_t pointer, uint64_t modifier)
{
    __asm__ volatile("autia %0, %1" : "+r"(pointer) : "r"(modifier));
    return pointer;
}

static void codes(void)
{
    uint64_t plain = (uint64_t)stack, code;
    __asm__("pacga %0, %1, %2" : "=r"(code) : "r"(0xfb623599da6e8127), "r"(0x477d469dec0b8762));
    CHECK_EQ(code, 0xc003b93900000000);
    CHECK_EQ(sign(plain, 1), plain); // no key is on yet
    write_sysreg(sctlr_el1, read_sysreg(sctlr_el1) | 1ul << 31 | 1ul << 27);
    uint64_t with = sign(plain, 1);
    CHECK(with != plain);
    CHECK_EQ(with << 25, plain << 25);
    CHECK_EQ(authenticate(with, 1), plain);
    uint64_t stripped = with;
    __asm__("xpaci %0" : "+r"(stripped));
    CHECK_EQ(stripped, plain);
    say("code %016lx\n", with);

    trap_expect();
    authenticate(with, 2);
    struct trap_seen seen = trap_taken();
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(ESR_EC(seen.esr), EC_PAC_FAIL);
    CHECK_EQ(ESR_ISS(seen.esr), 0); // an instruction's, key A
    uint64_t value = 0x1234, at = (uint64_t)&value, loaded;
    __asm__ volatile("pacdza %1\n ldraa %0, [%1]" : "=&r"(loaded), "+r"(at) : : "memory");
    CHECK_EQ(loaded, 0x1234);
    trap_expect();
    __asm__ volatile("ldraa %0, [%1]" : "=r"(loaded) : "r"(at ^ 1ul << 45) : "memory");
    CHECK_EQ(ESR_ISS(trap_taken().esr), 2);
}

// Code of a guarded page: 0 BTI c, 8 none, 16 BTI j, 24 PACIASP and its opposite; each returns.
__asm__(".pushsection .text\n .balign 4096\n guarded:\n"
        "bti c\n ret\n nop\n ret\n bti j\n ret\n paciasp\n b 1f\n 1: autiasp\n ret\n"
        ".balign 4096\n .popsection");
extern const char guarded[];

static uint64_t call(uint64_t at)
{
    __asm__ volatile("mov x9, x30\n blr %0\n mov x30, x9" : "+r"(at) : : "x9", "x30", "memory");
    return at;
}
static uint64_t jump(uint64_t at)
{
    __asm__ volatile("mov x9, x30\n adr x30, 1f\n br %0\n1: mov x30, x9"
                     : "+r"(at)
                     :
                     : "x9", "x30", "memory");
    return at;
}
static uint64_t jump_by_16(uint64_t at)
{
    __asm__ volatile("mov x9, x30\n adr x30, 1f\n mov x16, %0\n br x16\n1: mov x30, x9"
                     : "+r"(at)
                     :
                     : "x9", "x16", "x30", "memory");
    return at;
}

static void target(const char *what, uint64_t (*how)(uint64_t), unsigned offset, unsigned btype)
{
    for (unsigned at_el0 = 0; at_el0 < 2; at_el0++) {
        trap_expect();
        if (at_el0) {
            run_at_el0(how, (uint64_t)guarded + offset, TOP);
        } else {
            how((uint64_t)guarded + offset);
        }
        struct trap_seen seen = trap_taken();
        CHECK_EQ(seen.count != 0, btype != 0); // again at each that is skipped, as BTYPE stays
        if (btype != 0) {
            CHECK_EQ(ESR_EC(seen.esr), EC_BTI);
            CHECK_EQ(ESR_ISS(seen.esr), btype);
            CHECK_EQ(seen.spsr >> 10 & 3, btype);
        }
    }
    say("%s %u: %u\n", what, offset, btype);
}

static void targets(void)
{
    target("not guarded", call, 8, 0);
    *page_entry((uint64_t)guarded) |= PTE_GP;
    tables_changed();
    target("blr", call, 0, 0);
    target("blr", call, 8, 2);
    target("blr", call, 16, 2);
    target("blr", call, 24, 0);
    target("br", jump, 0, 0); // from a page that is not guarded: like by x16
    target("br", jump, 8, 1);
    target("br", jump, 16, 0);
    target("br x16", jump_by_16, 0, 0);
}

static void random_numbers(void)
{
    uint64_t a, b, flags;
    __asm__ volatile("mrs %0, rndr\n mrs %1, rndrrs\n mrs %2, nzcv"
                     : "=r"(a), "=r"(b), "=r"(flags));
    CHECK(a != b && a != 0 && b != 0);
    CHECK_EQ(flags, 0);
}

void guest_main(void)
{
    set_keys();
    codes();
    targets();
    random_numbers();
}
