/* SPDX-License-Identifier: GPL-2.0-or-later
 * plic: after the RISC-V Platform-Level Interrupt Controller specification 1.0, with 96 sources of
 * 8 priorities and two contexts a hart, machine and supervisor mode.
 * All gateways are for level-triggered sources: a request once made stays pending though its line
 * falls, and the next one is made when the one in service is completed with the line still up.
 */
#include "dev/dev.h"

enum {
    PRIORITY = 0x0,        /* 4 bytes a source */
    PENDING = 0x1000,      /* a bit a source */
    ENABLE = 0x2000,       /* 0x80 bytes a context, a bit a source */
    CONTEXT = 0x200000,    /* 0x1000 bytes a context: */
    CONTEXT_THRESHOLD = 0, /* ... only priorities above it interrupt */
    CONTEXT_CLAIM = 4,     /* ... read: claim; write: complete */
    ENABLE_STRIDE = 0x80,
    CONTEXT_STRIDE = 0x1000,
    PRIORITY_MASK = 7
};
#define SOURCES      (PLIC_SOURCES + 1) /* with source 0, which is none */
#define WORDS        ((SOURCES + 31) / 32)
#define CONTEXTS_MAX (2 * MACHINE_HARTS_MAX)

struct plic {
    uint32_t priority[SOURCES];
    uint32_t level[WORDS];   /* of the input lines */
    uint32_t pending[WORDS]; /* the gateway has made a request nobody claimed */
    uint32_t claimed[WORDS]; /* in service: the gateway is shut */
    uint32_t enable[CONTEXTS_MAX * WORDS];
    uint32_t threshold[CONTEXTS_MAX];
};

static const struct field fields[] = {
    FIELD_ARRAY_MAX(struct plic, priority, PRIORITY_MASK),
    FIELD_ARRAY(struct plic, level),
    FIELD_ARRAY(struct plic, pending),
    FIELD_ARRAY(struct plic, claimed),
    FIELD_ARRAY(struct plic, enable),
    FIELD_ARRAY_MAX(struct plic, threshold, PRIORITY_MASK),
};

static unsigned plic_contexts(const struct device *d)
{
    return 2 * device_hart_count(d);
}

/* The pending source of greatest priority above `floor` that the context has enabled, the lowest
 * number among equals; 0: none. */
static unsigned plic_best(const struct plic *s, unsigned context, uint32_t floor)
{
    unsigned best = 0;

    for (unsigned w = 0; w < WORDS; w++) {
        uint32_t ready = s->pending[w] & s->enable[context * WORDS + w];

        for (; ready != 0; ready &= ready - 1) {
            unsigned source = 32 * w + (unsigned)__builtin_ctz(ready);

            if (s->priority[source] > floor) {
                floor = s->priority[source];
                best = source;
            }
        }
    }
    return best;
}

static void plic_update(struct device *d)
{
    const struct plic *s = d->state;

    for (unsigned c = 0; c < plic_contexts(d); c++) {
        device_set_hart_pin(d, c / 2, c % 2 == 0 ? RISCV_PIN_MEI : RISCV_PIN_SEI,
                            plic_best(s, c, s->threshold[c]) != 0);
    }
}

/* Gateways: lines that are up and not in service make a request. */
static void plic_gateways(struct plic *s)
{
    for (unsigned w = 0; w < WORDS; w++) {
        s->pending[w] |= s->level[w] & ~s->claimed[w];
    }
}

static void plic_line(struct device *d, uint32_t n, bool level)
{
    struct plic *s = d->state;
    uint32_t bit = UINT32_C(1) << n % 32;

    must(n >= 1 && n < SOURCES);
    if (((s->level[n / 32] & bit) != 0) == level) {
        return;
    }
    s->level[n / 32] = level ? s->level[n / 32] | bit : s->level[n / 32] & ~bit;
    plic_gateways(s);
    plic_update(d);
}

/* The threshold has no say here, by the specification. */
static uint32_t plic_claim(struct device *d, unsigned context)
{
    struct plic *s = d->state;
    unsigned source = plic_best(s, context, 0);

    if (source != 0) {
        s->pending[source / 32] &= ~(UINT32_C(1) << source % 32);
        s->claimed[source / 32] |= UINT32_C(1) << source % 32;
        plic_update(d);
    }
    return source;
}

/* Completing what the context has not enabled is ignored, by the specification. */
static void plic_complete(struct device *d, unsigned context, uint64_t source)
{
    struct plic *s = d->state;
    uint32_t bit = UINT32_C(1) << source % 32;

    if (source < SOURCES && (s->enable[context * WORDS + source / 32] & bit) != 0) {
        s->claimed[source / 32] &= ~bit;
        plic_gateways(s);
        plic_update(d);
    }
}

