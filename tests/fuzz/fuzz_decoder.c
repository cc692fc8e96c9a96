/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_decoder: the first 4 bytes choose the mode, the rest are instructions: each is disassembled
 * and lifted. Both must find the same length, and the IR must keep its rules.
 */
#include <stdlib.h>

#include "isa/isa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lifts up to `most` instructions; returns the bytes used. */
static size_t lift_block(const struct isa *isa, struct ir_build *b, const uint8_t *bytes,
                         size_t size, uint32_t mode, vaddr pc)
{
    size_t done = 0;

    ir_build_start(b, pc, isa->lifter.helpers, isa->lifter.helper_count);
    while (!b->ended && b->insn_count < IR_BLOCK_INSNS_MAX - 1) {
        struct lift l = {.b = b,
                         .pc = pc + done,
                         .mode = mode,
                         .bytes = bytes + done,
                         .available = size - done > 16 ? 16 : (unsigned)(size - done)};
        struct text t = {0};
        unsigned length = isa->disassemble(l.bytes, l.available, l.pc, l.mode, &t);
        uint32_t ops = b->op_count;

        must((length == 0) == (t.length == 0));
        text_fini(&t);
        ir_build_insn(b, (uint32_t)done);
        if (!isa->lifter.lift(&l)) {
            must(length == 0);
            b->op_count = ops;
            b->insn_count--;
            break;
        }
        must(l.length == length && l.length % isa->insn_align == 0);
        must(l.ends == b->ended);
        ir_build_insn_length(b, l.length);
        done += l.length;
        if (b->overflow) {
            return done; /* the engine would build a shorter one */
        }
    }
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct isa *isa = isa_by_name("riscv64");
    struct ir_build *b;
    uint32_t mode;
    size_t at = 4;

    if (size < 4) {
        return 0;
    }
    b = base_alloc(1, sizeof(*b));
    mode = (uint32_t)bytes_get_le(data, 4);
    while (at < size) {
        vaddr pc = UINT64_C(0xffffffff80000000) + at;
        size_t done = lift_block(isa, b, data + at, size - at, mode, pc);

        if (done == 0) {
            break;
        }
        if (!b->overflow) {
            struct error e;
            struct ir_block *block;

            if (!b->ended) {
                ir_exit(b, pc + done, 0);
            }
            ir_dead(b);
            block = ir_build_finish(b);
            if (ir_check(block, isa->state.state_size, &e) < 0) {
                must_failed(e.text, __FILE__, __LINE__);
            }
            free(block);
        }
        at += done;
    }
    free(b);
    return 0;
}
