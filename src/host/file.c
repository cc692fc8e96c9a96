/* SPDX-License-Identifier: GPL-2.0-or-later
 * file: files as bytes. Reads are repeated until whole, interruptions and short reads included,
 * so that what comes back depends on nothing but the file.
 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_for_reading(const char *path, int flags, struct stat *about, struct error *e)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);

    if (descriptor < 0) {
        error_set(e, "%s: cannot be opened: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(descriptor, about) != 0) {
        error_set(e, "%s: cannot be looked at: %s", path, strerror(errno));
    } else if (S_ISDIR(about->st_mode)) {
        error_set(e, "%s: is a directory, not a file", path);
    } else {
        return descriptor;
    }
    close(descriptor);
    return -1;
}

/* One read, again if a signal interrupts it. */
static ssize_t read_some(int descriptor, void *bytes, size_t count)
{
    ssize_t got;

    do {
        got = read(descriptor, bytes, count);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* The size that stat names is only a first guess: pipes and /proc say 0. */
static int read_to_end(int descriptor, size_t room, const char *path, size_t max_bytes,
                       uint8_t **data, size_t *size, struct error *e)
{
    uint8_t *bytes = base_alloc(room + 1, 1);
    size_t length = 0;

    for (;;) {
        if (length == room) {
            room = room <= max_bytes / 2 ? room * 2 : max_bytes + 1;
            bytes = base_realloc(bytes, room + 1, 1);
        }
        ssize_t got = read_some(descriptor, bytes + length, room - length);
        if (got < 0) {
            free(bytes);
            return error_set(e, "%s: cannot be read: %s", path, strerror(errno));
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
        if (length > max_bytes) {
            free(bytes);
            return error_set(e, "%s: is longer than the %zu bytes allowed here", path, max_bytes);
        }
    }
    bytes[length] = 0;
    *data = bytes;
    *size = length;
    return 0;
}

int host_file_read_all(const char *path, size_t max_bytes, uint8_t **data, size_t *size,
                       struct error *e)
{
    struct stat about;
    int descriptor;
    int result;

    must(max_bytes < SIZE_MAX / 4);
    descriptor = open_for_reading(path, 0, &about, e);
    if (descriptor < 0) {
        return -1;
    }
    if (S_ISREG(about.st_mode) && (uint64_t)about.st_size > max_bytes) {
        result = error_set(e, "%s: has %llu bytes, and %zu are allowed here", path,
                           (unsigned long long)about.st_size, max_bytes);
    } else {
        /* One more than the file has, so that its end is seen without growing. */
        size_t room = S_ISREG(about.st_mode) ? (size_t)about.st_size + 1 : 4096;
        result = read_to_end(descriptor, room, path, max_bytes, data, size, e);
    }
    close(descriptor);
    return result;
}

int host_file_open(struct host_file *f, const char *path, struct error *e)
{
    struct stat about;
    /* Whoever is, or is not, at the other end of a FIFO is not waited for. */
    int descriptor = open_for_reading(path, O_NONBLOCK | O_NOCTTY, &about, e);

    if (descriptor < 0) {
        return -1;
    }
    if (!S_ISREG(about.st_mode)) {
        close(descriptor);
        return error_set(e, "%s: is not a plain file", path);
    }
    f->descriptor = descriptor;
    f->size = (uint64_t)about.st_size;
    f->path = base_strdup(path);
    return 0;
}

int host_file_read_at(const struct host_file *f, uint64_t at, void *bytes, size_t count,
                      struct error *e)
{
    size_t done = 0;

    if (at > INT64_MAX || count > (uint64_t)INT64_MAX - at) {
        return error_set(e, "%s: has no byte %llu", f->path, (unsigned long long)at);
    }
    while (done < count) {
        ssize_t got;
        do {
            got = pread(f->descriptor, (uint8_t *)bytes + done, count - done,
                        (off_t)at + (off_t)done);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            return error_set(e, "%s: cannot be read: %s", f->path, strerror(errno));
        }
        if (got == 0) {
            return error_set(e, "%s: ends at byte %llu, before %zu bytes could be read from %llu",
                             f->path, (unsigned long long)(at + done), count,
                             (unsigned long long)at);
        }
        done += (size_t)got;
    }
    return 0;
}

void host_file_close(struct host_file *f)
{
    close(f->descriptor);
    free(f->path);
    *f = (struct host_file){.descriptor = -1};
}

int host_file_take(struct host_file *f)
{
    int descriptor = f->descriptor;

    free(f->path);
    *f = (struct host_file){.descriptor = -1};
    return descriptor;
}

int host_file_open_nameless(const char *path)
{
    char *folder = base_folder_of(path);
    int descriptor = -1;

    if (access("/proc/self/fd", X_OK) == 0) {
        descriptor = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    }
    free(folder);
    return descriptor;
}