/* The word of state at a plain register; NULL if there is none there, or it is not so plain. */
static uint32_t *plic_word(struct device *d, uint64_t at)
{
    struct plic *s = d->state;
    uint64_t context =
        at >= CONTEXT ? (at - CONTEXT) / CONTEXT_STRIDE : (at - ENABLE) / ENABLE_STRIDE;

    if (at % 4 != 0) {
        return NULL;
    }
    if (at < PENDING) {
        return at / 4 < SOURCES ? &s->priority[at / 4] : NULL;
    }
    if (at < ENABLE) {
        return (at - PENDING) / 4 < WORDS ? &s->pending[(at - PENDING) / 4] : NULL;
    }
    if (context >= plic_contexts(d)) {
        return NULL;
    }
    if (at < CONTEXT) {
        uint64_t w = (at - ENABLE) % ENABLE_STRIDE / 4;

        return w < WORDS ? &s->enable[context * WORDS + w] : NULL;
    }
    return (at - CONTEXT) % CONTEXT_STRIDE == CONTEXT_THRESHOLD ? &s->threshold[context] : NULL;
}

static bool plic_is_claim(const struct device *d, uint64_t at, unsigned *context)
{
    if (at < CONTEXT || (at - CONTEXT) % CONTEXT_STRIDE != CONTEXT_CLAIM ||
        (at - CONTEXT) / CONTEXT_STRIDE >= plic_contexts(d)) {
        return false;
    }
    *context = (unsigned)((at - CONTEXT) / CONTEXT_STRIDE);
    return true;
}

static uint64_t plic_read(struct device *d, struct mem_access a)
{
    unsigned context;
    const uint32_t *word = plic_word(d, a.at);

    if (word != NULL) {
        return *word;
    }
    return plic_is_claim(d, a.at, &context) ? plic_claim(d, context) : device_bad_read(d, a);
}

/* The bits of word w that are sources: number 0 and those after the last are hardwired to 0. */
static uint32_t real_sources(uint64_t w)
{
    uint32_t real = w == 0 ? ~UINT32_C(1) : UINT32_MAX;

    if (w == WORDS - 1 && SOURCES % 32 != 0) {
        real &= (UINT32_C(1) << SOURCES % 32) - 1;
    }
    return real;
}

/* Bits of sources that are not there would be taken for numbers of sources. */
static int plic_check_words(const char *name, const uint32_t *words, unsigned count,
                            struct error *e)
{
    for (unsigned w = 0; w < count; w++) {
        if ((words[w] & ~real_sources(w % WORDS)) != 0) {
            return error_set(e, "%s[%u] is 0x%x, which it never is: bits of 0x%x", name, w,
                             words[w], real_sources(w % WORDS));
        }
    }
    return 0;
}

static int plic_check(const struct device *d, const void *state, struct error *e)
{
    const struct plic *s = state;

    (void)d;
    if (plic_check_words("level", s->level, WORDS, e) < 0 ||
        plic_check_words("pending", s->pending, WORDS, e) < 0 ||
        plic_check_words("claimed", s->claimed, WORDS, e) < 0) {
        return -1;
    }
    return plic_check_words("enable", s->enable, CONTEXTS_MAX * WORDS, e);
}

static void plic_write(struct device *d, struct mem_access a, uint64_t value)
{
    uint64_t at = a.at;
    unsigned context;
    uint32_t *word = plic_word(d, at);

    if (plic_is_claim(d, at, &context)) {
        plic_complete(d, context, value);
        return;
    }
    if (word == NULL || (at >= PENDING && at < ENABLE)) {
        device_bad_write(d, a, value);
        return;
    }
    if (at == PRIORITY) {
        *word = 0; /* of source 0, which is none */
    } else if (at >= ENABLE && at < CONTEXT) {
        *word = (uint32_t)value & real_sources((at - ENABLE) % ENABLE_STRIDE / 4);
    } else {
        *word = value & PRIORITY_MASK;
    }
    plic_update(d);
}

static void plic_reset(struct device *d)
{
    plic_update(d);
}

const struct device_class plic = {
    .name = "plic",
    .behaviour = 2,
    .windows = {{.bytes = 0x600000, .sizes = 4}},
    .state = FIELD_TABLE(struct plic, fields),
    .reset = plic_reset,
    .read = plic_read,
    .write = plic_write,
    .line = plic_line,
    .check = plic_check,
};
