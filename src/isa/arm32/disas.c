/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: instructions as text. The last column of the tables has the operands, two letters each, which are printed
 * here, in disas_memory.c, disas_vector.c and disas_neon.c.
 */
#include <stdio.h>

#include "isa/arm32/disas.h"

const char *const arm_register_names[16] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7",
                                            "r8", "r9", "sl", "fp", "ip", "sp", "lr", "pc"};
static const char *const conditions[16] = {"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc",
                                           "hi", "ls", "ge", "lt", "gt", "le", "",   ""};
static const char *const shifts[4] = {"lsl", "lsr", "asr", "ror"};

/* ---- operands ---- */

/* "r1, lsl #2", as the amount of an instruction says it. */
static void put_shift(const struct arm_print *p, unsigned type, unsigned amount)
{
    if (type == 3 && amount == 0) {
        text_add(p->out, ", rrx");
    } else if (type != 0 || amount != 0) {
        text_add(p->out, ", %s #%u", shifts[type & 3], amount != 0 ? amount : 32);
    }
}

static uint32_t ror(uint32_t v, unsigned n)
{
    return n % 32 == 0 ? v : v >> n % 32 | v << (32 - n % 32);
}

/* A rotated byte; the rotation is said where a smaller one would do. */
static void put_a32_constant(const struct arm_print *p, uint32_t imm)
{
    unsigned rotation = (imm >> 8 & 15) * 2, least = 0;
    uint32_t value = ror(imm & 255, rotation);

    while (least < 32 && ror(value, 32 - least) > 255) {
        least += 2;
    }
    if (least != rotation) {
        text_add(p->out, "#%u, %u", imm & 255, rotation);
    } else {
        text_add(p->out, "#%d", (int32_t)value);
    }
}

/* ThumbExpandImm(). */
static uint32_t t32_constant(uint32_t imm)
{
    uint32_t byte = imm & 255;

    switch (imm >> 8) {
    case 0: return byte;
    case 1: return byte << 16 | byte;
    case 2: return byte << 24 | byte << 8;
    case 3: return byte * UINT32_C(0x01010101);
    default: return ror(byte | 0x80, imm >> 7 & 31);
    }
}

static void put_constant(const struct arm_print *p)
{
    uint32_t imm = (uint32_t)p->i->imm;

    if (!p->thumb) {
        put_a32_constant(p, imm);
    } else {
        text_add(p->out, "#%u", p->i->length == 4 ? t32_constant(imm) : imm);
    }
}

static uint32_t target_of(const struct arm_print *p)
{
    uint32_t pc = p->pc + (p->thumb ? 4 : 8), imm = (uint32_t)p->i->imm;
    uint32_t bits = p->i->bits;

    if (!p->thumb || p->i->info->lift != arm_lift_b_t32) {
        return pc + imm;
    }
    { /* J1 and J2 are the sign's opposite */
        uint32_t s = bits >> 26 & 1, i1 = (bits >> 13 & 1) ^ s ^ 1, i2 = (bits >> 11 & 1) ^ s ^ 1;
        uint32_t offset = (bits & 0x7ff) << 1 | (bits >> 16 & 0x3ff) << 12 | i2 << 22 | i1 << 23;

        offset |= s != 0 ? UINT32_C(0xff000000) : 0;
        return (p->i->info->argument == 2 ? pc & ~UINT32_C(3) : pc) + offset;
    }
}

static void put_psr_mask(const struct arm_print *p)
{
    static const char letters[] = "cxsf";
    const struct arm_insn *i = p->i;

    if (i->a == 0 && (i->b == 8 || i->b == 4 || i->b == 12)) {
        text_add(p->out, i->b == 8 ? "CPSR_f" : i->b == 4 ? "CPSR_s" : "CPSR_fs");
        return;
    }
    text_add(p->out, i->a != 0 ? "SPSR_" : "CPSR_");
    for (unsigned n = 4; n-- > 0;) {
        if ((i->b >> n & 1) != 0) {
            text_add(p->out, "%c", letters[n]);
        }
    }
}

static void put_barrier(const struct arm_print *p)
{
    static const char *const names[16] = {
        [1] = "oshld", [2] = "oshst",  [3] = "osh",  [5] = "nshld", [6] = "unst", [7] = "un",
        [9] = "ishld", [10] = "ishst", [11] = "ish", [13] = "ld",   [14] = "st",  [15] = "sy"};
    unsigned n = p->i->bits & 15;

    if (names[n] != NULL && (strcmp(p->i->info->name, "isb") != 0 || n == 15)) {
        text_add(p->out, "%s", names[n]);
    } else {
        text_add(p->out, "#%u", n);
    }
}

