/* SPDX-License-Identifier: GPL-2.0-or-later
 * space: the address spaces of a hart. Each is a set of tables for one key, which is all that a
 * page walk and a permission check read besides memory and the address; a switch of process or
 * mode chooses another set and drops nothing. Which sets survive is never visible to the guest.
 */
#include "cpu/cpu.h"

#include <stdlib.h>

/* The bits of `parts` one after the other, each as the entries [*from, *from + count) of its table. */
static bool next_part(uint64_t *parts, unsigned count, unsigned *from)
{
    if (*parts == 0) {
        return false;
    }
    *from = (unsigned)__builtin_ctzll(*parts) * count;
    *parts &= *parts - 1;
    return true;
}

static void clear_tlb(struct tlb_entry *entries, uint64_t *parts)
{
    unsigned from;

    while (next_part(parts, TLB_PART, &from)) {
        for (unsigned i = from; i < from + TLB_PART; i++) {
            entries[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
        }
    }
}

static void clear_jumps(struct space *s)
{
    unsigned from;

    for (unsigned w = 0; w < ARRAY_LEN(s->jump_parts); w++) {
        while (next_part(&s->jump_parts[w], JUMP_PART, &from)) {
            unsigned first = w * 64 * JUMP_PART + from;

            for (unsigned i = first; i < first + JUMP_PART; i++) {
                s->jump[i] = (struct jump_entry){.pc = JUMP_NO_PC(i), .block = NULL};
            }
        }
    }
    memset(s->jump_pages, 0, sizeof(s->jump_pages));
}

static void clear_space(struct space *s)
{
    clear_tlb(s->read, &s->read_parts);
    clear_tlb(s->write, &s->write_parts);
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
    s->is_slow = false;
    s->flat_bytes = 0;
    clear_jumps(s);
}

static struct space *new_space(void)
{
    struct space *s = base_alloc(1, sizeof(*s));

    s->read_parts = s->write_parts = UINT64_MAX;
    memset(s->jump_parts, 0xff, sizeof(s->jump_parts));
    clear_space(s);
    return s;
}

/* What accesses as another find before their space is chosen: nothing. It has no jumps, and nobody
 * writes to it. */
static struct space *new_no_space(void)
{
    struct space *s = base_alloc(1, sizeof(*s));

    s->read_parts = s->write_parts = UINT64_MAX;
    clear_space(s);
    return s;
}

static void leave_as(struct cpu *cpu)
{
    cpu->as_chosen = 0;
    for (unsigned as = 0; as < AS_DEBUG; as++) {
        cpu->as[as] = cpu->no_space;
    }
}

void cpu_init(struct cpu *cpu, void *state, struct mem *mem)
{
    memset(cpu, 0, sizeof(*cpu));
    cpu->state = state;
    cpu->hart = state;
    cpu->mem = mem;
    cpu->spaces[0] = new_space();
    cpu->space_count = 1;
    cpu->space_names[0].used =
        ++cpu->space_clock; /* its name is zeros, and so are their hash's bits */
    cpu->space = cpu->spaces[0];
    cpu->no_space = new_no_space();
    leave_as(cpu);
}

void cpu_fini(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->space_count; i++) {
        free(cpu->spaces[i]);
    }
    free(cpu->no_space);
    memset(cpu, 0, sizeof(*cpu));
}

/* ---- choosing ---- */

/* The products need not wait for one another. */
static uint32_t hash_of(const uint64_t key[SPACE_KEY + 1])
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= SPACE_KEY; i++) {
        sum += key[i] * (UINT64_C(0x9e3779b97f4a7c15) * (2 * i + 1));
    }
    return (uint32_t)(sum >> 32);
}

static bool is_named(const struct space_name *name, const uint64_t key[SPACE_KEY + 1])
{
    uint64_t differs = 0;

    for (unsigned i = 0; i <= SPACE_KEY; i++) {
        differs |= name->key[i] ^ key[i];
    }
    return differs == 0;
}

