/* SPDX-License-Identifier: GPL-2.0-or-later
 * file: the file of an index as SQLite sees it: a descriptor. What is opened is looked at once it is
 * open, and is then read and written under no name, so that nothing planted beside a recording (a
 * link, a FIFO, a journal for SQLite to play back) is ever followed, waited for or replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "index/internal.h"

/* ---- finding, making, naming ---- */

static int no_plain_file(const char *path, struct error *e)
{
    return error_set(e, "%s: it is no plain file", path);
}

int index_file_open(const char *path, bool *missing, struct error *e)
{
    struct stat st;
    /* Without waiting: opening a FIFO would wait for somebody to write to it. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    *missing = fd < 0 && errno == ENOENT;
    if (fd < 0) {
        return *missing         ? error_set(e, "%s: there is no index", path)
               : errno == ELOOP ? no_plain_file(path, e)
                                : error_set(e, "%s: %s", path, strerror(errno));
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return no_plain_file(path, e);
    }
    return fd;
}

static int make_named(const char *path, char **name, struct error *e)
{
    struct text t = {0};
    int fd;

    text_add(&t, "%s.XXXXXX", path);
    fd = mkostemp(t.data, O_CLOEXEC);
    if (fd < 0) {
        error_set(e, "%s: %s", path, strerror(errno));
        text_fini(&t);
        return -1;
    }
    *name = t.data;
    return fd;
}

int index_file_new(const char *path, char **name, struct error *e)
{
    struct stat st;
    int fd;

    *name = NULL;
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return no_plain_file(path, e);
    }
    fd = host_file_open_nameless(path);
    return fd >= 0 ? fd : make_named(path, name, e);
}

int index_file_reuse(int reserved)
{
    struct stat st;
    int fd = fstat(reserved, &st) == 0 && st.st_nlink == 0 && ftruncate(reserved, 0) == 0
                 ? fcntl(reserved, F_DUPFD_CLOEXEC, 3)
                 : -1;

    return fd;
}

/* Nothing has the name for a moment: who looks then makes an index of its own, or goes without. */
static int make_room(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = EEXIST;
        return -1;
    }
    return unlink(path);
}

int index_file_publish(int fd, const char *name, const char *path, struct error *e)
{
    char self[64];
    int result = fsync(fd);

    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (result == 0) {
        result = make_room(path);
    }
    if (result == 0) {
        result = name != NULL ? rename(name, path)
                              : linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
    }
    return result == 0 ? 0 : error_set(e, "%s: %s", path, strerror(errno));
}

/* ---- a file as SQLite wants it ---- */

struct db_file {
    sqlite3_file base;
    int fd;
    bool writable;
};

static struct db_file *file_of(sqlite3_file *f)
{
    return (struct db_file *)(void *)f;
}

static int file_close(sqlite3_file *f)
{
    (void)f;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *bytes, int count, sqlite3_int64 at)
{
    size_t done = 0;

    while (done < (size_t)count) {
        ssize_t n = pread(file_of(f)->fd, (uint8_t *)bytes + done, (size_t)count - done,
                          (off_t)at + (off_t)done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return SQLITE_IOERR_READ;
        }
        if (n == 0) {
            memset((uint8_t *)bytes + done, 0, (size_t)count - done);
            return SQLITE_IOERR_SHORT_READ;
        }
        done += (size_t)n;
    }
    return SQLITE_OK;
}

static int file_write(sqlite3_file *f, const void *bytes, int count, sqlite3_int64 at)
{
    if (!file_of(f)->writable) {
        return SQLITE_READONLY;
    }
    if (host_write_all_at(file_of(f)->fd, bytes, (size_t)count, (uint64_t)at) == (size_t)count) {
        return SQLITE_OK;
    }
    return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return file_of(f)->writable && ftruncate(file_of(f)->fd, (off_t)size) == 0
               ? SQLITE_OK
               : SQLITE_IOERR_TRUNCATE;
}

static int file_sync(sqlite3_file *f, int flags)
{
    (void)f, (void)flags;
    return SQLITE_OK; /* index_file_publish() does, once */
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    struct stat st;

    if (fstat(file_of(f)->fd, &st) != 0) {
        return SQLITE_IOERR_FSTAT;
    }
    *size = st.st_size;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *f, int kind)
{
    (void)f, (void)kind;
    return SQLITE_OK; /* one builds; a file that has a name never changes */
}

static int file_is_reserved(sqlite3_file *f, int *result)
{
    (void)f;
    *result = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *f, int what, void *argument)
{
    (void)f, (void)what, (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int file_characteristics(sqlite3_file *f)
{
    return file_of(f)->writable ? 0 : SQLITE_IOCAP_IMMUTABLE;
}

/* Of version 1: without shared memory, a file that wants a write-ahead log cannot be opened. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
};

/* ---- the way to it: "fd/N" is the open file N, and there is nothing else ---- */

#define VFS_NAME "reprise-descriptor"

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    char *end;
    long fd;

    (void)v;
    f->pMethods = NULL;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || name == NULL || strncmp(name, "fd/", 3) != 0) {
        return SQLITE_CANTOPEN;
    }
    fd = strtol(name + 3, &end, 10);
    if (*end != '\0') {
        return SQLITE_CANTOPEN;
    }
    file_of(f)->fd = (int)fd;
    file_of(f)->writable = (flags & SQLITE_OPEN_READWRITE) != 0;
    f->pMethods = &file_methods;
    if (out != NULL) {
        *out = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE;
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *result)
{
    (void)v, (void)name, (void)flags;
    *result = 0;
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *v, const char *name, int room, char *out)
{
    (void)v;
    snprintf(out, (size_t)room, "%s", name);
    return SQLITE_OK;
}

/* What else SQLite asks for is what any of its own would say. */
static int vfs_random(sqlite3_vfs *v, int count, char *out)
{
    sqlite3_vfs *other = v->pAppData;

    return other->xRandomness(other, count, out);
}

static int vfs_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}

static int vfs_time(sqlite3_vfs *v, double *now)
{
    sqlite3_vfs *other = v->pAppData;

    return other->xCurrentTime(other, now);
}

static int vfs_last_error(sqlite3_vfs *v, int room, char *out)
{
    (void)v, (void)room, (void)out;
    return errno;
}

int index_db_open(sqlite3 **db, int fd, bool writable)
{
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct db_file),
        .mxPathname = 64,
        .zName = VFS_NAME,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_name,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
    char name[32];

    pthread_mutex_lock(&once);
    if (vfs.pAppData == NULL && sqlite3_initialize() == SQLITE_OK) {
        vfs.pAppData = sqlite3_vfs_find(NULL);
        must(vfs.pAppData != NULL && sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
    }
    pthread_mutex_unlock(&once);
    snprintf(name, sizeof name, "fd/%d", fd);
    return sqlite3_open_v2(
        name, db, SQLITE_OPEN_NOMUTEX | (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY),
        VFS_NAME);
}