static void put_coprocessor(const struct arm_print *p, bool pair)
{
    const struct arm_insn *i = p->i;

    text_add(p->out, "%u, %u, ", i->rs, i->a);
    if (!pair && i->rd == 15 && i->info->lift == arm_lift_mrc) {
        text_add(p->out, "APSR_nzcv");
    } else {
        arm_print_r(p, i->rd);
    }
    if (pair) {
        text_add(p->out, ", ");
        arm_print_r(p, i->rn);
        text_add(p->out, ", cr%u", i->rm);
        return;
    }
    text_add(p->out, ", cr%u, cr%u, {%u}", i->rn, i->rm, i->b);
}

static void put_number(const struct arm_print *p, const char *what)
{
    const struct arm_insn *i = p->i;
    unsigned lsb = i->b, msb = i->a;

    if (i->info->lift == arm_lift_svc && !p->thumb) {
        text_add(p->out, "0x%08x", (unsigned)i->imm);
    } else if (i->info->lift == arm_lift_bkpt || i->info->lift == arm_lift_hlt) {
        text_add(p->out, "0x%04x", (unsigned)i->imm);
    } else if (i->info->lift == (p->thumb ? arm_lift_svc : arm_lift_hvc)) {
        text_add(p->out, "%u", (unsigned)i->imm);
    } else if (strcmp(what, "lb") == 0) {
        text_add(p->out, "#%u", lsb);
    } else if (strcmp(what, "wi") == 0) {
        text_add(p->out, "#%u", msb + 1);
    } else if (strcmp(what, "wm") == 0) {
        text_add(p->out, "#%d", (int)msb - (int)lsb + 1);
    } else if (strcmp(what, "i1") == 0) {
        text_add(p->out, "#%u", (unsigned)i->imm + 1);
    } else if (strcmp(what, "am") == 0) {
        text_add(p->out, "#%u", i->amount != 0 || i->type == 0 ? i->amount : 32);
    } else if (strcmp(what, "0") == 0) {
        text_add(p->out, "#0");
    } else {
        text_add(p->out, "#%u", (unsigned)i->imm);
    }
}

static bool put_register(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (strcmp(word, "rd") == 0 && i->rd == 15 && i->rn == 1 &&
        strcmp(i->info->name, "vmrs") == 0) {
        text_add(p->out, "APSR_nzcv");
    } else if (strcmp(word, "rd") == 0) {
        arm_print_r(p, i->rd);
    } else if (strcmp(word, "rn") == 0) {
        arm_print_r(p, i->rn);
    } else if (strcmp(word, "rm") == 0) {
        arm_print_r(p, i->rm);
    } else if (strcmp(word, "rs") == 0) {
        arm_print_r(p, i->rs);
    } else if (strcmp(word, "ra") == 0) {
        arm_print_r(p, i->ra);
    } else if (strcmp(word, "pc") == 0 || strcmp(word, "lr") == 0) {
        text_add(p->out, "%s", word);
    } else {
        return false;
    }
    return true;
}

static bool put_shifted(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (strcmp(word, "sh") == 0) {
        arm_print_r(p, i->rm);
        put_shift(p, i->type, i->amount);
    } else if (strcmp(word, "sr") == 0 && i->info->lift != arm_lift_srs) {
        arm_print_r(p, i->rm);
        text_add(p->out, ", %s ", shifts[i->type & 3]);
        arm_print_r(p, i->rs);
    } else if (strcmp(word, "ss") == 0) {
        arm_print_r(p, i->rm);
        put_shift(p, i->type != 0 ? 2 : 0, i->amount);
    } else {
        return false;
    }
    return true;
}

/* Where the shift is left out when it is nothing. */
static bool put_optional(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (strcmp(word, "ro") == 0) {
        if (i->amount != 0) {
            text_add(p->out, ", ror #%u", i->amount * 8u);
        }
    } else if (strcmp(word, "lsl") == 0) {
        put_shift(p, 0, i->amount);
    } else if (strcmp(word, "asr") == 0) {
        put_shift(p, 2, i->amount);
    } else if (strcmp(word, "ho") == 0) {
        if (!arm_neon_is_widening(i)) {
            text_add(p->out, ", ");
            (void)arm_print_neon(p, "hl");
        }
    } else {
        return false;
    }
    return true;
}

