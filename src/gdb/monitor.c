/* SPDX-License-Identifier: GPL-2.0-or-later
 * monitor: gdb's `monitor ...` commands (qRcmd): what the protocol has no packet for. One table;
 * `monitor help` prints it. A command may be shortened as long as it is unambiguous.
 */
#include <stdlib.h>

#include "gdb/internal.h"

#define LINE_MAX_BYTES 4096
/* Checkpoints that `info checkpoints` lists at most. */
#define MARKS_SHOWN 512

typedef unsigned long long ull;

/* ---- when ---- */

static void add_instruction(struct gdb_session *s, const struct cpu *cpu, struct text *out)
{
    unsigned hart = s->hart;
    uint8_t bytes[16];
    size_t n;

    s->hart = cpu->number;
    n = gdb_memory_read(s, cpu->hart->pc, bytes, sizeof bytes);
    s->hart = hart;
    text_add(out, "hart%u at 0x%llx", cpu->number, (ull)cpu->hart->pc);
    if (n != 0 && machine_isa(s->machine)->disassemble != NULL) {
        struct text words = {0};

        if (machine_isa(s->machine)
                ->disassemble(bytes, (unsigned)n, cpu->hart->pc,
                              machine_isa(s->machine)->lifter.block_mode(cpu), &words) != 0) {
            text_add(out, ": %s", words.data);
        }
        text_fini(&words);
    }
    text_add(out, "\n");
}

static unsigned permille(const struct gdb_session *s)
{
    tick begin = travel_begin(s->travel), end = travel_end(s->travel);
    double whole = end > begin ? (double)(end - begin) : 1;

    return (unsigned)((double)(travel_now(s->travel) - begin) * 1000 / whole);
}

/* "12 of 34 (35.2%)" */
void gdb_add_place(const struct gdb_session *s, struct text *out)
{
    text_add(out, "%llu of %llu (%u.%u%%)", (ull)travel_now(s->travel), (ull)travel_end(s->travel),
             permille(s) / 10, permille(s) % 10);
}

void gdb_add_when(struct gdb_session *s, struct text *out)
{
    struct machine *m = s->machine;
    tick now = travel_now(s->travel);
    uint64_t ns = machine_now_ns(m);

    text_add(out, "tick ");
    gdb_add_place(s, out);
    text_add(out, ", %llu.%09llu s of virtual time, %llu instructions\n", (ull)(ns / 1000000000),
             (ull)(ns % 1000000000), (ull)machine_state(m)->instructions);
    add_instruction(s, machine_cpu(m, machine_state(m)->current), out);
    if (travel_is_diverted(s->travel)) {
        text_add(out, "in a call, beside history: nothing of it will have happened\n");
    } else if (travel_at_live_edge(s->travel) && machine_state(m)->power == POWER_ON) {
        text_add(out, "at the live edge: going on makes new history\n");
    } else if (now == travel_end(s->travel)) {
        text_add(out, "at the end of history\n");
    } else if (now == travel_begin(s->travel)) {
        text_add(out, "at the beginning of history\n");
    }
}

void gdb_add_hint(const struct gdb_session *s, struct text *out)
{
    if (!s->client_flushes) {
        text_add(out,
                 "(gdb still shows where it was: `maintenance flush register-cache` makes it look"
                 " again)\n");
    }
}

static void command_when(struct gdb_session *s, const char *argument, struct text *out)
{
    (void)argument;
    gdb_add_when(s, out);
}

/* ---- goto ---- */

static void command_goto(struct gdb_session *s, const char *argument, struct text *out)
{
    struct travel_stop stop;
    tick to;

    if (!travel_parse_place(s->travel, argument, &to)) {
        text_add(out, "goto where? TICK, +TICKS, -TICKS, PERCENT%%, begin or end\n");
        return;
    }
    gdb_journey_begins(s);
    stop = travel_seek(s->travel, to);
    s->hart = machine_state(s->machine)->current;
    switch (stop.why) {
    case TRAVEL_ARRIVED:
    case TRAVEL_HIT: break;
    case TRAVEL_BEGIN: text_add(out, "history begins here\n"); break;
    case TRAVEL_END:
    case TRAVEL_POWER: text_add(out, "history ends here\n"); break;
    case TRAVEL_INTERRUPTED:
        text_add(out, "interrupted on the way to tick %llu; this is where it has got to:\n",
                 (ull)to);
        break;
    case TRAVEL_DIVERGED: text_add(out, "the replay differs from the recording here\n"); break;
    }
    gdb_add_when(s, out);
    gdb_add_hint(s, out);
}

