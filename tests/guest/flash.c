// SPDX-License-Identifier: GPL-2.0-or-later
// flash: the second bank of flash of Arm's boards, where firmware has its variables: a block is erased, words and a
// buffer are programmed, bits only become 0. The first word of its last block counts in bits that are cleared how
// often this program was started with what the bank holds.
#include "guest.h"

enum { READY = 0x80, ERROR_ERASE = 0x20, ERROR_PROGRAM = 0x10 };
#define BANK       ((uintptr_t)0x04000000)
#define BLOCK      0x40000
#define BOTH(x)    ((x) | (uint32_t)(x) << 16) // both chips
#define AT(offset) (*(volatile uint32_t *)(BANK + (offset)))
#define COUNTER    (255 * BLOCK)

// A store of 8 bytes is two commands.
static uint32_t finish(void)
{
    uint32_t status = AT(0);
    CHECK_EQ(status & BOTH(READY), BOTH(READY));
    *(volatile uint64_t *)BANK = BOTH(0x50) | (uint64_t)BOTH(0xff) << 32;
    return status & 0xff & ~READY;
}

static uint32_t erase(uint32_t at)
{
    AT(at) = BOTH(0x20);
    AT(at) = BOTH(0xd0);
    return finish();
}

static uint32_t program(uint32_t at, uint32_t value)
{
    AT(at) = BOTH(0x40);
    AT(at) = value;
    return finish();
}

static uint32_t program_buffer(uint32_t at, uint32_t first, unsigned words)
{
    AT(at) = BOTH(0xe8);
    AT(at) = BOTH(words - 1);
    for (unsigned i = 0; i < words; i++) {
        AT(at + 4 * i) = first + i;
    }
    AT(at) = BOTH(0xd0);
    return finish();
}

static void write_much(void)
{
    CHECK_EQ(erase(BLOCK), 0);
    for (uint32_t at = BLOCK; at < 2 * BLOCK; at += 0x1000) {
        CHECK_EQ(AT(at), 0xffffffff);
    }
    CHECK_EQ(program(BLOCK + 0x100, 0x12345678), 0);
    CHECK_EQ(program(BLOCK + 0x100, 0xff00ffff), 0);
    CHECK_EQ(AT(BLOCK + 0x100), 0x12005678);
    CHECK_EQ(program_buffer(BLOCK + 0x800, 1000, 512), 0);
    CHECK_EQ(AT(BLOCK + 0x7fc), 0xffffffff);
    CHECK_EQ(AT(BLOCK + 0xffc), 1511);
    say("written\n");
}

void guest_main(void)
{
    uint32_t counter = AT(COUNTER);
    unsigned starts = 0;

    // What is there at first is zeros, or erased.
    if (counter == 0 && erase(COUNTER) == ERROR_ERASE) {
        CHECK_EQ(program(BLOCK, 0), ERROR_PROGRAM);
        CHECK_EQ(program_buffer(BLOCK, 0, 8), ERROR_PROGRAM);
        say("only read\n");
        return;
    }
    counter = AT(COUNTER);
    CHECK_EQ(program(COUNTER, counter << 1), 0);
    for (counter = AT(COUNTER); (counter & 1) == 0 && starts < 32; counter >>= 1) {
        starts++;
    }
    write_much();
    say("starts: %u\n", starts);
}
