/* SPDX-License-Identifier: GPL-2.0-or-later
 * cfi_flash: a bank of two 16-bit NOR flash chips side by side, with Intel's command set, after the Common
 * Flash Memory Interface specification (CFI 1.0; JESD68.01) and Intel's 28F640J5 data sheet, as the
 * `cfi-flash` binding describes it. What it holds is storage, which reads reach directly while no command
 * is in progress; stores are commands, which go to both chips at once in the two halves of a word.
 * What it holds outlives every reset, and has a file behind it where a configuration says so (dev/flash.h).
 * Left out: block locking (commands are taken, and lock nothing), times: all is done at once.
 */
#include "dev/arm.h"

enum {
    MODE_ARRAY,
    MODE_STATUS, /* reads give the status */
    MODE_ID,
    MODE_QUERY,
    MODE_PROGRAM,      /* the next store is the data */
    MODE_ERASE,        /* confirmation follows */
    MODE_LOCK,         /* so does what to do */
    MODE_BUFFER_COUNT, /* how many words, less one */
    MODE_BUFFER_DATA,  /* the words */
    MODE_BUFFER_CONFIRM,
    MODE_COUNT
};
enum {
    COMMAND_ARRAY = 0xff,
    COMMAND_ARRAY_AMD = 0xf0, /* software that tries both sets says so */
    COMMAND_ID = 0x90,
    COMMAND_QUERY = 0x98,
    COMMAND_STATUS = 0x70,
    COMMAND_CLEAR_STATUS = 0x50,
    COMMAND_PROGRAM = 0x40,
    COMMAND_PROGRAM_ALSO = 0x10,
    COMMAND_ERASE = 0x20,
    COMMAND_BUFFER = 0xe8,
    COMMAND_LOCK = 0x60,
    COMMAND_CONFIRM = 0xd0
};
enum { STATUS_READY = 0x80, STATUS_ERASE_ERROR = 0x20, STATUS_PROGRAM_ERROR = 0x10 };

#define ERASE_BLOCK  UINT64_C(0x40000) /* bytes, of both chips */
#define BUFFER_BYTES 2048              /* of both chips */
#define WINDOW_BYTES CFI_FLASH_BYTES

struct cfi_flash {
    uint32_t buffer_at;   /* where in the bank its first byte goes */
    uint32_t buffer_left; /* words that are to come */
    uint8_t buffer[BUFFER_BYTES];
    uint8_t mode;
    uint8_t status;
    uint8_t zero[6];
};

static const struct field fields[] = {
    FIELD_MAX(struct cfi_flash, buffer_at, CFI_FLASH_BYTES - BUFFER_BYTES),
    FIELD_MAX(struct cfi_flash, buffer_left, BUFFER_BYTES / 4),
    FIELD_ARRAY(struct cfi_flash, buffer),
    FIELD_MAX(struct cfi_flash, mode, MODE_COUNT - 1),
    FIELD(struct cfi_flash, status),
    FIELD_ARRAY(struct cfi_flash, zero),
};

/* ---- what it holds ----------------------------------------------------------------------------*/

static void contents_read(struct device *d, uint64_t at, void *bytes, uint64_t size)
{
    must(device_storage_read(d, 0, at, bytes, size));
}

static void contents_write(struct device *d, uint64_t at, const void *bytes, uint64_t size)
{
    must(device_storage_write(d, 0, at, bytes, size));
}

static const struct cfi_flash_config *config_of(const struct device *d)
{
    static const struct cfi_flash_config nothing;

    return d->config != NULL ? d->config : &nothing;
}

static bool is_readonly(const struct device *d)
{
    return flash_is_readonly(config_of(d)->file);
}

/* The file behind it, if there is one, follows by whole sectors. */
static void changed(struct device *d, uint64_t at, uint64_t size)
{
    struct flash *file = config_of(d)->file;
    uint64_t end = align_up(at + size, DISK_SECTOR);
    uint8_t bytes[PAGE_SIZE];

    for (at = align_down(at, DISK_SECTOR); file != NULL && at < end; at += sizeof bytes) {
        uint64_t piece = end - at < sizeof bytes ? end - at : sizeof bytes;

        contents_read(d, at, bytes, piece);
        flash_wrote(file, d, at, bytes, (size_t)piece);
    }
}

/* Bits only become 0. Returns the errors for the status. */
static uint8_t program(struct device *d, uint64_t at, const uint8_t *bytes, uint32_t size)
{
    uint8_t now[BUFFER_BYTES];

    if (is_readonly(d)) {
        return STATUS_PROGRAM_ERROR;
    }
    contents_read(d, at, now, size);
    for (uint32_t i = 0; i < size; i++) {
        now[i] &= bytes[i];
    }
    contents_write(d, at, now, size);
    changed(d, at, size);
    return 0;
}