/* An empty one, or that which was chosen longest ago: those in use are the latest. */
static unsigned choose_victim(struct cpu *cpu)
{
    unsigned victim = 0;

    for (unsigned i = 0; i < cpu->space_count; i++) {
        if (cpu->space_names[i].used < cpu->space_names[victim].used) {
            victim = i;
        }
    }
    if (cpu->space_names[victim].used != 0 && cpu->space_count < SPACES) {
        victim = cpu->space_count++;
        cpu->spaces[victim] = new_space();
        return victim;
    }
    clear_space(cpu->spaces[victim]);
    return victim;
}

static unsigned find_space(struct cpu *cpu, const uint64_t key[SPACE_KEY + 1])
{
    uint32_t hash = hash_of(key);
    unsigned i;

    for (i = 0; i < cpu->space_count; i++) {
        if (cpu->space_hashes[i] == hash && cpu->space_names[i].used != 0 &&
            is_named(&cpu->space_names[i], key)) {
            break;
        }
    }
    if (unlikely(i == cpu->space_count)) {
        i = choose_victim(cpu);
        memcpy(cpu->space_names[i].key, key, sizeof(cpu->space_names[i].key));
        cpu->space_hashes[i] = hash;
    }
    cpu->space_names[i].used = ++cpu->space_clock;
    return i;
}

/* No code is lifted for accesses: where its mode stands is what no mode is. */
static void key_as(const struct cpu *cpu, enum access_as as, uint64_t key[SPACE_KEY + 1])
{
    memset(key, 0, (SPACE_KEY + 1) * sizeof(*key));
    key[SPACE_KEY] = ~(uint64_t)as;
    cpu->mmu->space_key(cpu, as, key);
}

struct space *cpu_choose_as(struct cpu *cpu, enum access_as as)
{
    uint64_t key[SPACE_KEY + 1];
    unsigned i;

    key_as(cpu, as, key);
    i = find_space(cpu, key);
    cpu->as[as] = cpu->spaces[i];
    cpu->as_index[as] = (uint8_t)i;
    cpu->as_chosen |= UINT32_C(1) << as;
    return cpu->as[as];
}

/* A trap goes back and forth between two spaces. */
static void find_current(struct cpu *cpu, const uint64_t key[SPACE_KEY + 1])
{
    unsigned now = cpu->space_index[0], before = cpu->space_index[1];

    if (is_named(&cpu->space_names[now], key)) {
        cpu->space_names[now].used = ++cpu->space_clock;
        return;
    }
    cpu->space_index[1] = now;
    if (cpu->space_names[before].used != 0 && is_named(&cpu->space_names[before], key)) {
        cpu->space_names[before].used = ++cpu->space_clock;
        cpu->space_index[0] = before;
        return;
    }
    cpu->space_index[0] = find_space(cpu, key);
}

/* Those whose names have not changed stay. One that another space has taken has another name. */
static void check_as(struct cpu *cpu)
{
    uint64_t key[SPACE_KEY + 1];

    for (uint32_t left = cpu->as_chosen; left != 0; left &= left - 1) {
        unsigned as = (unsigned)__builtin_ctz(left);
        struct space_name *name = &cpu->space_names[cpu->as_index[as]];

        key_as(cpu, (enum access_as)as, key);
        if (name->used != 0 && is_named(name, key)) {
            name->used = ++cpu->space_clock;
        } else {
            cpu->as[as] = cpu->no_space;
            cpu->as_chosen &= ~(UINT32_C(1) << as);
        }
    }
}

void cpu_select_space(struct cpu *cpu, uint64_t block_mode)
{
    uint64_t key[SPACE_KEY + 1] = {[SPACE_KEY] = block_mode};

    cpu->mmu->space_key(cpu, AS_CURRENT, key);
    find_current(cpu, key);
    cpu->space = cpu->spaces[cpu->space_index[0]];
    if (unlikely(cpu->as_chosen != 0)) {
        check_as(cpu);
    }
}

/* ---- forgetting ---- */

