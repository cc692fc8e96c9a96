/* SPDX-License-Identifier: GPL-2.0-or-later
 * board_tree: looking at device trees that boards made.
 */
#ifndef BOARD_TREE_H
#define BOARD_TREE_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libfdt.h>

#include "base/base.h"

static inline const void *prop(const void *tree, const char *path, const char *name, int *length)
{
    int node = fdt_path_offset(tree, path);

    return node < 0 ? NULL : fdt_getprop(tree, node, name, length);
}

static inline void assert_prop(const void *tree, const char *path, const char *name,
                               const void *bytes, int count)
{
    int length = -1;
    const void *value = prop(tree, path, name, &length);

    if (value == NULL || length != count || memcmp(value, bytes, (size_t)count) != 0) {
        fail_msg("%s/%s is not as expected", path, name);
    }
}
#define ASSERT_TEXTS(tree, path, name, literal)                                                    \
    assert_prop(tree, path, name, literal, sizeof(literal))

static inline void assert_cells(const void *tree, const char *path, const char *name,
                                const uint32_t *cells, unsigned count)
{
    uint8_t bytes[256];

    for (unsigned i = 0; i < count; i++) {
        bytes_set_be(bytes + 4 * i, 4, cells[i]);
    }
    assert_prop(tree, path, name, bytes, (int)(4 * count));
}
#define ASSERT_CELLS(tree, path, name, ...)                                                        \
    assert_cells(tree, path, name, (const uint32_t[]){__VA_ARGS__},                                \
                 ARRAY_LEN(((const uint32_t[]){__VA_ARGS__})))

static inline uint64_t prop_number(const void *tree, const char *path, const char *name)
{
    int length = 0;
    const void *value = prop(tree, path, name, &length);

    assert_true(value != NULL && (length == 4 || length == 8));
    return bytes_get_be(value, (unsigned)length);
}

#endif
