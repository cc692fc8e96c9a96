/* SPDX-License-Identifier: GPL-2.0-or-later
 * session: the options that say what is done with a machine or a recording, and how.
 */
#include "options/internal.h"

static int take_paused(struct options *o, const char *v, struct error *e)
{
    (void)v;
    (void)e;
    o->start_paused = true;
    return 0;
}

static int take_gdb(struct options *o, const char *v, struct error *e)
{
    (void)e;
    o->gdb = v;
    return 0;
}

static int take_gdb_default(struct options *o, const char *v, struct error *e)
{
    (void)v;
    return take_gdb(o, "tcp::1234", e);
}

static int take_index_size(struct options *o, const char *v, struct error *e)
{
    return options_parse_size(v, &o->index_bytes, e) < 0 ? error_prefix(e, "--index-size") : 0;
}

static int take_accel(struct options *o, const char *v, struct error *e)
{
    bool verify = strcmp(v, "verify") == 0;

    if (strcmp(v, "interp") != 0 && strcmp(v, "jit") != 0 && !verify) {
        return error_set(e, "-accel %s is not there: jit, interp or verify", v);
    }
    if (verify && !(o->command & (COMMANDS_MACHINE | COMMAND_REPLAY))) {
        return error_set(e, "-accel verify is for run, record and replay");
    }
    o->accel = v;
    return 0;
}

#define TAKE_STRING(field)                                                                         \
    static int take_##field(struct options *o, const char *v, struct error *e)                     \
    {                                                                                              \
        (void)e;                                                                                   \
        o->field = v;                                                                              \
        return 0;                                                                                  \
    }
TAKE_STRING(debug_items)
TAKE_STRING(debug_file)
TAKE_STRING(output)
TAKE_STRING(stats)
TAKE_STRING(at)
TAKE_STRING(until)
TAKE_STRING(serial_out)
TAKE_STRING(shown_port)
TAKE_STRING(gdb_path)
TAKE_STRING(symbols)
TAKE_STRING(disk)

#define TAKE_FLAG(field)                                                                           \
    static int take_##field(struct options *o, const char *v, struct error *e)                     \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)e;                                                                                   \
        o->field = true;                                                                           \
        return 0;                                                                                  \
    }
TAKE_FLAG(force)
TAKE_FLAG(by_reference)
TAKE_FLAG(no_verify)
TAKE_FLAG(no_index)
TAKE_FLAG(trust_index)
TAKE_FLAG(softfloat)
TAKE_FLAG(json)
TAKE_FLAG(safe_console)
TAKE_FLAG(index)
TAKE_FLAG(physical)
TAKE_FLAG(no_sandbox)
TAKE_FLAG(allow_paths)
TAKE_FLAG(help)

#define M COMMANDS_MACHINE
#define COMMANDS_REPLAYING                                                                         \
    (COMMAND_REPLAY | COMMAND_DEBUG | COMMAND_DIFF | COMMAND_INDEX | COMMAND_QUERY)
static const struct option_entry entries_of_recording[] = {
    {"-o", COMMAND_RECORD, "FILE", "the recording to write (recording.rr)", take_output},
    {"-o", COMMAND_PACK, "FILE", "the recording to write (packed.rr)", take_output},
    {"--force", COMMAND_RECORD | COMMAND_PACK, NULL, "replace FILE if it exists", take_force},
    {"--by-reference", COMMAND_RECORD, NULL, "name kernel, initrd, ... instead of embedding them",
     take_by_reference},
    {"--index", COMMAND_RECORD, NULL, "make FILE.idx in any case, and wait for it", take_index},
};
const struct option_group options_of_recording = {entries_of_recording,
                                                  ARRAY_LEN(entries_of_recording)};

static const struct option_entry entries[] = {
    {"-accel", M | COMMANDS_REPLAYING, "jit|interp|verify",
     "guest code is compiled, interpreted, or both and compared (jit)", take_accel},
    {"--softfloat", M | COMMANDS_REPLAYING, NULL, "compute floating point in software only",
     take_softfloat},
    {"-S", M | COMMAND_REPLAY, NULL, "wait for GDB or a monitor before the first instruction",
     take_paused},
    {"-s", M | COMMAND_REPLAY, NULL, "the same as -gdb tcp::1234", take_gdb_default},
    {"-gdb", M | COMMAND_REPLAY, "tcp:[HOST]:PORT|unix:PATH", "serve GDB while running", take_gdb},
    {"-d", M | COMMAND_REPLAY, "ITEM,...", "log: ir, code (host), dev (guest errors)",
     take_debug_items},
    {"-D", M | COMMAND_REPLAY, "FILE", "where the log goes (stderr)", take_debug_file},
    {"--stats", M | COMMAND_REPLAY, "FILE.json", "write the run's figures as JSON", take_stats},
    {"--until", COMMAND_REPLAY, "TICK", "stop there", take_until},
    {"--no-verify", COMMAND_REPLAY, NULL, "do not compare witnesses", take_no_verify},
    {"--serial-out", COMMAND_REPLAY, "PATH", "console to a file instead of stdout",
     take_serial_out},
    {"--port", COMMAND_REPLAY, "NAME", "whose output the console is (serial0)", take_shown_port},
    {"--safe-console", COMMAND_REPLAY | COMMAND_DEBUG, NULL,
     "spell out what a terminal would obey in the console's output", take_safe_console},
    {"--at", COMMAND_DEBUG, "TICK|PCT%|end", "where to start (end)", take_at},
    {"--listen", COMMAND_DEBUG, "[HOST]:PORT|unix:PATH", "only serve GDB, do not start one",
     take_gdb},
    {"--gdb", COMMAND_DEBUG, "PATH", "which gdb (gdb-multiarch)", take_gdb_path},
    {"--phys", COMMAND_QUERY, NULL, "ADDR is physical", take_physical},
    {"--disk", COMMAND_QUERY, "ID", "ADDR is a byte of that disk", take_disk},
    {"--before", COMMAND_QUERY, "TICK|PCT%|end", "ask about the time before that (end)", take_at},
    {"--index-size", COMMAND_RECORD | COMMAND_DEBUG | COMMAND_QUERY | COMMAND_INDEX, "SIZE",
     "what FILE.idx may have (1G, and twice what disks took)", take_index_size},
    {"--no-index", COMMAND_RECORD | COMMAND_DEBUG | COMMAND_QUERY, NULL,
     "neither use nor make FILE.idx", take_no_index},
    {"--trust-index", COMMAND_DEBUG | COMMAND_QUERY | COMMAND_INDEX, NULL,
     "believe FILE.idx even if another user made it", take_trust_index},
    {"--symbols", COMMAND_DEBUG, "ELF", "symbols that the kernel image does not carry",
     take_symbols},
    {"--json", COMMAND_INFO | COMMAND_DIFF, NULL, "machine-readable", take_json},
    {"--allow-paths", COMMANDS_REPLAYING | COMMAND_PACK, NULL,
     "open what FILE names outside its folder", take_allow_paths},
    {"--no-sandbox", COMMANDS_ALL, NULL, "let the process do what its user may", take_no_sandbox},
    {"--help", COMMANDS_ALL, NULL, "this text", take_help},
    {"-h", COMMANDS_ALL, NULL, NULL, take_help},
};
const struct option_group options_of_session = {entries, ARRAY_LEN(entries)};
