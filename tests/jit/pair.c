/* SPDX-License-Identifier: GPL-2.0-or-later
 * pair: see pair.h. The compiled machine is run as the engine does: direct jumps are linked, the
 * jump cache is filled, and what is left to the interpreter ends the run: until then, however many
 * ticks that were, the interpreted machine follows.
 */
#include "pair.h"

#include "disas.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define START 1000 /* the tick */

void pair_init(struct pair *p)
{
    static const unsigned pinned[PAIR_PINS] = {5, 3, 0};
    static const uint32_t without[PAIR_HOSTS] = {0, JIT_HOST_AVX2 | JIT_HOST_FMA, JIT_HOST_AVX,
                                                 JIT_HOST_AVX | JIT_HOST_SSE41 | JIT_HOST_BITS,
                                                 JIT_HOST_AVX | JIT_HOST_SSE41 | JIT_HOST_SSSE3};
    struct error e;

    memset(p, 0, sizeof(*p));
    tiny_init(&p->a);
    tiny_init(&p->b);
    for (unsigned k = 0; k < PAIR_JITS; k++) {
        p->guests[k].pinned_count = pinned[k % PAIR_PINS];
        p->guests[k].without = without[k / PAIR_PINS];
        for (unsigned i = 0; i < p->guests[k].pinned_count; i++) {
            p->guests[k].pinned[i] = PAIR_SLOT(i);
        }
        p->jits[k] = jit_new(&p->guests[k], &e);
        must(p->jits[k] != NULL);
    }
}

void pair_fini(struct pair *p)
{
    for (unsigned k = 0; k < PAIR_JITS; k++) {
        jit_free(p->jits[k]);
    }
    tiny_fini(&p->a);
    tiny_fini(&p->b);
}

/* ---- the same beginning ---- */

static uint64_t some_value(const struct subject *s, uint64_t *rng)
{
    uint64_t r = chance_next(rng);

    switch (r & 7) {
    case 0: return chance_next(rng);
    case 1: return chance_next(rng) >> (r >> 8 & 63);
    case 2: return (uint64_t)(int64_t)(int8_t)(r >> 8);
    case 3: return TINY_RAM + (r >> 8) % TINY_RAM_BYTES;
    case 4: return TINY_RAM + ((r >> 8) % 0x4000 & ~UINT64_C(7));
    default: return s->value_count ? s->values[(r >> 8) % s->value_count] : r >> 8;
    }
}

/* Some pages' tables are filled, some pages hold code in use, some page tables. */
static void prepare_tables(struct tiny *t, uint64_t rng)
{
    uint64_t value;

    cpu_forget(&t->cpu);
    mem_tables_forget(&t->mem);
    t->walks = rng & 1;
    for (uint32_t page = 0; page < TINY_RAM_BYTES / PAGE_SIZE; page++) {
        uint64_t r = chance_next(&rng);
        vaddr va = TINY_RAM + page * (vaddr)PAGE_SIZE;

        mem_code_gone(&t->mem, page);
        if ((r & 15) == 0) {
            mem_code_used(&t->mem, page, r);
        }
        if (r & 16) {
            (void)cpu_try_load(&t->cpu, va, 3, &value);
        }
        if ((r & 96) == 96) { /* puts back what is there */
            (void)cpu_try_load(&t->cpu, va, 3, &value);
            (void)cpu_try_store(&t->cpu, va, value, 3);
        }
        t->cpu.fault = (struct fault){0};
    }
    if (rng & 2) { /* found before: generated code may go there */
        (void)cpu_try_load(&t->cpu, TINY_DEVICE, 3, &value);
        (void)cpu_try_store(&t->cpu, TINY_DEVICE, 0, 3);
    }
}

