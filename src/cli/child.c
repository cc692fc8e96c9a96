/* SPDX-License-Identifier: GPL-2.0-or-later
 * child: see child.h.
 */
#include "cli/child.h"

#include <errno.h>
#include <sys/wait.h>

void child_wait(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
    }
}

bool child_is_over(pid_t pid, int *status)
{
    return waitpid(pid, status, WNOHANG) == pid;
}
