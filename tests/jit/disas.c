/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: see disas.h. HAVE_ZYDIS is its major version, 3 or 4; 0: none.
 */
#include "disas.h"

#include <inttypes.h>
#include <stdio.h>

#if HAVE_ZYDIS
#include <Zydis/Zydis.h>

size_t disas_one(const uint8_t *code, size_t size, uint64_t address, char *out, size_t out_size)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction insn;
    bool good;

    out[0] = '\0';
    (void)ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
#if HAVE_ZYDIS >= 4
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

    (void)ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    good =
        ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size, &insn, operands)) &&
        ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
            &formatter, &insn, operands, insn.operand_count_visible, out, out_size, address, NULL));
#else
    (void)ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_ADDRESS_WIDTH_64);
    good = ZYAN_SUCCESS(ZydisDecoderDecodeBuffer(&decoder, code, size, &insn)) &&
           ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &insn, out, out_size, address));
#endif
    return good ? insn.length : 0;
}

#else

size_t disas_one(const uint8_t *code, size_t size, uint64_t address, char *out, size_t out_size)
{
    (void)address;
    snprintf(out, out_size, "%02x", code[0]);
    return size != 0;
}

#endif

void disas_all(const uint8_t *code, size_t size, const uint8_t *base, struct text *out)
{
    for (size_t at = 0; at < size;) {
        uint64_t address = (uint64_t)(code + at - base);
        char line[160];
        size_t length = disas_one(code + at, size - at, address, line, sizeof line);

        if (length == 0) {
            text_add(out, "  %06" PRIx64 "  not an instruction: %02x\n", address, code[at]);
            return;
        }
        text_add(out, "  %06" PRIx64 "  %s\n", address, line);
        at += length;
    }
}
