/* SPDX-License-Identifier: GPL-2.0-or-later
 * commands: the table of all commands, for programs and for people. Names and arguments are the
 * reference's; what is ours begins with x-.
 */
#include "control/internal.h"

#define NO_SCREEN "this machine has no screen, no keyboard and no mouse: serial ports take keys"
#define NO_SNAPSHOTS                                                                               \
    "snapshots in disk images are not there yet: a recording can be gone through, x-goto"
#define NO_PLUGGING "devices are plugged in on the command line only: -device"

#define NUMBER(n)                                                                                  \
    {                                                                                              \
        .name = n, .kind = ARGUMENT_NUMBER                                                         \
    }
#define TEXT(n)                                                                                    \
    {                                                                                              \
        .name = n, .kind = ARGUMENT_TEXT                                                           \
    }
#define MAYBE(n, of_kind)                                                                          \
    {                                                                                              \
        .name = n, .kind = ARGUMENT_##of_kind, .is_optional = true                                 \
    }
#define REFUSED(q, h, why)                                                                         \
    {                                                                                              \
        .qmp = q, .human = h, .arguments = {MAYBE("arguments", LINE)}, .refused = why              \
    }

const struct command control_commands[] = {
    /* of QMP itself */
    {.qmp = "qmp_capabilities",
     .help = "begins",
     .arguments = {MAYBE("enable", VALUE)},
     .flags = COMMAND_EARLY,
     .run = run_capabilities},
    {.qmp = "query-commands", .help = "what there is", .flags = COMMAND_LIST, .run = run_commands},
    {.qmp = "query-events",
     .help = "which events there are",
     .flags = COMMAND_LIST,
     .run = run_events},
    {.qmp = "query-qmp-schema",
     .help = "commands, arguments, events",
     .flags = COMMAND_LIST,
     .run = run_schema},
    {.qmp = "human-monitor-command",
     .help = "a line of the other dialect",
     .arguments = {TEXT("command-line"), MAYBE("cpu-index", NUMBER)},
     .run = run_human},
    /* of people */
    {.human = "help",
     .alias = "?",
     .help = "this list, or a command's line",
     .arguments = {MAYBE("name", LINE)},
     .run = run_help},
    {.human = "info",
     .help = "`help info` lists what it tells of",
     .arguments = {MAYBE("name", LINE)},
     .run = run_help},
    {.human = "cpu",
     .help = "whose registers and memory are meant",
     .arguments = {NUMBER("index")},
     .run = run_cpu},
    {.human = "print",
     .alias = "p",
     .help = "a value, as /x /d /u /o /c",
     .arguments = {MAYBE("fmt", FORMAT), NUMBER("val")},
     .run = run_print},
    {.human = "x",
     .help = "memory by virtual addresses: /COUNT, then x d u o c i, then b h w g",
     .arguments = {MAYBE("fmt", FORMAT), NUMBER("addr")},
     .run = run_x},
    {.human = "xp",
     .help = "the same by physical addresses",
     .arguments = {MAYBE("fmt", FORMAT), NUMBER("addr")},
     .run = run_xp},
    {.human = "sum",
     .help = "16-bit sum of bytes by physical addresses",
     .arguments = {NUMBER("addr"), NUMBER("size")},
     .run = run_sum},
    {.human = "gva2gpa",
     .help = "the physical address of a virtual one",
     .arguments = {NUMBER("addr")},
     .run = run_gva2gpa},
    /* running */
    {.qmp = "stop",
     .human = "stop",
     .alias = "s",
     .help = "the machine stops",
     .flags = COMMAND_MOVES,
     .run = run_stop},
    {.qmp = "cont", .human = "cont", .alias = "c", .help = "it goes on", .run = run_cont},
    {.qmp = "quit", .human = "quit", .alias = "q", .help = "the program ends", .run = run_quit},
    {.qmp = "system_reset",
     .human = "system_reset",
     .help = "presses the reset button",
     .run = run_reset},
    {.qmp = "system_powerdown",
     .human = "system_powerdown",
     .help = "presses the power button",
     .run = run_powerdown},
    {.qmp = "query-status",
     .human = "info status",
     .help = "whether the machine runs",
     .run = run_status,
     .show = show_status},
    /* in time */
    {.qmp = "query-replay",
     .human = "info replay",
     .help = "where in the recording it is",
     .run = run_query_replay,
     .show = show_replay},
    {.qmp = "replay-break",
     .human = "replay_break",
     .help = "a replay stops there, once",
     .arguments = {NUMBER("icount")},
     .run = run_replay_break},
    {.qmp = "replay-delete-break",
     .human = "replay_delete_break",
     .help = "or it does not",
     .run = run_replay_delete_break},
    {.qmp = "replay-seek",
     .human = "replay_seek",
     .help = "goes there, either way, and stops",
     .arguments = {NUMBER("icount")},
     .flags = COMMAND_MOVES,
     .run = run_replay_seek},
    {.qmp = "x-when",
     .human = "x-when",
     .help = "tick, virtual time, instructions, pc",
     .run = run_when,
     .show = show_when},
    {.qmp = "x-hash",
     .human = "x-hash",
     .help = "of all of the state, as a recording has it",
     .run = run_hash,
     .show = show_hash},
    {.qmp = "x-goto",
     .human = "x-goto",
     .help = "to TICK, +N, -N, PERCENT%, begin or end",
     .arguments = {TEXT("to")},
     .flags = COMMAND_MOVES,
     .run = run_goto,
     .show = show_when},
    {.qmp = "x-last-write",
     .human = "x-last-write",
     .help = "who wrote there last before now",
     .arguments = {NUMBER("val"), MAYBE("size", NUMBER), MAYBE("physical", BOOL)},
     .flags = COMMAND_MOVES,
     .run = run_last_write},
    {.qmp = "x-go-live",
     .human = "x-go-live",
     .help = "to the live edge; in a recording, or with `on`, a branch from here",
     .arguments = {MAYBE("here", BOOL)},
     .flags = COMMAND_MOVES,
     .run = run_go_live},
    /* what the machine is */
    {.qmp = "query-version",
     .human = "info version",
     .help = "the protocol's version, and ours",
     .run = run_version,
     .show = show_version},
    {.qmp = "query-name",
     .human = "info name",
     .help = "what -name said",
     .run = run_name,
     .show = show_name},
    {.qmp = "query-uuid",
     .human = "info uuid",
     .help = "what -uuid said",
     .run = run_uuid,
     .show = show_uuid},
    {.qmp = "query-kvm", .human = "info kvm", .help = "never", .run = run_kvm, .show = show_kvm},
    {.qmp = "query-target", .help = "the guest's architecture", .run = run_target},
    {.qmp = "query-machines",
     .help = "boards of the guest's architecture",
     .flags = COMMAND_LIST,
     .run = run_machines},
    {.qmp = "query-cpu-definitions",
     .help = "processors of the guest's architecture",
     .flags = COMMAND_LIST,
     .run = run_cpu_definitions},
    {.qmp = "query-cpus-fast",
     .human = "info cpus",
     .help = "its processors",
     .flags = COMMAND_LIST,
     .run = run_cpus,
     .show = show_cpus},
    {.qmp = "query-memory-size-summary",
     .human = "info memory_size_summary",
     .help = "how much memory it has",
     .run = run_memory_size},
    {.qmp = "query-chardev",
     .human = "info chardev",
     .help = "character devices",
     .flags = COMMAND_LIST,
     .run = run_chardevs,
     .show = show_chardevs},
    {.qmp = "query-block",
     .human = "info block",
     .help = "disks",
     .flags = COMMAND_LIST,
     .run = run_block,
     .show = show_block},
    {.qmp = "query-named-block-nodes",
     .help = "images, and the files behind them",
     .arguments = {MAYBE("flat", BOOL)},
     .flags = COMMAND_LIST,
     .run = run_block_nodes},
    {.qmp = "query-pci",
     .human = "info pci",
     .help = "functions on PCI",
     .flags = COMMAND_LIST,
     .run = run_pci,
     .show = show_pci},
    {.human = "info registers",
     .help = "of one processor; -a: of all",
     .arguments = {MAYBE("all", TEXT)},
     .run = run_registers},
    {.human = "info mtree",
     .help = "the map of physical memory",
     .arguments = {MAYBE("flags", LINE)},
     .run = run_mtree},
    {.human = "info mem",
     .help = "which virtual addresses are mapped, as far as they were used",
     .run = run_mem},
    {.human = "info tlb", .help = "translations that are at hand", .run = run_tlb},
    {.human = "info qtree", .help = "devices and their properties", .run = run_qtree},
    {.human = "info network", .help = "network cards and what they are on", .run = run_network},
    {.human = "info irq", .help = "interrupts and exceptions taken", .run = run_irq},
    {.human = "info roms", .help = "what is loaded into memory", .run = run_roms},
    {.qmp = "memsave",
     .human = "memsave",
     .help = "memory by virtual addresses, to a file",
     .arguments = {NUMBER("val"), NUMBER("size"), TEXT("filename"), MAYBE("cpu-index", NUMBER)},
     .run = run_memsave},
    {.qmp = "pmemsave",
     .human = "pmemsave",
     .help = "memory by physical addresses, to a file",
     .arguments = {NUMBER("val"), NUMBER("size"), TEXT("filename")},
     .run = run_pmemsave},
    /* what is known, and not there */
    REFUSED(NULL, "sendkey", NO_SCREEN),
    REFUSED("send-key", NULL, NO_SCREEN),
    REFUSED("input-send-event", NULL, NO_SCREEN),
    REFUSED(NULL, "mouse_move", NO_SCREEN),
    REFUSED(NULL, "mouse_button", NO_SCREEN),
    REFUSED("screendump", "screendump", NO_SCREEN),
    REFUSED("query-mice", "info mice", NO_SCREEN),
    REFUSED(NULL, "savevm", NO_SNAPSHOTS),
    REFUSED(NULL, "loadvm", NO_SNAPSHOTS),
    REFUSED(NULL, "delvm", NO_SNAPSHOTS),
    REFUSED(NULL, "info snapshots", NO_SNAPSHOTS),
    REFUSED("snapshot-save", NULL, NO_SNAPSHOTS),
    REFUSED("snapshot-load", NULL, NO_SNAPSHOTS),
    REFUSED("snapshot-delete", NULL, NO_SNAPSHOTS),
    REFUSED("device_add", "device_add", NO_PLUGGING),
    REFUSED("device_del", "device_del", NO_PLUGGING),
    REFUSED("system_wakeup", "system_wakeup", "no guest of these boards sleeps"),
    REFUSED("inject-nmi", "nmi", "these boards have no such interrupt"),
};
const size_t control_command_count = ARRAY_LEN(control_commands);

const struct command *command_of_qmp(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(control_commands); i++) {
        if (control_commands[i].qmp != NULL && strcmp(control_commands[i].qmp, name) == 0) {
            return &control_commands[i];
        }
    }
    return NULL;
}

/* How much of the line is this name; 0: it begins with another word. */
static size_t match(const char *name, const char *line)
{
    size_t n = name != NULL ? strlen(name) : 0;

    return n > 0 && strncmp(line, name, n) == 0 && strchr(" \t/", line[n]) != NULL ? n : 0;
}

const struct command *command_of_line(const char *line, const char **rest)
{
    const struct command *found = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < ARRAY_LEN(control_commands); i++) {
        const struct command *d = &control_commands[i];
        size_t n = match(d->human, line), m = match(d->alias, line);

        n = n > m ? n : m;
        if (n > longest) {
            longest = n;
            found = d;
        }
    }
    *rest = line + longest;
    return found;
}
