/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas_neon: operands of Advanced SIMD as text, and what of it is undefined by the numbers of its registers, which
 * the tables cannot say.
 */
#include <stdio.h>

#include "isa/arm32/disas.h"
#include "isa/arm32/neon.h"

/* ---- registers: the first letter says whether it is a D or a Q register, or (n) by the bit Q ---- */

static bool is_register(const char *word)
{
    return strchr("dqn", word[0]) != NULL && word[1] != '\0' && strchr("dnm", word[1]) != NULL &&
           word[2] == '\0';
}

static bool is_pair(const struct arm_insn *i, const char *word)
{
    return word[0] == 'q' || (word[0] == 'n' && i->a != 0);
}

static unsigned register_of(const struct arm_insn *i, const char *word)
{
    return word[1] == 'd' ? i->rd : word[1] == 'n' ? i->rn : i->rm;
}

static void put_register(const struct arm_print *p, const char *word)
{
    unsigned r = register_of(p->i, word);

    if (is_pair(p->i, word)) {
        text_add(p->out, "q%u", r / 2);
    } else {
        text_add(p->out, "d%u", r);
    }
}

/* ---- shifts ---- */

/* Of the lanes, those of the narrower register: which of the bits of the amount is the first says it. */
static unsigned shift_width(const struct arm_insn *i)
{
    unsigned width = 64;

    while (width > 8 && ((uint64_t)i->imm & width) == 0) {
        width /= 2;
    }
    return width;
}

bool arm_neon_is_widening(const struct arm_insn *i)
{
    return i->info->lift == arm_lift_neon_shift_long && (unsigned)i->imm == shift_width(i);
}

static void put_shift(const struct arm_print *p, const char *word)
{
    int imm = (int)p->i->imm, width = (int)shift_width(p->i);

    switch (word[1]) {
    case 'r': text_add(p->out, "#%d", 2 * width - imm); break;
    case 'l': text_add(p->out, "#%d", imm - width); break;
    case 'w': text_add(p->out, "#%u", 8u << p->i->b); break;
    default: text_add(p->out, "#%d", 64 - imm); break; /* bits behind the point */
    }
}

/* ---- immediates ---- */

