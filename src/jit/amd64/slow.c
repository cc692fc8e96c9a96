/* SPDX-License-Identifier: GPL-2.0-or-later
 * slow: the C side of generated code, and its owner: making, entering, linking, killing.
 */
#include <stdlib.h>

#include "base/softfloat.h"
#include "jit/amd64/amd64.h"

#include <cpuid.h>

#define MXCSR_DEFAULT 0x1f80u /* everything masked, nearest, no flags */
#define MXCSR_FLAGS   0x3fu

/* ---- floating-point flags ---- */

void take_mxcsr(struct cpu *cpu, uint32_t mxcsr)
{
    static const uint8_t to[6] = {FP_NV, 0, FP_DZ, FP_OF, FP_UF, FP_NX}; /* IE DE ZE OE UE PE */

    if (likely((mxcsr & MXCSR_FLAGS) == 0)) {
        return;
    }
    for (unsigned i = 0; i < 6; i++) {
        if (mxcsr >> i & 1) {
            cpu->hart->fp_flags |= to[i];
        }
    }
}

void slow_sync(struct cpu *cpu)
{
    uint32_t mxcsr;

    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    if (mxcsr & MXCSR_FLAGS) {
        take_mxcsr(cpu, mxcsr);
        mxcsr = MXCSR_DEFAULT;
        __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    }
}

/* ---- from code ---- */

/* What a device takes and gives are bytes in memory, least significant first. */
static uint64_t in_order(uint64_t value, uint32_t attr)
{
    return attr & MEM_BIG ? __builtin_bswap64(value) >> (64 - 8 * MEM_SIZE(attr)) : value;
}

static uint64_t mem_extended(uint64_t value, uint32_t attr)
{
    unsigned bits = 8 * MEM_SIZE(attr);

    return attr & MEM_SIGNED ? bits_sext(value, bits) : bits_get(value, 0, bits);
}

/* C is about to run that may ask for the time, or use the host's floating point. */
static void enter_device(struct cpu *cpu, const struct context *c, uint64_t left)
{
    slow_sync(cpu);
    cpu->block_tick = c->end - left;
    cpu->insn = 0;
}

/* The rest of the block may run if nothing changed that the engine has to look at. Else it is left
 * with all of the instruction done: jit_run() does what is still missing. Enum jit_left + 1, or 0. */
static uint64_t leave_device(struct cpu *cpu, struct context *c, uint64_t info)
{
    uint32_t mxcsr;

    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    if (unlikely(mxcsr != MXCSR_DEFAULT)) {
        mxcsr = MXCSR_DEFAULT;
        __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    }
    if (likely(!cpu->look)) {
        return 0;
    }
    c->rest = SITE_REST(info);
    return JIT_LOOK + 1;
}

static void do_rest(struct cpu *cpu, struct context *c)
{
    uint32_t slot = REST_SLOT(c->rest);

    if (slot != 0) {
        memcpy((uint8_t *)cpu->state + 8 * slot, &c->loaded, 8);
    }
    cpu->hart->pc += REST_LENGTH(c->rest);
    c->left--;
}

struct slow_answer slow_load(struct cpu *cpu, vaddr va, uint64_t info, uint64_t unused,
                             struct context *c, uint64_t r15)
{
    struct slow_answer a = {0, 0};
    uint64_t at;
    const struct mem_window *w = cpu_known_device(cpu, va, ACCESS_READ, SITE_MEM(info), &at);

    (void)unused;
    if (w != NULL && SITE_REST(info) != REST_MUCH) {
        enter_device(cpu, c, r15 + SITE_REFUND(info));
        a.value =
            in_order(w->read(w->opaque, mem_access_to(w, at, MEM_SIZE(info), (int)cpu->number)),
                     SITE_MEM(info));
        a.value = mem_extended(a.value, SITE_MEM(info));
        a.left = leave_device(cpu, c, info);
        c->loaded = a.value;
        return a;
    }
    switch (cpu_try_load(cpu, va, SITE_MEM(info), &a.value)) {
    case CPU_DONE: break;
    case CPU_FAULT: a.left = JIT_FAULT + 1; break;
    case CPU_HARD: a.left = JIT_HARD + 1; break;
    }
    return a;
}

/* Puts the page of a group into its table. What faults is for the interpreter, at the very
 * instruction; what can never be there is better checked one by one. */
