/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: instructions as text. The last column of insn.decode is one word, which chooses the function
 * here that prints name and operands; that of simd.decode spells the operands out (disas_simd.c).
 */
#include "isa/arm64/disas.h"

const char *const arm64_conditions[16] = {"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc",
                                          "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
static const char *const shift_names[] = {"lsl", "lsr", "asr", "ror"};
static const char *const extend_names[] = {"uxtb", "uxth", "uxtw", "uxtx",
                                           "sxtb", "sxth", "sxtw", "sxtx"};

void arm64_print_x(struct text *out, unsigned r, bool wide)
{
    if (r == 31) {
        text_add(out, wide ? "xzr" : "wzr");
    } else {
        text_add(out, "%c%u", wide ? 'x' : 'w', r);
    }
}

void arm64_print_sp(struct text *out, unsigned r, bool wide)
{
    if (r == 31) {
        text_add(out, wide ? "sp" : "wsp");
    } else {
        arm64_print_x(out, r, wide);
    }
}

void arm64_print_address(struct text *out, unsigned base, int64_t offset, enum arm64_address kind)
{
    text_add(out, "[");
    arm64_print_sp(out, base, true);
    if (kind == ADDRESS_POST) {
        text_add(out, "], #%lld", (long long)offset);
    } else if (kind == ADDRESS_PRE) {
        text_add(out, ", #%lld]!", (long long)offset);
    } else if (offset != 0) {
        text_add(out, ", #%lld]", (long long)offset);
    } else {
        text_add(out, "]");
    }
}

void arm64_print_index(struct text *out, const struct arm64_insn *i, unsigned size_log2)
{
    text_add(out, "[");
    arm64_print_sp(out, i->rn, true);
    text_add(out, ", ");
    arm64_print_x(out, i->rm, (i->option & 1) != 0);
    if (i->option != 3) {
        text_add(out, ", %s", extend_names[i->option & 7]);
    } else if (i->s) {
        text_add(out, ", lsl");
    }
    if (i->s) {
        text_add(out, " #%u", size_log2);
    }
    text_add(out, "]");
}

/* ---- pieces ---- */

static void put_name(struct text *out, const char *name)
{
    text_add(out, "%s\t", name);
}

static void put_comma(struct text *out)
{
    text_add(out, ", ");
}

/* Registers, each after a comma but the first. */
static void put_d(struct text *out, const struct arm64_insn *i)
{
    arm64_print_x(out, i->rd, i->sf);
}

static void put_next(struct text *out, unsigned r, bool wide)
{
    put_comma(out);
    arm64_print_x(out, r, wide);
}

static void put_hex(struct text *out, uint64_t value)
{
    text_add(out, "#0x%llx", (unsigned long long)value);
}

static void put_target(struct text *out, uint64_t target)
{
    text_add(out, "0x%llx", (unsigned long long)target);
}

static void put_shift(struct text *out, const struct arm64_insn *i)
{
    if (i->type != 0 || i->amount != 0) {
        text_add(out, ", %s #%u", shift_names[i->type & 3], i->amount);
    }
}

static bool has_flags(const struct arm64_insn *i)
{
    return (i->bits >> 29 & 1) != 0;
}

static bool is_sub(const struct arm64_insn *i)
{
    return (i->bits >> 30 & 1) != 0;
}

/* ---- data processing ---- */

static void print_adr(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    put_name(out, i->info->name);
    arm64_print_x(out, i->rd, true);
    put_comma(out);
    if (i->bits >> 31) {
        put_target(out, (pc & ~UINT64_C(0xfff)) + ((uint64_t)i->imm << 12));
    } else {
        put_target(out, pc + (uint64_t)i->imm);
    }
}

static void print_addsub_imm(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    if (!has_flags(i) && !is_sub(i) && i->imm == 0 && !i->sh && (i->rd == 31 || i->rn == 31)) {
        put_name(out, "mov");
        arm64_print_sp(out, i->rd, i->sf);
        put_comma(out);
        arm64_print_sp(out, i->rn, i->sf);
        return;
    }
    if (has_flags(i) && i->rd == 31) {
        put_name(out, is_sub(i) ? "cmp" : "cmn");
    } else {
        put_name(out, i->info->name);
        if (has_flags(i)) {
            put_d(out, i);
        } else {
            arm64_print_sp(out, i->rd, i->sf);
        }
        put_comma(out);
    }
    arm64_print_sp(out, i->rn, i->sf);
    put_comma(out);
    put_hex(out, (uint64_t)i->imm);
    text_add(out, "%s", i->sh ? ", lsl #12" : "");
}

static void print_addsub_sh(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool compares = has_flags(i) && i->rd == 31;
    bool negates = is_sub(i) && i->rn == 31 && !compares;

    (void)pc;
    if (compares) {
        put_name(out, is_sub(i) ? "cmp" : "cmn");
        arm64_print_x(out, i->rn, i->sf);
    } else {
        put_name(out, !negates ? i->info->name : has_flags(i) ? "negs" : "neg");
        put_d(out, i);
        if (!negates) {
            put_next(out, i->rn, i->sf);
        }
    }
    put_next(out, i->rm, i->sf);
    put_shift(out, i);
}

static void print_addsub_ex(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool compares = has_flags(i) && i->rd == 31;
    bool is_lsl =
        (i->option & 7) == (i->sf ? 3 : 2) && (i->rn == 31 || (i->rd == 31 && !has_flags(i)));

    (void)pc;
    if (compares) {
        put_name(out, is_sub(i) ? "cmp" : "cmn");
    } else {
        put_name(out, i->info->name);
        if (has_flags(i)) {
            put_d(out, i);
        } else {
            arm64_print_sp(out, i->rd, i->sf);
        }
        put_comma(out);
    }
    arm64_print_sp(out, i->rn, i->sf);
    put_next(out, i->rm, i->sf && (i->option & 3) == 3);
    if (!is_lsl) {
        text_add(out, ", %s", extend_names[i->option & 7]);
    } else if (i->amount != 0) {
        text_add(out, ", lsl");
    }
    if (i->amount != 0) {
        text_add(out, " #%u", i->amount);
    }
}

/* All ones is no bitmask immediate. */
static bool is_mask(const struct arm64_insn *i)
{
    unsigned size = 64;

    if (!i->n) {
        for (size = 32; size > 1 && (i->imms & size) != 0; size >>= 1) {
        }
    }
    return size > 1 && (i->imms & (size - 1)) != size - 1;
}

/* What a bitmask immediate stands for. */
static uint64_t mask_value(const struct arm64_insn *i)
{
    unsigned size = 64, ones = i->imms + 1u, turn = i->immr;
    uint64_t value;

    if (!i->n) {
        for (size = 32; size > 2 && (i->imms & size) != 0; size >>= 1) {
        }
        ones = (i->imms & (size - 1)) + 1u;
    }
    turn &= size - 1;
    value = ones == 64 ? UINT64_MAX : (UINT64_C(1) << ones) - 1;
    if (turn != 0) {
        value = value >> turn | value << (size - turn);
    }
    value &= size == 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1;
    for (; size < 64; size *= 2) {
        value |= value << size;
    }
    return i->sf ? value : value & UINT32_MAX;
}

/* MOVZ or MOVN could make it. */
static bool is_wide_move(uint64_t value, bool wide)
{
    unsigned parts = wide ? 4 : 2, zeros = 0, ones = 0;

    for (unsigned k = 0; k < parts; k++) {
        zeros += (value >> 16 * k & 0xffff) == 0;
        ones += (value >> 16 * k & 0xffff) == 0xffff;
    }
    return zeros + 1 >= parts || ones + 1 >= parts;
}

static void print_logic_imm(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned opc = i->bits >> 29 & 3;
    uint64_t value;

    (void)pc;
    if (!is_mask(i)) {
        text_add(out, ".inst\t0x%08x", i->bits);
        return;
    }
    value = mask_value(i);
    if (opc == 3 && i->rd == 31) {
        put_name(out, "tst");
    } else if (opc == 1 && i->rn == 31 && (i->rd == 31 || !is_wide_move(value, i->sf))) {
        put_name(out, "mov");
        arm64_print_sp(out, i->rd, i->sf);
        put_comma(out);
        put_hex(out, value);
        return;
    } else {
        put_name(out, i->info->name);
        if (opc == 3) {
            put_d(out, i);
        } else {
            arm64_print_sp(out, i->rd, i->sf);
        }
        put_comma(out);
    }
    arm64_print_x(out, i->rn, i->sf);
    put_comma(out);
    put_hex(out, value);
}

static void print_logic_sh(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned opc = i->bits >> 29 & 3;
    bool inverts = (i->bits >> 21 & 1) != 0;
    bool moves = opc == 1 && i->rn == 31 && (inverts || (i->type == 0 && i->amount == 0));

    (void)pc;
    if (opc == 3 && !inverts && i->rd == 31) {
        put_name(out, "tst");
        arm64_print_x(out, i->rn, i->sf);
    } else {
        put_name(out, !moves ? i->info->name : inverts ? "mvn" : "mov");
        put_d(out, i);
        if (!moves) {
            put_next(out, i->rn, i->sf);
        }
    }
    put_next(out, i->rm, i->sf);
    put_shift(out, i);
}

static void print_movw(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned opc = i->bits >> 29 & 3, shift = 16u * i->hw;
    uint64_t value = (uint64_t)i->imm << shift;
    bool moves =
        opc != 3 && !(i->imm == 0 && i->hw != 0) && !(opc == 0 && !i->sf && i->imm == 0xffff);

    (void)pc;
    put_name(out, moves ? "mov" : i->info->name);
    put_d(out, i);
    put_comma(out);
    if (moves) {
        value = opc == 0 ? ~value : value;
        put_hex(out, i->sf ? value : value & UINT32_MAX);
    } else {
        put_hex(out, (uint64_t)i->imm);
        if (shift != 0) {
            text_add(out, ", lsl #%u", shift);
        }
    }
}

static void put_field(struct text *out, const struct arm64_insn *i, const char *name, unsigned low,
                      unsigned width)
{
    put_name(out, name);
    put_d(out, i);
    put_next(out, i->rn, i->sf);
    text_add(out, ", #%u", low);
    if (width != 0) {
        text_add(out, ", #%u", width);
    }
}

static void put_extension(struct text *out, const struct arm64_insn *i, const char *name)
{
    put_name(out, name);
    put_d(out, i);
    put_next(out, i->rn, false);
}

static void print_bitfield(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned opc = i->bits >> 29 & 3, size = i->sf ? 64 : 32;
    bool inserts = i->imms < i->immr;
    unsigned low = inserts ? size - i->immr : i->immr;
    unsigned width = inserts ? i->imms + 1u : (unsigned)(i->imms - i->immr + 1);
    static const char *const names[3][2] = {{"sbfx", "sbfiz"}, {"bfxil", "bfi"}, {"ubfx", "ubfiz"}};

    (void)pc;
    if (opc != 1 && i->imms == size - 1) {
        put_field(out, i, opc == 0 ? "asr" : "lsr", i->immr, 0);
    } else if (opc == 2 && i->imms + 1 == i->immr) {
        put_field(out, i, "lsl", size - i->immr, 0);
    } else if (opc != 1 && i->immr == 0 && (i->imms == 7 || i->imms == 15) &&
               (opc == 0 || !i->sf)) {
        put_extension(
            out, i, opc == 0 ? (i->imms == 7 ? "sxtb" : "sxth") : (i->imms == 7 ? "uxtb" : "uxth"));
    } else if (opc == 0 && i->immr == 0 && i->imms == 31) {
        put_extension(out, i, "sxtw");
    } else if (opc == 1 && inserts && i->rn == 31) {
        put_name(out, "bfc");
        put_d(out, i);
        text_add(out, ", #%u, #%u", low, width);
    } else {
        put_field(out, i, names[opc][inserts], low, width);
    }
}

static void print_extract(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool rotates = i->rn == i->rm;

    (void)pc;
    put_name(out, rotates ? "ror" : i->info->name);
    put_d(out, i);
    put_next(out, i->rn, i->sf);
    if (!rotates) {
        put_next(out, i->rm, i->sf);
    }
    text_add(out, ", #%u", i->imms);
}

static void print_r1(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    put_d(out, i);
    put_next(out, i->rn, i->sf);
}

static void print_rd(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    put_d(out, i);
}

/* The last one may be SP. */
static void print_pac(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool three = (i->bits >> 30 & 1) == 0;

    (void)pc;
    put_name(out, i->info->name);
    put_d(out, i);
    put_comma(out);
    if (three) {
        arm64_print_x(out, i->rn, true);
        put_comma(out);
    }
    arm64_print_sp(out, three ? i->rm : i->rn, true);
}

static void print_r2(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    const char *name = i->info->name;
    size_t length = strlen(name);
    bool negates = (strcmp(name, "sbc") == 0 || strcmp(name, "sbcs") == 0) && i->rn == 31;
    bool shifts = length == 4 && name[3] == 'v' && name[0] != 'u' && name[1] != 'd';

    (void)pc;
    if (negates) {
        put_name(out, length == 3 ? "ngc" : "ngcs");
    } else {
        text_add(out, "%.*s\t", (int)(length - shifts), name);
    }
    put_d(out, i);
    if (!negates) {
        put_next(out, i->rn, i->sf);
    }
    put_next(out, i->rm, i->sf);
}

static void print_crc(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rd, false);
    put_next(out, i->rn, false);
    put_next(out, i->rm, i->sf);
}

