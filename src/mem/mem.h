/* SPDX-License-Identifier: GPL-2.0-or-later
 * mem: guest physical memory. *Storage* is blocks of bytes (RAM, ROM, video memory, flash), with what
 * is known of each of their pages: dirty since when, holds translated code, was read by a page-table
 * walk. The *map* says which block or device window a physical address reaches, for reads and for
 * writes on its own (docs/memory.md).
 *
 * Nothing virtual in here (cpu/) and no device (dev/): a window is a pair of callbacks.
 * Blocks and windows are wiring; only the bytes of blocks are machine state. The map is neither: it
 * follows from the state of devices, and is made again whenever that may have changed.
 */
#ifndef MEM_MEM_H
#define MEM_MEM_H

#include "base/base.h"

#define PAGE_BITS 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_BITS)

#define MEM_BLOCKS_MAX  16
#define MEM_WINDOWS_MAX 128

/* A byte of storage by a name that no map changes: its block's home plus the place in the block. A
 * block that was added at an address has its home there, so that for all that never moves the two are
 * the same number. Page hashes, probes, last writes, faults and loads at reset go by homes. */
typedef uint64_t haddr;
/* Where the homes of blocks without an address begin, in the order in which they were added, each at
 * the next multiple of MEM_HOME_STEP. */
#define MEM_HOMES     (UINT64_C(1) << 63)
#define MEM_HOME_STEP (UINT64_C(1) << 44)

/* What is known of a page; see the rules of the write table in cpu/cpu.h. */
enum {
    PAGE_DIRTY_HASH = 1,       /* written since the page hashes were last brought up to date */
    PAGE_DIRTY_CHECKPOINT = 2, /* written since the last checkpoint or restore */
    PAGE_DIRTY_ALL = 3,
    PAGE_CODE = 4,        /* translated code was made from it; code[] says which granules */
    PAGE_TABLE = 8,       /* a walk read it; table[] says which entries are in use */
    PAGE_MAYBE_IN_W = 16, /* some write table may hold it; cleared by a scan */
    PAGE_WATCHED = 32,    /* holds bytes whose writes the listener wants to hear of */
    PAGE_MARKED = 64      /* is in `marked` */
};

#define CODE_GRANULE_BITS 6 /* 64 bytes; 64 granules to a page */
#define MARK_BITS         3 /* 8 bytes have a mark; 512 to a page */
#define MARK_WORDS        8 /* of 64 bits, for a page's marks as a map */

struct mem_block {
    char name[16];
    haddr home;          /* a multiple of PAGE_SIZE, as the size is */
    uint64_t size;       /* bytes */
    uint8_t *host;       /* zero-filled at first */
    uint32_t first_page; /* index of its first page in the arrays below */
    bool is_ram;         /* guest stores reach it; else they are dropped (ROM) */
};

/* One access to a window: aligned, and of one of its sizes. */
struct mem_access {
    uint64_t at;     /* from the window's beginning */
    uint32_t size;   /* bytes */
    uint16_t window; /* mem_window.number */
    int16_t hart;    /* whose instruction makes it; MEM_NO_HART: none's, it is DMA */
};
#define MEM_NO_HART (-1)

/* A device's registers. A read or a write that the window has no register for is the device's to
 * answer, if it is aligned and of one of its sizes. */
struct mem_window {
    char name[24];
    paddr base; /* where it lies, if it never moves */
    uint64_t size;
    void *opaque;
    uint64_t (*read)(void *opaque, struct mem_access a);
    void (*write)(void *opaque, struct mem_access a, uint64_t value);
    uint16_t number; /* the owner's, if it has several */
    uint8_t sizes;   /* OR of 1, 2, 4 and 8 */
    bool splits;     /* a hart's other accesses are made in pieces; else they are bus faults */
    /* Told of an access that is not made, for its size or place; NULL: nobody is. */
    void (*refused)(void *opaque, uint64_t at, unsigned size, bool is_write);
};

