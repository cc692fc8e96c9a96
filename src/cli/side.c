/* SPDX-License-Identifier: GPL-2.0-or-later
 * side: see side.h.
 */
#include "cli/say.h"
#include "cli/side.h"

#include <stdio.h>

#include "cli/cli.h"

int side_open(struct side *s, const struct recording *r, const struct options *o,
              const struct travel_limits *limits, struct error *e)
{
    struct travel_source source;

    *s = (struct side){.machine = cli_machine(recording_config(r), o, e)};
    if (!s->machine) {
        return -1;
    }
    source = travel_of_recording(&s->source, r, NULL);
    s->travel = travel_new(s->machine, &source, limits);
    return 0;
}

void side_close(struct side *s)
{
    travel_free(s->travel);
    machine_free(s->machine);
}

void progress_print(const char *doing, uint64_t done, uint64_t whole)
{
    char line[80];

    snprintf(line, sizeof line, "\rreprise: %s: %3d%%", doing,
             whole ? (int)((double)done * 100 / (double)whole) : 100);
    say_terminal(line);
}

void progress_clear(void)
{
    say_terminal("\r\033[K");
}

int side_differs(tick at)
{
    say("the replay differs from the recording at tick %llu; 'reprise replay' says more",
        (unsigned long long)at);
    return EXIT_DIFFERED;
}
