/* SPDX-License-Identifier: GPL-2.0-or-later
 * build: makes blocks, operation by operation. What is not used of an operation gets one fixed
 * form, so that equal operations are equal bytes. GETs of what is known of a slot are forwarded;
 * folding is in fold.c.
 */
#include "ir/build.h"

#include <stddef.h>

unsigned ir_type_size(unsigned type)
{
    switch (type & IR_TYPE_MASK) {
    case IR_I32:
    case IR_F32: return 4;
    case IR_I64:
    case IR_F64: return 8;
    case IR_V128: return 16;
    default: return 0;
    }
}

/* ---- what is known of slots ---- */

/* The bits of `count` words from one on, count < 64. */
static uint64_t word_bits(uint64_t word, uint64_t count)
{
    uint64_t bits = (UINT64_C(1) << count) - 1;
    unsigned by = word % ARRAY_LEN(((struct ir_build *)NULL)->known);

    return bits << by | bits >> (-by & 63);
}

/* How many words a slot of the type reaches into. */
static uint64_t words_of(uint64_t slot, unsigned size)
{
    return (slot % 8 + size + 7) / 8;
}

/* What lies in any of the words, and what reaches into them from up to two words before. */
static void forget_slots(struct ir_build *b, uint64_t slot, unsigned size)
{
    b->known_mask &=
        ~(word_bits(slot / 8, words_of(slot, size)) | (word_bits(slot / 8 - 2, 2) & b->known_long));
}

static void know_slot(struct ir_build *b, unsigned type, uint32_t slot, ir_ref value)
{
    unsigned i = slot / 8 % ARRAY_LEN(b->known);
    uint64_t bit = UINT64_C(1) << i;

    b->known[i].slot = slot;
    b->known[i].value = value;
    b->known[i].type = (uint8_t)type;
    b->known_mask |= bit;
    b->known_long &= ~bit;
    if (words_of(slot, ir_type_size(type)) > 1) {
        b->known_long |= bit;
    }
}

/* By a helper; NULL: all of them. */
static void forget_written(struct ir_build *b, const struct ir_helper *h)
{
    uint64_t known = b->known_mask;

    if (h && !(h->effects & HELPER_WRITES)) {
        return;
    }
    for (; known != 0; known &= known - 1) {
        unsigned i = (unsigned)__builtin_ctzll(known);
        uint32_t slot = b->known[i].slot;

        if (!h || ir_slots_touch(h->writes, slot, slot + ir_type_size(b->known[i].type))) {
            b->known_mask &= ~(UINT64_C(1) << i);
        }
    }
}

static void forget_effects(struct ir_build *b, const struct ir_op *o)
{
    unsigned effects = ir_op_info[o->op].effects;

    if (effects & E_PUT) {
        forget_slots(b, o->imm, ir_type_size(o->type));
    } else if (effects & E_FP) {
        forget_slots(b, offsetof(struct hart, fp_flags), 1);
    } else if (effects & E_CALL) {
        forget_written(b, o->x < b->helper_count ? &b->helpers[o->x] : NULL);
    }
}

/* After an operation that may change slots by other ways than GET and PUT. */
static void note_effects(struct ir_build *b, const struct ir_op *o, ir_ref value)
{
    unsigned effects = ir_op_info[o->op].effects;

    forget_effects(b, o);
    if (effects & E_PUT) {
        know_slot(b, o->type, (uint32_t)o->imm, o->a);
    } else if (effects & E_GET) {
        know_slot(b, o->type, (uint32_t)o->imm, value);
    } else if (ir_ends(o)) {
        b->ended = true;
    }
}

/* ---- blocks and instructions ---- */

void ir_build_start(struct ir_build *b, vaddr pc, const struct ir_helper *helpers,
                    uint32_t helper_count)
{
    /* The arrays are written before they are read, up to their counts. */
    b->op_count = 0;
    b->insn_count = 0;
    b->pc = pc;
    b->helpers = helpers;
    b->helper_count = helper_count;
    b->overflow = false;
    b->ended = false;
    b->known_mask = 0;
    b->known_long = 0;
    b->modes[0] = 0;
    b->mode_count = 1;
    b->mode = 0;
    b->const_floor = 0;
}

