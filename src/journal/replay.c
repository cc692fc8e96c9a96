/* SPDX-License-Identifier: GPL-2.0-or-later
 * replay: the inlet that reads a recording back. Any number of them may read one recording, each
 * for its own machine; idle time is skipped, and the history ends where it is no longer known.
 */
#include "journal/internal.h"

static enum inlet_answer replay_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct replay *p = opaque;
    const struct recording *r = p->inputs.recording;
    const struct input *next;

    if (now >= r->known) {
        return INLET_END;
    }
    next = inputs_peek(&p->inputs);
    if (next == NULL) {
        *ask_again = r->known;
        return recording_lost(r) != NULL ? INLET_END : INLET_QUIET;
    }
    must(next->at >= now); /* else the machine was moved without replay_seek() */
    if (next->at == now) {
        *in = *next;
        inputs_pass(&p->inputs);
        if (p->sink.input != NULL) {
            p->sink.input(p->sink.opaque, now, in->port, in->data, in->length);
        }
        return INLET_INPUT;
    }
    *ask_again = next->at < r->known ? next->at : r->known;
    return INLET_QUIET;
}

static tick replay_idle(void *opaque, tick now, tick event)
{
    struct replay *p = opaque;
    const struct recording *r = p->inputs.recording;
    const struct input *next = inputs_peek(&p->inputs);
    tick to = event;

    if (next != NULL && next->at < to) {
        to = next->at;
    }
    if (r->known < to) {
        to = r->known;
    }
    return to > now ? to : now;
}

static void replay_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct replay *p = opaque;

    if (p->sink.output != NULL) {
        p->sink.output(p->sink.opaque, now, port, bytes, count);
    }
}

static int replay_took(void *opaque, unsigned file, uint64_t cluster, uint64_t hash,
                       struct error *e)
{
    struct replay *p = opaque;

    return recording_compare_read(p->inputs.recording, file, cluster, hash, e);
}

/* Of other machines that replay it, too: they would come to it. */
static void replay_lost(void *opaque, const char *why)
{
    struct replay *p = opaque;

    recording_lose(p->inputs.recording, why);
}

void replay_init(struct replay *p, const struct recording *r, tick at, const struct sink *sink)
{
    *p = (struct replay){0};
    inputs_init(&p->inputs, r);
    if (sink != NULL) {
        p->sink = *sink;
    }
    replay_seek(p, at);
}

void replay_seek(struct replay *p, tick at)
{
    inputs_seek(&p->inputs, at);
}

void replay_fini(struct replay *p)
{
    inputs_fini(&p->inputs);
}

struct inlet replay_inlet(struct replay *p)
{
    return (struct inlet){.opaque = p,
                          .next = replay_next,
                          .idle = replay_idle,
                          .output = replay_output,
                          .took = replay_took,
                          .lost = replay_lost};
}