static void put_cps(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    bool narrow = i->info->lift == arm_lift_cps_t16;
    bool has_flags = narrow || (i->a & 2) != 0;
    unsigned flags = (unsigned)i->imm & 7;

    if (has_flags) {
        text_add(p->out, "%s%s%s", (flags & 4) != 0 ? "a" : "", (flags & 2) != 0 ? "i" : "",
                 (flags & 1) != 0 ? "f" : "");
    }
    if (!narrow && (i->b != 0 || !has_flags)) {
        text_add(p->out, "%s#%u", !has_flags ? "" : p->thumb ? ", " : ",", i->list);
    }
}

static void put_it(const struct arm_print *p)
{
    text_add(p->out, "%s", conditions[p->i->imm >> 4 & 15]);
}

static bool put_other(const struct arm_print *p, const char *word)
{
    if (strcmp(word, "mi") == 0) {
        put_constant(p);
    } else if (strcmp(word, "to") == 0) {
        text_add(p->out, "0x%x", target_of(p));
    } else if (strcmp(word, "pm") == 0) {
        put_psr_mask(p);
    } else if (strcmp(word, "ps") == 0) {
        text_add(p->out, p->i->a != 0 ? "SPSR" : "CPSR");
    } else if (strcmp(word, "ba") == 0) {
        put_barrier(p);
    } else if (strcmp(word, "cp") == 0 || strcmp(word, "c2") == 0) {
        put_coprocessor(p, word[1] == '2');
    } else if (strcmp(word, "cs") == 0) {
        put_cps(p);
    } else if (strcmp(word, "en") == 0) {
        text_add(p->out, p->i->imm != 0 ? "be" : "le");
    } else if (strcmp(word, "it") == 0) {
        put_it(p);
    } else {
        return false;
    }
    return true;
}

static void put_operand(const struct arm_print *p, const char *word)
{
    if (word[0] == '$') {
        put_number(p, word + 1);
    } else if (!put_register(p, word) && !put_shifted(p, word) && !put_other(p, word) &&
               !arm_print_memory(p, word)) {
        must(arm_print_vector(p, word));
    }
}

static void put_operands(const struct arm_print *p, const char *list)
{
    char word[8];
    size_t length;
    bool first = true;

    for (; *list != '\0' && strcmp(list, "-") != 0; list += length + (list[length] == ',')) {
        length = strcspn(list, ",");
        must(length < sizeof word);
        memcpy(word, list, length);
        word[length] = '\0';
        if (put_optional(p, word)) {
            continue;
        }
        text_add(p->out, first ? "\t" : ", ");
        first = false;
        put_operand(p, word);
    }
}

/* ---- names ---- */

/* What A32's loads and stores have in their names by the bits of their addresses: those of user mode, and which way those
 * of several go. */
static const char *way_of(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    bool several = i->info->lift == arm_lift_ldm || i->info->lift == arm_lift_ldm_user;
    bool state = i->info->lift == arm_lift_srs || i->info->lift == arm_lift_rfe;

    if (i->info->lift == arm_lift_cps && (i->a & 2) != 0) {
        return (i->a & 1) != 0 ? "id" : "ie";
    }
    if (i->info->lift == arm_lift_cps_t16) {
        return i->a != 0 ? "id" : "ie";
    }
    if (strcmp(i->info->operands, "pl") == 0 && strcmp(i->info->name, "pld") == 0) {
        return bits_get(i->bits, p->thumb ? 21 : 22, 1) == !p->thumb ? "" : "w";
    }
    if (p->thumb) {
        return "";
    }
    if (several || state) {
        bool is_load = i->info->lift == arm_lift_rfe || (i->info->argument & LS_LOAD) != 0;
        bool is_plain =
            !state && !i->p && i->u && (is_load || (i->info->lift == arm_lift_ldm && !i->w));

        return is_plain ? "" : i->u ? i->p ? "ib" : "ia" : i->p ? "db" : "da";
    }
    return i->info->lift == arm_lift_ls && !i->p && i->w ? "t" : "";
}

