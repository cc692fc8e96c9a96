/* SPDX-License-Identifier: GPL-2.0-or-later
 * child: the end of a process of ours.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Waits for it, whatever signals come meanwhile. *status (NULL: nobody asks) is as waitpid() gives it. */
void child_wait(pid_t pid, int *status);
/* Is it over? Then it is gone, and *status as above. Does not wait. */
bool child_is_over(pid_t pid, int *status);

#endif
