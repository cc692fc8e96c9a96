/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel: time as a place to go to. A machine, where its inputs come from, and the checkpoints
 * that make going back cheap. Backwards is always: restore a checkpoint and run forwards.
 * docs/travel.md says how each answer is found and what it costs.
 *
 * All ticks are machine ticks. The cursor is machine_now(); the state there is H(now): alarms of
 * that tick have fired, its step is not yet taken. A position is a tick; nothing else is moved to.
 */
#ifndef TRAVEL_TRAVEL_H
#define TRAVEL_TRAVEL_H

#include "base/base.h"
#include "checkpoint/checkpoint.h"
#include "engine/engine.h"
#include "index/index.h"
#include "journal/journal.h"
#include "machine/machine.h"

/* ---- where inputs come from ---- */

/* A recording, or a live journal that keeps what it delivered; source.c makes one of either. */
struct travel_source {
    void *opaque; /* of the functions below; the inlet has its own */
    /* Reads known history back. Output that was shown once is not passed on to it again. */
    struct inlet inlet;
    /* The machine was put from tick `from` to tick `to`: the next call of the inlet asks for
     * that. */
    void (*moved)(void *opaque, tick from, tick to);
    /* Where known history ends: the recording's last tick; for a live one how far it has got. */
    tick (*end)(void *opaque);
    /* The first witness after tick `after`; false if there is none. NULL: no witnesses. */
    bool (*witness)(void *opaque, tick after, tick *at, uint64_t *hash);
    /* It is being made elsewhere: between two journeys end() may have moved on. */
    bool grows;
    /* NULL unless live. go_live: the machine is at end(), in that state, and goes on from there:
     * gives it the live inlet; no host time that passed since it was there may enter. run_live:
     * machine_run() for such a machine, which makes new history; it may stop before `until` to be
     * asked again. */
    void (*go_live)(void *opaque, struct machine *m);
    enum stop (*run_live)(void *opaque, struct machine *m, tick until, bool skip_probes_now);
    /* NULL unless live. post: bytes for a port, as journal_post(). taken: how many inputs the port
     * was ever given: what was posted takes effect with the tick that raises it. */
    size_t (*post)(void *opaque, uint16_t port, const void *bytes, size_t count);
    uint64_t (*taken)(void *opaque, uint16_t port);
};

/* source.c: in place; `storage` outlives the traveller, and the recording need not outlive it. A recording's output goes to
 * `sink` (NULL: nowhere) the first time it is made. */
struct travel_recording {
    struct replay replay;
    struct sink sink;
};
struct travel_source travel_of_recording(struct travel_recording *storage,
                                         const struct recording *r, const struct sink *sink);
void travel_recording_fini(struct travel_recording *storage);
/* The machine is attached to the journal (journal_attach, journal_branch) and driven only by travel
 * from now on. */
struct travel_live {
    struct journal *journal;
    struct replay replay;
};
struct travel_source travel_of_journal(struct travel_live *storage, struct journal *j);
void travel_live_fini(struct travel_live *storage);

/* ---- the traveller ---- */

struct travel;

struct travel_limits {
    uint64_t spacing; /* retired instructions between checkpoints while running on; 0: default */
    uint64_t bytes;   /* host memory for checkpoints; 0: default */
    uint32_t count;   /* checkpoints kept at most; 0: default */
};

/* `m` stands at tick 0 (just sealed) or, live, wherever the recording has got to: then nothing
 * before that tick can be gone to. It is borrowed until travel_free, and only moved by travel.
 * The source is copied; limits may be NULL. */
struct travel *travel_new(struct machine *m, const struct travel_source *source,
                          const struct travel_limits *limits);
/* Leaves the machine with the source's own inlet; a live one is brought back to its edge first. */
void travel_free(struct travel *t);

struct machine *travel_machine(struct travel *t);
tick travel_now(const struct travel *t);
tick travel_begin(const struct travel *t);        /* the earliest tick there is */
tick travel_end(const struct travel *t);          /* the latest one known */
bool travel_is_live(const struct travel *t);      /* the source is, wherever the cursor */
bool travel_at_live_edge(const struct travel *t); /* the next step makes new history */

/* ---- spans.c: what code did when, by which searches skip ---- */

/* The cursor stands at the beginning. Charts history as it is gone through for the first time, in
 * spans of `spacing` instructions (0: default), long and coarse ones that cost little unless `fine`;
 * to the end of a recording, or for a live source as long as it goes on. -1 and a sentence if the host
 * has no room. */
