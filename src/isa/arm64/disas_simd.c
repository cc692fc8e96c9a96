/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas_simd: instructions of simd.decode as text, word by word of their last column. The head of
 * that file says what the words are.
 */
#include "isa/arm64/disas.h"

/* What is being printed, and how far its column is read. */
struct column {
    const struct arm64_insn *i;
    const char *at;
    vaddr pc;
};

static unsigned field(const struct arm64_insn *i, unsigned low, unsigned count)
{
    return i->bits >> low & ((1u << count) - 1);
}

static bool take(struct column *c, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(c->at, word, length) != 0) {
        return false;
    }
    c->at += length;
    return true;
}

static unsigned take_register(struct column *c)
{
    switch (*c->at++) {
    case 'n': return c->i->rn;
    case 'm': return c->i->rm;
    case 'a':
    case '2': return c->i->ra;
    default: return c->i->rd; // d and t
    }
}

/* log2 of the bytes of a lane: by immh, in which the highest bit says it. */
static unsigned lane_of_immh(const struct arm64_insn *i)
{
    unsigned immh = field(i, 19, 4);

    return immh >= 8 ? 3 : immh >= 4 ? 2 : immh >= 2 ? 1 : 0;
}

static bool is_structure(const struct arm64_insn *i)
{
    return field(i, 25, 5) == 6; // loads and stores of structures: 0 Q 00110
}

/* ---- scalars ---- */

static void put_scalar(struct text *out, unsigned log2, unsigned r)
{
    text_add(out, "%c%u", "bhsdq"[log2 & 7], r);
}

/* Z, ZW, ZI, ZIW and Y: how wide the encoding says. */
static unsigned take_scalar_width(struct column *c)
{
    unsigned log2;

    if (take(c, "Y")) {
        return 2 + field(c->i, 22, 1);
    }
    c->at++;
    log2 = *c->at == 'I' ? lane_of_immh(c->i) : field(c->i, 22, 2);
    (void)take(c, "I");
    return log2 + take(c, "W");
}

/* ---- vectors ---- */

/* Lanes: of 2^log2 bytes, `count` of them, 0 where only the lane is named. */
struct shape {
    unsigned log2, count;
};

static unsigned log2_of_letter(char letter)
{
    return letter == 'B' ? 0 : letter == 'H' ? 1 : letter == 'S' ? 2 : letter == 'D' ? 3 : 4;
}

static struct shape by_q(const struct arm64_insn *i, unsigned log2)
{
    const struct shape s = {log2, (8u << field(i, 30, 1)) >> log2};

    return s;
}

static struct shape wide(unsigned log2)
{
    const struct shape s = {log2, 16u >> log2};

    return s;
}

static struct shape take_shape(struct column *c)
{
    const struct arm64_insn *i = c->i;
    unsigned count = 0;

    if (take(c, "2Y")) {
        const struct shape s = {2 + field(i, 22, 1), 2};

        return s;
    }
    for (; *c->at >= '0' && *c->at <= '9'; c->at++) {
        count = 10 * count + (unsigned)(*c->at - '0');
    }
    if (take(c, "FW")) {
        return wide(2 + field(i, 22, 1));
    }
    if (take(c, "IW")) {
        return wide(lane_of_immh(i) + 1);
    }
    switch (*c->at++) {
    case 'T': return by_q(i, is_structure(i) ? field(i, 10, 2) : field(i, 22, 2));
    case 'W': return wide(field(i, 22, 2) + 1);
    case 'P': return by_q(i, field(i, 22, 2) + 1);
    case 'F': return by_q(i, 2 + field(i, 22, 1));
    case 'N': return by_q(i, 1 + field(i, 22, 1));
    case 'I': return by_q(i, lane_of_immh(i));
    default: break;
    }
    if (count == 0) {
        return by_q(i, log2_of_letter(c->at[-1]));
    }
    {
        const struct shape s = {log2_of_letter(c->at[-1]), count};

        return s;
    }
}