static uint8_t erase(struct device *d, uint64_t at)
{
    uint8_t ones[PAGE_SIZE];

    if (is_readonly(d)) {
        return STATUS_ERASE_ERROR;
    }
    memset(ones, 0xff, sizeof ones);
    at = align_down(at, ERASE_BLOCK);
    for (uint64_t i = 0; i < ERASE_BLOCK; i += sizeof ones) {
        contents_write(d, at + i, ones, sizeof ones);
    }
    changed(d, at, ERASE_BLOCK);
    return 0;
}

/* ---- reading ----------------------------------------------------------------------------------*/

/* The tables of the CFI query, from word 0x10 of a chip on. */
static const uint8_t query[] = {
    'Q',  'R',  'Y',        /* 0x10 */
    0x01, 0x00, 0x31, 0x00, /* 0x13: Intel's command set, its table at 0x31 */
    0x00, 0x00, 0x00, 0x00, /* 0x17: no other */
    0x45, 0x55, 0x00, 0x00, /* 0x1b: volts */
    0x07, 0x07, 0x0a, 0x00, /* 0x1f: times for a word, a buffer, a block, the chip: 2^n us or ms */
    0x04, 0x04, 0x04, 0x00, /* 0x23: how much longer they may take */
    25,   0x02, 0x00,       /* 0x27: 2^25 bytes a chip, of 8 or 16 bits */
    10,   0x00,             /* 0x2a: 2^10 bytes a buffer */
    0x01,                   /* 0x2c: erase blocks of one kind: */
    0xff, 0x00, 0x00, 0x02, /* 0x2d: 256 of 512 times 256 bytes */
    'P',  'R',  'I',        /* 0x31 */
    '1',  '0',              /* version */
    0x00, 0x00, 0x00, 0x00, /* nothing optional */
    0x00, 0x00, 0x00, 0x00,
};
enum { QUERY_FIRST = 0x10 };
enum { ID_MAKER = 0x89, ID_CHIP = 0x18 };

/* What one chip says at a word of it. */
static uint16_t chip_answer(const struct cfi_flash *s, uint64_t word)
{
    switch (s->mode) {
    case MODE_QUERY:
        return word >= QUERY_FIRST && word < QUERY_FIRST + sizeof query ? query[word - QUERY_FIRST]
                                                                        : 0;
    case MODE_ID:
        switch (word & 0xff) {
        case 0: return ID_MAKER;
        case 1: return ID_CHIP;
        default: return 0; /* blocks are not locked */
        }
    default: return s->status;
    }
}

static uint64_t cfi_flash_read(struct device *d, struct mem_access a)
{
    const struct cfi_flash *s = d->state;
    uint64_t value = 0;
    uint8_t bytes[8] = {0};

    if (s->mode == MODE_ARRAY) { /* asked by DMA in the very instruction that left the mode */
        contents_read(d, a.at, bytes, a.size);
        return bytes_get_le(bytes, a.size);
    }
    for (unsigned i = 0; i < a.size; i++) {
        uint16_t answer = chip_answer(s, (a.at + i) / 4);

        value |= (uint64_t)(answer >> 8 * ((a.at + i) % 2) & 0xff) << 8 * i;
    }
    return value;
}

/* ---- commands ---------------------------------------------------------------------------------*/

static void enter(struct device *d, uint8_t mode)
{
    struct cfi_flash *s = d->state;

    if ((s->mode == MODE_ARRAY) != (mode == MODE_ARRAY)) {
        s->mode = mode;
        device_remap(d);
    }
    s->mode = mode;
}

static void begin_command(struct device *d, uint8_t command)
{
    struct cfi_flash *s = d->state;

    switch (command) {
    case COMMAND_ARRAY:
    case COMMAND_ARRAY_AMD: enter(d, MODE_ARRAY); break;
    case COMMAND_ID: enter(d, MODE_ID); break;
    case COMMAND_QUERY: enter(d, MODE_QUERY); break;
    case COMMAND_STATUS: enter(d, MODE_STATUS); break;
    case COMMAND_CLEAR_STATUS:
        s->status = STATUS_READY;
        enter(d, MODE_ARRAY);
        break;
    case COMMAND_PROGRAM:
    case COMMAND_PROGRAM_ALSO: enter(d, MODE_PROGRAM); break;
    case COMMAND_ERASE: enter(d, MODE_ERASE); break;
    case COMMAND_BUFFER: enter(d, MODE_BUFFER_COUNT); break;
    case COMMAND_LOCK: enter(d, MODE_LOCK); break;
    default: device_log(d, "guest error: flash command 0x%x", command); enter(d, MODE_ARRAY);
    }
}

