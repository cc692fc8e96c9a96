/* SPDX-License-Identifier: GPL-2.0-or-later
 * internal: what the files of journal/ share and nobody else sees: the file format's numbers, the
 * structs behind journal.h, the writer and the inbox. The mode is in here, and stays in here.
 */
#ifndef JOURNAL_INTERNAL_H
#define JOURNAL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <xxhash.h>

#include "disk/disk.h"
#include "journal/journal.h"

/* ---- format.c: docs/journal.md, section by section ------------------------------------------ */

enum {
    HEADER_BYTES = 128,  /* preamble, magic, version, two slots */
    PREAMBLE_BYTES = 13, /* what QEMU's dump script accepts as a whole log */
    MAGIC_AT = 16,
    VERSION_AT = 24,
    FIRST_AT = 28,      /* offset of the first chunk */
    HEADER_SUM_AT = 40, /* over the 40 bytes before it */
    SLOT_AT = 64,
    SLOT_BYTES = 32,
    CHUNK_HEADER_BYTES = 16
};

enum chunk_type {
    CHUNK_CONFIG = 1,
    CHUNK_BLOB = 2,
    CHUNK_INPUTS = 3,
    CHUNK_WITNESS = 4,
    CHUNK_STATE = 5, /* reserved */
    CHUNK_READ = 6,
    CHUNK_RATE = 7, /* reserved */
    CHUNK_END = 8,
    CHUNK_PIECE = 9
};
enum { ENCODING_PLAIN = 0, ENCODING_ZSTD = 1, ENCODING_HEADS = 2 };

/* Bounds, so that no file makes a reader allocate without limit, however well it is packed. The
 * writer keeps to them: whatever it makes can be read. */
#define CHUNK_RAW_MAX    (4 * MIB + 64)
#define CHUNK_STORED_MAX (CHUNK_RAW_MAX + 64 * KIB) /* zstd makes what it cannot pack no longer */
#define BLOB_PIECE       (1 * MIB)
#define INPUTS_PIECE     (1 * MIB)
/* Images together: the machine's memory and flash, or what the file holds of them. (The debugging information
 * of an ELF kernel may be larger than the memory: it is stored unpacked then.) */
/* Inputs unpacked: so much, and beyond it INPUTS_GROWTH times what the file holds of them. */
#define INPUTS_FREE   (4 * MIB)
#define INPUTS_GROWTH 4
/* More than 10^12 instructions have without a rule for their spacing, and hundreds of times more
 * than those that make_witness() has. */
#define WITNESSES_MAX (UINT64_C(1) << 17)

typedef VEC(uint8_t) byte_vec;

void bytes_add(byte_vec *v, const void *bytes, size_t count);
void bytes_add_u8(byte_vec *v, uint8_t x);
void bytes_add_u64(byte_vec *v, uint64_t x); /* eight bytes, little-endian */
void bytes_add_varint(byte_vec *v, uint64_t x);