void ir_build_mode(struct ir_build *b, uint32_t local_mode)
{
    uint32_t i = 0;

    while (i < b->mode_count && b->modes[i] != local_mode) {
        i++;
    }
    if (i == IR_MODES_MAX) {
        b->overflow = true;
        return;
    }
    if (i == b->mode_count) {
        b->modes[b->mode_count++] = local_mode;
    }
    b->mode = (uint8_t)i;
}

void ir_build_insn(struct ir_build *b, uint32_t pc_offset)
{
    if (b->insn_count == IR_BLOCK_INSNS_MAX || pc_offset > UINT16_MAX) {
        b->overflow = true;
        return;
    }
    b->insns[b->insn_count++] =
        (struct ir_insn){.first_op = (uint16_t)b->op_count, .pc_offset = (uint16_t)pc_offset};
}

void ir_build_insn_length(struct ir_build *b, unsigned length)
{
    must(b->insn_count != 0 && length <= UINT8_MAX);
    b->insns[b->insn_count - 1].length = (uint8_t)length;
}

/* The one form of an operation's unused members. */
static void normalise(struct ir_op *o)
{
    unsigned form = ir_op_form[o->op], type = o->type;

    if (!(form & FORM_A)) {
        o->a = IR_ABSENT;
    }
    if (!(form & FORM_B) || (type & IR_IMM)) {
        o->b = IR_ABSENT;
    }
    if (!(form & FORM_ATTR)) {
        o->attr = 0;
    }
    if (!(form & FORM_IMM) && !(type & IR_IMM)) {
        o->c = form & FORM_C ? o->c : IR_ABSENT;
        o->d = IR_ABSENT;
        o->x = form & FORM_X ? o->x : 0;
    } else if (ir_type_width(type) == 32 && ((form & FORM_CONST) || (type & IR_IMM))) {
        o->imm &= UINT32_MAX;
    }
}

ir_ref ir_emit(struct ir_build *b, struct ir_op op)
{
    must(op.op < IR_OPCODE_COUNT && b->insn_count != 0);
    if (b->op_count == IR_BLOCK_OPS_MAX) {
        b->overflow = true;
        return 0;
    }
    normalise(&op);
    op.insn = (uint8_t)(b->insn_count - 1);
    ir_ref value = (ir_ref)b->op_count++;
    b->ops[value] = op;
    note_effects(b, &op, value);
    return value;
}

/* All but the arrays. */
static struct ir_block head_of(const struct ir_build *b)
{
    struct ir_block block = {.op_count = b->op_count,
                             .insn_count = b->insn_count,
                             .pc = b->pc,
                             .helpers = b->helpers,
                             .helper_count = b->helper_count,
                             .mode_count = b->mode_count};

    memcpy(block.modes, b->modes, b->mode_count * sizeof(b->modes[0]));
    return block;
}

struct ir_block ir_build_view(struct ir_build *b)
{
    struct ir_block block = head_of(b);

    block.ops = b->ops;
    block.insns = b->insns;
    return block;
}

struct ir_block *ir_build_finish(const struct ir_build *b)
{
    size_t ops_size = b->op_count * sizeof(b->ops[0]);
    size_t insns_size = b->insn_count * sizeof(b->insns[0]);
    uint8_t *piece = base_alloc(1, sizeof(struct ir_block) + ops_size + insns_size);
    struct ir_block *block = (struct ir_block *)piece;

    *block = head_of(b);
    block->ops = (struct ir_op *)(piece + sizeof(*block));
    block->insns = (struct ir_insn *)(piece + sizeof(*block) + ops_size);
    memcpy(block->ops, b->ops, ops_size);
    memcpy(block->insns, b->insns, insns_size);
    return block;
}

/* ---- guest state ---- */

static ir_ref emit_un(struct ir_build *b, enum ir_opcode op, unsigned type, ir_ref x)
{
    return ir_emit(b, (struct ir_op){.op = (uint8_t)op, .type = (uint8_t)type, .a = x});
}

/* A value of type `t` made from a known one of the same slot; absent if that takes more than a
 * change of type. Slots are little-endian. */
