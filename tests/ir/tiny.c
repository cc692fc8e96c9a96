/* SPDX-License-Identifier: GPL-2.0-or-later
 * tiny: the smallest machine that IR runs on. Its page walk is arithmetic; what a walk that reads
 * memory adds is tested by tests/unit/cpu_walk.c.
 */
#include "tiny.h"

#include "base/softfloat.h"

#include <stdlib.h>

/* ---- the device ---- */

static void hear(struct tiny *t, uint64_t at, unsigned size, uint64_t value)
{
    const uint64_t said[4] = {cpu_now(&t->cpu), at, size, value};

    t->heard = hash_bytes(said, sizeof said, t->heard);
}

static uint64_t device_read(void *opaque, struct mem_access a)
{
    struct tiny *t = opaque;

    t->reads++;
    hear(t, a.at, a.size, 0);
    if (a.at & 0x80) {
        t->cpu.look = true;
    }
    return a.at | (uint64_t)a.size << 16;
}

static void device_write(void *opaque, struct mem_access a, uint64_t value)
{
    struct tiny *t = opaque;

    t->written_at = a.at;
    t->written_size = a.size;
    t->written = value;
    hear(t, a.at, a.size, value);
    if (a.at == 8) {
        t->cpu.look = true;
    }
}

/* ---- translation ---- */

static struct tiny *tiny_of(const struct cpu *cpu)
{
    return cpu->machine;
}

/* One entry in every 64 bytes of a page that goes by the address. */
static void use_tables(struct cpu *cpu, vaddr va)
{
    paddr table = TINY_RAM + ((va >> PAGE_BITS) % 4) * PAGE_SIZE;

    for (paddr at = table; at < table + PAGE_SIZE; at += 64) {
        uint64_t entry;

        must(cpu_walk_read(cpu, at, 8, &entry));
        cpu_walk_used(cpu, at, 8, va, PAGE_BITS);
    }
}

static bool translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                      struct translation *out)
{
    struct tiny *t = tiny_of(cpu);
    bool read_only = va - TINY_READ_ONLY < TINY_RAM + TINY_RAM_BYTES - TINY_READ_ONLY ||
                     (as == AS_USER && va - TINY_USER_READ_ONLY < PAGE_SIZE);
    bool swapped = as == AS_OTHER2 && va - TINY_RAM < TINY_READ_ONLY - TINY_RAM;
    bool alias = va - TINY_ALIAS < TINY_RAM_BYTES;
    bool mapped = va - TINY_RAM < TINY_RAM_BYTES || va - TINY_ROM < PAGE_SIZE ||
                  va - TINY_NOTHING < PAGE_SIZE || va - TINY_DEVICE < PAGE_SIZE || alias;

    t->translations++;
    if (alias && t->walks && as != AS_DEBUG) {
        use_tables(cpu, va);
    }
    if (!mapped || (read_only && access == ACCESS_WRITE)) {
        if (as != AS_DEBUG) {
            cpu_raise(cpu, TINY_PAGE_FAULT + access, va);
        }
        return false;
    }
    *out = (struct translation){.at = alias     ? va - TINY_ALIAS + TINY_RAM
                                      : swapped ? va ^ PAGE_SIZE
                                                : va,
                                .cacheable = !t->uncacheable,
                                .readable = true,
                                .writable = !read_only,
                                .executable = true,
                                .linear_bits = as == AS_CURRENT && !alias ? t->linear_bits : 0};
    return true;
}

static void bus_fault(struct cpu *cpu, vaddr va, enum access access)
{
    cpu_raise(cpu, TINY_BUS_FAULT + access, va);
}

static void misaligned(struct cpu *cpu, vaddr va, enum access access)
{
    cpu_raise(cpu, TINY_MISALIGNED + access, va);
}

static void space_key(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY])
{
    key[0] = tiny_of(cpu)->key;
    key[SPACE_KEY - 1] = as == AS_CURRENT ? 0 : tiny_of(cpu)->other_key;
}

static const struct cpu_mmu mmu = {translate, bus_fault, misaligned, space_key};

/* ---- listeners ---- */

static void code_written(void *listener, uint32_t page, uint64_t granules)
{
    struct tiny *t = listener;

    (void)page;
    t->code_hits++;
    t->last_granules = granules;
}

static void table_written(void *listener, vaddr first, uint64_t bytes, uint32_t users)
{
    struct tiny *t = listener;

    t->table_hits++;
    t->table_first = first;
    t->table_users = users;
    t->table_bytes = bytes;
    if (bytes) {
        cpu_forget_in(&t->cpu, users, first, bytes);
    } else {
        cpu_forget(&t->cpu);
        mem_tables_forget(&t->mem);
    }
}

