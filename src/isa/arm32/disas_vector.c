/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas_vector: names and operands of floating point as text.
 */
#include <stdio.h>

#include "isa/arm32/disas.h"
#include "isa/arm32/vfp.h"

bool arm_is_vector_stack(const struct arm_insn *i)
{
    return i->info->lift == arm_lift_vfp_several && i->rn == 13 && i->w &&
           ((i->info->argument & VFP_TO) != 0 ? !i->p && i->u : i->p && !i->u);
}

void arm_vector_name(const struct arm_insn *i, char name[ARM_VECTOR_NAME])
{
    static const char *const elements[] = {"32", "16", "8", "8"};
    static const char *const types[] = {"s16", "s32", "u16", "u32"};
    static const char *const several[] = {"vstmia", "vstmdb", "vldmia", "vldmdb", "vpush", "vpop"};
    bool to = (i->info->argument & VFP_TO) != 0;
    char *x;

    (void)snprintf(name, ARM_VECTOR_NAME, "%s", i->info->name);
    if (arm_neon_is_widening(i)) {
        (void)snprintf(name, ARM_VECTOR_NAME, "vmovl%s", i->info->name + strlen("vshll"));
    }
    if (i->info->lift == arm_lift_vfp_several) {
        (void)snprintf(name, ARM_VECTOR_NAME, "%s",
                       several[arm_is_vector_stack(i) ? 4 + to : to * 2 + (i->p != 0)]);
    } else if (i->info->lift == arm_lift_vfp_dup) {
        (void)snprintf(name, ARM_VECTOR_NAME, "vdup.%s", elements[i->b & 3]);
    } else if (i->info->lift == arm_lift_vfp_fixed) {
        const char *type = types[2 * (i->b != 0) + (i->a != 0)];
        const char *fp = (i->info->argument & VFP_D) != 0 ? "f64" : "f32";

        (void)snprintf(name, ARM_VECTOR_NAME, "vcvt.%s.%s", to ? type : fp, to ? fp : type);
    } else if (i->info->lift == arm_lift_vfp_element && (x = strchr(name, 'x')) != NULL) {
        *x = i->u ? 'u' : 's';
    } else if (*(x = name + strcspn(name, "?%")) != '\0') { /* a lane's width, or twice that */
        (void)snprintf(x, (size_t)(name + ARM_VECTOR_NAME - x), "%u",
                       arm_neon_width(i) << (*x == '%'));
    }
}

/* "[r1, #-8]" */
static void put_address(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;

    text_add(p->out, "[");
    arm_print_r(p, i->rn);
    if (i->imm != 0 || !i->u) {
        text_add(p->out, ", #%s%u", i->u ? "" : "-", (unsigned)i->imm * 4);
    }
    text_add(p->out, "]");
}

static void put_several(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    bool is_double = (i->info->argument & VFP_D) != 0;
    unsigned count = is_double ? (unsigned)i->imm / 2 : (unsigned)i->imm;
    char letter = is_double ? 'd' : 's';

    if (!arm_is_vector_stack(i)) {
        arm_print_r(p, i->rn);
        text_add(p->out, i->w ? "!, " : ", ");
    }
    text_add(p->out, "{%c%u", letter, i->rd);
    if (count > 1) {
        text_add(p->out, "-%c%u", letter, i->rd + count - 1);
    }
    text_add(p->out, "}");
}

static void put_system(const struct arm_print *p)
{
    static const char *const names[16] = {
        [0] = "fpsid", [1] = "fpscr", [5] = "mvfr2",  [6] = "mvfr1",
        [7] = "mvfr0", [8] = "fpexc", [9] = "fpinst", [10] = "fpinst2"};
    const char *name = names[p->i->rn & 15];

    if (name != NULL) {
        text_add(p->out, "%s", name);
    } else {
        text_add(p->out, "<impl def %#x>", p->i->rn);
    }
}

static void put_element(const struct arm_print *p)
{
    const struct arm_insn *i = p->i;
    unsigned size = i->info->argument & 3, index = (unsigned)i->imm >> size;

    text_add(p->out, "d%u[%u]", i->rn, index);
}

static bool put_scalar(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;
    unsigned r = word[1] == 'd' ? i->rd : word[1] == 'n' ? i->rn : i->rm;

    if (word[0] == 's' && strchr("dnm", word[1]) != NULL) {
        text_add(p->out, "s%u", r);
    } else if (strcmp(word, "s2") == 0) {
        text_add(p->out, "s%u, s%u", i->rm, i->rm + 1u);
    } else {
        return false;
    }
    return true;
}

bool arm_print_vector(const struct arm_print *p, const char *word)
{
    const struct arm_insn *i = p->i;

    if (strcmp(word, "f0") == 0) {
        text_add(p->out, "#0.0");
    } else if (strcmp(word, "fi") == 0) {
        text_add(p->out, "#%u", (unsigned)i->imm); /* as it is encoded */
    } else if (strcmp(word, "fb") == 0 && i->info->lift == arm_lift_vfp_fixed) {
        text_add(p->out, "#%d", (i->a != 0 ? 32 : 16) - (int)i->imm);
    } else if (strcmp(word, "vm") == 0) {
        put_address(p);
    } else if (strcmp(word, "vl") == 0) {
        put_several(p);
    } else if (strcmp(word, "vs") == 0) {
        put_system(p);
    } else if (strcmp(word, "ne") == 0 && i->info->lift == arm_lift_vfp_element) {
        put_element(p);
    } else {
        return put_scalar(p, word) || arm_print_neon(p, word);
    }
    return true;
}
