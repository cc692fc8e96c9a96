/* SPDX-License-Identifier: GPL-2.0-or-later
 * sample: what sample.decode is a decoder for.
 */
#ifndef TESTS_TOY_SAMPLE_H
#define TESTS_TOY_SAMPLE_H

#include "base/base.h"

enum { EXT_A = 1, EXT_B = 2 };

struct sample_insn_info;
struct sample_insn {
    const struct sample_insn_info *info;
    uint64_t bits;
    uint32_t far;
    int16_t near;
    uint8_t length, d, s;
};

typedef int sample_lift_fn(const struct sample_insn *i);

struct sample_insn_info {
    const char *name, *operands;
    sample_lift_fn *lift;
    uint32_t argument, extension;
};

bool sample_decode(uint64_t w, struct sample_insn *i);
const struct sample_insn_info *sample_insn_infos(size_t *count);
sample_lift_fn sample_lift_plain, sample_lift_two;

#endif
