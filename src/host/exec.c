/* SPDX-License-Identifier: GPL-2.0-or-later
 * exec: memory for generated code, mapped twice: one mapping may be written, the other executed,
 * none both (W^X). One reservation, so that every jump inside it fits 32 bits.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/host.h"

int host_exec_map(struct host_exec *x, size_t size_bytes, struct error *e)
{
    int fd = memfd_create("code", MFD_CLOEXEC);

    *x = (struct host_exec){.size = size_bytes};
    if (fd < 0 || ftruncate(fd, (off_t)size_bytes) < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return error_set(e, "no memory for generated code: %s", strerror(errno));
    }
    x->write = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    x->exec = mmap(NULL, size_bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    close(fd);
    if (x->write == MAP_FAILED || x->exec == MAP_FAILED) {
        host_exec_unmap(x);
        return error_set(e, "the host does not let generated code be mapped: %s", strerror(errno));
    }
    return 0;
}

void host_exec_unmap(struct host_exec *x)
{
    if (x->write && x->write != MAP_FAILED) {
        munmap(x->write, x->size);
    }
    if (x->exec && x->exec != MAP_FAILED) {
        munmap(x->exec, x->size);
    }
    *x = (struct host_exec){.size = 0};
}