uint64_t slow_group(struct cpu *cpu, vaddr va, uint64_t info)
{
    uint32_t bytes = SITE_REST(info), mem = SITE_MEM(info);

    va = mem_address(va, mem);
    if (va % PAGE_SIZE + bytes > PAGE_SIZE) {
        return JIT_UNGROUP + 1;
    }
    switch (cpu_try_fill(cpu, va, mem & 1 ? ACCESS_WRITE : ACCESS_READ, mem & ~0xffu)) {
    case CPU_DONE: return 0;
    case CPU_FAULT: cpu->fault.raised = false; return JIT_HARD + 1;
    case CPU_HARD: break;
    }
    return JIT_UNGROUP + 1;
}

uint64_t slow_store(struct cpu *cpu, vaddr va, uint64_t info, uint64_t value, struct context *c,
                    uint64_t r15)
{
    uint64_t at;
    const struct mem_window *w = cpu_known_device(cpu, va, ACCESS_WRITE, SITE_MEM(info), &at);

    if (w != NULL && SITE_REST(info) != REST_MUCH) {
        unsigned size = MEM_SIZE(info);

        enter_device(cpu, c, r15 + SITE_REFUND(info));
        w->write(w->opaque, mem_access_to(w, at, size, (int)cpu->number),
                 in_order(bits_get(value, 0, 8 * size), SITE_MEM(info)));
        return leave_device(cpu, c, info);
    }
    switch (cpu_try_store(cpu, va, value, SITE_MEM(info))) {
    case CPU_DONE: break;
    case CPU_FAULT: return JIT_FAULT + 1;
    case CPU_HARD: return JIT_HARD + 1;
    }
    return 0;
}

struct slow_answer slow_call(struct cpu *cpu, const struct ir_helper *h, const uint64_t *args,
                             const struct context *c, uint64_t left)
{
    struct slow_answer a = {0, 0};
    bool looked = cpu->look; /* another helper of the instruction may have asked already */

    if (h->effects & ~HELPER_FAULTS) {
        slow_sync(cpu);
        cpu->block_tick = c->end - left;
        cpu->insn = 0;
        cpu->hart->instructions = c->end_instructions - left;
    }
    a.value = h->call(cpu, args[0], args[1], args[2]);
    if (cpu->fault.raised) {
        a.left = JIT_FAULT + 1;
    }
    if (unlikely(cpu->watch_hit)) {
        cpu->watch_hit = false;
        a.left = JIT_PROBE + 1;
    }
    must(cpu->look == looked || (h->effects & (HELPER_LOOKS | HELPER_MEMORY)));
    return a;
}

const void *slow_look(struct cpu *cpu, struct context *c, uint64_t left)
{
    const struct jit_engine *engine = c->engine;

    if (engine->look == NULL) {
        return NULL;
    }
    cpu->block_tick = c->end - left;
    cpu->insn = 0;
    return engine->look(engine->opaque, cpu);
}

/* The tick that it takes retires nothing. */
const void *slow_fault(struct cpu *cpu, struct context *c, uint64_t left)
{
    const struct jit_engine *engine = c->engine;

    cpu->block_tick = c->end - left;
    cpu->insn = 0;
    cpu->hart->instructions = c->end_instructions - left;
    if (engine->fault == NULL || !engine->fault(engine->opaque, cpu)) {
        return NULL;
    }
    c->end_instructions--;
    return c;
}

uint64_t slow_fp(struct cpu *cpu, const struct ir_op *o, const uint64_t *args)
{
    return ir_fp_value(cpu, o, args[0], args[1], args[2]);
}

static uint64_t left_by(enum cpu_try answer)
{
    switch (answer) {
    case CPU_DONE: break;
    case CPU_FAULT: return JIT_FAULT + 1;
    case CPU_HARD: return JIT_HARD + 1;
    }
    return 0;
}

uint64_t slow_load_vector(struct cpu *cpu, vaddr va, uint64_t info, uint64_t *vector)
{
    return left_by(cpu_try_load128(cpu, va, SITE_MEM(info), vector));
}

uint64_t slow_store_vector(struct cpu *cpu, vaddr va, uint64_t info, const uint64_t *vector)
{
    return left_by(cpu_try_store128(cpu, va, SITE_MEM(info), vector));
}

