/* SPDX-License-Identifier: GPL-2.0-or-later
 * indexed: see indexed.h.
 */
#include "indexed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jit/jit.h"

static struct index_of name_of(const struct oracle_case *c)
{
    return (struct index_of){.identity = 42, .end = c->end};
}

static const struct index_key key = {{42}};

static struct index_place place_of(const struct indexed *x)
{
    return (struct index_place){.path = x->path, .key = &key, .most_bytes = x->most_bytes};
}

/* Made by one journey to the end. */
static struct index *make_index(const struct indexed *x, const struct travel_limits *limits)
{
    const struct oracle_case *c = x->of;
    const struct index_of of = name_of(c);
    struct machine *m = c->build(c->opaque);
    struct oracle_source s;
    struct travel_source source = oracle_source_init(&s, c->inputs, c->input_count, c->end);
    struct travel *t = travel_new(m, &source, limits);
    struct index *made = NULL;
    const struct index_place place = place_of(x);
    struct index_builder *b;
    struct error e;

    if (jit_supported()) {
        must(engine_use_jit(machine_engine(m), true, NULL) == 0);
    }
    if ((b = index_build(&place, &e)) != NULL) {
        travel_build_index(t, b, &of, (c->end - c->begin) / 23 + 1);
        if (travel_seek(t, c->end).why != TRAVEL_ARRIVED || travel_index(t) == NULL) {
            error_set(&e, "%s",
                      travel_index_problem(t) != NULL ? travel_index_problem(t)
                                                      : "the journey made no index");
        } else {
            made = index_open(&place, &of, NULL, &e);
        }
    }
    travel_free(t);
    text_fini(&s.output);
    machine_free(m);
    if (made == NULL) {
        fprintf(stderr, "%s: index: %s\n", c->name, e.text);
    }
    return made;
}

/* ---- helpers; the first of them interprets ---- */

static struct travel *make_helper(void *opaque, unsigned number)
{
    struct indexed *x = opaque;
    const struct oracle_case *c = x->of;
    const struct index_of of = name_of(c);
    const struct travel_limits limits = {.count = 5};
    const struct index_place place = place_of(x);
    struct index *index = index_open(&place, &of, NULL, NULL);
    struct travel_source source =
        oracle_source_init(&x->helpers[number].source, c->inputs, c->input_count, c->end);

    must(index != NULL);
    x->helpers[number].machine = c->build(c->opaque);
    if (number > 0 && jit_supported()) {
        must(engine_use_jit(machine_engine(x->helpers[number].machine), true, NULL) == 0);
    }
    x->helpers[number].travel = travel_new(x->helpers[number].machine, &source, &limits);
    travel_use_index(x->helpers[number].travel, index);
    return x->helpers[number].travel;
}

static void release_helper(void *opaque, unsigned number)
{
    struct indexed *x = opaque;

    travel_free(x->helpers[number].travel);
    machine_free(x->helpers[number].machine);
    text_fini(&x->helpers[number].source.output);
}

/* Half of the cases go by an index that had to be thinned, as it may only have three quarters of what it
 * would take; where not even that is possible, as the least that a database takes is more, by the whole one. */
static struct index *make_smaller(struct indexed *x, struct index *whole,
                                  const struct travel_limits *limits)
{
    struct index_stats before, after;
    struct index *index;

    index_get_stats(whole, &before);
    if (x->of->end % 4 < 2) {
        return whole;
    }
    index_close(whole);
    unlink(x->path);
    x->most_bytes = before.file_bytes / 4 * 3;
    index = make_index(x, limits);
    if (index == NULL) {
        x->most_bytes = 0;
        index = make_index(x, limits);
    } else {
        index_get_stats(index, &after);
        printf("%s: thinned from %llu checkpoints to %llu, from %llu bytes to %llu\n", x->of->name,
               (unsigned long long)before.checkpoints, (unsigned long long)after.checkpoints,
               (unsigned long long)before.file_bytes, (unsigned long long)after.file_bytes);
        must(after.file_bytes <= x->most_bytes && after.checkpoints <= before.checkpoints);
    }
    return index;
}

bool indexed_use(struct indexed *x, struct travel *t, const struct oracle_case *c,
                 const struct travel_limits *limits)
{
    struct index *index;

    *x = (struct indexed){.of = c, .folder = "/tmp/reprise-oracle-XXXXXX"};
    must(mkdtemp(x->folder) != NULL);
    snprintf(x->path, sizeof x->path, "%s/a.rr.idx", x->folder);
    index = make_index(x, limits);
    index = index != NULL ? make_smaller(x, index, limits) : NULL;
    if (index != NULL) {
        travel_use_index(t, index);
        travel_set_helpers(t, &(struct travel_helpers){.count = INDEXED_HELPERS,
                                                       .early = c->end % 2 == 0,
                                                       .opaque = x,
                                                       .make = make_helper,
                                                       .release = release_helper});
    }
    return index != NULL;
}

void indexed_fini(struct indexed *x)
{
    unlink(x->path);
    rmdir(x->folder);
}
