/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_semihost: any requests of a program to its host, with words of either width, texts and blocks of
 * arguments that lie anywhere: across the end of memory, on themselves, on the console, nowhere. Memory stays what
 * it was but for the console, no call writes more than it may, and answers are those that the specification has.
 */
#include "chip.h"
#include "dev/arm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RAM that is longer than what one call may write. The made-up processor maps it as it is. */
enum { RAM_BYTES = 0x12000, WRITE_MOST = 0x10000, STEP_BYTES = 9, STEPS_MOST = 40 };
#define CONSOLE (TOY_RAM + RAM_BYTES - 64)

enum { OPEN = 0x01, WRITE = 0x05, IS_TTY = 0x09 };

/* A word near something that means something. */
static uint64_t word(const uint8_t *s)
{
    static const uint64_t places[] = {
        TOY_RAM,    TOY_RAM + 0x200,     TOY_RAM + RAM_BYTES - 16, CONSOLE,    0,
        UINT32_MAX, INT64_MAX,           UINT64_MAX - 31,          WRITE_MOST, 0x20026,
        2,          UINT64_C(0x80000000)};

    return places[s[0] % ARRAY_LEN(places)] + s[1] % 32;
}

static void look(struct machine *m, uint8_t *bytes)
{
    must(mem_peek_bytes(machine_mem(m), TOY_RAM, bytes, RAM_BYTES));
    bytes[CONSOLE - TOY_RAM] = 0;
}

static void step(struct machine *m, const uint8_t *s, unsigned width)
{
    static const uint8_t operations[] = {OPEN, 0x02, 0x03, 0x04, WRITE, 0x06, 0x08, IS_TTY,
                                         0x0c, 0x10, 0x11, 0x13, 0x18,  0x20, 0x31};
    static uint8_t before[RAM_BYTES], after[RAM_BYTES];
    struct platform_call call = {.service = SERVICE_SEMIHOSTING,
                                 .words = {s[0], s[0] < 250 ? word(s + 1) : s[1]}};
    struct cpu *cpu = machine_cpu(m, 0);
    uint8_t bytes[24];
    uint64_t operation = s[0] < 240 ? operations[s[0] % ARRAY_LEN(operations)] : s[0];

    for (unsigned i = 0; i < 3; i++) {
        bytes_set_le(bytes + width * i, width, word(s + 3 + 2 * i));
    }
    bool is_there = mem_write_bytes(machine_mem(m), call.words[1], bytes, 3 * (size_t)width);

    look(m, before);
    call.words[0] = operation;
    must(cpu->platform->call(cpu, &call) == PLATFORM_DONE);
    look(m, after);
    must(memcmp(before, after, sizeof before) == 0);
    if (operation == OPEN) {
        must(call.words[0] == UINT64_MAX || call.words[0] == 1 || call.words[0] == 2);
    } else if (operation == IS_TTY) {
        must(call.words[0] <= 1);
    } else if (operation == WRITE && is_there && call.words[0] != UINT64_MAX) {
        must(bytes_get_le(bytes + 2 * width, width) - call.words[0] <= WRITE_MOST);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct semihost_config config = {
        .console = CONSOLE, .epoch_ns = 5000000000, .is_narrow = data[0] & 1};
    struct machine_config c;
    struct machine *m;
    struct error e;

    machine_config_init(&c);
    m = machine_new(&c, &toy_isa, &e);
    must(m != NULL);
    must(machine_add_device(m, &semihost, "semihost", 0, &config, sizeof config, NULL, &e) != NULL);
    must(mem_add_block(machine_mem(m), "ram", TOY_RAM, RAM_BYTES, true, &e) == 0);
    must(machine_seal(m, &e) == 0);
    for (size_t at = 1; at + STEP_BYTES <= size && at < STEPS_MOST * STEP_BYTES; at += STEP_BYTES) {
        step(m, data + at, config.is_narrow != 0 ? 4 : 8);
    }
    machine_free(m);
    return 0;
}
