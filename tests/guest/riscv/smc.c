// SPDX-License-Identifier: GPL-2.0-or-later
// smc: code that is written while it runs. With fence.i the result is defined (Unprivileged ISA,
// chapter 6) and checked. Without it the specification leaves it open; the reference and we see
// every store at once (translator.md promises coherence), so that is checked as well, in lines of
// its own. Also stores by another hart, and data on the page that is being executed.
#include "riscv.h"

enum { C_RET = 0x8082, WIDE = __riscv_xlen == 64 ? 1 << 12 : 0 };

static uint32_t page[1024] __attribute__((aligned(4096)));
static uint32_t other[1024] __attribute__((aligned(4096)));

static uint32_t addi_a0(uint32_t immediate)
{
    return immediate << 20 | 10 << 15 | 10 << 7 | 0x13;
}

static uint64_t call(const void *code, uint64_t arg)
{
    return ((uint64_t(*)(uint64_t))(uintptr_t)code)(arg);
}

static void fence_i(void)
{
    __asm__ volatile("fence.i" : : : "memory");
}

static void with_fence(void)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < 200; i++) {
        page[i % 7] = addi_a0(i);
        page[i % 7 + 1] = C_RET;
        fence_i();
        total += call(&page[i % 7], 0);
    }
    CHECK_EQ(total, 199 * 200 / 2);
    say("with fence.i %lu\n", total);
}

static void without_fence(void)
{
    uint64_t total = 0;
    page[1] = C_RET;
    for (uint32_t i = 0; i < 200; i++) {
        *(volatile uint32_t *)&page[0] = addi_a0(i);
        __asm__ volatile("" : : : "memory");
        total += call(&page[0], 0);
    }
    say("without fence.i %lu\n", total);
}

// Straight-line code that overwrites the very next instruction. The specification leaves open which
// one runs; we run the new one, the reference what it translated before: the one known difference
// (expected/smc.reference.txt).
static __attribute__((noinline)) uint64_t patch_ahead(unsigned long fresh)
{
    register unsigned long a0 __asm__("a0") = 0;
    register unsigned long a1 __asm__("a1") = fresh;
    __asm__ volatile(".option push\n.option norvc\n .balign 4\n"
                     "la t0, 1f\n sw a1, 0(t0)\n"
                     "1: addi a0, a0, 1\n"
                     "addi a0, a0, 256\n.option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "t0", "memory");
    return a0;
}

static uint64_t patch_loop(void)
{
    register unsigned long a0 __asm__("a0") = 0;
    // Each round adds 1 to the immediate of the addi that the next round runs: 0+1+...+9.
    __asm__ volatile(".option push\n.option norvc\n .balign 4\n"
                     "la t0, 1f\n li t1, 10\n li t3, 1 << 20\n"
                     "1: addi a0, a0, 0\n"
                     "lw t2, 0(t0)\n add t2, t2, t3\n sw t2, 0(t0)\n"
                     "addi t1, t1, -1\n bnez t1, 1b\n.option pop"
                     : "+r"(a0)
                     :
                     : "t0", "t1", "t2", "t3", "memory");
    return a0;
}

// A counter on the code's own page, stored to by that code: nothing of the code changes.
static void own_page(void)
{
    static const uint32_t code[] = {
        0x00000297,        // auipc t0, 0
        0x1002a303 | WIDE, // lw t1, 256(t0); ld where registers have 64 bits
        0x00a30333,        // add t1, t1, a0
        0x1062a023 | WIDE, // sw or sd t1, 256(t0)
        0x00008067,        // ret
    };
    memcpy(other, code, sizeof code);
    memset(other + 64, 0, 8);
    fence_i();
    for (uint64_t i = 1; i <= 100; i++) {
        call(other, i);
    }
    uint64_t count;
    memcpy(&count, other + 64, sizeof count);
    CHECK_EQ(count, 5050);
    say("own page %lu\n", count);
}

// Hart 0 writes, hart 1 does fence.i and runs: the handshake of the specification's section 6.
static volatile uint64_t ready, done;
static uint64_t remote_total;

static void runner(uint64_t rounds)
{
    for (uint64_t i = 1; i <= rounds; i++) {
        while (ready != i) {
        }
        memory_barrier();
        fence_i();
        remote_total += call(page, 0);
        memory_barrier();
        done = i;
    }
}

static void other_hart(void)
{
    bool is_alone = hart_count() == 1;
    if (!is_alone) {
        hart_start(1, runner, 20);
    }
    for (uint32_t i = 1; i <= 20; i++) {
        page[0] = addi_a0(i);
        page[1] = C_RET;
        memory_barrier();
        ready = i;
        if (is_alone) {
            fence_i();
            remote_total += call(page, 0);
        } else {
            while (done != i) {
            }
        }
    }
    if (!is_alone) {
        hart_wait(1);
    }
    CHECK_EQ(remote_total, 210);
    say("another hart's code %lu\n", remote_total);
}

void guest_main(void)
{
    with_fence();
    without_fence();
    uint64_t first = patch_ahead(addi_a0(77));
    say("just ahead %lu %lu\n", first, patch_ahead(addi_a0(78)));
    say("loop %lu\n", patch_loop());
    own_page();
    other_hart();
}
