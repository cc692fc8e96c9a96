/* SPDX-License-Identifier: GPL-2.0-or-later
 * model: the CPUs that `-cpu` can name, by the ID registers of their technical reference manuals, of
 * which AArch32, and what of the rest is left out, is taken away.
 */
#include "isa/arm64/arm64.h"

/* In id32. */
enum { ID32_ISAR5 = 13, ID32_ISAR6 = 15, ID32_MVFR1 = 17 };

#define EXT_CRYPTO (EXT_AES | EXT_SHA1 | EXT_SHA256)
#define EXT_V8_2                                                                                   \
    (EXT_CRC32 | EXT_CRYPTO | EXT_LSE | EXT_RDM | EXT_DOTPROD | EXT_FP16 | EXT_LRCPC | EXT_PAN |   \
     EXT_UAO | EXT_HAFDBS | EXT_DPB | EXT_SSBS | EXT_RAS | EXT_VHE)
#define EXT_MAX                                                                                    \
    (EXT_V8_2 | EXT_SHA512 | EXT_SHA3 | EXT_FHM | EXT_FCMA | EXT_JSCVT | EXT_LRCPC2 |              \
     EXT_FRINTTS | EXT_FLAGM | EXT_FLAGM2 | EXT_RNG | EXT_DIT | EXT_SB | EXT_DPB2 | EXT_BTI |      \
     EXT_PAUTH)

/* MVFR0 to MVFR2, and the rest of the AArch32 registers of Cortex-A57. */
#define ID32_A57                                                                                   \
    {                                                                                              \
        0x00000131, 0x00011011, 0x03000006, 0, 0x10101105, 0x40000000, 0x01260000, 0x02102211,     \
            0x02101110, 0x13112111, 0x21232042, 0x01112131, 0x00011142, 0x00011121, 0, 0,          \
            0x10110222, 0x12111111, 0x00000043                                                     \
    }
#define ID32_A72                                                                                   \
    {                                                                                              \
        0x00000131, 0x00011011, 0x03000006, 0, 0x10201105, 0x40000000, 0x01260000, 0x02102211,     \
            0x02101110, 0x13112111, 0x21232042, 0x01112131, 0x00011142, 0x00011121, 0, 0,          \
            0x10110222, 0x12111111, 0x00000043                                                     \
    }
#define ID32_A76                                                                                   \
    {                                                                                              \
        0x10010131, 0x00010000, 0x04000008, 0, 0x10201105, 0x40000000, 0x01260000, 0x02122211,     \
            0x02101110, 0x13112111, 0x21232042, 0x01112131, 0x00010142, 0x01011121, 0x00021110,    \
            0x00000010, 0x10110222, 0x13211111, 0x00000043, 0, 0x00000011                          \
    }

#define ID32_MAX                                                                                   \
    {                                                                                              \
        0x11020131, 0x00011011, 0x0600000a, 0, 0x10101105, 0x40000000, 0x01260000, 0x02122211,     \
            0x02101110, 0x13112111, 0x21232042, 0x01112131, 0x00011142, 0x11011121, 0x20021110,    \
            0x01111111, 0x10110222, 0x13211111, 0x00000043, 0, 0x00000011, 0x10, 2                 \
    }