/* Where T32's tables have one line for several. */
static const char *t32_name(const struct arm_print *p, const char *name)
{
    static const char *const names[][5] = {
        /* by b and a: bottom and top halves, or exchanged ones */
        {"smlaxy", "smlabb", "smlatb", "smlabt", "smlatt"},
        {"smulxy", "smulbb", "smultb", "smulbt", "smultt"},
        {"smlalxy", "smlalbb", "smlaltb", "smlalbt", "smlaltt"},
        {"smlad", "smlad", "smladx"},
        {"smlsd", "smlsd", "smlsdx"},
        {"smuad", "smuad", "smuadx"},
        {"smusd", "smusd", "smusdx"},
        {"smlald", "smlald", "smlaldx"},
        {"smlsld", "smlsld", "smlsldx"},
        {"smmla", "smmla", "smmlar"},
        {"smmls", "smmls", "smmlsr"},
        {"smlaw", "smlawb", "smlawt"},
        {"cbz", "cbz", "cbnz"},
        {"tbb", "tbb", "tbh"},
    };
    const struct arm_insn *i = p->i;

    for (size_t n = 0; p->thumb && n < ARRAY_LEN(names); n++) {
        if (strcmp(names[n][0], name) == 0) {
            bool both = names[n][3] != NULL;
            unsigned low = bits_get(i->bits, 4, 1) != 0, high = bits_get(i->bits, 5, 1) != 0;

            return names[n][1 + (both                               ? high | low << 1
                                 : i->length == 2 || name[0] == 't' ? i->a != 0
                                                                    : low)];
        }
    }
    if (p->thumb && i->info->lift == arm_lift_ldm && !i->p && name == i->info->name) {
        return (i->info->argument & LS_LOAD) != 0 ? "ldmia" : "stmia";
    }
    if (p->thumb && i->length == 4 && i->info->lift == arm_lift_dp_rsr) {
        return i->type == 0 ? "lsl*" : i->type == 1 ? "lsr*" : i->type == 2 ? "asr*" : "ror*";
    }
    return name;
}

/* The condition stands before what says the type ("vaddeq.f32"). */
static void put_name(const struct arm_print *p, const char *name)
{
    const char *way = name == p->i->info->name ? way_of(p) : "";
    size_t base, rest;
    bool sets;

    name = t32_name(p, name);
    base = strcspn(name, "*.");
    rest = base + (name[base] == '*');
    sets = name[base] == '*' && p->i->s != 0;
    text_add(p->out, "%.*s%s%s%s%s", (int)base, name, way, sets ? "s" : "",
             p->i->cond < 15 ? conditions[p->i->cond] : "", name + rest);
}

static unsigned bits_in(unsigned list)
{
    return (unsigned)__builtin_popcount(list);
}

/* Those that go through SP as a stack has it. */
static bool put_stack(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    bool is_load = (i->info->argument & LS_LOAD) != 0;

    if (i->info->lift != arm_lift_ldm || i->rn != 13 || !i->w || bits_in(i->list) < 2 || p->thumb ||
        (is_load ? i->p || !i->u : !i->p || i->u)) {
        return false;
    }
    put_name(p, is_load ? "pop" : "push");
    text_add(p->out, "\t");
    arm_print_list(p, i->list);
    return true;
}

/* Hints that have no name are numbered. */
static bool put_hint(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;

    if (i->info->lift != arm_lift_hint || strcmp(i->info->name, "nop") != 0 ||
        (p->thumb && (i->imm == 0 || i->length == 2) && i->imm == 0)) {
        return false;
    }
    put_name(p, "nop");
    text_add(p->out, "\t{%u}", (unsigned)i->imm);
    return true;
}

/* Without the register that is added, which is said by the number 15. */
static bool put_t32_alias(const struct arm_print *p)
{
    static const struct {
        const char *whole, *name, *letters[2], *operands; /* letters by bit 4 */
    } names[] = {
        {"sxtab16", "sxtb16", {"", ""}, "rd,rm,ro"}, {"uxtab16", "uxtb16", {"", ""}, "rd,rm,ro"},
        {"sxtab", "sxtb", {"", ""}, "rd,rm,ro"},     {"uxtab", "uxtb", {"", ""}, "rd,rm,ro"},
        {"sxtah", "sxth", {"", ""}, "rd,rm,ro"},     {"uxtah", "uxth", {"", ""}, "rd,rm,ro"},
        {"smlad", "smuad", {"", "x"}, "rd,rm,rs"},   {"smlsd", "smusd", {"", "x"}, "rd,rm,rs"},
        {"smlaw", "smulw", {"b", "t"}, "rd,rm,rs"},  {"smmla", "smmul", {"", "r"}, "rd,rm,rs"},
        {"usada8", "usad8", {"", ""}, "rd,rm,rs"},   {"bfi", "bfc", {"", ""}, "rd,$lb,$wm"},
    };
    const struct arm_insn *i = p->i;
    bool adds_ra = strstr(i->info->operands, ",ra") != NULL;
    char name[12];

    for (size_t n = 0; n < ARRAY_LEN(names) && (adds_ra ? i->ra : i->rn) == 15; n++) {
        if (strcmp(names[n].whole, i->info->name) == 0) {
            (void)snprintf(name, sizeof name, "%s%s", names[n].name,
                           names[n].letters[bits_get(i->bits, 4, 1)]);
            put_name(p, name);
            put_operands(p, names[n].operands);
            return true;
        }
    }
    return false;
}

