/* SPDX-License-Identifier: GPL-2.0-or-later
 * semihost: what a program asks of its host by a trap, after Arm's Semihosting specification for AArch32
 * and AArch64, version 3.0: output to the console, exit with a status, clocks. The
 * console is a serial port of the board. The host's files are not there: opening one fails.
 * Left out: input, files, SYS_SYSTEM, extensions but SYS_EXIT_EXTENDED. It has no state.
 */
#include "dev/arm.h"

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITEC = 0x03,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_ISERROR = 0x08,
    SYS_ISTTY = 0x09,
    SYS_FLEN = 0x0c,
    SYS_CLOCK = 0x10,
    SYS_TIME = 0x11,
    SYS_ERRNO = 0x13,
    SYS_EXIT = 0x18,
    SYS_EXIT_EXTENDED = 0x20,
    SYS_TICKFREQ = 0x31
};
enum { HANDLE_IN = 1, HANDLE_OUT = 2 };
#define FAILED           UINT64_MAX
#define APPLICATION_EXIT UINT64_C(0x20026) /* ADP_Stopped_ApplicationExit */
#define OUTPUT_MOST      (64 * KIB)        /* bytes of one call; the rest was not written */
#define CENTISECOND_NS   UINT64_C(10000000)
#define SECOND_NS        UINT64_C(1000000000)

struct semihost {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct semihost, zero)};

/* One word of the block of arguments; false if it is not mapped. */
static bool argument(struct device *d, struct cpu *cpu, uint64_t block, unsigned n, uint64_t *value)
{
    const struct semihost_config *config = d->config;
    unsigned size = config->is_narrow != 0 ? 4 : 8;
    uint8_t bytes[8];

    if (!cpu_debug_read(cpu, block + size * n, bytes, size)) {
        return false;
    }
    *value = bytes_get_le(bytes, size);
    return true;
}

static void put_byte(struct device *d, uint8_t byte)
{
    const struct semihost_config *config = d->config;

    (void)device_dma_write(d, config->console, &byte, 1);
}

/* A text with a zero at its end. */
static uint64_t write_text(struct device *d, struct cpu *cpu, uint64_t at)
{
    uint8_t byte;

    for (uint64_t i = 0; i < OUTPUT_MOST && cpu_debug_read(cpu, at + i, &byte, 1) && byte != 0;
         i++) {
        put_byte(d, byte);
    }
    return 0;
}

/* Returns how many bytes were not written. */
static uint64_t write_bytes(struct device *d, struct cpu *cpu, uint64_t block)
{
    uint64_t handle, at, length, done = 0;
    uint8_t byte;

    if (!argument(d, cpu, block, 0, &handle) || !argument(d, cpu, block, 1, &at) ||
        !argument(d, cpu, block, 2, &length) || handle != HANDLE_OUT) {
        return FAILED;
    }
    for (; done < length && done < OUTPUT_MOST && cpu_debug_read(cpu, at + done, &byte, 1);
         done++) {
        put_byte(d, byte);
    }
    return length - done;
}

/* ":tt" is the console: to be read, or to be written. */
static uint64_t open_console(struct device *d, struct cpu *cpu, uint64_t block)
{
    uint64_t name, mode;
    uint8_t bytes[4];

    if (!argument(d, cpu, block, 0, &name) || !argument(d, cpu, block, 1, &mode) ||
        !cpu_debug_read(cpu, name, bytes, sizeof bytes) || memcmp(bytes, ":tt", 4) != 0) {
        return FAILED;
    }
    return mode < 4 ? HANDLE_IN : HANDLE_OUT;
}

static uint64_t leave(struct device *d, struct cpu *cpu, uint64_t block, bool has_block)
{
    uint64_t reason = block, status = 0;

    if (!has_block) { /* of 32 bits: the reason alone, without a status */
        status = reason != APPLICATION_EXIT;
    } else if (!argument(d, cpu, block, 0, &reason) || !argument(d, cpu, block, 1, &status) ||
               reason != APPLICATION_EXIT) {
        status = 1;
    }
    machine_power_off(d->machine, status == 0 ? POWER_OFF : POWER_FAILED, (uint32_t)status);
    return 0;
}

/* What a read leaves undone: all of it, as the console has ended. */
static uint64_t read_nothing(struct device *d, struct cpu *cpu, uint64_t block)
{
    uint64_t length;

    return argument(d, cpu, block, 2, &length) ? length : FAILED;
}

static bool is_handle(struct device *d, struct cpu *cpu, uint64_t block)
{
    uint64_t handle;

    return argument(d, cpu, block, 0, &handle) && (handle == HANDLE_IN || handle == HANDLE_OUT);
}

static uint64_t answer(struct device *d, struct cpu *cpu, uint32_t operation, uint64_t block)
{
    const struct semihost_config *config = d->config;
    uint64_t value;
    uint8_t byte;

    switch (operation) {
    case SYS_OPEN: return open_console(d, cpu, block);
    case SYS_CLOSE: return is_handle(d, cpu, block) ? 0 : FAILED;
    case SYS_WRITEC:
        if (cpu_debug_read(cpu, block, &byte, 1)) {
            put_byte(d, byte);
        }
        return 0;
    case SYS_WRITE0: return write_text(d, cpu, block);
    case SYS_WRITE: return write_bytes(d, cpu, block);
    case SYS_READ: return read_nothing(d, cpu, block);
    case SYS_ISERROR:
        return argument(d, cpu, block, 0, &value) &&
               bits_get(value, config->is_narrow != 0 ? 31 : 63, 1) != 0;
    case SYS_ISTTY: return is_handle(d, cpu, block);
    case SYS_FLEN: return is_handle(d, cpu, block) ? 0 : FAILED;
    case SYS_CLOCK: return device_now_ns(d) / CENTISECOND_NS;
    case SYS_TIME: return (config->epoch_ns + device_now_ns(d)) / SECOND_NS;
    case SYS_ERRNO: return 0;
    case SYS_TICKFREQ: return SECOND_NS;
    case SYS_EXIT: return leave(d, cpu, block, config->is_narrow == 0);
    case SYS_EXIT_EXTENDED: return leave(d, cpu, block, true);
    default: return FAILED; /* there is no such thing, and the specification's answer to that */
    }
}

static enum platform_answer semihost_call(struct device *d, unsigned hart,
                                          struct platform_call *call)
{
    if (call->service != SERVICE_SEMIHOSTING) {
        return PLATFORM_NOBODY;
    }
    call->words[0] = answer(d, device_cpu(d, hart), (uint32_t)call->words[0], call->words[1]);
    return PLATFORM_DONE;
}

const struct device_class semihost = {
    .name = "semihost",
    .behaviour = 1,
    .state = FIELD_TABLE(struct semihost, fields),
    .call = semihost_call,
};
