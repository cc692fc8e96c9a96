/* SPDX-License-Identifier: GPL-2.0-or-later
 * host: services of the host whose answer is the same each time: the bytes of a file, zeroed
 * pages, threads that compute what no guest can see. No clock, no waiting with a timeout, no
 * socket, no terminal; those are world/. Written for POSIX with Linux's mmap flags.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "base/base.h"

#include <pthread.h>

/* ---- file.c --------------------------------------------------------------------------------- */

/* Reads a whole file, or a pipe to its end. *data is the caller's to free(); one NUL byte that
 * *size does not count follows the contents, so that text can be read as such. Fails, with a
 * sentence that begins with the path, if the file cannot be opened or read, is a directory, or
 * is longer than max_bytes. */
int host_file_read_all(const char *path, size_t max_bytes, uint8_t **data, size_t *size,
                       struct error *e);

/* A file open for reading at any place: a plain one. Anything else (a FIFO, a device) is an error at
 * once, and neither waited for nor touched. */
struct host_file {
    int descriptor;
    uint64_t size; /* bytes when it was opened */
    char *path;    /* ours: for sentences */
};
int host_file_open(struct host_file *f, const char *path, struct error *e);
/* Exactly `count` bytes from `at`; a file that ends before is an error. */
int host_file_read_at(const struct host_file *f, uint64_t at, void *bytes, size_t count,
                      struct error *e);
void host_file_close(struct host_file *f);
/* Closes all but the descriptor, which is the caller's then. */
int host_file_take(struct host_file *f);

/* A file without a name in the folder of `path`, for reading and writing, which can be given that name by
 * way of /proc; -1 where the host has no such thing. */
int host_file_open_nameless(const char *path);

/* ---- write.c -------------------------------------------------------------------------------- */

/* Writes to the descriptor's position, or at a place of a file. Returns how many bytes were written:
 * fewer than `count` only if the host takes no more, and then errno says why (ENOSPC where it gives no
 * reason). A descriptor that does not block may do so with EAGAIN. */
size_t host_write_all(int descriptor, const void *bytes, size_t count);
size_t host_write_all_at(int descriptor, const void *bytes, size_t count, uint64_t at);

/* ---- update.c ------------------------------------------------------------------------------- */

/* A plain file open for reading and writing at any place, as long as it is open by nobody else who asks in
 * this way: another one, or one of another process, is an error. Made anew, it did not exist before. */
int host_file_update(struct host_file *f, const char *path, struct error *e);
int host_file_make(struct host_file *f, const char *path, struct error *e);
/* All of the bytes; a write behind the end moves the end, with zeros between. After an error some of
 * them may be there. */
int host_file_write_at(struct host_file *f, uint64_t at, const void *bytes, size_t count,
                       struct error *e);
/* What was written before this is on the disk after it: a barrier. */
int host_file_sync(const struct host_file *f, struct error *e);

/* ---- scratch.c ------------------------------------------------------------------------------ */

/* A file without a name, for what memory has no room for; it is gone when it is closed. */
struct host_scratch {
    int descriptor;
    _Atomic uint64_t taken; /* bytes, from its beginning */
};
int host_scratch_open(struct host_scratch *s, const char *folder, struct error *e);
/* A place for so many bytes that nobody else has or gets. From any thread. */
uint64_t host_scratch_take(struct host_scratch *s, uint64_t bytes);
int host_scratch_write(const struct host_scratch *s, uint64_t at, const void *bytes, size_t count,
                       struct error *e);
/* Bytes that were written before. */
int host_scratch_read(const struct host_scratch *s, uint64_t at, void *bytes, size_t count,
                      struct error *e);
void host_scratch_close(struct host_scratch *s);

/* ---- pages.c -------------------------------------------------------------------------------- */

/* The host's page size in bytes: the grain of the two functions that give memory back. */
size_t host_page_size(void);

/* Zero-filled memory, aligned to host pages, that costs nothing until it is touched: a guest may
 * be given more than the host has free. NULL, with a sentence, if the host refuses. */
void *host_pages_map(size_t size_bytes, struct error *e);
/* All of it will be used soon: the host gives it at once, which costs less than page by page. */
void *host_pages_map_now(size_t size_bytes, struct error *e);
void host_pages_unmap(void *pages, size_t size_bytes);
/* The range reads as zeros again and its memory goes back to the host. Both ends are multiples
 * of host_page_size(). Only for memory of host_pages_map. */
void host_pages_release(void *pages, size_t size_bytes);

/* ---- exec.c --------------------------------------------------------------------------------- */

/* Memory for generated code: the same bytes at two addresses, one to write, one to execute. */
struct host_exec {
    uint8_t *write;
    uint8_t *exec;
    size_t size; /* bytes */
};
/* -1 and a sentence if the host has none or forbids it. */
int host_exec_map(struct host_exec *x, size_t size_bytes, struct error *e);
void host_exec_unmap(struct host_exec *x);

/* ---- thread.c ------------------------------------------------------------------------------- */

/* Processors this process may use, at least 1. For sizing pools of helpers, never for anything
 * a guest could notice. */
unsigned host_cpu_count(void);

/* Helper threads get no signals but for what they do themselves: the others belong to the main thread. The host refusing a thread is
 * an error; joining gives what `run` returned and frees the thread. */
struct host_thread;
struct host_thread *host_thread_start(void *(*run)(void *argument), void *argument,
                                      struct error *e);
void *host_thread_join(struct host_thread *t);

/* Wrong use (unlocking what is not held, a second lock) is a must(). */
struct host_lock {
    pthread_mutex_t mutex;
};
void host_lock_init(struct host_lock *l);
void host_lock_fini(struct host_lock *l);
void host_lock_take(struct host_lock *l);
void host_lock_give(struct host_lock *l);

/* "Something has changed": waited for with the lock held, in a loop that tests what has. */
struct host_event {
    pthread_cond_t condition;
};
void host_event_init(struct host_event *v);
void host_event_fini(struct host_event *v);
void host_event_wait(struct host_event *v, struct host_lock *l);
void host_event_wake_all(struct host_event *v);

#endif