static void page_unwritable(void *listener, uint32_t page)
{
    struct tiny *t = listener;

    t->pages_out++;
    cpu_forget_page(&t->cpu, page);
}

static void epoch(void *listener)
{
    struct tiny *t = listener;

    t->epochs++;
    cpu_forget_writes(&t->cpu);
}

static void dma_written(void *listener, paddr at, uint64_t size)
{
    struct tiny *t = listener;

    (void)at;
    (void)size;
    t->dma_writes++;
}

/* ---- helpers ---- */

static uint64_t help_sum(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    return a + b + c;
}

static uint64_t help_now(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a, (void)b, (void)c;
    return cpu_now(cpu);
}

static uint64_t help_poke(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    memcpy((uint8_t *)cpu->state + a, &b, sizeof(b));
    return 0;
}

static uint64_t help_raise(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    if (a != 0) {
        cpu_raise(cpu, (uint32_t)a, b);
    }
    return 0;
}

static uint64_t help_look(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a, (void)b, (void)c;
    cpu->look = true;
    return 0;
}

static struct f80 f80_at(const struct cpu *cpu, uint64_t slot)
{
    const uint8_t *at = (const uint8_t *)cpu->state + slot;

    return (struct f80){.significand = bytes_get_le(at, 8),
                        .sign_exponent = (uint16_t)bytes_get_le(at + 8, 2)};
}

static uint64_t help_f80_add(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct fp_env env = {.rounding = (uint8_t)c, .nan_rule = FP_NAN_X86};
    struct f80 sum = f80_add(f80_at(cpu, a), f80_at(cpu, b), &env);

    bytes_set_le((uint8_t *)cpu->state + a, 8, sum.significand);
    bytes_set_le((uint8_t *)cpu->state + a + 8, 2, sum.sign_exponent);
    cpu->hart->fp_flags |= env.flags;
    return 0;
}

/* Slots of 8 bytes, which are pinned or not, beside each other: the second becomes the first's old
 * value plus the argument. */
static uint64_t help_move(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    uint8_t *from = (uint8_t *)cpu->state + TINY_MOVES_FROM,
            *to = (uint8_t *)cpu->state + TINY_MOVES_TO;
    uint64_t old = bytes_get_le(to, 8);

    (void)b, (void)c;
    bytes_set_le(to, 8, bytes_get_le(from, 8) + a);
    return old;
}

static uint64_t help_copy(struct cpu *cpu, uint64_t to, uint64_t from, uint64_t c)
{
    uint64_t value = cpu_load(cpu, from, 3);

    (void)c;
    if (!cpu->fault.raised && !cpu->watch_hit) {
        cpu_store(cpu, to, value, 3);
    }
    return cpu->fault.raised ? 0 : value;
}

#define HELPER(function, does, count)                                                              \
    .call = (function), .effects = (does), .argument_count = (count)

const struct ir_helper tiny_helpers[] = {
    {"sum", HELPER(help_sum, HELPER_PURE, 3)},
    {"now", HELPER(help_now, HELPER_READS, 0)},
    {"poke", HELPER(help_poke, HELPER_WRITES, 2)},
    {"raise", HELPER(help_raise, HELPER_FAULTS, 2)},
    {"look", HELPER(help_look, HELPER_LOOKS, 0)},
    {"f80_add", HELPER(help_f80_add, HELPER_READS | HELPER_WRITES, 3)},
    {"move", HELPER(help_move, HELPER_READS | HELPER_WRITES, 1),
     .reads = {{TINY_MOVES_FROM, TINY_MOVES_FROM + 8}, {TINY_MOVES_TO, TINY_MOVES_TO + 8}},
     .writes = {{TINY_MOVES_TO, TINY_MOVES_TO + 8}}},
    {"copy", HELPER(help_copy, HELPER_FAULTS | HELPER_MEMORY, 2)},
};
const uint32_t tiny_helper_count = ARRAY_LEN(tiny_helpers);

/* ---- the machine ---- */

