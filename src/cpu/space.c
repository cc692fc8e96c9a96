/* SPDX-License-Identifier: GPL-2.0-or-later
 * space: the address spaces of a hart. Each is a set of tables for one key, which is all that a
 * page walk and a permission check read besides memory and the address; a switch of process or
 * mode chooses another set and drops nothing. Which sets survive is never visible to the guest.
 */
#include "cpu/cpu.h"

#include <stdlib.h>

static void clear_tlb(struct tlb_entry *entries)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        entries[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
    }
}

static void clear_jumps(struct space *s)
{
    for (unsigned i = 0; i < JUMP_ENTRIES; i++) {
        s->jump[i] = (struct jump_entry){.pc = UINT64_MAX, .block = NULL};
    }
    memset(s->jump_pages, 0, sizeof(s->jump_pages));
}

static void clear_space(struct space *s)
{
    clear_tlb(s->read);
    clear_tlb(s->write);
    for (unsigned i = 0; i < FETCH_ENTRIES; i++) {
        s->fetch[i] = (struct fetch_entry){.page = UINT64_MAX, .at = 0};
    }
    for (unsigned i = 0; i < MIXED_ENTRIES; i++) {
        s->mixed[i].page = UINT64_MAX;
    }
    for (unsigned i = 0; i < DEVICE_ENTRIES; i++) {
        s->device[ACCESS_READ][i].page = UINT64_MAX;
        s->device[ACCESS_WRITE][i].page = UINT64_MAX;
    }
    clear_jumps(s);
}

void cpu_init(struct cpu *cpu, void *state, struct mem *mem)
{
    memset(cpu, 0, sizeof(*cpu));
    cpu->state = state;
    cpu->hart = state;
    cpu->mem = mem;
    cpu->spaces = base_alloc(SPACES, sizeof(*cpu->spaces));
    cpu->space = &cpu->spaces[0];
    clear_space(cpu->space);
}

void cpu_fini(struct cpu *cpu)
{
    free(cpu->spaces);
    memset(cpu, 0, sizeof(*cpu));
}

void cpu_select_space(struct cpu *cpu, uint32_t block_mode)
{
    uint64_t key[5] = {0, 0, 0, 0, block_mode};
    struct space *victim = &cpu->spaces[0];

    cpu->mmu->space_key(cpu, key);
    for (unsigned i = 0; i < SPACES; i++) {
        struct space *s = &cpu->spaces[i];

        if (s->used != 0 && memcmp(s->key, key, sizeof(key)) == 0) {
            s->used = ++cpu->space_clock;
            cpu->space = s;
            return;
        }
        if (s->used < victim->used) {
            victim = s;
        }
    }
    clear_space(victim);
    memcpy(victim->key, key, sizeof(key));
    victim->used = ++cpu->space_clock;
    cpu->space = victim;
}

/* The other spaces are only marked empty, as they are at first: cpu_select_space() clears them when
 * it takes them. */
void cpu_forget(struct cpu *cpu)
{
    for (unsigned i = 0; i < SPACES; i++) {
        if (&cpu->spaces[i] != cpu->space) {
            cpu->spaces[i].used = 0;
        }
    }
    clear_space(cpu->space);
}

void cpu_forget_writes(struct cpu *cpu)
{
    for (unsigned i = 0; i < SPACES; i++) {
        if (cpu->spaces[i].used != 0 || &cpu->spaces[i] == cpu->space) {
            clear_tlb(cpu->spaces[i].write);
        }
    }
}

