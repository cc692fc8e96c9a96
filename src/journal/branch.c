/* SPDX-License-Identifier: GPL-2.0-or-later
 * branch: a history that begins as another one did. The file is made with all that is shared; what
 * is not in any file, the output until then, is found by replaying the shared past on a second
 * machine, in a thread of its own, while the new history already goes on. That also shows that the
 * branch replays at all, before anybody depends on it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "host/host.h"
#include "journal/tape.h"

/* How much output waits for what came before it; then the machine does. */
#define EARLY_BYTES_MAX (64 * MIB)
/* Ticks between two looks whether the replay is still wanted. */
#define SLICE (UINT64_C(1) << 22)

struct past {
    struct host_thread *thread; /* NULL: joined */
    struct journal *replay;
    struct machine *machine;
    atomic_bool done, unwanted;
};

/* What the two histories share: ticks before `at`, and the state there. NULL and a sentence if it
 * cannot be read any more. */
static struct recording *shared_past(const struct recording *parent, tick at, struct error *e)
{
    struct recording *r = recording_new_live(parent->config);
    size_t witnesses = recording_witness_at(parent, at + 1);

    if (tape_copy(r->tape, parent, at, e) != 0) {
        recording_close(r);
        return NULL;
    }
    recording_copy_reads(r, parent);
    for (size_t i = 0; i < witnesses; i++) {
        vec_push(&r->witnesses, parent->witnesses.data[i]);
    }
    r->known = at;
    r->extra.skips_idle = parent->extra.skips_idle;
    recording_set_by_reference(r, recording_is_by_reference(parent));
    recording_share_held(r, parent);
    return r;
}

/* The state at the fork is a witness, so that the branch's replay is compared just there. */
static int witness_fork(struct recording *r, struct machine *m, struct error *e)
{
    struct witness w = {.at = machine_state(m)->now,
                        .instructions = machine_state(m)->instructions,
                        .hash = machine_hash(m)};
    const struct witness *last =
        r->witnesses.count > 0 ? &r->witnesses.data[r->witnesses.count - 1] : NULL;

    if (last != NULL && last->at == w.at) {
        return last->hash == w.hash && last->instructions == w.instructions
                   ? 0
                   : error_set(e, "what was replayed up to tick %" PRIu64 " is not what happened",
                               w.at);
    }
    if (w.at != 0 && r->witnesses.count < WITNESSES_MAX) {
        vec_push(&r->witnesses, w);
    }
    return 0;
}

static void *replay_past(void *argument)
{
    struct past *p = argument;
    tick until = 0;

    do {
        until = until < TICK_NEVER - SLICE ? until + SLICE : TICK_NEVER;
    } while (!atomic_load(&p->unwanted) &&
             journal_drive(p->replay, p->machine, until, false) == JOURNAL_TICK);
    atomic_store(&p->done, true);
    return NULL;
}

static void past_free(struct past *p)
{
    if (p->thread != NULL) {
        atomic_store(&p->unwanted, true);
        (void)host_thread_join(p->thread);
    }
    journal_close(p->replay);
    machine_free(p->machine);
    free(p);
}

/* Takes over the machine in any case. */
static struct past *past_start(const struct recording *shared, struct machine *again,
                               struct error *e)
{
    struct recording *r = shared_past(shared, shared->known, e);
    struct past *p;

    must(again != NULL && machine_state(again)->now == 0);
    if (r == NULL) {
        machine_free(again);
        return NULL;
    }
    p = base_alloc(1, sizeof(*p));
    atomic_init(&p->done, false);
    atomic_init(&p->unwanted, false);
    p->machine = again;
    p->replay = journal_new_replay(r, false, NULL);
    journal_attach(p->replay, again);
    p->thread = host_thread_start(replay_past, p, e);
    if (p->thread == NULL) {
        past_free(p);
        return NULL;
    }
    return p;
}

/* What came since goes on from what came before. */
static void take_outputs(struct journal *j, struct journal *replay)
{
    for (unsigned i = 0; i < MACHINE_PORTS_MAX; i++) {
        struct output *o = &j->outputs[i];

        o->state = replay->outputs[i].state;
        o->bytes = replay->outputs[i].bytes;
        replay->outputs[i].state = NULL;
        if (o->early.count > 0) {
            journal_digest(j, (uint16_t)i, o->early.data, o->early.count);
        }
        vec_fini(&o->early);
    }
    j->stats.outputs += replay->stats.outputs;
}

int past_settle(struct journal *j, bool wait, struct error *e)
{
    struct past *p = j->past;

    wait = wait || j->early_bytes > EARLY_BYTES_MAX;
    if (p == NULL || (!wait && !atomic_load(&p->done))) {
        return 0;
    }
    if (p->thread != NULL) {
        (void)host_thread_join(p->thread);
        p->thread = NULL;
    }
    if (journal_divergence(p->replay) != NULL) {
        return error_set(e, "what the branch shares with its parent does not replay: %s",
                         journal_divergence(p->replay)->text);
    }
    take_outputs(j, p->replay);
    j->past = NULL;
    past_free(p);
    return 0;
}

void past_abandon(struct journal *j)
{
    if (j->past != NULL) {
        past_free(j->past);
        j->past = NULL;
    }
}

/* It is made of what the machine is made of now, which replays what is shared. */
static void describe(struct recording *r, const struct journal_branch *from,
                     const struct journal_options *options)
{
    struct config_extra *x = &r->extra;

    (void)snprintf(x->program, sizeof(x->program), "%s",
                   options != NULL && options->program != NULL ? options->program : "reprise");
    x->uses = machine_uses(from->machine)->count > 0 ? machine_uses(from->machine) : NULL;
    x->is_branch = true;
    x->origin.at = r->known;
    (void)snprintf(x->origin.name, sizeof(x->origin.name), "%s",
                   from->parent_name != NULL ? from->parent_name : "");
}

struct journal *journal_branch(const char *path, const struct journal_branch *from,
                               const struct journal_options *options, const struct pace *pace,
                               const struct sink *sink, struct error *e)
{
    struct machine *m = from->machine;
    struct recording *r = shared_past(from->parent, machine_state(m)->now, e);
    const struct journal_options branch_options = {.force = false};
    struct writer *w = NULL;
    struct past *past = NULL;
    struct journal *j;

    must(machine_state(m)->now <= from->parent->known);
    if (r == NULL) {
        machine_free(from->again);
        return NULL;
    }
    describe(r, from, options);
    if (witness_fork(r, m, e) != 0) {
        machine_free(from->again);
        recording_close(r);
        return NULL;
    }
    if (machine_state(m)->now == 0) {
        machine_free(from->again);
    } else if ((past = past_start(r, from->again, e)) == NULL) {
        recording_close(r);
        return NULL;
    }
    if (path != NULL && (w = writer_open(path, r, &branch_options, pace, e)) == NULL) {
        if (past != NULL) {
            past_free(past);
        }
        recording_close(r);
        return NULL;
    }
    if (w != NULL && writer_is_readable(w)) { /* it needs nothing of its parent's file */
        tape_clear(r->tape);
        writer_tell_places(w, r->tape);
    }
    j = journal_new_live(r, w, pace, sink);
    j->past = past;
    j->machine = m;
    return j;
}
