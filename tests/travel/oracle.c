/* SPDX-License-Identifier: GPL-2.0-or-later
 * oracle: see oracle.h. Nothing of travel/ is used to find an answer; of the engine's probes only
 * what a run of one tick at a time says of that tick.
 */
#include "indexed.h"
#include "oracle.h"
#include "writes.h"

#include <stdio.h>
#include <stdlib.h>

#include "jit/jit.h"

#define NO_HART (-1)

/* ---- a hand-written recording ---- */

static enum inlet_answer source_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct oracle_source *s = opaque;

    if (now >= s->end) {
        return INLET_END;
    }
    while (s->next < s->count && s->inputs[s->next].at < now) {
        s->next++; /* only ever skips what cannot be: see `moved` */
    }
    if (s->next < s->count && s->inputs[s->next].at == now) {
        const struct oracle_input *i = &s->inputs[s->next++];

        *in = (struct input){.at = now, .port = i->port, .length = i->length, .data = i->data};
        return INLET_INPUT;
    }
    *ask_again =
        s->next < s->count && s->inputs[s->next].at < s->end ? s->inputs[s->next].at : s->end;
    return INLET_QUIET;
}

static tick source_idle(void *opaque, tick now, tick event)
{
    struct oracle_source *s = opaque;
    tick until =
        s->next < s->count && s->inputs[s->next].at < s->end ? s->inputs[s->next].at : s->end;

    return until < event ? (until < now ? now : until) : event;
}

static void source_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct oracle_source *s = opaque;

    for (size_t i = 0; i < count; i++) {
        text_add(&s->output, "%llu:%u:%02x\n", (unsigned long long)now, port, bytes[i]);
    }
}

static void source_moved(void *opaque, tick from, tick to)
{
    struct oracle_source *s = opaque;

    (void)from;
    for (s->next = 0; s->next < s->count && s->inputs[s->next].at < to; s->next++) {
    }
}

static tick source_end(void *opaque)
{
    const struct oracle_source *s = opaque;

    return s->end;
}

static bool source_witness(void *opaque, tick after, tick *at, uint64_t *hash)
{
    const struct oracle_source *s = opaque;

    for (size_t i = 0; i < s->witness_count; i++) {
        if (s->witnesses[i].at > after) {
            *at = s->witnesses[i].at;
            *hash = s->witnesses[i].hash;
            return true;
        }
    }
    return false;
}

struct travel_source oracle_source_init(struct oracle_source *s, const struct oracle_input *inputs,
                                        size_t count, tick end)
{
    *s = (struct oracle_source){.inputs = inputs, .count = count, .end = end};
    return (struct travel_source){
        .opaque = s,
        .inlet = {.opaque = s, .next = source_next, .idle = source_idle, .output = source_output},
        .moved = source_moved,
        .end = source_end,
        .witness = source_witness};
}

/* ---- the log ---- */

struct step {
    uint64_t hash; /* H at this tick */
    vaddr pc;
    int hart;        /* that takes the step; NO_HART: an input, or idle */
    bool executes;   /* an instruction begins, rather than an interrupt or a failed fetch */
    uint32_t access; /* index of its first access */
};
struct access_log {
    vaddr at;
    uint32_t size;
    bool is_write;
};
struct oracle {
    struct step *steps; /* of begin..end, and one more */
    VEC(struct access_log) accesses;
    struct writes writes;
    tick begin, end;
    enum travel_why end_why;
    struct text output;
    unsigned hart_count;
};

static struct step *step_at(const struct oracle *o, tick t)
{
    return &o->steps[t - o->begin];
}

struct logging {
    struct oracle *oracle;
    struct step *step;
    const struct probe *probes;
};

static bool log_hit(void *opaque, const struct probe_hit *h)
{
    struct logging *l = opaque;

    if (l->probes[h->probe].kind == PROBE_PHYSICAL) {
        writes_hit(&l->oracle->writes, h);
        return false;
    }
    switch (h->probe) {
    case 0:
        l->step->hart = (int)h->hart;
        l->step->pc = h->pc;
        break;
    case 1: l->step->executes = true; break;
    default: {
        struct access_log a = {
            .at = h->address, .size = (uint32_t)h->size, .is_write = h->is_write};
        vec_push(&l->oracle->accesses, a);
    }
    }
    return false;
}

