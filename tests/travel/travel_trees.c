/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_trees: who wrote to a device's live tree, a disk's for one, and journeys that stop there: against
 * a log of every write, made tick by tick over a program of the made-up processor. That nothing is missing
 * from the log is seen by comparing the tree before and after each tick. With an index and without.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../toy/toy_state.h"
#include "indexed.h"

enum { END = 20000, QUESTIONS = 150 };

struct tree_write {
    tick at;
    uint64_t from, size;
    char writer[24];
};
struct tree_log {
    VEC(struct tree_write) list;
};

/* The program's reset is that of the machine's line there; here the power fails, and the tree is cleared. */
static size_t program(uint8_t *code, size_t room)
{
    size_t size = toy_state_program(code, room);
    unsigned found = 0;

    for (size_t i = 0; i + 1 < size; i++) {
        if (code[i] == TOY_RESET && code[i + 1] == 0) {
            code[i + 1] = 1;
            found++;
        }
    }
    assert_true(found == 1);
    return size;
}

static struct machine *build(void *opaque)
{
    return toy_machine_at_0(*(const unsigned *)opaque, program);
}

static void find_vault(const struct machine *m, uint32_t *number, struct live_tree **tree)
{
    assert_false(machine_find_tree(m, "cellar", number, tree));
    assert_true(machine_find_tree(m, "vault", number, tree));
    assert_string_equal(machine_tree_part(m, *number), "vault");
}

static bool log_hit(void *opaque, const struct probe_hit *h)
{
    struct tree_log *log = opaque;
    struct tree_write w = {.at = h->at_tick, .from = h->address, .size = h->size};

    assert_non_null(h->writer);
    snprintf(w.writer, sizeof w.writer, "%s", h->writer);
    vec_push(&log->list, w);
    return false;
}

/* Every page that the tick has changed is in what was logged since `first`. */
static void assert_complete(const struct tree_log *log, size_t first, tick at,
                            const struct page_tree *before, const struct page_tree *after)
{
    uint32_t page;

    if (tree_first_difference(before, after, &page)) {
        bool said = false;

        for (size_t i = first; i < log->list.count; i++) {
            const struct tree_write *w = &log->list.data[i];

            assert_true(w->at == at);
            said |= w->from / PAGE_SIZE <= page && page <= (w->from + w->size - 1) / PAGE_SIZE;
        }
        assert_true(said);
    }
}

static void make_log(struct tree_log *log, unsigned harts)
{
    struct machine *m = build(&harts);
    struct live_tree *tree;
    struct probe probe = {.kind = PROBE_TREE, .hart = PROBE_ANY_HART, .size = TOY_VAULT_BYTES};
    const struct probe_set set = {.probes = &probe, .count = 1, .opaque = log, .hit = log_hit};
    bool resets = false;

    find_vault(m, &probe.tree, &tree);
    machine_set_probes(m, &set);
    for (tick t = 0; t < END; t++) {
        struct page_tree before = live_tree_save(tree), after;
        size_t first = log->list.count;

        toy_run_to(m, t + 1);
        after = live_tree_save(tree);
        assert_complete(log, first, t, &before, &after);
        for (size_t i = first; i < log->list.count; i++) {
            resets |= strcmp(log->list.data[i].writer, "reset") == 0;
        }
        tree_drop(tree->pool, &before);
        tree_drop(tree->pool, &after);
    }
    machine_set_probes(m, NULL);
    assert_true(log->list.count > 100);
    assert_true(resets);
    machine_free(m);
}

static bool meets(const struct tree_write *w, const struct probe *p)
{
    return w->from - p->at < p->size || p->at - w->from < w->size;
}

/* The last one that was made before tick `before`, and the first one from `from` on; NULL: none. */
static const struct tree_write *last_of(const struct tree_log *log, const struct probe *p,
                                        tick before)
{
    const struct tree_write *last = NULL;

    for (size_t i = 0; i < log->list.count && log->list.data[i].at < before; i++) {
        last = meets(&log->list.data[i], p) ? &log->list.data[i] : last;
    }
    return last;
}

static const struct tree_write *first_of(const struct tree_log *log, const struct probe *p,
                                         tick from)
{
    for (size_t i = 0; i < log->list.count; i++) {
        if (log->list.data[i].at >= from && meets(&log->list.data[i], p)) {
            return &log->list.data[i];
        }
    }
    return NULL;
}

struct asking {
    const struct tree_log *log;
    struct travel *travel;
    struct live_tree *tree;
    struct probe probe;
    uint64_t seed;
    tick told; /* the write that a journey stopped for last, and is behind; TICK_NEVER: none */
};

