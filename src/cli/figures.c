/* SPDX-License-Identifier: GPL-2.0-or-later
 * figures: what a run, a recording or a replay did: one line for people, JSON for --stats.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "world/world.h"

static double seconds_now(void)
{
    return (double)wallclock_now_ns() / 1e9;
}

static double seconds_cpu(void)
{
    return (double)wallclock_cpu_ns() / 1e9;
}

void figures_start(struct figures *f, const char *what)
{
    *f = (struct figures){
        .what = what, .result = "", .host_seconds = -seconds_now(), .cpu_seconds = -seconds_cpu()};
}

void figures_stop(struct figures *f, const struct machine *m, const struct journal *j)
{
    f->host_seconds += seconds_now();
    f->cpu_seconds += seconds_cpu();
    f->machine_cpu_seconds = (double)wallclock_thread_cpu_ns() / 1e9;
    f->ticks = machine_state(m)->now;
    f->instructions = machine_state(m)->instructions;
    journal_stats(j, &f->journal);
    f->witnesses = f->journal.witnesses;
}

static double busy_seconds(const struct figures *f)
{
    double busy = f->host_seconds - (double)f->journal.waited_ns / 1e9;
    return busy > 1e-9 ? busy : 1e-9;
}

void figures_print(const struct figures *f)
{
    say("%s: %llu ticks, %llu instructions, %.2f s (%.2f s waiting), %.1f MIPS, "
        "%llu witnesses%s: %s",
        f->what, (unsigned long long)f->ticks, (unsigned long long)f->instructions, f->host_seconds,
        (double)f->journal.waited_ns / 1e9, (double)f->instructions / busy_seconds(f) / 1e6,
        (unsigned long long)f->witnesses, strcmp(f->what, "replay") == 0 ? " checked" : "",
        f->result);
}

static void put(struct json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

int figures_check(const char *path, struct error *e)
{
    FILE *f = fopen(path, "a");

    if (!f) {
        return error_set(e, "--stats %s: %s", path, strerror(errno));
    }
    fclose(f);
    return 0;
}

int figures_write(const struct figures *f, const char *path, struct error *e)
{
    struct json_object *o = json_object_new_object();
    char hash[24];
    int result = 0;

    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->final_hash);
    json_object_object_add(o, "command", json_object_new_string(f->what));
    json_object_object_add(o, "result", json_object_new_string(f->result));
    put(o, "ticks", f->ticks);
    put(o, "instructions", f->instructions);
    json_object_object_add(o, "host_seconds", json_object_new_double(f->host_seconds));
    json_object_object_add(o, "cpu_seconds", json_object_new_double(f->cpu_seconds));
    json_object_object_add(o, "machine_cpu_seconds",
                           json_object_new_double(f->machine_cpu_seconds));
    json_object_object_add(o, "waited_seconds",
                           json_object_new_double((double)f->journal.waited_ns / 1e9));
    json_object_object_add(o, "mips",
                           json_object_new_double((double)f->instructions / busy_seconds(f) / 1e6));
    put(o, "witnesses", f->witnesses);
    put(o, "inputs", f->journal.inputs);
    put(o, "input_bytes", f->journal.input_bytes);
    put(o, "output_bytes", f->journal.outputs);
    put(o, "recording_bytes", f->journal.file_bytes);
    json_object_object_add(o, "final_hash", json_object_new_string(hash));
    if (json_object_to_file_ext(path, o, JSON_C_TO_STRING_PRETTY) < 0) {
        result = error_set(e, "%s: cannot be written", path);
    }
    json_object_put(o);
    return result;
}
