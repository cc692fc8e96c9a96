/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal: the choke point. Every byte that enters a machine enters here, gets its tick here, and
 * is written down here; a replay reads it back through the same inlet. The file is described in
 * docs/journal.md. Whether a machine records, replays or just runs is private to this folder: no
 * function tells, and nobody needs to know.
 *
 * Three things: a `recording` (what happened, in memory), a `replay` (an inlet that reads a
 * recording, as many at once as wanted) and a `journal` (a machine's life: live or from a file).
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/base.h"
#include "machine/config.h"
#include "machine/machine.h"

#define JOURNAL_FORMAT    2                 /* version of the file; 1 is read as well */
#define JOURNAL_INBOX_MAX UINT64_C(1048576) /* bytes that wait to be delivered to a port */

/* ---- what surrounds a machine: given by cli/ ----------------------------------------------- */

/* The host's time, from world/. `wait` returns at `until_ns` (UINT64_MAX: never) or soon after
 * `wake` was called, whichever is first; a wake before the wait is not lost. `wake` may be called
 * from any thread and from a signal handler. wait NULL: idle time is skipped (-icount sleep=off)
 * as long as something is due; with nothing due, `park` waits for a wake (NULL: history ends). */
struct pace {
    void *opaque;
    uint64_t (*now_ns)(void *opaque); /* monotonic */
    void (*wait)(void *opaque, uint64_t until_ns);
    void (*park)(void *opaque); /* wait without limit */
    void (*wake)(void *opaque);
    bool adapts; /* the rate of virtual time follows the host's: -icount shift=auto */
    bool aligns; /* virtual time is never far before the host's: -icount align=on */
};

/* Where output goes. May wait in host time: no guest can see that. `flush` (may be NULL) is called
 * on the machine's thread when output was made and some host milliseconds may pass before more. */
struct sink {
    void *opaque;
    void (*output)(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count);
    void (*flush)(void *opaque);
    /* For those who look: what enters, when it does. In the order of output. May be NULL. */
    void (*input)(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count);
};

/* Why a history ended. Numbers are in the file. */
enum journal_end {
    END_NONE = 0,      /* it did not: still running, or cut off (killed, disk full, damaged) */
    END_POWER_OFF = 1, /* the guest powered off */
    END_FAILED = 2,    /* the guest asked for a failure exit: see exit_status */
    END_RESET = 3,     /* the guest reset, and -no-reboot was given */
    END_QUIT = 4,      /* the user quit (Ctrl-A x, QMP quit, ...) */
    END_SIGNAL = 5,    /* a signal ended us */
    END_LIMIT = 6,     /* ran as far as was asked */
    END_IDLE = 7,      /* all harts wait for something that can never come */
    END_COUNT
};
const char *journal_end_name(enum journal_end why); /* "power-off"; "cut off" for END_NONE */

/* ---- recording.c: what happened ------------------------------------------------------------ */

/* Config, inputs, witnesses and end of one history. One that came from a file never changes and
 * may be used by several threads at once. One that is being made grows on the thread that drives
 * its journal, and only that thread may look. */
struct recording;

struct witness {
    tick at;
    uint64_t instructions; /* retired until then */
    uint64_t hash;         /* machine_hash() */
};

/* All output through one port, as witness of the whole console. */
struct output_digest {
    uint16_t port;
    uint64_t bytes;
    uint64_t hash; /* XXH3-64 of them */
};

struct recording_end {
    enum journal_end why;
    uint32_t exit_status; /* the guest's, for END_FAILED */
    struct witness last;  /* the final state */
    struct output_digest outputs[MACHINE_PORTS_MAX];
    size_t output_count;
};

/* Reads the longest valid prefix of the file. NULL and a sentence if nothing can be replayed from
 * it: foreign, newer, other behaviour, no configuration, an image missing or changed. */
struct recording *recording_open(const char *path, struct error *e);
/* The same from memory; `name` is for sentences. `by_name` false: images that are not embedded are
 * an error instead of being read from the host. For fuzzing and tests. */
struct recording *recording_parse(const uint8_t *bytes, size_t count, const char *name,
                                  bool by_name, struct error *e);
void recording_close(struct recording *r);

/* follow.c: one that another process is making, through a descriptor that can be read at any place
 * (borrowed). It is known as far as it is sealed; recording_refresh() looks what came since, and only
 * then it changes. The images' bytes are not read but taken over from `images`, of the same machine. */
struct recording *recording_follow(int fd, const char *name, struct machine_config *images,
                                   struct error *e);
/* 1: more is known than before; 0: nothing new; -1 and a sentence. */
int recording_refresh(struct recording *r, struct error *e);
bool recording_grows(const struct recording *r); /* it is one of those, ended or not */

const struct machine_config *recording_config(const struct recording *r);
/* The tick through which history is known: the end, the last seal, or the live edge. No input
 * comes from the recording at or after it; H(recording_known(r)) is the last state there is. */
tick recording_known(const struct recording *r);
/* NULL while there is none: cut off, or still being made. */
const struct recording_end *recording_end(const struct recording *r);
/* A sentence about what is wrong with the file after the valid prefix, naming what, where and the
 * tick it is good to; NULL: nothing is. A file that was merely cut off between chunks (kill -9)
 * has no problem, but no end. */
const char *recording_problem(const struct recording *r);

/* Where it left the history that it shares with the recording it came from; NULL: it is no branch. */
struct recording_origin {
    tick at;
    char name[256]; /* of the parent, as it was called then; for people */
};
const struct recording_origin *recording_origin(const struct recording *r);
/* Idle time did not pass in host time while it was made (-icount sleep=off). */
bool recording_skips_idle(const struct recording *r);

/* A hash of all that makes this history what it is: configuration and images, behaviour, inputs,
 * witnesses, its end. Another one is another history, or the same one grown. */
uint64_t recording_identity(const struct recording *r);

uint64_t recording_input_count(const struct recording *r);
/* How many of them went to this port. */
uint64_t recording_port_inputs(const struct recording *r, uint16_t port);
/* How many of them come before tick t. */
uint64_t recording_inputs_before(const struct recording *r, tick t);
/* Inputs are read from the file when they are come to. If that is not any more what it was when it
 * was opened: a sentence, for good; no input comes from then on. NULL: all is well. */
const char *recording_lost(const struct recording *r);

size_t recording_witness_count(const struct recording *r);
struct witness recording_witness(const struct recording *r, size_t i); /* by rising tick */
/* Index of the first witness with `at` >= t; count if none. */
size_t recording_witness_at(const struct recording *r, tick t);

/* ---- window.c: a way through its inputs ----------------------------------------------------- */

/* Any number of them go through one recording, each with a piece of its inputs in memory. */
struct inputs {
    const struct recording *recording;
    uint64_t next; /* number of the input that comes next; may be set, up to their count */
    struct window *window;
};
void inputs_init(struct inputs *x, const struct recording *r); /* before the first one */
void inputs_fini(struct inputs *x);         /* also when the recording is closed already */
void inputs_seek(struct inputs *x, tick t); /* before the first one at tick t or later */
/* The one that comes next; NULL: there is none, or the recording is lost. It and its bytes are good
 * until another call for the same way but inputs_pass(). */
const struct input *inputs_peek(struct inputs *x);
void inputs_pass(struct inputs *x);
uint64_t inputs_bytes(struct inputs *x); /* of all that come before the next one */

/* ---- replay.c: an inlet that reads it back ------------------------------------------------- */

/* In place. Ends the history at recording_known(), or where the recording is lost. */
struct replay {
    struct inputs inputs;
    struct sink sink;
};
/* Positioned so that a machine at tick `at` goes on from there; sink NULL: output is dropped (the
 * bytes were seen before). */
void replay_init(struct replay *p, const struct recording *r, tick at, const struct sink *sink);
void replay_fini(struct replay *p);
/* After the machine was put to tick `at` (restored). */
void replay_seek(struct replay *p, tick at);
/* The replay is borrowed by the machine until its inlet is replaced. */
struct inlet replay_inlet(struct replay *p);

/* ---- journal.c: a machine's life ----------------------------------------------------------- */

struct journal;

/* Told once, on a thread of the journal's, that it needs the bytes of the images no more. */
struct journal_images_done {
    void *opaque;
    void (*call)(void *opaque); /* NULL: nobody wants to know */
};

struct journal_options {
    const char *program; /* name and version of the program, for people; NULL: "reprise" */
    bool force;          /* record: overwrite a file that exists */
    bool by_reference;   /* record: leave images out; replay reads them by name and checks them */
    /* record: host_file_open_nameless()'s, which is the journal's from then on; 0: it makes the file. */
    int file;
    bool skips_idle;     /* record: noted for branches of it */
    bool skip_witnesses; /* replay: compare nothing until the end (--no-verify) */
    struct journal_images_done images_done; /* record */
};

/* Live without a file. The config is borrowed until journal_close(). Inputs are kept in memory, packed,
 * so that a debugger can go back; not from journal_drop_past() on, which is called before any came. */
struct journal *journal_run(const struct machine_config *config, const struct pace *pace,
                            const struct sink *sink, struct error *e);
void journal_drop_past(struct journal *j);
/* Live, into a new file: refuses one that exists unless forced. Images that are embedded are written
 * by a thread of its own after this returned: until it has, the file has no name (or, where the host
 * has no such files, cannot be replayed and says why); from then on it can. Nobody changes their bytes
 * before images_done was called. */
struct journal *journal_record(const char *path, const struct machine_config *config,
                               const struct journal_options *options, const struct pace *pace,
                               const struct sink *sink, struct error *e);
/* The descriptor by which the file is written, whether it has its name already or not; -1: there is
 * none, or it is no plain file. It stays the journal's. */
int journal_file(const struct journal *j);
/* From a file; fails as recording_open() does. Needs no pace: idle time is skipped. */
struct journal *journal_replay(const char *path, const struct journal_options *options,
                               const struct sink *sink, struct error *e);
/* A new history that begins as another one did: a live machine that stands at a tick of the parent
 * goes on from there. Its file has the parent's configuration, inputs and witnesses up to there and
 * is sealed there before it gets its name; it needs nothing of the parent, which is only read. In
 * memory the parent's pieces are shared until they are in a file: the recording may be closed after
 * this returned. */
struct journal_branch {
    const struct recording *parent;
    const char *parent_name; /* for people; NULL: none */
    struct machine *machine; /* at the tick, in the parent's state; attached by this */
    /* Another one at tick 0. On a thread of its own it replays what is shared, which has to agree
     * with the witnesses, and learns what came out before, for END. Freed when it is done, also
     * when this fails. NULL if the tick is 0. */
    struct machine *again;
};
/* path NULL: no file. Program is taken from the options, all else is as in the parent. Fails if the
 * file exists. The machine's inlet is left to whoever drives it: journal_inlet(). The parent's
 * config is borrowed until journal_close(). */
struct journal *journal_branch(const char *path, const struct journal_branch *from,
                               const struct journal_options *options, const struct pace *pace,
                               const struct sink *sink, struct error *e);
/* Ends what is not ended (as journal_finish(j, END_QUIT) does), and frees. Before the machine is
 * freed, if one is attached. */
void journal_close(struct journal *j);

const struct machine_config *journal_config(const struct journal *j);
/* Replaying: frees the images' bytes, once every machine that is wanted was built. */
void journal_drop_images(struct journal *j);
/* What happened so far; owned by the journal. While live it grows as the machine runs. */
const struct recording *journal_recording(const struct journal *j);

/* Gives the machine, which is at tick 0 and was built from journal_config(j), its inlet. */
void journal_attach(struct journal *j, struct machine *m);
/* The journal's own inlet, for putting it back after a replay_inlet was used on the machine. The
 * machine has to be at the very tick at which journal_drive() last left it, in that state. */
struct inlet journal_inlet(struct journal *j);

enum journal_stop {
    JOURNAL_TICK,     /* at `until` */
    JOURNAL_PROBE,    /* a probe asked for it */
    JOURNAL_END,      /* the history ends here: see journal_why() */
    JOURNAL_DIVERGED, /* not what was recorded: see journal_divergence() */
    JOURNAL_LOST      /* the file cannot be written, or read, any more: see journal_problem() */
};
/* Runs the attached machine until tick `until` at most, making or comparing witnesses on the way.
 * In pieces or at once gives the same file and the same verdict. After JOURNAL_END, _DIVERGED and
 * _LOST each further call answers the same and runs nothing. JOURNAL_END has written the file's
 * end. */
enum journal_stop journal_drive(struct journal *j, struct machine *m, tick until,
                                bool skip_probes_now);
/* Ends the history at the machine's tick: live, the END is written and the file is complete. Does
 * nothing for a history that is over or was not made here. Returns -1 and a sentence if the file
 * could not be completed. */
int journal_finish(struct journal *j, enum journal_end why, struct error *e);

/* After JOURNAL_END. */
enum journal_end journal_why(const struct journal *j);

/* The first witness that differs. What differed first, and where, is found by whoever has two
 * machines and checkpoints (travel/): everything up to `good` agreed. */
struct divergence {
    tick good;               /* last tick that was compared and agreed; 0 at first */
    tick bad;                /* the tick at which the recording says otherwise */
    struct witness recorded; /* what the recording says of `bad` */
    struct witness replayed; /* what this machine was; .at may differ if the end came early */
    char text[256];          /* a sentence */
};
const struct divergence *journal_divergence(const struct journal *j); /* NULL: none */
/* Why it is JOURNAL_LOST; NULL if it is not. */
const char *journal_problem(const struct journal *j);

struct journal_stats {
    uint64_t inputs, input_bytes; /* delivered so far */
    uint64_t outputs;             /* bytes, all ports */
    uint64_t witnesses;           /* made or compared */
    uint64_t file_bytes;          /* written so far; 0 without a file */
    uint64_t waited_ns;           /* host time spent waiting while the guest was idle */
};
void journal_stats(const struct journal *j, struct journal_stats *out);

/* ---- pack.c: a recording that needs no other file -------------------------------------------- */

/* The bytes of 64 KiB of what is on a file of the configuration that is read in part; behind its end are zeros. */
struct pack_source {
    int (*read)(void *opaque, unsigned file, uint64_t cluster, void *bytes, struct error *e);
    void *opaque;
};
/* Makes a copy, which has its name once it is whole; of the options, `force` and `file` count. -1 and a sentence:
 * it cannot be made, or something that was read is not what it was, with the file's name and the place. */
int recording_pack(const struct recording *r, const char *path,
                   const struct journal_options *options, const struct pack_source *from,
                   struct error *e);

/* ---- inbox.c: the world's side; any thread ------------------------------------------------- */

/* Each port has an inbox of JOURNAL_INBOX_MAX bytes. What waits is delivered in order for each port, one
 * input a tick; among ports that have something and room for it, the one that was served longest ago
 * comes next, and of those that never were the one with the oldest. So no port waits for another one's
 * flood. A machine that is replaying takes and forgets all. Posting wakes an idle machine. */

/* Bytes for a port that takes a stream: returns how many fitted (the first ones); post the rest later.
 * For a port of messages (POKE_PORT is one) it is one message: `count`, or 0 if it was not taken. */
size_t journal_post(struct journal *j, uint16_t port, const void *bytes, size_t count);
/* A message for a port of messages, delivered whole, as one input. */
enum journal_posted {
    POSTED,     /* it will be delivered, in its turn */
    POST_LATER, /* the inbox is full: nothing was taken; again later, or never */
    POST_NEVER  /* the port takes no messages, or none of so many bytes: nothing was taken */
};
enum journal_posted journal_post_message(struct journal *j, uint16_t port, const void *bytes,
                                         size_t count);
/* The history is to end, at the next tick that asks. Safe in a signal handler. */
void journal_post_quit(struct journal *j, enum journal_end why);
/* Live: whoever drives is called out of journal_drive(), soon, with JOURNAL_TICK, wherever it has got to;
 * or, if nobody is in it, when somebody comes. Safe in a signal handler. No guest can see it. */
void journal_call(struct journal *j);

/* ---- info.c: `reprise info` ---------------------------------------------------------------- */

struct recording_file {
    const char *role; /* "kernel", or the id of a thing */
    const char *name;
    uint64_t bytes, hash;
    bool embedded;     /* what there is, or was read, of it is in the recording */
    bool in_part;      /* then it has no hash, and */
    uint64_t clusters; /* so many pieces of 64 KiB were read of what is on it, as far as is known */
};
struct recording_info {
    uint32_t format;
    char program[64];
    char arch[16], board[32], cpu[256];
    uint32_t harts;
    uint64_t ram_bytes, epoch_ns, seed, shift;
    char append[MACHINE_TEXT_MAX];
    struct recording_file files[MACHINE_FILES_MAX];
    size_t file_count;
    const struct machine_config *config;   /* for things and behaviours */
    const struct recording_origin *origin; /* recording_origin() */
    tick ticks;                            /* recording_known() */
    uint64_t instructions;                 /* of the last witness, or the end */
    uint64_t virtual_ns;
    uint64_t inputs, input_bytes, witnesses;
    uint64_t final_hash; /* 0 unless complete */
    bool complete;       /* has its end */
    const char *ended;   /* journal_end_name() */
    uint32_t exit_status;
    uint64_t recording_bytes; /* the whole file; */
    uint64_t blob_bytes;      /* of which embedded files, and pieces of files, take */
    const char *problem;      /* recording_problem() */
};
/* Strings point into the recording. */
void recording_get_info(const struct recording *r, struct recording_info *out);
/* Opens a recording for its figures only: images that are not embedded need not be there. */
struct recording *recording_open_for_info(const char *path, struct error *e);
/* names.c: of each file that the recording names and does not hold; reads its configuration alone.
 * -1 and a sentence if that cannot be read, or the recording is no plain file. */
int recording_names(const char *path, void *opaque, void (*take)(void *opaque, const char *name),
                    struct error *e);
/* Where a file is that the recording names: there, or, if it is not and one of that name lies beside the recording,
 * that one: whoever moves a recording moves its disks along. The caller's to free. */
char *recording_place_of(const char *name, const char *recording);

#endif
