/* SPDX-License-Identifier: GPL-2.0-or-later
 * recording: one history in memory: what entered and when, what the state's hash was, how it ended.
 * Filled by read.c from a file, or by stamp.c and witness.c while it happens; asked by everybody.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "host/host.h"
#include "journal/tape.h"

#define PIPE_BYTES_MAX (256 * MIB)

const char *journal_end_name(enum journal_end why)
{
    static const char *const names[END_COUNT] = {
        [END_NONE] = "cut off", [END_POWER_OFF] = "power-off", [END_FAILED] = "failed",
        [END_RESET] = "reset",  [END_QUIT] = "quit",           [END_SIGNAL] = "signal",
        [END_LIMIT] = "limit",  [END_IDLE] = "idle for ever",
    };
    return (unsigned)why < END_COUNT ? names[why] : "unknown";
}

/* Why no more inputs can be read. */
struct recording_loss {
    _Atomic(char *) text; /* NULL: they can */
};

struct recording *recording_new(void)
{
    struct recording *r = base_alloc(1, sizeof(*r));

    r->tape = base_alloc(1, sizeof(*r->tape));
    r->loss = base_alloc(1, sizeof(*r->loss));
    atomic_init(&r->loss->text, NULL);
    return r;
}

void recording_lose(const struct recording *r, const char *why)
{
    char *none = NULL, *text = base_strdup(why);

    if (!atomic_compare_exchange_strong(&r->loss->text, &none, text)) {
        free(text);
    }
}

const char *recording_lost(const struct recording *r)
{
    return atomic_load_explicit(&r->loss->text, memory_order_acquire);
}

struct recording *recording_new_live(const struct machine_config *config)
{
    struct recording *r = recording_new();

    /* Borrowed: a live recording never changes nor frees it. */
    r->config = (struct machine_config *)(uintptr_t)config;
    r->live = true;
    r->format = JOURNAL_FORMAT;
    return r;
}

/* What comes out of a pipe has to be kept. It has no folder: files that it names are not opened. */
static struct recording *open_pipe(const char *path, enum images_wanted images, struct error *e)
{
    uint8_t *bytes;
    size_t count;

    if (host_file_read_all(path, PIPE_BYTES_MAX, &bytes, &count, e) != 0) {
        return NULL;
    }
    images = images == IMAGES_BY_NAME ? IMAGES_EMBEDDED : images;
    return recording_read(
        &(struct recording_bytes){.bytes = bytes, .takes_bytes = true, .count = count}, path,
        images, e);
}

/* A file is read chunk by chunk: its size is nobody's business but its disk's. */
static struct recording *open_file(const char *path, enum images_wanted images, struct error *e)
{
    struct host_file file;
    struct recording *r;
    struct stat st;

    if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode)) {
        return open_pipe(path, images, e);
    }
    if (host_file_open(&file, path, e) != 0) {
        return NULL;
    }
    r = recording_read(&(struct recording_bytes){.file = &file, .count = file.size}, path, images,
                       e);
    (void)host_file_take(&file); /* it is kept open, to be read again */
    return r;
}

struct recording *recording_open(const char *path, struct error *e)
{
    return open_file(path, IMAGES_BY_NAME, e);
}

struct recording *recording_open_for_info(const char *path, struct error *e)
{
    return open_file(path, IMAGES_NONE, e);
}

struct recording *recording_parse(const uint8_t *bytes, size_t count, const char *name,
                                  bool by_name, struct error *e)
{
    return recording_read(&(struct recording_bytes){.bytes = bytes, .count = count}, name,
                          by_name ? IMAGES_BY_NAME : IMAGES_EMBEDDED, e);
}

void recording_close(struct recording *r)
{
    if (r == NULL) {
        return;
    }
    if (!r->live && r->config != NULL) {
        machine_config_fini(r->config);
        free(r->config);
    }
    tape_fini(r->tape);
    free(r->tape);
    free(atomic_load(&r->loss->text));
    free(r->loss);
    vec_fini(&r->witnesses);
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        disk_reads_free(r->reads[i]);
        held_free(r->held[i]);
    }
    follow_free(r->follow);
    free(r->problem);
    free(r);
}

bool recording_is_by_reference(const struct recording *r)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *file = machine_config_get_file(r->config, i);

        if (file != NULL && !file->in_part && !r->notes[i].embedded) {
            return true;
        }
    }
    return false;
}

void recording_set_by_reference(struct recording *r, bool by_reference)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *file = machine_config_get_file(r->config, i);

        r->notes[i].embedded = file != NULL && !file->in_part && !by_reference;
    }
}

const struct recording_origin *recording_origin(const struct recording *r)
{
    return r->extra.is_branch ? &r->extra.origin : NULL;
}

bool recording_skips_idle(const struct recording *r)
{
    return r->extra.skips_idle;
}

const struct machine_config *recording_config(const struct recording *r)
{
    return r->config;
}

tick recording_known(const struct recording *r)
{
    return r->known;
}

const struct recording_end *recording_end(const struct recording *r)
{
    return r->ended ? &r->end : NULL;
}

const char *recording_problem(const struct recording *r)
{
    return r->problem;
}

/* Hashes what was collected, and goes on collecting. */
static void digest(XXH3_state_t *state, byte_vec *v)
{
    (void)XXH3_64bits_update(state, v->data, v->count);
    v->count = 0;
}

uint64_t recording_identity(const struct recording *r)
{
    struct config_extra x = {0}; /* where it came from does not make it another one */
    XXH3_state_t *state = XXH3_createState();
    byte_vec v = {0};
    uint64_t hash;

    must(state != NULL);
    (void)XXH3_64bits_reset(state);
    (void)snprintf(x.program, sizeof(x.program), "%s", r->extra.program);
    config_write(&v, r->config, &x, true);
    bytes_add_u64(&v, r->known);
    bytes_add_u64(&v, r->tape->count);
    bytes_add_u64(&v, tape_digest(r->tape));
    for (size_t i = 0; i < r->witnesses.count; i++) {
        bytes_add_u64(&v, r->witnesses.data[i].at);
        bytes_add_u64(&v, r->witnesses.data[i].hash);
    }
    bytes_add_u64(&v, r->ended ? (uint64_t)r->end.why : (uint64_t)END_NONE);
    bytes_add_u64(&v, r->ended ? r->end.last.hash : 0);
    digest(state, &v);
    hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    vec_fini(&v);
    return hash;
}

uint64_t recording_input_count(const struct recording *r)
{
    return r->tape->count;
}

uint64_t recording_port_inputs(const struct recording *r, uint16_t port)
{
    return port < MACHINE_PORTS_MAX ? r->tape->ports[port] : 0;
}

uint64_t recording_inputs_before(const struct recording *r, tick t)
{
    struct inputs x;

    inputs_init(&x, r);
    inputs_seek(&x, t);
    inputs_fini(&x);
    return x.next;
}

size_t recording_witness_count(const struct recording *r)
{
    return r->witnesses.count;
}

struct witness recording_witness(const struct recording *r, size_t i)
{
    must(i < r->witnesses.count);
    return r->witnesses.data[i];
}

size_t recording_witness_at(const struct recording *r, tick t)
{
    size_t low = 0;
    size_t high = r->witnesses.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->witnesses.data[middle].at < t) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