static void log_tick(struct oracle *o, struct machine *m, tick t)
{
    struct probe probes[3 + MEM_BLOCKS_MAX] = {
        {.kind = PROBE_STEP, .hart = PROBE_ANY_HART},
        {.kind = PROBE_BREAK,
         .hart = PROBE_ANY_HART,
         .at = machine_cpu(m, machine_state(m)->current)->hart->pc},
        {.kind = PROBE_WATCH_ACCESS, .hart = PROBE_ANY_HART, .at = 0, .size = UINT64_MAX},
    };
    struct logging l = {.oracle = o, .step = step_at(o, t), .probes = probes};
    const struct probe_set set = {.probes = probes,
                                  .count =
                                      3 + writes_probes(&o->writes, probes + 3, MEM_BLOCKS_MAX),
                                  .opaque = &l,
                                  .hit = log_hit};

    *l.step = (struct step){
        .hash = machine_hash(m), .hart = NO_HART, .access = (uint32_t)o->accesses.count};
    if (t < o->end) {
        machine_set_probes(m, &set);
        enum stop stop = machine_run(m, t + 1, false);
        must(stop == STOP_TICK || (stop == STOP_POWER && t + 1 == o->end));
        o->end_why = stop == STOP_POWER ? TRAVEL_POWER : TRAVEL_END;
        must(writes_are_complete(&o->writes));
    }
}

static void oracle_make(struct oracle *o, const struct oracle_case *c)
{
    struct machine *m = c->build(c->opaque);
    struct oracle_source s;
    struct travel_source source = oracle_source_init(&s, c->inputs, c->input_count, c->end);

    *o = (struct oracle){.begin = c->begin, .end = c->end, .hart_count = machine_hart_count(m)};
    machine_set_inlet(m, &source.inlet);
    source_moved(&s, c->begin, c->begin);
    must(machine_run(m, c->begin, false) == STOP_TICK);
    o->steps = base_alloc((size_t)(c->end - c->begin) + 2, sizeof(*o->steps));
    writes_begin(&o->writes, m);
    for (tick t = c->begin; t <= c->end; t++) {
        must(machine_state(m)->now == t);
        log_tick(o, m, t);
    }
    writes_end(&o->writes);
    step_at(o, c->end + 1)->access = (uint32_t)o->accesses.count;
    o->output = s.output;
    machine_free(m);
}

static void oracle_fini(struct oracle *o)
{
    free(o->steps);
    writes_fini(&o->writes);
    vec_fini(&o->accesses);
    text_fini(&o->output);
}

/* ---- the answers ---- */

static bool is_watch(enum probe_kind k)
{
    return k != PROBE_BREAK && k != PROBE_STEP;
}

static bool is_for(const struct probe *p, const struct step *s)
{
    return s->hart != NO_HART && (p->hart == PROBE_ANY_HART || (int)p->hart == s->hart);
}

static bool watch_hits(const struct step *s, const struct access_log *a, const struct probe *p)
{
    bool overlap = a->at - p->at < p->size || p->at - a->at < a->size;

    return is_for(p, s) && overlap &&
           (p->kind == PROBE_WATCH_ACCESS || (p->kind == PROBE_WATCH_WRITE) == a->is_write);
}

static bool probe_hits(const struct oracle *o, const struct probe *p, tick t)
{
    const struct step *s = step_at(o, t);

    if (t >= o->end || !is_for(p, s)) {
        return false;
    }
    if (p->kind == PROBE_BREAK) {
        return s->executes && s->pc == p->at;
    }
    for (uint32_t i = s->access; i < s[1].access; i++) {
        if (watch_hits(s, &o->accesses.data[i], p)) {
            return true;
        }
    }
    return false;
}

struct place {
    tick position, step;
};

static bool before(struct place a, struct place b)
{
    return a.position < b.position || (a.position == b.position && a.step < b.step);
}

struct answer {
    bool found;
    struct place place;
    size_t probe; /* the lowest */
    uint64_t hits;
};

/* The last hit before `limit`, of all there are. */
static struct answer last_hit(const struct oracle *o, const struct travel_probes *p,
                              struct place limit)
{
    struct answer a = {0};