/* Operand n is a vector, or a word, where the operation has it so. */
uint64_t slow_vector(struct cpu *cpu, const struct ir_op *o, uint64_t *args)
{
    const struct ir_op_info *info = &ir_op_info[o->op];
    const uint8_t kinds[3] = {info->a, info->b, info->c};
    uint64_t operands[3][2];

    for (unsigned n = 0; n < 3; n++) {
        bool vector = kinds[n] == K_T || kinds[n] == K_V128;

        operands[n][0] = vector ? args[VECTORS_AT + 2 * n] : args[n];
        operands[n][1] = vector ? args[VECTORS_AT + 2 * n + 1] : 0;
    }
    ir_vector_value(cpu, o, operands, &args[VECTORS_AT]);
    return args[VECTORS_AT];
}

struct slow_answer slow_rmw(struct cpu *cpu, const struct ir_op *o, uint64_t *args)
{
    struct slow_answer a = {0, 0};
    uint64_t *vectors = &args[VECTORS_AT], old[2] = {0};

    if (o->op == IR_RMW) {
        a.left = left_by(ir_try_rmw(cpu, o, args[0], args[1], &a.value));
    } else if ((o->type & IR_TYPE_MASK) == IR_V128) {
        a.left = left_by(ir_try_cas(cpu, o, args[0], &vectors[2], &vectors[4], old));
        memcpy(vectors, old, sizeof old);
    } else {
        const uint64_t expected[2] = {args[1]}, desired[2] = {args[2]};

        a.left = left_by(ir_try_cas(cpu, o, args[0], expected, desired, old));
        a.value = old[0];
    }
    return a;
}

/* ---- the owner ---- */

/* What this host has of JIT_HOST_*, and its kernel lets us use. */
static uint32_t host_features(void)
{
    const unsigned ymm = 6; /* of XCR0: xmm and ymm state is kept */
    unsigned a, b, c, d, has = 0, xcr0 = 0;
    bool bits = false, popcnt = false;

    if (__get_cpuid(1, &a, &b, &c, &d)) {
        if (c >> 27 & 1) {
            __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(d) : "c"(0));
        }
        has |= c >> 9 & 1 ? JIT_HOST_SSSE3 : 0;
        has |= c >> 19 & c >> 20 & 1 ? JIT_HOST_SSE41 : 0;
        has |= c >> 28 & 1 ? JIT_HOST_AVX : 0;
        has |= c >> 12 & 1 ? JIT_HOST_FMA : 0;
        popcnt = c >> 23 & 1;
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        has |= b >> 5 & 1 ? JIT_HOST_AVX2 : 0;
        bits = (b >> 8 & 1) && (b >> 3 & 1);
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        has |= bits && popcnt && (c >> 5 & 1) ? JIT_HOST_BITS : 0;
    }
    return (xcr0 & ymm) == ymm ? has
                               : has & ~(uint32_t)(JIT_HOST_AVX | JIT_HOST_AVX2 | JIT_HOST_FMA);
}

/* Each feature without those that it is built on is none. */
static void choose_features(struct jit *j)
{
    uint32_t has = host_features() & ~j->guest.without;

    j->has_bits = (has & JIT_HOST_BITS) != 0;
    j->has_ssse3 = (has & JIT_HOST_SSSE3) != 0;
    j->has_sse41 = j->has_ssse3 && (has & JIT_HOST_SSE41);
    j->has_avx = j->has_sse41 && (has & JIT_HOST_AVX);
    j->has_avx2 = j->has_avx && (has & JIT_HOST_AVX2);
    j->has_fma = j->has_avx && (has & JIT_HOST_FMA);
}

bool jit_supported(void)
{
    return true; /* SSE2 is every x86-64's */
}

struct jit *jit_new(const struct jit_guest *guest, struct error *e)
{
    struct jit *j = base_alloc(1, sizeof(*j));

    must(guest->modes == 0 || guest->modes >> __builtin_ctz(guest->modes) < JUMP_VARIANTS);
    j->guest = *guest;
    if (j->guest.pinned_count > PIN_REGS) {
        j->guest.pinned_count = PIN_REGS;
    }
    memset(j->pin_at, NO_PIN, sizeof j->pin_at);
    for (unsigned p = 0; p < j->guest.pinned_count; p++) {
        must(guest->pinned[p] % 8 == 0 && guest->pinned[p] / 8 < SLOT_WORDS);
        j->pin_at[guest->pinned[p] / 8] = (uint8_t)p;
    }
    if (host_exec_map(&j->memory, CODE_BYTES, e) < 0) {
        free(j);
        return NULL;
    }
    choose_features(j);
    j->gen = base_alloc(1, sizeof(*j->gen));
    j->gen->j = j;
    j->gen->e = &j->e;
    j->cold_start = CODE_BYTES / 2;
    j->e = (struct emit){.base = j->memory.write, .limit = j->cold_start};
    thunks_make(j);
    j->first_hot = (uint32_t)align_up(j->e.at, 64);
    jit_flush(j);
    return j;
}