static void print_r3(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    static const char *const names[][2] = {{"madd", "mul"},     {"msub", "mneg"},
                                           {"smaddl", "smull"}, {"smsubl", "smnegl"},
                                           {"umaddl", "umull"}, {"umsubl", "umnegl"}};
    const char *name = i->info->name;
    bool high = (i->bits >> 22 & 1) != 0, narrow = (i->bits >> 21 & 1) != 0 && !high;

    (void)pc;
    for (size_t k = 0; i->ra == 31 && k < ARRAY_LEN(names); k++) {
        if (strcmp(name, names[k][0]) == 0) {
            name = names[k][1];
            break;
        }
    }
    put_name(out, name);
    put_d(out, i);
    put_next(out, i->rn, i->sf && !narrow);
    put_next(out, i->rm, i->sf && !narrow);
    if (!high && i->ra != 31) {
        put_next(out, i->ra, i->sf);
    }
}

static void print_ccmp(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rn, i->sf);
    put_comma(out);
    if (i->bits >> 11 & 1) {
        put_hex(out, i->bits >> 16 & 31);
    } else {
        arm64_print_x(out, i->rm, i->sf);
    }
    text_add(out, ", #0x%x, %s", i->nzcv, arm64_conditions[i->cond & 15]);
}

static void print_csel(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    static const char *const same[] = {NULL, "cinc", "cinv", "cneg"};
    static const char *const zero[] = {NULL, "cset", "csetm", "cneg"};
    unsigned kind = (i->bits >> 30 & 1) * 2 + (i->bits >> 10 & 1);
    bool alias = kind != 0 && i->rn == i->rm && i->cond < 14;
    bool none = alias && i->rn == 31 && kind != 3;

    (void)pc;
    put_name(out, !alias ? i->info->name : none ? zero[kind] : same[kind]);
    put_d(out, i);
    if (!none) {
        put_next(out, i->rn, i->sf);
    }
    if (!alias) {
        put_next(out, i->rm, i->sf);
    }
    text_add(out, ", %s", arm64_conditions[(i->cond ^ (alias ? 1u : 0u)) & 15]);
}

