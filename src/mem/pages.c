/* SPDX-License-Identifier: GPL-2.0-or-later
 * pages: what is known of each page of guest memory: whether it was written since the page hashes
 * or the last checkpoint were made, which 64-byte granules hold code that was translated, which
 * 8-byte entries cached page-table walks have read; and the hash of all memory kept up from that.
 *
 * invariant: a page in some write table is dirty in both senses, holds neither code nor tables in
 * use, and has PAGE_MAYBE_IN_W. So clearing either dirty list must empty the write tables.
 */
#include "mem/mem.h"

static struct mem_block *block_of_page(const struct mem *m, uint32_t page)
{
    for (unsigned i = 0; i < m->block_count; i++) {
        const struct mem_block *b = &m->blocks[i];

        if (page - b->first_page < b->size >> PAGE_BITS) {
            return (struct mem_block *)b;
        }
    }
    must(!"a page below page_count");
    return NULL;
}

uint8_t *mem_page_bytes(struct mem *m, uint32_t page)
{
    struct mem_block *b = block_of_page(m, page);

    return b->host + ((uint64_t)(page - b->first_page) << PAGE_BITS);
}

haddr mem_page_home(const struct mem *m, uint32_t page)
{
    const struct mem_block *b = block_of_page(m, page);

    return b->home + ((uint64_t)(page - b->first_page) << PAGE_BITS);
}

/* ---- writes ---- */

static void page_leaves_write_tables(struct mem *m, uint32_t page)
{
    if (m->flags[page] & PAGE_MAYBE_IN_W) {
        m->flags[page] &= (uint8_t)~PAGE_MAYBE_IN_W;
        if (m->page_unwritable != NULL) {
            m->page_unwritable(m->listener, page);
        }
    }
}

static void mark_dirty(struct mem *m, uint32_t page)
{
    uint8_t flags = m->flags[page];

    if (!(flags & PAGE_DIRTY_HASH)) {
        m->dirty_hash[m->dirty_hash_count++] = page;
    }
    if (!(flags & PAGE_DIRTY_CHECKPOINT)) {
        m->dirty_checkpoint[m->dirty_checkpoint_count++] = page;
    }
    m->flags[page] = flags | PAGE_DIRTY_ALL;
}

/* Bits [first, last] of a word, last <= 63. */
static uint64_t bit_range(unsigned first, unsigned last)
{
    return (UINT64_MAX >> (63 - (last - first))) << first;
}

static uint64_t code_hit(const struct mem *m, uint32_t page, unsigned first, unsigned last)
{
    return m->code[page] & bit_range(first >> CODE_GRANULE_BITS, last >> CODE_GRANULE_BITS);
}

/* How many granules in use a write hits; *granule is one of them. */
static unsigned table_hits(const struct mem *m, uint32_t page, unsigned first, unsigned last,
                           unsigned *granule)
{
    const uint64_t *used = &m->table[(size_t)page * 8];
    unsigned hits = 0;

    for (unsigned word = first >> 9; word <= last >> 9; word++) {
        unsigned low = word == first >> 9 ? first >> 3 & 63 : 0;
        unsigned high = word == last >> 9 ? last >> 3 & 63 : 63;
        uint64_t hit = used[word] & bit_range(low, high);

        if (hit) {
            *granule = word * 64 + (unsigned)__builtin_ctzll(hit);
            hits += (unsigned)__builtin_popcountll(hit);
        }
    }
    return hits;
}

bool mem_update_is_heard(const struct mem *m, const struct mem_block *b, haddr at, unsigned size)
{
    return (m->flags[mem_page_of(b, at)] & PAGE_WATCHED) && m->is_watched(m->listener, at, size);
}

bool mem_write_is_heard(const struct mem *m, const struct mem_block *b, haddr at, unsigned size)
{
    uint32_t page = mem_page_of(b, at);
    unsigned first = (unsigned)(at % PAGE_SIZE), last = first + size - 1, granule;

    return ((m->flags[page] & PAGE_CODE) && code_hit(m, page, first, last)) ||
           ((m->flags[page] & PAGE_TABLE) && table_hits(m, page, first, last, &granule) != 0) ||
           mem_update_is_heard(m, b, at, size);
}

static void tell_code(struct mem *m, uint32_t page, unsigned first, unsigned last)
{
    uint64_t granules = code_hit(m, page, first, last);

    if (granules != 0 && m->code_written != NULL) {
        m->code_written(m->listener, page, granules);
    }
}