static void prepare(struct pair *p, const struct subject *s)
{
    uint64_t rng = s->seed;
    uint8_t *ram = p->a.mem.blocks[0].host;

    memset(&p->a.state, 0, sizeof p->a.state);
    for (unsigned at = 16; at < 512; at += 8) {
        bytes_set_le((uint8_t *)&p->a.state + at, 8, some_value(s, &rng));
    }
    p->a.state.hart.pc = s->blocks[0]->pc;
    p->a.state.hart.instructions = rng >> 20;
    p->a.state.hart.fp_flags = 0;
    memcpy(&p->b.state, &p->a.state, sizeof p->a.state);
    for (unsigned at = 0; at < TINY_RAM_BYTES; at += 512) { /* enough of it */
        bytes_set_le(ram + at + (rng >> 10 & 0xf8), 8, chance_next(&rng));
    }
    memcpy(p->b.mem.blocks[0].host, ram, TINY_RAM_BYTES);
    prepare_tables(&p->a, rng);
    prepare_tables(&p->b, rng);
    p->a.cpu.fault = p->b.cpu.fault = (struct fault){0};
    p->a.cpu.look = p->b.cpu.look = false;
    p->a.written_size = p->b.written_size = 0;
    p->a.reads = p->b.reads = 0;
    p->a.heard = p->b.heard = 0;
    p->a.code_hits = p->a.table_hits = p->b.code_hits = p->b.table_hits = 0;
}

/* ---- running ---- */

static int block_at(const struct subject *s, vaddr pc)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->blocks[i]->pc == pc) {
            return (int)i;
        }
    }
    return -1;
}

/* What struct jump_entry points to. */
struct shell {
    struct jit_target to;
};

static bool compile_all(struct pair *p, const struct subject *s, struct shell *shells)
{
    struct jit *j = p->jits[s->pins];

    if (jit_code_bytes(j) > 2 * MIB) {
        jit_flush(j);
    }
    for (unsigned i = 0; i < s->count; i++) {
        bool full;
        const uint8_t *hot, *cold;
        size_t hot_bytes, cold_bytes;

        shells[i].to.code = jit_compile(j, s->blocks[i],
                                        ((s->seed & 3) != 0 ? JIT_GROUPED : 0) |
                                            ((s->seed & 4) != 0 ? JIT_FLAT : 0),
                                        NULL, &full);
        if (full) {
            return false;
        }
        p->compiled += shells[i].to.code != NULL;
        p->refused += shells[i].to.code == NULL;
        if (p->show && shells[i].to.code) {
            struct text t = {0};

            jit_last_code(j, &hot, &hot_bytes, &cold, &cold_bytes);
            text_add(&t, "block %u, hot:\n", i);
            disas_all(hot, hot_bytes, hot, &t);
            text_add(&t, "cold:\n");
            disas_all(cold, cold_bytes, hot, &t);
            printf("%s", t.data);
            text_fini(&t);
        }
    }
    return true;
}

static enum ending run_compiled(struct pair *p, const struct subject *s, uint64_t *ran)
{
    struct jit *j = p->jits[s->pins];
    struct cpu *cpu = &p->b.cpu;
    struct shell shells[SUBJECT_BLOCKS];

    *ran = 0;
    if (!compile_all(p, s, shells)) {
        jit_flush(j);
        must(compile_all(p, s, shells));
    }
    for (unsigned rounds = 0; rounds < 4 * s->budget; rounds++) {
        int i = block_at(s, cpu->hart->pc);
        struct jit_result r;
        enum jit_left left;

        if (i < 0) {
            return END_OUT;
        }
        if (!shells[i].to.code) {
            return END_HARD;
        }
        if (s->budget - *ran < s->blocks[i]->insn_count) {
            return END_LIMIT;
        }
        cpu_know_jump(cpu, cpu->hart->pc, 0, (struct block *)&shells[i]);
        left = jit_run(j, cpu, shells[i].to.code, START + *ran, s->budget - *ran, &r);
        *ran += r.ran;
        switch (left) {
        case JIT_LOOK: return END_LOOK;
        case JIT_YIELD: return END_YIELD;
        case JIT_FAULT: return END_FAULT;
        case JIT_PROBE: must(!"a block without one"); break;
        case JIT_UNGROUP: /* the same, and advice to the engine */
        case JIT_HARD: return END_HARD;
        case JIT_LOOKUP: break;
        case JIT_LINK:
            i = block_at(s, cpu->hart->pc);
            if (i >= 0 && shells[i].to.code) {
                jit_link(j, r.site, shells[i].to.code);
            }
            break;
        }
    }
    return END_COUNT; /* went in and out without an end */
}

