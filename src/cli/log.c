/* SPDX-License-Identifier: GPL-2.0-or-later
 * log: -d ITEM,...: one line per event, starting with the tick, so that two logs can be compared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/say.h"

struct cli_log {
    FILE *to;
    const char *path; /* of the options */
    bool dev, ir, code;
};

struct cli_log *cli_log_open(const char *items, const char *path, struct error *e)
{
    struct cli_log *l = base_alloc(1, sizeof(*l));
    char *list = base_strdup(items), *save = NULL;

    for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        if (strcmp(item, "dev") == 0 || strcmp(item, "guest_errors") == 0) {
            l->dev = true;
        } else if (strcmp(item, "ir") == 0) {
            l->ir = true;
        } else if (strcmp(item, "code") == 0) {
            l->code = true;
        } else {
            error_set(e, "-d %s: no such log; there are: code, dev, ir", item);
            free(list);
            free(l);
            return NULL;
        }
    }
    free(list);
    l->path = path;
    l->to = path ? fopen(path, "w") : stderr;
    if (!l->to) {
        error_set(e, "-D %s: %s", path, strerror(errno));
        free(l);
        return NULL;
    }
    return l;
}

static void device_line(void *opaque, tick at, const char *channel, const char *text)
{
    struct cli_log *l = opaque;
    say_line(l->to, "%llu %s: %s", (unsigned long long)at, channel, text);
}

/* Of blocks: IR or host code. */
static void block_text(void *opaque, const char *text)
{
    struct cli_log *l = opaque;
    struct text t = {0};

    text_add(&t, "%s", text);
    say_lines(l->to, &t);
    text_fini(&t);
}

void cli_log_attach(struct cli_log *l, struct machine *m)
{
    if (l->dev) {
        machine_set_log(m, &(struct machine_log){.opaque = l, .line = device_line});
    }
    if (l->ir) {
        engine_set_trace(machine_engine(m), l, block_text);
    }
    if (l->code) {
        engine_set_code_trace(machine_engine(m), l, block_text);
    }
}

void cli_log_close(struct cli_log *l)
{
    if (!l) {
        return;
    }
    if (l->to != stderr) {
        bool failed = ferror(l->to) != 0;

        errno = 0;
        if (fclose(l->to) != 0 || failed) {
            say_lost(l->path, errno);
        }
    }
    free(l);
}
