/* SPDX-License-Identifier: GPL-2.0-or-later
 * pauth: pointer authentication, after DDI 0487, D8.10: codes by QARMA5 (R. Avanzi, "The QARMA Block
 * Cipher Family", 2017; the variant of 64 bits, five rounds and the third S-box), as FEAT_PAuth2,
 * FEAT_FPAC and FEAT_FPACCOMBINE have them: a failed check is an exception. And the guarded pages of
 * branch target identification.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/sysreg.h"

/* ---- QARMA: cell 0 of a state is the most significant of 16 ---- */

enum { ROUNDS = 5, CELLS = 16 };

static const uint64_t constants[ROUNDS] = {
    0, UINT64_C(0x13198a2e03707344), UINT64_C(0xa4093822299f31d0), UINT64_C(0x082efa98ec4e6c89),
    UINT64_C(0x452821e638d01377)};
#define ALPHA UINT64_C(0xc0ac29b7c97c50dd)

static const uint8_t substitute[16] = {11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10};
static const uint8_t unsubstitute[16] = {5, 14, 13, 8, 10, 11, 1, 9, 2, 6, 15, 0, 4, 12, 7, 3};
/* Where each cell comes from. */
static const uint8_t shuffle[CELLS] = {0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2};
static const uint8_t unshuffle[CELLS] = {0, 5, 15, 10, 13, 8, 2, 7, 11, 14, 4, 1, 6, 3, 9, 12};
static const uint8_t tweak_from[CELLS] = {6, 5, 14, 15, 0, 1, 2, 3, 7, 12, 13, 4, 8, 9, 10, 11};
#define TWEAK_STEPPED 0x291bu /* cells 0, 1, 3, 4, 8, 11, 13: those whose register steps */

static unsigned cell_of(uint64_t x, unsigned n)
{
    return (unsigned)(x >> 4 * (CELLS - 1 - n)) & 15;
}

static uint64_t cell_at(unsigned value, unsigned n)
{
    return (uint64_t)value << 4 * (CELLS - 1 - n);
}

static uint64_t moved(uint64_t x, const uint8_t from[CELLS])
{
    uint64_t out = 0;

    for (unsigned n = 0; n < CELLS; n++) {
        out |= cell_at(cell_of(x, from[n]), n);
    }
    return out;
}

static uint64_t substituted(uint64_t x, const uint8_t box[16])
{
    uint64_t out = 0;

    for (unsigned n = 0; n < CELLS; n++) {
        out |= cell_at(box[cell_of(x, n)], n);
    }
    return out;
}

static unsigned rotated(unsigned cell, unsigned by)
{
    return (cell << by | cell >> (4 - by)) & 15;
}

/* Each column by the circulant matrix of (0, 1, 2, 1), where n stands for a rotation by n. */
static uint64_t mixed(uint64_t x)
{
    uint64_t out = 0;

    for (unsigned n = 0; n < CELLS; n++) {
        unsigned next = cell_of(x, (n + 4) % CELLS), opposite = cell_of(x, (n + 8) % CELLS);
        unsigned last = cell_of(x, (n + 12) % CELLS);

        out |= cell_at(rotated(next, 1) ^ rotated(opposite, 2) ^ rotated(last, 1), n);
    }
    return out;
}

/* The tweak's next value: cells change places, and some of them step as a shift register does. */
static uint64_t next_tweak(uint64_t tweak)
{
    uint64_t out = 0;

    for (unsigned n = 0; n < CELLS; n++) {
        unsigned cell = cell_of(tweak, tweak_from[n]);

        if ((TWEAK_STEPPED >> n & 1) != 0) {
            cell = cell >> 1 | ((cell ^ cell >> 1) & 1) << 3;
        }
        out |= cell_at(cell, n);
    }
    return out;
}

uint64_t arm64_qarma5(uint64_t text, uint64_t tweak, uint64_t key0, uint64_t key1)
{
    uint64_t tweaks[ROUNDS + 1] = {tweak}, x = text ^ key0;
    uint64_t other = key0 << 63 | key0 >> 1; /* the last whitening key */

    other ^= key0 >> 63;
    for (unsigned n = 0; n < ROUNDS; n++) {
        x ^= key1 ^ tweaks[n] ^ constants[n];
        x = n > 0 ? mixed(moved(x, shuffle)) : x;
        x = substituted(x, substitute);
        tweaks[n + 1] = next_tweak(tweaks[n]);
    }
    x = substituted(mixed(moved(x ^ other ^ tweaks[ROUNDS], shuffle)), substitute);
    x = moved(key1 ^ mixed(moved(x, shuffle)), unshuffle); /* the reflector */
    x = moved(mixed(substituted(x, unsubstitute)), unshuffle) ^ key0 ^ tweaks[ROUNDS];
    for (unsigned n = ROUNDS; n-- > 0;) {
        x = substituted(x, unsubstitute);
        x = n > 0 ? moved(mixed(x), unshuffle) : x;
        x ^= constants[n] ^ key1 ^ tweaks[n] ^ ALPHA;
    }
    return x ^ other;
}

/* ---- pointers ---- */

/* Which bits of a pointer its code may take. */
struct layout {
    uint64_t
        mask; /* from the lowest bit that is no address to 54, and 56 to 63 unless there are tags */
    bool upper; /* of the upper half of addresses */
    bool tagged;
};

