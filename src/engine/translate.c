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

#define FETCH_BYTES INSN_BYTES_MAX

/* Where the bytes of a block are read from. */
struct source {
    const uint8_t *bytes; /* at the block's pc */
    unsigned room;        /* how many may be executed, inside the page */
    unsigned most;        /* instructions */
    bool tries;           /* out: some instruction makes several accesses */
    bool compact;         /* the first instruction alone was too many operations */
    /* One instruction that goes on behind the room. */
    uint8_t crossing[2 * FETCH_BYTES];
    haddr second_page; /* where it goes on in the next page */
};

static const uint8_t *bytes_at(struct engine *e, struct cpu *cpu, haddr at)
{
    struct mem_block *block = mem_block_of(e->mem, at);

    if (!block) {
        cpu->mmu->bus_fault(cpu, cpu->hart->pc, ACCESS_FETCH);
        must(cpu->fault.raised);
        return NULL;
    }
    return mem_host(block, at);
}

/* The first instruction needs more than the `available` bytes: what follows is asked for, piece by
 * piece. False with a fault. */
static bool fetch_on(struct engine *e, struct cpu *cpu, struct source *s, unsigned *available)
{
    vaddr next = cpu->hart->pc + *available;
    const uint8_t *more;
    struct fetch f;
    unsigned count;

    must(*available <= FETCH_BYTES);
    if (!cpu_fetch(cpu, next, &f)) {
        return false;
    }
    more = bytes_at(e, cpu, f.page | (next & (PAGE_SIZE - 1)));
    if (!more) {
        return false;
    }
    if (next % PAGE_SIZE == 0) {
        s->second_page = f.page;
    }
    count = f.extent < FETCH_BYTES ? f.extent : FETCH_BYTES;
    memcpy(s->crossing + *available, more, count);
    *available += count;
    return true;
}

static bool lift_crossing(struct engine *e, struct cpu *cpu, struct source *s, struct lift *l)
{
    memcpy(s->crossing, l->bytes, l->available);
    l->bytes = s->crossing;
    s->most = 1;
    do {
        if (!fetch_on(e, cpu, s, &l->available)) {
            return false;
        }
    } while (!cpu->isa->lifter.lift(l));
    return true;
}

static void drop_insn(struct ir_build *b, uint32_t ops)
{
    b->op_count = ops;
    b->insn_count--;
}

/* Its fault, perhaps of the second of two pages, and the entry that stores then are one step. */
static bool accesses_memory(const struct ir_build *b, uint32_t first_op)
{
    for (uint32_t i = first_op; i < b->op_count; i++) {
        if ((ir_op_info[b->ops[i].op].effects & (E_LOAD | E_STORE)) != 0) {
            return true;
        }
    }
    return false;
}

static unsigned lift_insns(struct engine *e, struct cpu *cpu, uint64_t first_mode,
                           struct source *s);

/* There was no room for more than `count` instructions; for 0: the first alone is to be made smaller. */
static unsigned lift_fewer(struct engine *e, struct cpu *cpu, uint64_t mode, struct source *s,
                           unsigned count)
{
    must(count > 0 || !s->compact); /* it has been made smaller: a lifter's bug */
    s->most = count > 0 ? count : 1;
    s->compact = count == 0;
    return lift_insns(e, cpu, mode, s);
}