static ir_ref known_as(struct ir_build *b, enum ir_type t, unsigned type, ir_ref value)
{
    if (t == type) {
        return value;
    }
    if (t == IR_I32 && type == IR_I64) {
        return ir_un(b, IR_TRUNC, IR_I32, value);
    }
    if ((t == IR_I64 && type == IR_F64) || (t == IR_I32 && type == IR_F32)) {
        return emit_un(b, IR_FTOI, t, value);
    }
    if ((t == IR_F64 && type == IR_I64) || (t == IR_F32 && type == IR_I32)) {
        return emit_un(b, IR_FFROMI, t, value);
    }
    return IR_ABSENT;
}

ir_ref ir_get(struct ir_build *b, enum ir_type t, uint32_t slot)
{
    unsigned i = slot / 8 % ARRAY_LEN(b->known);

    if ((b->known_mask >> i & 1) && b->known[i].slot == slot) {
        ir_ref value = known_as(b, t, b->known[i].type, b->known[i].value);

        if (value != IR_ABSENT) {
            return value;
        }
    }
    return ir_emit(b, (struct ir_op){.op = IR_GET, .type = (uint8_t)t, .imm = slot});
}

void ir_put(struct ir_build *b, enum ir_type t, uint32_t slot, ir_ref value)
{
    ir_emit(b, (struct ir_op){.op = IR_PUT, .type = (uint8_t)t, .a = value, .imm = slot});
}

/* ---- memory, exits, calls, floating point ---- */

/* Whether the sum is a displacement; of addresses of 32 bits each is. */
static bool fits(enum ir_type t, uint64_t *disp)
{
    uint64_t narrow = bits_sext(*disp, 32);
    bool fits = t == IR_I32 || narrow == *disp;

    *disp = fits ? narrow : *disp;
    return fits;
}

/* An address x + constant is taken apart: the displacement costs nothing. What is too far away for
 * one is added. Gives the base, and what else an operation at the address has of it. */
static struct ir_op operand(struct ir_build *b, ir_ref base, int64_t disp, uint32_t mem_attr)
{
    const struct ir_op *o = ir_maker(b, base);
    enum ir_type t = o != NULL && ir_result_type(o) == IR_I32 ? IR_I32 : IR_I64;
    uint64_t sum = (uint64_t)disp;

    if (!fits(t, &sum)) {
        base = ir_bini(b, IR_ADD, IR_I64, base, sum);
        sum = 0;
    } else if (o != NULL && o->op == IR_ADD && o->type == (t | IR_IMM)) {
        sum += o->imm;
        if (fits(t, &sum)) {
            base = o->a;
        } else {
            sum = (uint64_t)disp;
        }
    }
    return (struct ir_op){
        .a = base, .disp = (int32_t)sum, .mem = mem_attr | (t == IR_I32 ? MEM_32 : 0)};
}

/* The same where there is no displacement. */
static uint32_t address_attr(const struct ir_build *b, ir_ref address, uint32_t mem_attr)
{
    const struct ir_op *o = ir_maker(b, address);

    return mem_attr | (o != NULL && ir_result_type(o) == IR_I32 ? MEM_32 : 0);
}

ir_ref ir_ld(struct ir_build *b, enum ir_type t, ir_ref base, int64_t disp, uint32_t mem_attr)
{
    struct ir_op o = operand(b, base, disp, mem_attr);

    o.op = IR_LD;
    o.type = (uint8_t)t;
    return ir_emit(b, o);
}

void ir_st(struct ir_build *b, enum ir_type t, ir_ref base, int64_t disp, ir_ref value,
           uint32_t mem_attr)
{
    struct ir_op o = operand(b, base, disp, mem_attr);

    o.op = IR_ST;
    o.type = (uint8_t)t;
    o.b = value;
    ir_emit(b, o);
}

void ir_stc(struct ir_build *b, enum ir_type t, ir_ref address, ir_ref value, ir_ref cond,
            uint32_t mem_attr)
{
    ir_emit(b, (struct ir_op){.op = IR_STC,
                              .type = (uint8_t)t,
                              .a = address,
                              .b = value,
                              .c = cond,
                              .mem = address_attr(b, address, mem_attr)});
}

