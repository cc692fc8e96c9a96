/* SPDX-License-Identifier: GPL-2.0-or-later
 * misbehave: the program with a fault in it, as somebody would cause it who takes a command over from
 * within a recording. Functions that the commands call while they work (the linker's --wrap) do the
 * deed that the program is called by: misbehave-open, misbehave-beside, misbehave-make,
 * misbehave-connect-PORT, misbehave-exec. Says on stderr what became of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "journal/journal.h"
#include "travel/travel.h"

void __real_journal_attach(struct journal *j, struct machine *m);
void __wrap_journal_attach(struct journal *j, struct machine *m);
void __real_recording_get_info(const struct recording *r, struct recording_info *info);
void __wrap_recording_get_info(const struct recording *r, struct recording_info *info);
void __real_travel_diff(struct travel *a, struct travel *b, tick from, struct travel_difference *d);
void __wrap_travel_diff(struct travel *a, struct travel *b, tick from, struct travel_difference *d);

static void tell(const char *what, bool done)
{
    fprintf(stderr, "misbehave: %s: %s\n", what, done ? "done" : strerror(errno));
}

static void do_connect(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)atoi(port)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    tell("connect", connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    close(fd);
}

static void misbehave(void)
{
    static bool once;
    const char *deed = strchr(program_invocation_short_name, '-');

    if (once || deed == NULL) {
        return;
    }
    once = true;
    if (strcmp(deed, "-open") == 0) {
        tell("open", open("/etc/passwd", O_RDONLY) >= 0);
    } else if (strcmp(deed, "-beside") == 0) {
        tell("beside", open("beside", O_RDONLY) >= 0 || open("beside", O_WRONLY) >= 0 ||
                           unlink("beside") == 0);
    } else if (strcmp(deed, "-make") == 0) {
        tell("make", open("../made", O_WRONLY | O_CREAT, 0600) >= 0);
    } else if (strncmp(deed, "-connect-", 9) == 0) {
        do_connect(deed + 9);
    } else if (strcmp(deed, "-exec") == 0) {
        execl("/bin/sh", "sh", "-c", "echo misbehave: exec: done >&2", NULL);
        tell("exec", false);
    }
}

void __wrap_journal_attach(struct journal *j, struct machine *m)
{
    misbehave();
    __real_journal_attach(j, m);
}

void __wrap_recording_get_info(const struct recording *r, struct recording_info *info)
{
    misbehave();
    __real_recording_get_info(r, info);
}

void __wrap_travel_diff(struct travel *a, struct travel *b, tick from, struct travel_difference *d)
{
    misbehave();
    __real_travel_diff(a, b, from, d);
}
