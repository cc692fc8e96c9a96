/* SPDX-License-Identifier: GPL-2.0-or-later
 * frame: cuts a stream of bytes into JSON values, without caring where the pieces of the stream end and
 * without a newline between values. What is cut out is well nested and of a bounded size and depth; the
 * library that parses it sees nothing else. Strings may have single quotes, as the reference's parser takes
 * them; they become JSON's.
 */
#include <stdlib.h>

#include "control/internal.h"

void frame_reset(struct frame *f)
{
    f->bytes.length = 0;
    f->depth = 0;
    f->quote = '\0';
    f->escaped = f->skipping = false;
}

void frame_fini(struct frame *f)
{
    text_fini(&f->bytes);
}

static void keep(struct frame *f, char byte)
{
    if (!f->skipping) {
        text_add_bytes(&f->bytes, &byte, 1);
    }
}

/* What belongs to it still comes: up to where its brackets are closed, or its line ends. */
static enum framed bad(struct frame *f, const char *sentence, const char **why)
{
    f->bytes.length = 0;
    if (f->depth == 0) {
        frame_reset(f);
    } else if (f->skipping) {
        return FRAME_MORE;
    }
    f->skipping = f->depth != 0;
    *why = sentence;
    return FRAME_BAD;
}

/* A byte of a string. */
static void take_quoted(struct frame *f, char byte)
{
    bool was_escaped = f->escaped;

    f->escaped = !was_escaped && byte == '\\';
    if (was_escaped && byte == '\'') {
        if (!f->skipping) {
            f->bytes.length--; /* JSON has no such escape */
        }
        keep(f, byte);
    } else if (!was_escaped && byte == f->quote) {
        f->quote = '\0';
        keep(f, '"');
    } else if (!was_escaped && byte == '"') { /* in single quotes */
        keep(f, '\\');
        keep(f, byte);
    } else {
        keep(f, byte);
    }
}

static enum framed close_bracket(struct frame *f, char byte, const char **why)
{
    if (f->depth == 0) {
        bool told = f->escaped;

        f->escaped = true;
        *why = "JSON parse error, a bracket is closed that was not opened";
        return told ? FRAME_MORE : FRAME_BAD;
    }
    f->depth--;
    if (f->closers[f->depth] != byte) {
        bool told = f->skipping;

        frame_reset(f);
        f->escaped = true;
        *why = "JSON parse error, brackets are not closed as they were opened";
        return told ? FRAME_MORE : FRAME_BAD;
    }
    keep(f, byte);
    if (f->depth > 0) {
        return FRAME_MORE;
    }
    if (f->skipping) {
        frame_reset(f);
        return FRAME_MORE;
    }
    return FRAME_WHOLE;
}

/* Nothing of JSON holds these, so whatever they stand in is over. */
static bool ends_all(const struct frame *f, uint8_t byte)
{
    if (f->quote != '\0' || f->skipping) {
        return byte < ' ' || byte == 0xff;
    }
    return (byte < ' ' && strchr("\t\n\r", byte) == NULL) || byte == 0xff || byte == '\0';
}

enum framed frame_take(struct frame *f, char byte, const char **why)
{
    if (ends_all(f, (uint8_t)byte)) {
        bool told = f->skipping || f->depth == 0;

        frame_reset(f);
        f->escaped = byte != '\n';
        *why = "JSON parse error, a control character ends it";
        return told ? FRAME_MORE : FRAME_BAD;
    }
    if (f->bytes.length >= FRAME_BYTES_MAX) {
        return bad(f, "JSON parse error, a command is longer than 1 MiB", why);
    }
    if (f->quote != '\0') {
        take_quoted(f, byte);
        return FRAME_MORE;
    }
    switch (byte) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        if (f->depth > 0) {
            keep(f, ' ');
        }
        f->escaped = false;
        return FRAME_MORE;
    case '{':
    case '[':
        if (f->depth == FRAME_DEPTH_MAX) {
            return bad(f, "JSON nesting depth limit exceeded", why);
        }
        f->escaped = false;
        f->closers[f->depth++] = byte == '{' ? '}' : ']';
        keep(f, byte);
        return FRAME_MORE;
    case '}':
    case ']': return close_bracket(f, byte, why);
    default: break;
    }
    if (f->depth == 0) {
        /* One complaint for a word of such. */
        bool told = f->escaped;

        f->escaped = true;
        *why = "JSON parse error, a command is an object";
        return told ? FRAME_MORE : FRAME_BAD;
    }
    if (byte == '"' || byte == '\'') {
        f->quote = byte;
        byte = '"';
    }
    keep(f, byte);
    return FRAME_MORE;
}