static void print_rmif(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rn, true);
    text_add(out, ", #%u, #%u", i->imms, i->nzcv);
}

static void print_setf(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rn, false);
}

/* ---- branches and exceptions ---- */

static void print_branch(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    put_name(out, i->info->name);
    put_target(out, pc + (uint64_t)i->imm);
}

static void print_bcond(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    text_add(out, "b.%s\t", arm64_conditions[i->cond & 15]);
    put_target(out, pc + (uint64_t)i->imm);
}

static void print_cbz(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    put_name(out, i->info->name);
    put_d(out, i);
    put_comma(out);
    put_target(out, pc + (uint64_t)i->imm);
}

static void print_tbz(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    put_name(out, i->info->name);
    arm64_print_x(out, i->rd, i->imms >= 32);
    text_add(out, ", #%u, ", i->imms);
    put_target(out, pc + (uint64_t)i->imm);
}

static void print_rn(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    if (i->rn == 30 && strcmp(i->info->name, "ret") == 0) {
        text_add(out, "ret");
        return;
    }
    put_name(out, i->info->name);
    arm64_print_x(out, i->rn, true);
}

/* BRAA and the like: what is signed with may be SP. */
static void print_rn_sp(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rn, true);
    put_comma(out);
    arm64_print_sp(out, i->rd, true);
}

