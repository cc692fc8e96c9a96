/* SPDX-License-Identifier: GPL-2.0-or-later
 * side: see side.h.
 */
#include "cli/say.h"
#include "cli/side.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/interrupt.h"

int side_open(struct side *s, const struct recording *r, const struct options *o,
              const struct travel_limits *limits, struct error *e)
{
    struct travel_source source;

    *s = (struct side){.machine = cli_machine(recording_config(r), o, e)};
    if (!s->machine) {
        return -1;
    }
    cli_bound_pages(s->machine, o->scratch, CLI_PAGES_ASIDE);
    source = travel_of_recording(&s->source, r, NULL);
    s->travel = travel_new(s->machine, &source, limits);
    return 0;
}

void side_close(struct side *s)
{
    travel_free(s->travel);
    travel_recording_fini(&s->source);
    machine_free(s->machine);
}

int side_lost(const struct recording *r, int status)
{
    if (r == NULL || recording_lost(r) == NULL) {
        return status;
    }
    say("%s; nothing is known from there on", recording_lost(r));
    return EXIT_USER;
}

static int percent_of(uint64_t done, uint64_t whole)
{
    return whole != 0 ? (int)((double)done * 100 / (double)whole) : 100;
}

void progress_print(const char *doing, uint64_t done, uint64_t whole)
{
    char line[80];

    snprintf(line, sizeof line, "\rreprise: %s: %3d%%", doing, percent_of(done, whole));
    say_terminal(line);
}

void progress_clear(void)
{
    say_terminal("\r\033[K");
}

static bool progress(void *opaque, uint64_t done, uint64_t whole)
{
    struct progress *p = opaque;
    int percent = percent_of(done, whole);

    if (p->show && (percent != p->percent || p->doing != p->shown)) {
        progress_print(p->doing, done, whole);
        p->percent = percent;
        p->shown = p->doing;
    }
    return interrupt_came();
}

void progress_begin(struct progress *p, struct travel *t, const char *doing)
{
    *p = (struct progress){
        .travel = t, .doing = doing, .show = isatty(STDERR_FILENO), .percent = -1};
    interrupt_catch();
    travel_set_poll(t, p, progress);
}

void progress_end(struct progress *p)
{
    travel_set_poll(p->travel, NULL, NULL);
    if (p->show) {
        progress_clear();
    }
}

int side_interrupted(const struct travel *t, tick to, const char *so)
{
    say("interrupted on the way to tick %llu, at tick %llu: %s", (unsigned long long)to,
        (unsigned long long)travel_now(t), so);
    return EXIT_USER;
}

int side_differs(tick at)
{
    say("the replay differs from the recording at tick %llu; 'reprise replay' says more",
        (unsigned long long)at);
    return EXIT_DIFFERED;
}
