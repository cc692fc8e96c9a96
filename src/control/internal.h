/* SPDX-License-Identifier: GPL-2.0-or-later
 * control/internal: what the files of this folder share.
 */
#ifndef CONTROL_INTERNAL_H
#define CONTROL_INTERNAL_H

#include <json-c/json.h>

#include "control/control.h"

typedef unsigned long long ull;

/* ---- frame.c: one JSON value after the other out of a stream ---- */

#define FRAME_BYTES_MAX MIB /* of one command */
#define FRAME_DEPTH_MAX 64

struct frame {
    struct text bytes;             /* of the value being read, in plain JSON */
    char closers[FRAME_DEPTH_MAX]; /* what is still to be closed */
    unsigned depth;
    char quote;   /* inside a string that ends with it; 0: not */
    bool escaped; /* in a string; outside of all values: what is wrong there was told */
    bool skipping;
};
enum framed { FRAME_MORE, FRAME_WHOLE, FRAME_BAD };
/* One more byte. WHOLE: f->bytes is a value that begins with a bracket, well nested, NUL-terminated; until
 * frame_reset(). BAD, once for what is wrong: *why says it; what belongs to it is passed over. */
enum framed frame_take(struct frame *f, char byte, const char **why);
void frame_reset(struct frame *f);
void frame_fini(struct frame *f);

/* ---- json.c ---- */

/* As the reference spaces it: {"return": {}}. Indent 0: in one line. */
void json_write(struct json_object *o, unsigned indent, struct text *out);
/* A text that somebody else made up: visible, and UTF-8. */
struct json_object *json_text(const char *text);
void json_add_text(struct json_object *o, const char *key, const char *text);
void json_add_int(struct json_object *o, const char *key, int64_t value);
void json_add_bool(struct json_object *o, const char *key, bool value);
/* Of an object; NULL, -1, false where there is none. */
const char *json_get_text(struct json_object *o, const char *key);
int64_t json_get_int(struct json_object *o, const char *key);
bool json_get_bool(struct json_object *o, const char *key);

/* ---- the table: commands.c ---- */

enum argument_kind {
    ARGUMENT_TEXT,   /* a word, or one in quotes */
    ARGUMENT_LINE,   /* for people all that is left of the line */
    ARGUMENT_NUMBER, /* of 64 bits; for people an expression */
    ARGUMENT_BOOL,
    ARGUMENT_FORMAT, /* for people alone: /8xw */
    ARGUMENT_VALUE   /* any JSON */
};
struct argument {
    const char *name;
    enum argument_kind kind;
    bool is_optional;
};
#define ARGUMENTS_MAX 5

struct call;
/* The answer: an object, an array or NULL, which is an error (call_fail()). */
typedef struct json_object *command_run(struct call *k);
/* For people, of the answer. */
typedef void command_show(struct call *k, struct json_object *answer, struct text *out);

enum {
    COMMAND_MOVES = 1, /* wants the machine at rest, and may move it */
    COMMAND_EARLY = 2, /* may come before capabilities are negotiated */
    COMMAND_LIST = 4   /* answers with a list */
};
struct command {
    const char *qmp;   /* NULL: there is none for programs */
    const char *human; /* "info status"; NULL: there is none for people */
    const char *alias; /* for people */
    const char *help;  /* a line */
    struct argument arguments[ARGUMENTS_MAX];
    unsigned flags;
    command_run *run;
    command_show *show;  /* NULL: nothing, or what was put into call.out */
    const char *refused; /* it is known and never done: why; `run` is NULL */
};
extern const struct command control_commands[];
extern const size_t control_command_count;
const struct command *command_of_qmp(const char *name); /* NULL: there is none */
/* "info replay 3": the command with the longest name that the line begins with; *rest is what follows it. */
const struct command *command_of_line(const char *line, const char **rest);
unsigned command_argument_count(const struct command *d);

/* ---- one command, while it is done ---- */

