/* SPDX-License-Identifier: GPL-2.0-or-later
 * die: the program, killed by SIGKILL at one of its writes to files: called die-N before the N-th one, counted from 1, or
 * die-N-half when half of its sectors are written; with 0 at none. What a guest does to its disk is told in the file
 * `told`, for whoever looks at what is left: each write and zeroing when it is begun, each flush when it was done, and
 * at the end how many writes to files there were.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev/drive.h"
#include "host/host.h"

size_t __real_host_write_all_at(int descriptor, const void *bytes, size_t count, uint64_t at);
size_t __wrap_host_write_all_at(int descriptor, const void *bytes, size_t count, uint64_t at);
bool __real_drive_write(struct drive *v, uint64_t at, const void *bytes, size_t size);
bool __wrap_drive_write(struct drive *v, uint64_t at, const void *bytes, size_t size);
bool __real_drive_zero(struct drive *v, uint64_t at, uint64_t size, bool may_discard);
bool __wrap_drive_zero(struct drive *v, uint64_t at, uint64_t size, bool may_discard);
bool __real_drive_flush(struct drive *v);
bool __wrap_drive_flush(struct drive *v);

static int told = -1;
static unsigned long death, writes;
static bool by_half;

/* A letter, two numbers of 8 bytes, and what is written. */
static void tell(char what, uint64_t at, uint64_t size, const void *bytes)
{
    uint8_t head[17] = {(uint8_t)what};

    if (told < 0) {
        return;
    }
    bytes_set_le(head + 1, 8, at);
    bytes_set_le(head + 9, 8, size);
    (void)!write(told, head, sizeof head);
    if (bytes != NULL) {
        (void)!write(told, bytes, size);
    }
}

static void tell_count(void)
{
    tell('N', writes, 0, NULL);
}

/* Before the program gives up its right to open files. */
__attribute__((constructor)) static void begin(void)
{
    const char *name = program_invocation_short_name;

    if (strncmp(name, "die-", 4) == 0) {
        death = strtoul(name + 4, NULL, 10);
        by_half = strstr(name, "-half") != NULL;
        told = open("told", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        (void)atexit(tell_count);
    }
}

size_t __wrap_host_write_all_at(int descriptor, const void *bytes, size_t count, uint64_t at)
{
    if (told >= 0 && ++writes == death) {
        if (by_half) {
            (void)__real_host_write_all_at(descriptor, bytes, count / 1024 * 512, at);
        }
        (void)raise(SIGKILL);
    }
    return __real_host_write_all_at(descriptor, bytes, count, at);
}

bool __wrap_drive_write(struct drive *v, uint64_t at, const void *bytes, size_t size)
{
    tell('W', at, size, bytes);
    return __real_drive_write(v, at, bytes, size);
}

bool __wrap_drive_zero(struct drive *v, uint64_t at, uint64_t size, bool may_discard)
{
    tell('Z', at, size, NULL);
    return __real_drive_zero(v, at, size, may_discard);
}

bool __wrap_drive_flush(struct drive *v)
{
    bool done = __real_drive_flush(v);

    if (done) {
        tell('F', 0, 0, NULL);
    }
    return done;
}
