/* SPDX-License-Identifier: GPL-2.0-or-later
 * registers: those of the selected hart as its ISA describes them, and two of our own that say
 * when: `tick` and `vtime`. A `g` packet holds only the general ones, which come first; everything
 * else is asked for one by one.
 */
#include <stdlib.h>

#include "gdb/internal.h"

#define OUR_FEATURE "org.reprise.time"
enum { OUR_TICK, OUR_VTIME, OUR_COUNT };
_Static_assert(OUR_COUNT == GDB_OUR_REGISTERS, "agent.c knows how many, and their order");

static int by_number(const void *a, const void *b)
{
    const struct gdb_register *x = a, *y = b;

    return x->description->number < y->description->number ? -1 : 1;
}

uint32_t gdb_our_registers(const struct isa *isa)
{
    size_t count = 0;
    const struct isa_register *r = isa->gdb.registers != NULL ? isa->gdb.registers(&count) : NULL;
    uint32_t number = 0;

    for (size_t i = 0; i < count; i++) {
        number = r[i].number >= number ? r[i].number + 1 : number;
    }
    return number;
}

static void add_ours(struct gdb_session *s)
{
    uint32_t number = gdb_our_registers(machine_isa(s->machine));
    static const char *const names[OUR_COUNT] = {"tick", "vtime"};

    for (unsigned i = 0; i < OUR_COUNT; i++) {
        struct isa_register *r = base_alloc(1, sizeof(*r));

        *r = (struct isa_register){.name = names[i],
                                   .feature = OUR_FEATURE,
                                   .type = "uint64",
                                   .group = "system",
                                   .bits = 64,
                                   .number = number + i};
        s->registers[s->register_count++] = (struct gdb_register){.description = r, .ours = true};
    }
}

/* The leading registers without a gap that are in the general group. */
static size_t count_general(const struct gdb_session *s)
{
    size_t n = 0;

    while (n < s->register_count && s->registers[n].description->number == n &&
           s->registers[n].description->group != NULL &&
           strcmp(s->registers[n].description->group, "general") == 0) {
        n++;
    }
    return n;
}

void gdb_registers_init(struct gdb_session *s)
{
    const struct isa *isa = machine_isa(s->machine);
    const struct isa_register *r = NULL;
    size_t count = 0;

    if (isa->gdb.registers != NULL) {
        r = isa->gdb.registers(&count);
    }
    s->registers = base_alloc(count + OUR_COUNT, sizeof(*s->registers));
    for (size_t i = 0; i < count; i++) {
        must(r[i].bits % 8 == 0 && r[i].bits / 8 <= GDB_REGISTER_MAX);
        s->registers[s->register_count++] = (struct gdb_register){.description = &r[i]};
        if (r[i].number == isa->gdb.pc) {
            s->pc = &r[i];
        }
    }
    qsort(s->registers, s->register_count, sizeof(*s->registers), by_number);
    add_ours(s);
    s->general_count = count_general(s);
}

void gdb_registers_fini(struct gdb_session *s)
{
    for (size_t i = 0; i < s->register_count; i++) {
        if (s->registers[i].ours) {
            free((void *)(uintptr_t)s->registers[i].description);
        }
    }
    free(s->registers);
}

/* Time goes on during a call, and control registers say what the machine does meanwhile, which
 * nobody can take back. */
bool gdb_register_is_saved(const struct isa_register *r)
{
    return r->group != NULL && (strcmp(r->group, "general") == 0 ||
                                strcmp(r->group, "float") == 0 || strcmp(r->group, "vector") == 0);
}

bool gdb_register_get(struct gdb_session *s, const struct gdb_register *r,
                      uint8_t value[GDB_REGISTER_MAX])
{
    struct cpu *cpu = gdb_cpu(s);

    memset(value, 0, GDB_REGISTER_MAX);
    if (!r->ours) {
        /* Registers that count time ask the hart, which knows only when it last ran. */
        cpu->block_tick = machine_now(s->machine);
        cpu->insn = 0;
        return machine_isa(s->machine)->gdb.get(cpu, r->description->number, value);
    }
    bytes_set_le(value, 8,
                 strcmp(r->description->name, "tick") == 0 ? machine_now(s->machine)
                                                           : machine_now_ns(s->machine));
    return true;
}

