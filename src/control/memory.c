/* SPDX-License-Identifier: GPL-2.0-or-later
 * memory: commands that look at memory and at its map. Windows of devices are never read: a read there
 * could change the machine.
 */
#include <stdlib.h>

#include "control/internal.h"

#define ITEMS_MAX 65536

/* ---- /8xw ---- */

struct format {
    uint64_t count;
    char as;       /* x d u o c i */
    unsigned size; /* bytes; 0: not said */
};

static bool parse_format(struct call *k, struct format *f)
{
    const char *c = call_text(k, "fmt");
    char *end;

    *f = (struct format){.count = 1, .as = 'x'};
    if (c == NULL) {
        return true;
    }
    c++; /* the slash */
    if (*c >= '0' && *c <= '9') {
        f->count = strtoull(c, &end, 10);
        c = end;
    }
    for (; *c != '\0'; c++) {
        static const char sizes[] = "bhwg";
        const char *size = strchr(sizes, *c);

        if (strchr("xduoci", *c) != NULL) {
            f->as = *c;
        } else if (size != NULL) {
            f->size = 1u << (size - sizes);
        } else {
            (void)call_fail(k, "'/%c': x d u o c i, then b h w g", *c);
            return false;
        }
    }
    if (f->count > ITEMS_MAX) {
        (void)call_fail(k, "at most %d at once", ITEMS_MAX);
        return false;
    }
    return true;
}

static void add_value(struct text *out, char as, unsigned size, uint64_t value)
{
    switch (as) {
    case 'x': text_add(out, "0x%0*llx", (int)(2 * size), (ull)value); break;
    case 'o': text_add(out, "0%llo", (ull)value); break;
    case 'u': text_add(out, "%llu", (ull)value); break;
    case 'd': text_add(out, "%lld", (long long)bits_sext(value, 8 * size)); break;
    default:
        text_add(out, "'");
        if (value >= ' ' && value < 0x7f) {
            text_add(out, "%s%c", strchr("'\\", (int)value) != NULL ? "\\" : "", (int)value);
        } else {
            text_add(out, "\\x%02x", (unsigned)(value & 0xff));
        }
        text_add(out, "'");
        break;
    }
}

struct json_object *run_print(struct call *k)
{
    struct format f;

    if (!parse_format(k, &f)) {
        return NULL;
    }
    if (call_has(k, "fmt") && f.as == 'x') {
        text_add(&k->out, "0x%llx\n", (ull)call_number(k, "val", 0));
    } else {
        add_value(&k->out, call_has(k, "fmt") ? f.as : 'x', 8, call_number(k, "val", 0));
        text_add(&k->out, "\n");
    }
    return call_done();
}

/* ---- x, xp ---- */

static bool read_memory(struct call *k, bool is_physical, uint64_t at, void *bytes, size_t size)
{
    struct machine *m = k->control->machine;

    return is_physical ? mem_read_bytes(machine_mem(m), at, bytes, size)
                       : cpu_debug_read(machine_cpu(m, k->hart), at, bytes, size);
}

static uint64_t value_of(const struct call *k, const uint8_t *bytes, unsigned size)
{
    return machine_isa(k->control->machine)->big_endian ? bytes_get_be(bytes, size)
                                                        : bytes_get_le(bytes, size);
}

static void dump(struct call *k, bool is_physical, const struct format *f, uint64_t at)
{
    unsigned size = f->size != 0 ? f->size : f->as == 'c' ? 1 : 4;
    unsigned per_line = f->as == 'c' ? 8 : size == 8 ? 2 : size == 4 ? 4 : 8;

    for (uint64_t i = 0; i < f->count && k->out.length < CONTROL_ANSWER_MAX; i++) {
        uint8_t bytes[8];

        if (i % per_line == 0) {
            text_add(&k->out, "%s%016llx:", i > 0 ? "\n" : "", (ull)(at + i * size));
        }
        if (!read_memory(k, is_physical, at + i * size, bytes, size)) {
            text_add(&k->out, "\nCannot access memory at address 0x%llx\n", (ull)(at + i * size));
            return;
        }
        text_add(&k->out, " ");
        add_value(&k->out, f->as, size, value_of(k, bytes, size));
    }
    text_add(&k->out, "\n");
}

/* As much as there is of the next instruction. */
static unsigned read_code(struct call *k, bool is_physical, uint64_t at, uint8_t *bytes)
{
    unsigned n = INSN_BYTES_MAX;

    while (n > 0 && !read_memory(k, is_physical, at, bytes, n)) {
        n -= n > 1 && n % 2 == 1 ? 1 : n > 1 ? 2 : 1;
    }
    return n;
}