    for (tick t = o->begin; t < o->end; t++) {
        for (size_t i = 0; i < p->count; i++) {
            bool after = p->client_steps && is_watch(p->probes[i].kind);
            struct place place = {.position = t + after, .step = t};

            if (!probe_hits(o, &p->probes[i], t) || !before(place, limit)) {
                continue;
            }
            if (!a.found || before(a.place, place)) {
                a = (struct answer){.found = true, .place = place, .probe = i, .hits = 0};
            }
            /* Breakpoints of the same step are met at one place, watchpoints at another. */
            a.hits += !before(place, a.place);
        }
    }
    return a;
}

/* Forwards a step is left at the first thing it meets: the breakpoint, else the first access. */
static size_t first_met(const struct oracle *o, const struct travel_probes *p, tick t)
{
    const struct step *s = step_at(o, t);

    for (size_t i = 0; i < p->count; i++) {
        if (p->probes[i].kind == PROBE_BREAK && probe_hits(o, &p->probes[i], t)) {
            return i;
        }
    }
    for (uint32_t n = s->access; n < s[1].access; n++) {
        for (size_t i = 0; i < p->count; i++) {
            if (is_watch(p->probes[i].kind) && watch_hits(s, &o->accesses.data[n], &p->probes[i])) {
                return i;
            }
        }
    }
    return SIZE_MAX;
}

static struct answer first_hit(const struct oracle *o, const struct travel_probes *p, tick from)
{
    for (tick t = from; t < o->end; t++) {
        size_t i = first_met(o, p, t);

        if (i != SIZE_MAX) {
            bool after = !p->client_steps && is_watch(p->probes[i].kind);

            return (struct answer){
                .found = true, .place = {.position = t + after, .step = t}, .probe = i};
        }
    }
    return (struct answer){0};
}

static tick previous_step(const struct oracle *o, tick now, unsigned hart)
{
    for (tick t = now; t-- > o->begin;) {
        if (step_at(o, t)->hart == (int)hart) {
            return t;
        }
    }
    return TICK_NEVER;
}

static tick next_step(const struct oracle *o, tick now, unsigned hart)
{
    unsigned seen = 0;

    for (tick t = now; t < o->end; t++) {
        if (step_at(o, t)->hart == (int)hart && seen++ == 1) {
            return t;
        }
    }
    return TICK_NEVER;
}

/* ---- the questions ---- */

struct asking {
    const struct oracle *oracle;
    struct travel *travel;
    uint64_t seed;
    bool has_reported;
    struct place reported;
    bool interrupted; /* so the answer was none, which is right */
    char what[160];
    char wrong[200];
};

static uint64_t draw(struct asking *a, uint64_t below)
{
    uint64_t x = a->seed;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    a->seed = x;
    return (x * UINT64_C(0x2545f4914f6cdd1d) >> 16) % below;
}

static bool wrong(struct asking *a, const char *what, uint64_t is, uint64_t should)
{
    snprintf(a->wrong, sizeof a->wrong, "%s is %llu, should be %llu", what, (unsigned long long)is,
             (unsigned long long)should);
    return false;
}

static bool stands_at(struct asking *a, const struct travel_stop *s, tick at)
{
    tick now = travel_now(a->travel);

    if (now != at || s->at != at) {
        return wrong(a, "the tick", now, at);
    }
    if (machine_hash(travel_machine(a->travel)) != step_at(a->oracle, at)->hash) {
        return wrong(a, "the hash at", at, step_at(a->oracle, at)->hash);
    }
    return true;
}

static bool says(struct asking *a, const struct travel_stop *s, enum travel_why why, tick at)
{
    if (a->interrupted && s->why == TRAVEL_INTERRUPTED) {
        a->has_reported = false;
        return stands_at(a, s, s->at);
    }
    return s->why == why ? stands_at(a, s, at) : wrong(a, "why", s->why, why);
}

static bool ask_seek(struct asking *a)
{
    const struct oracle *o = a->oracle;
    tick near = travel_now(a->travel) + 2 - draw(a, 5);
    tick to = draw(a, 4) == 0 ? near : o->begin + draw(a, o->end - o->begin + 3);
    struct travel_stop s;

    if (to > o->end + 10) {
        to = o->begin;
    }
    snprintf(a->what, sizeof a->what, "seek %llu", (unsigned long long)to);
    a->has_reported = false;
    s = travel_seek(a->travel, to);
    if (to < o->begin) {
        return says(a, &s, TRAVEL_BEGIN, o->begin);
    }
    return to > o->end ? says(a, &s, o->end_why, o->end) : says(a, &s, TRAVEL_ARRIVED, to);
}

