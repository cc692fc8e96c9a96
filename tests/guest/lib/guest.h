/* SPDX-License-Identifier: GPL-2.0-or-later
 * guest.h: what a guest program for tests may use, whatever the ISA: console, checks, the end of
 * the machine, time, several harts. Programs define guest_main(); everything that knows an ISA or
 * a board is in lib/<isa>/. No libc below it and no allocation.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a)    (sizeof(a) / sizeof((a)[0]))
#define GUEST_MAX_HARTS 8

/* The program: entered by the boot hart alone with interrupts off. Returning ends the machine:
 * with success if no check failed. */
void guest_main(void);

/* ---- console.c ------------------------------------------------------------------------------- */

/* printf with %d %u %x %s %c and %%, each with an optional 0, a width and l for 64 bits. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A failed check prints its place and both values, and the program goes on to the next one. */
#define CHECK(x) guest_check((x), #x, __FILE__, __LINE__)
#define CHECK_EQ(got, want)                                                                        \
    guest_check_eq((uint64_t)(got), (uint64_t)(want), #got, __FILE__, __LINE__)
void guest_check(bool ok, const char *text, const char *file, int line);
void guest_check_eq(uint64_t got, uint64_t want, const char *text, const char *file, int line);

/* Prints "ok" or the number of failed checks, and ends the machine accordingly. */
_Noreturn void guest_finish(void);

/* ---- memory.c -------------------------------------------------------------------------------- */

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);

/* CRC-32 (the one of Ethernet), continuing from `crc`; 0 to begin. */
uint32_t crc32(uint32_t crc, const void *data, size_t size);
/* A cheap checksum for many numbers: the next one after `sum`; 0 to begin. */
uint64_t mix(uint64_t sum, uint64_t value);
/* A small generator (xorshift64): the same numbers everywhere; *state is never 0. */
uint64_t next_random(uint64_t *state);

/* ---- fdt.c ----------------------------------------------------------------------------------- */

/* How many nodes /cpus/cpu@* the flattened device tree has; 0 when it is none. */
unsigned fdt_count_cpus(const void *fdt);

/* ---- lib/<isa>/board.c: the board ------------------------------------------------------------ */

void console_put(char c);
/* Polls until a byte has come. */
char console_get(void);

/* Ends the machine: status 0 is success, anything else is the exit status asked for. */
_Noreturn void power_off(unsigned status);

/* Nanoseconds of virtual time since some start; never goes back. */
uint64_t clock_ns(void);
/* Sleeps (without running instructions, as far as the ISA allows) until clock_ns() >= `ns`.
 * Returns how often it woke up for it. */
unsigned sleep_until_ns(uint64_t ns);

/* ---- lib/<isa>/: several harts --------------------------------------------------------------- */

unsigned hart_count(void);
unsigned hart_id(void);
/* Lets a parked hart run fn(arg); when fn returns, it parks again. */
void hart_start(unsigned hart, void (*fn)(uint64_t arg), uint64_t arg);
/* Waits until that hart is parked again. */
void hart_wait(unsigned hart);

/* Everything written before is seen by all harts before anything written after. */
static inline void memory_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
