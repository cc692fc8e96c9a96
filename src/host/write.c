/* SPDX-License-Identifier: GPL-2.0-or-later
 * write: all of some bytes, or as many as the host takes. Interruptions and short writes are not seen by
 * the caller.
 */
#include "host/host.h"

#include <errno.h>
#include <unistd.h>

/* By write() at -1, else by pwrite(). */
static size_t write_all(int descriptor, const uint8_t *bytes, size_t count, int64_t at)
{
    size_t done = 0;

    while (done < count) {
        ssize_t n = at < 0
                        ? write(descriptor, bytes + done, count - done)
                        : pwrite(descriptor, bytes + done, count - done, (off_t)at + (off_t)done);

        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0) {
            errno = ENOSPC;
            break;
        } else if (errno != EINTR) {
            break;
        }
    }
    return done;
}

size_t host_write_all(int descriptor, const void *bytes, size_t count)
{
    return write_all(descriptor, bytes, count, -1);
}

size_t host_write_all_at(int descriptor, const void *bytes, size_t count, uint64_t at)
{
    if (at > INT64_MAX || count > (uint64_t)INT64_MAX - at) {
        errno = EFBIG;
        return 0;
    }
    return write_all(descriptor, bytes, count, (int64_t)at);
}
