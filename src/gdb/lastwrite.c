/* SPDX-License-Identifier: GPL-2.0-or-later
 * lastwrite: `monitor lastwrite ADDR[,LEN] [phys]`: what wrote there last. A virtual address means
 * what the selected hart maps there now.
 */
#include <stdlib.h>

#include "gdb/internal.h"

#define LENGTH_DEFAULT 8

/* "ADDR[,LEN] [phys]", numbers as in C. */
static bool parse(const char *argument, uint64_t *at, uint64_t *length, bool *physical)
{
    char *rest;

    *length = LENGTH_DEFAULT;
    *at = strtoull(argument, &rest, 0);
    if (rest == argument) {
        return false;
    }
    if (*rest == ',') {
        const char *number = rest + 1;

        *length = strtoull(number, &rest, 0);
        if (rest == number) {
            return false;
        }
    }
    rest += strspn(rest, " ");
    *physical = strcmp(rest, "phys") == 0;
    return *physical || *rest == '\0';
}

void gdb_command_lastwrite(struct gdb_session *s, const char *argument, struct text *out)
{
    struct cpu *cpu = machine_cpu(s->machine, s->hart);
    struct travel_write write;
    uint64_t at, length;
    bool physical;
    haddr home;

    if (!parse(argument, &at, &length, &physical)) {
        text_add(out, "lastwrite wants ADDR[,LEN] [phys]: lastwrite 0x80200000,4\n");
        return;
    }
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
    switch (travel_last_write(s->travel, home, length, travel_now(s->travel), &write)) {
    case TRAVEL_ARRIVED: travel_print_write(&write, out); break;
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
                 (unsigned long long)write.at);
        gdb_add_when(s, out);
        break;
    case TRAVEL_DIVERGED: text_add(out, "the search was given up: the replay differs\n"); break;
    }
}
