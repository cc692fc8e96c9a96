// SPDX-License-Identifier: GPL-2.0-or-later
// pci_body: a guest of PCI, whatever the ISA: numbers the buses behind bridges, moves base addresses about while it
// uses what is behind them, takes interrupts by pin, by MSI and by MSI-X, masked and not, and lets the function
// copy. Of the functions: pci-scratch at 1.0, pcie-root-port at 2.0, with another pci-scratch behind it.
// Only counts and checks are printed: addresses differ from board to board.
#ifndef PCI_BODY_H
#define PCI_BODY_H

#include "guest.h"

// What the board says.
static uintptr_t pci_ecam, pci_memory, pci_high;
static void map_ecam(void);
static void pins_init(void);                                    // all four
static void message_init(uint64_t *address, uint32_t *data);    // where a message of 1.0 goes
static void wait_for(volatile unsigned *count, unsigned least); // with interrupts on in between

#define PCI_REG(size, at) (*(volatile uint##size##_t *)(at))
enum {
    SCRATCH_VALUE = 0,
    SCRATCH_DELAY = 4,
    SCRATCH_STATUS = 8,
    SCRATCH_VECTOR = 0xc,
    SCRATCH_FROM = 0x10,
    SCRATCH_TO = 0x18,
    SCRATCH_COPY = 0x20
};
enum { BAR0 = 0x10, BAR2 = 0x18, BAR4 = 0x20, BUSES = 0x18, WINDOW = 0x20, COMMAND = 4 };
enum { MEMORY = 2, MASTER = 4 };

static volatile unsigned pins, messages;
static uintptr_t registers[2]; // of both functions

static uintptr_t config(unsigned bus, unsigned slot, unsigned at)
{
    return pci_ecam + (bus << 20 | slot << 15 | at);
}

static unsigned capability(unsigned bus, unsigned slot, unsigned number)
{
    unsigned at = PCI_REG(8, config(bus, slot, 0x34));
    while (at != 0 && PCI_REG(8, config(bus, slot, at)) != number) {
        at = PCI_REG(8, config(bus, slot, at + 1));
    }
    CHECK(at != 0);
    return at;
}

// Both may have asked for it.
static inline void on_pin(void)
{
    for (unsigned i = 0; i < 2; i++) {
        if ((PCI_REG(32, registers[i] + SCRATCH_STATUS) & 1) != 0) {
            PCI_REG(32, registers[i] + SCRATCH_STATUS) = 1;
            pins++;
        }
    }
}

static void find(void)
{
    CHECK_EQ(PCI_REG(32, config(0, 0, 0)), 0x00081b36);
    CHECK_EQ(PCI_REG(32, config(0, 1, 0)), 0x5c7a1b36);
    CHECK_EQ(PCI_REG(32, config(0, 3, 0)), 0xffffffff);
    CHECK_EQ(PCI_REG(32, config(1, 0, 0)), 0xffffffff);
    PCI_REG(32, config(0, 2, BUSES)) = 0x010100;
    CHECK_EQ(PCI_REG(32, config(1, 0, 0)), 0x5c7a1b36);
    CHECK_EQ(PCI_REG(16, config(0, 2, 0xa)), 0x0604);
    PCI_REG(32, config(0, 2, WINDOW)) =
        (uint32_t)(pci_memory >> 16 | (pci_memory & 0xfff00000)) + 0x00100010;
    PCI_REG(16, config(0, 2, COMMAND)) = MEMORY | MASTER;
    registers[0] = pci_memory;
    registers[1] = pci_memory + 0x100000;
    PCI_REG(32, config(0, 1, BAR0)) = (uint32_t)registers[0];
    PCI_REG(32, config(1, 0, BAR0)) = (uint32_t)registers[1];
    PCI_REG(16, config(0, 1, COMMAND)) = MEMORY | MASTER;
    PCI_REG(16, config(1, 0, COMMAND)) = MEMORY | MASTER;
    PCI_REG(32, registers[0]) = 0x11111111;
    PCI_REG(32, registers[1]) = 0x22222222;
    say("found\n");
}

static void move(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 200; i++) {
        uintptr_t high = pci_high + 0x10000 * (uintptr_t)(i % 7), old = registers[0];
        registers[0] = pci_memory + 0x1000 * (uintptr_t)(i % 13);
        PCI_REG(32, config(0, 1, BAR0)) = (uint32_t)registers[0];
        CHECK_EQ(PCI_REG(32, registers[0]), 0x11111111 + i);
        if (old != registers[0]) {
            CHECK_EQ(PCI_REG(32, old), 0xffffffff);
        }
        PCI_REG(32, registers[0]) = 0x11111111 + i + 1;
        PCI_REG(32, config(0, 1, BAR2)) = (uint32_t)high;
        PCI_REG(32, config(0, 1, BAR2 + 4)) = (uint32_t)((uint64_t)high >> 32);
        CHECK_EQ(PCI_REG(32, high + 8 * (uintptr_t)i), 0);
        PCI_REG(32, high + 8 * (uintptr_t)i) = i + 1;
        for (unsigned k = 0; k <= i; k++) {
            sum = mix(sum, PCI_REG(32, high + 8 * (uintptr_t)k));
        }
    }
    PCI_REG(32, registers[1]) += 1; // what is behind the bridge stayed where it was
    CHECK_EQ(PCI_REG(32, registers[1]), 0x22222223);
    PCI_REG(16, config(0, 2, COMMAND)) = MASTER;
    CHECK_EQ(PCI_REG(32, registers[1]), 0xffffffff);
    PCI_REG(16, config(0, 2, COMMAND)) = MEMORY | MASTER;
    CHECK_EQ(PCI_REG(32, registers[1]), 0x22222223);
    say("moved %lx\n", (unsigned long)(sum & 0xffffffff));
}

