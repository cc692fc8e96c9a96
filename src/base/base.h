/* SPDX-License-Identifier: GPL-2.0-or-later
 * base: what every folder may use and nothing of emulation: the project's scalar types, must(),
 * bit fields, little-endian bytes, errors, text, growable arrays, the state hash. Only libc and
 * libxxhash below it, and no mutable global anywhere.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <endian.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One step of the machine since it was built: an instruction retired, a trap entered, an input
 * delivered; idling adds ticks. One value names one state, for ever. */
typedef uint64_t tick;
#define TICK_NEVER UINT64_MAX

typedef uint64_t paddr; /* guest physical address, bytes */
typedef uint64_t vaddr; /* guest virtual address, bytes */

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x)    __builtin_expect(!!(x), 1)
#define unlikely(x)  __builtin_expect(!!(x), 0)

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* ---- must.c: our own mistakes ------------------------------------------------------------- */

/* Stays on in release builds. The condition has no side effects. A failure prints the condition
 * and its place on stderr and exits with status 4 (handlers set by atexit add the context). */
#define must(x) (likely(x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))
_Noreturn void must_failed(const char *condition, const char *file, int line);

/* The host took away what we cannot go on without, such as the bytes of a file of ours: prints the
 * sentence on stderr and exits with status 1. */
_Noreturn void base_give_up(const char *sentence);
/* Zeroed memory; never NULL: running out is fatal with a sentence. free() gives it back.
 * Guest-controlled sizes are bounded by the caller first. */
void *base_alloc(size_t count, size_t size_bytes);
/* As realloc(p, count * size_bytes), but never NULL and checked for overflow. */
void *base_realloc(void *p, size_t count, size_t size_bytes);
char *base_strdup(const char *s);
/* The folder that the file of this path lies in, with a slash at its end; "./" where the path names none.
 * The caller's to free(). */
char *base_folder_of(const char *path);

/* ---- bits.h ------------------------------------------------------------------------------- */

/* Bits [pos, pos+len) of x, 1 <= len <= 64. */
static inline uint64_t bits_get(uint64_t x, unsigned pos, unsigned len)
{
    return (x >> pos) & (UINT64_MAX >> (64 - len));
}
/* x with bits [pos, pos+len) replaced by the low bits of v. */
static inline uint64_t bits_set(uint64_t x, unsigned pos, unsigned len, uint64_t v)
{
    uint64_t mask = (UINT64_MAX >> (64 - len)) << pos;
    return (x & ~mask) | ((v << pos) & mask);
}
/* The low `len` bits of x as a signed number, 1 <= len <= 64. */
static inline uint64_t bits_sext(uint64_t x, unsigned len)
{
    return (uint64_t)((int64_t)(x << (64 - len)) >> (64 - len));
}
static inline bool is_pow2(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}
static inline uint64_t align_down(uint64_t x, uint64_t pow2)
{
    return x & ~(pow2 - 1);
}
static inline uint64_t align_up(uint64_t x, uint64_t pow2)
{
    return (x + pow2 - 1) & ~(pow2 - 1);
}

/* Little-endian bytes, whatever the host; size is 1, 2, 4 or 8. */
static inline uint64_t bytes_get_le(const void *p, unsigned size)
{
    const uint8_t *b = p;
    uint64_t v = 0;
    switch (size) { /* the sizes that page walks and slow accesses have, without a loop */
    case 8: memcpy(&v, p, 8); return le64toh(v);
    case 4: memcpy(&v, p, 4); return le64toh(v);
    case 2: memcpy(&v, p, 2); return le64toh(v);
    default: break;
    }
    for (unsigned i = size; i-- > 0;) {
        v = v << 8 | b[i];
    }
    return v;
}
static inline void bytes_set_le(void *p, unsigned size, uint64_t v)
{
    uint8_t *b = p;
    uint64_t le = htole64(v);
    switch (size) {
    case 8: memcpy(p, &le, 8); return;
    case 4: memcpy(p, &le, 4); return;
    case 2: memcpy(p, &le, 2); return;
    default: break;
    }
    for (unsigned i = 0; i < size; i++) {
        b[i] = (uint8_t)(v >> (8 * i));
    }
}
static inline uint64_t bytes_get_be(const void *p, unsigned size)
{
    const uint8_t *b = p;
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        v = v << 8 | b[i];
    }
    return v;
}
static inline void bytes_set_be(void *p, unsigned size, uint64_t v)
{
    uint8_t *b = p;
    for (unsigned i = 0; i < size; i++) {
        b[size - 1 - i] = (uint8_t)(v >> (8 * i));
    }
}

/* ---- error.c: the user or the host is wrong ------------------------------------------------ */

/* One sentence for the user, visible as of visible.c: names from a file may be in it. Functions that
 * can fail take it last and return 0 or -1. */
struct error {
    char text[768];
};
/* Formats the sentence (e may be NULL) and returns -1, so that `return error_set(e, ...)` reads. */
int error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "prefix: " before the sentence there is; returns -1. */
int error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- text.c: a string that grows ----------------------------------------------------------- */

/* Zero-initialise; `data` is NUL-terminated once anything was added; text_fini frees. */
struct text {
    char *data;
    size_t length;
    size_t room;
};
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_v(struct text *t, const char *format, va_list args);
void text_add_bytes(struct text *t, const void *bytes, size_t count);
void text_fini(struct text *t);

/* ---- visible.c: text of others, for a person's eyes ------------------------------------------ */

/* Appends the bytes so that no terminal obeys them: controls (but those in `kept`, such as "\n"),
 * characters that turn the direction of writing or end a line, and bytes that are no UTF-8 become
 * \x1b or \u202e; all other text stays as it is. */
void text_add_visible(struct text *t, const void *bytes, size_t count, const char *kept);
/* How many of the bytes (count > 0) the next character takes; UTF8_NONE, and 1, if they are none. */
#define UTF8_NONE UINT32_MAX
unsigned utf8_next(const uint8_t *bytes, size_t count, uint32_t *code);
/* It is not shown but obeyed: a control, or one that changes how what is around it reads. */
bool utf8_is_obeyed(uint32_t code);

/* ---- vec.c: a growable array --------------------------------------------------------------- */

/* `VEC(struct foo) foos;` zero-initialised; vec_push(&foos, value); foos.data[i], foos.count. */
#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *data;                                                                                \
        size_t count, room;                                                                        \
    }
#define vec_push(v, value)                                                                         \
    ((v)->data = vec_room((v)->data, (v)->count, &(v)->room, sizeof(*(v)->data)),                  \
     (v)->data[(v)->count++] = (value))
#define vec_fini(v) (free((v)->data), (v)->data = NULL, (v)->count = 0, (v)->room = 0)
/* Makes sure that data[count] exists; returns the array, moved perhaps. */
void *vec_room(void *data, size_t count, size_t *room, size_t size_bytes);

/* ---- shared.c: bytes that several hold --------------------------------------------------------- */

/* Takes over the bytes (of base_alloc), which do not change any more; the caller is the first that
 * holds them. Who drops them last frees them. NULL is held and dropped without effect. */
struct shared_bytes;
struct shared_bytes *shared_bytes_new(uint8_t *data, uint64_t size);
struct shared_bytes *shared_bytes_hold(struct shared_bytes *s);
void shared_bytes_drop(struct shared_bytes *s);
uint64_t shared_bytes_size(const struct shared_bytes *s);

/* ---- hash.c: the state hash ---------------------------------------------------------------- */

/* XXH3-64 of the bytes with a seed: the same on every host. */
uint64_t hash_bytes(const void *bytes, size_t count, uint64_t seed);

#endif