/* Around something that was written, or anywhere. */
static void draw(struct asking *a)
{
    const struct tree_write *w = &a->log->list.data[toy_random(&a->seed) % a->log->list.count];
    uint64_t x = toy_random(&a->seed) >> 20;

    a->probe.at = x % 4 == 0 || w->size == TOY_VAULT_BYTES
                      ? (x >> 8) % (TOY_VAULT_BYTES - 9000)
                      : w->from + (x >> 8) % 9 - (w->from > 4 ? 4 : 0);
    a->probe.size = 1 + (x >> 16) % (x % 3 == 0 ? 9000 : 8);
    if (a->probe.size > TOY_VAULT_BYTES - a->probe.at) {
        a->probe.size = TOY_VAULT_BYTES - a->probe.at;
    }
}

static void ask_last(struct asking *a)
{
    tick before = (toy_random(&a->seed) >> 20) % (END + 1), now = travel_now(a->travel);
    const struct tree_write *w = last_of(a->log, &a->probe, before);
    struct travel_write answer;
    enum travel_why why = travel_last_tree_write(a->travel, a->probe.tree, a->tree, a->probe.at,
                                                 a->probe.size, before, &answer);

    assert_true(why == (w != NULL ? TRAVEL_ARRIVED : TRAVEL_BEGIN));
    assert_true(travel_now(a->travel) == now);
    if (w != NULL) {
        uint64_t from = w->from > a->probe.at ? w->from : a->probe.at;

        assert_true(answer.at == w->at && answer.in_tree);
        assert_string_equal(answer.writer, w->writer);
        assert_true(answer.address == from && answer.size >= 1);
        assert_true(from + answer.size <= a->probe.at + a->probe.size &&
                    from + answer.size <= w->from + w->size);
    }
}

static void stops_behind(struct asking *a, const struct travel_stop *stop,
                         const struct tree_write *w)
{
    assert_true(stop->why == TRAVEL_HIT && stop->after);
    assert_true(stop->at == w->at + 1 && travel_now(a->travel) == w->at + 1);
    assert_true(stop->hit.at_tick == w->at);
    a->told = w->at;
}

static void ask_back(struct asking *a)
{
    const struct travel_probes probes = {
        .probes = &a->probe, .count = 1, .client_steps = a->seed % 2 == 0};
    tick now = travel_now(a->travel);
    bool told = a->told != TICK_NEVER && a->told + 1 == now; /* of that write already */
    const struct tree_write *w = last_of(a->log, &a->probe, told ? a->told : now);
    struct travel_stop stop = travel_reverse_continue(a->travel, &probes);

    a->told = TICK_NEVER;
    if (w != NULL) {
        stops_behind(a, &stop, w);
    } else {
        assert_true(stop.why == TRAVEL_BEGIN && stop.at == 0);
    }
}

static void ask_forward(struct asking *a)
{
    const struct travel_probes probes = {
        .probes = &a->probe, .count = 1, .client_steps = a->seed % 2 == 0};
    const struct tree_write *w = first_of(a->log, &a->probe, travel_now(a->travel));
    struct travel_stop stop = travel_run_forward(a->travel, TICK_NEVER, &probes, false);

    a->told = TICK_NEVER;
    if (w != NULL) {
        stops_behind(a, &stop, w);
    } else {
        assert_true(stop.why == TRAVEL_END && stop.at == END);
    }
}

static void ask(struct asking *a)
{
    for (unsigned i = 0; i < QUESTIONS; i++) {
        draw(a);
        switch (toy_random(&a->seed) % 5) {
        case 0:
            assert_true(travel_seek(a->travel, (toy_random(&a->seed) >> 20) % END).why ==
                        TRAVEL_ARRIVED);
            a->told = TICK_NEVER;
            break;
        case 1: ask_last(a); break;
        case 2: ask_forward(a); break;
        default: ask_back(a); break;
        }
    }
}

static void test_trees(void **state)
{
    static const struct travel_limits limits = {.spacing = 300, .count = 12};

    (void)state;
    for (unsigned harts = 1; harts <= 3; harts++) {
        struct oracle_case c = {.name = "trees", .opaque = &harts, .build = build, .end = END};
        struct tree_log log = {0};

        make_log(&log, harts);
        for (unsigned indexed = 0; indexed < 2; indexed++) {
            struct machine *m = build(&harts);
            struct oracle_source s;
            struct travel_source source = oracle_source_init(&s, NULL, 0, END);
            struct asking a = {.log = &log,
                               .probe = {.kind = PROBE_TREE, .hart = PROBE_ANY_HART},
                               .seed = harts * 2 + indexed,
                               .told = TICK_NEVER};
            struct indexed x = {0};

            find_vault(m, &a.probe.tree, &a.tree);
            a.travel = travel_new(m, &source, &limits);
            if (indexed) {
                assert_true(indexed_use(&x, a.travel, &c, &limits));
            }
            ask(&a);
            assert_true(!indexed || travel_get_stats(a.travel).skipped > 100);
            travel_free(a.travel);
            if (indexed) {
                indexed_fini(&x);
            }
            text_fini(&s.output);
            machine_free(m);
        }
        vec_fini(&log.list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trees)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
