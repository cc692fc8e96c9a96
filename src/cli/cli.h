/* SPDX-License-Identifier: GPL-2.0-or-later
 * cli: one file per subcommand; the only place where the pieces are wired together. Exit statuses
 * are those of the manual: 0 fine, 1 the user or a file is wrong, 2 the guest asked for a failure
 * exit, 3 the replay differed, 4 we are wrong.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/base.h"
#include "index/index.h"
#include "journal/journal.h"
#include "machine/machine.h"
#include "options/options.h"
#include "travel/travel.h"

enum exit_status { EXIT_FINE, EXIT_USER, EXIT_GUEST, EXIT_DIFFERED, EXIT_OURS };

/* Prints "reprise: sentence" on stderr; returns EXIT_USER. */
int cli_fail(const struct error *e);

/* Of a guest that asked for a failure exit: 2, or, where the reference's users expect it, the guest's own. */
int cli_guest_status(const struct options *o, uint32_t asked);

/* system.c: reprise-system-ARCH; argv[0] is its name without folders. */
bool system_is_name(const char *name);
int command_line_system(const char *name, int argc, char **argv);

int command_run(struct options *o); /* run and record; gives up the images' bytes */
int command_replay(struct options *o);
int command_debug(struct options *o);
int command_info(struct options *o);
int command_pack(struct options *o);
int command_diff(struct options *o);
int command_index(struct options *o);
int command_query(struct options *o);

/* confine.c: from now on the process may do only what the command needs; docs/confinement.md says what
 * that is. What the options name besides the recording is open already, or written by its name
 * (--stats). While there is only one thread, and before anything from outside is parsed. `accepts`:
 * clients may come to sockets that are there; `made`: the recording that is to be, or NULL. Does nothing
 * with --no-sandbox. -1 and a sentence. */
int cli_confine(struct options *o, bool accepts, const char *made, struct error *e);
/* The same for who makes an index of a recording that another process makes: `file` is it, open. */
int cli_confine_follower(struct options *o, const char *recording, int file, struct error *e);
/* paths.c: may these files be opened, which the recording names (one after the other, each with a zero)?
 * Those outside its folder are the user's: -1 and a sentence with their names unless --allow-paths
 * was given or they agree at the terminal. */
int cli_check_paths(const struct options *o, const char *recording, const char *names, size_t size,
                    struct error *e);

/* machine.c: a machine at tick 0, run as -accel says. */
struct machine *cli_machine(const struct machine_config *c, const struct options *o,
                            struct error *e);
/* Of its disks' overlays and its checkpoints so many bytes are in memory, the rest in the file (NULL: all is in
 * memory): of the machine that the command is about, and of one beside it. */
#define CLI_PAGES       (512 * MIB)
#define CLI_PAGES_ASIDE (128 * MIB)
void cli_bound_pages(struct machine *m, struct host_scratch *scratch, uint64_t bytes);

/* index.c: travel, at the beginning, goes by the index beside the recording, or makes it on the way,
 * or, if `behind` and there is another core, has it made meanwhile; and shares searches with the other
 * cores, which get ready at once if `behind`. Never fails: without one it is only slower. Options
 * (files[0] is the recording's name) and recording last as long as travel. */
void cli_use_index(struct travel *t, const struct options *o, const struct recording *r,
                   bool behind);
/* Of one that grows: travel, at the beginning, makes the index of `recording` as it goes, which is
 * finished when history is over. -1 and a sentence. */
int cli_start_index(struct travel *t, const struct options *o, const char *recording, int file,
                    struct error *e);
/* Gets the user's key for indexes into the options, or makes one that only this process has, and says
 * so. Before anything is opened that could be somebody else's. */
void cli_take_index_key(struct options *o);
/* The same without saying it: -1 and the sentence. */
int cli_find_index_key(struct options *o, struct error *e);
/* The index of a recording by its name: path and recording are the caller's, the rest is copied. */
struct index_place cli_index_place(const struct options *o, const char *path,
                                   const char *recording);
int cli_finish_index(struct travel *t, const struct recording *r, struct error *e);

/* background.c: for cli_use_index(). False: it cannot be, and the builder is still the caller's. */
bool cli_build_behind(struct travel *t, const struct options *o, const struct recording *r,
                      const char *path, const struct index_of *of, uint64_t spacing,
                      struct index_builder *builder);
/* helpers.c: for cli_use_index(). */
void cli_share_searches(struct travel *t, const struct options *o, const struct recording *r,
                        const char *index_path, const struct index_of *of, bool early);

/* verify.c: a second machine runs what the journal's machine `m` does, compiled; `m` has to be at
 * tick 0 and interpreted. Drives both like journal_drive(); *differs: what was to be said was
 * said, and neither is good for anything any more. */
struct verify;
bool verify_wanted(const struct options *o);
struct verify *verify_new(struct journal *j, struct machine *m, struct error *e);
void verify_free(struct verify *v); /* before the machine; NULL is fine */
enum journal_stop verify_drive(struct verify *v, tick until, bool *differs);
void verify_figures(const struct verify *v);

/* figures.c: what a run did, for people and for --stats. */
struct figures {
    const char *what;   /* "run", "record", "replay" */
    const char *result; /* "power-off", "all witnesses agree" ... */
    tick ticks;
    uint64_t instructions;
    double host_seconds; /* spent; cpu_seconds: of all threads */
    double cpu_seconds;
    double machine_cpu_seconds; /* of the machine's thread, from the program's start on */
    uint64_t witnesses;
    uint64_t final_hash;
    struct journal_stats journal;
};
void figures_start(struct figures *f, const char *what);
void figures_stop(struct figures *f, const struct machine *m, const struct journal *j);
void figures_print(const struct figures *f);
/* Can it be written? Asked before a run that may take hours. */
int figures_check(const char *path, struct error *e);
int figures_write(const struct figures *f, const char *path, struct error *e);

/* log.c: the -d log; one line per event, starting with the tick. */
struct cli_log;
struct cli_log *cli_log_open(const char *items, const char *path, struct error *e);
void cli_log_attach(struct cli_log *l, struct machine *m);
void cli_log_close(struct cli_log *l);

#endif
