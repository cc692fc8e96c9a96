/* SPDX-License-Identifier: GPL-2.0-or-later
 * diff: `reprise diff A B`, and the explanation of a replay that differs. Both walk two travellers
 * side by side; the walking is travel/'s.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/divergence.h"
#include "cli/say.h"
#include "cli/side.h"

static void print_difference(const struct travel_difference *d, FILE *to)
{
    struct text t = {0};

    travel_print_difference(d, &t);
    say_lines(to, &t);
    text_fini(&t);
}

/* The second replay went as far as there is history without a witness that differs: the recording's
 * end, or its output, is what does. */
static void explain_end(const struct divergence *d, struct machine *m)
{
    bool same = machine_now(m) == d->replayed.at && machine_hash(m) == d->replayed.hash;

    say("%s", same ? "a second replay does the same: the recording was made by another program or "
                     "host, or its file is wrong"
                   : "a second replay agrees with the recording: this machine is not "
                     "deterministic, which is our mistake; please keep the recording");
}

void divergence_explain(const struct journal *j, const struct options *o)
{
    struct recording *r;
    struct side a = {0}, b = {0};
    struct error e;

    r = recording_open(o->files[0], &e); /* again: the journal's images were dropped */
    if (!r || side_open(&a, r, o, NULL, &e) < 0 || side_open(&b, r, o, NULL, &e) < 0) {
        say("%s", e.text);
    } else if (travel_seek(a.travel, TICK_NEVER).why == TRAVEL_DIVERGED) {
        struct travel_difference d;
        travel_explain(a.travel, b.travel, &d);
        print_difference(&d, stderr);
    } else {
        explain_end(journal_divergence(j), a.machine);
    }
    side_close(&a);
    side_close(&b);
    if (r) {
        recording_close(r);
    }
}

/* Two recordings are only comparable tick by tick if the machines are the same. */
static int same_machine(const struct options *o, const struct machine_config *a,
                        const struct machine_config *b, struct error *e)
{
    const char *what = NULL;

    if (strcmp(a->arch, b->arch) != 0 || strcmp(a->board, b->board) != 0) {
        what = "boards";
    } else if (a->hart_count != b->hart_count || strcmp(a->cpu, b->cpu) != 0) {
        what = "harts";
    } else if (a->ram_bytes != b->ram_bytes) {
        what = "amounts of memory";
    } else if (a->serial_count != b->serial_count) {
        what = "numbers of serial ports";
    }
    return what ? error_set(e, "%s and %s were made on machines with different %s", o->files[0],
                            o->files[1], what)
                : 0;
}

static void print_json(const struct travel_difference *d)
{
    static const char *const names[] = {
        [FOUND_SAME] = "same", [FOUND_INPUTS] = "inputs",   [FOUND_STATE] = "state",
        [FOUND_END] = "end",   [FOUND_WITNESS] = "witness", [FOUND_INTERRUPTED] = "interrupted"};
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "finding", json_object_new_string(names[d->finding]));
    json_object_object_add(o, "tick", json_object_new_uint64(d->at));
    if (d->finding == FOUND_STATE) {
        json_object_object_add(o, "where", json_object_new_string(d->difference.where));
        json_object_object_add(o, "a", json_object_new_uint64(d->difference.a));
        json_object_object_add(o, "b", json_object_new_uint64(d->difference.b));
    }
    say_json(o);
    json_object_put(o);
}

static int compare(const struct options *o, const struct recording *ra, const struct recording *rb)
{
    struct travel_difference d;
    struct side a = {0}, b = {0};
    struct error e;
    int status = EXIT_USER;

    if (same_machine(o, recording_config(ra), recording_config(rb), &e) < 0 ||
        side_open(&a, ra, o, NULL, &e) < 0 || side_open(&b, rb, o, NULL, &e) < 0) {
        cli_fail(&e);
    } else {
        travel_set_verify(a.travel, false);
        travel_set_verify(b.travel, false);
        travel_diff(a.travel, b.travel, 0, &d);
        if (o->json) {
            print_json(&d);
        } else {
            print_difference(&d, stdout);
        }
        status = d.finding == FOUND_SAME ? EXIT_FINE : EXIT_DIFFERED;
    }
    side_close(&a);
    side_close(&b);
    return status;
}

int command_diff(struct options *o)
{
    struct error e;
    struct recording *a =
        cli_confine(o, false, NULL, &e) == 0 ? recording_open(o->files[0], &e) : NULL;
    struct recording *b = a ? recording_open(o->files[1], &e) : NULL;
    int status = a && b ? compare(o, a, b) : cli_fail(&e);

    status = side_lost(b, side_lost(a, status));
    if (a) {
        recording_close(a);
    }
    if (b) {
        recording_close(b);
    }
    return status;
}
