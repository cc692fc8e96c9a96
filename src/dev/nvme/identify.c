/* SPDX-License-Identifier: GPL-2.0-or-later
 * identify: what the controller and its namespaces say of themselves, after NVM Express 1.4, 5.15.
 */
#include <stdio.h>

#include "dev/nvme/nvme.h"

enum { CNS_SPACE, CNS_CONTROLLER, CNS_SPACES, CNS_DESCRIPTORS };
#define ALL_SPACES UINT32_MAX

/* Text with spaces behind it. */
static void set_text(uint8_t *to, size_t room, const char *text)
{
    size_t count = strlen(text) < room ? strlen(text) : room;

    memset(to, ' ', room);
    memcpy(to, text, count);
}

/* 7.9: a name that is the same for the same serial number. */
static void make_name(const struct nvme_config *c, uint8_t name[256])
{
    uint64_t a = hash_bytes(c->serial, strlen(c->serial), 1);
    uint64_t b = hash_bytes(c->serial, strlen(c->serial), 2);

    (void)snprintf((char *)name, 256,
                   "nqn.2014-08.org.nvmexpress:uuid:%08x-%04x-4%03x-a%03x-%012llx",
                   (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
                   (unsigned)(b >> 52), (unsigned long long)(b & 0xffffffffffff));
}

static void make_controller(const struct device *d, uint8_t *p)
{
    const struct nvme_config *c = nvme_config_of(d);

    bytes_set_le(p, 2, 0x1b36);
    bytes_set_le(p + 2, 2, 0x1af4);
    set_text(p + 4, NVME_SERIAL, c->serial);
    set_text(p + 24, 40, "Reprise NVMe Ctrl");
    set_text(p + 64, 8, "1.0");
    p[72] = 6; /* commands that are best given together, as a power of two */
    p[73] = 0x00, p[74] = 0x54, p[75] = 0x52;
    p[77] = (uint8_t)c->mdts;
    bytes_set_le(p + 80, 4, 0x00010400);
    p[111] = 1; /* a controller for I/O */
    p[258] = 3; /* aborts at once, less one */
    p[259] = NVME_EVENTS - 1;
    p[260] = 0x03;                 /* one slot of firmware, only read */
    p[261] = 0x06;                 /* the log of effects; long logs */
    bytes_set_le(p + 266, 2, 343); /* temperatures: warning, */
    bytes_set_le(p + 268, 2, 373); /* and critical */
    p[512] = 0x66;                 /* entries of 64 */
    p[513] = 0x44;                 /* and of 16 bytes */
    bytes_set_le(p + 516, 4, NVME_SPACES);
    bytes_set_le(p + 520, 2, 0x008d); /* compare, dataset management, zeroes, verify */
    p[525] = 1;                       /* a cache */
    make_name(c, p + 768);
    bytes_set_le(p + 2048, 2, 2500); /* power state 0: 25 W */
}

static void make_space(const struct nvme_space *n, uint8_t *p)
{
    uint64_t blocks = drive_bytes(n->drive) >> n->shift;

    bytes_set_le(p, 8, blocks);
    bytes_set_le(p + 8, 8, blocks);
    bytes_set_le(p + 16, 8, blocks);
    p[33] = 0x09; /* what was deallocated reads as zeros; zeroing may deallocate */
    bytes_set_le(p + 48, 8, blocks << n->shift);
    p[99] = drive_is_readonly(n->drive);
    bytes_set_be(p + 120, 8, n->eui64);
    p[130] = n->shift; /* the one format */
}

static void make_descriptors(const struct nvme_space *n, uint8_t *p)
{
    p[0] = 3; /* a UUID */
    p[1] = sizeof n->uuid;
    memcpy(p + 4, n->uuid, sizeof n->uuid);
    if (n->eui64 != 0) {
        p += 4 + sizeof n->uuid;
        p[0] = 1;
        p[1] = 8;
        bytes_set_be(p + 4, 8, n->eui64);
    }
}

/* The numbers of those that are there and behind a number. */
static void list_spaces(const struct device *d, uint32_t behind, uint8_t *p)
{
    for (uint32_t number = behind + 1; number <= NVME_SPACES; number++) {
        if (nvme_space(d, number) != NULL) {
            bytes_set_le(p, 4, number);
            p += 4;
        }
    }
}

/* Of one that may be there and is not, all is zero. */
static uint16_t identify_space(const struct device *d, const struct nvme_command *c, uint8_t *page)
{
    uint32_t number = nvme_word(c, 1);

    if (number == ALL_SPACES) { /* what all have in common */
        for (number = 1; number < NVME_SPACES && nvme_space(d, number) == NULL; number++) {
        }
    }
    if (number == 0 || number > NVME_SPACES) {
        return NVME_BAD_SPACE;
    }
    if (nvme_space(d, number) != NULL) {
        make_space(nvme_space(d, number), page);
    }
    return NVME_OK;
}

static uint16_t make(const struct device *d, const struct nvme_command *c, uint8_t *page)
{
    uint32_t number = nvme_word(c, 1);

    switch (nvme_word(c, 10) & 0xff) {
    case CNS_SPACE: return identify_space(d, c, page);
    case CNS_CONTROLLER: make_controller(d, page); return NVME_OK;
    case CNS_SPACES:
        if (number >= UINT32_MAX - 1) {
            return NVME_BAD_SPACE;
        }
        list_spaces(d, number, page);
        return NVME_OK;
    case CNS_DESCRIPTORS:
        if (nvme_space(d, number) == NULL) {
            return NVME_BAD_SPACE;
        }
        make_descriptors(nvme_space(d, number), page);
        return NVME_OK;
    default: return NVME_BAD_FIELD;
    }
}

uint16_t nvme_identify(struct device *d, const struct nvme_command *c)
{
    uint16_t status;

    memset(c->room, 0, NVME_PAGE);
    status = make(d, c, c->room);
    return status == NVME_OK ? nvme_answer(d, c, c->room, NVME_PAGE) : status;
}