static void put_vector(struct text *out, unsigned r, struct shape s)
{
    if (s.count == 0) {
        text_add(out, "v%u.%c", r & 31, "bhsdq"[s.log2]);
    } else {
        text_add(out, "v%u.%u%c", r & 31, s.count, "bhsdq"[s.log2]);
    }
}

/* The lane behind a vector; false if the column has none here. */
static bool take_lane(struct column *c, struct shape s, unsigned *lane)
{
    const struct arm64_insn *i = c->i;

    if (take(c, "[i5]")) {
        *lane = field(i, 16, 5) >> (s.log2 + 1);
    } else if (take(c, "[i4]")) {
        *lane = field(i, 11, 4) >> s.log2;
    } else if (take(c, "[1]")) {
        *lane = 1;
    } else if (take(c, "[i]")) {
        *lane = is_structure(i)
                    ? (field(i, 30, 1) << 3 | field(i, 12, 1) << 2 | field(i, 10, 2)) >> s.log2
                    : field(i, 11, 1) << 1 | field(i, 21, 1);
    } else {
        return false;
    }
    return true;
}

static void put_word_of_vector(struct text *out, struct column *c)
{
    unsigned r = take_register(c), lane;
    struct shape s;
    bool counted;

    c->at++; // the dot
    counted = *c->at >= '0' && *c->at <= '9';
    s = take_shape(c);
    if (take_lane(c, s, &lane)) {
        s.count = counted ? s.count : 0;
        put_vector(out, r, s);
        text_add(out, "[%u]", lane);
    } else {
        put_vector(out, r, s);
    }
}

/* Ve: by element, whose register has four bits where lanes have 16 bits. */
static void put_element(struct text *out, struct column *c)
{
    const struct arm64_insn *i = c->i;
    unsigned h = field(i, 11, 1), l = field(i, 21, 1), m = field(i, 20, 1);
    unsigned log2 = 1, r = field(i, 16, 5);

    c->at++; // the dot
    switch (*c->at++) {
    case 'i': log2 = field(i, 22, 2); break;
    case 'f': log2 = 2 + field(i, 22, 1); break;
    case 'c':
        log2 = field(i, 22, 2);
        text_add(out, "v%u.%c[%u]", r, "bhsd"[log2], log2 == 1 ? h << 1 | l : h);
        return;
    default: break;
    }
    if (log2 == 1) {
        text_add(out, "v%u.h[%u]", r & 15, h << 2 | l << 1 | m);
    } else {
        text_add(out, "v%u.%c[%u]", r, "bhsd"[log2], log2 == 2 ? h << 1 | l : h);
    }
}

/* {Vt.T*3}: registers that follow each other, with a lane or without. Returns the bytes they have. */
static unsigned put_list(struct text *out, struct column *c)
{
    unsigned first, count, lane;
    bool has_lane;
    struct shape s;

    c->at += 2; // {V
    first = take_register(c);
    c->at++;
    s = take_shape(c);
    c->at++; // *
    if (take(c, "len")) {
        count = field(c->i, 13, 2) + 1;
    } else {
        count = (unsigned)(*c->at++ - '0');
    }
    c->at++; // }
    has_lane = take_lane(c, s, &lane);
    if (has_lane) {
        s.count = 0;
    }
    text_add(out, "{");
    put_vector(out, first, s);
    if (count == 2 || (count > 2 && first + count > 32)) {
        for (unsigned k = 1; k < count; k++) {
            text_add(out, ", ");
            put_vector(out, first + k, s);
        }
    } else if (count > 2) {
        text_add(out, "-");
        put_vector(out, first + count - 1, s);
    }
    text_add(out, "}");
    if (has_lane) {
        text_add(out, "[%u]", lane);
    }
    return has_lane || field(c->i, 23, 3) >= 2 ? count << s.log2
                                               : count * (8u << field(c->i, 30, 1));
}

