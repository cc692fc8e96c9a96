/* SPDX-License-Identifier: GPL-2.0-or-later
 * packet: the frame of every packet, $payload#sum, after "Overview" of the GDB manual's remote
 * protocol: acknowledgements until they are switched off, escapes, the interrupt byte between
 * packets. Run-length encoding is neither sent nor, as no client sends it, understood. Whoever begins
 * otherwise than a debugger does is no debugger: a web page can have a browser send anything to a
 * local port, but not without a request line before it.
 */
#include "gdb/internal.h"

#define INTERRUPT 0x03
#define ESCAPE    '}'
/* A client that keeps asking for the same packet does not understand it. */
#define RESEND_MAX 8

void gdb_wire_init(struct gdb_wire *w, const struct gdb_stream *stream)
{
    w->stream = stream;
    w->start = w->end = 0;
    w->length = 0;
    w->last.length = 0;
    w->resent = w->unheard = w->missed = 0;
    w->acknowledge = true;
    w->dropping = w->owes = false;
    w->gone = false;
    w->spoke = w->stranger = false;
    w->strange_length = 0;
}

void gdb_wire_fini(struct gdb_wire *w)
{
    text_fini(&w->last);
    w->stream = NULL;
}

static void put(struct gdb_wire *w, const void *bytes, size_t count)
{
    if (!w->gone && w->stream->write(w->stream->opaque, bytes, count) < 0) {
        w->gone = true;
    }
}

/* More bytes into the buffer. False: none came. */
static bool fill(struct gdb_wire *w, int timeout_ms)
{
    int count;

    if (w->start != 0) {
        memmove(w->in, w->in + w->start, w->end - w->start);
        w->end -= w->start;
        w->start = 0;
    }
    if (w->gone || w->end == sizeof w->in) {
        return false;
    }
    count = w->stream->read(w->stream->opaque, w->in + w->end, sizeof w->in - w->end, timeout_ms);
    if (count < 0) {
        w->gone = true;
        return false;
    }
    must((size_t)count <= sizeof w->in - w->end);
    w->end += (size_t)count;
    return count > 0;
}

/* ---- receiving ---- */

/* Where the payload of the packet that begins at in[start] ends: the index of its '#' if the two
 * digits after it are there as well; SIZE_MAX if not. A '$' before that begins another packet (in a
 * payload it would be escaped): the one before it was never finished, and start moves on. */
static size_t find_end(struct gdb_wire *w)
{
    size_t hash = SIZE_MAX;

    for (size_t i = w->start + 1; i < w->end; i++) {
        if (w->in[i] == '$') {
            w->start = i;
            w->dropping = false;
            hash = SIZE_MAX;
        } else if (w->in[i] == '#' && hash == SIZE_MAX) {
            hash = i;
        }
        if (hash != SIZE_MAX && i == hash + 2) {
            return hash;
        }
    }
    return SIZE_MAX;
}

/* Before its first packet a debugger acknowledges and interrupts, and nothing else. */
static bool is_strange(struct gdb_wire *w)
{
    size_t n = w->end - w->start < GDB_STRANGE_MAX ? w->end - w->start : GDB_STRANGE_MAX;
    uint8_t first = w->in[w->start];

    if (w->spoke || first == '$' || first == '+' || first == '-' || first == INTERRUPT) {
        return false;
    }
    memcpy(w->strange, w->in + w->start, n);
    w->strange_length = n;
    w->stranger = w->gone = true;
    return true;
}

/* One acknowledgement is of one packet. There may be more of them than there are packets: GDB acknowledges
 * also what it reads too late and throws away. */
static void hear(struct gdb_wire *w)
{
    w->unheard -= w->unheard > 0;
}

/* Passes by what is between packets; true when in[start] begins one. */
static bool at_packet(struct gdb_wire *w)
{
    for (; w->start < w->end && !is_strange(w); w->start++) {
        switch (w->in[w->start]) {
        case '$': return true;
        case '-':
            if (w->acknowledge && w->last.length != 0 && w->resent++ < RESEND_MAX) {
                put(w, w->last.data, w->last.length);
            }
            break;
        case '+': hear(w); break;
        default: break; /* an interrupt that came too late, noise */
        }
    }
    return false;
}

/* Unescapes the payload [from, to). False if the sum after it is another one. */
static bool unpack(struct gdb_wire *w, size_t from, size_t to)
{
    int high = gdb_hex_digit(w->in[to + 1]), low = gdb_hex_digit(w->in[to + 2]);
    uint8_t sum = 0;

    w->length = 0;
    for (size_t i = from; i < to; i++) {
        uint8_t c = w->in[i];

        sum = (uint8_t)(sum + c);
        if (c == ESCAPE && i + 1 < to) {
            sum = (uint8_t)(sum + w->in[++i]);
            c = w->in[i] ^ 0x20;
        }
        w->packet[w->length++] = c;
    }
    w->packet[w->length] = '\0';
    return high >= 0 && low >= 0 && (high << 4 | low) == sum;
}

