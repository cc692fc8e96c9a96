/* SPDX-License-Identifier: GPL-2.0-or-later
 * recording: one history in memory: what entered and when, what the state's hash was, how it ended.
 * Filled by read.c from a file, or by stamp.c and witness.c while it happens; asked by everybody.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "host/host.h"
#include "journal/internal.h"

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

struct recording *recording_new_live(const struct machine_config *config)
{
    struct recording *r = base_alloc(1, sizeof(*r));

    /* Borrowed: a live recording never changes nor frees it. */
    r->config = (struct machine_config *)(uintptr_t)config;
    r->live = true;
    return r;
}

/* Never NULL, also where there are none. */
static const uint8_t *entry_bytes(const struct recording *r, const struct entry *entry)
{
    static const uint8_t none[1];

    return entry_length(entry) > 0 ? r->bytes.data + entry_offset(entry) : none;
}

const uint8_t *recording_add_input(struct recording *r, tick at, uint16_t port, const void *bytes,
                                   uint32_t length)
{
    struct entry entry = {.at = at,
                          .where = (uint64_t)r->bytes.count << 22 | (uint64_t)length << 5 | port};

    must(port < MACHINE_PORTS_MAX && length <= INPUT_BYTES_MAX);
    must(r->bytes.count < UINT64_C(1) << 42);
    bytes_add(&r->bytes, bytes, length);
    vec_push(&r->inputs, entry);
    r->port_inputs[port]++;
    return entry_bytes(r, &entry);
}

void recording_drop_inputs(struct recording *r, size_t count)
{
    while (r->inputs.count > count) {
        const struct entry *entry = &r->inputs.data[--r->inputs.count];

        r->port_inputs[entry_port(entry)]--;
        r->bytes.count = entry_offset(entry);
    }
}

/* What comes out of a pipe has to be kept. It has no folder: files that it names are not opened. */
static struct recording *open_pipe(const char *path, enum images_wanted images, struct error *e)
{
    struct recording *r;
    uint8_t *bytes;
    size_t count;

    if (host_file_read_all(path, PIPE_BYTES_MAX, &bytes, &count, e) != 0) {
        return NULL;
    }
    images = images == IMAGES_BY_NAME ? IMAGES_EMBEDDED : images;
    r = recording_read(&(struct recording_bytes){.bytes = bytes, .count = count}, path, images, e);
    free(bytes);
    return r;
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
    host_file_close(&file);
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
        for (unsigned i = 0; i < IMAGE_COUNT; i++) {
            free(r->config->images[i].name);
            machine_image_drop(&r->config->images[i]);
        }
        free(r->config);
    }
    vec_fini(&r->inputs);
    vec_fini(&r->bytes);
    vec_fini(&r->witnesses);
    follow_free(r->follow);
    free(r->problem);
    free(r);
}

bool recording_is_by_reference(const struct recording *r)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (r->config->images[i].name != NULL && !r->notes[i].embedded) {
            return true;
        }
    }
    return false;
}

void recording_set_by_reference(struct recording *r, bool by_reference)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        r->notes[i].embedded = r->config->images[i].name != NULL && !by_reference;
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
    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct entry *entry = &r->inputs.data[i];

        bytes_add_varint(&v, entry->at);
        bytes_add_varint(&v, entry_port(entry));
        bytes_add_varint(&v, entry_length(entry));
        bytes_add(&v, entry_bytes(r, entry), entry_length(entry));
        digest(state, &v);
    }
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

size_t recording_input_count(const struct recording *r)
{
    return r->inputs.count;
}

uint64_t recording_port_inputs(const struct recording *r, uint16_t port)
{
    return port < MACHINE_PORTS_MAX ? r->port_inputs[port] : 0;
}

void recording_input(const struct recording *r, size_t i, struct input *in)
{
    must(i < r->inputs.count);
    *in = (struct input){.at = r->inputs.data[i].at,
                         .port = entry_port(&r->inputs.data[i]),
                         .length = entry_length(&r->inputs.data[i]),
                         .data = entry_bytes(r, &r->inputs.data[i])};
}

size_t recording_input_at(const struct recording *r, tick t)
{
    size_t low = 0;
    size_t high = r->inputs.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->inputs.data[middle].at < t) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
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
