/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal: a machine's life, live or from a file: puts recording, writer, inlet and witnesses
 * together. Here, and nowhere else, is it known which of the two it is.
 */
#include <stdio.h>

#include "journal/tape.h"

static struct journal *journal_new(int mode, const struct pace *pace, const struct sink *sink)
{
    struct journal *j = base_alloc(1, sizeof(*j));

    j->mode = mode;
    if (pace != NULL) {
        must((pace->wait == NULL || pace->now_ns != NULL) &&
             (pace->wake != NULL || (pace->wait == NULL && pace->park == NULL)));
        j->pace = *pace;
    }
    if (sink != NULL) {
        j->sink = *sink;
    }
    inbox_init(&j->inbox);
    atomic_init(&j->quit, END_NONE);
    atomic_init(&j->called, false);
    j->scratch = base_alloc(INPUT_BYTES_MAX, 1);
    return j;
}

struct journal *journal_new_live(struct recording *r, struct writer *w, const struct pace *pace,
                                 const struct sink *sink)
{
    struct journal *j = journal_new(MODE_LIVE, pace, sink);

    j->recording = r;
    j->writer = w;
    r->tape->is_filed = w != NULL && writer_is_readable(w);
    witness_start(j);
    return j;
}

struct journal *journal_run(const struct machine_config *config, const struct pace *pace,
                            const struct sink *sink, struct error *e)
{
    (void)e;
    return journal_new_live(recording_new_live(config), NULL, pace, sink);
}

struct journal *journal_record(const char *path, const struct machine_config *config,
                               const struct journal_options *options, const struct pace *pace,
                               const struct sink *sink, struct error *e)
{
    static const struct journal_options none = {0};
    const struct journal_options *o = options != NULL ? options : &none;
    struct recording *r;
    struct writer *w;

    if (machine_config_check_images(config, e) != 0) {
        return NULL;
    }
    r = recording_new_live(config);
    recording_set_by_reference(r, o->by_reference);
    r->extra.skips_idle = o->skips_idle;
    (void)snprintf(r->extra.program, sizeof(r->extra.program), "%s",
                   o->program != NULL ? o->program : "reprise");
    w = writer_open(path, r, o, pace, e);
    if (w == NULL) {
        recording_close(r);
        return NULL;
    }
    return journal_new_live(r, w, pace, sink);
}

void journal_drop_past(struct journal *j)
{
    must(j->mode == MODE_LIVE && j->writer == NULL && j->recording->tape->count == 0);
    j->recording->tape->is_dropped = true;
}

int journal_file(const struct journal *j)
{
    return j->writer != NULL ? writer_file(j->writer) : -1;
}

static void output_of_replay(void *opaque, tick at, uint16_t port, const uint8_t *bytes,
                             size_t count)
{
    journal_output(opaque, at, port, bytes, count);
}

static void input_of_replay(void *opaque, tick at, uint16_t port, const uint8_t *bytes,
                            size_t count)
{
    const struct input in = {.at = at, .port = port, .length = (uint32_t)count, .data = bytes};

    journal_input(opaque, &in);
}

struct journal *journal_new_replay(struct recording *r, bool skip_witnesses,
                                   const struct sink *sink)
{
    struct journal *j = journal_new(MODE_REPLAY, NULL, sink);

    j->recording = r;
    j->skip_witnesses = skip_witnesses;
    replay_init(&j->replay, r, 0,
                &(struct sink){.opaque = j, .output = output_of_replay, .input = input_of_replay});
    witness_start(j);
    return j;
}

struct journal *journal_replay(const char *path, const struct journal_options *options,
                               const struct sink *sink, struct error *e)
{
    struct recording *r = recording_open(path, e);

    return r != NULL ? journal_new_replay(r, options != NULL && options->skip_witnesses, sink)
                     : NULL;
}

void journal_close(struct journal *j)
{
    if (j == NULL) {
        return;
    }
    (void)journal_finish(j, END_QUIT, NULL);
    past_abandon(j);
    journal_flush(j);
    writer_free(j->writer);
    replay_fini(&j->replay);
    recording_close(j->recording);
    inbox_fini(&j->inbox);
    for (unsigned p = 0; p < MACHINE_PORTS_MAX; p++) {
        XXH3_freeState(j->outputs[p].state);
        vec_fini(&j->outputs[p].early);
    }
    free(j->scratch);
    free(j);
}

void journal_drop_images(struct journal *j)
{
    if (!j->recording->live) { /* else the config is the caller's */
        machine_config_drop_images(j->recording->config);
    }
}

