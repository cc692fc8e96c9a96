// SPDX-License-Identifier: GPL-2.0-or-later
// semihost: what a program asks of its host, in each form of its instruction set (with -semihosting): it writes, asks
// for the time, is told what is not there, and ends with a status.
#include "guest.h"

typedef uintptr_t word; // of a block of arguments
enum {
    OPEN = 1,
    WRITEC = 3,
    WRITE0 = 4,
    WRITE = 5,
    REMOVE = 0x0e,
    CLOCK = 0x10,
    EXIT_EXTENDED = 0x20
};
#define APPLICATION_EXIT 0x20026

#if defined(__aarch64__)
static word ask_hlt(word operation, word block)
{
    register word x0 __asm__("x0") = operation;
    register word x1 __asm__("x1") = block;
    __asm__ volatile("hlt 0xf000" : "+r"(x0) : "r"(x1) : "memory");
    return x0;
}
#else
#define FORM(name, set, instruction)                                                               \
    __attribute__((target(set), noinline)) static word name(word operation, word block)            \
    {                                                                                              \
        register word r0 __asm__("r0") = operation;                                                \
        register word r1 __asm__("r1") = block;                                                    \
        __asm__ volatile(instruction : "+r"(r0) : "r"(r1) : "memory", "lr", "cc");                 \
        return r0;                                                                                 \
    }
FORM(ask_hlt, "arm", ".inst 0xe10f0070") // hlt 0xf000
FORM(ask_svc, "arm", "svc 0x123456")
FORM(ask_hlt_narrow, "thumb", ".inst.n 0xbabc") // hlt 0x3c
FORM(ask_svc_narrow, "thumb", "svc 0xab")
#endif

static const struct form {
    const char *name;
    word (*ask)(word operation, word block);
} forms[] = {
    {"HLT", ask_hlt},
#if !defined(__aarch64__)
    {"SVC", ask_svc},
    {"HLT of T32", ask_hlt_narrow},
    {"SVC of T32", ask_svc_narrow},
#endif
};

static void try_form(const struct form *f)
{
    static const char text[] = " writes";
    word open[3] = {(word) ":tt", 4, 3}, write[3], none[2] = {(word) "nowhere", 7};
    word before = f->ask(CLOCK, 0);
    char end = '\n';

    CHECK_EQ(f->ask(WRITE0, (word)f->name), 0);
    write[0] = f->ask(OPEN, (word)open);
    write[1] = (word)text;
    write[2] = sizeof text - 1;
    CHECK_EQ(f->ask(WRITE, (word)write), 0);
    (void)f->ask(WRITEC, (word)&end);
    CHECK(f->ask(CLOCK, 0) >= before);
    CHECK_EQ(f->ask(REMOVE, (word)none), (word)-1);
    CHECK_EQ(f->ask(0x7777, 0), (word)-1);
}

void guest_main(void)
{
    word leave[2] = {APPLICATION_EXIT, 42};

    for (unsigned i = 0; i < ARRAY_LEN(forms); i++) {
        try_form(&forms[i]);
    }
    (void)forms[ARRAY_LEN(forms) - 1].ask(EXIT_EXTENDED, (word)leave);
    say("FAIL it goes on\n");
}
