/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_fw_cfg: any accesses to the firmware configuration device, and requests of DMA that lie anywhere and lead
 * anywhere, to the device itself among others. What its items hold never changes.
 */
#include "chip.h"
#include "dev/arm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEP_BYTES = 12, STEPS_MOST = 200 };

/* A request in RAM, whose words are near something that means something. */
static void request(struct mem *m, const uint8_t *s)
{
    static const uint64_t places[] = {
        CHIP_RAM,       CHIP_RAM + CHIP_RAM_BYTES - 8, CHIP_BASE, CHIP_BASE + 8, CHIP_BASE + 16, 0,
        UINT64_MAX - 15};
    static const uint32_t lengths[] = {0, 1, 16, 4096, 5000, MIB, 256 * MIB, UINT32_MAX};
    uint64_t at = CHIP_RAM + (s[1] % 4) * 16, to = places[s[2] % ARRAY_LEN(places)] + s[3] % 32;
    uint8_t bytes[16];

    bytes_set_be(bytes, 4, (uint32_t)s[4] << 16 | (s[5] & 31));
    bytes_set_be(bytes + 4, 4, lengths[s[6] % ARRAY_LEN(lengths)] + s[7] % 4);
    bytes_set_be(bytes + 8, 8, to);
    must(mem_write_bytes(m, at, bytes, sizeof bytes));
    at = s[8] % 8 != 0 ? at : places[s[9] % ARRAY_LEN(places)];
    bytes_set_be(bytes, 8, at);
    (void)mem_bus_write(m, CHIP_BASE + 16, bytes, 4);
    (void)mem_bus_write(m, CHIP_BASE + 20, bytes + 4, 4);
}

static void step(struct mem *m, const uint8_t *s)
{
    unsigned bytes = 1u << (s[1] & 3);
    uint64_t at = align_down(s[2] % 0x18, bytes);
    uint8_t value[8];

    memcpy(value, s + 3, sizeof value);
    switch (s[0] % 4) {
    case 0: (void)mem_bus_read(m, CHIP_BASE + at, value, bytes); break;
    case 1: (void)mem_bus_write(m, CHIP_BASE + at, value, bytes); break;
    default: request(m, s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fw_cfg_config config = {.items = {{.at = 0, .size = 4, .key = 0},
                                                   {.at = 4, .size = 1000, .key = 1},
                                                   {.at = 4096, .size = 4096, .key = 0x15}},
                                         .count = 3};
    uint8_t held[8192], now[8192];
    struct chip c;

    chip_open(&c, &fw_cfg, &config, sizeof config, sizeof held);
    memset(held, 0x5a, sizeof held);
    must(mem_load_bytes(machine_mem(c.machine), c.storage->home, held, sizeof held));
    for (size_t at = 0; at + STEP_BYTES <= size && at < STEPS_MOST * STEP_BYTES; at += STEP_BYTES) {
        step(machine_mem(c.machine), data + at);
        chip_check(&c);
    }
    must(mem_peek_bytes(machine_mem(c.machine), c.storage->home, now, sizeof now));
    must(memcmp(held, now, sizeof held) == 0);
    machine_free(c.machine);
    return 0;
}
