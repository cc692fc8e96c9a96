/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_guest: every answer of travel/ against the oracle, over windows of a real guest program:
 * its beginning, its end with the power-off, and some in between.
 *
 *   travel_guest --elf FILE [--smp N] [--input FILE] [--windows N] [--ticks N] [--seed N]
 */
#include <stdio.h>
#include <stdlib.h>

#include "../guest_machine.h"
#include "board/board.h"
#include "host/host.h"
#include "oracle.h"

#define TICKS_MOST UINT64_C(20000000000)
#define STEPS_MOST UINT64_C(60000000)
#define LINE_PAUSE 60000 /* ticks between pieces of input */

struct guest {
    struct machine_config config;
    struct machine *machine; /* of the plain run */
    uint8_t *input;
    size_t input_length, typed;
    uint16_t port;
    VEC(struct oracle_input) inputs;
    tick begin, end;
};

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "travel_guest: %s\n", what);
    exit(1);
}

static struct machine *new_machine(struct guest *g)
{
    struct error e;
    struct machine *m = board_build(&g->config, &e);

    if (m == NULL) {
        give_up(e.text);
    }
    return m;
}

/* ---- the plain run: makes up when input enters, and finds the end ---- */

static tick next_typing(const struct guest *g, tick now)
{
    if (g->typed == g->input_length) {
        return TICK_NEVER;
    }
    return (now / LINE_PAUSE + 1) * LINE_PAUSE;
}

static enum inlet_answer plain_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct guest *g = opaque;
    uint32_t room = machine_port_room(g->machine, g->port);
    uint64_t left = g->input_length - g->typed;
    struct oracle_input i = {.at = now, .port = g->port};

    *ask_again = next_typing(g, now);
    if (now == 0 || now % LINE_PAUSE != 0 || left == 0 || room == 0) {
        return INLET_QUIET;
    }
    i.length = (uint8_t)(left < 8 ? left : 8);
    i.length = i.length < room ? i.length : (uint8_t)room;
    memcpy(i.data, g->input + g->typed, i.length);
    g->typed += i.length;
    vec_push(&g->inputs, i);
    *in = (struct input){.at = now,
                         .port = i.port,
                         .length = i.length,
                         .data = g->inputs.data[g->inputs.count - 1].data};
    return INLET_INPUT;
}

static tick plain_idle(void *opaque, tick now, tick event)
{
    tick typing = next_typing(opaque, now);

    return typing < event ? typing : event;
}

/* Returns the tick of the power-off. */
static tick run_plain(struct guest *g)
{
    struct machine *m = new_machine(g);
    const struct inlet inlet = {.opaque = g, .next = plain_next, .idle = plain_idle};
    enum stop stop = STOP_TICK;
    tick end;

    g->machine = m;
    g->port = (uint16_t)machine_port_by_name(m, "serial0");
    machine_set_inlet(m, &inlet);
    while (stop == STOP_TICK && machine_state(m)->now < TICKS_MOST &&
           machine_state(m)->instructions < STEPS_MOST) {
        stop = machine_run(m, machine_state(m)->now + 1000000, false);
    }
    if (stop == STOP_END) {
        give_up("the guest waits for ever");
    }
    end = machine_state(m)->now;
    machine_free(m);
    return end;
}

/* ---- windows ---- */

static struct machine *build(void *opaque)
{
    struct guest *g = opaque;
    struct machine *m = new_machine(g);
    struct oracle_source s;
    struct travel_source source =
        oracle_source_init(&s, g->inputs.data, g->inputs.count, TICK_NEVER);

    machine_set_inlet(m, &source.inlet);
    must(machine_run(m, g->begin, false) == STOP_TICK);
    text_fini(&s.output);
    machine_set_inlet(m, &(struct inlet){0});
    return m;
}

static bool try_window(struct guest *g, const char *name, tick begin, tick end, uint64_t seed)
{
    const struct travel_limits limits = {.spacing = 200, .bytes = 1, .count = 17};
    struct oracle_case c = {.name = name,
                            .opaque = g,
                            .build = build,
                            .inputs = g->inputs.data,
                            .input_count = g->inputs.count,
                            .begin = begin,
                            .end = end};

    g->begin = begin;
    if (!oracle_agrees(&c, &limits, 40, seed)) {
        return false;
    }
    c.indexed = true;
    return oracle_agrees(&c, &limits, 20, seed + 1);
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return otherwise;
}

static void read_image(struct guest *g, const char *path)
{
    struct machine_image *i = &g->config.images[IMAGE_KERNEL];
    struct error e;
    size_t size;

    i->name = base_strdup(path);
    if (host_file_read_all(path, 64 * MIB, &i->data, &size, &e) < 0) {
        give_up(e.text);
    }
    i->size = size;
    snprintf(g->config.arch, sizeof g->config.arch, "%s", board_arch_of(&g->config));
}

int main(int argc, char **argv)
{
    const char *elf = option(argc, argv, "--elf", NULL);
    const char *input = option(argc, argv, "--input", NULL);
    uint64_t windows = strtoull(option(argc, argv, "--windows", "4"), NULL, 10);
    uint64_t ticks = strtoull(option(argc, argv, "--ticks", "1500"), NULL, 10);
    uint64_t seed = strtoull(option(argc, argv, "--seed", "1"), NULL, 10);
    static struct guest guest;
    struct guest *g = &guest;
    struct error e;
    bool right = true;
    tick whole;

    if (elf == NULL) {
        give_up("--elf FILE");
    }
    machine_config_init(&g->config);
    g->config.ram_bytes = 16 * MIB;
    g->config.bios_none = 1;
    g->config.hart_count = (uint32_t)strtoul(option(argc, argv, "--smp", "1"), NULL, 10);
    g->config.quantum = 331;
    for (int i = 1; i + 1 < argc; i += 2) {
        (void)guest_machine_option(&g->config, argv[i], argv[i + 1]);
    }
    read_image(g, elf);
    if (input != NULL && host_file_read_all(input, MIB, &g->input, &g->input_length, &e) < 0) {
        give_up(e.text);
    }
    whole = run_plain(g);
    for (uint64_t i = 0; i < windows && right; i++) {
        uint64_t span = whole > ticks ? whole - ticks : 0;
        uint64_t x = (i * UINT64_C(0x9e3779b97f4a7c15) + seed) ^ whole;
        tick begin = i == 0 ? 0 : i == 1 ? span : hash_bytes(&x, sizeof x, 0) % (span + 1);
        tick end = begin + ticks < whole ? begin + ticks : whole;

        right = try_window(g, elf, begin, end, seed + i);
    }
    vec_fini(&g->inputs);
    free(g->input);
    machine_config_fini(&g->config);
    return right ? 0 : 1;
}
