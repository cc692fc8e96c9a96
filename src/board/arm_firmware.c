/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_firmware: firmware of an Arm board: two banks of flash at the beginning of addresses, the first of which
 * holds what -bios names, or both what -drive if=pflash does, and the device from which firmware takes the kernel, its RAM disk and its command
 * line. What flash holds is laid down when the machine is built, and not at resets.
 */
#include "board/internal.h"
#include "dev/arm.h"

/* Numbers of items, by the reference's specification and the firmware that asks for them. */
enum {
    ITEM_SIGNATURE = 0x00,
    ITEM_ID = 0x01,
    ITEM_UUID = 0x02,
    ITEM_RAM_SIZE = 0x03,
    ITEM_NOGRAPHIC = 0x04,
    ITEM_HARTS = 0x05,
    ITEM_KERNEL_SIZE = 0x08,
    ITEM_INITRD_SIZE = 0x0b,
    ITEM_BOOT_MENU = 0x0e,
    ITEM_HARTS_MOST = 0x0f,
    ITEM_KERNEL = 0x11,
    ITEM_INITRD = 0x12,
    ITEM_APPEND_SIZE = 0x14,
    ITEM_APPEND = 0x15,
    ITEM_DIRECTORY = 0x19
};
enum { ID_HAS_DMA = 3 /* and bytes */ };

/* ---- flash ------------------------------------------------------------------------------------*/

static int lay_firmware(struct machine *m, const struct mem_block *b,
                        const struct machine_image *image, struct error *e)
{
    if (image->size == 0 || image->size > CFI_FLASH_BYTES) {
        return error_set(e, "firmware %s: it has %llu bytes; the flash holds 1 byte to %llu MiB",
                         image->name != NULL ? image->name : "(no name)",
                         (unsigned long long)image->size,
                         (unsigned long long)(CFI_FLASH_BYTES / MIB));
    }
    must(mem_load_bytes(machine_mem(m), b->home, image->data, image->size));
    return 0;
}

/* Bank `unit` at this address, which holds what a drive has for it, or the firmware (NULL: there is none), or zeros. */
static int add_bank(struct machine *m, const struct machine_config *c, unsigned unit, paddr at,
                    bool is_low, const struct machine_image *firmware, struct error *e)
{
    const char *name = flash_name(unit);
    const struct machine_thing *drive = flash_find(c, unit);
    struct mem_block *b = mem_add_storage(machine_mem(m), name, CFI_FLASH_BYTES, false, e);
    struct cfi_flash_config config = {.is_low = is_low};
    struct device *d;

    if (b == NULL) {
        return -1;
    }
    if (drive != NULL && firmware != NULL) {
        return error_set(e, "the firmware is given twice, by -bios and by -drive if=pflash");
    }
    if ((drive != NULL && (config.file = flash_open(m, c, drive, b, CFI_FLASH_BYTES, e)) == NULL) ||
        (firmware != NULL && lay_firmware(m, b, firmware, e) < 0)) {
        return -1;
    }
    d = machine_add_device(m, &cfi_flash, name, at, &config, sizeof config, NULL, e);
    if (d == NULL) {
        return -1;
    }
    machine_give_storage(d, 0, b);
    return 0;
}

int arm_add_flash(struct machine *m, const struct machine_config *c, const paddr at[2], bool is_low,
                  struct error *e)
{
    const struct machine_image *bios = &c->images[IMAGE_BIOS];
    bool is_given = bios->data != NULL && !c->bios_none;

    return add_bank(m, c, 0, at[0], is_low, is_given ? bios : NULL, e) < 0 ||
                   add_bank(m, c, 1, at[1], false, NULL, e) < 0
               ? -1
               : 0;
}

/* ---- what firmware asks ------------------------------------------------------------------------*/

/* Items, one behind the other in the storage. */
struct items {
    struct fw_cfg_config config;
    struct {
        const void *bytes;
        struct shared_bytes *shared;
    } data[FW_CFG_ITEMS_MAX];
    uint8_t small[FW_CFG_ITEMS_MAX][8];
    uint64_t end;
};

