/* SPDX-License-Identifier: GPL-2.0-or-later
 * pages: large zeroed memory from mmap: guest RAM, page stores, tables sized by the guest. The
 * kernel keeps the promise of zeros, both at first and after a release.
 */
#include "host/host.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

size_t host_page_size(void)
{
    long size = sysconf(_SC_PAGESIZE);

    must(size > 0);
    return (size_t)size;
}

void *host_pages_map(size_t size_bytes, struct error *e)
{
    void *pages = mmap(NULL, size_bytes != 0 ? size_bytes : 1, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (pages == MAP_FAILED) {
        error_set(e, "the host has no room for %zu bytes of memory: %s", size_bytes,
                  strerror(errno));
        return NULL;
    }
    return pages;
}

void *host_pages_map_now(size_t size_bytes, struct error *e)
{
    void *pages = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0);

    if (pages == MAP_FAILED) {
        error_set(e, "the host has no room for %zu bytes of memory: %s", size_bytes,
                  strerror(errno));
        return NULL;
    }
    return pages;
}

void host_pages_unmap(void *pages, size_t size_bytes)
{
    if (pages != NULL) {
        int result = munmap(pages, size_bytes != 0 ? size_bytes : 1);
        must(result == 0);
    }
}

void host_pages_release(void *pages, size_t size_bytes)
{
    must((uintptr_t)pages % host_page_size() == 0 && size_bytes % host_page_size() == 0);
    if (size_bytes != 0) {
        int result = madvise(pages, size_bytes, MADV_DONTNEED);
        /* Locked pages are refused (EINVAL): then the zeros are written. */
        if (result != 0) {
            memset(pages, 0, size_bytes);
        }
    }
}
