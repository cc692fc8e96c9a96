/* SPDX-License-Identifier: GPL-2.0-or-later
 * harts: commands about processors.
 */
#include <unistd.h>

#include "control/internal.h"

struct json_object *run_cpus(struct call *k)
{
    struct json_object *list = json_object_new_array();

    for (unsigned h = 0; h < machine_hart_count(k->control->machine); h++) {
        struct json_object *o = json_object_new_object(), *props = json_object_new_object();
        struct text path = {0};

        text_add(&path, "/machine/unattached/device[%u]", h);
        json_add_int(o, "cpu-index", h);
        json_add_text(o, "qom-path", path.data);
        json_add_int(o, "thread-id", getpid());
        json_add_int(props, "core-id", h);
        json_object_object_add(o, "props", props);
        json_add_text(o, "target", machine_isa(k->control->machine)->name);
        json_object_array_add(list, o);
        text_fini(&path);
    }
    return list;
}

void show_cpus(struct call *k, struct json_object *answer, struct text *out)
{
    for (size_t i = 0; i < json_object_array_length(answer); i++) {
        struct json_object *o = json_object_array_get_idx(answer, i);

        text_add(out, "%s CPU #%u: thread_id=%d\n", i == k->hart ? "*" : " ",
                 (unsigned)json_get_int(o, "cpu-index"), (int)json_get_int(o, "thread-id"));
    }
}

struct json_object *run_cpu(struct call *k)
{
    uint64_t hart = call_number(k, "index", 0);

    if (hart >= machine_hart_count(k->control->machine)) {
        return call_fail(k, "there are CPUs 0 to %u", machine_hart_count(k->control->machine) - 1);
    }
    k->monitor->hart = (unsigned)hart;
    return call_done();
}

/* As many to a line as fit. */
static void print_registers(struct call *k, unsigned hart)
{
    const struct isa *isa = machine_isa(k->control->machine);
    struct cpu *cpu = machine_cpu(k->control->machine, hart);
    size_t count = 0, column = 0;
    const struct isa_register *r = isa->gdb.registers != NULL ? isa->gdb.registers(&count) : NULL;

    text_add(&k->out, "\nCPU#%u\n", hart);
    for (size_t i = 0; i < count; i++) {
        uint8_t value[64] = {0};
        unsigned bytes = r[i].bits / 8, width;

        if (r[i].bits > 8 * sizeof value || !isa->gdb.get(cpu, r[i].number, value)) {
            continue;
        }
        bytes = bytes > 0 ? bytes : 1;
        width = 12 + 2 * bytes;
        if (column > 0 && column + width > 100) {
            text_add(&k->out, "\n");
            column = 0;
        }
        text_add(&k->out, " %-8s ", r[i].name);
        while (bytes-- > 0) {
            text_add(&k->out, "%02x", value[bytes]);
        }
        text_add(&k->out, "  ");
        column += width;
    }
    text_add(&k->out, "\n");
}

struct json_object *run_registers(struct call *k)
{
    const char *all = call_text(k, "all");

    if (all != NULL && strcmp(all, "-a") != 0) {
        return call_fail(k, "-a is all that may follow");
    }
    for (unsigned h = 0; h < machine_hart_count(k->control->machine); h++) {
        if (all != NULL || h == k->hart) {
            print_registers(k, h);
        }
    }
    return call_done();
}

struct json_object *run_irq(struct call *k)
{
    struct engine_stats s;

    engine_get_stats(machine_engine(k->control->machine), &s);
    text_add(&k->out, "interrupts taken: %llu\nexceptions taken: %llu\n", (ull)s.interrupts,
             (ull)s.exceptions);
    text_add(&k->out, "(by this process, on all its ways through time)\n");
    return call_done();
}

/* What -cpu may name is asked of the processor itself: whatever it takes. */
struct json_object *run_cpu_definitions(struct call *k)
{
    static const char *const names[] = {"rv64",       "max",        "cortex-a53", "cortex-a57",
                                        "cortex-a72", "cortex-a15", "cortex-a9",  "cortex-a7",
                                        "rv32",       "neoverse-n1"};
    const struct isa *isa = machine_isa(k->control->machine);
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct isa_options options = {.cpu = names[i], .hart_count = 1};
        void *model = base_alloc(1, isa->model_size + 1);
        struct json_object *o;
        struct error e;

        if (isa->make_model == NULL || isa->make_model(model, &options, &e) < 0) {
            free(model);
            continue;
        }
        free(model);
        o = json_object_new_object();
        json_add_text(o, "name", names[i]);
        json_add_text(o, "typename", names[i]);
        json_add_bool(o, "static", false);
        json_add_bool(o, "migration-safe", false);
        json_add_bool(o, "deprecated", false);
        json_object_array_add(list, o);
    }
    return list;
}