static bool ask_step(struct asking *a, unsigned hart)
{
    tick now = travel_now(a->travel), to = next_step(a->oracle, now, hart);
    struct travel_stop s;

    snprintf(a->what, sizeof a->what, "step hart %u from %llu", hart, (unsigned long long)now);
    a->has_reported = false;
    s = travel_step(a->travel, hart);
    return to == TICK_NEVER ? says(a, &s, a->oracle->end_why, a->oracle->end)
                            : says(a, &s, TRAVEL_ARRIVED, to);
}

static bool ask_reverse_step(struct asking *a, unsigned hart)
{
    tick now = travel_now(a->travel), to = previous_step(a->oracle, now, hart);
    struct travel_stop s;

    snprintf(a->what, sizeof a->what, "reverse-step hart %u from %llu", hart,
             (unsigned long long)now);
    a->has_reported = false;
    s = travel_reverse_step(a->travel, hart);
    return to == TICK_NEVER ? says(a, &s, TRAVEL_BEGIN, a->oracle->begin)
                            : says(a, &s, TRAVEL_ARRIVED, to);
}

/* A probe that has some chance to be met: on what happened somewhere, or next to it. */
static struct probe draw_probe(struct asking *a)
{
    const struct oracle *o = a->oracle;
    const struct step *s = step_at(o, o->begin + draw(a, o->end - o->begin));
    struct probe p = {.kind = PROBE_BREAK, .hart = PROBE_ANY_HART, .at = s->pc};
    static const enum probe_kind kinds[] = {PROBE_WATCH_READ, PROBE_WATCH_WRITE,
                                            PROBE_WATCH_ACCESS};

    if (draw(a, 4) == 0) {
        p.hart = (uint32_t)draw(a, o->hart_count);
    }
    if (draw(a, 2) == 0 && o->accesses.count != 0) {
        const struct access_log *l = &o->accesses.data[draw(a, o->accesses.count)];

        p.kind = kinds[draw(a, 3)];
        p.at = l->at + draw(a, 3) - 1;
        p.size = 1 + draw(a, 8);
    }
    return p;
}

static struct travel_probes draw_probes(struct asking *a, struct probe *room, size_t most)
{
    struct travel_probes p = {.probes = room, .count = 1 + draw(a, most)};

    for (size_t i = 0; i < p.count; i++) {
        room[i] = draw_probe(a);
        if (i != 0 && draw(a, 3) == 0) { /* two on one place */
            room[i].kind = room[i - 1].kind;
            room[i].at = room[i - 1].at;
            room[i].size = room[i - 1].size;
        }
    }
    p.client_steps = draw(a, 2) == 0;
    return p;
}

static bool same_hit(struct asking *a, const struct travel_stop *s, const struct answer *should)
{
    if (s->why == TRAVEL_INTERRUPTED) {
        return true;
    }
    if (s->hit.probe != should->probe) {
        return wrong(a, "the probe", s->hit.probe, should->probe);
    }
    if (s->hit.at_tick != should->place.step) {
        return wrong(a, "the hit's tick", s->hit.at_tick, should->place.step);
    }
    if (s->hit.pc != step_at(a->oracle, s->hit.at_tick)->pc) {
        return wrong(a, "the hit's pc", s->hit.pc, step_at(a->oracle, s->hit.at_tick)->pc);
    }
    if ((int)s->hart != step_at(a->oracle, s->hit.at_tick)->hart) {
        return wrong(a, "the hart", s->hart, (uint64_t)step_at(a->oracle, s->hit.at_tick)->hart);
    }
    return s->after == (should->place.step != should->place.position) || wrong(a, "after", 0, 0);
}