static void ring(unsigned i, unsigned delay)
{
    PCI_REG(32, registers[i] + SCRATCH_DELAY) = delay;
}

static void by_pin(void)
{
    pins_init();
    for (unsigned i = 0; i < 10; i++) {
        ring(i % 2, 1000 + 100 * i);
        wait_for(&pins, i + 1);
    }
    ring(0, 5000);
    ring(1, 5000); // at once
    wait_for(&pins, 12);
    CHECK_EQ(PCI_REG(16, config(0, 1, 6)) & 8, 0);
    say("pins %u\n", pins);
}

static void by_msix(uint64_t address, uint32_t data)
{
    unsigned at = capability(0, 1, 0x11);
    uintptr_t table = pci_memory + 0x20000, entry = table + 16 * 3;
    PCI_REG(32, config(0, 1, BAR4)) = (uint32_t)table;
    PCI_REG(32, entry) = (uint32_t)address;
    PCI_REG(32, entry + 4) = (uint32_t)(address >> 32);
    PCI_REG(32, entry + 8) = data;
    CHECK_EQ(PCI_REG(32, entry + 12), 1);
    PCI_REG(16, config(0, 1, at + 2)) = 0x8000;
    PCI_REG(32, registers[0] + SCRATCH_VECTOR) = 3;
    ring(0, 100);
    sleep_until_ns(clock_ns() + 10000);
    CHECK_EQ(messages, 0); // masked
    CHECK_EQ(PCI_REG(32, table + 0x800), 8);
    PCI_REG(32, entry + 12) = 0;
    wait_for(&messages, 1);
    CHECK_EQ(PCI_REG(32, table + 0x800), 0);
    for (unsigned i = 1; i < 10; i++) {
        ring(0, 500 + 37 * i);
        wait_for(&messages, i + 1);
    }
    PCI_REG(16, config(0, 1, at + 2)) = 0;
    say("MSI-X %u\n", messages);
}

static void by_msi(uint64_t address, uint32_t data)
{
    unsigned at = capability(0, 1, 0x05);
    PCI_REG(32, config(0, 1, at + 4)) = (uint32_t)address;
    PCI_REG(32, config(0, 1, at + 8)) = (uint32_t)(address >> 32);
    PCI_REG(16, config(0, 1, at + 12)) = (uint16_t)data;
    PCI_REG(16, config(0, 1, at + 2)) = 1;
    PCI_REG(32, registers[0] + SCRATCH_VECTOR) = 0;
    messages = 0;
    for (unsigned i = 0; i < 5; i++) {
        ring(0, 300);
        wait_for(&messages, i + 1);
    }
    PCI_REG(16, config(0, 1, at + 2)) = 0;
    say("MSI %u\n", messages);
}

static uint8_t from[256], to[256];

static void copy(void)
{
    uint64_t seed = 7;
    for (unsigned i = 0; i < sizeof from; i++) {
        from[i] = (uint8_t)next_random(&seed);
    }
    memory_barrier();
    PCI_REG(64, registers[0] + SCRATCH_FROM) = (uintptr_t)from;
    PCI_REG(64, registers[0] + SCRATCH_TO) = (uintptr_t)to;
    PCI_REG(32, registers[0] + SCRATCH_COPY) = sizeof from;
    CHECK_EQ(PCI_REG(32, registers[0] + SCRATCH_COPY), sizeof from);
    CHECK_EQ(memcmp(from, to, sizeof from), 0);
    PCI_REG(16, config(0, 1, COMMAND)) = MEMORY; // no master any more
    PCI_REG(32, registers[0] + SCRATCH_COPY) = 4;
    CHECK_EQ(PCI_REG(32, registers[0] + SCRATCH_COPY), 0);
    say("copied\n");
}

void guest_main(void)
{
    uint64_t address;
    uint32_t data;
    pci_ecam = PCI_ECAM_AT;
    pci_memory = PCI_MEMORY_AT;
    pci_high = PCI_HIGH_AT;
    map_ecam();
    find();
    move();
    by_pin();
    message_init(&address, &data);
    by_msix(address, data);
    by_msi(address, data);
    copy();
}

#endif