/* Reads from the front; after an overrun `bad` stays set and everything reads as 0. */
struct cursor {
    const uint8_t *at;
    size_t left;
    bool bad;
};
uint8_t cursor_u8(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
uint64_t cursor_varint(struct cursor *c);
const uint8_t *cursor_bytes(struct cursor *c, uint64_t count); /* NULL if they are not there */

/* The 128 bytes of a new file. Returns the checksum that the chain of chunks starts from. */
uint64_t header_make(uint8_t *out);
/* 0 and the chain's start, or -1 and a sentence (without the name). */
int header_check(const uint8_t *bytes, size_t count, uint64_t *chain, struct error *e);
unsigned header_format(const uint8_t *bytes); /* of one that was checked */

/* "History is known through `through` once `length` bytes of the file are there." */
struct slot {
    uint64_t sequence; /* 0: never written */
    tick through;
    uint64_t length;
};
/* `chain` is the sum of the last of those bytes' chunks: a slot vouches for its own file only. */
void slot_make(uint8_t *out, const struct slot *s, uint64_t chain);
void slot_read(const uint8_t *bytes, struct slot *s);
bool slot_is_valid(const uint8_t *bytes, uint64_t chain); /* false: empty, torn, not of this file */

struct chunk {
    enum chunk_type type;
    uint8_t encoding;
    uint32_t stored_bytes;
    uint64_t sum;
};
/* heads.c: the payload of INPUTS in the encoding of that name; false: it is none, and `out` is not good. */
bool heads_pack(byte_vec *out, const uint8_t *payload, size_t count);
/* The way back; -1: it is none. No more than CHUNK_RAW_MAX bytes and one input come of it. */
int heads_unpack(byte_vec *out, const uint8_t *stored, size_t count);
/* Appends a chunk to `out`, packed if that is shorter and `pack`, inputs without what their heads have in
 * common if that is shorter; moves *chain on. */
void chunk_make(byte_vec *out, enum chunk_type type, const void *payload, size_t count, bool pack,
                uint64_t *chain);
/* Splits one chunk off: *payload is malloc'ed, *count its unpacked size. 0, or -1 with a sentence
 * that says what is wrong; *stored is then undefined. `chain` moves on if all is well. */
int chunk_read(const uint8_t *bytes, size_t left, uint64_t *chain, struct chunk *c,
               uint8_t **payload, size_t *count, size_t *stored, struct error *e);

/* ---- config.c: CONFIG and BLOB, both ways ---------------------------------------------------- */

struct image_note {
    bool embedded;   /* or, of one that is read in part: what was read of it */
    uint64_t loaded; /* bytes of it seen in BLOB chunks */
    uint64_t room;   /* for bytes at its data */
};
/* What CONFIG says beside the machine. */
struct config_extra {
    char program[64];
    bool skips_idle;
    bool is_branch; /* of `origin` */
    struct recording_origin origin;
    const struct machine_uses *uses; /* written instead of the config's; NULL: those */
    bool
        holds_pieces; /* written: what was read of files that are read in part is in the recording */
};
/* A configuration that config_read() would read back as what it is: no thing of it has the class of
 * something else, or a bad name. -1 and a sentence. */
int config_check(const struct machine_config *c, struct error *e);
void config_write(byte_vec *out, const struct machine_config *c, const struct config_extra *x,
                  bool by_reference);
/* Fills the config without the bytes of files. */
int config_read(unsigned format, const uint8_t *bytes, size_t count, struct machine_config *c,
                struct config_extra *x, struct image_note notes[MACHINE_FILES_MAX],
                struct error *e);
int config_read_1(const uint8_t *bytes, size_t count, struct machine_config *c,
                  struct config_extra *x, struct image_note notes[MACHINE_FILES_MAX],
                  struct error *e);
/* A member of the config. */
struct config_setting {
    const char *class, *name;
    enum property_kind kind;
    uint32_t offset, size;
    bool required;
    uint64_t min, max; /* of a number, or a flag */
    unsigned number_1; /* its number in format 1 */
};
#define CONFIG_SETTINGS 13
extern const struct config_setting config_settings[CONFIG_SETTINGS];
uint64_t setting_get(const struct config_setting *s, const struct machine_config *c);
void setting_set(const struct config_setting *s, struct machine_config *c, uint64_t x);
/* Checked: the number, or the text (NULL: it was none). */
int setting_read(const struct config_setting *s, uint64_t number, const char *text,
                 struct machine_config *c, struct error *e);
void note_text(const char *text, char *out, size_t room);
/* `embedded`, of a file that is read in part: what was read of it. One thing of the list; also where false: the caller's for thing_fini(). */
bool thing_read(struct cursor *c, struct machine_thing *t, bool *embedded);
void thing_write(byte_vec *out, const struct machine_thing *t, bool embedded);
/* The images' bytes together. */
uint64_t images_bytes(const struct machine_config *c);
/* What a reader believes that they unpack to: if they are more, they are stored as they are. */
uint64_t images_most(const struct machine_config *c);
/* One BLOB chunk, which has `stored` bytes in the file; its bytes are kept if `keep`. */
int blob_read(const uint8_t *bytes, size_t count, size_t stored, bool keep, struct recording *r,
              struct error *e);
/* All embedded images are there and right; others are read by name if `by_name`. */
int images_complete(struct machine_config *c, struct image_note notes[MACHINE_FILES_MAX],
                    bool by_name, struct error *e);
/* "kernel", or the id of a thing. */
const char *config_file_role(const struct machine_config *c, unsigned number);

/* ---- recording.c ----------------------------------------------------------------------------- */

struct recording {
    struct machine_config *config; /* owned if not `live` */
    bool live;
    struct tape *tape;           /* the inputs: tape.h */
    struct recording_loss *loss; /* recording_lost()'s; written also through a const recording */
    VEC(struct witness) witnesses;
    /* What was read of files that are read in part; NULL: nothing yet. Facts, without a tick. */
    struct disk_reads *reads[MACHINE_FILES_MAX];
    struct held *held[MACHINE_FILES_MAX]; /* their bytes; NULL: it has none */
    tick known;
    bool ended;
    struct recording_end end;
    char *problem;
    struct config_extra extra;
    unsigned format; /* of its file, or of one that would be made of it */
    struct image_note notes[MACHINE_FILES_MAX];
    uint64_t file_bytes, blob_bytes;
    uint64_t blobs_loaded; /* unpacked */
    struct follow *follow; /* follow.c's; NULL: it does not grow by itself */
};
void follow_free(struct follow *f); /* NULL is fine */
struct recording *recording_new_live(const struct machine_config *config);
/* The images are named in the file and not in it. */
bool recording_is_by_reference(const struct recording *r);
void recording_set_by_reference(struct recording *r, bool by_reference);
struct recording *recording_new(void); /* empty, without a configuration */
/* reads.c: struct inlet's `took`, of a recording that is whole: what is not known of it is fine. And of one
 * that is being made: what was not known becomes so; 1: it was not. -1 and a sentence. */
int recording_compare_read(const struct recording *r, unsigned file, uint64_t cluster,
                           uint64_t hash, struct error *e);
int recording_note_read(struct recording *r, unsigned file, uint64_t cluster, uint64_t hash,
                        struct error *e);
void recording_copy_reads(struct recording *r,
                          const struct recording *from); /* of the same files */
/* names.c: files are where recording_place_of() says. */
void names_settle(struct recording *r, const char *path);
/* held.c: what was read of files that are read in part, where the recording has it. All that CONFIG says to be
 * there; one chunk of it. */
struct backing;
void held_begin(struct recording *r, struct backing *backing);
/* `stored` bytes in the file at `at`, behind a chunk with the sum `chain`. */
int held_read(const uint8_t *bytes, size_t count, uint64_t at, uint64_t chain, size_t stored,
              struct recording *r);
void held_free(struct held *h); /* NULL is fine */
void held_write(byte_vec *out, unsigned file, uint64_t cluster,
                const uint8_t bytes[DISK_READ_CLUSTER]);
/* Of the same files, and in the same place. */
void recording_share_held(struct recording *r, const struct recording *from);
bool recording_holds(const struct recording *r, unsigned file);
/* The bytes of one that was read, as they were: compared with what is known of them. */
int held_get(const struct recording *r, unsigned file, uint64_t cluster,
             uint8_t bytes[DISK_READ_CLUSTER], struct error *e);
void held_count(const struct recording *r, unsigned file, uint64_t *clusters, uint64_t *stored);
/* From any thread: why no more inputs can be read. The first sentence is the one that is told. */
void recording_lose(const struct recording *r, const char *why);

/* ---- read.c ---------------------------------------------------------------------------------- */

enum images_wanted { IMAGES_EMBEDDED, IMAGES_BY_NAME, IMAGES_NONE };
/* A file's bytes, or bytes in memory. */
struct recording_bytes {
    const uint8_t *bytes;         /* copied, */
    bool takes_bytes;             /* unless they are ours: of base_alloc, and freed by us */
    const struct host_file *file; /* if bytes is NULL; its descriptor is ours */
    uint64_t count;
};
/* Going through a file's chunks. */
struct reader {
    struct recording *r;
    const struct recording_bytes *from;
    struct backing *backing;      /* held: where chunks of inputs are read again */
    byte_vec window;              /* a piece of the file */
    uint8_t header[HEADER_BYTES]; /* with the seal slots */
    const char *name;
    bool keeps_images;
    uint64_t at;    /* of the chunk being read: everything before it is valid, */
    uint64_t chain; /* and this is its sum */
    uint64_t inputs_raw, inputs_stored;
    bool configured;
    bool refused; /* nothing can be replayed: the sentence is final */
    tick sealed;  /* by a slot that is valid */
};
/* The chunk at in->at, whose checksum is right. -1: it makes no sense, or (refused) nothing does. */
int reader_take_chunk(struct reader *in, const struct chunk *c, const uint8_t *payload,
                      size_t count, size_t stored, struct error *e);
/* The header's seal slots tell of time without input, after the chunk that each was written behind.
 * One that speaks of bytes that are not there tells nothing about what came with them. */
void reader_take_slots(struct reader *in);
struct recording *recording_read(const struct recording_bytes *from, const char *name,
                                 enum images_wanted images, struct error *e);
void inputs_add(byte_vec *out, tick *base, const struct input *in); /* write.c; as read.c reads */
void witnesses_add(byte_vec *out, struct witness *previous, const struct witness *w);
/* reads.c: a copy of the list, by rising cluster; the caller's to free. The payload of READ, both ways. */
struct disk_read *reads_sorted(const struct disk_reads *r);
void reads_write(byte_vec *out, unsigned file, const struct disk_read *list, size_t count);
int reads_read(struct cursor *c, struct recording *r);
void end_write(byte_vec *out, const struct recording_end *end);

/* ---- write.c: the file being made; a helper thread does the writing -------------------------- */

struct writer;
/* recording_pack() of the same recording, of which all that is embedded is there. */
int writer_pack(const char *path, const struct recording *r, const struct journal_options *options,
                const struct pack_source *from, struct error *e);
/* Header, CONFIG, BLOBs and all that the recording knows are in the file when this returns; of one
 * that begins, the BLOBs, and what comes after them, are written later. */
struct writer *writer_open(const char *path, const struct recording *r,
                           const struct journal_options *options, const struct pace *pace,
                           struct error *e);
/* From the machine's thread. Inputs and witnesses come by rising tick. */
void writer_input(struct writer *w, const struct input *in);
void writer_witness(struct writer *w, const struct witness *x);
/* Before anybody says that the machine has reached the tick after it. */
void writer_read(struct writer *w, unsigned file, const struct disk_read *x);
/* Where the helper has put inputs since the last call: taken over by the tape. */
void writer_tell_places(struct writer *w, struct tape *t);
/* Whether what is written can be read again, so that the tape needs not be kept in memory. */
bool writer_is_readable(const struct writer *w);
/* Nothing more comes before tick t. */
void writer_reached(struct writer *w, tick t);
/* The process is about to wait: what is pending is written now, by the helper. */
void writer_hurry(struct writer *w);
/* NULL, or why nothing can be written any more. Cheap. */
const char *writer_failure(const struct writer *w);
uint64_t writer_bytes(const struct writer *w);
int writer_file(const struct writer *w); /* journal_file() */
/* Writes what is pending and END, and waits until the host has it on its disk. */
int writer_finish(struct writer *w, const struct recording_end *end, struct error *e);
void writer_free(struct writer *w); /* without END if not finished */

/* ---- inbox.c --------------------------------------------------------------------------------- */

struct message;
struct inbox_queue {
    struct message *first, *last; /* NULL: nothing waits */
    size_t cost;     /* bytes, and what each message of few costs; JOURNAL_INBOX_MAX at most */
    uint64_t served; /* which of all inputs its last one was; 0: none */
};
struct inbox {
    pthread_mutex_t lock;
    struct inbox_queue queues[MACHINE_PORTS_MAX];
    uint64_t posted, taken; /* messages and pieces of streams so far */
    atomic_bool waiting;    /* something is in it; read without the lock */
};
void inbox_init(struct inbox *b);
void inbox_fini(struct inbox *b);
size_t inbox_post(struct inbox *b, uint16_t port, const void *bytes, size_t count);
bool inbox_post_message(struct inbox *b, uint16_t port, const void *bytes, uint32_t count);
static inline bool inbox_waiting(struct inbox *b)
{
    return atomic_load_explicit(&b->waiting, memory_order_acquire);
}
/* Takes the next message, or the first bytes of a stream, that the port has room for, into `out`
 * (INPUT_BYTES_MAX). False: nothing can be delivered now. With out NULL only looks. */
bool inbox_take(struct inbox *b, struct machine *m, uint16_t *port, uint8_t *out, uint32_t *length);

/* ---- journal.c ------------------------------------------------------------------------------- */

struct output {
    XXH3_state_t *state; /* NULL: nothing came yet */
    uint64_t bytes;
    byte_vec early; /* what came of it while j->past was not done */
};

/* rate.c: how virtual time and the host's went since some moment. */
struct rate {
    uint64_t host_ns, virtual_ns; /* at that moment */
    uint64_t asked_ns, looked_ns;
    int64_t delta; /* virtual time was so far ahead at the last look */
    bool runs;
};

struct journal {
    enum { MODE_LIVE, MODE_REPLAY } mode;
    struct recording *recording;
    struct writer *writer; /* NULL: no file */
    struct machine *machine;
    struct pace pace;
    struct sink sink;
    bool unflushed; /* output since the last sink.flush */
    bool skip_witnesses;
    struct output outputs[MACHINE_PORTS_MAX];
    struct past *past; /* a branch's, until it is done */
    uint64_t early_bytes;

    struct inbox inbox;
    atomic_int quit;    /* enum journal_end */
    atomic_bool called; /* journal_call() */
    tick driven_from;   /* where the drive under way began: it comes further before it is left, */
    bool leaves;        /* unless all harts wait */
    uint8_t *scratch;   /* INPUT_BYTES_MAX */

    /* stamp.c */
    uint64_t horizon; /* ticks between two looks at the inbox */
    uint64_t asked_ns;
    tick asked_at;
    struct rate rate;
    int64_t overslept_ns; /* idle time that the host took too much (or, negative, too little) */

    struct replay replay; /* replaying */

    /* witness.c */
    uint64_t spacing;    /* instructions between witnesses */
    uint64_t at_spacing; /* witnesses made since it was doubled */
    tick piece_end;      /* where the next one may be made */
    uint64_t witnessed;  /* instructions at the last one */
    size_t next_witness; /* replaying */
    tick good;
    bool over;
    enum journal_stop verdict; /* once over */
    enum journal_end why;
    bool idle_for_ever;
    bool is_lost; /* the machine lacks what it needs: see `problem` */
    struct divergence divergence;
    struct error problem; /* why it is JOURNAL_LOST */
    struct journal_stats stats;
};

/* rate.c: the rate is to be another one from now on. And waits until virtual time is not far ahead any more, or
 * somebody wants something. */
bool rate_adapts(struct journal *j, uint64_t *shift);
void rate_align(struct journal *j, bool (*is_wanted)(struct journal *j));
/* stamp.c: the live inlet */
struct inlet stamp_inlet(struct journal *j);
/* The machine has got to tick t, by running or by waiting. */
void stamp_reached(struct journal *j, tick t);
/* journal.c */
void journal_input(struct journal *j, const struct input *in); /* for the sink */
void journal_output(struct journal *j, tick at, uint16_t port, const uint8_t *bytes, size_t count);
void journal_flush(struct journal *j);
void journal_digest(struct journal *j, uint16_t port, const uint8_t *bytes, size_t count);
struct journal *journal_new_live(struct recording *r, struct writer *w, const struct pace *pace,
                                 const struct sink *sink);
struct journal *journal_new_replay(struct recording *r, bool skip_witnesses,
                                   const struct sink *sink);
/* witness.c */
void witness_start(struct journal *j); /* the machine is at the recording's last tick, or replays */
/* branch.c: what a branch shares with its parent is replayed. Without `wait` only looks whether that
 * is done. -1 and a sentence if it is, and was not what the recording says. */
int past_settle(struct journal *j, bool wait, struct error *e);
void past_abandon(struct journal *j);

#endif
