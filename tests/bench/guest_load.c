/* SPDX-License-Identifier: GPL-2.0-or-later
 * guest_load: a program for Linux guests that moves bytes and does nothing else, so that what is measured is
 * the kernel's driver and the device: blocks of a disk in order or anywhere, and bytes of a TCP connection.
 * Needs no library. Left out: asynchronous requests; each waits for the one before.
 *   load read|write FILE BLOCK COUNT [direct]             in order, from the beginning; a write ends with fsync
 *   load randread|randwrite FILE BLOCK COUNT SPAN [direct]   blocks of the first SPAN bytes
 *   load get|put A.B.C.D PORT BYTES                       reads to the end; or writes, and waits for a byte
 */
#include <stddef.h>
#include <stdint.h>

enum { CALL_OPENAT = 56, CALL_READ = 63, CALL_WRITE = 64, CALL_PREAD = 67, CALL_PWRITE = 68 };
enum { CALL_FSYNC = 82, CALL_EXIT = 93, CALL_SOCKET = 198, CALL_CONNECT = 203, CALL_MMAP = 222 };
enum { AT_FDCWD_ = -100, RDWR = 2, NET_PIECE = 65536 };

#if defined(__riscv)
#define O_DIRECT_ 040000
static long call(long n, long a, long b, long c, long d, long e, long f)
{
    register long a7 __asm__("a7") = n, a0 __asm__("a0") = a, a1 __asm__("a1") = b,
                     a2 __asm__("a2") = c, a3 __asm__("a3") = d, a4 __asm__("a4") = e,
                     a5 __asm__("a5") = f;

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}
__asm__(".globl _start\n_start:\n mv a0, sp\n andi sp, sp, -16\n call start\n");
#elif defined(__aarch64__)
#define O_DIRECT_ 0200000
static long call(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
                     x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e,
                     x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
__asm__(".globl _start\n_start:\n mov x0, sp\n and sp, x0, -16\n bl start\n");
#else
#error "a guest that nobody measures yet"
#endif

/* The compiler asks for it. */
void *memset(void *to, int value, size_t size);

void *memset(void *to, int value, size_t size)
{
    for (volatile uint8_t *at = to; size != 0; size--) {
        *at++ = (uint8_t)value;
    }
    return to;
}

static _Noreturn void leave(long status)
{
    for (;;) {
        (void)call(CALL_EXIT, status, 0, 0, 0, 0, 0);
    }
}

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0') {
        n++;
    }
    return n;
}

static _Noreturn void fail(const char *what)
{
    (void)call(CALL_WRITE, 2, (long)"load: ", 6, 0, 0, 0);
    (void)call(CALL_WRITE, 2, (long)what, (long)length(what), 0, 0, 0);
    (void)call(CALL_WRITE, 2, (long)" failed\n", 8, 0, 0, 0);
    leave(1);
}

static uint64_t number(const char *text)
{
    uint64_t n = 0;

    while (*text >= '0' && *text <= '9') {
        n = n * 10 + (uint64_t)(*text++ - '0');
    }
    return n;
}

static int is_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static uint8_t *memory(size_t size)
{
    long at = call(CALL_MMAP, 0, (long)size, 3, 0x22, -1, 0);

    if (at < 0 && at > -4096) {
        fail("memory");
    }
    return (uint8_t *)at;
}

/* SplitMix64: which block is next, and what is written. */
static uint64_t chance(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void fill(uint8_t *bytes, size_t size)
{
    uint64_t state = 1;

    for (size_t i = 0; i + 8 <= size; i += 8) {
        *(uint64_t *)(void *)(bytes + i) = chance(&state);
    }
}

static void disk(char **words, int count, int writes, int random)
{
    uint64_t block = number(words[1]), blocks = number(words[2]), state = 2;
    uint64_t span = random ? number(words[3]) / block : blocks;
    int direct = count > 3 + random && is_same(words[3 + random], "direct");
    long file =
        call(CALL_OPENAT, AT_FDCWD_, (long)words[0], RDWR | (direct ? O_DIRECT_ : 0), 0, 0, 0);
    uint8_t *bytes = memory(block);

    if (file < 0) {
        fail("opening");
    }
    fill(bytes, block);
    for (uint64_t i = 0; i < blocks; i++) {
        uint64_t at = (random ? chance(&state) % span : i) * block;

        if (call(writes ? CALL_PWRITE : CALL_PREAD, file, (long)bytes, (long)block, (long)at, 0,
                 0) != (long)block) {
            fail(writes ? "writing" : "reading");
        }
    }
    if (writes && call(CALL_FSYNC, file, 0, 0, 0, 0, 0) != 0) {
        fail("fsync");
    }
}

static long reach(const char *address, const char *port)
{
    uint64_t n = number(port);
    uint8_t name[16] = {2, 0, (uint8_t)(n >> 8), (uint8_t)n};
    long s = call(CALL_SOCKET, 2, 1, 0, 0, 0, 0);

    for (int i = 0; i < 4; i++) {
        name[4 + i] = (uint8_t)number(address);
        while (*address >= '0' && *address <= '9') {
            address++;
        }
        address += *address == '.';
    }
    if (s < 0 || call(CALL_CONNECT, s, (long)name, sizeof name, 0, 0, 0) != 0) {
        fail("connecting");
    }
    return s;
}

static void net(char **words, int puts)
{
    uint64_t left = number(words[2]);
    uint8_t *bytes = memory(NET_PIECE);
    long s = reach(words[0], words[1]);

    if (puts) {
        fill(bytes, NET_PIECE);
    }
    while (left != 0) {
        uint64_t piece = left < NET_PIECE ? left : NET_PIECE;
        long n = call(puts ? CALL_WRITE : CALL_READ, s, (long)bytes, (long)piece, 0, 0, 0);

        if (n <= 0) {
            fail(puts ? "sending" : "receiving");
        }
        left -= (uint64_t)n;
    }
    if (puts && call(CALL_READ, s, (long)bytes, 1, 0, 0, 0) != 1) {
        fail("the answer");
    }
}

_Noreturn void start(long *stack);

_Noreturn void start(long *stack)
{
    int count = (int)stack[0] - 2;
    char **words = (char **)(stack + 3);
    const char *what = (const char *)stack[2];

    if (count < 3) {
        fail("the command line");
    }
    if (is_same(what, "read") || is_same(what, "write")) {
        disk(words, count, what[0] == 'w', 0);
    } else if (count > 3 && (is_same(what, "randread") || is_same(what, "randwrite"))) {
        disk(words, count, what[4] == 'w', 1);
    } else if (is_same(what, "get") || is_same(what, "put")) {
        net(words, what[0] == 'p');
    } else {
        fail("the command line");
    }
    leave(0);
}