/* ---- constants ---- */

/* An eight-bit floating-point constant, as binutils prints it: a power of two times 16 to 31. */
static void put_float(struct text *out, unsigned imm8)
{
    unsigned exponent = ((imm8 >> 4 & 7) ^ 4) & 7; // of 1/8 to 16
    uint64_t scaled = (uint64_t)(16 + (imm8 & 15)) << exponent, unit = UINT64_C(781250000000000),
             digits;
    int power = 0;

    // In units of 2^-7, which are 781250000000000 * 10^-17 each: exact.
    digits = scaled * unit;
    for (uint64_t rest = digits; rest >= 10; rest /= 10) {
        power++;
    }
    for (int k = power; k < 18; k++) {
        digits *= 10;
    }
    text_add(out, "#%s%llu.%018llue%c%02d", (imm8 & 0x80) != 0 ? "-" : "",
             (unsigned long long)(digits / UINT64_C(1000000000000000000)),
             (unsigned long long)(digits % UINT64_C(1000000000000000000)), power < 17 ? '-' : '+',
             power < 17 ? 17 - power : power - 17);
}

static unsigned imm8_of(const struct arm64_insn *i)
{
    return field(i, 16, 3) << 5 | field(i, 5, 5);
}

static void put_imm64(struct text *out, unsigned imm8)
{
    uint64_t value = 0;

    for (unsigned bit = 0; bit < 8; bit++) {
        value |= (imm8 >> bit & 1) != 0 ? UINT64_C(0xff) << 8 * bit : 0;
    }
    text_add(out, "#0x%llx", (unsigned long long)value);
}

static void put_shifted(struct text *out, const struct arm64_insn *i, bool ones)
{
    unsigned cmode = field(i, 12, 4);
    unsigned amount = ones ? 8u << (cmode & 1) : 8 * (cmode >> 1 & (cmode >= 8 ? 1u : 3u));

    text_add(out, "#0x%x", imm8_of(i));
    if (ones) {
        text_add(out, ", msl #%u", amount);
    } else if (amount != 0) {
        text_add(out, ", lsl #%u", amount);
    }
}

static bool put_constant(struct text *out, struct column *c)
{
    const struct arm64_insn *i = c->i;
    unsigned bits = 8u << lane_of_immh(i), immediate = field(i, 16, 7);

    if (take(c, "imm8,lsl")) {
        put_shifted(out, i, false);
    } else if (take(c, "imm8,msl")) {
        put_shifted(out, i, true);
    } else if (take(c, "imm8")) {
        text_add(out, "#0x%x", imm8_of(i));
    } else if (take(c, "imm64")) {
        put_imm64(out, imm8_of(i));
    } else if (take(c, "imm4")) {
        text_add(out, "#%u", field(i, 11, 4));
    } else if (take(c, "imm6")) {
        text_add(out, "#%u", field(i, 10, 6));
    } else if (take(c, "fimm8")) {
        put_float(out, imm8_of(i));
    } else if (take(c, "fimm")) {
        put_float(out, field(i, 13, 8));
    } else if (take(c, "zero")) {
        text_add(out, field(i, 24, 5) == 0x1e && field(i, 28, 3) == 1 ? "#0.0" : "#0");
    } else if (take(c, "fzero")) {
        text_add(out, "#0.0");
    } else if (take(c, "shr")) {
        text_add(out, "#%u", 2 * bits - immediate);
    } else if (take(c, "shl")) {
        text_add(out, "#%u", immediate - bits);
    } else if (take(c, "width")) {
        text_add(out, "#%u", 8u << field(i, 22, 2));
    } else if (take(c, "fbits")) {
        text_add(out, "#%u", 64 - field(i, 10, 6));
    } else if (take(c, "nzcv")) {
        text_add(out, "#0x%x", field(i, 0, 4));
    } else if (take(c, "cond")) {
        text_add(out, "%s", arm64_conditions[field(i, 12, 4)]);
    } else {
        return false;
    }
    return true;
}