/* No entry of the page is in use any more: it is an ordinary page again. */
static void table_unlist(struct mem *m, uint32_t page)
{
    uint32_t moved = m->tables[--m->table_count], place = m->table_of[page].listed;

    m->tables[place] = moved;
    m->table_of[moved].listed = place;
    m->flags[page] &= (uint8_t)~PAGE_TABLE;
}

static void table_granule_unused(struct mem *m, uint32_t page, unsigned granule)
{
    uint64_t *used = &m->table[(size_t)page * 8];
    uint64_t any = 0;

    used[granule / 64] &= ~(UINT64_C(1) << granule % 64);
    for (unsigned i = 0; i < 8; i++) {
        any |= used[i];
    }
    if (any == 0) {
        table_unlist(m, page);
    }
}

static void tell_tables(struct mem *m, uint32_t page, unsigned first, unsigned last)
{
    const struct mem_table t = m->table_of[page];
    unsigned granule = 0, hits = table_hits(m, page, first, last, &granule);

    if (hits == 0 || m->table_written == NULL) {
        return;
    }
    if (hits > 1 || t.entry_size == 0) {
        m->table_written(m->listener, 0, 0, UINT32_MAX);
        return;
    }
    table_granule_unused(m, page, granule);
    m->table_written(m->listener, t.base + ((uint64_t)(granule * 8 / t.entry_size) << t.shift),
                     (uint64_t)(8 / t.entry_size) << t.shift, t.users);
}

static void before_write(struct mem *m, struct mem_block *b, haddr at, unsigned size, bool update)
{
    uint32_t page = mem_page_of(b, at);
    unsigned first = (unsigned)(at % PAGE_SIZE), last = first + size - 1;

    must(size != 0 && last < PAGE_SIZE);
    if (unlikely(m->marked != NULL)) {
        mem_marks_list(m, page);
        mem_mark(m, mem_host(b, at), size);
    }
    if ((m->flags[page] & PAGE_DIRTY_ALL) != PAGE_DIRTY_ALL) {
        mark_dirty(m, page);
    }
    if (m->flags[page] & PAGE_CODE) {
        tell_code(m, page, first, last);
    }
    if ((m->flags[page] & PAGE_TABLE) && !update) {
        tell_tables(m, page, first, last);
    }
    if (unlikely(m->flags[page] & PAGE_WATCHED)) {
        const struct mem_writer walk = {.name = MEM_WRITER_WALK, .at = TICK_NEVER};

        m->watched_written(m->listener, at, size, update ? &walk : &m->writer);
    }
}

void mem_before_write(struct mem *m, struct mem_block *b, haddr at, unsigned size)
{
    before_write(m, b, at, size, false);
}

void mem_before_walk_update(struct mem *m, struct mem_block *b, haddr at, unsigned size)
{
    before_write(m, b, at, size, true);
}

void mem_watch_pages(struct mem *m, haddr at, uint64_t size, bool on)
{
    haddr first = align_down(at, PAGE_SIZE), last = align_down(at + (size - 1), PAGE_SIZE);

    must(size != 0 && last >= first);
    for (uint64_t i = 0; i <= (last - first) >> PAGE_BITS; i++) {
        const struct mem_block *b = mem_block_of(m, first + (i << PAGE_BITS));
        uint32_t page;

        if (b != NULL) {
            page = mem_page_of(b, first + (i << PAGE_BITS));
            page_leaves_write_tables(m, page);
            m->flags[page] &= (uint8_t)~PAGE_WATCHED;
            m->flags[page] |= on ? PAGE_WATCHED : 0;
        }
    }
}

/* ---- state: hash and checkpoints ---- */

static bool page_is_zero(const uint8_t *bytes)
{
    for (unsigned i = 0; i < PAGE_SIZE; i += 64) {
        uint64_t w[8];

        memcpy(w, bytes + i, sizeof(w));
        if ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) != 0) {
            return false;
        }
    }
    return true;
}

uint64_t mem_hash_bytes(haddr at, const uint8_t bytes[PAGE_SIZE])
{
    uint64_t hash;

    if (page_is_zero(bytes)) {
        return 0;
    }
    hash = hash_bytes(bytes, PAGE_SIZE, at);
    return hash != 0 ? hash : 1;
}

uint64_t mem_page_hash(const struct mem *m, uint32_t page)
{
    const struct mem_block *b = block_of_page(m, page);
    uint64_t at = (uint64_t)(page - b->first_page) << PAGE_BITS;

    return mem_hash_bytes(b->home + at, b->host + at);
}

