/* SPDX-License-Identifier: GPL-2.0-or-later
 * writes: see writes.h.
 */
#include "writes.h"

#include <stdio.h>
#include <stdlib.h>

void writes_begin(struct writes *w, struct machine *m)
{
    *w = (struct writes){.machine = m};
    w->shadow = base_alloc(machine_mem(m)->page_count, PAGE_SIZE);
    for (uint32_t page = 0; page < machine_mem(m)->page_count; page++) {
        memcpy(w->shadow + page * PAGE_SIZE, mem_page_bytes(machine_mem(m), page), PAGE_SIZE);
    }
    mem_checkpoint_clean(machine_mem(m));
}

size_t writes_probes(const struct writes *w, struct probe *out, size_t room)
{
    size_t count = 0;

    for (unsigned i = 0; i < machine_mem(w->machine)->block_count && count < room; i++) {
        const struct mem_block *b = &machine_mem(w->machine)->blocks[i];

        out[count++] = (struct probe){
            .kind = PROBE_PHYSICAL, .hart = PROBE_ANY_HART, .at = b->home, .size = b->size};
    }
    return count;
}

void writes_hit(struct writes *w, const struct probe_hit *h)
{
    struct write_log l = {.at = h->at_tick, .address = h->address, .size = (uint32_t)h->size};

    if (h->writer != NULL) {
        snprintf(l.writer, sizeof l.writer, "%s", h->writer);
    }
    vec_push(&w->list, l);
}

static bool is_logged(const struct writes *w, haddr at)
{
    for (size_t i = w->list.count; i-- > 0 && w->list.data[i].at + 1 >= w->now;) {
        if (at - w->list.data[i].address < w->list.data[i].size) {
            return true;
        }
    }
    return false;
}

bool writes_are_complete(struct writes *w)
{
    struct mem *m = machine_mem(w->machine);
    uint32_t count;
    const uint32_t *pages = mem_checkpoint_dirty(m, &count);

    w->now = machine_state(w->machine)->now;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *shadow = w->shadow + pages[i] * PAGE_SIZE;
        const uint8_t *bytes = mem_page_bytes(m, pages[i]);

        if (memcmp(shadow, bytes, PAGE_SIZE) == 0) {
            continue;
        }
        for (unsigned k = 0; k < PAGE_SIZE; k++) {
            if (shadow[k] != bytes[k] && !is_logged(w, mem_page_home(m, pages[i]) + k)) {
                fprintf(stderr, "0x%llx changed before tick %llu, and nobody said so\n",
                        (unsigned long long)(mem_page_home(m, pages[i]) + k),
                        (unsigned long long)w->now);
                return false;
            }
        }
        memcpy(shadow, bytes, PAGE_SIZE);
    }
    mem_checkpoint_clean(m);
    return true;
}

void writes_end(struct writes *w)
{
    free(w->shadow);
    w->shadow = NULL;
    w->machine = NULL;
}

void writes_fini(struct writes *w)
{
    vec_fini(&w->list);
}

const struct write_log *writes_last(const struct writes *w, paddr at, uint64_t size, tick before)
{
    const struct write_log *last = NULL;

    for (size_t i = 0; i < w->list.count && w->list.data[i].at < before; i++) {
        const struct write_log *l = &w->list.data[i];

        if (l->address - at < size || at - l->address < l->size) {
            last = l;
        }
    }
    return last;
}