static const struct named_model {
    const char *name;
    struct arm64_model model;
} models[] = {
    {"cortex-a57",
     {.features = EXT_CRC32 | EXT_CRYPTO,
      .midr = 0x411fd070,
      .clidr = 0x0a200023,
      .dczid = 4,
      .ctr = 0x8444c004,
      .ccsidr = {0x701fe00a, 0x201fe012, 0x70ffe07a},
      .pmcr = 0x41013000,
      .cnt_hz = 62500000,
      .id = {[ID_PFR0] = 0x2222,
             [ID_DFR0] = 0x10305106,
             [ID_ISAR0] = 0x00011120,
             [ID_MMFR0] = 0x00001124},
      .id32 = ID32_A57}},
    {"cortex-a53",
     {.features = EXT_CRC32 | EXT_CRYPTO,
      .midr = 0x410fd034,
      .revidr = 0x00000100,
      .clidr = 0x0a200023,
      .dczid = 4,
      .ctr = 0x84448004,
      .ccsidr = {0x700fe01a, 0x201fe00a, 0x707fe07a},
      .pmcr = 0x41033000,
      .cnt_hz = 62500000,
      .id = {[ID_PFR0] = 0x2222,
             [ID_DFR0] = 0x10305106,
             [ID_ISAR0] = 0x00011120,
             [ID_MMFR0] = 0x00001122},
      .id32 = ID32_A57}},
    {"cortex-a72",
     {.features = EXT_CRC32 | EXT_CRYPTO,
      .midr = 0x410fd083,
      .clidr = 0x0a200023,
      .dczid = 4,
      .ctr = 0x8444c004,
      .ccsidr = {0x701fe00a, 0x201fe012, 0x707fe07a},
      .pmcr = 0x41023000,
      .cnt_hz = 62500000,
      .id = {[ID_PFR0] = 0x2222,
             [ID_DFR0] = 0x10305106,
             [ID_ISAR0] = 0x00011120,
             [ID_MMFR0] = 0x00001124},
      .id32 = ID32_A72}},
    {"cortex-a76",
     {.features = EXT_V8_2,
      .midr = 0x414fd0b1,
      .clidr = 0x82000023,
      .dczid = 4,
      .ctr = 0x8444c004,
      .ccsidr = {0x701fe01a, 0x201fe01a, 0x707fe03a},
      .pmcr = 0x410b3000,
      .cnt_hz = 62500000,
      .sctlr = 0x30c50838,
      .id = {[ID_PFR0] = UINT64_C(0x1100000010111112),
             [ID_PFR1] = 0x10,
             [ID_DFR0] = 0x10305408,
             [ID_ISAR0] = UINT64_C(0x0000100010211120),
             [ID_ISAR1] = 0x0000000000100001,
             [ID_MMFR0] = 0x0000000000101122,
             [ID_MMFR1] = 0x0000000010212122,
             [ID_MMFR2] = 0x0000000000001011},
      .id32 = ID32_A76}},
    {"neoverse-n1",
     {.features = EXT_V8_2,
      .midr = 0x414fd0c1,
      .clidr = 0x82000023,
      .dczid = 4,
      .ctr = 0x8444c004,
      .ccsidr = {0x701fe01a, 0x201fe01a, 0x70ffe03a},
      .pmcr = 0x410c3000,
      .cnt_hz = 62500000,
      .sctlr = 0x30c50838,
      .id = {[ID_PFR0] = UINT64_C(0x1100000010111112),
             [ID_PFR1] = 0x20,
             [ID_DFR0] = 0x10305408,
             [ID_ISAR0] = UINT64_C(0x0000100010211120),
             [ID_ISAR1] = 0x0000000000100001,
             [ID_MMFR0] = 0x0000000000101125,
             [ID_MMFR1] = 0x0000000010212122,
             [ID_MMFR2] = 0x0000000000001011},
      .id32 = ID32_A76}},
    {"max",
     {.features = EXT_MAX,
      .midr = 0x000f0510,
      .clidr = 0x02000023,
      .dczid = 4,
      .ctr = 0xb444c004,
      .ccsidr = {0x701fe00a, 0x201fe012, 0x70ffe07a},
      .pmcr = 0x41013000,
      .cnt_hz = 1000000000,
      .id = {[ID_PFR0] = UINT64_C(0x1101000020111112),
             [ID_PFR1] = 0x21,
             [ID_DFR0] = 0x10305408,
             [ID_ISAR0] = UINT64_C(0x1221111110212120),
             [ID_ISAR1] = UINT64_C(0x0000001101211052),
             [ID_MMFR0] = 0x0000000000101125,
             [ID_MMFR1] = 0x0000000010212102,
             [ID_MMFR2] = 0x0000000000001011},
      .id32 = ID32_MAX}},
};

/* What instructions of AArch32 go by, from what its ID registers say. */
static uint32_t features_32(const struct arm64_model *m)
{
    uint32_t isar5 = m->id32[ID32_ISAR5],
             features = A32_V8 | A32_DIV | A32_VFP | A32_NEON | A32_FMA;

    if ((m->id[ID_PFR0] & 15) != 2) {
        return 0;
    }
    features |= (isar5 >> 4 & 15) != 0 ? A32_AES : 0;
    features |= (isar5 >> 4 & 15) > 1 ? A32_PMULL : 0;
    features |= (isar5 >> 8 & 15) != 0 ? A32_SHA1 : 0;
    features |= (isar5 >> 12 & 15) != 0 ? A32_SHA256 : 0;
    return features | ((isar5 >> 16 & 15) != 0 ? A32_CRC32 : 0);
}