/* FCMLA says it in two bits, FCADD in one. */
static unsigned rotation(const struct arm64_insn *i)
{
    if (field(i, 24, 5) == 0xf) { // by element
        return 90 * field(i, 13, 2);
    }
    return field(i, 13, 1) != 0 ? 90 + 180 * field(i, 12, 1) : 90 * field(i, 11, 2);
}

/* ---- memory ---- */

/* "[Xn" and what follows it. `bytes` is what a list before it has. */
static void put_memory(struct text *out, struct column *c, unsigned bytes)
{
    const struct arm64_insn *i = c->i;

    c->at += 3; // [Xn
    if (take(c, "],post")) {
        text_add(out, "[");
        arm64_print_sp(out, i->rn, true);
        text_add(out, "], ");
        if (field(i, 16, 5) == 31) {
            text_add(out, "#%u", bytes);
        } else {
            arm64_print_x(out, field(i, 16, 5), true);
        }
    } else if (take(c, ",index]")) {
        arm64_print_index(out, i, field(i, 23, 1) != 0 ? 4 : i->bits >> 30);
    } else if (take(c, ",imm]!")) {
        arm64_print_address(out, i->rn, i->imm, ADDRESS_PRE);
    } else if (take(c, ",imm]")) {
        arm64_print_address(out, i->rn, i->imm, ADDRESS_OFFSET);
    } else if (take(c, "],imm")) {
        arm64_print_address(out, i->rn, i->imm, ADDRESS_POST);
    } else {
        (void)take(c, "]");
        arm64_print_address(out, i->rn, 0, ADDRESS_OFFSET);
    }
}

/* ---- all together ---- */

static void put_operand(struct text *out, struct column *c, unsigned *bytes)
{
    char kind = *c->at;

    if (put_constant(out, c)) {
        return;
    }
    if (take(c, "target")) {
        text_add(out, "0x%llx", (unsigned long long)(c->pc + (uint64_t)c->i->imm));
    } else if (take(c, "rot")) {
        text_add(out, "#%u", rotation(c->i));
    } else if (kind == '{') {
        *bytes = put_list(out, c);
    } else if (kind == '[') {
        put_memory(out, c, *bytes);
    } else if (take(c, "Ve")) {
        put_element(out, c);
    } else if (take(c, "V")) {
        put_word_of_vector(out, c);
    } else if (kind == 'Z' || kind == 'Y') {
        unsigned log2 = take_scalar_width(c);

        put_scalar(out, log2, take_register(c));
    } else if (kind == 'W' || kind == 'X' || kind == 'G') {
        c->at++;
        arm64_print_x(out, take_register(c), kind == 'X' || (kind == 'G' && c->i->bits >> 31 != 0));
    } else {
        c->at++;
        put_scalar(out, log2_of_letter(kind), take_register(c));
    }
}

void arm64_print_simd(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    struct column c = {i, i->info->operands, pc};
    const char *name = i->info->name, *alias = strchr(c.at, '=');
    unsigned bytes = 0, words = 0;
    bool moves = alias != NULL && strcmp(alias, "=mov") == 0 && i->rn == i->rm;
    bool extends =
        alias != NULL && strcmp(alias, "=xtl") == 0 && field(i, 16, 7) == 8u << lane_of_immh(i);

    if (moves) {
        text_add(out, "mov\t");
    } else if (extends) {
        text_add(out, "%cxtl%s\t", name[0], name[5] != 0 ? "2" : "");
    } else {
        text_add(out, "%s\t", name);
    }
    while (*c.at != 0 && *c.at != '=') {
        if (words++ != 0) {
            if ((moves || extends) && words == 3) {
                return;
            }
            c.at++;
            text_add(out, ", ");
        }
        put_operand(out, &c, &bytes);
    }
}
