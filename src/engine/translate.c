/* SPDX-License-Identifier: GPL-2.0-or-later
 * translate: guest bytes to one block of IR: fetch, lift, drop dead values, check.
 */
#include <stdlib.h>

#include "engine/internal.h"

/* How many conditional branches a block holds; behind the last it ends. Each place that a branch goes
 * to begins a block of its own, which overlaps the ones that went on, so with more of them more is
 * translated again: a Debian boot with user work took 2.2 s with 1, 2.5 with 2, 2.7 with 16, and no
 * kernel of tests/bench was faster for it. */
#define SIDE_EXITS_MAX 1u

#define FETCH_BYTES 16u /* at least the longest instruction of any ISA */

/* The bytes behind one instruction that may go on in the next page. */
struct crossing {
    uint8_t bytes[2 * FETCH_BYTES];
    paddr second_page;
};

static const uint8_t *bytes_at(struct engine *e, struct cpu *cpu, paddr at)
{
    struct mem_block *block = mem_block_at(e->mem, at);

    if (!block) {
        cpu->mmu->bus_fault(cpu, cpu->hart->pc, ACCESS_FETCH);
        must(cpu->fault.raised);
        return NULL;
    }
    return block->host + (at - block->base);
}

/* The first instruction needs more than the page has. False with a fault. */
static bool fetch_across(struct engine *e, struct cpu *cpu, const uint8_t *bytes,
                         unsigned available, struct crossing *c)
{
    vaddr next = align_down(cpu->hart->pc, PAGE_SIZE) + PAGE_SIZE;
    const uint8_t *more;

    if (!cpu_fetch_page(cpu, next, &c->second_page)) {
        return false;
    }
    more = bytes_at(e, cpu, c->second_page);
    if (!more) {
        return false;
    }
    memcpy(c->bytes, bytes, available);
    memcpy(c->bytes + available, more, FETCH_BYTES);
    return true;
}

static void drop_insn(struct ir_build *b, uint32_t ops)
{
    b->op_count = ops;
    b->insn_count--;
}

/* Lifts up to `most` instructions. Returns the bytes covered, 0 with a fault. */
static unsigned lift_insns(struct engine *e, struct cpu *cpu, uint32_t mode, const uint8_t *bytes,
                           unsigned most, struct crossing *cross)
{
    struct ir_build *b = &e->build;
    vaddr pc = cpu->hart->pc;
    unsigned room = (unsigned)(PAGE_SIZE - (pc & (PAGE_SIZE - 1)));
    unsigned done = 0, side_exits = 0;

    e->built = NULL;
    cross->second_page = 0;
    ir_build_start(b, pc, cpu->isa->helpers, cpu->isa->helper_count);
    while (b->insn_count < most && done < room && !b->ended && side_exits < SIDE_EXITS_MAX) {
        uint32_t ops = b->op_count;
        unsigned available = room - done < FETCH_BYTES ? room - done : FETCH_BYTES;
        struct lift l = {
            .b = b, .pc = pc + done, .mode = mode, .bytes = bytes + done, .available = available};

        if (done && e->has_break && probe_breaks_at(e, pc + done)) {
            break;
        }
        ir_build_insn(b, done);
        if (!cpu->isa->lift(&l)) {
            if (done) {
                drop_insn(b, ops);
                break;
            }
            if (!fetch_across(e, cpu, bytes, available, cross)) {
                return 0;
            }
            l.bytes = cross->bytes;
            l.available = available + FETCH_BYTES;
            must(cpu->isa->lift(&l));
            most = 1;
        }
        if (b->overflow) {
            return done ? lift_insns(e, cpu, mode, bytes, b->insn_count - 1, cross) : 0;
        }
        ir_build_insn_length(b, l.length);
        done += l.length;
        side_exits += b->op_count > ops && b->ops[b->op_count - 1].op == IR_EXIT_IF;
    }
    if (!b->ended) {
        ir_exit(b, pc + done, 0);
    }
    return done;
}

/* Granules [first, last] of a page as a bitmap. */
static uint64_t granule_span(uint64_t first_byte, uint64_t last_byte)
{
    unsigned a = (unsigned)(first_byte >> CODE_GRANULE_BITS);
    unsigned z = (unsigned)(last_byte >> CODE_GRANULE_BITS);
    return bits_set(0, a, z - a + 1, UINT64_MAX);
}

static void set_pages(struct engine *e, struct block *b, unsigned length, paddr second_page)
{
    uint64_t first = b->at & (PAGE_SIZE - 1);
    uint64_t last = first + length - 1;

    b->page[0] = mem_page_of(mem_block_at(e->mem, b->at), b->at);
    b->page[1] = BLOCK_NO_PAGE;
    if (last < PAGE_SIZE) {
        b->granules[0] = granule_span(first, last);
        return;
    }
    b->granules[0] = granule_span(first, PAGE_SIZE - 1);
    b->crosses = true;
    b->second_page = second_page;
    b->granules[1] = granule_span(0, last - PAGE_SIZE);
    b->page[1] = mem_page_of(mem_block_at(e->mem, second_page), second_page);
    if (b->page[1] == b->page[0]) { /* one page mapped twice in a row */
        b->granules[0] |= b->granules[1];
        b->page[1] = BLOCK_NO_PAGE;
    }
}

static void trace_block(struct engine *e)
{
    const struct ir_block b = ir_build_view(&e->build);
    struct text t = {0};

    ir_print(&b, &t);
    e->trace(e->trace_opaque, t.data ? t.data : "");
    text_fini(&t);
}

struct block *translate(struct engine *e, struct cpu *cpu, uint32_t mode, paddr at)
{
    struct crossing cross;
    const uint8_t *bytes = bytes_at(e, cpu, at);
    unsigned length;
    struct block *b;

    if (!bytes) {
        return NULL;
    }
    length = lift_insns(e, cpu, mode, bytes, IR_BLOCK_INSNS_MAX, &cross);
    if (length == 0) {
        must(cpu->fault.raised);
        return NULL;
    }
    ir_dead(&e->build);
    b = cache_new_block(e);
    b->pc = cpu->hart->pc;
    b->at = at;
    b->mode = mode;
    b->code = e->jit ? jit_no_code(e->jit) : NULL;
    b->probed = e->has_break && probe_breaks_at(e, b->pc);
    b->bytes = length;
    set_pages(e, b, length, cross.second_page);
    e->stats.blocks_translated++;
    e->built = b;
    b->insn_count = e->build.insn_count;
    e->stats.insns_translated += b->insn_count;
    if (unlikely(e->trace)) {
        trace_block(e);
    }
    return b;
}

const struct ir_block *block_ir(struct engine *e, struct cpu *cpu, struct block *b)
{
    struct crossing cross;

    if (!b->ir) {
        if (e->built != b) {
            must(cpu->hart->pc == b->pc);
            must(lift_insns(e, cpu, b->mode, bytes_at(e, cpu, b->at), b->insn_count, &cross) != 0);
            ir_dead(&e->build);
        }
        b->ir = ir_build_finish(&e->build);
        must(b->ir->insn_count == b->insn_count);
    }
    return b->ir;
}
