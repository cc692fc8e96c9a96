/* SPDX-License-Identifier: GPL-2.0-or-later
 * field: reading state structs through their tables. See field.h.
 */
#include "base/field.h"

bool field_table_tiles(const struct field_table *t, struct error *e)
{
    size_t at = 0;

    for (size_t i = 0; i < t->field_count; i++) {
        const struct field *f = &t->fields[i];
        if (f->offset != at) {
            error_set(e, "field %s is at byte %u, expected %zu", f->name, f->offset, at);
            return false;
        }
        if (f->element_size != 1 && f->element_size != 2 && f->element_size != 4 &&
            f->element_size != 8) {
            error_set(e, "field %s has elements of %u bytes", f->name, f->element_size);
            return false;
        }
        at += (size_t)f->element_size * f->count;
    }
    if (at != t->state_size) {
        error_set(e, "the fields end at byte %zu, the state at %zu", at, t->state_size);
        return false;
    }
    return true;
}

static const uint8_t *element(const struct field *f, const void *state, uint32_t index)
{
    must(index < f->count);
    return (const uint8_t *)state + f->offset + (size_t)index * f->element_size;
}

uint64_t field_get(const struct field *f, const void *state, uint32_t index)
{
    const uint8_t *p = element(f, state, index);

    switch (f->element_size) {
    case 1: return *p;
    case 2: {
        uint16_t v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    case 4: {
        uint32_t v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    default: {
        uint64_t v;
        memcpy(&v, p, sizeof v);
        return v;
    }
    }
}

void field_set(const struct field *f, void *state, uint32_t index, uint64_t value)
{
    uint8_t *p = (uint8_t *)state + f->offset + (size_t)index * f->element_size;
    uint32_t v4 = (uint32_t)value;
    uint16_t v2 = (uint16_t)value;

    must(index < f->count);
    switch (f->element_size) {
    case 1: *p = (uint8_t)value; break;
    case 2: memcpy(p, &v2, sizeof v2); break;
    case 4: memcpy(p, &v4, sizeof v4); break;
    default: memcpy(p, &value, sizeof value); break;
    }
}

static bool is_filler(const struct field *f)
{
    const char *dot = strrchr(f->name, '.');
    return strcmp(dot ? dot + 1 : f->name, "zero") == 0;
}

static bool is_allowed(const struct field *f, uint64_t value)
{
    if (is_filler(f)) {
        return value == 0;
    }
    switch ((enum field_rule)f->rule) {
    case FIELD_IS_AT_MOST: return value <= f->limit;
    case FIELD_IS_WITHIN: return (value & ~f->limit) == 0;
    case FIELD_IS_ANYTHING: break;
    }
    return true;
}

static int refuse(const struct field *f, uint32_t index, uint64_t value, struct error *e)
{
    struct text name = {0};
    const char *what = "at most";

    text_add(&name, "%s", f->name);
    if (f->count > 1) {
        text_add(&name, "[%u]", index);
    }
    if (!is_filler(f) && f->rule == FIELD_IS_WITHIN) {
        what = "bits of";
    }
    error_set(e, "%s is 0x%llx, which it never is: %s 0x%llx", name.data, (unsigned long long)value,
              what, (unsigned long long)(is_filler(f) ? 0 : f->limit));
    text_fini(&name);
    return -1;
}

int field_check(const struct field_table *t, const void *state, struct error *e)
{
    for (size_t i = 0; i < t->field_count; i++) {
        const struct field *f = &t->fields[i];

        if (f->rule == FIELD_IS_ANYTHING && !is_filler(f)) {
            continue;
        }
        for (uint32_t n = 0; n < f->count; n++) {
            uint64_t value = field_get(f, state, n);

            if (!is_allowed(f, value)) {
                return refuse(f, n, value, e);
            }
        }
    }
    return 0;
}

bool field_first_difference(const struct field_table *t, const void *a, const void *b,
                            struct field_difference *out)
{
    if (memcmp(a, b, t->state_size) == 0) {
        return false;
    }
    for (size_t i = 0; i < t->field_count; i++) {
        const struct field *f = &t->fields[i];
        for (uint32_t n = 0; n < f->count; n++) {
            uint64_t va = field_get(f, a, n);
            uint64_t vb = field_get(f, b, n);
            if (va != vb) {
                *out = (struct field_difference){.field = f, .index = n, .a = va, .b = vb};
                return true;
            }
        }
    }
    must(!"a state differs in bytes that no field names");
    return false;
}

void field_print(const struct field_table *t, const void *state, struct text *out)
{
    for (size_t i = 0; i < t->field_count; i++) {
        const struct field *f = &t->fields[i];
        if (is_filler(f)) {
            continue;
        }
        for (uint32_t n = 0; n < f->count; n++) {
            uint64_t v = field_get(f, state, n);
            if (f->count == 1) {
                text_add(out, "  %-24s 0x%llx\n", f->name, (unsigned long long)v);
            } else if (v != 0) { /* arrays: only what is set */
                text_add(out, "  %s[%u] = 0x%llx\n", f->name, n, (unsigned long long)v);
            }
        }
    }
}