int travel_chart(struct travel *t, uint64_t spacing, bool fine, struct error *e);

/* ---- the index beside a recording: indexed.c ---- */

/* Goes by it from now on, and closes it. What lies between is skipped: output there is not passed
 * on, witnesses there are not compared. Not for live sources. */
void travel_use_index(struct travel *t, struct index *x);
/* The cursor stands at the beginning; the first journey that comes to the end has made the index of
 * the history that `of` names, and uses it then. A difference from a witness, or travel_free()
 * before, abandons it. `spacing`: instructions between checkpoints; 0: default. For a source that is
 * live or grows `of` is NULL: the index grows with history, ever more slowly, until
 * travel_finish_index(). One that grows is gone through for the index alone: nothing else is asked. */
void travel_build_index(struct travel *t, struct index_builder *b, const struct index_of *of,
                        uint64_t spacing);
/* History is over, the cursor stands there, and `of` names it. -1 and a sentence if there is no index of all of it. */
int travel_finish_index(struct travel *t, const struct index_of *of, struct error *e);
/* Somebody else makes the index: asked at the beginning of each journey until it is over, and ended
 * then, or by travel_free(), or when history becomes another one. ready: the index when there is one,
 * or *over and perhaps a sentence. It is used from then on. */
struct travel_awaited {
    void *opaque;
    struct index *(*ready)(void *opaque, bool *over, struct error *e);
    void (*end)(void *opaque);
};
void travel_await_index(struct travel *t, const struct travel_awaited *awaited);
struct index *travel_index(const struct travel *t); /* NULL: there is none, or not yet */
/* Why the index cannot be used or made any more; NULL: nothing happened. */
const char *travel_index_problem(const struct travel *t);

/* Searches that go by an index and do not find at once are shared with `count` other threads, each
 * with a traveller of its own: number i is made in that thread when first wanted, over the same
 * history, with a machine of its own and the index; NULL: it cannot be, then it goes without. What
 * was made is released, and then all closed, by travel_free(). wanted() of probes is asked by all of
 * them at once. */
struct travel_helpers {
    unsigned count;
    bool early; /* made as soon as there is an index, not when first wanted */
    void *opaque;
    struct travel *(*make)(void *opaque, unsigned number);
    void (*release)(void *opaque, unsigned number);
    void (*close)(void *opaque);
};
void travel_set_helpers(struct travel *t, const struct travel_helpers *helpers);

/* ---- branches: branch.c ---- */

/* No witness at or before the cursor was found to differ. */
bool travel_is_sound(const struct travel *t);
/* From now on `source` says what happens: its history is the same up to the cursor, and what comes
 * after it is its own. Checkpoints from before stay, those of a complete index too; helpers are
 * released. The cursor is sound. */
void travel_change_source(struct travel *t, const struct travel_source *source);
/* Of a live source: goes to the live edge without asking anybody, has something done there that
 * does not move the machine, and comes back. */
void travel_visit_edge(struct travel *t, void *opaque, void (*there)(void *opaque));

/* ---- beside history: divert.c ---- */

/* Leads the machine aside: from the cursor on, which is in known history, it runs by itself, and all
 * that enters is what travel_post() is given for POKE_PORT, at the next tick. Output goes to `sink`,
 * nothing becomes history. Until travel_return() brings the machine back to where it was led aside,
 * it may only be run forwards, travel_run_forward() or travel_step(), and be asked. */
void travel_divert(struct travel *t, const struct sink *sink);
bool travel_is_diverted(const struct travel *t);
void travel_return(struct travel *t);

/* ---- what enters a live machine ---- */

/* Bytes for a port; they enter when the machine next runs at its live edge and the port has room.
 * Returns how many were taken: as journal_post(). 0 if the source is not live; beside history see
 * travel_divert(). */
size_t travel_post(struct travel *t, uint16_t port, const void *bytes, size_t count);
/* How many inputs the port was given in all of history. */
uint64_t travel_taken(const struct travel *t, uint16_t port);

/* Asked many times a second, in the middle of any journey: true abandons it. `done` of `whole` is
 * how far it is, in ticks. NULL: never. */
void travel_set_poll(struct travel *t, void *opaque,
                     bool (*poll)(void *opaque, uint64_t done, uint64_t whole));

/* ---- answers ---- */

