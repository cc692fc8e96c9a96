/* SPDX-License-Identifier: GPL-2.0-or-later
 * interp_mem: the interpreter's memory operations beside the plain hit of a table: through cpu/'s
 * slow paths, and read-modify-write, which one thread needs no atomic operations for.
 */
#include "ir/interp.h"
#include "ir/eval.h"

static uint64_t type_mask(const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;

    return type == IR_I32 || type == IR_F32 ? UINT32_MAX : UINT64_MAX;
}

void ir_interp_load(struct cpu *cpu, const struct ir_op *o, vaddr va, union ir_value *result)
{
    if ((o->type & IR_TYPE_MASK) == IR_V128) {
        (void)cpu_load128(cpu, va, o->mem, result->d);
    } else {
        result->u = cpu_load(cpu, va, o->mem) & type_mask(o);
    }
}

void ir_interp_store(struct cpu *cpu, const struct ir_op *o, vaddr va, const union ir_value *value)
{
    if ((o->type & IR_TYPE_MASK) == IR_V128) {
        (void)cpu_store128(cpu, va, o->mem, value->d);
    } else {
        cpu_store(cpu, va, value->u, o->mem);
    }
}

/* ---- read-modify-write ---- */

/* `bits` is the width in memory; old and b are zero-extended from it. */
static uint64_t rmw_value(unsigned kind, unsigned bits, uint64_t old, uint64_t b)
{
    switch ((enum ir_rmw)kind) {
    case RMW_SWAP: return b;
    case RMW_ADD: return old + b;
    case RMW_AND: return old & b;
    case RMW_OR: return old | b;
    case RMW_XOR: return old ^ b;
    case RMW_ANDN: return old & ~b;
    case RMW_MINS: return eval_signed(bits, old) < eval_signed(bits, b) ? old : b;
    case RMW_MAXS: return eval_signed(bits, old) > eval_signed(bits, b) ? old : b;
    case RMW_MINU: return old < b ? old : b;
    case RMW_MAXU: return old > b ? old : b;
    case RMW_RSUB: return old - b;
    }
    must(false);
    return 0;
}

/* The operand in RAM, or NULL: then *device says whether to load and store it instead; else
 * nothing is to be done, for a fault, a watchpoint, or because nothing is there. */
static void *rmw_host(struct cpu *cpu, vaddr va, uint32_t attr, bool *device)
{
    const struct tlb_entry *e = &cpu->space->write[(va >> PAGE_BITS) % TLB_ENTRIES];
    unsigned size = MEM_SIZE(attr);

    *device = false;
    /* Pages in the write table are readable too: access.c. */
    if (MEM_AS(attr) == AS_CURRENT && va - e->tag <= PAGE_SIZE - size && mem_is_natural(va, attr)) {
        mem_mark(cpu->mem, (void *)(e->addend + (uintptr_t)va), size);
        return (void *)(e->addend + (uintptr_t)va);
    }
    return cpu_rmw_address(cpu, va, attr, device);
}

static bool stopped(const struct cpu *cpu)
{
    return cpu->fault.raised || cpu->watch_hit;
}

static uint64_t host_get(const void *host, uint32_t attr)
{
    unsigned size = MEM_SIZE(attr);

    return attr & MEM_BIG ? bytes_get_be(host, size) : bytes_get_le(host, size);
}

static void host_set(void *host, uint32_t attr, uint64_t value)
{
    unsigned size = MEM_SIZE(attr);

    if (attr & MEM_BIG) {
        bytes_set_be(host, size, value);
    } else {
        bytes_set_le(host, size, value);
    }
}

static uint64_t extended(const struct ir_op *o, uint64_t value)
{
    unsigned bits = 8 * MEM_SIZE(o->mem);

    return (o->mem & MEM_SIGNED ? bits_sext(value, bits) : value) & type_mask(o);
}