static void add_bytes(struct items *s, uint32_t key, const void *bytes, uint64_t size,
                      struct shared_bytes *shared)
{
    struct fw_cfg_item *item = &s->config.items[s->config.count];

    must(s->config.count < FW_CFG_ITEMS_MAX && s->end + size <= UINT32_MAX);
    *item = (struct fw_cfg_item){.at = (uint32_t)s->end, .size = (uint32_t)size, .key = key};
    s->data[s->config.count].bytes = bytes;
    s->data[s->config.count].shared = shared;
    s->config.count++;
    s->end += size;
}

static void add_number(struct items *s, uint32_t key, uint64_t value, unsigned size)
{
    uint8_t *bytes = s->small[s->config.count];

    bytes_set_le(bytes, size, value);
    add_bytes(s, key, bytes, size, NULL);
}

static void collect(struct items *s, const struct machine_config *c)
{
    static const uint8_t zeros[16];
    const struct machine_image *kernel = &c->images[IMAGE_KERNEL];
    const struct machine_image *initrd = &c->images[IMAGE_INITRD];

    add_bytes(s, ITEM_SIGNATURE, "QEMU", 4, NULL);
    add_number(s, ITEM_ID, ID_HAS_DMA, 4);
    add_bytes(s, ITEM_UUID, zeros, sizeof zeros, NULL);
    add_number(s, ITEM_RAM_SIZE, c->ram_bytes, 8);
    add_number(s, ITEM_NOGRAPHIC, 1, 2);
    add_number(s, ITEM_HARTS, c->hart_count, 2);
    add_number(s, ITEM_HARTS_MOST, c->hart_count, 2);
    add_number(s, ITEM_BOOT_MENU, 0, 2);
    add_bytes(s, ITEM_DIRECTORY, zeros, 4, NULL); /* no files */
    add_number(s, ITEM_KERNEL_SIZE, kernel->data != NULL ? kernel->size : 0, 4);
    add_number(s, ITEM_INITRD_SIZE, initrd->data != NULL ? initrd->size : 0, 4);
    add_number(s, ITEM_APPEND_SIZE, c->append[0] != '\0' ? strlen(c->append) + 1 : 0, 4);
    if (c->append[0] != '\0') {
        add_bytes(s, ITEM_APPEND, c->append, strlen(c->append) + 1, NULL);
    }
    if (kernel->data != NULL) {
        add_bytes(s, ITEM_KERNEL, kernel->data, kernel->size, kernel->shared);
    }
    if (initrd->data != NULL) {
        add_bytes(s, ITEM_INITRD, initrd->data, initrd->size, initrd->shared);
    }
}

int arm_add_fw_cfg(struct machine *m, const struct machine_config *c, bool has_firmware,
                   struct error *e)
{
    struct machine_config nothing = *c;
    struct items s = {.end = 0};
    struct mem_block *b;
    struct device *d;

    if (!has_firmware) { /* a kernel that was started already is not offered again */
        memset(nothing.images, 0, sizeof nothing.images);
        nothing.append[0] = '\0';
    }
    collect(&s, &nothing);
    b = mem_add_storage(machine_mem(m), "fw-cfg", align_up(s.end, PAGE_SIZE), false, e);
    if (b == NULL || (d = machine_add_device(m, &fw_cfg, "fw-cfg", ARM_VIRT_FW_CFG, &s.config,
                                             sizeof s.config, NULL, e)) == NULL) {
        return -1;
    }
    machine_give_storage(d, 0, b);
    for (uint32_t i = 0; i < s.config.count; i++) {
        if (machine_add_load_of(m, b->home + s.config.items[i].at, s.data[i].bytes,
                                s.config.items[i].size, s.data[i].shared, e) < 0) {
            return -1;
        }
    }
    return 0;
}