static bool is_full(const struct gdb_wire *w)
{
    return w->end - w->start == sizeof w->in;
}

/* A packet longer than the buffer: nothing of it is kept, its end is still looked for. */
static void drop_start(struct gdb_wire *w)
{
    const size_t tail = 2; /* may be its '#' and half the sum */

    w->in[0] = '$';
    memmove(w->in + 1, w->in + w->end - tail, tail);
    w->start = 0;
    w->end = 1 + tail;
    w->dropping = true;
}

static enum gdb_received take_packet(struct gdb_wire *w, size_t hash)
{
    bool good = unpack(w, w->start + 1, hash), dropped = w->dropping;

    w->dropping = false;
    w->start = hash + 3;
    if (w->acknowledge && !good && !dropped) {
        put(w, "-", 1);
        return GDB_NOTHING;
    }
    w->owes = w->acknowledge;
    w->resent = 0;
    w->missed = w->unheard;
    w->unheard = 0; /* the client has turned to something else: those are not waited for any more */
    w->spoke |= good && !dropped;
    return good && !dropped ? GDB_PACKET : GDB_DAMAGED;
}

enum gdb_received gdb_wire_receive(struct gdb_wire *w, int timeout_ms)
{
    for (;;) {
        size_t hash = at_packet(w) ? find_end(w) : SIZE_MAX;

        if (hash != SIZE_MAX) {
            enum gdb_received r = take_packet(w, hash);

            if (r != GDB_NOTHING) {
                return r;
            }
            continue;
        }
        if (w->gone) {
            return GDB_GONE;
        }
        if (is_full(w)) {
            drop_start(w);
        }
        if (!fill(w, timeout_ms) && !w->gone) {
            return GDB_NOTHING;
        }
    }
}

bool gdb_wire_interrupted(struct gdb_wire *w)
{
    bool inside = false;

    /* A packet that fills the buffer and has no end would hide what comes after it. */
    if (is_full(w) && w->in[0] == '$' && find_end(w) == SIZE_MAX && is_full(w)) {
        drop_start(w);
    }
    (void)fill(w, 0);
    /* '+' is of what was printed meanwhile; '-' asks for an answer that is not there yet. */
    while (w->start < w->end && (w->in[w->start] == '+' || w->in[w->start] == '-')) {
        if (w->in[w->start++] == '+') {
            hear(w);
        }
    }
    for (size_t i = w->start; i < w->end; i++) {
        if (inside) {
            inside = w->in[i] != '#';
        } else if (w->in[i] == '$') {
            inside = true;
        } else if (w->in[i] == INTERRUPT) {
            w->in[i] = '+'; /* taken: means nothing any more */
            return true;
        }
    }
    return w->gone;
}

void gdb_wire_hear_out(struct gdb_wire *w, int timeout_ms)
{
    while (w->unheard != 0 && !at_packet(w) && !w->gone && fill(w, timeout_ms)) {
    }
    (void)at_packet(w);
}

bool gdb_wire_has_next(const struct gdb_wire *w)
{
    return w->start < w->end && memchr(w->in + w->start, '$', w->end - w->start) != NULL;
}

/* ---- sending ---- */

void gdb_wire_acknowledge(struct gdb_wire *w)
{
    if (w->owes) {
        w->owes = false;
        put(w, "+", 1);
    }
}

void gdb_wire_send(struct gdb_wire *w, const void *payload, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = payload;
    uint8_t sum = 0;
    char tail[3] = "#";

    w->last.length = 0;
    if (w->owes) {
        text_add_bytes(&w->last, "+", 1);
    }
    text_add_bytes(&w->last, "$", 1);
    for (size_t i = 0; i < length; i++) {
        uint8_t pair[2] = {b[i], 0};
        size_t n = 1;

        if (b[i] == '$' || b[i] == '#' || b[i] == ESCAPE || b[i] == '*') {
            pair[0] = ESCAPE;
            pair[1] = b[i] ^ 0x20;
            n = 2;
        }
        sum = (uint8_t)(sum + pair[0] + pair[1]);
        text_add_bytes(&w->last, pair, n);
    }
    tail[1] = digits[sum >> 4];
    tail[2] = digits[sum & 15];
    text_add_bytes(&w->last, tail, 3);
    w->unheard += w->acknowledge;
    put(w, w->last.data, w->last.length);
    if (w->owes) {
        memmove(w->last.data, w->last.data + 1, --w->last.length);
    }
    w->owes = false;
}
