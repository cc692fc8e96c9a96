/* SPDX-License-Identifier: GPL-2.0-or-later
 * scratch: files without a name. Nobody else can open them, and nothing is left of them when the
 * process ends, however it does.
 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Where the file system makes none without a name: it loses the one that it had. */
static int make_named(const char *folder)
{
    struct text name = {0};
    int descriptor;

    text_add(&name, "%s/reprise-XXXXXX", folder);
    descriptor = mkostemp(name.data, O_CLOEXEC);
    if (descriptor >= 0) {
        unlink(name.data);
    }
    text_fini(&name);
    return descriptor;
}

int host_scratch_open(struct host_scratch *s, const char *folder, struct error *e)
{
    atomic_init(&s->taken, 0);
    s->descriptor = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (s->descriptor < 0) {
        s->descriptor = make_named(folder);
    }
    return s->descriptor >= 0
               ? 0
               : error_set(e, "%s: no file can be made there: %s", folder, strerror(errno));
}

uint64_t host_scratch_take(struct host_scratch *s, uint64_t bytes)
{
    return atomic_fetch_add(&s->taken, bytes);
}

int host_scratch_write(const struct host_scratch *s, uint64_t at, const void *bytes, size_t count,
                       struct error *e)
{
    return host_write_all_at(s->descriptor, bytes, count, at) == count
               ? 0
               : error_set(e, "a file for what memory has no room for: %s", strerror(errno));
}

int host_scratch_read(const struct host_scratch *s, uint64_t at, void *bytes, size_t count,
                      struct error *e)
{
    size_t done = 0;

    while (done < count) {
        ssize_t n =
            pread(s->descriptor, (uint8_t *)bytes + done, count - done, (off_t)at + (off_t)done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return error_set(e, "a file for what memory has no room for cannot be read: %s",
                             n < 0 ? strerror(errno) : "it has become shorter");
        }
        done += (size_t)n;
    }
    return 0;
}

void host_scratch_close(struct host_scratch *s)
{
    close(s->descriptor);
    s->descriptor = -1;
}
