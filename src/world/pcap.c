/* SPDX-License-Identifier: GPL-2.0-or-later
 * pcap: a file of frames in libpcap's classic format (its manual page pcap-savefile), little-endian and
 * with nanoseconds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "world/net.h"

enum { MAGIC_NS = 0xa1b23c4d, VERSION_MAJOR = 2, VERSION_MINOR = 4, LINK_ETHERNET = 1 };
enum { FILE_HEADER = 24, FRAME_HEADER = 16 };

struct pcap {
    FILE *to;
    size_t frame_max;
    int problem;
};

static void put(struct pcap *p, const void *bytes, size_t count)
{
    if (p->problem == 0 && fwrite(bytes, 1, count, p->to) != count) {
        p->problem = errno != 0 ? errno : EIO;
    }
}

struct pcap *pcap_open(const char *path, size_t frame_max, struct error *e)
{
    uint8_t header[FILE_HEADER] = {0};
    struct pcap *p;
    FILE *to = fopen(path, "wbe");

    if (to == NULL) {
        error_set(e, "%s: cannot be written: %s", path, strerror(errno));
        return NULL;
    }
    p = base_alloc(1, sizeof(*p));
    p->to = to;
    p->frame_max = frame_max;
    bytes_set_le(header, 4, MAGIC_NS);
    bytes_set_le(header + 4, 2, VERSION_MAJOR);
    bytes_set_le(header + 6, 2, VERSION_MINOR);
    bytes_set_le(header + 16, 4, frame_max);
    bytes_set_le(header + 20, 4, LINK_ETHERNET);
    put(p, header, sizeof header);
    return p;
}

void pcap_frame(struct pcap *p, uint64_t ns, const uint8_t *frame, size_t count)
{
    size_t kept = count < p->frame_max ? count : p->frame_max;
    uint8_t header[FRAME_HEADER];

    bytes_set_le(header, 4, ns / 1000000000);
    bytes_set_le(header + 4, 4, ns % 1000000000);
    bytes_set_le(header + 8, 4, kept);
    bytes_set_le(header + 12, 4, count);
    put(p, header, sizeof header);
    put(p, frame, kept);
}

int pcap_close(struct pcap *p)
{
    int problem;

    if (p == NULL) {
        return 0;
    }
    problem = p->problem;
    if (fclose(p->to) != 0 && problem == 0) {
        problem = errno;
    }
    free(p);
    return problem;
}