enum travel_why {
    TRAVEL_ARRIVED,     /* at the tick, or at the step, that was asked for */
    TRAVEL_HIT,         /* a probe; see hit */
    TRAVEL_BEGIN,       /* at the beginning of history: going backwards found nothing */
    TRAVEL_END,         /* at the end of the recording */
    TRAVEL_POWER,       /* the guest powered off, failed or reset with no_reboot: the end as well */
    TRAVEL_INTERRUPTED, /* poll() said so; the cursor stands somewhere between */
    TRAVEL_DIVERGED     /* the replay does not match the witness at this tick */
};
struct travel_stop {
    enum travel_why why;
    tick at;              /* where the machine stands now */
    unsigned hart;        /* whose step is meant: of the hit, or of the step gone to */
    bool after;           /* TRAVEL_HIT: the machine stands just after the step of the hit */
    struct probe_hit hit; /* the lowest probe index among those that were hit */
    uint64_t hits;        /* how often the set was hit: backwards by the whole step, forwards up to
                             where it was stopped, before its first access that is watched */
};

/* What to stop at. The array is borrowed for the call. */
struct travel_probes {
    const struct probe *probes;
    size_t count;
    /* Where to stop for a watchpoint. True (RISC-V, Arm: the debugger itself steps once more over
     * the access): short of the access in the direction of travel, that is before it forwards and
     * just after it backwards. False (x86): past it, that is after it forwards, before it
     * backwards. Breakpoints always stop before their instruction. */
    bool client_steps;
    /* Asked when a probe is met, the machine standing before the step, which it must not change:
     * false passes the hit by. NULL: every hit counts. It may be another machine than the
     * traveller's, in another thread: travel_set_helpers(). */
    void *opaque;
    bool (*wanted)(void *opaque, struct machine *m, const struct probe_hit *hit);
};

/* ---- going places ---- */

/* "12", "1_000", "+3", "-3", "12.5%" of history, "begin", "end". False if it is none of these; it may lie
 * outside of history. */
bool travel_parse_place(const struct travel *t, const char *word, tick *out);

/* To tick `to`, either way; beyond either edge it stops there and says so. */
struct travel_stop travel_seek(struct travel *t, tick to);

/* Forwards to a probe, the tick `until` (TICK_NEVER: none) or the end. `skip_here`: what would be
 * hit by the very next step is passed by (to go on from a breakpoint). `probes` may be NULL. */
struct travel_stop travel_run_forward(struct travel *t, tick until,
                                      const struct travel_probes *probes, bool skip_here);

/* One step of `hart`, an instruction or a trap entry: to the start of the one after it. Other
 * harts' steps, idling and inputs are passed over. Ends at the end of history if there is no more. */
struct travel_stop travel_step(struct travel *t, unsigned hart);

/* To the start of the last step of `hart` before now: TRAVEL_ARRIVED, or TRAVEL_BEGIN at the
 * beginning if it has taken none. After travel_step() from the start of a step of the same hart
 * this leads back to where it was. */
struct travel_stop travel_reverse_step(struct travel *t, unsigned hart);

/* To the last stop before now, or TRAVEL_BEGIN. Never finds the hit again that it stopped for just
 * before; does find one whose step was taken since, whatever way that was gone. */
struct travel_stop travel_reverse_continue(struct travel *t, const struct travel_probes *probes);

/* The last step, of any hart, that ended at or before tick `at`: what happened there in words.
 * Moves the cursor and brings it back. */
struct travel_step_name {
    tick at;       /* the tick the step was taken at */
    bool is_step;  /* false: an input was delivered, or all harts idled */
    unsigned hart; /* the rest only if is_step */
    vaddr pc;
    char text[96]; /* disassembly, empty if the bytes cannot be read */
};
int travel_name_step(struct travel *t, tick at, struct travel_step_name *out);

/* ---- questions: query.c; they leave the cursor where it is ---- */