void tiny_init(struct tiny *t)
{
    struct mem_window window = {.name = "device",
                                .base = TINY_DEVICE,
                                .size = PAGE_SIZE,
                                .opaque = t,
                                .read = device_read,
                                .write = device_write,
                                .sizes = 1 | 2 | 4 | 8};
    struct error e;

    memset(t, 0, sizeof(*t));
    t->linear_bits = 64;
    mem_init(&t->mem);
    must(mem_add_block(&t->mem, "ram", TINY_RAM, TINY_RAM_BYTES, true, &e) == 0);
    must(mem_add_block(&t->mem, "rom", TINY_ROM, PAGE_SIZE, false, &e) == 0);
    must(mem_add_window(&t->mem, &window, &e) == 0);
    t->mem.listener = t;
    t->mem.code_written = code_written;
    t->mem.table_written = table_written;
    t->mem.page_unwritable = page_unwritable;
    t->mem.epoch = epoch;
    t->mem.dma_written = dma_written;
    cpu_init(&t->cpu, &t->state, &t->mem);
    t->cpu.mmu = &mmu;
    t->cpu.machine = t;
    cpu_select_space(&t->cpu, 0);
}

void tiny_fini(struct tiny *t)
{
    cpu_fini(&t->cpu);
    mem_fini(&t->mem);
}

/* ---- building again ---- */

static ir_ref rebuild_op(struct ir_build *b, struct ir_op o)
{
    const struct ir_op_info *info = &ir_op_info[o.op];
    enum ir_type t = (enum ir_type)(o.type & IR_TYPE_MASK);
    bool is_int = t == IR_I32 || t == IR_I64;

    switch (o.op) {
    case IR_CONST: return ir_const(b, t, o.imm);
    case IR_GET: return ir_get(b, t, (uint32_t)o.imm);
    case IR_DEPOSIT: return ir_deposit(b, t, o.a, o.b, o.x & 0xff, o.x >> 8);
    case IR_EXTRACT: return ir_extract(b, t, o.a, o.imm & 0xff, (unsigned)(o.imm >> 8));
    case IR_SEXTRACT: return ir_sextract(b, t, o.a, o.imm & 0xff, (unsigned)(o.imm >> 8));
    case IR_SELECT: return ir_select(b, t, o.c, o.a, o.b);
    case IR_LD: return ir_ld(b, t, o.a, o.disp, o.mem);
    case IR_ST: ir_st(b, t, o.a, o.disp, o.b, o.mem); return IR_ABSENT;
    case IR_EXIT_IF:
        if (o.attr == 0) {
            ir_exit_if(b, o.a, o.imm);
            return IR_ABSENT;
        }
        break;
    default: break;
    }
    if (info->b == K_R && is_int) {
        return o.type & IR_IMM ? ir_bini(b, (enum ir_opcode)o.op, t, o.a, o.imm)
                               : ir_bin(b, (enum ir_opcode)o.op, t, o.a, o.b);
    }
    if (info->a != K_NONE && info->b == K_NONE && info->c == K_NONE && info->effects == 0 &&
        info->imm == IMM_NONE && info->attr == ATTR_NONE) {
        return ir_un(b, (enum ir_opcode)o.op, t, o.a);
    }
    return ir_emit(b, o);
}

struct ir_block *tiny_rebuilt(const struct ir_block *block)
{
    struct ir_build *b = base_alloc(1, sizeof(*b));
    ir_ref map[IR_BLOCK_OPS_MAX];
    uint32_t insn = 0, skip_end = 0;
    ir_ref skip = 0;

    ir_build_start(b, block->pc, block->helpers, block->helper_count);
    for (uint32_t i = 0; i < block->mode_count; i++) {
        ir_build_mode(b, block->modes[i]); /* by the same numbers */
    }
    ir_build_mode(b, 0);
    for (uint32_t i = 0; i < block->op_count; i++) {
        struct ir_op o = block->ops[i];

        if (i == skip_end && i != 0) {
            ir_skip_end(b, skip);
        }

        for (; insn < block->insn_count && block->insns[insn].first_op <= i; insn++) {
            ir_build_insn(b, block->insns[insn].pc_offset);
            ir_build_insn_length(b, block->insns[insn].length);
        }
        o.a = o.a < i ? map[o.a] : IR_ABSENT;
        o.b = o.b < i ? map[o.b] : IR_ABSENT;
        if (ir_op_info[o.op].c != K_NONE) {
            o.c = o.c < i ? map[o.c] : IR_ABSENT;
        }
        if (o.op == IR_SKIP_IF) {
            skip_end = i + 1 + (uint32_t)o.imm;
            map[i] = skip = ir_skip_if(b, o.a);
            continue;
        }
        map[i] = rebuild_op(b, o);
    }
    ir_dead(b);
    struct ir_block *made = ir_build_finish(b);
    free(b);
    return made;
}
