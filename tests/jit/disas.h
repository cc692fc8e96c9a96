/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: host code as text, by Zydis, for what tests print and compare. Without Zydis: bytes.
 */
#ifndef TESTS_JIT_DISAS_H
#define TESTS_JIT_DISAS_H

#include "base/base.h"

/* The instruction at `code` (which pretends to lie at `address`) in Intel syntax; returns its
 * length, 0 if it is none. Without Zydis always 1 and the byte in hexadecimal. */
size_t disas_one(const uint8_t *code, size_t size, uint64_t address, char *out, size_t out_size);
/* One instruction a line, with addresses relative to `base`. */
void disas_all(const uint8_t *code, size_t size, const uint8_t *base, struct text *out);

#endif
