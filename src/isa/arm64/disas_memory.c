/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas_memory: loads and stores of general registers as text.
 */
#include "isa/arm64/disas.h"

/* Registers and numbers with what stands before them. */
static void put_name(struct text *out, const char *name)
{
    text_add(out, "%s\t", name);
}

static void put_comma(struct text *out)
{
    text_add(out, ", ");
}

static void put_next(struct text *out, unsigned r, bool wide)
{
    put_comma(out);
    arm64_print_x(out, r, wide);
}

static unsigned size_of(const struct arm64_insn *i)
{
    return i->bits >> 30;
}

/* Rt of one register: of 64 bits for sizes of 8 bytes and signs extended to them. */
static void put_t(struct text *out, const struct arm64_insn *i)
{
    static const char *const kinds[] = {"pld", "pli", "pst"};
    unsigned opc = i->bits >> 22 & 3;

    if (size_of(i) == 3 && opc == 2) {
        if (i->rd >> 3 < 3 && (i->rd >> 1 & 3) < 3) {
            text_add(out, "%sl%u%s", kinds[i->rd >> 3], (i->rd >> 1 & 3) + 1u,
                     (i->rd & 1) != 0 ? "strm" : "keep");
        } else {
            text_add(out, "#0x%02x", i->rd);
        }
    } else {
        arm64_print_x(out, i->rd, size_of(i) == 3 || opc == 2);
    }
}

void arm64_print_ls_u(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    put_t(out, i);
    put_comma(out);
    arm64_print_address(out, i->rn, (int64_t)((uint64_t)i->imm << size_of(i)), ADDRESS_OFFSET);
}

void arm64_print_ls_s(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned kind = i->bits >> 10 & 3;

    (void)pc;
    put_name(out, i->info->name);
    put_t(out, i);
    put_comma(out);
    arm64_print_address(out, i->rn, i->imm,
                        kind == 1   ? ADDRESS_POST
                        : kind == 3 ? ADDRESS_PRE
                                    : ADDRESS_OFFSET);
}

void arm64_print_ls_r(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    put_t(out, i);
    put_comma(out);
    arm64_print_index(out, i, size_of(i));
}

void arm64_print_ls_lit(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    struct arm64_insn prefetch = *i;

    put_name(out, i->info->name);
    if (size_of(i) == 3) {
        prefetch.bits = 0xf9800000;
        put_t(out, &prefetch);
    } else {
        arm64_print_x(out, i->rd, size_of(i) != 0);
    }
    put_comma(out);
    text_add(out, "0x%llx", (unsigned long long)(pc + (uint64_t)i->imm));
}

void arm64_print_ls_pair(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned kind = i->bits >> 23 & 3, scale = size_of(i) == 2 ? 3 : 2;

    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rd, size_of(i) != 0);
    put_next(out, i->ra, size_of(i) != 0);
    put_comma(out);
    arm64_print_address(out, i->rn, (int64_t)((uint64_t)i->imm << scale),
                        kind == 1   ? ADDRESS_POST
                        : kind == 3 ? ADDRESS_PRE
                                    : ADDRESS_OFFSET);
}

/* Exclusives, ordered ones, and compare and swap. */
void arm64_print_ls_ex(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool wide = size_of(i) == 3;
    bool ordered = (i->bits >> 23 & 1) != 0, loads = (i->bits >> 22 & 1) != 0,
         two = (i->bits >> 21 & 1) != 0;

    (void)pc;
    put_name(out, i->info->name);
    if (ordered ? two : !loads) { // its result has 32 bits, or it is what is compared
        arm64_print_x(out, i->rs, ordered && wide);
        put_comma(out);
    }
    arm64_print_x(out, i->rd, wide);
    if (two && !ordered) {
        put_next(out, i->ra, wide);
    }
    put_comma(out);
    arm64_print_address(out, i->rn, 0, ADDRESS_OFFSET);
}

void arm64_print_casp(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool wide = (i->bits >> 30 & 1) != 0;

    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rs, wide);
    put_next(out, i->rs + 1u, wide);
    put_next(out, i->rd, wide);
    put_next(out, i->rd + 1u, wide);
    put_comma(out);
    arm64_print_address(out, i->rn, 0, ADDRESS_OFFSET);
}

void arm64_print_atomic(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    bool wide = size_of(i) == 3;
    bool acquires = (i->bits >> 23 & 1) != 0, swaps = (i->bits >> 15 & 1) != 0;

    (void)pc;
    if (i->rd == 31 && !acquires && !swaps) { // nobody sees what was there
        text_add(out, "st%s\t", i->info->name + 2);
        arm64_print_x(out, i->rs, wide);
    } else {
        put_name(out, i->info->name);
        if (strncmp(i->info->name, "ldapr", 5) != 0) {
            arm64_print_x(out, i->rs, wide);
            put_comma(out);
        }
        arm64_print_x(out, i->rd, wide);
    }
    put_comma(out);
    arm64_print_address(out, i->rn, 0, ADDRESS_OFFSET);
}

void arm64_print_ls_pac(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, i->info->name);
    arm64_print_x(out, i->rd, true);
    put_comma(out);
    if ((i->bits >> 11 & 1) != 0 && i->imm != 0) {
        arm64_print_address(out, i->rn, i->imm, ADDRESS_PRE);
    } else {
        arm64_print_address(out, i->rn, i->imm, ADDRESS_OFFSET);
        text_add(out, (i->bits >> 11 & 1) != 0 ? "!" : "");
    }
}