/* Lifts up to s->most instructions. Returns the bytes covered, 0 with a fault. */
static unsigned lift_insns(struct engine *e, struct cpu *cpu, uint64_t first_mode, struct source *s)
{
    struct ir_build *b = &e->build;
    vaddr pc = cpu->hart->pc;
    unsigned done = 0, side_exits = 0;
    uint64_t known = 0;
    uint64_t mode = first_mode;
    const uint64_t local = cpu->isa->lifter.local_modes;

    e->built = NULL;
    s->second_page = 0;
    s->tries = false;
    ir_build_start(b, pc, cpu->isa->lifter.helpers, cpu->isa->lifter.helper_count);
    while (b->insn_count < s->most && done < s->room && !b->ended && side_exits < SIDE_EXITS_MAX) {
        uint32_t ops = b->op_count;
        unsigned available = s->room - done < FETCH_BYTES ? s->room - done : FETCH_BYTES;
        struct lift l = {.b = b,
                         .model = cpu->model,
                         .pc = pc + done,
                         .mode = mode,
                         .next_mode = mode,
                         .known = known,
                         .compact = s->compact,
                         .bytes = s->bytes + done,
                         .available = available};

        if (done && e->has_break && probe_breaks_at(e, pc + done)) {
            break;
        }
        ir_build_insn(b, done);
        ir_build_mode(b, (uint32_t)(mode & local));
        if (!cpu->isa->lifter.lift(&l)) {
            if (done) {
                drop_insn(b, ops);
                break;
            }
            if (!lift_crossing(e, cpu, s, &l)) {
                return 0;
            }
        }
        if (b->overflow) {
            return lift_fewer(e, cpu, first_mode, s, b->insn_count - 1);
        }
        ir_build_insn_length(b, l.length);
        l.several |= cpu->isa->traps.through_memory && accesses_memory(b, ops);
        b->insns[b->insn_count - 1].several = l.several;
        s->tries |= l.several;
        done += l.length;
        known = l.known;
        must(((l.next_mode ^ mode) & ~local) == 0);
        mode = l.next_mode;
        side_exits += b->op_count > ops && b->ops[b->op_count - 1].op == IR_EXIT_IF;
    }
    if (!b->ended) {
        ir_build_mode(b, (uint32_t)(mode & local));
        ir_exit(b, pc + done, 0);
    }
    return b->overflow ? lift_fewer(e, cpu, first_mode, s, b->insn_count - 1) : done;
}

/* Granules [first, last] of a page as a bitmap. */
static uint64_t granule_span(uint64_t first_byte, uint64_t last_byte)
{
    unsigned a = (unsigned)(first_byte >> CODE_GRANULE_BITS);
    unsigned z = (unsigned)(last_byte >> CODE_GRANULE_BITS);
    return bits_set(0, a, z - a + 1, UINT64_MAX);
}

static void set_pages(struct engine *e, struct block *b, unsigned length, haddr second_page)
{
    uint64_t first = b->at & (PAGE_SIZE - 1);
    uint64_t last = first + length - 1;

    b->page[0] = mem_page_of(mem_block_of(e->mem, b->at), b->at);
    b->page[1] = BLOCK_NO_PAGE;
    if (last < PAGE_SIZE) {
        b->granules[0] = granule_span(first, last);
        return;
    }
    b->granules[0] = granule_span(first, PAGE_SIZE - 1);
    b->crosses = true;
    b->second_page = second_page;
    b->granules[1] = granule_span(0, last - PAGE_SIZE);
    b->page[1] = mem_page_of(mem_block_of(e->mem, second_page), second_page);
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

struct block *translate(struct engine *e, struct cpu *cpu, uint64_t mode, const struct fetch *f)
{
    haddr at = f->page | (cpu->hart->pc & (PAGE_SIZE - 1));
    struct source source = {
        .bytes = bytes_at(e, cpu, at), .room = f->extent, .most = IR_BLOCK_INSNS_MAX};
    unsigned length;
    struct block *b;

    if (!source.bytes) {
        return NULL;
    }
    length = lift_insns(e, cpu, mode, &source);
    if (length == 0) {
        must(cpu->fault.raised);
        return NULL;
    }
    ir_dead(&e->build);
    b = cache_new_block(e);
    b->pc = cpu->hart->pc;
    b->at = at;
    b->mode = mode;
    b->model = cpu->model_number;
    b->code = e->jit ? jit_no_code(e->jit) : NULL;
    b->tries = source.tries;
    b->probed = e->has_break && probe_breaks_at(e, b->pc);
    b->bytes = length;
    b->is_asked_for = !f->is_steady;
    set_pages(e, b, length, source.second_page);
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
    if (!b->ir) {
        if (e->built != b) {
            struct source source = {.bytes = bytes_at(e, cpu, b->at),
                                    .room = (unsigned)(PAGE_SIZE - b->pc % PAGE_SIZE),
                                    .most = b->insn_count};

            must(cpu->hart->pc == b->pc);
            must(lift_insns(e, cpu, b->mode, &source) != 0);
            ir_dead(&e->build);
        }
        b->ir = ir_build_finish(&e->build);
        must(b->ir->insn_count == b->insn_count);
    }
    return b->ir;
}