void gdb_order_value(const struct gdb_session *s, uint8_t *value, size_t bytes)
{
    for (size_t i = 0; machine_isa(s->machine)->big_endian && i < bytes / 2; i++) {
        uint8_t low = value[i];

        value[i] = value[bytes - 1 - i];
        value[bytes - 1 - i] = low;
    }
}

static void add_value(struct gdb_session *s, const struct gdb_register *r)
{
    uint8_t value[GDB_REGISTER_MAX];
    size_t bytes = r->description->bits / 8;

    if (gdb_register_get(s, r, value)) {
        gdb_order_value(s, value, bytes);
        gdb_add_hex(&s->out, value, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        text_add(&s->out, "xx"); /* this hart does not have it */
    }
}

static const struct gdb_register *find(const struct gdb_session *s, uint64_t number)
{
    for (size_t i = 0; i < s->register_count; i++) {
        if (s->registers[i].description->number == number) {
            return &s->registers[i];
        }
    }
    return NULL;
}

void gdb_read_registers(struct gdb_session *s, struct gdb_args *a)
{
    (void)a;
    for (size_t i = 0; i < s->general_count; i++) {
        add_value(s, &s->registers[i]);
    }
}

void gdb_read_register(struct gdb_session *s, struct gdb_args *a)
{
    const struct gdb_register *r;
    uint64_t number;

    if (!gdb_take_hex(a, &number) || gdb_left(a) != 0 || (r = find(s, number)) == NULL) {
        gdb_refuse(s, "There is no such register.");
        return;
    }
    add_value(s, r);
}

/* To the client's value. False with a refusal made. One that is there already takes no input. */
static bool set(struct gdb_session *s, const struct gdb_register *r, uint8_t *value)
{
    uint8_t old[GDB_REGISTER_MAX];
    size_t bytes = r->description->bits / 8;

    gdb_order_value(s, value, bytes);
    if (gdb_register_get(s, r, old) && memcmp(old, value, bytes) == 0) {
        return true;
    }
    if (r->ours) {
        gdb_refuse_write(s, "%s says when it is; use `monitor goto`.", r->description->name);
        return false;
    }
    return gdb_poke(s, POKE_REGISTER, r->description->number, value, (uint32_t)bytes);
}

void gdb_write_register(struct gdb_session *s, struct gdb_args *a)
{
    uint8_t value[GDB_REGISTER_MAX] = {0};
    const struct gdb_register *r;
    uint64_t number;

    if (!gdb_take_hex(a, &number) || !gdb_take(a, '=') || (r = find(s, number)) == NULL ||
        gdb_take_bytes(a, value, r->description->bits / 8) != r->description->bits / 8 ||
        gdb_left(a) != 0) {
        gdb_refuse(s, "Malformed P packet, or no such register.");
    } else if (set(s, r, value)) {
        gdb_ok(s);
    }
}

void gdb_write_registers(struct gdb_session *s, struct gdb_args *a)
{
    for (size_t i = 0; i < s->general_count; i++) {
        const struct gdb_register *r = &s->registers[i];
        ptrdiff_t bytes = r->description->bits / 8;
        uint8_t value[GDB_REGISTER_MAX] = {0};

        if (gdb_take_bytes(a, value, (size_t)bytes) != bytes) {
            gdb_refuse(s, "A G packet holds all general registers.");
            return;
        }
        if (!set(s, r, value)) {
            return;
        }
    }
    if (gdb_left(a) != 0) {
        gdb_refuse(s, "A G packet holds the general registers only.");
        return;
    }
    gdb_ok(s);
}
