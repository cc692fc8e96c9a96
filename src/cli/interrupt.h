/* SPDX-License-Identifier: GPL-2.0-or-later
 * interrupt: Ctrl-C and polite signals end what is under way, not the program: it still says how far
 * it came, and leaves nothing half made. The same signal once more ends the program at once.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP are noticed. */
void interrupt_catch(void);
bool interrupt_came(void); /* one of them, ever since */
/* From now on these three are the handler's (SIG_DFL: nobody's); `flags` as of sigaction(). */
void interrupt_catch_by(void (*handler)(int number), int flags);

#endif
