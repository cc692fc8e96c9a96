/* SPDX-License-Identifier: GPL-2.0-or-later
 * follow: a recording that another process is still making, read as it grows. What is sealed is
 * history and never changes, so looking again only ever adds to what is known. The images are not read:
 * whoever follows has them already.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "journal/tape.h"

struct follow {
    struct reader in;
    int fd;
    char *name;
    byte_vec bytes; /* room for the chunk at hand */
};

/* How many of `count` bytes there are at `at`; -1 and a sentence. */
static ssize_t read_some(struct follow *f, void *bytes, size_t count, uint64_t at, struct error *e)
{
    size_t done = 0;

    while (done < count) {
        ssize_t n = pread(f->fd, (uint8_t *)bytes + done, count - done, (off_t)(at + done));

        if (n < 0 && errno != EINTR) {
            return error_set(e, "%s: cannot be read: %s", f->name, strerror(errno));
        }
        if (n == 0) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)done;
}

/* 1: a chunk was taken; 0: the next one is not all there yet; -1 and a sentence. */
static int next_chunk(struct follow *f, struct error *e)
{
    uint8_t head[CHUNK_HEADER_BYTES];
    struct chunk c;
    uint8_t *payload = NULL;
    size_t whole, count, stored;
    uint64_t chain = f->in.chain;
    ssize_t n = read_some(f, head, sizeof(head), f->in.at, e);
    int result;

    if (n < (ssize_t)sizeof(head)) {
        return n < 0 ? -1 : 0;
    }
    if (head[0] == CHUNK_BLOB) { /* the sums of what follows go on from its own */
        f->in.chain = bytes_get_le(head + 8, 8);
        f->in.at += sizeof(head) + (size_t)bytes_get_le(head + 4, 4);
        return 1;
    }
    whole = sizeof(head) + (size_t)bytes_get_le(head + 4, 4);
    if (whole > CHUNK_RAW_MAX + sizeof(head)) { /* what is longer packed is stored as it is */
        return error_set(e, "%s: a chunk of %zu bytes", f->name, whole);
    }
    while (f->bytes.count < whole) {
        bytes_add(&f->bytes, head, sizeof(head));
    }
    n = read_some(f, f->bytes.data, whole, f->in.at, e);
    if (n < (ssize_t)whole) {
        return n < 0 ? -1 : 0;
    }
    if (chunk_read(f->bytes.data, whole, &chain, &c, &payload, &count, &stored, e) != 0) {
        return error_prefix(e, "%s", f->name);
    }
    result = reader_take_chunk(&f->in, &c, payload, count, stored, e);
    free(payload);
    if (result != 0) {
        return error_prefix(e, "%s", f->name);
    }
    f->in.at += stored;
    f->in.chain = chain;
    return 1;
}

int recording_refresh(struct recording *r, struct error *e)
{
    struct follow *f = r->follow;
    tick known = r->known;
    bool ended = r->ended;
    int more = 1;

    must(f != NULL);
    if (read_some(f, f->in.header, HEADER_BYTES, 0, e) < HEADER_BYTES) {
        return error_set(e, "%s: its head cannot be read", f->name);
    }
    /* A slot speaks of chunks that were there before it: it is met on the way. */
    reader_take_slots(&f->in);
    while (!r->ended && (more = next_chunk(f, e)) > 0) {
        reader_take_slots(&f->in);
    }
    if (more < 0) {
        return -1;
    }
    if (!r->ended && f->in.sealed > r->known) {
        r->known = f->in.sealed;
    }
    return r->known != known || r->ended != ended;
}

/* Their bytes change hands. */
static void take_images(struct recording *r, struct machine_config *from)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        struct machine_image *to = machine_config_file(r->config, i),
                             *had = machine_config_file(from, i);

        if (to != NULL && had != NULL) {
            to->data = had->data;
            had->data = NULL;
        }
    }
}

struct recording *recording_follow(int fd, const char *name, struct machine_config *images,
                                   struct error *e)
{
    struct recording *r = recording_new();
    struct follow *f = base_alloc(1, sizeof(*f));

    r->config = base_alloc(1, sizeof(*r->config));
    r->follow = f;
    f->fd = fd;
    f->name = base_strdup(name);
    f->in = (struct reader){
        .r = r, .name = f->name, .at = HEADER_BYTES, .backing = backing_of_file(fd, false)};
    if (read_some(f, f->in.header, HEADER_BYTES, 0, e) < HEADER_BYTES ||
        header_check(f->in.header, HEADER_BYTES, &f->in.chain, e) != 0 ||
        (r->format = header_format(f->in.header)) == 0 || recording_refresh(r, e) < 0 ||
        !f->in.configured) {
        (void)error_set(e, "%s: its configuration cannot be read", name);
        recording_close(r);
        return NULL;
    }
    take_images(r, images);
    return r;
}

bool recording_grows(const struct recording *r)
{
    return r->follow != NULL;
}

void follow_free(struct follow *f)
{
    if (f != NULL) {
        backing_drop(f->in.backing);
        vec_fini(&f->bytes);
        free(f->name);
        free(f);
    }
}