/* ---- info ---- */

static void info_parts(struct gdb_session *s, struct text *out)
{
    text_add(out, "info PART prints the state of one of:");
    for (unsigned i = 0; i < machine_part_count(s->machine); i++) {
        text_add(out, " %s", machine_part(s->machine, i)->name);
    }
    text_add(out, "\nor of: harts checkpoints travel\n");
}

static void info_harts(struct gdb_session *s, struct text *out)
{
    for (unsigned h = 0; h < machine_hart_count(s->machine); h++) {
        add_instruction(s, machine_cpu(s->machine, h), out);
        text_add(out, "  %s, %llu instructions\n", gdb_hart_state(s, h),
                 (ull)machine_cpu(s->machine, h)->hart->instructions);
    }
}

static void info_checkpoints(struct gdb_session *s, struct text *out)
{
    tick *ticks = base_alloc(MARKS_SHOWN, sizeof(*ticks));
    size_t count = travel_marks(s->travel, ticks, MARKS_SHOWN);

    for (size_t i = 0; i < count && i < MARKS_SHOWN; i++) {
        text_add(out, "%llu%s", (ull)ticks[i], i + 1 < count ? " " : "\n");
    }
    text_add(out, "%zu checkpoints\n", count);
    free(ticks);
}

static void info_travel(struct gdb_session *s, struct text *out)
{
    struct travel_stats t = travel_get_stats(s->travel);

    text_add(out, "history from tick %llu to %llu, %s\n", (ull)travel_begin(s->travel),
             (ull)travel_end(s->travel), travel_is_live(s->travel) ? "live" : "recorded");
    text_add(out,
             "%u checkpoints in %llu bytes; %llu ticks run, %llu pieces searched, "
             "%llu witnesses found equal\n",
             t.marks, (ull)t.bytes, (ull)t.ticks_run, (ull)t.segments, (ull)t.witnesses);
}

static void info_part(const struct machine_part *p, struct text *out)
{
    size_t before = out->length;

    field_print(p->table, p->state, out);
    if (p->tree != NULL) {
        ull sum = live_tree_hash(p->tree);

        text_add(out, "  a tree of %llu bytes, %u of its pages not zero, sum 0x%llx\n",
                 (ull)p->tree->bytes, tree_pages(&p->tree->tree), sum);
    }
    if (out->length == before) {
        text_add(out, "  all zero\n");
    }
}

static void command_info(struct gdb_session *s, const char *argument, struct text *out)
{
    if (*argument == '\0') {
        info_parts(s, out);
    } else if (strcmp(argument, "harts") == 0) {
        info_harts(s, out);
    } else if (strcmp(argument, "checkpoints") == 0) {
        info_checkpoints(s, out);
    } else if (strcmp(argument, "travel") == 0) {
        info_travel(s, out);
    } else {
        for (unsigned i = 0; i < machine_part_count(s->machine); i++) {
            const struct machine_part *p = machine_part(s->machine, i);

            if (strcmp(p->name, argument) == 0) {
                info_part(p, out);
                return;
            }
        }
        text_add(out, "the machine has no part \"%s\"\n", argument);
        info_parts(s, out);
    }
}

/* ---- the others ---- */

static void command_last(struct gdb_session *s, const char *argument, struct text *out)
{
    struct travel_step_name name;

    (void)argument;
    if (travel_name_step(s->travel, travel_now(s->travel), &name) < 0) {
        text_add(out, "nothing led here: history begins here\n");
    } else if (name.is_step) {
        text_add(out, "tick %llu: hart%u at 0x%llx: %s\n", (ull)name.at, name.hart, (ull)name.pc,
                 name.text);
    } else {
        text_add(out, "tick %llu: %s\n", (ull)name.at, name.text);
    }
}

static void command_checkpoint(struct gdb_session *s, const char *argument, struct text *out)
{
    (void)argument;
    travel_mark(s->travel);
    text_add(out, "checkpoint at tick %llu; `goto %llu` comes back here\n",
             (ull)travel_now(s->travel), (ull)travel_now(s->travel));
}

