/* SPDX-License-Identifier: GPL-2.0-or-later
 * vec: the growth of VEC(type) arrays. Doubling, so that pushing n elements copies fewer than
 * 2n; arrays never shrink, vec_fini frees them.
 */
#include "base/base.h"

void *vec_room(void *data, size_t count, size_t *room, size_t size_bytes)
{
    if (count < *room) {
        return data;
    }
    must(*room <= SIZE_MAX / 2);
    *room = *room != 0 ? *room * 2 : 8;
    return base_realloc(data, *room, size_bytes);
}