ir_ref ir_rmw(struct ir_build *b, enum ir_type t, enum ir_rmw kind, ir_ref address, ir_ref value,
              uint32_t mem_attr)
{
    return ir_emit(b, (struct ir_op){.op = IR_RMW,
                                     .type = (uint8_t)t,
                                     .attr = (uint8_t)kind,
                                     .a = address,
                                     .b = value,
                                     .mem = address_attr(b, address, mem_attr)});
}

ir_ref ir_cas(struct ir_build *b, enum ir_type t, ir_ref address, ir_ref expected, ir_ref desired,
              uint32_t mem_attr)
{
    return ir_emit(b, (struct ir_op){.op = IR_CAS,
                                     .type = (uint8_t)t,
                                     .a = address,
                                     .b = expected,
                                     .c = desired,
                                     .mem = address_attr(b, address, mem_attr)});
}

ir_ref ir_phys(struct ir_build *b, ir_ref address)
{
    return ir_emit(b, (struct ir_op){.op = IR_PHYS, .type = IR_I64, .a = address});
}

void ir_exit(struct ir_build *b, vaddr target, uint8_t exit_attr)
{
    exit_attr |= IR_EXIT_IN_MODE(b->mode);
    ir_emit(b, (struct ir_op){.op = IR_EXIT, .attr = exit_attr, .imm = target});
}

void ir_exit_to(struct ir_build *b, ir_ref target, uint8_t exit_attr)
{
    exit_attr |= IR_EXIT_IN_MODE(b->mode);
    ir_emit(b, (struct ir_op){.op = IR_EXIT_TO, .attr = exit_attr, .a = target});
}

void ir_exit_to_mode(struct ir_build *b, ir_ref target, ir_ref local_mode, uint8_t exit_attr)
{
    ir_emit(b,
            (struct ir_op){.op = IR_EXIT_TO_MODE, .attr = exit_attr, .a = target, .b = local_mode});
}

void ir_exit_if(struct ir_build *b, ir_ref cond, vaddr target)
{
    uint64_t value;

    if (ir_is_const(b, cond, &value) && value == 0) {
        return;
    }
    ir_emit(b, (struct ir_op){
                   .op = IR_EXIT_IF, .attr = IR_EXIT_IN_MODE(b->mode), .a = cond, .imm = target});
}

ir_ref ir_skip_if(struct ir_build *b, ir_ref cond)
{
    memcpy(b->skipped.known, b->known, sizeof b->known);
    b->skipped.known_mask = b->known_mask;
    b->skipped.known_long = b->known_long;
    return ir_emit(b, (struct ir_op){.op = IR_SKIP_IF, .a = cond});
}

/* What was known before is known again, but for what may have been changed. */
void ir_skip_end(struct ir_build *b, ir_ref skip)
{
    if (b->overflow) {
        return;
    }
    must(b->ops[skip].op == IR_SKIP_IF);
    memcpy(b->known, b->skipped.known, sizeof b->known);
    b->known_mask = b->skipped.known_mask;
    b->known_long = b->skipped.known_long;
    for (uint32_t i = skip + 1u; i < b->op_count; i++) {
        forget_effects(b, &b->ops[i]);
    }
    b->ops[skip].imm = b->op_count - skip - 1u;
    b->const_floor = b->op_count;
    b->ended = false;
}

ir_ref ir_call(struct ir_build *b, uint32_t helper, ir_ref x, ir_ref y, ir_ref z)
{
    return ir_emit(
        b, (struct ir_op){.op = IR_CALL, .type = IR_I64, .a = x, .b = y, .c = z, .x = helper});
}

ir_ref ir_fp(struct ir_build *b, enum ir_opcode op, enum ir_type t, uint8_t fp_attr, uint32_t x,
             ir_ref p, ir_ref q, ir_ref r)
{
    struct ir_op o = {.op = (uint8_t)op, .type = (uint8_t)t, .attr = fp_attr, .a = p, .b = q};

    /* Some of the others keep their number in imm (lanes, vector shifts), where c would be. */
    if (ir_has_imm(&o)) {
        o.imm = x;
    } else {
        o.c = r;
        o.x = x;
    }
    return ir_emit(b, o);
}