/* What a range of addresses reaches. */
struct mem_target {
    struct mem_block *block; /* at most one of the two; neither: nothing is there */
    struct mem_window *window;
    uint64_t offset; /* of the range's first byte, in the block or the window */
    uint8_t level;   /* enum mem_level; 0: nothing is there */
};
struct mem_range {
    paddr first, last;
    struct mem_target to[2]; /* by is_write */
};
/* Sorted and disjoint; no two that could be one. */
struct mem_map {
    struct mem_range *ranges;
    size_t count, room;
};

/* Which of several that lie at one address is reached: the highest level, and of one level what was laid
 * down first: the board's, then devices in their order, each in the order in which it says so. */
enum mem_level {
    MEM_LEVEL_UNDER = 1, /* where nothing else is: what a guest may put anywhere */
    MEM_LEVEL_FIXED = 2, /* mem_add_block(), mem_add_window() */
    MEM_LEVEL_OVER = 3   /* hides what the board put there */
};
enum mem_way { MEM_READS = 1, MEM_WRITES = 2, MEM_BOTH = 3 };

/* Where a byte lies: what mem_find() says. */
struct mem_place {
    struct mem_block *block; /* at most one of the two */
    struct mem_window *window;
    uint64_t at; /* haddr in the block, or bytes into the window */
    uint64_t
        left; /* bytes from there on that lie in the same place; at least 1 if anything is there */
    uint64_t before; /* bytes before it that do */
    bool is_whole;   /* all of the address's page does */
    bool is_both;    /* reads and writes reach the same */
};

/* What the entries of a page of a page table map: entry 0 [base, base + 2^shift), and so on. */
struct mem_table {
    vaddr base;
    uint32_t listed; /* index in mem.tables */
    uint8_t shift;
    uint8_t entry_size; /* bytes: 4 or 8; 0: used at several places, so nothing is known */
    uint8_t zero[2];
    uint32_t users; /* all that mem_table_used() named since any was in use */
    uint32_t zero2;
};

/* Who writes, where it is not an instruction of a hart; set around the write by whoever knows. */
struct mem_writer {
    const char *name;   /* "virtio-blk0", "poke", "reset", MEM_WRITER_WALK; NULL: an instruction */
    tick at;            /* of the step that the write is part of; TICK_NEVER: the one being taken */
    const char *source; /* what it copies comes from there: a disk's id; NULL: nothing is known */
    uint64_t source_at; /* which byte of it goes to the first one that is written */
};
#define MEM_WRITER_WALK "page walk"

/* In w_at: nowhere else; and, in the second place, at more than two. */
#define MEM_W_NONE 0xffff
#define MEM_W_MANY 0xfffe

struct mem {
    struct mem_block blocks[MEM_BLOCKS_MAX];
    unsigned block_count;
    unsigned homeless; /* blocks that were added without an address */
    struct mem_window windows[MEM_WINDOWS_MAX];
    unsigned window_count;
    struct mem_map map;   /* as it is now */
    struct mem_map fixed; /* what never moves, with its levels */
    struct mem_map next;  /* between mem_map_begin() and mem_map_end() */
    size_t near;          /* the range with a block that was found last */

    uint32_t page_count;        /* of all blocks together */
    uint8_t *flags;             /* PAGE_*, per page */
    uint64_t *code;             /* per page: granules that translated code was made from */
    uint64_t *table;            /* per page 8 words: bit per 8-byte entry in use by a cached walk */
    struct mem_table *table_of; /* per page: what its entries map, while any is in use */
    uint16_t *w_at;    /* per page 2: at which indexes of write tables it may be; see cpu/ */
    uint64_t *hash;    /* per page: hash(home, content), 0 for a zero page; see mem_hash() */
    uint64_t hash_sum; /* sum of hash[] modulo 2^64 */
    /* Dirty pages, each once, in the order in which they became so (never visible to the guest). */
    uint32_t *dirty_hash;
    uint32_t dirty_hash_count;
    uint32_t *dirty_checkpoint;
    uint32_t dirty_checkpoint_count;
    /* Pages with PAGE_TABLE set, so that forgetting walks costs what was walked. */
    uint32_t *tables;
    uint32_t table_count;