/* What is left out shows in no ID register. */
static void take_away(struct arm64_model *m)
{
    uint64_t pfr0 = m->id[ID_PFR0] & ~UINT64_C(0xf0); /* EL1 is of AArch64 alone */

    m->v80 = (m->id[ID_PFR0] >> 4 & 15) == 2; /* which have AArch32 at EL1 */

    pfr0 |= 0x10;
    pfr0 = bits_set(pfr0, 8, 4, (m->features & EXT_EL2) != 0);
    pfr0 = bits_set(pfr0, 12, 4, 0); /* EL3 */
    pfr0 = bits_set(pfr0, 24, 4, 0); /* GIC: said where there is one */
    pfr0 = bits_set(pfr0, 32, 4, 0); /* SVE */
    pfr0 = bits_set(pfr0, 40, 8, 0); /* MPAM, AMU */
    m->id[ID_PFR0] = pfr0;
    /* Of AArch32: RDM, FCMA; all of ISAR6; arithmetic of half precision. */
    m->id32[ID32_ISAR5] = (uint32_t)bits_set(m->id32[ID32_ISAR5], 24, 8, 0);
    m->id32[ID32_ISAR6] = 0;
    if ((m->id32[ID32_MVFR1] >> 24 & 15) > 2) {
        m->id32[ID32_MVFR1] = (uint32_t)bits_set(m->id32[ID32_MVFR1], 20, 8, 0x21);
    }
    if ((m->features & EXT_EL2) == 0) {
        m->id32[1] = (uint32_t)bits_set(m->id32[1], 12, 4, 0);
    }
    m->id32[1] = (uint32_t)bits_set(m->id32[1], 4, 4, 0); /* EL3 */
}

static const struct named_model *find_model(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (strlen(models[i].name) == length && memcmp(models[i].name, name, length) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

static int apply_property(const char *word, size_t length, struct arm64_model *m, struct error *e)
{
    const char *equals = memchr(word, '=', length);
    size_t name = equals != NULL ? (size_t)(equals - word) : length;
    const char *value = equals != NULL ? equals + 1 : word + length;
    size_t value_length = length - name - (equals != NULL);
    bool on = (value_length == 2 && memcmp(value, "on", 2) == 0) ||
              (value_length == 4 && memcmp(value, "true", 4) == 0);
    bool off = (value_length == 3 && memcmp(value, "off", 3) == 0) ||
               (value_length == 5 && memcmp(value, "false", 5) == 0);

    if (!on && !off) {
        return error_set(e, "-cpu: \"%.*s\" is not of the form name=on or name=off", (int)length,
                         word);
    }
    if (name == 3 && memcmp(word, "el2", 3) == 0) {
        m->features = on ? m->features | EXT_EL2 : m->features & ~(uint32_t)EXT_EL2;
    } else if (name == 3 && memcmp(word, "el3", 3) == 0) {
        return on ? error_set(e, "-cpu: el3=on: no processor here has EL3, as there is no secure "
                                 "world that it would be of use for")
                  : 0;
    } else {
        return error_set(e, "-cpu: no property is called \"%.*s\"; there are el2 and el3",
                         (int)name, word);
    }
    return 0;
}

int arm64_make_model(void *model, const struct isa_options *o, struct error *e)
{
    struct arm64_model *m = model;
    const char *cpu = o->cpu != NULL ? o->cpu : "cortex-a57";
    size_t length = strcspn(cpu, ",");
    const struct named_model *found = find_model(cpu, length);

    if (found == NULL) {
        return error_set(e,
                         "-cpu: no CPU of aarch64 is called \"%.*s\"; there are cortex-a53, "
                         "cortex-a57, cortex-a72, cortex-a76, neoverse-n1 and max",
                         (int)length, cpu);
    }
    *m = found->model;
    m->hart_count = o->hart_count != 0 ? o->hart_count : 1;
    for (cpu += length; *cpu == ','; cpu += length) {
        cpu++;
        length = strcspn(cpu, ",");
        if (apply_property(cpu, length, m, e) < 0) {
            return -1;
        }
    }
    take_away(m);
    m->a32 = features_32(m);
    m->dbgdidr = 0x3516d000; /* six breakpoints, four watchpoints, debug of Armv8 */
    return 0;
}