uint64_t mem_page_hash_of(const struct mem *m, uint32_t page, const uint8_t bytes[PAGE_SIZE])
{
    const struct mem_block *b = block_of_page(m, page);

    return mem_hash_bytes(b->home + ((uint64_t)(page - b->first_page) << PAGE_BITS), bytes);
}

/* The pages of a list lose `flag`, and all pages leave the write tables: none is in one that was
 * not in the list, so an empty list ends no epoch. */
static void start_epoch(struct mem *m, const uint32_t *pages, uint32_t *count, uint8_t flag)
{
    if (*count == 0) {
        return;
    }
    for (uint32_t i = 0; i < *count; i++) {
        m->flags[pages[i]] &= (uint8_t) ~(flag | PAGE_MAYBE_IN_W);
    }
    *count = 0;
    if (m->epoch != NULL) {
        m->epoch(m->listener);
    }
}

uint64_t mem_hash(struct mem *m)
{
    for (uint32_t i = 0; i < m->dirty_hash_count; i++) {
        uint32_t page = m->dirty_hash[i];
        uint64_t hash = mem_page_hash(m, page);

        m->hash_sum += hash - m->hash[page];
        m->hash[page] = hash;
    }
    start_epoch(m, m->dirty_hash, &m->dirty_hash_count, PAGE_DIRTY_HASH);
    return m->hash_sum;
}

uint64_t mem_hash_slow(const struct mem *m)
{
    uint64_t sum = 0;

    for (uint32_t page = 0; page < m->page_count; page++) {
        sum += mem_page_hash(m, page);
    }
    return sum;
}

void mem_checkpoint_clean(struct mem *m)
{
    start_epoch(m, m->dirty_checkpoint, &m->dirty_checkpoint_count, PAGE_DIRTY_CHECKPOINT);
}

void mem_restore_page(struct mem *m, uint32_t page, const uint8_t *bytes, uint64_t hash)
{
    uint8_t *to = mem_page_bytes(m, page);

    if (m->flags[page] & PAGE_CODE) {
        tell_code(m, page, 0, PAGE_SIZE - 1);
    }
    if (m->flags[page] & PAGE_TABLE) {
        tell_tables(m, page, 0, PAGE_SIZE - 1);
    }
    page_leaves_write_tables(m, page);
    if (bytes != NULL) {
        memcpy(to, bytes, PAGE_SIZE);
    } else {
        memset(to, 0, PAGE_SIZE);
    }
    /* A page on the list of those to be hashed stays there: hashing it again finds the same. */
    m->hash_sum += hash - m->hash[page];
    m->hash[page] = hash;
}

/* ---- page tables and code ---- */

void mem_table_used(struct mem *m, haddr at, unsigned size, vaddr va, unsigned shift,
                    uint32_t users)
{
    const struct mem_block *b = mem_block_of(m, at);

    if (b == NULL) {
        return;
    }
    uint32_t page = mem_page_of(b, at);
    unsigned granule = (unsigned)(at % PAGE_SIZE) >> 3, entry = (unsigned)(at % PAGE_SIZE) / size;
    vaddr base = align_down(va, UINT64_C(1) << shift) - ((uint64_t)entry << shift);
    struct mem_table *t = &m->table_of[page];

    if (!(m->flags[page] & PAGE_TABLE)) {
        page_leaves_write_tables(m, page);
        m->flags[page] |= PAGE_TABLE;
        *t = (struct mem_table){.base = base,
                                .listed = m->table_count,
                                .shift = (uint8_t)shift,
                                .entry_size = (uint8_t)size};
        m->tables[m->table_count++] = page;
    } else if (t->base != base || t->shift != shift || t->entry_size != size) {
        t->entry_size = 0;
    }
    t->users |= users;
    m->table[(size_t)page * 8 + granule / 64] |= UINT64_C(1) << granule % 64;
}

void mem_tables_forget(struct mem *m)
{
    for (uint32_t i = 0; i < m->table_count; i++) {
        uint32_t page = m->tables[i];

        m->flags[page] &= (uint8_t)~PAGE_TABLE;
        memset(&m->table[(size_t)page * 8], 0, 8 * sizeof(*m->table));
    }
    m->table_count = 0;
}

void mem_code_used(struct mem *m, uint32_t page, uint64_t granules)
{
    must(page < m->page_count);
    if (!(m->flags[page] & PAGE_CODE)) {
        page_leaves_write_tables(m, page);
        m->flags[page] |= PAGE_CODE;
    }
    m->code[page] |= granules;
}

void mem_code_gone(struct mem *m, uint32_t page)
{
    must(page < m->page_count);
    m->flags[page] &= (uint8_t)~PAGE_CODE;
    m->code[page] = 0;
}