/* An empty entry's sum is a small number, where no host page lies. */
static void forget_written(struct space *s, unsigned i, uintptr_t host)
{
    if ((uintptr_t)(s->write[i].tag + s->write[i].addend) == host) {
        s->write[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
    }
}

void cpu_forget_page(struct cpu *cpu, uint32_t page)
{
    uintptr_t host = (uintptr_t)mem_page_bytes(cpu->mem, page);
    const uint16_t *at = &cpu->mem->w_at[(size_t)2 * page];

    for (unsigned i = 0; i < SPACES; i++) {
        struct space *s = &cpu->spaces[i];

        if (s->used == 0 && s != cpu->space) {
            continue;
        }
        if (at[1] == MEM_W_MANY) {
            for (unsigned k = 0; k < TLB_ENTRIES; k++) {
                forget_written(s, k, host);
            }
            continue;
        }
        forget_written(s, at[0] % TLB_ENTRIES, host);
        if (at[1] != MEM_W_NONE) {
            forget_written(s, at[1], host);
        }
    }
}

void cpu_forget_jumps(struct cpu *cpu)
{
    for (unsigned i = 0; i < SPACES; i++) {
        if (cpu->spaces[i].used != 0 || &cpu->spaces[i] == cpu->space) {
            clear_jumps(&cpu->spaces[i]);
        }
    }
}

static bool may_jump_to(const struct space *s, vaddr page)
{
    unsigned bit = jump_page(page);

    return s->jump_pages[bit / 64] >> bit % 64 & 1;
}

static void forget_jump_to(struct jump_entry *j, vaddr first, uint64_t bytes)
{
    if (j->pc - first < bytes) {
        *j = (struct jump_entry){.pc = UINT64_MAX, .block = NULL};
    }
}

/* A pc and the odd one behind it have the same place. */
static void forget_jumps_to(struct space *s, vaddr first, uint64_t bytes)
{
    if (bytes / 2 >= JUMP_ENTRIES) {
        for (unsigned i = 0; i < JUMP_ENTRIES; i++) {
            forget_jump_to(&s->jump[i], first, bytes);
        }
        return;
    }
    for (uint64_t at = 0; at < bytes; at += 2) {
        forget_jump_to(&s->jump[jump_index(first + at)], first, bytes);
    }
}

/* The entries of pages that are looked at access by access. */
static void forget_slow(struct space *s, vaddr first, uint64_t bytes)
{
    for (unsigned i = 0; i < MIXED_ENTRIES; i++) {
        if (s->mixed[i].page - first < bytes) {
            s->mixed[i].page = UINT64_MAX;
        }
    }
    for (unsigned i = 0; i < DEVICE_ENTRIES; i++) {
        for (unsigned kind = ACCESS_READ; kind <= ACCESS_WRITE; kind++) {
            if (s->device[kind][i].page - first < bytes) {
                s->device[kind][i].page = UINT64_MAX;
            }
        }
    }
}

static void forget_page_of(struct space *s, vaddr page)
{
    unsigned i = (unsigned)(page >> PAGE_BITS) % TLB_ENTRIES;
    struct fetch_entry *f = &s->fetch[(page >> PAGE_BITS) % FETCH_ENTRIES];

    if (s->read[i].tag == page) {
        s->read[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
    }
    if (s->write[i].tag == page) {
        s->write[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
    }
    if (f->page == page) {
        *f = (struct fetch_entry){.page = UINT64_MAX, .at = 0};
    }
}

static void forget_many(struct space *s, vaddr first, uint64_t bytes)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        if (s->read[i].tag - first < bytes) {
            s->read[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
        }
        if (s->write[i].tag - first < bytes) {
            s->write[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
        }
    }
    for (unsigned i = 0; i < FETCH_ENTRIES; i++) {
        if (s->fetch[i].page - first < bytes) {
            s->fetch[i] = (struct fetch_entry){.page = UINT64_MAX, .at = 0};
        }
    }
}

/* Code that begins in the page before may reach into the range. */
void cpu_forget_range(struct cpu *cpu, vaddr first, uint64_t bytes)
{
    for (unsigned i = 0; i < SPACES; i++) {
        struct space *s = &cpu->spaces[i];

        if (s->used == 0 && s != cpu->space) {
            continue;
        }
        forget_slow(s, first, bytes);
        if (bytes <= PAGE_SIZE) {
            forget_page_of(s, first);
        } else {
            forget_many(s, first, bytes);
        }
        if (bytes > PAGE_SIZE || may_jump_to(s, first) || may_jump_to(s, first - PAGE_SIZE)) {
            forget_jumps_to(s, first - PAGE_SIZE, bytes + PAGE_SIZE);
        }
    }
}
