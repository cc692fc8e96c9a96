/* SPDX-License-Identifier: GPL-2.0-or-later
 * call: calls of the ISA's helpers. What a helper may write is elsewhere before the call, pinned slots
 * that it may see are in memory, and read again if it may write them. A helper that may ask for a look
 * has its instruction finished, and then the block is left if it has.
 */
#include "jit/amd64/amd64.h"

static bool sees_pins(const struct gen *g, const struct ir_helper *h)
{
    const struct jit_guest *guest = &g->j->guest;

    for (unsigned p = 0; p < guest->pinned_count; p++) {
        uint32_t slot = guest->pinned[p];
        bool reads = (h->effects & HELPER_MEMORY) ||
                     ((h->effects & HELPER_READS) && ir_slots_touch(h->reads, slot, slot + 8));
        bool writes = (h->effects & HELPER_WRITES) && ir_slots_touch(h->writes, slot, slot + 8);
        if (reads || writes) {
            return true;
        }
    }
    return false;
}

bool gen_call(struct gen *g, const struct ir_op *o)
{
    const struct ir_helper *h = &g->block->helpers[o->x];
    const ir_ref arguments[3] = {o->a, o->b, o->c};
    bool writes = (h->effects & HELPER_WRITES) != 0;
    unsigned dst;

    for (unsigned n = 0; n < h->argument_count; n++) {
        gen_pass(g, arguments[n], n);
    }
    if (writes) {
        gen_leave_slots(g, h->writes);
    }
    dst = gen_dest(g, IR_ABSENT);
    emit_mov_imm(g->e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(g->e, RDX, (uint64_t)(uintptr_t)h);
    emit_mov_imm(g->e, RCX, SITE_INFO(0, gen_refund(g, o->insn)));
    gen_call_thunk(g, (sees_pins(g, h) ? g->j->call : g->j->call_apart)[gen_live_xmm(g)]);
    if (writes) {
        gen_load_slots(g, h->writes);
    }
    emit_mov(g->e, true, dst, rm_reg(RAX)); /* perhaps such a slot's register */
    g->looks |= (h->effects & (HELPER_LOOKS | HELPER_MEMORY)) != 0;
    return true;
}

/* Not equal if cpu->look is set. Uses rcx. */
void gen_compare_look(struct gen *g)
{
    emit_mov(g->e, true, RCX, rm_mem(RSP, FRAME_CPU));
    emit_op(g->e, 0x80, false, 7, rm_mem(RCX, (int)offsetof(struct cpu, look))); /* cmp byte, 0 */
    emit_byte(g->e, 0);
}

void gen_leave_if_look(struct gen *g, unsigned insn, vaddr pc)
{
    struct stub *s;

    gen_compare_look(g);
    s = gen_stub(g, STUB_EXIT, emit_jcc(g->e, COND_NE));
    s->imm = pc;
    s->disp = (int32_t)gen_refund(g, insn + 1u);
    s->attr = IR_EXIT_LOOK;
}
