/* SPDX-License-Identifier: GPL-2.0-or-later
 * model: the CPUs that `-cpu` can name, by the ID registers of their technical reference manuals, of
 * which what is left out is taken away.
 */
#include <stdlib.h>

#include "isa/arm32/arm.h"

static const struct named_model {
    const char *name;
    struct arm_model model;
} models[] = {
    {"cortex-a15",
     {.features = EXT_DIV | EXT_LPAE | EXT_TIMER | EXT_VFP | EXT_NEON | EXT_FMA | EXT_C15,
      .midr = 0x414fc0f0,
      .l2ctlr = 0x00800000,
      .ctr = 0x8444c004,
      .clidr = 0x0a200023,
      .fpsid = 0x410430f0,
      .mvfr0 = 0x10110222,
      .mvfr1 = 0x11111111,
      .pmcr = 0x410f3000,
      .cnt_hz = 62500000,
      .ccsidr = {0x701fe00a, 0x201fe00a, 0x711fe07a},
      .id_pfr = {0x00001131, 0x00011011},
      .id_dfr0 = 0x02010555,
      .id_mmfr = {0x10201105, 0x20000000, 0x01240000, 0x02102211},
      .id_isar = {0x02101110, 0x13112111, 0x21232041, 0x11112131, 0x10011142}}},
    {"cortex-a7",
     {.features = EXT_DIV | EXT_LPAE | EXT_TIMER | EXT_VFP | EXT_NEON | EXT_FMA | EXT_C15,
      .midr = 0x410fc075,
      .l2ctlr = 0x00800000,
      .ctr = 0x84448003,
      .clidr = 0x0a200023,
      .fpsid = 0x41023075,
      .mvfr0 = 0x10110222,
      .mvfr1 = 0x11111111,
      .pmcr = 0x41072000,
      .cnt_hz = 62500000,
      .ccsidr = {0x701fe00a, 0x201fe00a, 0x711fe07a},
      .id_pfr = {0x00001131, 0x00011011},
      .id_dfr0 = 0x02010555,
      .id_mmfr = {0x10101105, 0x40000000, 0x01240000, 0x02102211},
      .id_isar = {0x02101110, 0x13112111, 0x21232041, 0x11112131, 0x10011142}}},
    {"cortex-a9",
     {.features = EXT_VFP | EXT_NEON | EXT_A9,
      .midr = 0x410fc090,
      .ctr = 0x80038003,
      .clidr = 0x09000003,
      .fpsid = 0x41033090,
      .mvfr0 = 0x10110222,
      .mvfr1 = 0x01111111,
      .pmcr = 0x41093000,
      .cnt_hz = 62500000,
      .ccsidr = {0xe00fe019, 0x200fe019},
      .id_pfr = {0x00001031, 0x00000011},
      .id_mmfr = {0x00100103, 0x20000000, 0x01230000, 0x00002111},
      .id_isar = {0x00101111, 0x13112111, 0x21232041, 0x11112131, 0x00111142}}},
};

/* What is left out shows in no ID register: the security and virtualization extensions, and debug.
 */
static void take_away(struct arm_model *m)
{
    m->id_pfr[1] &= ~UINT32_C(0xf0f0);
    m->id_dfr0 &= ~UINT32_C(0x00f00fff);
}

/* What boards put behind the name: where the private peripherals are. */
static int read_property(struct arm_model *m, const char *text, struct error *e)
{
    static const char cbar[] = "reset-cbar=";
    char *end;

    if (strncmp(text, cbar, sizeof cbar - 1) == 0) {
        unsigned long at = strtoul(text + sizeof cbar - 1, &end, 0);

        if (end != text + sizeof cbar - 1 && *end == '\0' && at <= UINT32_MAX) {
            m->cbar = (uint32_t)at;
            return 0;
        }
    }
    return error_set(e, "-cpu: the CPUs of arm have no property \"%.*s\"", (int)strcspn(text, ","),
                     text);
}

int arm_make_model(void *model, const struct isa_options *o, struct error *e)
{
    struct arm_model *m = model;
    const char *cpu = o->cpu != NULL ? o->cpu : "cortex-a15";
    size_t length = strcspn(cpu, ",");

    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (strlen(models[i].name) == length && memcmp(models[i].name, cpu, length) == 0) {
            *m = models[i].model;
            take_away(m);
            m->l2ctlr |= (o->hart_count - 1) << 24;
            return cpu[length] == '\0' ? 0 : read_property(m, cpu + length + 1, e);
        }
    }
    return error_set(
        e, "-cpu: no CPU of arm is called \"%.*s\"; there are cortex-a7, cortex-a9 and cortex-a15",
        (int)length, cpu);
}
