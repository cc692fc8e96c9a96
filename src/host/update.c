/* SPDX-License-Identifier: GPL-2.0-or-later
 * update: files that are changed in place. Who updates one has it alone: a lock, of the kind that ends
 * with the descriptor, keeps a second writer out; readers and programs that do not ask are not kept out.
 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int take_lock(int descriptor, const char *path, struct error *e)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(descriptor, F_OFD_SETLK, &whole) == 0) {
        return 0;
    }
    return errno == EAGAIN || errno == EACCES
               ? error_set(e, "%s: is in use by another program", path)
               : error_set(e, "%s: cannot be locked: %s", path, strerror(errno));
}

static int check_plain(int descriptor, const char *path, uint64_t *size, struct error *e)
{
    struct stat about;

    if (fstat(descriptor, &about) != 0) {
        return error_set(e, "%s: cannot be looked at: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return error_set(e, "%s: is not a plain file", path);
    }
    *size = (uint64_t)about.st_size;
    return 0;
}

static int open_locked(struct host_file *f, const char *path, int flags, struct error *e)
{
    int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0666);
    uint64_t size = 0;

    if (descriptor < 0) {
        return error_set(e, "%s: cannot be opened for writing: %s", path, strerror(errno));
    }
    if (check_plain(descriptor, path, &size, e) < 0 || take_lock(descriptor, path, e) < 0) {
        close(descriptor);
        return -1;
    }
    *f = (struct host_file){.descriptor = descriptor, .size = size, .path = base_strdup(path)};
    return 0;
}

int host_file_update(struct host_file *f, const char *path, struct error *e)
{
    return open_locked(f, path, 0, e);
}

int host_file_make(struct host_file *f, const char *path, struct error *e)
{
    return open_locked(f, path, O_CREAT | O_EXCL, e);
}

int host_file_write_at(struct host_file *f, uint64_t at, const void *bytes, size_t count,
                       struct error *e)
{
    size_t done = host_write_all_at(f->descriptor, bytes, count, at);

    if (done != 0 && at + done > f->size) {
        f->size = at + done;
    }
    return done == count ? 0 : error_set(e, "%s: cannot be written: %s", f->path, strerror(errno));
}

int host_file_sync(const struct host_file *f, struct error *e)
{
    int result;

    do {
        result = fdatasync(f->descriptor);
    } while (result != 0 && errno == EINTR);
    return result == 0
               ? 0
               : error_set(e, "%s: may not have reached its disk: %s", f->path, strerror(errno));
}