struct call {
    struct control *control;
    struct control_monitor *monitor;
    const struct command *command;
    struct json_object *arguments; /* an object, as the table wants it */
    unsigned hart;                 /* whose registers and memory */
    struct text out;               /* for people */
    const char *class;             /* of the error */
    struct error e;
};
struct json_object *call_fail(struct call *k, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline struct json_object *call_done(void)
{
    return json_object_new_object();
}
bool call_has(struct call *k, const char *name);
uint64_t call_number(struct call *k, const char *name, uint64_t otherwise);
const char *call_text(struct call *k, const char *name);
bool call_bool(struct call *k, const char *name);
/* The arguments are what the table says. False and an error. */
bool call_check(struct call *k);
/* It wants the machine at rest; or the line that it brings does. */
bool call_moves(struct call *k);
/* Runs it. NULL and k->e, k->class. */
struct json_object *call_run(struct call *k);
void call_fini(struct call *k);

/* ---- the monitors ---- */

#define LINE_BYTES_MAX  4095
#define HISTORY_LINES   64
#define COMPLETIONS_MAX 128

/* edit.c: a line that is being typed. */
struct edit {
    char line[LINE_BYTES_MAX + 1];
    size_t length, cursor;
    char *history[HISTORY_LINES]; /* the oldest first */
    unsigned history_count, history_at;
    char *draft;     /* what was typed before history was looked at */
    unsigned escape; /* how far into an escape sequence */
    unsigned number; /* in it */
    bool was_return;
};
/* Words that could be meant where the cursor is, each the caller's to free. */
typedef size_t edit_complete(const char *line, size_t length, char **out, size_t room);
/* One more key. True: the line is whole, in e->line, until edit_next(). `echo` gets what a terminal is to
 * show. */
bool edit_key(struct edit *e, uint8_t key, edit_complete *complete, const char *prompt,
              struct text *echo);
void edit_next(struct edit *e);
void edit_fini(struct edit *e);

struct control_monitor {
    struct control *control;
    struct control_front front;
    bool is_connected, is_negotiated;
    bool is_busy;
    bool is_held;                /* a command waits for the machine to be at rest: */
    struct json_object *waiting; /* of QMP, whole */
    struct frame frame;
    struct edit edit;
    unsigned hart; /* `cpu N` */
};

enum run_state { RUN_PRELAUNCH, RUN_RUNNING, RUN_PAUSED, RUN_DEBUG, RUN_SHUTDOWN };
const char *run_state_name(enum run_state s);

struct control {
    struct control_options options;
    struct travel *travel;
    struct machine *machine;
    VEC(struct control_monitor *) monitors;
    enum run_state state;
    bool is_over;   /* quit */
    bool has_ended; /* SHUTDOWN was told */
    bool has_break, has_seek;
    tick break_at, seek_to;
};

/* qmp.c */
void qmp_connect(struct control_monitor *m);
size_t qmp_input(struct control_monitor *m, const char *bytes, size_t count, bool at_rest);
/* `data` NULL: none; it is given up. To all that have negotiated. */
void control_event(struct control *c, const char *name, struct json_object *data);
struct json_object *qmp_version(const struct control *c);

/* human.c */
#define HUMAN_PROMPT "(qemu) "
void human_connect(struct control_monitor *m);
size_t human_input(struct control_monitor *m, const char *bytes, size_t count, bool at_rest);
/* One line. False: it wants the machine at rest, and nothing was done. */
bool human_run(struct control_monitor *m, const char *line, unsigned hart, bool at_rest,
               struct text *out);
edit_complete human_complete;
void human_write(struct control_monitor *m, const char *text, size_t count);

/* expression.c: "0x80000000 + 4*$a0" for one hart. NULL and a sentence; else where it ended. */
const char *expression_parse(struct control *c, unsigned hart, const char *text, uint64_t *out,
                             struct error *e);

/* run.c */
void control_set_running(struct control *c);
void control_set_stopped(struct control *c, enum run_state state);
/* May the machine be moved? NULL: yes. */
const char *control_holder(const struct control *c);
bool control_at_end(const struct control *c);

command_run run_stop, run_cont, run_quit, run_reset, run_powerdown, run_status;
command_show show_status;
/* replay.c */
command_run run_query_replay, run_replay_break, run_replay_delete_break, run_replay_seek, run_when,
    run_hash, run_goto, run_last_write, run_go_live;
command_show show_replay, show_when, show_hash;
/* about.c */
command_run run_capabilities, run_version, run_name, run_uuid, run_kvm, run_commands, run_schema,
    run_events, run_machines, run_help, run_human, run_cpu_definitions, run_target, run_roms;
command_show show_version, show_name, show_uuid, show_kvm;
/* harts.c */
command_run run_cpus, run_registers, run_cpu, run_irq;
command_show show_cpus;
/* memory.c */
command_run run_x, run_xp, run_print, run_memsave, run_pmemsave, run_mtree, run_mem, run_tlb,
    run_gva2gpa, run_sum;
/* devices.c */
command_run run_chardevs, run_block, run_block_nodes, run_pci, run_qtree, run_network,
    run_memory_size;
command_show show_chardevs, show_block, show_pci;

#endif
