/* SPDX-License-Identifier: GPL-2.0-or-later
 * query: `reprise query FILE QUESTION ...`: questions about a recording, answered in a line on
 * stdout. By the index beside it, which is made if it is not there. A question is a row of the table
 * below and a function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "cli/side.h"

struct query {
    const struct options *options;
    struct recording *recording;
    struct side side;
    struct progress progress;
};

/* 0, or the exit status. */
static int go_to(struct query *q, tick at)
{
    struct travel_stop stop = travel_seek(q->side.travel, at);

    if (stop.why == TRAVEL_INTERRUPTED) {
        return side_interrupted(q->side.travel, at, "nothing was searched yet");
    }
    return stop.why == TRAVEL_DIVERGED ? side_differs(stop.at) : EXIT_FINE;
}

/* ---- last-write ADDR[,LEN] ---- */

#define LENGTH_DEFAULT 8

static int parse_range(const struct query *q, uint64_t *at, uint64_t *length, struct error *e)
{
    const char *text = q->options->files[2], *comma = strchr(text, ',');
    char address[32];

    *length = LENGTH_DEFAULT;
    snprintf(address, sizeof address, "%.*s", comma ? (int)(comma - text) : 31, text);
    if (options_parse_number("ADDR", address, UINT64_MAX, at, e) < 0 ||
        (comma && options_parse_number("LEN", comma + 1, q->options->disk ? UINT64_MAX : PAGE_SIZE,
                                       length, e) < 0)) {
        return -1;
    }
    if (*length == 0 || (!q->options->disk && *length > PAGE_SIZE - *at % PAGE_SIZE)) {
        return error_set(e, "LEN is at least 1, and the bytes lie in one page");
    }
    return 0;
}

/* The home of the bytes that are meant; the machine is where the question is asked. */
static int find_memory(struct query *q, uint64_t given, uint64_t length, haddr *home,
                       struct error *e)
{
    struct machine *m = q->side.machine;
    paddr at = given;

    if (!q->options->physical &&
        !cpu_debug_translate(machine_cpu(m, machine_state(m)->current), given, &at)) {
        return error_set(e,
                         "hart%u maps nothing at 0x%llx at tick %llu; --phys means physical "
                         "memory, --before another tick",
                         machine_state(m)->current, (unsigned long long)given,
                         (unsigned long long)machine_state(m)->now);
    }
    return mem_home_of(machine_mem(m), at, length, home)
               ? 0
               : error_set(e, "there is no memory at physical address 0x%llx",
                           (unsigned long long)at);
}

static int find_disk(struct query *q, uint64_t at, uint64_t length, uint32_t *number,
                     struct live_tree **tree, struct error *e)
{
    if (!machine_find_tree(q->side.machine, q->options->disk, number, tree)) {
        return error_set(e, "there is no disk '%s'", q->options->disk);
    }
    return at <= (*tree)->bytes && length <= (*tree)->bytes - at
               ? 0
               : error_set(e, "the disk '%s' ends before byte 0x%llx", q->options->disk,
                           (unsigned long long)at + length);
}

/* What the search came to: the exit status. */
static int say_write(enum travel_why why, const struct travel_write *write, tick before,
                     struct error *e)
{
    struct text line = {0};

    if (why == TRAVEL_ARRIVED) {
        travel_print_write(write, &line);
        say_lines(stdout, &line);
        text_fini(&line);
    } else if (why == TRAVEL_BEGIN) {
        say_line(stdout, "nothing wrote there before tick %llu", (unsigned long long)before);
    } else if (why == TRAVEL_INTERRUPTED) {
        error_set(e,
                  "interrupted: nothing wrote there from tick %llu to tick %llu; what was before "
                  "that is not known",
                  (unsigned long long)write->at, (unsigned long long)before);
        return cli_fail(e);
    } else {
        error_set(e, "the search was given up: the replay differs from the recording");
        return cli_fail(e);
    }
    return EXIT_FINE;
}

static int last_write(struct query *q, struct error *e)
{
    tick before = travel_end(q->side.travel);
    struct travel_write write;
    struct live_tree *tree = NULL;
    uint64_t at, length;
    uint32_t number = 0;
    haddr home = 0;
    enum travel_why why;
    int status;

    if (parse_range(q, &at, &length, e) < 0 ||
        (q->options->at && options_parse_place(q->options->at, "--before",
                                               travel_end(q->side.travel), &before, e) < 0)) {
        return cli_fail(e);
    }
    q->progress.doing = "going there";
    status = go_to(q, before);
    q->progress.doing = "searching";
    if (status != EXIT_FINE) {
        return status;
    }
    if (q->options->disk ? find_disk(q, at, length, &number, &tree, e) < 0
                         : find_memory(q, at, length, &home, e) < 0) {
        return cli_fail(e);
    }
    why = tree != NULL
              ? travel_last_tree_write(q->side.travel, number, tree, at, length, before, &write)
              : travel_last_write(q->side.travel, home, length, before, &write);
    return say_write(why, &write, before, e);
}

/* ---- */

static const struct {
    const char *name, *arguments;
    int argument_count;
    int (*run)(struct query *q, struct error *e);
} queries[] = {
    {"last-write", "ADDR[,LEN]", 1, last_write},
};

/* Which question; -1 and a sentence. */
static int find_query(const struct options *o, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        if (strcmp(o->files[1], queries[i].name) != 0) {
            continue;
        }
        return o->file_count == 2 + queries[i].argument_count
                   ? (int)i
                   : error_set(e, "'%s' wants %s", queries[i].name, queries[i].arguments);
    }
    return error_set(e, "there is no question '%s'; there is: %s %s", o->files[1], queries[0].name,
                     queries[0].arguments);
}

static int query_open(struct query *q, struct error *e)
{
    q->recording = recording_open(q->options->files[0], e);
    if (q->recording == NULL) {
        return -1;
    }
    if (recording_problem(q->recording) != NULL) {
        say("%s", recording_problem(q->recording));
    }
    if (side_open(&q->side, q->recording, q->options, NULL, e) < 0) {
        return -1;
    }
    if (!q->options->no_index) {
        cli_use_index(q->side.travel, q->options, q->recording, false);
    }
    return 0;
}

int command_query(struct options *o)
{
    struct query q = {.options = o};
    struct error e;
    int which = find_query(o, &e), status;

    if (which < 0 || cli_confine(o, false, NULL, &e) < 0 || query_open(&q, &e) < 0) {
        status = cli_fail(&e);
    } else {
        progress_begin(&q.progress, q.side.travel, "searching");
        status = queries[which].run(&q, &e);
        progress_end(&q.progress);
    }
    side_close(&q.side);
    status = side_lost(q.recording, status);
    if (q.recording != NULL) {
        recording_close(q.recording);
    }
    return status;
}