    struct mem_writer writer;

    /* marks.c; NULL: nothing is marked, only which pages were written, if `marked` is not NULL. */
    uint8_t *marks;
    uintptr_t marks_offset; /* of a mark from the host address / 8 of what it is for */
    size_t marks_size;      /* bytes */
    uint32_t *marked;       /* pages that may have marks, each once */
    uint32_t marked_count;

    /* Told before the bytes change. Set once by whoever caches what is made from memory. */
    void *listener;
    void (*code_written)(void *listener, uint32_t page, uint64_t granules);
    /* Entries in use by cached walks change: what they map, [first, first+bytes); bytes 0: too much
     * to name, everything that was walked is to be forgotten (with mem_tables_forget()). */
    void (*table_written)(void *listener, vaddr first, uint64_t bytes, uint32_t users);
    void (*page_unwritable)(void *listener, uint32_t page); /* must leave all write tables now */
    void (*epoch)(void *listener); /* all pages must leave all write tables now */
    /* A device or a poke wrote: ends reservations there. */
    void (*dma_written)(void *listener, haddr at, uint64_t size);
    /* Only for pages with PAGE_WATCHED: whether a write there is to be told, and telling it. */
    bool (*is_watched)(void *listener, haddr at, uint64_t size);
    void (*watched_written)(void *listener, haddr at, uint64_t size, const struct mem_writer *by);
    /* The map is another one: all that was found by physical addresses is to be forgotten (with
     * mem_tables_forget()). */
    void (*map_changed)(void *listener);
};

void mem_init(struct mem *m);
void mem_fini(struct mem *m);

/* Adds a zero-filled block / a device window, which lies at that address from now on. Overlap or a bad
 * size: -1 and a sentence. */
int mem_add_block(struct mem *m, const char *name, paddr base, uint64_t size, bool is_ram,
                  struct error *e);
int mem_add_window(struct mem *m, const struct mem_window *w, struct error *e);
/* The same without an address: the map has to say where it is. NULL and a sentence. */
struct mem_block *mem_add_storage(struct mem *m, const char *name, uint64_t size, bool is_ram,
                                  struct error *e);
struct mem_window *mem_add_loose_window(struct mem *m, const struct mem_window *w, struct error *e);
/* A loose window lies at `base` from now on. Overlap: -1 and a sentence. */
int mem_place_window(struct mem *m, struct mem_window *w, paddr base, struct error *e);

/* The block whose home `at` is in, or NULL. */
static inline struct mem_block *mem_block_of(struct mem *m, haddr at)
{
    for (unsigned i = 0; i < m->block_count; i++) {
        if (at - m->blocks[i].home < m->blocks[i].size) {
            return &m->blocks[i];
        }
    }
    return NULL;
}
/* The host's address of a byte of a block. */
static inline uint8_t *mem_host(const struct mem_block *b, haddr at)
{
    return b->host + (at - b->home);
}

/* ---- the map ---- */

/* The short way to where reads of [at, at+size) go: NULL if that is no block, or another one than that
 * which was found last; then mem_find() knows. *home: the home of the byte at `at`. */
static inline struct mem_block *mem_near_block(const struct mem *m, paddr at, unsigned size,
                                               haddr *home)
{
    const struct mem_range *r;

    if (unlikely(m->near >= m->map.count)) {
        return NULL;
    }
    r = &m->map.ranges[m->near];
    if (unlikely(at - r->first > r->last - r->first || size - 1 > r->last - at ||
                 r->to[0].block == NULL)) {
        return NULL;
    }
    *home = r->to[0].block->home + r->to[0].offset + (at - r->first);
    return r->to[0].block;
}
/* What a physical address reaches. */
struct mem_place mem_find(struct mem *m, paddr at, bool is_write);
/* The home of the bytes that reads of [at, at+size) reach; false unless all are of one block. */
bool mem_home_of(struct mem *m, paddr at, uint64_t size, haddr *home);