static bool ask_reverse_continue(struct asking *a, const struct travel_probes *p)
{
    tick now = travel_now(a->travel);
    struct place limit = {.position = now, .step = now};
    struct answer should = last_hit(a->oracle, p, a->has_reported ? a->reported : limit);
    struct travel_stop s;

    snprintf(a->what, sizeof a->what,
             "reverse-continue from %llu with %zu probes, the first of kind %d at 0x%llx %llu%s",
             (unsigned long long)now, p->count, (int)p->probes[0].kind,
             (unsigned long long)p->probes[0].at, (unsigned long long)p->probes[0].size,
             p->client_steps ? ", the client steps" : "");
    s = travel_reverse_continue(a->travel, p);
    if (!should.found) {
        a->has_reported = false;
        return says(a, &s, TRAVEL_BEGIN, a->oracle->begin);
    }
    a->has_reported = true;
    a->reported = should.place;
    if (!says(a, &s, TRAVEL_HIT, should.place.position)) {
        return false;
    }
    return same_hit(a, &s, &should);
}

static bool ask_forward(struct asking *a, const struct travel_probes *p)
{
    const struct oracle *o = a->oracle;
    tick now = travel_now(a->travel);
    tick until = draw(a, 2) ? TICK_NEVER : now + draw(a, (o->end - o->begin) / 4 + 1);
    bool skip = draw(a, 2) == 0;
    struct answer should = first_hit(o, p, now + skip);
    struct travel_stop s;

    snprintf(a->what, sizeof a->what, "forwards from %llu with %zu probes%s%s",
             (unsigned long long)now, p->count, skip ? ", skipping this step" : "",
             p->client_steps ? ", the client steps" : "");
    s = travel_run_forward(a->travel, until, p, skip);
    a->has_reported = false;
    if (should.found && should.place.step < until) {
        return says(a, &s, TRAVEL_HIT, should.place.position) && same_hit(a, &s, &should);
    }
    return until <= o->end ? says(a, &s, TRAVEL_ARRIVED, until) : says(a, &s, o->end_why, o->end);
}

/* Does memory hold what is said of it at that tick? Leaves the cursor there. */
static bool holds(struct asking *a, tick at, haddr where, const uint8_t *bytes, uint32_t count)
{
    uint8_t there[16];

    return travel_seek(a->travel, at).why == TRAVEL_ARRIVED &&
           mem_peek_bytes(machine_mem(travel_machine(a->travel)), where, there, count) &&
           memcmp(there, bytes, count) == 0;
}

static bool check_write(struct asking *a, paddr at, const struct write_log *should,
                        const struct travel_write *w)
{
    if (w->at != should->at || strcmp(w->writer, should->writer) != 0) {
        return wrong(a, "the write's tick", w->at, should->at);
    }
    if (w->step.is_step && w->writer[0] == '\0' && w->step.pc != step_at(a->oracle, w->at)->pc) {
        return wrong(a, "the writer's pc", w->step.pc, step_at(a->oracle, w->at)->pc);
    }
    return (holds(a, w->at, at, w->before, w->bytes) &&
            holds(a, w->at + 1, at, w->after, w->bytes)) ||
           a->interrupted || wrong(a, "a value", 0, 1);
}

/* Of something that was written at some time, or of bytes beside it. */
static bool ask_last_write(struct asking *a)
{
    const struct oracle *o = a->oracle;
    tick now = travel_now(a->travel), before = o->begin + draw(a, o->end - o->begin + 1);
    const struct write_log *l, *should;
    struct travel_write w;
    enum travel_why why;
    uint64_t size = 1 + draw(a, 8);
    paddr at;

    if (o->writes.list.count == 0) {
        return true;
    }
    l = &o->writes.list.data[draw(a, o->writes.list.count)];
    at = l->address + draw(a, 3) - 1;
    size = size < PAGE_SIZE - at % PAGE_SIZE ? size : 1;
    should = writes_last(&o->writes, at, size, before);
    snprintf(a->what, sizeof a->what, "last write to 0x%llx %llu before %llu, at %llu",
             (unsigned long long)at, (unsigned long long)size, (unsigned long long)before,
             (unsigned long long)now);
    why = travel_last_write(a->travel, at, size, before, &w);
    if (a->interrupted && why == TRAVEL_INTERRUPTED) {
        a->has_reported = a->has_reported && travel_now(a->travel) == now;
        return true;
    }
    if (travel_now(a->travel) != now ||
        machine_hash(travel_machine(a->travel)) != step_at(o, now)->hash) {
        return wrong(a, "where it stands", travel_now(a->travel), now);
    }
    if (why != (should != NULL ? TRAVEL_ARRIVED : TRAVEL_BEGIN)) {
        return wrong(a, "why", why, should != NULL ? TRAVEL_ARRIVED : TRAVEL_BEGIN);
    }
    if (should == NULL) {
        return true;
    }
    a->has_reported = false;
    return check_write(a, at, should, &w);
}