void ir_interp_rmw(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                   union ir_value *result)
{
    vaddr va = mem_address(v[o->a].u, o->mem);
    unsigned bits = 8 * MEM_SIZE(o->mem);
    uint64_t old = 0, b = bits_get(v[o->b].u, 0, bits);
    bool device;
    void *host = rmw_host(cpu, va, o->mem, &device);

    if (host != NULL) {
        old = host_get(host, o->mem);
        host_set(host, o->mem, rmw_value(o->attr, bits, old, b));
    } else if (device) {
        old = cpu_load(cpu, va, o->mem & ~MEM_SIGNED);
        if (!stopped(cpu)) {
            cpu_store(cpu, va, rmw_value(o->attr, bits, old, b), o->mem);
        }
    }
    result->u = extended(o, old);
}

static void cas_128(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                    union ir_value *result)
{
    vaddr va = mem_address(v[o->a].u, o->mem);
    const union ir_value *expected = &v[o->b], *desired = &v[o->c];
    union ir_value old;
    bool device;

    /* cpu_load128 knows about byte order; the address was only asked for the permission. */
    result->d[0] = 0;
    result->d[1] = 0;
    if (cpu_rmw_address(cpu, va, o->mem, &device) == NULL && !device) {
        return;
    }
    if (!cpu_load128(cpu, va, o->mem, old.d)) {
        return;
    }
    if (memcmp(old.d, expected->d, sizeof(old.d)) == 0 &&
        !cpu_store128(cpu, va, o->mem, desired->d)) {
        return;
    }
    *result = old;
}

void ir_interp_cas(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                   union ir_value *result)
{
    vaddr va = mem_address(v[o->a].u, o->mem);
    unsigned bits = 8 * MEM_SIZE(o->mem);
    uint64_t old = 0;
    bool device;
    void *host;

    if ((o->type & IR_TYPE_MASK) == IR_V128) {
        cas_128(cpu, o, v, result);
        return;
    }
    uint64_t expected = bits_get(v[o->b].u, 0, bits);
    host = rmw_host(cpu, va, o->mem, &device);
    if (host != NULL) {
        old = host_get(host, o->mem);
        if (old == expected) {
            host_set(host, o->mem, v[o->c].u);
        }
    } else if (device) {
        old = cpu_load(cpu, va, o->mem & ~MEM_SIGNED);
        if (!stopped(cpu) && old == expected) {
            cpu_store(cpu, va, v[o->c].u, o->mem);
        }
    }
    result->u = extended(o, old);
}

enum cpu_try ir_try_rmw(struct cpu *cpu, const struct ir_op *o, uint64_t a, uint64_t b,
                        uint64_t *value)
{
    unsigned bits = 8 * MEM_SIZE(o->mem);
    void *host;
    enum cpu_try answer = cpu_try_rmw(cpu, a, o->mem, &host);

    if (answer == CPU_DONE) {
        uint64_t old = host_get(host, o->mem);

        host_set(host, o->mem, rmw_value(o->attr, bits, old, bits_get(b, 0, bits)));
        *value = extended(o, old);
    }
    return answer;
}

enum cpu_try ir_try_cas(struct cpu *cpu, const struct ir_op *o, uint64_t a,
                        const uint64_t expected[2], const uint64_t desired[2], uint64_t value[2])
{
    void *host;
    enum cpu_try answer = cpu_try_rmw(cpu, a, o->mem, &host);

    if (answer != CPU_DONE) {
        return answer;
    }
    if ((o->type & IR_TYPE_MASK) == IR_V128) {
        bool big = (o->mem & MEM_BIG) != 0;
        uint8_t *low = (uint8_t *)host + (big ? 8 : 0), *high = (uint8_t *)host + (big ? 0 : 8);
        uint32_t half = 3 | (o->mem & MEM_BIG);

        value[0] = host_get(low, half);
        value[1] = host_get(high, half);
        if (value[0] == expected[0] && value[1] == expected[1]) {
            host_set(low, half, desired[0]);
            host_set(high, half, desired[1]);
        }
    } else {
        uint64_t old = host_get(host, o->mem);

        if (old == bits_get(expected[0], 0, 8 * MEM_SIZE(o->mem))) {
            host_set(host, o->mem, desired[0]);
        }
        value[0] = extended(o, old);
    }
    return answer;
}