/* Making it anew: begin, lay down all that moves, end. What does not fit below the end of addresses is
 * cut off; what lies under something else is not reached (enum mem_level). mem_map_end() tells
 * map_changed() if the map is another one than before. */
void mem_map_begin(struct mem *m);
/* `bytes` of a block from `offset` on, all multiples of PAGE_SIZE, as is `base`. */
void mem_map_block(struct mem *m, paddr base, struct mem_block *b, uint64_t offset, uint64_t bytes,
                   enum mem_way ways, enum mem_level level);
void mem_map_window(struct mem *m, paddr base, struct mem_window *w, enum mem_way ways,
                    enum mem_level level);
void mem_map_end(struct mem *m);
/* An access to it of `size` bytes, `at` bytes into it. */
static inline struct mem_access mem_access_to(const struct mem_window *w, uint64_t at,
                                              unsigned size, int hart)
{
    return (struct mem_access){.at = at, .size = size, .window = w->number, .hart = (int16_t)hart};
}

/* ---- storage ---- */

static inline uint32_t mem_page_of(const struct mem_block *b, haddr at)
{
    return b->first_page + (uint32_t)((at - b->home) >> PAGE_BITS);
}
/* A page's bytes and home by its index, 0 <= page < page_count. */
uint8_t *mem_page_bytes(struct mem *m, uint32_t page);
haddr mem_page_home(const struct mem *m, uint32_t page);

/* A guest store or an A/D update is about to change RAM at [at, at+size), inside one page: marks
 * the page dirty and tells the listeners of code and page tables. */
void mem_before_write(struct mem *m, struct mem_block *b, haddr at, unsigned size);
/* As mem_before_write for the A/D bits that a walk sets. Cached walks are not told: they hold a
 * page only once its bits are set, so that setting bits takes nothing from them. */
void mem_before_walk_update(struct mem *m, struct mem_block *b, haddr at, unsigned size);

/* Whether that would tell a listener of code, of page tables or of watched bytes. */
bool mem_write_is_heard(const struct mem *m, const struct mem_block *b, haddr at, unsigned size);
/* Whether mem_before_walk_update() would tell a listener of watched bytes. */
bool mem_update_is_heard(const struct mem *m, const struct mem_block *b, haddr at, unsigned size);

/* Bytes to and from blocks by the map, for debuggers and their pokes; windows are never touched.
 * False, and nothing done, unless all of the range is memory (RAM for a write). */
bool mem_read_bytes(struct mem *m, paddr at, void *bytes, uint64_t size);
bool mem_write_bytes(struct mem *m, paddr at, const void *bytes, uint64_t size);
/* By homes, in one block, wherever the map has it. Loading reaches ROM too: for images that are laid
 * down at reset. */
bool mem_peek_bytes(struct mem *m, haddr at, void *bytes, uint64_t size);
bool mem_load_bytes(struct mem *m, haddr at, const void *bytes, uint64_t size);

/* bus.c: the same by the map for devices (DMA), which reach windows as well. False if something in
 * the range is neither RAM (or ROM, for a read) nor a window: then nothing was done, unless a window that
 * was written to moved the rest away. Also false if a window refused a piece: the others are done. */
bool mem_bus_read(struct mem *m, paddr at, void *bytes, uint64_t size);
bool mem_bus_write(struct mem *m, paddr at, const void *bytes, uint64_t size);
/* Bytes of a window as a bus of 8 bytes carries them: from the lowest address on in the largest pieces
 * that are aligned and of a size that it takes. A byte that no such piece has reads 0 and is not
 * written: refused() is told, and the answer is false. */
