/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_convert: from each format to each other. After IEEE 754-2019 clauses 5.4.2 and 6.2.3.
 * Left out: bfloat16. Arm's alternative half precision is in softfloat_arm.c.
 */
#include "base/softfloat_num.h"

FP_INLINE u128 convert(struct fp_format from, struct fp_format to, u128 x, struct fp_env *env)
{
    struct fp_num n = fp_operand(from, x, env);

    if (likely(n.kind == FP_KIND_FINITE)) {
        /* x87 notes a denormal that it loads, not one that it stores */
        fp_note_denormal(n.denormal && !from.one_bits, env);
        return fp_pack_finite(to, n, env);
    }
    return fp_pack_rare(to, fp_is_nan(n) ? fp_nan1(n, env) : n, env);
}

#define DEFINE(from, from_type, to, to_type)                                                       \
    to_type from##_to_##to(from_type a, struct fp_env *env)                                        \
    {                                                                                              \
        return fp_make_##to(convert(FP_FORMAT_##from, FP_FORMAT_##to, fp_bits_##from(a), env));    \
    }

DEFINE(f16, f16, f32, f32)
DEFINE(f16, f16, f64, f64)
DEFINE(f16, f16, f80, struct f80)
DEFINE(f16, f16, f128, struct f128)
DEFINE(f32, f32, f16, f16)
DEFINE(f32, f32, f64, f64)
DEFINE(f32, f32, f80, struct f80)
DEFINE(f32, f32, f128, struct f128)
DEFINE(f64, f64, f16, f16)
DEFINE(f64, f64, f32, f32)
DEFINE(f64, f64, f80, struct f80)
DEFINE(f64, f64, f128, struct f128)
DEFINE(f80, struct f80, f16, f16)
DEFINE(f80, struct f80, f32, f32)
DEFINE(f80, struct f80, f64, f64)
DEFINE(f80, struct f80, f128, struct f128)
DEFINE(f128, struct f128, f16, f16)
DEFINE(f128, struct f128, f32, f32)
DEFINE(f128, struct f128, f64, f64)
DEFINE(f128, struct f128, f80, struct f80)