static void disassemble(struct call *k, bool is_physical, uint64_t count, uint64_t at)
{
    const struct isa *isa = machine_isa(k->control->machine);
    struct cpu *cpu = machine_cpu(k->control->machine, k->hart);

    for (uint64_t i = 0; i < count && k->out.length < CONTROL_ANSWER_MAX; i++) {
        uint8_t bytes[INSN_BYTES_MAX];
        unsigned n = read_code(k, is_physical, at, bytes), length = 0;
        struct text words = {0};

        if (n > 0 && isa->disassemble != NULL) {
            length = isa->disassemble(bytes, n, at, isa->lifter.block_mode(cpu), &words);
        }
        if (length == 0) {
            text_add(&k->out, "Cannot access memory at address 0x%llx\n", (ull)at);
            text_fini(&words);
            return;
        }
        text_add(&k->out, "0x%08llx:  ", (ull)at);
        for (unsigned b = 0; b < length; b++) {
            text_add(&k->out, "%02x", isa->big_endian ? bytes[b] : bytes[length - 1 - b]);
        }
        text_add(&k->out, "%*s%s\n", (int)(length < 8 ? 18 - 2 * length : 2), "",
                 words.length > 0 ? words.data : "");
        text_fini(&words);
        at += length;
    }
}

static struct json_object *examine(struct call *k, bool is_physical)
{
    uint64_t at = call_number(k, "addr", 0);
    struct format f;

    if (!parse_format(k, &f)) {
        return NULL;
    }
    if (f.as == 'i') {
        disassemble(k, is_physical, f.count, at);
    } else {
        dump(k, is_physical, &f, at);
    }
    return call_done();
}

struct json_object *run_x(struct call *k)
{
    return examine(k, false);
}

struct json_object *run_xp(struct call *k)
{
    return examine(k, true);
}

struct json_object *run_gva2gpa(struct call *k)
{
    paddr at;

    if (cpu_debug_translate(machine_cpu(k->control->machine, k->hart), call_number(k, "addr", 0),
                            &at)) {
        text_add(&k->out, "gpa: 0x%llx\n", (ull)at);
    } else {
        text_add(&k->out, "Unmapped\n");
    }
    return call_done();
}

/* ---- the map ---- */

static void add_range(struct text *out, const struct mem_range *r, const struct mem_target *t,
                      const char *way)
{
    text_add(out, "  %016llx-%016llx (%s%s): ", (ull)r->first, (ull)r->last,
             t->window != NULL  ? "i/o"
             : t->block->is_ram ? "ram"
                                : "rom",
             way);
    text_add(out, "%s @%016llx\n", t->window != NULL ? t->window->name : t->block->name,
             (ull)t->offset);
}

struct json_object *run_mtree(struct call *k)
{
    const struct mem_map *map = &machine_mem(k->control->machine)->map;

    text_add(&k->out, "address-space: memory\n");
    for (size_t i = 0; i < map->count; i++) {
        const struct mem_range *r = &map->ranges[i];
        const struct mem_target *reads = &r->to[0], *writes = &r->to[1];
        bool is_one = reads->block == writes->block && reads->window == writes->window;

        if (reads->block != NULL || reads->window != NULL) {
            add_range(&k->out, r, reads, is_one ? "" : ", reads");
        }
        if (!is_one && (writes->block != NULL || writes->window != NULL)) {
            add_range(&k->out, r, writes, ", writes");
        }
    }
    return call_done();
}

/* ---- translations ---- */

struct mapping {
    vaddr at;
    paddr to;
    bool is_written;
};

static int by_address(const void *a, const void *b)
{
    const struct mapping *x = a, *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

/* Those that the hart's current space has at hand; the array has TLB_ENTRIES. */
static size_t collect(const struct cpu *cpu, struct mapping *out)
{
    size_t count = 0;

    for (unsigned i = 0; cpu->space != NULL && i < TLB_ENTRIES; i++) {
        const struct tlb_entry *r = &cpu->space->read[i], *w = &cpu->space->write[i];

        if (r->tag != TLB_NO_TAG(i)) {
            out[count++] = (struct mapping){.at = r->tag,
                                            .to = r->tag + cpu->space->physical[i],
                                            .is_written = w->tag == r->tag};
        }
    }
    qsort(out, count, sizeof(*out), by_address);
    return count;
}

static struct json_object *print_mappings(struct call *k, bool joined)
{
    struct mapping *list = base_alloc(TLB_ENTRIES, sizeof(*list));
    size_t count = collect(machine_cpu(k->control->machine, k->hart), list);

    for (size_t i = 0; i < count;) {
        size_t n = 1;

        while (joined && i + n < count && list[i + n].at == list[i].at + n * PAGE_SIZE &&
               list[i + n].to == list[i].to + n * PAGE_SIZE &&
               list[i + n].is_written == list[i].is_written) {
            n++;
        }
        text_add(&k->out, "%016llx: %016llx %016llx -r%s\n", (ull)list[i].at, (ull)list[i].to,
                 (ull)(n * PAGE_SIZE), list[i].is_written ? "w" : "-");
        i += n;
    }
    if (count == 0) {
        text_add(&k->out, "(none is at hand: nothing was read since the machine came here)\n");
    }
    free(list);
    return call_done();
}

struct json_object *run_mem(struct call *k)
{
    return print_mappings(k, true);
}

struct json_object *run_tlb(struct call *k)
{
    return print_mappings(k, false);
}