bool mem_window_read(const struct mem_window *w, uint64_t at, void *bytes, uint64_t size, int hart);
bool mem_window_write(const struct mem_window *w, uint64_t at, const void *bytes, uint64_t size,
                      int hart);

/* The pages of a range of homes of at least one byte, which does not wrap, are watched from now on,
 * or not; what is no block's is ignored. */
void mem_watch_pages(struct mem *m, haddr at, uint64_t size, bool on);

/* ---- state: hash and checkpoints ---- */

/* Sum modulo 2^64 over all pages of hash(home, content), a zero page counting 0, after
 * re-hashing the pages written since; costs what was written. Starts an epoch. */
uint64_t mem_hash(struct mem *m);
/* As mem_hash, from nothing: what the incremental one must equal. For tests. */
uint64_t mem_hash_slow(const struct mem *m);
uint64_t mem_page_hash(const struct mem *m, uint32_t page); /* computed afresh */
/* What it would be if the page had these bytes. */
uint64_t mem_page_hash_of(const struct mem *m, uint32_t page, const uint8_t bytes[PAGE_SIZE]);

/* What a page of that content at that home counts in a sum of pages; 0: it is all zeros. */
uint64_t mem_hash_bytes(haddr at, const uint8_t bytes[PAGE_SIZE]);

/* Pages written since the last mem_checkpoint_clean(), each once. */
static inline const uint32_t *mem_checkpoint_dirty(const struct mem *m, uint32_t *count)
{
    *count = m->dirty_checkpoint_count;
    return m->dirty_checkpoint;
}
/* Forgets them and starts an epoch. */
void mem_checkpoint_clean(struct mem *m);
/* Replaces a page's bytes (NULL: zeros) on restore, with its known hash (mem_page_hash of it):
 * listeners hear of it, and the page is *not* made dirty for checkpoints. */
void mem_restore_page(struct mem *m, uint32_t page, const uint8_t *bytes, uint64_t hash);

/* ---- marks.c: which bytes were written, by eights ---- */

/* From now on; or not any more. Between the two, every write marks: through mem_before_write(), or
 * by mem_mark() where a write table has the page; only the page if `pages_only`. -1 and a sentence if
 * the host has no room. */
int mem_marks_start(struct mem *m, bool pages_only, struct error *e);
void mem_marks_end(struct mem *m);
/* Tells each page that was written since the last time, in no order, with the map of its marks, all set
 * if only pages are known; and starts again. The write tables have to be empty. */
void mem_marks_take(struct mem *m, void *opaque,
                    void (*each)(void *opaque, uint32_t page, const uint64_t map[MARK_WORDS]));
/* The page may get marks. */
void mem_marks_list(struct mem *m, uint32_t page);

/* A store at a host address, inside one page that a write table has. */
static inline void mem_mark(const struct mem *m, const void *host, unsigned size)
{
    if (unlikely(m->marks != NULL)) {
        uintptr_t first = (uintptr_t)host >> MARK_BITS;
        uintptr_t last = ((uintptr_t)host + size - 1) >> MARK_BITS;

        memset((uint8_t *)(first + m->marks_offset), 1, last - first + 1);
    }
}

/* ---- page tables that cached walks were made from ---- */

/* A walk whose result is cached has used the entry of 4 or 8 bytes at `at`, which maps the 2^shift
 * bytes around va. `users` are bits of whatever keeps the result; the listener is told of all that a table had. */
void mem_table_used(struct mem *m, haddr at, unsigned size, vaddr va, unsigned shift,
                    uint32_t users);
/* Cached walks are gone: no entry is in use any more. */
void mem_tables_forget(struct mem *m);
/* Translated code was made from granules of a page / none is left on it. */
void mem_code_used(struct mem *m, uint32_t page, uint64_t granules);
void mem_code_gone(struct mem *m, uint32_t page);

#endif