static bool has_tags(const struct cpu *cpu, unsigned regime, bool upper, bool is_data)
{
    uint64_t tcr = arm64_of(cpu)->tcr[regime];
    bool two = arm64_has_two_halves(cpu, regime);
    bool on = (tcr >> (two ? 37u + upper : 20u) & 1) != 0;

    return on && (is_data || (tcr >> (two ? 51u + upper : 29u) & 1) == 0);
}

static struct layout layout_of(const struct cpu *cpu, uint64_t pointer, bool is_data, bool adds)
{
    unsigned regime = arm64_regime(cpu, arm64_of(cpu)->el);
    bool two = arm64_has_two_halves(cpu, regime), select = (pointer >> 55 & 1) != 0;
    uint64_t tcr = arm64_of(cpu)->tcr[regime];
    struct layout l = {.upper = select};
    unsigned size;

    l.tagged = has_tags(cpu, regime, two && select, is_data);
    if (adds &&
        !(two ? has_tags(cpu, regime, false, is_data) || has_tags(cpu, regime, true, is_data)
              : l.tagged)) {
        l.upper = pointer >> 63 != 0;
    }
    size = (unsigned)(tcr >> (two && l.upper ? 16 : 0) & 63);
    size = size < 16 ? 16 : size > 39 ? 39 : size;
    l.mask = (BIT64(55) - BIT64(64 - size)) | (l.tagged ? 0 : UINT64_C(0xff) << 56);
    return l;
}

/* The pointer as it is without a code. */
static uint64_t stripped(uint64_t pointer, const struct layout *l)
{
    uint64_t mask = l->mask | BIT64(55);

    return l->upper ? pointer | mask : pointer & ~mask;
}

static uint64_t code_of(const struct cpu *cpu, uint64_t plain, uint64_t modifier, unsigned key)
{
    const uint64_t *k = &arm64_of(cpu)->keys[2 * key];

    return arm64_qarma5(plain, modifier, k[1], k[0]);
}

static uint64_t add_code(const struct cpu *cpu, uint64_t pointer, uint64_t modifier, unsigned key)
{
    struct layout l = layout_of(cpu, pointer, key >= KEY_DA, true);
    uint64_t code = code_of(cpu, stripped(pointer, &l), modifier, key);

    pointer = (pointer & ~BIT64(55)) | (uint64_t)l.upper << 55;
    return pointer ^ (code & l.mask);
}

/* Raises the exception of a code that is wrong. */
static uint64_t check_code(struct cpu *cpu, uint64_t pointer, uint64_t modifier, unsigned key)
{
    bool is_data = key >= KEY_DA;
    struct layout l = layout_of(cpu, pointer, is_data, false);
    uint64_t plain = stripped(pointer, &l);

    pointer ^= code_of(cpu, plain, modifier, key) & l.mask;
    if (((pointer ^ plain) & l.mask) != 0) {
        arm64_raise(cpu, ESR(EC_PAC_FAIL, (unsigned)is_data << 1 | (key & 1)), 0, 0);
    }
    return pointer;
}

/* ---- helpers ---- */

static bool is_on(const struct cpu *cpu, unsigned key)
{
    static const uint64_t bits[] = {SCTLR_ENIA, SCTLR_ENIB, SCTLR_ENDA, SCTLR_ENDB};
    const struct arm64 *s = arm64_of(cpu);

    return key == KEY_GA || (s->sctlr[arm64_regime(cpu, s->el)] & bits[key]) != 0;
}

/* True with the exception raised: a hypervisor has not let its guest use keys. */
static bool is_trapped(struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);

    if (s->el < 2 && arm64_has(cpu, EXT_EL2) && (arm64_hcr(cpu) & HCR_API) == 0 &&
        !(s->el == 0 && arm64_is_host(cpu))) {
        arm64_raise(cpu, ESR(EC_PAUTH, 0), 0, 2);
        return true;
    }
    return false;
}

uint64_t arm64_pauth(struct cpu *cpu, uint64_t pointer, uint64_t modifier, unsigned how)
{
    unsigned key = how & PAC_KEY;

    if ((how & PAC_STRIP) != 0) {
        struct layout l = layout_of(cpu, pointer, key >= KEY_DA, false);

        return stripped(pointer, &l);
    }
    if (!is_on(cpu, key) || is_trapped(cpu)) {
        return pointer;
    }
    if (key == KEY_GA) {
        return code_of(cpu, pointer, modifier, key) & ~UINT64_C(0xffffffff);
    }
    return (how & PAC_CHECK) != 0 ? check_code(cpu, pointer, modifier, key)
                                  : add_code(cpu, pointer, modifier, key);
}

uint64_t arm64_help_pauth(struct cpu *cpu, uint64_t pointer, uint64_t modifier, uint64_t how)
{
    return arm64_pauth(cpu, pointer, modifier, (unsigned)how);
}

/* ---- branch targets ---- */

uint64_t arm64_help_bti(struct cpu *cpu, uint64_t pc, uint64_t needs_bt, uint64_t c)
{
    const struct arm64 *s = arm64_of(cpu);

    (void)c;
    if ((!needs_bt ||
         (s->sctlr[arm64_regime(cpu, s->el)] & (s->el == 0 ? SCTLR_BT0 : SCTLR_BT1)) != 0) &&
        arm64_is_guarded(cpu, pc)) {
        arm64_raise(cpu, ESR(EC_BTI, s->btype), 0, 0);
    }
    return 0;
}

uint64_t arm64_help_btype(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return arm64_is_guarded(cpu, pc) ? 3 : 1;
}
