/* SPDX-License-Identifier: GPL-2.0-or-later
 * save: memory to a file of the host, and its sum.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/internal.h"
#include "host/host.h"

static bool read_page(struct call *k, bool is_physical, unsigned hart, uint64_t at, uint8_t *bytes,
                      size_t count)
{
    struct machine *m = k->control->machine;
    bool is_read = is_physical ? mem_read_bytes(machine_mem(m), at, bytes, count)
                               : cpu_debug_read(machine_cpu(m, hart), at, bytes, count);

    if (!is_read) {
        (void)call_fail(k, "Invalid addr 0x%016llx specified: no memory is there", (ull)at);
    }
    return is_read;
}

/* The next piece, inside one page. */
static size_t piece_of(uint64_t at, uint64_t left)
{
    uint64_t n = PAGE_SIZE - at % PAGE_SIZE;

    return (size_t)(n < left ? n : left);
}

static int copy_out(struct call *k, bool is_physical, unsigned hart, int fd)
{
    uint64_t at = call_number(k, "val", 0), left = call_number(k, "size", 0);
    uint8_t bytes[PAGE_SIZE];

    while (left > 0) {
        size_t n = piece_of(at, left);

        if (!read_page(k, is_physical, hart, at, bytes, n)) {
            return -1;
        }
        if (host_write_all(fd, bytes, n) != n) {
            (void)call_fail(k, "%s: %s", call_text(k, "filename"), strerror(errno));
            return -1;
        }
        at += n;
        left -= n;
    }
    return 0;
}

static struct json_object *save(struct call *k, bool is_physical)
{
    const char *name = call_text(k, "filename");
    uint64_t hart = call_number(k, "cpu-index", k->hart);
    int fd, failed;

    if (!k->control->options.saves) {
        return call_fail(k, "no files are made here");
    }
    if (hart >= machine_hart_count(k->control->machine)) {
        return call_fail(k, "Parameter 'cpu-index' expects a CPU number");
    }
    fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return call_fail(k, "Could not open '%s': %s%s", name, strerror(errno),
                         errno == EACCES ? " (files are made in the folder where the program was "
                                           "started; elsewhere with --no-sandbox)"
                                         : "");
    }
    failed = copy_out(k, is_physical, (unsigned)hart, fd);
    if (close(fd) != 0 && failed == 0) {
        return call_fail(k, "%s: %s", name, strerror(errno));
    }
    return failed == 0 ? call_done() : NULL;
}

struct json_object *run_memsave(struct call *k)
{
    return save(k, false);
}

struct json_object *run_pmemsave(struct call *k)
{
    return save(k, true);
}

#define SUM_MAX (64 * MIB)

struct json_object *run_sum(struct call *k)
{
    uint64_t at = call_number(k, "addr", 0), left = call_number(k, "size", 0);
    uint8_t bytes[PAGE_SIZE];
    uint16_t sum = 0;

    if (left > SUM_MAX) {
        return call_fail(k, "at most 64 MiB at once");
    }
    while (left > 0) {
        size_t n = piece_of(at, left);

        if (!read_page(k, true, 0, at, bytes, n)) {
            return NULL;
        }
        for (size_t i = 0; i < n; i++) {
            sum = (uint16_t)((sum >> 1 | sum << 15) + bytes[i]);
        }
        at += n;
        left -= n;
    }
    text_add(&k->out, "%05d\n", sum);
    return call_done();
}