static void print_imm16(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    put_hex(out, (uint64_t)i->imm);
}

static void print_name(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    text_add(out, "%s", i->info->name);
}

/* ---- all together ---- */

static const struct {
    const char *word;
    arm64_print_fn *print;
} printers[] = {
    {"", print_name},
    {"adr", print_adr},
    {"addsub_imm", print_addsub_imm},
    {"addsub_sh", print_addsub_sh},
    {"addsub_ex", print_addsub_ex},
    {"logic_imm", print_logic_imm},
    {"logic_sh", print_logic_sh},
    {"movw", print_movw},
    {"bitfield", print_bitfield},
    {"extract", print_extract},
    {"r1", print_r1},
    {"rd", print_rd},
    {"pac", print_pac},
    {"r2", print_r2},
    {"crc", print_crc},
    {"r3", print_r3},
    {"ccmp", print_ccmp},
    {"csel", print_csel},
    {"rmif", print_rmif},
    {"setf", print_setf},
    {"branch", print_branch},
    {"bcond", print_bcond},
    {"cbz", print_cbz},
    {"tbz", print_tbz},
    {"rn", print_rn},
    {"rn_sp", print_rn_sp},
    {"imm16", print_imm16},
    {"mrs", arm64_print_mrs},
    {"msr", arm64_print_msr},
    {"pstate", arm64_print_pstate},
    {"sys", arm64_print_sys},
    {"hint", arm64_print_hint},
    {"barrier", arm64_print_barrier},
    {"ls_u", arm64_print_ls_u},
    {"ls_s", arm64_print_ls_s},
    {"ls_r", arm64_print_ls_r},
    {"ls_lit", arm64_print_ls_lit},
    {"ls_pair", arm64_print_ls_pair},
    {"ls_ex", arm64_print_ls_ex},
    {"casp", arm64_print_casp},
    {"atomic", arm64_print_atomic},
    {"ls_pac", arm64_print_ls_pac},
};

unsigned arm64_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                           struct text *out)
{
    struct arm64_insn i;

    if (MODE_EL(mode) == 0 && (mode & MODE_A32) != 0) {
        return arm_disassemble(bytes, available, pc, mode, out);
    }
    if (available < 4) {
        return 0;
    }
    if (!arm64_decode((uint32_t)bytes_get_le(bytes, 4), &i)) {
        if (i.bits >> 16 == 0) { // undefined for good
            text_add(out, "udf\t#%u", i.bits);
        } else {
            text_add(out, ".inst\t0x%08x", i.bits);
        }
        return 4;
    }
    for (size_t k = 0; k < ARRAY_LEN(printers); k++) {
        if (strcmp(i.info->operands, printers[k].word) == 0) {
            printers[k].print(out, &i, pc);
            return 4;
        }
    }
    arm64_print_simd(out, &i, pc);
    return 4;
}