/* `ran` ticks, and the fault that is said to follow. */
static enum ending run_interpreted(struct pair *p, const struct subject *s, uint64_t ran,
                                   bool fault_follows)
{
    struct cpu *cpu = &p->a.cpu;
    uint64_t done = 0;

    while (done < ran + fault_follows) {
        int i = block_at(s, cpu->hart->pc);
        enum ir_left why;

        if (i < 0) {
            return END_COUNT;
        }
        cpu->block_tick = START + done;
        cpu->insn = 0;
        why = ir_interp(cpu, s->blocks[i], (uint32_t)(ran + fault_follows - done));
        done += cpu->insn;
        switch (why) {
        case IR_LEFT_EXIT: break;
        case IR_LEFT_LIMIT: return fault_follows ? END_COUNT : END_LIMIT;
        case IR_LEFT_LOOK: return done == ran ? END_LOOK : END_COUNT;
        case IR_LEFT_YIELD: return done == ran ? END_YIELD : END_COUNT;
        case IR_LEFT_FAULT: return done == ran ? END_FAULT : END_COUNT;
        case IR_LEFT_WATCH: return END_COUNT;
        }
    }
    return END_OUT;
}

/* ---- comparing ---- */

static bool same_bytes(const char *what, uint64_t base, const uint8_t *a, const uint8_t *b,
                       size_t size, struct text *why)
{
    if (memcmp(a, b, size) == 0) {
        return true;
    }
    for (size_t i = 0; i < size; i += 8) {
        if (memcmp(a + i, b + i, 8) != 0) {
            text_add(why, "%s 0x%" PRIx64 ": interpreted 0x%" PRIx64 ", compiled 0x%" PRIx64, what,
                     base + i, bytes_get_le(a + i, 8), bytes_get_le(b + i, 8));
            break;
        }
    }
    return false;
}

bool pair_run(struct pair *p, const struct subject *s, struct text *why)
{
    static const char *const words[] = {"out", "limit", "look", "yield", "fault", "hard", "lost"};
    enum ending b, a;
    uint64_t ran;

    prepare(p, s);
    b = run_compiled(p, s, &ran);
    if (b == END_COUNT) {
        text_add(why, "compiled: in and out without an end");
        return false;
    }
    p->endings[b]++;
    p->instructions += ran;
    a = run_interpreted(p, s, ran, b == END_FAULT);
    /* Where the interpreter merely stopped, the other may have more to say about it. */
    if (a != b &&
        !((a == END_LIMIT || a == END_OUT) && b != END_FAULT && b != END_LOOK && b != END_YIELD)) {
        text_add(why, "after %" PRIu64 " ticks: interpreted %s, compiled %s", ran, words[a],
                 words[b]);
        return false;
    }
    if (b == END_FAULT && (p->a.cpu.fault.cause != p->b.cpu.fault.cause ||
                           p->a.cpu.fault.value != p->b.cpu.fault.value)) {
        text_add(why, "faults differ: cause 0x%x 0x%x, value 0x%" PRIx64 " 0x%" PRIx64,
                 p->a.cpu.fault.cause, p->b.cpu.fault.cause, p->a.cpu.fault.value,
                 p->b.cpu.fault.value);
        return false;
    }
    p->device_accesses += p->b.reads + (p->b.written_size != 0);
    if (p->a.reads != p->b.reads || p->a.heard != p->b.heard) {
        text_add(why, "the device was asked otherwise by generated code, or at another tick");
        return false;
    }
    if (p->a.code_hits != p->b.code_hits || p->a.table_hits != p->b.table_hits) {
        text_add(why, "generated code has written what a listener should have heard of");
        return false;
    }
    return same_bytes("slot", 0, (uint8_t *)&p->a.state, (uint8_t *)&p->b.state, TINY_STATE_BYTES,
                      why) &&
           same_bytes("memory", TINY_RAM, p->a.mem.blocks[0].host, p->b.mem.blocks[0].host,
                      TINY_RAM_BYTES, why);
}