/* The next that may hold anything, from *i on. */
static struct space *next_space(const struct cpu *cpu, unsigned *i)
{
    while (*i < cpu->space_count) {
        struct space *s = cpu->spaces[(*i)++];

        if (cpu->space_names[*i - 1].used != 0 || s == cpu->space) {
            return s;
        }
    }
    return NULL;
}

/* The other spaces are only marked empty, as they are at first: they are cleared when they are taken
 * again. */
void cpu_forget(struct cpu *cpu)
{
    for (unsigned i = 0; i < cpu->space_count; i++) {
        if (cpu->spaces[i] != cpu->space) {
            cpu->space_names[i].used = 0;
        }
    }
    clear_space(cpu->space);
    leave_as(cpu);
}

void cpu_forget_writes(struct cpu *cpu)
{
    struct space *s;

    for (unsigned i = 0; (s = next_space(cpu, &i)) != NULL;) {
        clear_tlb(s->write, &s->write_parts);
    }
}

/* An empty entry's sum is a small number, where no host page lies. */
static void forget_written(struct space *s, unsigned i, uintptr_t host)
{
    if ((uintptr_t)(s->write[i].tag + s->write[i].addend) == host) {
        s->write[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
    }
}

static void forget_all_written(struct space *s, uintptr_t host)
{
    uint64_t parts = s->write_parts;
    unsigned from;

    while (next_part(&parts, TLB_PART, &from)) {
        for (unsigned i = from; i < from + TLB_PART; i++) {
            forget_written(s, i, host);
        }
    }
}

void cpu_forget_page(struct cpu *cpu, uint32_t page)
{
    uintptr_t host = (uintptr_t)mem_page_bytes(cpu->mem, page);
    const uint16_t *at = &cpu->mem->w_at[(size_t)2 * page];
    struct space *s;

    for (unsigned i = 0; (s = next_space(cpu, &i)) != NULL;) {
        if (at[1] == MEM_W_MANY) {
            forget_all_written(s, host);
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
    struct space *s;

    for (unsigned i = 0; (s = next_space(cpu, &i)) != NULL;) {
        clear_jumps(s);
    }
}

static bool may_jump_to(const struct space *s, vaddr page)
{
    unsigned bit = jump_page(page);

    return s->jump_pages[bit / 64] >> bit % 64 & 1;
}

static void forget_jump_to(struct space *s, unsigned i, vaddr first, uint64_t bytes)
{
    if (s->jump[i].pc - first < bytes) {
        s->jump[i] = (struct jump_entry){.pc = JUMP_NO_PC(i), .block = NULL};
    }
}

static void forget_all_jumps_to(struct space *s, vaddr first, uint64_t bytes)
{
    unsigned from;

    for (unsigned w = 0; w < ARRAY_LEN(s->jump_parts); w++) {
        uint64_t parts = s->jump_parts[w];

        while (next_part(&parts, JUMP_PART, &from)) {
            for (unsigned i = 0; i < JUMP_PART; i++) {
                forget_jump_to(s, w * 64 * JUMP_PART + from + i, first, bytes);
            }
        }
    }
}

#define JUMP_RUN JUMP_VARIANTS /* entries that a page's pcs have */
_Static_assert(JUMP_RUN == PAGE_SIZE / 2 && JUMP_RUN / JUMP_PART == 32 && JUMP_FOLD >= PAGE_BITS,
               "half a word of jump_parts");

/* Those to `bytes` from `first` on, in one page. */
static void forget_jumps_in_page(struct space *s, vaddr first, uint64_t bytes)
{
    unsigned run = jump_index(first) / JUMP_RUN * JUMP_RUN, part = run / JUMP_PART, from;
    uint64_t parts = s->jump_parts[part / 64] >> part % 64 & UINT32_MAX;

    while (next_part(&parts, JUMP_PART, &from)) {
        for (unsigned i = 0; i < JUMP_PART; i++) {
            forget_jump_to(s, run + from + i, first, bytes);
        }
    }
}

/* Only one instruction alone goes on from the page before. A pc and the odd one behind it have the same
 * place. */
static void forget_jumps_across(struct space *s, vaddr page, bool variants)
{
    const vaddr from = page - INSN_BYTES_MAX;

    if (variants) {
        forget_jumps_in_page(s, from, INSN_BYTES_MAX);
        return;
    }
    for (unsigned at = 0; at < INSN_BYTES_MAX; at += 2) {
        forget_jump_to(s, jump_index(from + at), from, INSN_BYTES_MAX);
    }
}

static void forget_jumps_to(struct space *s, vaddr first, uint64_t bytes, bool variants)
{
    if (may_jump_to(s, first - PAGE_SIZE)) {
        forget_jumps_across(s, first, variants);
    }
    if (bytes / 2 >= JUMP_ENTRIES) {
        forget_all_jumps_to(s, first, bytes);
        return;
    }
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
        if (may_jump_to(s, first + at)) {
            forget_jumps_in_page(s, first + at, PAGE_SIZE);
        }
    }
}

/* The entries of pages that are looked at access by access. */
static void forget_slow(struct space *s, vaddr first, uint64_t bytes)
{
    if (!s->is_slow) {
        return;
    }
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

/* The parts with the entries of these pages. */
static uint64_t parts_of(vaddr first, uint64_t bytes)
{
    unsigned at = (unsigned)(first >> PAGE_BITS) % TLB_ENTRIES, from = at / TLB_PART;
    uint64_t pages = (bytes - 1) >> PAGE_BITS;

    if (pages >= TLB_ENTRIES - at) {
        return UINT64_MAX;
    }
    return bits_set(0, from, ((at + (unsigned)pages) / TLB_PART) - from + 1, UINT64_MAX);
}

static void forget_entries(struct tlb_entry *entries, uint64_t parts, vaddr first, uint64_t bytes)
{
    unsigned from;

    while (next_part(&parts, TLB_PART, &from)) {
        for (unsigned i = from; i < from + TLB_PART; i++) {
            if (entries[i].tag - first < bytes) {
                entries[i] = (struct tlb_entry){.tag = TLB_NO_TAG(i), .addend = 0};
            }
        }
    }
}

static void forget_many(struct space *s, vaddr first, uint64_t bytes)
{
    uint64_t parts = parts_of(first, bytes);

    forget_entries(s->read, s->read_parts & parts, first, bytes);
    forget_entries(s->write, s->write_parts & parts, first, bytes);
    for (unsigned i = 0; i < FETCH_ENTRIES; i++) {
        if (s->fetch[i].page - first < bytes) {
            s->fetch[i] = (struct fetch_entry){.page = UINT64_MAX, .at = 0};
        }
    }
}

static void forget_flat(struct space *s, vaddr first, uint64_t bytes)
{
    if (first - s->flat_first < s->flat_bytes + FLAT_SPAN || s->flat_first - first < bytes) {
        s->flat_bytes = 0;
    }
}

void cpu_forget_in(struct cpu *cpu, uint32_t spaces, vaddr first, uint64_t bytes)
{
    for (uint32_t left = spaces; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        struct space *s;

        if (i >= cpu->space_count) {
            return;
        }
        s = cpu->spaces[i];
        if (cpu->space_names[i].used == 0 && s != cpu->space) {
            continue;
        }
        forget_slow(s, first, bytes);
        forget_flat(s, first, bytes);
        if (bytes <= PAGE_SIZE) {
            forget_page_of(s, first);
        } else {
            forget_many(s, first, bytes);
        }
        forget_jumps_to(s, first, bytes, cpu->jump_variants);
    }
}

void cpu_forget_range(struct cpu *cpu, vaddr first, uint64_t bytes)
{
    cpu_forget_in(cpu, UINT32_MAX, first, bytes);
}

_Static_assert(SPACES <= 32, "a bit each");

uint32_t cpu_chosen_spaces(const struct cpu *cpu)
{
    uint32_t spaces = UINT32_C(1) << cpu->space_index[0];

    for (uint32_t left = cpu->as_chosen; unlikely(left != 0); left &= left - 1) {
        spaces |= UINT32_C(1) << cpu->as_index[__builtin_ctz(left)];
    }
    return spaces;
}
