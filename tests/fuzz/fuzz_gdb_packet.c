/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_gdb_packet: a client that says anything. Each line of the data is one packet, which is given
 * its frame; a line that begins with '!' goes over the wire as it is. The machine is a small real
 * one with two harts, and whatever is said, it only ever is where its recording has been.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../quiet_machine.h"
#include "gdb/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct client {
    struct text bytes;
    size_t at;
    uint64_t reads;
};

static struct travel *new_travel(struct machine *m)
{
    static const struct travel_limits limits = {.spacing = 400};
    const struct travel_source source = quiet_source();

    return travel_new(m, &source, &limits);
}

static struct machine *new_machine(void)
{
    struct machine_config *c = base_alloc(1, sizeof(*c));
    struct machine *m;

    machine_config_init(c);
    c->quantum = 50;
    m = quiet_machine(c);
    machine_config_fini(c);
    free(c);
    return m;
}

/* ---- the wire ---- */

static int read_some(void *opaque, void *bytes, size_t room, int timeout_ms)
{
    struct client *c = opaque;
    size_t n = c->bytes.length - c->at;

    /* In pieces of some sort, the same each time; before the end, nothing for a while. */
    n = n > 40 + c->reads % 23 ? 40 + c->reads % 23 : n;
    n = n < room ? n : room;
    /* A call aside never ends by itself: only a client that has gone stops one that loops. */
    if (n == 0) {
        return -1;
    }
    if (timeout_ms == 0 && c->reads++ % 3 != 0) {
        return 0;
    }
    memcpy(bytes, c->bytes.data + c->at, n);
    c->at += n;
    return (int)n;
}

static int write_all(void *opaque, const void *bytes, size_t count)
{
    uint8_t sum = 0;

    (void)opaque;
    for (size_t i = 0; i < count; i++) {
        sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]); /* so that each is looked at */
    }
    return sum == 0 && count == 0 ? -1 : 0;
}

/* So that the machine is led aside at the first change, calls are made, and nothing else becomes of it. */
static int no_branch(void *opaque, struct text *said, struct error *e)
{
    (void)opaque;
    (void)said;
    return error_set(e, "There are no branches here.");
}

static void add_line(struct text *out, const uint8_t *line, size_t length)
{
    unsigned sum = 0;

    if (length != 0 && line[0] == '!') {
        text_add_bytes(out, line + 1, length - 1);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        sum += line[i];
    }
    text_add(out, "$");
    text_add_bytes(out, line, length);
    text_add(out, "#%02x", sum & 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client client = {0};
    const struct gdb_stream stream = {.opaque = &client, .read = read_some, .write = write_all};
    struct machine *m = new_machine();
    struct travel *t = new_travel(m);
    const struct gdb_options options = {.branch = no_branch};
    struct gdb_session *s = gdb_session_new(t, &options);
    uint64_t hash = machine_hash(m);

    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end != NULL ? (size_t)(end - data) : size;

        add_line(&client.bytes, data, length);
        length += end != NULL;
        data += length;
        size -= length;
    }
    (void)gdb_session_serve(s, &stream);
    must(travel_now(t) <= QUIET_END);
    must(travel_seek(t, 0).why == TRAVEL_ARRIVED);
    must(machine_hash(m) == hash);
    gdb_session_free(s);
    travel_free(t);
    machine_free(m);
    text_fini(&client.bytes);
    return 0;
}
