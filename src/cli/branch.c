/* SPDX-License-Identifier: GPL-2.0-or-later
 * branch: see branch.h.
 */
#include "cli/branch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/say.h"

/* Nobody has more branches of one recording in one folder. */
#define NUMBER_MAX 100000

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* "boot.rr" is "boot-branch1.rr", or the first after it that is not there; NULL: none is free. */
static char *free_name(const char *file)
{
    size_t stem = strlen(file);

    if (stem > 3 && strcmp(file + stem - 3, ".rr") == 0) {
        stem -= 3;
    }
    for (unsigned i = 1; i <= NUMBER_MAX; i++) {
        struct text name = {0};

        text_add(&name, "%.*s-branch%u.rr", (int)stem, file, i);
        if (!exists(name.data)) {
            return name.data;
        }
        text_fini(&name);
    }
    return NULL;
}

static char *next_name(const struct branches *b)
{
    if (b->next_name != NULL) {
        return base_strdup(b->next_name);
    }
    return b->file != NULL ? free_name(b->file) : NULL;
}

static const char *name_now(const struct branches *b)
{
    return b->name != NULL ? b->name : b->file;
}

static const struct recording *history(const struct branches *b)
{
    return b->live != NULL ? journal_recording(b->live) : b->recording;
}

/* At its edge. What goes wrong is said here: the debugger has gone on to something else. */
static void end_live(void *opaque)
{
    struct branches *b = opaque;
    bool over = recording_end(journal_recording(b->live)) != NULL;
    struct error e;

    if (journal_finish(b->live, END_QUIT, &e) < 0) {
        say("%s", e.text);
    } else if (!over && name_now(b) != NULL) {
        say("%s ends at tick %llu", name_now(b),
            (unsigned long long)recording_known(journal_recording(b->live)));
    }
}

static struct journal *open_branch(const struct branches *b, const char *name, struct error *e)
{
    const struct journal_options options = {.program = "reprise " REPRISE_VERSION};
    struct journal_branch from = {
        .parent = history(b), .parent_name = name_now(b), .machine = travel_machine(b->travel)};

    from.again = cli_machine(recording_config(from.parent), b->options, e);
    if (from.again == NULL) {
        return NULL;
    }
    return journal_branch(name, &from, &options, &b->pace, &b->sink, e);
}

static void announce(const struct branches *b, tick at, struct text *said)
{
    struct text line = {0};

    text_add(&line, "from tick %llu on this is a branch%s%s", (unsigned long long)at,
             b->name != NULL ? ", recorded in " : ", in memory only", b->name ? b->name : "");
    say("%s", line.data);
    text_add(said, "%s\n", line.data);
    text_fini(&line);
}

int branches_fork(struct branches *b, struct text *said, struct error *e)
{
    char *name = next_name(b);
    tick at = travel_now(b->travel);
    struct travel_source source;
    struct journal *j;

    if (name == NULL && b->file != NULL) {
        return error_set(e, "%s: every name for a branch is taken", b->file);
    }
    j = open_branch(b, name, e);
    if (j == NULL) {
        struct error why = *e;

        free(name);
        return b->file != NULL
                   ? error_set(e, "%s; `monitor branch NAME` gives it another name", why.text)
                   : -1;
    }
    if (b->switched != NULL) {
        b->switched(b->opaque, j);
    }
    if (b->live != NULL) {
        travel_visit_edge(b->travel, b, end_live);
        vec_push(&b->over, b->live);
    }
    b->live = j;
    source = travel_of_journal(&b->live_storage, j);
    travel_change_source(b->travel, &source);
    free(b->name);
    free(b->next_name);
    b->name = name;
    b->next_name = NULL;
    announce(b, at, said);
    return 0;
}

int branches_name(struct branches *b, const char *name, struct text *said, struct error *e)
{
    char *next;

    if (b->file == NULL) {
        return error_set(e, "nothing is recorded here: branches are kept in memory only");
    }
    if (*name != '\0' && exists(name)) {
        return error_set(e, "%s: exists already, and is not overwritten", name);
    }
    if (*name != '\0') {
        free(b->next_name);
        b->next_name = base_strdup(name);
    }
    next = next_name(b);
    text_add(said, "this is %s%s; the next branch will be %s\n", name_now(b),
             b->live != NULL ? ", being recorded" : "", next != NULL ? next : "nowhere");
    free(next);
    return 0;
}

/* At its edge, which is the recording's end from now on. */
static void end_and_replay(void *opaque)
{
    struct branches *b = opaque;

    end_live(b);
    b->recording = journal_recording(b->live);
}

void branches_end(struct branches *b)
{
    struct travel_source source;
    tick now;

    if (b->live == NULL) {
        return;
    }
    now = travel_now(b->travel);
    travel_visit_edge(b->travel, b, end_and_replay);
    (void)travel_seek(b->travel, travel_end(b->travel));
    if (!travel_is_sound(b->travel)) {
        return; /* nothing can begin here, and whoever comes is told so */
    }
    source = travel_of_recording(&b->recording_storage, b->recording, NULL);
    travel_change_source(b->travel, &source);
    vec_push(&b->over, b->live);
    b->live = NULL;
    (void)travel_seek(b->travel, now);
}

void branches_fini(struct branches *b)
{
    for (size_t i = 0; i < b->over.count; i++) {
        journal_close(b->over.data[i]);
    }
    vec_fini(&b->over);
    free(b->name);
    free(b->next_name);
}