static void command_help(struct gdb_session *s, const char *argument, struct text *out);

static const struct {
    const char *name, *arguments, *help;
    gdb_command *run;
    bool only_asks; /* and so may be asked in the middle of a call, beside history */
} commands[] = {
    {"branch", "[NAME]", "what the next branch is called, and where we are", gdb_command_branch,
     true},
    {"checkpoint", "", "remember the state here, so that coming back is fast", command_checkpoint,
     false},
    {"console", "[PORT|off]", "which serial port's output is shown while going on",
     gdb_command_console, true},
    {"golive", "[here]",
     "to the live edge; in a recording, or with `here`, branch and live on here",
     gdb_command_go_live, false},
    {"goto", "TICK|+N|-N|PCT%|begin|end", "go there in time", command_goto, false},
    {"help", "", "this list", command_help, true},
    {"info", "[PART]", "the state of a part of the machine, or which parts there are", command_info,
     true},
    {"last", "", "the step that led here", command_last, false},
    {"lastwrite", "ADDR[,LEN] [phys|DISK]", "what wrote there last before now, and both values",
     gdb_command_lastwrite, false},
    {"type", "[PORT] TEXT", "into a serial port; \\n \\r \\t \\\\ \\xHH; branches in the past",
     gdb_command_type, false},
    {"watchdisk", "[ADDR[,LEN] DISK|off]", "stop where bytes of a disk are written, either way",
     gdb_command_watchdisk, true},
    {"when", "", "where in time this is", command_when, true},
};

static void command_help(struct gdb_session *s, const char *argument, struct text *out)
{
    (void)s;
    (void)argument;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        int width = 36 - (int)strlen(commands[i].name);

        text_add(out, "%s %-*s %s\n", commands[i].name, width, commands[i].arguments,
                 commands[i].help);
    }
}

/* Splits "command argument" in place, without blanks around either. */
static const char *split(char *line)
{
    size_t n = strlen(line);
    char *argument;

    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\n')) {
        line[--n] = '\0';
    }
    argument = line + strcspn(line, " ");
    while (*argument == ' ') {
        *argument++ = '\0';
    }
    return argument;
}

/* Before command `which`: what was changed in the past becomes what it is. */
static void settle(struct gdb_session *s, size_t which, struct text *out)
{
    struct error e;

    if (gdb_is_calling(s) && commands[which].only_asks) {
        return;
    }
    if (!gdb_aside_settle(s, &e)) {
        text_add(out, "%s\n", e.text);
    }
    gdb_console_note(s);
}

static void run(struct gdb_session *s, char *line, struct text *out)
{
    size_t skip = strspn(line, " "), found = 0, which = 0, n;
    const char *argument = split(line + skip);

    line += skip;
    n = strlen(line);
    for (size_t i = 0; i < ARRAY_LEN(commands) && n != 0; i++) {
        if (strcmp(commands[i].name, line) == 0) {
            found = 1;
            which = i;
            break;
        }
        if (strncmp(commands[i].name, line, n) == 0) {
            found++;
            which = i;
        }
    }
    if (found == 1) {
        settle(s, which, out);
        commands[which].run(s, argument, out);
    } else if (n == 0) {
        command_help(s, "", out);
    } else {
        text_add(out, "there is no command \"%s\"; `monitor help` lists what there is\n", line);
    }
}

void gdb_monitor(struct gdb_session *s, struct gdb_args *a)
{
    char line[LINE_MAX_BYTES + 1] = {0};
    ptrdiff_t n = gdb_take_bytes(a, (uint8_t *)line, LINE_MAX_BYTES);
    struct text out = {0};

    if (n < 0 || gdb_left(a) != 0) {
        gdb_refuse(s, "Malformed or too long a command.");
        return;
    }
    gdb_console_note(s);
    s->commanding = true;
    run(s, line, &out);
    s->commanding = false;
    if (s->abandoned) { /* nobody waits for this any more: another packet has come */
        text_add(&s->note, "`monitor %s` was given up by its client:\n%s", line, out.data);
        s->no_answer = true;
    } else {
        gdb_console(s, out.data, out.length);
    }
    if (s->interrupted && !s->abandoned) {
        text_add(&s->unread, "`monitor %s` was given up by its client:\n%s", line, out.data);
    }
    text_fini(&out);
    gdb_ok(s);
}
