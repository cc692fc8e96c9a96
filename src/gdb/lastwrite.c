/* SPDX-License-Identifier: GPL-2.0-or-later
 * lastwrite: `monitor lastwrite ADDR[,LEN] [phys|DISK]`: what wrote there last. A virtual address means
 * what the selected hart maps there now; with the name of a disk it is a byte of that.
 */
#include "gdb/internal.h"

#define LENGTH_DEFAULT 8

static void say(struct gdb_session *s, enum travel_why why, const struct travel_write *write,
                struct text *out)
{
    switch (why) {
    case TRAVEL_ARRIVED: travel_print_write(write, out); break;
    case TRAVEL_BEGIN:
        text_add(out, "nothing wrote there since tick %llu, where history begins\n",
                 (unsigned long long)travel_begin(s->travel));
        break;
    case TRAVEL_HIT:
    case TRAVEL_END:
    case TRAVEL_POWER:
    case TRAVEL_INTERRUPTED:
        text_add(out,
                 "interrupted: nothing wrote there from tick %llu on; what was before that is not "
                 "known\n",
                 (unsigned long long)write->at);
        gdb_add_when(s, out);
        break;
    case TRAVEL_DIVERGED: text_add(out, "the search was given up: the replay differs\n"); break;
    }
}

/* To the disk of that name. */
static void ask_disk(struct gdb_session *s, const char *disk, uint64_t at, uint64_t length,
                     struct text *out)
{
    struct travel_write write;
    struct live_tree *tree;
    enum travel_why why;
    uint32_t number;

    if (!machine_find_tree(s->machine, disk, &number, &tree)) {
        text_add(out, "there is no disk \"%s\"\n", disk);
    } else if (length == 0 || at > tree->bytes || length > tree->bytes - at) {
        text_add(out, "LEN is at least 1, and the bytes lie on the disk\n");
    } else {
        gdb_journey_begins(s);
        why = travel_last_tree_write(s->travel, number, tree, at, length, travel_now(s->travel),
                                     &write);
        say(s, why, &write, out);
    }
}

static void ask_memory(struct gdb_session *s, bool physical, uint64_t at, uint64_t length,
                       struct text *out)
{
    struct cpu *cpu = machine_cpu(s->machine, s->hart);
    struct travel_write write;
    haddr home;

    if (length == 0 || length > PAGE_SIZE - at % PAGE_SIZE) {
        text_add(out, "LEN is at least 1, and the bytes lie in one page\n");
        return;
    }
    if (!physical && !cpu_debug_translate(cpu, at, &at)) {
        text_add(out, "hart%u maps nothing there now; `phys` after it means physical memory\n",
                 s->hart);
        return;
    }
    if (!mem_home_of(machine_mem(s->machine), at, length, &home)) {
        text_add(out, "there is no memory at physical address 0x%llx\n", (unsigned long long)at);
        return;
    }
    gdb_journey_begins(s);
    say(s, travel_last_write(s->travel, home, length, travel_now(s->travel), &write), &write, out);
}

void gdb_command_lastwrite(struct gdb_session *s, const char *argument, struct text *out)
{
    uint64_t at, length;
    const char *rest;

    length = LENGTH_DEFAULT;
    gdb_parse_range(argument, &at, &length, &rest);
    if (rest == NULL) {
        text_add(out, "lastwrite wants ADDR[,LEN] [phys|DISK]: lastwrite 0x80200000,4\n");
    } else if (*rest == '\0' || strcmp(rest, "phys") == 0) {
        ask_memory(s, *rest != '\0', at, length, out);
    } else {
        ask_disk(s, rest, at, length, out);
    }
}