/* A sign, an exponent of 3 bits and a fraction of 4: exact in 7 decimal places. */
static void put_float(const struct arm_print *p, unsigned imm8)
{
    unsigned exponent = (imm8 >> 4 & 7) ^ 4;               /* plus 3 */
    unsigned of_128 = (16 + (imm8 & 15)) << exponent;      /* 128 times the value */
    unsigned fraction = of_128 % 128 * (10000000u / 128u); /* 78125 a piece */
    unsigned digits = 7;

    text_add(p->out, "#%s%u", imm8 & 0x80 ? "-" : "", of_128 / 128);
    while (fraction != 0 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    if (fraction != 0) {
        text_add(p->out, ".%0*u", (int)digits, fraction);
    }
}

static void put_immediate(const struct arm_print *p)
{
    unsigned imm8 = (unsigned)p->i->imm, cmode = p->i->bits >> 8 & 15;
    uint64_t bytes = 0;

    if (cmode == 15) {
        put_float(p, imm8);
    } else if (cmode == 14 && (p->i->bits >> 5 & 1) != 0) { /* a byte is all ones or zeros */
        for (unsigned n = 0; n < 8; n++) {
            bytes |= (imm8 >> n & 1) != 0 ? UINT64_C(0xff) << 8 * n : 0;
        }
        text_add(p->out, "#0x%016llx", (unsigned long long)bytes);
    } else if (cmode == 14) {
        text_add(p->out, "#%u", imm8);
    } else if (cmode >= 12) { /* ones come in from below */
        text_add(p->out, "#%u", cmode == 12 ? imm8 << 8 | 0xff : imm8 << 16 | 0xffff);
    } else {
        text_add(p->out, "#%d", (int32_t)((uint32_t)imm8 << (cmode & 6) * 4 % 32));
    }
}

/* ---- elements ---- */

/* Of Dm: by the size, the upper bits of its number are the index; or VDUP's, whose lowest bit that is 1 says the size. */
static void put_element(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (word[1] == 'i') {
        text_add(p->out, "d%u[%u]", i->rm, i->b >> (i->info->argument + 1));
    } else if (i->b == 1) {
        text_add(p->out, "d%u[%u]", i->rm & 7u, i->rm >> 3 & 3u);
    } else {
        text_add(p->out, "d%u[%u]", i->rm & 15u, i->rm >> 4 & 1u);
    }
}

/* ---- loads and stores ---- */

static struct arm_neon_lane lane_of(const struct arm_insn *i)
{
    struct arm_neon_lane k = {.log2 = i->b,
                              .count = NEON_COUNT(i->info->argument),
                              .per_value = 1,
                              .apart = NEON_APART(i->info->argument),
                              .align = i->a != 0 ? i->a + 2u : 0};

    if (i->info->lift == arm_lift_neon_lane) {
        (void)arm_neon_lane(i, &k);
    } else if (i->info->lift == arm_lift_neon_all_lanes) {
        (void)arm_neon_all_lanes(i, &k);
    }
    return k;
}

/* Registers one behind the other are said by the first and the last, but for single lanes. */
static void put_list(const struct arm_print *p, const char *word)
{
    struct arm_neon_lane k = lane_of(p->i);
    unsigned first = p->i->rd, count = k.count * k.per_value;
    bool is_lane = word[0] == 'l';
    const char *all = word[0] == 'a' ? "[]" : "";

    text_add(p->out, "{d%u%s", first, all);
    if (is_lane) {
        text_add(p->out, "[%u]", k.index);
    }
    if (count > 1 && k.apart == 1 && !is_lane) {
        text_add(p->out, "-d%u%s", arm_neon_last(p->i, &k), all);
        count = 0;
    }
    for (unsigned r = 1; r < count; r++) {
        text_add(p->out, ",d%u%s", first + r * k.apart, all);
        if (is_lane) {
            text_add(p->out, "[%u]", k.index);
        }
    }
    text_add(p->out, "}");
}

static void put_address(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    struct arm_neon_lane k = lane_of(i);

    text_add(p->out, "[");
    arm_print_r(p, i->rn);
    if (k.align != 0) {
        text_add(p->out, " :%u", 8u << k.align);
    }
    text_add(p->out, "]%s", i->rm == 13 ? "!" : "");
    if (i->rm != 13 && i->rm != 15) {
        text_add(p->out, ", ");
        arm_print_r(p, i->rm);
    }
}

static void put_table(const struct arm_print *p)
{
    unsigned first = p->i->rn;

    text_add(p->out, "{d%u", first);
    if (p->i->a != 0) {
        text_add(p->out, "-d%u", first + p->i->a);
    }
    text_add(p->out, "}");
}

/* ---- what disas.c asks for ---- */

bool arm_print_neon(const struct arm_print *p, const char *word)
{
    if (is_register(word)) {
        put_register(p, word);
    } else if (word[0] == 'h' && strchr("rlwf", word[1]) != NULL) {
        put_shift(p, word);
    } else if (strcmp(word, "ni") == 0) {
        put_immediate(p);
    } else if (word[0] == 'x') {
        put_element(p, word);
    } else if (strcmp(word, "nt") == 0) {
        put_table(p);
    } else if (strcmp(word, "nl") == 0 || strcmp(word, "ll") == 0 || strcmp(word, "al") == 0) {
        put_list(p, word);
    } else if (strcmp(word, "na") == 0 || strcmp(word, "la") == 0 || strcmp(word, "aa") == 0) {
        put_address(p);
    } else {
        return false;
    }
    return true;
}

unsigned arm_neon_width(const struct arm_insn *i)
{
    bool shifts = i->info->lift == arm_lift_neon_shift ||
                  i->info->lift == arm_lift_neon_shift_narrow ||
                  i->info->lift == arm_lift_neon_shift_long;

    return shifts ? shift_width(i) : 8u << lane_of(i).log2;
}

/* A Q register is an even number; 31 is the last. */
bool arm_is_undefined(const struct arm_insn *i)
{
    arm_lift_fn *lift = i->info->lift;
    struct arm_neon_lane k;

    if (lift == arm_lift_neon_multiple || lift == arm_lift_neon_lane ||
        lift == arm_lift_neon_all_lanes) {
        k = lane_of(i);
        return (lift == arm_lift_neon_lane && !arm_neon_lane(i, &k)) ||
               (lift == arm_lift_neon_all_lanes && !arm_neon_all_lanes(i, &k)) ||
               arm_neon_last(i, &k) > 31;
    }
    if (lift == arm_lift_neon_table) {
        return i->rn + i->a > 31;
    }
    for (const char *word = i->info->operands; word != NULL; word = strchr(word, ',')) {
        char letters[3] = {0};

        word += *word == ',';
        (void)snprintf(letters, sizeof letters, "%.2s", word);
        if (is_register(letters) && is_pair(i, letters) && (register_of(i, letters) & 1) != 0) {
            return true;
        }
    }
    return false;
}
