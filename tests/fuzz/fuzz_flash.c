/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_flash: what flash is to hold, raw or qcow2, of any bytes: refused with a sentence, or laid into a bank
 * that is as large as it says.
 */
#include "chip.h"
#include "dev/arm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BANK_BYTES (256 * KIB)

/* The first byte says what it is taken for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"raw", "qcow2"};
    static const struct fw_cfg_config nothing;
    struct machine_config config;
    struct machine_thing *t;
    struct error e = {""};
    struct flash *f;
    struct chip c;

    if (size == 0) {
        return 0;
    }
    machine_config_init(&config);
    t = machine_config_add_thing(&config, FLASH_CLASS, flash_name(0));
    thing_set_number(t, "unit", 0);
    if (data[0] != 0) {
        thing_set_text(t, "format", formats[data[0] % ARRAY_LEN(formats)]);
    }
    t->file.name = base_strdup("flash");
    t->file.size = data[0] & 0x80 ? BANK_BYTES : size - 1;
    t->file.data = base_alloc(t->file.size + size, 1);
    memcpy(t->file.data, data + 1, size - 1);
    must(thing_check(t, &flash_thing, &e) == 0);
    chip_open(&c, &fw_cfg, &nothing, sizeof nothing, BANK_BYTES); /* any that has storage */
    f = flash_open(c.machine, &config, t, c.storage, BANK_BYTES, &e);
    must((f == NULL) == (e.text[0] != '\0'));
    machine_free(c.machine);
    machine_config_fini(&config);
    return 0;
}