const struct machine_config *journal_config(const struct journal *j)
{
    return j->recording->config;
}

const struct recording *journal_recording(const struct journal *j)
{
    return j->recording;
}

void journal_attach(struct journal *j, struct machine *m)
{
    struct inlet inlet = journal_inlet(j);

    must(machine_state(m)->now == 0 && j->machine == NULL);
    j->machine = m;
    machine_set_inlet(m, &inlet);
}

struct inlet journal_inlet(struct journal *j)
{
    return j->mode == MODE_REPLAY ? replay_inlet(&j->replay) : stamp_inlet(j);
}

/* Of all output through the port, in order. */
void journal_digest(struct journal *j, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct output *o = &j->outputs[port];

    if (o->state == NULL) {
        o->state = XXH3_createState();
        must(o->state != NULL);
        (void)XXH3_64bits_reset(o->state);
    }
    (void)XXH3_64bits_update(o->state, bytes, count);
    o->bytes += count;
}

void journal_output(struct journal *j, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    must(port < MACHINE_PORTS_MAX);
    if (j->past == NULL) {
        journal_digest(j, port, bytes, count);
    } else { /* what came before it is not known yet */
        bytes_add(&j->outputs[port].early, bytes, count);
        j->early_bytes += count;
    }
    j->stats.outputs += count;
    j->unflushed = true;
    if (j->sink.output != NULL) {
        j->sink.output(j->sink.opaque, at, port, bytes, count);
    }
}

void journal_input(struct journal *j, const struct input *in)
{
    if (j->sink.input != NULL) {
        j->sink.input(j->sink.opaque, in->at, in->port, in->data, in->length);
    }
}

void journal_flush(struct journal *j)
{
    if (j->unflushed) {
        j->unflushed = false;
        if (j->sink.flush != NULL) {
            j->sink.flush(j->sink.opaque);
        }
    }
}

static uint32_t message_max(const struct journal *j, uint16_t port)
{
    must(port < MACHINE_PORTS_MAX);
    if (j->machine == NULL) {
        return port == POKE_PORT ? INPUT_BYTES_MAX : 0;
    }
    return port < machine_port_count(j->machine) ? machine_port(j->machine, port)->message_max : 0;
}

static void wake(struct journal *j)
{
    if (j->pace.wake != NULL) {
        j->pace.wake(j->pace.opaque);
    }
}

enum journal_posted journal_post_message(struct journal *j, uint16_t port, const void *bytes,
                                         size_t count)
{
    uint32_t most = message_max(j, port);

    if (most == 0 || count > most) {
        return POST_NEVER;
    }
    if (j->mode == MODE_LIVE) {
        if (!inbox_post_message(&j->inbox, port, bytes, (uint32_t)count)) {
            return POST_LATER;
        }
        wake(j);
    }
    return POSTED;
}

size_t journal_post(struct journal *j, uint16_t port, const void *bytes, size_t count)
{
    size_t taken = count;

    if (message_max(j, port) > 0) {
        return journal_post_message(j, port, bytes, count) == POSTED ? count : 0;
    }
    if (j->mode == MODE_LIVE) {
        taken = inbox_post(&j->inbox, port, bytes, count);
        if (taken > 0) {
            wake(j);
        }
    }
    return taken;
}

void journal_post_quit(struct journal *j, enum journal_end why)
{
    int none = END_NONE;

    (void)atomic_compare_exchange_strong(&j->quit, &none, (int)why);
    wake(j);
}

void journal_call(struct journal *j)
{
    atomic_store(&j->called, true);
    wake(j);
}

enum journal_end journal_why(const struct journal *j)
{
    return j->why;
}

const struct divergence *journal_divergence(const struct journal *j)
{
    return j->over && j->verdict == JOURNAL_DIVERGED ? &j->divergence : NULL;
}

const char *journal_problem(const struct journal *j)
{
    return j->over && j->verdict == JOURNAL_LOST ? j->problem.text : NULL;
}

void journal_stats(const struct journal *j, struct journal_stats *out)
{
    const struct tape *t = j->recording->tape;
    struct inputs *read = (struct inputs *)(uintptr_t)&j->replay.inputs; /* it only looks */

    *out = j->stats;
    out->inputs = j->mode == MODE_REPLAY ? read->next : t->count;
    out->input_bytes = j->mode == MODE_REPLAY ? inputs_bytes(read) : t->bytes;
    out->file_bytes = j->writer != NULL ? writer_bytes(j->writer) : 0;
}