/* Short forms that say a register once, or have a name of their own. */
static bool put_t16_alias(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    const char *operands = NULL;

    if (i->length != 2) {
        return put_t32_alias(p);
    }
    if (i->bits == 0x46c0) {
        put_name(p, "nop"); /* as was written before there was one */
        return true;
    }
    if (i->info->lift == arm_lift_dp_imm && i->info->argument == OP_RSB) {
        put_name(p, "neg*");
        operands = "rd,rn";
    } else if (i->info->lift == arm_lift_mul) {
        put_name(p, i->info->name);
        operands = "rd,rs";
    } else if (i->info->lift == arm_lift_addw && i->rd == 13) {
        put_name(p, i->info->name);
        operands = "rd,$im";
    } else if (i->info->lift == arm_lift_dp_reg && i->info->argument == OP_MOV && i->type == 0 &&
               i->amount == 0 && i->info->name[0] == 'l') {
        put_name(p, "mov*");
        operands = "rd,rm";
    }
    if (operands != NULL) {
        put_operands(p, operands);
    }
    return operands != NULL;
}

/* MOV of a shifted register is named by its shift. */
static bool put_alias(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    bool by_register = i->info->lift == arm_lift_dp_rsr;

    if (p->thumb) {
        return put_t16_alias(p);
    }
    if ((i->info->lift != arm_lift_dp_reg && !by_register) || i->info->argument != OP_MOV ||
        strncmp(i->info->name, "mov", 3) != 0 || (!by_register && i->type == 0 && i->amount == 0)) {
        return false;
    }
    put_name(p, !by_register && i->type == 3 && i->amount == 0 ? "rrx*"
                : i->type == 0                                 ? "lsl*"
                : i->type == 1                                 ? "lsr*"
                : i->type == 2                                 ? "asr*"
                                                               : "ror*");
    text_add(p->out, "\t");
    arm_print_r(p, i->rd);
    text_add(p->out, ", ");
    arm_print_r(p, i->rm);
    if (by_register) {
        text_add(p->out, ", ");
        arm_print_r(p, i->rs);
    } else if (i->type != 3 || i->amount != 0) {
        text_add(p->out, ", #%u", i->amount != 0 ? i->amount : 32);
    }
    return true;
}

/* What the conditions are behind IT, in the terms of the mode. */
static void find_condition(struct arm_insn *i, bool thumb, uint64_t mode)
{
    bool in_it = thumb && MODE_IT(mode) != 0;

    if (!thumb) {
        i->cond = (uint8_t)(i->bits >> 28);
    } else if (i->info == NULL || i->info->lift != arm_lift_bcond || in_it) {
        i->cond = in_it ? (uint8_t)(MODE_IT(mode) >> 4) : 14;
    }
    i->s = i->s == 2 ? !in_it : i->s;
}

/* As it is in memory: T32's of floating point were decoded as A32's. */
static void put_undefined(struct text *out, const uint8_t *bytes, bool thumb, unsigned length)
{
    uint32_t w = (uint32_t)bytes_get_le(bytes, length);

    if (length == 2) {
        text_add(out, ".inst\t0x%04x", w);
    } else {
        text_add(out, ".inst\t0x%08x", thumb ? w << 16 | w >> 16 : w);
    }
}

unsigned arm_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                         struct text *out)
{
    bool thumb = (mode & MODE_T) != 0;
    struct arm_insn i;
    struct arm_print p = {.out = out, .i = &i, .pc = (uint32_t)pc, .thumb = thumb};

    if (!arm_decode_bytes(bytes, available, thumb, &i)) {
        return 0;
    }
    if (i.info == NULL || arm_is_undefined(&i)) {
        put_undefined(out, bytes, thumb, i.length);
        return i.length;
    }
    find_condition(&i, thumb, mode);
    if (!put_alias(&p) && !put_stack(&p) && !put_hint(&p)) {
        char name[ARM_VECTOR_NAME];

        arm_vector_name(&i, name);
        put_name(&p, i.info->name[0] == 'v' ? name : i.info->name);
        put_operands(&p, i.info->operands);
    }
    return i.length;
}
