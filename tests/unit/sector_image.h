/* SPDX-License-Identifier: GPL-2.0-or-later
 * sector_image: a raw image whose sectors can be told apart, for tests of disks.
 */
#ifndef SECTOR_IMAGE_H
#define SECTOR_IMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Sector n is full of n % 251 + 1. The file's name, which goes to `path`, is this process's own; the caller's to
 * unlink(). */
static inline void make_sector_image(char *path, size_t path_bytes, const char *name,
                                     unsigned sectors)
{
    const char *folder = getenv("TMPDIR");
    FILE *f;

    (void)snprintf(path, path_bytes, "%s/reprise-%s-%d", folder != NULL ? folder : "/tmp", name,
                   (int)getpid());
    f = fopen(path, "wb");
    assert_non_null(f);
    for (unsigned i = 0; i < sectors; i++) {
        uint8_t sector[512];

        memset(sector, (int)(i % 251 + 1), sizeof sector);
        assert_int_equal(fwrite(sector, 1, sizeof sector, f), sizeof sector);
    }
    assert_int_equal(fclose(f), 0);
}

#endif
