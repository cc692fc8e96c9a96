/* SPDX-License-Identifier: GPL-2.0-or-later
 * branch: see branch.h.
 */
#include "cli/branch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Where the recording lies, with the slash; "" is here. */
static size_t folder_length(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash != NULL ? (size_t)(slash + 1 - file) : 0;
}

/* A name comes from whoever reached the debugger's port, so it is one of a file beside the recording,
 * which is new: journal_branch() neither overwrites nor follows a link. */
static int check_name(const char *name, struct error *e)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '/' || (uint8_t)*c < ' ' || *c == 0x7f) {
            return error_set(e, "a branch lies beside its recording: its NAME has no slash and no"
                                " control characters");
        }
    }
    if (strlen(name) > NAME_MAX) {
        return error_set(e, "the NAME of a branch is not longer than %d bytes", NAME_MAX);
    }
    return name[0] != '.' ? 0 : error_set(e, "the NAME of a branch does not begin with a dot");
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
    travel_live_fini(&b->live_storage);
    source = travel_of_journal(&b->live_storage, j);
    travel_change_source(b->travel, &source);
    free(b->name);
    free(b->next_name);
    b->name = name;
    b->next_name = NULL;
    announce(b, at, said);
    return 0;
}

int branches_may_fork(const struct branches *b, struct error *e)
{
    char *name = next_name(b), *folder;
    int result = 0;

    if (b->file == NULL) {
        return 0;
    }
    if (name == NULL) {
        return error_set(e, "%s: every name for a branch is taken", b->file);
    }
    folder = base_folder_of(name);
    if (exists(name)) {
        result = error_set(e,
                           "%s: exists already, and is not overwritten; `monitor branch NAME`"
                           " gives it another name",
                           name);
    } else if (access(folder, W_OK | X_OK) != 0) {
        result = error_set(e, "%s: cannot be made: %s", name, strerror(errno));
    }
    free(folder);
    free(name);
    return result;
}

int branches_name(struct branches *b, const char *name, struct text *said, struct error *e)
{
    struct text path = {0};
    char *next;

    if (b->file == NULL) {
        return error_set(e, "nothing is recorded here: branches are kept in memory only");
    }
    if (*name != '\0') {
        if (check_name(name, e) < 0) {
            return -1;
        }
        text_add(&path, "%.*s%s", (int)folder_length(b->file), b->file, name);
        if (exists(path.data)) {
            error_set(e, "%s: exists already, and is not overwritten", path.data);
            text_fini(&path);
            return -1;
        }
        free(b->next_name);
        b->next_name = path.data;
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
    travel_recording_fini(&b->recording_storage);
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
    travel_live_fini(&b->live_storage);
    travel_recording_fini(&b->recording_storage);
    free(b->name);
    free(b->next_name);
}
