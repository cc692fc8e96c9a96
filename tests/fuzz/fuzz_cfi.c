/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_cfi: any stores to a bank of flash, and loads. Its state is sound after each, so that a recording of it could
 * be taken up there.
 */
#include "chip.h"
#include "dev/arm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two blocks are looked at, where the input's addresses lie. */
enum { STEP_BYTES = 8, LOOKED_AT = 0x80000 };

static void step(const struct chip *c, const uint8_t *s)
{
    static const uint8_t commands[] = {0xff, 0x90, 0x98, 0x70, 0x50, 0x40, 0x20, 0xe8, 0x60, 0xd0};
    unsigned bytes = 1u << (s[0] & 3);
    uint64_t at = (bytes_get_le(s + 1, 3) << (s[0] >> 7 ? 6 : 0)) % (CFI_FLASH_BYTES - 8);
    struct mem *m = machine_mem(c->machine);
    uint8_t value[8] = {0};

    at = s[0] & 0x40 ? at : align_down(at % LOOKED_AT, bytes);
    memcpy(value, s + 4, 4);
    if (s[0] & 0x20) { /* what means something, and short counts */
        value[0] = s[4] < 240 ? commands[s[4] % ARRAY_LEN(commands)] : s[4] & 7;
        value[1] = 0;
    }
    if (s[0] & 0x10) {
        must(mem_bus_read(m, CHIP_BASE + at, value, bytes));
    } else {
        must(mem_bus_write(m, CHIP_BASE + at, value, bytes));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chip c; /* what it holds stays, and nothing depends on it */

    if (c.machine == NULL) {
        chip_open(&c, &cfi_flash, NULL, 0, CFI_FLASH_BYTES);
    }
    device_restart(c.device);
    for (size_t at = 0; at + STEP_BYTES <= size && at < 4096; at += STEP_BYTES) {
        step(&c, data + at);
        chip_check(&c);
    }
    return 0;
}
