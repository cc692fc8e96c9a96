/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal: a machine's life, live or from a file: puts recording, writer, inlet and witnesses
 * together. Here, and nowhere else, is it known which of the two it is.
 */
#include "journal/internal.h"

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
    j->scratch = base_alloc(INPUT_BYTES_MAX, 1);
    return j;
}

static int check_config(const struct machine_config *c, struct error *e)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (c->images[i].name != NULL && c->images[i].size > IMAGE_BYTES_MAX) {
            return error_set(e, "%s: is too large for a recording", c->images[i].name);
        }
    }
    return 0;
}

struct journal *journal_run(const struct machine_config *config, const struct pace *pace,
                            const struct sink *sink, struct error *e)
{
    struct journal *j;

    (void)e;
    j = journal_new(MODE_LIVE, pace, sink);
    j->recording = recording_new_live(config);
    witness_start(j);
    return j;
}

struct journal *journal_record(const char *path, const struct machine_config *config,
                               const struct journal_options *options, const struct pace *pace,
                               const struct sink *sink, struct error *e)
{
    static const struct journal_options none = {0};
    struct writer *w;
    struct journal *j;

    if (check_config(config, e) != 0) {
        return NULL;
    }
    w = writer_open(path, config, options != NULL ? options : &none, pace, e);
    if (w == NULL) {
        return NULL;
    }
    j = journal_new(MODE_LIVE, pace, sink);
    j->recording = recording_new_live(config);
    j->writer = w;
    witness_start(j);
    return j;
}

static void output_of_replay(void *opaque, tick at, uint16_t port, const uint8_t *bytes,
                             size_t count)
{
    journal_output(opaque, at, port, bytes, count);
}

struct journal *journal_replay(const char *path, const struct journal_options *options,
                               const struct sink *sink, struct error *e)
{
    struct recording *r = recording_open(path, e);
    struct journal *j;

    if (r == NULL) {
        return NULL;
    }
    j = journal_new(MODE_REPLAY, NULL, sink);
    j->recording = r;
    j->skip_witnesses = options != NULL && options->skip_witnesses;
    replay_init(&j->replay, r, 0, &(struct sink){.opaque = j, .output = output_of_replay});
    witness_start(j);
    return j;
}

void journal_close(struct journal *j)
{
    if (j == NULL) {
        return;
    }
    (void)journal_finish(j, END_QUIT, NULL);
    journal_flush(j);
    writer_free(j->writer);
    recording_close(j->recording);
    inbox_fini(&j->inbox);
    for (unsigned p = 0; p < MACHINE_PORTS_MAX; p++) {
        XXH3_freeState(j->outputs[p].state);
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

    must(m->state.now == 0 && j->machine == NULL);
    j->machine = m;
    machine_set_inlet(m, &inlet);
}

struct inlet journal_inlet(struct journal *j)
{
    return j->mode == MODE_REPLAY ? replay_inlet(&j->replay) : stamp_inlet(j);
}

void journal_output(struct journal *j, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    must(port < MACHINE_PORTS_MAX);
    struct output *o = &j->outputs[port];

    if (o->state == NULL) {
        o->state = XXH3_createState();
        must(o->state != NULL);
        (void)XXH3_64bits_reset(o->state);
    }
    (void)XXH3_64bits_update(o->state, bytes, count);
    o->bytes += count;
    j->stats.outputs += count;
    j->unflushed = true;
    if (j->sink.output != NULL) {
        j->sink.output(j->sink.opaque, at, port, bytes, count);
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

size_t journal_post(struct journal *j, uint16_t port, const void *bytes, size_t count)
{
    size_t taken = count;

    if (j->mode == MODE_LIVE) {
        taken = inbox_post(&j->inbox, port, bytes, count);
        if (taken > 0 && j->pace.wake != NULL) {
            j->pace.wake(j->pace.opaque);
        }
    }
    return taken;
}

void journal_post_quit(struct journal *j, enum journal_end why)
{
    int none = END_NONE;

    (void)atomic_compare_exchange_strong(&j->quit, &none, (int)why);
    if (j->pace.wake != NULL) {
        j->pace.wake(j->pace.opaque);
    }
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
    const struct recording *r = j->recording;
    size_t inputs = j->mode == MODE_REPLAY ? j->replay.next : r->inputs.count;

    *out = j->stats;
    out->inputs = inputs;
    out->input_bytes = inputs < r->inputs.count ? r->inputs.data[inputs].offset : r->bytes.count;
    out->file_bytes = j->writer != NULL ? writer_bytes(j->writer) : 0;
}