void jit_free(struct jit *j)
{
    if (j) {
        host_exec_unmap(&j->memory);
        vec_fini(&j->links);
        free(j->gen);
        free(j);
    }
}

void jit_flush(struct jit *j)
{
    j->hot = j->first_hot;
    j->cold = j->cold_start;
    j->links.count = 0;
}

const void *jit_no_code(const struct jit *j)
{
    return j->memory.exec + j->lookup_rax;
}

/* Its entry becomes a jump to its own limit stub, but the count is not taken yet there: it is the
 * first instruction, so jump behind the giving back. The stub begins with `add r15, n`. */
void jit_kill(struct jit *j, const void *code)
{
    uint32_t at = (uint32_t)((const uint8_t *)code - j->memory.exec);
    uint8_t *w = j->memory.write + at;
    /* sub r15, imm8 is 4 bytes, then js rel32: 0f 88 */
    uint32_t stub = at + 10 + (uint32_t)bytes_get_le(w + 6, 4);

    must(w[4] == 0x0f && w[5] == 0x88);
    j->e.full = false;
    w[0] = 0xe9;
    emit_patch(&j->e, at + 1, stub + 4); /* add r15, imm8 is 4 bytes as well */
}

const void *jit_code_at(const struct jit *j, uint32_t site)
{
    return j->memory.exec + site;
}

void jit_redirect(struct jit *j, const void *killed, const void *code)
{
    uint32_t at = (uint32_t)((const uint8_t *)killed - j->memory.exec);

    must(j->memory.write[at] == 0xe9);
    j->e.full = false;
    emit_patch(&j->e, at + 1, (uint32_t)((const uint8_t *)code - j->memory.exec));
}

void jit_link(struct jit *j, uint32_t site, const void *code)
{
    const struct link link = {
        .site = site, .before = site + 4 + (uint32_t)bytes_get_le(j->memory.write + site, 4)};

    vec_push(&j->links, link);
    j->e.full = false;
    emit_patch(&j->e, site, (uint32_t)((const uint8_t *)code - j->memory.exec));
}

void jit_unlink(struct jit *j)
{
    j->e.full = false;
    while (j->links.count != 0) {
        const struct link *link = &j->links.data[--j->links.count];

        emit_patch(&j->e, link->site, link->before);
    }
}

size_t jit_code_bytes(const struct jit *j)
{
    return (j->hot - j->first_hot) + (j->cold - j->cold_start);
}

void jit_last_code(const struct jit *j, const uint8_t **hot, size_t *hot_bytes,
                   const uint8_t **cold, size_t *cold_bytes)
{
    *hot = j->memory.exec + j->last_hot;
    *hot_bytes = j->hot - j->last_hot;
    *cold = j->memory.exec + j->last_cold;
    *cold_bytes = j->cold - j->last_cold;
}

/* Generated code has no type in front of it, where the sanitizer of newer clangs looks for one. */
#if defined(__clang__)
#define CALLS_GENERATED __attribute__((no_sanitize("function")))
#else
#define CALLS_GENERATED
#endif

CALLS_GENERATED enum jit_left jit_run(struct jit *j, struct cpu *cpu, const void *code, tick now,
                                      uint64_t budget, struct jit_result *result)
{
    uint64_t most = budget < INT64_MAX / 2 ? budget : INT64_MAX / 2;
    struct context c = {.mxcsr = MXCSR_DEFAULT,
                        .end = now + most,
                        .engine = &j->guest.engine,
                        .yielded = UINT64_MAX,
                        .end_instructions = cpu->hart->instructions + most};
    enum jit_left (*enter)(struct cpu *, const void *, uint64_t, struct context *);
    const uint8_t *entry = j->memory.exec + j->enter;
    enum jit_left left;

    memcpy(&enter, &entry, sizeof enter);
    left = enter(cpu, code, most, &c);
    take_mxcsr(cpu, c.mxcsr);
    if (c.rest != REST_MUCH) {
        do_rest(cpu, &c);
    }
    result->ran = most - c.left;
    result->yielded = c.yielded != UINT64_MAX ? most - c.yielded : UINT64_MAX;
    result->site = c.site;
    cpu->hart->instructions = c.end_instructions - c.left;
    return left;
}