static void end_with(struct device *d, uint8_t errors)
{
    struct cfi_flash *s = d->state;

    s->status |= STATUS_READY | errors;
    enter(d, MODE_STATUS);
}

/* A buffer lies in the bank as it will be programmed; what is not said of it stays as it is. */
static void buffer_begin(struct device *d, uint64_t at, uint64_t value)
{
    struct cfi_flash *s = d->state;
    uint32_t words = (uint32_t)(value & 0xffff) + 1;

    if (words > BUFFER_BYTES / 4) {
        end_with(d, STATUS_PROGRAM_ERROR);
        return;
    }
    s->buffer_at = (uint32_t)align_down(at, BUFFER_BYTES);
    s->buffer_left = words;
    memset(s->buffer, 0xff, sizeof s->buffer);
    enter(d, MODE_BUFFER_DATA);
}

static void buffer_take(struct device *d, struct mem_access a, uint64_t value)
{
    struct cfi_flash *s = d->state;
    uint8_t bytes[8];

    bytes_set_le(bytes, a.size, value);
    if (a.at - s->buffer_at >= BUFFER_BYTES) {
        s->buffer_left = 0;
        end_with(d, STATUS_PROGRAM_ERROR);
        return;
    }
    memcpy(s->buffer + (a.at - s->buffer_at), bytes, a.size);
    s->buffer_left--;
    if (s->buffer_left == 0) {
        enter(d, MODE_BUFFER_CONFIRM);
    }
}

static void cfi_flash_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct cfi_flash *s = d->state;
    uint8_t bytes[8], command = (uint8_t)value;

    switch (s->mode) {
    case MODE_PROGRAM:
        bytes_set_le(bytes, a.size, value);
        end_with(d, program(d, a.at, bytes, a.size));
        break;
    case MODE_ERASE:
        if (command == COMMAND_CONFIRM) {
            end_with(d, erase(d, a.at));
        } else {
            end_with(d, STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR);
        }
        break;
    case MODE_LOCK: end_with(d, 0); break;
    case MODE_BUFFER_COUNT: buffer_begin(d, a.at, value); break;
    case MODE_BUFFER_DATA: buffer_take(d, a, value); break;
    case MODE_BUFFER_CONFIRM:
        if (command == COMMAND_CONFIRM) {
            end_with(d, program(d, s->buffer_at, s->buffer, sizeof s->buffer));
        } else {
            end_with(d, STATUS_PROGRAM_ERROR);
        }
        break;
    default: begin_command(d, command);
    }
}

/* ---- the rest ---------------------------------------------------------------------------------*/

static void map_at(struct device *d, paddr base)
{
    const struct cfi_flash *s = d->state;

    if (s->mode == MODE_ARRAY) {
        device_map_storage(d, 0, base, 0, CFI_FLASH_BYTES, MEM_READS, MEM_LEVEL_FIXED);
        device_map_window(d, 0, base, MEM_WRITES, MEM_LEVEL_FIXED);
    } else {
        device_map_window(d, 0, base, MEM_BOTH, MEM_LEVEL_FIXED);
    }
}

static void cfi_flash_map(struct device *d)
{
    map_at(d, d->base);
    if (config_of(d)->is_low) {
        map_at(d, 0);
    }
}

static void cfi_flash_reset(struct device *d)
{
    struct cfi_flash *s = d->state;

    s->status = STATUS_READY;
}

static int cfi_flash_check(const struct device *d, const void *state, struct error *e)
{
    const struct cfi_flash *s = state;

    (void)d;
    if (s->buffer_at % BUFFER_BYTES != 0) {
        return error_set(e, "buffer_at is 0x%x: buffers begin at multiples of 0x%x", s->buffer_at,
                         BUFFER_BYTES);
    }
    return s->mode != MODE_BUFFER_DATA || s->buffer_left != 0
               ? 0
               : error_set(e, "buffer_left is 0: then no data are waited for");
}

const struct device_class cfi_flash = {
    .name = "cfi-flash",
    .behaviour = 2,
    .windows = {{.bytes = WINDOW_BYTES, .sizes = 1 | 2 | 4, .splits = true}},
    .map = cfi_flash_map,
    .state = FIELD_TABLE(struct cfi_flash, fields),
    .reset = cfi_flash_reset,
    .read = cfi_flash_read,
    .write = cfi_flash_write,
    .check = cfi_flash_check,
};
