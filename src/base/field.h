/* SPDX-License-Identifier: GPL-2.0-or-later
 * field: tables that name every member of a plain state struct. Checkpoints, the state hash, the
 * first difference and the monitor's `info` all come out of them; there is no other save or load.
 * invariant: the fields of a table tile [0, state_size) in order, without gap or overlap.
 */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include "base/base.h"

/* What values the elements of a field ever have. Fillers (`zero`) are always 0. */
enum field_rule { FIELD_IS_ANYTHING, FIELD_IS_AT_MOST /* limit */, FIELD_IS_WITHIN /* its bits */ };

struct field {
    const char *name;
    uint32_t offset;       /* bytes from the start of the state */
    uint16_t element_size; /* bytes: 1, 2, 4 or 8 */
    uint16_t rule;         /* enum field_rule */
    uint32_t count;        /* elements; 1 for a scalar */
    uint64_t limit;        /* of the rule */
};

/* A scalar member; an array member of scalars. `m` may be a nested path such as `hart.pc`. Whatever
 * indexes, shifts, sizes or chooses has a rule: a state that was read from a file is checked by
 * it, and the code that uses the field relies on that. */
#define FIELD_RULED(type, m, r, l)                                                                 \
    {                                                                                              \
        .name = #m, .offset = offsetof(type, m), .element_size = sizeof(((type *)0)->m),           \
        .rule = (r), .count = 1, .limit = (l)                                                      \
    }
#define FIELD_ARRAY_RULED(type, m, r, l)                                                           \
    {                                                                                              \
        .name = #m, .offset = offsetof(type, m), .element_size = sizeof(((type *)0)->m[0]),        \
        .rule = (r), .count = sizeof(((type *)0)->m) / sizeof(((type *)0)->m[0]), .limit = (l)     \
    }
#define FIELD(type, m)                  FIELD_RULED(type, m, FIELD_IS_ANYTHING, 0)
#define FIELD_MAX(type, m, most)        FIELD_RULED(type, m, FIELD_IS_AT_MOST, most)
#define FIELD_MASK(type, m, bits)       FIELD_RULED(type, m, FIELD_IS_WITHIN, bits)
#define FIELD_BOOL(type, m)             FIELD_MAX(type, m, 1)
#define FIELD_ARRAY(type, m)            FIELD_ARRAY_RULED(type, m, FIELD_IS_ANYTHING, 0)
#define FIELD_ARRAY_MAX(type, m, most)  FIELD_ARRAY_RULED(type, m, FIELD_IS_AT_MOST, most)
#define FIELD_ARRAY_MASK(type, m, bits) FIELD_ARRAY_RULED(type, m, FIELD_IS_WITHIN, bits)
#define FIELD_ARRAY_BOOL(type, m)       FIELD_ARRAY_MAX(type, m, 1)

struct field_table {
    const struct field *fields;
    size_t field_count;
    size_t state_size; /* bytes */
};
#define FIELD_TABLE(type, array)                                                                   \
    {                                                                                              \
        .fields = array, .field_count = ARRAY_LEN(array), .state_size = sizeof(type)               \
    }

/* True when the fields tile the state; else `e` names the first gap or overlap. */
bool field_table_tiles(const struct field_table *t, struct error *e);

/* Whether every element is what its field's rule says; -1 and a sentence that names the first that is
 * not, its value and what is allowed. */
int field_check(const struct field_table *t, const void *state, struct error *e);

/* The first element that differs between two states, in table order. */
struct field_difference {
    const struct field *field;
    uint32_t index; /* element */
    uint64_t a, b;  /* the two values */
};
bool field_first_difference(const struct field_table *t, const void *a, const void *b,
                            struct field_difference *out);
/* One element's value, zero-extended. */
uint64_t field_get(const struct field *f, const void *state, uint32_t index);
void field_set(const struct field *f, void *state, uint32_t index, uint64_t value);
/* "name" or "name[index]" and the values, as text for people. */
void field_print(const struct field_table *t, const void *state, struct text *out);

#endif