static bool poll(void *opaque, uint64_t done, uint64_t whole)
{
    struct asking *a = opaque;

    (void)done;
    (void)whole;
    a->interrupted |= draw(a, 40) == 0;
    return a->interrupted;
}

static bool ask(struct asking *a)
{
    struct probe room[6];
    struct travel_probes p = draw_probes(a, room, ARRAY_LEN(room));
    unsigned hart = (unsigned)draw(a, a->oracle->hart_count);
    bool right = true;

    a->interrupted = false;

    switch (draw(a, 7)) {
    case 0: return ask_seek(a);
    case 5: return ask_last_write(a);
    case 1: return ask_step(a, hart);
    case 2:
        for (uint64_t i = draw(a, 30); i > 0 && right && !a->interrupted; i--) {
            right = ask_reverse_step(a, hart);
        }
        return right;
    case 3: return ask_forward(a, &p);
    case 4: return ask_step(a, hart) && (a->interrupted || ask_reverse_step(a, hart));
    default:
        for (uint64_t i = 1 + draw(a, 5); i > 0 && right && !a->interrupted; i--) {
            right = ask_reverse_continue(a, &p);
        }
        return right;
    }
}

bool oracle_agrees(const struct oracle_case *c, const struct travel_limits *limits,
                   unsigned questions, uint64_t seed)
{
    struct machine *m = c->build(c->opaque);
    struct oracle o;
    struct oracle_source s;
    struct travel_source source = oracle_source_init(&s, c->inputs, c->input_count, c->end);
    struct asking a = {.oracle = &o, .seed = seed};
    struct indexed indexed;
    bool right = true;

    oracle_make(&o, c);
    a.travel = travel_new(m, &source, limits);
    if (seed % 3 != 0 && jit_supported()) {
        must(engine_use_jit(machine_engine(m), true, NULL) == 0);
    }
    if (c->indexed) {
        right = indexed_use(&indexed, a.travel, c, limits);
    } else if (seed % 2 != 0) {
        must(travel_chart(a.travel, (c->end - c->begin) / 41 + 1, seed % 4 == 1, NULL) == 0);
    }
    if (c->interrupts) {
        travel_set_poll(a.travel, &a, poll);
    }
    for (unsigned i = 0; i < questions && right; i++) {
        right = ask(&a);
    }
    travel_set_poll(a.travel, NULL, NULL);
    if (right) {
        snprintf(a.what, sizeof a.what, "going to the end");
        right = travel_seek(a.travel, c->end).why == TRAVEL_ARRIVED || wrong(&a, "why", 1, 0);
    }
    if (right && c->indexed) {
        tick inside; /* a window in which all harts wait has a checkpoint at its end only */

        snprintf(a.what, sizeof a.what, "going by the index");
        /* A thinned one has so few that it depends on how far the helpers have come whether this
         * traveller needs any of them. */
        right = travel_index_problem(a.travel) == NULL &&
                (travel_get_stats(a.travel).loaded > 0 || indexed.most_bytes != 0 ||
                 !index_before(travel_index(a.travel), c->end - 1, &inside));
    } else if (right && (s.output.length != o.output.length ||
                         (s.output.length != 0 && strcmp(s.output.data, o.output.data) != 0))) {
        snprintf(a.what, sizeof a.what, "output, each byte once");
        right = wrong(&a, "its length", s.output.length, o.output.length);
    }
    if (!right) {
        fprintf(stderr, "%s, seed %llu: %s: %s\n", c->name, (unsigned long long)seed, a.what,
                a.wrong);
    }
    travel_free(a.travel);
    if (c->indexed) {
        indexed_fini(&indexed);
    }
    text_fini(&s.output);
    machine_free(m);
    oracle_fini(&o);
    return right;
}
