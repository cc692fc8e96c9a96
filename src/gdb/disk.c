/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk: `monitor watchdisk ADDR[,LEN] DISK`: journeys stop, either way, just behind a step in which these
 * bytes of a disk were written. GDB has no watchpoints for that, so that it is told of the stop alone,
 * and its user why.
 */
#include <stdlib.h>

#include "gdb/internal.h"

#define SECTOR 512

void gdb_parse_range(const char *argument, uint64_t *at, uint64_t *length, const char **rest)
{
    char *end;

    *rest = NULL;
    *at = strtoull(argument, &end, 0);
    if (end == argument) {
        return;
    }
    if (*end == ',') {
        const char *number = end + 1;

        *length = strtoull(number, &end, 0);
        if (end == number) {
            return;
        }
    }
    if (*end == '\0' || *end == ' ') {
        *rest = end + strspn(end, " ");
    }
}

static void list(const struct gdb_session *s, struct text *out)
{
    size_t count = 0;

    for (size_t i = 0; i < s->points.count; i++) {
        const struct gdb_breakpoint *p = &s->points.data[i];

        if (p->kind == POINT_DISK) {
            text_add(out, "%llu bytes at 0x%llx of the disk of %s\n", (unsigned long long)p->size,
                     (unsigned long long)p->at, machine_tree_part(s->machine, p->tree));
            count++;
        }
    }
    if (count == 0) {
        text_add(out,
                 "no disk is watched; watchdisk wants ADDR[,LEN] DISK: watchdisk 0x100000,4096 "
                 "disk0; or off\n");
    }
}

void gdb_command_watchdisk(struct gdb_session *s, const char *argument, struct text *out)
{
    struct gdb_breakpoint p = {.kind = POINT_DISK, .size = SECTOR};
    struct live_tree *tree;
    const char *disk;

    gdb_parse_range(argument, &p.at, &p.size, &disk);
    if (strcmp(argument, "off") == 0) {
        gdb_drop_points(s, POINT_DISK);
    } else if (disk == NULL || *disk == '\0') {
        list(s, out);
    } else if (!machine_find_tree(s->machine, disk, &p.tree, &tree)) {
        text_add(out, "there is no disk \"%s\"\n", disk);
    } else if (p.size == 0 || p.at > tree->bytes || p.size > tree->bytes - p.at) {
        text_add(out, "LEN is at least 1, and the bytes lie on the disk\n");
    } else if (!gdb_add_point(s, &p)) {
        text_add(out, "no more than %d breakpoints\n", GDB_BREAKPOINTS_MAX);
    }
}