/* The last write to memory that H(`before`) includes, whoever wrote. */
struct travel_write {
    tick at;            /* of the step that wrote: H(at) has it not, H(at + 1) has */
    char writer[24];    /* "poke", "reset", "page walk", a device; empty: the instruction */
    char source[32];    /* of a device: the id of the disk that it came from; empty: not known, */
    uint64_t source_at; /* and which byte of it is the first that was asked about */
    struct travel_step_name step;  /* during which it happened */
    haddr address;                 /* of what was written, and */
    uint64_t size;                 /* how many bytes; of memory in one page */
    uint8_t before[16], after[16]; /* the first bytes of what was asked about */
    uint32_t bytes;                /* how many of them */
    bool
        in_tree; /* `address` is a byte of the tree, and `before` means nothing: what a disk had is not
                     in its tree */
};
/* To any byte of storage in [at, at+size), at least one, which does not wrap, by whichever physical address;
 * `at` is a home (mem_home_of()), `before` is in known history. TRAVEL_ARRIVED: found; TRAVEL_BEGIN: none since history began; or why it was given
 * up: then nothing wrote there from tick out->at on, and what is before that was not looked at. */
enum travel_why travel_last_write(struct travel *t, haddr at, uint64_t size, tick before,
                                  struct travel_write *out);
/* The same of a live tree, of which machine_find_tree() gave both. What is told begins with the first byte
 * that was asked about and written. */
enum travel_why travel_last_tree_write(struct travel *t, uint32_t number, struct live_tree *tree,
                                       uint64_t at, uint64_t size, tick before,
                                       struct travel_write *out);
/* A line: tick, who, before and after. */
void travel_print_write(const struct travel_write *w, struct text *out);

/* ---- what is kept ---- */

/* A checkpoint here and now; it is thinned like any other. */
void travel_mark(struct travel *t);
struct travel_stats {
    struct checkpoint_stats store;
    uint64_t bytes;     /* host memory held by checkpoints */
    uint32_t marks;     /* checkpoints kept */
    uint64_t ticks_run; /* forwards, for whatever reason */
    uint64_t segments;  /* replayed by searches */
    uint64_t witnesses; /* compared and found equal */
    uint64_t loaded;    /* checkpoints from the index */
    uint64_t skipped;   /* spans that searches did not replay */
};
struct travel_stats travel_get_stats(const struct travel *t);
/* Ticks of the checkpoints kept, in order; for `info` and tests. Returns how many there are. */
size_t travel_marks(const struct travel *t, tick *out, size_t room);

/* ---- divergence: diff.c, verify.c, inject.c ---- */

/* Compares witnesses while running forwards (default: on). At the first that differs the journey
 * ends with TRAVEL_DIVERGED; each witness is compared once. */
void travel_set_verify(struct travel *t, bool on);

enum travel_finding {
    FOUND_SAME,    /* no difference up to `at` */
    FOUND_INPUTS,  /* different inputs entered at tick `at` */
    FOUND_STATE,   /* the states differ at `at` and do not before; see difference and step */
    FOUND_END,     /* one of them ends at `at`, the other goes on */
    FOUND_WITNESS, /* the replay is repeatable but not what was recorded: between two ticks */
    FOUND_INTERRUPTED
};
struct travel_difference {
    enum travel_finding finding;
    tick at;                              /* the first tick that differs */
    tick after;                           /* FOUND_WITNESS: the last tick known to be good */
    struct machine_difference difference; /* FOUND_STATE: field and both values */
    struct travel_step_name step;         /* the step that led there (`has_step`) */
    bool has_step;
};
/* The first tick at which two machines of the same config differ, each driven by its own source.
 * Both are compared every `stride` ticks (0: default) and bisected from there; a difference that
 * heals completely in between leaves no trace and is not found. Both are left at that tick. */
void travel_diff(struct travel *a, struct travel *b, uint64_t stride,
                 struct travel_difference *out);
/* What is behind a TRAVEL_DIVERGED: `again` is a second machine over the same recording. Compares
 * the two: if they differ the machine is not deterministic (FOUND_STATE), else the recording was
 * made by another machine (FOUND_WITNESS). */
void travel_explain(struct travel *t, struct travel *again, struct travel_difference *out);
/* "tick 48 211 907: plic.pending[1]: 0x00000400 != 0x00000000" and the step, as lines. */
void travel_print_difference(const struct travel_difference *d, struct text *out);

/* For tests: flips one bit of the state at tick `at`, whenever it is reached from now on.
 * `part` names a part and `field` one of its fields; or "ram" with field NULL, then `index` is the
 * byte's home; or TRAVEL_TREE, then it is a byte of the part's tree. -1 and a sentence if
 * there is no such thing. */
#define TRAVEL_TREE "tree"
int travel_inject(struct travel *t, tick at, const char *part, const char *field, uint64_t index,
                  unsigned bit, struct error *e);

#endif
