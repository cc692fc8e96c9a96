/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas_memory: operands of loads and stores as text: addresses and lists of registers.
 */
#include "isa/arm32/disas.h"

static const char *const shifts[4] = {"lsl", "lsr", "asr", "ror"};

/* An offset that is 0 and upwards is shown only where something is written back, in T32 nowhere but behind. */
static void put_immediate(const struct arm_print *p, uint32_t offset)
{
    const struct arm_insn *i = p->i;
    bool dual = (i->info->argument & LS_RT2) != 0 && i->info->lift == arm_lift_lsd;
    bool says_zero = !p->thumb || dual; /* downwards */
    const char *sign = i->u || (offset == 0 && !says_zero) ? "" : "-";

    text_add(p->out, "[");
    arm_print_r(p, i->rn);
    if (!i->p) {
        text_add(p->out, "], #%s%u", sign, offset);
        return;
    }
    if (offset != 0 || (says_zero && !i->u) || (!p->thumb && i->w) ||
        (p->thumb && i->length == 2)) {
        text_add(p->out, ", #%s%u", sign, offset);
    }
    text_add(p->out, i->w ? "]!" : "]");
}

static void put_shift(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;

    if (i->type == 3 && i->amount == 0) {
        text_add(p->out, ", rrx");
    } else if (i->type != 0 || i->amount != 0) {
        text_add(p->out, ", %s #%u", shifts[i->type & 3], i->amount != 0 ? i->amount : 32);
    }
}

static void put_index(const struct arm_print *p, bool has_shift)
{
    const struct arm_insn *i = p->i;

    text_add(p->out, "[");
    arm_print_r(p, i->rn);
    text_add(p->out, i->p ? ", %s" : "], %s", i->u ? "" : "-");
    arm_print_r(p, i->rm);
    if (has_shift) {
        put_shift(p);
    }
    text_add(p->out, !i->p ? "" : i->w ? "]!" : "]");
}

static void put_base(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;

    text_add(p->out, "[");
    arm_print_r(p, i->rn);
    if (i->imm != 0) {
        text_add(p->out, ", #%u", (unsigned)i->imm);
    }
    text_add(p->out, "]");
}

void arm_print_list(const struct arm_print *p, unsigned list)
{
    const char *comma = "";

    text_add(p->out, "{");
    for (unsigned r = 0; r < 16; r++) {
        if ((list >> r & 1) != 0) {
            text_add(p->out, "%s", comma);
            arm_print_r(p, r);
            comma = ", ";
        }
    }
    text_add(p->out, "}");
}

static void put_several(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    bool narrow = i->info->lift == arm_lift_ldm_t16;
    bool is_load = (i->info->argument & LS_LOAD) != 0;
    bool back = narrow ? !is_load || (i->list >> i->rn & 1) == 0 : i->w != 0;

    arm_print_r(p, i->rn);
    text_add(p->out, back ? "!, " : ", ");
    arm_print_list(p, i->list);
    text_add(p->out, i->info->lift == arm_lift_ldm_user ? "^" : "");
}

/* Of PLD and PLI, which decode nothing. */
static void put_hint(const struct arm_print *p)
{
    uint32_t w = p->i->bits;
    struct arm_insn i = *p->i;
    struct arm_print q = *p;

    q.i = &i;
    i.rn = (uint8_t)bits_get(w, 16, 4);
    i.rm = w & 15;
    i.p = 1;
    i.u = bits_get(w, 23, 1) != 0;
    if (!p->thumb) {
        i.type = (uint8_t)bits_get(w, 5, 2);
        i.amount = (uint8_t)bits_get(w, 7, 5);
        if (bits_get(w, 25, 1) != 0) {
            put_index(&q, true);
        } else {
            put_immediate(&q, w & 0xfff);
        }
    } else if (i.rn == 15 || i.u) {
        put_immediate(&q, w & 0xfff);
    } else if (bits_get(w, 8, 4) == 0) {
        i.u = 1;
        i.amount = (uint8_t)bits_get(w, 4, 2);
        put_index(&q, true);
    } else {
        put_immediate(&q, w & 0xff);
    }
}

static bool put_state(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (strcmp(word, "sr") == 0) {
        text_add(p->out, "sp%s, #%u", i->w ? "!" : "", (unsigned)i->imm);
    } else if (strcmp(word, "rf") == 0) {
        arm_print_r(p, i->rn);
        text_add(p->out, i->w ? "!" : "");
    } else if (strcmp(word, "tb") == 0) {
        text_add(p->out, "[");
        arm_print_r(p, i->rn);
        text_add(p->out, ", ");
        arm_print_r(p, i->rm);
        text_add(p->out, i->a ? ", lsl #1]" : "]");
    } else {
        return false;
    }
    return true;
}

bool arm_print_memory(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (strcmp(word, "ai") == 0 || strcmp(word, "ax") == 0) {
        put_immediate(p, (uint32_t)i->imm);
    } else if (strcmp(word, "ar") == 0) {
        put_index(p, true);
    } else if (strcmp(word, "ay") == 0) {
        put_index(p, false);
    } else if (strcmp(word, "ab") == 0) {
        put_base(p);
    } else if (strcmp(word, "lm") == 0) {
        put_several(p);
    } else if (strcmp(word, "lp") == 0) {
        arm_print_list(p, ((unsigned)i->imm & 0xff) | (i->imm >> 8 & 1 ? 1u << 14 : 0));
    } else if (strcmp(word, "lq") == 0) {
        arm_print_list(p, ((unsigned)i->imm & 0xff) | (i->imm >> 8 & 1 ? 1u << 15 : 0));
    } else if (strcmp(word, "pl") == 0) {
        put_hint(p);
    } else {
        return put_state(p, word);
    }
    return true;
}
